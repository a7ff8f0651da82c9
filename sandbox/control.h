/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every stand-in offers to tests beside its vendor's face: failures to order, a record
 * of what was asked, counters.  One set per program.
 *
 * POST JSON to control/failures: an object or an array of
 *     {"what": "createLiveInterview", "kind": "status", "status": 500, "times": 2,
 *      "after": true, "delay_ms": 3000, "retry_after": 5, "body": "..."}
 * what      matches the word the stand-in gives for a request (operation or path) as a
 *           substring; "" or missing matches all.
 * kind      "status" (that status, body or a plain sentence), "garbage" (200 with bytes that
 *           are no JSON), "empty" (200 with nothing), "cut" (a length announced and half of it
 *           sent), "slow" (delay_ms before the true answer), "huge" (bytes of answer, default
 *           8 MiB), "errors" (200 with body as it stands).
 * times     how often, default 1.
 * An empty array disarms all.
 * after     true: do the work first, then answer so (a lost answer).
 */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "door/json.h"
#include "web/serve.h"

struct control_failure {
        char kind[16];
        int status;
        bool after;
        int64_t delay_ms, bytes;
        int retry_after; /* seconds, 0 none */
        char *body;      /* the caller frees the failure with control_failure_dispose() */
};

/* Takes an armed failure that matches: true and *out. */
bool control_take(const char *what, struct control_failure *out);
/* Gives the failing answer; "slow" only waits, and returns false: answer truly then. */
bool control_fail(struct request *rq, struct reply *re, const struct control_failure *failure);
void control_failure_dispose(struct control_failure *failure);

/* Remembers a request (the last 1000): method, what, path, body (taken; may be NULL), and the
 * status it was answered with.  Also counts what. */
void control_record(const char *method, const char *what, const char *path, json_t *body,
                    int status);
void control_count(const char *what);
int64_t control_counted(const char *what);
void control_reset(void);

/* Routes for a stand-in's table: "control/failures" (POST arms, GET lists), "control/requests"
 * (GET, newest last), "control/counters" (GET). */
void control_failures(struct request *rq, struct reply *re);
void control_requests(struct request *rq, struct reply *re);
void control_counters(struct request *rq, struct reply *re);

/* The JSON object of a control request; NULL after having answered 400.  The caller drops. */
json_t *control_body(struct request *rq, struct reply *re);

#endif
