/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is there, or the process ends. */
#include "floor/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *must(void *p)
{
        static const char words[] = "fatal: out of memory\n";

        if (p == NULL) {
                if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
                        _exit(3);
                _exit(3);
        }
        return p;
}

void *mem_alloc(size_t size)
{
        return must(calloc(1, size ? size : 1));
}

void *mem_array(size_t count, size_t size)
{
        return must(calloc(count ? count : 1, size ? size : 1));
}

void *mem_resize(void *p, size_t count, size_t size)
{
        if (size != 0 && count > SIZE_MAX / size)
                return must(NULL);
        return must(realloc(p, count == 0 || size == 0 ? 1 : count * size));
}

void *mem_copy(const void *p, size_t size)
{
        void *copy = must(malloc(size ? size : 1));

        if (size != 0)
                memcpy(copy, p, size);
        return copy;
}

char *mem_text(const char *s)
{
        return s == NULL ? NULL : must(strdup(s));
}

char *mem_text_part(const char *s, size_t len)
{
        char *copy = mem_alloc(len + 1);

        if (len != 0)
                memcpy(copy, s, len);
        return copy;
}

char *mem_format_list(const char *format, va_list list)
{
        char *text = NULL;

        if (vasprintf(&text, format, list) < 0)
                return must(NULL);
        return text;
}

char *mem_format(const char *format, ...)
{
        va_list list;
        char *text;

        va_start(list, format);
        text = mem_format_list(format, list);
        va_end(list);
        return text;
}

void mem_free(void *p)
{
        free(p);
}

void mem_wipe(void *p, size_t size)
{
        if (p != NULL)
                explicit_bzero(p, size);
}

void mem_free_secret(char *text)
{
        if (text != NULL)
                mem_wipe(text, strlen(text));
        free(text);
}
