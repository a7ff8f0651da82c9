/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which secret signed?  The part of a sender's verify() that is the same for all. */
#ifndef BRIDGE_SIGNATURE_H
#define BRIDGE_SIGNATURE_H

#include <stddef.h>

#include "bridge/sender.h"

/* The index of the secret whose HMAC-SHA256 of the message, in lower-case hexadecimal, is
 * exactly shown; -1 none.  All secrets are tried and compared in constant time. */
int signature_of(const struct sender_request *request, const void *message, size_t len,
                 const char *shown);

/* Fills a verdict; secret is -1 and trust TRUST_UNSIGNED unless set behind it. */
void verdict_set(struct verdict *verdict, enum verdict_kind kind, int status, const char *reason);

/* The beginning of every fact: what is known before anything could be read.  Cuts the
 * summary to its room at a whole character. */
void fact_start(struct fact *fact, enum fact_kind kind, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
