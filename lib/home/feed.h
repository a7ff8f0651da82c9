/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The results feed: what assessments came to, in the order in which it became so.
 *
 * A session stands in it once, at the place of its last change; one that changes moves to the
 * end, in the same commit as the change.  So a reader who goes on from his cursor gets every
 * change once, nothing twice that did not change, and nothing is skipped, whoever crashes in
 * between.  What is shown of a session is what is true now; of an erased one its ids.
 *
 * A cursor is "<number>-<check>": made by us alone, good for ever.
 */
#ifndef HOME_FEED_H
#define HOME_FEED_H

#include "bridge/session.h"
#include "home/plan.h"

#define FEED_LIMIT 50 /* results in a page, unless said otherwise */
#define FEED_LIMIT_MAX 200

/* Does this change belong into the feed? */
bool feed_wants(const struct session_change *change);
/* Moves a session to the end of the feed, in the plan of its change; only: unless it stands there
 * already. */
int feed_move(struct plan *p, struct org *org, const char *key, bool only, int64_t now_ms,
              struct fail *why);
/* It was erased: moved if it stands there, so that readers hear of it. */
int feed_erased(struct plan *p, struct org *org, const char *key, int64_t now_ms, struct fail *why);

enum feed_answer {
        FEED_DONE,
        FEED_CURSOR, /* not a cursor of this org */
        FEED_AHEAD,  /* one from a future that a restored backup does not know */
        FEED_BROKEN
};
/* The results behind a cursor ("" or NULL: from the beginning), at most limit.  *page (the
 * caller's): {results[{..., cursor, changed_at}], cursor, has_more}. */
enum feed_answer feed_page(struct home *h, struct org *org, const char *after, unsigned limit,
                           json_t **page, struct fail *why);
/* One result by its session's key: 1, 0 there is none, 2 it was erased, -1. */
int feed_result(struct home *h, struct org *org, const char *key, json_t **result,
                struct fail *why);

/* Exposed for tests and fuzzing: the number behind a cursor; -1 it is none of this org. */
int feed_cursor_read(struct home *h, const char *org, const char *text, uint64_t *number);
char *feed_cursor(struct home *h, const char *org, uint64_t number); /* the caller frees */

#endif
