/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stand-in for Ashby: its API, its webhooks, the client side of its assessment partner API, the
 * receiver that takes CodeSignal's events, and pages to click.  Strict about the wire facts: what
 * the vendor would refuse is refused.  State lives in memory, so it is one FastCGI process (many
 * threads), mounted at /sandbox/ashby.
 *
 * For a connection of Fairlead (HOST is where the web server answers):
 *     base_url     http://HOST/sandbox/ashby/api
 *     api_key      sandbox-ashby-key
 *     act_as_user  00000000-0000-4000-8000-0000000000a1 (...a2 is deactivated)
 * Webhooks are rows of one event type each, pinged on every saving; the signature is
 * "Ashby-Signature: sha256=<hmac of the body>"; up to 10 attempts after (2^n - 1) x 10 s divided by
 * FAIRLEAD_RETRY_SCALE, none after 401, 403, 404, 405 and 410.  FAIRLEAD_ALLOW_NETWORKS must let it
 * call out.
 *
 * The seed: job ...b1 "Backend Engineer" with two interview plans (...c1, the default, and ...c2)
 * of the same stages under other ids: Application Review, Coding test, On-site, Offer, Archived;
 * candidates Jane van der Doe, Zoë O'Brien (in the other plan) and Sam, who has no address.
 *
 * Pages, for people:
 *     GET  (itself)                     candidates by stage; a form to add one
 *     GET  applications/{id}            notes, tags, files, interviews, assessments
 *     POST applications/{id}/move       stage (its id)
 *     POST applications/{id}/schedule   interview (its title): in a day
 *     POST applications/{id}/start      type: assessment.start at the partner
 *     POST schedules/{id}/cancel, assessments/{id}/cancel
 *     GET  webhooks; POST webhooks      type, url, secret; POST webhooks/{id}/update enables again
 *
 * The vendor's face: POST api/{method}; POST store/{handle} (the object store of file uploads);
 * POST codesignal_webhook (control/settings relay: {secret}).
 *
 * Control, for tests; POST takes and all answer JSON:
 *     POST control/reset                back to the seed; webhooks and partner are forgotten
 *     POST control/settings             any of page_most (rows of a page), shape (of refusals: 1
 *                                       objects, 2 texts, 3 errorInfo, 0 mixed), revoked (list of
 *                                       scopes), no_behalf, relay ({secret})
 *     POST control/add                  name, email (absent: none), plan -> application row
 *     POST control/move                 application_id, stage (title, in its own plan)
 *     POST control/set                  table, id, members: into a row
 *     POST control/schedule             application_id, title, in_hours, by_key -> schedule
 *     POST control/schedules/{id}       by_hours, status: and tells of it
 *     POST control/webhook              url, secret: a row for each type Fairlead uses -> rows
 *     POST control/webhook/disable      id: as after a ping that failed
 *     GET  control/webhooks             rows with their logs
 *     POST control/deliveries           lose (a type) with times, flush, idle_ms -> idle
 *     POST control/event                action, data, id (webhookActionId): any event, signed
 *     POST control/partner              url, key: registers a partner
 *     POST control/partner/call         method, body -> {status, body}
 *     POST control/partner/start        application_id, type, fields -> {status, body}
 *     GET  control/state                every table; "assessments" holds updates[], "received" the
 *                                       events of CodeSignal
 *     control/failures, requests, counters    control.h; words are the method's name, "store"
 */
#include "ashby.h"

#include "control.h"
#include "door/fetch.h"
#include "floor/mem.h"
#include "floor/text.h"

#define BODY_MAX (32 << 20)
static const struct route vendor_routes[] = {
        { "POST", "api/{method}", ab_api, 1 << 20, true, NULL },
        { "POST", "store/{handle}", ab_store, BODY_MAX, true, NULL },
        { "POST", "codesignal_webhook", ab_receive, 1 << 20, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

static int start(struct fail *why)
{
        if (fetch_start(text_or(serve_settings.allow_networks, ""), why) != 0)
                return -1;
        ab_hooks_start();
        pthread_mutex_lock(&ab.lock);
        ab_reset();
        pthread_mutex_unlock(&ab.lock);
        return 0;
}

static void stop(void)
{
        ab_hooks_stop();
        fetch_stop();
}

int main(int argc, char **argv)
{
        static const struct route *const tables[] = { vendor_routes, ab_page_routes,
                                                      ab_control_routes, NULL };
        static const struct program program = {
                .name = "ashby",
                .about = "stands in for Ashby, for trying and for testing",
                .routes = tables,
                .start = start,
                .stop = stop,
        };

        return serve(argc, argv, &program);
}
