/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Having a home to oneself for a while, though a worker runs: what moves records on (a restore)
 * asks the worker to rest, and the worker goes on by itself when it is over.  Who claims and is
 * killed has claimed nothing.
 */
#ifndef HOME_CLAIM_H
#define HOME_CLAIM_H

#include <stdbool.h>

#include "home/home.h"

/* Waits at most patience_ms for the worker to rest, and takes its lock.  A descriptor for
 * claim_end(); -1 why: FAIL_CONFLICT when it did not rest in time or somebody else claims. */
int claim_begin(struct home *h, int64_t patience_ms, struct fail *why);
void claim_end(struct home *h, int claim); /* -1 does nothing */

/* Does somebody claim?  Then a worker comes to an end and waits until this is false. */
bool claim_there(const struct home *h);

#endif
