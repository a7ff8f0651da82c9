/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Failures to order, a record of requests, counters: for all stand-ins. */
#include "control.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define FAILURES_MAX 64
#define RECORDS_MAX 1000
#define HUGE_DEFAULT (INT64_C(8) << 20)
#define HUGE_MAX (INT64_C(1) << 30)
#define DELAY_MAX WHEN_MINUTE

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct armed {
        char *what;
        int64_t times;
        struct control_failure failure;
} armed[FAILURES_MAX];
static size_t armed_count;
static json_t *records;  /* array */
static json_t *counters; /* object */

static const char *const kinds[] = { "status", "garbage", "empty",  "cut",
                                     "slow",   "huge",    "errors", NULL };

static bool known_kind(const char *kind)
{
        for (size_t i = 0; kinds[i] != NULL; i++) {
                if (text_equal(kinds[i], kind))
                        return true;
        }
        return false;
}

void control_failure_dispose(struct control_failure *failure)
{
        mem_free(failure->body);
        *failure = (struct control_failure){ 0 };
}

static void disarm(size_t i)
{
        mem_free(armed[i].what);
        control_failure_dispose(&armed[i].failure);
        memmove(&armed[i], &armed[i + 1], (armed_count - i - 1) * sizeof(armed[0]));
        armed_count--;
}

static bool arm(const json_t *value)
{
        struct armed *a = &armed[armed_count];
        const char *kind = json_get_text(value, "kind", "");

        if (armed_count == FAILURES_MAX || !known_kind(kind))
                return false;
        *a = (struct armed){ .what = mem_text(json_get_text(value, "what", "")),
                             .times = json_get_int(value, "times", 1) };
        strncpy(a->failure.kind, kind, sizeof(a->failure.kind) - 1);
        a->failure.status = (int)json_get_int(value, "status", 500);
        a->failure.after = json_get_bool(value, "after", false);
        a->failure.delay_ms = json_get_int(value, "delay_ms", 1000);
        if (a->failure.delay_ms > DELAY_MAX)
                a->failure.delay_ms = DELAY_MAX;
        a->failure.bytes = json_get_int(value, "bytes", HUGE_DEFAULT);
        if (a->failure.bytes < 0 || a->failure.bytes > HUGE_MAX)
                a->failure.bytes = HUGE_MAX;
        a->failure.retry_after = (int)json_get_int(value, "retry_after", 0);
        a->failure.body = mem_text(json_get_text(value, "body", NULL));
        armed_count++;
        return true;
}

bool control_take(const char *what, struct control_failure *out)
{
        bool found = false;

        *out = (struct control_failure){ 0 };
        pthread_mutex_lock(&lock);
        for (size_t i = 0; i < armed_count && !found; i++) {
                if (strstr(what, armed[i].what) == NULL)
                        continue;
                found = true;
                *out = armed[i].failure;
                out->body = mem_text(armed[i].failure.body);
                if (--armed[i].times <= 0)
                        disarm(i);
        }
        pthread_mutex_unlock(&lock);
        return found;
}

static void pause_ms(int64_t ms)
{
        struct timespec t = { .tv_sec = (time_t)(ms / 1000),
                              .tv_nsec = (long)(ms % 1000) * 1000000 };

        while (nanosleep(&t, &t) != 0)
                continue;
}

static void answer_huge(struct reply *re, int64_t bytes)
{
        struct buf *body = reply_body(re);
        char block[4096];

        memset(block, ' ', sizeof(block));
        reply_type(re, "application/json");
        for (int64_t left = bytes; left > 0; left -= (int64_t)sizeof(block))
                buf_add(body, block, left < (int64_t)sizeof(block) ? (size_t)left : sizeof(block));
}

bool control_fail(struct request *rq, struct reply *re, const struct control_failure *failure)
{
        (void)rq;
        if (text_equal(failure->kind, "slow")) {
                pause_ms(failure->delay_ms);
                return false;
        }
        if (failure->retry_after > 0) {
                char *seconds = mem_format("%d", failure->retry_after);

                reply_header(re, "Retry-After", seconds);
                mem_free(seconds);
        }
        if (text_equal(failure->kind, "huge")) {
                answer_huge(re, failure->bytes);
        } else if (text_equal(failure->kind, "cut")) {
                /* The web server gives up when the promised bytes do not come. */
                reply_header(re, "Content-Length", "65536");
                reply_type(re, "application/json");
                buf_add_text(reply_body(re), "{\"data\":{\"half\":");
        } else if (text_equal(failure->kind, "garbage")) {
                reply_text(re, 200, text_or(failure->body, "<html>\xC3(not JSON"));
        } else if (text_equal(failure->kind, "empty")) {
                reply_text(re, 200, "");
        } else if (text_equal(failure->kind, "errors")) {
                buf_add_text(reply_body(re), text_or(failure->body, "{\"errors\":[]}"));
                reply_type(re, "application/json");
        } else if (failure->body != NULL) {
                buf_add_text(reply_body(re), failure->body);
                reply_type(re, "application/json");
                reply_status(re, failure->status);
        } else {
                reply_text(re, failure->status, "ordered by the control face\n");
        }
        return true;
}

void control_count(const char *what)
{
        pthread_mutex_lock(&lock);
        if (counters == NULL)
                counters = json_object();
        json_set_int(counters, what, json_int_of(json_object_get(counters, what), 0) + 1);
        pthread_mutex_unlock(&lock);
}

int64_t control_counted(const char *what)
{
        int64_t n;

        pthread_mutex_lock(&lock);
        n = counters == NULL ? 0 : json_int_of(json_object_get(counters, what), 0);
        pthread_mutex_unlock(&lock);
        return n;
}

void control_record(const char *method, const char *what, const char *path, json_t *body,
                    int status)
{
        json_t *record = json_object();

        json_set_int(record, "at_ms", when_now_ms());
        json_set_text(record, "method", method);
        json_set_text(record, "what", what);
        json_set_text(record, "path", path);
        json_set_int(record, "status", status);
        json_set(record, "body", body);
        control_count(what);
        pthread_mutex_lock(&lock);
        if (records == NULL)
                records = json_array();
        if (json_array_size(records) >= RECORDS_MAX)
                json_array_remove(records, 0);
        json_add(records, record);
        pthread_mutex_unlock(&lock);
}

void control_reset(void)
{
        pthread_mutex_lock(&lock);
        while (armed_count > 0)
                disarm(armed_count - 1);
        json_decref(records);
        json_decref(counters);
        records = counters = NULL;
        pthread_mutex_unlock(&lock);
}

json_t *control_body(struct request *rq, struct reply *re)
{
        const struct buf *body = request_body(rq);
        struct fail why = FAIL_CLEAR;
        json_t *value = NULL;

        if (body == NULL || body->len == 0)
                return json_object();
        value = json_parse(body->data, body->len, true, &why);
        if (value == NULL)
                reply_problem(rq, re, 400, why.text);
        return value;
}

static json_t *list_failures(void)
{
        json_t *list = json_array();

        for (size_t i = 0; i < armed_count; i++) {
                json_t *one = json_object();

                json_set_text(one, "what", armed[i].what);
                json_set_text(one, "kind", armed[i].failure.kind);
                json_set_int(one, "times", armed[i].times);
                json_set_int(one, "status", armed[i].failure.status);
                json_set_bool(one, "after", armed[i].failure.after);
                json_add(list, one);
        }
        return list;
}

void control_failures(struct request *rq, struct reply *re)
{
        bool good = true;
        json_t *value, *list;

        if (text_equal(request_method(rq), "POST")) {
                if ((value = control_body(rq, re)) == NULL)
                        return;
                pthread_mutex_lock(&lock);
                if (json_is_array(value)) {
                        while (json_array_size(value) == 0 && armed_count > 0)
                                disarm(armed_count - 1);
                        for (size_t i = 0; i < json_array_size(value); i++)
                                good = good && arm(json_array_get(value, i));
                } else {
                        good = arm(value);
                }
                pthread_mutex_unlock(&lock);
                json_decref(value);
                if (!good) {
                        reply_problem(rq, re, 422, "An unknown kind, or too many failures.");
                        return;
                }
        }
        pthread_mutex_lock(&lock);
        list = list_failures();
        pthread_mutex_unlock(&lock);
        reply_json(re, 200, list);
}

void control_requests(struct request *rq, struct reply *re)
{
        json_t *copy;

        (void)rq;
        pthread_mutex_lock(&lock);
        copy = records == NULL ? json_array() : json_deep_copy(records);
        pthread_mutex_unlock(&lock);
        reply_json(re, 200, copy);
}

void control_counters(struct request *rq, struct reply *re)
{
        json_t *copy;

        (void)rq;
        pthread_mutex_lock(&lock);
        copy = counters == NULL ? json_object() : json_deep_copy(counters);
        pthread_mutex_unlock(&lock);
        reply_json(re, 200, copy);
}
