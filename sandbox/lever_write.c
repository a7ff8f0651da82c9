/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's writes: notes, stage, links, tags, panels, interviews (wire/lever.md 3). */
#include <inttypes.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "lever.h"

static void bad(struct reply *re, const char *message)
{
        lv_error(re, 400, "BadRequest", message);
}

/* Is there a user to act as?  needed: there must be one.  A deactivated one is refused. */
static bool acting(struct request *rq, struct reply *re, bool needed)
{
        const char *who = request_query(rq, "perform_as");
        const json_t *user = who == NULL ? NULL : lv_find("users", who);

        if (who == NULL && !needed)
                return true;
        if (who == NULL)
                bad(re, "perform_as is required.");
        else if (user == NULL || json_at(user, "deactivatedAt") != NULL)
                bad(re, "perform_as must be an active user.");
        else
                return true;
        return false;
}

/* The JSON body with no members but these (NULL-terminated), or NULL and it is answered. */
static json_t *read_body(struct request *rq, struct reply *re, const char *const *names)
{
        const struct buf *bytes = request_body(rq);
        const char *type = NULL, *name;
        json_t *body = json_parse(buf_text(bytes), bytes->len, true, NULL), *value;

        request_header(rq, "Content-Type", &type);
        if (!json_is_object(body) || !text_starts_fold(text_or(type, ""), "application/json")) {
                bad(re, "The body is not JSON.");
                json_decref(body);
                return NULL;
        }
        json_object_foreach(body, name, value)
        {
                size_t i = 0;

                while (names[i] != NULL && !text_equal(names[i], name))
                        i++;
                if (names[i] == NULL) {
                        bad(re, "There is a member that is not known.");
                        json_decref(body);
                        return NULL;
                }
        }
        return body;
}

/* --- notes
 * ---------------------------------------------------------------------------------------- */

static void create_note(struct request *rq, struct reply *re, const json_t *opportunity)
{
        static const char *const names[] = { "value",           "secret",    "score",
                                             "notifyFollowers", "createdAt", NULL };
        json_t *body = read_body(rq, re, names), *note;
        const json_t *score = json_object_get(body, "score"),
                     *notify = json_object_get(body, "notifyFollowers");

        if (body == NULL)
                return;
        if (text_empty(json_get_text(body, "value", ""))) {
                bad(re, "value is required.");
        } else if (score != NULL && (!json_is_integer(score) || json_integer_value(score) < 1 ||
                                     json_integer_value(score) > 4)) {
                bad(re, "score must be 1 to 4.");
        } else if (notify != NULL && !json_is_boolean(notify)) {
                bad(re, "notifyFollowers must be a boolean.");
        } else if (json_get_int(body, "createdAt", 0) > when_now_ms()) {
                bad(re, "createdAt is in the future.");
        } else if (acting(rq, re, false)) {
                note = lv_add_note(json_get_text(opportunity, "id", ""),
                                   json_get_text(body, "value", ""),
                                   request_query(rq, "perform_as"), json_get_int(body, "score", 0));
                json_set_bool(note, "(api)", true);
                json_set_bool(note, "(notified)", json_is_true(notify));
                note = lv_show(note);
                json_set_text(note, "noteId", json_get_text(note, "id", ""));
                lv_answer(re, 201, note);
        }
        json_decref(body);
}

/* --- stage, tags, links
 * ------------------------------------------------------------------------------ */

static void put_stage(struct request *rq, struct reply *re, json_t *opportunity)
{
        static const char *const names[] = { "stage", NULL };
        json_t *body = read_body(rq, re, names);
        const char *stage = json_get_text(body, "stage", NULL);

        if (body == NULL)
                return;
        if (lv_find("stages", stage) == NULL) {
                bad(re, "There is no such stage.");
        } else if (acting(rq, re, false)) {
                lv_move(opportunity, stage, request_query(rq, "perform_as"));
                lv_answer(re, 200, lv_show_opportunity(opportunity, true, false, false));
        }
        json_decref(body);
}

static bool texts(const json_t *list)
{
        for (size_t i = 0; i < json_array_size(list); i++)
                if (text_empty(json_text_of(json_array_get(list, i), "")))
                        return false;
        return json_array_size(list) > 0;
}

static void set_member(json_t *list, const char *text, bool add)
{
        for (size_t i = json_array_size(list); i > 0; i--)
                if (text_equal(json_text_of(json_array_get(list, i - 1), ""), text)) {
                        if (add)
                                return;
                        json_array_remove(list, i - 1);
                }
        if (add)
                json_add(list, json_string(text));
}

/* An unknown tag is created. */
static void count_tag(const char *text)
{
        const json_t *rows = lv_table("tags");
        json_t *row;

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "text", ""), text))
                        return;
        row = json_object();
        json_set_text(row, "text", text);
        json_set_int(row, "count", 1);
        json_add(lv_table("tags"), row);
}

/* Links hang on the contact; only their answer has the contact part filled (3, "Live trap"). */
static void change_list(struct request *rq, struct reply *re, json_t *opportunity,
                        const char *member, bool add)
{
        const char *const names[] = { member, NULL };
        bool links = text_equal(member, "links");
        json_t *body = read_body(rq, re, names), *given = json_object_get(body, member);
        json_t *list = json_object_get(links ? lv_contact(opportunity) : opportunity, member);

        if (body == NULL)
                return;
        if (!texts(given)) {
                bad(re, "A list of texts is required.");
        } else if (acting(rq, re, false)) {
                for (size_t i = 0; i < json_array_size(given); i++) {
                        const char *text = json_text_of(json_array_get(given, i), "");

                        set_member(list, text, add);
                        if (add && !links)
                                count_tag(text);
                }
                lv_answer(re, 200, lv_show_opportunity(opportunity, !links, false, false));
        }
        json_decref(body);
}

/* --- panels and interviews
 * --------------------------------------------------------------------------- */

static bool good_people(const json_t *people)
{
        for (size_t i = 0; i < json_array_size(people); i++) {
                const json_t *user =
                    lv_find("users", json_get_text(json_array_get(people, i), "id", NULL));

                if (user == NULL || json_at(user, "deactivatedAt") != NULL)
                        return false;
        }
        return json_array_size(people) > 0;
}

static bool good_interview(const json_t *given)
{
        return good_people(json_object_get(given, "interviewers")) &&
               json_is_integer(json_object_get(given, "date")) &&
               json_get_int(given, "date", 0) > INT64_C(100000000000) &&
               json_is_integer(json_object_get(given, "duration")) &&
               json_get_int(given, "duration", 0) >= 1 &&
               !text_equal(json_get_text(given, "feedbackTemplate", NULL), "no-feedback");
}

/* What the row says after a PUT or POST: what is left out is gone. */
static void fill_interview(json_t *row, const json_t *given, const char *panel)
{
        static const char *const names[] = {
                "subject", "note", "location", "date", "duration", NULL
        };
        json_t *people = json_array();
        const json_t *listed = json_object_get(given, "interviewers");

        for (size_t i = 0; names[i] != NULL; i++) {
                json_t *value = json_object_get(given, names[i]);

                json_set(row, names[i], value == NULL ? NULL : json_deep_copy(value));
        }
        for (size_t i = 0; i < json_array_size(listed); i++) {
                const json_t *one = json_array_get(listed, i);
                const json_t *user = lv_find("users", json_get_text(one, "id", NULL));
                json_t *person = json_object();

                json_set_text(person, "id", json_get_text(one, "id", ""));
                json_set_text(person, "name", json_get_text(user, "name", ""));
                json_set_text(person, "email", json_get_text(user, "email", ""));
                json_set_text(person, "feedbackTemplate",
                              json_get_text(one, "feedbackTemplate", "no-feedback"));
                json_add(people, person);
        }
        json_set(row, "interviewers", people);
        json_set_text(row, "panel", panel);
        json_set_text(row, "feedbackTemplate",
                      json_get_text(given, "feedbackTemplate", "no-feedback"));
        json_set_text(row, "feedbackReminder", json_get_text(given, "feedbackReminder", "daily"));
        json_set(row, "canceledAt", NULL);
}

static void answer_nested(struct reply *re, int status, json_t *row)
{
        json_t *inner, *list;

        if (!lv.set.nested) {
                lv_answer(re, status, row);
                return;
        }
        inner = json_object();
        list = json_array();
        json_add(list, row);
        json_set(inner, "data", list);
        json_set_bool(inner, "hasNext", false);
        lv_answer(re, status, inner);
}

static void create_panel(struct request *rq, struct reply *re, const json_t *opportunity)
{
        static const char *const names[] = {
                "timezone",    "interviews", "applications", "feedbackReminder", "note",
                "externalUrl", NULL
        };
        json_t *body = read_body(rq, re, names), *panel, *list;
        const json_t *given = json_object_get(body, "interviews");
        const char *zone = json_get_text(body, "timezone", "");
        bool good = json_array_size(given) > 0;

        if (body == NULL)
                return;
        for (size_t i = 0; i < json_array_size(given); i++)
                good = good && good_interview(json_array_get(given, i));
        if (strchr(zone, '/') == NULL && !text_equal(zone, "UTC")) {
                bad(re, "timezone is required.");
        } else if (!good) {
                bad(re, "interviews are wrong.");
        } else if (json_object_get(body, "applications") != NULL &&
                   json_array_size(json_object_get(body, "applications")) == 0) {
                bad(re, "applications must not be empty.");
        } else if (acting(rq, re, true)) {
                const char *id;

                panel = lv_new("panels");
                id = json_get_text(panel, "id", "");
                list = json_array();
                json_set_text(panel, "(opportunity)", json_get_text(opportunity, "id", ""));
                json_set_text(panel, "timezone", zone);
                json_set_text(panel, "externalUrl", json_get_text(body, "externalUrl", NULL));
                json_set_text(panel, "note", json_get_text(body, "note", ""));
                json_set_bool(panel, "externallyManaged", true);
                json_set(panel, "canceledAt", NULL);
                json_set_text(panel, "user", request_query(rq, "perform_as"));
                for (size_t i = 0; i < json_array_size(given); i++) {
                        json_t *one = lv_new("interviews");

                        json_set_text(one, "(opportunity)", json_get_text(opportunity, "id", ""));
                        fill_interview(one, json_array_get(given, i), id);
                        json_add(list, lv_show(one));
                }
                json_set(panel, "interviews", list);
                answer_nested(re, 201, lv_show(panel));
        }
        json_decref(body);
}

/* A row of this opportunity, or NULL. */
static json_t *row_of(const char *table, const json_t *opportunity, const char *id)
{
        json_t *row = lv_find(table, id);

        return text_equal(json_get_text(row, "(opportunity)", NULL),
                          json_get_text(opportunity, "id", ""))
                   ? row
                   : NULL;
}

static void put_interview(struct request *rq, struct reply *re, const json_t *opportunity,
                          const char *id)
{
        static const char *const names[] = { "panel",    "interviewers",     "date",
                                             "duration", "subject",          "note",
                                             "location", "feedbackTemplate", "feedbackReminder",
                                             NULL };
        json_t *body = read_body(rq, re, names), *row = row_of("interviews", opportunity, id);
        const json_t *panel = row_of("panels", opportunity, json_get_text(row, "panel", NULL));

        if (body == NULL)
                return;
        if (row == NULL)
                lv_error(re, 404, "ResourceNotFound", "Interview was not found.");
        else if (!json_get_bool(panel, "externallyManaged", false))
                bad(re, "This interview is not externally managed.");
        else if (!good_interview(body))
                bad(re, "The interview is wrong.");
        else if (acting(rq, re, true)) {
                fill_interview(row, body, json_get_text(panel, "id", ""));
                answer_nested(re, 200, lv_show(row));
        }
        json_decref(body);
}

static void delete_row(struct request *rq, struct reply *re, const char *table,
                       const json_t *opportunity, const char *id)
{
        json_t *row = row_of(table, opportunity, id), *rows = lv_table(table);
        bool user_needed = !text_equal(table, "notes");

        if (row == NULL) {
                lv_error(re, 404, "ResourceNotFound", "It was not found.");
                return;
        }
        if ((text_equal(table, "notes") && !json_get_bool(row, "(api)", false)) ||
            (text_equal(table, "panels") && !json_get_bool(row, "externallyManaged", false))) {
                bad(re, "Only what the API made can be deleted.");
                return;
        }
        if (!acting(rq, re, user_needed))
                return;
        for (size_t i = 0; i < json_array_size(rows); i++)
                if (json_array_get(rows, i) == row) {
                        json_array_remove(rows, i);
                        break;
                }
        reply_status(re, 204);
}

/* --- which
 * ----------------------------------------------------------------------------------------- */

static const struct write {
        const char *method, *part;
        bool one; /* with an id */
        const char *permission;
} writes[] = {
        { "POST", "notes", false, "create opportunity note" },
        { "PUT", "stage", false, "update opportunity stage" },
        { "POST", "addTags", false, "add opportunity tag" },
        { "POST", "removeTags", false, "remove opportunity tag" },
        { "POST", "addLinks", false, "add opportunity link" },
        { "POST", "removeLinks", false, "remove opportunity link" },
        { "POST", "files", false, "upload opportunity file" },
        { "POST", "panels", false, "create panel" },
        { "POST", "interviews", false, "create opportunity interview" },
        { "PUT", "interviews", true, "update opportunity interview" },
        { "DELETE", "interviews", true, "delete opportunity interview" },
        { "DELETE", "panels", true, "delete panel" },
        { "DELETE", "notes", true, "delete opportunity note" },
        { "DELETE", "files", true, "delete opportunity file" },
};

static void do_write(struct request *rq, struct reply *re, const struct write *w,
                     json_t *opportunity, const char *id)
{
        if (text_equal(w->method, "DELETE"))
                delete_row(rq, re, w->part, opportunity, id);
        else if (text_equal(w->part, "notes"))
                create_note(rq, re, opportunity);
        else if (text_equal(w->part, "stage"))
                put_stage(rq, re, opportunity);
        else if (text_ends(w->part, "Tags"))
                change_list(rq, re, opportunity, "tags", text_starts(w->part, "add"));
        else if (text_ends(w->part, "Links"))
                change_list(rq, re, opportunity, "links", text_starts(w->part, "add"));
        else if (text_equal(w->part, "files")) {
                if (acting(rq, re, true))
                        lv_upload(rq, re, opportunity);
        } else if (text_equal(w->part, "panels"))
                create_panel(rq, re, opportunity);
        else if (w->one)
                put_interview(rq, re, opportunity, id);
        else
                bad(re, "An interview needs a panel that is externally managed.");
}

void lv_write(struct request *rq, struct reply *re, const char *part, const char *id)
{
        json_t *opportunity;

        for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
                const struct write *w = &writes[i];

                if (!text_equal(w->method, request_method(rq)) || !text_equal(w->part, part) ||
                    w->one != (id != NULL))
                        continue;
                if (lv_may(rq, re, w->permission) == 0 &&
                    (opportunity = lv_opportunity(rq, re)) != NULL)
                        do_write(rq, re, w, opportunity, id);
                return;
        }
        lv_error(re, 404, "ResourceNotFound", "The requested resource was not found.");
}
