/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was answered at the last few attempts of an action (bridge/heard.h), beside its record so
 * that lists of actions stay short.  It is written with the attempt, goes with the action, and
 * is erased with the candidate whom the action is about.
 */
#ifndef HOME_ANSWER_H
#define HOME_ANSWER_H

#include "home/plan.h"

#define ANSWER_TRIES 3

/* Those of the attempt that ended at at_ms (as in the action's tries); calls is used up, NULL
 * adds nothing.  0, -1. */
int answer_keep(struct plan *p, struct org *org, uint64_t number, int64_t at_ms, json_t *calls,
                struct fail *why);
/* 1 and [{at_ms, calls[]}], oldest first (the caller's), 0 nothing was kept, -1. */
int answer_list(struct org *org, uint64_t number, json_t **tries, struct fail *why);
void answer_drop(struct batch *b, uint64_t number);

#endif
