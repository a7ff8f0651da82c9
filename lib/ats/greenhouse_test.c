/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trying a Greenhouse connection: the credential, the user it acts for, and every
 * permission that can be tried without writing (wire/greenhouse.md 3.3).
 */
#include <inttypes.h>
#include <string.h>

#include "ats/greenhouse_read.h"
#include "ats/greenhouse_v1.h"
#include "ats/greenhouse_v3.h"
#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"

static const struct {
        const char *resource, *scope, *use;
        unsigned uses; /* of rule.h; 0: always */
} lists[] = {
        { "applications", "harvest:applications:list", "reads applications", 0 },
        { "candidates", "harvest:candidates:list", "reads candidates", 0 },
        { "jobs", "harvest:jobs:list", "reads jobs", 0 },
        { "job_interview_stages", "harvest:job_interview_stages:list", "reads a job's stages", 0 },
        { "application_stages", "harvest:application_stages:list", "reads stage changes", 0 },
        { "notes", "harvest:notes:list", "looks for our own notes, so that none comes twice", 0 },
        { "interviews", "harvest:interviews:list", "reads scheduled interviews", RULE_USES_WATCH },
};

static const struct {
        const char *scope, *use;
        unsigned uses;
} writes[] = {
        { "harvest:notes:create", "writes notes", 0 },
        { "harvest:applications:move", "moves applications", RULE_USES_MOVES },
        { "harvest:interviews:update", "writes interview links", RULE_USES_WATCH },
};

/* Least permissions: what no rule asks for is not asked of the credential. */
static bool needed(const struct link *link, unsigned uses)
{
        return uses == 0 || link->uses == 0 || (link->uses & uses) != 0;
}

static void say(json_t *report, const char *what, bool ok, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void say(json_t *report, const char *what, bool ok, const char *format, ...)
{
        json_t *row = json_object();
        va_list list;
        char *text;

        va_start(list, format);
        text = mem_format_list(format, list);
        va_end(list);
        json_set_text(row, "what", what);
        json_set_bool(row, "ok", ok);
        json_set_text(row, "sentence", text);
        json_add(report, row);
        mem_free(text);
}

/* What writes can only be tried by writing. */
static void say_untried(json_t *report, const char *what, const char *use)
{
        say(report, what, true, "Needed where the bridge %s; it can only be tried by doing so.",
            use);
        json_set_bool(json_array_get(report, json_array_size(report) - 1), "tried", false);
}

/* Keeps the worst of several outcomes: the first that failed. */
static void keep(struct outcome *all, const struct outcome *one)
{
        int64_t elapsed = all->elapsed_us + one->elapsed_us;
        int64_t lane =
            all->lane_wait_ms > one->lane_wait_ms ? all->lane_wait_ms : one->lane_wait_ms;

        if (all->kind == OUTCOME_DONE)
                *all = *one;
        all->elapsed_us = elapsed;
        all->lane_wait_ms = lane;
}

static void try_user(struct link *link, json_t *report, struct outcome *all)
{
        struct outcome one = OUTCOME_NONE;
        char *id = json_get_id(link->settings, "act_as_user"), *query;
        json_t *rows = NULL;
        const json_t *row;
        int64_t number;

        if (!text_empty(id) && greenhouse_id(id, &number) != 0) {
                outcome_set(&one, OUTCOME_DENIED,
                            "The user that the connection acts for is given by a number: the one "
                            "in the address of the user's page in Greenhouse.",
                            "act_as_user is no number");
                say(report, "act_as_user", false, "%s", one.sentence);
                keep(all, &one);
                mem_free(id);
                return;
        }
        query = text_empty(id) ? mem_text("per_page=1")
                               : mem_format("ids=%s&show_service_accounts=true", id);
        if (greenhouse_v3_rows(link, "users", query, "harvest:users:list", &rows, &one) != 0) {
                say(report, "harvest:users:list", false, "%s", one.sentence);
        } else if (text_empty(id)) {
                say(report, "act_as_user", true,
                    "No user is set: Greenhouse acts as the credential's own integration user.");
        } else if ((row = json_array_get(rows, 0)) == NULL || !greenhouse_row_is(row, "id", id)) {
                outcome_set(&one, OUTCOME_DENIED,
                            "The user that the connection acts for does not exist in Greenhouse.",
                            "users: no row for %s", id);
                say(report, "act_as_user", false, "%s", one.sentence);
        } else if (json_get_bool(row, "deactivated", false) ||
                   !json_get_bool(row, "site_admin", true)) {
                outcome_set(&one, OUTCOME_DENIED,
                            json_get_bool(row, "deactivated", false)
                                ? "The user that the connection acts for is deactivated in "
                                  "Greenhouse."
                                : "The user that the connection acts for is no Site Admin. "
                                  "Greenhouse lets only Site Admins read its lists.",
                            "users: %s", id);
                say(report, "act_as_user", false, "%s", one.sentence);
        } else {
                say(report, "act_as_user", true, "The user we act for exists and is a Site Admin.");
        }
        keep(all, &one);
        json_decref(rows);
        mem_free(query);
        mem_free(id);
}

/* One row is enough; the other pages are nobody's business here. */
static int enough(void *context, const json_t *row)
{
        (void)context;
        (void)row;
        return 1;
}

static void try_list(struct link *link, size_t i, json_t *report, struct outcome *all)
{
        struct outcome one = OUTCOME_NONE;

        if (greenhouse_v3_each(link, lists[i].resource, "per_page=1", lists[i].scope, enough, NULL,
                               &one) == 0)
                say(report, lists[i].scope, true, "Works: %s.", lists[i].use);
        else if (one.status == 403)
                say(report, lists[i].scope, false,
                    "Not granted: %s. Tick it for the API credential, or the user it acts for is "
                    "no Site Admin.",
                    lists[i].scope);
        else
                say(report, lists[i].scope, false, "%s", one.sentence);
        keep(all, &one);
}

int greenhouse_test(struct link *link, json_t **report, struct outcome *outcome)
{
        char *token = NULL;

        if (greenhouse_is_v1(link))
                return greenhouse_v1_test(link, report, outcome);
        *outcome = (struct outcome)OUTCOME_NONE;
        *report = json_array();
        if (greenhouse_v3_token(link, NULL, &token, outcome) != 0) {
                say(*report, "credential", false, "%s", outcome->sentence);
                return -1;
        }
        mem_free_secret(token);
        say(*report, "credential", true, "Greenhouse accepts the client id and secret.");
        try_user(link, *report, outcome);
        /* Who is asked to go slower, or finds the door closed, does not knock seven times more. */
        for (size_t i = 0; i < sizeof lists / sizeof *lists && outcome->kind != OUTCOME_AGAIN; i++)
                if (needed(link, lists[i].uses))
                        try_list(link, i, *report, outcome);
        for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
                if (needed(link, writes[i].uses))
                        say_untried(*report, writes[i].scope, writes[i].use);
        return outcome->kind == OUTCOME_DONE ? 0 : -1;
}
