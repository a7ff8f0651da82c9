/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assessment: what Greenhouse asks of an assessment partner (wire/greenhouse.md 1). */
#include "assessment.h"

#include <string.h>

#include "ats/greenhouse_partner.h"
#include "bridge/words.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "guard.h"
#include "home/alert.h"
#include "home/partner.h"
#include "home/records.h"

#define BODY_MAX (256 * 1024)
#define ERRORS_MAX 10

/* Two keys that the customer hands to Greenhouse: one for each of its stages. */
static const char *const desks[] = { "prescreen", "techscreen", NULL };

/* Whose call it is. */
struct caller {
        struct org *org;
        char *connection;
        const char *desk;
};

/* The key names connection and stage; or it is answered, and -1. */
static int admit(struct request *rq, struct reply *re, struct caller *c)
{
        struct fail why = FAIL_CLEAR;
        int found;

        *c = (struct caller){ NULL, NULL, NULL };
        if (guard_open_org(rq, re, &c->org) != 0)
                return -1;
        found = partner_by_key(guard_home(), c->org, "greenhouse", desks, request_credential(rq),
                               &c->connection, &c->desk, &why);
        if (found == 1)
                return 0;
        if (found < 0) {
                reply_failure(rq, re, "partner key cannot be looked up", &why);
        } else {
                reply_problem(rq, re, 401, "This is no assessment API key of this organisation.");
                reply_header(re, "WWW-Authenticate", "Basic realm=\"Fairlead\", charset=\"UTF-8\"");
        }
        return -1;
}

static void give(struct reply *re)
{
        reply_status(re, 200);
        reply_type(re, "application/json");
}

/* What the desk offers: 0 with *tests and *platform for the caller; or it is answered, and -1. */
static int offer(struct request *rq, struct reply *re, const struct caller *c, char **platform,
                 json_t **tests)
{
        struct fail why = FAIL_CLEAR;

        switch (partner_offer_soon(guard_home(), c->org, c->connection, c->desk, when_now_ms(),
                                   platform, tests, &why)) {
        case 1:
                return 0;
        case 0:
                reply_problem(rq, re, 503,
                              "The list of assessments is being read. Try again in a moment.");
                reply_header(re, "Retry-After", "5");
                break;
        case 2:
                log_event(LOG_LEVEL_WARN, "partner not set up", "org", c->org->name, "connection",
                          c->connection, "cause", why.text, NULL);
                reply_problem(rq, re, 503,
                              "It is not set up which platform gives these assessments.");
                break;
        default:
                reply_failure(rq, re, "list of assessments", &why);
        }
        mem_free(*platform);
        *platform = NULL;
        return -1;
}

static void list_tests(struct request *rq, struct reply *re)
{
        struct caller c;
        json_t *tests = NULL;
        char *platform = NULL;

        if (admit(rq, re, &c) != 0)
                return;
        if (offer(rq, re, &c, &platform, &tests) == 0) {
                greenhouse_partner_tests(tests, reply_body(re));
                give(re);
        }
        json_decref(tests);
        mem_free(platform);
        mem_free(c.connection);
}

/* The body as JSON, or a reply and NULL. */
static json_t *document(struct request *rq, struct reply *re)
{
        const struct buf *body = request_body(rq);
        struct fail why = FAIL_CLEAR;
        json_t *value = json_read(body->data, body->len, &why);

        if (value == NULL)
                reply_problem(rq, re, 400, why.text);
        return value;
}

static bool offers(const json_t *tests, const char *id)
{
        for (size_t i = 0; i < json_array_size(tests); i++)
                if (text_equal(json_get_text(json_array_get(tests, i), "id", NULL), id))
                        return true;
        return false;
}

static void order(struct request *rq, struct reply *re, const struct caller *c,
                  const char *platform, const struct greenhouse_send *send)
{
        json_t *kept = json_object();
        struct partner_order order = { .ats = c->connection,
                                       .desk = c->desk,
                                       .identity = send->url,
                                       .platform = platform,
                                       .test = send->test,
                                       .application = send->application,
                                       .candidate = send->candidate,
                                       .first_name = send->first_name,
                                       .last_name = send->last_name,
                                       .email = send->email,
                                       .url = send->profile,
                                       .sent_by = send->sent_by,
                                       .kept = kept };
        struct fail why = FAIL_CLEAR;
        char *id = NULL;
        json_t *answer;

        json_set_text(kept, "url", send->url);
        if (partner_send(guard_home(), c->org, &order, when_now_ms(), &id, &why) >= 0) {
                answer = json_object();
                json_set_text(answer, "partner_interview_id", id);
                reply_json(re, 200, answer);
        } else if (why.kind == FAIL_CONFLICT) {
                reply_problem(rq, re, 410, "The data of this candidate was erased.");
        } else {
                reply_failure(rq, re, "send_test", &why);
        }
        mem_free(id);
        json_decref(kept);
}

static char *base_url_of(struct org *org, const char *connection)
{
        json_t *record = NULL;
        char *url = NULL;

        if (record_get(org, "connection", connection, &record, NULL) == 1)
                url = mem_text(json_get_text(record, "settings.base_url", NULL));
        json_decref(record);
        return url;
}

static void send_test(struct request *rq, struct reply *re)
{
        struct greenhouse_send send = { .test = NULL };
        struct fail why = FAIL_CLEAR;
        json_t *body = NULL, *tests = NULL;
        char *platform = NULL, *base;
        struct caller c;
        size_t len;

        if (admit(rq, re, &c) != 0)
                return;
        body = document(rq, re);
        base = base_url_of(c.org, c.connection);
        if (body == NULL) {
                ;
        } else if (greenhouse_partner_send(body, base, &send, &why) != 0) {
                char *member;

                len = strcspn(why.text, ": ");
                member = why.text[len] == ':' ? mem_text_part(why.text, len) : NULL;
                reply_problem_at(rq, re, 422, member, why.text);
                mem_free(member);
        } else if (offer(rq, re, &c, &platform, &tests) == 0) {
                if (!offers(tests, send.test))
                        reply_problem(rq, re, 404,
                                      "There is no such assessment for this key any more. Choose "
                                      "one from the list.");
                else
                        order(rq, re, &c, platform, &send);
        }
        greenhouse_send_dispose(&send);
        mem_free(base);
        mem_free(platform);
        mem_free(c.connection);
        json_decref(tests);
        json_decref(body);
}

/* Asked once an hour, or after each of our calls, for as long as they like: answered for ever. */
static void test_status(struct request *rq, struct reply *re)
{
        const struct trade trade = { .home = guard_home() };
        const char *id = request_query(rq, "partner_interview_id");
        struct partner_view view = { .ats = NULL };
        struct fail why = FAIL_CLEAR;
        struct caller c;
        int found;

        if (admit(rq, re, &c) != 0)
                return;
        found = text_empty(id) ? 0 : partner_read(&trade, c.org, id, &view, &why);
        if (found < 0) {
                reply_failure(rq, re, "test_status", &why);
        } else if (found == 0 || !text_equal(view.ats, c.connection) ||
                   !text_equal(view.news.desk, c.desk)) {
                reply_problem(rq, re, 404, "There is no such interview for this key.");
        } else {
                greenhouse_partner_status(&view.news, reply_body(re));
                give(re);
        }
        partner_view_dispose(&view);
        mem_free(c.connection);
}

/* Complaints about one call do not push those about another off the page. */
static char *complained_of(const struct caller *c, const json_t *body)
{
        static const char *const calls[] = { "list_tests", "send_test", "test_status" };
        const char *call = json_get_text(body, "api_call", "");

        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
                if (text_equal(call, calls[i]))
                        return mem_format("%s %s", c->connection, call);
        return mem_text(c->connection);
}

/* "test_status: partner_score is not a number; ..." */
static char *complaint(const json_t *body)
{
        const json_t *errors = json_object_get(body, "errors");
        struct buf text = BUF_NONE;

        words_foreign(&text, json_get_text(body, "api_call", "an unnamed call"), 40);
        for (size_t i = 0; i < json_array_size(errors) && i < ERRORS_MAX; i++) {
                buf_add_text(&text, i == 0 ? ": " : "; ");
                words_foreign(&text, json_text_of(json_array_get(errors, i), "?"), 200);
        }
        return buf_take(&text);
}

/* Greenhouse could not use an answer of ours: an admin must hear of it, no candidate's name. */
static void response_error(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        struct alert alert = { .topic = "partner-answer", .news = true };
        json_t *body, *answer;
        char *what, *sentence, *about;
        struct caller c;

        if (admit(rq, re, &c) != 0)
                return;
        body = document(rq, re);
        if (body != NULL) {
                what = complaint(body);
                about = complained_of(&c, body);
                sentence = mem_format("Greenhouse says that it could not use an answer of ours. "
                                      "%s. Recruiters may not see the result of an assessment "
                                      "there until this is mended.",
                                      what);
                alert.about = about;
                alert.connection = c.connection;
                alert.title = "Greenhouse could not use an answer";
                alert.sentence = sentence;
                log_event(LOG_LEVEL_ERROR, "greenhouse could not use an answer", "org", c.org->name,
                          "connection", c.connection, "desk", c.desk, "cause", what, "interview",
                          json_get_text(body, "partner_interview_id", ""), NULL);
                if (alert_raise(guard_home(), c.org, &alert, when_now_ms(), &why) != 0) {
                        reply_failure(rq, re, "response_error", &why);
                } else {
                        answer = json_object();
                        json_set_int(answer, "status", 200);
                        reply_json(re, 200, answer);
                }
                mem_free(sentence);
                mem_free(about);
                mem_free(what);
        }
        json_decref(body);
        mem_free(c.connection);
}

const struct route assessment_greenhouse[] = {
        { "GET", "{org}/greenhouse/list_tests", list_tests, 0, true, NULL },
        { "POST", "{org}/greenhouse/send_test", send_test, BODY_MAX, true, NULL },
        { "GET", "{org}/greenhouse/test_status", test_status, 0, true, NULL },
        { "POST", "{org}/greenhouse/response_error", response_error, BODY_MAX, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
