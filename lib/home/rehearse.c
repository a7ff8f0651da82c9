/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule would have done lately. */
#include "home/rehearse.h"

#include <stdio.h>
#include <string.h>

#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/dossier.h"
#include "home/kind.h"
#include "home/records.h"
#include "home/roll.h"

struct rehearsal {
        struct home *home;
        struct org *org;
        json_t *rules; /* the one */
        json_t *rows;
        json_t *seen; /* schedules, by connection and id: the newest event speaks */
        int64_t since_ms, fits, unknown;
        bool broken; /* why says it */
        struct fail *why;
};

struct telling {
        struct rehearsal *r;
        const char *name;
        int64_t at_ms;
        const struct session *session; /* for conditions; NULL: a stage was entered */
};

static void tell(void *context, const struct intent *intent)
{
        struct telling *t = context;
        const json_t *condition = json_object_get(intent->with, "if");
        json_t *row;

        if (t->session != NULL && text_equal(intent->step, "move_stage") &&
            !rule_condition(condition, t->session))
                return;
        t->r->fits++;
        if (json_array_size(t->r->rows) >= REHEARSE_ROWS)
                return;
        row = json_object();
        json_set_text(row, "name", t->name);
        json_set_text(row, "step", intent->step);
        json_set_int(row, "at_ms", t->at_ms);
        json_add(t->r->rows, row);
}

/* An application as the event itself tells of it. */
static void application_of(struct application *a, const struct fact *fact, char name[120])
{
        const json_t *d = fact->detail;

        memset(a, 0, sizeof *a);
        a->id = mem_text(fact->subject);
        a->stage_id = json_get_id(d, "stage.id");
        a->stage_name = mem_text(json_get_text(d, "stage.name", NULL));
        a->job_id = json_get_id(d, "job.id");
        a->job_name = mem_text(json_get_text(d, "job.name", NULL));
        a->status = mem_text(json_get_text(d, "status", "active"));
        a->prospect = json_get_bool(d, "prospect", false);
        snprintf(name, 120, "%.50s %.60s", json_get_text(d, "candidate.first_name", ""),
                 json_get_text(d, "candidate.last_name", ""));
}

/* What the event does not say of the application is known when we dealt with it before. */
static void judge_schedule(struct rehearsal *r, const char *connection, const struct fact *fact,
                           struct telling *t)
{
        const json_t *waits = json_at(json_array_get(r->rules, 0), "when.interview_scheduled");
        char *seen = mem_format("%s:%s", connection, text_or(fact->subject, "")),
             *id = json_get_id(fact->detail, "application"),
             *key = id == NULL ? NULL : dossier_key(connection, id), *name = NULL;
        bool first = json_object_get(r->seen, seen) == NULL;
        struct application a = { .status = NULL };
        json_t *record = NULL;

        json_set_bool(r->seen, seen, true);
        if (first && text_equal(json_get_text(waits, "ats", NULL), connection) &&
            !text_equal(json_get_text(fact->detail, "what", ""), "cancelled") &&
            json_get_int(fact->detail, "starts_ms", 0) > 0) {
                int found = key == NULL ? 0 : dossier_application(r->org, key, &record, &a, r->why);

                name = found == 1 ? mem_format("%s %s", text_or(a.first_name, ""),
                                               text_or(a.last_name, ""))
                                  : mem_format("application %s", text_or(id, "?"));
                t->name = name;
                if (!text_equal(json_get_text(waits, "title", "*"), "*") ||
                    (found != 1 && !text_equal(json_get_text(waits, "job", "*"), "*")))
                        r->unknown++;
                else if (found >= 0)
                        rules_for_schedule(r->rules, connection, &a, NULL, tell, t);
                if (found == 1)
                        application_dispose(&a);
                r->broken = r->broken || found < 0;
        }
        json_decref(record);
        mem_free(name);
        mem_free(key);
        mem_free(id);
        mem_free(seen);
}

static void judge_event(struct rehearsal *r, const json_t *event, const struct buf *body)
{
        const struct kind *kind = kind_find(json_get_text(event, "kind", ""));
        struct application application;
        struct fact fact = { .kind = FACT_UNKNOWN };
        char name[120];
        struct telling t = { r, name, json_get_int(event, "received_ms", 0), NULL };

        if (kind == NULL || kind->sender == NULL)
                return;
        kind->sender->decode(body->data, body->len, json_object_get(event, "headers"), NULL, &fact);
        if (fact.kind == FACT_STAGE_ENTERED) {
                application_of(&application, &fact, name);
                if (application.stage_id == NULL && application.stage_name == NULL)
                        r->unknown++;
                else
                        rules_for_stage(r->rules, json_get_text(event, "connection", ""),
                                        &application, tell, &t);
                application_dispose(&application);
        }
        if (fact.kind == FACT_SCHEDULE)
                judge_schedule(r, json_get_text(event, "connection", ""), &fact, &t);
        fact_dispose(&fact);
}

/* Does the system that a rule waits for tell of schedules only when it is asked? */
static int is_polled(struct rehearsal *r)
{
        const char *ats =
            json_get_text(json_array_get(r->rules, 0), "when.interview_scheduled.ats", NULL);
        json_t *connection = NULL;
        const struct kind *kind;
        int found = ats == NULL ? 0 : record_get(r->org, "connection", ats, &connection, r->why);

        kind = kind_find(json_get_text(connection, "kind", ""));
        json_decref(connection);
        return found < 0
                   ? -1
                   : found == 1 && kind != NULL && kind->ats != NULL && kind->ats->poll != NULL;
}

static int over_events(struct rehearsal *r)
{
        uint64_t last = 0;
        int looked = 0;

        if (store_series_last(r->org->store, "event", &last, r->why) != 0)
                return -1;
        for (uint64_t n = last; n > 0 && looked < REHEARSE_LOOK; n--, looked++) {
                struct buf body = BUF_NONE;
                json_t *event = NULL;
                char key[24];
                int found = record_series_get(r->org, "event", n, &event, r->why);
                bool old = found == 1 && json_get_int(event, "received_ms", 0) < r->since_ms;

                snprintf(key, sizeof key, "%llu", (unsigned long long)n);
                if (found == 1 && !old &&
                    !text_equal(json_get_text(event, "state", ""), "duplicate")) {
                        found = store_get(r->org->store, "body", key, &body, r->why);
                        if (found == 1)
                                judge_event(r, event, &body);
                }
                buf_dispose(&body);
                json_decref(event);
                if (found < 0 || r->broken)
                        return -1;
                if (old)
                        break;
        }
        return 0;
}

static int judge_session(struct rehearsal *r, const char *key, const char *name)
{
        json_t *record = NULL;
        struct session session;
        struct telling t = { r, name, 0, &session };
        int found = dossier_session(r->home, r->org, key, &record, &session, r->why);

        if (found <= 0)
                return found;
        t.at_ms =
            session.finished_ms != 0 ? session.finished_ms : json_get_int(record, "state_at_ms", 0);
        if (t.at_ms >= r->since_ms)
                rules_for_result(r->rules, &session, tell, &t);
        session_dispose(&session);
        json_decref(record);
        return 0;
}

static int over_results(struct rehearsal *r)
{
        const struct roll_question q = { .limit = REHEARSE_LOOK };
        json_t *list = NULL, *row, *record;
        uint64_t next;
        size_t i, k;
        int result = roll_search(r->org, &q, &list, &next, r->why);

        json_array_foreach(list, i, row)
        {
                const char *key = json_get_text(row, "key", "");
                json_t *one;

                record = NULL;
                if (result == 0 && record_get(r->org, "application", key, &record, r->why) < 0)
                        result = -1;
                json_array_foreach(json_at(record, "sessions"), k, one)
                {
                        if (result == 0)
                                result = judge_session(r, json_text_of(one, ""),
                                                       json_get_text(row, "name", key));
                }
                json_decref(record);
        }
        json_decref(list);
        return result;
}

int rehearse(struct home *h, struct org *org, const json_t *rule, int64_t now_ms, json_t **answer,
             struct fail *why)
{
        struct rehearsal r = { .home = h,
                               .org = org,
                               .rules = json_array(),
                               .rows = json_array(),
                               .seen = json_object(),
                               .since_ms = now_ms - REHEARSE_MS,
                               .why = why };
        int result, polled;

        json_add(r.rules, json_deep_copy(rule));
        polled = is_polled(&r);
        if (polled != 0)
                result = polled < 0 ? -1 : 0; /* nothing was kept that could be looked through */
        else
                result = json_at(rule, "when.result") != NULL ? over_results(&r) : over_events(&r);
        json_decref(r.rules);
        json_decref(r.seen);
        if (result != 0) {
                json_decref(r.rows);
                return -1;
        }
        *answer = json_object();
        json_set_int(*answer, "fits", r.fits);
        if (r.unknown > 0)
                json_set_int(*answer, "unknown", r.unknown);
        json_set_bool(*answer, "some", r.fits > 0);
        json_set_bool(*answer, "polled", polled == 1);
        json_set(*answer, "rows", r.rows);
        return 0;
}
