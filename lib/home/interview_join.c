/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Join: the one time a program of ours waits for a platform, because a person does.
 *
 * Whoever presses first claims the record (state "making"), calls the platform and stores the
 * room; whoever presses meanwhile waits for that.  A claim that is older than any call can
 * take belongs to a process that died: the next one takes it over and asks the platform
 * first whether a room was made.
 */
#include <string.h>
#include <time.h>

#include "door/secret.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/connection.h"
#include "home/delivery.h"
#include "home/interview.h"
#include "home/interview_private.h"
#include "home/plan.h"
#include "home/records.h"

#define CLAIM_MS (45 * WHEN_SECOND) /* longer than one call can take */
#define WAIT_MS (20 * WHEN_SECOND)  /* for somebody else's call */
#define LOOK_MS 50
#define ROOM_MS (336 * WHEN_HOUR) /* the longest CodeSignal gives (wire/codesignal.md 1.6) */

void interview_wake(struct home *h, const struct org *org)
{
        struct delivery d = { .what = DELIVERY_WAKE, .org = (char *)org->name };
        struct inbox *inbox = home_inbox(h, NULL);
        struct buf record = BUF_NONE;

        d.received_ms = when_now_ms();
        delivery_write(&d, &record);
        if (inbox != NULL)
                inbox_add(inbox, record.data, record.len, NULL, NULL);
        buf_dispose(&record);
}

static char *bound_to(const struct org *org, const char *id)
{
        return mem_format("%s/interview/%s/url", org->name, id);
}

static int open_url(struct home *h, const struct org *org, const char *id, const json_t *record,
                    char **url)
{
        char *bound = bound_to(org, id);
        struct buf plain = BUF_NONE;
        int result =
            secret_open(home_key(h), bound, json_get_text(record, "url", ""), &plain, NULL);

        *url = buf_take(&plain);
        mem_free(bound);
        return result;
}

/* Replaces old by record if nobody was faster. */
static int swap(struct org *org, const char *id, const json_t *old, json_t *record,
                struct fail *why)
{
        struct plan p;
        int result;

        plan_init(&p);
        plan_guard(&p, "interview", id, old);
        record_put(p.batch, "interview", id, record);
        result = plan_commit(&p, org, why);
        plan_dispose(&p);
        return result;
}

static void pause_ms(long ms)
{
        struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

        nanosleep(&t, NULL);
}

struct taken {
        struct org *org;
};

/* Room ids that are already another interview's: "room-taken" would be an index of its own;
 * there are few open interviews, so they are looked through. */
struct looking {
        struct org *org;
        const char *room;
        bool found;
};

static int has_room(void *context, const char *id)
{
        struct looking *l = context;
        json_t *record = NULL;

        if (record_get(l->org, "interview", id, &record, NULL) == 1)
                l->found = text_equal(json_get_text(record, "platform_id", NULL), l->room);
        json_decref(record);
        return l->found;
}

static bool is_taken(void *context, const char *room)
{
        struct taken *t = context;
        struct looking l = { t->org, room, false };

        store_set_list(t->org->store, "open-interviews", has_room, &l, NULL);
        return l.found;
}

/* Asks the platform for the room; after a doubtful attempt it looks first. */
static int make_room(struct connection *c, struct link *link, struct org *org, const json_t *record,
                     bool doubtful, struct interview_made *made, struct outcome *outcome)
{
        const struct platform *platform = c->kind->platform;
        struct interview_order order = {
                .candidate_name = json_get_text(record, "candidate_name", NULL),
                .candidate_email = json_get_text(record, "candidate_email", NULL),
                .expires_in_ms = ROOM_MS,
        };
        struct taken taken = { org };

        if (doubtful && platform->find_interview != NULL && order.candidate_email != NULL) {
                int64_t since = json_get_int(record, "doubt_ms", when_now_ms()) - WHEN_MINUTE;

                if (platform->find_interview(link, order.candidate_email, since, is_taken, &taken,
                                             made, outcome) != 0)
                        return -1;
                if (made->id != NULL)
                        return 0;
        }
        return platform->create_interview(link, &order, made, outcome);
}

/* We hold the claim: make the room and store it, or give the claim back. */
static int make(struct home *h, struct org *org, const char *id, json_t *claimed, bool doubtful,
                const char *data_dir, int64_t scale, char **url, struct outcome *outcome)
{
        struct interview_made made = { NULL, NULL };
        struct buf sealed = BUF_NONE;
        struct connection *c = NULL;
        json_t *record = json_deep_copy(claimed);
        struct link link;
        char *bound = bound_to(org, id);
        int result = -1;

        json_object_del(record, "claim_ms");
        if (connection_load(h, org, json_get_text(record, "platform", ""), &c, NULL) != 1 ||
            c->kind->platform == NULL || c->kind->platform->create_interview == NULL) {
                outcome_set(outcome, OUTCOME_REFUSED,
                            "The interview platform is not connected any more.", "no connection");
                json_set_text(record, "state", "ready");
        } else {
                connection_link(h, org, c, &link);
                link.data_dir = data_dir;
                link.scale = scale > 0 ? scale : 1;
                result = make_room(c, &link, org, record, doubtful, &made, outcome);
                json_set_text(record, "state", result == 0 ? "made" : "ready");
                if (result == 0) {
                        secret_seal(home_key(h), bound, made.url, strlen(made.url), &sealed);
                        json_set_text(record, "url", buf_text(&sealed));
                        json_set_text(record, "platform_id", made.id);
                        json_object_del(record, "doubt_ms");
                } else if (outcome->kind == OUTCOME_UNCERTAIN) {
                        json_set_int(record, "doubt_ms", json_get_int(claimed, "claim_ms", 0));
                }
        }
        /* A move or a cancellation may have come in between: keep theirs, add ours. */
        for (int i = 0; i < 8; i++) {
                struct fail why = FAIL_CLEAR;
                json_t *now = NULL, *merged;

                if (swap(org, id, claimed, record, &why) == 0 || why.kind != FAIL_CONFLICT ||
                    record_get(org, "interview", id, &now, NULL) != 1)
                        break;
                merged = json_deep_copy(now);
                json_object_del(merged, "claim_ms");
                if (!text_equal(json_get_text(now, "state", ""), "cancelled"))
                        json_set_text(merged, "state", json_get_text(record, "state", ""));
                json_set(merged, "url", json_incref(json_object_get(record, "url")));
                json_set(merged, "platform_id",
                         json_incref(json_object_get(record, "platform_id")));
                json_decref(record);
                json_decref(claimed);
                record = merged;
                claimed = now;
        }
        if (result == 0) {
                *url = made.url;
                made.url = NULL;
        }
        mem_free(made.id);
        mem_free(made.url);
        mem_free(bound);
        buf_dispose(&sealed);
        connection_free(c);
        json_decref(record);
        json_decref(claimed);
        return result;
}

/* One look at the record: 1 went somewhere (see outcome), 0 look again. */
static int attempt(struct home *h, struct org *org, const char *id, const char *data_dir,
                   int64_t scale, char **url, struct outcome *outcome)
{
        json_t *old = NULL, *claimed;
        struct fail why = FAIL_CLEAR;
        int64_t now = when_now_ms(), since;
        const char *state;
        bool making, doubtful;

        if (record_get(org, "interview", id, &old, &why) != 1) {
                outcome_set(outcome, OUTCOME_AGAIN, "The interview could not be looked up.", "%s",
                            why.text);
                return 1;
        }
        state = json_get_text(old, "state", "ready");
        making = text_equal(state, "making");
        since = now - json_get_int(old, "claim_ms", 0);
        if (text_equal(state, "cancelled") || text_equal(state, "over")) {
                outcome_set(outcome, OUTCOME_REFUSED, "This interview was cancelled.", "%s", state);
                json_decref(old);
                return 1;
        }
        if (text_equal(state, "made")) {
                if (open_url(h, org, id, old, url) == 0)
                        outcome->kind = OUTCOME_DONE;
                else
                        outcome_set(outcome, OUTCOME_AGAIN, "The room could not be opened.",
                                    "sealed with another key");
                json_decref(old);
                return 1;
        }
        if (making && since >= 0 && since < CLAIM_MS) {
                json_decref(old);
                return 0; /* somebody is at it */
        }
        doubtful = making || json_object_get(old, "doubt_ms") != NULL;
        claimed = json_deep_copy(old);
        json_set_text(claimed, "state", "making");
        json_set_int(claimed, "claim_ms", now);
        if (making) /* the claimer died: its call may have been made */
                json_set_int(claimed, "doubt_ms", json_get_int(old, "claim_ms", now));
        if (swap(org, id, old, claimed, &why) != 0) {
                json_decref(claimed);
                json_decref(old);
                if (why.kind == FAIL_CONFLICT)
                        return 0;
                outcome_set(outcome, OUTCOME_AGAIN, "Please press Join again in a moment.", "%s",
                            why.text);
                return 1;
        }
        json_decref(old);
        json_set_int(claimed, "v", 1); /* as stored: the guard compares bytes */
        make(h, org, id, claimed, doubtful, data_dir, scale, url, outcome);
        return 1;
}

int interview_join(struct home *h, struct org *org, const char *id, const char *data_dir,
                   int64_t scale, char **url, struct outcome *outcome)
{
        int64_t until = when_steady_ms() + WAIT_MS;

        *url = NULL;
        while (attempt(h, org, id, data_dir, scale, url, outcome) == 0) {
                if (when_steady_ms() > until)
                        return outcome_set(outcome, OUTCOME_AGAIN,
                                           "The room is being prepared. Press Join again in a "
                                           "moment.",
                                           "another process is making it");
                pause_ms(LOOK_MS);
        }
        return outcome->kind == OUTCOME_DONE ? 0 : -1;
}
