/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Coderbyte: webhooks inwards (wire/coderbyte.md 2).
 *
 * The token signs nothing but the organisation, so a delivery is a notice.  There is no
 * session id: an attempt is named "<assessment id>:<lower-cased e-mail>".
 */
#ifndef PLATFORM_CODERBYTE_H
#define PLATFORM_CODERBYTE_H

#include "bridge/sender.h"

extern const struct sender coderbyte_sender;

#endif
