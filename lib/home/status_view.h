/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How an org is doing, ready for the status page and for programs: connections with a light,
 * the last events, actions that wait and those parked, the loss meter.
 */
#ifndef HOME_STATUS_VIEW_H
#define HOME_STATUS_VIEW_H

#include "door/json.h"
#include "home/home.h"

#define STATUS_EVENTS 20
#define STATUS_ACTIONS 50

/* {org_name, id, connections[{id, kind, light (green, amber, red, grey), word, sentence, event,
 * call}], events[{number, at, ago, connection, name, summary, trust, state, ...}], waiting[],
 * parked[{number, words, sentence, tries, due}], counts{...}}; the caller's. */
int status_view(struct home *h, struct org *org, json_t **view, struct fail *why);

#endif
