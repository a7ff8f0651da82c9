/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Erasure (rule 11): what is personal in the records of an application or a session goes,
 * with the bodies of the events that spoke of it; what stays says only that something was
 * here.  Actions for it end.
 */
#ifndef HOME_ERASE_H
#define HOME_ERASE_H

#include "home/plan.h"
#include "home/trade.h"

#define ERASE_SENTENCE "The candidate's data was erased."

/* Into the plan: the application, its sessions, their events, its open actions.  Also used
 * by people who erase on request.  0, also when it is not there; -1. */
int erase_application(struct plan *p, const struct trade *trade, struct org *org, const char *key,
                      struct fail *why);
int erase_session(struct plan *p, struct org *org, const char *key, struct fail *why);

#endif
