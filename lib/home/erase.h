/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Erasure (rule 11): what is personal in the records of an application or a session goes,
 * with the bodies of the events that spoke of it; what stays says only that something was
 * here.  Actions for it end.
 */
#ifndef HOME_ERASE_H
#define HOME_ERASE_H

#include "home/plan.h"
#include "home/step.h"
#include "home/trade.h"

#define ERASE_SENTENCE "The candidate's data was erased."

/* Into the plan: the application, its sessions, their events, its open actions, and the order to
 * take out what ended actions say (step_erase_traces).  Also used by people who erase on request
 * (home/forget.h).  0, also when it is not there; -1. */
int erase_application(struct plan *p, const struct trade *trade, struct org *org, const char *key,
                      struct fail *why);
/* The same, because its time is up: when the ATS speaks of it again, it is new to us. */
int erase_lapsed(struct plan *p, const struct trade *trade, struct org *org, const char *key,
                 struct fail *why);
int erase_session(struct plan *p, struct org *org, const char *key, struct fail *why);
/* The bytes of one event, and what was read from them. */
int erase_event(struct plan *p, struct org *org, uint64_t number, struct fail *why);

/* The bytes of the events that a step is about. */
void erase_bodies(struct step *s);

/* Is this application's record erased, and to stay so? */
bool erase_is_final(const json_t *application);

/* Takes what is personal out of ended actions, and the bytes of all events about these: with
 * {application, candidate (<ats>:<its id there>), sessions[keys]}. */
step_function step_erase_traces;

#endif
