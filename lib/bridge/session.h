/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One sending of one assessment, and what it came to.
 *
 * The state machine is pure: given what is stored and what the platform now says, it gives
 * the new state and what has changed that others care about.  It never goes back from a
 * final state except as the platform documents (archived keeps the last one; reactivated and
 * retaken move on to a new session id), so events out of order do no harm.
 */
#ifndef BRIDGE_SESSION_H
#define BRIDGE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "door/json.h"
#include "floor/buf.h"

enum session_state {
        SESSION_UNKNOWN,
        SESSION_INVITED,      /* created, not started */
        SESSION_STARTED,      /* active or in its grace period */
        SESSION_SUBMITTED,    /* finalizing */
        SESSION_IN_REVIEW,    /* over, verification pending: provisional, score not released */
        SESSION_COMPLETE,     /* over and final: not proctored, or verified, or shared */
        SESSION_NOT_VERIFIED, /* over, marked not verified: not final, score not shown */
        SESSION_EXPIRED,
        SESSION_DECLINED,
        SESSION_CANCELLED, /* deleted at the platform */
        SESSION_ERASED     /* deleted for personal data: ours goes too */
};

enum verification {
        VERIFICATION_NONE, /* not proctored, or not submitted yet */
        VERIFICATION_PENDING,
        VERIFICATION_VERIFIED,
        VERIFICATION_NOT_VERIFIED
};

/* The score passport (rule 3): a number never travels without these. */
struct score {
        bool present;
        double value, least, most; /* scale; least 0 for raw scores */
        char version[32];          /* "raw", "codingScore2023", "behavioral" ... */
        char label[64];            /* instead of a number: "high"; "" otherwise */
};

/* The score with its scale in words, for notes and pages: "CodeSignal score (200-600): 530 of
 * 600", "Score: 45 of 60 (75 %)", "Behavioural assessment: high".  Nothing when absent. */
void score_write(const struct score *s, struct buf *out);
/* Where the value stands on its scale, 0 to 100: false when there is no number, or no scale
 * to stand on.  Below the scale (200-600 gives 0 when nothing was submitted) is 0. */
bool score_percent(const struct score *s, double *percent);
bool score_equal(const struct score *a, const struct score *b);

struct part {
        char *title; /* of the task */
        bool scored;
        double value, most;
        int64_t spent_ms; /* -1 unknown */
};

struct session {
        char *id, *test_id, *test_title;
        char *email, *name;
        char *external_id; /* as the platform says; NULL where it does not */
        char *invitation_url;
        enum session_state state;
        enum verification verification;
        bool archived; /* keep the last state */
        bool shared;   /* an existing result was shared */
        struct score score;
        struct part *parts;
        size_t part_count;
        char *verdict;    /* what the platform itself concludes, in its words; NULL: nothing */
        char *report_url; /* secret: never logged, never shown; stored sealed */
        char **reasons;   /* rejection reasons, recruiter-readable */
        size_t reason_count;
        bool integrity_flag;              /* review suggested */
        char *retake_id, *reactivated_id; /* the session that goes on instead */
        int64_t created_ms, started_ms, finished_ms, expires_ms; /* 0 unknown */
        /* Of a reading only, never stored: the result is being made, and nobody will tell when it
         * is there, so it has to be looked for. */
        bool look_again;
};

void session_dispose(struct session *s);

/* As stored: all but report_url, which the store keeps sealed beside it. */
json_t *session_to_json(const struct session *s);
void session_from_json(struct session *s, const json_t *value);

/* What a step found.  More than one may be true. */
struct session_change {
        bool started, submitted, in_review, completed, corrected, not_verified, expired, declined,
            cancelled, erased, moved_on, integrity;
};

/* Takes what the platform says now into what is stored (old becomes the new truth).  Returns
 * true if anything changed.  hint is the event's name or NULL: a shared result can only be
 * told from it.
 *
 * A state adopted is the platform's; one that would go back is taken for a late reading and
 * left, except: an expired invitation whose expiry moved to later opens again; verified and
 * not verified may change places; erased wins over all and keeps only the ids.  A now with
 * another id than old is somebody's mistake and changes nothing. */
bool session_step(struct session *old, const struct session *now, const char *hint,
                  struct session_change *change);

bool session_is_open(enum session_state state);       /* the sweep must still look */
bool session_score_released(const struct session *s); /* may be shown to the ATS */
const char *session_word(enum session_state state);   /* "invited", ... stored */
enum session_state session_state_of(const char *word);
const char *verification_word(enum verification v); /* "none", "pending", ... */
enum verification verification_of(const char *word);

#endif
