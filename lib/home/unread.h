/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session that the platform answers for, in a way that nobody understands (a score outside of its
 * scale, a status that is new).  One look at it waits for a person, whoever else looks meanwhile;
 * its number stands in the session's record as "unread" until the session can be read: because a
 * person tried again, or because the sweep came by after data/ was corrected.
 */
#ifndef HOME_UNREAD_H
#define HOME_UNREAD_H

#include "home/step.h"

/* The step's look was refused; read is the session's record.  The step is the one that waits, or is
 * done when another one does.  Trouble is in s->why. */
void unread_refused(struct step *s, const json_t *read);

/* The session was read: the record, a copy of what is stored, forgets, and the look that waits for
 * a person ends in the plan.  1 there was one, 0, -1. */
int unread_over(struct plan *p, struct org *org, json_t *record, int64_t now_ms, struct fail *why);

#endif
