/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stand-in's lists: filters as described, cursors that go alone, the Link header that is
 * there and empty on the last page, newest id first (wire/greenhouse.md 3.2, 3.3).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "greenhouse.h"

#define LIST_MOST 50

/* kind: i ids, comma list; b boolean; t exact text; e one of choices; d time range;
 * f fields; m e-mail address; p private candidates; s service accounts; g tag */
struct filter {
        const char *name;
        char kind;
        const char *member, *choices;
};

#define COMMON                                                                                     \
        { "ids", 'i', "id", NULL }, { "created_at", 'd', "created_at", NULL },                     \
            { "updated_at", 'd', "updated_at", NULL },                                             \
        {                                                                                          \
                "fields", 'f', NULL, NULL                                                          \
        }
#define NOTE_TYPES                                                                                 \
        "|NOTE|ACTIVITY|INTERVIEW|EMAIL|FOLLOW_UP|TAKE_HOME_TEST|LINKEDIN_NOTE|LINKEDIN_INMAIL|"   \
        "AVAILABILITY_REQUEST|MIGRATION_ERROR|TOUCHPOINT|FORM|FEEDBACK|"
#define INTERVIEW_STATES                                                                           \
        "|to_be_scheduled|scheduled|awaiting_feedback|complete|skipped|collect_feedback|"          \
        "to_be_sent|sent|received|"

static const struct filter applications[] = {
        COMMON,
        { "candidate_ids", 'i', "candidate_id", NULL },
        { "job_ids", 'i', "job_id", NULL },
        { "stage_ids", 'i', "stage_id", NULL },
        { "status", 'e', "status", "|rejected|hired|converted|active|" },
        { "stage_name", 't', "stage_name", NULL },
        { "last_activity_at", 'd', "last_activity_at", NULL },
        { "prospect", 'b', "prospect", NULL },
        { NULL, 0, NULL, NULL },
};
static const struct filter application_stages[] = {
        COMMON,
        { "application_ids", 'i', "application_id", NULL },
        { "job_interview_stage_ids", 'i', "job_interview_stage_id", NULL },
        { "current", 'b', "current", NULL },
        { NULL, 0, NULL, NULL },
};
static const struct filter candidates[] = {
        COMMON,
        { "email", 'm', "email_addresses", NULL },
        { "private", 'p', "private", NULL },
        { "tag", 'g', "tags", NULL },
        { "last_activity_at", 'd', "last_activity_at", NULL },
        { NULL, 0, NULL, NULL },
};
static const struct filter notes[] = {
        COMMON,
        { "candidate_ids", 'i', "candidate_id", NULL },
        { "user_ids", 'i', "user_id", NULL },
        { "application_ids", 'i', "application_id", NULL },
        { "type", 'e', "type", NOTE_TYPES },
        { "visibility", 'e', "visibility",
          "|admin_only_visible|privately_visible|publicly_visible|" },
        { NULL, 0, NULL, NULL },
};
static const struct filter jobs[] = {
        COMMON,
        { "status", 'e', "status", "|open|draft|closed|" },
        { "confidential", 'b', "confidential", NULL },
        { "requisition_id", 't', "requisition_id", NULL },
        { NULL, 0, NULL, NULL },
};
static const struct filter job_interview_stages[] = {
        COMMON,
        { "job_ids", 'i', "job_id", NULL },
        { "active", 'b', "active", NULL },
        { NULL, 0, NULL, NULL },
};
static const struct filter job_interviews[] = {
        COMMON,
        { "job_ids", 'i', "job_id", NULL },
        { "job_interview_stage_ids", 'i', "job_interview_stage_id", NULL },
        { "active", 'b', "active", NULL },
        { "scheduling_type", 'e', "scheduling_type",
          "|none|needs_scheduling|take_home_test|offer|" },
        { NULL, 0, NULL, NULL },
};
static const struct filter interviews[] = {
        COMMON,
        { "job_ids", 'i', "job_id", NULL },
        { "application_ids", 'i', "application_id", NULL },
        { "job_interview_ids", 'i', "job_interview_id", NULL },
        { "organizer_ids", 'i', "organizer_id", NULL },
        { "starts_at", 'd', "starts_at", NULL },
        { "ends_at", 'd', "ends_at", NULL },
        { "external_event_id", 't', "external_event_id", NULL },
        { "status", 'e', "status", INTERVIEW_STATES },
        { NULL, 0, NULL, NULL },
};
static const struct filter users[] = {
        COMMON,
        { "primary_email", 't', "primary_email", NULL },
        { "deactivated", 'b', "deactivated", NULL },
        { "show_service_accounts", 's', "primary_email", NULL },
        { NULL, 0, NULL, NULL },
};

static const struct {
        const char *name;
        const struct filter *filters;
} resources[] = {
        { "applications", applications },
        { "application_stages", application_stages },
        { "candidates", candidates },
        { "interviews", interviews },
        { "job_interview_stages", job_interview_stages },
        { "job_interviews", job_interviews },
        { "jobs", jobs },
        { "notes", notes },
        { "users", users },
};

static const struct filter *filters_of(const char *resource)
{
        for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
                if (text_equal(resources[i].name, resource))
                        return resources[i].filters;
        return NULL;
}

bool gh_listed(const char *resource)
{
        return filters_of(resource) != NULL;
}

/* --- what is asked: refused before it is looked up ------------------------------------------- */

static const struct filter *filter_of(const struct filter *filters, const char *name)
{
        for (; filters->name != NULL; filters++)
                if (text_equal(filters->name, name))
                        return filters;
        return NULL;
}

static char *check_list(const char *value, bool numbers)
{
        char *copy = mem_text(value), *rest = copy, *part, *wrong = NULL;
        int64_t id;
        int count = 0;

        while ((part = text_next(&rest, ',')) != NULL && wrong == NULL) {
                if (numbers && text_int(part, INT64_MIN, INT64_MAX, &id) != 0)
                        wrong = mem_format("`%s` is not a valid integer", part);
                else if (*part == '\0')
                        wrong = mem_text("is missing");
                else if (++count > LIST_MOST)
                        wrong = mem_format("size cannot be greater than %d", LIST_MOST);
        }
        mem_free(copy);
        return wrong;
}

/* "gte|2024-01-01T00:00:00Z|lte|..." (3.2) */
static char *check_times(const char *value)
{
        char *copy = mem_text(value), *rest = copy, *op, *time;
        char *wrong = NULL;
        int64_t ms;

        while ((op = text_next(&rest, '|')) != NULL && wrong == NULL) {
                time = text_next(&rest, '|');
                if ((!text_equal(op, "gte") && !text_equal(op, "lte") && !text_equal(op, "gt") &&
                     !text_equal(op, "lt")) ||
                    time == NULL || when_parse(time, &ms) != 0)
                        wrong = mem_text("is in invalid format");
        }
        mem_free(copy);
        return wrong;
}

static char *check_value(const struct filter *filter, const char *value)
{
        char *word;
        bool good;

        switch (filter->kind) {
        case 'i':
                return check_list(value, true);
        case 'f':
                return check_list(value, false);
        case 'd':
                return check_times(value);
        case 'b':
        case 'p':
        case 's':
                good = text_equal(value, "true") || text_equal(value, "false");
                return good ? NULL : mem_text("must be boolean");
        case 'e':
                word = mem_format("|%s|", value);
                good = strchr(value, '|') == NULL && strstr(filter->choices, word) != NULL;
                mem_free(word);
                return good ? NULL : mem_format("`%s` is not one of the allowed values", value);
        default:
                return NULL;
        }
}

static char *check_per_page(const char *value)
{
        int64_t count = 0;

        if (text_int(value, INT64_MIN, INT64_MAX, &count) != 0)
                return mem_format("`%s` is not a valid integer", value);
        if (count > 500)
                return mem_format("`%s` number is greater than: 500", value);
        return count < 1 ? mem_format("`%s` number is less than: 1", value) : NULL;
}

static bool unprocessable(struct reply *re, const char *name, char *wrong)
{
        if (wrong == NULL)
                return false;
        gh_error(re, 422, "Unprocessable Content", gh_field_error(name, wrong));
        mem_free(wrong);
        return true;
}

/* "updated_at[gte]=..." of the other spelling (3.2) becomes this one's, and this one is refused
 * then; false: it is no time. */
static bool take_time(json_t *query, const char *name, const char *value)
{
        size_t len = strcspn(name, "["), op = strcspn(name + len, "]");
        char *plain = mem_text_part(name, len), *range;
        bool time = gh.set.brackets && text_ends(plain, "_at");

        if (time) {
                range = op < 2 ? mem_text("no operator")
                               : mem_format("%.*s|%s", (int)op - 1, name + len + 1, value);
                json_set_text(query, plain, range);
                mem_free(range);
        }
        mem_free(plain);
        return time;
}

static void take(void *context, const char *name, const char *value)
{
        json_t *query = context;

        if (take_time(query, name, value))
                return;
        if (json_object_get(query, name) != NULL)
                json_set_text(query, "(twice)", name);
        json_set_text(query, name, value);
}

/* A cursor holds the first request's query and the last id given. */
static json_t *from_cursor(const char *text, const char *resource, int64_t *before)
{
        struct buf plain = BUF_NONE;
        json_t *cursor = NULL, *query = NULL;

        if (code_unbase64(&plain, text, strlen(text)) == 0)
                cursor = json_parse(plain.data, plain.len, true, NULL);
        if (text_equal(json_get_text(cursor, "resource", NULL), resource)) {
                query = json_incref(json_at(cursor, "query"));
                *before = json_get_int(cursor, "before", 0);
        }
        json_decref(cursor);
        buf_dispose(&plain);
        return query;
}

/* The query that counts, or NULL after having answered. */
static json_t *read_query(struct request *rq, struct reply *re, const char *resource,
                          int64_t *before)
{
        const struct filter *filters = filters_of(resource), *filter;
        json_t *query = json_object(), *value, *first;
        const char *name;

        *before = INT64_MAX;
        request_each_query(rq, take, query);
        if (json_object_get(query, "cursor") != NULL) {
                if (json_object_size(query) > 1)
                        gh_error(re, 422, "Unprocessable Content",
                                 json_string("When passing a cursor, do not include other query "
                                             "params."));
                first = json_object_size(query) > 1
                            ? NULL
                            : from_cursor(json_get_text(query, "cursor", ""), resource, before);
                if (first == NULL && json_object_size(query) == 1)
                        gh_error(re, 422, "Unprocessable Content",
                                 gh_field_error("cursor", "is invalid"));
                json_decref(query);
                return first;
        }
        json_object_foreach(query, name, value)
        {
                const char *text = json_text_of(value, "");
                char *wrong;

                filter = filter_of(filters, name);
                if (text_equal(name, "per_page"))
                        wrong = check_per_page(text);
                else
                        wrong =
                            filter == NULL ? mem_text("is not allowed") : check_value(filter, text);
                if (unprocessable(re, name, wrong)) {
                        json_decref(query);
                        return NULL;
                }
        }
        return query;
}

/* --- which rows match ------------------------------------------------------------------------- */

static bool in_list(const json_t *row, const char *member, const char *list)
{
        char *id = json_get_id(row, member), *padded = mem_format(",%s,", list);
        char *wanted = mem_format(",%s,", text_or(id, "none"));
        bool found = strstr(padded, wanted) != NULL;

        mem_free(id);
        mem_free(padded);
        mem_free(wanted);
        return found;
}

static bool in_time(const char *value, const char *range)
{
        char *copy = mem_text(range), *rest = copy, *op, *time;
        int64_t have, bound;
        bool good = when_parse(value, &have) == 0;

        while (good && (op = text_next(&rest, '|')) != NULL) {
                time = text_next(&rest, '|');
                when_parse(time, &bound);
                good = text_equal(op, "gte")   ? have >= bound
                       : text_equal(op, "lte") ? have <= bound
                       : text_equal(op, "gt")  ? have > bound
                                               : have < bound;
        }
        mem_free(copy);
        return good;
}

static bool has_email(const json_t *addresses, const char *email)
{
        for (size_t i = 0; i < json_array_size(addresses); i++)
                if (text_equal_fold(json_get_text(json_array_get(addresses, i), "value", ""),
                                    email))
                        return true;
        return false;
}

static bool has_text(const json_t *texts, const char *text)
{
        for (size_t i = 0; i < json_array_size(texts); i++)
                if (text_equal(json_string_value(json_array_get(texts, i)), text))
                        return true;
        return false;
}

static bool passes(const json_t *row, const struct filter *filter, const char *value)
{
        const char *have = filter->member == NULL ? NULL : json_get_text(row, filter->member, NULL);

        switch (filter->kind) {
        case 'i':
                return in_list(row, filter->member, value);
        case 'b':
                return json_get_bool(row, filter->member, false) == text_equal(value, "true");
        case 'd':
                return in_time(have, value);
        case 'e': /* the query says active where the rows say in_process (3.4) */
                return text_equal(have, text_equal(value, "active") ? "in_process" : value);
        case 't':
                return text_equal(have, value);
        case 'm':
                return has_email(json_at(row, filter->member), value);
        case 'g':
                return has_text(json_at(row, filter->member), value);
        case 'p':
                return text_equal(value, "true") || !json_get_bool(row, "private", false);
        default:
                return true;
        }
}

/* Rows a person of the test has hidden: a private candidate that our user may not see. */
static bool visible(const json_t *row, const char *resource, const json_t *query)
{
        if (json_get_bool(row, "(hidden)", false))
                return false;
        if (text_equal(resource, "users") &&
            text_empty(json_get_text(row, "primary_email", NULL)) &&
            !text_equal(json_get_text(query, "show_service_accounts", "false"), "true"))
                return false;
        return true;
}

static bool matches(const json_t *row, const char *resource, json_t *query)
{
        const char *name;
        json_t *value;

        if (!visible(row, resource, query))
                return false;
        json_object_foreach(query, name, value)
        {
                const struct filter *filter = filter_of(filters_of(resource), name);

                if (filter != NULL && !passes(row, filter, json_text_of(value, "")))
                        return false;
        }
        return true;
}

/* The row as it goes out: only the fields asked for, and nothing of our own. */
static json_t *outgoing(const json_t *row, const char *resource, const char *fields)
{
        json_t *out = json_deep_copy(row), *value;
        const char *name;
        void *next;

        if (json_get_text(row, "(processing)", NULL) != NULL) { /* oneOf {message}, 3.4 */
                json_decref(out);
                out = json_object();
                json_set_text(out, "message", json_get_text(row, "(processing)", NULL));
                return out;
        }
        if (text_equal(resource, "applications") && gh.set.hide_stage)
                json_object_del(out, "job_interview_stage_id");
        json_object_foreach_safe(out, next, name, value)
        {
                char *wanted = mem_format(",%s,", name);
                char *list = mem_format(",%s,", text_or(fields, name));

                if (*name == '(' || strstr(list, wanted) == NULL)
                        json_object_del(out, name);
                mem_free(wanted);
                mem_free(list);
        }
        return out;
}

/* --- the answer ---------------------------------------------------------------------------- */

static void add_link(struct request *rq, struct reply *re, const char *resource, json_t *query,
                     int64_t last)
{
        struct buf plain = BUF_NONE, encoded = BUF_NONE, link = BUF_NONE;
        json_t *cursor = json_object();
        const char *host = NULL, *scheme = NULL;

        json_set_text(cursor, "resource", resource);
        json_set(cursor, "query", json_incref(query));
        json_set_int(cursor, "before", last);
        json_write(cursor, &plain);
        if (plain.len % 3 == 0) /* so that there is padding to keep */
                buf_add_char(&plain, ' ');
        code_base64(&encoded, plain.data, plain.len);
        request_header(rq, "Host", &host);
        request_header(rq, "X-Forwarded-Proto", &scheme);
        buf_format(&link, "<%s://%s" GH_PREFIX "/v3/%s?cursor=", text_or(scheme, "http"),
                   text_or(host, "localhost"), resource);
        code_url(&link, encoded.data);
        buf_add_text(&link, ">; rel=\"next\"");
        reply_header(re, "Link", link.data);
        json_decref(cursor);
        buf_dispose(&plain);
        buf_dispose(&encoded);
        buf_dispose(&link);
}

static int by_id_descending(const void *a, const void *b)
{
        int64_t left = json_get_int(*(json_t *const *)a, "id", 0);
        int64_t right = json_get_int(*(json_t *const *)b, "id", 0);

        return left > right ? -1 : left < right;
}

static void answer_list(struct request *rq, struct reply *re, const char *resource, json_t *query,
                        int64_t before)
{
        const json_t *table = gh_table(resource);
        json_t **order = mem_array(json_array_size(table) + 1, sizeof *order), *page = json_array();
        int64_t most = 100, last = 0;
        size_t count = 0, at = 0;

        text_int(json_get_text(query, "per_page", "100"), 1, 500, &most);
        most = most < gh.set.page_most ? most : gh.set.page_most;
        for (size_t i = 0; i < json_array_size(table); i++)
                order[count++] = json_array_get(table, i);
        qsort(order, count, sizeof *order, by_id_descending);
        for (; at < count; at++) {
                int64_t id = json_get_int(order[at], "id", 0);

                if (id >= before || !matches(order[at], resource, query))
                        continue;
                if ((int64_t)json_array_size(page) == most)
                        break;
                json_add(page, outgoing(order[at], resource, json_get_text(query, "fields", NULL)));
                last = id;
        }
        if (at < count)
                add_link(rq, re, resource, query, last);
        else
                reply_header(re, "Link", ""); /* there and empty, as recorded */
        reply_json(re, 200, page);
        mem_free(order);
}

void gh_list(struct request *rq, struct reply *re, const char *resource)
{
        int64_t before;
        json_t *query = read_query(rq, re, resource, &before);

        if (query != NULL)
                answer_list(rq, re, resource, query, before);
        json_decref(query);
}
