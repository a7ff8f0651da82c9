/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events: kept, recognised, replayed. */
#include "home/event.h"

#include <inttypes.h>
#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/about.h"
#include "home/consumer.h"
#include "home/erase.h"
#include "home/follow.h"
#include "home/records.h"

#define TEXT_MAX 300

static void set_cut(json_t *record, const char *name, const char *text)
{
        char *copy = mem_text(text);

        if (copy != NULL)
                text_cut(copy, TEXT_MAX);
        json_set_text(record, name, copy);
        mem_free(copy);
}

static char *seen_key(const json_t *event)
{
        return record_digest(json_get_text(event, "connection", ""),
                             json_get_text(event, "identity", ""));
}

static void set_fact(json_t *event, const struct fact *fact)
{
        set_cut(event, "name", fact->name);
        json_set_text(event, "fact", fact_word(fact->kind));
        json_set_int(event, "occurred_ms", fact->occurred_ms);
        set_cut(event, "subject", fact->subject);
        json_set_text(event, "summary", fact->summary);
}

static void set_identity(json_t *event, const struct fact *fact, const void *body, size_t len)
{
        struct buf digest = BUF_NONE;

        /* Whatever the sender's identity is made of, here it has a known length. */
        if (fact->identity != NULL)
                secret_sha256_hex(fact->identity, strlen(fact->identity), &digest);
        else
                secret_sha256_hex(body, len, &digest);
        json_set_text(event, "identity", buf_text(&digest));
        buf_dispose(&digest);
}

/* What is put together of several sentences may end with the space for one more. */
static void conclude(json_t *event, const char *state, const char *reason)
{
        size_t len = reason == NULL ? 0 : strlen(reason);
        char *trimmed = reason == NULL ? NULL : mem_text(reason);

        while (len > 0 && trimmed[len - 1] == ' ')
                trimmed[--len] = '\0';
        json_set_text(event, "state", state);
        set_cut(event, "reason", trimmed);
        mem_free(trimmed);
}

/* CodeSignal's events may be wanted elsewhere as they are, understood by us or not. */
static int relay(const struct event_work *w, const json_t *event, const struct fact *fact,
                 struct fail *why)
{
        if (!text_equal(json_get_text(event, "kind", ""), "codesignal") || fact->occurred_ms <= 0)
                return 0;
        return consumer_relay(w->org, w->plan, json_get_text(event, "connection", ""), w->number,
                              fact->name, fact->occurred_ms, trade_now(w->trade), why);
}

/* The time in a notice is the one it was signed at.  Where the signature covers the body it says
 * nothing of the kind: Greenhouse's events have no time (wire/greenhouse.md 4.1) and Ashby's that
 * of a record, and what follows reads the truth back and orders nothing twice. */
static bool is_stale(const struct event_work *w, enum trust trust, const struct fact *fact)
{
        return trust == TRUST_NOTICE && !w->replayed && fact->occurred_ms > 0 &&
               trade_now(w->trade) - fact->occurred_ms > EVENT_STALE_MS;
}

/* Nobody vouches for it, and the door said why not: "signature wrong", or signed long ago. */
static void distrust(json_t *event, const char *reason)
{
        char *text =
            text_empty(reason)
                ? mem_text("Not signed: kept for people, never acted on.")
                : mem_format("Not to be trusted (%s): kept for people, never acted on.", reason);

        conclude(event, "ignored", text);
        mem_free(text);
}

/* What may follow, by trust and age; then what follows. */
static int decide(struct event_work *w, json_t *event, enum trust trust, const struct fact *fact,
                  struct fail *why)
{
        struct buf reason = BUF_NONE;
        const char *state = NULL;
        int result = 0;

        if (trust != TRUST_UNSIGNED && !is_stale(w, trust, fact) && relay(w, event, fact, why) != 0)
                return -1;
        if (trust == TRUST_UNSIGNED)
                distrust(event, w->reason);
        else if (fact->kind == FACT_UNKNOWN)
                conclude(event, "unknown", fact->summary);
        else if (is_stale(w, trust, fact))
                conclude(event, "ignored", "Too old to act on; it can be replayed.");
        else {
                result = follow_fact(w, trust, fact, json_get_text(event, "connection", ""),
                                     json_get_text(event, "identity", ""), &state, &reason, why);
                if (result == 0)
                        conclude(event, state, buf_text(&reason));
        }
        buf_dispose(&reason);
        return result;
}

/* Is it a repetition?  1, 0 and it is remembered, -1. */
static int recognise(struct event_work *w, const json_t *event, struct fail *why)
{
        char *key = seen_key(event);
        int found = store_get(w->org->store, "seen", key, NULL, why);

        if (found == 0) {
                json_t *record = json_object();

                json_set_int(record, "event", (int64_t)w->number);
                batch_require_absent(w->plan->batch, "seen", key);
                record_put(w->plan->batch, "seen", key, record);
                json_decref(record);
        }
        mem_free(key);
        return found;
}

static void read_fact(const struct kind *kind, const json_t *settings, const void *body, size_t len,
                      const json_t *headers, struct fact *fact)
{
        memset(fact, 0, sizeof *fact);
        if (kind != NULL && kind->sender != NULL) {
                kind->sender->decode(body, len, headers, settings, fact);
        } else {
                fact->kind = FACT_UNKNOWN;
                strcpy(fact->summary, "The connection it came for is not there any more.");
        }
}

static json_t *new_event(const struct delivery *d, const struct kind *kind)
{
        json_t *event = json_object();

        json_set_text(event, "connection", d->connection);
        json_set_text(event, "kind", kind == NULL ? "" : kind->name);
        json_set_int(event, "received_ms", d->received_ms);
        json_set_text(event, "request_id", d->request_id);
        json_set_text(event, "trust", trust_word(d->trust));
        json_set_text(event, "secret", d->secret);
        json_set(event, "headers",
                 json_is_object(d->headers) ? json_incref(d->headers) : json_object());
        json_set_int(event, "bytes", (int64_t)d->body_len);
        json_set_int(event, "replays", 0);
        return event;
}

/* Says itself that somebody is gone: follow_fact() has remembered it. */
static bool is_farewell(enum trust trust, const struct fact *fact)
{
        return fact->kind == FACT_APPLICATION_GONE && trust == TRUST_BODY;
}

/* Of whom it speaks: 1 of somebody who is gone, so that it is kept without what it says, 0, -1. */
static int remember_whom(struct event_work *w, json_t *event, enum trust trust,
                         const struct fact *fact, struct fail *why)
{
        int gone = 0;

        if (fact->about == NULL || trust == TRUST_UNSIGNED)
                return 0;
        json_set(event, "about", json_incref(fact->about));
        if (is_farewell(trust, fact))
                return !text_equal(json_get_text(fact->detail, "what", ""), "merged");
        gone = about_take(w->plan, w->org, json_get_text(event, "connection", ""), fact->about,
                          w->number, why);
        if (gone == 1) {
                json_set_text(event, "summary", "erased");
                json_object_del(event, "headers");
        }
        return gone;
}

int event_take(struct event_work *w, const struct delivery *d, struct fail *why)
{
        struct connection *c = NULL;
        const struct kind *kind;
        struct fact fact;
        json_t *event;
        uint64_t last;
        int seen = 0, gone = 0, result = -1;
        bool keep_body = d->body_len <= STORE_VALUE_MAX;

        if (store_series_last(w->org->store, "event", &last, why) != 0 ||
            connection_load(w->trade->home, w->org, text_or(d->connection, "-"), &c, why) < 0)
                return -1;
        w->number = last + 1;
        w->reason = d->reason;
        w->erased = false;
        kind = c == NULL ? NULL : trade_kind(w->trade, c->kind->name);
        read_fact(kind, c == NULL ? NULL : c->settings, d->body, d->body_len, d->headers, &fact);
        event = new_event(d, kind);
        set_fact(event, &fact);
        set_identity(event, &fact, d->body, d->body_len);
        /* An unsigned one must not make us blind to the real one that comes later. */
        if (d->trust != TRUST_UNSIGNED)
                seen = recognise(w, event, why);
        if (seen < 0)
                goto out;
        w->duplicate = seen == 1;
        if (w->duplicate) {
                conclude(event, "duplicate", "It was delivered before.");
                keep_body = false; /* the first one holds it */
        } else if (decide(w, event, d->trust, &fact, why) != 0) {
                goto out;
        } else if (w->erased) {
                keep_body = false;
        }
        gone = remember_whom(w, event, d->trust, &fact, why);
        if (gone < 0)
                goto out;
        plan_append(w->plan, "event", event, NULL);
        if (keep_body && gone == 0)
                batch_put_numbered(w->plan->batch, "body", w->plan->appended - 1, d->body,
                                   d->body_len);
        result = 0;
out:
        json_decref(event);
        fact_dispose(&fact);
        connection_free(c);
        return result;
}

static enum trust trust_of(const char *word)
{
        return text_equal(word, trust_word(TRUST_BODY))     ? TRUST_BODY
               : text_equal(word, trust_word(TRUST_NOTICE)) ? TRUST_NOTICE
                                                            : TRUST_UNSIGNED;
}

/* 1 replayed, 0 passed over, -1. */
static int replay_one(const struct trade *trade, struct org *org, uint64_t number, struct fail *why)
{
        struct plan plan;
        struct event_work w = {
                .trade = trade, .org = org, .plan = &plan, .number = number, .replayed = true
        };
        struct connection *c = NULL;
        struct buf body = BUF_NONE;
        struct fact fact = { 0 };
        json_t *read = NULL, *event = NULL;
        char key[24];
        enum trust trust;
        int result;

        plan_init(&plan);
        snprintf(key, sizeof key, "%" PRIu64, number);
        result = record_series_get(org, "event", number, &read, why);
        if (result != 1)
                goto out;
        result = store_get(org->store, "body", key, &body, why);
        trust = trust_of(json_get_text(read, "trust", ""));
        if (result != 1 || trust == TRUST_UNSIGNED) {
                result = result < 0 ? -1 : 0;
                goto out;
        }
        result = connection_load(trade->home, org, json_get_text(read, "connection", ""), &c, why);
        if (result != 1)
                goto out;
        event = json_deep_copy(read);
        read_fact(trade_kind(trade, c->kind->name), c->settings, buf_text(&body), body.len,
                  json_object_get(event, "headers"), &fact);
        set_fact(event, &fact);
        set_identity(event, &fact, buf_text(&body), body.len);
        json_set_int(event, "replays", json_get_int(event, "replays", 0) + 1);
        result = decide(&w, event, trust, &fact, why) == 0 ? 1 : -1;
        if (result == 1) {
                plan_guard_series(&plan, "event", number, read);
                record_series_put(plan.batch, "event", number, event);
                result = plan_commit(&plan, org, why) == 0 ? 1 : -1;
        }
out:
        plan_dispose(&plan);
        fact_dispose(&fact);
        connection_free(c);
        buf_dispose(&body);
        json_decref(read);
        json_decref(event);
        return result;
}

int event_replay(const struct trade *trade, struct org *org, uint64_t from, uint64_t to,
                 uint64_t *count, struct fail *why)
{
        uint64_t last;

        *count = 0;
        if (store_series_last(org->store, "event", &last, why) != 0)
                return -1;
        for (uint64_t n = from > 0 ? from : 1; n <= to && n <= last; n++) {
                int done;

                for (int i = 0; i < 5; i++) {
                        fail_clear(why);
                        done = replay_one(trade, org, n, why);
                        if (done >= 0 || why->kind != FAIL_CONFLICT)
                                break;
                }
                if (done < 0)
                        return -1;
                *count += (uint64_t)done;
        }
        return *count > 0 ? event_wake(trade->home, org->name, NULL, trade_now(trade), why) : 0;
}

int event_finish(struct plan *p, struct org *org, uint64_t number, const char *state,
                 const char *reason, struct fail *why)
{
        json_t *read = NULL, *event;
        int found = number == 0 ? 0 : record_series_get(org, "event", number, &read, why);

        if (found != 1)
                return found;
        event = json_deep_copy(read);
        conclude(event, state, reason);
        plan_guard_series(p, "event", number, read);
        record_series_put(p->batch, "event", number, event);
        json_decref(event);
        json_decref(read);
        return 0;
}

int event_wake(struct home *h, const char *org, const char *connection, int64_t now_ms,
               struct fail *why)
{
        struct inbox *inbox = home_inbox(h, why);
        struct delivery d = { .what = DELIVERY_WAKE,
                              .org = (char *)(uintptr_t)org,
                              .connection = (char *)(uintptr_t)connection,
                              .received_ms = now_ms };
        struct buf record = BUF_NONE;
        uint64_t number;
        int result;

        if (inbox == NULL)
                return -1;
        delivery_write(&d, &record);
        result = inbox_add(inbox, record.data, record.len, &number, why);
        buf_dispose(&record);
        return result;
}
