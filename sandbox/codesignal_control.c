/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control face of the CodeSignal stand-in: what tests order and ask. */
#include <string.h>

#include "codesignal.h"
#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"

void cs_control_reset(struct request *rq, struct reply *re)
{
        (void)rq;
        deliver_set(cs.hook, NULL, NULL, NULL, NULL);
        deliver_reset(cs.hook);
        pthread_mutex_lock(&cs.lock);
        cs_reset();
        pthread_mutex_unlock(&cs.lock);
        control_reset();
        reply_json(re, 200, json_object());
}

void cs_control_rows(struct request *rq, struct reply *re)
{
        const char *rows = request_segment(rq, "rows");
        json_t *answer = NULL;

        pthread_mutex_lock(&cs.lock);
        if (text_equal(rows, "sessions"))
                answer = json_deep_copy(cs.sessions);
        else if (text_equal(rows, "interviews"))
                answer = json_deep_copy(cs.interviews);
        else if (text_equal(rows, "tests"))
                answer = json_deep_copy(cs.tests);
        pthread_mutex_unlock(&cs.lock);
        if (text_equal(rows, "webhook"))
                answer = deliver_report(cs.hook);
        if (answer == NULL)
                reply_problem(rq, re, 404, NULL);
        else
                reply_json(re, 200, answer);
}

static void step_session(struct request *rq, json_t *session, const char *what, const json_t *body,
                         json_t **answer)
{
        const json_t *scores = json_at(body, "scores");
        char *base = cs_base(rq);
        json_t *moved = NULL;

        if (text_equal(what, "reactivate")) {
                moved = cs_reactivate(base, session);
        } else {
                if (text_equal(what, "finish"))
                        cs_step(session, "start", NULL, NULL);
                if (cs_step(session, what, scores, json_get_text(body, "reason", NULL)))
                        moved = session;
        }
        *answer = moved != NULL ? json_deep_copy(moved) : NULL;
        mem_free(base);
}

void cs_control_session(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *session, *answer = NULL;
        bool known = false;

        if (body == NULL)
                return;
        pthread_mutex_lock(&cs.lock);
        session = cs_find(cs.sessions, request_segment(rq, "id"));
        if (session != NULL) {
                known = true;
                step_session(rq, session, json_get_text(body, "do", ""), body, &answer);
        }
        pthread_mutex_unlock(&cs.lock);
        if (!known)
                reply_problem(rq, re, 404, "There is no such session.");
        else if (answer == NULL)
                reply_problem(rq, re, 409, "Its state does not allow that.");
        else
                reply_json(re, 200, answer);
        json_decref(body);
}

void cs_control_interview(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *interview, *answer = NULL;

        if (body == NULL)
                return;
        pthread_mutex_lock(&cs.lock);
        interview = cs_find(cs.interviews, request_segment(rq, "id"));
        if (interview != NULL && cs_step_interview(interview, json_get_text(body, "do", ""),
                                                   json_get_text(body, "notes", NULL)))
                answer = json_deep_copy(interview);
        pthread_mutex_unlock(&cs.lock);
        if (answer == NULL)
                reply_problem(rq, re, 409, "No such interview, or its state does not allow that.");
        else
                reply_json(re, 200, answer);
        json_decref(body);
}

void cs_control_webhook(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer, *value;
        struct buf extra = BUF_NONE;
        const char *name;

        if (body == NULL)
                return;
        json_object_foreach(json_object_get(body, "headers"), name, value)
        {
                if (strpbrk(json_text_of(value, ""), "\r\n") == NULL)
                        buf_format(&extra, "%s: %s\n", name, json_text_of(value, ""));
        }
        deliver_set(cs.hook, json_get_text(body, "url", NULL), json_get_text(body, "secret", NULL),
                    json_get_text(body, "events", NULL), buf_text(&extra));
        answer = json_object();
        json_set_int(answer, "status", deliver_probe(cs.hook, "", "", 0));
        buf_dispose(&extra);
        json_decref(body);
        reply_json(re, 200, answer);
}

void cs_control_lose(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body == NULL)
                return;
        if (json_at(body, "count") != NULL)
                deliver_lose(cs.hook, (int)json_get_int(body, "count", 1));
        else
                deliver_flush(cs.hook);
        json_decref(body);
        reply_json(re, 200, deliver_report(cs.hook));
}

void cs_control_idle(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;

        if (body == NULL)
                return;
        answer = json_object();
        json_set_bool(answer, "idle",
                      deliver_idle(cs.hook, json_get_int(body, "timeout_ms", 5000)));
        json_decref(body);
        reply_json(re, 200, answer);
}

void cs_control_settings(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer;

        if (body == NULL)
                return;
        answer = json_object();
        pthread_mutex_lock(&cs.lock);
        cs.rate_now = json_get_int(body, "rate", cs.rate_now);
        json_set_int(answer, "rate", cs.rate_now);
        pthread_mutex_unlock(&cs.lock);
        json_decref(body);
        reply_json(re, 200, answer);
}

void cs_control_permissions(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *one;
        size_t i;

        if (body == NULL)
                return;
        pthread_mutex_lock(&cs.lock);
        json_object_clear(cs.denied);
        json_array_foreach(json_object_get(body, "denied"), i, one)
        {
                json_set_bool(cs.denied, json_text_of(one, "?"), true);
        }
        pthread_mutex_unlock(&cs.lock);
        json_decref(body);
        reply_json(re, 200, json_object());
}
