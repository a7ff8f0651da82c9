/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fields of all forms of rules (rule_form.h says which form has which), and where their texts
 * stand in a rule.
 */
#ifndef HOME_RULE_FIELD_H
#define HOME_RULE_FIELD_H

#include "door/json.h"

/* Where a field's text stands in a rule. */
struct rule_field {
        const char *name; /* NULL ends the list */
        enum { RULE_IN_START, RULE_IN_WHEN, RULE_IN_STEP } in;
        const char *path;   /* below that */
        bool number;        /* 0 to 100 */
        bool optional;      /* empty: no member */
        const char *absent; /* means the same as no member */
};
extern const struct rule_field rule_fields[];
/* The text that a field shows for a rule; the caller's. */
char *rule_field_text(const struct rule_field *field, const json_t *rule, size_t step);
/* Puts a text there.  A number that is none stays a text, for rules_check() to find. */
void rule_field_put(const struct rule_field *field, json_t *rule, size_t step, const char *text);
/* Could this be typed there?  Of numbers only; what else is wrong is said by rules_check(). */
bool rule_field_takes(const struct rule_field *field, const char *text);

#endif
