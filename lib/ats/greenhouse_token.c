/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The token of Harvest v3: client id and secret are traded for one that lasts an hour
 * (wire/greenhouse.md 3.1).  The recorded answer says expires_at in ISO time; the published
 * text says "expires"; others in the trade say expires_in.  All are understood.
 */
#include <inttypes.h>
#include <string.h>

#include "ats/greenhouse_v3.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define TOKEN_URL "https://auth.greenhouse.io/token"
#define TOKEN_ANSWER_MAX (64 * 1024)
#define TOKEN_TIMEOUT_MS (10 * WHEN_SECOND)
#define TOKEN_EARLY_MS (60 * WHEN_SECOND)
/* When the answer does not say, or says something already past: one of the two clocks is
 * wrong.  Short enough to notice soon, long enough for the limit of 60 tokens a minute. */
#define TOKEN_UNKNOWN_MS (5 * WHEN_MINUTE)
#define TOKEN_LONGEST_MS WHEN_DAY

static int64_t expiry(const json_t *answer, int64_t now)
{
        static const char *const names[] = { "expires_at", "expires", "expires_in" };
        int64_t at = 0;

        for (size_t i = 0; i < sizeof names / sizeof *names && at == 0; i++) {
                const json_t *value = json_at(answer, names[i]);
                int64_t number = json_int_of(value, 0);

                if (number > 1000000000) /* seconds since 1970, not a span */
                        at = number < INT64_MAX / 1000 ? number * WHEN_SECOND : 0;
                else if (number > 0)
                        at = now + number * WHEN_SECOND;
                else if (when_parse(json_text_of(value, ""), &at) != 0)
                        at = 0;
        }
        if (at - TOKEN_EARLY_MS <= now)
                return now + TOKEN_UNKNOWN_MS;
        return at < now + TOKEN_LONGEST_MS ? at : now + TOKEN_LONGEST_MS;
}

static int refusal(const struct link *link, const struct fetch_answer *answer,
                   struct outcome *outcome)
{
        struct buf words = BUF_NONE;

        greenhouse_v3_words(link, answer, NULL, &words);
        if (answer->end == FETCH_REFUSED)
                outcome_set(outcome, OUTCOME_DENIED,
                            "The token address in the settings of this Greenhouse connection "
                            "cannot be used. Correct token_url.",
                            "token: %s", buf_text(&words));
        else if (answer->status == 400 || answer->status == 401 || answer->status == 403)
                outcome_set(outcome, OUTCOME_DENIED,
                            "Greenhouse does not accept the client id and secret of this "
                            "connection, or the user it shall act for. Check all three under "
                            "Configure, Dev Center, API Credentials.",
                            "token: %s", buf_text(&words));
        else if (answer->status >= 300 && answer->status < 500 && answer->status != 408 &&
                 answer->status != 429)
                outcome_set(outcome, OUTCOME_DENIED,
                            "The token address in the settings of this Greenhouse connection "
                            "does not give tokens. Correct token_url.",
                            "token: %s", buf_text(&words));
        else
                outcome_set(outcome, OUTCOME_AGAIN,
                            "Greenhouse gives no access at the moment. It will be tried again.",
                            "token: %s", buf_text(&words));
        buf_dispose(&words);
        return -1;
}

static int accept_token(const struct fetch_answer *answer, char **text, int64_t *expires_ms,
                        struct outcome *outcome)
{
        json_t *value = json_read(answer->body.data, answer->body.len, NULL);
        const char *token = json_get_text(value, "access_token", NULL);
        int result = -1;

        /* It becomes part of a header line: visible ASCII and nothing else (RFC 6750). */
        for (const char *c = text_or(token, " "); *c != '\0'; c++)
                if (*c <= ' ' || *c > '~')
                        token = NULL;
        if (token == NULL) {
                outcome_set(outcome, OUTCOME_AGAIN,
                            "Greenhouse gives no access at the moment. It will be tried again.",
                            "token: %d without a usable access_token", answer->status);
        } else {
                *text = mem_text(token);
                *expires_ms = expiry(value, when_now_ms());
                result = 0;
        }
        json_decref(value);
        return result;
}

static int mint(struct link *link, char **text, int64_t *expires_ms, struct outcome *outcome)
{
        static const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded",
                                               "Accept: application/json", NULL };
        struct fetch_answer answer = { .status = 0 };
        struct fetch_request request = {
                .method = "POST",
                .url = link_setting(link, "token_url", TOKEN_URL),
                .headers = headers,
                .user = link_credential(link, "client_id"),
                .password = link_credential(link, "client_secret"),
                .timeout_ms = TOKEN_TIMEOUT_MS,
                .answer_max = TOKEN_ANSWER_MAX,
        };
        char *sub = json_get_id(link->settings, "act_as_user");
        struct buf form = BUF_NONE;
        int result;

        if (request.user == NULL || request.password == NULL) {
                mem_free(sub);
                return outcome_set(outcome, OUTCOME_DENIED,
                                   "This Greenhouse connection has no client id or no client "
                                   "secret yet.",
                                   "token: client_id or client_secret is missing");
        }
        buf_add_text(&form, "grant_type=client_credentials");
        if (!text_empty(sub)) {
                buf_add_text(&form, "&sub=");
                code_url(&form, sub);
        }
        request.body = form.data;
        request.body_len = form.len;
        /* Not link_ask(): a token may have the client id in it and must stay whole.  What is told
         * of a refusal is cleaned in greenhouse_v3_words(). */
        result = link->call(link, &request, &answer, NULL);
        outcome->elapsed_us += answer.elapsed_us;
        outcome->status = 0; /* of the call itself: a 403 here says nothing about its record */
        if (result == 0 && answer.status == 200) {
                result = accept_token(&answer, text, expires_ms, outcome);
        } else {
                if (answer.status == 429)
                        greenhouse_v3_rate(link, &answer, outcome);
                result = refusal(link, &answer, outcome);
        }
        if (answer.body.data != NULL)
                mem_wipe(answer.body.data, answer.body.len);
        fetch_answer_dispose(&answer);
        buf_dispose(&form);
        mem_free(sub);
        return result;
}

/* Not dead yet, as far as anybody can tell. */
static bool usable(const struct link_token *kept, const char *refused)
{
        return kept->text != NULL && kept->expires_ms > when_now_ms() &&
               !text_equal(kept->text, refused);
}

/* Held while minting: threads that need a token at the same time wait for one trade instead
 * of each making its own. */
int greenhouse_v3_token(struct link *link, const char *refused, char **token,
                        struct outcome *outcome)
{
        struct link_token *kept = link->token;
        int64_t expires_ms = 0;
        char *fresh = NULL;
        int result = 0;

        *token = NULL;
        if (kept == NULL)
                return mint(link, token, &expires_ms, outcome);
        pthread_mutex_lock(&kept->lock);
        if (kept->text == NULL || kept->expires_ms - TOKEN_EARLY_MS <= when_now_ms() ||
            text_equal(kept->text, refused)) {
                result = mint(link, &fresh, &expires_ms, outcome);
                if (result != 0 && outcome->kind == OUTCOME_AGAIN && usable(kept, refused)) {
                        /* Early renewal is there so that this costs nobody anything. */
                        outcome->wait_ms = 0;
                        result = 0;
                } else {
                        if (kept->text != NULL)
                                mem_free_secret(kept->text);
                        kept->text = fresh;
                        kept->expires_ms = expires_ms;
                }
        }
        if (result == 0)
                *token = mem_text(kept->text);
        pthread_mutex_unlock(&kept->lock);
        return result;
}
