/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * assessment.update: what became of an assessment that was sent from within Ashby (wire/ashby.md
 * 3).  An identifier names a field for good, so all of them stand here and none is ever made of
 * what a title says; the time of a telling rises with each.
 *
 * assessment_result completes an assessment there, so it goes only with a result that is final
 * (rule 3), and its scale, version and verification go with it.
 */
#include <string.h>

#include "ats/ashby_call.h"
#include "ats/ashby_partner.h"
#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"

#define TASKS_MAX 40

static const struct ashby_method update = { "assessment.update", "Candidates: write", true };

/* What partner_facts() calls it, and what it is called here for good. */
static const struct {
        const char *label, *identifier;
} facts[] = {
        { "Assessment", "fairlead-assessment" },  { "Verification", "fairlead-verification" },
        { "Shared", "fairlead-shared" },          { "Integrity", "fairlead-integrity" },
        { "Reasons", "fairlead-reasons" },        { "Started", "fairlead-started" },
        { "Finished", "fairlead-finished" },      { "Time taken", "fairlead-time-taken" },
        { "Result", "fairlead-result-in-words" },
};

static json_t *blob(const char *identifier, const char *label, const char *type, json_t *value)
{
        json_t *b = json_object();

        json_set_text(b, "identifier", identifier);
        json_set_text(b, "label", label);
        json_set_text(b, "type", type);
        json_set(b, "value", value);
        return b;
}

static json_t *text_blob(const char *identifier, const char *label, const char *text)
{
        return blob(identifier, label, "string", json_new_text(text, strlen(text)));
}

static json_t *number_blob(const char *identifier, const char *label, double value)
{
        return blob(identifier, label, "numeric_score", json_real(value));
}

/* "Started", to the letter, has Ashby store when it was. */
static char *status_word(const struct partner_news *news)
{
        char *word = mem_text(partner_word(news));

        if (word[0] >= 'a' && word[0] <= 'z')
                word[0] = (char)(word[0] - 'a' + 'A');
        return word;
}

/* "1. Two sums": its number is its name here, the title a label. */
static bool task_identifier(const char *label, char *out, size_t size)
{
        size_t digits = strspn(label, "0123456789");
        int64_t number = 0;
        char *text = mem_text_part(label, digits);
        bool task = digits > 0 && digits < 4 && label[digits] == '.' &&
                    text_int(text, 1, TASKS_MAX, &number) == 0;

        if (task)
                snprintf(out, size, "fairlead-task-%d", (int)number);
        mem_free(text);
        return task;
}

static const char *identifier_of(const char *label, char *room, size_t size)
{
        for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
                if (text_equal(facts[i].label, label))
                        return facts[i].identifier;
        return task_identifier(label, room, size) ? room : NULL;
}

static void add_facts(json_t *metadata, const struct partner_news *news)
{
        json_t *list = partner_facts(news), *value;
        const char *label;

        json_object_foreach(list, label, value)
        {
                char room[40];
                const char *identifier = identifier_of(label, room, sizeof room);

                if (identifier != NULL)
                        json_add(metadata, text_blob(identifier, label, json_text_of(value, "")));
        }
        json_decref(list);
}

/* What the recruiter filled in at the beginning comes back with the rest. */
static void add_fields(json_t *metadata, const struct partner_news *news)
{
        const json_t *fields = json_object_get(news->kept, "fields");
        const char *name;
        json_t *value;
        int number = 0;

        json_object_foreach((json_t *)(uintptr_t)fields, name, value)
        {
                char identifier[40];

                snprintf(identifier, sizeof identifier, "fairlead-field-%d", ++number);
                json_add(metadata, text_blob(identifier, name, json_text_of(value, "")));
        }
}

static void add_scale(json_t *metadata, const struct score *score)
{
        json_add(metadata, number_blob("fairlead-score-least", "Least score", score->least));
        json_add(metadata, number_blob("fairlead-score-most", "Max score", score->most));
        if (score->version[0] != '\0')
                json_add(metadata,
                         text_blob("fairlead-score-version", "Scoring model", score->version));
}

/* The result of a session that is complete; a score only as far as it is released. */
static void set_result(json_t *body, json_t *metadata, const struct partner_news *news)
{
        const struct session *s = news->session;
        bool released = session_score_released(s);
        struct buf text = BUF_NONE;
        json_t *result;

        words_score(&text, s);
        if (released && s->score.present && s->score.label[0] == '\0') {
                result = number_blob("fairlead-score", "Score", s->score.value);
                json_set_text(result, "description", buf_text(&text));
                add_scale(metadata, &s->score);
        } else {
                result = text_blob("fairlead-result", "Result",
                                   released && s->score.present ? buf_text(&text)
                                                                : "Complete, without a score");
        }
        json_set(body, "assessment_result", result);
        if (news->report != NULL)
                json_set(body, "assessment_profile_url",
                         blob("fairlead-report-url", "Report", "url",
                              json_new_text(news->report, strlen(news->report))));
        buf_dispose(&text);
}

static void set_cancelled(json_t *body, const struct partner_news *news)
{
        enum session_state state = news->session == NULL ? SESSION_UNKNOWN : news->session->state;
        const char *reason = news->stage == PARTNER_NOT_SENT
                                 ? text_or(news->reason, "The assessment was not sent.")
                             : news->stage == PARTNER_REMOVED ? "The candidate's data was erased."
                             : state == SESSION_EXPIRED       ? "The invitation expired."
                             : state == SESSION_DECLINED ? "The candidate declined the invitation."
                                                         : "The invitation was withdrawn.";

        json_set(body, "cancelled_reason",
                 text_blob("fairlead-cancelled-reason", "Reason", reason));
}

static json_t *body_of(const struct partner_news *news, const char *assessment)
{
        json_t *body = ashby_body("assessment_id", assessment), *metadata = json_array();
        char *status = status_word(news);

        json_set_int(body, "timestamp", news->stamp_ms);
        json_set(body, "assessment_status", text_blob("fairlead-status", "Status", status));
        add_facts(metadata, news);
        add_fields(metadata, news);
        if (news->stage == PARTNER_OVER && news->session->state == SESSION_COMPLETE &&
            news->report != NULL) /* a result without a page to look at is refused */
                set_result(body, metadata, news);
        else if (news->stage == PARTNER_ENDED || news->stage == PARTNER_NOT_SENT ||
                 news->stage == PARTNER_REMOVED)
                set_cancelled(body, news);
        json_set(body, "metadata", metadata);
        mem_free(status);
        return body;
}

int ashby_tell_partner(struct link *link, const struct partner_news *news, struct outcome *outcome)
{
        char *assessment = ashby_assessment_id(news->id);
        struct ashby_answer answer;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (assessment == NULL)
                return outcome_set(outcome, OUTCOME_REFUSED, "Ashby knows no such assessment.",
                                   "assessment.update: no id of ours");
        result = ashby_call(link, &update, body_of(news, assessment), &answer, outcome);
        ashby_answer_dispose(&answer);
        mem_free(assessment);
        return result;
}
