/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interviews that know a candidate by nothing but his address: those that people and scheduling
 * flows make.  When the ATS orders the erasure of an application they go as well, unless one that
 * is not erased has the same address.  That shows only when all that was ordered is erased, so
 * their ids (nothing personal) are handed to the step that erases the traces.
 */
#ifndef HOME_ERASE_INTERVIEW_H
#define HOME_ERASE_INTERVIEW_H

#include "home/step.h"

/* Their ids, an array that is the caller's; NULL with *why. */
json_t *erase_interview_ids(struct org *org, const char *email, struct fail *why);
/* Erases those of with.interviews whose address is nobody else's: 0, -1 with s->why. */
int erase_interviews(struct step *s);

#endif
