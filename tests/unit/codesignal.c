/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CodeSignal's API: what is asked, what is read, and what each failure means. */
#include "platform/codesignal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/record.h"
#include "../tap.h"
#include "bridge/heard.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEY "cs-key-made-up"

static const struct session_ref s1 = { .id = "s1" }, sess1 = { .id = "sess000000000001" };

/* What the other side does next: a scripted answer each. */
struct scripted {
        enum fetch_end end;
        int status;
        const char *body;
        const char *headers;
};

static const struct scripted *script;
static size_t script_count, asked_count;
static json_t *asked[64]; /* bodies sent */
static char *asked_url, *asked_headers;

static int play(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
                struct fail *why)
{
        const struct scripted *s =
            &script[asked_count < script_count ? asked_count : script_count - 1];
        struct buf lines = BUF_NONE;

        (void)link;
        record_request("codesignal", request);
        asked[asked_count++] = json_parse(request->body, request->body_len, true, NULL);
        mem_free(asked_url);
        mem_free(asked_headers);
        asked_url = mem_format("%s %s", request->method, request->url);
        for (size_t i = 0; request->headers[i] != NULL; i++)
                buf_format(&lines, "%s\n", request->headers[i]);
        asked_headers = buf_take(&lines);
        *answer = (struct fetch_answer){ .end = s->end, .status = s->status };
        buf_add_text(&answer->body, s->body);
        buf_add_text(&answer->headers, s->headers);
        if (s->end == FETCH_ANSWERED)
                return 0;
        snprintf(answer->cause, sizeof(answer->cause), "as the script says");
        return fail_set(why, FAIL_OUTSIDE, "as the script says");
}

static char *data_dir;

/* A link with the data of the source tree; settings are JSON. */
struct bench {
        struct link link;
        json_t *settings, *credentials;
};

static struct link *bench_start(struct bench *b, const char *settings, const char *credentials,
                                const struct scripted *with, size_t count)
{
        b->settings = json_parse(settings, strlen(settings), true, NULL);
        b->credentials = json_parse(credentials, strlen(credentials), true, NULL);
        b->link = (struct link){ .org = "acme",
                                 .id = "cs",
                                 .settings = b->settings,
                                 .credentials = b->credentials,
                                 .data_dir = data_dir,
                                 .scale = 1,
                                 .call = play };
        script = with;
        script_count = count;
        while (asked_count > 0)
                json_decref(asked[--asked_count]);
        return &b->link;
}

static void bench_stop(struct bench *b)
{
        json_decref(b->settings);
        json_decref(b->credentials);
}

#define CREDENTIALS "{\"api_key\":\"" KEY "\"}"

static const char session_json[] =
    "{\"id\":\"sess000000000001\",\"status\":\"over\",\"createDate\":1553720000001,"
    "\"startDate\":1553720100000,\"finishDate\":1553723700000,\"expirationDate\":1554930000000,"
    "\"invitationUrl\":\"https://platform.example/i/1\",\"maxScore\":1000,"
    "\"verificationStatus\":null,\"integrityReviewSuggested\":null,"
    "\"test\":{\"id\":\"qTM9mK3GnM6XkQ7\",\"title\":\"Engineer\","
    "\"scoringModel\":{\"type\":\"codingScore2023\"}},"
    "\"testTaker\":{\"email\":\"jane@example.org\",\"firstName\":\"Jane\",\"lastName\":\"Doe\"},"
    "\"verificationRejectionReasons\":null,\"retakeSession\":null,\"reactivatedSession\":null,"
    "\"result\":{\"score\":900,\"url\":\"https://platform.example/r?accessToken=secret\","
    "\"versionedCodingScore\":{\"version\":\"codingScore2023\",\"value\":575},"
    "\"behavioralScore\":null,\"taskResults\":[{\"score\":300,\"timeSpent\":61000,"
    "\"sessionTask\":{\"maxScore\":300,\"task\":{\"title\":\"Sum\"}}},"
    "{\"score\":null,\"timeSpent\":null,\"sessionTask\":{\"maxScore\":700,\"task\":null}},null]}}";

static char *wrap(const char *field, const char *value)
{
        return mem_format("{\"data\":{\"%s\":%s}}", field, value);
}

/* A change to the sample: the first occurrence of from becomes to. */
static char *changed(const char *from, const char *to)
{
        const char *at = strstr(session_json, from);

        if (at == NULL) {
                printf("Bail out! the sample holds no %s\n", from);
                exit(99);
        }
        return mem_format("%.*s%s%s", (int)(at - session_json), session_json, to,
                          at + strlen(from));
}

/* ---- misuse and failures ---- */

struct failure {
        const char *name;
        struct scripted answer;
        enum outcome_kind read, create, invite;
};

#define DENIED3 OUTCOME_DENIED, OUTCOME_DENIED, OUTCOME_DENIED
#define ABSENT3 OUTCOME_ABSENT, OUTCOME_ABSENT, OUTCOME_ABSENT
#define AGAIN3 OUTCOME_AGAIN, OUTCOME_AGAIN, OUTCOME_AGAIN
#define REFUSED3 OUTCOME_REFUSED, OUTCOME_REFUSED, OUTCOME_REFUSED
#define LOST3 OUTCOME_AGAIN, OUTCOME_UNCERTAIN, OUTCOME_UNCERTAIN
#define ERROR(text) "{\"errors\":[{\"message\":\"" text "\"}],\"data\":null}"

static const struct failure failures[] = {
        { "refused by our guard", { FETCH_REFUSED, 0, "", "" }, DENIED3 },
        { "not connected", { FETCH_UNREACHABLE, 0, "", "" }, AGAIN3 },
        { "lost on the way", { FETCH_UNCERTAIN, 0, "", "" }, LOST3 },
        { "half a body", { FETCH_UNCERTAIN, 200, "{\"data\":{\"crea", "" }, LOST3 },
        { "an endless answer", { FETCH_TOO_LONG, 200, "{", "" }, LOST3 },
        { "401 with a page", { FETCH_ANSWERED, 401, "<html>", "" }, DENIED3 },
        { "403 with nothing", { FETCH_ANSWERED, 403, "", "" }, DENIED3 },
        { "429 with nothing", { FETCH_ANSWERED, 429, "", "Retry-After: 7\n" }, AGAIN3 },
        { "500 with a page", { FETCH_ANSWERED, 500, "<html>oops", "" }, LOST3 },
        { "502 with nothing", { FETCH_ANSWERED, 502, "", "" }, LOST3 },
        { "200 with a page", { FETCH_ANSWERED, 200, "<html>hello", "" }, LOST3 },
        { "200 with nothing", { FETCH_ANSWERED, 200, "", "" }, LOST3 },
        { "200 with {}", { FETCH_ANSWERED, 200, "{}", "" }, LOST3 },
        { "200 with []", { FETCH_ANSWERED, 200, "[]", "" }, LOST3 },
        { "404 with a page", { FETCH_ANSWERED, 404, "<html>", "" }, DENIED3 },
        { "a redirect", { FETCH_ANSWERED, 302, "", "" }, DENIED3 },
        { "401 with an error nobody knows", { FETCH_ANSWERED, 401, ERROR("No."), "" }, DENIED3 },
        { "403 with an error nobody knows", { FETCH_ANSWERED, 403, ERROR("No."), "" }, DENIED3 },
        { "429 with an error nobody knows", { FETCH_ANSWERED, 429, ERROR("No."), "" }, AGAIN3 },
        { "401 with null for all", { FETCH_ANSWERED, 401, "{\"data\":null}", "" }, DENIED3 },
        { "500 with null for all", { FETCH_ANSWERED, 500, "{\"data\":null}", "" }, LOST3 },
        { "422 with other JSON", { FETCH_ANSWERED, 422, "{\"error\":\"x\"}", "" }, LOST3 },
        { "nested too deep",
          { FETCH_ANSWERED, 200,
            "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "" },
          LOST3 },
        { "rate, by default text",
          { FETCH_ANSWERED, 200, ERROR("You are trying to access 'companyTestSession' too often"),
            "" },
          AGAIN3 },
        { "rate, with status 400",
          { FETCH_ANSWERED, 400, ERROR("You are trying to access 'x' TOO OFTEN"), "" },
          AGAIN3 },
        { "cost",
          { FETCH_ANSWERED, 400,
            ERROR("The query exceeds the maximum cost of 10000. Actual cost is 12000"), "" },
          DENIED3 },
        { "depth",
          { FETCH_ANSWERED, 400, ERROR("'Invite' exceeds maximum operation depth of 10"), "" },
          DENIED3 },
        { "a field that went away",
          { FETCH_ANSWERED, 400, ERROR("Cannot query field \\\"status\\\" on type \\\"X\\\"."),
            "" },
          DENIED3 },
        { "Access Denied", { FETCH_ANSWERED, 200, ERROR("Access Denied"), "" }, DENIED3 },
        { "unauthorized in JSON", { FETCH_ANSWERED, 401, ERROR("Unauthorized"), "" }, DENIED3 },
        { "an error that says absent",
          { FETCH_ANSWERED, 200, ERROR("Test not found"), "" },
          ABSENT3 },
        { "a bad address",
          { FETCH_ANSWERED, 200, ERROR("Please give a valid email"), "" },
          REFUSED3 },
        { "an error nobody knows",
          { FETCH_ANSWERED, 200, ERROR("Something went sideways"), "" },
          OUTCOME_AGAIN,
          OUTCOME_UNCERTAIN,
          OUTCOME_AGAIN },
        { "an error without words",
          { FETCH_ANSWERED, 200, "{\"errors\":[{}]}", "" },
          OUTCOME_AGAIN,
          OUTCOME_UNCERTAIN,
          OUTCOME_AGAIN },
        { "too many at once",
          { FETCH_ANSWERED, 200, ERROR("maximum number of concurrent sessions reached"), "" },
          AGAIN3 },
        { "null for all",
          { FETCH_ANSWERED, 200, "{\"data\":null}", "" },
          OUTCOME_ABSENT,
          OUTCOME_UNCERTAIN,
          OUTCOME_UNCERTAIN },
        { "null for each",
          { FETCH_ANSWERED, 200,
            "{\"data\":{\"companyTestSession\":null,\"createLiveInterview\":null,"
            "\"createCompanyTestSession\":null}}",
            "" },
          OUTCOME_ABSENT,
          OUTCOME_UNCERTAIN,
          OUTCOME_UNCERTAIN },
        { "an answer without an id",
          { FETCH_ANSWERED, 200,
            "{\"data\":{\"companyTestSession\":{},\"createLiveInterview\":{\"url\":\"u\"},"
            "\"createCompanyTestSession\":{\"id\":null}}}",
            "" },
          OUTCOME_AGAIN,
          OUTCOME_UNCERTAIN,
          OUTCOME_UNCERTAIN },
};

static void check_failure(const struct failure *f, const char *what, int result,
                          enum outcome_kind want, const struct outcome *o)
{
        tap_ok(result == -1, "%s, %s: fails", f->name, what);
        tap_text(outcome_word(o->kind), outcome_word(want), "%s, %s: the outcome", f->name, what);
        tap_ok(o->sentence[0] != '\0' && strstr(o->sentence, KEY) == NULL &&
                   strstr(o->detail, KEY) == NULL,
               "%s, %s: a sentence, and no key in it", f->name, what);
        tap_int(o->status, f->answer.status, "%s, %s: the status is kept", f->name, what);
}

static void test_failures(void)
{
        static const struct invitation invitation = { .test_id = "t", .email = "a@example.org" };
        static const struct interview_order order = { .candidate_email = "a@example.org" };

        for (size_t i = 0; i < COUNT(failures); i++) {
                const struct failure *f = &failures[i];
                struct bench b;
                struct link *link = bench_start(&b, "{}", CREDENTIALS, &f->answer, 1);
                struct interview_made made;
                struct session s;
                struct outcome o;
                int result = codesignal_platform.read_session(link, &s1, &s, &o);

                check_failure(f, "reading", result, f->read, &o);
                session_dispose(&s);
                result = codesignal_platform.create_interview(link, &order, &made, &o);
                check_failure(f, "making", result, f->create, &o);
                tap_ok(made.id == NULL && made.url == NULL, "%s: nothing made", f->name);
                result = codesignal_platform.invite(link, &invitation, &s, &o);
                check_failure(f, "inviting", result, f->invite, &o);
                session_dispose(&s);
                bench_stop(&b);
        }
}

static void test_waits(void)
{
        static const struct scripted rate = { FETCH_ANSWERED, 200, ERROR("too often"), "" };
        static const struct scripted after = { FETCH_ANSWERED, 429, "", "Retry-After: 7\n" };
        static const struct scripted told = { FETCH_ANSWERED, 429, ERROR("too often"),
                                              "Retry-After: 7\n" };
        static const struct scripted later = { FETCH_ANSWERED, 200, ERROR("concurrent"), "" };
        struct bench b;
        struct session s;
        struct outcome o;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, &rate, 1);

        codesignal_platform.read_session(link, &s1, &s, &o);
        tap_ok(o.lane_wait_ms == 1000 && o.wait_ms == 1000, "a rate error rests the lane a second");
        link->scale = 10;
        codesignal_platform.read_session(link, &s1, &s, &o);
        tap_int(o.lane_wait_ms, 100, "divided by the scale of a rehearsal");
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, &after, 1);
        codesignal_platform.read_session(link, &s1, &s, &o);
        tap_ok(o.lane_wait_ms == 7000 && o.wait_ms == 7000, "Retry-After is obeyed");
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, &told, 1);
        codesignal_platform.read_session(link, &s1, &s, &o);
        tap_ok(o.lane_wait_ms == 7000 && o.wait_ms == 7000, "also beside an error in JSON");
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, &later, 1);
        codesignal_platform.read_session(link, &s1, &s, &o);
        tap_ok(o.wait_ms == 15 * WHEN_MINUTE && o.lane_wait_ms == 0,
               "too many at once waits by itself, and holds up nobody");
        bench_stop(&b);
}

static void test_keys(void)
{
        static const char *const bad[] = { "{}", "{\"api_key\":\"\"}", "{\"api_key\":null}",
                                           "{\"api_key\":\"a\\r\\nX: y\"}" };
        static const struct scripted echo = { FETCH_ANSWERED, 401,
                                              ERROR("the API key " KEY " is unknown"), "" };
        static const struct scripted token = { FETCH_ANSWERED, 200,
                                               ERROR("cannot open https://x?accessToken=abc"), "" };
        struct bench b;
        struct session s;
        struct outcome o;
        struct link *link;

        for (size_t i = 0; i < COUNT(bad); i++) {
                link = bench_start(&b, "{}", bad[i], &echo, 1);
                tap_ok(codesignal_platform.read_session(link, &s1, &s, &o) == -1 &&
                           o.kind == OUTCOME_DENIED && asked_count == 0,
                       "key %zu is no key: nothing is sent", i);
                bench_stop(&b);
        }
        link = bench_start(&b, "{}", CREDENTIALS, &echo, 1);
        codesignal_platform.read_session(link, &s1, &s, &o);
        tap_ok(o.kind == OUTCOME_DENIED && strstr(o.detail, KEY) == NULL,
               "a key that the answer repeats is not shown");
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, &token, 1);
        codesignal_platform.read_session(link, &s1, &s, &o);
        tap_ok(strstr(o.detail, "abc") == NULL, "nor a bearer link");
        bench_stop(&b);
}

/* ---- what is read ---- */

static void read_one(const char *json, struct session *s, struct outcome *o)
{
        char *body = wrap("companyTestSession", json);
        struct scripted answer = { FETCH_ANSWERED, 200, body, "" };
        struct bench b;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, &answer, 1);

        codesignal_platform.read_session(link, &sess1, s, o);
        bench_stop(&b);
        mem_free(body);
}

static void test_whole(void)
{
        struct session s;
        struct outcome o;
        json_t *stored;
        char *text;

        read_one(session_json, &s, &o);
        if (!tap_int(o.kind, OUTCOME_DONE, "a session is read"))
                tap_note("%s", o.detail);
        tap_text(asked_url, "POST https://app.codesignal.com/graphql", "from the documented place");
        tap_ok(strstr(asked_headers, "Authorization: Bearer " KEY "\n") != NULL &&
                   strstr(asked_headers, "Content-Type: application/json\n") != NULL &&
                   strstr(asked_headers, "Accept: application/json\n") != NULL,
               "with the documented headers");
        tap_text(json_get_text(asked[0], "variables.id", NULL), "sess000000000001",
                 "the id is a variable");
        tap_text(s.id, "sess000000000001", "id");
        tap_text(s.test_id, "qTM9mK3GnM6XkQ7", "test");
        tap_text(s.test_title, "Engineer", "title");
        tap_text(s.email, "jane@example.org", "e-mail");
        tap_text(s.name, "Jane Doe", "name");
        tap_int(s.state, SESSION_COMPLETE, "over and not proctored is complete");
        tap_int(s.created_ms, INT64_C(1553720000001), "times have 64 bits");
        tap_ok(s.score.present && s.score.value == 575 && s.score.least == 200 &&
                   s.score.most == 600 && text_equal(s.score.version, "codingScore2023"),
               "the score has its scale and version");
        tap_int((int64_t)s.part_count, 2, "two parts; a null among them is skipped");
        tap_ok(s.parts[0].scored && s.parts[0].value == 300 && s.parts[0].spent_ms == 61000,
               "the first part");
        tap_ok(!s.parts[1].scored && s.parts[1].title == NULL && s.parts[1].spent_ms == -1,
               "a part without a score has none");
        tap_text(s.report_url, "https://platform.example/r?accessToken=secret", "report link");
        stored = session_to_json(&s);
        text = json_text(stored);
        tap_ok(strstr(text, "accessToken") == NULL && strstr(o.detail, "accessToken") == NULL,
               "which is stored nowhere else");
        json_decref(stored);
        mem_free(text);
        session_dispose(&s);
}

static void test_states(void)
{
        static const struct {
                const char *status, *verification;
                enum session_state want;
                enum verification verified;
        } rows[] = {
                { "pending", "null", SESSION_INVITED, VERIFICATION_NONE },
                { "active", "null", SESSION_STARTED, VERIFICATION_NONE },
                { "gracePeriod", "null", SESSION_STARTED, VERIFICATION_NONE },
                { "finalizing", "null", SESSION_SUBMITTED, VERIFICATION_NONE },
                { "over", "null", SESSION_COMPLETE, VERIFICATION_NONE },
                { "over", "\"pending\"", SESSION_IN_REVIEW, VERIFICATION_PENDING },
                { "over", "\"verified\"", SESSION_COMPLETE, VERIFICATION_VERIFIED },
                { "over", "\"notVerified\"", SESSION_NOT_VERIFIED, VERIFICATION_NOT_VERIFIED },
                { "over", "\"somethingNew\"", SESSION_IN_REVIEW, VERIFICATION_PENDING },
                { "over", "7", SESSION_IN_REVIEW, VERIFICATION_PENDING },
                { "expired", "null", SESSION_EXPIRED, VERIFICATION_NONE },
                { "expired", "\"notVerified\"", SESSION_EXPIRED, VERIFICATION_NOT_VERIFIED },
                { "declined", "null", SESSION_DECLINED, VERIFICATION_NONE },
                { "deleted", "null", SESSION_CANCELLED, VERIFICATION_NONE },
                { "deletedForPii", "null", SESSION_ERASED, VERIFICATION_NONE },
                { "archived", "null", SESSION_COMPLETE, VERIFICATION_NONE },
                { "archived", "\"pending\"", SESSION_IN_REVIEW, VERIFICATION_PENDING },
                { "somethingNew", "null", SESSION_UNKNOWN, VERIFICATION_NONE },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                char *with = mem_format("\"verificationStatus\":%s", rows[i].verification);
                char *first = changed("\"verificationStatus\":null", with);
                const char *at = strstr(first, "\"over\"");
                char *json =
                    mem_format("%.*s\"%s\"%s", (int)(at - first), first, rows[i].status, at + 6);
                struct session s;
                struct outcome o;

                read_one(json, &s, &o);
                tap_text(session_word(s.state), session_word(rows[i].want), "%s and %s: the state",
                         rows[i].status, rows[i].verification);
                tap_int(s.verification, rows[i].verified, "%s and %s: the verification",
                        rows[i].status, rows[i].verification);
                if (strstr(json, "somethingNew") != NULL)
                        tap_ok(strstr(o.detail, "somethingNew") != NULL,
                               "a word unknown to the map is named");
                session_dispose(&s);
                mem_free(with);
                mem_free(first);
                mem_free(json);
        }
}

/* Over, and the result is null: it is being made, for a day. */
static void test_result_to_come(void)
{
        static const struct {
                const char *name, *result;
                int64_t ago;
                enum session_state want;
        } rows[] = {
                { "null, just finished", "null", WHEN_MINUTE, SESSION_SUBMITTED },
                { "null, long ago", "null", 2 * WHEN_DAY, SESSION_COMPLETE },
                { "empty, just finished", "{\"score\":null,\"url\":null}", WHEN_MINUTE,
                  SESSION_SUBMITTED },
                { "a report only", "{\"url\":\"https://platform.example/r\"}", WHEN_MINUTE,
                  SESSION_COMPLETE },
                { "points only", "{\"score\":0}", WHEN_MINUTE, SESSION_COMPLETE },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                char *json = mem_format(
                    "{\"id\":\"sess000000000001\",\"status\":\"over\",\"finishDate\":%lld.5,"
                    "\"result\":%s}",
                    (long long)(when_now_ms() - rows[i].ago), rows[i].result);
                struct session s;
                struct outcome o;

                read_one(json, &s, &o);
                tap_text(session_word(s.state), session_word(rows[i].want), "over: %s",
                         rows[i].name);
                session_dispose(&s);
                mem_free(json);
        }
}

static void test_scores(void)
{
        static const char model[] =
            "\"versionedCodingScore\":{\"version\":\"codingScore2023\",\"value\":575}";
        static const struct {
                const char *name, *from, *to;
                const char *words; /* "" for no score */
        } rows[] = {
                { "raw", model, "\"versionedCodingScore\":null", "Score: 900 of 1000 (90 %)" },
                { "old model", model,
                  "\"versionedCodingScore\":{\"version\":\"original\",\"value\":720}",
                  "CodeSignal score (300-850, the scale until 2023): 720 of 850" },
                { "an unknown model", model,
                  "\"versionedCodingScore\":{\"version\":\"next\",\"value\":7}",
                  "Score: 900 of 1000 (90 %)" },
                { "nothing submitted", model,
                  "\"versionedCodingScore\":{\"version\":\"codingScore2023\",\"value\":0}",
                  "CodeSignal score (200-600): 0 of 600 (nothing submitted)" },
                { "value null", "\"value\":575", "\"value\":null", "Score: 900 of 1000 (90 %)" },
                { "a score in text", "\"value\":575", "\"value\":\"575\"",
                  "Score: 900 of 1000 (90 %)" },
                { "a label", "575},\"behavioralScore\":null",
                  "null},\"behavioralScore\":{\"label\":\"moderate\"}",
                  "Behavioural assessment: moderate" },
                { "no result", "\"result\":{", "\"result\":null,\"was\":{", "" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                char *json = changed(rows[i].from, rows[i].to);
                struct session s;
                struct outcome o;
                struct buf words = BUF_NONE;

                read_one(json, &s, &o);
                score_write(&s.score, &words);
                tap_text(buf_text(&words), rows[i].words, "score: %s", rows[i].name);
                buf_dispose(&words);
                session_dispose(&s);
                mem_free(json);
        }
}

#define BEHAVIORAL_POINTS                                                                          \
        "{\"maxScore\":100,\"result\":{\"score\":90},"                                             \
        "\"test\":{\"scoringModel\":{\"type\":\"behavioral\"}}}"

/* Both members changed: a raw test whose score or maximum is missing has no score. */
static void test_no_score(void)
{
        static const char *const results[] = {
                "{\"maxScore\":null,\"result\":{\"score\":90}}",
                "{\"maxScore\":0,\"result\":{\"score\":90}}",
                "{\"maxScore\":100,\"result\":{\"score\":null}}",
                "{\"maxScore\":100,\"result\":{}}",
                "{\"result\":{\"score\":90}}",
                BEHAVIORAL_POINTS,
        };

        for (size_t i = 0; i < COUNT(results); i++) {
                char *json = mem_format("{\"id\":\"sess000000000001\",\"status\":\"over\",%s",
                                        results[i] + 1);
                struct session s;
                struct outcome o;

                read_one(json, &s, &o);
                tap_ok(s.state == SESSION_COMPLETE && !s.score.present,
                       "a score without value or scale %zu is none, never 0", i);
                session_dispose(&s);
                mem_free(json);
        }
}

static void test_chain(void)
{
        char *json = changed("\"retakeSession\":null,\"reactivatedSession\":null",
                             "\"retakeSession\":{\"id\":\"s2\"},\"reactivatedSession\":"
                             "{\"newSessionId\":\"s3\"}");
        struct session s;
        struct outcome o;

        read_one(json, &s, &o);
        tap_text(s.retake_id, "s2", "the retake");
        tap_text(s.reactivated_id, "s3", "the reactivation");
        session_dispose(&s);
        mem_free(json);
        json = changed("\"verificationRejectionReasons\":null",
                       "\"verificationRejectionReasons\":[{\"name\":\"id\",\"description\":\"No ID "
                       "was shown.\"},{\"name\":\"camera\",\"description\":\"\"},{},null]");
        read_one(json, &s, &o);
        tap_ok(s.reason_count == 2 && text_equal(s.reasons[0], "No ID was shown.") &&
                   text_equal(s.reasons[1], "camera"),
               "reasons are for people, empty ones left out");
        session_dispose(&s);
        mem_free(json);
        json = changed("\"id\":\"sess000000000001\"", "\"id\":\"another\"");
        read_one(json, &s, &o);
        tap_ok(o.kind == OUTCOME_AGAIN && s.id == NULL, "an answer about another session is none");
        session_dispose(&s);
        mem_free(json);
}

static void test_partial(void)
{
        char *body = mem_format("{\"errors\":[{\"message\":\"Access Denied\",\"path\":"
                                "[\"companyTestSession\",\"result\"]}],"
                                "\"data\":{\"companyTestSession\":%s}}",
                                session_json);
        struct scripted answer = { FETCH_ANSWERED, 200, body, "" };
        struct bench b;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, &answer, 1);
        struct session s;
        struct outcome o;

        codesignal_platform.read_session(link, &sess1, &s, &o);
        tap_ok(o.kind == OUTCOME_DENIED && s.id == NULL, "half a reading is not taken for a whole");
        bench_stop(&b);
        mem_free(body);
        body = mem_format("{\"errors\":[{\"message\":\"Task not found\",\"path\":"
                          "[\"companyTestSession\",\"result\",\"taskResults\",0]}],"
                          "\"data\":{\"companyTestSession\":%s}}",
                          session_json);
        answer.body = body;
        link = bench_start(&b, "{}", CREDENTIALS, &answer, 1);
        codesignal_platform.read_session(link, &sess1, &s, &o);
        tap_ok(o.kind == OUTCOME_AGAIN && s.id == NULL,
               "a part that is gone does not make the session gone");
        bench_stop(&b);
        mem_free(body);
}

/* ---- what is asked ---- */

static void test_invite(void)
{
        static const struct invitation whole = { "t1", "Jane", "Doe", "jane@example.org",
                                                 "ours-1" };
        static const struct invitation bare = { .test_id = "t1", .email = "jane@example.org" };
        static const struct invitation lost = { "t1", "Jane", "Doe", "", "ours-1" };
        char *body = wrap("createCompanyTestSession", session_json);
        struct scripted answer = { FETCH_ANSWERED, 200, body, "" };
        struct bench b;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, &answer, 1);
        struct session s;
        struct outcome o;
        char *text;

        tap_ok(codesignal_platform.invite(link, &lost, &s, &o) == -1 && asked_count == 0 &&
                   o.kind == OUTCOME_REFUSED,
               "without an address nothing is sent");
        tap_text(o.sentence,
                 "Not invited: this candidate has no e-mail address. Add one and move the stage "
                 "again.",
                 "and a recruiter is told what to do");
        tap_ok(codesignal_platform.invite(link, &whole, &s, &o) == 0, "invited");
        text = json_text(json_at(asked[0], "variables"));
        tap_text(text,
                 "{\"sessionFields\":{\"candidateEmail\":\"jane@example.org\","
                 "\"candidateFirstName\":\"Jane\",\"candidateLastName\":\"Doe\","
                 "\"externalId\":\"ours-1\",\"preferExisting\":true,\"testId\":\"t1\"}}",
                 "preferExisting and our id are always sent");
        mem_free(text);
        tap_text(s.id, "sess000000000001", "the session made or found");
        session_dispose(&s);
        tap_ok(codesignal_platform.invite(link, &bare, &s, &o) == 0, "invited without a name");
        text = json_text(json_at(asked[1], "variables"));
        tap_text(text,
                 "{\"sessionFields\":{\"candidateEmail\":\"jane@example.org\","
                 "\"preferExisting\":true,\"testId\":\"t1\"}}",
                 "what is missing is left out");
        mem_free(text);
        session_dispose(&s);
        bench_stop(&b);
        link = bench_start(&b, "{\"no_email\":true,\"base_url\":\"https://cs.example/graphql\"}",
                           CREDENTIALS, &answer, 1);
        tap_ok(codesignal_platform.invite(link, &whole, &s, &o) == 0 &&
                   json_get_bool(asked[0], "variables.sessionFields.noInvitationEmail", false),
               "no mail from CodeSignal when so set");
        tap_text(asked_url, "POST https://cs.example/graphql", "base_url is obeyed");
        session_dispose(&s);
        bench_stop(&b);
        mem_free(body);
}

static size_t visited;

static void count_visit(void *context, const struct session *s)
{
        (void)context;
        visited += text_starts(s->id, "s");
}

static void test_sweep(void)
{
        struct session_ref ids[45];
        struct bench b;
        struct link *link;
        struct outcome o;
        struct scripted answers[4];
        char *first = NULL;
        struct buf list = BUF_NONE;

        for (size_t i = 0; i < 45; i++)
                ids[i] = (struct session_ref){ .id = mem_format("s%zu", i) };
        buf_add_text(&list, "{\"data\":{\"companyTestSessions\":[null,{\"id\":\"other\"}");
        for (size_t i = 0; i < 20; i++)
                buf_format(&list, ",{\"id\":\"s%zu\",\"status\":\"active\"}", i);
        buf_add_text(&list, "]}}");
        first = buf_take(&list);
        for (size_t i = 0; i < 4; i++)
                answers[i] = (struct scripted){ FETCH_ANSWERED, 200,
                                                "{\"data\":{\"companyTestSessions\":[]}}", "" };
        answers[0].body = first;
        visited = 0;
        link = bench_start(&b, "{}", CREDENTIALS, answers, 4);
        tap_ok(codesignal_platform.read_sessions(link, "t1", ids, 45, count_visit, NULL, &o) == 0,
               "45 sessions are read");
        tap_int((int64_t)asked_count, 3, "in chunks");
        tap_int((int64_t)json_array_size(json_at(asked[0], "variables.ids")), 20, "of twenty");
        tap_int(json_get_int(asked[2], "variables.first", 0), 5, "the last one is shorter");
        tap_int((int64_t)visited, 20, "each that exists and was asked for is visited");
        bench_stop(&b);
        answers[0].body = ERROR("ids must be at most 10");
        link = bench_start(&b, "{}", CREDENTIALS, answers, 4);
        tap_ok(codesignal_platform.read_sessions(link, "t1", ids, 15, count_visit, NULL, &o) == 0 &&
                   asked_count == 3 && json_get_int(asked[1], "variables.first", 0) == 8,
               "a page refused as too large is halved");
        bench_stop(&b);
        answers[1].body = answers[0].body;
        link = bench_start(&b, "{}", CREDENTIALS, answers, 4);
        tap_ok(codesignal_platform.read_sessions(link, "t1", ids, 15, count_visit, NULL, &o) ==
                       -1 &&
                   asked_count == 2,
               "but only once");
        bench_stop(&b);
        answers[0].body = ERROR("too often");
        link = bench_start(&b, "{}", CREDENTIALS, answers, 4);
        tap_ok(codesignal_platform.read_sessions(link, "t1", ids, 15, count_visit, NULL, &o) ==
                       -1 &&
                   asked_count == 1 && o.kind == OUTCOME_AGAIN,
               "a rate error is no reason to halve");
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, answers, 4);
        tap_ok(codesignal_platform.read_sessions(link, "t1", ids, 0, count_visit, NULL, &o) == 0 &&
                   asked_count == 0,
               "nothing to ask, nothing sent");
        bench_stop(&b);
        answers[0].body = "{\"errors\":[{\"message\":\"Task not found\",\"path\":"
                          "[\"companyTestSessions\",1,\"result\"]}],"
                          "\"data\":{\"companyTestSessions\":[{\"id\":\"s0\"},{\"id\":\"s1\"},"
                          "null,{\"id\":\"s2\"}]}}";
        link = bench_start(&b, "{}", CREDENTIALS, answers, 4);
        visited = 0;
        tap_ok(codesignal_platform.read_sessions(link, "t1", ids, 3, count_visit, NULL, &o) == 0 &&
                   visited == 2 && o.kind == OUTCOME_DONE,
               "one that cannot be read does not hide the others");
        bench_stop(&b);
        answers[0].body = "{\"errors\":[{\"message\":\"sideways\",\"path\":"
                          "[\"companyTestSessions\"]}],"
                          "\"data\":{\"companyTestSessions\":[{\"id\":\"s0\"}]}}";
        link = bench_start(&b, "{}", CREDENTIALS, answers, 4);
        visited = 0;
        tap_ok(codesignal_platform.read_sessions(link, "t1", ids, 3, count_visit, NULL, &o) == -1 &&
                   visited == 0 && o.kind == OUTCOME_AGAIN,
               "an error about all of them does");
        bench_stop(&b);
        for (size_t i = 0; i < 45; i++)
                mem_free((char *)(uintptr_t)ids[i].id);
        mem_free(first);
}

static void test_tests(void)
{
        static const struct scripted pages[] = {
                { FETCH_ANSWERED, 200,
                  "{\"data\":{\"companyTests\":{\"tests\":[{\"id\":\"t1\",\"title\":\"One\","
                  "\"duration\":4200000.0,\"labels\":[\"a\"]},{\"title\":\"no id\"}],"
                  "\"pageInfo\":{\"hasNextPage\":true}}}}",
                  "" },
                { FETCH_ANSWERED, 200,
                  "{\"data\":{\"companyTests\":{\"tests\":[{\"id\":\"t2\",\"title\":\"Two\","
                  "\"labels\":null}],\"pageInfo\":{\"hasNextPage\":false}}}}",
                  "" },
        };
        static const struct scripted broken[] = {
                { FETCH_ANSWERED, 200,
                  "{\"data\":{\"companyTests\":{\"tests\":[{\"id\":\"t1\"}],"
                  "\"pageInfo\":{\"hasNextPage\":true}}}}",
                  "" },
                { FETCH_UNREACHABLE, 0, "", "" },
        };
        struct bench b;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, pages, 2);
        struct outcome o;
        json_t *tests;
        char *text;

        tap_int(codesignal_platform.list_tests(link, NULL, &tests, &o), 0,
                "assessments are listed");
        text = json_text(tests);
        tap_text(text,
                 "[{\"duration_ms\":4200000,\"id\":\"t1\",\"labels\":[\"a\"],\"title\":\"One\"},"
                 "{\"duration_ms\":0,\"id\":\"t2\",\"labels\":[],\"title\":\"Two\"}]",
                 "page by page");
        tap_int(json_get_int(asked[1], "variables.offset", 0), 20, "the second from the 21st on");
        tap_ok(json_at(asked[0], "variables.titleSearchText") == NULL, "no search, no word for it");
        mem_free(text);
        json_decref(tests);
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, broken, 2);
        tap_ok(codesignal_platform.list_tests(link, "x", &tests, &o) == -1 && tests == NULL,
               "half a list is none");
        bench_stop(&b);
}

static bool taken_first(void *context, const char *id)
{
        (void)context;
        return text_equal(id, "i1");
}

static void test_interviews(void)
{
        static const struct scripted made_answer = {
                FETCH_ANSWERED, 200,
                "{\"data\":{\"createLiveInterview\":{\"id\":\"i1\",\"url\":\"https://p/i1\"},"
                "\"editLiveInterview\":{\"id\":\"i1\",\"url\":\"https://p/i1\"},"
                "\"deleteLiveInterview\":\"i1\",\"deleteCompanyTestSession\":\"s1\"}}",
                ""
        };
        static const struct scripted found[] = {
                { FETCH_ANSWERED, 200,
                  "{\"data\":{\"liveInterviews\":["
                  "{\"id\":\"i0\",\"url\":\"u0\",\"status\":\"over\",\"startDate\":5},"
                  "{\"id\":\"i9\",\"url\":\"u9\",\"status\":\"deleted\",\"startDate\":null},"
                  "{\"id\":\"i1\",\"url\":\"u1\",\"status\":\"pending\",\"startDate\":null},"
                  "{\"id\":\"i2\",\"url\":\"u2\",\"status\":\"pending\",\"startDate\":null}]}}",
                  "" }
        };
        struct interview_order order = { "Jane Doe", "jane@example.org", "tpl1", 0 };
        struct interview_made made;
        struct bench b;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, &made_answer, 1);
        struct outcome o;
        char *text;

        tap_int(codesignal_platform.create_interview(link, &order, &made, &o), 0, "made");
        tap_ok(text_equal(made.id, "i1") && text_equal(made.url, "https://p/i1"), "with its link");
        mem_free(made.id);
        mem_free(made.url);
        text = json_text(json_at(asked[0], "variables"));
        tap_text(text,
                 "{\"interviewFields\":{\"candidateEmail\":\"jane@example.org\","
                 "\"candidateName\":\"Jane Doe\",\"templateId\":\"tpl1\"}}",
                 "no expiry unless asked for");
        mem_free(text);
        order = (struct interview_order){ .expires_in_ms = 1 };
        codesignal_platform.edit_interview(link, "i1", &order, &made, &o);
        tap_int(json_get_int(asked[1], "variables.interviewFields.expirationTime", 0), WHEN_HOUR,
                "an expiry is at least an hour");
        tap_text(json_get_text(asked[1], "variables.id", NULL), "i1", "edited by its id");
        mem_free(made.id);
        mem_free(made.url);
        order.expires_in_ms = INT64_MAX;
        codesignal_platform.create_interview(link, &order, &made, &o);
        tap_int(json_get_int(asked[2], "variables.interviewFields.expirationTime", 0), 1209600000,
                "and at most 336 hours");
        mem_free(made.id);
        mem_free(made.url);
        tap_int(codesignal_platform.delete_interview(link, "i1", &o), 0, "deleted");
        tap_int(codesignal_platform.cancel(link, &(struct session_ref){ .id = "s1" }, &o), 0,
                "an invitation withdrawn");
        text = json_text(json_at(asked[4], "variables"));
        tap_text(text, "{\"id\":\"s1\",\"notify\":false}", "by its id, without a mail");
        mem_free(text);
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, found, 1);
        tap_ok(codesignal_platform.find_interview(link, "jane@example.org", 1000, NULL, NULL, &made,
                                                  &o) == 0 &&
                   text_equal(made.id, "i1"),
               "found again: one that waits, not one used before or deleted");
        mem_free(made.id);
        mem_free(made.url);
        tap_ok(codesignal_platform.find_interview(link, "jane@example.org", 1000, taken_first, NULL,
                                                  &made, &o) == 0 &&
                   text_equal(made.id, "i2"),
               "nor one that is somebody's");
        mem_free(made.id);
        mem_free(made.url);
        tap_ok(codesignal_platform.find_interview(link, "jane@example.org", 1, NULL, NULL, &made,
                                                  &o) == 0 &&
                   text_equal(made.id, "i0"),
               "one used since then is ours");
        mem_free(made.id);
        mem_free(made.url);
        bench_stop(&b);
        link = bench_start(
            &b, "{}", CREDENTIALS,
            &(struct scripted){ FETCH_ANSWERED, 200, "{\"data\":{\"liveInterviews\":[]}}", "" }, 1);
        tap_ok(codesignal_platform.find_interview(link, "x@example.org", 0, NULL, NULL, &made,
                                                  &o) == 0 &&
                   made.id == NULL,
               "none is found, and that is an answer");
        bench_stop(&b);
}

static bool taken_s2(void *context, const char *id)
{
        (void)context;
        return text_equal(id, "s2");
}

/* After an uncertain invitation: newest finish first. */
static void test_find_session(void)
{
#define ROW(id, status, created, finished, email)                                                  \
        "{\"id\":\"" id "\",\"status\":\"" status "\",\"createDate\":" created                     \
        ",\"finishDate\":" finished ",\"testTaker\":{\"email\":\"" email "\"}}"
        static const struct scripted pages[] = {
                { FETCH_ANSWERED, 200,
                  "{\"data\":{\"companyTestSessions\":["
                  "null," ROW("s1", "over", "5000", "9000", "other@example.org") "," ROW(
                      "s2", "over", "5001", "8000",
                      "jane@example.org") "," ROW("s3", "over", "5002", "7000",
                                                  "Jane@Example.org") "]}}",
                  "" },
        };
        static const struct scripted older[] = {
                { FETCH_ANSWERED, 200,
                  "{\"data\":{\"companyTestSessions\":[" ROW(
                      "s1", "over", "100", "9000",
                      "jane@example.org") "," ROW("s0", "deleted", "5000", "null",
                                                  "jane@example.org") "]}}",
                  "" },
        };
        struct bench b;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, pages, 1);
        struct heard heard = { NULL };
        struct session s;
        struct outcome o;

        link->heard = &heard;
        tap_ok(codesignal_platform.find_session(link, "T1", "jane@example.org", 5000, NULL, NULL,
                                                &s, &o) == 0 &&
                   text_equal(s.id, "s2"),
               "the session that an invitation made is found");
        tap_text(json_get_text(asked[0], "variables.companyTestId", ""), "T1", "by its test");
        tap_ok(json_at(asked[0], "variables.ids") == NULL, "and by no ids");
        tap_ok(json_at(heard.calls, "0.status") != NULL && json_at(heard.calls, "0.text") == NULL,
               "what others are in is not kept");
        session_dispose(&s);
        tap_ok(codesignal_platform.find_session(link, "T1", "jane@example.org", 5000, taken_s2,
                                                NULL, &s, &o) == 0 &&
                   text_equal(s.id, "s3"),
               "not one that is another's; addresses differ in case");
        session_dispose(&s);
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, older, 1);
        tap_ok(codesignal_platform.find_session(link, "T1", "jane@example.org", 5000, NULL, NULL,
                                                &s, &o) == 0 &&
                   s.id == NULL,
               "not one made before, nor a deleted one");
        bench_stop(&b);
        link = bench_start(
            &b, "{}", CREDENTIALS,
            &(struct scripted){ FETCH_ANSWERED, 200, "{\"errors\":[{\"message\":\"x\"}]}", "" }, 1);
        heard_dispose(&heard);
        link->heard = &heard;
        tap_int(codesignal_platform.find_session(link, "T1", "jane@example.org", 5000, NULL, NULL,
                                                 &s, &o),
                -1, "an error is not an empty list");
        tap_text(json_get_text(json_array_get(heard.calls, 0), "text", ""),
                 "{\"errors\":[{\"message\":\"x\"}]}", "and is kept for people");
        heard_dispose(&heard);
        bench_stop(&b);
#undef ROW
}

/* ---- the files an admin may correct ---- */

static char *home_with(const char *name, const char *text)
{
        char *home = tap_dir(), *dir = file_path(home, "codesignal"), *path = file_path(dir, name);

        if (file_make_dir(dir, NULL) != 0 ||
            file_write(path, text, strlen(text), 0600, NULL) != 0) {
                printf("Bail out! cannot write %s\n", path);
                exit(99);
        }
        mem_free(dir);
        mem_free(path);
        return home;
}

static char *data_text(const char *name)
{
        char *path = file_path(data_dir, name);
        struct buf text = BUF_NONE;

        if (file_read(path, 1 << 20, &text, NULL) != 1) {
                printf("Bail out! cannot read %s\n", path);
                exit(99);
        }
        mem_free(path);
        return buf_take(&text);
}

static void test_corrections(void)
{
        static const struct {
                const char *name, *file, *from, *to, *says;
        } rows[] = {
                { "not JSON", "paths.json", "\"page_size\": 20,", "\"page_size\" 20,",
                  "codesignal/paths.json: not JSON as accepted here: line 3" },
                { "a member twice", "paths.json", "\"page_size\": 20,",
                  "\"page_size\": 20, \"page_size\": 20,", "codesignal/paths.json" },
                { "a page of 0", "paths.json", "\"page_size\": 20", "\"page_size\": 0",
                  "codesignal/paths.json: page_size:" },
                { "a path gone", "paths.json", "\"test_id\": \"test.id\",", "",
                  "codesignal/paths.json: session.test_id:" },
                { "a document gone", "paths.json", "\"read_session\": {", "\"reading\": {",
                  "codesignal/paths.json: documents.read_session:" },
                { "a word unknown", "paths.json", "\"gracePeriod\": \"started\"",
                  "\"gracePeriod\": \"begun\"", "codesignal/paths.json: status.gracePeriod:" },
                { "a class unknown", "paths.json", "\"class\": \"rate\"", "\"class\": \"rates\"",
                  "codesignal/paths.json: errors.0:" },
                { "a scale upside down", "paths.json", "[200, 600]", "[600, 200]",
                  "codesignal/paths.json: scales.codingScore2023:" },
                { "a file that is not there", "paths.json", "\"read_session.graphql\"",
                  "\"nowhere.graphql\"", "codesignal/nowhere.graphql: there is no such file" },
                { "a brace gone", "read_session.graphql", "    testTaker {", "    testTaker",
                  "codesignal/read_session.graphql: line " },
                { "a field no longer asked for", "read_session.graphql", "      lastName\n", "",
                  "codesignal/read_session.graphql: line 2: does not ask for "
                  "data.companyTestSession.testTaker.lastName, which paths.json reads as "
                  "session.last_name" },
                { "a part no longer asked for", "read_session.graphql", "        timeSpent\n", "",
                  "which paths.json reads as session.part_spent" },
                { "a query where a mutation was", "invite.graphql", "mutation", "query",
                  "codesignal/invite.graphql: line 2: is no mutation" },
                { "a variable renamed", "read_session.graphql", "($id: ID!)", "($key: ID!)",
                  "codesignal/read_session.graphql: line 2: declares no variable id" },
                { "a variable added", "read_session.graphql", "($id: ID!)", "($id: ID!, $of: ID!)",
                  "codesignal/read_session.graphql: line 2: paths.json gives no value for of" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                char *path = mem_format("codesignal/%s", rows[i].file), *text = data_text(path);
                const char *at = strstr(text, rows[i].from);
                char *changed_text = at == NULL ? mem_text("")
                                                : mem_format("%.*s%s%s", (int)(at - text), text,
                                                             rows[i].to, at + strlen(rows[i].from));
                char *home = home_with(rows[i].file, changed_text);
                struct bench b;
                struct link *link = bench_start(
                    &b, "{}", CREDENTIALS,
                    &(struct scripted){ FETCH_ANSWERED, 200, "{\"data\":null}", "" }, 1);
                struct session s;
                struct outcome o;
                json_t *report;

                tap_ok(at != NULL, "%s: the shipped file has what the test changes", rows[i].name);
                link->data_home = home;
                if (text_equal(rows[i].file, "invite.graphql"))
                        codesignal_platform.invite(
                            link, &(struct invitation){ .test_id = "t", .email = "a@b.example" },
                            &s, &o);
                else
                        codesignal_platform.read_session(link, &s1, &s, &o);
                tap_ok(o.kind == OUTCOME_DENIED && asked_count == 0, "%s: nothing is sent",
                       rows[i].name);
                if (!tap_ok(strstr(o.detail, rows[i].says) != NULL, "%s: it is named",
                            rows[i].name))
                        tap_note("got \"%s\"", o.detail);
                tap_ok(codesignal_platform.test(link, &report, &o) == -1 &&
                           strstr(json_get_text(report, "0.sentence", ""), rows[i].says) != NULL,
                       "%s: the connection test names it too", rows[i].name);
                json_decref(report);
                bench_stop(&b);
                mem_free(home);
                mem_free(changed_text);
                mem_free(text);
                mem_free(path);
        }
}

static void test_correction_helps(void)
{
        char *text = data_text("codesignal/paths.json");
        const char *at = strstr(text, "\"result.score\"");
        char *changed_text = mem_format("%.*s\"result.points\"%s", (int)(at - text), text, at + 14);
        char *home = home_with("paths.json", changed_text);
        char *document = data_text("codesignal/read_session.graphql");
        const char *spot = strstr(document, "    result {\n      score\n");
        char *other =
            mem_format("%.*s    result {\n      points: score\n%s", (int)(spot - document),
                       document, spot + strlen("    result {\n      score\n"));
        char *dir = file_path(home, "codesignal"), *path = file_path(dir, "read_session.graphql");
        struct scripted answer = { FETCH_ANSWERED, 200,
                                   "{\"data\":{\"companyTestSession\":{\"id\":\"s1\",\"status\":"
                                   "\"over\",\"maxScore\":60,\"result\":{\"points\":45}}}}",
                                   "" };
        struct bench b;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, &answer, 1);
        struct session s;
        struct outcome o;

        tap_int(file_write(path, other, strlen(other), 0600, NULL), 0, "an admin's correction");
        link->data_home = home;
        tap_int(codesignal_platform.read_session(link, &s1, &s, &o), 0, "is used");
        tap_ok(s.score.present && s.score.value == 45, "for the answer");
        tap_text(json_get_text(asked[0], "query", NULL), other, "and for the question");
        session_dispose(&s);
        bench_stop(&b);
        mem_free(path);
        mem_free(dir);
        mem_free(other);
        mem_free(document);
        mem_free(home);
        mem_free(changed_text);
        mem_free(text);
}

static void test_self_test(void)
{
        static const struct scripted fine[] = {
                { FETCH_ANSWERED, 200, "{\"data\":{\"companyTests\":{\"tests\":[{\"id\":\"t\"}]}}}",
                  "" },
                { FETCH_ANSWERED, 200, "{\"data\":{\"liveInterviews\":[]}}", "" },
        };
        static const struct scripted half[] = {
                { FETCH_ANSWERED, 200, "{\"data\":{\"companyTests\":{\"tests\":[]}}}", "" },
                { FETCH_ANSWERED, 200, ERROR("Access Denied"), "" },
        };
        static const struct scripted renamed[] = {
                { FETCH_ANSWERED, 200,
                  "{\"data\":{\"companyTests\":{\"tests\":[{\"key\":\"t\"}]}}}", "" },
                { FETCH_ANSWERED, 200, "{\"data\":{\"liveInterviews\":[]}}", "" },
        };
        struct bench b;
        struct link *link = bench_start(&b, "{}", CREDENTIALS, fine, 2);
        struct outcome o;
        json_t *report;

        tap_int(codesignal_platform.test(link, &report, &o), 0, "the connection test passes");
        tap_int((int64_t)asked_count, 2, "after two small readings");
        tap_int((int64_t)json_array_size(report), 4, "with a line for each thing");
        tap_ok(strstr(json_get_text(report, "3.sentence", ""), "first use") != NULL,
               "and says what it cannot know");
        json_decref(report);
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, half, 2);
        tap_ok(codesignal_platform.test(link, &report, &o) == -1 && o.kind == OUTCOME_DENIED,
               "a missing permission fails it");
        tap_ok(json_get_bool(report, "1.ok", false) && !json_get_bool(report, "2.ok", true),
               "and is told from one that is there");
        json_decref(report);
        bench_stop(&b);
        link = bench_start(&b, "{}", CREDENTIALS, renamed, 2);
        tap_ok(codesignal_platform.test(link, &report, &o) == -1 &&
                   strstr(json_get_text(report, "1.sentence", ""), "probe.id") != NULL,
               "a path that leads nowhere is named");
        json_decref(report);
        bench_stop(&b);
}

int main(void)
{
        const char *source = getenv("FAIRLEAD_SOURCE");

        data_dir = file_path(source != NULL ? source : ".", "data");
        test_failures();
        test_waits();
        test_keys();
        test_whole();
        test_states();
        test_result_to_come();
        test_scores();
        test_no_score();
        test_chain();
        test_partial();
        test_invite();
        test_sweep();
        test_tests();
        test_interviews();
        test_find_session();
        test_corrections();
        test_correction_helps();
        test_self_test();
        while (asked_count > 0)
                json_decref(asked[--asked_count]);
        mem_free(asked_url);
        mem_free(asked_headers);
        mem_free(data_dir);
        return tap_end();
}
