/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greenhouse as an applicant tracking system: what the bridge asks of it. */
#include "ats/greenhouse.h"

#include <inttypes.h>
#include <string.h>

#include "ats/greenhouse_partner.h"
#include "ats/greenhouse_read.h"
#include "ats/greenhouse_v1.h"
#include "ats/greenhouse_v3.h"
#include "floor/mem.h"
#include "floor/text.h"

/* --- reading an application -------------------------------------------------------- */

/* Rows say in_process where the query and v1 say active (3.4). */
static char *status_of(const json_t *row)
{
        const char *status = json_get_text(row, "status", NULL);

        return mem_text(text_equal(status, "in_process") ? "active" : status);
}

static void take_application(const struct link *link, const json_t *row, struct application *out)
{
        const char *subdomain = link_setting(link, "subdomain", "app");

        out->id = json_get_id(row, "id");
        out->candidate_id = json_get_id(row, "candidate_id");
        out->job_id = json_get_id(row, "job_id");
        out->stage_instance = json_get_id(row, "stage_id");
        out->stage_name = mem_text(json_get_text(row, "stage_name", NULL));
        out->status = status_of(row);
        out->prospect = json_get_bool(row, "prospect", false);
        if (out->candidate_id != NULL && text_is_name(subdomain, 63))
                out->url = mem_format("https://%s.greenhouse.io/people/%s?application_id=%s",
                                      subdomain, out->candidate_id, out->id);
}

static bool usable_email(const char *text)
{
        const char *at = strchr(text, '@');

        return at != NULL && at > text && at[1] != '\0' && strpbrk(text, " \t\r\n<>,;") == NULL;
}

static void take_candidate(const json_t *row, struct application *out)
{
        const json_t *addresses = json_at(row, "email_addresses");

        out->first_name = mem_text(json_get_text(row, "first_name", NULL));
        out->last_name = mem_text(json_get_text(row, "last_name", NULL));
        out->private_candidate = json_get_bool(row, "private", false);
        for (size_t i = 0; i < json_array_size(addresses) && out->email == NULL; i++) {
                const char *text = json_get_text(json_array_get(addresses, i), "value", "");

                if (usable_email(text))
                        out->email = mem_text(text);
        }
}

static int read_candidate(struct link *link, struct application *out, struct outcome *outcome)
{
        json_t *row = NULL;
        int found = greenhouse_record(link, "candidates", out->candidate_id,
                                      "harvest:candidates:list", &row, outcome);

        if (found == 0)
                return outcome_set(outcome, OUTCOME_ABSENT,
                                   "The candidate of this application is not visible to us in "
                                   "Greenhouse: deleted, merged into another, or private and the "
                                   "user that the connection acts for may not see private "
                                   "candidates.",
                                   "application %s, candidate %s: no row", out->id,
                                   text_or(out->candidate_id, "unknown"));
        if (found > 0)
                take_candidate(row, out);
        json_decref(row);
        return found > 0 ? 0 : -1;
}

/* A job that we may not see, or no permission for jobs at all, costs its name and no more. */
static int read_job(struct link *link, struct application *out, struct outcome *outcome)
{
        json_t *row = NULL;
        int found = out->job_id == NULL ? 0
                                        : greenhouse_row(link, "jobs", out->job_id,
                                                         "harvest:jobs:list", &row, outcome);

        if (found > 0)
                out->job_name = mem_text(json_get_text(row, "name", NULL));
        json_decref(row);
        return found < 0 && !greenhouse_not_allowed(outcome) ? -1 : 0;
}

static int read_application(struct link *link, const char *id, struct application *out,
                            struct outcome *outcome)
{
        json_t *row = NULL;
        int found, result = -1;

        memset(out, 0, sizeof *out);
        *outcome = (struct outcome)OUTCOME_NONE;
        found =
            greenhouse_record(link, "applications", id, "harvest:applications:list", &row, outcome);
        if (found < 0)
                return -1;
        if (found == 0)
                return outcome_set(outcome, OUTCOME_ABSENT,
                                   "This application is not visible to us in Greenhouse: deleted, "
                                   "or on a job that the user the connection acts for may not "
                                   "see.",
                                   "application %s: no row", text_or(id, "without an id"));
        take_application(link, row, out);
        if (greenhouse_stage_of(link, row, &out->stage_id, outcome) == 0 &&
            read_candidate(link, out, outcome) == 0 && read_job(link, out, outcome) == 0)
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        json_decref(row);
        if (result != 0)
                application_dispose(out);
        return result;
}

/* --- notes ------------------------------------------------------------------------- */

struct search {
        const char *marker;
        int found;
};

static int look(void *context, const json_t *row)
{
        struct search *search = context;

        if (strstr(json_get_text(row, "body", ""), search->marker) != NULL ||
            strstr(json_get_text(row, "body_with_tags", ""), search->marker) != NULL)
                search->found = 1;
        return search->found;
}

/* Not narrowed by type: we write NOTE, but whether every surface files it under that word
 * is not published, and a note that is missed here would be written twice. */
static int find_note(struct link *link, const struct application *application, const char *marker,
                     int *found, struct outcome *outcome)
{
        struct search search = { marker, 0 };
        int64_t candidate;
        char *query;
        int result;

        *found = 0;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(marker) || greenhouse_id(application->candidate_id, &candidate) != 0)
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "It is not known which candidate this is about.",
                                   "notes: no candidate id, or nothing to look for");
        if (greenhouse_is_v1(link)) {
                result = greenhouse_v1_notes(link, candidate, look, &search, outcome);
        } else {
                query = mem_format("candidate_ids=%" PRId64 "&per_page=500", candidate);
                result = greenhouse_v3_each(link, "notes", query, "harvest:notes:list", look,
                                            &search, outcome);
                mem_free(query);
        }
        *found = result == 0 ? search.found : 0;
        return result;
}

/* The request may hold nothing that the specification does not name (3.2).  No user_id: the
 * author is the user that the token acts for. */
static int write_note(struct link *link, const struct application *application,
                      const struct note *given, struct outcome *outcome)
{
        const char *visibility = link_setting(link, "note_visibility", "private");
        int64_t candidate, id;
        json_t *note;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(given->body) || greenhouse_id(application->candidate_id, &candidate) != 0)
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "It is not known which candidate this is about.",
                                   "notes: no candidate id, or nothing to write");
        if (!text_equal(visibility, "public") && !text_equal(visibility, "admin_only"))
                visibility = "private";
        if (greenhouse_is_v1(link))
                return greenhouse_v1_write_note(link, candidate, given->body, visibility, outcome);
        note = json_object();
        json_set_int(note, "candidate_id", candidate);
        if (greenhouse_id(application->id, &id) == 0)
                json_set_int(note, "application_id", id);
        json_set_text(note, "body", given->body);
        json_set_text(note, "visibility", visibility);
        json_set_text(note, "note_type", "NOTE");
        result = greenhouse_v3_write(link, "POST", "notes", note, 201, "harvest:notes:create", NULL,
                                     outcome);
        json_decref(note);
        return result;
}

/* --- stages and interviews --------------------------------------------------------- */

static int list_stages(struct link *link, const char *job_id, json_t **stages,
                       struct outcome *outcome)
{
        json_t *all = NULL;

        *stages = NULL;
        *outcome = (struct outcome)OUTCOME_NONE;
        if ((job_id == NULL ? greenhouse_all_stages(link, &all, outcome)
                            : greenhouse_stages(link, job_id, &all, outcome)) != 0)
                return -1;
        if (json_array_size(all) == 0) {
                json_decref(all);
                return outcome_set(outcome, OUTCOME_ABSENT,
                                   "This job is not visible to us in Greenhouse, or it has no "
                                   "stages.",
                                   "job %s: no stages", text_or(job_id, "any"));
        }
        *stages = json_array();
        for (size_t i = 0; i < json_array_size(all); i++) {
                const json_t *row = json_array_get(all, i);
                char *id = json_get_id(row, "id");
                json_t *stage;

                if (id != NULL && json_get_bool(row, "active", true)) {
                        stage = json_object();
                        json_set_text(stage, "id", id);
                        json_set_text(stage, "name", json_get_text(row, "name", ""));
                        json_add(*stages, stage);
                }
                mem_free(id);
        }
        json_decref(all);
        return outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
}

/* Row of a list of jobs (section 3.3): templates are no jobs. */
static int add_job(void *context, const json_t *row)
{
        char *id = json_get_id(row, "id");
        json_t *job;

        if (id != NULL && !json_get_bool(row, "is_template", false)) {
                job = json_object();
                json_set_text(job, "id", id);
                json_set_text(job, "name", json_get_text(row, "name", ""));
                json_add(context, job);
        }
        mem_free(id);
        return json_array_size(context) >= ATS_JOBS_MAX;
}

static int list_jobs(struct link *link, json_t **jobs, struct outcome *outcome)
{
        *outcome = (struct outcome)OUTCOME_NONE;
        *jobs = json_array();
        if (greenhouse_v3_each(link, "jobs", "status=open&per_page=500",
                               greenhouse_is_v1(link) ? "Jobs, GET: List Jobs"
                                                      : "harvest:jobs:list",
                               add_job, *jobs, outcome) == 0)
                return 0;
        json_decref(*jobs);
        *jobs = NULL;
        return -1;
}

const struct ats greenhouse_ats = {
        .kind = "greenhouse",
        .read_application = read_application,
        .find_note = find_note,
        .write_note = write_note,
        .list_stages = list_stages,
        .list_jobs = list_jobs,
        .move_stage = greenhouse_move_stage,
        .read_schedule = greenhouse_read_schedule,
        .set_interview_link = greenhouse_set_interview_link,
        .tell_partner = greenhouse_tell_partner,
        .poll = greenhouse_poll,
        .poll_ms = 60 * 1000, /* of 150 calls in half a minute (3.2) */
        .test = greenhouse_test,
};
