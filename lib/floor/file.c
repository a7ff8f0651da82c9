/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small files, read whole and written so that a crash leaves the old or the new one. */
#include "floor/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "floor/mem.h"

char *file_path(const char *dir, const char *name)
{
        return mem_format("%s/%s", dir, name);
}

static int read_whole(const char *path, int flags, size_t max, struct buf *out, struct fail *why)
{
        char piece[16384];
        size_t had = out->len;
        ssize_t got;
        int fd;

        fd = open(path, O_RDONLY | O_CLOEXEC | flags);
        if (fd < 0)
                return errno == ENOENT ? 0 : fail_errno(why, "cannot open %s", path);
        while ((got = read(fd, piece, sizeof piece)) != 0) {
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0) {
                        fail_errno(why, "cannot read %s", path);
                        close(fd);
                        return -1;
                }
                if (out->len - had + (size_t)got > max) {
                        close(fd);
                        return fail_set(why, FAIL_INPUT, "%s is longer than %zu bytes", path, max);
                }
                buf_add(out, piece, (size_t)got);
        }
        mem_wipe(piece, sizeof piece);
        close(fd);
        return 1;
}

int file_read(const char *path, size_t max, struct buf *out, struct fail *why)
{
        return read_whole(path, O_NOFOLLOW, max, out, why);
}

int file_read_link(const char *path, size_t max, struct buf *out, struct fail *why)
{
        return read_whole(path, 0, max, out, why);
}

int file_nameless(const char *dir, struct fail *why)
{
        int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        char *path;

        if (fd >= 0)
                return fd;
        path = file_path(dir, "copy.XXXXXX"); /* a file system that makes none without a name */
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
                fail_errno(why, "cannot make a file in %s", dir);
        else
                unlink(path);
        mem_free(path);
        return fd;
}

int file_write_all(int fd, const void *data, size_t len)
{
        const char *p = data;

        while (len > 0) {
                ssize_t put = write(fd, p, len);

                if (put < 0 && errno == EINTR)
                        continue;
                if (put < 0)
                        return -1;
                p += put;
                len -= (size_t)put;
        }
        return 0;
}

int file_write_at(int fd, const void *data, size_t len, off_t at)
{
        const char *p = data;

        while (len > 0) {
                ssize_t put = pwrite(fd, p, len, at);

                if (put < 0 && errno == EINTR)
                        continue;
                if (put < 0)
                        return -1;
                p += put;
                at += put;
                len -= (size_t)put;
        }
        return 0;
}

ssize_t file_read_at(int fd, void *data, size_t len, off_t at)
{
        char *p = data;
        size_t had = 0;

        while (had < len) {
                ssize_t got = pread(fd, p + had, len - had, at + (off_t)had);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -1;
                if (got == 0)
                        break;
                had += (size_t)got;
        }
        return (ssize_t)had;
}

int file_sync_dir(const char *path, struct fail *why)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return fail_errno(why, "cannot open %s", path);
        if (fsync(fd) != 0) {
                fail_errno(why, "cannot sync %s", path);
                close(fd);
                return -1;
        }
        close(fd);
        return 0;
}

static int sync_parent(const char *path, struct fail *why)
{
        const char *slash = strrchr(path, '/');
        char *parent;
        int result;

        if (slash == NULL)
                return file_sync_dir(".", why);
        parent = mem_text_part(path, slash == path ? 1 : (size_t)(slash - path));
        result = file_sync_dir(parent, why);
        mem_free(parent);
        return result;
}

int file_write(const char *path, const void *data, size_t len, mode_t mode, struct fail *why)
{
        char *fresh = mem_format("%s.XXXXXX", path);
        int fd, result = -1;

        fd = mkostemp(fresh, O_CLOEXEC);
        if (fd < 0) {
                fail_errno(why, "cannot create a file beside %s", path);
                mem_free(fresh);
                return -1;
        }
        if (fchmod(fd, mode) != 0 || file_write_all(fd, data, len) != 0 || fsync(fd) != 0 ||
            rename(fresh, path) != 0) {
                fail_errno(why, "cannot write %s", path);
                unlink(fresh);
        } else {
                result = sync_parent(path, why);
        }
        close(fd);
        mem_free(fresh);
        return result;
}

int file_make_dir(const char *path, struct fail *why)
{
        struct stat st;

        if (mkdir(path, 0700) == 0)
                return sync_parent(path, why);
        if (errno != EEXIST)
                return fail_errno(why, "cannot make the directory %s", path);
        if (stat(path, &st) != 0)
                return fail_errno(why, "cannot look at %s", path);
        if (!S_ISDIR(st.st_mode))
                return fail_set(why, FAIL_INPUT, "%s is not a directory", path);
        return 0;
}
