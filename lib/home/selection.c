/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selection links: made, found, pressed, taken away. */
#include "home/selection.h"

#include <string.h>

#include "bridge/session.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/catalog.h"
#include "home/dossier.h"
#include "home/event.h"
#include "home/records.h"
#include "home/selection_state.h"

#define ID_LEN 16
#define TOKEN_LEN 26 /* 130 bits */
#define KEPT_MAX 50  /* of one application */
#define TRIES 8

static char *token_of(struct home *h, const struct org *org, const char *id)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
        unsigned char key[SECRET_KEY_SIZE], digest[SECRET_DIGEST_SIZE];
        char *token = mem_alloc(TOKEN_LEN + 1);

        secret_derive(home_root(h), "selection-token", org->name, key);
        secret_hmac(key, sizeof key, id, strlen(id), digest);
        for (int i = 0; i < TOKEN_LEN; i++)
                token[i] = letters[digest[i] & 31];
        mem_wipe(key, sizeof key);
        return token;
}

static char *index_of(struct home *h, const struct org *org, const char *id)
{
        char *token = token_of(h, org, id), *index = record_digest(token, NULL);

        mem_free_secret(token);
        return index;
}

/* --- making ---------------------------------------------------------------------------------- */

static void order_link(struct plan *p, const char *kind, const char *application, const char *id,
                       int64_t now_ms)
{
        char *ats = dossier_connection(application);
        struct action_order order = { .kind = kind,
                                      .connection = ats,
                                      .application = application,
                                      .with = json_object(),
                                      .due_ms = now_ms,
                                      .now_ms = now_ms };

        json_set_text(order.with, "selection", id);
        plan_action(p, &order);
        mem_free(ats);
}

/* An open selection in a list: 1 and *id, 0, -1. */
static int find_open(struct org *org, const json_t *list, char **id, struct fail *why)
{
        const json_t *ids = json_object_get(list, "ids");
        int found = 0;

        for (size_t i = 0; found == 0 && i < json_array_size(ids); i++) {
                const char *one = json_text_of(json_array_get(ids, i), "");
                json_t *record = NULL;

                found = record_get(org, "selection", one, &record, why);
                if (found == 1)
                        found = text_equal(json_get_text(record, "state", ""), "open");
                if (found == 1)
                        *id = mem_text(one);
                json_decref(record);
        }
        return found;
}

static json_t *new_record(const struct selection_order *order, int64_t now_ms)
{
        json_t *record = json_object(), *stage = json_object();

        json_set_text(record, "application", order->application);
        json_set_text(record, "platform", order->platform);
        json_set_text(record, "rule", order->rule);
        json_set_text(record, "entry", order->entry);
        json_set_text(stage, "id", order->stage_id);
        json_set_text(stage, "name", order->stage_name);
        json_set(record, "stage", stage);
        json_set_text(record, "state", "open");
        json_set_int(record, "made_ms", now_ms);
        return record;
}

static void put_new(struct plan *p, struct home *h, struct org *org, const char *id, json_t *record,
                    const char *key, const json_t *read)
{
        char *index = index_of(h, org, id);
        json_t *pointer = json_object(),
               *list = read == NULL ? json_object() : json_deep_copy(read);
        json_t *ids;

        json_set_text(pointer, "selection", id);
        record_put(p->batch, "selection-token", index, pointer);
        record_put(p->batch, "selection", id, record);
        dossier_add_text(list, "ids", id);
        ids = json_object_get(list, "ids");
        while (json_array_size(ids) > KEPT_MAX)
                json_array_remove(ids, 0);
        plan_guard(p, "selections", key, read);
        record_put(p->batch, "selections", key, list);
        json_decref(list);
        json_decref(pointer);
        mem_free(index);
}

int selection_plan(struct plan *p, const struct trade *trade, struct org *org,
                   const struct selection_order *order, struct fail *why)
{
        int64_t now = trade_now(trade);
        json_t *read = NULL, *record;
        char *id = NULL, *key = record_digest(order->application, order->platform);
        int found = record_get(org, "selections", key, &read, why);

        if (found >= 0)
                found = find_open(org, read, &id, why);
        if (found == 0) {
                id = secret_token(ID_LEN);
                record = new_record(order, now);
                put_new(p, trade->home, org, id, record, key, read);
                json_decref(record);
                found = catalog_plan(p, org, order->platform, now, why) == 0 ? 0 : -1;
        }
        if (found >= 0)
                order_link(p, "add_link", order->application, id, now);
        mem_free(id);
        mem_free(key);
        json_decref(read);
        return found < 0 ? -1 : 0;
}

/* "once" of the order that takes the link away. */
static char *removal_of(const char *id)
{
        return mem_format("selection-link|%s", id);
}

enum selection_link selection_link(const struct trade *trade, struct org *org, const char *id,
                                   struct fail *why)
{
        char *removal = removal_of(id);
        json_t *record = NULL, *tests = NULL;
        enum selection_link answer = SELECTION_LINK_BROKEN;
        int found = record_get(org, "selection", id, &record, why),
            gone = found < 0 ? -1 : plan_happened(org, removal, why), known = -1;

        if (gone == 0)
                known = catalog_read(trade->home, org, json_get_text(record, "platform", ""),
                                     trade_now(trade), &tests, why);
        if (found == 0 || gone == 1)
                answer = SELECTION_LINK_NO;
        else if (known >= 0)
                answer = known == 1 ? SELECTION_LINK_YES : SELECTION_LINK_LATER;
        json_decref(tests);
        json_decref(record);
        mem_free(removal);
        return answer;
}

/* --- finding --------------------------------------------------------------------------------- */

int selection_url(struct home *h, struct org *org, const char *id, char **url, struct fail *why)
{
        json_t *record = NULL, *self = NULL;
        int found = record_get(org, "selection", id, &record, why);
        char *token;

        if (found == 1)
                found = record_get(org, "org", "self", &self, why);
        if (found == 1) {
                token = token_of(h, org, id);
                *url = mem_format("%s/assessment/%s/select/%s",
                                  json_get_text(self, "public_url", ""), org->name, token);
                mem_free_secret(token);
        }
        json_decref(self);
        json_decref(record);
        return found;
}

int selection_by_token(struct home *h, struct org *org, const char *token, char **id,
                       json_t **record, struct fail *why)
{
        struct store *store = org != NULL ? org->store : home_nobody(h, why);
        char *index = record_digest(token, NULL);
        struct buf value = BUF_NONE;
        json_t *pointer = NULL;
        int found = store == NULL ? -1 : store_get(store, "selection-token", index, &value, why);

        *id = NULL;
        *record = NULL;
        if (found > 0 && org != NULL) {
                pointer = json_parse(value.data, value.len, false, why);
                *id = mem_text(json_get_text(pointer, "selection", ""));
                found = pointer == NULL ? -1 : record_get(org, "selection", *id, record, why);
                if (found <= 0) {
                        mem_free(*id);
                        *id = NULL;
                }
                json_decref(pointer);
        }
        buf_dispose(&value);
        mem_free(index);
        return org == NULL && found > 0 ? 0 : found;
}

/* --- pressing Send --------------------------------------------------------------------------- */

/* The title of a test in the list: 1 and *title, 0 it is not there, -1. */
static int find_test(const struct trade *trade, struct org *org, const char *platform,
                     const char *test, char **title, struct fail *why)
{
        json_t *tests = NULL;
        int found = catalog_read(trade->home, org, platform, trade_now(trade), &tests, why);

        if (found == 1) {
                found = 0;
                for (size_t i = 0; i < json_array_size(tests) && found == 0; i++) {
                        const json_t *one = json_array_get(tests, i);

                        if (text_equal(json_get_text(one, "id", NULL), test)) {
                                *title = mem_text(json_get_text(one, "title", test));
                                found = 1;
                        }
                }
        }
        json_decref(tests);
        return found;
}

static int order_sending(const struct trade *trade, struct org *org, const char *id,
                         const json_t *read, const char *test, const char *title, struct fail *why)
{
        int64_t now = trade_now(trade);
        json_t *record = json_deep_copy(read);
        struct action_order order = { .kind = "send_assessment",
                                      .connection = json_get_text(read, "platform", ""),
                                      .application = json_get_text(read, "application", ""),
                                      .rule = json_get_text(read, "rule", NULL),
                                      .with = json_object(),
                                      .due_ms = now,
                                      .now_ms = now };
        struct plan p;
        int result;

        json_set_text(order.with, "assessment", test);
        json_set_text(order.with, "entry", json_get_text(read, "entry", NULL));
        json_set(order.with, "stage", json_deep_copy(json_object_get(read, "stage")));
        json_set_text(order.with, "selection", id);
        json_set_text(record, "state", "sent");
        json_set_text(record, "test", test);
        json_set_text(record, "title", title);
        json_set_int(record, "sent_ms", now);
        plan_init(&p);
        plan_guard(&p, "selection", id, read);
        record_put(p.batch, "selection", id, record);
        plan_action(&p, &order);
        batch_put_number(p.batch, "selection-action", id, 0);
        result = plan_commit(&p, org, why);
        if (result == 0)
                event_wake(trade->home, org->name, NULL, now, NULL);
        plan_dispose(&p);
        json_decref(record);
        return result;
}

static enum selection_answer send_once(const struct trade *trade, struct org *org, const char *id,
                                       const char *test, struct fail *why)
{
        struct selection_now now = { 0 };
        json_t *record = NULL;
        char *title = NULL;
        enum selection_answer answer = SELECTION_BROKEN;
        int found = record_get(org, "selection", id, &record, why);

        if (found == 0)
                answer = SELECTION_OVER;
        if (found != 1 || selection_now(org, id, record, &now, why) != 0)
                goto out;
        if (now.state == SELECTION_IS_OVER) {
                answer = SELECTION_OVER;
        } else if (now.state != SELECTION_CHOOSE) {
                answer = SELECTION_SENT; /* an earlier press */
        } else {
                found =
                    find_test(trade, org, json_get_text(record, "platform", ""), test, &title, why);
                if (found == 0)
                        answer = SELECTION_UNKNOWN;
                else if (found == 1 && order_sending(trade, org, id, record, test, title, why) == 0)
                        answer = SELECTION_SENT;
        }
out:
        selection_now_dispose(&now);
        mem_free(title);
        json_decref(record);
        return answer;
}

enum selection_answer selection_send(const struct trade *trade, struct org *org, const char *id,
                                     const char *test, struct fail *why)
{
        enum selection_answer answer;

        for (int i = 0;; i++) {
                answer = send_once(trade, org, id, test, why);
                if (answer != SELECTION_BROKEN || why->kind != FAIL_CONFLICT || i == TRIES)
                        return answer;
                fail_clear(why); /* the other press: look again */
        }
}

/* --- the end --------------------------------------------------------------------------------- */

/* Once, whoever sees first that the link is not needed: the sending or the session's end. */
int selection_sent(struct plan *p, struct org *org, const char *application, const char *id,
                   int64_t now_ms, struct fail *why)
{
        char *once = removal_of(id);
        int before = plan_once(p, org, once, now_ms, why);

        if (before == 0)
                order_link(p, "remove_link", application, id, now_ms);
        mem_free(once);
        return before < 0 ? -1 : 0;
}

int selection_close(struct plan *p, struct org *org, const char *application, const char *session,
                    const char *test, int64_t now_ms, struct fail *why)
{
        char *platform = dossier_connection(session), *key = record_digest(application, platform);
        json_t *list = NULL;
        const json_t *ids;
        int found = record_get(org, "selections", key, &list, why);

        ids = json_object_get(list, "ids");
        for (size_t i = 0; found >= 0 && i < json_array_size(ids); i++) {
                const char *id = json_text_of(json_array_get(ids, i), "");
                json_t *read = NULL, *record;

                found = record_get(org, "selection", id, &read, why);
                if (found == 1 && text_equal(json_get_text(read, "state", ""), "sent") &&
                    text_equal(json_get_text(read, "test", ""), test)) {
                        record = json_deep_copy(read);
                        json_set_text(record, "state", "over");
                        plan_guard(p, "selection", id, read);
                        record_put(p->batch, "selection", id, record);
                        if (selection_sent(p, org, application, id, now_ms, why) != 0)
                                found = -1;
                        json_decref(record);
                }
                json_decref(read);
        }
        json_decref(list);
        mem_free(key);
        mem_free(platform);
        return found < 0 ? -1 : 0;
}

struct erasing {
        struct plan *p;
        struct home *h;
        struct org *org;
        const char *application;
        struct fail *why;
};

static int erase_platform(void *context, const char *platform)
{
        struct erasing *e = context;
        char *key = record_digest(e->application, platform);
        json_t *list = NULL;
        const json_t *ids;
        int found = record_get(e->org, "selections", key, &list, e->why);

        ids = json_object_get(list, "ids");
        for (size_t i = 0; i < json_array_size(ids); i++) {
                const char *id = json_text_of(json_array_get(ids, i), "-");
                char *index = index_of(e->h, e->org, id);

                batch_delete(e->p->batch, "selection-token", index);
                batch_delete(e->p->batch, "selection", id);
                batch_delete(e->p->batch, "selection-action", id);
                mem_free(index);
        }
        if (found == 1)
                batch_delete(e->p->batch, "selections", key);
        json_decref(list);
        mem_free(key);
        return found < 0 ? -1 : 0;
}

int selection_erase(struct plan *p, struct home *h, struct org *org, const char *application,
                    struct fail *why)
{
        struct erasing e = { p, h, org, application, why };

        return connection_each(h, org, erase_platform, &e, why) == 0 ? 0 : -1;
}
