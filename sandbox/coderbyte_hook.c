/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's webhooks: a URL for each kind of event, a token that names the organisation and
 * covers no body (wire/coderbyte.md 2).  No retries are documented, so there are none. */
#include <string.h>

#include "coderbyte.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

static bool success(int status)
{
        return status >= 200 && status <= 299;
}

static int64_t wait_ms(int failures)
{
        (void)failures;
        return WHEN_SECOND;
}

static const struct deliver_policy policy = {
        .attempts = 1,
        .timeout_ms = 10 * WHEN_SECOND,
        .success = success,
        .wait_ms = wait_ms,
};

/* A JSON Web Token, HS256, with the API key: the only claim that is described. */
static void headers(void *context, const char *url, const char *secret,
                    const struct deliver_item *item, struct buf *lines)
{
        static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
                          claims[] = "{\"iss\":\"" CB_ORGANIZATION "\"}";
        unsigned char digest[SECRET_DIGEST_SIZE];
        struct buf token = BUF_NONE;

        (void)context;
        (void)url;
        (void)item;
        code_base64url(&token, head, strlen(head));
        buf_add_char(&token, '.');
        code_base64url(&token, claims, strlen(claims));
        secret_hmac(secret, strlen(secret), token.data, token.len, digest);
        buf_add_char(&token, '.');
        code_base64url(&token, digest, sizeof digest);
        buf_format(lines, "User-Agent: Coderbyte stand-in\nAuthorization: Bearer %s\n",
                   buf_text(&token));
        buf_dispose(&token);
}

void cb_hook_start(int64_t scale)
{
        for (int i = 0; i < CB_OPERATIONS; i++)
                cb.hooks[i] = deliver_new(&policy, scale, headers, NULL);
}

void cb_hook_stop(void)
{
        for (int i = 0; i < CB_OPERATIONS; i++) {
                deliver_free(cb.hooks[i]);
                cb.hooks[i] = NULL;
        }
}

const char *cb_operation_name(enum cb_operation operation)
{
        static const char *const names[] = { "candidate_joined", "assessment_completed",
                                             "interview_completed", "scorecard_updated" };

        return names[operation];
}

void cb_hook_set(enum cb_operation operation, const char *url)
{
        deliver_set(cb.hooks[operation], url, cb.key_now, NULL, NULL);
}

void cb_send(enum cb_operation operation, json_t *members)
{
        const char *name = cb_operation_name(operation);
        struct buf text = BUF_NONE;

        json_set_text(members, "operation", name);
        json_set_text(members, "organization_id", CB_ORGANIZATION);
        json_write(members, &text);
        deliver_push(cb.hooks[operation], name, when_now_ms(), text.data, text.len);
        buf_dispose(&text);
        json_decref(members);
}
