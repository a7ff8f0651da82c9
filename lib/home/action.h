/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Actions as people and programs see them (records.h, series "action"): look, retry, park,
 * add.  The worker performs them (worker.h).
 */
#ifndef HOME_ACTION_H
#define HOME_ACTION_H

#include "home/plan.h"
#include "home/trade.h"

/* Calls visit for actions, newest first: those in set "open-actions" or "parked-actions", or
 * the last ones of all (set NULL), at most limit.  The record is visit's to read. */
int action_each(struct org *org, const char *set, unsigned limit,
                int (*visit)(void *context, uint64_t number, const json_t *action), void *context,
                struct fail *why);

/* A person wants a parked or refused action tried again: 1 done, 0 there is none such (or it
 * waits anyway, or was done), -1.  Wakes the worker. */
int action_retry(struct home *h, struct org *org, uint64_t number, int64_t now_ms,
                 struct fail *why);
/* A person wants it left alone: a waiting one is parked.  As above. */
int action_park(struct home *h, struct org *org, uint64_t number, const char *sentence,
                int64_t now_ms, struct fail *why);

/* After a restore from a backup: every open action may have been done since, so each is read
 * back before it is written again. */
int action_doubt_all(struct org *org, struct fail *why);

/* Adds one from another program and wakes the worker; *number may be NULL. */
int action_add(struct home *h, struct org *org, const struct action_order *order, uint64_t *number,
               struct fail *why);

/* Puts an action's end into a plan: state is done, refused or parked. */
void action_end(struct plan *p, uint64_t number, const json_t *read, const char *state,
                const char *sentence, int64_t now_ms);

#endif
