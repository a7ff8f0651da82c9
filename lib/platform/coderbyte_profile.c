/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The profile of Coderbyte's API that an admin may correct: read, checked, applied. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "floor/buf.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "platform/coderbyte_wire.h"

#define POINTERS_MAX 10

static const char *const calls[] = {
        "list_tests", "invite", "read_candidate", "read_report", "create_interview", NULL,
};

/* What each section must name. */
static const struct {
        const char *section;
        const char *const *names;
} sections[] = {
        { "test", (const char *const[]){ "id", "title", "public_url", "closed", NULL } },
        { "invited", (const char *const[]){ "email", "url", NULL } },
        { "candidate", (const char *const[]){ "test_id", NULL } },
        { "interview", (const char *const[]){ "id", "url", NULL } },
        { "report", (const char *const[]){ "test_id",
                                           "title",
                                           "email",
                                           "status",
                                           "joined",
                                           "ready",
                                           "not_ready",
                                           "report_url",
                                           "score",
                                           "qualified",
                                           "qualifying_score",
                                           "flag",
                                           "challenges",
                                           "challenge_title",
                                           "challenge_score",
                                           "challenge_spent",
                                           "choices",
                                           "choice_correct",
                                           "questions",
                                           NULL } },
};

/* These must lead somewhere; any other list may be empty: then nothing is read there. */
static const char *const needed[] = { "test.id",           "test.public_url", "invited.email",
                                      "candidate.test_id", "interview.id",    "interview.url",
                                      "report.status",     "report.score",    NULL };

static const struct {
        const char *section;
        const char *const *words;
} tables[] = {
        { "status", (const char *const[]){ "invited", "started", "over", "timed_out", NULL } },
        { "flag", (const char *const[]){ "yes", "no", NULL } },
};

static const char *const classes[] = { "rate",   "later",   "auth", "permission",
                                       "absent", "refused", NULL };

static const char *const placeholders[] = { "organization", "email",     "assessment", "name",
                                            "template",     "interview", NULL };

static bool is_word(const char *const *words, const char *word)
{
        for (; word != NULL && *words != NULL; words++)
                if (text_equal(*words, word))
                        return true;
        return false;
}

static int broken(struct fail *why, const char *where, const char *name, const char *what)
{
        return fail_set(why, FAIL_INPUT, "%s: %s%s%s: %s", CODERBYTE_PROFILE, where,
                        name[0] != '\0' ? "." : "", name, what);
}

/* An array of pointers, or one pointer. */
static int check_pointers(const json_t *pointers, bool must, const char *where, const char *name,
                          struct fail *why)
{
        size_t count = json_array_size(pointers);

        if (!json_is_array(pointers))
                return broken(why, where, name, "missing, or not a list of pointers");
        if (count > POINTERS_MAX || (must && count == 0))
                return broken(why, where, name,
                              count == 0 ? "no pointer" : "more than ten pointers");
        for (size_t i = 0; i < count; i++) {
                const char *p = json_text_of(json_array_get(pointers, i), NULL);

                if (p == NULL || (*p != '/' && *p != '\0'))
                        return broken(why, where, name,
                                      "not a JSON pointer: one begins with a slash");
        }
        return 0;
}

static int check_path(const char *path, const char *where, struct fail *why)
{
        if (path == NULL)
                return broken(why, where, "path", "missing");
        if (*path != '\0' && *path != '/')
                return broken(why, where, "path", "does not begin with a slash");
        for (const char *p = path; *p != '\0'; p++) {
                if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("?#", *p))
                        return broken(why, where, "path", "holds a character that no path has");
                if (*p == '{') {
                        size_t len = strcspn(p + 1, "}");
                        char *name = mem_text_part(p + 1, len);
                        bool known = is_word(placeholders, name) && p[1 + len] == '}';

                        mem_free(name);
                        if (!known)
                                return broken(why, where, "path", "an unknown placeholder");
                        p += len + 1;
                }
        }
        return 0;
}

static int check_call(const json_t *profile, const char *call, struct fail *why)
{
        const json_t *row = coderbyte_row(profile, call), *body = json_object_get(row, "body");
        const char *method = json_get_text(row, "method", "");
        char *where = mem_format("calls.%s", call);
        int result;

        if (!json_is_object(row))
                result = broken(why, where, "", "missing, or not an object");
        else if (!text_equal(method, "GET") && !text_equal(method, "POST") &&
                 !text_equal(method, "PUT"))
                result = broken(why, where, "method", "is none of GET, POST, PUT");
        else if (body != NULL && !json_is_object(body))
                result = broken(why, where, "body", "not an object");
        else if (check_path(json_get_text(row, "path", NULL), where, why) != 0)
                result = -1;
        else
                result = check_pointers(json_object_get(row, "result"), true, where, "result", why);
        mem_free(where);
        return result;
}

static int check_sections(const json_t *profile, struct fail *why)
{
        for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
                const json_t *section = json_object_get(profile, sections[i].section);

                for (const char *const *n = sections[i].names; *n != NULL; n++) {
                        char *full = mem_format("%s.%s", sections[i].section, *n);
                        int result =
                            check_pointers(json_object_get(section, *n), is_word(needed, full),
                                           sections[i].section, *n, why);

                        mem_free(full);
                        if (result != 0)
                                return -1;
                }
        }
        return 0;
}

static int check_tables(const json_t *profile, struct fail *why)
{
        for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
                json_t *table = json_object_get(profile, tables[i].section), *word;
                const char *name;

                if (!json_is_object(table) || json_object_size(table) == 0)
                        return broken(why, tables[i].section, "", "missing, or empty");
                json_object_foreach(table, name, word)
                {
                        if (!is_word(tables[i].words, json_string_value(word)))
                                return broken(why, tables[i].section, name,
                                              "a meaning unknown here");
                }
        }
        return 0;
}

static int check_errors(const json_t *profile, struct fail *why)
{
        const json_t *errors = json_object_get(profile, "errors");

        if (!json_is_array(errors))
                return broken(why, "errors", "", "missing, or not an array");
        for (size_t i = 0; i < json_array_size(errors); i++) {
                const json_t *row = json_array_get(errors, i);
                char number[24];

                snprintf(number, sizeof number, "%zu", i);
                if (text_empty(json_get_text(row, "has", NULL)))
                        return broken(why, "errors", number, "\"has\" is missing");
                if (!is_word(classes, json_get_text(row, "class", NULL)))
                        return broken(why, "errors", number, "\"class\" is none known here");
        }
        return 0;
}

static int check_numbers(const json_t *profile, struct fail *why)
{
        const json_t *least = json_at(profile, "score.least"),
                     *most = json_at(profile, "score.most");

        if (!json_is_number_of(least) || !json_is_number_of(most) ||
            json_real_of(least, 0) >= json_real_of(most, 0))
                return broken(why, "score", "", "needs two numbers, the least below the most");
        if (text_empty(json_get_text(profile, "score.version", NULL)))
                return broken(why, "score", "version", "missing: what people call this score");
        if (json_real_of(json_at(profile, "challenge_most"), 0) <= 0)
                return broken(why, "challenge_most", "", "not a number above 0");
        if (json_get_int(profile, "time_unit_ms", 0) < 1)
                return broken(why, "time_unit_ms", "", "not a number of milliseconds");
        return 0;
}

static int check(const json_t *profile, struct fail *why)
{
        const json_t *envelope = json_object_get(profile, "envelope");

        if (check_pointers(json_object_get(envelope, "status"), false, "envelope", "status", why) !=
                0 ||
            check_pointers(json_object_get(envelope, "message"), false, "envelope", "message",
                           why) != 0)
                return -1;
        if (json_array_size(json_object_get(envelope, "success")) == 0)
                return broken(why, "envelope", "success", "missing, or not a list of words");
        for (const char *const *c = calls; *c != NULL; c++)
                if (check_call(profile, *c, why) != 0)
                        return -1;
        if (check_sections(profile, why) != 0 || check_tables(profile, why) != 0 ||
            check_numbers(profile, why) != 0)
                return -1;
        return check_errors(profile, why);
}

json_t *coderbyte_profile_load(struct link *link, struct fail *why)
{
        struct fail cause = FAIL_CLEAR;
        struct buf text = BUF_NONE;
        json_t *profile = NULL;
        int found = link_data(link, CODERBYTE_PROFILE, &text, &cause);

        if (found == 0) {
                fail_set(why, FAIL_INPUT, "%s: there is no such file", CODERBYTE_PROFILE);
        } else if (found < 0) {
                fail_set(why, cause.kind, "%s: %s", CODERBYTE_PROFILE, cause.text);
        } else if ((profile = json_parse(text.data, text.len, true, &cause)) == NULL) {
                fail_set(why, FAIL_INPUT, "%s: %s", CODERBYTE_PROFILE, cause.text);
        } else if (check(profile, why) != 0) {
                json_decref(profile);
                profile = NULL;
        }
        buf_dispose(&text);
        return profile;
}

const json_t *coderbyte_row(const json_t *profile, const char *call)
{
        return json_object_get(json_object_get(profile, "calls"), call);
}

bool coderbyte_can(const json_t *profile, const char *call)
{
        return !text_empty(json_get_text(coderbyte_row(profile, call), "path", NULL));
}

char *coderbyte_path(const json_t *profile, const char *call, const char *base,
                     const json_t *values)
{
        const char *p = json_get_text(coderbyte_row(profile, call), "path", "");
        struct buf out = BUF_NONE;

        buf_add_text(&out, base);
        while (out.len > 0 && out.data[out.len - 1] == '/')
                out.data[--out.len] = '\0';
        while (*p != '\0') {
                size_t len = strcspn(p, "{");

                buf_add(&out, p, len);
                p += len;
                if (*p == '{') {
                        char *name = mem_text_part(p + 1, strcspn(p + 1, "}"));

                        code_url(&out, json_text_of(json_object_get(values, name), ""));
                        p += strlen(name) + 2;
                        mem_free(name);
                }
        }
        return buf_take(&out);
}

/* A template with our values in it, or NULL for one whose value is missing. */
static json_t *fill(const json_t *template, const json_t *values)
{
        const char *text = json_string_value(template), *name;
        json_t *out, *member;
        size_t i;

        if (text != NULL && text[0] == '$') {
                member = json_object_get(values, text + 1);
                return member == NULL || json_is_null(member) ? NULL : json_incref(member);
        }
        if (json_is_array(template)) {
                out = json_array();
                json_array_foreach((json_t *)(uintptr_t) template, i, member)
                {
                        json_t *filled = fill(member, values);

                        if (filled != NULL)
                                json_add(out, filled);
                }
                return out;
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

json_t *coderbyte_body(const json_t *profile, const char *call, const json_t *values)
{
        const json_t *template = json_object_get(coderbyte_row(profile, call), "body");

        return template == NULL ? NULL : fill(template, values);
}

json_t *coderbyte_lead(const json_t *pointers, const json_t *value, bool *known)
{
        bool place = false, empty;

        for (size_t i = 0; i < json_array_size(pointers); i++) {
                json_t *found =
                    json_pointer(value, json_text_of(json_array_get(pointers, i), ""), &empty);

                place = place || empty || found != NULL;
                if (found != NULL) {
                        if (known != NULL)
                                *known = true;
                        return found;
                }
        }
        if (known != NULL)
                *known = place;
        return NULL;
}

json_t *coderbyte_at(const json_t *profile, const char *section, const char *name,
                     const json_t *value, bool *known)
{
        return coderbyte_lead(json_object_get(json_object_get(profile, section), name), value,
                              known);
}

json_t *coderbyte_list(const json_t *value)
{
        json_t *list = json_array(), *one;
        const char *name;
        size_t i;

        if (json_is_array(value)) {
                json_array_foreach((json_t *)(uintptr_t)value, i, one)
                {
                        json_add(list, json_incref(one));
                }
        } else if (json_is_object(value)) {
                json_object_foreach((json_t *)(uintptr_t)value, name, one)
                {
                        json_add(list, json_incref(one));
                }
        }
        return list;
}

bool coderbyte_number(const json_t *value, double *number)
{
        const char *text = json_string_value(value);

        if (value == NULL || (text != NULL && *text == '\0'))
                return false;
        /* No number is both of these at once. */
        *number = json_real_of(value, -1);
        return json_is_number_of(value) || (text != NULL && json_real_of(value, -2) == *number);
}
