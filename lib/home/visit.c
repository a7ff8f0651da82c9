/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Visits of people who are signed in, and operators who broke the glass. */
#include "home/visit.h"

#include <stdlib.h>
#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/plan.h"
#include "home/records.h"

#define TOKEN_LEN 40 /* letters of 5 bits */
#define AGENT_MAX 160

struct walk {
        struct org *org;
        const char *person, *own;
        json_t *list;
        int64_t now_ms;
        struct fail *why;
};

static bool is_over(const json_t *visit, int64_t now_ms)
{
        return now_ms - json_get_int(visit, "created_ms", 0) >= VISIT_MS ||
               now_ms - json_get_int(visit, "seen_ms", 0) >= VISIT_IDLE_MS;
}

static int list_one(void *context, const char *digest)
{
        struct walk *w = context;
        json_t *visit = NULL, *row;
        int found = record_get(w->org, "visit", digest, &visit, w->why);

        if (found <= 0)
                return found;
        if (w->person == NULL || text_equal(json_get_text(visit, "person", ""), w->person)) {
                row = json_copy(visit);
                json_set_text(row, "id", digest);
                json_set_bool(row, "over", is_over(visit, w->now_ms));
                json_set_bool(row, "own", text_equal(digest, w->own));
                json_add(w->list, row);
        }
        json_decref(visit);
        return 0;
}

static int by_seen(const void *a, const void *b)
{
        int64_t x = json_get_int(*(json_t *const *)a, "seen_ms", 0);
        int64_t y = json_get_int(*(json_t *const *)b, "seen_ms", 0);

        return (x < y) - (x > y);
}

/* All visits of one person, or of all (NULL), those that are over among them. */
static json_t *gather(struct org *org, const char *person, const char *own, struct fail *why)
{
        struct walk w = { org, person, own, json_array(), when_now_ms(), why };
        json_t **rows;
        size_t count;

        if (store_set_list(org->store, "visits", list_one, &w, why) != 0) {
                json_decref(w.list);
                return NULL;
        }
        count = json_array_size(w.list);
        rows = mem_array(count, sizeof *rows);
        for (size_t i = 0; i < count; i++)
                rows[i] = json_incref(json_array_get(w.list, i));
        if (count > 1)
                qsort(rows, count, sizeof *rows, by_seen);
        json_array_clear(w.list);
        for (size_t i = 0; i < count; i++)
                json_add(w.list, rows[i]);
        mem_free(rows);
        return w.list;
}

static void drop(struct batch *b, const char *digest)
{
        batch_delete(b, "visit", digest);
        batch_leave(b, "visits", digest);
}

int visit_begin(struct org *org, const char *person, const char *from, const char *agent,
                char **token, struct fail *why)
{
        json_t *all = gather(org, NULL, NULL, why), *owner = NULL, *record, *row;
        char *fresh, *digest, *cut;
        size_t i, own = 0;
        struct batch *b;
        int result = -1;

        *token = NULL;
        if (all == NULL)
                return -1;
        if (person_get(org, person, &owner, why) != 1) {
                json_decref(all);
                return fail_set(why, FAIL_BROKEN, "somebody who signed in is not there");
        }
        fresh = secret_token(TOKEN_LEN);
        digest = record_digest(fresh, NULL);
        cut = mem_text(text_or(agent, ""));
        text_cut(cut, AGENT_MAX);
        b = batch_new();
        json_array_foreach(all, i, row)
        {
                bool mine = text_equal(json_get_text(row, "person", ""), person);

                if (json_get_bool(row, "over", false) || (mine && ++own >= VISIT_EACH_MAX))
                        drop(b, json_get_text(row, "id", ""));
        }
        record = json_object();
        json_set_text(record, "person", person);
        json_set_int(record, "epoch", json_get_int(owner, "epoch", 0));
        json_set_int(record, "created_ms", when_now_ms());
        json_set_int(record, "seen_ms", when_now_ms());
        json_set_text(record, "from", from);
        json_set_text(record, "agent", cut);
        record_put(b, "visit", digest, record);
        batch_join(b, "visits", digest);
        result = store_commit(org->store, b, why);
        batch_free(b);
        if (result == 0)
                *token = fresh;
        else
                mem_free_secret(fresh);
        json_decref(record);
        json_decref(owner);
        json_decref(all);
        mem_free(digest);
        mem_free(cut);
        return result;
}

/* Written down seldom; if it cannot be, the visit goes on all the same. */
static void touch(struct org *org, const char *digest, const json_t *visit, int64_t now_ms)
{
        json_t *fresh;
        struct plan plan;

        if (now_ms - json_get_int(visit, "seen_ms", 0) < VISIT_TOUCH_MS)
                return;
        fresh = json_deep_copy(visit);
        json_set_int(fresh, "seen_ms", now_ms);
        plan_init(&plan);
        plan_guard(&plan, "visit", digest, visit);
        record_put(plan.batch, "visit", digest, fresh);
        plan_commit(&plan, org, NULL);
        plan_dispose(&plan);
        json_decref(fresh);
}

int visit_look(struct org *org, const char *token, char **id, json_t **person, struct fail *why)
{
        json_t *visit = NULL;
        char *digest;
        int found = 0;

        *id = NULL;
        *person = NULL;
        if (org == NULL || text_empty(token) || strlen(token) != TOKEN_LEN)
                return 0;
        digest = record_digest(token, NULL);
        found = record_get(org, "visit", digest, &visit, why);
        if (found == 1 && is_over(visit, when_now_ms()))
                found = 0;
        if (found == 1)
                found = person_get(org, json_get_text(visit, "person", ""), person, why);
        if (found == 1 && (json_get_int(visit, "epoch", -1) != json_get_int(*person, "epoch", 0) ||
                           json_get_bool(*person, "off", false)))
                found = 0;
        if (found == 1) {
                *id = mem_text(json_get_text(visit, "person", ""));
                touch(org, digest, visit, when_now_ms());
        } else {
                json_decref(*person);
                *person = NULL;
        }
        json_decref(visit);
        mem_free(digest);
        return found;
}

static int end_digest(struct org *org, const char *digest, struct fail *why)
{
        struct batch *b = batch_new();
        int result;

        drop(b, digest);
        batch_delete(b, "glass", digest);
        result = store_commit(org->store, b, why);
        batch_free(b);
        return result;
}

int visit_end(struct org *org, const char *token, struct fail *why)
{
        char *digest = record_digest(text_or(token, ""), NULL);
        int result = end_digest(org, digest, why);

        mem_free(digest);
        return result;
}

int visit_list(struct org *org, const char *person, const char *token, json_t **list,
               struct fail *why)
{
        char *own = record_digest(text_or(token, ""), NULL);
        json_t *owner = NULL, *all = gather(org, person, own, why);
        int found = all == NULL ? -1 : person_get(org, person, &owner, why);

        mem_free(own);
        for (size_t i = json_array_size(all); found == 1 && i-- > 0;) {
                json_t *row = json_array_get(all, i);

                if (json_get_bool(row, "over", false) ||
                    json_get_int(row, "epoch", -1) != json_get_int(owner, "epoch", 0))
                        json_array_remove(all, i);
        }
        json_decref(owner);
        if (found < 0) {
                json_decref(all);
                return -1;
        }
        *list = all;
        return 0;
}

int visit_end_one(struct org *org, const char *person, const char *id, struct fail *why)
{
        json_t *visit = NULL;
        int found = strlen(id) == 64 ? record_get(org, "visit", id, &visit, why) : 0;

        if (found == 1 && !text_equal(json_get_text(visit, "person", ""), person))
                found = 0;
        if (found == 1 && end_digest(org, id, why) != 0)
                found = -1;
        json_decref(visit);
        return found;
}

/* --- glass ---------------------------------------------------------------------------------- */

int glass_reason(const char *reason, struct fail *why)
{
        char *copy = mem_text(text_or(reason, "")), *said = text_trim(copy);
        int result = 0;

        if (strlen(said) < GLASS_REASON_LEAST || strlen(said) > GLASS_REASON_MAX)
                result = fail_set(why, FAIL_INPUT,
                                  "Give a reason of %d to %d letters: the organisation will read "
                                  "it.",
                                  GLASS_REASON_LEAST, GLASS_REASON_MAX);
        mem_free(copy);
        return result;
}

enum person_answer glass_break(struct org *org, const char *token, const char *who,
                               const char *reason, struct fail *why)
{
        char *copy, *said, *digest;
        enum person_answer answer;
        struct batch *b;
        json_t *record;

        if (glass_reason(reason, why) != 0)
                return PERSON_WRONG;
        copy = mem_text(reason);
        said = text_trim(copy);
        digest = record_digest(token, NULL);
        record = json_object();
        json_set_text(record, "who", who);
        json_set_text(record, "reason", said);
        json_set_int(record, "at_ms", when_now_ms());
        json_set_int(record, "until_ms", when_now_ms() + GLASS_MS);
        b = batch_new();
        record_put(b, "glass", digest, record);
        batch_join(b, "broken-glass", digest);
        answer = store_commit(org->store, b, why) == 0 ? PERSON_DONE : PERSON_BROKEN;
        batch_free(b);
        json_decref(record);
        mem_free(digest);
        mem_free(copy);
        return answer;
}

int glass_open(struct org *org, const char *token, json_t **record, struct fail *why)
{
        char *digest = record_digest(token, NULL);
        int found = record_get(org, "glass", digest, record, why);

        if (found == 1 && json_get_int(*record, "until_ms", 0) <= when_now_ms()) {
                json_decref(*record);
                *record = NULL;
                found = 0;
        }
        mem_free(digest);
        return found;
}

static int list_glass(void *context, const char *digest)
{
        struct walk *w = context;
        json_t *record = NULL;
        int found = record_get(w->org, "glass", digest, &record, w->why);

        if (found == 1 && json_get_int(record, "until_ms", 0) > w->now_ms)
                json_add(w->list, json_incref(record));
        json_decref(record);
        return found < 0 ? -1 : 0;
}

int glass_list(struct org *org, json_t **list, struct fail *why)
{
        struct walk w = { org, NULL, NULL, json_array(), when_now_ms(), why };

        if (store_set_list(org->store, "broken-glass", list_glass, &w, why) != 0) {
                json_decref(w.list);
                return -1;
        }
        *list = w.list;
        return 0;
}
