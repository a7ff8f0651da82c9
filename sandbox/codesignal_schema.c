/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may be asked of the stand-in: the part of the vendor's schema that a bridge may want
 * (wire/codesignal.md 1.5-1.7).
 */
#include <stdio.h>
#include <string.h>

#include "codesignal.h"
#include "floor/mem.h"
#include "floor/text.h"

#define SESSION "CompanyTestSession"
#define RESULT "CompanyTestSessionResult"
#define TASK_RESULT "TestSessionTaskResult"
#define TEST "CompanyTest"
#define INTERVIEW "LiveInterview"

static const struct cs_field fields[] = {
        { "Query", "company", "Company", "id: ID", 1, false },
        { "Query", "companyTest", TEST, "id: ID!", 1, false },
        { "Query", "companyTests", "CompanyTests!",
          "companyId: ID, first: Int!, offset: Int, ids: [ID!], titleSearchText: String, "
          "labels: [String!], sortBy: CompanyTestSortBy, sortDirection: SortDirection, "
          "targetUserId: ID",
          1, true },
        { "Query", "companyTestSession", SESSION, "id: ID!", 2, false },
        { "Query", "companyTestSessions", "[CompanyTestSession]!",
          "companyTestId: ID!, first: Int, offset: Int, ids: [ID!]", 2, true },
        { "Query", "liveInterview", INTERVIEW, "liveInterviewId: ID!", 1, false },
        { "Query", "liveInterviews", "[LiveInterview]!",
          "candidateEmail: String, first: Int, offset: Int", 1, true },
        { "Query", "interviewTemplates", "InterviewTemplates",
          "companyId: ID, globalFilter: String, first: Int!, offset: Int!", 1, true },
        { "Mutation", "createCompanyTestSession", SESSION, "sessionFields: TestSessionInput!", 1,
          false },
        { "Mutation", "resendCompanyTestSession", SESSION "!", "id: ID!", 1, false },
        { "Mutation", "reactivateCompanyTestSession", SESSION "!",
          "id: ID!, sendNotificationEmail: Boolean", 1, false },
        { "Mutation", "editCompanyTestSessionExpiration", SESSION "!",
          "id: ID!, expirationDate: Timestamp!", 1, false },
        { "Mutation", "deleteCompanyTestSession", "ID!", "id: ID!, sendNotificationEmail: Boolean",
          1, false },
        { "Mutation", "archiveCompanyTestSession", SESSION "!", "id: ID!", 1, false },
        { "Mutation", "unarchiveCompanyTestSession", SESSION "!", "id: ID!", 1, false },
        { "Mutation", "createLiveInterview", INTERVIEW, "interviewFields: LiveInterviewInput", 1,
          false },
        { "Mutation", "editLiveInterview", INTERVIEW,
          "id: ID!, interviewFields: LiveInterviewInput!", 1, false },
        { "Mutation", "deleteLiveInterview", "ID!", "id: ID!", 1, false },
        { "Company", "id", "ID!", "", 0, false },
        { "Company", "alias", "String!", "", 0, false },
        { "Company", "name", "String!", "", 0, false },
        { "Company", "status", "String!", "", 0, false },
        { "CompanyTests", "totalCount", "Int!", "", 0, false },
        { "CompanyTests", "tests", "[CompanyTest!]!", "", 0, false },
        { "CompanyTests", "pageInfo", "PageInfo!", "", 0, false },
        { "PageInfo", "hasNextPage", "Boolean!", "", 0, false },
        { "InterviewTemplates", "totalCount", "Int!", "", 0, false },
        { "InterviewTemplates", "interviewTemplates", "[InterviewTemplate]!", "", 0, false },
        { "InterviewTemplates", "pageInfo", "PageInfo!", "", 0, false },
        { "InterviewTemplate", "id", "ID!", "", 0, false },
        { "InterviewTemplate", "name", "String", "", 0, false },
        { "InterviewTemplate", "canEdit", "Boolean", "", 0, false },
        { "InterviewTemplate", "defaultExpirationTime", "Int", "", 0, false },
        { "InterviewTemplate", "isCompanyDefault", "Boolean!", "", 0, false },
        { TEST, "id", "ID!", "", 0, false },
        { TEST, "title", "String!", "", 0, false },
        { TEST, "externalTitle", "String!", "", 0, false },
        { TEST, "internalDescription", "String!", "", 0, false },
        { TEST, "introMessage", "String!", "", 0, false },
        { TEST, "outroMessage", "String!", "", 0, false },
        { TEST, "duration", "Float!", "", 0, false },
        { TEST, "labels", "[String!]", "", 0, false },
        { TEST, "createDate", "Timestamp!", "", 0, false },
        { TEST, "scoringModel", "ScoringModel", "", 0, false },
        { TEST, "emailSubject", "String", "", 0, false },
        { TEST, "emailMessage", "String", "", 0, false },
        { TEST, "resultDateLimit", "Float", "", 0, false },
        { "ScoringModel", "type", "ScoringModelType!", "", 0, false },
        { "RawScoringModel", "type", "ScoringModelType!", "", 0, false },
        { "RawScoringModel", "scoreRange", "ScoreRange!", "", 0, false },
        { "CodingScore2023ScoringModel", "type", "ScoringModelType!", "", 0, false },
        { "CodingScore2023ScoringModel", "scoreRange", "ScoreRange!", "", 0, false },
        { "BehavioralScoringModel", "type", "ScoringModelType!", "", 0, false },
        { "ScoreRange", "min", "Int", "", 0, false },
        { "ScoreRange", "max", "Int", "", 0, false },
        { SESSION, "id", "ID!", "", 0, false },
        { SESSION, "test", TEST, "", 0, false },
        { SESSION, "status", "TestSessionStatus!", "", 0, false },
        { SESSION, "testTaker", "TestTaker!", "", 0, false },
        { SESSION, "maxScore", "Int!", "", 0, false },
        { SESSION, "createDate", "Timestamp", "", 0, false },
        { SESSION, "startDate", "Timestamp", "", 0, false },
        { SESSION, "finishDate", "Timestamp", "", 0, false },
        { SESSION, "expirationDate", "Timestamp", "", 0, false },
        { SESSION, "result", RESULT, "", 0, false },
        { SESSION, "tasks", "[TestSessionTask]!", "", 0, false },
        { SESSION, "taskCount", "Int", "", 0, false },
        { SESSION, "publicInvitationId", "ID", "", 0, false },
        { SESSION, "invitationUrl", "String", "", 0, false },
        { SESSION, "labels", "[String]!", "", 0, false },
        { SESSION, "customDuration", "Float", "", 0, false },
        { SESSION, "reactivatedSession", "ReactivatedSession", "", 0, false },
        { SESSION, "verificationStatus", "VerificationStatus", "", 0, false },
        { SESSION, "verificationRejectionReasons", "[VerificationRejectionReason!]", "", 0, false },
        { SESSION, "integrityReviewFinalized", "Boolean!", "", 0, false },
        { SESSION, "integrityReviewSuggested", "Boolean", "", 0, false },
        { SESSION, "retakeSession", SESSION, "", 0, false },
        { SESSION, "postSessionRedirectUrl", "String", "", 0, false },
        { "TestTaker", "email", "String", "", 0, false },
        { "TestTaker", "firstName", "String", "", 0, false },
        { "TestTaker", "lastName", "String", "", 0, false },
        { "ReactivatedSession", "newSessionId", "ID!", "", 0, false },
        { "ReactivatedSession", "reactivationDate", "Timestamp!", "", 0, false },
        { "VerificationRejectionReason", "name", "String!", "", 0, false },
        { "VerificationRejectionReason", "description", "String!", "", 0, false },
        { RESULT, "score", "Int", "", 0, false },
        { RESULT, "solvedTaskCount", "Int", "", 0, false },
        { RESULT, "taskResults", "[TestSessionTaskResult]!", "", 0, false },
        { RESULT, "url", "String", "", 0, false },
        { RESULT, "versionedCodingScore", "VersionedCodingScore", "", 0, false },
        { RESULT, "behavioralScore", "BehavioralScore", "", 0, false },
        { RESULT, "aiInsights", "AiInsights", "", 0, false },
        { RESULT, "totalTimeClosed", "Int", "", 0, false },
        { "VersionedCodingScore", "version", "CodingScoreVersion", "", 0, false },
        { "VersionedCodingScore", "value", "Int", "", 0, false },
        { "BehavioralScore", "label", "BehavioralScoreLabel!", "", 0, false },
        { "AiInsights", "summary", "String!", "", 0, false },
        { TASK_RESULT, "sessionTask", "TestSessionTask!", "", 0, false },
        { TASK_RESULT, "score", "Int", "", 0, false },
        { TASK_RESULT, "replayUrl", "String", "", 0, false },
        { TASK_RESULT, "solveTime", "Int", "", 0, false },
        { TASK_RESULT, "timeSpent", "Int", "", 0, false },
        { TASK_RESULT, "timeOpen", "Int", "", 0, false },
        { TASK_RESULT, "integrityReport", "IntegrityReport!", "", 0, false },
        { "IntegrityReport", "status", "IntegrityReportStatus!", "", 0, false },
        { "IntegrityReport", "suspicionScore", "SuspicionScore", "", 0, false },
        { "TestSessionTask", "maxScore", "Int!", "", 0, false },
        { "TestSessionTask", "task", "CommonTask", "", 0, false },
        { "CommonTask", "id", "ID!", "", 0, false },
        { "CommonTask", "title", "String!", "", 0, false },
        { "CommonTask", "overviewType", "String!", "", 0, false },
        { "CommonTask", "labels", "[String]!", "", 0, false },
        { "CommonTask", "maxScore", "Int!", "", 0, false },
        { "SingleEnvironmentTask", "id", "ID!", "", 0, false },
        { "SingleEnvironmentTask", "title", "String!", "", 0, false },
        { "SingleEnvironmentTask", "labels", "[String]!", "", 0, false },
        { "SingleEnvironmentTask", "maxScore", "Int!", "", 0, false },
        { INTERVIEW, "id", "ID!", "", 0, false },
        { INTERVIEW, "candidateEmail", "String", "", 0, false },
        { INTERVIEW, "candidateName", "String", "", 0, false },
        { INTERVIEW, "status", "LiveInterviewStatus!", "", 0, false },
        { INTERVIEW, "proctoringStatus", "LiveInterviewProctoringStatus", "", 0, false },
        { INTERVIEW, "interviewersFeedback", "[InterviewerFeedback]", "", 0, false },
        { INTERVIEW, "startDate", "Timestamp", "", 0, false },
        { INTERVIEW, "finishDate", "Timestamp", "", 0, false },
        { INTERVIEW, "url", "String!", "", 0, false },
        { INTERVIEW, "shortenedUrl", "String!", "", 0, false },
        { INTERVIEW, "trackCandidateLocation", "Boolean", "", 0, false },
        { INTERVIEW, "disableDescriptionCopy", "Boolean", "", 0, false },
        { "InterviewerFeedback", "author", "User!", "", 0, false },
        { "InterviewerFeedback", "notes", "String!", "", 0, false },
        { "InterviewerFeedback", "recommendedLevel", "String", "", 0, false },
        { "InterviewerFeedback", "evaluation", "String", "", 0, false },
        { "InterviewerFeedback", "categories", "[InterviewerFeedbackCategory]", "", 0, false },
        { "InterviewerFeedbackCategory", "name", "String", "", 0, false },
        { "InterviewerFeedbackCategory", "attributes", "[InterviewerFeedbackAttribute]", "", 0,
          false },
        { "InterviewerFeedbackAttribute", "name", "String", "", 0, false },
        { "InterviewerFeedbackAttribute", "score", "Int", "", 0, false },
        { "InterviewerFeedbackAttribute", "notes", "String", "", 0, false },
        { "User", "id", "ID!", "", 0, false },
        { "User", "username", "String!", "", 0, false },
};

/* Input objects: members like arguments. */
static const struct {
        const char *type, *members;
} inputs[] = {
        { "TestSessionInput",
          "testId: ID!, candidateFirstName: String, candidateLastName: String, "
          "candidateEmail: String, noInvitationEmail: Boolean, preferExisting: Boolean, "
          "emailReminders: [EmailReminder!], customDuration: Float, expireDuration: Float, "
          "externalId: String, postSessionRedirectUrl: String" },
        { "EmailReminder", "templateName: String!, timeBeforeExpiration: Float" },
        { "LiveInterviewInput",
          "candidateEmail: String, candidateName: String, teamId: ID, interviewerId: ID, "
          "templateId: ID, lockTemplate: Boolean, expirationTime: Int, "
          "trackCandidateLocation: Boolean, disableDescriptionCopy: Boolean" },
};

static const struct {
        const char *type, *values;
} enums[] = {
        { "CompanyTestSortBy", "title createDate" },
        { "SortDirection", "asc desc" },
};

/* Which types stand behind an interface. */
static const struct {
        const char *abstract, *types;
} abstracts[] = {
        { "ScoringModel", "RawScoringModel CodingScore2023ScoringModel BehavioralScoringModel" },
        { "CommonTask", "SingleEnvironmentTask" },
};

/* "[CompanyTest!]!" is a CompanyTest. */
void cs_bare(const char *type, char *out, size_t size)
{
        size_t n = 0;

        for (; *type != '\0' && n + 1 < size; type++) {
                if (strchr("[]!", *type) == NULL)
                        out[n++] = *type;
        }
        out[n] = '\0';
}

bool cs_is_object_type(const char *type)
{
        char name[80];

        cs_bare(type, name, sizeof(name));
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
                if (text_equal(fields[i].type, name))
                        return true;
        }
        return false;
}

const struct cs_field *cs_find_field(const char *type, const char *name)
{
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
                if (text_equal(fields[i].type, type) && text_equal(fields[i].name, name))
                        return &fields[i];
        }
        return NULL;
}

const char *cs_field_type(const char *type, const char *field)
{
        const struct cs_field *f = cs_find_field(type, field);

        return f != NULL ? f->returns : NULL;
}

const char *cs_input_members(const char *type)
{
        for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
                if (text_equal(inputs[i].type, type))
                        return inputs[i].members;
        }
        return NULL;
}

/* Steps through "a: T, b: U!": false at the end. */
bool cs_next_member(const char **list, char *name, size_t name_size, char *type, size_t type_size)
{
        size_t n;

        *list += strspn(*list, ", ");
        if (**list == '\0')
                return false;
        n = strcspn(*list, ":");
        snprintf(name, name_size, "%.*s", (int)n, *list);
        *list += n + 2;
        n = strcspn(*list, ",");
        snprintf(type, type_size, "%.*s", (int)n, *list);
        *list += n;
        return true;
}

/* The type of a member in such a list: true and type, or false. */
bool cs_member_type(const char *list, const char *wanted, char *type, size_t size)
{
        char name[80];

        while (cs_next_member(&list, name, sizeof(name), type, size)) {
                if (text_equal(name, wanted))
                        return true;
        }
        return false;
}

static bool listed_word(const char *list, const char *word)
{
        size_t len = strlen(word);

        while (*list != '\0') {
                size_t n = strcspn(list, " ");

                if (n == len && memcmp(list, word, len) == 0)
                        return true;
                list += n;
                list += strspn(list, " ");
        }
        return false;
}

bool cs_enum_has(const char *type, const char *value)
{
        for (size_t i = 0; i < sizeof(enums) / sizeof(enums[0]); i++) {
                if (text_equal(enums[i].type, type))
                        return listed_word(enums[i].values, value);
        }
        return false;
}

bool cs_can_be(const char *type, const char *condition)
{
        for (size_t i = 0; i < sizeof(abstracts) / sizeof(abstracts[0]); i++) {
                if ((text_equal(abstracts[i].abstract, type) &&
                     listed_word(abstracts[i].types, condition)) ||
                    (text_equal(abstracts[i].abstract, condition) &&
                     listed_word(abstracts[i].types, type)))
                        return true;
        }
        return text_equal(type, condition);
}
