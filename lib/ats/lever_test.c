/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trying a Lever connection: the key, the user it acts for, and each permission (wire/lever.md 2).
 *
 * Lever has no call that tells what a key may do.  What reads is tried by reading; what writes is
 * tried on a record that does not exist, which Lever answers with 403 for the key's sake or with
 * 404 for the record's.
 */
#include <string.h>

#include "ats/lever_call.h"
#include "ats/lever_part.h"
#include "bridge/rule.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define NOBODY "00000000-0000-0000-0000-000000000000"
#define O "opportunities/" NOBODY
#define BURST 12 /* calls before they are spaced out: ten a second are ours (1, "Rate limit") */
#define SPACING_MS 120

/* As the key's page in Lever names them.  uses: what of ours needs it; 0 always, OFFERED never by
 * itself: it is in the list that Lever's own help recommends, or makes something better. */
#define OFFERED (1U << 31)
static const struct row {
        const char *permission, *method, *path;
        unsigned uses;
        const char *use;
} rows[] = {
        { "list users", "GET", "users?limit=1", 0, "finds the users" },
        { "list stages", "GET", "stages?limit=1", 0, "finds the stages" },
        { "read stage", "GET", "stages/" NOBODY, 0, "reads a stage's name" },
        { "read opportunity", "GET", O, 0, "reads opportunities" },
        { "list opportunity applications", "GET", O "/applications", 0, "finds the posting" },
        { "read opportunity application", "GET", O "/applications/" NOBODY, 0,
          "finds the posting" },
        { "list opportunity notes", "GET", O "/notes", RULE_USES_NOTES,
          "looks for our own notes, so that none comes twice" },
        { "create opportunity note", "POST", O "/notes", RULE_USES_NOTES, "writes notes" },
        { "add opportunity link", "POST", O "/addLinks", RULE_USES_LINKS, "adds links" },
        { "remove opportunity link", "POST", O "/removeLinks", RULE_USES_LINKS,
          "removes links that have done their work" },
        { "add opportunity tag", "POST", O "/addTags", RULE_USES_TAGS, "tags results" },
        { "remove opportunity tag", "POST", O "/removeTags", RULE_USES_TAGS,
          "takes the tag of an earlier result away" },
        { "upload opportunity file", "POST", O "/files", RULE_USES_FILES, "uploads reports" },
        { "list opportunity files", "GET", O "/files", OFFERED,
          "finds a report again after a lost answer, so that none comes twice" },
        { "update opportunity stage", "PUT", O "/stage", RULE_USES_MOVES, "moves opportunities" },
        { "list panels", "GET", O "/panels", RULE_USES_SCHEDULE,
          "looks for our own interviews, so that none comes twice" },
        { "create panel", "POST", O "/panels", RULE_USES_SCHEDULE, "schedules interviews" },
        { "delete panel", "DELETE", O "/panels/" NOBODY, OFFERED, "takes interviews away" },
        { "read panel", "GET", O "/panels/" NOBODY, OFFERED, "reads interviews" },
        { "read opportunity note", "GET", O "/notes/" NOBODY, OFFERED, "reads notes" },
        { "delete opportunity note", "DELETE", O "/notes/" NOBODY, OFFERED, "deletes our notes" },
        { "list opportunity interviews", "GET", O "/interviews", OFFERED, "reads interviews" },
        { "read opportunity interview", "GET", O "/interviews/" NOBODY, OFFERED,
          "puts links into interviews on request" },
        { "create opportunity interview", "POST", O "/interviews", OFFERED, "adds interviews" },
        { "update opportunity interview", "PUT", O "/interviews/" NOBODY, OFFERED,
          "puts links into interviews on request" },
        { "delete opportunity interview", "DELETE", O "/interviews/" NOBODY, OFFERED,
          "takes interviews away" },
        { "delete opportunity file", "DELETE", O "/files/" NOBODY, OFFERED, "deletes our files" },
        { "list tags", "GET", "tags?limit=1", OFFERED, "reads the tags there are" },
        { "list sources", "GET", "sources?limit=1", OFFERED, "reads the sources there are" },
        { "read posting", "GET", "postings/" NOBODY, OFFERED,
          "lets rules and pages name a posting by its title" },
        { "list webhooks", "GET", "webhooks?limit=1", OFFERED,
          "lets Fairlead make its webhooks itself" },
};

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

/* Keeps the first that failed. */
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

static void space_out(const struct link *link, size_t calls)
{
        int64_t ms = SPACING_MS / (link->scale < 1 ? 1 : link->scale);

        if (calls >= BURST)
                when_sleep_ms(ms < 1 ? 1 : ms);
}

/* --- the user acted for ------------------------------------------------------------------ */

static int read_user(struct link *link, json_t **row, struct outcome *outcome)
{
        struct buf path = BUF_NONE;
        struct lever_ask ask = { .link = link, .method = "GET", .permission = "read user" };
        int result;

        buf_add_text(&path, "users/");
        code_url(&path, text_or(lever_user(link), NOBODY));
        ask.path = buf_text(&path);
        result = lever_call(&ask, row, outcome);
        buf_dispose(&path);
        return result;
}

/* DENIED for a user who is not there or deactivated: Lever refuses whatever he is made to do
 * (6, trap 16).  *about: Lever itself said so, rather than somebody at a wrong address. */
static int check_user(struct link *link, bool *about, struct outcome *outcome)
{
        json_t *row = NULL;
        int result = read_user(link, &row, outcome);

        *about = result == 0 || outcome->kind == OUTCOME_ABSENT;
        if (result != 0 && outcome->kind == OUTCOME_ABSENT)
                outcome_set(outcome, OUTCOME_DENIED,
                            "The user that the connection acts for does not exist in Lever.",
                            "users: no such user");
        else if (result == 0 && json_at(row, "deactivatedAt") != NULL)
                result = outcome_set(outcome, OUTCOME_DENIED,
                                     "The user that the connection acts for is deactivated in "
                                     "Lever. Name another one.",
                                     "users: deactivated");
        json_decref(row);
        return result;
}

int lever_check_settings(struct link *link, struct outcome *outcome)
{
        bool about;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (lever_user(link) == NULL || check_user(link, &about, outcome) == 0)
                return 0;
        /* A wrong key or address, or a key that may not read users, is another matter. */
        return about ? -1 : outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
}

static void try_user(struct link *link, json_t *report, struct outcome *all)
{
        struct outcome one = OUTCOME_NONE;
        bool needed = (link->uses & (RULE_USES_FILES | RULE_USES_SCHEDULE)) != 0, about;

        if (lever_user(link) != NULL) {
                if (check_user(link, &about, &one) == 0)
                        say(report, "act_as_user", true, "The user we act for exists.");
                else
                        say(report, one.status == 403 ? "read user" : "act_as_user", false, "%s",
                            one.sentence);
        } else if (needed) {
                lever_needs_user(link, "uploads reports and schedules interviews", &one);
                say(report, "act_as_user", false, "%s", one.sentence);
        } else {
                say(report, "act_as_user", true,
                    "No user is set: what we write shows no author. Files and the schedule need "
                    "one.");
        }
        keep(all, &one);
}

/* --- permissions --------------------------------------------------------------------------- */

/* The row's path; what writes is tried as it is done, for the user acted for: Lever insists on one
 * in some calls (1, "perform_as").  The caller frees. */
static char *path_of(const struct link *link, const struct row *row)
{
        struct buf path = BUF_NONE;

        buf_add_text(&path, row->path);
        if (!text_equal(row->method, "GET") && lever_user(link) != NULL) {
                buf_add_text(&path, "?perform_as=");
                code_url(&path, lever_user(link));
        }
        return buf_take(&path);
}

/* 1 granted, 0 not, -1 cannot be told (one says why). */
static int try_row(struct link *link, const struct row *row, struct outcome *one)
{
        char *path = path_of(link, row);
        json_t *body = text_equal(row->method, "POST") || text_equal(row->method, "PUT")
                           ? json_object()
                           : NULL;
        struct lever_ask ask = { .link = link,
                                 .method = row->method,
                                 .path = path,
                                 .permission = row->permission,
                                 .body = body };
        int granted = -1;

        *one = (struct outcome)OUTCOME_NONE;
        if (lever_call(&ask, NULL, one) == 0 || one->kind == OUTCOME_ABSENT ||
            one->kind == OUTCOME_REFUSED)
                granted = 1;
        else if (one->kind == OUTCOME_DENIED && one->status == 403)
                granted = 0;
        json_decref(body);
        mem_free(path);
        return granted;
}

static bool is_needed(const struct link *link, const struct row *row)
{
        if (row->uses == OFFERED)
                return false;
        return row->uses == 0 || link->uses == 0 || (link->uses & row->uses) != 0;
}

static void report_row(struct link *link, const struct row *row, json_t *report,
                       struct outcome *all)
{
        struct outcome one;
        int granted = try_row(link, row, &one);
        bool needed = is_needed(link, row);

        if (granted == 1) {
                one = (struct outcome)OUTCOME_NONE;
                say(report, row->permission, true, "Granted%s: %s.",
                    text_equal(row->method, "GET") ? ""
                                                   : " (tried on a record that does not exist)",
                    row->use);
        } else if (granted == 0 && needed) {
                char *sentence = mem_format("Not granted: %s. Without it Fairlead cannot do this: "
                                            "it %s.",
                                            row->permission, row->use);

                outcome_set(&one, OUTCOME_DENIED, sentence, "403 for %s", row->permission);
                say(report, row->permission, false, "%s", sentence);
                mem_free(sentence);
        } else if (granted == 0) {
                one = (struct outcome)OUTCOME_NONE;
                say(report, row->permission, true,
                    "Not granted, and your rules do not need it (it %s).", row->use);
        } else {
                say(report, row->permission, false, "Could not be tried: %s", one.sentence);
        }
        keep(all, &one);
}

/* Asked for when the key is made, never later (1, "Confidential data"). */
static void try_confidential(struct link *link, json_t *report)
{
        struct row row = { "confidential data", "GET",
                           "opportunities?confidentiality=confidential&limit=1", OFFERED, "" };
        struct outcome one;

        if (try_row(link, &row, &one) == 1)
                say(report, row.permission, true, "The key sees confidential opportunities.");
        else
                say(report, row.permission, true,
                    "The key does not list confidential opportunities. If you have confidential "
                    "postings, make a new key with access to confidential data ticked: it cannot "
                    "be added to a key later.");
}

int lever_test(struct link *link, json_t **report, struct outcome *outcome)
{
        const struct row *first = &rows[0];
        struct outcome one;

        *outcome = (struct outcome)OUTCOME_NONE;
        *report = json_array();
        if (try_row(link, first, &one) < 0) {
                say(*report, "credential", false, "%s", one.sentence);
                *outcome = one;
                return -1;
        }
        say(*report, "credential", true, "Lever accepts the API key.");
        try_user(link, *report, outcome);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                /* Who is asked to go slower does not knock thirty times more. */
                if (outcome->kind == OUTCOME_AGAIN)
                        return -1;
                space_out(link, i);
                report_row(link, &rows[i], *report, outcome);
        }
        try_confidential(link, *report);
        return outcome->kind == OUTCOME_DONE ? 0 : -1;
}
