/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CodeSignal (wire/codesignal.md): its API as a platform, its webhooks as a sender.
 *
 * Settings of a connection:
 *   base_url          the GraphQL endpoint, default https://app.codesignal.com/graphql
 *   no_email          true: CodeSignal sends the candidate no invitation mail of its own
 *   signature_mode    "url+event+time" (default) or "url+time": what the signature covers;
 *                     the documentation can be read both ways (wire 2.1)
 *   bad_signature     "refuse" (default: 401, CodeSignal keeps the event and tries for two
 *                     weeks) or "quarantine" (kept as unsigned, 200)
 *   second_header     name of a custom header that every delivery must carry as well
 *   second_header_sha256  SHA-256 of its value, 64 hex digits: the value itself is stored
 *                     nowhere
 * Credentials:
 *   api_key           opaque text
 *
 * Which fields are asked for and where they stand in the answers is data/codesignal, which an
 * admin may correct; nothing of it is in C.
 */
#ifndef PLATFORM_CODESIGNAL_H
#define PLATFORM_CODESIGNAL_H

#include "bridge/sender.h"
#include "platform/platform.h"

#define CODESIGNAL_URL "https://app.codesignal.com/graphql"

extern const struct platform codesignal_platform;
extern const struct sender codesignal_sender;

#endif
