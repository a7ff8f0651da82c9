/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lever's API from the adapter's side: each test is a conversation, request by request, with the
 * answers of a table.  What is sent is compared to the letter and, if asked for, kept for
 * tests/schema (wire/lever.md; the numbers in names are its list of traps, section 6).
 */
#include "ats/lever.h"

#include <stdio.h>
#include <string.h>

#include "../lib/record.h"
#include "../tap.h"
#include "bridge/heard.h"
#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"

#define BASE "https://api.lever.co/v1"
#define KEY "lever-key-of-acme-7781"
#define USER "8d49b010-cc6a-4f40-ace5-e86061c677ed"
#define O "opportunities/6408dc54-7015-4e5b-8d60-23afff2b1efc"
#define ID "6408dc54-7015-4e5b-8d60-23afff2b1efc"
#define AS "?perform_as=" USER

/* --- the other side ---------------------------------------------------------------- */

struct said {
        const char *method; /* NULL ends a conversation */
        const char *path;   /* behind the base */
        const char *body;   /* what must be sent; NULL: nothing; "*": anything */
        int status;         /* 0: no answer, then end says how */
        const char *answer;
        enum fetch_end end;
};

struct stand {
        const struct said *said;
        int at, wrong;
        struct link link;
        json_t *settings, *credentials;
        struct outcome outcome;
        char last[4096]; /* body of the last request */
};

static void complain(struct stand *s, const char *what, const char *got, const char *want)
{
        s->wrong++;
        tap_note("request %d: %s is %s, not %s", s->at + 1, what, text_or(got, "(nothing)"),
                 text_or(want, "(nothing)"));
}

static int give(struct fetch_answer *answer, const struct said *step)
{
        *answer = (struct fetch_answer){ .end = step->end,
                                         .status = step->end == FETCH_ANSWERED ? step->status : 0,
                                         .elapsed_us = 1000 };
        if (step->end != FETCH_ANSWERED) {
                snprintf(answer->cause, sizeof answer->cause, "as the test orders");
                return -1;
        }
        buf_add_text(&answer->body, text_or(step->answer, ""));
        return 0;
}

static int call(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
                struct fail *why)
{
        static const struct said nobody = { .end = FETCH_UNREACHABLE };
        struct stand *s = link->context;
        const struct said *step = &s->said[s->at];
        char *url, *body;

        (void)why;
        record_request("lever", request);
        if (step->method == NULL) {
                complain(s, "one request too many", request->url, NULL);
                return give(answer, &nobody);
        }
        url = mem_format(BASE "/%s", step->path);
        body = request->body == NULL ? NULL : mem_text_part(request->body, request->body_len);
        snprintf(s->last, sizeof s->last, "%s", text_or(body, ""));
        if (!text_equal(request->user, KEY) || !text_equal(request->password, ""))
                complain(s, "the key", "another", "as user name, without a password");
        if (text_equal(request->method, "GET") && request->body != NULL)
                complain(s, "the body of a GET", "there", "absent");
        if (strstr(request->url, "include=") != NULL) /* trap 4 */
                complain(s, "include", "there", "absent");
        if (!text_equal(request->method, step->method))
                complain(s, "the method", request->method, step->method);
        if (!text_equal(request->url, url))
                complain(s, "the address", request->url, url);
        if (!text_equal(step->body, "*") && !text_equal(body, step->body))
                complain(s, "the body", body, step->body);
        mem_free(url);
        mem_free(body);
        s->at++;
        return give(answer, step);
}

static void stand_init(struct stand *s, const struct said *said)
{
        memset(s, 0, sizeof *s);
        s->said = said;
        s->settings = json_object();
        json_set_text(s->settings, "base_url", BASE "/");
        json_set_text(s->settings, "act_as_user", USER);
        s->credentials = json_object();
        json_set_text(s->credentials, "api_key", KEY);
        s->link = (struct link){ .org = "acme",
                                 .id = "lv",
                                 .settings = s->settings,
                                 .credentials = s->credentials,
                                 .scale = 1000,
                                 .call = call,
                                 .context = s };
}

static void stand_end(struct stand *s, const char *name)
{
        tap_ok(s->wrong == 0 && s->said[s->at].method == NULL, "%s: the conversation as written%s",
               name, s->said[s->at].method == NULL ? "" : ", but too short");
        tap_ok(strstr(s->outcome.sentence, KEY) == NULL && strstr(s->outcome.detail, KEY) == NULL,
               "%s: no key in the words", name);
        json_decref(s->settings);
        json_decref(s->credentials);
}

static const struct application jane = { .id = (char *)(uintptr_t)ID,
                                         .stage_id = (char *)(uintptr_t) "applicant-new" };

/* --- reading ------------------------------------------------------------------------- */

#define READ O "?expand=applications&expand=stage"
#define STAGES                                                                                     \
        "{\"data\":[{\"id\":\"applicant-new\",\"text\":\"New applicant\"},{\"id\":\"2ca0\","       \
        "\"text\":\"Screen\"},{\"id\":\"offer\",\"text\":\"Offer\"}],\"hasNext\":false}"

static void test_read(void)
{
        static const struct said said[] = {
                { "GET", READ, NULL, 200,
                  "{\"data\":{\"id\":\"" ID "\",\"contact\":\"c1\",\"name\":\"Jane van der Doe\","
                  "\"emails\":[\"no address\",\"jane@x.example\"],\"stage\":{\"id\":"
                  "\"applicant-new\",\"text\":\"New applicant\"},\"stageChanges\":[{\"toStageId\":"
                  "\"applicant-new\",\"updatedAt\":1782974004990},{\"toStageId\":\"lead-new\","
                  "\"updatedAt\":1782974009990},{\"toStageId\":\"applicant-new\",\"updatedAt\":"
                  "1782974019990}],\"archived\":null,\"updatedAt\":null,\"confidentiality\":"
                  "\"confidential\",\"applications\":[{\"id\":\"a1\",\"posting\":\"p/"
                  "1\"}],\"urls\":"
                  "{\"show\":\"https://hire.lever.co/candidates/x\"},\"unheardOf\":[{}]}}",
                  FETCH_ANSWERED },
                { "GET", "postings/p%2F1", NULL, 200, "{\"data\":{\"text\":\"Engineer\"}}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        struct application a;
        struct stand s;

        stand_init(&s, said);
        tap_int(lever_ats.read_application(&s.link, ID, &a, &s.outcome), 0, "read");
        tap_text(a.candidate_id, "c1", "the contact");
        tap_text(a.first_name, "Jane van der", "first name");
        tap_text(a.last_name, "Doe", "last name");
        tap_text(a.email, "jane@x.example", "the first usable address");
        tap_text(a.stage_id, "applicant-new", "3: a stage's id is no UUID");
        tap_text(a.stage_name, "New applicant", "its name");
        tap_text(a.stage_entry, "1782974019990", "2: the last entry, beyond 32 bits");
        tap_text(a.job_id, "p/1", "the posting");
        tap_text(a.job_name, "Engineer", "its name");
        tap_text(a.status, "active", "15: archived null is active");
        tap_ok(a.private_candidate, "confidential is private");
        application_dispose(&a);
        stand_end(&s, "read");
}

/* Rows as they differ: what is read out of them. */
static void test_shapes(void)
{
        static const struct {
                const char *name, *row, *status, *first, *last, *stage;
        } rows[] = {
                { "archived, live", "\"archived\":{\"reason\":\"r\",\"archivedAt\":1}", "archived",
                  NULL, NULL, NULL },
                { "archived, documented", "\"archivedAt\":1417587916150,\"archiveReason\":\"r\"",
                  "archived", NULL, NULL, NULL },
                { "anonymised", "\"isAnonymized\":true", "anonymized", NULL, NULL, NULL },
                { "one name", "\"name\":\"Cher\"", "active", "Cher", NULL, NULL },
                { "no name", "\"name\":\"  \"", "active", NULL, NULL, NULL },
                { "no application", "\"applications\":[]", "active", NULL, NULL, NULL },
                { "odd types", "\"name\":7,\"emails\":{},\"stage\":[],\"stageChanges\":5", "active",
                  NULL, NULL, NULL },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *answer = mem_format("{\"data\":{\"id\":\"" ID "\",%s}}", rows[i].row);
                struct said said[2] = { { "GET", READ, NULL, 200, answer, FETCH_ANSWERED } };
                struct application a;
                struct stand s;

                stand_init(&s, said);
                tap_int(lever_ats.read_application(&s.link, ID, &a, &s.outcome), 0, "%s: read",
                        rows[i].name);
                tap_text(a.status, rows[i].status, "%s: status", rows[i].name);
                tap_text(a.first_name, rows[i].first, "%s: first name", rows[i].name);
                tap_text(a.last_name, rows[i].last, "%s: last name", rows[i].name);
                tap_text(a.stage_id, rows[i].stage, "%s: stage", rows[i].name);
                application_dispose(&a);
                stand_end(&s, rows[i].name);
                mem_free(answer);
        }
}

/* A stage that is only an id is named by another call; a key that may not is no obstacle. */
static void test_stage_name(void)
{
        static const struct said said[] = {
                { "GET", READ, NULL, 200, "{\"data\":{\"id\":\"" ID "\",\"stage\":\"offer\"}}",
                  FETCH_ANSWERED },
                { "GET", "stages/offer", NULL, 403, "{\"code\":\"Forbidden\",\"message\":\"no\"}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        struct application a;
        struct stand s;

        stand_init(&s, said);
        tap_int(lever_ats.read_application(&s.link, ID, &a, &s.outcome), 0, "read without a name");
        tap_text(a.stage_id, "offer", "the stage's id");
        tap_text(a.stage_name, NULL, "and no name");
        application_dispose(&a);
        stand_end(&s, "a stage without a name");
}

/* --- what answers mean ---------------------------------------------------------------------- */

static void test_answers(void)
{
        static const struct {
                const char *name;
                int status;
                enum fetch_end end;
                const char *answer;
                enum outcome_kind read, write;
                const char *words; /* in the sentence of the reading */
        } rows[] = {
                { "a wrong key", 401, FETCH_ANSWERED,
                  "{\"code\":\"UnauthorizedError\",\"message\":\"The request requires "
                  "authentication.\"}",
                  OUTCOME_DENIED, OUTCOME_DENIED, "API key" },
                { "11: not permitted, or confidential", 403, FETCH_ANSWERED,
                  "{\"code\":\"Forbidden\",\"message\":\"" KEY "\"}", OUTCOME_DENIED,
                  OUTCOME_DENIED, "new key with access to confidential data" },
                { "gone, in Lever's words", 404, FETCH_ANSWERED,
                  "{\"code\":\"ResourceNotFound\",\"message\":\"not found\"}", OUTCOME_ABSENT,
                  OUTCOME_ABSENT, "does not find" },
                { "somebody else's 404", 404, FETCH_ANSWERED, "<h1>Not Found</h1>", OUTCOME_DENIED,
                  OUTCOME_DENIED, "base_url" },
                { "a redirect", 301, FETCH_ANSWERED, "", OUTCOME_DENIED, OUTCOME_DENIED,
                  "base_url" },
                { "12: too fast", 429, FETCH_ANSWERED, "{}", OUTCOME_AGAIN, OUTCOME_AGAIN,
                  "slower" },
                { "malformed", 400, FETCH_ANSWERED,
                  "{\"code\":\"BadRequest\",\"message\":\"score is wrong\"}", OUTCOME_REFUSED,
                  OUTCOME_REFUSED, "score is wrong" },
                { "a slow upload", 400, FETCH_ANSWERED, "{\"code\":\"RequestTimeout\"}",
                  OUTCOME_AGAIN, OUTCOME_UNCERTAIN, "problem" },
                { "their trouble", 503, FETCH_ANSWERED, "", OUTCOME_AGAIN, OUTCOME_UNCERTAIN,
                  "problem" },
                { "a proxy's page", 200, FETCH_ANSWERED, "<html>", OUTCOME_AGAIN, OUTCOME_UNCERTAIN,
                  "cannot be read" },
                { "nothing", 200, FETCH_ANSWERED, "", OUTCOME_AGAIN, OUTCOME_UNCERTAIN,
                  "cannot be read" },
                { "half an answer", 0, FETCH_UNCERTAIN, NULL, OUTCOME_AGAIN, OUTCOME_UNCERTAIN,
                  "completely" },
                { "not reached", 0, FETCH_UNREACHABLE, NULL, OUTCOME_AGAIN, OUTCOME_AGAIN,
                  "reached" },
                { "a forbidden address", 0, FETCH_REFUSED, NULL, OUTCOME_DENIED, OUTCOME_DENIED,
                  "base_url" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct said read[2] = {
                        { "GET", READ, NULL, rows[i].status, rows[i].answer, rows[i].end },
                };
                struct said write[2] = {
                        { "POST", O "/notes" AS, "{\"value\":\"x\"}", rows[i].status,
                          rows[i].answer, rows[i].end },
                };
                struct note note = { .body = "x" };
                struct application a;
                struct stand s;

                stand_init(&s, read);
                tap_int(lever_ats.read_application(&s.link, ID, &a, &s.outcome), -1, "%s: reading",
                        rows[i].name);
                tap_text(outcome_word(s.outcome.kind), outcome_word(rows[i].read), "%s: reading is",
                         rows[i].name);
                tap_ok(strstr(s.outcome.sentence, rows[i].words) != NULL, "%s: says \"%s\"",
                       rows[i].name, s.outcome.sentence);
                stand_end(&s, rows[i].name);
                stand_init(&s, write);
                tap_int(lever_ats.write_note(&s.link, &jane, &note, &s.outcome), -1, "%s: writing",
                        rows[i].name);
                tap_text(outcome_word(s.outcome.kind), outcome_word(rows[i].write),
                         "%s: writing is", rows[i].name);
                tap_ok(rows[i].status != 429 || s.outcome.lane_wait_ms > 0,
                       "%s: the connection rests", rows[i].name);
                stand_end(&s, rows[i].name);
        }
}

/* --- notes -------------------------------------------------------------------------------------
 */

static void test_notes(void)
{
        static const struct {
                const char *name;
                struct note note;
                const char *notify, *body;
        } rows[] = {
                { "plain", { "hello", false, 0 }, "followers", "{\"value\":\"hello\"}" },
                { "a result, nobody", { "done", true, 0 }, "none", "{\"value\":\"done\"}" },
                { "a result, followers",
                  { "done", true, 0 },
                  "followers",
                  "{\"notifyFollowers\":true,\"value\":\"done\"}" },
                { "a score", { "done", true, 4 }, "none", "{\"score\":4,\"value\":\"done\"}" },
                { "a score out of bounds", { "done", true, 9 }, "none", "{\"value\":\"done\"}" },
                { "no mentions",
                  { "@ravi by a@b.example (@gina)", false, 0 },
                  "none",
                  "{\"value\":\"@ ravi by a@b.example (@ gina)\"}" },
        };
        struct note empty = { .body = "" };
        static const struct said nothing[] = { { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED } };
        struct stand s;

        stand_init(&s, nothing);
        tap_int(lever_ats.write_note(&s.link, &jane, &empty, &s.outcome), -1, "an empty note");
        tap_text(outcome_word(s.outcome.kind), "refused", "is refused");
        stand_end(&s, "an empty note");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct said said[2] = { { "POST", O "/notes" AS, rows[i].body, 201,
                                          "{\"data\":{\"noteId\":\"n\"}}", FETCH_ANSWERED } };

                stand_init(&s, said);
                json_set_text(s.settings, "notify", rows[i].notify);
                tap_int(lever_ats.write_note(&s.link, &jane, &rows[i].note, &s.outcome), 0, "%s",
                        rows[i].name);
                stand_end(&s, rows[i].name);
        }
}

/* 9: the token has percent signs and is encoded once more; 13: the text stands in fields. */
static void test_find(void)
{
        static const struct said said[] = {
                { "GET", O "/notes?limit=100", NULL, 200,
                  "{\"data\":[{\"text\":\"[fairlead 1]\",\"fields\":[{\"value\":\"other\"}]}],"
                  "\"hasNext\":true,\"next\":\"%5B3%2C14%5D\"}",
                  FETCH_ANSWERED },
                { "GET", O "/notes?limit=100&offset=%255B3%252C14%255D", NULL, 200,
                  "{\"data\":[{\"fields\":[{\"value\":\"a\"},{\"value\":\"so [fairlead 1]\"}]}]}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        static const struct said stuck[] = {
                { "GET", O "/notes?limit=100", NULL, 200,
                  "{\"data\":[],\"hasNext\":true,\"next\":\"x\"}", FETCH_ANSWERED },
                { "GET", O "/notes?limit=100&offset=x", NULL, 200,
                  "{\"data\":[],\"hasNext\":true,\"next\":\"x\"}", FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        struct stand s;
        int found = 0;

        stand_init(&s, said);
        tap_int(lever_ats.find_note(&s.link, &jane, "[fairlead 1]", &found, &s.outcome), 0, "look");
        tap_int(found, 1, "found in a comment on the second page, not in a form's title");
        stand_end(&s, "find");
        stand_init(&s, stuck);
        tap_int(lever_ats.find_note(&s.link, &jane, "x", &found, &s.outcome), -1,
                "a page that leads to itself");
        tap_text(outcome_word(s.outcome.kind), "again", "is not followed for ever");
        stand_end(&s, "stuck");
}

/* --- links, tags, files -------------------------------------------------------------------------
 */

static void test_links(void)
{
        static const char url[] = "https://hire.example/x",
                          *const there =
                              "{\"data\":{\"id\":\"" ID "\",\"links\":[\"indeed.com/r/j\","
                              "\"hire.example/x\"]}}",
                          *const absent = "{\"data\":{\"id\":\"" ID "\",\"links\":[]}}";
        const struct said add[] = {
                { "GET", O, NULL, 200, absent, FETCH_ANSWERED },
                { "POST", O "/addLinks" AS, "{\"links\":[\"https://hire.example/x\"]}", 200, absent,
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        }, stands[] = {
                { "GET", O, NULL, 200, there, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        }, take[] = {
                { "GET", O, NULL, 200, there, FETCH_ANSWERED },
                { "POST", O "/removeLinks" AS, "{\"links\":[\"https://hire.example/x\"]}", 200,
                  absent, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        }, gone[] = {
                { "GET", O, NULL, 200, absent, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        const struct {
                const char *name;
                const struct said *said;
                bool add;
        } rows[] = { { "a link is added", add, true },
                     { "10: one that stands without its scheme is left", stands, true },
                     { "and taken away", take, false },
                     { "one that is gone is left", gone, false } };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct stand s;

                stand_init(&s, rows[i].said);
                tap_int(rows[i].add ? lever_ats.add_link(&s.link, &jane, url, &s.outcome)
                                    : lever_ats.remove_link(&s.link, &jane, url, &s.outcome),
                        0, "%s", rows[i].name);
                stand_end(&s, rows[i].name);
        }
}

static void test_tags(void)
{
        static const struct said said[] = {
                { "GET", O, NULL, 200, "{\"data\":{\"id\":\"" ID "\",\"tags\":[\"fail\",\"old\"]}}",
                  FETCH_ANSWERED },
                { "POST", O "/addTags" AS, "{\"tags\":[\"pass\"]}", 200,
                  "{\"data\":{\"name\":\"\"}}", FETCH_ANSWERED },
                { "POST", O "/removeTags" AS, "{\"tags\":[\"fail\"]}", 200,
                  "{\"data\":{\"name\":\"\"}}", FETCH_ANSWERED },
                { "GET", O, NULL, 200, "{\"data\":{\"id\":\"" ID "\",\"tags\":[\"pass\"]}}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        const char *add[] = { "pass", NULL }, *less[] = { "fail", "review", NULL };
        struct stand s;

        stand_init(&s, said);
        tap_int(lever_ats.set_tags(&s.link, &jane, add, less, &s.outcome), 0, "tags");
        tap_int(lever_ats.set_tags(&s.link, &jane, add, less, &s.outcome), 0, "and again: nothing");
        stand_end(&s, "tags");
}

static void test_files(void)
{
        static const struct said said[] = {
                { "POST", O "/files" AS, "*", 200,
                  "{\"data\":{\"id\":\"f\",\"uploadedAt\":\"1407460071043\",\"size\":\"5\"}}",
                  FETCH_ANSWERED },
                { "GET", O "/files?limit=100", NULL, 200, "[{\"name\":\"a.txt\"}]",
                  FETCH_ANSWERED },
                { "GET", O "/files?limit=100", NULL, 200, "{\"data\":[{\"name\":\"b.txt\"}]}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        static const struct said nothing[] = { { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED } };
        struct attachment file = { "a\"\r\nX: y.txt", "text/plain", "hello", 5 };
        struct stand s;
        int found = 0;

        stand_init(&s, said);
        tap_int(lever_ats.upload_file(&s.link, &jane, &file, &s.outcome), 0, "upload");
        tap_ok(strstr(s.last, "name=\"file\"; filename=\"a___X: y.txt\"\r\n") != NULL &&
                   strstr(s.last, "\r\n\r\nhello\r\n--") != NULL,
               "one part, whose name cannot break out");
        lever_ats.find_file(&s.link, &jane, "a.txt", &found, &s.outcome);
        tap_int(found, 1, "found in a bare list");
        lever_ats.find_file(&s.link, &jane, "a.txt", &found, &s.outcome);
        tap_int(found, 0, "not found in a wrapped one");
        stand_end(&s, "files");
        stand_init(&s, nothing);
        file.len = 0;
        tap_int(lever_ats.upload_file(&s.link, &jane, &file, &s.outcome), -1, "an empty file");
        tap_text(outcome_word(s.outcome.kind), "refused", "is refused");
        file.len = 5;
        json_object_del(s.settings, "act_as_user");
        tap_int(lever_ats.upload_file(&s.link, &jane, &file, &s.outcome), -1, "without a user");
        tap_text(outcome_word(s.outcome.kind), "denied", "it is said what to do");
        stand_end(&s, "files refused");
}

/* --- moving
 * ----------------------------------------------------------------------------------------- */

/* Postings, page by page. */
static void test_jobs(void)
{
        static const struct said good[] = {
                { "GET", "postings?limit=100", NULL, 200,
                  "{\"data\":[{\"id\":\"p1\",\"text\":\"Engineer\",\"state\":\"published\"},"
                  "{\"id\":\"p2\",\"text\":\"Gone\",\"state\":\"closed\"}],"
                  "\"hasNext\":true,\"next\":\"n2\"}",
                  FETCH_ANSWERED },
                { "GET", "postings?limit=100&offset=n2", NULL, 200,
                  "{\"data\":[{\"id\":\"p3\",\"text\":\"Designer\",\"state\":\"draft\"},"
                  "{\"text\":\"no id\"}],\"hasNext\":false}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        }, denied[] = {
                { "GET", "postings?limit=100", NULL, 403,
                  "{\"code\":\"Forbidden\",\"message\":\"no\"}", FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        json_t *jobs = NULL;
        struct stand s;

        stand_init(&s, good);
        lever_ats.list_jobs(&s.link, &jobs, &s.outcome);
        tap_text(outcome_word(s.outcome.kind), outcome_word(OUTCOME_DONE), "postings");
        tap_int((int64_t)json_array_size(jobs), 2, "those that are not over");
        tap_text(json_get_text(jobs, "0.name", NULL), "Engineer", "name");
        tap_text(json_get_text(jobs, "1.id", NULL), "p3", "also of the next page");
        json_decref(jobs);
        stand_end(&s, "postings");
        stand_init(&s, denied);
        lever_ats.list_jobs(&s.link, &jobs, &s.outcome);
        tap_text(outcome_word(s.outcome.kind), outcome_word(OUTCOME_DENIED),
                 "postings without the permission");
        tap_ok(jobs == NULL, "no list");
        stand_end(&s, "denied");
}

static void test_move(void)
{
        static const char here[] = "{\"data\":{\"id\":\"" ID "\",\"stage\":\"applicant-new\"}}",
                          moved[] = "{\"data\":{\"id\":\"" ID "\",\"stage\":\"2ca0\"}}",
                          archived[] = "{\"data\":{\"id\":\"" ID
                                       "\",\"stage\":\"applicant-new\",\"archived\":{}}}";
        const struct said go[] = {
                { "GET", O, NULL, 200, here, FETCH_ANSWERED },
                { "GET", "stages?limit=100", NULL, 200, STAGES, FETCH_ANSWERED },
                /* 6: what a change answers is not believed: it is read back. */
                { "PUT", O "/stage" AS, "{\"stage\":\"2ca0\"}", 200,
                  "{\"data\":{\"id\":\"" ID "\",\"name\":\"\",\"stage\":\"offer\"}}",
                  FETCH_ANSWERED },
                { "GET", O, NULL, 200, moved, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        }, stays[] = {
                { "GET", O, NULL, 200, here, FETCH_ANSWERED },
                { "GET", "stages?limit=100", NULL, 200, STAGES, FETCH_ANSWERED },
                { "PUT", O "/stage" AS, "*", 200, "{\"data\":{}}", FETCH_ANSWERED },
                { "GET", O, NULL, 200, here, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        }, there[] = {
                { "GET", O, NULL, 200, moved, FETCH_ANSWERED },
                { "GET", "stages?limit=100", NULL, 200, STAGES, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        }, dead[] = {
                { "GET", O, NULL, 200, archived, FETCH_ANSWERED },
                { "GET", "stages?limit=100", NULL, 200, STAGES, FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        const struct {
                const char *name, *to;
                const struct said *said;
                enum outcome_kind want;
        } rows[] = {
                { "next", "next", go, OUTCOME_DONE },
                { "by name", "Screen", go, OUTCOME_DONE },
                { "accepted and not done", "next", stays, OUTCOME_UNCERTAIN },
                { "there already", "next", there, OUTCOME_DONE },
                { "elsewhere by now", "offer", there, OUTCOME_REFUSED },
                { "archived", "next", dead, OUTCOME_REFUSED },
                { "no such stage", "Nowhere", dead, OUTCOME_REFUSED },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct stand s;

                stand_init(&s, rows[i].said);
                lever_ats.move_stage(&s.link, &jane, rows[i].to, &s.outcome);
                tap_text(outcome_word(s.outcome.kind), outcome_word(rows[i].want), "move, %s",
                         rows[i].name);
                stand_end(&s, rows[i].name);
        }
}

/* --- the schedule
 * --------------------------------------------------------------------------------------- */

static void test_slots(void)
{
        static const struct schedule_slot slot = { .title = "Coding interview",
                                                   .url = "https://hire.example/j",
                                                   .timezone = "Europe/Berlin",
                                                   .starts_ms = INT64_C(1782974400000),
                                                   .ends_ms = INT64_C(1782978000000) };
        static const struct said make[] = {
                { "GET", O "/panels?limit=100", NULL, 200,
                  "{\"data\":[{\"id\":\"dead\",\"canceledAt\":1,\"externalUrl\":"
                  "\"https://hire.example/j\"}]}",
                  FETCH_ANSWERED },
                { "GET", O, NULL, 200, "{\"data\":{\"id\":\"" ID "\",\"owner\":\"o1\"}}",
                  FETCH_ANSWERED },
                { "POST", O "/panels" AS,
                  "{\"externalUrl\":\"https://hire.example/j\",\"interviews\":[{\"date\":"
                  "1782974400000,\"duration\":60,\"interviewers\":[{\"id\":\"o1\"}],\"location\":"
                  "\"https://hire.example/j\",\"subject\":\"Coding interview\"}],\"timezone\":"
                  "\"Europe/Berlin\"}",
                  201, "{\"data\":{\"data\":[{\"id\":\"panel1\"}],\"hasNext\":false}}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        static const struct said again[] = {
                { "GET", O "/panels?limit=100", NULL, 200,
                  "{\"data\":[{\"id\":\"panel1\",\"canceledAt\":null,\"externalUrl\":"
                  "\"https://hire.example/j\"}]}",
                  FETCH_ANSWERED },
                /* 8: no body. */
                { "DELETE", O "/panels/panel1" AS, NULL, 204, "", FETCH_ANSWERED },
                { "DELETE", O "/panels/panel1" AS, NULL, 404, "{\"code\":\"ResourceNotFound\"}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        struct stand s;
        char *id = NULL;

        stand_init(&s, make);
        tap_int(lever_ats.make_slot(&s.link, &jane, &slot, &id, &s.outcome), 0, "make a panel");
        tap_text(id, "panel1", "5: its id, twice wrapped");
        mem_free(id);
        stand_end(&s, "make");
        stand_init(&s, again);
        tap_int(lever_ats.make_slot(&s.link, &jane, &slot, &id, &s.outcome), 0, "make it again");
        tap_text(id, "panel1", "found by its link");
        tap_int(lever_ats.drop_slot(&s.link, &jane, id, &s.outcome), 0, "take it away");
        tap_int(lever_ats.drop_slot(&s.link, &jane, id, &s.outcome), 0, "and again");
        mem_free(id);
        stand_end(&s, "again");
}

/* 7: what is left out of a PUT is deleted, so all of it is sent; "no-feedback" is no id. */
static void test_interview(void)
{
        static const char interview[] =
            "{\"data\":{\"id\":\"i1\",\"panel\":\"p1\",\"subject\":\"S\",\"note\":\"N\","
            "\"interviewers\":[{\"id\":\"u1\",\"name\":\"U\",\"feedbackTemplate\":\"no-feedback\"},"
            "{\"id\":\"u2\",\"feedbackTemplate\":\"t2\"}],\"date\":1782974400000,\"duration\":30,"
            "\"location\":null,\"feedbackTemplate\":\"t1\",\"feedbackReminder\":\"once\","
            "\"gcalEventUrl\":null}}";
        static const struct said put[] = {
                { "GET", O "/interviews/i1", NULL, 200, interview, FETCH_ANSWERED },
                { "GET", O "/panels/p1", NULL, 200, "{\"data\":{\"externallyManaged\":true}}",
                  FETCH_ANSWERED },
                { "PUT", O "/interviews/i1" AS,
                  "{\"date\":1782974400000,\"duration\":30,\"feedbackReminder\":\"once\","
                  "\"feedbackTemplate\":\"t1\",\"interviewers\":[{\"id\":\"u1\"},{"
                  "\"feedbackTemplate\":\"t2\",\"id\":\"u2\"}],\"location\":"
                  "\"https://hire.example/j\",\"note\":\"N\",\"panel\":\"p1\",\"subject\":\"S\"}",
                  200, "{\"data\":{}}", FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        static const struct said peoples[] = {
                { "GET", O "/interviews/i1", NULL, 200, interview, FETCH_ANSWERED },
                { "GET", O "/panels/p1", NULL, 200, "{\"data\":{\"externallyManaged\":false}}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        static const struct said nothing[] = { { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED } };
        struct stand s;

        stand_init(&s, put);
        tap_int(lever_ats.set_interview_link(&s.link, ID "/i1", "location",
                                             "https://hire.example/j", &s.outcome),
                0, "a link into an interview");
        stand_end(&s, "put");
        stand_init(&s, peoples);
        lever_ats.set_interview_link(&s.link, ID "/i1", "location", "https://hire.example/j",
                                     &s.outcome);
        tap_text(outcome_word(s.outcome.kind), "refused", "14: one that people scheduled is left");
        stand_end(&s, "peoples'");
        stand_init(&s, nothing);
        lever_ats.set_interview_link(&s.link, "i1", "location", "https://hire.example/j",
                                     &s.outcome);
        tap_text(outcome_word(s.outcome.kind), "refused", "an interview without its opportunity");
        stand_end(&s, "nameless");
}

/* --- webhooks, settings, the test
 * --------------------------------------------------------------------------- */

static void test_webhooks(void)
{
        static const struct said said[] = {
                { "GET", "webhooks?limit=100", NULL, 200,
                  "{\"data\":[{\"id\":\"w0\",\"event\":\"candidateStageChange\",\"url\":"
                  "\"https://"
                  "elsewhere\"},{\"id\":\"w1\",\"event\":\"candidateStageChange\",\"url\":"
                  "\"https://hire.example/h\"},{\"id\":\"w2\",\"event\":\"candidateDeleted\","
                  "\"url\":\"https://hire.example/h\"}],\"hasNext\":false}",
                  FETCH_ANSWERED },
                { "DELETE", "webhooks/w2", NULL, 204, "", FETCH_ANSWERED },
                { "POST", "webhooks",
                  "{\"configuration\":{\"verifyConnection\":true},\"event\":\"candidateDeleted\","
                  "\"url\":\"https://hire.example/h\"}",
                  201, "{\"data\":{\"id\":\"w3\",\"configuration\":{\"signatureToken\":\"tok\"}}}",
                  FETCH_ANSWERED },
                { NULL, NULL, NULL, 0, NULL, FETCH_ANSWERED },
        };
        json_t *known = json_pack("[s]", "w1"), *made = NULL;
        struct heard heard = { NULL };
        struct stand s;

        stand_init(&s, said);
        s.link.heard = &heard;
        tap_int(lever_ats.create_webhook(&s.link, "https://hire.example/h", "ours", known, &made,
                                         &s.outcome),
                0, "webhooks");
        tap_text(json_get_text(made, "ids.0", ""), "w1", "one that is known stays");
        tap_text(json_get_text(made, "ids.1", ""), "w3", "one whose token was lost is made anew");
        tap_text(json_get_text(made, "secrets.0", ""), "tok", "with its token");
        tap_int((int64_t)json_array_size(json_at(made, "secrets")), 1, "and only that");
        tap_ok(json_at(heard.calls, "0.text") != NULL && json_at(heard.calls, "2.status") != NULL &&
                   json_at(heard.calls, "2.text") == NULL,
               "the answer that tells it is not kept");
        heard_dispose(&heard);
        json_decref(made);
        json_decref(known);
        stand_end(&s, "webhooks");
}

static void test_settings(void)
{
        static const struct {
                const char *name;
                int status;
                const char *answer;
                int want;
        } rows[] = {
                { "an active user", 200, "{\"data\":{\"id\":\"u\",\"deactivatedAt\":null}}", 0 },
                { "16: a deactivated one", 200,
                  "{\"data\":{\"id\":\"u\",\"deactivatedAt\":1607357447018}}", -1 },
                { "one who is not there", 404, "{\"code\":\"ResourceNotFound\"}", -1 },
                { "a key that may not read users", 403, "{\"code\":\"Forbidden\"}", 0 },
                { "Lever in trouble", 500, "", 0 },
                { "somebody else at that address", 404, "<html>404</html>", 0 },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct said said[2] = { { "GET", "users/" USER, NULL, rows[i].status,
                                          rows[i].answer, FETCH_ANSWERED } };
                struct stand s;

                stand_init(&s, said);
                tap_int(lever_ats.check_settings(&s.link, &s.outcome), rows[i].want, "settings: %s",
                        rows[i].name);
                stand_end(&s, rows[i].name);
        }
}

int main(void)
{
        test_answers();
        test_read();
        test_shapes();
        test_stage_name();
        test_notes();
        test_find();
        test_links();
        test_tags();
        test_files();
        test_jobs();
        test_move();
        test_slots();
        test_interview();
        test_webhooks();
        test_settings();
        return tap_end();
}
