/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The home's inbox: what arrived, in order, durable before it is acknowledged.
 *
 * Many threads and processes add; one reader (the worker) reads from a place it keeps
 * itself and releases what is done, so that segments are used again.  Records are bytes,
 * at most INBOX_RECORD_MAX; each gets a number that rises by one and is never reused.
 * Additions of several threads share one sync (group commit); other processes take the
 * inbox lock for one batch each.
 *
 * A handle may be used by many threads at once, but not by a child after fork: it opens its
 * own.  Opening is cheap (about 30 us, no segment is read), except the first time after a boot.
 *
 * Ringing is separate from durability: an addition rings by itself after the sync, unless the
 * reader is known to be awake; a lost ring is never a lost record, because the reader looks
 * before it waits.
 */
#ifndef DOOR_INBOX_H
#define DOOR_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

#define INBOX_RECORD_MAX (3 * 1024 * 1024)

struct inbox;

/* dir is home/inbox; made when absent.  backlog is the most bytes of unreleased records
 * before additions fail with FAIL_FULL (0: 1 GiB). */
int inbox_open(struct inbox **out, const char *dir, uint64_t backlog, struct fail *why);
void inbox_close(struct inbox *in);

/* 0: durable, *number (may be NULL) is its number.  -1: FAIL_FULL no room (disk or backlog),
 * FAIL_INPUT too large, else why; the record will not be read, except after a failed sync, when it
 * may. */
int inbox_add(struct inbox *in, const void *record, size_t len, uint64_t *number, struct fail *why);

/*
 * An addition that no thread waits for: inbox_post() puts it in line, and it becomes durable when
 * somebody leads, who then calls done(): once, in his own thread, with the result that inbox_add()
 * would have had.  record stays where it is until then; in done() the post may be freed.  done()
 * must not wait for anything nor add to the inbox.
 *
 * Somebody has to lead: each thread that posts calls inbox_lead(in, 0) before it sleeps, and while
 * it is busy inbox_lead() with the time that a record may wait for company (microseconds).  -1 of
 * inbox_post(): FAIL_INPUT, and done() will not be called.
 */
struct inbox_post {
        const void *record;
        size_t len;
        void (*done)(struct inbox_post *post, int result, const struct fail *why);
        uint64_t number; /* given when it is durable */
        /* the inbox's own */
        uint32_t crc;
        bool queued;
        int64_t since_us;
        struct inbox_post *next;
};

int inbox_post(struct inbox *in, struct inbox_post *post, struct fail *why);
void inbox_lead(struct inbox *in, int64_t patience_us);

/* Reads the first record with a number >= from that is durable and not released: 1 read (what
 * the buffer held is replaced), *number says which; 0 nothing there yet; -1 broken.  A damaged
 * record in the middle is reported once as FAIL_BROKEN with *number set to the next readable one.
 */
int inbox_read(struct inbox *in, uint64_t from, struct buf *record, uint64_t *number,
               struct fail *why);

/* All records up to and including this number are done; survives restarts, but after a power
 * cut it may be an older number, as it is synced only when it frees a segment: the place that
 * counts is the one the reader keeps.  inbox_released gives the number last released, 0 for
 * none. */
int inbox_release(struct inbox *in, uint64_t number, struct fail *why);
int inbox_released(struct inbox *in, uint64_t *number, struct fail *why);

/* The number of the last durable record and the bytes on disk not yet released; either may be
 * NULL. */
int inbox_depth(struct inbox *in, uint64_t *last, uint64_t *bytes, struct fail *why);

/* Wakes the reader (from any process), and waits for a ring: 1 rang, 0 the time is up,
 * -1 why.  timeout_ms < 0 waits for ever.  Also returns 1 on a signal handled with
 * inbox_interrupt(), which may be called in a signal handler. */
void inbox_ring(struct inbox *in);
int inbox_wait(struct inbox *in, int64_t timeout_ms, struct fail *why);
void inbox_interrupt(struct inbox *in);

/* Reads every record that is not released and verifies its checksum: 0 all well, -1 the first
 * thing found.  records may be NULL. */
int inbox_check(const char *dir, uint64_t *records, struct fail *why);

#endif
