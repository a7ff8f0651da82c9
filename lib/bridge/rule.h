/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules: when this happens, do that.  Pure: documents in, intents out.
 *
 * A rule is an element of "rules" in the apply document (design.md).  Conditions:
 *   entered_stage {ats, job ("*" or id or exact name, default "*"), stage (id or exact name)}
 *   interview_scheduled {ats, job (as above), title ("*" or the exact title, default "*")}
 *   result "final" | "any"   (final: complete, expired or declined; any: also not verified)
 * Steps: send_assessment {platform, assessment}, add_selection_link {platform},
 *   create_interview {platform, schedule: {in_hours, minutes, timezone}},
 *   write_result {score: [{percent_at_least, score (1 to 4)}], file ("text", "pdf")},
 *   tag_result {pass_at_least, fail_below, tags: {pass, review, fail}},
 *   move_stage {to: "next" or id or name, if: {percent_at_least}}.
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

/* Whatever the application's status: somebody scheduled an interview with him. */
int rules_for_schedule(const json_t *rules, const char *ats, const struct application *application,
                       const char *title, void (*visit)(void *context, const struct intent *intent),
                       void *context);
bool rules_watch_schedules(const json_t *rules, const char *ats);

/* Does any rule wait for a stage of this ATS? */
bool rules_watch_stages(const json_t *rules, const char *ats);

/* Does "if" hold?  A score that is absent or not released never passes, not even where there
 * is no "if" (rule 4: nobody is moved without one).  The percentage is that of the way from
 * the scale's least to its most: 400 on 200-600 is 50. */
bool rule_condition(const json_t *condition, const struct session *session);

/* The name of a step's one member, and its object; NULL when it has not just one. */
const char *rule_step(const json_t *step, const json_t **with);

/* What the score is worth (write_result's "score"): 1 to 4 by the highest line that the
 * percentage reaches, 0 none: no line fits, or the score is absent or not released. */
int rule_score(const json_t *lines, const struct session *session);

/* tag_result: pass, fail, or for a person to look at.  What is complete without a score, and what
 * was not verified, is for a person; below fail_below (without one: nothing) is fail.  NONE while
 * it goes on, and when it expired or was declined. */
enum rule_verdict { RULE_PASS, RULE_REVIEW, RULE_FAIL, RULE_NONE };
enum rule_verdict rule_verdict(const json_t *with, const struct session *session);
/* What tags are called where a rule's "tags" do not say. */
#define RULE_TAG_PASS "Assessment: pass"
#define RULE_TAG_REVIEW "Assessment: needs review"
#define RULE_TAG_FAIL "Assessment: fail"
/* The tag for a verdict by a rule's "tags" (may be NULL); NULL for NONE. */
const char *rule_tag(const json_t *tags, enum rule_verdict verdict);

/* What rules ask of one ATS, beyond reading. */
#define RULE_USES_NOTES 1U
#define RULE_USES_LINKS 2U
#define RULE_USES_TAGS 4U
#define RULE_USES_FILES 8U
#define RULE_USES_MOVES 16U
#define RULE_USES_SCHEDULE 32U
#define RULE_USES_WATCH 64U /* its interviews are found, and our links written into them */
unsigned rules_use(const json_t *rules, const char *ats);

/* A permission's line "[links files] list opportunity files": its text when one of these uses
 * needs it, NULL when none does.  A line without brackets is always needed; uses 0 (nothing is
 * known of the rules) needs all.  Points into the line. */
const char *rule_need(const char *line, unsigned uses);

#endif
