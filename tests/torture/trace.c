/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every call with which the store or libgdbm changes the disk, recorded in order or made to
 * fail.  Symbols of the program come before those of the libraries, so nothing needs to be
 * preloaded; that something was recorded at all is checked by the test.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "torture.h"

static struct trace *tracing;
static char tracing_dir[PATH_MAX];
static pthread_mutex_t recording = PTHREAD_MUTEX_INITIALIZER;

static _Atomic uint64_t fault_at, fault_calls;
static int fault_errno;
static bool fault_sticky;

/* Names for the linker only, so that no header's inline version stands in the way. */
int trace_openat(int dir, const char *name, int flags, ...) __asm__("openat");
ssize_t trace_write(int fd, const void *data, size_t len) __asm__("write");
ssize_t trace_pwrite(int fd, const void *data, size_t len, off_t at) __asm__("pwrite");
int trace_ftruncate(int fd, off_t len) __asm__("ftruncate");
int trace_fsync(int fd) __asm__("fsync");
int trace_fdatasync(int fd) __asm__("fdatasync");
int trace_renameat(int from_dir, const char *from, int to_dir, const char *to) __asm__("renameat");
int trace_fallocate(int fd, int mode, off_t at, off_t len) __asm__("fallocate");
ssize_t trace_copy_file_range(int from, off_t *at, int to, off_t *put, size_t len,
                              unsigned flags) __asm__("copy_file_range");
int trace_unlinkat(int dir, const char *name, int flags) __asm__("unlinkat");

void trace_start(struct trace *t, const char *dir)
{
        snprintf(tracing_dir, sizeof tracing_dir, "%s/", dir);
        tracing = t;
}

void trace_stop(void)
{
        tracing = NULL;
}

void trace_fault(uint64_t n, int error, bool sticky)
{
        fault_calls = 0;
        fault_errno = error;
        fault_sticky = sticky;
        fault_at = n;
}

uint64_t trace_calls(void)
{
        return fault_calls;
}

/* Files of the store; everything else (the log, a nameless copy) is let through. */
static bool ours(int fd, uint64_t *file)
{
        char link[64], path[PATH_MAX];
        struct stat st;
        ssize_t got;

        if (tracing == NULL && fault_at == 0)
                return false;
        if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
                return false;
        *file = st.st_ino;
        if (tracing == NULL)
                return true;
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        got = readlink(link, path, sizeof path - 1);
        if (got <= 0)
                return false;
        path[got] = '\0';
        return strncmp(path, tracing_dir, strlen(tracing_dir)) == 0 ||
               strncmp(path, tracing_dir, strlen(tracing_dir) - 1) == 0;
}

static bool faulty(void)
{
        uint64_t at = fault_at, call;

        if (at == 0)
                return false;
        call = ++fault_calls;
        if (call != at && !(fault_sticky && call > at))
                return false;
        errno = fault_errno;
        return true;
}

static struct trace_event *add(enum trace_kind kind, uint64_t file, const void *data, size_t len)
{
        struct trace_event *e;

        if (tracing == NULL)
                return NULL;
        if (tracing->count == tracing->room || tracing->bytes + len > tracing->bytes_room) {
                tracing->over = true;
                return NULL;
        }
        e = &tracing->events[tracing->count];
        memset(e, 0, sizeof *e);
        e->kind = kind;
        e->file = file;
        e->len = len;
        e->data = tracing->bytes;
        if (len > 0)
                memcpy(tracing->data + tracing->bytes, data, len);
        tracing->bytes += len;
        tracing->count++;
        return e;
}

void trace_note(enum trace_kind kind, uint64_t writer, uint64_t i)
{
        struct trace_event *e;

        pthread_mutex_lock(&recording);
        e = add(kind, writer, NULL, 0);
        if (e != NULL)
                e->at = i;
        pthread_mutex_unlock(&recording);
}

void trace_page(uint64_t file, const void *data, size_t len)
{
        pthread_mutex_lock(&recording);
        add(TRACE_WRITE, file, data, len);
        pthread_mutex_unlock(&recording);
}

int trace_openat(int dir, const char *name, int flags, ...)
{
        struct trace_event *e;
        uint64_t file, dir_file;
        mode_t mode = 0;
        va_list list;
        bool fresh;
        int fd;

        if (flags & (O_CREAT | __O_TMPFILE)) {
                va_start(list, flags);
                mode = va_arg(list, mode_t);
                va_end(list);
        }
        fresh = (flags & O_CREAT) && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
        if (fresh && fault_at != 0 && faulty())
                return -1;
        fd = (int)syscall(SYS_openat, dir, name, flags, mode);
        if (fd < 0 || tracing == NULL || !(flags & O_CREAT) || dir < 0 || !ours(dir, &dir_file) ||
            !ours(fd, &file))
                return fd;
        pthread_mutex_lock(&recording);
        if (fresh)
                add(TRACE_NAME, file, name, strlen(name) + 1);
        if (flags & O_TRUNC) {
                e = add(TRACE_CUT, file, NULL, 0);
                if (e != NULL)
                        e->at = 0;
        }
        pthread_mutex_unlock(&recording);
        return fd;
}

static ssize_t put(int fd, const void *data, size_t len, off_t at, bool sequential)
{
        struct trace_event *e;
        uint64_t file;
        ssize_t done;

        if (!ours(fd, &file))
                return sequential ? syscall(SYS_write, fd, data, len)
                                  : syscall(SYS_pwrite64, fd, data, len, at);
        if (faulty())
                return -1;
        pthread_mutex_lock(&recording);
        if (sequential)
                at = lseek(fd, 0, SEEK_CUR);
        done = sequential ? syscall(SYS_write, fd, data, len)
                          : syscall(SYS_pwrite64, fd, data, len, at);
        if (done > 0) {
                e = add(TRACE_WRITE, file, data, (size_t)done);
                if (e != NULL)
                        e->at = (uint64_t)at;
        }
        pthread_mutex_unlock(&recording);
        return done;
}

ssize_t trace_write(int fd, const void *data, size_t len)
{
        return put(fd, data, len, 0, true);
}

ssize_t trace_pwrite(int fd, const void *data, size_t len, off_t at)
{
        return put(fd, data, len, at, false);
}

int trace_ftruncate(int fd, off_t len)
{
        struct trace_event *e;
        uint64_t file;
        int result;

        if (!ours(fd, &file))
                return (int)syscall(SYS_ftruncate, fd, len);
        if (faulty())
                return -1;
        pthread_mutex_lock(&recording);
        result = (int)syscall(SYS_ftruncate, fd, len);
        if (result == 0) {
                e = add(TRACE_CUT, file, NULL, 0);
                if (e != NULL)
                        e->at = (uint64_t)len;
        }
        pthread_mutex_unlock(&recording);
        return result;
}

static int sync_file(int fd, long call)
{
        struct trace_event *e;
        uint64_t file, covers;
        int result;

        if (!ours(fd, &file))
                return (int)syscall(call, fd);
        if (faulty())
                return -1;
        covers = tracing == NULL ? 0 : tracing->count;
        /* The image takes what was written before; the real sync would only cost time. */
        result = tracing == NULL ? (int)syscall(call, fd) : 0;
        pthread_mutex_lock(&recording);
        e = add(TRACE_SYNC, file, NULL, 0);
        if (e != NULL)
                e->covers = covers;
        pthread_mutex_unlock(&recording);
        return result;
}

int trace_fsync(int fd)
{
        return sync_file(fd, SYS_fsync);
}

int trace_fdatasync(int fd)
{
        return sync_file(fd, SYS_fdatasync);
}

int trace_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
        char names[128];
        uint64_t file;
        int result;

        if (!ours(from_dir, &file))
                return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
        if (faulty())
                return -1;
        pthread_mutex_lock(&recording);
        result = (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
        if (result == 0) {
                size_t len = (size_t)snprintf(names, sizeof names, "%s/%s", from, to) + 1;

                add(TRACE_RENAME, file, names, len);
        }
        pthread_mutex_unlock(&recording);
        return result;
}

int trace_unlinkat(int dir, const char *name, int flags)
{
        return (int)syscall(SYS_unlinkat, dir, name, flags);
}

int trace_fallocate(int fd, int mode, off_t at, off_t len)
{
        uint64_t file;

        if (ours(fd, &file)) {
                if (faulty())
                        return -1;
                if (tracing != NULL)
                        return 0; /* with KEEP_SIZE, no byte changes */
        }
        return (int)syscall(SYS_fallocate, fd, mode, at, len);
}

ssize_t trace_copy_file_range(int from, off_t *at, int to, off_t *to_at, size_t len, unsigned flags)
{
        uint64_t file;

        if (ours(to, &file)) {
                if (faulty())
                        return -1;
                if (tracing != NULL) { /* let it be written piece by piece instead */
                        errno = ENOSYS;
                        return -1;
                }
        }
        return syscall(SYS_copy_file_range, from, at, to, to_at, len, flags);
}
