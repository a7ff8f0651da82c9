/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to Coderbyte's API, and what its answer means (wire/coderbyte.md 1 and 4). */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/coderbyte.h"
#include "platform/coderbyte_wire.h"

#define TIMEOUT_MS (20 * WHEN_SECOND)
#define RATE_WAIT_MS (1 * WHEN_MINUTE)   /* no limit is documented: a wide berth */
#define LATER_WAIT_MS (15 * WHEN_MINUTE) /* it says that it is busy */
#define RETRY_AFTER_MAX 86400            /* seconds */

enum class {
        CLASS_UNKNOWN,
        CLASS_AUTH,
        CLASS_PERMISSION,
        CLASS_RATE,
        CLASS_LATER,
        CLASS_ABSENT,
        CLASS_REFUSED
};

/* A call in the making. */
struct question {
        const char *call, *key;
        bool writes; /* a lost answer may hide a deed */
};

void coderbyte_answer_dispose(struct coderbyte_answer *answer)
{
        json_decref(answer->body);
        *answer = (struct coderbyte_answer){ 0 };
}

void coderbyte_give(json_t *values, const char *name, const char *text)
{
        if (!text_empty(text))
                json_set_text(values, name, text);
}

static int64_t scaled(const struct link *link, int64_t ms)
{
        int64_t scale = link->scale > 0 ? link->scale : 1;

        return ms / scale > 0 ? ms / scale : 1;
}

int coderbyte_open(struct coderbyte *c, struct link *link, struct outcome *outcome)
{
        struct fail why = FAIL_CLEAR;

        *c = (struct coderbyte){ .link = link, .outcome = outcome };
        *outcome = (struct outcome)OUTCOME_NONE;
        c->profile = coderbyte_profile_load(link, &why);
        if (c->profile != NULL)
                return 0;
        return outcome_set(outcome, OUTCOME_DENIED,
                           "The file that says how to talk to Coderbyte is broken. An "
                           "administrator can correct data/coderbyte/profile.json.",
                           "%s", why.text);
}

/* "own limit, default 1 request/s" (wire 4): after so many calls the connection rests so long
 * that it stays below it in the mean. */
void coderbyte_close(struct coderbyte *c)
{
        int64_t rate = json_get_int(c->link->settings, "requests_per_minute", 60), rest;

        if (c->calls > 0) {
                rest = scaled(c->link, c->calls * WHEN_MINUTE / (rate < 1 ? 1 : rate));
                if (rest > c->outcome->lane_wait_ms)
                        c->outcome->lane_wait_ms = rest;
                c->outcome->elapsed_us = c->elapsed_us;
        }
        json_decref(c->profile);
        c->profile = NULL;
}

static enum class class_of_word(const char *word) {
        static const struct { const char * word; enum class class; }
all[] = {
        { "rate", CLASS_RATE },     { "later", CLASS_LATER },
        { "auth", CLASS_AUTH },     { "permission", CLASS_PERMISSION },
        { "absent", CLASS_ABSENT }, { "refused", CLASS_REFUSED },
};

for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (text_equal(all[i].word, word))
                return all[i].class;
return CLASS_UNKNOWN;
}

/* The first row of the profile's table whose text the message holds, in either case. */
static enum class classify(const json_t *profile, const char *message) {
        const json_t *rows = json_object_get(profile, "errors");

        for (size_t i = 0; i < json_array_size(rows);
             i++){ const json_t *row = json_array_get(rows, i);

                   if (strcasestr(message, json_get_text(row, "has", "\n")) !=
                       NULL) return class_of_word(json_get_text(row, "class", NULL)); }
return CLASS_UNKNOWN;
}

/* Words of the vendor for our pages: one line, never with the key in them. */
static char *quote(const struct question *q, const char *text)
{
        char *copy;

        if (q->key != NULL && *q->key != '\0' && strstr(text, q->key) != NULL)
                return mem_text("(not shown: it holds a secret)");
        copy = mem_text(text);
        text_cut(copy, 240);
        for (char *c = copy; *c != '\0'; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        *c = ' ';
        if (!text_utf8_valid(copy, strlen(copy)))
                *copy = '\0';
        return copy;
}

static int64_t retry_after_ms(const struct fetch_answer *a)
{
        char *text = fetch_header(a, "Retry-After");
        int64_t seconds = 0;

        if (text == NULL || text_int(text, 0, RETRY_AFTER_MAX, &seconds) != 0)
                seconds = 0;
        mem_free(text);
        return seconds * WHEN_SECOND;
}

/* The connection rests: what it was asked for, or our own guess. */
static int rest(struct coderbyte *c, const struct fetch_answer *a, int64_t otherwise)
{
        int64_t wait = retry_after_ms(a);

        c->outcome->wait_ms = scaled(c->link, wait > 0 ? wait : otherwise);
        c->outcome->lane_wait_ms = c->outcome->wait_ms;
        return -1;
}

static int judge(struct coderbyte *c, const struct question *q, enum class class,
                 const char *message, const struct fetch_answer *a)
{
        struct outcome *o = c->outcome;
        char *sentence;

        switch (class) {
        case CLASS_AUTH:
                return outcome_set(o, OUTCOME_DENIED,
                                   "Coderbyte does not accept the API key. An administrator can "
                                   "paste a new one in the settings of this connection.",
                                   "%s: %s", q->call, message);
        case CLASS_PERMISSION:
                return outcome_set(o, OUTCOME_DENIED,
                                   "Coderbyte does not allow this. An administrator can see there "
                                   "whether the API add-on is enabled for the account.",
                                   "%s: %s", q->call, message);
        case CLASS_RATE:
                outcome_set(o, OUTCOME_AGAIN, "Coderbyte asks us to slow down.", "%s: %s", q->call,
                            message);
                return rest(c, a, RATE_WAIT_MS);
        case CLASS_LATER:
                outcome_set(o, OUTCOME_AGAIN, "Coderbyte is busy; it is tried again.", "%s: %s",
                            q->call, message);
                return rest(c, a, LATER_WAIT_MS);
        case CLASS_ABSENT:
                return outcome_set(o, OUTCOME_ABSENT, "Coderbyte does not know this.", "%s: %s",
                                   q->call, message);
        case CLASS_UNKNOWN:
        case CLASS_REFUSED:
                break;
        }
        if (class == CLASS_UNKNOWN && !q->writes)
                return outcome_set(o, OUTCOME_AGAIN,
                                   "Coderbyte answered with an error; it is tried again.", "%s: %s",
                                   q->call, message);
        /* It said that it did not: a definite answer. */
        sentence = mem_format("Coderbyte did not accept this: %s",
                              text_or(message, "it gives no reason."));
        outcome_set(o, OUTCOME_REFUSED, sentence, "%s", q->call);
        mem_free(sentence);
        return -1;
}

/* No answer, or not a whole one. */
static int judge_end(struct coderbyte *c, const struct question *q, const struct fetch_answer *a)
{
        switch (a->end) {
        case FETCH_REFUSED:
                return outcome_set(c->outcome, OUTCOME_DENIED,
                                   "The address of Coderbyte in this connection cannot be used. An "
                                   "administrator can correct base_url.",
                                   "%s: %s", q->call, a->cause);
        case FETCH_UNREACHABLE:
                return outcome_set(c->outcome, OUTCOME_AGAIN,
                                   "Coderbyte could not be reached; it is tried again.", "%s: %s",
                                   q->call, a->cause);
        default:
                return outcome_set(c->outcome, q->writes ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                                   "Coderbyte gave no whole answer; it is tried again.", "%s: %s",
                                   q->call, a->cause);
        }
}

/* Our profile, not the vendor, has to change. */
static int misfit(struct coderbyte *c, const char *call, const char *member, const char *what)
{
        return outcome_set(c->outcome, OUTCOME_DENIED,
                           "Coderbyte's answers look different from what we expect. An "
                           "administrator can correct data/coderbyte/profile.json.",
                           "%s: calls.%s.%s: %s", CODERBYTE_PROFILE, call, member, what);
}

/* "class by HTTP code first" (wire 4).  0 when the body may speak. */
static int judge_status(struct coderbyte *c, const struct question *q, const struct fetch_answer *a,
                        const char *message)
{
        char text[80];

        snprintf(text, sizeof text, "HTTP status %d", a->status);
        if (a->status >= 200 && a->status <= 299)
                return 0;
        if (a->status == 401)
                return judge(c, q, CLASS_AUTH, text_or(message, text), a);
        if (a->status == 403)
                return judge(c, q, CLASS_PERMISSION, text_or(message, text), a);
        if (a->status == 429)
                return judge(c, q, CLASS_RATE, text_or(message, text), a);
        if (a->status == 404 || a->status == 410) {
                if (text_equal(q->call, "read_report") || text_equal(q->call, "read_candidate"))
                        return judge(c, q, CLASS_ABSENT, text_or(message, text), a);
                return misfit(c, q->call, "path", text);
        }
        if (a->status >= 500) {
                outcome_set(c->outcome, q->writes ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                            "Coderbyte has a fault; it is tried again.", "%s: %s", q->call, text);
                if (retry_after_ms(a) > 0)
                        c->outcome->wait_ms = scaled(c->link, retry_after_ms(a));
                return -1;
        }
        if (a->status < 400)
                return misfit(c, q->call, "path", "the answer leads to another address");
        if (classify(c->profile, message) != CLASS_UNKNOWN)
                return judge(c, q, classify(c->profile, message), message, a);
        if (a->status == 405 || a->status == 415)
                return misfit(c, q->call, "method", text);
        if (!q->writes)
                return misfit(c, q->call, "path", text_or(message, text));
        return judge(c, q, CLASS_REFUSED, text_or(message, text), a);
}

static bool is_success(const json_t *profile, const char *word)
{
        const json_t *words = json_at(profile, "envelope.success");

        for (size_t i = 0; i < json_array_size(words); i++)
                if (text_equal_fold(json_text_of(json_array_get(words, i), NULL), word))
                        return true;
        return false;
}

/* Its status is none of the words for success.  Without a reason beside it, the word may be a new
 * one for the same. */
static int judge_word(struct coderbyte *c, const struct question *q, const char *word,
                      const char *message, const struct fetch_answer *a)
{
        char *theirs = quote(q, word),
             *text = mem_format("%s: envelope.success does not know the word \"%.60s\"",
                                CODERBYTE_PROFILE, theirs);
        int result = judge(c, q, classify(c->profile, message), text_or(message, text), a);

        mem_free(text);
        mem_free(theirs);
        return result;
}

static int judge_body(struct coderbyte *c, const struct question *q, const struct fetch_answer *a,
                      const char *message, const char *unreadable, struct coderbyte_answer *out)
{
        const json_t *pointers = json_object_get(coderbyte_row(c->profile, q->call), "result");
        const json_t *status = coderbyte_at(c->profile, "envelope", "status", out->body, NULL);
        const char *word = json_text_of(status, NULL);
        bool known;

        if (out->body == NULL)
                return outcome_set(c->outcome, q->writes ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                                   "Coderbyte gave no usable answer; it is tried again.",
                                   "%s: HTTP status %d, %zu bytes, %s", q->call, a->status,
                                   a->body.len, unreadable);
        if (word != NULL && !is_success(c->profile, word))
                return judge_word(c, q, word, message, a);
        out->result = coderbyte_lead(pointers, out->body, &known);
        if (known)
                return outcome_set(c->outcome, OUTCOME_DONE, "", NULL);
        misfit(c, q->call, "result", "leads nowhere in the answer");
        if (q->writes)
                c->outcome->kind = OUTCOME_UNCERTAIN; /* it may have been done all the same */
        return -1;
}

static int judge_answer(struct coderbyte *c, const struct question *q, const struct fetch_answer *a,
                        struct coderbyte_answer *out)
{
        struct fail why = FAIL_CLEAR;
        char *message;
        int result;

        out->body = json_read(a->body.data, a->body.len, &why);
        message = quote(
            q, json_text_of(coderbyte_at(c->profile, "envelope", "message", out->body, NULL), ""));
        result = judge_status(c, q, a, message);
        if (result == 0)
                result = judge_body(c, q, a, message, why.text, out);
        mem_free(message);
        return result;
}

static int ask(struct coderbyte *c, const struct question *q, const char *url, const json_t *body,
               struct coderbyte_answer *out)
{
        char *authorization = mem_format("Authorization: Bearer %s", q->key);
        const char *headers[] = { "Accept: application/json", authorization, NULL, NULL };
        struct fetch_request request = { .method = json_get_text(coderbyte_row(c->profile, q->call),
                                                                 "method", "GET"),
                                         .url = url,
                                         .headers = headers,
                                         .timeout_ms = TIMEOUT_MS };
        struct fetch_answer answer = { 0 };
        struct fail why = FAIL_CLEAR;
        struct buf text = BUF_NONE;
        int result;

        if (body != NULL) {
                headers[2] = "Content-Type: application/json";
                json_write(body, &text);
                request.body = text.data;
                request.body_len = text.len;
        }
        link_ask(c->link, &request, &answer, &why);
        c->calls++;
        c->elapsed_us += answer.elapsed_us;
        c->outcome->status = answer.status;
        result = answer.end == FETCH_ANSWERED ? judge_answer(c, q, &answer, out)
                                              : judge_end(c, q, &answer);
        fetch_answer_dispose(&answer);
        buf_dispose(&text);
        mem_free_secret(authorization);
        return result;
}

/* A key is opaque, but a line break in it would be a header of its own. */
static bool key_is_plain(const char *key)
{
        for (; key != NULL && *key != '\0'; key++)
                if ((unsigned char)*key < ' ' || *key == 0x7f)
                        return false;
        return key != NULL;
}

int coderbyte_call(struct coderbyte *c, const char *call, json_t *values,
                   struct coderbyte_answer *answer)
{
        struct question q = { .call = call, .key = link_credential(c->link, "api_key") };
        json_t *body;
        char *url;
        int result;

        *answer = (struct coderbyte_answer){ 0 };
        q.writes =
            !text_equal(json_get_text(coderbyte_row(c->profile, call), "method", "GET"), "GET");
        coderbyte_give(values, "organization", link_setting(c->link, "organization", NULL));
        url = coderbyte_path(c->profile, call, link_setting(c->link, "base_url", CODERBYTE_URL),
                             values);
        body = coderbyte_body(c->profile, call, values);
        if (!key_is_plain(q.key))
                result = outcome_set(c->outcome, OUTCOME_DENIED,
                                     "This connection has no usable Coderbyte API key. An "
                                     "administrator can paste one in its settings.",
                                     "%s: api_key is missing or holds control characters", call);
        else if (!coderbyte_can(c->profile, call))
                result = outcome_set(c->outcome, OUTCOME_REFUSED,
                                     "Coderbyte is not known to offer this to programs.",
                                     "%s: calls.%s.path is empty", CODERBYTE_PROFILE, call);
        else
                result = ask(c, &q, url, body, answer);
        if (result != 0)
                coderbyte_answer_dispose(answer);
        mem_free(url);
        json_decref(body);
        json_decref(values);
        return result;
}
