/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greenhouse's Assessment Partner API, both directions. */
#include "ats/greenhouse_partner.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"

#define URL_MAX 2000
#define NAME_MAX_BYTES 500

/* --- send_test ----------------------------------------------------------------------------- */

/* The table of the documentation names the candidate's fields bare, its example nests them
 * (1.3): both are taken. */
static const char *of_candidate(const json_t *body, const char *name)
{
        char *path = mem_format("candidate.%s", name);
        const char *text = json_get_text(body, path, NULL);

        mem_free(path);
        return text_empty(text) ? json_get_text(body, name, NULL) : text;
}

static char *name_of(const json_t *body, const char *name)
{
        char *text = mem_text(of_candidate(body, name));

        if (text != NULL)
                text_cut(text, NAME_MAX_BYTES);
        return text;
}

/* The digits behind a word of a URL: "people/17681532", "application_id=26234709".  A stray space
 * was seen before them (4.5). */
static char *digits_behind(const char *url, const char *word)
{
        const char *at = strstr(url, word);
        size_t len;

        if (at == NULL)
                return NULL;
        at += strlen(word);
        while (*at == ' ' || (at[0] == '%' && at[1] == '2' && at[2] == '0'))
                at += *at == ' ' ? 1 : 3;
        len = strspn(at, "0123456789");
        return len == 0 || len > 19 ? NULL : mem_text_part(at, len);
}

static bool usable_email(const char *text)
{
        const char *at = text == NULL ? NULL : strchr(text, '@');

        return at != NULL && at > text && at[1] != '\0' && strlen(text) <= 254 &&
               strpbrk(text, " \t\r\n<>,;") == NULL;
}

/* Length of "https://host:port", 0 if it is no URL of http. */
static size_t origin_of(const char *url)
{
        const char *host = strstr(url, "://");

        return host == NULL ? 0 : (size_t)(host + 3 - url) + strcspn(host + 3, "/?#\\");
}

bool greenhouse_partner_url(const char *url, const char *base_url)
{
        static const char vendor[] = "greenhouse.io";
        struct fail why = FAIL_CLEAR;
        size_t len, base;

        if (text_empty(url) || strlen(url) > URL_MAX || fetch_check_url(url, &why) != 0)
                return false;
        len = origin_of(url);
        base = base_url == NULL ? 0 : origin_of(base_url);
        if (base > 0 && base == len && strncmp(url, base_url, len) == 0)
                return true;
        if (!text_starts_fold(url, "https://") || memchr(url + 8, '@', len - 8) != NULL ||
            memchr(url + 8, ':', len - 8) != NULL)
                return false;
        return len - 8 >= strlen(vendor) &&
               strncasecmp(url + len - strlen(vendor), vendor, strlen(vendor)) == 0 &&
               (len - 8 == strlen(vendor) || url[len - strlen(vendor) - 1] == '.');
}

int greenhouse_partner_send(const json_t *body, const char *base_url, struct greenhouse_send *out,
                            struct fail *why)
{
        const char *profile = text_or(of_candidate(body, "greenhouse_profile_url"), "");

        memset(out, 0, sizeof *out);
        out->test = json_get_id(body, "partner_test_id");
        out->first_name = name_of(body, "first_name");
        out->last_name = name_of(body, "last_name");
        out->email = mem_text(of_candidate(body, "email"));
        out->sent_by = mem_text(json_get_text(body, "sent_by", NULL));
        out->url = mem_text(json_get_text(body, "url", NULL));
        if (strlen(profile) <= URL_MAX && text_starts_fold(profile, "https://")) {
                out->profile = mem_text(profile);
                out->candidate = digits_behind(profile, "/people/");
                out->application = digits_behind(profile, "application_id=");
        }
        if (out->sent_by != NULL)
                text_cut(out->sent_by, 254);
        if (!json_is_object(body))
                return fail_set(why, FAIL_INPUT, "the body must be a JSON object");
        if (out->test == NULL || strlen(out->test) > 200)
                return fail_set(why, FAIL_INPUT, "partner_test_id: is missing");
        if (!usable_email(out->email))
                return fail_set(why, FAIL_INPUT, "candidate.email: is no e-mail address");
        if (text_empty(out->first_name) && text_empty(out->last_name))
                return fail_set(why, FAIL_INPUT, "candidate.first_name: is missing");
        if (!greenhouse_partner_url(out->url, base_url))
                return fail_set(why, FAIL_INPUT, "url: must be an https address of Greenhouse");
        return 0;
}

void greenhouse_send_dispose(struct greenhouse_send *s)
{
        mem_free(s->test);
        mem_free(s->first_name);
        mem_free(s->last_name);
        mem_free(s->email);
        mem_free(s->candidate);
        mem_free(s->application);
        mem_free(s->profile);
        mem_free(s->sent_by);
        mem_free_secret(s->url);
        memset(s, 0, sizeof *s);
}

/* --- the answers --------------------------------------------------------------------------- */

void greenhouse_partner_tests(const json_t *tests, struct buf *out)
{
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(tests); i++) {
                const json_t *test = json_array_get(tests, i);
                const char *id = json_get_text(test, "id", NULL);
                json_t *row = json_object();

                json_set_text(row, "partner_test_id", id);
                /* The label in their list: one without a name could not be chosen. */
                json_set_text(row, "partner_test_name",
                              text_or(json_get_text(test, "title", NULL), id));
                json_add(list, row);
        }
        json_print(list, out);
        json_decref(list);
}

/* A number, not a text (1.4); 530 and not 530.0. */
static json_t *number_of(double value)
{
        if (value > -1e15 && value < 1e15 && value == (double)(json_int_t)value)
                return json_integer((json_int_t)value);
        return json_real(value);
}

void greenhouse_partner_status(const struct partner_news *news, struct buf *out)
{
        const struct session *s = news->session;
        bool over = news->stage == PARTNER_OVER && news->report != NULL;
        json_t *answer = json_object();

        /* "complete" alone has a meaning there, and it needs the link; so has a result that was
         * not verified, whose score nobody may see. */
        json_set_text(answer, "partner_status",
                      over                          ? "complete"
                      : news->stage == PARTNER_OVER ? "finished"
                                                    : partner_word(news));
        if (news->report != NULL)
                json_set_text(answer, "partner_profile_url", news->report);
        if (over && s->state == SESSION_COMPLETE && session_score_released(s) && s->score.present &&
            s->score.label[0] == '\0')
                json_set(answer, "partner_score", number_of(s->score.value));
        if (s != NULL) {
                json_set(answer, "metadata", partner_facts(news));
        } else if (news->reason != NULL) {
                json_t *facts = json_object();

                json_set_text(facts, "Not sent", news->reason);
                json_set(answer, "metadata", facts);
        }
        json_print(answer, out);
        json_decref(answer);
}

/* --- the completion ------------------------------------------------------------------------ */

static int told(const struct fetch_answer *answer, struct outcome *o)
{
        int status = answer->status;

        if (answer->end == FETCH_REFUSED)
                return outcome_set(o, OUTCOME_REFUSED,
                                   "The address that Greenhouse gave for the result cannot be "
                                   "used.",
                                   "PATCH: %s", answer->cause);
        if (answer->end != FETCH_ANSWERED)
                return outcome_set(o, OUTCOME_AGAIN,
                                   "Greenhouse did not answer. It will be told again.", "PATCH: %s",
                                   answer->cause);
        if (status >= 200 && status < 300)
                return outcome_set(o, OUTCOME_DONE, "Greenhouse was told that the test is over.",
                                   NULL);
        /* "You can only update test statuses for active, unhired candidates" (1.5).  Like a key
         * that they do not know it stays so, and says nothing of the API beside it. */
        if (status == 404 || status == 410 || status == 422)
                return outcome_set(o, OUTCOME_REFUSED,
                                   "Greenhouse does not take this result: the candidate is not "
                                   "active any more, or was hired.",
                                   "PATCH: %d", status);
        if (status == 401 || status == 403)
                return outcome_set(o, OUTCOME_REFUSED,
                                   "Greenhouse does not accept the assessment API key of this "
                                   "connection. Give Greenhouse Support the key that stands here, "
                                   "or put here the one that Greenhouse has.",
                                   "PATCH: %d", status);
        if (status == 429 || status >= 500 || status == 408)
                return outcome_set(o, OUTCOME_AGAIN,
                                   "Greenhouse has a problem at the moment. It will be told "
                                   "again.",
                                   "PATCH: %d", status);
        return outcome_set(o, OUTCOME_REFUSED, "Greenhouse did not take the result.", "PATCH: %d",
                           status);
}

int greenhouse_tell_partner(struct link *link, const struct partner_news *news,
                            struct outcome *outcome)
{
        char *name = mem_format("%s_key", news->desk);
        const char *key = link_credential(link, name),
                   *url = json_get_text(news->kept, "url", NULL);
        struct fetch_request request = {
                .method = "PATCH", .url = url, .user = key, .password = "", .answer_max = 64 * 1024
        };
        struct fetch_answer answer = { .status = 0 };
        char *wait;
        int64_t seconds;
        int result;

        mem_free(name);
        *outcome = (struct outcome)OUTCOME_NONE;
        if (news->stage != PARTNER_OVER)
                return outcome_set(outcome, OUTCOME_DONE,
                                   "Greenhouse asks by itself until the test is over.", NULL);
        if (text_empty(key))
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "The assessment API key was taken out of this connection.",
                                   "no %s_key", news->desk);
        if (!greenhouse_partner_url(url, link_setting(link, "base_url", NULL)))
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "The address that Greenhouse gave for the result cannot be "
                                   "used.",
                                   "PATCH: not an address of Greenhouse");
        link_ask(link, &request, &answer, NULL);
        result = told(&answer, outcome);
        outcome->status = answer.status;
        outcome->elapsed_us = answer.elapsed_us;
        wait = fetch_header(&answer, "Retry-After");
        if (result != 0 && wait != NULL && text_int(wait, 1, 86400, &seconds) == 0)
                outcome->wait_ms = seconds * 1000 / (link->scale > 0 ? link->scale : 1);
        mem_free(wait);
        fetch_answer_dispose(&answer);
        return result;
}
