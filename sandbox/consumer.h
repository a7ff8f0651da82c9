/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the stand-in for data consumers, shared by sandbox/consumer*.c.
 *
 * State is in memory behind one lock.  Functions marked [locked] are called with it held.
 */
#ifndef SANDBOX_CONSUMER_H
#define SANDBOX_CONSUMER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "door/json.h"
#include "web/serve.h"

#define CONSUMER_LOG_MAX 500
#define CONSUMER_ROWS_MAX 20

struct sandbox_consumers {
        pthread_mutex_t lock;
        /* by name: {name, signing (codesignal, standard), secrets[], url (the exact text, or null:
         * from Host), header, value (required; null: none), answer, delay_ms, retry_after, times
         * (left; 0: for ever)} */
        json_t *rows;
        json_t *log;  /* newest last: {number, consumer, at, event, id, good, reason, status,
                         repeated, body, subject} */
        json_t *seen; /* "<consumer> <identity>" of deliveries that were accepted */
        int64_t number;
};
extern struct sandbox_consumers sandbox;

void sandbox_reset(void);                   /* [locked] back to the seed */
json_t *sandbox_consumer(const char *name); /* [locked] borrowed; NULL: none */
bool sandbox_set_answer(json_t *row, const char *answer, int64_t times); /* [locked] */

/* Was it signed as this consumer expects?  NULL, or what is wrong.  url is that of the request
 * when the row has none. */
const char *sandbox_objection(struct request *rq, const json_t *row, const char *url,
                              const struct buf *body, int64_t now_ms);

route_handler sandbox_hook, sandbox_page, sandbox_page_answer, sandbox_control_get,
    sandbox_control_set, sandbox_control_reset;

#endif
