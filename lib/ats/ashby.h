/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ashby: webhooks inwards (wire/ashby.md 2).  The signature covers the body. */
#ifndef ATS_ASHBY_H
#define ATS_ASHBY_H

#include "bridge/sender.h"

extern const struct sender ashby_sender;

#endif
