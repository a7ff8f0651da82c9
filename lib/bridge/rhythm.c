/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a vendor usually sends. */
#include "bridge/rhythm.h"

#include <string.h>

#include "floor/buf.h"
#include "floor/code.h"
#include "floor/when.h"

#define LEARNED (2 * RHYTHM_HOURS)
#define REMEMBERED (26 * RHYTHM_HOURS)
#define HORIZON (RHYTHM_WEEKS * RHYTHM_HOURS)

void rhythm_init(struct rhythm *r)
{
        memset(r, 0, sizeof *r);
        r->first = r->last = r->longest_at = -1;
}

/* In how many of the weeks before the last delivery this hour was seen, and had one. */
static double share(const struct rhythm *r, int64_t hour)
{
        int64_t slot = hour % RHYTHM_HOURS, newest = r->last / RHYTHM_HOURS;
        int seen = 0, had = 0;

        for (int64_t back = 0; back < RHYTHM_WEEKS; back++) {
                int64_t then = (newest - back) * RHYTHM_HOURS + slot;

                if (then < r->first || then > r->last)
                        continue;
                seen++;
                had += (r->weeks[slot] >> back) & 1;
        }
        return (double)had / (seen + 1); /* never certain */
}

/* Whole hours between the last delivery and this one. */
static double missed(const struct rhythm *r, int64_t before)
{
        double sum = 0;
        int64_t latest = r->last + HORIZON;

        if (r->last < 0)
                return 0;
        for (int64_t hour = r->last + 1; hour < before && hour < latest; hour++)
                sum += share(r, hour);
        return sum;
}

double rhythm_missed(const struct rhythm *r, int64_t until_ms)
{
        return missed(r, until_ms / WHEN_HOUR);
}

static void turn_to(struct rhythm *r, int64_t week)
{
        int64_t by = week - r->last / RHYTHM_HOURS;

        for (int i = 0; i < RHYTHM_HOURS; i++)
                r->weeks[i] = by >= RHYTHM_WEEKS ? 0 : (unsigned char)((unsigned)r->weeks[i] << by);
}

bool rhythm_note(struct rhythm *r, int64_t at_ms)
{
        int64_t hour = at_ms / WHEN_HOUR;
        double silence;

        if (at_ms < 0 || (r->last >= 0 && hour <= r->last))
                return false;
        if (r->last < 0) {
                r->first = hour;
        } else {
                silence = missed(r, hour);
                if (silence >= r->longest || hour - r->longest_at > REMEMBERED) {
                        r->longest = silence;
                        r->longest_at = hour;
                }
                turn_to(r, hour / RHYTHM_HOURS);
        }
        r->last = hour;
        r->weeks[hour % RHYTHM_HOURS] |= 1;
        return true;
}

int64_t rhythm_alarm_ms(const struct rhythm *r)
{
        double sum = 0, most = RHYTHM_MISSED;

        if (r->last < 0 || r->last - r->first < LEARNED)
                return INT64_MAX;
        if (r->longest * 1.5 > most)
                most = r->longest * 1.5;
        for (int64_t hour = r->last + 1; hour < r->last + HORIZON; hour++) {
                sum += share(r, hour);
                if (sum > most)
                        return (hour + 1) * WHEN_HOUR;
        }
        return INT64_MAX;
}

void rhythm_read(struct rhythm *r, const json_t *record)
{
        const char *weeks = json_get_text(record, "weeks", "");
        struct buf bytes = BUF_NONE;

        rhythm_init(r);
        if (strlen(weeks) == (size_t)2 * RHYTHM_HOURS &&
            code_unhex(&bytes, weeks, strlen(weeks)) == 0) {
                memcpy(r->weeks, bytes.data, RHYTHM_HOURS);
                r->first = json_get_int(record, "first", -1);
                r->last = json_get_int(record, "last", -1);
                r->longest = json_real_of(json_at(record, "longest"), 0);
                r->longest_at = json_get_int(record, "longest_at", -1);
        }
        if (r->first < 0 || r->last < r->first || r->last > INT64_MAX / WHEN_DAY ||
            !(r->longest >= 0))
                rhythm_init(r);
        buf_dispose(&bytes);
}

json_t *rhythm_write(const struct rhythm *r)
{
        json_t *record = json_object();
        struct buf weeks = BUF_NONE;

        code_hex(&weeks, r->weeks, sizeof r->weeks);
        json_set_text(record, "weeks", buf_text(&weeks));
        json_set_int(record, "first", r->first);
        json_set_int(record, "last", r->last);
        json_set(record, "longest", json_real(r->longest));
        json_set_int(record, "longest_at", r->longest_at);
        buf_dispose(&weeks);
        return record;
}
