/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker: journeys, repetitions, lies, and every way a call may end. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/alert.h"
#include "home/answer.h"
#include "home/event.h"
#include "home/records.h"
#include "home/room.h"
#include "worker_fake.h"

static void finish_session(const char *id, double score)
{
        struct fake_session *s = fake_session(id);

        if (s == NULL)
                return;
        strcpy(s->state, "complete");
        s->score = score;
        s->finished_ms = when_now_ms();
}

static void has_event(struct org *org, uint64_t number, const char *state, const char *reason)
{
        char *got_state = fake_event_text(org, number, "state"),
             *got_reason = fake_event_text(org, number, "reason");

        tap_text(got_state, state, "event %d is %s", (int)number, state);
        if (reason != NULL && !tap_ok(got_reason != NULL && strstr(got_reason, reason) != NULL,
                                      "event %d says \"%s\"", (int)number, reason))
                tap_note("it says \"%s\"", got_reason == NULL ? "(null)" : got_reason);
        mem_free(got_state);
        mem_free(got_reason);
}

static void test_journey(void)
{
        struct fake_home f;
        json_t *record;

        fake_home_make(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "the stage change sends one assessment");
        tap_text(fake->sessions[0].test, "T1", "the rule's assessment");
        tap_int(fake_notes("17", "Assessment sent: Backend screen (CodeSignal)"), 1,
                "the ATS hears that it was sent");
        has_event(f.org, 1, "done", "ordered by a rule");
        fake_told(&f, "S1", "started", "", "s1");
        strcpy(fake->sessions[0].state, "started");
        fake_tick(&f);
        record = fake_record(f.org, "session", "cs:S1");
        tap_text(json_get_text(record, "session.state", ""), "started", "started is known");
        json_decref(record);
        tap_int(fake->note_count, 1, "and no note is written about it");
        finish_session("S1", 81);
        fake_told(&f, "S1", "finished", "", "s2");
        fake_tick(&f);
        tap_int(fake_notes("17", "Score: 81 of 100 (raw points)"), 1, "the result stands once");
        tap_int(fake_notes("17", "Verification: not proctored"), 1, "with its verification");
        tap_int(fake_notes("17", "Report: https://hire.example/fairlead/report/acme/"), 1,
                "with our link");
        tap_int(fake_notes("17", "accessToken"), 0, "never with the platform's");
        tap_int(fake_notes("17", "[fairlead "), 2, "each with its mark");
        tap_int(fake->moves, 1, "the rule's threshold is reached: moved once");
        tap_text(fake_application("17")->stage, "s3", "to the next stage");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing is left to do");
        record = fake_record(f.org, "session", "cs:S1");
        tap_ok(json_get_text(record, "report_url", NULL) != NULL &&
                   strncmp(json_get_text(record, "report_url", ""), "v1.", 3) == 0,
               "the report URL rests sealed");
        tap_text(json_get_text(record, "written.state", ""), "complete", "written is remembered");
        json_decref(record);
        fake_home_close(&f);
}

/* What comes twice, late, out of order, unsigned or as a lie. */

static void test_repetitions(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        uint64_t count = 0;
        struct worker_options options;
        json_t *record;

        fake_home_make(&f);
        options = fake_options(&f);
        fake_stage(&f, "17", "e1");
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->calls[CALL_INVITE], 1, "delivered twice, sent once");
        has_event(f.org, 2, "duplicate", "before");
        record = fake_record(f.org, "count", "duplicates");
        tap_int(json_get_int(record, "n", 0), 1, "the repetition is counted");
        json_decref(record);
        fake_home_reopen(&f);
        options.trade.home = f.home;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->calls[CALL_INVITE], 1, "delivered again after a restart: sent once");
        tap_int(event_replay(&options.trade, f.org, 1, 3, &count, &why), 0, "replay: %s", why.text);
        tap_int((int64_t)count, 1, "one has its body");
        fake_tick(&f);
        tap_int(fake->calls[CALL_INVITE], 1, "replayed: sent once");
        has_event(f.org, 1, "done", "before for this entry");
        fake_stage(&f, "17", "e2");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "entered again while the invitation is open: not resent");
        tap_int(fake_notes("17", "Assessment sent"), 1, "and one note");
        finish_session("S1", 50);
        fake_told(&f, "S1", "finished", "", "s1");
        fake_told(&f, "S1", "finished", "", "s1b");
        fake_told(&f, "S1", "started", "", "s0");
        fake_tick(&f);
        tap_int(fake_notes("17", "Assessment result"), 1,
                "told three times, out of order: one note");
        tap_int(fake->moves, 0, "below the threshold nobody is moved");
        fake_stage(&f, "17", "e3");
        fake_tick(&f);
        tap_int(fake->session_count, 2, "entered again after it was taken: a new one is sent");
        fake_home_close(&f);
}

static void test_lies(void)
{
        struct fake_home f;
        json_t *record;

        fake_home_make(&f);
        fake_deliver(&f, "acme", "gh", TRUST_UNSIGNED,
                     "{\"fact\":\"stage_entered\",\"subject\":\"17\",\"identity\":\"e1\"}");
        fake_tick(&f);
        has_event(f.org, 1, "ignored", "Not to be trusted");
        tap_int(fake->calls[CALL_READ_APPLICATION], 0, "an unsigned event calls nobody");
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "and does not hide the real one");
        fake_deliver(&f, "acme", "cs", TRUST_NOTICE,
                     "{\"fact\":\"session\",\"subject\":\"S1\",\"identity\":\"x\",\"detail\":"
                     "{\"hint\":\"finished\",\"score\":100,\"state\":\"complete\"}}");
        fake_tick(&f);
        record = fake_record(f.org, "session", "cs:S1");
        tap_text(json_get_text(record, "session.state", ""), "invited", "a lie changes nothing");
        json_decref(record);
        tap_int(fake_notes("17", "result"), 0, "and writes nothing");
        /* Somebody else's session with our external id. */
        fake->sessions[1] = fake->sessions[0];
        strcpy(fake->sessions[1].id, "S9");
        strcpy(fake->sessions[1].email, "mallory@x.example");
        strcpy(fake->sessions[1].state, "complete");
        fake->session_count = 2;
        fake_told(&f, "S9", "finished", fake->sessions[0].external, "y");
        fake_tick(&f);
        tap_int(fake_notes("17", "result"), 0, "another person's result is not taken for ours");
        has_event(f.org, 4, "unknown", "not sent by us");
        fake_told(&f, "S404", "finished", "", "z");
        fake_deliver(&f, "acme", "cs", TRUST_NOTICE, "not json \x01");
        fake_deliver(&f, "acme", "gone", TRUST_NOTICE, "{}");
        fake_deliver(&f, "nobody", "gh", TRUST_BODY, "{}");
        fake_tick(&f);
        has_event(f.org, 5, "unknown", "No such session");
        has_event(f.org, 6, "unknown", NULL);
        has_event(f.org, 7, "unknown", "not there any more");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing hangs");
        fake_home_close(&f);
}

/* A notice has a time of its own, under the signature; what Greenhouse and Ashby sign has that of
 * a record, which may be years old. */
static void test_age(void)
{
        struct fake_home f;

        fake_home_make(&f);
        fake_deliver(&f, "acme", "gh", TRUST_NOTICE,
                     "{\"fact\":\"stage_entered\",\"subject\":\"17\",\"identity\":\"e1\","
                     "\"occurred_ms\":1000}");
        fake_tick(&f);
        has_event(f.org, 1, "ignored", "Too old");
        tap_int(fake->calls[CALL_READ_APPLICATION], 0, "an old notice calls nobody");
        fake_deliver(&f, "acme", "gh", TRUST_BODY,
                     "{\"fact\":\"stage_entered\",\"subject\":\"17\",\"identity\":\"e2\","
                     "\"occurred_ms\":1000}");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "an application that nobody touched for years is invited");
        fake_home_close(&f);
}

static void test_refusals(void)
{
        struct fake_home f;

        fake_home_make(&f);
        fake_application("17")->email[0] = '\0';
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake_notes("17", "Not invited: this candidate has no e-mail address. Add one and "
                                 "move the stage again."),
                1, "no address: the recruiter reads what to do");
        tap_int(fake->calls[CALL_INVITE], 0, "and nobody was asked");
        strcpy(fake_application("17")->email, "jane@x.example");
        fake_stage(&f, "17", "e2");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "moved again with an address: sent");
        strcpy(fake_application("17")->stage, "s9");
        strcpy(fake_application("17")->stage_name, "Offer");
        fake_stage(&f, "17", "e3");
        fake_tick(&f);
        has_event(f.org, 3, "done", "in \"Offer\" and not in \"Coding test\"");
        strcpy(fake_application("17")->stage, "s2");
        strcpy(fake_application("17")->stage_name, "Coding test");
        strcpy(fake_application("17")->status, "rejected");
        fake_stage(&f, "17", "e4");
        fake_tick(&f);
        has_event(f.org, 4, "done", "not active");
        /* The recruiter moves on before the result is there. */
        strcpy(fake_application("17")->status, "active");
        strcpy(fake_application("17")->stage, "s9");
        finish_session("S1", 99);
        fake_told(&f, "S1", "finished", "", "s1");
        fake_tick(&f);
        tap_int(fake_notes("17", "Score: 99 of 100"), 1, "the result is written all the same");
        tap_int(fake->moves, 0, "but nobody is moved from where a person put him");
        fake_home_close(&f);
}

static void test_endings(void)
{
        static const struct {
                const char *state, *verification, *wanted;
        } rows[] = {
                { "expired", "none", "Assessment expired" },
                { "declined", "none", "Assessment declined" },
                { "not_verified", "not_verified", "Assessment not verified" },
        };
        struct fake_home f;
        json_t *record;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                fake_home_make(&f);
                fake_stage(&f, "17", "e1");
                fake_tick(&f);
                strcpy(fake->sessions[0].state, rows[i].state);
                strcpy(fake->sessions[0].verification, rows[i].verification);
                fake_told(&f, "S1", "x", "", "s1");
                fake_tick(&f);
                tap_int(fake_notes("17", rows[i].wanted), 1, "%s is told", rows[i].state);
                tap_int(fake_notes("17", "Score"), 0, "without a score");
                fake_home_close(&f);
        }
        fake_home_make(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        finish_session("S1", 77);
        strcpy(fake->sessions[0].state, "in_review");
        strcpy(fake->sessions[0].verification, "pending");
        fake_told(&f, "S1", "x", "", "s1");
        fake_tick(&f);
        tap_int(fake->note_count, 1, "in review: nothing is written");
        strcpy(fake->sessions[0].state, "complete");
        strcpy(fake->sessions[0].verification, "verified");
        fake_told(&f, "S1", "x", "", "s2");
        fake_tick(&f);
        tap_int(fake_notes("17", "Verification: verified"), 1, "verified: written");
        fake->sessions[0].score = 80;
        fake_told(&f, "S1", "x", "", "s3");
        fake_tick(&f);
        tap_int(fake_notes("17", "Corrected assessment result"), 1, "corrected: said so, once");
        fake_deliver(&f, "acme", "gh", TRUST_BODY,
                     "{\"fact\":\"application_gone\",\"subject\":\"5\",\"identity\":\"g\","
                     "\"detail\":{\"what\":\"anonymized\",\"candidate\":\"5\"}}");
        fake_tick(&f);
        record = fake_record(f.org, "application", "gh:17");
        tap_ok(json_get_bool(record, "erased", false) && json_at(record, "application") == NULL,
               "erased with the candidate: the application");
        json_decref(record);
        record = fake_record(f.org, "session", "cs:S1");
        tap_ok(json_at(record, "session.email") == NULL && json_at(record, "report_url") == NULL,
               "and the session");
        json_decref(record);
        tap_int(store_get(f.org->store, "body", "1", NULL, NULL), 0, "and the events' bodies");
        fake_home_close(&f);
}

/* Every outcome for every call. */

static void test_outcomes(void)
{
        static const struct {
                const char *name;
                enum outcome_kind kind;
                bool did;
        } rows[] = {
                { "again", OUTCOME_AGAIN, false },
                { "uncertain, done", OUTCOME_UNCERTAIN, true },
                { "uncertain, not done", OUTCOME_UNCERTAIN, false },
                { "denied", OUTCOME_DENIED, false },
                { "absent", OUTCOME_ABSENT, false },
        };
        static const char *const names[CALLS] = {
                "read_application", "find_note", "write_note", "move_stage", "invite",
                "read_session",     ""
        };

        for (int call = 0; call < CALL_READ_SESSIONS; call++)
                for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                        struct fake_home f;
                        int64_t until = when_steady_ms() + 8000;

                        fake_home_make(&f);
                        fake->script[call].times = 1;
                        fake->script[call].kind = rows[i].kind;
                        fake->script[call].did = rows[i].did;
                        fake_stage(&f, "17", "e1");
                        do
                                fake_tick(&f);
                        while (fake_open_actions(f.org) > 0 && when_steady_ms() < until);
                        finish_session("S1", 81);
                        fake_told(&f, "S1", "finished", "", "s1");
                        do
                                fake_tick(&f);
                        while (fake_open_actions(f.org) > 0 && when_steady_ms() < until);
                        tap_ok(fake->session_count == 1 && fake->note_count == 2 &&
                                   fake_notes("17", "Score: 81") == 1 && fake->moves == 1,
                               "%s once %s: all happens, and once", names[call], rows[i].name);
                        if (fake->note_count != 2)
                                tap_note("%d sessions, %d notes, %d moves", fake->session_count,
                                         fake->note_count, fake->moves);
                        fake_home_close(&f);
                }
}

static void test_patience(void)
{
        json_t *alerts = NULL;
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        json_t *health;
        char *text;

        /* Whoever reads the ATS cannot read there that a note was refused. */
        fake_home_make(&f);
        fake->script[CALL_WRITE_NOTE].times = 1;
        fake->script[CALL_WRITE_NOTE].kind = OUTCOME_REFUSED;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        text = fake_action_text(f.org, 3, "state");
        tap_text(text, "parked", "a refused note waits for a person");
        mem_free(text);
        text = fake_action_text(f.org, 3, "sentence");
        tap_text(text, "The vendor says so.", "who reads why");
        mem_free(text);
        tap_int(action_retry(f.home, f.org, 3, when_now_ms(), &why), 1, "and tries again");
        fake_tick(&f);
        tap_int(fake_notes("17", "Assessment sent"), 1, "then it stands");
        fake_home_close(&f);

        /* Nor that we could not look: nothing would follow, and nobody would know. */
        fake_home_make(&f);
        fake->script[CALL_READ_APPLICATION].times = 1;
        fake->script[CALL_READ_APPLICATION].kind = OUTCOME_REFUSED;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        text = fake_action_text(f.org, 1, "state");
        tap_text(text, "parked", "a refused look waits for a person");
        mem_free(text);
        tap_int(action_retry(f.home, f.org, 1, when_now_ms(), &why), 1, "who tries it again");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "and what follows from it is done");
        fake_home_close(&f);

        fake_home_make(&f);
        fake->script[CALL_INVITE].times = 1;
        fake->script[CALL_INVITE].kind = OUTCOME_REFUSED;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake_notes("17", "Not invited: The vendor says so."), 1, "refused: said once");
        text = fake_action_text(f.org, 2, "state");
        tap_text(text, "refused", "and so it stands");
        mem_free(text);
        tap_int(action_retry(f.home, f.org, 2, when_now_ms(), &why), 1, "a person tries again");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "and it is sent");
        tap_int(action_retry(f.home, f.org, 2, when_now_ms(), &why), 0, "what is done stays done");
        fake_home_close(&f);

        fake_home_make(&f);
        fake->scale = 1;
        fake->script[CALL_READ_APPLICATION].times = 1000;
        fake->script[CALL_READ_APPLICATION].kind = OUTCOME_AGAIN;
        fake->script[CALL_READ_APPLICATION].wait_ms = WHEN_HOUR;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->calls[CALL_READ_APPLICATION], 1, "asked to wait an hour: waits");
        fake->clock_ms = 2 * WHEN_HOUR;
        fake_tick(&f);
        tap_int(fake->calls[CALL_READ_APPLICATION], 2, "later it is tried again");
        fake->clock_ms = -30 * WHEN_DAY;
        fake_tick(&f);
        tap_int(fake->calls[CALL_READ_APPLICATION], 3,
                "a clock set back by a month does not stall it for a month");
        fake->script[CALL_READ_APPLICATION].times = 0;
        fake->clock_ms = 8 * WHEN_DAY;
        fake->script[CALL_READ_APPLICATION].times = 1;
        fake->script[CALL_READ_APPLICATION].wait_ms = 0;
        fake_tick(&f);
        text = fake_action_text(f.org, 1, "state");
        tap_text(text, "parked", "after a week it is parked for a person");
        mem_free(text);
        text = fake_action_text(f.org, 1, "sentence");
        tap_text(text, "Tried 4 times without success. The vendor is busy.",
                 "with a sentence that promises nothing");
        mem_free(text);
        alert_list(f.org, &alerts, &why);
        tap_ok(strstr(json_get_text(alerts, "0.sentence", ""), "it is tried again") == NULL &&
                   strstr(json_get_text(alerts, "0.sentence", ""), "The vendor is busy.") != NULL,
               "nor does the mail: %s", json_get_text(alerts, "0.sentence", ""));
        json_decref(alerts);
        tap_int(action_retry(f.home, f.org, 1, when_now_ms() + fake->clock_ms, &why), 1,
                "who can try again");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "and then it happens");
        fake_home_close(&f);

        fake_home_make(&f);
        fake->scale = 1;
        fake->script[CALL_READ_APPLICATION].times = 1000;
        fake->script[CALL_READ_APPLICATION].kind = OUTCOME_AGAIN;
        fake->script[CALL_READ_APPLICATION].wait_ms = WHEN_SECOND;
        fake_stage(&f, "17", "e1");
        for (int i = 0; i < 8; i++) {
                fake_tick(&f);
                tap_int(fake->calls[CALL_READ_APPLICATION], i + 1,
                        "asked to wait a second: try %d is then", i + 1);
                fake->clock_ms += 1250;
        }
        for (int i = 0; i < 60; i++) {
                fake_tick(&f);
                fake->clock_ms += 2 * WHEN_SECOND;
        }
        tap_ok(fake->calls[CALL_READ_APPLICATION] <= 14,
               "one who never asks for more is asked less often: %d",
               fake->calls[CALL_READ_APPLICATION]);
        fake->clock_ms += WHEN_DAY;
        fake_tick(&f);
        for (int i = 0; i < 20; i++) {
                fake->clock_ms += 20 * WHEN_MINUTE;
                fake->calls[CALL_READ_APPLICATION] = 0;
                fake_tick(&f);
        }
        tap_int(fake->calls[CALL_READ_APPLICATION], 1, "but every quarter of an hour");
        fake_home_close(&f);

        fake_home_make(&f);
        fake->script[CALL_INVITE].times = 1;
        fake->script[CALL_INVITE].kind = OUTCOME_DENIED;
        fake->script[CALL_INVITE].lane_wait_ms = 10 * WHEN_MINUTE;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        health = fake_record(f.org, "health", "cs");
        tap_ok(json_get_bool(health, "denied", false), "a refused credential turns the light red");
        tap_text(json_get_text(health, "last_error.sentence", ""), "The vendor says so.",
                 "and says why");
        json_decref(health);
        event_wake(f.home, "acme", "cs", when_now_ms(), &why);
        fake_tick(&f);
        tap_int(fake->session_count, 1, "a mended credential is used at once");
        health = fake_record(f.org, "health", "cs");
        tap_ok(!json_get_bool(health, "denied", true), "and the light is green again");
        json_decref(health);
        fake_home_close(&f);
}

/* Killed at every point of the whole journey, then started again: once each, always. */

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

static void close_for_fork(struct fake_home *f)
{
        home_close(f->home);
        f->home = NULL;
}

static void test_kills(void)
{
        int killed = 0, wrong = 0, n;
        bool first = true;

        /* n counts on through the two halves: the sending, and the result. */
        for (n = 1; first; n++) {
                struct fake_home f;

                fake_home_make(&f);
                fake_stage(&f, "17", "e1");
                close_for_fork(&f);
                first = child_tick(&f, n) == 77;
                killed += first;
                for (int i = 0; i < 3; i++)
                        child_tick(&f, 0);
                if (fake->session_count != 1 || fake_notes("17", "Assessment sent") != 1) {
                        wrong++;
                        tap_note("killed at %d: %d sessions, %d notes", n, fake->session_count,
                                 fake->note_count);
                }
                fake_home_close(&f);
        }
        tap_ok(killed > 15, "killed at %d points of the sending", killed);
        tap_int(wrong, 0, "each time one assessment and one note");
        killed = 0;
        first = true;
        for (n = 1; first; n++) {
                struct fake_home f;

                fake_home_make(&f);
                fake_stage(&f, "17", "e1");
                close_for_fork(&f);
                child_tick(&f, 0);
                finish_session("S1", 90);
                fake_home_reopen(&f);
                fake_told(&f, "S1", "finished", "", "s1");
                close_for_fork(&f);
                first = child_tick(&f, n) == 77;
                killed += first;
                for (int i = 0; i < 3; i++)
                        child_tick(&f, 0);
                if (fake_notes("17", "Score: 90") != 1 || fake->note_count != 2 ||
                    fake->moves != 1) {
                        wrong++;
                        tap_note("killed at %d: %d notes, %d moves", n, fake->note_count,
                                 fake->moves);
                }
                fake_home_close(&f);
        }
        tap_ok(killed > 20, "killed at %d points of the result", killed);
        tap_int(wrong, 0, "each time one result note and one move");
}

/* The long-lived one. */

static int count_state(void *context, uint64_t number, const json_t *action)
{
        (void)number;
        if (text_equal(json_get_text(action, "state", ""), "done"))
                ++*(int *)context;
        return 0;
}

static void *run(void *context)
{
        struct fail why = FAIL_CLEAR;
        int result = worker_run(context, &why);

        if (result != 0)
                printf("# worker_run: %d %s\n", result, why.text);
        return NULL;
}

static bool wait_for_notes(int count, int64_t ms)
{
        int64_t until = when_steady_ms() + ms;
        struct timespec pause = { .tv_nsec = 1000000 };

        while (__atomic_load_n(&fake->note_count, __ATOMIC_SEQ_CST) < count &&
               when_steady_ms() < until)
                nanosleep(&pause, NULL);
        return fake->note_count >= count;
}

static int64_t cpu_us(void)
{
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* What a worker with nothing to do may take of 200 ms; checked code takes several times that. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
#define IDLE_US 20000
#else
#define IDLE_US 5000
#endif
#define ORGS 1000

/* Instead of libc's: a thousand homes are made without waiting for the disk. */
static bool hasty;

int fsync(int fd)
{
        return hasty ? 0 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
        return hasty ? 0 : (int)syscall(SYS_fdatasync, fd);
}

static void make_idle(struct fake_home *f)
{
        struct fail why = FAIL_CLEAR;
        char name[16];
        struct org *org;

        hasty = true;

        for (int i = 0; i < ORGS; i++) {
                snprintf(name, sizeof name, "org%d", i);
                if (home_create_org(f->home, name, &org, &why) != 0) {
                        tap_ok(false, "org %d: %s", i, why.text);
                        break;
                }
        }
        hasty = false;
}

static void test_run(void)
{
        struct fake_home f, other;
        struct worker_options options, second;
        struct fail why = FAIL_CLEAR;
        pthread_t thread;
        int64_t start = 0, took[21], each;
        struct mallinfo2 lean, full;
        struct timespec pause = { .tv_nsec = 200000000 };
        struct rusage before, after;
        struct action_order order = { .kind = "look_application",
                                      .connection = "gh",
                                      .application = "gh:17" };
        char identity[16];
        int done = 0;

        fake_home_make(&f);
        /* A house full of others, who want nothing. */
        make_idle(&f);
        fake_home_reopen(&f);
        lean = mallinfo2();
        options = fake_options(&f);
        options.linger_ms = 1;
        start = when_steady_ms();
        tap_int(worker_tick(&options, NULL, &why), 0, "a round over %d idle orgs", ORGS);
        tap_note("looked through in %lld ms", (long long)(when_steady_ms() - start));
        tap_ok(when_steady_ms() - start < 15000, "is quick");
        full = mallinfo2();
        each = (int64_t)(full.uordblks + full.hblkhd - lean.uordblks - lean.hblkhd) / ORGS;
        tap_ok(each < 1000, "an idle org costs %lld bytes", (long long)each);

        fake->scale = 1;
        options = fake_options(&f);
        pthread_create(&thread, NULL, run, &options);
        fake_stage(&f, "17", "e1");
        tap_ok(wait_for_notes(1, 15000), "a ring wakes it");
        other = f;
        other.home = NULL;
        tap_int(home_open(&other.home, f.dir, &why), 1, "another process");
        second = options;
        second.trade.home = other.home;
        tap_int(worker_tick(&second, NULL, &why), 1, "a second worker is told so");
        home_close(other.home);

        for (int i = 0; i < 21; i++) {
                strcpy(fake->sessions[0].state, "complete");
                fake->sessions[0].score = i;
                fake->sessions[0].finished_ms = when_now_ms();
                start = when_steady_us();
                snprintf(identity, sizeof identity, "f%d", i);
                fake_told(&f, "S1", "finished", "", identity);
                wait_for_notes(2 + i, 3000);
                took[i] = when_steady_us() - start;
        }
        tap_int(fake->note_count, 22, "every correction is told once");
        for (int i = 1; i < 21; i++)
                for (int k = i; k > 0 && took[k] < took[k - 1]; k--) {
                        int64_t t = took[k];

                        took[k] = took[k - 1];
                        took[k - 1] = t;
                }
        tap_note("finished to note: median %lld us, longest %lld us", (long long)took[10],
                 (long long)took[20]);
        tap_ok(took[10] < 100000, "within 100 ms");

        while (fake_open_actions(f.org) > 0 && when_steady_ms() < start / 1000 + 5000)
                nanosleep(&pause, NULL);
        nanosleep(&pause, NULL); /* the threads go back to sleep */
        getrusage(RUSAGE_SELF, &before);
        start = cpu_us();
        nanosleep(&pause, NULL);
        start = cpu_us() - start;
        getrusage(RUSAGE_SELF, &after);
        tap_ok(start < IDLE_US, "beside %d idle orgs: %lld us of 200 ms", ORGS, (long long)start);
        tap_ok(after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw < 10,
               "with nothing to do it sleeps (%ld switches)",
               after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw);

        /* What a program planned in a process of its own: the worker hears of it by a word in the
         * inbox, and its threads are all asleep. */
        order.now_ms = order.due_ms = when_now_ms();
        tap_int(action_add(f.home, f.org, &order, NULL, &why), 0, "a program asks for a look");
        for (start = when_steady_ms();
             fake_open_actions(f.org) > 0 && when_steady_ms() < start + 5000;)
                nanosleep(&pause, NULL);
        tap_int((int64_t)fake_open_actions(f.org), 0, "and a sleeping worker does it");

        worker_stop();
        pthread_join(thread, NULL);
        action_each(f.org, NULL, 1000, count_state, &done, &why);
        tap_int((int64_t)fake_open_actions(f.org), 0, "stopped with nothing open, %d done", done);
        fake_home_close(&f);
}

/* Many orgs. */

static void deliver_stage(struct fake_home *f, const char *org, const char *application, int n)
{
        char *body = mem_format("{\"fact\":\"stage_entered\",\"subject\":\"%s\",\"identity\":"
                                "\"%s-%d\",\"detail\":{\"stage\":{\"id\":\"s2\"}}}",
                                application, org, n);

        fake_deliver(f, org, "gh", TRUST_BODY, body);
        mem_free(body);
}

static struct org *make_org(struct fake_home *f, const char *name, const json_t *rules)
{
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        char *text;

        if (home_create_org(f->home, name, &org, &why) != 0)
                return NULL;
        fake_connection(f->home, org, "gh", "greenhouse");
        fake_connection(f->home, org, "cs", "codesignal");
        text = json_text(json_object_get(rules, "rules"));
        fake_rules(org, text);
        mem_free(text);
        return org;
}

static void test_blocked_org(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        struct worker_options options;
        uint64_t bytes = 0;
        json_t *rules;
        char *dir, *away;

        fake_home_make(&f);
        rules = fake_record(f.org, "rules", "all");
        tap_ok(make_org(&f, "bad", rules) != NULL, "another org");
        fake->applications[1] = fake->applications[0];
        strcpy(fake->applications[1].id, "18");
        strcpy(fake->applications[1].candidate, "6");
        strcpy(fake->applications[1].email, "joe@x.example");
        fake->application_count = 2;
        deliver_stage(&f, "bad", "18", 1);
        fake_stage(&f, "17", "e1");
        /* Its directory becomes unreadable for the store: a file where the journal was. */
        home_close(f.home);
        f.home = NULL;
        dir = mem_format("%s/orgs/bad", f.dir);
        away = mem_format("%s/away", f.dir);
        tap_int(rename(dir, away), 0, "the org's state is taken away");
        tap_int(mkdir(dir, 0755), 0, "and something wrong is there");
        fake_home_reopen(&f);
        log_start("test", "text", LOG_LEVEL_ERROR + 1);
        fake_tick(&f);
        log_start("test", "text", LOG_LEVEL_ERROR);
        tap_int(fake->session_count, 1, "the other org does not notice");
        tap_ok(inbox_depth(home_inbox(f.home, &why), NULL, &bytes, &why) == 0 && bytes > 0,
               "the broken org's record stays in the inbox");
        home_close(f.home);
        f.home = NULL;
        tap_int(rmdir(dir), 0, "it is mended");
        tap_int(rename(away, dir), 0, "and put back");
        fake_home_reopen(&f);
        fake_tick(&f);
        tap_int(fake->session_count, 2, "then its record is taken");
        tap_int(fake->calls[CALL_INVITE], 2, "and nobody's twice");
        options = fake_options(&f);
        tap_int(worker_tick(&options, NULL, &why), 0, "again: %s", why.text);
        tap_int(fake->calls[CALL_INVITE], 2, "still not");
        json_decref(rules);
        mem_free(dir);
        mem_free(away);
        fake_home_close(&f);
}

static void test_budget(void)
{
        struct fake_home f;
        json_t *rules;

        fake_home_make(&f);
        rules = fake_record(f.org, "rules", "all");
        make_org(&f, "small", rules);
        fake->application_count = 40;
        for (int i = 0; i < 40; i++) {
                struct fake_application *a = &fake->applications[i];

                *a = fake->applications[0];
                snprintf(a->id, sizeof a->id, "%d", 100 + i);
                snprintf(a->candidate, sizeof a->candidate, "%d", 500 + i);
                snprintf(a->email, sizeof a->email, "c%d@x.example", i);
                if (i < 39)
                        fake_stage(&f, a->id, a->id);
        }
        deliver_stage(&f, "small", "139", 1);
        fake_tick(&f);
        tap_int(fake->session_count, 40, "a crowd is served");
        tap_int(fake->note_count, 40, "each told once");
        json_decref(rules);
        fake_home_close(&f);
}

/* The one look that waits: how long from now, in minutes; -1 when there is none or another. */
static int64_t minutes_to_look(struct fake_home *f, uint64_t *number)
{
        int64_t found = -1, count = 0;

        for (uint64_t n = 1; n < 100; n++) {
                json_t *action = NULL;

                if (record_series_get(f->org, "action", n, &action, NULL) != 1)
                        break;
                if (text_equal(json_get_text(action, "kind", ""), "look_session") &&
                    text_equal(json_get_text(action, "state", ""), "waiting")) {
                        int64_t wait =
                            json_get_int(action, "due_ms", 0) - (when_now_ms() + fake->clock_ms);

                        found = (wait + 30 * WHEN_SECOND) / WHEN_MINUTE;
                        *number = n;
                        count++;
                }
                json_decref(action);
        }
        return count == 1 ? found : -1;
}

/* A result that is being made, and nobody tells when it is there (wire/coderbyte.md 2). */
static void test_polling(void)
{
        static const int64_t waits[] = { 1, 2, 5, 10, 30, 60, 60, 60 };
        struct fake_home f;
        uint64_t number = 0, before;

        fake_home_make(&f);
        fake->scale = 1;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        fake_tick(&f); /* the first sweep, which otherwise might look before the event does */
        strcpy(fake_session("S1")->state, "submitted");
        fake_session("S1")->making = true;
        fake_told(&f, "S1", "finished", "", "f1");
        fake_tick(&f);
        for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
                tap_int(minutes_to_look(&f, &number), waits[i], "look %zu is in so many minutes",
                        i + 1);
                fake->calls[CALL_READ_SESSION] = 0;
                fake_tick(&f);
                tap_int(fake->calls[CALL_READ_SESSION], 0, "and not before");
                fake->clock_ms += waits[i] * WHEN_MINUTE + WHEN_SECOND;
                fake_tick(&f);
                tap_int(fake->calls[CALL_READ_SESSION], 1, "then the platform is asked once");
        }
        minutes_to_look(&f, &before);
        fake->calls[CALL_READ_SESSION] = 0;
        fake_told(&f, "S1", "scorecard", "", "f2");
        fake_tick(&f);
        tap_int(fake->calls[CALL_READ_SESSION], 1, "an event makes it look at once");
        tap_int(minutes_to_look(&f, &number), 60, "and there is one next look, not two");
        tap_ok(number > before, "the look that waited was the one that was made");
        fake_session("S1")->making = false;
        finish_session("S1", 75);
        fake->clock_ms += 61 * WHEN_MINUTE;
        fake_tick(&f);
        tap_int(fake_notes("17", "Score: 75"), 1, "the result is found, and written");
        tap_int(minutes_to_look(&f, &number), -1, "nothing more is looked for");
        fake_home_close(&f);
}

/* One attempt may serve several applications: one that joins late gets the result too. */
static void test_joined(void)
{
        struct fake_home f;

        fake_home_make(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        finish_session("S1", 40); /* nobody is moved by it */
        fake_told(&f, "S1", "finished", "", "f1");
        fake_tick(&f);
        tap_int(fake_notes("17", "Assessment result"), 1, "the result");
        fake->once = true;
        fake->applications[fake->application_count] = *fake_application("17");
        strcpy(fake->applications[fake->application_count++].id, "18");
        fake_stage(&f, "18", "e2");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "the platform gives the attempt that there is");
        tap_int(fake_notes("18", "Assessment not sent again"), 1, "the recruiter is told");
        tap_int(fake_notes("18", "Assessment result"), 1, "and gets the earlier result");
        tap_int(fake_notes("18", "Corrected"), 0, "which corrects nothing");
        tap_int(fake_notes("17", ""), 2, "the first application hears nothing new");
        fake_home_close(&f);
}

static void test_sweep(void)
{
        struct fake_home f;
        struct worker_options options;
        struct sweep_count count;
        struct fail why = FAIL_CLEAR;
        json_t *record;

        fake_home_make(&f);
        options = fake_options(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(worker_sweep(&options, f.org, &count, &why), 0, "sweep: %s", why.text);
        tap_int((int64_t)count.looked_at, 1, "compared one");
        tap_int((int64_t)count.repaired, 0, "nothing was missed");
        finish_session("S1", 75);
        tap_int(worker_sweep(&options, f.org, &count, &why), 0, "the event never came");
        tap_int((int64_t)count.repaired, 1, "the sweep repairs it");
        fake_tick(&f);
        tap_int(fake_notes("17", "Score: 75"), 1, "the result is written");
        record = fake_record(f.org, "count", "repaired");
        tap_int(json_get_int(record, "n", 0), 1, "and the loss is counted");
        tap_text(json_get_text(record, "last.session", ""), "cs:S1", "with its session");
        json_decref(record);
        fake_told(&f, "S1", "finished", "", "late");
        fake_tick(&f);
        tap_int(fake->note_count, 2, "the event that comes late adds nothing");
        fake->script[CALL_READ_SESSIONS].times = 1;
        fake->script[CALL_READ_SESSIONS].kind = OUTCOME_DENIED;
        strcpy(fake_application("17")->stage, "s2");
        strcpy(fake_application("17")->stage_name, "Coding test");
        fake_stage(&f, "17", "e2");
        fake_tick(&f);
        tap_int(fake->session_count, 2, "another session is open");
        fake->script[CALL_READ_SESSIONS].times = 1;
        tap_int(worker_sweep(&options, f.org, &count, &why), 0, "a platform that refuses");
        tap_int((int64_t)count.failed, 1, "is counted as not asked");
        fake_home_close(&f);
}

/* How many actions of this kind have this state. */
static int looks(struct fake_home *f, const char *kind, const char *state)
{
        json_t *action = NULL;
        int count = 0;

        for (uint64_t n = 1; record_series_get(f->org, "action", n, &action, NULL) == 1; n++) {
                count += text_equal(json_get_text(action, "kind", ""), kind) &&
                         text_equal(json_get_text(action, "state", ""), state);
                json_decref(action);
                action = NULL;
        }
        return count;
}

static int64_t times_told(struct fake_home *f)
{
        char *key = record_digest("parked", "cs");
        json_t *alert = fake_record(f->org, "alert", key);
        int64_t count = json_get_int(alert, "count", 0);

        json_decref(alert);
        mem_free(key);
        return count;
}

/* The platform answers with what nobody understands. */
static void test_unread(void)
{
        struct fake_home f;
        struct worker_options options;
        struct sweep_count count;
        struct fail why = FAIL_CLEAR;
        int64_t told;

        fake_home_make(&f);
        fake_singly(true);
        options = fake_options(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        fake->script[CALL_READ_SESSION].times = 1000;
        fake->script[CALL_READ_SESSION].kind = OUTCOME_REFUSED;
        finish_session("S1", 75);
        fake_told(&f, "S1", "finished", "", "f1");
        fake_tick(&f);
        tap_int(looks(&f, "look_session", "parked"), 1, "the look waits for a person");
        tap_int(alert_stands(f.org, "parked", "cs", &why), 1, "who is told");
        told = times_told(&f);
        for (int i = 0; i < 3; i++) {
                tap_int(worker_sweep(&options, f.org, &count, &why), 0, "sweep %d", i);
                tap_int((int64_t)count.failed, 1, "it finds the same");
                fake_tick(&f);
        }
        fake_told(&f, "S1", "finished", "", "f2");
        fake_tick(&f);
        tap_int(looks(&f, "look_session", "parked"), 1, "still one look waits");
        tap_int(times_told(&f), told, "and nobody was told again");
        fake->script[CALL_READ_SESSION].times = 0;
        tap_int(worker_sweep(&options, f.org, &count, &why), 0, "data/ was corrected");
        tap_int((int64_t)count.repaired, 1, "the sweep goes on");
        fake_tick(&f);
        tap_int(looks(&f, "look_session", "parked"), 0, "nothing waits any more");
        tap_int(alert_stands(f.org, "parked", "cs", &why), 0, "and the alert is over");
        tap_int(fake_notes("17", "Score: 75"), 1, "the result is written");
        fake_home_close(&f);

        fake_home_make(&f);
        options = fake_options(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        fake->script[CALL_READ_SESSION].times = 1000;
        fake->script[CALL_READ_SESSION].kind = OUTCOME_REFUSED;
        finish_session("S1", 75);
        tap_int(worker_sweep(&options, f.org, &count, &why), 0, "only the sweep meets it");
        fake_tick(&f);
        tap_int(looks(&f, "look_session", "parked"), 1, "that is told as well");
        tap_int(worker_sweep(&options, f.org, &count, &why), 0, "and met again");
        fake_tick(&f);
        tap_int(looks(&f, "look_session", "parked") + looks(&f, "look_session", "done") +
                    looks(&f, "look_session", "waiting"),
                1, "it is not looked at again");
        for (uint64_t n = 1; n < 20; n++)
                action_retry(f.home, f.org, n, when_now_ms(), &why);
        fake_tick(&f);
        tap_int(looks(&f, "look_session", "parked"), 1, "tried again in vain: it waits");
        fake->script[CALL_READ_SESSION].times = 0;
        for (uint64_t n = 1; n < 20; n++)
                action_retry(f.home, f.org, n, when_now_ms(), &why);
        fake_tick(&f);
        tap_int(looks(&f, "look_session", "parked"), 0, "tried again by a person");
        tap_int(fake_notes("17", "Score: 75"), 1, "the result is written");
        fake_singly(false);
        fake_home_close(&f);
}

/* The action of that kind is due at once, whatever it was to wait for. */
static void hurry(struct fake_home *f, const char *kind)
{
        struct fail why = FAIL_CLEAR;
        json_t *action;

        for (uint64_t n = 1; record_series_get(f->org, "action", n, &action, &why) == 1; n++) {
                struct batch *b = batch_new();

                if (text_equal(json_get_text(action, "kind", ""), kind)) {
                        json_set_int(action, "due_ms", 1);
                        record_series_put(b, "action", n, action);
                        store_commit(f->org->store, b, &why);
                }
                batch_free(b);
                json_decref(action);
        }
}

/* What is put together of several sentences ends with none of their spaces. */
static void test_reasons(void)
{
        struct fail why = FAIL_CLEAR;
        struct fake_home f;
        struct plan p;
        char *reason;

        fake_home_make(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        plan_init(&p);
        tap_int(event_finish(&p, f.org, 1, "done", "One.  Two.  ", &why), 0, "a reason");
        plan_commit(&p, f.org, &why);
        plan_dispose(&p);
        reason = fake_event_text(f.org, 1, "reason");
        tap_text(reason, "One.  Two.", "a reason has no spaces behind it");
        mem_free(reason);
        fake_home_close(&f);
}

/* The platform suggests a review when the result stands already: the recruiter hears of it. */
static void test_late_review(void)
{
        struct fake_home f;

        fake_home_make(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        finish_session("S1", 60);
        fake_told(&f, "S1", "finished", fake->sessions[0].external, "s1");
        fake_tick(&f);
        tap_int(fake_notes("17", "Score: 60"), 1, "the result is written");
        tap_int(fake_notes("17", "integrity"), 0, "with nothing suspicious");
        for (int i = 0; i < 3; i++) {
                char identity[16];

                snprintf(identity, sizeof identity, "r%d", i);
                fake->sessions[0].review = i != 1; /* taken back, and suggested again */
                fake_told(&f, "S1", "review", fake->sessions[0].external, identity);
                fake_tick(&f);
                tap_int(fake_notes("17", "A closer look is suggested"), 1,
                        "a review later on is a note of its own, once");
        }
        tap_int(fake_notes("17", "Score: 60"), 1, "and the result is not written again");
        fake_home_close(&f);

        fake_home_make(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        finish_session("S1", 60);
        fake->sessions[0].review = true;
        fake_told(&f, "S1", "finished", fake->sessions[0].external, "s1");
        fake_tick(&f);
        tap_int(fake_notes("17", "suggests an integrity review"), 1,
                "known in time: in the result");
        tap_int(fake_notes("17", "A closer look"), 0, "and nowhere else");
        fake_home_close(&f);
}

/* A killed worker's request may still be on its way: whoever asks too early, asks in vain. */
static void test_in_flight(void)
{
        struct fake_home f;

        fake_home_make(&f);
        fake->scale = 1;
        fake->script[CALL_INVITE].times = 1;
        fake->script[CALL_INVITE].kind = OUTCOME_UNCERTAIN;
        fake->script[CALL_INVITE].did = false;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->calls[CALL_INVITE], 1, "sent, and nobody knows");
        hurry(&f, "send_assessment");
        fake->clock_ms = 10 * WHEN_SECOND;
        fake_tick(&f);
        tap_int(fake->calls[CALL_FIND_SESSION] + fake->calls[CALL_INVITE], 1,
                "10 s later nobody is asked: it may still be on its way");
        hurry(&f, "send_assessment");
        fake->clock_ms = 29 * WHEN_SECOND;
        fake_tick(&f);
        tap_int(fake->calls[CALL_FIND_SESSION] + fake->calls[CALL_INVITE], 1, "nor after 29 s");
        fake->script[CALL_INVITE].times = 1;
        fake->script[CALL_INVITE].kind = OUTCOME_UNCERTAIN;
        hurry(&f, "send_assessment");
        fake->clock_ms = 40 * WHEN_SECOND;
        fake_tick(&f);
        tap_int(fake->calls[CALL_FIND_SESSION], 1, "then it is looked for");
        tap_int(fake->calls[CALL_INVITE], 2, "and sent again, for it never arrived");
        hurry(&f, "send_assessment");
        fake->clock_ms = 60 * WHEN_SECOND;
        fake_tick(&f);
        tap_int(fake->calls[CALL_INVITE], 2, "in doubt again, it rests again");
        hurry(&f, "send_assessment");
        fake->clock_ms = 80 * WHEN_SECOND;
        fake_tick(&f);
        tap_int(fake->session_count, 1, "and in the end there is one");
        tap_int((int64_t)fake_open_actions(f.org), 0, "and nothing is left");
        fake_home_close(&f);
}

/* Sessions that change hands. */

static void test_sessions(void)
{
        struct fake_home f;
        json_t *record;

        /* The platform's event is faster than its answer to us. */
        fake_home_make(&f);
        fake->scale = 1;
        fake->script[CALL_INVITE].times = 1;
        fake->script[CALL_INVITE].kind = OUTCOME_UNCERTAIN;
        fake->script[CALL_INVITE].did = true;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "made, but we do not know");
        finish_session("S1", 60);
        fake_told(&f, "S1", "finished", fake->sessions[0].external, "s1");
        fake_tick(&f);
        tap_int(fake_notes("17", "Score: 60 of 100"), 1, "the event finds its application");
        fake->clock_ms = 2 * WHEN_MINUTE;
        fake_tick(&f);
        tap_int(fake->session_count, 1, "and what was in doubt is not sent again");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing is left");
        /* The same without an event: the platform alone knows, and invites anew if asked. */
        fake_home_close(&f);
        fake_home_make(&f);
        fake->scale = 1;
        fake->script[CALL_INVITE].times = 1;
        fake->script[CALL_INVITE].kind = OUTCOME_UNCERTAIN;
        fake->script[CALL_INVITE].did = true;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->calls[CALL_FIND_SESSION], 0, "nobody is asked for what was never sent");
        finish_session("S1", 60);
        fake->script[CALL_FIND_SESSION].times = 1;
        fake->script[CALL_FIND_SESSION].kind = OUTCOME_REFUSED;
        fake->clock_ms = 2 * WHEN_MINUTE;
        fake_tick(&f);
        tap_int(fake->calls[CALL_INVITE], 1, "when reading back fails, nothing is sent");
        fake->clock_ms = 20 * WHEN_MINUTE;
        fake_tick(&f);
        tap_int(fake->calls[CALL_INVITE], 1, "finished while in doubt: not invited again");
        tap_int(fake->session_count, 1, "one session");
        tap_int(fake_notes("17", "60 of 100"), 1, "its result is written");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing is left to do");
        /* Another sending, a year later, in the same doubt: the old session is not its own. */
        fake->script[CALL_INVITE].times = 1;
        fake->script[CALL_INVITE].kind = OUTCOME_UNCERTAIN;
        fake->script[CALL_INVITE].did = false;
        fake_stage(&f, "17", "e2");
        fake_tick(&f);
        fake->clock_ms = 60 * WHEN_MINUTE;
        fake_tick(&f);
        tap_int(fake->session_count, 2, "what belongs to another sending is not taken");
        fake_home_close(&f);

        fake_home_make(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        finish_session("S1", 60);
        fake_told(&f, "S1", "finished", fake->sessions[0].external, "s1");
        fake_tick(&f);
        /* A retake goes on under another id. */
        fake->sessions[1] = fake->sessions[0];
        strcpy(fake->sessions[1].id, "S2");
        fake->sessions[1].score = 88;
        fake->session_count = 2;
        strcpy(fake->sessions[0].retake, "S2");
        fake->scale = 1000;
        fake_told(&f, "S1", "x", "", "s2");
        fake_tick(&f);
        record = fake_record(f.org, "session", "cs:S2");
        tap_text(json_get_text(record, "application", ""), "gh:17", "a retake is followed");
        json_decref(record);
        record = fake_record(f.org, "application", "gh:17");
        tap_text(json_get_text(record, "current", ""), "cs:S2", "and is the current one");
        json_decref(record);
        tap_int(fake_notes("17", "Score: 88 of 100"), 1, "its result is written");
        fake_home_close(&f);

        /* One invitation serves two applications of the same person. */
        fake_home_make(&f);
        fake->applications[1] = fake->applications[0];
        strcpy(fake->applications[1].id, "18");
        fake->application_count = 2;
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        fake_stage(&f, "18", "e2");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "the open invitation serves the second application");
        finish_session("S1", 60);
        fake_told(&f, "S1", "finished", "", "s1");
        fake_tick(&f);
        tap_int(fake_notes("17", "Score: 60"), 1, "the result stands with the first");
        tap_int(fake_notes("18", "Score: 60"), 1, "and with the second");
        fake_home_close(&f);

        /* Taken once only, and over before another application's sending, which nobody heard end:
         * nothing says that this one sent it. */
        for (int did = 0; did < 2; did++) {
                fake_home_make(&f);
                fake->applications[1] = fake->applications[0];
                strcpy(fake->applications[1].id, "18");
                fake->application_count = 2;
                fake->once = true;
                fake_stage(&f, "17", "e1");
                fake_tick(&f);
                finish_session("S1", 60);
                fake_told(&f, "S1", "finished", "", "s1");
                fake_tick(&f);
                fake->script[CALL_INVITE].times = 1;
                fake->script[CALL_INVITE].kind = OUTCOME_UNCERTAIN;
                fake->script[CALL_INVITE].did = did;
                fake_stage(&f, "18", "e2");
                fake_tick(&f);
                fake->clock_ms = 2 * WHEN_MINUTE;
                fake_tick(&f);
                tap_int(fake->session_count, 1, "in doubt, taken before: one session");
                tap_int(fake_notes("18", "not sent again"), 1, "which is told");
                tap_int(fake_notes("18", "Assessment sent"), 0, "and not that it was sent");
                tap_int(fake_notes("18", "Score: 60"), 1, "the result stands");
                fake_home_close(&f);
        }
}

static void test_pruning(void)
{
        struct fake_home f;
        struct plan plan;
        struct fail why = FAIL_CLEAR;
        bool more = true;
        uint64_t count = 0;
        int64_t start;
        enum { MANY = 500 };

        fake_home_make(&f);
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(event_prune(f.org, when_now_ms(), EVENT_KEPT_MS, 10, &more, &why), 0, "young: %s",
                why.text);
        tap_int(store_series_get(f.org->store, "event", 1, NULL, &why), 1, "what is young stays");
        plan_init(&plan);
        tap_int(answer_keep(&plan, f.org, 1, 1, json_array(), &why), 0, "an answer is kept");
        tap_int(plan_commit(&plan, f.org, &why), 0, "beside its action");
        plan_dispose(&plan);
        more = true;
        while (more && count++ < 50)
                if (event_prune(f.org, when_now_ms() + 91 * WHEN_DAY, EVENT_KEPT_MS, 1, &more,
                                &why) != 0)
                        more = false;
        tap_int(store_series_get(f.org->store, "event", 1, NULL, &why), 0, "the old event goes");
        tap_int(store_get(f.org->store, "body", "1", NULL, &why), 0, "with its body");
        tap_int(store_series_get(f.org->store, "action", 1, NULL, &why), 0, "and its actions");
        tap_int(store_get(f.org->store, "answer", "1", NULL, &why), 0, "with what was answered");
        fake_stage(&f, "17", "e1");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "a replay of what was forgotten sends nothing while open");
        start = when_steady_us();
        for (int i = 0; i < MANY; i++) {
                char body[80];

                snprintf(body, sizeof body, "{\"fact\":\"nothing\",\"identity\":\"%d\"}", i);
                fake_deliver(&f, "acme", "cs", TRUST_NOTICE, body);
        }
        start = when_steady_us();
        fake_tick(&f);
        start = when_steady_us() - start;
        store_series_last(f.org->store, "event", &count, &why);
        tap_int((int64_t)count, MANY + 2, "%d events in one round", MANY);
        tap_note("%d events taken in %lld us: %lld a second", MANY, (long long)start,
                 (long long)MANY * 1000000 / (long long)start);
        fake_home_close(&f);
}

/* The room behind an interview link. */

static void put_interview(struct fake_home *f, const char *id)
{
        json_t *record = json_pack("{s:s,s:s,s:s,s:s}", "platform", "cs", "state", "ready",
                                   "candidate_name", "Jane", "candidate_email", "jane@x.example");
        struct fail why = FAIL_CLEAR;
        struct plan plan;

        plan_init(&plan);
        room_put(&plan, id, NULL, record);
        tap_int(plan_commit(&plan, f->org, &why), 0, "interview %s: %s", id, why.text);
        plan_dispose(&plan);
        json_decref(record);
}

static void test_rooms(void)
{
        struct fake_home f;
        struct worker_options options;
        struct outcome o;
        char *url = NULL, *again = NULL;

        fake_home_make(&f);
        options = fake_options(&f);
        tap_int(room_make(&options.trade, f.org, "none", &url, &o), -1, "no such interview");
        tap_int(o.kind, OUTCOME_REFUSED, "says so");
        put_interview(&f, "i1");
        fake->script[CALL_CREATE_INTERVIEW].times = 1;
        fake->script[CALL_CREATE_INTERVIEW].kind = OUTCOME_AGAIN;
        tap_int(room_make(&options.trade, f.org, "i1", &url, &o), -1, "the platform is busy");
        tap_int(room_make(&options.trade, f.org, "i1", &url, &o), 0, "pressed again: made");
        tap_int(room_make(&options.trade, f.org, "i1", &again, &o), 0, "and again");
        tap_text(again, url, "the same room");
        tap_int(fake->interviews, 1, "made once");
        mem_free(url);
        mem_free(again);
        fake->scale = 1;
        options = fake_options(&f);
        put_interview(&f, "i2");
        fake->script[CALL_CREATE_INTERVIEW].times = 1;
        fake->script[CALL_CREATE_INTERVIEW].kind = OUTCOME_UNCERTAIN;
        fake->script[CALL_CREATE_INTERVIEW].did = true;
        tap_int(room_make(&options.trade, f.org, "i2", &url, &o), -1, "no answer came");
        tap_int(room_make(&options.trade, f.org, "i2", &url, &o), 1, "at once: it may be at work");
        tap_int(o.kind, OUTCOME_AGAIN, "please wait");
        fake->clock_ms = WHEN_MINUTE;
        tap_int(room_make(&options.trade, f.org, "i2", &url, &o), 0, "then it is found");
        tap_text(url, "https://p.example/i/2", "not the other candidate's");
        tap_int(fake->interviews, 2, "and not made again");
        mem_free(url);
        tap_int(room_delete(&options.trade, f.org, "i2", &o), 0, "taken away");
        fake_home_close(&f);
}

int main(void)
{
        log_start("test", "text", LOG_LEVEL_ERROR);
        fake_start();
        test_journey();
        test_repetitions();
        test_lies();
        test_age();
        test_refusals();
        test_endings();
        test_outcomes();
        test_patience();
        test_blocked_org();
        test_budget();
        test_polling();
        test_joined();
        test_sweep();
        test_unread();
        test_reasons();
        test_late_review();
        test_in_flight();
        test_sessions();
        test_pruning();
        test_rooms();
        test_kills();
        test_run();
        return tap_end();
}
