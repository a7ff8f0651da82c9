/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growing run of bytes that may hold anything and is always terminated.
 *
 * Start with BUF_NONE or buf_limit(); end with buf_dispose().  data is never NULL
 * after the first addition; buf_text() gives "" for an empty one.  A buffer with a
 * ceiling keeps its first max bytes, drops the rest and sets over: look at it once,
 * at the end.
 */
#ifndef FLOOR_BUF_H
#define FLOOR_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
        char *data;
        size_t len;  /* without the terminator */
        size_t size; /* allocated */
        size_t max;  /* ceiling in bytes, 0 for none */
        bool over;   /* something was dropped at the ceiling */
};

#define BUF_NONE                                                                                   \
        {                                                                                          \
                NULL, 0, 0, 0, false                                                               \
        }

void buf_limit(struct buf *b, size_t max); /* initialises */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_text(struct buf *b, const char *text); /* NULL adds nothing */
void buf_add_char(struct buf *b, char c);
void buf_add_buf(struct buf *b, const struct buf *other);
void buf_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_format_list(struct buf *b, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));
void buf_reserve(struct buf *b, size_t more);
void buf_reset(struct buf *b); /* empty again, memory kept */
void buf_dispose(struct buf *b);
void buf_dispose_secret(struct buf *b);
const char *buf_text(const struct buf *b);
char *buf_take(struct buf *b); /* the caller frees; the buffer is empty again */

#endif
