/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: outside effects: what waits, what was done, what is parked and why, every attempt. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/answer.h"
#include "home/records.h"
#include "home/status_view.h"

#define OPEN_TRIES 5 /* attempts that are not folded away */
#define PAGE 40
#define LOOK 3000

static const char *const action_states[] = { "waiting", "parked", "refused", "done" };

static const char *tone_of(const char *state)
{
        return text_equal(state, "done") ? "good" : text_equal(state, "waiting") ? "wait" : "bad";
}

/* When it is tried next, in words. */
static void set_next_try(json_t *row, int64_t now)
{
        const char *state = json_get_text(row, "state", "");
        int64_t due = json_get_int(row, "due_ms", 0);
        struct buf text = BUF_NONE;

        if (text_equal(state, "waiting") && due > now) {
                buf_add_text(&text, "It is tried again in ");
                when_span(&text, due - now);
                buf_add_char(&text, '.');
        } else if (text_equal(state, "waiting")) {
                buf_add_text(&text, "It is due now.");
        } else if (text_equal(state, "parked")) {
                buf_add_text(&text, "It is not tried again by itself: somebody has to look.");
        } else if (text_equal(state, "refused")) {
                buf_add_text(&text, "The other side refused it for good.");
        }
        json_set_text(row, "next_try", text.len == 0 ? NULL : buf_text(&text));
        buf_dispose(&text);
}

static void dress(struct request *rq, json_t *row, uint64_t number)
{
        const char *state = json_get_text(row, "state", ""), *key;
        struct buf href = BUF_NONE;

        json_set_int(row, "number", (int64_t)number);
        json_set_text(row, "words", status_action_words(json_get_text(row, "kind", "")));
        json_set_text(row, "tone", tone_of(state));
        json_set_bool(row, "once", json_get_int(row, "attempts", 0) == 1);
        json_set_bool(row, "can_retry",
                      text_equal(state, "parked") || text_equal(state, "refused"));
        json_set_bool(row, "can_park", text_equal(state, "waiting"));
        if (text_empty(json_get_text(row, "sentence", NULL)))
                json_set_text(row, "sentence", NULL);
        key = json_get_text(row, "application", "");
        code_url(&href, key);
        json_set_text(row, "href", *key == '\0' ? NULL : buf_text(&href));
        admin_set_time(rq, row, "created", json_get_int(row, "created_ms", 0));
        admin_set_time(rq, row, "done_at", json_get_int(row, "done_ms", 0));
        set_next_try(row, when_now_ms());
        buf_dispose(&href);
}

struct search {
        struct request *rq;
        const char *connection, *state;
        json_t *list;
        uint64_t before, looked, next;
};

static int see(void *context, uint64_t number, const json_t *action)
{
        struct search *s = context;
        json_t *row;

        if (s->before != 0 && number >= s->before)
                return 0;
        if (json_array_size(s->list) >= PAGE || ++s->looked > LOOK) {
                s->next = number + 1;
                return 1;
        }
        if ((!text_empty(s->connection) &&
             !text_equal(s->connection, json_get_text(action, "connection", ""))) ||
            (!text_empty(s->state) && !text_equal(s->state, json_get_text(action, "state", ""))))
                return 0;
        row = json_deep_copy(action);
        dress(s->rq, row, number);
        json_add(s->list, row);
        return 0;
}

static void set_next(json_t *view, const struct search *s)
{
        struct buf href = BUF_NONE;

        if (s->next == 0)
                return;
        buf_format(&href, "?before=%llu&connection=", (unsigned long long)s->next);
        code_url(&href, text_or(s->connection, ""));
        buf_add_text(&href, "&state=");
        code_url(&href, text_or(s->state, ""));
        json_set_text(view, "next", buf_text(&href));
        buf_dispose(&href);
}

static void actions(struct request *rq, struct reply *re)
{
        struct search s = { .rq = rq,
                            .connection = request_query(rq, "connection"),
                            .state = request_query(rq, "state"),
                            .list = json_array() };
        const char *set = text_equal(s.state, "waiting")  ? "open-actions"
                          : text_equal(s.state, "parked") ? "parked-actions"
                                                          : NULL;
        struct fail why = FAIL_CLEAR;
        json_t *view, *states = json_array();
        int64_t before;

        if (text_int(text_or(request_query(rq, "before"), ""), 1, INT64_MAX, &before) == 0)
                s.before = (uint64_t)before;
        if (action_each(admin_visitor(rq)->org, set, UINT32_MAX, see, &s, &why) < 0) {
                reply_failure(rq, re, "actions cannot be listed", &why);
                json_decref(states);
                json_decref(s.list);
                return;
        }
        view = json_object();
        json_add(states, admin_option("", "any"));
        for (size_t i = 0; i < sizeof action_states / sizeof *action_states; i++)
                json_add(states, admin_option(action_states[i], action_states[i]));
        admin_choose(states, text_or(s.state, ""));
        json_set(view, "states", states);
        json_set(view, "connections", admin_connection_options(rq, s.connection));
        json_set_bool(view, "asked", !text_empty(s.state) || !text_empty(s.connection));
        json_set_bool(view, "parked_only", text_equal(s.state, "parked"));
        json_set_bool(view, "has_actions", json_array_size(s.list) > 0);
        json_set(view, "actions", s.list);
        set_next(view, &s);
        admin_page(rq, re, 200, "actions", view, "Actions", "actions");
}

/* The action in the path, or a reply and -1. */
static int load(struct request *rq, struct reply *re, json_t **action, int64_t *number)
{
        struct fail why = FAIL_CLEAR;
        int found = 0;

        *number = 0;
        if (text_int(request_segment(rq, "number"), 1, INT64_MAX, number) == 0)
                found = record_series_get(admin_visitor(rq)->org, "action", (uint64_t)*number,
                                          action, &why);
        if (found == 1)
                return 0;
        if (found < 0)
                reply_failure(rq, re, "action cannot be read", &why);
        else
                reply_problem(rq, re, 404,
                              "There is no such action; 90 days after its end it is "
                              "taken away.");
        return -1;
}

static void dress_tries(struct request *rq, json_t *tries)
{
        json_t *one;
        size_t i;

        json_array_foreach(tries, i, one)
        {
                char *spent = mem_format("%lld ms", (long long)json_get_int(one, "us", 0) / 1000);
                const char *outcome = json_get_text(one, "outcome", "");

                json_set_int(one, "try", (int64_t)i + 1);
                json_set_text(one, "spent", spent);
                json_set_text(one, "tone", text_equal(outcome, "done") ? "good" : "wait");
                if (json_get_int(one, "status", 0) == 0)
                        json_set(one, "status", NULL);
                admin_set_time(rq, one, "at", json_get_int(one, "at_ms", 0));
                mem_free(spent);
        }
}

/* Newest first; those before the last few apart, for a fold. */
static void split_tries(json_t *action)
{
        json_t *tries = json_object_get(action, "tries"), *last = json_array(),
               *older = json_array();
        size_t count = json_array_size(tries);

        for (size_t i = 0; i < count; i++)
                json_array_append(i < OPEN_TRIES ? last : older,
                                  json_array_get(tries, count - 1 - i));
        json_set_int(action, "older_count", (int64_t)json_array_size(older));
        json_set_bool(action, "has_older", json_array_size(older) > 0);
        json_set(action, "tries", last);
        json_set(action, "older", older);
}

/* One answer, indented where it is whole JSON. */
static void dress_answer(json_t *call)
{
        const char *text = json_get_text(call, "text", NULL);
        json_t *value = text == NULL ? NULL : json_parse(text, strlen(text), false, NULL);
        char *spent = mem_format("%lld ms", (long long)json_get_int(call, "us", 0) / 1000);
        struct buf indented = BUF_NONE;

        json_set_text(call, "spent", spent);
        json_set_text(call, "tone", json_get_int(call, "status", 999) < 400 ? "good" : "bad");
        json_set_bool(call, "empty", json_get_int(call, "bytes", 0) == 0);
        if (value != NULL) {
                json_print(value, &indented);
                json_set_text(call, "text", buf_text(&indented));
        }
        json_decref(value);
        buf_dispose(&indented);
        mem_free(spent);
}

/* What was answered, newest attempt first, under the number that the attempt has in the table.
 * 0, -1. */
static int set_answers(struct request *rq, json_t *view, int64_t number, const json_t *tries,
                       struct fail *why)
{
        json_t *kept = NULL, *list = json_array(), *calls, *call;
        int found = answer_list(admin_visitor(rq)->org, (uint64_t)number, &kept, why);

        for (size_t i = json_array_size(kept); i > 0; i--) {
                json_t *one = json_array_get(kept, i - 1);
                int64_t at = json_get_int(one, "at_ms", 0);
                size_t n;

                for (size_t k = 0; k < json_array_size(tries); k++)
                        if (json_get_int(json_array_get(tries, k), "at_ms", 0) == at)
                                json_set_int(one, "try",
                                             json_get_int(json_array_get(tries, k), "try", 0));
                admin_set_time(rq, one, "at", at);
                calls = json_object_get(one, "calls");
                json_array_foreach(calls, n, call)
                {
                        json_set_int(call, "call", (json_int_t)n + 1);
                        dress_answer(call);
                }
                json_set_bool(one, "newest", i == json_array_size(kept));
                json_add(list, json_incref(one));
        }
        json_set_bool(view, "has_answers", json_array_size(list) > 0);
        json_set(view, "answers", list);
        json_decref(kept);
        return found < 0 ? -1 : 0;
}

/* What was answered is a candidate's data: who looked stands in the log, once an hour. */
static int note_view(struct request *rq, struct reply *re, int64_t number)
{
        char *about = mem_format("action %lld", (long long)number);
        int result = admin_log_once(rq, re, "action.viewed", about, WHEN_HOUR);

        mem_free(about);
        return result;
}

static void action_page(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *action = NULL, *view;
        int64_t number;
        char *title;

        if (load(rq, re, &action, &number) != 0)
                return;
        view = json_object();
        dress(rq, action, (uint64_t)number);
        dress_tries(rq, json_object_get(action, "tries"));
        if (set_answers(rq, view, number, json_object_get(action, "tries"), &why) != 0) {
                reply_failure(rq, re, "answers cannot be read", &why);
                json_decref(view);
                json_decref(action);
                return;
        }
        if (json_get_bool(view, "has_answers", false) && note_view(rq, re, number) != 0) {
                json_decref(view);
                json_decref(action);
                return;
        }
        split_tries(action);
        json_set_bool(view, "has_tries", json_array_size(json_object_get(action, "tries")) > 0);
        json_set(view, "act", action);
        title = mem_format("Action %lld", (long long)number);
        admin_page(rq, re, 200, "action", view, title, "actions");
        mem_free(title);
}

static void park(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        char *sentence = mem_format("Parked by %s.", v->who), *about;
        struct fail why = FAIL_CLEAR;
        json_t *action = NULL;
        int64_t number;
        int done;

        if (load(rq, re, &action, &number) == 0) {
                done = action_park(guard_home(), v->org, (uint64_t)number, sentence, when_now_ms(),
                                   &why);
                about = mem_format("action %lld", (long long)number);
                if (done < 0)
                        reply_failure(rq, re, "action cannot be parked", &why);
                else if (done == 0)
                        reply_problem(rq, re, 409, "This action does not wait any more.");
                else if (admin_log(rq, re, "action.parked", about, NULL) == 0)
                        admin_go(rq, re, "actions/%lld?said=parked", (long long)number);
                mem_free(about);
        }
        json_decref(action);
        mem_free(sentence);
}

const struct route admin_action_routes[] = {
        { "GET", "{org}/actions", actions, 0, false, READERS },
        { "GET", "{org}/actions/{number}", action_page, 0, false, READERS },
        { "POST", "{org}/actions/{number}/park", park, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
