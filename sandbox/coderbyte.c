/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stand-in for Coderbyte, to rehearse in and to test with: the organisation's API with a key,
 * its webhooks, and pages on which a person can be candidate and admin.  Strict about
 * wire/coderbyte.md; state is in memory and gone with the process.
 *
 * Mounted at /sandbox/coderbyte, its API at /sandbox/coderbyte/api.  Settings:
 *     FAIRLEAD_SANDBOX_CODERBYTE_KEY   the API key (default "sandbox-coderbyte-key")
 *     FAIRLEAD_TEMPLATES               the directory sandbox/templates
 *
 * For tests, JSON in and out, no key:
 *     POST control/reset                     everything back to the seed, the hooks removed
 *     POST control/failures                  see control.h; GET lists
 *     GET  control/requests, control/counters
 *     GET  control/attempts, control/interviews, control/tests, control/webhook
 *     POST control/webhook     {url, operation}   one kind of event, or all: {active}
 *     POST control/invite      {email, test}      as an admin does on the pages
 *     POST control/attempts/<_id>   {do, ...}     do as in coderbyte.h; "finish" joins first if
 *                                                 need be
 *     POST control/interviews  {email}            an admin makes a live interview
 *     POST control/interviews/<id> {do: finish}
 *     POST control/lose        {count}            the next webhooks of each kind vanish
 *     POST control/idle        {timeout_ms}       waits until no webhook waits: {idle}
 *     POST control/settings    {shows_invited, absent_is_404, rate, key}   until the next reset
 */
#include "coderbyte.h"

#include "control.h"
#include "door/fetch.h"

struct cb cb = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const struct setting settings[] = {
        { "FAIRLEAD_SANDBOX_CODERBYTE_KEY", SETTING_TEXT, "sandbox-coderbyte-key", 0, 200, &cb.key,
          NULL, "the API key it accepts" },
        { NULL, SETTING_TEXT, NULL, 0, 0, NULL, NULL, NULL },
};

#define BODY_MAX 65536

static const struct route routes[] = {
        { "GET", "api/organization/assessments", cb_api_tests, 0, true, NULL },
        { "POST", "api/organization/candidates/invite", cb_api_invite, BODY_MAX, true, NULL },
        { "GET", "api/organization/candidates/{email}", cb_api_candidate, 0, true, NULL },
        { "GET", "api/organization/candidates/{email}/{test}", cb_api_report, 0, true, NULL },
        { "GET", "", cb_page_home, 0, false, NULL },
        { "POST", "tests/{id}/invite", cb_page_invite, BODY_MAX, false, NULL },
        { "GET", "sl/{id}", cb_page_attempt, 0, false, NULL },
        { "POST", "sl/{id}/{step}", cb_page_step, BODY_MAX, false, NULL },
        { "GET", "report/{id}", cb_page_report, 0, false, NULL },
        { "POST", "report/{id}/{step}", cb_page_step, BODY_MAX, false, NULL },
        { "POST", "interviews", cb_page_interview, BODY_MAX, false, NULL },
        { "POST", "interviews/{id}/finish", cb_page_interview, BODY_MAX, false, NULL },
        { "GET", "webhooks", cb_page_hooks, 0, false, NULL },
        { "POST", "webhooks", cb_page_hooks_save, BODY_MAX, false, NULL },
        { "POST", "control/reset", cb_control_reset, BODY_MAX, true, NULL },
        { "POST", "control/failures", control_failures, BODY_MAX, true, NULL },
        { "GET", "control/failures", control_failures, 0, true, NULL },
        { "GET", "control/requests", control_requests, 0, true, NULL },
        { "GET", "control/counters", control_counters, 0, true, NULL },
        { "POST", "control/webhook", cb_control_webhook, BODY_MAX, true, NULL },
        { "POST", "control/invite", cb_control_invite, BODY_MAX, true, NULL },
        { "POST", "control/attempts/{id}", cb_control_attempt, BODY_MAX, true, NULL },
        { "POST", "control/interviews", cb_control_interviews, BODY_MAX, true, NULL },
        { "POST", "control/interviews/{id}", cb_control_interview, BODY_MAX, true, NULL },
        { "POST", "control/lose", cb_control_lose, BODY_MAX, true, NULL },
        { "POST", "control/idle", cb_control_idle, BODY_MAX, true, NULL },
        { "POST", "control/settings", cb_control_settings, BODY_MAX, true, NULL },
        { "GET", "control/{rows}", cb_control_rows, 0, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

static int start(struct fail *why)
{
        if (fetch_start(serve_settings.allow_networks, why) != 0)
                return -1;
        cb_hook_start(serve_settings.retry_scale);
        pthread_mutex_lock(&cb.lock);
        cb_reset();
        pthread_mutex_unlock(&cb.lock);
        return 0;
}

static void stop(void)
{
        cb_hook_stop();
        fetch_stop();
}

static const struct route *const tables[] = { routes, NULL };

static const struct program program = {
        .name = "coderbyte",
        .about = "a stand-in for Coderbyte",
        .settings = settings,
        .routes = tables,
        .start = start,
        .stop = stop,
};

int main(int argc, char **argv)
{
        return serve(argc, argv, &program);
}
