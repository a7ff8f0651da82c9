/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which events speak of whom. */
#include "home/about.h"

#include "floor/mem.h"
#include "floor/text.h"
#include "home/erase.h"
#include "home/records.h"

/* Of one person in the time that events are kept; one batch holds as many. */
#define EVENTS_MAX 500
/* One who became another, who became another ... */
#define MERGES_MAX 8

/* A copy to be edited, an empty one where there is none yet: 0, -1. */
static int open_record(struct org *org, const char *key, json_t **read, json_t **record,
                       struct fail *why)
{
        *read = *record = NULL;
        if (record_get(org, "about", key, read, why) < 0)
                return -1;
        *record = *read == NULL ? json_object() : json_deep_copy(*read);
        if (!json_is_array(json_object_get(*record, "events")))
                json_set(*record, "events", json_array());
        return 0;
}

static void close_record(struct plan *p, const char *key, json_t *read, json_t *record)
{
        plan_guard(p, "about", key, read);
        record_put(p->batch, "about", key, record);
        json_decref(record);
        json_decref(read);
}

static void add_event(json_t *record, uint64_t number)
{
        json_t *events = json_object_get(record, "events");

        for (size_t i = json_array_size(events); i > 0; i--)
                if (json_int_of(json_array_get(events, i - 1), 0) == (int64_t)number)
                        return;
        json_add(events, json_integer((json_int_t)number));
        while (json_array_size(events) > EVENTS_MAX)
                json_array_remove(events, 0);
}

/* One record; *next (the caller's): of whom he became, NULL for nobody else.  1 gone, 0, -1. */
static int take_one(struct plan *p, struct org *org, const char *key, uint64_t number, char **next,
                    struct fail *why)
{
        json_t *read, *record;
        int gone;

        *next = NULL;
        if (open_record(org, key, &read, &record, why) != 0)
                return -1;
        gone = json_get_bool(record, "gone", false);
        *next = mem_text(json_get_text(record, "into", NULL));
        add_event(record, number);
        close_record(p, key, read, record);
        return gone;
}

int about_take(struct plan *p, struct org *org, const char *connection, const json_t *about,
               uint64_t number, struct fail *why)
{
        int gone = 0;

        for (size_t i = 0; gone >= 0 && i < json_array_size(about); i++) {
                char *key = record_digest(connection, json_text_of(json_array_get(about, i), ""));

                for (int hop = 0; key != NULL && gone >= 0 && hop < MERGES_MAX; hop++) {
                        char *next;
                        int one = take_one(p, org, key, number, &next, why);

                        gone = one < 0 ? -1 : gone | one;
                        mem_free(key);
                        key = next;
                }
                mem_free(key);
        }
        return gone;
}

int about_erase(struct plan *p, struct org *org, const char *connection, const char *whom,
                uint64_t number, struct fail *why)
{
        char *key = record_digest(connection, whom);
        json_t *read, *record, *events;
        int result = open_record(org, key, &read, &record, why);

        if (result == 0) {
                events = json_object_get(record, "events");
                for (size_t i = 0; result == 0 && i < json_array_size(events); i++)
                        result = erase_event(
                            p, org, (uint64_t)json_int_of(json_array_get(events, i), 0), why);
                json_set_bool(record, "gone", true);
                add_event(record, number);
                close_record(p, key, read, record);
        }
        mem_free(key);
        return result;
}

/* The events of the first, now also the second's: 0, -1.  Who is gone takes them along. */
static int hand_over(struct plan *p, struct org *org, const json_t *events, const char *key,
                     uint64_t number, struct fail *why)
{
        json_t *read, *record;
        int result = open_record(org, key, &read, &record, why);
        bool gone;

        if (result != 0)
                return -1;
        gone = json_get_bool(record, "gone", false);
        for (size_t i = 0; result == 0 && i < json_array_size(events); i++) {
                uint64_t event = (uint64_t)json_int_of(json_array_get(events, i), 0);

                add_event(record, event);
                if (gone)
                        result = erase_event(p, org, event, why);
        }
        add_event(record, number);
        close_record(p, key, read, record);
        return result;
}

int about_merge(struct plan *p, struct org *org, const char *connection, const char *whom,
                const char *into, uint64_t number, struct fail *why)
{
        char *from = record_digest(connection, whom), *key = record_digest(connection, into);
        json_t *read, *record;
        int result = text_equal(from, key) ? 1 : open_record(org, from, &read, &record, why);

        if (result == 0) {
                result = hand_over(p, org, json_object_get(record, "events"), key, number, why);
                /* What comes late about the first is the second's as well. */
                json_set_text(record, "into", key);
                add_event(record, number);
                close_record(p, from, read, record);
        }
        mem_free(from);
        mem_free(key);
        return result < 0 ? -1 : 0;
}

/* 0, -1; *next as above. */
static int drop_one(struct batch *b, struct org *org, const char *key, uint64_t number, char **next,
                    struct fail *why)
{
        json_t *read = NULL;
        const json_t *events;
        int found = record_get(org, "about", key, &read, why);

        *next = mem_text(json_get_text(read, "into", NULL));
        /* Events go in their order: the last one of a list is the last of all. */
        events = json_object_get(read, "events");
        if (found == 1 &&
            json_int_of(json_array_get(events, json_array_size(events) - 1), 0) <= (int64_t)number)
                batch_delete(b, "about", key);
        json_decref(read);
        return found < 0 ? -1 : 0;
}

int about_drop(struct batch *b, struct org *org, const char *connection, const json_t *about,
               uint64_t number, struct fail *why)
{
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(about); i++) {
                char *key = record_digest(connection, json_text_of(json_array_get(about, i), ""));

                for (int hop = 0; key != NULL && result == 0 && hop < MERGES_MAX; hop++) {
                        char *next;

                        result = drop_one(b, org, key, number, &next, why);
                        mem_free(key);
                        key = next;
                }
                mem_free(key);
        }
        return result;
}
