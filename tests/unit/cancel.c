/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An assessment that was sent from within a hiring system and is not wanted any more: stopped
 * while it waits, withdrawn once it was sent, left alone when it is over.
 */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/partner.h"
#include "home/records.h"
#include "worker_fake.h"

static struct trade trade_of(struct fake_home *f)
{
        struct worker_options options = fake_options(f);

        return options.trade;
}

/* Sent by a partner's call: its id, the caller's. */
static char *send(struct fake_home *f, const char *identity)
{
        json_t *kept = json_object();
        struct partner_order order = { .ats = "gh",
                                       .desk = "prescreen",
                                       .identity = identity,
                                       .platform = "cs",
                                       .test = "T1",
                                       .application = "17",
                                       .first_name = "Jane",
                                       .email = fake_application("17")->email,
                                       .kept = kept };
        struct fail why = FAIL_CLEAR;
        char *id = NULL;

        tap_int(partner_send(f->home, f->org, &order, when_now_ms(), &id, &why), 1, "ordered %s",
                why.text);
        json_decref(kept);
        return id;
}

static void cancel(struct fake_home *f, const char *id, int want, const char *name)
{
        struct trade trade = trade_of(f);
        struct fail why = FAIL_CLEAR;

        tap_int(partner_cancel(&trade, f->org, id, &why), want, "%s %s", name, why.text);
}

static enum partner_stage stage_of(struct fake_home *f, const char *id)
{
        struct trade trade = trade_of(f);
        struct partner_view view = { .ats = NULL };
        struct fail why = FAIL_CLEAR;
        enum partner_stage stage;

        tap_int(partner_read(&trade, f->org, id, &view, &why), 1, "it is known");
        stage = view.news.stage;
        partner_view_dispose(&view);
        return stage;
}

static void test_before(void)
{
        struct fake_home f;
        char *id;

        fake_home_make(&f);
        fake->script[CALL_INVITE].times = 1;
        fake->script[CALL_INVITE].kind = OUTCOME_AGAIN;
        fake->script[CALL_INVITE].wait_ms = WHEN_HOUR;
        id = send(&f, "a");
        fake_tick(&f);
        tap_int(stage_of(&f, id), PARTNER_SENDING, "it waits");
        cancel(&f, id, 1, "cancelled while it waits");
        fake_tick(&f);
        tap_int(stage_of(&f, id), PARTNER_NOT_SENT, "stopped");
        fake->clock_ms += 2 * WHEN_HOUR;
        fake_tick(&f);
        tap_int(fake->session_count, 0, "and never sent");
        tap_int(fake->calls[CALL_CANCEL], 0, "there was nothing to withdraw");
        cancel(&f, id, 0, "cancelled again: there is nothing");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing hangs");
        mem_free(id);
        fake_home_close(&f);
}

static void test_after(void)
{
        struct fake_home f;
        char *id;

        fake_home_make(&f);
        id = send(&f, "b");
        fake_tick(&f);
        tap_int(stage_of(&f, id), PARTNER_OPEN, "it was sent");
        fake->script[CALL_CANCEL].times = 1;
        fake->script[CALL_CANCEL].kind = OUTCOME_UNCERTAIN;
        fake->script[CALL_CANCEL].did = true;
        cancel(&f, id, 1, "cancelled");
        cancel(&f, id, 1, "and once more");
        fake_tick(&f);
        fake->clock_ms += WHEN_HOUR;
        fake_tick(&f);
        tap_text(fake_session("S1")->state, "cancelled", "withdrawn at the platform");
        tap_int(stage_of(&f, id), PARTNER_ENDED, "which we know, though its answer was lost");
        tap_int(fake->calls[CALL_CANCEL], 1, "once: the second look saw that it was done");
        tap_int((int64_t)fake_open_actions(f.org), 0, "nothing hangs");
        mem_free(id);
        fake_home_close(&f);
}

static void test_over(void)
{
        struct fake_home f;
        char *id;

        fake_home_make(&f);
        id = send(&f, "c");
        fake_tick(&f);
        /* Finished a moment ago, and the event is still on its way. */
        strcpy(fake_session("S1")->state, "complete");
        fake_session("S1")->score = 80;
        cancel(&f, id, 1, "cancelled at the same moment");
        fake_tick(&f);
        tap_text(fake_session("S1")->state, "complete", "what is over keeps its result");
        tap_int(fake->calls[CALL_CANCEL], 0, "nothing was withdrawn");
        tap_int(stage_of(&f, id), PARTNER_OVER, "and the result was taken");
        cancel(&f, id, 0, "cancelled later: it is over");
        mem_free(id);
        fake_home_close(&f);
}

/* One invitation serves two: who cancels one does not speak for the other. */
static void test_shared(void)
{
        struct fake_home f;
        char *one, *two;

        fake_home_make(&f);
        one = send(&f, "d");
        two = send(&f, "e");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "the platform gave the same invitation");
        cancel(&f, one, 1, "one of them is cancelled");
        fake_tick(&f);
        tap_text(fake_session("S1")->state, "invited", "it stays, for the other");
        tap_int(stage_of(&f, two), PARTNER_OPEN, "which goes on");
        mem_free(one);
        mem_free(two);
        fake_home_close(&f);
}

static void test_stamps(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        int64_t first = 0, second = 0, third = 0;
        char *id;

        fake_home_make(&f);
        id = send(&f, "f");
        partner_stamp(f.org, id, 1000000, &first, &why);
        partner_stamp(f.org, id, 1000000, &second, &why);
        fake_home_reopen(&f);
        partner_stamp(f.org, id, 5, &third, &why);
        tap_ok(second > first && third > second,
               "stamps rise: in one millisecond, and when the clock goes back over a restart");
        cancel(&f, "nobody", 0, "nobody's assessment cannot be cancelled");
        mem_free(id);
        fake_home_close(&f);
}

int main(void)
{
        fake_start();
        test_before();
        test_after();
        test_over();
        test_shared();
        test_stamps();
        return tap_end();
}
