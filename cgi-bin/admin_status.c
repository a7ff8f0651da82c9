/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: how an org is doing for programs with a key, and the buttons that mend one thing. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/event.h"
#include "home/status_view.h"

static void status(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *view = NULL;
        struct org *org = admin_visitor(rq)->org;

        if (admin_is(rq, "auditor")) {
                admin_go(rq, re, "log");
                return;
        }
        if (!admin_is(rq, "key")) {
                admin_board(rq, re);
                return;
        }
        if (status_view(guard_home(), org, &view, &why) != 0) {
                reply_failure(rq, re, "status cannot be shown", &why);
        } else if (request_wants_html(rq)) {
                json_set_text(view, "title", json_get_text(view, "org_name", ""));
                reply_page(rq, re, 200, "status", view);
        } else {
                reply_json(re, 200, view);
        }
        reply_header(re, "Vary", "Accept, Authorization");
}

/* Back to where a person came from: his page of it, or the overview. */
static void back(struct request *rq, struct reply *re, const char *kind, int64_t number,
                 const char *said)
{
        if (admin_is(rq, "key"))
                admin_go(rq, re, "%s", "");
        else
                admin_go(rq, re, "%s/%lld?said=%s", kind, (long long)number, said);
}

static int note(struct request *rq, struct reply *re, const char *did, const char *kind,
                int64_t number)
{
        char *about = mem_format("%s %lld", kind, (long long)number);
        int result = admin_log(rq, re, did, about, NULL);

        mem_free(about);
        return result;
}

/* Common to both buttons: about which number. */
static int pressed(struct request *rq, struct reply *re, struct org **org, int64_t *number)
{
        *org = admin_visitor(rq)->org;
        if (text_int(request_segment(rq, "number"), 1, INT64_MAX, number) != 0) {
                reply_problem(rq, re, 404, NULL);
                return -1;
        }
        return 0;
}

static void retry(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        struct org *org;
        int64_t number;

        if (pressed(rq, re, &org, &number) != 0)
                return;
        switch (action_retry(guard_home(), org, (uint64_t)number, when_now_ms(), &why)) {
        case 1:
                if (note(rq, re, "action.retried", "action", number) == 0)
                        back(rq, re, "actions", number, "retried");
                return;
        case 0:
                reply_problem(rq, re, 409, "This action is not parked any more.");
                return;
        default:
                reply_failure(rq, re, "action cannot be retried", &why);
        }
}

static void replay(struct request *rq, struct reply *re)
{
        struct trade trade = admin_trade();
        struct fail why = FAIL_CLEAR;
        uint64_t count = 0;
        struct org *org;
        int64_t number;

        if (pressed(rq, re, &org, &number) != 0)
                return;
        if (event_replay(&trade, org, (uint64_t)number, (uint64_t)number, &count, &why) != 0)
                reply_failure(rq, re, "event cannot be replayed", &why);
        else if (count == 0)
                reply_problem(rq, re, 409,
                              "This event cannot be replayed: its sender was not "
                              "verified, or its body is gone.");
        else if (note(rq, re, "event.replayed", "event", number) == 0)
                back(rq, re, "events", number, "replayed");
}

const struct route admin_status_routes[] = {
        { "GET", "{org}", status, 0, false, READERS " auditor key:status:read" },
        { "POST", "{org}/actions/{number}/retry", retry, 1024, false, ADMIN " key:actions:write" },
        { "POST", "{org}/events/{number}/replay", replay, 1024, false, ADMIN " key:actions:write" },
        { NULL, NULL, NULL, 0, false, NULL },
};
