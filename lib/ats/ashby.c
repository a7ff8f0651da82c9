/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ashby as an applicant tracking system: what the bridge asks of it (wire/ashby.md 5). */
#include "ats/ashby.h"

#include <string.h>

#include "ats/ashby_call.h"
#include "ats/ashby_part.h"
#include "ats/ashby_partner.h"
#include "floor/mem.h"
#include "floor/text.h"

#define PLANS_MAX 50      /* interview plans of one job */
#define ALL_PLANS_MAX 200 /* of which stages are listed */

static const struct ashby_method application_info = { "application.info", "Candidates: read",
                                                      false },
                                 candidate_info = { "candidate.info", "Candidates: read", false },
                                 list_notes = { "candidate.listNotes", "Candidates: read", false },
                                 create_note = { "candidate.createNote", "Candidates: write",
                                                 true },
                                 job_info = { "job.info", "Jobs: read", false },
                                 job_list = { "job.list", "Jobs: read", false },
                                 stage_list = { "interviewStage.list", "Interviews: read", false },
                                 plan_list = { "interviewPlan.list", "Interviews: read", false };

/* --- reading ----------------------------------------------------------------------- */

static int read_object(struct link *link, const struct ashby_method *method, json_t *body,
                       struct ashby_answer *answer, struct outcome *outcome)
{
        if (ashby_call(link, method, body, answer, outcome) != 0)
                return -1;
        if (json_is_object(answer->results))
                return 0;
        return outcome_set(outcome, OUTCOME_AGAIN,
                           "Ashby gave an answer that cannot be read. It will be tried again.",
                           "%s: results are no object", method->name);
}

int ashby_application(struct link *link, const char *id, struct ashby_answer *answer,
                      struct outcome *outcome)
{
        return read_object(link, &application_info, ashby_body("applicationId", id), answer,
                           outcome);
}

/* This one takes id, where other candidate calls take candidateId (section 6, trap 9). */
int ashby_candidate(struct link *link, const char *id, struct ashby_answer *answer,
                    struct outcome *outcome)
{
        return read_object(link, &candidate_info, ashby_body("id", id), answer, outcome);
}

static bool usable_email(const char *text)
{
        const char *at = text == NULL ? NULL : strchr(text, '@');

        return at != NULL && at > text && at[1] != '\0' && strpbrk(text, " \t\r\n<>,;") == NULL;
}

static void take_application(const json_t *row, struct application *out)
{
        const char *email = json_get_text(row, "candidate.primaryEmailAddress.value", NULL);
        json_t *name = json_object();

        out->id = json_get_id(row, "id");
        out->candidate_id = json_get_id(row, "candidate.id");
        out->job_id = json_get_id(row, "job.id");
        out->job_name = mem_text(json_get_text(row, "job.title", NULL));
        out->stage_id = json_get_id(row, "currentInterviewStage.id");
        out->stage_name = mem_text(json_get_text(row, "currentInterviewStage.title", NULL));
        out->status = mem_text(ashby_status(json_get_text(row, "status", NULL)));
        out->prospect = text_equal(out->status, "lead");
        ashby_split_name(name, json_get_text(row, "candidate.name", ""));
        out->first_name = mem_text(json_get_text(name, "first_name", NULL));
        out->last_name = mem_text(json_get_text(name, "last_name", NULL));
        if (usable_email(email))
                out->email = mem_text(email);
        json_decref(name);
}

/* The candidate's own page, and another address where the primary one is missing: sourced
 * leads often have none (section 6, trap 19). */
static void take_candidate(const json_t *row, struct application *out)
{
        const json_t *addresses = json_at(row, "emailAddresses");
        const char *url = json_get_text(row, "profileUrl", NULL);

        if (text_starts(url, "https://"))
                out->url = mem_text(url);
        for (size_t i = 0; i < json_array_size(addresses) && out->email == NULL; i++) {
                const char *text = json_get_text(json_array_get(addresses, i), "value", NULL);

                if (usable_email(text))
                        out->email = mem_text(text);
        }
}

static int read_application(struct link *link, const char *id, struct application *out,
                            struct outcome *outcome)
{
        struct ashby_answer answer, candidate = { .value = NULL };
        int result;

        memset(out, 0, sizeof *out);
        *outcome = (struct outcome)OUTCOME_NONE;
        if (!ashby_is_id(id))
                return outcome_set(outcome, OUTCOME_ABSENT, "Ashby has no such application.",
                                   "application.info: no id");
        result = ashby_application(link, id, &answer, outcome);
        if (result == 0) {
                take_application(answer.results, out);
                if (out->candidate_id == NULL || out->id == NULL)
                        result = outcome_set(outcome, OUTCOME_AGAIN,
                                             "Ashby gave an answer that cannot be read. It will "
                                             "be tried again.",
                                             "application.info: no id of it or its candidate");
                else
                        result = ashby_candidate(link, out->candidate_id, &candidate, outcome);
        }
        if (result == 0)
                take_candidate(candidate.results, out);
        else
                application_dispose(out);
        ashby_answer_dispose(&candidate);
        ashby_answer_dispose(&answer);
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

        if (strstr(json_get_text(row, "content", ""), search->marker) != NULL)
                search->found = 1;
        return search->found;
}

static int find_note(struct link *link, const struct application *application, const char *marker,
                     int *found, struct outcome *outcome)
{
        struct search search = { marker, 0 };
        int result;

        *found = 0;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(marker) || !ashby_is_id(application->candidate_id))
                return ashby_nobody(outcome, "candidate.listNotes");
        result = ashby_each(link, &list_notes, ashby_body("candidateId", application->candidate_id),
                            look, &search, outcome);
        *found = result == 0 ? search.found : 0;
        return result;
}

/* Plain text: of HTML Ashby keeps few elements, and line breaks are not among them (section
 * 5).  Private notes need a switch of the key that is off by default. */
static int write_note(struct link *link, const struct application *application,
                      const struct note *note, struct outcome *outcome)
{
        bool tell = note->result && text_equal(link_setting(link, "notify", "none"), "followers"),
             hide = text_equal(link_setting(link, "note_visibility", "public"), "private");
        struct ashby_answer answer;
        json_t *body, *text;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(note->body) || !ashby_is_id(application->candidate_id))
                return ashby_nobody(outcome, "candidate.createNote");
        body = ashby_body("candidateId", application->candidate_id);
        text = ashby_body("type", "text/plain");
        json_set_text(text, "value", note->body);
        json_set(body, "note", text);
        json_set_bool(body, "sendNotifications", tell);
        if (hide)
                json_set_bool(body, "isPrivate", true);
        result = ashby_call(link, &create_note, body, &answer, outcome);
        ashby_answer_dispose(&answer);
        return result;
}

/* --- stages ------------------------------------------------------------------------ */

/* This list has no pages (section 1). */
int ashby_stages(struct link *link, const char *plan, json_t **stages, struct outcome *outcome)
{
        struct ashby_answer answer;
        int result =
            ashby_call(link, &stage_list, ashby_body("interviewPlanId", plan), &answer, outcome);

        *stages = NULL;
        if (result == 0 && json_is_array(answer.results))
                *stages = json_deep_copy(answer.results);
        else if (result == 0)
                result = outcome_set(outcome, OUTCOME_AGAIN,
                                     "Ashby gave an answer that cannot be read. It will be tried "
                                     "again.",
                                     "interviewStage.list: results are no list");
        ashby_answer_dispose(&answer);
        return result;
}

static int add_stages(struct link *link, const char *plan, json_t *out, struct outcome *outcome)
{
        json_t *rows = NULL;

        if (ashby_stages(link, plan, &rows, outcome) != 0)
                return -1;
        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                char *id = json_get_id(row, "id");

                if (id != NULL) {
                        json_t *stage = ashby_body("id", id);

                        json_set_text(stage, "name", json_get_text(row, "title", ""));
                        json_add(out, stage);
                }
                mem_free(id);
        }
        json_decref(rows);
        return 0;
}

struct plans {
        struct link *link;
        struct outcome *outcome;
        json_t *stages;
        size_t count;
        int result;
};

static int add_plan(void *context, const json_t *row)
{
        struct plans *p = context;
        const char *id = json_get_text(row, "id", NULL);

        if (ashby_is_id(id))
                p->result = add_stages(p->link, id, p->stages, p->outcome);
        return p->result != 0 || ++p->count >= ALL_PLANS_MAX;
}

/* There is no list of all stages: plan by plan. */
static int all_stages(struct link *link, json_t **stages, struct outcome *outcome)
{
        struct outcome inner = OUTCOME_NONE;
        struct plans p = { .link = link, .outcome = &inner, .stages = json_array() };
        int result = ashby_each(link, &plan_list, NULL, add_plan, &p, outcome);

        inner.elapsed_us += outcome->elapsed_us;
        if (p.result != 0) {
                *outcome = inner;
                result = -1;
        }
        outcome->elapsed_us = inner.elapsed_us;
        *stages = result == 0 ? json_incref(p.stages) : NULL;
        json_decref(p.stages);
        return result;
}

/* A job has one plan or several, and the same title has another id in each (section 6, trap
 * 12): the plan that applications get by default comes first. */
static int list_stages(struct link *link, const char *job_id, json_t **stages,
                       struct outcome *outcome)
{
        struct ashby_answer answer = { .value = NULL };
        json_t *out = json_array();
        const json_t *plans;
        const char *first;
        int result;

        *stages = NULL;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (job_id == NULL) {
                json_decref(out);
                return all_stages(link, stages, outcome);
        }
        result =
            ashby_is_id(job_id)
                ? read_object(link, &job_info, ashby_body("id", job_id), &answer, outcome)
                : outcome_set(outcome, OUTCOME_ABSENT, "Ashby has no such job.", "job.info: no id");
        first = json_get_text(answer.results, "defaultInterviewPlanId", NULL);
        plans = json_at(answer.results, "interviewPlanIds");
        if (result == 0 && ashby_is_id(first))
                result = add_stages(link, first, out, outcome);
        for (size_t i = 0; result == 0 && i < json_array_size(plans) && i < PLANS_MAX; i++) {
                const char *plan = json_text_of(json_array_get(plans, i), NULL);

                if (ashby_is_id(plan) && !text_equal(plan, first))
                        result = add_stages(link, plan, out, outcome);
        }
        if (result == 0 && json_array_size(out) == 0)
                result = outcome_set(outcome, OUTCOME_ABSENT,
                                     "This job has no interview plan in Ashby that we can see.",
                                     "job.info: no plan, or plans without stages");
        if (result == 0)
                *stages = json_incref(out);
        ashby_answer_dispose(&answer);
        json_decref(out);
        return result;
}

static int add_job(void *context, const json_t *row)
{
        const char *id = json_get_text(row, "id", NULL);
        json_t *job;

        if (ashby_is_id(id)) {
                job = json_object();
                json_set_text(job, "id", id);
                json_set_text(job, "name", json_get_text(row, "title", ""));
                json_add(context, job);
        }
        return json_array_size(context) >= ATS_JOBS_MAX;
}

static int list_jobs(struct link *link, json_t **jobs, struct outcome *outcome)
{
        json_t *body = json_object(), *wanted = json_array();

        *outcome = (struct outcome)OUTCOME_NONE;
        *jobs = json_array();
        json_add(wanted, json_new_text("Open", 4));
        json_add(wanted, json_new_text("Draft", 5));
        json_set(body, "status", wanted);
        if (ashby_each(link, &job_list, body, add_job, *jobs, outcome) == 0)
                return 0;
        json_decref(*jobs);
        *jobs = NULL;
        return -1;
}

const struct ats ashby_ats = {
        .kind = "ashby",
        .read_application = read_application,
        .find_note = find_note,
        .write_note = write_note,
        .set_tags = ashby_set_tags,
        .find_file = ashby_find_file,
        .upload_file = ashby_upload_file,
        .list_stages = list_stages,
        .list_jobs = list_jobs,
        .move_stage = ashby_move_stage,
        .read_schedule = ashby_read_schedule,
        .set_interview_link = ashby_set_interview_link,
        .interview_link_hidden = true,
        .create_webhook = ashby_create_webhook,
        .tell_partner = ashby_tell_partner,
        .check_settings = ashby_check_settings,
        .test = ashby_test,
};
