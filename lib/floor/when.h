/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time as milliseconds since 1970-01-01 UTC, always int64_t, names ending in _ms.
 *
 * The clock can be replaced: FAIRLEAD_TEST_CLOCK names a file whose text is a number of
 * milliseconds to add to the real time ("-86400000" sets the clock back a day); it is read
 * at each look, so that a test can move a running program.  when_steady_ms() never goes
 * back and is not replaced: use it for time-outs and for measuring.
 */
#ifndef FLOOR_WHEN_H
#define FLOOR_WHEN_H

#include <stdint.h>

#include "floor/buf.h"

#define WHEN_SECOND INT64_C(1000)
#define WHEN_MINUTE (60 * WHEN_SECOND)
#define WHEN_HOUR (60 * WHEN_MINUTE)
#define WHEN_DAY (24 * WHEN_HOUR)

int64_t when_now_ms(void);
int64_t when_steady_ms(void);
int64_t when_steady_us(void);
/* Does nothing for so long; a signal may end it early. */
void when_sleep_ms(int64_t ms);

/* "2026-05-11T14:53:45Z", or with ".027" when the milliseconds are not zero. */
void when_iso(struct buf *out, int64_t ms);

/* RFC 3339 as vendors write it: date, 'T' or ' ', time, optional fraction, 'Z' or offset.
 * Returns 0, or -1 if the text is nothing of the kind. */
int when_parse(const char *text, int64_t *ms);

/* For people: "4 s", "12 min", "3 h 20 min", "2 days". */
void when_span(struct buf *out, int64_t ms);

/* For people: "Sunday 22 November 2026, 16:51 UTC". */
void when_people(struct buf *out, int64_t ms);

/* "Sun, 22 Nov 2026 16:51:00 GMT" (RFC 9110). */
void when_http(struct buf *out, int64_t ms);

#endif
