/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Assessments that were sent from within a hiring system. */
#include "home/partner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/marker.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/dossier.h"
#include "home/erase.h"
#include "home/event.h"
#include "home/keyring.h"
#include "home/records.h"

#define ID_BYTES 15
#define TRIES_MAX 20
#define HOPS_MAX 10 /* retakes of retakes */

/* --- ordering ------------------------------------------------------------------------------ */

/* Ours, that the hiring system gets to know: derived, so the same order has the same id. */
static char *id_of(struct home *h, struct org *org, const struct partner_order *o)
{
        unsigned char key[SECRET_KEY_SIZE], digest[SECRET_DIGEST_SIZE];
        char *about = mem_format("%s|%s|%s", o->ats, o->desk, o->identity);
        struct buf text = BUF_NONE;

        secret_derive(home_root(h), "partner-id", org->name, key);
        secret_hmac(key, sizeof key, about, strlen(about), digest);
        code_hex(&text, digest, ID_BYTES);
        mem_wipe(key, sizeof key);
        mem_free(about);
        return buf_take(&text);
}

static char *bound_to(const struct org *org, const char *id)
{
        return mem_format("%s/partner/%s/kept", org->name, id);
}

static void seal(struct plan *p, struct home *h, struct org *org, const char *id, json_t *record,
                 const json_t *kept)
{
        char *bound = bound_to(org, id), *plain = json_text(kept);
        struct buf sealed = BUF_NONE;

        home_seal(h, org, p->batch, bound, plain, strlen(plain), &sealed);
        json_set_text(record, "kept", buf_text(&sealed));
        buf_dispose(&sealed);
        mem_free_secret(plain);
        mem_free(bound);
}

static void fill(char **member, const char *text)
{
        if (text_empty(*member) && !text_empty(text)) {
                mem_free(*member);
                *member = mem_text(text);
        }
}

/* What the hiring system says of its candidate is what we know of him until we read more; what
 * was read stays.  1, 0 his data was erased, -1. */
static int put_application(struct plan *p, struct org *org, const struct partner_order *o,
                           const char *key, const char *id, struct fail *why)
{
        struct application a;
        json_t *read = NULL, *record;
        int found = dossier_application(org, key, &read, &a, why), result = -1;

        if (found >= 0 && erase_is_final(read)) {
                result = 0;
        } else if (found >= 0) {
                record = found == 1 ? json_deep_copy(read) : json_object();
                json_object_del(record, "erased"); /* its time was up: this is a new one */
                json_object_del(record, "lapsed");
                fill(&a.id, dossier_id(key));
                fill(&a.candidate_id, o->candidate);
                fill(&a.first_name, o->first_name);
                fill(&a.last_name, o->last_name);
                fill(&a.email, o->email);
                fill(&a.url, o->url);
                fill(&a.status, "active");
                dossier_add_text(record, "partners", id);
                result = dossier_put_application(p, org, key, read, record, &a, why) == 0 ? 1 : -1;
                json_decref(record);
        }
        application_dispose(&a);
        json_decref(read);
        return result;
}

static void order_sending(struct plan *p, const struct partner_order *o, const char *application,
                          const char *id, int64_t now_ms)
{
        struct action_order order = { .kind = "send_assessment",
                                      .connection = o->platform,
                                      .application = application,
                                      .with = json_object(),
                                      .due_ms = now_ms,
                                      .now_ms = now_ms };
        unsigned which = p->appended;

        json_set_text(order.with, "assessment", o->test);
        json_set_text(order.with, "partner", id);
        json_set_text(order.with, "first_name", o->first_name);
        json_set_text(order.with, "last_name", o->last_name);
        json_set_text(order.with, "email", o->email);
        plan_action(p, &order);
        batch_put_number(p->batch, "partner-action", id, which);
}

static int plan_sending(struct plan *p, struct home *h, struct org *org,
                        const struct partner_order *o, const char *id, int64_t now_ms,
                        struct fail *why)
{
        /* Without an application's id of theirs this one stands for it. */
        char *own = mem_format("sent-%s", id),
             *key = dossier_key(o->ats, text_or(o->application, own));
        json_t *record = json_object();
        int result = key == NULL ? fail_set(why, FAIL_INPUT, "no application can have that id")
                                 : put_application(p, org, o, key, id, why);

        if (result == 0)
                result = fail_set(why, FAIL_CONFLICT, "the candidate's data was erased");
        if (result > 0) {
                json_set_text(record, "ats", o->ats);
                json_set_text(record, "desk", o->desk);
                json_set_text(record, "platform", o->platform);
                json_set_text(record, "test", o->test);
                json_set_text(record, "application", key);
                if (!text_empty(o->sent_by))
                        json_set_text(record, "sent_by", o->sent_by);
                json_set_int(record, "created_ms", now_ms);
                seal(p, h, org, id, record, o->kept);
                plan_guard(p, "partner", id, NULL);
                record_put(p->batch, "partner", id, record);
                order_sending(p, o, key, id, now_ms);
        }
        json_decref(record);
        mem_free(key);
        mem_free(own);
        return result;
}

/* 1 ordered, 0 it stands, -1. */
static int try_sending(struct home *h, struct org *org, const struct partner_order *o,
                       const char *id, int64_t now_ms, struct fail *why)
{
        struct plan plan;
        int found = store_get(org->store, "partner", id, NULL, why), result = -1;

        if (found != 0)
                return found < 0 ? -1 : 0;
        plan_init(&plan);
        result = plan_sending(&plan, h, org, o, id, now_ms, why);
        if (result > 0 && plan_commit(&plan, org, why) != 0) {
                result = -1;
                if (why->kind == FAIL_CONFLICT)
                        why->kind = FAIL_BUSY; /* somebody was faster: not the candidate's end */
        }
        plan_dispose(&plan);
        return result;
}

/* The same click twice, or two windows at once: whoever comes second looks again. */
int partner_send(struct home *h, struct org *org, const struct partner_order *o, int64_t now_ms,
                 char **id, struct fail *why)
{
        int result = -1;

        *id = id_of(h, org, o);
        for (int i = 0; i < TRIES_MAX && result < 0; i++) {
                fail_clear(why);
                result = try_sending(h, org, o, *id, now_ms, why);
                if (result < 0 && why->kind != FAIL_BUSY)
                        break;
        }
        if (result > 0 && event_wake(h, org->name, NULL, now_ms, why) != 0)
                result = -1;
        if (result < 0) {
                mem_free(*id);
                *id = NULL;
        }
        return result;
}

/* --- asking -------------------------------------------------------------------------------- */

static int open_kept(const struct trade *trade, struct org *org, const char *id,
                     struct partner_view *v, struct fail *why)
{
        const char *sealed = json_get_text(v->record, "kept", NULL);
        char *bound = bound_to(org, id);
        struct buf plain = BUF_NONE;
        int result = -1;

        if (sealed == NULL) {
                v->kept = json_object();
                result = 0;
        } else if (home_unseal(trade->home, bound, sealed, &plain, why) == 0) {
                v->kept = json_parse(plain.data, plain.len, true, why);
                result = v->kept == NULL ? -1 : 0;
        }
        buf_dispose_secret(&plain);
        mem_free(bound);
        return result;
}

/* The session that counts: a retake or a reactivated one goes on instead of the first. */
static int find_session(const struct trade *trade, struct org *org, struct partner_view *v,
                        struct fail *why)
{
        char *key = mem_text(json_get_text(v->record, "session", NULL));
        int found = 0;

        for (int i = 0; key != NULL && i < HOPS_MAX; i++) {
                struct session session = { 0 };
                json_t *record = NULL;
                char *platform = dossier_connection(key);
                int here = dossier_session(trade->home, org, key, &record, &session, why);

                json_decref(record);
                if (here == 1) {
                        session_dispose(&v->session);
                        v->session = session;
                        mem_free(v->key);
                        v->key = key;
                        key = dossier_key(platform, session.reactivated_id != NULL
                                                        ? session.reactivated_id
                                                        : session.retake_id);
                        found = 1;
                } else {
                        session_dispose(&session);
                        mem_free(key);
                        key = NULL;
                        if (here < 0)
                                found = -1;
                }
                mem_free(platform);
        }
        mem_free(key);
        return found;
}

/* No session yet: how does the sending go?  0, -1. */
static int find_action(struct org *org, const char *id, struct partner_view *v, struct fail *why)
{
        struct buf number = BUF_NONE;
        json_t *action = NULL;
        const char *state = "refused";
        int found = store_get(org->store, "partner-action", id, &number, why);

        if (found == 1)
                found = record_series_get(org, "action", strtoull(buf_text(&number), NULL, 10),
                                          &action, why);
        if (found == 1)
                state = json_get_text(action, "state", "");
        v->news.stage = text_equal(state, "refused") || text_equal(state, "parked")
                            ? PARTNER_NOT_SENT
                            : PARTNER_SENDING;
        if (v->news.stage == PARTNER_NOT_SENT)
                v->reason = mem_text(text_or(json_get_text(action, "sentence", NULL),
                                             "The assessment was not sent."));
        json_decref(action);
        buf_dispose(&number);
        return found < 0 ? -1 : 0;
}

static enum partner_stage stage_of(enum session_state state)
{
        switch (state) {
        case SESSION_COMPLETE:
        case SESSION_NOT_VERIFIED:
                return PARTNER_OVER;
        case SESSION_EXPIRED:
        case SESSION_DECLINED:
        case SESSION_CANCELLED:
                return PARTNER_ENDED;
        case SESSION_ERASED:
                return PARTNER_REMOVED;
        default:
                return PARTNER_OPEN;
        }
}

static const char *title_of(const struct trade *trade, struct org *org, const char *platform)
{
        const struct kind *kind = NULL;
        json_t *record = NULL;

        if (record_get(org, "connection", platform, &record, NULL) == 1)
                kind = trade_kind(trade, json_get_text(record, "kind", NULL));
        json_decref(record);
        return kind == NULL ? platform : kind->title;
}

int partner_read(const struct trade *trade, struct org *org, const char *id, struct partner_view *v,
                 struct fail *why)
{
        int found = text_is_name(id, 64) ? record_get(org, "partner", id, &v->record, why) : 0;

        if (found != 1)
                return found;
        v->ats = mem_text(json_get_text(v->record, "ats", ""));
        v->platform = mem_text(title_of(trade, org, json_get_text(v->record, "platform", "")));
        v->news = (struct partner_news){ .id = id,
                                         .desk = json_get_text(v->record, "desk", ""),
                                         .platform = v->platform };
        if (json_get_bool(v->record, "erased", false)) {
                v->news.stage = PARTNER_REMOVED;
                return 1;
        }
        if (open_kept(trade, org, id, v, why) != 0)
                return -1;
        v->news.kept = v->kept;
        found = find_session(trade, org, v, why);
        if (found < 0)
                return -1;
        if (found == 0) {
                found = find_action(org, id, v, why);
        } else {
                v->news.session = &v->session;
                v->news.stage = stage_of(v->session.state);
                v->report = dossier_report_link(trade->home, org, v->key);
        }
        v->news.report = v->report;
        v->news.reason = v->reason;
        return found < 0 ? -1 : 1;
}

void partner_view_dispose(struct partner_view *v)
{
        session_dispose(&v->session);
        json_decref(v->record);
        json_decref(v->kept);
        mem_free(v->ats);
        mem_free(v->key);
        mem_free(v->platform);
        mem_free_secret(v->report);
        mem_free(v->reason);
        memset(v, 0, sizeof *v);
}

/* --- what follows -------------------------------------------------------------------------- */

int partner_join(struct plan *p, struct org *org, const char *id, const char *session,
                 json_t *record, struct fail *why)
{
        json_t *read = NULL, *changed;
        int found = record_get(org, "partner", id, &read, why);

        if (found == 1 && !json_get_bool(read, "erased", false)) {
                dossier_add_text(record, "partners", id);
                if (!text_equal(json_get_text(read, "session", NULL), session)) {
                        changed = json_deep_copy(read);
                        json_set_text(changed, "session", session);
                        plan_guard(p, "partner", id, read);
                        record_put(p->batch, "partner", id, changed);
                        json_decref(changed);
                }
        }
        json_decref(read);
        return found < 0 ? -1 : 0;
}

int partner_tell(struct plan *p, const struct trade *trade, struct org *org, const char *id,
                 const char *version, struct fail *why)
{
        char *once = mem_format("partner|%s|%s", id, version);
        int64_t now = trade_now(trade);
        json_t *read = NULL;
        int found = record_get(org, "partner", id, &read, why),
            before = found == 1  ? plan_once(p, org, once, now, why)
                     : found < 0 ? -1
                                 : 1;

        if (before == 0) {
                struct action_order order = { .kind = "tell_partner",
                                              .connection = json_get_text(read, "ats", ""),
                                              .application =
                                                  json_get_text(read, "application", NULL),
                                              .with = json_object(),
                                              .due_ms = now,
                                              .now_ms = now };

                json_set_text(order.with, "partner", id);
                plan_action(p, &order);
        }
        json_decref(read);
        mem_free(once);
        return before < 0 ? -1 : 0;
}

int partner_tell_all(struct plan *p, const struct trade *trade, struct org *org, const char *key,
                     const json_t *record, const struct session *session, struct fail *why)
{
        const json_t *list = json_object_get(record, "partners");
        char *state = marker_session_version(session), *version = mem_format("%s %s", key, state);
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
                result = partner_tell(p, trade, org, json_text_of(json_array_get(list, i), ""),
                                      version, why);
        mem_free(version);
        mem_free(state);
        return result;
}

int partner_erase(struct plan *p, struct org *org, const char *id, struct fail *why)
{
        static const char *const kept[] = { "ats",  "desk",        "platform",
                                            "test", "application", "created_ms" };
        json_t *read = NULL, *record;
        int found = record_get(org, "partner", id, &read, why);

        if (found == 1 && !json_get_bool(read, "erased", false)) {
                record = json_object();
                for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
                        if (json_object_get(read, kept[i]) != NULL)
                                json_set(record, kept[i],
                                         json_deep_copy(json_object_get(read, kept[i])));
                json_set_bool(record, "erased", true);
                plan_guard(p, "partner", id, read);
                record_put(p->batch, "partner", id, record);
                json_decref(record);
        }
        json_decref(read);
        return found < 0 ? -1 : 0;
}
