/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's API: who may, reading, and the table of its paths (wire/lever.md 1 and 2). */
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "lever.h"

#define UPLOAD_MAX ((size_t)LV_FILE_MAX + (1 << 16))

void lv_error(struct reply *re, int status, const char *code, const char *message)
{
        json_t *body = json_object();

        json_set_text(body, "code", code);
        json_set_text(body, "message", message);
        reply_json(re, status, body);
}

void lv_answer(struct reply *re, int status, json_t *data)
{
        json_t *body = json_object();

        json_set(body, "data", data);
        reply_json(re, status, body);
}

/* --- who may -----------------------------------------------------------------------------------
 */

/* Basic authentication: the key and an empty password. */
static bool key_is_right(struct request *rq)
{
        const char *given = NULL;
        char *pair = mem_format("%s:", lv.set.api_key);
        struct buf want = BUF_NONE;
        bool right;

        buf_add_text(&want, "Basic ");
        code_base64(&want, pair, strlen(pair));
        right =
            request_header(rq, "Authorization", &given) == 1 && text_equal(given, buf_text(&want));
        mem_free(pair);
        buf_dispose(&want);
        return right;
}

static bool bucket_is_empty(void)
{
        int64_t now = when_steady_ms();

        lv.tokens += (double)(now - lv.filled_ms) * (double)lv.set.rate / 1000.0;
        lv.filled_ms = now;
        if (lv.tokens > (double)lv.set.burst)
                lv.tokens = (double)lv.set.burst;
        if (lv.tokens < 1)
                return true;
        lv.tokens -= 1;
        return false;
}

int lv_may(struct request *rq, struct reply *re, const char *permission)
{
        if (!key_is_right(rq))
                lv_error(re, 401, "UnauthorizedError", "The request requires authentication.");
        else if (bucket_is_empty())
                lv_error(re, 429, "TooManyRequests", "Too many requests");
        else if (json_object_get(lv.set.revoked, permission) != NULL)
                lv_error(re, 403, "Forbidden", "This key is not permitted to do this.");
        else
                return 0;
        return -1;
}

json_t *lv_opportunity(struct request *rq, struct reply *re)
{
        json_t *row = lv_find("opportunities", request_segment(rq, "o"));

        if (row == NULL) {
                lv_error(re, 404, "ResourceNotFound", "Opportunity was not found.");
                return NULL;
        }
        if (text_equal(json_get_text(row, "confidentiality", ""), "confidential") &&
            !lv.set.confidential) {
                lv_error(re, 403, "Forbidden", "This key has no access to confidential data.");
                return NULL;
        }
        return row;
}

/* --- pages
 * ---------------------------------------------------------------------------------------- */

/* "%5B3%2C<number>%5D": text that is percent-encoded already; decoded once too often is taken,
 * too, as a client may have it. */
static char *offset_text(size_t at, bool encoded)
{
        return mem_format(encoded ? "%%5B3%%2C%zu%%5D" : "[3,%zu]", at);
}

static bool offset_is(const char *given, size_t *at, size_t count)
{
        for (*at = 0; *at <= count; ++*at) {
                char *plain = offset_text(*at, false), *encoded = offset_text(*at, true);
                bool same = text_equal(given, plain) || text_equal(given, encoded);

                mem_free(plain);
                mem_free(encoded);
                if (same)
                        return true;
        }
        return false;
}

void lv_page(struct request *rq, struct reply *re, json_t *rows, bool bare)
{
        const char *limit_text = request_query(rq, "limit"), *offset = request_query(rq, "offset");
        json_t *page = json_array(), *body;
        int64_t limit = 100;
        size_t at = 0, count = json_array_size(rows);
        char *next;

        if ((limit_text != NULL && text_int(limit_text, 1, 100, &limit) != 0) ||
            (offset != NULL && !offset_is(offset, &at, count))) {
                lv_error(re, 400, "BadRequest", "limit or offset is wrong.");
                json_decref(page);
                json_decref(rows);
                return;
        }
        if (limit > lv.set.page_most)
                limit = lv.set.page_most;
        for (; at < count && json_array_size(page) < (size_t)limit; at++)
                json_add(page, json_incref(json_array_get(rows, at)));
        json_decref(rows);
        if (bare) {
                reply_json(re, 200, page);
                return;
        }
        body = json_object();
        json_set(body, "data", page);
        if (at < count) {
                next = offset_text(at, true);
                json_set_text(body, "next", next);
                mem_free(next);
        }
        json_set_bool(body, "hasNext", at < count);
        reply_json(re, 200, body);
}

/* --- reading
 * ----------------------------------------------------------------------------------------- */

static const struct thing {
        const char *table, *list, *read; /* permissions */
} things[] = {
        { "users", "list users", "read user" },
        { "stages", "list stages", "read stage" },
        { "postings", "list postings", "read posting" },
        { "tags", "list tags", NULL },
        { "sources", "list sources", NULL },
},
  parts[] = {
          { "applications", "list opportunity applications", "read opportunity application" },
          { "notes", "list opportunity notes", "read opportunity note" },
          { "interviews", "list opportunity interviews", "read opportunity interview" },
          { "panels", "list panels", "read panel" },
          { "files", "list opportunity files", "read opportunity file" },
  };

static const struct thing *find_thing(const struct thing *list, size_t count, const char *table)
{
        for (size_t i = 0; i < count; i++)
                if (text_equal(list[i].table, table))
                        return &list[i];
        return NULL;
}
#define FIND(list, table) find_thing(list, sizeof(list) / sizeof *(list), table)

static void not_found(struct reply *re)
{
        lv_error(re, 404, "ResourceNotFound", "The requested resource was not found.");
}

static void list_thing(struct request *rq, struct reply *re, const struct thing *thing)
{
        const json_t *rows = lv_table(thing->table);
        json_t *shown = json_array();

        if (lv_may(rq, re, thing->list) != 0) {
                json_decref(shown);
                return;
        }
        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);

                /* Only active users by default. */
                if (!text_equal(thing->table, "users") || json_at(row, "deactivatedAt") == NULL)
                        json_add(shown, lv_show(row));
        }
        lv_page(rq, re, shown, false);
}

static void read_thing(struct request *rq, struct reply *re, const struct thing *thing)
{
        const json_t *row;

        if (thing->read == NULL) {
                not_found(re);
        } else if (lv_may(rq, re, thing->read) == 0) {
                row = lv_find(thing->table, request_segment(rq, "id"));
                if (row == NULL)
                        not_found(re);
                else
                        lv_answer(re, 200, lv_show(row));
        }
}

struct expansion {
        bool stage, applications, wrong;
};

static void see_query(void *context, const char *name, const char *value)
{
        struct expansion *e = context;

        if (!text_equal(name, "expand"))
                e->wrong = true;
        else if (text_equal(value, "stage"))
                e->stage = true;
        else if (text_equal(value, "applications"))
                e->applications = true;
        else
                e->wrong = true;
}

static void read_opportunity(struct request *rq, struct reply *re)
{
        struct expansion e = { false, false, false };
        const json_t *row;

        if (lv_may(rq, re, "read opportunity") != 0 || (row = lv_opportunity(rq, re)) == NULL)
                return;
        request_each_query(rq, see_query, &e);
        if (e.wrong)
                lv_error(re, 400, "BadRequest", "There is no such parameter.");
        else
                lv_answer(re, 200, lv_show_opportunity(row, false, e.stage, e.applications));
}

static void list_opportunities(struct request *rq, struct reply *re)
{
        bool confidential = text_equal(request_query(rq, "confidentiality"), "confidential");
        const json_t *rows = lv_table("opportunities");
        json_t *shown;

        if (lv_may(rq, re, "list opportunities") != 0)
                return;
        if (confidential && !lv.set.confidential) {
                lv_error(re, 403, "Forbidden", "This key has no access to confidential data.");
                return;
        }
        shown = json_array();
        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);

                if (text_equal(json_get_text(row, "confidentiality", ""), "confidential") ==
                    confidential)
                        json_add(shown, lv_show_opportunity(row, false, false, false));
        }
        lv_page(rq, re, shown, false);
}

/* The rows of a part: applications stand in the opportunity, others in tables. */
static json_t *rows_of(const json_t *opportunity, const char *part)
{
        const char *id = json_get_text(opportunity, "id", "");
        const json_t *rows =
            text_equal(part, "applications") ? json_object_get(opportunity, part) : lv_table(part);
        json_t *found = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);

                if (text_equal(part, "applications") ||
                    text_equal(json_get_text(row, "(opportunity)", NULL), id))
                        json_add(found, lv_show(row));
        }
        return found;
}

static void read_part(struct request *rq, struct reply *re, const struct thing *part,
                      const char *id)
{
        const json_t *opportunity;
        json_t *rows, *hit = NULL;

        if (lv_may(rq, re, id == NULL ? part->list : part->read) != 0 ||
            (opportunity = lv_opportunity(rq, re)) == NULL)
                return;
        rows = rows_of(opportunity, part->table);
        if (id == NULL) {
                lv_page(rq, re, rows, lv.set.bare_files && text_equal(part->table, "files"));
                return;
        }
        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "id", NULL), id))
                        hit = json_incref(json_array_get(rows, i));
        json_decref(rows);
        if (hit == NULL)
                not_found(re);
        else
                lv_answer(re, 200, hit);
}

/* --- the paths
 * ----------------------------------------------------------------------------------------- */

static void perform(struct request *rq, struct reply *re)
{
        const char *list = request_segment(rq, "list"), *o = request_segment(rq, "o"),
                   *part = request_segment(rq, "part"), *id = request_segment(rq, "id");
        bool get = text_equal(request_method(rq), "GET");
        const struct thing *thing;

        if (text_equal(list, "webhooks")) {
                lv_api_webhooks(rq, re);
                return;
        }
        pthread_mutex_lock(&lv.lock);
        if (get && request_body(rq)->len > 0)
                lv_error(re, 400, "BadRequest", "GET has no body.");
        else if (get && text_equal(list, "opportunities"))
                list_opportunities(rq, re);
        else if (get && list != NULL && (thing = FIND(things, list)) != NULL)
                id == NULL ? list_thing(rq, re, thing) : read_thing(rq, re, thing);
        else if (get && o != NULL && part == NULL)
                read_opportunity(rq, re);
        else if (get && part != NULL && (thing = FIND(parts, part)) != NULL)
                read_part(rq, re, thing, id);
        else if (!get && part != NULL)
                lv_write(rq, re, part, id);
        else
                not_found(re);
        pthread_mutex_unlock(&lv.lock);
}

static json_t *body_for_record(struct request *rq)
{
        const struct buf *body = request_body(rq);

        return body == NULL || body->len == 0 ? NULL
                                              : json_parse(body->data, body->len, false, NULL);
}

/* "POST notes", "GET opportunity": the word by which failures are ordered and calls counted. */
static void api(struct request *rq, struct reply *re)
{
        const char *list = request_segment(rq, "list"), *part = request_segment(rq, "part");
        char *what = mem_format("%s %s", request_method(rq),
                                part != NULL   ? part
                                : list != NULL ? list
                                               : "opportunity");
        struct control_failure failure;
        bool broken = control_take(what, &failure);

        if (broken && failure.after) {
                perform(rq, re);
                buf_reset(reply_body(re));
                control_fail(rq, re, &failure);
        } else if (!broken || !control_fail(rq, re, &failure)) {
                perform(rq, re);
        }
        control_failure_dispose(&failure);
        control_record(request_method(rq), what, text_or(request_segment(rq, "o"), ""),
                       body_for_record(rq), reply_status_given(re));
        mem_free(what);
}

const struct route lv_api_routes[] = {
        { "GET", "v1/opportunities/{o}", api, UPLOAD_MAX, true, NULL },
        { "GET", "v1/opportunities/{o}/{part}", api, UPLOAD_MAX, true, NULL },
        { "POST", "v1/opportunities/{o}/{part}", api, UPLOAD_MAX, true, NULL },
        { "PUT", "v1/opportunities/{o}/{part}", api, UPLOAD_MAX, true, NULL },
        { "GET", "v1/opportunities/{o}/{part}/{id}", api, UPLOAD_MAX, true, NULL },
        { "PUT", "v1/opportunities/{o}/{part}/{id}", api, UPLOAD_MAX, true, NULL },
        { "DELETE", "v1/opportunities/{o}/{part}/{id}", api, UPLOAD_MAX, true, NULL },
        { "GET", "v1/{list}", api, UPLOAD_MAX, true, NULL },
        { "POST", "v1/{list}", api, UPLOAD_MAX, true, NULL },
        { "GET", "v1/{list}/{id}", api, UPLOAD_MAX, true, NULL },
        { "DELETE", "v1/{list}/{id}", api, UPLOAD_MAX, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
