/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commits.  The first thread to come leads: it takes the writer's lock, decides all batches
 * that wait, writes their records, syncs once, and then applies them while readers are held
 * out for a moment.  Who came meanwhile is led by the first of them.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/file.h"

/* When the last group had company, a part of a sync's time is waited for more of it; not where
 * a sync is as short as the shortest nap. */
#define LINGER_LEAST 1000000
#define LINGER_PART 20

struct store_request {
        struct batch *batch;
        struct fail why;
        int result;
        bool decided; /* in the group, its answer is the group's */
        bool done, lead;
        pthread_cond_t wake;
        struct store_request *next;
};

struct group {
        struct store_request *first; /* the ones not answered yet are decided by flush() */
        struct buf bytes;
        struct store_chain chain;
        struct store_overlay before, mine;
        struct fail broken; /* once a write failed, nothing more is written before store_ready() */
};

static int64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void answer(struct store_request *r, int result, const struct fail *why)
{
        r->decided = true;
        r->done = true;
        r->result = result;
        if (result != 0 && r->why.kind == FAIL_NONE)
                r->why = *why;
}

/* What failed after the record was durable shall not be seen after all: end the journal
 * before it. */
static int cancel(struct store *s, int fd)
{
        static const char zeros[STORE_HEADER];

        s->live->pending = s->live->sequence;
        return file_write_at(fd, zeros, sizeof zeros, (off_t)s->live->offset) == 0 &&
                       fdatasync(fd) == 0
                   ? 0
                   : -1;
}

/* Says whose records the next generation changes.  With the index lock and the mark: who looks at
 * a stamp meanwhile waits before he can look at the records. */
static void stamp(struct store_live *live, const struct store_entry *entry)
{
        uint64_t next = live->generation + 1;
        struct store_op op;
        size_t at = 0;

        while (store_op_next(entry->ops, entry->len, &at, &op) > 0)
                live->stamps[store_live_place(op.key, op.key_len)] = next;
}

/* Somebody raised the generation without a word about what he changed: maybe everything. */
static void stamp_all(struct store_live *live)
{
        for (size_t i = 0; i < STORE_STAMPS; i++)
                live->stamps[i] = live->generation + 1;
}

static int apply(struct store *s, struct group *g, struct fail *why)
{
        struct store_live *live = s->live;
        struct store_chain chain = { live->segment, live->sequence, live->crc };
        struct store_overlay last = { 0 };
        struct store_entry entry;
        size_t at = 0;
        int result = -1;

        pthread_mutex_lock(&s->reading);
        if (store_lock_alone(s, why) != 0)
                goto out;
        live->mark = 1;
        if (live->stamped != live->generation)
                stamp_all(live);
        result = store_fresh(s, true, why);
        while (result == 0 &&
               store_record_next(g->bytes.data + at, g->bytes.len - at, &chain, &entry)) {
                stamp(live, &entry);
                result = store_overlay_add(&last, &entry, why);
                at += entry.size;
        }
        if (result == 0)
                result = store_overlay_apply(&last, &s->index, why);
        if (result == 0) {
                live->offset += g->bytes.len;
                live->crc = g->chain.crc;
                live->sequence = g->chain.sequence;
                s->seen = ++live->generation;
                live->stamped = s->seen;
                live->mark = 0;
        } else {
                store_index_close(&s->index); /* and the mark stays */
        }
        store_lock_release(s);
out:
        pthread_mutex_unlock(&s->reading);
        store_overlay_dispose(&last);
        return result;
}

static int write_group(struct store *s, struct group *g, struct fail *why)
{
        struct store_live *live = s->live;
        struct fail cause = FAIL_CLEAR;
        int64_t begun, took;
        int fd, result;

        fd = store_journal_fd(s, (unsigned)live->segment, why);
        if (fd < 0)
                return -1;
        pthread_mutex_lock(&s->reading);
        result = store_fresh(s, true, why);
        if (result == 0)
                result = store_index_reserve(&s->index, g->bytes.len, why);
        pthread_mutex_unlock(&s->reading);
        if (result != 0)
                return -1;
        live->doubt = 1;
        if (file_write_at(fd, g->bytes.data, g->bytes.len, (off_t)live->offset) != 0)
                return fail_errno(why, "cannot write the journal");
        begun = now_ns();
        if (fdatasync(fd) != 0)
                return fail_set(why, FAIL_SYSTEM, "cannot sync the journal: %s",
                                strerrordesc_np(errno));
        took = now_ns() - begun;
        s->sync_ns = s->sync_ns == 0 ? took : (7 * s->sync_ns + took) / 8;
        live->pending = g->chain.sequence;
        live->doubt = 0;
        if (apply(s, g, &cause) == 0 || store_recover(s, cause.kind == FAIL_BROKEN, &cause) == 0)
                return 0;
        if (cancel(s, fd) != 0)
                cause.kind = FAIL_SYSTEM;
        return fail_set(why, cause.kind, "%s", cause.text);
}

/* Writes what the group has so far and answers its members. */
static int flush(struct store *s, struct group *g, struct fail *why)
{
        int result = g->bytes.len == 0 ? 0 : write_group(s, g, why);

        for (struct store_request *r = g->first; r != NULL; r = r->next)
                if (r->decided && !r->done)
                        answer(r, result, why);
        buf_reset(&g->bytes);
        store_overlay_reset(&g->before);
        if (result != 0)
                g->broken = *why;
        return result;
}

static size_t record_size(const struct store_overlay *o)
{
        size_t size = STORE_HEADER + 7;
        struct store_op op;

        for (size_t i = 0; i < o->count; i++) {
                store_overlay_at(o, i, &op);
                size += 7 + op.key_len + op.len;
        }
        return size;
}

static int decide(struct store *s, struct group *g, struct store_request *r)
{
        struct fail cause = FAIL_CLEAR;

        if (store_resolve(s, r->batch, &g->before, &g->mine, &cause) == 0)
                return 0;
        if (cause.kind == FAIL_BROKEN) {
                /* The index, then: those before us first, then mend it and try once more. */
                fail_clear(&cause);
                if (flush(s, g, &cause) == 0 && store_recover(s, true, &cause) == 0 &&
                    store_ready(s, &cause) == 0 &&
                    store_resolve(s, r->batch, &g->before, &g->mine, &cause) == 0)
                        return 0;
        }
        answer(r, -1, &cause);
        return -1;
}

static void take(struct store *s, struct group *g, struct store_request *r)
{
        struct store_live *live = s->live;
        struct fail why = FAIL_CLEAR;
        struct store_op op;
        size_t size, begun;

        if (g->broken.kind != FAIL_NONE) {
                answer(r, -1, &g->broken);
                return;
        }
        if (decide(s, g, r) != 0)
                return;
        size = record_size(&g->mine);
        if (size > STORE_RECORD_MOST) {
                fail_set(&why, FAIL_INPUT, "a batch that makes a record of %zu bytes", size);
                answer(r, -1, &why);
                return;
        }
        if ((g->bytes.len + size > STORE_GROUP_MOST ||
             live->offset + g->bytes.len + size > live->size) &&
            flush(s, g, &why) != 0) {
                answer(r, -1, &why);
                return;
        }
        if (live->offset + g->bytes.len + size > live->size &&
            store_checkpoint(s, size, &why) != 0) {
                answer(r, -1, &why);
                return;
        }
        r->decided = true;
        if (g->mine.count == 0)
                return;
        if (g->bytes.len == 0) {
                g->chain.segment = live->segment;
                g->chain.sequence = live->sequence;
                g->chain.crc = live->crc;
        }
        begun = store_record_begin(&g->bytes);
        for (size_t i = 0; i < g->mine.count; i++) {
                store_overlay_at(&g->mine, i, &op);
                store_op_add(&g->bytes, &op);
                if (r->next != NULL)
                        store_overlay_set(&g->before, &op);
        }
        store_record_end(&g->bytes, begun, &g->chain);
}

/* The index open for writing, mended if need be. */
static int prepare(struct store *s, struct fail *why)
{
        struct fail cause = FAIL_CLEAR;
        int result;

        if (store_ready(s, why) != 0)
                return -1;
        pthread_mutex_lock(&s->reading);
        result = store_fresh(s, true, &cause);
        pthread_mutex_unlock(&s->reading);
        if (result == 0)
                return 0;
        if (cause.kind != FAIL_BROKEN)
                return fail_set(why, cause.kind, "%s", cause.text);
        return store_recover(s, true, why) == 0 ? store_ready(s, why) : -1;
}

static void lead(struct store *s, struct store_request *first)
{
        struct group g = { .first = first };
        struct fail why = FAIL_CLEAR;
        bool locked = store_write_lock(s, &why) == 0;

        if (locked && prepare(s, &why) == 0) {
                for (struct store_request *r = first; r != NULL; r = r->next)
                        take(s, &g, r);
                if (g.broken.kind == FAIL_NONE)
                        flush(s, &g, &why);
        } else {
                for (struct store_request *r = first; r != NULL; r = r->next)
                        answer(r, -1, &why);
        }
        if (locked)
                store_write_unlock(s);
        store_keep(s);
        buf_dispose(&g.bytes);
        store_overlay_dispose(&g.before);
        store_overlay_dispose(&g.mine);
}

static void tell_numbers(const struct batch *b)
{
        for (size_t i = 0; i < b->count; i++)
                if (b->steps[i].kind == STEP_APPEND && b->steps[i].tell != NULL)
                        *b->steps[i].tell = b->numbers[b->steps[i].which];
}

/* With the queue's lock held: leads everybody who waits, then names the next leader. */
static void lead_queue(struct store *s)
{
        struct store_request *first = s->first, *next;

        if (s->company && s->sync_ns > LINGER_LEAST) {
                struct timespec linger = { 0, (long)(s->sync_ns / LINGER_PART) };

                pthread_mutex_unlock(&s->queue);
                nanosleep(&linger, NULL);
                pthread_mutex_lock(&s->queue);
                first = s->first;
        }
        s->first = s->last = NULL;
        s->company = first->next != NULL;
        pthread_mutex_unlock(&s->queue);
        lead(s, first);
        pthread_mutex_lock(&s->queue);
        for (struct store_request *r = first; r != NULL; r = next) {
                next = r->next; /* r is gone once its owner sees that it is answered */
                r->lead = true;
                pthread_cond_signal(&r->wake);
        }
        s->leading = s->first != NULL;
        if (s->leading) {
                s->first->lead = true;
                pthread_cond_signal(&s->first->wake);
        }
}

int store_commit(struct store *s, struct batch *b, struct fail *why)
{
        struct store_request r = { .batch = b, .why = FAIL_CLEAR };

        if (b->why.kind != FAIL_NONE)
                return fail_set(why, b->why.kind, "%s", b->why.text);
        if (b->count == 0)
                return 0;
        pthread_cond_init(&r.wake, NULL);
        pthread_mutex_lock(&s->queue);
        if (s->last != NULL)
                s->last->next = &r;
        else
                s->first = &r;
        s->last = &r;
        if (s->leading)
                while (!r.lead)
                        pthread_cond_wait(&r.wake, &s->queue);
        if (!r.done) {
                s->leading = true;
                lead_queue(s);
        }
        pthread_mutex_unlock(&s->queue);
        pthread_cond_destroy(&r.wake);
        if (r.result != 0)
                return fail_set(why, r.why.kind, "%s", r.why.text);
        tell_numbers(b);
        return 0;
}
