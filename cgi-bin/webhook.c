/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webhook: what platforms and ATSs send: verify, remember, answer.
 *
 * It parses no further than a signature needs, calls nobody, and answers when the delivery is
 * durable.  What it cannot take now is answered so that its sender comes again.
 */
#include <pthread.h>
#include <time.h>

#include "door/secret.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/when.h"
#include "home/connection.h"
#include "home/delivery.h"
#include "home/home.h"
#include "home/tally.h"
#include "web/serve.h"

#define BODY_MAX (1024 * 1024) /* the largest documented delivery has some 10 KB */
#define RETRY_AFTER "30"       /* seconds, when state cannot take it */
#define PUT_OFF_BYTES 32768    /* of a delivery that waits for the disk without a thread */

static struct home *home;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below, and opening home */
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;   /* rings for the secretary */
static pthread_t secretary;                              /* writes down what was only counted */
static bool employed, something_counted, closing;

/* The home is opened when it is first needed and asked for again until it can be: a program
 * that was started before `fairlead init`, or with wrong modes, mends itself. */
static struct home *our_home(struct fail *why)
{
        struct home *h = __atomic_load_n(&home, __ATOMIC_ACQUIRE);

        if (h != NULL)
                return h;
        pthread_mutex_lock(&lock);
        if (home == NULL) {
                if (home_open(&h, serve_settings.home, why) == 1)
                        __atomic_store_n(&home, h, __ATOMIC_RELEASE);
                else
                        fail_set(why, FAIL_DENIED, "there is no home at %s", serve_settings.home);
        }
        h = home;
        pthread_mutex_unlock(&lock);
        return h;
}

static void not_now(struct request *rq, struct reply *re, int status, const struct fail *why)
{
        log_event(LOG_LEVEL_ERROR, "delivery not taken", "kind", fail_word(why->kind), "cause",
                  why->text, NULL);
        reply_problem(rq, re, status, NULL);
        if (status == 503)
                reply_header(re, "Retry-After", RETRY_AFTER);
}

/* Unknown org, unknown hook, impossible name: one answer, and the time of a real check. */
static void nothing_here(struct request *rq, struct reply *re)
{
        const struct buf *body = request_body(rq);
        unsigned char digest[SECRET_DIGEST_SIZE];

        secret_hmac("nobody's secret", 15, body->data, body->len, digest);
        reply_problem(rq, re, 404, NULL);
}

static int append(struct home *h, const struct delivery *d, struct fail *why)
{
        struct inbox *inbox = home_inbox(h, why);
        struct buf record = BUF_NONE;
        uint64_t number;
        int result = -1;

        if (inbox != NULL) {
                delivery_write(d, &record);
                result = inbox_add(inbox, record.data, record.len, &number, why);
        }
        buf_dispose(&record);
        return result;
}

static int ask_header(void *context, const char *name, const char **value)
{
        return request_header(context, name, value);
}

/* A delivery on its way to the disk, with nobody waiting for it. */
struct keeping {
        struct inbox_post post;
        struct buf record;
        struct request *rq;
        struct reply *re;
        int status, status_full;
};

static void say_kept(struct request *rq, struct reply *re, int status, int status_full, int result,
                     const struct fail *why)
{
        if (result < 0)
                not_now(rq, re, status_full, why);
        else
                reply_text(re, status, "ok\n");
}

static void kept(struct inbox_post *post, int result, const struct fail *why)
{
        struct keeping *k = (struct keeping *)post;

        say_kept(k->rq, k->re, k->status, k->status_full, result, why);
        request_answer(k->rq);
        buf_dispose(&k->record);
        mem_free(k);
}

/* The reply comes when the delivery is durable: by whoever leads the inbox's commits when the
 * web server lets go of this thread, by this one when not. */
static void store(struct home *h, struct request *rq, struct reply *re, int status, int status_full,
                  struct buf *record)
{
        struct fail why = FAIL_CLEAR;
        struct inbox *inbox = home_inbox(h, &why);
        struct keeping *k;
        int result = -1;

        if (inbox != NULL && record->len <= PUT_OFF_BYTES && request_put_off(rq)) {
                k = mem_alloc(sizeof *k);
                *k = (struct keeping){ .record = *record,
                                       .rq = rq,
                                       .re = re,
                                       .status = status,
                                       .status_full = status_full };
                *record = (struct buf)BUF_NONE;
                k->post = (struct inbox_post){ .record = k->record.data,
                                               .len = k->record.len,
                                               .done = kept };
                if (inbox_post(inbox, &k->post, &why) != 0)
                        kept(&k->post, -1, &why);
                return;
        }
        if (inbox != NULL)
                result = inbox_add(inbox, record->data, record->len, NULL, &why);
        say_kept(rq, re, status, status_full, result, &why);
}

static void keep(struct home *h, struct request *rq, struct reply *re, const struct connection *c,
                 struct delivery *d, int status)
{
        const struct buf *body = request_body(rq);
        struct buf headers = BUF_NONE, record = BUF_NONE;
        const char *value;

        for (const char *const *name = c->kind->sender->headers; *name != NULL; name++)
                if (request_header(rq, *name, &value) == 1)
                        delivery_header(&headers, *name, value);
        d->headers_text = &headers;
        d->body = body->data;
        d->body_len = body->len;
        delivery_write(d, &record);
        store(h, rq, re, status, c->kind->sender->status_full, &record);
        buf_dispose(&record);
        buf_dispose(&headers);
}

/* A probe or a refusal: outsiders cause them at will, so they are counted and written down
 * from time to time. */
static int note(struct home *h, struct delivery *d, struct fail *why)
{
        int due = tally_add(h, d, d->received_ms, why);

        if (due == 1) {
                log_event(LOG_LEVEL_WARN,
                          d->what == DELIVERY_PROBE ? "webhook probed" : "webhook refused", "org",
                          d->org, "connection", d->connection, "reason", d->reason, NULL);
                return append(h, d, why);
        }
        if (due == 0) {
                pthread_mutex_lock(&lock);
                something_counted = true;
                pthread_cond_signal(&bell);
                pthread_mutex_unlock(&lock);
        }
        return due;
}

static void answer(struct home *h, struct request *rq, struct reply *re, const struct org *org,
                   const struct connection *c, const struct verdict *v)
{
        struct fail why = FAIL_CLEAR;
        struct delivery d = {
                .what = v->kind == VERDICT_KEEP    ? DELIVERY_EVENT
                        : v->kind == VERDICT_PROBE ? DELIVERY_PROBE
                                                   : DELIVERY_REFUSED,
                .org = (char *)(uintptr_t)org->name,
                .connection = c->id,
                .received_ms = when_now_ms(),
                .request_id = (char *)(uintptr_t)request_id(rq),
                .trust = v->trust,
                .secret = v->secret < 0 ? NULL : c->secret_names[v->secret],
                .reason = (char *)(uintptr_t)v->reason,
        };
        int result;

        if (v->kind == VERDICT_KEEP) {
                keep(h, rq, re, c, &d, v->status);
                return;
        }
        result = note(h, &d, &why);
        if (v->kind == VERDICT_REFUSE) {
                if (result < 0)
                        log_event(LOG_LEVEL_ERROR, "refusal not counted", "cause", why.text, NULL);
                reply_problem(rq, re, v->status, "The signature is missing, wrong, or not known.");
                if (v->status == 503)
                        reply_header(re, "Retry-After", RETRY_AFTER);
        } else if (result < 0) {
                not_now(rq, re, c->kind->sender->status_full, &why);
        } else {
                reply_text(re, v->status, "ok\n");
        }
}

static void receive(struct request *rq, struct reply *re)
{
        const char *hook = request_segment(rq, "hook");
        const struct connection *c = NULL;
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        struct home *h = our_home(&why);
        int found = -1;

        if (h != NULL)
                found = home_org(h, request_segment(rq, "org"), &org, &why);
        if (found >= 0)
                found = connection_by_hook(h, org, hook, &c, &why);
        if (found < 0) {
                not_now(rq, re, 503, &why);
        } else if (found == 0 || c->kind->sender == NULL) {
                nothing_here(rq, re);
        } else {
                struct verdict verdict;
                struct sender_request asked = {
                        .body = request_body(rq),
                        .header = ask_header,
                        .context = rq,
                        .hook_url = c->hook_url,
                        .settings = c->settings,
                        .secrets = c->secrets,
                        .secret_count = c->secret_count,
                        .now_ms = when_now_ms(),
                };

                c->kind->sender->verify(&asked, &verdict);
                answer(h, rq, re, org, c, &verdict);
        }
        connection_return(c);
}

static void write_down(void *context, const struct delivery *d)
{
        struct fail why = FAIL_CLEAR;

        if (append(context, d, &why) != 0)
                log_event(LOG_LEVEL_ERROR, "count not written down", "cause", why.text, NULL);
}

/* Sleeps for as long as nothing is counted, and then until the counts are due. */
static void *write_counts(void *context)
{
        struct timespec until;

        pthread_mutex_lock(&lock);
        while (!closing) {
                if (!something_counted) {
                        pthread_cond_wait(&bell, &lock);
                        continue;
                }
                clock_gettime(CLOCK_REALTIME, &until);
                until.tv_sec += TALLY_REST_MS / 1000;
                while (!closing && pthread_cond_timedwait(&bell, &lock, &until) == 0)
                        continue;
                something_counted = false;
                pthread_mutex_unlock(&lock);
                if (tally_flush(home, when_now_ms(), write_down, home, NULL) > 0) {
                        pthread_mutex_lock(&lock);
                        something_counted = true;
                } else {
                        pthread_mutex_lock(&lock);
                }
        }
        pthread_mutex_unlock(&lock);
        return context;
}

static int start(struct fail *why)
{
        if (serve_settings.cgi)
                return 0;
        if (our_home(why) == NULL)
                log_event(LOG_LEVEL_ERROR, "no home yet", "cause", why->text, NULL);
        fail_clear(why);
        employed = pthread_create(&secretary, NULL, write_counts, NULL) == 0;
        return 0;
}

static void stop(void)
{
        pthread_mutex_lock(&lock);
        closing = true;
        pthread_cond_signal(&bell);
        pthread_mutex_unlock(&lock);
        if (employed)
                pthread_join(secretary, NULL);
        if (!serve_settings.cgi)
                home_close(home);
}

/* Before this thread sleeps, and when it never comes to that: what it and others posted. */
static void rest(int64_t patience_us)
{
        struct home *h = __atomic_load_n(&home, __ATOMIC_ACQUIRE);
        struct inbox *inbox = h == NULL ? NULL : home_inbox(h, NULL);

        if (inbox != NULL)
                inbox_lead(inbox, patience_us);
}

static const struct route routes[] = {
        { "POST", "{org}/{hook}", receive, .body_max = BODY_MAX, .program = true },
        { .method = NULL },
};

static const struct route *const tables[] = { routes, NULL };

static const struct program webhook = {
        .name = "webhook",
        .about = "takes what platforms and applicant tracking systems send",
        .routes = tables,
        .start = start,
        .stop = stop,
        .rest = rest,
};

int main(int argc, char **argv)
{
        return serve(argc, argv, &webhook);
}
