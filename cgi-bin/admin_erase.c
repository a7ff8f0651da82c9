/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: a candidate's data goes: now, or after so many days without a word. */
#include "admin.h"
#include "admin_pages.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/erase.h"
#include "home/forget.h"

#define WEIGHED_MAX 10000 /* candidates' things that a look at what is too old counts */

static void set_weight(json_t *view, const struct forget_weight *w)
{
        json_t *row = json_object();

        json_set_int(row, "applications", (int64_t)w->applications);
        json_set_int(row, "sessions", (int64_t)w->sessions);
        json_set_int(row, "results", (int64_t)w->results);
        json_set_int(row, "interviews", (int64_t)w->interviews);
        json_set_int(row, "events", (int64_t)w->events);
        json_set_int(row, "notes", (int64_t)w->notes);
        json_set_int(row, "orders", (int64_t)w->orders);
        json_set_int(row, "written", (int64_t)w->written);
        json_set(view, "weight", row);
}

static void go_on(struct request *rq, struct reply *re, const char *after)
{
        struct buf key = BUF_NONE;

        code_url(&key, request_segment(rq, "key"));
        admin_go(rq, re, "candidates/%s%s", buf_text(&key), after);
        buf_dispose(&key);
}

/* True when the application in the path holds data; otherwise the reply is made. */
static bool is_held(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;

        switch (forget_state(admin_visitor(rq)->org, request_segment(rq, "key"), &why)) {
        case FORGET_HELD:
                return true;
        case FORGET_GOING:
        case FORGET_GONE:
                go_on(rq, re, "/erased");
                return false;
        case FORGET_UNKNOWN:
                reply_problem(rq, re, 404, "There is no such candidate here.");
                return false;
        default:
                reply_failure(rq, re, "candidate cannot be read", &why);
                return false;
        }
}

/* What would go, in numbers and as a stamp: 0, or the reply is made and -1. */
static int weigh(struct request *rq, struct reply *re, json_t **found, struct forget_weight *weight,
                 char **stamp)
{
        struct org *org = admin_visitor(rq)->org;
        struct fail why = FAIL_CLEAR;
        int result;

        *found = NULL;
        if (!is_held(rq, re))
                return -1;
        result = forget_find(org, request_segment(rq, "key"), found, &why);
        if (result == 1 && forget_weigh(org, *found, weight, &why) == 0) {
                *stamp = forget_stamp(*found, weight);
                return 0;
        }
        if (result == 0) /* gone since the look above */
                go_on(rq, re, "/erased");
        else
                reply_failure(rq, re, "candidate's data cannot be counted", &why);
        json_decref(*found);
        return -1;
}

static json_t *application_rows(const json_t *found)
{
        json_t *list = json_array(), *key, *row;
        size_t i;

        json_array_foreach(json_object_get(found, "applications"), i, key)
        {
                const char *text = json_text_of(key, "");
                char *ats = dossier_connection(text);

                row = json_object();
                json_set_text(row, "id", dossier_id(text));
                json_set_text(row, "ats", ats);
                json_add(list, row);
                mem_free(ats);
        }
        return list;
}

static void show_confirm(struct request *rq, struct reply *re, int status, const json_t *found,
                         const struct forget_weight *weight, const char *stamp)
{
        const char *key = request_segment(rq, "key");
        struct application a;
        struct fail why = FAIL_CLEAR;
        struct buf href = BUF_NONE;
        json_t *record = NULL, *view;
        char *name;

        if (dossier_application(admin_visitor(rq)->org, key, &record, &a, &why) != 1) {
                reply_failure(rq, re, "candidate cannot be read", &why);
                return;
        }
        view = json_object();
        name = mem_format("%s %s", text_or(a.first_name, ""), text_or(a.last_name, ""));
        code_url(&href, key);
        json_set_text(view, "name", text_or(text_trim(name), text_or(a.email, dossier_id(key))));
        json_set_text(view, "email", a.email);
        json_set_text(view, "href", buf_text(&href));
        json_set_text(view, "stamp", stamp);
        json_set_bool(view, "changed", status == 409);
        json_set(view, "found", application_rows(found));
        set_weight(view, weight);
        admin_page(rq, re, status, "candidate-erase", view, "Erase a candidate's data",
                   "candidates");
        mem_free(name);
        buf_dispose(&href);
        application_dispose(&a);
        json_decref(record);
}

static void erase_form(struct request *rq, struct reply *re)
{
        struct forget_weight weight;
        json_t *found;
        char *stamp;

        if (weigh(rq, re, &found, &weight, &stamp) != 0)
                return;
        show_confirm(rq, re, 200, found, &weight, stamp);
        json_decref(found);
        mem_free(stamp);
}

/* Also what was done before it failed is written down. */
static void erase_found(struct request *rq, struct reply *re, const json_t *found)
{
        const struct trade trade = admin_trade();
        struct fail why = FAIL_CLEAR;
        struct forget_count count;
        int result = forget_all(&trade, admin_visitor(rq)->org, found, false, &count, &why);
        char *about = mem_format("candidate %s", request_segment(rq, "key"));
        json_t *detail = forget_show(&count);

        if (admin_log(rq, re, "candidate.erased", about, detail) == 0) {
                if (result != 0)
                        reply_failure(rq, re, "candidate's data cannot be erased", &why);
                else
                        go_on(rq, re, "/erased");
        }
        json_decref(detail);
        mem_free(about);
}

static void erase(struct request *rq, struct reply *re)
{
        struct forget_weight weight;
        json_t *found;
        char *stamp;

        if (weigh(rq, re, &found, &weight, &stamp) != 0)
                return;
        if (text_equal(request_form(rq, "stamp"), stamp))
                erase_found(rq, re, found);
        else
                show_confirm(rq, re, 409, found, &weight, stamp);
        json_decref(found);
        mem_free(stamp);
}

/* Looks anew each time: what it says is so. */
static void erased(struct request *rq, struct reply *re)
{
        const char *key = request_segment(rq, "key");
        struct fail why = FAIL_CLEAR;
        enum forget_state state = forget_state(admin_visitor(rq)->org, key, &why);
        json_t *record = NULL, *view;
        char *ats;

        if (state == FORGET_BROKEN ||
            dossier_application(admin_visitor(rq)->org, key, &record, NULL, &why) < 0) {
                reply_failure(rq, re, "candidate cannot be read", &why);
        } else if (state == FORGET_UNKNOWN) {
                reply_problem(rq, re, 404, "There is no such candidate here.");
        } else if (state == FORGET_HELD) {
                go_on(rq, re, "");
        } else {
                ats = dossier_connection(key);
                view = json_object();
                json_set_text(view, "id", dossier_id(key));
                json_set_text(view, "ats", ats);
                json_set_bool(view, "going", state == FORGET_GOING);
                json_set_bool(view, "final", erase_is_final(record));
                admin_page(rq, re, 200, "candidate-erased", view, "Erased", "candidates");
                mem_free(ats);
        }
        json_decref(record);
}

/* --- after so many days --------------------------------------------------------------------- */

struct keeping {
        int64_t now, days; /* that stand; that are asked about */
        const char *typed; /* NULL: those that stand */
        const char *fault;
        bool moved, weighed, more;
        struct forget_weight weight;
};

static void show_keeping(struct request *rq, struct reply *re, int status, const struct keeping *k)
{
        json_t *view = json_object();
        char *now = mem_format("%lld", (long long)k->now);

        json_set_text(view, "stamp", now);
        json_set_text(view, "days", text_or(k->typed, now));
        json_set_int(view, "most", FORGET_DAYS_MAX);
        json_set_text(view, "kept", k->now == 0 ? NULL : now);
        json_set_text(view, "fault", k->fault);
        json_set_bool(view, "moved", k->moved);
        json_set_bool(view, "weighed", k->weighed);
        json_set_bool(view, "never", k->days == 0);
        json_set_bool(view, "more", k->more);
        if (k->weighed)
                set_weight(view, &k->weight);
        admin_page(rq, re, status, "retention", view, "How long data is kept", "candidates");
        mem_free(now);
}

/* The days that stand: 0, or the reply is made and -1. */
static int read_keeping(struct request *rq, struct reply *re, struct keeping *k)
{
        struct fail why = FAIL_CLEAR;

        *k = (struct keeping){ .now = forget_days(admin_visitor(rq)->org, &why) };
        if (k->now >= 0)
                return 0;
        reply_failure(rq, re, "retention cannot be read", &why);
        return -1;
}

/* What would go today after so many days: 0, -1. */
static int weigh_old(struct org *org, struct keeping *k, struct fail *why)
{
        json_t *found = NULL;
        int result = 0;

        if (k->days > 0) {
                result = forget_find_old(org, when_now_ms() - k->days * WHEN_DAY, WEIGHED_MAX,
                                         &found, &k->more, why);
                if (result == 0)
                        result = forget_weigh(org, found, &k->weight, why);
        }
        k->weighed = result == 0;
        json_decref(found);
        return result;
}

static void show_weighed(struct request *rq, struct reply *re, int status, struct keeping *k)
{
        struct fail why = FAIL_CLEAR;

        if (weigh_old(admin_visitor(rq)->org, k, &why) != 0)
                reply_failure(rq, re, "what would go cannot be counted", &why);
        else
                show_keeping(rq, re, status, k);
}

/* The number that was typed, into k: 0, or the reply is made and -1. */
static int read_typed(struct request *rq, struct reply *re, struct keeping *k, char *typed)
{
        text_cut(typed, 40);
        k->typed = text_trim(typed);
        if (text_int(k->typed, 0, FORGET_DAYS_MAX, &k->days) == 0)
                return 0;
        k->fault = "Give a whole number of days from 0 to 3650.";
        show_keeping(rq, re, 422, k);
        return -1;
}

/* With ?days=N: what that would erase, and the button that stores it. */
static void keeping(struct request *rq, struct reply *re)
{
        const char *asked = request_query(rq, "days");
        char *typed = mem_text(text_or(asked, ""));
        struct keeping k;

        if (read_keeping(rq, re, &k) == 0) {
                if (asked == NULL)
                        show_keeping(rq, re, 200, &k);
                else if (read_typed(rq, re, &k, typed) == 0)
                        show_weighed(rq, re, 200, &k);
        }
        mem_free(typed);
}

static void log_keeping(struct request *rq, struct reply *re, int64_t from, int64_t days)
{
        json_t *detail = json_object();

        json_set_int(detail, "retention_days", days);
        json_set_int(detail, "before", from);
        if (admin_log(rq, re, "retention.changed", NULL, detail) == 0)
                admin_go(rq, re, "retention?said=saved");
        json_decref(detail);
}

static void show_moved(struct request *rq, struct reply *re, const struct keeping *k)
{
        struct keeping fresh;

        if (read_keeping(rq, re, &fresh) != 0)
                return;
        fresh.days = k->days;
        fresh.typed = k->typed;
        fresh.moved = true;
        show_weighed(rq, re, 409, &fresh);
}

static void store_keeping(struct request *rq, struct reply *re, struct keeping *k)
{
        struct fail why = FAIL_CLEAR;
        int64_t from = -1;

        if (k->days == k->now) { /* pressed twice */
                admin_go(rq, re, "retention?said=saved");
                return;
        }
        if (text_int(text_or(request_form(rq, "stamp"), ""), 0, FORGET_DAYS_MAX, &from) != 0)
                from = -1;
        switch (forget_set_days(admin_visitor(rq)->org, (int)from, (int)k->days, &why)) {
        case 0:
                log_keeping(rq, re, from, k->days);
                break;
        case 1:
                show_moved(rq, re, k);
                break;
        default:
                reply_failure(rq, re, "retention cannot be stored", &why);
        }
}

static void change_keeping(struct request *rq, struct reply *re)
{
        char *typed = mem_text(text_or(request_form(rq, "days"), ""));
        struct keeping k;

        if (read_keeping(rq, re, &k) == 0 && read_typed(rq, re, &k, typed) == 0)
                store_keeping(rq, re, &k);
        mem_free(typed);
}

const struct route admin_erase_routes[] = {
        { "GET", "{org}/candidates/{key}/erase", erase_form, 0, false, ADMIN },
        { "POST", "{org}/candidates/{key}/erase", erase, ADMIN_FORM_MAX, false, ADMIN },
        { "GET", "{org}/candidates/{key}/erased", erased, 0, false, ADMIN },
        { "GET", "{org}/retention", keeping, 0, false, ADMIN },
        { "POST", "{org}/retention", change_keeping, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
