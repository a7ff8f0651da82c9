/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of sandbox/play, shared by sandbox/play*.c: how to say, ask and wait, and what differs
 * from vendor to vendor.  A pair that is played is one row of play_ats_list and one of
 * play_platform_list; a new system is a row.
 */
#ifndef SANDBOX_PLAY_H
#define SANDBOX_PLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "door/fetch.h"
#include "door/json.h"

struct play {
        const char *base, *org, *key;
        const struct play_ats *ats;
        const struct play_platform *platform;
        json_t *applied; /* the answer of "fairlead --json apply" */
        int64_t began_ms;

        char *email; /* Ada's: another in each organisation */
        char *candidate, *application, *session, *report, *lobby; /* ids and addresses */
        json_t *row;                                              /* what the last wait found */
        int64_t heard; /* deliveries that the consumer had before */
};

/* A hiring system's stand-in. */
struct play_ats {
        const char *name, *title, *connection; /* "greenhouse", "Greenhouse", "gh" */
        const char *stage;                     /* whose entering sends the assessment */
        const char *page;                      /* of the candidate: "candidates/%s" */
        bool page_of_application;              /* %s is the application, not the candidate */
        int (*paste)(struct play *p, struct fail *why);
        int (*enter)(struct play *p, struct fail *why); /* applies, and moves into the stage */
        /* The text of a note of ours about this application, the newest first; NULL: no more. */
        const char *(*note)(const struct play *p, const json_t *state, size_t number);
};

/* A platform's stand-in. */
struct play_platform {
        const char *name, *title, *connection;
        const char *sessions; /* control path of those that were sent */
        const char *email;    /* where an element of it has the address */
        const char *id;       /* and its id */
        bool interviews;      /* gives live ones */
        int (*paste)(struct play *p, struct fail *why);
        int (*take)(struct play *p, struct fail *why); /* the candidate does it, and finishes */
};

extern const struct play_ats play_ats_list[];           /* ended by a NULL name */
extern const struct play_platform play_platform_list[]; /* likewise */

/* --- play_tool.c ----------------------------------------------------------------------------- */

void play_say(const struct play *p, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A text of several lines, set in below the line before. */
void play_quote(const char *text);

struct asked {
        const char *method, *path; /* below the base, or absolute */
        const json_t *body;        /* JSON, or NULL */
        const char *form;          /* an urlencoded body ("" too), or NULL */
        const char *accept;
        const char *key;
};
int play_ask(const struct play *p, const struct asked *a, int wanted, struct fetch_answer *answer,
             struct fail *why);
/* Asks a stand-in's control face; takes body.  NULL with *why, or the caller drops it. */
json_t *play_control(const struct play *p, const char *vendor, const char *what, json_t *body,
                     struct fail *why);
/* A page as a browser would get it; the caller frees.  NULL with *why. */
char *play_page(const struct play *p, const char *url, struct fail *why);
/* Looks at a stand-in again and again until find() returns something of its answer, which is kept
 * in p->row. */
int play_await(struct play *p, const char *vendor, const char *what,
               const json_t *(*find)(const struct play *p, const json_t *state),
               const char *sentence, struct fail *why);
/* The row of a connection in what was applied; borrowed, NULL when there is none. */
const json_t *play_connection(const struct play *p, const char *id);

#endif
