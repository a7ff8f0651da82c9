/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's pages: what an admin and a candidate would click. */
#include <string.h>

#include "coderbyte.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

char *cb_base(struct request *rq)
{
        const char *host = NULL;

        if (request_header(rq, "Host", &host) != 1 || host == NULL)
                host = "localhost";
        return mem_format("http://%s" CB_PREFIX, host);
}

static void set_frame(json_t *data, const char *title)
{
        json_set_text(data, "title", title);
        json_set_text(data, "prefix", CB_PREFIX);
        json_set_text(data, "note",
                      "A stand-in for Coderbyte, for trying and for testing. Nobody real is here.");
}

static json_t *page_data(const char *title)
{
        json_t *data = json_object();

        set_frame(data, title);
        return data;
}

static const struct {
        const char *state, *word, *tone;
} looks[] = {
        { "invited", "invited", "wait" },
        { "started", "in progress", "wait" },
        { "grading", "being graded", "wait" },
        { "done", "completed", "good" },
};

static json_t *attempt_view(const json_t *attempt)
{
        const char *state = json_get_text(attempt, "_state", "");
        const json_t *test = cb_find(cb.tests, "test_id", json_get_text(attempt, "test_id", ""));
        json_t *view = json_object();

        json_set_text(view, "id", json_get_text(attempt, "_id", ""));
        json_set_text(view, "email", json_get_text(attempt, "email", ""));
        json_set_text(view, "test", json_get_text(test, "display_name", ""));
        for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
                if (!text_equal(looks[i].state, state))
                        continue;
                json_set_text(view, "word", looks[i].word);
                json_set_text(view, "tone", looks[i].tone);
        }
        if (json_get_bool(attempt, "_expired", false) && text_equal(state, "done"))
                json_set_text(view, "word", "time expired");
        if (text_equal(state, "done") && json_object_get(attempt, "_scores") != NULL)
                json_set_int(view, "score",
                             json_get_int(attempt, "_code", 0) +
                                 json_get_int(attempt, "_choices", 0));
        json_set_bool(view, "waits", text_equal(state, "invited"));
        json_set_bool(view, "runs", text_equal(state, "started"));
        json_set_bool(view, "grading", text_equal(state, "grading"));
        json_set_bool(view, "done", text_equal(state, "done"));
        json_set_text(view, "flag", json_get_text(attempt, "_flag", NULL));
        json_set_text(view, "vote", json_get_text(attempt, "_vote", NULL));
        json_set_text(view, "comment", json_get_text(attempt, "_comment", NULL));
        return view;
}

static json_t *test_views(void)
{
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(cb.tests); i++) {
                const json_t *test = json_array_get(cb.tests, i);
                json_t *one = json_object();

                json_set_text(one, "id", json_get_text(test, "test_id", ""));
                json_set_text(one, "name", json_get_text(test, "display_name", ""));
                json_set_bool(one, "closed", json_get_bool(test, "closed", false));
                json_add(list, one);
        }
        return list;
}

static json_t *interview_view(const json_t *interview)
{
        json_t *view = json_object();
        bool over = json_get_bool(interview, "over", false);

        json_set_text(view, "id", json_get_text(interview, "interview_id", ""));
        json_set_text(view, "email", json_get_text(interview, "email", ""));
        json_set_bool(view, "over", over);
        json_set_text(view, "word", over ? "completed" : "open");
        json_set_text(view, "tone", over ? "good" : "wait");
        return view;
}

static json_t *newest_first(const json_t *table, json_t *(*view)(const json_t *row))
{
        json_t *list = json_array();

        for (size_t i = json_array_size(table); i > 0 && json_array_size(list) < 100; i--)
                json_add(list, view(json_array_get(table, i - 1)));
        return list;
}

void cb_page_home(struct request *rq, struct reply *re)
{
        json_t *data = page_data("Sandbox: Coderbyte");

        pthread_mutex_lock(&cb.lock);
        json_set(data, "tests", test_views());
        json_set(data, "attempts", newest_first(cb.attempts, attempt_view));
        json_set(data, "interviews", newest_first(cb.interviews, interview_view));
        pthread_mutex_unlock(&cb.lock);
        json_set_bool(data, "has_attempts", json_array_size(json_object_get(data, "attempts")) > 0);
        json_set_bool(data, "has_interviews",
                      json_array_size(json_object_get(data, "interviews")) > 0);
        reply_page(rq, re, 200, "sandbox-coderbyte", data);
}

static bool is_address(const char *email)
{
        return email != NULL && strchr(email, '@') != NULL;
}

void cb_page_invite(struct request *rq, struct reply *re)
{
        const char *email = request_form(rq, "email");
        char *base = cb_base(rq);
        const json_t *test;
        bool open;

        pthread_mutex_lock(&cb.lock);
        test = cb_find(cb.tests, "test_id", request_segment(rq, "id"));
        open = test != NULL && !json_get_bool(test, "closed", false);
        if (open && is_address(email))
                cb_invite(base, email, test);
        pthread_mutex_unlock(&cb.lock);
        mem_free(base);
        if (!open)
                reply_problem(rq, re, 404, "There is no such assessment, or it is closed.");
        else if (!is_address(email))
                reply_problem(rq, re, 422, "Type an e-mail address.");
        else
                reply_see_other(re, CB_PREFIX "/");
}

static json_t *challenge_views(const json_t *attempt)
{
        const json_t *test = cb_find(cb.tests, "test_id", json_get_text(attempt, "test_id", ""));
        const json_t *list = json_object_get(test, "_challenges");
        json_t *views = json_array();

        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *score = json_array_get(json_object_get(attempt, "_scores"), i);
                json_t *one = json_object();

                json_set_int(one, "number", (int64_t)i);
                json_set_text(one, "name", json_text_of(json_array_get(list, i), ""));
                if (score != NULL)
                        json_set_int(one, "points", json_int_of(score, 0));
                json_add(views, one);
        }
        return views;
}

static void attempt_page(struct request *rq, struct reply *re, const char *template,
                         const char *title)
{
        const json_t *attempt;
        json_t *data = NULL;

        pthread_mutex_lock(&cb.lock);
        attempt = cb_find(cb.attempts, "_id", request_segment(rq, "id"));
        if (attempt != NULL) {
                data = attempt_view(attempt);
                set_frame(data, title);
                json_set(data, "challenges", challenge_views(attempt));
        }
        pthread_mutex_unlock(&cb.lock);
        if (data == NULL)
                reply_problem(rq, re, 404, "There is no such attempt.");
        else
                reply_page(rq, re, 200, template, data);
}

void cb_page_attempt(struct request *rq, struct reply *re)
{
        attempt_page(rq, re, "sandbox-coderbyte-take", "Your assessment");
}

void cb_page_report(struct request *rq, struct reply *re)
{
        attempt_page(rq, re, "sandbox-coderbyte-report", "Report");
}

/* What was typed into the form of a step. */
static json_t *form_values(struct request *rq)
{
        static const char *const texts[] = { "flag", "recommendation", "comment" };
        json_t *with = json_object(), *scores = json_array();
        int64_t number;

        for (int i = 0; i < 10; i++) {
                char *name = mem_format("score-%d", i);
                const char *typed = request_form(rq, name);

                if (typed != NULL && text_int(typed, 0, 10, &number) == 0)
                        json_add(scores, json_integer(number));
                mem_free(name);
        }
        json_set(with, "scores", scores);
        if (request_form(rq, "correct") != NULL &&
            text_int(request_form(rq, "correct"), 0, 4, &number) == 0)
                json_set_int(with, "correct", number);
        json_set_bool(with, "grading", request_form(rq, "grading") != NULL);
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                if (!text_empty(request_form(rq, texts[i])))
                        json_set_text(with, texts[i], request_form(rq, texts[i]));
        return with;
}

void cb_page_step(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id"), *step = request_segment(rq, "step");
        const char *back = request_form(rq, "back");
        char *base = cb_base(rq), *location;
        json_t *attempt, *with = form_values(rq);
        bool moved;

        if (text_equal(step, "expire"))
                json_object_del(with, "scores"); /* out of time with nothing handed in */
        pthread_mutex_lock(&cb.lock);
        attempt = cb_find(cb.attempts, "_id", id);
        moved = attempt != NULL && cb_step(base, attempt, step, with);
        pthread_mutex_unlock(&cb.lock);
        json_decref(with);
        mem_free(base);
        if (!moved) {
                reply_problem(rq, re, attempt == NULL ? 404 : 409,
                              "The attempt has moved on; go back and look again.");
                return;
        }
        location = mem_format(CB_PREFIX "/%s/%s", text_equal(back, "report") ? "report" : "sl", id);
        reply_see_other(re, location);
        mem_free(location);
}

void cb_page_interview(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id"), *email = request_form(rq, "email");
        json_t *interview;
        bool good = true;

        if (id == NULL && !is_address(email)) {
                reply_problem(rq, re, 422, "Type an e-mail address.");
                return;
        }
        pthread_mutex_lock(&cb.lock);
        if (id == NULL) {
                cb_create_interview(email);
        } else {
                interview = cb_find(cb.interviews, "interview_id", id);
                good = interview != NULL && cb_finish_interview(interview);
        }
        pthread_mutex_unlock(&cb.lock);
        if (good)
                reply_see_other(re, CB_PREFIX "/");
        else
                reply_problem(rq, re, 409, "The interview has moved on; go back and look again.");
}

/* ---- webhook settings ---- */

static void add_log(json_t *list, const json_t *log)
{
        for (size_t i = 0; i < json_array_size(log) && i < 20; i++) {
                const json_t *entry = json_array_get(log, i);
                json_t *one = json_object();
                struct buf at = BUF_NONE;

                when_iso(&at, json_get_int(entry, "at_ms", 0) / 1000 * 1000);
                json_set_text(one, "at", buf_text(&at));
                json_set_text(one, "event", json_get_text(entry, "event", ""));
                json_set_int(one, "status", json_get_int(entry, "status", 0));
                json_set_bool(one, "ok", json_get_bool(entry, "ok", false));
                json_set_text(one, "cause", json_get_text(entry, "cause", NULL));
                json_add(list, one);
                buf_dispose(&at);
        }
}

void cb_page_hooks(struct request *rq, struct reply *re)
{
        json_t *data = page_data("API settings"), *list = json_array(), *log = json_array();

        for (int i = 0; i < CB_OPERATIONS; i++) {
                json_t *report = deliver_report(cb.hooks[i]), *one = json_object();

                json_set_text(one, "name", cb_operation_name(i));
                json_set_text(one, "url", json_get_text(report, "url", NULL));
                json_add(list, one);
                add_log(log, json_object_get(report, "log"));
                json_decref(report);
        }
        json_set(data, "hooks", list);
        json_set(data, "log", log);
        reply_page(rq, re, 200, "sandbox-coderbyte-webhooks", data);
}

void cb_page_hooks_save(struct request *rq, struct reply *re)
{
        pthread_mutex_lock(&cb.lock);
        for (int i = 0; i < CB_OPERATIONS; i++)
                cb_hook_set(i, request_form(rq, cb_operation_name(i)));
        pthread_mutex_unlock(&cb.lock);
        reply_see_other(re, CB_PREFIX "/webhooks");
}
