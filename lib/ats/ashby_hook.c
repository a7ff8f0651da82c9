/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ashby as a sender of webhooks (wire/ashby.md 2).
 *
 * Refusals are 400 or 503, never 401, 403, 404, 405 or 410: after one of those Ashby does not
 * come again, and a delivery signed with a secret that was changed there before it was
 * changed here would be lost for good (section 6, trap 6).  After 400 it comes again for
 * almost three hours, and a forger gains nothing by the difference.
 */
#include "ats/ashby.h"

#include <string.h>

#include "bridge/signature.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define PING_MAX (64 * 1024) /* a compact one has 53 bytes, real white space is unknown */

static bool is_ping(const struct buf *body)
{
        json_t *value;
        bool ping;

        if (body->len == 0 || body->len > PING_MAX)
                return false;
        value = json_read(body->data, body->len, NULL);
        ping = text_equal(json_get_text(value, "action", NULL), "ping");
        json_decref(value);
        return ping;
}

/* A ping has no effect and a 4xx would leave the hook disabled, so it always gets 200; what
 * is wrong with it shows in the connection's health. */
static void judge(const struct sender_request *request, int who, int status, const char *reason,
                  const char *ping_reason, struct verdict *verdict)
{
        if (is_ping(request->body))
                verdict_set(verdict, VERDICT_PROBE, 200, ping_reason);
        else if (who >= 0)
                verdict_set(verdict, VERDICT_KEEP, 200, reason);
        else
                verdict_set(verdict, VERDICT_REFUSE, status, reason);
        if (who >= 0) {
                verdict->trust = TRUST_BODY;
                verdict->secret = who;
        }
}

static void verify(const struct sender_request *request, struct verdict *verdict)
{
        const char *shown = NULL, *body = buf_text(request->body);
        int got = request->header(request->context, "Ashby-Signature", &shown), who = -1;

        if (got < 0) {
                judge(request, -1, 400, "signature came more than once",
                      "ping, signature came more than once", verdict);
        } else if (request->secret_count == 0) {
                judge(request, -1, 503, "no secret token is set",
                      "ping, no secret token is set here", verdict);
        } else if (got == 0 || text_empty(shown)) {
                judge(request, -1, 400, "signature missing: set a secret token on Ashby's side",
                      "ping, not signed", verdict);
        } else {
                if (text_starts(shown, "sha256="))
                        who = signature_of(request, body, request->body->len,
                                           shown + strlen("sha256="));
                judge(request, who, 400, who >= 0 ? "signed" : "signature wrong",
                      who >= 0 ? "ping, signed" : "ping, signature wrong", verdict);
        }
}

/* Ashby's list; nothing follows from these here. */
static const char *const quiet[] = { "applicationSubmit",
                                     "applicationUpdate",
                                     "candidateHire",
                                     "interviewPlanTransition",
                                     "jobCreate",
                                     "jobPostingDelete",
                                     "jobPostingPublish",
                                     "jobPostingUnpublish",
                                     "jobPostingUpdate",
                                     "jobUpdate",
                                     "offerCreate",
                                     "offerDelete",
                                     "offerUpdate",
                                     "openingCreate",
                                     "pushToHRIS",
                                     "signatureRequestUpdate",
                                     "surveySubmit",
                                     "takeHomeAssignmentAssigned",
                                     "takeHomeAssignmentCancelled",
                                     "takeHomeAssignmentCompleted",
                                     "takeHomeAssignmentSubmitted",
                                     NULL };

static void copy_id(json_t *to, const char *name, const json_t *from, const char *path)
{
        char *id = json_get_id(from, path);

        if (id != NULL)
                json_set_text(to, name, id);
        mem_free(id);
}

static void copy_text(json_t *to, const char *name, const json_t *from, const char *path)
{
        const char *text = json_get_text(from, path, NULL);

        if (!text_empty(text))
                json_set_text(to, name, text);
}

void ashby_split_name(json_t *candidate, const char *full)
{
        char *name = mem_text(full), *trimmed = text_trim(name), *last = strrchr(trimmed, ' ');

        if (last != NULL) {
                *last = '\0';
                json_set_text(candidate, "first_name", text_trim(trimmed));
                json_set_text(candidate, "last_name", last + 1);
        } else if (*trimmed != '\0') {
                json_set_text(candidate, "first_name", trimmed);
        }
        mem_free(name);
}

const char *ashby_status(const char *word)
{
        static const char *const words[][2] = {
                { "Active", "active" },
                { "Archived", "rejected" },
                { "Hired", "hired" },
                { "Lead", "lead" },
        };

        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (text_equal(word, words[i][0]))
                        return words[i][1];
        return word;
}

static json_t *stage_detail(const json_t *application)
{
        json_t *detail = json_object(), *stage = json_object(), *job = json_object();
        json_t *candidate = json_object();
        const char *status;

        copy_id(stage, "id", application, "currentInterviewStage.id");
        copy_text(stage, "name", application, "currentInterviewStage.title");
        copy_id(job, "id", application, "job.id");
        copy_text(job, "name", application, "job.title");
        copy_id(candidate, "id", application, "candidate.id");
        ashby_split_name(candidate, json_get_text(application, "candidate.name", ""));
        copy_text(candidate, "email", application, "candidate.primaryEmailAddress.value");
        json_set(detail, "stage", stage);
        json_set(detail, "job", job);
        json_set(detail, "candidate", candidate);
        status = ashby_status(json_get_text(application, "status", NULL));
        if (!text_empty(status))
                json_set_text(detail, "status", status);
        if (text_equal(status, "lead"))
                json_set_bool(detail, "prospect", true);
        return detail;
}

static void stage_entered(struct fact *fact, const char *action, const json_t *application)
{
        char *id = json_get_id(application, "id");

        if (id == NULL) {
                fact_start(fact, FACT_UNKNOWN, action, "a stage change that names no application");
                return;
        }
        fact_start(fact, FACT_STAGE_ENTERED, action, "%s entered %s (%s)",
                   text_or(json_get_text(application, "candidate.name", NULL), "a candidate"),
                   json_get_text(application, "currentInterviewStage.title", "an unnamed stage"),
                   json_get_text(application, "job.title", "no job"));
        fact->subject = id;
        fact->detail = stage_detail(application);
        when_parse(json_get_text(application, "updatedAt", ""), &fact->occurred_ms);
}

static void gone(struct fact *fact, const char *action, const char *what, const json_t *data,
                 const char *who, const char *into)
{
        char *id = json_get_id(data, who);

        if (id == NULL) {
                fact_start(fact, FACT_UNKNOWN, action, "%s names no candidate", action);
                return;
        }
        fact_start(fact, FACT_APPLICATION_GONE, action, "candidate %s was %s", id, what);
        fact->detail = json_object();
        json_set_text(fact->detail, "what", what);
        json_set_text(fact->detail, "candidate", id);
        json_set(fact->detail, "applications", json_array());
        if (into != NULL)
                copy_id(fact->detail, "into", data, into);
        fact->subject = id;
}

/* Of the schedule as a whole; its parts, and their titles, are read over the API. */
static json_t *schedule_detail(const json_t *schedule, const char *what)
{
        json_t *detail = json_object();
        int64_t ms;

        json_set_text(detail, "what", what);
        copy_id(detail, "application", schedule, "applicationId");
        if (when_parse(json_get_text(schedule, "interviewEvents.0.startTime", ""), &ms) == 0)
                json_set_int(detail, "starts_ms", ms);
        if (when_parse(json_get_text(schedule, "interviewEvents.0.endTime", ""), &ms) == 0)
                json_set_int(detail, "ends_ms", ms);
        return detail;
}

static void scheduled(struct fact *fact, const char *action, const json_t *schedule)
{
        char *id = json_get_id(schedule, "id");
        const char *status = json_get_text(schedule, "status", "");
        const char *what = text_equal(status, "Cancelled")                 ? "cancelled"
                           : text_equal(action, "interviewScheduleCreate") ? "made"
                                                                           : "moved";

        if (id == NULL) {
                fact_start(fact, FACT_UNKNOWN, action, "%s names no schedule", action);
                return;
        }
        fact_start(fact, FACT_SCHEDULE, action, "an interview schedule is %s",
                   text_empty(status) ? "there" : status);
        fact->subject = id;
        fact->detail = schedule_detail(schedule, what);
        when_parse(json_get_text(schedule, "updatedAt", ""), &fact->occurred_ms);
}

static void read_action(struct fact *fact, const char *action, const json_t *data)
{
        if (text_equal(action, "candidateStageChange")) {
                stage_entered(fact, action, json_at(data, "application"));
        } else if (text_equal(action, "interviewScheduleCreate") ||
                   text_equal(action, "interviewScheduleUpdate")) {
                scheduled(fact, action, json_at(data, "interviewSchedule"));
        } else if (text_equal(action, "candidateDelete")) {
                gone(fact, action, "deleted", data, "candidate.id", NULL);
        } else if (text_equal(action, "candidateMerge")) {
                gone(fact, action, "merged", data, "deletedCandidate.id", "mergedCandidate.id");
        } else if (text_equal(action, "ping")) {
                fact_start(fact, FACT_NOTHING, action, "a test of the connection");
        } else {
                for (size_t i = 0; quiet[i] != NULL; i++)
                        if (text_equal(action, quiet[i])) {
                                fact_start(fact, FACT_NOTHING, action,
                                           "%s: nothing follows from it", action);
                                return;
                        }
                fact_start(fact, FACT_UNKNOWN, action, "an action that is not in Ashby's list");
        }
}

static void decode(const void *body, size_t len, const json_t *headers, const json_t *settings,
                   struct fact *fact)
{
        struct fail why = FAIL_CLEAR;
        json_t *value = json_read(body, len, &why);
        const char *action = json_get_text(value, "action", NULL);
        char *id = json_get_id(value, "webhookActionId");

        (void)headers;
        (void)settings;
        if (value == NULL) {
                fact_start(fact, FACT_UNKNOWN, "unreadable", "not JSON: %s", why.text);
        } else if (text_empty(action)) {
                fact_start(fact, FACT_UNKNOWN, "nameless", "JSON that names no action");
        } else {
                read_action(fact, action, json_at(value, "data"));
                /* One id covers all events of one act of a user, so never the id alone. */
                if (id != NULL)
                        fact->identity = mem_format("%s:%s", fact->name, id);
        }
        mem_free(id);
        json_decref(value);
}

static const char *const kept[] = { "Ashby-Signature", "Content-Type", "User-Agent", NULL };

const struct sender ashby_sender = {
        .kind = "ashby",
        .headers = kept,
        .status_full = 503,
        .verify = verify,
        .decode = decode,
};
