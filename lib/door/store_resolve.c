/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deciding a batch: conditions, numbers of series and places in sets become plain puts and
 * deletes, which is all that the journal ever holds.  Look-ups go through what earlier
 * batches of the same group do, because the index does not have that yet.
 *
 * Keys of the index, by kind: t table, s series, c series counter, m set member -> its place,
 * i set place -> its member, n set count.  Places are 1 to count without holes, so a set is
 * listed without reading anything else.
 */
#include <stdio.h>
#include <string.h>

#include "door/store_private.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

/* The overlay: changes in order of first mention, found by hash. */

void store_overlay_reset(struct store_overlay *o)
{
        o->count = 0;
        buf_reset(&o->bytes);
        if (o->slots != NULL)
                memset(o->slots, 0, o->slot_count * sizeof *o->slots);
}

void store_overlay_dispose(struct store_overlay *o)
{
        mem_free(o->changes);
        mem_free(o->slots);
        buf_dispose(&o->bytes);
        memset(o, 0, sizeof *o);
}

/* The slot where the key is or belongs. */
static size_t slot_of(const struct store_overlay *o, uint32_t hash, const char *key, size_t key_len)
{
        size_t i = hash & (o->slot_count - 1);

        for (; o->slots[i] != 0; i = (i + 1) & (o->slot_count - 1)) {
                const struct store_change *c = &o->changes[o->slots[i] - 1];

                if (c->hash == hash && c->key_len == key_len &&
                    memcmp(o->bytes.data + c->key, key, key_len) == 0)
                        break;
        }
        return i;
}

void store_overlay_at(const struct store_overlay *o, size_t i, struct store_op *op)
{
        const struct store_change *c = &o->changes[i];

        op->put = c->put;
        op->key = o->bytes.data + c->key;
        op->key_len = c->key_len;
        op->data = o->bytes.data + c->data;
        op->len = c->len;
}

int store_overlay_find(const struct store_overlay *o, const char *key, size_t key_len,
                       struct store_op *op)
{
        size_t i;

        if (o->count == 0)
                return 0;
        i = slot_of(o, code_crc32c(0, key, key_len), key, key_len);
        if (o->slots[i] == 0)
                return 0;
        store_overlay_at(o, o->slots[i] - 1, op);
        return 1;
}

static void grow(struct store_overlay *o)
{
        if (o->count == o->room) {
                o->room = o->room ? 2 * o->room : 16;
                o->changes = mem_resize(o->changes, o->room, sizeof *o->changes);
        }
        if (2 * (o->count + 1) <= o->slot_count)
                return;
        o->slot_count = o->slot_count ? 2 * o->slot_count : 64;
        mem_free(o->slots);
        o->slots = mem_array(o->slot_count, sizeof *o->slots);
        for (size_t n = 0; n < o->count; n++) {
                size_t i = o->changes[n].hash & (o->slot_count - 1);

                while (o->slots[i] != 0)
                        i = (i + 1) & (o->slot_count - 1);
                o->slots[i] = (uint32_t)n + 1;
        }
}

void store_overlay_set(struct store_overlay *o, const struct store_op *op)
{
        uint32_t hash = code_crc32c(0, op->key, op->key_len);
        struct store_change *c;
        size_t i;

        grow(o);
        i = slot_of(o, hash, op->key, op->key_len);
        if (o->slots[i] == 0) {
                c = &o->changes[o->count++];
                o->slots[i] = (uint32_t)o->count;
                c->hash = hash;
                c->key = o->bytes.len;
                c->key_len = op->key_len;
                buf_add(&o->bytes, op->key, op->key_len);
        }
        c = &o->changes[o->slots[i] - 1];
        c->put = op->put;
        c->data = o->bytes.len;
        c->len = op->put ? op->len : 0;
        if (c->len > 0)
                buf_add(&o->bytes, op->data, c->len);
}

int store_overlay_add(struct store_overlay *o, const struct store_entry *entry, struct fail *why)
{
        struct store_op op;
        size_t at = 0;
        int more;

        while ((more = store_op_next(entry->ops, entry->len, &at, &op)) > 0)
                store_overlay_set(o, &op);
        return more == 0 ? 0 : fail_set(why, FAIL_BROKEN, "a journal record makes no sense");
}

int store_overlay_apply(const struct store_overlay *o, struct store_index *ix, struct fail *why)
{
        struct buf ops = BUF_NONE;
        struct store_op op;
        int result;

        if (o->count == 0)
                return 0;
        for (size_t i = 0; i < o->count; i++) {
                store_overlay_at(o, i, &op);
                store_op_add(&ops, &op);
        }
        result = store_index_apply(ix, ops.data, ops.len, why);
        buf_dispose(&ops);
        return result;
}

/* One batch at work. */
struct work {
        struct store *s;
        struct batch *b;
        const struct store_overlay *before;
        struct store_overlay *mine;
        struct fail *why;
        char key[STORE_FULL_KEY_MAX + 1];
        size_t key_len;
};

static const char *bytes_at(const struct work *w, size_t at)
{
        return w->b->bytes.data + at;
}

static void name_key(struct work *w, char kind, const char *name, const char *key)
{
        w->key_len = store_key(w->key, kind, name, key);
}

static void name_number(struct work *w, char kind, const char *name, uint64_t number)
{
        w->key_len = store_key_number(w->key, kind, name, number);
}

/* What w->key holds now: 1 found, 0 absent, -1 why. */
static int look(struct work *w, struct buf *value)
{
        struct store_op op;
        uint64_t seen;

        if (value != NULL)
                buf_reset(value);
        if (store_overlay_find(w->mine, w->key, w->key_len, &op) ||
            (w->before != NULL && store_overlay_find(w->before, w->key, w->key_len, &op))) {
                if (op.put && value != NULL)
                        buf_add(value, op.data, op.len);
                return op.put;
        }
        return store_fetch_once(w->s, true, w->key, w->key_len, value, &seen, w->why);
}

static int look_number(struct work *w, uint64_t *number)
{
        struct buf value = BUF_NONE;
        int found = look(w, &value);

        *number = 0;
        if (found > 0 && store_number(&value, number) != 0)
                found = fail_set(w->why, FAIL_BROKEN, "a number in the index is none");
        buf_dispose(&value);
        return found;
}

static void put(struct work *w, const void *data, size_t len)
{
        struct store_op op = { true, w->key, w->key_len, data, len };

        store_overlay_set(w->mine, &op);
}

static void put_number(struct work *w, uint64_t number)
{
        char text[24];

        put(w, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)number));
}

static void delete (struct work *w)
{
        struct store_op op = { false, w->key, w->key_len, NULL, 0 };

        store_overlay_set(w->mine, &op);
}

static int require(struct work *w, const struct store_step *step)
{
        const char *name = bytes_at(w, step->name);
        struct buf value = BUF_NONE;
        bool good;
        int found;

        if (step->kind == STEP_REQUIRE_SERIES_SAME)
                name_number(w, 's', name, step->number);
        else
                name_key(w, 't', name, bytes_at(w, step->key));
        found = look(w, &value);
        if (found < 0)
                return -1;
        if (step->kind == STEP_REQUIRE_ABSENT)
                good = found == 0;
        else
                good =
                    found == 1 && value.len == step->len &&
                    (step->len == 0 || memcmp(value.data, bytes_at(w, step->data), step->len) == 0);
        buf_dispose(&value);
        if (!good)
                return fail_set(w->why, FAIL_CONFLICT, "a record of %s is not what it was", name);
        return 0;
}

static int append(struct work *w, const struct store_step *step)
{
        const char *name = bytes_at(w, step->name);
        uint64_t last;

        name_key(w, 'c', name, "");
        if (look_number(w, &last) < 0)
                return -1;
        put_number(w, ++last);
        name_number(w, 's', name, last);
        put(w, bytes_at(w, step->data), step->len);
        w->b->numbers[step->which] = last;
        return 0;
}

static int change_member(struct work *w, const struct store_step *step)
{
        const char *name = bytes_at(w, step->name);
        int found;

        name_number(w, 's', name, step->number);
        found = look(w, NULL);
        if (found < 0)
                return -1;
        if (found == 0)
                return fail_set(w->why, FAIL_CONFLICT, "%s has no member %llu", name,
                                (unsigned long long)step->number);
        if (step->kind == STEP_SERIES_PUT)
                put(w, bytes_at(w, step->data), step->len);
        else
                delete (w);
        return 0;
}

static int raise_counter(struct work *w, const char *name, uint64_t least)
{
        uint64_t last;

        name_key(w, 'c', name, "");
        if (look_number(w, &last) < 0)
                return -1;
        if (last < least)
                put_number(w, least);
        return 0;
}

static int restore_member(struct work *w, const struct store_step *step)
{
        const char *name = bytes_at(w, step->name);

        name_number(w, 's', name, step->number);
        put(w, bytes_at(w, step->data), step->len);
        return raise_counter(w, name, step->number);
}

static int join(struct work *w, const char *set, const char *member)
{
        uint64_t count;
        int found;

        name_key(w, 'm', set, member);
        found = look(w, NULL);
        if (found != 0)
                return found < 0 ? -1 : 0;
        name_key(w, 'n', set, "");
        if (look_number(w, &count) < 0)
                return -1;
        put_number(w, ++count);
        name_number(w, 'i', set, count);
        put(w, member, strlen(member));
        name_key(w, 'm', set, member);
        put_number(w, count);
        return 0;
}

/* The last member moves to the place that becomes free. */
static int leave(struct work *w, const char *set, const char *member)
{
        struct buf last = BUF_NONE;
        uint64_t place, count;
        int found, result = -1;

        name_key(w, 'm', set, member);
        found = look_number(w, &place);
        if (found <= 0)
                return found;
        delete (w);
        name_key(w, 'n', set, "");
        if (look_number(w, &count) < 0)
                goto out;
        if (place < 1 || place > count) {
                fail_set(w->why, FAIL_BROKEN, "set %s contradicts itself", set);
                goto out;
        }
        put_number(w, count - 1);
        name_number(w, 'i', set, count);
        found = look(w, &last);
        if (found < 0)
                goto out;
        delete (w);
        if (place != count) {
                if (found == 0 || last.len == 0 || last.len > STORE_KEY_MAX) {
                        fail_set(w->why, FAIL_BROKEN, "set %s contradicts itself", set);
                        goto out;
                }
                name_number(w, 'i', set, place);
                put(w, last.data, last.len);
                name_key(w, 'm', set, last.data);
                put_number(w, place);
        }
        result = 0;
out:
        buf_dispose(&last);
        return result;
}

static int take(struct work *w, const struct store_step *step)
{
        const char *name = bytes_at(w, step->name), *key = bytes_at(w, step->key);
        char number[24];

        switch (step->kind) {
        case STEP_PUT:
                name_key(w, 't', name, key);
                put(w, bytes_at(w, step->data), step->len);
                return 0;
        case STEP_DELETE:
                name_key(w, 't', name, key);
                delete (w);
                return 0;
        case STEP_APPEND:
                return append(w, step);
        case STEP_SERIES_PUT:
        case STEP_SERIES_DELETE:
                return change_member(w, step);
        case STEP_JOIN:
                return join(w, name, key);
        case STEP_LEAVE:
                return leave(w, name, key);
        case STEP_PUT_NUMBERED:
                name_number(w, 't', name, w->b->numbers[step->which]);
                put(w, bytes_at(w, step->data), step->len);
                return 0;
        case STEP_JOIN_NUMBERED:
                snprintf(number, sizeof number, "%llu",
                         (unsigned long long)w->b->numbers[step->which]);
                return join(w, name, number);
        case STEP_PUT_NUMBER:
                name_key(w, 't', name, key);
                put_number(w, w->b->numbers[step->which]);
                return 0;
        case STEP_RESTORE_SERIES:
                return restore_member(w, step);
        case STEP_RESTORE_COUNTER:
                return raise_counter(w, name, step->number);
        case STEP_REQUIRE_ABSENT:
        case STEP_REQUIRE_SAME:
        case STEP_REQUIRE_SERIES_SAME:
                break;
        }
        return 0;
}

int store_resolve(struct store *s, struct batch *b, const struct store_overlay *before,
                  struct store_overlay *mine, struct fail *why)
{
        struct work w = { .s = s, .b = b, .before = before, .mine = mine, .why = why };

        store_overlay_reset(mine);
        if (b->why.kind != FAIL_NONE)
                return fail_set(why, b->why.kind, "%s", b->why.text);
        if (b->numbers == NULL && b->appends > 0)
                b->numbers = mem_array(b->appends, sizeof *b->numbers);
        /* All conditions against what is true before the batch, wherever they stand in it. */
        for (size_t i = 0; i < b->count; i++)
                if (b->steps[i].kind >= STEP_REQUIRE_ABSENT &&
                    b->steps[i].kind <= STEP_REQUIRE_SERIES_SAME && require(&w, &b->steps[i]) != 0)
                        return -1;
        for (size_t i = 0; i < b->count; i++)
                if (take(&w, &b->steps[i]) != 0)
                        return -1;
        return 0;
}
