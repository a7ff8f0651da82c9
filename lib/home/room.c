/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interviews: the live session behind a stable link of ours. */
#include "home/room.h"

#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/event.h"
#include "home/keyring.h"
#include "home/records.h"

#define TAKEN_BACK_MS (10 * WHEN_MINUTE) /* clocks differ: look that much further back */
#define OTHER_WAIT_MS (30 * WHEN_SECOND) /* another is making it: its time before it is lost */
#define TRIES 8                          /* somebody else may change the same record meanwhile */

int room_load(struct org *org, const char *id, json_t **record, struct fail *why)
{
        return record_get(org, "interview", id, record, why);
}

static char *platform_key(const char *platform, const char *id)
{
        return mem_format("%s:%s", platform, id);
}

void room_put(struct plan *p, const char *id, const json_t *read, json_t *record)
{
        const char *made = json_get_text(record, "platform_id", NULL),
                   *state = json_get_text(record, "state", "ready");
        json_t *index;
        char *key;

        plan_guard(p, "interview", id, read);
        record_put(p->batch, "interview", id, record);
        if (text_equal(state, "ready") || text_equal(state, "made"))
                batch_join(p->batch, "open-interviews", id);
        else
                batch_leave(p->batch, "open-interviews", id);
        if (made != NULL) {
                key = platform_key(json_get_text(record, "platform", ""), made);
                index = json_object();
                json_set_text(index, "interview", id);
                record_put(p->batch, "interview-platform", key, index);
                json_decref(index);
                mem_free(key);
        }
}

static char *bound_to(const struct org *org, const char *id)
{
        return mem_format("%s/interview/%s/url", org->name, id);
}

int room_url(struct home *h, struct org *org, const char *id, const json_t *record, char **url,
             struct fail *why)
{
        const char *sealed = json_get_text(record, "url", NULL);
        struct buf plain = BUF_NONE;
        char *bound;
        int result;

        *url = NULL;
        if (sealed == NULL)
                return 0;
        bound = bound_to(org, id);
        result = home_unseal(h, bound, sealed, &plain, why);
        mem_free(bound);
        if (result == 0)
                *url = buf_take(&plain);
        buf_dispose_secret(&plain);
        return result == 0 ? 1 : -1;
}

static int trouble(struct outcome *o, const struct fail *why)
{
        return outcome_set(o, OUTCOME_AGAIN, "Our own records could not be used just now.", "%s",
                           why->text);
}

static int store(struct org *org, const char *id, const json_t *read, json_t *record,
                 struct fail *why)
{
        struct plan p;
        int result;

        plan_init(&p);
        room_put(&p, id, read, record);
        result = plan_commit(&p, org, why);
        plan_dispose(&p);
        return result;
}

/* The record and the platform, opened: 0, or -1 with the outcome. */
static int open_both(const struct trade *trade, struct org *org, const char *id, json_t **record,
                     struct desk *desk, struct outcome *o)
{
        struct fail why = FAIL_CLEAR;
        int found = room_load(org, id, record, &why);

        memset(desk, 0, sizeof *desk);
        if (found == 0)
                return outcome_set(o, OUTCOME_REFUSED, "This interview does not exist.", "absent");
        if (found == 1)
                found = desk_open(desk, trade, org, json_get_text(*record, "platform", ""), &why);
        if (found < 0)
                return trouble(o, &why);
        if (found == 0 || desk->kind->platform == NULL ||
            desk->kind->platform->create_interview == NULL)
                return outcome_set(o, OUTCOME_REFUSED,
                                   "The interview platform is not connected any more.",
                                   "no platform");
        return 0;
}

struct taken {
        struct org *org;
        const char *platform, *interview;
};

/* An id that belongs to another interview of ours.  What cannot be told counts as taken: two
 * candidates must never meet in one room. */
static bool is_taken(void *context, const char *id)
{
        struct taken *t = context;
        char *key = platform_key(t->platform, id);
        json_t *index = NULL;
        int found = record_get(t->org, "interview-platform", key, &index, NULL);
        bool taken = found < 0 || (found == 1 && !text_equal(json_get_text(index, "interview", ""),
                                                             t->interview));

        json_decref(index);
        mem_free(key);
        return taken;
}

static void order_of(const json_t *record, struct interview_order *order)
{
        memset(order, 0, sizeof *order);
        order->candidate_name = json_get_text(record, "candidate_name", NULL);
        order->candidate_email = json_get_text(record, "candidate_email", NULL);
        order->template_id = json_get_text(record, "template_id", NULL);
}

static int create(struct desk *desk, struct org *org, const char *id, const json_t *record,
                  int64_t began_ms, struct interview_made *made, struct outcome *o)
{
        struct taken taken = { org, desk->connection->id, id };
        struct interview_order order;

        order_of(record, &order);
        if (began_ms > 0 && order.candidate_email != NULL &&
            desk->kind->platform->find_interview != NULL) {
                if (desk->kind->platform->find_interview(&desk->link, order.candidate_email,
                                                         began_ms - TAKEN_BACK_MS, is_taken, &taken,
                                                         made, o) != 0)
                        return -1;
                if (made->id != NULL)
                        return 0;
        }
        return desk->kind->platform->create_interview(&desk->link, &order, made, o);
}

/* What the platform was told is not what holds by now: that is one more action. */
static void order_what_changed(struct plan *p, const char *id, const json_t *told,
                               const json_t *record, int64_t now_ms)
{
        const char *state = json_get_text(record, "state", "ready");
        struct action_order order = { .connection = json_get_text(record, "platform", ""),
                                      .due_ms = now_ms,
                                      .now_ms = now_ms };

        if (text_equal(state, "cancelled"))
                order.kind = "delete_interview";
        else if (!text_equal(json_get_text(told, "candidate_name", NULL),
                             json_get_text(record, "candidate_name", NULL)) ||
                 !text_equal(json_get_text(told, "candidate_email", NULL),
                             json_get_text(record, "candidate_email", NULL)))
                order.kind = "edit_interview";
        else
                return;
        order.with = json_object();
        json_set_text(order.with, "interview", id);
        plan_action(p, &order);
}

/* The platform speaks of its room, not of our interview. */
static void put_room(struct plan *p, const char *id, const json_t *record)
{
        char *key = dossier_key(json_get_text(record, "platform", ""),
                                json_get_text(record, "platform_id", ""));
        json_t *room = json_object();

        json_set_text(room, "interview", id);
        if (key != NULL)
                record_put(p->batch, "room", key, room);
        json_decref(room);
        mem_free(key);
}

/* Puts what was made, and what follows from a change meanwhile, into the store. */
static int keep_once(const struct trade *trade, struct org *org, const char *id, const json_t *told,
                     const struct interview_made *made, const json_t *read, struct fail *why)
{
        json_t *record = json_deep_copy(read);
        struct buf sealed = BUF_NONE;
        char *bound = bound_to(org, id);
        struct plan p;
        int result;

        json_set_text(record, "platform_id", made->id);
        plan_init(&p);
        home_seal(trade->home, org, p.batch, bound, made->url, strlen(made->url), &sealed);
        json_set_text(record, "url", buf_text(&sealed));
        if (text_equal(json_get_text(record, "state", "ready"), "ready"))
                json_set_text(record, "state", "made");
        json_object_del(record, "making_ms");
        json_set_int(record, "changed_ms", trade_now(trade));
        room_put(&p, id, read, record);
        put_room(&p, id, record);
        order_what_changed(&p, id, told, record, trade_now(trade));
        result = plan_commit(&p, org, why);
        if (result == 0 && p.actions != NULL)
                event_wake(trade->home, org->name, NULL, trade_now(trade), NULL);
        plan_dispose(&p);
        buf_dispose(&sealed);
        mem_free(bound);
        json_decref(record);
        return result;
}

/* What was made goes into the record as it is by now: 0 with *url, or -1.  told is the record
 * that the platform was told of.  1: somebody else's room stands there, *url is that one. */
static int keep(const struct trade *trade, struct org *org, const char *id, const json_t *told,
                const struct interview_made *made, char **url, struct outcome *o)
{
        struct fail why = FAIL_CLEAR;
        int result = -1;

        for (int i = 0; i < TRIES && result < 0; i++) {
                const char *there;
                json_t *read = NULL;
                int found;

                fail_clear(&why);
                found = room_load(org, id, &read, &why);
                there = json_get_text(read, "platform_id", NULL);
                if (found == 1 && there != NULL && !text_equal(there, made->id))
                        result = room_url(trade->home, org, id, read, url, &why) == 1 ? 1 : -1;
                else if (found == 1)
                        result = keep_once(trade, org, id, told, made, read, &why);
                else if (found == 0)
                        fail_set(&why, FAIL_BROKEN, "the interview is gone");
                json_decref(read);
                if (result < 0 && why.kind != FAIL_CONFLICT)
                        break;
        }
        if (result < 0)
                return trouble(o, &why);
        if (result == 0)
                *url = mem_text(made->url);
        return result;
}

/* It certainly was not made: the next one need not wait nor look for it. */
static void give_up(struct org *org, const char *id)
{
        struct fail why = FAIL_CLEAR;
        int result = -1;

        for (int i = 0; i < TRIES && result != 0; i++) {
                json_t *read = NULL, *record;

                fail_clear(&why);
                if (room_load(org, id, &read, &why) != 1)
                        return;
                record = json_deep_copy(read);
                json_object_del(record, "making_ms");
                result = store(org, id, read, record, &why);
                json_decref(record);
                json_decref(read);
                if (result != 0 && why.kind != FAIL_CONFLICT)
                        return;
        }
}

enum claim {
        CLAIM_THERE,    /* somebody made it: *url */
        CLAIM_OURS,     /* made durable; *record is what the platform is to be told, *began
                           when somebody began before and was not heard of again */
        CLAIM_OTHER,    /* another one is at it */
        CLAIM_CONFLICT, /* somebody changed the record between reading and writing */
        CLAIM_NONE
};

static enum claim claim(const struct trade *trade, struct org *org, const char *id, json_t **record,
                        struct desk *desk, int64_t *began, char **url, struct outcome *o)
{
        struct fail why = FAIL_CLEAR;
        int64_t now = trade_now(trade);
        json_t *read = NULL;
        const char *state;
        enum claim result = CLAIM_NONE;
        int found;

        if (open_both(trade, org, id, &read, desk, o) != 0)
                goto out;
        state = json_get_text(read, "state", "ready");
        if (text_equal(state, "cancelled") || text_equal(state, "over")) {
                outcome_set(o, OUTCOME_REFUSED,
                            text_equal(state, "over") ? "This interview is over."
                                                      : "This interview was cancelled.",
                            "%s", state);
                goto out;
        }
        found = room_url(trade->home, org, id, read, url, &why);
        if (found != 0) {
                if (found == 1)
                        result = CLAIM_THERE;
                else
                        trouble(o, &why);
                goto out;
        }
        *began = json_get_int(read, "making_ms", 0);
        if (*began > 0 && now >= *began && now - *began < trade_wait(trade, OTHER_WAIT_MS)) {
                outcome_set(o, OUTCOME_AGAIN, "The interview is being made right now.",
                            "another one is making it");
                o->wait_ms = trade_wait(trade, 2 * WHEN_SECOND);
                result = CLAIM_OTHER;
                goto out;
        }
        *record = json_deep_copy(read);
        json_set_int(*record, "making_ms", now);
        if (store(org, id, read, *record, &why) == 0) {
                result = CLAIM_OURS;
        } else {
                trouble(o, &why);
                result = why.kind == FAIL_CONFLICT ? CLAIM_CONFLICT : CLAIM_NONE;
        }
out:
        json_decref(read);
        return result;
}

int room_make(const struct trade *trade, struct org *org, const char *id, char **url,
              struct outcome *outcome)
{
        struct interview_made made = { NULL, NULL };
        struct outcome surplus = OUTCOME_NONE;
        json_t *record = NULL;
        struct desk desk = { 0 };
        enum claim claimed = CLAIM_CONFLICT;
        int64_t began = 0;
        int result;

        *url = NULL;
        for (int i = 0; i < TRIES && claimed == CLAIM_CONFLICT; i++) {
                json_decref(record);
                record = NULL;
                desk_close(&desk);
                *outcome = (struct outcome)OUTCOME_NONE;
                claimed = claim(trade, org, id, &record, &desk, &began, url, outcome);
        }
        if (claimed != CLAIM_OURS) {
                result = claimed == CLAIM_THERE ? 0 : claimed == CLAIM_OTHER ? 1 : -1;
                goto out;
        }
        if (create(&desk, org, id, record, began, &made, outcome) == 0) {
                result = keep(trade, org, id, record, &made, url, outcome);
                if (result == 1) { /* ours came too late: nobody knows of it */
                        if (desk.kind->platform->delete_interview != NULL)
                                desk.kind->platform->delete_interview(&desk.link, made.id,
                                                                      &surplus);
                        result = 0;
                }
        } else {
                result = -1;
                if (outcome->kind != OUTCOME_UNCERTAIN)
                        give_up(org, id);
        }
out:
        mem_free(made.id);
        mem_free_secret(made.url);
        desk_close(&desk);
        json_decref(record);
        return result;
}

int room_delete(const struct trade *trade, struct org *org, const char *id, struct outcome *outcome)
{
        json_t *record = NULL;
        struct desk desk;
        const char *made;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        result = open_both(trade, org, id, &record, &desk, outcome);
        made = json_get_text(record, "platform_id", NULL);
        if (result == 0 && made != NULL && desk.kind->platform->delete_interview != NULL) {
                result = desk.kind->platform->delete_interview(&desk.link, made, outcome);
                if (result != 0 && outcome->kind == OUTCOME_ABSENT) {
                        outcome->kind = OUTCOME_DONE;
                        result = 0;
                }
        }
        desk_close(&desk);
        json_decref(record);
        return result;
}

int room_edit(const struct trade *trade, struct org *org, const char *id, struct outcome *outcome)
{
        struct interview_made made = { NULL, NULL };
        struct interview_order order;
        json_t *record = NULL;
        struct desk desk;
        const char *at;
        char *url = NULL;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        result = open_both(trade, org, id, &record, &desk, outcome);
        at = json_get_text(record, "platform_id", NULL);
        if (result == 0 && at != NULL && desk.kind->platform->edit_interview != NULL) {
                order_of(record, &order);
                result =
                    desk.kind->platform->edit_interview(&desk.link, at, &order, &made, outcome);
                if (result == 0 && made.id != NULL && made.url != NULL)
                        result = keep(trade, org, id, record, &made, &url, outcome) < 0 ? -1 : 0;
        }
        mem_free_secret(url);
        mem_free(made.id);
        mem_free_secret(made.url);
        desk_close(&desk);
        json_decref(record);
        return result;
}
