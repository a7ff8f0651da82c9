/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mustache (mustache(5), spec 1.3 without lambdas): interpolation, sections, inverted
 * sections, partials, comments, set delimiters.  {{x}} escapes for HTML, {{{x}}} and {{&x}}
 * do not: the longer spelling is the unsafe one.
 *
 * A template is compiled once and rendered often, by many threads at once.
 */
#ifndef WEB_MUSTACHE_H
#define WEB_MUSTACHE_H

#include "door/json.h"
#include "floor/buf.h"
#include "floor/fail.h"

struct mustache;

/* NULL with *why (line number) for an unclosed tag or section, one nested
 * deeper than 32, and for tags of the optional parts (inheritance, dynamic names). */
struct mustache *mustache_compile(const char *text, size_t len, struct fail *why);
void mustache_free(struct mustache *m);

/* Gives the text of a partial: a compiled template, borrowed, or NULL for none. */
typedef const struct mustache *mustache_find(void *context, const char *name);

/* Renders.  Partials may nest 32 deep, and the output is at most 4 MiB: beyond either, -1 (and
 * out holds what came before, up to the ceiling).  False are null, false, "" and an empty list;
 * 0 is true.  Numbers stand as in JSON with the fewest digits that read back; objects and lists
 * have no text. */
int mustache_render(const struct mustache *m, const json_t *data, mustache_find *find,
                    void *context, struct buf *out, struct fail *why);

#endif
