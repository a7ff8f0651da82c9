/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a connection is doing (records.h, "health"), written seldom: at once when its light
 * changes, otherwise at most once a minute per connection and process.
 */
#ifndef HOME_HEALTH_H
#define HOME_HEALTH_H

#include "bridge/outcome.h"
#include "home/delivery.h"
#include "home/home.h"

/* Something arrived for a connection.  Counts of refused deliveries are never skipped.  Both:
 * 1 its light may have changed (watch.h), 0 not, -1. */
int health_arrived(struct org *org, const struct delivery *d, struct fail *why);
/* A call ended. */
int health_called(struct org *org, const char *connection, const struct outcome *outcome,
                  int64_t now_ms, struct fail *why);

/* A poll ended: REFUSED and ABSENT are not about one candidate here, so they turn the light; NULL:
 * nobody waits for what polling tells any more.  As health_called. */
int health_polled(struct org *org, const char *connection, const struct outcome *outcome,
                  int64_t now_ms, struct fail *why);

/* Adds to a counter of the org ("repaired", "duplicates"); detail (taken, may be NULL) is
 * kept beside it as "last". */
int count_add(struct org *org, const char *name, int64_t n, json_t *detail, int64_t now_ms,
              struct fail *why);

#endif
