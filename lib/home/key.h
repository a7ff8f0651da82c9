/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Issued keys: what a scheduling flow, a monitor or an admin's browser shows us.
 *
 * Form: "fl_live_" or "fl_test_", 8 characters that name the key, 32 random ones (160 bits),
 * 6 that check the spelling; all of [a-z2-7].  A typo is told apart from an unknown key
 * before any look-up.  Only the digest rests here; the key is shown once.
 */
#ifndef HOME_KEY_H
#define HOME_KEY_H

#include <stdint.h>

#include "door/json.h"
#include "home/home.h"

/* Scopes: deny by default, read apart from write. */
struct key_scope {
        const char *name;     /* "interviews:write"; NULL ends the list */
        const char *sentence; /* "Make, move and cancel interview links" */
};
extern const struct key_scope key_scopes[];

struct key_order {
        const char *label;    /* for people; at most 80 bytes */
        const json_t *scopes; /* array of names, at least one */
        int64_t expires_ms;   /* 0: never */
        bool test;            /* mark it fl_test_ */
};

/* 0 and the key's text (wipe it after showing) and its id; -1 FAIL_INPUT names what is wrong. */
int key_issue(struct org *org, const struct key_order *order, char **text, char **id,
              struct fail *why);

/* Array of {id, label, scopes[], state (live, expired, revoked), created_ms, expires_ms,
 * revoked_ms, starts ("fl_live_abcdefgh")}, oldest first; the caller's. */
int key_list(struct org *org, json_t **list, struct fail *why);

/* 1 revoked now, 2 it was already, 0 no such key, -1 why. */
int key_revoke(struct org *org, const char *id, struct fail *why);

enum key_answer {
        KEY_PASS,
        KEY_MISSING,  /* none shown: 401 */
        KEY_MISTYPED, /* not the form of a key, or its check fails: 401 */
        KEY_UNKNOWN,  /* well formed; unknown, expired or revoked: 401 */
        KEY_SCOPE,    /* good, and may not do this: 403 */
        KEY_BROKEN    /* state could not answer */
};

/* org NULL (unknown) takes the same way as an unknown key.  id (9 bytes) may be NULL. */
enum key_answer key_check(struct home *h, struct org *org, const char *shown, const char *scope,
                          char id[9], struct fail *why);
const char *key_sentence(enum key_answer answer); /* for the problem's detail */

#endif
