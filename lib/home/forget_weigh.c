/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What erasing would take, and whether it is over. */
#include <stdlib.h>
#include <string.h>

#include "bridge/session.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/dossier.h"
#include "home/forget.h"
#include "home/records.h"

struct weighing {
        struct org *org;
        json_t *applications, *sessions, *interviews, *events; /* sets: key to true */
        struct forget_weight *weight;
        struct fail *why;
};

static bool add(json_t *set, const char *key)
{
        if (json_object_get(set, key) != NULL)
                return false;
        json_set_bool(set, key, true);
        return true;
}

static bool has(const json_t *set, const char *key)
{
        return !text_empty(key) && json_object_get(set, key) != NULL;
}

static int weigh_event(struct weighing *w, uint64_t number)
{
        json_t *event = NULL;
        char *key = mem_format("%llu", (unsigned long long)number);
        int found = 0;

        if (add(w->events, key)) {
                found = record_series_get(w->org, "event", number, &event, w->why);
                w->weight->events += found == 1;
        }
        json_decref(event);
        mem_free(key);
        return found < 0 ? -1 : 0;
}

static int weigh_events(struct weighing *w, const json_t *record)
{
        const json_t *list = json_object_get(record, "events");
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
                result = weigh_event(w, (uint64_t)json_int_of(json_array_get(list, i), 0));
        return result;
}

static int weigh_session(struct weighing *w, const char *key)
{
        json_t *record = NULL;
        const char *state;
        int found, result = 0;

        if (!add(w->sessions, key))
                return 0;
        found = record_get(w->org, "session", key, &record, w->why);
        state = json_get_text(record, "session.state", "");
        if (found == 1 && !text_equal(state, session_word(SESSION_ERASED))) {
                w->weight->sessions++;
                w->weight->results += text_equal(state, session_word(SESSION_COMPLETE)) ||
                                      text_equal(state, session_word(SESSION_NOT_VERIFIED));
                w->weight->written += json_get_int(record, "written.at_ms", 0) != 0;
                result = weigh_events(w, record);
        }
        json_decref(record);
        return found < 0 ? -1 : result;
}

static int weigh_application(struct weighing *w, const char *key)
{
        json_t *record = NULL;
        const json_t *list;
        int found, result;

        if (!add(w->applications, key))
                return 0;
        found = record_get(w->org, "application", key, &record, w->why);
        list = json_object_get(record, "sessions");
        w->weight->applications += found == 1;
        result = found < 0 ? -1 : weigh_events(w, record);
        for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
                result = weigh_session(w, json_text_of(json_array_get(list, i), "-"));
        json_decref(record);
        return result;
}

static int weigh_found_event(struct weighing *w, const char *key)
{
        return weigh_event(w, strtoull(key, NULL, 10));
}

static int note_interview(struct weighing *w, const char *key)
{
        add(w->interviews, key);
        return 0;
}

static int weigh_list(struct weighing *w, const json_t *found, const char *name,
                      int (*weigh)(struct weighing *w, const char *key))
{
        const json_t *keys = json_object_get(found, name);
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(keys); i++)
                result = weigh(w, json_text_of(json_array_get(keys, i), "-"));
        return result;
}

/* Those that a rule ordered go with their application. */
static int see_interview(void *context, const struct store_record *r)
{
        struct weighing *w = context;
        json_t *record;

        if (r->kind != 't' || !text_equal(r->name, "interview"))
                return 0;
        record = json_parse(r->data, r->len, true, w->why);
        if (record == NULL)
                return -1;
        if (has(w->interviews, r->key) ||
            (has(w->applications, json_get_text(record, "application", NULL)) &&
             !text_equal(json_get_text(record, "candidate_name", ""), "erased")))
                w->weight->interviews++;
        json_decref(record);
        return 0;
}

static int see_action(void *context, const char *member)
{
        struct weighing *w = context;
        json_t *record = NULL;
        int found =
            record_series_get(w->org, "action", strtoull(member, NULL, 10), &record, w->why);

        if (has(w->applications, json_get_text(record, "application", NULL))) {
                if (text_equal(json_get_text(record, "kind", ""), "write_note"))
                        w->weight->notes++;
                else
                        w->weight->orders++;
        }
        json_decref(record);
        return found < 0 ? -1 : 0;
}

int forget_weigh(struct org *org, const json_t *found, struct forget_weight *weight,
                 struct fail *why)
{
        struct weighing w = {
                org, json_object(), json_object(), json_object(), json_object(), weight, why
        };
        int result = -1;

        memset(weight, 0, sizeof *weight);
        if (weigh_list(&w, found, "applications", weigh_application) == 0 &&
            weigh_list(&w, found, "sessions", weigh_session) == 0 &&
            weigh_list(&w, found, "interviews", note_interview) == 0 &&
            weigh_list(&w, found, "events", weigh_found_event) == 0 &&
            store_each(org->store, see_interview, &w, why) == 0 &&
            store_set_list(org->store, "open-actions", see_action, &w, why) == 0 &&
            store_set_list(org->store, "parked-actions", see_action, &w, why) == 0)
                result = 0;
        json_decref(w.applications);
        json_decref(w.sessions);
        json_decref(w.interviews);
        json_decref(w.events);
        return result;
}

static int by_text(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The store has no order, so the keys get one. */
static void add_sorted(struct buf *out, const json_t *keys)
{
        size_t count = json_array_size(keys);
        const char **list = mem_array(count, sizeof *list);

        for (size_t i = 0; i < count; i++)
                list[i] = json_text_of(json_array_get(keys, i), "");
        if (count > 1)
                qsort(list, count, sizeof *list, by_text);
        for (size_t i = 0; i < count; i++)
                buf_format(out, "%s\n", list[i]);
        mem_free(list);
}

char *forget_stamp(const json_t *found, const struct forget_weight *weight)
{
        static const char *const lists[] = { "applications", "sessions", "interviews", "events" };
        const uint64_t numbers[] = { weight->applications, weight->sessions, weight->interviews,
                                     weight->results,      weight->events,   weight->notes,
                                     weight->orders,       weight->written };
        struct buf text = BUF_NONE;
        char *stamp;

        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
                buf_format(&text, "%s\n", lists[i]);
                add_sorted(&text, json_object_get(found, lists[i]));
        }
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
                buf_format(&text, "%llu\n", (unsigned long long)numbers[i]);
        stamp = record_digest(buf_text(&text), NULL);
        stamp[16] = '\0';
        buf_dispose(&text);
        return stamp;
}

struct waiting {
        struct org *org;
        const char *application;
        struct fail *why;
};

static int is_trace(void *context, const char *member)
{
        struct waiting *w = context;
        json_t *record = NULL;
        int found =
            record_series_get(w->org, "action", strtoull(member, NULL, 10), &record, w->why);

        if (found >= 0)
                found = text_equal(json_get_text(record, "kind", ""), "erase_traces") &&
                        text_equal(json_get_text(record, "with.application", ""), w->application);
        json_decref(record);
        return found;
}

enum forget_state forget_state(struct org *org, const char *application, struct fail *why)
{
        struct waiting w = { org, application, why };
        json_t *record = NULL;
        int found = dossier_application(org, application, &record, NULL, why);
        enum forget_state state = found < 0 ? FORGET_BROKEN : FORGET_UNKNOWN;

        if (found == 1 && !json_get_bool(record, "erased", false)) {
                state = FORGET_HELD;
        } else if (found == 1) {
                int waiting = store_set_list(org->store, "open-actions", is_trace, &w, why);

                if (waiting == 0)
                        waiting = store_set_list(org->store, "parked-actions", is_trace, &w, why);
                state = waiting < 0 ? FORGET_BROKEN : waiting > 0 ? FORGET_GOING : FORGET_GONE;
        }
        json_decref(record);
        return state;
}
