/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys: the registry of issued keys, and what is known of the secrets of connections. */
#include <string.h>

#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "guard.h"
#include "home/apply.h"
#include "home/audit.h"
#include "home/credential.h"
#include "home/event.h"
#include "home/key_document.h"
#include "home/records.h"

#define BODY_MAX (16 * 1024)
#define ETAG_LEN 16

/* One request: who asks, about which org. */
struct asker {
        struct request *rq;
        struct reply *re;
        struct org *org;
        char key[9];
};

/* "label: must be one line": the member before the colon is named apart, too. */
static void invalid(struct asker *a, const char *text)
{
        size_t len = strcspn(text, ": ");
        char *member = text[len] == ':' ? mem_text_part(text, len) : NULL;

        reply_problem_at(a->rq, a->re, 422, member, text);
        mem_free(member);
}

/* How something ended that was not done. */
static void undone(struct asker *a, int result, const char *what, const struct fail *why)
{
        if (result == 0)
                reply_problem(a->rq, a->re, 404, "There is no such thing here.");
        else if (why->kind == FAIL_INPUT)
                invalid(a, why->text);
        else if (why->kind == FAIL_CONFLICT)
                reply_problem(a->rq, a->re, 409, why->text);
        else
                reply_failure(a->rq, a->re, what, why);
}

static int reading(struct asker *a, struct request *rq, struct reply *re)
{
        a->rq = rq;
        a->re = re;
        reply_header(re, "Cache-Control", "no-store");
        return guard_org(rq, re, "keys:read", false, &a->org, a->key);
}

static int writing(struct asker *a, struct request *rq, struct reply *re)
{
        a->rq = rq;
        a->re = re;
        reply_header(re, "Cache-Control", "no-store");
        if (guard_org(rq, re, "keys:write", false, &a->org, a->key) != 0)
                return -1;
        return guard_same_origin(rq, re, a->org);
}

/* Before it is done: what cannot be written down is not done. */
static int note(struct asker *a, const char *did, const char *kind, const char *about)
{
        char *who = mem_format("key %s", a->key), *thing = mem_format("%s %s", kind, about);
        const struct audit_entry entry = { .org = a->org->name,
                                           .who = who,
                                           .from = request_address(a->rq),
                                           .did = did,
                                           .about = thing,
                                           .request = request_id(a->rq) };
        struct fail why = FAIL_CLEAR;
        int result = audit_add(guard_home(), &entry, &why);

        if (result != 0)
                reply_failure(a->rq, a->re, "audit log cannot be written", &why);
        mem_free(thing);
        mem_free(who);
        return result;
}

/* It was done already: a log that cannot be written must not hide that. */
static void note_done(struct asker *a, const char *did, const char *kind, const char *about)
{
        char *who = mem_format("key %s", a->key), *thing = mem_format("%s %s", kind, about);
        const struct audit_entry entry = { .org = a->org->name,
                                           .who = who,
                                           .from = request_address(a->rq),
                                           .did = did,
                                           .about = thing,
                                           .request = request_id(a->rq) };
        struct fail why = FAIL_CLEAR;

        if (audit_add(guard_home(), &entry, &why) != 0)
                log_event(LOG_LEVEL_ERROR, "audit log cannot be written", "cause", why.text, NULL);
        event_wake(guard_home(), a->org->name, NULL, when_now_ms(), NULL);
        mem_free(thing);
        mem_free(who);
}

static void tag(struct reply *re, const json_t *row)
{
        char *etag = mem_format("\"%s\"", json_get_text(row, "etag", ""));

        reply_header(re, "ETag", etag);
        mem_free(etag);
}

/* What If-Match asks for: 1 and the tag, 0 nothing (or "*"), -1 the reply is made.  wanted: a
 * change that says nothing is refused (RFC 6585, 3). */
static int if_match(struct asker *a, bool wanted, char etag[ETAG_LEN + 1])
{
        const char *given = NULL;
        int came = request_header(a->rq, "If-Match", &given);

        if (came == 0 && wanted) {
                reply_problem(a->rq, a->re, 428,
                              "Say which state you change: If-Match with the ETag of it as you "
                              "read it.");
                return -1;
        }
        if (came == 0 || (came > 0 && text_equal(given, "*")))
                return 0;
        if (came > 0 && strlen(given) == ETAG_LEN + 2 && given[0] == '"' &&
            given[ETAG_LEN + 1] == '"') {
                memcpy(etag, given + 1, ETAG_LEN);
                etag[ETAG_LEN] = '\0';
                return 1;
        }
        /* Of another form than ours: nothing that stands here has it. */
        reply_problem(a->rq, a->re, 412, NULL);
        return -1;
}

/* How a change ended that was not made: whoever named a state is told that it is another one. */
static void unchanged(struct asker *a, int result, int match, const char *what,
                      const struct fail *why)
{
        if (result < 0 && why->kind == FAIL_CONFLICT && match == 1)
                reply_problem(a->rq, a->re, 412, why->text);
        else
                undone(a, result, what, why);
}

static json_t *document(struct asker *a, enum key_document what)
{
        const struct buf *body = request_body(a->rq);
        struct fail why = FAIL_CLEAR;
        json_t *asked = key_document_read(body->data, body->len, what, when_now_ms(), &why);

        if (asked == NULL)
                invalid(a, why.text);
        return asked;
}

/* The row of a key, with its text when it was just made. */
static void show_key(struct asker *a, int status, const char *id, const char *text)
{
        struct fail why = FAIL_CLEAR;
        json_t *row = NULL;
        int found = key_get(guard_home(), a->org, id, &row, &why);

        if (found != 1) {
                undone(a, found, "key cannot be shown", &why);
                return;
        }
        tag(a->re, row);
        if (text != NULL) {
                char *at = mem_format("%s/keys/%s/%s", serve_settings.mount, a->org->name, id);

                json_set_text(row, "key", text);
                reply_header(a->re, "Location", at);
                mem_free(at);
        }
        reply_json(a->re, status, row);
}

static json_t *scopes(void)
{
        json_t *list = json_array();

        for (const struct key_scope *s = key_scopes; s->name != NULL; s++) {
                json_t *row = json_object();

                json_set_text(row, "name", s->name);
                json_set_text(row, "sentence", s->sentence);
                json_add(list, row);
        }
        return list;
}

static void list(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *rows = NULL, *answer;
        struct asker a;

        if (reading(&a, rq, re) != 0)
                return;
        if (key_list(guard_home(), a.org, &rows, &why) != 0) {
                reply_failure(rq, re, "keys cannot be listed", &why);
                return;
        }
        answer = json_object();
        json_set(answer, "keys", rows);
        json_set(answer, "scopes", scopes());
        reply_json(re, 200, answer);
}

static void show(struct request *rq, struct reply *re)
{
        struct asker a;

        if (reading(&a, rq, re) == 0)
                show_key(&a, 200, request_segment(rq, "id"), NULL);
}

static void issue(struct request *rq, struct reply *re)
{
        char *text = NULL, *id = NULL, *by;
        struct fail why = FAIL_CLEAR;
        struct key_order order;
        struct asker a;
        json_t *asked;

        if (writing(&a, rq, re) != 0)
                return;
        asked = document(&a, KEY_DOCUMENT_ISSUE);
        if (asked == NULL)
                return;
        by = mem_format("key %s", a.key);
        order = (struct key_order){ .label = json_get_text(asked, "label", NULL),
                                    .scopes = json_object_get(asked, "scopes"),
                                    .expires_ms = json_get_int(asked, "expires_ms", 0),
                                    .test = json_get_bool(asked, "test", false),
                                    .not_before_ms = json_get_int(asked, "not_before_ms", 0),
                                    .networks = json_object_get(asked, "networks"),
                                    .jobs = json_object_get(asked, "jobs"),
                                    .by = by };
        if (key_issue(a.org, &order, &text, &id, &why) != 0) {
                undone(&a, -1, "key cannot be issued", &why);
        } else {
                note_done(&a, "key.issued", "key", id);
                show_key(&a, 201, id, text);
        }
        mem_free_secret(text);
        mem_free(id);
        mem_free(by);
        json_decref(asked);
}

static void change(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        struct fail why = FAIL_CLEAR;
        char etag[ETAG_LEN + 1];
        struct asker a;
        json_t *asked;
        int match, result;

        if (writing(&a, rq, re) != 0 || (match = if_match(&a, true, etag)) < 0)
                return;
        asked = document(&a, KEY_DOCUMENT_CHANGE);
        if (asked == NULL)
                return;
        result = key_change(a.org, id, asked, match == 1 ? etag : NULL, &why);
        if (result == 1) {
                note_done(&a, "key.changed", "key", id);
                show_key(&a, 200, id, NULL);
        } else {
                unchanged(&a, result, match, "key cannot be changed", &why);
        }
        json_decref(asked);
}

static void rotate(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        char *text = NULL, *fresh = NULL, *by, etag[ETAG_LEN + 1];
        struct fail why = FAIL_CLEAR;
        struct asker a;
        json_t *asked;
        int match, result;

        if (writing(&a, rq, re) != 0 || (match = if_match(&a, false, etag)) < 0)
                return;
        asked = document(&a, KEY_DOCUMENT_ROTATE);
        if (asked == NULL)
                return;
        if (json_object_get(asked, "overlap_ms") == NULL) {
                invalid(&a, "overlap: how long the old key still works: now, 12h or 7d");
                json_decref(asked);
                return;
        }
        by = mem_format("key %s", a.key);
        result = key_rotate(a.org, id, json_get_int(asked, "overlap_ms", -1),
                            match == 1 ? etag : NULL, by, &text, &fresh, &why);
        if (result == 1) {
                note_done(&a, "key.rotated", "key", id);
                show_key(&a, 201, fresh, text);
        } else {
                unchanged(&a, result, match, "key cannot be rotated", &why);
        }
        mem_free_secret(text);
        mem_free(fresh);
        mem_free(by);
        json_decref(asked);
}

static void revoke(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        struct fail why = FAIL_CLEAR;
        char etag[ETAG_LEN + 1];
        struct asker a;
        int match, result;

        if (writing(&a, rq, re) != 0 || (match = if_match(&a, false, etag)) < 0)
                return;
        result = key_revoke(a.org, id, match == 1 ? etag : NULL, &why);
        if (result <= 0) {
                unchanged(&a, result, match, "key cannot be revoked", &why);
                return;
        }
        if (result == 1)
                note_done(&a, "key.revoked", "key", id);
        show_key(&a, 200, id, NULL);
}

/* Credentials of connections and secrets of their webhooks. */

static void answer_list(struct asker *a, int result, const char *name, json_t *rows,
                        const struct fail *why)
{
        json_t *answer;

        if (result != 0) {
                reply_failure(a->rq, a->re, "connections cannot be listed", why);
                return;
        }
        answer = json_object();
        json_set(answer, name, rows);
        reply_json(a->re, 200, answer);
}

static void credentials(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *rows = NULL;
        struct asker a;
        int result;

        if (reading(&a, rq, re) != 0)
                return;
        result = credential_list(guard_home(), a.org, &rows, &why);
        answer_list(&a, result, "credentials", rows, &why);
}

static void secrets(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *rows = NULL;
        struct asker a;
        int result;

        if (reading(&a, rq, re) != 0)
                return;
        result = webhook_secret_list(guard_home(), a.org, &rows, &why);
        answer_list(&a, result, "webhooks", rows, &why);
}

/* {name: text} of the body: 0, or the reply is made and -1. */
static int given_credentials(struct asker *a, json_t **given)
{
        const struct buf *body = request_body(a->rq);
        struct fail why = FAIL_CLEAR;
        const char *name;
        json_t *value;
        bool good;

        *given = json_parse(body->data, body->len, true, &why);
        good = json_is_object(*given) && json_object_size(*given) > 0;
        json_object_foreach(*given, name, value)
        {
                good = good && json_is_string(value);
        }
        if (good)
                return 0;
        invalid(a, "a credential's name and its new text, such as {\"api_key\": \"...\"}");
        if (*given != NULL)
                apply_forget(*given);
        return -1;
}

/* New texts for some of a connection's credentials; stored, tried at once, never shown. */
static void change_credentials(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "connection");
        json_t *given = NULL, *answer = NULL;
        struct fail why = FAIL_CLEAR;
        char etag[ETAG_LEN + 1], *by;
        struct apply_options options = { .test = true,
                                         .data_dir = serve_settings.data,
                                         .scale = serve_settings.retry_scale };
        struct asker a;
        int match, result;

        if (writing(&a, rq, re) != 0 || (match = if_match(&a, true, etag)) < 0 ||
            given_credentials(&a, &given) != 0)
                return;
        options.by = by = mem_format("key %s", a.key);
        result = credential_change(guard_home(), a.org, id, given, match == 1 ? etag : NULL,
                                   &options, &answer, &why);
        if (result == 1) {
                note_done(&a, "connection.changed", "connection", id);
                reply_json(re, 200, answer);
        } else {
                unchanged(&a, result, match, "credentials cannot be changed", &why);
        }
        mem_free(by);
        apply_forget(given);
}

static void try_credentials(struct request *rq, struct reply *re)
{
        const struct apply_options options = { .data_dir = serve_settings.data,
                                               .scale = serve_settings.retry_scale };
        const char *id = request_segment(rq, "connection");
        struct fail why = FAIL_CLEAR;
        json_t *result = NULL;
        struct asker a;

        if (writing(&a, rq, re) != 0)
                return;
        switch (store_get(a.org->store, "connection", id, NULL, &why)) {
        case 1:
                break;
        case 0:
                undone(&a, 0, "", &why);
                return;
        default:
                reply_failure(rq, re, "connection cannot be read", &why);
                return;
        }
        if (note(&a, "connection.tested", "connection", id) != 0)
                return;
        if (apply_test(guard_home(), a.org, id, &options, &result, &why) != 0)
                undone(&a, -1, "connection cannot be tried", &why);
        else
                reply_json(re, 200, result);
}

/* The text given in the body, or none: 0, or the reply is made and -1. */
static int given_secret(struct asker *a, json_t **asked, const char **text)
{
        const struct buf *body = request_body(a->rq);
        struct fail why = FAIL_CLEAR;

        *text = NULL;
        *asked = body->len == 0 ? json_object() : json_parse(body->data, body->len, true, &why);
        if (json_is_object(*asked) &&
            json_object_size(*asked) == (json_object_get(*asked, "secret") != NULL) &&
            (json_object_size(*asked) == 0 || json_is_string(json_object_get(*asked, "secret")))) {
                *text = json_get_text(*asked, "secret", NULL);
                return 0;
        }
        invalid(a, "secret: a text, or nothing at all for one that is made here");
        if (*asked != NULL)
                apply_forget(*asked);
        return -1;
}

static void add_secret(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "connection"), *given;
        struct fail why = FAIL_CLEAR;
        char *text = NULL, name[13];
        json_t *asked, *answer;
        struct asker a;
        int result;

        if (writing(&a, rq, re) != 0 || given_secret(&a, &asked, &given) != 0)
                return;
        result = webhook_secret_add(guard_home(), a.org, id, given, &text, name, &why);
        if (result == 1) {
                note_done(&a, "secret.added", "connection", id);
                answer = json_object();
                json_set_text(answer, "connection", id);
                json_set_text(answer, "name", name);
                if (given == NULL)
                        json_set_text(answer, "secret", text);
                reply_json(re, 201, answer);
        } else {
                undone(&a, result, "secret cannot be added", &why);
        }
        mem_free_secret(text);
        apply_forget(asked);
}

static void drop_secret(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "connection");
        struct fail why = FAIL_CLEAR;
        json_t *answer;
        struct asker a;
        int result;

        if (writing(&a, rq, re) != 0)
                return;
        result = webhook_secret_drop(guard_home(), a.org, id, request_segment(rq, "secret"), &why);
        if (result != 1) {
                undone(&a, result, "secret cannot be dropped", &why);
                return;
        }
        note_done(&a, "secret.dropped", "connection", id);
        answer = json_object();
        json_set_text(answer, "connection", id);
        json_set_text(answer, "name", request_segment(rq, "secret"));
        reply_json(re, 200, answer);
}

static const struct route routes[] = {
        { "GET", "{org}", list, 0, true, NULL },
        { "POST", "{org}", issue, BODY_MAX, true, NULL },
        { "GET", "{org}/credentials", credentials, 0, true, NULL },
        { "PATCH", "{org}/credentials/{connection}", change_credentials, BODY_MAX, true, NULL },
        { "POST", "{org}/credentials/{connection}/test", try_credentials, BODY_MAX, true, NULL },
        { "GET", "{org}/secrets", secrets, 0, true, NULL },
        { "POST", "{org}/secrets/{connection}", add_secret, BODY_MAX, true, NULL },
        { "DELETE", "{org}/secrets/{connection}/{secret}", drop_secret, BODY_MAX, true, NULL },
        { "GET", "{org}/{id}", show, 0, true, NULL },
        { "PATCH", "{org}/{id}", change, BODY_MAX, true, NULL },
        { "DELETE", "{org}/{id}", revoke, BODY_MAX, true, NULL },
        { "POST", "{org}/{id}/rotate", rotate, BODY_MAX, true, NULL },
        { "POST", "{org}/{id}/revoke", revoke, BODY_MAX, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

int main(int argc, char **argv)
{
        static const struct program program = {
                .name = "keys",
                .about = "issued keys: issue, change, rotate, revoke; secrets of connections",
                .routes = routes,
                .start = guard_start,
                .stop = guard_stop,
        };

        return serve(argc, argv, &program);
}
