/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lever's API as a transport: one call, a list with its pages, and what an answer means
 * (wire/lever.md 1).  For lib/ats/lever*.c only.
 *
 * Every function adds its time to outcome->elapsed_us; the caller starts with a fresh outcome.
 * No text that leaves here holds the API key.
 */
#ifndef ATS_LEVER_CALL_H
#define ATS_LEVER_CALL_H

#include "ats/ats.h"

struct lever_ask {
        struct link *link;
        const char *method;     /* "GET", "POST", "PUT", "DELETE" */
        const char *path;       /* below the base, with its query; ids encoded */
        const char *permission; /* what the key must be granted, as its page names it */
        const json_t *body;     /* sent as JSON; NULL for none */
        const struct buf *form; /* or a multipart body, with its media type */
        const char *form_type;
};

/* DONE with *data (may be NULL to leave it): what is inside "data", however deeply it is nested
 * there; the first element where a list stands for one thing; NULL after 204.  The caller drops
 * it. */
int lever_call(const struct lever_ask *ask, json_t **data, struct outcome *outcome);

/* GET, the rows of every page; visit gets each, nonzero stops the walk (still DONE).  path has no
 * query but what narrows the list ("notes" or "users?email=..."). */
int lever_each(struct link *link, const char *path, const char *permission,
               int (*visit)(void *context, const json_t *row), void *context,
               struct outcome *outcome);

/* "opportunities/<id>/<rest>"; what follows comes from outside and is encoded.  rest may be NULL;
 * acting adds perform_as where a user is set.  The caller frees. */
char *lever_path(struct link *link, const char *opportunity, const char *rest, bool acting);
/* The user in act_as_user, or NULL. */
const char *lever_user(const struct link *link);

/* An answer that is no success, or none: says so in the outcome.  Always -1. */
int lever_failed(const struct lever_ask *ask, const struct fetch_answer *answer,
                 struct outcome *outcome);

#endif
