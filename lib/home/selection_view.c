/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selection links: where one stands, and what its page shows. */
#include <stdio.h>
#include <string.h>

#include "bridge/session.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/catalog.h"
#include "home/dossier.h"
#include "home/records.h"
#include "home/selection.h"
#include "home/selection_state.h"

#define SHOWN_MAX 200

void selection_now_dispose(struct selection_now *now)
{
        mem_free(now->sentence);
        memset(now, 0, sizeof *now);
}

/* Has the application a session of this test?  1, 0, -1. */
static int has_session(struct org *org, const json_t *application, const char *platform,
                       const char *test, struct fail *why)
{
        const json_t *keys = json_object_get(application, "sessions");
        int found = 0;

        for (size_t i = 0; found == 0 && i < json_array_size(keys); i++) {
                json_t *record = NULL;

                found = record_get(org, "session", json_text_of(json_array_get(keys, i), ""),
                                   &record, why);
                if (found == 1)
                        found = text_equal(json_get_text(record, "platform", ""), platform) &&
                                text_equal(json_get_text(record, "session.test_id", ""), test);
                json_decref(record);
        }
        return found;
}

/* The action that sends: 1 and *action (the caller's), 0 it is gone (long done), -1. */
static int sending(struct org *org, const char *id, json_t **action, struct fail *why)
{
        struct buf number = BUF_NONE;
        int64_t n = 0;
        int found = store_get(org->store, "selection-action", id, &number, why);

        if (found == 1)
                found = text_int(buf_text(&number), 1, INT64_MAX, &n) == 0
                            ? record_series_get(org, "action", (uint64_t)n, action, why)
                            : fail_set(why, FAIL_BROKEN, "selection %s: no number", id);
        buf_dispose(&number);
        return found;
}

int selection_now(struct org *org, const char *id, const json_t *record, struct selection_now *now,
                  struct fail *why)
{
        const char *state = json_get_text(record, "state", "open");
        json_t *action = NULL, *application = NULL;
        int found = 1;

        memset(now, 0, sizeof *now);
        if (text_equal(state, "open"))
                return 0;
        now->state = SELECTION_IS_OVER;
        if (!text_equal(state, "sent"))
                return 0;
        now->state = SELECTION_WAS_SENT;
        found = sending(org, id, &action, why);
        if (found == 1 && text_equal(json_get_text(action, "state", ""), "waiting")) {
                now->state = SELECTION_SENDING;
                if (json_get_int(action, "attempts", 0) > 0)
                        now->sentence = mem_text(json_get_text(action, "sentence", NULL));
        } else if (found == 1 && text_equal(json_get_text(action, "state", ""), "parked")) {
                now->state = SELECTION_SENDING; /* a person has it in hand */
                now->sentence = mem_text(json_get_text(action, "sentence", NULL));
        } else if (found == 1) {
                found = record_get(org, "application", json_get_text(record, "application", "-"),
                                   &application, why);
                if (found == 1)
                        found = has_session(org, application, json_get_text(record, "platform", ""),
                                            json_get_text(record, "test", ""), why);
                if (found == 0) {
                        now->state = SELECTION_CHOOSE;
                        now->sentence = mem_text(json_get_text(action, "sentence", NULL));
                }
        }
        json_decref(application);
        json_decref(action);
        return found < 0 ? -1 : 0;
}

/* --- the page -------------------------------------------------------------------------------- */

static bool contains(const char *text, const char *word)
{
        size_t len = strlen(word);

        for (; *text != '\0'; text++)
                if (text_starts_fold(text, word))
                        return true;
        return len == 0;
}

/* All words of the search stand in title or labels. */
static bool fits(const json_t *test, const char *query)
{
        char *copy = mem_text(text_or(query, "")), *rest = copy, *word;
        const json_t *labels = json_object_get(test, "labels");
        bool all = true;

        while (all && (word = text_next(&rest, ' ')) != NULL) {
                bool here = contains(json_get_text(test, "title", ""), word);

                for (size_t i = 0; !here && i < json_array_size(labels); i++)
                        here = contains(json_text_of(json_array_get(labels, i), ""), word);
                all = here;
        }
        mem_free(copy);
        return all;
}

static json_t *test_view(const json_t *test, size_t number, bool first)
{
        const json_t *labels = json_object_get(test, "labels");
        int64_t ms = json_get_int(test, "duration_ms", 0);
        json_t *view = json_object(), *list = json_array();
        struct buf text = BUF_NONE;
        char id[24];

        snprintf(id, sizeof id, "t%zu", number);
        json_set_text(view, "field", id);
        json_set_text(view, "id", json_get_text(test, "id", ""));
        json_set_text(view, "title", json_get_text(test, "title", json_get_text(test, "id", "")));
        if (ms > 0)
                when_span(&text, ms);
        json_set_text(view, "duration", ms > 0 ? buf_text(&text) : NULL);
        for (size_t i = 0; i < json_array_size(labels); i++)
                json_add(list, json_incref(json_array_get(labels, i)));
        json_set_bool(view, "labelled", json_array_size(list) > 0);
        json_set(view, "labels", list);
        json_set_bool(view, "first", first);
        buf_dispose(&text);
        return view;
}

static void add_tests(json_t *view, const json_t *tests, const char *query)
{
        json_t *list = json_array();
        size_t fitting = 0;
        char count[24];

        for (size_t i = 0; i < json_array_size(tests); i++) {
                const json_t *test = json_array_get(tests, i);

                if (!fits(test, query))
                        continue;
                if (fitting++ < SHOWN_MAX)
                        json_add(list, test_view(test, i, json_array_size(list) == 0));
        }
        snprintf(count, sizeof count, "%zu", fitting);
        json_set_text(view, "count", count);
        json_set_bool(view, "one", fitting == 1);
        json_set_bool(view, "cut", fitting > SHOWN_MAX);
        json_set_bool(view, "none", fitting == 0);
        json_set_bool(view, "empty", json_array_size(tests) == 0);
        json_set(view, "tests", list);
}

static void add_candidate(json_t *view, const struct application *a)
{
        char *name = mem_format("%s %s", text_or(a->first_name, ""), text_or(a->last_name, ""));

        json_set_text(view, "candidate",
                      text_or(text_trim(name), text_or(a->email, "this candidate")));
        json_set_text(view, "job", text_or(a->job_name, NULL));
        json_set_text(view, "email", a->email);
        json_set_text(view, "ats_url",
                      text_starts(text_or(a->url, ""), "https://") ? a->url : NULL);
        mem_free(name);
}

static const char *const state_words[] = {
        [SELECTION_CHOOSE] = "choose",
        [SELECTION_SENDING] = "sending",
        [SELECTION_WAS_SENT] = "sent",
        [SELECTION_IS_OVER] = "over",
};

int selection_view(const struct trade *trade, struct org *org, const char *id, const json_t *record,
                   const char *query, json_t **view, struct fail *why)
{
        const char *platform = json_get_text(record, "platform", "");
        json_t *application = NULL, *self = NULL, *connection = NULL, *tests = NULL;
        struct application a = { 0 };
        struct selection_now now = { 0 };
        const struct kind *kind = NULL;
        int result = -1, known = 0;

        *view = json_object();
        if (selection_now(org, id, record, &now, why) != 0 ||
            dossier_application(org, json_get_text(record, "application", "-"), &application, &a,
                                why) < 0 ||
            record_get(org, "org", "self", &self, why) < 0 ||
            record_get(org, "connection", platform, &connection, why) < 0)
                goto out;
        if (now.state == SELECTION_CHOOSE) {
                known = catalog_read(trade->home, org, platform, trade_now(trade), &tests, why);
                if (known < 0)
                        goto out;
        }
        kind = trade_kind(trade, json_get_text(connection, "kind", ""));
        json_set_text(*view, "title", "Send an assessment");
        json_set_text(*view, "org_name", json_get_text(self, "name", org->name));
        json_set_text(*view, "platform", kind != NULL ? kind->title : platform);
        add_candidate(*view, &a);
        json_set_bool(*view, state_words[now.state], true);
        json_set_text(*view, "sentence", now.sentence);
        json_set_text(*view, "sent_title", json_get_text(record, "title", NULL));
        json_set_text(*view, "query", text_or(query, ""));
        json_set_bool(*view, "searched", !text_empty(query));
        json_set_bool(*view, "known", known == 1);
        if (known == 1)
                add_tests(*view, tests, query);
        result = 0;
out:
        if (result != 0) {
                json_decref(*view);
                *view = NULL;
        }
        selection_now_dispose(&now);
        application_dispose(&a);
        json_decref(tests);
        json_decref(connection);
        json_decref(self);
        json_decref(application);
        return result;
}
