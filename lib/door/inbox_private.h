/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the inbox share.  Nobody else includes this, but for its own tests.
 *
 *      inbox.c          open, close, check, depth; locks between processes
 *      inbox_live.c     the page that all processes see: where the records end
 *      inbox_segment.c  segment files: begin, use again, find the next
 *      inbox_write.c    group commit
 *      inbox_read.c     reading on, stepping over damage
 *      inbox_release.c  how far the reader is done
 *      inbox_bell.c     ring, wait, interrupt
 *      inbox_record.c   the bytes, pure functions
 *
 * The directory:
 *
 *      lock             open-file-description locks on its bytes, see enum inbox_lock
 *      live             struct live, mapped by everybody; worth nothing after a reboot
 *      released         how far the reader is done: two slots, written in turn
 *      bell             a FIFO
 *      <serial>.seg     segments, 16 hexadecimal digits; those before the released place
 *                       are free and used again, oldest first
 *
 * A place where writing went wrong is never written again.  Whoever takes the writer's lock
 * and finds the mark "writing" set (a writer was killed, a sync failed, the machine went
 * down) begins a new segment with the number after the last published one.  What the
 * unfinished batch left behind keeps numbers that the new segment's head disowns.
 */
#ifndef DOOR_INBOX_PRIVATE_H
#define DOOR_INBOX_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "door/inbox.h"
#include "door/inbox_record.h"

#define INBOX_SEGMENT_SIZE (8 * 1024 * 1024)
#define INBOX_BACKLOG (UINT64_C(1024) * 1024 * 1024)
#define INBOX_FREE_KEPT 4 /* free segments kept for use again; more are given back */
#define INBOX_BATCH 256   /* records in one write */
#define INBOX_CROWD 64    /* posts after which nobody waits for more of them */

/* A place between two records of a segment: number is the last one before it. */
struct place {
        struct segment_head in;
        uint64_t offset, number;
};

#define PLACE_WORDS 7

/* A place in shared memory: written by one (under its lock), read by anybody without one,
 * never seen half written, whenever the writer is killed. */
struct shared_place {
        _Atomic uint64_t turn; /* slot turn & 1 counts */
        _Atomic uint64_t slot[2][PLACE_WORDS];
};

struct live {
        _Atomic uint64_t magic;   /* set last when the page is made */
        char boot[40];            /* the boot it was made in */
        uint64_t device, inode;   /* of the live file itself: a copy is not trusted */
        _Atomic uint64_t writing; /* a batch is under way, or one never came to its end */
        struct shared_place head; /* durable end; under INBOX_LOCK_WRITER */
        struct shared_place mark; /* released up to; under INBOX_LOCK_RELEASE */
        _Atomic uint64_t order;   /* of the last mark written; under INBOX_LOCK_RELEASE */
        _Atomic uint64_t spare;   /* serial of the oldest free segment; writer */
        /* The reader will look again before it sleeps: no need to ring.  What was killed while
         * it was awake leaves this set, and who comes after it looks before it sleeps. */
        _Atomic uint64_t awake;
};

enum inbox_lock { INBOX_LOCK_DOOR, INBOX_LOCK_WRITER, INBOX_LOCK_RELEASE };

struct inbox {
        int dir, lock, live_fd, interrupt;
        uint64_t backlog, segment_size;
        uid_t owner;
        gid_t group;
        struct live *live;

        /* adding */
        pthread_mutex_t queue; /* guards the four below */
        struct inbox_post *first, **last;
        int count;    /* how many stand in line */
        bool leading; /* somebody leads: what follows is his alone */
        bool company; /* the last batch had more than one, or some were waiting */
        int head_fd;
        struct segment_head head;
        int64_t sync_us; /* what a sync usually takes */

        /* reading */
        pthread_mutex_t reading; /* guards the five below */
        int at_fd;
        struct segment_head at_file; /* what at_fd is */
        struct place at;             /* the next record to read is behind this place ... */
        uint64_t low;                /* ... for every from in low .. at.number + 1; 0: no place */
        uint64_t at_end;             /* the first number of the next segment, 0 not known */
        _Atomic uint64_t looked;     /* published number when the reader last looked */
        pthread_mutex_t releasing;   /* held with the release lock; guards released_fd */
        int released_fd;

        /* ringing */
        pthread_mutex_t ringing; /* guards bell */
        int bell, ear;           /* the FIFO, for ringing and for waiting */
};

/* inbox_open() with segments of another size (a multiple of 4096), for tests. */
int inbox_open_sized(struct inbox **out, const char *dir, uint64_t backlog, uint64_t segment_size,
                     struct fail *why);

/* inbox.c */
int inbox_lock_wait(struct inbox *in, enum inbox_lock which, struct fail *why);
void inbox_unlock(struct inbox *in, enum inbox_lock which);
/* Opens a file of the inbox, which must be regular, ours and for us alone.
 * 1 opened, 0 absent, -1 why. */
int inbox_file(struct inbox *in, const char *name, int flags, int *fd, struct fail *why);

/* inbox_bell.c */
void inbox_ring_asleep(struct inbox *in); /* unless the reader is awake */

/* inbox_live.c */
void shared_place_get(struct shared_place *from, struct place *to);
void shared_place_put(struct shared_place *to, const struct place *from);
int live_open(struct inbox *in, struct fail *why);
/* Bytes between the released place and the durable end, on disk. */
uint64_t live_backlog(const struct place *head, const struct place *mark);

/* inbox_segment.c */
#define SEGMENT_NAME_SIZE 24
void segment_name(char out[SEGMENT_NAME_SIZE], uint64_t serial);
bool segment_same(const struct segment_head *a, const struct segment_head *b);
void segment_start(struct place *p, const struct segment_head *head); /* its first record */
/* Opens a segment and reads its head: 1, 0 absent or nothing that is this segment, -1 why.
 * fd may be NULL. */
int segment_open(struct inbox *in, uint64_t serial, int *fd, struct segment_head *head,
                 struct fail *why);
/* The head of the next segment after serial, up to and including last: 1, 0 none, -1. */
int segment_next(struct inbox *in, uint64_t serial, uint64_t last, struct segment_head *head,
                 struct fail *why);
/* If the record after p stands in a later segment, moves p to that one's start; least is
 * the number looked for, so that whole segments can be skipped.  *end becomes the number
 * that ends the segment p is then in, 0 if that is open. */
int segment_follow(struct inbox *in, struct place *p, const struct place *head, uint64_t least,
                   uint64_t *end, struct fail *why);
/* The head of the record behind p, if it is good and the next in number. */
bool segment_next_record(int fd, const struct place *p, struct record_head *record);
/* Begins the segment after the place at, whose first record will be at->number + 1: the
 * file is ready, durable, and *fd.  Sets "writing" when there is no way back; clearing it is
 * the caller's, when the segment is published. */
int segment_begin(struct inbox *in, const struct place *at, int *fd, struct segment_head *head,
                  struct fail *why);
/* The whole file; the caller frees with mem_free(). */
int segment_load(int fd, const struct segment_head *head, uint8_t **bytes, struct fail *why);
/* Serials of all segment files, rising; the caller frees with mem_free(). */
int segment_list(struct inbox *in, uint64_t **serials, size_t *count, struct fail *why);

/* inbox_release.c */
/* The mark as it stands in the file, and its order; zeros when there is none. */
int released_load(struct inbox *in, struct place *mark, uint64_t *order, struct fail *why);

#endif
