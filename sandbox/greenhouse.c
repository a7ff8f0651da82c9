/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stand-in for Greenhouse: Harvest v3, its recruiting webhook, and pages to click.  Strict
 * about the wire facts: what the vendor would refuse is refused.  State lives in memory, so it
 * is one FastCGI process (many threads), mounted at /sandbox/greenhouse.
 *
 * For a connection of Fairlead (HOST is where the web server answers):
 *     base_url     http://HOST/sandbox/greenhouse/v3
 *     token_url    http://HOST/sandbox/greenhouse/token
 *     act_as_user  5414812002 (a Site Admin's number; 5414812003 is no Site Admin)
 *     client_id    sandbox-greenhouse-client
 *     client_secret  sandbox-greenhouse-secret
 * or, with Harvest v1:
 *     api          v1
 *     base_url     http://HOST/sandbox/greenhouse/v1
 *     api_key      sandbox-greenhouse-v1-key
 * Webhooks, sent to the URL saved on webhooks (a ping is sent on saving): candidate_stage_change,
 * "Signature: sha256 <hmac>", up to 7 attempts after 1, 15, 60, 120, 240, 480 minutes, divided by
 * FAIRLEAD_RETRY_SCALE; only 200 counts.  FAIRLEAD_ALLOW_NETWORKS must let it call out.
 *
 * The seed: job 4298418002 "Software Engineer" with stages 71416000001 Application Review, ...02
 * Coding test, ...03 On-site interview, ...04 Offer; candidates Jane Doe, Zoe O'Brien, Sam
 * Rivera, all in Application Review; one scheduled interview of Jane's.  Entering the on-site
 * stage schedules one.  Row ids are given out in order and found in control/state.
 *
 * Pages, for people:
 *     GET  (itself)                     candidates by stage; a form to add one, with or without
 *                                       e-mail (POST candidates: first_name, last_name, email)
 *     GET  candidates/{id}              notes, stages, interviews
 *     POST candidates/{id}/move         stage (its id): moves, and tells the webhook
 *     POST interviews/{id}              location
 *     POST candidates/{id}/send_test    stage, test: of an assessment partner that was set up
 *     GET  webhooks                     settings and the log of deliveries
 *     POST webhooks                     url, secret, user, password: saves and pings
 *     POST webhooks/flush               tries what waits at once
 *
 * The vendor's face: POST token; GET v3/{applications, application_stages, candidates, interviews,
 * job_interview_stages, job_interviews, jobs, notes, users}; POST v3/notes; POST
 * v3/applications/{id}/move; PATCH v3/interviews/{id}; PATCH
 * integrations/testing_partners/take_home_tests/{id}.  Anything else is 404 as there.  Of v1: GET
 * {applications, candidates, jobs, job_stages, scheduled_interviews, users}, each by its id, a
 * candidate's activity_feed, a job's stages, openings and job_posts; POST
 * candidates/{id}/activity_feed/notes and applications/{id}/move; PATCH
 * v2/scheduled_interviews/{id}.
 *
 * Control, for tests; POST takes and all answer JSON:
 *     POST control/reset                back to the seed and these settings; the webhook stays
 *     POST control/settings             any of guard_instance (move wants application.stage_id as
 *                                       from_stage_id, not the stage's id), hide_stage
 *                                       (applications without job_interview_stage_id),
 *                                       brackets (date filters are updated_at[gte]=...),
 *                                       fresh_event_id (another Greenhouse-Event-ID per attempt),
 *                                       rate_limit (150), rate_window_ms (30 s / scale),
 *                                       token_life_ms (1 h), page_most (rows a page at most),
 *                                       client_id, client_secret, api_key,
 *                                       v1_rate_limit (50 in 10 s), revoked (list of scopes, or of
 *                                       v1's calls as in "GET jobs/:id/stages": 403)
 *     POST control/tokens/expire        every token given out is dead
 *     POST control/add                  first_name, last_name, email (absent: none) -> application
 *     POST control/move                 application_id, stage (name): as a recruiter would
 *     POST control/set                  table, id, members: into a row.  "(hidden)": true hides it
 *                                       (private to others), "(processing)": "text" gives
 *                                       {message} in its place, email_addresses [] ...
 *     POST control/delete               table, id
 *     POST control/interview            application_id (a new one), or id; starts_at, ends_at,
 *                                       location, status; delete (and the webhook says so) -> row
 *     POST control/partner              name ("CodeSignal Pre-Screen"), key, url (of the four
 *                                       calls): an assessment partner's stage; no key: away with it
 *     POST control/partner/tests        name -> {status, body, errors[]} of list_tests
 *     POST control/partner/send         name, application_id, test, email; or again (id of a test,
 *                                       a double click) -> {id, status, body, errors[]}
 *     POST control/partner/poll         id -> {status, body, errors[]} of test_status
 *     POST control/webhook              url, secret, user, password -> ping, active
 *     GET  control/webhook              settings, state, log of deliveries
 *     POST control/deliveries           lose (the next n vanish), flush, idle_ms (waits until
 *                                       nothing is queued) -> idle
 *     POST control/event                action, payload: sends any event, signed
 *     GET  control/state                every table
 *     control/failures, requests, counters    control.h; words are "GET notes", "POST notes",
 *                                       "POST move", "PATCH interviews", "POST token" ...
 */
#include "greenhouse.h"

#include <string.h>

#include "control.h"
#include "door/fetch.h"
#include "floor/mem.h"
#include "floor/text.h"

#define BODY_MAX (1 << 20)
/* --- the vendor's face --------------------------------------------------------------------- */

struct operation {
        const char *method, *resource, *end; /* "applications", "move" */
        const char *what, *scope;
};

static const struct operation writes[] = {
        { "POST", "notes", NULL, "POST notes", "harvest:notes:create" },
        { "POST", "applications", "move", "POST move", "harvest:applications:move" },
        { "PATCH", "interviews", "", "PATCH interviews", "harvest:interviews:update" },
};

/* Routing comes before everything: an unknown path is 404 whoever asks (3.2). */
static const struct operation *find_operation(struct request *rq, const char *id, const char *end,
                                              struct operation *list, char **words)
{
        const char *resource = request_segment(rq, "resource"), *method = request_method(rq);

        if (text_equal(method, "GET") && id == NULL && gh_listed(resource)) {
                words[0] = mem_format("GET %s", resource);
                words[1] = mem_format("harvest:%s:list", resource);
                *list = (struct operation){ "GET", resource, NULL, words[0], words[1] };
                return list;
        }
        for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
                const struct operation *w = &writes[i];

                if (text_equal(method, w->method) && text_equal(resource, w->resource) &&
                    (w->end == NULL) == (id == NULL) &&
                    text_equal(w->end, id == NULL ? NULL : text_or(end, "")))
                        return w;
        }
        return NULL;
}

static void perform(struct request *rq, struct reply *re, const struct operation *o, int64_t id)
{
        int64_t user;

        pthread_mutex_lock(&gh.lock);
        if (gh_may(rq, re, o->scope, &user) == 0) {
                if (text_equal(o->method, "GET") && request_body(rq)->len > 0)
                        gh_error(re, 403, "Forbidden", NULL); /* section 8, issue 576 */
                else if (text_equal(o->method, "GET"))
                        gh_list(rq, re, o->resource);
                else if (text_equal(o->what, "POST notes"))
                        gh_create_note(rq, re, user);
                else if (text_equal(o->what, "POST move"))
                        gh_move_application(rq, re, id, user);
                else
                        gh_patch_interview(rq, re, id);
        }
        pthread_mutex_unlock(&gh.lock);
}

static json_t *body_for_record(struct request *rq)
{
        const struct buf *body = request_body(rq);

        return body == NULL || body->len == 0 ? NULL
                                              : json_parse(body->data, body->len, false, NULL);
}

/* A reply that is thrown away: the work is done and its answer lost. */
static void answer(struct request *rq, struct reply *re, const struct operation *o, int64_t id)
{
        struct control_failure failure;
        bool broken = control_take(o->what, &failure);

        if (broken && failure.after) {
                perform(rq, re, o, id);
                buf_reset(reply_body(re));
                control_fail(rq, re, &failure);
        } else if (!broken || !control_fail(rq, re, &failure)) {
                perform(rq, re, o, id);
        }
        control_failure_dispose(&failure);
        control_record(o->method, o->what, request_segment(rq, "resource"), body_for_record(rq),
                       reply_status_given(re));
}

static void v3(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id"), *end = request_segment(rq, "end");
        char *words[2] = { NULL, NULL };
        struct operation list;
        const struct operation *o = find_operation(rq, id, end, &list, words);
        int64_t number = 0;

        if (o == NULL || (id != NULL && text_int(id, 1, INT64_MAX, &number) != 0)) {
                gh_error(re, 404, "Resource not found", NULL);
                control_record(request_method(rq), "unknown", request_segment(rq, "resource"), NULL,
                               404);
        } else {
                answer(rq, re, o, number);
        }
        mem_free(words[0]);
        mem_free(words[1]);
}

static const struct route vendor_routes[] = {
        { "POST", "token", gh_token, BODY_MAX, true, NULL },
        { "GET", "v3/{resource}", v3, BODY_MAX, true, NULL },
        { "GET", "v3/{resource}/{id}", v3, BODY_MAX, true, NULL },
        { "GET", "v3/{resource}/{id}/{end}", v3, BODY_MAX, true, NULL },
        { "POST", "v3/{resource}", v3, BODY_MAX, true, NULL },
        { "POST", "v3/{resource}/{id}", v3, BODY_MAX, true, NULL },
        { "POST", "v3/{resource}/{id}/{end}", v3, BODY_MAX, true, NULL },
        { "PATCH", "v3/{resource}", v3, BODY_MAX, true, NULL },
        { "PATCH", "v3/{resource}/{id}", v3, BODY_MAX, true, NULL },
        { "DELETE", "v3/{resource}", v3, BODY_MAX, true, NULL },
        { "DELETE", "v3/{resource}/{id}", v3, BODY_MAX, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

/* --- the program --------------------------------------------------------------------------- */

static int start(struct fail *why)
{
        if (fetch_start(text_or(serve_settings.allow_networks, ""), why) != 0)
                return -1;
        pthread_mutex_lock(&gh.lock);
        gh_reset();
        pthread_mutex_unlock(&gh.lock);
        gh_hook_start();
        return 0;
}

static void stop(void)
{
        gh_hook_stop();
        fetch_stop();
}

int main(int argc, char **argv)
{
        static const struct route *const tables[] = { vendor_routes,     gh_v1_routes,
                                                      gh_partner_routes, gh_page_routes,
                                                      gh_control_routes, NULL };
        static const struct program program = {
                .name = "greenhouse",
                .about = "stands in for Greenhouse, for trying and for testing",
                .routes = tables,
                .start = start,
                .stop = stop,
        };

        return serve(argc, argv, &program);
}
