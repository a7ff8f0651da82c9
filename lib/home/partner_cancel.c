/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An assessment that was sent from within a hiring system: when it is told, and its cancelling. */
#include "floor/mem.h"
#include "floor/text.h"
#include "home/event.h"
#include "home/partner.h"
#include "home/records.h"

#define TRIES 8 /* somebody else may change the same record meanwhile */

static int stamp_once(struct org *org, const char *id, int64_t now_ms, int64_t *stamp_ms,
                      struct fail *why)
{
        json_t *read = NULL, *record;
        struct plan p;
        int found = record_get(org, "partner", id, &read, why), result = found < 0 ? -1 : 0;

        *stamp_ms = now_ms;
        if (found == 1) {
                if (*stamp_ms <= json_get_int(read, "told_ms", 0))
                        *stamp_ms = json_get_int(read, "told_ms", 0) + 1;
                record = json_deep_copy(read);
                json_set_int(record, "told_ms", *stamp_ms);
                plan_init(&p);
                plan_guard(&p, "partner", id, read);
                record_put(p.batch, "partner", id, record);
                result = plan_commit(&p, org, why);
                plan_dispose(&p);
                json_decref(record);
        }
        json_decref(read);
        return result;
}

int partner_stamp(struct org *org, const char *id, int64_t now_ms, int64_t *stamp_ms,
                  struct fail *why)
{
        int result = -1;

        for (int i = 0; i < TRIES && result != 0; i++) {
                fail_clear(why);
                result = stamp_once(org, id, now_ms, stamp_ms, why);
                if (result != 0 && why->kind != FAIL_CONFLICT)
                        break;
        }
        return result;
}

int partner_cancel(const struct trade *trade, struct org *org, const char *id, struct fail *why)
{
        struct partner_view view = { .ats = NULL };
        int64_t now = trade_now(trade);
        char *once = mem_format("partner-cancel|%s", id);
        int found = partner_read(trade, org, id, &view, why);
        struct plan p;

        if (found == 1 && (view.news.stage == PARTNER_SENDING || view.news.stage == PARTNER_OPEN)) {
                plan_init(&p);
                found = plan_once(&p, org, once, now, why);
                if (found == 0) {
                        struct action_order order = {
                                .kind = "cancel_assessment",
                                .connection = json_get_text(view.record, "platform", ""),
                                .application = json_get_text(view.record, "application", NULL),
                                .with = json_object(),
                                .due_ms = now,
                                .now_ms = now
                        };

                        json_set_text(order.with, "partner", id);
                        plan_action(&p, &order);
                        found = plan_commit(&p, org, why) == 0 ? 1 : -1;
                        /* The same click twice, at once: the other one was first. */
                        if (found < 0 && why->kind == FAIL_CONFLICT) {
                                fail_clear(why);
                                found = 1;
                        } else if (found == 1 &&
                                   event_wake(trade->home, org->name, NULL, now, why) != 0) {
                                found = -1;
                        }
                }
                plan_dispose(&p);
        } else if (found == 1) {
                found = 0;
        }
        partner_view_dispose(&view);
        mem_free(once);
        return found;
}
