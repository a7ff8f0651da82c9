/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kinds of rules that a form can make (rule_words.h has all of them in words, rule_change.h
 * those that stand in the form), and the rules as they stand.
 */
#ifndef HOME_RULE_FORM_H
#define HOME_RULE_FORM_H

#include "door/json.h"
#include "home/home.h"

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
