/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What outsiders can cause as often as they like, written down in bounds. */
#include "home/tally.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "door/secret.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

#define FORM_MAX 1024 /* bytes of a file: two numbers and four short texts, one a line */

struct tally {
        int64_t written_ms; /* when a record was last written */
        int64_t count;      /* since then */
};

static char *directory(const struct home *h)
{
        return file_path(home_path(h), "run/tally");
}

static char *name_of(const struct delivery *d)
{
        struct buf text = BUF_NONE, name = BUF_NONE;

        buf_format(&text, "%d\n%s\n%s\n%s", (int)d->what, d->org, d->connection, d->reason);
        secret_sha256_hex(text.data, text.len, &name);
        buf_dispose(&text);
        name.data[32] = '\0';
        return buf_take(&name);
}

/* Opens and locks: nobody else reads or writes it until it is closed. */
static int open_locked(int dir, const char *name, int flags)
{
        int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

        if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
                close(fd);
                return -1;
        }
        return fd;
}

/* Fills the tally and, from the same text, whose it is (parts point into text). */
static bool read_tally(int fd, char text[FORM_MAX + 1], struct tally *tally, struct delivery *d)
{
        ssize_t len = file_read_at(fd, text, FORM_MAX, 0);
        char *rest = text, *part[6];
        int64_t what;

        *tally = (struct tally){ 0, 0 };
        if (len <= 0)
                return false;
        text[len] = '\0';
        for (size_t i = 0; i < 6; i++)
                if ((part[i] = text_next(&rest, '\n')) == NULL)
                        return false;
        if (text_int(part[0], 0, INT64_MAX, &tally->written_ms) != 0 ||
            text_int(part[1], 0, INT64_MAX, &tally->count) != 0 ||
            text_int(part[2], 0, DELIVERY_WAKE, &what) != 0)
                return false;
        d->what = (enum delivery_what)what;
        d->org = part[3];
        d->connection = part[4];
        d->reason = part[5];
        return true;
}

static int write_tally(int fd, const struct tally *tally, const struct delivery *d)
{
        char text[FORM_MAX];
        int len = snprintf(text, sizeof text, "%" PRId64 "\n%" PRId64 "\n%d\n%s\n%s\n%s\n",
                           tally->written_ms, tally->count, (int)d->what, d->org, d->connection,
                           d->reason);

        if (len < 0 || (size_t)len >= sizeof text)
                return -1;
        return ftruncate(fd, 0) == 0 ? file_write_at(fd, text, (size_t)len, 0) : -1;
}

/* A clock that was set back must not silence us for long. */
static bool is_due(const struct tally *tally, int64_t now_ms)
{
        return now_ms - tally->written_ms >= TALLY_REST_MS || now_ms < tally->written_ms;
}

int tally_add(struct home *h, struct delivery *d, int64_t now_ms, struct fail *why)
{
        char *path = directory(h), *name = name_of(d), text[FORM_MAX + 1];
        struct delivery same;
        struct tally tally;
        int dir, fd = -1, result;

        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0 && errno == ENOENT && file_make_dir(path, why) == 0)
                dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0)
                fd = open_locked(dir, name, O_CREAT);
        if (fd < 0) {
                result = fail_errno(why, "%s", path);
        } else {
                read_tally(fd, text, &tally, &same);
                tally.count++;
                result = is_due(&tally, now_ms);
                if (result == 1) {
                        d->count = tally.count;
                        tally = (struct tally){ now_ms, 0 };
                }
                if (write_tally(fd, &tally, d) != 0)
                        result = fail_errno(why, "%s/%s", path, name);
        }
        if (fd >= 0)
                close(fd);
        if (dir >= 0)
                close(dir);
        mem_free(path);
        mem_free(name);
        return result;
}

/* 1 still waiting, 0 nothing left in it. */
static int flush_one(int dir, const char *name, int64_t now_ms,
                     void (*visit)(void *context, const struct delivery *d), void *context)
{
        char text[FORM_MAX + 1];
        struct delivery d = { .what = DELIVERY_REFUSED };
        struct tally tally;
        int fd = open_locked(dir, name, 0), waiting = 0;

        if (fd < 0)
                return 0;
        if (read_tally(fd, text, &tally, &d) && tally.count > 0) {
                waiting = 1;
                if (is_due(&tally, now_ms)) {
                        d.count = tally.count;
                        d.received_ms = now_ms;
                        tally = (struct tally){ now_ms, 0 };
                        if (write_tally(fd, &tally, &d) == 0) {
                                visit(context, &d);
                                waiting = 0;
                        }
                }
        }
        close(fd);
        return waiting;
}

int tally_flush(struct home *h, int64_t now_ms,
                void (*visit)(void *context, const struct delivery *d), void *context,
                struct fail *why)
{
        char *path = directory(h);
        DIR *dir = opendir(path);
        struct dirent *entry;
        int waiting = 0;

        if (dir == NULL) {
                waiting = errno == ENOENT ? 0 : fail_errno(why, "%s", path);
        } else {
                while ((entry = readdir(dir)) != NULL)
                        if (entry->d_name[0] != '.')
                                waiting +=
                                    flush_one(dirfd(dir), entry->d_name, now_ms, visit, context);
                closedir(dir);
        }
        mem_free(path);
        return waiting;
}
