/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which events speak of whom (records.h, "about"): also those that nothing followed from, and those
 * about people of whom we hold nothing else.  So that their bytes go when the hiring system says
 * that somebody is gone there (rule 11), and those that come late are not kept.
 *
 * Somebody is "candidate:<id>" or "application:<id>", as an adapter names them in fact.h's about.
 */
#ifndef HOME_ABOUT_H
#define HOME_ABOUT_H

#include "home/plan.h"

/* An event that is being taken in: remembered with all that it speaks of.  1 one of them is gone:
 * it is to be kept without what it says, 0, -1 why. */
int about_take(struct plan *p, struct org *org, const char *connection, const json_t *about,
               uint64_t number, struct fail *why);

/* What the events about somebody say is taken out, and he stays gone until the event that says so,
 * number, is pruned. */
int about_erase(struct plan *p, struct org *org, const char *connection, const char *whom,
                uint64_t number, struct fail *why);

/* Two became one: what is kept about the first, and what comes late about him, goes when the other
 * does. */
int about_merge(struct plan *p, struct org *org, const char *connection, const char *whom,
                const char *into, uint64_t number, struct fail *why);

/* An event is pruned. */
int about_drop(struct batch *b, struct org *org, const char *connection, const json_t *about,
               uint64_t number, struct fail *why);

#endif
