/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the audit log share; for audit*.c and backup.c only. */
#ifndef HOME_AUDIT_PRIVATE_H
#define HOME_AUDIT_PRIVATE_H

#include "home/audit.h"

/* How far a log was written. */
struct audit_head {
        uint64_t n;       /* last record */
        uint64_t segment; /* 0: nothing yet */
        uint64_t size;    /* bytes of that segment */
        char hash[65];
};

/* A walk along the lines of a log. */
struct audit_walk {
        struct audit_head at; /* behind the last good line */
        uint64_t first;       /* number of the first record, 0 before it */
        bool begun;           /* a first segment was seen */
};

enum audit_line {
        AUDIT_LINE_GOOD,
        AUDIT_LINE_CUT, /* no end of line, or bytes that were never written (NUL) */
        AUDIT_LINE_BAD
};

/* Looks at the line at text, len bytes to the end of the segment, and steps behind it. */
enum audit_line audit_step(struct audit_walk *w, const char *text, size_t len, size_t *used);

char *audit_dir(const struct home *h, const char *org);
char *audit_segment(const char *dir, uint64_t number);
/* 1, 0 there is none, -1 unreadable: why says so. */
int audit_head_read(const char *dir, struct audit_head *head, struct fail *why);
void audit_hash(const char *before, const char *text, size_t len, char out[65]);
/* Numbers of the segments there are, in order; the caller frees.  0, -1. */
int audit_segments(const char *dir, uint64_t **list, size_t *count, struct fail *why);

#endif
