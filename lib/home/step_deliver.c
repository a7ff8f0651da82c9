/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The step that delivers one event to one consumer: with {message (its id), event, at_ms,
 * from_event (a relayed one)}.  It is safe to repeat: each attempt carries the same id and the
 * same bytes, by which a receiver knows what it has.
 */
#include <inttypes.h>
#include <stdio.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/consumer.h"
#include "home/erase.h"
#include "home/records.h"
#include "home/step.h"

#define TIMEOUT_MS (15 * WHEN_SECOND)
#define ANSWER_MAX 4096 /* nobody reads more of it */

/* The bytes to send: 1, 0 they are gone, -1. */
static int load_body(struct step *s, struct buf *body)
{
        int64_t event = json_get_int(s->with, "from_event", 0);
        char number[24];

        if (event == 0)
                return store_get(s->org->store, "outgoing", json_get_text(s->with, "message", "-"),
                                 body, &s->why);
        snprintf(number, sizeof number, "%" PRId64, event);
        return store_get(s->org->store, "body", number, body, &s->why);
}

/* One call.  *gone: it wants no more. */
static int call(struct step *s, const struct buf *body, bool old, bool *gone)
{
        struct link *link = &s->desk.link;
        struct consumer_message message = { .id = json_get_text(s->with, "message", ""),
                                            .event = json_get_text(s->with, "event", ""),
                                            .at_ms = json_get_int(s->with, "at_ms", 0),
                                            .body = buf_text(body),
                                            .len = body->len };
        struct fetch_answer answer;
        struct fail why = FAIL_CLEAR;
        char **headers = consumer_headers(link->settings, link->credentials, &message,
                                          trade_now(s->trade), old, &why);
        int result;

        *gone = false;
        if (headers == NULL)
                return outcome_set(&s->outcome, OUTCOME_AGAIN,
                                   "The consumer's settings do not allow a delivery.", "%s",
                                   why.text);
        {
                const struct fetch_request request = {
                        .method = "POST",
                        .url = link_setting(link, "url", ""),
                        .headers = (const char *const *)headers,
                        .body = message.body,
                        .body_len = message.len,
                        .timeout_ms = TIMEOUT_MS,
                        .answer_max = ANSWER_MAX,
                };

                link_ask(link, &request, &answer, &why);
        }
        result = consumer_answer(link->settings, &answer, trade_now(s->trade), &s->outcome, gone);
        fetch_answer_dispose(&answer);
        consumer_headers_free(headers);
        return result;
}

/* While secrets change, the consumer may still know the former one only: the refused delivery
 * is shown it. */
static int deliver(struct step *s, const struct buf *body, bool *old, bool *gone)
{
        const struct link *link = &s->desk.link;
        int result = call(s, body, false, gone);

        *old = false;
        if (result == 0 || (s->outcome.status != 401 && s->outcome.status != 403) ||
            !consumer_signs_as_codesignal(link->settings) ||
            link_credential(link, "old_secret") == NULL)
                return result;
        *old = true;
        return call(s, body, true, gone);
}

static void hold(struct step *s, const struct consumer_health *health)
{
        consumer_hold(&s->plan, s->desk.connection->id, s->session, s->with, trade_now(s->trade));
        s->no_call = true;
        step_done(s, health->state == CONSUMER_DISABLED
                         ? CONSUMER_HELD ": the consumer wants no deliveries."
                         : CONSUMER_HELD ": the consumer is paused.");
}

void step_deliver_event(struct step *s)
{
        const char *id = s->desk.connection->id;
        struct consumer_health health;
        struct buf body = BUF_NONE;
        bool old, gone;
        int64_t wait = 0;
        int found =
            consumer_health(s->org, id, trade_now(s->trade), s->trade->scale, &health, &s->why);

        if (found == 1 && health.state != CONSUMER_ACTIVE) {
                hold(s, &health);
                return;
        }
        if (found == 1)
                found = load_body(s, &body);
        if (found < 0) {
                step_trouble(s);
        } else if (found == 0) {
                s->no_call = true;
                step_done(s, "Nothing was sent: its content was erased.");
        } else if (deliver(s, &body, &old, &gone) == 0) {
                consumer_worked(s->trade, s->org, id, old, NULL);
                step_done(s, old ? "Delivered, signed with the former secret." : "Delivered.");
        } else if (consumer_failed(s->trade, s->org, s->desk.connection, &s->outcome, gone, &wait,
                                   &s->why) != 0) {
                step_trouble(s);
        } else {
                s->outcome.wait_ms = wait;
                s->outcome.lane_wait_ms = wait;
        }
        buf_dispose(&body);
}
