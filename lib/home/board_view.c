/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of the overview. */
#include "home/board_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/key.h"
#include "home/kind.h"
#include "home/records.h"

#define TIMES_MAX 2000
#define KEYS_SOON_MS (30 * WHEN_DAY)
#define MAP_EVENTS 1000 /* the newest, for the traffic */

/* The chart: columns in 560 by 120, the labels below. */
#define CHART_HEIGHT 120
#define COLUMN 40

struct board {
        struct org *org;
        const struct zone *zone;
        int64_t now_ms, first_ms;
        char days[BOARD_DAYS][11];
        int64_t counts[BOARD_DAYS];
        int64_t times[TIMES_MAX]; /* from finished to written */
        size_t time_count;
        int64_t oldest_ms;
        struct fail *why;
};

static void name_days(struct board *b)
{
        for (int i = 0; i < BOARD_DAYS; i++) {
                struct buf day = BUF_NONE;

                zone_day(&day, b->zone, b->now_ms - (BOARD_DAYS - 1 - i) * WHEN_DAY);
                snprintf(b->days[i], sizeof b->days[i], "%s", buf_text(&day));
                buf_dispose(&day);
        }
        b->first_ms = b->now_ms - BOARD_DAYS * WHEN_DAY;
}

static void count_day(struct board *b, int64_t ms)
{
        struct buf day = BUF_NONE;

        zone_day(&day, b->zone, ms);
        for (int i = 0; i < BOARD_DAYS; i++)
                if (text_equal(b->days[i], buf_text(&day)))
                        b->counts[i]++;
        buf_dispose(&day);
}

/* A note that told a result: when was the session over? */
static int take_note(struct board *b, const json_t *action)
{
        int64_t done = json_get_int(action, "done_ms", 0), finished;
        const char *key = json_get_text(action, "session", "");
        json_t *record = NULL;
        int found;

        if (*key == '\0' || done < b->first_ms ||
            !text_equal(json_get_text(action, "with.what", ""), "result"))
                return 0;
        count_day(b, done);
        found = record_get(b->org, "session", key, &record, b->why);
        finished = json_get_int(record, "session.finished_ms", 0);
        /* Not every platform says when, and its clock is its own. */
        if (finished != 0 && done >= finished && b->time_count < TIMES_MAX)
                b->times[b->time_count++] = done - finished;
        json_decref(record);
        return found < 0 ? -1 : 0;
}

static int see_action(void *context, uint64_t number, const json_t *action)
{
        struct board *b = context;

        (void)number;
        if (json_get_int(action, "created_ms", 0) < b->first_ms - 7 * WHEN_DAY)
                return 1;
        if (text_equal(json_get_text(action, "kind", ""), "write_note") &&
            text_equal(json_get_text(action, "state", ""), "done"))
                return take_note(b, action);
        return 0;
}

static int see_open(void *context, uint64_t number, const json_t *action)
{
        struct board *b = context;
        int64_t created = json_get_int(action, "created_ms", 0);
        int64_t due = json_get_int(action, "due_ms", 0);

        (void)number;
        /* What is not due yet does not wait. */
        if (due <= b->now_ms && created != 0 && (b->oldest_ms == 0 || created < b->oldest_ms))
                b->oldest_ms = created;
        return 0;
}

static int by_size(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

static void set_span(json_t *view, const char *name, int64_t ms)
{
        struct buf text = BUF_NONE;

        if (ms < WHEN_SECOND)
                buf_add_text(&text, "under 1 s");
        else
                when_span(&text, ms);
        json_set_text(view, name, buf_text(&text));
        buf_dispose(&text);
}

static void set_chart(const struct board *b, json_t *view)
{
        int64_t most = 1, all = 0;
        json_t *list = json_array();

        for (int i = 0; i < BOARD_DAYS; i++) {
                all += b->counts[i];
                if (b->counts[i] > most)
                        most = b->counts[i];
        }
        for (int i = 0; i < BOARD_DAYS; i++) {
                int64_t height = b->counts[i] * CHART_HEIGHT / most;
                json_t *row = json_object();

                if (b->counts[i] > 0 && height < 3)
                        height = 3;
                json_set_text(row, "day", b->days[i]);
                json_set_text(row, "short", b->days[i] + 8);
                json_set_int(row, "count", b->counts[i]);
                json_set_bool(row, "some", b->counts[i] > 0);
                json_set_int(row, "x", (int64_t)i * COLUMN + 6);
                json_set_int(row, "y", 20 + CHART_HEIGHT - height);
                json_set_int(row, "height", height);
                json_set_int(row, "label_x", (int64_t)i * COLUMN + COLUMN / 2);
                json_set_int(row, "label_y", 14 + CHART_HEIGHT - height);
                json_add(list, row);
        }
        json_set(view, "days", list);
        json_set_int(view, "results", all);
        json_set_bool(view, "one", all == 1);
        json_set_bool(view, "has_results", all > 0);
}

static void set_times(struct board *b, json_t *view)
{
        int64_t worst;

        if (b->time_count == 0)
                return;
        qsort(b->times, b->time_count, sizeof *b->times, by_size);
        worst = b->times[b->time_count - 1];
        set_span(view, "median", b->times[b->time_count / 2]);
        set_span(view, "worst", worst);
        json_set_text(view, "worst_tone",
                      worst > WHEN_DAY    ? "bad"
                      : worst > WHEN_HOUR ? "wait"
                                          : "good");
}

static int set_queue(struct board *b, json_t *view)
{
        uint64_t waiting = 0, parked = 0;
        json_t *repaired = NULL;
        int64_t age;

        if (store_set_count(b->org->store, "open-actions", &waiting, b->why) != 0 ||
            store_set_count(b->org->store, "parked-actions", &parked, b->why) != 0 ||
            action_each(b->org, "open-actions", BOARD_ACTIONS, see_open, b, b->why) < 0 ||
            record_get(b->org, "count", "repaired", &repaired, b->why) < 0)
                return -1;
        age = b->oldest_ms == 0 ? 0 : b->now_ms - b->oldest_ms;
        json_set_int(view, "waiting", (int64_t)waiting);
        json_set_int(view, "parked", (int64_t)parked);
        json_set_int(view, "repaired", json_get_int(repaired, "n", 0));
        if (b->oldest_ms != 0)
                set_span(view, "oldest", age);
        json_set_text(view, "queue_tone",
                      age > 6 * WHEN_HOUR      ? "bad"
                      : age > 10 * WHEN_MINUTE ? "wait"
                                               : "good");
        json_decref(repaired);
        return 0;
}

static int set_keys(struct board *b, json_t *view)
{
        json_t *all = NULL, *soon = json_array(), *row;
        size_t i;

        if (key_list(NULL, b->org, &all, b->why) != 0) {
                json_decref(soon);
                return -1;
        }
        json_array_foreach(all, i, row)
        {
                int64_t until = json_get_int(row, "expires_ms", 0);

                if (until == 0 || until > b->now_ms + KEYS_SOON_MS ||
                    !text_equal(json_get_text(row, "state", ""), "live"))
                        continue;
                set_span(row, "left", until - b->now_ms);
                json_add(soon, json_incref(row));
        }
        json_set_bool(view, "has_keys", json_array_size(soon) > 0);
        json_set(view, "keys", soon);
        json_decref(all);
        return 0;
}

int board_view(struct org *org, const struct zone *zone, int64_t now_ms, json_t **view,
               struct fail *why)
{
        struct board *b = mem_alloc(sizeof *b);
        json_t *v = json_object();
        int result = -1;

        b->org = org;
        b->zone = zone;
        b->now_ms = now_ms;
        b->why = why;
        name_days(b);
        if (action_each(org, NULL, BOARD_ACTIONS, see_action, b, why) >= 0 &&
            set_queue(b, v) == 0 && set_keys(b, v) == 0) {
                set_chart(b, v);
                set_times(b, v);
                result = 0;
        }
        if (result == 0)
                *view = v;
        else
                json_decref(v);
        mem_free(b);
        return result;
}

/* --- the map -------------------------------------------------------------------------------- */

#define BOX_WIDTH 230
#define BOX_HEIGHT 64
#define BOX_STEP 84
#define RIGHT_X 570
#define MIDDLE_X 400

/* Events of a connection within a week, among the newest. */
static json_t *traffic(struct org *org, int64_t now_ms, struct fail *why)
{
        json_t *counts = json_object(), *record;
        uint64_t last = 0, looked = 0;

        if (store_series_last(org->store, "event", &last, why) != 0) {
                json_decref(counts);
                return NULL;
        }
        for (uint64_t n = last; n > 0 && looked < MAP_EVENTS; n--, looked++) {
                const char *id;
                int found = record_series_get(org, "event", n, &record, why);

                if (found < 0) {
                        json_decref(counts);
                        return NULL;
                }
                if (found == 0)
                        continue;
                id = json_get_text(record, "connection", "");
                if (now_ms - json_get_int(record, "received_ms", 0) < 7 * WHEN_DAY)
                        json_set_int(counts, id, json_int_of(json_object_get(counts, id), 0) + 1);
                else
                        looked = MAP_EVENTS;
                json_decref(record);
        }
        return counts;
}

static const char *cut(char out[40], const char *text)
{
        snprintf(out, 40, "%.36s", text);
        text_cut(out, 24);
        return out;
}

static void add_box(json_t *boxes, json_t *lines, const json_t *row, int64_t x, int64_t y,
                    int64_t middle_y, int64_t events)
{
        json_t *box = json_object(), *line = json_object();
        bool left = x < MIDDLE_X;
        int64_t from_x = left ? x + BOX_WIDTH : x, from_y = y + BOX_HEIGHT / 2;
        int64_t to_x = left ? MIDDLE_X - 34 : MIDDLE_X + 34;
        int64_t bend = left ? 50 : -50, width = 2;
        char text[40], *path;

        for (int64_t n = events; n > 0 && width < 12; n /= 3)
                width += 2; /* 1, 3, 9, 27 ... events */
        path = mem_format("M %lld %lld C %lld %lld, %lld %lld, %lld %lld", (long long)from_x,
                          (long long)from_y, (long long)(from_x + bend), (long long)from_y,
                          (long long)(to_x - bend), (long long)middle_y, (long long)to_x,
                          (long long)middle_y);
        json_set_text(line, "path", path);
        json_set_int(line, "width", width);
        json_set_text(line, "tone", json_get_text(row, "tone", ""));
        json_add(lines, line);
        mem_free(path);
        json_set_int(box, "x", x);
        json_set_int(box, "y", y);
        json_set_int(box, "text_x", x + 16);
        json_set_int(box, "title_y", y + 26);
        json_set_int(box, "word_y", y + 48);
        json_set_int(box, "dot_x", x + BOX_WIDTH - 18);
        json_set_int(box, "dot_y", y + 21);
        json_set_text(box, "title", cut(text, json_get_text(row, "kind_title", "")));
        json_set_text(box, "id", cut(text, json_get_text(row, "id", "")));
        json_set_text(box, "word", json_get_text(row, "word", ""));
        json_set_text(box, "tone", json_get_text(row, "tone", ""));
        json_set_int(box, "traffic", events);
        json_add(boxes, box);
}

int board_map(struct org *org, int64_t now_ms, json_t *status, struct fail *why)
{
        json_t *rows = json_object_get(status, "connections"), *row, *map, *boxes, *lines;
        json_t *counts = traffic(org, now_ms, why);
        int64_t left = 0, right = 0, height, at_left = 0, at_right = 0;
        size_t i;

        if (counts == NULL)
                return -1;
        json_array_foreach(rows, i, row)
        {
                const struct kind *kind = kind_find(json_get_text(row, "kind", ""));
                int64_t n = json_int_of(json_object_get(counts, json_get_text(row, "id", "")), 0);

                json_set_int(row, "traffic", n);
                json_set_bool(row, "once", n == 1);
                if (kind != NULL && kind->role == KIND_PLATFORM)
                        left++;
                else
                        right++;
        }
        if (left + right > 0) {
                int64_t tall = left > right ? left : right;

                height = tall * BOX_STEP + 20;
                map = json_object();
                boxes = json_array();
                lines = json_array();
                json_array_foreach(rows, i, row)
                {
                        const struct kind *kind = kind_find(json_get_text(row, "kind", ""));
                        bool is_left = kind != NULL && kind->role == KIND_PLATFORM;
                        int64_t *at = is_left ? &at_left : &at_right;
                        int64_t count = is_left ? left : right;
                        int64_t y = (height - count * BOX_STEP) / 2 + (BOX_STEP - BOX_HEIGHT) / 2 +
                                    (*at)++ * BOX_STEP;

                        add_box(boxes, lines, row, is_left ? 0 : RIGHT_X, y, height / 2,
                                json_get_int(row, "traffic", 0));
                }
                json_set_int(map, "height", height);
                json_set_int(map, "middle", height / 2);
                json_set_int(map, "middle_text", height / 2 + 5);
                json_set(map, "boxes", boxes);
                json_set(map, "lines", lines);
                json_set(status, "map", map);
        }
        json_decref(counts);
        return 0;
}
