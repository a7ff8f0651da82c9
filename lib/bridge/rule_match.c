/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules: those that match, and what they make of a result. */
#include "bridge/rule.h"

#include <string.h>

#include "floor/text.h"

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

                intent.step = rule_step(json_array_get(then, i), &with);
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

int rules_for_schedule(const json_t *rules, const char *ats, const struct application *application,
                       const char *title, void (*visit)(void *context, const struct intent *intent),
                       void *context)
{
        int count = 0;

        for (size_t i = 0; i < json_array_size(rules); i++) {
                const json_t *rule = json_array_get(rules, i),
                             *scheduled = json_at(rule, "when.interview_scheduled");
                const char *job = json_get_text(scheduled, "job", "*"),
                           *wanted = json_get_text(scheduled, "title", "*");

                if (text_equal(json_get_text(scheduled, "ats", NULL), ats) &&
                    (text_equal(job, "*") ||
                     names_it(job, application->job_id, application->job_name)) &&
                    (text_equal(wanted, "*") || (title != NULL && text_equal(wanted, title))))
                        count += visit_steps(rule, visit, context);
        }
        return count;
}

bool rules_watch_schedules(const json_t *rules, const char *ats)
{
        for (size_t i = 0; i < json_array_size(rules); i++)
                if (text_equal(json_get_text(json_array_get(rules, i),
                                             "when.interview_scheduled.ats", NULL),
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

int rule_score(const json_t *lines, const struct session *session)
{
        double percent, best = -1;
        int score = 0;

        if (session->state != SESSION_COMPLETE || !session_score_released(session) ||
            !score_percent(&session->score, &percent))
                return 0;
        for (size_t i = 0; i < json_array_size(lines); i++) {
                const json_t *line = json_array_get(lines, i);
                double least = json_real_of(json_at(line, "percent_at_least"), 101);

                if (percent >= least && least > best) {
                        best = least;
                        score = (int)json_get_int(line, "score", 0);
                }
        }
        return score >= 1 && score <= 4 ? score : 0;
}

enum rule_verdict rule_verdict(const json_t *with, const struct session *session)
{
        double percent;

        if (session->state == SESSION_NOT_VERIFIED)
                return RULE_REVIEW;
        if (session->state != SESSION_COMPLETE)
                return RULE_NONE;
        if (!session_score_released(session) || !score_percent(&session->score, &percent))
                return RULE_REVIEW;
        if (percent >= json_real_of(json_at(with, "pass_at_least"), 101))
                return RULE_PASS;
        return percent < json_real_of(json_at(with, "fail_below"), 0) ? RULE_FAIL : RULE_REVIEW;
}

const char *rule_tag(const json_t *tags, enum rule_verdict verdict)
{
        static const struct {
                const char *name, *standard;
        } rows[] = {
                [RULE_PASS] = { "pass", RULE_TAG_PASS },
                [RULE_REVIEW] = { "review", RULE_TAG_REVIEW },
                [RULE_FAIL] = { "fail", RULE_TAG_FAIL },
        };

        return verdict > RULE_FAIL
                   ? NULL
                   : json_get_text(tags, rows[verdict].name, rows[verdict].standard);
}

/* What an ATS is used for by one step. */
static unsigned use_of(const char *step, const json_t *with)
{
        if (text_equal(step, "send_assessment"))
                return RULE_USES_NOTES;
        if (text_equal(step, "add_selection_link"))
                return RULE_USES_NOTES | RULE_USES_LINKS;
        if (text_equal(step, "create_interview"))
                return RULE_USES_NOTES | RULE_USES_LINKS |
                       (json_at(with, "schedule") != NULL ? RULE_USES_SCHEDULE : 0);
        if (text_equal(step, "write_result"))
                return RULE_USES_NOTES | (json_at(with, "file") != NULL ? RULE_USES_FILES : 0);
        if (text_equal(step, "tag_result"))
                return RULE_USES_TAGS;
        return text_equal(step, "move_stage") ? RULE_USES_MOVES : 0;
}

unsigned rules_use(const json_t *rules, const char *ats)
{
        unsigned uses = 0;

        for (size_t i = 0; i < json_array_size(rules); i++) {
                const json_t *rule = json_array_get(rules, i),
                             *entered = json_at(rule, "when.entered_stage"),
                             *scheduled = json_at(rule, "when.interview_scheduled"),
                             *then = json_object_get(rule, "then");

                /* A result goes back to wherever the candidate came from. */
                if ((entered != NULL && !text_equal(json_get_text(entered, "ats", NULL), ats)) ||
                    (scheduled != NULL && !text_equal(json_get_text(scheduled, "ats", NULL), ats)))
                        continue;
                if (scheduled != NULL)
                        uses |= RULE_USES_WATCH;
                for (size_t j = 0; j < json_array_size(then); j++) {
                        const json_t *with = NULL;
                        const char *step = rule_step(json_array_get(then, j), &with);

                        uses |= use_of(step, with);
                }
        }
        return uses;
}

static const struct {
        const char *word;
        unsigned use;
} use_words[] = {
        { "notes", RULE_USES_NOTES }, { "links", RULE_USES_LINKS },
        { "tags", RULE_USES_TAGS },   { "files", RULE_USES_FILES },
        { "moves", RULE_USES_MOVES }, { "schedule", RULE_USES_SCHEDULE },
        { "watch", RULE_USES_WATCH },
};

const char *rule_need(const char *line, unsigned uses)
{
        const char *end = line[0] == '[' ? strchr(line, ']') : NULL;
        bool wanted = end == NULL || uses == 0;

        if (end == NULL)
                return line;
        for (size_t i = 0; i < sizeof use_words / sizeof *use_words; i++) {
                size_t len = strlen(use_words[i].word);

                for (const char *at = line + 1; at < end; at += strcspn(at, " ]") + 1)
                        if (strncmp(at, use_words[i].word, len) == 0 &&
                            (at[len] == ' ' || at[len] == ']') && (uses & use_words[i].use) != 0)
                                wanted = true;
        }
        return wanted ? end + 1 + strspn(end + 1, " ") : NULL;
}
