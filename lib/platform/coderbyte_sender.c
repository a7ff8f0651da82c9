/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coderbyte as a sender of webhooks (wire/coderbyte.md 2). */
#include <string.h>

#include "bridge/signature.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "platform/coderbyte.h"

#define LEEWAY_MS (60 * 1000) /* between their clock and ours */

/* A time of the token in seconds; absent is fine, anything that is no number is not. */
static bool time_is_right(const json_t *claims, const char *name, int64_t now_ms, bool until)
{
        const json_t *value = json_object_get(claims, name);
        double at_ms;

        if (value == NULL)
                return true;
        if (!json_is_number_of(value))
                return false;
        at_ms = json_real_of(value, 0) * 1000;
        return until ? (double)now_ms < at_ms + LEEWAY_MS : (double)now_ms >= at_ms - LEEWAY_MS;
}

/* NULL when the claims are right, else what is wrong with them. */
static const char *wrong_claims(const struct sender_request *request, const struct buf *text)
{
        const char *organization = json_get_text(request->settings, "organization", NULL);
        json_t *claims = json_parse(buf_text(text), text->len, true, NULL);
        const char *iss = json_string_value(json_object_get(claims, "iss")), *wrong = NULL;

        if (!json_is_object(claims))
                wrong = "token without readable claims";
        else if (iss == NULL || organization == NULL || !text_equal(iss, organization))
                wrong = "token of another organization";
        else if (!time_is_right(claims, "exp", request->now_ms, true))
                wrong = "token expired";
        else if (!time_is_right(claims, "nbf", request->now_ms, false))
                wrong = "token not valid yet";
        json_decref(claims);
        return wrong;
}

/* Every key is tried, whatever the others gave. */
static int signer(const struct sender_request *request, const char *token, struct buf *claims)
{
        struct buf one = BUF_NONE;
        int who = -1;

        for (size_t i = 0; i < request->secret_count; i++) {
                const struct sender_secret *secret = &request->secrets[i];

                buf_reset(&one);
                if (secret->len > 0 && secret_jwt_hs256(token, secret->text, &one, NULL) == 0 &&
                    who < 0) {
                        who = (int)i;
                        buf_add_buf(claims, &one);
                }
        }
        buf_dispose(&one);
        return who;
}

static void verify(const struct sender_request *request, struct verdict *verdict)
{
        struct buf claims = BUF_NONE;
        const char *header = NULL, *wrong = NULL;
        int got = request->header(request->context, "Authorization", &header), who = -1;
        int status = 401;

        if (got < 0) {
                wrong = "token came more than once";
        } else if (got == 0 || text_empty(header)) {
                wrong = "token missing (does the web server pass Authorization on?)";
        } else if (!text_starts_fold(header, "bearer ")) {
                wrong = "token missing: Authorization is of another kind";
        } else if (request->secret_count == 0) {
                wrong = "no API key is set";
                status = 503;
        } else {
                header += strlen("bearer ");
                who = signer(request, header + strspn(header, " "), &claims);
                wrong = who < 0 ? "token wrong" : wrong_claims(request, &claims);
        }
        if (wrong != NULL) {
                verdict_set(verdict, VERDICT_REFUSE, status, wrong);
        } else {
                verdict_set(verdict, VERDICT_KEEP, 200, "token right");
                verdict->trust = TRUST_NOTICE;
                verdict->secret = who;
        }
        buf_dispose(&claims);
}

/* See coderbyte.h: no address stands in it. */
char *coderbyte_attempt(const char *assessment, const char *email)
{
        char *lower = mem_text(email), *id;
        struct buf digest = BUF_NONE;

        for (char *p = lower; *p != '\0'; p++)
                if (*p >= 'A' && *p <= 'Z')
                        *p += 'a' - 'A';
        secret_sha256_hex(lower, strlen(lower), &digest);
        id = mem_format("%s:%.32s", assessment, buf_text(&digest));
        buf_dispose(&digest);
        mem_free(lower);
        return id;
}

static void session(struct fact *fact, const char *operation, const json_t *event)
{
        const char *assessment = json_get_text(event, "assessment_id", NULL);
        const char *email = json_get_text(event, "email", NULL);

        if (text_empty(assessment) || text_empty(email)) {
                fact_start(fact, FACT_UNKNOWN, operation, "%s names no assessment or candidate",
                           operation);
                return;
        }
        fact_start(fact, FACT_SESSION, operation, "%s: assessment %s", operation, assessment);
        fact->subject = coderbyte_attempt(assessment, email);
        fact->detail = json_object();
        json_set_text(fact->detail, "hint", operation);
        json_set_text(fact->detail, "test_id", assessment);
        json_set_text(fact->detail, "email", email);
        json_set_bool(fact->detail, "report_ready", json_get_bool(event, "report_ready", true));
}

static void interview(struct fact *fact, const char *operation, const json_t *event)
{
        char *id = json_get_id(event, "interview_id");

        if (id == NULL) {
                fact_start(fact, FACT_UNKNOWN, operation, "%s names no interview", operation);
                return;
        }
        fact_start(fact, FACT_INTERVIEW, operation, "%s: interview %s", operation, id);
        fact->subject = id;
        fact->detail = json_object();
        json_set_text(fact->detail, "hint", operation);
}

/* The digest covers all that tells two events apart; the address itself is kept out of it. */
static char *identity_of(const struct fact *fact, const void *body, size_t len)
{
        struct buf digest = BUF_NONE;
        char *identity;

        secret_sha256_hex(body, len, &digest);
        identity = mem_format("%s:%s", fact->name, buf_text(&digest));
        buf_dispose(&digest);
        return identity;
}

static void decode(const void *body, size_t len, const json_t *headers, const json_t *settings,
                   struct fact *fact)
{
        struct fail why = FAIL_CLEAR;
        json_t *event = json_read(body, len, &why);
        const char *operation = json_get_text(event, "operation", NULL);

        (void)headers;
        (void)settings;
        if (event == NULL) {
                fact_start(fact, FACT_UNKNOWN, "unreadable", "not JSON: %s", why.text);
        } else if (text_empty(operation)) {
                fact_start(fact, FACT_UNKNOWN, "nameless", "JSON that names no operation");
        } else {
                if (text_equal(operation, "candidate_joined") ||
                    text_equal(operation, "assessment_completed") ||
                    text_equal(operation, "scorecard_updated"))
                        session(fact, operation, event);
                else if (text_equal(operation, "interview_completed"))
                        interview(fact, operation, event);
                else
                        fact_start(fact, FACT_UNKNOWN, operation,
                                   "an operation that is not in Coderbyte's list");
                fact->identity = identity_of(fact, body, len);
        }
        json_decref(event);
}

static const char *const kept[] = { "Content-Type", "User-Agent", NULL };

const struct sender coderbyte_sender = {
        .kind = "coderbyte",
        .headers = kept,
        .status_full = 503,
        .verify = verify,
        .decode = decode,
};
