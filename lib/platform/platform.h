/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An assessment platform as the bridge sees it.  One file per platform fills one of these.
 * The same manners as in ats.h.
 */
#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include "bridge/link.h"
#include "bridge/outcome.h"
#include "bridge/session.h"

struct invitation {
        const char *test_id;
        const char *first_name, *last_name, *email;
        const char *external_id; /* ours: comes back in the platform's events */
};

/* A session that is asked about.  Some platforms know no ids: there the address and the
 * assessment are what finds it, and the address as it was sent, not as it compares. */
struct session_ref {
        const char *id;
        const char *test_id, *email; /* as far as they are known, else NULL */
};

struct interview_order {
        const char *candidate_name, *candidate_email; /* may be NULL */
        const char *template_id;                      /* may be NULL */
        int64_t expires_in_ms;                        /* 0: the platform's own default */
};

struct interview_made {
        char *id;
        char *url; /* for both sides; the caller frees both */
};

/* What a platform says to somebody else's question. */
struct relayed {
        int status;            /* its HTTP status */
        json_t *body;          /* its answer, the caller's; NULL: it only asks for patience (429) */
        int64_t retry_after_s; /* 0: it named none */
};

struct platform {
        const char *kind; /* "codesignal" */

        /* Safe to repeat while nobody has finished: asks for the existing incomplete invitation if
         * there is one.  Where an assessment can be taken once only, an earlier result comes back,
         * with shared set. */
        int (*invite)(struct link *link, const struct invitation *invitation, struct session *out,
                      struct outcome *outcome);
        /* The id of the session of this pair, where it is known before there is one because a pair
         * has but one; the caller frees.  Then an open one that we know of is not asked for again.
         * NULL: the platform names its sessions. */
        char *(*session_id)(const char *test_id, const char *email);
        int (*read_session)(struct link *link, const struct session_ref *ref, struct session *out,
                            struct outcome *outcome);
        /* Reads many sessions of one test, for the sweep; calls visit for each that exists.  NULL:
         * the sweep asks for one after the other, as fast as outcome.lane_wait_ms allows. */
        int (*read_sessions)(struct link *link, const char *test_id, const struct session_ref *refs,
                             size_t count,
                             void (*visit)(void *context, const struct session *session),
                             void *context, struct outcome *outcome);
        /* Read-back after an uncertain invite: a session of this test and address that was made
         * since_ms or later and is over already, which invite would not give again.  taken as
         * in find_interview.  out->id NULL when there is none. */
        int (*find_session)(struct link *link, const char *test_id, const char *email,
                            int64_t since_ms, bool (*taken)(void *context, const char *id),
                            void *context, struct session *out, struct outcome *outcome);
        /* Withdraws an invitation that is not over; the candidate is not written to.  ABSENT when
         * there is none any more.  The caller has looked whether it is over: some platforms would
         * delete a result.  NULL: this platform cannot. */
        int (*cancel)(struct link *link, const struct session_ref *ref, struct outcome *outcome);
        /* Assessments: array of {id, title, duration_ms, labels[]}; the caller drops it. */
        int (*list_tests)(struct link *link, const char *search, json_t **tests,
                          struct outcome *outcome);

        /* One page of a test's sessions, whoever sent them, from offset on, in an order to which
         * new ones are added in front.  *more: there may be others behind those visited.  NULL:
         * the past cannot be read there. */
        int (*list_sessions)(struct link *link, const char *test_id, int64_t offset,
                             void (*visit)(void *context, const struct session *session),
                             void *context, bool *more, struct outcome *outcome);

        /* Can this connection make interviews at all?  NULL: as the functions below say. */
        bool (*gives_interviews)(const json_t *settings);
        int (*create_interview)(struct link *link, const struct interview_order *order,
                                struct interview_made *made, struct outcome *outcome);
        int (*edit_interview)(struct link *link, const char *id,
                              const struct interview_order *order, struct interview_made *made,
                              struct outcome *outcome);
        int (*delete_interview)(struct link *link, const char *id, struct outcome *outcome);
        /* Read-back after an uncertain create: one for this candidate e-mail that was not used
         * before since_ms.  Platforms do not say when a link was made, so the caller says which
         * ids are already somebody's (taken; may be NULL).  *made->id NULL when there is none. */
        int (*find_interview)(struct link *link, const char *email, int64_t since_ms,
                              bool (*taken)(void *context, const char *id), void *context,
                              struct interview_made *made, struct outcome *outcome);

        /* What interviewers said of a live interview, as it stands: array of {by (their id),
         * author, evaluation, level, notes, ratings[{what, score, notes}]}, any of which may be
         * missing; the caller's.  NULL: the platform keeps none that can be read. */
        int (*read_feedback)(struct link *link, const char *id, json_t **feedback,
                             struct outcome *outcome);

        /* Asks, with our credential, a question in the platform's own words, if all that it does is
         * read.  -1: FAIL_INPUT it is none, FAIL_DENIED it would change something or get at what
         * is not handed out, FAIL_OUTSIDE no usable answer.  NULL: it takes no questions. */
        int (*relay)(struct link *link, const void *question, size_t len, struct relayed *out,
                     struct fail *why);

        /* As ats.test; also names the data file and the path in it that broke. */
        int (*test)(struct link *link, json_t **report, struct outcome *outcome);
};

#endif
