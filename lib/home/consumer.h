/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Consumers of an org: what is sent to them, and what becomes of one that does not answer.
 *
 * A delivery is an action ("deliver_event") in the lane of its consumer, ordered in the same
 * batch as the change it tells of, and its body rests in table "outgoing" under the message's
 * id, as it will be sent each time.  A consumer that fails is tried less and less often; after
 * its days of failing (pause_after_days) it is paused, at 410 disabled.  What would go to it
 * then is held, never lost: a person sends it, all or from a time on.
 */
#ifndef HOME_CONSUMER_H
#define HOME_CONSUMER_H

#include "bridge/consumer.h"
#include "home/plan.h"
#include "home/trade.h"

/* Tells every consumer that wants to know, as part of the change itself: events are bits
 * (consumer_events_of).  record is the session's, edited: it remembers the messages, for
 * erasure. */
int consumer_publish(struct home *h, struct org *org, struct plan *plan, const char *key,
                     json_t *record, const struct session *session, unsigned events, int64_t now_ms,
                     struct fail *why);
/* That a session was erased: ids and nothing else. */
int consumer_publish_erased(struct org *org, struct plan *plan, const char *key, const json_t *read,
                            int64_t now_ms, struct fail *why);
/* An event of CodeSignal's (its number in the series), passed on as it came to those who asked
 * for its connection's: once, also when it is replayed. */
int consumer_relay(struct org *org, struct plan *plan, const char *connection, uint64_t event,
                   const char *name, int64_t at_ms, int64_t now_ms, struct fail *why);
/* Has the org any consumer, or asked for its past results?  Then sessions that others sent
 * are of interest, too: 1, 0, -1. */
int consumer_any(struct org *org, struct fail *why);

/* How a consumer is doing (records.h, "consumer"). */
enum consumer_state { CONSUMER_ACTIVE, CONSUMER_PAUSED, CONSUMER_DISABLED };
struct consumer_health {
        enum consumer_state state;
        int64_t failures;         /* in a row */
        int64_t failing_since_ms; /* 0: it is not */
        int percent;              /* of the way to being paused */
        int64_t since_ms;         /* paused or disabled */
        char sentence[320];       /* why it is not well; "" when it is */
};
const char *consumer_state_word(enum consumer_state state); /* "active", "paused" ... */
/* 1; 0 there is no such consumer; -1. */
int consumer_health(struct org *org, const char *connection, int64_t now_ms, int64_t scale,
                    struct consumer_health *health, struct fail *why);

/* An attempt ended.  consumer_failed() also says how long the consumer wants to be left
 * alone, and has people warned (alert "pausing").  Each commits by itself. */
int consumer_worked(const struct trade *trade, struct org *org, const char *connection,
                    bool old_secret, struct fail *why);
int consumer_failed(const struct trade *trade, struct org *org, const struct connection *c,
                    const struct outcome *outcome, bool gone, int64_t *wait_ms, struct fail *why);

/* Warns in time also of one that is tried seldom, as a part of the plan; NULL: only looks.
 * *due_ms: when to look again, INT64_MAX never, now when there is something to tell. */
int consumer_watch(const struct trade *trade, struct org *org, struct plan *p,
                   const char *connection, const json_t *settings, int64_t *due_ms,
                   struct fail *why);

/* A person decides: paused, or active again (what is held stays held).  1 changed, 0 it was
 * so, -1. */
int consumer_pause(struct home *h, struct org *org, const char *connection, int64_t now_ms,
                   struct fail *why);
int consumer_resume(struct home *h, struct org *org, const char *connection, int64_t now_ms,
                    struct fail *why);

#define CONSUMER_HELD "Held back" /* so the sentence of a delivery begins that was */

/* Puts a delivery aside, into the plan. */
void consumer_hold(struct plan *p, const char *connection, const char *session, const json_t *with,
                   int64_t now_ms);
/* How many are held for a consumer, of events from..to (0: no end); oldest and newest may be
 * NULL. */
int consumer_held(struct org *org, const char *connection, int64_t from_ms, int64_t to_ms,
                  uint64_t *count, int64_t *oldest_ms, int64_t *newest_ms, struct fail *why);
/* Sends them (which makes the consumer active), oldest first, or drops them.  *count: how many
 * were; also told when it fails in between, and may be called again. */
int consumer_send_held(struct home *h, struct org *org, const char *connection, int64_t from_ms,
                       int64_t to_ms, int64_t now_ms, uint64_t *count, struct fail *why);
int consumer_drop_held(struct org *org, const char *connection, int64_t from_ms, int64_t to_ms,
                       uint64_t *count, struct fail *why);
/* Erasure: what is held about a session goes. */
int consumer_erase_held(struct plan *p, struct org *org, const char *key, struct fail *why);

/* Calls a consumer now, outside its queue.  probe: an empty delivery as CodeSignal's own test
 * button makes, or "fairlead.ping"; else a realistic sample.  *answer (the caller's): {ok,
 * sentence, status, ms, event, checks[]}.  1, 0 there is no such consumer, -1. */
int consumer_try(const struct trade *trade, struct org *org, const char *connection, bool probe,
                 json_t **answer, struct fail *why);

/* A new secret; the present one stays valid as the former until consumer_rotated().  *secret:
 * wipe it after showing.  1, 0 no such consumer, -1 (FAIL_CONFLICT: a rotation is under way). */
int consumer_rotate(struct home *h, struct org *org, const char *connection, const char *given,
                    char **secret, struct fail *why);
/* The former one is dropped: 1, 0 there was none, or no such consumer, -1. */
int consumer_rotated(struct home *h, struct org *org, const char *connection, struct fail *why);

/* All consumers for people and programs: array of {id, url (its host only when it holds more),
 * signing, body, relay, events[], state, sentence, failures, failing_since_ms, percent,
 * waiting, held, rotating}; the caller's. */
int consumer_list(const struct trade *trade, struct org *org, json_t **list, struct fail *why);

#endif
