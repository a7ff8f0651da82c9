/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What consumers are told: deliveries ordered together with the change they tell of. */
#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/consumer.h"
#include "home/dossier.h"
#include "home/records.h"

#define MESSAGE_LETTERS 26
#define MESSAGES_MAX 500 /* of one session: far beyond what a session can live through */

struct ids {
        char **list;
        size_t count;
};

static int collect(void *context, const char *member)
{
        struct ids *ids = context;

        ids->list = mem_resize(ids->list, ids->count + 1, sizeof *ids->list);
        ids->list[ids->count++] = mem_text(member);
        return 0;
}

/* Visits the settings of each consumer. */
static int each(struct org *org,
                int (*visit)(void *context, const char *id, const json_t *settings,
                             struct fail *why),
                void *context, struct fail *why)
{
        struct ids ids = { NULL, 0 };
        int result = store_set_list(org->store, "connections", collect, &ids, why);

        for (size_t i = 0; i < ids.count; i++) {
                json_t *record = NULL;

                if (result == 0 && record_get(org, "connection", ids.list[i], &record, why) < 0)
                        result = -1;
                if (result == 0 && text_equal(json_get_text(record, "kind", ""), "consumer"))
                        result =
                            visit(context, ids.list[i], json_object_get(record, "settings"), why);
                json_decref(record);
                mem_free(ids.list[i]);
        }
        mem_free(ids.list);
        return result;
}

/* Orders one delivery, or holds it when the consumer is not to be called. */
static int order(struct org *org, struct plan *plan, const char *id, const json_t *settings,
                 const char *session, json_t *with, int64_t now_ms, struct fail *why)
{
        json_t *state = NULL;
        int found = record_get(org, "consumer", id, &state, why);
        struct action_order order = { .kind = "deliver_event",
                                      .connection = id,
                                      .session = session,
                                      .lane = consumer_signs_as_codesignal(settings) ? "in_order"
                                                                                     : "aside",
                                      .with = with,
                                      .due_ms = now_ms,
                                      .now_ms = now_ms };

        if (found < 0) {
                json_decref(with);
                return -1;
        }
        if (text_equal(json_get_text(state, "state", "active"), "active")) {
                plan_action(plan, &order);
        } else {
                consumer_hold(plan, id, session, with, now_ms);
                json_decref(with);
        }
        json_decref(state);
        return 0;
}

static json_t *new_message(const char *event, int64_t at_ms)
{
        char *token = secret_token(MESSAGE_LETTERS), *id = mem_format("msg_%s", token);
        json_t *with = json_object();

        json_set_text(with, "message", id);
        json_set_text(with, "event", event);
        json_set_int(with, "at_ms", at_ms);
        mem_free(token);
        mem_free(id);
        return with;
}

struct publishing {
        struct home *home;
        struct org *org;
        struct plan *plan;
        const char *key, *platform;
        json_t *record; /* NULL: nothing to remember */
        const struct session *session;
        unsigned events;
        int64_t now_ms;
        struct consumer_names names;
};

static int publish_one(struct publishing *p, const char *id, const json_t *settings,
                       enum consumer_event event, struct fail *why)
{
        const char *name = consumer_signs_as_codesignal(settings)
                               ? consumer_event_codesignal(event, p->session)
                               : consumer_event_name(event);
        struct buf body = BUF_NONE;
        json_t *with;

        if (name == NULL || !consumer_wants(settings, name))
                return 0;
        with = new_message(name, p->now_ms);
        consumer_body(settings, event, p->session, &p->names, p->now_ms, &body);
        batch_put(p->plan->batch, "outgoing", json_get_text(with, "message", ""), body.data,
                  body.len);
        buf_dispose(&body);
        if (p->record != NULL &&
            json_array_size(json_object_get(p->record, "messages")) < MESSAGES_MAX)
                dossier_add_text(p->record, "messages", json_get_text(with, "message", ""));
        return order(p->org, p->plan, id, settings, p->key, with, p->now_ms, why);
}

static int publish_to(void *context, const char *id, const json_t *settings, struct fail *why)
{
        struct publishing *p = context;
        int result = 0;

        /* It gets this platform's events as they come. */
        if (text_equal(json_get_text(settings, "relay", NULL), p->platform))
                return 0;
        for (int i = 0; result == 0 && i < CONSUMER_EVENTS; i++)
                if ((p->events & 1u << i) != 0)
                        result = publish_one(p, id, settings, (enum consumer_event)i, why);
        return result;
}

/* "https://hire.example/fairlead/report/acme/results/cs:abc": NULL without a public URL. */
static char *result_url(struct org *org, const char *key)
{
        json_t *self = NULL;
        char *url = NULL;

        if (record_get(org, "org", "self", &self, NULL) == 1 &&
            !text_empty(json_get_text(self, "public_url", NULL)))
                url = mem_format("%s/report/%s/results/%s", json_get_text(self, "public_url", ""),
                                 org->name, key);
        json_decref(self);
        return url;
}

int consumer_publish(struct home *h, struct org *org, struct plan *plan, const char *key,
                     json_t *record, const struct session *session, unsigned events, int64_t now_ms,
                     struct fail *why)
{
        char *platform = dossier_connection(key), *report = NULL, *result = NULL;
        json_t *connection = NULL;
        struct publishing p = { .home = h,
                                .org = org,
                                .plan = plan,
                                .key = key,
                                .platform = platform,
                                .record = record,
                                .session = session,
                                .events = events,
                                .now_ms = now_ms };
        int done = events == 0 ? 0 : record_get(org, "connection", platform, &connection, why);

        if (events != 0 && done >= 0) {
                report = dossier_report_link(h, org, key);
                result = result_url(org, key);
                p.names = (struct consumer_names){
                        .org = org->name,
                        .platform = platform,
                        .platform_kind = json_get_text(connection, "kind", NULL),
                        .session = key,
                        .application = json_get_text(record, "application", NULL),
                        .report = report,
                        .result = result,
                };
                done = each(org, publish_to, &p, why);
        }
        json_decref(connection);
        mem_free(platform);
        mem_free(report);
        mem_free(result);
        return done < 0 ? -1 : 0;
}

int consumer_publish_erased(struct org *org, struct plan *plan, const char *key, const json_t *read,
                            int64_t now_ms, struct fail *why)
{
        char *platform = dossier_connection(key);
        struct session husk = { .id = mem_text(dossier_id(key)), .state = SESSION_ERASED };
        struct publishing p = { .org = org,
                                .plan = plan,
                                .key = key,
                                .platform = platform,
                                .session = &husk,
                                .events = 1u << CONSUMER_ERASED,
                                .now_ms = now_ms,
                                .names = { .org = org->name,
                                           .platform = platform,
                                           .session = key,
                                           .application =
                                               json_get_text(read, "application", NULL) } };
        int result = each(org, publish_to, &p, why);

        session_dispose(&husk);
        mem_free(platform);
        return result < 0 ? -1 : 0;
}

struct relaying {
        struct org *org;
        struct plan *plan;
        const char *connection, *name;
        uint64_t event;
        int64_t at_ms, now_ms;
};

static int relay_to(void *context, const char *id, const json_t *settings, struct fail *why)
{
        struct relaying *r = context;
        char *once;
        json_t *with;
        int before;

        if (!text_equal(json_get_text(settings, "relay", NULL), r->connection) ||
            !consumer_signs_as_codesignal(settings) || !consumer_wants(settings, r->name))
                return 0;
        once = mem_format("relay|%s|%llu", id, (unsigned long long)r->event);
        before = plan_once(r->plan, r->org, once, r->now_ms, why);
        mem_free(once);
        if (before != 0)
                return before < 0 ? -1 : 0;
        with = new_message(r->name, r->at_ms);
        json_set_int(with, "from_event", (int64_t)r->event);
        return order(r->org, r->plan, id, settings, NULL, with, r->now_ms, why);
}

int consumer_relay(struct org *org, struct plan *plan, const char *connection, uint64_t event,
                   const char *name, int64_t at_ms, int64_t now_ms, struct fail *why)
{
        struct relaying r = { org, plan, connection, name, event, at_ms, now_ms };

        return each(org, relay_to, &r, why) < 0 ? -1 : 0;
}

static int found_one(void *context, const char *id, const json_t *settings, struct fail *why)
{
        (void)id;
        (void)settings;
        (void)why;
        *(bool *)context = true;
        return 0;
}

int consumer_any(struct org *org, struct fail *why)
{
        bool any = false;

        if (each(org, found_one, &any, why) < 0)
                return -1;
        return any;
}
