/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: everything a person does, status for programs, health, metrics. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"

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

static const struct route open_routes[] = {
        { "GET", "health", health, 0, true, NULL }, { "GET", "metrics", metrics, 0, true, NULL },
        { "GET", "", front, 0, false, NULL },       { "GET", "go", go, 0, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

int main(int argc, char **argv)
{
        static const struct route *const tables[] = {
                open_routes,
                admin_host_routes, /* "-" before "{org}" */
                admin_account_routes,
                admin_action_routes,
                admin_candidate_routes,
                admin_connection_routes,
                admin_sign_in_routes,
                admin_erase_routes,
                admin_event_routes,
                admin_key_routes,
                admin_one_key_routes,
                admin_log_routes,
                admin_people_routes,
                admin_rule_change_routes, /* "{id}/change" before "add/{kind}" */
                admin_rule_routes,
                admin_rule_form_routes,
                admin_status_routes,
                NULL,
        };
        static const struct program program = {
                .name = "admin",
                .about = "everything a person does; status, health, metrics",
                .settings = admin_settings,
                .routes = tables,
                .start = guard_start,
                .stop = guard_stop,
                .may = admin_may,
                .check = admin_check,
        };

        return serve(argc, argv, &program);
}
