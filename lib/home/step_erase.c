/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The step that takes what is personal out of ended actions and out of events: notes, names,
 * addresses, what the other side said.  Nobody remembers which of them was about whom, so all are
 * looked at.  What stays says what kind of thing was done, when, and how it ended.
 */
#include "floor/mem.h"
#include "floor/text.h"
#include "home/answer.h"
#include "home/dossier.h"
#include "home/erase.h"
#include "home/erase_interview.h"
#include "home/records.h"

#define SLICE 100

static bool is_about(const struct step *s, const json_t *action)
{
        const char *application = json_get_text(s->with, "application", NULL),
                   *session = json_get_text(action, "session", NULL);
        const json_t *sessions = json_object_get(s->with, "sessions");

        if (application != NULL &&
            text_equal(json_get_text(action, "application", NULL), application))
                return true;
        for (size_t i = 0; session != NULL && i < json_array_size(sessions); i++)
                if (text_equal(json_text_of(json_array_get(sessions, i), ""), session))
                        return true;
        return false;
}

static bool has_traces(const struct step *s, const json_t *action)
{
        return !json_get_bool(action, "erased", false) && is_about(s, action);
}

/* An action that waits is stopped, or looks for itself what is left: until then it keeps when it
 * was tried, not what was said to it. */
static void silence(struct plan *p, uint64_t number, const json_t *read)
{
        json_t *action = json_deep_copy(read), *tries = json_object_get(action, "tries"), *one;
        bool heard = false;
        size_t i;

        json_array_foreach(tries, i, one) if (json_object_del(one, "detail") == 0) heard = true;
        if (heard) {
                json_set_text(action, "sentence", ERASE_SENTENCE);
                plan_guard_series(p, "action", number, read);
                record_series_put(p->batch, "action", number, action);
                answer_drop(p->batch, number);
        }
        json_decref(action);
}

static void take_out(struct plan *p, uint64_t number, const json_t *read)
{
        json_t *action = json_deep_copy(read), *with = json_object();
        const char *message = json_get_text(read, "with.message", NULL);

        if (message != NULL) /* by which its body goes in time */
                json_set_text(with, "message", message);
        json_set(action, "with", with);
        json_set(action, "tries", json_array());
        json_set_text(action, "sentence", ERASE_SENTENCE);
        json_set_bool(action, "erased", true);
        plan_guard_series(p, "action", number, read);
        record_series_put(p->batch, "action", number, action);
        answer_drop(p->batch, number);
        json_decref(action);
}

/* 0, -1. */
typedef int look_function(struct step *s, struct plan *p, uint64_t number, const json_t *record);

static int look_action(struct step *s, struct plan *p, uint64_t number, const json_t *action)
{
        if (!has_traces(s, action))
                return 0; /* it stays as it is */
        if (text_equal(json_get_text(action, "state", ""), "waiting"))
                silence(p, number, action);
        else
                take_out(p, number, action);
        return 0;
}

static int look_event(struct step *s, struct plan *p, uint64_t number, const json_t *event)
{
        char *key = dossier_key(json_get_text(event, "connection", ""),
                                json_get_text(event, "subject", NULL));
        const json_t *sessions = json_object_get(s->with, "sessions");
        bool about = false;

        if (key != NULL && !text_equal(json_get_text(event, "reason", NULL), ERASE_SENTENCE)) {
                about = text_equal(json_get_text(s->with, "application", NULL), key) ||
                        text_equal(json_get_text(s->with, "candidate", NULL), key);
                for (size_t i = 0; !about && i < json_array_size(sessions); i++)
                        about = text_equal(json_text_of(json_array_get(sessions, i), ""), key);
        }
        mem_free(key);
        return about ? erase_event(p, s->org, number, &s->why) : 0;
}

/* The numbers from..to of a series: 0, -1. */
static int look_at(struct step *s, const char *series, look_function *look, uint64_t from,
                   uint64_t to)
{
        struct plan plan;
        int result = 0;

        plan_init(&plan);
        for (uint64_t number = from; result == 0 && number <= to; number++) {
                json_t *record = NULL;
                int found = record_series_get(s->org, series, number, &record, &s->why);

                result = found < 0 ? -1 : found == 1 ? look(s, &plan, number, record) : 0;
                json_decref(record);
        }
        if (result == 0 && !batch_empty(plan.batch))
                result = plan_commit(&plan, s->org, &s->why);
        plan_dispose(&plan);
        return result;
}

/* All of a series that was not pruned. */
static int look_through(struct step *s, const char *series, const char *place, look_function *look)
{
        json_t *pruned = NULL;
        uint64_t first, last = 0;
        int result = 0;

        if (record_get(s->org, "cursor", place, &pruned, &s->why) < 0 ||
            store_series_last(s->org->store, series, &last, &s->why) != 0)
                result = -1;
        first = (uint64_t)json_get_int(pruned, "number", 0) + 1;
        json_decref(pruned);
        for (uint64_t at = first; result == 0 && at <= last; at += SLICE)
                result =
                    look_at(s, series, look, at, at + SLICE - 1 < last ? at + SLICE - 1 : last);
        return result;
}

void step_erase_traces(struct step *s)
{
        s->no_call = true;
        if (look_through(s, "action", "pruned-actions", look_action) != 0 ||
            look_through(s, "event", "pruned-events", look_event) != 0 || erase_interviews(s) != 0)
                step_trouble(s);
        else
                step_done(s, "What was written down about the candidate is gone.");
}
