/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stand-in's webhook (wire/greenhouse.md 4): a ping on saving, then the one action
 * "candidate has changed stage", signed over the bytes as sent.
 */
#include <inttypes.h>
#include <string.h>

#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "greenhouse.h"

#define CHANGE "candidate_stage_change"

static bool only_200(int status)
{
        return status == 200;
}

static int64_t wait_after(int failures)
{
        static const int64_t minutes[] = { 1, 15, 60, 120, 240, 480 };

        return failures < 1 || failures > 6 ? 0 : minutes[failures - 1] * WHEN_MINUTE;
}

static const struct deliver_policy policy = {
        .attempts = 7, /* over about 15 hours (4.3) */
        .timeout_ms = 10 * WHEN_SECOND,
        .success = only_200,
        .wait_ms = wait_after,
};

/* The id of a delivery: the same over its retries unless told otherwise (nobody knows). */
static void add_event_id(const struct deliver_item *item, struct buf *lines)
{
        unsigned char id[SECRET_DIGEST_SIZE];
        bool fresh;

        pthread_mutex_lock(&gh.lock); /* nobody who sends holds it */
        fresh = gh.set.fresh_event_id;
        pthread_mutex_unlock(&gh.lock);
        if (fresh)
                secret_random(id, sizeof id);
        else
                secret_sha256(item->body, item->len, id);
        buf_add_text(lines, "Greenhouse-Event-ID: ");
        for (size_t i = 0; i < 16; i++) {
                buf_add_text(lines, i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
                code_hex(lines, id + i, 1);
        }
        buf_add_char(lines, '\n');
}

static void add_headers(void *context, const char *url, const char *secret,
                        const struct deliver_item *item, struct buf *lines)
{
        (void)context;
        (void)url;
        add_event_id(item, lines);
        if (text_empty(secret))
                return;
        buf_add_text(lines, "Signature: sha256 ");
        secret_hmac_hex(secret, strlen(secret), item->body, item->len, lines);
        buf_add_char(lines, '\n');
}

void gh_hook_start(void)
{
        gh.hook = deliver_new(&policy, serve_settings.retry_scale, add_headers, NULL);
}

void gh_hook_stop(void)
{
        deliver_free(gh.hook);
        gh.hook = NULL;
}

static int append(const char *data, size_t len, void *context)
{
        buf_add(context, data, len);
        return 0;
}

/* JSON as Rails writes it: these characters only ever stand inside strings. */
static void rails_json(const json_t *value, struct buf *out)
{
        struct buf plain = BUF_NONE;

        json_dump_callback(value, append, &plain, JSON_COMPACT);
        for (const char *c = buf_text(&plain); *c != '\0'; c++) {
                if (*c == '<' || *c == '>' || *c == '&') {
                        buf_format(out, "\\u%04x", (unsigned char)*c);
                } else if (strncmp(c, "\xE2\x80\xA8", 3) == 0 ||
                           strncmp(c, "\xE2\x80\xA9", 3) == 0) {
                        buf_format(out, "\\u202%c", c[2] == '\xA8' ? '8' : '9');
                        c += 2;
                } else {
                        buf_add_char(out, *c);
                }
        }
        buf_dispose(&plain);
}

static void event_body(const char *action, json_t *payload, bool organization, struct buf *out)
{
        json_t *event = json_object();

        json_set_text(event, "action", action);
        json_set(event, "payload", payload);
        if (organization) { /* undocumented and real (issue 485) */
                json_set_int(event, "organization_id", GH_ORGANIZATION);
                json_set_text(event, "organization_name", "Acme & Sons");
        }
        rails_json(event, out);
        json_decref(event);
}

int gh_hook_save(const char *url, const char *secret, const char *user, const char *password)
{
        struct buf body = BUF_NONE, extra = BUF_NONE;
        json_t *payload = json_object();
        int status = 0;

        if (!text_empty(user)) {
                char *pair = mem_format("%s:%s", user, text_or(password, ""));

                buf_add_text(&extra, "Authorization: Basic ");
                code_base64(&extra, pair, strlen(pair));
                buf_add_char(&extra, '\n');
                mem_free(pair);
        }
        json_set_int(payload, "web_hook_id", INT64_C(4001693002));
        json_set_text(payload, "endpoint_url", url);
        gh_set_now(payload, "created_at");
        gh_set_now(payload, "updated_at");
        json_set_text(payload, "name", "Fairlead");
        json_set_text(payload, "event", "Candidate has changed stage");
        json_set_bool(payload, "active", true);
        json_set_text(payload, "content-type", "application/json");
        event_body("ping", payload, false, &body);
        deliver_set(gh.hook, url, secret, "*", buf_text(&extra));
        if (!text_empty(url))
                status = deliver_probe(gh.hook, "ping", body.data, body.len);
        if (!only_200(status)) /* stored, and disabled (4.2) */
                deliver_set(gh.hook, NULL, NULL, NULL, NULL);
        pthread_mutex_lock(&gh.lock);
        mem_free(gh.hook_url);
        mem_free(gh.hook_secret);
        mem_free(gh.hook_user);
        mem_free(gh.hook_password);
        gh.hook_url = mem_text(url);
        gh.hook_secret = mem_text(secret);
        gh.hook_user = mem_text(user);
        gh.hook_password = mem_text(password);
        gh.hook_active = only_200(status);
        gh.hook_ping = status;
        pthread_mutex_unlock(&gh.lock);
        buf_dispose(&body);
        buf_dispose(&extra);
        return status;
}

/* --- the payload (4.5) ------------------------------------------------------------------- */

static json_t *current_stage(const json_t *application)
{
        int64_t stage_id = json_get_int(application, "job_interview_stage_id", 0);
        const json_t *kind = gh_find_by("job_interviews", "job_interview_stage_id", stage_id);
        json_t *stage = json_object(), *interviews = json_array(), *one = json_object();
        json_t *kit = json_object();

        json_set_text(kit, "url", "https://app.greenhouse.io/guides/113153/people/265772");
        json_set_text(kit, "content", "<p>hello & bye</p>");
        json_set(kit, "questions", json_array());
        json_set_int(one, "id", json_get_int(kind, "id", 0));
        json_set_text(one, "name", json_get_text(kind, "name", ""));
        json_set_text(one, "status", "to_be_scheduled");
        json_set(one, "interview_kit", kit);
        json_set(one, "interviewers", json_array());
        json_add(interviews, one);
        json_set_int(stage, "id", stage_id);
        json_set_text(stage, "name", json_get_text(application, "stage_name", ""));
        json_set(stage, "interviews", interviews);
        return stage;
}

static void copy(json_t *to, const char *name, const json_t *from, const char *member)
{
        json_t *value = json_object_get(from, member);

        json_set(to, name, value == NULL ? NULL : json_deep_copy(value));
}

static json_t *person(const json_t *row)
{
        static const char *const same[] = {
                "id",        "first_name",        "last_name",
                "title",     "company",           "created_at",
                "can_email", "phone_numbers",     "email_addresses",
                "addresses", "website_addresses", "social_media_addresses",
                "tags",      "custom_fields",     NULL
        };
        static const char *const none[] = { "external_id", "photo_url", "recruiter", "coordinator",
                                            NULL };
        static const char *const lists[] = { "educations", "employments", "attachments", NULL };
        json_t *candidate = json_object();
        char *url =
            mem_format("https://app.greenhouse.io/people/%" PRId64, json_get_int(row, "id", 0));

        for (size_t i = 0; same[i] != NULL; i++)
                copy(candidate, same[i], row, same[i]);
        for (size_t i = 0; none[i] != NULL; i++)
                json_set(candidate, none[i], NULL);
        for (size_t i = 0; lists[i] != NULL; i++)
                json_set(candidate, lists[i], json_array());
        copy(candidate, "is_private", row, "private");
        json_set_text(candidate, "url", url);
        mem_free(url);
        return candidate;
}

static json_t *job(const json_t *row)
{
        static const char *const same[] = {
                "id",     "name",       "requisition_id", "notes",     "confidential",
                "status", "created_at", "opened_at",      "closed_at", "custom_fields",
                NULL
        };
        json_t *one = json_object(), *jobs = json_array();

        for (size_t i = 0; same[i] != NULL; i++)
                copy(one, same[i], row, same[i]);
        json_set(one, "job_post_id", NULL);
        json_set_int(one, "created_by_id", GH_RECRUITER);
        json_set(one, "departments", json_array());
        json_set(one, "offices", json_array());
        json_add(jobs, one);
        return jobs;
}

/* "active" here where the API's rows say in_process; the stray space is the vendor's. */
void gh_hook_stage_change(const json_t *application)
{
        static const char *const none[] = { "source", "credited_to", "rejection_reason",
                                            "rejection_details", NULL };
        int64_t id = json_get_int(application, "id", 0);
        int64_t candidate_id = json_get_int(application, "candidate_id", 0);
        const char *status = json_get_text(application, "status", "");
        json_t *payload = json_object(), *a = json_object();
        char *url =
            mem_format("https://app.greenhouse.io/people/%" PRId64 "?application_id= %" PRId64,
                       candidate_id, id);

        json_set_int(a, "id", id);
        copy(a, "rejected_at", application, "rejected_at");
        copy(a, "prospect", application, "prospect");
        json_set_text(a, "status", text_equal(status, "in_process") ? "active" : status);
        copy(a, "applied_at", application, "created_at");
        copy(a, "last_activity_at", application, "last_activity_at");
        json_set_text(a, "url", url);
        for (size_t i = 0; none[i] != NULL; i++)
                json_set(a, none[i], NULL);
        json_set(a, "current_stage", current_stage(application));
        json_set(a, "custom_fields", json_array()); /* an array when empty, as samples have it */
        json_set(a, "candidate", person(gh_find("candidates", candidate_id)));
        json_set(a, "jobs", job(gh_find("jobs", json_get_int(application, "job_id", 0))));
        json_set(payload, "application", a);
        gh_hook_send(CHANGE, payload);
        json_decref(payload);
        mem_free(url);
}

void gh_hook_send(const char *action, const json_t *payload)
{
        struct buf body = BUF_NONE;

        event_body(action, payload == NULL ? json_object() : json_deep_copy(payload), true, &body);
        deliver_push(gh.hook, action, when_now_ms(), body.data, body.len);
        buf_dispose(&body);
}
