/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A candidate's data goes: found by anything of his, erased to the last trace, or when its time
 * is up. */
#include "home/forget.h"
#include "home/action.h"
#include "home/answer.h"

#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/audit.h"
#include "home/backfill.h"
#include "home/consumer.h"
#include "home/records.h"
#include "worker_fake.h"

#define JANE "jane@x.example"
#define PHONE "+1 555 0100"

static int answer(struct link *link, const struct fetch_request *request,
                  struct fetch_answer *answer, struct fail *why)
{
        (void)link;
        (void)request;
        (void)why;
        *answer = (struct fetch_answer){ .end = FETCH_ANSWERED, .status = 200 };
        return 0;
}

static void tick(struct fake_home *f)
{
        struct worker_options options = fake_options(f);
        struct fail why = FAIL_CLEAR;

        options.trade.call = answer;
        if (worker_tick(&options, NULL, &why) != 0)
                tap_ok(false, "tick: %s", why.text);
}

/* A consumer that gets whole results. */
static void add_consumer(struct fake_home *f)
{
        static const char settings[] =
            "{\"url\":\"https://std.example/\",\"signing\":\"standard\",\"body\":\"full\"}";
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();
        json_t *given = json_parse(settings, strlen(settings), true, &why),
               *credentials = json_object();

        json_set_text(credentials, "secret", "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
        connection_put(f->home, f->org, b, "std", kind_find("consumer"), given, credentials, NULL,
                       "https://hire.example/fairlead", NULL);
        tap_int(store_commit(f->org->store, b, &why), 0, "consumer: %s", why.text);
        batch_free(b);
        json_decref(given);
        json_decref(credentials);
}

/* An interview that a scheduling flow made; of no application. */
static void add_interview(struct fake_home *f, const char *id, const char *email, int64_t at_ms)
{
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();
        json_t *record = json_object();

        json_set_text(record, "platform", "cs");
        json_set_text(record, "state", "ready");
        json_set_text(record, "candidate_name", "Jane Fake");
        json_set_text(record, "candidate_email", email);
        json_set_text(record, "title", "Talk with Jane");
        json_set_int(record, "changed_ms", at_ms);
        record_put(b, "interview", id, record);
        tap_int(store_commit(f->org->store, b, &why), 0, "interview %s: %s", id, why.text);
        batch_free(b);
        json_decref(record);
}

static void set_retention(struct fake_home *f, int days)
{
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();
        json_t *self = fake_record(f->org, "org", "self");

        if (self == NULL)
                self = json_object();
        json_set_int(self, "retention_days", days);
        record_put(b, "org", "self", self);
        tap_int(store_commit(f->org->store, b, &why), 0, "retention %d: %s", days, why.text);
        batch_free(b);
        json_decref(self);
}

struct hunt {
        const char *part;
        char places[600];
        int count;
};

static int hunt_one(void *context, const struct store_record *r)
{
        struct hunt *h = context;
        char *text = mem_text_part(r->len > 0 ? r->data : "", r->len);

        if (strcasestr(text, h->part) != NULL) {
                size_t len = strlen(h->places);

                snprintf(h->places + len, sizeof h->places - len, " %s/%.30s", r->name, r->key);
                h->count++;
        }
        mem_free(text);
        return 0;
}

/* How many records of the org hold this text. */
static void is_held(struct fake_home *f, const char *part, bool wanted, const char *name)
{
        struct hunt h = { .part = part };
        struct fail why = FAIL_CLEAR;

        store_each(f->org->store, hunt_one, &h, &why);
        tap_ok((h.count > 0) == wanted, "%s: \"%s\" in%s", name, part,
               h.count > 0 ? h.places : " nothing");
}

/* Something was answered to every action, to those of the first candidate his address. */
static int add_answer(void *context, uint64_t number, const json_t *action)
{
        struct fake_home *f = context;
        struct fail why = FAIL_CLEAR;
        struct plan plan;
        json_t *calls = json_array(), *call = json_object();

        plan_init(&plan);
        json_set_text(call, "text",
                      text_equal(json_get_text(action, "application", ""), "gh:17") ? JANE : "-");
        json_add(calls, call);
        answer_keep(&plan, f->org, number, 1, calls, &why);
        plan_commit(&plan, f->org, &why);
        plan_dispose(&plan);
        return 0;
}

/* How many actions have answers beside them. */
static int count_answers(void *context, uint64_t number, const json_t *action)
{
        struct fake_home *f = context;
        json_t *tries = NULL;

        (void)action;
        fake->moves += answer_list(f->org, number, &tries, NULL) == 1 &&
                       json_at(json_array_get(tries, 0), "calls.0.text") != NULL;
        json_decref(tries);
        return 0;
}

/* Two candidates, one with a result that went everywhere, a note that failed, an invitation. */
static void prepare(struct fake_home *f)
{
        struct fail why = FAIL_CLEAR;

        fake_home_make(f);
        fake->applications[1] = fake->applications[0];
        strcpy(fake->applications[1].id, "18");
        strcpy(fake->applications[1].candidate, "6");
        strcpy(fake->applications[1].email, "john@x.example");
        fake->application_count = 2;
        add_consumer(f);
        fake_stage(f, "17", "e1");
        tick(f);
        fake_stage(f, "18", "e2");
        tick(f);
        strcpy(fake_session("S1")->state, "complete");
        fake_session("S1")->score = 88;
        fake_session("S1")->finished_ms = when_now_ms();
        fake_told(f, "S1", "finished", "", "s-finished");
        tick(f);
        add_interview(f, "I1", JANE, when_now_ms());
        action_each(f->org, NULL, UINT32_MAX, add_answer, f, &why);
}

static uint64_t size_of(const json_t *found, const char *list)
{
        return json_array_size(json_object_get(found, list));
}

static void test_found(void)
{
        static const char *const names[] = { "gh:17", "17", "cs:S1", "S1", "I1" };
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        json_t *found;

        prepare(&f);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                tap_int(forget_find(f.org, names[i], &found, &why), 1, "found by %s: %s", names[i],
                        why.text);
                tap_int((int64_t)size_of(found, "applications"), 1, "his application");
                tap_int((int64_t)size_of(found, "sessions"), 0, "whose session goes with it");
                tap_int((int64_t)size_of(found, "interviews"), 1, "and the interview");
                json_decref(found);
        }
        tap_int(forget_find(f.org, JANE, &found, &why), 1, "found by his address");
        json_decref(found);
        tap_int(forget_find(f.org, "nobody@x.example", &found, &why), 0, "nobody is found");
        tap_ok(found == NULL, "and nothing is there to erase");
        tap_int(forget_find(f.org, "", &found, &why), 0, "no name names nobody");
        add_interview(&f, "17", "other@x.example", when_now_ms());
        tap_int(forget_find(f.org, "17", &found, &why), -1, "an id of two candidates is refused");
        tap_int(why.kind, FAIL_INPUT, "with %s", why.text);
        fake_home_close(&f);
}

static void test_no_trace(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        struct worker_options options;
        struct forget_count count;
        json_t *found = NULL, *record;

        prepare(&f);
        options = fake_options(&f);
        is_held(&f, JANE, true, "before");
        tap_int(consumer_pause(f.home, f.org, "std", 1, &why), 1, "a consumer is paused");
        fake_session("S1")->score = 91;
        fake_told(&f, "S1", "finished", "", "s-corrected");
        tick(&f);
        tap_int(forget_find(f.org, JANE, &found, &why), 1, "found");
        tap_int(forget_all(&options.trade, f.org, found, false, &count, &why), 0, "erased: %s",
                why.text);
        tap_int((int64_t)count.applications, 1, "one application");
        json_decref(found);
        tick(&f);
        is_held(&f, JANE, false, "afterwards");
        tap_int(forget_find(f.org, "gh:17", &found, &why), 0, "nothing is found any more");
        tap_int(fake_open_actions(f.org), 0, "nothing waits");
        fake->moves = 0;
        action_each(f.org, NULL, UINT32_MAX, count_answers, &f, &why);
        tap_ok(fake->moves > 0, "what was answered about the other candidate stays");
        record = fake_record(f.org, "application", "gh:18");
        tap_ok(json_at(record, "application.email") != NULL, "the other candidate is untouched");
        json_decref(record);
        record = fake_record(f.org, "count", "erased");
        tap_int(json_get_int(record, "n", 0), 2, "it is counted, with the interview");
        json_decref(record);
        fake_stage(&f, "17", "e3");
        tick(&f);
        record = fake_record(f.org, "application", "gh:17");
        tap_ok(json_get_bool(record, "erased", false), "what was erased stays so");
        json_decref(record);
        fake_home_close(&f);
}

/* A delivery of the platform about a session, with the candidate's number in it. */
static void told_by_name(struct fake_home *f, const char *session, int number)
{
        char *body = mem_format("{\"fact\":\"session\",\"subject\":\"%s\",\"identity\":\"n%d\","
                                "\"phone\":\"" PHONE "\",\"detail\":{\"hint\":\"started\"}}",
                                session, number);

        fake_deliver(f, "acme", "cs", TRUST_NOTICE, body);
        mem_free(body);
}

/* The ATS says that the candidate is gone, and its delivery holds his number, too. */
static void test_gone_in_ats(void)
{
        struct fake_home f;
        int number = 0;

        prepare(&f);
        while (number < 230) {
                told_by_name(&f, "S1", number++);
                if (number % 10 == 0)
                        tick(&f);
        }
        tick(&f);
        is_held(&f, PHONE, true, "before");
        fake_deliver(&f, "acme", "gh", TRUST_BODY,
                     "{\"fact\":\"application_gone\",\"subject\":\"5\",\"identity\":\"g\","
                     "\"phone\":\"" PHONE "\","
                     "\"detail\":{\"what\":\"anonymized\",\"candidate\":\"5\"}}");
        tick(&f);
        is_held(&f, PHONE, false, "after the ATS ordered it");
        told_by_name(&f, "S1", number);
        tick(&f);
        is_held(&f, PHONE, false, "after the platform told of it once more");
        fake_home_close(&f);
}

static void order_erasure(struct fake_home *f, const char *candidate, const char *identity)
{
        char *body =
            mem_format("{\"fact\":\"application_gone\",\"subject\":\"%s\",\"identity\":\"%s\","
                       "\"detail\":{\"what\":\"anonymized\",\"candidate\":\"%s\"}}",
                       candidate, identity, candidate);

        fake_deliver(f, "acme", "gh", TRUST_BODY, body);
        mem_free(body);
        tick(f);
}

/* Interviews that know of the candidate only what his address is. */
static void test_interview_of_gone(void)
{
        struct fake_home f;
        json_t *record;

        prepare(&f);
        add_interview(&f, "I2", "JANE@X.example", when_now_ms());
        add_interview(&f, "I3", "john@x.example", when_now_ms());
        order_erasure(&f, "5", "g1");
        is_held(&f, JANE, false, "his interviews go with him");
        record = fake_record(f.org, "interview", "I1");
        tap_text(json_get_text(record, "state", ""), "cancelled", "cancelled");
        json_decref(record);
        record = fake_record(f.org, "interview", "I3");
        tap_text(json_get_text(record, "state", ""), "ready", "those of others stay");
        json_decref(record);
        fake_home_close(&f);

        /* Two candidates in the ATS, one person: the last one takes it along. */
        fake_home_make(&f);
        fake->applications[1] = fake->applications[0];
        strcpy(fake->applications[1].id, "18");
        strcpy(fake->applications[1].candidate, "6");
        fake->application_count = 2;
        fake_stage(&f, "17", "e1");
        tick(&f);
        fake_stage(&f, "18", "e2");
        tick(&f);
        add_interview(&f, "I1", fake->applications[0].email, when_now_ms());
        order_erasure(&f, "5", "g1");
        record = fake_record(f.org, "interview", "I1");
        tap_text(json_get_text(record, "state", ""), "ready",
                 "it stays while another application has the address");
        json_decref(record);
        order_erasure(&f, "6", "g2");
        record = fake_record(f.org, "interview", "I1");
        tap_text(json_get_text(record, "state", ""), "cancelled", "then it goes");
        json_decref(record);
        is_held(&f, fake->applications[0].email, false, "afterwards");
        fake_home_close(&f);
}

/* What is shown beforehand is what goes. */
static void test_weighed(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        struct worker_options options;
        struct forget_weight w, later;
        const struct action_order note = { .kind = "write_note",
                                           .connection = "gh",
                                           .application = "gh:17" },
                                  other = { .kind = "write_note",
                                            .connection = "gh",
                                            .application = "gh:18" };
        struct forget_count count;
        json_t *found = NULL, *more = NULL, *record;
        char *first, *second;

        prepare(&f);
        options = fake_options(&f);
        tap_int(forget_state(f.org, "gh:17", &why), FORGET_HELD, "held");
        tap_int(forget_state(f.org, "gh:99", &why), FORGET_UNKNOWN, "one that never was");
        tap_int(forget_find(f.org, "gh:17", &found, &why), 1, "found");
        tap_int(forget_weigh(f.org, found, &w, &why), 0, "weighed: %s", why.text);
        tap_int((int64_t)w.applications, 1, "an application");
        tap_int((int64_t)w.sessions, 1, "its assessment");
        tap_int((int64_t)w.results, 1, "with a result");
        tap_int((int64_t)w.interviews, 1, "the interview of the same address");
        record = fake_record(f.org, "application", "gh:17");
        tap_ok(w.events >= json_array_size(json_at(record, "events")) && w.events > 0,
               "events, of the application and of the assessment: %d", (int)w.events);
        json_decref(record);
        first = forget_stamp(found, &w);
        tap_int(action_add(f.home, f.org, &note, NULL, &why), 0, "a note is to be written");
        tap_int(action_add(f.home, f.org, &other, NULL, &why), 0, "and one of the other candidate");
        add_interview(&f, "I2", JANE, when_now_ms());
        tap_int(forget_find(f.org, "gh:17", &more, &why), 1, "found again");
        tap_int(forget_weigh(f.org, more, &later, &why), 0, "weighed again");
        second = forget_stamp(more, &later);
        tap_int((int64_t)later.interviews, 2, "one more interview");
        tap_int((int64_t)(later.notes - w.notes), 1, "one more note");
        tap_int((int64_t)later.orders, (int64_t)w.orders, "and nothing else");
        tap_ok(!text_equal(first, second), "and another stamp");
        mem_free(first);
        mem_free(second);
        tap_int(forget_all(&options.trade, f.org, more, false, &count, &why), 0, "erased");
        tap_int(forget_state(f.org, "gh:17", &why), FORGET_GOING, "gone but for the traces");
        tick(&f);
        tap_int(forget_state(f.org, "gh:17", &why), FORGET_GONE, "gone");
        tap_int(forget_state(f.org, "gh:18", &why), FORGET_HELD, "the other one is not");
        json_decref(found);
        json_decref(more);
        fake_home_close(&f);
}

static void test_days(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        json_t *before, *after;

        fake_home_make(&f);
        before = fake_record(f.org, "org", "self");
        tap_int(forget_days(f.org, &why), 0, "for ever, to begin with");
        tap_int(forget_set_days(f.org, 0, 30, &why), 0, "set: %s", why.text);
        tap_int(forget_days(f.org, &why), 30, "it is");
        tap_int(forget_set_days(f.org, 0, 60, &why), 1, "not from what was before");
        tap_int(forget_days(f.org, &why), 30, "nothing changed");
        tap_int(forget_set_days(f.org, 30, 0, &why), 0, "ended");
        after = fake_record(f.org, "org", "self");
        tap_text(json_get_text(after, "public_url", "-"), json_get_text(before, "public_url", "-"),
                 "what else the org is stays");
        json_decref(before);
        json_decref(after);
        fake_home_close(&f);
}

/* What was said goes from an action that waits, too, and before it is tried again. */
static void test_waiting(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        struct worker_options options;
        struct forget_count count;
        struct plan p;
        struct action_order order = { .kind = "look_session",
                                      .connection = "cs",
                                      .session = "cs:S1",
                                      .due_ms = when_now_ms(),
                                      .now_ms = when_now_ms() };
        json_t *found = NULL, *calls = json_array(), *call = json_object();
        uint64_t last = 0;

        prepare(&f);
        fake->scale = 1;
        fake->script[CALL_READ_SESSION].times = 1;
        fake->script[CALL_READ_SESSION].kind = OUTCOME_AGAIN;
        fake->script[CALL_READ_SESSION].wait_ms = WHEN_HOUR;
        options = fake_options(&f);
        plan_init(&p);
        plan_action(&p, &order);
        tap_int(plan_commit(&p, f.org, &why), 0, "a look is ordered: %s", why.text);
        plan_dispose(&p);
        tick(&f);
        store_series_last(f.org->store, "action", &last, &why);
        plan_init(&p);
        json_set_text(call, "text", "said of Jane");
        json_add(calls, call);
        answer_keep(&p, f.org, last, 1, calls, &why);
        tap_int(plan_commit(&p, f.org, &why), 0, "the platform said something: %s", why.text);
        plan_dispose(&p);
        is_held(&f, "said of Jane", true, "before");
        is_held(&f, "scripted", true, "before");
        tap_int(forget_find(f.org, JANE, &found, &why), 1, "found");
        tap_int(forget_all(&options.trade, f.org, found, false, &count, &why), 0, "erased: %s",
                why.text);
        json_decref(found);
        tick(&f);
        tap_int((int64_t)fake_open_actions(f.org), 1, "the look waits still");
        is_held(&f, "said of Jane", false, "afterwards");
        is_held(&f, "scripted", false, "afterwards");
        is_held(&f, JANE, false, "afterwards");
        fake_home_close(&f);
}

static int is_lapse(void *context, const char *line, size_t len)
{
        (void)len;
        *(int *)context += strstr(line, "candidate.lapsed") != NULL;
        return 0;
}

static void test_time_is_up(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        json_t *record;
        int lapses = 0;

        prepare(&f);
        set_retention(&f, 400);
        fake->clock_ms = 399 * WHEN_DAY;
        tick(&f);
        is_held(&f, JANE, true, "a day before its time");
        fake_stage(&f, "18", "e4"); /* something is heard of the other one */
        tick(&f);
        fake->clock_ms = 402 * WHEN_DAY;
        tick(&f);
        tick(&f);
        is_held(&f, JANE, false, "after its time");
        record = fake_record(f.org, "interview", "I1");
        tap_text(json_get_text(record, "candidate_name", NULL), "erased", "so is the interview");
        json_decref(record);
        record = fake_record(f.org, "application", "gh:18");
        tap_ok(json_at(record, "application.email") != NULL, "who was heard of stays");
        json_decref(record);
        audit_export(f.home, "acme", is_lapse, &lapses, &why);
        tap_ok(lapses > 0, "the audit log says so: %d", lapses);
        strcpy(fake_application("17")->entry, "again");
        fake_stage(&f, "17", "e5");
        tick(&f);
        record = fake_record(f.org, "application", "gh:17");
        tap_ok(!json_get_bool(record, "erased", false) &&
                   json_at(record, "application.email") != NULL,
               "and when the ATS speaks of him again, he is new");
        json_decref(record);
        fake_home_close(&f);
}

/* What is older than the org keeps does not come in from the platform's past either. */
static void test_old_past(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        struct worker_options options;
        json_t *record;

        fake_home_make(&f);
        add_consumer(&f);
        set_retention(&f, 30);
        for (int i = 0; i < 2; i++) {
                struct fake_session *s = &fake->sessions[fake->session_count++];

                *s = (struct fake_session){ .score = 10 };
                snprintf(s->id, sizeof s->id, "P%d", i);
                strcpy(s->test, "T1");
                strcpy(s->email, "past@x.example");
                strcpy(s->state, "complete");
                strcpy(s->verification, "none");
                s->finished_ms = when_now_ms() - (i == 0 ? 31 : 29) * WHEN_DAY;
        }
        options = fake_options(&f);
        tap_int(backfill_start(&options.trade, f.org, "cs", &why), 1, "the past: %s", why.text);
        tick(&f);
        record = fake_record(f.org, "session", "cs:P0");
        tap_ok(record == NULL, "too old: not read");
        json_decref(record);
        record = fake_record(f.org, "session", "cs:P1");
        tap_ok(record != NULL, "young enough: read");
        json_decref(record);
        fake_home_close(&f);
}

int main(void)
{
        fake_start();
        test_found();
        test_no_trace();
        test_gone_in_ats();
        test_interview_of_gone();
        test_waiting();
        test_weighed();
        test_days();
        test_time_is_up();
        test_old_past();
        return tap_end();
}
