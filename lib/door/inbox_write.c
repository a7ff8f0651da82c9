/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Group commit.  Of the threads that add at one time, one leads: it takes the writer's lock,
 * writes what all have brought, syncs once, publishes the new end, and tells them.  Whoever
 * came in the meantime is led by the first among them, if he waits (inbox_add); where nobody
 * waits (inbox_post), by whoever calls inbox_lead() next, and at the latest by the one who leads
 * now: nobody goes on who leads while somebody stands in the queue whom nobody else would lead.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/code.h"
#include "floor/when.h"

#define SYNC_SHARE 20 /* a leader with company waits one part in this many of a sync */
#define BATCH_BYTES (4 * 1024 * 1024)

/* One who sleeps until his record is durable, or until it is his turn to lead. */
struct sleeper {
        struct inbox_post post;
        bool leads; /* under the queue's lock: he was woken to lead */
        int result;
        struct fail *why;
        sem_t wake;
};

/* Begins the next segment and makes it the head. */
static int roll(struct inbox *in, struct place *head, struct fail *why)
{
        struct segment_head fresh;
        int fd;

        if (segment_begin(in, head, &fd, &fresh, why) != 0)
                return -1;
        if (in->head_fd >= 0)
                close(in->head_fd);
        in->head_fd = fd;
        in->head = fresh;
        segment_start(head, &fresh);
        shared_place_put(&in->live->head, head);
        atomic_store(&in->live->writing, 0);
        return 0;
}

/* Finds the end that others left and makes room there for a record of this size. */
static int prepare(struct inbox *in, uint64_t need, struct place *head, uint64_t *room,
                   struct fail *why)
{
        struct place mark;
        uint64_t used;
        bool next;
        int got;

        shared_place_get(&in->live->mark, &mark);
        shared_place_get(&in->live->head, head);
        used = live_backlog(head, &mark);
        next = atomic_load(&in->live->writing) != 0 ||
               head->offset + need > head->in.size - SEGMENT_HEAD;
        if (next && used > 0)
                used += head->in.size - head->offset; /* lost room is used room */
        if (used + need > in->backlog)
                return fail_set(why, FAIL_FULL,
                                "inbox: %" PRIu64 " bytes wait to be read, the ceiling is %" PRIu64,
                                used, in->backlog);
        if (next && roll(in, head, why) != 0)
                return -1;
        if (in->head_fd < 0 || !segment_same(&in->head, &head->in)) {
                if (in->head_fd >= 0)
                        close(in->head_fd);
                in->head_fd = -1;
                got = segment_open(in, head->in.serial, &in->head_fd, &in->head, why);
                if (got < 0)
                        return -1;
                /* Somebody took the file away under us: write nowhere but in a new one. */
                if ((got == 0 || !segment_same(&in->head, &head->in)) && roll(in, head, why) != 0)
                        return -1;
        }
        *room = head->in.size - SEGMENT_HEAD - head->offset;
        if (*room > in->backlog - used)
                *room = in->backlog - used;
        return 0;
}

static void fill(struct iovec *part, const void *data, size_t len)
{
        part->iov_base = (void *)(uintptr_t)data; /* written from, never into */
        part->iov_len = len;
}

/* All parts, also after short transfers. */
static int write_parts(int fd, struct iovec *part, int count, off_t at)
{
        while (count > 0) {
                ssize_t put = pwritev(fd, part, count, at);

                if (put < 0 && errno == EINTR)
                        continue;
                if (put < 0)
                        return -1;
                at += put;
                for (; count > 0 && (size_t)put >= part->iov_len; part++, count--)
                        put -= (ssize_t)part->iov_len;
                if (count > 0)
                        fill(part, (char *)part->iov_base + put, part->iov_len - (size_t)put);
        }
        return 0;
}

/* Writes the batch behind head, syncs, publishes.  head moves on. */
static int commit(struct inbox *in, struct place *head, struct inbox_post *batch, struct fail *why)
{
        static const uint8_t zeros[8];
        uint8_t heads[INBOX_BATCH][RECORD_HEAD];
        struct iovec parts[3 * INBOX_BATCH];
        struct place end = *head;
        int count = 0, records = 0;
        int64_t start;

        for (struct inbox_post *w = batch; w != NULL; w = w->next, records++) {
                struct record_head record = { .number = ++end.number,
                                              .settled = head->number,
                                              .length = (uint32_t)w->len,
                                              .payload_crc = w->crc };

                record_head_write(heads[records], &head->in, &record);
                fill(&parts[count++], heads[records], RECORD_HEAD);
                if (w->len > 0)
                        fill(&parts[count++], w->record, w->len);
                if (w->len % 8 != 0)
                        fill(&parts[count++], zeros, 8 - w->len % 8);
                w->number = end.number;
                end.offset += record_size(w->len);
        }
        atomic_store(&in->live->writing, 1);
        if (write_parts(in->head_fd, parts, count, (off_t)head->offset) != 0)
                return fail_errno(why, "inbox: cannot write");
        start = when_steady_us();
        /* After a failed sync the kernel may call the pages clean although the disk has not
         * got them: "writing" stays set, and this segment is never written again. */
        if (fdatasync(in->head_fd) != 0)
                return fail_errno(why, "inbox: cannot sync");
        in->sync_us += (when_steady_us() - start - in->sync_us) / 8;
        shared_place_put(&in->live->head, &end);
        atomic_store(&in->live->writing, 0);
        *head = end;
        return 0;
}

/* Cuts what fits together off the front of the queue: at least one. */
static struct inbox_post *take_batch(struct inbox *in, uint64_t room)
{
        struct inbox_post *batch, **end = &in->first;
        uint64_t bytes = 0;
        int count = 0;

        pthread_mutex_lock(&in->queue);
        while (*end != NULL && count < INBOX_BATCH) {
                bytes += record_size((*end)->len);
                if (count > 0 && (bytes > room || bytes > BATCH_BYTES))
                        break;
                (*end)->queued = false;
                end = &(*end)->next;
                count++;
        }
        batch = in->first;
        in->first = *end;
        if (in->first == NULL)
                in->last = &in->first;
        *end = NULL;
        in->count -= count;
        in->company = count > 1 || in->first != NULL;
        pthread_mutex_unlock(&in->queue);
        return batch;
}

/* Who was not alone last time lets the others arrive: they were woken together. */
static void await_company(struct inbox *in)
{
        int64_t wait_us = in->company ? in->sync_us / SYNC_SHARE : 0;
        int64_t end;

        if (wait_us > 200) {
                struct timespec pause = { 0, (long)(wait_us > 5000 ? 5000 : wait_us) * 1000 };

                nanosleep(&pause, NULL);
                return;
        }
        for (end = when_steady_us() + wait_us; when_steady_us() < end;)
                sched_yield();
}

/* Makes one batch of the front of the queue, which has somebody in it. */
static struct inbox_post *write_batch(struct inbox *in, int *result, struct fail *why)
{
        struct inbox_post *batch;
        struct place head;
        uint64_t room = 0;

        /* Through the door one by one: who has just written waits behind who waits, so that
         * a busy program cannot keep a small one out. */
        *result = inbox_lock_wait(in, INBOX_LOCK_DOOR, why);
        if (*result == 0) {
                *result = inbox_lock_wait(in, INBOX_LOCK_WRITER, why);
                inbox_unlock(in, INBOX_LOCK_DOOR);
        }
        /* Only the leader takes from the front, so the first stays the first. */
        if (*result == 0)
                *result = prepare(in, record_size(in->first->len), &head, &room, why);
        /* Without room for the first there may be room for a smaller one: fail only him. */
        batch = take_batch(in, *result == 0 ? room : 0);
        if (*result == 0)
                *result = commit(in, &head, batch, why);
        inbox_unlock(in, INBOX_LOCK_WRITER);
        if (*result == 0)
                inbox_ring_asleep(in);
        return batch;
}

static void wake_up(struct inbox_post *post, int result, const struct fail *why)
{
        struct sleeper *me = (struct sleeper *)post;

        me->result = result;
        if (result != 0)
                fail_set(me->why, why->kind, "%s", why->text);
        sem_post(&me->wake); /* from here on he is gone */
}

/* The caller leads (in->leading is his): one batch, then who stands first leads if he can, and
 * everybody of the batch hears of it. */
static void lead(struct inbox *in)
{
        struct fail why = FAIL_CLEAR;
        struct inbox_post *batch, *post;
        struct sleeper *next = NULL;
        int result;

        batch = write_batch(in, &result, &why);
        pthread_mutex_lock(&in->queue);
        if (in->first != NULL && in->first->done == wake_up)
                next = (struct sleeper *)in->first;
        if (next != NULL)
                next->leads = true;
        else
                in->leading = false;
        pthread_mutex_unlock(&in->queue);
        if (next != NULL)
                sem_post(&next->wake);
        while (batch != NULL) {
                post = batch;
                batch = post->next; /* a post is gone when it was told */
                post->done(post, result, &why);
        }
}

void inbox_lead(struct inbox *in, int64_t patience_us)
{
        pthread_mutex_lock(&in->queue);
        while (!in->leading && in->first != NULL &&
               (patience_us == 0 || when_steady_us() - in->first->since_us >= patience_us)) {
                in->leading = true;
                pthread_mutex_unlock(&in->queue);
                lead(in);
                pthread_mutex_lock(&in->queue);
        }
        pthread_mutex_unlock(&in->queue);
}

static int check(struct inbox *in, const void *record, size_t len, struct fail *why)
{
        if (len > INBOX_RECORD_MAX || record_size(len) > in->segment_size - 2 * SEGMENT_HEAD)
                return fail_set(why, FAIL_INPUT, "inbox: a record of %zu bytes is too large", len);
        if (record == NULL && len > 0)
                return fail_set(why, FAIL_INPUT, "inbox: no record");
        return 0;
}

/* With the queue's lock held. */
static void stand_in_line(struct inbox *in, struct inbox_post *post)
{
        post->queued = true;
        post->next = NULL;
        *in->last = post;
        in->last = &post->next;
        in->count++;
}

int inbox_post(struct inbox *in, struct inbox_post *post, struct fail *why)
{
        bool crowd;

        if (check(in, post->record, post->len, why) != 0)
                return -1;
        post->crc = code_crc32c(0, post->record, post->len);
        post->since_us = when_steady_us();
        pthread_mutex_lock(&in->queue);
        stand_in_line(in, post);
        crowd = in->count >= INBOX_CROWD;
        pthread_mutex_unlock(&in->queue);
        if (crowd)
                inbox_lead(in, 0);
        return 0;
}

int inbox_add(struct inbox *in, const void *record, size_t len, uint64_t *number, struct fail *why)
{
        struct sleeper me = { .post = { .record = record, .len = len, .done = wake_up },
                              .why = why };
        bool told = false;

        if (check(in, record, len, why) != 0)
                return -1;
        me.post.crc = code_crc32c(0, record, len); /* here, where threads do it side by side */
        me.post.since_us = when_steady_us();
        sem_init(&me.wake, 0, 0);
        pthread_mutex_lock(&in->queue);
        stand_in_line(in, &me.post);
        while (me.post.queued) {
                bool leads = me.leads || !in->leading;

                if (leads)
                        in->leading = true;
                me.leads = false;
                pthread_mutex_unlock(&in->queue);
                if (leads) {
                        await_company(in);
                        lead(in);
                } else {
                        while (sem_wait(&me.wake) != 0) /* EINTR */
                                ;
                }
                pthread_mutex_lock(&in->queue);
                told = !leads && !me.leads;
        }
        pthread_mutex_unlock(&in->queue);
        while (!told)
                told = sem_wait(&me.wake) == 0;
        sem_destroy(&me.wake);
        inbox_lead(in, 0); /* who posted may have gone to sleep, relying on who leads */
        if (me.result == 0 && number != NULL)
                *number = me.post.number;
        return me.result;
}
