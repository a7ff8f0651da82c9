/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Power cuts: the system calls of an inbox in use are traced (this program's own definitions
 * stand before the library's), and then directories are built as they could be found after a
 * cut at some moment: everything synced, and of the rest any sectors of any writes, and any
 * of the new names.  Each is opened and must hold all that was acknowledged before that
 * moment.  The mapped page is not traced: it may be gone, garbage or another boot's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "inbox_torture.h"

#define SECTOR 512
#define EVENTS 60000
#define FILES 512
#define THREADS 3
#define IMAGES 3

enum kind { WRITE, SIZE, SYNC, SYNC_DIR, NAME, RENAME, UNLINK, SUBMIT, ACK, RELEASE };

struct event {
        enum kind kind;
        ino_t file;
        off_t at;
        size_t len; /* of data; SIZE: the size */
        uint8_t *data;
        char name[SEGMENT_NAME_SIZE], to[SEGMENT_NAME_SIZE];
        bool doomed; /* a write whose sync failed: the kernel may have forgotten it */
        unsigned writer, index;
        uint64_t number;
};

static pthread_mutex_t tracing = PTHREAD_MUTEX_INITIALIZER;
static bool on;
static struct event *trace;
static size_t traced;
static ino_t live_file;
static uint64_t disk_seed;
static unsigned sync_fails_one_in; /* 0: never */

static struct event *add_event(enum kind kind, ino_t file)
{
        struct event *e;

        if (traced == EVENTS) {
                fprintf(stderr, "the trace is full\n");
                abort();
        }
        e = &trace[traced++];
        memset(e, 0, sizeof *e);
        e->kind = kind;
        e->file = file;
        return e;
}

/* File systems give the number of a file that is gone to the next one that is made.  Here
 * each file made is one of its own, or a name whose removal was not synced would lead to
 * another file's content. */
static struct {
        ino_t inode, file;
} made[FILES];
static size_t made_count;
static ino_t last_file;

static ino_t file_of(int fd)
{
        struct stat st;

        if (fstat(fd, &st) != 0)
                return 0;
        for (size_t i = 0; i < made_count; i++)
                if (made[i].inode == st.st_ino)
                        return made[i].file;
        return 0;
}

static ino_t file_made(int fd)
{
        struct stat st;
        size_t i = 0;

        if (fstat(fd, &st) != 0)
                return 0;
        while (i < made_count && made[i].inode != st.st_ino)
                i++;
        if (i == FILES)
                abort();
        if (i == made_count)
                made_count++;
        made[i].inode = st.st_ino;
        made[i].file = ++last_file;
        return last_file;
}

static void trace_write(int fd, const void *data, size_t len, off_t at)
{
        struct event *e;

        if (file_of(fd) == live_file)
                return;
        e = add_event(WRITE, file_of(fd));
        e->data = mem_copy(data, len);
        e->len = len;
        e->at = at;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
        ssize_t put;

        pthread_mutex_lock(&tracing);
        put = syscall(SYS_pwrite64, fd, data, len, at);
        if (on && put > 0)
                trace_write(fd, data, (size_t)put, at);
        pthread_mutex_unlock(&tracing);
        return put;
}

ssize_t pwritev(int fd, const struct iovec *part, int count, off_t at)
{
        ssize_t put = 0;

        if (torture_control == CONTROL_WRITE && !on && (at / 8) % 16 == 3) {
                for (int i = 0; i < count; i++)
                        put += (ssize_t)part[i].iov_len;
                return put;
        }
        if (!on)
                return syscall(SYS_pwritev, fd, part, count, at, 0);
        for (int i = 0; i < count; i++) {
                ssize_t one = pwrite(fd, part[i].iov_base, part[i].iov_len, at + put);

                if (one < 0)
                        return -1;
                put += one;
        }
        return put;
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
        int result;

        pthread_mutex_lock(&tracing);
        result = (int)syscall(SYS_fallocate, fd, mode, at, len);
        if (on && result == 0)
                add_event(SIZE, file_of(fd))->len = (size_t)(at + len);
        pthread_mutex_unlock(&tracing);
        return result;
}

static int sync_file(int fd)
{
        struct stat st;
        ino_t file;
        int result = 0;

        pthread_mutex_lock(&tracing);
        fstat(fd, &st);
        file = file_of(fd);
        if (S_ISDIR(st.st_mode)) {
                add_event(SYNC_DIR, 0);
        } else if (sync_fails_one_in != 0 && torture_random(&disk_seed) % sync_fails_one_in == 0) {
                for (size_t i = traced; i-- > 0;) {
                        if (trace[i].file != file)
                                continue;
                        if (trace[i].kind == SYNC)
                                break;
                        trace[i].doomed = trace[i].kind == WRITE;
                }
                errno = EIO;
                result = -1;
        } else if (torture_control != CONTROL_SYNC) {
                /* The control's disk says "done" and goes on dreaming. */
                add_event(SYNC, file);
        }
        pthread_mutex_unlock(&tracing);
        return result;
}

int fdatasync(int fd)
{
        return on ? sync_file(fd) : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
        return on ? sync_file(fd) : (int)syscall(SYS_fsync, fd);
}

int openat(int dir, const char *name, int flags, ...)
{
        mode_t mode = 0;
        struct event *e;
        va_list list;
        bool fresh;
        int fd;

        va_start(list, flags);
        if ((flags & O_CREAT) != 0)
                mode = va_arg(list, mode_t);
        va_end(list);
        if (!on)
                return (int)syscall(SYS_openat, dir, name, flags, mode);
        pthread_mutex_lock(&tracing);
        fresh = (flags & O_CREAT) != 0 && faccessat(dir, name, F_OK, 0) != 0;
        fd = (int)syscall(SYS_openat, dir, name, flags, mode);
        if (fd >= 0 && strcmp(name, "live") == 0) {
                live_file = fresh ? file_made(fd) : file_of(fd);
        } else if (fd >= 0 && fresh) {
                e = add_event(NAME, file_made(fd));
                snprintf(e->name, sizeof e->name, "%s", name);
        }
        pthread_mutex_unlock(&tracing);
        return fd;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
        int result;

        pthread_mutex_lock(&tracing);
        result = (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
        if (on && result == 0) {
                struct event *e = add_event(RENAME, 0);

                snprintf(e->name, sizeof e->name, "%s", from);
                snprintf(e->to, sizeof e->to, "%s", to);
        }
        pthread_mutex_unlock(&tracing);
        return result;
}

int unlinkat(int dir, const char *name, int flags)
{
        int result;

        pthread_mutex_lock(&tracing);
        result = (int)syscall(SYS_unlinkat, dir, name, flags);
        if (on && result == 0)
                snprintf(add_event(UNLINK, 0)->name, SEGMENT_NAME_SIZE, "%s", name);
        pthread_mutex_unlock(&tracing);
        return result;
}

static void trace_record(enum kind kind, unsigned writer, unsigned index, uint64_t number)
{
        struct event *e;

        pthread_mutex_lock(&tracing);
        e = add_event(kind, 0);
        e->writer = writer;
        e->index = index;
        e->number = number;
        pthread_mutex_unlock(&tracing);
}

/* The inbox in use. */

static struct inbox *used;
static unsigned records_each;

static void *write_some(void *context)
{
        unsigned writer = (unsigned)(uintptr_t)context;
        char text[TEXT_MAX];

        for (unsigned i = 0; i < records_each; i++) {
                size_t len = torture_record(text, writer, i);
                uint64_t number;

                trace_record(SUBMIT, writer, i, 0);
                if (inbox_add(used, text, len, &number, NULL) == 0)
                        trace_record(ACK, writer, i, number);
        }
        return NULL;
}

static void *read_some(void *context)
{
        struct buf record = BUF_NONE;
        uint64_t seed = (uintptr_t)context, next = 1, number;

        for (int idle = 0; idle < 5;) {
                int got = inbox_read(used, next, &record, &number, NULL);

                if (got < 0)
                        torture_wrong("broken while it runs, at %" PRIu64, next);
                if (got == 0) {
                        idle += inbox_wait(used, 2, NULL) == 0;
                        continue;
                }
                next = number + 1;
                if (torture_random(&seed) % 8 == 0) {
                        trace_record(RELEASE, 0, 0, number);
                        inbox_release(used, number, NULL);
                }
        }
        buf_dispose(&record);
        return NULL;
}

static void use(const char *dir, uint64_t *seed)
{
        pthread_t thread[THREADS + 1];

        disk_seed = torture_random(seed);
        sync_fails_one_in = torture_random(seed) % 3 == 0 ? 40 : 0;
        records_each = 10 + (unsigned)(torture_random(seed) % 60);
        live_file = 0;
        made_count = 0;
        last_file = 0;
        traced = 0;
        on = true;
        while (inbox_open_sized(&used, dir, 0, SMALL, NULL) != 0)
                ; /* the disk's failed syncs */
        for (uintptr_t i = 0; i < THREADS; i++)
                pthread_create(&thread[i], NULL, write_some, (void *)i);
        pthread_create(&thread[THREADS], NULL, read_some, (void *)(uintptr_t)*seed);
        for (int i = 0; i <= THREADS; i++)
                pthread_join(thread[i], NULL);
        inbox_close(used);
        on = false;
}

/* The image of a moment. */

struct image_file {
        ino_t file;
        uint8_t *data;
        size_t size;
};

struct image_name {
        char name[SEGMENT_NAME_SIZE];
        ino_t file;
};

struct image {
        struct image_file file[FILES];
        struct image_name name[FILES];
        size_t files, names;
};

static struct image_file *image_file(struct image *im, ino_t file)
{
        for (size_t i = 0; i < im->files; i++)
                if (im->file[i].file == file)
                        return &im->file[i];
        if (im->files == FILES)
                abort();
        im->file[im->files].file = file;
        return &im->file[im->files++];
}

static void image_grow(struct image_file *f, size_t size)
{
        if (size <= f->size)
                return;
        f->data = mem_resize(f->data, size, 1);
        memset(f->data + f->size, 0, size - f->size);
        f->size = size;
}

static struct image_name *image_name(struct image *im, const char *name)
{
        for (size_t i = 0; i < im->names; i++)
                if (strcmp(im->name[i].name, name) == 0)
                        return &im->name[i];
        return NULL;
}

static void image_set(struct image *im, const char *name, ino_t file)
{
        struct image_name *n = image_name(im, name);

        if (n == NULL) {
                if (im->names == FILES)
                        abort();
                n = &im->name[im->names++];
                snprintf(n->name, sizeof n->name, "%s", name);
        }
        n->file = file;
}

static void image_names(struct image *im, const struct event *e)
{
        struct image_name *n = image_name(im, e->name);

        if (e->kind == NAME) {
                image_set(im, e->name, e->file);
        } else if (n != NULL) {
                ino_t file = n->file;

                *n = im->name[--im->names];
                if (e->kind == RENAME)
                        image_set(im, e->to, file);
        }
}

/* A later sync of that file, or of the directory, before the moment. */
static bool synced(size_t i, size_t moment)
{
        bool names = trace[i].kind >= NAME;

        for (size_t j = i + 1; j < moment && !trace[i].doomed; j++)
                if (names ? trace[j].kind == SYNC_DIR
                          : trace[j].kind == SYNC && trace[j].file == trace[i].file)
                        return true;
        return false;
}

static void image_make(struct image *im, size_t moment, uint64_t *seed)
{
        unsigned some = (unsigned)(torture_random(seed) % 5); /* of four sectors, how many */
        bool in_order = torture_random(seed) % 2 == 0, names_end = false;

        for (size_t i = 0; i < moment; i++) {
                const struct event *e = &trace[i];
                bool sure = e->kind <= UNLINK && synced(i, moment);

                if (e->kind == WRITE) {
                        struct image_file *f = image_file(im, e->file);

                        for (size_t at = 0, len; at < e->len; at += len) {
                                len = SECTOR - ((size_t)e->at + at) % SECTOR;
                                len = len < e->len - at ? len : e->len - at;
                                if (!sure && torture_random(seed) % 4 >= some)
                                        continue;
                                image_grow(f, (size_t)e->at + at + len);
                                memcpy(f->data + e->at + at, e->data + at, len);
                        }
                } else if (e->kind == SIZE) {
                        if (sure || torture_random(seed) % 2 == 0)
                                image_grow(image_file(im, e->file), e->len);
                } else if (e->kind >= NAME && e->kind <= UNLINK) {
                        bool there = sure || (torture_random(seed) % 2 == 0 && !names_end);

                        if (there)
                                image_names(im, e);
                        else if (in_order)
                                names_end = true;
                }
        }
}

static void image_write(struct image *im, const char *dir, uint64_t *seed)
{
        uint8_t page[4096];
        char *path;

        for (size_t i = 0; i < im->names; i++) {
                struct image_file *f = image_file(im, im->name[i].file);

                path = file_path(dir, im->name[i].name);
                if (file_write(path, f->data, f->size, 0600, NULL) != 0)
                        abort();
                mem_free(path);
        }
        for (size_t i = 0; i < sizeof page; i++)
                page[i] = (uint8_t)torture_random(seed);
        path = file_path(dir, "live");
        if (torture_random(seed) % 2 == 0 && file_write(path, page, sizeof page, 0600, NULL) != 0)
                abort();
        mem_free(path);
}

static void image_dispose(struct image *im)
{
        for (size_t i = 0; i < im->files; i++)
                mem_free(im->file[i].data);
        mem_free(im);
}

/* What must be there, was there, and may be there. */
static void image_check(const char *dir, size_t moment)
{
        static uint8_t seen[THREADS + 1][EACH];
        unsigned submitted[THREADS + 1] = { 0 };
        uint64_t *came = mem_array(EVENTS, sizeof *came); /* number: 1 + writer * EACH + index */
        struct buf record = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        uint64_t released, most_released = 0, next, number;
        char *live = file_path(dir, "live");
        struct inbox *in;
        unsigned writer, index;
        char text[TEXT_MAX];
        int got;

        for (size_t i = 0; i < moment; i++) {
                if (trace[i].kind == SUBMIT)
                        submitted[trace[i].writer] = trace[i].index + 1;
                if (trace[i].kind == RELEASE && trace[i].number > most_released)
                        most_released = trace[i].number;
        }
        submitted[THREADS] = 5;
        for (int boot = 0; boot < 2; boot++) {
                memset(seen, 0, sizeof seen);
                memset(came, 0, EVENTS * sizeof *came);
                if (inbox_open_sized(&in, dir, 0, SMALL, &why) != 0) {
                        torture_wrong("a restart failed: %s", why.text);
                        break;
                }
                inbox_released(in, &released, NULL);
                if (released > most_released)
                        torture_wrong("%" PRIu64 " are released, asked were %" PRIu64, released,
                                      most_released);
                for (int i = 0; boot == 0 && i < 5; i++)
                        if (inbox_add(in, text, torture_record(text, THREADS, (unsigned)i), NULL,
                                      &why) != 0)
                                torture_wrong("it does not go on: %s", why.text);
                for (next = released + 1; (got = inbox_read(in, next, &record, &number, &why)) != 0;
                     next = number + 1, fail_clear(&why)) {
                        if (got < 0)
                                torture_wrong("%s", why.text);
                        else if (number != next)
                                torture_wrong("number %" PRIu64 " is missing", next);
                        else if (!torture_known(&record, &writer, &index) || writer > THREADS ||
                                 index >= submitted[writer] || seen[writer][index]++)
                                torture_wrong("record %" PRIu64 " is nobody's or twice", number);
                        else
                                came[number] = 1 + writer * EACH + index;
                }
                for (size_t i = 0; i < moment; i++)
                        if (trace[i].kind == ACK && trace[i].number > released &&
                            came[trace[i].number] != 1 + trace[i].writer * EACH + trace[i].index)
                                torture_wrong("%" PRIu64 " was acknowledged and is lost",
                                              trace[i].number);
                for (unsigned i = 0; i < 5; i++)
                        if (!seen[THREADS][i])
                                torture_wrong("a record added after the cut is lost");
                inbox_close(in);
                unlink(live); /* and another boot */
        }
        mem_free(live);
        mem_free(came);
        buf_dispose(&record);
}

void torture_power(const char *dir, uint64_t seed)
{
        char *image = file_path(dir, "image"), *state = file_path(dir, "state");

        trace = mem_array(EVENTS, sizeof *trace);
        mkdir(image, 0700);
        mkdir(state, 0700);
        use(state, &seed);
        for (int i = 0; i < IMAGES; i++) {
                struct image *im = mem_alloc(sizeof *im);
                size_t moment = 1 + torture_random(&seed) % traced;

                image_make(im, moment, &seed);
                image_write(im, image, &seed);
                image_dispose(im);
                image_check(image, moment);
                torture_empty(image);
        }
        for (size_t i = 0; i < traced; i++) {
                torture_acknowledged += trace[i].kind == ACK;
                mem_free(trace[i].data);
        }
        mem_free(trace);
        torture_empty(state);
        rmdir(image);
        rmdir(state);
        mem_free(image);
        mem_free(state);
}
