/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Erasure. */
#include "home/erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/session.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/consumer.h"
#include "home/dossier.h"
#include "home/erase_interview.h"
#include "home/feed.h"
#include "home/offer.h"
#include "home/partner.h"
#include "home/records.h"
#include "home/schedule.h"
#include "home/selection.h"

int erase_event(struct plan *p, struct org *org, uint64_t number, struct fail *why)
{
        json_t *read = NULL, *event;
        char key[24];
        int found = record_series_get(org, "event", number, &read, why);

        if (found == 1) {
                snprintf(key, sizeof key, "%" PRIu64, number);
                batch_delete(p->batch, "body", key);
                event = json_deep_copy(read);
                json_set_text(event, "summary", "erased");
                json_set_text(event, "reason", ERASE_SENTENCE);
                json_object_del(event, "headers");
                plan_guard_series(p, "event", number, read);
                record_series_put(p->batch, "event", number, event);
                json_decref(event);
        }
        json_decref(read);
        return found < 0 ? -1 : 0;
}

void erase_bodies(struct step *s)
{
        const json_t *list = json_object_get(s->with, "events");
        char key[24];

        for (size_t i = 0; i < json_array_size(list); i++) {
                snprintf(key, sizeof key, "%" PRId64, json_int_of(json_array_get(list, i), 0));
                batch_delete(s->plan.batch, "body", key);
        }
}

static int erase_events(struct plan *p, struct org *org, const json_t *record, struct fail *why)
{
        const json_t *list = json_object_get(record, "events");
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
                result =
                    erase_event(p, org, (uint64_t)json_int_of(json_array_get(list, i), 0), why);
        return result;
}

/* What stays of a session: ids, state, times. */
static json_t *husk(const json_t *read)
{
        static const char *const kept[] = { "platform", "application", "also", "rule" };
        json_t *record = json_object(), *session = json_object();

        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
                if (json_object_get(read, kept[i]) != NULL)
                        json_set(record, kept[i], json_deep_copy(json_object_get(read, kept[i])));
        json_set_text(session, "id", json_get_text(read, "session.id", NULL));
        json_set_text(session, "test_id", json_get_text(read, "session.test_id", NULL));
        json_set_text(session, "state", session_word(SESSION_ERASED));
        json_set(record, "session", session);
        return record;
}

/* What was or will be sent about it goes; consumers hear that it is erased. */
static int erase_outgoing(struct plan *p, struct org *org, const char *key, const json_t *read,
                          struct fail *why)
{
        const json_t *list = json_object_get(read, "messages");

        for (size_t i = 0; i < json_array_size(list); i++)
                batch_delete(p->batch, "outgoing", json_text_of(json_array_get(list, i), "-"));
        if (consumer_erase_held(p, org, key, why) != 0 ||
            feed_erased(p, org, key, when_now_ms(), why) != 0)
                return -1;
        return consumer_publish_erased(org, p, key, read, when_now_ms(), why);
}

/* Ended actions are many, and so are events, of which a record names the last ones only; they are
 * found by looking at all of them: the worker does that. */
static void order_traces(struct plan *p, const char *application, const char *candidate,
                         const json_t *sessions, json_t *interviews, int64_t now_ms)
{
        struct action_order order = { .kind = "erase_traces",
                                      .connection = "",
                                      .with = json_object(),
                                      .due_ms = now_ms,
                                      .now_ms = now_ms };

        json_set_text(order.with, "application", application);
        json_set_text(order.with, "candidate", candidate);
        json_set(order.with, "sessions",
                 sessions == NULL ? json_array() : json_deep_copy(sessions));
        if (json_array_size(interviews) > 0)
                json_set(order.with, "interviews", json_incref(interviews));
        plan_action(p, &order);
}

/* 1 it was erased, 0 it was so or is not there, -1. */
static int erase_one_session(struct plan *p, struct org *org, const char *key, struct fail *why)
{
        json_t *read = NULL, *record;
        int found = record_get(org, "session", key, &read, why), result = found < 0 ? -1 : 0;
        char *invitee;

        if (found == 1 &&
            !text_equal(json_get_text(read, "session.state", ""), session_word(SESSION_ERASED))) {
                invitee = dossier_invitee_key(json_get_text(read, "platform", ""),
                                              json_get_text(read, "session.test_id", ""),
                                              json_get_text(read, "session.email", ""));
                batch_delete(p->batch, "invitee", invitee);
                mem_free(invitee);
                record = husk(read);
                plan_guard(p, "session", key, read);
                record_put(p->batch, "session", key, record);
                batch_leave(p->batch, "open-sessions", key);
                if (erase_events(p, org, read, why) != 0 ||
                    erase_outgoing(p, org, key, read, why) != 0)
                        result = -1;
                else
                        result = 1;
                json_decref(record);
        }
        json_decref(read);
        return result;
}

int erase_session(struct plan *p, struct org *org, const char *key, struct fail *why)
{
        int result = erase_one_session(p, org, key, why);
        json_t *keys;

        if (result == 1) {
                keys = json_array();
                json_add(keys, json_new_text(key, strlen(key)));
                order_traces(p, NULL, NULL, keys, NULL, when_now_ms());
                json_decref(keys);
        }
        return result < 0 ? -1 : 0;
}

struct stop {
        struct plan *p;
        struct org *org;
        const char *application;
        int64_t now_ms;
        struct fail *why;
};

static int stop_action(void *context, const char *member)
{
        struct stop *s = context;
        uint64_t number = strtoull(member, NULL, 10);
        json_t *read = NULL;
        int found = record_series_get(s->org, "action", number, &read, s->why);

        if (found == 1 && text_equal(json_get_text(read, "application", NULL), s->application))
                action_end(s->p, number, read, "refused", ERASE_SENTENCE, s->now_ms);
        json_decref(read);
        return found < 0 ? -1 : 0;
}

static int erase_records(struct plan *p, const struct trade *trade, struct org *org,
                         const char *key, bool lapsed, struct fail *why)
{
        struct stop stop = { p, org, key, trade_now(trade), why };
        json_t *read = NULL, *record = NULL, *interviews = NULL;
        const json_t *sessions, *schedules, *partners;
        char *candidate;
        int found = record_get(org, "application", key, &read, why), result = -1;

        if (found <= 0)
                return found;
        sessions = json_object_get(read, "sessions");
        for (size_t i = 0; i < json_array_size(sessions); i++)
                if (erase_one_session(p, org, json_text_of(json_array_get(sessions, i), ""), why) <
                    0)
                        goto out;
        partners = json_object_get(read, "partners");
        for (size_t i = 0; i < json_array_size(partners); i++)
                if (partner_erase(p, org, json_text_of(json_array_get(partners, i), ""), why) != 0)
                        goto out;
        schedules = json_object_get(read, "schedules");
        for (size_t i = 0; i < json_array_size(schedules); i++)
                if (schedule_erase(p, org, json_text_of(json_array_get(schedules, i), ""),
                                   trade_now(trade), why) != 0)
                        goto out;
        if (erase_events(p, org, read, why) != 0 ||
            selection_erase(p, trade->home, org, key, why) != 0 ||
            offer_erase(p, trade, org, key, why) != 0)
                goto out;
        /* What is only too old is no order: an interview has its own time. */
        interviews =
            lapsed ? json_array()
                   : erase_interview_ids(org, json_get_text(read, "application.email", NULL), why);
        if (interviews == NULL)
                goto out;
        record = json_object();
        json_set_text(record, "ats", json_get_text(read, "ats", ""));
        json_set(record, "sessions", json_deep_copy(sessions));
        json_set_bool(record, "erased", true);
        if (lapsed)
                json_set_bool(record, "lapsed", true);
        plan_guard(p, "application", key, read);
        record_put(p->batch, "application", key, record);
        if (store_set_list(org->store, "open-actions", stop_action, &stop, why) != 0 ||
            store_set_list(org->store, "parked-actions", stop_action, &stop, why) != 0)
                goto out;
        candidate = dossier_key(json_get_text(read, "ats", ""),
                                json_get_text(read, "application.candidate_id", NULL));
        order_traces(p, key, candidate, sessions, interviews, trade_now(trade));
        mem_free(candidate);
        result = 0;
out:
        json_decref(interviews);
        json_decref(record);
        json_decref(read);
        return result;
}

int erase_application(struct plan *p, const struct trade *trade, struct org *org, const char *key,
                      struct fail *why)
{
        return erase_records(p, trade, org, key, false, why);
}

int erase_lapsed(struct plan *p, const struct trade *trade, struct org *org, const char *key,
                 struct fail *why)
{
        return erase_records(p, trade, org, key, true, why);
}

bool erase_is_final(const json_t *application)
{
        return json_get_bool(application, "erased", false) &&
               !json_get_bool(application, "lapsed", false);
}
