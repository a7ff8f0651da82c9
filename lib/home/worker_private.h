/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the worker share; nobody else includes this. */
#ifndef HOME_WORKER_PRIVATE_H
#define HOME_WORKER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "floor/when.h"
#include "home/agenda.h"
#include "home/plan.h"
#include "home/worker.h"

#define WORKER_PRUNE_EVERY_MS WHEN_DAY

/* An org as intake knows it; made at its first record. */
struct inlet {
        char name[HOME_ORG_NAME_MAX + 1];
        uint64_t place;   /* last event of the inbox whose effects are in its store */
        uint64_t taken;   /* last record of any kind that this process took */
        bool known;       /* place was read */
        uint64_t blocked; /* first record that could not be taken; 0 none */
        int64_t retry_ms; /* steady: not before */
        unsigned fails;
        struct inlet *next;
};

struct worker {
        struct worker_options options;
        struct trade trade;
        struct home *home;
        struct inbox *inbox;
        struct agenda *agenda;
        pthread_mutex_t lock;
        pthread_cond_t changed; /* the agenda changed, or one has ended */
        atomic_uint_fast64_t performed;
        bool ending;  /* guarded by lock: performers take nothing more */
        bool resting; /* it goes on when a claim is over (home/claim.h) */
        /* intake only */
        int64_t until_ms; /* steady: a tick ends by then; 0 never */
        uint64_t deliveries;
        struct inlet *inlets[256];
        uint64_t next;     /* inbox record to read next */
        uint64_t released; /* as told to the inbox */
        unsigned blocked;  /* inlets that are */
};

/* worker_intake.c: takes records until there are none, or the worker leaves.  0, or -1 when the
 * inbox itself is broken.  *again_ms (steady) is when blocked ones want another try, -1 for never.
 */
int worker_intake(struct worker *w, int64_t *again_ms, struct fail *why);
void worker_intake_dispose(struct worker *w);
/* worker.c: is this life to end?  Asked between records, too: they may come faster than they go. */
bool worker_leaving(const struct worker *w);

/* worker_perform.c: one item of the agenda. */
void worker_perform(struct worker *w, struct ticket *ticket);
/* Whoever adds to the agenda or makes something of it due earlier says so: performers that
 * found nothing sleep until then. */
void worker_changed(struct worker *w);
/* After a commit: the plan's actions go into the agenda. */
void worker_planned(struct worker *w, const char *org, const struct plan *plan);
/* Adds an org's open actions, sweeps and pruning from its store. */
int worker_load(struct worker *w, const char *name, struct store *store, struct fail *why);

/* sweep.c: one platform of an org; plans' actions are handed to planned (may be NULL). */
int sweep_platform(const struct trade *trade, struct org *org, const char *platform,
                   void (*planned)(void *context, const char *org, const struct plan *plan),
                   void *context, struct sweep_count *count, uint64_t *open,
                   struct outcome *outcome, struct fail *why);

/* poll.c: one ATS of an org: 1 asked (outcome says how it went; *found facts; the next time is
 * after *every_ms), 0 no rule waits for what it could tell, -1 our own trouble. */
int poll_ats(const struct trade *trade, struct org *org, const char *connection,
             void (*planned)(void *context, const char *org, const struct plan *plan),
             void *context, uint64_t *found, int64_t *every_ms, struct outcome *outcome,
             struct fail *why);

#endif
