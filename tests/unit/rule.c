/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules: what is refused and where, what matches. */
#include "bridge/rule.h"

#include <string.h>

#include "../tap.h"
#include "floor/mem.h"

#define STAGE "\"when\":{\"entered_stage\":{\"ats\":\"gh\",\"stage\":\"A\"}}"
#define SCHEDULED(rest) "\"when\":{\"interview_scheduled\":{\"ats\":" rest "}}"
#define RESULT "\"when\":{\"result\":\"final\"}"

static void test_refused(void)
{
        static const struct {
                const char *given, *want;
        } rows[] = {
                { "{}", "rules: must be a list" },
                { "[1]", "rules.0: must be an object" },
                { "[{\"id\":\"a b\"," RESULT ",\"then\":[{\"write_result\":{}}]}]", "rules.0.id:" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[]}]", "rules.0.then: must be a list of" },
                { "[{\"id\":\"a\"," RESULT ",\"than\":[]}]", "rules.0.than: there is no such" },
                { "[{\"id\":\"a\",\"then\":[]}]", "rules.0.when: must be an object" },
                { "[{\"id\":\"a\",\"when\":{},\"then\":[]}]", "rules.0.when: must have one" },
                { "[{\"id\":\"a\",\"when\":{\"result\":\"good\"},\"then\":[]}]",
                  "rules.0.when.result: must be \"final\" or \"any\"" },
                { "[{\"id\":\"a\",\"when\":{\"entered_stage\":{\"ats\":\"no\",\"stage\":\"A\"}},"
                  "\"then\":[]}]",
                  "rules.0.when.entered_stage.ats: no connection is called \"no\"" },
                { "[{\"id\":\"a\",\"when\":{\"entered_stage\":{\"ats\":\"cs\",\"stage\":\"A\"}},"
                  "\"then\":[]}]",
                  "rules.0.when.entered_stage.ats: \"cs\" is not an ATS" },
                { "[{\"id\":\"a\",\"when\":{\"entered_stage\":{\"ats\":\"gh\"}},\"then\":[]}]",
                  "rules.0.when.entered_stage.stage: must be a text" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{}]}]",
                  "rules.0.then.0: must be an object" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"fly\":{}}]}]",
                  "rules.0.then.0.fly: there is no such step" },
                { "[{\"id\":\"a\"," STAGE ",\"then\":[{\"write_result\":{}}]}]",
                  "rules.0.then.0.write_result: is a step for results" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"send_assessment\":{}}]}]",
                  "rules.0.then.0.send_assessment: is a step for an entered stage" },
                { "[{\"id\":\"a\"," STAGE ",\"then\":[{\"send_assessment\":{\"platform\":\"gh\","
                  "\"assessment\":\"T\"}}]}]",
                  "rules.0.then.0.send_assessment.platform: \"gh\" is not an assessment platform" },
                { "[{\"id\":\"a\"," STAGE
                  ",\"then\":[{\"send_assessment\":{\"platform\":\"cs\"}}]}]",
                  "rules.0.then.0.send_assessment.assessment: must be a text" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"write_result\":{\"x\":1}}]}]",
                  "rules.0.then.0.write_result.x: there is no such member" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"write_result\":{\"score\":[]}}]}]",
                  "rules.0.then.0.write_result.score: must be a list of 1 to 10" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"write_result\":{\"score\":[{\"percent_at_"
                  "least\":1,\"score\":5}]}}]}]",
                  "rules.0.then.0.write_result.score.0.score: must be 1" },
                { "[{\"id\":\"a\"," RESULT
                  ",\"then\":[{\"write_result\":{\"score\":[{\"score\":4}]}}]"
                  "}]",
                  "rules.0.then.0.write_result.score.0.percent_at_least: must be a number" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"write_result\":{\"file\":\"html\"}}]}]",
                  "rules.0.then.0.write_result.file: must be \"text\" or \"pdf\"" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"tag_result\":{}}]}]",
                  "rules.0.then.0.tag_result.pass_at_least: must be a number" },
                { "[{\"id\":\"a\"," RESULT
                  ",\"then\":[{\"tag_result\":{\"pass_at_least\":50,\"fail_"
                  "below\":60}}]}]",
                  "rules.0.then.0.tag_result.fail_below: must not be above what passes "
                  "(pass_at_least)" },
                { "[{\"id\":\"a\"," RESULT
                  ",\"then\":[{\"tag_result\":{\"pass_at_least\":50,\"tags\":{"
                  "\"pass\":\"x\",\"fail\":\"X\"}}}]}]",
                  "rules.0.then.0.tag_result.tags.fail: is the same tag as pass" },
                { "[{\"id\":\"a\"," RESULT
                  ",\"then\":[{\"tag_result\":{\"pass_at_least\":50,\"tags\":{"
                  "\"good\":\"x\"}}}]}]",
                  "rules.0.then.0.tag_result.tags.good: there is no such" },
                { "[{\"id\":\"a\"," STAGE ",\"then\":[{\"tag_result\":{\"pass_at_least\":50}}]}]",
                  "rules.0.then.0.tag_result: is a step for results" },
                { "[{\"id\":\"a\"," STAGE ",\"then\":[{\"create_interview\":{\"platform\":\"cs\","
                  "\"schedule\":{\"in_hours\":0}}}]}]",
                  "rules.0.then.0.create_interview.schedule.in_hours: must be 1" },
                { "[{\"id\":\"a\"," STAGE ",\"then\":[{\"create_interview\":{\"platform\":\"cs\","
                  "\"schedule\":{\"in_hours\":24,\"minutes\":1.5}}}]}]",
                  "rules.0.then.0.create_interview.schedule.minutes: must be 1" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"move_stage\":{}}]}]",
                  "rules.0.then.0.move_stage.to: must be a text" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"move_stage\":{\"to\":\"next\",\"if\":{"
                  "\"percent_at_least\":101}}}]}]",
                  "rules.0.then.0.move_stage.if.percent_at_least: must be a number from 0" },
                { "[{\"id\":\"a\"," SCHEDULED("\"cs\"") ",\"then\":[]}]",
                  "rules.0.when.interview_scheduled.ats: \"cs\" is not an ATS" },
                { "[{\"id\":\"a\"," SCHEDULED("\"gh\",\"stage\":\"A\"") ",\"then\":[]}]",
                  "rules.0.when.interview_scheduled.stage: there is no such" },
                { "[{\"id\":\"a\"," SCHEDULED("\"gh\",\"title\":\"\"") ",\"then\":[]}]",
                  "rules.0.when.interview_scheduled.title: must be a text" },
                { "[{\"id\":\"a\"," SCHEDULED("\"gh\"") ",\"then\":[{\"write_result\":{}}]}]",
                  "rules.0.then.0.write_result: does not follow a scheduled" },
                { "[{\"id\":\"a\"," SCHEDULED(
                      "\"gh\"") ",\"then\":[{\"create_interview\":{\"platform\":\"cs\","
                                "\"schedule\":{\"in_hours\":"
                                "2}}}]}]",
                  "rules.0.then.0.create_interview.schedule: the interview has its time" },
                { "[{\"id\":\"a\"," RESULT ",\"then\":[{\"write_result\":{}}]},"
                  "{\"id\":\"a\"," RESULT ",\"then\":[{\"write_result\":{}}]}]",
                  "rules.1.id: another rule is called" },
        };
        json_t *kinds = json_pack("{s:s,s:s}", "gh", "ats", "cs", "platform");

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fail why = FAIL_CLEAR;
                json_t *rules = json_parse(rows[i].given, strlen(rows[i].given), true, &why);

                tap_int(rules_check(rules, kinds, &why), -1, "refused: %s", rows[i].given);
                tap_ok(strncmp(why.text, rows[i].want, strlen(rows[i].want)) == 0, "says: %s",
                       why.text);
                json_decref(rules);
        }
        json_decref(kinds);
}

static const char *const good =
    "[{\"id\":\"send\",\"when\":{\"entered_stage\":{\"ats\":\"gh\",\"job\":\"*\",\"stage\":"
    "\"Coding "
    "test\"}},\"then\":[{\"send_assessment\":{\"platform\":\"cs\",\"assessment\":\"T\"}}]},"
    "{\"id\":\"one\",\"when\":{\"entered_stage\":{\"ats\":\"gh\",\"job\":\"Clerk\",\"stage\":\"7\"}"
    "},"
    "\"then\":[{\"create_interview\":{\"platform\":\"cs\"}}]},"
    "{\"id\":\"back\",\"when\":{\"result\":\"final\"},\"then\":[{\"write_result\":{}},{\"move_"
    "stage\":"
    "{\"to\":\"next\",\"if\":{\"percent_at_least\":70}}}]},"
    "{\"id\":\"all\",\"when\":{\"result\":\"any\"},\"then\":[{\"write_result\":{}}]}]";

static void list(void *context, const struct intent *intent)
{
        buf_format(context, "%s/%s ", intent->rule, intent->step);
}

static void test_stage(const json_t *rules)
{
        static const struct {
                const char *name, *ats, *stage, *stage_name, *job, *job_name, *status, *want;
                bool prospect;
        } rows[] = {
                { "by name", "gh", "1", "Coding test", "5", "X", "active", "send/send_assessment ",
                  false },
                { "another stage", "gh", "1", "coding test", "5", "X", "active", "", false },
                { "another ATS", "lv", "1", "Coding test", "5", "X", "active", "", false },
                { "by id and job name", "gh", "7", "On-site", "5", "Clerk", "active",
                  "one/create_interview ", false },
                { "another job", "gh", "7", "On-site", "5", "Cook", "active", "", false },
                { "rejected", "gh", "1", "Coding test", "5", "X", "rejected", "", false },
                { "status unknown", "gh", "1", "Coding test", "5", "X", NULL, "", false },
                { "prospect", "gh", "1", "Coding test", "5", "X", "active", "", true },
                { "nothing known", "gh", NULL, NULL, NULL, NULL, "active", "", false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct application a = { .stage_id = (char *)(uintptr_t)rows[i].stage,
                                         .stage_name = (char *)(uintptr_t)rows[i].stage_name,
                                         .job_id = (char *)(uintptr_t)rows[i].job,
                                         .job_name = (char *)(uintptr_t)rows[i].job_name,
                                         .status = (char *)(uintptr_t)rows[i].status,
                                         .prospect = rows[i].prospect };
                struct buf got = BUF_NONE;

                rules_for_stage(rules, rows[i].ats, &a, list, &got);
                tap_text(buf_text(&got), rows[i].want, "stage: %s", rows[i].name);
                buf_dispose(&got);
        }
        tap_ok(rules_watch_stages(rules, "gh") && !rules_watch_stages(rules, "lv"),
               "whose stages are watched");
}

static void test_scheduled(void)
{
        static const char text[] = "[{\"id\":\"any\"," SCHEDULED(
            "\"gh\"") ",\"then\":[{\"create_interview\":{"
                      "\"platform\":\"cs\"}}]},{\"id\":"
                      "\"one\"," SCHEDULED("\"gh\",\"job\":\"Clerk\",\"title\":\"Live "
                                           "coding\"") ",\"then\":[{\"create_"
                                                       "interview\":{\"platform\":"
                                                       "\"cs\"}}]}]";
        static const struct {
                const char *name, *ats, *title, *job_name, *want;
        } rows[] = {
                { "both", "gh", "Live coding", "Clerk",
                  "any/create_interview one/create_interview " },
                { "another title", "gh", "live coding", "Clerk", "any/create_interview " },
                { "no title", "gh", NULL, "Clerk", "any/create_interview " },
                { "another job", "gh", "Live coding", "Cook", "any/create_interview " },
                { "another ATS", "lv", "Live coding", "Clerk", "" },
        };
        json_t *rules = json_parse(text, strlen(text), true, NULL),
               *kinds = json_pack("{s:s,s:s}", "gh", "ats", "cs", "platform");
        struct fail why = FAIL_CLEAR;

        tap_int(rules_check(rules, kinds, &why), 0, "rules for schedules pass: %s", why.text);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                /* Whatever the status: somebody wants to talk to him. */
                struct application a = { .job_name = (char *)(uintptr_t)rows[i].job_name };
                struct buf got = BUF_NONE;

                rules_for_schedule(rules, rows[i].ats, &a, rows[i].title, list, &got);
                tap_text(buf_text(&got), rows[i].want, "schedule: %s", rows[i].name);
                buf_dispose(&got);
        }
        tap_ok(rules_watch_schedules(rules, "gh") && !rules_watch_schedules(rules, "lv") &&
                   !rules_watch_stages(rules, "gh"),
               "whose schedules are watched");
        tap_int(rules_use(rules, "lv"), 0, "another ATS is not used by them");
        tap_ok(rules_use(rules, "gh") & RULE_USES_NOTES, "this one is, for the note");
        tap_ok(rules_use(rules, "gh") & RULE_USES_WATCH, "and its interviews are watched");
        tap_text(rule_need("[watch] list interviews", RULE_USES_NOTES), NULL,
                 "a need of that only");
        json_decref(rules);
        json_decref(kinds);
}

static void test_result(const json_t *rules)
{
        static const char final[] = "back/write_result back/move_stage all/write_result ";
        static const struct {
                const char *name;
                enum session_state state;
                enum verification verification;
                bool score;
                const char *want;
        } rows[] = {
                { "complete", SESSION_COMPLETE, VERIFICATION_NONE, true, final },
                { "verified", SESSION_COMPLETE, VERIFICATION_VERIFIED, true, final },
                { "no score", SESSION_COMPLETE, VERIFICATION_NONE, false, final },
                { "pending", SESSION_COMPLETE, VERIFICATION_PENDING, true, "" },
                { "in review", SESSION_IN_REVIEW, VERIFICATION_PENDING, true, "" },
                { "not verified", SESSION_NOT_VERIFIED, VERIFICATION_NOT_VERIFIED, true,
                  "all/write_result " },
                { "expired", SESSION_EXPIRED, VERIFICATION_NONE, false, final },
                { "declined", SESSION_DECLINED, VERIFICATION_NONE, false, final },
                { "started", SESSION_STARTED, VERIFICATION_NONE, false, "" },
                { "cancelled", SESSION_CANCELLED, VERIFICATION_NONE, false, "" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct session s = { .state = rows[i].state,
                                     .verification = rows[i].verification,
                                     .score = { .present = rows[i].score, .value = 1, .most = 2 } };
                struct buf got = BUF_NONE;

                rules_for_result(rules, &s, list, &got);
                tap_text(buf_text(&got), rows[i].want, "result: %s", rows[i].name);
                buf_dispose(&got);
        }
}

static void test_condition(void)
{
        static const struct {
                const char *name;
                enum session_state state;
                enum verification verification;
                bool present;
                double value, least, most, asked;
                const char *label;
                bool want;
        } rows[] = {
                { "reached", SESSION_COMPLETE, 0, true, 70, 0, 100, 70, "", true },
                { "missed", SESSION_COMPLETE, 0, true, 69, 0, 100, 70, "", false },
                { "on its scale", SESSION_COMPLETE, 0, true, 400, 200, 600, 50, "", true },
                { "below on its scale", SESSION_COMPLETE, 0, true, 399, 200, 600, 50, "", false },
                { "absent", SESSION_COMPLETE, 0, false, 0, 0, 100, 0, "", false },
                { "absent, none asked", SESSION_COMPLETE, 0, false, 0, 0, 0, -1, "", false },
                { "none asked", SESSION_COMPLETE, 0, true, 0, 0, 10, -1, "", true },
                { "expired, none asked", SESSION_EXPIRED, 0, false, 0, 0, 0, -1, "", false },
                { "declined, none asked", SESSION_DECLINED, 0, false, 0, 0, 0, -1, "", false },
                { "a label has no percentage", SESSION_COMPLETE, 0, true, 0, 0, 0, 0, "high",
                  false },
                { "no highest", SESSION_COMPLETE, 0, true, 9, 0, 0, 1, "", false },
                { "pending", SESSION_COMPLETE, VERIFICATION_PENDING, true, 99, 0, 100, 1, "",
                  false },
                { "in review", SESSION_IN_REVIEW, VERIFICATION_PENDING, true, 99, 0, 100, -1, "",
                  false },
                { "not verified", SESSION_NOT_VERIFIED, VERIFICATION_NOT_VERIFIED, true, 99, 0, 100,
                  -1, "", false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct session s = { .state = rows[i].state,
                                     .verification = rows[i].verification,
                                     .score = { .present = rows[i].present,
                                                .value = rows[i].value,
                                                .least = rows[i].least,
                                                .most = rows[i].most } };
                json_t *condition = rows[i].asked < 0
                                        ? NULL
                                        : json_pack("{s:f}", "percent_at_least", rows[i].asked);

                strcpy(s.score.label, rows[i].label);
                tap_ok(rule_condition(condition, &s) == rows[i].want, "condition: %s",
                       rows[i].name);
                json_decref(condition);
        }
}

/* What a result is worth, and how it is tagged. */

static const char lines[] = "[{\"percent_at_least\":50,\"score\":2},{\"percent_at_least\":90,"
                            "\"score\":4},{\"percent_at_least\":0,\"score\":1}]";

static void test_worth(void)
{
        static const struct {
                const char *name;
                enum session_state state;
                enum verification verification;
                double value, most; /* most 0: no score */
                int score;
                enum rule_verdict open, closed; /* pass at 70; fail never, or below 40 */
        } rows[] = {
                { "full", SESSION_COMPLETE, VERIFICATION_NONE, 100, 100, 4, RULE_PASS, RULE_PASS },
                { "on the line", SESSION_COMPLETE, VERIFICATION_VERIFIED, 90, 100, 4, RULE_PASS,
                  RULE_PASS },
                { "below it", SESSION_COMPLETE, VERIFICATION_NONE, 89, 100, 2, RULE_PASS,
                  RULE_PASS },
                { "between", SESSION_COMPLETE, VERIFICATION_NONE, 69, 100, 2, RULE_REVIEW,
                  RULE_REVIEW },
                { "at the lower line", SESSION_COMPLETE, VERIFICATION_NONE, 40, 100, 1, RULE_REVIEW,
                  RULE_REVIEW },
                { "low", SESSION_COMPLETE, VERIFICATION_NONE, 39, 100, 1, RULE_REVIEW, RULE_FAIL },
                { "nothing", SESSION_COMPLETE, VERIFICATION_NONE, 0, 100, 1, RULE_REVIEW,
                  RULE_FAIL },
                { "no score is no zero", SESSION_COMPLETE, VERIFICATION_NONE, 0, 0, 0, RULE_REVIEW,
                  RULE_REVIEW },
                { "not verified", SESSION_NOT_VERIFIED, VERIFICATION_NOT_VERIFIED, 100, 100, 0,
                  RULE_REVIEW, RULE_REVIEW },
                { "in review", SESSION_IN_REVIEW, VERIFICATION_PENDING, 100, 100, 0, RULE_NONE,
                  RULE_NONE },
                { "expired", SESSION_EXPIRED, VERIFICATION_NONE, 0, 0, 0, RULE_NONE, RULE_NONE },
                { "declined", SESSION_DECLINED, VERIFICATION_NONE, 0, 0, 0, RULE_NONE, RULE_NONE },
        };
        json_t *worth = json_parse(lines, strlen(lines), true, NULL);
        json_t *open = json_pack("{s:i}", "pass_at_least", 70);
        json_t *closed = json_pack("{s:i,s:i}", "pass_at_least", 70, "fail_below", 40);

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct session s = { .state = rows[i].state,
                                     .verification = rows[i].verification,
                                     .score = { .present = rows[i].most > 0,
                                                .value = rows[i].value,
                                                .most = rows[i].most,
                                                .version = "raw" } };

                tap_int(rule_score(worth, &s), rows[i].score, "score: %s", rows[i].name);
                tap_int(rule_verdict(open, &s), rows[i].open, "nobody fails: %s", rows[i].name);
                tap_int(rule_verdict(closed, &s), rows[i].closed, "tag: %s", rows[i].name);
        }
        json_decref(worth);
        worth = json_pack("{s:s}", "fail", "red");
        tap_text(rule_tag(worth, RULE_FAIL), "red", "a tag of the admin's own");
        tap_text(rule_tag(worth, RULE_PASS), "Assessment: pass", "and the usual one");
        tap_text(rule_tag(NULL, RULE_REVIEW), "Assessment: needs review", "no tags given");
        tap_text(rule_tag(NULL, RULE_NONE), NULL, "no verdict, no tag");
        json_decref(worth);
        json_decref(open);
        json_decref(closed);
}

static void test_uses(void)
{
        static const char text[] =
            "[{\"id\":\"a\",\"when\":{\"entered_stage\":{\"ats\":\"lv\",\"stage\":\"A\"}},\"then\":"
            "[{"
            "\"add_selection_link\":{\"platform\":\"cs\"}}]},{\"id\":\"b\",\"when\":{\"result\":"
            "\"final\"},\"then\":[{\"write_result\":{\"file\":\"text\"}},{\"move_stage\":{\"to\":"
            "\"next\"}}]}]";
        json_t *rules = json_parse(text, strlen(text), true, NULL);

        tap_int(rules_use(rules, "lv"),
                RULE_USES_NOTES | RULE_USES_LINKS | RULE_USES_FILES | RULE_USES_MOVES,
                "what the rules ask of Lever");
        tap_int(rules_use(rules, "gh"), RULE_USES_NOTES | RULE_USES_FILES | RULE_USES_MOVES,
                "a result goes to every ATS");
        tap_int(rules_use(NULL, "gh"), 0, "no rules, no uses");
        tap_text(rule_need("read user", RULE_USES_TAGS), "read user", "always needed");
        tap_text(rule_need("[tags links] add tag", RULE_USES_TAGS), "add tag", "needed for tags");
        tap_text(rule_need("[tags links] add tag", RULE_USES_LINKS), "add tag", "or for links");
        tap_text(rule_need("[tags links] add tag", RULE_USES_NOTES), NULL, "not for notes");
        tap_text(rule_need("[tags] add tag", 0), "add tag", "all, when nothing is known");
        tap_text(rule_need("[tagsx] add tag", RULE_USES_TAGS), NULL, "words are whole");
        tap_text(rule_need("[tags add tag", RULE_USES_NOTES), "[tags add tag",
                 "no bracket, no tag");
        json_decref(rules);
}

int main(void)
{
        struct fail why = FAIL_CLEAR;
        json_t *rules = json_parse(good, strlen(good), true, &why),
               *kinds = json_pack("{s:s,s:s}", "gh", "ats", "cs", "platform");

        test_refused();
        test_worth();
        test_uses();
        tap_int(rules_check(rules, kinds, &why), 0, "good rules pass: %s", why.text);
        test_stage(rules);
        test_scheduled();
        test_result(rules);
        test_condition();
        json_decref(rules);
        json_decref(kinds);
        return tap_end();
}
