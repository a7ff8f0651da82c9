/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's pages: what a recruiter would click. */
#include <inttypes.h>
#include <string.h>

#include "ashby.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define BODY_MAX (1 << 16)

static json_t *page(const char *title)
{
        json_t *data = json_object();

        json_set_text(data, "title", title);
        json_set_text(data, "prefix", AB_PREFIX);
        json_set_text(data, "note",
                      "A stand-in for Ashby, for trying and for testing. Nobody real is here.");
        return data;
}

static void front(struct request *rq, struct reply *re)
{
        json_t *data = page("Candidates"), *list = json_array();
        const json_t *rows;

        pthread_mutex_lock(&ab.lock);
        rows = ab_table("applications");
        for (size_t i = 0; i < json_array_size(rows); i++) {
                json_t *row = ab_application(json_array_get(rows, i)), *one = json_object();

                json_set_text(one, "id", json_get_text(row, "id", ""));
                json_set_text(one, "name", json_get_text(row, "candidate.name", ""));
                json_set_text(one, "email",
                              json_get_text(row, "candidate.primaryEmailAddress.value", NULL));
                json_set_text(one, "stage", json_get_text(row, "currentInterviewStage.title", ""));
                json_set_text(one, "status", json_get_text(row, "status", ""));
                json_add(list, one);
                json_decref(row);
        }
        json_set(data, "candidates", list);
        pthread_mutex_unlock(&ab.lock);
        reply_page(rq, re, 200, "sandbox-ashby", data);
}

/* --- one candidate
 * -------------------------------------------------------------------------------- */

static json_t *stage_choices(const json_t *application)
{
        const json_t *rows = ab_table("stages"),
                     *now = ab_find("stages", json_get_text(application, "stage", ""));
        json_t *list = json_array();

        for (int order = 0; order < 10; order++)
                for (size_t i = 0; i < json_array_size(rows); i++) {
                        const json_t *row = json_array_get(rows, i);
                        json_t *one;

                        if (json_get_int(row, "orderInInterviewPlan", -1) != order ||
                            !text_equal(json_get_text(row, "interviewPlanId", NULL),
                                        json_get_text(now, "interviewPlanId", NULL)) ||
                            text_equal(json_get_text(row, "type", NULL), "Archived"))
                                continue;
                        one = json_object();
                        json_set_text(one, "id", json_get_text(row, "id", ""));
                        json_set_text(one, "name", json_get_text(row, "title", ""));
                        json_set_bool(one, "here", row == now);
                        json_add(list, one);
                }
        return list;
}

static void add_lines(json_t *list, const char *text, size_t len)
{
        while (len > 0) {
                const char *end = memchr(text, '\n', len);
                size_t line = end == NULL ? len : (size_t)(end - text);
                json_t *piece = json_object();

                json_set(piece, "text", json_new_text(text, line));
                json_set_bool(piece, "end", end != NULL);
                json_add(list, piece);
                line += end != NULL;
                text += line;
                len -= line;
        }
}

/* A note's text as pieces: our report and interview links can be clicked, all else is text. */
static json_t *pieces_of(const char *body)
{
        json_t *list = json_array(), *piece;

        while (*body != '\0') {
                const char *hit = strstr(body, "http");
                size_t len = hit == NULL ? strlen(body) : (size_t)(hit - body), end;

                add_lines(list, body, len);
                if (hit == NULL)
                        break;
                end = strcspn(hit, " \t\r\n<>\"'()");
                piece = json_object();
                json_set(piece, "text", json_new_text(hit, end));
                if ((text_starts(hit, "http://") || text_starts(hit, "https://")) &&
                    (memmem(hit, end, "/report/", 8) != NULL ||
                     memmem(hit, end, "/interview-link/", 16) != NULL))
                        json_set(piece, "href", json_new_text(hit, end));
                json_add(list, piece);
                body = hit + end;
        }
        return list;
}

static json_t *notes_of(const char *candidate)
{
        const json_t *rows = ab_table("notes");
        json_t *list = json_array();

        for (size_t i = json_array_size(rows); i > 0; i--) { /* newest first */
                const json_t *row = json_array_get(rows, i - 1);
                json_t *one;

                if (!text_equal(json_get_text(row, "candidateId", NULL), candidate))
                        continue;
                one = json_object();
                json_set_text(one, "at", json_get_text(row, "createdAt", ""));
                json_set_text(one, "author", json_get_text(row, "author.firstName", "the API"));
                json_set(one, "pieces", pieces_of(json_get_text(row, "content", "")));
                json_add(list, one);
        }
        return list;
}

static json_t *schedules_of(const char *application)
{
        const json_t *rows = ab_table("schedules");
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                json_t *row = ab_schedule(json_array_get(rows, i)), *one;

                if (text_equal(json_get_text(row, "applicationId", NULL), application)) {
                        one = json_object();
                        json_set_text(one, "id", json_get_text(row, "id", ""));
                        json_set_text(one, "status", json_get_text(row, "status", ""));
                        json_set_text(one, "at",
                                      json_get_text(row, "interviewEvents.0.startTime", ""));
                        json_set_bool(one, "open",
                                      !text_equal(json_get_text(row, "status", ""), "Cancelled"));
                        json_add(list, one);
                }
                json_decref(row);
        }
        return list;
}

static json_t *assessments_of(const char *application)
{
        const json_t *rows = ab_table("assessments");
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i), *updates = json_at(row, "updates"),
                             *last = json_array_get(updates, json_array_size(updates) - 1);
                json_t *one;

                if (!text_equal(json_get_text(row, "application", NULL), application))
                        continue;
                one = json_object();
                json_set_text(one, "id", json_get_text(row, "assessment_id", ""));
                json_set_text(one, "status", json_get_text(row, "status", ""));
                json_set_text(one, "href",
                              json_get_text(last, "assessment_profile_url.value", NULL));
                json_add(list, one);
        }
        return list;
}

static void set_names(json_t *data, const char *name, const json_t *list, const char *member)
{
        json_t *out = json_array();

        for (size_t i = 0; i < json_array_size(list); i++) {
                json_t *one = json_object();

                json_set_text(one, "name", json_get_text(json_array_get(list, i), member, ""));
                json_add(out, one);
        }
        json_set(data, name, out);
}

/* What the partner offers, asked each time: as the list in the vendor's own form. */
static json_t *types(void)
{
        json_t *nothing = json_object(), *got = ab_partner_call("assessment.list", nothing),
               *list = json_array();
        const json_t *results = json_at(got, "body.results");

        for (size_t i = 0; i < json_array_size(results); i++) {
                json_t *one = json_object();

                json_set_text(one, "id",
                              json_get_text(json_array_get(results, i), "assessment_type_id", ""));
                json_set_text(one, "name", json_get_text(json_array_get(results, i), "name", ""));
                json_add(list, one);
        }
        json_decref(nothing);
        json_decref(got);
        return list;
}

static void candidate(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        const json_t *row, *who;
        json_t *data = NULL, *a, *offered = types();

        pthread_mutex_lock(&ab.lock);
        row = ab_find("applications", id);
        if (row != NULL) {
                who = ab_find("candidates", json_get_text(row, "candidate", ""));
                a = ab_application(row);
                data = page("Candidate");
                json_set_text(data, "id", id);
                json_set_text(data, "name", json_get_text(who, "name", ""));
                json_set_text(data, "email", json_get_text(who, "primaryEmailAddress.value", NULL));
                json_set_text(data, "stage", json_get_text(a, "currentInterviewStage.title", ""));
                json_set_text(data, "status", json_get_text(a, "status", ""));
                json_set(data, "stages", stage_choices(row));
                json_set(data, "notes", notes_of(json_get_text(row, "candidate", "")));
                json_set(data, "schedules", schedules_of(id));
                json_set(data, "assessments", assessments_of(id));
                json_set(data, "types", json_incref(offered));
                json_set_bool(data, "offers", json_array_size(offered) > 0);
                set_names(data, "tags", json_at(who, "tags"), "title");
                set_names(data, "files", json_at(who, "fileHandles"), "name");
                json_decref(a);
        }
        pthread_mutex_unlock(&ab.lock);
        json_decref(offered);
        if (data == NULL)
                reply_problem(rq, re, 404, "There is no such candidate.");
        else
                reply_page(rq, re, 200, "sandbox-ashby-candidate", data);
}

static void back(struct reply *re, const char *id)
{
        char *location = mem_format(AB_PREFIX "/applications/%s", text_or(id, ""));

        reply_see_other(re, location);
        mem_free(location);
}

static void add(struct request *rq, struct reply *re)
{
        const char *name = text_or(request_form(rq, "name"), "");
        char *id;

        if (text_empty(name)) {
                reply_problem(rq, re, 422, "A candidate needs a name.");
                return;
        }
        pthread_mutex_lock(&ab.lock);
        id = json_get_id(ab_add_candidate(name, request_form(rq, "email"), NULL), "id");
        pthread_mutex_unlock(&ab.lock);
        back(re, id);
        mem_free(id);
}

static void move(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        json_t *row;
        const json_t *stage;

        pthread_mutex_lock(&ab.lock);
        row = ab_find("applications", id);
        stage = ab_find("stages", request_form(rq, "stage"));
        if (row != NULL && stage != NULL &&
            !text_equal(json_get_text(row, "stage", ""), json_get_text(stage, "id", "")))
                ab_move(row, stage);
        pthread_mutex_unlock(&ab.lock);
        if (row == NULL || stage == NULL)
                reply_problem(rq, re, 404, "There is no such candidate or stage.");
        else
                back(re, id);
}

static void schedule(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        json_t *row;

        pthread_mutex_lock(&ab.lock);
        row = ab_find("applications", id);
        if (row != NULL)
                ab_add_schedule(row, request_form(rq, "interview"),
                                when_now_ms() / WHEN_HOUR * WHEN_HOUR + WHEN_DAY, false);
        pthread_mutex_unlock(&ab.lock);
        back(re, id);
}

static void cancel_schedule(struct request *rq, struct reply *re)
{
        char *application = NULL;
        json_t *row;

        pthread_mutex_lock(&ab.lock);
        row = ab_find("schedules", request_segment(rq, "id"));
        if (row != NULL) {
                json_set_text(row, "status", "Cancelled");
                ab_tell_schedule(row, false);
                application = json_get_id(row, "applicationId");
        }
        pthread_mutex_unlock(&ab.lock);
        back(re, application);
        mem_free(application);
}

static void start(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        json_t *got = ab_partner_start(id, text_or(request_form(rq, "type"), ""), NULL);
        const char *said = json_get_text(got, "body.message", NULL);

        if (got != NULL && json_get_int(got, "status", 0) == 200)
                back(re, id);
        else
                reply_problem(rq, re, 422, text_or(said, "The partner did not start it."));
        json_decref(got);
}

static void cancel_assessment(struct request *rq, struct reply *re)
{
        json_t *body = json_object();

        json_set_text(body, "assessment_id", request_segment(rq, "id"));
        json_decref(ab_partner_call("assessment.cancel", body));
        json_decref(body);
        reply_see_other(re, AB_PREFIX "/");
}

/* --- webhooks
 * -------------------------------------------------------------------------------------- */

static void add_log(json_t *list, const char *type, const json_t *log)
{
        for (size_t i = 0; i < json_array_size(log) && i < 20; i++) {
                const json_t *row = json_array_get(log, i);
                json_t *one = json_object();
                struct buf at = BUF_NONE;
                char *status = mem_format("%" PRId64, json_get_int(row, "status", 0));

                when_iso(&at, json_get_int(row, "at_ms", 0));
                json_set_text(one, "at", at.data);
                json_set_text(one, "type", type);
                json_set_text(one, "event", json_get_text(row, "event", ""));
                json_set_text(one, "status", text_equal(status, "0") ? "no answer" : status);
                json_set_bool(one, "ok", json_get_bool(row, "ok", false));
                json_set_text(one, "cause", json_get_text(row, "cause", ""));
                json_add(list, one);
                buf_dispose(&at);
                mem_free(status);
        }
}

static void webhooks(struct request *rq, struct reply *re)
{
        json_t *data = page("Webhooks"), *rows = ab_hooks_report(), *log = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++)
                add_log(log, json_get_text(json_array_get(rows, i), "webhookType", ""),
                        json_at(json_array_get(rows, i), "report.log"));
        json_set(data, "rows", rows);
        json_set(data, "log", log);
        reply_page(rq, re, 200, "sandbox-ashby-webhooks", data);
}

static void save(struct request *rq, struct reply *re)
{
        json_decref(ab_hook_save(request_form(rq, "type"), text_or(request_form(rq, "url"), ""),
                                 request_form(rq, "secret")));
        reply_see_other(re, AB_PREFIX "/webhooks");
}

static void update(struct request *rq, struct reply *re)
{
        json_t *change = json_object();

        json_set_bool(change, "enabled", true);
        json_decref(ab_hook_change(request_segment(rq, "id"), change));
        json_decref(change);
        reply_see_other(re, AB_PREFIX "/webhooks");
}

const struct route ab_page_routes[] = {
        { "GET", "", front, 0, false, NULL },
        { "POST", "candidates", add, BODY_MAX, false, NULL },
        { "GET", "applications/{id}", candidate, 0, false, NULL },
        { "POST", "applications/{id}/move", move, BODY_MAX, false, NULL },
        { "POST", "applications/{id}/schedule", schedule, BODY_MAX, false, NULL },
        { "POST", "applications/{id}/start", start, BODY_MAX, false, NULL },
        { "POST", "schedules/{id}/cancel", cancel_schedule, BODY_MAX, false, NULL },
        { "POST", "assessments/{id}/cancel", cancel_assessment, BODY_MAX, false, NULL },
        { "GET", "webhooks", webhooks, 0, false, NULL },
        { "POST", "webhooks", save, BODY_MAX, false, NULL },
        { "POST", "webhooks/{id}/update", update, BODY_MAX, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
