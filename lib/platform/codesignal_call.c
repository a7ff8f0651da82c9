/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to CodeSignal's GraphQL endpoint, and what its answer means. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bridge/heard.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/codesignal.h"
#include "platform/codesignal_wire.h"

#define TIMEOUT_MS (20 * WHEN_SECOND)
#define RATE_WAIT_MS (1 * WHEN_SECOND)   /* "10 requests/s per query field" (wire 1.3) */
#define LATER_WAIT_MS (15 * WHEN_MINUTE) /* sessions in progress end by the hour */

/* A call in the making. */
struct question {
        const char *operation;
        const char *file;
        bool writes;     /* a lost answer may hide a deed */
        bool repeatable; /* but doing it again does no harm */
        const char *key;
};

void codesignal_answer_dispose(struct codesignal_answer *answer)
{
        json_decref(answer->body);
        *answer = (struct codesignal_answer){ 0 };
}

static int64_t scaled(const struct link *link, int64_t ms)
{
        int64_t scale = link->scale > 0 ? link->scale : 1;

        return ms / scale > 0 ? ms / scale : 1;
}

/* Case does not matter: vendors change it without thinking. */
static bool holds(const char *text, const char *part)
{
        return strcasestr(text, part) != NULL;
}

static enum codesignal_class class_of_word(const char *word)
{
        static const struct {
                const char *word;
                enum codesignal_class class;
        } all[] = {
                { "rate", CLASS_RATE },         { "later", CLASS_LATER },
                { "document", CLASS_DOCUMENT }, { "values", CLASS_VALUES },
                { "auth", CLASS_AUTH },         { "permission", CLASS_PERMISSION },
                { "absent", CLASS_ABSENT },     { "permanent", CLASS_PERMANENT },
        };

        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
                if (text_equal(all[i].word, word))
                        return all[i].class;
        }
        return CLASS_UNKNOWN;
}

/* The first row of the map's table whose text the message holds. */
static enum codesignal_class classify(const json_t *map, const char *message)
{
        const json_t *rows = json_object_get(map, "errors");

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);

                if (holds(message, json_get_text(row, "has", "\n")))
                        return class_of_word(json_get_text(row, "class", NULL));
        }
        return CLASS_UNKNOWN;
}

/* Words of the vendor for our pages: never with the key in them, never a bearer link. */
static void quote(struct buf *out, const struct question *q, const char *text, size_t max)
{
        char *copy;

        if (text_empty(text))
                return;
        if ((q->key != NULL && strstr(text, q->key) != NULL) || holds(text, "accessToken")) {
                buf_add_text(out, "(not shown: it holds a secret)");
                return;
        }
        copy = mem_text(text);
        text_cut(copy, max);
        for (char *c = copy; *c != '\0'; c++) {
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        *c = ' ';
        }
        if (text_utf8_valid(copy, strlen(copy)))
                buf_add_text(out, copy);
        mem_free(copy);
}

static int rest(struct link *link, struct outcome *o, int64_t ms)
{
        o->wait_ms = scaled(link, ms);
        o->lane_wait_ms = o->wait_ms;
        return -1;
}

/* What an error of this class means, message being CodeSignal's own words. */
static int judge(struct link *link, const struct question *q, enum codesignal_class class,
                 const char *message, struct outcome *o)
{
        struct buf words = BUF_NONE;
        char *text;
        int result = -1;

        quote(&words, q, message, 240);
        text = buf_take(&words);
        switch (class) {
        case CLASS_AUTH:
                outcome_set(o, OUTCOME_DENIED,
                            "CodeSignal does not accept the API key. An administrator can paste "
                            "a new one in the settings of this connection.",
                            "%s: %s", q->operation, text_or(text, ""));
                break;
        case CLASS_PERMISSION:
                outcome_set(o, OUTCOME_DENIED,
                            "The CodeSignal API key lacks a permission. An administrator can add "
                            "it at CodeSignal under Integrations, API Keys.",
                            "%s: %s; needed are companyTest.company.read, "
                            "companyTestSession.company.write, liveInterview.company.read and "
                            "liveInterview.company.write",
                            q->operation, text_or(text, ""));
                break;
        case CLASS_RATE:
                outcome_set(o, OUTCOME_AGAIN, "CodeSignal asks us to slow down.", "%s: %s",
                            q->operation, text_or(text, ""));
                rest(link, o, RATE_WAIT_MS);
                break;
        case CLASS_LATER:
                outcome_set(o, OUTCOME_AGAIN,
                            "CodeSignal has too many sessions in progress; it is tried again.",
                            "%s: %s", q->operation, text_or(text, ""));
                o->wait_ms = scaled(link, LATER_WAIT_MS);
                break;
        case CLASS_DOCUMENT:
        case CLASS_VALUES:
                outcome_set(o, OUTCOME_DENIED,
                            "CodeSignal does not understand a question of ours any more. An "
                            "administrator can correct it in data/codesignal.",
                            "codesignal/%s (%s): %s", q->file, q->operation, text_or(text, ""));
                break;
        case CLASS_ABSENT:
                outcome_set(o, OUTCOME_ABSENT, "CodeSignal does not know this any more.", "%s: %s",
                            q->operation, text_or(text, ""));
                break;
        case CLASS_PERMANENT: {
                char *sentence =
                    mem_format("CodeSignal did not accept this: %s", text_or(text, ""));

                outcome_set(o, OUTCOME_REFUSED, sentence, "%s", q->operation);
                mem_free(sentence);
                break;
        }
        case CLASS_NONE:
        case CLASS_UNKNOWN:
                outcome_set(o, q->writes && !q->repeatable ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                            "CodeSignal answered with an error; it is tried again.", "%s: %s",
                            q->operation, text_or(text, "an error without words"));
                break;
        }
        mem_free(text);
        return result;
}

/* No answer, or not a whole one. */
static int judge_end(const struct question *q, const struct fetch_answer *a, struct outcome *o)
{
        switch (a->end) {
        case FETCH_REFUSED:
                return outcome_set(o, OUTCOME_DENIED,
                                   "The address of CodeSignal in this connection cannot be used. "
                                   "An administrator can correct base_url.",
                                   "%s: %s", q->operation, a->cause);
        case FETCH_UNREACHABLE:
                return outcome_set(o, OUTCOME_AGAIN,
                                   "CodeSignal could not be reached; it is tried again.", "%s: %s",
                                   q->operation, a->cause);
        default:
                return outcome_set(o, q->writes ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                                   "CodeSignal gave no whole answer; it is tried again.", "%s: %s",
                                   q->operation, a->cause);
        }
}

static int64_t retry_after_ms(const struct fetch_answer *a)
{
        char *text = fetch_header(a, "Retry-After");
        int64_t seconds = 0;

        if (text == NULL || text_int(text, 0, 86400, &seconds) != 0)
                seconds = 0;
        mem_free(text);
        return seconds * WHEN_SECOND;
}

/* What the status alone says. */
static enum codesignal_class class_of_status(int status)
{
        switch (status) {
        case 401:
                return CLASS_AUTH;
        case 403:
                return CLASS_PERMISSION;
        case 429:
                return CLASS_RATE;
        default:
                return CLASS_UNKNOWN;
        }
}

/* As judge(), and no sooner again than the answer asks for. */
static int judge_wait(struct link *link, const struct question *q, enum codesignal_class class,
                      const char *message, const struct fetch_answer *a, struct outcome *o)
{
        int64_t wait = retry_after_ms(a);

        judge(link, q, class, message, o);
        if (class == CLASS_RATE && wait > RATE_WAIT_MS)
                rest(link, o, wait);
        else if (o->kind == OUTCOME_AGAIN && wait > 0 && scaled(link, wait) > o->wait_ms)
                o->wait_ms = scaled(link, wait);
        return o->kind == OUTCOME_DONE ? 0 : -1;
}

/* An answer without GraphQL in it: only the status can speak. */
static int judge_status(struct link *link, const struct question *q, const struct fetch_answer *a,
                        const char *what, struct outcome *o)
{
        enum codesignal_class class = class_of_status(a->status);
        int64_t wait = retry_after_ms(a);
        char message[32];

        if (class != CLASS_UNKNOWN) {
                snprintf(message, sizeof message, "HTTP status %d", a->status);
                return judge_wait(link, q, class, message, a, o);
        }
        /* GraphQL answers at one address, whatever it is asked: this is somebody else. */
        if ((a->status >= 300 && a->status < 400) || a->status == 404 || a->status == 405 ||
            a->status == 410)
                return outcome_set(o, OUTCOME_DENIED,
                                   "CodeSignal is not at the address in this connection. An "
                                   "administrator can correct base_url.",
                                   "%s: HTTP status %d, %s", q->operation, a->status, what);
        outcome_set(o, q->writes ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                    "CodeSignal gave no usable answer; it is tried again.",
                    "%s: HTTP status %d, %zu bytes, %s", q->operation, a->status, a->body.len,
                    what);
        if (wait > 0)
                o->wait_ms = scaled(link, wait);
        return -1;
}

/* Messages of all errors, and the class of the first that the table knows. */
static enum codesignal_class read_errors(const json_t *map, const json_t *errors, struct buf *words)
{
        enum codesignal_class class = CLASS_NONE;

        for (size_t i = 0; i < json_array_size(errors); i++) {
                const char *message = json_get_text(json_array_get(errors, i), "message", "");
                enum codesignal_class one = classify(map, message);

                if (words->len > 0)
                        buf_add_text(words, "; ");
                buf_add_text(words, message);
                if (class == CLASS_NONE || class == CLASS_UNKNOWN)
                        class = one;
        }
        return class;
}

static int judge_answer(struct link *link, const json_t *map, const struct question *q,
                        const struct fetch_answer *a, struct codesignal_answer *out,
                        struct outcome *o)
{
        const char *path = json_get_text(
            json_object_get(json_object_get(map, "documents"), q->operation), "result", "");
        const json_t *errors;
        struct buf words = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        int result = -1;

        out->body = json_read(a->body.data, a->body.len, &why);
        if (out->body == NULL)
                return judge_status(link, q, a, why.text, o);
        errors = json_at(out->body, "errors");
        out->result = json_at(out->body, path);
        if (json_array_size(errors) == 0 && json_at(out->body, "data") == NULL &&
            !json_is_null(json_object_get(out->body, "data")))
                return judge_status(link, q, a, "JSON without data and errors", o);
        out->class = read_errors(map, errors, &words);
        if (out->class == CLASS_UNKNOWN)
                out->class = class_of_status(a->status);
        /* What a part of it says of itself, such as a task that is gone, is not about all of it. */
        if (out->class == CLASS_ABSENT && out->result != NULL)
                out->class = CLASS_UNKNOWN;
        if (out->class == CLASS_NONE && out->result == NULL && a->status >= 400) {
                result = judge_status(link, q, a, "nothing in data, and no errors", o);
        } else if (out->class != CLASS_NONE && (out->result == NULL || !q->writes)) {
                /* Half a reading is no truth: a result kept from us must not look like none. */
                result = judge_wait(link, q, out->class, buf_text(&words), a, o);
        } else if (out->result == NULL && q->writes) {
                outcome_set(o, OUTCOME_UNCERTAIN, "CodeSignal did not say whether it did it.",
                            "%s: %s is null", q->operation, path);
        } else if (out->result == NULL) {
                out->class = CLASS_ABSENT;
                outcome_set(o, OUTCOME_ABSENT, "CodeSignal does not know this any more.",
                            "%s: %s is null", q->operation, path);
        } else {
                result = outcome_set(o, OUTCOME_DONE, "", NULL);
        }
        buf_dispose(&words);
        return result;
}

/* Which member of a list an error is about: its "path" begins with the field and a number; -1 for
 * one that is about more than that. */
static int64_t member_of(const json_t *error)
{
        const json_t *path = json_object_get(error, "path"), *at = json_array_get(path, 1);

        return json_is_integer(at) ? (int64_t)json_integer_value(at) : -1;
}

bool codesignal_answer_salvage(struct codesignal_answer *answer)
{
        const json_t *errors = json_at(answer->body, "errors");
        json_t *list = (json_t *)(uintptr_t)answer->result;
        size_t count = json_array_size(errors);

        if (!json_is_array(list) || count == 0)
                return false;
        for (size_t i = 0; i < count; i++) {
                int64_t at = member_of(json_array_get(errors, i));

                if (at < 0 || (size_t)at >= json_array_size(list))
                        return false;
        }
        for (size_t i = 0; i < count; i++)
                json_array_set_new(list, (size_t)member_of(json_array_get(errors, i)), json_null());
        return true;
}

/* In a page of sessions are other candidates than the one who is looked for: nobody would find
 * them there again to erase them. */
static bool lists_people(const char *operation)
{
        return text_equal(operation, "read_sessions") || text_starts(operation, "find_");
}

/* Errors and nothing else: words for whoever looks for the cause. */
static bool is_refusal(const json_t *body)
{
        return json_is_array(json_object_get(body, "errors")) &&
               (json_object_get(body, "data") == NULL ||
                json_is_null(json_object_get(body, "data")));
}

static int ask(struct link *link, const json_t *map, const struct question *q, const char *document,
               json_t *variables, struct codesignal_answer *out, struct outcome *o)
{
        char *authorization = mem_format("Authorization: Bearer %s", q->key);
        const char *headers[] = { "Content-Type: application/json", "Accept: application/json",
                                  authorization, NULL };
        struct fetch_request request = { .method = "POST",
                                         .url = link_setting(link, "base_url", CODESIGNAL_URL),
                                         .headers = headers,
                                         .timeout_ms = TIMEOUT_MS };
        struct fetch_answer answer = { 0 };
        struct fail why = FAIL_CLEAR;
        struct buf body = BUF_NONE;
        json_t *envelope = json_object();
        int result;

        json_set_text(envelope, "query", document);
        json_set(envelope, "variables", json_incref(variables));
        json_write(envelope, &body);
        json_decref(envelope);
        request.body = body.data;
        request.body_len = body.len;
        link_ask(link, &request, &answer, &why);
        o->status = answer.status;
        o->elapsed_us = answer.elapsed_us;
        if (answer.end == FETCH_ANSWERED)
                result = judge_answer(link, map, q, &answer, out, o);
        else
                result = judge_end(q, &answer, o);
        if (link->heard != NULL && lists_people(q->operation) && !is_refusal(out->body))
                heard_drop(link->heard);
        fetch_answer_dispose(&answer);
        buf_dispose(&body);
        mem_free_secret(authorization);
        return result;
}

/* A key is opaque, but a line break in it would be a header of its own. */
static bool key_is_plain(const char *key)
{
        for (; key != NULL && *key != '\0'; key++) {
                if ((unsigned char)*key < ' ' || *key == 0x7f)
                        return false;
        }
        return key != NULL;
}

int codesignal_call(struct link *link, const json_t *map, const char *operation, json_t *values,
                    struct codesignal_answer *answer, struct outcome *outcome)
{
        const json_t *row = json_object_get(json_object_get(map, "documents"), operation);
        struct question q = { .operation = operation,
                              .file = json_get_text(row, "file", ""),
                              .writes = json_get_bool(row, "writes", false),
                              .repeatable = json_get_bool(row, "repeatable", false),
                              .key = link_credential(link, "api_key") };
        struct fail why = FAIL_CLEAR;
        struct buf document = BUF_NONE;
        json_t *variables;
        int result;

        *answer = (struct codesignal_answer){ 0 };
        *outcome = (struct outcome)OUTCOME_NONE;
        if (!key_is_plain(q.key)) {
                result =
                    outcome_set(outcome, OUTCOME_DENIED,
                                "This connection has no usable CodeSignal API key. An "
                                "administrator can paste one in its settings.",
                                "%s: api_key is missing or holds control characters", operation);
        } else if (codesignal_document(link, map, operation, &document, &why) != 0) {
                result = outcome_set(outcome, OUTCOME_DENIED,
                                     "A file that says how to talk to CodeSignal is broken. An "
                                     "administrator can correct it in data/codesignal.",
                                     "%s", why.text);
        } else {
                variables = codesignal_variables(map, operation, values);
                result = ask(link, map, &q, document.data, variables, answer, outcome);
                json_decref(variables);
        }
        buf_dispose(&document);
        json_decref(values);
        return result;
}
