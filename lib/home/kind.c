/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one table of outside systems.
 *
 * The intake program is built with KIND_SENDERS_ONLY: it calls nobody, so the adapters (and
 * libcurl behind them) stay out of it.
 */
#include "home/kind.h"

#include <string.h>

#include "ats/ashby.h"
#include "ats/greenhouse.h"
#include "ats/lever.h"
#include "bridge/consumer.h"
#include "floor/text.h"
#include "platform/coderbyte.h"
#include "platform/codesignal.h"

#ifdef KIND_SENDERS_ONLY
#define ADAPTER(adapter) NULL
#else
#define ADAPTER(adapter) (adapter)
#endif

#define END                                                                                        \
        {                                                                                          \
                .name = NULL                                                                       \
        }

static const struct kind_field one_api_key[] = {
        { "api_key", 't', true, NULL, NULL, "The API key, as shown once when it was made" },
        END,
};

/* wire/greenhouse.md 3 and 4, help page "Create Harvest API key" */
static const struct kind_field greenhouse_settings[] = {
        { "api", 'c', false, "\"v3\"", "v3|v1",
          "Harvest version; v1 was to end on 2026-08-31 and is for keys that still work" },
        { "base_url", 'u', false, "\"https://harvest.greenhouse.io/v3\"", NULL,
          "Where Harvest answers" },
        { "token_url", 'u', false, "\"https://auth.greenhouse.io/token\"", NULL,
          "Where client id and secret are traded for a token" },
        { "act_as_user", 'i', false, NULL, NULL,
          "Id of the Greenhouse user (Site Admin) who appears as author; without it the "
          "credential's own service user" },
        { "subdomain", 't', false, "\"app\"", NULL,
          "First part of your Greenhouse address: app, app2, app3 or your company's" },
        { "note_visibility", 'c', false, "\"private\"", "private|public|admin_only",
          "Who may see the notes we write" },
        { "interview_field", 'c', false, "\"location\"", "location|video_conferencing_url",
          "Where a scheduled interview shows our link" },
        { "webhook_basic_sha256", 't', false, NULL, NULL,
          "SHA-256 (hexadecimal) of user:password, if the webhook is set up with Basic "
          "authentication as a second factor" },
        /* wire/greenhouse.md 1; help page "Provide CodeSignal assessment API key" */
        { "prescreen_platform", 't', false, NULL, NULL,
          "Connection of the platform behind the Pre-Screen stage; needed when there are several" },
        { "prescreen_assessments", 'l', false, "[\"*\"]", NULL,
          "What the Pre-Screen stage offers: ids of assessments, label:NAME, or * for all" },
        { "techscreen_platform", 't', false, NULL, NULL,
          "Connection of the platform behind the Tech Screen stage; needed when there are "
          "several" },
        { "techscreen_assessments", 'l', false, "[\"*\"]", NULL,
          "What the Tech Screen stage offers: ids of assessments, label:NAME, or * for all" },
        END,
};

static const struct kind_field greenhouse_credentials[] = {
        { "client_id", 't', false, NULL, NULL, "Client id of the Harvest v3 credential" },
        { "client_secret", 't', false, NULL, NULL, "Client secret of the Harvest v3 credential" },
        { "api_key", 't', false, NULL, NULL, "Harvest API key, with api v1" },
        { "prescreen_key", 't', false, NULL, NULL,
          "Assessment API key that Greenhouse shows for the Pre-Screen stage: one that you made" },
        { "techscreen_key", 't', false, NULL, NULL,
          "Assessment API key that Greenhouse shows for the Tech Screen stage: another one" },
        END,
};

/* Which credential depends on the version; keys of ours are given to Greenhouse's people, who take
 * fewer than 171 characters (wire/greenhouse.md 1.1), and a colon ends a user name. */
static int check_greenhouse(const json_t *settings, const json_t *credentials, const char *path,
                            struct fail *why)
{
        static const char *const v3[] = { "client_id", "client_secret", NULL }, *const v1[] = {
                "api_key", NULL
        };
        static const char *const ours[] = { "prescreen_key", "techscreen_key" };
        bool old = text_equal(json_get_text(settings, "api", "v3"), "v1");
        const char *seen = NULL;

        for (const char *const *name = old ? v1 : v3; *name != NULL; name++)
                if (text_empty(json_get_text(credentials, *name, NULL)))
                        return fail_set(why, FAIL_INPUT,
                                        "%.100s.credentials.%s: is missing (api %s)", path, *name,
                                        old ? "v1" : "v3");
        if (old && json_get_int(settings, "act_as_user", 0) <= 0)
                return fail_set(
                    why, FAIL_INPUT,
                    "%.100s.settings.act_as_user: is missing (api v1 writes on behalf of "
                    "a user)",
                    path);
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
                const char *key = json_get_text(credentials, ours[i], NULL);

                if (key == NULL)
                        continue;
                if (strlen(key) < 16 || strlen(key) > 170 || strchr(key, ':') != NULL)
                        return fail_set(why, FAIL_INPUT,
                                        "%.100s.credentials.%s: must have 16 to 170 characters and "
                                        "no colon",
                                        path, ours[i]);
                if (text_equal(key, seen))
                        return fail_set(why, FAIL_INPUT,
                                        "%.100s.credentials.%s: must not be the other stage's key",
                                        path, ours[i]);
                seen = key;
        }
        return 0;
}

static const struct kind greenhouse = {
        .name = "greenhouse",
        .title = "Greenhouse",
        .role = KIND_ATS,
        .sender = &greenhouse_sender,
        .ats = ADAPTER(&greenhouse_ats),
        .settings = greenhouse_settings,
        .credentials = greenhouse_credentials,
        .check = check_greenhouse,
        .make =
            "Greenhouse: Configure > Dev Center > API Credential Management > Create New API Key. "
            "You need the developer permission \"Can manage ALL organization's API "
            "Credentials\".\n"
            "API type: Harvest V3; for a key of the old API: Harvest. Partner: Unlisted Vendor. "
            "Description: Fairlead.\n"
            "Manage Permissions: tick what is listed here, nothing else.\n"
            "Copy what Greenhouse shows this once: client id and client secret (V3), or the API "
            "key.\n"
            "Make a service user with the permission Site Admin; the number in the address of "
            "its page is the id to act as.",
        .main = "client_id client_secret act_as_user subdomain ",
        .needs = "harvest:applications:list\n"
                 "[moves] harvest:applications:move (only to move a stage on a score)\n"
                 "harvest:application_stages:list\n"
                 "harvest:candidates:list\n"
                 "harvest:notes:create\n"
                 "harvest:notes:list\n"
                 "harvest:jobs:list\n"
                 "harvest:job_interview_stages:list\n"
                 "[watch] harvest:interviews:list (only where interviews get links)\n"
                 "[watch] harvest:interviews:update (only where interviews get links)\n"
                 "[watch] harvest:job_interviews:list (only for the names of interviews)\n"
                 "harvest:users:list\n"
                 "the user acted for must be a Site Admin",
        /* the help page of Coderbyte, Permissions */
        .needs_v1 =
            "Activity Feed: Retrieve Activity Feed\n"
            "Applications: Retrieve Application, Moves Application to Job, Move Application, "
            "List Applications\n"
            "Candidates: Add Note, List Candidates, Retrieve Candidate, Edit Candidate\n"
            "Jobs: List Jobs, Retrieve Job\n"
            "Job Openings: List Openings For a Job\n"
            "Job Posts: Retrieve Job Post for Job, List Job Posts for Job\n"
            "Job Stages: Retrieve Job Stage, List Job Stages for Job, List Job Stages\n"
            "Users: Retrieve User\n"
            "[watch] Scheduled Interviews: List, Retrieve and Update (only where interviews "
            "get links)\n"
            "the user acted for must be a Site Admin",
        .paste = "Greenhouse: Configure > Dev Center > Web Hooks > Create New Web Hook, once per "
                 "event.\n"
                 "When: Candidate has changed stage (and: Candidate deleted, Candidates merged, "
                 "Candidate anonymized, Application deleted).\n"
                 "Endpoint URL: the webhook URL. Secret key: the webhook secret.\n"
                 "Saving sends a ping; if it fails the hook stays disabled until it is enabled "
                 "by hand.",
};

/* wire/lever.md 1, 2 and 4 */
static const struct kind_field lever_settings[] = {
        { "base_url", 'u', false, "\"https://api.lever.co/v1\"", NULL,
          "Where the API answers; other regions and the sandbox have other hosts" },
        { "act_as_user", 't', false, NULL, NULL,
          "Id of the Lever user who appears as author of notes, files and interviews" },
        { "notify", 'c', false, "\"none\"", "none|followers",
          "Who is notified of a note with a result" },
        END,
};

static const struct kind lever = {
        .name = "lever",
        .title = "Lever",
        .role = KIND_ATS,
        .sender = &lever_sender,
        .ats = ADAPTER(&lever_ats),
        .settings = lever_settings,
        .credentials = one_api_key,
        .make =
            "Lever: Settings > Integrations and API > API credentials > Generate New Key. You need "
            "the role Super Admin.\n"
            "Key name: Fairlead. Press Copy key at once: it is shown once.\n"
            "Permissions: tick what is listed here, not \"Select all\".",
        .main = "api_key act_as_user webhook_secret ",
        .needs = "read user, list users\n"
                 "read stage, list stages\n"
                 "read opportunity\n"
                 "read and list opportunity application\n"
                 "[notes] list and create opportunity note\n"
                 "[links] add and remove opportunity link\n"
                 "[tags] add and remove opportunity tag\n"
                 "[files] upload opportunity file\n"
                 "[files] list opportunity files (to find a report after a lost answer)\n"
                 "[moves] update opportunity stage\n"
                 "[schedule] list and create panel (only to put interviews into the schedule)\n"
                 "read posting (only where rules name a posting by its title)\n"
                 "list, create and delete webhook (only for Fairlead to make them itself)\n"
                 "confidential data, if such postings are used (only when the key is made)",
        .paste = "Lever: Settings > Integrations and API > Webhooks, switch on Candidate Stage "
                 "Change, + Add webhook.\n"
                 "Webhook URL: the webhook URL; press Verify connection (it works before the "
                 "token is known here).\n"
                 "Then open the arrow beside the URL, copy the Signature token and give it here "
                 "as the webhook secret.",
};

/* wire/ashby.md 1, 2 and 5 */
static const struct kind_field ashby_settings[] = {
        { "base_url", 'u', false, "\"https://api.ashbyhq.com\"", NULL, "Where the API answers" },
        { "act_as_user", 't', false, NULL, NULL,
          "Id of the Ashby user who appears as author; the key needs the switch \"Allow acting on "
          "behalf of a user\"" },
        { "notify", 'c', false, "\"none\"", "none|followers",
          "Who is notified of a note with a result" },
        { "note_visibility", 'c', false, "\"public\"", "public|private",
          "Who may see the notes we write; private needs the switch \"Allow access to non-offer "
          "private fields\"" },
        { "interview_field", 'c', false, "\"none\"", "none|extra_data",
          "Where a scheduled interview carries our link: extra_data is for programs, and works "
          "only "
          "for schedules that this very key made" },
        /* wire/ashby.md 3: only where Ashby registered you as an assessment partner */
        { "partner_platform", 't', false, NULL, NULL,
          "Connection of the platform behind the partner's assessments; needed when there are "
          "several" },
        { "partner_assessments", 'l', false, "[\"*\"]", NULL,
          "What recruiters may start from within Ashby: ids of assessments, label:NAME, or * for "
          "all" },
        { "partner_fields", 'o', false, NULL, NULL,
          "What recruiters may fill in when they start one, {id: name}; it comes back with the "
          "result" },
        END,
};

static const struct kind_field ashby_credentials[] = {
        { "api_key", 't', true, NULL, NULL, "The API key, as shown once when it was made" },
        { "partner_key", 't', false, NULL, NULL,
          "The key that Ashby shows us when it calls as its assessment partner: one that you "
          "made" },
        END,
};

static const struct kind ashby = {
        .name = "ashby",
        .title = "Ashby",
        .role = KIND_ATS,
        .sender = &ashby_sender,
        .ats = ADAPTER(&ashby_ats),
        .settings = ashby_settings,
        .credentials = ashby_credentials,
        .make = "Ashby: Admin > Integrations > API Keys > New. Name it Fairlead.\n"
                "Tick what is listed here, and copy the key: it is shown once.",
        .main = "api_key act_as_user ",
        .needs = "Candidates: read and write\n"
                 "Interviews: read (write only to put interview links into schedules that this "
                 "key made)\n"
                 "Jobs: read\n"
                 "[tags] Hiring process metadata: read (write only to make tags that are not "
                 "there)\n"
                 "Organization: read (only to act for a user)\n"
                 "API keys: read (write only to let Fairlead make the webhooks)\n"
                 "Allow access to confidential jobs and projects, if there are any",
        .paste = "Ashby: Admin > Integrations > Webhooks > New, once per event: "
                 "candidateStageChange, candidateMerge, candidateDelete, and for interviews "
                 "interviewScheduleCreate, interviewScheduleUpdate.\n"
                 "Request URL: the webhook URL. Secret token: the webhook secret (without one "
                 "deliveries are refused).\n"
                 "Saving sends a ping; a row that stays disabled was not answered: tick Enabled "
                 "and press Update.",
};

/* wire/codesignal.md 1 and 2 */
static const struct kind_field codesignal_settings[] = {
        { "base_url", 'u', false, "\"https://app.codesignal.com/graphql\"", NULL,
          "Where the GraphQL API answers" },
        { "no_email", 'b', false, "false", NULL,
          "CodeSignal sends candidates no invitation mail of its own" },
        { "signature_mode", 'c', false, "\"url+event+time\"", "url+event+time|url+time",
          "What the webhook signature covers; change it only if signed probes pass and events do "
          "not" },
        { "bad_signature", 'c', false, "\"refuse\"", "refuse|quarantine",
          "refuse: CodeSignal keeps the event and tries again for two weeks; quarantine: kept "
          "here, not believed" },
        { "second_header", 't', false, NULL, NULL,
          "Name of a custom header that every delivery must carry as well" },
        { "second_header_sha256", 't', false, NULL, NULL,
          "SHA-256 of that header's value, 64 hex digits" },
        END,
};

static const struct kind codesignal = {
        .name = "codesignal",
        .title = "CodeSignal",
        .role = KIND_PLATFORM,
        .sender = &codesignal_sender,
        .platform = ADAPTER(&codesignal_platform),
        .settings = codesignal_settings,
        .credentials = one_api_key,
        .make = "CodeSignal: Integrations > API Keys > Add a key. Where there are no API Keys and "
                "Webhooks, support@codesignal.com switches them on.\n"
                "Key description: Fairlead. Select the permissions listed here and press Save.\n"
                "Copy the key by clicking on it.",
        .main = "api_key ",
        .needs = "companyTest.company.read\n"
                 "companyTestSession.company.write\n"
                 "liveInterview.company.read\n"
                 "liveInterview.company.write",
        .paste = "CodeSignal: Integrations > Webhooks > Add a webhook, all event types.\n"
                 "Endpoint: the webhook URL, exactly as shown (it is part of the signature).\n"
                 "Secret key: the webhook secret. E-mail: an address somebody reads.\n"
                 "Press Test, then Create.",
};

/* wire/coderbyte.md 1 and 2 */
static const struct kind_field coderbyte_settings[] = {
        { "base_url", 'u', false, "\"https://coderbyte.com/api\"", NULL, "Where the API answers" },
        { "organization", 't', true, NULL, NULL,
          "Your organization's id, as in coderbyte.com/dashboard/<id>" },
        { "requests_per_minute", 'i', false, "60", NULL,
          "How often Coderbyte is asked at most; its own limit is not known" },
        { "test_candidate", 't', false, NULL, NULL,
          "E-mail address of somebody who took an assessment: the connection test reads that "
          "report" },
        { "interviews", 'b', false, "false", NULL,
          "Live interviews are made here, once data/coderbyte/profile.json says how" },
        END,
};

static const struct kind coderbyte = {
        .name = "coderbyte",
        .title = "Coderbyte",
        .role = KIND_PLATFORM,
        .sender = &coderbyte_sender,
        .platform = ADAPTER(&coderbyte_platform),
        .settings = coderbyte_settings,
        .credentials = one_api_key,
        .signing_credential = "api_key",
        .make =
            "Coderbyte: API settings of your dashboard show the API key, once the API add-on is "
            "enabled.",
        .main = "api_key organization ",
        .needs = "the API add-on enabled in the Coderbyte account",
        .paste = "Coderbyte: API settings > Edit webhooks: the webhook URL for every kind of "
                 "event.\n"
                 "There is no secret to paste: deliveries carry a token signed with the API key. "
                 "While the key is changed, give the old one here as a webhook secret too.",
};

/* bridge/consumer.h; help pages "Code Signal Integration" (Endorsed) and CodeSignal with Ashby */
static const struct kind_field consumer_settings[] = {
        { "url", 'u', true, NULL, NULL, "Where events are sent" },
        { "signing", 'c', false, "\"codesignal\"", "codesignal|standard",
          "codesignal: bodies, names and signature as CodeSignal's; standard: Standard Webhooks "
          "v1" },
        { "events", 'l', false, "[\"*\"]", NULL, "Names of events to send, or * for all" },
        { "headers", 'o', false, "{}", NULL,
          "Headers added to each delivery, with exactly this spelling" },
        { "body", 'c', false, NULL, "thin|full",
          "Signing standard: thin sends ids only (the default), full the result too" },
        { "relay", 't', false, NULL, NULL,
          "Id of a CodeSignal connection whose events are passed on as they came" },
        { "pause_after_days", 'i', false, "5", NULL,
          "Days of failing, 1 to 6, after which deliveries are held back" },
        { "alert_email", 'm', false, "[]", NULL, "Who is told when deliveries keep failing" },
        END,
};

static const struct kind_field consumer_credentials[] = {
        { "secret", 't', false, NULL, NULL,
          "The secret shared with the consumer; one is made when it is left out" },
        { "old_secret", 't', false, NULL, NULL, "The former secret, while the consumer changes" },
        { "secret_headers", 't', false, NULL, NULL,
          "Headers whose values are secret, one line each: Name: value" },
        END,
};

static const struct kind consumer = {
        .name = "consumer",
        .title = "Data consumer",
        .role = KIND_CONSUMER,
        .settings = consumer_settings,
        .credentials = consumer_credentials,
        .check = ADAPTER(consumer_check),
        .make = "",
        .main = "url signing events secret ",
        .needs = "",
        .paste = "Give the consumer the secret, by a safe way. Past results are read at "
                 "report/ORG/results with a key of scope results:read.\n"
                 "fairlead-consumer(7) goes through it step by step.",
};

const struct kind *const kinds[] = { &greenhouse, &lever,    &ashby, &codesignal,
                                     &coderbyte,  &consumer, NULL };

const struct kind *kind_find(const char *name)
{
        for (size_t i = 0; name != NULL && kinds[i] != NULL; i++)
                if (strcmp(kinds[i]->name, name) == 0)
                        return kinds[i];
        return NULL;
}
