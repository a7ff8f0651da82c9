/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a platform itself says, read through us. */
#include "report_platform.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "guard.h"
#include "home/audit.h"
#include "home/trade.h"

#define SCOPE "platform:read"

static atomic_int under_way;

/* A slow platform keeps threads: half of them at most. */
static bool may_begin(void)
{
        int most = serve_settings.threads > 1 ? (int)serve_settings.threads / 2 : 1;

        if (atomic_fetch_add(&under_way, 1) < most)
                return true;
        atomic_fetch_sub(&under_way, 1);
        return false;
}

/* Who read there, once an hour for each key and address; nothing is asked that is not written
 * down. */
static int note(struct request *rq, struct reply *re, struct org *org, const char *key,
                const char *connection)
{
        char *who = mem_format("key %s", key), *about = mem_format("connection %s", connection);
        const struct audit_entry entry = { .org = org->name,
                                           .who = who,
                                           .from = request_address(rq),
                                           .did = "platform.read",
                                           .about = about,
                                           .request = request_id(rq) };
        struct fail why = FAIL_CLEAR;
        int result = audit_add_once(guard_home(), &entry, WHEN_HOUR, &why);

        if (result != 0)
                reply_failure(rq, re, "audit log cannot be written", &why);
        mem_free(about);
        mem_free(who);
        return result == 0 ? 0 : -1;
}

static void answer(struct request *rq, struct reply *re, struct relayed *got)
{
        char seconds[24];

        if (got->retry_after_s > 0) {
                snprintf(seconds, sizeof seconds, "%" PRId64, got->retry_after_s);
                reply_header(re, "Retry-After", seconds);
        }
        if (got->body == NULL)
                reply_problem(rq, re, 429, "The platform asks for fewer questions.");
        else
                reply_json(re, got->status, got->body);
        reply_header(re, "Cache-Control", "no-store");
}

static void ask(struct request *rq, struct reply *re, struct desk *desk)
{
        const struct buf *body = request_body(rq);
        struct fail why = FAIL_CLEAR;
        struct relayed got;

        if (desk->kind->platform->relay(&desk->link, body->data, body->len, &got, &why) == 0) {
                answer(rq, re, &got);
        } else if (why.kind == FAIL_INPUT) {
                reply_problem(rq, re, 400, why.text);
        } else if (why.kind == FAIL_DENIED) {
                reply_problem(rq, re, 403, why.text);
        } else {
                log_event(LOG_LEVEL_WARN, "platform was asked and did not answer", "cause",
                          why.text, NULL);
                reply_problem(rq, re, 502, "The platform gave no usable answer. Retry later.");
        }
}

void report_platform(struct request *rq, struct reply *re)
{
        const struct trade trade = { .home = guard_home(),
                                     .data_dir = serve_settings.data,
                                     .scale = serve_settings.retry_scale };
        const char *id = request_segment(rq, "connection");
        struct fail why = FAIL_CLEAR;
        struct desk desk;
        struct org *org;
        char key[9];
        int found;

        if (guard_org(rq, re, SCOPE, false, &org, key) != 0)
                return;
        found = desk_open(&desk, &trade, org, id, &why);
        if (found < 0) {
                reply_failure(rq, re, "connection cannot be opened", &why);
                return;
        }
        if (found == 0 || desk.kind->platform == NULL || desk.kind->platform->relay == NULL) {
                reply_problem(rq, re, 404,
                              "There is no such connection, or its platform takes no questions.");
        } else if (note(rq, re, org, key, id) == 0) {
                if (may_begin()) {
                        ask(rq, re, &desk);
                        atomic_fetch_sub(&under_way, 1);
                } else {
                        reply_problem(rq, re, 503, "Too many are asking right now.");
                        reply_header(re, "Retry-After", "5");
                }
        }
        if (found == 1)
                desk_close(&desk);
}
