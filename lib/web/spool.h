/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes that wait in a nameless file until they are whole.  The disk is that of what must be kept,
 * which comes first: some of it stays free.
 */
#ifndef WEB_SPOOL_H
#define WEB_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/fail.h"

#define SPOOL_SPARE (INT64_C(256) * 1024 * 1024) /* left free */
#define SPOOL_LOOK (INT64_C(1024) * 1024)        /* looked after so many bytes */

/* All zero: not open. */
struct spool {
        bool open;
        bool full; /* what came last found no room */
        int fd;
        int64_t len;
};

int spool_open(struct spool *s, const char *dir, struct fail *why);
int spool_add(struct spool *s, const void *data, size_t len, struct fail *why);
/* Gives all of it to piece, in parts; 0, or -1 when it cannot be read or piece says so. */
int spool_pour(const struct spool *s, int (*piece)(void *context, const void *data, size_t len),
               void *context);
void spool_close(struct spool *s);

#endif
