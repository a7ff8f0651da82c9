/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a platform offers: read when it is wanted, kept, chosen from. */
#include "home/catalog.h"

#include <string.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/event.h"
#include "worker_fake.h"

static int64_t now(void)
{
        return when_now_ms() + fake->clock_ms;
}

/* What is known, as ids: "T1 T2 T3". */
static void offers(struct fake_home *f, int found, const char *want, const char *name)
{
        struct fail why = FAIL_CLEAR;
        struct buf ids = BUF_NONE;
        json_t *tests = NULL;

        tap_int(catalog_read(f->home, f->org, "cs", now(), &tests, &why), found, "%s", name);
        for (size_t i = 0; i < json_array_size(tests); i++)
                buf_format(&ids, "%s%s", i > 0 ? " " : "",
                           json_get_text(json_array_get(tests, i), "id", "?"));
        tap_text(buf_text(&ids), want, "%s: which", name);
        buf_dispose(&ids);
        json_decref(tests);
}

static void test_reading(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;

        fake_home_make(&f);
        offers(&f, 0, "", "never read");
        offers(&f, 0, "", "asked for a second time");
        tap_int((int64_t)fake_open_actions(f.org), 1, "one reading is ordered");
        fake_tick(&f);
        tap_int(fake->calls[CALL_LIST_TESTS], 1, "the worker reads once");
        offers(&f, 1, "T1 T2 T3", "known");
        fake_tick(&f);
        tap_int(fake->calls[CALL_LIST_TESTS], 1, "what is fresh is not read again");
        fake->clock_ms += CATALOG_FRESH_MS + 1000;
        offers(&f, 1, "T1 T2 T3", "old: answered all the same");
        fake_tick(&f);
        tap_int(fake->calls[CALL_LIST_TESTS], 2, "and read again in the background");
        tap_int(catalog_order(f.home, f.org, "cs", now(), &why), 0, "ordered: %s", why.text);
        tap_int(catalog_order(f.home, f.org, "cs", now(), &why), 0, "twice: %s", why.text);
        fake_tick(&f);
        tap_int(fake->calls[CALL_LIST_TESTS], 3, "read once");
        fake_home_close(&f);
}

static void test_trouble(void)
{
        struct fake_home f;

        fake_home_make(&f);
        offers(&f, 0, "", "never read");
        fake->script[CALL_LIST_TESTS].times = 1000;
        fake->script[CALL_LIST_TESTS].kind = OUTCOME_AGAIN;
        for (int i = 0; i < 30 && fake_open_actions(f.org) > 0; i++) {
                fake->clock_ms += WHEN_MINUTE;
                fake_tick(&f);
        }
        tap_int((int64_t)fake_open_actions(f.org), 0, "a platform that does not answer is left");
        tap_ok(fake->calls[CALL_LIST_TESTS] > 1 && fake->calls[CALL_LIST_TESTS] < 10,
               "after a few tries: %d", fake->calls[CALL_LIST_TESTS]);
        fake->script[CALL_LIST_TESTS].times = 0;
        offers(&f, 0, "", "asked again");
        fake_tick(&f);
        offers(&f, 1, "T1 T2 T3", "and it answers");
        fake_home_close(&f);
}

typedef int catalog_list(struct home *h, struct org *org, const char *ats, int64_t now_ms,
                         json_t **list, char **sentence, struct fail *why);

/* A list of a hiring system, by name and id: "Applied Coding test=2". */
static void lists(struct fake_home *f, catalog_list *read, int found, const char *want,
                  const char *sentence, const char *name)
{
        struct fail why = FAIL_CLEAR;
        struct buf names = BUF_NONE;
        json_t *stages = NULL;
        char *said = NULL;

        tap_int(read(f->home, f->org, "gh", now(), &stages, &said, &why), found, "%s", name);
        for (size_t i = 0; i < json_array_size(stages); i++) {
                const json_t *stage = json_array_get(stages, i);

                buf_format(&names, "%s%s", i > 0 ? " " : "", json_get_text(stage, "name", "?"));
                if (json_get_text(stage, "id", NULL) != NULL)
                        buf_format(&names, "=%s", json_get_text(stage, "id", ""));
        }
        tap_text(buf_text(&names), want, "%s: which", name);
        tap_text(said, sentence, "%s: what is said", name);
        buf_dispose(&names);
        json_decref(stages);
        mem_free(said);
}

static void stands(struct fake_home *f, int found, const char *want, const char *sentence,
                   const char *name)
{
        lists(f, catalog_stages, found, want, sentence, name);
}

static void works(struct fake_home *f, int found, const char *want, const char *sentence,
                  const char *name)
{
        lists(f, catalog_jobs, found, want, sentence, name);
}

static void test_stages(void)
{
        static const char denied[] = "The credential may not list the stages of all jobs.";
        static const char all[] = "Applied Coding test=2";
        struct fake_home f;
        json_t *health;

        fake_home_make(&f);
        stands(&f, 0, "", NULL, "never read");
        fake_tick(&f);
        tap_int(fake->calls[CALL_LIST_STAGES], 1, "the worker reads once");
        stands(&f, 1, all, NULL, "known, each name once");
        fake->clock_ms += CATALOG_FRESH_MS + 1000;
        fake->script[CALL_LIST_STAGES].times = 1000;
        fake->script[CALL_LIST_STAGES].kind = OUTCOME_DENIED;
        stands(&f, 1, all, NULL, "old: answered all the same");
        fake_tick(&f);
        tap_int((int64_t)fake_open_actions(f.org), 0, "a denial is the end of it");
        stands(&f, 1, all, denied, "what is known stays, and why it is old");
        health = fake_record(f.org, "health", "gh");
        tap_ok(!json_get_bool(health, "denied", false), "the light does not turn red by it");
        json_decref(health);
        fake->clock_ms += CATALOG_FRESH_MS + 1000;
        fake->script[CALL_LIST_STAGES].kind = OUTCOME_AGAIN;
        stands(&f, 1, all, denied, "asked again");
        for (int i = 0; i < 30 && fake_open_actions(f.org) > 0; i++) {
                fake->clock_ms += WHEN_MINUTE;
                fake_tick(&f);
        }
        stands(&f, 1, all, "The vendor is busy; it is tried again.", "a vendor that is down");
        fake->script[CALL_LIST_STAGES].times = 0;
        fake_home_close(&f);
}

/* Jobs likewise, and neither list is in the other's way. */
static void test_jobs(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;

        fake_home_make(&f);
        works(&f, 0, "", NULL, "never read");
        fake_tick(&f);
        tap_int(fake->calls[CALL_LIST_JOBS], 1, "the worker reads once");
        tap_int(fake->calls[CALL_LIST_STAGES], 0, "and what nobody asked for not at all");
        works(&f, 1, "Engineer Designer=18", NULL, "known, each name once");
        stands(&f, 0, "", NULL, "stages are not known by that");
        tap_int(catalog_order(f.home, f.org, "gh", now(), &why), 0, "both: %s", why.text);
        fake_tick(&f);
        tap_int(fake->calls[CALL_LIST_JOBS], 2, "jobs were read again");
        tap_int(fake->calls[CALL_LIST_STAGES], 1, "stages once, however often they are asked for");
        fake->clock_ms += CATALOG_FRESH_MS + 1000;
        fake->script[CALL_LIST_JOBS].times = 1000;
        fake->script[CALL_LIST_JOBS].kind = OUTCOME_DENIED;
        works(&f, 1, "Engineer Designer=18", NULL, "old: answered all the same");
        fake_tick(&f);
        works(&f, 1, "Engineer Designer=18", "The credential may not list the jobs.",
              "what is known stays, and why it is old");
        stands(&f, 1, "Applied Coding test=2", NULL, "stages are not blamed");
        fake->script[CALL_LIST_JOBS].times = 0;
        fake_home_close(&f);
}

static void test_told(void)
{
        struct fake_home f;

        fake_home_make(&f);
        fake_deliver(&f, "acme", "cs", TRUST_NOTICE,
                     "{\"fact\":\"tests\",\"subject\":\"T1\",\"identity\":\"t1\",\"detail\":{}}");
        fake_tick(&f);
        tap_int(fake->calls[CALL_LIST_TESTS], 1, "the platform says that its list changed: read");
        offers(&f, 1, "T1 T2 T3", "known");
        fake_home_close(&f);
}

static void test_choice(void)
{
        static const struct {
                const char *name, *selection, *want;
        } rows[] = {
                { "nothing", "[]", "" },
                { "all", "[\"*\"]", "T1 T2 T3" },
                { "an id", "[\"T2\"]", "T2" },
                { "ids in another order", "[\"T3\",\"T1\"]", "T1 T3" },
                { "a label, whatever its case", "[\"label:SCREENING\"]", "T1 T2" },
                { "a label and an id of it", "[\"label:Screening\",\"T1\"]", "T1 T2" },
                { "a label with no test", "[\"label:none\"]", "" },
                { "a label is no id", "[\"Screening\"]", "" },
                { "a title is no id", "[\"Frontend\"]", "" },
                { "an empty label", "[\"label:\"]", "" },
                { "no text", "[1,null,{}]", "" },
                { "no list", "{}", "" },
        };
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        json_t *tests = NULL;

        fake_home_make(&f);
        catalog_order(f.home, f.org, "cs", now(), &why);
        fake_tick(&f);
        tap_int(catalog_read(f.home, f.org, "cs", now(), &tests, &why), 1, "a list");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *selection =
                           json_parse(rows[i].selection, strlen(rows[i].selection), true, NULL),
                       *chosen = catalog_select(tests, selection);
                struct buf ids = BUF_NONE;

                for (size_t k = 0; k < json_array_size(chosen); k++)
                        buf_format(&ids, "%s%s", k > 0 ? " " : "",
                                   json_get_text(json_array_get(chosen, k), "id", "?"));
                tap_text(buf_text(&ids), rows[i].want, "chosen: %s", rows[i].name);
                buf_dispose(&ids);
                json_decref(chosen);
                json_decref(selection);
        }
        json_decref(tests);
        fake_home_close(&f);
}

int main(void)
{
        fake_start();
        test_reading();
        test_trouble();
        test_stages();
        test_jobs();
        test_told();
        test_choice();
        return tap_end();
}
