/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stand-in as the client of an assessment partner (wire/ashby.md 3), and its receiver of
 * CodeSignal's events (section 4).
 */
#include <inttypes.h>
#include <string.h>

#include "ashby.h"
#include "control.h"
#include "door/fetch.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

/* --- what the partner tells us: assessment.update ----------------------------------------------
 */

static bool is_blob(const json_t *blob, const char *type)
{
        static const char *const types[] = { "numeric_score", "numeric_duration_minutes", "url",
                                             "string", "boolean_success" };
        const json_t *value = json_object_get(blob, "value");
        const char *is = json_get_text(blob, "type", "");
        bool known = false;

        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
                known = known || text_equal(is, types[i]);
        if (!known || (type != NULL && !text_equal(is, type)) ||
            text_empty(json_get_text(blob, "identifier", NULL)) ||
            text_empty(json_get_text(blob, "label", NULL)))
                return false;
        if (text_starts(is, "numeric"))
                return json_is_number(value);
        return text_equal(is, "boolean_success") ? json_is_boolean(value) : json_is_string(value);
}

/* An identifier names one field for good: once in a request, and always with the same type. */
static bool take_identifier(json_t *seen, json_t *types, const json_t *blob)
{
        const char *identifier = json_get_text(blob, "identifier", ""),
                   *type = json_get_text(blob, "type", ""),
                   *before = json_get_text(types, identifier, NULL);

        if (json_object_get(seen, identifier) != NULL ||
            (before != NULL && !text_equal(before, type)))
                return false;
        json_set_bool(seen, identifier, true);
        json_set_text(types, identifier, type);
        return true;
}

static const char *wrong_with(const json_t *body, json_t *types)
{
        static const char *const members[] = { "assessment_status", "assessment_profile_url",
                                               "assessment_result", "cancelled_reason" };
        const json_t *metadata = json_object_get(body, "metadata");
        json_t *seen = json_object();
        const char *wrong = NULL;

        for (size_t i = 0; wrong == NULL && i < 4; i++) {
                const json_t *blob = json_object_get(body, members[i]);

                if (blob != NULL &&
                    (!is_blob(blob, i == 1 ? "url" : NULL) || !take_identifier(seen, types, blob)))
                        wrong = members[i];
        }
        for (size_t i = 0; wrong == NULL && i < json_array_size(metadata); i++)
                if (!is_blob(json_array_get(metadata, i), NULL) ||
                    !take_identifier(seen, types, json_array_get(metadata, i)))
                        wrong = "metadata";
        if (wrong == NULL && json_object_get(body, "assessment_status") == NULL &&
            json_object_get(body, "cancelled_reason") == NULL)
                wrong = "assessment_status is required unless cancelled_reason is given";
        if (wrong == NULL && json_object_get(body, "assessment_result") != NULL &&
            json_object_get(body, "assessment_profile_url") == NULL)
                wrong = "assessment_profile_url is required with assessment_result";
        json_decref(seen);
        return wrong;
}

static json_t *find_assessment(const char *id)
{
        json_t *rows = ab_table("assessments");

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "assessment_id", NULL), id))
                        return json_array_get(rows, i);
        return NULL;
}

json_t *ab_partner_update(struct ab_call *call)
{
        json_t *row = find_assessment(json_get_text(call->body, "assessment_id", "")), *types;
        const char *wrong;

        if (row == NULL)
                return ab_refuse(call, "assessment_not_found", NULL);
        types = json_object_get(row, "identifiers");
        wrong = wrong_with(call->body, types);
        if (wrong != NULL)
                return ab_refuse(call, "invalid_input", wrong);
        if (json_get_int(call->body, "timestamp", 0) <= json_get_int(row, "timestamp", 0))
                return ab_refuse(call, "invalid_input", "timestamp: not later than the last one");
        json_set_int(row, "timestamp", json_get_int(call->body, "timestamp", 0));
        if (json_object_get(call->body, "assessment_status") != NULL)
                json_set_text(row, "status",
                              json_get_text(call->body, "assessment_status.value", ""));
        if (text_equal(json_get_text(row, "status", ""), "Started"))
                json_set_int(row, "started_ms", json_get_int(call->body, "timestamp", 0));
        json_add(json_object_get(row, "updates"), json_deep_copy(call->body));
        return NULL; /* "results" may be left out */
}

/* --- what we ask of the partner ------------------------------------------------------------------
 */

json_t *ab_partner_call(const char *method, const json_t *body)
{
        static const char *const headers[] = { "Content-Type: application/json",
                                               "Accept: application/json",
                                               "User-Agent: Ashby stand-in", NULL };
        struct fetch_answer answer = { .status = 0 };
        json_t *got = json_object();
        char *url = NULL, *key = NULL, *text = json_text(body);

        pthread_mutex_lock(&ab.lock);
        if (ab.partner != NULL) {
                url = mem_format("%s/%s", json_get_text(ab.partner, "url", ""), method);
                key = mem_text(json_get_text(ab.partner, "key", ""));
        }
        pthread_mutex_unlock(&ab.lock);
        if (url != NULL) {
                struct fetch_request request = { .method = "POST",
                                                 .url = url,
                                                 .headers = headers,
                                                 .user = key,
                                                 .password = "",
                                                 .body = text,
                                                 .body_len = strlen(text),
                                                 .timeout_ms = 10 * WHEN_SECOND };

                fetch(&request, &answer, NULL);
        }
        json_set_int(got, "status", answer.status);
        json_set_int(got, "us", answer.elapsed_us);
        json_set(got, "body",
                 answer.body.len == 0 ? NULL
                                      : json_parse(answer.body.data, answer.body.len, false, NULL));
        if (url == NULL)
                json_set_text(got, "cause", "nobody is registered as a partner");
        else if (answer.end != FETCH_ANSWERED)
                json_set_text(got, "cause", answer.cause);
        fetch_answer_dispose(&answer);
        mem_free(text);
        mem_free(key);
        mem_free(url);
        return got;
}

static json_t *start_body(const json_t *application, const char *type, const json_t *fields)
{
        const json_t *candidate =
            ab_find("candidates", json_get_text(application, "candidate", ""));
        json_t *body = json_object(), *who = json_object(), *a = json_object(),
               *job = json_object(), *team = json_array(), *one = json_object();
        char *name = mem_text(json_get_text(candidate, "name", "")), *last = strrchr(name, ' ');

        json_set_text(body, "assessment_type_id", type);
        json_set_text(who, "ashby_id", json_get_text(candidate, "id", ""));
        json_set_text(who, "last_name", last == NULL ? "" : last + 1);
        if (last != NULL)
                *last = '\0';
        json_set_text(who, "first_name", name);
        json_set_text(who, "email", json_get_text(candidate, "primaryEmailAddress.value", ""));
        json_set_text(who, "ashby_profile_url", json_get_text(candidate, "profileUrl", ""));
        json_set(body, "candidate", who);
        json_set_text(a, "ashby_id", json_get_text(application, "id", ""));
        json_set_text(a, "status", json_get_text(application, "status", ""));
        json_set(body, "application", a);
        json_set_text(job, "ashby_id", AB_JOB);
        json_set_text(job, "name", "Backend Engineer");
        json_set_text(job, "ashby_job_url", "https://app.ashbyhq.com/jobs/" AB_JOB);
        json_set_text(one, "email", "robin@acme.example");
        json_set_text(one, "firstName", "Robin");
        json_set_text(one, "lastName", "Recruiter");
        json_set_text(one, "role", "Hiring Manager");
        json_set_text(one, "userId", AB_USER);
        json_add(team, one);
        json_set(job, "hiringTeam", team);
        json_set(body, "job", job);
        if (json_object_size(fields) > 0)
                json_set(body, "additional_fields", json_deep_copy(fields));
        mem_free(name);
        return body;
}

json_t *ab_partner_start(const char *application, const char *type, const json_t *fields)
{
        json_t *body = NULL, *got, *row;
        const json_t *found;
        const char *id;

        pthread_mutex_lock(&ab.lock);
        found = ab_find("applications", application);
        if (found != NULL)
                body = start_body(found, type, fields);
        pthread_mutex_unlock(&ab.lock);
        if (body == NULL)
                return NULL;
        got = ab_partner_call("assessment.start", body);
        id = json_get_text(got, "body.results.assessment_id", NULL);
        pthread_mutex_lock(&ab.lock);
        if (json_get_int(got, "status", 0) == 200 && !text_empty(id) &&
            find_assessment(id) == NULL) {
                row = ab_row("assessments");
                json_set_text(row, "assessment_id", id);
                json_set_text(row, "application", application);
                json_set_text(row, "type", type);
                json_set_text(row, "status", "Requested");
                json_set(row, "identifiers", json_object());
                json_set(row, "updates", json_array());
        }
        pthread_mutex_unlock(&ab.lock);
        json_decref(body);
        return got;
}

/* --- the receiver of CodeSignal's events ---------------------------------------------------------
 */

/* The header names the customer's Ashby key, the signature is made with CodeSignal's key as the
 * secret, over this URL as it was typed there: X-CodeSignal-Signature over url, event and time. */
static const char *receiver_complains(struct request *rq, const json_t *event)
{
        const struct buf *body = request_body(rq);
        const char *key = NULL, *shown = NULL, *secret = json_get_text(ab.relay, "secret", "");
        struct buf message = BUF_NONE, hex = BUF_NONE;
        const char *wrong = NULL;

        if (ab.relay == NULL)
                return "the integration is not set up";
        if (request_header(rq, "X-Ashby-Api-Key", &key) != 1 || !text_equal(key, AB_KEY))
                return "X-Ashby-Api-Key";
        if (body->len == 0 || json_object_size(event) == 0)
                return NULL; /* the vendor's own test of the URL has no payload */
        buf_format(&message, "%s/codesignal_webhook%s%" PRId64, text_or(ab.base, ""),
                   json_get_text(event, "event", ""), json_get_int(event, "triggeredOn", 0));
        secret_hmac_hex(secret, strlen(secret), buf_text(&message), message.len, &hex);
        if (request_header(rq, "X-CodeSignal-Signature", &shown) != 1 ||
            !text_equal(shown, buf_text(&hex)))
                wrong = "X-CodeSignal-Signature";
        buf_dispose(&hex);
        buf_dispose(&message);
        return wrong;
}

void ab_receive(struct request *rq, struct reply *re)
{
        const struct buf *body = request_body(rq);
        json_t *event = body->len == 0 ? NULL : json_parse(body->data, body->len, false, NULL),
               *row, *answer;
        const char *host = NULL, *wrong;

        pthread_mutex_lock(&ab.lock);
        if (request_header(rq, "Host", &host) == 1) {
                mem_free(ab.base);
                ab.base = mem_format("http://%s" AB_PREFIX, host);
        }
        wrong = receiver_complains(rq, event);
        if (wrong == NULL && json_object_size(event) > 0) {
                row = ab_row("received");
                json_set(row, "event", json_incref(event));
        }
        pthread_mutex_unlock(&ab.lock);
        control_count(wrong == NULL ? "codesignal_webhook" : "codesignal_webhook refused");
        answer = json_object();
        json_set_bool(answer, "success", wrong == NULL);
        if (wrong != NULL)
                json_set_text(answer, "wrong", wrong);
        reply_json(re, wrong == NULL ? 200 : 401, answer);
        json_decref(event);
}
