/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The platform's own report file, handed through. */
#ifndef REPORT_FILE_H
#define REPORT_FILE_H

#include "home/home.h"
#include "web/serve.h"

/* GET {org}/{token}/file.  seen is called once something is going to be handed out. */
void report_file_handler(struct request *rq, struct reply *re,
                         void (*seen)(struct request *rq, struct org *org, const char *session));

#endif
