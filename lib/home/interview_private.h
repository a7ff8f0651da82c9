/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What interview.c and interview_join.c share. */
#ifndef HOME_INTERVIEW_PRIVATE_H
#define HOME_INTERVIEW_PRIVATE_H

#include "home/home.h"

#define INTERVIEW_TOKEN_LEN 26 /* 130 bits */

char *interview_token(struct home *h, const struct org *org, const char *id); /* caller frees */
void interview_wake(struct home *h, const struct org *org); /* an action waits for the worker */

#endif
