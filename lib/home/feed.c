/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results feed. */
#include "home/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/consumer.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/records.h"

#define CHECK_LENGTH 12 /* hex digits behind the number */
#define CURSOR_MAX 40
#define SCAN_MAX 4000 /* numbers looked at for one page: most may have moved on */

bool feed_wants(const struct session_change *c)
{
        return c->in_review || c->completed || c->corrected || c->not_verified || c->expired ||
               c->declined || c->cancelled || c->integrity;
}

/* Where a session stands: 1 and *number, 0 nowhere, -1. */
static int place_of(struct org *org, const char *key, uint64_t *number, struct fail *why)
{
        struct buf text = BUF_NONE;
        int found = store_get(org->store, "feed-place", key, &text, why);

        *number = found == 1 ? strtoull(buf_text(&text), NULL, 10) : 0;
        buf_dispose(&text);
        return found;
}

int feed_move(struct plan *p, struct org *org, const char *key, bool only, int64_t now_ms,
              struct fail *why)
{
        json_t *row;
        uint64_t before;
        int found = place_of(org, key, &before, why);

        if (found < 0 || (found == 1 && only))
                return found < 0 ? -1 : 0;
        if (found == 1)
                batch_series_delete(p->batch, "feed", before);
        row = json_object();
        json_set_text(row, "session", key);
        json_set_int(row, "at_ms", now_ms);
        plan_append(p, "feed", row, NULL);
        batch_put_number(p->batch, "feed-place", key, p->appended - 1);
        json_decref(row);
        return 0;
}

int feed_erased(struct plan *p, struct org *org, const char *key, int64_t now_ms, struct fail *why)
{
        uint64_t before;
        int found = place_of(org, key, &before, why);

        return found == 1 ? feed_move(p, org, key, false, now_ms, why) : found;
}

/* Keyed, so that a typo or somebody else's cursor is no place in ours. */
static void check_of(struct home *h, const char *org, uint64_t number, char check[CHECK_LENGTH + 1])
{
        unsigned char key[SECRET_KEY_SIZE];
        struct buf hex = BUF_NONE;
        char text[24];

        snprintf(text, sizeof text, "%" PRIu64, number);
        secret_derive(home_root(h), "feed-cursor", org, key);
        secret_hmac_hex(key, sizeof key, text, strlen(text), &hex);
        memcpy(check, buf_text(&hex), CHECK_LENGTH);
        check[CHECK_LENGTH] = '\0';
        buf_dispose(&hex);
        mem_wipe(key, sizeof key);
}

char *feed_cursor(struct home *h, const char *org, uint64_t number)
{
        char check[CHECK_LENGTH + 1];

        check_of(h, org, number, check);
        return mem_format("%" PRIu64 "-%s", number, check);
}

int feed_cursor_read(struct home *h, const char *org, const char *text, uint64_t *number)
{
        char check[CHECK_LENGTH + 1], digits[CURSOR_MAX];
        const char *dash = strchr(text, '-');
        int64_t value;

        *number = 0;
        if (dash == NULL || strlen(text) >= CURSOR_MAX || strlen(dash + 1) != CHECK_LENGTH)
                return -1;
        memcpy(digits, text, (size_t)(dash - text));
        digits[dash - text] = '\0';
        if (text_int(digits, 0, INT64_MAX, &value) != 0)
                return -1;
        check_of(h, org, (uint64_t)value, check);
        if (!secret_equal(check, dash + 1, CHECK_LENGTH))
                return -1;
        *number = (uint64_t)value;
        return 0;
}

/* The session as readers see it: 1, 0 absent, -1. */
static int show(struct home *h, struct org *org, const char *key, json_t **result,
                enum session_state *state, struct fail *why)
{
        char *platform = dossier_connection(key), *report = NULL;
        json_t *record = NULL, *connection = NULL;
        struct session session;
        int found = dossier_session(h, org, key, &record, &session, why);

        if (found == 1) {
                struct consumer_names names = {
                        .org = org->name,
                        .platform = platform,
                        .session = key,
                        .application = json_get_text(record, "application", NULL),
                };

                if (record_get(org, "connection", platform, &connection, why) < 0) {
                        found = -1;
                } else {
                        report = dossier_report_link(h, org, key);
                        names.platform_kind = json_get_text(connection, "kind", NULL);
                        names.report = report;
                        *state = session.state;
                        *result = consumer_result(&session, &names);
                        json_object_del(*result, "result_url");
                }
                session_dispose(&session);
        }
        json_decref(connection);
        json_decref(record);
        mem_free(report);
        mem_free(platform);
        return found;
}

static int add_row(struct home *h, struct org *org, uint64_t number, const json_t *row,
                   json_t *list, struct fail *why)
{
        enum session_state state;
        struct buf at = BUF_NONE;
        json_t *result = NULL;
        char *cursor;
        int found = show(h, org, json_get_text(row, "session", "-"), &result, &state, why);

        if (found == 1) {
                cursor = feed_cursor(h, org->name, number);
                when_iso(&at, json_get_int(row, "at_ms", 0));
                json_set_text(result, "changed_at", buf_text(&at));
                json_set_text(result, "cursor", cursor);
                json_add(list, result);
                mem_free(cursor);
                buf_dispose(&at);
        }
        return found < 0 ? -1 : 0;
}

enum feed_answer feed_page(struct home *h, struct org *org, const char *after, unsigned limit,
                           json_t **page, struct fail *why)
{
        uint64_t at = 0, last, end;
        json_t *list = json_array();
        char *cursor;
        int result = 0;

        *page = NULL;
        if (!text_empty(after) && feed_cursor_read(h, org->name, after, &at) != 0) {
                json_decref(list);
                return FEED_CURSOR;
        }
        if (store_series_last(org->store, "feed", &last, why) != 0)
                result = -1;
        end = last - at > SCAN_MAX ? at + SCAN_MAX : last;
        if (result == 0 && at > last) {
                json_decref(list);
                return FEED_AHEAD;
        }
        while (result == 0 && at < end && json_array_size(list) < limit) {
                json_t *row = NULL;
                int found = record_series_get(org, "feed", at + 1, &row, why);

                result = found == 1 ? add_row(h, org, at + 1, row, list, why) : found;
                json_decref(row);
                at++;
        }
        if (result != 0) {
                json_decref(list);
                return FEED_BROKEN;
        }
        *page = json_object();
        cursor = feed_cursor(h, org->name, at);
        json_set(*page, "results", list);
        json_set_text(*page, "cursor", cursor);
        json_set_bool(*page, "has_more", at < last);
        mem_free(cursor);
        return FEED_DONE;
}

int feed_result(struct home *h, struct org *org, const char *key, json_t **result, struct fail *why)
{
        enum session_state state = SESSION_UNKNOWN;
        int found;

        *result = NULL;
        if (strlen(key) >= STORE_KEY_MAX)
                return 0;
        found = show(h, org, key, result, &state, why);
        if (found == 1 && state == SESSION_ERASED) {
                json_decref(*result);
                *result = NULL;
                found = 2;
        }
        return found;
}
