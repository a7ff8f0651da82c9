/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What somebody asks of the key registry, as he writes it.
 *
 * A time is milliseconds since 1970 ("expires_ms"), or a text ("expires"): an RFC 3339 time, or a
 * span from now such as "90d", "12h", "30m"; null is none.
 */
#ifndef HOME_KEY_DOCUMENT_H
#define HOME_KEY_DOCUMENT_H

#include <stdint.h>

#include "door/json.h"

enum key_document {
        KEY_DOCUMENT_ISSUE,  /* label, scopes, expires, not_before, networks, jobs, test */
        KEY_DOCUMENT_CHANGE, /* label, scopes, expires, not_before, networks, jobs, disabled */
        KEY_DOCUMENT_ROTATE  /* overlap: a span or "now" */
};

/* An object in which times are <name>_ms and nothing else has been looked into; NULL with
 * FAIL_INPUT, which names the member.  An empty text is an empty object. */
json_t *key_document_read(const void *text, size_t len, enum key_document what, int64_t now_ms,
                          struct fail *why);
/* A time or a span from now: 0, or -1. */
int key_time(const char *text, int64_t now_ms, int64_t *ms);
/* "90d", "12h", "30m", "45s", "now": 0, or -1. */
int key_span(const char *text, int64_t *ms);

#endif
