/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When, from where and how often a key is used.
 *
 * As plain CGI each request is a process of its own, so what is not stored yet lies in a small
 * file per key that all share; a lock is held for a read and a write of it, never for a
 * commit.  Whoever finds that a minute has passed carries it into the store.  Losing such a file
 * loses a minute of counts, nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/key_private.h"
#include "home/plan.h"
#include "home/records.h"

#define MAGIC UINT64_C(0x31657375796b6c66)
#define PLACES 8
#define FROM_MAX 48
#define CARRY_MS WHEN_MINUTE
#define TRIES 5
#define GAP_MONTH_MS (30 * WHEN_DAY)

struct place {
        char from[FROM_MAX];
        int64_t last_ms;
        uint64_t count;
};

struct tally {
        uint64_t magic;
        int64_t carried_ms;
        uint64_t others;             /* uses from places that made room */
        struct place places[PLACES]; /* the most recent ones */
};

/* The key's file, locked; -1. */
static int open_tally(struct home *h, const struct org *org, const char *id, bool make,
                      struct tally *t)
{
        char *run = file_path(home_path(h), "run"), *dir = file_path(run, "key-use"),
             *name = mem_format("%s/%s.%s", dir, org->name, id);
        int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), fd;

        fd = open(name, flags, 0600);
        if (fd < 0 && errno == ENOENT && make && file_make_dir(dir, NULL) == 0)
                fd = open(name, flags, 0600);
        if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
                close(fd);
                fd = -1;
        }
        if (fd >= 0 && (file_read_at(fd, t, sizeof *t, 0) != sizeof *t || t->magic != MAGIC)) {
                memset(t, 0, sizeof *t);
                t->magic = MAGIC;
        }
        mem_free(name);
        mem_free(dir);
        mem_free(run);
        return fd;
}

/* The place with this address, or the one that was seen least lately, made free. */
static struct place *place_of(struct tally *t, const char *from)
{
        struct place *oldest = &t->places[0];

        for (int i = 0; i < PLACES; i++) {
                if (t->places[i].last_ms != 0 && strcmp(t->places[i].from, from) == 0)
                        return &t->places[i];
                if (t->places[i].last_ms < oldest->last_ms)
                        oldest = &t->places[i];
        }
        t->others += oldest->count;
        memset(oldest, 0, sizeof *oldest);
        strncpy(oldest->from, from, sizeof oldest->from - 1);
        return oldest;
}

/* Into what is stored. */
static void add(json_t *use, const struct tally *t)
{
        int64_t count = json_get_int(use, "count", 0) + (int64_t)t->others,
                last = json_get_int(use, "last_ms", 0);
        json_t *places = json_object_get(use, "places");

        if (!json_is_array(places))
                json_set(use, "places", places = json_array());
        for (int i = 0; i < PLACES; i++) {
                const struct place *p = &t->places[i];
                json_t *row = NULL, *one;
                size_t at, oldest = 0;

                if (p->last_ms == 0)
                        continue;
                count += (int64_t)p->count;
                json_array_foreach(places, at, one)
                {
                        if (text_equal(json_get_text(one, "from", ""), p->from))
                                row = one;
                        if (json_get_int(one, "last_ms", 0) <
                            json_get_int(json_array_get(places, oldest), "last_ms", 0))
                                oldest = at;
                }
                if (row == NULL) {
                        if (json_array_size(places) >= PLACES)
                                json_array_remove(places, oldest);
                        row = json_object();
                        json_set_text(row, "from", p->from);
                        json_add(places, row);
                }
                json_set_int(row, "last_ms", p->last_ms);
                json_set_int(row, "count", json_get_int(row, "count", 0) + (int64_t)p->count);
                if (p->last_ms >= last) {
                        last = p->last_ms;
                        json_set_text(use, "from", p->from);
                }
        }
        json_set_int(use, "count", count);
        json_set_int(use, "last_ms", last);
}

static int read_use(struct org *org, const char *id, json_t **read, json_t **use, struct fail *why)
{
        if (record_get(org, "key-use", id, read, why) < 0)
                return -1;
        *use = *read != NULL ? json_deep_copy(*read) : json_object();
        return 0;
}

/* How long it was silent before this use: the longest of the last month is kept.  What lies in
 * the file since it was last carried makes the silence look a little longer, never shorter. */
static void note_gap(json_t *use, int64_t now_ms)
{
        int64_t last = json_get_int(use, "last_ms", 0), gap = now_ms - last;

        if (last == 0 || gap <= 0)
                return;
        if (gap >= json_get_int(use, "gap_ms", 0) ||
            now_ms - json_get_int(use, "gap_at_ms", 0) > GAP_MONTH_MS) {
                json_set_int(use, "gap_ms", gap);
                json_set_int(use, "gap_at_ms", now_ms);
        }
}

static int carry(struct org *org, const char *id, const struct tally *t, int64_t now_ms,
                 struct fail *why)
{
        int result = -1;

        for (int i = 0; i < TRIES && result != 0; i++) {
                json_t *read = NULL, *use = NULL;
                struct plan p;

                fail_clear(why);
                if (read_use(org, id, &read, &use, why) != 0)
                        return -1;
                note_gap(use, now_ms);
                add(use, t);
                plan_init(&p);
                plan_guard(&p, "key-use", id, read);
                record_put(p.batch, "key-use", id, use);
                result = plan_commit(&p, org, why);
                plan_dispose(&p);
                json_decref(use);
                json_decref(read);
                if (result != 0 && why->kind != FAIL_CONFLICT)
                        return -1;
        }
        return result;
}

void key_used(struct home *h, struct org *org, const char *id, const char *from, int64_t now_ms)
{
        struct fail why = FAIL_CLEAR;
        struct tally t, due;
        struct place *place;
        bool carries;
        int fd = open_tally(h, org, id, true, &t);

        if (fd < 0)
                return; /* no room for a count is no reason to refuse */
        place = place_of(&t, text_or(from, "unknown"));
        place->last_ms = now_ms;
        place->count++;
        carries = now_ms - t.carried_ms >= CARRY_MS || t.carried_ms > now_ms;
        due = t;
        if (carries) {
                memset(t.places, 0, sizeof t.places);
                t.others = 0;
                t.carried_ms = now_ms;
        }
        if (file_write_at(fd, &t, sizeof t, 0) != 0)
                carries = false;
        close(fd);
        if (carries && carry(org, id, &due, now_ms, &why) != 0)
                log_event(LOG_LEVEL_WARN, "the use of a key could not be written down", "org",
                          org->name, "cause", why.text, NULL);
}

int key_use(struct home *h, struct org *org, const char *id, json_t **use, struct fail *why)
{
        json_t *read = NULL;
        struct tally t;
        int fd;

        if (read_use(org, id, &read, use, why) != 0)
                return -1;
        json_decref(read);
        memset(&t, 0, sizeof t);
        fd = h != NULL ? open_tally(h, org, id, false, &t) : -1;
        if (fd >= 0)
                close(fd);
        add(*use, &t);
        json_object_del(*use, "v");
        return 0;
}
