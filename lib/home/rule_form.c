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

const struct rule_kind rule_kinds[] = {
        { "send", "Send an assessment when a candidate enters a stage", true, true, true, false },
        { "select", "Let the recruiter choose which assessment to send", true, true, false, false },
        { "interview", "Make a live interview when a candidate enters a stage", true, true, false,
          false },
        { "write", "Write the result into the hiring system", false, false, false, false },
        { "move", "Move the candidate on a score", false, false, false, true },
        { NULL, NULL, false, false, false, false },
};

const struct rule_kind *rule_kind(const char *name)
{
        for (const struct rule_kind *k = rule_kinds; k->name != NULL; k++)
                if (text_equal(k->name, name))
                        return k;
        return NULL;
}

static const struct {
        const char *kind, *step;
} step_names[] = {
        { "send", "send_assessment" },
        { "select", "add_selection_link" },
        { "interview", "create_interview" },
        { "write", "write_result" },
        { "move", "move_stage" },
};
#define STEP_NAMES (sizeof step_names / sizeof *step_names)

const struct rule_kind *rule_kind_of_step(const char *step)
{
        for (size_t i = 0; i < STEP_NAMES; i++)
                if (text_equal(step_names[i].step, step))
                        return rule_kind(step_names[i].kind);
        return NULL;
}

static const char *step_of_kind(const struct rule_kind *kind)
{
        for (size_t i = 0; i < STEP_NAMES; i++)
                if (text_equal(step_names[i].kind, kind->name))
                        return step_names[i].step;
        return "";
}

static void copy_text(json_t *to, const char *member, const char *text)
{
        if (!text_empty(text))
                json_set_text(to, member, text);
}

json_t *rule_of_form(const struct rule_kind *kind, rule_typed *typed, void *context)
{
        json_t *rule = json_object(), *when = json_object(), *with = json_object();
        json_t *step = json_object(), *then = json_array(), *entered, *condition;
        int64_t percent;

        json_set_text(rule, "id", text_or(typed(context, "id"), ""));
        if (kind->stage) {
                entered = json_object();
                json_set_text(entered, "ats", text_or(typed(context, "ats"), ""));
                json_set_text(entered, "job", text_or(typed(context, "job"), "*"));
                json_set_text(entered, "stage", text_or(typed(context, "stage"), ""));
                json_set(when, "entered_stage", entered);
        } else {
                json_set_text(when, "result",
                              kind->move ? "final" : text_or(typed(context, "result"), "final"));
        }
        if (kind->platform)
                json_set_text(with, "platform", text_or(typed(context, "platform"), ""));
        if (kind->assessment)
                copy_text(with, "assessment", text_or(typed(context, "assessment"), ""));
        if (kind->move) {
                condition = json_object();
                json_set_text(with, "to", text_or(typed(context, "to"), "next"));
                if (text_int(text_or(typed(context, "percent"), ""), 0, 100, &percent) == 0)
                        json_set_int(condition, "percent_at_least", percent);
                json_set(with, "if", condition);
        }
        json_set(rule, "when", when);
        json_set(step, step_of_kind(kind), with);
        json_add(then, step);
        json_set(rule, "then", then);
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
