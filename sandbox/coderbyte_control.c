/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control face of the Coderbyte stand-in: what tests order and ask. */
#include <string.h>

#include "coderbyte.h"
#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"

void cb_control_reset(struct request *rq, struct reply *re)
{
        (void)rq;
        for (int i = 0; i < CB_OPERATIONS; i++) {
                deliver_set(cb.hooks[i], NULL, NULL, NULL, NULL);
                deliver_reset(cb.hooks[i]);
        }
        pthread_mutex_lock(&cb.lock);
        cb_reset();
        pthread_mutex_unlock(&cb.lock);
        control_reset();
        reply_json(re, 200, json_object());
}

static json_t *hooks(void)
{
        json_t *all = json_object();

        for (int i = 0; i < CB_OPERATIONS; i++)
                json_set(all, cb_operation_name(i), deliver_report(cb.hooks[i]));
        return all;
}

void cb_control_rows(struct request *rq, struct reply *re)
{
        const char *rows = request_segment(rq, "rows");
        json_t *answer = NULL;

        pthread_mutex_lock(&cb.lock);
        if (text_equal(rows, "attempts"))
                answer = json_deep_copy(cb.attempts);
        else if (text_equal(rows, "interviews"))
                answer = json_deep_copy(cb.interviews);
        else if (text_equal(rows, "tests"))
                answer = json_deep_copy(cb.tests);
        pthread_mutex_unlock(&cb.lock);
        if (text_equal(rows, "webhook"))
                answer = hooks();
        if (answer == NULL)
                reply_problem(rq, re, 404, NULL);
        else
                reply_json(re, 200, answer);
}

void cb_control_invite(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer = NULL;
        const json_t *test;
        char *base = cb_base(rq);

        if (body == NULL)
                goto out;
        pthread_mutex_lock(&cb.lock);
        test = cb_find(cb.tests, "test_id", json_get_text(body, "test", CB_TEST));
        if (test != NULL && json_get_text(body, "email", NULL) != NULL)
                answer = json_deep_copy(cb_invite(base, json_get_text(body, "email", NULL), test));
        pthread_mutex_unlock(&cb.lock);
        if (answer == NULL)
                reply_problem(rq, re, 404, "There is no such assessment, or nobody to invite.");
        else
                reply_json(re, 200, answer);
out:
        json_decref(body);
        mem_free(base);
}

void cb_control_attempt(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *attempt, *answer = NULL;
        const char *what = json_get_text(body, "do", "");
        char *base = cb_base(rq);

        if (body == NULL)
                goto out;
        pthread_mutex_lock(&cb.lock);
        attempt = cb_find(cb.attempts, "_id", request_segment(rq, "id"));
        if (attempt != NULL) {
                if (text_equal(what, "finish"))
                        cb_step(base, attempt, "join", body);
                if (cb_step(base, attempt, what, body))
                        answer = json_deep_copy(attempt);
        }
        pthread_mutex_unlock(&cb.lock);
        if (attempt == NULL)
                reply_problem(rq, re, 404, "There is no such attempt.");
        else if (answer == NULL)
                reply_problem(rq, re, 409, "Its state does not allow that.");
        else
                reply_json(re, 200, answer);
out:
        json_decref(body);
        mem_free(base);
}

void cb_control_interviews(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;

        if (body == NULL)
                return;
        pthread_mutex_lock(&cb.lock);
        answer = json_deep_copy(
            cb_create_interview(json_get_text(body, "email", "nobody@example.invalid")));
        pthread_mutex_unlock(&cb.lock);
        json_decref(body);
        reply_json(re, 200, answer);
}

void cb_control_interview(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *interview;
        bool moved;

        if (body == NULL)
                return;
        pthread_mutex_lock(&cb.lock);
        interview = cb_find(cb.interviews, "interview_id", request_segment(rq, "id"));
        moved = interview != NULL && text_equal(json_get_text(body, "do", ""), "finish") &&
                cb_finish_interview(interview);
        pthread_mutex_unlock(&cb.lock);
        json_decref(body);
        if (moved)
                reply_json(re, 200, json_object());
        else
                reply_problem(rq, re, 409, "No such interview, or its state does not allow that.");
}

void cb_control_webhook(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;
        const char *operation = json_get_text(body, "operation", NULL);

        if (body == NULL)
                return;
        for (int i = 0; i < CB_OPERATIONS; i++)
                if (operation == NULL || text_equal(operation, cb_operation_name(i)))
                        cb_hook_set(i, json_get_text(body, "url", NULL));
        json_decref(body);
        answer = json_object();
        json_set_bool(answer, "active", true); /* the vendor has no test of a webhook */
        reply_json(re, 200, answer);
}

void cb_control_lose(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        for (int i = 0; i < CB_OPERATIONS; i++)
                deliver_lose(cb.hooks[i], (int)json_get_int(body, "count", 1));
        json_decref(body);
        reply_json(re, 200, hooks());
}

void cb_control_idle(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;
        bool idle = true;

        if (body == NULL)
                return;
        for (int i = 0; i < CB_OPERATIONS; i++)
                idle = deliver_idle(cb.hooks[i], json_get_int(body, "timeout_ms", 5000)) && idle;
        answer = json_object();
        json_set_bool(answer, "idle", idle);
        json_decref(body);
        reply_json(re, 200, answer);
}

/* A new key signs the webhooks too, from the next one on. */
static void change_key(const char *key)
{
        mem_free(cb.key_now);
        cb.key_now = mem_text(key);
        for (int i = 0; i < CB_OPERATIONS; i++) {
                json_t *report = deliver_report(cb.hooks[i]);
                const char *url = json_get_text(report, "url", NULL);

                if (!text_empty(url))
                        cb_hook_set(i, url);
                json_decref(report);
        }
}

void cb_control_settings(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        pthread_mutex_lock(&cb.lock);
        cb.shows_invited = json_get_bool(body, "shows_invited", cb.shows_invited);
        cb.hides_invited = json_get_bool(body, "hides_invited", cb.hides_invited);
        cb.absent_is_404 = json_get_bool(body, "absent_is_404", cb.absent_is_404);
        cb.rate = json_get_int(body, "rate", cb.rate);
        if (json_get_text(body, "key", NULL) != NULL)
                change_key(json_get_text(body, "key", NULL));
        pthread_mutex_unlock(&cb.lock);
        json_decref(body);
        reply_json(re, 200, json_object());
}
