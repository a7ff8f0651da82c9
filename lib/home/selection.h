/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Selection links: a recruiter opens one beside a candidate, sees what the platform offers, picks
 * an assessment and presses Send (records.h, "selection").
 *
 * The token in the link is derived, so that the link can be put there again and taken away
 * without resting anywhere in clear.  One press sends, however often it arrives; a sending that
 * came to nothing opens the choice again.
 */
#ifndef HOME_SELECTION_H
#define HOME_SELECTION_H

#include "home/plan.h"
#include "home/trade.h"

struct selection_order {
        const char *application; /* key */
        const char *platform, *rule, *entry;
        const char *stage_id, *stage_name;
};

/* Puts a selection and the action that adds its link into a plan.  One that is still open for
 * this application and platform is used again.  0 or -1. */
int selection_plan(struct plan *p, const struct trade *trade, struct org *org,
                   const struct selection_order *order, struct fail *why);

/* Shall the link stand beside the candidate?  SELECTION_LINK_LATER: the list of assessments is
 * being read for the first time, and until then there is nothing to choose from. */
enum selection_link {
        SELECTION_LINK_YES,
        SELECTION_LINK_LATER,
        SELECTION_LINK_NO, /* it has done its work, or its candidate's data was erased */
        SELECTION_LINK_BROKEN
};
enum selection_link selection_link(const struct trade *trade, struct org *org, const char *id,
                                   struct fail *why);

/* The link: 1 and *url (the caller frees), 0 there is no such selection, -1. */
int selection_url(struct home *h, struct org *org, const char *id, char **url, struct fail *why);

/* By the token in the link: 1, *id and *record (the caller's), 0, -1.  org NULL takes the same
 * way as an unknown token. */
int selection_by_token(struct home *h, struct org *org, const char *token, char **id,
                       json_t **record, struct fail *why);

/* What the page shows: {candidate, job, platform, org_name, state ("choose", "sending", "sent",
 * "over"), sentence (what went wrong before), sent {title}, query, searched, count, tests[{id,
 * title, duration, labels[], first}], known (the list was read once), none}.  0 or -1. */
int selection_view(const struct trade *trade, struct org *org, const char *id, const json_t *record,
                   const char *query, json_t **view, struct fail *why);

enum selection_answer {
        SELECTION_SENT,    /* now, or by an earlier press */
        SELECTION_UNKNOWN, /* no such assessment in the list */
        SELECTION_OVER,    /* the link has done its work */
        SELECTION_BROKEN
};
enum selection_answer selection_send(const struct trade *trade, struct org *org, const char *id,
                                     const char *test, struct fail *why);

/* What was chosen was sent: the link goes.  The page behind it goes on telling how things are. */
int selection_sent(struct plan *p, struct org *org, const char *application, const char *id,
                   int64_t now_ms, struct fail *why);
/* A session (its key) of this test came to its end: so did the selection by which it was sent. */
int selection_close(struct plan *p, struct org *org, const char *application, const char *session,
                    const char *test, int64_t now_ms, struct fail *why);
/* All selections of an application are forgotten. */
int selection_erase(struct plan *p, struct home *h, struct org *org, const char *application,
                    struct fail *why);

#endif
