/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Visits: what a browser's cookie stands for while somebody is signed in (records.h, "visit").
 * Only the cookie's digest rests here.  A visit ends when it is ended, when its person's epoch
 * has moved on, after VISIT_IDLE_MS without a look and VISIT_MS after it began.
 *
 * Glass: an operator who must look at an org's data breaks the glass with a reason, for
 * GLASS_MS; the org sees it (records.h, "glass").
 */
#ifndef HOME_VISIT_H
#define HOME_VISIT_H

#include "home/person.h"

#define VISIT_IDLE_MS (12 * INT64_C(3600000))
#define VISIT_MS (7 * INT64_C(86400000))
#define VISIT_TOUCH_MS (5 * INT64_C(60000)) /* a look is written down this seldom */
#define VISIT_EACH_MAX 20                   /* of one person; the oldest go */
#define GLASS_MS INT64_C(3600000)
#define GLASS_REASON_LEAST 10
#define GLASS_REASON_MAX 300

/* 0 and *token (the caller's, a secret: it goes into the cookie); -1. */
int visit_begin(struct org *org, const char *person, const char *from, const char *agent,
                char **token, struct fail *why);
/* 1 a visit that goes on, with its person: *person (the record) and *id are the caller's; 0, -1.
 * org NULL takes the same way as an unknown token. */
int visit_look(struct org *org, const char *token, char **id, json_t **person, struct fail *why);
int visit_end(struct org *org, const char *token, struct fail *why);

/* A person's visits, latest first: [{id, created_ms, seen_ms, from, agent, own}]; own is the one
 * of this token.  The caller's. */
int visit_list(struct org *org, const char *person, const char *token, json_t **list,
               struct fail *why);
/* One of them, by the id in the list: 1 ended, 0 none of his, -1. */
int visit_end_one(struct org *org, const char *person, const char *id, struct fail *why);

/* 0, or -1 and a sentence: what is wrong with a reason. */
int glass_reason(const char *reason, struct fail *why);
/* Opens an org's data to one visit of the host's: PERSON_DONE, WRONG (the reason) or BROKEN. */
enum person_answer glass_break(struct org *org, const char *token, const char *who,
                               const char *reason, struct fail *why);
/* 1 it is open to this visit (record: {who, reason, at_ms, until_ms}), 0, -1. */
int glass_open(struct org *org, const char *token, json_t **record, struct fail *why);
/* Who has it open now, for the org to see: [{who, reason, at_ms, until_ms}]; the caller's. */
int glass_list(struct org *org, json_t **list, struct fail *why);

#endif
