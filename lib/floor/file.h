/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small files, read whole and written so that a crash leaves the old or the new one.
 * Paths are joined with file_path(); but for file_read_link()
 * nothing here follows a symbolic link in the last part.
 */
#ifndef FLOOR_FILE_H
#define FLOOR_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "floor/buf.h"
#include "floor/fail.h"

/* "dir/name", allocated. */
char *file_path(const char *dir, const char *name);

/* Appends the whole file: 1 read, 0 no such file, -1 why (longer than max is FAIL_INPUT). */
int file_read(const char *path, size_t max, struct buf *out, struct fail *why);

/* The same, and follows symbolic links: for files of the system, never for those of a home. */
int file_read_link(const char *path, size_t max, struct buf *out, struct fail *why);

/* Writes beside it, syncs, renames, syncs the directory. */
int file_write(const char *path, const void *data, size_t len, mode_t mode, struct fail *why);

/* Makes a directory with mode 0700 unless it is there; syncs its parent when made. */
int file_make_dir(const char *path, struct fail *why);

/* Makes names in this directory durable. */
int file_sync_dir(const char *path, struct fail *why);

/* A new file without a name in this directory, for reading and writing: gone when it is closed. */
int file_nameless(const char *dir, struct fail *why);

/* All of len, or -1 with errno: they go on after short transfers and EINTR.
 * file_read_at returns how much there was before the end. */
int file_write_all(int fd, const void *data, size_t len);
int file_write_at(int fd, const void *data, size_t len, off_t at);
ssize_t file_read_at(int fd, void *data, size_t len, off_t at);

#endif
