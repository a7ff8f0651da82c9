/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rules want for an application that entered a stage. */
#include "home/intent.h"

#include <string.h>

#include "bridge/rule.h"
#include "bridge/sender.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/offer.h"
#include "home/selection.h"

#define LAG_MS (15 * WHEN_SECOND)
#define FRESH_MS (2 * WHEN_MINUTE)

struct intents {
        struct step *s;
        const char *entry;
        const struct application *application;
        int result;
};

static void order_send(struct intents *v, const struct intent *intent)
{
        struct step *s = v->s;
        int64_t now = trade_now(s->trade);
        struct action_order order = { .kind = "send_assessment",
                                      .connection = json_get_text(intent->with, "platform", ""),
                                      .application = s->application,
                                      .rule = intent->rule,
                                      .with = json_object(),
                                      .due_ms = now,
                                      .now_ms = now };
        json_t *stage = json_object();

        json_set_text(order.with, "assessment", json_get_text(intent->with, "assessment", ""));
        json_set_text(order.with, "entry", v->entry);
        json_set_text(stage, "id", v->application->stage_id);
        json_set_text(stage, "name", v->application->stage_name);
        json_set(order.with, "stage", stage);
        plan_action(&s->plan, &order);
        step_done(s, "An assessment was ordered by a rule.");
}

static void order_selection(struct intents *v, const struct intent *intent)
{
        struct step *s = v->s;
        const struct selection_order order = {
                .application = s->application,
                .platform = json_get_text(intent->with, "platform", ""),
                .rule = intent->rule,
                .entry = v->entry,
                .stage_id = v->application->stage_id,
                .stage_name = v->application->stage_name,
        };

        if (selection_plan(&s->plan, s->trade, s->org, &order, &s->why) != 0)
                v->result = -1;
        else
                step_done(s, "A link to choose an assessment was ordered by a rule.");
}

static void order_interview(struct intents *v, const struct intent *intent)
{
        struct step *s = v->s;

        if (offer_interview(&s->plan, s->trade, s->org, s->application, v->application, intent,
                            &s->why) != 0)
                v->result = -1;
        else
                step_done(s, "An interview was ordered by a rule.");
}

static const struct want {
        const char *step, *word; /* word: in what must not be ordered twice */
        void (*order)(struct intents *v, const struct intent *intent);
        const char *before;
} wants[] = {
        { "send_assessment", "send", order_send,
          "The assessment was ordered before for this entry." },
        { "add_selection_link", "select", order_selection,
          "The link to choose an assessment was ordered before for this entry." },
        { "create_interview", "interview", order_interview,
          "The interview was ordered before for this entry." },
};

static void visit_intent(void *context, const struct intent *intent)
{
        struct intents *v = context;
        const struct want *want = wants;
        char *once;
        int before;

        while (want < wants + sizeof wants / sizeof *wants && !text_equal(want->step, intent->step))
                want++;
        if (v->result != 0 || want == wants + sizeof wants / sizeof *wants)
                return;
        once = mem_format("%s|%s|%s|%s|%s|%s", want->word, v->s->application, intent->rule,
                          json_get_text(intent->with, "platform", ""),
                          json_get_text(intent->with, "assessment", ""), v->entry);
        before = plan_once(&v->s->plan, v->s->org, once, trade_now(v->s->trade), &v->s->why);
        if (before == 0)
                want->order(v, intent);
        else if (before == 1)
                step_done(v->s, want->before);
        else
                v->result = -1;
        mem_free(once);
}

/* Is it where the event said?  A stage that is not known in both ways is compared by name. */
static bool in_stage(const struct application *a, const json_t *stage)
{
        char *id = json_get_id(stage, "id");
        const char *name = json_get_text(stage, "name", NULL);
        bool same = id != NULL && a->stage_id != NULL ? text_equal(id, a->stage_id)
                                                      : text_equal(name, a->stage_name);

        mem_free(id);
        return same;
}

/* The API may be a moment behind the webhook. */
static void wait_for_stage(struct step *s, const struct application *a, const json_t *stage)
{
        if (step_attempts(s) == 0 &&
            trade_now(s->trade) - json_get_int(s->action, "created_ms", 0) <
                trade_wait(s->trade, FRESH_MS)) {
                step_wait(s, LAG_MS, "The ATS does not show the new stage yet.");
                return;
        }
        buf_format(&s->said,
                   "The application is in \"%s\" and not in \"%s\" any more: nothing was sent.",
                   text_or(a->stage_name, "no stage"),
                   json_get_text(stage, "name", "the stage it entered"));
        s->outcome.kind = OUTCOME_DONE;
}

/* What tells this entry into the stage from an earlier one.  What a body says that is signed can
 * be believed; of a notice only what the ATS says itself: when the application came here, or else
 * the stage, so that a replayed notice orders nothing anew. */
static char *entry_of(const struct step *s, const struct application *a)
{
        const char *stage = text_or(a->stage_id, text_or(a->stage_name, ""));

        if (text_equal(json_get_text(s->with, "trust", ""), trust_word(TRUST_BODY)))
                return mem_text(json_get_text(s->with, "entry", ""));
        return a->stage_entry != NULL ? mem_format("stage %s at %s", stage, a->stage_entry)
                                      : mem_format("stage %s", stage);
}

void intent_ask(struct step *s, const struct application *a)
{
        const json_t *stage = json_object_get(s->with, "stage");
        struct intents v = { .s = s, .application = a };
        json_t *rules;
        char *entry;

        if (json_is_object(stage) && json_object_size(stage) > 0 && !in_stage(a, stage)) {
                wait_for_stage(s, a, stage);
                return;
        }
        rules = trade_rules(s->org, &s->why);
        if (rules == NULL) {
                step_trouble(s);
                return;
        }
        entry = entry_of(s, a);
        v.entry = entry;
        if (rules_for_stage(rules, s->desk.connection->id, a, visit_intent, &v) == 0)
                step_done(s, a->prospect || !text_equal(a->status, "active")
                                 ? "The application is not active: nothing was sent."
                                 : "No rule waits for the stage it is in.");
        if (v.result != 0)
                step_trouble(s);
        mem_free(entry);
        json_decref(rules);
}
