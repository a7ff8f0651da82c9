/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What outsiders can cause as often as they like (refused deliveries, probes) is counted here
 * and written to the inbox at most once in TALLY_REST_MS per kind of thing, with the count
 * inside: an admin sees "3 refused: signature missing", the disk sees one record.
 *
 * The counts lie in small files below <home>/run/tally, shared by all processes (as plain CGI
 * each request is a process of its own); their number is bounded by connections x reasons.
 * They are no state: losing one loses a count, nothing else.
 */
#ifndef HOME_TALLY_H
#define HOME_TALLY_H

#include <stdint.h>

#include "home/delivery.h"
#include "home/home.h"

#define TALLY_REST_MS 10000

/* Counts one.  1: d->count now says how many to write down (this one among them); 0: counted,
 * something was written a moment ago; -1 why.  d needs what, org, connection and reason. */
int tally_add(struct home *h, struct delivery *d, int64_t now_ms, struct fail *why);

/* Calls visit for every count that was left behind and is due: visit writes it down.  Returns
 * how many are still waiting for their time, -1 why. */
int tally_flush(struct home *h, int64_t now_ms,
                void (*visit)(void *context, const struct delivery *d), void *context,
                struct fail *why);

#endif
