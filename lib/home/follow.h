/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What follows: from a fact, and from what a session came to.  State and actions go into the
 * plan; nothing is called.
 */
#ifndef HOME_FOLLOW_H
#define HOME_FOLLOW_H

#include "bridge/fact.h"
#include "bridge/session.h"
#include "home/event.h"

/* *state ("waiting" until its actions end, "done", "ignored") and the reason for people. */
int follow_fact(struct event_work *w, enum trust trust, const struct fact *fact,
                const char *connection, const char *identity, const char **state,
                struct buf *reason, struct fail *why);

/* A session changed: record (as read and edited by the caller) goes in, with the notes and
 * moves that the org's rules ask for, for every application that it belongs to.  *said gets
 * a sentence per thing ordered. */
struct follow_session {
        const struct trade *trade;
        struct org *org;
        struct plan *plan;
        const char *key;    /* of the session */
        const json_t *read; /* NULL: it is new */
        json_t *record;     /* edited: the caller's */
        const struct session *session;
        struct session_change change;
        bool joined;      /* an application that has none of its results yet */
        bool quiet;       /* the past: consumers are not told, they read it */
        struct buf *said; /* may be NULL */
};
int follow_session(struct follow_session *f, struct fail *why);

/* All applications of a session's record: the first in "application", others in "also". */
int follow_each_application(const json_t *record,
                            int (*visit)(void *context, const char *application), void *context);

/* Orders one note; nothing when the same one was ordered before.  what: "invited", "result",
 * "failure" ...; version: what else makes it another note (taken into the marker). */
int follow_note(const struct trade *trade, struct org *org, struct plan *plan, const char *what,
                const char *application, const char *session, const char *version, json_t *with,
                struct fail *why);
/* What makes a result another one, and more (may be NULL): the caller frees. */
char *follow_version(const struct session *session, const char *more);
/* The marker of such a note: the caller frees. */
char *follow_marker(const struct trade *trade, struct org *org, const char *what,
                    const char *application, const char *session, const char *version);

#endif
