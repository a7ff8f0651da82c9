/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lever's API as a transport: calls and pages. */
#include "ats/lever_call.h"

#include <string.h>

#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define BASE_URL "https://api.lever.co/v1"
#define ANSWER_MAX (8 * 1024 * 1024)
#define PAGES_MAX 200 /* of 100 rows: no list of one opportunity, nor of stages or users */
#define UPLOAD_TIMEOUT_MS (60 * WHEN_SECOND)
#define NESTED_MAX 4

static char *url_of(const struct link *link, const char *path)
{
        const char *base = link_setting(link, "base_url", BASE_URL);
        size_t len = strlen(base);

        while (len > 0 && base[len - 1] == '/')
                len--;
        return mem_format("%.*s/%s", (int)len, base, path);
}

static int send_it(const struct lever_ask *ask, struct fetch_answer *answer,
                   struct outcome *outcome)
{
        char *url = url_of(ask->link, ask->path), *text = NULL, *type = NULL;
        const char *headers[3] = { "Accept: application/json", NULL, NULL };
        struct fetch_request request = {
                .method = ask->method,
                .url = url,
                .headers = headers,
                .user = link_credential(ask->link, "api_key"),
                .password = "", /* the key is the user, the password is empty (1, "Auth") */
                .answer_max = ANSWER_MAX,
        };
        int result;

        if (ask->body != NULL) {
                headers[1] = "Content-Type: application/json";
                text = json_text(ask->body);
                request.body = text;
                request.body_len = strlen(text);
        } else if (ask->form != NULL) {
                type = mem_format("Content-Type: %s", ask->form_type);
                headers[1] = type;
                request.body = ask->form->data;
                request.body_len = ask->form->len;
                request.timeout_ms = UPLOAD_TIMEOUT_MS;
        }
        *answer = (struct fetch_answer){ .status = 0 };
        result = link_ask(ask->link, &request, answer, NULL);
        outcome->elapsed_us += answer->elapsed_us;
        outcome->status = answer->status;
        mem_free(type);
        mem_free(text);
        mem_free(url);
        return result;
}

/* DONE with *whole, the parsed body (NULL when it is empty). */
static int call(const struct lever_ask *ask, json_t **whole, struct outcome *outcome)
{
        struct fetch_answer answer;
        int result = 0;

        *whole = NULL;
        if (text_empty(link_credential(ask->link, "api_key")))
                return outcome_set(outcome, OUTCOME_DENIED, "This connection has no API key.",
                                   "no api_key");
        if (send_it(ask, &answer, outcome) != 0 || answer.status < 200 || answer.status > 299) {
                result = lever_failed(ask, &answer, outcome);
        } else if (answer.status != 204) {
                *whole = json_read(answer.body.data, answer.body.len, NULL);
                /* A proxy's own page is no answer of Lever's.  DELETE has an empty body (204). */
                if (!json_is_object(*whole) && !json_is_array(*whole)) {
                        result = outcome_set(
                            outcome,
                            text_equal(ask->method, "GET") ? OUTCOME_AGAIN : OUTCOME_UNCERTAIN,
                            "Lever gave an answer that cannot be read. It will be looked at "
                            "again.",
                            "%s %s: %d, and the body is no JSON", ask->method, ask->permission,
                            answer.status);
                        json_decref(*whole);
                        *whole = NULL;
                }
        }
        fetch_answer_dispose(&answer);
        return result == 0 ? outcome_set(outcome, OUTCOME_DONE, NULL, NULL) : -1;
}

/* {"data": {...}} live, {"data": {"data": [{...}]}} in the documentation (3, "Interview"). */
static const json_t *inside(const json_t *value)
{
        for (int i = 0; i < NESTED_MAX && json_is_object(value) && json_at(value, "data") != NULL;
             i++)
                value = json_at(value, "data");
        return json_is_array(value) ? json_array_get(value, 0) : value;
}

int lever_call(const struct lever_ask *ask, json_t **data, struct outcome *outcome)
{
        json_t *whole;
        int result = call(ask, &whole, outcome);

        if (data != NULL)
                *data = result == 0 ? json_incref((json_t *)(uintptr_t)inside(whole)) : NULL;
        json_decref(whole);
        return result;
}

/* The rows of a page: under "data", or the page itself (the sample of files). */
static const json_t *rows_of(const json_t *whole)
{
        const json_t *rows = whole;

        for (int i = 0; i < NESTED_MAX && json_is_object(rows); i++)
                rows = json_at(rows, "data");
        return rows;
}

/* The token is copied as it stands, percent signs and all, and encoded once like any value
 * (1, "Pagination"): servers decode once. */
static char *next_path(const char *path, const json_t *whole)
{
        const char *next = json_get_text(whole, "next", NULL);
        struct buf out = BUF_NONE;

        if (!json_get_bool(whole, "hasNext", false) || text_empty(next))
                return NULL;
        buf_format(&out, "%s%climit=100&offset=", path, strchr(path, '?') == NULL ? '?' : '&');
        code_url(&out, next);
        return buf_take(&out);
}

int lever_each(struct link *link, const char *path, const char *permission,
               int (*visit)(void *context, const json_t *row), void *context,
               struct outcome *outcome)
{
        char *at = mem_format("%s%climit=100", path, strchr(path, '?') == NULL ? '?' : '&');
        int result = 0;

        for (int page = 0; result == 0 && at != NULL; page++) {
                struct lever_ask ask = {
                        .link = link, .method = "GET", .path = at, .permission = permission
                };
                json_t *whole = NULL;
                char *next = NULL;
                const json_t *rows;
                bool stop = false;

                if (page == PAGES_MAX) {
                        result = outcome_set(outcome, OUTCOME_REFUSED,
                                             "A list in Lever is too long to be read.",
                                             "%s: %d pages, and it goes on", permission, PAGES_MAX);
                        break;
                }
                result = call(&ask, &whole, outcome);
                rows = rows_of(whole);
                if (result == 0 && !json_is_array(rows))
                        result = outcome_set(outcome, OUTCOME_AGAIN,
                                             "Lever gave an answer that cannot be read. It will be "
                                             "tried again.",
                                             "%s: no list in the answer", permission);
                for (size_t i = 0; result == 0 && i < json_array_size(rows) && !stop; i++)
                        if (json_is_object(json_array_get(rows, i)))
                                stop = visit(context, json_array_get(rows, i)) != 0;
                if (result == 0 && !stop)
                        next = next_path(path, whole);
                if (next != NULL && text_equal(next, at)) {
                        mem_free(next);
                        next = NULL;
                        result = outcome_set(outcome, OUTCOME_AGAIN,
                                             "Lever gave an answer that cannot be followed. It "
                                             "will be tried again.",
                                             "%s: the next page is the same one", permission);
                }
                json_decref(whole);
                mem_free(at);
                at = next;
        }
        mem_free(at);
        return result == 0 ? 0 : -1;
}

const char *lever_user(const struct link *link)
{
        const char *user = link_setting(link, "act_as_user", NULL);

        return text_empty(user) ? NULL : user;
}

char *lever_path(struct link *link, const char *opportunity, const char *rest, bool acting)
{
        struct buf out = BUF_NONE;

        buf_add_text(&out, "opportunities/");
        code_url(&out, text_or(opportunity, "-"));
        if (rest != NULL)
                buf_format(&out, "/%s", rest);
        if (acting && lever_user(link) != NULL) {
                buf_add_text(&out, "?perform_as=");
                code_url(&out, lever_user(link));
        }
        return buf_take(&out);
}
