/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Credentials and webhook secrets of an org are kept apart. */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "home/apply.h"
#include "home/connection.h"
#include "home/credential.h"
#include "home/key.h"
#include "home/records.h"

/* Values by their digests, with what each is, for people. */
struct values {
        json_t *credentials, *secrets;
};

struct apart {
        struct home *home;
        struct org *org;
        const json_t *given;
        struct values all;
        struct fail *why;
};

static void note(json_t *values, const char *text, const char *format, const char *name,
                 const char *connection)
{
        char *digest = record_digest(text, NULL), *what = mem_format(format, name, connection);

        json_set_text(values, digest, what);
        mem_free(what);
        mem_free(digest);
}

/* What a consumer shares with us signs what it gets. */
static bool signs(const char *kind, const char *name)
{
        return text_equal(kind, "consumer") &&
               (text_equal(name, "secret") || text_equal(name, "old_secret"));
}

/* Lines of headers are compared with nothing, nor is what a relay signs with: the receiver of
 * another vendor wants what it wants, and Ashby's wants the API key of CodeSignal
 * (wire/ashby.md 4). */
static bool counts(const char *kind, const char *name, bool relays)
{
        return !text_equal(name, "secret_headers") && !(relays && signs(kind, name));
}

static void note_all(struct values *v, const char *id, const char *kind, bool relays,
                     const json_t *credentials, const json_t *secrets)
{
        const char *name;
        json_t *one;
        size_t i;

        json_object_foreach((json_t *)(uintptr_t)credentials, name, one)
        {
                if (!counts(kind, name, relays))
                        continue;
                if (signs(kind, name))
                        note(v->secrets, json_text_of(one, ""), "the %s of %s", name, id);
                else
                        note(v->credentials, json_text_of(one, ""), "the credential %s of %s", name,
                             id);
        }
        json_array_foreach((json_t *)(uintptr_t)secrets, i, one)
        {
                note(v->secrets, json_text_of(one, ""), "a %s of %s", "webhook secret", id);
        }
}

static bool is_given(const json_t *given, const char *id)
{
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)given, i, one)
        {
                if (text_equal(json_get_text(one, "id", NULL), id))
                        return true;
        }
        return false;
}

/* One that stands.  What cannot be opened is compared with nothing: it keeps nobody from putting it
 * right. */
static int note_stored(void *context, const char *id)
{
        struct apart *a = context;
        struct connection *c = NULL;
        json_t *secrets;
        const char *own;

        if (is_given(a->given, id) || connection_load(a->home, a->org, id, &c, NULL) != 1)
                return 0;
        own = c->kind->signing_credential == NULL
                  ? NULL
                  : json_get_text(c->credentials, c->kind->signing_credential, NULL);
        secrets = json_array();
        for (size_t i = 0; i < c->secret_count; i++)
                if (!text_equal(c->secrets[i].text, own))
                        json_add(secrets, json_new_text(c->secrets[i].text, c->secrets[i].len));
        note_all(&a->all, id, c->kind->name, json_get_text(c->settings, "relay", NULL) != NULL,
                 c->credentials, secrets);
        apply_forget(secrets);
        connection_free(c);
        return 0;
}

/* Is it in the other list?  -1 and a cause that begins with path. */
static int look_up(const json_t *others, const char *text, const char *path, struct fail *why)
{
        char *digest = record_digest(text, NULL);
        const char *what = json_text_of(json_object_get(others, digest), NULL);

        mem_free(digest);
        if (what == NULL)
                return 0;
        return fail_set(why, FAIL_INPUT,
                        "%.100s: is %.100s, too; what proves who knocks at our door must not open "
                        "another: choose another value",
                        path, what);
}

static int check_one(struct apart *a, const json_t *one)
{
        const char *path = json_get_text(one, "path", ""), *kind = json_get_text(one, "kind", ""),
                   *name;
        json_t *value;
        int result = 0;
        size_t i;

        json_object_foreach(json_object_get(one, "credentials"), name, value)
        {
                char *at = mem_format("%s.credentials.%s", path, name);

                if (result == 0 && counts(kind, name, json_get_bool(one, "relays", false)))
                        result = look_up(signs(kind, name) ? a->all.credentials : a->all.secrets,
                                         json_text_of(value, ""), at, a->why);
                mem_free(at);
        }
        json_array_foreach(json_object_get(one, "secrets"), i, value)
        {
                char *at = mem_format("%s.webhook.secrets.%zu", path, i);

                if (result == 0 && key_is_one(json_text_of(value, "")))
                        result = fail_set(a->why, FAIL_INPUT,
                                          "%.100s: is a key that Fairlead issued; a webhook secret "
                                          "must be another value",
                                          at);
                if (result == 0)
                        result = look_up(a->all.credentials, json_text_of(value, ""), at, a->why);
                mem_free(at);
        }
        return result;
}

int credential_apart(struct home *h, struct org *org, const json_t *given, struct fail *why)
{
        struct apart a = { .home = h, .org = org, .given = given, .why = why };
        json_t *one;
        int result = 0;
        size_t i;

        a.all.credentials = json_object();
        a.all.secrets = json_object();
        if (json_array_size(given) > 0)
                result = connection_each(h, org, note_stored, &a, why);
        json_array_foreach((json_t *)(uintptr_t)given, i, one)
        {
                note_all(&a.all, json_get_text(one, "id", ""), json_get_text(one, "kind", ""),
                         json_get_bool(one, "relays", false), json_object_get(one, "credentials"),
                         json_object_get(one, "secrets"));
        }
        json_array_foreach((json_t *)(uintptr_t)given, i, one)
        {
                if (result == 0)
                        result = check_one(&a, one);
        }
        json_decref(a.all.secrets);
        json_decref(a.all.credentials);
        return result == 0 ? 0 : -1;
}
