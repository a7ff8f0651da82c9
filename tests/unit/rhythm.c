/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the silence of a vendor is remarkable, and when it is not. */
#include "bridge/rhythm.h"

#include <math.h>
#include <string.h>

#include "../tap.h"
#include "floor/when.h"

#define MONDAY INT64_C(1789948800000) /* 2026-09-21T00:00:00Z, a Monday */
#define WEEK (7 * WHEN_DAY)

/* Day 0 is that Monday. */
static int64_t at(int day, int hour)
{
        return MONDAY + day * WHEN_DAY + hour * WHEN_HOUR + 17 * WHEN_MINUTE;
}

/* Deliveries from 8 to 18 on working days. */
static void office(struct rhythm *r, int from_day, int to_day)
{
        for (int day = from_day; day < to_day; day++)
                for (int hour = 8; hour < 18; hour++)
                        if (day % 7 < 5)
                                rhythm_note(r, at(day, hour));
}

static bool alarms_by(const struct rhythm *r, int day, int hour)
{
        return rhythm_alarm_ms(r) <= at(day, hour);
}

static void test_office(void)
{
        struct rhythm r;

        rhythm_init(&r);
        tap_ok(rhythm_alarm_ms(&r) == INT64_MAX, "nothing is known of one that never sent");
        office(&r, 0, 12);
        tap_ok(rhythm_alarm_ms(&r) == INT64_MAX, "nothing is remarkable in the first two weeks");
        office(&r, 12, 26); /* until Friday of the fourth week, 18:00 */
        tap_ok(!alarms_by(&r, 26, 23), "Saturday is silent");
        tap_ok(!alarms_by(&r, 27, 23), "Sunday is");
        tap_ok(!alarms_by(&r, 28, 12), "Monday at noon is too early to say");
        tap_ok(alarms_by(&r, 29, 12), "on Tuesday it is remarkable");
        tap_ok(rhythm_missed(&r, at(28, 7)) < 0.01, "the weekend missed nothing");
        tap_ok(fabs(rhythm_missed(&r, at(29, 0)) - 8) < 1.6, "the Monday about a day: %.2f",
               rhythm_missed(&r, at(29, 0)));
}

static void test_holiday(void)
{
        struct rhythm r;

        rhythm_init(&r);
        office(&r, 0, 28);
        office(&r, 29, 31); /* no Monday, no Thursday, no Friday */
        office(&r, 35, 42);
        tap_ok(r.longest > 10, "a long silence is remembered: %.2f", r.longest);
        tap_ok(!alarms_by(&r, 43, 23), "as long a one is not remarkable the next time");
        tap_ok(alarms_by(&r, 46, 23), "half as long again is");
        office(&r, 42, 42 + 7 * 27);
        tap_ok(r.longest < 3, "after half a year it is forgotten: %.2f", r.longest);
}

static void test_seldom(void)
{
        struct rhythm r;

        rhythm_init(&r);
        for (int week = 0; week < 10; week++)
                rhythm_note(&r, at(week * 7 + week % 5, 9 + week % 8));
        tap_ok(rhythm_alarm_ms(&r) == INT64_MAX || rhythm_alarm_ms(&r) > at(9 * 7 + 28, 0),
               "once a week at any hour: four weeks are not remarkable");
}

static void test_always(void)
{
        struct rhythm r;

        rhythm_init(&r);
        for (int day = 0; day < 21; day++)
                for (int hour = 0; hour < 24; hour++)
                        rhythm_note(&r, at(day, hour));
        tap_ok(!alarms_by(&r, 21, 4), "day and night: some hours may pass");
        tap_ok(alarms_by(&r, 21, 14), "half a day is remarkable");
        tap_ok(rhythm_note(&r, at(21, 15)), "it works again");
        tap_ok(!alarms_by(&r, 22, 3), "and all is well");
}

static void test_notes(void)
{
        struct rhythm r, copy;
        json_t *record;

        rhythm_init(&r);
        tap_ok(rhythm_note(&r, at(0, 9)), "the first of an hour is new");
        tap_ok(!rhythm_note(&r, at(0, 9) + WHEN_MINUTE), "the second is not");
        tap_ok(!rhythm_note(&r, at(0, 8)), "nor is one from the past");
        tap_ok(!rhythm_note(&r, -5), "nor from before all time");
        office(&r, 0, 40);
        record = rhythm_write(&r);
        rhythm_read(&copy, record);
        tap_ok(memcmp(r.weeks, copy.weeks, sizeof r.weeks) == 0 && r.first == copy.first &&
                   r.last == copy.last && fabs(r.longest - copy.longest) < 1e-9,
               "what is written is read");
        json_set_text(record, "weeks", "00");
        rhythm_read(&copy, record);
        tap_int(copy.last, -1, "what cannot be read begins anew");
        json_decref(record);
        rhythm_read(&copy, NULL);
        tap_int(copy.last, -1, "and so does nothing");
        rhythm_note(&r, at(40, 1) + 60 * WEEK);
        tap_ok(r.weeks[0] == 0 || r.weeks[0] == 1, "a year's silence forgets the weeks");
        record = rhythm_write(&r);
        json_set_int(record, "last", INT64_MAX);
        rhythm_read(&copy, record);
        tap_int(copy.last, -1, "a time beyond all time is none");
        json_decref(record);
}

int main(void)
{
        test_office();
        test_holiday();
        test_seldom();
        test_always();
        test_notes();
        return tap_end();
}
