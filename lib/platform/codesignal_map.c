/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map of CodeSignal's API that an admin may correct: read, checked, applied. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "platform/codesignal_wire.h"

#define MAP_FILE "codesignal/paths.json"
#define PAGE_MOST 1000

const char *const codesignal_operations[] = {
        "cancel_session",   "invite",
        "read_session",     "read_sessions",
        "find_session",     "list_tests",
        "create_interview", "edit_interview",
        "delete_interview", "find_interview",
        "read_feedback",    "test_tests",
        "test_interviews",  NULL,
};

/* What each section must name, and the words it may use. */
static const struct {
        const char *section;
        const char *const *names;
} sections[] = {
        { "session",
          (const char *const[]){ "id",          "status",         "verification", "test_id",
                                 "test_title",  "scoring",        "email",        "first_name",
                                 "last_name",   "invitation_url", "created",      "started",
                                 "finished",    "expires",        "reasons",      "reason_name",
                                 "reason_text", "integrity_flag", "retake_id",    "reactivated_id",
                                 "max_score",   "score",          "report_url",   "model",
                                 "model_score", "label",          "parts",        "part_title",
                                 "part_most",   "part_score",     "part_spent",   NULL } },
        { "test", (const char *const[]){ "id", "title", "duration", "labels", NULL } },
        { "interview", (const char *const[]){ "id", "url", NULL } },
        { "found", (const char *const[]){ "id", "url", "status", "started", NULL } },
        { "feedback",
          (const char *const[]){ "by", "author", "evaluation", "level", "notes", "categories",
                                 "category_name", "ratings", "rating_name", "rating_score",
                                 "rating_notes", NULL } },
        { "probe", (const char *const[]){ "id", NULL } },
};

/* These must lead somewhere; any other path may be "": then nothing is read there. */
static const char *const needed[] = { "id", "url", "status", NULL };

static const struct {
        const char *section;
        const char *const *words;
} tables[] = {
        { "status", (const char *const[]){ "invited", "started", "submitted", "over", "expired",
                                           "declined", "cancelled", "erased", "archived", NULL } },
        { "verification", (const char *const[]){ "pending", "verified", "not_verified", NULL } },
        { "interview_status", (const char *const[]){ "ready", "used", "gone", NULL } },
};

static const char *const classes[] = { "rate",       "later",  "document",  "values",  "auth",
                                       "permission", "absent", "permanent", "unknown", NULL };

static bool is_word(const char *const *words, const char *word)
{
        for (; word != NULL && *words != NULL; words++) {
                if (text_equal(*words, word))
                        return true;
        }
        return false;
}

static int broken(struct fail *why, const char *where, const char *name, const char *what)
{
        return fail_set(why, FAIL_INPUT, "%s: %s%s%s: %s", MAP_FILE, where, name[0] ? "." : "",
                        name, what);
}

static int check_document(const json_t *map, const char *operation, struct fail *why)
{
        char *where = mem_format("documents.%s", operation);
        const json_t *d = json_at(map, where);
        const char *reads = json_get_text(d, "reads", NULL);
        const json_t *variables = json_at(d, "variables");
        int result = 0;

        if (!json_is_object(d))
                result = broken(why, where, "", "missing, or not an object");
        else if (text_empty(json_get_text(d, "file", NULL)))
                result = broken(why, where, "file", "the name of a file is missing");
        else if (text_empty(json_get_text(d, "result", NULL)))
                result = broken(why, where, "result", "the path of the answer is missing");
        else if (variables != NULL && !json_is_object(variables))
                result = broken(why, where, "variables", "not an object");
        else if (reads != NULL && !json_is_object(json_at(map, reads)))
                result = broken(why, where, "reads", "names a section that is not there");
        mem_free(where);
        return result;
}

static int check_tables(const json_t *map, struct fail *why)
{
        for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
                json_t *table = json_at(map, tables[i].section), *word;
                const char *name;

                if (!json_is_object(table) || json_object_size(table) == 0)
                        return broken(why, tables[i].section, "", "missing, or empty");
                json_object_foreach(table, name, word)
                {
                        if (!is_word(tables[i].words, json_string_value(word)))
                                return broken(why, tables[i].section, name, "a word unknown here");
                }
        }
        return 0;
}

static int check_scales(const json_t *map, struct fail *why)
{
        json_t *scales = json_at(map, "scales"), *scale;
        const char *name;

        if (!json_is_object(scales))
                return broken(why, "scales", "", "missing, or not an object");
        json_object_foreach(scales, name, scale)
        {
                if (!json_is_number_of(json_at(scale, "0")) ||
                    !json_is_number_of(json_at(scale, "1")) ||
                    json_real_of(json_at(scale, "0"), 0) >= json_real_of(json_at(scale, "1"), 0))
                        return broken(why, "scales", name, "not two numbers, the least first");
        }
        return 0;
}

static int check_errors(const json_t *map, struct fail *why)
{
        json_t *errors = json_at(map, "errors");

        if (!json_is_array(errors))
                return broken(why, "errors", "", "missing, or not an array");
        for (size_t i = 0; i < json_array_size(errors); i++) {
                const json_t *row = json_array_get(errors, i);
                char number[24];

                snprintf(number, sizeof(number), "%zu", i);
                if (text_empty(json_get_text(row, "has", NULL)))
                        return broken(why, "errors", number, "\"has\" is missing");
                if (!is_word(classes, json_get_text(row, "class", NULL)))
                        return broken(why, "errors", number, "\"class\" is none known here");
        }
        return 0;
}

static int check_map(const json_t *map, struct fail *why)
{
        int64_t page = json_get_int(map, "page_size", 0);

        if (page < 1 || page > PAGE_MOST)
                return broken(why, "page_size", "", "not a number from 1 to 1000");
        for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
                const json_t *section = json_at(map, sections[i].section);

                for (const char *const *n = sections[i].names; *n != NULL; n++) {
                        const char *path = json_text_of(json_object_get(section, *n), NULL);

                        if (path == NULL || (*path == '\0' && is_word(needed, *n)))
                                return broken(why, sections[i].section, *n, "a path is missing");
                }
        }
        for (const char *const *o = codesignal_operations; *o != NULL; o++) {
                if (check_document(map, *o, why) != 0)
                        return -1;
        }
        if (check_tables(map, why) != 0 || check_scales(map, why) != 0)
                return -1;
        return check_errors(map, why);
}

json_t *codesignal_map_load(struct link *link, struct fail *why)
{
        struct fail cause = FAIL_CLEAR;
        struct buf text = BUF_NONE;
        json_t *map = NULL;
        int found = link_data(link, MAP_FILE, &text, &cause);

        if (found == 0) {
                fail_set(why, FAIL_INPUT, "%s: there is no such file", MAP_FILE);
        } else if (found < 0) {
                fail_set(why, cause.kind, "%s: %s", MAP_FILE, cause.text);
        } else if ((map = json_parse(text.data, text.len, true, &cause)) == NULL) {
                fail_set(why, FAIL_INPUT, "%s: %s", MAP_FILE, cause.text);
        } else if (check_map(map, why) != 0) {
                json_decref(map);
                map = NULL;
        }
        buf_dispose(&text);
        return map;
}

static const json_t *document_of(const json_t *map, const char *operation)
{
        return json_object_get(json_object_get(map, "documents"), operation);
}

/* A template with our values in it, or NULL for one whose value is missing. */
static json_t *fill(const json_t *template, const json_t *values)
{
        const char *text = json_string_value(template), *name;
        json_t *out, *member;

        if (text != NULL && text[0] == '$') {
                member = json_object_get(values, text + 1);
                return member == NULL || json_is_null(member) ? NULL : json_incref(member);
        }
        if (!json_is_object(template))
                return json_deep_copy(template);
        out = json_object();
        json_object_foreach((json_t *)(uintptr_t) template, name, member)
        {
                json_t *filled = fill(member, values);

                if (filled != NULL)
                        json_set(out, name, filled);
        }
        return out;
}

json_t *codesignal_variables(const json_t *map, const char *operation, const json_t *values)
{
        const json_t *template = json_at(document_of(map, operation), "variables");

        return template == NULL ? json_object() : fill(template, values);
}

const char *codesignal_path(const json_t *map, const char *section, const char *name)
{
        return json_text_of(json_object_get(json_object_get(map, section), name), "");
}

int64_t codesignal_page_size(const json_t *map)
{
        return json_get_int(map, "page_size", 20);
}
