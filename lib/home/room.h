/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interviews: the live session behind a stable link of ours (records.h, "interview").
 *
 * The link is ours and is there at once; the platform's session is made when it is needed:
 * by the first person who presses Join, or before by the worker.  Both use room_make(),
 * and whichever comes second finds what the first one made.
 */
#ifndef HOME_ROOM_H
#define HOME_ROOM_H

#include "bridge/outcome.h"
#include "home/plan.h"
#include "home/trade.h"

/* 1, 0 absent, -1. */
int room_load(struct org *org, const char *id, json_t **record, struct fail *why);

/* Puts a record, guarded by what was read (NULL: it is new); keeps "open-interviews" and the
 * index of platform ids in step. */
void room_put(struct plan *p, const char *id, const json_t *read, json_t *record);

/* The platform's address, sealed in the record as "url": 1 and *url (the caller's; a secret),
 * 0 not made yet, -1. */
int room_url(struct home *h, struct org *org, const char *id, const json_t *record, char **url,
             struct fail *why);

/* Makes the platform's session if there is none, and stores it.  It is made durable that a
 * making began; one that began and did not end is looked for at the platform first.  Whatever
 * happens meanwhile there is one room: a second one that comes too late is taken away again,
 * and a cancelling or a change of the candidate is brought after it.
 * 0 and *url, 1 another one is making it right now (AGAIN), or -1: outcome says why (REFUSED
 * also for a cancelled one). */
int room_make(const struct trade *trade, struct org *org, const char *id, char **url,
              struct outcome *outcome);

/* Takes it away at the platform (ABSENT there is DONE). */
int room_delete(const struct trade *trade, struct org *org, const char *id,
                struct outcome *outcome);
/* Brings name and address of the candidate to the platform. */
int room_edit(const struct trade *trade, struct org *org, const char *id, struct outcome *outcome);

#endif
