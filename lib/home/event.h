/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events: what arrived, kept as raw bytes, and what follows from it.
 *
 * A delivery becomes a record of the series "event" and its body; the sender's adapter turns
 * the bytes into a fact; the fact becomes actions.  All of it is one plan, so an event never
 * stands without what follows from it, nor the other way round.
 *
 * Trust decides what may follow: an unsigned event nothing at all; a notice, a look; only a
 * body that the signature covers may be believed.  A repetition (the sender's identity,
 * remembered with the event for EVENT_KEPT_MS) is written down and nothing follows.
 */
#ifndef HOME_EVENT_H
#define HOME_EVENT_H

#include "home/delivery.h"
#include "home/plan.h"
#include "home/trade.h"

/* Longer than the longest retry of any sender (25 attempts of CodeSignal: 17 days,
 * wire/codesignal.md 2.3; Greenhouse 15 h, wire/greenhouse.md 4.3). */
#define EVENT_KEPT_MS (90 * WHEN_DAY)
/* Of a notice, by the sender's clock: an older one is kept and nothing follows unless it is
 * replayed. */
#define EVENT_STALE_MS (60 * WHEN_DAY)

struct event_work {
        const struct trade *trade;
        struct org *org;
        struct plan *plan;
        uint64_t number; /* of the event in hand */
        bool replayed;
        /* A waiting look at this session that has not begun, 0 for none; may be NULL. */
        uint64_t (*waiting_look)(void *context, const char *session);
        void *context;
        const char *reason; /* the verdict's words about the delivery in hand */
        bool duplicate;     /* told: nothing followed because it was seen */
        bool erased;        /* told: its candidate's data goes, so its bytes are not kept either */
};

/* Adds an event and what follows to the plan.  The caller is the only one who appends
 * events (the worker's lock) and commits before the next.  0, or -1 broken. */
int event_take(struct event_work *w, const struct delivery *d, struct fail *why);

/* Reads kept events again, from..to, as if they came now (decoders may have been corrected);
 * what happened because of them does not happen a second time.  *count: how many were
 * replayed; those that are absent, unsigned or without a body are passed over.  Wakes the
 * worker. */
int event_replay(const struct trade *trade, struct org *org, uint64_t from, uint64_t to,
                 uint64_t *count, struct fail *why);

/* Puts how an event ended into a plan.  An event that is gone is no failure. */
int event_finish(struct plan *p, struct org *org, uint64_t number, const char *state,
                 const char *reason, struct fail *why);

/* Drops events, bodies and identities that are older than kept_ms, at most limit of them;
 * finished actions likewise, and Idempotency-Keys after INTERVIEW_KEY_KEPT_MS (interview.h).
 * *more: there are others. */
int event_prune(struct org *org, int64_t now_ms, int64_t kept_ms, unsigned limit, bool *more,
                struct fail *why);

/* Tells the worker to look at this org's actions (any process may). */
int event_wake(struct home *h, const char *org, const char *connection, int64_t now_ms,
               struct fail *why);

#endif
