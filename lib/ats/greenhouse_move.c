/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Moving an application between the stages of its job (wire/greenhouse.md 3.4).
 *
 * A move fires the job's transition rules, mail to the candidate among them, so it is never
 * made on a guess: read, compare with where the rule saw the application, move with the
 * vendor's guard, read again.
 */
#include <inttypes.h>
#include <string.h>

#include "ats/greenhouse_read.h"
#include "ats/greenhouse_v1.h"
#include "ats/greenhouse_v3.h"
#include "floor/mem.h"
#include "floor/text.h"

#define SCOPE "harvest:applications:move"

struct move {
        struct link *link;
        const struct application *application;
        json_t *row;    /* of the application, as it is now */
        json_t *stages; /* of its job, in order */
        char *at;       /* id of the stage it is in */
        char *target;   /* where it shall go */
        const char *target_name;
};

static int read_row(struct move *m, struct outcome *outcome)
{
        int found;

        json_decref(m->row);
        mem_free(m->at);
        m->at = NULL;
        found = greenhouse_record(m->link, "applications", m->application->id,
                                  "harvest:applications:list", &m->row, outcome);
        if (found == 0)
                return outcome_set(outcome, OUTCOME_ABSENT,
                                   "This application is not visible to us in Greenhouse any more, "
                                   "so it was not moved.",
                                   "application %s: no row",
                                   text_or(m->application->id, "without an id"));
        return found < 0 ? -1 : greenhouse_stage_of(m->link, m->row, &m->at, outcome);
}

static const json_t *stage_at(const struct move *m, const char *id, size_t *index)
{
        for (size_t i = 0; id != NULL && i < json_array_size(m->stages); i++)
                if (greenhouse_row_is(json_array_get(m->stages, i), "id", id)) {
                        *index = i;
                        return json_array_get(m->stages, i);
                }
        return NULL;
}

/* The stage the rule saw the application in.  A webhook's current_stage.id should be the
 * stage's own id, which nobody has verified (4.5): its name decides where the id does not. */
static const json_t *stage_from(const struct move *m, size_t *index)
{
        const json_t *hit = stage_at(m, m->application->stage_id, index);

        if (hit != NULL)
                return hit;
        for (size_t i = 0; i < json_array_size(m->stages); i++)
                if (m->application->stage_name != NULL &&
                    text_equal(json_get_text(json_array_get(m->stages, i), "name", NULL),
                               m->application->stage_name)) {
                        if (hit != NULL)
                                return NULL;
                        hit = json_array_get(m->stages, i);
                        *index = i;
                }
        return hit;
}

/* The stage meant by "next", an id or an exact name; NULL with *reason. */
static const json_t *stage_to(const struct move *m, const char *to, size_t from,
                              const char **reason)
{
        const json_t *hit = NULL;

        if (text_equal(to, "next")) {
                for (size_t i = from + 1; i < json_array_size(m->stages); i++)
                        if (json_get_bool(json_array_get(m->stages, i), "active", true))
                                return json_array_get(m->stages, i);
                *reason = "it is in the last stage of its job already";
                return NULL;
        }
        for (int pass = 0; pass < 2 && hit == NULL; pass++)
                for (size_t i = 0; i < json_array_size(m->stages); i++) {
                        const json_t *stage = json_array_get(m->stages, i);

                        if (!json_get_bool(stage, "active", true) ||
                            !(pass == 0 ? greenhouse_row_is(stage, "id", to)
                                        : text_equal(json_get_text(stage, "name", NULL), to)))
                                continue;
                        if (hit != NULL) {
                                *reason = "two stages of this job have the name the rule gives";
                                return NULL;
                        }
                        hit = stage;
                }
        if (hit == NULL)
                *reason = "this job has no stage of the name the rule gives";
        return hit;
}

static int not_moved(struct outcome *outcome, const char *reason)
{
        char *sentence = mem_format("Not moved: %s.", reason);

        outcome_set(outcome, OUTCOME_REFUSED, sentence, "move: %s", reason);
        mem_free(sentence);
        return -1;
}

/* 1 move it, 0 it is there already, -1 outcome. */
static int decide(struct move *m, const char *to, struct outcome *outcome)
{
        const char *status = json_get_text(m->row, "status", ""), *reason = NULL;
        char *job = json_get_id(m->row, "job_id"), *from_id = NULL;
        const json_t *from, *target;
        size_t index = 0;
        int result = -1;

        if (json_get_bool(m->row, "prospect", false) || job == NULL)
                reason = "this is a prospect, who has no stage";
        else if (m->application->job_id != NULL && !text_equal(job, m->application->job_id))
                reason = "the candidate was moved to another job in the meantime";
        if (reason == NULL && greenhouse_stages(m->link, job, &m->stages, outcome) != 0)
                goto out;
        if (reason == NULL && (from = stage_from(m, &index)) == NULL)
                reason = "it is not known which stage the candidate was in";
        if (reason == NULL && (target = stage_to(m, to, index, &reason)) != NULL) {
                from_id = json_get_id(from, "id");
                m->target = json_get_id(target, "id");
                m->target_name = json_get_text(target, "name", m->target);
                if (text_equal(m->at, m->target))
                        result = 0;
                else if (!text_equal(status, "in_process") && !text_equal(status, "active"))
                        reason = "this application is no longer active";
                else if (m->at == NULL)
                        reason = "Greenhouse does not tell which stage the candidate is in";
                else if (!text_equal(m->at, from_id))
                        reason = "the candidate is in another stage by now";
                else
                        result = 1;
        }
        if (reason != NULL)
                result = not_moved(outcome, reason);
out:
        mem_free(from_id);
        mem_free(job);
        return result;
}

static int order(struct move *m, const char *from, struct outcome *outcome)
{
        char *path = mem_format("applications/%s/move", m->application->id);
        json_t *body = json_object();
        bool v1 = greenhouse_is_v1(m->link);
        int64_t from_id = 0, to_id = 0;
        int result = -1;

        if (greenhouse_id(from, &from_id) != 0 || greenhouse_id(m->target, &to_id) != 0) {
                not_moved(outcome, "Greenhouse gave a stage without a number");
        } else {
                json_set_int(body, "from_stage_id", from_id);
                json_set_int(body, "to_stage_id", to_id);
                result = greenhouse_v3_write(m->link, "POST", path, body, v1 ? 200 : 204,
                                             v1 ? "Applications, POST: Move Application" : SCOPE,
                                             NULL, outcome);
        }
        json_decref(body);
        mem_free(path);
        return result;
}

/* Which id the guard wants is an open question (section 9): the stage's own first, then
 * the application's instance of it.  The wrong one is refused and changes nothing. */
static int order_both(struct move *m, struct outcome *outcome)
{
        char *instance = json_get_id(m->row, "stage_id");
        int result = order(m, m->at, outcome);

        if (result != 0 && outcome->status == 422 && instance != NULL &&
            !text_equal(instance, m->at))
                result = order(m, instance, outcome);
        mem_free(instance);
        return result;
}

static int confirm(struct move *m, struct outcome *outcome)
{
        if (read_row(m, outcome) != 0)
                return outcome_set(outcome, OUTCOME_UNCERTAIN,
                                   "The candidate was moved, but Greenhouse could not be asked "
                                   "for confirmation. It will be looked at again.",
                                   "move: accepted, read back failed");
        if (!text_equal(m->at, m->target))
                return outcome_set(outcome, OUTCOME_UNCERTAIN,
                                   "Greenhouse accepted the move but still shows another stage. "
                                   "It will be looked at again.",
                                   "move: accepted, to %s, still in %s", m->target,
                                   text_or(m->at, "no stage"));
        return outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
}

int greenhouse_move_stage(struct link *link, const struct application *application, const char *to,
                          struct outcome *outcome)
{
        struct move m = { .link = link, .application = application };
        int result, todo;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(to))
                return not_moved(outcome, "the rule names no stage");
        result = read_row(&m, outcome);
        if (result == 0) {
                todo = decide(&m, to, outcome);
                if (todo == 0)
                        result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
                else if (todo < 0 || order_both(&m, outcome) != 0)
                        result = -1;
                else
                        result = confirm(&m, outcome);
        }
        json_decref(m.row);
        json_decref(m.stages);
        mem_free(m.at);
        mem_free(m.target);
        return result;
}
