/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How an org is doing, ready for the status page and for programs: connections with a light,
 * the last events, actions that wait and those parked, the loss meter.
 */
#ifndef HOME_STATUS_VIEW_H
#define HOME_STATUS_VIEW_H

#include "door/json.h"
#include "floor/when.h"
#include "home/home.h"

#define STATUS_EVENTS 20
#define STATUS_ACTIONS 50
#define STATUS_ALERTS_MS (3 * WHEN_DAY) /* those that do not stand are shown so long */

/* {org_name, id, connections[{id, kind, light (green, amber, red, grey), word, sentence, event,
 * call}], alerts[{title, sentence, state,
 * tone, since, changed, told, count}], events[{number, at, ago, connection, name, summary, trust,
 * state, ...}], waiting[], parked[{number, words, sentence, tries, due}], counts{...}}; the
 * caller's. */
int status_view(struct home *h, struct org *org, json_t **view, struct fail *why);

/* "write_note" in words; the stylesheet's word (good, wait, bad, "") for an event's state. */
const char *status_action_words(const char *kind);
const char *status_event_tone(const char *state);

#endif
