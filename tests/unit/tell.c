/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts become mails: who hears what, when, how often, and what is watched for. */
#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "door/secret.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/alert.h"
#include "home/event.h"
#include "home/health.h"
#include "home/key.h"
#include "home/records.h"
#include "home/status_view.h"
#include "home/watch_key.h"
#include "worker_fake.h"

#define MINUTES(n) ((n)*WHEN_MINUTE)

static struct fake_home f;

/* The post: keeps what it is given, and fails as it is told. */
static struct {
        struct {
                char to[80], subject[200], id[40];
                char text[4000];
        } mails[64];
        int count, tried;
        enum mail_end end; /* how the next `times` end */
        int times;
} box;

static int fake_post(const struct mail_route *route, const struct mail *mail,
                     struct mail_answer *answer, struct fail *why)
{
        (void)route;
        box.tried++;
        memset(answer, 0, sizeof *answer);
        answer->end = MAIL_SENT;
        if (box.times > 0) {
                box.times--;
                answer->end = box.end;
        }
        if (answer->end == MAIL_SENT && box.count < 64) {
                snprintf(box.mails[box.count].to, sizeof box.mails[0].to, "%s", mail->to);
                snprintf(box.mails[box.count].subject, sizeof box.mails[0].subject, "%s",
                         mail->subject);
                snprintf(box.mails[box.count].id, sizeof box.mails[0].id, "%s", mail->id);
                snprintf(box.mails[box.count].text, sizeof box.mails[0].text, "%s", mail->text);
                box.count++;
        }
        return answer->end == MAIL_SENT ? 0 : fail_set(why, FAIL_OUTSIDE, "as told");
}

static void tick(void)
{
        struct worker_options options = fake_options(&f);
        struct fail why = FAIL_CLEAR;

        options.trade.post.send = fake_post;
        options.linger_ms = 120; /* alerts wait 20 ms for company, scaled */
        if (worker_tick(&options, NULL, &why) != 0)
                tap_ok(false, "tick: %s", why.text);
}

static void pass(int64_t ms)
{
        fake->clock_ms += ms;
        tick();
}

/* Mails since the last question. */
static int fresh(void)
{
        static int seen;
        int count = box.count - seen;

        if (count < 0)
                count = box.count;
        seen = box.count;
        return count;
}

static const char *last_text(void)
{
        return box.count == 0 ? "" : box.mails[box.count - 1].text;
}

static const char *last_subject(void)
{
        return box.count == 0 ? "" : box.mails[box.count - 1].subject;
}

static void addresses(const char *json)
{
        struct fail why = FAIL_CLEAR;
        json_t *self = fake_record(f.org, "org", "self");
        struct batch *b = batch_new();

        json_set_text(self, "public_url", "https://hire.example/fairlead");
        json_set(self, "alert_email", json_parse(json, strlen(json), true, NULL));
        record_put(b, "org", "self", self);
        tap_int(store_commit(f.org->store, b, &why), 0, "addresses %s", json);
        batch_free(b);
        json_decref(self);
}

static void open_house(const char *json)
{
        memset(&box, 0, sizeof box);
        fresh();
        fake_home_make(&f);
        addresses(json);
        fresh();
}

static void raise_one(const char *topic, const char *about, const char *mark, bool news)
{
        struct worker_options options = fake_options(&f);
        struct fail why = FAIL_CLEAR;
        char *title = mem_format("%s of %s", topic, about);
        struct alert a = { .topic = topic,
                           .about = about,
                           .connection = about,
                           .title = title,
                           .sentence = "Look at it.",
                           .mark = mark,
                           .news = news };

        tap_int(alert_raise(f.home, f.org, &a, options.trade.now_ms(), &why), 0, "raised: %s %s",
                topic, mark == NULL ? "" : mark);
        mem_free(title);
}

static void end_one(const char *topic, const char *about)
{
        struct worker_options options = fake_options(&f);

        alert_over(f.home, f.org, topic, about, "All is well again", "Nothing to do.",
                   options.trade.now_ms(), NULL);
}

static void test_one(void)
{
        open_house("[\"a@acme.example\"]");
        raise_one("feed", "cs", NULL, false);
        tick();
        tap_int(fresh(), 1, "one mail");
        tap_text(box.mails[0].to, "a@acme.example", "to the address");
        tap_ok(strstr(last_subject(), "feed of cs") != NULL, "with the title: %s", last_subject());
        tap_ok(strstr(last_text(), "Look at it.") != NULL, "and the sentence");
        tap_ok(strstr(last_text(), "https://hire.example/fairlead/admin/acme") != NULL,
               "and where to look");
        tick();
        tap_int(fresh(), 0, "and no other");
        pass(MINUTES(10));
        raise_one("feed", "cs", NULL, false);
        pass(2 * WHEN_HOUR);
        tap_int(fresh(), 0, "what stands is not told again");
        end_one("feed", "cs");
        tick();
        tap_int(fresh(), 1, "that it works again is");
        tap_ok(strstr(last_subject(), "All is well again") != NULL, "in these words: %s",
               last_subject());
        pass(MINUTES(5));
        raise_one("feed", "cs", NULL, false);
        tick();
        tap_int(fresh(), 0, "a minute later: an hour has not passed");
        pass(MINUTES(50));
        tap_int(fresh(), 0, "still not");
        pass(MINUTES(6));
        tap_int(fresh(), 1, "then it is told");
        fake_home_close(&f);
}

static void test_flapping(void)
{
        open_house("[\"a@acme.example\"]");
        fake->scale = 1; /* company is waited for 20 s */
        raise_one("feed", "cs", NULL, false);
        end_one("feed", "cs");
        pass(MINUTES(1));
        tap_int(fresh(), 0, "over before anybody heard: nobody hears");
        raise_one("feed", "cs", NULL, false);
        pass(MINUTES(1));
        tap_int(fresh(), 1, "told");
        end_one("feed", "cs");
        pass(MINUTES(1));
        raise_one("feed", "cs", NULL, false);
        for (int i = 0; i < 4; i++)
                pass(MINUTES(20));
        tap_int(fresh(), 1, "over and again within the hour: once more, as it stands then");
        tap_ok(strstr(last_subject(), "feed of cs") != NULL, "%s", last_subject());
        fake_home_close(&f);
}

static void test_marks(void)
{
        open_house("[\"a@acme.example\"]");
        raise_one("pausing", "out", "50", false);
        tick();
        tap_int(fresh(), 1, "50 per cent");
        raise_one("pausing", "out", "70", false);
        tick();
        tap_int(fresh(), 0, "70 within the hour waits");
        raise_one("pausing", "out", "90", false);
        pass(MINUTES(61));
        tap_int(fresh(), 1, "90 is what is told then");
        for (int i = 0; i < 5; i++)
                raise_one("odd", "gh", NULL, true);
        tick();
        tap_int(fresh(), 1, "five incidents of one kind are one mail");
        tap_ok(strstr(last_text(), "5 times") != NULL, "which says how many");
        raise_one("odd", "gh", NULL, true);
        tick();
        tap_int(fresh(), 0, "the sixth waits");
        pass(MINUTES(61));
        tap_int(fresh(), 1, "an hour");
        fake_home_close(&f);
}

static void test_groups(void)
{
        open_house("[\"a@acme.example\", \"b@acme.example\", \"A@ACME.example\"]");
        fake_connection(f.home, f.org, "out", "consumer");
        {
                json_t *record = fake_record(f.org, "connection", "out");
                struct batch *b = batch_new();

                json_set(json_object_get(record, "settings"), "alert_email",
                         json_pack("[s,s,s]", "team@consumer.example", "b@acme.example", "nobody"));
                record_put(b, "connection", "out", record);
                store_commit(f.org->store, b, NULL);
                batch_free(b);
                json_decref(record);
        }
        raise_one("feed", "cs", NULL, false);
        raise_one("feed", "gh", NULL, false);
        raise_one("pausing", "out", "50", false);
        tick();
        tap_int(fresh(), 3, "three mails for three alerts and three addresses");
        for (int i = 0; i < 3; i++) {
                bool theirs = strcmp(box.mails[i].to, "team@consumer.example") == 0;

                tap_ok((strstr(box.mails[i].text, "feed of cs") == NULL) == theirs,
                       "%s hears of the others", box.mails[i].to);
                tap_ok(strstr(box.mails[i].text, "pausing of out") != NULL, "%s hears of out",
                       box.mails[i].to);
        }
        tap_ok(strstr(box.mails[0].subject, "and 2 more") != NULL ||
                   strstr(box.mails[1].subject, "and 2 more") != NULL,
               "the subject says how many");
        fake_home_close(&f);
        open_house("[]");
        raise_one("feed", "cs", NULL, false);
        tick();
        tap_int(fresh(), 0, "no address, no mail");
        addresses("[\"a@acme.example\"]");
        raise_one("feed", "gh", NULL, false);
        tick();
        tap_int(fresh(), 1, "an address that came later hears of what is new");
        fake_home_close(&f);
}

static void test_trouble(void)
{
        open_house("[\"a@acme.example\"]");
        box.end = MAIL_LATER;
        box.times = 3;
        raise_one("feed", "cs", NULL, false);
        tick();
        for (int i = 0; i < 5 && box.count == 0; i++)
                pass(WHEN_MINUTE);
        tap_int(fresh(), 1, "a busy relay is tried again");
        tap_ok(box.tried >= 4, "until it takes it");

        pass(2 * WHEN_HOUR);
        box.end = MAIL_DENIED;
        box.times = 1000;
        raise_one("feed", "gh", NULL, false);
        tick();
        raise_one("odd", "gh", NULL, true);
        pass(WHEN_MINUTE);
        tap_int(fresh(), 0, "nothing goes while the relay refuses us");
        box.times = 0;
        pass(WHEN_HOUR);
        pass(WHEN_HOUR);
        tap_int(fresh(), 2, "then the one that waited, and one with all that is new since");

        box.end = MAIL_UNCERTAIN;
        box.times = 1;
        box.tried = 0;
        raise_one("late", "cs", NULL, false);
        tick();
        pass(MINUTES(30));
        tap_int(box.tried, 1, "after a doubt nothing goes within the hour");
        pass(MINUTES(50));
        tap_int(fresh(), 1, "then it goes once more");
        tap_int(box.tried, 2, "once");

        box.end = MAIL_REFUSED;
        box.times = 1;
        raise_one("late", "gh", NULL, false);
        tick();
        tap_int(fresh(), 0, "an address that is refused");
        {
                uint64_t parked = 0;

                store_set_count(f.org->store, "parked-actions", &parked, NULL);
                tap_int((int64_t)parked, 1, "waits for a person");
                tap_int(alert_stands(f.org, "parked", "", NULL), 0, "without another alert");
        }
        raise_one("odd", "cs", NULL, true);
        tick();
        tap_int(fresh(), 1, "and holds up nothing");
        fake_home_close(&f);
}

/* Killed at every commit and around the sending: told once, and not lost. */
static void test_restart(void)
{
        open_house("[\"a@acme.example\"]");
        raise_one("feed", "cs", NULL, false);
        fake_home_reopen(&f);
        tick();
        tap_int(fresh(), 1, "what was raised is told by the next worker");
        fake_home_reopen(&f);
        tick();
        tap_int(fresh(), 0, "and by no other");
        fake_home_close(&f);
}

/* What is watched for. */

static void arrive(enum delivery_what what, enum trust trust, const char *connection)
{
        struct worker_options options = fake_options(&f);
        struct delivery d = {
                .what = what,
                .org = (char *)(uintptr_t) "acme",
                .connection = (char *)(uintptr_t)connection,
                .received_ms = options.trade.now_ms(),
                .request_id = (char *)(uintptr_t) "rq",
                .trust = trust,
                .reason = (char *)(uintptr_t) "signature wrong: made with another secret key",
                .body = "{}",
                .body_len = 2
        };
        struct buf record = BUF_NONE;
        uint64_t number;

        delivery_write(&d, &record);
        inbox_add(home_inbox(f.home, NULL), record.data, record.len, &number, NULL);
        buf_dispose(&record);
}

static void test_webhook(void)
{
        open_house("[\"a@acme.example\"]");
        fake->scale = 1;
        arrive(DELIVERY_REFUSED, TRUST_UNSIGNED, "gh");
        pass(MINUTES(1));
        pass(MINUTES(1));
        tap_int(fresh(), 0, "one refusal may be anything");
        arrive(DELIVERY_EVENT, TRUST_BODY, "gh");
        pass(MINUTES(60));
        tap_int(fresh(), 0, "and was nothing when a good one follows");
        arrive(DELIVERY_REFUSED, TRUST_UNSIGNED, "gh");
        tick();
        pass(MINUTES(16));
        pass(MINUTES(1));
        tap_int(fresh(), 1, "when none follows it is told");
        tap_ok(strstr(last_subject(), "Webhooks of Greenhouse (gh) are refused") != NULL, "%s",
               last_subject());
        pass(MINUTES(60));
        arrive(DELIVERY_EVENT, TRUST_BODY, "gh");
        tick();
        pass(MINUTES(1));
        tap_int(fresh(), 1, "and that it works again");
        pass(MINUTES(61));
        for (int i = 0; i < 3; i++)
                arrive(DELIVERY_REFUSED, TRUST_UNSIGNED, "cs");
        tick();
        pass(MINUTES(1));
        tap_int(fresh(), 1, "three in a row are told at once");
        tap_ok(
            strstr(box.mails[box.count - 1].text,
                   "The last one: signature wrong: made with another secret key. Nothing that") !=
                NULL,
            "in sentences");
        pass(MINUTES(61));
        arrive(DELIVERY_PROBE, TRUST_UNSIGNED, "cs");
        tick();
        pass(MINUTES(1));
        tap_int(fresh(), 0, "a probe that is not signed says nothing");
        arrive(DELIVERY_PROBE, TRUST_BODY, "cs");
        tick();
        pass(MINUTES(1));
        tap_int(fresh(), 1, "one that is signed says that it works again");
        fake_home_close(&f);
}

static void test_denied(void)
{
        open_house("[\"a@acme.example\"]");
        fake->script[CALL_READ_APPLICATION].times = 1;
        fake->script[CALL_READ_APPLICATION].kind = OUTCOME_DENIED;
        fake_stage(&f, "17", "e1");
        tick();
        tap_int(fresh(), 1, "a credential that is refused is told");
        tap_ok(strstr(last_subject(), "Greenhouse (gh) refuses our credential") != NULL, "%s",
               last_subject());
        pass(2 * WHEN_HOUR);
        pass(MINUTES(1));
        tap_int(fresh(), 1, "and that it is accepted again");
        fake_home_close(&f);
}

static enum outcome_kind poll_end;

static int poll(struct link *link, json_t **cursor,
                int (*visit)(void *context, const struct fact *fact), void *context,
                struct outcome *o)
{
        (void)link;
        (void)cursor;
        (void)visit;
        (void)context;
        outcome_set(o, poll_end, "Both dates are refused.", "HTTP status 422");
        o->status = poll_end == OUTCOME_DENIED ? 403 : poll_end == OUTCOME_REFUSED ? 422 : 200;
        return poll_end == OUTCOME_DONE ? 0 : -1;
}

static void is_red(bool wanted, const char *name)
{
        struct fail why = FAIL_CLEAR;
        json_t *view = NULL, *row;
        const char *light = "none";
        size_t i;

        tap_int(status_view(f.home, f.org, &view, &why), 0, "the status page: %s", why.text);
        json_array_foreach(json_object_get(view, "connections"), i, row)
        {
                if (text_equal(json_get_text(row, "id", ""), "gh"))
                        light = json_get_text(row, "light", "");
        }
        tap_ok(text_equal(light, "red") == wanted, "%s: %s", name, light);
        json_decref(view);
}

/* A poll that is refused is about no candidate: the connection does not work. */
static void test_polled(void)
{
        static const char rule[] =
            "[{\"id\":\"live\",\"when\":{\"interview_scheduled\":{\"ats\":\"gh\"}},"
            "\"then\":[{\"create_interview\":{\"platform\":\"cs\"}}]}]";

        open_house("[\"a@acme.example\"]");
        fake_rules(f.org, rule);
        fake_poll(poll);
        poll_end = OUTCOME_DONE;
        tick();
        tap_int(fresh(), 0, "a poll that works is no news");
        is_red(false, "and the light is not red");
        poll_end = OUTCOME_REFUSED;
        pass(2 * WHEN_MINUTE);
        pass(MINUTES(1));
        tap_int(fresh(), 1, "one that is refused is told");
        tap_ok(strstr(last_subject(), "Greenhouse (gh) does not tell what changed") != NULL, "%s",
               last_subject());
        is_red(true, "and the light is red");
        pass(2 * WHEN_MINUTE);
        pass(MINUTES(1));
        tap_int(fresh(), 0, "once");
        poll_end = OUTCOME_AGAIN;
        pass(2 * WHEN_MINUTE);
        is_red(true, "what has to wait mends nothing");
        poll_end = OUTCOME_DONE;
        pass(MINUTES(61));
        pass(MINUTES(1));
        tap_int(fresh(), 1, "that it works again is told");
        is_red(false, "and the light is not red");
        poll_end = OUTCOME_REFUSED;
        pass(MINUTES(61));
        is_red(true, "red again");
        poll_end = OUTCOME_DONE;
        pass(MINUTES(61));
        pass(MINUTES(1));
        fresh();
        is_red(false, "and not");
        poll_end = OUTCOME_DENIED;
        pass(2 * WHEN_MINUTE);
        pass(MINUTES(61)); /* no subject more than once an hour */
        tap_int(fresh(), 1, "a permission that the poll alone lacks is told");
        for (int i = 0; i < 3; i++) {
                const struct outcome good = { .kind = OUTCOME_DONE, .status = 200 };

                health_called(f.org, "gh", &good, fake_options(&f).trade.now_ms(), NULL);
                is_red(true, "the light stays red, whatever else works");
                pass(MINUTES(61));
        }
        tap_int(fresh(), 0, "and it is told once");
        fake_rules(f.org, "[]");
        pass(2 * WHEN_MINUTE);
        is_red(false, "when nobody waits for it any more, it is not missed");
        fake_poll(NULL);
        fake_home_close(&f);
}

static void test_parked(void)
{
        struct fail why = FAIL_CLEAR;
        uint64_t number = 0;

        open_house("[\"a@acme.example\"]");
        fake->script[CALL_WRITE_NOTE].times = 10;
        fake->script[CALL_WRITE_NOTE].kind = OUTCOME_REFUSED;
        fake_stage(&f, "17", "e1");
        tick();
        tap_int(fresh(), 1, "an action that is parked is told");
        tap_ok(strstr(last_subject(), "Greenhouse (gh) waits for a person") != NULL, "%s",
               last_subject());
        tap_int(alert_stands(f.org, "parked", "gh", &why), 1, "and stands");
        fake->script[CALL_WRITE_NOTE].times = 0;
        store_series_last(f.org->store, "action", &number, &why);
        for (; number > 0; number--)
                action_retry(f.home, f.org, number, fake_options(&f).trade.now_ms(), &why);
        tick();
        tap_int(alert_stands(f.org, "parked", "gh", &why), 0, "until a person saw to it");
        pass(MINUTES(61));
        tap_int(fresh(), 0, "which needs no mail");
        fake_home_close(&f);
}

/* Three weeks of office hours, then nothing. */
static void test_silence(void)
{
        int64_t start = when_now_ms() / WHEN_HOUR * WHEN_HOUR + WHEN_HOUR;
        int mails = 0;

        open_house("[\"a@acme.example\"]");
        for (int day = 0; day < 21; day++) {
                for (int hour = 0; hour < 10; hour++) {
                        if (day % 7 >= 5)
                                continue;
                        fake->clock_ms =
                            start + day * WHEN_DAY + hour * WHEN_HOUR - when_now_ms() + WHEN_MINUTE;
                        arrive(DELIVERY_EVENT, TRUST_BODY, "gh");
                }
                tick();
                mails += fresh();
        }
        fake->clock_ms = start + 20 * WHEN_DAY + 23 * WHEN_HOUR - when_now_ms();
        tick();
        tap_int(mails + fresh(), 0, "three weeks with weekends: no alarm");
        fake->clock_ms = start + 23 * WHEN_DAY + 12 * WHEN_HOUR - when_now_ms();
        tick();
        tap_int(fresh(), 1, "three working days without a word: told");
        tap_ok(strstr(last_subject(), "Greenhouse (gh) is silent") != NULL, "%s", last_subject());
        pass(2 * WHEN_HOUR);
        arrive(DELIVERY_EVENT, TRUST_BODY, "gh");
        tick();
        pass(MINUTES(2));
        tap_int(fresh(), 1, "that it sends again, too");
        fake_home_close(&f);
}

static void test_missed(void)
{
        open_house("[\"a@acme.example\"]");
        fake_stage(&f, "17", "e1");
        tick();
        strcpy(fake_session("S1")->state, "complete");
        fake_session("S1")->score = 80;
        fake_session("S1")->finished_ms = when_now_ms();
        pass(WHEN_HOUR);
        tick();
        tap_int(fresh(), 1, "what the sweep had to find is told");
        tap_ok(strstr(last_subject(), "Webhooks of CodeSignal (cs) were missed") != NULL, "%s",
               last_subject());
        fake_home_close(&f);
}

static void test_key_terms(void)
{
        static const int64_t now = INT64_C(1790000000000);
        static const struct {
                const char *name;
                double lives, left; /* days */
                bool revoked;
                const char *mark;
                double next; /* days from now; 0 never */
        } rows[] = {
                { "a year, 40 days left", 365, 40, false, NULL, 10 },
                { "a year, 30 days left", 365, 30, false, "30", 20 },
                { "a year, 10 days left", 365, 9.5, false, "10", 7.5 },
                { "a year, two days left", 365, 1, false, "2", 1 },
                { "a year, over", 365, -1, false, "0", 29 },
                { "a year, long over", 365, -31, false, NULL, 0 },
                { "a week: the long steps do not fit", 7, 6, false, NULL, 4 },
                { "a week, two days left", 7, 1, false, "2", 1 },
                { "a day: no warning", 1, 0.5, false, NULL, 0 },
                { "a day, over: nobody was warned", 1, -0.5, false, NULL, 29.5 },
                { "revoked", 365, 5, true, NULL, 0 },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *record = json_object();
                int64_t expires = now + (int64_t)(rows[i].left * (double)WHEN_DAY);
                struct key_term term;

                json_set_int(record, "expires_ms", expires);
                json_set_int(record, "created_ms",
                             expires - (int64_t)(rows[i].lives * (double)WHEN_DAY));
                json_set_int(record, "revoked_ms", rows[i].revoked ? now : 0);
                json_set_text(record, "label", "scheduler");
                key_term(&term, "abcdefgh", record, NULL, now);
                tap_text(term.mark, rows[i].mark, "key: %s", rows[i].name);
                tap_int(term.next_ms == INT64_MAX
                            ? 0
                            : (term.next_ms - now + WHEN_MINUTE) / (WHEN_DAY / 10),
                        (int64_t)(rows[i].next * 10), "and when next");
                key_term_dispose(&term);
                json_decref(record);
        }
}

static void test_key(void)
{
        json_t *scopes = json_pack("[s]", "results:read");
        struct key_order order = { .label = "scheduler",
                                   .scopes = scopes,
                                   .expires_ms = when_now_ms() + 45 * WHEN_DAY };
        struct fail why = FAIL_CLEAR;
        char *text = NULL, *id = NULL;
        int told = 0;

        open_house("[\"a@acme.example\"]");
        tap_int(key_issue(f.org, &order, &text, &id, &why), 0, "a key: %s", why.text);
        event_wake(f.home, "acme", NULL, when_now_ms(), &why);
        tick();
        tap_int(fresh(), 0, "45 days before: nothing");
        for (int day = 45; day > -3; day--) {
                pass(WHEN_DAY);
                told += fresh();
        }
        tap_int(told, 4, "30, 10 and 2 days before, and when it is over");
        tap_ok(strstr(box.mails[0].subject, "expires in") != NULL, "%s", box.mails[0].subject);
        tap_ok(strstr(last_subject(), "has expired") != NULL, "%s", last_subject());
        mem_free_secret(text);
        mem_free(id);
        json_decref(scopes);
        fake_home_close(&f);
}

int main(void)
{
        log_start("test", "text", LOG_LEVEL_ERROR);
        fake_start();
        test_one();
        test_flapping();
        test_marks();
        test_groups();
        test_trouble();
        test_restart();
        test_webhook();
        test_denied();
        test_polled();
        test_parked();
        test_silence();
        test_missed();
        test_key_terms();
        test_key();
        return tap_end();
}
