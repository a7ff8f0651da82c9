/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ashby's API from the adapter's side: each test is a conversation, request by request, with
 * the answers of a table.  What is sent is compared to the letter and, if asked for, kept
 * for tests/schema (wire/ashby.md 1, 5, 6).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/record.h"
#include "../tap.h"
#include "ats/ashby.h"
#include "ats/ashby_partner.h"
#include "floor/mem.h"
#include "floor/text.h"

#define BASE "https://api.ashbyhq.com"
#define STORE "https://uploads.example.com/bucket"
#define KEY "ashby-key-of-acme-77812"
#define USER "00000000-0000-4000-8000-0000000000aa"

/* --- the other side ---------------------------------------------------------------- */

struct step {
        const char *method; /* NULL ends a conversation; a whole URL if it has "://" */
        const char *body;   /* what must be sent; NULL: anything */
        int status;         /* 0: no answer, then end says how */
        const char *answer;
        const char *headers; /* "Name: value\n" lines; NULL for none */
        enum fetch_end end;
};

struct other {
        const struct step *steps;
        int at, wrong;
        const char *behalf; /* the user named on writes; NULL: nobody */
        char last[4096];    /* the last body of a call */
        char form[4096];    /* what went to the object store */
        char type[128];
};

static void complain(struct other *other, const char *what, const char *got, const char *want)
{
        other->wrong++;
        tap_note("request %d: %s is %s, not %s", other->at + 1, what, text_or(got, "(nothing)"),
                 text_or(want, "(nothing)"));
}

static const char *header(const struct fetch_request *request, const char *name)
{
        size_t len = strlen(name);

        for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
                if (text_starts_fold(request->headers[i], name) &&
                    text_starts(request->headers[i] + len, ": "))
                        return request->headers[i] + len + 2;
        return NULL;
}

/* A call of the API: always POST, JSON, the version, the key as user with an empty password. */
static void common(struct other *other, const struct fetch_request *request)
{
        if (!text_equal(request->user, KEY) || !text_equal(request->password, ""))
                complain(other, "the key", request->user, KEY);
        if (!text_equal(header(request, "Content-Type"), "application/json"))
                complain(other, "Content-Type", header(request, "Content-Type"),
                         "application/json");
        if (!text_equal(header(request, "Accept"), "application/json; version=1"))
                complain(other, "Accept", header(request, "Accept"), "application/json; version=1");
}

/* The object store is somebody else: nothing of ours but the form goes there. */
static void upload(struct other *other, const struct fetch_request *request)
{
        size_t len =
            request->body_len < sizeof other->form - 1 ? request->body_len : sizeof other->form - 1;

        if (request->user != NULL || header(request, "Authorization") != NULL ||
            header(request, "X-On-Behalf-Of") != NULL)
                complain(other, "a credential for the object store", "there", NULL);
        snprintf(other->type, sizeof other->type, "%s",
                 text_or(header(request, "Content-Type"), ""));
        memcpy(other->form, request->body, len);
        other->form[len] = '\0';
}

static int answer_call(struct link *link, const struct fetch_request *request,
                       struct fetch_answer *answer, struct fail *why)
{
        struct other *other = link->context;
        const struct step *step = &other->steps[other->at];
        bool api = text_starts(request->url, BASE);
        char *url, *body;

        (void)why;
        memset(answer, 0, sizeof *answer);
        answer->elapsed_us = 1000;
        if (step->method == NULL) {
                complain(other, "one request too many", request->url, NULL);
                answer->end = FETCH_UNREACHABLE;
                return -1;
        }
        url = strstr(step->method, "://") != NULL ? mem_text(step->method)
                                                  : mem_format(BASE "/%s", step->method);
        body = mem_text_part(request->body, request->body_len);
        if (!text_equal(request->method, "POST"))
                complain(other, "the method", request->method, "POST");
        if (!text_equal(request->url, url))
                complain(other, "the URL", request->url, url);
        if (step->body != NULL && !text_equal(body, step->body))
                complain(other, "the body", body, step->body);
        if (api) {
                record_request("ashby", request);
                snprintf(other->last, sizeof other->last, "%s", body);
                common(other, request);
        } else {
                upload(other, request);
        }
        if (other->behalf != NULL && api &&
            !text_equal(header(request, "X-On-Behalf-Of"), other->behalf))
                complain(other, "X-On-Behalf-Of", header(request, "X-On-Behalf-Of"), other->behalf);
        mem_free(url);
        mem_free(body);
        other->at++;
        answer->end = step->end;
        if (step->end != FETCH_ANSWERED) {
                snprintf(answer->cause, sizeof answer->cause, "as the test orders");
                return -1;
        }
        answer->status = step->status;
        buf_add_text(&answer->body, text_or(step->answer, ""));
        buf_add_text(&answer->headers, text_or(step->headers, ""));
        return 0;
}

struct stand {
        struct other other;
        struct link link;
        json_t *settings, *credentials;
        struct outcome outcome;
};

static void stand_init(struct stand *s, const struct step *steps)
{
        memset(s, 0, sizeof *s);
        s->other.steps = steps;
        s->settings = json_object();
        json_set_text(s->settings, "base_url", BASE "/");
        s->credentials = json_object();
        json_set_text(s->credentials, "api_key", KEY);
        s->link = (struct link){ .org = "acme",
                                 .id = "ab",
                                 .settings = s->settings,
                                 .credentials = s->credentials,
                                 .scale = 1,
                                 .call = answer_call,
                                 .context = &s->other };
}

/* Everything asked for was asked, nothing else, and no text holds the key. */
static void stand_end(struct stand *s, const char *name)
{
        const char *rest = s->other.steps[s->other.at].method;

        tap_ok(s->other.wrong == 0 && rest == NULL, "%s: the conversation as written%s", name,
               rest == NULL ? "" : ", but too short");
        tap_ok(strstr(s->outcome.sentence, KEY) == NULL && strstr(s->outcome.detail, KEY) == NULL,
               "%s: no key in any text", name);
        json_decref(s->settings);
        json_decref(s->credentials);
}

static void outcome_is(const struct stand *s, int result, enum outcome_kind want, const char *name)
{
        tap_text(outcome_word(s->outcome.kind), outcome_word(want), "%s: outcome", name);
        tap_int(result, want == OUTCOME_DONE ? 0 : -1, "%s: result", name);
        if (want != OUTCOME_DONE)
                tap_ok(s->outcome.sentence[0] != '\0' && s->outcome.detail[0] != '\0',
                       "%s: says why (%s | %s)", name, s->outcome.sentence, s->outcome.detail);
}

#define END                                                                                        \
        {                                                                                          \
                NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED                                          \
        }
#define CALL(method, body, results)                                                                \
        {                                                                                          \
                method, body, 200, "{\"success\":true,\"results\":" results "}", NULL,             \
                    FETCH_ANSWERED                                                                 \
        }
#define RAW(method, body, status, answer)                                                          \
        {                                                                                          \
                method, body, status, answer, NULL, FETCH_ANSWERED                                 \
        }
#define FAILS(method, body, end)                                                                   \
        {                                                                                          \
                method, body, 0, NULL, NULL, end                                                   \
        }

#define A "00000000-0000-4000-8000-000000000001"
#define C "00000000-0000-4000-8000-000000000002"
#define J "00000000-0000-4000-8000-000000000003"
#define PLAN "00000000-0000-4000-8000-000000000004"
#define PLAN_B "00000000-0000-4000-8000-000000000005"
#define S(n) "00000000-0000-4000-8000-0000000001" n
#define TAG "00000000-0000-4000-8000-000000000201"

#define AT(stage, title, status)                                                                   \
        "{\"id\":\"" A "\",\"createdAt\":\"2026-05-28T21:07:41.644Z\",\"status\":\"" status        \
        "\",\"candidate\":{\"id\":\"" C "\",\"name\":\"Ada King Lovelace\","                       \
        "\"primaryEmailAddress\":{\"value\":\"ada@example.org\",\"type\":\"Personal\","            \
        "\"isPrimary\":true}},\"currentInterviewStage\":{\"id\":\"" stage "\",\"title\":\"" title  \
        "\",\"type\":\"Active\",\"orderInInterviewPlan\":2,\"interviewStageGroupId\":null,"        \
        "\"interviewPlanId\":\"" PLAN "\"},\"source\":null,\"archiveReason\":null,"                \
        "\"job\":{\"id\":\"" J "\",\"title\":\"Engineer\"},\"brandId\":\"new\"}"
#define CANDIDATE                                                                                  \
        "{\"id\":\"" C "\",\"name\":\"Ada King Lovelace\",\"emailAddresses\":[],"                  \
        "\"tags\":[{\"id\":\"" TAG "\",\"title\":\"needs review\",\"isArchived\":false}],"         \
        "\"fileHandles\":[{\"id\":\"f\",\"name\":\"report.pdf\",\"handle\":\"h\"}],"               \
        "\"profileUrl\":\"https://app.ashbyhq.com/candidates/" C "\"}"
#define STAGES                                                                                     \
        "[{\"id\":\"" S(                                                                           \
            "02") "\",\"title\":\"Coding test\",\"type\":\"Active\","                              \
                  "\"orderInInterviewPlan\":2,\"interviewPlanId\":\"" PLAN "\"},"                  \
                  "{\"id\":\"" S(                                                                  \
                      "01") "\",\"title\":\"Review\",\"type\":\"PreInterviewScreen\","             \
                            "\"orderInInterviewPlan\":1,\"interviewPlanId\":\"" PLAN "\"},"        \
                            "{\"id\":\"" S(                                                        \
                                "03") "\",\"title\":\"On-site\",\"type\":\"Active\","              \
                                      "\"orderInInterviewPlan\":3,\"interviewPlanId\":\"" PLAN     \
                                      "\"},"                                                       \
                                      "{\"id\":\"" S(                                              \
                                          "09") "\",\"title\":\"Archived\",\"type\":\"Archived\"," \
                                                "\"orderInInterviewPlan\":9,\"interviewPlanId\":"  \
                                                "\"" PLAN "\"}]"
#define INFO "{\"applicationId\":\"" A "\"}"
#define WHO "{\"id\":\"" C "\"}"

static struct application someone(void)
{
        struct application a = { .id = mem_text(A),
                                 .candidate_id = mem_text(C),
                                 .job_id = mem_text(J),
                                 .stage_id = mem_text(S("02")) };

        return a;
}

/* --- reading ----------------------------------------------------------------------- */

static void read_one(const char *name, const struct step *steps, const char *id,
                     enum outcome_kind want, struct application *out)
{
        struct stand s;
        struct application a;
        int result;

        stand_init(&s, steps);
        result = ashby_ats.read_application(&s.link, id, &a, &s.outcome);
        outcome_is(&s, result, want, name);
        if (want != OUTCOME_DONE)
                tap_ok(a.id == NULL && a.email == NULL, "%s: nothing is left behind", name);
        if (out != NULL)
                *out = a;
        else
                application_dispose(&a);
        stand_end(&s, name);
}

static void test_read(void)
{
        static const struct step good[] = { CALL("application.info", INFO,
                                                 AT(S("02"), "Coding test", "Active")),
                                            CALL("candidate.info", WHO, CANDIDATE), END };
        static const struct step lead[] = {
                CALL("application.info", INFO,
                     "{\"id\":\"" A "\",\"status\":\"Lead\",\"candidate\":{\"id\":\"" C
                     "\",\"name\":\"Cher\"},\"job\":null,\"currentInterviewStage\":null}"),
                CALL("candidate.info", WHO,
                     "{\"id\":\"" C "\",\"emailAddresses\":[{\"value\":\"not one\"},"
                     "{\"value\":\"cher@example.org\"}],\"profileUrl\":\"javascript:x\"}"),
                END
        };
        static const struct step archived[] = { CALL("application.info", INFO,
                                                     AT(S("09"), "Archived", "Archived")),
                                                CALL("candidate.info", WHO, CANDIDATE), END };
        static const struct step nobody[] = {
                CALL("application.info", INFO, "{\"id\":\"" A "\",\"candidate\":null}"), END
        };
        static const struct step list[] = { CALL("application.info", INFO, "[]"), END };
        static const struct step none[] = { END };
        char long_id[100];
        struct application a;

        read_one("an application", good, A, OUTCOME_DONE, &a);
        tap_text(a.id, A, "id");
        tap_text(a.candidate_id, C, "candidate");
        tap_text(a.first_name, "Ada King", "one name there, two parts here: all but the last word");
        tap_text(a.last_name, "Lovelace", "and the last");
        tap_text(a.email, "ada@example.org", "address");
        tap_text(a.job_id, J, "job");
        tap_text(a.job_name, "Engineer", "its name");
        tap_text(a.stage_id, S("02"), "stage");
        tap_text(a.stage_name, "Coding test", "its name");
        tap_text(a.status, "active", "Active reads active");
        tap_text(a.url, "https://app.ashbyhq.com/candidates/" C, "where people look");
        tap_ok(!a.prospect, "no prospect");
        application_dispose(&a);
        read_one("a sourced lead", lead, A, OUTCOME_DONE, &a);
        tap_ok(a.prospect, "a lead is a prospect: rules leave him alone");
        tap_text(a.first_name, "Cher", "one word is a first name");
        tap_ok(a.last_name == NULL && a.stage_id == NULL && a.job_id == NULL && a.url == NULL,
               "null is the same as absent, and a strange address is none");
        tap_text(a.email, "cher@example.org", "another address when the primary one is missing");
        application_dispose(&a);
        read_one("an archived one", archived, A, OUTCOME_DONE, &a);
        tap_text(a.status, "rejected", "Archived reads rejected");
        application_dispose(&a);
        read_one("an application without a candidate", nobody, A, OUTCOME_AGAIN, NULL);
        read_one("a list in place of it", list, A, OUTCOME_AGAIN, NULL);
        memset(long_id, 'a', sizeof long_id - 1);
        long_id[sizeof long_id - 1] = '\0';
        read_one("no id", none, NULL, OUTCOME_ABSENT, NULL);
        read_one("an empty id", none, "", OUTCOME_ABSENT, NULL);
        read_one("an id that is too long to be one", none, long_id, OUTCOME_ABSENT, NULL);
}

/* --- answers that are none (section 1, traps 1 to 4, 15) ----------------------------- */

static void test_failures(void)
{
        static const struct {
                const char *name;
                int status;
                const char *answer, *headers;
                enum fetch_end end;
                enum outcome_kind read, write;
                const char *detail, *sentence; /* must be in them; NULL: anything */
        } rows[] = {
                { "no key arrived", 401, "Unauthorized", NULL, 0, OUTCOME_DENIED, OUTCOME_DENIED,
                  "401", "no API key" },
                { "a wrong key is 403", 403, "Forbidden", NULL, 0, OUTCOME_DENIED, OUTCOME_DENIED,
                  "403 Forbidden", "does not know this API key" },
                { "a wrong key in an envelope", 403,
                  "{\"success\":false,\"errors\":[\"unauthorized\"]}", NULL, 0, OUTCOME_DENIED,
                  OUTCOME_DENIED, "403 unauthorized", "does not know this API key" },
                { "a missing permission is 403 too", 403,
                  "{\"success\":false,\"errors\":[{\"message\":\"Missing permission\"}],"
                  "\"errorInfo\":{\"code\":\"missing_endpoint_permission\",\"requestId\":"
                  "\"01JSJ8FDK5ZN4XQBZP7DBKK7ZC\"}}",
                  NULL, 0, OUTCOME_DENIED, OUTCOME_DENIED, "(request 01JSJ8FDK5ZN4XQBZP7DBKK7ZC)",
                  "permission Candidates:" },
                { "a missing permission in an object alone", 403,
                  "{\"success\":false,\"errors\":[{\"message\":\"The API key lacks the "
                  "Permission candidatesWrite\"}]}",
                  NULL, 0, OUTCOME_DENIED, OUTCOME_DENIED, "403 The API key lacks",
                  "permission Candidates:" },
                { "the same as 200", 200,
                  "{\"success\":false,\"errors\":[{\"message\":\"missing_endpoint_permission\"}]}",
                  NULL, 0, OUTCOME_DENIED, OUTCOME_DENIED, "200 missing_endpoint_permission",
                  "permission Candidates:" },
                { "and so is Cloudflare", 403, "<html>error code: 1010</html>", NULL, 0,
                  OUTCOME_DENIED, OUTCOME_DENIED, "1010", "Cloudflare" },
                { "Cloudflare in plain text", 403, "error code: 1010", NULL, 0, OUTCOME_DENIED,
                  OUTCOME_DENIED, "1010", "Cloudflare" },
                { "a missing permission as 200", 200,
                  "{\"success\":false,\"errorInfo\":{\"code\":\"missing_endpoint_permission\"}}",
                  NULL, 0, OUTCOME_DENIED, OUTCOME_DENIED, "missing_endpoint_permission",
                  "permission Candidates:" },
                { "errors as texts alone", 200,
                  "{\"success\":false,\"errors\":[\"application_not_found\"]}", NULL, 0,
                  OUTCOME_ABSENT, OUTCOME_ABSENT, "200 application_not_found", "may not see" },
                { "errorInfo alone", 200,
                  "{\"success\":false,\"errorInfo\":{\"code\":\"candidate_not_found\",\"message\":"
                  "\"are you lacking permissions to edit candidates?\"}}",
                  NULL, 0, OUTCOME_ABSENT, OUTCOME_ABSENT, "are you lacking", NULL },
                { "errors as objects alone", 200,
                  "{\"success\":false,\"errors\":[{\"message\":\"must be a uuid\",\"parameter\":"
                  "\"candidateId\"}]}",
                  NULL, 0, OUTCOME_REFUSED, OUTCOME_REFUSED, "200 must be a uuid (candidateId)",
                  "must be a uuid" },
                { "all three mixed", 200,
                  "{\"success\":false,\"errors\":[{\"message\":\"first\"},\"invalid_input\"],"
                  "\"errorInfo\":{\"code\":\"invalid_input\",\"message\":\"Request payload is "
                  "malformed\"}}",
                  NULL, 0, OUTCOME_REFUSED, OUTCOME_REFUSED,
                  "Request payload is malformed; first; invalid_input", "malformed" },
                { "a refusal that says nothing", 200, "{\"success\":false}", NULL, 0,
                  OUTCOME_REFUSED, OUTCOME_REFUSED, "200", "did not accept" },
                { "errors of odd types", 200,
                  "{\"success\":false,\"errors\":[null,5,[]],\"errorInfo\":\"x\"}", NULL, 0,
                  OUTCOME_REFUSED, OUTCOME_REFUSED, "200", NULL },
                { "slower, as 200", 200,
                  "{\"success\":false,\"errorInfo\":{\"code\":\"rate_limit_exceeded\"}}", NULL, 0,
                  OUTCOME_AGAIN, OUTCOME_AGAIN, "rate_limit_exceeded", "slower" },
                { "slower, as 429", 429, "", "Retry-After: 7\n", 0, OUTCOME_AGAIN, OUTCOME_AGAIN,
                  "429", "slower" },
                { "a trailing comma, as printed in the manual", 200, "{\"success\":false,}", NULL,
                  0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "200", NULL },
                { "no success at all", 200, "{\"results\":{}}", NULL, 0, OUTCOME_AGAIN,
                  OUTCOME_UNCERTAIN, "200", NULL },
                { "success that is no truth", 200, "{\"success\":\"true\"}", NULL, 0, OUTCOME_AGAIN,
                  OUTCOME_UNCERTAIN, "200", NULL },
                { "somebody's page", 200, "<html>hello</html>", NULL, 0, OUTCOME_AGAIN,
                  OUTCOME_UNCERTAIN, "hello", NULL },
                { "nothing", 200, "", NULL, 0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "200", NULL },
                { "another place", 404, "<html>", NULL, 0, OUTCOME_DENIED, OUTCOME_DENIED, "404",
                  "base_url" },
                { "a redirect", 302, "", NULL, 0, OUTCOME_DENIED, OUTCOME_DENIED, "302",
                  "base_url" },
                { "400", 400, "no", NULL, 0, OUTCOME_REFUSED, OUTCOME_REFUSED, "400 no", NULL },
                { "Cloudflare's 502", 502, "<html><h1>Bad gateway</h1>", NULL, 0, OUTCOME_AGAIN,
                  OUTCOME_UNCERTAIN, "502", NULL },
                { "500 with the key in it", 500, "{\"message\":\"" KEY "\"}", NULL, 0,
                  OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "500 *****", NULL },
                { "the key in a refusal", 200,
                  "{\"success\":false,\"errorInfo\":{\"message\":\"who is " KEY "?\"}}", NULL, 0,
                  OUTCOME_REFUSED, OUTCOME_REFUSED, "who is *****", "who is *****" },
                { "not connected", 0, NULL, NULL, FETCH_UNREACHABLE, OUTCOME_AGAIN, OUTCOME_AGAIN,
                  NULL, NULL },
                { "cut off", 0, NULL, NULL, FETCH_UNCERTAIN, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, NULL,
                  NULL },
                { "too long", 0, NULL, NULL, FETCH_TOO_LONG, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, NULL,
                  NULL },
                { "a forbidden address", 0, NULL, NULL, FETCH_REFUSED, OUTCOME_DENIED,
                  OUTCOME_DENIED, NULL, "base_url" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                for (int write = 0; write < 2; write++) {
                        struct step steps[] = {
                                { write ? "candidate.createNote" : "application.info", NULL,
                                  rows[i].status, rows[i].answer, rows[i].headers, rows[i].end },
                                END
                        };
                        struct application a = someone(), b;
                        char *name =
                            mem_format("%s, %s", rows[i].name, write ? "writing" : "reading");
                        struct stand s;
                        int result;

                        stand_init(&s, steps);
                        result = write ? ashby_ats.write_note(
                                             &s.link, &a, &(struct note){ .body = "x" }, &s.outcome)
                                       : ashby_ats.read_application(&s.link, A, &b, &s.outcome);
                        outcome_is(&s, result, write ? rows[i].write : rows[i].read, name);
                        tap_ok(rows[i].detail == NULL ||
                                   strstr(s.outcome.detail, rows[i].detail) != NULL,
                               "%s: detail (%s)", name, s.outcome.detail);
                        tap_ok(rows[i].sentence == NULL ||
                                   strstr(s.outcome.sentence, rows[i].sentence) != NULL,
                               "%s: sentence (%s)", name, s.outcome.sentence);
                        if (rows[i].status == 429) {
                                tap_int(s.outcome.wait_ms, 7000, "Retry-After is honoured");
                                tap_int(s.outcome.lane_wait_ms, 7000, "by the whole connection");
                        }
                        stand_end(&s, name);
                        application_dispose(&a);
                        mem_free(name);
                }
}

/* --- notes ------------------------------------------------------------------------- */

#define LIST "{\"candidateId\":\"" C "\"}"

static void find_one(const char *name, const struct step *steps, enum outcome_kind want,
                     int want_found)
{
        struct application a = someone();
        struct stand s;
        int found = -1, result;

        stand_init(&s, steps);
        result = ashby_ats.find_note(&s.link, &a, "[fairlead 00aa]", &found, &s.outcome);
        outcome_is(&s, result, want, name);
        tap_int(found, want_found, "%s: found", name);
        stand_end(&s, name);
        application_dispose(&a);
}

static void test_notes(void)
{
        static const struct step second_page[] = {
                RAW("candidate.listNotes", LIST, 200,
                    "{\"success\":true,\"results\":[{\"id\":\"n\",\"content\":null}],"
                    "\"moreDataAvailable\":true,\"nextCursor\":\"Ya6\"}"),
                RAW("candidate.listNotes", "{\"candidateId\":\"" C "\",\"cursor\":\"Ya6\"}", 200,
                    "{\"success\":true,\"results\":[{\"id\":\"m\",\"content\":\"x [fairlead "
                    "00aa]\",\"author\":null}],\"moreDataAvailable\":false,\"syncToken\":\"t\"}"),
                END
        };
        static const struct step nowhere[] = { CALL("candidate.listNotes", LIST, "[]"), END };
        static const struct step loop[] = {
                RAW("candidate.listNotes", LIST, 200,
                    "{\"success\":true,\"results\":[],\"moreDataAvailable\":true,"
                    "\"nextCursor\":\"Ya6\"}"),
                RAW("candidate.listNotes", NULL, 200,
                    "{\"success\":true,\"results\":[],\"moreDataAvailable\":true,"
                    "\"nextCursor\":\"Ya6\"}"),
                END
        };
        static const struct step lost[] = { RAW("candidate.listNotes", LIST, 200,
                                                "{\"success\":true,\"results\":[],"
                                                "\"moreDataAvailable\":true}"),
                                            END };
        static const struct step no_list[] = {
                RAW("candidate.listNotes", LIST, 200, "{\"success\":true}"), END
        };
        static const struct step note[] = {
                CALL("candidate.createNote",
                     "{\"candidateId\":\"" C "\",\"note\":{\"type\":\"text/plain\",\"value\":"
                     "\"a <b>\\n\xE2\x82\xAC\"},\"sendNotifications\":false}",
                     "{\"id\":\"n\",\"author\":null}"),
                END
        };
        static const struct step result[] = {
                CALL("candidate.createNote",
                     "{\"candidateId\":\"" C "\",\"isPrivate\":true,\"note\":{\"type\":"
                     "\"text/plain\",\"value\":\"r\"},\"sendNotifications\":true}",
                     "{\"id\":\"n\"}"),
                END
        };
        struct application a = someone(), nobody = { .id = NULL };
        static const struct step none[] = { END };
        struct stand s;
        int found;

        find_one("a note on the second page", second_page, OUTCOME_DONE, 1);
        find_one("no note", nowhere, OUTCOME_DONE, 0);
        find_one("pages that go round", loop, OUTCOME_AGAIN, 0);
        find_one("more data without a cursor", lost, OUTCOME_AGAIN, 0);
        find_one("no list", no_list, OUTCOME_AGAIN, 0);

        stand_init(&s, note);
        outcome_is(&s,
                   ashby_ats.write_note(
                       &s.link, &a, &(struct note){ .body = "a <b>\n\xE2\x82\xAC" }, &s.outcome),
                   OUTCOME_DONE, "a note is plain text, nobody is notified");
        stand_end(&s, "a note");
        stand_init(&s, result);
        json_set_text(s.settings, "notify", "followers");
        json_set_text(s.settings, "note_visibility", "private");
        json_set_text(s.settings, "act_as_user", USER);
        s.other.behalf = USER;
        outcome_is(&s,
                   ashby_ats.write_note(&s.link, &a, &(struct note){ .body = "r", .result = true },
                                        &s.outcome),
                   OUTCOME_DONE, "a result, with all settings");
        stand_end(&s, "a result");
        stand_init(&s, none);
        outcome_is(
            &s, ashby_ats.write_note(&s.link, &nobody, &(struct note){ .body = "r" }, &s.outcome),
            OUTCOME_REFUSED, "a note about nobody");
        outcome_is(&s, ashby_ats.find_note(&s.link, &a, "", &found, &s.outcome), OUTCOME_REFUSED,
                   "looking for nothing");
        stand_end(&s, "nobody");
        application_dispose(&a);
}

/* --- stages and moves (traps 12, 13) ------------------------------------------------- */

static void test_jobs(void)
{
        static const struct step good[] = { CALL("job.list", "{\"status\":[\"Open\",\"Draft\"]}",
                                                 "[{\"id\":\"" J
                                                 "\",\"title\":\"Engineer\",\"status\":\"Open\"},"
                                                 "{\"title\":\"no id\"},{\"id\":\"" S("53") "\"}]"),
                                            END };
        json_t *jobs = NULL;
        struct stand s;

        stand_init(&s, good);
        outcome_is(&s, ashby_ats.list_jobs(&s.link, &jobs, &s.outcome), OUTCOME_DONE, "jobs");
        tap_int((int64_t)json_array_size(jobs), 2, "that have an id");
        tap_text(json_get_text(jobs, "0.id", NULL), J, "id");
        tap_text(json_get_text(jobs, "0.name", NULL), "Engineer", "name");
        json_decref(jobs);
        stand_end(&s, "jobs");
}

static void test_stages(void)
{
        static const struct step two_plans[] = {
                CALL("job.info", "{\"id\":\"" J "\"}",
                     "{\"id\":\"" J "\",\"interviewPlanIds\":[\"" PLAN_B "\",\"" PLAN
                     "\"],\"defaultInterviewPlanId\":\"" PLAN "\"}"),
                CALL("interviewStage.list", "{\"interviewPlanId\":\"" PLAN "\"}", STAGES),
                CALL("interviewStage.list", "{\"interviewPlanId\":\"" PLAN_B "\"}",
                     "[{\"id\":\"" S("52") "\",\"title\":\"Coding test\"}]"),
                END
        };
        static const struct step no_plan[] = {
                CALL("job.info", "{\"id\":\"" J "\"}", "{\"id\":\"" J "\"}"), END
        };
        static const struct step all[] = {
                CALL("interviewPlan.list", NULL,
                     "[{\"id\":\"" PLAN "\"},{\"id\":\"" PLAN_B "\"},{\"title\":\"no id\"}]"),
                CALL("interviewStage.list", "{\"interviewPlanId\":\"" PLAN "\"}", STAGES),
                CALL("interviewStage.list", "{\"interviewPlanId\":\"" PLAN_B "\"}",
                     "[{\"id\":\"" S("52") "\",\"title\":\"Coding test\"}]"),
                END
        };
        json_t *stages = NULL;
        struct stand s;

        stand_init(&s, all);
        outcome_is(&s, ashby_ats.list_stages(&s.link, NULL, &stages, &s.outcome), OUTCOME_DONE,
                   "stages of all jobs");
        tap_int((int64_t)json_array_size(stages), 5, "plan by plan");
        json_decref(stages);
        stand_end(&s, "all stages");
        stand_init(&s, two_plans);
        outcome_is(&s, ashby_ats.list_stages(&s.link, J, &stages, &s.outcome), OUTCOME_DONE,
                   "stages of two plans");
        tap_int((int64_t)json_array_size(stages), 5, "all of them, the usual plan first");
        tap_text(json_get_text(stages, "0.name", NULL), "Coding test", "name");
        tap_text(json_get_text(stages, "4.id", NULL), S("52"),
                 "the same title has another id in the other plan");
        json_decref(stages);
        stand_end(&s, "stages");
        stand_init(&s, no_plan);
        outcome_is(&s, ashby_ats.list_stages(&s.link, J, &stages, &s.outcome), OUTCOME_ABSENT,
                   "a job without a plan");
        tap_ok(stages == NULL, "nothing is left behind");
        stand_end(&s, "no plan");
}

#define READ_AT(stage, status) CALL("application.info", INFO, AT(stage, "x", status))
#define PLAN_STAGES CALL("interviewStage.list", "{\"interviewPlanId\":\"" PLAN "\"}", STAGES)
#define CHANGE(to, now)                                                                            \
        CALL("application.changeStage",                                                            \
             "{\"applicationId\":\"" A "\",\"interviewStageId\":\"" to "\"}",                      \
             AT(now, "x", "Active"))

static void test_moves(void)
{
        static const struct step by_next[] = { READ_AT(S("02"), "Active"), PLAN_STAGES,
                                               CHANGE(S("03"), S("03")), END };
        static const struct step by_name[] = { READ_AT(S("02"), "Active"), PLAN_STAGES,
                                               CHANGE(S("01"), S("01")), END };
        static const struct step there[] = { READ_AT(S("03"), "Active"), PLAN_STAGES, END };
        static const struct step stop[] = { READ_AT(S("02"), "Active"), PLAN_STAGES, END };
        static const struct step elsewhere[] = { READ_AT(S("01"), "Active"), PLAN_STAGES, END };
        static const struct step archived[] = { READ_AT(S("02"), "Archived"), PLAN_STAGES, END };
        static const struct step ignored[] = { READ_AT(S("02"), "Active"), PLAN_STAGES,
                                               CHANGE(S("03"), S("02")), END };
        static const struct step last[] = { READ_AT(S("03"), "Active"), PLAN_STAGES, END };
        static const struct step no_plan[] = { CALL("application.info", INFO, "{\"id\":\"" A "\"}"),
                                               END };
        static const struct step none[] = { END };
        static const struct {
                const char *name;
                const struct step *steps;
                const char *to, *stage;
                enum outcome_kind want;
                const char *sentence;
        } rows[] = {
                { "the next stage, by order and not by place", by_next, "next", S("02"),
                  OUTCOME_DONE, NULL },
                { "a stage by its title", by_name, "Review", S("02"), OUTCOME_DONE, NULL },
                { "a stage by its id", by_next, S("03"), S("02"), OUTCOME_DONE, NULL },
                { "it is there already", there, "On-site", S("02"), OUTCOME_DONE, NULL },
                { "nobody is archived by name", stop, "Archived", S("02"), OUTCOME_REFUSED,
                  "nobody is rejected" },
                { "nor by id", stop, S("09"), S("02"), OUTCOME_REFUSED, "nobody is rejected" },
                { "nor as the next stage", last, "next", S("03"), OUTCOME_REFUSED, "last stage" },
                { "a stage of another plan", stop, S("52"), S("02"), OUTCOME_REFUSED,
                  "no stage of the name or id" },
                { "somebody moved it", elsewhere, "next", S("02"), OUTCOME_REFUSED,
                  "another stage by now" },
                { "somebody moved it, a named stage", elsewhere, "On-site", S("02"),
                  OUTCOME_REFUSED, "another stage by now" },
                { "an archived application", archived, "next", S("02"), OUTCOME_REFUSED,
                  "no longer active" },
                { "accepted, not done", ignored, "next", S("02"), OUTCOME_UNCERTAIN, NULL },
                { "an application without a plan", no_plan, "next", S("02"), OUTCOME_REFUSED,
                  "no interview plan" },
                { "no stage named", none, "", S("02"), OUTCOME_REFUSED, NULL },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct application a = someone();
                struct stand s;
                int result;

                mem_free(a.stage_id);
                a.stage_id = mem_text(rows[i].stage);
                stand_init(&s, rows[i].steps);
                result = ashby_ats.move_stage(&s.link, &a, rows[i].to, &s.outcome);
                outcome_is(&s, result, rows[i].want, rows[i].name);
                tap_ok(rows[i].sentence == NULL ||
                           strstr(s.outcome.sentence, rows[i].sentence) != NULL,
                       "%s: sentence (%s)", rows[i].name, s.outcome.sentence);
                stand_end(&s, rows[i].name);
                application_dispose(&a);
        }
}

/* --- tags --------------------------------------------------------------------------- */

#define PAIR(tag) "{\"candidateId\":\"" C "\",\"tagId\":\"" tag "\"}"

static void test_tags(void)
{
        static const struct step change[] = {
                CALL("candidate.info", WHO, CANDIDATE),
                CALL("candidate.removeTag", PAIR(TAG), "{}"),
                RAW("candidateTag.list", "{}", 200,
                    "{\"success\":true,\"moreDataAvailable\":true,\"nextCursor\":\"G8\","
                    "\"results\":[{\"id\":\"old\",\"title\":\"pass\",\"isArchived\":true}]}"),
                CALL("candidateTag.list", "{\"cursor\":\"G8\"}",
                     "[{\"id\":\"t1\",\"title\":\"pass\",\"isArchived\":false}]"),
                CALL("candidate.addTag", PAIR("t1"), "{}"),
                CALL("candidateTag.list", "{}", "[]"),
                CALL("candidateTag.create", "{\"title\":\"new\"}",
                     "{\"id\":\"t2\",\"title\":\"new\",\"isArchived\":false}"),
                CALL("candidate.addTag", PAIR("t2"), "{}"),
                END
        };
        static const struct step again[] = { CALL("candidate.info", WHO, CANDIDATE), END };
        static const char *const add[] = { "pass", "new", NULL },
                                 *const remove[] = { "needs review", "never there", NULL },
                                 *const there[] = { "needs review", NULL };
        struct application a = someone(), nobody = { .id = NULL };
        static const struct step none[] = { END };
        struct stand s;

        stand_init(&s, change);
        outcome_is(&s, ashby_ats.set_tags(&s.link, &a, add, remove, &s.outcome), OUTCOME_DONE,
                   "tags: off, on, and one that had to be made");
        stand_end(&s, "tags");
        stand_init(&s, again);
        outcome_is(&s, ashby_ats.set_tags(&s.link, &a, there, NULL, &s.outcome), OUTCOME_DONE,
                   "a tag that is on stays on");
        stand_end(&s, "the same tag");
        stand_init(&s, none);
        outcome_is(&s, ashby_ats.set_tags(&s.link, &nobody, add, NULL, &s.outcome), OUTCOME_REFUSED,
                   "tags for nobody");
        stand_end(&s, "nobody's tags");
        application_dispose(&a);
}

/* --- files --------------------------------------------------------------------------- */

#define HANDLE                                                                                     \
        "{\"contentLength\":5,\"contentType\":\"text/plain\",\"fileUploadContext\":"               \
        "\"CandidateFiles\",\"filename\":\"a\\\"b.txt\"}"
#define HANDLE_ANSWER                                                                              \
        "{\"handle\":\"the-handle\",\"url\":\"" STORE                                              \
        "\",\"fields\":{\"key\":\"k/1\",\"policy\":\"p==\",\"acl\":\"private\"}}"
#define GIVE "{\"candidateId\":\"" C "\",\"fileHandle\":\"the-handle\"}"

static void upload_one(const char *name, const struct step *steps, size_t len,
                       enum outcome_kind want, struct other *seen)
{
        struct attachment file = { "a\"b.txt", "text/plain", "hello", len };
        struct application a = someone();
        struct stand s;
        int result;

        stand_init(&s, steps);
        result = ashby_ats.upload_file(&s.link, &a, &file, &s.outcome);
        outcome_is(&s, result, want, name);
        if (seen != NULL)
                *seen = s.other;
        stand_end(&s, name);
        application_dispose(&a);
}

static void test_files(void)
{
        static const struct step good[] = {
                CALL("file.createFileUploadHandle", HANDLE, HANDLE_ANSWER),
                RAW(STORE, NULL, 204, ""), CALL("candidate.uploadFile", GIVE, "{}"), END
        };
        static const struct step late[] = { CALL("file.createFileUploadHandle", HANDLE,
                                                 HANDLE_ANSWER),
                                            RAW(STORE, NULL, 403, "<Error>expired</Error>"), END };
        static const struct step guarded[] = { CALL("file.createFileUploadHandle", HANDLE,
                                                    HANDLE_ANSWER),
                                               FAILS(STORE, NULL, FETCH_REFUSED), END };
        static const struct step lost[] = { CALL("file.createFileUploadHandle", HANDLE,
                                                 HANDLE_ANSWER),
                                            FAILS(STORE, NULL, FETCH_UNCERTAIN), END };
        static const struct step unsure[] = {
                CALL("file.createFileUploadHandle", HANDLE, HANDLE_ANSWER),
                RAW(STORE, NULL, 201, ""), FAILS("candidate.uploadFile", GIVE, FETCH_UNCERTAIN), END
        };
        static const struct step no_handle[] = { CALL("file.createFileUploadHandle", HANDLE, "{}"),
                                                 END };
        static const struct step none[] = { END },
                                 there[] = { CALL("candidate.info", WHO, CANDIDATE), END };
        struct application a = someone();
        const char *file, *policy, *boundary;
        struct other seen;
        struct stand s;
        int found = -1;

        upload_one("a file in three steps", good, 5, OUTCOME_DONE, &seen);
        file = strstr(seen.form, "name=\"file\"");
        policy = strstr(seen.form, "name=\"policy\"\r\n\r\np==\r\n");
        tap_ok(strstr(seen.form, "name=\"key\"\r\n\r\nk/1\r\n") != NULL && policy != NULL &&
                   strstr(seen.form, "name=\"acl\"\r\n\r\nprivate\r\n") != NULL,
               "every field is in the form");
        tap_ok(file != NULL && policy < file && strstr(file + 1, "name=") != NULL &&
                   strstr(file, "filename=\"a%22b.txt\"\r\nContent-Type: text/plain\r\n\r\nhello"
                                "\r\n--") != NULL,
               "the file is the last part, its name cannot break out");
        boundary = strstr(seen.type, "boundary=");
        tap_ok(boundary != NULL && text_starts(seen.type, "multipart/form-data; ") &&
                   strstr(seen.form, boundary + 9) == seen.form + 2,
               "the boundary is the one announced");
        upload_one("the address is over its ten minutes", late, 5, OUTCOME_AGAIN, NULL);
        upload_one("an address that the guard refuses", guarded, 5, OUTCOME_DENIED, NULL);
        upload_one("bytes on the way when it broke", lost, 5, OUTCOME_AGAIN, NULL);
        upload_one("the last step uncertain", unsure, 5, OUTCOME_UNCERTAIN, NULL);
        upload_one("no handle", no_handle, 5, OUTCOME_AGAIN, NULL);
        upload_one("an empty file", none, 0, OUTCOME_REFUSED, NULL);
        upload_one("a huge file", none, 26 * 1024 * 1024, OUTCOME_REFUSED, NULL);
        stand_init(&s, there);
        outcome_is(&s, ashby_ats.find_file(&s.link, &a, "report.pdf", &found, &s.outcome),
                   OUTCOME_DONE, "a file that is there");
        tap_int(found, 1, "is found by its name");
        stand_end(&s, "find a file");
        stand_init(&s, there);
        ashby_ats.find_file(&s.link, &a, "other.pdf", &found, &s.outcome);
        tap_int(found, 0, "another is not");
        stand_end(&s, "find no file");
        application_dispose(&a);
}

/* --- schedules (trap 14) ---------------------------------------------------------------- */

#define SCHEDULE "00000000-0000-4000-8000-000000000401"
#define EVENT "00000000-0000-4000-8000-000000000402"
#define INTERVIEW "00000000-0000-4000-8000-000000000403"
#define LINK "https://hire.example.org/fairlead/interview-link/acme/join/abc"
#define SCHEDULES(status)                                                                          \
        CALL("interviewSchedule.list", "{\"applicationId\":\"" A "\"}",                            \
             "[{\"id\":\"x\",\"status\":\"Cancelled\"},{\"id\":\"" SCHEDULE                        \
             "\",\"status\":\"" status "\"}]")
#define EVENTS(rest)                                                                               \
        CALL("interviewEvent.list",                                                                \
             "{\"expand\":[\"interview\"],\"interviewScheduleId\":\"" SCHEDULE "\"}",              \
             "[{\"id\":\"" EVENT "\",\"interviewId\":\"" INTERVIEW "\",\"startTime\":"             \
             "\"2026-06-01T10:00:00.000Z\",\"endTime\":\"2026-06-01T11:00:00.000Z\","              \
             "\"interview\":{\"id\":\"" INTERVIEW "\",\"title\":\"Live coding\"},"                 \
             "\"location\":null,\"meetingLink\":null,\"interviewers\":[{\"id\":\"u\","             \
             "\"firstName\":\"Bo\",\"lastName\":\"Ek\",\"email\":\"bo@x.example\","                \
             "\"isFeedbackRequired\":true}]" rest "}]")
#define AGAIN(extra)                                                                               \
        "{\"interviewEvent\":{\"endTime\":\"2026-06-01T11:00:00.000Z\",\"extraData\":" extra       \
        ",\"interviewEventId\":\"" EVENT "\",\"interviewId\":\"" INTERVIEW "\","                   \
        "\"interviewers\":[{\"email\":\"bo@x.example\",\"feedbackRequired\":true}],"               \
        "\"startTime\":\"2026-06-01T10:00:00.000Z\"},\"interviewScheduleId\":\"" SCHEDULE "\"}"

static void schedule_one(const char *name, const struct step *steps, const char *field,
                         enum outcome_kind want, const char *want_parts)
{
        struct application a = someone();
        json_t *parts = NULL;
        char *text = NULL;
        struct stand s;
        int result;

        stand_init(&s, steps);
        if (field != NULL)
                json_set_text(s.settings, "interview_field", field);
        result = ashby_ats.read_schedule(&s.link, &a, SCHEDULE, &parts, &s.outcome);
        outcome_is(&s, result, want, name);
        if (parts != NULL)
                text = json_text(parts);
        tap_text(text, want_parts, "%s: parts", name);
        mem_free(text);
        json_decref(parts);
        stand_end(&s, name);
        application_dispose(&a);
}

static void link_one(const char *name, const struct step *steps, const char *id, const char *field,
                     const char *url, enum outcome_kind want)
{
        struct stand s;
        int result;

        stand_init(&s, steps);
        result = ashby_ats.set_interview_link(&s.link, id, field, url, &s.outcome);
        outcome_is(&s, result, want, name);
        stand_end(&s, name);
}

static void test_schedules(void)
{
        static const struct step good[] = { SCHEDULES("Scheduled"), EVENTS(""), END };
        static const struct step cancelled[] = { SCHEDULES("Cancelled"), END };
        static const struct step unseen[] = { CALL("interviewSchedule.list", NULL, "[]"), END };
        static const struct step put[] = { EVENTS(",\"extraData\":{\"other\":\"theirs\"}"),
                                           CALL("interviewSchedule.update",
                                                AGAIN("{\"fairlead_interview\":\"" LINK
                                                      "\",\"other\":\"theirs\"}"),
                                                "{\"id\":\"" SCHEDULE "\"}"),
                                           END };
        static const struct step there[] = {
                EVENTS(",\"extraData\":{\"fairlead_interview\":\"" LINK "\"}"), END
        };
        static const struct step not_ours[] = {
                EVENTS(""),
                RAW("interviewSchedule.update", NULL, 200,
                    "{\"success\":false,\"errorInfo\":{\"code\":\"invalid_input\",\"message\":"
                    "\"Only interview schedules created by this API key can be updated\"}}"),
                END
        };
        static const struct step nobody[] = { EVENTS(",\"interviewers\":[{\"id\":\"u\"}]"), END };
        static const struct step elsewhere[] = { CALL("interviewEvent.list", NULL, "[]"), END };
        static const struct step none[] = { END };
        char long_url[600];

#define PART "\"starts_ms\":1780308000000,\"title\":\"Live coding\"}]"
#define PEOPLE "\"interviewers\":[{\"email\":\"bo@x.example\",\"name\":\"Bo Ek\"}],"
        schedule_one("a schedule", good, NULL, OUTCOME_DONE,
                     "[{\"ends_ms\":1780311600000,\"id\":\"" EVENT "\"," PEOPLE PART);
        schedule_one("one that can carry our link", good, "extra_data", OUTCOME_DONE,
                     "[{\"ends_ms\":1780311600000,\"id\":\"" EVENT "\"," PEOPLE
                     "\"link_id\":\"" SCHEDULE "/" EVENT "\"," PART);
        schedule_one("a cancelled one has no parts", cancelled, NULL, OUTCOME_DONE, "[]");
        schedule_one("one that is not shown", unseen, NULL, OUTCOME_ABSENT, NULL);

        link_one("a link beside others' data", put, SCHEDULE "/" EVENT, "extra_data", LINK,
                 OUTCOME_DONE);
        link_one("the same again", there, SCHEDULE "/" EVENT, "extra_data", LINK, OUTCOME_DONE);
        link_one("a schedule of another key", not_ours, SCHEDULE "/" EVENT, "extra_data", LINK,
                 OUTCOME_REFUSED);
        link_one("an interviewer who cannot be named again", nobody, SCHEDULE "/" EVENT,
                 "extra_data", LINK, OUTCOME_REFUSED);
        link_one("an event that is gone", elsewhere, SCHEDULE "/" EVENT, "extra_data", LINK,
                 OUTCOME_ABSENT);
        link_one("no such field", none, SCHEDULE "/" EVENT, "location", LINK, OUTCOME_REFUSED);
        link_one("no such id", none, SCHEDULE, "extra_data", LINK, OUTCOME_REFUSED);
        memset(long_url, 'x', sizeof long_url - 1);
        long_url[sizeof long_url - 1] = '\0';
        link_one("a link that is too long", none, SCHEDULE "/" EVENT, "extra_data", long_url,
                 OUTCOME_REFUSED);
}

/* --- webhooks (trap 7) ---------------------------------------------------------------- */

#define W(n) "00000000-0000-4000-8000-00000000030" n
#define HOOK "https://hire.example.org/fairlead/webhook/acme/x"
#define ALL_IDS "\"" W("1") "\",\"" W("2") "\",\"" W("3") "\",\"" W("4") "\",\"" W("5") "\""
#define HOOK_BODY(type)                                                                            \
        "{\"requestUrl\":\"" HOOK "\",\"secretToken\":\"s3cret\",\"webhookType\":\"" type "\"}"
#define MADE(type, id)                                                                             \
        CALL("webhook.create", HOOK_BODY(type), "{\"id\":\"" id "\",\"enabled\":true}")
#define OFF(type, id)                                                                              \
        CALL("webhook.create", HOOK_BODY(type), "{\"id\":\"" id "\",\"enabled\":false}")
#define DUPLICATE(type)                                                                            \
        RAW("webhook.create", HOOK_BODY(type), 200,                                                \
            "{\"success\":false,\"errors\":[{\"message\":\"Duplicate webhook\"}]}")
#define ENABLE(id, is)                                                                             \
        CALL("webhook.update", "{\"enabled\":true,\"webhookId\":\"" id "\"}",                      \
             "{\"id\":\"" id "\",\"enabled\":" is "}")

static void hook_one(const char *name, const struct step *steps, const char *secret,
                     const char *known_text, enum outcome_kind want, const char *want_made)
{
        json_t *made = NULL, *known = known_text == NULL
                                          ? NULL
                                          : json_parse(known_text, strlen(known_text), true, NULL);
        char *text = NULL;
        struct stand s;
        int result;

        stand_init(&s, steps);
        result = ashby_ats.create_webhook(&s.link, HOOK, secret, known, &made, &s.outcome);
        outcome_is(&s, result, want, name);
        if (made != NULL)
                text = json_text(made);
        tap_text(text, want_made, "%s: what was made", name);
        mem_free(text);
        json_decref(made);
        json_decref(known);
        stand_end(&s, name);
}

#define INFO_OF(id, type, url, on)                                                                 \
        CALL("webhook.info", "{\"webhookId\":\"" id "\"}",                                         \
             "{\"id\":\"" id "\",\"enabled\":" on ",\"requestUrl\":\"" url                         \
             "\",\"webhookType\":\"" type "\"}")

static void test_webhooks(void)
{
        static const struct step all[] = {
                MADE("candidateStageChange", W("1")),    MADE("candidateMerge", W("2")),
                MADE("candidateDelete", W("3")),         MADE("interviewScheduleCreate", W("4")),
                MADE("interviewScheduleUpdate", W("5")), END
        };
        static const struct step some[] = { DUPLICATE("candidateStageChange"),
                                            MADE("candidateMerge", W("2")),
                                            DUPLICATE("candidateDelete"),
                                            OFF("interviewScheduleCreate", W("4")),
                                            ENABLE(W("4"), "true"),
                                            DUPLICATE("interviewScheduleUpdate"),
                                            END };
        static const struct step unreachable[] = { OFF("candidateStageChange", W("1")),
                                                   ENABLE(W("1"), "false"),
                                                   OFF("candidateMerge", W("2")),
                                                   ENABLE(W("2"), "false"),
                                                   OFF("candidateDelete", W("3")),
                                                   ENABLE(W("3"), "false"),
                                                   OFF("interviewScheduleCreate", W("4")),
                                                   ENABLE(W("4"), "false"),
                                                   OFF("interviewScheduleUpdate", W("5")),
                                                   ENABLE(W("5"), "false"),
                                                   END };
        static const struct step lacks[] = {
                RAW("webhook.create", HOOK_BODY("candidateStageChange"), 403,
                    "{\"success\":false,\"errorInfo\":{\"code\":\"missing_endpoint_permission\"}}"),
                END
        };
        static const struct step half[] = {
                MADE("candidateStageChange", W("1")),
                FAILS("webhook.create", HOOK_BODY("candidateMerge"), FETCH_UNCERTAIN), END
        };
        static const struct step again[] = {
                INFO_OF(W("1"), "candidateStageChange", HOOK, "true"),
                INFO_OF(W("2"), "candidateMerge", HOOK, "false"),
                ENABLE(W("2"), "true"),
                RAW("webhook.info", NULL, 200,
                    "{\"success\":false,\"errors\":[\"webhook_not_found\"]}"),
                INFO_OF(W("4"), "interviewScheduleCreate", HOOK, "true"),
                INFO_OF(W("5"), "interviewScheduleUpdate", HOOK, "true"),
                MADE("candidateDelete", W("6")),
                END
        };
        static const struct step known_all[] = {
                INFO_OF(W("1"), "candidateStageChange", HOOK, "true"),
                INFO_OF(W("2"), "candidateMerge", HOOK, "true"),
                INFO_OF(W("3"), "candidateDelete", HOOK, "true"),
                INFO_OF(W("4"), "interviewScheduleCreate", HOOK, "true"),
                INFO_OF(W("5"), "interviewScheduleUpdate", HOOK, "true"),
                END
        };
        static const struct step none[] = { END };

        hook_one("all webhooks", all, "s3cret", NULL, OUTCOME_DONE,
                 "{\"ids\":[" ALL_IDS "],\"secrets\":[\"s3cret\"]}");
        hook_one("some are there, one was disabled", some, "s3cret", "[]", OUTCOME_DONE,
                 "{\"ids\":[\"" W("2") "\",\"" W("4") "\"],\"secrets\":[\"s3cret\"]}");
        hook_one("those that are known are left", again, "s3cret", "[" ALL_IDS "]", OUTCOME_DONE,
                 "{\"ids\":[\"" W("1") "\",\"" W("2") "\",\"" W("4") "\",\"" W("5") "\",\"" W(
                     "6") "\"],\"secrets\":[\"s3cret\"]}");
        hook_one("all are known", known_all, "s3cret", "[" ALL_IDS "]", OUTCOME_DONE,
                 "{\"ids\":[" ALL_IDS "],\"secrets\":[]}");
        hook_one("pings that nobody answers", unreachable, "s3cret", NULL, OUTCOME_REFUSED,
                 "{\"ids\":[" ALL_IDS "],\"secrets\":[\"s3cret\"]}");
        hook_one("broken half-way", half, "s3cret", NULL, OUTCOME_UNCERTAIN,
                 "{\"ids\":[\"" W("1") "\"],\"secrets\":[\"s3cret\"]}");
        hook_one("a key that may not", lacks, "s3cret", NULL, OUTCOME_DENIED, NULL);
        hook_one("no secret", none, NULL, NULL, OUTCOME_REFUSED, NULL);
}

/* --- the partner's calls (section 3, traps 10, 21) ------------------------------------------ */

#define OURS "0123456789abcdef0123456789abcd"
#define THEIRS "01234567-89ab-8cde-af01-23456789abcd"

static void test_partner_ids(void)
{
        static const char *const none[] = { NULL,
                                            "",
                                            OURS,
                                            "01234567-89ab-4cde-af01-23456789abcd",
                                            "01234567-89ab-8cde-bf01-23456789abcd",
                                            "01234567-89ab-8cde-af01-23456789abcg",
                                            "0123456789ab-8cde-af01-23456789abcd-",
                                            THEIRS "0" };
        char *id = ashby_assessment_id(OURS), *back = ashby_assessment_from(id), *other;

        tap_text(id, THEIRS, "our id as a UUID of version 8");
        tap_text(back, OURS, "and back");
        mem_free(back);
        back = ashby_assessment_from("01234567-89AB-8CDE-AF01-23456789ABCD");
        tap_text(back, OURS, "in capital letters as well");
        for (size_t i = 0; i < sizeof none / sizeof *none; i++)
                tap_ok(ashby_assessment_from(none[i]) == NULL, "no id of ours: %s",
                       text_or(none[i], "(none)"));
        mem_free(id);
        id = ashby_type_id("cs", "T1");
        other = ashby_type_id("cs", "T1");
        tap_text(id, other, "a type's id is the same each time");
        mem_free(other);
        other = ashby_type_id("cb", "T1");
        tap_ok(!text_equal(id, other), "another platform's is another");
        mem_free(other);
        mem_free(back);
        mem_free(id);
}

#define START(rest)                                                                                \
        "{\"assessment_type_id\":\"t\",\"candidate\":{\"ashby_id\":\"" C "\",\"first_name\":"      \
        "\"Ada\",\"last_name\":\"King\",\"email\":\"ada@x.example\",\"ashby_profile_url\":"        \
        "\"https://app.ashbyhq.com/x\"},\"application\":{\"ashby_id\":\"" A                        \
        "\",\"status\":\"Interview\"},\"job\":{\"ashby_id\":\"" J "\",\"name\":\"E\"}" rest "}"

static void test_partner_start(void)
{
        static const struct {
                const char *name, *body, *why;
        } bad[] = {
                { "a list", "[]", "body: must be" },
                { "nothing", "{}", "assessment_type_id: is missing" },
                { "a type that is a number", "{\"assessment_type_id\":5}",
                  "assessment_type_id: is missing" },
                { "no application", "{\"assessment_type_id\":\"t\"}",
                  "application.ashby_id: is missing" },
                { "no candidate",
                  "{\"assessment_type_id\":\"t\",\"application\":{\"ashby_id\":\"a\"}}",
                  "candidate.ashby_id: is missing" },
                { "no address",
                  "{\"assessment_type_id\":\"t\",\"application\":{\"ashby_id\":\"a\"},"
                  "\"candidate\":{\"ashby_id\":\"c\",\"email\":null}}",
                  "candidate.email: is missing" },
                { "an address that is none",
                  "{\"assessment_type_id\":\"t\",\"application\":{\"ashby_id\":\"a\"},"
                  "\"candidate\":{\"ashby_id\":\"c\",\"email\":\"ada at x\"}}",
                  "candidate.email: is no" },
        };
        json_t *asked = json_pack("{s:s}", "req", "Requisition");
        struct ashby_start start;
        struct fail why;
        json_t *body;

        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                body = json_parse(bad[i].body, strlen(bad[i].body), true, NULL);
                fail_clear(&why);
                tap_int(ashby_start_read(body, NULL, &start, &why), -1, "start: %s", bad[i].name);
                tap_ok(text_starts(why.text, bad[i].why), "says: %s", why.text);
                ashby_start_dispose(&start);
                json_decref(body);
        }
        body = json_parse(START(",\"additional_fields\":{\"req\":7,\"not_asked\":\"x\"}"),
                          strlen(START(",\"additional_fields\":{\"req\":7,\"not_asked\":\"x\"}")),
                          true, NULL);
        tap_int(ashby_start_read(body, asked, &start, &why), 0,
                "a start whose status is in no enumeration");
        tap_text(start.email, "ada@x.example", "address");
        tap_text(start.first_name, "Ada", "both names apart");
        tap_text(start.profile, "https://app.ashbyhq.com/x", "page");
        tap_int((int64_t)json_object_size(start.fields), 1, "only the fields that we asked for");
        tap_text(json_get_text(start.fields, "Requisition", NULL), "7", "by their name, as text");
        ashby_start_dispose(&start);
        json_decref(body);
        json_decref(asked);
}

/* method: whose answer it is, for tests/schema; NULL: of none that is described. */
static void answer_is(const char *method, json_t *answer, const char *want, const char *name)
{
        char *text = json_text(answer), *url = mem_format(BASE "/%s", text_or(method, ""));
        const struct fetch_request line = {
                .method = "ANSWER", .url = url, .body = text, .body_len = strlen(text)
        };

        if (method != NULL)
                record_request("ashby", &line);
        mem_free(url);

        tap_text(text, want, "%s", name);
        mem_free(text);
        json_decref(answer);
}

static void test_partner_answers(void)
{
        json_t *tests = json_pack("[{s:s,s:s,s:i,s:[s]}]", "id", "T1", "title", "Backend",
                                  "duration_ms", 4200000, "labels", "Go"),
               *asked = json_pack("{s:s}", "req", "Requisition"), *types;
        char *uuid = ashby_type_id("cs", "T1"), *want;

        types = ashby_types("cs", tests);
        want = mem_format("{\"results\":[{\"assessment_type_id\":\"%s\",\"description\":\"70 "
                          "minutes, Go\",\"name\":\"Backend\"}],\"success\":true}",
                          uuid);
        answer_is("assessment.list", types, want, "the list of types");
        answer_is("assessment.customField.list", ashby_fields(asked),
                  "{\"fields\":[{\"id\":\"req\",\"isRequired\":false,\"name\":\"Requisition\","
                  "\"type\":\"String\"}],\"success\":true}",
                  "the fields, under their own member");
        answer_is("assessment.customField.list", ashby_fields(NULL),
                  "{\"fields\":[],\"success\":true}", "none");
        answer_is("assessment.start", ashby_started(THEIRS),
                  "{\"results\":{\"assessment_id\":\"" THEIRS "\"},\"success\":true}", "started");
        answer_is("assessment.cancel", ashby_refusal("no", "why"),
                  "{\"errorInfo\":{\"code\":\"no\",\"message\":\"why\"},\"errors\":[\"no\"],"
                  "\"success\":false}",
                  "refused");
        mem_free(want);
        mem_free(uuid);
        json_decref(tests);
        json_decref(asked);
}

#define STATUS(word)                                                                               \
        "\"assessment_status\":{\"identifier\":\"fairlead-status\",\"label\":\"Status\",\"type\":" \
        "\"string\",\"value\":\"" word "\"}"
#define TELL(body)                                                                                 \
        RAW("assessment.update", body, 200, "{\"success\":true}") /* results may be left out */

static void tell_one(const char *name, const char *body, struct partner_news *news,
                     enum outcome_kind want)
{
        const struct step steps[] = { TELL(body), END };
        struct stand s;
        int result;

        stand_init(&s, steps);
        news->id = OURS;
        news->desk = "partner";
        news->platform = "CodeSignal";
        result = ashby_ats.tell_partner(&s.link, news, &s.outcome);
        outcome_is(&s, result, want, name);
        stand_end(&s, name);
}

static void test_partner_update(void)
{
        char title[] = "Backend", task[] = "Two sums", id[] = "s1";
        struct part parts[] = { { .title = task, .scored = true, .value = 225, .most = 300 } };
        struct session s = { .id = id, .test_title = title, .state = SESSION_STARTED };
        json_t *kept = json_pack("{s:{s:s}}", "fields", "Requisition", "R7");
        struct partner_news news = { .stage = PARTNER_OPEN, .session = &s, .kept = kept };

#define ASSESSMENT                                                                                 \
        "{\"identifier\":\"fairlead-assessment\",\"label\":\"Assessment\",\"type\":\"string\","    \
        "\"value\":\"Backend (CodeSignal)\"}"
#define FIELD                                                                                      \
        "{\"identifier\":\"fairlead-field-1\",\"label\":\"Requisition\",\"type\":\"string\","      \
        "\"value\":\"R7\"}"
        news.stamp_ms = 1700000000001;
        tell_one("started",
                 "{\"assessment_id\":\"" THEIRS "\"," STATUS("Started") ",\"metadata\":[" ASSESSMENT
                                                                        "," FIELD "],\"timestamp\":"
                                                                        "1700000000001}",
                 &news, OUTCOME_DONE);
        s.state = SESSION_COMPLETE;
        s.score = (struct score){ true, 512, 200, 600, "codingScore2023", "" };
        s.parts = parts;
        s.part_count = 1;
        news.stage = PARTNER_OVER;
        news.report = "https://hire.example.org/r";
        news.stamp_ms = 1700000000002;
        tell_one("complete", NULL, &news, OUTCOME_DONE);
        s.state = SESSION_NOT_VERIFIED;
        s.verification = VERIFICATION_NOT_VERIFIED;
        tell_one("not verified", NULL, &news, OUTCOME_DONE);
        s.state = SESSION_EXPIRED;
        news.stage = PARTNER_ENDED;
        news.stamp_ms = 1700000000003;
        tell_one("expired",
                 "{\"assessment_id\":\"" THEIRS
                 "\"," STATUS("Expired") ",\"cancelled_reason\":{"
                                         "\"identifier\":\"fairlead-cancelled-reason\",\"label\":"
                                         "\"Reason\",\"type\":"
                                         "\"string\",\"value\":\"The invitation "
                                         "expired.\"},\"metadata\":[" ASSESSMENT "," FIELD
                                         "],\"timestamp\":1700000000003}",
                 &news, OUTCOME_DONE);
        news = (struct partner_news){ .stage = PARTNER_NOT_SENT,
                                      .reason = "No credits.",
                                      .stamp_ms = 1700000000004 };
        tell_one("not sent",
                 "{\"assessment_id\":\"" THEIRS
                 "\"," STATUS("Not sent") ",\"cancelled_reason\":{"
                                          "\"identifier\":\"fairlead-cancelled-reason\",\"label\":"
                                          "\"Reason\",\"type\":"
                                          "\"string\",\"value\":\"No credits.\"},\"metadata\":[],"
                                          "\"timestamp\":1700000000004}",
                 &news, OUTCOME_DONE);
        json_decref(kept);
}

/* What completes an assessment: a number with all that it needs, and nothing that is not final. */
static void test_partner_result(void)
{
        static const struct {
                const char *name;
                enum session_state state;
                enum verification verification;
                bool score, report, result;
        } rows[] = {
                { "a score", SESSION_COMPLETE, VERIFICATION_VERIFIED, true, true, true },
                { "no score", SESSION_COMPLETE, VERIFICATION_NONE, false, true, true },
                { "not verified", SESSION_NOT_VERIFIED, VERIFICATION_NOT_VERIFIED, true, true,
                  false },
                { "in review", SESSION_IN_REVIEW, VERIFICATION_PENDING, true, true, false },
                { "no page to look at", SESSION_COMPLETE, VERIFICATION_NONE, true, false, false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct session s = { .state = rows[i].state, .verification = rows[i].verification };
                struct partner_news news = { .id = OURS,
                                             .stage = rows[i].state == SESSION_IN_REVIEW
                                                          ? PARTNER_OPEN
                                                          : PARTNER_OVER,
                                             .session = &s,
                                             .platform = "CodeSignal",
                                             .report = rows[i].report ? "https://r.example" : NULL,
                                             .stamp_ms = 1 };
                const struct step steps[] = { TELL(NULL), END };
                struct stand stand;
                json_t *sent;

                if (rows[i].score)
                        s.score = (struct score){ true, 512, 200, 600, "codingScore2023", "" };
                stand_init(&stand, steps);
                ashby_ats.tell_partner(&stand.link, &news, &stand.outcome);
                sent = json_parse(stand.other.last, strlen(stand.other.last), true, NULL);
                tap_ok((json_at(sent, "assessment_result") != NULL) == rows[i].result &&
                           (json_at(sent, "assessment_profile_url") != NULL) == rows[i].result,
                       "%s: %s", rows[i].name, rows[i].result ? "completes it" : "does not");
                tap_ok(strstr(stand.other.last, "512") == NULL || rows[i].state == SESSION_COMPLETE,
                       "%s: no number that is not final", rows[i].name);
                if (rows[i].result && rows[i].score)
                        tap_ok(json_real_of(json_at(sent, "assessment_result.value"), 0) == 512 &&
                                   strstr(stand.other.last, "fairlead-score-most") != NULL &&
                                   strstr(stand.other.last, "fairlead-score-least") != NULL &&
                                   strstr(stand.other.last, "codingScore2023") != NULL &&
                                   strstr(stand.other.last, "fairlead-verification") != NULL,
                               "%s: with scale, version and verification: %s", rows[i].name,
                               stand.other.last);
                json_decref(sent);
                stand_end(&stand, rows[i].name);
        }
}

/* --- trying a connection --------------------------------------------------------------- */

#define ALL_SCOPES                                                                                 \
        "\"candidatesRead\",\"candidatesWrite\",\"interviewsRead\",\"jobsRead\","                  \
        "\"hiringProcessMetadataRead\""
#define LACK "{\"success\":false,\"errorInfo\":{\"code\":\"missing_endpoint_permission\"}}"
#define ONE(method) CALL(method, "{\"limit\":1}", "[]")

static void test_one(const char *name, const struct step *steps, const char *user,
                     enum outcome_kind want, const char *what, bool ok, const char *sentence)
{
        json_t *report = NULL;
        bool found = false;
        struct stand s;
        int result;

        stand_init(&s, steps);
        if (user != NULL)
                json_set_text(s.settings, "act_as_user", user);
        result = ashby_ats.test(&s.link, &report, &s.outcome);
        outcome_is(&s, result, want, name);
        for (size_t i = 0; i < json_array_size(report); i++) {
                const json_t *row = json_array_get(report, i);

                if (text_equal(json_get_text(row, "what", NULL), what)) {
                        found = true;
                        tap_ok(json_get_bool(row, "ok", !ok) == ok &&
                                   strstr(json_get_text(row, "sentence", ""), sentence) != NULL,
                               "%s: %s: %s", name, what, json_get_text(row, "sentence", ""));
                }
        }
        tap_ok(found, "%s: the report speaks of %s", name, what);
        json_decref(report);
        stand_end(&s, name);
}

/* Webhooks that we made, and what became of them there. */
static void test_hooks(void)
{
        static const struct step fine[] = { CALL("apiKey.info", "{}",
                                                 "{\"scopes\":[" ALL_SCOPES "]}"),
                                            INFO_OF(W("1"), "candidateMerge", HOOK, "true"), END };
        static const struct step off[] = { CALL("apiKey.info", "{}",
                                                "{\"scopes\":[" ALL_SCOPES "]}"),
                                           INFO_OF(W("1"), "candidateMerge", HOOK, "false"), END };
        static const struct step deleted[] = {
                CALL("apiKey.info", "{}", "{\"scopes\":[" ALL_SCOPES "]}"),
                RAW("webhook.info", NULL, 200,
                    "{\"success\":false,\"errors\":[\"webhook_not_found\"]}"),
                END
        };
        static const struct step hidden[] = { CALL("apiKey.info", "{}",
                                                   "{\"scopes\":[" ALL_SCOPES "]}"),
                                              RAW("webhook.info", NULL, 403, LACK), END };
        static const struct {
                const char *name;
                const struct step *steps;
                enum outcome_kind want;
                const char *sentence;
        } rows[] = {
                { "a webhook that works", fine, OUTCOME_DONE, "" },
                { "one that Ashby disabled", off, OUTCOME_DENIED, "disabled" },
                { "one that was deleted there", deleted, OUTCOME_DENIED, "deleted" },
                { "a key that may not look", hidden, OUTCOME_DONE, "" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *report = NULL, *hooks = json_pack("[s]", W("1"));
                struct stand s;
                int result;

                stand_init(&s, rows[i].steps);
                s.link.hooks = hooks;
                result = ashby_ats.test(&s.link, &report, &s.outcome);
                outcome_is(&s, result, rows[i].want, rows[i].name);
                tap_ok(strstr(s.outcome.sentence, rows[i].sentence) != NULL, "%s: sentence (%s)",
                       rows[i].name, s.outcome.sentence);
                json_decref(report);
                json_decref(hooks);
                stand_end(&s, rows[i].name);
        }
}

/* Before settings are stored: a user who cannot be acted for is refused early. */
static void test_settings(void)
{
        static const struct step active[] = { CALL("user.info", NULL, "{\"isEnabled\":true}"),
                                              END },
                                 left[] = { CALL("user.info", NULL, "{\"isEnabled\":false}"), END },
                                 nobody[] = { RAW("user.info", NULL, 200,
                                                  "{\"success\":false,\"errorInfo\":{\"code\":"
                                                  "\"user_not_found\"}}"),
                                              END },
                                 wrong[] = { RAW("user.info", NULL, 403, "Forbidden"), END },
                                 down[] = { FAILS("user.info", NULL, FETCH_UNREACHABLE), END },
                                 none[] = { END };
        static const struct {
                const char *name, *user;
                const struct step *steps;
                enum outcome_kind want;
        } rows[] = {
                { "an active user", USER, active, OUTCOME_DONE },
                { "one who left", USER, left, OUTCOME_DENIED },
                { "one who does not exist", USER, nobody, OUTCOME_DENIED },
                { "a wrong key is another matter", USER, wrong, OUTCOME_DONE },
                { "so is a vendor who is down", USER, down, OUTCOME_DONE },
                { "nobody to act for", NULL, none, OUTCOME_DONE },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct stand s;

                stand_init(&s, rows[i].steps);
                if (rows[i].user != NULL)
                        json_set_text(s.settings, "act_as_user", rows[i].user);
                outcome_is(&s, ashby_ats.check_settings(&s.link, &s.outcome), rows[i].want,
                           rows[i].name);
                stand_end(&s, rows[i].name);
        }
}

static void test_test(void)
{
        static const struct step good[] = {
                CALL("apiKey.info", "{}", "{\"title\":\"k\",\"scopes\":[" ALL_SCOPES "]}"), END
        };
        static const struct step no_write[] = { CALL("apiKey.info", "{}",
                                                     "{\"scopes\":[\"candidatesRead\","
                                                     "\"interviewsRead\",\"jobsRead\"]}"),
                                                END };
        static const struct step silent[] = { RAW("apiKey.info", "{}", 403, LACK),
                                              ONE("application.list"),
                                              RAW("interviewPlan.list", "{\"limit\":1}", 403, LACK),
                                              ONE("job.list"),
                                              ONE("candidateTag.list"),
                                              END };
        static const struct step wrong[] = { RAW("apiKey.info", "{}", 403, "Forbidden"), END };
        static const struct step user[] = { CALL("apiKey.info", "{}",
                                                 "{\"scopes\":[" ALL_SCOPES "]}"),
                                            CALL("user.info", "{\"userId\":\"" USER "\"}",
                                                 "{\"id\":\"" USER "\",\"isEnabled\":false}"),
                                            END };

        test_hooks();
        test_settings();
        test_one("a key that may", good, NULL, OUTCOME_DONE, "Candidates: write", true, "Granted");
        test_one("what assessments do without", good, NULL, OUTCOME_DONE, "Interviews: write", true,
                 "Not needed as the rules are");
        test_one("a key that may not write", no_write, NULL, OUTCOME_DENIED, "Candidates: write",
                 false, "lacks");
        test_one("a key that may not ask about itself", silent, NULL, OUTCOME_DENIED,
                 "Interviews: read", false, "lacks");
        test_one("a wrong key", wrong, NULL, OUTCOME_DENIED, "api_key", false, "does not know");
        test_one("a user who left", user, USER, OUTCOME_DENIED, "act_as_user", false,
                 "deactivated");
}

int main(void)
{
        test_read();
        test_failures();
        test_notes();
        test_jobs();
        test_stages();
        test_moves();
        test_tags();
        test_files();
        test_schedules();
        test_webhooks();
        test_partner_ids();
        test_partner_start();
        test_partner_answers();
        test_partner_update();
        test_partner_result();
        test_test();
        return tap_end();
}
