/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker: takes what arrived from the inbox, decides, performs.
 *
 * One per home, under home_lock_worker().  worker_run() lives until it is told to stop and
 * sleeps until the inbox rings or something is due; worker_tick() does what there is and
 * ends, for cron.  Whatever instant it is killed at, the next one goes on: nothing is lost,
 * nothing happens twice.
 */
#ifndef HOME_WORKER_H
#define HOME_WORKER_H

#include "home/trade.h"

struct worker_options {
        struct trade trade;
        bool wait;         /* run: while another worker has this home, stand by */
        unsigned threads;  /* that perform; 0: 8 */
        int64_t sweep_ms;  /* between two sweeps of a platform; 0: 30 min (scaled) */
        int64_t kept_ms;   /* events and finished actions; 0: 90 days (not scaled) */
        int64_t tick_ms;   /* the longest that worker_tick() goes on; 0: 50 s */
        int64_t linger_ms; /* tick: waits for what is due within; 0: 500 ms */
};

struct worker_count {
        uint64_t deliveries; /* read from the inbox */
        uint64_t performed;  /* attempts of actions */
        uint64_t waiting;    /* actions that are left */
};

struct sweep_count {
        uint64_t looked_at, repaired;
        uint64_t
            failed; /* platforms that could not be asked, sessions whose answer made no sense */
        bool more;  /* of one platform: it wants to rest before it is asked on */
};

/* 0 stopped as asked, 1 another worker has this home, -1 why.  Rests while somebody claims the
 * home (home/claim.h). */
int worker_run(const struct worker_options *options, struct fail *why);
/* count may be NULL. */
int worker_tick(const struct worker_options *options, struct worker_count *count, struct fail *why);

/* Ends worker_run() (or a tick): running calls are finished, at most 10 s.  May be called in
 * a signal handler. */
void worker_stop(void);

/* Compares an org's open sessions with its platforms now (needs no worker's lock), and wakes
 * the worker for what follows. */
int worker_sweep(const struct worker_options *options, struct org *org, struct sweep_count *count,
                 struct fail *why);

#endif
