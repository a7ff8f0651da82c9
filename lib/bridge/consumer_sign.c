/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header lines of one delivery: signed, and the consumer's own. */
#include <inttypes.h>
#include <string.h>

#include "bridge/consumer.h"
#include "bridge/consumer_private.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

#define LINES_MAX (CONSUMER_HEADERS_MAX + 8)

struct lines {
        char **list;
        size_t count;
        bool odd; /* a header that may not be sent: set up by an earlier release, or by hand */
};

static void add(struct lines *l, char *line)
{
        if (l->count + 1 >= LINES_MAX) {
                l->odd = true;
                mem_free_secret(line);
        } else {
                l->list[l->count++] = line;
        }
}

/* "v1," and the base64 of HMAC-SHA256(key, id.time.body), one for each secret
 * (standard-webhooks, spec "Signature scheme"). */
static int standard_signature(const char *secret, const char *id, int64_t seconds,
                              const struct consumer_message *m, struct buf *out)
{
        unsigned char digest[SECRET_DIGEST_SIZE];
        struct buf key = BUF_NONE, message = BUF_NONE;
        int result = consumer_standard_key(secret, &key);

        if (result == 0) {
                buf_format(&message, "%s.%" PRId64 ".", id, seconds);
                buf_add(&message, m->body, m->len);
                secret_hmac(key.data, key.len, message.data, message.len, digest);
                buf_format(out, "%sv1,", out->len > 0 ? " " : "");
                code_base64(out, digest, sizeof digest);
                mem_wipe(digest, sizeof digest);
        }
        buf_dispose_secret(&key);
        buf_dispose(&message);
        return result;
}

static int sign_standard(struct lines *l, const json_t *credentials,
                         const struct consumer_message *m, int64_t now_ms, struct fail *why)
{
        const char *secret = json_get_text(credentials, "secret", ""),
                   *old = json_get_text(credentials, "old_secret", NULL);
        int64_t seconds = now_ms / 1000;
        struct buf text = BUF_NONE;
        int result = standard_signature(secret, m->id, seconds, m, &text);

        if (result == 0 && !text_empty(old))
                result = standard_signature(old, m->id, seconds, m, &text);
        if (result == 0) {
                add(l, mem_format("webhook-id: %s", m->id));
                add(l, mem_format("webhook-timestamp: %" PRId64, seconds));
                add(l, mem_format("webhook-signature: %s", buf_text(&text)));
        } else {
                fail_set(why, FAIL_INPUT, "a secret is not of the form whsec_...");
        }
        buf_dispose(&text);
        return result;
}

/* hex(HMAC-SHA256(secret, URL + event + triggeredOn)), the URL as typed (wire/codesignal.md
 * 2.1).  A probe has neither event nor time. */
static void sign_codesignal(struct lines *l, const char *url, const json_t *credentials,
                            const struct consumer_message *m, bool old)
{
        const char *secret = json_get_text(credentials, old ? "old_secret" : "secret", "");
        struct buf message = BUF_NONE, hex = BUF_NONE;

        buf_add_text(&message, url);
        if (!text_empty(m->event))
                buf_format(&message, "%s%" PRId64, m->event, m->at_ms);
        secret_hmac_hex(secret, strlen(secret), buf_text(&message), message.len, &hex);
        add(l, mem_format("X-CodeSignal-Signature: %s", buf_text(&hex)));
        buf_dispose(&hex);
        buf_dispose(&message);
}

static int add_own(void *context, const char *name, const char *value)
{
        struct lines *l = context;

        if (consumer_header_objection(name, value) != NULL)
                l->odd = true;
        else
                add(l, mem_format("%s: %s", name, value));
        return 0;
}

char **consumer_headers(const json_t *settings, const json_t *credentials,
                        const struct consumer_message *m, int64_t now_ms, bool old,
                        struct fail *why)
{
        struct lines l = { .list = mem_array(LINES_MAX, sizeof *l.list) };
        const char *name;
        json_t *value;
        int result = 0;

        add(&l, mem_text("Content-Type: application/json"));
        if (text_empty(json_get_text(credentials, "secret", NULL)))
                result = fail_set(why, FAIL_INPUT, "the consumer has no secret");
        else if (consumer_signs_as_codesignal(settings))
                sign_codesignal(&l, json_get_text(settings, "url", ""), credentials, m, old);
        else
                result = sign_standard(&l, credentials, m, now_ms, why);
        json_object_foreach(json_object_get(settings, "headers"), name, value)
        {
                add_own(&l, name, json_text_of(value, ""));
        }
        consumer_secret_headers(credentials, add_own, &l);
        if (result == 0 && l.odd)
                result = fail_set(why, FAIL_INPUT, "a custom header may not be sent");
        if (result == 0)
                return l.list;
        consumer_headers_free(l.list);
        return NULL;
}

void consumer_headers_free(char **lines)
{
        for (size_t i = 0; lines != NULL && lines[i] != NULL; i++)
                mem_free_secret(lines[i]);
        mem_free(lines);
}
