/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results feed: pages of it, and one result. */
#include "report_results.h"

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "guard.h"
#include "home/feed.h"

#define SCOPE "results:read"

struct asked {
        const char *after;
        int64_t limit;
        bool wrong; /* something else, or a limit that is none */
};

static void read_query(void *context, const char *name, const char *value)
{
        struct asked *a = context;

        if (text_equal(name, "after"))
                a->after = value;
        else if (!text_equal(name, "limit") || text_int(value, 1, FEED_LIMIT_MAX, &a->limit) != 0)
                a->wrong = true;
}

/* The same bytes have the same tag: who polls hears 304 while nothing changed. */
static void answer(struct request *rq, struct reply *re, json_t *value)
{
        const char *known = NULL;
        struct buf text = BUF_NONE, hex = BUF_NONE;
        char *tag;

        json_write(value, &text);
        secret_sha256_hex(buf_text(&text), text.len, &hex);
        tag = mem_format("\"%.32s\"", buf_text(&hex));
        if (request_header(rq, "If-None-Match", &known) == 1 && text_equal(known, tag)) {
                reply_status(re, 304);
                json_decref(value);
        } else {
                reply_json(re, 200, value);
        }
        reply_header(re, "ETag", tag);
        reply_header(re, "Cache-Control", "private, no-cache");
        mem_free(tag);
        buf_dispose(&hex);
        buf_dispose(&text);
}

/* A key for some jobs sees theirs; the cursor goes on over the others. */
static int narrow(struct org *org, const char *key, json_t *page, struct fail *why)
{
        json_t *all = json_object_get(page, "results"), *some = json_array(), *row;
        int result = key_is_narrow(org, key, why);
        size_t i;

        if (result == 1) {
                json_array_foreach(all, i, row)
                {
                        int may = key_may_session(org, key, json_get_text(row, "session", ""), why);

                        if (may < 0)
                                result = -1;
                        if (may == 1)
                                json_add(some, json_incref(row));
                }
                json_set(page, "results", json_incref(some));
        }
        json_decref(some);
        return result < 0 ? -1 : 0;
}

void report_results(struct request *rq, struct reply *re)
{
        struct asked asked = { .limit = FEED_LIMIT };
        struct fail why = FAIL_CLEAR;
        json_t *page = NULL;
        struct org *org;
        char key[9];

        if (guard_org(rq, re, SCOPE, false, &org, key) != 0)
                return;
        request_each_query(rq, read_query, &asked);
        if (asked.wrong) {
                reply_problem(rq, re, 400,
                              "Ask with after (a cursor) and limit (1 to 200), and nothing else.");
                return;
        }
        switch (feed_page(guard_home(), org, asked.after, (unsigned)asked.limit, &page, &why)) {
        case FEED_DONE:
                if (narrow(org, key, page, &why) != 0) {
                        json_decref(page);
                        break;
                }
                answer(rq, re, page);
                return;
        case FEED_CURSOR:
                reply_problem(rq, re, 400,
                              "This is no cursor of this feed. Give back exactly what an answer "
                              "gave, or leave it out to begin anew.");
                return;
        case FEED_AHEAD:
                reply_problem(rq, re, 409,
                              "This cursor is ahead of the feed: it was restored from an older "
                              "backup. Begin anew without a cursor.");
                return;
        case FEED_BROKEN:
                break;
        }
        reply_failure(rq, re, "results cannot be read", &why);
}

void report_result(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *result = NULL;
        struct org *org;
        char key[9];

        if (guard_org(rq, re, SCOPE, false, &org, key) != 0)
                return;
        switch (key_may_session(org, key, request_segment(rq, "session"), &why)) {
        case 1:
                break;
        case 0: /* of another job, or of none: as if it were not there */
                reply_problem(rq, re, 404, "There is no such session.");
                return;
        default:
                reply_failure(rq, re, "key cannot be looked up", &why);
                return;
        }
        switch (feed_result(guard_home(), org, request_segment(rq, "session"), &result, &why)) {
        case 1:
                answer(rq, re, result);
                return;
        case 0:
                reply_problem(rq, re, 404, "There is no such session.");
                return;
        case 2:
                reply_problem(rq, re, 410, "The candidate's data was erased.");
                return;
        default:
                reply_failure(rq, re, "result cannot be read", &why);
        }
}
