/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greenhouse's Assessment Partner API: what is taken, what is answered, what is told. */
#include "ats/greenhouse_partner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "door/fetch.h"
#include "floor/mem.h"
#include "floor/text.h"

#define BASE "https://harvest.greenhouse.io/v3"
#define PATCH_URL "https://app2.greenhouse.io/integrations/testing_partners/take_home_tests/12345"
#define WHOLE                                                                                      \
        "{\"partner_test_id\":\"T1\",\"candidate\":{\"first_name\":\"Ada\",\"last_name\":\"Li\","  \
        "\"email\":\"ada@x.example\",\"resume_url\":null,\"preferred_name\":null,"                 \
        "\"greenhouse_profile_url\":\"https://app.greenhouse.io/people/17681532?"                  \
        "application_id=26234709\"},\"sent_by\":\"rec@x.example\",\"extra\":{\"deep\":[1]},"       \
        "\"url\":\"" PATCH_URL "\"}"

static json_t *parse(const char *text)
{
        return json_parse(text, strlen(text), true, NULL);
}

static void test_send(void)
{
        static const struct {
                const char *name, *body, *wrong;
        } rows[] = {
                { "nothing", "null", "JSON object" },
                { "a list", "[]", "JSON object" },
                { "an empty object", "{}", "partner_test_id" },
                { "no candidate", "{\"partner_test_id\":\"T1\",\"url\":\"" PATCH_URL "\"}",
                  "candidate.email" },
                { "an address that is none",
                  "{\"partner_test_id\":\"T1\",\"candidate\":{\"email\":\"a@b, c@d\","
                  "\"first_name\":\"A\"},\"url\":\"" PATCH_URL "\"}",
                  "candidate.email" },
                { "nobody's name",
                  "{\"partner_test_id\":\"T1\",\"candidate\":{\"email\":\"a@b.example\"},\"url\":"
                  "\"" PATCH_URL "\"}",
                  "candidate.first_name" },
                { "no address to tell",
                  "{\"partner_test_id\":\"T1\",\"candidate\":{\"email\":\"a@b.example\","
                  "\"first_name\":\"A\"}}",
                  "url:" },
                { "another's address to tell",
                  "{\"partner_test_id\":\"T1\",\"candidate\":{\"email\":\"a@b.example\","
                  "\"first_name\":\"A\"},\"url\":\"https://evil.example/greenhouse.io\"}",
                  "url:" },
        };
        struct greenhouse_send send;
        json_t *body;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fail why = FAIL_CLEAR;

                body = parse(rows[i].body);
                tap_int(greenhouse_partner_send(body, BASE, &send, &why), -1, "%s is refused",
                        rows[i].name);
                tap_ok(strstr(why.text, rows[i].wrong) != NULL, "%s: says %s", rows[i].name,
                       rows[i].wrong);
                greenhouse_send_dispose(&send);
                json_decref(body);
        }
        body = parse(WHOLE);
        tap_int(greenhouse_partner_send(body, BASE, &send, NULL), 0, "a whole one is taken");
        tap_text(send.test, "T1", "its test");
        tap_text(send.first_name, "Ada", "its candidate");
        tap_text(send.email, "ada@x.example", "and where to reach him");
        tap_text(send.candidate, "17681532", "the candidate's id is in the profile's address");
        tap_text(send.application, "26234709", "so is the application's");
        tap_text(send.sent_by, "rec@x.example", "who pressed Send");
        tap_text(send.url, PATCH_URL, "whom to tell");
        greenhouse_send_dispose(&send);
        json_decref(body);
}

static void test_tolerance(void)
{
        static const struct {
                const char *name, *body, *test, *email, *candidate, *application;
        } rows[] = {
                { "bare fields, as the table of the documentation has them",
                  "{\"partner_test_id\":7,\"first_name\":\"A\",\"last_name\":null,\"email\":"
                  "\"a@b.example\",\"greenhouse_profile_url\":\"https://app.greenhouse.io/people/"
                  "9?application_id=8\",\"url\":\"" PATCH_URL "\"}",
                  "7", "a@b.example", "9", "8" },
                { "a stray space before the number",
                  "{\"partner_test_id\":\"T\",\"candidate\":{\"last_name\":\"B\",\"email\":"
                  "\"a@b.example\",\"greenhouse_profile_url\":\"https://app.greenhouse.io/people/"
                  "9?application_id= 8\"},\"url\":\"" PATCH_URL "\"}",
                  "T", "a@b.example", "9", "8" },
                { "ids beyond 32 bits",
                  "{\"partner_test_id\":\"T\",\"candidate\":{\"last_name\":\"B\",\"email\":"
                  "\"a@b.example\",\"greenhouse_profile_url\":\"https://acme.greenhouse.io/people/"
                  "6409476002?application_id=5414812002#x\"},\"url\":\"" PATCH_URL "\"}",
                  "T", "a@b.example", "6409476002", "5414812002" },
                { "a profile that names nobody",
                  "{\"partner_test_id\":\"T\",\"candidate\":{\"last_name\":\"B\",\"email\":"
                  "\"a@b.example\",\"greenhouse_profile_url\":\"https://app.greenhouse.io/\"},"
                  "\"url\":\"" PATCH_URL "\"}",
                  "T", "a@b.example", NULL, NULL },
                { "no profile",
                  "{\"partner_test_id\":\"T\",\"candidate\":{\"last_name\":\"B\",\"email\":"
                  "\"a@b.example\",\"greenhouse_profile_url\":null},\"url\":\"" PATCH_URL "\"}",
                  "T", "a@b.example", NULL, NULL },
        };
        struct greenhouse_send send;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *body = parse(rows[i].body);

                tap_int(greenhouse_partner_send(body, BASE, &send, NULL), 0, "%s: taken",
                        rows[i].name);
                tap_text(send.test, rows[i].test, "%s: test", rows[i].name);
                tap_text(send.email, rows[i].email, "%s: e-mail", rows[i].name);
                tap_text(send.candidate, rows[i].candidate, "%s: candidate", rows[i].name);
                tap_text(send.application, rows[i].application, "%s: application", rows[i].name);
                greenhouse_send_dispose(&send);
                json_decref(body);
        }
}

static void test_urls(void)
{
        static const struct {
                const char *url;
                bool good;
        } rows[] = {
                { PATCH_URL, true },
                { "https://company.greenhouse.io/x", true },
                { "https://greenhouse.io/x", true },
                { "HTTPS://APP.GREENHOUSE.IO/x", true },
                { "http://127.0.0.1:8080/sandbox/x", true },
                { "http://127.0.0.1:8081/sandbox/x", false },
                { "http://app.greenhouse.io/x", false },
                { "https://app.greenhouse.io.evil.example/x", false },
                { "https://evilgreenhouse.io/x", false },
                { "https://app.greenhouse.io:8443/x", false },
                { "https://app.greenhouse.io@evil.example/x", false },
                { "https://user:pw@app.greenhouse.io/x", false },
                { "https://evil.example/.greenhouse.io", false },
                { "https://evil.example?.greenhouse.io", false },
                { "https://evil.example\\.greenhouse.io", false },
                { "ftp://app.greenhouse.io/x", false },
                { "//app.greenhouse.io/x", false },
                { "https://", false },
                { "", false },
                { NULL, false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                tap_int(greenhouse_partner_url(rows[i].url, "http://127.0.0.1:8080/sandbox/v3"),
                        rows[i].good, "%s %s be told", text_or(rows[i].url, "nobody"),
                        rows[i].good ? "may" : "may not");
}

/* Compact, in the order of insertion. */
static char *status_of(const struct partner_news *news)
{
        struct buf out = BUF_NONE;
        json_t *value;
        char *dumped, *text;

        greenhouse_partner_status(news, &out);
        value = json_loads(buf_text(&out), 0, NULL);
        dumped = json_dumps(value, JSON_COMPACT);
        text = mem_text(dumped);
        free(dumped);
        json_decref(value);
        buf_dispose(&out);
        return text;
}

static struct part parts[] = { { (char *)(uintptr_t) "Two sums", true, 225, 300, 60000 },
                               { (char *)(uintptr_t) "Two sums", true, 12.5, 0, -1 },
                               { NULL, false, 0, 0, -1 } };

static void test_status(void)
{
        struct session s = { .id = (char *)(uintptr_t) "S",
                             .test_title = (char *)(uintptr_t) "Back\nend",
                             .started_ms = INT64_C(1795370000000),
                             .finished_ms = INT64_C(1795373900000),
                             .score = { true, 530, 200, 600, "codingScore2023", "" },
                             .parts = parts,
                             .part_count = 3 };
        struct partner_news news = { .id = "i", .desk = "prescreen", .platform = "CodeSignal" };
        static const struct {
                const char *name;
                enum partner_stage stage;
                enum session_state state; /* UNKNOWN: no session */
                enum verification verification;
                const char *want;
        } rows[] = {
                { "on its way", PARTNER_SENDING, SESSION_UNKNOWN, VERIFICATION_NONE,
                  "{\"partner_status\":\"sending\"}" },
                { "removed", PARTNER_REMOVED, SESSION_UNKNOWN, VERIFICATION_NONE,
                  "{\"partner_status\":\"removed\"}" },
                { "in review: no score", PARTNER_OPEN, SESSION_IN_REVIEW, VERIFICATION_PENDING,
                  "{\"partner_status\":\"in review\",\"partner_profile_url\":\"https://h/r\","
                  "\"metadata\":{\"Assessment\":\"Back end (CodeSignal)\","
                  "\"Started\":\"2026-11-22 17:53 UTC\",\"Finished\":\"2026-11-22 18:58 UTC\","
                  "\"Time taken\":\"65 min\"}}" },
                { "expired is not complete", PARTNER_ENDED, SESSION_EXPIRED, VERIFICATION_NONE,
                  "{\"partner_status\":\"expired\",\"partner_profile_url\":\"https://h/r\","
                  "\"metadata\":{\"Assessment\":\"Back end (CodeSignal)\","
                  "\"Started\":\"2026-11-22 17:53 UTC\",\"Finished\":\"2026-11-22 18:58 UTC\","
                  "\"Time taken\":\"65 min\"}}" },
                { "complete", PARTNER_OVER, SESSION_COMPLETE, VERIFICATION_VERIFIED,
                  "{\"partner_status\":\"complete\",\"partner_profile_url\":\"https://h/r\","
                  "\"partner_score\":530,\"metadata\":{\"Assessment\":\"Back end (CodeSignal)\","
                  "\"Result\":\"CodeSignal score (200-600): 530 of 600\","
                  "\"Verification\":\"verified\",\"Started\":\"2026-11-22 17:53 UTC\","
                  "\"Finished\":\"2026-11-22 18:58 UTC\",\"Time taken\":\"65 min\","
                  "\"1. Two sums\":\"225 of 300\",\"2. Two sums\":\"12.5\","
                  "\"3. Task\":\"not scored\"}}" },
                { "not verified: over, and no score anywhere", PARTNER_OVER, SESSION_NOT_VERIFIED,
                  VERIFICATION_NOT_VERIFIED,
                  "{\"partner_status\":\"complete\",\"partner_profile_url\":\"https://h/r\","
                  "\"metadata\":{\"Assessment\":\"Back end (CodeSignal)\","
                  "\"Result\":\"Not verified: not final, so no score is shown\","
                  "\"Verification\":\"not verified: not final\","
                  "\"Started\":\"2026-11-22 17:53 UTC\",\"Finished\":\"2026-11-22 18:58 UTC\","
                  "\"Time taken\":\"65 min\"}}" },
        };
        char *got;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                s.state = rows[i].state;
                s.verification = rows[i].verification;
                news.stage = rows[i].stage;
                news.session = rows[i].state == SESSION_UNKNOWN ? NULL : &s;
                news.report = news.session == NULL ? NULL : "https://h/r";
                got = status_of(&news);
                tap_text(got, rows[i].want, "%s", rows[i].name);
                mem_free(got);
        }
        s.state = SESSION_COMPLETE;
        s.verification = VERIFICATION_NONE;
        s.part_count = 0;
        s.started_ms = s.finished_ms = 0;
        news.stage = PARTNER_OVER;
        news.session = &s;
        s.score = (struct score){ true, 3.25, 0, 4, "raw", "" };
        got = status_of(&news);
        tap_ok(strstr(got, "\"partner_score\":3.25,") != NULL,
               "a score with a fraction is a number");
        mem_free(got);
        s.score = (struct score){ true, 0, 0, 0, "behavioral", "high" };
        got = status_of(&news);
        tap_ok(strstr(got, "partner_score") == NULL && strstr(got, "high") != NULL,
               "a label is no number");
        mem_free(got);
        s.score.present = false;
        got = status_of(&news);
        tap_ok(strstr(got, "partner_score") == NULL, "no score is never 0");
        mem_free(got);
        news.report = NULL;
        got = status_of(&news);
        tap_ok(strstr(got, "\"partner_status\":\"complete\"") == NULL ||
                   strstr(got, "partner_profile_url") != NULL,
               "complete is never said without the link");
        mem_free(got);
        news = (struct partner_news){ .stage = PARTNER_NOT_SENT, .reason = "No address." };
        got = status_of(&news);
        tap_text(got,
                 "{\"partner_status\":\"not sent\",\"metadata\":{\"Not sent\":\"No address.\"}}",
                 "why it was not sent");
        mem_free(got);
}

static void test_tests(void)
{
        json_t *tests = parse("[{\"id\":\"a\",\"title\":\"A test\",\"labels\":[\"x\"]},"
                              "{\"id\":\"b\",\"title\":\"\"}]"),
               *value;
        struct buf out = BUF_NONE;
        char *text;

        greenhouse_partner_tests(tests, &out);
        value = parse(buf_text(&out));
        text = json_text(value);
        tap_text(text,
                 "[{\"partner_test_id\":\"a\",\"partner_test_name\":\"A test\"},"
                 "{\"partner_test_id\":\"b\",\"partner_test_name\":\"b\"}]",
                 "a bare list of texts");
        mem_free(text);
        json_decref(value);
        buf_reset(&out);
        greenhouse_partner_tests(NULL, &out);
        tap_text(text_trim(out.data), "[]", "nothing is an empty list");
        buf_dispose(&out);
        json_decref(tests);
}

/* --- the PATCH ------------------------------------------------------------------------------ */

static struct {
        int calls, status;
        enum fetch_end end;
        const char *headers;
        char method[8], url[200], user[40], password[8];
        bool body;
} seen;

static int answer(struct link *link, const struct fetch_request *request, struct fetch_answer *out,
                  struct fail *why)
{
        (void)link;
        (void)why;
        seen.calls++;
        snprintf(seen.method, sizeof seen.method, "%s", request->method);
        snprintf(seen.url, sizeof seen.url, "%s", request->url);
        snprintf(seen.user, sizeof seen.user, "%s", text_or(request->user, ""));
        snprintf(seen.password, sizeof seen.password, "%s", request->password);
        seen.body = request->body != NULL;
        memset(out, 0, sizeof *out);
        out->end = seen.end;
        out->status = seen.end == FETCH_ANSWERED ? seen.status : 0;
        buf_add_text(&out->headers, text_or(seen.headers, ""));
        return seen.end == FETCH_ANSWERED ? 0 : -1;
}

static void test_tell(void)
{
        static const struct {
                const char *name;
                enum fetch_end end;
                int status;
                enum outcome_kind want;
        } rows[] = {
                { "200", FETCH_ANSWERED, 200, OUTCOME_DONE },
                { "204", FETCH_ANSWERED, 204, OUTCOME_DONE },
                { "401", FETCH_ANSWERED, 401, OUTCOME_REFUSED },
                { "403", FETCH_ANSWERED, 403, OUTCOME_REFUSED },
                { "404: hired meanwhile", FETCH_ANSWERED, 404, OUTCOME_REFUSED },
                { "422", FETCH_ANSWERED, 422, OUTCOME_REFUSED },
                { "400", FETCH_ANSWERED, 400, OUTCOME_REFUSED },
                { "302", FETCH_ANSWERED, 302, OUTCOME_REFUSED },
                { "429", FETCH_ANSWERED, 429, OUTCOME_AGAIN },
                { "500", FETCH_ANSWERED, 500, OUTCOME_AGAIN },
                { "not reached", FETCH_UNREACHABLE, 0, OUTCOME_AGAIN },
                { "no answer", FETCH_UNCERTAIN, 0, OUTCOME_AGAIN },
                { "our guard says no", FETCH_REFUSED, 0, OUTCOME_REFUSED },
        };
        json_t *settings = parse("{\"base_url\":\"" BASE "\"}"),
               *credentials = parse("{\"prescreen_key\":\"key of ours\"}"),
               *kept = parse("{\"url\":\"" PATCH_URL "\"}"),
               *evil = parse("{\"url\":\"https://evil.example/x\"}");
        struct link link = {
                .settings = settings, .credentials = credentials, .scale = 1, .call = answer
        };
        struct session s = { .state = SESSION_COMPLETE };
        struct partner_news news = {
                .desk = "prescreen", .kept = kept, .stage = PARTNER_OVER, .session = &s
        };
        struct outcome o;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                seen.end = rows[i].end;
                seen.status = rows[i].status;
                tap_int(greenhouse_tell_partner(&link, &news, &o),
                        rows[i].want == OUTCOME_DONE ? 0 : -1, "%s", rows[i].name);
                tap_text(outcome_word(o.kind), outcome_word(rows[i].want), "%s: outcome",
                         rows[i].name);
                tap_ok(o.sentence[0] != '\0', "%s: in words", rows[i].name);
                tap_ok(strstr(o.detail, "key of ours") == NULL && strstr(o.detail, "12345") == NULL,
                       "%s: nothing secret in it", rows[i].name);
        }
        tap_text(seen.method, "PATCH", "the completion is a PATCH");
        tap_text(seen.url, PATCH_URL, "to the address that came, as it came");
        tap_text(seen.user, "key of ours", "with the key they know, as user");
        tap_text(seen.password, "", "and no password");
        tap_ok(!seen.body, "without a body");
        seen.end = FETCH_ANSWERED;
        seen.status = 429;
        seen.headers = "Retry-After: 7\n";
        greenhouse_tell_partner(&link, &news, &o);
        tap_int(o.wait_ms, 7000, "it waits as long as it is asked to");
        seen.calls = 0;
        news.stage = PARTNER_OPEN;
        tap_int(greenhouse_tell_partner(&link, &news, &o), 0, "what is not over is asked for");
        news.stage = PARTNER_ENDED;
        tap_int(greenhouse_tell_partner(&link, &news, &o), 0, "what has expired may go on");
        news.stage = PARTNER_OVER;
        news.kept = evil;
        tap_int(greenhouse_tell_partner(&link, &news, &o), -1, "nobody else gets the key");
        news.kept = kept;
        news.desk = "techscreen";
        tap_int(greenhouse_tell_partner(&link, &news, &o), -1, "a key that is not there any more");
        tap_int(seen.calls, 0, "and nobody was called");
        json_decref(settings);
        json_decref(credentials);
        json_decref(kept);
        json_decref(evil);
}

int main(void)
{
        struct fail why = FAIL_CLEAR;

        if (fetch_start("127.0.0.0/8", &why) != 0)
                return 99;
        test_send();
        test_tolerance();
        test_urls();
        test_tests();
        test_status();
        test_tell();
        fetch_stop();
        return tap_end();
}
