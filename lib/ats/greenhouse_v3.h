/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Harvest v3 as a transport: a token, one call, a list with its pages, and what an answer
 * means (wire/greenhouse.md 3.1, 3.2).  For lib/ats/greenhouse*.c only.
 *
 * Every function adds its time to outcome->elapsed_us and raises lane_wait_ms if the rate
 * headers ask for it; the caller starts with a fresh outcome.  With api "v1" the same calls are
 * made with that version's key and header (greenhouse_v1.h).  No text that leaves here holds the
 * client id, its secret or a token: Greenhouse echoes the first.
 *
 * A 403 to a list says that the permission is missing: DENIED.  A 403 about one record, which a
 * write or v1's GET by id is, may be about nothing but this candidate (section 8: "report, do not
 * retry"): REFUSED, with status 403.
 */
#ifndef ATS_GREENHOUSE_V3_H
#define ATS_GREENHOUSE_V3_H

#include "bridge/link.h"
#include "bridge/outcome.h"

/* A usable bearer token, from the link's cache or freshly minted; refused is one that just
 * met a 401 and is not handed out again, or NULL.  The caller frees it with
 * mem_free_secret(). */
int greenhouse_v3_token(struct link *link, const char *refused, char **token,
                        struct outcome *outcome);

/* GET <base>/<resource>?<query> and every next page; visit gets each row, nonzero stops the
 * walk early (still DONE).  scope is what an admin must grant ("harvest:notes:list"). */
int greenhouse_v3_each(struct link *link, const char *resource, const char *query,
                       const char *scope, int (*visit)(void *context, const json_t *row),
                       void *context, struct outcome *outcome);

/* The same, collected; the caller drops *rows, which is NULL unless DONE. */
int greenhouse_v3_rows(struct link *link, const char *resource, const char *query,
                       const char *scope, json_t **rows, struct outcome *outcome);

/* One value by its path ("applications/17", "jobs?per_page=1"): v1's way.  1 with *value, the
 * caller's; 0 it is not there, or not visible to the credential; -1 with outcome. */
int greenhouse_v3_object(struct link *link, const char *path, const char *scope, json_t **value,
                         struct outcome *outcome);

/* One write (a path that begins with '/' stands beside the version: "/v2/..." ).  DONE only with
 * the status the endpoint documents (201, 204, 200); any other success may be somebody else's page
 * and is UNCERTAIN.  *answer (may be NULL) is the parsed body or NULL when there is none; the
 * caller drops it. */
int greenhouse_v3_write(struct link *link, const char *method, const char *path, const json_t *body,
                        int expected, const char *scope, json_t **answer, struct outcome *outcome);

/* Between the files of the transport.  A call that is under way: */
struct greenhouse_ask {
        struct link *link;
        const char *method;
        const char *url;
        const char *what;  /* "GET applications", for the detail */
        const char *scope; /* what an admin must grant for it */
        const char *body;  /* NULL on GET: a GET with a body is a 403 (section 8) */
        bool one;          /* a GET of one record, which v1 has */
};

/* Its answer is no success: says so in the outcome.  Always -1. */
int greenhouse_v3_failed(const struct greenhouse_ask *ask, const struct fetch_answer *answer,
                         const char *token, struct outcome *outcome);
/* Takes the rate headers into the outcome. */
void greenhouse_v3_rate(const struct link *link, const struct fetch_answer *answer,
                        struct outcome *outcome);
/* An error answer in words, with everything secret taken out (token may be NULL). */
void greenhouse_v3_words(const struct link *link, const struct fetch_answer *answer,
                         const char *token, struct buf *out);

#endif
