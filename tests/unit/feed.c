/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results feed and the reading of the past: nothing skipped, nothing twice, whoever dies. */
#include "home/feed.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/backfill.h"
#include "home/consumer.h"
#include "home/erase.h"
#include "home/records.h"
#include "worker_fake.h"

static json_t *page(struct fake_home *f, const char *after, unsigned limit)
{
        struct fail why = FAIL_CLEAR;
        json_t *got = NULL;

        if (feed_page(f->home, f->org, after, limit, &got, &why) != FEED_DONE)
                tap_ok(false, "a page after %s: %s", text_or(after, "nothing"), why.text);
        return got;
}

/* Reads on from a cursor in pages; "a,b,c" of the platform's ids.  *cursor is moved. */
static char *read_on(struct fake_home *f, char **cursor, unsigned limit)
{
        struct buf ids = BUF_NONE;
        bool more = true;

        buf_add_text(&ids, "");
        while (more) {
                json_t *got = page(f, *cursor, limit), *list = json_object_get(got, "results");

                for (size_t i = 0; i < json_array_size(list); i++)
                        buf_format(&ids, "%s%s", ids.len > 0 ? "," : "",
                                   json_get_text(json_array_get(list, i), "platform_session", "?"));
                more = json_get_bool(got, "has_more", false);
                mem_free(*cursor);
                *cursor = mem_text(json_get_text(got, "cursor", NULL));
                json_decref(got);
        }
        return buf_take(&ids);
}

static void is_next(struct fake_home *f, char **cursor, unsigned limit, const char *want,
                    const char *name)
{
        char *got = read_on(f, cursor, limit);

        tap_text(got, want, "%s", name);
        mem_free(got);
}

static void add_past(const char *id, const char *test, const char *state, double score)
{
        struct fake_session *s = &fake->sessions[fake->session_count++];

        *s = (struct fake_session){ .score = score };
        snprintf(s->id, sizeof s->id, "%s", id);
        snprintf(s->test, sizeof s->test, "%s", test);
        snprintf(s->email, sizeof s->email, "%s@x.example", id);
        snprintf(s->state, sizeof s->state, "%s", state);
        strcpy(s->verification, "none");
}

static void test_feed(void)
{
        struct fake_home f;
        struct fake_session *s;
        struct fail why = FAIL_CLEAR;
        struct worker_options options;
        struct plan plan;
        char *cursor = NULL, *own;
        json_t *got, *row;

        fake_home_make(&f);
        options = fake_options(&f);
        is_next(&f, &cursor, 10, "", "an empty feed");
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        is_next(&f, &cursor, 10, "", "who was only invited has no result");
        s = fake_session("S1");
        strcpy(s->state, "complete");
        s->score = 81;
        fake_told(&f, "S1", "finished", "", "s1");
        fake_tick(&f);
        got = page(&f, NULL, 10);
        row = json_array_get(json_object_get(got, "results"), 0);
        tap_int((int64_t)json_array_size(json_object_get(got, "results")), 1, "one result");
        tap_text(json_get_text(row, "session", NULL), "cs:S1", "its session");
        tap_text(json_get_text(row, "application", NULL), "gh:17", "its application");
        tap_int(json_get_int(row, "score.value", 0), 81, "its score");
        tap_int(json_get_int(row, "score.most", 0), 100, "with its scale");
        tap_ok(json_at(row, "score.version") != NULL, "its version");
        tap_ok(json_at(row, "score.verification") != NULL, "its verification");
        own = mem_text(json_get_text(row, "cursor", NULL));
        tap_text(json_get_text(got, "cursor", NULL), own, "the last one's cursor is the page's");
        json_decref(got);
        is_next(&f, &cursor, 10, "S1", "read on from the empty feed's cursor");
        is_next(&f, &cursor, 10, "", "and nothing is there twice");
        s->score = 82;
        fake_told(&f, "S1", "finished", "", "s2");
        fake_tick(&f);
        is_next(&f, &cursor, 10, "S1", "it changed: it comes again");
        mem_free(cursor);
        cursor = NULL;
        is_next(&f, &cursor, 10, "S1", "from the beginning it is there once");
        tap_int(feed_result(f.home, f.org, "cs:S1", &got, &why), 1, "alone");
        tap_int(json_get_int(got, "score.value", 0), 82, "as it is now");
        json_decref(got);
        tap_int(feed_result(f.home, f.org, "cs:nope", &got, &why), 0, "one that is not there");
        plan_init(&plan);
        tap_int(erase_application(&plan, &options.trade, f.org, "gh:17", &why), 0, "erased: %s",
                why.text);
        tap_int(plan_commit(&plan, f.org, &why), 0, "for good");
        plan_dispose(&plan);
        got = page(&f, cursor, 10);
        row = json_array_get(json_object_get(got, "results"), 0);
        tap_text(json_get_text(row, "state", NULL), "erased", "readers hear of it");
        tap_ok(json_at(row, "candidate") == NULL && json_at(row, "score") == NULL,
               "and of nothing else");
        json_decref(got);
        tap_int(feed_result(f.home, f.org, "cs:S1", &got, &why), 2, "alone it is gone");
        mem_free(cursor);
        mem_free(own);
        fake_home_close(&f);
}

static void test_cursor(void)
{
        struct fake_home f, other;
        struct fail why = FAIL_CLEAR;
        uint64_t number;
        json_t *got = NULL;
        char *good, *theirs;

        fake_home_make(&f);
        good = feed_cursor(f.home, "acme", 17);
        tap_int(feed_cursor_read(f.home, "acme", good, &number), 0, "ours: %s", good);
        tap_int((int64_t)number, 17, "says where");
        tap_int(feed_cursor_read(f.home, "other", good, &number), -1, "not another org's");
        tap_int(feed_page(f.home, f.org, good, 5, &got, &why), FEED_AHEAD,
                "ahead of a feed that was restored");
        {
                static const char *const bad[] = { "0",
                                                   "-",
                                                   "17-",
                                                   "17-000000000000",
                                                   "x-000000000000",
                                                   "-1-000000000000",
                                                   "99999999999999999999-0",
                                                   "17 -000000000000" };

                for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                        tap_int(feed_page(f.home, f.org, bad[i], 5, &got, &why), FEED_CURSOR,
                                "no cursor: %s", bad[i]);
        }
        fake_home_make(&other);
        theirs = feed_cursor(other.home, "acme", 17);
        tap_ok(!text_equal(good, theirs), "nor another home's");
        mem_free(good);
        mem_free(theirs);
        fake_home_close(&other);
        fake_home_close(&f);
}

#define PAST 20

static void plant_past(void)
{
        char id[16];

        for (int i = 1; i <= PAST; i++) {
                snprintf(id, sizeof id, "P%d", i);
                add_past(id, i % 2 ? "T1" : "T2", i == 4 ? "started" : "complete", i);
        }
}

static int64_t count_of(struct fake_home *f, const char *member)
{
        json_t *record = fake_record(f->org, "backfill", "cs");
        int64_t n = json_get_int(record, member, -1);

        json_decref(record);
        return n;
}

/* How often each of the past stands in the feed: true when each exactly once. */
static bool all_once(struct fake_home *f)
{
        char *cursor = NULL, *ids = read_on(f, &cursor, 3), *listed = mem_format(",%s,", ids);
        bool good = true;

        for (int i = 1; i <= PAST; i++) {
                char *one = mem_format(",P%d,", i);
                const char *at = strstr(listed, one);

                good = good && (i == 4 ? at == NULL : at != NULL && strstr(at + 1, one) == NULL);
                mem_free(one);
        }
        if (!good)
                tap_note("the feed: %s", ids);
        mem_free(listed);
        mem_free(ids);
        mem_free(cursor);
        return good;
}

static void test_backfill(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        struct trade trade;
        int started = 0;
        json_t *list = NULL;

        fake_home_make(&f);
        trade = fake_options(&f).trade;
        plant_past();
        tap_int(backfill_start_new(&trade, f.org, &started, &why), 0, "no consumer: %s", why.text);
        tap_int(started, 0, "nothing is started");
        fake_connection(f.home, f.org, "endorsed", "consumer");
        tap_int(backfill_start_new(&trade, f.org, &started, &why), 0, "a consumer: %s", why.text);
        tap_int(started, 1, "the platform's past is wanted");
        tap_int(backfill_start_new(&trade, f.org, &started, &why), 0, "again");
        tap_int(started, 0, "once");
        tap_int(backfill_start(&trade, f.org, "cs", &why), 0, "it is under way");
        tap_int(backfill_start(&trade, f.org, "gh", &why), -1, "not of an ATS: %s", why.text);
        fail_clear(&why);
        fake_tick(&f);
        tap_int(count_of(&f, "seen"), PAST, "all were seen");
        tap_int(count_of(&f, "added"), PAST - 1, "all but the open one added");
        tap_ok(all_once(&f), "each is in the feed once");
        tap_int(fake->note_count, 0, "no ATS hears of the past");
        tap_int(fake_open_actions(f.org) == 0, 1, "no consumer either");
        tap_int(backfill_list(&trade, f.org, &list, &why), 0, "listed: %s", why.text);
        tap_int((int64_t)json_array_size(list), 1, "the one platform that can");
        tap_text(json_get_text(json_array_get(list, 0), "state", NULL), "done", "done");
        tap_int(json_get_int(json_array_get(list, 0), "percent", 0), 100, "all of it");
        json_decref(list);
        tap_int(backfill_stop(f.org, "cs", &why), 0, "there is nothing to stop");
        tap_int(backfill_start(&trade, f.org, "cs", &why), 1, "once more");
        tap_int(backfill_stop(f.org, "cs", &why), 1, "stopped");
        fake_tick(&f);
        tap_int(count_of(&f, "seen"), 0, "before it began");
        tap_int(backfill_start(&trade, f.org, "cs", &why), 1, "from the beginning");
        fake->script[CALL_LIST_SESSIONS].times = 2;
        fake->script[CALL_LIST_SESSIONS].kind = OUTCOME_AGAIN;
        fake_tick(&f);
        tap_int(count_of(&f, "seen"), PAST, "past two failures");
        tap_int(count_of(&f, "added"), 0, "nothing is new");
        tap_ok(all_once(&f), "each is in the feed once");
        fake_home_close(&f);
}

static int child_tick(struct fake_home *f, int die_at)
{
        pid_t pid;
        int status = 0;

        fake->steps = 0;
        fake->die_at = die_at;
        fake->at_once = 0;
        pid = fork();
        if (pid == 0) {
                alarm(30);
                f->home = NULL;
                fake_home_reopen(f);
                fake_tick(f);
                _exit(0);
        }
        waitpid(pid, &status, 0);
        fake->die_at = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_kills(void)
{
        int killed = 0, wrong = 0;
        bool dies = true;

        for (int n = 1; dies; n += 7) {
                struct fake_home f;
                struct fail why = FAIL_CLEAR;
                struct trade trade;

                fake_home_make(&f);
                trade = fake_options(&f).trade;
                plant_past();
                fake_connection(f.home, f.org, "endorsed", "consumer");
                backfill_start(&trade, f.org, "cs", &why);
                home_close(f.home);
                f.home = NULL;
                dies = child_tick(&f, n) == 77;
                killed += dies;
                child_tick(&f, 0);
                fake_home_reopen(&f);
                wrong += !all_once(&f);
                fake_home_close(&f);
        }
        tap_ok(killed >= 5, "killed at %d points of the reading", killed);
        tap_int(wrong, 0, "each time all of the past stands in the feed once");
}

int main(void)
{
        fake_start();
        test_feed();
        test_cursor();
        test_backfill();
        test_kills();
        return tap_end();
}
