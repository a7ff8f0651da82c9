/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is too old goes, in small slices. */
#include <inttypes.h>
#include <stdio.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "home/about.h"
#include "home/answer.h"
#include "home/consumer.h"
#include "home/event.h"
#include "home/interview.h"
#include "home/records.h"

struct slice {
        struct org *org;
        struct batch *batch;
        int64_t before_ms;
        unsigned left;
};

/* 1 dropped or not there, 0 it stays and so does all behind it, -1. */
typedef int drop_function(struct slice *s, uint64_t number, struct fail *why);

/* The identity goes with the event that brought it, not with a repetition of it. */
static int forget(struct slice *s, const char *key, uint64_t number, struct fail *why)
{
        json_t *seen = NULL;
        int found = record_get(s->org, "seen", key, &seen, why);

        if (found == 1 && json_get_int(seen, "event", 0) == (int64_t)number)
                batch_delete(s->batch, "seen", key);
        json_decref(seen);
        return found < 0 ? -1 : 0;
}

static int drop_event(struct slice *s, uint64_t number, struct fail *why)
{
        json_t *event = NULL;
        char key[24], *seen;
        int found = record_series_get(s->org, "event", number, &event, why);

        if (found <= 0)
                return found < 0 ? -1 : 1;
        if (json_get_int(event, "received_ms", 0) < s->before_ms) {
                snprintf(key, sizeof key, "%" PRIu64, number);
                batch_series_delete(s->batch, "event", number);
                batch_delete(s->batch, "body", key);
                seen = record_digest(json_get_text(event, "connection", ""),
                                     json_get_text(event, "identity", ""));
                found = forget(s, seen, number, why) == 0 &&
                                about_drop(s->batch, s->org, json_get_text(event, "connection", ""),
                                           json_object_get(event, "about"), number, why) == 0
                            ? 1
                            : -1;
                mem_free(seen);
        } else {
                found = 0;
        }
        json_decref(event);
        return found;
}

/* The body of a delivery goes with it; one that was held back may still be sent. */
static void forget_body(struct slice *s, const json_t *action)
{
        const char *message = json_get_text(action, "with.message", NULL);

        if (message != NULL && !text_starts(json_get_text(action, "sentence", ""), CONSUMER_HELD))
                batch_delete(s->batch, "outgoing", message);
}

/* An open one stays whatever its age, and holds up those behind it: there are few. */
static int drop_action(struct slice *s, uint64_t number, struct fail *why)
{
        json_t *action = NULL;
        int found = record_series_get(s->org, "action", number, &action, why);

        if (found <= 0)
                return found < 0 ? -1 : 1;
        if (json_get_int(action, "done_ms", 0) > 0 &&
            json_get_int(action, "done_ms", 0) < s->before_ms) {
                batch_series_delete(s->batch, "action", number);
                answer_drop(s->batch, number);
                forget_body(s, action);
        } else {
                found = 0;
        }
        json_decref(action);
        return found;
}

/* An Idempotency-Key that was used: its record is younger when the key came again since. */
static int drop_used_key(struct slice *s, uint64_t number, struct fail *why)
{
        json_t *used = NULL, *record = NULL;
        const char *slot;
        int found = record_series_get(s->org, "used-keys", number, &used, why);

        if (found <= 0)
                return found < 0 ? -1 : 1;
        slot = json_get_text(used, "slot", "");
        found = record_get(s->org, "idempotency", slot, &record, why);
        if (found == 1 && json_get_int(record, "at_ms", 0) >= s->before_ms) {
                found = 0;
        } else if (found >= 0) {
                batch_series_delete(s->batch, "used-keys", number);
                batch_delete(s->batch, "idempotency", slot);
                found = 1;
        }
        json_decref(record);
        json_decref(used);
        return found;
}

static int prune(struct slice *s, const char *series, const char *place, drop_function *drop,
                 bool *more, struct fail *why)
{
        json_t *at = NULL;
        uint64_t last, number, start;
        int dropped = 1;

        if (store_series_last(s->org->store, series, &last, why) != 0 ||
            record_get(s->org, "cursor", place, &at, why) < 0)
                return -1;
        start = number = (uint64_t)json_get_int(at, "number", 0);
        json_decref(at);
        while (number < last && s->left > 0 && (dropped = drop(s, number + 1, why)) == 1) {
                number++;
                s->left--;
        }
        if (dropped < 0)
                return -1;
        if (number > start) {
                at = json_object();
                json_set_int(at, "number", (int64_t)number);
                record_put(s->batch, "cursor", place, at);
                json_decref(at);
        }
        *more = *more || (dropped == 1 && number < last);
        return 0;
}

int event_prune(struct org *org, int64_t now_ms, int64_t kept_ms, unsigned limit, bool *more,
                struct fail *why)
{
        struct slice s = { org, batch_new(), now_ms - kept_ms, limit };
        int result = -1;

        *more = false;
        if (prune(&s, "event", "pruned-events", drop_event, more, why) == 0 &&
            prune(&s, "action", "pruned-actions", drop_action, more, why) == 0) {
                s.before_ms = now_ms - INTERVIEW_KEY_KEPT_MS;
                result = prune(&s, "used-keys", "pruned-used-keys", drop_used_key, more, why);
        }
        if (result == 0 && !batch_empty(s.batch))
                result = store_commit(org->store, s.batch, why);
        batch_free(s.batch);
        return result;
}
