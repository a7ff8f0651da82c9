/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's control face; what each path takes stands in greenhouse.c. */
#include <string.h>

#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "greenhouse.h"

static void done(struct reply *re)
{
        json_t *answer = json_object();

        json_set_bool(answer, "ok", true);
        reply_json(re, 200, answer);
}

static void reset(struct request *rq, struct reply *re)
{
        (void)rq;
        control_reset();
        deliver_reset(gh.hook);
        pthread_mutex_lock(&gh.lock);
        gh_reset();
        pthread_mutex_unlock(&gh.lock);
        done(re);
}

static void take_text(char **at, const json_t *body, const char *name)
{
        const char *text = json_get_text(body, name, NULL);

        if (text != NULL) {
                mem_free(*at);
                *at = mem_text(text);
        }
}

static bool known(const char *name)
{
        static const char *const names[] = { "guard_instance", "hide_stage", "brackets",
                                             "fresh_event_id", "rate_limit", "rate_window_ms",
                                             "token_life_ms",  "page_most",  "client_id",
                                             "client_secret",  "api_key",    "v1_rate_limit",
                                             "revoked",        NULL };

        for (size_t i = 0; names[i] != NULL; i++)
                if (text_equal(names[i], name))
                        return true;
        return false;
}

static void settings(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *value;
        struct gh_settings *set = &gh.set;
        const json_t *revoked;
        const char *name;

        if (body == NULL)
                return;
        json_object_foreach(body, name, value)
        {
                if (!known(name)) {
                        reply_problem(rq, re, 400, "There is no such setting.");
                        json_decref(body);
                        return;
                }
        }
        pthread_mutex_lock(&gh.lock);
        set->guard_instance = json_get_bool(body, "guard_instance", set->guard_instance);
        set->hide_stage = json_get_bool(body, "hide_stage", set->hide_stage);
        set->brackets = json_get_bool(body, "brackets", set->brackets);
        set->fresh_event_id = json_get_bool(body, "fresh_event_id", set->fresh_event_id);
        set->rate_limit = json_get_int(body, "rate_limit", set->rate_limit);
        set->rate_window_ms = json_get_int(body, "rate_window_ms", set->rate_window_ms);
        set->token_life_ms = json_get_int(body, "token_life_ms", set->token_life_ms);
        set->page_most = json_get_int(body, "page_most", set->page_most);
        take_text(&set->client_id, body, "client_id");
        take_text(&set->client_secret, body, "client_secret");
        take_text(&set->api_key, body, "api_key");
        set->v1_rate_limit = json_get_int(body, "v1_rate_limit", set->v1_rate_limit);
        revoked = json_at(body, "revoked");
        if (revoked != NULL) {
                json_object_clear(set->revoked);
                for (size_t i = 0; i < json_array_size(revoked); i++)
                        json_set_bool(set->revoked, json_text_of(json_array_get(revoked, i), ""),
                                      true);
        }
        pthread_mutex_unlock(&gh.lock);
        json_decref(body);
        done(re);
}

static void expire_tokens(struct request *rq, struct reply *re)
{
        (void)rq;
        pthread_mutex_lock(&gh.lock);
        json_object_clear(gh.tokens);
        pthread_mutex_unlock(&gh.lock);
        done(re);
}

static void set_row(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row;

        if (body == NULL)
                return;
        pthread_mutex_lock(&gh.lock);
        row = gh_find(json_get_text(body, "table", ""), json_get_int(body, "id", 0));
        if (row != NULL)
                json_object_update(row, json_at(body, "members"));
        pthread_mutex_unlock(&gh.lock);
        if (row == NULL)
                reply_problem(rq, re, 404, "There is no such row.");
        else
                done(re);
        json_decref(body);
}

static void delete_row(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *rows;
        size_t gone = 0;

        if (body == NULL)
                return;
        pthread_mutex_lock(&gh.lock);
        rows = gh_table(json_get_text(body, "table", ""));
        for (size_t i = json_array_size(rows); i > 0; i--)
                if (json_get_int(json_array_get(rows, i - 1), "id", 0) ==
                    json_get_int(body, "id", -1))
                        gone += json_array_remove(rows, i - 1) == 0;
        pthread_mutex_unlock(&gh.lock);
        if (gone == 0)
                reply_problem(rq, re, 404, "There is no such row.");
        else
                done(re);
        json_decref(body);
}

static void add(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        pthread_mutex_lock(&gh.lock);
        reply_json(re, 201,
                   json_deep_copy(gh_add_candidate(json_get_text(body, "first_name", "Test"),
                                                   json_get_text(body, "last_name", "Candidate"),
                                                   json_get_text(body, "email", NULL))));
        pthread_mutex_unlock(&gh.lock);
        json_decref(body);
}

static void move(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row, *stage = NULL;
        const json_t *stages;

        if (body == NULL)
                return;
        pthread_mutex_lock(&gh.lock);
        row = gh_find("applications", json_get_int(body, "application_id", 0));
        stages = gh_table("job_interview_stages");
        for (size_t i = 0; i < json_array_size(stages) && stage == NULL; i++)
                if (text_equal(json_get_text(json_array_get(stages, i), "name", NULL),
                               json_get_text(body, "stage", "")))
                        stage = json_array_get(stages, i);
        if (row != NULL && stage != NULL) {
                gh_move(row, stage, GH_RECRUITER);
                reply_json(re, 200, json_deep_copy(row));
        } else {
                reply_problem(rq, re, 404, "There is no such application or stage.");
        }
        pthread_mutex_unlock(&gh.lock);
        json_decref(body);
}

/* [locked] As an admin's calendar would: a new interview of the application, or this one moved. */
static json_t *arrange(const json_t *body)
{
        static const char *const copied[] = { "starts_at", "ends_at", "location", "status",
                                              "external_event_id" };
        json_t *row = gh_find("interviews", json_get_int(body, "id", 0));
        const json_t *application =
            gh_find("applications", json_get_int(body, "application_id", 0));

        if (row == NULL && application != NULL)
                row = gh_schedule(application);
        for (size_t i = 0; row != NULL && i < sizeof copied / sizeof *copied; i++)
                if (json_object_get(body, copied[i]) != NULL)
                        json_set(row, copied[i], json_deep_copy(json_object_get(body, copied[i])));
        if (row != NULL)
                gh_set_now(row, "updated_at");
        return row;
}

static void remove_row(const char *table, int64_t id)
{
        json_t *rows = gh_table(table);

        for (size_t i = json_array_size(rows); i > 0; i--)
                if (json_get_int(json_array_get(rows, i - 1), "id", 0) == id)
                        json_array_remove(rows, i - 1);
}

static void interview(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row, *answer = NULL, *payload, *one;

        if (body == NULL)
                return;
        pthread_mutex_lock(&gh.lock);
        row = arrange(body);
        answer = row == NULL ? NULL : json_deep_copy(row);
        if (row != NULL && json_get_bool(body, "delete", false)) {
                payload = json_object();
                one = json_object();
                json_set_int(one, "id", json_get_int(row, "id", 0));
                json_set(payload, "interview", one);
                remove_row("interviews", json_get_int(row, "id", 0));
                gh_hook_send("interview_deleted", payload);
                json_decref(payload);
        }
        pthread_mutex_unlock(&gh.lock);
        if (answer == NULL)
                reply_problem(rq, re, 404, "There is no such interview or application.");
        else
                reply_json(re, 200, answer);
        json_decref(body);
}

static void webhook(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;
        int status;

        if (body == NULL)
                return;
        status =
            gh_hook_save(json_get_text(body, "url", NULL), json_get_text(body, "secret", NULL),
                         json_get_text(body, "user", NULL), json_get_text(body, "password", NULL));
        answer = json_object();
        json_set_int(answer, "ping", status);
        json_set_bool(answer, "active", status == 200);
        reply_json(re, 200, answer);
        json_decref(body);
}

static void webhook_report(struct request *rq, struct reply *re)
{
        json_t *report = deliver_report(gh.hook);

        (void)rq;
        pthread_mutex_lock(&gh.lock);
        json_set_bool(report, "active", gh.hook_active);
        json_set_int(report, "ping", gh.hook_ping);
        json_set_text(report, "url", gh.hook_url);
        pthread_mutex_unlock(&gh.lock);
        reply_json(re, 200, report);
}

static void deliveries(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;
        int64_t wait;

        if (body == NULL)
                return;
        if (json_object_get(body, "lose") != NULL)
                deliver_lose(gh.hook, (int)json_get_int(body, "lose", 0));
        if (json_get_bool(body, "flush", false))
                deliver_flush(gh.hook);
        answer = json_object();
        wait = json_get_int(body, "idle_ms", 0);
        json_set_bool(answer, "idle",
                      deliver_idle(gh.hook, wait < 0       ? 0
                                            : wait > 60000 ? 60000
                                                           : wait));
        reply_json(re, 200, answer);
        json_decref(body);
}

static void event(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        pthread_mutex_lock(&gh.lock);
        gh_hook_send(json_get_text(body, "action", "candidate_stage_change"),
                     json_at(body, "payload"));
        pthread_mutex_unlock(&gh.lock);
        json_decref(body);
        done(re);
}

static void state(struct request *rq, struct reply *re)
{
        (void)rq;
        pthread_mutex_lock(&gh.lock);
        reply_json(re, 200, json_deep_copy(gh.tables));
        pthread_mutex_unlock(&gh.lock);
}

#define BODY_MAX (1 << 20)
const struct route gh_control_routes[] = {
        { "POST", "control/reset", reset, BODY_MAX, true, NULL },
        { "POST", "control/settings", settings, BODY_MAX, true, NULL },
        { "POST", "control/tokens/expire", expire_tokens, BODY_MAX, true, NULL },
        { "POST", "control/set", set_row, BODY_MAX, true, NULL },
        { "POST", "control/delete", delete_row, BODY_MAX, true, NULL },
        { "POST", "control/add", add, BODY_MAX, true, NULL },
        { "POST", "control/move", move, BODY_MAX, true, NULL },
        { "POST", "control/interview", interview, BODY_MAX, true, NULL },
        { "POST", "control/webhook", webhook, BODY_MAX, true, NULL },
        { "GET", "control/webhook", webhook_report, 0, true, NULL },
        { "POST", "control/deliveries", deliveries, BODY_MAX, true, NULL },
        { "POST", "control/event", event, BODY_MAX, true, NULL },
        { "GET", "control/state", state, 0, true, NULL },
        { "POST", "control/failures", control_failures, BODY_MAX, true, NULL },
        { "GET", "control/failures", control_failures, 0, true, NULL },
        { "GET", "control/requests", control_requests, 0, true, NULL },
        { "GET", "control/counters", control_counters, 0, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
