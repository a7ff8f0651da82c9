/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Webhooks as a vendor sends them: a queue, a thread, a retry schedule. */
#include "delivery.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "door/fetch.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define QUEUE_MAX 10000
#define LOG_MAX 200
#define HEADERS_MAX 32

struct waiting {
        struct waiting *next;
        uint64_t serial;
        char *event, *stamp, *body;
        size_t len;
        int failures;
        int64_t due_ms; /* steady */
};

struct deliver_hook {
        const struct deliver_policy *policy;
        int64_t scale;
        deliver_headers *headers;
        void *context;

        pthread_mutex_t lock;
        pthread_cond_t changed;
        pthread_t thread;
        bool running, stopping, busy;

        char *url, *secret, *events, *extra;
        bool disabled;
        struct waiting *first;
        size_t queued;
        uint64_t serial;   /* of the last one queued */
        int64_t spaced_ms; /* steady: no delivery before */
        int lose;
        int64_t lost;
        json_t *log; /* newest last */
};

/* A copy of what one attempt needs, so that no lock is held while calling. */
struct attempt {
        char *url, *secret, *extra;
        struct deliver_item item;
        char *event, *stamp, *body;
};

struct deliver_hook *deliver_new(const struct deliver_policy *policy, int64_t scale,
                                 deliver_headers *headers, void *context)
{
        struct deliver_hook *h = mem_alloc(sizeof(*h));
        pthread_condattr_t attr;

        h->policy = policy;
        h->scale = scale > 0 ? scale : 1;
        h->headers = headers;
        h->context = context;
        h->log = json_array();
        pthread_mutex_init(&h->lock, NULL);
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&h->changed, &attr);
        pthread_condattr_destroy(&attr);
        return h;
}

static void waiting_free(struct waiting *w)
{
        mem_free(w->event);
        mem_free(w->stamp);
        mem_free(w->body);
        mem_free(w);
}

static void clear_queue(struct deliver_hook *h)
{
        while (h->first != NULL) {
                struct waiting *w = h->first;

                h->first = w->next;
                waiting_free(w);
        }
        h->queued = 0;
}

static void copy_attempt(struct deliver_hook *h, const char *event, const char *stamp,
                         const char *body, size_t len, struct attempt *a)
{
        a->url = mem_text(h->url);
        a->secret = mem_text(h->secret);
        a->extra = mem_text(h->extra);
        a->event = mem_text(event);
        a->stamp = mem_text(stamp);
        a->body = mem_text_part(body, len);
        a->item = (struct deliver_item){ a->event, a->stamp, a->body, len };
}

static void attempt_dispose(struct attempt *a)
{
        mem_free(a->url);
        mem_free(a->secret);
        mem_free(a->extra);
        mem_free(a->event);
        mem_free(a->stamp);
        mem_free(a->body);
}

/* Status, 0 without an answer; cause in words. */
static int perform(struct deliver_hook *h, const struct attempt *a, char *cause, size_t size)
{
        const char *list[HEADERS_MAX + 2];
        struct buf lines = BUF_NONE;
        struct fetch_answer answer;
        struct fail why = FAIL_CLEAR;
        struct fetch_request request = { .method = "POST",
                                         .url = a->url,
                                         .headers = list,
                                         .body = a->body,
                                         .body_len = a->item.len,
                                         .timeout_ms = h->policy->timeout_ms,
                                         .answer_max = 65536 };
        size_t count = 0;
        char *rest, *line, *text;
        int status;

        buf_add_text(&lines, "Content-Type: application/json\n");
        if (h->headers != NULL)
                h->headers(h->context, a->url, a->secret, &a->item, &lines);
        buf_add_text(&lines, a->extra);
        text = rest = buf_take(&lines);
        while ((line = text_next(&rest, '\n')) != NULL && count < HEADERS_MAX) {
                if (*line != '\0')
                        list[count++] = line;
        }
        list[count] = NULL;
        fetch(&request, &answer, &why);
        status = answer.end == FETCH_ANSWERED ? answer.status : 0;
        strncpy(cause, status != 0 ? "" : answer.cause, size - 1);
        cause[size - 1] = '\0';
        fetch_answer_dispose(&answer);
        mem_free(text);
        return status;
}

static void log_attempt(struct deliver_hook *h, const char *event, int status, bool ok, int attempt,
                        const char *cause, int64_t wait_ms)
{
        json_t *entry = json_object();

        json_set_text(entry, "event", event);
        json_set_int(entry, "at_ms", when_now_ms());
        json_set_int(entry, "status", status);
        json_set_bool(entry, "ok", ok);
        json_set_int(entry, "attempt", attempt);
        json_set_text(entry, "cause", cause);
        json_set_int(entry, "next_ms", wait_ms > 0 ? when_now_ms() + wait_ms : 0);
        if (json_array_size(h->log) >= LOG_MAX)
                json_array_remove(h->log, 0);
        json_add(h->log, entry);
}

static int64_t scaled(const struct deliver_hook *h, int64_t ms)
{
        return ms <= 0 ? 0 : (ms / h->scale > 0 ? ms / h->scale : 1);
}

/* The next one that may go now, or NULL and when to look again (0: when something changes). */
static struct waiting *pick(struct deliver_hook *h, int64_t *again_ms)
{
        int64_t now = when_steady_ms();
        struct waiting *best = NULL;

        *again_ms = 0;
        if (h->url == NULL || h->disabled || h->first == NULL)
                return NULL;
        for (struct waiting *w = h->first; w != NULL; w = w->next) {
                if (best == NULL || w->due_ms < best->due_ms)
                        best = w;
                if (h->policy->in_order)
                        break;
        }
        *again_ms = best->due_ms > h->spaced_ms ? best->due_ms : h->spaced_ms;
        return *again_ms <= now ? best : NULL;
}

static void unlink_one(struct deliver_hook *h, struct waiting *gone)
{
        struct waiting **at = &h->first;

        while (*at != NULL && *at != gone)
                at = &(*at)->next;
        if (*at == NULL)
                return;
        *at = gone->next;
        h->queued--;
        waiting_free(gone);
}

static bool still_there(const struct deliver_hook *h, uint64_t serial)
{
        for (const struct waiting *x = h->first; x != NULL; x = x->next) {
                if (x->serial == serial)
                        return true;
        }
        return false;
}

static void failed(struct deliver_hook *h, struct waiting *w, int status, const char *cause)
{
        int64_t wait = 0;

        w->failures++;
        if (w->failures < h->policy->attempts &&
            (h->policy->hopeless == NULL || !h->policy->hopeless(status))) {
                wait = scaled(h, h->policy->wait_ms(w->failures));
                w->due_ms = when_steady_ms() + wait;
        }
        log_attempt(h, w->event, status, false, w->failures, cause, wait);
        if (wait > 0)
                return;
        if (h->policy->clear_when_given_up) {
                h->disabled = true;
                clear_queue(h);
        } else {
                unlink_one(h, w);
        }
}

static void deliver_one(struct deliver_hook *h, struct waiting *w)
{
        struct attempt a;
        uint64_t serial = w->serial;
        char cause[160];
        int status;

        copy_attempt(h, w->event, w->stamp, w->body, w->len, &a);
        h->busy = true;
        pthread_mutex_unlock(&h->lock);
        status = perform(h, &a, cause, sizeof(cause));
        pthread_mutex_lock(&h->lock);
        h->busy = false;
        h->spaced_ms = when_steady_ms() + scaled(h, h->policy->spacing_ms);
        /* The queue may have been emptied meanwhile. */
        if (still_there(h, serial)) {
                if (h->policy->success(status)) {
                        log_attempt(h, w->event, status, true, w->failures + 1, cause, 0);
                        unlink_one(h, w);
                } else {
                        failed(h, w, status, cause);
                }
        }
        pthread_cond_broadcast(&h->changed);
        attempt_dispose(&a);
}

static void wait_until(struct deliver_hook *h, int64_t steady_ms)
{
        struct timespec until = { .tv_sec = (time_t)(steady_ms / 1000),
                                  .tv_nsec = (long)(steady_ms % 1000) * 1000000 };

        if (steady_ms == 0)
                pthread_cond_wait(&h->changed, &h->lock);
        else
                pthread_cond_timedwait(&h->changed, &h->lock, &until);
}

static void *run(void *p)
{
        struct deliver_hook *h = p;

        pthread_mutex_lock(&h->lock);
        while (!h->stopping) {
                int64_t again = 0;
                struct waiting *w = pick(h, &again);

                if (w != NULL)
                        deliver_one(h, w);
                else
                        wait_until(h, again);
        }
        pthread_mutex_unlock(&h->lock);
        return NULL;
}

void deliver_free(struct deliver_hook *h)
{
        bool running;

        if (h == NULL)
                return;
        pthread_mutex_lock(&h->lock);
        h->stopping = true;
        running = h->running;
        pthread_cond_broadcast(&h->changed);
        pthread_mutex_unlock(&h->lock);
        if (running)
                pthread_join(h->thread, NULL);
        clear_queue(h);
        json_decref(h->log);
        mem_free(h->url);
        mem_free(h->secret);
        mem_free(h->events);
        mem_free(h->extra);
        pthread_cond_destroy(&h->changed);
        pthread_mutex_destroy(&h->lock);
        mem_free(h);
}

static void replace(char **at, const char *text)
{
        char *copy = mem_text(text);

        mem_free(*at);
        *at = copy;
}

void deliver_set(struct deliver_hook *h, const char *url, const char *secret, const char *events,
                 const char *extra)
{
        pthread_mutex_lock(&h->lock);
        replace(&h->url, text_empty(url) ? NULL : url);
        replace(&h->secret, text_empty(secret) ? NULL : secret);
        replace(&h->events, text_empty(events) ? "*" : events);
        replace(&h->extra, text_empty(extra) ? NULL : extra);
        h->disabled = false;
        if (h->url == NULL)
                clear_queue(h);
        pthread_cond_broadcast(&h->changed);
        pthread_mutex_unlock(&h->lock);
}

int deliver_probe(struct deliver_hook *h, const char *event, const char *body, size_t len)
{
        struct attempt a;
        char cause[160];
        int status;

        pthread_mutex_lock(&h->lock);
        if (h->url == NULL) {
                pthread_mutex_unlock(&h->lock);
                return 0;
        }
        copy_attempt(h, event, "", body, len, &a);
        pthread_mutex_unlock(&h->lock);
        status = perform(h, &a, cause, sizeof(cause));
        pthread_mutex_lock(&h->lock);
        log_attempt(h, *event != '\0' ? event : "test", status, h->policy->success(status), 1,
                    cause, 0);
        pthread_mutex_unlock(&h->lock);
        attempt_dispose(&a);
        return status;
}

/* Is event one of "a,b,c"? */
static bool listed(const char *events, const char *event)
{
        size_t len = strlen(event);

        if (events == NULL || text_equal(events, "*"))
                return true;
        while (*events != '\0') {
                size_t part = strcspn(events, ", ");

                if (part == len && memcmp(events, event, len) == 0)
                        return true;
                events += part;
                events += strspn(events, ", ");
        }
        return false;
}

static void enqueue(struct deliver_hook *h, const char *event, int64_t triggered_ms,
                    const char *body, size_t len)
{
        struct waiting *w = mem_alloc(sizeof(*w)), **at = &h->first;

        w->serial = ++h->serial;
        w->event = mem_text(event);
        w->stamp = mem_format("%" PRId64, triggered_ms);
        w->body = mem_text_part(body, len);
        w->len = len;
        while (*at != NULL)
                at = &(*at)->next;
        *at = w;
        h->queued++;
        if (!h->running)
                h->running = pthread_create(&h->thread, NULL, run, h) == 0;
        pthread_cond_broadcast(&h->changed);
}

void deliver_push(struct deliver_hook *h, const char *event, int64_t triggered_ms, const char *body,
                  size_t len)
{
        pthread_mutex_lock(&h->lock);
        if (h->url == NULL || h->disabled || !listed(h->events, event)) {
                pthread_mutex_unlock(&h->lock);
                return;
        }
        if (h->lose > 0 || h->queued >= QUEUE_MAX) {
                h->lose -= h->lose > 0;
                h->lost++;
                log_attempt(h, event, 0, false, 0, "lost", 0);
        } else {
                enqueue(h, event, triggered_ms, body, len);
        }
        pthread_mutex_unlock(&h->lock);
}

void deliver_lose(struct deliver_hook *h, int count)
{
        pthread_mutex_lock(&h->lock);
        h->lose = count;
        pthread_mutex_unlock(&h->lock);
}

void deliver_flush(struct deliver_hook *h)
{
        pthread_mutex_lock(&h->lock);
        h->disabled = false;
        for (struct waiting *w = h->first; w != NULL; w = w->next) {
                w->failures = 0;
                w->due_ms = 0;
        }
        pthread_cond_broadcast(&h->changed);
        pthread_mutex_unlock(&h->lock);
}

void deliver_reset(struct deliver_hook *h)
{
        pthread_mutex_lock(&h->lock);
        clear_queue(h);
        json_array_clear(h->log);
        h->disabled = false;
        h->lose = 0;
        h->lost = 0;
        pthread_cond_broadcast(&h->changed);
        pthread_mutex_unlock(&h->lock);
}

bool deliver_idle(struct deliver_hook *h, int64_t timeout_ms)
{
        int64_t until = when_steady_ms() + timeout_ms;
        bool idle;

        pthread_mutex_lock(&h->lock);
        while ((h->queued > 0 || h->busy) && !h->disabled && when_steady_ms() < until)
                wait_until(h, until);
        idle = h->queued == 0 && !h->busy;
        pthread_mutex_unlock(&h->lock);
        return idle;
}

json_t *deliver_report(struct deliver_hook *h)
{
        json_t *report = json_object(), *log = json_array();
        const char *state = "healthy";

        pthread_mutex_lock(&h->lock);
        if (h->url == NULL)
                state = "off";
        else if (h->disabled)
                state = "disabled";
        else if (h->first != NULL && h->first->failures > 0)
                state = "unhealthy";
        json_set_text(report, "url", h->url);
        json_set_text(report, "events", h->events);
        json_set_text(report, "extra", h->extra);
        json_set_bool(report, "secret_set", h->secret != NULL);
        json_set_text(report, "state", state);
        json_set_int(report, "failures", h->first != NULL ? h->first->failures : 0);
        json_set_int(report, "queued", (int64_t)h->queued);
        json_set_int(report, "lost", h->lost);
        for (size_t i = json_array_size(h->log); i > 0; i--)
                json_add(log, json_deep_copy(json_array_get(h->log, i - 1)));
        pthread_mutex_unlock(&h->lock);
        json_set(report, "log", log);
        return report;
}
