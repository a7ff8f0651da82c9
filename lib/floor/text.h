/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions about text and its numbers.  Nothing here allocates unless it says so,
 * nothing depends on the locale.
 */
#ifndef FLOOR_TEXT_H
#define FLOOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool text_equal(const char *a, const char *b);      /* NULL equals only NULL */
bool text_equal_fold(const char *a, const char *b); /* ASCII letters only */
bool text_starts(const char *text, const char *start);
bool text_starts_fold(const char *text, const char *start);
bool text_ends(const char *text, const char *end);
bool text_empty(const char *text);                            /* NULL or "" */
const char *text_or(const char *text, const char *otherwise); /* otherwise when empty */

/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool text_utf8_valid(const void *data, size_t len);
/* Bytes of the first character of len bytes: 1 to 4, or 0 if it is not valid or there is none. */
size_t text_utf8_size(const void *data, size_t len);

/* Letters, digits, '-' and '_', 1 to max bytes, not starting with '-': names of orgs,
 * connections, rules, safe as a file name and in a URL. */
bool text_is_name(const char *text, size_t max);

/* Whole-string decimal numbers within [least, most]; 0 done, -1 not such a number. */
int text_int(const char *text, int64_t least, int64_t most, int64_t *value);

/* Cuts text to at most max bytes without splitting a UTF-8 sequence; returns the length. */
size_t text_cut(char *text, size_t max);

/* Splits at the next separator: returns the part and moves *rest behind it; NULL at the
 * end.  Writes terminators into the text. */
char *text_next(char **rest, char separator);

/* Removes ASCII white space at both ends, in place; returns the new start. */
char *text_trim(char *text);

#endif
