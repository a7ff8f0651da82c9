/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps in the ATS: a note, a move to another stage. */
#include <string.h>

#include "bridge/marker.h"
#include "bridge/rule.h"
#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/records.h"
#include "home/step.h"

#define LATE_MS (10 * WHEN_MINUTE)

/* The result as it is now, if it still is the one this note was ordered for.  1, 0 the step
 * ended. */
static int result_text(struct step *s, struct buf *text, bool *late, int *score)
{
        struct session session = { 0 };
        char *link = NULL, *platform = NULL;
        struct desk desk;
        json_t *record = NULL;
        int found;

        memset(&desk, 0, sizeof desk);
        if (!step_result(s, "result", NULL, &record, &session)) {
                found = 2;
                goto out;
        }
        platform = dossier_connection(s->session);
        found = desk_open(&desk, s->trade, s->org, platform, &s->why);
        if (found < 0)
                goto out;
        link = dossier_report_link(s->trade->home, s->org, s->session);
        words_result(text, &session, found == 1 ? desk.kind->title : platform, link,
                     json_get_bool(s->with, "corrected", false));
        /* A result that was there long before this note was ordered comes from a sweep, a
         * replay or a restored home: the note may stand already. */
        *late = *late || json_get_int(s->action, "created_ms", 0) - session.finished_ms >
                             trade_wait(s->trade, LATE_MS);
        *score = rule_score(json_object_get(s->with, "score"), &session);
        found = 1;
out:
        if (found < 0)
                step_trouble(s);
        desk_close(&desk);
        session_dispose(&session);
        json_decref(record);
        mem_free(link);
        mem_free(platform);
        return found == 1;
}

/* Is the note there?  1 yes, 0 no, -1 the step ended. */
static int look_for(struct step *s, const struct application *a)
{
        const struct ats *ats = s->desk.kind->ats;
        int found = 0;

        if (ats->find_note == NULL)
                return 0;
        if (ats->find_note(&s->desk.link, a, json_get_text(s->action, "marker", ""), &found,
                           &s->outcome) != 0)
                return -1;
        return found != 0;
}

/* "written" of the session's record: when the ATS had it. */
static int remember(struct step *s)
{
        json_t *read = NULL, *record, *written;
        int found;

        if (s->session == NULL || !text_equal(json_get_text(s->with, "what", ""), "result"))
                return 0;
        found = record_get(s->org, "session", s->session, &read, &s->why);
        if (found == 1) {
                record = json_deep_copy(read);
                written = json_object();
                json_set_text(written, "state", json_get_text(read, "session.state", NULL));
                json_set_int(written, "at_ms", trade_now(s->trade));
                json_set(record, "written", written);
                plan_guard(&s->plan, "session", s->session, read);
                record_put(s->plan.batch, "session", s->session, record);
                json_decref(record);
        }
        json_decref(read);
        return found < 0 ? -1 : 0;
}

static void write_it(struct step *s, const struct application *a, struct buf *text, bool late,
                     int score)
{
        int there = s->doubt || late || step_attempts(s) > 0 ? look_for(s, a) : 0;

        if (there < 0)
                return;
        if (there == 0) {
                struct note note = { .result =
                                         text_equal(json_get_text(s->with, "what", ""), "result"),
                                     .score = score };

                words_mark(text, json_get_text(s->action, "marker", ""));
                note.body = buf_text(text);
                if (step_begin(s, NULL) != 0 ||
                    s->desk.kind->ats->write_note(&s->desk.link, a, &note, &s->outcome) != 0)
                        return;
        }
        if (remember(s) != 0)
                step_trouble(s);
        else
                step_done(s, there ? "The note stands already." : "The note was written.");
}

void step_write_note(struct step *s)
{
        const char *what = json_get_text(s->with, "what", "");
        struct application a = { 0 };
        struct buf text;
        json_t *record = NULL;
        bool late = false;
        int score = 0;

        buf_limit(&text, WORDS_NOTE_MAX);
        if (s->desk.kind->ats == NULL || s->desk.kind->ats->write_note == NULL) {
                outcome_set(&s->outcome, OUTCOME_REFUSED, "this ATS takes no notes yet.", "%s",
                            s->desk.kind->name);
                return;
        }
        if (step_application(s, &record, &a) != 1)
                return;
        if (text_equal(what, "result")) {
                if (result_text(s, &text, &late, &score))
                        write_it(s, &a, &text, late, score);
        } else {
                buf_add_text(&text, json_get_text(s->with, "text", ""));
                write_it(s, &a, &text, late, 0);
        }
        buf_dispose(&text);
        application_dispose(&a);
        json_decref(record);
}

/* May it be moved?  Only from the stage in which the assessment was sent, and only while the
 * result still says so.  1, 0 the step ended. */
static int may_move(struct step *s, const struct application *now)
{
        const char *to = json_get_text(s->with, "to", "");
        char *from = json_get_id(s->with, "from.id");
        struct session session = { 0 };
        json_t *record = NULL;
        int found = dossier_session(s->trade->home, s->org, text_or(s->session, "-"), &record,
                                    &session, &s->why),
            may = 0;

        if (found < 0) {
                step_trouble(s);
        } else if (found == 0 || !rule_condition(json_object_get(s->with, "if"), &session)) {
                step_done(s, "The result does not ask for a move any more.");
        } else if (text_equal(to, now->stage_id) || text_equal(to, now->stage_name)) {
                step_done(s, "The application is in that stage.");
        } else if (from != NULL && !text_equal(from, now->stage_id) && s->doubt) {
                step_done(s, "The application has left the stage: it was moved.");
        } else if (!text_equal(now->status, "active")) {
                s->silent = true;
                outcome_set(&s->outcome, OUTCOME_REFUSED, "The application is not active any more.",
                            "status %s", text_or(now->status, "unknown"));
        } else if (from == NULL || !text_equal(from, now->stage_id)) {
                s->silent = true; /* whoever moved it knows */
                outcome_set(&s->outcome, OUTCOME_REFUSED,
                            "Somebody moved the application meanwhile; it was left there.",
                            "in stage %s", text_or(now->stage_name, "unknown"));
        } else {
                may = 1;
        }
        mem_free(from);
        session_dispose(&session);
        json_decref(record);
        return may;
}

void step_move_stage(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;
        struct application known = { 0 }, now = { 0 };
        json_t *record = NULL;

        if (ats == NULL || ats->move_stage == NULL || ats->read_application == NULL) {
                outcome_set(&s->outcome, OUTCOME_REFUSED, "this ATS cannot be told to move yet.",
                            "%s", s->desk.kind->name);
                return;
        }
        if (step_application(s, &record, &known) != 1)
                return;
        if (ats->read_application(&s->desk.link, dossier_id(s->application), &now, &s->outcome) ==
                0 &&
            may_move(s, &now) && step_begin(s, NULL) == 0 &&
            ats->move_stage(&s->desk.link, &now, json_get_text(s->with, "to", ""), &s->outcome) ==
                0)
                step_done(s, "The application was moved.");
        application_dispose(&known);
        application_dispose(&now);
        json_decref(record);
}
