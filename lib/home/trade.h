/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What everybody who speaks to outside systems for a home needs to know: the home, the kinds,
 * the clock, the scale of waits, how calls are made.  Tests replace all but the home.
 */
#ifndef HOME_TRADE_H
#define HOME_TRADE_H

#include "home/connection.h"
#include "home/home.h"
#include "home/kind.h"
#include "home/post.h"

struct trade {
        struct home *home;
        const struct kind *const *kinds; /* NULL-terminated; NULL: the table of kind.h */
        const char *data_dir;            /* NULL: adapters know their built-in data only */
        int64_t scale;                   /* FAIRLEAD_RETRY_SCALE; 0 counts as 1 */
        int64_t (*now_ms)(void);         /* NULL: when_now_ms */
        int (*call)(struct link *link, const struct fetch_request *request,
                    struct fetch_answer *answer, struct fail *why); /* NULL: link_fetch */
        void *context;                                              /* of call */
        struct heard *heard; /* where answers are kept for people; NULL: nowhere */
        struct post post;    /* how mail leaves */
};

int64_t trade_now(const struct trade *t);
/* A wait divided by the scale; at least 1 ms unless it is 0. */
int64_t trade_wait(const struct trade *t, int64_t ms);
const struct kind *trade_kind(const struct trade *t, const char *name); /* NULL: none */

/* One connection opened for calls. */
struct desk {
        struct connection *connection;
        const struct kind *kind;
        struct link link;
};

/* 1, 0 absent (no such connection, or its kind is not known any more), -1 why. */
int desk_open(struct desk *d, const struct trade *t, struct org *org, const char *connection,
              struct fail *why);
void desk_close(struct desk *d);

/* The org's rules (an empty list when there are none): the caller's, NULL with *why. */
json_t *trade_rules(struct org *org, struct fail *why);
/* What they ask of a connection: RULE_USES_* of bridge/rule.h.  0, -1 why. */
int trade_uses(struct org *org, const char *connection, unsigned *uses, struct fail *why);
/* The least permissions for that, of those that the kind names: an array of sentences, the
 * caller's; NULL with *why. */
json_t *trade_needs(struct org *org, const char *connection, const struct kind *kind,
                    struct fail *why);

#endif
