/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The step that reads past results: some pages, then it orders the next one.  Each page is
 * committed before the next is asked for; a page that is read twice changes nothing.
 */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/feed.h"
#include "home/forget.h"
#include "home/records.h"
#include "home/step.h"

#define PAGES 10
#define PACE_MS (5 * WHEN_SECOND)
#define CONFLICTS_MAX 5

struct page {
        struct step *s;
        int64_t before_ms; /* what is older the org does not keep */
        int64_t seen, added;
        int result;
};

/* A session as it ended: into our records and the feed, and nobody is told. */
static int take(struct step *s, const char *key, const struct session *now)
{
        struct session stored = { 0 };
        json_t *read = NULL, *record = NULL;
        struct plan plan;
        struct follow_session f = { .trade = s->trade,
                                    .org = s->org,
                                    .plan = &plan,
                                    .key = key,
                                    .session = &stored,
                                    .quiet = true };
        int result = dossier_session(s->trade->home, s->org, key, &read, &stored, &s->why);

        plan_init(&plan);
        if (result < 0)
                goto out;
        if (result == 1 && stored.state == SESSION_ERASED) {
                result = 0;
                goto out;
        }
        if (result == 1) {
                /* Ours: the sweep and the events keep it; only the feed may lack it. */
                result = session_is_open(stored.state)
                             ? 0
                             : feed_move(&plan, s->org, key, true, trade_now(s->trade), &s->why);
        } else {
                record = json_object();
                json_set_text(record, "platform", s->desk.connection->id);
                json_set_bool(record, "foreign", true);
                session_step(&stored, now, NULL, &f.change);
                f.record = record;
                result = follow_session(&f, &s->why);
        }
        if (result == 0 && !batch_empty(plan.batch))
                result = plan_commit(&plan, s->org, &s->why) == 0 ? 1 : -1;
out:
        plan_dispose(&plan);
        session_dispose(&stored);
        json_decref(record);
        json_decref(read);
        return result;
}

static void visit(void *context, const struct session *now)
{
        struct page *p = context;
        char *key = dossier_key(p->s->desk.connection->id, now->id);
        int result = 0;

        p->seen++;
        if (now->finished_ms > 0 && now->finished_ms < p->before_ms)
                goto out;
        /* Open ones will be told of; of erased and cancelled ones there is nothing to tell. */
        if (key == NULL || p->result != 0 || session_is_open(now->state) ||
            now->state == SESSION_ERASED || now->state == SESSION_CANCELLED)
                goto out;
        for (int i = 0; i < CONFLICTS_MAX; i++) {
                fail_clear(&p->s->why);
                result = take(p->s, key, now);
                if (result >= 0 || p->s->why.kind != FAIL_CONFLICT)
                        break;
        }
        if (result < 0)
                p->result = -1;
        else
                p->added += result;
out:
        mem_free(key);
}

/* What it has come to, guarded: somebody may have stopped it. */
static int put(struct step *s, json_t **read, json_t *record)
{
        struct plan plan;
        int result;

        json_set_int(record, "moved_ms", trade_now(s->trade));
        plan_init(&plan);
        plan_guard(&plan, "backfill", s->desk.connection->id, *read);
        record_put(plan.batch, "backfill", s->desk.connection->id, record);
        result = plan_commit(&plan, s->org, &s->why);
        plan_dispose(&plan);
        json_decref(*read);
        *read = json_deep_copy(record);
        return result;
}

static int list_tests(struct step *s, json_t *record)
{
        json_t *tests = NULL, *kept = json_array();

        if (s->desk.kind->platform->list_tests(&s->desk.link, NULL, &tests, &s->outcome) != 0) {
                json_decref(kept);
                return -1;
        }
        for (size_t i = 0; i < json_array_size(tests); i++) {
                json_t *one = json_object();

                json_set_text(one, "id", json_get_text(json_array_get(tests, i), "id", ""));
                json_add(kept, one);
        }
        json_set(record, "tests", kept);
        json_decref(tests);
        return 0;
}

static int64_t kept_from(struct step *s)
{
        int days = forget_days(s->org, &s->why);

        return days > 0 ? trade_now(s->trade) - days * WHEN_DAY : days;
}

/* One page of the test in hand. */
static int read_page(struct step *s, json_t *record)
{
        const json_t *tests = json_object_get(record, "tests");
        int64_t at = json_get_int(record, "test", 0), offset = json_get_int(record, "offset", 0);
        struct page page = { .s = s, .before_ms = kept_from(s) };
        bool more = false;
        int result = page.before_ms < 0 ? -1 : 0;

        if (result != 0) {
                step_trouble(s);
                return -1;
        }
        result = s->desk.kind->platform->list_sessions(
            &s->desk.link, json_get_text(json_array_get(tests, (size_t)at), "id", ""), offset,
            visit, &page, &more, &s->outcome);

        if (page.result != 0) {
                step_trouble(s);
                return -1;
        }
        if (result != 0 && s->outcome.kind != OUTCOME_ABSENT && s->outcome.kind != OUTCOME_REFUSED)
                return -1;
        /* A test that went meanwhile is passed over. */
        s->outcome.kind = OUTCOME_DONE;
        more = more && result == 0 && page.seen > 0;
        json_set_int(record, "test", more ? at : at + 1);
        json_set_int(record, "offset", more ? offset + page.seen : 0);
        json_set_int(record, "seen", json_get_int(record, "seen", 0) + page.seen);
        json_set_int(record, "added", json_get_int(record, "added", 0) + page.added);
        return 0;
}

static bool is_over(const json_t *record)
{
        return json_object_get(record, "tests") != NULL &&
               json_get_int(record, "test", 0) >=
                   (int64_t)json_array_size(json_object_get(record, "tests"));
}

static void go_on(struct step *s)
{
        int64_t now = trade_now(s->trade);
        struct action_order order = { .kind = "backfill",
                                      .connection = s->desk.connection->id,
                                      .due_ms = now + trade_wait(s->trade, PACE_MS),
                                      .now_ms = now };

        plan_action(&s->plan, &order);
        step_done(s, "Some pages of past results were read.");
}

void step_backfill(struct step *s)
{
        const struct platform *platform = s->desk.kind->platform;
        json_t *read = NULL, *record = NULL;
        int found = record_get(s->org, "backfill", s->desk.connection->id, &read, &s->why);
        int result = 0;

        if (found < 0) {
                step_trouble(s);
        } else if (!text_equal(json_get_text(read, "state", ""), "running") || platform == NULL ||
                   platform->list_sessions == NULL || platform->list_tests == NULL) {
                s->no_call = true;
                step_done(s, "Reading past results was stopped.");
        } else {
                record = json_deep_copy(read);
                for (int i = 0; result == 0 && i < PAGES && !is_over(record); i++) {
                        result = json_object_get(record, "tests") == NULL ? list_tests(s, record)
                                                                          : read_page(s, record);
                        if (result == 0 && put(s, &read, record) != 0) {
                                step_trouble(s);
                                result = -1;
                        }
                }
                if (result == 0 && is_over(record)) {
                        json_set_text(record, "state", "done");
                        json_set_int(record, "done_ms", trade_now(s->trade));
                        if (put(s, &read, record) != 0)
                                step_trouble(s);
                        else
                                step_done(s, "All past results were read.");
                } else if (result == 0) {
                        go_on(s);
                }
        }
        json_decref(record);
        json_decref(read);
}
