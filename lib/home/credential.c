/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The secrets of connections, as people see them. */
#include "home/credential.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/apply.h"
#include "home/connection.h"
#include "home/event.h"
#include "home/inside.h"
#include "home/plan.h"
#include "home/records.h"

#define SECRET_LEN 40
#define GIVEN_MIN 16 /* a secret that somebody chose */
#define GIVEN_MAX 200

void credential_note(struct batch *b, struct org *org, const char *connection, const json_t *old,
                     const json_t *credentials, const char *by, int64_t now_ms)
{
        json_t *record = NULL, *names, *value, *one;
        bool changed = false;
        const char *name;

        if (record_get(org, "credential", connection, &record, NULL) != 1)
                record = json_object();
        names = json_object_get(record, "names");
        if (!json_is_object(names))
                json_set(record, "names", names = json_object());
        json_object_foreach((json_t *)(uintptr_t)credentials, name, value)
        {
                if (old != NULL && json_equal(value, json_object_get(old, name)) &&
                    json_object_get(names, name) != NULL)
                        continue;
                one = json_object();
                json_set_int(one, "added_ms", now_ms);
                json_set_text(one, "by", by);
                json_set(names, name, one);
                changed = true;
        }
        if (changed)
                record_put(b, "credential", connection, record);
        json_decref(record);
}

bool credential_is(const json_t *credentials, const char *text)
{
        const char *name;
        json_t *value;
        bool same = false;

        json_object_foreach((json_t *)(uintptr_t)credentials, name, value)
        {
                same = secret_equal_text(json_text_of(value, NULL), text) || same;
        }
        return same;
}

/* Changes with whatever is stored of the connection. */
static void etag_of(const json_t *record, char etag[17])
{
        char *text = json_text(record), *digest = record_digest(text, "credentials");

        memcpy(etag, digest, 16);
        etag[16] = '\0';
        mem_free(digest);
        mem_free(text);
}

char *credential_etag(struct org *org, const char *connection)
{
        json_t *record = NULL;
        char etag[17] = "";

        if (record_get(org, "connection", connection, &record, NULL) == 1)
                etag_of(record, etag);
        json_decref(record);
        return *etag == '\0' ? NULL : mem_text(etag);
}

/* Listing. */

struct listing {
        struct org *org;
        json_t *list;
        struct fail *why;
};

static json_t *row_of(const char *id, const json_t *record)
{
        const struct kind *kind = kind_find(json_get_text(record, "kind", ""));
        json_t *row = json_object();

        json_set_text(row, "connection", id);
        json_set_text(row, "kind", json_get_text(record, "kind", ""));
        json_set_text(row, "kind_title", kind != NULL ? kind->title : "Unknown kind");
        return row;
}

static int add_credentials(void *context, const char *id)
{
        struct listing *l = context;
        json_t *record = NULL, *notes = NULL, *health = NULL, *row, *names, *value;
        const char *name;
        char etag[17];
        int result = -1;

        if (record_get(l->org, "connection", id, &record, l->why) < 0 ||
            record_get(l->org, "credential", id, &notes, l->why) < 0 ||
            record_get(l->org, "health", id, &health, l->why) < 0)
                goto out;
        row = row_of(id, record);
        etag_of(record, etag);
        json_set_text(row, "etag", etag);
        json_set(row, "names", names = json_array());
        json_object_foreach(json_object_get(record, "credentials"), name, value)
        {
                const json_t *note = json_object_get(json_object_get(notes, "names"), name);
                json_t *one = json_object();

                json_set_text(one, "name", name);
                /* Of one that was there before notes were taken: at the latest then. */
                json_set_int(one, "added_ms",
                             json_get_int(note, "added_ms", json_get_int(record, "changed_ms", 0)));
                json_set_text(one, "by", json_get_text(note, "by", NULL));
                json_add(names, one);
        }
        json_set_int(row, "last_ok_ms", json_get_int(health, "last_ok_ms", 0));
        json_set_bool(row, "denied", json_get_bool(health, "denied", false));
        json_add(l->list, row);
        result = 0;
out:
        json_decref(health);
        json_decref(notes);
        json_decref(record);
        return result;
}

static int add_secrets(void *context, const char *id)
{
        struct listing *l = context;
        json_t *record = NULL, *health = NULL, *row, *secrets, *one;
        const char *last;
        int result = -1;
        size_t i;
        char etag[17];

        if (record_get(l->org, "connection", id, &record, l->why) < 0 ||
            record_get(l->org, "health", id, &health, l->why) < 0)
                goto out;
        result = 0;
        if (json_get_text(record, "hook", NULL) == NULL)
                goto out;
        last = json_get_text(health, "last_secret", "");
        row = row_of(id, record);
        json_set_text(row, "webhook_url", json_get_text(record, "hook_url", ""));
        json_set(row, "secrets", secrets = json_array());
        json_array_foreach(json_object_get(record, "secrets"), i, one)
        {
                json_t *secret = json_object();

                json_set_text(secret, "name", json_get_text(one, "name", ""));
                json_set_int(secret, "added_ms", json_get_int(one, "added_ms", 0));
                json_set_bool(secret, "newest", i == 0);
                json_set_bool(secret, "signed_last",
                              text_equal(last, json_get_text(one, "name", NULL)));
                json_add(secrets, secret);
        }
        etag_of(record, etag);
        json_set_text(row, "etag", etag);
        json_set_int(row, "last_verified_ms", json_get_int(health, "last_verified_ms", 0));
        json_set_int(row, "last_refused_ms", json_get_int(health, "last_refused.at_ms", 0));
        json_add(l->list, row);
out:
        json_decref(health);
        json_decref(record);
        return result;
}

static int list_with(struct home *h, struct org *org, int (*visit)(void *context, const char *id),
                     json_t **list, struct fail *why)
{
        struct listing l = { org, json_array(), why };

        if (connection_each(h, org, visit, &l, why) != 0) {
                json_decref(l.list);
                return -1;
        }
        *list = l.list;
        return 0;
}

int credential_list(struct home *h, struct org *org, json_t **list, struct fail *why)
{
        return list_with(h, org, add_credentials, list, why);
}

int webhook_secret_list(struct home *h, struct org *org, json_t **list, struct fail *why)
{
        return list_with(h, org, add_secrets, list, why);
}

/* Changing credentials. */

/* As it stands, with some other texts. */
static json_t *with_given(const struct connection *c, const json_t *record, const json_t *given)
{
        json_t *result = json_object(), *credentials = json_deep_copy(c->credentials), *value;
        const char *name;

        json_object_foreach((json_t *)(uintptr_t)given, name, value)
        {
                json_set(credentials, name, json_deep_copy(value));
        }
        json_set_text(result, "id", c->id);
        json_set_text(result, "kind", c->kind->name);
        json_set(result, "settings", json_deep_copy(json_object_get(record, "settings")));
        json_set(result, "credentials", credentials);
        return result;
}

/* "connections.0.credentials.api_key: is missing" is of the member api_key here. */
static void name_member(struct fail *why)
{
        static const char start[] = "connections.0.credentials.";
        struct fail named = FAIL_CLEAR;

        if (why->kind != FAIL_INPUT || !text_starts(why->text, start))
                return;
        fail_set(&named, FAIL_INPUT, "%s", why->text + sizeof start - 1);
        *why = named;
}

static json_t *answer_of(struct org *org, const char *connection, const json_t *applied,
                         struct fail *why)
{
        json_t *record = NULL, *answer, *test = json_at(applied, "connections.0.test");
        char etag[17];

        if (record_get(org, "connection", connection, &record, why) != 1)
                return NULL;
        etag_of(record, etag);
        answer = json_object();
        json_set_text(answer, "connection", connection);
        json_set_text(answer, "state", json_get_text(applied, "connections.0.state", ""));
        json_set_text(answer, "etag", etag);
        if (test != NULL)
                json_set(answer, "test", json_deep_copy(test));
        json_decref(record);
        return answer;
}

int credential_change(struct home *h, struct org *org, const char *connection, const json_t *given,
                      const char *etag, const struct apply_options *options, json_t **answer,
                      struct fail *why)
{
        struct connection *c = NULL;
        json_t *record = NULL, *applied = NULL;
        char now[17];
        int found = text_is_name(connection, CONNECTION_ID_MAX)
                        ? record_get(org, "connection", connection, &record, why)
                        : 0;

        *answer = NULL;
        if (found != 1)
                return found;
        etag_of(record, now);
        if (etag != NULL && !text_equal(etag, now))
                found = fail_set(why, FAIL_CONFLICT, "the connection was changed meanwhile");
        else
                found = connection_open(h, org->name, connection, record, &c, why);
        if (found == 1) {
                struct apply_options exactly = *options;

                exactly.stamp = c->stamp;
                found = apply_one(h, org, with_given(c, record, given), &exactly, &applied, why);
                found = found == 0 ? 1 : -1;
                name_member(why);
        }
        if (found == 1) {
                *answer = answer_of(org, connection, applied, why);
                found = *answer != NULL ? 1 : -1;
        }
        if (applied != NULL)
                apply_forget(applied);
        connection_free(c);
        json_decref(record);
        return found;
}

/* Changing webhook secrets. */

struct opened {
        json_t *read, *self;
        struct connection *c;
        json_t *secrets; /* texts, newest first, without the credential that signs by nature */
};

static void opened_dispose(struct opened *o)
{
        if (o->secrets != NULL)
                apply_forget(o->secrets);
        connection_free(o->c);
        json_decref(o->read);
        json_decref(o->self);
}

/* 1, 0 no such connection or one without webhooks, -1. */
static int open_one(struct home *h, struct org *org, const char *id, struct opened *o,
                    struct fail *why)
{
        size_t stored, from;
        int found;

        memset(o, 0, sizeof *o);
        if (!text_is_name(id, CONNECTION_ID_MAX))
                return 0;
        found = record_get(org, "connection", id, &o->read, why);
        if (found == 1 && record_get(org, "org", "self", &o->self, why) < 0)
                found = -1;
        if (found == 1)
                found = connection_open(h, org->name, id, o->read, &o->c, why);
        if (found == 1 && (o->c->hook == NULL || o->c->kind->sender == NULL))
                found = 0;
        if (found != 1)
                return found;
        stored = json_array_size(json_object_get(o->read, "secrets"));
        from = o->c->secret_count > stored ? o->c->secret_count - stored : 0;
        o->secrets = json_array();
        for (size_t i = from; i < o->c->secret_count; i++)
                json_add(o->secrets, json_new_text(o->c->secrets[i].text, o->c->secrets[i].len));
        return 1;
}

/* 1, or 2: somebody was here since. */
static int is_as(const struct opened *o, const char *etag)
{
        char now[17];

        etag_of(o->read, now);
        return etag == NULL || text_equal(etag, now) ? 1 : 2;
}

static int put_back(struct home *h, struct org *org, struct opened *o, struct fail *why)
{
        struct plan p;
        int result;

        plan_init(&p);
        plan_guard(&p, "connection", o->c->id, o->read);
        connection_put(h, org, p.batch, o->c->id, o->c->kind, o->c->settings, o->c->credentials,
                       o->c->hook, json_get_text(o->self, "public_url", ""), o->secrets);
        result = plan_commit(&p, org, why);
        plan_dispose(&p);
        if (result == 0)
                event_wake(h, org->name, o->c->id, when_now_ms(), NULL);
        return result;
}

/* As a document would say it, for one connection with one more secret. */
static int check_apart(struct home *h, struct org *org, const struct opened *o, const char *given,
                       struct fail *why)
{
        json_t *list = json_array(), *one = json_object(), *secrets = json_array();
        struct fail cause = FAIL_CLEAR;
        const char *words;
        int result;

        json_add(secrets, json_new_text(given, strlen(given)));
        json_set_text(one, "id", o->c->id);
        json_set_text(one, "kind", o->c->kind->name);
        json_set(one, "credentials", json_deep_copy(o->c->credentials));
        json_set(one, "secrets", secrets);
        json_add(list, one);
        result = credential_apart(h, org, list, &cause);
        apply_forget(list);
        words = strstr(cause.text, ": ");
        if (result != 0 && cause.kind == FAIL_INPUT && words != NULL)
                fail_set(why, FAIL_INPUT, "secret%s", words);
        else if (result != 0)
                fail_set(why, cause.kind, "%s", cause.text);
        return result;
}

static int check_given(struct home *h, struct org *org, const struct opened *o, const char *given,
                       struct fail *why)
{
        size_t len = strlen(given);

        if (len < GIVEN_MIN || len > GIVEN_MAX)
                return fail_set(why, FAIL_INPUT, "secret: must be %d to %d bytes long", GIVEN_MIN,
                                GIVEN_MAX);
        if (check_apart(h, org, o, given, why) != 0)
                return -1;
        for (size_t i = 0; i < json_array_size(o->secrets); i++)
                if (secret_equal_text(json_text_of(json_array_get(o->secrets, i), NULL), given))
                        return fail_set(why, FAIL_CONFLICT, "this secret is there already");
        return 0;
}

/* The newest stored secret's name. */
static int first_name(struct org *org, const char *id, char name[13], struct fail *why)
{
        json_t *record = NULL;
        int found = record_get(org, "connection", id, &record, why);

        memset(name, 0, 13);
        if (found == 1)
                strncpy(name, json_get_text(record, "secrets.0.name", ""), 12);
        json_decref(record);
        return found == 1 ? 1 : -1;
}

int webhook_secret_add(struct home *h, struct org *org, const char *connection, const char *etag,
                       const char *given, char **text, char name[13], struct fail *why)
{
        struct opened o;
        int result = open_one(h, org, connection, &o, why);

        *text = NULL;
        if (result == 1)
                result = is_as(&o, etag);
        if (result == 1 && json_array_size(o.secrets) >= CREDENTIAL_SECRETS_MAX)
                result = fail_set(why, FAIL_CONFLICT, "at most %d secrets at once; drop an old one",
                                  CREDENTIAL_SECRETS_MAX);
        if (result == 1 && given != NULL && check_given(h, org, &o, given, why) != 0)
                result = -1;
        if (result == 1) {
                *text = given != NULL ? mem_text(given) : secret_token(SECRET_LEN);
                json_array_insert_new(o.secrets, 0, json_new_text(*text, strlen(*text)));
                result =
                    put_back(h, org, &o, why) == 0 ? first_name(org, connection, name, why) : -1;
                if (result < 0) {
                        mem_free_secret(*text);
                        *text = NULL;
                }
        }
        opened_dispose(&o);
        return result;
}

int webhook_secret_drop(struct home *h, struct org *org, const char *connection, const char *etag,
                        const char *name, struct fail *why)
{
        struct opened o;
        int result = open_one(h, org, connection, &o, why);
        const json_t *list = json_object_get(o.read, "secrets");
        size_t at = 0, count = json_array_size(list);

        if (result == 1)
                result = is_as(&o, etag);
        while (result == 1 && at < count &&
               !text_equal(json_get_text(json_array_get(list, at), "name", NULL), name))
                at++;
        if (result == 1 && at == count)
                result = 0;
        if (result == 1 && count == 1)
                result = fail_set(why, FAIL_CONFLICT,
                                  "it is the last secret: add another first, or nothing that comes "
                                  "could be verified");
        if (result == 1) {
                json_t *gone = json_array_get(o.secrets, at);

                mem_wipe((char *)(uintptr_t)json_string_value(gone), json_string_length(gone));
                json_array_remove(o.secrets, at);
                result = put_back(h, org, &o, why) == 0 ? 1 : -1;
        }
        opened_dispose(&o);
        return result;
}
