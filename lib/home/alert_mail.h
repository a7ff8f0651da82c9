/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mail about alerts says. */
#ifndef HOME_ALERT_MAIL_H
#define HOME_ALERT_MAIL_H

#include "door/json.h"
#include "floor/buf.h"

/* alerts: array of records (records.h, "alert"), what stands before what is over; self: the
 * org's record. */
void alert_mail_subject(struct buf *out, const char *org, const json_t *self, const json_t *alerts);
void alert_mail_text(struct buf *out, const char *org, const json_t *self, const json_t *alerts,
                     int64_t now_ms);

#endif
