/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interview links: made, moved, cancelled and shown, from state alone. */
#include "home/interview.h"

#include <string.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/connection.h"
#include "home/event.h"
#include "home/interview_document.h"
#include "home/interview_parts.h"
#include "home/plan.h"
#include "home/records.h"

#define TOKEN_LEN 26 /* 130 bits */
#define TRIES 8      /* somebody else may change the same record meanwhile */

static char *interview_token(struct home *h, const struct org *org, const char *id)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
        unsigned char key[SECRET_KEY_SIZE], digest[SECRET_DIGEST_SIZE];
        char *token = mem_alloc(TOKEN_LEN + 1);

        /* Derived, so that the link can be shown again without resting anywhere in clear. */
        secret_derive(home_root(h), "interview-token", org->name, key);
        secret_hmac(key, sizeof key, id, strlen(id), digest);
        for (int i = 0; i < TOKEN_LEN; i++)
                token[i] = letters[digest[i] & 31];
        mem_wipe(key, sizeof key);
        return token;
}

static int public_url(struct org *org, char **url, struct fail *why)
{
        json_t *self = NULL;
        int found = record_share(org, "org", "self", &self, why);

        if (found <= 0)
                return found < 0 ? -1 : fail_set(why, FAIL_BROKEN, "the org has no address");
        *url = mem_text(json_get_text(self, "public_url", ""));
        json_decref(self);
        return 0;
}

char *interview_address(struct home *h, struct org *org, const char *id, struct fail *why)
{
        char *base = NULL, *token, *link;

        if (public_url(org, &base, why) != 0)
                return NULL;
        token = interview_token(h, org, id);
        link = mem_format("%s/interview-link/%s/join/%s", base, org->name, token);
        mem_free(token);
        mem_free(base);
        return link;
}

static void set_time(json_t *view, const char *name, int64_t ms)
{
        struct buf text = BUF_NONE;

        if (ms != 0)
                when_iso(&text, ms);
        json_set_text(view, name, ms == 0 ? NULL : buf_text(&text));
        buf_dispose(&text);
}

/* What the caller is shown, of an interview whose org stands at base. */
static json_t *view_of(const struct org *org, const char *base, const char *token, const char *id,
                       const json_t *record)
{
        char *link = mem_format("%s/interview-link/%s/join/%s", base, org->name, token);
        char *calendar = mem_format("%s.ics", link);
        char *self = mem_format("%s/interview-link/%s/%s", base, org->name, id);
        json_t *candidate = json_object(), *view = json_object();

        json_set_text(view, "id", id);
        json_set_text(view, "self", self);
        json_set_text(view, "url", link);
        json_set_text(view, "calendar_url", calendar);
        json_set_text(view, "state", json_get_text(record, "state", "ready"));
        json_set_text(view, "title", json_get_text(record, "title", NULL));
        json_set_text(candidate, "name", json_get_text(record, "candidate_name", NULL));
        json_set_text(candidate, "email", json_get_text(record, "candidate_email", NULL));
        json_set(view, "candidate", candidate);
        json_set_text(view, "interviewer_email", json_get_text(record, "interviewer_email", NULL));
        set_time(view, "starts_at", json_get_int(record, "starts_ms", 0));
        set_time(view, "ends_at", json_get_int(record, "ends_ms", 0));
        json_set_int(view, "sequence", json_get_int(record, "sequence", 0));
        set_time(view, "created_at", json_get_int(record, "created_ms", 0));
        mem_free(self);
        mem_free(calendar);
        mem_free(link);
        return view;
}

static int show(struct home *h, struct org *org, const char *id, const json_t *record,
                json_t **view, struct fail *why)
{
        char *base = NULL, *token;

        if (public_url(org, &base, why) != 0)
                return -1;
        token = interview_token(h, org, id);
        *view = view_of(org, base, token, id, record);
        mem_free(token);
        mem_free(base);
        return 0;
}

struct choosing {
        struct org *org;
        char *found;
        int count;
        struct fail *why;
};

/* settings: of the connection. */
static bool gives_interviews(const struct kind *kind, const json_t *settings)
{
        const struct platform *p = kind == NULL ? NULL : kind->platform;

        return p != NULL && p->create_interview != NULL &&
               (p->gives_interviews == NULL || p->gives_interviews(settings));
}

static int choose_platform(void *context, const char *id)
{
        struct choosing *c = context;
        json_t *record = NULL;
        const struct kind *kind;

        if (record_share(c->org, "connection", id, &record, c->why) != 1)
                return 0;
        kind = kind_find(json_get_text(record, "kind", ""));
        if (gives_interviews(kind, json_object_get(record, "settings"))) {
                if (c->count++ == 0)
                        c->found = mem_text(id);
        }
        json_decref(record);
        return 0;
}

/* The platform that gives the room: the one named, or the only one there is. */
static int settle_platform(struct home *h, struct org *org, json_t *record, struct fail *why)
{
        const char *named = json_get_text(record, "platform", NULL);
        struct choosing c = { org, NULL, 0, why };
        struct connection *connection = NULL;
        int result = 0;

        if (named != NULL) {
                int found = connection_load(h, org, named, &connection, why);

                if (found < 0)
                        return -1;
                if (found == 0 || !gives_interviews(connection->kind, connection->settings))
                        result = fail_set(why, FAIL_INPUT,
                                          "platform: %.40s is no connection that gives interviews",
                                          named);
                connection_free(connection);
                return result;
        }
        if (connection_each(h, org, choose_platform, &c, why) != 0)
                result = -1;
        else if (c.count == 0)
                result = fail_set(why, FAIL_INPUT,
                                  "platform: no connection of this organisation gives interviews");
        else if (c.count > 1)
                result = fail_set(why, FAIL_INPUT, "platform: is missing; there are several");
        else
                json_set_text(record, "platform", c.found);
        mem_free(c.found);
        return result;
}

static int check_ats(struct home *h, struct org *org, const json_t *record, struct fail *why)
{
        const char *ats = json_get_text(record, "ats", NULL);
        struct connection *connection = NULL;
        int found, result = 0;

        if (ats == NULL)
                return 0;
        found = connection_load(h, org, ats, &connection, why);
        if (found < 0)
                return -1;
        if (found == 0 || connection->kind->ats == NULL ||
            connection->kind->ats->set_interview_link == NULL)
                result =
                    fail_set(why, FAIL_INPUT,
                             "ats: %.40s is no connection whose interviews can hold a link", ats);
        connection_free(connection);
        return result;
}

/* The link goes into the ATS's own interview, if one was named. */
static void order_ats_link(struct plan *p, struct home *h, struct org *org, const char *token,
                           const json_t *record, const char *base)
{
        const char *ats = json_get_text(record, "ats", NULL);
        struct connection *connection = NULL;
        json_t *with;
        char *url;

        if (ats == NULL)
                return;
        if (connection_load(h, org, ats, &connection, NULL) == 1) {
                struct action_order order = { .kind = "set_interview_link", .connection = ats };

                url = mem_format("%s/interview-link/%s/join/%s", base, org->name, token);
                with = json_object();
                json_set_text(with, "interview_id", json_get_text(record, "ats_interview", ""));
                json_set_text(with, "field",
                              json_get_text(connection->settings, "interview_field", "location"));
                json_set_text(with, "url", url);
                order.with = with;
                order.due_ms = order.now_ms = when_now_ms();
                plan_action(p, &order);
                mem_free(url);
        }
        connection_free(connection);
}

/* Was this Idempotency-Key used before?  1 with *answer, 0 no, -1 broken or used otherwise. */
static enum interview_answer repeated(struct home *h, struct org *org, const char *slot,
                                      const char *digest, json_t **view, struct fail *why)
{
        json_t *old = NULL, *record = NULL;
        enum interview_answer answer = INTERVIEW_ABSENT;
        int found = record_get(org, "idempotency", slot, &old, why);
        const char *id;

        if (found <= 0)
                return found < 0 ? INTERVIEW_BROKEN : INTERVIEW_ABSENT;
        id = json_get_text(old, "answer.interview", "");
        if (!text_equal(json_get_text(old, "request", NULL), digest))
                answer = INTERVIEW_KEY_USED;
        else if (record_get(org, "interview", id, &record, why) != 1 ||
                 show(h, org, id, record, view, why) != 0)
                answer = INTERVIEW_BROKEN;
        else
                answer = INTERVIEW_REPEATED;
        json_decref(record);
        json_decref(old);
        return answer;
}

/* Forgotten in the order of the series (prune.c). */
static void remember(struct plan *p, const char *slot, const char *digest, const char *id)
{
        json_t *record = json_object(), *answer = json_object(), *used = json_object();

        json_set_text(record, "request", digest);
        json_set_int(record, "status", 201);
        json_set_text(answer, "interview", id);
        json_set(record, "answer", answer);
        json_set_int(record, "at_ms", when_now_ms());
        batch_require_absent(p->batch, "idempotency", slot);
        record_put(p->batch, "idempotency", slot, record);
        json_set_text(used, "slot", slot);
        record_append(p->batch, "used-keys", used, NULL);
        json_decref(used);
        json_decref(record);
}

static void put_new(struct plan *p, const char *token, const char *id, json_t *record)
{
        char *index = record_digest(token, NULL);
        json_t *pointer = json_object();

        json_set_text(pointer, "interview", id);
        record_put(p->batch, "interview", id, record);
        record_put(p->batch, "interview-token", index, pointer);
        batch_join(p->batch, "open-interviews", id);
        json_decref(pointer);
        mem_free(index);
}

void interview_put_new(struct plan *p, struct home *h, struct org *org, const char *id,
                       json_t *record)
{
        char *token = interview_token(h, org, id);

        put_new(p, token, id, record);
        mem_free(token);
}

static int create(struct home *h, struct org *org, json_t *record, const char *slot,
                  const char *digest, json_t **view, struct fail *why)
{
        char *id = secret_token(INTERVIEW_ID_LEN), *token = interview_token(h, org, id);
        char *base = NULL;
        struct plan p;
        int result;

        plan_init(&p);
        result = public_url(org, &base, why);
        if (result == 0) {
                put_new(&p, token, id, record);
                if (slot != NULL)
                        remember(&p, slot, digest, id);
                order_ats_link(&p, h, org, token, record, base);
                result = plan_commit(&p, org, why);
        }
        if (result == 0)
                *view = view_of(org, base, token, id, record);
        if (result == 0 && p.actions != NULL)
                event_wake(h, org->name, NULL, when_now_ms(), NULL);
        plan_dispose(&p);
        mem_free(base);
        mem_free(token);
        mem_free(id);
        return result;
}

enum interview_answer interview_create(struct home *h, struct org *org, const json_t *document,
                                       const char *key_id, const char *idempotency, json_t **view,
                                       struct fail *why)
{
        char *slot = idempotency != NULL ? record_digest(key_id, idempotency) : NULL;
        char *digest = NULL, *text = NULL;
        enum interview_answer answer = INTERVIEW_BROKEN;
        json_t *record = json_object();

        if (slot != NULL) {
                text = json_text(document);
                digest = record_digest(text, NULL);
                answer = repeated(h, org, slot, digest, view, why);
                if (answer != INTERVIEW_ABSENT)
                        goto out;
        }
        if (interview_take(record, document, why) != 0 ||
            settle_platform(h, org, record, why) != 0 || check_ats(h, org, record, why) != 0) {
                answer = why->kind == FAIL_INPUT ? INTERVIEW_INVALID : INTERVIEW_BROKEN;
                goto out;
        }
        json_set_text(record, "state", "ready");
        json_set_int(record, "sequence", 0);
        json_set_int(record, "created_ms", when_now_ms());
        json_set_int(record, "changed_ms", when_now_ms());
        json_set_text(record, "by", key_id);
        if (create(h, org, record, slot, digest, view, why) == 0) {
                answer = INTERVIEW_DONE;
        } else if (why->kind == FAIL_CONFLICT && slot != NULL) {
                /* The same key at the same moment: the other one won, its answer is ours. */
                fail_clear(why);
                answer = repeated(h, org, slot, digest, view, why);
        } else {
                answer = INTERVIEW_BROKEN;
        }
out:
        json_decref(record);
        mem_free(digest);
        mem_free(text);
        mem_free(slot);
        return answer;
}

/* Tells the platform about a change, if it knows of this interview already. */
void interview_tell_platform(struct plan *p, const char *kind, const char *id, const json_t *record)
{
        struct action_order order = { .kind = kind,
                                      .connection = json_get_text(record, "platform", "") };

        if (json_get_text(record, "platform_id", NULL) == NULL)
                return;
        order.with = json_object();
        json_set_text(order.with, "interview", id);
        order.due_ms = order.now_ms = when_now_ms();
        plan_action(p, &order);
}

bool interview_is_over(const json_t *record)
{
        const char *state = json_get_text(record, "state", "ready");

        return text_equal(state, "cancelled") || text_equal(state, "over");
}

/* One attempt at a change; FAIL_CONFLICT when somebody else was first. */
static enum interview_answer change_once(struct home *h, struct org *org, const char *id,
                                         const json_t *document, json_t **view, struct fail *why)
{
        json_t *old = NULL, *record = NULL;
        enum interview_answer answer = INTERVIEW_BROKEN;
        struct plan p;
        int found = record_get(org, "interview", id, &old, why);

        if (found <= 0)
                return found < 0 ? INTERVIEW_BROKEN : INTERVIEW_ABSENT;
        plan_init(&p);
        record = json_deep_copy(old);
        plan_guard(&p, "interview", id, old);
        if (document == NULL && interview_is_over(old))
                goto as_it_is;
        if (interview_is_over(old)) {
                answer = INTERVIEW_OVER;
                goto out;
        }
        if (document == NULL) {
                json_set_text(record, "state", "cancelled");
                batch_leave(p.batch, "open-interviews", id);
                interview_tell_platform(&p, "delete_interview", id, record);
                interview_clear(&p, id, record, when_now_ms());
        } else {
                if (json_object_get(document, "platform") != NULL ||
                    json_object_get(document, "ats") != NULL ||
                    json_object_get(document, "ats_interview") != NULL) {
                        fail_set(why, FAIL_INPUT,
                                 "platform, ats and ats_interview cannot be changed: cancel this "
                                 "one and make another");
                        answer = INTERVIEW_INVALID;
                        goto out;
                }
                if (interview_take(record, document, why) != 0) {
                        answer = INTERVIEW_INVALID;
                        goto out;
                }
                if (json_equal(record, old)) /* asked twice, or nothing was asked */
                        goto as_it_is;
                interview_tell_platform(&p, "edit_interview", id, record);
        }
        json_set_int(record, "sequence", json_get_int(old, "sequence", 0) + 1);
        json_set_int(record, "changed_ms", when_now_ms());
        record_put(p.batch, "interview", id, record);
        if (plan_commit(&p, org, why) == 0 && show(h, org, id, record, view, why) == 0) {
                answer = INTERVIEW_DONE;
                if (p.actions != NULL)
                        event_wake(h, org->name, NULL, when_now_ms(), NULL);
        }
        goto out;
as_it_is:
        if (show(h, org, id, record, view, why) == 0)
                answer = INTERVIEW_DONE;
out:
        plan_dispose(&p);
        json_decref(record);
        json_decref(old);
        return answer;
}

static enum interview_answer change(struct home *h, struct org *org, const char *id,
                                    const json_t *document, json_t **view, struct fail *why)
{
        enum interview_answer answer;

        if (!text_is_name(id, INTERVIEW_ID_LEN))
                return INTERVIEW_ABSENT;
        for (int i = 0;; i++) {
                answer = change_once(h, org, id, document, view, why);
                if (answer != INTERVIEW_BROKEN || why->kind != FAIL_CONFLICT || i == TRIES)
                        return answer;
                fail_clear(why);
        }
}

enum interview_answer interview_change(struct home *h, struct org *org, const char *id,
                                       const json_t *document, json_t **view, struct fail *why)
{
        return change(h, org, id, document, view, why);
}

enum interview_answer interview_cancel(struct home *h, struct org *org, const char *id,
                                       json_t **view, struct fail *why)
{
        return change(h, org, id, NULL, view, why);
}

enum interview_answer interview_view(struct home *h, struct org *org, const char *id, json_t **view,
                                     struct fail *why)
{
        json_t *record = NULL;
        int found =
            text_is_name(id, INTERVIEW_ID_LEN) ? record_get(org, "interview", id, &record, why) : 0;
        int result;

        if (found <= 0)
                return found < 0 ? INTERVIEW_BROKEN : INTERVIEW_ABSENT;
        result = show(h, org, id, record, view, why);
        json_decref(record);
        return result == 0 ? INTERVIEW_DONE : INTERVIEW_BROKEN;
}

int interview_by_token(struct home *h, struct org *org, const char *token, char **id,
                       json_t **record, struct fail *why)
{
        struct store *store = org != NULL ? org->store : home_nobody(h, why);
        char *index = record_digest(token, NULL);
        struct buf value = BUF_NONE;
        json_t *pointer = NULL;
        int found = store == NULL ? -1 : store_get(store, "interview-token", index, &value, why);

        if (found > 0 && org != NULL) {
                pointer = json_parse(value.data, value.len, false, why);
                *id = mem_text(json_get_text(pointer, "interview", ""));
                found = pointer == NULL ? -1 : record_get(org, "interview", *id, record, why);
                if (found <= 0) {
                        mem_free(*id);
                        *id = NULL;
                }
                json_decref(pointer);
        }
        buf_dispose(&value);
        mem_free(index);
        return found;
}
