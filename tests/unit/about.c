/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which events speak of whom: forgotten with them, and not for longer than events are kept. */
#include "home/about.h"

#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "floor/mem.h"
#include "home/records.h"
#include "worker_fake.h"

static struct fake_home f;

static json_t *whom(const char *a, const char *b)
{
        json_t *list = json_array();

        json_add(list, json_new_text(a, strlen(a)));
        if (b != NULL)
                json_add(list, json_new_text(b, strlen(b)));
        return list;
}

static int take(const char *connection, const char *a, const char *b, uint64_t number)
{
        json_t *list = whom(a, b);
        struct fail why = FAIL_CLEAR;
        struct plan p;
        int gone;

        plan_init(&p);
        gone = about_take(&p, f.org, connection, list, number, &why);
        tap_int(plan_commit(&p, f.org, &why), 0, "event %d: %s", (int)number, why.text);
        plan_dispose(&p);
        json_decref(list);
        return gone;
}

/* Numbers of events about somebody: "1 2 gone", "none". */
static const char *known(const char *connection, const char *name)
{
        static char text[8000];
        char *key = record_digest(connection, name);
        json_t *record = NULL;
        size_t len = 0;

        strcpy(text, "none");
        if (record_get(f.org, "about", key, &record, NULL) == 1) {
                const json_t *events = json_object_get(record, "events");

                *text = '\0';
                for (size_t i = 0; i < json_array_size(events); i++)
                        len += (size_t)snprintf(text + len, sizeof text - len, "%s%d",
                                                i == 0 ? "" : " ",
                                                (int)json_int_of(json_array_get(events, i), 0));
                if (json_get_bool(record, "gone", false))
                        snprintf(text + len, sizeof text - len, " gone");
        }
        json_decref(record);
        mem_free(key);
        return text;
}

static void leave(const char *name, const char *into, uint64_t number)
{
        struct fail why = FAIL_CLEAR;
        struct plan p;

        plan_init(&p);
        tap_int(into == NULL ? about_erase(&p, f.org, "gh", name, number, &why)
                             : about_merge(&p, f.org, "gh", name, into, number, &why),
                0, "%s leaves: %s", name, why.text);
        tap_int(plan_commit(&p, f.org, &why), 0, "%s has left: %s", name, why.text);
        plan_dispose(&p);
}

static void drop(const char *a, const char *b, uint64_t number)
{
        json_t *list = whom(a, b);
        struct batch *batch = batch_new();
        struct fail why = FAIL_CLEAR;

        tap_int(about_drop(batch, f.org, "gh", list, number, &why), 0, "pruned: %s", why.text);
        if (!batch_empty(batch))
                tap_int(store_commit(f.org->store, batch, &why), 0, "committed: %s", why.text);
        batch_free(batch);
        json_decref(list);
}

static void test_misuse(void)
{
        struct fail why = FAIL_CLEAR;
        struct plan p;

        plan_init(&p);
        tap_int(about_take(&p, f.org, "gh", NULL, 1, &why), 0, "an event about nobody");
        tap_ok(batch_empty(p.batch), "leaves nothing");
        plan_dispose(&p);
        drop("candidate:0", NULL, 1);
        tap_text(known("gh", "candidate:0"), "none", "nobody is known before");
}

static void test_life(void)
{
        tap_int(take("gh", "candidate:1", "application:9", 1), 0, "one comes");
        tap_int(take("gh", "candidate:1", NULL, 2), 0, "and another");
        tap_int(take("gh", "candidate:1", NULL, 2), 0, "the same again");
        tap_int(take("other", "candidate:1", NULL, 3), 0, "another system has such an id, too");
        tap_text(known("gh", "candidate:1"), "1 2", "both are known");
        leave("candidate:1", NULL, 4);
        tap_text(known("gh", "candidate:1"), "1 2 4 gone", "the farewell is remembered");
        tap_text(known("other", "candidate:1"), "3", "of this one only");
        tap_int(take("gh", "application:9", "candidate:1", 5), 1, "what comes late is told");
        tap_int(take("gh", "application:9", NULL, 6), 0, "an application of somebody else");
        drop("candidate:1", "application:9", 1);
        tap_text(known("gh", "candidate:1"), "1 2 4 5 gone", "the oldest is pruned: it stays");
        drop("candidate:1", NULL, 5);
        tap_text(known("gh", "candidate:1"), "none", "the last is pruned: nothing is left");
        tap_text(known("gh", "application:9"), "1 5 6", "of this person");
        leave("candidate:7", NULL, 7);
        tap_int(take("gh", "candidate:7", NULL, 8), 1, "one of whom nothing was known");
}

static void test_merge(void)
{
        take("gh", "candidate:20", NULL, 20);
        take("gh", "candidate:21", NULL, 21);
        leave("candidate:20", "candidate:21", 22);
        tap_text(known("gh", "candidate:21"), "21 20 22", "merged: they are of the one who stays");
        leave("candidate:25", "candidate:26", 23);
        tap_text(known("gh", "candidate:26"), "23", "merged, with nothing known of either");

        tap_int(take("gh", "candidate:20", NULL, 24), 0, "one about the first comes late");
        tap_text(known("gh", "candidate:21"), "21 20 22 24", "it is of the one who stays");
        leave("candidate:21", "candidate:22", 25);
        tap_int(take("gh", "candidate:20", NULL, 26), 0, "merged on");
        tap_text(known("gh", "candidate:22"), "21 20 22 24 25 26", "so are those of both");
        leave("candidate:22", NULL, 27);
        tap_int(take("gh", "candidate:20", NULL, 28), 1, "who is gone is gone under each name");
        tap_int(take("gh", "candidate:21", NULL, 29), 1, "under the second, too");
        leave("candidate:28", "candidate:22", 30);
        tap_int(take("gh", "candidate:28", NULL, 31), 1, "merged into one who is gone");
        leave("candidate:20", "candidate:20", 32);
        leave("candidate:22", "candidate:20", 33);
        tap_int(take("gh", "candidate:20", NULL, 34), 1, "a ring of merges ends");
        for (uint64_t n = 20; n <= 34; n++) {
                drop("candidate:20", "candidate:21", n);
                drop("candidate:28", NULL, n);
        }
        tap_text(known("gh", "candidate:20"), "none", "pruned: nothing is left of the first");
        tap_text(known("gh", "candidate:22"), "none", "nor of the last");
}

static void test_ceiling(void)
{
        struct fail why = FAIL_CLEAR;
        json_t *list = whom("candidate:30", NULL);
        size_t count;
        char *key = record_digest("gh", "candidate:30");
        json_t *record = NULL;

        for (uint64_t n = 1000; n < 1510; n++) {
                struct plan p;

                plan_init(&p);
                if (about_take(&p, f.org, "gh", list, n, &why) != 0 ||
                    plan_commit(&p, f.org, &why) != 0)
                        tap_ok(false, "many: %s", why.text);
                plan_dispose(&p);
        }
        record_get(f.org, "about", key, &record, &why);
        count = json_array_size(json_object_get(record, "events"));
        tap_int((int64_t)count, 500, "no more than a batch can hold");
        tap_int(json_get_int(record, "events.0", 0), 1010, "the last ones");
        json_decref(record);
        json_decref(list);
        mem_free(key);
}

int main(void)
{
        fake_start();
        fake_home_make(&f);
        test_misuse();
        test_life();
        test_merge();
        test_ceiling();
        fake_home_close(&f);
        return tap_end();
}
