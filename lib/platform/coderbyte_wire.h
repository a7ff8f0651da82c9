/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the Coderbyte adapter share; nobody else includes this. */
#ifndef PLATFORM_CODERBYTE_WIRE_H
#define PLATFORM_CODERBYTE_WIRE_H

#include "bridge/link.h"
#include "bridge/outcome.h"
#include "bridge/session.h"
#include "platform/platform.h"

#define CODERBYTE_PROFILE "coderbyte/profile.json"

/* --- coderbyte_profile.c: the profile, checked and applied ------------------------------- */

/* NULL with *why naming the file, and the line or the path in it.  The caller drops it. */
json_t *coderbyte_profile_load(struct link *link, struct fail *why);
/* The row of a call, and whether it has a path at all. */
const json_t *coderbyte_row(const json_t *profile, const char *call);
bool coderbyte_can(const json_t *profile, const char *call);
/* base and the path with its placeholders filled, percent-encoded; a value that is missing is
 * an empty segment.  The caller frees. */
char *coderbyte_path(const json_t *profile, const char *call, const char *base,
                     const json_t *values);
/* The body with "$name" filled in; NULL when the call has none.  The caller drops it. */
json_t *coderbyte_body(const json_t *profile, const char *call, const json_t *values);
/* The first of the pointers that leads to something (not null); *known (may be NULL): one of
 * them at least leads to a place, be it empty. */
json_t *coderbyte_lead(const json_t *pointers, const json_t *value, bool *known);
/* Likewise for a field of a section: "report", "status". */
json_t *coderbyte_at(const json_t *profile, const char *section, const char *name,
                     const json_t *value, bool *known);
/* An array, or the values of an object: PHP writes lists both ways.  The caller drops it; NULL
 * and anything else give an empty one. */
json_t *coderbyte_list(const json_t *value);
/* A number, also in a text; false when it is none, null too. */
bool coderbyte_number(const json_t *value, double *number);

/* --- coderbyte_call.c: one question ------------------------------------------------------ */

/* All the calls of one order: they share a profile, an outcome and the pace. */
struct coderbyte {
        struct link *link;
        json_t *profile;
        struct outcome *outcome;
        int calls;
        int64_t elapsed_us;
};
/* 0, or -1 with the outcome; close it in both cases. */
int coderbyte_open(struct coderbyte *c, struct link *link, struct outcome *outcome);
/* Sets in the outcome how long the connection rests after so many calls. */
void coderbyte_close(struct coderbyte *c);

struct coderbyte_answer {
        json_t *body;
        const json_t *result; /* in body; NULL when it is empty */
};
/* Makes a call.  values (object of texts) is taken.  0 with the outcome DONE, or -1 and
 * the answer is empty. */
int coderbyte_call(struct coderbyte *c, const char *call, json_t *values,
                   struct coderbyte_answer *answer);
void coderbyte_answer_dispose(struct coderbyte_answer *answer);
/* For values: nothing when the text is empty, so that the member is left out. */
void coderbyte_give(json_t *values, const char *name, const char *text);

/* --- coderbyte_report.c: what a report says ---------------------------------------------- */

/* The reports of one attempt, as an array; the newest is read.  1, 0 there is none, -1 with
 * *odd saying which part of the profile does not fit (the caller frees). */
int coderbyte_report(const json_t *profile, const json_t *result, const struct session_ref *ref,
                     struct session *out, char **odd);

/* --- coderbyte_test.c --------------------------------------------------------------------- */

int coderbyte_test(struct link *link, json_t **report, struct outcome *outcome);

#endif
