/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alerts become mails: which address hears of what, and when.
 *
 * An alert waits TELL_GROUP_MS for company.  Then every address that is to hear of it gets one
 * mail with all that is new for it: an action (send_mail) that the worker performs as it
 * does others, committed together with the memory that it was told.  About one subject an
 * address hears at most every TELL_EVERY_MS, which no setting shortens; while a mail to it is
 * still on its way, what is new waits for the next.
 */
#ifndef HOME_ALERT_TELL_H
#define HOME_ALERT_TELL_H

#include "floor/when.h"
#include "home/plan.h"
#include "home/trade.h"

#define TELL_GROUP_MS (20 * WHEN_SECOND) /* scaled */
#define TELL_EVERY_MS WHEN_HOUR
#define TELL_AT_ONCE 40 /* alerts in one mail */

/* What is to be told now goes into the plan.  *next_ms: when to look again; -1 not before an
 * alert is raised or a mail has gone.  0 or -1. */
int alert_tell(const struct trade *trade, struct org *org, struct plan *plan, int64_t *next_ms,
               struct fail *why);

/* Is there anything that was not told? 1, 0, -1. */
int alert_untold(struct org *org, struct fail *why);

#endif
