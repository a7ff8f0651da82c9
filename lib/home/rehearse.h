/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rehearsal: what a rule would have done lately, from what is kept.  Nothing is called and
 * nothing is written.
 *
 * A rule that waits for a stage is held against the events of that time that say which stage was
 * entered; those that only say where to look (notices) cannot be judged and are counted.  A rule
 * that waits for a result is held against the sessions of that time.  One that waits for an
 * interview is held against the schedules that events told of, once each, as they stand; what a
 * hiring system that has to be asked for them (polled) answered is not kept, so nothing can be
 * said.
 */
#ifndef HOME_REHEARSE_H
#define HOME_REHEARSE_H

#include "door/json.h"
#include "home/home.h"

#define REHEARSE_MS (30 * INT64_C(86400000))
#define REHEARSE_ROWS 20   /* that are named */
#define REHEARSE_LOOK 5000 /* events, or applications, that are looked at */

/* {fits (how often), unknown (events that cannot be judged), polled, rows[{name, what, at_ms}]};
 * the caller's. */
int rehearse(struct home *h, struct org *org, const json_t *rule, int64_t now_ms, json_t **answer,
             struct fail *why);

#endif
