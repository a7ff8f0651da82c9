/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules: checking them. */
#include "bridge/rule.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"

#define RULES_MAX 200
#define STEPS_MAX 20
#define WORD_MAX 200
#define SCORES_MAX 10
#define HOURS_MAX (24 * 60)
#define MINUTES_MAX (8 * 60)

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

static int check_percent(const json_t *object, const char *path, const char *name, bool needed,
                         struct fail *why)
{
        const json_t *percent = json_object_get(object, name);

        if (percent == NULL && !needed)
                return 0;
        if (!json_is_number(percent) || !(json_number_value(percent) >= 0) ||
            json_number_value(percent) > 100)
                return fail_set(why, FAIL_INPUT, "%s.%s: must be a number from 0 to 100", path,
                                name);
        return 0;
}

/* {"percent_at_least": 90, "score": 4}: one line of what a percentage is worth. */
static int check_worth(const json_t *line, const char *path, struct fail *why)
{
        static const char *const names[] = { "percent_at_least", "score", NULL };
        const json_t *score;

        if (check_members(line, path, names, why) != 0 ||
            check_percent(line, path, "percent_at_least", true, why) != 0)
                return -1;
        score = json_object_get(line, "score");
        if (!json_is_integer(score) || json_integer_value(score) < 1 ||
            json_integer_value(score) > 4)
                return fail_set(why, FAIL_INPUT,
                                "%s.score: must be 1 (strong no), 2, 3 or 4 (strong yes)", path);
        return 0;
}

static int check_write(const json_t *with, const char *path, const json_t *kinds, struct fail *why)
{
        static const char *const names[] = { "score", "file", NULL };
        const json_t *score, *file;

        (void)kinds;
        if (check_members(with, path, names, why) != 0)
                return -1;
        score = json_object_get(with, "score");
        if (score != NULL && (!json_is_array(score) || json_array_size(score) == 0 ||
                              json_array_size(score) > SCORES_MAX))
                return fail_set(why, FAIL_INPUT, "%s.score: must be a list of 1 to %d lines", path,
                                SCORES_MAX);
        for (size_t i = 0; i < json_array_size(score); i++) {
                char *inner = mem_format("%s.score.%zu", path, i);
                int result = check_worth(json_array_get(score, i), inner, why);

                mem_free(inner);
                if (result != 0)
                        return -1;
        }
        file = json_object_get(with, "file");
        if (file != NULL && !text_equal(json_string_value(file), "text") &&
            !text_equal(json_string_value(file), "pdf"))
                return fail_set(why, FAIL_INPUT, "%s.file: must be \"text\" or \"pdf\"", path);
        return 0;
}

static int check_tags(const json_t *tags, const char *path, struct fail *why)
{
        static const char *const names[] = { "pass", "review", "fail", NULL };

        if (check_members(tags, path, names, why) != 0)
                return -1;
        for (size_t i = 0; names[i] != NULL; i++)
                if (check_word(tags, path, names[i], false, why) != 0)
                        return -1;
        for (size_t i = 0; names[i] != NULL; i++)
                for (size_t j = 0; j < i; j++)
                        if (rule_tag(tags, i) != NULL &&
                            text_equal_fold(rule_tag(tags, i), rule_tag(tags, j)))
                                return fail_set(why, FAIL_INPUT, "%s.%s: is the same tag as %s",
                                                path, names[i], names[j]);
        return 0;
}

static int check_tag(const json_t *with, const char *path, const json_t *kinds, struct fail *why)
{
        static const char *const names[] = { "pass_at_least", "fail_below", "tags", NULL };
        const json_t *tags = json_object_get(with, "tags");
        char *inner;
        int result;

        (void)kinds;
        if (check_members(with, path, names, why) != 0 ||
            check_percent(with, path, "pass_at_least", true, why) != 0 ||
            check_percent(with, path, "fail_below", false, why) != 0)
                return -1;
        if (json_object_get(with, "fail_below") != NULL &&
            json_number_value(json_object_get(with, "fail_below")) >
                json_number_value(json_object_get(with, "pass_at_least")))
                return fail_set(why, FAIL_INPUT,
                                "%s.fail_below: must not be above what passes (pass_at_least)",
                                path);
        if (tags == NULL)
                return 0;
        inner = mem_format("%s.tags", path);
        result = check_tags(tags, inner, why);
        mem_free(inner);
        return result;
}

/* A time for the interview in the ATS's schedule: nothing is put there unless a rule says so,
 * because nobody has agreed to it yet. */
static int check_schedule(const json_t *schedule, const char *path, struct fail *why)
{
        static const char *const names[] = { "in_hours", "minutes", "timezone", NULL };
        const json_t *hours = json_object_get(schedule, "in_hours"),
                     *minutes = json_object_get(schedule, "minutes");

        if (check_members(schedule, path, names, why) != 0 ||
            check_word(schedule, path, "timezone", false, why) != 0)
                return -1;
        if (!json_is_integer(hours) || json_integer_value(hours) < 1 ||
            json_integer_value(hours) > HOURS_MAX)
                return fail_set(why, FAIL_INPUT, "%s.in_hours: must be 1 to %d", path, HOURS_MAX);
        if (minutes != NULL && (!json_is_integer(minutes) || json_integer_value(minutes) < 1 ||
                                json_integer_value(minutes) > MINUTES_MAX))
                return fail_set(why, FAIL_INPUT, "%s.minutes: must be 1 to %d", path, MINUTES_MAX);
        return 0;
}

static int check_interview(const json_t *with, const char *path, const json_t *kinds,
                           struct fail *why)
{
        static const char *const names[] = { "platform", "schedule", NULL };
        const json_t *schedule = json_object_get(with, "schedule");
        char *inner;
        int result;

        if (check_members(with, path, names, why) != 0 ||
            check_connection(with, path, "platform", "platform", kinds, why) != 0)
                return -1;
        if (schedule == NULL)
                return 0;
        inner = mem_format("%s.schedule", path);
        result = check_schedule(schedule, inner, why);
        mem_free(inner);
        return result;
}

static int check_move(const json_t *with, const char *path, const json_t *kinds, struct fail *why)
{
        static const char *const names[] = { "to", "if", NULL }, *const conditions[] = {
                "percent_at_least", NULL
        };
        const json_t *condition;
        char *inner;
        int result;

        (void)kinds;
        if (check_members(with, path, names, why) != 0 ||
            check_word(with, path, "to", true, why) != 0)
                return -1;
        condition = json_object_get(with, "if");
        if (condition == NULL)
                return 0;
        inner = mem_format("%s.if", path);
        result = check_members(condition, inner, conditions, why) != 0 ||
                         check_percent(condition, inner, "percent_at_least", true, why) != 0
                     ? -1
                     : 0;
        mem_free(inner);
        return result;
}

/* The beginnings of a rule: bits, because a step may follow several. */
#define AFTER_STAGE 1U
#define AFTER_RESULT 2U
#define AFTER_SCHEDULE 4U

static const struct step {
        const char *name;
        unsigned after;
        int (*check)(const json_t *with, const char *path, const json_t *kinds, struct fail *why);
} steps[] = {
        { "send_assessment", AFTER_STAGE, check_send },
        { "add_selection_link", AFTER_STAGE, check_platform },
        { "create_interview", AFTER_STAGE | AFTER_SCHEDULE, check_interview },
        { "write_result", AFTER_RESULT, check_write },
        { "tag_result", AFTER_RESULT, check_tag },
        { "move_stage", AFTER_RESULT, check_move },
};

static const struct step *find_step(const char *name)
{
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
                if (strcmp(steps[i].name, name) == 0)
                        return &steps[i];
        return NULL;
}

const char *rule_step(const json_t *step, const json_t **with)
{
        void *at = json_object_iter((json_t *)(uintptr_t)step);

        if (at == NULL || json_object_size(step) != 1)
                return NULL;
        *with = json_object_iter_value(at);
        return json_object_iter_key(at);
}

static const char *misplaced(unsigned after, unsigned step)
{
        if (after == AFTER_SCHEDULE)
                return "does not follow a scheduled interview";
        if (step & AFTER_RESULT)
                return "is a step for results, not for an entered stage";
        return "is a step for an entered stage, not for results";
}

static int check_step(const json_t *given, const char *path, unsigned after, const json_t *kinds,
                      struct fail *why)
{
        const json_t *with = NULL;
        const char *name = rule_step(given, &with);
        const struct step *step;
        char *inner;
        int result;

        if (name == NULL)
                return wrong(why, path, "must be an object with the name of one step");
        inner = mem_format("%s.%.80s", path, name);
        step = find_step(name);
        if (step == NULL)
                result = wrong(why, inner, "there is no such step");
        else if ((step->after & after) == 0)
                result = wrong(why, inner, misplaced(after, step->after));
        else
                result = step->check(with, inner, kinds, why);
        if (result == 0 && after == AFTER_SCHEDULE && json_at(with, "schedule") != NULL)
                result =
                    fail_set(why, FAIL_INPUT, "%s.schedule: the interview has its time", inner);
        mem_free(inner);
        return result;
}

static int check_entered(const json_t *entered, const char *path, const json_t *kinds,
                         struct fail *why)
{
        static const char *const members[] = { "ats", "job", "stage", NULL };

        return check_members(entered, path, members, why) != 0 ||
                       check_connection(entered, path, "ats", "ats", kinds, why) != 0 ||
                       check_word(entered, path, "job", false, why) != 0 ||
                       check_word(entered, path, "stage", true, why) != 0
                   ? -1
                   : 0;
}

static int check_scheduled(const json_t *scheduled, const char *path, const json_t *kinds,
                           struct fail *why)
{
        static const char *const members[] = { "ats", "job", "title", NULL };

        return check_members(scheduled, path, members, why) != 0 ||
                       check_connection(scheduled, path, "ats", "ats", kinds, why) != 0 ||
                       check_word(scheduled, path, "job", false, why) != 0 ||
                       check_word(scheduled, path, "title", false, why) != 0
                   ? -1
                   : 0;
}

static int check_result(const json_t *result, const char *path, const json_t *kinds,
                        struct fail *why)
{
        const char *word = json_string_value(result);

        (void)kinds;
        return text_equal(word, "final") || text_equal(word, "any")
                   ? 0
                   : wrong(why, path, "must be \"final\" or \"any\"");
}

static int check_when(const json_t *when, const char *path, const json_t *kinds, unsigned *after,
                      struct fail *why)
{
        static const struct {
                const char *name;
                unsigned after;
                int (*check)(const json_t *value, const char *path, const json_t *kinds,
                             struct fail *why);
        } rows[] = {
                { "entered_stage", AFTER_STAGE, check_entered },
                { "result", AFTER_RESULT, check_result },
                { "interview_scheduled", AFTER_SCHEDULE, check_scheduled },
        };
        static const char *const names[] = { "entered_stage", "result", "interview_scheduled",
                                             NULL };

        if (check_members(when, path, names, why) != 0)
                return -1;
        if (json_object_size(when) != 1)
                return wrong(why, path,
                             "must have one of entered_stage, result and interview_scheduled");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const json_t *value = json_object_get(when, rows[i].name);
                char *inner;
                int result;

                if (value == NULL)
                        continue;
                *after = rows[i].after;
                inner = mem_format("%s.%s", path, rows[i].name);
                result = rows[i].check(value, inner, kinds, why);
                mem_free(inner);
                return result;
        }
        return -1; /* not reached: one of the three is there */
}

static int check_rule(const json_t *rule, const char *path, const json_t *kinds, json_t *ids,
                      struct fail *why)
{
        static const char *const names[] = { "id", "when", "then", NULL };
        const json_t *then;
        const char *id;
        char *inner;
        unsigned after = 0;
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
        result = check_when(json_object_get(rule, "when"), inner, kinds, &after, why);
        mem_free(inner);
        then = json_object_get(rule, "then");
        if (result == 0 && (!json_is_array(then) || json_array_size(then) == 0 ||
                            json_array_size(then) > STEPS_MAX))
                result = fail_set(why, FAIL_INPUT, "%s.then: must be a list of 1 to %d steps", path,
                                  STEPS_MAX);
        for (size_t i = 0; result == 0 && i < json_array_size(then); i++) {
                inner = mem_format("%s.then.%zu", path, i);
                result = check_step(json_array_get(then, i), inner, after, kinds, why);
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
