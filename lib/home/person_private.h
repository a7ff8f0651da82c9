/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files behind person.h share. */
#ifndef HOME_PERSON_PRIVATE_H
#define HOME_PERSON_PRIVATE_H

#include "home/person.h"

/* In lower case, the caller's; NULL when it cannot be an address.  Not more is asked: the mail
 * will tell. */
char *person_tidy_email(const char *email);
/* Long, not one letter over and over, and not the address: 0, or -1 with a sentence in *why. */
int person_check_pass(const char *pass, const char *email, struct fail *why);

struct person_listing { /* while a set of them is walked */
        struct org *org;
        json_t *list;
        struct fail *why;
};
void person_sort(json_t *list); /* by their member "email" */

/* How a commit ended: DONE, TAKEN (somebody else was first) or BROKEN. */
enum person_answer person_ended(int result, struct fail *why);

/* Puts a record in place of the one that was read: DONE, TAKEN or BROKEN; the second in a plan in
 * which more may stand. */
enum person_answer person_put(struct org *org, const char *id, const json_t *read, json_t *fresh,
                              struct fail *why);
enum person_answer person_commit(struct plan *plan, struct org *org, const char *id,
                                 const json_t *read, json_t *fresh, struct fail *why);

/* person_key.c: is this a good code?  A step or recovery code is used up in the record. */
bool person_code_fits(struct home *h, struct org *org, const char *id, json_t *record,
                      const char *code);

#endif
