/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's door: tokens, bearers, scopes, rates (wire/greenhouse.md 3.1, 3.2). */
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "greenhouse.h"

#define TOKEN_LIMIT 60
#define TOKEN_WINDOW_MS (60 * WHEN_SECOND)

json_t *gh_field_error(const char *field, const char *text)
{
        json_t *error = json_object();

        json_set_text(error, field, text);
        return error;
}

void gh_error(struct reply *re, int status, const char *message, json_t *error)
{
        json_t *body = json_object(), *errors;

        json_set_text(body, "message", message);
        if (error != NULL) {
                errors = json_array();
                json_add(errors, error);
                json_set(body, "errors", errors);
        }
        reply_json(re, status, body);
}

/* A fixed window; answers 429 when it is used up.  The time that the headers tell is the
 * vendor's even in a rehearsal, whose windows are shorter. */
bool gh_within_rate(struct reply *re, int64_t limit, int64_t window_ms, int64_t said_ms,
                    struct gh_window *window)
{
        int64_t now = when_now_ms(), left;
        char text[32];

        if (now - window->start_ms >= window_ms || now < window->start_ms)
                *window = (struct gh_window){ .start_ms = now };
        left = limit - ++window->used;
        snprintf(text, sizeof text, "%" PRId64, limit);
        reply_header(re, "X-RateLimit-Limit", text);
        snprintf(text, sizeof text, "%" PRId64, left > 0 ? left : 0);
        reply_header(re, "X-RateLimit-Remaining", text);
        snprintf(text, sizeof text, "%" PRId64, (window->start_ms + said_ms) / 1000);
        reply_header(re, "X-RateLimit-Reset", text);
        if (left >= 0)
                return true;
        snprintf(text, sizeof text, "%" PRId64, said_ms / 1000 > 0 ? said_ms / 1000 : 1);
        reply_header(re, "Retry-After", text);
        gh_error(re, 429, "Too Many Requests", NULL);
        return false;
}

/* --- the token ----------------------------------------------------------------------------- */

/* "user:password" of a Basic header into a pair of texts in one buffer, or false. */
static bool basic_pair(struct request *rq, struct buf *plain, const char **user,
                       const char **password)
{
        const char *header = NULL;
        char *colon;

        if (request_header(rq, "Authorization", &header) != 1 ||
            !text_starts_fold(header, "basic ") ||
            code_unbase64(plain, header + 6, strlen(header + 6)) != 0 || plain->len == 0 ||
            (colon = strchr(plain->data, ':')) == NULL)
                return false;
        *colon = '\0';
        *user = plain->data;
        *password = colon + 1;
        return true;
}

static void give_token(struct reply *re, int64_t user)
{
        char *text = secret_token(40);
        json_t *token = json_object(), *answer = json_object();
        int64_t expires = when_now_ms() + gh.set.token_life_ms;
        struct buf at = BUF_NONE;

        json_set_int(token, "user", user);
        json_set_int(token, "expires_ms", expires);
        json_set(gh.tokens, text, token);
        when_iso(&at, expires - expires % WHEN_SECOND);
        json_set_text(answer, "token_type", "Bearer");
        json_set_text(answer, "access_token", text);
        json_set_text(answer, "expires_at", at.data);
        reply_json(re, 200, answer);
        buf_dispose(&at);
        mem_free(text);
}

static void refuse_client(struct reply *re, const char *user)
{
        char *message = mem_format("client_id=%s does not contain a valid client ID suffix", user);

        gh_error(re, 400, message, NULL); /* the vendor echoes the id, too */
        mem_free(message);
}

static void refuse_grant(struct reply *re, const char *grant)
{
        char *message = mem_format("grant_type=%s is invalid, please use one of: "
                                   "client_credentials",
                                   text_or(grant, ""));

        gh_error(re, 400, message, NULL);
        mem_free(message);
}

static void trade(struct request *rq, struct reply *re)
{
        const char *user = NULL, *password = NULL, *sub = request_form(rq, "sub");
        const char *grant = request_form(rq, "grant_type");
        struct buf plain = BUF_NONE;
        int64_t id = GH_ADMIN; /* omitted: the credential's own service user */
        json_t *error;

        if (!gh_within_rate(re, TOKEN_LIMIT * serve_settings.retry_scale, TOKEN_WINDOW_MS,
                            TOKEN_WINDOW_MS, &gh.token_window)) {
                return;
        } else if (!basic_pair(rq, &plain, &user, &password)) {
                error = json_object();
                json_set_text(error, "message", "Unauthorized");
                json_set_text(error, "errorId", request_id(rq));
                reply_json(re, 401, error);
        } else if (!text_equal(user, gh.set.client_id)) {
                refuse_client(re, user);
        } else if (!text_equal(password, gh.set.client_secret)) {
                error = json_object();
                json_set_text(error, "error", "invalid_client");
                reply_json(re, 401, error);
        } else if (!text_equal(grant, "client_credentials")) {
                refuse_grant(re, grant);
        } else if (sub != NULL &&
                   (text_int(sub, 1, INT64_MAX, &id) != 0 || gh_find("users", id) == NULL)) {
                gh_error(re, 400, "sub is invalid", NULL);
        } else {
                give_token(re, id);
        }
        buf_dispose_secret(&plain);
}

void gh_token(struct request *rq, struct reply *re)
{
        struct control_failure failure;
        bool broken = control_take("POST token", &failure);

        if (!broken || !control_fail(rq, re, &failure)) {
                pthread_mutex_lock(&gh.lock);
                trade(rq, re);
                pthread_mutex_unlock(&gh.lock);
        }
        control_failure_dispose(&failure);
        control_record("POST", "POST token", "token", NULL, reply_status_given(re));
}

/* --- a call -------------------------------------------------------------------------------- */

static const json_t *token_of(struct request *rq)
{
        const char *header = NULL;
        const json_t *token;

        if (request_header(rq, "Authorization", &header) != 1 || !text_starts(header, "Bearer "))
                return NULL;
        token = json_object_get(gh.tokens, header + 7);
        return json_get_int(token, "expires_ms", 0) > when_now_ms() ? token : NULL;
}

int gh_may(struct request *rq, struct reply *re, const char *scope, int64_t *user)
{
        const json_t *token = token_of(rq);
        const char *unwanted = NULL;

        *user = json_get_int(token, "user", 0);
        if (token == NULL) {
                gh_error(re, 401, "Unauthorized", json_string("Token could not be decoded."));
                return -1;
        }
        if (!gh_within_rate(re, gh.set.rate_limit, gh.set.rate_window_ms,
                            gh.set.rate_window_ms * serve_settings.retry_scale, &gh.window))
                return -1;
        /* What v1 wanted and v3 has no use for is refused, so that nobody leans on it. */
        if (request_header(rq, "On-Behalf-Of", &unwanted) != 0) {
                gh_error(re, 422, "Unprocessable Content",
                         gh_field_error("On-Behalf-Of", "is not a header of v3"));
                return -1;
        }
        if (json_object_get(gh.set.revoked, scope) != NULL ||
            (text_ends(scope, ":list") &&
             !json_get_bool(gh_find("users", *user), "site_admin", false))) {
                gh_error(re, 403, "Forbidden", NULL);
                return -1;
        }
        return 0;
}
