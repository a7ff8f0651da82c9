/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Assessments that were sent from within a hiring system, as one sends a partner's (records.h,
 * "partner").  Ordering and asking are answered from state alone; the sending is an ordinary
 * send_assessment, and the hiring system hears what became of it by a "tell_partner".
 */
#ifndef HOME_PARTNER_H
#define HOME_PARTNER_H

#include "bridge/partner.h"
#include "home/plan.h"
#include "home/trade.h"

/* Which connection's partner key this is: the credential "<desk>_key" of a connection of this kind.
 * 1 with *connection (the caller frees) and *desk (one of desks, NULL-terminated), 0 it is no
 * key, -1 why.  Takes the same time whichever it is.  org NULL is 0. */
int partner_by_key(struct home *h, struct org *org, const char *kind, const char *const *desks,
                   const char *key, char **connection, const char **desk, struct fail *why);

/* What a desk offers: settings "<desk>_platform" (absent: the org's only platform) and
 * "<desk>_assessments".  1 with *platform (the caller frees) and *tests (the caller's, see
 * catalog.h); 0 the list was never read; 2 it is not set up: *why says what; -1 why. */
int partner_offer(struct home *h, struct org *org, const char *connection, const char *desk,
                  int64_t now_ms, char **platform, json_t **tests, struct fail *why);
/* As partner_offer(); a list that is being read for the first time is waited for, some two seconds
 * at most. */
int partner_offer_soon(struct home *h, struct org *org, const char *connection, const char *desk,
                       int64_t now_ms, char **platform, json_t **tests, struct fail *why);
/* Has what all desks of this connection offer read, unless it was: when one is set up. */
int partner_prepare(struct home *h, struct org *org, const char *connection, int64_t now_ms,
                    struct fail *why);

struct partner_order {
        const char *ats, *desk; /* connection, and which of its keys */
        const char *identity;   /* the same again is the same order */
        const char *platform, *test;
        const char *application, *candidate; /* their ids in the ATS; may be NULL */
        const char *first_name, *last_name, *email;
        const char *url;     /* the candidate's page, for people; may be NULL */
        const char *sent_by; /* may be NULL */
        const json_t *kept;  /* comes back in partner_news; sealed at rest */
};
/* 1 ordered, 0 it was ordered before; *id is the caller's, both times.  -1 why; FAIL_CONFLICT when
 * the candidate's data was erased. */
int partner_send(struct home *h, struct org *org, const struct partner_order *order, int64_t now_ms,
                 char **id, struct fail *why);

/* What became of it.  news points into the view. */
struct partner_view {
        struct partner_news news;
        json_t *record, *kept;
        struct session session;
        char *ats, *key /* of the session, or NULL */, *platform, *report, *reason;
};
/* 1, 0 there is none such, -1; dispose it in any case. */
int partner_read(const struct trade *trade, struct org *org, const char *id,
                 struct partner_view *view, struct fail *why);
void partner_view_dispose(struct partner_view *view);

/* A sending for a partner came to this session: both records name each other.  session's record is
 * edited, the caller puts it. */
int partner_join(struct plan *p, struct org *org, const char *id, const char *session,
                 json_t *record, struct fail *why);
/* The hiring system is to be told how it stands now, once for each version. */
int partner_tell(struct plan *p, const struct trade *trade, struct org *org, const char *id,
                 const char *version, struct fail *why);
/* All that a session's record names. */
int partner_tell_all(struct plan *p, const struct trade *trade, struct org *org, const char *key,
                     const json_t *record, const struct session *session, struct fail *why);

/* When this telling of it is: later than every one before, durably.  0, -1. */
int partner_stamp(struct org *org, const char *id, int64_t now_ms, int64_t *stamp_ms,
                  struct fail *why);
/* It is not wanted any more: what waits is not sent, what was sent is withdrawn at the platform, in
 * the background.  1 ordered (or ordered before), 0 there is none such, or it is over, -1. */
int partner_cancel(const struct trade *trade, struct org *org, const char *id, struct fail *why);

/* What is personal goes, and whom to call. */
int partner_erase(struct plan *p, struct org *org, const char *id, struct fail *why);

#endif
