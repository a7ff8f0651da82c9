/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an answer of Lever's API means (wire/lever.md 1, "Error" and "Statuses"). */
#include <string.h>

#include "ats/lever_call.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define WORDS_MAX 300
#define RUN_LONGEST 47            /* a longer run without a space is no word: ids have 36 */
#define REST_MS (1 * WHEN_SECOND) /* ten requests a second refill (1, "Rate limit") */
#define WAIT_LONGEST_MS (10 * WHEN_MINUTE)

/* Their words as one line, without anything that may be a key: the key itself in any spelling is
 * a run of characters that no word has. */
static void add_words(struct buf *out, const char *text, const char *key)
{
        while (*text != '\0' && out->len < WORDS_MAX) {
                size_t run = strcspn(text, " \t\r\n\"'<>,;()");

                if (run == 0) {
                        buf_add_char(out, (unsigned char)*text < ' ' ? ' ' : *text);
                        run = 1;
                } else if (run > RUN_LONGEST ||
                           (!text_empty(key) && memmem(text, run, key, strlen(key)) != NULL)) {
                        buf_add_text(out, "[removed]");
                } else {
                        for (size_t i = 0; i < run; i++)
                                buf_add_char(out, (unsigned char)text[i] < ' ' ? ' ' : text[i]);
                }
                text += run;
        }
        if (out->len > WORDS_MAX) {
                out->len = text_cut(out->data, WORDS_MAX);
        }
}

/* {"code": "ResourceNotFound", "message": "..."}; a body without them is not Lever's. */
static bool read_error(const struct fetch_answer *answer, const char *key, char **code,
                       struct buf *words)
{
        json_t *body = answer->end == FETCH_ANSWERED
                           ? json_read(answer->body.data, answer->body.len, NULL)
                           : NULL;
        bool theirs = json_get_text(body, "code", NULL) != NULL;

        *code = mem_text(json_get_text(body, "code", ""));
        if (answer->end != FETCH_ANSWERED)
                add_words(words, answer->cause, key);
        else if (theirs)
                add_words(words, json_get_text(body, "message", *code), key);
        else
                buf_add_text(words, answer->body.len == 0 ? "an empty body" : "not Lever's words");
        json_decref(body);
        return theirs;
}

static int not_answered(const struct lever_ask *ask, const struct fetch_answer *answer,
                        struct outcome *outcome)
{
        bool read = text_equal(ask->method, "GET");

        switch (answer->end) {
        case FETCH_REFUSED:
                return outcome_set(outcome, OUTCOME_DENIED,
                                   "The address of Lever in the settings of this connection cannot "
                                   "be used. Correct base_url.",
                                   "%s: %s", ask->method, answer->cause);
        case FETCH_UNREACHABLE:
                return outcome_set(outcome, OUTCOME_AGAIN,
                                   "Lever could not be reached. It will be tried again.", "%s: %s",
                                   ask->method, answer->cause);
        default:
                return outcome_set(outcome, read ? OUTCOME_AGAIN : OUTCOME_UNCERTAIN,
                                   "Lever did not answer completely. It will be looked at again.",
                                   "%s: %s", ask->method, answer->cause);
        }
}

static int denied(const struct lever_ask *ask, int status, const char *words,
                  struct outcome *outcome)
{
        char *sentence;

        if (status == 401)
                sentence = mem_text("Lever no longer accepts the API key of this connection. Make "
                                    "a new one in Lever and give it here.");
        else
                sentence = mem_format(
                    "Lever does not let our key do this. Grant it \"%s\"; if the posting or "
                    "opportunity is confidential, make a new key with access to confidential data "
                    "ticked, because it cannot be added to a key later.",
                    ask->permission);
        outcome_set(outcome, OUTCOME_DENIED, sentence, "%s %s: %d %s", ask->method, ask->permission,
                    status, words);
        mem_free(sentence);
        return -1;
}

static int elsewhere(const struct lever_ask *ask, int status, const char *words,
                     struct outcome *outcome)
{
        return outcome_set(outcome, OUTCOME_DENIED,
                           "Lever is not at the address in the settings of this connection. "
                           "Correct base_url.",
                           "%s %s: %d %s", ask->method, ask->permission, status, words);
}

static int refused(const struct lever_ask *ask, int status, const char *words,
                   struct outcome *outcome)
{
        char *sentence = mem_format("Lever did not accept this: %s", words);

        outcome_set(outcome, OUTCOME_REFUSED, sentence, "%s %s: %d %s", ask->method,
                    ask->permission, status, words);
        mem_free(sentence);
        return -1;
}

/* No such header is published; should one come, it is believed. */
static int64_t asked_to_wait(const struct link *link, const struct fetch_answer *answer)
{
        char *text = fetch_header(answer, "Retry-After");
        int64_t seconds = 0, scale = link->scale < 1 ? 1 : link->scale;

        if (text_empty(text) || text_int(text, 0, WAIT_LONGEST_MS / WHEN_SECOND, &seconds) != 0)
                seconds = 0;
        mem_free(text);
        return seconds * WHEN_SECOND / scale;
}

static void slower(const struct link *link, const struct fetch_answer *answer,
                   struct outcome *outcome)
{
        int64_t wait = asked_to_wait(link, answer), scale = link->scale < 1 ? 1 : link->scale;

        if (wait == 0 && answer->status == 429)
                wait = REST_MS / scale > 0 ? REST_MS / scale : 1;
        if (wait > outcome->lane_wait_ms)
                outcome->lane_wait_ms = wait;
        if (asked_to_wait(link, answer) > 0)
                outcome->wait_ms = wait;
}

int lever_failed(const struct lever_ask *ask, const struct fetch_answer *answer,
                 struct outcome *outcome)
{
        bool read = text_equal(ask->method, "GET"), theirs;
        struct buf text = BUF_NONE;
        int status = answer->status;
        const char *words;
        char *code;

        theirs = read_error(answer, link_credential(ask->link, "api_key"), &code, &text);
        words = buf_text(&text);
        if (answer->end != FETCH_ANSWERED) {
                not_answered(ask, answer, outcome);
        } else if (status == 401 || status == 403) {
                denied(ask, status, words, outcome);
        } else if (status >= 300 && status < 400) {
                elsewhere(ask, status, words, outcome);
        } else if (status == 404 || status == 410) {
                /* Only Lever can say that something is gone: what is behind a wrong address must
                 * not erase anything here. */
                if (theirs)
                        outcome_set(outcome, OUTCOME_ABSENT,
                                    "Lever does not find this. It was deleted, or our key may not "
                                    "see it.",
                                    "%s %s: %d %s", ask->method, ask->permission, status, words);
                else
                        elsewhere(ask, status, words, outcome);
        } else if (status == 429) {
                outcome_set(outcome, OUTCOME_AGAIN,
                            "Lever asks us to go slower. It will be tried again.", "%s %s: 429 %s",
                            ask->method, ask->permission, words);
                slower(ask->link, answer, outcome);
        } else if (status >= 400 && status < 500 && status != 408 &&
                   !text_equal(code, "RequestTimeout")) {
                refused(ask, status, words, outcome);
        } else {
                outcome_set(outcome, read ? OUTCOME_AGAIN : OUTCOME_UNCERTAIN,
                            "Lever has a problem at the moment. It will be looked at again.",
                            "%s %s: %d %s", ask->method, ask->permission, status, words);
                slower(ask->link, answer, outcome);
        }
        mem_free(code);
        buf_dispose(&text);
        return -1;
}
