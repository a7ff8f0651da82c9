/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks a home over and names each fault with the line that mends it.
 *
 * It changes nothing but a short-lived file in the home (for the disk and the locks), and
 * sends nothing that has an effect: one GET to our own public address, one to each outside
 * base address.
 */
#ifndef HOME_DOCTOR_H
#define HOME_DOCTOR_H

#include <stdbool.h>

#include "door/json.h"
#include "floor/fail.h"
#include "home/home.h"
#include "home/post.h"

enum doctor_state { DOCTOR_GOOD, DOCTOR_ADVICE, DOCTOR_FAULT };

struct doctor {
        const char *home_path;
        const struct post *post; /* how mail leaves; NULL: not looked at */
        bool network;            /* also ask our own web server and the outside systems */
        void (*say)(void *context, enum doctor_state state, const char *what, const char *found,
                    const char *mend); /* mend: the line to run or to change; NULL when good */
        void *context;
        int faults; /* counted here */
};

/* 0 looked everything over (see faults), -1 could not even begin. */
int doctor_run(struct doctor *d, struct fail *why);

#endif
