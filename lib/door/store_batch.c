/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building a batch.  Nothing is looked up here; what is wrong with a step waits in why. */
#include <string.h>

#include "door/store_private.h"
#include "floor/mem.h"
#include "floor/text.h"

struct batch *batch_new(void)
{
        return mem_alloc(sizeof(struct batch));
}

void batch_free(struct batch *b)
{
        if (b == NULL)
                return;
        mem_free(b->steps);
        mem_free(b->numbers);
        buf_dispose(&b->bytes);
        mem_free(b);
}

bool batch_empty(const struct batch *b)
{
        return b->count == 0;
}

bool store_name_good(const char *name)
{
        size_t len = name == NULL ? 0 : strlen(name);

        return len >= 1 && len <= STORE_NAME_MAX &&
               strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static size_t keep(struct batch *b, const void *data, size_t len)
{
        size_t at = b->bytes.len;

        buf_add(&b->bytes, data, len);
        return at;
}

/* key may be NULL where a step has none.  NULL on what cannot be kept. */
static struct store_step *step(struct batch *b, enum store_step_kind kind, const char *name,
                               const char *key, const void *data, size_t len)
{
        struct store_step *s;
        size_t weight = (key == NULL ? 0 : strlen(key)) + len;

        if (b->why.kind != FAIL_NONE)
                return NULL;
        if (!store_name_good(name))
                fail_set(&b->why, FAIL_INPUT, "not a name for a table, series or set: \"%.40s\"",
                         name == NULL ? "" : name);
        else if (key != NULL && (*key == '\0' || strlen(key) > STORE_KEY_MAX))
                fail_set(&b->why, FAIL_INPUT, "a key of %zu bytes: 1 to %d are allowed",
                         strlen(key), STORE_KEY_MAX);
        else if (len > STORE_VALUE_MAX)
                fail_set(&b->why, FAIL_INPUT, "a value of %zu bytes: at most %d are allowed", len,
                         STORE_VALUE_MAX);
        else if (len > 0 && data == NULL)
                fail_set(&b->why, FAIL_INPUT, "a value of %zu bytes is missing", len);
        else if (b->weight + weight > STORE_BATCH_MAX || b->count == STORE_BATCH_STEPS)
                fail_set(&b->why, FAIL_INPUT, "a batch takes at most %d bytes and %d steps",
                         STORE_BATCH_MAX, STORE_BATCH_STEPS);
        if (b->why.kind != FAIL_NONE)
                return NULL;
        if (b->count == b->room) {
                b->room = b->room ? 2 * b->room : 8;
                b->steps = mem_resize(b->steps, b->room, sizeof *b->steps);
        }
        b->weight += weight;
        s = &b->steps[b->count++];
        memset(s, 0, sizeof *s);
        s->kind = kind;
        s->name = keep(b, name, strlen(name) + 1);
        if (key != NULL)
                s->key = keep(b, key, strlen(key) + 1);
        if (len > 0)
                s->data = keep(b, data, len);
        s->len = len;
        return s;
}

static void with_key(struct batch *b, enum store_step_kind kind, const char *name, const char *key,
                     const void *data, size_t len)
{
        step(b, kind, name, key == NULL ? "" : key, data, len);
}

static void with_number(struct batch *b, enum store_step_kind kind, const char *name,
                        uint64_t number, const void *data, size_t len)
{
        struct store_step *s = step(b, kind, name, NULL, data, len);

        if (s != NULL)
                s->number = number;
}

static void with_which(struct batch *b, enum store_step_kind kind, const char *name,
                       const char *key, unsigned which, const void *data, size_t len)
{
        struct store_step *s;

        if (which >= b->appends) {
                fail_set(&b->why, FAIL_INPUT, "a step names append %u of %u", which, b->appends);
                return;
        }
        s = step(b, kind, name, key, data, len);
        if (s != NULL)
                s->which = which;
}

void batch_put(struct batch *b, const char *table, const char *key, const void *data, size_t len)
{
        with_key(b, STEP_PUT, table, key, data, len);
}

void batch_delete(struct batch *b, const char *table, const char *key)
{
        with_key(b, STEP_DELETE, table, key, NULL, 0);
}

void batch_append(struct batch *b, const char *series, const void *data, size_t len,
                  uint64_t *number)
{
        struct store_step *s = step(b, STEP_APPEND, series, NULL, data, len);

        if (s != NULL) {
                s->which = b->appends++;
                s->tell = number;
        }
}

void batch_series_put(struct batch *b, const char *series, uint64_t number, const void *data,
                      size_t len)
{
        with_number(b, STEP_SERIES_PUT, series, number, data, len);
}

void batch_series_delete(struct batch *b, const char *series, uint64_t number)
{
        with_number(b, STEP_SERIES_DELETE, series, number, NULL, 0);
}

void batch_join(struct batch *b, const char *set, const char *member)
{
        with_key(b, STEP_JOIN, set, member, NULL, 0);
}

void batch_leave(struct batch *b, const char *set, const char *member)
{
        with_key(b, STEP_LEAVE, set, member, NULL, 0);
}

void batch_put_numbered(struct batch *b, const char *table, unsigned which, const void *data,
                        size_t len)
{
        with_which(b, STEP_PUT_NUMBERED, table, NULL, which, data, len);
}

void batch_join_numbered(struct batch *b, const char *set, unsigned which)
{
        with_which(b, STEP_JOIN_NUMBERED, set, NULL, which, NULL, 0);
}

void batch_put_number(struct batch *b, const char *table, const char *key, unsigned which)
{
        with_which(b, STEP_PUT_NUMBER, table, key == NULL ? "" : key, which, NULL, 0);
}

void batch_require_absent(struct batch *b, const char *table, const char *key)
{
        with_key(b, STEP_REQUIRE_ABSENT, table, key, NULL, 0);
}

void batch_require_same(struct batch *b, const char *table, const char *key, const void *data,
                        size_t len)
{
        with_key(b, STEP_REQUIRE_SAME, table, key, data, len);
}

void batch_require_series_same(struct batch *b, const char *series, uint64_t number,
                               const void *data, size_t len)
{
        with_number(b, STEP_REQUIRE_SERIES_SAME, series, number, data, len);
}

void batch_restore(struct batch *b, const struct store_record *record)
{
        int64_t number = 0;

        switch (record->kind) {
        case 't':
                batch_put(b, record->name, record->key, record->data, record->len);
                return;
        case 'm':
                batch_join(b, record->name, record->key);
                return;
        case 's':
                if (text_int(record->key, 1, INT64_MAX, &number) != 0)
                        break;
                with_number(b, STEP_RESTORE_SERIES, record->name, (uint64_t)number, record->data,
                            record->len);
                return;
        case 'c': {
                char *text = mem_text_part(record->data, record->len);
                int bad = text_int(text, 0, INT64_MAX, &number);

                mem_free(text);
                if (bad)
                        break;
                with_number(b, STEP_RESTORE_COUNTER, record->name, (uint64_t)number, NULL, 0);
                return;
        }
        }
        fail_set(&b->why, FAIL_INPUT, "not a record of a store: kind %d", record->kind);
}
