/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trying a Harvest v1 key: every permission that the help page asks for is tried by itself, as far
 * as reading can (help page "Coderbyte", Permissions; wire/greenhouse.md 2.2).
 */
#include <string.h>

#include "ats/greenhouse_read.h"
#include "ats/greenhouse_v1.h"
#include "ats/greenhouse_v3.h"
#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"

/* In an order in which each finds what the later ones need.  path: %A %C %J %S %U are ids seen
 * before (application, candidate, job, stage, the user acted for). */
static const struct {
        const char *name, *path;
        char learns;   /* from the first row: what it is */
        bool schedule; /* only where interviews are followed */
} reads[] = {
        { "Applications, GET: List Applications", "applications?per_page=1&skip_count=true", 'A',
          false },
        { "Applications, GET: Retrieve Application", "applications/%A", 0, false },
        { "Candidates, GET: List Candidates", "candidates?per_page=1&skip_count=true", 'C', false },
        { "Candidates, GET: Retrieve Candidate", "candidates/%C", 0, false },
        { "Activity Feed, GET: Retrieve Activity Feed", "candidates/%C/activity_feed", 0, false },
        { "Jobs, GET: List Jobs", "jobs?per_page=1&skip_count=true", 'J', false },
        { "Jobs, GET: Retrieve Job", "jobs/%J", 0, false },
        { "Job Openings, GET: List Openings For a Job", "jobs/%J/openings?per_page=1", 0, false },
        { "Job Posts, GET: Retrieve Job Post for Job", "jobs/%J/job_post", 0, false },
        { "Job Posts, GET: List Job Posts for Job", "jobs/%J/job_posts", 0, false },
        { "Job Stages, GET: List Job Stages for Job", "jobs/%J/stages", 'S', false },
        { "Job Stages, GET: List Job Stages", "job_stages?per_page=1&skip_count=true", 'S', false },
        { "Job Stages, GET: Retrieve Job Stage", "job_stages/%S", 0, false },
        { "Users, GET: Retrieve User", "users/%U", 0, false },
        { "Scheduled Interviews, GET: List Scheduled Interviews", "scheduled_interviews?per_page=1",
          0, true },
};

static const struct {
        const char *name, *use;
        unsigned uses; /* of rule.h; 0: never by us, the help page asks for it */
} writes[] = {
        { "Candidates, POST: Add Note", "writes notes", RULE_USES_NOTES },
        { "Applications, POST: Move Application", "moves applications", RULE_USES_MOVES },
        { "Applications, POST: Moves Application to Job", NULL, 0 },
        { "Candidates, PATCH: Edit Candidate", NULL, 0 },
        { "Scheduled Interviews, PATCH: Update Scheduled Interview", "puts links into the schedule",
          RULE_USES_WATCH },
};

static void say(json_t *report, const char *what, bool ok, const char *sentence)
{
        json_t *row = json_object();

        json_set_text(row, "what", what);
        json_set_bool(row, "ok", ok);
        json_set_text(row, "sentence", sentence);
        json_add(report, row);
}

struct ids {
        char *application, *candidate, *job, *stage, *user;
};

static char **id_for(struct ids *ids, char letter)
{
        switch (letter) {
        case 'A':
                return &ids->application;
        case 'C':
                return &ids->candidate;
        case 'J':
                return &ids->job;
        case 'S':
                return &ids->stage;
        default:
                return &ids->user;
        }
}

static void learn(struct ids *ids, char letter, const char *id)
{
        char **at = id_for(ids, letter);

        if (*at == NULL)
                *at = mem_text(id);
}

/* An application also tells a candidate and a job. */
static void learn_from(struct ids *ids, char letter, const json_t *row)
{
        char *id = json_get_id(row, "id"), *candidate = json_get_id(row, "candidate_id"),
             *job = json_get_id(row, "jobs.0.id");

        learn(ids, letter, id);
        if (letter == 'A') {
                learn(ids, 'C', candidate);
                learn(ids, 'J', job);
        }
        mem_free(id);
        mem_free(candidate);
        mem_free(job);
}

/* NULL when it names something that was never seen. */
static char *fill(const char *path, struct ids *ids)
{
        const char *mark = strchr(path, '%');
        const char *id;

        if (mark == NULL)
                return mem_text(path);
        id = *id_for(ids, mark[1]);
        return id == NULL ? NULL : mem_format("%.*s%s%s", (int)(mark - path), path, id, mark + 2);
}

static void keep(struct outcome *all, const struct outcome *one)
{
        int64_t elapsed = all->elapsed_us + one->elapsed_us,
                lane =
                    all->lane_wait_ms > one->lane_wait_ms ? all->lane_wait_ms : one->lane_wait_ms;

        if (all->kind == OUTCOME_DONE)
                *all = *one;
        all->elapsed_us = elapsed;
        all->lane_wait_ms = lane;
}

static void try_one(struct link *link, size_t i, struct ids *ids, json_t *report,
                    struct outcome *all)
{
        struct outcome one = OUTCOME_NONE;
        char *path = fill(reads[i].path, ids), *sentence;
        json_t *value = NULL;
        int found;

        if (path == NULL) {
                say(report, reads[i].name, true,
                    "Cannot be tried yet: there is nothing in Greenhouse to try it on.");
                return;
        }
        found = greenhouse_v3_object(link, path, reads[i].name, &value, &one);
        if (found == 1 && reads[i].learns != 0)
                learn_from(ids, reads[i].learns,
                           json_is_array(value) ? json_array_get(value, 0) : value);
        if (found == 0 && strchr(reads[i].path, '?') != NULL &&
            strchr(reads[i].path, '%') == NULL) {
                /* A list is always there, empty at worst. */
                outcome_set(&one, OUTCOME_DENIED,
                            "Greenhouse is not at the address in the settings of this connection. "
                            "Correct base_url.",
                            "%s: 404", reads[i].name);
                say(report, reads[i].name, false, one.sentence);
        } else if (found >=
                   0) { /* a record that is not there was looked for, and that was allowed */
                one.kind = OUTCOME_DONE;
                say(report, reads[i].name, true, "Works.");
        } else if (one.status == 403) {
                one.kind = OUTCOME_DENIED; /* the key is tried, not the record */
                sentence =
                    mem_format("Not granted: tick \"%s\" for the Harvest API key.", reads[i].name);
                say(report, reads[i].name, false, sentence);
                mem_free(sentence);
        } else {
                say(report, reads[i].name, false, one.sentence);
        }
        keep(all, &one);
        json_decref(value);
        mem_free(path);
}

static void try_user(struct link *link, struct ids *ids, json_t *report, struct outcome *all)
{
        struct outcome one = OUTCOME_NONE;
        char *path = mem_format("users/%s", ids->user);
        json_t *user = NULL;
        int found = greenhouse_v3_object(link, path, "Users, GET: Retrieve User", &user, &one);
        const char *wrong = NULL;

        if (found == 0)
                wrong = "The user that the connection acts for does not exist in Greenhouse.";
        else if (found == 1 && json_get_bool(user, "disabled", false))
                wrong = "The user that the connection acts for is disabled in Greenhouse.";
        else if (found == 1 && !json_get_bool(user, "site_admin", true))
                wrong = "The user that the connection acts for is no Site Admin.";
        if (wrong != NULL)
                outcome_set(&one, OUTCOME_DENIED, wrong, "users: %s", ids->user);
        if (wrong != NULL || found == 1) {
                say(report, "act_as_user", wrong == NULL,
                    text_or(wrong, "The user we act for exists and is a Site Admin."));
                keep(all, &one);
        }
        json_decref(user);
        mem_free(path);
}

int greenhouse_v1_test(struct link *link, json_t **report, struct outcome *outcome)
{
        struct ids ids = { .user = json_get_id(link->settings, "act_as_user") };
        bool schedule = link->uses == 0 || (link->uses & RULE_USES_WATCH) != 0;
        int64_t number;
        char *sentence;

        *outcome = (struct outcome)OUTCOME_NONE;
        *report = json_array();
        if (greenhouse_id(ids.user, &number) != 0) {
                mem_free(ids.user);
                outcome_set(outcome, OUTCOME_DENIED,
                            "Harvest v1 needs the number of the user that the connection acts "
                            "for: the one in the address of the user's page in Greenhouse.",
                            "act_as_user is no number");
                say(*report, "act_as_user", false, outcome->sentence);
                return -1;
        }
        for (size_t i = 0; i < sizeof reads / sizeof *reads && outcome->kind != OUTCOME_AGAIN &&
                           outcome->status != 401;
             i++)
                if (!reads[i].schedule || schedule)
                        try_one(link, i, &ids, *report, outcome);
        if (outcome->kind != OUTCOME_AGAIN && outcome->status != 401)
                try_user(link, &ids, *report, outcome);
        for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
                if (writes[i].uses != 0 && link->uses != 0 && (link->uses & writes[i].uses) == 0)
                        continue;
                sentence = writes[i].use == NULL
                               ? mem_text("Asked for by the set-up; the bridge itself does not use "
                                          "it.")
                               : mem_format("Needed where the bridge %s; it can only be tried by "
                                            "doing so.",
                                            writes[i].use);
                say(*report, writes[i].name, true, sentence);
                json_set_bool(json_array_get(*report, json_array_size(*report) - 1), "tried",
                              false); /* what writes can only be tried by writing */
                mem_free(sentence);
        }
        mem_free(ids.application);
        mem_free(ids.candidate);
        mem_free(ids.job);
        mem_free(ids.stage);
        mem_free(ids.user);
        return outcome->kind == OUTCOME_DONE ? 0 : -1;
}
