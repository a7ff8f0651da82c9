/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which route a request target means.  Pure functions over text.
 *
 * A target is REQUEST_URI as the web server received it.  It is cut into segments first and
 * each is decoded once, so "%2F" never becomes a separator and "%252F" never a slash.
 */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#define ROUTE_SEGMENTS_MAX 16
#define ROUTE_SEGMENT_MAX 200 /* decoded bytes */

struct route_path {
        char *segment[ROUTE_SEGMENTS_MAX]; /* decoded */
        size_t count;
};

struct route_match {
        struct route_path path;
        struct route_value {
                char *name, *text;
        } value[ROUTE_SEGMENTS_MAX];
        size_t count;
};

/*
 * The segments behind the mount point and the program's name ("/fairlead/webhook/acme/x",
 * "/cgi-bin/webhook.cgi/acme/x": acme, x).  Returns 0, or -1 when the target is not below the
 * program or holds a segment that can never match: empty (but for one slash at the end of the
 * program itself), "." or "..", a slash, a control character, invalid UTF-8, a bad escape.
 */
int route_read(const char *target, const char *mount, const char *program, struct route_path *path);

/* "{org}/join/{token}.ics": segments fixed, named, or named with a fixed end.  The values are
 * added to match, whose path must be filled. */
bool route_fits(const char *pattern, struct route_match *match);
const char *route_value(const struct route_match *match, const char *name); /* or NULL */
void route_dispose(struct route_match *match);

/* The query behind '?', or "". */
const char *route_query(const char *target);

#endif
