/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interviews as part of somebody else's plan: those that rules make, move and cancel.  What is
 * wished for comes from an ATS, so nothing is refused: what cannot be used is left out.
 */
#ifndef HOME_INTERVIEW_PARTS_H
#define HOME_INTERVIEW_PARTS_H

#include "home/plan.h"

#define INTERVIEW_ID_LEN 16

struct interview_wish {
        const char *platform;            /* connection that gives the room */
        const char *ats, *ats_interview; /* where it is scheduled; may be NULL */
        const char *title, *candidate_name, *candidate_email, *interviewer_email; /* may be NULL */
        int64_t starts_ms, ends_ms;                                               /* 0 unknown */
        const char *application; /* key: whose, when a rule made it for an application; or NULL */
        const char *timezone;    /* IANA, for the ATS's schedule; or NULL */
        const char *by;          /* "rule live" */
};

/* Plans a new one: its id, the caller's. */
char *interview_add(struct plan *p, struct home *h, struct org *org,
                    const struct interview_wish *wish, int64_t now_ms);
/* Plans the change to what is wished now: 1 there is one, 0 it is as it was, cancelled, over or
 * not there, -1. */
int interview_move(struct plan *p, struct org *org, const char *id,
                   const struct interview_wish *wish, int64_t now_ms, struct fail *why);
/* Plans its cancelling; erase: the candidate's name and address go as well.  1, 0 it was cancelled
 * before or is not there, -1. */
int interview_drop(struct plan *p, struct org *org, const char *id, bool erase, int64_t now_ms,
                   struct fail *why);
/* The stable link of ours: the caller's, NULL with *why. */
char *interview_address(struct home *h, struct org *org, const char *id, struct fail *why);

/* Shared with interview.c: a new record with its token's index; a change or cancelling that the
 * platform must hear of, if it knows of this interview. */
void interview_put_new(struct plan *p, struct home *h, struct org *org, const char *id,
                       json_t *record);
void interview_tell_platform(struct plan *p, const char *kind, const char *id,
                             const json_t *record);
bool interview_is_over(const json_t *record);
/* One made for an application is cancelled: its link and its place in the ATS's schedule go. */
void interview_clear(struct plan *p, const char *id, const json_t *record, int64_t now_ms);

#endif
