/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stand-in for Lever: its data API, its webhooks, and pages to click.  Strict about the wire
 * facts: what the vendor would refuse is refused.  State lives in memory, so it is one FastCGI
 * process (many threads), mounted at /sandbox/lever.
 *
 * For a connection of Fairlead (HOST is where the web server answers):
 *     base_url     http://HOST/sandbox/lever/v1
 *     act_as_user  8d49b010-cc6a-4f40-ace5-e86061c677ed ("CodeSignal Integration"; ...
 *                  0f3c6ab1-3a5e-4b0e-9d1b-5a0c1f6c2b77 is deactivated)
 *     api_key      sandbox-lever-key
 * Webhooks: one URL for one event, each with a signature token shown once it was added; Verify
 * connection at once; six attempts after 1, 5, 15, 60, 240 minutes, divided by
 * FAIRLEAD_RETRY_SCALE; any 2xx counts.  FAIRLEAD_ALLOW_NETWORKS must let it call out.
 *
 * The seed: stages New lead, Reached out, New applicant, Phone screen, On-site interview, Offer;
 * posting "Backend Engineer"; three opportunities in New applicant.  10 requests a second, bursts
 * of 20, both times FAIRLEAD_RETRY_SCALE.
 *
 * Pages, for people:
 *     GET  (itself)                     opportunities; a form to add one (POST opportunities: name,
 *                                       email)
 *     GET  opportunities/{id}           stage, links, tags, notes, files, interviews
 *     POST opportunities/{id}/move      stage (its id): moves, and tells the webhooks
 *     GET  files/{id}                   a file
 *     GET  webhooks                     what is set up, with the tokens, and the log
 *     POST webhooks                     url, event: adds and verifies
 *     POST webhooks/remove              id
 *
 * Control, for tests; POST takes and all answer JSON:
 *     POST control/reset                back to the seed; no webhooks
 *     POST control/settings             any of api_key, confidential (the key may see such data),
 *                                       plain_links (links lose their scheme), nested (answers as
 *                                       documented: data.data[]), bare_files, event_id (deliveries
 *                                       have an id), rate, burst, page_most, revoked (list of
 *                                       permissions: 403)
 *     POST control/add                  name, email, confidential -> opportunity
 *     POST control/move                 opportunity, stage (id or text): as a recruiter would
 *     POST control/set                  table, id, members: into a row
 *     POST control/delete               table, id; an opportunity tells candidateDeleted
 *     POST control/webhook              url, event (candidateStageChange) -> verified, id, token
 *     GET  control/webhooks             all, with their logs
 *     POST control/deliveries           lose (the next n vanish), flush, idle_ms -> idle
 *     POST control/event                event, data: sends any event, signed
 *     GET  control/state                every table
 *     control/failures, requests, counters    control.h; words are "GET opportunity", "POST notes",
 *                                       "POST addLinks", "PUT stage", "POST files", "GET stages"
 * ...
 */
#include "lever.h"

#include "door/fetch.h"
#include "floor/text.h"

static int start(struct fail *why)
{
        if (fetch_start(text_or(serve_settings.allow_networks, ""), why) != 0)
                return -1;
        pthread_mutex_lock(&lv.lock);
        lv_reset();
        pthread_mutex_unlock(&lv.lock);
        return 0;
}

static void stop(void)
{
        lv_hooks_stop();
        fetch_stop();
}

int main(int argc, char **argv)
{
        static const struct route *const tables[] = { lv_api_routes, lv_page_routes,
                                                      lv_control_routes, NULL };
        static const struct program program = {
                .name = "lever",
                .about = "stands in for Lever, for trying and for testing",
                .routes = tables,
                .start = start,
                .stop = stop,
        };

        return serve(argc, argv, &program);
}
