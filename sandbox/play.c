/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays one candidate through a running house, from the stage to the live interview, and says
 * what happened where.
 *
 *     play BASE APPLIED        BASE: http://127.0.0.1:8080, where the web server answers
 *                              APPLIED: the file with the answer of "fairlead --json apply"
 *     FAIRLEAD_KEY             a key with the scope interviews:write
 *
 * It does what people and vendors would do, over HTTP alone: nothing here looks into the home.
 * Ends with 0, or with 1 and a sentence saying what did not happen.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "door/fetch.h"
#include "door/json.h"
#include "floor/buf.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define PATIENCE_MS (30 * WHEN_SECOND) /* for each thing that is waited for */
#define LOOK_EVERY_MS 2
#define ANSWER_MAX (1 << 20)

struct play {
        const char *base, *key;
        json_t *applied;
        int64_t began_ms;

        char *candidate, *application, *session, *report, *lobby;
        json_t *row; /* what the last wait found */
};

/* --- saying ------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static void say(const struct play *p, const char *where,
                                                      const char *format, ...)
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

/* A text of several lines, set in below the line before. */
static void quote(const char *text)
{
        char *copy = mem_text(text), *rest = copy, *line;

        while ((line = text_next(&rest, '\n')) != NULL)
                printf("                         | %s\n", line);
        mem_free(copy);
        fflush(stdout);
}

/* --- asking ------------------------------------------------------------------------------ */

struct asked {
        const char *method, *path; /* below the base, or absolute */
        const json_t *body;        /* JSON, or NULL */
        const char *form;          /* an urlencoded body ("" too), or NULL */
        const char *accept;
        const char *key;
};

static int ask(const struct play *p, const struct asked *a, int wanted, struct fetch_answer *answer,
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
        if (result == 0 && answer->status != wanted)
                result = fail_set(why, FAIL_OUTSIDE, "%s %s was answered %d instead of %d: %.160s",
                                  a->method, url, answer->status, wanted, buf_text(&answer->body));
        buf_dispose(&body);
        mem_free_secret(bearer);
        mem_free(accept);
        mem_free(url);
        return result;
}

/* Asks a stand-in's control face; NULL with *why, or the caller drops it. */
static json_t *control(const struct play *p, const char *vendor, const char *what, json_t *body,
                       struct fail *why)
{
        char *path = mem_format("/sandbox/%s/control/%s", vendor, what);
        struct asked a = { .method = body == NULL ? "GET" : "POST", .path = path, .body = body };
        struct fetch_answer answer;
        json_t *value = NULL;

        if (ask(p, &a, text_equal(what, "add") ? 201 : 200, &answer, why) == 0)
                value = json_parse(answer.body.data, answer.body.len, false, why);
        fetch_answer_dispose(&answer);
        json_decref(body);
        mem_free(path);
        return value;
}

/* A page as a browser would get it; the caller frees.  NULL with *why. */
static char *page(const struct play *p, const char *url, struct fail *why)
{
        struct asked a = { .method = "GET", .path = url, .accept = "text/html" };
        struct fetch_answer answer;
        char *text = NULL;

        if (ask(p, &a, 200, &answer, why) == 0)
                text = mem_text(buf_text(&answer.body));
        fetch_answer_dispose(&answer);
        return text;
}

/* --- waiting ------------------------------------------------------------------------------ */

/* Looks at a stand-in again and again until find() returns a row of its answer, which is kept
 * in p->row. */
static int await(struct play *p, const char *vendor, const char *what,
                 const json_t *(*find)(const struct play *p, const json_t *state),
                 const char *sentence, struct fail *why)
{
        const struct timespec pause = { 0, LOOK_EVERY_MS * 1000000L };
        int64_t until = when_steady_ms() + PATIENCE_MS;

        for (;;) {
                json_t *state = control(p, vendor, what, NULL, why);
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

static const json_t *connection(const struct play *p, const char *id)
{
        const json_t *rows = json_at(p->applied, "connections");

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "id", NULL), id))
                        return json_array_get(rows, i);
        return NULL;
}

/* --- the acts, in order ---------------------------------------------------------------------- */

static int paste(struct play *p, const char *id, const char *vendor, struct fail *why)
{
        const json_t *c = connection(p, id);
        json_t *body = json_object(), *answer;
        bool active;

        json_set_text(body, "url", json_get_text(c, "webhook_url", NULL));
        json_set_text(body, "secret", json_get_text(c, "webhook_secret", NULL));
        answer = control(p, vendor, "webhook", body, why);
        if (answer == NULL)
                return -1;
        active = json_get_bool(answer, "active", json_get_int(answer, "status", 0) == 200);
        json_decref(answer);
        return active ? 0
                      : fail_set(why, FAIL_OUTSIDE, "%s's test of the webhook was not answered 200",
                                 vendor);
}

static int set_webhooks(struct play *p, struct fail *why)
{
        if (paste(p, "gh", "greenhouse", why) != 0)
                return -1;
        say(p, "Greenhouse", "webhook saved; its ping arrived and its signature was right");
        if (paste(p, "cs", "codesignal", why) != 0)
                return -1;
        say(p, "CodeSignal", "webhook saved; its test delivery was answered 200");
        return 0;
}

static int move(struct play *p, struct fail *why)
{
        json_t *body = json_object(), *answer;

        json_set_text(body, "first_name", "Ada");
        json_set_text(body, "last_name", "Lindqvist");
        json_set_text(body, "email", "ada.lindqvist@example.com");
        answer = control(p, "greenhouse", "add", body, why);
        if (answer == NULL)
                return -1;
        p->application = json_get_id(answer, "id");
        p->candidate = json_get_id(answer, "candidate_id");
        json_decref(answer);
        say(p, "Greenhouse", "Ada Lindqvist applies: application %s", p->application);
        body = json_object();
        json_set_int(body, "application_id", strtoll(p->application, NULL, 10));
        json_set_text(body, "stage", "Coding test");
        answer = control(p, "greenhouse", "move", body, why);
        if (answer == NULL)
                return -1;
        json_decref(answer);
        say(p, "Greenhouse", "a recruiter moves Ada into the stage \"Coding test\"");
        return 0;
}

static const json_t *find_session(const struct play *p, const json_t *state)
{
        (void)p;
        for (size_t i = json_array_size(state); i > 0; i--)
                if (text_equal(json_get_text(json_array_get(state, i - 1), "testTaker.email", NULL),
                               "ada.lindqvist@example.com"))
                        return json_array_get(state, i - 1);
        return NULL;
}

static int step(struct play *p, const char *what, json_t *scores, struct fail *why)
{
        char *path = mem_format("sessions/%s", p->session);
        json_t *body = json_object(), *answer;

        json_set_text(body, "do", what);
        if (scores != NULL)
                json_set(body, "scores", scores);
        answer = control(p, "codesignal", path, body, why);
        json_decref(answer);
        mem_free(path);
        return answer == NULL ? -1 : 0;
}

static int take_test(struct play *p, struct fail *why)
{
        static const int64_t points[] = { 300, 270, 140, 0 };
        json_t *scores = json_array(), *idle = json_object(), *answer;

        if (await(p, "codesignal", "sessions", find_session,
                  "CodeSignal was not asked to invite Ada", why) != 0)
                return -1;
        p->session = json_get_id(p->row, "id");
        say(p, "CodeSignal", "has the session %s and invites Ada by e-mail", p->session);
        if (step(p, "start", NULL, why) != 0)
                return -1;
        say(p, "CodeSignal", "Ada starts");
        json_set_int(idle, "timeout_ms", 10 * WHEN_SECOND); /* it sends one event a second */
        answer = control(p, "codesignal", "idle", idle, why);
        json_decref(answer);
        if (answer == NULL)
                return -1;
        for (size_t i = 0; i < sizeof points / sizeof *points; i++)
                json_add(scores, json_integer(points[i]));
        if (step(p, "finish", scores, why) != 0)
                return -1;
        say(p, "CodeSignal", "Ada finishes with 300, 270, 140 and 0 points; \"finished\" is sent");
        return 0;
}

/* The note with the result is the one that carries a link to the report. */
static const json_t *find_note(const struct play *p, const json_t *state)
{
        const json_t *rows = json_at(state, "notes");

        for (size_t i = json_array_size(rows); i > 0; i--) {
                const json_t *row = json_array_get(rows, i - 1);
                char *application = json_get_id(row, "application_id");
                char *candidate = json_get_id(row, "candidate_id");
                bool ours = text_equal(application, p->application) ||
                            (application == NULL && text_equal(candidate, p->candidate));

                mem_free(application);
                mem_free(candidate);
                if (ours && strstr(json_get_text(row, "body", ""), "/report/") != NULL)
                        return row;
        }
        return NULL;
}

static int read_note(struct play *p, struct fail *why)
{
        int64_t finished = when_steady_ms(), took;
        const char *body, *link;

        if (await(p, "greenhouse", "state", find_note, "no note came to stand in Greenhouse",
                  why) != 0)
                return -1;
        took = when_steady_ms() - finished;
        body = json_get_text(p->row, "body", "");
        say(p, "Greenhouse", "the note stands there, %" PRId64 " ms after Ada finished:", took);
        quote(body);
        link = strstr(body, p->base);
        while (link != NULL && strncmp(link + strlen(p->base), "/fairlead/report/", 17) != 0)
                link = strstr(link + 1, p->base);
        if (link == NULL)
                return fail_set(why, FAIL_OUTSIDE, "the note has no link to our report");
        p->report = mem_text_part(link, strcspn(link, " \t\r\n<>\""));
        return 0;
}

static int open_report(struct play *p, struct fail *why)
{
        char *text = page(p, p->report, why);
        int result = 0;

        if (text == NULL)
                return -1;
        if (strstr(text, "Ada Lindqvist") == NULL || strstr(text, "<svg class=\"score\"") == NULL)
                result = fail_set(why, FAIL_OUTSIDE, "the report does not show Ada and her score");
        else if (strstr(text, "accessToken") != NULL)
                result = fail_set(why, FAIL_OUTSIDE, "the report gives CodeSignal's key away");
        else
                say(p, "Fairlead", "somebody opens the report: the score on its scale, four tasks");
        mem_free(text);
        return result;
}

static int make_link(struct play *p, struct fail *why)
{
        static const char path[] = "/fairlead/interview-link/acme";
        json_t *body = json_object(), *candidate = json_object(), *answer = NULL;
        struct asked a = { .method = "POST", .path = path, .body = body, .key = p->key };
        struct buf starts = BUF_NONE, ends = BUF_NONE;
        struct fetch_answer reply;
        int result = -1;

        json_set_text(candidate, "name", "Ada Lindqvist");
        json_set_text(candidate, "email", "ada.lindqvist@example.com");
        json_set(body, "candidate", candidate);
        when_iso(&starts, (when_now_ms() / WHEN_HOUR + 24) * WHEN_HOUR);
        when_iso(&ends, (when_now_ms() / WHEN_HOUR + 25) * WHEN_HOUR);
        json_set_text(body, "starts_at", starts.data);
        json_set_text(body, "ends_at", ends.data);
        if (ask(p, &a, 201, &reply, why) != 0)
                goto out;
        answer = json_parse(reply.body.data, reply.body.len, false, why);
        if (answer == NULL)
                goto out;
        p->lobby = mem_text(json_get_text(answer, "url", ""));
        if (text_empty(p->lobby)) {
                fail_set(why, FAIL_OUTSIDE, "interview-link gave no url");
                goto out;
        }
        say(p, "Fairlead",
            "a scheduling flow asks for an interview link and has it after %" PRId64 " ms",
            reply.elapsed_us / 1000);
        result = 0;
out:
        fetch_answer_dispose(&reply);
        json_decref(answer);
        json_decref(body);
        buf_dispose(&starts);
        buf_dispose(&ends);
        return result;
}

static const json_t *find_interview(const struct play *p, const json_t *state)
{
        (void)p;
        return json_array_get(state, 0);
}

static int join(struct play *p, struct fail *why)
{
        struct asked a = { .method = "POST", .path = p->lobby, .form = "", .accept = "text/html" };
        struct fetch_answer answer;
        char *text = page(p, p->lobby, why), *location = NULL;
        json_t *state;
        int result;

        mem_free(text);
        if (text == NULL)
                return -1;
        state = control(p, "codesignal", "interviews", NULL, why);
        if (state == NULL)
                return -1;
        result = find_interview(p, state) == NULL ? 0 : -1;
        json_decref(state);
        if (result != 0)
                return fail_set(why, FAIL_OUTSIDE, "looking at the lobby made an interview");
        say(p, "Fairlead", "Ada opens the lobby: nothing happens yet");
        result = ask(p, &a, 303, &answer, why);
        if (result == 0)
                location = fetch_header(&answer, "Location");
        fetch_answer_dispose(&answer);
        if (result != 0)
                return -1;
        if (await(p, "codesignal", "interviews", find_interview, "Join made no live interview",
                  why) != 0)
                result = -1;
        else if (!text_equal(location, json_get_text(p->row, "url", "")))
                result = fail_set(why, FAIL_OUTSIDE, "Join led to %.100s", text_or(location, ""));
        else
                say(p, "CodeSignal", "Ada presses Join: the live interview %s is made, she is in",
                    json_get_text(p->row, "id", ""));
        mem_free(location);
        return result;
}

static int tell_addresses(struct play *p, struct fail *why)
{
        (void)why;
        printf("\nThe pages:\n"
               "    the candidate in Greenhouse     %s/sandbox/greenhouse/candidates/%s\n"
               "    Greenhouse: everybody           %s/sandbox/greenhouse\n"
               "    CodeSignal: take the test       %s/sandbox/codesignal\n"
               "    the report                      %s\n"
               "    the interview's lobby           %s\n"
               "    the status of Acme Ltd          %s/fairlead/admin/acme\n",
               p->base, p->candidate, p->base, p->base, p->report, p->lobby, p->base);
        return 0;
}

static int (*const acts[])(struct play *p, struct fail *why) = {
        set_webhooks, move, take_test, read_note, open_report, make_link, join, tell_addresses,
};

int main(int argc, char **argv)
{
        struct play p = { .key = getenv("FAIRLEAD_KEY"), .began_ms = when_steady_ms() };
        struct fail why = FAIL_CLEAR;
        struct buf text = BUF_NONE;
        int result = -1;

        if (argc != 3 || text_empty(p.key)) {
                fprintf(stderr, "usage: FAIRLEAD_KEY=fl_... play BASE APPLIED\n");
                return 2;
        }
        p.base = argv[1];
        if (fetch_start("127.0.0.0/8 ::1/128", &why) != 0)
                goto out;
        switch (file_read(argv[2], ANSWER_MAX, &text, &why)) {
        case 1:
                p.applied = json_parse(text.data, text.len, false, &why);
                break;
        case 0:
                fail_set(&why, FAIL_INPUT, "there is no file %s", argv[2]);
        }
        if (p.applied == NULL)
                goto out;
        result = 0;
        for (size_t i = 0; result == 0 && i < sizeof acts / sizeof *acts; i++)
                result = acts[i](&p, &why);
out:
        if (result != 0)
                fprintf(stderr, "play: %s\n", why.text);
        json_decref(p.applied);
        json_decref(p.row);
        mem_free(p.candidate);
        mem_free(p.application);
        mem_free(p.session);
        mem_free(p.report);
        mem_free(p.lobby);
        buf_dispose_secret(&text);
        fetch_stop();
        return result == 0 ? 0 : 1;
}
