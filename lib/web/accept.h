/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Accept header (RFC 9110, 12.5.1): what a client would rather have. */
#ifndef WEB_ACCEPT_H
#define WEB_ACCEPT_H

#include <stdbool.h>

/* Quality of a media type ("text/html") in thousandths, by the most specific range that fits
 * it: 0 not acceptable.  A range that is malformed is skipped; a range with parameters other
 * than q fits like one without. */
int accept_quality(const char *accept, const char *type);

/* A page rather than JSON: text/html is worth more than application/json and
 * application/problem+json.  No header, an empty one and "*" "/" "*" mean a program. */
bool accept_prefers_html(const char *accept);

#endif
