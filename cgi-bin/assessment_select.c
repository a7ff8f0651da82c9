/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * assessment: the page on which a recruiter chooses what to send.
 *
 * The token in the address is the key.  Looking changes nothing; one press of Send orders one
 * sending, however often it arrives, and answers with 303 to the same page.  The list comes from
 * what is known of the platform, so the page works while the platform does not.
 */
#include "assessment.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "guard.h"
#include "home/selection.h"
#include "home/trade.h"

#define BODY_MAX 4096
#define QUERY_MAX 100
#define LOOK_AGAIN "3" /* seconds, while something is under way */

static struct trade trade(void)
{
        return (struct trade){ .home = guard_home(),
                               .data_dir = serve_settings.data,
                               .scale = serve_settings.retry_scale };
}

/* The selection behind the token, or a reply and -1. */
static int by_token(struct request *rq, struct reply *re, struct org **org, char **id,
                    json_t **record)
{
        struct fail why = FAIL_CLEAR;
        int found;

        if (guard_open_org(rq, re, org) != 0)
                return -1;
        found =
            selection_by_token(guard_home(), *org, request_segment(rq, "token"), id, record, &why);
        if (found > 0)
                return 0;
        if (found < 0)
                reply_failure(rq, re, "selection cannot be looked up", &why);
        else
                reply_problem(rq, re, 404,
                              "There is nothing behind this link any more. Open it from the "
                              "candidate again, or move the candidate into the stage once more.");
        return -1;
}

static void page(struct request *rq, struct reply *re, struct org *org, const char *id,
                 const json_t *record, int status, const char *query, const char *fault)
{
        const struct trade t = trade();
        struct fail why = FAIL_CLEAR;
        json_t *view = NULL;

        if (selection_view(&t, org, id, record, query, &view, &why) != 0) {
                reply_failure(rq, re, "selection cannot be shown", &why);
                return;
        }
        json_set_text(view, "fault", fault);
        if (json_get_bool(view, "sending", false) ||
            (json_get_bool(view, "choose", false) && !json_get_bool(view, "known", false)))
                json_set_text(view, "refresh", LOOK_AGAIN);
        reply_header(re, "X-Robots-Tag", "noindex");
        reply_page(rq, re, status, "select", view);
}

static void show(struct request *rq, struct reply *re)
{
        char *id = NULL, *query;
        json_t *record = NULL;
        struct org *org;

        if (by_token(rq, re, &org, &id, &record) != 0)
                return;
        query = mem_text(text_or(request_query(rq, "q"), ""));
        text_cut(query, QUERY_MAX);
        page(rq, re, org, id, record, 200, text_trim(query), NULL);
        mem_free(query);
        json_decref(record);
        mem_free(id);
}

static void press(struct request *rq, struct reply *re)
{
        const char *test = request_form(rq, "assessment");
        const struct trade t = trade();
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL;
        struct org *org;
        char *id = NULL;

        if (by_token(rq, re, &org, &id, &record) != 0)
                return;
        if (guard_same_origin(rq, re, org) != 0)
                goto out;
        if (text_empty(test)) {
                page(rq, re, org, id, record, 422, NULL,
                     "Pick one of the assessments first, then press Send.");
                goto out;
        }
        switch (selection_send(&t, org, id, test, &why)) {
        case SELECTION_SENT:
        case SELECTION_OVER:
                reply_see_other(re, request_segment(rq, "token"));
                break;
        case SELECTION_UNKNOWN:
                page(rq, re, org, id, record, 422, NULL,
                     "This assessment is not in the list any more. Pick another one.");
                break;
        case SELECTION_BROKEN:
                reply_failure(rq, re, "assessment cannot be ordered", &why);
                break;
        }
out:
        json_decref(record);
        mem_free(id);
}

const struct route assessment_select[] = {
        { "GET", "{org}/select/{token}", show, 0, false, NULL },
        { "POST", "{org}/select/{token}", press, BODY_MAX, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
