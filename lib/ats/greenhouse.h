/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Greenhouse: Harvest v3 outwards, recruiting webhooks inwards (wire/greenhouse.md 3 and 4).
 *
 * Harvest v1 was to end on 2026-08-31; whoever has a key that still works sets api to "v1".  The
 * assessment partner API is another product: greenhouse_partner.h.
 *
 * Settings of a connection: base_url, token_url, act_as_user (a Site Admin's or service
 * user's id, text or number), subdomain ("app": where people's links point to),
 * note_visibility ("private", "public", "admin_only"; default "private"),
 * webhook_basic_sha256 (hexadecimal SHA-256 of "user:password" if the hook is set up with
 * Basic authentication; absent: not looked at).  Credentials: client_id, client_secret.
 */
#ifndef ATS_GREENHOUSE_H
#define ATS_GREENHOUSE_H

#include "ats/ats.h"
#include "bridge/sender.h"

extern const struct ats greenhouse_ats;
extern const struct sender greenhouse_sender;

#endif
