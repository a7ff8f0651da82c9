/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lever's stages, which all postings share, moving between them, and the postings
 * (wire/lever.md 3). */
#include <string.h>

#include "ats/lever_call.h"
#include "ats/lever_part.h"
#include "floor/mem.h"
#include "floor/text.h"

static int collect(void *context, const json_t *row)
{
        char *id = json_get_id(row, "id");
        json_t *stage;

        if (id != NULL) {
                stage = json_object();
                json_set_text(stage, "id", id);
                json_set_text(stage, "name", json_get_text(row, "text", ""));
                json_add(context, stage);
        }
        mem_free(id);
        return 0;
}

int lever_list_stages(struct link *link, const char *job_id, json_t **stages,
                      struct outcome *outcome)
{
        (void)job_id;
        *outcome = (struct outcome)OUTCOME_NONE;
        *stages = json_array();
        if (lever_each(link, "stages", "list stages", collect, *stages, outcome) == 0)
                return 0;
        json_decref(*stages);
        *stages = NULL;
        return -1;
}

/* Postings are Lever's jobs; of closed and rejected ones nothing new comes. */
static int add_posting(void *context, const json_t *row)
{
        const char *state = json_get_text(row, "state", "");
        char *id = json_get_id(row, "id");
        json_t *job;

        if (id != NULL && !text_equal(state, "closed") && !text_equal(state, "rejected")) {
                job = json_object();
                json_set_text(job, "id", id);
                json_set_text(job, "name", json_get_text(row, "text", ""));
                json_add(context, job);
        }
        mem_free(id);
        return json_array_size(context) >= ATS_JOBS_MAX;
}

int lever_list_jobs(struct link *link, json_t **jobs, struct outcome *outcome)
{
        *outcome = (struct outcome)OUTCOME_NONE;
        *jobs = json_array();
        if (lever_each(link, "postings", "list postings", add_posting, *jobs, outcome) == 0)
                return 0;
        json_decref(*jobs);
        *jobs = NULL;
        return -1;
}

static int not_moved(struct outcome *outcome, const char *reason)
{
        char *sentence = mem_format("Not moved: %s.", reason);

        outcome_set(outcome, OUTCOME_REFUSED, sentence, "move: %s", reason);
        mem_free(sentence);
        return -1;
}

/* The stage meant by "next", an id or an exact name; NULL with *reason. */
static const json_t *target_of(const json_t *stages, const char *from, const char *to,
                               const char **reason)
{
        const json_t *hit = NULL;
        size_t count = json_array_size(stages);

        for (size_t i = 0; text_equal(to, "next") && i < count; i++)
                if (text_equal(json_get_text(json_array_get(stages, i), "id", NULL), from)) {
                        if (i + 1 == count)
                                *reason = "it is in the last stage already";
                        return json_array_get(stages, i + 1);
                }
        for (int pass = 0; pass < 2 && hit == NULL; pass++)
                for (size_t i = 0; i < count; i++) {
                        const json_t *stage = json_array_get(stages, i);

                        if (!text_equal(json_get_text(stage, pass == 0 ? "id" : "name", NULL), to))
                                continue;
                        if (hit != NULL) {
                                *reason = "two stages have the name the rule gives";
                                return NULL;
                        }
                        hit = stage;
                }
        if (hit == NULL)
                *reason = text_equal(to, "next")
                              ? "the stage it is in is not in Lever's list of stages"
                              : "Lever has no stage of the name the rule gives";
        return hit;
}

static char *stage_of(const json_t *row)
{
        char *id = json_get_id(row, "stage");

        return id != NULL ? id : json_get_id(row, "stage.id");
}

static int order(struct link *link, const char *opportunity, const char *stage,
                 struct outcome *outcome)
{
        char *path = lever_path(link, opportunity, "stage", true);
        json_t *body = json_object();
        struct lever_ask ask = { .link = link,
                                 .method = "PUT",
                                 .path = path,
                                 .permission = "update opportunity stage",
                                 .body = body };
        int result;

        json_set_text(body, "stage", stage);
        result = lever_call(&ask, NULL, outcome);
        json_decref(body);
        mem_free(path);
        return result;
}

static int confirm(struct link *link, const char *opportunity, const char *want,
                   struct outcome *outcome)
{
        json_t *row = NULL;
        char *at = NULL;
        int result;

        if (lever_opportunity(link, opportunity, NULL, &row, outcome) != 0)
                return outcome_set(outcome, OUTCOME_UNCERTAIN,
                                   "The candidate was moved, but Lever could not be asked for "
                                   "confirmation. It will be looked at again.",
                                   "move: accepted, read back failed");
        at = stage_of(row);
        result =
            text_equal(at, want)
                ? outcome_set(outcome, OUTCOME_DONE, NULL, NULL)
                : outcome_set(outcome, OUTCOME_UNCERTAIN,
                              "Lever accepted the move but still shows another stage. It will "
                              "be looked at again.",
                              "move: accepted, to %s, still in %s", want, text_or(at, "no stage"));
        mem_free(at);
        json_decref(row);
        return result;
}

int lever_move_stage(struct link *link, const struct application *application, const char *to,
                     struct outcome *outcome)
{
        json_t *row = NULL, *stages = NULL;
        const char *reason = NULL, *want;
        const json_t *target;
        char *at = NULL;
        int result = -1;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(to))
                return not_moved(outcome, "the rule names no stage");
        if (lever_opportunity(link, application->id, NULL, &row, outcome) != 0)
                return -1;
        at = stage_of(row);
        if (lever_list_stages(link, NULL, &stages, outcome) != 0)
                goto out;
        target = target_of(stages, application->stage_id, to, &reason);
        want = json_get_text(target, "id", "");
        if (target == NULL)
                result = not_moved(outcome, reason);
        else if (text_equal(at, want))
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        else if (lever_is_archived(row)) /* Lever would move it and leave it archived */
                result = not_moved(outcome, "this opportunity is archived");
        else if (!text_equal(at, application->stage_id))
                result = not_moved(outcome, "the candidate is in another stage by now");
        else if (order(link, application->id, want, outcome) == 0)
                result = confirm(link, application->id, want, outcome);
out:
        mem_free(at);
        json_decref(stages);
        json_decref(row);
        return result;
}
