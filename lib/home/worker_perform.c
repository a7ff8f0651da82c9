/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One item of the agenda: an action is attempted, and how it ended is committed together
 * with what follows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bridge/words.h"
#include "door/secret.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/alert_tell.h"
#include "home/answer.h"
#include "home/erase.h"
#include "home/event.h"
#include "home/forget.h"
#include "home/health.h"
#include "home/partner.h"
#include "home/records.h"
#include "home/step.h"
#include "home/watch.h"
#include "home/worker_private.h"

#define PATIENCE_MS (7 * WHEN_DAY)
#define BACK_OFF_MIN_MS (5 * WHEN_SECOND)
#define BACK_OFF_MAX_MS (6 * WHEN_HOUR)
#define DENIED_MIN_MS (10 * WHEN_MINUTE)
#define DENIED_REST_MS (2 * WHEN_MINUTE)
#define ABSENT_MAX 4
#define ASKED_TRIES 8                   /* so often a wait that was asked for is taken as it is */
#define ASKED_MIN_MS (15 * WHEN_MINUTE) /* it is never made longer than this by us */
#define TRIES_KEPT 20
#define STATE_WAIT_MS (5 * WHEN_SECOND)
#define CONFLICT_WAIT_MS 50
#define PRUNE_SLICE 200

void worker_changed(struct worker *w)
{
        pthread_mutex_lock(&w->lock);
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
}

void worker_planned(struct worker *w, const char *org, const struct plan *plan)
{
        for (const struct planned *p = plan->actions; p != NULL; p = p->next)
                agenda_add(w->agenda, org, p->number, p->due_ms, p->connection, p->subject,
                           text_equal(p->kind, "look_session") ? p->session : NULL,
                           agenda_lane_of(p->lane));
        if (plan->alerts)
                agenda_hasten(w->agenda, org, AGENDA_TELL, trade_now(&w->trade));
        if (plan->watch)
                agenda_hasten(w->agenda, org, AGENDA_WATCH, trade_now(&w->trade));
        if (plan->actions != NULL || plan->alerts || plan->watch)
                worker_changed(w);
}

/* Between three and five quarters of a wait, so that a crowd does not come back at once. */
static int64_t jitter(int64_t ms)
{
        uint32_t random;

        secret_random(&random, sizeof random);
        return ms - ms / 4 + (int64_t)((uint64_t)(ms / 2) * random / UINT32_MAX);
}

static int64_t back_off(const struct worker *w, int64_t attempts)
{
        int64_t ms = BACK_OFF_MIN_MS;

        for (int64_t i = 1; i < attempts && ms < BACK_OFF_MAX_MS; i++)
                ms *= 2;
        return trade_wait(&w->trade, jitter(ms < BACK_OFF_MAX_MS ? ms : BACK_OFF_MAX_MS));
}

/* The wait that was asked for, exactly; one who goes on asking for moments is asked less and less
 * often, though. */
static int64_t asked_wait(const struct worker *w, int64_t asked_ms, int64_t attempts)
{
        int64_t wait = asked_ms + jitter(asked_ms / 8),
                least = attempts > ASKED_TRIES ? back_off(w, attempts - ASKED_TRIES) : 0,
                most = trade_wait(&w->trade, ASKED_MIN_MS);

        if (least > most)
                least = most;
        return wait > least ? wait : least;
}

static void add_try(json_t *action, const struct outcome *o, int64_t now)
{
        json_t *tries = json_object_get(action, "tries"), *one = json_object();

        if (!json_is_array(tries))
                json_set(action, "tries", tries = json_array());
        json_set_int(one, "at_ms", now);
        json_set_int(one, "us", o->elapsed_us);
        json_set_int(one, "status", o->status);
        json_set_text(one, "outcome", outcome_word(o->kind));
        if (o->kind != OUTCOME_DONE)
                json_set_text(one, "detail", o->detail);
        json_add(tries, one);
        while (json_array_size(tries) > TRIES_KEPT)
                json_array_remove(tries, 0);
}

/* The events that this action came from are over too. */
static int finish_events(struct step *s, struct plan *plan, const char *state, const char *reason)
{
        const json_t *events = json_object_get(s->with, "events");
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(events); i++)
                result =
                    event_finish(plan, s->org, (uint64_t)json_int_of(json_array_get(events, i), 0),
                                 state, reason, &s->why);
        return result;
}

/* A refusal is told once, in the ATS, to those who can mend it. */
static int tell_refusal(struct step *s, struct plan *plan, const struct step_row *row)
{
        char number[24];
        struct buf text = BUF_NONE;
        json_t *with;
        int result;

        if (row->failed < 0 || s->silent || s->application == NULL)
                return 0;
        snprintf(number, sizeof number, "%" PRIu64, s->number);
        words_failure(&text, (enum words_failed)row->failed, s->outcome.sentence);
        with = json_object();
        json_set_text(with, "text", buf_text(&text));
        result = follow_note(s->trade, s->org, plan, "failure", s->application, NULL, number, with,
                             &s->why);
        buf_dispose(&text);
        return result;
}

/* So is whoever sent it from within his ATS. */
static int tell_sender(struct step *s, struct plan *plan)
{
        const char *partner = json_get_text(s->with, "partner", NULL);

        return partner == NULL ||
                       !text_equal(json_get_text(s->action, "kind", ""), "send_assessment")
                   ? 0
                   : partner_tell(plan, s->trade, s->org, partner, "not sent", &s->why);
}

/* How an attempt ended, for the record: its new state (NULL: it waits), when it is due. */
struct ending {
        const char *state, *sentence;
        int64_t due_ms;
};

/* A refusal is final where it is told in the ATS, or where nobody needs to read it.  One of
 * something to write there, such as the note itself, waits for a person who sees it; so does a
 * question that the other side does not take, or whose answer is not understood, because nobody
 * would miss what follows from it. */
static const char *refused(const struct step *s, const struct step_row *row)
{
        const struct outcome *o = &s->outcome;
        bool answered = o->status >= 400 || (o->status > 0 && o->kind == OUTCOME_REFUSED),
             unseen = row->writes ? row->failed < 0 : text_starts(row->kind, "look_") && answered;

        return unseen && !s->silent ? "parked" : "refused";
}

static void decide(struct worker *w, struct step *s, const struct step_row *row, struct ending *e)
{
        const struct outcome *o = &s->outcome;
        int64_t now = trade_now(&w->trade), attempts = step_attempts(s) + 1,
                since =
                    json_get_int(s->action, "since_ms", json_get_int(s->action, "created_ms", now)),
                wait = back_off(w, attempts);

        e->state = NULL;
        e->sentence = o->sentence;
        switch (o->kind) {
        case OUTCOME_DONE:
                e->state = "done";
                e->sentence = buf_text(&s->said);
                return;
        case OUTCOME_REFUSED:
                e->state = refused(s, row);
                return;
        case OUTCOME_ABSENT:
                if (attempts >= ABSENT_MAX) {
                        e->state = refused(s, row);
                        e->sentence =
                            text_or(o->sentence, "It is not there, or not visible to us.");
                        return;
                }
                break;
        case OUTCOME_DENIED:
                if (wait < trade_wait(&w->trade, DENIED_MIN_MS))
                        wait = trade_wait(&w->trade, jitter(DENIED_MIN_MS));
                break;
        case OUTCOME_AGAIN:
        case OUTCOME_UNCERTAIN:
                if (o->wait_ms > 0)
                        wait = asked_wait(w, o->wait_ms, attempts);
                break;
        }
        if (wait > AGENDA_LATEST_MS)
                wait = AGENDA_LATEST_MS;
        e->due_ms = now + wait;
        if (now - since > trade_wait(&w->trade, PATIENCE_MS))
                e->state = "parked";
}

/* What adapters promise of an attempt that failed is not true of one that was the last. */
static void add_last_word(struct buf *out, int64_t attempts, const char *sentence)
{
        static const char promise[] = "; it is tried again.";
        const char *at = strstr(text_or(sentence, ""), promise);

        buf_format(out, "Tried %" PRId64 " times without success. ", attempts);
        if (at == NULL) {
                buf_add_text(out, sentence);
                return;
        }
        buf_add(out, sentence, (size_t)(at - sentence));
        buf_add_char(out, '.');
        buf_add_text(out, at + strlen(promise));
}

/* What the record says after the attempt. */
static json_t *edited(struct worker *w, struct step *s, struct ending *e, struct buf *sentence)
{
        json_t *action = json_deep_copy(s->action);
        int64_t now = trade_now(&w->trade), attempts = step_attempts(s) + 1;

        if (text_equal(e->state, "parked") && attempts > 1)
                add_last_word(sentence, attempts, e->sentence);
        else
                buf_add_text(sentence, e->sentence);
        add_try(action, &s->outcome, now);
        json_set_int(action, "attempts", attempts);
        json_set_text(action, "sentence", buf_text(sentence));
        json_set_bool(action, "begun", s->doubt && !text_equal(e->state, "done"));
        if (e->state == NULL)
                json_set_int(action, "due_ms", e->due_ms);
        else
                json_set_text(action, "state", e->state);
        if (e->state != NULL && !text_equal(e->state, "parked"))
                json_set_int(action, "done_ms", now);
        return action;
}

/* What was answered goes with the record.  Of what is about nobody in particular, such as a list
 * of sessions, nothing is kept that could not be found again when somebody is to be erased. */
static int put_answers(struct plan *plan, struct step *s, const json_t *action)
{
        const json_t *tries = json_object_get(action, "tries");
        bool anybody = s->application == NULL && s->session == NULL;
        json_t *calls = heard_take(&s->heard, s->outcome.kind == OUTCOME_DONE, anybody);

        if (text_equal(buf_text(&s->said), ERASE_SENTENCE)) {
                json_decref(calls);
                answer_drop(plan->batch, s->number);
                return 0;
        }
        return answer_keep(
            plan, s->org, s->number,
            json_get_int(json_array_get(tries, json_array_size(tries) - 1), "at_ms", 0), calls,
            &s->why);
}

static void put_action(struct plan *plan, struct step *s, json_t *action, const char *state)
{
        char member[24];

        snprintf(member, sizeof member, "%" PRIu64, s->number);
        plan_guard_series(plan, "action", s->number, s->action);
        record_series_put(plan->batch, "action", s->number, action);
        if (state != NULL)
                batch_leave(plan->batch, "open-actions", member);
        if (text_equal(state, "parked"))
                batch_join(plan->batch, "parked-actions", member);
}

/* Commits the ending: 0, or -1 with s->why. */
static int settle(struct worker *w, struct step *s, const struct step_row *row, struct ending *e)
{
        struct plan fresh, *plan = &s->plan;
        struct buf sentence = BUF_NONE;
        json_t *action;
        int result = 0;

        plan_init(&fresh);
        if (s->outcome.kind != OUTCOME_DONE)
                plan = &fresh; /* what would have followed does not */
        fail_clear(&s->why);
        decide(w, s, row, e);
        action = edited(w, s, e, &sentence);
        put_action(plan, s, action, e->state);
        result = put_answers(plan, s, action);
        if (result == 0 && text_equal(e->state, "refused"))
                result = tell_refusal(s, plan, row);
        if (result == 0 && text_equal(e->state, "parked"))
                result = watch_parked(s->trade, s->org, plan, s->number, s->action,
                                      buf_text(&sentence), &s->why);
        if (result == 0 && (text_equal(e->state, "refused") || text_equal(e->state, "parked")))
                result = tell_sender(s, plan);
        if (result == 0 && e->state != NULL)
                result =
                    finish_events(s, plan, text_or(s->event_state, "done"), buf_text(&sentence));
        if (result == 0)
                result = plan_commit(plan, s->org, &s->why);
        if (result == 0)
                worker_planned(w, s->org->name, plan);
        json_decref(action);
        buf_dispose(&sentence);
        plan_dispose(&fresh);
        return result;
}

static void log_ending(const struct step *s, const struct ending *e)
{
        char number[24];

        snprintf(number, sizeof number, "%" PRIu64, s->number);
        log_event(s->outcome.kind == OUTCOME_DONE ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
                  "action attempted", "org", s->org->name, "action", number, "kind",
                  json_get_text(s->action, "kind", "?"), "outcome", outcome_word(s->outcome.kind),
                  "state", text_or(e->state, "waiting"), "detail",
                  s->outcome.kind == OUTCOME_DONE ? "" : s->outcome.detail, NULL);
}

/* What the connection is told by how a call went. */
static void tell_connection(struct worker *w, const struct step *s)
{
        const struct outcome *o = &s->outcome;
        int64_t now = trade_now(&w->trade), rest = o->lane_wait_ms;

        if (s->why.kind != FAIL_NONE || s->desk.connection == NULL || s->no_call)
                return; /* our own trouble, or it was not asked */
        /* A delivery that failed is a step on the way to being paused. */
        if (health_called(s->org, s->desk.connection->id, o, now, NULL) == 1 ||
            (o->kind != OUTCOME_DONE && text_equal(s->desk.kind->name, "consumer")))
                agenda_hasten(w->agenda, s->org->name, AGENDA_WATCH, now);
        if (o->kind == OUTCOME_DENIED && rest < trade_wait(&w->trade, DENIED_REST_MS))
                rest = trade_wait(&w->trade, DENIED_REST_MS);
        if (rest > 0)
                agenda_rest(w->agenda, s->org->name, s->desk.connection->id,
                            now + (rest < AGENDA_LATEST_MS ? rest : AGENDA_LATEST_MS));
}

/* The org's state is in trouble: it rests, the others do not notice. */
static int64_t trouble(struct worker *w, struct org *org, const struct fail *why)
{
        int64_t until = trade_now(&w->trade) + trade_wait(&w->trade, jitter(STATE_WAIT_MS));

        log_event(LOG_LEVEL_ERROR, "an org's state is in trouble", "org", org->name, "kind",
                  fail_word(why->kind), "cause", why->text, NULL);
        agenda_rest_org(w->agenda, org->name, until);
        return until;
}

/* Opens what the step needs: 1, 0 it cannot be done (outcome REFUSED), -1. */
static int prepare(struct step *s, const struct step_row **row)
{
        const char *connection = json_get_text(s->action, "connection", "");
        int found;

        *row = step_find(json_get_text(s->action, "kind", ""));
        s->with = json_object_get(s->action, "with");
        s->application = json_get_text(s->action, "application", NULL);
        s->session = json_get_text(s->action, "session", NULL);
        s->doubt = json_get_bool(s->action, "begun", false);
        if (*row == NULL) {
                static const struct step_row none = { "", NULL, false, -1 };

                *row = &none;
                outcome_set(&s->outcome, OUTCOME_REFUSED, "This release cannot do that.",
                            "unknown kind of action");
                return 0;
        }
        if (*connection == '\0')
                return 1; /* it needs none */
        found = desk_open(&s->desk, s->trade, s->org, connection, &s->why);
        if (found == 0)
                outcome_set(&s->outcome, OUTCOME_REFUSED,
                            "the connection it needs is not there any more.", "connection %s",
                            connection);
        return found;
}

/* Did a write certainly not happen, whatever was in doubt before? */
static void settle_doubt(struct step *s, const struct step_row *row)
{
        if (!row->writes)
                s->doubt = false;
        /* A definite answer to the write itself: it was not done.  When the answer came from
         * reading back, doubt from before stays: "again" then is about the reading. */
        else if (s->before != NULL &&
                 (s->outcome.kind == OUTCOME_AGAIN || s->outcome.kind == OUTCOME_DENIED ||
                  s->outcome.kind == OUTCOME_REFUSED) &&
                 s->why.kind == FAIL_NONE)
                s->doubt = false;
        if (!row->writes && s->outcome.kind == OUTCOME_UNCERTAIN)
                s->outcome.kind = OUTCOME_AGAIN;
}

/* When it comes back: -1 never. */
static int64_t attempt(struct worker *w, struct step *s)
{
        const struct step_row *row = NULL;
        struct ending ending = { NULL, "", 0 };
        int64_t back = -1;
        int found = prepare(s, &row);

        if (found == 1) {
                row->perform(s);
                settle_doubt(s, row);
                tell_connection(w, s);
        }
        if (found < 0 || (s->why.kind != FAIL_NONE && s->why.kind != FAIL_CONFLICT)) {
                back = trouble(w, s->org, &s->why);
        } else if (s->why.kind == FAIL_CONFLICT || settle(w, s, row, &ending) != 0) {
                /* Somebody changed what we decided on: look again.  What was written is found
                 * by reading back. */
                back = s->why.kind == FAIL_CONFLICT
                           ? trade_now(&w->trade) + jitter(CONFLICT_WAIT_MS)
                           : trouble(w, s->org, &s->why);
        } else {
                log_ending(s, &ending);
                /* What is new for this address has waited for the mail's end. */
                if (row->perform == step_send_mail && ending.state != NULL)
                        agenda_hasten(w->agenda, s->org->name, AGENDA_TELL, trade_now(&w->trade));
                back = ending.state == NULL ? ending.due_ms : -1;
        }
        return back;
}

static int64_t perform_action(struct worker *w, struct org *org, uint64_t number)
{
        struct trade trade = w->trade;
        struct step s = { .trade = &trade, .org = org, .number = number };
        int64_t back = -1;
        int found = record_series_get(org, "action", number, &s.action, &s.why);

        if (found < 0) {
                back = trouble(w, org, &s.why);
        } else if (found == 1 && text_equal(json_get_text(s.action, "state", ""), "waiting")) {
                w->performed++;
                plan_init(&s.plan);
                s.outcome = (struct outcome)OUTCOME_NONE;
                trade.heard = &s.heard;
                back = attempt(w, &s);
                plan_dispose(&s.plan);
        }
        desk_close(&s.desk);
        heard_dispose(&s.heard);
        buf_dispose(&s.said);
        json_decref(s.before);
        json_decref(s.action);
        return back;
}

static void planned(void *context, const char *org, const struct plan *plan)
{
        worker_planned(context, org, plan);
}

static int64_t sweep_every(const struct worker *w)
{
        return trade_wait(&w->trade,
                          w->options.sweep_ms > 0 ? w->options.sweep_ms : 30 * WHEN_MINUTE);
}

/* It is in the records already; that nobody can be told is no reason to sweep again. */
static void tell_repaired(struct worker *w, struct org *org, const char *platform, uint64_t count)
{
        struct fail why = FAIL_CLEAR;
        struct plan plan;

        plan_init(&plan);
        if (watch_repaired(&w->trade, org, &plan, platform, count, &why) == 0 &&
            plan_commit(&plan, org, &why) == 0)
                worker_planned(w, org->name, &plan);
        plan_dispose(&plan);
}

static int64_t perform_sweep(struct worker *w, struct org *org, const char *platform)
{
        struct outcome outcome;
        struct fail why = FAIL_CLEAR;
        struct sweep_count count = { 0 };
        uint64_t open = 0;
        char text[24];
        int result =
            sweep_platform(&w->trade, org, platform, planned, w, &count, &open, &outcome, &why);

        if ((outcome.kind != OUTCOME_DONE || count.looked_at > 0) &&
            health_called(org, platform, &outcome, trade_now(&w->trade), NULL) == 1)
                agenda_hasten(w->agenda, org->name, AGENDA_WATCH, trade_now(&w->trade));
        if (outcome.lane_wait_ms > 0)
                agenda_rest(w->agenda, org->name, platform,
                            trade_now(&w->trade) + outcome.lane_wait_ms);
        snprintf(text, sizeof text, "%" PRIu64, count.repaired);
        if (count.repaired > 0)
                log_event(LOG_LEVEL_WARN, "the sweep repaired what events had not told", "org",
                          org->name, "platform", platform, "sessions", text, NULL);
        if (count.repaired > 0)
                tell_repaired(w, org, platform, count.repaired);
        if (result != 0 && why.kind != FAIL_NONE)
                return trouble(w, org, &why);
        if (result == 0 && count.more) /* slowly, as the platform wants it */
                return trade_now(&w->trade) + outcome.lane_wait_ms;
        return open == 0 && result == 0 ? -1 : trade_now(&w->trade) + jitter(sweep_every(w));
}

/* Raw events and ended actions are not kept longer than candidates are. */
static int64_t kept_ms(const struct worker *w, int days)
{
        int64_t kept = w->options.kept_ms > 0 ? w->options.kept_ms : EVENT_KEPT_MS;

        return days > 0 && days * WHEN_DAY < kept ? days * WHEN_DAY : kept;
}

static int put_pruned(struct org *org, int64_t now, struct fail *why)
{
        struct batch *b = batch_new();
        json_t *record = json_object();
        int result;

        json_set_int(record, "at_ms", now);
        record_put(b, "cursor", "pruned", record);
        result = store_commit(org->store, b, why);
        json_decref(record);
        batch_free(b);
        return result;
}

static int64_t perform_prune(struct worker *w, struct org *org)
{
        int64_t now = trade_now(&w->trade);
        struct fail why = FAIL_CLEAR;
        int days = forget_days(org, &why);
        bool events = false, candidates = false;

        if (days < 0 || event_prune(org, now, kept_ms(w, days), PRUNE_SLICE, &events, &why) != 0 ||
            (!events && forget_lapsed(&w->trade, org, &candidates, &why) != 0) ||
            (!events && !candidates && put_pruned(org, now, &why) != 0))
                return trouble(w, org, &why);
        return now + (events || candidates ? 100 : trade_wait(&w->trade, WORKER_PRUNE_EVERY_MS));
}

/* After trouble never sooner again than the ATS is asked otherwise. */
static int64_t perform_poll(struct worker *w, struct org *org, const char *ats)
{
        struct outcome outcome;
        struct fail why = FAIL_CLEAR;
        uint64_t found = 0;
        int64_t every = 0, now,
                result = poll_ats(&w->trade, org, ats, planned, w, &found, &every, &outcome, &why);

        now = trade_now(&w->trade);
        if (result >= 0 && health_polled(org, ats, result == 1 ? &outcome : NULL, now, NULL) == 1)
                agenda_hasten(w->agenda, org->name, AGENDA_WATCH, now);
        if (outcome.lane_wait_ms > 0)
                agenda_rest(w->agenda, org->name, ats, now + outcome.lane_wait_ms);
        if (result < 0)
                return why.kind == FAIL_CONFLICT ? now + jitter(CONFLICT_WAIT_MS)
                                                 : trouble(w, org, &why);
        if (result == 0)
                return -1;
        if (outcome.kind == OUTCOME_DENIED)
                return now + trade_wait(&w->trade, jitter(DENIED_MIN_MS));
        every = trade_wait(&w->trade, jitter(every));
        return now + (outcome.wait_ms > every ? outcome.wait_ms : every);
}

/* A look, or a round of telling: what follows is one commit.  When it comes back: -1 never. */
static int64_t perform_alerts(struct worker *w, struct org *org, enum agenda_what what)
{
        struct fail why = FAIL_CLEAR;
        int64_t next = -1;
        struct plan plan;
        int result;

        plan_init(&plan);
        result = what == AGENDA_WATCH ? watch_run(&w->trade, org, &plan, &next, &why)
                                      : alert_tell(&w->trade, org, &plan, &next, &why);
        if (result == 0)
                result = plan_commit(&plan, org, &why);
        if (result == 0)
                worker_planned(w, org->name, &plan);
        plan_dispose(&plan);
        if (result != 0)
                return why.kind == FAIL_CONFLICT ? trade_now(&w->trade) + jitter(CONFLICT_WAIT_MS)
                                                 : trouble(w, org, &why);
        return next == INT64_MAX ? -1 : next;
}

void worker_perform(struct worker *w, struct ticket *t)
{
        int64_t began = when_steady_ms();
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        int found = home_org(w->home, t->org, &org, &why);
        int64_t back = -1;

        if (found < 0) {
                log_event(LOG_LEVEL_ERROR, "an org could not be opened", "org", t->org, "cause",
                          why.text, NULL);
                back = trade_now(&w->trade) + trade_wait(&w->trade, jitter(WHEN_MINUTE));
                agenda_rest_org(w->agenda, t->org, back);
        } else if (found == 1) {
                switch (t->what) {
                case AGENDA_ACTION:
                        back = perform_action(w, org, t->number);
                        break;
                case AGENDA_SWEEP:
                        back = perform_sweep(w, org, t->connection);
                        break;
                case AGENDA_PRUNE:
                        back = perform_prune(w, org);
                        break;
                case AGENDA_POLL:
                        back = perform_poll(w, org, t->connection);
                        break;
                case AGENDA_WATCH:
                case AGENDA_TELL:
                        back = perform_alerts(w, org, t->what);
                        break;
                }
                /* A session that was just made wants to be swept one day. */
                if (t->what == AGENDA_ACTION && back < 0 && *t->connection != '\0')
                        agenda_add_other(w->agenda, t->org, AGENDA_SWEEP, t->connection,
                                         trade_now(&w->trade) + jitter(sweep_every(w)));
        }
        t->slow = when_steady_ms() - began > AGENDA_SLOW_MS;
        agenda_finish(w->agenda, t, back);
}
