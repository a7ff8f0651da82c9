/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules that somebody wrote, against an application and a session (one line each; the rules
 * come last).  What passes the check runs, and names only its own steps.
 */
#include "bridge/rule.h"
#include "floor/text.h"
#include "fuzz.h"

struct seen {
        const json_t *rules;
        const struct session *session;
        int count;
};

static void visit(void *context, const struct intent *intent)
{
        struct seen *seen = context;

        MUST(!text_empty(intent->step) && intent->rule != NULL);
        if (intent->with != NULL)
                rule_condition(json_at(intent->with, "if"), seen->session);
        seen->count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *first = next_part(&data, &size, '\n'), *second = next_part(&data, &size, '\n');
        json_t *one = json_parse(first, strlen(first), false, NULL);
        json_t *two = json_parse(second, strlen(second), false, NULL);
        json_t *rules = json_parse(data, size, true, NULL), *kinds = json_object();
        struct application application;
        struct fail why = FAIL_CLEAR;
        struct session session;
        struct seen seen = { rules, &session, 0 };

        memset(&application, 0, sizeof application);
        memset(&session, 0, sizeof session);
        application_from_json(&application, one);
        session_from_json(&session, two);
        json_set_text(kinds, "gh", "greenhouse");
        json_set_text(kinds, "lv", "lever");
        json_set_text(kinds, "cs", "codesignal");
        if (rules_check(rules, kinds, &why) == 0) {
                MUST(rules_for_stage(rules, "gh", &application, visit, &seen) == seen.count);
                seen.count = 0;
                MUST(rules_for_result(rules, &session, visit, &seen) == seen.count);
        } else {
                MUST(why.kind == FAIL_INPUT && why.text[0] != '\0');
        }
        /* rule 4: without a score nobody is moved on one */
        session.score.present = false;
        MUST(!rule_condition(json_at(rules, "0.then.0.move_stage.if"), &session) ||
             json_at(rules, "0.then.0.move_stage.if.percent_at_least") == NULL);
        application_dispose(&application);
        session_dispose(&session);
        json_decref(one);
        json_decref(two);
        json_decref(rules);
        json_decref(kinds);
        mem_free(first);
        mem_free(second);
        return 0;
}
