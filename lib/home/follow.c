/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows from a session that changed. */
#include "home/follow.h"

#include <string.h>

#include "bridge/marker.h"
#include "bridge/rule.h"
#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/consumer.h"
#include "home/dossier.h"
#include "home/feed.h"
#include "home/partner.h"
#include "home/records.h"
#include "home/selection.h"

int follow_each_application(const json_t *record,
                            int (*visit)(void *context, const char *application), void *context)
{
        const char *first = json_get_text(record, "application", NULL);
        const json_t *also = json_object_get(record, "also");
        int result = first == NULL ? 0 : visit(context, first);

        for (size_t i = 0; result == 0 && i < json_array_size(also); i++)
                result = visit(context, json_text_of(json_array_get(also, i), ""));
        return result;
}

char *follow_marker(const struct trade *trade, struct org *org, const char *what,
                    const char *application, const char *session, const char *version)
{
        unsigned char key[SECRET_KEY_SIZE];
        char *about = mem_format("%s|%s|%s|%s", what, application, text_or(session, ""),
                                 text_or(version, "")),
             *marker;

        dossier_marker_key(trade->home, org, key);
        marker = marker_of(key, about);
        mem_wipe(key, sizeof key);
        mem_free(about);
        return marker;
}

char *follow_version(const struct session *session, const char *more)
{
        char *version = marker_session_version(session), *whole;

        if (more == NULL)
                return version;
        whole = mem_format("%s|%s", version, more);
        mem_free(version);
        return whole;
}

int follow_note(const struct trade *trade, struct org *org, struct plan *plan, const char *what,
                const char *application, const char *session, const char *version, json_t *with,
                struct fail *why)
{
        char *marker = follow_marker(trade, org, what, application, session, version),
             *ats = dossier_connection(application), *once = mem_format("note|%s", marker);
        int64_t now = trade_now(trade);
        int before = plan_once(plan, org, once, now, why);

        if (before == 0) {
                struct action_order order = { .kind = "write_note",
                                              .connection = ats,
                                              .application = application,
                                              .session = session,
                                              .marker = marker,
                                              .with = with != NULL ? with : json_object(),
                                              .due_ms = now,
                                              .now_ms = now };

                json_set_text(order.with, "what", what);
                plan_action(plan, &order);
        } else {
                json_decref(with);
        }
        mem_free(once);
        mem_free(ats);
        mem_free(marker);
        return before < 0 ? -1 : 0;
}

struct visit {
        struct follow_session *f;
        const struct intent *intent;
        const char *version;
        struct fail *why;
        int result;
};

static void say(struct follow_session *f, const char *sentence)
{
        if (f->said != NULL)
                buf_format(f->said, "%s%s", f->said->len > 0 ? " " : "", sentence);
}

static int order_move(struct follow_session *f, const char *application,
                      const struct intent *intent, struct fail *why)
{
        char *once = mem_format("move|%s|%s|%s", application, f->key, intent->rule),
             *ats = dossier_connection(application);
        int64_t now = trade_now(f->trade);
        int before = plan_once(f->plan, f->org, once, now, why);

        if (before == 0) {
                struct action_order order = { .kind = "move_stage",
                                              .connection = ats,
                                              .application = application,
                                              .session = f->key,
                                              .rule = intent->rule,
                                              .with = json_object(),
                                              .due_ms = now,
                                              .now_ms = now };

                json_set_text(order.with, "to", json_get_text(intent->with, "to", NULL));
                json_set(order.with, "if", json_deep_copy(json_object_get(intent->with, "if")));
                json_set(order.with, "from", json_deep_copy(json_object_get(f->record, "stage")));
                plan_action(f->plan, &order);
                say(f, "A move to another stage was ordered.");
        }
        mem_free(once);
        mem_free(ats);
        return before < 0 ? -1 : 0;
}

/* Was the application one of the session's when an earlier note about it was ordered? */
static bool was_there(const json_t *read, const char *application)
{
        const json_t *also = json_object_get(read, "also");

        for (size_t i = 0; i < json_array_size(also); i++)
                if (text_equal(json_text_of(json_array_get(also, i), NULL), application))
                        return true;
        return text_equal(json_get_text(read, "application", NULL), application);
}

/* Something else in the ATS that shows the result, once for each version of it.  with is
 * taken. */
static int order_mark(struct follow_session *f, const char *application, const char *kind,
                      const char *what, const char *more, const char *rule, json_t *with,
                      struct fail *why)
{
        char *version = follow_version(f->session, more),
             *marker = follow_marker(f->trade, f->org, what, application, f->key, version),
             *once = mem_format("%s|%s", kind, marker), *ats = dossier_connection(application);
        int64_t now = trade_now(f->trade);
        int before = plan_once(f->plan, f->org, once, now, why);

        if (before == 0) {
                struct action_order order = { .kind = kind,
                                              .connection = ats,
                                              .application = application,
                                              .session = f->key,
                                              .rule = rule,
                                              .marker = marker,
                                              .with = with,
                                              .due_ms = now,
                                              .now_ms = now };

                plan_action(f->plan, &order);
        } else {
                json_decref(with);
        }
        mem_free(ats);
        mem_free(once);
        mem_free(marker);
        mem_free(version);
        return before < 0 ? -1 : 0;
}

static int order_result(struct follow_session *f, const char *application,
                        const struct intent *intent, const char *version, struct fail *why)
{
        const char *file = json_get_text(intent->with, "file", NULL);
        json_t *with = json_object(), *report;

        json_set_bool(with, "corrected",
                      json_object_get(f->read, "noted") != NULL && was_there(f->read, application));
        if (json_object_get(intent->with, "score") != NULL)
                json_set(with, "score", json_deep_copy(json_object_get(intent->with, "score")));
        if (follow_note(f->trade, f->org, f->plan, "result", application, f->key, version, with,
                        why) != 0)
                return -1;
        json_set_bool(f->record, "noted", true);
        say(f, "A note with the result was ordered.");
        if (file == NULL || f->session->state != SESSION_COMPLETE)
                return 0;
        report = json_object();
        json_set_text(report, "file", file);
        say(f, "A file with the report was ordered.");
        return order_mark(f, application, "upload_report", "file", file, intent->rule, report, why);
}

static int order_tag(struct follow_session *f, const char *application, const struct intent *intent,
                     struct fail *why)
{
        if (rule_verdict(intent->with, f->session) == RULE_NONE)
                return 0;
        say(f, "A tag was ordered.");
        return order_mark(f, application, "tag_result", "tag", intent->rule, intent->rule,
                          json_deep_copy(intent->with), why);
}

static int visit_application(void *context, const char *application)
{
        struct visit *v = context;
        struct follow_session *f = v->f;

        if (text_equal(v->intent->step, "write_result")) {
                return order_result(f, application, v->intent, v->version, v->why);
        } else if (text_equal(v->intent->step, "tag_result")) {
                return order_tag(f, application, v->intent, v->why);
        } else if (text_equal(v->intent->step, "move_stage") &&
                   rule_condition(json_object_get(v->intent->with, "if"), f->session)) {
                return order_move(f, application, v->intent, v->why);
        }
        return 0;
}

static void visit_intent(void *context, const struct intent *intent)
{
        struct visit *v = context;

        v->intent = intent;
        if (v->result == 0)
                v->result = follow_each_application(v->f->record, visit_application, v);
}

static int close_selection(void *context, const char *application)
{
        struct visit *v = context;
        struct follow_session *f = v->f;

        v->result = selection_close(f->plan, f->org, application, f->key,
                                    text_or(f->session->test_id, ""), trade_now(f->trade), v->why);
        return v->result;
}

/* The session that goes on instead (a retake, a reactivation) belongs to the same
 * applications. */
static int move_on(struct follow_session *f, struct fail *why)
{
        const struct session *s = f->session;
        const char *id = s->reactivated_id != NULL ? s->reactivated_id : s->retake_id;
        char *platform = dossier_connection(f->key), *key = dossier_key(platform, id);
        int64_t now = trade_now(f->trade);
        int result = 0;

        if (key != NULL) {
                struct action_order order = { .kind = "look_session",
                                              .connection = platform,
                                              .session = key,
                                              .with = json_object(),
                                              .due_ms = now,
                                              .now_ms = now };
                char *once = mem_format("moved-on|%s|%s", f->key, key);

                result = plan_once(f->plan, f->org, once, now, why);
                json_set_text(order.with, "instead_of", f->key);
                if (result == 0)
                        plan_action(f->plan, &order);
                else
                        json_decref(order.with);
                mem_free(once);
        }
        mem_free(platform);
        mem_free(key);
        return result < 0 ? -1 : 0;
}

static int visit_integrity(void *context, const char *application)
{
        struct visit *v = context;
        struct follow_session *f = v->f;
        json_t *with = json_object();

        json_set_text(with, "text", v->version);
        return follow_note(f->trade, f->org, f->plan, "integrity", application, f->key, NULL, with,
                           v->why);
}

/* Whoever has read the result should hear that the platform doubts it by now; once. */
static int note_integrity(struct follow_session *f, struct fail *why)
{
        char *platform = dossier_connection(f->key);
        json_t *connection = NULL;
        const struct kind *kind = NULL;
        struct buf text = BUF_NONE;
        struct visit v = { .f = f, .why = why };
        int result = record_get(f->org, "connection", text_or(platform, ""), &connection, why);

        if (result >= 0) {
                kind = trade_kind(f->trade, json_get_text(connection, "kind", ""));
                words_integrity(&text, f->session,
                                kind != NULL ? kind->title : text_or(platform, "The platform"));
                v.version = buf_text(&text);
                result = follow_each_application(f->record, visit_integrity, &v);
                say(f, "A note about the integrity review was ordered.");
        }
        json_decref(connection);
        buf_dispose(&text);
        mem_free(platform);
        return result < 0 ? -1 : 0;
}

int follow_session(struct follow_session *f, struct fail *why)
{
        const struct session_change *c = &f->change;
        struct visit v = { .f = f, .why = why };
        json_t *rules = NULL;
        char *version = NULL;
        int result = -1;

        if (c->completed || c->corrected || c->not_verified || c->expired || c->declined ||
            f->joined) {
                rules = trade_rules(f->org, why);
                if (rules == NULL)
                        goto out;
                version = marker_session_version(f->session);
                v.version = version;
                rules_for_result(rules, f->session, visit_intent, &v);
                if (v.result == 0 && !session_is_open(f->session->state))
                        follow_each_application(f->record, close_selection, &v);
                if (v.result != 0)
                        goto out;
        }
        if (c->integrity && f->session->integrity_flag && !c->completed && !c->corrected &&
            json_object_get(f->read, "noted") != NULL && note_integrity(f, why) != 0)
                goto out;
        if (partner_tell_all(f->plan, f->trade, f->org, f->key, f->record, f->session, why) != 0)
                goto out;
        if (c->moved_on && move_on(f, why) != 0)
                goto out;
        if (!f->quiet &&
            consumer_publish(f->trade->home, f->org, f->plan, f->key, f->record, f->session,
                             consumer_events_of(c, f->session, f->read == NULL),
                             trade_now(f->trade), why) != 0)
                goto out;
        if (feed_wants(c) &&
            feed_move(f->plan, f->org, f->key, false, trade_now(f->trade), why) != 0)
                goto out;
        dossier_put_session(f->plan, f->trade->home, f->org, f->key, f->read, f->record, f->session,
                            trade_now(f->trade));
        result = 0;
out:
        json_decref(rules);
        mem_free(version);
        return result;
}
