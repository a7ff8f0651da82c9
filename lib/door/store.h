/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * State of one org: named tables of key and value, numbered series, and sets.
 *
 * This is the only way to state.  It promises nothing that only a local file could keep:
 * conditional batches, three-answer look-ups, series, sets.  Behind it stand a journal
 * (the truth), two GDBM files (its index, one of them always clean) and checkpoints.
 *
 * A handle may be used by many threads at once.  Several processes may hold the same
 * store open; each commit of one is seen by the next look-up of the others.  A writer that
 * died, a reboot or a damaged index is repaired by whoever comes next, without being asked.
 *
 * After fork() the child must not use a handle of its parent (the two would share its locks):
 * let it open its own, or exec.  A program that sets RLIMIT_FSIZE ignores SIGXFSZ.
 *
 * Names: table, series and set names are 1 to 31 bytes of [a-z0-9_-] and share no name
 * between the three kinds; keys are 1 to STORE_KEY_MAX bytes without NUL; values are at
 * most STORE_VALUE_MAX bytes; a batch takes at most STORE_BATCH_MAX bytes and
 * STORE_BATCH_STEPS additions.  Passing a ceiling is FAIL_INPUT.
 */
#ifndef DOOR_STORE_H
#define DOOR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

#define STORE_KEY_MAX 512
#define STORE_VALUE_MAX (2 * 1024 * 1024)
#define STORE_BATCH_MAX (3 * 1024 * 1024) /* all keys and values of one batch together */
#define STORE_BATCH_STEPS 65536

struct store;
struct batch;

enum store_mode {
        STORE_OPEN,   /* must exist: otherwise 0 */
        STORE_CREATE, /* made when absent (directories 0700, files 0600) */
};

/* 1 opened, 0 there is no store at dir, -1 why (wrong modes, a schema of a newer release,
 * no room, damage that the journal cannot mend). */
int store_open(struct store **out, const char *dir, enum store_mode mode, struct fail *why);
void store_close(struct store *s); /* NULL is fine */

/* 1 found (value replaced), 0 absent, -1 broken.  Never waits for the disk's sync.
 * value may be NULL to ask only whether the key is there. */
int store_get(struct store *s, const char *table, const char *key, struct buf *value,
              struct fail *why);

/* Series: members are numbered 1, 2, 3 ... in order of commit, never reused.
 * store_series_last: the highest number given, 0 for none; -1 broken.
 * store_series_get: as store_get; a deleted member is absent. */
int store_series_last(struct store *s, const char *series, uint64_t *last, struct fail *why);
int store_series_get(struct store *s, const char *series, uint64_t number, struct buf *value,
                     struct fail *why);

/* Sets of short texts (keys), without order.  store_set_list calls visit for each member of
 * a snapshot; visit returns nonzero to stop, which is handed back; 0 at the end; -1 broken. */
int store_set_has(struct store *s, const char *set, const char *member, struct fail *why);
int store_set_count(struct store *s, const char *set, uint64_t *count, struct fail *why);
int store_set_list(struct store *s, const char *set,
                   int (*visit)(void *context, const char *member), void *context,
                   struct fail *why);

/*
 * A batch is all or nothing.  Build it, commit it, free it (whatever the answer).  The
 * additions check nothing; the commit reports the first thing wrong with any of them.
 */
struct batch *batch_new(void);
void batch_free(struct batch *b);
void batch_put(struct batch *b, const char *table, const char *key, const void *data, size_t len);
void batch_delete(struct batch *b, const char *table, const char *key);
/* Adds a member; its number is written to *number (may be NULL) once committed. */
void batch_append(struct batch *b, const char *series, const void *data, size_t len,
                  uint64_t *number);
/* Changes or deletes a member that exists; committing either for one that does not is
 * FAIL_CONFLICT. */
void batch_series_put(struct batch *b, const char *series, uint64_t number, const void *data,
                      size_t len);
void batch_series_delete(struct batch *b, const char *series, uint64_t number);
/* Joining twice or leaving unjoined changes nothing. */
void batch_join(struct batch *b, const char *set, const char *member);
void batch_leave(struct batch *b, const char *set, const char *member);
/* Puts, joins or leaves whose text is the number that an earlier batch_append of this same
 * batch will get (which: 0 for its first append, 1 for its second ...): key and member are
 * then that number in decimal. */
void batch_put_numbered(struct batch *b, const char *table, unsigned which, const void *data,
                        size_t len);
void batch_join_numbered(struct batch *b, const char *set, unsigned which);
/* A value under key that names the number (decimal text) a batch_append will get. */
void batch_put_number(struct batch *b, const char *table, const char *key, unsigned which);
/* Conditions, checked at the moment of the commit against what is true before the batch,
 * wherever they stand in it: the record is absent, or still has exactly these bytes.  One that does
 * not hold: nothing is written and the commit fails with FAIL_CONFLICT; look again, decide anew. */
void batch_require_absent(struct batch *b, const char *table, const char *key);
void batch_require_same(struct batch *b, const char *table, const char *key, const void *data,
                        size_t len);
void batch_require_series_same(struct batch *b, const char *series, uint64_t number,
                               const void *data, size_t len);
bool batch_empty(const struct batch *b);

/* Durable and visible when it returns 0.  -1: nothing of it will ever be seen, except
 * after FAIL_SYSTEM from a failed sync, when it may or may not.  Commits of several threads
 * share one sync. */
int store_commit(struct store *s, struct batch *b, struct fail *why);

/* Rises with every commit of any process; equal numbers mean nothing changed between. */
uint64_t store_generation(struct store *s);

/* The same for one table, series or set: while its stamp stays the same, nothing of it changed.
 * Ask before the look-up whose outcome is to be kept.  0: nobody can tell just now, so look. */
uint64_t store_stamp(struct store *s, const char *name);

/* Reads every record of journal and index and compares them: 0 all well, -1 the first thing
 * found.  records may be NULL. */
int store_check(const char *dir, uint64_t *records, struct fail *why);

/* After a store_check() that found damage: makes it anew from what is whole, while others go on.
 * 0, or -1 when too much is damaged for that; then it is left as it is. */
int store_renew(const char *dir, struct fail *why);

/* Calls visit with every record as it stands at one moment, for backup: kind 't' table,
 * 's' series, 'm' set member, 'c' series counter.  Writers wait at most for the copy of the
 * clean file, not for the visit. */
struct store_record {
        char kind;
        const char *name; /* table, series or set */
        const char *key;  /* key or member; decimal number for a series */
        const void *data; /* NULL for a set member; the counter's decimal text for 'c' */
        size_t len;
};
int store_each(struct store *s, int (*visit)(void *context, const struct store_record *record),
               void *context, struct fail *why);
/* Adds a record from such a visit to a batch, for restore into an empty store. */
void batch_restore(struct batch *b, const struct store_record *record);

#endif
