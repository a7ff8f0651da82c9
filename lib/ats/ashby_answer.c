/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an answer of Ashby means when it is no success (wire/ashby.md 1).
 *
 * What other APIs answer with 4xx comes as 200 with success:false; a wrong key is 403, and so
 * is a missing permission and Cloudflare's refusal of the program: only the body tells them
 * apart (section 6, trap 3).
 */
#include <string.h>

#include "ats/ashby_call.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define WORDS_MAX 400
#define SAID_MAX 160 /* of the vendor's own sentence, in ours */
#define WAIT_LONGEST_MS (10 * WHEN_MINUTE)

/* --- errors in words --------------------------------------------------------------- */

static void add_words(struct buf *out, const char *text)
{
        if (text_empty(text) || strstr(buf_text(out), text) != NULL)
                return; /* the shapes come mixed and say the same thing twice */
        if (out->len > 0)
                buf_add_text(out, "; ");
        buf_add_text(out, text);
}

/* errors[]: "code", or {"message", "parameter"}. */
static void add_error(struct buf *out, const json_t *error)
{
        const char *parameter = json_get_text(error, "parameter", NULL);

        add_words(out, json_is_string(error) ? json_string_value(error)
                                             : json_get_text(error, "message", NULL));
        if (!text_empty(parameter))
                buf_format(out, " (%s)", parameter);
}

/* The vendor's own words: errorInfo's message, then errors that are objects. */
static void said(const json_t *value, struct buf *out)
{
        const json_t *errors = json_at(value, "errors");

        add_words(out, json_get_text(value, "errorInfo.message", NULL));
        for (size_t i = 0; i < json_array_size(errors); i++)
                add_error(out, json_array_get(errors, i));
        add_words(out, json_get_text(value, "errorInfo.code", NULL));
        add_words(out, json_get_text(value, "message", NULL));
}

/* Control characters become blanks, and no secret stays: errors come with 200, too. */
static void clean(const struct link *link, struct buf *text)
{
        link_hide(link, text->data);
        for (size_t i = 0; i < text->len; i++)
                if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f)
                        text->data[i] = ' ';
        if (text->len > WORDS_MAX)
                text->len = text_cut(text->data, WORDS_MAX);
}

/* The error of an answer in words. */
static void words_of(const struct link *link, const struct fetch_answer *got, const json_t *value,
                     struct buf *out)
{
        const char *request = json_get_text(value, "errorInfo.requestId", NULL);
        struct buf words = BUF_NONE;
        char *header = fetch_header(got, "x-ashby-request-id");

        if (got->end != FETCH_ANSWERED)
                add_words(&words, got->cause);
        else if (json_is_object(value))
                said(value, &words);
        else
                buf_add(&words, buf_text(&got->body), got->body.len < 120 ? got->body.len : 120);
        clean(link, &words);
        if (got->status != 0)
                buf_format(out, "%d ", got->status);
        buf_add_buf(out, &words);
        /* Their support asks for it. */
        request = text_or(request, header);
        if (text_is_name(request, 64))
                buf_format(out, " (request %s)", request);
        mem_free(header);
        buf_dispose(&words);
}

/* Errors that are objects say a missing permission in a message alone, without its code. */
static bool lacks_permission(const json_t *value)
{
        const json_t *errors = json_at(value, "errors");

        for (size_t i = 0; i < json_array_size(errors); i++)
                if (strcasestr(json_get_text(json_array_get(errors, i), "message", ""),
                               "permission") != NULL)
                        return true;
        return false;
}

/* The code of a refusal in any of its shapes, "" when there is none: errorInfo.code, else the
 * first text in errors. */
static void code_of(const json_t *value, char code[ASHBY_CODE_MAX])
{
        const json_t *errors = json_at(value, "errors");
        const char *text = json_get_text(value, "errorInfo.code", NULL);

        for (size_t i = 0; text_empty(text) && i < json_array_size(errors); i++)
                text = json_text_of(json_array_get(errors, i), NULL);
        if (text_empty(text) && lacks_permission(value))
                text = "missing_endpoint_permission";
        if (text_empty(text) || !text_is_name(text, ASHBY_CODE_MAX - 1))
                text = "";
        memcpy(code, text, strlen(text) + 1);
}

/* --- what it means ----------------------------------------------------------------- */

struct failure {
        struct link *link;
        const struct ashby_method *method;
        const struct fetch_answer *got;
        const json_t *value;
        const char *code, *words;
        struct outcome *outcome;
};

static int say(const struct failure *f, enum outcome_kind kind, const char *sentence)
{
        return outcome_set(f->outcome, kind, sentence, "%s: %s", f->method->name, f->words);
}

static int not_answered(const struct failure *f)
{
        switch (f->got->end) {
        case FETCH_REFUSED:
                return say(f, OUTCOME_DENIED,
                           "The address of Ashby in the settings of this connection cannot be "
                           "used. Correct base_url.");
        case FETCH_UNREACHABLE:
                return say(f, OUTCOME_AGAIN, "Ashby could not be reached. It will be tried again.");
        default:
                return say(f, f->method->writes ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                           "Ashby did not answer completely. It will be looked at again.");
        }
}

static int missing_permission(const struct failure *f)
{
        char *sentence = mem_format("Ashby knows our key but does not allow this. Give the API key "
                                    "the permission %s (Admin > Integrations > API Keys).",
                                    f->method->needs);

        say(f, OUTCOME_DENIED, sentence);
        mem_free(sentence);
        return -1;
}

/* 403: a permission is missing, Cloudflare turned the program away, or the key is wrong. */
static int denied(const struct failure *f)
{
        const char *body = buf_text(&f->got->body);

        if (f->got->status == 401)
                return say(f, OUTCOME_DENIED,
                           "Ashby received no API key: none is stored for this connection, or "
                           "something on the way removes it.");
        if (text_equal(f->code, "missing_endpoint_permission"))
                return missing_permission(f);
        if (!json_is_object(f->value) &&
            (strstr(body, "error code: 1010") != NULL || strstr(body, "Cloudflare") != NULL))
                return say(f, OUTCOME_DENIED,
                           "The guard in front of Ashby (Cloudflare, error 1010) turned the "
                           "program away; the key was not looked at. Ask Ashby's support to let "
                           "this server through.");
        return say(f, OUTCOME_DENIED,
                   "Ashby does not know this API key: it is mistyped, deactivated or deleted. "
                   "Make a new one (Admin > Integrations > API Keys).");
}

static int slower(const struct failure *f)
{
        int64_t scale = f->link->scale < 1 ? 1 : f->link->scale, seconds = 0, wait;
        char *after = fetch_header(f->got, "Retry-After");

        /* Without a header it is the worker's own back-off that grows (section 1). */
        if (after == NULL || text_int(after, 0, WAIT_LONGEST_MS / WHEN_SECOND, &seconds) != 0)
                seconds = 1;
        wait = seconds * WHEN_SECOND / scale;
        if (wait > f->outcome->lane_wait_ms)
                f->outcome->lane_wait_ms = wait;
        if (after != NULL)
                f->outcome->wait_ms = wait;
        mem_free(after);
        return say(f, OUTCOME_AGAIN, "Ashby asks us to go slower. It will be tried again.");
}

static int refused(const struct failure *f)
{
        struct buf text = BUF_NONE;
        char *sentence;

        said(f->value, &text);
        clean(f->link, &text);
        if (text.len > SAID_MAX)
                text.len = text_cut(text.data, SAID_MAX);
        sentence = text.len > 0 ? mem_format("Ashby did not accept this: %s", buf_text(&text))
                                : mem_text("Ashby did not accept this.");
        say(f, OUTCOME_REFUSED, sentence);
        mem_free(sentence);
        buf_dispose(&text);
        return -1;
}

/* Gone, or not visible to this key: "not found" also means "not permitted" (section 6, 15). */
static bool is_absent(const char *code)
{
        static const char *const codes[] = {
                "application_not_found",        "candidate_not_found", "job_not_found",
                "interview_schedule_not_found", "webhook_not_found",   "interview_event_not_found",
                "assessment_not_found",         "interview_not_found", NULL
        };

        for (size_t i = 0; codes[i] != NULL; i++)
                if (strcmp(code, codes[i]) == 0)
                        return true;
        return false;
}

/* success:false, whatever the status: the vendor did not do it. */
static int not_success(const struct failure *f)
{
        if (text_equal(f->code, "missing_endpoint_permission"))
                return missing_permission(f);
        if (text_equal(f->code, "rate_limit_exceeded") ||
            text_equal(f->code, "concurrent_limit_exceeded"))
                return slower(f);
        if (is_absent(f->code))
                return say(f, OUTCOME_ABSENT,
                           "Ashby does not find this record: it was deleted or merged, or the API "
                           "key may not see it (confidential jobs have a switch of their own).");
        return refused(f);
}

int ashby_failed(struct link *link, const struct ashby_method *method,
                 const struct fetch_answer *got, const json_t *value, char code[ASHBY_CODE_MAX],
                 struct outcome *outcome)
{
        struct buf words = BUF_NONE;
        struct failure f = { .link = link,
                             .method = method,
                             .got = got,
                             .value = value,
                             .code = code,
                             .outcome = outcome };
        int status = got->status;

        code_of(value, code);
        words_of(link, got, value, &words);
        f.words = buf_text(&words);
        if (got->end != FETCH_ANSWERED)
                not_answered(&f);
        else if (status == 401 || status == 403)
                denied(&f);
        else if (status == 429)
                slower(&f);
        else if (json_is_false(json_at(value, "success")))
                not_success(&f);
        else if (status == 404 || (status >= 300 && status < 400))
                say(&f, OUTCOME_DENIED,
                    "Ashby is not at the address in the settings of this connection. Correct "
                    "base_url.");
        else if (status >= 400 && status < 500 && status != 408)
                refused(&f);
        else /* 5xx, often Cloudflare's own page, or a 200 that says neither yes nor no */
                say(&f, method->writes ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                    "Ashby has a problem at the moment. It will be looked at again.");
        buf_dispose(&words);
        return -1;
}
