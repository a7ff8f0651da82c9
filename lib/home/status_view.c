/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an org is doing, ready for the status page and for programs. */
#include "home/status_view.h"

#include <string.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/alert.h"
#include "home/connection.h"
#include "home/consumer.h"
#include "home/records.h"

struct gathering {
        struct home *home;
        struct org *org;
        json_t *list;
        int64_t now_ms;
        struct fail *why;
};

static void set_ago(json_t *row, const char *name, int64_t now, int64_t then)
{
        struct buf text = BUF_NONE;

        if (then != 0) {
                when_span(&text, now - then);
                buf_add_text(&text, now >= then ? " ago" : " ahead");
        }
        json_set_text(row, name, then == 0 ? NULL : buf_text(&text));
        buf_dispose(&text);
}

static void set_iso(json_t *row, const char *name, int64_t ms)
{
        struct buf text = BUF_NONE;

        if (ms != 0)
                when_iso(&text, ms);
        json_set_text(row, name, ms == 0 ? NULL : buf_text(&text));
        buf_dispose(&text);
}

/* An empty text is no text: templates ask whether there is one. */
static void set_text_unless_empty(json_t *row, const char *name, const char *text)
{
        json_set_text(row, name, text_empty(text) ? NULL : text);
}

struct light {
        const char *colour, *word, *sentence;
};

/* The worst thing that is still true decides. */
static struct light light_of(const json_t *health, const struct kind *kind)
{
        int64_t ok = json_get_int(health, "last_ok_ms", 0);
        int64_t error = json_get_int(health, "last_error.at_ms", 0);
        int64_t verified = json_get_int(health, "last_verified_ms", 0);
        int64_t refused = json_get_int(health, "last_refused.at_ms", 0);
        const char *sentence = json_get_text(health, "last_error.sentence", "");

        if (json_get_bool(health, "denied", false))
                return (
                    struct light){ "red", "Not allowed",
                                   text_or(sentence, "The other side refuses our credential.") };
        if (json_object_get(health, "poll_refused") != NULL)
                return (struct light){ "red", "Polling refused",
                                       json_get_text(health, "poll_refused.sentence", "") };
        if (refused > verified)
                return (struct light){ "red", "Webhook refused",
                                       json_get_text(health, "last_refused.reason", "") };
        if (error > ok)
                return (struct light){ "amber", "Trouble", sentence };
        if (ok == 0 && verified == 0)
                return (struct light){ "grey", "Nothing seen yet",
                                       kind != NULL && kind->sender != NULL
                                           ? "No webhook has arrived and no call was made."
                                           : "No call was made." };
        return (struct light){ "green", "Working", "" };
}

/* The stylesheet's words: good, wait, bad, or none. */
static const char *tone_of_light(const char *colour)
{
        return text_equal(colour, "green")   ? "good"
               : text_equal(colour, "amber") ? "wait"
               : text_equal(colour, "red")   ? "bad"
                                             : "";
}

/* A consumer that is not called any more, or soon will not be. */
static int consumer_light(struct gathering *g, const char *id, struct consumer_health *health,
                          struct light *light)
{
        int found = consumer_health(g->org, id, g->now_ms, 1, health, g->why);

        if (found == 1 && health->state != CONSUMER_ACTIVE)
                *light =
                    (struct light){ "red", health->state == CONSUMER_PAUSED ? "Paused" : "Disabled",
                                    health->sentence };
        else if (found == 1 && health->failures > 0)
                *light = (struct light){ "amber", "Failing", health->sentence };
        return found;
}

static int add_connection(void *context, const char *id)
{
        struct gathering *g = context;
        json_t *record = NULL, *health = NULL, *row = json_object();
        struct consumer_health consumer;
        const struct kind *kind;
        struct light light;

        if (record_get(g->org, "connection", id, &record, g->why) < 0 ||
            record_get(g->org, "health", id, &health, g->why) < 0) {
                json_decref(record);
                json_decref(row);
                return -1;
        }
        kind = kind_find(json_get_text(record, "kind", ""));
        light = light_of(health, kind);
        if (kind != NULL && kind->role == KIND_CONSUMER &&
            consumer_light(g, id, &consumer, &light) < 0) {
                json_decref(record);
                json_decref(health);
                json_decref(row);
                return -1;
        }
        json_set_text(row, "id", id);
        json_set_text(row, "kind", json_get_text(record, "kind", ""));
        json_set_text(row, "kind_title", kind != NULL ? kind->title : "Unknown kind");
        json_set_text(row, "light", light.colour);
        json_set_text(row, "tone", tone_of_light(light.colour));
        json_set_text(row, "word", light.word);
        set_text_unless_empty(row, "sentence", light.sentence);
        set_ago(row, "event", g->now_ms, json_get_int(health, "last_event_ms", 0));
        set_ago(row, "call", g->now_ms, json_get_int(health, "last_call_ms", 0));
        if (json_at(health, "last_probe.at_ms") != NULL) {
                set_ago(row, "probe", g->now_ms, json_get_int(health, "last_probe.at_ms", 0));
                json_set_text(row, "probe_reason", json_get_text(health, "last_probe.reason", ""));
        }
        if (json_get_int(health, "refused", 0) > 0)
                json_set_int(row, "refused", json_get_int(health, "refused", 0));
        json_add(g->list, row);
        json_decref(record);
        json_decref(health);
        return 0;
}

const char *status_event_tone(const char *state)
{
        return text_equal(state, "unknown")     ? "bad"
               : text_equal(state, "duplicate") ? ""
               : text_equal(state, "ignored")   ? ""
               : text_equal(state, "waiting")   ? "wait"
                                                : "good";
}

static int add_events(struct gathering *g)
{
        uint64_t last = 0;

        if (store_series_last(g->org->store, "event", &last, g->why) != 0)
                return -1;
        for (uint64_t n = last; n > 0 && n + STATUS_EVENTS > last; n--) {
                json_t *record = NULL, *row;
                const char *state;
                int found = record_series_get(g->org, "event", n, &record, g->why);

                if (found < 0)
                        return -1;
                if (found == 0)
                        continue;
                state = json_get_text(record, "state", "");
                row = json_object();
                json_set_int(row, "number", (int64_t)n);
                set_iso(row, "at", json_get_int(record, "received_ms", 0));
                set_ago(row, "ago", g->now_ms, json_get_int(record, "received_ms", 0));
                json_set_text(row, "connection", json_get_text(record, "connection", ""));
                json_set_text(row, "name", json_get_text(record, "name", "(not readable)"));
                set_text_unless_empty(row, "summary", json_get_text(record, "summary", ""));
                json_set_text(row, "trust", json_get_text(record, "trust", ""));
                json_set_text(row, "state", state);
                json_set_text(row, "reason", json_get_text(record, "reason", NULL));
                json_set_text(row, "tone", status_event_tone(state));
                json_add(g->list, row);
                json_decref(record);
        }
        return 0;
}

/* "write_note" in words. */
const char *status_action_words(const char *kind)
{
        static const struct {
                const char *kind, *words;
        } rows[] = {
                { "look_feedback", "Read what interviewers said" },
                { "list_jobs", "Read the list of jobs" },
                { "list_stages", "Read the list of stages" },
                { "list_tests", "Read the list of assessments" },
                { "look_application", "Read the application" },
                { "backfill", "Read past results" },
                { "deliver_event", "Deliver an event" },
                { "send_assessment", "Send the assessment" },
                { "cancel_assessment", "Withdraw the assessment" },
                { "look_schedule", "Read the schedule" },
                { "look_session", "Read the result" },
                { "write_note", "Write a note" },
                { "move_stage", "Move the stage" },
                { "create_interview", "Make the interview" },
                { "edit_interview", "Change the interview" },
                { "delete_interview", "Cancel the interview" },
                { "send_mail", "Send a mail" },
                { "set_interview_link", "Put the link into the interview" },
                { "tell_partner", "Tell the hiring system the result" },
                { "schedule_interview", "Put the interview into the schedule" },
                { "unschedule_interview", "Take the interview out of the schedule" },
                { "add_link", "Add the link" },
                { "remove_link", "Remove the link" },
                { "tag_result", "Tag the result" },
                { "upload_report", "Upload the report" },
                { "erase_traces", "Erase what was written down about a candidate" },
                { "sweep", "Look for missed results" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                if (text_equal(rows[i].kind, kind))
                        return rows[i].words;
        }
        return kind;
}

static int add_action(void *context, uint64_t number, const json_t *action)
{
        struct gathering *g = context;
        json_t *row = json_object(), *tries = json_at(action, "tries"), *last;
        int64_t due = json_get_int(action, "due_ms", 0);
        struct buf next = BUF_NONE;

        json_set_int(row, "number", (int64_t)number);
        json_set_text(row, "kind", json_get_text(action, "kind", ""));
        json_set_text(row, "words", status_action_words(json_get_text(action, "kind", "")));
        json_set_text(row, "connection", json_get_text(action, "connection", ""));
        json_set_text(row, "state", json_get_text(action, "state", ""));
        json_set_text(row, "sentence", json_get_text(action, "sentence", NULL));
        json_set_int(row, "attempts", json_get_int(action, "attempts", 0));
        json_set_bool(row, "once", json_get_int(action, "attempts", 0) == 1);
        set_ago(row, "created", g->now_ms, json_get_int(action, "created_ms", 0));
        last = json_array_get(tries, json_array_size(tries) - 1);
        if (json_array_size(tries) > 0) {
                json_set_text(row, "last", json_get_text(last, "outcome", ""));
                json_set_text(row, "detail", json_get_text(last, "detail", ""));
        }
        if (due > g->now_ms) {
                buf_add_text(&next, "next try in ");
                when_span(&next, due - g->now_ms);
        } else {
                buf_add_text(&next, "due now");
        }
        json_set_text(row, "next", buf_text(&next));
        buf_dispose(&next);
        json_add(g->list, row);
        return 0;
}

/* What stands, and what was news or ended lately. */
static int add_alerts(struct gathering *g)
{
        json_t *list = NULL, *alert;
        size_t i;

        if (alert_list(g->org, &list, g->why) != 0)
                return -1;
        json_array_foreach(list, i, alert)
        {
                bool standing = text_equal(json_get_text(alert, "state", ""), "standing");
                int64_t changed = json_get_int(alert, "changed_ms", 0);
                json_t *row;

                if (i >= STATUS_ACTIONS || (!standing && g->now_ms - changed > STATUS_ALERTS_MS))
                        break;
                row = json_object();
                json_set_text(row, "title", json_get_text(alert, "title", ""));
                set_text_unless_empty(row, "sentence", json_get_text(alert, "sentence", ""));
                json_set_text(row, "state", json_get_text(alert, "state", ""));
                json_set_text(row, "topic", json_get_text(alert, "topic", ""));
                json_set_text(row, "connection", json_get_text(alert, "connection", NULL));
                json_set_text(row, "tone",
                              standing                                                ? "bad"
                              : text_equal(json_get_text(alert, "state", ""), "over") ? "good"
                                                                                      : "wait");
                json_set_text(row, "word",
                              standing                                                ? "Stands"
                              : text_equal(json_get_text(alert, "state", ""), "over") ? "Over"
                                                                                      : "Happened");
                set_ago(row, "since", g->now_ms, json_get_int(alert, "since_ms", 0));
                set_ago(row, "changed", g->now_ms, changed);
                set_ago(row, "told", g->now_ms, json_get_int(alert, "told_ms", 0));
                json_set_int(row, "count", json_get_int(alert, "count", 0));
                json_add(g->list, row);
        }
        json_decref(list);
        return 0;
}

static int64_t counter(struct org *org, const char *name)
{
        json_t *record = NULL;
        int64_t n = 0;

        if (record_get(org, "count", name, &record, NULL) == 1)
                n = json_get_int(record, "n", 0);
        json_decref(record);
        return n;
}

static int set_counts(struct org *org, json_t *view, struct fail *why)
{
        uint64_t sessions = 0, open = 0, parked = 0, events = 0;
        json_t *counts = json_object();

        json_set(view, "counts", counts);
        if (store_set_count(org->store, "open-sessions", &sessions, why) != 0 ||
            store_set_count(org->store, "open-actions", &open, why) != 0 ||
            store_set_count(org->store, "parked-actions", &parked, why) != 0 ||
            store_series_last(org->store, "event", &events, why) != 0)
                return -1;
        json_set_int(counts, "sessions", (int64_t)sessions);
        json_set_int(counts, "waiting", (int64_t)open);
        json_set_int(counts, "parked", (int64_t)parked);
        json_set_int(counts, "events", (int64_t)events);
        json_set_int(counts, "repaired", counter(org, "repaired"));
        json_set_int(counts, "duplicates", counter(org, "duplicates"));
        return 0;
}

/* Gathers one list into the view under a name, and whether it has anything under has_NAME. */
static int gather(struct gathering *g, json_t *view, const char *name, int result)
{
        char *has = mem_format("has_%s", name);

        json_set_bool(view, has, json_array_size(g->list) > 0);
        json_set(view, name, g->list);
        g->list = json_array();
        mem_free(has);
        return result < 0 ? -1 : 0;
}

int status_view(struct home *h, struct org *org, json_t **view, struct fail *why)
{
        struct gathering g = { h, org, json_array(), when_now_ms(), why };
        json_t *v = json_object(), *self = NULL;
        int result = -1;

        if (record_get(org, "org", "self", &self, why) < 0)
                goto out;
        json_set_text(v, "id", org->name);
        json_set_text(v, "org_name", json_get_text(self, "name", org->name));
        if (gather(&g, v, "connections", connection_each(h, org, add_connection, &g, why)) != 0 ||
            gather(&g, v, "alerts", add_alerts(&g)) != 0 ||
            gather(&g, v, "events", add_events(&g)) != 0 ||
            gather(&g, v, "waiting",
                   action_each(org, "open-actions", STATUS_ACTIONS, add_action, &g, why)) != 0 ||
            gather(&g, v, "parked",
                   action_each(org, "parked-actions", STATUS_ACTIONS, add_action, &g, why)) != 0 ||
            set_counts(org, v, why) != 0)
                goto out;
        result = 0;
out:
        json_decref(g.list);
        json_decref(self);
        if (result == 0)
                *view = v;
        else
                json_decref(v);
        return result;
}
