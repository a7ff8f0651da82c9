/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Consumers of an org: what reaches them, how often, and what becomes of the rest. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../tap.h"
#include "bridge/consumer.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/alert.h"
#include "home/consumer.h"
#include "home/erase.h"
#include "home/event.h"
#include "home/records.h"
#include "worker_fake.h"

#define CALLS_MAX 400

/* Receivers, one per host: what they answer, and what they got. */
static struct {
        pthread_mutex_t lock;
        struct {
                char url[120], id[60], signature[200], body[4000], custom[80];
        } calls[CALLS_MAX];
        int count;
        int status;       /* of "bad.example"; 200 elsewhere */
        int retry_after;  /* seconds */
        int slow_ms;      /* of "bad.example" */
        char accepts[65]; /* a signature; others are answered 401; "" all */
} got = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void take(char *to, size_t size, const struct fetch_request *request, const char *name)
{
        for (size_t i = 0; request->headers[i] != NULL; i++)
                if (text_starts(request->headers[i], name))
                        snprintf(to, size, "%s", request->headers[i] + strlen(name));
}

static int call(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
                struct fail *why)
{
        bool bad = strstr(request->url, "bad.example") != NULL;

        (void)link;
        (void)why;
        *answer = (struct fetch_answer){ .end = FETCH_ANSWERED, .status = 200 };
        if (bad && got.slow_ms > 0) {
                struct timespec t = { got.slow_ms / 1000, got.slow_ms % 1000 * 1000000L };

                nanosleep(&t, NULL);
        }
        pthread_mutex_lock(&got.lock);
        if (got.count < CALLS_MAX) {
                snprintf(got.calls[got.count].url, 120, "%s", request->url);
                snprintf(got.calls[got.count].body, 4000, "%.*s", (int)request->body_len,
                         (const char *)request->body);
                take(got.calls[got.count].id, 60, request, "webhook-id: ");
                take(got.calls[got.count].signature, 200, request, "webhook-signature: ");
                take(got.calls[got.count].signature, 200, request, "X-CodeSignal-Signature: ");
                take(got.calls[got.count].custom, 80, request, "X-Ashby-Api-Key: ");
                if (got.accepts[0] != '\0' &&
                    !text_equal(got.calls[got.count].signature, got.accepts))
                        answer->status = 401;
                got.count++;
        }
        if (bad)
                answer->status = got.status;
        if (bad && got.retry_after > 0)
                buf_format(&answer->headers, "Retry-After: %d\n", got.retry_after);
        pthread_mutex_unlock(&got.lock);
        return 0;
}

static int calls_to(const char *part)
{
        int count = 0;

        for (int i = 0; i < got.count; i++)
                count += strstr(got.calls[i].url, part) != NULL;
        return count;
}

static int told(const char *part, const char *word)
{
        int count = 0;

        for (int i = 0; i < got.count; i++)
                count += strstr(got.calls[i].url, part) != NULL &&
                         strstr(got.calls[i].body, word) != NULL;
        return count;
}

static void begin(struct fake_home *f)
{
        fake_home_make(f);
        got.count = 0;
        got.status = 200;
        got.retry_after = got.slow_ms = 0;
        got.accepts[0] = '\0';
}

#define KEY "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static void add(struct fake_home *f, const char *id, const char *settings, const char *secret)
{
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();
        json_t *given = json_parse(settings, strlen(settings), true, &why),
               *credentials = json_object();

        json_set_text(credentials, "secret", secret);
        json_set_text(credentials, "secret_headers", "X-Ashby-Api-Key: k");
        connection_put(f->home, f->org, b, id, kind_find("consumer"), given, credentials, NULL,
                       "https://hire.example/fairlead", NULL);
        tap_int(store_commit(f->org->store, b, &why), 0, "consumer %s: %s", id, why.text);
        batch_free(b);
        json_decref(given);
        json_decref(credentials);
}

static void tick(struct fake_home *f)
{
        struct worker_options options = fake_options(f);
        struct fail why = FAIL_CLEAR;

        options.trade.call = call;
        if (worker_tick(&options, NULL, &why) != 0)
                tap_ok(false, "tick: %s", why.text);
}

static void finish(struct fake_home *f, double score)
{
        struct fake_session *s = fake_session("S1");

        strcpy(s->state, "complete");
        s->score = score;
        s->finished_ms = when_now_ms();
        fake_told(f, "S1", "finished", "", "s-finished");
}

static struct consumer_health health(struct fake_home *f, const char *id)
{
        struct consumer_health h;
        struct fail why = FAIL_CLEAR;

        if (consumer_health(f->org, id, when_now_ms() + fake->clock_ms, fake->scale, &h, &why) != 1)
                tap_ok(false, "health of %s: %s", id, why.text);
        return h;
}

static uint64_t held(struct fake_home *f, const char *id, int64_t from, int64_t to)
{
        struct fail why = FAIL_CLEAR;
        uint64_t count = 99;

        if (consumer_held(f->org, id, from, to, &count, NULL, NULL, &why) != 0)
                tap_ok(false, "held: %s", why.text);
        return count;
}

/* One life of a session, told to those who want it, each in its way. */
static void test_told(void)
{
        struct fake_home f;

        begin(&f);
        add(&f, "std", "{\"url\":\"https://std.example/\",\"signing\":\"standard\"}", KEY);
        add(&f, "cod", "{\"url\":\"https://cod.example/h\",\"signing\":\"codesignal\"}", "s");
        add(&f, "few",
            "{\"url\":\"https://few.example/\",\"signing\":\"standard\",\"body\":\"full\","
            "\"events\":[\"result.completed\"]}",
            KEY);
        fake_stage(&f, "17", "e1");
        tick(&f);
        strcpy(fake_session("S1")->state, "started");
        fake_told(&f, "S1", "started", "", "s1");
        tick(&f);
        finish(&f, 81);
        tick(&f);
        tap_int(calls_to("std.example"), 3, "invited, started, completed");
        tap_int(told("std.example", "\"type\":\"session.started\""), 1, "started, once");
        tap_int(told("std.example", "result.completed"), 1, "completed, once");
        tap_int(told("std.example", "jane@x.example"), 0, "thin: no person");
        tap_int(calls_to("few.example"), 1, "the one event that was chosen");
        tap_int(told("few.example", "\"value\":81"), 1, "full: with its score");
        tap_int(told("few.example", "\"verification\":\"none\""), 1, "and its verification");
        tap_int(calls_to("cod.example"), 3, "CodeSignal's form likewise");
        tap_int(told("cod.example", "\"event\":\"companyTestSessionFinished\""), 1,
                "with its names");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing is left to do");
        fake_told(&f, "S1", "finished", "", "s-again");
        tick(&f);
        tap_int(got.count, 7, "told again by the platform: nothing new");
        fake_home_close(&f);
}

static void test_retries(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        char *detail;

        begin(&f);
        add(&f, "bad", "{\"url\":\"https://bad.example/\",\"signing\":\"standard\"}", KEY);
        got.status = 500;
        fake_stage(&f, "17", "e1");
        tick(&f);
        tap_ok(calls_to("bad.example") > 1, "tried again: %d", calls_to("bad.example"));
        tap_text(got.calls[1].id, got.calls[0].id, "with the same id");
        tap_text(got.calls[1].body, got.calls[0].body, "and the same body");
        tap_int(fake_notes("17", "Assessment sent"), 1, "the ATS was not kept waiting");
        tap_ok(health(&f, "bad").failures > 1, "failures are counted");
        tap_int(health(&f, "bad").state, CONSUMER_ACTIVE, "it is not given up");
        got.status = 204;
        fake->clock_ms += WHEN_HOUR;
        tick(&f);
        tap_int((int64_t)fake_open_actions(f.org), 0, "in the end it is delivered");
        tap_int(health(&f, "bad").failures, 0, "and all is forgiven");
        tap_int(alert_stands(f.org, "pausing", "bad", &why), 0, "nobody needs to be warned");
        fake_home_close(&f);

        begin(&f);
        fake->scale = 1;
        add(&f, "bad", "{\"url\":\"https://bad.example/\",\"signing\":\"standard\"}", KEY);
        got.status = 429;
        got.retry_after = 3600;
        fake_stage(&f, "17", "e1");
        tick(&f);
        tap_int(calls_to("bad.example"), 1, "asked to wait an hour");
        fake->clock_ms += 59 * WHEN_MINUTE;
        tick(&f);
        tap_int(calls_to("bad.example"), 1, "59 minutes are not enough");
        fake->clock_ms += 20 * WHEN_MINUTE;
        tick(&f);
        tap_int(calls_to("bad.example"), 2, "then it is tried again");
        fake_home_close(&f);

        begin(&f);
        fake->scale = 1;
        add(&f, "bad", "{\"url\":\"https://bad.example/\",\"signing\":\"standard\"}", KEY);
        got.status = 503;
        got.retry_after = 1;
        fake_stage(&f, "17", "e1");
        tick(&f);
        fake->clock_ms += 3 * WHEN_SECOND;
        tick(&f);
        tap_int(calls_to("bad.example"), 1, "asked to wait a second: not less than otherwise");
        fake->clock_ms += 5 * WHEN_SECOND;
        tick(&f);
        tap_int(calls_to("bad.example"), 2, "then it is tried again");
        fake->clock_ms += 20 * WHEN_SECOND;
        tick(&f);
        tap_int(calls_to("bad.example"), 2, "and is left alone for longer each time");
        fake_home_close(&f);

        begin(&f);
        add(&f, "bad", "{\"url\":\"https://bad.example/\",\"signing\":\"standard\"}", KEY);
        got.status = 302;
        fake->scale = 1;
        fake_stage(&f, "17", "e1");
        tick(&f);
        tap_int(calls_to("bad.example"), 1, "a redirect");
        tap_int(health(&f, "bad").failures, 1, "is a failure");
        detail = mem_text(health(&f, "bad").sentence);
        tap_ok(strstr(detail, "redirect") != NULL, "and says so: %s", detail);
        mem_free(detail);
        fake_home_close(&f);
}

/* The way to being paused, and back. */
static void test_paused(void)
{
        static const struct {
                int hours, percent;
        } steps[] = { { 12, 50 }, { 5, 70 }, { 5, 91 } };
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        uint64_t count = 0;
        json_t *record;
        int calls;

        begin(&f);
        fake->scale = 1;
        add(&f, "bad",
            "{\"url\":\"https://bad.example/\",\"signing\":\"standard\",\"pause_after_days\":1}",
            KEY);
        add(&f, "std", "{\"url\":\"https://std.example/\",\"signing\":\"standard\"}", KEY);
        got.status = 500;
        fake_stage(&f, "17", "e1");
        tick(&f);
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
                fake->clock_ms += steps[i].hours * WHEN_HOUR;
                tick(&f);
                record = fake_record(f.org, "consumer", "bad");
                tap_int(json_get_int(record, "warned", 0),
                        steps[i].percent / 10 * 10 == 90 ? 90 : steps[i].percent,
                        "after %d %% of the way somebody is warned", steps[i].percent);
                tap_text(json_get_text(record, "state", "active"), "active", "still active");
                tap_int(alert_stands(f.org, "pausing", "bad", &why), 1, "by an alert");
                json_decref(record);
        }
        fake->clock_ms += 3 * WHEN_HOUR;
        tick(&f);
        tap_int(health(&f, "bad").state, CONSUMER_PAUSED, "after a day it is paused");
        tap_int((int64_t)held(&f, "bad", 0, 0), 1, "what was under way is held");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing waits for it");
        calls = calls_to("bad.example");
        finish(&f, 50);
        tick(&f);
        tap_int(calls_to("bad.example"), calls, "it is not called any more");
        tap_int((int64_t)held(&f, "bad", 0, 0), 2, "what happens now is held");
        tap_int(told("std.example", "result.completed"), 1, "the other one hears of it");
        fake_home_reopen(&f);
        tap_int((int64_t)held(&f, "bad", 0, 0), 2, "after a restart, too");
        got.status = 200;
        tap_int((int64_t)held(&f, "bad", when_now_ms() + fake->clock_ms - WHEN_HOUR, 0), 1,
                "one of the last hour");
        tap_int(consumer_send_held(f.home, f.org, "bad", when_now_ms() + fake->clock_ms - WHEN_HOUR,
                                   0, when_now_ms() + fake->clock_ms, &count, &why),
                0, "from a time on: %s", why.text);
        tap_int((int64_t)count, 1, "that one");
        tap_int(alert_stands(f.org, "pausing", "bad", &why), 0, "the alert is over");
        tick(&f);
        tap_int(calls_to("bad.example"), calls + 1, "it is sent");
        tap_int(told("bad.example", "result.completed"), 1, "the later one");
        tap_int((int64_t)held(&f, "bad", 0, 0), 1, "the other one stays held");
        tap_int(consumer_send_held(f.home, f.org, "bad", 0, 0, when_now_ms() + fake->clock_ms,
                                   &count, &why),
                0, "all: %s", why.text);
        tick(&f);
        tap_text(got.calls[got.count - 1].id, got.calls[0].id, "the first one has its first id");
        tap_int((int64_t)held(&f, "bad", 0, 0), 0, "nothing is held");
        tap_int(consumer_send_held(f.home, f.org, "bad", 0, 0, 1, &count, &why), 0, "again");
        tap_int((int64_t)count, 0, "sends nothing");
        fake_home_close(&f);
}

/* It is warned of in time however seldom it is tried, and paused in time unless it asked for
 * more. */
static void test_warned(void)
{
        static const struct {
                const char *name;
                int days, retry_after;
                struct {
                        int hours, warned; /* on the clock since the first failure */
                        bool paused;
                } at[6];
        } rows[] = {
                { "by its own wish once a day",
                  5,
                  86400,
                  { { 25, 0, false },
                    { 61, 50, false },
                    { 85, 70, false },
                    { 109, 90, false },
                    { 119, 90, false },
                    { 123, 100, true } } },
                { "a single day",
                  1,
                  0,
                  { { 11, 0, false },
                    { 13, 50, false },
                    { 17, 70, false },
                    { 22, 90, false },
                    { 23, 90, false },
                    { 25, 100, true } } },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char settings[120];
                struct fake_home f;
                int hours = 0;

                begin(&f);
                fake->scale = 1;
                snprintf(settings, sizeof settings,
                         "{\"url\":\"https://bad.example/\",\"signing\":\"standard\","
                         "\"pause_after_days\":%d}",
                         rows[i].days);
                add(&f, "bad", settings, KEY);
                got.status = 503;
                got.retry_after = rows[i].retry_after;
                fake_stage(&f, "17", "e1");
                tick(&f);
                for (size_t k = 0; k < sizeof rows[i].at / sizeof *rows[i].at; k++) {
                        json_t *record;

                        for (; hours < rows[i].at[k].hours; hours++) {
                                fake->clock_ms += WHEN_HOUR;
                                tick(&f);
                        }
                        record = fake_record(f.org, "consumer", "bad");
                        tap_int(json_get_int(record, "warned", 0), rows[i].at[k].warned,
                                "%s: warned after %d hours", rows[i].name, hours);
                        tap_int(health(&f, "bad").state == CONSUMER_PAUSED, rows[i].at[k].paused,
                                "%s: paused after %d hours?", rows[i].name, hours);
                        json_decref(record);
                }
                fake_home_close(&f);
        }
}

static void test_gone(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        uint64_t count;

        begin(&f);
        add(&f, "bad", "{\"url\":\"https://bad.example/\",\"signing\":\"standard\"}", KEY);
        got.status = 410;
        fake_stage(&f, "17", "e1");
        tick(&f);
        tap_int(calls_to("bad.example"), 1, "410 once");
        tap_int(health(&f, "bad").state, CONSUMER_DISABLED, "disables it");
        tap_int((int64_t)held(&f, "bad", 0, 0), 1, "and holds what there is");
        tap_int(consumer_drop_held(f.org, "bad", 0, 0, &count, &why), 0, "dropped: %s", why.text);
        tap_int((int64_t)count, 1, "by hand");
        tap_int(consumer_resume(f.home, f.org, "bad", 1, &why), 1, "made active again");
        tap_int(consumer_resume(f.home, f.org, "bad", 1, &why), 0, "once");
        got.status = 200;
        finish(&f, 50);
        tick(&f);
        tap_int(calls_to("bad.example"), 2, "it is called again");
        tap_int(consumer_pause(f.home, f.org, "bad", 1, &why), 1, "paused by hand");
        tap_int(health(&f, "bad").state, CONSUMER_PAUSED, "is paused");
        fake_home_close(&f);
}

/* In CodeSignal's form events come in their order, also past a failure; and a dead consumer
 * keeps nobody waiting. */
static void test_order(void)
{
        struct fake_home f;
        int64_t began;

        begin(&f);
        fake->scale = 1;
        add(&f, "bad", "{\"url\":\"https://bad.example/\",\"signing\":\"codesignal\"}", "s");
        got.status = 500;
        fake_stage(&f, "17", "e1");
        tick(&f);
        strcpy(fake_session("S1")->state, "started");
        fake_told(&f, "S1", "started", "", "s1");
        finish(&f, 50);
        tick(&f);
        tap_int(told("bad.example", "Created") > 0, 1, "the first one is tried");
        tap_int(told("bad.example", "Finished"), 0, "those behind it wait");
        got.status = 200;
        fake->clock_ms += WHEN_HOUR;
        tick(&f);
        tap_ok(strstr(got.calls[got.count - 1].body, "Finished") != NULL, "then all of them");
        fake_home_close(&f);

        begin(&f);
        add(&f, "bad", "{\"url\":\"https://bad.example/1\",\"signing\":\"standard\"}", KEY);
        add(&f, "bad2", "{\"url\":\"https://bad.example/2\",\"signing\":\"standard\"}", KEY);
        add(&f, "bad3", "{\"url\":\"https://bad.example/3\",\"signing\":\"standard\"}", KEY);
        got.slow_ms = 1500;
        began = when_steady_ms();
        fake_stage(&f, "17", "e1");
        {
                struct worker_options options = fake_options(&f);
                struct fail why = FAIL_CLEAR;

                options.trade.call = call;
                options.tick_ms = 700; /* while all three hang */
                worker_tick(&options, NULL, &why);
        }
        tap_int(fake_notes("17", "Assessment sent"), 1, "three hang, and the note stands");
        tap_note("after %d ms", (int)(when_steady_ms() - began));
        fake_home_close(&f);
}

static const char relayed[] =
    "{\"event\":\"preScreenResultVerified\",  \"triggeredOn\":%lld,\"payload\":{\"testSessionId\":"
    "\"elsewhere\"},\"kind\":\"x\"}";

static void test_relay(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        struct plan plan;
        char body[300], key[8] = "1";

        begin(&f);
        add(&f, "ashby",
            "{\"url\":\"https://ashby.example/api\",\"signing\":\"codesignal\",\"relay\":\"cs\","
            "\"events\":[\"preScreenResultVerified\"]}",
            "s");
        add(&f, "other",
            "{\"url\":\"https://other.example/\",\"signing\":\"codesignal\","
            "\"relay\":\"cs2\"}",
            "s");
        snprintf(body, sizeof body, relayed, (long long)when_now_ms());
        for (int i = 0; i < 2; i++) { /* and replayed */
                plan_init(&plan);
                batch_put(plan.batch, "body", key, body, strlen(body));
                tap_int(consumer_relay(f.org, &plan, "cs", 1, "preScreenResultVerified",
                                       when_now_ms(), when_now_ms(), &why),
                        0, "relayed: %s", why.text);
                tap_int(consumer_relay(f.org, &plan, "cs", 1, "preScreenExpired", when_now_ms(),
                                       when_now_ms(), &why),
                        0, "not chosen");
                tap_int(plan_commit(&plan, f.org, &why), 0, "done");
                plan_dispose(&plan);
        }
        tick(&f);
        tap_int(got.count, 1, "one delivery, also after a replay");
        tap_text(got.calls[0].body, body, "byte for byte");
        tap_text(got.calls[0].custom, "k", "with its header");
        tap_int((int64_t)strlen(got.calls[0].signature), 64, "signed for its address");
        fake_stage(&f, "17", "e1");
        tick(&f);
        tap_int(calls_to("ashby.example"), 1, "nothing of ours beside it");
        tap_int(calls_to("other.example"), 1, "the platform of another relay is told as ever");
        fake_home_close(&f);
}

static void test_rotation(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        char *secret = NULL, *other = NULL;
        struct consumer_message m = { .event = "companyTestSessionFinished" };
        json_t *record;

        (void)m;
        begin(&f);
        add(&f, "std", "{\"url\":\"https://std.example/\",\"signing\":\"standard\"}", KEY);
        tap_int(consumer_rotate(f.home, f.org, "std", NULL, &secret, &why), 1, "rotated: %s",
                why.text);
        tap_ok(text_starts(secret, "whsec_") && !text_equal(secret, KEY), "a new one");
        tap_int(consumer_rotate(f.home, f.org, "std", NULL, &other, &why), -1, "not twice");
        tap_int(why.kind, FAIL_CONFLICT, "while one is under way");
        fake_stage(&f, "17", "e1");
        tick(&f);
        tap_ok(strstr(got.calls[0].signature, " v1,") != NULL, "two signatures: %s",
               got.calls[0].signature);
        fail_clear(&why);
        tap_int(consumer_rotated(f.home, f.org, "std", &why), 1, "ended");
        tap_int(consumer_rotated(f.home, f.org, "std", &why), 0, "once");
        finish(&f, 50);
        tick(&f);
        tap_ok(strstr(got.calls[got.count - 1].signature, " v1,") == NULL, "one signature");
        tap_int(consumer_rotate(f.home, f.org, "std", "nonsense", &other, &why), -1,
                "a secret of another form: %s", why.text);
        tap_int(consumer_rotate(f.home, f.org, "gh", NULL, &other, &why), 0, "no consumer");
        mem_free(secret);
        fake_home_close(&f);

        /* CodeSignal's form: the former one when the new one is refused. */
        begin(&f);
        add(&f, "cod", "{\"url\":\"https://cod.example/\",\"signing\":\"codesignal\"}", "s");
        fake_stage(&f, "17", "e1");
        tick(&f);
        tap_int(consumer_rotate(f.home, f.org, "cod", "t", &secret, &why), 1, "a given one");
        mem_free(secret);
        strcpy(got.accepts, "nothing");
        got.count = 0;
        finish(&f, 50);
        tick(&f);
        tap_ok(got.count >= 2 && !text_equal(got.calls[0].signature, got.calls[1].signature),
               "refused with the new one, it is shown the former");
        tap_text(got.calls[1].body, got.calls[0].body, "the same delivery");
        strcpy(got.accepts, got.calls[1].signature);
        fake->clock_ms += WHEN_HOUR;
        tick(&f);
        tap_int((int64_t)fake_open_actions(f.org), 0, "accepted");
        record = fake_record(f.org, "consumer", "cod");
        tap_text(json_get_text(record, "last_secret", ""), "old", "with the former, which is told");
        json_decref(record);
        fake_home_close(&f);
}

static void test_erased(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        struct worker_options options;
        struct plan plan;
        json_t *record;
        const char *message;
        char *kept;

        begin(&f);
        options = fake_options(&f);
        add(&f, "std",
            "{\"url\":\"https://std.example/\",\"signing\":\"standard\",\"body\":\"full\"}", KEY);
        fake_stage(&f, "17", "e1");
        tick(&f);
        tap_int(consumer_pause(f.home, f.org, "std", 1, &why), 1, "paused");
        finish(&f, 50);
        tick(&f);
        tap_int((int64_t)held(&f, "std", 0, 0), 1, "one is held");
        record = fake_record(f.org, "session", "cs:S1");
        message = json_text_of(json_array_get(json_object_get(record, "messages"), 0), "");
        tap_int(store_get(f.org->store, "outgoing", message, NULL, &why), 1, "its body is kept");
        kept = mem_text(message);
        json_decref(record);
        plan_init(&plan);
        tap_int(erase_application(&plan, &options.trade, f.org, "gh:17", &why), 0, "erased: %s",
                why.text);
        tap_int(plan_commit(&plan, f.org, &why), 0, "for good: %s", why.text);
        plan_dispose(&plan);
        tap_int(store_get(f.org->store, "outgoing", kept, NULL, &why), 0, "its body is gone");
        tap_int((int64_t)held(&f, "std", 0, 0), 1, "what is held now");
        got.count = 0;
        {
                uint64_t count;

                consumer_send_held(f.home, f.org, "std", 0, 0, when_now_ms(), &count, &why);
        }
        tick(&f);
        tap_int(got.count, 1, "is one delivery");
        tap_int(told("std.example", "session.erased"), 1, "which says that it was erased");
        tap_int(told("std.example", "jane"), 0, "and of whom it says nothing");
        mem_free(kept);
        fake_home_close(&f);
}

/* A session that somebody else sent: of interest once there is a consumer. */
static void test_foreign(void)
{
        struct fake_home f;
        json_t *record;

        begin(&f);
        fake->session_count = 1;
        fake->sessions[0] = (struct fake_session){ .id = "X1",
                                                   .test = "T9",
                                                   .email = "else@x.example",
                                                   .state = "complete",
                                                   .score = 40 };
        fake_told(&f, "X1", "finished", "", "x1");
        tick(&f);
        record = fake_record(f.org, "session", "cs:X1");
        tap_ok(record == NULL, "nobody is interested: not kept");
        json_decref(record);
        add(&f, "std", "{\"url\":\"https://std.example/\",\"signing\":\"standard\"}", KEY);
        fake_told(&f, "X1", "finished", "", "x2");
        tick(&f);
        tap_int(told("std.example", "\"session\":\"cs:X1\""), 2, "a consumer is: it is told");
        record = fake_record(f.org, "session", "cs:X1");
        tap_ok(json_get_bool(record, "foreign", false), "and kept as somebody else's");
        json_decref(record);
        tap_int(fake->note_count, 0, "no ATS hears of it");
        fake_home_close(&f);
}

static void test_try(void)
{
        struct fake_home f;
        struct trade trade;
        struct fail why = FAIL_CLEAR;
        json_t *answer = NULL;

        begin(&f);
        trade = fake_options(&f).trade;
        trade.call = call;
        add(&f, "cod", "{\"url\":\"https://cod.example/\",\"signing\":\"codesignal\"}", "s");
        add(&f, "bad", "{\"url\":\"https://bad.example/\",\"signing\":\"standard\"}", KEY);
        tap_int(consumer_try(&trade, f.org, "cod", false, &answer, &why), 1, "tried: %s", why.text);
        tap_ok(json_get_bool(answer, "ok", false), "accepted");
        tap_int(told("cod.example", "Sample Candidate"), 1, "a realistic sample");
        tap_int(told("cod.example", "\"value\":512"), 1, "with a score");
        json_decref(answer);
        tap_int(consumer_try(&trade, f.org, "cod", true, &answer, &why), 1, "a probe");
        tap_text(got.calls[1].body, "", "is empty");
        json_decref(answer);
        got.status = 500;
        tap_int(consumer_try(&trade, f.org, "bad", true, &answer, &why), 1, "a ping");
        tap_int(told("bad.example", "fairlead.ping"), 1, "is named so");
        tap_ok(!json_get_bool(answer, "ok", true), "and may fail");
        tap_int(health(&f, "bad").failures, 0, "which counts for nothing");
        json_decref(answer);
        tap_int(consumer_try(&trade, f.org, "gh", true, &answer, &why), 0, "no consumer");
        tap_int(consumer_list(&trade, f.org, &answer, &why), 0, "listed: %s", why.text);
        tap_int((int64_t)json_array_size(answer), 2, "both");
        json_decref(answer);
        fake_home_close(&f);
}

/* What was delivered goes after its time; what is held stays. */
static void test_pruned(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        json_t *record;
        char *sent, *kept;
        bool more;

        begin(&f);
        add(&f, "std", "{\"url\":\"https://std.example/\",\"signing\":\"standard\"}", KEY);
        fake_stage(&f, "17", "e1");
        tick(&f);
        consumer_pause(f.home, f.org, "std", 1, &why);
        finish(&f, 50);
        tick(&f);
        record = fake_record(f.org, "session", "cs:S1");
        sent = mem_text(json_text_of(json_array_get(json_object_get(record, "messages"), 0), ""));
        kept = mem_text(json_text_of(json_array_get(json_object_get(record, "messages"), 1), ""));
        json_decref(record);
        tap_int(store_get(f.org->store, "outgoing", sent, NULL, &why), 1, "delivered: kept");
        tap_int(event_prune(f.org, when_now_ms() + 91 * WHEN_DAY, EVENT_KEPT_MS, 1000, &more, &why),
                0, "91 days later: %s", why.text);
        tap_int(store_get(f.org->store, "outgoing", sent, NULL, &why), 0, "delivered: gone");
        tap_int(store_get(f.org->store, "outgoing", kept, NULL, &why), 1, "held: kept");
        tap_int((int64_t)held(&f, "std", 0, 0), 1, "and still held");
        mem_free(sent);
        mem_free(kept);
        fake_home_close(&f);
}

/* Killed at many points of a sending: each consumer's delivery is ordered once, with one id. */

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
                tick(f);
                _exit(0);
        }
        waitpid(pid, &status, 0);
        fake->die_at = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int count_delivery(void *context, uint64_t number, const json_t *action)
{
        (void)number;
        *(int *)context += text_equal(json_get_text(action, "kind", ""), "deliver_event");
        return 0;
}

static void test_kills(void)
{
        int killed = 0, wrong = 0;
        bool dies = true;

        for (int n = 1; dies; n += 4) {
                struct fake_home f;
                struct fail why = FAIL_CLEAR;
                int ordered = 0;

                begin(&f);
                add(&f, "std", "{\"url\":\"https://std.example/\",\"signing\":\"standard\"}", KEY);
                fake_stage(&f, "17", "e1");
                home_close(f.home);
                f.home = NULL;
                dies = child_tick(&f, n) == 77;
                killed += dies;
                child_tick(&f, 0);
                child_tick(&f, 0);
                fake_home_reopen(&f);
                action_each(f.org, NULL, 100, count_delivery, &ordered, &why);
                wrong += ordered != 1 || fake_open_actions(f.org) != 0;
                fake_home_close(&f);
        }
        tap_ok(killed >= 4, "killed at %d points", killed);
        tap_int(wrong, 0, "each time one delivery was ordered, and done");
}

/* Several attempts end at once. */
struct together {
        const struct trade *trade;
        struct org *org;
        int failed;
};

static void *work_together(void *context)
{
        struct together *t = context;

        for (int i = 0; i < 20; i++)
                if (consumer_worked(t->trade, t->org, "std", i % 2 == 0, NULL) != 0)
                        __atomic_add_fetch(&t->failed, 1, __ATOMIC_SEQ_CST);
        return NULL;
}

static void test_together(void)
{
        struct fake_home f;
        struct trade trade;
        struct together together;
        pthread_t threads[6];
        json_t *record;

        begin(&f);
        trade = fake_options(&f).trade;
        together = (struct together){ &trade, f.org, 0 };
        add(&f, "std", "{\"url\":\"https://std.example/\",\"signing\":\"standard\"}", KEY);
        for (int i = 0; i < 6; i++)
                pthread_create(&threads[i], NULL, work_together, &together);
        for (int i = 0; i < 6; i++)
                pthread_join(threads[i], NULL);
        record = fake_record(f.org, "consumer", "std");
        tap_ok(json_get_text(record, "last_secret", NULL) != NULL,
               "six at once: written down (%d gave way)", together.failed);
        json_decref(record);
        fake_home_close(&f);
}

int main(void)
{
        fake_start();
        test_told();
        test_retries();
        test_paused();
        test_warned();
        test_gone();
        test_order();
        test_relay();
        test_rotation();
        test_erased();
        test_foreign();
        test_try();
        test_pruned();
        test_kills();
        test_together();
        return tap_end();
}
