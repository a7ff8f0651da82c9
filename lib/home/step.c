/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all steps share. */
#include "home/step.h"

#include <string.h>

#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/erase.h"
#include "home/records.h"

static const struct step_row rows[] = {
        { "add_link", step_add_link, true, WORDS_NO_SELECTION },
        { "backfill", step_backfill, false, -1 },
        { "cancel_assessment", step_cancel_assessment, true, -1 },
        { "create_interview", step_create_interview, true, WORDS_NO_INTERVIEW },
        { "delete_interview", step_delete_interview, true, -1 },
        { "deliver_event", step_deliver_event, false, -1 },
        { "edit_interview", step_edit_interview, true, -1 },
        { "erase_traces", step_erase_traces, false, -1 },
        { "list_jobs", step_list_jobs, false, -1 },
        { "list_stages", step_list_stages, false, -1 },
        { "list_tests", step_list_tests, false, -1 },
        { "look_application", step_look_application, false, -1 },
        { "look_feedback", step_look_feedback, false, -1 },
        { "look_schedule", step_look_schedule, false, -1 },
        { "look_session", step_look_session, false, -1 },
        { "move_stage", step_move_stage, true, WORDS_NOT_MOVED },
        { "remove_link", step_remove_link, true, -1 },
        { "schedule_interview", step_schedule_interview, true, WORDS_NO_LINK },
        { "send_assessment", step_send_assessment, true, WORDS_NOT_INVITED },
        { "send_mail", step_send_mail, true, -1 },
        { "set_interview_link", step_set_interview_link, true, WORDS_NO_LINK },
        { "tag_result", step_tag_result, true, WORDS_NO_TAG },
        { "tell_partner", step_tell_partner, true, -1 },
        { "unschedule_interview", step_unschedule_interview, true, -1 },
        { "upload_report", step_upload_report, true, WORDS_NO_FILE },
        { "write_note", step_write_note, true, -1 },
};

const struct step_row *step_find(const char *kind)
{
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                if (strcmp(rows[i].kind, kind) == 0)
                        return &rows[i];
        return NULL;
}

int64_t step_attempts(const struct step *s)
{
        return json_get_int(s->action, "attempts", 0);
}

void step_trouble(struct step *s)
{
        if (s->why.kind == FAIL_NONE)
                fail_set(&s->why, FAIL_SYSTEM, "our own state did not answer");
        outcome_set(&s->outcome, OUTCOME_AGAIN, "Our own records could not be used just now.", "%s",
                    s->why.text);
}

void step_done(struct step *s, const char *sentence)
{
        s->outcome.kind = OUTCOME_DONE;
        buf_format(&s->said, "%s%s", s->said.len > 0 ? " " : "", sentence);
}

void step_wait(struct step *s, int64_t ms, const char *sentence)
{
        outcome_set(&s->outcome, OUTCOME_AGAIN, sentence, "%s", sentence);
        s->outcome.wait_ms = trade_wait(s->trade, ms);
}

int step_begin(struct step *s, struct plan *first)
{
        struct plan own;
        json_t *now = NULL;
        int result = 0;

        if (first == NULL) {
                plan_init(&own);
                first = &own;
        }
        if (s->before == NULL) { /* the first write of this attempt: begun_ms is the last one's */
                now = json_deep_copy(s->action);
                json_set_bool(now, "begun", true);
                json_set_int(now, "begun_ms", trade_now(s->trade));
                plan_guard_series(first, "action", s->number, s->action);
                record_series_put(first->batch, "action", s->number, now);
        }
        result = plan_commit(first, s->org, &s->why);
        if (result != 0) {
                step_trouble(s);
        } else {
                s->doubt = true; /* until the call says otherwise */
                if (now != NULL) {
                        s->before = s->action; /* others hold texts of it */
                        s->action = json_incref(now);
                }
        }
        json_decref(now);
        plan_dispose(first);
        return result;
}

int step_application(struct step *s, json_t **record, struct application *application)
{
        int found = s->application == NULL
                        ? 0
                        : dossier_application(s->org, s->application, record, application, &s->why);

        if (found < 0) {
                step_trouble(s);
        } else if (found == 0) {
                step_done(s, "Nothing is known of this application.");
        } else if (json_get_bool(*record, "erased", false)) {
                step_done(s, ERASE_SENTENCE);
                application_dispose(application);
                json_decref(*record);
                *record = NULL;
                found = 0;
        }
        return found;
}

int step_result(struct step *s, const char *what, const char *more, json_t **record,
                struct session *session)
{
        char *version, *marker;
        int found = dossier_session(s->trade->home, s->org, text_or(s->session, "-"), record,
                                    session, &s->why);

        if (found < 0) {
                step_trouble(s);
        } else if (found == 0) {
                step_done(s, "Nothing is known of this session.");
        } else {
                version = follow_version(session, more);
                marker = follow_marker(s->trade, s->org, what, s->application, s->session, version);
                if (!text_equal(marker, json_get_text(s->action, "marker", ""))) {
                        step_done(s, "The result changed meanwhile; what follows from the new one "
                                     "is ordered apart.");
                        found = 0;
                }
                mem_free(marker);
                mem_free(version);
        }
        return found == 1;
}
