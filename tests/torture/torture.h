/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Proving that nothing acknowledged is lost: what writers do, what must be there afterwards,
 * and the record of every write on the way to the disk.
 */
#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "door/store.h"

/* Chance that can be repeated. */
uint64_t chance(void);
void chance_start(uint64_t seed);
uint64_t chance_below(uint64_t n);

/* model.c: each writer does batches 1, 2, 3 ...; everything in the store follows from how
 * many each has done. */
#define WRITERS 6
#define SLOTS 24 /* keys that a writer overwrites in turn */
#define OPEN_MOST 5

struct tally {
        _Atomic uint64_t tried[WRITERS], acked[WRITERS];
        _Atomic uint64_t half; /* seen by a reader */
        _Atomic uint64_t refused;
        char text[400]; /* the first unexpected failure */
};

/* The number of batches that the store has of this writer; -1 broken. */
int model_done(struct store *s, unsigned writer, uint64_t *done, struct fail *why);
int model_batch(struct store *s, unsigned writer, uint64_t i, struct fail *why);
/* Reads two records that every batch changes together. */
void model_look(struct store *s, unsigned writer, struct tally *tally);
/* Everything that must be there.  Returns what is wrong: NULL nothing; keys are added up. */
const char *model_verify(const char *dir, const struct tally *tally, uint64_t *keys);

/* trace.c: interposed system calls of this program and of libgdbm. */
enum trace_kind {
        TRACE_WRITE,
        TRACE_CUT,
        TRACE_SYNC,
        TRACE_NAME,
        TRACE_RENAME,
        TRACE_ACK,
        TRACE_TRY
};
struct trace_event {
        enum trace_kind kind;
        uint64_t file; /* inode */
        uint64_t at, len;
        uint64_t covers; /* sync: events before this one */
        size_t data;     /* write: bytes; name, rename: texts ended by NUL */
};
struct trace {
        _Atomic size_t count;
        size_t bytes, bytes_room, room;
        bool over;
        struct trace_event *events;
        char *data;
};
void trace_start(struct trace *t, const char *dir);
void trace_note(enum trace_kind kind, uint64_t writer, uint64_t i);
void trace_page(uint64_t file, const void *data, size_t len); /* written through a mapping */
void trace_stop(void);
/* The nth call from now fails with error; sticky: and all after it.  n 0: none. */
void trace_fault(uint64_t n, int error, bool sticky);
uint64_t trace_calls(void); /* made since trace_fault() */

/* Each prints what it found wrong and returns how often; figures are added up. */
struct figures {
        uint64_t rounds, keys, lost, half, recoveries;
};
void kill_rounds(uint64_t rounds, const char *dir, struct figures *f);
void cut_rounds(uint64_t rounds, const char *dir, struct figures *f);
void fault_rounds(const char *dir, struct figures *f);

#endif
