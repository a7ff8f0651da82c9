/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's pages: what a recruiter would click. */
#include <inttypes.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "greenhouse.h"

#define BODY_MAX (1 << 16)

/* --- what templates are given --------------------------------------------------------------- */

static void set_id(json_t *to, const char *name, const json_t *row, const char *member)
{
        char *id = json_get_id(row, member);

        json_set_text(to, name, text_or(id, ""));
        mem_free(id);
}

static void set_name(json_t *to, const json_t *candidate)
{
        char *name = mem_format("%s %s", json_get_text(candidate, "first_name", ""),
                                json_get_text(candidate, "last_name", ""));

        json_set_text(to, "name", text_or(text_trim(name), "(no name)"));
        mem_free(name);
}

static const char *email_of(const json_t *candidate)
{
        return json_get_text(candidate, "email_addresses.0.value", NULL);
}

/* Every active stage, the one that the application is in marked. */
static json_t *stage_choices(const json_t *application)
{
        const json_t *rows = gh_table("job_interview_stages");
        int64_t at = json_get_int(application, "job_interview_stage_id", 0);
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                json_t *one = json_object();

                set_id(one, "id", row, "id");
                json_set_text(one, "name", json_get_text(row, "name", ""));
                json_set_bool(one, "here", json_get_int(row, "id", 0) == at);
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

/* A note's text as pieces, so that our report links can be clicked: only http(s) addresses
 * with a path that names a report become links, everything else stays text. */
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
                    memmem(hit, end, "/report/", 8) != NULL)
                        json_set(piece, "href", json_new_text(hit, end));
                json_add(list, piece);
                body = hit + end;
        }
        return list;
}

static json_t *notes_of(int64_t candidate)
{
        const json_t *rows = gh_table("notes");
        json_t *list = json_array();

        for (size_t i = json_array_size(rows); i > 0; i--) { /* newest first */
                const json_t *row = json_array_get(rows, i - 1);
                json_t *one;

                if (json_get_int(row, "candidate_id", 0) != candidate)
                        continue;
                one = json_object();
                json_set_text(one, "at", json_get_text(row, "created_at", ""));
                json_set_text(one, "visibility", json_get_text(row, "visibility", ""));
                json_set_text(one, "author",
                              json_get_text(gh_find("users", json_get_int(row, "user_id", 0)),
                                            "name", "the system"));
                json_set(one, "pieces", pieces_of(json_get_text(row, "body", "")));
                json_add(list, one);
        }
        return list;
}

static json_t *history_of(int64_t application)
{
        const json_t *rows = gh_table("application_stages");
        json_t *list = json_array();

        for (size_t i = json_array_size(rows); i > 0; i--) {
                const json_t *row = json_array_get(rows, i - 1);
                json_t *one;

                if (json_get_int(row, "application_id", 0) != application)
                        continue;
                one = json_object();
                json_set_text(one, "at", json_get_text(row, "entered_at", ""));
                json_set_text(one, "stage",
                              json_get_text(gh_find("job_interview_stages",
                                                    json_get_int(row, "job_interview_stage_id", 0)),
                                            "name", "?"));
                json_add(list, one);
        }
        return list;
}

static json_t *interviews_of(int64_t application)
{
        const json_t *rows = gh_table("interviews");
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                const char *location = json_get_text(row, "location", "");
                json_t *one;

                if (json_get_int(row, "application_id", 0) != application)
                        continue;
                one = json_object();
                set_id(one, "id", row, "id");
                json_set_text(one, "status", json_get_text(row, "status", ""));
                json_set_text(one, "starts_at", json_get_text(row, "starts_at", ""));
                json_set_text(one, "location", location);
                json_set_text(one, "video", json_get_text(row, "video_conferencing_url", ""));
                if (text_starts(location, "http://") || text_starts(location, "https://"))
                        json_set_text(one, "href", location);
                json_add(list, one);
        }
        return list;
}

/* --- pages ----------------------------------------------------------------------------------- */

static json_t *page(const char *title)
{
        json_t *data = json_object();

        json_set_text(data, "title", title);
        json_set_text(data, "prefix", GH_PREFIX);
        json_set_text(
            data, "note",
            "A stand-in for Greenhouse, for trying and for testing. Nobody real is here.");
        return data;
}

static void front(struct request *rq, struct reply *re)
{
        json_t *data = page("Candidates"), *list = json_array();
        const json_t *rows;

        pthread_mutex_lock(&gh.lock);
        rows = gh_table("applications");
        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                const json_t *candidate =
                    gh_find("candidates", json_get_int(row, "candidate_id", 0));
                json_t *one = json_object();

                if (candidate == NULL)
                        candidate = row;
                set_id(one, "id", row, "candidate_id");
                set_name(one, candidate);
                json_set_text(one, "email", email_of(candidate));
                json_set_text(one, "stage", json_get_text(row, "stage_name", ""));
                json_set_text(one, "status", json_get_text(row, "status", ""));
                json_add(list, one);
        }
        json_set_text(data, "job", json_get_text(gh_find("jobs", GH_JOB), "name", ""));
        json_set_bool(data, "hook", gh.hook_active);
        json_set(data, "candidates", list);
        pthread_mutex_unlock(&gh.lock);
        reply_page(rq, re, 200, "sandbox-greenhouse", data);
}

static int64_t segment_id(struct request *rq)
{
        int64_t id = 0;

        text_int(text_or(request_segment(rq, "id"), ""), 1, INT64_MAX, &id);
        return id;
}

static void candidate(struct request *rq, struct reply *re)
{
        const json_t *row, *application;
        int64_t id = segment_id(rq), application_id;
        json_t *data = NULL, *choices = gh_partner_choices();

        pthread_mutex_lock(&gh.lock);
        row = gh_find("candidates", id);
        application = gh_find_by("applications", "candidate_id", id);
        if (row != NULL && application != NULL) {
                data = page("Candidate");
                application_id = json_get_int(application, "id", 0);
                set_name(data, row);
                set_id(data, "id", row, "id");
                set_id(data, "application_id", application, "id");
                json_set_text(data, "email", email_of(row));
                json_set_text(data, "job", json_get_text(gh_find("jobs", GH_JOB), "name", ""));
                json_set_text(data, "stage", json_get_text(application, "stage_name", ""));
                json_set_text(data, "status", json_get_text(application, "status", ""));
                json_set(data, "stages", stage_choices(application));
                json_set(data, "notes", notes_of(id));
                json_set(data, "history", history_of(application_id));
                json_set(data, "interviews", interviews_of(application_id));
                json_set(data, "sent", gh_partner_tests(application_id));
                json_set(data, "partners", json_incref(choices));
        }
        pthread_mutex_unlock(&gh.lock);
        json_decref(choices);
        if (data == NULL)
                reply_problem(rq, re, 404, "There is no such candidate.");
        else
                reply_page(rq, re, 200, "sandbox-greenhouse-candidate", data);
}

static void to_candidate(struct reply *re, int64_t id)
{
        char *location = mem_format(GH_PREFIX "/candidates/%" PRId64, id);

        reply_see_other(re, location);
        mem_free(location);
}

static void move(struct request *rq, struct reply *re)
{
        int64_t id = segment_id(rq), stage_id = 0;
        json_t *application, *stage;

        text_int(text_or(request_form(rq, "stage"), ""), 1, INT64_MAX, &stage_id);
        pthread_mutex_lock(&gh.lock);
        application = gh_find_by("applications", "candidate_id", id);
        stage = gh_find("job_interview_stages", stage_id);
        if (application != NULL && stage != NULL &&
            json_get_int(application, "job_interview_stage_id", 0) != stage_id)
                gh_move(application, stage, GH_RECRUITER);
        pthread_mutex_unlock(&gh.lock);
        if (application == NULL || stage == NULL)
                reply_problem(rq, re, 404, "There is no such candidate or stage.");
        else
                to_candidate(re, id);
}

static void add(struct request *rq, struct reply *re)
{
        const char *first = text_or(request_form(rq, "first_name"), "");
        const char *last = text_or(request_form(rq, "last_name"), "");
        int64_t id;

        if (text_empty(first) && text_empty(last)) {
                reply_problem(rq, re, 422, "A candidate needs a name.");
                return;
        }
        pthread_mutex_lock(&gh.lock);
        id = json_get_int(gh_add_candidate(first, last, request_form(rq, "email")), "candidate_id",
                          0);
        pthread_mutex_unlock(&gh.lock);
        to_candidate(re, id);
}

static void interview(struct request *rq, struct reply *re)
{
        const char *location = text_or(request_form(rq, "location"), "");
        int64_t candidate_id = 0;
        json_t *row;

        pthread_mutex_lock(&gh.lock);
        row = gh_find("interviews", segment_id(rq));
        if (row != NULL && strlen(location) <= 255) {
                json_set_text(row, "location", text_empty(location) ? NULL : location);
                gh_set_now(row, "updated_at");
                candidate_id =
                    json_get_int(gh_find("applications", json_get_int(row, "application_id", 0)),
                                 "candidate_id", 0);
        }
        pthread_mutex_unlock(&gh.lock);
        if (candidate_id == 0)
                reply_problem(rq, re, 404,
                              "There is no such interview, or the location is too "
                              "long.");
        else
                to_candidate(re, candidate_id);
}

/* --- the webhook ------------------------------------------------------------------------------ */

static void add_log(json_t *data, const json_t *log)
{
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(log) && i < 50; i++) {
                const json_t *row = json_array_get(log, i);
                json_t *one = json_object();
                struct buf at = BUF_NONE, next = BUF_NONE;
                char *attempt = mem_format("%" PRId64, json_get_int(row, "attempt", 0));
                char *status = mem_format("%" PRId64, json_get_int(row, "status", 0));

                when_iso(&at, json_get_int(row, "at_ms", 0));
                if (json_get_int(row, "next_ms", 0) > 0)
                        when_iso(&next, json_get_int(row, "next_ms", 0));
                json_set_text(one, "at", at.data);
                json_set_text(one, "event", json_get_text(row, "event", ""));
                json_set_text(one, "attempt", attempt);
                json_set_text(one, "status", text_equal(status, "0") ? "no answer" : status);
                json_set_bool(one, "ok", json_get_bool(row, "ok", false));
                json_set_text(one, "cause", json_get_text(row, "cause", ""));
                if (next.len > 0)
                        json_set_text(one, "next", next.data);
                json_add(list, one);
                buf_dispose(&at);
                buf_dispose(&next);
                mem_free(attempt);
                mem_free(status);
        }
        json_set(data, "log", list);
}

static void webhooks(struct request *rq, struct reply *re)
{
        json_t *data = page("Webhook"), *report = deliver_report(gh.hook);
        char *ping;

        pthread_mutex_lock(&gh.lock);
        ping = mem_format("%d", gh.hook_ping);
        json_set_text(data, "url", text_or(gh.hook_url, ""));
        json_set_text(data, "user", text_or(gh.hook_user, ""));
        json_set_bool(data, "saved", !text_empty(gh.hook_url));
        json_set_bool(data, "active", gh.hook_active);
        json_set_text(data, "ping", gh.hook_ping == 0 ? "no answer" : ping);
        pthread_mutex_unlock(&gh.lock);
        mem_free(ping);
        json_set_bool(data, "waiting", json_get_int(report, "queued", 0) > 0);
        ping = mem_format("%" PRId64, json_get_int(report, "queued", 0));
        json_set_text(data, "queued", ping);
        mem_free(ping);
        add_log(data, json_at(report, "log"));
        json_decref(report);
        reply_page(rq, re, 200, "sandbox-greenhouse-webhooks", data);
}

static void save(struct request *rq, struct reply *re)
{
        gh_hook_save(request_form(rq, "url"), request_form(rq, "secret"), request_form(rq, "user"),
                     request_form(rq, "password"));
        reply_see_other(re, GH_PREFIX "/webhooks");
}

static void flush(struct request *rq, struct reply *re)
{
        (void)rq;
        deliver_flush(gh.hook);
        reply_see_other(re, GH_PREFIX "/webhooks");
}

const struct route gh_page_routes[] = {
        { "GET", "", front, 0, false, NULL },
        { "POST", "candidates", add, BODY_MAX, false, NULL },
        { "GET", "candidates/{id}", candidate, 0, false, NULL },
        { "POST", "candidates/{id}/move", move, BODY_MAX, false, NULL },
        { "POST", "interviews/{id}", interview, BODY_MAX, false, NULL },
        { "GET", "webhooks", webhooks, 0, false, NULL },
        { "POST", "webhooks", save, BODY_MAX, false, NULL },
        { "POST", "webhooks/flush", flush, BODY_MAX, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
