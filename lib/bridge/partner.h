/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An assessment that somebody sent from within his hiring system, as one sends a partner's: what
 * became of it, for that system to be told.  Pure words; the record is home/partner.h.
 */
#ifndef BRIDGE_PARTNER_H
#define BRIDGE_PARTNER_H

#include "bridge/session.h"

enum partner_stage {
        PARTNER_SENDING,  /* ordered, the invitation is on its way */
        PARTNER_NOT_SENT, /* it cannot be sent; reason says why */
        PARTNER_OPEN,     /* invited, started, submitted or in review: session says which */
        PARTNER_OVER,     /* there is a result, or none that may be shown (not verified) */
        PARTNER_ENDED,    /* expired, declined or cancelled */
        PARTNER_REMOVED   /* the candidate's data was erased */
};

struct partner_news {
        const char *id;     /* ours, that the hiring system knows */
        const char *desk;   /* which of the connection's partner keys it came by: "prescreen" */
        const json_t *kept; /* what the adapter gave to be kept: addresses to call, ids */
        enum partner_stage stage;
        const struct session *session; /* NULL: there is none (yet) */
        const char *platform;          /* "CodeSignal"; NULL when not known any more */
        const char *report;            /* link for people, or NULL */
        const char *reason;            /* NOT_SENT: a sentence for people */
        int64_t stamp_ms; /* when it is told: rises strictly from one telling of it to the next */
};

/* "sending", "not sent", "removed", or the session's own word: "invited", "in review" ... */
const char *partner_word(const struct partner_news *news);

/* The result as labels and values for people: an object of texts, in the order in which they are
 * read ("Result": "CodeSignal score (200-600): 530 of 600", "Verification": ..., "1. Two sums":
 * "225 of 300").  A score is named only with its scale and version, and only once it is released
 * (rule 3).  The caller's. */
json_t *partner_facts(const struct partner_news *news);

#endif
