/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Harvest v3 from the adapter's side: each test is a conversation, request by request, with
 * the answers of a table.  What is sent is compared to the letter and, if asked for, kept
 * for tests/schema (wire/greenhouse.md 3, 8).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/record.h"
#include "../tap.h"
#include "ats/greenhouse.h"
#include "ats/greenhouse_v3.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define BASE "https://harvest.greenhouse.io/v3"
#define TOKEN_URL "https://auth.greenhouse.io/token"
#define CLIENT "client-id-of-acme-7781"
#define SECRET "client-secret-of-acme-4431"

/* --- the other side ---------------------------------------------------------------- */

struct step {
        const char *method; /* NULL ends a conversation */
        const char *path;   /* behind the base; a whole URL if it has "://" */
        const char *body;   /* what must be sent; NULL: nothing */
        int status;         /* 0: no answer, then end says how */
        const char *answer;
        const char *headers; /* "Name: value\n" lines; NULL for none */
        enum fetch_end end;
};

struct other {
        const struct step *steps;
        int at, minted, wrong;
        const char *token_answer; /* NULL: a good one */
        int token_status;
        const char *token_headers;
        enum fetch_end token_end;
        char bearer[64]; /* the token last given */
        char form[200];  /* the form last posted for one */
};

static void complain(struct other *other, const char *what, const char *got, const char *want)
{
        other->wrong++;
        tap_note("request %d: %s is %s, not %s", other->at + 1, what, text_or(got, "(nothing)"),
                 text_or(want, "(nothing)"));
}

static int give(struct fetch_answer *answer, enum fetch_end end, int status, const char *body,
                const char *headers)
{
        *answer = (struct fetch_answer){ .end = end, .status = end == FETCH_ANSWERED ? status : 0 };
        answer->elapsed_us = 1000;
        if (end != FETCH_ANSWERED) {
                snprintf(answer->cause, sizeof answer->cause, "as the test orders");
                return -1;
        }
        buf_add_text(&answer->body, text_or(body, ""));
        buf_add_text(&answer->headers, text_or(headers, ""));
        return 0;
}

static int give_token(struct other *other, const struct fetch_request *request,
                      struct fetch_answer *answer)
{
        char *body;
        int result;

        other->minted++;
        snprintf(other->form, sizeof other->form, "%.*s", (int)request->body_len,
                 (const char *)request->body);
        if (!text_equal(request->method, "POST") || !text_equal(request->user, CLIENT) ||
            !text_equal(request->password, SECRET))
                complain(other, "the trade for a token", request->method, "POST with both halves");
        if (other->token_status != 0 || other->token_end != FETCH_ANSWERED)
                return give(answer, other->token_end, other->token_status, other->token_answer,
                            other->token_headers);
        snprintf(other->bearer, sizeof other->bearer, "bearer-token-number-%d", other->minted);
        body = other->token_answer != NULL
                   ? mem_text(other->token_answer)
                   : mem_format("{\"token_type\":\"Bearer\",\"access_token\":\"%s\","
                                "\"expires_at\":\"2999-01-01T00:00:00Z\"}",
                                other->bearer);
        result = give(answer, FETCH_ANSWERED, 200, body, NULL);
        mem_free(body);
        return result;
}

static bool has_header(const struct fetch_request *request, const char *start)
{
        for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
                if (text_starts_fold(request->headers[i], start))
                        return true;
        return false;
}

/* What holds for every request: a GET has no body and no word about one, nothing speaks of
 * On-Behalf-Of, and the token is the one last given. */
static void common(struct other *other, const struct fetch_request *request)
{
        char *bearer = mem_format("Authorization: Bearer %s", other->bearer);

        if (text_equal(request->method, "GET") &&
            (request->body != NULL || request->body_len != 0 || has_header(request, "Content-")))
                complain(other, "the body of a GET", "there", "absent");
        if (has_header(request, "On-Behalf-Of"))
                complain(other, "On-Behalf-Of", "there", "absent");
        if (request->body != NULL && !has_header(request, "Content-Type: application/json"))
                complain(other, "Content-Type", NULL, "application/json");
        if (!has_header(request, bearer))
                complain(other, "the token", "another", other->bearer);
        mem_free(bearer);
}

static int answer_call(struct link *link, const struct fetch_request *request,
                       struct fetch_answer *answer, struct fail *why)
{
        struct other *other = link->context;
        const struct step *step = &other->steps[other->at];
        char *url, *body;

        (void)why;
        record_request("greenhouse", request);
        if (text_equal(request->url, TOKEN_URL))
                return give_token(other, request, answer);
        if (step->method == NULL) {
                complain(other, "one request too many", request->url, NULL);
                return give(answer, FETCH_UNREACHABLE, 0, NULL, NULL);
        }
        common(other, request);
        url = strstr(step->path, "://") != NULL ? mem_text(step->path)
                                                : mem_format(BASE "/%s", step->path);
        body = request->body == NULL ? NULL : mem_text_part(request->body, request->body_len);
        if (!text_equal(request->method, step->method))
                complain(other, "the method", request->method, step->method);
        if (!text_equal(request->url, url))
                complain(other, "the address", request->url, url);
        if (!text_equal(body, step->body))
                complain(other, "the body", body, step->body);
        mem_free(url);
        mem_free(body);
        other->at++;
        return give(answer, step->end, step->status, step->answer, step->headers);
}

struct stand {
        struct other other;
        struct link_token token;
        struct link link;
        json_t *settings, *credentials;
        struct outcome outcome;
};

static void stand_init(struct stand *s, const struct step *steps)
{
        memset(s, 0, sizeof *s);
        pthread_mutex_init(&s->token.lock, NULL);
        s->other.steps = steps;
        s->settings = json_object();
        json_set_text(s->settings, "base_url", BASE);
        json_set_text(s->settings, "token_url", TOKEN_URL);
        json_set_int(s->settings, "act_as_user", INT64_C(5414812002));
        json_set_text(s->settings, "subdomain", "app2");
        s->credentials = json_object();
        json_set_text(s->credentials, "client_id", CLIENT);
        json_set_text(s->credentials, "client_secret", SECRET);
        s->link = (struct link){ .org = "acme",
                                 .id = "gh",
                                 .settings = s->settings,
                                 .credentials = s->credentials,
                                 .token = &s->token,
                                 .scale = 1,
                                 .call = answer_call,
                                 .context = &s->other };
}

/* Everything asked for was asked, nothing else, and no text holds a secret. */
static void stand_end(struct stand *s, const char *name)
{
        const char *rest = s->other.steps[s->other.at].method;

        tap_ok(s->other.wrong == 0 && rest == NULL, "%s: the conversation as written%s", name,
               rest == NULL ? "" : ", but too short");
        for (int i = 0; i < 2; i++) {
                const char *text = i == 0 ? s->outcome.sentence : s->outcome.detail;

                tap_ok(strstr(text, CLIENT) == NULL && strstr(text, SECRET) == NULL &&
                           strstr(text, "bearer-token") == NULL,
                       "%s: no secret in the %s", name, i == 0 ? "sentence" : "detail");
        }
        pthread_mutex_destroy(&s->token.lock);
        if (s->token.text != NULL)
                mem_free_secret(s->token.text);
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
                NULL, NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED                                    \
        }
#define GET(path, status, answer)                                                                  \
        {                                                                                          \
                "GET", path, NULL, status, answer, NULL, FETCH_ANSWERED                            \
        }
#define GET_WITH(path, status, answer, headers)                                                    \
        {                                                                                          \
                "GET", path, NULL, status, answer, headers, FETCH_ANSWERED                         \
        }
#define FAILS(method, path, body, end)                                                             \
        {                                                                                          \
                method, path, body, 0, NULL, NULL, end                                             \
        }
#define SEND(method, path, body, status, answer)                                                   \
        {                                                                                          \
                method, path, body, status, answer, NULL, FETCH_ANSWERED                           \
        }

#define ROW                                                                                        \
        "{\"id\":6409476002,\"candidate_id\":5300000001,\"job_id\":4298418002,"                    \
        "\"stage_id\":9000000777,\"job_interview_stage_id\":71416000002,"                          \
        "\"stage_name\":\"Coding test\",\"status\":\"in_process\",\"prospect\":false,"             \
        "\"source_id\":null,\"custom_fields\":null,\"answers\":null}"
#define ROW_WITHOUT                                                                                \
        "{\"id\":6409476002,\"candidate_id\":5300000001,\"job_id\":4298418002,"                    \
        "\"stage_id\":9000000777,\"stage_name\":\"Coding test\",\"status\":\"in_process\","        \
        "\"prospect\":false}"
#define CANDIDATE                                                                                  \
        "{\"id\":5300000001,\"first_name\":\"Zo\xC3\xAB\",\"last_name\":null,\"private\":true,"    \
        "\"email_addresses\":[{\"value\":null},{\"value\":\"zoe@example.com\",\"type\":"           \
        "\"personal\"}],\"tags\":[]}"
#define READ "applications?ids=6409476002"
#define STAGES "job_interview_stages?job_ids=4298418002&per_page=500"
#define STAGE_ROWS                                                                                 \
        "[{\"id\":71416000004,\"job_id\":4298418002,\"sort_order\":9,\"name\":\"Offer\","          \
        "\"active\":true},"                                                                        \
        "{\"id\":71416000003,\"job_id\":4298418002,\"sort_order\":3,\"name\":\"On-site\","         \
        "\"active\":true},"                                                                        \
        "{\"id\":71416000009,\"job_id\":4298418002,\"sort_order\":2,\"name\":\"Old\","             \
        "\"active\":false},"                                                                       \
        "{\"id\":71416000002,\"job_id\":4298418002,\"sort_order\":1,\"name\":\"Coding test\","     \
        "\"active\":true},"                                                                        \
        "{\"id\":71416000001,\"job_id\":4298418002,\"sort_order\":0,\"name\":"                     \
        "\"Application Review\",\"active\":true},"                                                 \
        "{\"id\":1,\"job_id\":2,\"sort_order\":0,\"name\":\"Another job's\",\"active\":true}]"

/* --- reading ----------------------------------------------------------------------- */

static void read_one(const char *name, const struct step *steps, const char *id,
                     enum outcome_kind want, struct application *out, struct outcome *outcome)
{
        struct stand s;
        struct application a;
        int result;

        stand_init(&s, steps);
        result = greenhouse_ats.read_application(&s.link, id, &a, &s.outcome);
        outcome_is(&s, result, want, name);
        if (want != OUTCOME_DONE)
                tap_ok(a.id == NULL && a.email == NULL, "%s: nothing is left behind", name);
        if (outcome != NULL)
                *outcome = s.outcome;
        if (out != NULL)
                *out = a;
        else
                application_dispose(&a);
        stand_end(&s, name);
}

static void test_read(void)
{
        static const struct step steps[] = {
                GET(READ, 200, "[" ROW "]"),
                GET("candidates?ids=5300000001", 200, "[" CANDIDATE "]"),
                GET("jobs?ids=4298418002", 200, "[{\"id\":4298418002,\"name\":\"Designer\"}]"), END
        };
        struct application a;

        read_one("an application", steps, "6409476002", OUTCOME_DONE, &a, NULL);
        tap_text(a.id, "6409476002", "id beyond 32 bits");
        tap_text(a.candidate_id, "5300000001", "candidate");
        tap_text(a.job_id, "4298418002", "job");
        tap_text(a.job_name, "Designer", "job name");
        tap_text(a.stage_id, "71416000002", "the job's stage");
        tap_text(a.stage_instance, "9000000777", "the instance, which is another number");
        tap_text(a.stage_name, "Coding test", "stage name");
        tap_text(a.status, "active", "in_process reads active");
        tap_text(a.first_name, "Zo\xC3\xAB", "first name");
        tap_ok(a.last_name == NULL, "no last name");
        tap_text(a.email, "zoe@example.com", "the first usable address");
        tap_ok(a.private_candidate && !a.prospect, "private, no prospect");
        tap_text(a.url, "https://app2.greenhouse.io/people/5300000001?application_id=6409476002",
                 "where people look");
        application_dispose(&a);
}

/* job_interview_stage_id "do not rely on presence": history, then the name. */
static void test_read_stage(void)
{
        static const struct step history[] = {
                GET(READ, 200, "[" ROW_WITHOUT "]"),
                GET("application_stages?application_ids=6409476002&current=true", 200,
                    "[{\"id\":1,\"application_id\":6409476002,\"job_interview_stage_id\":5,"
                    "\"current\":false},{\"id\":9000000777,\"application_id\":6409476002,"
                    "\"job_interview_stage_id\":71416000002,\"current\":true}]"),
                GET("candidates?ids=5300000001", 200, "[" CANDIDATE "]"),
                GET("jobs?ids=4298418002", 403, "{\"message\":\"Forbidden\"}"), END
        };
        static const struct step by_name[] = {
                GET(READ, 200, "[" ROW_WITHOUT "]"),
                GET("application_stages?application_ids=6409476002&current=true", 403,
                    "{\"message\":\"Forbidden\"}"),
                GET(STAGES, 200, STAGE_ROWS),
                GET("candidates?ids=5300000001", 200, "[" CANDIDATE "]"),
                GET("jobs?ids=4298418002", 200, "[]"),
                END
        };
        static const struct step twice[] = {
                GET(READ, 200, "[" ROW_WITHOUT "]"),
                GET("application_stages?application_ids=6409476002&current=true", 200, "[]"),
                GET(STAGES, 200,
                    "[{\"id\":1,\"job_id\":4298418002,\"name\":\"Coding test\",\"active\":true},"
                    "{\"id\":2,\"job_id\":4298418002,\"name\":\"Coding test\",\"active\":true}]"),
                GET("candidates?ids=5300000001", 200, "[" CANDIDATE "]"),
                GET("jobs?ids=4298418002", 200, "[]"),
                END
        };
        static const struct step prospect[] = {
                GET(READ, 200,
                    "[{\"id\":6409476002,\"candidate_id\":5300000001,\"job_id\":null,"
                    "\"stage_id\":null,\"stage_name\":null,\"status\":\"in_process\","
                    "\"prospect\":true}]"),
                GET("candidates?ids=5300000001", 200, "[" CANDIDATE "]"), END
        };
        struct application a;

        read_one("stage by history", history, "6409476002", OUTCOME_DONE, &a, NULL);
        tap_text(a.stage_id, "71416000002", "history: the stage");
        tap_ok(a.job_name == NULL, "no permission for jobs costs the name only");
        application_dispose(&a);
        read_one("stage by name", by_name, "6409476002", OUTCOME_DONE, &a, NULL);
        tap_text(a.stage_id, "71416000002", "name: the stage");
        application_dispose(&a);
        read_one("two stages of one name", twice, "6409476002", OUTCOME_DONE, &a, NULL);
        tap_ok(a.stage_id == NULL, "better none than the wrong one");
        tap_text(a.stage_name, "Coding test", "but the name");
        application_dispose(&a);
        read_one("a prospect", prospect, "6409476002", OUTCOME_DONE, &a, NULL);
        tap_ok(a.prospect && a.stage_id == NULL && a.job_id == NULL, "a prospect has no stage");
        application_dispose(&a);
}

static void test_read_absent(void)
{
        static const struct step none[] = { END };
        static const struct step empty[] = { GET(READ, 200, "[]"), END };
        static const struct step other_row[] = { GET(READ, 200, "[{\"id\":6409476003}]"), END };
        static const struct step hidden[] = { GET(READ, 200, "[" ROW "]"),
                                              GET("candidates?ids=5300000001", 200, "[]"), END };
        static const struct step processing[] = {
                GET(READ, 200, "[" ROW "]"),
                GET("candidates?ids=5300000001", 200, "{\"message\":\"still processing\"}"), END
        };
        static const struct step processing_row[] = {
                GET(READ, 200, "[" ROW "]"),
                GET("candidates?ids=5300000001", 200, "[{\"message\":\"still processing\"}]"), END
        };
        static const char *const odd[] = { "",    "0",     "-1",         "abc",
                                           "1,2", "1&a=b", "1e3",        "99999999999999999999",
                                           " 1",  "1/../", "../../users" };
        struct outcome outcome;

        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
                read_one("an id that is none", none, odd[i], OUTCOME_ABSENT, NULL, NULL);
        read_one("no id", none, NULL, OUTCOME_ABSENT, NULL, NULL);
        read_one("an unknown id", empty, "6409476002", OUTCOME_ABSENT, NULL, NULL);
        read_one("another row than asked for", other_row, "6409476002", OUTCOME_ABSENT, NULL, NULL);
        read_one("a candidate we may not see", hidden, "6409476002", OUTCOME_ABSENT, NULL,
                 &outcome);
        tap_ok(strstr(outcome.sentence, "private") != NULL, "the sentence says what it may be");
        read_one("a candidate in the making", processing, "6409476002", OUTCOME_AGAIN, NULL,
                 &outcome);
        tap_int(outcome.wait_ms, 30000, "in half a minute");
        read_one("the same as a row", processing_row, "6409476002", OUTCOME_AGAIN, NULL, NULL);
}

/* --- answers that are none --------------------------------------------------------- */

static void test_failures(void)
{
        static const struct {
                const char *name;
                int status;
                const char *answer, *headers;
                enum fetch_end end;
                enum outcome_kind read, write;
                const char *detail; /* must be in the detail */
        } rows[] = {
                { "404", 404, "{\"message\":\"Resource not found\"}", "X-Request-Id: abc-123\n", 0,
                  OUTCOME_DENIED, OUTCOME_ABSENT, "(request abc-123)" },
                { "410", 410, "", NULL, 0, OUTCOME_DENIED, OUTCOME_ABSENT, "410" },
                { "400", 400, "{\"errors\":[\"no\"]}", NULL, 0, OUTCOME_REFUSED, OUTCOME_REFUSED,
                  "400 no" },
                { "422, errors as texts", 422,
                  "{\"message\":\"Unprocessable Content\",\"errors\":[\"When passing a cursor, do "
                  "not include other query params.\"]}",
                  NULL, 0, OUTCOME_REFUSED, OUTCOME_REFUSED,
                  "Unprocessable Content; When passing a cursor" },
                { "422, errors by field", 422,
                  "{\"message\":\"Unprocessable Content\",\"errors\":[{\"per_page\":\"`600` number "
                  "is greater than: 500\"},{\"ids\":7}]}",
                  NULL, 0, OUTCOME_REFUSED, OUTCOME_REFUSED,
                  "per_page: `600` number is greater than: 500; ids: ?" },
                { "422, errors with messages", 422,
                  "{\"message\":\"Your request included invalid JSON.\",\"errors\":[{\"message\":"
                  "\"Invalid attribute: x\",\"field\":\"x\"}]}",
                  NULL, 0, OUTCOME_REFUSED, OUTCOME_REFUSED, "Invalid attribute: x" },
                { "422 without a message", 422,
                  "{\"errors\":[{\"message\":\"Missing required field: body\"}]}", NULL, 0,
                  OUTCOME_REFUSED, OUTCOME_REFUSED, "Missing required field: body" },
                { "422, errors no list", 422, "{\"errors\":{\"a\":1}}", NULL, 0, OUTCOME_REFUSED,
                  OUTCOME_REFUSED, "422" },
                { "429", 429, "{\"message\":\"Too Many Requests\"}", "Retry-After: 12\n", 0,
                  OUTCOME_AGAIN, OUTCOME_AGAIN, "429" },
                { "500", 500, "<html>oops</html>", NULL, 0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN,
                  "500 <html>oops</html>" },
                { "502", 502, "", NULL, 0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "502" },
                { "503", 503, "", "Retry-After: 5\n", 0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "503" },
                { "408", 408, "", NULL, 0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "408" },
                { "301", 301, "", "Location: https://evil.example/\n", 0, OUTCOME_DENIED,
                  OUTCOME_DENIED, "redirect" },
                { "a page of somebody else", 200, "<html>Please sign in</html>", NULL, 0,
                  OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "200" },
                { "half a body", 200, "[{\"id\":6409", NULL, 0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN,
                  "200" },
                { "nothing", 200, "", NULL, 0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "200" },
                { "null", 200, "null", NULL, 0, OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "200" },
                { "not connected", 0, NULL, NULL, FETCH_UNREACHABLE, OUTCOME_AGAIN, OUTCOME_AGAIN,
                  "as the test orders" },
                { "cut off", 0, NULL, NULL, FETCH_UNCERTAIN, OUTCOME_AGAIN, OUTCOME_UNCERTAIN,
                  "as the test orders" },
                { "far too long", 0, NULL, NULL, FETCH_TOO_LONG, OUTCOME_AGAIN, OUTCOME_UNCERTAIN,
                  "as the test orders" },
                { "an address we do not call", 0, NULL, NULL, FETCH_REFUSED, OUTCOME_DENIED,
                  OUTCOME_DENIED, "as the test orders" },
                { "an echo of what is secret", 422,
                  "{\"message\":\"client_id=" CLIENT " and " SECRET " and bearer-token-number-1\","
                  "\"errors\":[\"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl\"]}",
                  NULL, 0, OUTCOME_REFUSED, OUTCOME_REFUSED, "*** and *********" },
        };
        static const struct application jane = { .id = (char *)(uintptr_t) "6409476002",
                                                 .candidate_id = (char *)(uintptr_t) "5300000001" };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const struct step read[] = { { "GET", READ, NULL, rows[i].status, rows[i].answer,
                                               rows[i].headers, rows[i].end },
                                             END };
                const struct step write[] = {
                        { "POST", "notes",
                          "{\"application_id\":6409476002,\"body\":\"b\",\"candidate_id\":"
                          "5300000001,\"note_type\":\"NOTE\",\"visibility\":\"private\"}",
                          rows[i].status, rows[i].answer, rows[i].headers, rows[i].end },
                        END
                };
                char *name = mem_format("%s, read", rows[i].name);
                struct outcome outcome;
                struct stand s;
                int result;

                read_one(name, read, "6409476002", rows[i].read, NULL, &outcome);
                tap_ok(strstr(outcome.detail, rows[i].detail) != NULL, "%s: \"%s\" in the detail",
                       name, rows[i].detail);
                mem_free(name);
                name = mem_format("%s, write", rows[i].name);
                stand_init(&s, write);
                result = greenhouse_ats.write_note(&s.link, &jane, &(struct note){ .body = "b" },
                                                   &s.outcome);
                outcome_is(&s, result, rows[i].write, name);
                tap_int(s.outcome.status, rows[i].status, "%s: status", name);
                stand_end(&s, name);
                mem_free(name);
        }
}

static void test_denied_names_scope(void)
{
        static const struct step notes[] = { GET("notes?candidate_ids=5300000001&per_page=500", 403,
                                                 "{\"message\":\"Forbidden\"}"),
                                             END };
        static const struct application jane = { .id = (char *)(uintptr_t) "6409476002",
                                                 .candidate_id = (char *)(uintptr_t) "5300000001" };
        struct stand s;
        int found = 7, result;

        stand_init(&s, notes);
        result = greenhouse_ats.find_note(&s.link, &jane, "marker", &found, &s.outcome);
        outcome_is(&s, result, OUTCOME_DENIED, "a missing grant");
        tap_int(found, 0, "nothing is found where nothing may be read");
        tap_ok(strstr(s.outcome.sentence, "harvest:notes:list") != NULL &&
                   strstr(s.outcome.sentence, "Site Admin") != NULL,
               "the sentence names the scope and the user");
        stand_end(&s, "a missing grant");
}

/* --- rates ------------------------------------------------------------------------- */

static void test_rates(void)
{
        int64_t now = when_now_ms() / 1000;
        const struct {
                const char *name;
                int status;
                char *headers;
                int64_t scale, wait_least, wait_most, lane_least, lane_most;
        } rows[] = {
                { "plenty left", 200,
                  mem_format("X-RateLimit-Limit: 150\nX-RateLimit-Remaining: 149\n"
                             "X-RateLimit-Reset: %lld\n",
                             (long long)now + 20),
                  1, 0, 0, 0, 0 },
                { "none left", 200,
                  mem_format("X-RateLimit-Limit: 150\nX-RateLimit-Remaining: 0\n"
                             "X-RateLimit-Reset: %lld\n",
                             (long long)now + 20),
                  1, 0, 0, 18000, 20000 },
                { "none left, small letters", 200,
                  mem_format("x-ratelimit-remaining: 0\nx-ratelimit-reset: %lld\n",
                             (long long)now + 20),
                  1, 0, 0, 18000, 20000 },
                { "none left, the window is over", 200,
                  mem_format("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: %lld\n",
                             (long long)now - 20),
                  1, 0, 0, 0, 0 },
                { "none left, clocks a year apart", 200,
                  mem_format("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: %lld\n",
                             (long long)now + 31536000),
                  1, 0, 0, 600000, 600000 },
                { "nonsense", 200,
                  mem_text("X-RateLimit-Remaining: -1\nX-RateLimit-Reset: soon\nRetry-After: x\n"),
                  1, 0, 0, 0, 0 },
                { "Retry-After of a success", 200, mem_text("Retry-After: 12\n"), 1, 0, 0, 0, 0 },
                { "429 with Retry-After", 429, mem_text("Retry-After: 12\n"), 1, 12000, 12000,
                  12000, 12000 },
                { "429 with Retry-After, rehearsal", 429, mem_text("Retry-After: 12\n"), 1000, 12,
                  12, 12, 12 },
                { "429 without", 429, mem_text(""), 1, 30000, 30000, 30000, 30000 },
                { "429 with a year", 429, mem_text("Retry-After: 31536000\n"), 1, 600000, 600000,
                  600000, 600000 },
                { "429 with the reset only", 429,
                  mem_format("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: %lld\n",
                             (long long)now + 20),
                  1, 18000, 20000, 18000, 20000 },
                { "503 with Retry-After", 503, mem_text("Retry-After: 7\n"), 1, 7000, 7000, 7000,
                  7000 },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const struct step steps[] = { GET_WITH(READ, rows[i].status, "[]", rows[i].headers),
                                              END };
                struct application a;
                struct stand s;

                stand_init(&s, steps);
                s.link.scale = rows[i].scale;
                greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
                tap_ok(s.outcome.wait_ms >= rows[i].wait_least &&
                           s.outcome.wait_ms <= rows[i].wait_most,
                       "rate, %s: this call waits %lld ms", rows[i].name,
                       (long long)s.outcome.wait_ms);
                tap_ok(s.outcome.lane_wait_ms >= rows[i].lane_least &&
                           s.outcome.lane_wait_ms <= rows[i].lane_most,
                       "rate, %s: the connection rests %lld ms", rows[i].name,
                       (long long)s.outcome.lane_wait_ms);
                tap_int(s.outcome.elapsed_us, 2000, "rate, %s: time is added up", rows[i].name);
                stand_end(&s, rows[i].name);
                mem_free(rows[i].headers);
        }
}

/* --- pages and notes --------------------------------------------------------------- */

#define NOTES "notes?candidate_ids=5300000001&per_page=500"
#define NEXT BASE "/notes?cursor=eyJwYWdlIjoyfQ%3D%3D"

static void find(const char *name, const struct step *steps, enum outcome_kind want, int want_found)
{
        static const struct application jane = { .candidate_id = (char *)(uintptr_t) "5300000001" };
        struct stand s;
        int found = 7, result;

        stand_init(&s, steps);
        result = greenhouse_ats.find_note(&s.link, &jane, "fl-9f3", &found, &s.outcome);
        outcome_is(&s, result, want, name);
        tap_int(found, want_found, "%s: found", name);
        stand_end(&s, name);
}

static void test_pages(void)
{
        static const char hay[] = "[{\"id\":1,\"body\":null},{\"id\":2,\"body\":\"other\"},"
                                  "{\"id\":3,\"body\":7},null,5]";
        static const char needle[] = "[{\"id\":4,\"body\":\"Score 812. (fl-9f3)\"}]";
        static const struct step one[] = { GET(NOTES, 200, needle), END };
        static const struct step tags[] = {
                GET(NOTES, 200, "[{\"body\":null,\"body_with_tags\":\"x fl-9f3\"}]"), END
        };
        static const struct step last_empty[] = { GET_WITH(NOTES, 200, hay, "Link: \n"), END };
        static const struct step no_link[] = { GET(NOTES, 200, hay), END };
        static const struct step second[] = { GET_WITH(NOTES, 200, hay,
                                                       "Link: <" NEXT ">; rel=\"next\"\n"),
                                              GET_WITH(NEXT, 200, needle, "Link: \n"), END };
        static const struct step several[] = { GET_WITH(NOTES, 200, hay,
                                                        "Link: <" BASE
                                                        "/notes?cursor=x>; rel=\"prev\",<" NEXT
                                                        ">; rel=\"next\"\n"),
                                               GET(NEXT, 200, "[]"), END };
        static const struct step early[] = {
                GET_WITH(NOTES, 200, needle, "Link: <" NEXT ">; rel=\"next\"\n"), END
        };
        static const struct step elsewhere[] = {
                GET_WITH(NOTES, 200, hay,
                         "Link: <https://harvest.greenhouse.io.evil.example/v3/notes?cursor=x>; "
                         "rel=\"next\"\n"),
                GET(BASE "/notes?cursor=x", 200, needle), END
        };
        static const struct step at_sign[] = {
                GET_WITH(NOTES, 200, hay,
                         "Link: <https://harvest.greenhouse.io@evil.example/v3/notes?cursor=x>; "
                         "rel=\"next\"\n"),
                GET(BASE "/notes?cursor=x", 200, needle), END
        };
        static const struct step plain[] = {
                GET_WITH(NOTES, 200, hay,
                         "Link: <http://harvest.greenhouse.io/v3/notes?cursor=x>; rel=\"next\"\n"),
                GET(BASE "/notes?cursor=x", 200, needle), END
        };
        static const struct step relative[] = {
                GET_WITH(NOTES, 200, hay, "Link: </v3/notes?cursor=x%3D>; rel=\"next\"\n"),
                GET(BASE "/notes?cursor=x%3D", 200, needle), END
        };
        static const struct step nowhere[] = {
                GET_WITH(NOTES, 200, hay, "Link: <https://evil.example/v3/notes>; rel=\"next\"\n"),
                END
        };
        static const struct step same[] = {
                GET_WITH(NOTES, 200, hay, "Link: <" BASE "/" NOTES ">; rel=\"next\"\n"), END
        };
        static const struct step broken[] = {
                GET_WITH(NOTES, 200, hay, "Link: <" NEXT "; rel=\"next\"\n"), END
        };
        static const struct step fails_later[] = { GET_WITH(NOTES, 200, hay,
                                                            "Link: <" NEXT ">; rel=\"next\"\n"),
                                                   GET(NEXT, 500, ""), END };
        static struct step endless[201];

        find("a note on the only page", one, OUTCOME_DONE, 1);
        find("a note in the body with tags", tags, OUTCOME_DONE, 1);
        find("Link there and empty", last_empty, OUTCOME_DONE, 0);
        find("no Link", no_link, OUTCOME_DONE, 0);
        find("a note on the second page, the cursor alone", second, OUTCOME_DONE, 1);
        find("next among others", several, OUTCOME_DONE, 0);
        find("found on the first page: no second", early, OUTCOME_DONE, 1);
        find("the next page on another host is asked for here", elsewhere, OUTCOME_DONE, 1);
        find("the next page on another host, disguised, too", at_sign, OUTCOME_DONE, 1);
        find("the next page without TLS is asked for with it", plain, OUTCOME_DONE, 1);
        find("the next page without a host", relative, OUTCOME_DONE, 1);
        find("the next page without a cursor", nowhere, OUTCOME_AGAIN, 0);
        find("the next page is this page", same, OUTCOME_AGAIN, 0);
        find("an unclosed Link", broken, OUTCOME_DONE, 0);
        find("the second page fails: not \"there is none\"", fails_later, OUTCOME_AGAIN, 0);
        for (int i = 0; i < 200; i++)
                endless[i] = (struct step)GET_WITH(
                    i == 0 ? mem_text(NOTES) : mem_format(BASE "/notes?cursor=%d", i), 200, "[]",
                    mem_format("Link: <" BASE "/notes?cursor=%d>; rel=\"next\"\n", i + 1));
        find("pages without end", endless, OUTCOME_REFUSED, 0);
        for (int i = 0; i < 200; i++) {
                mem_free((char *)(uintptr_t)endless[i].path);
                mem_free((char *)(uintptr_t)endless[i].headers);
        }
}

/* Pages that are kept: a vendor, or whoever a customer typed as one, does not fill our memory
 * with two hundred of the largest. */
static void test_long_list(void)
{
        char *pad = mem_alloc(5 << 20), *page;
        static struct step steps[3];

        memset(pad, 'x', (5 << 20) - 1);
        page = mem_format("[{\"id\":1,\"pad\":\"%s\"}]", pad);
        steps[0] = (struct step)GET_WITH(READ, 200, page, "Link: <" NEXT ">; rel=\"next\"\n");
        steps[1] = (struct step)GET_WITH(NEXT, 200, page,
                                         "Link: <" BASE "/applications?cursor=x>; rel=\"next\"\n");
        read_one("a list of pages that are too large together", steps, "6409476002",
                 OUTCOME_REFUSED, NULL, NULL);
        mem_free(page);
        mem_free(pad);
}

static void test_note(void)
{
        static const char created[] = "{\"id\":99,\"body\":\"x\",\"type\":\"NOTE\","
                                      "\"visibility\":\"privately_visible\"}";
        static const struct step plain[] = {
                SEND("POST", "notes",
                     "{\"application_id\":6409476002,\"body\":\"Score: 812 of 1000\\n<b>\xC3\xA9\","
                     "\"candidate_id\":5300000001,\"note_type\":\"NOTE\",\"visibility\":"
                     "\"private\"}",
                     201, created),
                END
        };
        static const struct step public[] = {
                SEND("POST", "notes",
                     "{\"body\":\"b\",\"candidate_id\":5300000001,\"note_type\":\"NOTE\","
                     "\"visibility\":\"public\"}",
                     201, created),
                END
        };
        static const struct step none[] = { END };
        struct application jane = { .id = (char *)(uintptr_t) "6409476002",
                                    .candidate_id = (char *)(uintptr_t) "5300000001" };
        struct stand s;
        int result, found;

        stand_init(&s, none);
        result =
            greenhouse_ats.write_note(&s.link, &jane, &(struct note){ .body = "" }, &s.outcome);
        outcome_is(&s, result, OUTCOME_REFUSED, "an empty note");
        jane.candidate_id = NULL;
        result =
            greenhouse_ats.write_note(&s.link, &jane, &(struct note){ .body = "b" }, &s.outcome);
        outcome_is(&s, result, OUTCOME_REFUSED, "a note on nobody");
        result = greenhouse_ats.find_note(&s.link, &jane, "m", &found, &s.outcome);
        outcome_is(&s, result, OUTCOME_REFUSED, "looking for a note on nobody");
        jane.candidate_id = (char *)(uintptr_t) "12a";
        result =
            greenhouse_ats.write_note(&s.link, &jane, &(struct note){ .body = "b" }, &s.outcome);
        outcome_is(&s, result, OUTCOME_REFUSED, "a note on an odd id");
        jane.candidate_id = (char *)(uintptr_t) "5300000001";
        result = greenhouse_ats.find_note(&s.link, &jane, "", &found, &s.outcome);
        outcome_is(&s, result, OUTCOME_REFUSED, "an empty marker would be found everywhere");
        stand_end(&s, "notes, misused");

        stand_init(&s, plain);
        result = greenhouse_ats.write_note(
            &s.link, &jane, &(struct note){ .body = "Score: 812 of 1000\n<b>\xC3\xA9" },
            &s.outcome);
        outcome_is(&s, result, OUTCOME_DONE, "a note");
        tap_text(s.other.form, "grant_type=client_credentials&sub=5414812002",
                 "the trade names the user");
        stand_end(&s, "a note");

        jane.id = NULL;
        stand_init(&s, public);
        json_set_text(s.settings, "note_visibility", "public");
        result =
            greenhouse_ats.write_note(&s.link, &jane, &(struct note){ .body = "b" }, &s.outcome);
        outcome_is(&s, result, OUTCOME_DONE, "a public note without an application");
        stand_end(&s, "a public note");
}

/* --- the token --------------------------------------------------------------------- */

static void test_token(void)
{
        static const struct step no_call[] = { END };
        static const struct step three[] = { GET(READ, 200, "[]"), GET(READ, 200, "[]"),
                                             GET(READ, 200, "[]"), END };
        static const struct step expired[] = { GET(READ, 401,
                                                   "{\"message\":\"Unauthorized\","
                                                   "\"errors\":[\"Token could not be "
                                                   "decoded.\"]}"),
                                               GET(READ, 200, "[]"), END };
        static const struct step dead[] = { GET(READ, 401, "{\"message\":\"Unauthorized\"}"),
                                            GET(READ, 401, "{\"message\":\"Unauthorized\"}"), END };
        struct application a;
        struct stand s;
        char *text = NULL;
        int result;

        stand_init(&s, three);
        for (int i = 0; i < 3; i++)
                greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        tap_int(s.other.minted, 1, "one token for three calls");
        stand_end(&s, "a kept token");

        stand_init(&s, three);
        s.other.token_answer = "{\"access_token\":\"" CLIENT "-1\"}";
        greenhouse_v3_token(&s.link, NULL, &text, &s.outcome);
        tap_text(text, CLIENT "-1", "a token with the client id in it stays whole");
        mem_free_secret(text);
        s.other.token_answer = NULL;
        s.token.expires_ms = 0;
        for (int i = 0; i < 3; i++)
                greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        stand_end(&s, "a token like the client id");

        stand_init(&s, three);
        s.link.token = NULL;
        for (int i = 0; i < 3; i++)
                greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        tap_int(s.other.minted, 3, "without a place to keep it, one each");
        stand_end(&s, "no kept token");

        stand_init(&s, three);
        greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        s.token.expires_ms = when_now_ms() + 61 * WHEN_SECOND;
        greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        tap_int(s.other.minted, 1, "61 seconds before its end it is still used");
        s.token.expires_ms = when_now_ms() + 59 * WHEN_SECOND;
        greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        tap_int(s.other.minted, 2, "59 seconds before its end it is renewed");
        stand_end(&s, "an aging token");

        stand_init(&s, three);
        greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        s.token.expires_ms = when_now_ms() + 59 * WHEN_SECOND;
        s.other.token_status = 503;
        result = greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        outcome_is(&s, result, OUTCOME_ABSENT, "an aging token that cannot be renewed still does");
        tap_int(s.other.minted, 2, "although it was tried");
        s.other.token_status = 401;
        result = greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        outcome_is(&s, result, OUTCOME_DENIED, "but not when the credential was withdrawn");
        s.token.expires_ms = 0;
        s.other.token_status = 0;
        result = greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        outcome_is(&s, result, OUTCOME_ABSENT, "and once it is granted again, it works");
        stand_end(&s, "an aging token, not renewed");

        stand_init(&s, no_call);
        s.other.token_status = 403;
        result = greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        outcome_is(&s, result, OUTCOME_DENIED, "no token is nothing about this candidate");
        tap_int(s.other.minted, 1, "so nobody asks about others");
        stand_end(&s, "403 for the token");

        stand_init(&s, expired);
        result = greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        outcome_is(&s, result, OUTCOME_ABSENT, "401 once");
        tap_int(s.other.minted, 2, "401 mints once and the call is repeated once");
        stand_end(&s, "401 once");

        stand_init(&s, dead);
        result = greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        outcome_is(&s, result, OUTCOME_DENIED, "401 twice");
        tap_int(s.other.minted, 2, "and not a third time");
        stand_end(&s, "401 twice");
}

static void test_token_life(void)
{
        static const struct step steps[] = { GET(READ, 200, "[]"), END };
        int64_t now = when_now_ms();
        static const char *const forms[] = { "expires_at", "expires", "expires_in" };
        struct application a;

        for (int i = 0; i < 9; i++) {
                struct buf at = BUF_NONE;
                struct stand s;
                char *answer;
                int64_t least = now + 290 * WHEN_SECOND, most = now + 310 * WHEN_SECOND;

                stand_init(&s, steps);
                when_iso(&at, i < 3 ? now + WHEN_HOUR : i < 6 ? now - WHEN_HOUR : now + 1000000000);
                if (i % 3 == 2)
                        answer = mem_format("{\"access_token\":\"bearer-token-number-1\","
                                            "\"expires_in\":%s}",
                                            i < 3   ? "3600"
                                            : i < 6 ? "-3600"
                                                    : "\"1000000\"");
                else
                        answer = mem_format("{\"access_token\":\"bearer-token-number-1\","
                                            "\"%s\":\"%s\"}",
                                            forms[i % 3], at.data);
                s.other.token_answer = answer;
                greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
                if (i < 3) {
                        least = now + 3590 * WHEN_SECOND;
                        most = now + 3610 * WHEN_SECOND;
                } else if (i >= 6) {
                        least = now + WHEN_DAY - WHEN_MINUTE;
                        most = now + WHEN_DAY + WHEN_MINUTE;
                }
                tap_ok(s.token.expires_ms >= least && s.token.expires_ms <= most, "%s, %s",
                       forms[i % 3],
                       i < 3   ? "an hour"
                       : i < 6 ? "in the past: five minutes, for clocks differ"
                               : "for ages: a day at most");
                stand_end(&s, forms[i % 3]);
                buf_dispose(&at);
                mem_free(answer);
        }
}

static void test_token_refused(void)
{
        static const struct {
                const char *name;
                int status;
                const char *answer, *headers;
                enum fetch_end end;
                enum outcome_kind want;
                const char *detail;
        } rows[] = {
                { "an unknown client, echoed", 400,
                  "{\"message\":\"client_id=" CLIENT
                  " does not contain a valid client ID suffix\"}",
                  NULL, 0, OUTCOME_DENIED, "client_id=[removed] does not contain" },
                { "a wrong grant", 400, "{\"message\":\"grant_type=x is invalid\"}", NULL, 0,
                  OUTCOME_DENIED, "grant_type" },
                { "a wrong secret", 401, "{\"error\":\"invalid_client\"}", NULL, 0, OUTCOME_DENIED,
                  "401 invalid_client" },
                { "no credential arrived", 401, "{\"message\":\"Unauthorized\",\"errorId\":\"x\"}",
                  NULL, 0, OUTCOME_DENIED, "401 Unauthorized" },
                { "forbidden", 403, "", NULL, 0, OUTCOME_DENIED, "403" },
                { "another address", 404, "", NULL, 0, OUTCOME_DENIED, "404" },
                { "too many", 429, "", "Retry-After: 60\n", 0, OUTCOME_AGAIN, "429" },
                { "broken", 500, "", NULL, 0, OUTCOME_AGAIN, "500" },
                { "a page", 200, "<html>", NULL, 0, OUTCOME_AGAIN, "access_token" },
                { "no token in it", 200, "{\"token_type\":\"Bearer\"}", NULL, 0, OUTCOME_AGAIN,
                  "access_token" },
                { "a token that breaks the line", 200, "{\"access_token\":\"a\\r\\nX-Evil: 1\"}",
                  NULL, 0, OUTCOME_AGAIN, "access_token" },
                { "not reached", 0, NULL, NULL, FETCH_UNREACHABLE, OUTCOME_AGAIN, "orders" },
                { "cut off", 0, NULL, NULL, FETCH_UNCERTAIN, OUTCOME_AGAIN, "orders" },
                { "an address we do not call", 0, NULL, NULL, FETCH_REFUSED, OUTCOME_DENIED,
                  "orders" },
        };
        static const struct step none[] = { END };
        static const struct application jane = { .id = (char *)(uintptr_t) "6409476002",
                                                 .candidate_id = (char *)(uintptr_t) "5300000001" };
        struct stand s;
        int result;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                stand_init(&s, none);
                s.other.token_status = rows[i].status;
                s.other.token_answer = rows[i].answer;
                s.other.token_headers = rows[i].headers;
                s.other.token_end = rows[i].end;
                /* A write: without a token nothing was sent, so nothing is uncertain. */
                result = greenhouse_ats.write_note(&s.link, &jane, &(struct note){ .body = "b" },
                                                   &s.outcome);
                outcome_is(&s, result, rows[i].want, rows[i].name);
                tap_ok(strstr(s.outcome.detail, rows[i].detail) != NULL, "%s: \"%s\" in the detail",
                       rows[i].name, rows[i].detail);
                tap_int(s.outcome.wait_ms, rows[i].status == 429 ? 60000 : 0, "%s: wait",
                        rows[i].name);
                tap_ok(s.token.text == NULL, "%s: nothing is kept", rows[i].name);
                stand_end(&s, rows[i].name);
        }
        stand_init(&s, none);
        json_object_del(s.credentials, "client_secret");
        result =
            greenhouse_ats.write_note(&s.link, &jane, &(struct note){ .body = "b" }, &s.outcome);
        outcome_is(&s, result, OUTCOME_DENIED, "no secret stored");
        tap_int(s.other.minted, 0, "nobody is asked");
        stand_end(&s, "no secret stored");
}

/* --- moving ------------------------------------------------------------------------ */

#define AT(stage, instance, name, status)                                                          \
        "[{\"id\":6409476002,\"candidate_id\":5300000001,\"job_id\":4298418002,\"stage_"           \
        "id\":" instance ",\"job_interview_stage_id\":" stage ",\"stage_name\":\"" name            \
        "\",\"status\":\"" status "\",\"prospect\":false}]"
#define CODING AT("71416000002", "9000000777", "Coding test", "in_process")
#define ONSITE AT("71416000003", "9000000778", "On-site", "in_process")
#define MOVE "applications/6409476002/move"
#define MOVE_BODY "{\"from_stage_id\":71416000002,\"to_stage_id\":71416000003}"

static void move(const char *name, const struct step *steps, const char *from, const char *to,
                 enum outcome_kind want, const char *sentence)
{
        const struct application jane = { .id = (char *)(uintptr_t) "6409476002",
                                          .candidate_id = (char *)(uintptr_t) "5300000001",
                                          .job_id = (char *)(uintptr_t) "4298418002",
                                          .stage_id = (char *)(uintptr_t)from,
                                          .stage_name = (char *)(uintptr_t) "Coding test" };
        struct stand s;
        int result;

        stand_init(&s, steps);
        result = greenhouse_ats.move_stage(&s.link, &jane, to, &s.outcome);
        outcome_is(&s, result, want, name);
        tap_ok(strstr(s.outcome.sentence, sentence) != NULL, "%s: \"%s\" in \"%s\"", name, sentence,
               s.outcome.sentence);
        stand_end(&s, name);
}

static void test_move(void)
{
        static const struct step good[] = { GET(READ, 200, CODING), GET(STAGES, 200, STAGE_ROWS),
                                            SEND("POST", MOVE, MOVE_BODY, 204, ""),
                                            GET(READ, 200, ONSITE), END };
        static const struct step both[] = {
                GET(READ, 200, CODING),
                GET(STAGES, 200, STAGE_ROWS),
                SEND("POST", MOVE, MOVE_BODY, 422,
                     "{\"message\":\"Unprocessable Content\",\"errors\":[{\"from_stage_id\":"
                     "\"must match the candidate's current stage\"}]}"),
                SEND("POST", MOVE, "{\"from_stage_id\":9000000777,\"to_stage_id\":71416000003}",
                     204, ""),
                GET(READ, 200, ONSITE),
                END
        };
        static const struct step neither[] = {
                GET(READ, 200, CODING), GET(STAGES, 200, STAGE_ROWS),
                SEND("POST", MOVE, MOVE_BODY, 422, "{\"message\":\"Unprocessable Content\"}"),
                SEND("POST", MOVE, "{\"from_stage_id\":9000000777,\"to_stage_id\":71416000003}",
                     422, "{\"message\":\"Unprocessable Content\"}"),
                END
        };
        static const struct step there[] = { GET(READ, 200, ONSITE), GET(STAGES, 200, STAGE_ROWS),
                                             END };
        static const struct step rejected[] = {
                GET(READ, 200, AT("71416000002", "9000000777", "Coding test", "rejected")),
                GET(STAGES, 200, STAGE_ROWS), END
        };
        static const struct step to_offer[] = {
                GET(READ, 200, AT("71416000004", "9000000779", "Offer", "in_process")),
                GET(STAGES, 200, STAGE_ROWS), END
        };
        static const struct step stay[] = { GET(READ, 200, CODING), GET(STAGES, 200, STAGE_ROWS),
                                            SEND("POST", MOVE, MOVE_BODY, 204, ""),
                                            GET(READ, 200, CODING), END };
        static const struct step blind[] = { GET(READ, 200, CODING), GET(STAGES, 200, STAGE_ROWS),
                                             SEND("POST", MOVE, MOVE_BODY, 204, ""),
                                             GET(READ, 500, ""), END };
        static const struct step lost[] = { GET(READ, 200, CODING), GET(STAGES, 200, STAGE_ROWS),
                                            FAILS("POST", MOVE, MOVE_BODY, FETCH_UNCERTAIN), END };
        static const struct step gone[] = { GET(READ, 200, "[]"), END };
        static const struct step look[] = { GET(READ, 200, CODING), GET(STAGES, 200, STAGE_ROWS),
                                            END };
        static const struct step two[] = {
                GET(READ, 200, CODING),
                GET(STAGES, 200,
                    "[{\"id\":71416000002,\"job_id\":4298418002,\"sort_order\":1,\"name\":\"Coding "
                    "test\"},{\"id\":7,\"job_id\":4298418002,\"sort_order\":2,\"name\":\"Call\"},"
                    "{\"id\":8,\"job_id\":4298418002,\"sort_order\":3,\"name\":\"Call\"}]"),
                END
        };
        static const struct step other_job[] = {
                GET(READ, 200,
                    "[{\"id\":6409476002,\"candidate_id\":5300000001,\"job_id\":99,\"stage_id\":1,"
                    "\"job_interview_stage_id\":2,\"stage_name\":\"X\",\"status\":\"in_process\"}"
                    "]"),
                END
        };
        static const struct step prospect[] = {
                GET(READ, 200,
                    "[{\"id\":6409476002,\"candidate_id\":5300000001,\"job_id\":4298418002,"
                    "\"stage_id\":null,\"stage_name\":null,\"prospect\":true}]"),
                END
        };
        static const struct step none[] = { END };
        static const struct step forbidden[] = {
                GET(READ, 200, CODING), GET(STAGES, 200, STAGE_ROWS),
                SEND("POST", MOVE, MOVE_BODY, 403, "{\"message\":\"Forbidden\"}"), END
        };

        move("to nowhere", none, "71416000002", "", OUTCOME_REFUSED, "names no stage");
        move("next, over an inactive one", good, "71416000002", "next", OUTCOME_DONE, "");
        move("to a name", good, "71416000002", "On-site", OUTCOME_DONE, "");
        move("to an id", good, "71416000002", "71416000003", OUTCOME_DONE, "");
        move("from a name, the id is unknown here", good, "123", "next", OUTCOME_DONE, "");
        move("the guard wants the instance", both, "71416000002", "next", OUTCOME_DONE, "");
        move("the guard wants neither", neither, "71416000002", "next", OUTCOME_REFUSED,
             "did not accept");
        move("there already", there, "71416000002", "next", OUTCOME_DONE, "");
        move("no longer active", rejected, "71416000002", "next", OUTCOME_REFUSED,
             "no longer active");
        move("somewhere else by now", to_offer, "71416000002", "next", OUTCOME_REFUSED,
             "in another stage by now");
        move("beyond the last stage", to_offer, "71416000004", "next", OUTCOME_REFUSED,
             "last stage");
        move("to a name that no stage has", look, "71416000002", "on-site", OUTCOME_REFUSED,
             "no stage of the name");
        move("to an inactive stage", look, "71416000002", "Old", OUTCOME_REFUSED,
             "no stage of the name");
        move("to a stage of another job", look, "71416000002", "1", OUTCOME_REFUSED,
             "no stage of the name");
        move("to a name that two stages have", two, "71416000002", "Call", OUTCOME_REFUSED,
             "two stages");
        move("accepted and not done", stay, "71416000002", "next", OUTCOME_UNCERTAIN,
             "still shows another stage");
        move("accepted and not confirmed", blind, "71416000002", "next", OUTCOME_UNCERTAIN,
             "confirmation");
        move("no answer to the move: not sent again", lost, "71416000002", "next",
             OUTCOME_UNCERTAIN, "looked at again");
        move("gone", gone, "71416000002", "next", OUTCOME_ABSENT, "not visible");
        move("on another job by now", other_job, "71416000002", "next", OUTCOME_REFUSED,
             "another job");
        move("a prospect", prospect, "71416000002", "next", OUTCOME_REFUSED, "prospect");
        move("not allowed to", forbidden, "71416000002", "next", OUTCOME_REFUSED,
             "harvest:applications:move");
}

static void test_stages(void)
{
        static const struct step good[] = { GET(STAGES, 200, STAGE_ROWS), END };
        static const struct step empty[] = { GET(STAGES, 200, "[]"), END };
        static const struct step none[] = { END };
        static const struct step all[] = {
                GET("job_interview_stages?active=true&per_page=500", 200, STAGE_ROWS), END
        };
        static const char *const want[] = { "Application Review", "Coding test", "On-site",
                                            "Offer" };
        json_t *stages;
        struct stand s;
        int result;

        stand_init(&s, good);
        result = greenhouse_ats.list_stages(&s.link, "4298418002", &stages, &s.outcome);
        outcome_is(&s, result, OUTCOME_DONE, "stages");
        tap_int((int64_t)json_array_size(stages), 4, "the active ones of this job");
        for (size_t i = 0; i < 4; i++)
                tap_text(json_get_text(json_array_get(stages, i), "name", NULL), want[i],
                         "in order, %zu", i);
        tap_text(json_get_text(stages, "1.id", NULL), "71416000002", "ids as texts");
        json_decref(stages);
        stand_end(&s, "stages");
        stand_init(&s, empty);
        result = greenhouse_ats.list_stages(&s.link, "4298418002", &stages, &s.outcome);
        outcome_is(&s, result, OUTCOME_ABSENT, "stages of a job that is not visible");
        tap_ok(stages == NULL, "no list");
        stand_end(&s, "no stages");
        stand_init(&s, none);
        result = greenhouse_ats.list_stages(&s.link, "x", &stages, &s.outcome);
        outcome_is(&s, result, OUTCOME_ABSENT, "stages of no job");
        stand_end(&s, "no job");
        stand_init(&s, all);
        result = greenhouse_ats.list_stages(&s.link, NULL, &stages, &s.outcome);
        outcome_is(&s, result, OUTCOME_DONE, "stages of all jobs");
        tap_ok(json_array_size(stages) > 4, "also those of other jobs");
        json_decref(stages);
        stand_end(&s, "all stages");
}

static void test_jobs(void)
{
        static const struct step good[] = {
                GET("jobs?status=open&per_page=500", 200,
                    "[{\"id\":4298418002,\"name\":\"Engineer\",\"status\":\"open\"},"
                    "{\"id\":4298418003,\"name\":\"A template\",\"is_template\":true},"
                    "{\"name\":\"no id\"},{\"id\":4298418004,\"name\":\"Designer\","
                    "\"is_template\":null}]"),
                END
        };
        static const struct step none[] = { GET("jobs?status=open&per_page=500", 200, "[]"), END };
        static const struct step denied[] = {
                GET("jobs?status=open&per_page=500", 403, "{\"message\":\"no\"}"), END
        };
        json_t *jobs = NULL;
        struct stand s;

        stand_init(&s, good);
        outcome_is(&s, greenhouse_ats.list_jobs(&s.link, &jobs, &s.outcome), OUTCOME_DONE, "jobs");
        tap_int((int64_t)json_array_size(jobs), 2, "templates are none");
        tap_text(json_get_text(jobs, "0.id", NULL), "4298418002", "ids as texts");
        tap_text(json_get_text(jobs, "1.name", NULL), "Designer", "names");
        json_decref(jobs);
        stand_end(&s, "jobs");
        stand_init(&s, none);
        outcome_is(&s, greenhouse_ats.list_jobs(&s.link, &jobs, &s.outcome), OUTCOME_DONE,
                   "no job yet");
        tap_int((int64_t)json_array_size(jobs), 0, "is an empty list");
        json_decref(jobs);
        stand_end(&s, "no job");
        stand_init(&s, denied);
        outcome_is(&s, greenhouse_ats.list_jobs(&s.link, &jobs, &s.outcome), OUTCOME_DENIED,
                   "jobs without the permission");
        tap_ok(jobs == NULL, "no list");
        stand_end(&s, "denied");
}

#define OURS "https://hire.example.org/fairlead/interview-link/acme/join/abc"
#define OLDER "https://hire.example.org/fairlead/interview-link/acme/join/older"

static void test_interview(void)
{
        static const struct step none[] = { END };
        static const struct {
                const char *name, *id, *field;
                size_t len;
                enum outcome_kind want;
        } odd[] = {
                { "another field", "1", "interviewers", 20, OUTCOME_REFUSED },
                { "no field", "1", NULL, 20, OUTCOME_REFUSED },
                { "no link", "1", "location", 0, OUTCOME_REFUSED },
                { "256 characters", "1", "location", 256, OUTCOME_REFUSED },
                { "an odd id", "1/../2", "location", 20, OUTCOME_ABSENT },
                { "no id", NULL, "location", 20, OUTCOME_ABSENT },
        };
        char url[257];
        struct stand s;
        int result;

        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
                memset(url, 'x', odd[i].len);
                url[odd[i].len] = '\0';
                stand_init(&s, none);
                result = greenhouse_ats.set_interview_link(&s.link, odd[i].id, odd[i].field, url,
                                                           &s.outcome);
                outcome_is(&s, result, odd[i].want, odd[i].name);
                stand_end(&s, odd[i].name);
        }
}

/* What a recruiter typed stays where it is. */
static void test_interview_taken(void)
{
        static char room[201];
        static const struct {
                const char *name, *field;
                const char *now;   /* JSON of the field; NULL: no such row */
                const char *wrote; /* NULL: nothing */
                enum outcome_kind want;
        } rows[] = {
                { "nothing there", "location", "null", OURS, OUTCOME_DONE },
                { "an empty text", "location", "\"\"", OURS, OUTCOME_DONE },
                { "no row that we see", "location", NULL, OURS, OUTCOME_DONE },
                { "a room", "location", "\"Room 5\"", "Room 5 | " OURS, OUTCOME_DONE },
                { "ours", "location", "\"" OURS "\"", NULL, OUTCOME_DONE },
                { "a room and ours", "location", "\"Room 5 | " OURS "\"", NULL, OUTCOME_DONE },
                { "an older one of ours", "location", "\"Room 5 | " OLDER " (3rd floor)\"",
                  "Room 5 | " OURS " (3rd floor)", OUTCOME_DONE },
                { "a room of 200 characters", "location", room, NULL, OUTCOME_REFUSED },
                { "no video link", "video_conferencing_url", "null", OURS, OUTCOME_DONE },
                { "an older video link of ours", "video_conferencing_url", "\"" OLDER "\"", OURS,
                  OUTCOME_DONE },
                { "somebody's video link", "video_conferencing_url",
                  "\"https://meet.example.com/x\"", NULL, OUTCOME_REFUSED },
        };
        char listed[400], body[400];
        struct stand s;
        int result;

        memset(room, 'r', 200);
        room[0] = room[199] = '"';
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const struct step write = SEND("PATCH", "interviews/44", body, 200, "{}");
                const struct step end = END;
                struct step steps[] = { GET("interviews?ids=44", 200, listed), end, end };

                snprintf(listed, sizeof listed, "[{\"id\":44,\"%s\":%s}]", rows[i].field,
                         text_or(rows[i].now, "null"));
                if (rows[i].now == NULL)
                        strcpy(listed, "[]");
                if (rows[i].wrote != NULL)
                        steps[1] = write;
                snprintf(body, sizeof body, "{\"%s\":\"%s\"}", rows[i].field,
                         text_or(rows[i].wrote, ""));
                stand_init(&s, steps);
                result = greenhouse_ats.set_interview_link(&s.link, "44", rows[i].field, OURS,
                                                           &s.outcome);
                outcome_is(&s, result, rows[i].want, rows[i].name);
                stand_end(&s, rows[i].name);
        }
}

/* Whoever may write and not read writes all the same. */
static void test_interview_unread(void)
{
        static const struct step denied[] = {
                GET("interviews?ids=44", 403, "{}"), GET("interviews?per_page=1", 403, "{}"),
                SEND("PATCH", "interviews/44", "{\"location\":\"" OURS "\"}", 200, "{}"), END
        };
        static const struct step busy[] = { GET("interviews?ids=44", 500, "{}"), END };
        struct stand s;
        int result;

        stand_init(&s, denied);
        result = greenhouse_ats.set_interview_link(&s.link, "44", "location", OURS, &s.outcome);
        outcome_is(&s, result, OUTCOME_DONE, "not allowed to read");
        stand_end(&s, "not allowed to read");
        stand_init(&s, busy);
        result = greenhouse_ats.set_interview_link(&s.link, "44", "location", OURS, &s.outcome);
        outcome_is(&s, result, OUTCOME_AGAIN, "not read this time: nothing is written");
        stand_end(&s, "not read this time");
}

/* --- trying a connection ----------------------------------------------------------- */

#define TRY(resource, status) GET(resource "?per_page=1", status, "[]")
#define USER "users?ids=5414812002&show_service_accounts=true"

static const json_t *line_of(const json_t *report, const char *what)
{
        for (size_t i = 0; i < json_array_size(report); i++)
                if (text_equal(json_get_text(json_array_get(report, i), "what", NULL), what))
                        return json_array_get(report, i);
        return NULL;
}

static void try_connection(const char *name, const struct step *steps, int token_status,
                           enum outcome_kind want, const char *failing, size_t lines)
{
        json_t *report = NULL;
        size_t failed = 0;
        struct stand s;
        int result;

        stand_init(&s, steps);
        s.other.token_status = token_status;
        result = greenhouse_ats.test(&s.link, &report, &s.outcome);
        outcome_is(&s, result, want, name);
        tap_int((int64_t)json_array_size(report), (int64_t)lines, "%s: lines", name);
        for (size_t i = 0; i < json_array_size(report); i++) {
                const json_t *line = json_array_get(report, i);

                failed += !json_get_bool(line, "ok", true);
                if (text_empty(json_get_text(line, "sentence", NULL)))
                        tap_ok(false, "%s: line %zu has a sentence", name, i);
        }
        tap_int((int64_t)failed, failing == NULL ? 0 : 1, "%s: failing lines", name);
        if (failing != NULL) {
                tap_ok(!json_get_bool(line_of(report, failing), "ok", true), "%s: it is %s", name,
                       failing);
                if (want == OUTCOME_DENIED && text_starts(failing, "harvest:"))
                        tap_ok(strstr(json_get_text(line_of(report, failing), "sentence", ""),
                                      failing) != NULL,
                               "%s: its sentence names the scope", name);
        }
        json_decref(report);
        stand_end(&s, name);
}

static void test_test(void)
{
#define LISTS(notes)                                                                               \
        TRY("applications", 200), TRY("candidates", 200), TRY("jobs", 200),                        \
            TRY("job_interview_stages", 200), TRY("application_stages", 200), TRY("notes", notes), \
            TRY("interviews", 200)
        static const struct step good[] = {
                GET(USER, 200, "[{\"id\":5414812002,\"site_admin\":true,\"deactivated\":false}]"),
                LISTS(200), END
        };
        static const struct step no_notes[] = {
                GET(USER, 200, "[{\"id\":5414812002,\"site_admin\":true,\"deactivated\":false}]"),
                LISTS(403), END
        };
        static const struct step basic[] = {
                GET(USER, 200, "[{\"id\":5414812002,\"site_admin\":false,\"deactivated\":false}]"),
                LISTS(200), END
        };
        static const struct step deactivated[] = {
                GET(USER, 200, "[{\"id\":5414812002,\"site_admin\":true,\"deactivated\":true}]"),
                LISTS(200), END
        };
        static const struct step busy[] = {
                GET(USER, 200, "[{\"id\":5414812002,\"site_admin\":true,\"deactivated\":false}]"),
                TRY("applications", 200), TRY("candidates", 429), END
        };
        static const struct step nobody[] = { GET(USER, 200, "[]"), LISTS(200), END };
        static const struct step none[] = { END };

        try_connection("all is well", good, 0, OUTCOME_DONE, NULL, 12);
        try_connection("one grant is missing", no_notes, 0, OUTCOME_DENIED, "harvest:notes:list",
                       12);
        try_connection("no Site Admin", basic, 0, OUTCOME_DENIED, "act_as_user", 12);
        try_connection("a deactivated user", deactivated, 0, OUTCOME_DENIED, "act_as_user", 12);
        try_connection("asked to go slower: the rest is not asked", busy, 0, OUTCOME_AGAIN,
                       "harvest:candidates:list", 7);
        try_connection("an unknown user", nobody, 0, OUTCOME_DENIED, "act_as_user", 12);
        try_connection("a wrong secret", none, 401, OUTCOME_DENIED, "credential", 1);
        try_connection("their token server is down", none, 500, OUTCOME_AGAIN, "credential", 1);
}

/* A base URL with a slash at its end, and nothing but the defaults. */
static void test_addresses(void)
{
        static const struct step steps[] = { GET(READ, 200, "[]"), END };
        static const struct step lists[] = { LISTS(200), END };
        struct application a;
        json_t *report = NULL;
        struct stand s;

        stand_init(&s, steps);
        json_set_text(s.settings, "base_url", BASE "//");
        greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        stand_end(&s, "a slash at the end");
        stand_init(&s, steps);
        json_object_clear(s.settings);
        greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        tap_text(s.other.form, "grant_type=client_credentials", "no user: the credential's own");
        stand_end(&s, "the vendor's own addresses");
        stand_init(&s, steps);
        json_set_text(s.settings, "act_as_user", "1&scope=x");
        greenhouse_ats.read_application(&s.link, "6409476002", &a, &s.outcome);
        tap_text(s.other.form, "grant_type=client_credentials&sub=1%26scope%3Dx",
                 "a user's id cannot add to the form");
        stand_end(&s, "an odd user");
        stand_init(&s, lists);
        json_set_text(s.settings, "act_as_user", "1&scope=x");
        greenhouse_ats.test(&s.link, &report, &s.outcome);
        tap_ok(!json_get_bool(line_of(report, "act_as_user"), "ok", true),
               "an odd user is named, and nobody asked about him");
        json_decref(report);
        stand_end(&s, "trying an odd user");
}

/* --- the schedule ------------------------------------------------------------------ */

struct told {
        int count, stop_at;
        char what[400]; /* "<id> <what>; " each */
};

static int hear(void *context, const struct fact *fact)
{
        struct told *told = context;
        size_t len = strlen(told->what);

        if (fact->kind != FACT_SCHEDULE || fact->identity == NULL)
                tap_note("not a schedule");
        snprintf(told->what + len, sizeof told->what - len, "%s %s %s; ", fact->subject,
                 json_get_text(fact->detail, "what", "?"),
                 json_get_text(fact->detail, "application", "?"));
        return ++told->count == told->stop_at ? -1 : 0;
}

/* What was asked for changes with the clock: compared up to there. */
static int answer_poll(struct link *link, const struct fetch_request *request,
                       struct fetch_answer *answer, struct fail *why)
{
        struct other *other = link->context;
        const struct step *step = &other->steps[other->at];

        (void)why;
        record_request("greenhouse", request);
        if (text_equal(request->url, TOKEN_URL))
                return give_token(other, request, answer);
        if (step->method == NULL) {
                complain(other, "one request too many", request->url, NULL);
                return give(answer, FETCH_UNREACHABLE, 0, NULL, NULL);
        }
        common(other, request);
        if (!text_starts(request->url, *step->path == '\0' ? BASE "/interviews?updated_at=gte%7C20"
                                                           : BASE
                                           "/interviews?updated_at%5Bgte%5D=20") ||
            !text_ends(request->url, "Z&per_page=500"))
                complain(other, "the address", request->url, "interviews since a time");
        other->at++;
        return give(answer, step->end, step->status, step->answer, step->headers);
}

#define MEETING(id, from, status)                                                                  \
        "{\"id\":" id                                                                              \
        ",\"application_id\":6409476002,\"job_interview_id\":9,\"starts_at\":\"" from              \
        "\",\"ends_at\":null,\"status\":\"" status "\",\"location\":null}"

static void test_poll(void)
{
        static const struct {
                const char *name, *answer, *told;
                int status, want;
                enum outcome_kind outcome;
        } rows[] = {
                { "nothing yet", "[]", "", 200, 0, OUTCOME_DONE },
                { "a new one", "[" MEETING("71", "2027-01-01T10:00:00Z", "scheduled") "]",
                  "71 made 6409476002; ", 200, 0, OUTCOME_DONE },
                { "the same again", "[" MEETING("71", "2027-01-01T10:00:00.000Z", "scheduled") "]",
                  "", 200, 0, OUTCOME_DONE },
                { "over: it stands",
                  "[" MEETING("71", "2027-01-01T10:00:00Z", "awaiting_feedback") "]", "", 200, 0,
                  OUTCOME_DONE },
                { "moved, and another",
                  "[" MEETING("72", "2027-01-02T10:00:00Z", "scheduled") "," MEETING(
                      "71", "2027-01-01T11:00:00Z", "scheduled") "]",
                  "72 made 6409476002; 71 made 6409476002; ", 200, 0, OUTCOME_DONE },
                { "to be scheduled anew", "[" MEETING("71", "", "to_be_scheduled") "]",
                  "71 cancelled 6409476002; ", 200, 0, OUTCOME_DONE },
                { "rows that name nothing", "[{},{\"id\":null},7,null]", "", 200, 0, OUTCOME_DONE },
                { "the permission went", "{\"message\":\"Forbidden\"}", "", 403, -1,
                  OUTCOME_DENIED },
                { "trouble there", "", "", 500, -1, OUTCOME_AGAIN },
                { "slower", "{\"message\":\"Too Many Requests\"}", "", 429, -1, OUTCOME_AGAIN },
                { "no list", "{\"interviews\":[]}", "", 200, -1, OUTCOME_AGAIN },
                { "after that, what was known stays known",
                  "[" MEETING("72", "2027-01-02T10:00:00Z", "scheduled") "]", "", 200, 0,
                  OUTCOME_DONE },
        };
        json_t *cursor = NULL;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct step steps[] = {
                        { "GET", "", NULL, rows[i].status, rows[i].answer, NULL, FETCH_ANSWERED },
                        { NULL, NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED },
                };
                struct told told = { 0, 0, "" };
                struct stand s;

                stand_init(&s, steps);
                s.link.call = answer_poll;
                tap_int(greenhouse_ats.poll(&s.link, &cursor, hear, &told, &s.outcome),
                        rows[i].want, "poll, %s", rows[i].name);
                tap_text(outcome_word(s.outcome.kind), outcome_word(rows[i].outcome),
                         "poll, %s: outcome", rows[i].name);
                tap_text(told.what, rows[i].told, "poll, %s: told", rows[i].name);
                stand_end(&s, rows[i].name);
        }
        json_decref(cursor);
}

/* The vendor tells two ways to write a date filter (3.2): the one that is taken is remembered. */
static void test_poll_spelling(void)
{
        static const char wrong[] = "{\"message\":\"Unprocessable Content\",\"errors\":[{"
                                    "\"updated_at\":\"is in invalid format\"}]}";
        static const char one[] = "[" MEETING("71", "2027-01-01T10:00:00Z", "scheduled") "]";
        static const char other[] = "[" MEETING("72", "2027-01-01T10:00:00Z", "scheduled") "]";
        static const struct step steps[] = {
                { "GET", "", NULL, 422, wrong, NULL, FETCH_ANSWERED },
                { "GET", "[", NULL, 200, one, NULL, FETCH_ANSWERED },
                { "GET", "[", NULL, 200, other, NULL, FETCH_ANSWERED },
                { "GET", "[", NULL, 422, wrong, NULL, FETCH_ANSWERED },
                { "GET", "", NULL, 422, wrong, NULL, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED },
        };
        struct told told = { 0, 0, "" };
        json_t *cursor = NULL;
        struct stand s;

        stand_init(&s, steps);
        s.link.call = answer_poll;
        tap_int(greenhouse_ats.poll(&s.link, &cursor, hear, &told, &s.outcome), 0,
                "one way is refused, the other is taken");
        tap_int(s.outcome.kind, OUTCOME_DONE, "and nobody hears of it");
        tap_text(told.what, "71 made 6409476002; ", "told once");
        tap_int(greenhouse_ats.poll(&s.link, &cursor, hear, &told, &s.outcome), 0,
                "the other way comes first from then on");
        tap_text(told.what, "71 made 6409476002; 72 made 6409476002; ", "and tells");
        tap_int(greenhouse_ats.poll(&s.link, &cursor, hear, &told, &s.outcome), -1,
                "neither is taken");
        tap_int(s.outcome.kind, OUTCOME_REFUSED, "that is said");
        stand_end(&s, "two ways to write a time");
        json_decref(cursor);
}

/* What cannot be kept is told again the next time. */
static void test_poll_stopped(void)
{
        static const char two[] =
            "[" MEETING("71", "2027-01-01T10:00:00Z",
                        "scheduled") "," MEETING("72", "2027-01-01T10:00:00Z", "scheduled") "]";
        static const struct step steps[] = {
                { "GET", "", NULL, 200, two, NULL, FETCH_ANSWERED },
                { "GET", "", NULL, 200, two, NULL, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED },
        };
        struct told told = { 0, 2, "" };
        json_t *cursor = NULL;
        struct stand s;

        stand_init(&s, steps);
        s.link.call = answer_poll;
        tap_int(greenhouse_ats.poll(&s.link, &cursor, hear, &told, &s.outcome), -1,
                "the keeper has trouble");
        tap_ok(cursor == NULL, "the place stays where it was");
        told = (struct told){ 0, 0, "" };
        tap_int(greenhouse_ats.poll(&s.link, &cursor, hear, &told, &s.outcome), 0, "again");
        tap_text(told.what, "71 made 6409476002; 72 made 6409476002; ", "both are told");
        stand_end(&s, "a poll that was stopped");
        json_decref(cursor);
}

static void test_read_schedule(void)
{
        static const struct step whole[] = {
                { "GET", "interviews?ids=71", NULL, 200,
                  "[" MEETING("71", "2027-01-01T10:00:00Z", "scheduled") "]", NULL,
                  FETCH_ANSWERED },
                { "GET", "job_interviews?ids=9", NULL, 200, "[{\"id\":9,\"name\":\"Coding\"}]",
                  NULL, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED },
        };
        static const struct step nameless[] = {
                { "GET", "interviews?ids=71", NULL, 200,
                  "[" MEETING("71", "2027-01-01T10:00:00Z", "scheduled") "]", NULL,
                  FETCH_ANSWERED },
                { "GET", "job_interviews?ids=9", NULL, 403, "{\"message\":\"Forbidden\"}", NULL,
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED },
        };
        static const struct step gone[] = {
                { "GET", "interviews?ids=71", NULL, 200, "[]", NULL, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED },
        };
        static const struct step undone[] = {
                { "GET", "interviews?ids=71", NULL, 200,
                  "[" MEETING("71", "", "to_be_scheduled") "]", NULL, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, NULL, FETCH_ANSWERED },
        };
        static const struct {
                const char *name;
                const struct step *steps;
                const char *application;
                int parts; /* -1: ABSENT */
                const char *title;
        } rows[] = {
                { "scheduled", whole, "6409476002", 1, "Coding" },
                { "its name may not be read", nameless, "6409476002", 1, NULL },
                { "deleted", gone, "6409476002", -1, NULL },
                { "somebody else's", undone, "6409476003", -1, NULL },
                { "to be scheduled anew", undone, "6409476002", 0, NULL },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct application a = { .id = (char *)(uintptr_t)rows[i].application };
                json_t *parts = NULL;
                struct stand s;
                int result;

                stand_init(&s, rows[i].steps);
                result = greenhouse_ats.read_schedule(&s.link, &a, "71", &parts, &s.outcome);
                tap_int(result, rows[i].parts < 0 ? -1 : 0, "schedule, %s", rows[i].name);
                tap_text(outcome_word(s.outcome.kind), rows[i].parts < 0 ? "absent" : "done",
                         "schedule, %s: outcome", rows[i].name);
                tap_int((int64_t)json_array_size(parts), rows[i].parts > 0 ? rows[i].parts : 0,
                        "schedule, %s: parts", rows[i].name);
                tap_text(json_get_text(parts, "0.title", NULL), rows[i].title,
                         "schedule, %s: title", rows[i].name);
                json_decref(parts);
                stand_end(&s, rows[i].name);
        }
}

/* A candidate that we may not see is no reason to doubt the credential (section 8, issue 470). */
static void test_forbidden(void)
{
#define NO "{\"message\":\"Forbidden\"}"
        static const struct step all[] = { GET(READ, 403, NO),
                                           GET("applications?per_page=1", 403, NO), END };
        static const struct step one[] = { GET(READ, 403, NO),
                                           GET("applications?per_page=1", 200, "[]"), END };
        static const struct step candidate[] = { GET(READ, 200, CODING),
                                                 GET("candidates?ids=5300000001", 403, NO),
                                                 GET("candidates?per_page=1", 200, "[{\"id\":7}]"),
                                                 END };
        static const struct step note[] = {
                SEND("POST", "notes",
                     "{\"application_id\":6409476002,\"body\":\"b\",\"candidate_id\":5300000001,"
                     "\"note_type\":\"NOTE\",\"visibility\":\"private\"}",
                     403, NO),
                END
        };
        static const struct application jane = { .id = (char *)(uintptr_t) "6409476002",
                                                 .candidate_id = (char *)(uintptr_t) "5300000001" };
        struct outcome outcome;
        struct stand s;
        int result;

        read_one("nothing may be read", all, "6409476002", OUTCOME_DENIED, NULL, &outcome);
        tap_int(outcome.status, 403, "nothing may be read: status");
        read_one("others may be read", one, "6409476002", OUTCOME_REFUSED, NULL, &outcome);
        tap_int(outcome.status, 403, "others may be read: status");
        tap_ok(strstr(outcome.sentence, "others but not this") != NULL, "and it says so");
        read_one("other candidates may be read", candidate, "6409476002", OUTCOME_REFUSED, NULL,
                 &outcome);
        stand_init(&s, note);
        result =
            greenhouse_ats.write_note(&s.link, &jane, &(struct note){ .body = "b" }, &s.outcome);
        outcome_is(&s, result, OUTCOME_REFUSED, "a note that may not be written");
        tap_int(s.outcome.status, 403, "a note that may not be written: status");
        tap_ok(strstr(s.outcome.sentence, "harvest:notes:create") != NULL &&
                   strstr(s.outcome.sentence, "private") != NULL,
               "a note that may not be written: names both causes");
        stand_end(&s, "a note that may not be written");
#undef NO
}

int main(void)
{
        test_read_absent();
        test_read();
        test_read_stage();
        test_failures();
        test_denied_names_scope();
        test_forbidden();
        test_rates();
        test_pages();
        test_long_list();
        test_note();
        test_token();
        test_token_life();
        test_token_refused();
        test_move();
        test_stages();
        test_jobs();
        test_interview();
        test_interview_taken();
        test_interview_unread();
        test_test();
        test_addresses();
        test_poll();
        test_poll_spelling();
        test_poll_stopped();
        test_read_schedule();
        return tap_end();
}
