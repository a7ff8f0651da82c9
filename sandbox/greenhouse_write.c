/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's writes: notes, moves, interviews (wire/greenhouse.md 3.4). */
#include <inttypes.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "greenhouse.h"

#define LOCATION_MAX 255

/* type: i integer, s text, n text or null, u URI or null, t time, l list of texts, a any */
struct member {
        const char *name;
        char type;
        bool required;
};

static void attribute_error(struct reply *re, const char *text, const char *field)
{
        json_t *error = json_object();
        char *message = mem_format("%s: %s", text, field);

        json_set_text(error, "message", message);
        json_set_text(error, "field", field);
        gh_error(re, 422, "Your request included invalid JSON.", error);
        mem_free(message);
}

static bool right_type(const json_t *value, char type)
{
        int64_t ms;

        switch (type) {
        case 'i':
                return json_is_integer(value);
        case 's':
                return json_is_string(value);
        case 'n':
                return json_is_string(value) || json_is_null(value);
        case 'u':
                return json_is_null(value) ||
                       (json_is_string(value) && strstr(json_string_value(value), "://") != NULL);
        case 't':
                return json_is_string(value) && when_parse(json_string_value(value), &ms) == 0;
        case 'l':
                return json_is_array(value);
        default:
                return true;
        }
}

/* The body, with nothing beyond the members (additionalProperties: false), or NULL after
 * having answered. */
static json_t *read_body(struct request *rq, struct reply *re, const struct member *members)
{
        const struct buf *bytes = request_body(rq);
        const char *type = NULL, *name;
        json_t *body = json_parse(buf_text(bytes), bytes->len, true, NULL), *value;
        const struct member *m;

        request_header(rq, "Content-Type", &type);
        if (!json_is_object(body) || !text_starts_fold(text_or(type, ""), "application/json")) {
                gh_error(re, 422, "Your request included invalid JSON.", NULL);
                goto bad;
        }
        json_object_foreach(body, name, value)
        {
                for (m = members; m->name != NULL && !text_equal(m->name, name);)
                        m++;
                if (m->name == NULL) {
                        attribute_error(re, "Invalid attribute", name);
                        goto bad;
                }
                if (!right_type(value, m->type)) {
                        attribute_error(re, "Invalid value", name);
                        goto bad;
                }
        }
        for (m = members; m->name != NULL; m++)
                if (m->required && json_object_get(body, m->name) == NULL) {
                        attribute_error(re, "Missing required field", m->name);
                        goto bad;
                }
        return body;
bad:
        json_decref(body);
        return NULL;
}

static bool one_of(const char *text, const char *const *words)
{
        for (; *words != NULL; words++)
                if (text_equal(text, *words))
                        return true;
        return false;
}

/* --- POST /v3/notes ------------------------------------------------------------------------ */

static const struct member note_members[] = {
        { "candidate_id", 'i', true },
        { "body", 's', true },
        { "visibility", 's', true },
        { "note_type", 's', true },
        { "application_id", 'i', false },
        { "user_id", 'i', false },
        { "subject", 's', false },
        { "email_from", 'l', false },
        { "email_to", 'l', false },
        { "email_cc", 'l', false },
        { NULL, 0, false },
};

static bool note_is_good(struct reply *re, const json_t *body)
{
        static const char *const types[] = { "NOTE", "ACTIVITY", "EMAIL", NULL };
        static const char *const levels[] = { "admin_only", "private", "public", NULL };
        const char *type = json_get_text(body, "note_type", "");
        bool mail = json_object_get(body, "email_from") != NULL ||
                    json_object_get(body, "email_to") != NULL ||
                    json_object_get(body, "email_cc") != NULL;
        int64_t application = json_get_int(body, "application_id", 0);
        const json_t *row = gh_find("applications", application);

        if (!one_of(type, types)) {
                attribute_error(re, "Invalid value", "note_type");
        } else if (!one_of(json_get_text(body, "visibility", ""), levels)) {
                attribute_error(re, "Invalid value", "visibility");
        } else if (text_empty(json_get_text(body, "body", ""))) {
                attribute_error(re, "Missing required field", "body");
        } else if (mail != text_equal(type, "EMAIL")) {
                attribute_error(re, mail ? "Invalid attribute" : "Missing required field",
                                "email_from");
        } else if (gh_find("candidates", json_get_int(body, "candidate_id", 0)) == NULL ||
                   json_get_bool(gh_find("candidates", json_get_int(body, "candidate_id", 0)),
                                 "(hidden)", false)) {
                gh_error(re, 404, "Resource not found", NULL);
        } else if (application != 0 && (row == NULL || json_get_int(row, "candidate_id", 0) !=
                                                           json_get_int(body, "candidate_id", 0))) {
                gh_error(re, 422, "Unprocessable Content",
                         gh_field_error("application_id", "does not belong to the candidate"));
        } else if (json_object_get(body, "user_id") != NULL &&
                   gh_find("users", json_get_int(body, "user_id", 0)) == NULL) {
                gh_error(re, 404, "Resource not found", NULL);
        } else {
                return true;
        }
        return false;
}

void gh_create_note(struct request *rq, struct reply *re, int64_t user)
{
        json_t *body = read_body(rq, re, note_members);

        if (body != NULL && note_is_good(re, body))
                reply_json(re, 201,
                           json_deep_copy(gh_add_note(
                               json_get_int(body, "candidate_id", 0),
                               json_get_int(body, "application_id", 0),
                               json_get_int(body, "user_id", user), json_get_text(body, "body", ""),
                               json_get_text(body, "note_type", "NOTE"),
                               json_get_text(body, "visibility", "admin_only"))));
        json_decref(body);
}

/* --- POST /v3/applications/{id}/move ------------------------------------------------------- */

static const struct member move_members[] = {
        { "from_stage_id", 'i', true },
        { "to_stage_id", 'i', false },
        { "to_job_id", 'i', false },
        { "email_from_user_id", 'i', false },
        { NULL, 0, false },
};

/* The stage to go to: the one named, or the next active one (to advance). */
static const json_t *move_target(const json_t *application, const json_t *body)
{
        int64_t job = json_get_int(application, "job_id", 0);
        const json_t *rows = gh_table("job_interview_stages"), *best = NULL;
        const json_t *at =
            gh_find("job_interview_stages", json_get_int(application, "job_interview_stage_id", 0));

        if (json_object_get(body, "to_stage_id") != NULL) {
                best = gh_find("job_interview_stages", json_get_int(body, "to_stage_id", 0));
                return best != NULL && json_get_int(best, "job_id", 0) == job &&
                               json_get_bool(best, "active", false)
                           ? best
                           : NULL;
        }
        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                int64_t order = json_get_int(row, "sort_order", 0);

                if (json_get_int(row, "job_id", 0) == job && json_get_bool(row, "active", false) &&
                    order > json_get_int(at, "sort_order", 0) &&
                    (best == NULL || order < json_get_int(best, "sort_order", 0)))
                        best = row;
        }
        return best;
}

void gh_move_application(struct request *rq, struct reply *re, int64_t id, int64_t user)
{
        json_t *body = read_body(rq, re, move_members), *row = gh_find("applications", id);
        const char *guard = gh.set.guard_instance ? "stage_id" : "job_interview_stage_id";
        const json_t *target;

        if (body == NULL)
                return;
        if (row == NULL || json_get_bool(row, "(hidden)", false)) {
                gh_error(re, 404, "Resource not found", NULL);
        } else if (!text_equal(json_get_text(row, "status", NULL), "in_process")) {
                gh_error(re, 422, "Unprocessable Content",
                         json_string("Only in_process applications can be moved"));
        } else if (json_get_int(body, "from_stage_id", 0) != json_get_int(row, guard, -1)) {
                gh_error(
                    re, 422, "Unprocessable Content",
                    gh_field_error("from_stage_id", "must match the candidate's current stage"));
        } else if (json_object_get(body, "to_job_id") != NULL) {
                gh_error(re, 422, "Unprocessable Content",
                         gh_field_error("to_job_id", "there is no other job in this stand-in"));
        } else if ((target = move_target(row, body)) == NULL) {
                gh_error(re, 422, "Unprocessable Content",
                         gh_field_error("to_stage_id", "is not an active stage of this job"));
        } else {
                gh_move(row, target, user);
                reply_status(re, 204);
        }
        json_decref(body);
}

/* --- PATCH /v3/interviews/{id} ------------------------------------------------------------- */

static const struct member interview_members[] = {
        { "starts_at", 't', false },
        { "ends_at", 't', false },
        { "external_event_id", 's', false },
        { "location", 'n', false },
        { "interviewers", 'l', false },
        { "video_conferencing_url", 'u', false },
        { NULL, 0, false },
};

static size_t characters(const char *text)
{
        size_t count = 0;

        for (; *text != '\0'; text++)
                count += ((unsigned char)*text & 0xC0) != 0x80;
        return count;
}

void gh_patch_interview(struct request *rq, struct reply *re, int64_t id)
{
        json_t *body = read_body(rq, re, interview_members), *row = gh_find("interviews", id);
        json_t *value, *answer;
        const char *name;

        if (body == NULL)
                return;
        if (row == NULL) {
                gh_error(re, 404, "Resource not found", NULL);
                json_decref(body);
                return;
        }
        json_object_foreach(body, name, value)
        {
                if (characters(json_text_of(value, "")) > LOCATION_MAX) {
                        gh_error(re, 422, "Unprocessable Content",
                                 gh_field_error(name, "is too long (maximum is 255 characters)"));
                        json_decref(body);
                        return;
                }
        }
        json_object_foreach(body, name, value)
        {
                if (!text_equal(name, "interviewers"))
                        json_set(row, name, json_deep_copy(value));
        }
        gh_set_now(row, "updated_at");
        answer = json_deep_copy(row);
        json_set(answer, "interviewers", json_array());
        reply_json(re, 200, answer);
        json_decref(body);
}
