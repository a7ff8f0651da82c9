/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be written into the stand-in, and the object store behind its files (wire/ashby.md 5).
 */
#include <string.h>

#include "ashby.h"
#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

static const char *text_in(const struct ab_call *call, const char *name)
{
        return json_get_text(call->body, name, "");
}

static json_t *change_stage(struct ab_call *call)
{
        json_t *application = ab_find("applications", text_in(call, "applicationId"));
        const json_t *stage = ab_find("stages", text_in(call, "interviewStageId")), *now;
        bool archive = text_equal(json_get_text(stage, "type", NULL), "Archived"),
             reason = json_object_get(call->body, "archiveReasonId") != NULL;

        if (application == NULL)
                return ab_refuse(call, "application_not_found",
                                 "are you lacking permissions to edit candidates?");
        now = ab_find("stages", json_get_text(application, "stage", ""));
        /* A stage of another interview plan is none of this application's. */
        if (stage == NULL || !text_equal(json_get_text(stage, "interviewPlanId", NULL),
                                         json_get_text(now, "interviewPlanId", NULL)))
                return ab_refuse(call, "interview_stage_not_found", NULL);
        if (archive != reason)
                return ab_refuse(call, "invalid_input", "archiveReasonId");
        ab_move(application, stage);
        return ab_application(application);
}

static json_t *create_note(struct ab_call *call)
{
        const json_t *note = json_object_get(call->body, "note");
        const char *type = json_get_text(note, "type", "text/plain"),
                   *value = json_is_string(note) ? json_string_value(note)
                                                 : json_get_text(note, "value", NULL);
        json_t *row, *author;

        if (ab_find("candidates", text_in(call, "candidateId")) == NULL)
                return ab_refuse(call, "candidate_not_found", NULL);
        if (text_empty(value) ||
            (!text_equal(type, "text/plain") && !text_equal(type, "text/html")))
                return ab_refuse(call, "invalid_input", "note");
        row = ab_row("notes");
        json_set_text(row, "candidateId", text_in(call, "candidateId"));
        ab_set_now(row, "createdAt");
        json_set_bool(row, "isPrivate", json_get_bool(call->body, "isPrivate", false));
        json_set_bool(row, "notified", json_get_bool(call->body, "sendNotifications", false));
        json_set_text(row, "content", value);
        author = json_deep_copy(ab_find("users", AB_USER));
        json_set(row, "author", author);
        return json_deep_copy(row);
}

static json_t *tag_of(struct ab_call *call, json_t **candidate)
{
        json_t *tag = ab_find("tags", text_in(call, "tagId"));

        *candidate = ab_find("candidates", text_in(call, "candidateId"));
        if (*candidate == NULL)
                return ab_refuse(call, "candidate_not_found", NULL);
        return tag == NULL ? ab_refuse(call, "candidate_tag_not_found", NULL) : tag;
}

static void take_away(json_t *list, const char *id)
{
        for (size_t i = json_array_size(list); i > 0; i--)
                if (text_equal(json_get_text(json_array_get(list, i - 1), "id", NULL), id))
                        json_array_remove(list, i - 1);
}

static json_t *add_tag(struct ab_call *call)
{
        json_t *candidate, *tag = tag_of(call, &candidate);

        if (tag == NULL)
                return NULL;
        take_away(json_object_get(candidate, "tags"), text_in(call, "tagId"));
        json_add(json_object_get(candidate, "tags"), json_deep_copy(tag));
        return json_deep_copy(candidate);
}

static json_t *remove_tag(struct ab_call *call)
{
        json_t *candidate;

        if (tag_of(call, &candidate) == NULL)
                return NULL;
        take_away(json_object_get(candidate, "tags"), text_in(call, "tagId"));
        return json_deep_copy(candidate);
}

static json_t *create_tag(struct ab_call *call)
{
        const json_t *rows = ab_table("tags");
        json_t *row;

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "title", NULL),
                               text_in(call, "title")))
                        return json_deep_copy(json_array_get(rows, i));
        row = ab_row("tags");
        json_set_text(row, "title", text_in(call, "title"));
        json_set_bool(row, "isArchived", false);
        return json_deep_copy(row);
}

/* --- files in three steps -------------------------------------------------------------------- */

static json_t *create_handle(struct ab_call *call)
{
        static const char *const contexts[] = { "CandidateFiles", "CandidateResume",
                                                "ApplicationForm" };
        json_t *row, *out, *fields;
        const char *id;
        bool known = false;
        char *url;

        for (size_t i = 0; i < 3; i++)
                known = known || text_equal(text_in(call, "fileUploadContext"), contexts[i]);
        if (!known || json_get_int(call->body, "contentLength", 0) < 1)
                return ab_refuse(call, "invalid_input", "fileUploadContext or contentLength");
        row = ab_row("handles");
        id = json_get_text(row, "id", "");
        json_set_text(row, "name", text_in(call, "filename"));
        json_set_text(row, "contentType", text_in(call, "contentType"));
        json_set_int(row, "length", json_get_int(call->body, "contentLength", 0));
        json_set_int(row, "until_ms", when_now_ms() + 10 * WHEN_MINUTE);
        url = mem_format("%s/store/%s", text_or(ab.base, ""), id);
        fields = json_object();
        json_set_text(fields, "key", id);
        json_set_text(fields, "policy", "eyJleHBpcmF0aW9uIjoi==");
        out = json_object();
        json_set_text(out, "handle", id);
        json_set_text(out, "url", url);
        json_set(out, "fields", fields);
        mem_free(url);
        return out;
}

static json_t *upload_file(struct ab_call *call)
{
        json_t *candidate = ab_find("candidates", text_in(call, "candidateId")), *file;
        const json_t *handle = ab_find("handles", text_in(call, "fileHandle"));

        if (candidate == NULL)
                return ab_refuse(call, "candidate_not_found", NULL);
        if (handle == NULL || !json_get_bool(handle, "uploaded", false))
                return ab_refuse(call, "invalid_input", "fileHandle");
        file = json_object();
        json_set_text(file, "id", json_get_text(handle, "id", ""));
        json_set_text(file, "name", json_get_text(handle, "name", ""));
        json_set_text(file, "handle", json_get_text(handle, "id", ""));
        json_add(json_object_get(candidate, "fileHandles"), file);
        return json_deep_copy(candidate);
}

/* What the store looks at: every field first, the file last, as long as announced, no stranger's
 * credential.  NULL when it is good. */
static const char *store_complains(const char *form, size_t len, const char *boundary,
                                   const json_t *handle)
{
        char *mark = mem_format("--%s", boundary), *end = mem_format("\r\n--%s--", boundary),
             *key = mem_format("name=\"key\"\r\n\r\n%s\r\n", json_get_text(handle, "id", ""));
        const char *file = memmem(form, len, "name=\"file\"", 11), *start, *stop, *wrong = NULL;

        if (!text_starts(form, mark) || memmem(form, len, key, strlen(key)) == NULL ||
            memmem(form, len, "name=\"policy\"", 13) == NULL) {
                wrong = "a field is missing";
        } else if (file == NULL ||
                   memmem(file + 1, (size_t)(form + len - file - 1), "name=\"key\"", 10) != NULL) {
                wrong = "the file is not the last part";
        } else {
                start = memmem(file, (size_t)(form + len - file), "\r\n\r\n", 4);
                stop = start == NULL
                           ? NULL
                           : memmem(start + 4, (size_t)(form + len - start - 4), end, strlen(end));
                if (stop == NULL || stop - start - 4 != json_get_int(handle, "length", -1))
                        wrong = "another length than announced";
        }
        mem_free(key);
        mem_free(end);
        mem_free(mark);
        return wrong;
}

void ab_store(struct request *rq, struct reply *re)
{
        const struct buf *body = request_body(rq);
        const char *type = NULL, *stranger = NULL, *at, *wrong = NULL;
        struct control_failure failure;
        json_t *handle;

        if (control_take("store", &failure) && control_fail(rq, re, &failure)) {
                control_failure_dispose(&failure);
                return;
        }
        control_failure_dispose(&failure);
        pthread_mutex_lock(&ab.lock);
        handle = ab_find("handles", request_segment(rq, "handle"));
        request_header(rq, "Content-Type", &type);
        at = type == NULL ? NULL : strstr(type, "boundary=");
        if (handle == NULL || json_get_int(handle, "until_ms", 0) < when_now_ms())
                wrong = "Policy expired";
        else if (request_header(rq, "Authorization", &stranger) != 0)
                wrong = "Only one auth mechanism allowed";
        else if (!text_starts(type, "multipart/form-data") || at == NULL)
                wrong = "not a form";
        else
                wrong = store_complains(buf_text(body), body->len, at + 9, handle);
        if (wrong == NULL) {
                json_set_bool(handle, "uploaded", true);
                reply_status(re, 204);
        } else {
                reply_text(re, 403, wrong);
        }
        pthread_mutex_unlock(&ab.lock);
        control_count("store");
}

/* --- schedules -------------------------------------------------------------------------------- */

static json_t *update_schedule(struct ab_call *call)
{
        json_t *schedule = ab_find("schedules", text_in(call, "interviewScheduleId")), *event;
        const json_t *change = json_object_get(call->body, "interviewEvent");

        if (schedule == NULL)
                return ab_refuse(call, "interview_schedule_not_found", NULL);
        if (!json_get_bool(schedule, "(by key)", false))
                return ab_refuse(call, "invalid_input",
                                 "Only interview schedules created using the API key making the "
                                 "request can be updated");
        event = ab_find("events", json_get_text(change, "interviewEventId", ""));
        if (event == NULL || json_array_size(json_at(change, "interviewers")) == 0 ||
            json_at(change, "startTime") == NULL || json_at(change, "endTime") == NULL)
                return ab_refuse(call, "invalid_input", "interviewEvent");
        for (size_t i = 0; i < json_array_size(json_at(change, "interviewers")); i++)
                if (json_get_text(json_array_get(json_at(change, "interviewers"), i), "email",
                                  NULL) == NULL)
                        return ab_refuse(call, "invalid_input", "interviewers.email");
        json_set_text(event, "startTime", json_get_text(change, "startTime", ""));
        json_set_text(event, "endTime", json_get_text(change, "endTime", ""));
        /* Replaced as a whole: what is not repeated is lost. */
        json_set(event, "extraData",
                 json_at(change, "extraData") == NULL
                     ? json_object()
                     : json_deep_copy(json_at(change, "extraData")));
        ab_set_now(schedule, "updatedAt");
        ab_tell_schedule(schedule, false);
        return ab_schedule(schedule);
}

/* --- webhooks ----------------------------------------------------------------------------------
 */

static bool can_be_made(const char *type)
{
        static const char *const types[] = { "applicationSubmit",
                                             "applicationUpdate",
                                             "candidateHire",
                                             "candidateStageChange",
                                             "candidateDelete",
                                             "candidateMerge",
                                             "interviewPlanTransition",
                                             "interviewScheduleCreate",
                                             "interviewScheduleUpdate",
                                             "jobPostingUpdate",
                                             "jobPostingPublish",
                                             "jobPostingUnpublish",
                                             "offerCreate",
                                             "offerUpdate",
                                             "offerDelete",
                                             "pushToHRIS",
                                             "surveySubmit" };

        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
                if (text_equal(types[i], type))
                        return true;
        return false;
}

static json_t *create_hook(struct ab_call *call)
{
        json_t *row;

        if (!can_be_made(text_in(call, "webhookType")))
                return ab_refuse(call, "invalid_input", "webhookType");
        row = ab_hook_save(text_in(call, "webhookType"), text_in(call, "requestUrl"),
                           text_in(call, "secretToken"));
        return row == NULL ? ab_refuse(call, "invalid_input", "Duplicate webhook") : row;
}

static json_t *update_hook(struct ab_call *call)
{
        json_t *row = ab_hook_change(text_in(call, "webhookId"), call->body);

        return row == NULL ? ab_refuse(call, "webhook_not_found", NULL) : row;
}

static json_t *delete_hook(struct ab_call *call)
{
        json_t *out;

        if (!ab_hook_delete(text_in(call, "webhookId")))
                return ab_refuse(call, "webhook_not_found", NULL);
        out = json_object();
        json_set_text(out, "webhookId", text_in(call, "webhookId"));
        return out;
}

const struct ab_method ab_writes[] = {
        { "application.changeStage", "candidatesWrite",
          "applicationId!s interviewStageId!s archiveReasonId?s archiveEmail?o", change_stage,
          false },
        { "assessment.update", "candidatesWrite",
          "assessment_id!s timestamp!i assessment_status?o assessment_profile_url?o "
          "assessment_result?o cancelled_reason?o metadata?a",
          ab_partner_update, false },
        { "candidate.addTag", "candidatesWrite", "candidateId!s tagId!s", add_tag, false },
        { "candidate.createNote", "candidatesWrite",
          "candidateId!s note!x sendNotifications?b isPrivate?b createdAt?s", create_note, false },
        { "candidate.removeTag", "candidatesWrite", "candidateId!s tagId!s", remove_tag, false },
        { "candidate.uploadFile", "candidatesWrite", "candidateId!s fileHandle!s", upload_file,
          false },
        { "candidateTag.create", "hiringProcessMetadataWrite", "title!s", create_tag, false },
        { "file.createFileUploadHandle", "candidatesWrite",
          "fileUploadContext!s filename!s contentType!s contentLength!i", create_handle, false },
        { "interviewSchedule.update", "interviewsWrite",
          "interviewScheduleId!s interviewEvent!o allowFeedbackDeletion?b", update_schedule,
          false },
        { "webhook.create", "apiKeysWrite", "webhookType!s requestUrl!s secretToken!s", create_hook,
          true },
        { "webhook.delete", "apiKeysWrite", "webhookId!s", delete_hook, true },
        { "webhook.update", "apiKeysWrite", "webhookId!s enabled?b requestUrl?s secretToken?s",
          update_hook, true },
        { NULL, NULL, NULL, NULL, false },
};
