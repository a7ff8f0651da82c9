/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An interview that a rule orders: our stable link, shown where the recruiter sees it. */
#ifndef HOME_OFFER_H
#define HOME_OFFER_H

#include "bridge/rule.h"
#include "home/plan.h"
#include "home/trade.h"

/* Puts the interview into a plan, and the actions that show it: a note and a link in the ATS, a
 * place in its schedule where the rule asks for one, and the platform's room.  An interview of
 * this application that is still to come is used again. */
int offer_interview(struct plan *p, const struct trade *trade, struct org *org,
                    const char *application, const struct application *a,
                    const struct intent *intent, struct fail *why);

/* The interviews offered to an application are cancelled and forget who it was. */
int offer_erase(struct plan *p, const struct trade *trade, struct org *org, const char *application,
                struct fail *why);

#endif
