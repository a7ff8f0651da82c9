/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master keys of a home, and what is sealed with them. */
#include "home/keyring.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "home/inside.h"

struct keyring {
        char *path;
        struct secret_key root;
        pthread_mutex_t lock; /* guards all below */
        struct secret_ring ring;
        struct stat seen; /* the file it was read from */
};

int keyring_open(struct keyring **out, const char *path, struct fail *why)
{
        struct keyring *r = mem_alloc(sizeof *r);
        int found;

        r->path = mem_text(path);
        pthread_mutex_init(&r->lock, NULL);
        /* Before it is read: a file that changes in between is read once too often. */
        if (stat(path, &r->seen) != 0)
                memset(&r->seen, 0, sizeof r->seen);
        found = secret_ring_read(&r->ring, path, why);
        if (found != 1) {
                keyring_close(r);
                return found;
        }
        r->root = r->ring.root;
        *out = r;
        return 1;
}

void keyring_close(struct keyring *r)
{
        if (r == NULL)
                return;
        secret_ring_wipe(&r->ring);
        mem_wipe(&r->root, sizeof r->root);
        pthread_mutex_destroy(&r->lock);
        mem_free(r->path);
        mem_free(r);
}

const struct secret_key *keyring_root(const struct keyring *r)
{
        return &r->root;
}

const char *keyring_path(const struct keyring *r)
{
        return r->path;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
               a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* With the lock.  A file that cannot be read leaves what we know. */
static void follow_file(struct keyring *r)
{
        struct secret_ring fresh;
        struct stat now;

        if (stat(r->path, &now) != 0 || same_file(&now, &r->seen))
                return;
        if (secret_ring_read(&fresh, r->path, NULL) == 1) {
                r->ring = fresh;
                r->seen = now;
        }
        secret_ring_wipe(&fresh);
}

static struct secret_key sealing_key(struct keyring *r)
{
        struct secret_key key;

        pthread_mutex_lock(&r->lock);
        follow_file(r);
        key = r->ring.key;
        pthread_mutex_unlock(&r->lock);
        return key;
}

void keyring_id(struct keyring *r, char id[9])
{
        struct secret_key key = sealing_key(r);

        memcpy(id, key.id, sizeof key.id);
        mem_wipe(&key, sizeof key);
}

json_t *keyring_old_ids(struct keyring *r)
{
        json_t *list = json_array();

        pthread_mutex_lock(&r->lock);
        follow_file(r);
        for (size_t i = 0; i < r->ring.old_count; i++)
                json_add(list, json_new_text(r->ring.old[i].id, 8));
        pthread_mutex_unlock(&r->lock);
        return list;
}

void home_seal(struct home *h, struct org *org, struct batch *b, const char *bound,
               const void *plain, size_t len, struct buf *out)
{
        /* The order matters: the fence first, then the key. */
        struct buf fence = BUF_NONE;
        int found = store_get(org->store, FENCE_TABLE, FENCE_KEY, &fence, NULL);
        struct secret_key key = sealing_key(home_keyring(h));

        secret_seal(&key, bound, plain, len, out);
        mem_wipe(&key, sizeof key);
        if (found == 0)
                batch_require_absent(b, FENCE_TABLE, FENCE_KEY);
        else
                batch_require_same(b, FENCE_TABLE, FENCE_KEY, fence.data, fence.len);
        buf_dispose(&fence);
}

/* The key a text names, looked for anew in the file if need be; else the one that seals. */
static void find_key(struct keyring *r, const char *id, struct secret_key *key)
{
        const struct secret_key *found;

        pthread_mutex_lock(&r->lock);
        found = id == NULL ? &r->ring.key : secret_ring_find(&r->ring, id);
        if (found == NULL) {
                follow_file(r);
                found = secret_ring_find(&r->ring, id);
        }
        *key = found != NULL ? *found : r->ring.key;
        pthread_mutex_unlock(&r->lock);
}

int home_unseal(struct home *h, const char *bound, const char *sealed, struct buf *plain,
                struct fail *why)
{
        struct secret_key key;
        int result;

        find_key(home_keyring(h), secret_sealed_with(sealed), &key);
        result = secret_open(&key, bound, sealed, plain, why);
        mem_wipe(&key, sizeof key);
        return result;
}
