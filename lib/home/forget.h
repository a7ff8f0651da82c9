/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Candidates' data goes (rule 11): because a person says so, or because its time is up.
 *
 * What is found is a list to be shown before anything happens: {applications[keys],
 * sessions[keys: those that belong to no application], interviews[ids], events[numbers: raw
 * bytes that hold the address]}.  Erasing is one commit for each, may be repeated, and goes on
 * where it was after any interruption; what ended actions say is taken out by the worker.
 * Consumers are told (home/consumer.h), the other systems are not: what they hold is theirs.
 */
#ifndef HOME_FORGET_H
#define HOME_FORGET_H

#include "door/json.h"
#include "home/trade.h"

#define FORGET_DAYS_MAX 3650

struct forget_count {
        uint64_t applications, sessions, interviews, events;
};

/* All that is held about one candidate.  what names him by anything of his: an address, the key
 * or the id of an application ("gh:17", "17"), of a session ("cs:abc"), of an interview, or the
 * ATS's id of the candidate; whoever has the same address is the same candidate.  1 and *found
 * (the caller's), 0 there is nothing, -1 (FAIL_INPUT: more than one candidate is meant). */
int forget_find(struct org *org, const char *what, json_t **found, struct fail *why);

/* All of which nothing was heard since before_ms, at most limit; *more: there are others. */
int forget_find_old(struct org *org, int64_t before_ms, unsigned limit, json_t **found, bool *more,
                    struct fail *why);

/* What erasing would take, for a person to read beforehand.  Whole, also of what was found more
 * than once: sessions are those of the applications and the others. */
struct forget_weight {
        uint64_t applications, sessions, interviews;
        uint64_t results; /* sessions with a final result */
        uint64_t events;  /* that arrived about them, with their raw bytes */
        uint64_t notes;   /* that are still to be written, or parked: they end */
        uint64_t orders;  /* other actions that end */
        uint64_t written; /* sessions whose result stands in the ATS, where it stays */
};
int forget_weigh(struct org *org, const json_t *found, struct forget_weight *weight,
                 struct fail *why);
/* Other text when something else would go: 16 characters, the caller frees. */
char *forget_stamp(const json_t *found, const struct forget_weight *weight);

/* Erases what was found.  lapsed: its time was up.  *count also says how far it came when it
 * fails.  Wakes the worker. */
int forget_all(const struct trade *trade, struct org *org, const json_t *found, bool lapsed,
               struct forget_count *count, struct fail *why);

/* How many days the org keeps what it does not hear of any more: 0 for ever; -1. */
int forget_days(struct org *org, struct fail *why);
/* From so many days to others: 0 done, 1 it was not so many any more, -1. */
int forget_set_days(struct org *org, int from, int days, struct fail *why);

/* How far the erasure of an application is. */
enum forget_state {
        FORGET_BROKEN = -1,
        FORGET_UNKNOWN,
        FORGET_HELD,
        FORGET_GOING, /* erased; the worker has still to take out what ended actions say */
        FORGET_GONE
};
enum forget_state forget_state(struct org *org, const char *application, struct fail *why);
/* {applications, sessions, interviews, events} as numbers, for answers and the audit log. */
json_t *forget_show(const struct forget_count *count);
struct forget_count forget_size(const json_t *found);

/* One round of what the worker does once a day: erases what is too old, writes to the audit log
 * how much it was.  *more: there are others. */
int forget_lapsed(const struct trade *trade, struct org *org, bool *more, struct fail *why);

#endif
