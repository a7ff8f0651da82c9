/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One org's link to one outside system: stored, opened, cached. */
#include "home/connection.h"

#include <stdint.h>
#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/inside.h"
#include "home/keyring.h"
#include "home/records.h"

#define HOOK_LENGTH 32 /* of [a-z2-7]: 160 bits, nobody guesses one */
#define NAME_LENGTH 12 /* hex digits of a secret's fingerprint */

/* What a sealed text belongs to, so that it opens nowhere else. */
static char *bound_to(const char *org, const char *connection, const char *field)
{
        return mem_format("%s/%s/%s", org, connection, field);
}

/* A fingerprint people can compare.  Keyed, so that a weak secret cannot be guessed from it. */
static void name_secret(struct home *h, const char *org, const char *text, size_t len,
                        char name[NAME_LENGTH + 1])
{
        unsigned char key[SECRET_KEY_SIZE];
        struct buf hex = BUF_NONE;

        secret_derive(home_root(h), "secret-name", org, key);
        secret_hmac_hex(key, sizeof key, text, len, &hex);
        memcpy(name, buf_text(&hex), NAME_LENGTH);
        name[NAME_LENGTH] = '\0';
        buf_dispose(&hex);
        mem_wipe(key, sizeof key);
}

static int open_text(struct home *h, const char *org, const char *id, const char *field,
                     const char *sealed, struct buf *plain, struct fail *why)
{
        char *bound = bound_to(org, id, field);
        int result = sealed == NULL
                         ? fail_set(why, FAIL_BROKEN, "connection %s: %s is not sealed", id, field)
                         : home_unseal(h, bound, sealed, plain, why);

        mem_free(bound);
        return result;
}

/* A connection on its way into a batch. */
struct putting {
        struct home *home;
        struct org *org;
        struct batch *batch;
        const char *id;
};

static void seal_text(const struct putting *p, const char *field, const json_t *plain,
                      json_t *object, const char *name)
{
        char *bound = bound_to(p->org->name, p->id, field);
        struct buf sealed = BUF_NONE;

        home_seal(p->home, p->org, p->batch, bound, json_string_value(plain),
                  json_string_length(plain), &sealed);
        json_set_text(object, name, buf_text(&sealed));
        buf_dispose(&sealed);
        mem_free(bound);
}

/* Jansson keeps texts in memory of its own: overwrite them before it gives that back. */
static void wipe_texts(json_t *object)
{
        const char *name;
        json_t *value;

        json_object_foreach(object, name, value)
        {
                if (json_is_string(value))
                        mem_wipe((char *)(uintptr_t)json_string_value(value),
                                 json_string_length(value));
        }
}

void connection_free(struct connection *c)
{
        if (c == NULL)
                return;
        mem_free(c->id);
        json_decref(c->settings);
        wipe_texts(c->credentials);
        json_decref(c->credentials);
        mem_free(c->hook);
        mem_free(c->hook_url);
        for (size_t i = 0; i < c->secret_count; i++) {
                mem_wipe((char *)(uintptr_t)c->secrets[i].text, c->secrets[i].len);
                mem_free((char *)(uintptr_t)c->secrets[i].text);
        }
        mem_free(c->secrets);
        mem_free(c->secret_names);
        mem_free(c->stamp);
        mem_free(c);
}

/* Settings as stored plus the defaults of what is not there. */
static json_t *with_defaults(const struct kind *kind, const json_t *stored)
{
        json_t *settings = json_object();

        if (json_is_object(stored))
                json_object_update(settings, (json_t *)(uintptr_t)stored);
        for (const struct kind_field *f = kind->settings; f != NULL && f->name != NULL; f++)
                if (f->standard != NULL && json_object_get(settings, f->name) == NULL)
                        json_set(settings, f->name,
                                 json_parse(f->standard, strlen(f->standard), true, NULL));
        return settings;
}

static int open_credentials(struct home *h, const char *org, struct connection *c,
                            const json_t *sealed, struct fail *why)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)sealed, name, value)
        {
                char *field = mem_format("credentials.%s", name);
                struct buf plain = BUF_NONE;
                int result = open_text(h, org, c->id, field, json_string_value(value), &plain, why);

                if (result == 0)
                        json_set(c->credentials, name, json_new_text(buf_text(&plain), plain.len));
                buf_dispose_secret(&plain);
                mem_free(field);
                if (result != 0)
                        return -1;
        }
        return 0;
}

/* name is its fingerprint. */
static void add_secret(struct connection *c, const char *text, size_t len, const char *name)
{
        size_t at = c->secret_count++, part = strnlen(name, NAME_LENGTH);

        c->secrets[at].text = mem_text_part(text, len);
        c->secrets[at].len = len;
        memcpy(c->secret_names[at], name, part);
}

/* All texts that may have signed: the credential that does so by nature, then the pasted ones
 * as stored, newest first. */
static int open_secrets(struct home *h, const char *org, struct connection *c, const json_t *list,
                        struct fail *why)
{
        const char *field = c->kind->signing_credential;
        const char *own = field == NULL ? NULL : json_get_text(c->credentials, field, NULL);
        size_t count = json_array_size(list);
        char name[NAME_LENGTH + 1];

        c->secrets = mem_array(count + 1, sizeof *c->secrets);
        c->secret_names = mem_array(count + 1, sizeof *c->secret_names);
        if (!text_empty(own)) {
                name_secret(h, org, own, strlen(own), name);
                add_secret(c, own, strlen(own), name);
        }
        for (size_t i = 0; i < count; i++) {
                const json_t *one = json_array_get(list, i);
                const char *sealed = json_get_text(one, "sealed", NULL);
                struct buf plain = BUF_NONE;
                int result = open_text(h, org, c->id, "webhook.secret", sealed, &plain, why);

                if (result == 0)
                        add_secret(c, buf_text(&plain), plain.len, json_get_text(one, "name", ""));
                buf_dispose_secret(&plain);
                if (result != 0)
                        return -1;
        }
        return 0;
}

int connection_open(struct home *h, const char *org, const char *id, const json_t *record,
                    struct connection **out, struct fail *why)
{
        const char *kind = json_get_text(record, "kind", "");
        struct connection *c = mem_alloc(sizeof *c);
        char *text = json_text(record);

        c->id = mem_text(id);
        c->stamp = record_digest(text, NULL);
        mem_free(text);
        c->kind = kind_find(kind);
        if (c->kind == NULL) {
                fail_set(why, FAIL_BROKEN, "connection %s is of the unknown kind \"%s\"", id, kind);
                goto bad;
        }
        c->settings = with_defaults(c->kind, json_at(record, "settings"));
        c->credentials = json_object();
        c->hook = mem_text(json_get_text(record, "hook", NULL));
        c->hook_url = mem_text(json_get_text(record, "hook_url", NULL));
        if (open_credentials(h, org, c, json_at(record, "credentials"), why) != 0 ||
            open_secrets(h, org, c, json_at(record, "secrets"), why) != 0)
                goto bad;
        *out = c;
        return 1;
bad:
        connection_free(c);
        return -1;
}

int connection_load(struct home *h, struct org *org, const char *id, struct connection **out,
                    struct fail *why)
{
        json_t *record = NULL;
        int found;

        *out = NULL;
        if (!text_is_name(id, CONNECTION_ID_MAX))
                return 0;
        found = record_get(org, "connection", id, &record, why);
        if (found == 1)
                found = connection_open(h, org->name, id, record, out, why);
        json_decref(record);
        return found;
}

struct ids {
        char **ids;
        size_t count, size;
};

static int collect(void *context, const char *member)
{
        struct ids *list = context;

        if (list->count == list->size) {
                list->size = list->size == 0 ? 16 : list->size * 2;
                list->ids = mem_resize(list->ids, list->size, sizeof *list->ids);
        }
        list->ids[list->count++] = mem_text(member);
        return 0;
}

static int compare_ids(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The ids in order of their names, as shared texts; NULL why. */
static json_t *ids_of(struct org *org, struct fail *why)
{
        uint64_t stamp = store_stamp(org->store, "connections");
        json_t *ids = record_cache_find(org, "connections", "", stamp);
        struct ids list = { NULL, 0, 0 };
        int result;

        if (ids != NULL)
                return ids;
        result = store_set_list(org->store, "connections", collect, &list, why);
        if (list.count > 1)
                qsort(list.ids, list.count, sizeof *list.ids, compare_ids);
        ids = json_array();
        for (size_t i = 0; i < list.count; i++) {
                json_add(ids, json_new_text(list.ids[i], strlen(list.ids[i])));
                mem_free(list.ids[i]);
        }
        mem_free(list.ids);
        if (result == 0) {
                record_cache_keep(org, "connections", "", stamp, ids);
                return ids;
        }
        json_decref(ids);
        return NULL;
}

int connection_each(struct home *h, struct org *org, int (*visit)(void *context, const char *id),
                    void *context, struct fail *why)
{
        json_t *ids = ids_of(org, why);
        int result = ids == NULL ? -1 : 0;

        (void)h;
        for (size_t i = 0; result == 0 && i < json_array_size(ids); i++)
                result = visit(context, json_text_of(json_array_get(ids, i), ""));
        json_decref(ids);
        return result;
}

/* When a secret of this name came here, if it was here before. */
static int64_t added_ms(const json_t *old, const char *name, int64_t now)
{
        json_t *list = json_at(old, "secrets");

        for (size_t i = 0; i < json_array_size(list); i++)
                if (text_equal(json_get_text(json_array_get(list, i), "name", NULL), name))
                        return json_get_int(json_array_get(list, i), "added_ms", now);
        return now;
}

static json_t *seal_secrets(const struct putting *p, const json_t *secrets, const json_t *old,
                            int64_t now)
{
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(secrets); i++) {
                const json_t *text = json_array_get(secrets, i);
                json_t *one = json_object();
                char name[NAME_LENGTH + 1];

                name_secret(p->home, p->org->name, json_string_value(text),
                            json_string_length(text), name);
                seal_text(p, "webhook.secret", text, one, "sealed");
                json_set_text(one, "name", name);
                json_set_int(one, "added_ms", added_ms(old, name, now));
                json_add(list, one);
        }
        return list;
}

static json_t *seal_credentials(const struct putting *p, const json_t *credentials)
{
        json_t *sealed = json_object();
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)credentials, name, value)
        {
                char *field = mem_format("credentials.%s", name);

                if (json_is_string(value))
                        seal_text(p, field, value, sealed, name);
                mem_free(field);
        }
        return sealed;
}

/* The exact text to paste: senders sign it or compare it, so it is made once and kept. */
static char *make_hook_url(const char *public_url, const char *org, const char *hook)
{
        size_t len = strlen(public_url);

        while (len > 0 && public_url[len - 1] == '/')
                len--;
        return mem_format("%.*s/webhook/%s/%s", (int)len, public_url, org, hook);
}

static void put_hook(struct batch *b, json_t *record, const char *org, const char *id,
                     const char *hook, const char *public_url, const char *old)
{
        char *made = text_empty(hook) ? secret_token(HOOK_LENGTH) : mem_text(hook);
        char *url = make_hook_url(public_url, org, made);
        char *digest = record_digest(made, NULL);
        json_t *entry = json_object();

        if (old != NULL && !text_equal(old, made)) {
                char *gone = record_digest(old, NULL);

                batch_delete(b, "hook", gone);
                mem_free(gone);
        }
        json_set_text(record, "hook", made);
        json_set_text(record, "hook_url", url);
        json_set_text(entry, "connection", id);
        record_put(b, "hook", digest, entry);
        json_decref(entry);
        mem_free(digest);
        mem_free(url);
        mem_free(made);
}

void connection_put(struct home *h, struct org *org, struct batch *b, const char *id,
                    const struct kind *kind, const json_t *settings, const json_t *credentials,
                    const char *hook, const char *public_url, const json_t *secrets)
{
        const struct putting p = { h, org, b, id };
        json_t *record = json_object(), *old = NULL;
        int64_t now = when_now_ms();

        /* What stands there gives the dates and the hook to take away; nothing, or nothing
         * readable, gives none. */
        record_get(org, "connection", id, &old, NULL);
        json_set_text(record, "kind", kind->name);
        json_set(record, "settings", settings == NULL ? json_object() : json_deep_copy(settings));
        json_set(record, "credentials", seal_credentials(&p, credentials));
        json_set(record, "secrets", seal_secrets(&p, secrets, old, now));
        json_set_int(record, "created_ms", json_get_int(old, "created_ms", now));
        json_set_int(record, "changed_ms", now);
        if (kind->sender != NULL)
                put_hook(b, record, org->name, id, hook, public_url,
                         json_get_text(old, "hook", NULL));
        record_put(b, "connection", id, record);
        batch_join(b, "connections", id);
        json_decref(record);
        json_decref(old);
}
