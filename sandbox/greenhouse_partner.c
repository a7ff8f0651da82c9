/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stand-in's partner side (wire/greenhouse.md 1): Greenhouse is the client here.  It holds an
 * API key for each stage, lists a partner's tests, sends one, is told that it is over (PATCH) and
 * asks what came of it; what is malformed goes back to the partner's response_error.
 */
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "door/fetch.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "greenhouse.h"

#define KEY_MAX 170 /* "fewer than 171 characters" */
#define ANSWER_MAX (1024 * 1024)
#define WAIT_MS (10 * WHEN_SECOND)

/* A copy of what one call needs, so that no lock is held while it is made. */
struct partner {
        char *name, *key, *url;
};

static void dispose(struct partner *p)
{
        mem_free(p->name);
        mem_free_secret(p->key);
        mem_free(p->url);
        memset(p, 0, sizeof *p);
}

/* [locked] The stage of this name ("CodeSignal Pre-Screen"), as an admin set it up. */
static bool find_partner(const char *name, struct partner *p)
{
        const json_t *row = name == NULL ? NULL : json_object_get(gh.partners, name);

        if (row == NULL)
                return false;
        *p = (struct partner){ mem_text(name), mem_text(json_get_text(row, "key", "")),
                               mem_text(json_get_text(row, "url", "")) };
        return true;
}

/* --- calls ---------------------------------------------------------------------------------- */

/* What a call came to: {status, body (JSON or null), errors[]}. */
static json_t *call(const struct partner *p, const char *method, const char *path,
                    const json_t *body)
{
        char *url = mem_format("%s/%s", p->url, path),
             *text = body == NULL ? NULL : json_text(body);
        const char *const headers[] = { "Accept: application/json",
                                        body == NULL ? NULL : "Content-Type: application/json",
                                        NULL };
        struct fetch_request request = { .method = method,
                                         .url = url,
                                         .headers = headers,
                                         .user = p->key,
                                         .password = "",
                                         .body = text,
                                         .body_len = text == NULL ? 0 : strlen(text),
                                         .timeout_ms = WAIT_MS,
                                         .answer_max = ANSWER_MAX };
        struct fetch_answer answer;
        json_t *got = json_object();

        fetch(&request, &answer, NULL);
        json_set_int(got, "status", answer.status);
        json_set_int(got, "us", answer.elapsed_us);
        json_set(got, "body", json_parse(answer.body.data, answer.body.len, false, NULL));
        json_set(got, "errors", json_array());
        if (answer.end != FETCH_ANSWERED)
                json_set_text(got, "cause", answer.cause);
        fetch_answer_dispose(&answer);
        mem_free(text);
        mem_free(url);
        return got;
}

static void fault(json_t *got, const char *text)
{
        json_add(json_object_get(got, "errors"), json_new_text(text, strlen(text)));
}

static bool is_good(const json_t *got)
{
        int64_t status = json_get_int(got, "status", 0);

        return status >= 200 && status < 300;
}

/* The partner hears of what could not be used (1.7). */
static void complain(const struct partner *p, const char *which, json_t *got, const json_t *row)
{
        json_t *body, *said;

        if (!is_good(got) || json_array_size(json_object_get(got, "errors")) == 0)
                return;
        body = json_object();
        json_set_text(body, "api_call", which);
        json_set(body, "errors", json_deep_copy(json_object_get(got, "errors")));
        json_set_text(body, "partner_test_id", json_get_text(row, "partner_test_id", NULL));
        json_set_text(body, "partner_test_name", NULL);
        json_set_text(body, "partner_interview_id",
                      json_get_text(row, "partner_interview_id", NULL));
        json_set_text(body, "candidate_email", json_get_text(row, "email", NULL));
        said = call(p, "POST", "response_error", body);
        json_set_int(got, "complained", json_get_int(said, "status", 0));
        json_decref(said);
        json_decref(body);
}

/* --- list_tests ------------------------------------------------------------------------------ */

static json_t *list(const struct partner *p)
{
        json_t *got = call(p, "GET", "list_tests", NULL);
        const json_t *tests = json_object_get(got, "body");

        if (is_good(got) && !json_is_array(tests))
                fault(got, "list_tests is not an array");
        for (size_t i = 0; i < json_array_size(tests); i++) {
                const json_t *test = json_array_get(tests, i);

                if (!json_is_string(json_object_get(test, "partner_test_id")) ||
                    text_empty(json_get_text(test, "partner_test_id", NULL)))
                        fault(got, "partner_test_id is not a string");
                if (!json_is_string(json_object_get(test, "partner_test_name")) ||
                    text_empty(json_get_text(test, "partner_test_name", NULL)))
                        fault(got, "partner_test_name is not a string");
        }
        complain(p, "list_tests", got, NULL);
        return got;
}

/* --- send_test ------------------------------------------------------------------------------- */

/* [locked] What is posted for a test of this application. */
static json_t *order_of(const json_t *row)
{
        const json_t *application = gh_find("applications", json_get_int(row, "application_id", 0));
        int64_t candidate_id = json_get_int(application, "candidate_id", 0);
        const json_t *candidate = gh_find("candidates", candidate_id);
        json_t *body = json_object(), *who = json_object();
        char *profile =
            mem_format("https://app.greenhouse.io/people/%" PRId64 "?application_id=%" PRId64,
                       candidate_id, json_get_int(row, "application_id", 0));

        json_set_text(body, "partner_test_id", json_get_text(row, "partner_test_id", ""));
        json_set_text(who, "first_name", json_get_text(candidate, "first_name", ""));
        json_set_text(who, "last_name", json_get_text(candidate, "last_name", ""));
        json_set_text(who, "preferred_name", NULL);
        json_set_text(who, "resume_url", NULL);
        json_set_text(who, "phone_number", NULL);
        json_set_text(who, "email", json_get_text(row, "email", NULL));
        json_set_text(who, "greenhouse_profile_url", profile);
        json_set(body, "candidate", who);
        json_set_text(body, "sent_by", "recruiter@acme.example");
        json_set_text(body, "url", json_get_text(row, "url", ""));
        mem_free(profile);
        return body;
}

/* [locked] A new take-home test, to be sent. */
static json_t *new_test(const json_t *application, const char *partner, const char *test,
                        const char *email, const char *origin)
{
        const json_t *candidate =
            gh_find("candidates", json_get_int(application, "candidate_id", 0));
        json_t *row = json_object();
        int64_t id = gh_new_id();
        char *url = mem_format(
            "%s" GH_PREFIX "/integrations/testing_partners/take_home_tests/%" PRId64, origin, id);

        json_set_int(row, "id", id);
        json_set_int(row, "application_id", json_get_int(application, "id", 0));
        json_set_text(row, "partner", partner);
        json_set_text(row, "partner_test_id", test);
        json_set_text(row, "email",
                      email != NULL ? email
                                    : json_get_text(candidate, "email_addresses.0.value", NULL));
        json_set_text(row, "url", url);
        json_set_text(row, "status", "to_be_sent");
        json_set_int(row, "patches", 0);
        json_add(gh_table("take_home_tests"), row);
        mem_free(url);
        return row;
}

/* Posts it; a repeated click posts the same once more. */
static json_t *post(int64_t id)
{
        struct partner p = { NULL, NULL, NULL };
        json_t *row, *order, *got, *copy;
        const char *interview;

        pthread_mutex_lock(&gh.lock);
        row = gh_find("take_home_tests", id);
        find_partner(json_get_text(row, "partner", NULL), &p);
        order = order_of(row);
        copy = json_deep_copy(row);
        pthread_mutex_unlock(&gh.lock);
        got = call(&p, "POST", "send_test", order);
        if (is_good(got) && (!json_is_string(json_at(got, "body.partner_interview_id")) ||
                             json_object_size(json_object_get(got, "body")) != 1))
                fault(got, "send_test must answer with partner_interview_id, a string, alone");
        complain(&p, "send_test", got, copy);
        pthread_mutex_lock(&gh.lock);
        row = gh_find("take_home_tests", id);
        interview = json_get_text(got, "body.partner_interview_id", NULL);
        if (row != NULL && is_good(got) && !text_empty(interview)) {
                if (json_get_text(row, "partner_interview_id", NULL) != NULL &&
                    !text_equal(json_get_text(row, "partner_interview_id", NULL), interview))
                        json_set_bool(row, "sent_twice", true);
                json_set_text(row, "partner_interview_id", interview);
                json_set_text(row, "status", "sent");
        }
        pthread_mutex_unlock(&gh.lock);
        json_decref(order);
        json_decref(copy);
        dispose(&p);
        return got;
}

/* --- test_status ----------------------------------------------------------------------------- */

static void check_status(json_t *got)
{
        const json_t *body = json_object_get(got, "body"),
                     *score = json_object_get(body, "partner_score"),
                     *metadata = json_object_get(body, "metadata");
        bool complete = text_equal(json_get_text(body, "partner_status", NULL), "complete");
        const char *name;
        json_t *value;

        if (!json_is_string(json_object_get(body, "partner_status")))
                fault(got, "partner_status is not a string");
        if (complete && text_empty(json_get_text(body, "partner_profile_url", NULL)))
                fault(got, "partner_status is 'complete' but partner_profile url is missing");
        if (score != NULL && !json_is_null(score) && !json_is_number(score))
                fault(got, "partner_score is not a number");
        if (metadata != NULL && !json_is_null(metadata) && !json_is_object(metadata))
                fault(got, "metadata is not an object");
        json_object_foreach((json_t *)(uintptr_t)metadata, name, value)
        {
                if (json_is_object(value) || json_is_array(value))
                        fault(got, "metadata is nested");
        }
        json_object_foreach((json_t *)(uintptr_t)body, name, value)
        {
                if (!text_equal(name, "partner_status") &&
                    !text_equal(name, "partner_profile_url") &&
                    !text_equal(name, "partner_score") && !text_equal(name, "metadata"))
                        fault(got, "test_status has a member that nobody knows");
        }
}

/* Asks, and files what it hears with the test. */
static json_t *ask(int64_t id)
{
        struct partner p = { NULL, NULL, NULL };
        char *path;
        json_t *row, *got, *copy;

        pthread_mutex_lock(&gh.lock);
        row = gh_find("take_home_tests", id);
        find_partner(json_get_text(row, "partner", NULL), &p);
        copy = json_deep_copy(row);
        pthread_mutex_unlock(&gh.lock);
        path = mem_format("test_status?partner_interview_id=%s",
                          json_get_text(copy, "partner_interview_id", ""));
        got = call(&p, "GET", path, NULL);
        if (is_good(got))
                check_status(got);
        complain(&p, "test_status", got, copy);
        pthread_mutex_lock(&gh.lock);
        row = gh_find("take_home_tests", id);
        if (row != NULL && is_good(got) && json_array_size(json_object_get(got, "errors")) == 0) {
                json_set(row, "answer", json_deep_copy(json_object_get(got, "body")));
                if (text_equal(json_get_text(got, "body.partner_status", ""), "complete"))
                        json_set_text(row, "status", "received");
        }
        pthread_mutex_unlock(&gh.lock);
        mem_free(path);
        json_decref(copy);
        dispose(&p);
        return got;
}

/* --- the completion -------------------------------------------------------------------------- */

static int64_t segment(struct request *rq)
{
        int64_t id = 0;

        text_int(text_or(request_segment(rq, "id"), ""), 1, INT64_MAX, &id);
        return id;
}

/* 204 when it may be asked about, else what is answered. */
static int admit(struct request *rq, int64_t id)
{
        const json_t *row = gh_find("take_home_tests", id), *application;
        struct partner p = { NULL, NULL, NULL };
        int status = 204;

        if (!find_partner(json_get_text(row, "partner", NULL), &p))
                status = row == NULL && request_credential(rq) != NULL ? 404 : 401;
        else if (!secret_equal_text(request_credential(rq), p.key))
                status = 401;
        application = gh_find("applications", json_get_int(row, "application_id", 0));
        if (status == 204 && (application == NULL ||
                              !text_equal(json_get_text(application, "status", ""), "in_process")))
                status = 404; /* active, unhired candidates only */
        dispose(&p);
        return status;
}

static void patch(struct request *rq, struct reply *re)
{
        int64_t id = segment(rq);
        struct control_failure failure;
        bool broken = control_take("PATCH take_home_tests", &failure);
        json_t *row;
        int status;

        pthread_mutex_lock(&gh.lock);
        status = admit(rq, id);
        if (status == 204 && request_body(rq)->len > 0)
                status = 400; /* "No body, no parameters" */
        row = gh_find("take_home_tests", id);
        if (status == 204 && row != NULL && (!broken || failure.after))
                json_set_int(row, "patches", json_get_int(row, "patches", 0) + 1);
        pthread_mutex_unlock(&gh.lock);
        if (!broken || !control_fail(rq, re, &failure)) {
                if (status == 204)
                        json_decref(ask(id)); /* Greenhouse then asks: the result must stand */
                if (status == 204)
                        reply_status(re, 204);
                else
                        gh_error(re, status, status == 401 ? "Unauthorized" : "Not found", NULL);
        }
        control_failure_dispose(&failure);
        control_record("PATCH", "PATCH take_home_tests", "take_home_tests", NULL,
                       reply_status_given(re));
}

/* --- for people and for tests ---------------------------------------------------------------- */

static char *origin_of(struct request *rq)
{
        const char *host = NULL;

        return request_header(rq, "Host", &host) == 1 ? mem_format("http://%s", host)
                                                      : mem_text("http://127.0.0.1");
}

/* name, key, url (".../assessment/acme/greenhouse"); without a key it goes. */
static void set_up(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *row;
        const char *name, *key;

        if (body == NULL)
                return;
        name = json_get_text(body, "name", "CodeSignal Pre-Screen");
        key = json_get_text(body, "key", NULL);
        if (key != NULL && (*key == '\0' || strlen(key) > KEY_MAX || strchr(key, ':') != NULL)) {
                reply_problem(rq, re, 422, "An API key has 1 to 170 characters and no colon.");
                json_decref(body);
                return;
        }
        pthread_mutex_lock(&gh.lock);
        if (key == NULL) {
                json_object_del(gh.partners, name);
        } else {
                row = json_object();
                json_set_text(row, "key", key);
                json_set_text(row, "url", json_get_text(body, "url", ""));
                json_set(gh.partners, name, row);
        }
        pthread_mutex_unlock(&gh.lock);
        reply_json(re, 200, json_object());
        json_decref(body);
}

static void show_tests(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);
        struct partner p = { NULL, NULL, NULL };
        bool known;

        if (body == NULL)
                return;
        pthread_mutex_lock(&gh.lock);
        known = find_partner(json_get_text(body, "name", "CodeSignal Pre-Screen"), &p);
        pthread_mutex_unlock(&gh.lock);
        if (known)
                reply_json(re, 200, list(&p));
        else
                reply_problem(rq, re, 404, "There is no such partner stage.");
        dispose(&p);
        json_decref(body);
}

/* name, application_id, test, email (absent: the candidate's) -> the row and the answer; or again:
 * the row's id, for a double click. */
static void send(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re), *answer, *row = NULL;
        const json_t *application;
        char *origin = origin_of(rq);
        bool found;
        int64_t id;

        if (body == NULL)
                goto out;
        pthread_mutex_lock(&gh.lock);
        application = gh_find("applications", json_get_int(body, "application_id", 0));
        id = json_get_int(body, "again", 0);
        if (id == 0 && application != NULL) {
                row = new_test(application, json_get_text(body, "name", "CodeSignal Pre-Screen"),
                               json_get_text(body, "test", ""), json_get_text(body, "email", NULL),
                               origin);
                id = json_get_int(row, "id", 0);
        }
        found = gh_find("take_home_tests", id) != NULL;
        pthread_mutex_unlock(&gh.lock);
        if (!found) {
                reply_problem(rq, re, 404, "There is no such application or test.");
        } else {
                answer = post(id);
                json_set_int(answer, "id", id);
                reply_json(re, 200, answer);
        }
out:
        mem_free(origin);
        json_decref(body);
}

static void poll(struct request *rq, struct reply *re)
{
        json_t *body = control_body(rq, re);

        if (body != NULL)
                reply_json(re, 200, ask(json_get_int(body, "id", 0)));
        json_decref(body);
}

/* A recruiter's form on the candidate's page. */
static void page_send(struct request *rq, struct reply *re)
{
        int64_t candidate = segment(rq), id = 0;
        const json_t *application;
        char *origin = origin_of(rq), *to = mem_format(GH_PREFIX "/candidates/%" PRId64, candidate);

        pthread_mutex_lock(&gh.lock);
        application = gh_find_by("applications", "candidate_id", candidate);
        if (application != NULL)
                id = json_get_int(new_test(application, text_or(request_form(rq, "stage"), ""),
                                           text_or(request_form(rq, "test"), ""), NULL, origin),
                                  "id", 0);
        pthread_mutex_unlock(&gh.lock);
        if (id == 0) {
                reply_problem(rq, re, 404, "There is no such candidate.");
        } else {
                json_decref(post(id));
                reply_see_other(re, to);
        }
        mem_free(to);
        mem_free(origin);
}

static void page_ask(struct request *rq, struct reply *re)
{
        int64_t id = segment(rq), candidate;
        char *to;

        json_decref(ask(id));
        pthread_mutex_lock(&gh.lock);
        candidate =
            json_get_int(gh_find("applications",
                                 json_get_int(gh_find("take_home_tests", id), "application_id", 0)),
                         "candidate_id", 0);
        pthread_mutex_unlock(&gh.lock);
        to = mem_format(GH_PREFIX "/candidates/%" PRId64, candidate);
        reply_see_other(re, to);
        mem_free(to);
}

json_t *gh_partner_choices(void)
{
        json_t *choices = json_array(), *names = json_array(), *value;
        const char *name;

        pthread_mutex_lock(&gh.lock);
        json_object_foreach(gh.partners, name, value)
        {
                json_add(names, json_new_text(name, strlen(name)));
        }
        pthread_mutex_unlock(&gh.lock);
        for (size_t i = 0; i < json_array_size(names); i++) {
                struct partner p = { NULL, NULL, NULL };
                json_t *got = NULL, *one = json_object(), *tests = json_array();

                pthread_mutex_lock(&gh.lock);
                find_partner(json_text_of(json_array_get(names, i), NULL), &p);
                pthread_mutex_unlock(&gh.lock);
                got = list(&p);
                for (size_t k = 0; k < json_array_size(json_object_get(got, "body")); k++) {
                        const json_t *test = json_array_get(json_object_get(got, "body"), k);
                        json_t *option = json_object();

                        json_set_text(option, "id", json_get_text(test, "partner_test_id", ""));
                        json_set_text(option, "title",
                                      json_get_text(test, "partner_test_name", ""));
                        json_add(tests, option);
                }
                json_set_text(one, "partner", p.name);
                json_set_bool(one, "some", json_array_size(tests) > 0);
                json_set(one, "tests", tests);
                json_add(choices, one);
                json_decref(got);
                dispose(&p);
        }
        json_decref(names);
        return choices;
}

json_t *gh_partner_tests(int64_t application)
{
        const json_t *rows = gh_table("take_home_tests");
        json_t *list_of = json_array();

        for (size_t i = json_array_size(rows); i > 0; i--) {
                const json_t *row = json_array_get(rows, i - 1);
                json_t *one, *facts, *value;
                const char *name;
                char *text;

                if (json_get_int(row, "application_id", 0) != application)
                        continue;
                one = json_object();
                facts = json_array();
                text = mem_format("%" PRId64, json_get_int(row, "id", 0));
                json_set_text(one, "id", text);
                mem_free(text);
                json_set_text(one, "partner", json_get_text(row, "partner", ""));
                json_set_text(one, "status", json_get_text(row, "status", ""));
                json_set_text(one, "said", json_get_text(row, "answer.partner_status", NULL));
                json_set_text(one, "report",
                              json_get_text(row, "answer.partner_profile_url", NULL));
                if (json_is_number(json_at(row, "answer.partner_score"))) {
                        text = mem_format("%.10g",
                                          json_number_value(json_at(row, "answer.partner_score")));
                        json_set_text(one, "score", text);
                        mem_free(text);
                }
                json_object_foreach(json_at(row, "answer.metadata"), name, value)
                {
                        json_t *fact = json_object();

                        json_set_text(fact, "name", name);
                        json_set_text(fact, "value", json_text_of(value, ""));
                        json_add(facts, fact);
                }
                json_set(one, "facts", facts);
                json_add(list_of, one);
        }
        return list_of;
}

#define BODY_MAX (1 << 16)
const struct route gh_partner_routes[] = {
        { "PATCH", "integrations/testing_partners/take_home_tests/{id}", patch, BODY_MAX, true,
          NULL },
        { "POST", "candidates/{id}/send_test", page_send, BODY_MAX, false, NULL },
        { "POST", "take_home_tests/{id}/ask", page_ask, BODY_MAX, false, NULL },
        { "POST", "control/partner", set_up, BODY_MAX, true, NULL },
        { "POST", "control/partner/tests", show_tests, BODY_MAX, true, NULL },
        { "POST", "control/partner/send", send, BODY_MAX, true, NULL },
        { "POST", "control/partner/poll", poll, BODY_MAX, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
