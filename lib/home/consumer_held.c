/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is held back for a consumer: counted, sent, dropped. */
#include <stdlib.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "home/consumer.h"
#include "home/event.h"
#include "home/records.h"

#define SLICE 50

struct row {
        char *key;
        int64_t at_ms;
};

struct rows {
        struct org *org;
        const char *connection;
        int64_t from_ms, to_ms;
        struct row *list;
        size_t count, size;
        struct fail *why;
};

void consumer_hold(struct plan *p, const char *connection, const char *session, const json_t *with,
                   int64_t now_ms)
{
        char *key = mem_format("%s:%s", connection, json_get_text(with, "message", ""));
        json_t *record = json_object();

        json_set_text(record, "connection", connection);
        json_set_text(record, "session", session);
        json_set(record, "with", json_deep_copy(with));
        json_set_int(record, "held_ms", now_ms);
        record_put(p->batch, "held", key, record);
        batch_join(p->batch, "held-deliveries", key);
        json_decref(record);
        mem_free(key);
}

static bool is_of(const char *key, const char *connection)
{
        size_t len = strlen(connection);

        return strncmp(key, connection, len) == 0 && key[len] == ':';
}

static int collect(void *context, const char *key)
{
        struct rows *r = context;
        json_t *record = NULL;
        int64_t at;
        int found;

        if (!is_of(key, r->connection))
                return 0;
        found = record_get(r->org, "held", key, &record, r->why);
        at = json_get_int(record, "with.at_ms", 0);
        json_decref(record);
        if (found != 1 || at < r->from_ms || (r->to_ms > 0 && at > r->to_ms))
                return found < 0 ? -1 : 0;
        if (r->count == r->size) {
                r->size = r->size == 0 ? 64 : r->size * 2;
                r->list = mem_resize(r->list, r->size, sizeof *r->list);
        }
        r->list[r->count++] = (struct row){ mem_text(key), at };
        return 0;
}

static int oldest_first(const void *a, const void *b)
{
        const struct row *x = a, *y = b;

        return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms)
                                    : strcmp(x->key, y->key);
}

static int gather(struct rows *r)
{
        int result = store_set_list(r->org->store, "held-deliveries", collect, r, r->why);

        if (r->count > 1)
                qsort(r->list, r->count, sizeof *r->list, oldest_first);
        return result < 0 ? -1 : 0;
}

static void dispose(struct rows *r)
{
        for (size_t i = 0; i < r->count; i++)
                mem_free(r->list[i].key);
        mem_free(r->list);
}

int consumer_held(struct org *org, const char *connection, int64_t from_ms, int64_t to_ms,
                  uint64_t *count, int64_t *oldest_ms, int64_t *newest_ms, struct fail *why)
{
        struct rows r = {
                .org = org, .connection = connection, .from_ms = from_ms, .to_ms = to_ms, .why = why
        };
        int result = gather(&r);

        *count = r.count;
        if (oldest_ms != NULL)
                *oldest_ms = r.count > 0 ? r.list[0].at_ms : 0;
        if (newest_ms != NULL)
                *newest_ms = r.count > 0 ? r.list[r.count - 1].at_ms : 0;
        dispose(&r);
        return result;
}

/* Takes one out of what is held: 1, 0 somebody did, -1. */
static int take_out(struct plan *p, struct org *org, const char *key, json_t **record,
                    struct fail *why)
{
        int found = record_get(org, "held", key, record, why);

        if (found == 1) {
                plan_guard(p, "held", key, *record);
                batch_delete(p->batch, "held", key);
                batch_leave(p->batch, "held-deliveries", key);
        }
        return found;
}

static int send_slice(struct rows *r, size_t from, size_t to, const char *lane, int64_t now_ms,
                      uint64_t *count)
{
        struct plan p;
        int result = 0;
        uint64_t sent = 0;

        plan_init(&p);
        for (size_t i = from; result == 0 && i < to; i++) {
                json_t *record = NULL;
                int found = take_out(&p, r->org, r->list[i].key, &record, r->why);
                struct action_order order = { .kind = "deliver_event",
                                              .connection = r->connection,
                                              .session = json_get_text(record, "session", NULL),
                                              .lane = lane,
                                              .with =
                                                  json_deep_copy(json_object_get(record, "with")),
                                              .due_ms = now_ms,
                                              .now_ms = now_ms };

                if (found == 1) {
                        plan_action(&p, &order);
                        sent++;
                } else {
                        json_decref(order.with);
                        result = found;
                }
                json_decref(record);
        }
        if (result == 0)
                result = plan_commit(&p, r->org, r->why);
        if (result == 0)
                *count += sent;
        plan_dispose(&p);
        return result;
}

int consumer_send_held(struct home *h, struct org *org, const char *connection, int64_t from_ms,
                       int64_t to_ms, int64_t now_ms, uint64_t *count, struct fail *why)
{
        struct rows r = {
                .org = org, .connection = connection, .from_ms = from_ms, .to_ms = to_ms, .why = why
        };
        json_t *record = NULL;
        const char *lane;
        int result = -1;

        *count = 0;
        if (record_get(org, "connection", connection, &record, why) < 0)
                return -1;
        lane = consumer_signs_as_codesignal(json_object_get(record, "settings")) ? "in_order"
                                                                                 : "aside";
        json_decref(record);
        if (consumer_resume(h, org, connection, now_ms, why) < 0 || gather(&r) != 0)
                goto out;
        result = 0;
        for (size_t i = 0; result == 0 && i < r.count; i += SLICE)
                result = send_slice(&r, i, i + SLICE < r.count ? i + SLICE : r.count, lane, now_ms,
                                    count);
        if (*count > 0 && event_wake(h, org->name, connection, now_ms, why) != 0)
                result = -1;
out:
        dispose(&r);
        return result;
}

int consumer_drop_held(struct org *org, const char *connection, int64_t from_ms, int64_t to_ms,
                       uint64_t *count, struct fail *why)
{
        struct rows r = {
                .org = org, .connection = connection, .from_ms = from_ms, .to_ms = to_ms, .why = why
        };
        int result = gather(&r);

        *count = 0;
        for (size_t i = 0; result == 0 && i < r.count; i++) {
                struct plan p;
                json_t *record = NULL;

                plan_init(&p);
                result = take_out(&p, org, r.list[i].key, &record, why);
                if (result == 1) {
                        batch_delete(p.batch, "outgoing",
                                     json_get_text(record, "with.message", "-"));
                        result = plan_commit(&p, org, why);
                        *count += result == 0;
                }
                json_decref(record);
                plan_dispose(&p);
        }
        dispose(&r);
        return result;
}

struct erasing {
        struct plan *plan;
        struct org *org;
        const char *key;
        struct fail *why;
};

static int erase_one(void *context, const char *held)
{
        struct erasing *e = context;
        json_t *record = NULL;
        int found = record_get(e->org, "held", held, &record, e->why);

        if (found == 1 && text_equal(json_get_text(record, "session", NULL), e->key) &&
            !text_equal(json_get_text(record, "with.event", ""),
                        consumer_event_name(CONSUMER_ERASED))) {
                batch_delete(e->plan->batch, "held", held);
                batch_leave(e->plan->batch, "held-deliveries", held);
        }
        json_decref(record);
        return found < 0 ? -1 : 0;
}

int consumer_erase_held(struct plan *p, struct org *org, const char *key, struct fail *why)
{
        struct erasing e = { p, org, key, why };

        return store_set_list(org->store, "held-deliveries", erase_one, &e, why) < 0 ? -1 : 0;
}
