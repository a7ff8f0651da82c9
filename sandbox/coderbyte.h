/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the Coderbyte stand-in, shared by sandbox/coderbyte*.c.
 *
 * All state is tables of JSON rows behind one lock; functions marked [locked] are called with
 * cb.lock held.  An attempt is a row of its own, as the vendor's list of reports has them:
 * {_id (ours), email, test_id, _state: invited, started, grading, done; ...}.
 */
#ifndef SANDBOX_CODERBYTE_H
#define SANDBOX_CODERBYTE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "delivery.h"
#include "door/json.h"
#include "web/serve.h"

#define CB_PREFIX "/sandbox/coderbyte"
#define CB_ORGANIZATION "acmeengineering"

/* What the seed holds, for tests and examples. */
#define CB_TEST "backend-screen-9six08om28556"
#define CB_TEST_OTHER "angular-assessment-4kd72hs8aa1"
#define CB_TEST_CLOSED "retired-assessment-1aa1"

/* "seemingly one URL per kind of event" (wire/coderbyte.md 2) */
enum cb_operation { CB_JOINED, CB_COMPLETED, CB_INTERVIEW, CB_SCORECARD, CB_OPERATIONS };

struct cb {
        pthread_mutex_t lock;
        json_t *tests, *attempts, *interviews; /* arrays of rows, oldest first */
        int64_t serial;
        struct deliver_hook *hooks[CB_OPERATIONS];
        const char *key; /* setting */
        char *key_now;   /* what holds until the next reset; signs the webhooks too */
        /* What the wire facts leave open, so that both ways can be rehearsed. */
        bool shows_invited; /* a report for somebody who was invited and did not join */
        bool hides_invited; /* a candidate's own page lists only what he has joined */
        bool absent_is_404; /* no report: 404 instead of an empty list */
        int64_t rate;       /* requests a second, 0 no limit */
        int64_t rate_second, rate_count;
};
extern struct cb cb;

/* --- coderbyte_state.c: the rows and their lives [all locked] --------------------------- */

void cb_reset(void);
json_t *cb_find(const json_t *table, const char *member, const char *value); /* borrowed or NULL */
json_t *cb_find_attempt(const char *email, const char *test_id);             /* the newest */
/* Borrowed; one that is there already is given again, and its candidate gets one more mail:
 * "_mails" of the row counts them. */
json_t *cb_invite(const char *base, const char *email, const json_t *test);
/* Moves an attempt on; false when its state does not allow that.  what: "join", "finish"
 * (with {scores[], correct, grading}), "expire" (the same; no scores: nothing to grade), "ready",
 * "flag" (with {flag}), "scorecard" (with {recommendation} or {comment}), "retake". */
bool cb_step(const char *base, json_t *attempt, const char *what, const json_t *with);
json_t *cb_create_interview(const char *email);
bool cb_finish_interview(json_t *interview);
/* The attempt as the report route shows it; the caller drops it. */
json_t *cb_report(const json_t *attempt);

/* --- coderbyte_hook.c: what it sends ----------------------------------------------------- */

void cb_hook_start(int64_t scale);
void cb_hook_stop(void);
const char *cb_operation_name(enum cb_operation operation);
void cb_hook_set(enum cb_operation operation, const char *url);
void cb_send(enum cb_operation operation, json_t *members); /* [locked]; takes members */

/* --- the faces --------------------------------------------------------------------------- */

char *cb_base(struct request *rq); /* where links begin; the caller frees */

void cb_api_tests(struct request *rq, struct reply *re);
void cb_api_invite(struct request *rq, struct reply *re);
void cb_api_candidate(struct request *rq, struct reply *re);
void cb_api_report(struct request *rq, struct reply *re);

void cb_page_home(struct request *rq, struct reply *re);
void cb_page_invite(struct request *rq, struct reply *re);
void cb_page_attempt(struct request *rq, struct reply *re);
void cb_page_report(struct request *rq, struct reply *re);
void cb_page_step(struct request *rq, struct reply *re);
void cb_page_interview(struct request *rq, struct reply *re);
void cb_page_hooks(struct request *rq, struct reply *re);
void cb_page_hooks_save(struct request *rq, struct reply *re);

void cb_control_reset(struct request *rq, struct reply *re);
void cb_control_rows(struct request *rq, struct reply *re);
void cb_control_invite(struct request *rq, struct reply *re);
void cb_control_attempt(struct request *rq, struct reply *re);
void cb_control_interviews(struct request *rq, struct reply *re);
void cb_control_interview(struct request *rq, struct reply *re);
void cb_control_webhook(struct request *rq, struct reply *re);
void cb_control_lose(struct request *rq, struct reply *re);
void cb_control_idle(struct request *rq, struct reply *re);
void cb_control_settings(struct request *rq, struct reply *re);

#endif
