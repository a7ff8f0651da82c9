/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outgoing webhooks: what may be set, what is told, signed, and understood of an answer. */
#include "bridge/consumer.h"

#include <string.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

/* 32 bytes of 0x01 and 24 of 0x02 */
#define KEY "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define OLD "whsec_AgICAgICAgICAgICAgICAgICAgICAgIC"

static json_t *parse(const char *text)
{
        struct fail why = FAIL_CLEAR;
        json_t *value = json_parse(text, strlen(text), true, &why);

        if (value == NULL)
                tap_note("%s: %s", text, why.text);
        return value;
}

static void test_check(void)
{
        static const struct {
                const char *name, *settings, *credentials, *want; /* NULL: nothing wrong */
        } rows[] = {
                { "the smallest", "{}", "{\"secret\":\"s\"}", NULL },
                { "as the documentation has it",
                  "{\"signing\":\"codesignal\",\"events\":[\"*\"],\"headers\":{\"x-endorsed-"
                  "organization-id\":\"42\"}}",
                  "{\"secret\":\"shared secret\"}", NULL },
                { "Ashby's header, sealed", "{}", "{\"secret_headers\":\"X-Ashby-Api-Key: k\\n\"}",
                  NULL },
                { "a User-Agent of their own", "{\"headers\":{\"User-Agent\":\"x\"}}", "{}", NULL },
                { "an event that is not there", "{\"events\":[\"nope\"]}", "{}",
                  "no event \"nope\"" },
                { "ours with codesignal", "{\"events\":[\"result.completed\"]}", "{}",
                  "no event \"result.completed\"" },
                { "theirs with standard",
                  "{\"signing\":\"standard\",\"events\":[\"preScreenExpired\"]}", "{}",
                  "no event \"preScreenExpired\"" },
                { "no event at all", "{\"events\":[]}", "{}", "at least one event" },
                { "interviews can be relayed", "{\"events\":[\"liveInterviewFinished\"]}", "{}",
                  NULL },
                { "Host", "{\"headers\":{\"hOsT\":\"x\"}}", "{}", "sets itself" },
                { "Content-Length", "{\"headers\":{\"Content-Length\":\"1\"}}", "{}",
                  "sets itself" },
                { "webhook-signature", "{\"headers\":{\"Webhook-Signature\":\"v1,x\"}}", "{}",
                  "sets itself" },
                { "CodeSignal's signature", "{\"headers\":{\"X-CodeSignal-Signature\":\"x\"}}",
                  "{}", "sets itself" },
                { "a line break in the value", "{\"headers\":{\"x-a\":\"b\\r\\nHost: c\"}}", "{}",
                  "line break" },
                { "a lone CR", "{\"headers\":{\"x-a\":\"b\\rc\"}}", "{}", "line break" },
                { "a line break in the name", "{\"headers\":{\"x-a\\r\\nHost\":\"b\"}}", "{}",
                  "no name of a header" },
                { "a colon in the name", "{\"headers\":{\"x:a\":\"b\"}}", "{}",
                  "no name of a header" },
                { "a space in the name", "{\"headers\":{\"x a\":\"b\"}}", "{}",
                  "no name of a header" },
                { "no name", "{\"headers\":{\"\":\"b\"}}", "{}", "no name of a header" },
                { "no value", "{\"headers\":{\"x-a\":\"\"}}", "{}", "needs a value" },
                { "a letter that headers cannot carry", "{\"headers\":{\"x-a\":\"\xC3\xA4\"}}",
                  "{}", "cannot carry" },
                { "a space at the end", "{\"headers\":{\"x-a\":\"b \"}}", "{}", "space" },
                { "the same twice", "{\"headers\":{\"x-a\":\"b\",\"X-A\":\"c\"}}", "{}", "twice" },
                { "the same, once sealed", "{\"headers\":{\"x-a\":\"b\"}}",
                  "{\"secret_headers\":\"X-A: c\"}", "twice" },
                { "a sealed line without a colon", "{}", "{\"secret_headers\":\"hidden\"}",
                  "no name of a header" },
                { "a sealed reserved one", "{}", "{\"secret_headers\":\"Host: hidden\"}",
                  "sets itself" },
                { "a standard secret", "{\"signing\":\"standard\"}", "{\"secret\":\"" KEY "\"}",
                  NULL },
                { "two of them", "{\"signing\":\"standard\"}",
                  "{\"secret\":\"" KEY "\",\"old_secret\":\"" OLD "\"}", NULL },
                { "without its beginning", "{\"signing\":\"standard\"}",
                  "{\"secret\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"}", "whsec_" },
                { "too short", "{\"signing\":\"standard\"}", "{\"secret\":\"whsec_AQEB\"}",
                  "24 to 64" },
                { "no base64", "{\"signing\":\"standard\"}", "{\"secret\":\"whsec_hidden!\"}",
                  "24 to 64" },
                { "a bad former one", "{\"signing\":\"standard\"}",
                  "{\"secret\":\"" KEY "\",\"old_secret\":\"hidden\"}", "old_secret" },
                { "relay with standard", "{\"signing\":\"standard\",\"relay\":\"cs\"}", "{}",
                  "relay" },
                { "relay", "{\"relay\":\"cs\"}", "{}", NULL },
                { "thin with codesignal", "{\"body\":\"thin\"}", "{}", "never thin" },
                { "no days", "{\"pause_after_days\":0}", "{}", "1 to 6" },
                { "too many days", "{\"pause_after_days\":7}", "{}", "1 to 6" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fail why = FAIL_CLEAR;
                json_t *settings = parse(rows[i].settings),
                       *credentials = parse(rows[i].credentials);
                int got = consumer_check(settings, credentials, "connections.0", &why);

                tap_int(got, rows[i].want == NULL ? 0 : -1, "%s: %s", rows[i].name, why.text);
                if (rows[i].want != NULL)
                        tap_ok(strstr(why.text, rows[i].want) != NULL &&
                                   text_starts(why.text, "connections.0.") &&
                                   strstr(why.text, "hidden") == NULL,
                               "%s says where and why, and no secret: %s", rows[i].name, why.text);
                json_decref(settings);
                json_decref(credentials);
        }
}

static void test_too_many(void)
{
        json_t *settings = json_object(), *headers = json_object();
        struct fail why = FAIL_CLEAR;

        for (int i = 0; i <= CONSUMER_HEADERS_MAX; i++) {
                char *name = mem_format("x-%d", i);

                json_set_text(headers, name, "v");
                mem_free(name);
        }
        json_set(settings, "headers", headers);
        tap_int(consumer_check(settings, NULL, "c", &why), -1, "one header too many");
        json_object_del(headers, "x-0");
        fail_clear(&why);
        tap_int(consumer_check(settings, NULL, "c", &why), 0, "as many as may be: %s", why.text);
        json_decref(settings);
}

static const char *line_of(char **lines, const char *start)
{
        for (size_t i = 0; lines != NULL && lines[i] != NULL; i++)
                if (text_starts(lines[i], start))
                        return lines[i];
        return NULL;
}

/* Computed apart from this code, with Python's hmac. */
static void test_signatures(void)
{
        static const char body[] = "{\"a\":1}";
        struct consumer_message m = { .id = "msg_test",
                                      .event = "preScreenResultVerified",
                                      .at_ms = INT64_C(1553720789347),
                                      .body = body,
                                      .len = sizeof body - 1 };
        json_t *codesignal = parse("{\"url\":\"https://consumer.example/hook\","
                                   "\"headers\":{\"x-Endorsed-ORGANIZATION-id\":\"42\"}}"),
               *standard = parse("{\"signing\":\"standard\",\"url\":\"https://c.example/\"}"),
               *one = parse("{\"secret\":\"shared secret\",\"old_secret\":\"former\","
                            "\"secret_headers\":\"X-Ashby-Api-Key:  k e y \\n\\n\"}"),
               *two = parse("{\"secret\":\"" KEY "\",\"old_secret\":\"" OLD "\"}"),
               *none = parse("{}");
        struct fail why = FAIL_CLEAR;
        char **lines = consumer_headers(codesignal, one, &m, 1, false, &why);

        tap_text(line_of(lines, "X-CodeSignal-Signature"),
                 "X-CodeSignal-Signature: "
                 "bf766c66a62174eaf237100e244c65e0b6cdef04d9abc018c08b61f5fe4bdc40",
                 "URL, event and time");
        tap_text(line_of(lines, "x-Endorsed"), "x-Endorsed-ORGANIZATION-id: 42",
                 "a header as it was written");
        tap_text(line_of(lines, "X-Ashby"), "X-Ashby-Api-Key: k e y", "a sealed one");
        tap_text(line_of(lines, "Content-Type"), "Content-Type: application/json", "JSON");
        tap_ok(line_of(lines, "webhook-") == NULL, "nothing of the other way");
        consumer_headers_free(lines);
        lines = consumer_headers(codesignal, one, &m, 1, true, &why);
        tap_text(line_of(lines, "X-CodeSignal-Signature"),
                 "X-CodeSignal-Signature: "
                 "1172cc8cd5e6708862535059a7163109027edf9ba463da2b9174a7aad17509af",
                 "with the former secret");
        consumer_headers_free(lines);
        m.event = NULL;
        lines = consumer_headers(codesignal, one, &m, 1, false, &why);
        tap_text(line_of(lines, "X-CodeSignal-Signature"),
                 "X-CodeSignal-Signature: "
                 "e949288eaf75c375487c0628fb5280c8b4a2a061bac74e49dbd4d9e3633fa290",
                 "a probe: the URL alone");
        consumer_headers_free(lines);
        lines = consumer_headers(standard, two, &m, INT64_C(1700000000999), false, &why);
        tap_text(line_of(lines, "webhook-id"), "webhook-id: msg_test", "the id");
        tap_text(line_of(lines, "webhook-timestamp"), "webhook-timestamp: 1700000000",
                 "the time of the attempt, in seconds");
        tap_text(line_of(lines, "webhook-signature"),
                 "webhook-signature: v1,Plk1okgH2LBft/FJFGqNBmZUe4hn4432QKrsuhTro6Y= "
                 "v1,gE1sxNL5uMvsuu5Tw8+FQkrmoCmuCsatTMNRGkFgzEQ=",
                 "both secrets");
        tap_ok(line_of(lines, "X-CodeSignal") == NULL, "nothing of the other way");
        consumer_headers_free(lines);
        tap_ok(consumer_headers(standard, none, &m, 1, false, &why) == NULL, "no secret: %s",
               why.text);
        fail_clear(&why);
        tap_ok(consumer_headers(standard, one, &m, 1, false, &why) == NULL,
               "a secret of the other form: %s", why.text);
        tap_ok(strstr(why.text, "shared") == NULL, "which is not told");
        json_decref(codesignal);
        json_decref(standard);
        json_decref(one);
        json_decref(two);
        json_decref(none);
}

static void test_new_secret(void)
{
        json_t *standard = parse("{\"signing\":\"standard\"}"), *credentials = json_object();
        char *a = consumer_new_secret(standard), *b = consumer_new_secret(standard),
             *c = consumer_new_secret(NULL);
        struct fail why = FAIL_CLEAR;

        json_set_text(credentials, "secret", a);
        tap_int(consumer_check(standard, credentials, "c", &why), 0, "made as it must be: %s",
                why.text);
        tap_ok(!text_equal(a, b), "another each time");
        tap_int((int64_t)strlen(c), 40, "200 bits for the other way");
        mem_free(a);
        mem_free(b);
        mem_free(c);
        json_decref(standard);
        json_decref(credentials);
}

static void fill(struct session *s)
{
        *s = (struct session){ .id = mem_text("S1"),
                               .test_id = mem_text("T1"),
                               .test_title = mem_text("Backend"),
                               .email = mem_text("jane@x.example"),
                               .name = mem_text("Jane Doe"),
                               .state = SESSION_COMPLETE,
                               .verification = VERIFICATION_VERIFIED,
                               .report_url = mem_text("https://cs/?accessToken=hidden"),
                               .score = { .present = true,
                                          .value = 530,
                                          .least = 200,
                                          .most = 600,
                                          .version = "codingScore2023" },
                               .started_ms = 1000,
                               .finished_ms = 61000 };
        s->part_count = 2;
        s->parts = mem_array(2, sizeof *s->parts);
        s->parts[0] = (struct part){ mem_text("One"), true, 300, 300, 5 };
        s->parts[1] = (struct part){ mem_text("Two"), true, 12.5, 300, -1 };
}

static const struct consumer_names names = { .org = "acme",
                                             .platform = "cs",
                                             .platform_kind = "codesignal",
                                             .session = "cs:S1",
                                             .application = "gh:17",
                                             .report = "https://hire.example/report/r",
                                             .result = "https://hire.example/results/cs:S1" };

static json_t *body_of(const char *settings, enum consumer_event event, const struct session *s)
{
        json_t *given = parse(settings), *value;
        struct buf text = BUF_NONE;

        consumer_body(given, event, s, &names, INT64_C(1553720789347), &text);
        tap_ok(strstr(buf_text(&text), "hidden") == NULL, "the platform's link stays here");
        value = parse(buf_text(&text));
        buf_dispose(&text);
        json_decref(given);
        return value;
}

static void test_bodies(void)
{
        struct session s;
        json_t *body;

        fill(&s);
        body = body_of("{\"signing\":\"standard\"}", CONSUMER_COMPLETED, &s);
        tap_text(json_get_text(body, "type", NULL), "result.completed", "its type");
        tap_text(json_get_text(body, "timestamp", NULL), "2019-03-27T21:06:29.347Z", "its time");
        tap_text(json_get_text(body, "data.session", NULL), "cs:S1", "thin: which session");
        tap_text(json_get_text(body, "data.result_url", NULL), names.result, "where to read it");
        tap_ok(json_at(body, "data.score") == NULL && json_at(body, "data.candidate") == NULL,
               "thin: no score, no person");
        json_decref(body);

        body = body_of("{\"signing\":\"standard\",\"body\":\"full\"}", CONSUMER_COMPLETED, &s);
        tap_int(json_get_int(body, "data.score.value", 0), 530, "full: the score");
        tap_int(json_get_int(body, "data.score.least", 0), 200, "on its scale, from");
        tap_int(json_get_int(body, "data.score.most", 0), 600, "to");
        tap_text(json_get_text(body, "data.score.version", NULL), "codingScore2023", "its version");
        tap_text(json_get_text(body, "data.score.verification", NULL), "verified",
                 "its verification");
        tap_ok(json_real_of(json_at(body, "data.score.percent"), 0) == 82.5, "its place");
        tap_text(json_get_text(body, "data.candidate.email", NULL), "jane@x.example", "whose");
        tap_int((int64_t)json_array_size(json_at(body, "data.parts")), 2, "its parts");
        tap_text(json_get_text(body, "data.report_url", NULL), names.report, "our link");
        json_decref(body);

        s.state = SESSION_IN_REVIEW;
        s.verification = VERIFICATION_PENDING;
        body = body_of("{\"signing\":\"standard\",\"body\":\"full\"}", CONSUMER_IN_REVIEW, &s);
        tap_ok(json_at(body, "data.score") == NULL && json_at(body, "data.report_url") == NULL,
               "not released: no score, no report");
        tap_int((int64_t)json_array_size(json_at(body, "data.parts")), 0, "and no parts");
        tap_text(json_get_text(body, "data.verification", NULL), "pending", "but why");
        json_decref(body);

        s.state = SESSION_COMPLETE;
        s.verification = VERIFICATION_VERIFIED;
        body = body_of("{}", CONSUMER_COMPLETED, &s);
        tap_text(json_get_text(body, "event", NULL), "preScreenResultVerified",
                 "CodeSignal's word for it");
        tap_int(json_get_int(body, "triggeredOn", 0), INT64_C(1553720789347), "its time");
        tap_int(json_get_int(body, "payload.versionedCodingScore.value", 0), 530, "the score");
        tap_text(json_get_text(body, "payload.versionedCodingScore.version", NULL),
                 "codingScore2023", "its version");
        tap_ok(json_real_of(json_at(body, "payload.score"), 0) == 312.5, "the points");
        tap_int(json_get_int(body, "payload.maxScore", 0), 600, "of how many");
        tap_int(json_get_int(body, "payload.duration", 0), 60000, "how long it took");
        tap_text(json_get_text(body, "payload.url", NULL), names.report, "our link");
        json_decref(body);
        session_dispose(&s);
}

static void test_events(void)
{
        static const struct {
                const char *name;
                struct session_change change;
                enum session_state state;
                enum verification verification;
                bool fresh, shared;
                const char *standard, *codesignal; /* the last of them */
                int count;
        } rows[] = {
                { "nothing", { 0 }, SESSION_STARTED, 0, false, false, NULL, NULL, 0 },
                { "new",
                  { 0 },
                  SESSION_INVITED,
                  0,
                  true,
                  false,
                  "session.invited",
                  "companyTestSessionCreated",
                  1 },
                { "started",
                  { .started = true },
                  SESSION_STARTED,
                  0,
                  false,
                  false,
                  "session.started",
                  "companyTestSessionStarted",
                  1 },
                { "submitted",
                  { .submitted = true },
                  SESSION_SUBMITTED,
                  0,
                  false,
                  false,
                  "session.submitted",
                  NULL,
                  1 },
                { "in review",
                  { .in_review = true },
                  SESSION_IN_REVIEW,
                  VERIFICATION_PENDING,
                  false,
                  false,
                  "result.in_review",
                  "preScreenResultVerificationPending",
                  1 },
                { "complete",
                  { .completed = true },
                  SESSION_COMPLETE,
                  VERIFICATION_NONE,
                  false,
                  false,
                  "result.completed",
                  "companyTestSessionFinished",
                  1 },
                { "verified",
                  { .completed = true },
                  SESSION_COMPLETE,
                  VERIFICATION_VERIFIED,
                  false,
                  false,
                  "result.completed",
                  "preScreenResultVerified",
                  1 },
                { "shared",
                  { .completed = true },
                  SESSION_COMPLETE,
                  VERIFICATION_VERIFIED,
                  false,
                  true,
                  "result.completed",
                  "preScreenResultShared",
                  1 },
                { "complete at first sight",
                  { .completed = true },
                  SESSION_COMPLETE,
                  VERIFICATION_NONE,
                  true,
                  false,
                  "result.completed",
                  "companyTestSessionFinished",
                  2 },
                { "corrected",
                  { .corrected = true },
                  SESSION_COMPLETE,
                  VERIFICATION_NONE,
                  false,
                  false,
                  "result.corrected",
                  "companyTestSessionFinished",
                  1 },
                { "verified after all",
                  { .completed = true, .corrected = true },
                  SESSION_COMPLETE,
                  VERIFICATION_VERIFIED,
                  false,
                  false,
                  "result.corrected",
                  "preScreenResultVerified",
                  1 },
                { "not verified after all",
                  { .not_verified = true, .corrected = true },
                  SESSION_NOT_VERIFIED,
                  VERIFICATION_NOT_VERIFIED,
                  false,
                  false,
                  "result.not_verified",
                  "preScreenResultNotVerified",
                  1 },
                { "complete with a flag",
                  { .completed = true, .integrity = true },
                  SESSION_COMPLETE,
                  VERIFICATION_NONE,
                  false,
                  false,
                  "result.completed",
                  "companyTestSessionFinished",
                  1 },
                { "a flag",
                  { .integrity = true },
                  SESSION_COMPLETE,
                  VERIFICATION_NONE,
                  false,
                  false,
                  "result.integrity_changed",
                  "preScreenIntegrityReviewUpdated",
                  1 },
                { "expired",
                  { .expired = true },
                  SESSION_EXPIRED,
                  0,
                  false,
                  false,
                  "session.expired",
                  "preScreenExpired",
                  1 },
                { "declined",
                  { .declined = true },
                  SESSION_DECLINED,
                  0,
                  false,
                  false,
                  "session.declined",
                  "preScreenCandidateDeclined",
                  1 },
                { "cancelled",
                  { .cancelled = true },
                  SESSION_CANCELLED,
                  0,
                  false,
                  false,
                  "session.cancelled",
                  NULL,
                  1 },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const struct session s = { .state = rows[i].state,
                                           .verification = rows[i].verification,
                                           .shared = rows[i].shared };
                unsigned events = consumer_events_of(&rows[i].change, &s, rows[i].fresh);
                const char *standard = NULL, *codesignal = NULL;
                int count = 0;

                for (int k = 0; k < CONSUMER_EVENTS; k++) {
                        if ((events & 1u << k) == 0)
                                continue;
                        count++;
                        standard = consumer_event_name((enum consumer_event)k);
                        codesignal = consumer_event_codesignal((enum consumer_event)k, &s);
                }
                tap_int(count, rows[i].count, "%s: how many", rows[i].name);
                tap_text(standard, rows[i].standard, "%s: our name", rows[i].name);
                tap_text(codesignal, rows[i].codesignal, "%s: theirs", rows[i].name);
        }
}

static void test_wants(void)
{
        json_t *all = parse("{\"events\":[\"*\"]}"), *one = parse("{\"events\":[\"a\",\"b\"]}");

        tap_ok(consumer_wants(all, "x"), "all");
        tap_ok(consumer_wants(one, "b") && !consumer_wants(one, "c"), "those chosen");
        tap_ok(consumer_wants(NULL, "x"), "nothing said: all");
        json_decref(all);
        json_decref(one);
}

static void test_answers(void)
{
        static const struct {
                enum fetch_end end;
                int status;
                const char *headers;
                enum outcome_kind want;
                int64_t wait_ms;
                bool gone;
        } rows[] = {
                { FETCH_ANSWERED, 200, "", OUTCOME_DONE, 0, false },
                { FETCH_ANSWERED, 204, "", OUTCOME_DONE, 0, false },
                { FETCH_TOO_LONG, 200, "", OUTCOME_DONE, 0, false },
                { FETCH_ANSWERED, 301, "Location: https://x/\n", OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 302, "", OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 304, "", OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 400, "", OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 401, "", OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 404, "", OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 410, "", OUTCOME_AGAIN, 0, true },
                { FETCH_ANSWERED, 429, "Retry-After: 120\n", OUTCOME_AGAIN, 120000, false },
                { FETCH_ANSWERED, 503, "retry-after: 7\n", OUTCOME_AGAIN, 7000, false },
                { FETCH_ANSWERED, 503, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\n",
                  OUTCOME_AGAIN, 37000, false },
                { FETCH_ANSWERED, 503, "Retry-After: Sun, 06 Nov 1994 08:48:00 GMT\n",
                  OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 503, "Retry-After: Sun, 06 Xyz 1994 08:49:37 GMT\n",
                  OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 503, "Retry-After: -1\n", OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 503, "Retry-After: soon\n", OUTCOME_AGAIN, 0, false },
                { FETCH_ANSWERED, 503, "Retry-After: 999999999\n", OUTCOME_AGAIN, WHEN_DAY, false },
                { FETCH_REFUSED, 0, "", OUTCOME_AGAIN, 0, false },
                { FETCH_UNREACHABLE, 0, "", OUTCOME_AGAIN, 0, false },
                { FETCH_UNCERTAIN, 0, "", OUTCOME_AGAIN, 0, false },
                { FETCH_UNCERTAIN, 200, "", OUTCOME_AGAIN, 0, false },
        };
        static const int only[] = { 200, 201, 202, 204 }; /* wire/codesignal.md 2.3 */
        const int64_t now = INT64_C(784111740000);        /* 1994-11-06T08:49:00Z */
        json_t *standard = json_pack("{s:s}", "signing", "standard"),
               *codesignal = json_pack("{s:s}", "signing", "codesignal");

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fetch_answer answer = { .end = rows[i].end, .status = rows[i].status };
                struct outcome outcome = OUTCOME_NONE;
                bool gone;

                buf_add_text(&answer.headers, rows[i].headers);
                buf_add_text(&answer.body, "no\r\n\x1b[31m");
                tap_int(consumer_answer(standard, &answer, now, &outcome, &gone),
                        rows[i].want == OUTCOME_DONE ? 0 : -1, "%d, %s", rows[i].status,
                        rows[i].headers);
                tap_int(outcome.kind, rows[i].want, "the outcome");
                tap_int(outcome.wait_ms, rows[i].wait_ms, "how long to wait");
                tap_ok(gone == rows[i].gone, "gone or not");
                tap_ok(rows[i].want == OUTCOME_DONE || outcome.sentence[0] != '\0', "in words: %s",
                       outcome.sentence);
                tap_ok(strpbrk(outcome.detail, "\r\n\x1b") == NULL, "without its tricks");
                fetch_answer_dispose(&answer);
        }
        for (size_t i = 0; i < sizeof only / sizeof *only; i++) {
                struct fetch_answer answer = { .end = FETCH_ANSWERED, .status = only[i] };
                struct outcome outcome = OUTCOME_NONE;
                bool gone;

                tap_int(consumer_answer(codesignal, &answer, now, &outcome, &gone),
                        only[i] == 200 ? 0 : -1, "signed as CodeSignal: %d", only[i]);
                tap_int(outcome.kind, only[i] == 200 ? OUTCOME_DONE : OUTCOME_AGAIN, "its outcome");
        }
        json_decref(standard);
        json_decref(codesignal);
}

int main(void)
{
        test_check();
        test_too_many();
        test_signatures();
        test_new_secret();
        test_bodies();
        test_events();
        test_wants();
        test_answers();
        return tap_end();
}
