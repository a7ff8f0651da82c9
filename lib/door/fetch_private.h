/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of fetch, and mail, which goes out by the same library; for nobody else. */
#ifndef DOOR_FETCH_PRIVATE_H
#define DOOR_FETCH_PRIVATE_H

#include <curl/curl.h>
#include <stdbool.h>

#include "door/fetch.h"
#include "floor/address.h"

/* The certificates to trust instead of the system's; NULL: those. */
const char *fetch_ca_file(void);

/* The networks that are allowed although they are special; one list per process. */
int fetch_guard_allow(const char *networks, struct fail *why);
void fetch_guard_forget(void);

/* NULL if one may connect there (plain: without TLS), else why not. */
const char *fetch_guard_objection(const struct address *a, bool plain);

/* The parsed URL if the guard has nothing against it so far; else NULL and a cause.  host is
 * the caller's to free in both cases. */
CURLU *fetch_guard_url(const char *text, char **host, bool *plain, struct fail *why);

/* Adds the caller's lines (may be NULL) and ours to *list, which the caller frees also on
 * -1: a line that is malformed or frames the message. */
int fetch_headers(const char *const *lines, struct curl_slist **list, struct fail *why);

#endif
