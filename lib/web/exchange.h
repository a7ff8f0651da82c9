/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a request and its reply, shared by the files of the skeleton and by nobody
 * else: handlers use serve.h.
 */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include "door/cgi.h"
#include "web/form.h"
#include "web/route.h"
#include "web/serve.h"
#include "web/spool.h"

#define EXCHANGE_ID_SIZE 37          /* a version 4 UUID and its terminator */
#define EXCHANGE_TARGET_MAX 8192     /* bytes of REQUEST_URI: 414 */
#define EXCHANGE_HEADERS_MAX 65536   /* bytes of all headers: 431 */
#define EXCHANGE_CREDENTIAL_MAX 4096 /* bytes of Authorization */

struct slot; /* serve.c */

struct request {
        struct cgi *cgi;
        struct slot *slot;
        bool put_off; /* the reply is due when request_answer() says so */
        const struct program *program;
        const struct route *route; /* NULL until one matched */
        const char *method;
        char id[EXCHANGE_ID_SIZE];
        struct route_match match;
        struct form query, form;
        bool query_read, form_read;
        struct buf body;
        char *credential;
        bool credential_read;
        void *kept; /* of the program */
        void (*drop)(void *kept);
};

struct reply {
        int status;
        bool given;  /* the handler said something */
        bool broken; /* and something impossible: 500 */
        char *type;
        char *form_target;  /* a second origin that forms may end at, or NULL */
        bool page;          /* carries our stylesheet */
        bool scripted;      /* and our script */
        bool streaming;     /* the head is out, and maybe some of the body */
        struct spool spool; /* open: neither is; the body waits here until it is whole */
        bool cut;           /* the rest will not come */
        int64_t left;       /* streaming: bytes that are still to come; -1 not known */
        struct buf headers, body;
};

void request_init(struct request *rq, struct cgi *cgi, const struct program *program);
void request_dispose(struct request *rq);

void reply_init(struct reply *re);
void reply_reset(struct reply *re); /* forgets what the handler said */
void reply_dispose(struct reply *re);
/* Adds what every reply carries and sends it; body left out for HEAD, 204 and 304. */
int reply_send(struct reply *re, struct request *rq);
const char *reply_phrase(int status); /* "Not Found" */

/* Finds the route and has it answered, now or later (put_off). */
void dispatch(struct request *rq, struct reply *re);
/* Before it is sent: whatever the handler did, it is exactly one reply. */
void dispatch_settle(struct request *rq, struct reply *re);

#endif
