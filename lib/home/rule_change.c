/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rule that stands, in the form. */
#include "home/rule_change.h"

#include <string.h>

#include "bridge/rule.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/records.h"
#include "home/rule_words.h"

#define TRIES 5

static void show(const json_t *rule, struct rule_filled *out)
{
        for (const struct rule_field *f = rule_fields; f->name != NULL; f++) {
                char *text;

                if (!rule_kind_has(out->kind, f->name))
                        continue;
                text = rule_field_text(f, rule, out->step);
                json_set_text(out->shown, f->name, text);
                mem_free(text);
        }
}

static void keep(json_t *kept, char *words, int64_t step, bool form)
{
        json_t *row = json_object();

        json_set_text(row, "words", words);
        if (step >= 0)
                json_set_int(row, "step", step);
        json_set_bool(row, "form", form);
        json_add(kept, row);
        mem_free(words);
}

static void tell_kept(const json_t *rule, const json_t *then, struct rule_filled *out)
{
        char *more = rule_more_words(json_array_get(then, out->step));

        if (more != NULL)
                keep(out->kept, more, -1, false);
        for (size_t i = 0; i < json_array_size(then); i++) {
                const json_t *step = json_array_get(then, i);

                if (i != out->step)
                        keep(out->kept, rule_step_words(step), (int64_t)i,
                             rule_kind_of(rule, step) != NULL);
        }
}

int rule_fill(const json_t *rule, int64_t step, struct rule_filled *out)
{
        const json_t *then = json_object_get(rule, "then");
        size_t at = step < 0 ? 0 : (size_t)step, count = json_array_size(then);

        memset(out, 0, sizeof *out);
        while (step < 0 && at < count && rule_kind_of(rule, json_array_get(then, at)) == NULL)
                at++;
        out->kind = at < count ? rule_kind_of(rule, json_array_get(then, at)) : NULL;
        if (out->kind == NULL)
                return 0;
        out->step = at;
        out->shown = json_object();
        out->kept = json_array();
        show(rule, out);
        tell_kept(rule, then, out);
        return 1;
}

void rule_unfill(struct rule_filled *filled)
{
        json_decref(filled->shown);
        json_decref(filled->kept);
        memset(filled, 0, sizeof *filled);
}

/* --- what was typed -------------------------------------------------------------------------- */

static bool same_line(const char *shown, const char *typed)
{
        for (;; shown++, typed++) {
                shown += strspn(shown, "\r\n");
                typed += strspn(typed, "\r\n");
                if (*shown != *typed)
                        return false;
                if (*shown == '\0')
                        return true;
        }
}

bool rule_untouched(const struct rule_filled *filled, const char *name, const char *text)
{
        const char *shown = json_get_text(filled->shown, name, NULL);

        return shown != NULL && same_line(shown, text_or(text, ""));
}

json_t *rule_refill(const json_t *rule, const struct rule_filled *filled, rule_typed *typed,
                    void *context)
{
        json_t *fresh = json_deep_copy(rule);

        for (const struct rule_field *f = rule_fields; f->name != NULL; f++) {
                const char *text = typed(context, f->name);

                /* What may be left empty is left when it was not sent: the page was older. */
                if (json_object_get(filled->shown, f->name) != NULL &&
                    (text != NULL || !f->optional) && !rule_untouched(filled, f->name, text))
                        rule_field_put(f, fresh, filled->step, text_or(text, ""));
        }
        return fresh;
}

json_t *rule_difference(const struct rule_filled *was, const struct rule_filled *is)
{
        json_t *changed = json_object();

        for (const struct rule_field *f = rule_fields; f->name != NULL; f++) {
                const char *before = json_get_text(was->shown, f->name, ""),
                           *after = json_get_text(is->shown, f->name, "");
                json_t *row;

                if (text_equal(before, after))
                        continue;
                row = json_object();
                json_set_text(row, "was", before);
                json_set_text(row, "is", after);
                json_set(changed, f->name, row);
        }
        return changed;
}

/* --- putting it back ------------------------------------------------------------------------- */

char *rule_stamp(const json_t *rule)
{
        char *text = json_text(rule), *stamp = record_digest(text, NULL);

        mem_free(text);
        stamp[16] = '\0';
        return stamp;
}

static int replace_in(json_t *rules, const char *stamp, const json_t *rule)
{
        json_t *one;
        size_t i;

        json_array_foreach(rules, i, one)
        {
                char *now;
                bool same;

                if (!text_equal(json_get_text(one, "id", ""), json_get_text(rule, "id", "")))
                        continue;
                now = rule_stamp(one);
                same = text_equal(now, stamp);
                mem_free(now);
                if (same)
                        json_array_set(rules, i, (json_t *)(uintptr_t)rule);
                return same ? 0 : 1;
        }
        return 3;
}

int rule_replace(struct home *h, struct org *org, const char *stamp, const json_t *rule,
                 struct fail *why)
{
        int result = 1;

        /* Somebody who changes another rule at this time is no hindrance. */
        for (int i = 0; result == 1 && i < TRIES; i++) {
                char *all = NULL;
                json_t *rules = rules_standing(org, &all, why);

                result = rules == NULL ? -1 : replace_in(rules, stamp, rule);
                if (result == 1)
                        i = TRIES;
                if (result == 0)
                        result = rules_replace(h, org, all, rules, why);
                json_decref(rules);
                mem_free(all);
        }
        return result;
}
