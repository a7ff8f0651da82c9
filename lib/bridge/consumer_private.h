/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of bridge/consumer share; nobody else includes this. */
#ifndef BRIDGE_CONSUMER_PRIVATE_H
#define BRIDGE_CONSUMER_PRIVATE_H

#include "bridge/consumer.h"

/* Why this header may not be sent ("is a header that Fairlead sets itself"), or NULL. */
const char *consumer_header_objection(const char *name, const char *value);
/* Visits the sealed header lines: "Name: value" each; a line without a colon as "" and "".
 * Stops at what is not 0 and gives it back. */
int consumer_secret_headers(const json_t *credentials,
                            int (*visit)(void *context, const char *name, const char *value),
                            void *context);
/* The bytes behind "whsec_": 0, or -1 when it is not such a secret. */
int consumer_standard_key(const char *secret, struct buf *key);

#endif
