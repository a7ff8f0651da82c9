/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Join: the one time a program of ours waits for a platform, because a person does.
 *
 * Whoever presses first has the room made (room.h); whoever presses meanwhile waits for that
 * and goes into the same one.
 */
#include <string.h>
#include <time.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/interview.h"
#include "home/records.h"
#include "home/room.h"

#define WAIT_MS (20 * WHEN_SECOND) /* for somebody else's call */
#define LOOK_MS 50

static void pause_ms(long ms)
{
        struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

        nanosleep(&t, NULL);
}

/* Cancelled while it was being made: nobody is sent there (room.c takes the room away). */
static bool cancelled_meanwhile(struct org *org, const char *id)
{
        json_t *record = NULL;
        bool cancelled = record_get(org, "interview", id, &record, NULL) == 1 &&
                         text_equal(json_get_text(record, "state", ""), "cancelled");

        json_decref(record);
        return cancelled;
}

int interview_join(const struct trade *trade, struct org *org, const char *id, char **url,
                   struct outcome *outcome)
{
        int64_t until = when_steady_ms() + WAIT_MS;
        int result;

        *url = NULL;
        while ((result = room_make(trade, org, id, url, outcome)) == 1 && when_steady_ms() < until)
                pause_ms(LOOK_MS);
        if (result != 0)
                return -1;
        if (!cancelled_meanwhile(org, id))
                return 0;
        mem_free_secret(*url);
        *url = NULL;
        return outcome_set(outcome, OUTCOME_REFUSED, "This interview was cancelled.", "cancelled");
}
