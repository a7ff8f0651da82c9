/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules for people. */
#include "home/rule_form.h"

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

const struct rule_kind *rule_kind(const char *name)
{
        for (const struct rule_kind *k = rule_kinds; k->name != NULL; k++)
                if (text_equal(k->name, name))
                        return k;
        return NULL;
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
