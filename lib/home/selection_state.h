/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a selection stands by what became of its sending.  For selection*.c only. */
#ifndef HOME_SELECTION_STATE_H
#define HOME_SELECTION_STATE_H

#include "door/json.h"
#include "home/home.h"

struct selection_now {
        enum { SELECTION_CHOOSE, SELECTION_SENDING, SELECTION_WAS_SENT, SELECTION_IS_OVER } state;
        char *sentence; /* CHOOSE: why the last sending came to nothing; SENDING: why it takes
                           long; or NULL */
};

int selection_now(struct org *org, const char *id, const json_t *record, struct selection_now *now,
                  struct fail *why);
void selection_now_dispose(struct selection_now *now);

#endif
