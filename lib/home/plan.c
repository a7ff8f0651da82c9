/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A change in the making. */
#include "home/plan.h"

#include <string.h>

#include "floor/mem.h"
#include "home/records.h"

void plan_init(struct plan *p)
{
        memset(p, 0, sizeof *p);
        p->batch = batch_new();
}

void plan_dispose(struct plan *p)
{
        while (p->actions != NULL) {
                struct planned *next = p->actions->next;

                mem_free(p->actions->connection);
                mem_free(p->actions->subject);
                mem_free(p->actions->session);
                mem_free(p->actions);
                p->actions = next;
        }
        if (p->batch != NULL)
                batch_free(p->batch);
        memset(p, 0, sizeof *p);
}

void plan_append(struct plan *p, const char *series, json_t *value, uint64_t *number)
{
        record_append(p->batch, series, value, number);
        p->appended++;
}

static struct planned *add_planned(struct plan *p)
{
        struct planned *planned = mem_alloc(sizeof *planned), **end = &p->actions;

        while (*end != NULL)
                end = &(*end)->next;
        return *end = planned;
}

void plan_hurry(struct plan *p, uint64_t number, int64_t now_ms)
{
        struct planned *planned = add_planned(p);

        planned->kind = "";
        planned->number = number;
        planned->due_ms = now_ms;
}

void plan_action(struct plan *p, const struct action_order *o)
{
        struct planned *planned = add_planned(p);
        json_t *record = json_object();

        json_set_text(record, "kind", o->kind);
        json_set_text(record, "connection", o->connection);
        if (o->application != NULL)
                json_set_text(record, "application", o->application);
        if (o->session != NULL)
                json_set_text(record, "session", o->session);
        if (o->rule != NULL)
                json_set_text(record, "rule", o->rule);
        if (o->marker != NULL)
                json_set_text(record, "marker", o->marker);
        if (o->lane != NULL)
                json_set_text(record, "lane", o->lane);
        json_set(record, "with", o->with != NULL ? o->with : json_object());
        json_set_text(record, "state", "waiting");
        json_set_int(record, "due_ms", o->due_ms);
        json_set_int(record, "attempts", 0);
        json_set_bool(record, "begun", false);
        json_set_int(record, "created_ms", o->now_ms);

        planned->kind = o->kind;
        planned->due_ms = o->due_ms;
        planned->connection = mem_text(o->connection);
        planned->lane = o->lane;
        /* What goes to others never waits for what is done for the application, nor the other
         * way round. */
        if (o->lane == NULL)
                planned->subject = mem_text(o->application != NULL ? o->application : o->session);
        planned->session = mem_text(o->session);

        record_append(p->batch, "action", record, &planned->number);
        batch_join_numbered(p->batch, "open-actions", p->appended);
        p->appended++;
        json_decref(record);
}

void plan_guard(struct plan *p, const char *table, const char *key, const json_t *read)
{
        struct buf text = BUF_NONE;

        if (read == NULL) {
                batch_require_absent(p->batch, table, key);
                return;
        }
        json_write(read, &text); /* the same value gives the same bytes */
        batch_require_same(p->batch, table, key, text.data, text.len);
        buf_dispose(&text);
}

void plan_guard_series(struct plan *p, const char *series, uint64_t number, const json_t *read)
{
        struct buf text = BUF_NONE;

        json_write(read, &text);
        batch_require_series_same(p->batch, series, number, text.data, text.len);
        buf_dispose(&text);
}

int plan_happened(struct org *org, const char *what, struct fail *why)
{
        char *key = record_digest(what, NULL);
        int found = store_get(org->store, "once", key, NULL, why);

        mem_free(key);
        return found;
}

int plan_once(struct plan *p, struct org *org, const char *what, int64_t now_ms, struct fail *why)
{
        char *key = record_digest(what, NULL);
        int found = store_get(org->store, "once", key, NULL, why);

        if (found == 0) {
                json_t *record = json_object();

                json_set_int(record, "at_ms", now_ms);
                batch_require_absent(p->batch, "once", key);
                record_put(p->batch, "once", key, record);
                json_decref(record);
        }
        mem_free(key);
        return found;
}

int plan_commit(struct plan *p, struct org *org, struct fail *why)
{
        return batch_empty(p->batch) ? 0 : store_commit(org->store, p->batch, why);
}
