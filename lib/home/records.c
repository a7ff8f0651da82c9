/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of one org. */
#include "home/records.h"

#include "door/secret.h"
#include "floor/mem.h"
#include "home/inside.h"

#define RECORD_VERSION 1

/* What store_get() gave, as a value.  Everything we store is an object, so anything else is
 * damage; a version above ours was written by a newer release. */
static int parse(int found, struct buf *raw, const char *where, const char *key, json_t **value,
                 struct fail *why)
{
        struct fail cause = FAIL_CLEAR;

        *value = NULL;
        if (found == 1) {
                *value = json_parse(raw->data, raw->len, true, &cause);
                if (!json_is_object(*value) || json_get_int(*value, "v", 0) < 1) {
                        found = fail_set(why, FAIL_BROKEN, "record %s/%s is not ours: %s", where,
                                         key, cause.text);
                } else if (json_get_int(*value, "v", 0) > RECORD_VERSION) {
                        found = fail_set(why, FAIL_BROKEN,
                                         "record %s/%s was written by a newer release", where, key);
                }
        }
        if (found != 1) {
                json_decref(*value);
                *value = NULL;
        }
        buf_dispose(raw);
        return found;
}

int record_get_sized(struct org *org, const char *table, const char *key, json_t **value,
                     size_t *len, struct fail *why)
{
        struct buf raw = BUF_NONE;
        int found = store_get(org->store, table, key, &raw, why);

        *len = raw.len;
        return parse(found, &raw, table, key, value, why);
}

int record_get(struct org *org, const char *table, const char *key, json_t **value,
               struct fail *why)
{
        size_t len;

        return record_get_sized(org, table, key, value, &len, why);
}

int record_series_get(struct org *org, const char *series, uint64_t number, json_t **value,
                      struct fail *why)
{
        struct buf raw = BUF_NONE;
        char *key = mem_format("%llu", (unsigned long long)number);
        int found;

        found = parse(store_series_get(org->store, series, number, &raw, why), &raw, series, key,
                      value, why);
        mem_free(key);
        return found;
}

static void write(json_t *value, struct buf *text)
{
        json_set_int(value, "v", RECORD_VERSION);
        json_write(value, text);
}

void record_put(struct batch *b, const char *table, const char *key, json_t *value)
{
        struct buf text = BUF_NONE;

        write(value, &text);
        batch_put(b, table, key, text.data, text.len);
        buf_dispose(&text);
}

void record_series_put(struct batch *b, const char *series, uint64_t number, json_t *value)
{
        struct buf text = BUF_NONE;

        write(value, &text);
        batch_series_put(b, series, number, text.data, text.len);
        buf_dispose(&text);
}

void record_append(struct batch *b, const char *series, json_t *value, uint64_t *number)
{
        struct buf text = BUF_NONE;

        write(value, &text);
        batch_append(b, series, text.data, text.len, number);
        buf_dispose(&text);
}

char *record_digest(const char *a, const char *b)
{
        struct buf text = BUF_NONE, digest = BUF_NONE;

        buf_add_text(&text, a);
        if (b != NULL) {
                buf_add_char(&text, '\0'); /* so that "ab","c" is not "a","bc" */
                buf_add_text(&text, b);
        }
        secret_sha256_hex(text.data, text.len, &digest);
        buf_dispose_secret(&text);
        return buf_take(&digest);
}
