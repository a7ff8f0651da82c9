/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures as a careful receiver checks them, written from the two documents and not from
 * our own sender: Standard Webhooks v1 (standardwebhooks.com) and wire/codesignal.md 2.1.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "consumer.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define TOLERANCE_S 300 /* as the reference library */

static const char *one_header(struct request *rq, const char *name)
{
        const char *value = NULL;

        return request_header(rq, name, &value) == 1 ? value : NULL;
}

static bool signed_with(const char *secret, const char *id, const char *time,
                        const struct buf *body, const char *given)
{
        struct buf key = BUF_NONE, message = BUF_NONE, want = BUF_NONE;
        unsigned char digest[SECRET_DIGEST_SIZE];
        char *copy = mem_text(given), *rest = copy, *one;
        bool good = false;

        if (text_starts(secret, "whsec_") &&
            code_unbase64(&key, secret + 6, strlen(secret + 6)) == 0) {
                buf_format(&message, "%s.%s.", id, time);
                buf_add_buf(&message, body);
                secret_hmac(key.data, key.len, message.data, message.len, digest);
                buf_add_text(&want, "v1,");
                code_base64(&want, digest, sizeof digest);
                while ((one = text_next(&rest, ' ')) != NULL)
                        good = secret_equal_text(one, buf_text(&want)) || good;
        }
        mem_free(copy);
        buf_dispose(&key);
        buf_dispose(&message);
        buf_dispose(&want);
        return good;
}

static const char *standard(struct request *rq, const json_t *row, const struct buf *body,
                            int64_t now_ms)
{
        const char *id = one_header(rq, "webhook-id"), *time = one_header(rq, "webhook-timestamp"),
                   *given = one_header(rq, "webhook-signature");
        const json_t *secrets = json_object_get(row, "secrets");
        int64_t seconds;

        if (text_empty(id) || text_empty(time) || text_empty(given))
                return "a webhook- header is missing";
        if (text_int(time, 0, INT64_MAX / 1000, &seconds) != 0 ||
            seconds < now_ms / 1000 - TOLERANCE_S || seconds > now_ms / 1000 + TOLERANCE_S)
                return "the timestamp is no time, or too old or too new";
        for (size_t i = 0; i < json_array_size(secrets); i++)
                if (signed_with(json_text_of(json_array_get(secrets, i), ""), id, time, body,
                                given))
                        return NULL;
        return "the signature is wrong";
}

static const char *codesignal(struct request *rq, const json_t *row, const char *url,
                              const struct buf *body)
{
        const char *given = one_header(rq, "X-CodeSignal-Signature");
        const json_t *secrets = json_object_get(row, "secrets");
        json_t *value = body->len == 0 ? NULL : json_parse(body->data, body->len, true, NULL);
        struct buf message = BUF_NONE, hex = BUF_NONE;
        const char *wrong = "the signature is wrong";

        buf_add_text(&message, json_get_text(row, "url", url));
        if (value != NULL)
                buf_format(&message, "%s%" PRId64, json_get_text(value, "event", ""),
                           json_get_int(value, "triggeredOn", 0));
        if (given == NULL)
                wrong = "the signature is missing";
        for (size_t i = 0; given != NULL && i < json_array_size(secrets); i++) {
                const char *secret = json_text_of(json_array_get(secrets, i), "");

                buf_reset(&hex);
                secret_hmac_hex(secret, strlen(secret), buf_text(&message), message.len, &hex);
                if (secret_equal_text(buf_text(&hex), given))
                        wrong = NULL;
        }
        buf_dispose(&message);
        buf_dispose(&hex);
        json_decref(value);
        return wrong;
}

const char *sandbox_objection(struct request *rq, const json_t *row, const char *url,
                              const struct buf *body, int64_t now_ms)
{
        const char *header = json_get_text(row, "header", NULL);

        if (header != NULL && !text_equal(one_header(rq, header), json_get_text(row, "value", "")))
                return "the custom header is missing or wrong";
        if (!text_starts(text_or(one_header(rq, "Content-Type"), ""), "application/json"))
                return "the body is not announced as JSON";
        return text_equal(json_get_text(row, "signing", ""), "standard")
                   ? standard(rq, row, body, now_ms)
                   : codesignal(rq, row, url, body);
}
