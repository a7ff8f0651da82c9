/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the fuzz programs share.  Each is one LLVMFuzzerTestOneInput() that hands bytes to a
 * parser and then checks what must hold whatever they were, with MUST().
 *
 * A new one: tests/fuzz/fuzz_NAME.c, its lines in Makefile.am (FUZZ_TARGETS and two more),
 * and a few beginnings in tests/fuzz/corpus/NAME/.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);    \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

/* The bytes up to the next separator as a text, which the caller frees; moves on behind it.
 * The last part ends with the data. */
static inline char *next_part(const uint8_t **data, size_t *size, int separator)
{
        const uint8_t *end = *size == 0 ? NULL : memchr(*data, separator, *size);
        size_t len = end == NULL ? *size : (size_t)(end - *data);
        char *text = mem_text_part((const char *)*data, len);

        *data += len + (end != NULL);
        *size -= len + (end != NULL);
        return text;
}

/* All that is left, as a text. */
static inline char *the_rest(const uint8_t *data, size_t size)
{
        return mem_text_part((const char *)data, size);
}

#endif
