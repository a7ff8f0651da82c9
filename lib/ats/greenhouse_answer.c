/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an answer of Harvest v3 means: rate headers, error bodies, and the outcome. */
#include <string.h>

#include "ats/greenhouse_v1.h"
#include "ats/greenhouse_v3.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define WORDS_MAX 400  /* of an error answer, for the detail */
#define SECRET_LEAST 6 /* shorter texts are words that occur by themselves */
#define RUN_LONGEST 31 /* a longer run without a space is no word of a sentence */
#define WAIT_LONGEST_MS (10 * WHEN_MINUTE)

/* --- rates ------------------------------------------------------------------------- */

static int64_t header_number(const struct fetch_answer *answer, const char *name)
{
        char *text = fetch_header(answer, name);
        int64_t value = -1;

        if (text_empty(text) || text_int(text, 0, INT64_MAX / 1000, &value) != 0)
                value = -1;
        mem_free(text);
        return value;
}

/* The window is 30 s today and 60 s for tokens; only the headers are believed (section 8).
 * X-RateLimit-Reset is a time by their clock: kept within bounds because ours may differ. */
void greenhouse_v3_rate(const struct link *link, const struct fetch_answer *answer,
                        struct outcome *outcome)
{
        int64_t scale = link->scale < 1 ? 1 : link->scale;
        int64_t retry = header_number(answer, "Retry-After");
        int64_t reset = header_number(answer, "X-RateLimit-Reset");
        int64_t wait = 0;

        if (retry >= 0 && (answer->status == 429 || answer->status == 503))
                wait = retry * WHEN_SECOND;
        else if (reset >= 0 && header_number(answer, "X-RateLimit-Remaining") == 0)
                wait = reset * WHEN_SECOND - when_now_ms();
        else if (answer->status == 429)
                wait = 30 * WHEN_SECOND;
        if (wait <= 0)
                return;
        wait = (wait < WAIT_LONGEST_MS ? wait : WAIT_LONGEST_MS) / scale;
        if (wait > outcome->lane_wait_ms)
                outcome->lane_wait_ms = wait;
        if (answer->status == 429 || answer->status == 503)
                outcome->wait_ms = wait;
}

/* --- errors in words --------------------------------------------------------------- */

static void replace(struct buf *text, const char *secret)
{
        struct buf out = BUF_NONE;
        const char *at = buf_text(text), *hit;

        if (text_empty(secret) || strlen(secret) < SECRET_LEAST)
                return;
        while ((hit = strstr(at, secret)) != NULL) {
                buf_add(&out, at, (size_t)(hit - at));
                buf_add_text(&out, "[removed]");
                at = hit + strlen(secret);
        }
        buf_add_text(&out, at);
        buf_dispose(text);
        *text = out;
}

/* What may be a token or key in another spelling goes too, and so do control characters. */
static void replace_runs(struct buf *text)
{
        static const char run[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-_.~+/=%";
        struct buf out = BUF_NONE;

        for (const char *at = buf_text(text); *at != '\0';) {
                size_t len = strspn(at, run);

                if (len > RUN_LONGEST) {
                        buf_add_text(&out, "[removed]");
                } else if (len == 0) {
                        buf_add_char(&out, (unsigned char)*at < ' ' || *at == 0x7f ? ' ' : *at);
                        len = 1;
                } else {
                        buf_add(&out, at, len);
                }
                at += len;
        }
        buf_dispose(text);
        *text = out;
}

static void add_words(struct buf *out, const char *text)
{
        if (text_empty(text))
                return;
        if (out->len > 0)
                buf_add_text(out, "; ");
        buf_add_text(out, text);
}

/* The three shapes of an element (3.2): "text", {"field": "text"}, {"message", "field"}. */
static void add_error(struct buf *out, const json_t *error)
{
        const char *message = json_get_text(error, "message", NULL);
        const char *name;
        json_t *value;

        if (json_is_string(error)) {
                add_words(out, json_string_value(error));
        } else if (message != NULL) {
                add_words(out, message);
        } else if (json_is_object(error)) {
                json_object_foreach((json_t *)(uintptr_t)error, name, value)
                {
                        add_words(out, name);
                        buf_add_text(out, ": ");
                        buf_add_text(out, json_text_of(value, "?"));
                }
        }
}

void greenhouse_v3_words(const struct link *link, const struct fetch_answer *answer,
                         const char *token, struct buf *out)
{
        json_t *value = answer->end == FETCH_ANSWERED
                            ? json_read(answer->body.data, answer->body.len, NULL)
                            : NULL;
        const json_t *errors = json_at(value, "errors");
        struct buf words = BUF_NONE;
        char *request = fetch_header(answer, "X-Request-Id");

        if (answer->end != FETCH_ANSWERED) {
                add_words(&words, answer->cause);
        } else if (!json_is_object(value)) {
                buf_add(&words, buf_text(&answer->body),
                        answer->body.len < 120 ? answer->body.len : 120);
        } else {
                add_words(&words, json_get_text(value, "message", NULL));
                add_words(&words, json_get_text(value, "error", NULL));
                for (size_t i = 0; i < json_array_size(errors); i++)
                        add_error(&words, json_array_get(errors, i));
        }
        replace(&words, link_credential(link, "client_id"));
        replace(&words, link_credential(link, "client_secret"));
        replace(&words, link_credential(link, "api_key"));
        replace(&words, token);
        replace_runs(&words);
        if (words.len > WORDS_MAX)
                words.len = text_cut(words.data, WORDS_MAX);
        if (answer->status != 0)
                buf_format(out, "%d", answer->status);
        if (words.len > 0)
                buf_format(out, "%s%s", out->len > 0 ? " " : "", buf_text(&words));
        /* Their support asks for it; it is theirs, so only an id's characters. */
        if (!text_empty(request) && text_is_name(request, 64))
                buf_format(out, " (request %s)", request);
        mem_free(request);
        buf_dispose(&words);
        json_decref(value);
}

/* --- what an answer means ---------------------------------------------------------- */

static int not_answered(const struct greenhouse_ask *ask, const struct fetch_answer *answer,
                        const char *words, struct outcome *outcome)
{
        bool read = ask->body == NULL;

        switch (answer->end) {
        case FETCH_REFUSED:
                return outcome_set(outcome, OUTCOME_DENIED,
                                   "The address of Greenhouse in the settings of this connection "
                                   "cannot be used. Correct base_url.",
                                   "%s: %s", ask->what, words);
        case FETCH_UNREACHABLE:
                return outcome_set(outcome, OUTCOME_AGAIN,
                                   "Greenhouse could not be reached. It will be tried again.",
                                   "%s: %s", ask->what, words);
        default:
                return outcome_set(outcome, read ? OUTCOME_AGAIN : OUTCOME_UNCERTAIN,
                                   "Greenhouse did not answer completely. It will be looked at "
                                   "again.",
                                   "%s: %s", ask->what, words);
        }
}

/* A private candidate, a job the acting user has no part in, or no permission for anybody: they say
 * the same for all three (section 8, issue 470).  Others are not held up by it. */
static int not_this_one(const struct greenhouse_ask *ask, const char *words,
                        struct outcome *outcome)
{
        char *sentence = mem_format(
            "Greenhouse does not allow this here: the candidate is private or on a job that the "
            "user the connection acts for may not see, or %s is not granted to the API credential. "
            "Mend it and try again.",
            ask->scope);

        outcome_set(outcome, OUTCOME_REFUSED, sentence, "%s: %s", ask->what, words);
        mem_free(sentence);
        return -1;
}

static int denied(const struct greenhouse_ask *ask, int status, const char *words,
                  struct outcome *outcome)
{
        char *sentence;

        if (status == 401)
                sentence = mem_text("Greenhouse no longer accepts the access of this connection. "
                                    "Check client id, client secret and the user it acts for.");
        else
                sentence = mem_format("Greenhouse knows our credential but does not allow this. "
                                      "Grant %s to the API credential, make sure that the user it "
                                      "acts for is a Site Admin, and that he may see this "
                                      "candidate and job.",
                                      ask->scope);
        outcome_set(outcome, OUTCOME_DENIED, sentence, "%s: %s", ask->what, words);
        mem_free(sentence);
        return -1;
}

static int not_there(const struct greenhouse_ask *ask, const char *words, struct outcome *outcome)
{
        /* A list is always there, empty at worst: its 404 is the router's (3.2). */
        if (ask->body == NULL)
                return outcome_set(outcome, OUTCOME_DENIED,
                                   "Greenhouse is not at the address in the settings of this "
                                   "connection. Correct base_url.",
                                   "%s: %s", ask->what, words);
        /* On a write it may also mean an unknown acting user (section 8, recorded). */
        return outcome_set(outcome, OUTCOME_ABSENT,
                           "Greenhouse does not find this record. It was deleted, or the user "
                           "that the connection acts for does not exist or may not see it.",
                           "%s: %s", ask->what, words);
}

static int refused(const struct greenhouse_ask *ask, const struct fetch_answer *answer,
                   const char *words, struct outcome *outcome)
{
        const char *said = strchr(words, ' ');
        char *sentence;

        if (answer->status == 422 && said != NULL)
                sentence = mem_format("Greenhouse did not accept this:%s", said);
        else
                sentence = mem_text("Greenhouse did not accept this.");
        outcome_set(outcome, OUTCOME_REFUSED, sentence, "%s: %s", ask->what, words);
        mem_free(sentence);
        return -1;
}

/* Harvest v1 was to end on 2026-08-31; with what it answers since then is not known (section 0). */
static int v1_over(const struct greenhouse_ask *ask, const char *words, struct outcome *outcome)
{
        return outcome_set(
            outcome, OUTCOME_DENIED,
            "Greenhouse does not accept the Harvest API key of this connection: it was "
            "revoked, or Harvest v1 has ended, as was announced for 2026-08-31. Make a "
            "Harvest V3 credential and set api to v3.",
            "%s: %s", ask->what, words);
}

int greenhouse_v3_failed(const struct greenhouse_ask *ask, const struct fetch_answer *answer,
                         const char *token, struct outcome *outcome)
{
        struct buf text = BUF_NONE;
        const char *words;
        int status = answer->status;

        greenhouse_v3_words(ask->link, answer, token, &text);
        words = buf_text(&text);
        if (answer->end != FETCH_ANSWERED)
                not_answered(ask, answer, words, outcome);
        else if (greenhouse_is_v1(ask->link) && (status == 401 || status == 410))
                v1_over(ask, words, outcome);
        else if (status == 403 && (ask->body != NULL || ask->one))
                not_this_one(ask, words, outcome);
        else if (status == 401 || status == 403)
                denied(ask, status, words, outcome);
        else if (status == 404 || status == 410)
                not_there(ask, words, outcome);
        else if (status == 429)
                outcome_set(outcome, OUTCOME_AGAIN,
                            "Greenhouse asks us to go slower. It will be tried again.", "%s: %s",
                            ask->what, words);
        else if (status >= 300 && status < 400)
                outcome_set(outcome, OUTCOME_DENIED,
                            "Greenhouse is not at the address in the settings of this "
                            "connection. Correct base_url.",
                            "%s: %s, a redirect", ask->what, words);
        else if (status >= 400 && status < 500 && status != 408)
                refused(ask, answer, words, outcome);
        else
                outcome_set(outcome, ask->body == NULL ? OUTCOME_AGAIN : OUTCOME_UNCERTAIN,
                            "Greenhouse has a problem at the moment. It will be looked at again.",
                            "%s: %s", ask->what, words);
        buf_dispose(&text);
        return -1;
}
