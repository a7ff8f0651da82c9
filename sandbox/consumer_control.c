/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control face of the stand-in for consumers. */
#include "consumer.h"
#include "control.h"
#include "floor/text.h"

#define DELAY_MAX_MS 60000

void sandbox_control_reset(struct request *rq, struct reply *re)
{
        (void)rq;
        pthread_mutex_lock(&sandbox.lock);
        sandbox_reset();
        pthread_mutex_unlock(&sandbox.lock);
        reply_json(re, 200, json_object());
}

void sandbox_control_get(struct request *rq, struct reply *re)
{
        const char *what = request_segment(rq, "what");
        json_t *answer = NULL;

        pthread_mutex_lock(&sandbox.lock);
        if (text_equal(what, "consumers"))
                answer = json_deep_copy(sandbox.rows);
        else if (text_equal(what, "deliveries"))
                answer = json_deep_copy(sandbox.log);
        pthread_mutex_unlock(&sandbox.lock);
        if (answer == NULL)
                reply_problem(rq, re, 404, NULL);
        else
                reply_json(re, 200, answer);
}

void sandbox_control_set(struct request *rq, struct reply *re)
{
        static const char *const plain[] = { "signing", "secrets",  "url",        "header",
                                             "value",   "delay_ms", "retry_after" };
        const char *name = request_segment(rq, "name"), *answer;
        json_t *body = control_body(rq, re), *row;
        bool good = true;

        if (body == NULL)
                return;
        pthread_mutex_lock(&sandbox.lock);
        row = sandbox_consumer(name);
        if (row == NULL && json_object_size(sandbox.rows) < CONSUMER_ROWS_MAX) {
                row = json_object();
                json_set_text(row, "name", name);
                json_set_text(row, "answer", "ok");
                json_set(sandbox.rows, name, row);
        }
        good = row != NULL && json_get_int(body, "delay_ms", 0) <= DELAY_MAX_MS;
        for (size_t i = 0; good && i < sizeof plain / sizeof *plain; i++)
                if (json_object_get(body, plain[i]) != NULL)
                        json_set(row, plain[i], json_deep_copy(json_object_get(body, plain[i])));
        answer = json_get_text(body, "answer", NULL);
        if (good && answer != NULL)
                good = sandbox_set_answer(row, answer, json_get_int(body, "times", 0));
        row = good ? json_deep_copy(row) : NULL;
        pthread_mutex_unlock(&sandbox.lock);
        if (good)
                reply_json(re, 200, row);
        else
                reply_problem(rq, re, 422, "no such answer, or too many consumers");
        json_decref(body);
}
