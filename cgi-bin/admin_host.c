/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: the host, for its operators: counts, health and disk, and no candidate's data. */
#include <string.h>
#include <sys/statvfs.h>

#include "admin.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/audit.h"
#include "home/records.h"
#include "home/visit.h"

struct gathering {
        struct request *rq;
        json_t *list;
};

static int64_t count_of(struct org *org, const char *set)
{
        uint64_t n = 0;

        return store_set_count(org->store, set, &n, NULL) == 0 ? (int64_t)n : -1;
}

/* Counts only: names of orgs are the operator's own doing, everything else is theirs. */
static int add_org(void *context, const char *name)
{
        struct gathering *g = context;
        json_t *row = json_object(), *self = NULL, *glass = NULL;
        uint64_t events = 0;
        struct org *org;

        json_set_text(row, "name", name);
        json_add(g->list, row);
        if (home_org(guard_home(), name, &org, NULL) != 1 ||
            record_get(org, "org", "self", &self, NULL) < 0 ||
            store_series_last(org->store, "event", &events, NULL) != 0) {
                json_set_bool(row, "broken", true);
                return 0;
        }
        json_set_text(row, "title", json_get_text(self, "name", name));
        json_set_int(row, "connections", count_of(org, "connections"));
        json_set_int(row, "events", (int64_t)events);
        json_set_int(row, "waiting", count_of(org, "open-actions"));
        json_set_int(row, "parked", count_of(org, "parked-actions"));
        json_set_int(row, "people", count_of(org, "people"));
        if (glass_open(org, text_or(admin_visitor(g->rq)->token, ""), &glass, NULL) == 1)
                admin_set_time(g->rq, row, "glass_until", json_get_int(glass, "until_ms", 0));
        json_decref(glass);
        json_decref(self);
        return 0;
}

static void set_size(json_t *view, const char *name, double bytes)
{
        static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
        size_t unit = 0;
        char *text;

        while (bytes >= 1000 && unit + 1 < sizeof units / sizeof *units) {
                bytes /= 1000;
                unit++;
        }
        text = mem_format("%.*f %s", bytes < 10 && unit > 0 ? 1 : 0, bytes, units[unit]);
        json_set_text(view, name, text);
        mem_free(text);
}

static int set_health(json_t *view, struct fail *why)
{
        struct inbox *inbox = home_inbox(guard_home(), why);
        uint64_t last = 0, bytes = 0, done = 0;
        struct statvfs disk;
        int locked;

        if (inbox == NULL || inbox_depth(inbox, &last, &bytes, why) != 0 ||
            inbox_released(inbox, &done, why) != 0)
                return -1;
        json_set_int(view, "deliveries", (int64_t)last);
        json_set_int(view, "waiting", (int64_t)(last - done));
        set_size(view, "inbox", (double)bytes);
        if (statvfs(home_path(guard_home()), &disk) == 0) {
                double all = (double)disk.f_blocks * (double)disk.f_frsize;
                double left = (double)disk.f_bavail * (double)disk.f_frsize;
                int64_t used = all > 0 ? (int64_t)(100 - 100 * left / all) : 0;

                set_size(view, "disk_left", left);
                set_size(view, "disk_all", all);
                json_set_int(view, "disk_used", used);
                json_set_int(view, "disk_bar", used * 560 / 100);
                json_set_text(view, "disk_tone", used >= 95 ? "bad" : used >= 85 ? "wait" : "good");
        }
        locked = home_worker_there(guard_home());
        json_set_bool(view, "worker", locked > 0);
        return 0;
}

static void show_host(struct request *rq, struct reply *re, int status, const char *fault)
{
        struct gathering g = { rq, json_array() };
        json_t *view = json_object();
        struct fail why = FAIL_CLEAR;

        if (set_health(view, &why) != 0 || home_each_org(guard_home(), add_org, &g, &why) < 0) {
                reply_failure(rq, re, "host cannot be looked at", &why);
                json_decref(view);
                json_decref(g.list);
                return;
        }
        json_set_bool(view, "has_orgs", json_array_size(g.list) > 0);
        json_set(view, "orgs", g.list);
        json_set_text(view, "fault", fault);
        json_set_text(view, "reason", request_form(rq, "reason"));
        json_set_text(view, "about", request_segment(rq, "name"));
        admin_page(rq, re, status, "host", view, "Host", "");
}

static void host(struct request *rq, struct reply *re)
{
        show_host(rq, re, 200, NULL);
}

/* An org's data, for an hour, with a reason that its people see: in both logs and on every page
 * of theirs. */
static void break_glass(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        const char *name = request_segment(rq, "name"), *reason = request_form(rq, "reason");
        struct fail why = FAIL_CLEAR;
        struct audit_entry e = { .org = name,
                                 .who = v->who,
                                 .from = admin_from(rq),
                                 .did = "glass.broken",
                                 .about = reason,
                                 .request = request_id(rq) };
        struct org *org;
        char *about;
        int found = home_org(guard_home(), name, &org, &why);

        if (found < 0) {
                reply_failure(rq, re, "org cannot be opened", &why);
                return;
        }
        if (found == 0 || v->token == NULL) {
                reply_problem(rq, re, found == 0 ? 404 : 409,
                              found == 0 ? NULL
                                         : "Sign in with a passphrase for this: the web server's "
                                           "word alone does not do.");
                return;
        }
        if (glass_reason(reason, &why) != 0) {
                show_host(rq, re, 422, why.text);
                return;
        }
        /* The logs first: what is not in them does not happen. */
        about = mem_format("organisation %s: %s", name, reason);
        if (audit_add(guard_home(), &e, &why) != 0)
                reply_failure(rq, re, "audit log cannot be written", &why);
        else if (admin_log(rq, re, "glass.broken", about, NULL) == 0) {
                if (glass_break(org, v->token, v->who, reason, &why) == PERSON_DONE)
                        admin_go(rq, re, "?said=glass");
                else
                        reply_failure(rq, re, "glass cannot be broken", &why);
        }
        mem_free(about);
}

const struct route admin_host_routes[] = {
        { "GET", "-", host, 0, false, HOSTS },
        { "POST", "-/orgs/{name}/glass", break_glass, ADMIN_FORM_MAX, false, HOSTS },
        { NULL, NULL, NULL, 0, false, NULL },
};
