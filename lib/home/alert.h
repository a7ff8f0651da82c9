/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alerts: what a person should hear of by mail, and sees on the status page and in doctor.
 *
 * An alert has a subject: its topic and what it is about.  It stands until alert_over() (a
 * webhook that fails), or it is news (an error somebody reported).  Raising one that stands
 * changes nothing but its count, unless its mark is another ("50", then "70"): then it is told
 * again.  Raise as often as you like: the mails are grouped, at most one an hour goes out per
 * subject and address, and one that was over before anybody was told is not told at all.
 *
 * An alert is durable when the call (or the commit of the plan) returns; the worker tells it
 * to the org's alert_email and to that of the connection it is about.
 *
 * The topics denied, poll, webhook, silent, key, parked and missed are those of watch.h, which also
 * ends them.  Titles and sentences go out by mail: no name of a candidate, no secret, no token.
 */
#ifndef HOME_ALERT_H
#define HOME_ALERT_H

#include <stdbool.h>

#include "door/json.h"
#include "home/home.h"
#include "home/plan.h"

#define ALERT_TITLE_MAX 160
#define ALERT_SENTENCE_MAX 1000
#define ALERT_ADDRESSES 16 /* of one org or connection */

struct alert {
        const char *topic;      /* "pausing": [a-z-], at most 31 bytes, in the code, not made up */
        const char *about;      /* a connection, or the id of a key ...; NULL: the org */
        const char *connection; /* whose alert_email hears of it too, and of whose kind it is;
                                   NULL: none */
        const char *title;      /* one line: "Deliveries to endorsed fail"; longer ones are cut */
        const char *sentence;   /* what happened and what a person can do */
        const char *mark;       /* how far it has come; NULL when it just is */
        bool news;              /* an incident: nothing that gets well again; each is told */
};

/* 0, or -1 why; wakes the worker.  Any process may. */
int alert_raise(struct home *h, struct org *org, const struct alert *a, int64_t now_ms,
                struct fail *why);
/* It stands no more ("Deliveries to endorsed work again"): told to those who heard of it, unless
 * title is NULL.  1 it stood, 0 it did not (nothing is written), -1 why. */
int alert_over(struct home *h, struct org *org, const char *topic, const char *about,
               const char *title, const char *sentence, int64_t now_ms, struct fail *why);

/* The same as part of a plan, which stands or falls with it.  Nothing is guarded: an alert
 * never makes a commit fail.  The worker notices; other processes call event_wake(). */
int alert_plan(struct plan *p, struct org *org, const struct alert *a, int64_t now_ms,
               struct fail *why);
int alert_plan_over(struct plan *p, struct org *org, const char *topic, const char *about,
                    const char *title, const char *sentence, int64_t now_ms, struct fail *why);

/* 1 it stands, 0 it does not, -1. */
int alert_stands(struct org *org, const char *topic, const char *about, struct fail *why);

/* Array of {topic, about, connection, title, sentence, state (standing, over, news), since_ms,
 * changed_ms, count, told_ms (0: nobody was told yet)}, standing ones first, then the newest;
 * the caller's. */
int alert_list(struct org *org, json_t **list, struct fail *why);

#endif
