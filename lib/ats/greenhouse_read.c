/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading one thing out of Harvest v3's lists. */
#include "ats/greenhouse_read.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ats/greenhouse_v1.h"
#include "ats/greenhouse_v3.h"
#include "floor/mem.h"
#include "floor/text.h"

/* A thousand jobs with a long way each: what comes behind is not offered in forms. */
#define STAGES_MAX 20000

int greenhouse_id(const char *text, int64_t *id)
{
        return text == NULL ? -1 : text_int(text, 1, INT64_MAX, id);
}

bool greenhouse_row_is(const json_t *row, const char *member, const char *id)
{
        char *got = json_get_id(row, member);
        bool same = got != NULL && text_equal(got, id);

        mem_free(got);
        return same;
}

int greenhouse_row(struct link *link, const char *resource, const char *id, const char *scope,
                   json_t **row, struct outcome *outcome)
{
        json_t *rows = NULL;
        int64_t number;
        char *query;

        *row = NULL;
        if (greenhouse_id(id, &number) != 0)
                return 0;
        if (greenhouse_is_v1(link))
                return greenhouse_v1_row(link, resource, id, row, outcome);
        query = mem_format("ids=%" PRId64, number);
        if (greenhouse_v3_rows(link, resource, query, scope, &rows, outcome) != 0) {
                mem_free(query);
                return -1;
        }
        mem_free(query);
        for (size_t i = 0; i < json_array_size(rows) && *row == NULL; i++)
                if (greenhouse_row_is(json_array_get(rows, i), "id", id))
                        *row = json_incref(json_array_get(rows, i));
        json_decref(rows);
        return *row != NULL;
}

static int enough(void *context, const json_t *row)
{
        (void)context;
        (void)row;
        return 1;
}

int greenhouse_record(struct link *link, const char *resource, const char *id, const char *scope,
                      json_t **row, struct outcome *outcome)
{
        int found = greenhouse_row(link, resource, id, scope, row, outcome);
        struct outcome others = OUTCOME_NONE;

        if (found >= 0 || outcome->status != 403 || greenhouse_is_v1(link) ||
            greenhouse_v3_each(link, resource, "per_page=1", scope, enough, NULL, &others) != 0)
                return found;
        return outcome_set(outcome, OUTCOME_REFUSED,
                           "Greenhouse shows us others but not this candidate: private, or on a "
                           "job that the user the connection acts for may not see. Let that user "
                           "see it and try again.",
                           "%s: 403, and without ids it is 200", resource);
}

bool greenhouse_not_allowed(const struct outcome *outcome)
{
        return outcome->kind == OUTCOME_DENIED ||
               (outcome->kind == OUTCOME_REFUSED && outcome->status == 403);
}

static int64_t order_of(const json_t *stage)
{
        return json_get_int(stage, "sort_order", json_get_int(stage, "priority", INT64_MAX));
}

static int by_order(const void *a, const void *b)
{
        int64_t left = order_of(*(json_t *const *)a), right = order_of(*(json_t *const *)b);

        return left < right ? -1 : left > right;
}

/* Those of a job (NULL: of all), in the order in which a candidate comes to them. */
static json_t *in_order(const json_t *rows, const char *job_id)
{
        json_t **order = mem_array(json_array_size(rows) + 1, sizeof *order), *list = json_array();
        size_t count = 0;

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (job_id == NULL || greenhouse_row_is(json_array_get(rows, i), "job_id", job_id))
                        order[count++] = json_array_get(rows, i);
        qsort(order, count, sizeof *order, by_order);
        for (size_t i = 0; i < count; i++)
                json_array_append(list, order[i]);
        mem_free(order);
        return list;
}

static int collect(void *context, const json_t *row)
{
        json_array_append(context, (json_t *)(uintptr_t)row);
        return json_array_size(context) >= STAGES_MAX;
}

int greenhouse_all_stages(struct link *link, json_t **stages, struct outcome *outcome)
{
        bool v1 = greenhouse_is_v1(link);
        json_t *rows = json_array();
        int result = greenhouse_v3_each(link, v1 ? "job_stages" : "job_interview_stages",
                                        v1 ? "per_page=500" : "active=true&per_page=500",
                                        v1 ? "Job Stages, GET: List Job Stages"
                                           : "harvest:job_interview_stages:list",
                                        collect, rows, outcome);

        *stages = result == 0 ? in_order(rows, NULL) : NULL;
        json_decref(rows);
        return result;
}

int greenhouse_stages(struct link *link, const char *job_id, json_t **stages,
                      struct outcome *outcome)
{
        json_t *rows = NULL;
        int64_t number;
        char *query;
        int result;

        *stages = NULL;
        if (greenhouse_id(job_id, &number) != 0)
                return outcome_set(outcome, OUTCOME_ABSENT, "Greenhouse has no such job.",
                                   "a job's id is a number");
        if (greenhouse_is_v1(link)) {
                result = greenhouse_v1_stages(link, number, &rows, outcome);
        } else {
                query = mem_format("job_ids=%" PRId64 "&per_page=500", number);
                result = greenhouse_v3_rows(link, "job_interview_stages", query,
                                            "harvest:job_interview_stages:list", &rows, outcome);
                mem_free(query);
        }
        if (result != 0)
                return -1;
        *stages = in_order(rows, job_id);
        json_decref(rows);
        return 0;
}

/* GET application_stages?application_ids=&current=true: 1 with *stage_id, 0 nothing there
 * or not allowed, -1. */
static int stage_by_history(struct link *link, const char *application, char **stage_id,
                            struct outcome *outcome)
{
        char *query = mem_format("application_ids=%s&current=true", application);
        json_t *rows = NULL;
        int result = greenhouse_v3_rows(link, "application_stages", query,
                                        "harvest:application_stages:list", &rows, outcome);

        mem_free(query);
        for (size_t i = 0; i < json_array_size(rows) && *stage_id == NULL; i++) {
                const json_t *row = json_array_get(rows, i);

                if (json_get_bool(row, "current", true) &&
                    greenhouse_row_is(row, "application_id", application))
                        *stage_id = json_get_id(row, "job_interview_stage_id");
        }
        json_decref(rows);
        if (result != 0 && !greenhouse_not_allowed(outcome))
                return -1;
        return *stage_id != NULL;
}

static int stage_by_name(struct link *link, const json_t *row, char **stage_id,
                         struct outcome *outcome)
{
        const char *name = json_get_text(row, "stage_name", NULL);
        char *job = json_get_id(row, "job_id");
        json_t *stages = NULL;
        int hits = 0, result = 0;

        if (job != NULL && name != NULL)
                result = greenhouse_stages(link, job, &stages, outcome);
        for (size_t i = 0; i < json_array_size(stages); i++) {
                const json_t *stage = json_array_get(stages, i);

                if (!json_get_bool(stage, "active", true) ||
                    !text_equal(json_get_text(stage, "name", NULL), name))
                        continue;
                if (hits++ == 0)
                        *stage_id = json_get_id(stage, "id");
        }
        if (hits > 1) { /* two stages of one name: better none than the wrong one */
                mem_free(*stage_id);
                *stage_id = NULL;
        }
        json_decref(stages);
        mem_free(job);
        /* Without the permission the stage has a name and no id; rules may name it. */
        return result != 0 && !greenhouse_not_allowed(outcome) ? -1 : 0;
}

int greenhouse_stage_of(struct link *link, const json_t *row, char **stage_id,
                        struct outcome *outcome)
{
        char *application;
        int found;

        *stage_id = json_get_id(row, "job_interview_stage_id");
        if (*stage_id != NULL || greenhouse_is_v1(link) || json_get_bool(row, "prospect", false) ||
            (json_at(row, "stage_id") == NULL && json_at(row, "stage_name") == NULL))
                return 0;
        application = json_get_id(row, "id");
        found = stage_by_history(link, application, stage_id, outcome);
        mem_free(application);
        return found != 0 ? (found < 0 ? -1 : 0) : stage_by_name(link, row, stage_id, outcome);
}
