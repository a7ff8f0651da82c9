/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What home.c and connection.c share about an open org; nobody else includes this. */
#ifndef HOME_INSIDE_H
#define HOME_INSIDE_H

#include <pthread.h>

#include "door/json.h"
#include "home/connection.h"
#include "home/home.h"

/* Of the tables "hook" and "connection" (store_stamp). */
struct known_stamps {
        uint64_t hook, connection;
};

/* One connection as intake last saw it (hook.c). */
struct known {
        struct connection *connection;
        char *digest;               /* of the hook: key of table "hook" */
        struct buf hook;            /* the stored bytes it was made from: the hook's record ... */
        struct buf record;          /* ... and the connection's */
        struct known_stamps stamps; /* when they were last found to be so */
        unsigned users;             /* how many hold it; guarded by the org's lock */
        bool stale;                 /* not in the list any more: the last user frees it */
        struct org_private *owner;
        struct known *next;
};

/* The bearer token of one connection, for as long as its stored bytes stay the same. */
struct token {
        char *connection;
        char *stamp;
        struct link_token link;
        struct token *next;
};

struct org_private {
        pthread_mutex_t lock;
        struct known *known;
        struct token *tokens;
        struct record_cache *records; /* record_cache.c; NULL: nothing yet */
};

/* A stored record, opened: 1, or -1 why. */
int connection_open(struct home *h, const char *org, const char *id, const json_t *record,
                    struct connection **out, struct fail *why);
void connection_forget_all(struct org_private *private); /* closing: nobody holds one any more */
const char *home_corrections(const struct home *h);      /* "<home>/data" */
struct keyring *home_keyring(const struct home *h);

/* What was kept under this name, if it was kept at this stamp (store_stamp; 0: never): shared, so
 * not to be changed; json_decref() gives it back. */
json_t *record_cache_find(struct org *org, const char *table, const char *key, uint64_t stamp);
void record_cache_keep(struct org *org, const char *table, const char *key, uint64_t stamp,
                       json_t *value); /* which stays the caller's as well, and as it is */
void record_cache_free(struct org_private *private);
/* As record_get(); on 1 also the bytes of the stored text. */
int record_get_sized(struct org *org, const char *table, const char *key, json_t **value,
                     size_t *len, struct fail *why);

/* The fence of keyring.h: {key (id)}. */
#define FENCE_TABLE "fence"
#define FENCE_KEY "key"

#endif
