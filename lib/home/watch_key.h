/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the end of an issued key is worth telling, and in which words. */
#ifndef HOME_WATCH_KEY_H
#define HOME_WATCH_KEY_H

#include <stdint.h>

#include "door/json.h"

struct key_term {
        const char *mark; /* "30", "10", "2" days before, "0" it is over; NULL: nothing to tell */
        int64_t next_ms;  /* when the next one comes; INT64_MAX never */
        char *title, *sentence;
};

/* record: of table "key"; use: of "key-use", may be NULL.  A key that lives for less than a step's
 * days is not warned of at that step; one that was revoked, or rotated, never. */
void key_term(struct key_term *t, const char *id, const json_t *record, const json_t *use,
              int64_t now_ms);
void key_term_dispose(struct key_term *t);

#endif
