/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roll of applications: all there are, newest last, for people who search. */
#ifndef HOME_ROLL_H
#define HOME_ROLL_H

#include "home/plan.h"

#define ROLL_LOOK 5000 /* applications that one search looks at */

/* A new application, into the plan that makes it. */
void roll_add(struct plan *p, const char *application);

struct roll_question {
        const char *text;  /* a part of name, address or job, or a whole id; NULL: any */
        const char *state; /* of the current session ("invited" ...), "none" without one; NULL */
        int64_t since_ms;  /* something happened since; 0: any time */
        uint64_t before;   /* numbers of the roll below this; 0: from the newest */
        unsigned limit;
};

/* Array of {key, number, name, email, job, stage, state, finished_ms, at_ms, written}; the
 * caller's.  *next is where the next page begins (before), 0 when there are no more. */
int roll_search(struct org *org, const struct roll_question *question, json_t **list,
                uint64_t *next, struct fail *why);

#endif
