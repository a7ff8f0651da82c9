/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segment files.  They are written full of zeros once and then used again and again under a
 * new name: a sync of bytes written over needs no change of size or of block maps, which
 * makes it about twice as cheap.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/file.h"
#include "floor/mem.h"

#define ZEROS (64 * 1024)

void segment_name(char out[SEGMENT_NAME_SIZE], uint64_t serial)
{
        snprintf(out, SEGMENT_NAME_SIZE, "%016" PRIx64 ".seg", serial);
}

bool segment_same(const struct segment_head *a, const struct segment_head *b)
{
        return a->serial == b->serial && a->salt == b->salt;
}

void segment_start(struct place *p, const struct segment_head *head)
{
        p->in = *head;
        p->offset = SEGMENT_HEAD;
        p->number = head->first - 1;
}

/* Either copy of the head will do, if it is this segment's and as large as the file. */
static int read_head(int fd, uint64_t serial, struct segment_head *head, struct fail *why)
{
        uint8_t bytes[SEGMENT_HEAD];
        struct stat st;

        if (fstat(fd, &st) != 0)
                return fail_errno(why, "inbox: cannot look at segment %016" PRIx64, serial);
        if (st.st_size < 2 * SEGMENT_HEAD)
                return 0;
        for (int copy = 0; copy < 2; copy++) {
                off_t at = copy == 0 ? 0 : st.st_size - SEGMENT_HEAD;
                ssize_t got = file_read_at(fd, bytes, sizeof bytes, at);

                if (got < 0 && copy == 1)
                        return fail_errno(why, "inbox: cannot read segment %016" PRIx64, serial);
                if (got == SEGMENT_HEAD && segment_head_parse(bytes, head) &&
                    head->serial == serial && head->size == (uint64_t)st.st_size && head->first > 0)
                        return 1;
        }
        return 0;
}

int segment_open(struct inbox *in, uint64_t serial, int *fd, struct segment_head *head,
                 struct fail *why)
{
        char name[SEGMENT_NAME_SIZE];
        int got, file;

        segment_name(name, serial);
        got = inbox_file(in, name, O_RDWR, &file, why);
        if (got <= 0)
                return got;
        got = read_head(file, serial, head, why);
        if (got == 1 && fd != NULL)
                *fd = file;
        else
                close(file);
        return got;
}

int segment_next(struct inbox *in, uint64_t serial, uint64_t last, struct segment_head *head,
                 struct fail *why)
{
        /* A segment in which nothing was published gives its file to the next one: there may
         * be gaps. */
        while (serial < last) {
                int got = segment_open(in, ++serial, NULL, head, why);

                if (got != 0)
                        return got;
        }
        return 0;
}

int segment_follow(struct inbox *in, struct place *p, const struct place *head, uint64_t least,
                   uint64_t *end, struct fail *why)
{
        struct segment_head next;
        int got;

        /* The first number of the next segment ends this one: what has that number here was
         * never acknowledged. */
        for (*end = 0; p->in.serial < head->in.serial; segment_start(p, &next)) {
                got = segment_next(in, p->in.serial, head->in.serial, &next, why);
                if (got <= 0)
                        return got;
                *end = next.first;
                if (next.first > least && next.first != p->number + 1)
                        return 0;
                *end = 0;
        }
        return 0;
}

bool segment_next_record(int fd, const struct place *p, struct record_head *record)
{
        uint8_t bytes[RECORD_HEAD];
        uint64_t limit = p->in.size - SEGMENT_HEAD;

        return p->offset + RECORD_HEAD <= limit &&
               file_read_at(fd, bytes, sizeof bytes, (off_t)p->offset) == RECORD_HEAD &&
               record_head_parse(bytes, &p->in, record) && record->number == p->number + 1 &&
               p->offset + record_size(record->length) <= limit;
}

int segment_load(int fd, const struct segment_head *head, uint8_t **bytes, struct fail *why)
{
        ssize_t got;

        *bytes = mem_alloc(head->size);
        got = file_read_at(fd, *bytes, head->size, 0);
        if (got == (ssize_t)head->size)
                return 0;
        if (got < 0)
                fail_errno(why, "inbox: cannot read segment %016" PRIx64, head->serial);
        else
                fail_set(why, FAIL_BROKEN, "inbox: segment %016" PRIx64 " is cut short",
                         head->serial);
        mem_free(*bytes);
        *bytes = NULL;
        return -1;
}

/* A file of the full size, with all its blocks, so that writing into it needs no room. */
static int make_file(struct inbox *in, const char *name, int *fd, struct fail *why)
{
        uint8_t *zeros = mem_alloc(ZEROS);
        off_t at = 0;

        if (inbox_file(in, name, O_RDWR | O_CREAT | O_EXCL, fd, why) != 1) {
                mem_free(zeros);
                return -1;
        }
        /* Asked first, because it fails at once when there is no room; then really written,
         * because blocks that were only set aside cost a change of the map at each sync. */
        if (fallocate(*fd, 0, 0, (off_t)in->segment_size) != 0 && errno != EOPNOTSUPP &&
            errno != ENOSYS)
                goto broken;
        while ((uint64_t)at < in->segment_size) {
                size_t len = in->segment_size - (uint64_t)at < ZEROS
                                 ? (size_t)(in->segment_size - (uint64_t)at)
                                 : ZEROS;

                if (file_write_at(*fd, zeros, len, at) != 0)
                        goto broken;
                at += (off_t)len;
        }
        if (fdatasync(*fd) != 0)
                goto broken;
        mem_free(zeros);
        return 1;
broken:
        fail_errno(why, "inbox: cannot make segment %s", name);
        unlinkat(in->dir, name, 0);
        close(*fd);
        *fd = -1;
        mem_free(zeros);
        return -1;
}

/* Opens name for writing if it is there and of the right size; another size is removed. */
static int open_blank(struct inbox *in, const char *name, int *fd, struct fail *why)
{
        struct stat st;
        int got = inbox_file(in, name, O_RDWR, fd, why);

        if (got <= 0)
                return got;
        if (fstat(*fd, &st) == 0 && (uint64_t)st.st_size == in->segment_size)
                return 1;
        close(*fd);
        *fd = -1;
        if (unlinkat(in->dir, name, 0) != 0)
                return fail_errno(why, "inbox: cannot remove %s", name);
        return 0;
}

/* Gives the file of an old segment the new name: 1, 0 if it was not there. */
static int take_over(struct inbox *in, uint64_t old, const char *name, int *fd, struct fail *why)
{
        char old_name[SEGMENT_NAME_SIZE];

        segment_name(old_name, old);
        if (renameat(in->dir, old_name, in->dir, name) != 0)
                return errno == ENOENT
                           ? 0
                           : fail_errno(why, "inbox: cannot rename segment %s", old_name);
        return open_blank(in, name, fd, why);
}

/* The oldest free segment, if there is one; more than a few are given back to the disk. */
static int take_free(struct inbox *in, const char *name, int *fd, struct fail *why)
{
        char old_name[SEGMENT_NAME_SIZE];
        struct place mark;
        uint64_t spare = atomic_load(&in->live->spare);
        int got = 0;

        shared_place_get(&in->live->mark, &mark);
        while (got == 0 && spare < mark.in.serial)
                got = take_over(in, spare++, name, fd, why);
        for (int i = 0; i < 2 && spare + INBOX_FREE_KEPT < mark.in.serial; i++) {
                segment_name(old_name, spare++);
                unlinkat(in->dir, old_name, 0);
        }
        if (got >= 0)
                atomic_store(&in->live->spare, spare);
        return got;
}

int segment_begin(struct inbox *in, const struct place *at, int *fd, struct segment_head *head,
                  struct fail *why)
{
        char name[SEGMENT_NAME_SIZE];
        uint8_t bytes[SEGMENT_HEAD];
        int got;

        *fd = -1;
        head->serial = at->in.serial + 1;
        head->first = at->number + 1;
        head->base = at->in.base + at->in.size;
        head->size = in->segment_size;
        if (getrandom(&head->salt, sizeof head->salt, 0) != sizeof head->salt)
                return fail_errno(why, "inbox: no random bytes");
        segment_name(name, head->serial);
        got = open_blank(in, name, fd, why); /* somebody got this far and died */
        if (got == 0 && at->in.serial > 0 && at->in.first == at->number + 1) {
                atomic_store(&in->live->writing, 1);
                got = take_over(in, at->in.serial, name, fd, why);
        }
        if (got == 0)
                got = take_free(in, name, fd, why);
        if (got == 0)
                got = make_file(in, name, fd, why);
        if (got < 0)
                return -1;
        /* From here on the disk may hold a head that disowns what is not yet in the segment
         * before: nobody may go on there, even if this fails. */
        atomic_store(&in->live->writing, 1);
        segment_head_write(bytes, head);
        if (file_write_at(*fd, bytes, sizeof bytes, 0) != 0 ||
            file_write_at(*fd, bytes, sizeof bytes, (off_t)(head->size - SEGMENT_HEAD)) != 0 ||
            fdatasync(*fd) != 0 || fsync(in->dir) != 0) {
                fail_errno(why, "inbox: cannot begin segment %s", name);
                close(*fd);
                *fd = -1;
                return -1;
        }
        return 0;
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

/* The serial that a file name stands for, 0 for none. */
static uint64_t name_serial(const char *name)
{
        if (strlen(name) != 20 || strspn(name, "0123456789abcdef") != 16 ||
            strcmp(name + 16, ".seg") != 0)
                return 0;
        return strtoull(name, NULL, 16);
}

int segment_list(struct inbox *in, uint64_t **serials, size_t *count, struct fail *why)
{
        int fd = openat(in->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *list = fd < 0 ? NULL : fdopendir(fd);
        size_t room = 64;
        struct dirent *entry;

        *serials = NULL;
        *count = 0;
        if (list == NULL) {
                fail_errno(why, "inbox: cannot list the directory");
                if (fd >= 0)
                        close(fd);
                return -1;
        }
        *serials = mem_array(room, sizeof **serials);
        while ((errno = 0, entry = readdir(list)) != NULL) {
                uint64_t serial = name_serial(entry->d_name);

                if (serial == 0)
                        continue;
                if (*count == room)
                        *serials = mem_resize(*serials, room *= 2, sizeof **serials);
                (*serials)[(*count)++] = serial;
        }
        if (errno != 0) {
                fail_errno(why, "inbox: cannot list the directory");
                mem_free(*serials);
                *serials = NULL;
                closedir(list);
                return -1;
        }
        closedir(list);
        qsort(*serials, *count, sizeof **serials, compare);
        return 0;
}
