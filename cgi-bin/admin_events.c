/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: what arrived: a list with filters, one with its raw bytes, replaying a range. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/event.h"
#include "home/records.h"
#include "home/status_view.h"

#define PAGE 40
#define LOOK 3000         /* events that one search looks at */
#define SHOWN (64 * 1024) /* bytes of a body on the page */
#define RANGE_MAX 10000   /* events of one replay */

static const char *const event_states[] = { "waiting", "done", "duplicate", "unknown", "ignored" };

const char *admin_trust_words(const char *trust)
{
        return text_equal(trust, "body") ? "The signature covers the body: it may be believed."
               : text_equal(trust, "notice")
                   ? "The signature does not cover the body: it only says "
                     "where to look."
                   : "Nobody vouches for it: nothing follows.";
}

json_t *admin_connection_options(struct request *rq, const char *chosen)
{
        struct visitor *v = admin_visitor(rq);
        json_t *list = json_array(), *status = NULL, *row;
        size_t i;

        json_add(list, admin_option("", "any"));
        if (status_view(guard_home(), v->org, &status, NULL) == 0)
                json_array_foreach(json_object_get(status, "connections"), i, row)
                {
                        const char *id = json_get_text(row, "id", "");

                        json_add(list, admin_option(id, id));
                }
        json_decref(status);
        admin_choose(list, text_or(chosen, ""));
        return list;
}

struct filter {
        const char *connection, *state, *text;
        int64_t before;
};

static struct filter read_filter(struct request *rq)
{
        struct filter f = { .connection = request_query(rq, "connection"),
                            .state = request_query(rq, "state"),
                            .text = request_query(rq, "q") };

        if (text_int(text_or(request_query(rq, "before"), ""), 1, INT64_MAX, &f.before) != 0)
                f.before = 0;
        return f;
}

static void set_next(json_t *view, const struct filter *f, uint64_t before)
{
        struct buf href = BUF_NONE;

        buf_format(&href, "?before=%llu&connection=", (unsigned long long)before);
        code_url(&href, text_or(f->connection, ""));
        buf_add_text(&href, "&state=");
        code_url(&href, text_or(f->state, ""));
        buf_add_text(&href, "&q=");
        code_url(&href, text_or(f->text, ""));
        json_set_text(view, "next", buf_text(&href));
        buf_dispose(&href);
}

static bool fits(const struct filter *f, const json_t *event)
{
        return (text_empty(f->connection) ||
                text_equal(f->connection, json_get_text(event, "connection", ""))) &&
               (text_empty(f->state) || text_equal(f->state, json_get_text(event, "state", ""))) &&
               (text_empty(f->text) ||
                strcasestr(json_get_text(event, "name", ""), f->text) != NULL ||
                strcasestr(json_get_text(event, "summary", ""), f->text) != NULL ||
                text_equal(json_get_text(event, "subject", NULL), f->text) ||
                text_equal(json_get_text(event, "request_id", NULL), f->text));
}

static void dress(struct request *rq, json_t *event, uint64_t number)
{
        json_set_int(event, "number", (int64_t)number);
        if (json_get_int(event, "replays", 0) == 0)
                json_set(event, "replays", NULL); /* 0 is true in a template */
        json_set_text(event, "tone", status_event_tone(json_get_text(event, "state", "")));
        admin_set_time(rq, event, "received", json_get_int(event, "received_ms", 0));
        admin_set_time(rq, event, "occurred", json_get_int(event, "occurred_ms", 0));
        json_set_text(event, "trust_words", admin_trust_words(json_get_text(event, "trust", "")));
}

static void events(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct filter f = read_filter(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view = json_object(), *list = json_array(), *states = json_array(), *event;
        uint64_t last = 0, at, looked = 0;
        int found = store_series_last(v->org->store, "event", &last, &why) == 0 ? 1 : -1;

        at = f.before != 0 && (uint64_t)f.before <= last ? (uint64_t)f.before - 1 : last;
        for (; found >= 0 && at > 0; at--, looked++) {
                if (json_array_size(list) >= PAGE || looked >= LOOK) {
                        set_next(view, &f, at + 1);
                        break;
                }
                found = record_series_get(v->org, "event", at, &event, &why);
                if (found == 1 && fits(&f, event)) {
                        dress(rq, event, at);
                        json_add(list, json_incref(event));
                }
                json_decref(found == 1 ? event : NULL);
        }
        json_add(states, admin_option("", "any"));
        for (size_t i = 0; i < sizeof event_states / sizeof *event_states; i++)
                json_add(states, admin_option(event_states[i], event_states[i]));
        admin_choose(states, text_or(f.state, ""));
        json_set(view, "states", states);
        json_set(view, "connections", admin_connection_options(rq, f.connection));
        json_set_text(view, "q", text_empty(f.text) ? NULL : f.text);
        json_set_bool(view, "asked",
                      !text_empty(f.text) || !text_empty(f.state) || !text_empty(f.connection));
        json_set_bool(view, "has_events", json_array_size(list) > 0);
        json_set(view, "events", list);
        if (found < 0) {
                json_decref(view);
                reply_failure(rq, re, "events cannot be listed", &why);
                return;
        }
        admin_page(rq, re, 200, "events", view, "Events", "events");
}

/* --- one ------------------------------------------------------------------------------------ */

/* The event in the path, or a reply and -1. */
static int load(struct request *rq, struct reply *re, json_t **event, uint64_t *number)
{
        struct fail why = FAIL_CLEAR;
        int64_t n = 0;
        int found = 0;

        if (text_int(request_segment(rq, "number"), 1, INT64_MAX, &n) == 0)
                found =
                    record_series_get(admin_visitor(rq)->org, "event", (uint64_t)n, event, &why);
        *number = (uint64_t)n;
        if (found == 1)
                return 0;
        if (found < 0)
                reply_failure(rq, re, "event cannot be read", &why);
        else
                reply_problem(rq, re, 404,
                              "There is no such event; after 90 days they are taken away.");
        return -1;
}

/* Raw bytes are a candidate's data: who looked stands in the log, once an hour. */
static int note_view(struct request *rq, struct reply *re, uint64_t number)
{
        char *about = mem_format("event %llu", (unsigned long long)number);
        int result = admin_log_once(rq, re, "event.viewed", about, WHEN_HOUR);

        mem_free(about);
        return result;
}

/* Indented when it is JSON; bytes that are no text as what they are. */
static void set_body(json_t *view, const struct buf *body)
{
        json_t *value = json_parse(body->data, body->len, false, NULL);
        struct buf text = BUF_NONE;

        if (value != NULL)
                json_print(value, &text);
        else
                buf_add_buf(&text, body);
        json_set_bool(view, "indented", value != NULL);
        json_set_int(view, "body_bytes", (int64_t)body->len);
        json_set_bool(view, "body_cut", text.len > SHOWN);
        json_set(view, "body", json_new_text(buf_text(&text), text.len > SHOWN ? SHOWN : text.len));
        json_decref(value);
        buf_dispose(&text);
}

static json_t *header_rows(const json_t *headers)
{
        json_t *list = json_array(), *row, *value;
        const char *name;

        json_object_foreach((json_t *)(uintptr_t)headers, name, value)
        {
                row = json_object();
                json_set_text(row, "header", name);
                json_set_text(row, "text", json_text_of(value, ""));
                json_add(list, row);
        }
        return list;
}

static void event_page(struct request *rq, struct reply *re)
{
        struct buf body = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        json_t *event = NULL, *view;
        uint64_t number;
        char key[24], *title;
        int found;

        if (load(rq, re, &event, &number) != 0)
                return;
        snprintf(key, sizeof key, "%llu", (unsigned long long)number);
        found = store_get(admin_visitor(rq)->org->store, "body", key, &body, &why);
        if (found < 0) {
                reply_failure(rq, re, "body cannot be read", &why);
        } else if (note_view(rq, re, number) == 0) {
                view = json_object();
                dress(rq, event, number);
                json_set(view, "event", json_incref(event));
                json_set(view, "header_rows", header_rows(json_object_get(event, "headers")));
                json_set_bool(view, "has_body", found == 1);
                if (found == 1)
                        set_body(view, &body);
                json_set_bool(view, "can_replay",
                              found == 1 &&
                                  !text_equal(json_get_text(event, "trust", ""), "unsigned"));
                title = mem_format("Event %llu", (unsigned long long)number);
                admin_page(rq, re, 200, "event", view, title, "events");
                mem_free(title);
        }
        json_decref(event);
        buf_dispose_secret(&body);
}

static void event_body(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *event = NULL;
        uint64_t number;
        char key[24], *name;
        int found;

        if (load(rq, re, &event, &number) != 0)
                return;
        json_decref(event);
        if (note_view(rq, re, number) != 0)
                return;
        snprintf(key, sizeof key, "%llu", (unsigned long long)number);
        found = store_get(admin_visitor(rq)->org->store, "body", key, reply_body(re), &why);
        if (found < 0) {
                reply_failure(rq, re, "body cannot be read", &why);
        } else if (found == 0) {
                reply_problem(rq, re, 404, "Its bytes are gone: the candidate's data was erased.");
        } else {
                reply_status(re, 200);
                reply_type(re, "application/octet-stream");
                name = mem_format("attachment; filename=\"event-%s\"", key);
                reply_header(re, "Content-Disposition", name);
                mem_free(name);
        }
}

/* --- replaying a range ---------------------------------------------------------------------- */

/* How many of a range can be replayed: signed, and their bytes are there; -1. */
static int64_t count_range(struct org *org, uint64_t from, uint64_t to, struct fail *why)
{
        int64_t count = 0;

        for (uint64_t n = from; n <= to; n++) {
                json_t *event = NULL;
                char key[24];
                int found = record_series_get(org, "event", n, &event, why);

                snprintf(key, sizeof key, "%llu", (unsigned long long)n);
                if (found == 1 && !text_equal(json_get_text(event, "trust", ""), "unsigned"))
                        found = store_get(org->store, "body", key, NULL, why);
                else if (found == 1)
                        found = 0;
                json_decref(event);
                if (found < 0)
                        return -1;
                count += found;
        }
        return count;
}

/* Numbers of a range: 0, or -1 and a sentence. */
static int read_range(const char *from, const char *to, struct org *org, uint64_t *first,
                      uint64_t *past, struct fail *why)
{
        int64_t a, b;
        uint64_t last = 0;

        if (text_int(text_or(from, ""), 1, INT64_MAX, &a) != 0 ||
            text_int(text_or(to, ""), 1, INT64_MAX, &b) != 0 || a > b)
                return fail_set(why, FAIL_INPUT, "Give two numbers, the smaller one first.");
        if (b - a >= RANGE_MAX)
                return fail_set(why, FAIL_INPUT, "At most %d events at once.", RANGE_MAX);
        if (store_series_last(org->store, "event", &last, why) != 0)
                return -1;
        if ((uint64_t)b > last)
                return fail_set(why, FAIL_INPUT, "The last event is number %llu.",
                                (unsigned long long)last);
        *first = (uint64_t)a;
        *past = (uint64_t)b;
        return 0;
}

static void show_replay(struct request *rq, struct reply *re, int status, const char *from,
                        const char *to, const char *fault, int64_t count)
{
        json_t *view = json_object();

        json_set_text(view, "from", from);
        json_set_text(view, "to", to);
        json_set_text(view, "fault", fault);
        if (count >= 0)
                json_set_int(view, "count", count);
        json_set_bool(view, "counted", count >= 0);
        json_set_bool(view, "some", count > 0);
        admin_page(rq, re, status, "replay", view, "Replay events", "events");
}

static void replay_form(struct request *rq, struct reply *re)
{
        const char *from = request_query(rq, "from"), *to = request_query(rq, "to");
        struct org *org = admin_visitor(rq)->org;
        struct fail why = FAIL_CLEAR;
        uint64_t first, past;
        int64_t count = -1;

        if (from == NULL && to == NULL) {
                show_replay(rq, re, 200, NULL, NULL, NULL, -1);
                return;
        }
        if (read_range(from, to, org, &first, &past, &why) == 0)
                count = count_range(org, first, past, &why);
        if (count < 0 && why.kind != FAIL_INPUT)
                reply_failure(rq, re, "events cannot be counted", &why);
        else
                show_replay(rq, re, count < 0 ? 422 : 200, from, to, count < 0 ? why.text : NULL,
                            count);
}

static void replay_range(struct request *rq, struct reply *re)
{
        const char *from = request_form(rq, "from"), *to = request_form(rq, "to");
        struct org *org = admin_visitor(rq)->org;
        struct trade trade = admin_trade();
        struct fail why = FAIL_CLEAR;
        uint64_t first = 0, past = 0, count = 0;
        char *about;

        if (read_range(from, to, org, &first, &past, &why) == 0)
                event_replay(&trade, org, first, past, &count, &why);
        if (why.kind == FAIL_INPUT) {
                show_replay(rq, re, 422, from, to, why.text, -1);
                return;
        }
        about = mem_format("events %llu to %llu, %llu of them", (unsigned long long)first,
                           (unsigned long long)past, (unsigned long long)count);
        if (why.kind != FAIL_NONE)
                reply_failure(rq, re, "events cannot be replayed", &why);
        else if (admin_log(rq, re, "events.replayed", about, NULL) == 0)
                admin_go(rq, re, "events?said=replayed");
        mem_free(about);
}

const struct route admin_event_routes[] = {
        { "GET", "{org}/events", events, 0, false, READERS },
        { "GET", "{org}/events/{number}", event_page, 0, false, READERS },
        { "GET", "{org}/events/{number}/body", event_body, 0, false, READERS },
        { "GET", "{org}/replay", replay_form, 0, false, ADMIN },
        { "POST", "{org}/replay", replay_range, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
