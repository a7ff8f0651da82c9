/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interview links: one stable link of ours in front of one live session of a platform.
 *
 * Making, moving and cancelling answer from state alone.  The platform's session is made only
 * when a person presses Join (interview_join), once however many press at once.
 * Records: records.h, "interview".
 */
#ifndef HOME_INTERVIEW_H
#define HOME_INTERVIEW_H

#include "bridge/outcome.h"
#include "door/json.h"
#include "home/home.h"
#include "home/trade.h"

/*
 * What a caller asks for is a JSON object of these members and no others:
 *   candidate {name, email}, interviewer_email, title, starts_at, ends_at (RFC 3339),
 *   platform (connection id), ats (connection id), ats_interview (its id there)
 * Making needs candidate.name or candidate.email; a change names what changes.
 */
enum interview_answer {
        INTERVIEW_DONE,
        INTERVIEW_REPEATED, /* the same Idempotency-Key and document: the same answer again */
        INTERVIEW_INVALID,  /* why says what, with the member's name */
        INTERVIEW_KEY_USED, /* the Idempotency-Key came with another document */
        INTERVIEW_ABSENT,
        INTERVIEW_OVER, /* cancelled or over: cannot be moved */
        INTERVIEW_BROKEN
};

/* How long an Idempotency-Key is remembered at least; the worker forgets it soon after. */
#define INTERVIEW_KEY_KEPT_MS (7 * 24 * 60 * 60 * INT64_C(1000))

/* key_id: the issued key that asks; idempotency may be NULL.  *view (the caller's) is what
 * the caller is shown: {id, self, url, calendar_url, state, title, candidate{name, email},
 * starts_at, ends_at, sequence, created_at}.  A change that changes nothing leaves the sequence,
 * and with it what calendars know, as it is. */
enum interview_answer interview_create(struct home *h, struct org *org, const json_t *document,
                                       const char *key_id, const char *idempotency, json_t **view,
                                       struct fail *why);
enum interview_answer interview_change(struct home *h, struct org *org, const char *id,
                                       const json_t *document, json_t **view, struct fail *why);
/* Cancelling twice is DONE twice. */
enum interview_answer interview_cancel(struct home *h, struct org *org, const char *id,
                                       json_t **view, struct fail *why);
enum interview_answer interview_view(struct home *h, struct org *org, const char *id, json_t **view,
                                     struct fail *why);

/* By the token in the link: the stored record (the caller's) and its id (the caller frees);
 * 1, 0, -1.  org NULL takes the same way as an unknown token. */
int interview_by_token(struct home *h, struct org *org, const char *token, char **id,
                       json_t **record, struct fail *why);

/* Somebody pressed Join.  DONE: *url (the caller frees) is where to go.  Otherwise the
 * outcome's sentence is for the page: AGAIN (try again in a moment), REFUSED (cancelled, or
 * no platform), DENIED (the connection does not work). */
int interview_join(const struct trade *trade, struct org *org, const char *id, char **url,
                   struct outcome *outcome);

/* RFC 5545: the calendar file of an interview. */
void interview_calendar(const char *org, const char *id, const json_t *record, const char *url,
                        struct buf *out);

#endif
