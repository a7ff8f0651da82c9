/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's control face; what each path takes stands in ashby.c. */
#include <string.h>

#include "ashby.h"
#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define BODY_MAX (1 << 20)

static void done(struct reply *re)
{
        json_t *answer = json_object();

        json_set_bool(answer, "ok", true);
        reply_json(re, 200, answer);
}

static void give(struct request *rq, struct reply *re, json_t *value)
{
        if (value == NULL)
                reply_problem(rq, re, 404, "There is no such row.");
        else
                reply_json(re, 200, value);
}

static void reset(struct request *rq, struct reply *re)
{
        (void)rq;
        control_reset();
        pthread_mutex_lock(&ab.lock);
        ab_reset();
        pthread_mutex_unlock(&ab.lock);
        done(re);
}

static void settings(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);
        const json_t *revoked;

        if (body == NULL)
                return;
        pthread_mutex_lock(&ab.lock);
        ab.set.page_most = json_get_int(body, "page_most", ab.set.page_most);
        ab.set.shape = json_get_int(body, "shape", ab.set.shape);
        ab.set.no_behalf = json_get_bool(body, "no_behalf", ab.set.no_behalf);
        revoked = json_at(body, "revoked");
        if (revoked != NULL)
                json_object_clear(ab.set.revoked);
        for (size_t i = 0; i < json_array_size(revoked); i++)
                json_set_bool(ab.set.revoked, json_text_of(json_array_get(revoked, i), ""), true);
        if (json_at(body, "relay") != NULL) {
                json_decref(ab.relay);
                ab.relay = json_deep_copy(json_at(body, "relay"));
        }
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        done(re);
}

static void add(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row;

        if (body == NULL)
                return;
        pthread_mutex_lock(&ab.lock);
        row = json_deep_copy(ab_add_candidate(json_get_text(body, "name", "Ada Lovelace"),
                                              json_get_text(body, "email", NULL),
                                              json_get_text(body, "plan", NULL)));
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        give(rq, re, row);
}

/* The stage of this title in the application's own plan. */
static const json_t *stage_of(const json_t *application, const char *title)
{
        const json_t *now = ab_find("stages", json_get_text(application, "stage", ""));

        return ab_stage(json_get_text(now, "interviewPlanId", NULL), title);
}

static void move(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row, *out = NULL;
        const json_t *stage;

        if (body == NULL)
                return;
        pthread_mutex_lock(&ab.lock);
        row = ab_find("applications", json_get_text(body, "application_id", ""));
        stage = row == NULL ? NULL : stage_of(row, json_get_text(body, "stage", ""));
        if (stage != NULL) {
                ab_move(row, stage);
                out = ab_application(row);
        }
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        give(rq, re, out);
}

static void set_row(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row;

        if (body == NULL)
                return;
        pthread_mutex_lock(&ab.lock);
        row = ab_find(json_get_text(body, "table", ""), json_get_text(body, "id", ""));
        if (row != NULL)
                json_object_update(row, json_at(body, "members"));
        row = row == NULL ? NULL : json_deep_copy(row);
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        give(rq, re, row);
}

static void schedule(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row, *out = NULL;
        int64_t hours;

        if (body == NULL)
                return;
        hours = json_get_int(body, "in_hours", 24);
        pthread_mutex_lock(&ab.lock);
        row = ab_find("applications", json_get_text(body, "application_id", ""));
        if (row != NULL)
                out = ab_schedule(
                    ab_add_schedule(row, json_get_text(body, "title", NULL),
                                    when_now_ms() / WHEN_HOUR * WHEN_HOUR + hours * WHEN_HOUR,
                                    json_get_bool(body, "by_key", false)));
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        give(rq, re, out);
}

static void shift(json_t *row, const char *member, int64_t hours)
{
        struct buf text = BUF_NONE;
        int64_t ms = 0;

        when_parse(json_get_text(row, member, ""), &ms);
        when_iso(&text, ms + hours * WHEN_HOUR);
        json_set_text(row, member, text.data);
        buf_dispose(&text);
}

static void change_schedule(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row, *out = NULL, *rows;
        const char *id = request_segment(rq, "id"), *status;

        if (body == NULL)
                return;
        status = json_get_text(body, "status", NULL);
        pthread_mutex_lock(&ab.lock);
        row = ab_find("schedules", id);
        rows = ab_table("events");
        for (size_t i = 0; row != NULL && i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "interviewScheduleId", NULL),
                               id)) {
                        shift(json_array_get(rows, i), "startTime",
                              json_get_int(body, "by_hours", 0));
                        shift(json_array_get(rows, i), "endTime",
                              json_get_int(body, "by_hours", 0));
                }
        if (row != NULL) {
                if (status != NULL)
                        json_set_text(row, "status", status);
                ab_set_now(row, "updatedAt");
                ab_tell_schedule(row, false);
                out = ab_schedule(row);
        }
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        give(rq, re, out);
}

static void hook(struct request *rq, struct reply *re)
{
        static const char *const types[] = { "candidateStageChange",    "candidateMerge",
                                             "candidateDelete",         "applicationUpdate",
                                             "interviewScheduleCreate", "interviewScheduleUpdate" };
        json_t *body = control_body(rq, re), *list = json_array();

        for (size_t i = 0; body != NULL && i < sizeof types / sizeof *types; i++) {
                json_t *row = ab_hook_save(types[i], json_get_text(body, "url", ""),
                                           json_get_text(body, "secret", NULL));

                if (row != NULL)
                        json_add(list, row);
        }
        if (body == NULL)
                json_decref(list);
        else
                reply_json(re, 200, list);
        json_decref(body);
}

static void hooks(struct request *rq, struct reply *re)
{
        (void)rq;
        reply_json(re, 200, ab_hooks_report());
}

static void disable_hook(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *change;

        if (body == NULL)
                return;
        change = json_object();
        json_set_bool(change, "enabled", false);
        give(rq, re, ab_hook_change(json_get_text(body, "id", ""), change));
        json_decref(change);
        json_decref(body);
}

static void deliveries(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;

        if (body == NULL)
                return;
        if (json_get_text(body, "lose", NULL) != NULL)
                ab_hooks_lose(json_get_text(body, "lose", ""), (int)json_get_int(body, "times", 1));
        if (json_get_bool(body, "flush", false))
                ab_hooks_flush();
        answer = json_object();
        json_set_bool(answer, "idle", ab_hooks_idle(json_get_int(body, "idle_ms", 0)));
        json_decref(body);
        reply_json(re, 200, answer);
}

static void event(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        pthread_mutex_lock(&ab.lock);
        ab_emit(json_get_text(body, "action", ""), json_deep_copy(json_at(body, "data")),
                json_get_text(body, "id", NULL));
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        done(re);
}

static void partner(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        pthread_mutex_lock(&ab.lock);
        json_decref(ab.partner);
        ab.partner = json_deep_copy(body);
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        done(re);
}

static void partner_call(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *arguments;

        if (body == NULL)
                return;
        arguments =
            json_at(body, "body") == NULL ? json_object() : json_deep_copy(json_at(body, "body"));
        reply_json(re, 200, ab_partner_call(json_get_text(body, "method", ""), arguments));
        json_decref(arguments);
        json_decref(body);
}

static void partner_start(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        give(rq, re,
             ab_partner_start(json_get_text(body, "application_id", ""),
                              json_get_text(body, "type", ""), json_at(body, "fields")));
        json_decref(body);
}

static void state(struct request *rq, struct reply *re)
{
        json_t *copy;

        (void)rq;
        pthread_mutex_lock(&ab.lock);
        copy = json_deep_copy(ab.tables);
        pthread_mutex_unlock(&ab.lock);
        reply_json(re, 200, copy);
}

const struct route ab_control_routes[] = {
        { "POST", "control/reset", reset, BODY_MAX, true, NULL },
        { "POST", "control/settings", settings, BODY_MAX, true, NULL },
        { "POST", "control/add", add, BODY_MAX, true, NULL },
        { "POST", "control/move", move, BODY_MAX, true, NULL },
        { "POST", "control/set", set_row, BODY_MAX, true, NULL },
        { "POST", "control/schedule", schedule, BODY_MAX, true, NULL },
        { "POST", "control/schedules/{id}", change_schedule, BODY_MAX, true, NULL },
        { "POST", "control/webhook", hook, BODY_MAX, true, NULL },
        { "POST", "control/webhook/disable", disable_hook, BODY_MAX, true, NULL },
        { "GET", "control/webhooks", hooks, 0, true, NULL },
        { "POST", "control/deliveries", deliveries, BODY_MAX, true, NULL },
        { "POST", "control/event", event, BODY_MAX, true, NULL },
        { "POST", "control/partner", partner, BODY_MAX, true, NULL },
        { "POST", "control/partner/call", partner_call, BODY_MAX, true, NULL },
        { "POST", "control/partner/start", partner_start, BODY_MAX, true, NULL },
        { "GET", "control/state", state, 0, true, NULL },
        { "POST", "control/failures", control_failures, BODY_MAX, true, NULL },
        { "GET", "control/failures", control_failures, 0, true, NULL },
        { "GET", "control/requests", control_requests, 0, true, NULL },
        { "GET", "control/counters", control_counters, 0, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
