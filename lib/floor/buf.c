/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A growing run of bytes that may hold anything and is always terminated. */
#include "floor/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "floor/mem.h"

void buf_limit(struct buf *b, size_t max)
{
        *b = (struct buf){ .max = max };
}

void buf_reserve(struct buf *b, size_t more)
{
        size_t need, size;

        if (more >= SIZE_MAX - b->len - 1)
                more = SIZE_MAX; /* mem_resize ends the process */
        need = more == SIZE_MAX ? SIZE_MAX : b->len + more + 1;
        if (need <= b->size)
                return;
        size = b->size ? b->size : 64;
        while (size < need && size <= SIZE_MAX / 2)
                size *= 2;
        if (size < need)
                size = need;
        b->data = mem_resize(b->data, size, 1);
        b->size = size;
        b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
        if (b->max != 0 && len > b->max - b->len) {
                b->over = true;
                len = b->max - b->len;
        }
        buf_reserve(b, len);
        if (len != 0)
                memcpy(b->data + b->len, data, len);
        b->len += len;
        b->data[b->len] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
        if (text != NULL)
                buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
        buf_add(b, &c, 1);
}

void buf_add_buf(struct buf *b, const struct buf *other)
{
        buf_add(b, other->data, other->len);
}

void buf_format_list(struct buf *b, const char *format, va_list list)
{
        char small[256];
        va_list again;
        int len;

        va_copy(again, list);
        len = vsnprintf(small, sizeof small, format, list);
        if (len >= 0 && (size_t)len < sizeof small) {
                buf_add(b, small, (size_t)len);
        } else {
                char *text = mem_format_list(format, again);

                buf_add_text(b, text);
                mem_free(text);
        }
        va_end(again);
}

void buf_format(struct buf *b, const char *format, ...)
{
        va_list list;

        va_start(list, format);
        buf_format_list(b, format, list);
        va_end(list);
}

void buf_reset(struct buf *b)
{
        b->len = 0;
        b->over = false;
        if (b->data != NULL)
                b->data[0] = '\0';
}

void buf_dispose(struct buf *b)
{
        mem_free(b->data);
        *b = (struct buf){ .max = b->max };
}

void buf_dispose_secret(struct buf *b)
{
        mem_wipe(b->data, b->size);
        buf_dispose(b);
}

const char *buf_text(const struct buf *b)
{
        return b->data == NULL ? "" : b->data;
}

char *buf_take(struct buf *b)
{
        char *text = b->data == NULL ? mem_alloc(1) : b->data;

        *b = (struct buf){ .max = b->max };
        return text;
}
