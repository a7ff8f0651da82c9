/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One attempt of one action.  A step function makes the calls and says how it ended in
 * outcome; on DONE what follows is in the plan, and the performer commits both together.
 *
 * Before a call that writes, step_begin() makes durable that it was begun.  An action found
 * begun, or one whose last write ended uncertain, comes back with doubt set: the step reads
 * back first, and writes only what it found missing.
 */
#ifndef HOME_STEP_H
#define HOME_STEP_H

#include "bridge/outcome.h"
#include "bridge/session.h"
#include "home/dossier.h"
#include "home/follow.h"
#include "home/plan.h"
#include "home/trade.h"

struct step {
        const struct trade *trade;
        struct org *org;
        uint64_t number;
        json_t *action; /* as it stands in the store */
        json_t *before; /* as it was found, when step_begin() changed it: with lives here */
        const json_t *with;
        const char *application, *session; /* keys; NULL for none */
        struct desk desk;                  /* of the action's connection */
        struct plan plan;                  /* what follows when DONE */
        struct outcome outcome;
        bool doubt;              /* something may have been written */
        bool silent;             /* REFUSED: nobody in the ATS needs to read it */
        bool no_call;            /* the other side was not asked: its health stays as it is */
        struct heard heard;      /* what was answered, for people */
        struct buf said;         /* DONE: what was done, for people and for the event */
        struct fail why;         /* trouble with our own state: kind is not FAIL_NONE */
        const char *event_state; /* DONE: of the events it came from; NULL: "done" */
};

typedef void step_function(struct step *s);

struct step_row {
        const char *kind; /* of the action */
        step_function *perform;
        bool writes; /* outside */
        int failed;  /* enum words_failed, or -1: a refusal is not written to the ATS */
};
const struct step_row *step_find(const char *kind);

/* Durable: from now on something may have been written.  -1: it is not durable, do not call
 * (outcome and why say so).  first (may be NULL) is made durable with it, and used up. */
int step_begin(struct step *s, struct plan *first);
/* Our own state could not answer: outcome AGAIN. */
void step_trouble(struct step *s);
/* Nothing (more) to do. */
void step_done(struct step *s, const char *sentence);
/* A wait that is not a failure: AGAIN with this wait (scaled here). */
void step_wait(struct step *s, int64_t ms, const char *sentence);
/* attempts made before this one */
int64_t step_attempts(const struct step *s);

/* The application's record; erased or absent ones end the step (DONE): 1, 0 ended, -1. */
int step_application(struct step *s, json_t **record, struct application *application);

/* The session as it is now, if it still is the one that this was ordered for: the action's marker
 * is that of (what, application, session, its version and more).  1 with record and session (the
 * caller's to drop and dispose, whatever is answered), 0 the step ended. */
int step_result(struct step *s, const char *what, const char *more, json_t **record,
                struct session *session);

step_function step_look_feedback;
step_function step_add_link, step_backfill, step_cancel_assessment, step_create_interview,
    step_delete_interview, step_deliver_event, step_edit_interview, step_list_jobs,
    step_list_stages, step_list_tests, step_look_application, step_look_schedule, step_look_session,
    step_move_stage, step_remove_link, step_schedule_interview, step_send_assessment,
    step_send_mail, step_set_interview_link, step_tag_result, step_tell_partner,
    step_unschedule_interview, step_upload_report, step_write_note;

/* What the platform says of a session goes into our records, with what follows (used by the
 * look, the sweep and a sending).  with is the action's, {hints: [event names], poll}, or NULL.
 * Where the platform will not tell when a result is ready, the next look is ordered too.
 * 1 something changed, 0 not, -1. */
int session_take(const struct trade *trade, struct org *org, struct plan *plan, const char *key,
                 const json_t *read, json_t *record, struct session *stored,
                 const struct session *now, const json_t *with, struct buf *said, struct fail *why);

#endif
