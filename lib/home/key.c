/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Issued keys: shown once, kept as digests. */
#include "home/key.h"

#include <stdlib.h>
#include <string.h>

#include "floor/buf.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/records.h"

#define ID_LEN 8
#define RANDOM_LEN 32
#define CHECK_LEN 6
#define MARK_LEN 8 /* "fl_live_" */
#define KEY_LEN (MARK_LEN + ID_LEN + RANDOM_LEN + CHECK_LEN)

const struct key_scope key_scopes[] = {
        { "interviews:write", "Make, move and cancel interview links" },
        { "interviews:read", "See interview links" },
        { "status:read", "See connections, events and actions of the organisation" },
        { "actions:write", "Retry parked actions and replay events" },
        { "results:read", "Read results of assessments" },
        { NULL, NULL },
};

/* Six letters from the checksum of all that stands before them. */
static void spell_check(const char *text, size_t len, char check[CHECK_LEN + 1])
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
        uint32_t crc = code_crc32c(0, text, len);

        for (int i = 0; i < CHECK_LEN; i++) {
                check[i] = letters[crc & 31];
                crc >>= 5;
        }
        check[CHECK_LEN] = '\0';
}

static bool well_spelled(const char *shown)
{
        char check[CHECK_LEN + 1];

        if (strlen(shown) != KEY_LEN ||
            (!text_starts(shown, "fl_live_") && !text_starts(shown, "fl_test_")))
                return false;
        spell_check(shown, KEY_LEN - CHECK_LEN, check);
        return memcmp(shown + KEY_LEN - CHECK_LEN, check, CHECK_LEN) == 0;
}

static const struct key_scope *find_scope(const char *name)
{
        for (const struct key_scope *s = key_scopes; s->name != NULL; s++) {
                if (text_equal(s->name, name))
                        return s;
        }
        return NULL;
}

static int check_order(const struct key_order *order, struct fail *why)
{
        size_t i;
        json_t *scope;

        if (text_empty(order->label) || strlen(order->label) > 80 ||
            !text_utf8_valid(order->label, strlen(order->label)))
                return fail_set(why, FAIL_INPUT, "a key needs a label of 1 to 80 bytes");
        if (json_array_size(order->scopes) == 0)
                return fail_set(why, FAIL_INPUT, "a key needs at least one scope");
        json_array_foreach(order->scopes, i, scope)
        {
                if (find_scope(json_text_of(scope, "")) == NULL)
                        return fail_set(why, FAIL_INPUT, "no scope is called %.60s",
                                        json_text_of(scope, "(not a text)"));
        }
        if (order->expires_ms != 0 && order->expires_ms <= when_now_ms())
                return fail_set(why, FAIL_INPUT, "the expiry has passed already");
        return 0;
}

int key_issue(struct org *org, const struct key_order *order, char **text, char **id,
              struct fail *why)
{
        char check[CHECK_LEN + 1], *name, *random;
        struct buf key = BUF_NONE, digest = BUF_NONE;
        struct batch *b;
        json_t *record;
        int result;

        if (check_order(order, why) != 0)
                return -1;
        name = secret_token(ID_LEN);
        random = secret_token(RANDOM_LEN);
        buf_format(&key, "fl_%s_%s%s", order->test ? "test" : "live", name, random);
        spell_check(key.data, key.len, check);
        buf_add_text(&key, check);
        secret_sha256_hex(key.data, key.len, &digest);

        record = json_object();
        json_set_text(record, "digest", buf_text(&digest));
        json_set_text(record, "label", order->label);
        json_set(record, "scopes", json_deep_copy(order->scopes));
        json_set_text(record, "mark", order->test ? "fl_test_" : "fl_live_");
        json_set_int(record, "created_ms", when_now_ms());
        json_set_int(record, "expires_ms", order->expires_ms);
        b = batch_new();
        batch_require_absent(b, "key", name);
        record_put(b, "key", name, record);
        batch_join(b, "keys", name);
        result = store_commit(org->store, b, why);
        batch_free(b);
        json_decref(record);
        mem_free_secret(random);
        buf_dispose(&digest);
        if (result != 0) {
                buf_dispose_secret(&key);
                mem_free(name);
                return -1;
        }
        *text = buf_take(&key);
        *id = name;
        return 0;
}

static const char *state_of(const json_t *record)
{
        int64_t expires = json_get_int(record, "expires_ms", 0);

        if (json_get_int(record, "revoked_ms", 0) != 0)
                return "revoked";
        return expires != 0 && expires <= when_now_ms() ? "expired" : "live";
}

struct listing {
        struct org *org;
        json_t *list;
        struct fail *why;
};

static int list_one(void *context, const char *id)
{
        struct listing *l = context;
        json_t *record, *row;
        char *starts;
        int found = record_get(l->org, "key", id, &record, l->why);

        if (found <= 0)
                return found;
        row = json_object();
        starts = mem_format("%s%s", json_get_text(record, "mark", ""), id);
        json_set_text(row, "id", id);
        json_set_text(row, "label", json_get_text(record, "label", ""));
        json_set(row, "scopes", json_deep_copy(json_at(record, "scopes")));
        json_set_text(row, "state", state_of(record));
        json_set_int(row, "created_ms", json_get_int(record, "created_ms", 0));
        json_set_int(row, "expires_ms", json_get_int(record, "expires_ms", 0));
        json_set_int(row, "revoked_ms", json_get_int(record, "revoked_ms", 0));
        json_set_text(row, "starts", starts);
        json_add(l->list, row);
        mem_free(starts);
        json_decref(record);
        return 0;
}

static int by_age(const void *a, const void *b)
{
        int64_t x = json_get_int(*(json_t *const *)a, "created_ms", 0);
        int64_t y = json_get_int(*(json_t *const *)b, "created_ms", 0);

        return (x > y) - (x < y);
}

int key_list(struct org *org, json_t **list, struct fail *why)
{
        struct listing l = { org, json_array(), why };
        size_t count;
        json_t **rows;

        if (store_set_list(org->store, "keys", list_one, &l, why) != 0) {
                json_decref(l.list);
                return -1;
        }
        count = json_array_size(l.list);
        rows = mem_array(count, sizeof *rows);
        for (size_t i = 0; i < count; i++)
                rows[i] = json_incref(json_array_get(l.list, i));
        qsort(rows, count, sizeof *rows, by_age);
        json_array_clear(l.list);
        for (size_t i = 0; i < count; i++)
                json_add(l.list, rows[i]);
        mem_free(rows);
        *list = l.list;
        return 0;
}

int key_revoke(struct org *org, const char *id, struct fail *why)
{
        struct buf seen = BUF_NONE;
        struct batch *b = NULL;
        json_t *record = NULL;
        int result;

        if (strlen(id) != ID_LEN)
                return 0;
again:
        result = store_get(org->store, "key", id, &seen, why);
        if (result <= 0)
                goto out;
        record = json_parse(seen.data, seen.len, false, why);
        if (record == NULL) {
                result = -1;
                goto out;
        }
        if (json_get_int(record, "revoked_ms", 0) != 0) {
                result = 2;
                goto out;
        }
        json_set_int(record, "revoked_ms", when_now_ms());
        b = batch_new();
        batch_require_same(b, "key", id, seen.data, seen.len);
        record_put(b, "key", id, record);
        if (store_commit(org->store, b, why) != 0) {
                result = -1;
                if (why->kind == FAIL_CONFLICT) {
                        fail_clear(why);
                        batch_free(b);
                        json_decref(record);
                        b = NULL;
                        record = NULL;
                        goto again;
                }
        }
out:
        batch_free(b);
        json_decref(record);
        buf_dispose(&seen);
        return result;
}

static bool has_scope(const json_t *record, const char *scope)
{
        size_t i;
        json_t *one;

        json_array_foreach(json_at(record, "scopes"), i, one)
        {
                if (text_equal(json_text_of(one, NULL), scope))
                        return true;
        }
        return false;
}

enum key_answer key_check(struct home *h, struct org *org, const char *shown, const char *scope,
                          char id[9], struct fail *why)
{
        struct store *store = org != NULL ? org->store : home_nobody(h, why);
        struct buf digest = BUF_NONE, value = BUF_NONE;
        enum key_answer answer = KEY_UNKNOWN;
        char name[ID_LEN + 1] = "";
        json_t *record = NULL;
        int found;

        if (text_empty(shown))
                return KEY_MISSING;
        if (!well_spelled(shown))
                return KEY_MISTYPED;
        if (store == NULL)
                return KEY_BROKEN;
        memcpy(name, shown + MARK_LEN, ID_LEN);
        secret_sha256_hex(shown, strlen(shown), &digest);
        found = store_get(store, "key", name, &value, why);
        if (found < 0) {
                answer = KEY_BROKEN;
        } else if (found > 0) {
                record = json_parse(value.data, value.len, false, why);
                if (record == NULL)
                        answer = KEY_BROKEN;
                else if (secret_equal_text(buf_text(&digest),
                                           json_get_text(record, "digest", "")) &&
                         text_equal(state_of(record), "live"))
                        answer = has_scope(record, scope) ? KEY_PASS : KEY_SCOPE;
        }
        if (id != NULL)
                memcpy(id, name, sizeof name);
        json_decref(record);
        buf_dispose(&value);
        buf_dispose(&digest);
        return answer;
}

const char *key_sentence(enum key_answer answer)
{
        switch (answer) {
        case KEY_PASS:
                return "The key may do this.";
        case KEY_MISSING:
                return "Show a key: Authorization: Bearer fl_...";
        case KEY_MISTYPED:
                return "This is not the text of a key; it was cut off or mistyped.";
        case KEY_UNKNOWN:
                return "This key is unknown here, has expired or was revoked.";
        case KEY_SCOPE:
                return "This key may not do that; issue one with the scope it needs.";
        case KEY_BROKEN:
                break;
        }
        return "The key could not be looked up.";
}
