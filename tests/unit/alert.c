/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts: what stands, what is over, what is worth telling. */
#include <string.h>

#include "../tap.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/when.h"
#include "home/alert.h"
#include "home/records.h"

#define T0 INT64_C(1790000000000)

static struct home *home;
static struct org *org;

static int raise_one(const char *about, const char *mark, bool news, int64_t at)
{
        struct alert a = { .topic = "pausing",
                           .about = about,
                           .connection = about,
                           .title = "Deliveries fail",
                           .sentence = "Look at it.",
                           .mark = mark,
                           .news = news };
        struct fail why = FAIL_CLEAR;

        return alert_raise(home, org, &a, at, &why);
}

static json_t *first(void)
{
        struct fail why = FAIL_CLEAR;
        json_t *list = NULL, *row;

        if (alert_list(org, &list, &why) != 0)
                return NULL;
        row = json_incref(json_array_get(list, 0));
        json_decref(list);
        return row;
}

static uint64_t untold(void)
{
        uint64_t count = 99;

        store_set_count(org->store, "untold-alerts", &count, NULL);
        return count;
}

/* What the worker does once everybody heard. */
static void all_told(void)
{
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();
        json_t *list = NULL, *row;
        size_t i;

        alert_list(org, &list, &why);
        json_array_foreach(list, i, row)
        {
                char *key =
                    record_digest(json_get_text(row, "topic", ""), json_get_text(row, "about", ""));

                batch_leave(b, "untold-alerts", key);
                mem_free(key);
        }
        store_commit(org->store, b, &why);
        batch_free(b);
        json_decref(list);
}

static void test_life(void)
{
        struct fail why = FAIL_CLEAR;
        json_t *row;

        tap_int(alert_stands(org, "pausing", "endorsed", &why), 0, "nothing stands at first");
        tap_int(alert_over(home, org, "pausing", "endorsed", "Well", "It is.", T0, &why), 0,
                "nothing can be over");
        tap_int((int64_t)untold(), 0, "and nobody is told");
        tap_int(raise_one("endorsed", "50", false, T0), 0, "raised");
        tap_int(alert_stands(org, "pausing", "endorsed", &why), 1, "it stands");
        tap_int(alert_stands(org, "pausing", "other", &why), 0, "about this one only");
        tap_int((int64_t)untold(), 1, "to be told");
        all_told();
        tap_int(raise_one("endorsed", "50", false, T0 + 5 * WHEN_MINUTE), 0, "raised again");
        tap_int((int64_t)untold(), 0, "no news");
        row = first();
        tap_int(json_get_int(row, "count", 0), 2, "counted");
        tap_int(json_get_int(row, "since_ms", 0), T0, "since the first");
        json_decref(row);
        tap_int(raise_one("endorsed", "50", false, T0 + 5 * WHEN_MINUTE + 1), 0, "at once again");
        row = first();
        tap_int(json_get_int(row, "count", 0), 2, "not written for nothing");
        json_decref(row);
        tap_int(raise_one("endorsed", "70", false, T0 + 5 * WHEN_MINUTE + 2), 0, "further");
        tap_int((int64_t)untold(), 1, "to be told again");
        all_told();
        tap_int(alert_over(home, org, "pausing", "endorsed", "Well again", "It is.", T0 + WHEN_HOUR,
                           &why),
                1, "over");
        tap_int((int64_t)untold(), 1, "which is told");
        row = first();
        tap_text(json_get_text(row, "state", ""), "over", "and listed as over");
        tap_text(json_get_text(row, "title", ""), "Well again", "with the good news");
        json_decref(row);
        all_told();
        tap_int(raise_one("endorsed", "50", false, T0 + 2 * WHEN_HOUR), 0, "raised anew");
        row = first();
        tap_int(json_get_int(row, "since_ms", 0), T0 + 2 * WHEN_HOUR, "it begins anew");
        tap_int(json_get_int(row, "count", 0), 1, "and counts anew");
        json_decref(row);
        tap_int(alert_over(home, org, "pausing", "endorsed", NULL, NULL, T0 + 3 * WHEN_HOUR, &why),
                1, "over without a word");
}

static void test_news(void)
{
        struct fail why = FAIL_CLEAR;
        json_t *row, *list = NULL;
        char long_title[ALERT_TITLE_MAX * 2 + 1];
        struct alert a = { .topic = "odd", .title = long_title, .sentence = "" };

        all_told();
        tap_int(raise_one("gh", NULL, true, T0 + WHEN_DAY), 0, "an incident");
        tap_int(alert_stands(org, "pausing", "gh", &why), 0, "does not stand");
        tap_int((int64_t)untold(), 1, "and is told");
        all_told();
        tap_int(raise_one("gh", NULL, true, T0 + WHEN_DAY), 0, "another at the same moment");
        tap_int((int64_t)untold(), 1, "is told, too");
        row = first();
        tap_text(json_get_text(row, "state", ""), "news", "as news");
        tap_int(json_get_int(row, "count", 0), 2, "the second");
        json_decref(row);
        tap_int(alert_over(home, org, "pausing", "gh", "Well", "", T0 + WHEN_DAY, &why), 0,
                "news are never over");

        memset(long_title, 'x', sizeof long_title - 1);
        long_title[sizeof long_title - 1] = '\0';
        tap_int(alert_raise(home, org, &a, T0, &why), 0, "a title that is too long");
        tap_int(alert_list(org, &list, &why), 0, "listed");
        row = json_array_get(list, 0);
        tap_text(json_get_text(row, "topic", ""), "odd", "what stands comes first, however old");
        tap_int((int64_t)strlen(json_get_text(row, "title", "")), ALERT_TITLE_MAX, "cut");
        tap_int(json_get_int(row, "told_ms", -1), 0, "nobody was told");
        json_decref(list);
}

/* Either both stand, or neither. */
static void test_plan(void)
{
        struct alert a = { .topic = "parked", .about = "cs", .title = "T", .sentence = "S" };
        struct fail why = FAIL_CLEAR;
        struct plan p;

        plan_init(&p);
        tap_int(alert_plan(&p, org, &a, T0, &why), 0, "planned");
        tap_ok(p.alerts, "the plan says that somebody is to be told");
        tap_int(alert_stands(org, "parked", "cs", &why), 0, "nothing stands before the commit");
        batch_require_same(p.batch, "org", "none", "x", 1);
        tap_int(plan_commit(&p, org, &why), -1, "a plan that fails");
        plan_dispose(&p);
        tap_int(alert_stands(org, "parked", "cs", NULL), 0, "takes its alert with it");
}

int main(void)
{
        char *dir = tap_dir(), *path = file_path(dir, "home");
        struct fail why = FAIL_CLEAR;
        bool made;

        tap_int(home_create(path, &made, &why), 0, "home: %s", why.text);
        tap_int(home_open(&home, path, &why), 1, "open: %s", why.text);
        tap_int(home_create_org(home, "acme", &org, &why), 0, "org: %s", why.text);
        test_life();
        test_news();
        test_plan();
        home_close(home);
        mem_free(path);
        mem_free(dir);
        return tap_end();
}
