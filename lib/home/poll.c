/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Polling: what an ATS tells by no webhook is asked for, where a rule waits for it.  The facts
 * that are found, what follows from them, and how far we are, are one commit.
 */
#include <string.h>

#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/event.h"
#include "home/follow.h"
#include "home/records.h"
#include "home/worker_private.h"

struct polling {
        struct event_work work;
        const char *connection;
        struct fail *why;
        uint64_t found;
};

/* Of the facts that come, each speaks of something else. */
static int visit(void *context, const struct fact *fact)
{
        struct polling *p = context;
        struct buf reason = BUF_NONE;
        const char *state = NULL;
        int result = follow_fact(&p->work, TRUST_BODY, fact, p->connection,
                                 text_or(fact->identity, ""), &state, &reason, p->why);

        p->found++;
        buf_dispose(&reason);
        return result;
}

static int put_cursor(struct plan *plan, const struct trade *trade, const char *place,
                      const json_t *read, json_t *cursor)
{
        json_t *record = json_object();

        json_set_int(record, "at_ms", trade_now(trade));
        if (cursor != NULL)
                json_set(record, "cursor", json_incref(cursor));
        plan_guard(plan, "cursor", place, read);
        record_put(plan->batch, "cursor", place, record);
        json_decref(record);
        return 0;
}

/* 1 polled, 0 nobody waits for it. */
static int poll_with(struct polling *p, struct desk *desk, const struct trade *trade,
                     struct outcome *outcome)
{
        struct org *org = p->work.org;
        char *place = mem_format("poll-%s", p->connection);
        json_t *read = NULL, *cursor = NULL;
        int result = record_get(org, "cursor", place, &read, p->why);

        if (result >= 0) {
                result = 1;
                cursor = json_deep_copy(json_object_get(read, "cursor"));
                if (desk->kind->ats->poll(&desk->link, &cursor, visit, p, outcome) == 0)
                        result = put_cursor(p->work.plan, trade, place, read, cursor) == 0 &&
                                         plan_commit(p->work.plan, org, p->why) == 0
                                     ? 1
                                     : -1;
                else if (p->why->kind != FAIL_NONE)
                        result = -1;
        }
        json_decref(cursor);
        json_decref(read);
        mem_free(place);
        return result;
}

int poll_ats(const struct trade *trade, struct org *org, const char *connection,
             void (*planned)(void *context, const char *org, const struct plan *plan),
             void *context, uint64_t *found, int64_t *every_ms, struct outcome *outcome,
             struct fail *why)
{
        json_t *rules = trade_rules(org, why);
        struct polling p = { .connection = connection, .why = why };
        struct plan plan;
        struct desk desk;
        int result = rules == NULL ? -1 : rules_watch_schedules(rules, connection);

        memset(&desk, 0, sizeof desk);
        *outcome = (struct outcome)OUTCOME_NONE;
        *found = 0;
        plan_init(&plan);
        p.work = (struct event_work){ .trade = trade, .org = org, .plan = &plan };
        if (result == 1)
                result = desk_open(&desk, trade, org, connection, why);
        if (result == 1 && (desk.kind->ats == NULL || desk.kind->ats->poll == NULL))
                result = 0;
        if (result == 1) {
                *every_ms = desk.kind->ats->poll_ms;
                result = poll_with(&p, &desk, trade, outcome);
                *found = p.found;
        }
        if (result == 1 && outcome->kind == OUTCOME_DONE && planned != NULL)
                planned(context, org->name, &plan);
        desk_close(&desk);
        plan_dispose(&plan);
        json_decref(rules);
        return result;
}
