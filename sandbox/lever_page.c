/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's pages: what a recruiter and a Super Admin would click. */
#include <inttypes.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "lever.h"

#define BODY_MAX (1 << 16)

static json_t *page(const char *title)
{
        json_t *data = json_object();

        json_set_text(data, "title", title);
        json_set_text(data, "prefix", LV_PREFIX);
        json_set_text(data, "note",
                      "A stand-in for Lever, for trying and for testing. Nobody real is here.");
        return data;
}

static void set_when(json_t *to, const char *name, int64_t ms)
{
        struct buf text = BUF_NONE;

        when_iso(&text, ms);
        json_set_text(to, name, buf_text(&text));
        buf_dispose(&text);
}

static const char *stage_text(const json_t *row)
{
        return json_get_text(lv_find("stages", json_get_text(row, "stage", NULL)), "text", "");
}

static void front(struct request *rq, struct reply *re)
{
        json_t *data = page("Opportunities"), *list = json_array();
        const json_t *rows;

        pthread_mutex_lock(&lv.lock);
        rows = lv_table("opportunities");
        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                json_t *one = json_object();

                json_set_text(one, "id", json_get_text(row, "id", ""));
                json_set_text(one, "name", json_get_text(lv_contact(row), "name", ""));
                json_set_text(one, "email", json_get_text(lv_contact(row), "emails.0", NULL));
                json_set_text(one, "stage", stage_text(row));
                json_add(list, one);
        }
        json_set(data, "opportunities", list);
        json_set_bool(data, "hook", lv.hook_count > 0);
        pthread_mutex_unlock(&lv.lock);
        reply_page(rq, re, 200, "sandbox-lever", data);
}

/* Lines of a text, and our links in it as links. */
static json_t *lines_of(const char *text)
{
        char *copy = mem_text(text), *rest = copy, *line;
        json_t *list = json_array();

        while ((line = text_next(&rest, '\n')) != NULL) {
                const char *hit = strstr(line, "http");
                size_t len = hit == NULL ? 0 : strcspn(hit, " \t<>\"'()");
                json_t *one = json_object();

                json_set(one, "before",
                         json_new_text(line, hit == NULL ? strlen(line) : (size_t)(hit - line)));
                if (hit != NULL) {
                        json_set(one, "href", json_new_text(hit, len));
                        json_set_text(one, "after", hit + len);
                }
                json_add(list, one);
        }
        mem_free(copy);
        return list;
}

static json_t *notes_of(const char *id)
{
        const json_t *rows = lv_table("notes");
        json_t *list = json_array();

        for (size_t i = json_array_size(rows); i > 0; i--) { /* newest first */
                const json_t *row = json_array_get(rows, i - 1);
                int64_t score = json_get_int(row, "fields.0.score", 0);
                char *text;
                json_t *one;

                if (!text_equal(json_get_text(row, "(opportunity)", NULL), id))
                        continue;
                one = json_object();
                set_when(one, "at", json_get_int(row, "createdAt", 0));
                json_set_text(one, "author",
                              json_get_text(lv_find("users", json_get_text(row, "user", NULL)),
                                            "name", "nobody"));
                text = mem_format("%" PRId64 " of 4", score);
                json_set_text(one, "score", score > 0 ? text : NULL);
                mem_free(text);
                json_set_bool(one, "notified", json_get_bool(row, "(notified)", false));
                json_set(one, "lines", lines_of(json_get_text(row, "fields.0.value", "")));
                json_add(list, one);
        }
        return list;
}

static json_t *texts_as(const json_t *list, const char *member)
{
        json_t *out = json_array();

        for (size_t i = 0; i < json_array_size(list); i++) {
                json_t *one = json_object();

                json_set_text(one, member, json_text_of(json_array_get(list, i), ""));
                json_add(out, one);
        }
        return out;
}

static json_t *rows_as(const char *table, const char *id)
{
        const json_t *rows = lv_table(table);
        json_t *out = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                json_t *one;

                if (!text_equal(json_get_text(row, "(opportunity)", NULL), id))
                        continue;
                one = lv_show(row);
                if (json_get_int(row, "date", 0) > 0)
                        set_when(one, "when", json_get_int(row, "date", 0));
                json_add(out, one);
        }
        return out;
}

static json_t *choices(const json_t *row)
{
        const json_t *rows = lv_table("stages");
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                json_t *one = lv_show(json_array_get(rows, i));

                json_set_bool(
                    one, "here",
                    text_equal(json_get_text(one, "id", ""), json_get_text(row, "stage", "")));
                json_add(list, one);
        }
        return list;
}

static void opportunity(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "o");
        const json_t *row, *contact;
        json_t *data = NULL;

        pthread_mutex_lock(&lv.lock);
        row = lv_find("opportunities", id);
        if (row != NULL) {
                contact = lv_contact(row);
                data = page("Opportunity");
                json_set_text(data, "id", id);
                json_set_text(data, "name", json_get_text(contact, "name", ""));
                json_set_text(data, "email", json_get_text(contact, "emails.0", NULL));
                json_set_text(data, "stage", stage_text(row));
                json_set(data, "stages", choices(row));
                json_set(data, "links", texts_as(json_object_get(contact, "links"), "href"));
                json_set_bool(data, "linked",
                              json_array_size(json_object_get(contact, "links")) > 0);
                json_set(data, "tags", texts_as(json_object_get(row, "tags"), "text"));
                json_set_bool(data, "tagged", json_array_size(json_object_get(row, "tags")) > 0);
                json_set(data, "notes", notes_of(id));
                json_set(data, "files", rows_as("files", id));
                json_set(data, "interviews", rows_as("interviews", id));
        }
        pthread_mutex_unlock(&lv.lock);
        if (data == NULL)
                reply_problem(rq, re, 404, "There is no such opportunity.");
        else
                reply_page(rq, re, 200, "sandbox-lever-opportunity", data);
}

static void to_opportunity(struct reply *re, const char *id)
{
        char *location = mem_format(LV_PREFIX "/opportunities/%s", id);

        reply_see_other(re, location);
        mem_free(location);
}

static void move(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "o"), *stage = text_or(request_form(rq, "stage"), "");
        json_t *row;
        bool good;

        pthread_mutex_lock(&lv.lock);
        row = lv_find("opportunities", id);
        good = row != NULL && lv_find("stages", stage) != NULL;
        if (good && !text_equal(json_get_text(row, "stage", ""), stage))
                lv_move(row, stage, LV_RECRUITER);
        pthread_mutex_unlock(&lv.lock);
        if (good)
                to_opportunity(re, id);
        else
                reply_problem(rq, re, 404, "There is no such opportunity or stage.");
}

static void add(struct request *rq, struct reply *re)
{
        const char *name = text_or(request_form(rq, "name"), "");
        char *id;

        if (text_empty(name)) {
                reply_problem(rq, re, 422, "A candidate needs a name.");
                return;
        }
        pthread_mutex_lock(&lv.lock);
        id = mem_text(
            json_get_text(lv_add_opportunity(name, request_form(rq, "email"), false), "id", ""));
        pthread_mutex_unlock(&lv.lock);
        to_opportunity(re, id);
        mem_free(id);
}

/* --- webhooks ----------------------------------------------------------------------------------
 */

static void add_log(json_t *log, const json_t *report, const char *event)
{
        const json_t *rows = json_at(report, "log");

        for (size_t i = 0; i < json_array_size(rows) && i < 20; i++) {
                const json_t *row = json_array_get(rows, i);
                json_t *one = json_object();
                char *status = mem_format("%" PRId64, json_get_int(row, "status", 0));

                set_when(one, "at", json_get_int(row, "at_ms", 0));
                json_set_text(one, "event", text_or(json_get_text(row, "event", ""), event));
                json_set_text(one, "status", text_equal(status, "0") ? "no answer" : status);
                json_set_bool(one, "ok", json_get_bool(row, "ok", false));
                json_set_text(one, "cause", json_get_text(row, "cause", ""));
                json_add(log, one);
                mem_free(status);
        }
}

static void webhooks(struct request *rq, struct reply *re)
{
        json_t *data = page("Webhooks"), *list = json_array(), *log = json_array();

        pthread_mutex_lock(&lv.lock);
        for (size_t i = 0; i < lv.hook_count; i++) {
                const struct lv_hook *hook = &lv.hooks[i];
                json_t *one = json_object(), *report = deliver_report(hook->sender);
                char *status = mem_format("%d", hook->verified);

                json_set_text(one, "id", hook->id);
                json_set_text(one, "event", hook->event);
                json_set_text(one, "url", hook->url);
                json_set_text(one, "token", hook->token);
                json_set_bool(one, "by_api", hook->by_api);
                json_set_bool(one, "good", hook->verified >= 200 && hook->verified <= 299);
                json_set_text(one, "status",
                              hook->verified < 0    ? "not verified yet"
                              : hook->verified == 0 ? "no answer"
                                                    : status);
                json_add(list, one);
                add_log(log, report, hook->event);
                json_decref(report);
                mem_free(status);
        }
        pthread_mutex_unlock(&lv.lock);
        json_set(data, "hooks", list);
        json_set_bool(data, "sent", json_array_size(log) > 0);
        json_set(data, "log", log);
        reply_page(rq, re, 200, "sandbox-lever-webhooks", data);
}

static void add_webhook(struct request *rq, struct reply *re)
{
        struct lv_hook *hook =
            lv_hook_add(request_form(rq, "url"), text_or(request_form(rq, "event"), ""), false);

        if (hook == NULL) {
                reply_problem(rq, re, 422, "That is no webhook, or there are too many.");
                return;
        }
        lv_hook_verify(hook, true);
        reply_see_other(re, LV_PREFIX "/webhooks");
}

static void remove_webhook(struct request *rq, struct reply *re)
{
        lv_hook_remove(text_or(request_form(rq, "id"), "-"));
        reply_see_other(re, LV_PREFIX "/webhooks");
}

const struct route lv_page_routes[] = {
        { "GET", "", front, 0, false, NULL },
        { "POST", "opportunities", add, BODY_MAX, false, NULL },
        { "GET", "opportunities/{o}", opportunity, 0, false, NULL },
        { "POST", "opportunities/{o}/move", move, BODY_MAX, false, NULL },
        { "GET", "files/{id}", lv_download, 0, false, NULL },
        { "GET", "webhooks", webhooks, 0, false, NULL },
        { "POST", "webhooks", add_webhook, BODY_MAX, false, NULL },
        { "POST", "webhooks/remove", remove_webhook, BODY_MAX, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
