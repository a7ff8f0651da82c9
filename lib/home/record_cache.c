/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records that are read with each request and change once a month, parsed and kept.  One is
 * good while the store says that nothing of its table changed (store_stamp).
 *
 * The cache is small and of fixed size: the record that was not asked for the longest makes room.
 */
#include <string.h>

#include "floor/mem.h"
#include "home/inside.h"
#include "home/records.h"

#define KEPT 16          /* of one org */
#define KEY_KEPT 80      /* bytes of a key, with its end */
#define RECORD_KEPT 8192 /* bytes of a record; larger ones are read each time */

struct record_cache {
        struct kept {
                char table[32], key[KEY_KEPT];
                uint64_t stamp, used;
                json_t *value;
        } kept[KEPT];
        uint64_t turn;
};

/* With the org's lock held. */
static struct kept *look(struct record_cache *cache, const char *table, const char *key)
{
        for (size_t i = 0; cache != NULL && i < KEPT; i++)
                if (cache->kept[i].value != NULL && strcmp(cache->kept[i].key, key) == 0 &&
                    strcmp(cache->kept[i].table, table) == 0)
                        return &cache->kept[i];
        return NULL;
}

json_t *record_cache_find(struct org *org, const char *table, const char *key, uint64_t stamp)
{
        struct org_private *private = org->private;
        json_t *value = NULL;
        struct kept *k;

        if (stamp == 0 || private == NULL) /* one in passing, such as the worker's while it loads */
                return NULL;
        pthread_mutex_lock(&private->lock);
        k = look(private->records, table, key);
        if (k != NULL && k->stamp == stamp) {
                k->used = ++private->records->turn;
                value = json_incref(k->value);
        }
        pthread_mutex_unlock(&private->lock);
        return value;
}

void record_cache_keep(struct org *org, const char *table, const char *key, uint64_t stamp,
                       json_t *value)
{
        struct org_private *private = org->private;
        struct record_cache *cache;
        struct kept *k;

        if (stamp == 0 || private == NULL || strlen(table) >= sizeof k->table ||
            strlen(key) >= sizeof k->key)
                return;
        pthread_mutex_lock(&private->lock);
        if (private->records == NULL)
        private->records = mem_alloc(sizeof *private->records);
        cache = private->records;
        k = look(cache, table, key);
        if (k == NULL) {
                k = &cache->kept[0];
                for (size_t i = 1; i < KEPT; i++)
                        if (cache->kept[i].used < k->used)
                                k = &cache->kept[i];
        }
        json_decref(k->value);
        strcpy(k->table, table);
        strcpy(k->key, key);
        k->stamp = stamp;
        k->used = ++cache->turn;
        k->value = json_incref(value);
        pthread_mutex_unlock(&private->lock);
}

void record_cache_free(struct org_private *private)
{
        for (size_t i = 0; private->records != NULL && i < KEPT; i++)
                json_decref(private->records->kept[i].value);
        mem_free(private->records);
        private->records = NULL;
}

int record_share(struct org *org, const char *table, const char *key, json_t **value,
                 struct fail *why)
{
        uint64_t stamp = store_stamp(org->store, table); /* before the look: never too new */
        size_t len = 0;
        int found = 1;

        *value = record_cache_find(org, table, key, stamp);
        if (*value == NULL)
                found = record_get_sized(org, table, key, value, &len, why);
        if (found == 1 && len > 0 && len <= RECORD_KEPT)
                record_cache_keep(org, table, key, stamp, *value);
        return found;
}
