/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the root fields of the stand-in give, to whom, and how often. */
#include <string.h>

#include "codesignal.h"
#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define PAGE_MOST 20 /* "API limit is 20" (wire/codesignal.md 1.3) */

/* A rate window per root field: the last second's requests. */
static struct {
        char name[64];
        int64_t second, count;
} windows[64];

void cs_error(json_t *errors, const char *message, const char *path)
{
        json_t *error = json_object(), *list = json_array();

        json_set_text(error, "message", message);
        if (path != NULL) {
                json_add(list, json_string(path));
                json_set(error, "path", list);
        } else {
                json_decref(list);
        }
        json_add(errors, error);
}

static bool too_often(const char *field)
{
        int64_t second = when_steady_ms() / 1000;

        for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]) && cs.rate_now > 0; i++) {
                if (windows[i].name[0] == '\0')
                        strncpy(windows[i].name, field, sizeof(windows[i].name) - 1);
                if (strcmp(windows[i].name, field) != 0)
                        continue;
                if (windows[i].second != second) {
                        windows[i].second = second;
                        windows[i].count = 0;
                }
                return ++windows[i].count > cs.rate_now;
        }
        return false;
}

/* The permission each root field needs (wire 1.2). */
static const char *permission_of(const char *field)
{
        bool interview = strstr(field, "nterview") != NULL;
        bool writes = text_starts(field, "create") || text_starts(field, "edit") ||
                      text_starts(field, "delete") || text_starts(field, "archive") ||
                      text_starts(field, "unarchive") || text_starts(field, "resend") ||
                      text_starts(field, "reactivate");

        if (interview)
                return writes ? "liveInterview.company.write" : "liveInterview.company.read";
        if (writes || text_starts(field, "companyTestSession"))
                return "companyTestSession.company.write";
        return text_equal(field, "company") ? "" : "companyTest.company.read";
}

static json_t *own(json_t *row)
{
        return row == NULL ? NULL : json_incref(row);
}

static json_t *page_of(const json_t *table, const json_t *arguments,
                       bool (*wanted)(const json_t *row, const json_t *arguments), int64_t *total)
{
        json_t *page = json_array();
        int64_t first = json_get_int(arguments, "first", PAGE_MOST),
                skip = json_get_int(arguments, "offset", 0);

        *total = 0;
        for (size_t i = json_array_size(table); i > 0; i--) {
                json_t *row = json_array_get(table, i - 1);

                if (!wanted(row, arguments))
                        continue;
                ++*total;
                if (skip-- > 0 || (int64_t)json_array_size(page) >= first)
                        continue;
                json_add(page, json_incref(row));
        }
        return page;
}

static bool any_row(const json_t *row, const json_t *arguments)
{
        (void)row;
        (void)arguments;
        return true;
}

static bool test_matches(const json_t *row, const json_t *arguments)
{
        const char *search = json_get_text(arguments, "titleSearchText", "");

        return strcasestr(json_get_text(row, "title", ""), search) != NULL;
}

static bool session_matches(const json_t *row, const json_t *arguments)
{
        const json_t *ids = json_at(arguments, "ids");
        bool found = ids == NULL;

        for (size_t i = 0; i < json_array_size(ids) && !found; i++)
                found = text_equal(json_text_of(json_array_get(ids, i), ""),
                                   json_get_text(row, "id", ""));
        return found && text_equal(json_get_text(row, "test.id", ""),
                                   json_get_text(arguments, "companyTestId", ""));
}

static bool interview_matches(const json_t *row, const json_t *arguments)
{
        const char *email = json_get_text(arguments, "candidateEmail", NULL);

        return email == NULL || text_equal_fold(json_get_text(row, "candidateEmail", ""), email);
}

static json_t *paged(const char *name, json_t *page, int64_t total, const json_t *arguments)
{
        json_t *out = json_object(), *info = json_object();

        json_set_bool(info, "hasNextPage",
                      json_get_int(arguments, "offset", 0) + (int64_t)json_array_size(page) <
                          total);
        json_set_int(out, "totalCount", total);
        json_set(out, name, page);
        json_set(out, "pageInfo", info);
        return out;
}

static json_t *give_query(struct cs_run *r, const char *field, const json_t *arguments)
{
        int64_t total;
        json_t *page;

        if (text_starts(field, "companyTestSessions") &&
            json_get_int(arguments, "first", PAGE_MOST) > PAGE_MOST) {
                cs_error(r->errors, "Argument \"first\" must be at most 20.", field);
                return NULL;
        }
        if (text_equal(field, "companyTest"))
                return own(cs_find(cs.tests, json_get_text(arguments, "id", "")));
        if (text_equal(field, "companyTestSession"))
                return own(cs_find(cs.sessions, json_get_text(arguments, "id", "")));
        if (text_equal(field, "liveInterview"))
                return own(cs_find(cs.interviews, json_get_text(arguments, "liveInterviewId", "")));
        if (text_equal(field, "companyTests")) {
                page = page_of(cs.tests, arguments, test_matches, &total);
                return paged("tests", page, total, arguments);
        }
        if (text_equal(field, "interviewTemplates")) {
                page = page_of(cs.templates, arguments, any_row, &total);
                return paged("interviewTemplates", page, total, arguments);
        }
        if (text_equal(field, "companyTestSessions"))
                return page_of(cs.sessions, arguments, session_matches, &total);
        if (text_equal(field, "liveInterviews"))
                return page_of(cs.interviews, arguments, interview_matches, &total);
        page = json_object(); /* company */
        json_set_text(page, "id", "cAcme000000000001");
        json_set_text(page, "alias", "acme");
        json_set_text(page, "name", "Acme Ltd");
        json_set_text(page, "status", "active");
        return page;
}

static json_t *create_session(struct cs_run *r, const char *field, const json_t *f)
{
        const char *test = json_get_text(f, "testId", "");
        const char *email = json_get_text(f, "candidateEmail", NULL);

        if (cs_find(cs.tests, test) == NULL) {
                cs_error(r->errors, "Test not found", field);
                return NULL;
        }
        if (email != NULL && (strchr(email, '@') == NULL || strchr(email, ' ') != NULL)) {
                cs_error(r->errors, "Please provide a valid email", field);
                return NULL;
        }
        return own(cs_create_session(
            r->base, test, email, json_get_text(f, "candidateFirstName", NULL),
            json_get_text(f, "candidateLastName", NULL), json_get_text(f, "externalId", NULL),
            json_get_bool(f, "preferExisting", false)));
}

static json_t *change_session(struct cs_run *r, const char *field, const json_t *arguments)
{
        json_t *session = cs_find(cs.sessions, json_get_text(arguments, "id", ""));
        const char *step = text_starts(field, "archive")     ? "archive"
                           : text_starts(field, "unarchive") ? "unarchive"
                           : text_starts(field, "delete")    ? "delete"
                                                             : NULL;
        int64_t expires = json_get_int(arguments, "expirationDate", 0);

        if (session == NULL) {
                cs_error(r->errors, "Session not found", field);
                return NULL;
        }
        if (text_starts(field, "reactivate"))
                session = cs_reactivate(r->base, session);
        else if (step != NULL && !cs_step(session, step, NULL, NULL))
                session = NULL;
        else if (text_starts(field, "edit") && expires < json_get_int(session, "expirationDate", 0))
                session = NULL; /* extends only, never shortens */
        else if (text_starts(field, "edit"))
                json_set_int(session, "expirationDate", expires);
        if (session == NULL) {
                cs_error(r->errors, "This is not possible for a session in this state", field);
                return NULL;
        }
        if (text_equal(step, "delete"))
                return json_incref(json_object_get(session, "id"));
        return json_incref(session);
}

static json_t *change_interview(struct cs_run *r, const char *field, const json_t *arguments)
{
        const json_t *f = json_at(arguments, "interviewFields");
        json_t *interview, *value;
        const char *name;
        int64_t life = json_get_int(f, "expirationTime", WHEN_HOUR);

        if (life < WHEN_HOUR || life > 336 * WHEN_HOUR) {
                cs_error(r->errors, "expirationTime must be between 1 and 336 hours", field);
                return NULL;
        }
        if (json_at(f, "templateId") != NULL &&
            cs_find(cs.templates, json_get_text(f, "templateId", "")) == NULL) {
                cs_error(r->errors, "Interview template not found", field);
                return NULL;
        }
        if (text_starts(field, "create"))
                return own(cs_create_interview(r->base, f));
        interview = cs_find(cs.interviews, json_get_text(arguments, "id", ""));
        if (interview == NULL || text_equal(json_get_text(interview, "status", ""), "deleted")) {
                cs_error(r->errors, "Interview not found", field);
                return NULL;
        }
        if (text_starts(field, "delete")) {
                json_set_text(interview, "status", "deleted");
                return json_incref(json_object_get(interview, "id"));
        }
        json_object_foreach((json_t *)(uintptr_t)f, name, value)
        {
                if (cs_field_type("LiveInterview", name) != NULL)
                        json_set(interview, name, json_incref(value));
        }
        return json_incref(interview);
}

json_t *cs_give(struct cs_run *r, const char *field, const json_t *arguments)
{
        const char *permission = permission_of(field);

        control_count(field);
        if (too_often(field)) {
                char *text = mem_format("You are trying to access '%s' too often", field);

                cs_error(r->errors, text, field);
                mem_free(text);
                return NULL;
        }
        if (json_is_true(json_object_get(cs.denied, permission))) {
                cs_error(r->errors, "Access Denied", field);
                return NULL;
        }
        if (text_equal(r->op->word, "query"))
                return give_query(r, field, arguments);
        if (text_equal(field, "createCompanyTestSession"))
                return create_session(r, field, json_at(arguments, "sessionFields"));
        if (strstr(field, "nterview") != NULL)
                return change_interview(r, field, arguments);
        return change_session(r, field, arguments);
}
