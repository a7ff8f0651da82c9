/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of one application and of one session. */
#include "home/dossier.h"

#include <ctype.h>
#include <string.h>

#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/keyring.h"
#include "home/records.h"
#include "home/roll.h"

#define ID_MAX 200
#define EVENTS_MAX 100
#define TOKEN_BYTES 20 /* 160 bits in the link */

char *dossier_key(const char *connection, const char *id)
{
        if (text_empty(connection) || text_empty(id) || strlen(id) > ID_MAX)
                return NULL;
        return mem_format("%s:%s", connection, id);
}

char *dossier_connection(const char *key)
{
        const char *colon = strchr(key, ':');

        return colon == NULL ? mem_text(key) : mem_text_part(key, (size_t)(colon - key));
}

const char *dossier_id(const char *key)
{
        const char *colon = strchr(key, ':');

        return colon == NULL ? key : colon + 1;
}

static char *bound_to(const struct org *org, const char *key)
{
        return mem_format("%s/session/%s/report_url", org->name, key);
}

int dossier_session(struct home *h, struct org *org, const char *key, json_t **record,
                    struct session *session, struct fail *why)
{
        int found = record_get(org, "session", key, record, why);
        const char *sealed;
        struct buf plain = BUF_NONE;
        char *bound;

        if (session != NULL)
                memset(session, 0, sizeof *session);
        if (found != 1 || session == NULL)
                return found;
        session_from_json(session, json_object_get(*record, "session"));
        sealed = json_get_text(*record, "report_url", NULL);
        if (sealed == NULL)
                return 1;
        bound = bound_to(org, key);
        if (home_unseal(h, bound, sealed, &plain, why) == 0)
                session->report_url = mem_text(buf_text(&plain));
        else
                found = -1;
        buf_dispose_secret(&plain);
        mem_free(bound);
        if (found != 1) {
                session_dispose(session);
                json_decref(*record);
                *record = NULL;
        }
        return found;
}

static void seal_report_url(struct plan *p, struct home *h, struct org *org, const char *key,
                            json_t *record, const struct session *session)
{
        char *bound = bound_to(org, key);
        struct buf sealed = BUF_NONE;

        home_seal(h, org, p->batch, bound, session->report_url, strlen(session->report_url),
                  &sealed);
        json_set_text(record, "report_url", buf_text(&sealed));
        buf_dispose(&sealed);
        mem_free(bound);
}

/* Every session has a page of ours, also where the platform gives no report of its own. */
static void put_page(struct plan *p, struct home *h, struct org *org, const char *key)
{
        char *token = dossier_report_token(h, org, key), *digest = record_digest(token, NULL);
        json_t *report = json_object();

        json_set_text(report, "session", key);
        record_put(p->batch, "report", digest, report);
        json_decref(report);
        mem_free(digest);
        mem_free_secret(token);
}

void dossier_put_session(struct plan *p, struct home *h, struct org *org, const char *key,
                         const json_t *read, json_t *record, const struct session *session,
                         int64_t now_ms)
{
        const char *before = json_get_text(read, "session.state", "");

        plan_guard(p, "session", key, read);
        json_set(record, "session", session_to_json(session));
        if (session->report_url != NULL)
                seal_report_url(p, h, org, key, record, session);
        else
                json_object_del(record, "report_url");
        put_page(p, h, org, key);
        if (!text_equal(before, session_word(session->state)))
                json_set_int(record, "state_at_ms", now_ms);
        record_put(p->batch, "session", key, record);
        if (session_is_open(session->state))
                batch_join(p->batch, "open-sessions", key);
        else
                batch_leave(p->batch, "open-sessions", key);
}

int dossier_application(struct org *org, const char *key, json_t **record,
                        struct application *application, struct fail *why)
{
        int found = record_get(org, "application", key, record, why);

        if (application != NULL) {
                memset(application, 0, sizeof *application);
                if (found == 1)
                        application_from_json(application, json_object_get(*record, "application"));
        }
        return found;
}

static char *candidate_key(const char *connection, const char *candidate)
{
        return record_digest(connection, candidate);
}

json_t *dossier_candidate(struct org *org, const char *connection, const char *candidate,
                          struct fail *why)
{
        char *key = candidate_key(connection, candidate);
        json_t *record = NULL, *list = NULL;
        int found = record_get(org, "candidate", key, &record, why);

        if (found >= 0) {
                list = json_object_get(record, "applications");
                list = json_is_array(list) ? json_incref(list) : json_array();
        }
        json_decref(record);
        mem_free(key);
        return list;
}

static int put_candidate(struct plan *p, struct org *org, const char *key, const char *candidate,
                         struct fail *why)
{
        char *connection = dossier_connection(key), *at = candidate_key(connection, candidate);
        json_t *read = NULL, *record;
        int found = record_get(org, "candidate", at, &read, why);

        if (found >= 0) {
                record = found == 1 ? json_deep_copy(read) : json_object();
                dossier_add_text(record, "applications", key);
                if (!json_equal(record, read)) {
                        plan_guard(p, "candidate", at, read);
                        record_put(p->batch, "candidate", at, record);
                }
                json_decref(record);
        }
        json_decref(read);
        mem_free(at);
        mem_free(connection);
        return found < 0 ? -1 : 0;
}

int dossier_put_application(struct plan *p, struct org *org, const char *key, const json_t *read,
                            json_t *record, const struct application *application, struct fail *why)
{
        char *connection = dossier_connection(key);
        int result = 0;

        plan_guard(p, "application", key, read);
        json_set_text(record, "ats", connection);
        mem_free(connection);
        if (application != NULL) {
                json_set(record, "application", application_to_json(application));
                if (application->candidate_id != NULL)
                        result = put_candidate(p, org, key, application->candidate_id, why);
        }
        if (read == NULL)
                roll_add(p, key);
        record_put(p->batch, "application", key, record);
        return result;
}

void dossier_add_event(json_t *record, uint64_t event)
{
        json_t *list = json_object_get(record, "events");

        if (event == 0)
                return;
        if (!json_is_array(list)) {
                list = json_array();
                json_set(record, "events", list);
        }
        for (size_t i = 0; i < json_array_size(list); i++)
                if (json_int_of(json_array_get(list, i), 0) == (int64_t)event)
                        return;
        json_add(list, json_integer((json_int_t)event));
        if (json_array_size(list) > EVENTS_MAX)
                json_array_remove(list, 0);
}

void dossier_add_text(json_t *record, const char *name, const char *text)
{
        json_t *list = json_object_get(record, name);

        if (!json_is_array(list)) {
                list = json_array();
                json_set(record, name, list);
        }
        for (size_t i = 0; i < json_array_size(list); i++)
                if (text_equal(json_text_of(json_array_get(list, i), NULL), text))
                        return;
        json_add(list, json_new_text(text, strlen(text)));
}

char *dossier_invitee_key(const char *platform, const char *test, const char *email)
{
        char *where = mem_format("%s:%s", platform, test), *who = mem_text(text_or(email, "")),
             *key;

        for (char *c = who; *c != '\0'; c++)
                *c = (char)tolower((unsigned char)*c);
        key = record_digest(where, who);
        mem_free(where);
        mem_free(who);
        return key;
}

char *dossier_report_token(struct home *h, struct org *org, const char *session)
{
        unsigned char key[SECRET_KEY_SIZE], digest[SECRET_DIGEST_SIZE];
        struct buf token = BUF_NONE;

        secret_derive(home_root(h), "report-token", org->name, key);
        secret_hmac(key, sizeof key, session, strlen(session), digest);
        code_base64url(&token, digest, TOKEN_BYTES);
        mem_wipe(key, sizeof key);
        mem_wipe(digest, sizeof digest);
        return buf_take(&token);
}

char *dossier_report_link(struct home *h, struct org *org, const char *session)
{
        json_t *self = NULL;
        const char *url;
        char *link = NULL, *token;

        if (record_get(org, "org", "self", &self, NULL) != 1)
                return NULL;
        url = json_get_text(self, "public_url", NULL);
        if (!text_empty(url)) {
                token = dossier_report_token(h, org, session);
                link = mem_format("%s%sreport/%s/%s", url, text_ends(url, "/") ? "" : "/",
                                  org->name, token);
                mem_free_secret(token);
        }
        json_decref(self);
        return link;
}

void dossier_marker_key(struct home *h, struct org *org, unsigned char key[SECRET_KEY_SIZE])
{
        secret_derive(home_root(h), "note-marker", org->name, key);
}
