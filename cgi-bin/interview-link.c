/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interview-link: links made, moved and cancelled by a scheduling flow; the lobby behind them. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "door/fetch.h"
#include "floor/buf.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "guard.h"
#include "home/interview.h"
#include "home/records.h"

#define BODY_MAX (64 * 1024)
#define IDEMPOTENCY_MAX 255

/* "candidate.email: is no e-mail address": the member before the colon is named apart, too. */
static void invalid(struct request *rq, struct reply *re, const char *text)
{
        size_t len = strcspn(text, ": ");
        char *member = text[len] == ':' ? mem_text_part(text, len) : NULL;

        reply_problem_at(rq, re, 422, member, text);
        mem_free(member);
}

static void answer(struct request *rq, struct reply *re, enum interview_answer what, json_t *view,
                   int status, const struct fail *why)
{
        switch (what) {
        case INTERVIEW_DONE:
        case INTERVIEW_REPEATED:
                if (status == 201)
                        reply_header(re, "Location", json_get_text(view, "self", ""));
                if (what == INTERVIEW_REPEATED)
                        reply_header(re, "Idempotency-Replayed", "true");
                reply_json(re, status, view);
                return;
        case INTERVIEW_INVALID:
                invalid(rq, re, why->text);
                return;
        case INTERVIEW_KEY_USED:
                reply_problem(rq, re, 422,
                              "This Idempotency-Key was used before with another document.");
                return;
        case INTERVIEW_ABSENT:
                reply_problem(rq, re, 404, "There is no such interview.");
                return;
        case INTERVIEW_OVER:
                reply_problem(
                    rq, re, 409,
                    "This interview was cancelled or is over: it cannot be changed. Make another.");
                return;
        case INTERVIEW_BROKEN:
                break;
        }
        reply_failure(rq, re, "interview failed", why);
}

/* The body as JSON, or a reply and NULL. */
static json_t *document(struct request *rq, struct reply *re)
{
        const struct buf *body = request_body(rq);
        struct fail why = FAIL_CLEAR;
        json_t *value = json_parse(body->data, body->len, true, &why);

        if (value == NULL)
                reply_problem(rq, re, 400, why.text);
        return value;
}

static void create(struct request *rq, struct reply *re)
{
        const char *idempotency = NULL;
        struct fail why = FAIL_CLEAR;
        enum interview_answer what;
        json_t *asked, *view = NULL;
        struct org *org;
        char key[9];
        int came;

        if (guard_org(rq, re, "interviews:write", false, &org, key) != 0)
                return;
        came = request_header(rq, "Idempotency-Key", &idempotency);
        if (came < 0 ||
            (came > 0 && (*idempotency == '\0' || strlen(idempotency) > IDEMPOTENCY_MAX))) {
                reply_problem(rq, re, 400, "Idempotency-Key must come once, 1 to 255 bytes long.");
                return;
        }
        asked = document(rq, re);
        if (asked == NULL)
                return;
        what = interview_create(guard_home(), org, asked, key, came > 0 ? idempotency : NULL, &view,
                                &why);
        answer(rq, re, what, view, 201, &why);
        json_decref(asked);
}

static void show(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        enum interview_answer what;
        json_t *view = NULL;
        struct org *org;

        if (guard_org(rq, re, "interviews:read", false, &org, NULL) != 0)
                return;
        what = interview_view(guard_home(), org, request_segment(rq, "id"), &view, &why);
        answer(rq, re, what, view, 200, &why);
}

static void change(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        enum interview_answer what;
        json_t *asked, *view = NULL;
        struct org *org;

        if (guard_org(rq, re, "interviews:write", false, &org, NULL) != 0)
                return;
        asked = document(rq, re);
        if (asked == NULL)
                return;
        what = interview_change(guard_home(), org, request_segment(rq, "id"), asked, &view, &why);
        answer(rq, re, what, view, 200, &why);
        json_decref(asked);
}

static void cancel(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        enum interview_answer what;
        json_t *view = NULL;
        struct org *org;

        if (guard_org(rq, re, "interviews:write", false, &org, NULL) != 0)
                return;
        what = interview_cancel(guard_home(), org, request_segment(rq, "id"), &view, &why);
        answer(rq, re, what, view, 200, &why);
}

/* The record behind the token in the path, or a reply and -1. */
static int by_token(struct request *rq, struct reply *re, struct org **org, char **id,
                    json_t **record)
{
        struct fail why = FAIL_CLEAR;
        int found;

        if (guard_open_org(rq, re, org) != 0)
                return -1;
        found =
            interview_by_token(guard_home(), *org, request_segment(rq, "token"), id, record, &why);
        if (found > 0)
                return 0;
        if (found < 0)
                reply_failure(rq, re, "interview cannot be looked up", &why);
        else
                reply_problem(
                    rq, re, 404,
                    "There is no interview behind this link. Check that you copied all of "
                    "it, or ask whoever invited you.");
        return -1;
}

static void add_time(json_t *data, const char *name, int64_t ms)
{
        struct buf text = BUF_NONE;
        json_t *time;

        if (ms == 0)
                return;
        time = json_object();
        when_iso(&text, ms);
        json_set_text(time, "machine", buf_text(&text));
        buf_reset(&text);
        when_people(&text, ms);
        json_set_text(time, "people", buf_text(&text));
        json_set(data, name, time);
        buf_dispose(&text);
}

/* "https://app.codesignal.com" of a URL. */
static char *origin_of(const char *url)
{
        const char *start = strstr(url, "://");

        return start == NULL
                   ? mem_text("")
                   : mem_text_part(url, strcspn(start + 3, "/?#") + (size_t)(start + 3 - url));
}

/* Where the form's way ends, by a redirect, once Join was pressed: browsers hold forms to what
 * the page with the form allowed. */
static char *platform_origin(struct org *org, const json_t *record)
{
        json_t *connection = NULL;
        char *origin = NULL;

        if (record_get(org, "connection", json_get_text(record, "platform", ""), &connection,
                       NULL) == 1)
                origin = origin_of(json_get_text(connection, "settings.base_url", ""));
        json_decref(connection);
        return origin;
}

/* The lobby: what, when, and one button.  sentence: what went wrong at the last press; room:
 * where the open room is, when the browser cannot be sent there. */
static void lobby_page(struct request *rq, struct reply *re, struct org *org, const json_t *record,
                       int status, const char *sentence, const char *room)
{
        const char *state = json_get_text(record, "state", "");
        bool cancelled = text_equal(state, "cancelled"), over = text_equal(state, "over");
        const char *token = request_segment(rq, "token");
        json_t *data = json_object(), *self = NULL;
        char *calendar = mem_format("%s.ics", token), *origin = platform_origin(org, record);

        if (record_get(org, "org", "self", &self, NULL) == 1)
                json_set_text(data, "org_name", json_get_text(self, "name", org->name));
        json_decref(self);
        json_set_text(data, "title", json_get_text(record, "title", "Coding interview"));
        json_set_text(data, "candidate", json_get_text(record, "candidate_name", NULL));
        add_time(data, "starts", json_get_int(record, "starts_ms", 0));
        add_time(data, "ends", json_get_int(record, "ends_ms", 0));
        json_set_bool(data, "cancelled", cancelled);
        json_set_bool(data, "over", over);
        json_set_bool(data, "open", !cancelled && !over);
        json_set_bool(data, "moved", !cancelled && json_get_int(record, "sequence", 0) > 0);
        if (json_get_int(record, "starts_ms", 0) != 0)
                json_set_text(data, "calendar", calendar);
        json_set_text(data, "sentence", sentence);
        if (room != NULL)
                json_set_text(data, "room", room);
        mem_free(calendar);
        reply_page(rq, re, status, "lobby", data);
        if (!text_empty(origin))
                reply_forms_may_end_at(re, origin);
        mem_free(origin);
}

static void lobby(struct request *rq, struct reply *re)
{
        json_t *record = NULL;
        struct org *org;
        char *id = NULL;

        if (by_token(rq, re, &org, &id, &record) != 0)
                return;
        lobby_page(rq, re, org, record, 200, NULL, NULL);
        json_decref(record);
        mem_free(id);
}

/* Who joins may wait for the platform.  Most threads may do so, never all: a platform that hangs
 * must not hold up those who make links, nor other organisations. */
static atomic_llong joining;

static bool may_wait(void)
{
        long long most = serve_settings.threads - (serve_settings.threads + 3) / 4;

        if (atomic_fetch_add(&joining, 1) < (most > 0 ? most : 1))
                return true;
        atomic_fetch_sub(&joining, 1);
        return false;
}

/* Where the platform's room is; what it gave must be an address that we would call ourselves. */
static int find_room(struct org *org, const char *id, char **url, struct outcome *outcome)
{
        const struct trade trade = { .home = guard_home(),
                                     .data_dir = serve_settings.data,
                                     .scale = serve_settings.retry_scale };
        struct fail why = FAIL_CLEAR;
        int result;

        if (!may_wait())
                return outcome_set(outcome, OUTCOME_AGAIN,
                                   "Many people are joining right now. Press Join again in a "
                                   "moment.",
                                   "no thread left to wait with");
        result = interview_join(&trade, org, id, url, outcome);
        atomic_fetch_sub(&joining, 1);
        if (result == 0 && fetch_check_url(*url, &why) != 0) {
                mem_free_secret(*url);
                *url = NULL;
                return outcome_set(outcome, OUTCOME_AGAIN, NULL, "the room's address: %s",
                                   why.text);
        }
        return result;
}

static void join(struct request *rq, struct reply *re)
{
        struct outcome outcome = OUTCOME_NONE;
        json_t *record = NULL;
        struct org *org;
        char *id = NULL, *url = NULL, *allowed, *origin;

        if (by_token(rq, re, &org, &id, &record) != 0)
                return;
        if (find_room(org, id, &url, &outcome) == 0) {
                allowed = platform_origin(org, record);
                origin = origin_of(url);
                if (text_equal(allowed, origin))
                        reply_see_other(re, url);
                else
                        lobby_page(rq, re, org, record, 200, NULL, url);
                mem_free(origin);
                mem_free(allowed);
        } else {
                log_event(LOG_LEVEL_WARN, "room not made", "org", org->name, "outcome",
                          outcome_word(outcome.kind), "detail", outcome.detail, NULL);
                lobby_page(rq, re, org, record, outcome.kind == OUTCOME_REFUSED ? 409 : 503,
                           text_or(outcome.sentence,
                                   "The room could not be opened. Press Join again in a moment."),
                           NULL);
                if (outcome.kind != OUTCOME_REFUSED)
                        reply_header(re, "Retry-After", "5");
        }
        mem_free_secret(url);
        json_decref(record);
        mem_free(id);
}

static void calendar(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL, *view = NULL;
        struct org *org;
        char *id = NULL;

        if (by_token(rq, re, &org, &id, &record) != 0)
                return;
        if (json_get_int(record, "starts_ms", 0) == 0) {
                reply_problem(rq, re, 404, "This interview has no time yet.");
        } else if (interview_view(guard_home(), org, id, &view, &why) != INTERVIEW_DONE) {
                reply_failure(rq, re, "interview cannot be shown", &why);
        } else {
                reply_status(re, 200);
                interview_calendar(org->name, id, record, json_get_text(view, "url", ""),
                                   reply_body(re));
                reply_type(re, "text/calendar; charset=utf-8");
                reply_header(re, "Content-Disposition", "attachment; filename=\"interview.ics\"");
        }
        json_decref(view);
        json_decref(record);
        mem_free(id);
}

static const struct route routes[] = {
        { "POST", "{org}", create, BODY_MAX, true, NULL },
        { "GET", "{org}/join/{token}.ics", calendar, 0, false, NULL },
        { "GET", "{org}/join/{token}", lobby, 0, false, NULL },
        { "POST", "{org}/join/{token}", join, 1024, false, NULL },
        { "GET", "{org}/{id}", show, 0, true, NULL },
        { "PATCH", "{org}/{id}", change, BODY_MAX, true, NULL },
        { "DELETE", "{org}/{id}", cancel, 0, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

int main(int argc, char **argv)
{
        static const struct route *const tables[] = { routes, NULL };
        static const struct program program = {
                .name = "interview-link",
                .about = "interview links: made, moved, cancelled; the lobby behind them",
                .routes = tables,
                .start = guard_start,
                .stop = guard_stop,
        };

        return serve(argc, argv, &program);
}
