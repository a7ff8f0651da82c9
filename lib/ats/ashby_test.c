/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trying an Ashby connection: the key, and each permission that the features need
 * (wire/ashby.md 1).  apiKey.info names the key's scopes where the key may ask for them; where it
 * may not, reads are tried one by one and writes cannot be.
 */
#include <string.h>

#include "ats/ashby_call.h"
#include "ats/ashby_part.h"
#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"

#define OPTIONAL (~0U) /* there is another way without it */

static const struct {
        const char *scope; /* as apiKey.info writes it */
        struct ashby_method method;
        unsigned uses; /* needed where the rules make one of these; 0: always */
        const char *use;
} needs[] = {
        { "candidatesRead",
          { "application.list", "Candidates: read", false },
          0,
          "reads applications, candidates and our own notes" },
        { "candidatesWrite",
          { NULL, "Candidates: write", true },
          0,
          "writes notes, tags and files, and moves stages" },
        { "interviewsRead",
          { "interviewPlan.list", "Interviews: read", false },
          0,
          "reads interview plans, their stages, and schedules" },
        { "jobsRead", { "job.list", "Jobs: read", false }, 0, "lists a job's stages" },
        { "hiringProcessMetadataRead",
          { "candidateTag.list", "Hiring process metadata: read", false },
          RULE_USES_TAGS,
          "finds tags by their name" },
        { "hiringProcessMetadataWrite",
          { NULL, "Hiring process metadata: write", true },
          OPTIONAL,
          "makes a tag that is not there yet" },
        { "interviewsWrite",
          { NULL, "Interviews: write", true },
          OPTIONAL,
          "puts interview links into schedules that this very key made" },
        { "apiKeysWrite",
          { NULL, "API keys: write", true },
          OPTIONAL,
          "makes the webhooks by itself" },
};
#define COUNT (sizeof needs / sizeof *needs)

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

/* The first that failed is what the whole test came to. */
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

static bool has(const json_t *scopes, const char *scope)
{
        for (size_t i = 0; i < json_array_size(scopes); i++)
                if (text_equal(json_text_of(json_array_get(scopes, i), NULL), scope))
                        return true;
        return false;
}

static bool needed(const struct link *link, size_t i)
{
        return needs[i].uses == 0 || (needs[i].uses != OPTIONAL &&
                                      (link->uses == 0 || (link->uses & needs[i].uses) != 0));
}

static void lacks(const struct link *link, json_t *report, size_t i, struct outcome *all)
{
        struct outcome one = OUTCOME_NONE;
        char *sentence = mem_format("The API key lacks %s: without it the bridge cannot do this: "
                                    "it %s.",
                                    needs[i].method.needs, needs[i].use);

        outcome_set(&one, needed(link, i) ? OUTCOME_DENIED : OUTCOME_DONE, sentence, "%s",
                    needs[i].scope);
        say(report, needs[i].method.needs, !needed(link, i), "%s%s",
            needed(link, i) ? "" : "Not needed as the rules are. ", sentence);
        keep(all, &one);
        mem_free(sentence);
}

static void try_read(struct link *link, size_t i, json_t *report, struct outcome *all)
{
        struct outcome one = OUTCOME_NONE;
        struct ashby_answer answer;
        json_t *body = json_object();

        json_set_int(body, "limit", 1);
        if (ashby_call(link, &needs[i].method, body, &answer, &one) == 0)
                say(report, needs[i].method.needs, true, "Works: the bridge %s.", needs[i].use);
        else if (text_equal(answer.code, "missing_endpoint_permission"))
                lacks(link, report, i, all);
        else
                say(report, needs[i].method.needs, false, "%s", one.sentence);
        if (!text_equal(answer.code, "missing_endpoint_permission"))
                keep(all, &one);
        ashby_answer_dispose(&answer);
}

/* A user who is acted for must be there and active, or every write is refused. */
static int check_user(struct link *link, const char *user, struct outcome *outcome)
{
        static const struct ashby_method info = { "user.info", "Organization: read", false };
        struct ashby_answer answer;
        int result = ashby_call(link, &info, ashby_body("userId", user), &answer, outcome);

        if (result == 0 && !json_get_bool(answer.results, "isEnabled", true))
                result = outcome_set(outcome, OUTCOME_DENIED,
                                     "The user that the connection acts for is deactivated in "
                                     "Ashby.",
                                     "user.info: not enabled");
        else if (result != 0 && (text_equal(answer.code, "user_not_found") ||
                                 text_equal(answer.code, "invalid_input")))
                outcome_set(outcome, OUTCOME_DENIED,
                            "The user that the connection acts for does not exist in Ashby.",
                            "user.info: %s", answer.code);
        ashby_answer_dispose(&answer);
        return result;
}

static void try_user(struct link *link, json_t *report, struct outcome *all)
{
        const char *user = link_setting(link, "act_as_user", NULL);
        struct outcome one = OUTCOME_NONE;

        if (user == NULL)
                return;
        if (check_user(link, user, &one) != 0)
                say(report, "act_as_user", false, "%s", one.sentence);
        else
                say(report, "act_as_user", true,
                    "The user we act for exists and is active. The key also needs the switch "
                    "\"Allow acting on behalf of a user\".");
        keep(all, &one);
}

int ashby_check_settings(struct link *link, struct outcome *outcome)
{
        const char *user = link_setting(link, "act_as_user", NULL);

        *outcome = (struct outcome)OUTCOME_NONE;
        if (user == NULL || check_user(link, user, outcome) == 0)
                return 0;
        /* A key that is wrong, or may not read users, is another matter. */
        return outcome->kind == OUTCOME_DENIED && outcome->status == 200
                   ? -1
                   : outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
}

/* A row whose ping failed is disabled without a word, whoever edited it last (section 6, trap 7).
 */
static void try_hook(struct link *link, const char *id, json_t *report, struct outcome *all)
{
        static const struct ashby_method info = { "webhook.info", "API keys: read", false };
        struct outcome one = OUTCOME_NONE;
        struct ashby_answer answer;
        bool asked = ashby_call(link, &info, ashby_body("webhookId", id), &answer, &one) == 0;
        const char *type = json_get_text(answer.results, "webhookType", "webhook");

        if (asked && !json_get_bool(answer.results, "enabled", true))
                outcome_set(&one, OUTCOME_DENIED,
                            "Ashby disabled a webhook of ours, because a ping was not answered: "
                            "nothing is heard of its events. Say fairlead webhook create again.",
                            "webhook.info: %s is not enabled", type);
        else if (!asked && one.kind == OUTCOME_ABSENT)
                outcome_set(&one, OUTCOME_DENIED,
                            "A webhook that we made was deleted in Ashby: nothing is heard of its "
                            "events. Say fairlead webhook create again.",
                            "webhook.info: absent");
        /* A key that may not look at webhooks says nothing about them. */
        if (one.kind != OUTCOME_DONE && !text_equal(answer.code, "missing_endpoint_permission")) {
                say(report, type, false, "%s", one.sentence);
                keep(all, &one);
        }
        ashby_answer_dispose(&answer);
}

int ashby_test(struct link *link, json_t **report, struct outcome *outcome)
{
        static const struct ashby_method key_info = { "apiKey.info", "API keys: read", false };
        struct outcome key = OUTCOME_NONE;
        struct ashby_answer answer;
        const json_t *scopes = NULL;
        bool asked;

        *outcome = (struct outcome)OUTCOME_NONE;
        *report = json_array();
        asked = ashby_call(link, &key_info, NULL, &answer, &key) == 0;
        /* A key that may not ask about itself is a key all the same. */
        if (!asked && !text_equal(answer.code, "missing_endpoint_permission")) {
                *outcome = key;
                say(*report, "api_key", false, "%s", key.sentence);
                ashby_answer_dispose(&answer);
                return -1;
        }
        scopes = json_at(answer.results, "scopes");
        say(*report, "api_key", true, "Ashby accepts the API key%s.",
            asked ? ""
                  : "; it may not read about itself (API keys: read), so what it may write is "
                    "not known");
        for (size_t i = 0; i < COUNT && outcome->kind != OUTCOME_AGAIN; i++) {
                if (json_array_size(scopes) > 0 && has(scopes, needs[i].scope))
                        say(*report, needs[i].method.needs, true, "Granted: the bridge %s.",
                            needs[i].use);
                else if (json_array_size(scopes) > 0)
                        lacks(link, *report, i, outcome);
                else if (needs[i].method.name != NULL)
                        try_read(link, i, *report, outcome);
                else
                        say_untried(*report, needs[i].method.needs, needs[i].use);
        }
        try_user(link, *report, outcome);
        for (size_t i = 0; i < json_array_size(link->hooks) && outcome->kind == OUTCOME_DONE; i++)
                try_hook(link, json_text_of(json_array_get(link->hooks, i), ""), *report, outcome);
        outcome->elapsed_us += key.elapsed_us;
        ashby_answer_dispose(&answer);
        return outcome->kind == OUTCOME_DONE ? 0 : -1;
}
