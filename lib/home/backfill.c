/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Past results: started, stopped, shown. */
#include "home/backfill.h"

#include "floor/mem.h"
#include "floor/text.h"
#include "home/consumer.h"
#include "home/event.h"
#include "home/records.h"

static bool can(const struct trade *trade, const char *kind_name)
{
        const struct kind *kind = trade_kind(trade, kind_name);

        return kind != NULL && kind->platform != NULL && kind->platform->list_sessions != NULL &&
               kind->platform->list_tests != NULL;
}

/* 1 it is a platform that can, 0 not, -1. */
static int is_able(const struct trade *trade, struct org *org, const char *platform,
                   struct fail *why)
{
        json_t *record = NULL;
        int found = record_get(org, "connection", platform, &record, why);

        if (found == 1)
                found = can(trade, json_get_text(record, "kind", ""));
        json_decref(record);
        return found;
}

static int begin(const struct trade *trade, struct org *org, const char *platform,
                 const json_t *read, struct fail *why)
{
        int64_t now = trade_now(trade);
        struct action_order order = {
                .kind = "backfill", .connection = platform, .due_ms = now, .now_ms = now
        };
        json_t *record = json_object();
        struct plan p;
        int result;

        json_set_text(record, "state", "running");
        json_set_int(record, "test", 0);
        json_set_int(record, "offset", 0);
        json_set_int(record, "seen", 0);
        json_set_int(record, "added", 0);
        json_set_int(record, "started_ms", now);
        json_set_int(record, "moved_ms", now);
        plan_init(&p);
        plan_guard(&p, "backfill", platform, read);
        record_put(p.batch, "backfill", platform, record);
        plan_action(&p, &order);
        result = plan_commit(&p, org, why);
        plan_dispose(&p);
        json_decref(record);
        return result == 0 ? event_wake(trade->home, org->name, platform, now, why) : -1;
}

int backfill_start(const struct trade *trade, struct org *org, const char *platform,
                   struct fail *why)
{
        json_t *read = NULL;
        int result = is_able(trade, org, platform, why);

        if (result == 0)
                return fail_set(why, FAIL_INPUT,
                                "%.40s is no platform whose past results can be read", platform);
        if (result == 1)
                result = record_get(org, "backfill", platform, &read, why);
        if (result >= 0 && text_equal(json_get_text(read, "state", ""), "running"))
                result = 0;
        else if (result >= 0)
                result = begin(trade, org, platform, read, why) == 0 ? 1 : -1;
        json_decref(read);
        return result;
}

int backfill_stop(struct org *org, const char *platform, struct fail *why)
{
        json_t *read = NULL, *record;
        struct plan p;
        int found = record_get(org, "backfill", platform, &read, why);

        if (found == 1 && !text_equal(json_get_text(read, "state", ""), "running"))
                found = 0;
        if (found == 1) {
                record = json_deep_copy(read);
                json_set_text(record, "state", "stopped");
                plan_init(&p);
                plan_guard(&p, "backfill", platform, read);
                record_put(p.batch, "backfill", platform, record);
                if (plan_commit(&p, org, why) != 0)
                        found = -1;
                plan_dispose(&p);
                json_decref(record);
        }
        json_decref(read);
        return found;
}

struct each {
        const struct trade *trade;
        struct org *org;
        json_t *list;
        int started;
        struct fail *why;
};

static int start_new(void *context, const char *id)
{
        struct each *e = context;
        int found = is_able(e->trade, e->org, id, e->why);

        if (found != 1)
                return found;
        found = store_get(e->org->store, "backfill", id, NULL, e->why);
        if (found == 0) {
                found = backfill_start(e->trade, e->org, id, e->why);
                e->started += found == 1;
        }
        return found < 0 ? -1 : 0;
}

int backfill_start_new(const struct trade *trade, struct org *org, int *started, struct fail *why)
{
        struct each e = { trade, org, NULL, 0, why };
        int result = consumer_any(org, why);

        if (result == 1)
                result = connection_each(trade->home, org, start_new, &e, why);
        if (started != NULL)
                *started = e.started;
        return result < 0 ? -1 : 0;
}

static int list_one(void *context, const char *id)
{
        struct each *e = context;
        json_t *record = NULL, *row;
        int64_t tests, at;
        bool done;
        int found = is_able(e->trade, e->org, id, e->why);

        if (found != 1)
                return found;
        if (record_get(e->org, "backfill", id, &record, e->why) < 0)
                return -1;
        row = json_object();
        tests = (int64_t)json_array_size(json_object_get(record, "tests"));
        at = json_get_int(record, "test", 0);
        done = text_equal(json_get_text(record, "state", ""), "done");
        json_set_text(row, "platform", id);
        json_set_text(row, "state", json_get_text(record, "state", "none"));
        json_set_int(row, "tests", tests);
        json_set_int(row, "tests_done", at);
        json_set_int(row, "seen", json_get_int(record, "seen", 0));
        json_set_int(row, "added", json_get_int(record, "added", 0));
        json_set_int(row, "percent", done ? 100 : tests > 0 ? at * 100 / tests : 0);
        json_set_int(row, "started_ms", json_get_int(record, "started_ms", 0));
        json_set_int(row, "moved_ms", json_get_int(record, "moved_ms", 0));
        json_set_int(row, "done_ms", json_get_int(record, "done_ms", 0));
        json_set_text(row, "sentence", json_get_text(record, "sentence", ""));
        json_add(e->list, row);
        json_decref(record);
        return 0;
}

int backfill_list(const struct trade *trade, struct org *org, json_t **list, struct fail *why)
{
        struct each e = { trade, org, json_array(), 0, why };

        *list = NULL;
        if (connection_each(trade->home, org, list_one, &e, why) != 0) {
                json_decref(e.list);
                return -1;
        }
        *list = e.list;
        return 0;
}
