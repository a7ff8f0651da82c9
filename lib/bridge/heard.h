/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the other side answered while one attempt was made: the last few calls, each with its
 * status, how long it took and its first bytes, for people who look for the cause.
 *
 * Texts only, as UTF-8, with JSON's escapes of ASCII read.  The connection's own secrets are
 * masked before they come here (bridge/link.h).  Addresses are kept as far as the host: what
 * stands behind it may be all that is needed to see a report, to take a test or to fetch a file.
 * The value of every name that speaks of a token, a secret, a password, a signature, a key, a
 * cookie or an authorisation is masked, as JSON, a query or a header has it.
 */
#ifndef BRIDGE_HEARD_H
#define BRIDGE_HEARD_H

#include <stdint.h>

#include "door/json.h"

struct fetch_request;
struct fetch_answer;

#define HEARD_CALLS 4       /* of one attempt, the newest */
#define HEARD_BYTES 4096    /* of one answer */
#define HEARD_BYTES_OK 1024 /* of one answer when the attempt did what it should */

struct heard {
        json_t *calls; /* NULL: none yet */
};

/* A call that has ended. */
struct heard_call {
        const char *method, *url;
        int status;        /* of HTTP; 0: no answer */
        const char *cause; /* no answer: why */
        const char *type;  /* Content-Type of the answer; NULL: not told */
        const void *body;  /* its start at least, HEARD_BYTES of it */
        size_t body_len;
        size_t bytes; /* the whole */
        int64_t us;   /* how long it took, in microseconds */
};

void heard_note(struct heard *h, const struct heard_call *call);

/* What the last call answered is not for the records: other people may be in it, or a secret that
 * is told once.  That it was made stays. */
void heard_drop(struct heard *h);

/*
 * [{method, where (host and path), status (absent: no answer), cause (no answer: why), us, type
 * (Content-Type), bytes (of the whole body), text (its start; absent when there is none or it is
 * no text), cut (bool: there was more)}], in order: the caller's, NULL when no call was made.
 * well: the attempt ended as it should.  anybody: what was said may be about people whom nobody
 * could find again to erase it; then text stays only with answers of status 400 and more.  h is
 * empty again.
 */
json_t *heard_take(struct heard *h, bool well, bool anybody);
void heard_dispose(struct heard *h);

/* What is kept of an answer, from the first max bytes of it.  False: it is no text. */
bool heard_text(const void *body, size_t len, size_t max, struct buf *out);

#endif
