/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an adapter is given to speak for one connection: settings, opened credentials, and
 * the one function to call out with.  Whoever makes a link (the worker, the interview page,
 * a test) decides what the function does; adapters never call fetch() themselves.
 */
#ifndef BRIDGE_LINK_H
#define BRIDGE_LINK_H

#include <pthread.h>
#include <stdint.h>

#include "bridge/heard.h"
#include "door/fetch.h"
#include "door/json.h"

/* A bearer token traded for the credentials, kept between calls; one per connection and
 * process, shared by threads under its lock. */
struct link_token {
        pthread_mutex_t lock;
        char *text; /* NULL: none yet */
        int64_t expires_ms;
};

struct link {
        const char *org;           /* "acme" */
        const char *id;            /* connection id: "gh" */
        const json_t *settings;    /* object, defaults filled in */
        const json_t *credentials; /* object of opened texts; wiped by the owner */
        const char *data_dir;      /* directory of correctable data, "…/data"; may be NULL */
        const char
            *data_home; /* the home's own corrections ("…/home/data"), asked first; may be NULL */
        struct link_token *token; /* NULL: nothing is kept between calls */
        int64_t scale;            /* FAIRLEAD_RETRY_SCALE, at least 1: divides waits */
        unsigned uses;            /* RULE_USES_* of rule.h that the org's rules make of it, for
                                     tests; 0: not known, or all */
        const json_t *hooks;      /* array of ids of webhooks that we made at the vendor, for tests;
                                     NULL: none */
        struct heard *heard;      /* where answers are kept for people; NULL: nowhere */
        int (*call)(struct link *link, const struct fetch_request *request,
                    struct fetch_answer *answer, struct fail *why); /* as fetch() */
        void *context;                                              /* of the owner */
};

/* The way out for adapters: link->call.  A refusal that comes back, and whatever is heard, holds
 * none of the connection's credentials, nor what this request was authorised with, also where the
 * other side repeats them (floor/mask.h): both are kept and shown.  An answer of 2xx is data and
 * stays as it came, as a credential may be an ordinary word; what is quoted from one goes through
 * link_hide().  As fetch(). */
int link_ask(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
             struct fail *why);

/* Masks the connection's credentials in a text that will be kept or shown. */
void link_hide(const struct link *link, char *text);

/* fetch() itself, for links that need nothing else. */
int link_fetch(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
               struct fail *why);

/* "base_url" and the like, or otherwise; credentials likewise (NULL when absent). */
const char *link_setting(const struct link *link, const char *name, const char *otherwise);
const char *link_credential(const struct link *link, const char *name);

/* Reads "<kind>/<name>" from data_home, else data_dir: 1, 0 absent, -1 why. */
int link_data(const struct link *link, const char *path, struct buf *out, struct fail *why);

#endif
