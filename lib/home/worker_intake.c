/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the inbox into the orgs.  A record and all that follows from it is one commit, and
 * "place/inbox" in the same commit says that it is done; so a record is never taken twice.
 *
 * An org whose store cannot take a record is blocked: its records stay in the inbox, the
 * others go on.  What all have done is released.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "floor/code.h"
#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/event.h"
#include "home/health.h"
#include "home/records.h"
#include "home/watch.h"
#include "home/worker_private.h"

#define CONFLICTS_MAX 8
#define BLOCKED_MIN_MS WHEN_SECOND
#define BLOCKED_MAX_MS (2 * WHEN_MINUTE)
#define RELEASE_EVERY 64
#define WATCH_SOON_MS WHEN_MINUTE

static struct inlet *find_inlet(struct worker *w, const char *name)
{
        struct inlet **at = &w->inlets[code_crc32c(0, name, strlen(name)) % 256], *i;

        for (i = *at; i != NULL && strcmp(i->name, name) != 0;)
                i = i->next;
        if (i == NULL) {
                i = mem_alloc(sizeof *i);
                strncpy(i->name, name, sizeof i->name - 1);
                i->next = *at;
                *at = i;
        }
        return i;
}

void worker_intake_dispose(struct worker *w)
{
        for (size_t i = 0; i < sizeof w->inlets / sizeof *w->inlets; i++)
                while (w->inlets[i] != NULL) {
                        struct inlet *next = w->inlets[i]->next;

                        mem_free(w->inlets[i]);
                        w->inlets[i] = next;
                }
}

static int read_place(struct org *org, uint64_t *place, struct fail *why)
{
        json_t *record = NULL;
        int found = record_get(org, "place", "inbox", &record, why);

        *place = (uint64_t)json_get_int(record, "number", 0);
        json_decref(record);
        return found < 0 ? -1 : 0;
}

struct looker {
        struct worker *worker;
        const char *org;
};

static uint64_t waiting_look(void *context, const char *session)
{
        const struct looker *l = context;

        return agenda_waiting_look(l->worker->agenda, l->org, session);
}

/* One event, one commit. */
static int take_event(struct worker *w, struct org *org, const struct delivery *d, uint64_t number,
                      bool *duplicate, struct fail *why)
{
        struct plan plan;
        struct looker looker = { w, org->name };
        struct event_work work = { .trade = &w->trade,
                                   .org = org,
                                   .plan = &plan,
                                   .waiting_look = waiting_look,
                                   .context = &looker };
        json_t *place = json_object();
        int result;

        plan_init(&plan);
        json_set_int(place, "number", (int64_t)number);
        record_put(plan.batch, "place", "inbox", place);
        result = event_take(&work, d, why);
        if (result == 0)
                result = plan_commit(&plan, org, why);
        if (result == 0) {
                worker_planned(w, org->name, &plan);
                *duplicate = work.duplicate;
        }
        json_decref(place);
        plan_dispose(&plan);
        return result;
}

/* A word of ours: look at the org again. */
static int take_wake(struct worker *w, struct org *org, const struct delivery *d, struct fail *why)
{
        if (worker_load(w, org->name, org->store, why) != 0)
                return -1;
        agenda_hurry(w->agenda, org->name, d->connection, trade_now(&w->trade));
        worker_changed(w);
        return 0;
}

/* How the connection is doing, and whether that is worth a look. */
static int arrived(struct worker *w, struct org *org, const struct delivery *d, struct fail *why)
{
        int64_t now = trade_now(&w->trade);
        int turned = health_arrived(org, d, why);

        if (turned == 1)
                agenda_hasten(w->agenda, org->name, AGENDA_WATCH, now);
        if (d->what == DELIVERY_EVENT && watch_arrived(org, d, NULL) == 1)
                agenda_hasten(w->agenda, org->name, AGENDA_WATCH,
                              now + trade_wait(&w->trade, WATCH_SOON_MS));
        if (turned == 1)
                worker_changed(w);
        return turned < 0 ? -1 : 0;
}

static int take(struct worker *w, struct org *org, const struct delivery *d, uint64_t number,
                struct fail *why)
{
        bool duplicate = false;
        int result = -1;

        if (d->what == DELIVERY_WAKE)
                return take_wake(w, org, d, why);
        if (d->what != DELIVERY_EVENT)
                return arrived(w, org, d, why);
        for (int i = 0; i < CONFLICTS_MAX && result != 0; i++) {
                fail_clear(why);
                result = take_event(w, org, d, number, &duplicate, why);
                if (result != 0 && why->kind != FAIL_CONFLICT)
                        return -1;
        }
        if (result != 0)
                return -1;
        /* The event is safe; that these could not be written is no reason to stop. */
        arrived(w, org, d, NULL);
        if (duplicate)
                count_add(org, "duplicates", 1, NULL, trade_now(&w->trade), NULL);
        agenda_add_other(w->agenda, org->name, AGENDA_PRUNE, NULL,
                         trade_now(&w->trade) + WHEN_HOUR);
        return 0;
}

static void block(struct worker *w, struct inlet *inlet, uint64_t number, const struct fail *why)
{
        int64_t wait = BLOCKED_MIN_MS << (inlet->fails < 7 ? inlet->fails : 7);

        if (inlet->fails == 0)
                log_event(LOG_LEVEL_ERROR, "an org cannot take what arrived; it stays in the inbox",
                          "org", inlet->name, "kind", fail_word(why->kind), "cause", why->text,
                          NULL);
        if (inlet->blocked == 0)
                w->blocked++;
        inlet->blocked = number;
        inlet->fails++;
        inlet->retry_ms =
            when_steady_ms() + trade_wait(&w->trade, wait < BLOCKED_MAX_MS ? wait : BLOCKED_MAX_MS);
}

/* Only an org without a directory is one that is gone; the name was one when it was taken. */
static bool is_there(const struct worker *w, const char *name)
{
        char *orgs = file_path(home_path(w->home), "orgs"), *dir = file_path(orgs, name);
        bool there = text_is_name(name, HOME_ORG_NAME_MAX) && access(dir, F_OK) == 0;

        mem_free(dir);
        mem_free(orgs);
        return there;
}

/* A record that says what it is, for an org. */
static void take_for(struct worker *w, const struct delivery *d, uint64_t number)
{
        struct inlet *inlet = find_inlet(w, d->org);
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        int found;

        if (inlet->blocked != 0 && (number > inlet->blocked || when_steady_ms() < inlet->retry_ms))
                return; /* its turn comes in order */
        if (number <= inlet->taken)
                return;
        found = home_org(w->home, d->org, &org, &why);
        if (found == 0 && is_there(w, d->org))
                found = fail_set(&why, FAIL_BROKEN, "its directory holds no store");
        if (found == 0) {
                log_event(LOG_LEVEL_WARN, "an inbox record for an org that is not there", "org",
                          d->org, NULL);
                return;
        }
        if (found == 1 && !inlet->known) {
                found = read_place(org, &inlet->place, &why) == 0 ? 1 : -1;
                inlet->known = found == 1;
        }
        if (found == 1 && d->what == DELIVERY_EVENT && number <= inlet->place)
                return;
        if (found == 1 && take(w, org, d, number, &why) == 0) {
                inlet->taken = number;
                if (inlet->blocked != 0) {
                        w->blocked--;
                        inlet->blocked = 0;
                        log_event(LOG_LEVEL_INFO, "an org takes what arrived again", "org",
                                  inlet->name, NULL);
                }
                inlet->fails = 0;
                return;
        }
        block(w, inlet, number, &why);
}

/* All before the first blocked record is done by everybody. */
static void release(struct worker *w)
{
        uint64_t done = w->next - 1;
        struct fail why = FAIL_CLEAR;

        for (size_t i = 0; w->blocked > 0 && i < sizeof w->inlets / sizeof *w->inlets; i++)
                for (struct inlet *inlet = w->inlets[i]; inlet != NULL; inlet = inlet->next)
                        if (inlet->blocked != 0 && inlet->blocked - 1 < done)
                                done = inlet->blocked - 1;
        if (done <= w->released)
                return;
        if (inbox_release(w->inbox, done, &why) == 0)
                w->released = done;
        else
                log_event(LOG_LEVEL_WARN, "the inbox could not be told what is done", "cause",
                          why.text, NULL);
}

/* Blocked records are read again when their time has come; those of others on the way are
 * known to be done by their place. */
static void go_back(struct worker *w, int64_t *again_ms)
{
        int64_t now = when_steady_ms();

        *again_ms = -1;
        for (size_t i = 0; w->blocked > 0 && i < sizeof w->inlets / sizeof *w->inlets; i++)
                for (struct inlet *inlet = w->inlets[i]; inlet != NULL; inlet = inlet->next) {
                        if (inlet->blocked == 0)
                                continue;
                        if (inlet->retry_ms <= now && inlet->blocked < w->next)
                                w->next = inlet->blocked;
                        if (*again_ms < 0 || inlet->retry_ms < *again_ms)
                                *again_ms = inlet->retry_ms;
                }
}

static void take_record(struct worker *w, const struct buf *record, uint64_t number)
{
        struct delivery d;
        struct fail why = FAIL_CLEAR;
        char text[24];

        memset(&d, 0, sizeof d);
        snprintf(text, sizeof text, "%" PRIu64, number);
        if (delivery_read(&d, record->data, record->len, &why) != 0 || text_empty(d.org)) {
                log_event(LOG_LEVEL_ERROR, "an inbox record is not ours", "number", text, "cause",
                          why.text, NULL);
        } else {
                log_request(d.request_id);
                take_for(w, &d, number);
                log_request(NULL);
        }
        delivery_dispose(&d);
}

int worker_intake(struct worker *w, int64_t *again_ms, struct fail *why)
{
        struct buf record = BUF_NONE;
        uint64_t number;
        unsigned since = 0;
        int found;

        go_back(w, again_ms);
        for (;;) {
                number = 0;
                buf_reset(&record);
                found = inbox_read(w->inbox, w->next, &record, &number, why);
                if (found < 0 && why->kind == FAIL_BROKEN && number >= w->next && number > 0) {
                        log_event(LOG_LEVEL_ERROR, "damage in the inbox was passed over", "cause",
                                  why->text, NULL);
                        fail_clear(why);
                        w->next = number;
                        continue;
                }
                if (found != 1)
                        break;
                take_record(w, &record, number);
                w->next = number + 1;
                w->deliveries++;
                if (++since % RELEASE_EVERY == 0) {
                        release(w);
                        if (worker_leaving(w))
                                break;
                }
        }
        release(w);
        go_back(w, again_ms);
        if (since > 0)
                worker_changed(w); /* a pruning may have become the first thing due */
        buf_dispose(&record);
        return found < 0 ? -1 : 0;
}
