/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How one call to an outside system ended, in the terms the worker decides by.
 *
 * Adapters translate status codes, error bodies and time-outs into one of these; nothing
 * above them looks at an HTTP status again (it is kept for people).
 */
#ifndef BRIDGE_OUTCOME_H
#define BRIDGE_OUTCOME_H

#include <stdint.h>

enum outcome_kind {
        OUTCOME_DONE,      /* the other side did it, or answered */
        OUTCOME_AGAIN,     /* certainly not done; try later (rate, 5xx to a read, not connected) */
        OUTCOME_UNCERTAIN, /* may have been done: read back before writing again */
        OUTCOME_REFUSED,   /* will not be done as asked; sentence says why to a recruiter */
        OUTCOME_DENIED,    /* credential or permission; sentence says what an admin can do */
        OUTCOME_ABSENT     /* the thing asked for is not there, or not visible to us */
};

struct outcome {
        enum outcome_kind kind;
        int status;           /* HTTP status, 0 when there was none */
        int64_t wait_ms;      /* AGAIN: not before this long from now; 0: our own back-off */
        int64_t lane_wait_ms; /* any kind: rate headers ask that this connection rests so long */
        int64_t elapsed_us;
        char sentence[320]; /* for people in the ATS or on the pages: plain, no jargon */
        char detail[640];   /* for admins: cause, start of the answer; no secrets, no tokens */
};

#define OUTCOME_NONE                                                                               \
        {                                                                                          \
                .kind = OUTCOME_DONE                                                               \
        }

/* Fills kind, sentence and detail; returns 0 for DONE, -1 for everything else. */
int outcome_set(struct outcome *o, enum outcome_kind kind, const char *sentence, const char *detail,
                ...) __attribute__((format(printf, 4, 5)));
const char *outcome_word(enum outcome_kind kind); /* "done", "again", ... */

#endif
