/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a connection is doing. */
#include "home/health.h"

#include <pthread.h>
#include <string.h>

#include "floor/code.h"
#include "floor/mem.h"
#include "floor/when.h"
#include "home/plan.h"
#include "home/records.h"

#define SELDOM_MS WHEN_MINUTE
#define RETRIES 5

/* When a connection's record was last written by this process, by a digest of its name: a
 * collision only makes one of two wait a minute longer. */
static struct {
        pthread_mutex_t lock;
        int64_t arrived_ms[256], called_ms[256]; /* steady */
        bool refused[256];                       /* the last thing written was a refusal */
} seldom = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t place_of(const struct org *org, const char *connection)
{
        uint32_t crc = code_crc32c(0, org->name, strlen(org->name));

        return code_crc32c(crc, connection, strlen(connection)) % 256;
}

static bool is_time(int64_t *times, const struct org *org, const char *connection)
{
        size_t at = place_of(org, connection);
        int64_t now = when_steady_ms();
        bool due;

        pthread_mutex_lock(&seldom.lock);
        due = times[at] == 0 || now - times[at] >= SELDOM_MS;
        if (due)
                times[at] = now;
        pthread_mutex_unlock(&seldom.lock);
        return due;
}

static int change(struct org *org, const char *table, const char *key,
                  void (*edit)(json_t *record, const void *context), const void *context,
                  struct fail *why)
{
        int result = -1;

        for (int i = 0; i < RETRIES && result != 0; i++) {
                struct plan p;
                json_t *read = NULL, *record;

                fail_clear(why);
                if (record_get(org, table, key, &read, why) < 0)
                        return -1;
                record = read == NULL ? json_object() : json_deep_copy(read);
                edit(record, context);
                plan_init(&p);
                plan_guard(&p, table, key, read);
                record_put(p.batch, table, key, record);
                result = plan_commit(&p, org, why);
                plan_dispose(&p);
                json_decref(record);
                json_decref(read);
                if (result != 0 && why->kind != FAIL_CONFLICT)
                        return -1;
        }
        return result;
}

/* Somebody who knows the secret sent it. */
static bool is_good(const struct delivery *d)
{
        return (d->what == DELIVERY_EVENT || d->what == DELIVERY_PROBE) &&
               d->trust != TRUST_UNSIGNED;
}

static void edit_arrived(json_t *record, const void *context)
{
        const struct delivery *d = context;
        bool is_signed = is_good(d);
        json_t *last = json_object();

        json_set_int(last, "at_ms", d->received_ms);
        json_set_text(last, "reason", d->reason);
        switch (d->what) {
        case DELIVERY_EVENT:
                json_set_int(record, "last_event_ms", d->received_ms);
                if (is_signed) {
                        json_set_int(record, "last_verified_ms", d->received_ms);
                        json_set_text(record, "last_secret", d->secret);
                }
                break;
        case DELIVERY_PROBE:
                json_set_bool(last, "signed", is_signed);
                json_set(record, "last_probe", json_incref(last));
                break;
        case DELIVERY_REFUSED:
                json_set_int(record, "refused",
                             json_get_int(record, "refused", 0) + (d->count > 0 ? d->count : 1));
                json_set_int(record, "refused_run",
                             json_get_int(record, "refused_run", 0) +
                                 (d->count > 0 ? d->count : 1));
                if (json_get_int(record, "refused_since_ms", 0) == 0)
                        json_set_int(record, "refused_since_ms", d->received_ms);
                json_set(record, "last_refused", json_incref(last));
                break;
        case DELIVERY_WAKE:
                break;
        }
        if (is_signed) { /* an event, or the test button of who just mended the secret */
                json_object_del(record, "refused_since_ms");
                json_object_del(record, "refused_run");
        }
        json_decref(last);
}

/* Refused, or good for the first time since: the light changes. */
static bool turns(const struct org *org, const struct delivery *d)
{
        size_t at = place_of(org, d->connection);
        bool was, refused = d->what == DELIVERY_REFUSED;

        if (!refused && !is_good(d))
                return false;
        pthread_mutex_lock(&seldom.lock);
        was = seldom.refused[at];
        seldom.refused[at] = refused;
        pthread_mutex_unlock(&seldom.lock);
        return refused || was;
}

int health_arrived(struct org *org, const struct delivery *d, struct fail *why)
{
        struct fail local = FAIL_CLEAR;
        bool turn;

        if (d->connection == NULL || d->what == DELIVERY_WAKE)
                return 0;
        turn = turns(org, d);
        /* Probes and refusals are bounded where they come in. */
        if (d->what == DELIVERY_EVENT && !turn && !is_time(seldom.arrived_ms, org, d->connection))
                return 0;
        if (change(org, "health", d->connection, edit_arrived, d, why != NULL ? why : &local) != 0)
                return -1;
        return turn;
}

struct called {
        const struct outcome *outcome;
        int64_t now_ms;
};

static json_t *error_of(const struct called *c)
{
        json_t *error = json_object();

        json_set_int(error, "at_ms", c->now_ms);
        json_set_text(error, "sentence", c->outcome->sentence);
        json_set_text(error, "detail", c->outcome->detail);
        return error;
}

static void edit_called(json_t *record, const void *context)
{
        const struct called *c = context;
        const struct outcome *o = c->outcome;

        json_set_int(record, "last_call_ms", c->now_ms);
        /* An answer about one candidate says that the connection works. */
        if (o->kind == OUTCOME_DONE || o->kind == OUTCOME_REFUSED || o->kind == OUTCOME_ABSENT) {
                json_set_int(record, "last_ok_ms", c->now_ms);
                json_set_bool(record, "denied", false);
                return;
        }
        json_set(record, "last_error", error_of(c));
        if (o->kind == OUTCOME_DENIED)
                json_set_bool(record, "denied", true);
}

int health_called(struct org *org, const char *connection, const struct outcome *outcome,
                  int64_t now_ms, struct fail *why)
{
        struct called called = { outcome, now_ms };
        struct fail local = FAIL_CLEAR;
        json_t *record = NULL;
        bool denied, turned;

        if (record_get(org, "health", connection, &record, why) < 0)
                return -1;
        denied = json_get_bool(record, "denied", false);
        turned = (outcome->kind == OUTCOME_DENIED) != denied &&
                 (outcome->kind == OUTCOME_DENIED || outcome->kind == OUTCOME_DONE ||
                  outcome->kind == OUTCOME_REFUSED || outcome->kind == OUTCOME_ABSENT);
        json_decref(record);
        if (!turned && !is_time(seldom.called_ms, org, connection))
                return 0;
        if (change(org, "health", connection, edit_called, &called, why != NULL ? why : &local) !=
            0)
                return -1;
        return turned;
}

/* A poll ended in a way that other calls say nothing about.  403 is a permission for the lists that
 * polls read; a credential that is good for nothing is denied in other ways. */
static bool is_final(const struct outcome *o)
{
        return o != NULL && (o->kind == OUTCOME_REFUSED || o->kind == OUTCOME_ABSENT ||
                             (o->kind == OUTCOME_DENIED && o->status == 403));
}

static void edit_polled(json_t *record, const void *context)
{
        const struct called *c = context;
        json_t *last;

        if (!is_final(c->outcome)) {
                json_object_del(record, "poll_refused");
                if (c->outcome != NULL)
                        json_set_int(record, "last_ok_ms", c->now_ms);
                return;
        }
        last = error_of(c);
        json_set_int(record, "last_call_ms", c->now_ms);
        json_set(record, "last_error", json_incref(last));
        json_set(record, "poll_refused", last);
}

int health_polled(struct org *org, const char *connection, const struct outcome *outcome,
                  int64_t now_ms, struct fail *why)
{
        struct called called = { outcome, now_ms };
        struct fail local = FAIL_CLEAR;
        json_t *record = NULL;
        bool refused = is_final(outcome), was;
        int turned = 0;

        if (outcome != NULL && !refused)
                turned = health_called(org, connection, outcome, now_ms, why);
        /* What only has to wait, or is denied, does not say that it would be taken. */
        if (turned < 0 || (outcome != NULL && !refused && outcome->kind != OUTCOME_DONE))
                return turned;
        if (record_get(org, "health", connection, &record, why) < 0)
                return -1;
        was = json_object_get(record, "poll_refused") != NULL;
        json_decref(record);
        if (was == refused)
                return turned;
        if (change(org, "health", connection, edit_polled, &called, why != NULL ? why : &local) !=
            0)
                return -1;
        return 1;
}

struct counted {
        int64_t n, now_ms;
        json_t *detail;
};

static void edit_count(json_t *record, const void *context)
{
        const struct counted *c = context;

        json_set_int(record, "n", json_get_int(record, "n", 0) + c->n);
        json_set_int(record, "last_ms", c->now_ms);
        if (c->detail != NULL)
                json_set(record, "last", json_deep_copy(c->detail));
}

int count_add(struct org *org, const char *name, int64_t n, json_t *detail, int64_t now_ms,
              struct fail *why)
{
        struct counted counted = { n, now_ms, detail };
        struct fail local = FAIL_CLEAR;
        int result = change(org, "count", name, edit_count, &counted, why != NULL ? why : &local);

        json_decref(detail);
        return result;
}
