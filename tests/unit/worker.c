/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker: journeys, repetitions, lies, and every way a call may end. */
#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/event.h"
#include "home/records.h"
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

int main(void)
{
        log_start("test", "text", LOG_LEVEL_ERROR);
        fake_start();
        test_journey();
        return tap_end();
}
