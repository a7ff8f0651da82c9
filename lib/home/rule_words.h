/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules in words, for people: all that a rule says, also what no form has a field for. */
#ifndef HOME_RULE_WORDS_H
#define HOME_RULE_WORDS_H

#include "door/json.h"

/* "When a candidate enters “Coding test” in gh: send assessment X on cs."; the caller frees. */
char *rule_sentence(const json_t *rule);

/* A part of it, without a full stop; the caller frees.  A step: an element of "then". */
char *rule_step_words(const json_t *step);
/* What a step says beyond what the form of a rule has fields for ("a first time is put into the
 * schedule, 24 hours later"), or NULL: nothing. */
char *rule_more_words(const json_t *step);

#endif
