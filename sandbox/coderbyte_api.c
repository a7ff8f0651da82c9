/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's API, as strict as the wire facts allow: what is not described is refused. */
#include <string.h>

#include "coderbyte.h"
#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define INVITED_MOST 50

static void send(struct reply *re, int status, json_t *body)
{
        struct buf plain = BUF_NONE, *out = reply_body(re);

        json_write(body, &plain);
        /* Slashes are escaped, as PHP's encoder does; they stand in strings only. */
        for (size_t i = 0; i < plain.len; i++) {
                if (plain.data[i] == '/')
                        buf_add_char(out, '\\');
                buf_add_char(out, plain.data[i]);
        }
        reply_status(re, status);
        reply_type(re, "application/json");
        buf_dispose(&plain);
        json_decref(body);
}

static int refuse(struct reply *re, int status, const char *message)
{
        json_t *body = json_object();

        json_set_text(body, "status", "error");
        json_set_text(body, "message", message);
        send(re, status, body);
        return status;
}

static int answer(struct reply *re, const char *name, json_t *value)
{
        json_t *body = json_object(), *data = json_object();

        json_set(data, name, value);
        json_set_text(body, "status", "success");
        json_set(body, "data", data);
        send(re, 200, body);
        return 200;
}

static bool within_rate(void)
{
        int64_t second = when_now_ms() / 1000;
        bool good;

        pthread_mutex_lock(&cb.lock);
        if (cb.rate_second != second)
                cb.rate_count = 0;
        cb.rate_second = second;
        good = cb.rate == 0 || ++cb.rate_count <= cb.rate;
        pthread_mutex_unlock(&cb.lock);
        return good;
}

/* 0 may pass, else what it was answered. */
static int door(struct request *rq, struct reply *re)
{
        const char *authorization = NULL;
        bool known;

        pthread_mutex_lock(&cb.lock);
        known = request_header(rq, "Authorization", &authorization) == 1 &&
                text_starts(authorization, "Bearer ") &&
                text_equal(authorization + strlen("Bearer "), cb.key_now);
        pthread_mutex_unlock(&cb.lock);
        if (!known)
                return refuse(re, 401, "Unauthorized: unknown API key");
        if (!within_rate()) {
                reply_header(re, "Retry-After", "1");
                return refuse(re, 429, "Too many requests");
        }
        return 0;
}

/* One call: an armed failure first or instead, and a record of it. */
static void serve_call(struct request *rq, struct reply *re, const char *what,
                       int (*face)(struct request *rq, struct reply *re))
{
        const struct buf *body = request_body(rq);
        const char *email = request_segment(rq, "email"), *test = request_segment(rq, "test");
        char *path = mem_format("%s%s%s%s%s", what, email != NULL ? " " : "", text_or(email, ""),
                                test != NULL ? " " : "", text_or(test, ""));
        struct control_failure failure;
        bool failing = control_take(what, &failure), failed = false;
        int status = 0;

        if (failing && !failure.after)
                failed = control_fail(rq, re, &failure);
        if (!failed)
                status = door(rq, re);
        if (!failed && status == 0)
                status = face(rq, re);
        if (failing && failure.after)
                control_fail(rq, re, &failure);
        if (failing)
                control_failure_dispose(&failure);
        control_record(request_method(rq), what, path,
                       body != NULL && body->len > 0 ? json_parse(body->data, body->len, true, NULL)
                                                     : NULL,
                       reply_status_given(re));
        mem_free(path);
}

/* A row without the members that are ours. */
static json_t *shown(const json_t *row)
{
        json_t *copy = json_deep_copy(row);

        json_object_del(copy, "_challenges");
        return copy;
}

static int tests(struct request *rq, struct reply *re)
{
        json_t *list = json_array();

        (void)rq;
        pthread_mutex_lock(&cb.lock);
        for (size_t i = 0; i < json_array_size(cb.tests); i++)
                json_add(list, shown(json_array_get(cb.tests, i)));
        pthread_mutex_unlock(&cb.lock);
        return answer(re, "assessments", list);
}

static bool is_address(const char *text)
{
        const char *at = text == NULL ? NULL : strchr(text, '@');

        return at != NULL && at > text && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
               strpbrk(text, " \t\r\n") == NULL;
}

/* NULL, or what is wrong with the document. */
static const char *wrong_invitation(const json_t *body)
{
        static const char *const known[] = { "candidates", "assessment_url", "skip_send" };
        const json_t *candidates = json_object_get(body, "candidates"),
                     *skip = json_object_get(body, "skip_send");
        const char *name;
        json_t *value;

        if (!json_is_object(body))
                return "The body is no JSON object.";
        json_object_foreach((json_t *)(uintptr_t)body, name, value)
        {
                bool good = false;

                for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                        good = good || text_equal(known[i], name);
                if (!good)
                        return "An unknown member.";
        }
        if (!json_is_array(candidates) || json_array_size(candidates) == 0 ||
            json_array_size(candidates) > INVITED_MOST)
                return "candidates: give 1 to 50 addresses.";
        for (size_t i = 0; i < json_array_size(candidates); i++)
                if (!is_address(json_string_value(json_array_get(candidates, i))))
                        return "Invalid email address.";
        if (json_string_value(json_object_get(body, "assessment_url")) == NULL)
                return "assessment_url is missing.";
        return skip != NULL && !json_is_true(skip) && !json_is_false(skip)
                   ? "skip_send is no truth."
                   : NULL;
}

static json_t *invited(struct request *rq, const json_t *test, const json_t *candidates)
{
        json_t *data = json_object(), *list = json_array();
        char *base = cb_base(rq);

        for (size_t i = 0; i < json_array_size(candidates); i++) {
                const json_t *row =
                    cb_invite(base, json_string_value(json_array_get(candidates, i)), test);
                json_t *one = json_object();

                json_set_text(one, "email", json_get_text(row, "email", NULL));
                json_set_text(one, "url", json_get_text(row, "_take", NULL));
                json_add(list, one);
        }
        json_set_text(data, "test_id", json_get_text(test, "test_id", NULL));
        json_set(data, "candidates", list);
        mem_free(base);
        return data;
}

static int invite(struct request *rq, struct reply *re)
{
        const struct buf *text = request_body(rq);
        const char *type = NULL, *wrong;
        json_t *body, *data = NULL, *envelope;
        const json_t *test;

        if (request_header(rq, "Content-Type", &type) != 1 ||
            !text_starts_fold(type, "application/json"))
                return refuse(re, 415, "Send JSON.");
        body = text == NULL ? NULL : json_parse(text->data, text->len, true, NULL);
        wrong = wrong_invitation(body);
        if (wrong == NULL) {
                pthread_mutex_lock(&cb.lock);
                test = cb_find(cb.tests, "public_url", json_get_text(body, "assessment_url", NULL));
                if (test == NULL)
                        wrong = "No assessment has this address.";
                else if (json_get_bool(test, "closed", false))
                        wrong = "The assessment is closed.";
                else
                        data = invited(rq, test, json_object_get(body, "candidates"));
                pthread_mutex_unlock(&cb.lock);
        }
        json_decref(body);
        if (wrong != NULL)
                return refuse(re, 422, wrong);
        envelope = json_object();
        json_set_text(envelope, "status", "success");
        json_set(envelope, "data", data);
        send(re, 200, envelope);
        return 200;
}

static int candidate(struct request *rq, struct reply *re)
{
        json_t *list = json_array();

        pthread_mutex_lock(&cb.lock);
        for (size_t i = 0; i < json_array_size(cb.attempts); i++) {
                const json_t *row = json_array_get(cb.attempts, i);
                json_t *one;

                if (!text_equal_fold(json_get_text(row, "email", NULL),
                                     request_segment(rq, "email")) ||
                    (cb.hides_invited && text_equal(json_get_text(row, "_state", NULL), "invited")))
                        continue;
                one = json_object();
                json_set_text(one, "test_id", json_get_text(row, "test_id", NULL));
                json_add(list, one);
        }
        pthread_mutex_unlock(&cb.lock);
        if (json_array_size(list) > 0)
                return answer(re, "assessments", list);
        json_decref(list);
        return refuse(re, 404, "Candidate not found");
}

static int report(struct request *rq, struct reply *re)
{
        json_t *list = json_array();
        bool missing;

        pthread_mutex_lock(&cb.lock);
        for (size_t i = 0; i < json_array_size(cb.attempts); i++) {
                const json_t *row = json_array_get(cb.attempts, i);

                if (text_equal_fold(json_get_text(row, "email", NULL),
                                    request_segment(rq, "email")) &&
                    text_equal(json_get_text(row, "test_id", NULL), request_segment(rq, "test")) &&
                    (cb.shows_invited ||
                     !text_equal(json_get_text(row, "_state", NULL), "invited")))
                        json_add(list, cb_report(row));
        }
        missing = cb.absent_is_404 && json_array_size(list) == 0;
        pthread_mutex_unlock(&cb.lock);
        if (!missing)
                return answer(re, "reports", list);
        json_decref(list);
        return refuse(re, 404, "Report not found");
}

void cb_api_tests(struct request *rq, struct reply *re)
{
        serve_call(rq, re, "assessments", tests);
}

void cb_api_invite(struct request *rq, struct reply *re)
{
        serve_call(rq, re, "invite", invite);
}

void cb_api_candidate(struct request *rq, struct reply *re)
{
        serve_call(rq, re, "candidate", candidate);
}

void cb_api_report(struct request *rq, struct reply *re)
{
        serve_call(rq, re, "report", report);
}
