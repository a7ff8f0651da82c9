/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays one candidate through a running house, from the stage to the live interview, and says
 * what happened where.
 *
 *     play BASE APPLIED ATS PLATFORM   BASE: http://127.0.0.1:8080, where the web server answers
 *                                      APPLIED: the file with the answer of "fairlead --json apply"
 *                                      ATS, PLATFORM: rows of play_vendor.c
 *     play --token BASE APPLIED        adds the webhook at Lever's and prints its signature token
 *     FAIRLEAD_KEY                     a key with the scope interviews:write
 *
 * It does what people and vendors would do, over HTTP alone: nothing here looks into the home.
 * Ends with 0, or with 1 and a sentence saying what did not happen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/buf.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "play.h"

#define APPLIED_MAX (1 << 20)

/* How many deliveries the consumer has had: -1 why. */
static int64_t heard(struct play *p, struct fail *why)
{
        json_t *state = play_control(p, "consumer", "deliveries", NULL, why);
        int64_t most = state == NULL ? -1 : 0;

        for (size_t i = 0; i < json_array_size(state); i++)
                if (json_get_int(json_array_get(state, i), "number", 0) > most)
                        most = json_get_int(json_array_get(state, i), "number", 0);
        json_decref(state);
        return most;
}

static int set_webhooks(struct play *p, struct fail *why)
{
        if (play_connection(p, "endorsed") != NULL && (p->heard = heard(p, why)) < 0)
                return -1;
        return p->ats->paste(p, why) != 0 || p->platform->paste(p, why) != 0 ? -1 : 0;
}

static int enter(struct play *p, struct fail *why)
{
        return p->ats->enter(p, why);
}

static const json_t *find_session(const struct play *p, const json_t *state)
{
        for (size_t i = json_array_size(state); i > 0; i--)
                if (text_equal(
                        json_get_text(json_array_get(state, i - 1), p->platform->email, NULL),
                        p->email))
                        return json_array_get(state, i - 1);
        return NULL;
}

static int take_test(struct play *p, struct fail *why)
{
        char *sentence = mem_format("%s was not asked to invite Ada", p->platform->title);
        int result =
            play_await(p, p->platform->name, p->platform->sessions, find_session, sentence, why);

        mem_free(sentence);
        if (result != 0)
                return -1;
        p->session = json_get_id(p->row, p->platform->id);
        play_say(p, p->platform->title, "has the session %s and invites Ada by e-mail", p->session);
        return p->platform->take(p, why);
}

/* The note with the result is the one that carries a link to the report. */
static const json_t *find_note(const struct play *p, const json_t *state)
{
        static json_t *found; /* what is given back lives until the next look */
        char *ours = mem_format("/report/%s/", p->org);
        const char *text;

        json_decref(found);
        found = NULL;
        for (size_t i = 0; found == NULL && (text = p->ats->note(p, state, i)) != NULL; i++)
                if (strstr(text, ours) != NULL)
                        found = json_new_text(text, strlen(text));
        mem_free(ours);
        return found;
}

static int read_note(struct play *p, struct fail *why)
{
        char *sentence = mem_format("no note came to stand in %s", p->ats->title);
        char *start = mem_format("%s/fairlead/report/", p->base);
        int64_t finished = when_steady_ms();
        const char *body, *link;
        int result = play_await(p, p->ats->name, "state", find_note, sentence, why);

        if (result == 0) {
                body = json_text_of(p->row, "");
                play_say(p, p->ats->title,
                         "the note stands there, %" PRId64 " ms after Ada finished:",
                         when_steady_ms() - finished);
                play_quote(body);
                link = strstr(body, start);
                if (link == NULL)
                        result = fail_set(why, FAIL_OUTSIDE, "the note has no link to our report");
                else
                        p->report = mem_text_part(link, strcspn(link, " \t\r\n<>\""));
        }
        mem_free(start);
        mem_free(sentence);
        return result;
}

static int open_report(struct play *p, struct fail *why)
{
        char *text = play_page(p, p->report, why);
        int result = 0;

        if (text == NULL)
                return -1;
        if ((strstr(text, "Ada Lindqvist") == NULL && strstr(text, p->email) == NULL) ||
            strstr(text, "<svg class=\"score\"") == NULL)
                result = fail_set(why, FAIL_OUTSIDE, "the report does not show Ada and her score");
        else if (strstr(text, "accessToken") != NULL)
                result = fail_set(why, FAIL_OUTSIDE, "the report gives the platform's key away");
        else
                play_say(p, "Fairlead",
                         "somebody opens the report: the score on its scale, task by task");
        mem_free(text);
        return result;
}

/* What a consumer was told and found to be signed as it should; none where there is none. */
static const json_t *find_told(const struct play *p, const json_t *state)
{
        static json_t *found;
        size_t count = 0;
        bool done = false;

        for (size_t i = 0; i < json_array_size(state); i++) {
                const json_t *row = json_array_get(state, i);

                if (json_get_int(row, "number", 0) <= p->heard)
                        continue;
                count += json_get_bool(row, "good", false);
                done = done || (json_get_bool(row, "good", false) &&
                                text_equal(json_get_text(row, "event", ""), "result.completed"));
        }
        json_decref(found);
        found = done ? json_integer((json_int_t)count) : NULL;
        return found;
}

static int tell_consumer(struct play *p, struct fail *why)
{
        if (play_connection(p, "endorsed") == NULL)
                return 0;
        if (play_await(p, "consumer", "deliveries", find_told,
                       "the consumer did not hear of the result", why) != 0)
                return -1;
        play_say(p, "Consumer",
                 "has heard of it all, last \"result.completed\": %" PRId64
                 " deliveries, their signatures right",
                 json_int_of(p->row, 0));
        return 0;
}

static int make_link(struct play *p, struct fail *why)
{
        char *path = mem_format("/fairlead/interview-link/%s", p->org);
        json_t *body = json_object(), *candidate = json_object(), *answer = NULL;
        struct asked a = { .method = "POST", .path = path, .body = body, .key = p->key };
        struct buf starts = BUF_NONE, ends = BUF_NONE;
        struct fetch_answer reply = { 0 };
        int result = -1;

        json_set(body, "candidate", candidate);
        if (!p->platform->interviews) {
                result = 0;
                goto out;
        }
        json_set_text(candidate, "name", "Ada Lindqvist");
        json_set_text(candidate, "email", p->email);
        when_iso(&starts, (when_now_ms() / WHEN_HOUR + 24) * WHEN_HOUR);
        when_iso(&ends, (when_now_ms() / WHEN_HOUR + 25) * WHEN_HOUR);
        json_set_text(body, "starts_at", starts.data);
        json_set_text(body, "ends_at", ends.data);
        if (play_ask(p, &a, 201, &reply, why) != 0)
                goto out;
        answer = json_parse(reply.body.data, reply.body.len, false, why);
        if (answer == NULL)
                goto out;
        p->lobby = mem_text(json_get_text(answer, "url", ""));
        if (text_empty(p->lobby)) {
                fail_set(why, FAIL_OUTSIDE, "interview-link gave no url");
                goto out;
        }
        play_say(p, "Fairlead",
                 "a scheduling flow asks for an interview link and has it after %" PRId64 " ms",
                 reply.elapsed_us / 1000);
        result = 0;
out:
        fetch_answer_dispose(&reply);
        json_decref(answer);
        json_decref(body);
        buf_dispose(&starts);
        buf_dispose(&ends);
        mem_free(path);
        return result;
}

static const json_t *find_interview(const struct play *p, const json_t *state)
{
        for (size_t i = 0; i < json_array_size(state); i++)
                if (text_equal(json_get_text(json_array_get(state, i), "candidateEmail", NULL),
                               p->email))
                        return json_array_get(state, i);
        return NULL;
}

static int join(struct play *p, struct fail *why)
{
        struct asked a = { .method = "POST", .path = p->lobby, .form = "", .accept = "text/html" };
        struct fetch_answer answer;
        char *text, *location = NULL;
        json_t *state;
        int result;

        if (!p->platform->interviews)
                return 0;
        text = play_page(p, p->lobby, why);
        mem_free(text);
        if (text == NULL)
                return -1;
        state = play_control(p, "codesignal", "interviews", NULL, why);
        if (state == NULL)
                return -1;
        result = find_interview(p, state) == NULL ? 0 : -1;
        json_decref(state);
        if (result != 0)
                return fail_set(why, FAIL_OUTSIDE, "looking at the lobby made an interview");
        play_say(p, "Fairlead", "Ada opens the lobby: nothing happens yet");
        result = play_ask(p, &a, 303, &answer, why);
        if (result == 0)
                location = fetch_header(&answer, "Location");
        fetch_answer_dispose(&answer);
        if (result != 0)
                return -1;
        if (play_await(p, "codesignal", "interviews", find_interview, "Join made no live interview",
                       why) != 0)
                result = -1;
        else if (!text_equal(location, json_get_text(p->row, "url", "")))
                result = fail_set(why, FAIL_OUTSIDE, "Join led to %.100s", text_or(location, ""));
        else
                play_say(p, "CodeSignal",
                         "Ada presses Join: the live interview %s is made, she is in",
                         json_get_text(p->row, "id", ""));
        mem_free(location);
        return result;
}

/* One line of the list of pages: what it is and the address below base, or whole; frees both. */
static void tell_page(const char *base, char *what, char *address)
{
        printf("    %-33s %s%s\n", what, base, address);
        mem_free(what);
        mem_free(address);
}

static int tell_addresses(struct play *p, struct fail *why)
{
        const char *person = p->ats->page_of_application ? p->application : p->candidate;
        size_t before = strcspn(p->ats->page, "%");

        (void)why;
        printf("\nThe pages:\n");
        tell_page(
            p->base, mem_format("the candidate in %s", p->ats->title),
            mem_format("/sandbox/%s/%.*s%s", p->ats->name, (int)before, p->ats->page, person));
        tell_page(p->base, mem_format("%s: everybody", p->ats->title),
                  mem_format("/sandbox/%s", p->ats->name));
        tell_page(p->base, mem_format("%s: take the test", p->platform->title),
                  mem_format("/sandbox/%s", p->platform->name));
        tell_page("", mem_text("the report"), mem_text(p->report));
        if (p->lobby != NULL)
                tell_page("", mem_text("the interview's lobby"), mem_text(p->lobby));
        if (play_connection(p, "endorsed") != NULL)
                tell_page(p->base, mem_text("what the consumer received"),
                          mem_text("/sandbox/consumer"));
        tell_page(p->base, mem_text("the status of the organisation"),
                  mem_format("/fairlead/admin/%s", p->org));
        return 0;
}

static int (*const acts[])(struct play *p, struct fail *why) = {
        set_webhooks,  enter,     take_test, read_note,      open_report,
        tell_consumer, make_link, join,      tell_addresses,
};

/* What Lever's page shows under the arrow beside the URL. */
static int print_token(struct play *p, struct fail *why)
{
        json_t *body = json_object(), *answer;
        int64_t verified;

        json_set_text(body, "url", json_get_text(play_connection(p, "lv"), "webhook_url", NULL));
        answer = play_control(p, "lever", "webhook", body, why);
        if (answer == NULL)
                return -1;
        verified = json_get_int(answer, "verified", 0);
        if (verified >= 200 && verified <= 299)
                puts(json_get_text(answer, "token", ""));
        json_decref(answer);
        return verified >= 200 && verified <= 299
                   ? 0
                   : fail_set(why, FAIL_OUTSIDE, "Lever's Verify connection was answered %d",
                              (int)verified);
}

static const struct play_ats *ats_of(const char *name)
{
        const struct play_ats *a = play_ats_list;

        while (a->name != NULL && !text_equal(a->name, name))
                a++;
        return a->name == NULL ? NULL : a;
}

static const struct play_platform *platform_of(const char *name)
{
        const struct play_platform *a = play_platform_list;

        while (a->name != NULL && !text_equal(a->name, name))
                a++;
        return a->name == NULL ? NULL : a;
}

static int read_applied(struct play *p, const char *path, struct fail *why)
{
        struct buf text = BUF_NONE;

        switch (file_read(path, APPLIED_MAX, &text, why)) {
        case 1:
                p->applied = json_parse(text.data, text.len, false, why);
                break;
        case 0:
                fail_set(why, FAIL_INPUT, "there is no file %s", path);
        }
        buf_dispose_secret(&text);
        p->org = json_get_text(p->applied, "org", "acme");
        p->email = mem_format("ada.lindqvist@%s.example.com", p->org);
        return p->applied == NULL ? -1 : 0;
}

static void dispose(struct play *p)
{
        json_decref(p->applied);
        json_decref(p->row);
        mem_free(p->email);
        mem_free(p->candidate);
        mem_free(p->application);
        mem_free(p->session);
        mem_free(p->report);
        mem_free(p->lobby);
}

int main(int argc, char **argv)
{
        struct play p = { .key = getenv("FAIRLEAD_KEY"), .began_ms = when_steady_ms() };
        bool token = argc == 4 && text_equal(argv[1], "--token");
        struct fail why = FAIL_CLEAR;
        int result = -1;

        if (!token && argc == 5) {
                p.ats = ats_of(argv[3]);
                p.platform = platform_of(argv[4]);
        }
        if (!token && (p.ats == NULL || p.platform == NULL || text_empty(p.key))) {
                fprintf(stderr, "usage: FAIRLEAD_KEY=fl_... play BASE APPLIED ATS PLATFORM\n"
                                "       play --token BASE APPLIED\n");
                return 2;
        }
        p.base = argv[token ? 2 : 1];
        if (fetch_start("127.0.0.0/8 ::1/128", &why) == 0 &&
            read_applied(&p, argv[token ? 3 : 2], &why) == 0) {
                result = token ? print_token(&p, &why) : 0;
                for (size_t i = 0; !token && result == 0 && i < sizeof acts / sizeof *acts; i++)
                        result = acts[i](&p, &why);
        }
        if (result != 0)
                fprintf(stderr, "play: %s\n", why.text);
        dispose(&p);
        fetch_stop();
        return result == 0 ? 0 : 1;
}
