/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Webhooks that Fairlead makes at the vendor itself, where the credential may (records.h,
 * "vendor-hook"): made once, found again by their ids, and their secrets kept.
 */
#ifndef HOME_VENDOR_HOOK_H
#define HOME_VENDOR_HOOK_H

#include "door/json.h"
#include "home/trade.h"

/* *answer (the caller's): {ok, changed, sentence, webhooks[ids]}.  What was made before a failure
 * is kept, so that it can be called again.  1, 0 there is no such connection, -1 our own trouble.
 */
int vendor_hook_create(const struct trade *trade, struct org *org, const char *connection,
                       json_t **answer, struct fail *why);

#endif
