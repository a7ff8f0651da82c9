/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kinds of rules that a form can make (rule_words.h has all of them in words, rule_change.h
 * those that stand in the form), and the rules as they stand.
 */
#ifndef HOME_RULE_FORM_H
#define HOME_RULE_FORM_H

#include "home/home.h"
#include "home/rule_field.h"

enum rule_waits { RULE_STAGE, RULE_SCHEDULE, RULE_RESULT };

struct rule_kind {
        const char *name;  /* "send"; NULL ends the list */
        const char *title; /* "Send an assessment" */
        const char *step;  /* "send_assessment" */
        enum rule_waits waits;
        const char *const *fields; /* names of rule_fields */
};
extern const struct rule_kind rule_kinds[];
const struct rule_kind *rule_kind(const char *name);
/* The form of a step of this rule; NULL: there is none. */
const struct rule_kind *rule_kind_of(const json_t *rule, const json_t *step);
bool rule_kind_has(const struct rule_kind *kind, const char *field);

/* What was typed as a rule: the caller's.  Names: id, and the kind's fields.  Whether it is right
 * is said by rules_check(). */
typedef const char *rule_typed(void *context, const char *name);
json_t *rule_of_form(const struct rule_kind *kind, rule_typed *typed, void *context);

/* The rules as they stand, moves or not (trade_rules() leaves out what is switched off): array, the
 * caller's; *stamp (the caller's) changes with them. */
json_t *rules_standing(struct org *org, char **stamp, struct fail *why);
/* Puts them in place of those with this stamp: 0, 1 somebody else was first, 2 they are wrong (why
 * says what, with its path), -1. */
int rules_replace(struct home *h, struct org *org, const char *stamp, const json_t *rules,
                  struct fail *why);

/* Moving stages on scores: off until somebody switches it on by name (rule 4). */
int moves_read(struct org *org, json_t **record, struct fail *why); /* {on, by, at_ms}: 1, 0, -1 */
int moves_switch(struct home *h, struct org *org, bool on, const char *by, struct fail *why);

#endif
