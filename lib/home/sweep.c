/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sweep: open sessions are compared with the platform, and what an event should have
 * told us long ago is repaired and counted ("repaired", the loss meter).
 */
#include <stdlib.h>
#include <string.h>

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
        uint64_t compared, repaired;
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

int sweep_platform(const struct trade *trade, struct org *org, const char *platform,
                   void (*planned)(void *context, const char *org, const struct plan *plan),
                   void *context, struct sweep_count *count, uint64_t *open,
                   struct outcome *outcome, struct fail *why)
{
        struct sweep s = {
                .trade = trade, .org = org, .planned = planned, .context = context, .why = why
        };
        struct keys keys = { .platform = platform };
        json_t *tests = NULL, *list;
        const char *test;
        int found, result = -1;

        *outcome = (struct outcome)OUTCOME_NONE;
        *open = 0;
        found = store_set_list(org->store, "open-sessions", collect, &keys, why);
        if (found == 0)
                found = desk_open(&s.desk, trade, org, platform, why);
        if (found < 0)
                goto out;
        if (found == 0 || s.desk.kind->platform == NULL ||
            s.desk.kind->platform->read_sessions == NULL) {
                result = 0; /* nobody to ask */
                goto out;
        }
        *open = keys.count;
        tests = by_test(&s, &keys);
        if (tests == NULL)
                goto out;
        result = 0;
        json_object_foreach(tests, test, list)
        {
                if (result == 0)
                        result = sweep_test(&s, test, list, outcome);
        }
out:
        if (result == 0 && keys.count > 0) {
                struct batch *b = batch_new();
                json_t *place = json_object();
                char *name = mem_format("sweep-%s", platform);

                json_set_int(place, "at_ms", trade_now(trade));
                record_put(b, "cursor", name, place);
                result = store_commit(org->store, b, why);
                mem_free(name);
                json_decref(place);
                batch_free(b);
        }
        count->looked_at += s.compared;
        count->repaired += s.repaired;
        for (size_t i = 0; i < keys.count; i++)
                mem_free(keys.keys[i]);
        mem_free(keys.keys);
        json_decref(tests);
        desk_close(&s.desk);
        return result;
}

struct all {
        const struct trade *trade;
        struct org *org;
        struct sweep_count *count;
        struct fail *why;
};

static int sweep_one(void *context, const char *connection)
{
        struct all *a = context;
        struct outcome outcome;
        uint64_t open;

        if (sweep_platform(a->trade, a->org, connection, NULL, NULL, a->count, &open, &outcome,
                           a->why) == 0)
                return 0;
        if (a->why->kind != FAIL_NONE)
                return -1;
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
        return count->repaired > 0 ? event_wake(trade->home, org->name, NULL, trade_now(trade), why)
                                   : 0;
}
