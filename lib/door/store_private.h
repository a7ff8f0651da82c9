/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a store lies on the disk, and the parts that door/store.h is made of.  Only
 * lib/door/store*.c, its tests and its fuzz target include this.
 *
 *   lock        open-file-description locks: byte 0 the writer's, 1 the index's, 2 the turn
 *   meta        two slots with the same text: which index is clean, where the journal starts
 *   journal.0/1 segments used in turn: segment n lies in journal.(n mod 2)
 *   index.0/1   GDBM files: one clean (synced, untouched since), the other applied to
 *   live        one page mapped shared: how far we are, valid during one boot only
 *
 * Order of locks: writing (threads), writer's lock (processes), reading (threads), index
 * lock (processes).  Invariants:
 *
 * 1. The clean index plus the journal from meta's segment on is the whole truth.
 * 2. The clean index is touched only after meta says that the other one is clean, durably.
 * 3. live.mark is set while the index that readers read is being changed.
 * 4. live.doubt is set while bytes are on their way to the disk that may or may not arrive;
 *    whoever finds it starts a new segment before anything is written.
 * 5. live.behind: the index that readers read is the clean one; the other must be brought
 *    up before the next commit.
 */
#ifndef DOOR_STORE_PRIVATE_H
#define DOOR_STORE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "door/store.h"
#include "floor/buf.h"
#include "floor/fail.h"

#define STORE_SCHEMA 1
#define STORE_NAME_MAX 31
#define STORE_FULL_KEY_MAX (1 + STORE_NAME_MAX + 1 + STORE_KEY_MAX)
#define STORE_SEGMENT_FIRST (16 * 1024)
#define STORE_SEGMENT_MOST (1024 * 1024)     /* one record may ask for more */
#define STORE_RECORD_MOST (64 * 1024 * 1024) /* what a parser believes */
#define STORE_GROUP_MOST (1024 * 1024)       /* bytes after which a group is closed */

/* Journal records: store_journal.c.
 *
 * A record is a header of 24 bytes, operations, and zeros up to the next multiple of 8:
 *   magic 4, crc 4, length of the operations 4, zero 4, sequence 8      (little endian)
 * The crc (CRC-32C) covers the segment's number, the crc of the record before it, the rest of
 * the header and the operations.  So neither an old lap nor what an interrupted write left
 * behind can follow a record that it was not written after.
 * An operation: 1 put or 2 delete (1), key length (2), data length (4), key, data. */
#define STORE_HEADER 24

struct store_chain {
        uint64_t segment;
        uint64_t sequence; /* of the last record, or what the segment starts after */
        uint32_t crc;      /* of the last record, or the segment's seed */
};

struct store_entry {
        const unsigned char *ops;
        size_t len;
        size_t size; /* in the journal, header and padding included */
};

struct store_op {
        bool put;
        const char *key;
        size_t key_len;
        const char *data;
        size_t len;
};

void store_chain_start(struct store_chain *chain, uint64_t segment, uint64_t sequence);
/* Pure functions over bytes that may be anything.  1 one more, 0 the end.  store_op_next also
 * answers -1: not operations. */
int store_record_next(const void *bytes, size_t len, struct store_chain *chain,
                      struct store_entry *entry);
int store_op_next(const void *ops, size_t len, size_t *at, struct store_op *op);
/* Writing: begin, operations, end (which seals the record and moves the chain on). */
size_t store_record_begin(struct buf *out);
void store_op_add(struct buf *out, const struct store_op *op);
void store_record_end(struct buf *out, size_t begun, struct store_chain *chain);

/* meta: store_meta.c */
#define STORE_META_SLOT 512
#define STORE_META_SIZE (2 * 4096)

struct store_meta {
        uint32_t schema;
        uint32_t clean;   /* 0 or 1 */
        uint64_t stamp;   /* the higher slot counts */
        uint64_t segment; /* the journal after the clean index */
        uint64_t base;    /* the last sequence in the clean index */
        uint64_t size;    /* bytes of the clean index */
};

/* Pure: 1 a good slot, 0 none. */
int store_meta_parse(const void *slot, size_t len, struct store_meta *meta);
void store_meta_print(unsigned char slot[STORE_META_SLOT], const struct store_meta *meta);
/* 1 read, 0 there is none, -1 why.  damaged (may be NULL) tells that one slot is lost. */
int store_meta_read(int dir_fd, struct store_meta *meta, bool *damaged, struct fail *why);
/* Writes and syncs one slot after the other: either may be lost later. */
int store_meta_write(int dir_fd, struct store_meta *meta, struct fail *why);

/* live: store_live.c */
#define STORE_LIVE_SIZE 4096
#define STORE_STAMPS 128 /* a power of two */
#define STORE_BOOT_MAX 40

struct store_live {
        char boot[STORE_BOOT_MAX]; /* all zero: not filled in yet */
        uint32_t magic;
        uint32_t layout;
        _Atomic uint64_t generation;
        _Atomic uint32_t mark;
        _Atomic uint32_t waiting; /* somebody wants the index lock for himself */
        _Atomic uint32_t doubt;   /* 1 of the journal or meta, 2 of the index as well */
        _Atomic uint32_t behind;
        _Atomic uint32_t current;  /* the index that readers read */
        _Atomic uint64_t segment;  /* the journal: number, bytes, */
        _Atomic uint64_t size;     /*     where the next record goes, */
        _Atomic uint64_t offset;   /*     what it must follow */
        _Atomic uint64_t sequence; /* the last record applied */
        _Atomic uint64_t pending;  /* the last durable one that is being applied */
        _Atomic uint32_t crc;
        /* The generation that last changed something of a name; names share places by hash.  Good
         * while stamped is the generation: whoever raises that and knows no better leaves a gap. */
        _Atomic uint64_t stamped;
        _Atomic uint64_t stamps[STORE_STAMPS];
};

void store_boot_id(char boot[STORE_BOOT_MAX]);
int store_live_map(int dir_fd, bool create, struct store_live **live, struct fail *why);
void store_live_unmap(struct store_live *live);
bool store_live_known(const struct store_live *live); /* written by us, at some boot */
bool store_live_valid(const struct store_live *live, const char *boot); /* at this one */
void store_live_start(struct store_live *live); /* marked; the boot id is the last to be set */
/* The place among the stamps of a full key's name (store_key). */
size_t store_live_place(const char *full_key, size_t len);

/* Locks: store_lock.c.  They wait, and end with the process. */
enum store_lock { STORE_LOCK_WRITER = 0, STORE_LOCK_INDEX = 1, STORE_LOCK_TURN = 2 };
int store_lock_take(int fd, enum store_lock which, bool exclusive, struct fail *why);
void store_lock_drop(int fd, enum store_lock which);
/* The index lock, with s->reading held: shared for a look-up; alone, and before readers who
 * come later, for a change. */
int store_lock_share(struct store *s, struct fail *why);
void store_lock_unshare(struct store *s);
int store_lock_alone(struct store *s, struct fail *why);
void store_lock_release(struct store *s);

/* The GDBM index: store_index.c.  FAIL_BROKEN means that rebuilding may help. */
struct store_index {
        void *db;
        int fd;
        bool writer;
        uint64_t reserved; /* bytes of the file that have room on the disk */
};

int store_index_create(int dir_fd, unsigned which, struct fail *why); /* empty, synced */
int store_index_open(struct store_index *ix, int dir_fd, unsigned which, bool writer,
                     struct fail *why);
int store_index_open_fd(struct store_index *ix, int fd, struct fail *why); /* fd is taken */
void store_index_close(struct store_index *ix);
int store_index_fetch(struct store_index *ix, const char *key, size_t key_len, struct buf *value,
                      struct fail *why);
int store_index_apply(struct store_index *ix, const void *ops, size_t len, struct fail *why);
/* Room for operations of so many bytes, so that applying them cannot run out of it. */
int store_index_reserve(struct store_index *ix, size_t bytes, struct fail *why);
int store_index_sync(int dir_fd, unsigned which, struct fail *why);
/* GDBM takes an empty file for a new index, and some cut ones for whole: ask first. */
int store_index_size(int dir_fd, unsigned which, uint64_t *size, struct fail *why);
/* Begins to write it out.  Not a sync: that would take the news of a failed write away from
 * the sync that counts. */
void store_index_flush(int dir_fd, unsigned which);
int store_index_copy(int dir_fd, unsigned from, unsigned to, struct fail *why);
int store_index_copy_fd(int dir_fd, unsigned from, int to, struct fail *why);
/* Every record, its checksum verified; visit returns nonzero to stop, which is handed back. */
int store_index_walk(struct store_index *ix,
                     int (*visit)(void *context, const char *key, size_t key_len, const char *data,
                                  size_t len),
                     void *context, struct fail *why);
void store_index_name(unsigned which, char name[16]);

/* The handle. */
struct store_request;

struct store {
        char *dir;
        int dir_fd;
        int lock_fd;
        int journal_fd[2]; /* opened by the first commit */
        struct store_live *live;
        char boot[STORE_BOOT_MAX];

        pthread_mutex_t reading; /* index, seen, and our share of the index lock */
        struct store_index index;
        uint64_t seen; /* the generation that index was opened at */

        pthread_mutex_t writing; /* with the writer's lock */

        pthread_mutex_t queue;
        struct store_request *first, *last;
        bool leading;
        bool company; /* the last group had more than one */
        _Atomic int64_t sync_ns;

        pthread_t keeper;     /* takes checkpoints ahead of time */
        _Atomic bool keeping; /* it is at work */
        bool kept;            /* it is to be joined */
};

/* store.c */
int store_fetch(struct store *s, const char *key, size_t key_len, struct buf *value,
                struct fail *why);
int store_fetch_once(struct store *s, bool writer, const char *key, size_t key_len,
                     struct buf *value, uint64_t *seen, struct fail *why);
int store_fresh(struct store *s, bool writer, struct fail *why);
/* Full keys: kind, name, NUL, key.  Returns the length. */
size_t store_key(char out[STORE_FULL_KEY_MAX + 1], char kind, const char *name, const char *key);
size_t store_key_number(char out[STORE_FULL_KEY_MAX + 1], char kind, const char *name,
                        uint64_t number);
bool store_name_good(const char *name);
int store_number(const struct buf *text, uint64_t *number);

/* store_recover.c: all with the writer's lock held, except store_mend. */
int store_write_lock(struct store *s, struct fail *why);
void store_write_unlock(struct store *s);
int store_journal_fd(struct store *s, unsigned which, struct fail *why);
int store_recover(struct store *s, bool damaged, struct fail *why);
int store_ready(struct store *s, struct fail *why); /* for a commit */
int store_checkpoint(struct store *s, size_t need, struct fail *why);
int store_mend(struct store *s, uint64_t seen, struct fail *why);
uint64_t store_segment_size(uint64_t had, size_t need);
/* The journal's bytes of the segment; the caller disposes. */
int store_journal_read(struct store *s, uint64_t segment, struct buf *out, struct fail *why);
int store_journal_grow(struct store *s, uint64_t segment, uint64_t size, uint64_t *got,
                       struct fail *why);

/* store_keep.c: a checkpoint by another thread when the segment is filling up. */
void store_keep(struct store *s);
void store_keep_end(struct store *s);

/* Batches: store_batch.c builds, store_resolve.c decides. */
enum store_step_kind {
        STEP_PUT,
        STEP_DELETE,
        STEP_APPEND,
        STEP_SERIES_PUT,
        STEP_SERIES_DELETE,
        STEP_JOIN,
        STEP_LEAVE,
        STEP_PUT_NUMBERED,
        STEP_JOIN_NUMBERED,
        STEP_PUT_NUMBER,
        STEP_REQUIRE_ABSENT,
        STEP_REQUIRE_SAME,
        STEP_REQUIRE_SERIES_SAME,
        STEP_RESTORE_SERIES,
        STEP_RESTORE_COUNTER,
};

struct store_step {
        enum store_step_kind kind;
        unsigned which;
        uint64_t number;
        size_t name, key, data; /* places in bytes; name and key end with NUL */
        size_t len;
        uint64_t *tell;
};

struct batch {
        struct store_step *steps;
        size_t count, room;
        struct buf bytes;
        size_t weight;     /* keys and values so far */
        uint64_t *numbers; /* of the appends, while resolving */
        unsigned appends;
        struct fail why; /* the first thing wrong */
};

/* What a group of batches makes of the index, before it is there. */
struct store_overlay {
        struct store_change {
                uint32_t hash;
                bool put;
                size_t key, key_len, data, len; /* places in bytes */
        } * changes;
        size_t count, room;
        uint32_t *slots; /* 0 none, else the number of a change + 1 */
        size_t slot_count;
        struct buf bytes;
};

void store_overlay_dispose(struct store_overlay *o);
void store_overlay_reset(struct store_overlay *o);
/* 1 changed here (op filled in), 0 not. */
int store_overlay_find(const struct store_overlay *o, const char *key, size_t key_len,
                       struct store_op *op);
void store_overlay_set(struct store_overlay *o, const struct store_op *op);
void store_overlay_at(const struct store_overlay *o, size_t i, struct store_op *op);
/* A record's operations; -1: they make no sense. */
int store_overlay_add(struct store_overlay *o, const struct store_entry *entry, struct fail *why);
/* Each key as it is in the end: many of a segment are written again and again. */
int store_overlay_apply(const struct store_overlay *o, struct store_index *ix, struct fail *why);

/* Decides a batch against the index and the batches before it; fills mine.  With the writer's
 * lock held. */
int store_resolve(struct store *s, struct batch *b, const struct store_overlay *before,
                  struct store_overlay *mine, struct fail *why);

/* Snapshots: store_snapshot.c.  Both indexes and the journal at one moment. */
struct store_snapshot {
        struct store_index current;
        struct store_index clean; /* only with whole */
        struct buf journal;
        struct store_meta meta;
        uint64_t sequence; /* as live has it */
        bool meta_damaged;
};

int store_snapshot_take(struct store *s, struct store_snapshot *shot, bool whole, struct fail *why);
void store_snapshot_dispose(struct store_snapshot *shot);

/* Settings of tests: the segment's size, and whether to leave out what makes it safe. */
uint64_t store_test_segment(void);
bool store_test_no_redo(void);

#endif
