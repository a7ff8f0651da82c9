/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verifying a store: what readers read must be what the clean index and the journal make,
 * record by record, and sets and series must agree with themselves.
 */
#include <string.h>

#include "door/store_private.h"
#include "floor/mem.h"

struct check {
        struct store_snapshot *shot;
        struct store_overlay journal; /* the last word of the journal on each key */
        uint64_t records;
        struct fail *why;
};

static int broken(struct check *c, const char *key, size_t key_len, const char *what)
{
        char name[48] = "";

        for (size_t i = 1; i < key_len && i < sizeof name - 1 && key[i] != '\0'; i++)
                name[i - 1] = key[i];
        return fail_set(c->why, FAIL_BROKEN, "a record of %s %s", name, what);
}

/* Appends what the index has: 1, 0, -1. */
static int number_at(struct check *c, char kind, const char *name, const char *key,
                     struct buf *value)
{
        char full[STORE_FULL_KEY_MAX + 1];

        buf_reset(value);
        return store_index_fetch(&c->shot->current, full, store_key(full, kind, name, key), value,
                                 c->why);
}

/* A member and its place name each other; a member of a series is not above the counter. */
static int agree(struct check *c, const char *key, size_t key_len, const char *data, size_t len)
{
        char text[STORE_FULL_KEY_MAX + 1], *name = text + 1, *rest;
        struct buf there = BUF_NONE, mine = BUF_NONE;
        uint64_t number, limit;
        int result = 0, found;

        if (strchr("smi", key[0]) == NULL)
                return 0;
        memcpy(text, key, key_len);
        text[key_len] = '\0';
        rest = name + strlen(name) + 1;
        if (rest > text + key_len)
                return broken(c, key, key_len, "has half a key");
        buf_add(&mine, data, len);
        if (key[0] == 's') {
                buf_reset(&mine);
                buf_add_text(&mine, rest);
                found = number_at(c, 'c', name, "", &there);
                if (found < 1 || store_number(&mine, &number) != 0 ||
                    store_number(&there, &limit) != 0 || number < 1 || number > limit)
                        result = broken(c, key, key_len, "is beyond the series");
        } else {
                found = number_at(c, key[0] == 'm' ? 'i' : 'm', name, buf_text(&mine), &there);
                if (found < 1 || strcmp(buf_text(&there), rest) != 0)
                        result = broken(c, key, key_len, "and its place in the set disagree");
                else if (number_at(c, 'n', name, "", &there) < 1 ||
                         store_number(&there, &limit) != 0)
                        result = broken(c, key, key_len, "is in a set without a count");
                buf_reset(&mine);
                buf_add_text(&mine, key[0] == 'i' ? rest : "0");
                if (result == 0 && (store_number(&mine, &number) != 0 || number > limit))
                        result = broken(c, key, key_len, "is beyond the set");
        }
        buf_dispose(&mine);
        buf_dispose(&there);
        return result;
}

/* Each record that readers see is the journal's or else the clean index's. */
static int current_record(void *context, const char *key, size_t key_len, const char *data,
                          size_t len)
{
        struct check *c = context;
        struct buf clean = BUF_NONE;
        struct store_op op;
        int found, same;

        c->records++;
        if (key_len < 3 || key_len > STORE_FULL_KEY_MAX || strchr("tscmin", key[0]) == NULL)
                return broken(c, key, key_len, "has a key that is none");
        if (store_overlay_find(&c->journal, key, key_len, &op)) {
                same = op.put && op.len == len && (len == 0 || memcmp(op.data, data, len) == 0);
        } else {
                found = store_index_fetch(&c->shot->clean, key, key_len, &clean, c->why);
                if (found < 0) {
                        buf_dispose(&clean);
                        return -1;
                }
                same =
                    found && clean.len == len && (len == 0 || memcmp(clean.data, data, len) == 0);
                buf_dispose(&clean);
        }
        if (!same)
                return broken(c, key, key_len, "differs from what was committed");
        return agree(c, key, key_len, data, len);
}

static int present(struct check *c, const char *key, size_t key_len)
{
        int found = store_index_fetch(&c->shot->current, key, key_len, NULL, c->why);

        return found == 0 ? broken(c, key, key_len, "is missing") : found < 0 ? -1 : 0;
}

/* Nothing of the clean index that the journal left is missing. */
static int clean_record(void *context, const char *key, size_t key_len, const char *data,
                        size_t len)
{
        struct check *c = context;
        struct store_op op;

        (void)data;
        (void)len;
        if (store_overlay_find(&c->journal, key, key_len, &op))
                return 0;
        return present(c, key, key_len);
}

static int read_journal(struct check *c)
{
        const struct buf *bytes = &c->shot->journal;
        struct store_entry entry;
        struct store_chain chain;
        struct store_op op;
        size_t at = 0, within;
        int more;

        store_chain_start(&chain, c->shot->meta.segment, c->shot->meta.base);
        while (chain.sequence < c->shot->sequence &&
               store_record_next(bytes->data + at, bytes->len - at, &chain, &entry)) {
                within = 0;
                while ((more = store_op_next(entry.ops, entry.len, &within, &op)) == 1)
                        store_overlay_set(&c->journal, &op);
                if (more < 0)
                        return fail_set(c->why, FAIL_BROKEN, "journal record %llu makes no sense",
                                        (unsigned long long)chain.sequence);
                at += entry.size;
        }
        if (chain.sequence < c->shot->sequence)
                return fail_set(c->why, FAIL_BROKEN, "the journal ends at %llu instead of %llu",
                                (unsigned long long)chain.sequence,
                                (unsigned long long)c->shot->sequence);
        return 0;
}

static int check_snapshot(struct check *c)
{
        struct store_op op;

        if (c->shot->meta_damaged)
                return fail_set(c->why, FAIL_BROKEN, "one of the two slots of meta is damaged");
        if (read_journal(c) != 0 ||
            store_index_walk(&c->shot->current, current_record, c, c->why) != 0 ||
            store_index_walk(&c->shot->clean, clean_record, c, c->why) != 0)
                return -1;
        for (size_t i = 0; i < c->journal.count; i++) {
                store_overlay_at(&c->journal, i, &op);
                if (op.put && present(c, op.key, op.key_len) != 0)
                        return -1;
        }
        return 0;
}

int store_check(const char *dir, uint64_t *records, struct fail *why)
{
        struct store_snapshot shot;
        struct fail cause = FAIL_CLEAR;
        struct check c = { .shot = &shot, .why = &cause };
        struct store *s;
        int result = store_open(&s, dir, STORE_OPEN, why);

        if (records != NULL)
                *records = 0;
        if (result == 0)
                return fail_set(why, FAIL_INPUT, "there is no store at %s", dir);
        if (result < 0)
                return -1;
        result = store_snapshot_take(s, &shot, true, &cause);
        if (result == 0) {
                result = check_snapshot(&c);
                store_snapshot_dispose(&shot);
        }
        store_overlay_dispose(&c.journal);
        store_close(s);
        if (records != NULL)
                *records = c.records;
        return result == 0 ? 0 : fail_set(why, cause.kind, "%s: %s", dir, cause.text);
}
