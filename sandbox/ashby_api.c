/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stand-in's door: who asks, with what, and the envelope (wire/ashby.md 1).  Cloudflare first,
 * then the key, then its permissions, then the body, member by member.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ashby.h"
#include "control.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

/* --- refusals ------------------------------------------------------------------------------ */

json_t *ab_refuse(struct ab_call *call, const char *code, const char *message)
{
        call->code = code;
        snprintf(call->message, sizeof call->message, "%s", text_or(message, ""));
        return NULL;
}

/* Three shapes, each alone or mixed, as the test wishes. */
static json_t *refusal(const char *code, const char *message, const char *request)
{
        json_t *answer = json_object(), *errors = json_array(), *one = json_object(),
               *info = json_object();
        int64_t shape = ab.set.shape;

        json_set_bool(answer, "success", false);
        json_set_text(one, "message", text_empty(message) ? code : message);
        json_set_text(info, "code", code);
        if (!text_empty(message))
                json_set_text(info, "message", message);
        json_set_text(info, "requestId", request);
        if (shape == 1)
                json_add(errors, json_incref(one));
        else
                json_add(errors, json_string(code));
        if (shape != 3)
                json_set(answer, "errors", json_incref(errors));
        if (shape == 3 || shape == 0)
                json_set(answer, "errorInfo", json_incref(info));
        json_decref(info);
        json_decref(one);
        json_decref(errors);
        return answer;
}

/* --- pages of lists ------------------------------------------------------------------------- */

/* The cursor is opaque and of another look than a number. */
json_t *ab_page(struct ab_call *call, json_t *rows)
{
        const char *cursor = json_get_text(call->body, "cursor", NULL);
        int64_t limit = json_get_int(call->body, "limit", 100), from = 0;
        json_t *page;

        if (limit < 1 || limit > 100 ||
            (cursor != NULL &&
             (strncmp(cursor, "Ya", 2) != 0 || text_int(cursor + 2, 1, 1000000, &from) != 0))) {
                json_decref(rows);
                return ab_refuse(call, "invalid_input", "limit or cursor");
        }
        if (limit > ab.set.page_most)
                limit = ab.set.page_most;
        page = json_array();
        for (int64_t i = from; i < from + limit && i < (int64_t)json_array_size(rows); i++)
                json_add(page, json_incref(json_array_get(rows, (size_t)i)));
        call->next = from + limit < (int64_t)json_array_size(rows)
                         ? json_sprintf("Ya%" PRId64, from + limit)
                         : json_null();
        json_decref(rows);
        return page;
}

/* --- the body ------------------------------------------------------------------------------- */

static bool has_type(const json_t *value, char type)
{
        switch (type) {
        case 's':
                return json_is_string(value) && json_string_length(value) > 0;
        case 'i':
                return json_is_integer(value);
        case 'b':
                return json_is_boolean(value);
        case 'a':
                return json_is_array(value);
        case 'o':
                return json_is_object(value);
        default:
                return value != NULL && !json_is_null(value);
        }
}

/* "applicationId!s expand?a": every member known, the needed ones there, each of its type. */
static bool fits(const char *members, const json_t *body, char *wrong, size_t size)
{
        char *copy = mem_text(members), *rest = copy, *part;
        size_t known = 0;
        bool good = true;

        while (good && (part = text_next(&rest, ' ')) != NULL) {
                char *mark = strpbrk(part, "!?"), type;
                const json_t *value;
                bool needed;

                if (mark == NULL)
                        continue;
                needed = *mark == '!';
                type = mark[1];
                *mark = '\0';
                value = json_object_get(body, part);
                known += value != NULL;
                good = value == NULL ? !needed : has_type(value, type);
                if (!good)
                        snprintf(wrong, size, "%s", part);
        }
        mem_free(copy);
        if (good && known != json_object_size(body)) {
                snprintf(wrong, size, "a member that is not described");
                good = false;
        }
        return good;
}

/* --- one call -------------------------------------------------------------------------------- */

static const struct ab_method *find_method(const char *name)
{
        const struct ab_method *const tables[] = { ab_reads, ab_writes };

        for (size_t t = 0; t < 2; t++)
                for (const struct ab_method *m = tables[t]; m->name != NULL; m++)
                        if (text_equal(m->name, name))
                                return m;
        return NULL;
}

static void answer(struct request *rq, struct reply *re, const struct ab_call *call,
                   json_t *results)
{
        json_t *envelope;

        if (call->code != NULL) {
                envelope = refusal(call->code, call->message, request_id(rq));
        } else {
                envelope = json_object();
                json_set_bool(envelope, "success", true);
                if (results != NULL)
                        json_set(envelope, "results", json_incref(results));
                if (call->next != NULL) {
                        bool more = json_is_string(call->next);

                        json_set_bool(envelope, "moreDataAvailable", more);
                        if (more)
                                json_set(envelope, "nextCursor", json_incref(call->next));
                        else
                                json_set_text(envelope, "syncToken", "sync-1");
                }
        }
        /* Whatever went wrong: 200. */
        reply_json(re, 200, envelope);
}

static void perform(struct request *rq, struct reply *re, const struct ab_method *m)
{
        const struct buf *raw = request_body(rq);
        json_t *body = json_parse(raw->data, raw->len, false, NULL), *results = NULL;
        struct ab_call call = { .body = body };
        char wrong[120] = "the body";

        if (!json_is_object(body) || !fits(m->members, body, wrong, sizeof wrong)) {
                ab_refuse(&call, "invalid_input", wrong);
        } else if (m->unlocked) {
                results = m->perform(&call);
        } else {
                pthread_mutex_lock(&ab.lock);
                results = m->perform(&call);
                pthread_mutex_unlock(&ab.lock);
        }
        answer(rq, re, &call, results);
        json_decref(results);
        json_decref(call.next);
        json_decref(body);
}

static void plain(struct reply *re, int status, const char *text)
{
        reply_text(re, status, text);
        reply_header(re, "Server", "cloudflare");
}

/* A library's own name, or none, is what Cloudflare turns away (section 6, trap 4). */
static bool is_blocked(struct request *rq)
{
        static const char *const names[] = { "curl/", "libcurl", "Python-urllib", "python-requests",
                                             "Go-http-client" };
        const char *agent = NULL;

        if (request_header(rq, "User-Agent", &agent) != 1 || text_empty(agent))
                return true;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (text_starts_fold(agent, names[i]))
                        return true;
        return false;
}

/* "user:password" of a Basic header: the key, with an empty password. */
static bool is_key(const char *header)
{
        struct buf pair = BUF_NONE;
        bool good = text_starts_fold(header, "Basic ") &&
                    code_unbase64(&pair, header + 6, strlen(header + 6)) == 0 &&
                    text_equal(buf_text(&pair), AB_KEY ":");

        buf_dispose(&pair);
        return good;
}

/* [locked] The user acted for exists and is active, and the key may do so. */
static bool may_act(struct request *rq, struct reply *re)
{
        const char *user = NULL;
        const json_t *row;

        if (request_header(rq, "X-On-Behalf-Of", &user) == 0)
                return true;
        row = ab_find("users", user);
        if (!ab.set.no_behalf && json_get_bool(row, "isEnabled", false))
                return true;
        reply_json(re, 403,
                   refusal("invalid_on_behalf_of", "The user cannot be acted for", request_id(rq)));
        return false;
}

/* Passed: true; otherwise it is answered. */
static bool admit(struct request *rq, struct reply *re, const struct ab_method *m)
{
        const char *header = NULL, *type = NULL;
        bool passed = false;

        pthread_mutex_lock(&ab.lock);
        if (is_blocked(rq))
                plain(re, 403, "error code: 1010");
        else if (request_header(rq, "Authorization", &header) != 1)
                plain(re, 401, "No API key was supplied");
        else if (!is_key(header))
                plain(re, 403, "Forbidden");
        else if (m == NULL)
                plain(re, 404, "Not Found");
        else if (request_header(rq, "Content-Type", &type) != 1 ||
                 !text_starts_fold(type, "application/json"))
                reply_json(re, 200, refusal("invalid_input", "Content-Type", request_id(rq)));
        else if (json_object_get(ab.set.revoked, m->scope) != NULL)
                reply_json(
                    re, 403,
                    refusal("missing_endpoint_permission", "Missing permission", request_id(rq)));
        else
                passed = may_act(rq, re);
        pthread_mutex_unlock(&ab.lock);
        return passed;
}

static void remember_base(struct request *rq)
{
        const char *host = NULL;

        pthread_mutex_lock(&ab.lock);
        if (request_header(rq, "Host", &host) == 1) {
                mem_free(ab.base);
                ab.base = mem_format("http://%s" AB_PREFIX, host);
        }
        pthread_mutex_unlock(&ab.lock);
}

void ab_api(struct request *rq, struct reply *re)
{
        const char *name = request_segment(rq, "method");
        const struct ab_method *m = find_method(name);
        const struct buf *body = request_body(rq);
        struct control_failure failure;
        bool broken = control_take(name, &failure);

        remember_base(rq);
        if (broken && failure.after) {
                if (admit(rq, re, m))
                        perform(rq, re, m);
                buf_reset(reply_body(re));
                control_fail(rq, re, &failure);
        } else if ((!broken || !control_fail(rq, re, &failure)) && admit(rq, re, m)) {
                perform(rq, re, m);
        }
        control_failure_dispose(&failure);
        control_count(name);
        control_record("POST", name, name, json_parse(body->data, body->len, false, NULL),
                       reply_status_given(re));
}
