/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time as people's clocks show it: the time zones of the system (tzfile(5), RFC 9636), read
 * without touching TZ, which belongs to the whole process.
 */
#ifndef FLOOR_ZONE_H
#define FLOOR_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "floor/buf.h"

struct zone;

/* "Europe/Berlin"; NULL, "" and a zone that this system does not know are UTC.  Never NULL. */
struct zone *zone_load(const char *name);
void zone_free(struct zone *z);
bool zone_known(const char *name);

/* From the bytes of a tzfile, for zone_load() and for tests: NULL when they are not one. */
struct zone *zone_read(const void *data, size_t len);

/* Seconds east of UTC at a moment; *name (may be NULL) is "CET", valid as long as the zone. */
int32_t zone_offset(const struct zone *z, int64_t ms, const char **name);

/* "Sun 22 Nov 2026, 17:51 CET" */
void zone_people(struct buf *out, const struct zone *z, int64_t ms);
/* "2026-11-22": the day there, for lists and charts. */
void zone_day(struct buf *out, const struct zone *z, int64_t ms);

#endif
