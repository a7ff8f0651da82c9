/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps that look: at an application, and at a session. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bridge/fact.h"
#include "bridge/rule.h"
#include "bridge/sender.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/consumer.h"
#include "home/erase.h"
#include "home/intent.h"
#include "home/partner.h"
#include "home/records.h"
#include "home/step.h"
#include "home/unread.h"

#define NOT_THERE_YET 4 /* looks before something absent counts as absent */

static void add_events(json_t *record, const json_t *with)
{
        const json_t *events = json_object_get(with, "events");

        for (size_t i = 0; i < json_array_size(events); i++)
                dossier_add_event(record, (uint64_t)json_int_of(json_array_get(events, i), 0));
}

static void application_absent(struct step *s)
{
        if (step_attempts(s) + 1 < NOT_THERE_YET) {
                outcome_set(&s->outcome, OUTCOME_AGAIN, "The application is not visible yet.", "%s",
                            s->outcome.detail[0] != '\0' ? s->outcome.detail : "absent");
                return;
        }
        if (json_get_bool(s->with, "gone", false) &&
            erase_application(&s->plan, s->trade, s->org, s->application, &s->why) != 0) {
                step_trouble(s);
                return;
        }
        if (json_get_bool(s->with, "gone", false))
                erase_bodies(s);
        step_done(s, "The application is not there, or not visible to our credential.");
}

void step_look_application(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;
        struct application now = { 0 };
        json_t *read = NULL, *record = NULL;
        int found;

        if (ats == NULL || ats->read_application == NULL) {
                outcome_set(&s->outcome, OUTCOME_REFUSED, "This ATS cannot be read yet.", "%s",
                            s->desk.kind->name);
                return;
        }
        found = dossier_application(s->org, s->application, &read, NULL, &s->why);
        if (found < 0) {
                step_trouble(s);
                goto out;
        }
        if (erase_is_final(read)) {
                erase_bodies(s);
                step_done(s, ERASE_SENTENCE);
                goto out;
        }
        if (ats->read_application(&s->desk.link, dossier_id(s->application), &now, &s->outcome) !=
            0) {
                if (s->outcome.kind == OUTCOME_ABSENT)
                        application_absent(s);
                goto out;
        }
        record = found == 1 ? json_deep_copy(read) : json_object();
        json_object_del(record, "erased"); /* its time was up: this is a new one */
        json_object_del(record, "lapsed");
        json_set_int(record, "read_ms", trade_now(s->trade));
        add_events(record, s->with);
        if (dossier_put_application(&s->plan, s->org, s->application, read, record, &now,
                                    &s->why) != 0) {
                step_trouble(s);
                goto out;
        }
        if (json_get_bool(s->with, "refresh", false) || json_get_bool(s->with, "gone", false))
                step_done(s, "The application was read again.");
        else
                intent_ask(s, &now);
out:
        application_dispose(&now);
        json_decref(record);
        json_decref(read);
}

/* A session: whose is it, and what became of it? */

/* "Poll the report, for instance 1, 2, 5, 10, 30 minutes, then hourly for a day"
 * (wire/coderbyte.md 2); after that only the sweep looks. */
static int64_t poll_wait_ms(int64_t polls)
{
        static const int64_t first[] = { WHEN_MINUTE, 2 * WHEN_MINUTE, 5 * WHEN_MINUTE,
                                         10 * WHEN_MINUTE, 30 * WHEN_MINUTE };
        const int64_t count = sizeof first / sizeof *first;

        if (polls < count)
                return first[polls];
        return polls < count + 24 ? WHEN_HOUR : 0;
}

/* The next look at a result that is being made.  The record counts the looks ordered, so that
 * there is one chain of them, whatever else makes us look meanwhile: a look of the chain is the
 * one that was ordered last, and orders the next. */
static void look_again(const struct trade *trade, struct plan *plan, const char *key,
                       json_t *record, const struct session *stored, const struct session *now,
                       const json_t *with)
{
        int64_t polls = json_get_int(record, "polls", 0), wait = poll_wait_ms(polls);
        char *platform = dossier_connection(key);
        struct action_order order = { .kind = "look_session",
                                      .connection = platform,
                                      .session = key,
                                      .now_ms = trade_now(trade) };

        if (!now->look_again || stored->state != SESSION_SUBMITTED) {
                json_object_del(record, "polls");
        } else if (polls == json_get_int(with, "poll", 0) && wait > 0) {
                order.due_ms = order.now_ms + trade_wait(trade, wait);
                order.with = json_object();
                json_set_int(order.with, "poll", polls + 1);
                json_set_int(record, "polls", polls + 1);
                plan_action(plan, &order);
        }
        mem_free(platform);
}

/* Applications that the record did not have when it was read. */
static bool has_joined(const json_t *read, const json_t *record)
{
        return read != NULL && json_array_size(json_object_get(record, "also")) >
                                   json_array_size(json_object_get(read, "also"));
}

int session_take(const struct trade *trade, struct org *org, struct plan *plan, const char *key,
                 const json_t *read, json_t *record, struct session *stored,
                 const struct session *now, const json_t *with, struct buf *said, struct fail *why)
{
        struct follow_session f = { .trade = trade,
                                    .org = org,
                                    .plan = plan,
                                    .key = key,
                                    .read = read,
                                    .record = record,
                                    .session = stored,
                                    .said = said };
        const json_t *hints = json_object_get(with, "hints");
        bool changed = session_step(stored, now, NULL, &f.change) || read == NULL;
        int was_unread = unread_over(plan, org, record, trade_now(trade), why);

        if (was_unread < 0)
                return -1;
        for (size_t i = 0; i < json_array_size(hints); i++) {
                struct session_change more;

                if (!session_step(stored, now, json_text_of(json_array_get(hints, i), NULL), &more))
                        continue;
                changed = true;
                f.change.corrected = f.change.corrected || more.corrected;
                f.change.completed = f.change.completed || more.completed;
        }
        if (stored->state == SESSION_ERASED)
                return erase_session(plan, org, key, why) == 0 ? 1 : -1;
        f.joined = has_joined(read, record) && !session_is_open(stored->state);
        look_again(trade, plan, key, record, stored, now, with);
        json_set_int(record, "looked_ms", trade_now(trade));
        if (follow_session(&f, why) != 0)
                return -1;
        changed = changed || f.joined;
        if (changed && said != NULL)
                buf_format(said, "%sThe session is %s.", said->len > 0 ? " " : "",
                           session_word(stored->state));
        return changed || was_unread == 1 ? 1 : 0;
}

/* Takes over from another session's record: the applications, the stage, the rule. */
static void inherit(json_t *record, const json_t *from)
{
        static const char *const names[] = { "application", "also",     "stage",
                                             "rule",        "external", "partners" };

        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (json_object_get(from, names[i]) != NULL)
                        json_set(record, names[i], json_deep_copy(json_object_get(from, names[i])));
}

/* An application whose candidate has the address that the platform itself says. */
static int same_person(struct step *s, const char *application, const struct session *now)
{
        struct application a;
        json_t *record = NULL;
        int found = dossier_application(s->org, application, &record, &a, &s->why);

        if (found == 1)
                found = !json_get_bool(record, "erased", false) && now->email != NULL &&
                        text_equal_fold(a.email, now->email);
        application_dispose(&a);
        json_decref(record);
        return found;
}

/* Sent from within the ATS: that sending goes on with this session. */
static int join_partner(struct step *s, const json_t *sent, json_t *record)
{
        const char *partner = json_get_text(sent, "partner", NULL);

        return partner == NULL ||
                       partner_join(&s->plan, s->org, partner, s->session, record, &s->why) == 0
                   ? 1
                   : -1;
}

/* By our own id: what an event says is believed only as far as the platform bears it out. */
static int by_external(struct step *s, const struct session *now, json_t *record)
{
        const char *id = now->external_id != NULL ? now->external_id
                                                  : json_get_text(s->with, "external_id", NULL),
                   *application;
        json_t *external = NULL;
        int found = text_empty(id) || strlen(id) > 200
                        ? 0
                        : record_get(s->org, "external", id, &external, &s->why);

        if (found == 1) {
                application = json_get_text(external, "application", "");
                found =
                    text_equal(json_get_text(external, "platform", ""), s->desk.connection->id) &&
                            text_equal(json_get_text(external, "test", ""), now->test_id)
                        ? same_person(s, application, now)
                        : 0;
                if (found == 1) {
                        json_set_text(record, "application", application);
                        json_set_text(record, "external", id);
                        json_set(record, "stage",
                                 json_deep_copy(json_object_get(external, "stage")));
                        json_set_text(record, "rule", json_get_text(external, "rule", NULL));
                        found = join_partner(s, external, record);
                }
        }
        json_decref(external);
        return found;
}

static int by_invitee(struct step *s, const struct session *now, json_t *record)
{
        char *key = dossier_invitee_key(s->desk.connection->id, text_or(now->test_id, ""),
                                        text_or(now->email, ""));
        json_t *invitee = NULL;
        int found =
            text_empty(now->email) ? 0 : record_get(s->org, "invitee", key, &invitee, &s->why);

        if (found == 1)
                found = same_person(s, json_get_text(invitee, "application", ""), now);
        if (found == 1) {
                json_set_text(record, "application", json_get_text(invitee, "application", NULL));
                json_set(record, "stage", json_deep_copy(json_object_get(invitee, "stage")));
                json_set_text(record, "rule", json_get_text(invitee, "rule", NULL));
                found = join_partner(s, invitee, record);
        }
        json_decref(invitee);
        mem_free(key);
        return found;
}

/* Whose is a session that we do not know?  1 found (in record), 0 not ours, -1. */
static int attach(struct step *s, const struct session *now, json_t *record)
{
        const char *before = json_get_text(s->with, "instead_of", NULL);
        json_t *old = NULL;
        int found;

        if (before != NULL) {
                found = record_get(s->org, "session", before, &old, &s->why);
                if (found == 1)
                        inherit(record, old);
                json_decref(old);
                return found;
        }
        found = by_external(s, now, record);
        return found != 0 ? found : by_invitee(s, now, record);
}

/* The applications' records name their sessions; a new one is the current one. */
struct join {
        struct step *s;
        int result;
};

static int join_application(void *context, const char *application)
{
        struct join *j = context;
        json_t *read = NULL, *record;
        int found = record_get(j->s->org, "application", application, &read, &j->s->why);

        if (found == 1) {
                record = json_deep_copy(read);
                dossier_add_text(record, "sessions", j->s->session);
                json_set_text(record, "current", j->s->session);
                if (dossier_put_application(&j->s->plan, j->s->org, application, read, record, NULL,
                                            &j->s->why) != 0)
                        found = -1;
                json_decref(record);
        }
        json_decref(read);
        if (found < 0)
                j->result = -1;
        return 0;
}

/* What finds a session that has no record yet is what the events that told of it say: their
 * bodies, so that nothing of a person is kept in a second place. */
static int ref_from_events(struct step *s, struct fact *fact)
{
        const json_t *events = json_object_get(s->with, "events");
        const struct sender *sender = s->desk.kind->sender;
        size_t count = json_array_size(events);
        struct buf body = BUF_NONE;
        char number[24];
        int found;

        if (count == 0 || sender == NULL || sender->decode == NULL)
                return 0;
        snprintf(number, sizeof number, "%" PRId64, json_int_of(json_array_get(events, 0), 0));
        found = store_get(s->org->store, "body", number, &body, &s->why);
        if (found == 1) {
                sender->decode(body.data, body.len, NULL, s->desk.connection->settings, fact);
                if (fact->kind != FACT_SESSION ||
                    !text_equal(fact->subject, dossier_id(s->session)))
                        found = 0;
        }
        buf_dispose(&body);
        return found;
}

static void session_absent(struct step *s, const json_t *read, struct session *stored)
{
        struct session now = { 0 };
        json_t *record;

        if (step_attempts(s) + 1 < NOT_THERE_YET) {
                outcome_set(&s->outcome, OUTCOME_AGAIN, "The session is not visible yet.", "%s",
                            s->outcome.detail[0] != '\0' ? s->outcome.detail : "absent");
                return;
        }
        if (read == NULL) {
                step_done(s, "No such session.");
                s->event_state = "unknown";
                return;
        }
        now.id = mem_text(dossier_id(s->session));
        now.state = SESSION_CANCELLED;
        record = json_deep_copy(read);
        if (session_take(s->trade, s->org, &s->plan, s->session, read, record, stored, &now, NULL,
                         &s->said, &s->why) < 0)
                step_trouble(s);
        else
                step_done(s, "The platform does not have this session any more.");
        json_decref(record);
        session_dispose(&now);
}

void step_look_session(struct step *s)
{
        const struct platform *platform = s->desk.kind->platform;
        struct session stored = { 0 }, now = { 0 };
        struct join join = { s, 0 };
        json_t *read = NULL, *record = NULL;
        struct session_ref ref = { .id = dossier_id(s->session) };
        struct fact fact = { 0 };
        int found;

        if (platform == NULL || platform->read_session == NULL) {
                outcome_set(&s->outcome, OUTCOME_REFUSED, "This platform cannot be read yet.", "%s",
                            s->desk.kind->name);
                return;
        }
        found = dossier_session(s->trade->home, s->org, s->session, &read, &stored, &s->why);
        if (found < 0) {
                step_trouble(s);
                goto out;
        }
        if (stored.state == SESSION_ERASED) {
                erase_bodies(s);
                step_done(s, ERASE_SENTENCE);
                goto out;
        }
        ref.test_id = stored.test_id;
        ref.email = stored.email;
        if (read == NULL) {
                found = ref_from_events(s, &fact);
                if (found < 0) {
                        step_trouble(s);
                        goto out;
                }
                if (found == 1) {
                        ref.test_id = json_get_text(fact.detail, "test_id", NULL);
                        ref.email = json_get_text(fact.detail, "email", NULL);
                }
        }
        if (platform->read_session(&s->desk.link, &ref, &now, &s->outcome) != 0) {
                if (s->outcome.kind == OUTCOME_ABSENT)
                        session_absent(s, read, &stored);
                else if (s->outcome.kind == OUTCOME_REFUSED && s->outcome.status > 0 &&
                         read != NULL)
                        unread_refused(s, read);
                goto out;
        }
        record = read == NULL ? json_object() : json_deep_copy(read);
        if (read == NULL) {
                found = attach(s, &now, record);
                /* Somebody else sent it; consumers want to know of it all the same. */
                if (found == 0 && (found = consumer_any(s->org, &s->why)) == 1)
                        json_set_bool(record, "foreign", true);
                if (found == 0) {
                        step_done(s, "This session was not sent by us.");
                        s->event_state = "unknown";
                } else if (found == 1) {
                        json_set_text(record, "platform", s->desk.connection->id);
                        follow_each_application(record, join_application, &join);
                }
                if (found != 1 || join.result != 0) {
                        if (found < 0 || join.result != 0)
                                step_trouble(s);
                        goto out;
                }
        }
        add_events(record, s->with);
        if (session_take(s->trade, s->org, &s->plan, s->session, read, record, &stored, &now,
                         s->with, &s->said, &s->why) < 0)
                step_trouble(s);
        else
                step_done(s, s->said.len == 0 ? "The session is as it was." : "");
out:
        fact_dispose(&fact);
        session_dispose(&stored);
        session_dispose(&now);
        json_decref(record);
        json_decref(read);
}
