/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The step that looks at a schedule of the ATS: with {schedule: id, detail of the fact, events}. */
#include <string.h>

#include "bridge/sender.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/erase.h"
#include "home/records.h"
#include "home/schedule.h"
#include "home/step.h"

#define NOT_THERE_YET 4 /* looks before something absent counts as cancelled */

/* The application, read and remembered: a note about the interview needs it.  1, 0 the step
 * ended; *gone: it is not there (any more). */
static int look_at_application(struct step *s, const char *key, struct application *now, bool *gone)
{
        const struct ats *ats = s->desk.kind->ats;
        json_t *read = NULL, *record = NULL;
        const json_t *events = json_object_get(s->with, "events");
        int found = record_get(s->org, "application", text_or(s->application, "-"), &read, &s->why),
            result = 0;

        if (found < 0) {
                step_trouble(s);
        } else if (json_get_bool(read, "erased", false)) {
                step_done(s, ERASE_SENTENCE);
        } else if (ats->read_application(&s->desk.link, dossier_id(s->application), now,
                                         &s->outcome) != 0) {
                *gone = s->outcome.kind == OUTCOME_ABSENT;
                result = *gone;
        } else {
                record = found == 1 ? json_deep_copy(read) : json_object();
                json_set_int(record, "read_ms", trade_now(s->trade));
                for (size_t i = 0; i < json_array_size(events); i++)
                        dossier_add_event(record,
                                          (uint64_t)json_int_of(json_array_get(events, i), 0));
                dossier_add_text(record, "schedules", key); /* for erasure */
                if (dossier_put_application(&s->plan, s->org, s->application, read, record, now,
                                            &s->why) != 0)
                        step_trouble(s);
                else
                        result = 1;
        }
        json_decref(record);
        json_decref(read);
        return result;
}

/* What the fact itself says, as the one part of its schedule. */
static json_t *part_of_fact(const struct step *s)
{
        const json_t *detail = json_object_get(s->with, "detail");
        const char *id = json_get_text(s->with, "schedule", "");
        json_t *parts = json_array(), *part;

        if (!text_equal(json_get_text(detail, "what", ""), "cancelled")) {
                part = json_deep_copy(detail);
                json_set_text(part, "id", id);
                if (json_get_bool(detail, "writable", false))
                        json_set_text(part, "link_id", id);
                json_add(parts, part);
        }
        return parts;
}

/* 1 with *parts, 0 the step ended. */
static int look_at_parts(struct step *s, const struct application *now, bool gone, json_t **parts)
{
        const struct ats *ats = s->desk.kind->ats;

        if (gone) {
                *parts = json_array();
        } else if (ats->read_schedule == NULL &&
                   !text_equal(json_get_text(s->with, "trust", ""), trust_word(TRUST_BODY))) {
                /* A notice is only a reason to look, and there is nowhere to look. */
                step_done(s, "Only the notice tells of this interview: nothing follows from it.");
                return 0;
        } else if (ats->read_schedule == NULL) {
                *parts = part_of_fact(s);
        } else if (ats->read_schedule(&s->desk.link, now, json_get_text(s->with, "schedule", ""),
                                      parts, &s->outcome) != 0) {
                if (s->outcome.kind != OUTCOME_ABSENT)
                        return 0;
                gone = true;
                *parts = json_array();
        }
        /* The API may be a moment behind the webhook. */
        if (gone && step_attempts(s) + 1 < NOT_THERE_YET) {
                json_decref(*parts);
                *parts = NULL;
                outcome_set(&s->outcome, OUTCOME_AGAIN, "The interview is not visible yet.", "%s",
                            s->outcome.detail[0] != '\0' ? s->outcome.detail : "absent");
                return 0;
        }
        return 1;
}

void step_look_schedule(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;
        struct application now;
        char *key = NULL;
        struct schedule_work w = { .trade = s->trade,
                                   .org = s->org,
                                   .plan = &s->plan,
                                   .application = s->application,
                                   .who = &now,
                                   .said = &s->said };
        json_t *parts = NULL;
        bool gone = false;

        memset(&now, 0, sizeof now);
        if (ats == NULL || ats->read_application == NULL) {
                outcome_set(&s->outcome, OUTCOME_REFUSED, "This ATS cannot be read yet.", "%s",
                            s->desk.kind->name);
                return;
        }
        key = dossier_key(s->desk.connection->id, json_get_text(s->with, "schedule", ""));
        w.key = key;
        w.hidden = ats->interview_link_hidden;
        w.field = json_get_text(s->desk.connection->settings, "interview_field", "location");
        if (key == NULL) {
                step_done(s, "It names no interview.");
        } else if (look_at_application(s, key, &now, &gone) == 1 &&
                   look_at_parts(s, &now, gone, &parts) == 1) {
                if (schedule_settle(&w, parts, &s->why) != 0)
                        step_trouble(s);
                else
                        s->outcome.kind = OUTCOME_DONE;
        }
        json_decref(parts);
        application_dispose(&now);
        mem_free(key);
}
