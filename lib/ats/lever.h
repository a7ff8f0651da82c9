/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lever: webhooks inwards (wire/lever.md 4), the API outwards (1 to 3).
 *
 * A webhook's signature stands in the body and covers token and triggeredAt only, so a delivery
 * is a notice: what it says is read again over the API before anything follows.
 *
 * What the bridge calls an application is an opportunity here; its candidate_id is the contact,
 * whom several opportunities may share (links hang on the contact).
 *
 * Settings of a connection: base_url, act_as_user (id of the user who appears as author; needed
 * for files and the schedule), notify ("none", "followers": whom a note with a result notifies).
 * Credential: api_key.
 */
#ifndef ATS_LEVER_H
#define ATS_LEVER_H

#include "ats/ats.h"
#include "bridge/sender.h"

extern const struct ats lever_ats;
extern const struct sender lever_sender;

#endif
