/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small words of the bridge: outcomes, facts, links, applications. */
#include <string.h>
#include <sys/stat.h>

#include "../tap.h"
#include "bridge/application.h"
#include "bridge/fact.h"
#include "bridge/link.h"
#include "bridge/outcome.h"
#include "bridge/sender.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

static void test_outcome(void)
{
        struct outcome o = { .wait_ms = 5, .lane_wait_ms = 6, .elapsed_us = 7, .status = 429 };
        struct buf text = BUF_NONE;

        tap_int(outcome_set(&o, OUTCOME_AGAIN, "Later.", "%d of %s", 3, "x"), -1,
                "all but done is -1");
        tap_text(o.sentence, "Later.", "sentence");
        tap_text(o.detail, "3 of x", "detail");
        tap_ok(o.wait_ms == 5 && o.lane_wait_ms == 6 && o.elapsed_us == 7 && o.status == 429,
               "waits, time and status stay");
        tap_int(outcome_set(&o, OUTCOME_DONE, NULL, NULL), 0, "done is 0");
        tap_ok(*o.sentence == '\0' && *o.detail == '\0', "and has nothing to say");
        for (int i = 0; i < 1000; i++)
                buf_add_text(&text, "a\xC3\xA9");
        outcome_set(&o, OUTCOME_REFUSED, text.data, "%s", text.data);
        tap_ok(strlen(o.sentence) >= sizeof o.sentence - 4 &&
                   text_utf8_valid(o.sentence, strlen(o.sentence)),
               "a long sentence is cut between characters");
        tap_ok(strlen(o.detail) >= sizeof o.detail - 4 &&
                   text_utf8_valid(o.detail, strlen(o.detail)),
               "a long detail likewise");
        memset(text.data, 'x', text.len);
        text.data[sizeof o.sentence - 1] = '\0';
        outcome_set(&o, OUTCOME_REFUSED, text.data, NULL);
        tap_int((int64_t)strlen(o.sentence), sizeof o.sentence - 1, "what just fits stays whole");
        outcome_set(&o, OUTCOME_DENIED, "first", NULL);
        outcome_set(&o, OUTCOME_DENIED, o.sentence, "%s", o.sentence);
        tap_text(o.sentence, "first", "a sentence may be its own source");
        tap_text(o.detail, "first", "and the detail's");
        buf_dispose(&text);
}

static void test_words(void)
{
        static const char *const outcomes[] = { "done",    "again",  "uncertain",
                                                "refused", "denied", "absent" };
        static const char *const facts[] = { "nothing",          "unknown", "stage_entered",
                                             "application_gone", "session", "interview",
                                             "schedule",         "tests" };
        static const char *const trusts[] = { "unsigned", "notice", "body" };

        for (int i = 0; i < 6; i++)
                tap_text(outcome_word((enum outcome_kind)i), outcomes[i], "outcome %d", i);
        for (int i = 0; i < 8; i++)
                tap_text(fact_word((enum fact_kind)i), facts[i], "fact %d", i);
        for (int i = 0; i < 3; i++)
                tap_text(trust_word((enum trust)i), trusts[i], "trust %d", i);
        tap_text(outcome_word((enum outcome_kind)99), "unknown", "no outcome");
        tap_text(fact_word((enum fact_kind)99), "unknown", "no fact");
        tap_text(trust_word((enum trust)99), "unsigned", "what is no trust is none");
}

static void test_fact(void)
{
        struct fact fact = { .kind = FACT_SESSION, .name = mem_text("n"), .detail = json_object() };

        fact_dispose(&fact);
        tap_ok(fact.name == NULL && fact.detail == NULL, "a fact disposed of is empty");
        fact_dispose(&fact);
        tap_ok(fact.kind == FACT_NOTHING, "twice does no harm");
}

static void test_application(void)
{
        static const char *const all =
            "{\"candidate_id\":\"5300000001\",\"email\":\"z@example.com\",\"first_name\":\"Z\","
            "\"id\":\"6409476002\",\"job_id\":\"3\",\"job_name\":\"Designer\",\"last_name\":\"H\","
            "\"private_candidate\":true,\"prospect\":true,\"stage_id\":\"4\","
            "\"stage_instance\":\"5\",\"stage_name\":\"Test\",\"status\":\"active\",\"url\":\"u\"}";
        static const char *const odd[] = { "null", "[]", "7", "{}",
                                           "{\"id\":[],\"prospect\":\"x\"}" };
        struct application a = { .id = NULL };
        json_t *value = json_parse(all, strlen(all), true, NULL), *back;
        char *text;

        application_from_json(&a, value);
        back = application_to_json(&a);
        text = json_text(back);
        tap_text(text, all, "every member goes in and comes out");
        mem_free(text);
        json_decref(back);
        json_decref(value);
        application_dispose(&a);
        tap_ok(a.id == NULL && a.url == NULL && !a.prospect, "disposed of, it is empty");
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
                value = json_parse(odd[i], strlen(odd[i]), true, NULL);
                application_from_json(&a, value);
                tap_ok(a.id == NULL && !a.prospect, "read from %s", odd[i]);
                json_decref(value);
                application_dispose(&a);
        }
        application_from_json(&a, NULL);
        tap_ok(a.id == NULL, "read from nothing");
        value = json_object();
        json_set_int(value, "id", INT64_C(6409476002));
        application_from_json(&a, value);
        tap_text(a.id, "6409476002", "a number is an id, too");
        json_decref(value);
        application_dispose(&a);
}

static void test_settings(void)
{
        json_t *settings = json_object(), *credentials = json_object();
        struct link link = { .settings = settings, .credentials = credentials };
        struct link empty = { .settings = NULL };

        json_set_text(settings, "a", "x");
        json_set_text(settings, "empty", "");
        json_set_int(settings, "number", 7);
        json_set_text(credentials, "key", "k");
        json_set_text(credentials, "none", "");
        tap_text(link_setting(&link, "a", "y"), "x", "a setting");
        tap_text(link_setting(&link, "b", "y"), "y", "an absent one");
        tap_text(link_setting(&link, "empty", "y"), "y", "an empty one is absent");
        tap_text(link_setting(&link, "number", "y"), "y", "a number is no text");
        tap_text(link_setting(&empty, "a", NULL), NULL, "no settings at all");
        tap_text(link_credential(&link, "key"), "k", "a credential");
        tap_text(link_credential(&link, "none"), NULL, "an empty one is none");
        tap_text(link_credential(&empty, "key"), NULL, "no credentials at all");
        json_decref(settings);
        json_decref(credentials);
}

static void put(const char *dir, const char *name, const char *text)
{
        char *path = file_path(dir, name);
        struct fail why = FAIL_CLEAR;

        if (file_write(path, text, strlen(text), 0600, &why) != 0)
                tap_ok(false, "cannot write %s: %s", path, why.text);
        mem_free(path);
}

static void test_data(void)
{
        static const char *const climbing[] = { "",       "/etc/passwd", "../x",    "k/../../x",
                                                ".ssh/x", "k/.hidden",   "k//x.txt" };
        char *data = tap_dir(), *home = tap_dir(), *sub;
        struct link link = { .data_dir = data, .data_home = home };
        struct buf out = BUF_NONE;

        for (size_t i = 0; i < sizeof climbing / sizeof *climbing; i++) {
                struct fail why = FAIL_CLEAR;

                tap_int(link_data(&link, climbing[i], &out, &why), -1, "refused: \"%s\"",
                        climbing[i]);
        }
        tap_int(link_data(&link, "k/x.txt", &out, NULL), 0, "absent in both");
        sub = file_path(data, "k");
        mkdir(sub, 0700);
        mem_free(sub);
        put(data, "k/x.txt", "ours");
        tap_int(link_data(&link, "k/x.txt", &out, NULL), 1, "found in the second place");
        tap_text(buf_text(&out), "ours", "which is ours");
        sub = file_path(home, "k");
        mkdir(sub, 0700);
        mem_free(sub);
        put(home, "k/x.txt", "the admin's");
        buf_reset(&out);
        tap_int(link_data(&link, "k/x.txt", &out, NULL), 1, "found in the first place");
        tap_text(buf_text(&out), "the admin's", "where an admin corrects");
        link.data_home = NULL;
        buf_reset(&out);
        tap_int(link_data(&link, "k/x.txt", &out, NULL), 1, "without a home");
        tap_text(buf_text(&out), "ours", "it is ours again");
        link.data_dir = NULL;
        tap_int(link_data(&link, "k/x.txt", &out, NULL), 0, "nowhere to look");
        buf_dispose(&out);
        mem_free(data);
        mem_free(home);
}

/* A vendor that repeats all it was shown, in its headers too. */
static int parrot(struct link *link, const struct fetch_request *request,
                  struct fetch_answer *answer, struct fail *why)
{
        (void)why;
        answer->end = FETCH_ANSWERED;
        answer->status = 401;
        buf_add_text(&answer->headers, "X-Was: ");
        buf_add_text(&answer->headers, link->context);
        buf_add_text(&answer->headers, "\n");
        for (size_t i = 0; request->headers[i] != NULL; i++)
                buf_format(&answer->body, "[%s]", request->headers[i]);
        buf_format(&answer->body, "%s", (const char *)link->context);
        return 0;
}

static void test_ask(void)
{
        static const char *const headers[] = { "Accept: text/plain",
                                               "Authorization: Bearer traded-token-1", NULL };
        struct fetch_request request = { .method = "GET",
                                         .url = "https://api.example/v1",
                                         .headers = headers,
                                         .user = "user-of-8",
                                         .password = "its-password" };
        struct fetch_answer answer = { .status = 0 };
        static char shown[] = "wrong: api-key-of-acme, user-of-8:its-password, "
                              "dXNlci1vZi04Oml0cy1wYXNzd29yZA==";
        json_t *credentials = json_object();
        struct heard heard = { NULL };
        struct link link = {
                .credentials = credentials, .call = parrot, .context = shown, .heard = &heard
        };

        json_set_text(credentials, "api_key", "api-key-of-acme");
        json_set_text(credentials, "client_secret", "its-password");
        tap_int(link_ask(&link, &request, &answer, NULL), 0, "what the vendor says is handed on");
        tap_int(answer.status, 401, "with its status");
        tap_text(buf_text(&answer.body),
                 "[Accept: text/plain][Authorization: Bearer **************]"
                 "wrong: ***************, user-of-8:************, ********************************",
                 "without what it was shown");
        tap_ok(strstr(buf_text(&answer.headers), "api-key-of-acme") == NULL,
               "nor is it in the headers");
        tap_text(json_get_text(json_array_get(heard.calls, 0), "text", ""),
                 "[Accept: text/plain][Authorization: ********]"
                 "wrong: ***************, user-of-8:************, ********************************",
                 "what is kept for people is masked too");
        heard_dispose(&heard);
        fetch_answer_dispose(&answer);
        json_decref(credentials);
}

/* A key that is an ordinary word stands in good answers as what it is. */
static int telling(struct link *link, const struct fetch_request *request,
                   struct fetch_answer *answer, struct fail *why)
{
        (void)why;
        (void)request;
        answer->end = FETCH_ANSWERED;
        answer->status = 200;
        buf_add_text(&answer->headers, "X-Was: engineer\n");
        buf_add_text(&answer->body, link->context);
        return 0;
}

static void test_ask_word(void)
{
        static char title[] = "{\"title\":\"Software engineer\",\"was\":\"ZW5naW5lZXI6\"}";
        const struct fetch_request request = { .method = "GET", .url = "https://api.example/v1" };
        struct fetch_answer answer = { .status = 0 };
        json_t *credentials = json_object();
        struct heard heard = { NULL };
        struct link link = {
                .credentials = credentials, .call = telling, .context = title, .heard = &heard
        };
        char *quoted = mem_text(title), *large;

        json_set_text(credentials, "api_key", "engineer");
        link_ask(&link, &request, &answer, NULL);
        tap_text(buf_text(&answer.body), title, "what is data stays whole");
        tap_ok(strstr(buf_text(&answer.headers), "engineer") != NULL, "and its headers");
        tap_text(json_get_text(json_array_get(heard.calls, 0), "text", ""),
                 "{\"title\":\"Software ********\",\"was\":\"************\"}",
                 "what is kept of it for people is masked");
        link_hide(&link, quoted);
        tap_text(quoted, "{\"title\":\"Software ********\",\"was\":\"************\"}",
                 "so is what is quoted");
        mem_free(quoted);
        fetch_answer_dispose(&answer);

        /* One that stands over the end of what is kept. */
        large = mem_alloc(HEARD_BYTES + 100);
        memset(large, 'x', HEARD_BYTES + 99);
        memcpy(large + HEARD_BYTES - 4, "engineer", 8);
        link.context = large;
        answer = (struct fetch_answer){ .status = 0 };
        link_ask(&link, &request, &answer, NULL);
        tap_ok(strstr(json_get_text(json_array_get(heard.calls, 1), "text", "engi"), "engi") ==
                   NULL,
               "half of one is none");
        tap_int(json_get_int(json_array_get(heard.calls, 1), "bytes", 0), HEARD_BYTES + 99,
                "the size is of the whole");
        mem_free(large);
        heard_dispose(&heard);
        fetch_answer_dispose(&answer);
        json_decref(credentials);
}

/* What is kept of an answer for people who look for a cause. */
static void test_heard(void)
{
        static const struct {
                const char *name, *body, *want; /* want NULL: it is no text */
        } cases[] = {
                { "an error", "{\"error\": \"no such stage\"}", "{\"error\": \"no such stage\"}" },
                { "an address", "see https://app.example/report/secret?a=b\" x",
                  "see https://app.example/…\" x" },
                { "as JSON writes it", "{\"url\":\"HTTPS:\\/\\/app.example\\/r\\u0026x\",\"a\":1}",
                  "{\"url\":\"HTTPS://app.example/…\",\"a\":1}" },
                { "only a host", "at http://app.example:80, or", "at http://app.example:80, or" },
                { "a password in it", "https://user:secret@app.example/x y", "https:///… y" },
                { "no address", "a://b/c and :// too", "a://b/c and :// too" },
                { "an address at the end", "https://app.example/secret", "https://app.example/…" },
                { "lines", "a\r\n\tb\n", "a\r\n\tb\n" },
                { "as others write it", "to=https%3A%2F%2Fapp.example%2Fr&n=1",
                  "to=https://…&n=1" },
                { "as JSON in JSON writes it",
                  "{\"b\":\"{\\\"u\\\":\\\"https:\\\\\\/\\\\\\/a.example\\\\\\/r\\\"}\"}",
                  "{\"b\":\"{\\\"u\\\":\\\"https://a.example/…\\\"}\"}" },
                { "a code that is no name", "{\"code\":\"InvalidToken\",\"message\":\"no\"}",
                  "{\"code\":\"InvalidToken\",\"message\":\"no\"}" },
                { "a token", "{\"signatureToken\" : \"a\\\"b\\/c\",\"n\":1}",
                  "{\"signatureToken\" : \"********\",\"n\":1}" },
                { "none, and a number", "{\"access_token\":null,\"x-api-key\":12}",
                  "{\"access_token\":null,\"x-api-key\":********}" },
                { "secrets", "{\"secrets\":[\"a\",\"b\"],\"k\":2}",
                  "{\"secrets\":[********],\"k\":2}" },
                { "a token in JSON in JSON",
                  "{\"body\":\"{\\\"accessToken\\\":\\\"abc\\\",\\\"n\\\":1}\"}",
                  "{\"body\":\"{\\\"accessToken\\\":\\\"********\\\",\\\"n\\\":1}\"}" },
                { "the same, with numbers",
                  "{\"body\":\"{\\u0022accessToken\\u0022:\\u0022abc\\u0022}\"}",
                  "{\"body\":\"{\\\"accessToken\\\":\\\"********\\\"}\"}" },
                { "a query", "/r?accessToken\\u003dabc\\u0026x=1", "/r?accessToken=********&x=1" },
                { "a form", "client_secret=abc&n=1", "client_secret=********&n=1" },
                { "a header", "Authorization: Bearer abc, n", "Authorization: ********, n" },
                { "a password that never ends", "{\"password\":\"never",
                  "{\"password\":\"********" },
                { "a name at the end", "\"token\":", "\"token\":" },
                { "writing turned about", "a\xe2\x80\xae\xc2\x85z", "a\xef\xbf\xbd\xef\xbf\xbdz" },
                { "a control character", "a\x01", NULL },
                { "no UTF-8", "caf\xe9 au lait", NULL },
                { "an end that is no UTF-8", "caf\xc3", NULL },
        };
        struct buf body = BUF_NONE, text = BUF_NONE;
        struct heard_call call = { .method = "POST",
                                   .url = "https://api.example/v1/notes?email=ada@example",
                                   .status = 422,
                                   .type = "application/json" };
        struct heard heard = { NULL };
        json_t *calls;

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                bool is_text = heard_text(cases[i].body, strlen(cases[i].body), 4096, &text);

                tap_text(is_text ? buf_text(&text) : NULL, cases[i].want, "heard: %s",
                         cases[i].name);
                buf_reset(&text);
        }
        tap_ok(heard_text("abcä", 5, 4, &text), "a character that the end cuts");
        tap_text(buf_text(&text), "abc", "is left out");
        buf_dispose(&text);

        tap_ok(heard_take(&heard, false, false) == NULL, "nothing was asked");
        while (body.len < HEARD_BYTES + 10)
                buf_add_text(&body, "0123456789");
        call.body = body.data;
        call.body_len = body.len;
        call.bytes = body.len;
        for (call.us = 1000; call.us < 1000 + HEARD_CALLS + 2; call.us++)
                heard_note(&heard, &call);
        calls = heard_take(&heard, false, false);
        tap_int((int64_t)json_array_size(calls), HEARD_CALLS, "the last calls are kept");
        tap_int(json_get_int(json_array_get(calls, 0), "us", 0), 1002, "in order");
        tap_text(json_get_text(json_array_get(calls, 0), "where", ""), "api.example/v1/notes",
                 "without what was asked for");
        tap_int((int64_t)strlen(json_get_text(json_array_get(calls, 0), "text", "")), HEARD_BYTES,
                "the first kilobytes of it");
        tap_ok(json_get_bool(json_array_get(calls, 0), "cut", false), "which says that it is cut");
        tap_int(json_get_int(json_array_get(calls, 0), "bytes", 0), (int64_t)body.len,
                "and how long it was");
        json_decref(calls);
        heard_note(&heard, &call);
        calls = heard_take(&heard, true, false);
        tap_int((int64_t)strlen(json_get_text(json_array_get(calls, 0), "text", "")),
                HEARD_BYTES_OK, "less where all is well");
        json_decref(calls);
        heard_note(&heard, &call);
        heard_note(&heard, &call);
        heard_drop(&heard);
        calls = heard_take(&heard, false, false);
        tap_ok(json_at(calls, "0.text") != NULL && json_at(calls, "1.text") == NULL &&
                   json_at(calls, "1.status") != NULL,
               "of what is for nobody only that it came");
        json_decref(calls);
        heard_drop(&heard);
        heard_note(&heard, &call);
        call.status = 200;
        heard_note(&heard, &call);
        calls = heard_take(&heard, true, true);
        tap_ok(json_at(calls, "0.text") != NULL && json_at(calls, "1.text") == NULL,
               "what may be about anybody stays only where it is a refusal");
        json_decref(calls);
        call.status = 0;
        call.body_len = 0;
        call.bytes = 0;
        call.cause = "no answer in time";
        heard_note(&heard, &call);
        tap_ok(json_at(heard.calls, "0.status") == NULL, "no answer has no status");
        tap_text(json_get_text(json_array_get(heard.calls, 0), "cause", ""), "no answer in time",
                 "but a cause");
        heard_dispose(&heard);
        buf_dispose(&body);
}

int main(void)
{
        test_heard();
        test_ask();
        test_ask_word();
        test_outcome();
        test_words();
        test_fact();
        test_application();
        test_settings();
        test_data();
        return tap_end();
}
