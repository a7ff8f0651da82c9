/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A rule that stands, in the form, and what was typed put into it.
 *
 * The form is that of new rules: it has fields for what the rule waits for and for one of its
 * steps.  Whatever else the rule says, because an apply document wrote it, is told in words and
 * stays to the letter: so does each field whose text is what the form showed.
 */
#ifndef HOME_RULE_CHANGE_H
#define HOME_RULE_CHANGE_H

#include "home/rule_form.h"

struct rule_filled {
        const struct rule_kind *kind; /* the form's, by the step */
        size_t step;                  /* its place in "then" */
        json_t *shown;                /* {name of a field: its text}: the fields there are */
        /* What stays, [{words, step (of another step, absent: of this one), form (that step has
         * one)}]. */
        json_t *kept;
};

/* 1; 0 when the form has no fields for this step (-1: the first that it has fields for; 0: for
 * none).  rule_unfill() drops it. */
int rule_fill(const json_t *rule, int64_t step, struct rule_filled *out);
void rule_unfill(struct rule_filled *filled);

/* The rule with what was typed, the caller's; whether it is right is said by rules_check(). */
json_t *rule_refill(const json_t *rule, const struct rule_filled *filled, rule_typed *typed,
                    void *context);
/* Fields that were changed: {name: {was, is}}, the caller's. */
json_t *rule_difference(const struct rule_filled *was, const struct rule_filled *is);
/* Was this field left as it was shown?  Browsers take line breaks out. */
bool rule_untouched(const struct rule_filled *filled, const char *name, const char *text);

/* Changes with the rule; the caller frees. */
char *rule_stamp(const json_t *rule);
/* Puts it in place of the one with its id, which must have this stamp: 0, 1 somebody else was
 * first, 2 it is wrong (why says what, with its path), 3 there is none, -1. */
int rule_replace(struct home *h, struct org *org, const char *stamp, const json_t *rule,
                 struct fail *why);

#endif
