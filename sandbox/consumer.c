/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stand-in for those who receive our webhooks, to rehearse in and to test with: it checks
 * both ways of signing as strictly as a careful receiver, knows a delivery that it has seen,
 * and can be told to be in trouble.  State is in memory and gone with the process.
 *
 * Mounted at /sandbox/consumer.  Its consumers at the start:
 *     hook/endorsed   signing codesignal, header x-endorsed-organization-id: 42
 *     hook/ashby      signing codesignal, header X-Ashby-Api-Key: sandbox-ashby-key
 *     hook/standard   signing standard
 * Secrets are SANDBOX_SECRET and SANDBOX_STANDARD below.
 *
 * For tests, JSON in and out, no key:
 *     POST control/reset
 *     POST control/consumers/<name>  any of {signing, secrets[], url, header, value, answer, times,
 *                                    delay_ms, retry_after}; answer: ok, error (500), busy (429
 *                                    with Retry-After), gone (410), redirect (302), slow (200
 *                                    after delay_ms), refused (401); times: so often, then ok
 *     GET  control/consumers, control/deliveries
 */
#include "consumer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define PREFIX "/sandbox/consumer"
#define SANDBOX_SECRET "sandbox-consumer-secret"
#define SANDBOX_STANDARD "whsec_c2FuZGJveCBjb25zdW1lciBzZWNyZXQgb2YgMzIh"
#define BODY_MAX (1 << 20)
#define SHOWN 50

struct sandbox_consumers sandbox = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const struct {
        const char *name;
        int status;
} answers[] = {
        { "ok", 200 },   { "error", 500 },    { "busy", 429 },    { "gone", 410 },
        { "slow", 200 }, { "redirect", 302 }, { "refused", 401 },
};

static void seed(const char *name, const char *signing, const char *secret, const char *header,
                 const char *value)
{
        json_t *row = json_object(), *secrets = json_array();

        json_add(secrets, json_new_text(secret, strlen(secret)));
        json_set_text(row, "name", name);
        json_set_text(row, "signing", signing);
        json_set(row, "secrets", secrets);
        json_set_text(row, "header", header);
        json_set_text(row, "value", value);
        json_set_text(row, "answer", "ok");
        json_set(sandbox.rows, name, row);
}

void sandbox_reset(void)
{
        json_decref(sandbox.rows);
        json_decref(sandbox.log);
        json_decref(sandbox.seen);
        sandbox.rows = json_object();
        sandbox.log = json_array();
        sandbox.seen = json_object();
        seed("ashby", "codesignal", SANDBOX_SECRET, "X-Ashby-Api-Key", "sandbox-ashby-key");
        seed("endorsed", "codesignal", SANDBOX_SECRET, "x-endorsed-organization-id", "42");
        seed("standard", "standard", SANDBOX_STANDARD, NULL, NULL);
}

json_t *sandbox_consumer(const char *name)
{
        return json_object_get(sandbox.rows, name);
}

bool sandbox_set_answer(json_t *row, const char *answer, int64_t times)
{
        for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
                if (text_equal(answers[i].name, answer)) {
                        json_set_text(row, "answer", answer);
                        json_set_int(row, "times", times);
                        return true;
                }
        return false;
}

/* What it was told to answer; one that is told for some times counts down. */
static int take_answer(json_t *row, int64_t *delay_ms, int64_t *retry_after)
{
        const char *word = json_get_text(row, "answer", "ok");
        int64_t times = json_get_int(row, "times", 0);
        int status = 200;

        for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
                if (text_equal(answers[i].name, word))
                        status = answers[i].status;
        *delay_ms = text_equal(word, "slow") ? json_get_int(row, "delay_ms", 3000) : 0;
        *retry_after = text_equal(word, "busy") ? json_get_int(row, "retry_after", 5) : 0;
        if (times == 1)
                json_set_text(row, "answer", "ok");
        if (times > 0)
                json_set_int(row, "times", times - 1);
        return status;
}

/* The address as the sender must have it: from where the request came to us. */
static char *own_url(struct request *rq, const char *name)
{
        const char *host = NULL;

        request_header(rq, "Host", &host);
        return mem_format("http://%s" PREFIX "/hook/%s", text_or(host, "localhost"), name);
}

/* What makes two deliveries the same one: the id, or event, time and content. */
static char *identity_of(struct request *rq, const char *name, const json_t *body)
{
        const char *id = NULL;
        char *text, *identity;

        if (request_header(rq, "webhook-id", &id) == 1)
                return mem_format("%s %s", name, id);
        text = json_text(body);
        identity = mem_format("%s %s", name, text);
        mem_free(text);
        return identity;
}

/* [locked] */
static void remember(struct request *rq, const char *name, json_t *body, const char *reason,
                     int status)
{
        json_t *entry = json_object();
        char *identity = identity_of(rq, name, body);
        bool repeated = json_object_get(sandbox.seen, identity) != NULL;
        const char *id = NULL;
        struct buf at = BUF_NONE;

        request_header(rq, "webhook-id", &id);
        when_iso(&at, when_now_ms());
        json_set_int(entry, "number", ++sandbox.number);
        json_set_text(entry, "consumer", name);
        json_set_text(entry, "at", buf_text(&at));
        json_set_text(entry, "event",
                      json_get_text(body, "event", json_get_text(body, "type", "(probe)")));
        json_set_text(entry, "subject",
                      json_get_text(body, "payload.candidateName",
                                    json_get_text(body, "data.platform_session", NULL)));
        json_set_text(entry, "id", id);
        json_set_bool(entry, "good", reason == NULL);
        json_set_text(entry, "reason", reason);
        json_set_int(entry, "status", status);
        json_set_bool(entry, "repeated", repeated);
        json_set(entry, "body", json_incref(body));
        json_add(sandbox.log, entry);
        if (json_array_size(sandbox.log) > CONSUMER_LOG_MAX)
                json_array_remove(sandbox.log, 0);
        if (reason == NULL && status == 200)
                json_set_bool(sandbox.seen, identity, true);
        mem_free(identity);
        buf_dispose(&at);
}

void sandbox_hook(struct request *rq, struct reply *re)
{
        const char *name = request_segment(rq, "name"), *reason;
        const struct buf *body = request_body(rq);
        json_t *value =
                   body->len == 0 ? json_object() : json_parse(body->data, body->len, true, NULL),
               *row;
        int64_t delay = 0, retry = 0;
        char *url = own_url(rq, name), number[24];
        int status = 404;

        pthread_mutex_lock(&sandbox.lock);
        row = sandbox_consumer(name);
        if (row != NULL) {
                reason = value == NULL || !json_is_object(value)
                             ? "the body is no JSON object"
                             : sandbox_objection(rq, row, url, body, when_now_ms());
                status = take_answer(row, &delay, &retry);
                if (reason != NULL && status == 200)
                        status = value == NULL ? 400 : 401;
                remember(rq, name, value != NULL ? value : json_null(), reason, status);
        }
        pthread_mutex_unlock(&sandbox.lock);
        if (delay > 0) {
                struct timespec t = { delay / 1000, delay % 1000 * 1000000L };

                nanosleep(&t, NULL);
        }
        reply_text(re, status, status == 200 ? "ok\n" : "no\n");
        if (status == 302)
                reply_header(re, "Location", PREFIX "/hook/trap");
        if (retry > 0) {
                snprintf(number, sizeof number, "%" PRId64, retry);
                reply_header(re, "Retry-After", number);
        }
        json_decref(value);
        mem_free(url);
}

/* The page. */

static json_t *rows_view(void)
{
        json_t *list = json_array(), *row;
        const char *name;

        json_object_foreach(sandbox.rows, name, row)
        {
                json_t *view = json_object(), *choices = json_array();
                const char *answer = json_get_text(row, "answer", "ok");

                json_set_text(view, "name", name);
                json_set_text(view, "signing", json_get_text(row, "signing", ""));
                json_set_text(view, "header", json_get_text(row, "header", NULL));
                json_set_text(view, "answer", answer);
                json_set_text(view, "tone", text_equal(answer, "ok") ? "good" : "bad");
                for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
                        json_t *choice = json_object();

                        json_set_text(choice, "word", answers[i].name);
                        json_set_text(choice, "name", name);
                        json_set_text(choice, "prefix", PREFIX);
                        json_add(choices, choice);
                }
                json_set(view, "choices", choices);
                json_add(list, view);
        }
        return list;
}

static json_t *log_view(void)
{
        json_t *list = json_array();

        for (size_t i = json_array_size(sandbox.log); i > 0 && json_array_size(list) < SHOWN; i--) {
                const json_t *entry = json_array_get(sandbox.log, i - 1);
                json_t *view = json_copy((json_t *)(uintptr_t)entry);
                struct buf text = BUF_NONE;

                json_print(json_object_get(entry, "body"), &text);
                json_set_text(view, "text", buf_text(&text));
                json_object_del(view, "body");
                json_set_text(view, "tone",
                              json_get_bool(entry, "good", false) &&
                                      json_get_int(entry, "status", 0) == 200
                                  ? "good"
                                  : "bad");
                json_add(list, view);
                buf_dispose(&text);
        }
        return list;
}

void sandbox_page(struct request *rq, struct reply *re)
{
        json_t *view = json_object();

        pthread_mutex_lock(&sandbox.lock);
        json_set(view, "consumers", rows_view());
        json_set(view, "log", log_view());
        pthread_mutex_unlock(&sandbox.lock);
        json_set_text(view, "title", "Consumers");
        json_set_text(view, "prefix", PREFIX);
        json_set_text(
            view, "note",
            "A stand-in for data consumers, for trying and for testing. Nobody real is here.");
        reply_page(rq, re, 200, "sandbox-consumer", view);
}

void sandbox_page_answer(struct request *rq, struct reply *re)
{
        json_t *row;
        bool good;

        pthread_mutex_lock(&sandbox.lock);
        row = sandbox_consumer(request_segment(rq, "name"));
        good = row != NULL && sandbox_set_answer(row, request_form(rq, "answer"), 0);
        pthread_mutex_unlock(&sandbox.lock);
        if (good)
                reply_see_other(re, PREFIX "/");
        else
                reply_problem(rq, re, row == NULL ? 404 : 422, NULL);
}

static const struct route routes[] = {
        { "POST", "hook/{name}", sandbox_hook, BODY_MAX, true, NULL },
        { "GET", "", sandbox_page, 0, false, NULL },
        { "POST", "answer/{name}", sandbox_page_answer, 1024, false, NULL },
        { "POST", "control/reset", sandbox_control_reset, 1024, true, NULL },
        { "POST", "control/consumers/{name}", sandbox_control_set, 65536, true, NULL },
        { "GET", "control/{what}", sandbox_control_get, 0, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

static int start(struct fail *why)
{
        (void)why;
        pthread_mutex_lock(&sandbox.lock);
        sandbox_reset();
        pthread_mutex_unlock(&sandbox.lock);
        return 0;
}

int main(int argc, char **argv)
{
        static const struct route *const tables[] = { routes, NULL };
        static const struct program program = {
                .name = "consumer",
                .about = "a stand-in for those who receive our webhooks",
                .routes = tables,
                .start = start,
        };

        return serve(argc, argv, &program);
}
