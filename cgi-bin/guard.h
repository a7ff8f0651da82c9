/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What programs with keys share: the home opened once, the org of a path, and who may.
 */
#ifndef CGI_BIN_GUARD_H
#define CGI_BIN_GUARD_H

#include "home/home.h"
#include "home/key.h"
#include "web/serve.h"

/* For struct program: opens the home named by FAIRLEAD_HOME, and calling out. */
int guard_start(struct fail *why);
void guard_stop(void);
struct home *guard_home(void);

/* The org in "{org}" if the key that was shown has this scope: 0.  Otherwise the reply is
 * made (401, 403, 500) and -1.  browser: ask with Basic, so that a browser shows its form. */
int guard_org(struct request *rq, struct reply *re, const char *scope, bool browser,
              struct org **org, char key_id[9]);

/* The org in "{org}" for pages whose token is the key: 0, *org NULL when unknown, which the
 * caller looks up all the same; or the reply is made (500, 503) and -1. */
int guard_open_org(struct request *rq, struct reply *re, struct org **org);

/* A form of ours sent this, not a page of somebody else: 0; otherwise 403 is replied. */
int guard_same_origin(struct request *rq, struct reply *re, struct org *org);

#endif
