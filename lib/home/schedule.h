/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interviews that an ATS scheduled, and ours that belong to them (records.h, "schedule"): made
 * when the schedule is, moved and cancelled with it, one for each of its parts that a rule asks
 * for.
 */
#ifndef HOME_SCHEDULE_H
#define HOME_SCHEDULE_H

#include "bridge/sender.h"
#include "home/event.h"

/* A FACT_SCHEDULE, told by an event or found by polling (w->number 0, TRUST_BODY): *state and
 * the reason for people. */
int follow_schedule(struct event_work *w, enum trust trust, const struct fact *fact,
                    const char *connection, const char **state, struct buf *reason,
                    struct fail *why);

struct schedule_work {
        const struct trade *trade;
        struct org *org;
        struct plan *plan;
        const char *key;         /* of the schedule: "ab:<id>" */
        const char *application; /* key */
        const struct application *who;
        bool hidden;       /* people do not see links in this ATS's schedule */
        const char *field; /* where it goes there */
        struct buf *said;
        unsigned made, moved, cancelled;
};

/* Brings ours in line with parts (see read_schedule in ats.h; empty: all are cancelled). */
int schedule_settle(struct schedule_work *w, const json_t *parts, struct fail *why);
/* The candidate's data goes: cancels what there is and forgets whom it was with. */
int schedule_erase(struct plan *p, struct org *org, const char *key, int64_t now_ms,
                   struct fail *why);

#endif
