/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules: checking them, and finding those that match. */
#include "bridge/rule.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"

#define RULES_MAX 200
#define STEPS_MAX 20
#define WORD_MAX 200

/* Checking: every function returns 0, or -1 with the path of what is wrong. */

static int wrong(struct fail *why, const char *path, const char *sentence)
{
        return fail_set(why, FAIL_INPUT, "%s: %s", path, sentence);
}

/* An object that has no other members than these (a NULL-terminated list). */
static int check_members(const json_t *object, const char *path, const char *const *names,
                         struct fail *why)
{
        const char *name;
        json_t *value;

        if (!json_is_object(object))
                return wrong(why, path, "must be an object");
        json_object_foreach((json_t *)(uintptr_t)object, name, value)
        {
                size_t i = 0;

                while (names[i] != NULL && strcmp(names[i], name) != 0)
                        i++;
                if (names[i] == NULL)
                        return fail_set(why, FAIL_INPUT, "%s.%.80s: there is no such member", path,
                                        name);
        }
        return 0;
}

static int check_word(const json_t *object, const char *path, const char *name, bool needed,
                      struct fail *why)
{
        const json_t *value = json_object_get(object, name);
        const char *text = json_string_value(value);

        if (value == NULL && !needed)
                return 0;
        if (text_empty(text))
                return fail_set(why, FAIL_INPUT, "%s.%s: must be a text that is not empty", path,
                                name);
        if (strlen(text) > WORD_MAX)
                return fail_set(why, FAIL_INPUT, "%s.%s: is longer than %d bytes", path, name,
                                WORD_MAX);
        return 0;
}

/* A member that names a connection of this role. */
static int check_connection(const json_t *object, const char *path, const char *name,
                            const char *role, const json_t *kinds, struct fail *why)
{
        const char *id, *is;

        if (check_word(object, path, name, true, why) != 0)
                return -1;
        id = json_string_value(json_object_get(object, name));
        is = json_string_value(json_object_get(kinds, id));
        if (is == NULL)
                return fail_set(why, FAIL_INPUT, "%s.%s: no connection is called \"%.80s\"", path,
                                name, id);
        if ((text_equal(is, "ats") || text_equal(is, "platform") || text_equal(is, "consumer")) &&
            !text_equal(is, role))
                return fail_set(why, FAIL_INPUT, "%s.%s: \"%.80s\" is not %s", path, name, id,
                                text_equal(role, "ats") ? "an ATS" : "an assessment platform");
        return 0;
}

static int check_send(const json_t *with, const char *path, const json_t *kinds, struct fail *why)
{
        static const char *const names[] = { "platform", "assessment", NULL };

        return check_members(with, path, names, why) != 0 ||
                       check_connection(with, path, "platform", "platform", kinds, why) != 0 ||
                       check_word(with, path, "assessment", true, why) != 0
                   ? -1
                   : 0;
}

static int check_platform(const json_t *with, const char *path, const json_t *kinds,
                          struct fail *why)
{
        static const char *const names[] = { "platform", NULL };

        return check_members(with, path, names, why) != 0 ||
                       check_connection(with, path, "platform", "platform", kinds, why) != 0
                   ? -1
                   : 0;
}

static int check_write(const json_t *with, const char *path, const json_t *kinds, struct fail *why)
{
        static const char *const names[] = { NULL };

        (void)kinds;
        return check_members(with, path, names, why);
}

static int check_move(const json_t *with, const char *path, const json_t *kinds, struct fail *why)
{
        static const char *const names[] = { "to", "if", NULL }, *const conditions[] = {
                "percent_at_least", NULL
        };
        const json_t *condition, *percent;
        char *inner;
        int result = 0;

        (void)kinds;
        if (check_members(with, path, names, why) != 0 ||
            check_word(with, path, "to", true, why) != 0)
                return -1;
        condition = json_object_get(with, "if");
        if (condition == NULL)
                return 0;
        inner = mem_format("%s.if", path);
        percent = json_object_get(condition, "percent_at_least");
        if (check_members(condition, inner, conditions, why) != 0)
                result = -1;
        else if (!json_is_number(percent) || !(json_number_value(percent) >= 0) ||
                 json_number_value(percent) > 100)
                result = fail_set(why, FAIL_INPUT,
                                  "%s.percent_at_least: must be a number from 0 to 100", inner);
        mem_free(inner);
        return result;
}

static const struct step {
        const char *name;
        bool stage; /* follows entered_stage; otherwise a result */
        int (*check)(const json_t *with, const char *path, const json_t *kinds, struct fail *why);
} steps[] = {
        { "send_assessment", true, check_send },
        { "add_selection_link", true, check_platform },
        { "create_interview", true, check_platform },
        { "write_result", false, check_write },
        { "move_stage", false, check_move },
};

static const struct step *find_step(const char *name)
{
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
                if (strcmp(steps[i].name, name) == 0)
                        return &steps[i];
        return NULL;
}

/* {"send_assessment": {...}}: the only member of a step. */
static const char *step_name(const json_t *step, const json_t **with)
{
        void *at = json_object_iter((json_t *)(uintptr_t)step);

        if (at == NULL || json_object_size(step) != 1)
                return NULL;
        *with = json_object_iter_value(at);
        return json_object_iter_key(at);
}

static int check_step(const json_t *given, const char *path, bool stage, const json_t *kinds,
                      struct fail *why)
{
        const json_t *with = NULL;
        const char *name = step_name(given, &with);
        const struct step *step;
        char *inner;
        int result;

        if (name == NULL)
                return wrong(why, path, "must be an object with the name of one step");
        inner = mem_format("%s.%.80s", path, name);
        step = find_step(name);
        if (step == NULL)
                result = wrong(why, inner, "there is no such step");
        else if (step->stage != stage)
                result = wrong(why, inner,
                               stage ? "is a step for results, not for an entered stage"
                                     : "is a step for an entered stage, not for results");
        else
                result = step->check(with, inner, kinds, why);
        mem_free(inner);
        return result;
}

static int check_when(const json_t *when, const char *path, const json_t *kinds, bool *stage,
                      struct fail *why)
{
        static const char *const names[] = { "entered_stage", "result", NULL }, *const members[] = {
                "ats", "job", "stage", NULL
        };
        const json_t *entered;
        const char *result_word;
        char *inner;
        int result = -1;

        if (check_members(when, path, names, why) != 0)
                return -1;
        if (json_object_size(when) != 1)
                return wrong(why, path, "must have one of entered_stage and result");
        entered = json_object_get(when, "entered_stage");
        *stage = entered != NULL;
        inner = mem_format("%s.%s", path, *stage ? "entered_stage" : "result");
        if (*stage) {
                if (check_members(entered, inner, members, why) == 0 &&
                    check_connection(entered, inner, "ats", "ats", kinds, why) == 0 &&
                    check_word(entered, inner, "job", false, why) == 0 &&
                    check_word(entered, inner, "stage", true, why) == 0)
                        result = 0;
        } else {
                result_word = json_string_value(json_object_get(when, "result"));
                result = text_equal(result_word, "final") || text_equal(result_word, "any")
                             ? 0
                             : wrong(why, inner, "must be \"final\" or \"any\"");
        }
        mem_free(inner);
        return result;
}

static int check_rule(const json_t *rule, const char *path, const json_t *kinds, json_t *ids,
                      struct fail *why)
{
        static const char *const names[] = { "id", "when", "then", NULL };
        const json_t *then;
        const char *id;
        char *inner;
        bool stage = false;
        int result;

        if (check_members(rule, path, names, why) != 0)
                return -1;
        id = json_string_value(json_object_get(rule, "id"));
        if (!text_is_name(id, 40))
                return fail_set(why, FAIL_INPUT,
                                "%s.id: must be 1 to 40 letters, digits, '-' or '_'", path);
        if (json_object_get(ids, id) != NULL)
                return fail_set(why, FAIL_INPUT, "%s.id: another rule is called \"%s\"", path, id);
        json_set_bool(ids, id, true);
        inner = mem_format("%s.when", path);
        result = check_when(json_object_get(rule, "when"), inner, kinds, &stage, why);
        mem_free(inner);
        then = json_object_get(rule, "then");
        if (result == 0 && (!json_is_array(then) || json_array_size(then) == 0 ||
                            json_array_size(then) > STEPS_MAX))
                result = fail_set(why, FAIL_INPUT, "%s.then: must be a list of 1 to %d steps", path,
                                  STEPS_MAX);
        for (size_t i = 0; result == 0 && i < json_array_size(then); i++) {
                inner = mem_format("%s.then.%zu", path, i);
                result = check_step(json_array_get(then, i), inner, stage, kinds, why);
                mem_free(inner);
        }
        return result;
}

int rules_check(const json_t *rules, const json_t *kinds, struct fail *why)
{
        json_t *ids;
        int result = 0;

        if (!json_is_array(rules))
                return wrong(why, "rules", "must be a list");
        if (json_array_size(rules) > RULES_MAX)
                return fail_set(why, FAIL_INPUT, "rules: more than %d", RULES_MAX);
        ids = json_object();
        for (size_t i = 0; result == 0 && i < json_array_size(rules); i++) {
                char *path = mem_format("rules.%zu", i);

                result = check_rule(json_array_get(rules, i), path, kinds, ids, why);
                mem_free(path);
        }
        json_decref(ids);
        return result;
}

/* Matching: what is stored was checked, and what is odd in it all the same matches nothing. */

/* An id or an exact name. */
static bool names_it(const char *word, const char *id, const char *name)
{
        return word != NULL && (text_equal(word, id) || text_equal(word, name));
}

static int visit_steps(const json_t *rule,
                       void (*visit)(void *context, const struct intent *intent), void *context)
{
        const json_t *then = json_object_get(rule, "then");
        int count = 0;

        for (size_t i = 0; i < json_array_size(then); i++) {
                const json_t *with = NULL;
                struct intent intent;

                intent.step = step_name(json_array_get(then, i), &with);
                intent.with = with;
                intent.rule = json_get_text(rule, "id", "");
                if (intent.step == NULL)
                        continue;
                count++;
                if (visit != NULL)
                        visit(context, &intent);
        }
        return count;
}

int rules_for_stage(const json_t *rules, const char *ats, const struct application *application,
                    void (*visit)(void *context, const struct intent *intent), void *context)
{
        int count = 0;

        if (application->prospect || !text_equal(application->status, "active"))
                return 0;
        for (size_t i = 0; i < json_array_size(rules); i++) {
                const json_t *rule = json_array_get(rules, i),
                             *entered = json_at(rule, "when.entered_stage");
                const char *job = json_get_text(entered, "job", "*");

                if (text_equal(json_get_text(entered, "ats", NULL), ats) &&
                    (text_equal(job, "*") ||
                     names_it(job, application->job_id, application->job_name)) &&
                    names_it(json_get_text(entered, "stage", NULL), application->stage_id,
                             application->stage_name))
                        count += visit_steps(rule, visit, context);
        }
        return count;
}

bool rules_watch_stages(const json_t *rules, const char *ats)
{
        for (size_t i = 0; i < json_array_size(rules); i++)
                if (text_equal(
                        json_get_text(json_array_get(rules, i), "when.entered_stage.ats", NULL),
                        ats))
                        return true;
        return false;
}

/* Over and final, with a score or (a platform may give none) without. */
static bool is_final(const struct session *s)
{
        return s->state == SESSION_COMPLETE && s->verification != VERIFICATION_PENDING &&
               s->verification != VERIFICATION_NOT_VERIFIED;
}

int rules_for_result(const json_t *rules, const struct session *session,
                     void (*visit)(void *context, const struct intent *intent), void *context)
{
        /* Expired and declined are how it ended, and a recruiter must hear of it; a move to
         * another stage does not follow from them (rule_condition). */
        bool final = is_final(session) || session->state == SESSION_EXPIRED ||
                     session->state == SESSION_DECLINED,
             any = final || session->state == SESSION_NOT_VERIFIED;
        int count = 0;

        for (size_t i = 0; i < json_array_size(rules); i++) {
                const json_t *rule = json_array_get(rules, i);
                const char *result = json_get_text(rule, "when.result", NULL);

                if ((text_equal(result, "final") && final) || (text_equal(result, "any") && any))
                        count += visit_steps(rule, visit, context);
        }
        return count;
}

bool rule_condition(const json_t *condition, const struct session *session)
{
        const json_t *least = json_at(condition, "percent_at_least");
        double percent;

        if (session->state != SESSION_COMPLETE || !session_score_released(session))
                return false;
        if (condition == NULL)
                return true;
        return json_is_number(least) && score_percent(&session->score, &percent) &&
               percent >= json_number_value(least);
}
