/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the report page shows of a session, ready for its template; nothing of the platform's
 * own report link is in it.
 */
#ifndef HOME_REPORT_VIEW_H
#define HOME_REPORT_VIEW_H

#include "door/json.h"
#include "home/home.h"

/* By the token in the link: 1 and *view (the caller's), 0 unknown, 2 the candidate's data was
 * erased, -1 why.  org NULL takes the same way as an unknown token. */
int report_view(struct home *h, struct org *org, const char *token, json_t **view,
                struct fail *why);

/* Where the platform keeps its own report of the same session.  1: *url (secret: for fetching,
 * never for showing; mem_free_secret()) and *session (its id); 0 there is none, or none that may
 * be seen yet, because the score is not final; 2 and -1 as above. */
int report_file(struct home *h, struct org *org, const char *token, char **url, char **session,
                struct fail *why);

#endif
