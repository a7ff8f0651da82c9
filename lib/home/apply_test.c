/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tries one connection: its API with its credentials, and what is known of its webhooks. */
#include "bridge/outcome.h"
#include "floor/buf.h"
#include "floor/when.h"
#include "home/apply.h"
#include "home/connection.h"
#include "home/consumer.h"
#include "home/records.h"
#include "home/trade.h"

/* Does what the other side sends reach us, as far as was seen?  1 it is refused, 0, -1. */
static int add_webhook_check(struct org *org, const char *connection, json_t *checks,
                             struct fail *why)
{
        struct buf sentence = BUF_NONE;
        json_t *health = NULL, *record = NULL, *row;
        int64_t last, at;
        bool refused;

        if (record_get(org, "health", connection, &health, why) < 0 ||
            record_get(org, "connection", connection, &record, why) < 0) {
                json_decref(health);
                return -1;
        }
        last = json_get_int(health, "last_verified_ms", 0);
        at = json_get_int(health, "last_refused.at_ms", 0);
        /* What was refused before a change says nothing about what is now. */
        refused = at > last && at > json_get_int(record, "changed_ms", 0);
        if (refused) {
                buf_format(&sentence, "The last delivery was refused: %s",
                           json_get_text(health, "last_refused.reason", ""));
        } else if (last > 0) {
                buf_add_text(&sentence, "The last good delivery came on ");
                when_people(&sentence, last);
                buf_add_char(&sentence, '.');
        } else {
                buf_add_text(&sentence, "Nothing has come yet; this cannot be tried from here.");
        }
        row = json_object();
        json_set_text(row, "what", "webhook");
        json_set_bool(row, "ok", !refused);
        if (!refused && last == 0)
                json_set_bool(row, "tried", false);
        json_set_text(row, "sentence", buf_text(&sentence));
        json_add(checks, row);
        buf_dispose(&sentence);
        json_decref(record);
        json_decref(health);
        return refused ? 1 : 0;
}

int apply_test(struct home *h, struct org *org, const char *connection,
               const struct apply_options *options, json_t **answer, struct fail *why)
{
        struct connection *c = NULL;
        struct outcome outcome = OUTCOME_NONE;
        struct link link;
        json_t *report = NULL, *hooks = NULL;
        int found = connection_load(h, org, connection, &c, why), result, refused;

        if (found <= 0)
                return found < 0
                           ? -1
                           : fail_set(why, FAIL_INPUT, "there is no connection %.40s", connection);
        *answer = json_object();
        if (c->kind->role == KIND_CONSUMER) {
                const struct trade trade = { .home = h, .scale = options->scale };

                connection_free(c);
                json_decref(*answer);
                return consumer_try(&trade, org, connection, true, answer, why) == 1 ? 0 : -1;
        }
        if ((c->kind->ats == NULL || c->kind->ats->test == NULL) &&
            (c->kind->platform == NULL || c->kind->platform->test == NULL)) {
                json_set(*answer, "ok", json_null());
                json_set_text(*answer, "sentence", "This kind of connection cannot be tried yet.");
                json_set(*answer, "checks", json_array());
                connection_free(c);
                return 0;
        }
        connection_link(h, org, c, &link);
        if (trade_uses(org, connection, &link.uses, why) != 0 ||
            record_get(org, "vendor-hook", connection, &hooks, why) < 0) {
                json_decref(*answer);
                connection_free(c);
                return -1;
        }
        link.hooks = json_object_get(hooks, "ids");
        link.data_dir = options->data_dir;
        link.scale = options->scale > 0 ? options->scale : 1;
        result = c->kind->ats != NULL ? c->kind->ats->test(&link, &report, &outcome)
                                      : c->kind->platform->test(&link, &report, &outcome);
        json_decref(hooks);
        if (report == NULL)
                report = json_array();
        json_set(*answer, "checks", report);
        refused = c->kind->sender != NULL ? add_webhook_check(org, connection, report, why) : 0;
        json_set_bool(*answer, "ok", result == 0 && refused == 0);
        json_set_text(*answer, "sentence",
                      result != 0 ? outcome.sentence
                      : refused > 0
                          ? "The API works, and webhooks are refused: compare the webhook "
                            "secret at the vendor with the one in Fairlead."
                          : "The connection works.");
        connection_free(c);
        if (refused < 0) {
                json_decref(*answer);
                *answer = NULL;
                return -1;
        }
        return 0;
}
