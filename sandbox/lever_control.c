/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's control face; what each path takes stands in lever.c. */
#include <string.h>

#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "lever.h"

#define BODY_MAX (1 << 20)

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
        lv_hooks_stop();
        pthread_mutex_lock(&lv.lock);
        lv_reset();
        pthread_mutex_unlock(&lv.lock);
        done(re);
}

static const char *const settings_known[] = { "api_key",    "confidential", "plain_links", "nested",
                                              "bare_files", "event_id",     "rate",        "burst",
                                              "page_most",  "revoked",      NULL };

static void settings(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *value;
        struct lv_settings *set = &lv.set;
        const json_t *revoked;
        const char *name;

        if (body == NULL)
                return;
        json_object_foreach(body, name, value)
        {
                size_t i = 0;

                while (settings_known[i] != NULL && !text_equal(settings_known[i], name))
                        i++;
                if (settings_known[i] == NULL) {
                        reply_problem(rq, re, 400, "There is no such setting.");
                        json_decref(body);
                        return;
                }
        }
        pthread_mutex_lock(&lv.lock);
        if (json_get_text(body, "api_key", NULL) != NULL) {
                mem_free(set->api_key);
                set->api_key = mem_text(json_get_text(body, "api_key", NULL));
        }
        set->confidential = json_get_bool(body, "confidential", set->confidential);
        set->plain_links = json_get_bool(body, "plain_links", set->plain_links);
        set->nested = json_get_bool(body, "nested", set->nested);
        set->bare_files = json_get_bool(body, "bare_files", set->bare_files);
        set->event_id = json_get_bool(body, "event_id", set->event_id);
        set->rate = json_get_int(body, "rate", set->rate);
        set->burst = json_get_int(body, "burst", set->burst);
        set->page_most = json_get_int(body, "page_most", set->page_most);
        if (json_object_get(body, "burst") != NULL)
                lv.tokens = (double)set->burst;
        revoked = json_object_get(body, "revoked");
        if (revoked != NULL) {
                json_object_clear(set->revoked);
                for (size_t i = 0; i < json_array_size(revoked); i++)
                        json_set_bool(set->revoked, json_text_of(json_array_get(revoked, i), ""),
                                      true);
        }
        pthread_mutex_unlock(&lv.lock);
        json_decref(body);
        done(re);
}

static void add(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        pthread_mutex_lock(&lv.lock);
        reply_json(
            re, 201,
            lv_show_opportunity(lv_add_opportunity(json_get_text(body, "name", "Test"),
                                                   json_get_text(body, "email", NULL),
                                                   json_get_bool(body, "confidential", false)),
                                false, false, true));
        pthread_mutex_unlock(&lv.lock);
        json_decref(body);
}

/* A stage by its id or its text. */
static const char *stage_of(const char *word)
{
        const json_t *rows = lv_table("stages");

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);

                if (text_equal(json_get_text(row, "id", NULL), word) ||
                    text_equal(json_get_text(row, "text", NULL), word))
                        return json_get_text(row, "id", NULL);
        }
        return NULL;
}

static void move(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row;
        const char *stage;

        if (body == NULL)
                return;
        pthread_mutex_lock(&lv.lock);
        row = lv_find("opportunities", json_get_text(body, "opportunity", ""));
        stage = stage_of(json_get_text(body, "stage", ""));
        if (row != NULL && stage != NULL) {
                lv_move(row, stage, LV_RECRUITER);
                reply_json(re, 200, lv_show_opportunity(row, false, false, false));
        } else {
                reply_problem(rq, re, 404, "There is no such opportunity or stage.");
        }
        pthread_mutex_unlock(&lv.lock);
        json_decref(body);
}

static void set_row(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row;

        if (body == NULL)
                return;
        pthread_mutex_lock(&lv.lock);
        row = lv_find(json_get_text(body, "table", ""), json_get_text(body, "id", ""));
        if (row != NULL)
                json_object_update(row, json_at(body, "members"));
        pthread_mutex_unlock(&lv.lock);
        if (row == NULL)
                reply_problem(rq, re, 404, "There is no such row.");
        else
                done(re);
        json_decref(body);
}

/* A row goes; an opportunity tells the webhooks. */
static void delete_row(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *rows, *data;
        const char *id, *table;
        size_t gone = 0;

        if (body == NULL)
                return;
        id = json_get_text(body, "id", "");
        table = json_get_text(body, "table", "");
        pthread_mutex_lock(&lv.lock);
        rows = lv_table(table);
        for (size_t i = json_array_size(rows); i > 0; i--)
                if (text_equal(json_get_text(json_array_get(rows, i - 1), "id", NULL), id))
                        gone += json_array_remove(rows, i - 1) == 0;
        if (gone > 0 && text_equal(table, "opportunities")) {
                data = json_object();
                json_set_text(data, "opportunityId", id);
                lv_hooks_tell("candidateDeleted", data);
                json_decref(data);
        }
        pthread_mutex_unlock(&lv.lock);
        if (gone == 0)
                reply_problem(rq, re, 404, "There is no such row.");
        else
                done(re);
        json_decref(body);
}

/* As the settings page does: adds, verifies (the token is not known to anybody yet), shows the
 * token. */
static void webhook(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;
        struct lv_hook *hook;

        if (body == NULL)
                return;
        hook = lv_hook_add(json_get_text(body, "url", NULL),
                           json_get_text(body, "event", "candidateStageChange"), false);
        if (hook == NULL) {
                reply_problem(rq, re, 422, "That is no webhook.");
        } else {
                answer = json_object();
                json_set_int(answer, "verified", lv_hook_verify(hook, true));
                json_set_text(answer, "id", hook->id);
                json_set_text(answer, "token", hook->token);
                reply_json(re, 200, answer);
        }
        json_decref(body);
}

static void webhooks(struct request *rq, struct reply *re)
{
        json_t *list = json_array();

        (void)rq;
        pthread_mutex_lock(&lv.lock);
        for (size_t i = 0; i < lv.hook_count; i++) {
                json_t *row = deliver_report(lv.hooks[i].sender);

                json_set_text(row, "id", lv.hooks[i].id);
                json_set_text(row, "event", lv.hooks[i].event);
                json_set_text(row, "token", lv.hooks[i].token);
                json_set_bool(row, "by_api", lv.hooks[i].by_api);
                json_set_int(row, "verified", lv.hooks[i].verified);
                json_add(list, row);
        }
        pthread_mutex_unlock(&lv.lock);
        reply_json(re, 200, list);
}

static void deliveries(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;
        int64_t wait;
        bool idle = true;

        if (body == NULL)
                return;
        wait = json_get_int(body, "idle_ms", 0);
        for (size_t i = 0; i < lv.hook_count; i++) {
                if (json_object_get(body, "lose") != NULL)
                        deliver_lose(lv.hooks[i].sender, (int)json_get_int(body, "lose", 0));
                if (json_get_bool(body, "flush", false))
                        deliver_flush(lv.hooks[i].sender);
                idle = deliver_idle(lv.hooks[i].sender, wait < 0       ? 0
                                                        : wait > 60000 ? 60000
                                                                       : wait) &&
                       idle;
        }
        answer = json_object();
        json_set_bool(answer, "idle", idle);
        reply_json(re, 200, answer);
        json_decref(body);
}

static void event(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        pthread_mutex_lock(&lv.lock);
        lv_hooks_tell(json_get_text(body, "event", "candidateStageChange"), json_at(body, "data"));
        pthread_mutex_unlock(&lv.lock);
        json_decref(body);
        done(re);
}

static void state(struct request *rq, struct reply *re)
{
        (void)rq;
        pthread_mutex_lock(&lv.lock);
        reply_json(re, 200, json_deep_copy(lv.tables));
        pthread_mutex_unlock(&lv.lock);
}

const struct route lv_control_routes[] = {
        { "POST", "control/reset", reset, BODY_MAX, true, NULL },
        { "POST", "control/settings", settings, BODY_MAX, true, NULL },
        { "POST", "control/add", add, BODY_MAX, true, NULL },
        { "POST", "control/move", move, BODY_MAX, true, NULL },
        { "POST", "control/set", set_row, BODY_MAX, true, NULL },
        { "POST", "control/delete", delete_row, BODY_MAX, true, NULL },
        { "POST", "control/webhook", webhook, BODY_MAX, true, NULL },
        { "GET", "control/webhooks", webhooks, 0, true, NULL },
        { "POST", "control/deliveries", deliveries, BODY_MAX, true, NULL },
        { "POST", "control/event", event, BODY_MAX, true, NULL },
        { "GET", "control/state", state, 0, true, NULL },
        { "POST", "control/failures", control_failures, BODY_MAX, true, NULL },
        { "GET", "control/failures", control_failures, 0, true, NULL },
        { "GET", "control/requests", control_requests, 0, true, NULL },
        { "GET", "control/counters", control_counters, 0, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
