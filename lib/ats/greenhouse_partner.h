/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Greenhouse's Assessment Partner API: what its calls say and want to hear (wire/greenhouse.md 1).
 * The customer's key alone says whose call it is and which of the two stages it came from.
 */
#ifndef ATS_GREENHOUSE_PARTNER_H
#define ATS_GREENHOUSE_PARTNER_H

#include "bridge/link.h"
#include "bridge/outcome.h"
#include "bridge/partner.h"
#include "floor/buf.h"

#define GREENHOUSE_PARTNER_KEY_MAX 170 /* "fewer than 171 characters", 1.1 */

/* send_test (1.3).  Unknown members are ignored, null is absent. */
struct greenhouse_send {
        char *test, *first_name, *last_name, *email;
        char *candidate,
            *application; /* ids out of greenhouse_profile_url; NULL where it has none */
        char *profile;    /* that URL; NULL when it is none */
        char *sent_by;    /* may be NULL */
        char *url;        /* of the completion PATCH: a secret */
};
/* 0, or -1 with why's text "<member>: what is wrong". */
int greenhouse_partner_send(const json_t *body, const char *base_url, struct greenhouse_send *out,
                            struct fail *why);
void greenhouse_send_dispose(struct greenhouse_send *send);

/* May this be PATCHed with the customer's key?  https below greenhouse.io, or on the host that the
 * connection's base_url names (a stand-in). */
bool greenhouse_partner_url(const char *url, const char *base_url);

/* The answers, as JSON text: list_tests (1.2) from an array of {id, title}; test_status (1.4). */
void greenhouse_partner_tests(const json_t *tests, struct buf *out);
void greenhouse_partner_status(const struct partner_news *news, struct buf *out);

/* ats.h, tell_partner: the completion PATCH (1.5).  kept is {"url"}; the key is the credential
 * "<desk>_key".  Greenhouse then asks test_status, so what it is to hear must be durable. */
int greenhouse_tell_partner(struct link *link, const struct partner_news *news,
                            struct outcome *outcome);

#endif
