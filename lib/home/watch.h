/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is everything as it should be?  Looks at what is stored of an org and raises alerts, or ends
 * them: a credential that is refused, a webhook whose signatures are wrong, a vendor that is
 * silent against its rhythm, a consumer about to be paused, a key about to expire, an action that
 * waits for a person.
 *
 * Nothing is polled: watch_due() says when something could next become true, and whoever
 * changes what it looks at has the worker look again.
 */
#ifndef HOME_WATCH_H
#define HOME_WATCH_H

#include "home/delivery.h"
#include "home/plan.h"
#include "home/trade.h"

/* Raises and ends alerts in the plan.  *due_ms: when to look again, INT64_MAX for never unless
 * something changes.  0 or -1. */
int watch_run(const struct trade *trade, struct org *org, struct plan *plan, int64_t *due_ms,
              struct fail *why);
/* Only looks: *due_ms is now when there is something to raise or to end. */
int watch_due(const struct trade *trade, struct org *org, int64_t *due_ms, struct fail *why);

/* An event came: 1 the rhythm learned something, 0 not, -1. */
int watch_arrived(struct org *org, const struct delivery *d, struct fail *why);

/* An action ended as parked: told with it. */
int watch_parked(const struct trade *trade, struct org *org, struct plan *plan, uint64_t number,
                 const json_t *action, const char *sentence, struct fail *why);
/* The sweep found what no webhook had told. */
int watch_repaired(const struct trade *trade, struct org *org, struct plan *plan,
                   const char *platform, uint64_t count, struct fail *why);

#endif
