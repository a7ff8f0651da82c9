/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes that wait in a nameless file. */
#include "web/spool.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/mem.h"

#define PART 65528 /* one FastCGI record */

int spool_open(struct spool *s, const char *dir, struct fail *why)
{
        *s = (struct spool){ .fd = file_nameless(dir, why) };
        s->open = s->fd >= 0;
        return s->open ? 0 : -1;
}

static bool has_room(int fd)
{
        struct statvfs disk;

        return fstatvfs(fd, &disk) != 0 ||
               (int64_t)disk.f_bavail > SPOOL_SPARE / (int64_t)disk.f_frsize;
}

int spool_add(struct spool *s, const void *data, size_t len, struct fail *why)
{
        int64_t had = s->len / SPOOL_LOOK;

        s->len += (int64_t)len;
        if (s->len / SPOOL_LOOK != had && !has_room(s->fd)) {
                s->full = true;
                return fail_set(why, FAIL_SYSTEM, "the disk is nearly full");
        }
        if (file_write_all(s->fd, data, len) == 0)
                return 0;
        s->full = true;
        return fail_errno(why, "cannot write");
}

int spool_pour(const struct spool *s, int (*piece)(void *context, const void *data, size_t len),
               void *context)
{
        char *part = mem_alloc(PART);
        ssize_t got = 1;
        int result = 0;

        for (off_t at = 0; result == 0 && got > 0; at += got) {
                got = file_read_at(s->fd, part, PART, at);
                if (got != 0)
                        result = got < 0 ? -1 : piece(context, part, (size_t)got);
        }
        mem_free(part);
        return result;
}

void spool_close(struct spool *s)
{
        if (s->open)
                close(s->fd);
        s->open = false;
}
