/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What follows from an interview in the ATS's calendar: a look at the schedule, which alone says
 * how it is now.  Deliveries come several for one act of a person, and in any order.
 */
#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/dossier.h"
#include "home/follow.h"
#include "home/records.h"
#include "home/schedule.h"

/* A schedule without a rule matters when an earlier rule made interviews for it.  Its application
 * (the caller's), where the fact does not name it. */
static int is_known(struct org *org, const char *connection, const char *schedule,
                    char **application, struct fail *why)
{
        char *key = dossier_key(connection, schedule);
        json_t *record = NULL;
        int found = key == NULL ? 0 : record_get(org, "schedule", key, &record, why);

        if (found == 1 && *application == NULL)
                *application = mem_text(json_get_text(record, "application", NULL));
        json_decref(record);
        mem_free(key);
        return found;
}

static void order_look(struct event_work *w, enum trust trust, const struct fact *fact,
                       const char *connection, const char *application)
{
        int64_t now = trade_now(w->trade);
        struct action_order order = { .kind = "look_schedule",
                                      .connection = connection,
                                      .application = application,
                                      .with = json_object(),
                                      .due_ms = now,
                                      .now_ms = now };
        json_t *events = json_array();

        if (w->number != 0)
                json_add(events, json_integer((json_int_t)w->number));
        json_set(order.with, "events", events);
        json_set_text(order.with, "trust", trust_word(trust));
        json_set_text(order.with, "schedule", fact->subject);
        json_set(order.with, "detail", json_deep_copy(fact->detail));
        plan_action(w->plan, &order);
}

int follow_schedule(struct event_work *w, enum trust trust, const struct fact *fact,
                    const char *connection, const char **state, struct buf *reason,
                    struct fail *why)
{
        char *id = json_get_id(fact->detail, "application"),
             *application = dossier_key(connection, id);
        json_t *rules = trade_rules(w->org, why);
        int known = rules == NULL ? -1 : rules_watch_schedules(rules, connection);

        if ((known == 0 || application == NULL) && known >= 0 && !text_empty(fact->subject)) {
                int found = is_known(w->org, connection, fact->subject, &application, why);

                known = found < 0 ? -1 : known > 0 || found > 0;
        }
        if (known > 0 && (application == NULL || text_empty(fact->subject))) {
                *state = "unknown";
                buf_add_text(reason, "It names no interview, or no application.");
        } else if (known == 0) {
                *state = "done";
                buf_add_text(reason, "Noted: an interview was scheduled. No rule waits for it.");
        } else if (known > 0) {
                order_look(w, trust, fact, connection, application);
                *state = "waiting";
        }
        json_decref(rules);
        mem_free(application);
        mem_free(id);
        return known < 0 ? -1 : 0;
}
