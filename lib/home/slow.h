/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slowing down those who guess.  Every attempt is counted before it is looked at, so that many
 * at once count as many; one that was right is forgiven.  The counts lie in one file of fixed
 * size below <home>/run, shared by all processes; losing it loses counts, nothing else.
 *
 * Three things are counted: the address (of IPv6 its first 64 bits), the account, and the two
 * together.  An account alone never waits long: somebody far away must not be able to lock its
 * owner out.
 */
#ifndef HOME_SLOW_H
#define HOME_SLOW_H

#include "home/home.h"

#define SLOW_FREE 5                          /* attempts without a wait */
#define SLOW_MOST_MS (15 * INT64_C(60000))   /* address, and address with account */
#define SLOW_ACCOUNT_MS (10 * INT64_C(1000)) /* account alone */
#define SLOW_FORGET_MS (60 * INT64_C(60000))

/* 0: go on, the attempt is counted; else how many milliseconds to wait, and it is not.  -1. */
int64_t slow_try(struct home *h, const char *org, const char *account, const char *address,
                 int64_t now_ms, struct fail *why);
/* The attempt was right. */
void slow_forgive(struct home *h, const char *org, const char *account, const char *address,
                  int64_t now_ms);

#endif
