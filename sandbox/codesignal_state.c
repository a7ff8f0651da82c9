/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Assessments, sessions and interviews of the stand-in, and how they live. */
#include <string.h>

#include "codesignal.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define INVITATION_LIFE (14 * WHEN_DAY)
#define ID_LETTERS "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"

/* 17 characters, in the manner of the vendor's. */
static char *new_id(void)
{
        unsigned char random[17];
        char *id = mem_alloc(sizeof(random) + 1);

        secret_random(random, sizeof(random));
        for (size_t i = 0; i < sizeof(random); i++)
                id[i] = ID_LETTERS[random[i] % (sizeof(ID_LETTERS) - 1)];
        return id;
}

json_t *cs_find(const json_t *table, const char *id)
{
        for (size_t i = 0; i < json_array_size(table); i++) {
                json_t *row = json_array_get(table, i);

                if (text_equal(json_get_text(row, "id", NULL), id))
                        return row;
        }
        return NULL;
}

json_t *cs_test_of(const json_t *session)
{
        return cs_find(cs.tests, json_get_text(session, "test.id", ""));
}

static json_t *reference(const char *table, const char *id)
{
        json_t *ref = json_object();

        json_set_text(ref, "_ref", table);
        json_set_text(ref, "id", id);
        return ref;
}

static json_t *range(int64_t least, int64_t most)
{
        json_t *r = json_object();

        json_set_int(r, "min", least);
        json_set_int(r, "max", most);
        return r;
}

static void add_test(const char *id, const char *title, const char *scoring, bool proctored,
                     const char *const *tasks, const int64_t *points)
{
        json_t *test = json_object(), *model = json_object(), *list = json_array();
        bool raw = text_equal(scoring, "raw");
        int64_t most = 0;

        for (; *tasks != NULL; tasks++, points++) {
                json_t *task = json_object();
                char *task_id = mem_format("%.8s%zu", id, json_array_size(list));

                json_set_text(task, "__typename", "SingleEnvironmentTask");
                json_set_text(task, "id", task_id);
                json_set_text(task, "title", *tasks);
                json_set_text(task, "overviewType", "coding");
                json_set(task, "labels", json_array());
                json_set_int(task, "maxScore", *points);
                json_add(list, task);
                most += *points;
                mem_free(task_id);
        }
        json_set_text(model, "__typename", raw ? "RawScoringModel" : "CodingScore2023ScoringModel");
        json_set_text(model, "type", scoring);
        json_set(model, "scoreRange", raw ? range(0, most) : range(200, 600));
        json_set_text(test, "id", id);
        json_set_text(test, "title", title);
        json_set_text(test, "externalTitle", title);
        json_set_text(test, "internalDescription", "");
        json_set_text(test, "introMessage", "Welcome.");
        json_set_text(test, "outroMessage", "Thank you.");
        json_set_int(test, "duration", 70 * WHEN_MINUTE);
        json_set(test, "labels", json_array());
        json_add(json_object_get(test, "labels"), json_string(proctored ? "proctored" : "open"));
        json_set_int(test, "createDate", when_now_ms() - 30 * WHEN_DAY);
        json_set(test, "scoringModel", model);
        json_set(test, "_tasks", list);
        json_set_bool(test, "_proctored", proctored);
        json_set_int(test, "_max", most);
        json_add(cs.tests, test);
}

void cs_reset(void)
{
        static const char *const general[] = { "Sum of pairs", "Matrix walk", "Text editor",
                                               "Bank ledger", NULL };
        static const int64_t general_points[] = { 300, 300, 200, 200 };
        static const char *const backend[] = { "Queries", "Parser", "Cache", NULL };
        static const int64_t backend_points[] = { 20, 20, 20 };
        json_t *template = json_object();

        json_decref(cs.tests);
        json_decref(cs.sessions);
        json_decref(cs.interviews);
        json_decref(cs.templates);
        json_decref(cs.denied);
        cs.tests = json_array();
        cs.sessions = json_array();
        cs.interviews = json_array();
        cs.templates = json_array();
        cs.denied = json_object();
        cs.rate_now = cs.rate;
        add_test(CS_TEST, "General Coding", "codingScore2023", false, general, general_points);
        add_test(CS_TEST_RAW, "Backend Basics", "raw", false, backend, backend_points);
        add_test(CS_TEST_PROCTORED, "General Coding, proctored", "codingScore2023", true, general,
                 general_points);
        json_set_text(template, "id", "tPl7CodeInterview1");
        json_set_text(template, "name", "One hour of code");
        json_set_bool(template, "isCompanyDefault", true);
        json_set_bool(template, "canEdit", true);
        json_add(cs.templates, template);
}

static json_t *task_results(const json_t *test, const json_t *scores, int64_t *total,
                            int64_t *solved)
{
        const json_t *tasks = json_object_get(test, "_tasks");
        json_t *results = json_array();

        *total = *solved = 0;
        for (size_t i = 0; i < json_array_size(tasks); i++) {
                json_t *result = json_object(), *session_task = json_object(),
                       *report = json_object();
                int64_t most = json_get_int(json_array_get(tasks, i), "maxScore", 0);
                int64_t points = json_int_of(json_array_get(scores, i), most);

                points = points < 0 ? 0 : points > most ? most : points;
                *total += points;
                *solved += points == most;
                json_set_int(session_task, "maxScore", most);
                json_set(session_task, "task", json_deep_copy(json_array_get(tasks, i)));
                json_set_text(report, "status", "ready");
                json_set_text(report, "suspicionScore", "none");
                json_set(result, "sessionTask", session_task);
                json_set_int(result, "score", points);
                json_set_int(result, "solveTime", 5 * WHEN_MINUTE);
                json_set_int(result, "timeSpent", (int64_t)(i + 2) * 4 * WHEN_MINUTE);
                json_set_int(result, "timeOpen", (int64_t)(i + 2) * 5 * WHEN_MINUTE);
                json_set(result, "integrityReport", report);
                json_add(results, result);
        }
        return results;
}

static void give_result(json_t *session, const json_t *test, const json_t *scores)
{
        json_t *result = json_object(), *versioned = NULL;
        int64_t total, solved, most = json_get_int(test, "_max", 1);
        char *token = secret_token(24), *url;

        json_set(result, "taskResults", task_results(test, scores, &total, &solved));
        json_set_int(result, "score", total);
        json_set_int(result, "solvedTaskCount", solved);
        if (text_equal(json_get_text(test, "scoringModel.type", ""), "codingScore2023")) {
                versioned = json_object();
                json_set_text(versioned, "version", "codingScore2023");
                /* Our own straight line; the vendor's formula is not public. */
                json_set_int(versioned, "value", total == 0 ? 0 : 200 + total * 400 / most);
        }
        json_set(result, "versionedCodingScore", versioned);
        url = mem_format("%s/test-result/%s?accessToken=%s", json_get_text(session, "_base", ""),
                         json_get_text(session, "id", ""), token);
        json_set_text(result, "url", url);
        json_set_int(result, "totalTimeClosed", 0);
        json_set(session, "result", result);
        json_set_text(session, "_token", token);
        mem_free(url);
        mem_free(token);
}

/* S of the wire facts: what every session event carries. */
static json_t *event_payload(const json_t *session)
{
        json_t *p = json_object();
        char *name = mem_format("%s %s", json_get_text(session, "testTaker.firstName", ""),
                                json_get_text(session, "testTaker.lastName", ""));

        json_set_text(p, "testSessionId", json_get_text(session, "id", ""));
        json_set_text(p, "testId", json_get_text(session, "test.id", ""));
        json_set_text(p, "testTitle", json_get_text(cs_test_of(session), "title", ""));
        json_set_text(p, "candidateEmail", json_get_text(session, "testTaker.email", ""));
        json_set_text(p, "candidateName", text_trim(name));
        if (json_get_text(session, "_externalId", NULL) != NULL)
                json_set_text(p, "externalId", json_get_text(session, "_externalId", NULL));
        mem_free(name);
        return p;
}

static json_t *result_payload(const json_t *session, bool with_url)
{
        json_t *p = event_payload(session);
        json_t *versioned = json_at(session, "result.versionedCodingScore");

        json_set_int(p, "duration",
                     json_get_int(session, "finishDate", 0) -
                         json_get_int(session, "startDate", 0));
        json_set_int(p, "score", json_get_int(session, "result.score", 0));
        json_set_int(p, "maxScore", json_get_int(session, "maxScore", 0));
        if (versioned != NULL)
                json_set(p, "versionedCodingScore", json_deep_copy(versioned));
        if (with_url) {
                json_set_int(p, "plagiarismLevel", 0);
                json_set_text(p, "plagiarismLabel", "-");
                json_set_text(p, "url", json_get_text(session, "result.url", ""));
        }
        return p;
}

static bool is_incomplete(const json_t *session)
{
        const char *status = json_get_text(session, "status", "");

        return text_equal(status, "pending") || text_equal(status, "active");
}

static json_t *existing(const char *test_id, const char *email)
{
        for (size_t i = 0; i < json_array_size(cs.sessions); i++) {
                json_t *s = json_array_get(cs.sessions, i);

                if (text_equal(json_get_text(s, "test.id", ""), test_id) && is_incomplete(s) &&
                    text_equal_fold(json_get_text(s, "testTaker.email", ""), email))
                        return s;
        }
        return NULL;
}

json_t *cs_create_session(const char *base, const char *test_id, const char *email,
                          const char *first, const char *last, const char *external_id,
                          bool prefer_existing)
{
        json_t *session, *taker, *test = cs_find(cs.tests, test_id);
        char *id, *url;

        if (prefer_existing && !text_empty(email) && (session = existing(test_id, email)) != NULL)
                return session;
        session = json_object();
        taker = json_object();
        id = new_id();
        url = mem_format("%s/take/%s", base, id);
        json_set_text(taker, "email", email);
        json_set_text(taker, "firstName", first);
        json_set_text(taker, "lastName", last);
        json_set_text(session, "id", id);
        json_set(session, "test", reference("tests", test_id));
        json_set_text(session, "status", "pending");
        json_set(session, "testTaker", taker);
        json_set_int(session, "maxScore", json_get_int(test, "_max", 0));
        json_set_int(session, "taskCount",
                     (int64_t)json_array_size(json_object_get(test, "_tasks")));
        json_set_int(session, "createDate", when_now_ms());
        json_set_int(session, "expirationDate", when_now_ms() + INVITATION_LIFE);
        json_set(session, "tasks", json_array());
        json_set(session, "labels", json_array());
        json_set_text(session, "invitationUrl", url);
        json_set_bool(session, "integrityReviewFinalized", false);
        json_set_text(session, "_externalId", external_id);
        json_set_text(session, "_base", base);
        json_add(cs.sessions, session);
        cs_send("companyTestSessionCreated", event_payload(session));
        mem_free(id);
        mem_free(url);
        return session;
}

json_t *cs_reactivate(const char *base, json_t *session)
{
        json_t *made, *moved;

        if (is_incomplete(session))
                return NULL;
        made = cs_create_session(base, json_get_text(session, "test.id", ""),
                                 json_get_text(session, "testTaker.email", NULL),
                                 json_get_text(session, "testTaker.firstName", NULL),
                                 json_get_text(session, "testTaker.lastName", NULL),
                                 json_get_text(session, "_externalId", NULL), false);
        moved = json_object();
        json_set_text(moved, "newSessionId", json_get_text(made, "id", ""));
        json_set_int(moved, "reactivationDate", when_now_ms());
        json_set(session, "reactivatedSession", moved);
        return made;
}

static void set_status(json_t *session, const char *status)
{
        json_set_text(session, "status", status);
}

static void finish(json_t *session, const json_t *scores, bool shared)
{
        const json_t *test = cs_test_of(session);
        bool proctored = json_get_bool(test, "_proctored", false) && !shared;

        if (json_get_int(session, "startDate", 0) == 0)
                json_set_int(session, "startDate", when_now_ms() - WHEN_HOUR);
        json_set_int(session, "finishDate", when_now_ms());
        give_result(session, test, scores);
        set_status(session, "over");
        if (proctored)
                json_set_text(session, "verificationStatus", "pending");
        cs_send(shared      ? "preScreenResultShared"
                : proctored ? "preScreenResultVerificationPending"
                            : "companyTestSessionFinished",
                result_payload(session, !proctored));
}

static void reject(json_t *session, const char *reason, bool technical)
{
        json_t *list = json_array(), *one = json_object(), *p, *texts = json_array(), *again;

        json_set_text(one, "name", technical ? "technicalIssue" : "suspicion");
        json_set_text(one, "description", text_or(reason, "The session could not be verified."));
        json_add(list, one);
        json_add(texts, json_string(text_or(reason, "The session could not be verified.")));
        json_set(session, "verificationRejectionReasons", list);
        json_set_text(session, "verificationStatus", "notVerified");
        if (technical) {
                again = cs_create_session(
                    json_get_text(session, "_base", ""), json_get_text(session, "test.id", ""),
                    json_get_text(session, "testTaker.email", NULL),
                    json_get_text(session, "testTaker.firstName", NULL),
                    json_get_text(session, "testTaker.lastName", NULL), NULL, false);
                json_set(session, "retakeSession",
                         reference("sessions", json_get_text(again, "id", "")));
        }
        p = event_payload(session);
        json_set(p, "rejectedReasons", texts);
        cs_send("preScreenResultNotVerified", p);
}

static void expire(json_t *session, const char *reason)
{
        json_t *p = event_payload(session);

        set_status(session, "expired");
        json_set_int(session, "expirationDate", when_now_ms());
        json_set_text(p, "expiredReason", reason);
        cs_send("preScreenExpired", p);
}

static void flag(json_t *session, bool on)
{
        json_t *p = event_payload(session);

        json_set_bool(session, "integrityReviewSuggested", on);
        json_set_bool(p, "integrityReviewSuggested", on);
        cs_send("preScreenIntegrityReviewUpdated", p);
}

/* "" any. */
static const struct {
        const char *what, *status, *verification;
} steps[] = {
        { "start", "pending", "" },
        { "finish", "active", "" },
        { "share", "pending", "" },
        { "verify", "over", "pending" },
        { "verify", "over", "notVerified" },
        { "reject", "over", "pending" },
        { "fault", "over", "pending" },
        { "reject", "over", "verified" },
        { "decline", "pending", "" },
        { "expire", "pending", "" },
        { "expire", "active", "" },
        { "uncertify", "over", "notVerified" },
        { "flag", "over", "" },
        { "unflag", "over", "" },
        { "unarchive", "archived", "" },
        { "archive", "", "" },
        { "delete", "", "" },
        { "erase", "", "" },
};

static bool allowed(const json_t *session, const char *what)
{
        const char *status = json_get_text(session, "status", "");
        const char *verification = json_get_text(session, "verificationStatus", "");

        if (text_starts(status, "deleted") && !text_equal(what, "erase"))
                return false;
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
                if (text_equal(steps[i].what, what) &&
                    (*steps[i].status == '\0' || text_equal(steps[i].status, status)) &&
                    (*steps[i].verification == '\0' ||
                     text_equal(steps[i].verification, verification)))
                        return true;
        }
        return false;
}

static void erase(json_t *session)
{
        json_set(session, "testTaker", json_object());
        json_set(session, "result", NULL);
        json_set(session, "invitationUrl", NULL);
        json_set(session, "_externalId", NULL);
        set_status(session, "deletedForPii");
}

bool cs_step(json_t *session, const char *what, const json_t *scores, const char *reason)
{
        if (!allowed(session, what))
                return false;
        if (text_equal(what, "start")) {
                set_status(session, "active");
                json_set_int(session, "startDate", when_now_ms());
                cs_send("companyTestSessionStarted", event_payload(session));
        } else if (text_equal(what, "finish") || text_equal(what, "share")) {
                finish(session, scores, text_equal(what, "share"));
        } else if (text_equal(what, "verify")) {
                json_set_text(session, "verificationStatus", "verified");
                json_set(session, "verificationRejectionReasons", NULL);
                cs_send("preScreenResultVerified", result_payload(session, true));
        } else if (text_equal(what, "reject") || text_equal(what, "fault")) {
                reject(session, reason, text_equal(what, "fault"));
        } else if (text_equal(what, "decline")) {
                set_status(session, "declined");
                cs_send("preScreenCandidateDeclined", event_payload(session));
        } else if (text_equal(what, "expire")) {
                expire(session, "testNotTaken");
        } else if (text_equal(what, "uncertify")) {
                expire(session, "notCertified");
        } else if (text_equal(what, "flag") || text_equal(what, "unflag")) {
                flag(session, text_equal(what, "flag"));
        } else if (text_equal(what, "archive")) {
                json_set_text(session, "_was", json_get_text(session, "status", ""));
                set_status(session, "archived");
        } else if (text_equal(what, "unarchive")) {
                set_status(session, json_get_text(session, "_was", "pending"));
        } else if (text_equal(what, "delete")) {
                set_status(session, "deleted");
        } else {
                erase(session);
        }
        return true;
}

json_t *cs_create_interview(const char *base, const json_t *fields)
{
        json_t *interview = json_object();
        char *id = new_id(), *url = mem_format("%s/live-interview/%s", base, id);
        char *brief = mem_format("%s/li/%.6s", base, id);

        json_set_text(interview, "id", id);
        json_set_text(interview, "candidateEmail", json_get_text(fields, "candidateEmail", NULL));
        json_set_text(interview, "candidateName", json_get_text(fields, "candidateName", NULL));
        json_set_text(interview, "status", "pending");
        json_set_text(interview, "url", url);
        json_set_text(interview, "shortenedUrl", brief);
        json_set(interview, "interviewersFeedback", json_array());
        json_set_text(interview, "_templateId", json_get_text(fields, "templateId", NULL));
        json_add(cs.interviews, interview);
        mem_free(id);
        mem_free(url);
        mem_free(brief);
        return interview;
}

static void send_finished(const json_t *interview)
{
        json_t *p = json_object();
        char *url = mem_format("https://app.codesignal.com/client-dashboard/interviews?status=over"
                               "&liveInterviewId=%s",
                               json_get_text(interview, "id", ""));

        json_set_text(p, "interviewId", json_get_text(interview, "id", ""));
        json_set_text(p, "candidateName", json_get_text(interview, "candidateName", ""));
        json_set_text(p, "candidateEmail", json_get_text(interview, "candidateEmail", ""));
        json_set_int(p, "startDate", json_get_int(interview, "startDate", 0));
        json_set_int(p, "endDate", json_get_int(interview, "finishDate", 0));
        json_set_int(p, "questionsSolved", 1);
        json_set_int(p, "questionsAttempted", 2);
        json_set_text(p, "url", url);
        cs_send("liveInterviewFinished", p);
        mem_free(url);
}

static void give_feedback(json_t *interview, const char *notes)
{
        json_t *list = json_object_get(interview, "interviewersFeedback"), *one = json_object(),
               *author = json_object(), *p = json_object(), *f = json_object();

        json_set_text(author, "id", "uInterviewer00001");
        json_set_text(author, "username", "interviewer");
        json_set(one, "author", author);
        json_set_text(one, "notes", notes);
        json_set_text(one, "evaluation", "Yes");
        json_set(one, "categories",
                 json_loads("[{\"name\":\"Coding\",\"attributes\":[{\"name\":\"Clean code\","
                            "\"score\":4,\"notes\":null}]}]",
                            0, NULL));
        json_array_clear(list);
        json_add(list, one);
        json_set_text(f, "generalNotes", notes);
        json_set_text(f, "overallEvaluation", "Yes");
        json_set_text(p, "interviewId", json_get_text(interview, "id", ""));
        json_set_text(p, "interviewerId", "uInterviewer00001");
        json_set(p, "feedback", f);
        cs_send("liveInterviewFeedbackUpdated", p);
}

bool cs_step_interview(json_t *interview, const char *what, const char *notes)
{
        const char *status = json_get_text(interview, "status", "");

        if (text_equal(what, "start") && text_equal(status, "pending")) {
                json_set_text(interview, "status", "active");
                json_set_int(interview, "startDate", when_now_ms());
        } else if (text_equal(what, "finish") && text_equal(status, "active")) {
                json_set_text(interview, "status", "over");
                json_set_int(interview, "finishDate", when_now_ms());
                send_finished(interview);
        } else if (text_equal(what, "feedback") &&
                   (text_equal(status, "active") || text_equal(status, "over"))) {
                give_feedback(interview, text_or(notes, "A good talk."));
        } else {
                return false;
        }
        return true;
}
