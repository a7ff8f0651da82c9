/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stand-in for CodeSignal, to rehearse in and to test with: the GraphQL face with a key, its
 * webhooks, and pages on which a person can be candidate, reviewer and admin.  Strict about
 * wire/codesignal.md; state is in memory and gone with the process.
 *
 * Mounted at /sandbox/codesignal.  Settings:
 *     FAIRLEAD_SANDBOX_CODESIGNAL_KEY   the API key (default "sandbox-codesignal-key")
 *     FAIRLEAD_SANDBOX_CODESIGNAL_URL   where its links begin; by default from the Host header
 *     FAIRLEAD_SANDBOX_CODESIGNAL_RATE  requests a second per field, 0 for no limit (10)
 *     FAIRLEAD_RETRY_SCALE              divides the waits of its webhook retries
 *     FAIRLEAD_TEMPLATES                the directory sandbox/templates
 *
 * For tests, JSON in and out, no key:
 *     POST control/reset                     everything back to the seed, the hook removed
 *     POST control/failures                  see control.h; GET lists
 *     GET  control/requests, control/counters
 *     GET  control/sessions, control/interviews, control/webhook, control/tests
 *     POST control/webhook     {url, secret, events, headers{}}   saves and probes: {status}
 *     POST control/sessions/<id>   {do, scores[], reason}   do as in codesignal.h, and
 *                                  "reactivate"; "finish" starts it first if need be
 *     POST control/interviews/<id> {do: start|finish|feedback, notes}
 *     POST control/lose        {count}       the next webhooks vanish
 *     POST control/flush                     tries the waiting webhook at once
 *     POST control/idle        {timeout_ms}  waits until no webhook waits: {idle}
 *     POST control/settings    {rate}        until the next reset
 *     POST control/permissions {denied: ["liveInterview.company.write"]}
 */
#include "codesignal.h"

#include "control.h"
#include "door/fetch.h"

struct cs cs = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const struct setting settings[] = {
        { "FAIRLEAD_SANDBOX_CODESIGNAL_KEY", SETTING_TEXT, "sandbox-codesignal-key", 0, 200,
          &cs.key, NULL, "the API key it accepts" },
        { "FAIRLEAD_SANDBOX_CODESIGNAL_URL", SETTING_TEXT, "", 0, 0, &cs.url, NULL,
          "where its links begin; by default from the Host header" },
        { "FAIRLEAD_SANDBOX_CODESIGNAL_RATE", SETTING_INT, "10", 0, 100000, &cs.rate, NULL,
          "requests a second for each field, 0 for no limit" },
        { NULL, SETTING_TEXT, NULL, 0, 0, NULL, NULL, NULL },
};

#define JSON_MAX (1 << 20)
#define FORM_MAX 65536

static const struct route routes[] = {
        { "POST", "graphql", cs_graphql, JSON_MAX, true, NULL },
        { "GET", "", cs_page_home, 0, false, NULL },
        { "POST", "tests/{id}/invite", cs_page_invite, FORM_MAX, false, NULL },
        { "GET", "take/{id}", cs_page_take, 0, false, NULL },
        { "GET", "review/{id}", cs_page_review, 0, false, NULL },
        { "POST", "take/{id}/{step}", cs_page_step, FORM_MAX, false, NULL },
        { "POST", "review/{id}/{step}", cs_page_step, FORM_MAX, false, NULL },
        { "GET", "test-result/{id}", cs_page_result, 0, false, NULL },
        { "GET", "live-interview/{id}", cs_page_interview, 0, false, NULL },
        { "POST", "live-interview/{id}/{step}", cs_page_interview_step, FORM_MAX, false, NULL },
        { "GET", "webhooks", cs_page_hooks, 0, false, NULL },
        { "POST", "webhooks/{step}", cs_page_hooks_save, FORM_MAX, false, NULL },
        { "POST", "control/reset", cs_control_reset, FORM_MAX, true, NULL },
        { "POST", "control/failures", control_failures, FORM_MAX, true, NULL },
        { "GET", "control/failures", control_failures, 0, true, NULL },
        { "GET", "control/requests", control_requests, 0, true, NULL },
        { "GET", "control/counters", control_counters, 0, true, NULL },
        { "POST", "control/webhook", cs_control_webhook, FORM_MAX, true, NULL },
        { "POST", "control/lose", cs_control_lose, FORM_MAX, true, NULL },
        { "POST", "control/flush", cs_control_lose, FORM_MAX, true, NULL },
        { "POST", "control/idle", cs_control_idle, FORM_MAX, true, NULL },
        { "POST", "control/settings", cs_control_settings, FORM_MAX, true, NULL },
        { "POST", "control/permissions", cs_control_permissions, FORM_MAX, true, NULL },
        { "POST", "control/sessions/{id}", cs_control_session, FORM_MAX, true, NULL },
        { "POST", "control/interviews/{id}", cs_control_interview, FORM_MAX, true, NULL },
        { "GET", "control/{rows}", cs_control_rows, 0, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

static int start(struct fail *why)
{
        if (fetch_start(serve_settings.allow_networks, why) != 0)
                return -1;
        pthread_mutex_lock(&cs.lock);
        cs_reset();
        pthread_mutex_unlock(&cs.lock);
        cs_hook_start(serve_settings.retry_scale);
        return 0;
}

static void stop(void)
{
        cs_hook_stop();
        fetch_stop();
}

static const struct route *const tables[] = { routes, NULL };

static const struct program program = {
        .name = "codesignal",
        .about = "a stand-in for CodeSignal",
        .settings = settings,
        .routes = tables,
        .start = start,
        .stop = stop,
};

int main(int argc, char **argv)
{
        return serve(argc, argv, &program);
}
