/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stand-in's face of Harvest v1 (wire/greenhouse.md 2): the same rows in v1's shapes, a key
 * instead of a token, On-Behalf-Of on writes.  What v1 refused is refused.
 */
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "greenhouse.h"

#define BODY_MAX (1 << 20)
#define WINDOW_MS (10 * WHEN_SECOND)
#define LOCATION_MAX 255

/* --- shapes ---------------------------------------------------------------------------------- */

static json_t *named(int64_t id, const char *name)
{
        json_t *one = json_object();

        json_set_int(one, "id", id);
        json_set_text(one, "name", name);
        return one;
}

static void take(json_t *to, const char *name, const json_t *row, const char *member)
{
        const json_t *value = json_object_get(row, member);

        json_set(to, name, value == NULL ? NULL : json_deep_copy(value));
}

static json_t *application_of(const json_t *row)
{
        json_t *one = json_object(), *jobs = json_array();
        const char *status = json_get_text(row, "status", "active");
        int64_t stage = json_get_int(row, "job_interview_stage_id", 0),
                job = json_get_int(row, "job_id", 0);

        take(one, "id", row, "id");
        take(one, "candidate_id", row, "candidate_id");
        take(one, "prospect", row, "prospect");
        take(one, "last_activity_at", row, "last_activity_at");
        json_set_text(one, "status", text_equal(status, "in_process") ? "active" : status);
        json_set(one, "current_stage",
                 stage == 0 ? NULL : named(stage, json_get_text(row, "stage_name", "")));
        if (job != 0)
                json_add(jobs, named(job, json_get_text(gh_find("jobs", job), "name", "")));
        json_set(one, "jobs", jobs);
        json_set(one, "source", NULL);
        json_set(one, "credited_to", NULL);
        json_set(one, "custom_fields", json_array()); /* seen empty so */
        return one;
}

static json_t *candidate_of(const json_t *row)
{
        json_t *one = json_deep_copy(row);

        json_set_bool(one, "is_private", json_get_bool(row, "private", false));
        json_object_del(one, "private");
        json_object_del(one, "preferred_name");
        return one;
}

static json_t *stage_of(const json_t *row)
{
        json_t *one = json_object();

        take(one, "id", row, "id");
        take(one, "name", row, "name");
        take(one, "active", row, "active");
        take(one, "job_id", row, "job_id");
        take(one, "priority", row, "sort_order");
        json_set(one, "interviews", json_array());
        return one;
}

static json_t *moment(const json_t *row, const char *member)
{
        json_t *one = json_object();

        take(one, "date_time", row, member);
        return one;
}

static json_t *interview_of(const json_t *row)
{
        json_t *one = json_object();
        int64_t id = json_get_int(row, "job_interview_id", 0);

        take(one, "id", row, "id");
        take(one, "application_id", row, "application_id");
        take(one, "external_event_id", row, "external_event_id");
        json_set(one, "start", moment(row, "starts_at"));
        json_set(one, "end", moment(row, "ends_at"));
        take(one, "location", row, "location");
        take(one, "video_conferencing_url", row, "video_conferencing_url");
        take(one, "status", row, "status");
        take(one, "updated_at", row, "updated_at");
        json_set(one, "interview",
                 named(id, json_get_text(gh_find("job_interviews", id), "name", "")));
        json_set(one, "interviewers", json_array());
        return one;
}

static json_t *user_of(const json_t *row)
{
        json_t *one = json_object();

        take(one, "id", row, "id");
        take(one, "name", row, "name");
        take(one, "primary_email_address", row, "primary_email");
        json_set_bool(one, "disabled", json_get_bool(row, "deactivated", false));
        take(one, "site_admin", row, "site_admin");
        return one;
}

static json_t *as_it_is(const json_t *row)
{
        return json_deep_copy(row);
}

/* --- what is asked --------------------------------------------------------------------------- */

static const struct {
        const char *path, *table;
        json_t *(*shape)(const json_t *row);
} resources[] = {
        { "applications", "applications", application_of },
        { "candidates", "candidates", candidate_of },
        { "jobs", "jobs", as_it_is },
        { "job_stages", "job_interview_stages", stage_of },
        { "scheduled_interviews", "interviews", interview_of },
        { "users", "users", user_of },
};

/* [locked] -1 and it is answered; else *user is the number of On-Behalf-Of. */
static int admit(struct request *rq, struct reply *re, const char *permission, bool writes,
                 int64_t *user)
{
        const char *behalf = NULL, *key = request_credential(rq), *bearer = NULL;

        *user = 0;
        if (request_header(rq, "Authorization", &bearer) != 1 ||
            !text_starts_fold(bearer, "basic ") || !secret_equal_text(key, gh.set.api_key)) {
                gh_error(re, 401, "Invalid Basic Auth credentials", NULL);
                return -1;
        }
        if (!gh_within_rate(re, gh.set.v1_rate_limit, WINDOW_MS / serve_settings.retry_scale,
                            WINDOW_MS, &gh.v1_window))
                return -1;
        if ((!writes && request_body(rq)->len > 0) ||
            json_object_get(gh.set.revoked, permission) != NULL) {
                gh_error(re, 403, "You do not have access to this record", NULL);
                return -1;
        }
        if (writes &&
            (request_header(rq, "On-Behalf-Of", &behalf) != 1 ||
             text_int(behalf, 1, INT64_MAX, user) != 0 || gh_find("users", *user) == NULL)) {
                gh_error(re, 404, "Resource not found", NULL); /* recorded so */
                return -1;
        }
        return 0;
}

static bool since(struct request *rq, const json_t *row)
{
        const char *after = request_query(rq, "updated_after");
        int64_t want, have = 0;

        if (after == NULL || when_parse(after, &want) != 0)
                return true;
        when_parse(json_get_text(row, "updated_at", ""), &have);
        return have >= want;
}

/* [locked] Newest first, per_page and page, with the Link header of RFC 5988. */
static void list(struct request *rq, struct reply *re, size_t kind, const char *member, int64_t id)
{
        const json_t *rows = gh_table(resources[kind].table);
        json_t *answer = json_array();
        int64_t size = 100, page = 1, at = 0;
        bool more = false;

        text_int(text_or(request_query(rq, "per_page"), "100"), 1, 500, &size);
        text_int(text_or(request_query(rq, "page"), "1"), 1, 100000, &page);
        if (size > gh.set.page_most)
                size = gh.set.page_most;
        for (size_t i = json_array_size(rows); i > 0; i--) {
                const json_t *row = json_array_get(rows, i - 1);

                if ((member != NULL && json_get_int(row, member, 0) != id) || !since(rq, row) ||
                    json_get_bool(row, "(hidden)", false))
                        continue;
                at++;
                if (at > page * size)
                        more = true;
                else if (at > (page - 1) * size)
                        json_add(answer, resources[kind].shape(row));
        }
        if (more) {
                const char *host = NULL;
                char *link;

                request_header(rq, "Host", &host);
                link = mem_format("<http://%s" GH_PREFIX "/v1/%s?page=%" PRId64 "&per_page=%" PRId64
                                  "%s%s>; rel=\"next\"",
                                  text_or(host, "127.0.0.1"), resources[kind].path, page + 1, size,
                                  request_query(rq, "updated_after") ? "&updated_after=" : "",
                                  text_or(request_query(rq, "updated_after"), ""));
                reply_header(re, "Link", link);
                mem_free(link);
        }
        reply_json(re, 200, answer);
}

/* [locked] */
static void feed(struct reply *re, int64_t candidate)
{
        const json_t *rows = gh_table("notes");
        json_t *answer = json_object(), *notes = json_array();

        for (size_t i = json_array_size(rows); i > 0; i--) {
                const json_t *row = json_array_get(rows, i - 1);

                if (json_get_int(row, "candidate_id", 0) == candidate)
                        json_add(notes, json_deep_copy(row));
        }
        json_set(answer, "notes", notes);
        json_set(answer, "emails", json_array());
        json_set(answer, "activities", json_array());
        reply_json(re, 200, answer);
}

static void absent(struct reply *re)
{
        gh_error(re, 404, "Resource not found", NULL);
}

/* [locked] Everything below one record. */
static void below(struct reply *re, struct request *rq, const char *path, int64_t id,
                  const char *end)
{
        if (text_equal(path, "candidates") && text_equal(end, "activity_feed"))
                feed(re, id);
        else if (text_equal(path, "jobs") && text_equal(end, "stages"))
                list(rq, re, 3, "job_id", id);
        else if (text_equal(path, "jobs") &&
                 (text_equal(end, "openings") || text_equal(end, "job_posts")))
                reply_json(re, 200, json_array());
        else
                absent(re);
}

/* "GET applications/:id": what control/settings revokes. */
static char *permission_of(struct request *rq)
{
        const char *id = request_segment(rq, "id"), *end = request_segment(rq, "end"),
                   *last = request_segment(rq, "last");

        return mem_format("%s %s%s%s%s%s%s", request_method(rq), request_segment(rq, "resource"),
                          id == NULL ? "" : "/:id", end == NULL ? "" : "/", text_or(end, ""),
                          last == NULL ? "" : "/", text_or(last, ""));
}

static void perform_get(struct request *rq, struct reply *re, const char *permission)
{
        const char *path = request_segment(rq, "resource"), *end = request_segment(rq, "end");
        int64_t id = 0, user;
        const json_t *row;
        size_t kind = 0;

        while (kind < sizeof resources / sizeof *resources &&
               !text_equal(path, resources[kind].path))
                kind++;
        if (admit(rq, re, permission, false, &user) != 0)
                return;
        if (kind == sizeof resources / sizeof *resources) {
                absent(re);
        } else if (request_segment(rq, "id") == NULL) {
                list(rq, re, kind, NULL, 0);
        } else {
                text_int(request_segment(rq, "id"), 1, INT64_MAX, &id);
                row = gh_find(resources[kind].table, id);
                if (row == NULL || json_get_bool(row, "(hidden)", false))
                        absent(re);
                else if (end == NULL)
                        reply_json(re, 200, resources[kind].shape(row));
                else
                        below(re, rq, path, id, end);
        }
}

static json_t *body_of(struct request *rq)
{
        const struct buf *bytes = request_body(rq);

        return bytes == NULL || bytes->len == 0 ? NULL
                                                : json_parse(bytes->data, bytes->len, true, NULL);
}

static void missing(struct reply *re, const char *field)
{
        json_t *body = json_object(), *errors = json_array(), *error = json_object();
        char *text = mem_format("Missing required field: %s", field);

        json_set_text(error, "message", text);
        json_set_text(error, "field", field);
        json_add(errors, error);
        json_set(body, "errors", errors); /* no message beside it: recorded so */
        reply_json(re, 422, body);
        mem_free(text);
}

/* [locked] */
static void write_note(struct reply *re, int64_t candidate, const json_t *body)
{
        static const char *const required[] = { "user_id", "body", "visibility" };
        const char *visibility = json_get_text(body, "visibility", "");
        int64_t user = json_get_int(body, "user_id", 0);

        for (size_t i = 0; i < sizeof required / sizeof *required; i++)
                if (json_at(body, required[i]) == NULL) {
                        missing(re, required[i]);
                        return;
                }
        if (gh_find("candidates", candidate) == NULL || gh_find("users", user) == NULL)
                absent(re);
        else if (!text_equal(visibility, "admin_only") && !text_equal(visibility, "private") &&
                 !text_equal(visibility, "public"))
                gh_error(
                    re, 422, "Validation error",
                    gh_field_error("visibility", "Must be one of: admin_only, private, public"));
        else
                reply_json(
                    re, 201,
                    json_deep_copy(gh_add_note(candidate, 0, user, json_get_text(body, "body", ""),
                                               "NOTE", visibility)));
}

/* [locked] */
static void move(struct reply *re, int64_t id, const json_t *body, int64_t user)
{
        json_t *row = gh_find("applications", id);
        const json_t *stage = gh_find("job_interview_stages", json_get_int(body, "to_stage_id", 0));

        if (json_at(body, "from_stage_id") == NULL)
                missing(re, "from_stage_id");
        else if (json_at(body, "to_stage_id") == NULL)
                missing(re, "to_stage_id");
        else if (row == NULL)
                absent(re);
        else if (!text_equal(json_get_text(row, "status", ""), "in_process") || stage == NULL ||
                 json_get_int(body, "from_stage_id", 0) !=
                     json_get_int(row, "job_interview_stage_id", -1))
                gh_error(re, 422, "Validation error",
                         gh_field_error("from_stage_id", "is not the current stage"));
        else {
                gh_move(row, stage, user);
                reply_json(re, 200, application_of(row));
        }
}

/* [locked] Only what was made through Harvest may be changed by it (section 5). */
static void change_interview(struct reply *re, int64_t id, const json_t *body)
{
        static const char *const names[] = { "location", "video_conferencing_url" };
        json_t *row = gh_find("interviews", id);

        if (row == NULL) {
                absent(re);
                return;
        }
        if (!json_get_bool(row, "(harvest)", false)) {
                gh_error(re, 403, "You may only update interviews created through Harvest", NULL);
                return;
        }
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (strlen(json_get_text(body, names[i], "")) > LOCATION_MAX) {
                        gh_error(re, 422, "Validation error",
                                 gh_field_error(names[i], "is too long"));
                        return;
                }
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (json_at(body, names[i]) != NULL)
                        json_set(row, names[i], json_deep_copy(json_at(body, names[i])));
        gh_set_now(row, "updated_at");
        reply_json(re, 200, interview_of(row));
}

static void perform_write(struct request *rq, struct reply *re, const char *permission)
{
        int64_t id = 0, user;
        json_t *body;

        text_int(text_or(request_segment(rq, "id"), ""), 1, INT64_MAX, &id);
        if (admit(rq, re, permission, true, &user) != 0)
                return;
        body = body_of(rq);
        if (!json_is_object(body))
                gh_error(re, 422, "Your request included invalid JSON.", NULL);
        else if (text_equal(permission, "POST candidates/:id/activity_feed/notes"))
                write_note(re, id, body);
        else if (text_equal(permission, "POST applications/:id/move"))
                move(re, id, body, user);
        else if (text_equal(permission, "PATCH scheduled_interviews/:id"))
                change_interview(re, id, body);
        else
                absent(re);
        json_decref(body);
}

static void answer(struct request *rq, struct reply *re)
{
        char *permission = permission_of(rq), *what = mem_format("v1 %s", permission);
        bool get = text_equal(request_method(rq), "GET");
        struct control_failure failure;
        bool broken = control_take(what, &failure);

        if (!broken || failure.after || !control_fail(rq, re, &failure)) {
                pthread_mutex_lock(&gh.lock);
                if (get)
                        perform_get(rq, re, permission);
                else
                        perform_write(rq, re, permission);
                pthread_mutex_unlock(&gh.lock);
                if (broken && failure.after) {
                        buf_reset(reply_body(re));
                        control_fail(rq, re, &failure);
                }
        }
        control_failure_dispose(&failure);
        control_record(request_method(rq), what, request_segment(rq, "resource"),
                       get ? NULL : body_of(rq), reply_status_given(re));
        mem_free(what);
        mem_free(permission);
}

const struct route gh_v1_routes[] = {
        { "GET", "v1/{resource}", answer, BODY_MAX, true, NULL },
        { "GET", "v1/{resource}/{id}", answer, BODY_MAX, true, NULL },
        { "GET", "v1/{resource}/{id}/{end}", answer, BODY_MAX, true, NULL },
        { "POST", "v1/{resource}/{id}/{end}", answer, BODY_MAX, true, NULL },
        { "POST", "v1/{resource}/{id}/{end}/{last}", answer, BODY_MAX, true, NULL },
        { "PATCH", "v2/{resource}/{id}", answer, BODY_MAX, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
