/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coderbyte's API: what is asked, what is read, what each failure means, and what the profile
 * decides (wire/coderbyte.md). */
#include "platform/coderbyte.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/record.h"
#include "../tap.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEY "cb-key-made-up"
#define EMAIL "Zoë+jobs/1@Example.org"
#define TEST "angular-assessment-9six08om28556"

struct scripted {
        enum fetch_end end;
        int status;
        const char *body, *headers;
};
#define ANSWER(status, body)                                                                       \
        {                                                                                          \
                FETCH_ANSWERED, status, body, ""                                                   \
        }

static const struct scripted *script;
static size_t script_count, asked_count;
static char *asked[32]; /* "METHOD URL BODY" */
static char *asked_headers;
static bool corrected; /* what is asked is not what the shipped profile says */

static int play(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
                struct fail *why)
{
        const struct scripted *s =
            &script[asked_count < script_count ? asked_count : script_count - 1];
        struct buf lines = BUF_NONE;

        (void)link;
        if (!corrected)
                record_request("coderbyte", request);
        asked[asked_count++ % COUNT(asked)] =
            mem_format("%s %s %.*s", request->method, request->url, (int)request->body_len,
                       request->body == NULL ? "" : (const char *)request->body);
        mem_free(asked_headers);
        for (size_t i = 0; request->headers[i] != NULL; i++)
                buf_format(&lines, "%s\n", request->headers[i]);
        asked_headers = buf_take(&lines);
        *answer = (struct fetch_answer){ .end = s->end, .status = s->status };
        buf_add_text(&answer->body, s->body);
        buf_add_text(&answer->headers, s->headers);
        if (s->end == FETCH_ANSWERED)
                return 0;
        snprintf(answer->cause, sizeof answer->cause, "as the script says");
        return fail_set(why, FAIL_OUTSIDE, "as the script says");
}

static char *data_dir;

struct bench {
        struct link link;
        json_t *settings, *credentials;
};

#define CREDENTIALS "{\"api_key\":\"" KEY "\"}"

static void forget(void)
{
        while (asked_count > 0)
                mem_free(asked[--asked_count % COUNT(asked)]);
}

static struct link *bench_start(struct bench *b, const char *settings, const struct scripted *with,
                                size_t count)
{
        b->settings = json_parse(settings, strlen(settings), true, NULL);
        b->credentials = json_parse(CREDENTIALS, strlen(CREDENTIALS), true, NULL);
        b->link = (struct link){ .org = "acme",
                                 .id = "cb",
                                 .settings = b->settings,
                                 .credentials = b->credentials,
                                 .data_dir = data_dir,
                                 .scale = 1,
                                 .call = play };
        script = with;
        script_count = count;
        forget();
        return &b->link;
}

static void bench_stop(struct bench *b)
{
        json_decref(b->settings);
        json_decref(b->credentials);
        forget();
}

/* ---- the parts that answers are made of ---- */

#define TESTS                                                                                      \
        "{\"status\":\"success\",\"data\":{\"assessments\":[{\"test_id\":\"old-1\","               \
        "\"display_name\":\"Old\",\"public_url\":\"https:\\/\\/coderbyte.com\\/sl\\/old\","        \
        "\"closed\":true},{\"test_id\":\"" TEST "\",\"display_name\":\"Angular\","                 \
        "\"public_url\":\"https:\\/\\/coderbyte.com\\/sl-candidate?promo=acme:angular\","          \
        "\"closed\":false,\"overview_stats\":{\"assessed\":true,\"qualifying_score\":\"70\"}}]}}"
#define NOBODY "{\"status\":\"success\",\"data\":[]}"
#define INVITED                                                                                    \
        "{\"status\":\"success\",\"data\":{\"test_id\":\"" TEST "\",\"candidates\":[{\"email\":"   \
        "\"zoë+jobs\\/1@example.org\",\"url\":\"https:\\/\\/coderbyte.com\\/sl\\/private\"}]}}"
#define REPORT(members) "{\"status\":\"success\",\"data\":{\"reports\":[{" members "}]}}"
#define DONE_REPORT                                                                                \
        REPORT("\"test_id\":\"" TEST "\",\"email\":\"" EMAIL "\",\"status\":\"Completed\","        \
               "\"date_joined\":\"2026-11-20 10:00:00\",\"final_score\":80,\"report_link\":"       \
               "\"https://coderbyte.com/report/user1:" TEST "\",\"display_name\":\"Angular\"")

static const struct invitation invitation = {
        .test_id = TEST, .first_name = "Zoë", .email = EMAIL, .external_id = "ours-1"
};

static struct session_ref attempt(void)
{
        static char *id;

        if (id == NULL)
                id = coderbyte_attempt(TEST, EMAIL);
        return (struct session_ref){ id, TEST, EMAIL };
}

/* ---- the identity of an attempt ---- */

static void test_attempt(void)
{
        char *a = coderbyte_attempt("t", "Ada@Example.org"),
             *b = coderbyte_attempt("t", "ada@example.org"),
             *c = coderbyte_attempt("t2", "ada@example.org");

        tap_text(a, b, "an address in capitals is the same person");
        tap_ok(!text_equal(b, c), "another assessment is another attempt");
        tap_ok(strncmp(a, "t:", 2) == 0 && strlen(a) == 34, "the assessment and 32 digits");
        tap_ok(strstr(a, "xample") == NULL, "no address stands in it");
        mem_free(a);
        mem_free(b);
        mem_free(c);
}

/* ---- inviting ---- */

static void test_invite(void)
{
        static const struct scripted fresh[] = { ANSWER(404, "{\"status\":\"error\"}"),
                                                 ANSWER(200, NOBODY), ANSWER(200, TESTS),
                                                 ANSWER(200, INVITED) };
        struct bench b;
        struct link *link =
            bench_start(&b, "{\"base_url\":\"https://cb.example/api/\"}", fresh, COUNT(fresh));
        struct session s;
        struct outcome o;

        tap_int(coderbyte_platform.invite(link, &invitation, &s, &o), 0, "a candidate is invited");
        tap_int((int64_t)asked_count, 4, "after two readings and the list");
        tap_text(asked[0],
                 "GET https://cb.example/api/organization/candidates/"
                 "Zo%C3%AB%2Bjobs%2F1%40Example.org/" TEST " ",
                 "the report is asked for first, the address percent-encoded");
        tap_text(asked[3],
                 "POST https://cb.example/api/organization/candidates/invite "
                 "{\"assessment_url\":\"https://coderbyte.com/sl-candidate?promo=acme:angular\","
                 "\"candidates\":[\"" EMAIL "\"]}",
                 "the invitation: the address as it is, the assessment's public address");
        tap_text(asked_headers,
                 "Accept: application/json\nAuthorization: Bearer " KEY
                 "\nContent-Type: application/json\n",
                 "its headers");
        tap_text(s.id, attempt().id, "the session is the attempt");
        tap_text(s.email, EMAIL, "with the address exactly as sent");
        tap_text(s.test_title, "Angular", "the title");
        tap_text(s.invitation_url, "https://coderbyte.com/sl/private", "the private link");
        tap_ok(s.state == SESSION_INVITED && !s.shared && s.created_ms > 0, "invited now");
        tap_int(o.lane_wait_ms, 4000, "four calls at one a second: then the connection rests");
        session_dispose(&s);
        bench_stop(&b);
}

static void test_invite_ends(void)
{
        static const struct {
                const char *name;
                struct scripted answers[4];
                enum outcome_kind kind;
                size_t calls;
                const char *says; /* in sentence or detail */
        } rows[] = {
                { "one who took it", { ANSWER(200, DONE_REPORT) }, OUTCOME_DONE, 1, "" },
                { "one whose page names it",
                  { ANSWER(200, NOBODY),
                    ANSWER(200, "{\"data\":{\"assessments\":[{\"test_id\":\"" TEST "\"}]}}") },
                  OUTCOME_DONE,
                  2,
                  "" },
                { "the older form of that page",
                  { ANSWER(200, NOBODY), ANSWER(200, "{\"data\":[{\"test_id\":\"" TEST "\"}]}") },
                  OUTCOME_DONE,
                  2,
                  "" },
                { "one who is not known, and an assessment that is not either",
                  { ANSWER(404, "{\"status\":\"error\"}"), ANSWER(404, "{\"status\":\"error\"}"),
                    ANSWER(500, "{\"status\":\"error\"}") },
                  OUTCOME_AGAIN,
                  3,
                  "fault" },
                { "a reading that fails", { ANSWER(500, "") }, OUTCOME_AGAIN, 1, "fault" },
                { "an assessment that is gone",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY),
                    ANSWER(200, "{\"data\":{\"assessments\":[]}}") },
                  OUTCOME_REFUSED,
                  3,
                  "no such assessment" },
                { "an assessment that is closed",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY),
                    ANSWER(200, "{\"data\":{\"assessments\":[{\"test_id\":\"" TEST "\",\"closed\":"
                                "true,\"public_url\":\"u\"}]}}") },
                  OUTCOME_REFUSED,
                  3,
                  "closed" },
                { "an assessment without an address",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY),
                    ANSWER(200, "{\"data\":{\"assessments\":[{\"test_id\":\"" TEST "\"}]}}") },
                  OUTCOME_REFUSED,
                  3,
                  "no address" },
                { "a refusal in the envelope",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY), ANSWER(200, TESTS),
                    ANSWER(200, "{\"status\":\"error\",\"message\":\"Not enough credits\"}") },
                  OUTCOME_REFUSED,
                  4,
                  "Coderbyte did not accept this: Not enough credits" },
                { "a refusal by status",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY), ANSWER(200, TESTS),
                    ANSWER(422, "{\"error\":\"Invalid email\"}") },
                  OUTCOME_REFUSED,
                  4,
                  "Invalid email" },
                { "an answer that names somebody else",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY), ANSWER(200, TESTS),
                    ANSWER(200, "{\"data\":{\"candidates\":[{\"email\":\"x@example.org\"}]}}") },
                  OUTCOME_REFUSED,
                  4,
                  "does not name the candidate" },
                { "an answer of another shape",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY), ANSWER(200, TESTS),
                    ANSWER(200, "{\"status\":\"success\",\"data\":{\"invited\":[]}}") },
                  OUTCOME_UNCERTAIN,
                  4,
                  "coderbyte/profile.json: calls.invite.result" },
                { "a lost answer",
                  { ANSWER(200, NOBODY),
                    ANSWER(200, NOBODY),
                    ANSWER(200, TESTS),
                    { FETCH_UNCERTAIN, 0, "", "" } },
                  OUTCOME_UNCERTAIN,
                  4,
                  "no whole answer" },
                { "a fault at the invitation",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY), ANSWER(200, TESTS), ANSWER(502, "") },
                  OUTCOME_UNCERTAIN,
                  4,
                  "fault" },
                { "a page instead of an answer",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY), ANSWER(200, TESTS),
                    ANSWER(200, "<html>Welcome</html>") },
                  OUTCOME_UNCERTAIN,
                  4,
                  "not JSON" },
                { "a path that moved",
                  { ANSWER(200, NOBODY), ANSWER(200, NOBODY), ANSWER(200, TESTS), ANSWER(404, "") },
                  OUTCOME_DENIED,
                  4,
                  "coderbyte/profile.json: calls.invite.path" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct bench b;
                struct link *link = bench_start(&b, "{}", rows[i].answers, COUNT(rows[i].answers));
                struct session s;
                struct outcome o;

                coderbyte_platform.invite(link, &invitation, &s, &o);
                tap_text(outcome_word(o.kind), outcome_word(rows[i].kind), "invite: %s",
                         rows[i].name);
                tap_int((int64_t)asked_count, (int64_t)rows[i].calls, "invite: %s: calls",
                        rows[i].name);
                if (!tap_ok(strstr(o.sentence, rows[i].says) != NULL ||
                                strstr(o.detail, rows[i].says) != NULL,
                            "invite: %s: says so", rows[i].name))
                        tap_note("\"%s\" (%s)", o.sentence, o.detail);
                tap_ok((s.id != NULL) == (o.kind == OUTCOME_DONE), "invite: %s: the session",
                       rows[i].name);
                tap_ok(s.shared == (i == 0), "invite: %s: whether an earlier result counts",
                       rows[i].name);
                session_dispose(&s);
                bench_stop(&b);
        }
}

static void test_nobody(void)
{
        static const struct scripted none[] = { ANSWER(200, NOBODY) };
        const struct session_ref unknown = { .id = "t:0123" };
        struct bench b;
        struct link *link = bench_start(&b, "{}", none, 1);
        struct session s;
        struct outcome o;

        tap_ok(coderbyte_platform.invite(link, &(struct invitation){ .test_id = TEST }, &s, &o) ==
                       -1 &&
                   o.kind == OUTCOME_REFUSED && asked_count == 0,
               "nobody is invited without an address");
        tap_ok(coderbyte_platform.read_session(link, &unknown, &s, &o) == -1 &&
                   o.kind == OUTCOME_ABSENT && asked_count == 0,
               "an attempt that we know nothing of is nobody's");
        json_set_text(b.credentials, "api_key", "a\r\nX: y");
        tap_ok(coderbyte_platform.read_session(link, &(struct session_ref){ "i", "t", "e@x" }, &s,
                                               &o) == -1 &&
                   o.kind == OUTCOME_DENIED && asked_count == 0,
               "a key with a line break is not sent");
        json_object_del(b.credentials, "api_key");
        coderbyte_platform.read_session(link, &(struct session_ref){ "i", "t", "e@x" }, &s, &o);
        tap_ok(o.kind == OUTCOME_DENIED && asked_count == 0, "nor is none");
        bench_stop(&b);
}

/* ---- reading ---- */

/* "state score/most|parts|verdict|flag|look" */
static char *tell(const struct session *s)
{
        struct buf out = BUF_NONE;

        buf_add_text(&out, session_word(s->state));
        if (s->score.present)
                buf_format(&out, " %.10g/%.10g-%.10g", s->score.value, s->score.least,
                           s->score.most);
        for (size_t i = 0; i < s->part_count; i++) {
                const struct part *p = &s->parts[i];

                buf_format(&out, " [%s", text_or(p->title, "?"));
                if (p->scored)
                        buf_format(&out, " %.10g/%.10g", p->value, p->most);
                if (p->spent_ms >= 0)
                        buf_format(&out, " %lldm", (long long)(p->spent_ms / WHEN_MINUTE));
                buf_add_char(&out, ']');
        }
        if (s->verdict != NULL)
                buf_format(&out, " (%s)", s->verdict);
        buf_add_text(&out, s->integrity_flag ? " flagged" : "");
        buf_add_text(&out, s->look_again ? " again" : "");
        return buf_take(&out);
}

#define BASE "\"test_id\":\"" TEST "\",\"email\":\"" EMAIL "\","

static const struct {
        const char *name, *body, *want; /* "refused: words" when it makes no sense */
} readings[] = {
        { "no report yet", NOBODY, "invited" },
        { "an empty list", "{\"status\":\"success\",\"data\":{\"reports\":[]}}", "invited" },
        { "null", "{\"status\":\"success\",\"data\":{\"reports\":null}}", "invited" },
        { "data is null", "{\"status\":\"success\",\"data\":null}", "invited" },
        { "no status in the envelope", "{\"data\":{\"reports\":[]}}", "invited" },
        { "invited", REPORT(BASE "\"status\":\"Invited\",\"final_score\":null"), "invited" },
        { "invited, without the members of a result", REPORT(BASE "\"status\":\"Invited\""),
          "invited" },
        { "in progress", REPORT(BASE "\"status\":\"In progress\",\"final_score\":null"),
          "started" },
        { "completed", DONE_REPORT, "complete 80/0-100" },
        { "completed, in other letters",
          REPORT(BASE "\"status\":\" cOMPLETED \",\"final_score\":7"), "complete 7/0-100" },
        { "zero is a score", REPORT(BASE "\"status\":\"Completed\",\"final_score\":0"),
          "complete 0/0-100" },
        { "null is none, and not zero",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":null"), "submitted again" },
        { "nor is an empty text", REPORT(BASE "\"status\":\"Completed\",\"final_score\":\"\""),
          "refused: report.score leads to something that is no number" },
        { "a score in a text", REPORT(BASE "\"status\":\"Completed\",\"final_score\":\"62.5\""),
          "complete 62.5/0-100" },
        { "a score that is a truth", REPORT(BASE "\"status\":\"Completed\",\"final_score\":true"),
          "refused: report.score leads to something that is no number" },
        { "a score off the scale", REPORT(BASE "\"status\":\"Completed\",\"final_score\":101"),
          "refused: the score 101 is outside of score.least and score.most" },
        { "a score below the scale", REPORT(BASE "\"status\":\"Completed\",\"final_score\":-1"),
          "refused: the score -1 is outside" },
        { "completed, not ready",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":80,\"report_ready\":false"),
          "submitted again" },
        { "completed and ready",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":80,\"report_ready\":true"),
          "complete 80/0-100" },
        { "the older name of the opposite",
          REPORT(BASE
                 "\"status\":\"Completed\",\"final_score\":80,\"challenges_being_graded\":true"),
          "submitted again" },
        { "the older name, graded",
          REPORT(BASE
                 "\"status\":\"Completed\",\"final_score\":80,\"challenges_being_graded\":false"),
          "complete 80/0-100" },
        { "submitted", REPORT(BASE "\"status\":\"Submitted\",\"final_score\":80"),
          "complete 80/0-100" },
        { "time expired, with a score",
          REPORT(BASE "\"status\":\"Time expired\",\"final_score\":30"), "complete 30/0-100" },
        { "time expired, being graded",
          REPORT(BASE "\"status\":\"Time expired\",\"final_score\":null,\"report_ready\":false"),
          "submitted again" },
        { "time expired, nothing to grade",
          REPORT(BASE "\"status\":\"Time expired\",\"final_score\":null,\"report_ready\":true"),
          "expired" },
        { "a null status before the start",
          REPORT(BASE "\"status\":null,\"date_joined\":null,\"final_score\":null"), "invited" },
        { "a null status after it",
          REPORT(BASE "\"status\":null,\"date_joined\":\"2026-11-20\",\"final_score\":null"),
          "started" },
        { "a null status, ready",
          REPORT(BASE "\"status\":null,\"report_ready\":true,\"final_score\":55"),
          "complete 55/0-100" },
        { "a null status with a score that may not be ready",
          REPORT(BASE "\"status\":null,\"date_joined\":\"11/20/26\",\"final_score\":55"),
          "started" },
        { "a word that is not known", REPORT(BASE "\"status\":\"Archived\",\"final_score\":55"),
          "refused: status does not know the word \"Archived\"" },
        { "the same, but the report is said to be ready",
          REPORT(BASE "\"status\":\"Archived\",\"final_score\":55,\"report_ready\":true"),
          "complete 55/0-100" },
        { "the status is somewhere else", REPORT(BASE "\"state\":\"Completed\",\"final_score\":55"),
          "refused: report.status leads nowhere" },
        { "the score is somewhere else", REPORT(BASE "\"status\":\"Completed\",\"score\":55"),
          "refused: report.score leads nowhere" },
        { "reports that are none", "{\"data\":{\"reports\":[\"a\"]}}",
          "refused: calls.read_report.result leads to no list of reports" },
        { "empty maps as empty arrays",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":80,\"scorecard\":[],"
                      "\"admin_notes\":[],\"video_responses\":[],\"challenge_details\":[],"
                      "\"mc_details\":[],\"oe_details\":[],\"cheating_details\":[]"),
          "complete 80/0-100" },
        { "empty maps as null",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":80,\"scorecard\":null,"
                      "\"challenge_details\":null,\"mc_details\":null,\"oe_details\":null"),
          "complete 80/0-100" },
        { "what was done",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":80,\"challenge_details\":["
                      "{\"title\":\"Sum\",\"score\":10,\"time_taken\":12},"
                      "{\"title\":\"Tree\",\"score\":0,\"time_taken\":-1},"
                      "{\"title\":null,\"score\":null},null],"
                      "\"mc_details\":[{\"correct\":true},{\"correct\":false},{\"correct\":null}],"
                      "\"oe_details\":[{\"question\":\"Why?\"}]"),
          "complete 80/0-100 [Sum 10/10 12m] [Tree 0/10] [?] [Multiple-choice questions 1/3] "
          "[Open questions]" },
        { "a list that PHP made an object",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":80,\"challenge_details\":{\"3\":"
                      "{\"title\":\"Sum\",\"score\":9}}"),
          "complete 80/0-100 [Sum 9/10]" },
        { "qualified",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":80,\"qualified\":true,"
                      "\"qualifying_score\":70"),
          "complete 80/0-100 (qualified (the threshold is 70))" },
        { "not qualified, the threshold in a text",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":8,\"qualified\":false,"
                      "\"qualifying_score\":\"70\""),
          "complete 8/0-100 (not qualified (the threshold is 70))" },
        { "not said whether qualified",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":8,\"qualified\":null"),
          "complete 8/0-100" },
        { "cheating not detected",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":8,\"cheating_flag\":\"Not "
                      "detected\""),
          "complete 8/0-100" },
        { "likely",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":8,\"cheating_flag\":\"Likely\""),
          "complete 8/0-100 flagged" },
        { "a flag of another word",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":8,\"cheating_flag\":\"Severe\""),
          "complete 8/0-100 flagged" },
        { "somebody else's report",
          REPORT("\"test_id\":\"" TEST "\",\"email\":\"x@example.org\",\"status\":\"Completed\","
                 "\"final_score\":80"),
          "invited" },
        { "a report of another assessment",
          REPORT("\"test_id\":\"other\",\"status\":\"Completed\",\"final_score\":80"), "invited" },
        { "the address in other letters",
          REPORT("\"test_id\":\"" TEST "\",\"email\":\"zoë+JOBS\\/1@example.ORG\","
                 "\"status\":\"Completed\",\"final_score\":80"),
          "complete 80/0-100" },
        { "several: the newest counts",
          REPORT(BASE "\"date_joined\":\"2026-11-20T10:00:00Z\",\"status\":\"Completed\","
                      "\"final_score\":2},{" BASE "\"date_joined\":\"2026-11-21 10:00:00\","
                      "\"status\":\"Completed\",\"final_score\":3},{" BASE
                      "\"date_joined\":\"11/19/26\",\"status\":\"Completed\",\"final_score\":1"),
          "complete 3/0-100" },
        { "several, as numbers",
          REPORT(BASE
                 "\"date_joined\":1795000000,\"status\":\"Completed\",\"final_score\":2},{" BASE
                 "\"date_joined\":1794000000000,\"status\":\"Completed\",\"final_score\":1"),
          "complete 2/0-100" },
        { "several, a date that is none: the last counts",
          REPORT(BASE "\"date_joined\":\"2026-11-20\",\"status\":\"Completed\",\"final_score\":2},"
                      "{" BASE "\"date_joined\":\"N/A\",\"status\":\"Completed\",\"final_score\":"
                      "1"),
          "complete 1/0-100" },
        { "several, of which one is ours",
          REPORT(BASE "\"status\":\"Completed\",\"final_score\":2},{\"test_id\":\"other\","
                      "\"status\":\"Completed\",\"final_score\":1"),
          "complete 2/0-100" },
};

static void test_readings(void)
{
        for (size_t i = 0; i < COUNT(readings); i++) {
                struct scripted answer = ANSWER(200, readings[i].body);
                struct session_ref ref = attempt();
                struct bench b;
                struct link *link = bench_start(&b, "{}", &answer, 1);
                struct session s;
                struct outcome o;
                int result = coderbyte_platform.read_session(link, &ref, &s, &o);
                char *got = result == 0 ? tell(&s)
                                        : mem_format("%s: %s", outcome_word(o.kind),
                                                     strstr(o.detail, "profile.json: ")
                                                         ? strstr(o.detail, "profile.json: ") + 14
                                                         : o.detail);

                if (result == 0)
                        tap_text(got, readings[i].want, "reading: %s", readings[i].name);
                else if (!tap_ok(text_starts(got, readings[i].want), "reading: %s",
                                 readings[i].name))
                        tap_note("got \"%s\"", got);
                if (result == 0)
                        tap_ok(text_equal(s.id, ref.id) && text_equal(s.email, EMAIL) &&
                                   text_equal(s.test_id, TEST),
                               "reading: %s: it is the attempt asked for", readings[i].name);
                mem_free(got);
                session_dispose(&s);
                bench_stop(&b);
        }
}

static void test_details(void)
{
        static const struct scripted answer = ANSWER(200, DONE_REPORT);
        struct session_ref ref = attempt();
        struct bench b;
        struct link *link = bench_start(&b, "{\"requests_per_minute\":30}", &answer, 1);
        struct session s;
        struct outcome o;
        struct buf words = BUF_NONE;

        tap_int(coderbyte_platform.read_session(link, &ref, &s, &o), 0, "a report is read");
        score_write(&s.score, &words);
        tap_text(words.data, "Score (Coderbyte final score, 0-100): 80 of 100",
                 "the score has its passport");
        tap_text(s.report_url, "https://coderbyte.com/report/user1:" TEST, "the report's address");
        tap_text(s.test_title, "Angular", "the title");
        tap_int(s.started_ms, INT64_C(1795168800000), "when the candidate joined");
        tap_int(o.lane_wait_ms, 2000, "30 requests a minute: two seconds of rest");
        session_dispose(&s);
        link->scale = 20;
        coderbyte_platform.read_session(link, &ref, &s, &o);
        tap_int(o.lane_wait_ms, 100, "divided by the scale of a rehearsal");
        session_dispose(&s);
        buf_dispose(&words);
        bench_stop(&b);
}

static void test_failures(void)
{
        static const struct {
                const char *name;
                struct scripted answer;
                enum outcome_kind kind;
                const char *says;
        } rows[] = {
                { "401", ANSWER(401, "{\"status\":\"error\",\"message\":\"bad " KEY "\"}"),
                  OUTCOME_DENIED, "does not accept the API key" },
                { "403", ANSWER(403, "{}"), OUTCOME_DENIED, "add-on" },
                { "429",
                  { FETCH_ANSWERED, 429, "", "Retry-After: 7\n" },
                  OUTCOME_AGAIN,
                  "slow down" },
                { "500", ANSWER(500, "oops"), OUTCOME_AGAIN, "HTTP status 500" },
                { "a redirect", ANSWER(302, ""), OUTCOME_DENIED,
                  "coderbyte/profile.json: calls.read_report.path" },
                { "400", ANSWER(400, "{\"message\":\"Unknown route\"}"), OUTCOME_DENIED,
                  "calls.read_report.path: Unknown route" },
                { "405", ANSWER(405, "{}"), OUTCOME_DENIED, "calls.read_report.method" },
                { "an error in the envelope",
                  ANSWER(200, "{\"status\":\"error\",\"message\":\"Something\\nbroke\"}"),
                  OUTCOME_AGAIN, "Something broke" },
                { "an envelope about the key",
                  ANSWER(200, "{\"status\":\"error\",\"message\":\"Invalid API key\"}"),
                  OUTCOME_DENIED, "does not accept the API key" },
                { "an envelope about the pace",
                  ANSWER(200, "{\"status\":\"error\",\"message\":\"Too many requests\"}"),
                  OUTCOME_AGAIN, "slow down" },
                { "no JSON", ANSWER(200, "<html>"), OUTCOME_AGAIN, "no usable answer" },
                { "nothing", ANSWER(200, ""), OUTCOME_AGAIN, "no usable answer" },
                { "the reports are somewhere else",
                  ANSWER(200, "{\"status\":\"success\",\"data\":{\"results\":[]}}"), OUTCOME_DENIED,
                  "coderbyte/profile.json: calls.read_report.result: leads nowhere" },
                { "not reached",
                  { FETCH_UNREACHABLE, 0, "", "" },
                  OUTCOME_AGAIN,
                  "could not be reached" },
                { "cut off", { FETCH_UNCERTAIN, 0, "", "" }, OUTCOME_AGAIN, "no whole answer" },
                { "too long", { FETCH_TOO_LONG, 0, "", "" }, OUTCOME_AGAIN, "no whole answer" },
                { "an address that is not allowed",
                  { FETCH_REFUSED, 0, "", "" },
                  OUTCOME_DENIED,
                  "base_url" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct session_ref ref = attempt();
                struct bench b;
                struct link *link = bench_start(&b, "{}", &rows[i].answer, 1);
                struct session s;
                struct outcome o;

                tap_int(coderbyte_platform.read_session(link, &ref, &s, &o), -1, "%s: fails",
                        rows[i].name);
                tap_text(outcome_word(o.kind), outcome_word(rows[i].kind), "%s: the outcome",
                         rows[i].name);
                if (!tap_ok(strstr(o.sentence, rows[i].says) || strstr(o.detail, rows[i].says),
                            "%s: says so", rows[i].name))
                        tap_note("\"%s\" (%s)", o.sentence, o.detail);
                tap_ok(strstr(o.sentence, KEY) == NULL && strstr(o.detail, KEY) == NULL,
                       "%s: the key is not in it", rows[i].name);
                tap_ok(s.id == NULL, "%s: no session", rows[i].name);
                if (rows[i].answer.status == 429)
                        tap_ok(o.wait_ms == 7000 && o.lane_wait_ms == 7000,
                               "Retry-After is obeyed");
                bench_stop(&b);
        }
}

static void test_list(void)
{
        static const struct scripted answer = ANSWER(200, TESTS);
        struct bench b;
        struct link *link = bench_start(&b, "{}", &answer, 1);
        struct outcome o;
        json_t *tests;
        char *text;

        tap_int(coderbyte_platform.list_tests(link, "", &tests, &o), 0, "assessments are listed");
        text = json_text(tests);
        tap_text(text,
                 "[{\"duration_ms\":0,\"id\":\"" TEST "\",\"labels\":[],\"title\":\"Angular\"}]",
                 "but closed ones");
        mem_free(text);
        json_decref(tests);
        coderbyte_platform.list_tests(link, "ANG", &tests, &o);
        tap_int((int64_t)json_array_size(tests), 1, "a search in other letters");
        json_decref(tests);
        coderbyte_platform.list_tests(link, "java", &tests, &o);
        tap_int((int64_t)json_array_size(tests), 0, "a search for another");
        json_decref(tests);
        bench_stop(&b);
}

/* ---- the profile ---- */

static char *data_text(void)
{
        char *path = file_path(data_dir, "coderbyte/profile.json");
        struct buf text = BUF_NONE;

        if (file_read(path, 1 << 20, &text, NULL) != 1) {
                printf("Bail out! cannot read %s\n", path);
                exit(99);
        }
        mem_free(path);
        return buf_take(&text);
}

/* A home whose profile is the shipped one with one change. */
static char *home_with(const char *name, const char *from, const char *to)
{
        char *home = tap_dir(), *dir = file_path(home, "coderbyte"),
             *path = file_path(dir, "profile.json"), *text = data_text(), *changed;
        const char *at = strstr(text, from);

        tap_ok(at != NULL, "%s: the shipped profile has what the test changes", name);
        changed = at == NULL
                      ? mem_text("")
                      : mem_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
        if (file_make_dir(dir, NULL) != 0 ||
            file_write(path, changed, strlen(changed), 0600, NULL) != 0) {
                printf("Bail out! cannot write %s\n", path);
                exit(99);
        }
        mem_free(changed);
        mem_free(text);
        mem_free(dir);
        mem_free(path);
        return home;
}

static void test_broken_profile(void)
{
        static const struct {
                const char *name, *from, *to, *says;
        } rows[] = {
                { "not JSON", "\"time_unit_ms\": 60000", "\"time_unit_ms\" 60000",
                  "coderbyte/profile.json: not JSON as accepted here: line " },
                { "a member twice", "\"time_unit_ms\": 60000",
                  "\"time_unit_ms\": 1, \"time_unit_ms\": 2", "coderbyte/profile.json" },
                { "a call gone", "\"read_report\": {", "\"report_reading\": {",
                  "coderbyte/profile.json: calls.read_report: missing" },
                { "a path that is none", "\"/organization/assessments\"", "\"organization\"",
                  "calls.list_tests.path: does not begin" },
                { "a path with a query", "\"/organization/assessments\"", "\"/a?b=c\"",
                  "calls.list_tests.path: holds a character" },
                { "an unknown placeholder", "{email}/{assessment}", "{email}/{test}",
                  "calls.read_report.path: an unknown placeholder" },
                { "an open placeholder", "{email}/{assessment}", "{email}/{assessment",
                  "calls.read_report.path: an unknown placeholder" },
                { "a method that deletes", "\"method\": \"GET\"", "\"method\": \"DELETE\"",
                  "calls.list_tests.method: is none of" },
                { "a result gone", "\"result\": [\"/data/reports\"]", "\"result\": []",
                  "calls.read_report.result: no pointer" },
                { "a pointer that is none", "\"/final_score\"", "\"final_score\"",
                  "report.score: not a JSON pointer" },
                { "a needed pointer gone", "[\"/final_score\"]", "[]", "report.score: no pointer" },
                { "a pointer as a text", "[\"/final_score\"]", "\"/final_score\"",
                  "report.score: missing, or not a list" },
                { "a field gone", "\"joined\": [\"/date_joined\"],", "",
                  "report.joined: missing, or not a list" },
                { "a meaning unknown", "\"submitted\": \"over\"", "\"submitted\": \"done\"",
                  "status.submitted: a meaning unknown here" },
                { "a flag unknown", "\"likely\": \"yes\"", "\"likely\": \"perhaps\"",
                  "flag.likely: a meaning unknown here" },
                { "a scale upside down", "\"least\": 0", "\"least\": 100", "score: needs two" },
                { "a score without a name", "\"Coderbyte final score\"", "\"\"",
                  "score.version: missing" },
                { "challenges of nothing", "\"challenge_most\": 10", "\"challenge_most\": 0",
                  "challenge_most: not a number" },
                { "a class unknown", "\"class\": \"rate\"", "\"class\": \"rates\"",
                  "errors.0: \"class\" is none" },
                { "words of success gone", "\"success\": [\"success\", \"ok\"]", "\"success\": []",
                  "envelope.success: missing" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                static const struct scripted none[] = { ANSWER(200, NOBODY) };
                char *home = home_with(rows[i].name, rows[i].from, rows[i].to);
                struct session_ref ref = attempt();
                struct bench b;
                struct link *link = bench_start(&b, "{}", none, 1);
                struct session s;
                struct outcome o;
                json_t *report;

                link->data_home = home;
                coderbyte_platform.read_session(link, &ref, &s, &o);
                tap_ok(o.kind == OUTCOME_DENIED && asked_count == 0, "%s: nothing is sent",
                       rows[i].name);
                if (!tap_ok(strstr(o.detail, rows[i].says) != NULL, "%s: it is named",
                            rows[i].name))
                        tap_note("got \"%s\"", o.detail);
                tap_ok(coderbyte_platform.test(link, &report, &o) == -1 &&
                           strstr(json_get_text(report, "0.sentence", ""), rows[i].says) != NULL,
                       "%s: the connection test names it too", rows[i].name);
                json_decref(report);
                session_dispose(&s);
                bench_stop(&b);
                mem_free(home);
        }
}

/* What an admin corrects is used: no compiler is needed for any of it. */
static void test_corrections(void)
{
        static const struct {
                const char *name, *from, *to, *body, *want, *asks;
        } rows[] = {
                { "a path that moved", "/organization/candidates/{email}/{assessment}",
                  "/v2/{organization}/{assessment}/report", DONE_REPORT, "complete 80/0-100",
                  "/v2/acme%20co/" TEST "/report" },
                { "a list that moved", "\"/data/reports\"", "\"/data/reports\", \"/results/0\"",
                  "{\"results\":[[{\"status\":\"Completed\",\"final_score\":8}]]}",
                  "complete 8/0-100", "" },
                { "a member with a slash in its name", "\"/final_score\"",
                  "\"/final_score\", \"/scores~1all/final\"",
                  REPORT("\"status\":\"Completed\",\"scores/all\":{\"final\":9}"),
                  "complete 9/0-100", "" },
                { "a new word", "\"submitted\": \"over\"",
                  "\"submitted\": \"over\", \"archived\": \"over\"",
                  REPORT("\"status\":\"Archived\",\"final_score\":10"), "complete 10/0-100", "" },
                { "another scale", "\"most\": 100", "\"most\": 1000",
                  REPORT("\"status\":\"Completed\",\"final_score\":700"), "complete 700/0-1000",
                  "" },
                { "another word of success", "\"success\", \"ok\"", "\"fine\"",
                  "{\"status\":\"fine\",\"data\":{\"reports\":[]}}", "invited", "" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct scripted answer = ANSWER(200, rows[i].body);
                char *home = home_with(rows[i].name, rows[i].from, rows[i].to), *got;
                struct session_ref ref = attempt();
                struct bench b;
                struct link *link = bench_start(&b, "{\"organization\":\"acme co\"}", &answer, 1);
                struct session s;
                struct outcome o;

                link->data_home = home;
                coderbyte_platform.read_session(link, &ref, &s, &o);
                got = tell(&s);
                tap_text(got, rows[i].want, "%s: the correction is used", rows[i].name);
                tap_ok(asked_count == 1 && strstr(asked[0], rows[i].asks) != NULL,
                       "%s: for the question too", rows[i].name);
                mem_free(got);
                session_dispose(&s);
                bench_stop(&b);
                mem_free(home);
        }
}

/* ---- the connection test ---- */

#define PAGE "{\"status\":\"success\",\"data\":{\"assessments\":[{\"test_id\":\"" TEST "\"}]}}"

static void test_self_test(void)
{
        static const struct {
                const char *name, *settings;
                struct scripted answers[3];
                bool good;
                const char *says; /* in one of the lines */
        } rows[] = {
                { "all fits",
                  "{\"test_candidate\":\"" EMAIL "\"}",
                  { ANSWER(200, TESTS), ANSWER(200, PAGE), ANSWER(200, DONE_REPORT) },
                  true,
                  "A report could be read and understood." },
                { "nobody is named",
                  "{}",
                  { ANSWER(200, TESTS), ANSWER(404, "{}") },
                  true,
                  "with the setting test_candidate" },
                { "no assessments yet",
                  "{}",
                  { ANSWER(200, "{\"data\":{\"assessments\":[]}}"), ANSWER(200, NOBODY) },
                  true,
                  "there are none yet" },
                { "the key is wrong",
                  "{}",
                  { ANSWER(401, "") },
                  false,
                  "does not accept the API key" },
                { "the list moved",
                  "{}",
                  { ANSWER(404, "") },
                  false,
                  "coderbyte/profile.json: calls.list_tests.path" },
                { "the list is elsewhere in the answer",
                  "{}",
                  { ANSWER(200, "{\"tests\":[]}") },
                  false,
                  "coderbyte/profile.json: calls.list_tests.result" },
                { "an id of another name",
                  "{}",
                  { ANSWER(200, "{\"data\":{\"assessments\":[{\"id\":1,\"display_name\":\"A\","
                                "\"public_url\":\"u\"}]}}") },
                  false,
                  "coderbyte/profile.json: test.id: leads nowhere" },
                { "an address of another name",
                  "{}",
                  { ANSWER(200, "{\"data\":{\"assessments\":[{\"test_id\":1,\"display_name\":"
                                "\"A\",\"url\":\"u\"}]}}") },
                  false,
                  "coderbyte/profile.json: test.public_url: leads nowhere" },
                { "the report moved",
                  "{}",
                  { ANSWER(200, TESTS), ANSWER(302, "") },
                  false,
                  "coderbyte/profile.json: calls.read_report.path" },
                { "a candidate who has taken nothing",
                  "{\"test_candidate\":\"" EMAIL "\"}",
                  { ANSWER(200, TESTS), ANSWER(200, NOBODY) },
                  true,
                  "name somebody who has" },
                { "a candidate's page of another shape",
                  "{\"test_candidate\":\"" EMAIL "\"}",
                  { ANSWER(200, TESTS), ANSWER(200, "{\"data\":{\"assessments\":[{\"id\":1}]}}") },
                  false,
                  "coderbyte/profile.json: candidate.test_id: leads nowhere" },
                { "a report without its score",
                  "{\"test_candidate\":\"" EMAIL "\"}",
                  { ANSWER(200, TESTS), ANSWER(200, PAGE),
                    ANSWER(200, REPORT(BASE "\"status\":\"Completed\",\"date_joined\":null,"
                                            "\"report_link\":null,\"points\":3")) },
                  false,
                  "coderbyte/profile.json: report.score: leads nowhere" },
                { "a report with a new word",
                  "{\"test_candidate\":\"" EMAIL "\"}",
                  { ANSWER(200, TESTS), ANSWER(200, PAGE),
                    ANSWER(200, REPORT(BASE "\"status\":\"Archived\",\"date_joined\":null,"
                                            "\"report_link\":null,\"final_score\":3")) },
                  false,
                  "status does not know the word" },
                { "a candidate's page that moved",
                  "{\"test_candidate\":\"" EMAIL "\"}",
                  { ANSWER(200, TESTS), ANSWER(404, "{}") },
                  false,
                  "coderbyte/profile.json: calls.read_candidate.path" },
                { "a report that moved",
                  "{\"test_candidate\":\"" EMAIL "\"}",
                  { ANSWER(200, TESTS), ANSWER(200, PAGE), ANSWER(404, "{}") },
                  false,
                  "coderbyte/profile.json: calls.read_report.path" },
                { "another word for success",
                  "{}",
                  { ANSWER(200, "{\"status\":\"fine\",\"data\":{\"assessments\":[]}}") },
                  false,
                  "coderbyte/profile.json: envelope.success does not know" },
                { "interviews without a path",
                  "{\"interviews\":true}",
                  { ANSWER(200, TESTS), ANSWER(404, "{}") },
                  false,
                  "calls.create_interview.path: is empty" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct bench b;
                struct link *link =
                    bench_start(&b, rows[i].settings, rows[i].answers, COUNT(rows[i].answers));
                struct outcome o;
                json_t *report;
                char *text;

                tap_int(coderbyte_platform.test(link, &report, &o), rows[i].good ? 0 : -1,
                        "connection test: %s", rows[i].name);
                text = json_text(report);
                if (!tap_ok(strstr(text, rows[i].says) != NULL, "connection test: %s: says so",
                            rows[i].name))
                        tap_note("got %s", text);
                tap_ok(o.sentence[0] != '\0' || rows[i].good, "connection test: %s: a sentence",
                       rows[i].name);
                mem_free(text);
                json_decref(report);
                bench_stop(&b);
        }
}

/* ---- interviews: nothing outbound until a path is configured ---- */

static void test_interviews(void)
{
        static const struct scripted made = ANSWER(
            200, "{\"status\":\"success\",\"data\":{\"id\":7,\"url\":\"https://x.example/7\"}}");
        static const struct interview_order order = { .candidate_email = EMAIL };
        char *home = home_with("interviews", "\"path\": \"\"", "\"path\": \"/interviews\"");
        struct bench b;
        struct link *link = bench_start(&b, "{\"interviews\":true}", &made, 1);
        struct interview_made got;
        struct outcome o;

        tap_ok(coderbyte_platform.gives_interviews(b.settings) &&
                   !coderbyte_platform.gives_interviews(NULL),
               "interviews are given where the setting says so");
        tap_ok(coderbyte_platform.create_interview(link, &order, &got, &o) == -1 &&
                   o.kind == OUTCOME_REFUSED && asked_count == 0 && got.url == NULL,
               "but nothing is sent before the profile has a path");
        link->data_home = home;
        tap_int(coderbyte_platform.create_interview(link, &order, &got, &o), 0, "with one it is");
        tap_text(got.id, "7", "the id");
        tap_text(got.url, "https://x.example/7", "the address");
        tap_text(asked[0],
                 "POST https://coderbyte.com/api/interviews {\"candidate\":\"" EMAIL "\"}",
                 "what is missing is left out");
        mem_free(got.id);
        mem_free(got.url);
        bench_stop(&b);
        mem_free(home);
}

int main(void)
{
        const char *source = getenv("FAIRLEAD_SOURCE");

        data_dir = mem_format("%s/data", source ? source : ".");
        test_nobody();
        test_failures();
        test_broken_profile();
        test_attempt();
        test_invite();
        test_invite_ends();
        test_readings();
        test_details();
        test_list();
        test_self_test();
        corrected = true;
        test_corrections();
        test_interviews();
        mem_free(asked_headers);
        mem_free(data_dir);
        mem_free((char *)(uintptr_t)attempt().id);
        return tap_end();
}
