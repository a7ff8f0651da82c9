/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers a handle has given before, for as long as nothing changed under the same name.
 *
 * A look-up costs two system calls for the lock and a search in the file.  The live page counts
 * the changes of each table, series and set (several names may share a counter).  A writer
 * raises the counter while he holds the index lock alone, before anybody hears that the commit
 * is done; an answer is kept with the counter as it stood under a share of that lock.  So who
 * finds the counter unchanged gives what a look-up at that moment would have given, and any
 * commit acknowledged before he looked has been seen.  A writer who dies leaves the mark, and
 * whoever mends the store raises all counters.
 */
#include <string.h>

#include "door/store_private.h"
#include "floor/code.h"
#include "floor/mem.h"

_Static_assert(sizeof(struct store_live) <= STORE_LIVE_SIZE, "the live page is one page");

/* One counter per name, whatever the kind: the members of a set and their number change
 * together. */
static _Atomic uint64_t *counter(struct store_live *live, const char *key)
{
        return &live->changed[code_crc32c(0, key + 1, strlen(key + 1)) % STORE_COUNTERS];
}

void store_cache_changed(struct store_live *live, const void *ops, size_t len)
{
        struct store_op op;
        size_t at = 0;

        /* Keys hold a NUL behind the name; damage without one never comes so far, as its
         * record's checksum is wrong, but a reader of bytes takes nothing for granted. */
        while (store_op_next(ops, len, &at, &op) > 0)
                if (op.key_len > 1 && memchr(op.key, '\0', op.key_len) != NULL)
                        ++*counter(live, op.key);
}

void store_cache_changed_all(struct store_live *live)
{
        for (size_t i = 0; i < STORE_COUNTERS; i++)
                ++live->changed[i];
}

uint64_t store_cache_stand(struct store *s, const char *key)
{
        return *counter(s->live, key);
}

static struct store_kept *slot(struct store *s, const char *key, size_t key_len)
{
        return &s->kept_answers[code_crc32c(0, key, key_len) % STORE_KEPT];
}

int store_cache_look(struct store *s, const char *key, size_t key_len, struct buf *value)
{
        struct store_kept *k = slot(s, key, key_len);
        int found = -1;

        pthread_mutex_lock(&s->keeping_answers);
        if (k->key_len == key_len && memcmp(k->bytes.data, key, key_len) == 0 &&
            k->stand == store_cache_stand(s, key) && !s->live->mark) {
                found = k->found;
                if (found == 1 && value != NULL)
                        buf_add(value, k->bytes.data + key_len, k->bytes.len - key_len);
        }
        pthread_mutex_unlock(&s->keeping_answers);
        return found;
}

void store_cache_keep(struct store *s, const char *key, size_t key_len, uint64_t stand, int found,
                      const struct buf *value)
{
        struct store_kept *k = slot(s, key, key_len);

        if (found == 1 && value->len > STORE_KEPT_MOST)
                return;
        pthread_mutex_lock(&s->keeping_answers);
        buf_reset(&k->bytes);
        buf_add(&k->bytes, key, key_len);
        if (found == 1)
                buf_add(&k->bytes, value->data, value->len);
        k->key_len = key_len;
        k->stand = stand;
        k->found = found;
        pthread_mutex_unlock(&s->keeping_answers);
}

void store_cache_dispose(struct store *s)
{
        for (size_t i = 0; i < STORE_KEPT; i++)
                buf_dispose(&s->kept_answers[i].bytes);
}
