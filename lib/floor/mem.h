/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is there, or the process ends.
 *
 * Every function here either succeeds or does not return: it writes one line to
 * stderr and exits with status 3.  What an outsider can enlarge must therefore
 * have a ceiling before it gets here.  Release with mem_free().
 */
#ifndef FLOOR_MEM_H
#define FLOOR_MEM_H

#include <stdarg.h>
#include <stddef.h>

void *mem_alloc(size_t size);                         /* zeroed; size 0 gives a unique pointer */
void *mem_array(size_t count, size_t size);           /* zeroed; the product is checked */
void *mem_resize(void *p, size_t count, size_t size); /* new bytes are not zeroed */
void *mem_copy(const void *p, size_t size);
char *mem_text(const char *s);                  /* NULL gives NULL */
char *mem_text_part(const char *s, size_t len); /* always terminated */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *mem_format_list(const char *format, va_list list) __attribute__((format(printf, 1, 0)));
void mem_free(void *p);

/* Overwrites and releases a secret; the compiler cannot leave the overwriting out. */
void mem_wipe(void *p, size_t size);
void mem_free_secret(char *text);

#endif
