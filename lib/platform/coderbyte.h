/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Coderbyte (wire/coderbyte.md): its API as a platform, its webhooks as a sender.
 *
 * Settings of a connection:
 *   base_url            default https://coderbyte.com/api
 *   organization        the organisation's id, as in coderbyte.com/dashboard/<id>
 *   requests_per_minute our own limit (their own is not known), default 60
 *   test_candidate      address of somebody who took an assessment: the connection test then
 *                       reads a report too
 *   interviews          true: live interviews are made here, as profile.json's create_interview
 *                       says (the vendor publishes no way, so this begins with a path of yours)
 * Credentials:
 *   api_key             opaque text; it also signs the webhooks
 *
 * There is no official description of the API.  So paths, JSON pointers, words and the scale
 * are data/coderbyte/profile.json, which an admin may correct; nothing of them is in C.
 *
 * There is no session id either: an attempt is an assessment and an address.  Ours is
 * "<assessment>:<32 hex digits of the SHA-256 of the address in lower case>", so that no
 * address stands in keys, lists and logs, nor stays behind when a candidate is erased; the
 * address itself, as it was sent, is in the session's record.  A second try of the same
 * assessment is the same session with a corrected result.
 */
#ifndef PLATFORM_CODERBYTE_H
#define PLATFORM_CODERBYTE_H

#include "bridge/sender.h"
#include "platform/platform.h"

#define CODERBYTE_URL "https://coderbyte.com/api"

extern const struct platform coderbyte_platform;
extern const struct sender coderbyte_sender;

/* The id of an attempt; the caller frees. */
char *coderbyte_attempt(const char *assessment, const char *email);

#endif
