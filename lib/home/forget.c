/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates' data goes. */
#include "home/forget.h"

#include <stdlib.h>
#include <string.h>

#include "floor/text.h"
#include "floor/when.h"
#include "home/audit.h"
#include "home/erase.h"
#include "home/event.h"
#include "home/health.h"
#include "home/interview_parts.h"
#include "home/records.h"

#define RETRIES 8 /* somebody else may change the same records meanwhile */
#define ROUND 200 /* things that are too old, erased in one round */

struct forgetting {
        const struct trade *trade;
        struct org *org;
        bool lapsed;
        struct fail *why;
};

/* Plans the erasure of one: 0, -1. */
typedef int forget_function(struct forgetting *f, struct plan *p, const char *key);

static int forget_application(struct forgetting *f, struct plan *p, const char *key)
{
        return f->lapsed ? erase_lapsed(p, f->trade, f->org, key, f->why)
                         : erase_application(p, f->trade, f->org, key, f->why);
}

static int forget_session(struct forgetting *f, struct plan *p, const char *key)
{
        return erase_session(p, f->org, key, f->why);
}

static int forget_interview(struct forgetting *f, struct plan *p, const char *key)
{
        return interview_drop(p, f->org, key, true, trade_now(f->trade), f->why) < 0 ? -1 : 0;
}

static int forget_event(struct forgetting *f, struct plan *p, const char *key)
{
        return erase_event(p, f->org, strtoull(key, NULL, 10), f->why);
}

static int forget_one(struct forgetting *f, forget_function *forget, const char *key)
{
        int result = -1;

        for (int i = 0; i < RETRIES && result != 0; i++) {
                struct plan p;

                fail_clear(f->why);
                plan_init(&p);
                result = forget(f, &p, key);
                if (result == 0 && !batch_empty(p.batch))
                        result = plan_commit(&p, f->org, f->why);
                plan_dispose(&p);
                if (result != 0 && f->why->kind != FAIL_CONFLICT)
                        break;
        }
        return result;
}

static int forget_list(struct forgetting *f, const json_t *found, const char *list,
                       forget_function *forget, uint64_t *count)
{
        const json_t *keys = json_object_get(found, list);
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(keys); i++) {
                result = forget_one(f, forget, json_text_of(json_array_get(keys, i), "-"));
                *count += result == 0;
        }
        return result;
}

static uint64_t candidates(const struct forget_count *count)
{
        return count->applications + count->sessions + count->interviews;
}

int forget_all(const struct trade *trade, struct org *org, const json_t *found, bool lapsed,
               struct forget_count *count, struct fail *why)
{
        struct fail local = FAIL_CLEAR;
        struct forgetting f = { trade, org, lapsed, why == NULL ? &local : why };
        int64_t now = trade_now(trade);
        int result = -1;

        memset(count, 0, sizeof *count);
        if (forget_list(&f, found, "applications", forget_application, &count->applications) == 0 &&
            forget_list(&f, found, "sessions", forget_session, &count->sessions) == 0 &&
            forget_list(&f, found, "interviews", forget_interview, &count->interviews) == 0 &&
            forget_list(&f, found, "events", forget_event, &count->events) == 0)
                result = 0;
        if (candidates(count) > 0) {
                count_add(org, "erased", (int64_t)candidates(count), NULL, now, NULL);
                if (event_wake(trade->home, org->name, NULL, now, f.why) != 0)
                        result = -1;
        }
        return result;
}

struct forget_count forget_size(const json_t *found)
{
        return (struct forget_count){
                .applications = json_array_size(json_object_get(found, "applications")),
                .sessions = json_array_size(json_object_get(found, "sessions")),
                .interviews = json_array_size(json_object_get(found, "interviews")),
                .events = json_array_size(json_object_get(found, "events")),
        };
}

json_t *forget_show(const struct forget_count *count)
{
        json_t *row = json_object();

        json_set_int(row, "applications", (int64_t)count->applications);
        json_set_int(row, "sessions", (int64_t)count->sessions);
        json_set_int(row, "interviews", (int64_t)count->interviews);
        json_set_int(row, "events", (int64_t)count->events);
        return row;
}

int forget_days(struct org *org, struct fail *why)
{
        json_t *self = NULL;
        int found = record_get(org, "org", "self", &self, why),
            days = (int)json_get_int(self, "retention_days", 0);

        json_decref(self);
        return found < 0 ? -1 : days;
}

int forget_set_days(struct org *org, int from, int days, struct fail *why)
{
        int result = -1;

        for (int i = 0; i < RETRIES && result < 0; i++) {
                json_t *read = NULL, *self;
                struct plan p;
                int found = record_get(org, "org", "self", &read, why);

                if (found < 0)
                        return -1;
                if (json_get_int(read, "retention_days", 0) != from) {
                        json_decref(read);
                        return 1;
                }
                fail_clear(why);
                plan_init(&p);
                self = read == NULL ? json_object() : json_deep_copy(read);
                json_set_int(self, "retention_days", days);
                plan_guard(&p, "org", "self", read);
                record_put(p.batch, "org", "self", self);
                result = plan_commit(&p, org, why);
                plan_dispose(&p);
                json_decref(self);
                json_decref(read);
                if (result != 0 && why->kind != FAIL_CONFLICT)
                        break;
        }
        return result;
}

static int write_down(struct home *h, const char *org, const struct forget_count *count, int days,
                      struct fail *why)
{
        json_t *detail = forget_show(count);
        const struct audit_entry e = {
                .org = org, .who = "retention", .did = "candidate.lapsed", .detail = detail
        };
        int result;

        json_set_int(detail, "retention_days", days);
        result = audit_add(h, &e, why);
        json_decref(detail);
        return result;
}

int forget_lapsed(const struct trade *trade, struct org *org, bool *more, struct fail *why)
{
        int days = forget_days(org, why), result;
        struct forget_count count = { 0 };
        json_t *found = NULL;

        *more = false;
        if (days <= 0)
                return days;
        result = forget_find_old(org, trade_now(trade) - days * WHEN_DAY, ROUND, &found, more, why);
        if (result == 0)
                result = forget_all(trade, org, found, true, &count, why);
        if (candidates(&count) > 0 && write_down(trade->home, org->name, &count, days, why) != 0)
                result = -1;
        json_decref(found);
        return result;
}
