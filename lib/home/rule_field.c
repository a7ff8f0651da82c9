/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fields of the forms of rules, and their places in a rule. */
#include "home/rule_field.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"

const struct rule_field rule_fields[] = {
        { "ats", RULE_IN_START, "ats", false, false, "" },
        { "job", RULE_IN_START, "job", false, false, "*" },
        { "stage", RULE_IN_START, "stage", false, false, "" },
        { "title", RULE_IN_START, "title", false, false, "*" },
        { "result", RULE_IN_WHEN, "result", false, false, "final" },
        { "platform", RULE_IN_STEP, "platform", false, false, "" },
        { "assessment", RULE_IN_STEP, "assessment", false, false, "" },
        { "file", RULE_IN_STEP, "file", false, true, "" },
        { "to", RULE_IN_STEP, "to", false, false, "next" },
        { "percent", RULE_IN_STEP, "if.percent_at_least", true, false, "" },
        { "pass", RULE_IN_STEP, "pass_at_least", true, false, "" },
        { "fail", RULE_IN_STEP, "fail_below", true, true, "" },
        { "tag_pass", RULE_IN_STEP, "tags.pass", false, true, RULE_TAG_PASS },
        { "tag_review", RULE_IN_STEP, "tags.review", false, true, RULE_TAG_REVIEW },
        { "tag_fail", RULE_IN_STEP, "tags.fail", false, true, RULE_TAG_FAIL },
        { NULL, RULE_IN_START, NULL, false, false, NULL },
};

static json_t *start_of(const json_t *rule)
{
        json_t *entered = json_at(rule, "when.entered_stage");

        return entered != NULL ? entered : json_at(rule, "when.interview_scheduled");
}

static json_t *object_of(const struct rule_field *f, const json_t *rule, size_t step)
{
        const json_t *with = NULL;

        if (f->in != RULE_IN_STEP)
                return f->in == RULE_IN_START ? start_of(rule) : json_object_get(rule, "when");
        rule_step(json_array_get(json_object_get(rule, "then"), step), &with);
        return (json_t *)(uintptr_t)with;
}

char *rule_field_text(const struct rule_field *f, const json_t *rule, size_t step)
{
        const json_t *value = json_at(object_of(f, rule, step), f->path);

        if (f->number) /* as people type it: 70, 70.5 */
                return value == NULL ? mem_text("") : mem_format("%.15g", json_real_of(value, 0));
        return mem_text(text_or(json_string_value(value), f->absent));
}

/* Digits, and what follows a point. */
static bool number_of(const char *text, double *value)
{
        size_t whole = strspn(text, "0123456789"), part = 0;

        if (text[whole] == '.')
                part = 1 + strspn(text + whole + 1, "0123456789");
        if (whole == 0 || whole > 3 || part == 1 || part > 10 || text[whole + part] != '\0')
                return false;
        *value = strtod(text, NULL);
        return *value <= 100;
}

bool rule_field_takes(const struct rule_field *f, const char *text)
{
        double value;

        return !f->number || (f->optional && *text == '\0') || number_of(text, &value);
}

/* The object that has the last name of a path, made where it is not there, and that name. */
static json_t *parent_of(json_t *object, const char *path, const char **name)
{
        const char *dot = strchr(path, '.');
        json_t *inner;
        char *first;

        *name = path;
        if (dot == NULL)
                return object;
        first = mem_text_part(path, (size_t)(dot - path));
        inner = json_object_get(object, first);
        if (!json_is_object(inner)) {
                inner = json_object();
                json_set(object, first, inner);
        }
        mem_free(first);
        *name = dot + 1;
        return inner;
}

void rule_field_put(const struct rule_field *f, json_t *rule, size_t step, const char *text)
{
        json_t *whole = object_of(f, rule, step), *object;
        const char *name;
        double value;

        /* What is not there, and stays as it would be, makes no object to stand in. */
        if (f->optional && json_at(whole, f->path) == NULL &&
            (*text == '\0' || text_equal(text, f->absent)))
                return;
        object = parent_of(whole, f->path, &name);
        if (*text == '\0' && (f->optional || f->number)) {
                json_object_del(object, name);
                if (f->optional && object != whole && json_object_size(object) == 0) {
                        char *first = mem_text_part(f->path, (size_t)(name - f->path) - 1);

                        json_object_del(whole, first);
                        mem_free(first);
                }
        } else if (!f->number || !number_of(text, &value))
                json_set_text(object, name, *text == '\0' ? f->absent : text);
        else if (value == (double)(int)value)
                json_set_int(object, name, (int)value);
        else
                json_set(object, name, json_real(value));
}
