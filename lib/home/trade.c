/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Home, kinds, clock and calls, for those who speak to outside systems. */
#include "home/trade.h"

#include <string.h>

#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/records.h"

int64_t trade_now(const struct trade *t)
{
        return t->now_ms != NULL ? t->now_ms() : when_now_ms();
}

int64_t trade_wait(const struct trade *t, int64_t ms)
{
        int64_t scaled = ms / (t->scale > 1 ? t->scale : 1);

        return scaled == 0 && ms > 0 ? 1 : scaled;
}

const struct kind *trade_kind(const struct trade *t, const char *name)
{
        if (t->kinds == NULL)
                return kind_find(name);
        for (size_t i = 0; t->kinds[i] != NULL; i++)
                if (strcmp(t->kinds[i]->name, name) == 0)
                        return t->kinds[i];
        return NULL;
}

int desk_open(struct desk *d, const struct trade *t, struct org *org, const char *connection,
              struct fail *why)
{
        int found;

        memset(d, 0, sizeof *d);
        found = connection_load(t->home, org, connection, &d->connection, why);
        if (found != 1)
                return found;
        d->kind = trade_kind(t, d->connection->kind->name);
        if (d->kind == NULL) {
                desk_close(d);
                return 0;
        }
        connection_link(t->home, org, d->connection, &d->link);
        d->link.scale = t->scale > 1 ? t->scale : 1;
        if (t->data_dir != NULL)
                d->link.data_dir = t->data_dir;
        d->link.heard = t->heard;
        if (t->call != NULL) {
                d->link.call = t->call;
                d->link.context = t->context;
        }
        return 1;
}

void desk_close(struct desk *d)
{
        connection_free(d->connection);
        memset(d, 0, sizeof *d);
}

/* Moving stages on scores was switched off: those steps are not there, and a rule that had no
 * other is not either. */
static json_t *without_moves(const json_t *rules)
{
        json_t *kept = json_array(), *rule, *step;
        size_t i, k;

        json_array_foreach((json_t *)(uintptr_t)rules, i, rule)
        {
                json_t *copy = json_deep_copy(rule), *then = json_array();

                json_array_foreach(json_object_get(rule, "then"), k, step)
                {
                        if (json_object_get(step, "move_stage") == NULL)
                                json_add(then, json_incref(step));
                }
                if (json_array_size(then) > 0) {
                        json_set(copy, "then", then);
                        json_add(kept, json_incref(copy));
                } else {
                        json_decref(then);
                }
                json_decref(copy);
        }
        return kept;
}

json_t *trade_rules(struct org *org, struct fail *why)
{
        json_t *record = NULL, *moves = NULL, *rules, *kept;
        int found = record_get(org, "rules", "all", &record, why);

        if (found >= 0)
                found = record_get(org, "org", "moves", &moves, why);
        if (found < 0) {
                json_decref(record);
                return NULL;
        }
        rules = json_object_get(record, "rules");
        rules = json_is_array(rules) ? json_incref(rules) : json_array();
        if (moves != NULL && !json_get_bool(moves, "on", false)) {
                kept = without_moves(rules);
                json_decref(rules);
                rules = kept;
        }
        json_decref(record);
        json_decref(moves);
        return rules;
}

int trade_uses(struct org *org, const char *connection, unsigned *uses, struct fail *why)
{
        json_t *rules = trade_rules(org, why);

        *uses = rules_use(rules, connection);
        json_decref(rules);
        return rules == NULL ? -1 : 0;
}

/* An older version of an API names its permissions otherwise. */
static const char *needs_of(struct org *org, const char *connection, const struct kind *kind)
{
        json_t *record = NULL;
        bool v1 = kind->needs_v1 != NULL && connection != NULL &&
                  record_get(org, "connection", connection, &record, NULL) == 1 &&
                  text_equal(json_get_text(record, "settings.api", NULL), "v1");

        json_decref(record);
        return v1 ? kind->needs_v1 : kind->needs;
}

json_t *trade_needs(struct org *org, const char *connection, const struct kind *kind,
                    struct fail *why)
{
        char *copy, *rest, *line;
        unsigned uses;
        json_t *list;

        if (trade_uses(org, connection, &uses, why) != 0)
                return NULL;
        list = json_array();
        copy = rest = mem_text(text_or(needs_of(org, connection, kind), ""));
        while ((line = text_next(&rest, '\n')) != NULL) {
                const char *need = rule_need(line, uses);

                if (!text_empty(need))
                        json_add(list, json_new_text(need, strlen(need)));
        }
        mem_free(copy);
        return list;
}
