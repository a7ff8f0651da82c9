/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's webhook: signed, ordered and retried as wire/codesignal.md 2 says. */
#include "codesignal.h"

#include <string.h>

#include "door/secret.h"
#include "floor/text.h"
#include "floor/when.h"

#define RANDOM_SECONDS 30

/* "secondsToWait = (failCount-1)^4 + 15 + random(30)*failCount" */
static int64_t wait_ms(int failures)
{
        int64_t f = failures - 1;
        uint32_t random;

        secret_random(&random, sizeof(random));
        return f * f * f * f * 1000 + 15 * WHEN_SECOND +
               (int64_t)(random % (RANDOM_SECONDS * 1000)) * failures;
}

/* "must answer 200": nothing else counts. */
static bool success(int status)
{
        return status == 200;
}

static const struct deliver_policy policy = {
        .in_order = true,
        .clear_when_given_up = true,
        .attempts = 25,
        .spacing_ms = WHEN_SECOND,
        .timeout_ms = 10 * WHEN_SECOND,
        .success = success,
        .wait_ms = wait_ms,
};

/* hex(HMAC-SHA256(secret, url + event + triggeredOn)); the body is not signed. */
static void headers(void *context, const char *url, const char *secret,
                    const struct deliver_item *item, struct buf *lines)
{
        struct buf message = BUF_NONE;

        (void)context;
        buf_add_text(lines, "User-Agent: CodeSignal stand-in\n");
        if (text_empty(secret))
                return;
        buf_format(&message, "%s%s%s", url, item->event, item->stamp);
        buf_add_text(lines, "X-CodeSignal-Signature: ");
        secret_hmac_hex(secret, strlen(secret), buf_text(&message), message.len, lines);
        buf_add_char(lines, '\n');
        buf_dispose(&message);
}

void cs_hook_start(int64_t scale)
{
        cs.hook = deliver_new(&policy, scale, headers, NULL);
}

void cs_hook_stop(void)
{
        deliver_free(cs.hook);
        cs.hook = NULL;
}

void cs_send(const char *event, json_t *payload)
{
        json_t *body = json_object();
        struct buf text = BUF_NONE;
        int64_t now = when_now_ms();

        /* Two events never share a time here: it is part of their identity. */
        cs.last_event_ms = now > cs.last_event_ms ? now : cs.last_event_ms + 1;
        json_set_text(body, "event", event);
        json_set_int(body, "triggeredOn", cs.last_event_ms);
        json_set(body, "payload", payload);
        json_print(body, &text);
        deliver_push(cs.hook, event, cs.last_event_ms, text.data, text.len);
        buf_dispose(&text);
        json_decref(body);
}
