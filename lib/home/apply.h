/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets one org up from one document (fairlead-apply(5)): creates what is missing, changes
 * what differs, says what it did.  Applied twice it changes nothing the second time.
 *
 * Connections that the document does not name stay as they are; a "rules" member replaces
 * all rules, an absent one leaves them.
 */
#ifndef HOME_APPLY_H
#define HOME_APPLY_H

#include "door/json.h"
#include "home/home.h"

struct apply_options {
        bool test;             /* try every connection afterwards */
        const char *directory; /* {"file": "relative"} starts here */
        const char *data_dir;  /* of the adapters' data */
        int64_t scale;
        const char *by;    /* who applies it, for people; may be NULL */
        const char *stamp; /* the connections stand as the caller saw them (connection.h), else
                            * FAIL_CONFLICT; NULL: as they stand */
};

/* Reads and checks the text: a normal form in which secrets are plain texts, or NULL and a
 * cause that starts with the path of what is wrong ("connections.1.kind: ...").  The result
 * holds secrets: drop it with apply_forget(). */
json_t *apply_read(const void *text, size_t len, const char *directory, struct fail *why);
void apply_forget(json_t *document);

/* Does it.  *answer (the caller's) is {org, created, changed, did[sentences], rules{count},
 * connections[{id, kind, state (created, changed, unchanged), webhook_url,
 * webhook_secret (only when made here, only this once), needs[], paste, webhook{ok, sentence,
 * webhooks[]} (only where it was to be made), test{ok, sentence, checks[]}}]}. */
int apply_document(struct home *h, const json_t *document, const struct apply_options *options,
                   json_t **answer, struct fail *why);

/* The same for one connection, as it would stand in a document (taken), and nothing else. */
int apply_one(struct home *h, struct org *org, json_t *connection,
              const struct apply_options *options, json_t **answer, struct fail *why);

/* Tries one connection: {ok (true, false, or null when there is no test for its kind),
 * sentence, checks[{what, ok, sentence}]}; the caller's. */
int apply_test(struct home *h, struct org *org, const char *connection,
               const struct apply_options *options, json_t **answer, struct fail *why);

#endif
