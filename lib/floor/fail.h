/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why something failed, owned by the caller.
 *
 * Functions return 0 done, -1 failed; look-ups return 1 found, 0 absent, -1 broken.
 * On -1 they fill *why.  The first cause wins: an outer layer that adds its own words
 * with fail_set() changes nothing once a cause stands.  The text is for the log and the
 * operator; visitors never see it.  Start with FAIL_CLEAR.
 */
#ifndef FLOOR_FAIL_H
#define FLOOR_FAIL_H

enum fail_kind {
        FAIL_NONE = 0,
        FAIL_INPUT,    /* the caller, or what he handed over, is wrong */
        FAIL_CONFLICT, /* somebody else was first: look again and decide anew */
        FAIL_BUSY,     /* not now; the same call may succeed later */
        FAIL_FULL,     /* no room on the disk, or a quota is used up */
        FAIL_DENIED,   /* file modes, credentials */
        FAIL_BROKEN,   /* stored data is not what we wrote */
        FAIL_SYSTEM,   /* the operating system or a library refused */
        FAIL_OUTSIDE   /* an outside system did not do its part */
};

struct fail {
        enum fail_kind kind;
        char text[320];
};

#define FAIL_CLEAR                                                                                 \
        {                                                                                          \
                FAIL_NONE, ""                                                                      \
        }

/* Records the cause unless one is recorded already; always returns -1.  why may be NULL. */
int fail_set(struct fail *why, enum fail_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the text of errno added; the kind follows from errno. */
int fail_errno(struct fail *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

void fail_clear(struct fail *why);
const char *fail_word(enum fail_kind kind); /* "input", "busy", ... for logs */

#endif
