/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a vendor usually sends: in which hours of a week something came, over the last eight
 * weeks.  From that follows when its silence becomes remarkable; nights, weekends and
 * two deliveries a month are no silence.
 *
 * An hour counts for as much as the share of the last weeks in which it brought something.
 * Silence is measured in such hours missed: two and a half busy days of three deliveries each
 * are as much as one of nine.  It is remarkable when that is more than RHYTHM_MISSED, and half as
 * much again as the longest silence of the last half year, so a holiday is learned, too.  Nothing
 * is remarkable in the first two weeks.
 */
#ifndef BRIDGE_RHYTHM_H
#define BRIDGE_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

#include "door/json.h"

#define RHYTHM_HOURS 168 /* of a week; the first is that in which 1970 began */
#define RHYTHM_WEEKS 8
#define RHYTHM_MISSED 8.0

struct rhythm {
        int64_t first, last;               /* hours since 1970 of the first and the last delivery;
                                              -1 while there was none */
        unsigned char weeks[RHYTHM_HOURS]; /* bit 0: it came in the last one's week, 1: before */
        double longest;                    /* hours missed in the longest silence ... */
        int64_t longest_at;                /* ... that ended in this hour; -1 none */
};

void rhythm_init(struct rhythm *r);
/* A delivery.  True when that is something new: the first one of its hour. */
bool rhythm_note(struct rhythm *r, int64_t at_ms);
/* Hours missed when nothing comes before this time. */
double rhythm_missed(const struct rhythm *r, int64_t until_ms);
/* When the silence since the last delivery becomes remarkable, if nothing comes: within the next
 * eight weeks, or INT64_MAX. */
int64_t rhythm_alarm_ms(const struct rhythm *r);

/* As kept in a record; what cannot be read is a rhythm that begins now. */
void rhythm_read(struct rhythm *r, const json_t *record);
json_t *rhythm_write(const struct rhythm *r);

#endif
