/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "home/unread.h"

#include <inttypes.h>
#include <stdio.h>

#include "floor/text.h"
#include "home/action.h"
#include "home/records.h"

static uint64_t waits(const json_t *record)
{
        return (uint64_t)json_get_int(record, "unread", 0);
}

/* 1 another look waits, or is about to be tried again, 0, -1. */
static int another_waits(struct step *s, const json_t *read)
{
        uint64_t number = waits(read);
        json_t *action = NULL;
        const char *state;
        int found;

        if (number == 0 || number == s->number)
                return 0;
        found = record_series_get(s->org, "action", number, &action, &s->why);
        state = json_get_text(action, "state", "");
        if (found == 1 && !text_equal(state, "parked") && !text_equal(state, "waiting"))
                found = 0;
        json_decref(action);
        return found;
}

static int put(struct step *s, const json_t *read)
{
        json_t *record = json_deep_copy(read);
        struct plan p;
        int result;

        plan_init(&p);
        json_set_int(record, "unread", (int64_t)s->number);
        plan_guard(&p, "session", s->session, read);
        record_put(p.batch, "session", s->session, record);
        result = plan_commit(&p, s->org, &s->why);
        plan_dispose(&p);
        json_decref(record);
        return result;
}

void unread_refused(struct step *s, const json_t *read)
{
        char text[120];
        int found = another_waits(s, read);

        if (found == 1) {
                snprintf(text, sizeof text,
                         "The platform's answer is still not understood: action %" PRIu64
                         " waits for a person.",
                         waits(read));
                step_done(s, text);
        } else if (found < 0 || (waits(read) != s->number && put(s, read) != 0)) {
                step_trouble(s);
        }
}

int unread_over(struct plan *p, struct org *org, json_t *record, int64_t now_ms, struct fail *why)
{
        uint64_t number = waits(record);
        json_t *action = NULL;
        int found;

        if (number == 0)
                return 0;
        found = record_series_get(org, "action", number, &action, why);
        if (found == 1 && text_equal(json_get_text(action, "state", ""), "parked")) {
                action_end(p, number, action, "done", "The session could be read since.", now_ms);
                p->watch = true;
        }
        json_object_del(record, "unread");
        json_decref(action);
        return found < 0 ? -1 : 1;
}
