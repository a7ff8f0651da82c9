/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: how an organisation is doing, and the button that mends what is parked. */
#include <string.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "guard.h"
#include "home/action.h"
#include "home/event.h"
#include "home/status_view.h"

/* Alive, and does the web server hand Authorization on?  Says nothing about anybody. */
static void health(struct request *rq, struct reply *re)
{
        json_t *answer = json_object();

        json_set_bool(answer, "ok", true);
        json_set_text(answer, "authorization",
                      request_credential(rq) != NULL ? "passed" : "absent");
        reply_json(re, 200, answer);
}

/* Prometheus text: counts of the whole home, nobody's data. */
static void metrics(struct request *rq, struct reply *re)
{
        uint64_t last = 0, bytes = 0, done = 0;
        struct fail why = FAIL_CLEAR;
        struct inbox *inbox = home_inbox(guard_home(), &why);
        struct buf *out;

        if (inbox == NULL || inbox_depth(inbox, &last, &bytes, &why) != 0 ||
            inbox_released(inbox, &done, &why) != 0) {
                reply_failure(rq, re, "inbox cannot be read", &why);
                return;
        }
        reply_status(re, 200);
        out = reply_body(re);
        buf_format(out,
                   "# HELP fairlead_deliveries_total Deliveries taken in since the home was made.\n"
                   "# TYPE fairlead_deliveries_total counter\n"
                   "fairlead_deliveries_total %llu\n"
                   "# HELP fairlead_deliveries_waiting Deliveries not yet worked on.\n"
                   "# TYPE fairlead_deliveries_waiting gauge\n"
                   "fairlead_deliveries_waiting %llu\n"
                   "# HELP fairlead_inbox_bytes Bytes of the inbox in use.\n"
                   "# TYPE fairlead_inbox_bytes gauge\n"
                   "fairlead_inbox_bytes %llu\n",
                   (unsigned long long)last, (unsigned long long)(last - done),
                   (unsigned long long)bytes);
        reply_type(re, "text/plain; version=0.0.4; charset=utf-8");
}

static void front(struct request *rq, struct reply *re)
{
        json_t *data = json_object();

        json_set_text(data, "title", "Fairlead");
        json_set_text(data, "mount", serve_settings.mount);
        reply_page(rq, re, 200, "front", data);
}

/* The form on the front page: from a name to its page. */
static void go(struct request *rq, struct reply *re)
{
        const char *org = request_query(rq, "org");
        char *to;

        if (!text_is_name(org, HOME_ORG_NAME_MAX)) {
                reply_problem(rq, re, 400, "Give the short name of an organisation.");
                return;
        }
        to = mem_text(org);
        reply_see_other(re, to);
        mem_free(to);
}

static void status(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *view = NULL;
        struct org *org;

        if (guard_org(rq, re, "status:read", true, &org, NULL) != 0)
                return;
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

static void back(struct reply *re, const struct org *org)
{
        char *page = mem_format("../../../%s", org->name);

        reply_see_other(re, page);
        mem_free(page);
}

/* Common to both buttons: who asks, from where, about which number. */
static int pressed(struct request *rq, struct reply *re, struct org **org, int64_t *number)
{
        if (guard_org(rq, re, "actions:write", true, org, NULL) != 0 ||
            guard_same_origin(rq, re, *org) != 0)
                return -1;
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
                back(re, org);
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
        struct trade trade = { .home = guard_home(),
                               .data_dir = serve_settings.data,
                               .scale = serve_settings.retry_scale };
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
        else
                back(re, org);
}

static const struct route routes[] = {
        { "GET", "health", health, 0, true, NULL },
        { "GET", "metrics", metrics, 0, true, NULL },
        { "GET", "", front, 0, false, NULL },
        { "GET", "go", go, 0, false, NULL },
        { "POST", "{org}/actions/{number}/retry", retry, 1024, false, NULL },
        { "POST", "{org}/events/{number}/replay", replay, 1024, false, NULL },
        { "GET", "{org}", status, 0, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

int main(int argc, char **argv)
{
        static const struct program program = {
                .name = "admin",
                .about = "status of organisations, health, metrics",
                .routes = routes,
                .start = guard_start,
                .stop = guard_stop,
        };

        return serve(argc, argv, &program);
}
