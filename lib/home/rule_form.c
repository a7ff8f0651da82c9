/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules for people. */
#include "home/rule_form.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/rule.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/connection.h"
#include "home/event.h"
#include "home/kind.h"
#include "home/plan.h"
#include "home/records.h"

#define STAGE "ats", "job", "stage"
static const char *const send_fields[] = { STAGE, "platform", "assessment", NULL },
                         *const stage_fields[] = { STAGE, "platform", NULL },
                         *const schedule_fields[] = { "ats", "job", "title", "platform", NULL },
                         *const write_fields[] = { "result", "file", NULL },
                         *const tag_fields[] = { "result",     "pass",     "fail", "tag_pass",
                                                 "tag_review", "tag_fail", NULL },
                         *const move_fields[] = { "to", "percent", NULL };

const struct rule_kind rule_kinds[] = {
        { "send", "Send an assessment when a candidate enters a stage", "send_assessment",
          RULE_STAGE, send_fields },
        { "select", "Let the recruiter choose which assessment to send", "add_selection_link",
          RULE_STAGE, stage_fields },
        { "interview", "Make a live interview when a candidate enters a stage", "create_interview",
          RULE_STAGE, stage_fields },
        { "schedule", "Make a live interview when an interview is scheduled", "create_interview",
          RULE_SCHEDULE, schedule_fields },
        { "write", "Write the result into the hiring system", "write_result", RULE_RESULT,
          write_fields },
        { "tag", "Tag the candidate by the result", "tag_result", RULE_RESULT, tag_fields },
        { "move", "Move the candidate on a score", "move_stage", RULE_RESULT, move_fields },
        { NULL, NULL, NULL, RULE_STAGE, NULL },
};

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
        { "tag_pass", RULE_IN_STEP, "tags.pass", false, true, "Assessment: pass" },
        { "tag_review", RULE_IN_STEP, "tags.review", false, true, "Assessment: needs review" },
        { "tag_fail", RULE_IN_STEP, "tags.fail", false, true, "Assessment: fail" },
        { NULL, RULE_IN_START, NULL, false, false, NULL },
};

const struct rule_kind *rule_kind(const char *name)
{
        for (const struct rule_kind *k = rule_kinds; k->name != NULL; k++)
                if (text_equal(k->name, name))
                        return k;
        return NULL;
}

static json_t *start_of(const json_t *rule)
{
        json_t *entered = json_at(rule, "when.entered_stage");

        return entered != NULL ? entered : json_at(rule, "when.interview_scheduled");
}

static enum rule_waits waits_of(const json_t *rule)
{
        return json_at(rule, "when.result") != NULL          ? RULE_RESULT
               : json_at(rule, "when.entered_stage") != NULL ? RULE_STAGE
                                                             : RULE_SCHEDULE;
}

const struct rule_kind *rule_kind_of(const json_t *rule, const json_t *step)
{
        const json_t *with = NULL;
        const char *name = rule_step(step, &with);

        for (const struct rule_kind *k = rule_kinds; name != NULL && k->name != NULL; k++)
                if (k->waits == waits_of(rule) && text_equal(k->step, name))
                        return k;
        return NULL;
}

bool rule_kind_has(const struct rule_kind *kind, const char *field)
{
        for (const char *const *f = kind->fields; *f != NULL; f++)
                if (text_equal(*f, field))
                        return true;
        return false;
}

/* --- a field and its place ------------------------------------------------------------------- */

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

json_t *rule_of_form(const struct rule_kind *kind, rule_typed *typed, void *context)
{
        static const char *const starts[] = {
                [RULE_STAGE] = "entered_stage", [RULE_SCHEDULE] = "interview_scheduled"
        };
        json_t *rule = json_object(), *when = json_object(), *step = json_object(),
               *then = json_array();

        json_set_text(rule, "id", text_or(typed(context, "id"), ""));
        if (kind->waits == RULE_RESULT)
                json_set_text(when, "result", "final");
        else
                json_set(when, starts[kind->waits], json_object());
        json_set(rule, "when", when);
        json_set(step, kind->step, json_object());
        json_add(then, step);
        json_set(rule, "then", then);
        for (const struct rule_field *f = rule_fields; f->name != NULL; f++)
                if (rule_kind_has(kind, f->name))
                        rule_field_put(f, rule, 0, text_or(typed(context, f->name), ""));
        return rule;
}

/* --- as they stand -------------------------------------------------------------------------- */

static char *stamp_of(const json_t *record)
{
        char *text = record == NULL ? mem_text("") : json_text(record);
        char *stamp = record_digest(text, NULL);

        mem_free(text);
        stamp[16] = '\0';
        return stamp;
}

json_t *rules_standing(struct org *org, char **stamp, struct fail *why)
{
        json_t *record = NULL, *rules;
        int found = record_get(org, "rules", "all", &record, why);

        if (found < 0)
                return NULL;
        if (stamp != NULL)
                *stamp = stamp_of(record);
        rules = json_object_get(record, "rules");
        rules = json_is_array(rules) ? json_deep_copy(rules) : json_array();
        json_decref(record);
        return rules;
}

struct roles {
        struct org *org;
        json_t *list;
        struct fail *why;
};

static int see_connection(void *context, const char *id)
{
        static const char *const words[] = {
                [KIND_ATS] = "ats", [KIND_PLATFORM] = "platform", [KIND_CONSUMER] = "consumer"
        };
        struct roles *roles = context;
        json_t *record = NULL;
        const struct kind *kind;
        int found = record_get(roles->org, "connection", id, &record, roles->why);

        kind = kind_find(json_get_text(record, "kind", ""));
        if (found == 1)
                json_set_text(roles->list, id, kind == NULL ? "unknown" : words[kind->role]);
        json_decref(record);
        return found < 0 ? -1 : 0;
}

int rules_replace(struct home *h, struct org *org, const char *stamp, const json_t *rules,
                  struct fail *why)
{
        struct roles roles = { org, json_object(), why };
        json_t *read = NULL, *fresh = NULL;
        char *now = NULL;
        struct plan plan;
        int result = -1, found;

        plan_init(&plan);
        if (connection_each(h, org, see_connection, &roles, why) < 0 ||
            (found = record_get(org, "rules", "all", &read, why)) < 0)
                goto out;
        now = stamp_of(found == 1 ? read : NULL);
        result = 1;
        if (!text_equal(now, stamp))
                goto out;
        result = 2;
        if (rules_check(rules, roles.list, why) != 0)
                goto out;
        fresh = json_object();
        json_set(fresh, "rules", json_deep_copy(rules));
        plan_guard(&plan, "rules", "all", found == 1 ? read : NULL);
        record_put(plan.batch, "rules", "all", fresh);
        result = plan_commit(&plan, org, why);
        if (result != 0 && why->kind == FAIL_CONFLICT) {
                fail_clear(why);
                result = 1;
        } else if (result == 0) {
                event_wake(h, org->name, NULL, when_now_ms(), NULL);
        }
out:
        plan_dispose(&plan);
        json_decref(roles.list);
        json_decref(read);
        json_decref(fresh);
        mem_free(now);
        return result;
}

/* --- moving on scores ----------------------------------------------------------------------- */

int moves_read(struct org *org, json_t **record, struct fail *why)
{
        return record_get(org, "org", "moves", record, why);
}

int moves_switch(struct home *h, struct org *org, bool on, const char *by, struct fail *why)
{
        json_t *record = json_object();
        struct batch *b = batch_new();
        int result;

        json_set_bool(record, "on", on);
        json_set_text(record, "by", by);
        json_set_int(record, "at_ms", when_now_ms());
        record_put(b, "org", "moves", record);
        result = store_commit(org->store, b, why);
        if (result == 0)
                event_wake(h, org->name, NULL, when_now_ms(), NULL);
        batch_free(b);
        json_decref(record);
        return result;
}
