/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Webhooks that Fairlead makes at the vendor itself. */
#include "home/vendor_hook.h"

#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/apply.h"
#include "home/connection.h"
#include "home/records.h"

#define SECRET_LEN 40 /* letters of one that we make: 200 bits */
#define SECRETS_KEPT 8

static bool holds(const json_t *list, const char *text)
{
        for (size_t i = 0; i < json_array_size(list); i++)
                if (text_equal(json_text_of(json_array_get(list, i), NULL), text))
                        return true;
        return false;
}

/* Those that were made, newest first, then those that were there. */
static json_t *all_secrets(const struct connection *c, const json_t *made, bool *more)
{
        json_t *list = json_array();

        for (size_t i = 0; i < c->secret_count; i++)
                json_add(list, json_new_text(c->secrets[i].text, c->secrets[i].len));
        for (size_t i = 0; i < json_array_size(made); i++)
                if (!holds(list, json_text_of(json_array_get(made, i), ""))) {
                        json_array_insert(list, 0, json_array_get(made, i));
                        *more = true;
                }
        while (json_array_size(list) > SECRETS_KEPT)
                json_array_remove(list, json_array_size(list) - 1);
        return list;
}

static void put_connection(struct home *h, struct org *org, struct batch *b,
                           const struct connection *c, const json_t *secrets)
{
        char *end = strstr(c->hook_url, "/webhook/"),
             *base = mem_text_part(c->hook_url, (size_t)(end - c->hook_url));

        connection_put(h, org, b, c->id, c->kind, c->settings, c->credentials, c->hook, base,
                       secrets);
        mem_free(base);
}

/* Ids and secrets go into the store together: 1 something is new, 0 not, -1. */
static int keep(const struct trade *trade, struct org *org, const struct connection *c,
                const json_t *read, const json_t *made, struct fail *why)
{
        const json_t *ids = json_object_get(made, "ids");
        json_t *record = json_object(), *secrets;
        struct batch *b = batch_new();
        bool more = false, same;
        int result = 0;

        secrets = all_secrets(c, json_object_get(made, "secrets"), &more);
        json_set(record, "ids", json_is_array(ids) ? json_deep_copy(ids) : json_array());
        json_set_text(record, "url", c->hook_url);
        same = json_equal(json_object_get(read, "ids"), json_object_get(record, "ids")) &&
               text_equal(json_get_text(read, "url", NULL), c->hook_url);
        if (more)
                put_connection(trade->home, org, b, c, secrets);
        if (!same && json_array_size(json_object_get(record, "ids")) > 0) {
                json_set_int(record, "at_ms", trade_now(trade));
                record_put(b, "vendor-hook", c->id, record);
        }
        if (!batch_empty(b))
                result = store_commit(org->store, b, why) == 0 ? 1 : -1;
        batch_free(b);
        apply_forget(secrets);
        json_decref(record);
        return result;
}

static void say(json_t *answer, const json_t *ok, const char *sentence)
{
        json_set(answer, "ok", json_incref((json_t *)(uintptr_t)ok));
        json_set_text(answer, "sentence", sentence);
}

/* The vendor is asked; what came of it is kept whatever came of it. */
static int make(const struct trade *trade, struct org *org, struct desk *desk, json_t *answer,
                struct fail *why)
{
        struct connection *c = desk->connection;
        struct outcome outcome = OUTCOME_NONE;
        json_t *read = NULL, *made = NULL;
        char *secret =
            c->secret_count > 0 ? mem_text(c->secrets[0].text) : secret_token(SECRET_LEN);
        int found = record_get(org, "vendor-hook", c->id, &read, why), result = -1, done;

        if (found < 0)
                goto out;
        done = desk->kind->ats->create_webhook(
            &desk->link, c->hook_url, secret,
            text_equal(json_get_text(read, "url", NULL), c->hook_url) ? json_object_get(read, "ids")
                                                                      : NULL,
            &made, &outcome);
        result = keep(trade, org, c, read, made, why);
        if (result < 0)
                goto out;
        json_set_bool(answer, "changed", result == 1);
        json_set(answer, "webhooks",
                 json_is_array(json_object_get(made, "ids"))
                     ? json_deep_copy(json_object_get(made, "ids"))
                     : json_array());
        say(answer, done == 0 ? json_true() : json_false(),
            done != 0     ? outcome.sentence
            : result == 1 ? "The webhooks were made, and their secrets are kept here."
                          : "The webhooks stand as they were made.");
        result = 0;
out:
        mem_free_secret(secret);
        apply_forget(made);
        json_decref(read);
        return result;
}

int vendor_hook_create(const struct trade *trade, struct org *org, const char *connection,
                       json_t **answer, struct fail *why)
{
        struct desk desk;
        int found = desk_open(&desk, trade, org, connection, why), result = 1;

        *answer = NULL;
        if (found != 1)
                return found;
        *answer = json_object();
        json_set_bool(*answer, "changed", false);
        json_set(*answer, "webhooks", json_array());
        if (desk.kind->ats == NULL || desk.kind->ats->create_webhook == NULL ||
            desk.connection->hook_url == NULL)
                say(*answer, json_false(),
                    "This vendor lets nobody make webhooks through its API. Paste the webhook URL "
                    "there by hand.");
        else if (make(trade, org, &desk, *answer, why) != 0)
                result = -1;
        desk_close(&desk);
        if (result < 0) {
                json_decref(*answer);
                *answer = NULL;
        }
        return result;
}
