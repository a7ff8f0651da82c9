/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of one candidate's application. */
#include "home/timeline_view.h"

#include <stdlib.h>
#include <string.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/dossier.h"
#include "home/records.h"
#include "home/status_view.h"
#include "home/trade.h"

#define ACTIONS_LOOK 3000 /* of the newest, for those of one application */
#define HISTORY_MAX 200

struct timeline {
        struct home *home;
        struct org *org;
        const char *key;
        const json_t *record; /* of the application */
        json_t *actions;      /* {number, action}: its own, newest first */
        json_t *history;
        struct fail *why;
};

static bool is_ours(const struct timeline *t, const json_t *action)
{
        const char *session = json_get_text(action, "session", "");
        json_t *one;
        size_t i;

        if (text_equal(json_get_text(action, "application", ""), t->key))
                return true;
        json_array_foreach(json_at(t->record, "sessions"), i, one)
        {
                if (*session != '\0' && text_equal(json_text_of(one, ""), session))
                        return true;
        }
        return false;
}

static const char *tone_of_action(const char *state)
{
        return text_equal(state, "done") ? "good" : text_equal(state, "waiting") ? "wait" : "bad";
}

static int see_action(void *context, uint64_t number, const json_t *action)
{
        struct timeline *t = context;
        const char *state = json_get_text(action, "state", "");
        json_t *row, *kept;

        if (!is_ours(t, action) || json_array_size(t->history) >= HISTORY_MAX)
                return 0;
        kept = json_object();
        json_set_int(kept, "number", (int64_t)number);
        json_set(kept, "action", json_deep_copy(action));
        json_add(t->actions, kept);
        row = json_object();
        json_set_int(row, "at_ms",
                     json_get_int(action, "done_ms", json_get_int(action, "created_ms", 0)));
        json_set_text(row, "words", status_action_words(json_get_text(action, "kind", "")));
        json_set_text(row, "word", state);
        json_set_text(row, "tone", tone_of_action(state));
        json_set_text(row, "sentence", json_get_text(action, "sentence", NULL));
        json_set_int(row, "action", (int64_t)number);
        json_add(t->history, row);
        return 0;
}

static int add_event(struct timeline *t, uint64_t number)
{
        json_t *event = NULL, *row;
        int found = record_series_get(t->org, "event", number, &event, t->why);

        if (found <= 0)
                return found;
        row = json_object();
        json_set_int(row, "at_ms", json_get_int(event, "received_ms", 0));
        json_set_text(row, "words", json_get_text(event, "name", "an event"));
        json_set_text(row, "word", json_get_text(event, "state", ""));
        json_set_text(row, "tone", status_event_tone(json_get_text(event, "state", "")));
        json_set_text(row, "sentence", json_get_text(event, "summary", NULL));
        json_set_text(row, "from", json_get_text(event, "connection", ""));
        json_set_int(row, "event", (int64_t)number);
        json_add(t->history, row);
        json_decref(event);
        return 0;
}

static int add_events(struct timeline *t, const json_t *record)
{
        json_t *one;
        size_t i;

        json_array_foreach(json_at(record, "events"), i, one)
        {
                if (json_array_size(t->history) < 2 * HISTORY_MAX &&
                    add_event(t, (uint64_t)json_int_of(one, 0)) != 0)
                        return -1;
        }
        return 0;
}

/* --- one session ---------------------------------------------------------------------------- */

/* The newest action of a kind about this session, or (session NULL) about the application. */
static const json_t *find_action(const struct timeline *t, const char *kind, const char *session)
{
        json_t *one;
        size_t i;

        json_array_foreach(t->actions, i, one)
        {
                if (text_equal(json_get_text(one, "action.kind", ""), kind) &&
                    (session == NULL ||
                     text_equal(json_get_text(one, "action.session", ""), session)))
                        return one;
        }
        return NULL;
}

static json_t *add_step(json_t *steps, const char *words, const char *how, int64_t at_ms,
                        const char *sentence)
{
        json_t *row = json_object();

        json_set_text(row, "words", words);
        json_set_text(row, "how", how);
        json_set_bool(row, how, true);
        json_set_int(row, "at_ms", at_ms);
        json_set_text(row, "sentence", sentence);
        json_add(steps, row);
        return row;
}

static void step_started(json_t *steps, const struct session *s)
{
        switch (s->state) {
        case SESSION_INVITED:
                add_step(
                    steps, "Started", "now", 0,
                    "The candidate has not begun yet. If somebody says otherwise, look again.");
                break;
        case SESSION_EXPIRED:
                add_step(steps, "Started", s->started_ms == 0 ? "gap" : "done", s->started_ms,
                         s->started_ms == 0 ? "The time to begin ran out." : NULL);
                break;
        case SESSION_DECLINED:
        case SESSION_CANCELLED:
                if (s->started_ms == 0)
                        add_step(steps, "Started", "gap", 0,
                                 s->state == SESSION_DECLINED ? "The candidate declined."
                                                              : "The invitation was withdrawn.");
                else
                        add_step(steps, "Started", "done", s->started_ms, NULL);
                break;
        default:
                add_step(steps, "Started", "done", s->started_ms, NULL);
        }
}

static void step_finished(json_t *steps, const struct session *s)
{
        bool over = s->state == SESSION_IN_REVIEW || s->state == SESSION_COMPLETE ||
                    s->state == SESSION_NOT_VERIFIED || s->state == SESSION_SUBMITTED;

        if (over)
                add_step(steps, "Finished", "done", s->finished_ms, NULL);
        else if (s->state == SESSION_STARTED)
                add_step(steps, "Finished", "now", 0, "The candidate is at it.");
        else
                add_step(steps, "Finished", "next", 0, NULL);
}

static void step_verified(json_t *steps, const struct session *s)
{
        if (s->verification == VERIFICATION_VERIFIED)
                add_step(steps, "Verified", "done", 0, NULL);
        else if (s->verification == VERIFICATION_NOT_VERIFIED)
                add_step(steps, "Verified", "gap", 0,
                         "The platform did not verify this result; its "
                         "score is not shown.");
        else if (s->state == SESSION_IN_REVIEW || s->state == SESSION_SUBMITTED)
                add_step(steps, "Verified", "now", 0, "The platform is looking at it.");
        else if (s->state == SESSION_COMPLETE)
                add_step(steps, "Verified", "done", 0,
                         "Not proctored: there was nothing to verify.");
        else
                add_step(steps, "Verified", "next", 0, NULL);
}

static bool rules_write(struct org *org)
{
        json_t *rules = trade_rules(org, NULL);
        char *text = rules == NULL ? NULL : json_text(rules);
        bool write = text != NULL && strstr(text, "\"write_result\"") != NULL;

        mem_free(text);
        json_decref(rules);
        return write;
}

/* Was it written, and if not, what mends that? */
static void step_written(struct timeline *t, json_t *steps, const char *key, const json_t *record,
                         const struct session *s)
{
        int64_t at = json_get_int(record, "written.at_ms", 0);
        const json_t *note = find_action(t, "write_note", key);
        const char *state = json_get_text(note, "action.state", "");
        json_t *row;

        if (at != 0) {
                add_step(steps, "Written in the hiring system", "done", at, NULL);
        } else if (session_is_open(s->state)) {
                add_step(steps, "Written in the hiring system", "next", 0, NULL);
        } else if (text_equal(state, "waiting")) {
                add_step(steps, "Written in the hiring system", "now", 0,
                         json_get_text(note, "action.sentence", "It is being written."));
        } else if (text_equal(state, "parked") || text_equal(state, "refused")) {
                row = add_step(steps, "Written in the hiring system", "gap", 0,
                               json_get_text(note, "action.sentence", "It could not be written."));
                json_set_int(row, "action", json_get_int(note, "number", 0));
        } else if (!rules_write(t->org)) {
                row = add_step(steps, "Written in the hiring system", "gap", 0,
                               "No rule writes results yet.");
                json_set_bool(row, "rules", true);
        } else {
                row = add_step(steps, "Written in the hiring system", "gap", 0,
                               "It was not written. Look again to have it done.");
                json_set_bool(row, "look", true);
        }
}

static const char *tone_of_session(const struct session *s)
{
        switch (s->state) {
        case SESSION_COMPLETE:
                return "good";
        case SESSION_NOT_VERIFIED:
        case SESSION_EXPIRED:
        case SESSION_DECLINED:
        case SESSION_CANCELLED:
                return "bad";
        default:
                return "wait";
        }
}

static int add_session(struct timeline *t, json_t *list, const char *key)
{
        json_t *record = NULL, *row, *steps;
        struct buf line = BUF_NONE;
        struct session s;
        char *platform, *link;
        int found = dossier_session(t->home, t->org, key, &record, &s, t->why);

        if (found <= 0)
                return found;
        if (add_events(t, record) != 0) {
                session_dispose(&s);
                json_decref(record);
                return -1;
        }
        row = json_object();
        steps = json_array();
        platform = dossier_connection(key);
        json_set_text(row, "key", key);
        json_set_text(row, "test", text_or(s.test_title, text_or(s.test_id, "Assessment")));
        json_set_text(row, "platform", platform);
        json_set_text(row, "word", session_word(s.state));
        json_set_text(row, "tone", tone_of_session(&s));
        json_set_bool(row, "open", session_is_open(s.state));
        if (session_score_released(&s)) {
                score_write(&s.score, &line);
                json_set_text(row, "score", line.len == 0 ? NULL : buf_text(&line));
        }
        if (!session_is_open(s.state) && s.state != SESSION_ERASED) {
                link = dossier_report_link(t->home, t->org, key);
                json_set_text(row, "report", link);
                mem_free(link);
        }
        add_step(steps, "Invited", "done", s.created_ms, NULL);
        step_started(steps, &s);
        step_finished(steps, &s);
        step_verified(steps, &s);
        step_written(t, steps, key, record, &s);
        json_set(row, "steps", steps);
        json_add(list, row);
        buf_dispose(&line);
        mem_free(platform);
        session_dispose(&s);
        json_decref(record);
        return 0;
}

/* Nothing was sent: why, and what now? */
static void set_gap(struct timeline *t, json_t *view)
{
        const json_t *send = find_action(t, "send_assessment", NULL);
        const char *state = json_get_text(send, "action.state", "");

        if (text_equal(state, "waiting")) {
                json_set_text(view, "gap", "An assessment is being sent.");
        } else if (text_equal(state, "parked") || text_equal(state, "refused")) {
                json_set_text(
                    view, "gap",
                    json_get_text(send, "action.sentence", "The assessment was not sent."));
                json_set_int(view, "gap_action", json_get_int(send, "number", 0));
        } else {
                json_set_text(view, "gap",
                              "No assessment was sent: no rule fits this job and stage.");
                json_set_bool(view, "gap_rules", true);
        }
}

static int by_time(const void *a, const void *b)
{
        int64_t x = json_get_int(*(json_t *const *)a, "at_ms", 0);
        int64_t y = json_get_int(*(json_t *const *)b, "at_ms", 0);

        return (x < y) - (x > y);
}

static json_t *sorted(json_t *list)
{
        size_t count = json_array_size(list);
        json_t **rows = mem_array(count, sizeof *rows), *result = json_array();

        for (size_t i = 0; i < count; i++)
                rows[i] = json_array_get(list, i);
        if (count > 1)
                qsort(rows, count, sizeof *rows, by_time);
        for (size_t i = 0; i < count && i < HISTORY_MAX; i++)
                json_add(result, json_incref(rows[i]));
        mem_free(rows);
        return result;
}

static int fill(struct timeline *t, json_t *view, const struct application *a)
{
        char *name = mem_format("%s %s", text_or(a->first_name, ""), text_or(a->last_name, ""));
        json_t *sessions = json_array(), *one;
        int result = 0;
        size_t i;

        json_set_text(view, "key", t->key);
        json_set_text(view, "name",
                      text_or(text_trim(name), text_or(a->email, dossier_id(t->key))));
        mem_free(name);
        json_set_text(view, "email", a->email);
        json_set_text(view, "job", a->job_name);
        json_set_text(view, "stage", a->stage_name);
        json_set_text(view, "status", a->status);
        json_set_text(view, "id", dossier_id(t->key));
        json_set_text(view, "ats", json_get_text(t->record, "ats", ""));
        json_set_text(view, "ats_url",
                      text_starts(text_or(a->url, ""), "https://") ? a->url : NULL);
        if (action_each(t->org, NULL, ACTIONS_LOOK, see_action, t, t->why) < 0 ||
            add_events(t, t->record) != 0)
                result = -1;
        json_array_foreach(json_at(t->record, "sessions"), i, one)
        {
                if (result == 0)
                        result = add_session(t, sessions, json_text_of(one, ""));
        }
        json_set_bool(view, "has_sessions", json_array_size(sessions) > 0);
        if (json_array_size(sessions) == 0)
                set_gap(t, view);
        json_set(view, "sessions", sessions);
        json_set_bool(view, "has_history", json_array_size(t->history) > 0);
        json_set(view, "history", sorted(t->history));
        return result;
}

int timeline_view(struct home *h, struct org *org, const char *key, json_t **view, struct fail *why)
{
        struct timeline t = { .home = h, .org = org, .key = key, .why = why };
        struct application application;
        json_t *record = NULL, *v;
        int found = dossier_application(org, key, &record, &application, why);

        if (found <= 0)
                return found;
        if (json_get_bool(record, "erased", false)) {
                found = 2;
        } else {
                t.record = record;
                t.actions = json_array();
                t.history = json_array();
                v = json_object();
                if (fill(&t, v, &application) == 0)
                        *view = v;
                else
                        json_decref(v), found = -1;
                json_decref(t.actions);
                json_decref(t.history);
        }
        application_dispose(&application);
        json_decref(record);
        return found;
}
