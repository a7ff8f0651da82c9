/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who did what, from where: one log for each org and one for the host itself, below
 * <home>/audit/<org>/.  Nothing is ever changed in it; it only grows.
 *
 * A segment ("000001.log") is lines of "<hash> <JSON>\n"; the hash is SHA-256 over the hash of
 * the line before (64 zeros before the first) and the JSON.  The first line of a segment names
 * its number and the hash that it goes on from, so that old segments may be taken away, oldest
 * first.  The file "head" says how far the log was written: a line that was cut off by a crash
 * was never acknowledged and lies behind it, so it is told apart from lines that were changed or
 * taken away.  Whoever can write all of the files can make them anew from one point on; note the
 * last hash elsewhere from time to time and ask for it with an anchor.
 *
 * Any number of threads and processes may append; a lock serves them one after the other.
 * Records: {n, at_ms, org, who, from, did, about, request, detail{}}.
 */
#ifndef HOME_AUDIT_H
#define HOME_AUDIT_H

#include "door/json.h"
#include "home/home.h"

#define AUDIT_HOST "-"                        /* in place of an org's name: the host's own log */
#define AUDIT_SEGMENT_BYTES (2 * 1024 * 1024) /* then the next one begins */
#define AUDIT_LINE_MAX 8192
#define AUDIT_TEXT_MAX 300 /* bytes of each text; the rest is cut */

struct audit_entry {
        const char *org;      /* AUDIT_HOST for the host */
        const char *who;      /* "ada@example.com", "key abcd2345", "command of root" */
        const char *from;     /* an address, "terminal"; may be NULL */
        const char *did;      /* "connection.changed": what the pages have words for */
        const char *about;    /* the thing: "connection gh"; may be NULL */
        const char *request;  /* id of the request; may be NULL */
        const json_t *detail; /* object of what is worth knowing, never a secret; may be NULL */
};

/* Durable when it returns 0. */
int audit_add(struct home *h, const struct audit_entry *entry, struct fail *why);
/* Unless the same person did the same with the same thing from the same place within the last
 * within_ms (as far as the last 64 KiB know): what others can cause as often as they like. */
int audit_add_once(struct home *h, const struct audit_entry *entry, int64_t within_ms,
                   struct fail *why);

/* The last records below number before (0: all), newest first, at most limit of those that
 * keep() wants (NULL: all); array of the caller.  Looks at no more than four segments. */
int audit_last(struct home *h, const char *org, uint64_t before, unsigned limit,
               bool (*keep)(void *context, const json_t *record), void *context, json_t **list,
               struct fail *why);

enum audit_state {
        AUDIT_WHOLE,
        AUDIT_TORN,   /* whole, and behind it a line that a crash cut off: mended by the next */
        AUDIT_CHANGED /* lines were changed or taken away */
};

struct audit_check {
        enum audit_state state;
        uint64_t first, last; /* numbers of the records there are; 0, 0 for none */
        char hash[65];        /* of the last good line */
        char sentence[240];   /* for people: what was found */
        bool anchored;        /* the anchor's record has the anchor's hash */
};

/* anchor_n 0: no anchor.  0 looked, -1 could not look. */
int audit_verify(struct home *h, const char *org, uint64_t anchor_n, const char *anchor_hash,
                 struct audit_check *check, struct fail *why);
/* The same for the text of an export. */
void audit_verify_text(const char *text, size_t len, uint64_t anchor_n, const char *anchor_hash,
                       struct audit_check *check);

/* Hands on every line as it stands, oldest first; nonzero from visit stops and is handed back. */
int audit_export(struct home *h, const char *org,
                 int (*visit)(void *context, const char *line, size_t len), void *context,
                 struct fail *why);

/* Holds the logs as they are, for a backup, until audit_release(). */
int audit_hold(struct home *h, const char *org, struct fail *why); /* a descriptor, -1 */
void audit_release(int held);

#endif
