/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How mail leaves this home: the settings around door/mail.h.
 */
#ifndef HOME_POST_H
#define HOME_POST_H

#include "door/mail.h"
#include "home/home.h"

struct post {
        const char *url;           /* FAIRLEAD_SMTP_URL; NULL or "": sendmail */
        const char *user;          /* FAIRLEAD_SMTP_USER */
        const char *password_file; /* FAIRLEAD_SMTP_PASSWORD_FILE: read each time */
        const char *sendmail;      /* FAIRLEAD_SENDMAIL */
        const char *from;          /* FAIRLEAD_MAIL_FROM; "": fairlead@ the org's public host */
        int (*send)(const struct mail_route *route, const struct mail *mail,
                    struct mail_answer *answer, struct fail *why); /* NULL: mail_send */
};

/* The sender's address for an org with this public_url: the caller frees. */
char *post_from(const struct post *post, const char *public_url);
/* mail_send() with the password read and from filled in by post_from() when it is NULL. */
int post_send(const struct post *post, const char *public_url, struct mail *mail,
              struct mail_answer *answer, struct fail *why);
/* Goes as far as one can without sending (mail_try()). */
int post_try(const struct post *post, struct mail_answer *answer, struct fail *why);

#endif
