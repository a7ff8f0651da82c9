/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the hook in a path to its connection: the hot path of intake.
 *
 * Opened connections are kept per org.  One is good while the store says that nothing of the two
 * tables changed (store_stamp), or else while the two records it was made from still have the same
 * bytes.
 */
#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/inside.h"
#include "home/records.h"

static void free_known(struct known *k)
{
        connection_free(k->connection);
        mem_free(k->digest);
        buf_dispose(&k->hook);
        buf_dispose(&k->record);
        mem_free(k);
}

void connection_forget_all(struct org_private *private)
{
        for (struct known *k = private->known, *next; k != NULL; k = next) {
                next = k->next;
                free_known(k);
        }
        for (struct token *t = private->tokens, *next; t != NULL; t = next) {
                next = t->next;
                mem_free_secret(t->link.text);
                pthread_mutex_destroy(&t->link.lock);
                mem_free(t->connection);
                mem_free(t->stamp);
                mem_free(t);
        }
        private->known = NULL;
        private->tokens = NULL;
}

static struct known *take_known(struct org_private *private, const char *digest)
{
        struct known *k;

        pthread_mutex_lock(&private->lock);
        for (k = private->known; k != NULL && strcmp(k->digest, digest) != 0;)
                k = k->next;
        if (k != NULL)
                k->users++;
        pthread_mutex_unlock(&private->lock);
        return k;
}

static void return_known(struct known *k)
{
        struct org_private *private = k->owner;
        bool last;

        pthread_mutex_lock(&private->lock);
        last = --k->users == 0 && k->stale;
        pthread_mutex_unlock(&private->lock);
        if (last)
                free_known(k);
}

/* Takes what stands for this digest out of the list (more than one, if two threads met the
 * same change) and puts now in, unless it is NULL. */
static void replace_known(struct org_private *private, const char *digest, struct known *now)
{
        struct known *idle = NULL, *k;

        pthread_mutex_lock(&private->lock);
        for (struct known **at = &private->known; (k = *at) != NULL;) {
                if (strcmp(k->digest, digest) != 0) {
                        at = &k->next;
                        continue;
                }
                *at = k->next;
                k->stale = true;
                if (k->users == 0) {
                        k->next = idle;
                        idle = k;
                }
        }
        if (now != NULL) {
                now->next = private->known;
                private->known = now;
        }
        pthread_mutex_unlock(&private->lock);
        while ((k = idle) != NULL) {
                idle = k->next;
                free_known(k);
        }
}

/* Before a look: never too new.  False when nobody can tell. */
static bool ask_stamps(struct store *s, struct known_stamps *stamps)
{
        stamps->hook = store_stamp(s, "hook");
        stamps->connection = store_stamp(s, "connection");
        return stamps->hook != 0 && stamps->connection != 0;
}

/* Threads may note different ones at once; what is then mixed stands for no moment that comes
 * again, because stamps only rise. */
static void note_stamps(struct known *k, const struct known_stamps *stamps)
{
        __atomic_store_n(&k->stamps.hook, stamps->hook, __ATOMIC_RELAXED);
        __atomic_store_n(&k->stamps.connection, stamps->connection, __ATOMIC_RELAXED);
}

static bool is_current(const struct known *k, struct store *s)
{
        struct known_stamps now;

        return ask_stamps(s, &now) &&
               __atomic_load_n(&k->stamps.hook, __ATOMIC_RELAXED) == now.hook &&
               __atomic_load_n(&k->stamps.connection, __ATOMIC_RELAXED) == now.connection;
}

static bool same_bytes(const struct buf *a, const struct buf *b)
{
        return a->len == b->len && memcmp(buf_text(a), buf_text(b), a->len) == 0;
}

static json_t *parse_stored(const struct buf *raw, const char *what, struct fail *why)
{
        json_t *value = json_parse(raw->data, raw->len, true, why);

        if (value == NULL)
                fail_set(why, FAIL_BROKEN, "stored %s is not ours", what);
        return value;
}

/* The two look-ups.  1 both found, and *hook the first one, parsed; 0 no such hook, -1 broken. */
static int read_records(struct store *s, const char *digest, struct known *k, json_t **hook,
                        struct fail *why)
{
        int found = store_get(s, "hook", digest, &k->hook, why);
        const char *id;

        if (found != 1)
                return found;
        *hook = parse_stored(&k->hook, "hook", why);
        if (*hook == NULL)
                return -1;
        id = json_get_text(*hook, "connection", "");
        return text_is_name(id, CONNECTION_ID_MAX)
                   ? store_get(s, "connection", id, &k->record, why)
                   : fail_set(why, FAIL_BROKEN, "a hook names no connection");
}

static int open_known(struct home *h, struct org *org, const json_t *hook, struct known *k,
                      struct fail *why)
{
        json_t *record = parse_stored(&k->record, "connection", why);
        int found = -1;

        if (record != NULL)
                found = connection_open(h, org->name, json_get_text(hook, "connection", ""), record,
                                        &k->connection, why);
        json_decref(record);
        return found;
}

/* Looks the stored records up; on 1 *found_out is the old entry, found still good, or a new
 * one, each held once by the caller. */
static int refresh(struct home *h, struct org *org, const char *digest, struct known *old,
                   struct known **found_out, struct fail *why)
{
        struct known *now = mem_alloc(sizeof *now);
        json_t *hook = NULL;
        int found;

        ask_stamps(org->store, &now->stamps);
        found = read_records(org->store, digest, now, &hook, why);
        if (found == 1 && old != NULL && same_bytes(&old->hook, &now->hook) &&
            same_bytes(&old->record, &now->record)) {
                note_stamps(old, &now->stamps);
                json_decref(hook);
                free_known(now);
                *found_out = old;
                return 1;
        }
        if (found == 1)
                found = open_known(h, org, hook, now, why);
        json_decref(hook);
        if (found == 1) {
                now->digest = mem_text(digest);
                now->owner = org->private;
                now->users = 1;
                now->connection->known = now;
                *found_out = now;
        } else {
                free_known(now);
                now = NULL;
        }
        if (old != NULL || now != NULL)
                replace_known(org->private, digest, now);
        if (old != NULL)
                return_known(old);
        return found;
}

/* The same work for an org that does not exist: nobody can tell it from a wrong hook. */
static int ask_nobody(struct home *h, const char *digest, struct fail *why)
{
        struct store *nobody = home_nobody(h, why);
        struct known_stamps stamps;
        struct buf value = BUF_NONE;
        int found = -1;

        if (nobody != NULL) {
                ask_stamps(nobody, &stamps);
                found = store_get(nobody, "hook", digest, &value, why) < 0 ? -1 : 0;
        }
        buf_dispose(&value);
        return found;
}

int connection_by_hook(struct home *h, struct org *org, const char *hook,
                       const struct connection **out, struct fail *why)
{
        char *digest = record_digest(hook, NULL);
        struct known *k = NULL;
        int found = 1;

        *out = NULL;
        if (org == NULL) {
                found = ask_nobody(h, digest, why);
        } else {
                k = take_known(org->private, digest);
                if (k == NULL || !is_current(k, org->store))
                        found = refresh(h, org, digest, k, &k, why);
        }
        mem_free(digest);
        if (found == 1)
                *out = k->connection;
        return found;
}

void connection_return(const struct connection *c)
{
        if (c != NULL)
                return_known(c->known);
}
