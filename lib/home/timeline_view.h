/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What became of one candidate's application: where it stands, what is missing, and what mends
 * it.  Times stay milliseconds (names ending in _ms): the page knows the reader's clock.
 */
#ifndef HOME_TIMELINE_VIEW_H
#define HOME_TIMELINE_VIEW_H

#include "door/json.h"
#include "home/home.h"

/* 1 and *view, 0 unknown, 2 erased, -1.
 * {key, name, email, job, stage, status, ats_url, has_sessions, gap (sentence, when nothing was
 *  sent), gap_action, sessions[{key, test, platform, word, tone, score, report, open,
 *  steps[{words, at_ms, done | now | gap | next, sentence, action (number to retry), look (bool: a
 *  look mends it)}]}], history[{at_ms, words, sentence, tone, event | action (number)}]} */
int timeline_view(struct home *h, struct org *org, const char *key, json_t **view,
                  struct fail *why);

#endif
