/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules: when this happens, do that.  Pure: documents in, intents out.
 *
 * A rule is an element of "rules" in the apply document (design.md).  Conditions:
 *   entered_stage {ats, job ("*" or id or exact name, default "*"), stage (id or exact name)}
 *   result "final" | "any"   (final: complete, expired or declined; any: also not verified)
 * Steps: send_assessment {platform, assessment}, add_selection_link {platform},
 *   create_interview {platform}, write_result {}, move_stage {to: "next" or id or name,
 *   if: {percent_at_least}}.
 */
#ifndef BRIDGE_RULE_H
#define BRIDGE_RULE_H

#include "bridge/application.h"
#include "bridge/session.h"
#include "door/json.h"
#include "floor/fail.h"

/* Checks a "rules" array against the connections, {id: role} with role "ats", "platform" or
 * "consumer" (another word: the role is not checked); the text of *why starts with the path
 * of what is wrong ("rules.0.when.entered_stage.ats: ..."). */
int rules_check(const json_t *rules, const json_t *kinds, struct fail *why);

struct intent {
        const char *step;   /* "send_assessment"; borrowed from the rules */
        const json_t *with; /* its object; borrowed */
        const char *rule;   /* the rule's id; borrowed */
};

/* Calls visit for every step of every rule that matches; returns how many. */
/* "active" applications that are no prospects only; names are compared exactly. */
int rules_for_stage(const json_t *rules, const char *ats, const struct application *application,
                    void (*visit)(void *context, const struct intent *intent), void *context);
int rules_for_result(const json_t *rules, const struct session *session,
                     void (*visit)(void *context, const struct intent *intent), void *context);

/* Does any rule wait for a stage of this ATS? */
bool rules_watch_stages(const json_t *rules, const char *ats);

/* Does "if" hold?  A score that is absent or not released never passes, not even where there
 * is no "if" (rule 4: nobody is moved without one).  The percentage is that of the way from
 * the scale's least to its most: 400 on 200-600 is 50. */
bool rule_condition(const json_t *condition, const struct session *session);

#endif
