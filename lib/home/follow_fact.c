/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows from a fact. */
#include <string.h>

#include "bridge/rule.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/about.h"
#include "home/catalog.h"
#include "home/dossier.h"
#include "home/erase.h"
#include "home/follow.h"
#include "home/records.h"
#include "home/schedule.h"

struct said {
        struct event_work *w;
        enum trust trust;
        const struct fact *fact;
        const char *connection, *identity;
        const char **state;
        struct buf *reason;
};

static int end(struct said *s, const char *state, const char *reason)
{
        *s->state = state;
        buf_add_text(s->reason, reason);
        return 0;
}

static json_t *with_event(const struct event_work *w)
{
        json_t *with = json_object(), *events = json_array();

        json_add(events, json_integer((json_int_t)w->number));
        json_set(with, "events", events);
        return with;
}

static void order_look(struct said *s, const char *kind, const char *key, json_t *with)
{
        int64_t now = trade_now(s->w->trade);
        bool session = text_equal(kind, "look_session");
        struct action_order order = { .kind = kind,
                                      .connection = s->connection,
                                      .application = session ? NULL : key,
                                      .session = session ? key : NULL,
                                      .with = with,
                                      .due_ms = now,
                                      .now_ms = now };

        plan_action(s->w->plan, &order);
        *s->state = "waiting";
}

/* What the body says, as far as rules can be asked with it. */
static void application_of(struct application *a, const struct fact *fact)
{
        const json_t *detail = fact->detail;

        memset(a, 0, sizeof *a);
        a->stage_id = json_get_id(detail, "stage.id");
        a->stage_name = mem_text(json_get_text(detail, "stage.name", NULL));
        a->job_id = json_get_id(detail, "job.id");
        a->job_name = mem_text(json_get_text(detail, "job.name", NULL));
        a->status = mem_text(json_get_text(detail, "status", "active"));
        a->prospect = json_get_bool(detail, "prospect", false);
}

/* Can any rule match?  A body that is to be believed says so at once; after a notice only the
 * look can tell. */
static bool may_match(const struct said *s, const json_t *rules)
{
        struct application a;
        bool may = rules_watch_stages(rules, s->connection);

        application_of(&a, s->fact);
        if (may && s->trust == TRUST_BODY && (a.stage_id != NULL || a.stage_name != NULL)) {
                /* A job that is not in the body may be any job. */
                if (a.job_id == NULL && a.job_name == NULL)
                        may = !a.prospect && text_equal(a.status, "active");
                else
                        may = rules_for_stage(rules, s->connection, &a, NULL, NULL) > 0;
        }
        application_dispose(&a);
        return may;
}

static int stage_entered(struct said *s, struct fail *why)
{
        char *key = dossier_key(s->connection, s->fact->subject);
        json_t *rules = trade_rules(s->w->org, why), *with;
        int result = 0;

        if (rules == NULL) {
                result = -1;
        } else if (key == NULL) {
                result = end(s, "unknown", "It names no application.");
        } else if (!may_match(s, rules)) {
                result = end(s, "done", "No rule waits for this stage.");
        } else {
                with = with_event(s->w);
                json_set_text(with, "entry", s->identity);
                json_set_text(with, "trust", trust_word(s->trust));
                json_set(with, "stage", json_deep_copy(json_object_get(s->fact->detail, "stage")));
                order_look(s, "look_application", key, with);
        }
        json_decref(rules);
        mem_free(key);
        return result;
}

/* Adds the event to a look that waits already: 1 done, 0 it cannot be, -1. */
static int join_look(struct said *s, const char *session, const char *hint, struct fail *why)
{
        struct event_work *w = s->w;
        uint64_t number = w->waiting_look == NULL ? 0 : w->waiting_look(w->context, session);
        json_t *read = NULL, *action, *with, *list;
        int found = number == 0 ? 0 : record_series_get(w->org, "action", number, &read, why);

        if (found != 1 || !text_equal(json_get_text(read, "state", ""), "waiting") ||
            json_array_size(json_at(read, "with.events")) >= 20) {
                json_decref(read);
                return found < 0 ? -1 : 0;
        }
        action = json_deep_copy(read);
        with = json_object_get(action, "with");
        if (!json_is_array(json_object_get(with, "events")))
                json_set(with, "events", json_array());
        json_add(json_object_get(with, "events"), json_integer((json_int_t)w->number));
        list = json_object_get(with, "hints");
        if (!json_is_array(list))
                json_set(with, "hints", list = json_array());
        if (hint != NULL)
                json_add(list, json_new_text(hint, strlen(hint)));
        if (json_get_int(action, "with.poll", 0) > 0 &&
            json_get_int(action, "due_ms", 0) > trade_now(w->trade)) {
                /* It waits for its time only: the event says that this is now. */
                json_set_int(action, "due_ms", trade_now(w->trade));
                plan_hurry(w->plan, number, trade_now(w->trade));
        }
        plan_guard_series(w->plan, "action", number, read);
        record_series_put(w->plan->batch, "action", number, action);
        json_decref(action);
        json_decref(read);
        *s->state = "waiting";
        return 1;
}

static int session_told(struct said *s, struct fail *why)
{
        const json_t *detail = s->fact->detail;
        const char *hint = json_get_text(detail, "hint", NULL);
        char *key = dossier_key(s->connection, s->fact->subject);
        json_t *with, *hints;
        int joined;

        if (key == NULL)
                return end(s, "unknown", "It names no session.");
        joined = join_look(s, key, hint, why);
        if (joined == 0) {
                with = with_event(s->w);
                hints = json_array();
                if (hint != NULL)
                        json_add(hints, json_new_text(hint, strlen(hint)));
                json_set(with, "hints", hints);
                json_set_text(with, "external_id", json_get_text(detail, "external_id", NULL));
                order_look(s, "look_session", key, with);
        }
        mem_free(key);
        return joined < 0 ? -1 : 0;
}

/* Feedback is there, or another: what it says is read there. */
static int interview_told(struct said *s)
{
        int64_t now = trade_now(s->w->trade);
        struct action_order order = {
                .kind = "look_feedback", .connection = s->connection, .due_ms = now, .now_ms = now
        };

        if (text_empty(s->fact->subject))
                return end(s, "unknown", "It names no interview.");
        order.with = with_event(s->w);
        json_set_text(order.with, "interview", s->fact->subject);
        plan_action(s->w->plan, &order);
        *s->state = "waiting";
        return 0;
}

/* Keys of the applications that are meant: those named and, unless the fact is about one
 * application (its subject is among them), all that we know of the candidate. */
static json_t *meant(struct said *s, struct fail *why)
{
        const json_t *named = json_object_get(s->fact->detail, "applications"), *item;
        char *candidate = json_get_id(s->fact->detail, "candidate");
        json_t *holder = json_object(), *known = NULL, *keys = NULL;
        bool one = false;
        size_t i;

        json_set(holder, "keys", json_array());
        json_array_foreach((json_t *)(uintptr_t)named, i, item)
        {
                char *id = json_id_of(item), *key = dossier_key(s->connection, id);

                one = one || text_equal(id, s->fact->subject);
                if (key != NULL)
                        dossier_add_text(holder, "keys", key);
                mem_free(key);
                mem_free(id);
        }
        if (!one) {
                known = dossier_candidate(s->w->org, s->connection,
                                          text_or(candidate, text_or(s->fact->subject, "-")), why);
                if (known == NULL)
                        goto out;
                json_array_foreach(known, i, item)
                {
                        dossier_add_text(holder, "keys", json_string_value(item));
                }
        }
        keys = json_incref(json_object_get(holder, "keys"));
out:
        json_decref(known);
        json_decref(holder);
        mem_free(candidate);
        return keys;
}

/* What events say of them, used or not: 0, -1.  Of one application where it alone is meant. */
static int forget_events(struct said *s, bool merged, struct fail *why)
{
        const json_t *detail = s->fact->detail, *named = json_object_get(detail, "applications");
        const char *candidate = json_get_text(detail, "candidate", NULL),
                   *into = json_get_text(detail, "into", NULL);
        bool whole = text_equal(candidate, s->fact->subject);
        char *who = mem_format("candidate:%s", text_or(candidate, "")), *other;
        int result = 0;

        if (merged) {
                other = mem_format("candidate:%s", text_or(into, ""));
                if (candidate != NULL && into != NULL)
                        result = about_merge(s->w->plan, s->w->org, s->connection, who, other,
                                             s->w->number, why);
                mem_free(other);
        } else {
                if (whole)
                        result = about_erase(s->w->plan, s->w->org, s->connection, who,
                                             s->w->number, why);
                for (size_t i = 0; result == 0 && i < json_array_size(named); i++) {
                        other = mem_format("application:%s",
                                           json_text_of(json_array_get(named, i), ""));
                        result = about_erase(s->w->plan, s->w->org, s->connection, other,
                                             s->w->number, why);
                        mem_free(other);
                }
        }
        mem_free(who);
        return result;
}

/* The candidate or the application is gone in the ATS: so is ours (rule 11).  A merge only
 * gives the applications another candidate, which a look finds out.  After a notice the ATS
 * is asked first. */
static int application_gone(struct said *s, struct fail *why)
{
        bool merged = text_equal(json_get_text(s->fact->detail, "what", ""), "merged");
        json_t *keys = meant(s, why), *item, *read;
        size_t i, known = 0;
        int result = keys == NULL ? -1 : 0;

        json_array_foreach(keys, i, item)
        {
                const char *key = json_string_value(item);
                int found = record_get(s->w->org, "application", key, &read, why);

                json_decref(read);
                if (found < 0)
                        result = -1;
                if (found != 1 || result != 0)
                        continue;
                known++;
                if (merged || s->trust != TRUST_BODY) {
                        json_t *with = with_event(s->w);

                        json_set_bool(with, merged ? "refresh" : "gone", true);
                        order_look(s, "look_application", key, with);
                } else {
                        result = erase_application(s->w->plan, s->w->trade, s->w->org, key, why);
                        s->w->erased = true;
                }
        }
        json_decref(keys);
        if (result == 0 && s->trust == TRUST_BODY)
                result = forget_events(s, merged, why);
        if (result == 0 && *s->state == NULL)
                end(s, "done",
                    known == 0 ? "We hold nothing about this candidate."
                               : "Our data about this candidate was erased.");
        return result;
}

int follow_fact(struct event_work *w, enum trust trust, const struct fact *fact,
                const char *connection, const char *identity, const char **state,
                struct buf *reason, struct fail *why)
{
        struct said s = { w, trust, fact, connection, identity, state, reason };

        *state = NULL;
        switch (fact->kind) {
        case FACT_NOTHING:
                return end(&s, "ignored", "Nothing follows from this kind of event.");
        case FACT_UNKNOWN:
                return end(&s, "unknown", fact->summary);
        case FACT_STAGE_ENTERED:
                return stage_entered(&s, why);
        case FACT_APPLICATION_GONE:
                return application_gone(&s, why);
        case FACT_SESSION:
                return session_told(&s, why);
        case FACT_INTERVIEW:
                return interview_told(&s);
        case FACT_SCHEDULE:
                return follow_schedule(w, trust, fact, connection, state, reason, why);
        case FACT_TESTS:
                return catalog_plan(w->plan, w->org, connection, trade_now(w->trade), why) != 0
                           ? -1
                           : end(&s, "done", "The platform's list of assessments is read again.");
        }
        return end(&s, "unknown", "This kind of fact is not known.");
}
