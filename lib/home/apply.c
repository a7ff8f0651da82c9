/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets one org up from a checked document; twice changes nothing. */
#include "home/apply.h"

#include <string.h>

#include "bridge/rule.h"
#include "door/secret.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/backfill.h"
#include "home/connection.h"
#include "home/consumer.h"
#include "home/credential.h"
#include "home/event.h"
#include "home/partner.h"
#include "home/records.h"
#include "home/trade.h"
#include "home/vendor_hook.h"

#define TRIES 8       /* somebody else may change the same org meanwhile */
#define SECRET_LEN 40 /* letters of a webhook secret that we make: 200 bits */

struct work {
        struct home *home;
        struct org *org;
        const json_t *document;
        const struct apply_options *options;
        struct batch *batch;
        bool changed, created;
        json_t *did, *rows;
        json_t *
            given; /* connections that are made or changed, in plain text: for credential_apart() */
        struct fail *why;
};

static void __attribute__((format(printf, 2, 3))) did(struct work *w, const char *format, ...)
{
        va_list list;
        char *text;

        va_start(list, format);
        text = mem_format_list(format, list);
        va_end(list);
        json_add(w->did, json_new_text(text, strlen(text)));
        mem_free(text);
        w->changed = true;
}

/* What is decided from this record holds only while it is what it is: another apply may be at
 * work.  Called before the record is looked at: what changes in between is a conflict, too. */
static int guard(struct work *w, const char *table, const char *key)
{
        struct buf raw = BUF_NONE;
        int found = store_get(w->org->store, table, key, &raw, w->why);

        if (found == 1)
                batch_require_same(w->batch, table, key, raw.data, raw.len);
        else if (found == 0)
                batch_require_absent(w->batch, table, key);
        buf_dispose(&raw);
        return found < 0 ? -1 : 0;
}

/* What the document says of the org itself; what it does not name stays. */
static int apply_self(struct work *w, json_t **old)
{
        static const char *const members[] = { "name", "public_url", "alert_email",
                                               "retention_days" };
        json_t *self;
        int found =
            guard(w, "org", "self") != 0 ? -1 : record_get(w->org, "org", "self", old, w->why);

        if (found < 0)
                return -1;
        if (found == 0)
                *old = NULL;
        self = found == 0 ? json_object() : json_deep_copy(*old);
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
                json_t *given = json_object_get(w->document, members[i]);

                if (given != NULL)
                        json_set(self, members[i], json_incref(given));
        }
        if (found == 0 || !json_equal(self, *old)) {
                json_set_int(self, "created_ms", json_get_int(*old, "created_ms", when_now_ms()));
                record_put(w->batch, "org", "self", self);
                w->created = found == 0;
                did(w,
                    found == 0
                        ? "Organisation %s created."
                        : "Organisation %s: name, address, alert_email or retention changed.",
                    w->org->name);
        }
        json_decref(self);
        return 0;
}

/* The secrets that a connection has, as an array of texts.  A credential that signs by nature is
 * among them once it is another one: what was signed with it may still be on its way. */
static json_t *secrets_of(const struct connection *c, const json_t *credentials)
{
        const char *field = c->kind->signing_credential,
                   *own = field == NULL ? NULL : json_get_text(credentials, field, NULL);
        json_t *list = json_array();

        for (size_t i = 0; i < c->secret_count; i++)
                if (own == NULL || !secret_equal_text(c->secrets[i].text, own))
                        json_add(list, json_new_text(c->secrets[i].text, c->secrets[i].len));
        return list;
}

static void keep_given(struct work *w, const json_t *given, const json_t *credentials,
                       const json_t *secrets, size_t at)
{
        json_t *one = json_object();
        char *path = mem_format("connections.%zu", at);

        json_set_text(one, "id", json_get_text(given, "id", ""));
        json_set_text(one, "kind", json_get_text(given, "kind", ""));
        json_set_text(one, "path", path);
        json_set_bool(one, "relays", json_get_text(given, "settings.relay", NULL) != NULL);
        json_set(one, "credentials", json_deep_copy(credentials));
        json_set(one, "secrets", json_deep_copy(secrets));
        json_add(w->given, one);
        mem_free(path);
}

/* Do vendors of this kind take a secret that we chose?  Lever and Coderbyte bring their own. */
static bool takes_our_secret(const struct kind *kind)
{
        return text_equal(kind->name, "greenhouse") || text_equal(kind->name, "codesignal") ||
               text_equal(kind->name, "ashby");
}

/* The given settings as they are once stored: defaults filled in. */
static json_t *with_defaults(const struct kind *kind, const json_t *given)
{
        json_t *settings = json_deep_copy(given);
        const struct kind_field *row = kind->settings;

        for (; row != NULL && row->name != NULL; row++) {
                if (row->standard != NULL && json_object_get(settings, row->name) == NULL)
                        json_set(settings, row->name,
                                 json_loads(row->standard, JSON_DECODE_ANY, NULL));
        }
        return settings;
}

static void keep(json_t *credentials, const struct connection *old, const char *name)
{
        const char *text = old == NULL ? NULL : json_get_text(old->credentials, name, NULL);

        if (text != NULL && json_object_get(credentials, name) == NULL)
                json_set_text(credentials, name, text);
}

/* A consumer's secret is ours to choose: one that the document leaves out is kept, or made, and
 * shown this once.  A rotation that is under way goes on. */
static void consumer_secret(json_t *credentials, const json_t *settings,
                            const struct connection *old, json_t *row)
{
        const char *had = old == NULL ? NULL : json_get_text(old->credentials, "secret", NULL);
        bool left_out = json_object_get(credentials, "secret") == NULL;
        char *made;

        if (left_out || text_equal(json_get_text(credentials, "secret", NULL), had)) {
                keep(credentials, old, "secret");
                keep(credentials, old, "old_secret");
        }
        if (json_object_get(credentials, "secret") != NULL &&
            (!left_out || consumer_check(settings, credentials, "", NULL) == 0))
                return;
        /* None yet, or one that the way of signing does not take any more. */
        made = consumer_new_secret(settings);
        json_set_text(credentials, "secret", made);
        json_object_del(credentials, "old_secret");
        json_set_text(row, "webhook_secret", made);
        mem_free_secret(made);
}

/* What cannot work is refused before anything is stored, where the vendor can tell. */
static int check_settings(struct work *w, const char *id, const struct kind *kind,
                          const json_t *settings, const json_t *credentials)
{
        struct outcome outcome = OUTCOME_NONE;
        struct link link = { .org = w->org->name,
                             .id = id,
                             .settings = settings,
                             .credentials = credentials,
                             .data_dir = w->options->data_dir,
                             .scale = w->options->scale > 0 ? w->options->scale : 1,
                             .call = link_fetch };

        if (!w->options->test || kind->ats == NULL || kind->ats->check_settings == NULL ||
            kind->ats->check_settings(&link, &outcome) == 0)
                return 0;
        return fail_set(w->why, FAIL_INPUT, "connection %s: %s", id, outcome.sentence);
}

static int apply_connection(struct work *w, const json_t *given, size_t at, bool moved)
{
        const char *id = json_get_text(given, "id", "");
        const struct kind *kind = kind_find(json_get_text(given, "kind", ""));
        json_t *credentials = json_deep_copy(json_object_get(given, "credentials"));
        const json_t *listed = json_object_get(given, "secrets");
        const char *state = "unchanged", *hook = NULL;
        json_t *settings = with_defaults(kind, json_object_get(given, "settings"));
        json_t *secrets = NULL, *row = json_object();
        struct connection *old = NULL;
        bool same;
        int found = guard(w, "connection", id) != 0
                        ? -1
                        : connection_load(w->home, w->org, id, &old, w->why);
        int result = -1;

        if (found < 0)
                goto out;
        if (w->options->stamp != NULL &&
            !text_equal(w->options->stamp, found > 0 ? old->stamp : NULL)) {
                fail_set(w->why, FAIL_CONFLICT, "connection %s was changed meanwhile", id);
                goto out;
        }
        if (found > 0 && old->kind != kind) {
                fail_set(w->why, FAIL_INPUT,
                         "connection %s is of kind %s and cannot become %s: choose another id", id,
                         old->kind->name, kind->name);
                goto out;
        }
        secrets = listed != NULL ? json_deep_copy(listed)
                  : found > 0    ? secrets_of(old, credentials)
                                 : json_array();
        json_set_text(row, "id", id);
        json_set_text(row, "kind", kind->name);
        if (json_array_size(secrets) == 0 && takes_our_secret(kind) &&
            !json_get_bool(given, "create_webhook", false)) {
                char *made = secret_token(SECRET_LEN);

                json_add(secrets, json_new_text(made, SECRET_LEN));
                json_set_text(row, "webhook_secret", made);
                mem_free_secret(made);
        }
        if (kind->role == KIND_CONSUMER)
                consumer_secret(credentials, json_object_get(given, "settings"), old, row);
        if (found == 0) {
                state = "created";
        } else {
                json_t *had = secrets_of(old, credentials);

                same = json_equal(settings, old->settings) &&
                       json_equal(credentials, old->credentials) && json_equal(secrets, had);
                apply_forget(had);
                hook = old->hook;
                if (!same || moved)
                        state = "changed";
        }
        if (!text_equal(state, "unchanged") &&
            check_settings(w, id, kind, settings, credentials) != 0)
                goto out;
        json_set_text(row, "state", state);
        json_set_bool(row, "create_webhook", json_get_bool(given, "create_webhook", false));
        json_add(w->rows, json_incref(row));
        if (!text_equal(state, "unchanged")) {
                keep_given(w, given, credentials, secrets, at);
                connection_put(w->home, w->org, w->batch, id, kind, settings, credentials, hook,
                               json_get_text(w->document, "public_url", ""), secrets);
                credential_note(w->batch, w->org, id, found > 0 ? old->credentials : NULL,
                                credentials, w->options->by, when_now_ms());
                did(w, "Connection %s (%s) %s.", id, kind->title, state);
        }
        result = 0;
out:
        connection_free(old);
        json_decref(settings);
        apply_forget(credentials);
        apply_forget(secrets);
        json_decref(row);
        return result;
}

struct kinds_seen {
        struct work *w;
        json_t *kinds;
};

/* Rules ask for roles, not for kinds. */
static const char *role_word(const char *kind_name)
{
        static const char *const words[] = {
                [KIND_ATS] = "ats", [KIND_PLATFORM] = "platform", [KIND_CONSUMER] = "consumer"
        };
        const struct kind *kind = kind_find(kind_name);

        return kind == NULL ? "unknown" : words[kind->role];
}

static int see_kind(void *context, const char *id)
{
        struct kinds_seen *seen = context;
        json_t *record;
        int found = record_get(seen->w->org, "connection", id, &record, seen->w->why);

        if (found <= 0)
                return found;
        json_set_text(seen->kinds, id, role_word(json_get_text(record, "kind", "")));
        json_decref(record);
        return 0;
}

/* Whose events a consumer wants must be a CodeSignal connection, of the document or there
 * already: a typo would mean that nothing is ever sent. */
static int check_relay(struct work *w, const json_t *consumer, size_t at)
{
        const char *relay = json_get_text(consumer, "settings.relay", "");
        const json_t *list = json_object_get(w->document, "connections");
        json_t *record = NULL;
        int found = 0;

        if (*relay == '\0')
                return 0;
        for (size_t i = 0; found == 0 && i < json_array_size(list); i++)
                found =
                    text_equal(json_get_text(json_array_get(list, i), "id", NULL), relay) &&
                    text_equal(json_get_text(json_array_get(list, i), "kind", NULL), "codesignal");
        if (found == 0 && w->org != NULL)
                found = record_get(w->org, "connection", relay, &record, w->why);
        if (record != NULL)
                found = text_equal(json_get_text(record, "kind", ""), "codesignal");
        json_decref(record);
        if (found == 0)
                fail_set(w->why, FAIL_INPUT,
                         "connections.%zu.settings.relay: there is no CodeSignal connection %.40s",
                         at, relay);
        return found == 1 ? 0 : -1;
}

static int check_relays(struct work *w)
{
        const json_t *list = json_object_get(w->document, "connections");
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
                if (text_equal(json_get_text(json_array_get(list, i), "kind", ""), "consumer"))
                        result = check_relay(w, json_array_get(list, i), i);
        return result;
}

/* The rules beside the connections that are there and those the document brings; before
 * anything is made, so that a wrong document leaves no trace. */
static int check_rules(struct work *w)
{
        const json_t *rules = json_object_get(w->document, "rules");
        struct kinds_seen seen = { w, json_object() };
        json_t *one;
        int result = 0;
        size_t i;

        if (rules != NULL && w->org != NULL)
                result = connection_each(w->home, w->org, see_kind, &seen, w->why);
        json_array_foreach(json_object_get(w->document, "connections"), i, one)
        {
                json_set_text(seen.kinds, json_get_text(one, "id", ""),
                              role_word(json_get_text(one, "kind", "")));
        }
        if (result == 0 && rules != NULL)
                result = rules_check(rules, seen.kinds, w->why);
        json_decref(seen.kinds);
        return result == 0 ? 0 : -1;
}

static int apply_rules(struct work *w)
{
        const json_t *rules = json_object_get(w->document, "rules");
        json_t *old = NULL, *record;
        int found;

        if (rules == NULL)
                return 0;
        found =
            guard(w, "rules", "all") != 0 ? -1 : record_get(w->org, "rules", "all", &old, w->why);
        if (found < 0)
                return -1;
        if (found == 0 || !json_equal(json_object_get(old, "rules"), rules)) {
                record = json_object();
                json_set(record, "rules", json_deep_copy(rules));
                record_put(w->batch, "rules", "all", record);
                json_decref(record);
                did(w, "Rules %s: %zu.", found == 0 ? "set" : "changed", json_array_size(rules));
        }
        if (found > 0)
                json_decref(old);
        return 0;
}

/* Webhooks that the document wants made: row gets {webhook{ok, sentence, webhooks[]}}. */
static int make_webhooks(struct work *w)
{
        const struct trade trade = { .home = w->home,
                                     .data_dir = w->options->data_dir,
                                     .scale = w->options->scale };
        json_t *row, *answer;
        size_t i;

        json_array_foreach(w->rows, i, row)
        {
                const char *id = json_get_text(row, "id", "");

                if (json_get_bool(row, "create_webhook", false)) {
                        if (vendor_hook_create(&trade, w->org, id, &answer, w->why) != 1)
                                return -1;
                        if (json_get_bool(answer, "changed", false))
                                did(w, "Connection %s: webhooks made at the vendor.", id);
                        json_set(row, "webhook", answer);
                }
                json_object_del(row, "create_webhook");
        }
        return 0;
}

/* What the admin needs next: where the webhook goes, what to grant, does it work. */
static int describe(struct work *w)
{
        json_t *row;
        size_t i;

        json_array_foreach(w->rows, i, row)
        {
                const char *id = json_get_text(row, "id", "");
                struct connection *c = NULL;
                json_t *test = NULL, *needs;

                if (connection_load(w->home, w->org, id, &c, w->why) != 1 ||
                    (needs = trade_needs(w->org, id, c->kind, w->why)) == NULL) {
                        connection_free(c);
                        return -1;
                }
                json_set_text(row, "webhook_url", c->hook_url);
                json_set(row, "needs", needs);
                json_set_text(row, "paste", text_or(c->kind->paste, ""));
                connection_free(c);
                if (w->options->test) {
                        if (apply_test(w->home, w->org, id, w->options, &test, w->why) != 0)
                                return -1;
                        json_set(row, "test", test);
                }
        }
        return 0;
}

/* What recruiters will be offered is read before the first of them asks.  A platform that is still
 * missing is told at the test of the connection, and to whoever asks. */
static void prepare_partners(struct work *w)
{
        json_t *row;
        size_t i;

        json_array_foreach(w->rows, i, row)
        {
                if (!text_equal(json_get_text(row, "state", ""), "unchanged"))
                        partner_prepare(w->home, w->org, json_get_text(row, "id", ""),
                                        when_now_ms(), NULL);
        }
}

/* Who connects a consumer wants to know the past, too. */
static int start_backfill(struct work *w)
{
        const struct trade trade = { .home = w->home, .scale = w->options->scale };
        int started = 0;

        if (backfill_start_new(&trade, w->org, &started, w->why) != 0)
                return -1;
        if (started > 0)
                did(w, "Past results are being read; see fairlead backfill.");
        return 0;
}

static int apply_all(struct work *w)
{
        const json_t *list = json_object_get(w->document, "connections");
        json_t *old = NULL, *one;
        bool moved;
        int result = -1;
        size_t i;

        if (apply_self(w, &old) != 0)
                goto out;
        moved = old != NULL && !text_equal(json_get_text(old, "public_url", NULL),
                                           json_get_text(w->document, "public_url", NULL));
        json_array_foreach((json_t *)list, i, one)
        {
                if (apply_connection(w, one, i, moved) != 0)
                        goto out;
        }
        if (credential_apart(w->home, w->org, w->given, w->why) != 0 || apply_rules(w) != 0)
                goto out;
        if (w->changed) {
                if (store_commit(w->org->store, w->batch, w->why) != 0)
                        goto out;
                event_wake(w->home, w->org->name, NULL, when_now_ms(), NULL);
                prepare_partners(w);
        }
        if (start_backfill(w) != 0 || make_webhooks(w) != 0)
                goto out;
        result = describe(w);
out:
        if (old != NULL)
                json_decref(old);
        return result;
}

int apply_document(struct home *h, const json_t *document, const struct apply_options *options,
                   json_t **answer, struct fail *why)
{
        struct work w = { .home = h, .document = document, .options = options, .why = why };
        json_t *rules = json_object_get(document, "rules"), *row;
        const char *name = json_get_text(document, "org", "");
        int found = home_org(h, name, &w.org, why), result = -1;

        if (found < 0 || check_rules(&w) != 0 || check_relays(&w) != 0)
                return -1;
        if (found == 0)
                found = home_create_org(h, name, &w.org, why) == 0 ? 1 : -1;
        if (found < 0)
                return -1;
        /* Two at one time are as one after the other: who comes second looks again. */
        for (int i = 0; i < TRIES; i++) {
                fail_clear(why);
                w.created = w.changed = false;
                w.batch = batch_new();
                w.did = json_array();
                w.rows = json_array();
                w.given = json_array();
                result = apply_all(&w);
                batch_free(w.batch);
                apply_forget(w.given);
                if (result == 0)
                        break;
                apply_forget(w.rows);
                json_decref(w.did);
                if (why->kind != FAIL_CONFLICT)
                        break;
        }
        if (result != 0)
                return -1;
        *answer = json_object();
        json_set_text(*answer, "org", name);
        json_set_bool(*answer, "created", w.created);
        json_set_bool(*answer, "changed", w.changed);
        json_set(*answer, "did", w.did);
        if (rules != NULL) {
                row = json_object();
                json_set_int(row, "count", (int64_t)json_array_size(rules));
                json_set(*answer, "rules", row);
        }
        json_set(*answer, "connections", w.rows);
        return 0;
}
