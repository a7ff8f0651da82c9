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

/* Where a field's text stands in a rule: below "when", or in the object of the step. */
static const struct field {
        const char *name;
        const char *when;   /* "when.entered_stage"; NULL: the step */
        const char *absent; /* means the same as no member */
} fields[] = {
        { "ats", "when.entered_stage", "" },
        { "job", "when.entered_stage", "*" },
        { "stage", "when.entered_stage", "" },
        { "result", "when", "" },
        { "platform", NULL, "" },
        { "assessment", NULL, "" },
        { "to", NULL, "" },
        { "percent", NULL, "" },
};
#define FIELDS (sizeof fields / sizeof *fields)

static json_t *step_object(const json_t *rule, size_t step)
{
        const json_t *with = NULL;

        rule_step(json_array_get(json_object_get(rule, "then"), step), &with);
        return (json_t *)(uintptr_t)with;
}

static json_t *object_of(const json_t *rule, size_t step, const struct field *f)
{
        return f->when != NULL ? json_at(rule, f->when) : step_object(rule, step);
}

static bool has_field(const struct rule_kind *kind, bool stage, const json_t *rule,
                      const struct field *f)
{
        if (f->when != NULL)
                return text_equal(f->name, "result")
                           ? !kind->stage && !kind->move && json_at(rule, "when.result") != NULL
                           : stage;
        return text_equal(f->name, "platform")     ? kind->platform
               : text_equal(f->name, "assessment") ? kind->assessment
                                                   : kind->move;
}

/* A number as people type it: 70, 70.5. */
static char *percent_text(const json_t *with)
{
        const json_t *percent = json_at(with, "if.percent_at_least");

        return percent == NULL ? mem_text("") : mem_format("%.15g", json_real_of(percent, 0));
}

static void show(const json_t *rule, struct rule_filled *out)
{
        for (size_t i = 0; i < FIELDS; i++) {
                const json_t *object = object_of(rule, out->step, &fields[i]);
                char *text;

                if (!has_field(out->kind, out->stage, rule, &fields[i]))
                        continue;
                text = text_equal(fields[i].name, "percent")
                           ? percent_text(object)
                           : mem_text(json_get_text(object, fields[i].name, fields[i].absent));
                json_set_text(out->shown, fields[i].name, text);
                mem_free(text);
        }
}

static const struct rule_kind *kind_of_step(const json_t *step)
{
        const json_t *with = NULL;

        return rule_kind_of_step(rule_step(step, &with));
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

        if (json_at(rule, "when.interview_scheduled") != NULL)
                keep(out->kept, rule_when_words(rule), -1, false);
        if (more != NULL)
                keep(out->kept, more, -1, false);
        for (size_t i = 0; i < json_array_size(then); i++) {
                const json_t *step = json_array_get(then, i);

                if (i != out->step)
                        keep(out->kept, rule_step_words(step), (int64_t)i,
                             kind_of_step(step) != NULL);
        }
}

int rule_fill(const json_t *rule, int64_t step, struct rule_filled *out)
{
        const json_t *then = json_object_get(rule, "then");
        size_t at = step < 0 ? 0 : (size_t)step, count = json_array_size(then);

        memset(out, 0, sizeof *out);
        while (step < 0 && at < count && kind_of_step(json_array_get(then, at)) == NULL)
                at++;
        out->kind = at < count ? kind_of_step(json_array_get(then, at)) : NULL;
        if (out->kind == NULL)
                return 0;
        out->step = at;
        out->stage = json_at(rule, "when.entered_stage") != NULL;
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

static void set_percent(json_t *with, const char *text)
{
        json_t *condition = json_object();
        int64_t percent;

        if (text_int(text, 0, 100, &percent) == 0)
                json_set_int(condition, "percent_at_least", percent);
        json_set(with, "if", condition);
}

json_t *rule_refill(const json_t *rule, const struct rule_filled *filled, rule_typed *typed,
                    void *context)
{
        json_t *fresh = json_deep_copy(rule);

        for (size_t i = 0; i < FIELDS; i++) {
                const char *name = fields[i].name, *text = text_or(typed(context, name), "");
                json_t *object = object_of(fresh, filled->step, &fields[i]);

                if (json_object_get(filled->shown, name) == NULL ||
                    rule_untouched(filled, name, text))
                        continue;
                if (text_equal(name, "percent"))
                        set_percent(object, text);
                else
                        json_set_text(object, name, text_or(text, fields[i].absent));
        }
        return fresh;
}

json_t *rule_difference(const struct rule_filled *was, const struct rule_filled *is)
{
        json_t *changed = json_object();

        for (size_t i = 0; i < FIELDS; i++) {
                const char *before = json_get_text(was->shown, fields[i].name, ""),
                           *after = json_get_text(is->shown, fields[i].name, "");
                json_t *row;

                if (text_equal(before, after))
                        continue;
                row = json_object();
                json_set_text(row, "was", before);
                json_set_text(row, "is", after);
                json_set(changed, fields[i].name, row);
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
