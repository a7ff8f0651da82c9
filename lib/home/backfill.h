/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Past results of a platform, read once when consumers are connected: all sessions of all its
 * assessments, page by page, by an action that orders the next one (step "backfill").
 *
 * It is paced, uses the platform's own budget, and goes on where it was after any end of the
 * worker.  What it finds goes into the feed; nobody is told and no rule is asked, for it is the
 * past.  Sessions that are still open are left to their events.
 */
#ifndef HOME_BACKFILL_H
#define HOME_BACKFILL_H

#include "home/plan.h"
#include "home/trade.h"

/* 1 started (anew: from the beginning), 0 it is under way, -1 (FAIL_INPUT: no such platform, or
 * one that cannot list its past).  Wakes the worker. */
int backfill_start(const struct trade *trade, struct org *org, const char *platform,
                   struct fail *why);
/* 1 stopped, 0 it was not under way, -1. */
int backfill_stop(struct org *org, const char *platform, struct fail *why);
/* Starts those that never were, once the org has a consumer: *started (may be NULL) how many. */
int backfill_start_new(const struct trade *trade, struct org *org, int *started, struct fail *why);

/* Array of {platform, state (none, running, stopped, done), tests, tests_done, seen, added,
 * percent, started_ms, moved_ms, done_ms, sentence}, a row for each platform that can do it;
 * the caller's. */
int backfill_list(const struct trade *trade, struct org *org, json_t **list, struct fail *why);

#endif
