/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A change in the making: one batch, and the actions that follow from it.
 *
 * Build it, commit it, look at its actions (they have their numbers then), dispose of it.
 * What was decided on is guarded: a record that somebody else changed meanwhile makes the
 * commit fail with FAIL_CONFLICT, and nothing is written.
 */
#ifndef HOME_PLAN_H
#define HOME_PLAN_H

#include "door/json.h"
#include "home/home.h"

struct planned {
        uint64_t number; /* once committed */
        int64_t due_ms;
        const char *kind, *lane; /* of the order: constants */
        char *connection, *subject, *session;
        struct planned *next;
};

struct plan {
        struct batch *batch;
        unsigned appended; /* members appended to series so far */
        struct planned *actions;
        bool alerts; /* somebody is to be told of an alert */
        bool watch;  /* an alert may be over */
};

struct action_order {
        const char *kind;                  /* a constant: "write_note" */
        const char *connection;            /* whose budget it uses */
        const char *application, *session; /* keys; may be NULL */
        const char *rule;                  /* may be NULL */
        const char *marker;                /* may be NULL */
        const char *lane;                  /* a constant: agenda_lane_of(); may be NULL */
        json_t *with;                      /* taken; may be NULL */
        int64_t due_ms;
        int64_t now_ms;
};

void plan_init(struct plan *p);
void plan_dispose(struct plan *p);

/* Orders an action: joins "open-actions". */
void plan_action(struct plan *p, const struct action_order *order);
/* An action that waits is due at once: the caller has put its record, guarded, into the batch. */
void plan_hurry(struct plan *p, uint64_t number, int64_t now_ms);
/* Appends to any series; number is set once committed and must live until then. */
void plan_append(struct plan *p, const char *series, json_t *value, uint64_t *number);

/* Guards: the record still is what was read (NULL: absent). */
void plan_guard(struct plan *p, const char *table, const char *key, const json_t *read);
void plan_guard_series(struct plan *p, const char *series, uint64_t number, const json_t *read);

/* A thing that may happen once only, by a text that names it: 1 it happened before, 0 now it
 * is in the plan (guarded), -1 why. */
int plan_once(struct plan *p, struct org *org, const char *what, int64_t now_ms, struct fail *why);
/* Only looks: 1 it happened, 0, -1. */
int plan_happened(struct org *org, const char *what, struct fail *why);

int plan_commit(struct plan *p, struct org *org, struct fail *why);

#endif
