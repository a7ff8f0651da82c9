/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Moving an application between the stages of its interview plan (wire/ashby.md 5).
 *
 * The vendor has no guard against a move that somebody else made first, so: read, compare with
 * where the rule saw the application, move, and take the answer for the read-back.
 *
 * A stage of type Archived ends an application, and nobody is rejected automatically: it is
 * never moved there, by name, id or "next".  So archiveReasonId, which belongs to such moves
 * and is invalid with others (section 6, trap 13), is never sent.
 */
#include <string.h>

#include "ats/ashby_call.h"
#include "ats/ashby_part.h"
#include "floor/mem.h"
#include "floor/text.h"

static const struct ashby_method change_stage = { "application.changeStage", "Candidates: write",
                                                  true };

static int not_moved(struct outcome *outcome, const char *reason)
{
        char *sentence = mem_format("Not moved: %s.", reason);

        outcome_set(outcome, OUTCOME_REFUSED, sentence, "application.changeStage: %s", reason);
        mem_free(sentence);
        return -1;
}

static bool is_id(const json_t *row, const char *path, const char *id)
{
        char *got = json_get_id(row, path);
        bool same = got != NULL && text_equal(got, id);

        mem_free(got);
        return same;
}

static bool archives(const json_t *stage)
{
        return text_equal_fold(json_get_text(stage, "type", ""), "Archived");
}

static int64_t order_of(const json_t *stage)
{
        return json_get_int(stage, "orderInInterviewPlan", INT64_MAX);
}

/* The one behind this in the plan's order, whatever order the list is in. */
static const json_t *stage_behind(const json_t *stages, const json_t *at)
{
        const json_t *hit = NULL, *from = at;
        char *id = json_get_id(at, "id");

        for (size_t i = 0; i < json_array_size(stages); i++)
                if (is_id(json_array_get(stages, i), "id", id))
                        from = json_array_get(stages, i);
        mem_free(id);

        for (size_t i = 0; i < json_array_size(stages); i++) {
                const json_t *stage = json_array_get(stages, i);

                if (!archives(stage) && order_of(stage) > order_of(from) &&
                    order_of(stage) != INT64_MAX &&
                    (hit == NULL || order_of(stage) < order_of(hit)))
                        hit = stage;
        }
        return hit;
}

/* An id, else a title: in this plan, where another plan has another id for the same title. */
static const json_t *stage_named(const json_t *stages, const char *to, const char **reason)
{
        const json_t *hit = NULL;

        for (int pass = 0; pass < 2 && hit == NULL; pass++)
                for (size_t i = 0; i < json_array_size(stages); i++) {
                        const json_t *stage = json_array_get(stages, i);

                        if (!(pass == 0 ? is_id(stage, "id", to)
                                        : text_equal(json_get_text(stage, "title", NULL), to)))
                                continue;
                        if (hit != NULL) {
                                *reason = "two stages of this interview plan have the name the "
                                          "rule gives";
                                return NULL;
                        }
                        hit = stage;
                }
        if (hit == NULL)
                *reason = "the interview plan of this application has no stage of the name or id "
                          "the rule gives";
        return hit;
}

/* 1 move it to *target (the caller frees), 0 it is there already, -1 outcome. */
static int decide(const struct application *a, const json_t *now, const json_t *stages,
                  const char *to, char **target, struct outcome *outcome)
{
        const char *reason = NULL, *status = json_get_text(now, "status", "");
        const json_t *at = json_at(now, "currentInterviewStage"), *hit = NULL;
        int result = -1;

        if (a->job_id != NULL && !is_id(now, "job.id", a->job_id)) {
                reason = "the candidate was moved to another job in the meantime";
        } else if (text_equal(to, "next")) {
                hit = stage_behind(stages, at);
                if (!is_id(at, "id", a->stage_id))
                        reason = "the candidate is in another stage by now";
                else if (hit == NULL)
                        reason = "it is in the last stage of its interview plan already";
        } else {
                hit = stage_named(stages, to, &reason);
        }
        if (reason == NULL && archives(hit))
                reason = "that stage archives the application, and nobody is rejected "
                         "automatically";
        if (reason == NULL) {
                *target = json_get_id(hit, "id");
                if (is_id(at, "id", *target))
                        result = 0;
                else if (!is_id(at, "id", a->stage_id))
                        reason = "the candidate is in another stage by now";
                else if (!text_equal(status, "Active"))
                        reason = "this application is no longer active";
                else
                        result = 1;
        }
        return reason != NULL ? not_moved(outcome, reason) : result;
}

/* The answer carries the application as it is after the move. */
static int order(struct link *link, const char *id, const char *target, struct outcome *outcome)
{
        struct ashby_answer answer = { .value = NULL };
        json_t *body = ashby_body("applicationId", id);
        int result;

        json_set_text(body, "interviewStageId", target);
        result = ashby_call(link, &change_stage, body, &answer, outcome);
        if (result == 0 && !is_id(answer.results, "currentInterviewStage.id", target))
                result = outcome_set(outcome, OUTCOME_UNCERTAIN,
                                     "Ashby accepted the move but does not show the new stage. It "
                                     "will be looked at again.",
                                     "application.changeStage: accepted, other stage in the "
                                     "answer");
        ashby_answer_dispose(&answer);
        return result;
}

int ashby_move_stage(struct link *link, const struct application *application, const char *to,
                     struct outcome *outcome)
{
        struct ashby_answer now = { .value = NULL };
        char *plan = NULL, *target = NULL;
        json_t *stages = NULL;
        int result = -1, todo;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(to))
                return not_moved(outcome, "the rule names no stage");
        if (!ashby_is_id(application->id))
                return ashby_nobody(outcome, "application.changeStage");
        if (ashby_application(link, application->id, &now, outcome) != 0)
                goto out;
        plan = json_get_id(now.results, "currentInterviewStage.interviewPlanId");
        if (!ashby_is_id(plan)) {
                not_moved(outcome, "this application is in no interview plan");
                goto out;
        }
        if (ashby_stages(link, plan, &stages, outcome) != 0)
                goto out;
        todo = decide(application, now.results, stages, to, &target, outcome);
        if (todo == 1)
                result = order(link, application->id, target, outcome);
        else if (todo == 0)
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
out:
        json_decref(stages);
        mem_free(plan);
        mem_free(target);
        ashby_answer_dispose(&now);
        return result;
}
