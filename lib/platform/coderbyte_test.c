/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connection test: profile, key, and each part of the profile that can be tried without
 * writing; what does not fit is named. */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "platform/coderbyte.h"
#include "platform/coderbyte_wire.h"

/* Nobody's address (RFC 2606): asking for it shows whether the path is one. */
#define NOBODY "fairlead-connection-test@example.invalid"

struct trial {
        struct coderbyte c;
        struct outcome step; /* of the call under way */
        json_t *report;
        struct outcome *all; /* the first that failed */
        char *test;          /* id of an assessment there is */
};

static void line(struct trial *t, const char *what, bool ok, const char *sentence)
{
        json_t *row = json_object();

        json_set_text(row, "what", what);
        json_set_bool(row, "ok", ok);
        json_set_text(row, "sentence", sentence);
        json_add(t->report, row);
}

static void failed(struct trial *t, const char *what)
{
        char *text = mem_format("%s (%s)", t->step.sentence, t->step.detail);

        line(t, what, false, text);
        mem_free(text);
        if (t->all->kind == OUTCOME_DONE)
                *t->all = t->step;
}

/* A part of the profile: section and name, for an admin who is to correct it. */
static void misfit(struct trial *t, const char *what, const char *section, const char *name,
                   const char *why)
{
        outcome_set(&t->step, OUTCOME_DENIED,
                    "Coderbyte's answers look different from what we expect. An administrator can "
                    "correct data/coderbyte/profile.json.",
                    "%s: %s.%s: %s", CODERBYTE_PROFILE, section, name, why);
        failed(t, what);
}

/* It does not know somebody whom an admin named: he is not there, or this is not where to ask. */
static void unknown(struct trial *t, const char *what, const char *call)
{
        char *said = mem_text(t->step.detail);

        if (t->step.kind == OUTCOME_ABSENT)
                outcome_set(&t->step, OUTCOME_DENIED,
                            "Coderbyte does not know test_candidate. Name somebody who took an "
                            "assessment, or correct data/coderbyte/profile.json.",
                            "%s: %s.path, if the address is right: %s", CODERBYTE_PROFILE, call,
                            said);
        mem_free(said);
        failed(t, what);
}

/* All of these fields must have a place in the value, be it null. */
static bool has_fields(struct trial *t, const char *what, const char *section,
                       const char *const *names, const json_t *value)
{
        bool good = true;

        for (; *names != NULL; names++) {
                bool known;

                coderbyte_at(t->c.profile, section, *names, value, &known);
                if (!known) {
                        misfit(t, what, section, *names, "leads nowhere in the answer");
                        good = false;
                }
        }
        return good;
}

static int call(struct trial *t, const char *name, const char *email, const char *test,
                struct coderbyte_answer *answer)
{
        json_t *values = json_object();

        coderbyte_give(values, "email", email);
        coderbyte_give(values, "assessment", test);
        t->step = (struct outcome)OUTCOME_NONE;
        return coderbyte_call(&t->c, name, values, answer);
}

static void try_tests(struct trial *t)
{
        static const char *const fields[] = { "id", "title", "public_url", NULL };
        static const char what[] = "see assessments";
        struct coderbyte_answer answer = { 0 };
        json_t *list = NULL;

        if (call(t, "list_tests", NULL, NULL, &answer) != 0) {
                failed(t, what);
        } else {
                list = coderbyte_list(answer.result);
                if (json_array_size(list) == 0) {
                        line(t, what, true,
                             "The key may see assessments; there are none yet, so their fields "
                             "could not be tried.");
                } else if (has_fields(t, what, "test", fields, json_array_get(list, 0))) {
                        t->test = json_id_of(coderbyte_at(t->c.profile, "test", "id",
                                                          json_array_get(list, 0), NULL));
                        line(t, what, true, "The key may see assessments.");
                }
        }
        json_decref(list);
        coderbyte_answer_dispose(&answer);
}

/* The first assessment that the candidate has; the caller frees. */
static char *test_of(struct trial *t, const char *email)
{
        static const char what[] = "see a candidate";
        struct coderbyte_answer answer = { 0 };
        json_t *list;
        const json_t *test;
        char *id = NULL;

        if (call(t, "read_candidate", email, NULL, &answer) != 0) {
                unknown(t, what, "calls.read_candidate");
                return NULL;
        }
        list = coderbyte_list(answer.result);
        test = coderbyte_at(t->c.profile, "candidate", "test_id", json_array_get(list, 0), NULL);
        id = json_id_of(test);
        if (json_array_size(list) == 0)
                line(t, what, false,
                     "test_candidate has taken no assessment: name somebody who has.");
        else if (id == NULL)
                misfit(t, what, "candidate", "test_id", "leads nowhere in the answer");
        else
                line(t, what, true, "The key may see candidates.");
        json_decref(list);
        coderbyte_answer_dispose(&answer);
        return id;
}

static void try_report(struct trial *t, const char *email, const char *test)
{
        static const char *const fields[] = { "test_id",    "email", "status", "joined",
                                              "report_url", "score", NULL };
        static const char what[] = "read a report";
        struct session_ref ref = { "probe", test, email };
        struct coderbyte_answer answer = { 0 };
        struct session s = { 0 };
        json_t *list;
        char *odd = NULL;

        if (call(t, "read_report", email, test, &answer) != 0) {
                unknown(t, what, "calls.read_report");
                return;
        }
        list = coderbyte_list(answer.result);
        if (json_array_size(list) == 0) {
                line(t, what, false, "test_candidate has no report: name somebody who has one.");
        } else if (has_fields(t, what, "report", fields, json_array_get(list, 0))) {
                if (coderbyte_report(t->c.profile, answer.result, &ref, &s, &odd) < 0) {
                        outcome_set(&t->step, OUTCOME_DENIED,
                                    "Coderbyte's report could not be understood. An administrator "
                                    "can correct data/coderbyte/profile.json.",
                                    "%s: %s", CODERBYTE_PROFILE, odd);
                        failed(t, what);
                } else {
                        line(t, what, true, "A report could be read and understood.");
                }
        }
        mem_free(odd);
        session_dispose(&s);
        json_decref(list);
        coderbyte_answer_dispose(&answer);
}

/* Without a candidate to read: one that nobody is must be told from a path that is none. */
static void try_nobody(struct trial *t)
{
        static const char what[] = "read a report";
        struct coderbyte_answer answer = { 0 };

        if (call(t, "read_report", NOBODY, text_or(t->test, "none"), &answer) == 0 ||
            t->step.kind == OUTCOME_ABSENT)
                line(t, what, true,
                     "Reports are asked for, but none was read: with the setting test_candidate "
                     "(somebody who took an assessment) this test reads one.");
        else
                failed(t, what);
        coderbyte_answer_dispose(&answer);
}

static void try_reports(struct trial *t)
{
        const char *email = link_setting(t->c.link, "test_candidate", NULL);
        char *test;

        if (text_empty(email)) {
                try_nobody(t);
                return;
        }
        test = test_of(t, email);
        if (test != NULL)
                try_report(t, email, test);
        mem_free(test);
}

static void say_rest(struct trial *t)
{
        bool interviews = json_get_bool(t->c.link->settings, "interviews", false);

        line(t, "send", true,
             "Whether the key may invite shows at the first use: Coderbyte has no way to ask.");
        if (interviews && !coderbyte_can(t->c.profile, "create_interview"))
                misfit(t, "make interviews", "calls.create_interview", "path",
                       "is empty, but the setting interviews is true");
}

int coderbyte_test(struct link *link, json_t **report, struct outcome *outcome)
{
        struct trial t = { .report = json_array(), .all = outcome };

        *report = t.report;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (coderbyte_open(&t.c, link, &t.step) != 0) {
                line(&t, "data files", false, t.step.detail);
                *outcome = t.step;
        } else {
                line(&t, "data files", true, "data/coderbyte/profile.json is complete.");
                try_tests(&t);
                if (outcome->kind == OUTCOME_DONE)
                        try_reports(&t);
                if (outcome->kind == OUTCOME_DONE)
                        say_rest(&t);
        }
        if (outcome->kind == OUTCOME_DONE) {
                outcome->status = t.step.status;
                t.step = (struct outcome)OUTCOME_NONE;
        }
        coderbyte_close(&t.c);
        outcome->lane_wait_ms = t.step.lane_wait_ms;
        outcome->elapsed_us = t.c.elapsed_us;
        mem_free(t.test);
        return outcome->kind == OUTCOME_DONE ? 0 : -1;
}
