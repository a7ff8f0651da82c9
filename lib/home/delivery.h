/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A record of the home's inbox: what a webhook brought, or a word between our own programs.
 *
 * Form: "FD1\n", one line of compact JSON, '\n', the raw body bytes.
 */
#ifndef HOME_DELIVERY_H
#define HOME_DELIVERY_H

#include <stdint.h>

#include "bridge/sender.h"
#include "floor/buf.h"

enum delivery_what {
        DELIVERY_EVENT,   /* a webhook, kept */
        DELIVERY_PROBE,   /* a test of the connection */
        DELIVERY_REFUSED, /* one or more refused deliveries: count, reason; no body */
        DELIVERY_WAKE     /* ours: look at this org again (an action was added or changed) */
};

struct delivery {
        enum delivery_what what;
        char *org, *connection;
        int64_t received_ms;
        char *request_id;
        enum trust trust;
        char *secret;                   /* fingerprint of the one that signed; NULL none */
        char *reason;                   /* the verdict's words */
        int64_t count;                  /* REFUSED: how many */
        json_t *headers;                /* object: those the sender keeps */
        const struct buf *headers_text; /* writing: that object as text, instead; else NULL */
        const void *body;               /* points into the record read */
        size_t body_len;
};

/* Adds one to such a text, which starts empty. */
void delivery_header(struct buf *headers, const char *name, const char *value);
void delivery_write(const struct delivery *d, struct buf *out);
/* 0, or -1 for bytes that are no delivery.  What it points to is the delivery's own, except
 * the body. */
int delivery_read(struct delivery *d, const void *record, size_t len, struct fail *why);
void delivery_dispose(struct delivery *d);

#endif
