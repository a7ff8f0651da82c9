/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person should hear of. */
#include "home/alert.h"

#include <stdlib.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/event.h"
#include "home/records.h"

#define SELDOM_MS WHEN_MINUTE /* the count of one that stands is written no more often */

static char *subject(const char *topic, const char *about)
{
        return record_digest(topic, text_or(about, ""));
}

static void set_cut(json_t *record, const char *name, const char *text, size_t max)
{
        char *copy = mem_text(text_or(text, ""));

        text_cut(copy, max);
        json_set_text(record, name, copy);
        mem_free(copy);
}

static bool is_standing(const json_t *record)
{
        return text_equal(json_get_text(record, "state", ""), "standing");
}

/* untold_ms: since when somebody is to hear of it, however often it changed since. */
static int put(struct plan *p, struct org *org, const char *key, json_t *record, const json_t *old,
               bool tell, struct fail *why)
{
        int64_t untold = json_get_int(old, "untold_ms", 0);
        int waiting = tell ? store_set_has(org->store, "untold-alerts", key, why) : 0;

        if (waiting < 0)
                return -1;
        if (tell && waiting == 0)
                untold = json_get_int(record, "changed_ms", 0);
        json_set_int(record, "untold_ms", untold);
        record_put(p->batch, "alert", key, record);
        batch_join(p->batch, "alerts", key);
        if (tell) {
                batch_join(p->batch, "untold-alerts", key);
                p->alerts = true;
        }
        return 0;
}

/* It stands, as far as it did, and was written a moment ago. */
static bool is_repetition(const struct alert *a, const json_t *old, int64_t now_ms)
{
        int64_t since = now_ms - json_get_int(old, "changed_ms", 0);

        return is_standing(old) && !a->news &&
               text_equal(json_get_text(old, "mark", ""), text_or(a->mark, "")) && since >= 0 &&
               since < SELDOM_MS;
}

int alert_plan(struct plan *p, struct org *org, const struct alert *a, int64_t now_ms,
               struct fail *why)
{
        char *key = subject(a->topic, a->about);
        json_t *old = NULL, *record;
        int found = record_get(org, "alert", key, &old, why);
        bool stood = found == 1 && is_standing(old),
             further = !stood || a->news ||
                       !text_equal(json_get_text(old, "mark", ""), text_or(a->mark, ""));

        if (found >= 0 && !(found == 1 && is_repetition(a, old, now_ms))) {
                record = json_object();
                json_set_text(record, "topic", a->topic);
                json_set_text(record, "about", a->about);
                json_set_text(record, "connection", a->connection);
                set_cut(record, "title", a->title, ALERT_TITLE_MAX);
                set_cut(record, "sentence", a->sentence, ALERT_SENTENCE_MAX);
                set_cut(record, "mark", a->mark, ALERT_TITLE_MAX);
                json_set_text(record, "state", a->news ? "news" : "standing");
                json_set_int(record, "since_ms",
                             stood ? json_get_int(old, "since_ms", now_ms) : now_ms);
                json_set_int(record, "changed_ms", now_ms);
                json_set_int(record, "count",
                             a->news || stood ? json_get_int(old, "count", 0) + 1 : 1);
                if (put(p, org, key, record, old, further, why) != 0)
                        found = -1;
                json_decref(record);
        }
        json_decref(old);
        mem_free(key);
        return found < 0 ? -1 : 0;
}

int alert_plan_over(struct plan *p, struct org *org, const char *topic, const char *about,
                    const char *title, const char *sentence, int64_t now_ms, struct fail *why)
{
        char *key = subject(topic, about);
        json_t *record = NULL;
        int found = record_get(org, "alert", key, &record, why);

        if (found == 1 && !is_standing(record))
                found = 0;
        if (found == 1) {
                json_set_text(record, "state", "over");
                json_set_bool(record, "quiet", title == NULL);
                json_set_int(record, "changed_ms", now_ms);
                if (title != NULL) {
                        set_cut(record, "title", title, ALERT_TITLE_MAX);
                        set_cut(record, "sentence", sentence, ALERT_SENTENCE_MAX);
                }
                if (put(p, org, key, record, record, true, why) != 0)
                        found = -1;
        }
        json_decref(record);
        mem_free(key);
        return found;
}

/* Told by somebody who is not in the middle of a plan. */
static int commit(struct home *h, struct org *org, struct plan *p, int64_t now_ms, struct fail *why)
{
        if (plan_commit(p, org, why) != 0)
                return -1;
        if (!p->alerts)
                return 0;
        return event_wake(h, org->name, NULL, now_ms, why);
}

int alert_raise(struct home *h, struct org *org, const struct alert *a, int64_t now_ms,
                struct fail *why)
{
        struct plan p;
        int result;

        plan_init(&p);
        result = alert_plan(&p, org, a, now_ms, why);
        if (result == 0)
                result = commit(h, org, &p, now_ms, why);
        plan_dispose(&p);
        return result;
}

int alert_over(struct home *h, struct org *org, const char *topic, const char *about,
               const char *title, const char *sentence, int64_t now_ms, struct fail *why)
{
        struct plan p;
        int result;

        plan_init(&p);
        result = alert_plan_over(&p, org, topic, about, title, sentence, now_ms, why);
        if (result == 1 && commit(h, org, &p, now_ms, why) != 0)
                result = -1;
        plan_dispose(&p);
        return result;
}

int alert_stands(struct org *org, const char *topic, const char *about, struct fail *why)
{
        char *key = subject(topic, about);
        json_t *record = NULL;
        int found = record_get(org, "alert", key, &record, why);

        if (found == 1 && !is_standing(record))
                found = 0;
        json_decref(record);
        mem_free(key);
        return found;
}

struct listing {
        struct org *org;
        json_t *list;
        struct fail *why;
};

static int list_one(void *context, const char *key)
{
        struct listing *l = context;
        json_t *record = NULL, *told = NULL, *one;
        int64_t told_ms = 0;
        const char *to;
        int found = record_get(l->org, "alert", key, &record, l->why);

        if (found == 1 && record_get(l->org, "alert-told", key, &told, l->why) < 0)
                found = -1;
        json_object_foreach(json_object_get(told, "to"), to, one)
        {
                if (json_get_int(one, "at_ms", 0) > told_ms)
                        told_ms = json_get_int(one, "at_ms", 0);
        }
        if (found == 1) {
                json_object_del(record, "v");
                json_set_int(record, "told_ms", told_ms);
                json_add(l->list, json_incref(record));
        }
        json_decref(told);
        json_decref(record);
        return found < 0 ? -1 : 0;
}

static int compare(const void *a, const void *b)
{
        const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
        int64_t at = json_get_int(x, "changed_ms", 0), bt = json_get_int(y, "changed_ms", 0);

        if (is_standing(x) != is_standing(y))
                return is_standing(x) ? -1 : 1;
        return (at < bt) - (at > bt);
}

int alert_list(struct org *org, json_t **list, struct fail *why)
{
        struct listing l = { org, json_array(), why };
        size_t count;
        json_t **rows;

        if (store_set_list(org->store, "alerts", list_one, &l, why) != 0) {
                json_decref(l.list);
                return -1;
        }
        count = json_array_size(l.list);
        rows = mem_array(count, sizeof *rows);
        for (size_t i = 0; i < count; i++)
                rows[i] = json_incref(json_array_get(l.list, i));
        if (count > 1)
                qsort(rows, count, sizeof *rows, compare);
        json_array_clear(l.list);
        for (size_t i = 0; i < count; i++)
                json_add(l.list, rows[i]);
        mem_free(rows);
        *list = l.list;
        return 0;
}
