/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partner keys, and what each of them may send. */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/catalog.h"
#include "home/connection.h"
#include "home/partner.h"

#define SOON_MS 50 /* between looks at a list that is being read for the first time */
#define SOON_TRIES 40

/* --- whose key ----------------------------------------------------------------------------- */

struct search {
        struct home *home;
        struct org *org;
        const char *kind, *key;
        const char *const *desks;
        char *connection;
        const char *desk;
        struct fail *why;
};

/* Every key is compared, also when one has fitted: the time says nothing. */
static int look(void *context, const char *id)
{
        struct search *s = context;
        struct connection *c = NULL;
        int found = connection_load(s->home, s->org, id, &c, s->why);

        for (size_t i = 0; found == 1 && text_equal(c->kind->name, s->kind) && s->desks[i] != NULL;
             i++) {
                char *name = mem_format("%s_key", s->desks[i]);
                const char *have = json_get_text(c->credentials, name, NULL);

                if (!text_empty(have) && secret_equal_text(have, s->key) && s->desk == NULL) {
                        s->connection = mem_text(id);
                        s->desk = s->desks[i];
                }
                mem_free(name);
        }
        connection_free(c);
        return found < 0 ? -1 : 0;
}

int partner_by_key(struct home *h, struct org *org, const char *kind, const char *const *desks,
                   const char *key, char **connection, const char **desk, struct fail *why)
{
        struct search s = { h, org, kind, key, desks, NULL, NULL, why };
        int result = 0;

        *connection = NULL;
        *desk = NULL;
        if (org != NULL && !text_empty(key))
                result = connection_each(h, org, look, &s, why);
        if (result < 0) {
                mem_free(s.connection);
                return -1;
        }
        *connection = s.connection;
        *desk = s.desk;
        return s.desk != NULL;
}

/* --- what it offers ------------------------------------------------------------------------ */

struct only {
        struct home *home;
        struct org *org;
        char *id;
        size_t count;
        struct fail *why;
};

static int count_platform(void *context, const char *id)
{
        struct only *o = context;
        struct connection *c = NULL;
        int found = connection_load(o->home, o->org, id, &c, o->why);

        if (found == 1 && c->kind->role == KIND_PLATFORM) {
                o->count++;
                mem_free(o->id);
                o->id = mem_text(id);
        }
        connection_free(c);
        return found < 0 ? -1 : 0;
}

/* 1, 2 it is not set up, -1. */
static int platform_of(struct home *h, struct org *org, const struct connection *c,
                       const char *desk, char **platform, struct fail *why)
{
        struct only only = { h, org, NULL, 0, why };
        char *name = mem_format("%s_platform", desk);
        int result = 1;

        *platform = mem_text(json_get_text(c->settings, name, NULL));
        if (text_empty(*platform)) {
                mem_free(*platform);
                *platform = NULL;
                if (connection_each(h, org, count_platform, &only, why) < 0) {
                        result = -1;
                } else if (only.count != 1) {
                        fail_set(why, FAIL_INPUT,
                                 only.count == 0 ? "there is no assessment platform"
                                                 : "there are several platforms: set %s",
                                 name);
                        result = 2;
                } else {
                        *platform = only.id;
                        only.id = NULL;
                }
                mem_free(only.id);
        }
        mem_free(name);
        return result;
}

int partner_offer(struct home *h, struct org *org, const char *connection, const char *desk,
                  int64_t now_ms, char **platform, json_t **tests, struct fail *why)
{
        struct connection *c = NULL;
        json_t *all = NULL;
        char *name = mem_format("%s_assessments", desk);
        int result = connection_load(h, org, connection, &c, why);

        *platform = NULL;
        *tests = NULL;
        if (result == 1)
                result = platform_of(h, org, c, desk, platform, why);
        if (result == 1)
                result = catalog_read(h, org, *platform, now_ms, &all, why);
        if (result == 1)
                *tests = catalog_select(all, json_object_get(c->settings, name));
        json_decref(all);
        connection_free(c);
        mem_free(name);
        return result;
}

int partner_offer_soon(struct home *h, struct org *org, const char *connection, const char *desk,
                       int64_t now_ms, char **platform, json_t **tests, struct fail *why)
{
        int result = partner_offer(h, org, connection, desk, now_ms, platform, tests, why);

        for (int i = 0; result == 0 && i < SOON_TRIES; i++) {
                mem_free(*platform);
                when_sleep_ms(SOON_MS);
                result = partner_offer(h, org, connection, desk, now_ms, platform, tests, why);
        }
        return result;
}

int partner_prepare(struct home *h, struct org *org, const char *connection, int64_t now_ms,
                    struct fail *why)
{
        struct connection *c = NULL;
        const char *name;
        json_t *value;
        int result = connection_load(h, org, connection, &c, why);

        json_object_foreach(result == 1 ? c->credentials : NULL, name, value)
        {
                char *platform = NULL, *desk;

                if (!text_ends(name, "_key") || text_equal(name, "api_key") || result < 0)
                        continue;
                desk = mem_text_part(name, strlen(name) - 4);
                result = platform_of(h, org, c, desk, &platform, why);
                if (result == 1)
                        result = catalog_order(h, org, platform, now_ms, why);
                mem_free(platform);
                mem_free(desk);
        }
        connection_free(c);
        return result < 0 ? -1 : 0;
}
