/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Test Anything Protocol for C: one line per check, the plan at the end.
 * A failed check says what it got and what it wanted; the test goes on.
 * main() ends with "return tap_end();".
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool tap_ok(bool good, const char *name, ...) __attribute__((format(printf, 2, 3)));
bool tap_text(const char *got, const char *want, const char *name, ...)
    __attribute__((format(printf, 3, 4)));
bool tap_int(int64_t got, int64_t want, const char *name, ...)
    __attribute__((format(printf, 3, 4)));
bool tap_bytes(const void *got, size_t got_len, const void *want, size_t want_len, const char *name,
               ...) __attribute__((format(printf, 5, 6)));
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tap_skip(int count, const char *why);
int tap_end(void);

/* A fresh directory below TMPDIR, removed with all it holds at exit; the caller frees the
 * name. */
char *tap_dir(void);

#endif
