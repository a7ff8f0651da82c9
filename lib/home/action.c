/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Actions as people and programs see them. */
#include "home/action.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "home/event.h"
#include "home/records.h"

struct numbers {
        uint64_t *list;
        size_t count, size;
};

static int collect(void *context, const char *member)
{
        struct numbers *n = context;

        if (n->count == n->size) {
                n->size = n->size == 0 ? 64 : n->size * 2;
                n->list = mem_resize(n->list, n->size, sizeof *n->list);
        }
        n->list[n->count++] = strtoull(member, NULL, 10);
        return 0;
}

static int newest_first(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? 1 : x > y ? -1 : 0;
}

static int visit_one(struct org *org, uint64_t number,
                     int (*visit)(void *context, uint64_t number, const json_t *action),
                     void *context, unsigned *limit, struct fail *why)
{
        json_t *action = NULL;
        int found = record_series_get(org, "action", number, &action, why), result = found;

        if (found == 1) {
                --*limit;
                result = visit(context, number, action);
        }
        json_decref(action);
        return result;
}

int action_each(struct org *org, const char *set, unsigned limit,
                int (*visit)(void *context, uint64_t number, const json_t *action), void *context,
                struct fail *why)
{
        struct numbers n = { NULL, 0, 0 };
        uint64_t last = 0;
        int result = 0;

        if (set == NULL) {
                if (store_series_last(org->store, "action", &last, why) != 0)
                        return -1;
                for (uint64_t at = last; result == 0 && at > 0 && limit > 0; at--)
                        result = visit_one(org, at, visit, context, &limit, why);
                return result;
        }
        result = store_set_list(org->store, set, collect, &n, why);
        if (n.count > 1)
                qsort(n.list, n.count, sizeof *n.list, newest_first);
        for (size_t i = 0; result == 0 && i < n.count && limit > 0; i++)
                result = visit_one(org, n.list[i], visit, context, &limit, why);
        mem_free(n.list);
        return result;
}

static void put_sets(struct plan *p, uint64_t number, bool open, bool parked)
{
        char member[24];

        snprintf(member, sizeof member, "%" PRIu64, number);
        if (open)
                batch_join(p->batch, "open-actions", member);
        else
                batch_leave(p->batch, "open-actions", member);
        if (parked)
                batch_join(p->batch, "parked-actions", member);
        else
                batch_leave(p->batch, "parked-actions", member);
}

void action_end(struct plan *p, uint64_t number, const json_t *read, const char *state,
                const char *sentence, int64_t now_ms)
{
        json_t *action = json_deep_copy(read);

        json_set_text(action, "state", state);
        json_set_text(action, "sentence", sentence);
        if (!text_equal(state, "parked"))
                json_set_int(action, "done_ms", now_ms);
        plan_guard_series(p, "action", number, read);
        record_series_put(p->batch, "action", number, action);
        put_sets(p, number, false, text_equal(state, "parked"));
        json_decref(action);
}

static int retry_once(struct org *org, uint64_t number, int64_t now_ms, struct fail *why)
{
        json_t *read = NULL, *action = NULL;
        struct plan p;
        const char *state;
        int result = record_series_get(org, "action", number, &read, why);

        plan_init(&p);
        if (result == 1) {
                state = json_get_text(read, "state", "");
                result = text_equal(state, "parked") || text_equal(state, "refused") ? 1 : 0;
        }
        if (result == 1) {
                action = json_deep_copy(read);
                json_set_text(action, "state", "waiting");
                json_set_int(action, "due_ms", now_ms);
                json_set_int(action, "attempts", 0);
                json_set_int(action, "since_ms", now_ms); /* the days of patience start anew */
                json_object_del(action, "done_ms");
                plan_guard_series(&p, "action", number, read);
                record_series_put(p.batch, "action", number, action);
                put_sets(&p, number, true, false);
                if (plan_commit(&p, org, why) != 0)
                        result = -1;
        }
        plan_dispose(&p);
        json_decref(action);
        json_decref(read);
        return result;
}

static int park_once(struct org *org, uint64_t number, const char *sentence, int64_t now_ms,
                     struct fail *why)
{
        json_t *read = NULL;
        struct plan p;
        int result = record_series_get(org, "action", number, &read, why);

        plan_init(&p);
        if (result == 1 && !text_equal(json_get_text(read, "state", ""), "waiting"))
                result = 0;
        if (result == 1) {
                action_end(&p, number, read, "parked", sentence, now_ms);
                if (plan_commit(&p, org, why) != 0)
                        result = -1;
        }
        plan_dispose(&p);
        json_decref(read);
        return result;
}

int action_retry(struct home *h, struct org *org, uint64_t number, int64_t now_ms, struct fail *why)
{
        int result = retry_once(org, number, now_ms, why);

        if (result == 1 && event_wake(h, org->name, NULL, now_ms, why) != 0)
                return -1;
        return result;
}

int action_park(struct home *h, struct org *org, uint64_t number, const char *sentence,
                int64_t now_ms, struct fail *why)
{
        int result = park_once(org, number, sentence, now_ms, why);

        if (result == 1 && event_wake(h, org->name, NULL, now_ms, why) != 0)
                return -1;
        return result;
}

int action_doubt_all(struct org *org, struct fail *why)
{
        struct numbers n = { NULL, 0, 0 };
        int result = store_set_list(org->store, "open-actions", collect, &n, why);

        for (size_t i = 0; result == 0 && i < n.count; i++) {
                json_t *action = NULL;
                int found = record_series_get(org, "action", n.list[i], &action, why);
                struct batch *b = batch_new();

                if (found == 1) {
                        json_set_bool(action, "begun", true);
                        record_series_put(b, "action", n.list[i], action);
                        result = store_commit(org->store, b, why);
                } else if (found < 0) {
                        result = -1;
                }
                batch_free(b);
                json_decref(action);
        }
        mem_free(n.list);
        return result;
}

int action_add(struct home *h, struct org *org, const struct action_order *order, uint64_t *number,
               struct fail *why)
{
        struct plan p;
        int result;

        plan_init(&p);
        plan_action(&p, order);
        result = plan_commit(&p, org, why);
        if (result == 0 && number != NULL)
                *number = p.actions->number;
        plan_dispose(&p);
        return result == 0 ? event_wake(h, org->name, order->connection, order->now_ms, why) : -1;
}
