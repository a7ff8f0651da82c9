/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lever: webhooks inwards (wire/lever.md 4).
 *
 * The signature stands in the body and covers token and triggeredAt only, so a delivery is a
 * notice: what it says is read again over the API before anything follows.
 */
#ifndef ATS_LEVER_H
#define ATS_LEVER_H

#include "bridge/sender.h"

extern const struct sender lever_sender;

#endif
