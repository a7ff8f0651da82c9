/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outgoing mail: one message to one address, over SMTP (libcurl) or the local sendmail.
 *
 * SMTP: smtps:// speaks TLS from the start, smtp:// upgrades with STARTTLS and gives up where
 * that is not offered or the certificate does not hold.  Only a relay on an allowed loopback
 * network (FAIRLEAD_ALLOW_NETWORKS) is also spoken to without TLS.  The relay's address is the
 * operator's word, so with TLS it may be private.
 *
 * The message follows RFC 5322: UTF-8 text as quoted-printable, the subject as encoded words
 * where it needs to be (RFC 2047), Auto-Submitted (RFC 3834).  What could add a header line or
 * a recipient is refused, not repaired.  One recipient each, because libcurl does not tell
 * which of several was refused.
 */
#ifndef DOOR_MAIL_H
#define DOOR_MAIL_H

#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

#define MAIL_ADDRESS_MAX 254 /* RFC 5321 4.5.3.1.3 without the brackets */
#define MAIL_SUBJECT_MAX 400
#define MAIL_TEXT_MAX 65536

struct mail {
        const char *from;      /* "fairlead@example.org" */
        const char *from_name; /* "Fairlead"; NULL for none */
        const char *to;
        const char *subject; /* UTF-8, one line */
        const char *text;    /* UTF-8, lines end with "\n" */
        const char *id;      /* of [A-Za-z0-9._-]: the same for each attempt, so that a mail that
                                was sent twice after a doubt is seen once */
        int64_t date_ms;
};

struct mail_route {
        const char *url;      /* "smtp://host[:port]", "smtps://..."; NULL or "": sendmail */
        const char *user;     /* NULL or "": none */
        const char *password; /* of user */
        const char *sendmail; /* path of the program; NULL or "": there is none */
        int64_t timeout_ms;   /* the whole call; 0: 30 s */
};

enum mail_end {
        MAIL_SENT,      /* taken over by the next one on the way */
        MAIL_REFUSED,   /* this message or this address will not be taken */
        MAIL_LATER,     /* certainly not sent; may work later */
        MAIL_DENIED,    /* the relay wants other credentials, or another sender */
        MAIL_UNCERTAIN, /* the message went out whole, no answer came */
        MAIL_NO_WAY     /* neither a relay nor a sendmail, or settings that cannot be */
};

struct mail_answer {
        enum mail_end end;
        int code; /* of SMTP, or sendmail's exit code; 0 for none */
        int64_t elapsed_us;
        char cause[200]; /* in words, with the start of what the relay said */
};

/* 0 when sent, -1 else with *why.  *answer is always filled.  After fetch_start(). */
int mail_send(const struct mail_route *route, const struct mail *mail, struct mail_answer *answer,
              struct fail *why);
/* Goes as far as one can without sending: 0, or -1 with *answer (never MAIL_SENT). */
int mail_try(const struct mail_route *route, struct mail_answer *answer, struct fail *why);

/* May this be sent to?  local@domain in plain ASCII, nothing that needs quoting. */
int mail_check_address(const char *address, struct fail *why);
/* The whole message, lines ended by CRLF: 0, or -1 FAIL_INPUT names what is wrong. */
int mail_write(const struct mail *mail, struct buf *out, struct fail *why);

#endif
