/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One org's link to one outside system, as stored (records.h, "connection") and opened.
 */
#ifndef HOME_CONNECTION_H
#define HOME_CONNECTION_H

#include "bridge/link.h"
#include "bridge/sender.h"
#include "home/home.h"
#include "home/kind.h"

#define CONNECTION_ID_MAX 40

struct connection {
        char *id;
        const struct kind *kind;
        json_t *settings;              /* with defaults */
        json_t *credentials;           /* opened texts; wiped on free */
        char *hook;                    /* unguessable part of the webhook path; NULL: sends none */
        char *hook_url;                /* the exact text pasted at the vendor */
        struct sender_secret *secrets; /* opened, all valid at once, newest first */
        char (*secret_names)[13];      /* fingerprints: first 12 hex digits, for people and logs */
        size_t secret_count;
        char *stamp;         /* changes whenever the stored record does */
        struct known *known; /* of the cache, else NULL */
};

/* 1, 0 absent, -1 why. */
int connection_load(struct home *h, struct org *org, const char *id, struct connection **out,
                    struct fail *why);
void connection_free(struct connection *c);

/* By the hook in a path.  org NULL (unknown) takes the same way and time and gives 0.  The
 * connection is borrowed from a cache that follows the stored record: give it back with
 * connection_return(). */
int connection_by_hook(struct home *h, struct org *org, const char *hook,
                       const struct connection **out, struct fail *why);
void connection_return(const struct connection *c);

/* All ids of an org, in order of their names. */
int connection_each(struct home *h, struct org *org, int (*visit)(void *context, const char *id),
                    void *context, struct fail *why);

/* Fills a link for the adapter; borrows from c, which must outlive it.  data_dir is that of
 * the installation and scale is 1 until the caller says otherwise; the token is kept per
 * connection and process and dropped when the stored record changes. */
void connection_link(struct home *h, const struct org *org, struct connection *c,
                     struct link *link);

/* Stores a connection as written (settings, plain credentials, webhook secrets: an array of
 * texts, newest first) into a batch: seals what is secret.  Used by apply and the pages.  hook
 * NULL makes a fresh one; pass the one that stands to keep it.  A hook that changes stops to
 * work with the commit.  Dates of what stands are kept. */
void connection_put(struct home *h, struct org *org, struct batch *b, const char *id,
                    const struct kind *kind, const json_t *settings, const json_t *credentials,
                    const char *hook, const char *public_url, const json_t *secrets);

#endif
