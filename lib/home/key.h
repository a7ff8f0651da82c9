/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Issued keys: what a scheduling flow, a monitor or a consumer shows us.
 *
 * Form: "fl_live_" or "fl_test_", 8 characters that name the key, 32 random ones (160 bits),
 * 6 that check the spelling; all of [a-z2-7].  A typo is told apart from an unknown key
 * before any look-up.  Only the digest rests here; the key is shown once.
 *
 * Every look-up reads what is stored, so a key that was revoked, switched off or changed is
 * refused by every process with its next request.
 */
#ifndef HOME_KEY_H
#define HOME_KEY_H

#include <stdint.h>

#include "door/json.h"
#include "home/home.h"

#define KEY_LABEL_MAX 80
#define KEY_NETWORKS_MAX 32
#define KEY_JOBS_MAX 50
#define KEY_JOB_MAX 100 /* bytes of a job's id */
#define KEY_OVERLAP_MAX_MS (90 * INT64_C(86400000))

/* Scopes: deny by default, read apart from write. */
struct key_scope {
        const char *name;     /* "interviews:write"; NULL ends the list */
        const char *sentence; /* "Make, move and cancel interview links" */
};
extern const struct key_scope key_scopes[];

struct key_order {
        const char *label;      /* for people; at most KEY_LABEL_MAX bytes */
        const json_t *scopes;   /* array of names, at least one; "keys:*" is all that begin so */
        int64_t expires_ms;     /* 0: never */
        bool test;              /* mark it fl_test_ */
        int64_t not_before_ms;  /* 0: at once */
        const json_t *networks; /* array of CIDR texts from which it works; NULL or []: any */
        const json_t *jobs;     /* array of ids of jobs whose results it reads, and nothing else;
 NULL or []: all */
        const char *by;         /* who issues it, for people; may be NULL */
};

/* 0 and the key's text (wipe it after showing) and its id; -1 FAIL_INPUT names what is wrong. */
int key_issue(struct org *org, const struct key_order *order, char **text, char **id,
              struct fail *why);

/* Has this the form of a key, spelling included? */
bool key_is_one(const char *text);

/* Array of {id, label, scopes[], state (live, early, disabled, expired, revoked), created_ms,
 * expires_ms, not_before_ms, revoked_ms, changed_ms, disabled, networks[], jobs[], by,
 * starts ("fl_live_abcdefgh"), etag, of, next (ids: rotated from, to), used{last_ms, from,
 * count, places[{from, last_ms, count}]}, rotation{new, sentence, safe} (of one with a next)},
 * oldest first; the caller's.  h NULL leaves the uses of the last minute out. */
int key_list(struct home *h, struct org *org, json_t **list, struct fail *why);
/* One of them: 1, 0 absent, -1. */
int key_get(struct home *h, struct org *org, const char *id, json_t **row, struct fail *why);

/* Changes members label, scopes, expires_ms, not_before_ms, networks, jobs, disabled of a key
 * that is not revoked.  etag: what the caller decided on; NULL: whatever is there.  1 done,
 * 0 no such key, -1: FAIL_INPUT names the member, FAIL_CONFLICT it was changed meanwhile or
 * is revoked. */
int key_change(struct org *org, const char *id, const json_t *changes, const char *etag,
               struct fail *why);

/* A new key that may do the same takes over; the old one works for overlap_ms more (0: it is
 * revoked at once).  As long a life as the old one had is given to the new one.  1 and the new
 * key's text and id, 0 no such key, -1 as key_change(). */
int key_rotate(struct org *org, const char *id, int64_t overlap_ms, const char *etag,
               const char *by, char **text, char **new_id, struct fail *why);

/* 1 revoked now, 2 it was already, 0 no such key, -1 why (FAIL_CONFLICT: etag is of another state;
 * NULL: whatever is there). */
int key_revoke(struct org *org, const char *id, const char *etag, struct fail *why);

enum key_answer {
        KEY_PASS,
        KEY_MISSING,  /* none shown: 401 */
        KEY_MISTYPED, /* not the form of a key, or its check fails: 401 */
        KEY_UNKNOWN,  /* well formed; unknown, expired, revoked, switched off, early: 401 */
        KEY_SCOPE,    /* good, and may not do this: 403 */
        KEY_PLACE,    /* good, and not from this address: 403 */
        KEY_BROKEN    /* state could not answer */
};

/* org NULL (unknown) takes the same way as an unknown key.  from: the address that shows it;
 * NULL is nowhere.  id (9 bytes) may be NULL. */
enum key_answer key_check(struct home *h, struct org *org, const char *shown, const char *scope,
                          const char *from, char id[9], struct fail *why);
const char *key_sentence(enum key_answer answer); /* for the problem's detail */

/* May this key see the result of this session?  One that is for some jobs sees nothing else. 1,
 * 0, -1. */
int key_may_session(struct org *org, const char *id, const char *session, struct fail *why);
/* Is it for some jobs only? 1, 0, -1. */
int key_is_narrow(struct org *org, const char *id, struct fail *why);

/* It was used: counted in a small file below <home>/run, which all processes share; at most once a
 * minute per key it goes into the store. */
void key_used(struct home *h, struct org *org, const char *id, const char *from, int64_t now_ms);

#endif
