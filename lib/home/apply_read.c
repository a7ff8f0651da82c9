/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads and checks an apply document; every complaint starts with the path of its cause. */
#include <stdlib.h>
#include <string.h>

#include "door/fetch.h"
#include "door/mail.h"
#include "floor/buf.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/alert.h"
#include "home/apply.h"
#include "home/credential.h"
#include "home/forget.h"
#include "home/kind.h"

#define CONNECTION_MAX 64
#define NEW_ID_MAX 32
#define SECRET_MAX 4096
#define SECRETS_MAX 8

static int wrong(struct fail *why, const char *path, const char *words)
{
        return fail_set(why, FAIL_INPUT, "%.120s: %s", path, words);
}

/* Every member of object must be one of the words in known ("a b c"). */
static int only(const json_t *object, const char *path, const char *const *known, struct fail *why)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)object, name, value)
        {
                size_t i = 0;

                while (known[i] != NULL && !text_equal(known[i], name))
                        i++;
                if (known[i] == NULL)
                        return fail_set(why, FAIL_INPUT, "%.100s%s%.60s: there is no such member",
                                        path, *path ? "." : "", name);
        }
        return 0;
}

/* A secret: a text, {"file": path} or {"env": NAME}; replaced by its text. */
static json_t *secret_text(const json_t *value, const char *path, const char *directory,
                           struct fail *why)
{
        static const char *const forms[] = { "file", "env", NULL };
        const char *file, *env, *found;
        struct buf text = BUF_NONE;
        json_t *result = NULL;
        char *full;

        if (json_is_string(value)) {
                if (json_string_length(value) == 0 || json_string_length(value) > SECRET_MAX)
                        wrong(why, path, "must be 1 to 4096 bytes long");
                else
                        result = json_new_text(json_string_value(value), json_string_length(value));
                return result;
        }
        if (!json_is_object(value) || json_object_size(value) != 1) {
                wrong(why, path, "must be a text, {\"file\": \"path\"} or {\"env\": \"NAME\"}");
                return NULL;
        }
        if (only(value, path, forms, why) != 0)
                return NULL;
        file = json_get_text(value, "file", NULL);
        env = json_get_text(value, "env", NULL);
        if (env != NULL) {
                found = getenv(env);
                if (text_empty(found))
                        fail_set(why, FAIL_INPUT, "%.120s: the environment has no %.80s", path,
                                 env);
                else
                        result = json_new_text(found, strlen(found));
                return result;
        }
        if (text_empty(file)) {
                wrong(why, path, "file and env take a text");
                return NULL;
        }
        full = *file == '/' || directory == NULL ? mem_text(file) : file_path(directory, file);
        switch (file_read(full, SECRET_MAX + 2, &text, NULL)) {
        case 1:
                while (text.len > 0 &&
                       (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
                        text.data[--text.len] = '\0';
                if (text.len == 0)
                        wrong(why, path, "the file is empty");
                else
                        result = json_new_text(text.data, text.len);
                break;
        case 0:
                fail_set(why, FAIL_INPUT, "%.100s: there is no file %.160s", path, full);
                break;
        default:
                fail_set(why, FAIL_INPUT, "%.100s: cannot read %.160s", path, full);
        }
        buf_dispose_secret(&text);
        mem_free(full);
        return result;
}

static bool texts_only(const json_t *value)
{
        const char *name;
        json_t *one;
        size_t i;

        if (json_is_array(value)) {
                json_array_foreach((json_t *)value, i, one)
                {
                        if (!json_is_string(one))
                                return false;
                }
                return true;
        }
        json_object_foreach((json_t *)value, name, one)
        {
                if (!json_is_string(one))
                        return false;
        }
        return true;
}

static bool is_choice(const char *choices, const char *value)
{
        size_t len = strlen(value);

        while (choices != NULL) {
                const char *end = strchrnul(choices, '|');

                if ((size_t)(end - choices) == len && memcmp(choices, value, len) == 0)
                        return true;
                choices = *end == '|' ? end + 1 : NULL;
        }
        return false;
}

static int check_addresses(const json_t *value, const char *path, struct fail *why)
{
        struct fail cause = FAIL_CLEAR;
        json_t *one;
        size_t i;

        if (!json_is_array(value) || json_array_size(value) > ALERT_ADDRESSES)
                return fail_set(why, FAIL_INPUT,
                                "%.120s: must be a list of at most %d mail addresses", path,
                                ALERT_ADDRESSES);
        json_array_foreach((json_t *)(uintptr_t)value, i, one)
        {
                if (mail_check_address(json_text_of(one, NULL), &cause) != 0)
                        return fail_set(why, FAIL_INPUT, "%.120s.%zu: %.180s", path, i, cause.text);
        }
        return 0;
}

static int check_field(const struct kind_field *field, const json_t *value, const char *path,
                       struct fail *why)
{
        struct fail url = FAIL_CLEAR;

        switch (field->type) {
        case 'i':
                return json_is_integer(value) ? 0 : wrong(why, path, "must be a whole number");
        case 'b':
                return json_is_boolean(value) ? 0 : wrong(why, path, "must be true or false");
        case 'l':
                return json_is_array(value) && texts_only(value)
                           ? 0
                           : wrong(why, path, "must be a list of texts");
        case 'm':
                return check_addresses(value, path, why);
        case 'o':
                return json_is_object(value) && texts_only(value)
                           ? 0
                           : wrong(why, path, "must be names with texts, each name once");
        default:
                break;
        }
        if (!json_is_string(value))
                return wrong(why, path, "must be a text");
        if (field->type == 'c' && !is_choice(field->choices, json_string_value(value)))
                return fail_set(why, FAIL_INPUT, "%.120s: must be one of %s", path, field->choices);
        if (field->type == 'u' && fetch_check_url(json_string_value(value), &url) != 0)
                return fail_set(why, FAIL_INPUT, "%.120s: %.180s", path, url.text);
        return 0;
}

static const struct kind_field *find_field(const struct kind_field *fields, const char *name)
{
        for (; fields != NULL && fields->name != NULL; fields++) {
                if (text_equal(fields->name, name))
                        return fields;
        }
        return NULL;
}

static int unknown_field(const struct kind_field *fields, const char *path, const char *kind,
                         struct fail *why)
{
        struct buf known = BUF_NONE;

        for (; fields != NULL && fields->name != NULL; fields++)
                buf_format(&known, "%s%s", known.len != 0 ? ", " : "", fields->name);
        fail_set(why, FAIL_INPUT, "%.100s: %s has no such member; it knows: %s", path, kind,
                 known.len != 0 ? buf_text(&known) : "none");
        buf_dispose(&known);
        return -1;
}

/* settings or credentials (secrets resolved) against the kind's rows; NULL when wrong. */
static json_t *fields(const json_t *given, const struct kind_field *rows, bool secrets,
                      const char *kind, const char *path, const char *directory, struct fail *why)
{
        json_t *result = json_object(), *value;
        const char *name;

        if (given != NULL && !json_is_object(given)) {
                wrong(why, path, "must be an object");
                goto bad;
        }
        json_object_foreach((json_t *)given, name, value)
        {
                const struct kind_field *row = find_field(rows, name);
                char *at = mem_format("%s.%s", path, name);
                json_t *taken = NULL;

                if (row == NULL)
                        unknown_field(rows, at, kind, why);
                else if (secrets)
                        taken = secret_text(value, at, directory, why);
                else if (check_field(row, value, at, why) == 0)
                        taken = json_deep_copy(value);
                mem_free(at);
                if (taken == NULL)
                        goto bad;
                json_set(result, name, taken);
        }
        for (; rows != NULL && rows->name != NULL; rows++) {
                if (rows->required && json_object_get(result, rows->name) == NULL) {
                        fail_set(why, FAIL_INPUT, "%.100s.%s: is missing (%s)", path, rows->name,
                                 rows->help);
                        goto bad;
                }
        }
        return result;
bad:
        apply_forget(result);
        return NULL;
}

static json_t *webhook_secrets(const json_t *webhook, const char *path, const char *directory,
                               struct fail *why)
{
        static const char *const known[] = { "secrets", "create", NULL };
        const json_t *given = json_object_get(webhook, "secrets");
        json_t *result, *one;
        size_t i;

        if (!json_is_object(webhook)) {
                wrong(why, path, "must be an object");
                return NULL;
        }
        if (only(webhook, path, known, why) != 0)
                return NULL;
        if (!json_is_array(given) || json_array_size(given) > SECRETS_MAX) {
                fail_set(why, FAIL_INPUT, "%.120s.secrets: must be a list of at most %d", path,
                         SECRETS_MAX);
                return NULL;
        }
        result = json_array();
        json_array_foreach((json_t *)given, i, one)
        {
                char *at = mem_format("%s.secrets.%zu", path, i);
                json_t *text = secret_text(one, at, directory, why);

                mem_free(at);
                if (text == NULL) {
                        apply_forget(result);
                        return NULL;
                }
                json_add(result, text);
        }
        return result;
}

/* {"create": true}: Fairlead makes the webhook at the vendor and keeps its secret. */
static int made_by_us(const json_t *webhook, const struct kind *kind, const char *path,
                      struct fail *why)
{
        const json_t *create = json_object_get(webhook, "create");

        if (create == NULL)
                return 0;
        if (!json_is_boolean(create))
                return fail_set(why, FAIL_INPUT, "%.120s.create: must be true or false", path);
        if (json_is_false(create))
                return json_object_get(webhook, "secrets") != NULL
                           ? 0
                           : fail_set(why, FAIL_INPUT, "%.120s.secrets: must be a list", path);
        if (json_object_get(webhook, "secrets") != NULL)
                return fail_set(why, FAIL_INPUT,
                                "%.120s.secrets: belongs to a webhook that was made by hand; leave "
                                "it out beside create",
                                path);
        if (kind->ats == NULL || kind->ats->create_webhook == NULL)
                return fail_set(why, FAIL_INPUT,
                                "%.120s.create: %s lets nobody make webhooks through its API", path,
                                kind->name);
        return 0;
}

/* What proves who knocks must not be what opens the other side's door. */
static int check_apart(const json_t *connection, const char *path, struct fail *why)
{
        json_t *one;
        size_t i;

        json_array_foreach(json_object_get(connection, "secrets"), i, one)
        {
                if (credential_is(json_object_get(connection, "credentials"),
                                  json_text_of(one, NULL)))
                        return fail_set(why, FAIL_INPUT,
                                        "%.100s.secrets.%zu: is a credential of the connection; a "
                                        "webhook secret must be another value",
                                        path, i);
        }
        return 0;
}

static json_t *connection(const json_t *given, const char *path, const char *directory,
                          json_t *kinds_seen, struct fail *why)
{
        static const char *const known[] = { "id",          "kind",    "settings",
                                             "credentials", "webhook", NULL };
        const char *id = json_get_text(given, "id", NULL);
        const struct kind *kind = kind_find(json_get_text(given, "kind", ""));
        char *settings = mem_format("%s.settings", path);
        char *credentials = mem_format("%s.credentials", path);
        char *webhook = mem_format("%s.webhook", path);
        json_t *result = json_object(), *part, *hook;

        if (!json_is_object(given)) {
                wrong(why, path, "must be an object");
                goto bad;
        }
        if (only(given, path, known, why) != 0)
                goto bad;
        if (!text_is_name(id, NEW_ID_MAX)) {
                fail_set(why, FAIL_INPUT, "%.120s.id: must be 1 to %d letters, digits, - or _",
                         path, NEW_ID_MAX);
                goto bad;
        }
        if (json_object_get(kinds_seen, id) != NULL) {
                fail_set(why, FAIL_INPUT, "%.120s.id: %s is there twice", path, id);
                goto bad;
        }
        if (kind == NULL) {
                struct buf words = BUF_NONE;

                for (const struct kind *const *k = kinds; *k != NULL; k++)
                        buf_format(&words, "%s%s", k == kinds ? "" : ", ", (*k)->name);
                fail_set(why, FAIL_INPUT, "%.120s.kind: must be one of %s", path, buf_text(&words));
                buf_dispose(&words);
                goto bad;
        }
        json_set_text(kinds_seen, id, kind->name);
        json_set_text(result, "id", id);
        json_set_text(result, "kind", kind->name);
        part = fields(json_object_get(given, "settings"), kind->settings, false, kind->name,
                      settings, directory, why);
        if (part == NULL)
                goto bad;
        json_set(result, "settings", part);
        part = fields(json_object_get(given, "credentials"), kind->credentials, true, kind->name,
                      credentials, directory, why);
        if (part == NULL)
                goto bad;
        json_set(result, "credentials", part);
        if (kind->check != NULL &&
            kind->check(json_object_get(result, "settings"), part, path, why) != 0)
                goto bad;
        hook = json_object_get(given, "webhook");
        if (hook != NULL && !json_is_null(hook)) {
                if (kind->sender == NULL) {
                        fail_set(why, FAIL_INPUT, "%.120s: %s sends no webhooks", webhook,
                                 kind->name);
                        goto bad;
                }
                if (made_by_us(hook, kind, webhook, why) != 0)
                        goto bad;
                if (json_is_true(json_object_get(hook, "create"))) {
                        json_set_bool(result, "create_webhook", true);
                        goto out;
                }
                part = webhook_secrets(hook, webhook, directory, why);
                if (part == NULL)
                        goto bad;
                json_set(result, "secrets", part);
                if (check_apart(result, webhook, why) != 0)
                        goto bad;
        }
        goto out;
bad:
        apply_forget(result);
        result = NULL;
out:
        mem_free(settings);
        mem_free(credentials);
        mem_free(webhook);
        return result;
}

static int connections(const json_t *given, const char *directory, json_t *result, struct fail *why)
{
        const json_t *list = json_object_get(given, "connections");
        const json_t *rules = json_object_get(given, "rules");
        json_t *out = json_array(), *seen = json_object(), *one;
        int answer = -1;
        size_t i;

        json_set(result, "connections", out);
        if (list != NULL && (!json_is_array(list) || json_array_size(list) > CONNECTION_MAX)) {
                fail_set(why, FAIL_INPUT, "connections: must be a list of at most %d",
                         CONNECTION_MAX);
                goto out;
        }
        json_array_foreach((json_t *)list, i, one)
        {
                char *path = mem_format("connections.%zu", i);
                json_t *taken = connection(one, path, directory, seen, why);

                mem_free(path);
                if (taken == NULL)
                        goto out;
                json_add(out, taken);
        }
        if (rules != NULL) /* checked later, beside the connections that exist already */
                json_set(result, "rules", json_deep_copy(rules));
        answer = 0;
out:
        json_decref(seen);
        return answer;
}

/* It goes into pages, headers, calendar files and what people paste: nothing that would have to
 * be written otherwise in any of them, no query, no user. */
static bool is_plain_address(const char *url)
{
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-._~:/[]%";
        const char *host = strstr(url, "://") + 3;

        return strlen(url) <= 500 && host[0] != '\0' && host[0] != '/' &&
               url[strspn(url, allowed)] == '\0';
}

/* 0 ends what was set before; left out, it stays. */
static int retention(const json_t *given, json_t *result, struct fail *why)
{
        const json_t *days = json_object_get(given, "retention_days");
        int64_t value = json_int_of(days, -1);

        if (days == NULL)
                return 0;
        if (!json_is_integer(days) || value < 0 || value > FORGET_DAYS_MAX)
                return fail_set(why, FAIL_INPUT,
                                "retention_days: must be a number of days, 1 to %d, or 0 to keep "
                                "data until somebody erases it",
                                FORGET_DAYS_MAX);
        json_set_int(result, "retention_days", value);
        return 0;
}

static bool is_line(const char *text)
{
        for (; *text != '\0'; text++)
                if ((unsigned char)*text < ' ' || *text == 0x7F)
                        return false;
        return true;
}

json_t *apply_read(const void *text, size_t len, const char *directory, struct fail *why)
{
        static const char *const known[] = {
                "org",         "name",  "public_url", "alert_email", "retention_days",
                "connections", "rules", NULL
        };
        json_t *given = json_parse(text, len, true, why), *result = NULL;
        struct fail url = FAIL_CLEAR;
        const char *org, *name, *public_url;
        char *base;

        if (given == NULL)
                return NULL;
        result = json_object();
        if (!json_is_object(given)) {
                fail_set(why, FAIL_INPUT, "the document must be an object");
                goto bad;
        }
        if (only(given, "", known, why) != 0)
                goto bad;
        org = json_get_text(given, "org", NULL);
        name = json_object_get(given, "name") == NULL ? org : json_get_text(given, "name", NULL);
        public_url = json_get_text(given, "public_url", NULL);
        if (!text_is_name(org, HOME_ORG_NAME_MAX)) {
                fail_set(why, FAIL_INPUT, "org: must be 1 to %d letters, digits, - or _",
                         HOME_ORG_NAME_MAX);
                goto bad;
        }
        if (text_empty(name) || strlen(name) > 120 || !is_line(name)) {
                wrong(why, "name", "must be a text of 1 to 120 bytes, in one line");
                goto bad;
        }
        if (text_empty(public_url) ||
            (!text_starts(public_url, "https://") && !text_starts(public_url, "http://"))) {
                wrong(why, "public_url",
                      "must be the address under which vendors and people reach Fairlead, such as "
                      "https://hire.example.org/fairlead");
                goto bad;
        }
        if (text_starts(public_url, "http://") && fetch_check_url(public_url, &url) != 0) {
                wrong(why, "public_url", "plain http is for allowed loopback addresses only");
                goto bad;
        }
        if (!is_plain_address(public_url)) {
                wrong(why, "public_url",
                      "must be scheme, host and path only, such as "
                      "https://hire.example.org/fairlead");
                goto bad;
        }
        base = mem_text(public_url);
        while (text_ends(base, "/"))
                base[strlen(base) - 1] = '\0';
        json_set_text(result, "org", org);
        json_set_text(result, "name", name);
        json_set_text(result, "public_url", base);
        mem_free(base);
        if (json_object_get(given, "alert_email") != NULL) {
                if (check_addresses(json_object_get(given, "alert_email"), "alert_email", why) != 0)
                        goto bad;
                json_set(result, "alert_email",
                         json_deep_copy(json_object_get(given, "alert_email")));
        }
        if (retention(given, result, why) != 0 || connections(given, directory, result, why) != 0)
                goto bad;
        goto out;
bad:
        apply_forget(result);
        result = NULL;
out:
        apply_forget(given);
        return result;
}

static void wipe_texts(json_t *value)
{
        const char *name;
        json_t *one;
        size_t i;

        if (json_is_string(value)) {
                mem_wipe((char *)json_string_value(value), json_string_length(value));
                return;
        }
        json_array_foreach(value, i, one)
        {
                wipe_texts(one);
        }
        json_object_foreach(value, name, one)
        {
                wipe_texts(one);
        }
}

/* The document held secrets: every text is overwritten before the memory goes. */
void apply_forget(json_t *document)
{
        if (document == NULL)
                return;
        wipe_texts(document);
        json_decref(document);
}
