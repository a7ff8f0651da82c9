/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON through Jansson, tolerant in reading, strict at the door.
 *
 * This header is the only one that includes <jansson.h>; others use json_t as an opaque
 * word and the functions here and Jansson's own for values they build themselves.
 * Reading never fails on a missing or odd member: json_at() gives NULL and every json_*_of
 * accepts NULL and JSON null alike, because vendors send both.
 *
 * A value belongs to one thread at a time: Jansson's counters of references are atomic, its
 * contents are not guarded.
 */
#ifndef DOOR_JSON_H
#define DOOR_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

#define JSON_DEPTH_MAX 64
/* A page of 500 rows of an ATS has some 100,000 values; half a million take some 100 MiB. */
#define JSON_VALUES_MAX 500000

/* Parses the whole text: one value, nothing behind it, at most JSON_DEPTH_MAX deep and
 * JSON_VALUES_MAX values, valid UTF-8, no NUL in strings; integers beyond 64 bits are FAIL_INPUT.
 * Duplicate members: the last one wins unless strict, then FAIL_INPUT.  NULL with *why on failure;
 * else the caller drops it with json_decref(). */
json_t *json_parse(const void *text, size_t len, bool strict, struct fail *why);

/* What a vendor sent, read for what is right in it.  As json_parse(), not strict; but one flaw
 * in a text nobody asked for must not hide the rest, so half a pair of surrogates (a name that a
 * JavaScript program cut), NUL, control characters and bytes that are not UTF-8 become U+FFFD in
 * strings, an integer beyond 64 bits becomes a real, and a real that is none null.  What is cut
 * off, nested too deep or no JSON at all is FAIL_INPUT still. */
json_t *json_read(const void *text, size_t len, struct fail *why);

/* The strings, numbers and truths that stand directly in the object that text begins with, as far
 * as it can be followed: what is inside of its other members need not be JSON, nor whole.  Of the
 * first JSON_SKIM_MAX members those whose name and value have at most that many bytes; of two
 * with one name the last one wins.  Never NULL; the caller drops it with json_decref(). */
#define JSON_SKIM_MAX 256
json_t *json_skim(const void *text, size_t len);

/* Compact, members sorted: the same value gives the same bytes.  A real is written with as
 * many digits as bring it back exactly. */
void json_write(const json_t *value, struct buf *out);
/* Indented by two, in order of insertion: for people. */
void json_print(const json_t *value, struct buf *out);
char *json_text(const json_t *value); /* compact; the caller frees with mem_free() */

/* Walks "payload.application.jobs.0.id": object members by name, array elements by number.
 * NULL when any step is missing or null.  Borrowed. */
json_t *json_at(const json_t *value, const char *path);

/* The same by a JSON pointer (RFC 6901): "/data/reports/0".  *empty (may be NULL) is set when the
 * way ends at null or at an empty array that stands for an empty object, as PHP writes it: there
 * is nothing there, but it is not the way that is wrong. */
json_t *json_pointer(const json_t *value, const char *pointer, bool *empty);

/* The value if it has the right type (or can be read as it without loss: 5.0 as an integer,
 * "87.5" as a real, "true" as a truth), else otherwise. */
const char *json_text_of(const json_t *value, const char *otherwise); /* strings only */
int64_t json_int_of(const json_t *value,
                    int64_t otherwise); /* integer, integral real, or decimal string */
double json_real_of(const json_t *value, double otherwise);
bool json_bool_of(const json_t *value, bool otherwise);
bool json_is_number_of(const json_t *value); /* true for integer and real */
/* An id that a vendor writes as a string or as a 64-bit integer, as text; NULL if neither
 * or empty.  The caller frees. */
char *json_id_of(const json_t *value);

/* Short forms: json_at() and the above. */
const char *json_get_text(const json_t *value, const char *path, const char *otherwise);
int64_t json_get_int(const json_t *value, const char *path, int64_t otherwise);
bool json_get_bool(const json_t *value, const char *path, bool otherwise);
char *json_get_id(const json_t *value, const char *path);

/* Building: these never fail (memory or the process ends; a member of something that is no
 * object is a mistake and aborts) and replace each byte that is not UTF-8, and NUL, with
 * U+FFFD in texts and names, so that what is written can be parsed again.  NULL text sets
 * JSON null. */
void json_set_text(json_t *object, const char *name, const char *text);
void json_set_int(json_t *object, const char *name, int64_t value);
void json_set_bool(json_t *object, const char *name, bool value);
void json_set(json_t *object, const char *name, json_t *value); /* takes value; NULL sets null */
json_t *json_new_text(const char *text, size_t len);            /* same replacement */
void json_add(json_t *array, json_t *value);                    /* takes value */

#endif
