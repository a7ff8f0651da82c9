/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be read of the stand-in (wire/ashby.md 5). */
#include <string.h>

#include "ashby.h"
#include "floor/text.h"

static const char *text_in(const struct ab_call *call, const char *name)
{
        return json_get_text(call->body, name, "");
}

static json_t *key_info(struct ab_call *call)
{
        static const char *const scopes[] = { "candidatesRead",
                                              "candidatesWrite",
                                              "interviewsRead",
                                              "interviewsWrite",
                                              "jobsRead",
                                              "hiringProcessMetadataRead",
                                              "hiringProcessMetadataWrite",
                                              "organizationRead",
                                              "apiKeysRead",
                                              "apiKeysWrite" };
        json_t *out = json_object(), *list = json_array();

        (void)call;
        for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
                if (json_object_get(ab.set.revoked, scopes[i]) == NULL)
                        json_add(list, json_string(scopes[i]));
        json_set_text(out, "title", "Fairlead");
        json_set_text(out, "createdAt", "2026-01-01T00:00:00.000Z");
        json_set(out, "scopes", list);
        return out;
}

static json_t *application_info(struct ab_call *call)
{
        const json_t *row = ab_find("applications", text_in(call, "applicationId"));

        return row == NULL ? ab_refuse(call, "application_not_found", NULL) : ab_application(row);
}

static json_t *applications(struct ab_call *call)
{
        const json_t *rows = ab_table("applications");
        json_t *out = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++)
                json_add(out, ab_application(json_array_get(rows, i)));
        return ab_page(call, out);
}

static json_t *candidate_info(struct ab_call *call)
{
        const json_t *row = ab_find("candidates", text_in(call, "id"));

        return row == NULL ? ab_refuse(call, "candidate_not_found", NULL) : json_deep_copy(row);
}

/* Rows of a table whose member has this value; all when value is NULL. */
static json_t *rows_of(const char *table, const char *member, const char *value)
{
        const json_t *rows = ab_table(table);
        json_t *out = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                json_t *row = json_array_get(rows, i), *copy;

                if (value != NULL && !text_equal(json_get_text(row, member, NULL), value))
                        continue;
                copy = json_deep_copy(row);
                json_object_del(copy, "candidateId");
                json_add(out, copy);
        }
        return out;
}

static json_t *notes(struct ab_call *call)
{
        return ab_page(call, rows_of("notes", "candidateId", text_in(call, "candidateId")));
}

static json_t *tags(struct ab_call *call)
{
        return ab_page(call, rows_of("tags", NULL, NULL));
}

static json_t *plans(struct ab_call *call)
{
        return ab_page(call, rows_of("plans", NULL, NULL));
}

static json_t *jobs(struct ab_call *call)
{
        return ab_page(call, rows_of("jobs", NULL, NULL));
}

static json_t *stages(struct ab_call *call)
{
        const char *plan = text_in(call, "interviewPlanId");

        if (ab_find("plans", plan) == NULL)
                return ab_refuse(call, "interview_plan_not_found", NULL);
        call->next = json_null();
        return rows_of("stages", "interviewPlanId", plan);
}

static json_t *job_info(struct ab_call *call)
{
        const json_t *row = ab_find("jobs", text_in(call, "id"));

        return row == NULL ? ab_refuse(call, "job_not_found", NULL) : json_deep_copy(row);
}

static json_t *user_info(struct ab_call *call)
{
        const json_t *row = ab_find("users", text_in(call, "userId"));

        return row == NULL ? ab_refuse(call, "user_not_found", NULL) : json_deep_copy(row);
}

static json_t *schedules(struct ab_call *call)
{
        const json_t *rows = ab_table("schedules");
        const char *application = json_get_text(call->body, "applicationId", NULL);
        json_t *out = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);

                if (application == NULL ||
                    text_equal(json_get_text(row, "applicationId", NULL), application))
                        json_add(out, ab_schedule(row));
        }
        return ab_page(call, out);
}

static json_t *events(struct ab_call *call)
{
        const char *id = text_in(call, "interviewScheduleId");
        const json_t *schedule = ab_find("schedules", id);
        bool expand = json_array_size(json_at(call->body, "expand")) > 0;
        json_t *whole, *out;

        if (schedule == NULL)
                return ab_refuse(call, "interview_schedule_not_found", NULL);
        whole = ab_schedule(schedule);
        out = json_incref(json_object_get(whole, "interviewEvents"));
        json_decref(whole);
        for (size_t i = 0; expand && i < json_array_size(out); i++) {
                json_t *event = json_array_get(out, i), *interview;

                interview =
                    json_deep_copy(ab_find("interviews", json_get_text(event, "interviewId", "")));
                json_set_text(interview, "title",
                              json_get_text(ab_find("events", json_get_text(event, "id", "")),
                                            "(title)", "Live coding"));
                json_set(event, "interview", interview);
        }
        return ab_page(call, out);
}

static json_t *hook_info(struct ab_call *call)
{
        json_t *row = ab_hook_info(text_in(call, "webhookId"));

        return row == NULL ? ab_refuse(call, "webhook_not_found", NULL) : row;
}

#define PAGING "cursor?s limit?i syncToken?s createdAfter?i"

const struct ab_method ab_reads[] = {
        { "apiKey.info", "apiKeysRead", "", key_info, false },
        { "application.info", "candidatesRead", "applicationId!s expand?a", application_info,
          false },
        { "application.list", "candidatesRead", PAGING " status?s jobId?s expand?a", applications,
          false },
        { "candidate.info", "candidatesRead", "id!s", candidate_info, false },
        { "candidate.listNotes", "candidatesRead", PAGING " candidateId!s", notes, false },
        { "candidateTag.list", "hiringProcessMetadataRead", PAGING " includeArchived?b", tags,
          false },
        { "interviewEvent.list", "interviewsRead", PAGING " interviewScheduleId!s expand?a", events,
          false },
        { "interviewPlan.list", "interviewsRead", PAGING " includeArchived?b", plans, false },
        { "interviewSchedule.list", "interviewsRead", PAGING " applicationId?s interviewStageId?s",
          schedules, false },
        { "interviewStage.list", "interviewsRead", "interviewPlanId!s", stages, false },
        { "job.info", "jobsRead", "id!s includeUnpublishedJobPostingsIds?b expand?a", job_info,
          false },
        { "job.list", "jobsRead", PAGING " status?a expand?a", jobs, false },
        { "user.info", "organizationRead", "userId!s", user_info, false },
        { "webhook.info", "apiKeysRead", "webhookId!s", hook_info, true },
        { NULL, NULL, NULL, NULL, false },
};
