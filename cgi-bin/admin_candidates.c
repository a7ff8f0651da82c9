/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: candidates: search, and what became of one. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/dossier.h"
#include "home/forget.h"
#include "home/roll.h"
#include "home/timeline_view.h"

#define PAGE 30

static const struct {
        const char *state, *words, *tone;
} states[] = {
        { "none", "nothing sent", "" },
        { "invited", "invited", "wait" },
        { "started", "in progress", "wait" },
        { "submitted", "submitted", "wait" },
        { "in_review", "in review", "wait" },
        { "complete", "complete", "good" },
        { "not_verified", "not verified", "bad" },
        { "expired", "expired", "bad" },
        { "declined", "declined", "bad" },
        { "cancelled", "withdrawn", "bad" },
};

static void dress(struct request *rq, json_t *row)
{
        struct buf href = BUF_NONE;

        for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
                if (text_equal(states[i].state, json_get_text(row, "state", ""))) {
                        json_set_text(row, "word", states[i].words);
                        json_set_text(row, "tone", states[i].tone);
                }
        }
        code_url(&href, json_get_text(row, "key", ""));
        json_set_text(row, "href", buf_text(&href));
        admin_set_time(rq, row, "at", json_get_int(row, "at_ms", 0));
        buf_dispose(&href);
}

static json_t *state_options(const char *chosen)
{
        json_t *list = json_array();

        json_add(list, admin_option("", "any"));
        for (size_t i = 0; i < sizeof states / sizeof *states; i++)
                json_add(list, admin_option(states[i].state, states[i].words));
        admin_choose(list, text_or(chosen, ""));
        return list;
}

static json_t *day_options(const char *chosen)
{
        json_t *list = json_array();

        json_add(list, admin_option("", "any time"));
        json_add(list, admin_option("1", "the last day"));
        json_add(list, admin_option("7", "the last week"));
        json_add(list, admin_option("30", "the last month"));
        admin_choose(list, text_or(chosen, ""));
        return list;
}

/* The same search, further down. */
static void set_next(json_t *view, const struct roll_question *q, const char *days, uint64_t next)
{
        struct buf href = BUF_NONE;

        if (next == 0)
                return;
        buf_format(&href, "?before=%llu&q=", (unsigned long long)next);
        code_url(&href, text_or(q->text, ""));
        buf_add_text(&href, "&state=");
        code_url(&href, text_or(q->state, ""));
        buf_add_text(&href, "&days=");
        code_url(&href, text_or(days, ""));
        json_set_text(view, "next", buf_text(&href));
        buf_dispose(&href);
}

static void candidates(struct request *rq, struct reply *re)
{
        const char *days = request_query(rq, "days"), *text = request_query(rq, "q");
        const char *state = request_query(rq, "state");
        struct roll_question q = { .limit = PAGE };
        char *copy = mem_text(text_or(text, ""));
        struct fail why = FAIL_CLEAR;
        json_t *list = NULL, *view, *row;
        int64_t number = 0;
        uint64_t next = 0;
        int kept = forget_days(admin_visitor(rq)->org, &why);
        size_t i;

        text_cut(copy, 200);
        q.text = *text_trim(copy) == '\0' ? NULL : text_trim(copy);
        q.state = text_empty(state) ? NULL : state;
        if (text_int(text_or(days, ""), 1, 3650, &number) == 0)
                q.since_ms = when_now_ms() - number * WHEN_DAY;
        if (text_int(text_or(request_query(rq, "before"), ""), 1, INT64_MAX, &number) == 0)
                q.before = (uint64_t)number;
        if (kept < 0 || roll_search(admin_visitor(rq)->org, &q, &list, &next, &why) != 0) {
                reply_failure(rq, re, "candidates cannot be searched", &why);
                mem_free(copy);
                return;
        }
        json_array_foreach(list, i, row)
        {
                dress(rq, row);
        }
        view = json_object();
        json_set_bool(view, "has_rows", json_array_size(list) > 0);
        json_set(view, "rows", list);
        json_set_text(view, "q", q.text);
        json_set_bool(view, "asked", q.text != NULL || q.state != NULL || q.since_ms != 0);
        json_set(view, "states", state_options(state));
        json_set(view, "days", day_options(days));
        if (kept > 0)
                json_set_int(view, "kept", kept);
        set_next(view, &q, days, next);
        admin_page(rq, re, 200, "candidates", view, "Candidates", "candidates");
        mem_free(copy);
}

/* --- one ------------------------------------------------------------------------------------ */

static void set_times(struct request *rq, json_t *rows)
{
        json_t *row;
        size_t i;

        json_array_foreach(rows, i, row)
        {
                admin_set_time(rq, row, "at", json_get_int(row, "at_ms", 0));
                set_times(rq, json_object_get(row, "steps"));
        }
}

/* Who looked at whom: once an hour for each. */
static int note_view(struct request *rq, struct reply *re, const char *key)
{
        char *about = mem_format("candidate %s", key);
        int result = admin_log_once(rq, re, "candidate.viewed", about, WHEN_HOUR);

        mem_free(about);
        return result;
}

static void candidate(struct request *rq, struct reply *re)
{
        const char *key = request_segment(rq, "key");
        struct fail why = FAIL_CLEAR;
        json_t *view = NULL;
        struct buf href = BUF_NONE;
        char *title;

        switch (timeline_view(guard_home(), admin_visitor(rq)->org, key, &view, &why)) {
        case 1:
                break;
        case 0:
                reply_problem(rq, re, 404, "There is no such candidate here.");
                return;
        case 2:
                reply_problem(rq, re, 410, "This candidate's data was erased.");
                return;
        default:
                reply_failure(rq, re, "candidate cannot be shown", &why);
                return;
        }
        if (note_view(rq, re, key) != 0) {
                json_decref(view);
                return;
        }
        set_times(rq, json_object_get(view, "sessions"));
        set_times(rq, json_object_get(view, "history"));
        code_url(&href, key);
        json_set_text(view, "href", buf_text(&href));
        title = mem_text(json_get_text(view, "name", "Candidate"));
        admin_page(rq, re, 200, "candidate", view, title, "candidates");
        mem_free(title);
        buf_dispose(&href);
}

/* A look at the truth mends most gaps: the session's, or the application's own. */
static int order_look(struct request *rq, const char *application, const char *session,
                      struct fail *why)
{
        struct org *org = admin_visitor(rq)->org;
        const char *key = text_empty(session) ? application : session;
        char *connection = dossier_connection(key);
        const struct action_order order = {
                .kind = text_empty(session) ? "look_application" : "look_session",
                .connection = connection,
                .application = application,
                .session = text_empty(session) ? NULL : session,
                .due_ms = when_now_ms(),
                .now_ms = when_now_ms(),
        };
        int result = action_add(guard_home(), org, &order, NULL, why);

        mem_free(connection);
        return result;
}

static void look(struct request *rq, struct reply *re)
{
        const char *key = request_segment(rq, "key"), *session = request_form(rq, "session");
        struct org *org = admin_visitor(rq)->org;
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL, *one;
        struct buf href = BUF_NONE;
        char *about;
        bool known = text_empty(session);
        size_t i;
        int found = dossier_application(org, key, &record, NULL, &why);

        json_array_foreach(json_at(record, "sessions"), i, one)
        {
                known = known || text_equal(json_text_of(one, ""), session);
        }
        about = mem_format("candidate %s", key);
        if (found < 0)
                reply_failure(rq, re, "candidate cannot be read", &why);
        else if (found == 0 || !known || json_get_bool(record, "erased", false))
                reply_problem(rq, re, 404, "There is no such candidate or assessment here.");
        else if (order_look(rq, key, session, &why) != 0)
                reply_failure(rq, re, "look cannot be ordered", &why);
        else if (admin_log(rq, re, "session.looked", about, NULL) == 0) {
                code_url(&href, key);
                admin_go(rq, re, "candidates/%s?said=mended", buf_text(&href));
        }
        buf_dispose(&href);
        mem_free(about);
        json_decref(record);
}

const struct route admin_candidate_routes[] = {
        { "GET", "{org}/candidates", candidates, 0, false, READERS },
        { "GET", "{org}/candidates/{key}", candidate, 0, false, READERS },
        { "POST", "{org}/candidates/{key}/look", look, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
