/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saying, asking and waiting, for a play. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "play.h"

#define PATIENCE_MS (30 * WHEN_SECOND) /* for each thing that is waited for */
#define LOOK_EVERY_MS 2
#define ANSWER_MAX (1 << 20)

/* --- saying ------------------------------------------------------------------------------ */

void play_say(const struct play *p, const char *where, const char *format, ...)
{
        int64_t ms = when_steady_ms() - p->began_ms;
        va_list list;

        printf("  %3" PRId64 ".%03" PRId64 " s  %-10s  ", ms / 1000, ms % 1000, where);
        va_start(list, format);
        vprintf(format, list);
        va_end(list);
        putchar('\n');
        fflush(stdout);
}

void play_quote(const char *text)
{
        char *copy = mem_text(text), *rest = copy, *line;

        while ((line = text_next(&rest, '\n')) != NULL)
                printf("                         | %s\n", line);
        mem_free(copy);
        fflush(stdout);
}

/* --- asking ------------------------------------------------------------------------------ */

int play_ask(const struct play *p, const struct asked *a, int wanted, struct fetch_answer *answer,
             struct fail *why)
{
        char *url = mem_format("%s%s", a->path[0] == '/' ? p->base : "", a->path);
        char *accept = mem_format("Accept: %s", text_or(a->accept, "application/json"));
        char *bearer = mem_format("Authorization: Bearer %s", text_or(a->key, ""));
        const char *headers[4] = { accept };
        struct fetch_request request = {
                .method = a->method, .url = url, .headers = headers, .answer_max = ANSWER_MAX
        };
        struct buf body = BUF_NONE;
        size_t count = 1;
        int result;

        if (a->body != NULL) {
                json_write(a->body, &body);
                headers[count++] = "Content-Type: application/json";
        } else if (a->form != NULL) {
                buf_add_text(&body, a->form);
                headers[count++] = "Content-Type: application/x-www-form-urlencoded";
        }
        if (a->body != NULL || a->form != NULL) {
                request.body = buf_text(&body);
                request.body_len = body.len;
        }
        if (a->key != NULL)
                headers[count] = bearer;
        result = fetch(&request, answer, why);
        if (result == 0 &&
            (wanted == 0 ? answer->status < 200 || answer->status > 299 : answer->status != wanted))
                result = fail_set(why, FAIL_OUTSIDE, "%s %s was answered %d: %.160s", a->method,
                                  url, answer->status, buf_text(&answer->body));
        buf_dispose(&body);
        mem_free_secret(bearer);
        mem_free(accept);
        mem_free(url);
        return result;
}

json_t *play_control(const struct play *p, const char *vendor, const char *what, json_t *body,
                     struct fail *why)
{
        char *path = mem_format("/sandbox/%s/control/%s", vendor, what);
        struct asked a = { .method = body == NULL ? "GET" : "POST", .path = path, .body = body };
        struct fetch_answer answer;
        json_t *value = NULL;

        if (play_ask(p, &a, 0, &answer, why) == 0)
                value = json_parse(answer.body.data, answer.body.len, false, why);
        fetch_answer_dispose(&answer);
        json_decref(body);
        mem_free(path);
        return value;
}

char *play_page(const struct play *p, const char *url, struct fail *why)
{
        struct asked a = { .method = "GET", .path = url, .accept = "text/html" };
        struct fetch_answer answer;
        char *text = NULL;

        if (play_ask(p, &a, 200, &answer, why) == 0)
                text = mem_text(buf_text(&answer.body));
        fetch_answer_dispose(&answer);
        return text;
}

/* --- waiting ------------------------------------------------------------------------------ */

int play_await(struct play *p, const char *vendor, const char *what,
               const json_t *(*find)(const struct play *p, const json_t *state),
               const char *sentence, struct fail *why)
{
        const struct timespec pause = { 0, LOOK_EVERY_MS * 1000000L };
        int64_t until = when_steady_ms() + PATIENCE_MS;

        for (;;) {
                json_t *state = play_control(p, vendor, what, NULL, why);
                const json_t *row = state == NULL ? NULL : find(p, state);

                json_decref(p->row);
                p->row = row == NULL ? NULL : json_deep_copy(row);
                json_decref(state);
                if (p->row != NULL)
                        return 0;
                if (state == NULL)
                        return -1;
                if (when_steady_ms() > until)
                        return fail_set(why, FAIL_OUTSIDE, "%s (waited %d s)", sentence,
                                        (int)(PATIENCE_MS / WHEN_SECOND));
                nanosleep(&pause, NULL);
        }
}

const json_t *play_connection(const struct play *p, const char *id)
{
        const json_t *rows = json_at(p->applied, "connections");

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "id", NULL), id))
                        return json_array_get(rows, i);
        return NULL;
}
