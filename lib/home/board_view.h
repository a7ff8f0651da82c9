/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The numbers of the overview, ready for its template: what came back to the hiring systems and
 * how soon, what waits, which keys expire, and the map of connections with their traffic.
 * Pictures are coordinates here; the template draws them and says the same in words.
 */
#ifndef HOME_BOARD_VIEW_H
#define HOME_BOARD_VIEW_H

#include "door/json.h"
#include "floor/zone.h"
#include "home/home.h"

#define BOARD_DAYS 14
#define BOARD_ACTIONS 4000 /* that are looked at, the newest */

/* {days[{day, count, x, y, height, label_x}], results, most, median, worst (texts), worst_tone,
 * waiting, oldest (text), queue_tone, parked, repaired, keys[{label, id, until_ms}]}; the
 * caller's. */
int board_view(struct org *org, const struct zone *zone, int64_t now_ms, json_t **view,
               struct fail *why);

/* Adds "map" to a status view (status_view.h): {height, boxes[{x, y, title, id, word, tone,
 * traffic}], lines[{path, width, tone}], middle}; nothing when there are no connections. */
int board_map(struct org *org, int64_t now_ms, json_t *status, struct fail *why);

#endif
