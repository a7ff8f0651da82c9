/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ashby's API as a transport: one call, a list with its pages, and what an answer means
 * (wire/ashby.md 1).  For lib/ats/ashby*.c only.
 *
 * Every call is POST <base>/<method> with a JSON object, reads too.  An answer of 200 says
 * nothing yet: success may be false, and why is told in three shapes.  Every function adds its
 * time to outcome->elapsed_us; the caller starts with a fresh outcome.
 */
#ifndef ATS_ASHBY_CALL_H
#define ATS_ASHBY_CALL_H

#include "bridge/application.h"
#include "bridge/link.h"
#include "bridge/outcome.h"

/* What is called: whether it writes, and what an admin must tick for it. */
struct ashby_method {
        const char *name;  /* "candidate.createNote" */
        const char *needs; /* "Candidates: write" */
        bool writes;
};

#define ASHBY_CODE_MAX 64

struct ashby_answer {
        json_t *value;             /* the envelope; NULL unless DONE */
        const json_t *results;     /* in it; NULL where it is left out */
        char code[ASHBY_CODE_MAX]; /* "application_not_found" where the vendor said no, or "" */
};

/* body (taken) NULL is {}.  DONE with *answer, or -1; the caller disposes in both cases. */
int ashby_call(struct link *link, const struct ashby_method *method, json_t *body,
               struct ashby_answer *answer, struct outcome *outcome);
void ashby_answer_dispose(struct ashby_answer *answer);

/* Visits each row of a list and of its further pages; nonzero from visit stops (still DONE). */
int ashby_each(struct link *link, const struct ashby_method *method, json_t *body,
               int (*visit)(void *context, const json_t *row), void *context,
               struct outcome *outcome);

/* {name: text}, to begin a body with. */
json_t *ashby_body(const char *name, const char *text);
/* An id as Ashby gives them (UUIDs in practice, opaque all the same). */
bool ashby_is_id(const char *text);
/* Nothing can be said about nobody: REFUSED, always -1. */
int ashby_nobody(struct outcome *outcome, const char *what);

/* Between the files of the transport: what an answer that is no success means; fills code.
 * Always -1. */
int ashby_failed(struct link *link, const struct ashby_method *method,
                 const struct fetch_answer *got, const json_t *value, char code[ASHBY_CODE_MAX],
                 struct outcome *outcome);

#endif
