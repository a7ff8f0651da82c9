/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connection test: files, key, read permissions; what breaks is named. */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "platform/codesignal_wire.h"

static void report_line(json_t *report, const char *what, bool ok, const char *sentence)
{
        json_t *line = json_object();

        json_set_text(line, "what", what);
        json_set_bool(line, "ok", ok);
        json_set_text(line, "sentence", sentence);
        json_add(report, line);
}

/* Every document at once: an admin wants to see all that is broken, not the first. */
static bool test_files(struct link *link, const json_t *map, json_t *report)
{
        bool good = true;

        for (const char *const *o = codesignal_operations; *o != NULL; o++) {
                struct buf text = BUF_NONE;
                struct fail why = FAIL_CLEAR;

                if (codesignal_document(link, map, *o, &text, &why) != 0) {
                        good = false;
                        report_line(report, "data files", false, why.text);
                }
                buf_dispose(&text);
        }
        if (good)
                report_line(report, "data files", true,
                            "All documents in data/codesignal are complete.");
        return good;
}

/* One small reading: the permission, and whether its paths still lead somewhere. */
static bool test_reading(struct link *link, const json_t *map, const char *operation,
                         const char *what, const char *fine, json_t *report,
                         struct outcome *outcome)
{
        struct codesignal_answer answer = { 0 };
        const char *id = codesignal_path(map, "probe", "id");
        bool good = false;
        char *text;

        if (codesignal_call(link, map, operation, json_object(), &answer, outcome) != 0) {
                text = mem_format("%s (%s)", outcome->sentence, outcome->detail);
                report_line(report, what, false, text);
                mem_free(text);
        } else if (!json_is_array(answer.result) ||
                   (json_array_size(answer.result) > 0 &&
                    json_at(json_array_get(answer.result, 0), id) == NULL)) {
                text = mem_format("codesignal/paths.json: documents.%s.result or probe.id leads "
                                  "nowhere in the answer",
                                  operation);
                outcome_set(outcome, OUTCOME_DENIED,
                            "CodeSignal's answers look different from what data/codesignal says.",
                            "%s", text);
                report_line(report, what, false, text);
                mem_free(text);
        } else {
                good = true;
                report_line(report, what, true, fine);
        }
        codesignal_answer_dispose(&answer);
        return good;
}

int codesignal_test(struct link *link, json_t **report, struct outcome *outcome)
{
        struct outcome tests = OUTCOME_NONE, interviews = OUTCOME_NONE;
        struct fail why = FAIL_CLEAR;
        json_t *map = codesignal_map_load(link, &why);
        bool good;

        *report = json_array();
        *outcome = (struct outcome)OUTCOME_NONE;
        if (map == NULL) {
                report_line(*report, "data files", false, why.text);
                return outcome_set(outcome, OUTCOME_DENIED,
                                   "The file that says how to talk to CodeSignal is broken. An "
                                   "administrator can correct data/codesignal/paths.json.",
                                   "%s", why.text);
        }
        good = test_files(link, map, *report);
        if (!good)
                outcome_set(outcome, OUTCOME_DENIED,
                            "A file that says how to talk to CodeSignal is broken. An "
                            "administrator can correct it in data/codesignal.",
                            "see the report");
        if (!test_reading(link, map, "test_tests", "see assessments",
                          "The key may see assessments (companyTest.company.read).", *report,
                          &tests) &&
            good) {
                good = false;
                *outcome = tests;
        }
        if (!test_reading(link, map, "test_interviews", "see interviews",
                          "The key may see live interviews (liveInterview.company.read).", *report,
                          &interviews) &&
            good) {
                good = false;
                *outcome = interviews;
        }
        if (good) {
                *outcome = tests;
                report_line(*report, "send and make", true,
                            "Whether the key may send assessments and make interviews "
                            "(companyTestSession.company.write, liveInterview.company.write) "
                            "shows at the first use: CodeSignal has no way to ask.");
        }
        json_decref(map);
        return good ? 0 : -1;
}
