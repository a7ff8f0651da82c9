/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The index: one GDBM file.  This is the only file of the tree that includes <gdbm.h>.
 *
 * Each value is stored behind a CRC-32C of key and value, because GDBM notices a damaged
 * directory or bucket but not a damaged or misplaced value.  GDBM's own lock is not used (it
 * fails instead of waiting), nor its memory mapping (a torn file would be a SIGBUS, and
 * write() is as fast).  GDBM never ends the process: without a fatal_func it returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <gdbm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/mem.h"

#define INDEX_BLOCK 4096
#define INDEX_BUCKETS 256 /* kept in memory by one handle: 1 MB */
#define INDEX_FLAGS (GDBM_NOLOCK | GDBM_NOMMAP | GDBM_CLOEXEC | GDBM_CLOERROR)

void store_index_name(unsigned which, char name[16])
{
        snprintf(name, 16, "index.%u", which & 1);
}

/* Of the last GDBM failure.  What the disk or the system refuses is not damage. */
static int index_fail(GDBM_FILE db, struct fail *why, const char *doing)
{
        gdbm_error error = db != NULL ? gdbm_last_errno(db) : gdbm_errno;
        int system = gdbm_check_syserr(error) ? (db != NULL ? gdbm_last_syserr(db) : errno) : 0;

        switch (system) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
        case EACCES:
        case EPERM:
        case EROFS:
                errno = system;
                return fail_errno(why, "cannot %s the index", doing);
        }
        return fail_set(why, FAIL_BROKEN, "cannot %s the index: %s", doing, gdbm_strerror(error));
}

static int index_fd(int dir_fd, unsigned which, int flags)
{
        char name[16];

        store_index_name(which, name);
        return openat(dir_fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int store_index_create(int dir_fd, unsigned which, struct fail *why)
{
        GDBM_FILE db;
        int fd = index_fd(dir_fd, which, O_RDWR | O_CREAT), result = 0;

        if (fd < 0)
                return fail_errno(why, "cannot create the index");
        db = gdbm_fd_open(fd, "index", INDEX_BLOCK, GDBM_NEWDB | INDEX_FLAGS, NULL);
        if (db == NULL)
                return index_fail(NULL, why, "create");
        if (gdbm_sync(db) != 0)
                result = index_fail(db, why, "sync");
        if (gdbm_close(db) != 0 && result == 0)
                result = index_fail(NULL, why, "close");
        return result;
}

static int open_fd(struct store_index *ix, int fd, bool writer, struct fail *why)
{
        size_t buckets = INDEX_BUCKETS;
        struct stat st;
        GDBM_FILE db;

        if (fstat(fd, &st) != 0 || st.st_size == 0) {
                close(fd);
                return fail_set(why, FAIL_BROKEN, "the index is empty");
        }
        db = gdbm_fd_open(fd, "index", INDEX_BLOCK,
                          (writer ? GDBM_WRITER : GDBM_READER) | INDEX_FLAGS, NULL);
        if (db == NULL)
                return index_fail(NULL, why, "open");
        gdbm_setopt(db, GDBM_SETCACHESIZE, &buckets, sizeof buckets);
        ix->db = db;
        ix->fd = fd;
        ix->writer = writer;
        ix->reserved = 0;
        return 0;
}

int store_index_open(struct store_index *ix, int dir_fd, unsigned which, bool writer,
                     struct fail *why)
{
        int fd = index_fd(dir_fd, which, writer ? O_RDWR : O_RDONLY);

        if (fd < 0 && (errno == ENOENT || errno == ELOOP))
                return fail_set(why, FAIL_BROKEN, "the index is gone");
        if (fd < 0)
                return fail_errno(why, "cannot open the index");
        return open_fd(ix, fd, writer, why);
}

int store_index_open_fd(struct store_index *ix, int fd, struct fail *why)
{
        return open_fd(ix, fd, true, why);
}

void store_index_close(struct store_index *ix)
{
        int null;

        if (ix->db == NULL)
                return;
        /* A writer's gdbm_close() syncs, and a look-up must not wait for the disk: give it
         * something that cannot be synced instead.  What needs the sync does it itself. */
        if (ix->writer) {
                null = open("/dev/null", O_RDWR | O_CLOEXEC);
                if (null >= 0) {
                        dup3(null, ix->fd, O_CLOEXEC);
                        close(null);
                }
        }
        gdbm_close(ix->db);
        ix->db = NULL;
        ix->fd = -1;
}

static uint32_t value_crc(const void *key, size_t key_len, const void *data, size_t len)
{
        return code_crc32c(code_crc32c(0, key, key_len), data, len);
}

static bool value_good(datum key, datum value)
{
        uint32_t crc;

        if (key.dsize < 1 || value.dsize < 4)
                return false;
        memcpy(&crc, value.dptr, 4);
        return crc ==
               value_crc(key.dptr, (size_t)key.dsize, value.dptr + 4, (size_t)value.dsize - 4);
}

int store_index_fetch(struct store_index *ix, const char *key, size_t key_len, struct buf *value,
                      struct fail *why)
{
        datum k = { (char *)key, (int)key_len }, v = gdbm_fetch(ix->db, k);
        int result = 1;

        if (v.dptr == NULL) {
                if (gdbm_last_errno(ix->db) == GDBM_ITEM_NOT_FOUND)
                        return 0;
                return index_fail(ix->db, why, "read");
        }
        if (!value_good(k, v))
                result = fail_set(why, FAIL_BROKEN, "a value of the index is damaged");
        else if (value != NULL)
                buf_add(value, v.dptr + 4, (size_t)v.dsize - 4);
        free(v.dptr);
        return result;
}

int store_index_apply(struct store_index *ix, const void *ops, size_t len, struct fail *why)
{
        struct buf value = BUF_NONE;
        struct store_op op;
        size_t at = 0;
        uint32_t crc;
        int more, result = 0;

        while (result == 0 && (more = store_op_next(ops, len, &at, &op)) != 0) {
                datum k, v;

                if (more < 0) {
                        result = fail_set(why, FAIL_BROKEN, "a journal record makes no sense");
                        break;
                }
                k.dptr = (char *)op.key;
                k.dsize = (int)op.key_len;
                if (!op.put) {
                        if (gdbm_delete(ix->db, k) != 0 &&
                            gdbm_last_errno(ix->db) != GDBM_ITEM_NOT_FOUND)
                                result = index_fail(ix->db, why, "change");
                        continue;
                }
                crc = value_crc(op.key, op.key_len, op.data, op.len);
                buf_reset(&value);
                buf_add(&value, &crc, 4);
                buf_add(&value, op.data, op.len);
                v.dptr = value.data;
                v.dsize = (int)value.len;
                if (gdbm_store(ix->db, k, v, GDBM_REPLACE) != 0)
                        result = index_fail(ix->db, why, "change");
        }
        buf_dispose(&value);
        return result;
}

int store_index_reserve(struct store_index *ix, size_t bytes, struct fail *why)
{
        struct stat st;
        uint64_t need, end;

        if (fstat(ix->fd, &st) != 0)
                return fail_errno(why, "cannot look at the index");
        /* Twice for GDBM's rounding, some bucket splits, and a doubled directory. */
        need = 2 * (uint64_t)bytes + 4 * INDEX_BLOCK + (uint64_t)st.st_size / 64;
        end = (uint64_t)st.st_size + need;
        if (end <= ix->reserved)
                return 0;
        end += need / 2 + 4 * INDEX_BLOCK;
        if (fallocate(ix->fd, FALLOC_FL_KEEP_SIZE, st.st_size,
                      (off_t)(end - (uint64_t)st.st_size)) == 0) {
                ix->reserved = end;
                return 0;
        }
        if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL) {
                ix->reserved = UINT64_MAX; /* this file system cannot: the commit copes */
                return 0;
        }
        return fail_errno(why, "no room for the index");
}

int store_index_sync(int dir_fd, unsigned which, struct fail *why)
{
        int fd = index_fd(dir_fd, which, O_RDWR), result = 0;

        if (fd < 0)
                return fail_errno(why, "cannot open the index");
        if (fsync(fd) != 0)
                result = fail_errno(why, "cannot sync the index");
        close(fd);
        return result;
}

int store_index_size(int dir_fd, unsigned which, uint64_t *size, struct fail *why)
{
        char name[16];
        struct stat st;

        store_index_name(which, name);
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
                if (errno != ENOENT)
                        return fail_errno(why, "cannot look at the index");
                st.st_size = 0;
        }
        *size = (uint64_t)st.st_size;
        return 0;
}

void store_index_flush(int dir_fd, unsigned which)
{
        int fd = index_fd(dir_fd, which, O_RDWR);

        if (fd < 0)
                return;
        sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        close(fd);
}

static int copy_bytes(int from, int to, struct fail *why)
{
        off_t at = 0, put = 0;
        char *piece;
        ssize_t got;
        int result = 0;

        do
                got = copy_file_range(from, &at, to, &put, 1 << 30, 0);
        while (got > 0);
        piece = mem_alloc(1 << 16);
        /* Goes on where the kernel would not; at the end it finds nothing left. */
        while (result == 0 && (got = file_read_at(from, piece, 1 << 16, put)) != 0) {
                if (got < 0)
                        result = fail_errno(why, "cannot read the clean index");
                else if (file_write_at(to, piece, (size_t)got, put) != 0)
                        result = fail_errno(why, "cannot copy the index");
                put += got > 0 ? got : 0;
        }
        mem_free(piece);
        if (result == 0 && ftruncate(to, put) != 0)
                result = fail_errno(why, "cannot copy the index");
        return result;
}

int store_index_copy_fd(int dir_fd, unsigned from, int to, struct fail *why)
{
        int fd = index_fd(dir_fd, from, O_RDONLY), result;

        if (fd < 0 && (errno == ENOENT || errno == ELOOP))
                return fail_set(why, FAIL_BROKEN, "the index is gone");
        if (fd < 0)
                return fail_errno(why, "cannot open the index");
        result = copy_bytes(fd, to, why);
        close(fd);
        return result;
}

int store_index_copy(int dir_fd, unsigned from, unsigned to, struct fail *why)
{
        int fd, result = -1;

        fd = index_fd(dir_fd, to, O_RDWR);
        if (fd < 0) {
                fd = index_fd(dir_fd, to, O_RDWR | O_CREAT);
                if (fd < 0 || fsync(dir_fd) != 0) {
                        fail_errno(why, "cannot create the index");
                        goto out;
                }
        }
        result = store_index_copy_fd(dir_fd, from, fd, why);
out:
        if (fd >= 0)
                close(fd);
        return result;
}

int store_index_walk(struct store_index *ix,
                     int (*visit)(void *context, const char *key, size_t key_len, const char *data,
                                  size_t len),
                     void *context, struct fail *why)
{
        datum key = gdbm_firstkey(ix->db), value, next;
        int result = 0;

        while (key.dptr != NULL && result == 0) {
                value = gdbm_fetch(ix->db, key);
                if (value.dptr == NULL)
                        result = index_fail(ix->db, why, "read");
                else if (!value_good(key, value))
                        result = fail_set(why, FAIL_BROKEN, "a value of the index is damaged");
                else if (visit != NULL)
                        result = visit(context, key.dptr, (size_t)key.dsize, value.dptr + 4,
                                       (size_t)value.dsize - 4);
                free(value.dptr);
                next = gdbm_nextkey(ix->db, key);
                free(key.dptr);
                key = next;
        }
        if (result == 0 && gdbm_last_errno(ix->db) != GDBM_ITEM_NOT_FOUND)
                result = index_fail(ix->db, why, "read");
        free(key.dptr);
        return result;
}
