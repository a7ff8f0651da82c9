/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Harvest v3 as a transport: calls, pages, rates, and what an answer means. */
#include "ats/greenhouse_v3.h"

#include <stdlib.h>
#include <string.h>

#include "ats/greenhouse_v1.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define BASE_URL "https://harvest.greenhouse.io/v3"
#define ANSWER_MAX (8 * 1024 * 1024)          /* 500 rows with long custom fields */
#define ROWS_BYTES_MAX ANSWER_MAX             /* pages kept together: not 200 times as much */
#define PAGES_MAX 200                         /* 100,000 rows: no list of one candidate or job */
#define PROCESSING_WAIT_MS (30 * WHEN_SECOND) /* "check every 30 seconds" (section 8) */

/* A connection whose base_url was left as it stands by default means its own version's. */
static char *base_of(const struct link *link)
{
        const char *set = link_setting(link, "base_url", BASE_URL);
        char *base = mem_text(
            greenhouse_is_v1(link) && text_equal(set, BASE_URL) ? GREENHOUSE_V1_BASE : set);
        size_t len = strlen(base);

        while (len > 0 && base[len - 1] == '/')
                base[--len] = '\0';
        return base;
}

/* Length of "https://host:port" in a URL, 0 if it is none. */
static size_t origin_len(const char *url)
{
        const char *host = strstr(url, "://");

        return host == NULL ? 0 : (size_t)(host + 3 - url) + strcspn(host + 3, "/?#\\");
}

/* "<base>/<path>"; "<base without its version>/v2/..." for a path that begins with a slash. */
static char *address_of(const struct link *link, const char *path)
{
        char *base = base_of(link), *version = strrchr(base, '/'), *url;

        if (*path == '/' && version != NULL)
                *version = '\0';
        url = mem_format("%s%s%s", base, *path == '/' ? "" : "/", path);
        mem_free(base);
        return url;
}

/* --- one call ---------------------------------------------------------------------- */

static int send_once(const struct greenhouse_ask *ask, const char *token,
                     struct fetch_answer *answer, struct outcome *outcome)
{
        char *authorization = mem_format("Authorization: Bearer %s", token);
        const char *headers[] = { authorization, "Accept: application/json",
                                  ask->body == NULL ? NULL : "Content-Type: application/json",
                                  NULL };
        struct fetch_request request = {
                .method = ask->method,
                .url = ask->url,
                .headers = headers,
                .body = ask->body,
                .body_len = ask->body == NULL ? 0 : strlen(ask->body),
                .answer_max = ANSWER_MAX,
        };
        int result = link_ask(ask->link, &request, answer, NULL);

        mem_free_secret(authorization);
        outcome->elapsed_us += answer->elapsed_us;
        outcome->status = answer->status;
        if (result == 0)
                greenhouse_v3_rate(ask->link, answer, outcome);
        return result;
}

/* v1: the key as user name; On-Behalf-Of, who is named as the one who wrote (2.1). */
static int send_v1(const struct greenhouse_ask *ask, struct fetch_answer *answer,
                   struct outcome *outcome)
{
        char *user = json_get_id(ask->link->settings, "act_as_user"),
             *behalf = mem_format("On-Behalf-Of: %s", text_or(user, ""));
        const char *headers[] = { "Accept: application/json",
                                  ask->body == NULL ? NULL : "Content-Type: application/json",
                                  ask->body == NULL ? NULL : behalf, NULL };
        struct fetch_request request = {
                .method = ask->method,
                .url = ask->url,
                .headers = headers,
                .user = text_or(link_credential(ask->link, "api_key"), ""),
                .password = "",
                .body = ask->body,
                .body_len = ask->body == NULL ? 0 : strlen(ask->body),
                .answer_max = ANSWER_MAX,
        };
        int64_t number;
        int result;

        *answer = (struct fetch_answer){ .status = 0 };
        if (text_empty(request.user) || text_int(text_or(user, ""), 1, INT64_MAX, &number) != 0) {
                result = outcome_set(outcome, OUTCOME_DENIED,
                                     "This Greenhouse connection has no Harvest API key yet, or no "
                                     "user to act for.",
                                     "v1: api_key or act_as_user is missing");
        } else {
                result = link_ask(ask->link, &request, answer, NULL);
                outcome->elapsed_us += answer->elapsed_us;
                outcome->status = answer->status;
                if (result == 0)
                        greenhouse_v3_rate(ask->link, answer, outcome);
                if (result != 0 || answer->status < 200 || answer->status > 299) {
                        result = greenhouse_v3_failed(ask, answer, request.user, outcome);
                        fetch_answer_dispose(answer);
                }
        }
        mem_free(behalf);
        mem_free(user);
        return result;
}

/* Token, call, and once more with a new token after a 401.  DONE with *answer for the
 * caller to dispose; otherwise it is disposed already. */
static int call(const struct greenhouse_ask *ask, struct fetch_answer *answer,
                struct outcome *outcome)
{
        char *token = NULL, *fresh = NULL;
        int result;

        if (greenhouse_is_v1(ask->link))
                return send_v1(ask, answer, outcome);
        *answer = (struct fetch_answer){ .status = 0 };
        if (greenhouse_v3_token(ask->link, NULL, &token, outcome) != 0)
                return -1;
        result = send_once(ask, token, answer, outcome);
        if (result == 0 && answer->status == 401) {
                fetch_answer_dispose(answer);
                *answer = (struct fetch_answer){ .status = 0 };
                if (greenhouse_v3_token(ask->link, token, &fresh, outcome) != 0) {
                        mem_free_secret(token);
                        return -1;
                }
                mem_free_secret(token);
                token = fresh;
                result = send_once(ask, token, answer, outcome);
        }
        if (result != 0 || answer->status < 200 || answer->status > 299) {
                result = greenhouse_v3_failed(ask, answer, token, outcome);
                fetch_answer_dispose(answer);
        }
        mem_free_secret(token);
        return result;
}

/* --- lists ------------------------------------------------------------------------- */

/* Where the next page is asked for: as it was given (the cursor must be alone and keep its %3D)
 * on the origin the list came from, because the token travels with it.  Behind a gateway or a
 * test system a page may name the vendor's own host: then only its query is taken.  NULL: it
 * leads nowhere. */
static char *page_at(const char *next, const char *url)
{
        size_t origin = origin_len(url);
        const char *query = strchr(next, '?');

        if (origin_len(next) == origin && strncmp(next, url, origin) == 0)
                return text_equal(next, url) ? NULL : mem_text(next);
        return query == NULL || query[1] == '\0'
                   ? NULL
                   : mem_format("%.*s%s", (int)strcspn(url, "?"), url, query);
}

/* The address behind rel="next", or NULL.  On the last page the header is there and empty. */
static char *next_page(const struct fetch_answer *answer, const char *url, bool *strange)
{
        char *header = fetch_header(answer, "Link");
        char *next = NULL;

        for (const char *at = header; at != NULL && (at = strchr(at, '<')) != NULL;) {
                const char *end = strchr(at, '>');
                size_t len = end == NULL ? 0 : strcspn(end, "<");

                if (end == NULL)
                        break;
                if (memmem(end, len, "rel=\"next\"", 10) != NULL ||
                    memmem(end, len, "rel=next", 8) != NULL) {
                        next = mem_text_part(at + 1, (size_t)(end - at - 1));
                        break;
                }
                at = end;
        }
        mem_free(header);
        if (next != NULL) {
                char *page = page_at(next, url);

                *strange = page == NULL || text_equal(page, url);
                mem_free(next);
                next = page;
        }
        return next;
}

/* A whole page as an array.  A candidate that was just created may be {"message": ...}
 * instead of a row or of the list (3.4). */
static int page_of(const struct greenhouse_ask *ask, const struct fetch_answer *answer,
                   json_t **page, struct outcome *outcome)
{
        json_t *value = json_read(answer->body.data, answer->body.len, NULL);
        bool processing = json_is_object(value) && json_at(value, "message") != NULL;

        *page = value;
        for (size_t i = 0; i < json_array_size(value); i++) {
                const json_t *row = json_array_get(value, i);

                if (json_at(row, "message") != NULL && json_at(row, "id") == NULL)
                        processing = true;
        }
        if (json_is_array(value) && !processing)
                return 0;
        json_decref(value);
        *page = NULL;
        if (!processing)
                return outcome_set(outcome, OUTCOME_AGAIN,
                                   "Greenhouse gave an answer that cannot be read. It will be "
                                   "tried again.",
                                   "%s: %d, and the body is no JSON list", ask->what,
                                   answer->status);
        outcome->wait_ms = PROCESSING_WAIT_MS / (ask->link->scale < 1 ? 1 : ask->link->scale);
        return outcome_set(outcome, OUTCOME_AGAIN,
                           "Greenhouse is still processing this record. It will be tried again.",
                           "%s: %d, a message in place of the row", ask->what, answer->status);
}

static int one_page(struct greenhouse_ask *ask, int (*visit)(void *context, const json_t *row),
                    void *context, char **next, size_t *read, struct outcome *outcome)
{
        struct fetch_answer answer;
        bool stop = false, strange = false;
        json_t *page = NULL;
        int result;

        *next = NULL;
        if (call(ask, &answer, outcome) != 0)
                return -1;
        *read += answer.body.len;
        result = page_of(ask, &answer, &page, outcome);
        for (size_t i = 0; i < json_array_size(page) && !stop; i++)
                if (json_is_object(json_array_get(page, i)))
                        stop = visit(context, json_array_get(page, i)) != 0;
        if (result == 0 && !stop)
                *next = next_page(&answer, ask->url, &strange);
        if (strange)
                result = outcome_set(outcome, OUTCOME_AGAIN,
                                     "Greenhouse gave an answer that cannot be followed. It will "
                                     "be tried again.",
                                     "%s: the next page is the same one, or elsewhere", ask->what);
        json_decref(page);
        fetch_answer_dispose(&answer);
        return result;
}

/* most: bytes of all pages together, when all is kept; 0 when each row is let go. */
static int each(struct link *link, const char *resource, const char *query, const char *scope,
                size_t most, int (*visit)(void *context, const json_t *row), void *context,
                struct outcome *outcome)
{
        char *base = base_of(link), *what = mem_format("GET %s", resource);
        char *url = mem_format("%s/%s%s%s", base, resource, *query == '\0' ? "" : "?", query),
             *next = NULL;
        struct greenhouse_ask ask = { .link = link, .method = "GET", .what = what, .scope = scope };
        size_t read = 0;
        int result = 0;

        for (int pages = 0; url != NULL; pages++) {
                ask.url = url;
                if (pages == PAGES_MAX || (most > 0 && read > most))
                        result = outcome_set(outcome, OUTCOME_REFUSED,
                                             "A list in Greenhouse is too long to be read.",
                                             "%s: %d pages, %zu bytes, and it goes on", what, pages,
                                             read);
                else
                        result = one_page(&ask, visit, context, &next, &read, outcome);
                if (result != 0)
                        break;
                mem_free(url);
                url = next;
        }
        mem_free(url);
        mem_free(what);
        mem_free(base);
        return result == 0 ? outcome_set(outcome, OUTCOME_DONE, NULL, NULL) : -1;
}

int greenhouse_v3_each(struct link *link, const char *resource, const char *query,
                       const char *scope, int (*visit)(void *context, const json_t *row),
                       void *context, struct outcome *outcome)
{
        return each(link, resource, query, scope, 0, visit, context, outcome);
}

static int collect(void *context, const json_t *row)
{
        json_array_append(context, (json_t *)(uintptr_t)row);
        return 0;
}

int greenhouse_v3_rows(struct link *link, const char *resource, const char *query,
                       const char *scope, json_t **rows, struct outcome *outcome)
{
        *rows = json_array();
        if (each(link, resource, query, scope, ROWS_BYTES_MAX, collect, *rows, outcome) == 0)
                return 0;
        json_decref(*rows);
        *rows = NULL;
        return -1;
}

/* --- one value --------------------------------------------------------------------- */

int greenhouse_v3_object(struct link *link, const char *path, const char *scope, json_t **value,
                         struct outcome *outcome)
{
        char *url = address_of(link, path);
        struct greenhouse_ask ask = { .link = link,
                                      .method = "GET",
                                      .url = url,
                                      .what = "GET",
                                      .scope = scope,
                                      .one = strchr(path, '?') == NULL };
        struct fetch_answer answer;
        int result = 1;

        *value = NULL;
        if (call(&ask, &answer, outcome) != 0) {
                result = outcome->status == 404 ? 0 : -1;
                if (result == 0)
                        outcome->kind = OUTCOME_DONE;
        } else {
                *value = json_read(answer.body.data, answer.body.len, NULL);
                if (!json_is_object(*value) && !json_is_array(*value)) {
                        json_decref(*value);
                        *value = NULL;
                        result = outcome_set(outcome, OUTCOME_AGAIN,
                                             "Greenhouse gave an answer that cannot be read. It "
                                             "will be tried again.",
                                             "GET: %d, and the body is no JSON", answer.status);
                }
                fetch_answer_dispose(&answer);
        }
        mem_free(url);
        return result;
}

/* --- writes ------------------------------------------------------------------------ */

int greenhouse_v3_write(struct link *link, const char *method, const char *path, const json_t *body,
                        int expected, const char *scope, json_t **answer, struct outcome *outcome)
{
        char *url = address_of(link, path);
        char *what = mem_format("%s %s", method, path), *text = json_text(body);
        struct greenhouse_ask ask = { link, method, url, what, scope, text, false };
        struct fetch_answer got;
        int result;

        if (answer != NULL)
                *answer = NULL;
        result = call(&ask, &got, outcome);
        if (result == 0) {
                json_t *value =
                    got.body.len == 0 ? NULL : json_read(got.body.data, got.body.len, NULL);

                /* A proxy's own "200 OK" page is no note in Greenhouse. */
                if (got.status != expected && !(got.status == 200 && json_is_object(value)))
                        result = outcome_set(outcome, OUTCOME_UNCERTAIN,
                                             "Greenhouse did not answer as it should. It will be "
                                             "looked at again.",
                                             "%s: %d instead of %d", what, got.status, expected);
                else
                        result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
                if (result == 0 && answer != NULL)
                        *answer = json_incref(value);
                json_decref(value);
                fetch_answer_dispose(&got);
        }
        mem_free(text);
        mem_free(what);
        mem_free(url);
        return result;
}
