/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Webhooks as a vendor's own sender makes them: a queue, a thread, a retry schedule.
 *
 * One deliver_hook is one webhook of the vendor's settings page.  What differs between
 * vendors is a policy; what is signed, and when, is a function, because CodeSignal signs the
 * URL and Greenhouse the body.  Used by the stand-ins only.
 *
 * All functions may be called by several threads.  A hook without a URL keeps nothing.
 */
#ifndef SANDBOX_DELIVERY_H
#define SANDBOX_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "door/json.h"
#include "floor/buf.h"

struct deliver_policy {
        bool in_order;            /* one at a time: the first failing one blocks the others */
        bool clear_when_given_up; /* disables the hook and empties its queue; else only the one
                                     delivery is given up */
        int attempts;             /* given up after so many failures in a row */
        int64_t spacing_ms;       /* at least so long between two deliveries, unscaled */
        int64_t timeout_ms;       /* of one attempt, never scaled */
        bool (*success)(int status);
        bool (*hopeless)(int status);     /* such an answer ends the delivery; may be NULL */
        int64_t (*wait_ms)(int failures); /* before the next attempt, unscaled */
};

struct deliver_item {
        const char *event; /* "companyTestSessionFinished" */
        const char *stamp; /* decimal digits of the event's time; "" for a probe */
        const char *body;
        size_t len;
};

/* Appends header lines "Name: value\n" (signature, delivery id) for one attempt. */
typedef void deliver_headers(void *context, const char *url, const char *secret,
                             const struct deliver_item *item, struct buf *lines);

struct deliver_hook;

/* scale: FAIRLEAD_RETRY_SCALE, divides waits.  Starts no thread before the first push. */
struct deliver_hook *deliver_new(const struct deliver_policy *policy, int64_t scale,
                                 deliver_headers *headers, void *context);
/* Ends the thread after the attempt that is under way; what waits is dropped. */
void deliver_free(struct deliver_hook *h);

/* url NULL or "": no webhook.  events: which are sent, comma-separated, NULL or "*" for all.
 * extra: custom header lines "Name: value\n", or NULL.  Clears failures and enables. */
void deliver_set(struct deliver_hook *h, const char *url, const char *secret, const char *events,
                 const char *extra);

/* One attempt now, outside the queue: the HTTP status, 0 when there was no answer. */
int deliver_probe(struct deliver_hook *h, const char *event, const char *body, size_t len);

/* Queues one.  triggered_ms becomes the stamp. */
void deliver_push(struct deliver_hook *h, const char *event, int64_t triggered_ms, const char *body,
                  size_t len);

/* The next count pushes vanish without a trace at the receiver (they are logged "lost"). */
void deliver_lose(struct deliver_hook *h, int count);
/* Tries the waiting one at once and forgets its failures; enables a disabled hook. */
void deliver_flush(struct deliver_hook *h);
/* Empties queue and log. */
void deliver_reset(struct deliver_hook *h);
/* Waits until nothing is queued: true, or false after timeout_ms (or when disabled). */
bool deliver_idle(struct deliver_hook *h, int64_t timeout_ms);

/* {url, events, secret_set, extra, state ("off", "healthy", "unhealthy", "disabled"), failures,
 * queued, next_ms, lost, log [newest first: {event, at_ms, status, ok, attempt, cause,
 * next_ms}]}; the caller drops it. */
json_t *deliver_report(struct deliver_hook *h);

#endif
