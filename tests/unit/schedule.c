/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interviews that an ATS schedules, from the event to the link: made, moved, cancelled, erased,
 * once each, whatever is repeated or comes late.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "bridge/sender.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/records.h"
#include "worker_fake.h"

#define RULE                                                                                       \
        "[{\"id\":\"live\",\"when\":{\"interview_scheduled\":{\"ats\":\"gh\",\"title\":"           \
        "\"Live coding\"}},\"then\":[{\"create_interview\":{\"platform\":\"cs\"}}]}]"

static int said;

/* One fact about schedule 900 of application 17. */
static void tell(struct fake_home *f, enum trust trust, const char *what, const char *title,
                 int64_t in_hours, const char *rest)
{
        int64_t starts = when_now_ms() + in_hours * WHEN_HOUR;
        char *body = mem_format("{\"fact\":\"schedule\",\"subject\":\"900\",\"identity\":\"i%d\","
                                "\"detail\":{\"what\":\"%s\",\"application\":\"17\",\"title\":"
                                "\"%s\",\"starts_ms\":%" PRId64 ",\"ends_ms\":%" PRId64 ","
                                "\"interviewers\":[{\"name\":\"Bo\",\"email\":\"bo@x.example\"}]"
                                "%s}}",
                                ++said, what, title, starts - starts % WHEN_HOUR,
                                starts - starts % WHEN_HOUR + WHEN_HOUR, rest);

        fake_deliver(f, "acme", "gh", trust, body);
        fake_tick(f);
        mem_free(body);
}

/* The interview that belongs to the schedule: the caller's, NULL when there is none. */
static json_t *ours(struct fake_home *f)
{
        json_t *schedule = fake_record(f->org, "schedule", "gh:900"), *interview = NULL;
        const char *id = json_get_text(schedule, "parts.900.interview", NULL);

        if (id != NULL)
                interview = fake_record(f->org, "interview", id);
        json_decref(schedule);
        return interview;
}

static int open_interviews(struct fake_home *f)
{
        uint64_t count = 0;

        if (store_set_count(f->org->store, "open-interviews", &count, NULL) != 0)
                return -1;
        return (int)count;
}

static void is_state(struct fake_home *f, const char *state, int64_t sequence, const char *name)
{
        json_t *interview = ours(f);

        tap_text(json_get_text(interview, "state", NULL), state, "%s: state", name);
        if (state != NULL)
                tap_int(json_get_int(interview, "sequence", -1), sequence, "%s: sequence", name);
        json_decref(interview);
}

static void event_says(struct fake_home *f, uint64_t number, const char *state, const char *part)
{
        char *got = fake_event_text(f->org, number, "state"),
             *reason = fake_event_text(f->org, number, "reason");

        tap_text(got, state, "event %" PRIu64 ": %s", number, text_or(reason, "(no reason)"));
        tap_ok(reason != NULL && strstr(reason, part) != NULL, "it says: %s", part);
        mem_free(got);
        mem_free(reason);
}

static void test_nobody_asks(void)
{
        struct fake_home f;

        fake_home_make(&f);
        tell(&f, TRUST_BODY, "made", "Live coding", 24, "");
        event_says(&f, 1, "done", "No rule waits");
        tap_int(fake->calls[CALL_READ_APPLICATION], 0, "nobody was called");
        fake_rules(f.org, RULE);
        tell(&f, TRUST_BODY, "made", "Chat with the team", 24, "");
        tap_int(open_interviews(&f), 0, "another title: no link");
        tell(&f, TRUST_BODY, "made", "Live coding", -24, "");
        tap_int(open_interviews(&f), 0, "over already: no link");
        tell(&f, TRUST_NOTICE, "made", "Live coding", 24, "");
        tap_int(open_interviews(&f), 0, "a notice that nothing bears out: no link");
        event_says(&f, 4, "done", "Only the notice");
        tell(&f, TRUST_UNSIGNED, "made", "Live coding", 24, "");
        event_says(&f, 5, "ignored", "Not to be trusted");
        fake_deliver(&f, "acme", "gh", TRUST_BODY,
                     "{\"fact\":\"schedule\",\"subject\":\"900\",\"identity\":\"none\","
                     "\"detail\":{\"what\":\"made\"}}");
        fake_tick(&f);
        event_says(&f, 6, "unknown", "no application");
        tap_int(fake->note_count, 0, "and no note in all this");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing hangs");
        fake_home_close(&f);
}

static void test_life(void)
{
        struct fake_home f;
        json_t *interview, *schedule;
        int64_t starts;
        char *first;

        fake_home_make(&f);
        fake_rules(f.org, RULE);
        tell(&f, TRUST_BODY, "made", "Live coding", 24, "");
        is_state(&f, "ready", 0, "made");
        interview = ours(&f);
        starts = json_get_int(interview, "starts_ms", 0);
        tap_text(json_get_text(interview, "title", NULL), "Live coding", "with its title");
        tap_text(json_get_text(interview, "candidate_email", NULL), fake_application("17")->email,
                 "for the candidate as the ATS knows him");
        tap_text(json_get_text(interview, "interviewer_email", NULL), "bo@x.example",
                 "with the interviewer");
        tap_text(json_get_text(interview, "platform", NULL), "cs", "on the rule's platform");
        tap_text(json_get_text(interview, "by", NULL), "rule live", "by the rule");
        tap_ok(starts > 0 && json_get_int(interview, "ends_ms", 0) == starts + WHEN_HOUR,
               "at its time");
        json_decref(interview);
        tap_int(fake_notes("17", "Live interview: Live coding"), 1, "a note tells the link");
        tap_int(fake_notes("17", "/interview-link/acme/join/"), 1, "which is ours");
        event_says(&f, 1, "done", "1 interview link was made");

        tell(&f, TRUST_BODY, "moved", "Live coding", 24, "");
        is_state(&f, "ready", 0, "an update that changes nothing");
        event_says(&f, 2, "done", "Nothing changed");
        tap_int(open_interviews(&f), 1, "one interview all the same");

        tell(&f, TRUST_BODY, "moved", "Live coding", 48, "");
        is_state(&f, "ready", 1, "moved");
        interview = ours(&f);
        tap_int(json_get_int(interview, "starts_ms", 0) - starts, WHEN_DAY, "by a day");
        json_decref(interview);
        tap_int(fake_notes("17", "Live interview"), 1, "the link stays, so no other note");
        event_says(&f, 3, "done", "1 interview link was moved");

        schedule = fake_record(f.org, "schedule", "gh:900");
        first = mem_text(json_get_text(schedule, "parts.900.interview", ""));
        json_decref(schedule);
        tell(&f, TRUST_BODY, "cancelled", "Live coding", 48, "");
        is_state(&f, NULL, 0, "cancelled: it belongs to the schedule no more");
        interview = fake_record(f.org, "interview", first);
        tap_text(json_get_text(interview, "state", NULL), "cancelled", "and says so");
        json_decref(interview);
        tap_int(open_interviews(&f), 0, "nothing is open");
        event_says(&f, 4, "done", "1 interview link was cancelled");
        tell(&f, TRUST_BODY, "cancelled", "Live coding", 48, "");
        event_says(&f, 5, "done", "Nothing changed");

        tell(&f, TRUST_BODY, "made", "Live coding", 72, "");
        is_state(&f, "ready", 0, "scheduled again: another link");
        tap_int(fake_notes("17", "Live interview"), 2, "and another note");
        fake_rules(f.org, "[]");
        tell(&f, TRUST_BODY, "moved", "Live coding", 96, "");
        is_state(&f, "ready", 1, "what a rule made is kept up when the rule is gone");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing hangs");
        mem_free(first);
        fake_home_close(&f);
}

/* The ATS cannot hold the link, or says so: a note instead, once. */
static void test_writable(void)
{
        struct fake_home f;

        fake_home_make(&f);
        fake_rules(f.org, RULE);
        tell(&f, TRUST_BODY, "made", "Live coding", 24, ",\"writable\":true");
        is_state(&f, "ready", 0, "writable");
        tap_int(fake_notes("17", "Live interview"), 1, "refused there: a note tells the link");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing hangs");
        fake_home_close(&f);
}

static void test_gone(void)
{
        struct fake_home f;
        json_t *interview, *schedule;
        const char *id;

        fake_home_make(&f);
        fake_rules(f.org, RULE);
        tell(&f, TRUST_BODY, "made", "Live coding", 24, "");
        schedule = fake_record(f.org, "schedule", "gh:900");
        id = json_get_text(schedule, "parts.900.interview", "-");
        fake_deliver(&f, "acme", "gh", TRUST_BODY,
                     "{\"fact\":\"application_gone\",\"subject\":\"5\",\"identity\":\"g\","
                     "\"detail\":{\"what\":\"anonymized\",\"candidate\":\"5\"}}");
        fake_tick(&f);
        interview = fake_record(f.org, "interview", id);
        tap_text(json_get_text(interview, "state", NULL), "cancelled", "erased: cancelled");
        tap_ok(json_at(interview, "candidate_email") == NULL, "without an address");
        tap_text(json_get_text(interview, "candidate_name", NULL), "erased", "and a name");
        json_decref(interview);
        json_decref(schedule);
        tap_ok(ours(&f) == NULL, "and the schedule is forgotten");
        tell(&f, TRUST_BODY, "moved", "Live coding", 48, "");
        tap_int(open_interviews(&f), 0, "a late update makes nothing");
        fake_home_close(&f);
}

int main(void)
{
        fake_start();
        test_nobody_asks();
        test_life();
        test_writable();
        test_gone();
        return tap_end();
}
