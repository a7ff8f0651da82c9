/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sweep: open sessions are compared with the platform, and what an event should have
 * told us long ago is repaired and counted ("repaired", the loss meter).
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/dossier.h"
#include "home/health.h"
#include "home/records.h"
#include "home/step.h"
#include "home/worker_private.h"

#define CHUNK 20 /* wire/codesignal.md 1.3: at most 20 sessions a page */
#define CONFLICTS_MAX 5

struct keys {
        char **keys;
        size_t count, size;
        const char *platform; /* only its own */
};

static int collect(void *context, const char *member)
{
        struct keys *k = context;
        size_t len = strlen(k->platform);

        if (strncmp(member, k->platform, len) != 0 || member[len] != ':')
                return 0;
        if (k->count == k->size) {
                k->size = k->size == 0 ? 64 : k->size * 2;
                k->keys = mem_resize(k->keys, k->size, sizeof *k->keys);
        }
        k->keys[k->count++] = mem_text(member);
        return 0;
}

struct sweep {
        const struct trade *trade;
        struct org *org;
        struct desk desk;
        void (*planned)(void *context, const char *org, const struct plan *plan);
        void *context;
        uint64_t compared, repaired, refused;
        struct fail *why;
        int result;
};

/* 1 repaired, 0 it was as it should be, -1. */
static int compare(struct sweep *s, const char *key, const struct session *now)
{
        struct plan plan;
        struct session stored = { 0 };
        json_t *read = NULL, *record = NULL;
        enum session_state before;
        int result;

        plan_init(&plan);
        result = dossier_session(s->trade->home, s->org, key, &read, &stored, s->why);
        if (result != 1)
                goto out;
        before = stored.state;
        record = json_deep_copy(read);
        result = session_take(s->trade, s->org, &plan, key, read, record, &stored, now, NULL, NULL,
                              s->why);
        if (result != 1)
                goto out;
        result = plan_commit(&plan, s->org, s->why) == 0 ? stored.state != before : -1;
        if (result >= 0 && s->planned != NULL)
                s->planned(s->context, s->org->name, &plan);
out:
        plan_dispose(&plan);
        session_dispose(&stored);
        json_decref(record);
        json_decref(read);
        return result;
}

static void visit(void *context, const struct session *now)
{
        struct sweep *s = context;
        char *key = dossier_key(s->desk.connection->id, now->id);
        json_t *detail;
        int result = -1;

        if (key == NULL || s->result != 0)
                goto out;
        for (int i = 0; i < CONFLICTS_MAX && result < 0; i++) {
                fail_clear(s->why);
                result = compare(s, key, now);
                if (result < 0 && s->why->kind != FAIL_CONFLICT)
                        break;
        }
        s->compared++;
        if (result < 0) {
                s->result = -1;
        } else if (result == 1) {
                s->repaired++;
                detail = json_object();
                json_set_text(detail, "session", key);
                json_set_text(detail, "state", session_word(now->state));
                count_add(s->org, "repaired", 1, detail, trade_now(s->trade), NULL);
        }
out:
        mem_free(key);
}

/* The open sessions of one test (an array of {id, email}), in chunks.  Those that the platform does
 * not name are left: it may hide an archived one. */
static int sweep_test(struct sweep *s, const char *test, const json_t *list, struct outcome *o)
{
        struct session_ref refs[CHUNK];
        size_t count = json_array_size(list), n;

        for (size_t at = 0; at < count; at += n) {
                for (n = 0; n < CHUNK && at + n < count; n++) {
                        const json_t *one = json_array_get(list, at + n);

                        refs[n] =
                            (struct session_ref){ .id = json_get_text(one, "id", ""),
                                                  .test_id = test,
                                                  .email = json_get_text(one, "email", NULL) };
                }
                if (s->desk.kind->platform->read_sessions(&s->desk.link, test, refs, n, visit, s,
                                                          o) != 0 ||
                    s->result != 0)
                        return -1;
        }
        return 0;
}

/* {test: [{id, email}]} */
static json_t *by_test(struct sweep *s, const struct keys *keys)
{
        json_t *tests = json_object();

        for (size_t i = 0; i < keys->count; i++) {
                json_t *record = NULL, *list, *one;
                const char *test;

                if (record_get(s->org, "session", keys->keys[i], &record, s->why) < 0) {
                        json_decref(tests);
                        return NULL;
                }
                test = json_get_text(record, "session.test_id", NULL);
                if (test != NULL) {
                        list = json_object_get(tests, test);
                        if (list == NULL)
                                json_set(tests, test, list = json_array());
                        one = json_object();
                        json_set_text(one, "id", dossier_id(keys->keys[i]));
                        json_set_text(one, "email", json_get_text(record, "session.email", NULL));
                        json_add(list, one);
                }
                json_decref(record);
        }
        return tests;
}

/* All of them, test by test. */
static int sweep_tests(struct sweep *s, const struct keys *keys, struct outcome *o)
{
        json_t *tests = by_test(s, keys), *list;
        const char *test;
        int result = tests == NULL ? -1 : 0;

        json_object_foreach(tests, test, list)
        {
                if (result == 0)
                        result = sweep_test(s, test, list, o);
        }
        json_decref(tests);
        return result;
}

static int by_name(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Nobody has heard yet that the platform's answer is refused or not understood: a look at it is
 * ordered, which waits for a person. */
static int order_look(struct sweep *s, const char *key, const json_t *record)
{
        struct action_order order = { .kind = "look_session",
                                      .connection = s->desk.connection->id,
                                      .session = key,
                                      .due_ms = trade_now(s->trade),
                                      .now_ms = trade_now(s->trade) };
        struct plan plan;
        int result = 0;

        if (json_get_int(record, "unread", 0) != 0)
                return 0;
        plan_init(&plan);
        plan_action(&plan, &order);
        result = plan_commit(&plan, s->org, s->why);
        if (result == 0 && s->planned != NULL)
                s->planned(s->context, s->org->name, &plan);
        plan_dispose(&plan);
        return result;
}

/* One session read by itself: 0, or -1 when asking for others would be no better. */
static int sweep_one_session(struct sweep *s, const char *key, struct outcome *o)
{
        struct session_ref ref = { .id = dossier_id(key) };
        struct session now = { 0 };
        json_t *record = NULL;
        int found = record_get(s->org, "session", key, &record, s->why), result = 0;

        if (found < 0)
                return s->result = -1;
        ref.test_id = json_get_text(record, "session.test_id", NULL);
        ref.email = json_get_text(record, "session.email", NULL);
        if (s->desk.kind->platform->read_session(&s->desk.link, &ref, &now, o) == 0)
                visit(s, &now);
        else if (o->kind == OUTCOME_REFUSED) {
                s->refused++; /* about this one only */
                if (order_look(s, key, record) != 0)
                        s->result = -1;
        } else if (o->kind != OUTCOME_ABSENT)
                result = -1;
        session_dispose(&now);
        json_decref(record);
        return s->result != 0 ? -1 : result;
}

/* One after the other, beginning behind *after, until the platform wants the connection to rest;
 * *after becomes the last one looked at, NULL when there are no more.  The one that failed
 * counts as looked at too, so that none stands in the way of the others. */
static int sweep_singly(struct sweep *s, struct keys *keys, char **after, struct outcome *o)
{
        size_t at = 0;
        int result = 0;

        if (keys->count > 1)
                qsort(keys->keys, keys->count, sizeof *keys->keys, by_name);
        while (*after != NULL && at < keys->count && strcmp(keys->keys[at], *after) <= 0)
                at++;
        o->lane_wait_ms = 0;
        for (; result == 0 && at < keys->count && o->lane_wait_ms == 0; at++)
                result = sweep_one_session(s, keys->keys[at], o);
        mem_free(*after);
        *after = at < keys->count ? mem_text(keys->keys[at - 1]) : NULL;
        return result;
}

static void put_place(struct batch *b, const char *platform, const char *after, int64_t now_ms)
{
        json_t *place = json_object();
        char *name = mem_format("sweep-%s", platform);

        json_set_int(place, "at_ms", now_ms);
        if (after != NULL)
                json_set_text(place, "after", after);
        record_put(b, "cursor", name, place);
        mem_free(name);
        json_decref(place);
}

static int read_place(struct org *org, const char *platform, char **after, struct fail *why)
{
        char *name = mem_format("sweep-%s", platform);
        json_t *place = NULL;
        int found = record_get(org, "cursor", name, &place, why);

        *after = mem_text(json_get_text(place, "after", NULL));
        json_decref(place);
        mem_free(name);
        return found < 0 ? -1 : 0;
}

static int sweep_keys(struct sweep *s, const char *platform, struct keys *keys,
                      struct sweep_count *count, struct outcome *outcome)
{
        const struct platform *p = s->desk.kind->platform;
        struct batch *b = batch_new();
        char *after = NULL;
        int result = -1, done;

        if (p->read_sessions != NULL) {
                result = sweep_tests(s, keys, outcome);
        } else if (read_place(s->org, platform, &after, s->why) == 0) {
                result = sweep_singly(s, keys, &after, outcome);
                count->more = after != NULL;
        }
        done = result;
        if (keys->count > 0 && (result == 0 || p->read_sessions == NULL) &&
            s->why->kind == FAIL_NONE) {
                put_place(b, platform, after, trade_now(s->trade));
                done = store_commit(s->org->store, b, s->why);
        }
        mem_free(after);
        batch_free(b);
        return result != 0 ? result : done;
}

int sweep_platform(const struct trade *trade, struct org *org, const char *platform,
                   void (*planned)(void *context, const char *org, const struct plan *plan),
                   void *context, struct sweep_count *count, uint64_t *open,
                   struct outcome *outcome, struct fail *why)
{
        struct sweep s = {
                .trade = trade, .org = org, .planned = planned, .context = context, .why = why
        };
        struct keys keys = { .platform = platform };
        int found, result = -1;

        *outcome = (struct outcome)OUTCOME_NONE;
        *open = 0;
        count->more = false;
        found = store_set_list(org->store, "open-sessions", collect, &keys, why);
        if (found == 0)
                found = desk_open(&s.desk, trade, org, platform, why);
        if (found >= 0)
                result = 0;
        if (found == 1 && s.desk.kind->platform != NULL &&
            (s.desk.kind->platform->read_sessions != NULL ||
             s.desk.kind->platform->read_session != NULL)) {
                *open = keys.count;
                result = sweep_keys(&s, platform, &keys, count, outcome);
        }
        count->looked_at += s.compared;
        count->repaired += s.repaired;
        count->failed += s.refused;
        for (size_t i = 0; i < keys.count; i++)
                mem_free(keys.keys[i]);
        mem_free(keys.keys);
        desk_close(&s.desk);
        return result;
}

static void pause_ms(int64_t ms)
{
        const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

        nanosleep(&t, NULL);
}

struct all {
        const struct trade *trade;
        struct org *org;
        struct sweep_count *count;
        struct fail *why;
};

/* Nobody else uses the connection's pace here, so it is waited out. */
static int sweep_one(void *context, const char *connection)
{
        struct all *a = context;
        struct outcome outcome;
        uint64_t open;

        do {
                if (sweep_platform(a->trade, a->org, connection, NULL, NULL, a->count, &open,
                                   &outcome, a->why) != 0)
                        break;
                if (a->count->more)
                        pause_ms(outcome.lane_wait_ms);
        } while (a->count->more);
        if (a->why->kind != FAIL_NONE)
                return -1;
        if (outcome.kind == OUTCOME_DONE || outcome.kind == OUTCOME_REFUSED ||
            outcome.kind == OUTCOME_ABSENT)
                return 0;
        a->count->failed++;
        log_event(LOG_LEVEL_WARN, "a platform could not be swept", "org", a->org->name,
                  "connection", connection, "cause", outcome.detail, NULL);
        return 0;
}

int worker_sweep(const struct worker_options *options, struct org *org, struct sweep_count *count,
                 struct fail *why)
{
        const struct trade *trade = &options->trade;
        struct all a = { trade, org, count, why };

        memset(count, 0, sizeof *count);
        if (connection_each(trade->home, org, sweep_one, &a, why) != 0)
                return -1;
        /* What follows of it, and of what was refused, waits for the worker. */
        return count->repaired + count->failed > 0
                   ? event_wake(trade->home, org->name, NULL, trade_now(trade), why)
                   : 0;
}
