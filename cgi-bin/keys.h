/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the program keys share. */
#ifndef CGI_BIN_KEYS_H
#define CGI_BIN_KEYS_H

#include "floor/fail.h"
#include "home/home.h"
#include "web/serve.h"

#define KEYS_ETAG_LEN 16

/* One request: who asks, about which org. */
struct asker {
        struct request *rq;
        struct reply *re;
        struct org *org;
        char key[9];
};

/* 0, or the reply is made and -1: he may not. */
int keys_reading(struct asker *a, struct request *rq, struct reply *re);
int keys_writing(struct asker *a, struct request *rq, struct reply *re);
/* What If-Match asks for: 1 and the tag, 0 nothing (or "*"), -1 the reply is made.  wanted: a
 * change that says nothing is refused (RFC 6585, 3). */
int keys_if_match(struct asker *a, bool wanted, char etag[KEYS_ETAG_LEN + 1]);

/* "label: must be one line": the member before the colon is named apart, too. */
void keys_invalid(struct asker *a, const char *text);
/* How something ended that was not done; the second: whoever named a state is told that it is
 * another one. */
void keys_undone(struct asker *a, int result, const char *what, const struct fail *why);
void keys_unchanged(struct asker *a, int result, int match, const char *what,
                    const struct fail *why);
/* It was done already: a log that cannot be written must not hide that. */
void keys_note_done(struct asker *a, const char *did, const char *kind, const char *about);

route_handler keys_credentials, keys_change_credentials, keys_try_credentials, keys_secrets,
    keys_add_secret, keys_drop_secret;

#endif
