/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the worker has to do, in memory: for each org with work its open actions and when they
 * are due.  An org without work costs its name.
 *
 * Fairness and budgets live here: at most LANE_MAX items of a connection run at once, a lane
 * that was asked to rest rests, items of one subject (an application or session) run one
 * after another, orgs take turns, and no org has more than half of the threads.
 * Lanes that stand aside (deliveries to consumers) have at most half of an org's share, and half
 * of all threads together: however many consumers hang, the org's own work goes on.
 * One of these places is kept from lanes that fail or are slow, and no lane takes all of them: a
 * consumer that works does not wait for those that hang. Nor do those of other orgs: lanes whose
 * last call failed or was slow have at most half of all threads, and half of all the places for
 * deliveries; and the last thread, like the last place for deliveries, is for an org that has none.
 *
 * Times are by the wall clock, so that people can read them; when it is set back, all of them
 * move with it, and nothing is ever due later than AGENDA_LATEST_MS from now.
 * Safe for threads.
 */
#ifndef HOME_AGENDA_H
#define HOME_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#include "home/home.h"

#define LANE_MAX 2
#define AGENDA_LATEST_MS (24 * 60 * 60 * INT64_C(1000))
#define AGENDA_SLOW_MS 2000 /* a call that takes longer is slow */

enum agenda_what {
        AGENDA_ACTION,
        AGENDA_SWEEP,
        AGENDA_PRUNE,
        AGENDA_POLL,  /* what an ATS tells by no webhook (poll.c) */
        AGENDA_WATCH, /* is everything as it should be? (watch.h) */
        AGENDA_TELL   /* alerts that nobody heard of yet (alert_tell.h) */
};

struct agenda;

struct ticket {
        enum agenda_what what;
        char org[HOME_ORG_NAME_MAX + 1];
        uint64_t number;     /* of the action; 0 otherwise */
        char connection[41]; /* "" for none */
        uint32_t id;         /* of the item */
        bool slow; /* for agenda_finish(): it took so long that its lane is one to wait for */
};

struct agenda *agenda_new(unsigned threads);
void agenda_free(struct agenda *a);

enum agenda_lane {
        AGENDA_OWN,
        AGENDA_ASIDE,   /* word "aside" */
        AGENDA_IN_ORDER /* "in_order": aside, and the first one holds up those behind it */
};
/* Of the word in an action's record ("lane"), NULL for none. */
enum agenda_lane agenda_lane_of(const char *word);

/* Adds an action (a number that is there already keeps the earlier due time).  subject and
 * look (the session, when it is a look at one) may be NULL.  lane is how its connection's lane
 * is used from now on, if not AGENDA_OWN. */
void agenda_add(struct agenda *a, const char *org, uint64_t number, int64_t due_ms,
                const char *connection, const char *subject, const char *look,
                enum agenda_lane lane);
/* Adds a sweep of one platform or the pruning of an org, unless it is there. */
void agenda_add_other(struct agenda *a, const char *org, enum agenda_what what,
                      const char *connection, int64_t due_ms);
/* The same, or brings it forward; one that runs comes back then. */
void agenda_hasten(struct agenda *a, const char *org, enum agenda_what what, int64_t due_ms);
/* A waiting (not running) look at this session: its number, or 0. */
uint64_t agenda_waiting_look(struct agenda *a, const char *org, const char *session);

/* Takes the next item that may run now: 1; 0 nothing, and *wait_ms says how long until
 * something may (-1: not before somebody adds or finishes something). */
int agenda_take(struct agenda *a, int64_t now_ms, int64_t steady_ms, struct ticket *ticket,
                int64_t *wait_ms);
/* It ended: it goes, or comes back when due_ms is not negative. */
void agenda_finish(struct agenda *a, const struct ticket *ticket, int64_t due_ms);

/* A connection rests (0 ends the rest); a whole org rests because its state is in trouble. */
void agenda_rest(struct agenda *a, const char *org, const char *connection, int64_t until_ms);
void agenda_rest_org(struct agenda *a, const char *org, int64_t until_ms);
/* Somebody changed this connection (NULL: any): its waiting items are due now. */
void agenda_hurry(struct agenda *a, const char *org, const char *connection, int64_t now_ms);

/* How many run, and how many that wait are due before a time; rounds (sweeps, polls:
 * they come back for ever) before one of their own. */
void agenda_count(struct agenda *a, int64_t before_ms, int64_t rounds_ms, unsigned *running,
                  unsigned *due);
/* Actions that wait, whenever they are due. */
unsigned agenda_left(struct agenda *a);

#endif
