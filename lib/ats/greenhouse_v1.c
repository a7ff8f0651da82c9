/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Harvest v1 in v3's words (wire/greenhouse.md 2.2, 2.3). */
#include "ats/greenhouse_v1.h"

#include <inttypes.h>
#include <string.h>

#include "ats/greenhouse_read.h"
#include "ats/greenhouse_v3.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

bool greenhouse_is_v1(const struct link *link)
{
        return text_equal(link_setting(link, "api", "v3"), "v1");
}

/* --- one record ------------------------------------------------------------------------------ */

static void copy(json_t *row, const char *name, const char *path)
{
        const json_t *value = json_at(row, path);

        if (value != NULL)
                json_set(row, name, json_deep_copy(value));
}

/* The current stage's id is the job's stage's: there are no instances of it here (2.2). */
static void application_words(json_t *row)
{
        copy(row, "job_id", "jobs.0.id");
        copy(row, "stage_id", "current_stage.id");
        copy(row, "job_interview_stage_id", "current_stage.id");
        copy(row, "stage_name", "current_stage.name");
}

static void candidate_words(json_t *row)
{
        copy(row, "private", "is_private");
}

static const struct {
        const char *resource, *path, *permission;
        void (*words)(json_t *row);
} kinds[] = {
        { "applications", "applications", "Applications, GET: Retrieve Application",
          application_words },
        { "candidates", "candidates", "Candidates, GET: Retrieve Candidate", candidate_words },
        { "jobs", "jobs", "Jobs, GET: Retrieve Job", NULL },
        { "interviews", "scheduled_interviews",
          "Scheduled Interviews, GET: Retrieve Scheduled Interview", NULL },
};

int greenhouse_v1_row(struct link *link, const char *resource, const char *id, json_t **row,
                      struct outcome *outcome)
{
        int found = 0;

        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                char *path;

                if (!text_equal(resource, kinds[i].resource))
                        continue;
                path = mem_format("%s/%s", kinds[i].path, id);
                found = greenhouse_v3_object(link, path, kinds[i].permission, row, outcome);
                if (found == 1 && !greenhouse_row_is(*row, "id", id))
                        found = 0;
                if (found == 1 && kinds[i].words != NULL)
                        kinds[i].words(*row);
                if (found != 1) {
                        json_decref(*row);
                        *row = NULL;
                }
                mem_free(path);
        }
        return found;
}

/* --- lists ----------------------------------------------------------------------------------- */

static int collect(void *context, const json_t *row)
{
        json_array_append(context, (json_t *)(uintptr_t)row);
        return 0;
}

int greenhouse_v1_stages(struct link *link, int64_t job, json_t **rows, struct outcome *outcome)
{
        char *path = mem_format("jobs/%" PRId64 "/stages", job);
        int result;

        *rows = json_array();
        result = greenhouse_v3_each(link, path, "", "Job Stages, GET: List Job Stages for Job",
                                    collect, *rows, outcome);
        for (size_t i = 0; i < json_array_size(*rows); i++) {
                json_t *row = json_array_get(*rows, i);

                copy(row, "sort_order", "priority");
                json_set_int(row, "job_id", job);
        }
        if (result != 0) {
                json_decref(*rows);
                *rows = NULL;
        }
        mem_free(path);
        return result;
}

int greenhouse_v1_notes(struct link *link, int64_t candidate,
                        int (*visit)(void *context, const json_t *row), void *context,
                        struct outcome *outcome)
{
        char *path = mem_format("candidates/%" PRId64 "/activity_feed", candidate);
        json_t *feed = NULL;
        const json_t *notes;
        int found = greenhouse_v3_object(link, path, "Activity Feed, GET: Retrieve Activity Feed",
                                         &feed, outcome);

        notes = json_object_get(feed, "notes");
        for (size_t i = 0; found == 1 && i < json_array_size(notes); i++)
                if (visit(context, json_array_get(notes, i)) != 0)
                        break;
        if (found == 0)
                outcome_set(outcome, OUTCOME_ABSENT,
                            "Greenhouse does not find this candidate: deleted, merged into "
                            "another, or not visible to the user that the connection acts for.",
                            "activity_feed: 404");
        json_decref(feed);
        mem_free(path);
        return found == 1 ? outcome_set(outcome, OUTCOME_DONE, NULL, NULL) : -1;
}

int greenhouse_v1_interviews(struct link *link, const char *since,
                             int (*visit)(void *context, const json_t *row), void *context,
                             struct outcome *outcome)
{
        struct buf query = BUF_NONE;
        int result;

        buf_add_text(&query, "updated_after=");
        code_url(&query, since);
        buf_add_text(&query, "&per_page=500");
        result = greenhouse_v3_each(link, "scheduled_interviews", buf_text(&query),
                                    "Scheduled Interviews, GET: List Scheduled Interviews", visit,
                                    context, outcome);
        buf_dispose(&query);
        return result;
}

/* --- writes ---------------------------------------------------------------------------------- */

int greenhouse_v1_write_note(struct link *link, int64_t candidate, const char *text,
                             const char *visibility, struct outcome *outcome)
{
        char *path = mem_format("candidates/%" PRId64 "/activity_feed/notes", candidate);
        char *user = json_get_id(link->settings, "act_as_user");
        json_t *note = json_object();
        int64_t user_id = 0;
        int result;

        if (greenhouse_id(user, &user_id) == 0)
                json_set_int(note, "user_id", user_id);
        json_set_text(note, "body", text);
        json_set_text(note, "visibility", visibility);
        result = greenhouse_v3_write(link, "POST", path, note, 201, "Candidates, POST: Add Note",
                                     NULL, outcome);
        json_decref(note);
        mem_free(user);
        mem_free(path);
        return result;
}

int greenhouse_v1_set_link(struct link *link, int64_t interview, const char *field, const char *url,
                           struct outcome *outcome)
{
        /* v1's own way to change one was withdrawn in 2020 (2.2). */
        char *path = mem_format("/v2/scheduled_interviews/%" PRId64, interview);
        json_t *change = json_object();
        int result;

        json_set_text(change, field, url);
        result = greenhouse_v3_write(link, "PATCH", path, change, 200,
                                     "Scheduled Interviews, PATCH: Update Scheduled Interview",
                                     NULL, outcome);
        if (result != 0 && (outcome->status == 403 || outcome->status == 404))
                outcome_set(outcome, OUTCOME_REFUSED,
                            "With a key of Harvest v1 Greenhouse lets programs change only "
                            "interviews that were made through its API.",
                            "PATCH scheduled_interviews: %d", outcome->status);
        json_decref(change);
        mem_free(path);
        return result;
}
