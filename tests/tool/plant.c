/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes a home with one org from the apply document of the design, for tests of programs:
 *
 *     plant HOME < document.json
 *
 * prints one line per connection that sends: "<id> <org> <hook> <url>".  A connection may
 * also name its "hook".  It checks nothing; fairlead apply does.
 */
#include <stdio.h>

#include "floor/mem.h"
#include "home/connection.h"
#include "home/home.h"
#include "home/records.h"

static int fail(const char *what, const struct fail *why)
{
        fprintf(stderr, "plant: %s: %s\n", what, why->text);
        return 1;
}

static void put_all(struct home *h, struct org *org, struct batch *b, const json_t *document)
{
        const json_t *list = json_at(document, "connections");
        json_t *self = json_object(), *rules = json_object();

        json_set_text(self, "name", json_get_text(document, "name", org->name));
        json_set_text(self, "public_url", json_get_text(document, "public_url", ""));
        record_put(b, "org", "self", self);
        json_set(rules, "rules",
                 json_at(document, "rules") ? json_incref(json_at(document, "rules"))
                                            : json_array());
        record_put(b, "rules", "all", rules);
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *c = json_array_get(list, i);
                const struct kind *kind = kind_find(json_get_text(c, "kind", ""));

                if (kind != NULL)
                        connection_put(h, org, b, json_get_text(c, "id", ""), kind,
                                       json_at(c, "settings"), json_at(c, "credentials"),
                                       json_get_text(c, "hook", NULL),
                                       json_get_text(document, "public_url", ""),
                                       json_at(c, "webhook.secrets"));
        }
        json_decref(self);
        json_decref(rules);
}

static int say(struct home *h, struct org *org, const json_t *document)
{
        const json_t *list = json_at(document, "connections");

        for (size_t i = 0; i < json_array_size(list); i++) {
                struct connection *c = NULL;
                struct fail why = FAIL_CLEAR;

                if (connection_load(h, org, json_get_text(json_array_get(list, i), "id", ""), &c,
                                    &why) != 1)
                        return fail("connection", &why);
                if (c->hook != NULL)
                        printf("%s %s %s %s\n", c->id, org->name, c->hook, c->hook_url);
                connection_free(c);
        }
        return 0;
}

int main(int argc, char **argv)
{
        struct fail why = FAIL_CLEAR;
        struct buf text = BUF_NONE;
        json_t *document = NULL;
        struct org *org = NULL;
        struct home *h = NULL;
        struct batch *b = batch_new();
        int result = 2, c;
        bool made;

        while ((c = getchar()) != EOF)
                buf_add_char(&text, (char)c);
        document = json_parse(text.data, text.len, true, &why);
        if (argc != 2 || document == NULL)
                fail("usage: plant HOME < document", &why);
        else if (home_create(argv[1], &made, &why) != 0 || home_open(&h, argv[1], &why) != 1)
                result = fail("home", &why);
        else if (home_create_org(h, json_get_text(document, "org", ""), &org, &why) != 0)
                result = fail("org", &why);
        else {
                put_all(h, org, b, document);
                result = store_commit(org->store, b, &why) == 0 ? say(h, org, document)
                                                                : fail("commit", &why);
        }
        batch_free(b);
        home_close(h);
        json_decref(document);
        buf_dispose(&text);
        return result;
}
