/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker: its life, its threads, what it finds when it starts. */
#include "home/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/alert_tell.h"
#include "home/claim.h"
#include "home/event.h"
#include "home/forget.h"
#include "home/records.h"
#include "home/watch.h"
#include "home/worker_private.h"

#define THREADS 8
#define THREADS_MAX 64
#define TICK_MS (50 * WHEN_SECOND)
#define LINGER_MS 500
#define STOP_MS (10 * WHEN_SECOND)
#define INBOX_TROUBLE_MS (5 * WHEN_SECOND)
#define CLOCK_MS (2 * WHEN_SECOND) /* less is an adjustment, more is somebody's hand */
#define STAND_BY_MS 500
#define REST_MS 200
#define SWEEP_MS (30 * WHEN_MINUTE)

/* Set by a signal handler, which may run in any thread. */
static atomic_bool stopping;
static struct inbox *_Atomic ringing;

void worker_stop(void)
{
        struct inbox *inbox = ringing;

        stopping = true;
        if (inbox != NULL)
                inbox_interrupt(inbox);
}

bool worker_leaving(const struct worker *w)
{
        return stopping || claim_there(w->home) ||
               (w->until_ms != 0 && when_steady_ms() >= w->until_ms);
}

/* The agenda from what is stored. */

struct load {
        struct worker *w;
        const char *name;
        struct org org; /* for the record functions: a store is all they need */
        int64_t now_ms;
        struct fail *why;
};

/* An action that was touched in what is now the future: the clock was set back, and its due
 * time means nothing any more. */
static bool from_the_future(const json_t *action, int64_t now_ms)
{
        const json_t *tries = json_object_get(action, "tries");
        size_t count = json_array_size(tries);
        int64_t touched = count > 0 ? json_get_int(json_array_get(tries, count - 1), "at_ms", 0)
                                    : json_get_int(action, "created_ms", 0);

        return touched > now_ms + CLOCK_MS;
}

static int load_action(void *context, const char *member)
{
        struct load *l = context;
        uint64_t number = strtoull(member, NULL, 10);
        json_t *action = NULL;
        const char *application, *session, *lane;
        int64_t due;
        int found = record_series_get(&l->org, "action", number, &action, l->why);

        if (found == 1) {
                application = json_get_text(action, "application", NULL);
                session = json_get_text(action, "session", NULL);
                lane = json_get_text(action, "lane", NULL);
                due = from_the_future(action, l->now_ms) ? l->now_ms
                                                         : json_get_int(action, "due_ms", 0);
                agenda_add(
                    l->w->agenda, l->name, number, due, json_get_text(action, "connection", ""),
                    lane != NULL          ? NULL
                    : application != NULL ? application
                                          : session,
                    text_equal(json_get_text(action, "kind", ""), "look_session") ? session : NULL,
                    agenda_lane_of(lane));
        }
        json_decref(action);
        return found < 0 ? -1 : 0;
}

/* A platform with open sessions is swept when its last sweep is old enough. */
static int load_session(void *context, const char *member)
{
        struct load *l = context;
        const char *colon = strchr(member, ':');
        int64_t every = trade_wait(&l->w->trade,
                                   l->w->options.sweep_ms > 0 ? l->w->options.sweep_ms : SWEEP_MS),
                due;
        char platform[41], place[64];
        json_t *last = NULL;

        if (colon == NULL || (size_t)(colon - member) >= sizeof platform)
                return 0;
        snprintf(platform, sizeof platform, "%.*s", (int)(colon - member), member);
        snprintf(place, sizeof place, "sweep-%s", platform);
        if (record_get(&l->org, "cursor", place, &last, l->why) < 0)
                return -1;
        due = json_get_int(last, "at_ms", 0) + every;
        json_decref(last);
        agenda_add_other(l->w->agenda, l->name, AGENDA_SWEEP, platform,
                         due < l->now_ms + every ? due : l->now_ms + every);
        return 0;
}

/* Alerts that nobody heard of, and what may become one. */
static int load_alerts(struct load *l)
{
        int64_t due;
        int untold = alert_untold(&l->org, l->why);

        if (untold < 0 || watch_due(&l->w->trade, &l->org, &due, l->why) != 0)
                return -1;
        if (untold > 0)
                agenda_hasten(l->w->agenda, l->name, AGENDA_TELL, l->now_ms);
        if (due != INT64_MAX)
                agenda_hasten(l->w->agenda, l->name, AGENDA_WATCH, due);
        return 0;
}

/* One that was refused is asked once more, if only to find that nobody waits for it. */
static int load_refused_poll(void *context, const char *key)
{
        struct load *l = context;
        json_t *alert = NULL;
        int found = record_get(&l->org, "alert", key, &alert, l->why);
        const char *about = json_get_text(alert, "about", "");

        if (found == 1 && text_equal(json_get_text(alert, "topic", ""), "poll") &&
            text_equal(json_get_text(alert, "state", ""), "standing") &&
            text_is_name(about, CONNECTION_ID_MAX))
                agenda_add_other(l->w->agenda, l->name, AGENDA_POLL, about, l->now_ms);
        json_decref(alert);
        return found < 0 ? -1 : 0;
}

/* Only where a rule waits for it; whether the ATS needs to be asked shows when it is. */
static int load_polls(struct load *l)
{
        json_t *rules = trade_rules(&l->org, l->why);
        const char *ats;
        size_t i;
        json_t *rule;

        if (rules == NULL)
                return -1;
        json_array_foreach(rules, i, rule)
        {
                ats = json_get_text(rule, "when.interview_scheduled.ats", NULL);
                if (ats != NULL && strlen(ats) <= 40)
                        agenda_add_other(l->w->agenda, l->name, AGENDA_POLL, ats, l->now_ms);
        }
        json_decref(rules);
        return store_set_list(l->org.store, "alerts", load_refused_poll, l, l->why) < 0 ? -1 : 0;
}

/* What is too old goes once a day, wherever there is anything to grow old; cron's ticks are over
 * too soon to wait for it. */
static int load_pruning(struct load *l)
{
        uint64_t events = 0;
        json_t *last = NULL;
        int days;

        if (store_series_last(l->org.store, "event", &events, l->why) != 0 ||
            (days = forget_days(&l->org, l->why)) < 0 ||
            record_get(&l->org, "cursor", "pruned", &last, l->why) < 0)
                return -1;
        if (events > 0 || days > 0)
                agenda_add_other(l->w->agenda, l->name, AGENDA_PRUNE, NULL,
                                 json_get_int(last, "at_ms", 0) +
                                     trade_wait(&l->w->trade, WORKER_PRUNE_EVERY_MS));
        json_decref(last);
        return 0;
}

int worker_load(struct worker *w, const char *name, struct store *store, struct fail *why)
{
        struct load l = { .w = w, .name = name, .now_ms = trade_now(&w->trade), .why = why };

        strncpy(l.org.name, name, sizeof l.org.name - 1);
        l.org.store = store;
        if (store_set_list(store, "open-actions", load_action, &l, why) != 0 ||
            store_set_list(store, "open-sessions", load_session, &l, why) != 0 ||
            load_alerts(&l) != 0 || load_polls(&l) != 0 || load_pruning(&l) != 0)
                return -1;
        return 0;
}

/* At the start every org is looked into and closed again: an idle one costs its name.  One
 * that cannot be opened does not keep the others waiting; its records will say so. */
static int load_org(void *context, const char *name)
{
        struct worker *w = context;
        struct fail why = FAIL_CLEAR;
        struct store *store = NULL;
        char *orgs = file_path(home_path(w->home), "orgs"), *dir = file_path(orgs, name);
        int found = store_open(&store, dir, STORE_OPEN, &why);

        if (found == 1 && worker_load(w, name, store, &why) != 0)
                found = -1;
        if (found < 0)
                log_event(LOG_LEVEL_ERROR, "an org cannot be read", "org", name, "cause", why.text,
                          NULL);
        store_close(store);
        mem_free(dir);
        mem_free(orgs);
        return stopping ? 1 : 0;
}

/* Threads. */

static void wait_for_change(struct worker *w, int64_t wait_ms)
{
        struct timespec until;

        if (wait_ms < 0) {
                pthread_cond_wait(&w->changed, &w->lock);
                return;
        }
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += wait_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
                until.tv_nsec -= 1000000000;
                until.tv_sec++;
        }
        pthread_cond_timedwait(&w->changed, &w->lock, &until);
}

static void *perform(void *context)
{
        struct worker *w = context;

        pthread_mutex_lock(&w->lock);
        while (!w->ending) {
                struct ticket ticket;
                int64_t wait_ms;

                if (agenda_take(w->agenda, trade_now(&w->trade), when_steady_ms(), &ticket,
                                &wait_ms) == 0) {
                        wait_for_change(w, wait_ms);
                        continue;
                }
                /* What is due next may be for another thread. */
                pthread_cond_signal(&w->changed);
                pthread_mutex_unlock(&w->lock);
                worker_perform(w, &ticket);
                pthread_mutex_lock(&w->lock);
                pthread_cond_broadcast(&w->changed);
        }
        pthread_mutex_unlock(&w->lock);
        return NULL;
}

/* Performing threads take no signals: the main thread hears them. */
static unsigned start_threads(struct worker *w, pthread_t *threads, unsigned count)
{
        sigset_t all, old;
        unsigned started = 0;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        while (started < count && pthread_create(&threads[started], NULL, perform, w) == 0)
                started++;
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        return started;
}

/* Running calls may end by themselves for a while; then the process goes all the same, and
 * what they did is read back by the next worker.  Who only rests waits for them. */
static void end_threads(struct worker *w, pthread_t *threads, unsigned count)
{
        int64_t until = when_steady_ms() + STOP_MS;
        unsigned running = 1, due;

        pthread_mutex_lock(&w->lock);
        w->ending = true;
        pthread_cond_broadcast(&w->changed);
        for (;;) {
                agenda_count(w->agenda, 0, 0, &running, &due);
                if (running == 0 || (when_steady_ms() >= until && (stopping || !w->resting)))
                        break;
                wait_for_change(w, when_steady_ms() < until ? until - when_steady_ms() : REST_MS);
        }
        pthread_mutex_unlock(&w->lock);
        if (running > 0) {
                log_event(LOG_LEVEL_WARN, "calls did not end in time; they will be read back",
                          NULL);
                fflush(NULL);
                _exit(0);
        }
        for (unsigned i = 0; i < count; i++)
                pthread_join(threads[i], NULL);
}

/* The two lives. */

static int run_loop(struct worker *w, struct fail *why)
{
        while (!worker_leaving(w)) {
                int64_t again, wait = -1;

                if (worker_intake(w, &again, why) != 0) {
                        log_event(LOG_LEVEL_ERROR, "the inbox cannot be read", "cause", why->text,
                                  NULL);
                        fail_clear(why);
                        wait = INBOX_TROUBLE_MS;
                } else if (again >= 0) {
                        wait = again - when_steady_ms();
                        if (wait < 0)
                                wait = 0;
                }
                if (worker_leaving(w))
                        break;
                if (inbox_wait(w->inbox, wait, why) < 0)
                        return -1;
        }
        w->resting = !stopping;
        return 0;
}

/* Until nothing runs and nothing is due, at most tick_ms.  Rounds that come back meanwhile are
 * the next tick's. */
static int tick_loop(struct worker *w, struct fail *why)
{
        int64_t linger = w->options.linger_ms > 0 ? w->options.linger_ms : LINGER_MS,
                rounds = trade_now(&w->trade) + linger, again;
        unsigned running, due;

        w->until_ms = when_steady_ms() + (w->options.tick_ms > 0 ? w->options.tick_ms : TICK_MS);
        while (!worker_leaving(w)) {
                if (worker_intake(w, &again, why) != 0)
                        return -1;
                pthread_mutex_lock(&w->lock);
                pthread_cond_broadcast(&w->changed);
                agenda_count(w->agenda, trade_now(&w->trade) + linger, rounds, &running, &due);
                if (running > 0 || due > 0)
                        wait_for_change(w, 20);
                pthread_mutex_unlock(&w->lock);
                if (running == 0 && due == 0)
                        break;
        }
        return 0;
}

static void worker_init(struct worker *w, const struct worker_options *options)
{
        pthread_condattr_t steady;

        memset(w, 0, sizeof *w);
        w->options = *options;
        w->trade = options->trade;
        w->home = options->trade.home;
        pthread_mutex_init(&w->lock, NULL);
        pthread_condattr_init(&steady);
        pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
        pthread_cond_init(&w->changed, &steady);
        pthread_condattr_destroy(&steady);
}

static void worker_dispose(struct worker *w)
{
        worker_intake_dispose(w);
        agenda_free(w->agenda);
        pthread_cond_destroy(&w->changed);
        pthread_mutex_destroy(&w->lock);
}

/* 1 it is ours, 0 somebody has it (and we are not to wait, or not any more), -1. */
static int take_lock(const struct worker_options *options, struct fail *why)
{
        struct home *h = options->trade.home;
        int locked = home_lock_worker(h, why);

        while (locked == 0 && options->wait && !stopping) {
                struct timespec pause = { .tv_nsec = STAND_BY_MS * 1000000 };

                nanosleep(&pause, NULL); /* ends early for a signal */
                locked = home_lock_worker(h, why);
        }
        return locked;
}

static int live(const struct worker_options *options,
                int (*loop)(struct worker *w, struct fail *why), struct worker_count *count,
                struct fail *why)
{
        struct home *h = options->trade.home;
        struct worker w;
        pthread_t threads[THREADS_MAX];
        unsigned wanted = options->threads > 0 ? options->threads : THREADS, started = 0;
        int locked = take_lock(options, why), result = -1;

        if (locked != 1)
                return locked == 0 ? !(stopping && options->wait) : -1;
        if (wanted > THREADS_MAX)
                wanted = THREADS_MAX;
        worker_init(&w, options);
        w.inbox = home_inbox(h, why);
        if (w.inbox == NULL || inbox_released(w.inbox, &w.released, why) != 0)
                goto out;
        ringing = w.inbox;
        w.next = w.released + 1;
        w.agenda = agenda_new(wanted);
        if (home_each_org(h, load_org, &w, why) < 0)
                goto out;
        started = start_threads(&w, threads, wanted);
        if (started == 0) {
                fail_set(why, FAIL_SYSTEM, "no thread could be started");
                goto out;
        }
        result = loop(&w, why);
        end_threads(&w, threads, started);
        if (count != NULL)
                *count = (struct worker_count){ w.deliveries, w.performed, agenda_left(w.agenda) };
out:
        ringing = NULL;
        worker_dispose(&w);
        home_unlock_worker(h);
        return result;
}

/* While somebody claims the home. */
static void stand_aside(const struct home *h)
{
        struct timespec pause = { .tv_nsec = STAND_BY_MS / 10 * 1000000 };

        while (!stopping && claim_there(h))
                nanosleep(&pause, NULL);
}

int worker_run(const struct worker_options *options, struct fail *why)
{
        const struct home *h = options->trade.home;
        int result;

        do {
                stand_aside(h);
                result = live(options, run_loop, NULL, why);
                if (result == 0 && !stopping)
                        log_event(LOG_LEVEL_INFO, "the worker rests: somebody has the home", NULL);
        } while (!stopping && (result == 0 || (result == 1 && claim_there(h))));
        return result;
}

int worker_tick(const struct worker_options *options, struct worker_count *count, struct fail *why)
{
        return live(options, tick_loop, count, why);
}
