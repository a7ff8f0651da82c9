/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rule that stands, in the form and back: nothing is lost, nothing else is changed. */
#include "home/rule_change.h"

#include <string.h>

#include "../tap.h"
#include "bridge/rule.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "home/rule_words.h"

#define ENTERED(rest) "\"when\":{\"entered_stage\":{\"ats\":\"gh\"," rest "}}"
#define SEND "{\"send_assessment\":{\"platform\":\"cs\",\"assessment\":\"T1\"}}"
#define RULE(when, then) "{\"id\":\"r\"," when ",\"then\":[" then "]}"
#define FINAL "\"when\":{\"result\":\"final\"}"
#define ANY "\"when\":{\"result\":\"any\"}"
#define SCHEDULED "\"when\":{\"interview_scheduled\":{\"ats\":\"gh\",\"title\":\"Code\"}}"
#define INTERVIEW "{\"create_interview\":{\"platform\":\"cs\"}}"
#define TIMED                                                                                      \
        "{\"create_interview\":{\"platform\":\"cs\",\"schedule\":{\"in_hours\":24,\"minutes\":60}" \
        "}}"
#define SCORED                                                                                     \
        "{\"write_result\":{\"score\":[{\"percent_at_least\":90,\"score\":4}],\"file\":\"pdf\"}}"
#define TAG "{\"tag_result\":{\"pass_at_least\":70}}"
#define TAGS(rest) "{\"tag_result\":{\"pass_at_least\":70," rest "}}"
#define USUAL                                                                                      \
        "\"tag_pass\":\"Assessment: pass\",\"tag_review\":\"Assessment: needs review\","           \
        "\"tag_fail\":\"Assessment: fail\"}"
#define MOVE(rest) "{\"move_stage\":{" rest "}}"
#define UP MOVE("\"to\":\"next\",\"if\":{\"percent_at_least\":70}")

static json_t *parse(const char *text)
{
        struct fail why = FAIL_CLEAR;
        json_t *value = json_parse(text, strlen(text), true, &why);

        tap_ok(value != NULL, "%s is JSON: %s", text, why.text);
        return value;
}

struct sent {
        const json_t *shown;
        const char *name, *text; /* this one is typed over */
        const char *id;
};

static const char *typed(void *context, const char *name)
{
        const struct sent *s = context;

        if (s->name != NULL && strcmp(s->name, name) == 0)
                return s->text;
        return strcmp(name, "id") == 0 ? s->id : json_get_text(s->shown, name, NULL);
}

/* "stays; stays" of those there are. */
static char *kept_of(const struct rule_filled *f)
{
        struct buf out = BUF_NONE;

        for (size_t i = 0; i < json_array_size(f->kept); i++)
                buf_format(&out, "%s%s", i > 0 ? "; " : "",
                           json_get_text(json_array_get(f->kept, i), "words", "?"));
        return buf_take(&out);
}

static void is_json(const json_t *got, const char *want, const char *name)
{
        json_t *wanted = parse(want);
        char *text = json_text(got), *right = json_text(wanted);

        tap_text(text, right, "%s", name);
        mem_free(text);
        mem_free(right);
        json_decref(wanted);
}

/* Every rule there may be: which form, which fields, what is told to stay; sent back untouched it
 * is the same to the letter. */
static void test_there_and_back(void)
{
        static const struct {
                const char *rule;
                int64_t step;
                const char *kind; /* NULL: no form */
                const char *shown, *kept;
                bool made; /* the form makes just this as a new rule */
        } rows[] = {
                { RULE(ENTERED("\"job\":\"*\",\"stage\":\"Test\""), SEND), -1, "send",
                  "{\"ats\":\"gh\",\"job\":\"*\",\"stage\":\"Test\",\"platform\":\"cs\","
                  "\"assessment\":\"T1\"}",
                  "", true },
                { RULE(ENTERED("\"stage\":\"Test\""), SEND), -1, "send",
                  "{\"ats\":\"gh\",\"job\":\"*\",\"stage\":\"Test\",\"platform\":\"cs\","
                  "\"assessment\":\"T1\"}",
                  "", false },
                { RULE(ENTERED("\"job\":\"17\",\"stage\":\"A\\nB\""),
                       "{\"add_selection_link\":{\"platform\":\"cs\"}}"),
                  -1, "select",
                  "{\"ats\":\"gh\",\"job\":\"17\",\"stage\":\"A\\nB\",\"platform\":\"cs\"}", "",
                  true },
                { RULE(ENTERED("\"job\":\"*\",\"stage\":\"Live\""), INTERVIEW), -1, "interview",
                  "{\"ats\":\"gh\",\"job\":\"*\",\"stage\":\"Live\",\"platform\":\"cs\"}", "",
                  true },
                { RULE(ENTERED("\"job\":\"*\",\"stage\":\"Live\""), TIMED), -1, "interview",
                  "{\"ats\":\"gh\",\"job\":\"*\",\"stage\":\"Live\",\"platform\":\"cs\"}",
                  "a first time is put into the schedule, 24 hours later, for 60 minutes", false },
                { RULE(SCHEDULED, INTERVIEW), -1, "schedule",
                  "{\"ats\":\"gh\",\"job\":\"*\",\"title\":\"Code\",\"platform\":\"cs\"}", "",
                  false },
                { RULE("\"when\":{\"interview_scheduled\":{\"ats\":\"gh\",\"job\":\"17\",\"title\":"
                       "\"*\"}}",
                       INTERVIEW),
                  -1, "schedule",
                  "{\"ats\":\"gh\",\"job\":\"17\",\"title\":\"*\",\"platform\":\"cs\"}", "", true },
                { RULE(FINAL, "{\"write_result\":{}}"), -1, "write",
                  "{\"result\":\"final\",\"file\":\"\"}", "", true },
                { RULE(ANY, "{\"write_result\":{}}"), -1, "write",
                  "{\"result\":\"any\",\"file\":\"\"}", "", true },
                { RULE(ANY, "{\"write_result\":{\"file\":\"text\"}}"), -1, "write",
                  "{\"result\":\"any\",\"file\":\"text\"}", "", true },
                { RULE(ANY, SCORED), -1, "write", "{\"result\":\"any\",\"file\":\"pdf\"}",
                  "the note gives a score: 4 from 90 %", false },
                { RULE(FINAL, UP), -1, "move", "{\"to\":\"next\",\"percent\":\"70\"}", "", true },
                { RULE(ANY, UP), -1, "move", "{\"to\":\"next\",\"percent\":\"70\"}", "", false },
                { RULE(FINAL, MOVE("\"to\":\"Offer\"")), -1, "move",
                  "{\"to\":\"Offer\",\"percent\":\"\"}", "", false },
                { RULE(FINAL, MOVE("\"to\":\"next\",\"if\":{\"percent_at_least\":70.5}")), -1,
                  "move", "{\"to\":\"next\",\"percent\":\"70.5\"}", "", false },
                { RULE(FINAL, SCORED "," TAG "," UP), -1, "write",
                  "{\"result\":\"final\",\"file\":\"pdf\"}",
                  "the note gives a score: 4 from 90 %; tag the "
                  "candidate “Assessment: pass” from 70 %, otherwise “Assessment: needs review”; "
                  "move the candidate to next if the score is at least 70 %",
                  false },
                { RULE(FINAL, TAG "," UP), -1, "tag",
                  "{\"result\":\"final\",\"pass\":\"70\",\"fail\":\"\"," USUAL,
                  "move the candidate to next if the score is at least 70 %", false },
                { RULE(FINAL, TAG "," UP), 1, "move", "{\"to\":\"next\",\"percent\":\"70\"}",
                  "tag the candidate “Assessment: pass” from 70 %, otherwise “Assessment: needs "
                  "review”",
                  false },
                { RULE(ANY, TAG), -1, "tag",
                  "{\"result\":\"any\",\"pass\":\"70\",\"fail\":\"\"," USUAL, "", true },
                { RULE(FINAL, TAGS("\"fail_below\":40.5,\"tags\":{\"fail\":\"No\"}")), -1, "tag",
                  "{\"result\":\"final\",\"pass\":\"70\",\"fail\":\"40.5\",\"tag_pass\":"
                  "\"Assessment: "
                  "pass\",\"tag_review\":\"Assessment: needs review\",\"tag_fail\":\"No\"}",
                  "", true },
                { RULE(FINAL, "{\"write_result\":{}}," UP), 1, "move",
                  "{\"to\":\"next\",\"percent\":\"70\"}", "write it into the hiring system",
                  false },
                { RULE(FINAL, UP), 1, NULL, NULL, NULL, false },
                { RULE(FINAL, UP), 1000, NULL, NULL, NULL, false },
                { "{}", -1, NULL, NULL, NULL, false },
                { RULE("\"when\":{}", "{}"), 0, NULL, NULL, NULL, false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *rule = parse(rows[i].rule), *back;
                struct rule_filled f;
                int found = rule_fill(rule, rows[i].step, &f);

                tap_int(found, rows[i].kind != NULL, "%s: has a form", rows[i].rule);
                if (found == 1 && rows[i].kind != NULL) {
                        struct sent s = { f.shown, NULL, NULL, "r" };
                        char *kept = kept_of(&f);

                        tap_text(f.kind->name, rows[i].kind, "which form");
                        is_json(f.shown, rows[i].shown, "what its fields show");
                        tap_text(kept, rows[i].kept, "what stays");
                        back = rule_refill(rule, &f, typed, &s);
                        is_json(back, rows[i].rule, "sent as it was shown it is the same");
                        json_decref(back);
                        if (rows[i].made) {
                                back = rule_of_form(f.kind, typed, &s);
                                is_json(back, rows[i].rule, "and a new one would be the same");
                                json_decref(back);
                        }
                        mem_free(kept);
                        rule_unfill(&f);
                }
                json_decref(rule);
        }
}

static void test_typed(void)
{
        static const struct {
                const char *rule;
                int64_t step;
                const char *name, *text, *want, *changed;
        } rows[] = {
                { RULE(ENTERED("\"stage\":\"Test\""), SEND "," TIMED), 0, "stage", "Other",
                  RULE(ENTERED("\"stage\":\"Other\""), SEND "," TIMED),
                  "{\"stage\":{\"was\":\"Test\",\"is\":\"Other\"}}" },
                { RULE(ENTERED("\"stage\":\"Test\""), SEND), -1, "job", "17",
                  RULE(ENTERED("\"stage\":\"Test\",\"job\":\"17\""), SEND),
                  "{\"job\":{\"was\":\"*\",\"is\":\"17\"}}" },
                { RULE(ENTERED("\"stage\":\"Test\",\"job\":\"17\""), SEND), -1, "job", "",
                  RULE(ENTERED("\"stage\":\"Test\",\"job\":\"*\""), SEND),
                  "{\"job\":{\"was\":\"17\",\"is\":\"*\"}}" },
                { RULE(ENTERED("\"stage\":\"A\\nB\""), SEND), -1, "stage", "AB",
                  RULE(ENTERED("\"stage\":\"A\\nB\""), SEND), "{}" },
                { RULE(ENTERED("\"stage\":\"Test\""), TIMED), -1, "platform", "cb",
                  RULE(ENTERED("\"stage\":\"Test\""),
                       "{\"create_interview\":{\"platform\":\"cb\",\"schedule\":{\"in_hours\":24,"
                       "\"minutes\":60}}}"),
                  "{\"platform\":{\"was\":\"cs\",\"is\":\"cb\"}}" },
                { RULE(ANY, SCORED), -1, "result", "final", RULE(FINAL, SCORED),
                  "{\"result\":{\"was\":\"any\",\"is\":\"final\"}}" },
                { RULE(FINAL, MOVE("\"to\":\"next\",\"if\":{\"percent_at_least\":70.5}")), -1,
                  "percent", "70",
                  RULE(FINAL, MOVE("\"to\":\"next\",\"if\":{\"percent_at_least\":70}")),
                  "{\"percent\":{\"was\":\"70.5\",\"is\":\"70\"}}" },
                { RULE(FINAL, MOVE("\"to\":\"next\"")), -1, "percent", "50",
                  RULE(FINAL, MOVE("\"to\":\"next\",\"if\":{\"percent_at_least\":50}")),
                  "{\"percent\":{\"was\":\"\",\"is\":\"50\"}}" },
                { RULE(FINAL, "{\"write_result\":{}}," UP), 1, "to", "Offer",
                  RULE(FINAL, "{\"write_result\":{}}," MOVE(
                                  "\"to\":\"Offer\",\"if\":{\"percent_at_least\":70}")),
                  "{\"to\":{\"was\":\"next\",\"is\":\"Offer\"}}" },
                { RULE(SCHEDULED, INTERVIEW), -1, "title", "",
                  RULE("\"when\":{\"interview_scheduled\":{\"ats\":\"gh\",\"title\":\"*\"}}",
                       INTERVIEW),
                  "{\"title\":{\"was\":\"Code\",\"is\":\"*\"}}" },
                { RULE(FINAL, TAG), -1, "fail", "40", RULE(FINAL, TAGS("\"fail_below\":40")),
                  "{\"fail\":{\"was\":\"\",\"is\":\"40\"}}" },
                { RULE(FINAL, TAGS("\"fail_below\":40")), -1, "fail", "", RULE(FINAL, TAG),
                  "{\"fail\":{\"was\":\"40\",\"is\":\"\"}}" },
                { RULE(FINAL, TAG), -1, "tag_pass", "Good",
                  RULE(FINAL, TAGS("\"tags\":{\"pass\":\"Good\"}")),
                  "{\"tag_pass\":{\"was\":\"Assessment: pass\",\"is\":\"Good\"}}" },
                { RULE(FINAL, TAGS("\"tags\":{\"pass\":\"Good\",\"fail\":\"Bad\"}")), -1,
                  "tag_pass", "", RULE(FINAL, TAGS("\"tags\":{\"fail\":\"Bad\"}")),
                  "{\"tag_pass\":{\"was\":\"Good\",\"is\":\"Assessment: pass\"}}" },
                { RULE(FINAL, TAGS("\"tags\":{\"pass\":\"Good\"}")), -1, "tag_pass", "",
                  RULE(FINAL, TAG),
                  "{\"tag_pass\":{\"was\":\"Good\",\"is\":\"Assessment: pass\"}}" },
                { RULE(FINAL, TAGS("\"fail_below\":40")), -1, "fail", NULL,
                  RULE(FINAL, TAGS("\"fail_below\":40")), "{}" },
                { RULE(ANY, SCORED), -1, "file", "",
                  RULE(ANY,
                       "{\"write_result\":{\"score\":[{\"percent_at_least\":90,\"score\":4}]}}"),
                  "{\"file\":{\"was\":\"pdf\",\"is\":\"\"}}" },
                /* a field that this form does not have */
                { RULE(ANY, UP), -1, "result", "final", RULE(ANY, UP), "{}" },
                { RULE(SCHEDULED, INTERVIEW), -1, "stage", "Other", RULE(SCHEDULED, INTERVIEW),
                  "{}" },
                { RULE(FINAL, "{\"write_result\":{}}"), -1, "id", "other",
                  RULE(FINAL, "{\"write_result\":{}}"), "{}" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *rule = parse(rows[i].rule), *back, *changed;
                struct rule_filled f, is;

                if (rule_fill(rule, rows[i].step, &f) == 1) {
                        struct sent s = { f.shown, rows[i].name, rows[i].text, "r" };

                        back = rule_refill(rule, &f, typed, &s);
                        is_json(back, rows[i].want, rows[i].name);
                        is_json(rule, rows[i].rule, "the one that stands is left");
                        tap_int(rule_fill(back, (int64_t)f.step, &is), 1, "it has a form again");
                        changed = rule_difference(&f, &is);
                        is_json(changed, rows[i].changed, "what was changed");
                        json_decref(changed);
                        json_decref(back);
                        rule_unfill(&f);
                        rule_unfill(&is);
                }
                json_decref(rule);
        }
}

/* What is wrong is not made right in silence: rules_check() finds it. */
static void test_wrong(void)
{
        static const struct {
                const char *rule, *name, *text, *fault;
        } rows[] = {
                { RULE(ENTERED("\"stage\":\"Test\""), SEND), "stage", "",
                  "rules.0.when.entered_stage.stage: must be" },
                { RULE(ENTERED("\"stage\":\"Test\""), SEND), "ats", "cs",
                  "rules.0.when.entered_stage.ats: \"cs\" is not" },
                { RULE(ENTERED("\"stage\":\"Test\""), SEND), "platform", NULL,
                  "rules.0.then.0.send_assessment.platform: must be" },
                { RULE(FINAL, "{\"write_result\":{}}"), "result", "never",
                  "rules.0.when.result: must be" },
                { RULE(FINAL, UP), "percent", "7o",
                  "rules.0.then.0.move_stage.if.percent_at_least: must be" },
                { RULE(FINAL, UP), "percent", "",
                  "rules.0.then.0.move_stage.if.percent_at_least: must be" },
                { RULE(FINAL, UP), "percent", "101",
                  "rules.0.then.0.move_stage.if.percent_at_least: must be" },
                { RULE(FINAL, UP), "percent", "1e1",
                  "rules.0.then.0.move_stage.if.percent_at_least: must be" },
                { RULE(FINAL, TAG), "pass", "",
                  "rules.0.then.0.tag_result.pass_at_least: must be" },
                { RULE(FINAL, TAG), "pass", "70.",
                  "rules.0.then.0.tag_result.pass_at_least: must" },
                { RULE(FINAL, TAG), "fail", "x", "rules.0.then.0.tag_result.fail_below: must be" },
                { RULE(FINAL, TAG), "fail", "90",
                  "rules.0.then.0.tag_result.fail_below: must not be above" },
                { RULE(FINAL, TAG), "tag_fail", "assessment: PASS",
                  "rules.0.then.0.tag_result.tags.fail: is the same" },
                { RULE(FINAL, "{\"write_result\":{}}"), "file", "exe",
                  "rules.0.then.0.write_result.file: must be" },
                { RULE(SCHEDULED, INTERVIEW), "ats", "cs",
                  "rules.0.when.interview_scheduled.ats: \"cs\" is not" },
        };
        json_t *roles = json_object();

        json_set_text(roles, "gh", "ats");
        json_set_text(roles, "cs", "platform");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *rule = parse(rows[i].rule), *rules = json_array();
                struct rule_filled f;
                struct fail why = FAIL_CLEAR;

                if (rule_fill(rule, -1, &f) == 1) {
                        struct sent s = { f.shown, rows[i].name, rows[i].text, "r" };

                        json_add(rules, rule_refill(rule, &f, typed, &s));
                        tap_int(rules_check(rules, roles, &why), -1, "%s “%s” is refused",
                                rows[i].name, rows[i].text == NULL ? "absent" : rows[i].text);
                        tap_ok(strncmp(why.text, rows[i].fault, strlen(rows[i].fault)) == 0,
                               "and where: %s", why.text);
                        rule_unfill(&f);
                }
                json_decref(rules);
                json_decref(rule);
        }
        json_decref(roles);
}

static void test_sentences(void)
{
        static const struct {
                const char *rule, *want;
        } rows[] = {
                { RULE(ENTERED("\"stage\":\"Test\",\"job\":\"Engineer\""), SEND),
                  "When a candidate enters “Test” in gh, for the job “Engineer”: send assessment "
                  "T1 on cs." },
                { RULE(SCHEDULED, INTERVIEW), "When an interview “Code” is scheduled in gh: make a "
                                              "live interview on cs." },
                { RULE(ENTERED("\"stage\":\"Live\""), TIMED),
                  "When a candidate enters “Live” in gh: make a live interview on cs (a first "
                  "time is put into the schedule, 24 hours later, for 60 minutes)." },
                { RULE(FINAL, SCORED "," UP),
                  "When a result is final: write it into the hiring system (the note gives a "
                  "score: 4 from 90 %; a report is uploaded as pdf), and move the candidate to "
                  "next if the score is at least 70 %." },
                { "{}", "When a result is final: ." },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *rule = parse(rows[i].rule);
                char *sentence = rule_sentence(rule);

                tap_text(sentence, rows[i].want, "a sentence");
                mem_free(sentence);
                json_decref(rule);
        }
}

int main(void)
{
        test_there_and_back();
        test_typed();
        test_wrong();
        test_sentences();
        return tap_end();
}
