/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Moving between the two indexes: recovery, checkpoints, bringing one up to the other.
 * Everything here runs with the writer's lock held; readers are kept out only while the index
 * that they read changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"

int store_write_lock(struct store *s, struct fail *why)
{
        pthread_mutex_lock(&s->writing);
        if (store_lock_take(s->lock_fd, STORE_LOCK_WRITER, true, why) == 0)
                return 0;
        pthread_mutex_unlock(&s->writing);
        return -1;
}

void store_write_unlock(struct store *s)
{
        store_lock_drop(s->lock_fd, STORE_LOCK_WRITER);
        pthread_mutex_unlock(&s->writing);
}

int store_journal_fd(struct store *s, unsigned which, struct fail *why)
{
        static const char *const names[] = { "journal.0", "journal.1" };

        which &= 1;
        if (s->journal_fd[which] < 0) {
                s->journal_fd[which] =
                    openat(s->dir_fd, names[which], O_RDWR | O_CLOEXEC | O_NOFOLLOW);
                if (s->journal_fd[which] < 0 && errno == ENOENT)
                        return fail_set(why, FAIL_BROKEN, "%s/%s is gone", s->dir, names[which]);
                if (s->journal_fd[which] < 0)
                        return fail_errno(why, "cannot open %s/%s", s->dir, names[which]);
        }
        return s->journal_fd[which];
}

int store_journal_read(struct store *s, uint64_t segment, struct buf *out, struct fail *why)
{
        int fd = store_journal_fd(s, (unsigned)segment, why);
        struct stat st;
        ssize_t got;

        if (fd < 0)
                return -1;
        if (fstat(fd, &st) != 0)
                return fail_errno(why, "cannot look at the journal");
        if (st.st_size > 2 * (off_t)STORE_RECORD_MOST)
                st.st_size = 2 * (off_t)STORE_RECORD_MOST;
        buf_reset(out);
        buf_reserve(out, (size_t)st.st_size);
        got = file_read_at(fd, out->data, (size_t)st.st_size, 0);
        if (got < 0)
                return fail_errno(why, "cannot read the journal");
        out->len = (size_t)got;
        return 0;
}

uint64_t store_segment_size(uint64_t had, size_t need)
{
        uint64_t size = 2 * had < STORE_SEGMENT_MOST ? 2 * had : STORE_SEGMENT_MOST;

        if (size < STORE_SEGMENT_FIRST)
                size = STORE_SEGMENT_FIRST;
        if (store_test_segment() > 0)
                size = store_test_segment();
        return size > need ? size : ((uint64_t)need + 4095) & ~(uint64_t)4095;
}

/* Of a segment that is about to begin: should its file be lost, nothing is lost with it. */
static int new_journal_fd(struct store *s, unsigned which, struct fail *why)
{
        char name[] = { "journal.0" };
        int fd;

        name[sizeof name - 2] = (char)('0' + (which & 1));
        if (s->journal_fd[which & 1] < 0 && faccessat(s->dir_fd, name, F_OK, 0) != 0) {
                fd = openat(s->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
                if (fd < 0 || fsync(s->dir_fd) != 0) {
                        fail_errno(why, "cannot make %s/%s", s->dir, name);
                        if (fd >= 0)
                                close(fd);
                        return -1;
                }
                s->journal_fd[which & 1] = fd;
        }
        return store_journal_fd(s, which, why);
}

/* Segments are written through once, so that a commit never changes the file's size. */
int store_journal_grow(struct store *s, uint64_t segment, uint64_t size, uint64_t *got,
                       struct fail *why)
{
        int fd = new_journal_fd(s, (unsigned)segment, why);
        struct stat st;
        char *zeros;
        uint64_t at;
        int result = 0;

        if (fd < 0)
                return -1;
        if (fstat(fd, &st) != 0)
                return fail_errno(why, "cannot look at the journal");
        *got = (uint64_t)st.st_size;
        if (*got == size)
                return 0;
        if (*got > size) { /* one large record made it so; give the room back */
                if (ftruncate(fd, (off_t)size) != 0 || fsync(fd) != 0)
                        return fail_errno(why, "cannot cut the journal");
                *got = size;
                return 0;
        }
        zeros = mem_alloc(1 << 16);
        for (at = *got; at < size && result == 0; at += 1 << 16)
                result =
                    file_write_at(fd, zeros, size - at < 1 << 16 ? size - at : 1 << 16, (off_t)at);
        if (result != 0 || fsync(fd) != 0) {
                result = fail_errno(why, "no room for the journal");
                if (ftruncate(fd, st.st_size) != 0)
                        log_event(LOG_LEVEL_WARN, "cannot give room back", "store", s->dir, NULL);
        } else {
                *got = size;
        }
        mem_free(zeros);
        return result;
}

static int read_meta(struct store *s, struct store_meta *meta, struct fail *why)
{
        int found = store_meta_read(s->dir_fd, meta, NULL, why);

        if (found == 0)
                fail_set(why, FAIL_BROKEN,
                         "%s has lost its file meta: restore the store from a backup", s->dir);
        return found == 1 ? 0 : -1;
}

/* Where the live page says the next record goes. */
static void set_position(struct store *s, const struct store_chain *chain, uint64_t offset,
                         uint64_t size)
{
        s->live->segment = chain->segment;
        s->live->sequence = chain->sequence;
        s->live->pending = chain->sequence;
        s->live->crc = chain->crc;
        s->live->offset = offset;
        s->live->size = size;
}

/* Applies the journal's records up to and including the sequence most. */
static int replay(struct store_index *ix, const struct buf *journal, struct store_chain *chain,
                  uint64_t most, size_t *end, struct fail *why)
{
        struct store_overlay last = { 0 };
        struct store_entry entry;
        size_t at = 0;
        struct store_chain next = *chain;
        int result = 0;

        while (result == 0 && next.sequence < most &&
               store_record_next(journal->data + at, journal->len - at, &next, &entry)) {
                if (ix != NULL)
                        result = store_overlay_add(&last, &entry, why);
                at += entry.size;
                *chain = next;
        }
        if (result == 0 && ix != NULL)
                result = store_overlay_apply(&last, ix, why);
        store_overlay_dispose(&last);
        *end = at;
        return result;
}

/* What damage means when it is the clean index that has it. */
static int beyond_repair(struct store *s, const struct fail *cause, struct fail *why)
{
        if (cause->kind != FAIL_BROKEN)
                return fail_set(why, cause->kind, "%s", cause->text);
        return fail_set(why, FAIL_BROKEN,
                        "%s: the clean index is damaged as well (%s): restore the store from a "
                        "backup",
                        s->dir, cause->text);
}

/* The clean index is as long as it was; with all, every record of it can be read. */
static int verify(struct store *s, const struct store_meta *meta, bool all, struct fail *why)
{
        struct store_index ix = { 0 };
        struct fail cause = FAIL_CLEAR;
        uint64_t size;
        int result;

        result = store_index_size(s->dir_fd, meta->clean, &size, &cause);
        if (result == 0 && size != meta->size)
                result = fail_set(&cause, FAIL_BROKEN, "%llu bytes instead of %llu",
                                  (unsigned long long)size, (unsigned long long)meta->size);
        if (result == 0 && all) {
                result = store_index_open(&ix, s->dir_fd, meta->clean, false, &cause);
                if (result == 0)
                        result = store_index_walk(&ix, NULL, NULL, &cause);
                store_index_close(&ix);
        }
        return result == 0 ? 0 : beyond_repair(s, &cause, why);
}

/* The part of a recovery during which nobody reads. */
static int rebuild(struct store *s, const struct store_meta *meta, const struct buf *journal,
                   uint64_t most, struct fail *why)
{
        struct store_live *live = s->live;
        struct store_index ix = { 0 };
        struct store_chain chain;
        unsigned other = 1 - meta->clean;
        struct fail cause = FAIL_CLEAR;
        size_t end;

        store_chain_start(&chain, meta->segment, meta->base);
        replay(NULL, journal, &chain, most, &end, NULL);
        if (store_live_known(live) && live->sequence > chain.sequence)
                return fail_set(why, FAIL_BROKEN,
                                "%s: the journal ends at %llu, but %llu was durable: restore the "
                                "store from a backup, or stop everything and remove the file "
                                "live to go on without what is lost",
                                s->dir, (unsigned long long)chain.sequence,
                                (unsigned long long)live->sequence);
        if (!store_live_valid(live, s->boot))
                store_live_start(live);
        live->mark = 1;
        if (end > 0) {
                store_chain_start(&chain, meta->segment, meta->base);
                if (store_index_copy(s->dir_fd, meta->clean, other, &cause) != 0 ||
                    store_index_open(&ix, s->dir_fd, other, true, &cause) != 0 ||
                    replay(store_test_no_redo() ? NULL : &ix, journal, &chain, most, &end,
                           &cause) != 0) {
                        store_index_close(&ix);
                        return beyond_repair(s, &cause, why);
                }
                s->index = ix;
        }
        live->behind = end == 0;
        live->current = end == 0 ? meta->clean : other;
        set_position(s, &chain, end, journal->len);
        /* Numbers of an earlier life of this page must not come again. */
        if (live->generation < chain.sequence << 16)
                live->generation = chain.sequence << 16;
        live->generation++;
        s->seen = live->generation;
        memcpy(live->boot, s->boot, STORE_BOOT_MAX);
        live->mark = 0;
        return 0;
}

int store_recover(struct store *s, bool damaged, struct fail *why)
{
        struct store_live *live = s->live;
        struct buf journal = BUF_NONE;
        struct store_meta meta;
        uint64_t most = UINT64_MAX;
        int fd, result = -1;

        if (read_meta(s, &meta, why) != 0)
                return -1;
        /* In the same boot we know which records were durable before they were applied.  After
         * another, all that can be read is. */
        if (store_live_valid(live, s->boot))
                most = live->mark ? live->pending : live->sequence;
        if (store_journal_read(s, meta.segment, &journal, why) != 0 ||
            (fd = store_journal_fd(s, (unsigned)meta.segment, why)) < 0)
                goto out;
        if (fdatasync(fd) != 0) {
                fail_errno(why, "cannot sync the journal");
                goto out;
        }
        /* meta must be on the disk before the index that it does not call clean is touched. */
        if (store_meta_write(s->dir_fd, &meta, why) != 0)
                goto out;
        if (verify(s, &meta, damaged, why) != 0)
                goto out;
        pthread_mutex_lock(&s->reading);
        if (store_lock_alone(s, why) == 0) {
                store_index_close(&s->index);
                result = rebuild(s, &meta, &journal, most, why);
                store_lock_release(s);
        }
        pthread_mutex_unlock(&s->reading);
        if (result == 0 && (damaged || live->offset > 0))
                log_event(LOG_LEVEL_INFO, "store recovered", "store", s->dir, "because",
                          damaged ? "its index was damaged" : "a writer or the system stopped",
                          NULL);
out:
        buf_dispose(&journal);
        return result;
}

/* ix, opened for writing and equal to what readers read, becomes what they read. */
static int change_over(struct store *s, unsigned which, struct store_index *ix, struct fail *why)
{
        pthread_mutex_lock(&s->reading);
        if (store_lock_alone(s, why) != 0) {
                pthread_mutex_unlock(&s->reading);
                store_index_close(ix);
                return -1;
        }
        store_index_close(&s->index);
        s->index = *ix;
        s->live->current = which;
        s->live->behind = 0;
        s->seen = ++s->live->generation;
        store_lock_release(s);
        pthread_mutex_unlock(&s->reading);
        return 0;
}

/* live.behind is set: makes the other index equal to the clean one, which readers keep. */
static int bring_up(struct store *s, struct fail *why)
{
        unsigned clean = s->live->current & 1;
        struct store_index ix = { 0 };
        struct store_meta meta;

        if (read_meta(s, &meta, why) != 0 || verify(s, &meta, false, why) != 0)
                return -1;
        if (store_index_copy(s->dir_fd, clean, 1 - clean, why) != 0 ||
            store_index_open(&ix, s->dir_fd, 1 - clean, true, why) != 0)
                return -1;
        return change_over(s, 1 - clean, &ix, why);
}

/* The same by the records that the other index lacks; 0 done, -1 copy it instead. */
static int catch_up(struct store *s, const struct store_meta *old, struct fail *why)
{
        unsigned other = old->clean;
        struct buf journal = BUF_NONE;
        struct store_index ix = { 0 };
        struct store_chain chain;
        uint64_t size;
        size_t end;
        int result = -1;

        if (other == (s->live->current & 1) ||
            store_index_size(s->dir_fd, other, &size, why) != 0 || size != old->size)
                return -1;
        store_chain_start(&chain, old->segment, old->base);
        if (store_journal_read(s, old->segment, &journal, why) == 0 &&
            store_index_open(&ix, s->dir_fd, other, true, why) == 0 &&
            replay(&ix, &journal, &chain, s->live->sequence, &end, why) == 0 &&
            chain.sequence == s->live->sequence)
                result = change_over(s, other, &ix, why);
        else
                store_index_close(&ix);
        buf_dispose(&journal);
        return result;
}

int store_checkpoint(struct store *s, size_t need, struct fail *why)
{
        struct store_live *live = s->live;
        bool plain = !live->doubt && !live->behind;
        struct store_meta old, meta;
        struct store_chain chain;
        struct fail ignored = FAIL_CLEAR;
        uint64_t size;

        if (read_meta(s, &old, why) != 0)
                return -1;
        meta = old;
        if (store_journal_grow(s, live->segment + 1, store_segment_size(live->size, need), &size,
                               why) != 0)
                return -1;
        live->doubt |= 1;
        /* A sync that failed says nothing of what is on the disk, and the next one would say
         * that all is well: then the index must be written anew from the clean one.  Nor does
         * anybody know what a sync said whose process was killed. */
        if (!live->behind) {
                live->doubt |= 2;
                if (store_index_sync(s->dir_fd, live->current & 1, why) != 0)
                        return -1;
                live->doubt = 1;
        }
        meta.clean = live->current & 1;
        meta.segment = live->segment + 1;
        meta.base = live->sequence;
        if (store_index_size(s->dir_fd, meta.clean, &meta.size, why) != 0 ||
            store_meta_write(s->dir_fd, &meta, why) != 0)
                return -1;
        live->behind = 1;
        store_chain_start(&chain, meta.segment, meta.base);
        set_position(s, &chain, 0, size);
        live->doubt = 0;
        if (plain && catch_up(s, &old, &ignored) == 0)
                return 0;
        return bring_up(s, why);
}

int store_ready(struct store *s, struct fail *why)
{
        struct store_live *live = s->live;

        if ((!store_live_valid(live, s->boot) || live->mark) && store_recover(s, false, why) != 0)
                return -1;
        if (live->doubt & 2) {
                if (store_recover(s, false, why) != 0)
                        return -1;
                live->doubt = 1;
        }
        if (live->doubt && store_checkpoint(s, 0, why) != 0)
                return -1;
        if (live->behind && bring_up(s, why) != 0)
                return -1;
        return 0;
}

int store_mend(struct store *s, uint64_t seen, struct fail *why)
{
        struct store_live *live = s->live;
        bool valid;
        int result = 0;

        if (store_write_lock(s, why) != 0)
                return -1;
        valid = store_live_valid(live, s->boot);
        /* Somebody else may have mended it while we waited. */
        if (!valid || live->mark || live->generation == seen)
                result = store_recover(s, valid && !live->mark, why);
        store_write_unlock(s);
        return result;
}
