/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's rows: one job, four stages, three candidates, and what becomes of them. */
#include <inttypes.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "greenhouse.h"

struct gh gh = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *const table_names[] = {
        "users",      "jobs",           "job_interview_stages", "job_interviews",
        "candidates", "applications",   "application_stages",   "interviews",
        "notes",      "take_home_tests"
};
static const char *const stage_names[] = { "Application Review", "Coding test", "On-site interview",
                                           "Offer" };
#define STAGES (sizeof stage_names / sizeof *stage_names)
#define ONSITE 2

json_t *gh_table(const char *name)
{
        return json_object_get(gh.tables, name);
}

json_t *gh_find_by(const char *table, const char *member, int64_t id)
{
        const json_t *rows = gh_table(table);

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (json_get_int(json_array_get(rows, i), member, 0) == id)
                        return json_array_get(rows, i);
        return NULL;
}

json_t *gh_find(const char *table, int64_t id)
{
        return gh_find_by(table, "id", id);
}

int64_t gh_new_id(void)
{
        return gh.next_id++;
}

static void set_time(json_t *row, const char *member, int64_t ms)
{
        struct buf text = BUF_NONE;

        when_iso(&text, ms);
        json_set_text(row, member, text.data);
        buf_dispose(&text);
}

void gh_set_now(json_t *row, const char *member)
{
        set_time(row, member, when_now_ms());
}

static json_t *new_row(const char *table, int64_t id)
{
        json_t *row = json_object();

        json_set_int(row, "id", id);
        gh_set_now(row, "created_at");
        gh_set_now(row, "updated_at");
        json_add(gh_table(table), row);
        return row;
}

static void set_nulls(json_t *row, const char *const *names)
{
        for (size_t i = 0; names[i] != NULL; i++)
                json_set(row, names[i], NULL);
}

static void seed_user(int64_t id, const char *first, const char *last, const char *email,
                      bool admin)
{
        static const char *const lists[] = { "emails",         "linked_candidate_ids", "office_ids",
                                             "department_ids", "interviewer_tags",     NULL };
        static const char *const nulls[] = { "job_title", "agency_id", "employee_id",
                                             "custom_fields", NULL };
        json_t *row = new_row("users", id);
        char *name = mem_format("%s %s", first, last);

        json_set_text(row, "first_name", first);
        json_set_text(row, "last_name", last);
        json_set_text(row, "name", name);
        json_set_text(row, "primary_email", email);
        json_set_bool(row, "deactivated", false);
        json_set_bool(row, "site_admin", admin);
        for (size_t i = 0; lists[i] != NULL; i++)
                json_set(row, lists[i], json_array());
        set_nulls(row, nulls);
        mem_free(name);
}

static void seed_job(void)
{
        static const char *const nulls[] = { "requisition_id", "closed_at",     "is_template",
                                             "copied_from_id", "department_id", NULL };
        json_t *row = new_row("jobs", GH_JOB);

        json_set_text(row, "name", "Software Engineer");
        json_set_text(row, "notes", "Backend & platform <remote>");
        json_set_bool(row, "confidential", false);
        json_set_text(row, "status", "open");
        gh_set_now(row, "opened_at");
        json_set(row, "office_ids", json_array());
        json_set(row, "custom_fields", json_object());
        set_nulls(row, nulls);
}

static void seed_stage(size_t i)
{
        static const char *const nulls[] = { "duration", "summary", "instructions", NULL };
        json_t *stage = new_row("job_interview_stages", GH_STAGE + (int64_t)i);
        json_t *interview = new_row("job_interviews", GH_STAGE + 1000 + (int64_t)i);

        json_set_int(stage, "job_id", GH_JOB);
        json_set_int(stage, "sort_order", (int64_t)i);
        json_set_text(stage, "name", stage_names[i]);
        json_set_bool(stage, "active", true);
        json_set_int(interview, "job_interview_stage_id", GH_STAGE + (int64_t)i);
        json_set_int(interview, "job_id", GH_JOB);
        json_set_int(interview, "sort_order", 0);
        json_set_text(interview, "scheduling_type",
                      i == 1        ? "take_home_test"
                      : i == ONSITE ? "needs_scheduling"
                                    : "none");
        json_set_text(interview, "name", stage_names[i]);
        json_set_bool(interview, "active", true);
        json_set_bool(interview, "require_scorecard", false);
        set_nulls(interview, nulls);
}

static json_t *add_interview(int64_t application, int64_t job_interview)
{
        static const char *const nulls[] = { "location",
                                             "all_day_start_on",
                                             "all_day_end_on",
                                             "external_event_id",
                                             "video_conferencing_url",
                                             "availability_received_at",
                                             NULL };
        json_t *row = new_row("interviews", gh_new_id());

        json_set_int(row, "job_id", GH_JOB);
        json_set_int(row, "application_id", application);
        json_set_int(row, "job_interview_id", job_interview);
        set_time(row, "starts_at", when_now_ms() + WHEN_DAY);
        set_time(row, "ends_at", when_now_ms() + WHEN_DAY + WHEN_HOUR);
        json_set_text(row, "status", "scheduled");
        json_set_int(row, "organizer_id", GH_RECRUITER);
        gh_set_now(row, "scheduled_at");
        set_nulls(row, nulls);
        return row;
}

json_t *gh_schedule(const json_t *application)
{
        const json_t *plan = gh_table("job_interviews");

        for (size_t i = 0; i < json_array_size(plan); i++)
                if (text_equal(json_get_text(json_array_get(plan, i), "scheduling_type", NULL),
                               "needs_scheduling"))
                        return add_interview(json_get_int(application, "id", 0),
                                             json_get_int(json_array_get(plan, i), "id", 0));
        return NULL;
}

/* The stage's own id and the application's instance of it are different numbers (3.4). */
static void enter_stage(json_t *application, const json_t *stage)
{
        int64_t id = json_get_int(application, "id", 0), stage_id = json_get_int(stage, "id", 0);
        json_t *history = gh_table("application_stages"), *row;
        const json_t *interview;

        for (size_t i = 0; i < json_array_size(history); i++) {
                row = json_array_get(history, i);
                if (json_get_int(row, "application_id", 0) == id &&
                    json_get_bool(row, "current", false)) {
                        json_set_bool(row, "current", false);
                        gh_set_now(row, "exited_at");
                        gh_set_now(row, "updated_at");
                }
        }
        row = new_row("application_stages", gh_new_id());
        json_set_int(row, "application_id", id);
        json_set_int(row, "job_interview_stage_id", stage_id);
        gh_set_now(row, "entered_at");
        json_set(row, "exited_at", NULL);
        json_set_int(row, "days_in_stage", 0);
        json_set_bool(row, "current", true);
        json_set_int(application, "stage_id", json_get_int(row, "id", 0));
        json_set_int(application, "job_interview_stage_id", stage_id);
        json_set_text(application, "stage_name", json_get_text(stage, "name", NULL));
        gh_set_now(application, "last_activity_at");
        gh_set_now(application, "updated_at");
        interview = gh_find_by("job_interviews", "job_interview_stage_id", stage_id);
        if (text_equal(json_get_text(interview, "scheduling_type", NULL), "needs_scheduling") &&
            gh_find_by("interviews", "application_id", id) == NULL)
                add_interview(id, json_get_int(interview, "id", 0));
}

void gh_move(json_t *application, const json_t *stage, int64_t user)
{
        json_t *candidate = gh_find("candidates", json_get_int(application, "candidate_id", 0));

        enter_stage(application, stage);
        if (candidate != NULL)
                gh_set_now(candidate, "last_activity_at");
        (void)user;
        gh_hook_stage_change(application);
}

json_t *gh_add_candidate(const char *first, const char *last, const char *email)
{
        static const char *const candidate_nulls[] = { "preferred_name", "company", "title",
                                                       "time_zone", NULL };
        static const char *const lists[] = {
                "tags",      "linked_user_ids",   "phone_numbers",
                "addresses", "website_addresses", "social_media_addresses",
                NULL
        };
        static const char *const nulls[] = { "agency_note_id", "coordinator_id",   "job_post_id",
                                             "recruiter_id",   "referrer_id",      "source_id",
                                             "rejected_at",    "location_address", NULL };
        json_t *candidate = new_row("candidates", gh_new_id());
        json_t *application = new_row("applications", gh_new_id());
        json_t *emails = json_array(), *address;

        json_set_text(candidate, "first_name", text_empty(first) ? NULL : first);
        json_set_text(candidate, "last_name", text_empty(last) ? NULL : last);
        gh_set_now(candidate, "last_activity_at");
        json_set_bool(candidate, "private", false);
        json_set_bool(candidate, "can_email", true);
        if (!text_empty(email)) {
                address = json_object();
                json_set_text(address, "value", email);
                json_set_text(address, "type", "personal");
                json_add(emails, address);
        }
        json_set(candidate, "email_addresses", emails);
        for (size_t i = 0; lists[i] != NULL; i++)
                json_set(candidate, lists[i], json_array());
        json_set(candidate, "custom_fields", json_object());
        set_nulls(candidate, candidate_nulls);

        json_set_int(application, "candidate_id", json_get_int(candidate, "id", 0));
        json_set_int(application, "job_id", GH_JOB);
        json_set_text(application, "status", "in_process");
        json_set_bool(application, "needs_decision", false);
        json_set_bool(application, "prospect", false);
        json_set(application, "answers", json_array());
        json_set(application, "prospective_job_ids", json_array());
        json_set(application, "custom_fields", json_object());
        set_nulls(application, nulls);
        enter_stage(application, gh_find("job_interview_stages", GH_STAGE));
        return application;
}

json_t *gh_add_note(int64_t candidate, int64_t application, int64_t user, const char *body,
                    const char *type, const char *visibility)
{
        static const char *const nulls[] = { "subject",     "email_from",
                                             "email_to",    "email_cc",
                                             "import_hash", "email_attachment_file_names",
                                             NULL };
        static const char *const words[][2] = { { "admin_only", "admin_only_visible" },
                                                { "private", "privately_visible" },
                                                { "public", "publicly_visible" } };
        json_t *row = new_row("notes", gh_new_id());
        json_t *about = gh_find("applications", application);

        json_set_int(row, "candidate_id", candidate);
        if (application != 0)
                json_set_int(row, "application_id", application);
        else
                json_set(row, "application_id", NULL);
        json_set_text(row, "body", body);
        json_set_text(row, "body_with_tags", body);
        json_set_text(row, "type", type);
        json_set_int(row, "user_id", user);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (text_equal(visibility, words[i][0]))
                        json_set_text(row, "visibility", words[i][1]);
        set_nulls(row, nulls);
        if (about != NULL)
                gh_set_now(about, "last_activity_at");
        return row;
}

static void reset_settings(void)
{
        json_decref(gh.set.revoked);
        mem_free(gh.set.client_id);
        mem_free(gh.set.client_secret);
        mem_free(gh.set.api_key);
        gh.set =
            (struct gh_settings){ .rate_limit = 150,
                                  .rate_window_ms = 30 * WHEN_SECOND / serve_settings.retry_scale,
                                  .token_life_ms = WHEN_HOUR,
                                  .page_most = 500,
                                  .client_id = mem_text(GH_CLIENT_ID),
                                  .client_secret = mem_text(GH_CLIENT_SECRET),
                                  .api_key = mem_text(GH_API_KEY),
                                  .v1_rate_limit = 50,
                                  .revoked = json_object() };
}

void gh_reset(void)
{
        json_decref(gh.tables);
        json_decref(gh.tokens);
        reset_settings();
        if (gh.partners == NULL)
                gh.partners = json_object();
        gh.tables = json_object();
        gh.tokens = json_object();
        gh.window = gh.token_window = (struct gh_window){ 0 };
        gh.next_id = INT64_C(6400000001);
        for (size_t i = 0; i < sizeof table_names / sizeof *table_names; i++)
                json_set(gh.tables, table_names[i], json_array());
        seed_user(GH_ADMIN, "Fairlead", "Service", "", true);
        seed_user(GH_RECRUITER, "Ravi", "Recruiter", "ravi@acme.example", false);
        seed_job();
        for (size_t i = 0; i < STAGES; i++)
                seed_stage(i);
        gh_add_candidate("Jane", "Doe", "jane.doe@example.com");
        gh_add_candidate("Zo\xC3\xAB", "O'Brien <Ops & QA>", "zoe@example.com");
        gh_add_candidate("Sam", "Rivera", "sam.rivera@example.com");
        add_interview(json_get_int(json_array_get(gh_table("applications"), 0), "id", 0),
                      GH_STAGE + 1000 + ONSITE);
}
