/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * People who use the pages: accounts, invitations, passphrases, second factors.
 *
 * An account belongs to exactly one org, or to the host (home_host()): its operators.  Records:
 * records.h, "person" and "invitation".  Nobody can be added with a passphrase that somebody else
 * knows: an invitation is a link, and who follows it chooses his own.
 */
#ifndef HOME_PERSON_H
#define HOME_PERSON_H

#include <stdbool.h>
#include <stdint.h>

#include "door/json.h"
#include "home/home.h"
#include "home/plan.h"

#define PERSON_EMAIL_MAX 254
#define PERSON_NAME_MAX 80
#define PERSON_PASS_LEAST 12 /* characters */
#define PERSON_PASS_MAX 200  /* bytes */
#define PERSON_INVITED_MS (7 * INT64_C(86400000))
#define PERSON_CODES 10 /* recovery codes */
#define PERSON_PEOPLE_MAX 500

/* Roles by their names: "admin", "recruiter" (reads), "auditor" (reads the log), and
 * "operator", whom only the host has. */
struct person_role {
        const char *name, *title, *sentence; /* name NULL ends the list */
        bool host;
};
extern const struct person_role person_roles[];
const struct person_role *person_role(const char *name); /* NULL: there is none */
bool person_role_fits(const struct org *org, const char *name);

enum person_answer {
        PERSON_DONE,
        PERSON_WRONG,  /* what was typed: why->text is a sentence for its field */
        PERSON_ABSENT, /* no such person or invitation, used up, over */
        PERSON_TAKEN,  /* there is one already; or somebody else was first */
        PERSON_LAST,   /* the last admin (operator) would be gone */
        PERSON_BROKEN
};

/* By lower-case address, or by id: 1 and the record (the caller's), 0, -1. */
int person_by_email(struct org *org, const char *email, char **id, json_t **record,
                    struct fail *why);
int person_get(struct org *org, const char *id, json_t **record, struct fail *why);
/* Changes whenever the record does; what a form shows and sends back.  The caller frees. */
char *person_stamp(const json_t *record);
/* Array of {id, email, name, role, off, totp, last_ms, created_ms}, by address; the caller's. */
int person_list(struct org *org, json_t **list, struct fail *why);

/* A link for somebody new, or (reset) for somebody who is locked out: *token (the caller's, a
 * secret) is shown once.  Accepting a reset ends all his visits; no_totp drops his second factor
 * as well. */
struct person_invitation {
        const char *email, *role, *by; /* role NULL for a reset */
        bool reset, no_totp;
};
enum person_answer person_invite(struct org *org, const struct person_invitation *order,
                                 char **token, struct fail *why);
/* 1 and the record, 0 unknown, used or over, -1. */
int person_invited(struct org *org, const char *token, json_t **record, struct fail *why);
/* Those that are open: [{id, email, role, by, created_ms, expires_ms, reset}]; the caller's. */
int person_invitations(struct org *org, json_t **list, struct fail *why);
enum person_answer person_withdraw(struct org *org, const char *id, struct fail *why);
/* WRONG: the passphrase will not do.  *id: whose account it is now (the caller frees). */
enum person_answer person_accept(struct org *org, const char *token, const char *name,
                                 const char *pass, char **id, struct fail *why);

/* Signs in: DONE and *id; WRONG: one of the three, never which; TAKEN: a code is needed and none
 * came.  code may be a one-time code or one of the recovery codes (which is used up). */
enum person_answer person_sign_in(struct home *h, struct org *org, const char *email,
                                  const char *pass, const char *code, const char *from, char **id,
                                  struct fail *why);

/* Changes to one person.  stamp (may be NULL): as it was shown; another one is TAKEN.  NULL
 * members stay.  off: "yes" or "no". */
struct person_change {
        const char *stamp, *name, *role, *zone, *off;
};
enum person_answer person_change(struct org *org, const char *id,
                                 const struct person_change *change, struct fail *why);
enum person_answer person_remove(struct org *org, const char *id, struct fail *why);
enum person_answer person_set_pass(struct org *org, const char *id, const char *old,
                                   const char *fresh, struct fail *why);
/* All visits end (visit.h): they carry the epoch. */
enum person_answer person_end_visits(struct org *org, const char *id, struct fail *why);

/* Second factor (person_key.c).  begin: a key that counts once a code of it was confirmed;
 * *base32 is for the person's authenticator.  confirm: *codes (an array of texts, the caller's)
 * are shown once. */
enum person_answer person_totp_begin(struct home *h, struct org *org, const char *id, char **base32,
                                     struct fail *why);
enum person_answer person_totp_confirm(struct home *h, struct org *org, const char *id,
                                       const char *code, json_t **codes, struct fail *why);
enum person_answer person_totp_off(struct org *org, const char *id, const char *pass,
                                   struct fail *why);

#endif
