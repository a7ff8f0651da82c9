/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of mail; for nobody else. */
#ifndef DOOR_MAIL_PRIVATE_H
#define DOOR_MAIL_PRIVATE_H

#include "door/mail.h"

/* Fills end and cause; returns 0 for MAIL_SENT, -1 else. */
int mail_end(struct mail_answer *answer, enum mail_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Hands a whole message to the local sendmail. */
int mail_sendmail(const struct mail_route *route, const struct mail *mail,
                  const struct buf *message, struct mail_answer *answer);

#endif
