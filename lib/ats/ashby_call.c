/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ashby's API as a transport: calls and pages. */
#include "ats/ashby_call.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"

#define BASE_URL "https://api.ashbyhq.com"
#define ANSWER_MAX (8 * 1024 * 1024)
#define PAGES_MAX 100 /* 10,000 rows: no list of one candidate or plan, and tags enough */
#define ID_MAX 64
#define CURSOR_MAX 16384 /* opaque, of any length (section 1); this is for sanity */

json_t *ashby_body(const char *name, const char *text)
{
        json_t *body = json_object();

        json_set_text(body, name, text);
        return body;
}

bool ashby_is_id(const char *text)
{
        return !text_empty(text) && strlen(text) <= ID_MAX;
}

int ashby_nobody(struct outcome *outcome, const char *what)
{
        return outcome_set(outcome, OUTCOME_REFUSED,
                           "It is not known which candidate this is about.", "%s: no id", what);
}

void ashby_answer_dispose(struct ashby_answer *answer)
{
        json_decref(answer->value);
        memset(answer, 0, sizeof *answer);
}

static char *url_of(const struct link *link, const char *method)
{
        char *base = mem_text(link_setting(link, "base_url", BASE_URL)), *url;
        size_t len = strlen(base);

        while (len > 0 && base[len - 1] == '/')
                base[--len] = '\0';
        url = mem_format("%s/%s", base, method);
        mem_free(base);
        return url;
}

/* The header lines but the last two are the same for all (section 1).  A user to act for is
 * named on writes only: reading needs nobody, and the switch for it is a right of its own. */
static int send(struct link *link, const struct ashby_method *method, const char *text,
                struct fetch_answer *got)
{
        const char *user = link_setting(link, "act_as_user", NULL);
        char *url = url_of(link, method->name),
             *behalf =
                 method->writes && user != NULL ? mem_format("X-On-Behalf-Of: %s", user) : NULL;
        const char *headers[] = { "Content-Type: application/json",
                                  "Accept: application/json; version=1", behalf, NULL };
        struct fetch_request request = {
                .method = "POST",
                .url = url,
                .headers = headers,
                .user = text_or(link_credential(link, "api_key"), ""),
                .password = "",
                .body = text,
                .body_len = strlen(text),
                .answer_max = ANSWER_MAX,
        };
        int result = link_ask(link, &request, got, NULL);

        mem_free(behalf);
        mem_free(url);
        return result;
}

int ashby_call(struct link *link, const struct ashby_method *method, json_t *body,
               struct ashby_answer *answer, struct outcome *outcome)
{
        struct fetch_answer got = { .status = 0 };
        json_t *value = NULL;
        char *text;
        int result;

        memset(answer, 0, sizeof *answer);
        if (body == NULL)
                body = json_object();
        text = json_text(body);
        result = send(link, method, text, &got);
        outcome->elapsed_us += got.elapsed_us;
        outcome->status = got.status;
        if (result == 0 && got.body.len > 0)
                value = json_read(got.body.data, got.body.len, NULL);
        if (result == 0 && got.status == 200 && json_is_true(json_at(value, "success"))) {
                answer->value = json_incref(value);
                answer->results = json_at(value, "results");
                outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        } else {
                result = ashby_failed(link, method, &got, value, answer->code, outcome);
        }
        json_decref(value);
        fetch_answer_dispose(&got);
        mem_free(text);
        json_decref(body);
        return result;
}

/* Where the next page begins: 1 and *next, 0 this was the last, -1 it cannot be told. */
static int next_page(const struct ashby_answer *answer, const char *cursor, const char **next)
{
        *next = json_get_text(answer->value, "nextCursor", NULL);
        if (!json_get_bool(answer->value, "moreDataAvailable", false))
                return 0;
        if (text_empty(*next) || strlen(*next) > CURSOR_MAX || text_equal(*next, cursor))
                return -1;
        return 1;
}

static int one_page(struct link *link, const struct ashby_method *method, const json_t *body,
                    char **cursor, int (*visit)(void *context, const json_t *row), void *context,
                    struct outcome *outcome)
{
        json_t *copy = json_deep_copy(body);
        struct ashby_answer answer;
        const char *next = NULL;
        int more = -1;

        if (*cursor != NULL)
                json_set_text(copy, "cursor", *cursor);
        if (ashby_call(link, method, copy, &answer, outcome) != 0)
                goto out;
        if (!json_is_array(answer.results)) {
                outcome_set(outcome, OUTCOME_AGAIN,
                            "Ashby gave an answer that cannot be read. It will be tried again.",
                            "%s: results are no list", method->name);
                goto out;
        }
        more = 0;
        for (size_t i = 0; i < json_array_size(answer.results) && more == 0; i++)
                more = visit(context, json_array_get(answer.results, i)) != 0 ? 2 : 0;
        if (more == 0)
                more = next_page(&answer, *cursor, &next);
        if (more < 0)
                outcome_set(outcome, OUTCOME_AGAIN,
                            "Ashby gave an answer that cannot be followed. It will be tried "
                            "again.",
                            "%s: more data without another page", method->name);
        if (more == 1) {
                mem_free(*cursor);
                *cursor = mem_text(next);
        }
out:
        ashby_answer_dispose(&answer);
        return more;
}

int ashby_each(struct link *link, const struct ashby_method *method, json_t *body,
               int (*visit)(void *context, const json_t *row), void *context,
               struct outcome *outcome)
{
        char *cursor = NULL;
        int more = 1;

        if (body == NULL)
                body = json_object();
        for (int pages = 0; more == 1; pages++) {
                if (pages == PAGES_MAX)
                        more = outcome_set(outcome, OUTCOME_REFUSED,
                                           "A list in Ashby is too long to be read.",
                                           "%s: %d pages, and it goes on", method->name, pages);
                else
                        more = one_page(link, method, body, &cursor, visit, context, outcome);
        }
        mem_free(cursor);
        json_decref(body);
        return more < 0 ? -1 : 0;
}
