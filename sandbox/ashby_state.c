/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's rows, in the vendor's shapes (wire/ashby.md 2, 5). */
#include <inttypes.h>
#include <string.h>

#include "ashby.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

struct ab ab = { .lock = PTHREAD_MUTEX_INITIALIZER };

#define FIRST_ID 0x1000

json_t *ab_table(const char *name)
{
        json_t *rows = json_object_get(ab.tables, name);

        if (rows == NULL) {
                rows = json_array();
                json_set(ab.tables, name, rows);
        }
        return rows;
}

json_t *ab_find(const char *table, const char *id)
{
        json_t *rows = ab_table(table);

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "id", NULL), id))
                        return json_array_get(rows, i);
        return NULL;
}

char *ab_new_id(void)
{
        return mem_format("00000000-0000-4000-8000-%012" PRIx64, (uint64_t)ab.next_id++);
}

json_t *ab_row(const char *table)
{
        char *id = ab_new_id();
        json_t *row = json_object();

        json_set_text(row, "id", id);
        json_add(ab_table(table), row);
        mem_free(id);
        return row;
}

void ab_set_now(json_t *row, const char *member)
{
        struct buf text = BUF_NONE;

        when_iso(&text, when_now_ms());
        json_set_text(row, member, text.data);
        buf_dispose(&text);
}

/* --- the seed ---------------------------------------------------------------------------- */

static void add_user(const char *id, const char *first, const char *email, bool enabled)
{
        json_t *row = ab_row("users");

        json_set_text(row, "id", id);
        json_set_text(row, "firstName", first);
        json_set_text(row, "lastName", "Recruiter");
        json_set_text(row, "email", email);
        json_set_text(row, "globalRole", "Elevated Access");
        json_set_bool(row, "isEnabled", enabled);
        json_set(row, "managerId", NULL);
        ab_set_now(row, "updatedAt");
}

static void add_stage(const char *plan, const char *title, const char *type, int order)
{
        json_t *row = ab_row("stages");

        json_set_text(row, "title", title);
        json_set_text(row, "type", type);
        json_set_int(row, "orderInInterviewPlan", order);
        json_set(row, "interviewStageGroupId", NULL);
        json_set_text(row, "interviewPlanId", plan);
}

static void add_plan(const char *id, const char *title)
{
        json_t *row = ab_row("plans");

        json_set_text(row, "id", id);
        json_set_text(row, "title", title);
        json_set_bool(row, "isArchived", false);
        ab_set_now(row, "createdAt");
        ab_set_now(row, "updatedAt");
        /* Out of order on purpose: the order is a member, not the place. */
        add_stage(id, "Coding test", "Active", 2);
        add_stage(id, "Application Review", "PreInterviewScreen", 1);
        add_stage(id, "On-site", "Active", 3);
        add_stage(id, "Archived", "Archived", 9);
        add_stage(id, "Offer", "Offer", 4);
}

static void add_job(void)
{
        json_t *row = ab_row("jobs"), *plans = json_array(), *interview;

        json_set_text(row, "id", AB_JOB);
        json_set_text(row, "title", "Backend Engineer");
        json_set_bool(row, "confidential", false);
        json_set_text(row, "status", "Open");
        json_set_text(row, "employmentType", "FullTime");
        json_set_text(row, "defaultInterviewPlanId", AB_PLAN);
        json_add(plans, json_string(AB_PLAN));
        json_add(plans, json_string(AB_PLAN_B));
        json_set(row, "interviewPlanIds", plans);
        json_set(row, "customFields", json_array());
        json_set(row, "jobPostingIds", json_array());
        ab_set_now(row, "createdAt");
        ab_set_now(row, "updatedAt");
        interview = ab_row("interviews");
        json_set_text(interview, "id", AB_INTERVIEW);
        json_set_text(interview, "title", "Live coding");
        json_set_bool(interview, "isArchived", false);
        json_set_bool(interview, "isFeedbackRequired", true);
        json_set_bool(interview, "isFeedbackRequested", true);
        json_set_text(interview, "feedbackFormDefinitionId", AB_ID("f1"));
}

static void forget_hooks(void)
{
        for (size_t i = 0; i < AB_HOOKS_MAX; i++) {
                json_decref(ab.hooks[i].row);
                ab.hooks[i].row = NULL;
                if (ab.hooks[i].sender != NULL) {
                        deliver_set(ab.hooks[i].sender, NULL, NULL, NULL, NULL);
                        deliver_reset(ab.hooks[i].sender);
                }
        }
}

void ab_reset(void)
{
        json_decref(ab.tables);
        ab.tables = json_object();
        ab.next_id = FIRST_ID;
        json_decref(ab.set.revoked);
        ab.set = (struct ab_settings){ .page_most = 100, .revoked = json_object() };
        json_decref(ab.partner);
        json_decref(ab.relay);
        ab.partner = ab.relay = NULL;
        forget_hooks();
        add_user(AB_USER, "Robin", "robin@acme.example", true);
        add_user(AB_GONE, "Gone", "gone@acme.example", false);
        add_plan(AB_PLAN, "Engineering");
        add_plan(AB_PLAN_B, "Engineering, short");
        add_job();
        ab_add_candidate("Jane van der Doe", "jane.doe@example.com", NULL);
        ab_add_candidate("Zo\xC3\xAB O'Brien", "zoe@example.com", AB_PLAN_B);
        ab_add_candidate("Sam", NULL, NULL);
}

/* --- applications ------------------------------------------------------------------------- */

json_t *ab_stage(const char *plan, const char *title)
{
        const json_t *rows = ab_table("stages");

        for (size_t i = 0; i < json_array_size(rows); i++) {
                json_t *row = json_array_get(rows, i);

                if (text_equal(json_get_text(row, "interviewPlanId", NULL),
                               text_or(plan, AB_PLAN)) &&
                    text_equal(json_get_text(row, "title", NULL), title))
                        return row;
        }
        return NULL;
}

static json_t *address(const char *email)
{
        json_t *one = json_object();

        json_set_text(one, "value", email);
        json_set_text(one, "type", "Personal");
        json_set_bool(one, "isPrimary", true);
        return one;
}

json_t *ab_add_candidate(const char *name, const char *email, const char *plan)
{
        static const char *const lists[] = { "phoneNumbers", "socialLinks", "tags", "fileHandles",
                                             "customFields" };
        json_t *candidate = ab_row("candidates"), *application = ab_row("applications"),
               *addresses = json_array(), *ids = json_array();
        char *url = mem_format("https://app.ashbyhq.com/candidate-searches/new/right-side/"
                               "candidates/%s",
                               json_get_text(candidate, "id", ""));

        json_set_text(candidate, "name", name);
        if (!text_empty(email)) {
                json_set(candidate, "primaryEmailAddress", address(email));
                json_add(addresses, address(email));
        }
        json_set(candidate, "emailAddresses", addresses);
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
                json_set(candidate, lists[i], json_array());
        json_add(ids, json_string(json_get_text(application, "id", "")));
        json_set(candidate, "applicationIds", ids);
        json_set_text(candidate, "profileUrl", url);
        ab_set_now(candidate, "createdAt");
        ab_set_now(candidate, "updatedAt");
        json_set_text(application, "candidate", json_get_text(candidate, "id", ""));
        json_set_text(application, "stage",
                      json_get_text(ab_stage(plan, "Application Review"), "id", ""));
        json_set_text(application, "status", "Active");
        ab_set_now(application, "createdAt");
        ab_set_now(application, "updatedAt");
        mem_free(url);
        return application;
}

json_t *ab_application(const json_t *application)
{
        static const char *const same[] = { "id", "createdAt", "updatedAt", "status" };
        static const char *const none[] = { "archivedAt",
                                            "source",
                                            "archiveReason",
                                            "creditedToUser",
                                            "appliedViaJobPostingId",
                                            "submitterClientIp",
                                            "submitterUserAgent" };
        const json_t *candidate =
                         ab_find("candidates", json_get_text(application, "candidate", "")),
                     *stage = ab_find("stages", json_get_text(application, "stage", "")),
                     *primary = json_at(candidate, "primaryEmailAddress");
        json_t *out = json_object(), *who = json_object(), *job = json_object();

        for (size_t i = 0; i < sizeof same / sizeof *same; i++)
                json_set_text(out, same[i], json_get_text(application, same[i], ""));
        for (size_t i = 0; i < sizeof none / sizeof *none; i++)
                json_set(out, none[i], NULL);
        json_set(out, "customFields", json_array());
        json_set(out, "hiringTeam", json_array());
        json_set_text(who, "id", json_get_text(candidate, "id", ""));
        json_set_text(who, "name", json_get_text(candidate, "name", ""));
        if (primary != NULL)
                json_set(who, "primaryEmailAddress", json_deep_copy(primary));
        json_set(out, "candidate", who);
        json_set(out, "currentInterviewStage", json_deep_copy(stage));
        json_set_text(job, "id", AB_JOB);
        json_set_text(job, "title", "Backend Engineer");
        json_set_text(job, "locationId", AB_ID("f2"));
        json_set_text(job, "departmentId", AB_ID("f3"));
        json_set(out, "job", job);
        json_set_text(out, "brandId", "unknown members turn up over time");
        return out;
}

void ab_move(json_t *application, const json_t *stage)
{
        char *action = ab_new_id();
        json_t *data;

        json_set_text(application, "stage", json_get_text(stage, "id", ""));
        ab_set_now(application, "updatedAt");
        /* Two events, one id (section 2). */
        for (int i = 0; i < 2; i++) {
                data = json_object();
                json_set(data, "application", ab_application(application));
                ab_emit(i == 0 ? "candidateStageChange" : "applicationUpdate", data, action);
        }
        mem_free(action);
}

/* --- schedules ---------------------------------------------------------------------------- */

static void set_time(json_t *row, const char *member, int64_t ms)
{
        struct buf text = BUF_NONE;

        when_iso(&text, ms);
        json_set_text(row, member, text.data);
        buf_dispose(&text);
}

static json_t *interviewers(void)
{
        json_t *list = json_array(), *one = json_deep_copy(ab_find("users", AB_USER));

        json_set(one, "trainingRole", NULL);
        json_set_bool(one, "isFeedbackRequired", true);
        json_set(one, "interviewerPool", NULL);
        json_add(list, one);
        return list;
}

json_t *ab_add_schedule(json_t *application, const char *title, int64_t starts_ms, bool by_key)
{
        json_t *schedule = ab_row("schedules"), *event = ab_row("events");
        const char *id = json_get_text(schedule, "id", "");

        json_set_text(schedule, "status", "Scheduled");
        json_set_text(schedule, "applicationId", json_get_text(application, "id", ""));
        json_set_text(schedule, "interviewStageId", json_get_text(application, "stage", ""));
        json_set(schedule, "scheduledBy", json_deep_copy(ab_find("users", AB_USER)));
        json_set_bool(schedule, "(by key)", by_key);
        ab_set_now(schedule, "createdAt");
        ab_set_now(schedule, "updatedAt");
        json_set_text(event, "interviewId", AB_INTERVIEW);
        json_set_text(event, "interviewScheduleId", id);
        json_set(event, "interviewers", interviewers());
        set_time(event, "startTime", starts_ms);
        set_time(event, "endTime", starts_ms + WHEN_HOUR);
        json_set_text(event, "feedbackLink", "https://app.ashbyhq.com/interview-briefings/x");
        json_set(event, "location", NULL);
        json_set(event, "meetingLink", NULL);
        json_set(event, "interviewerCalendarEventId", NULL);
        json_set_bool(event, "hasSubmittedFeedback", false);
        json_set(event, "extraData", json_object());
        json_set_text(event, "(title)", text_or(title, "Live coding"));
        ab_set_now(event, "createdAt");
        ab_set_now(event, "updatedAt");
        ab_tell_schedule(schedule, true);
        return schedule;
}

/* Members in brackets are ours and never leave. */
static json_t *shown(const json_t *row)
{
        json_t *out = json_deep_copy(row), *value;
        const char *name;
        void *next;

        json_object_foreach_safe(out, next, name, value)
        {
                if (name[0] == '(')
                        json_object_del(out, name);
        }
        return out;
}

json_t *ab_schedule(const json_t *schedule)
{
        const json_t *rows = ab_table("events");
        const char *id = json_get_text(schedule, "id", "");
        json_t *out = shown(schedule), *events = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "interviewScheduleId", NULL),
                               id))
                        json_add(events, shown(json_array_get(rows, i)));
        json_set(out, "interviewEvents", events);
        return out;
}

void ab_tell_schedule(const json_t *schedule, bool created)
{
        const json_t *application =
            ab_find("applications", json_get_text(schedule, "applicationId", ""));
        char *action = ab_new_id();

        for (int i = created ? 0 : 1; i < 2; i++) {
                json_t *data = json_object(), *row = ab_schedule(schedule);

                if (i == 1)
                        json_set_text(row, "candidateId",
                                      json_get_text(application, "candidate", ""));
                json_set(data, "interviewSchedule", row);
                ab_emit(i == 0 ? "interviewScheduleCreate" : "interviewScheduleUpdate", data,
                        action);
        }
        mem_free(action);
}
