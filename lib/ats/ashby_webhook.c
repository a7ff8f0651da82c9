/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Webhooks made through the API (wire/ashby.md 2, 5): one row for each kind of event, all with
 * one address and one secret.  The vendor gives no list of them, so a row that is there already
 * shows only in its refusal of a second one; and a row whose ping failed is made all the same,
 * disabled, without a word (section 6, trap 7).
 */
#include <string.h>

#include "ats/ashby_call.h"
#include "ats/ashby_part.h"
#include "floor/mem.h"
#include "floor/text.h"

static const struct ashby_method create = { "webhook.create", "API keys: write", true },
                                 update = { "webhook.update", "API keys: write", true },
                                 info = { "webhook.info", "API keys: read", false };

static const char *const types[] = { "candidateStageChange", "candidateMerge", "candidateDelete",
                                     "interviewScheduleCreate", "interviewScheduleUpdate" };
#define TYPES (sizeof types / sizeof *types)

struct making {
        struct link *link;
        const char *url, *secret;
        json_t *ids;        /* of all that stand */
        bool there[TYPES];  /* this kind has its row */
        int made, disabled; /* rows that are new; rows whose ping fails */
};

/* Enabling a row makes Ashby ping again: 0, or -1. */
static int enable(struct making *m, const char *id, struct outcome *outcome)
{
        json_t *body = ashby_body("webhookId", id);
        struct ashby_answer answer;
        int result;

        json_set_bool(body, "enabled", true);
        result = ashby_call(m->link, &update, body, &answer, outcome);
        if (result == 0 && !json_get_bool(answer.results, "enabled", false))
                m->disabled++;
        ashby_answer_dispose(&answer);
        return result;
}

/* A row stands: it is remembered, and enabled if its ping failed. */
static int stands(struct making *m, const json_t *row, struct outcome *outcome)
{
        char *id = json_get_id(row, "id");
        int result = 0;

        if (id != NULL) {
                json_add(m->ids, json_new_text(id, strlen(id)));
                if (!json_get_bool(row, "enabled", true))
                        result = enable(m, id, outcome);
        }
        mem_free(id);
        return result;
}

/* What was made before: one that was deleted there, or has another address, is not ours. */
static int look_at(struct making *m, const char *id, struct outcome *outcome)
{
        struct ashby_answer answer;
        int result = ashby_call(m->link, &info, ashby_body("webhookId", id), &answer, outcome);

        if (result != 0 && outcome->kind == OUTCOME_ABSENT) {
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        } else if (result == 0 &&
                   text_equal(json_get_text(answer.results, "requestUrl", NULL), m->url)) {
                for (size_t i = 0; i < TYPES; i++)
                        if (text_equal(json_get_text(answer.results, "webhookType", NULL),
                                       types[i]))
                                m->there[i] = true;
                result = stands(m, answer.results, outcome);
        }
        ashby_answer_dispose(&answer);
        return result;
}

/* "Duplicate webhook" is a message, not a code (section 1).  Such a row was made by hand, or its
 * answer was lost: it is left, since the secret is ours in the second case. */
static bool is_there(const struct ashby_answer *answer, const struct outcome *outcome)
{
        return outcome->kind == OUTCOME_REFUSED && (strstr(outcome->detail, "uplicate") != NULL ||
                                                    strstr(answer->code, "duplicate") != NULL);
}

static int make(struct making *m, const char *type, struct outcome *outcome)
{
        json_t *body = ashby_body("webhookType", type);
        struct ashby_answer answer;
        int result;

        json_set_text(body, "requestUrl", m->url);
        json_set_text(body, "secretToken", m->secret);
        result = ashby_call(m->link, &create, body, &answer, outcome);
        if (result != 0 && is_there(&answer, outcome)) {
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        } else if (result == 0) {
                m->made++;
                result = stands(m, answer.results, outcome);
        }
        ashby_answer_dispose(&answer);
        return result;
}

static json_t *told(const struct making *m)
{
        json_t *made = json_object(), *secrets = json_array();

        if (m->made > 0)
                json_add(secrets, json_new_text(m->secret, strlen(m->secret)));
        json_set(made, "ids", json_incref(m->ids));
        json_set(made, "secrets", secrets);
        return made;
}

int ashby_create_webhook(struct link *link, const char *url, const char *secret,
                         const json_t *known, json_t **made, struct outcome *outcome)
{
        struct making m = { .link = link, .url = url, .secret = secret };
        int result = 0;

        *made = NULL;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(secret) || text_empty(url))
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "Ashby wants a secret with every webhook: set one first.",
                                   "webhook.create: no secret");
        m.ids = json_array();
        for (size_t i = 0; result == 0 && i < json_array_size(known); i++)
                result = look_at(&m, json_text_of(json_array_get(known, i), ""), outcome);
        for (size_t i = 0; result == 0 && i < TYPES; i++)
                if (!m.there[i])
                        result = make(&m, types[i], outcome);
        if (result == 0)
                result = m.disabled == 0
                             ? outcome_set(outcome, OUTCOME_DONE, NULL, NULL)
                             : outcome_set(outcome, OUTCOME_REFUSED,
                                           "Ashby made the webhooks but could not reach their "
                                           "address, so they are disabled. When it can be reached "
                                           "from outside, tick Enabled in Ashby (Admin > "
                                           "Integrations > Webhooks) and press Update.",
                                           "webhook.create: %d disabled", m.disabled);
        if (result == 0 || json_array_size(m.ids) > 0)
                *made = told(&m);
        json_decref(m.ids);
        return result;
}
