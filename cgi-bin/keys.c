/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys: the registry of issued keys, and what is known of the secrets of connections. */
#include <string.h>

#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "guard.h"
#include "home/audit.h"
#include "home/event.h"
#include "home/key_document.h"
#include "keys.h"

#define BODY_MAX (16 * 1024)

/* "label: must be one line": the member before the colon is named apart, too. */
void keys_invalid(struct asker *a, const char *text)
{
        size_t len = strcspn(text, ": ");
        char *member = text[len] == ':' ? mem_text_part(text, len) : NULL;

        reply_problem_at(a->rq, a->re, 422, member, text);
        mem_free(member);
}

/* How something ended that was not done. */
void keys_undone(struct asker *a, int result, const char *what, const struct fail *why)
{
        if (result == 0)
                reply_problem(a->rq, a->re, 404, "There is no such thing here.");
        else if (why->kind == FAIL_INPUT)
                keys_invalid(a, why->text);
        else if (why->kind == FAIL_CONFLICT)
                reply_problem(a->rq, a->re, 409, why->text);
        else
                reply_failure(a->rq, a->re, what, why);
}

int keys_reading(struct asker *a, struct request *rq, struct reply *re)
{
        a->rq = rq;
        a->re = re;
        reply_header(re, "Cache-Control", "no-store");
        return guard_org(rq, re, "keys:read", false, &a->org, a->key);
}

int keys_writing(struct asker *a, struct request *rq, struct reply *re)
{
        a->rq = rq;
        a->re = re;
        reply_header(re, "Cache-Control", "no-store");
        if (guard_org(rq, re, "keys:write", false, &a->org, a->key) != 0)
                return -1;
        return guard_same_origin(rq, re, a->org);
}

/* It was done already: a log that cannot be written must not hide that. */
void keys_note_done(struct asker *a, const char *did, const char *kind, const char *about)
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
int keys_if_match(struct asker *a, bool wanted, char etag[KEYS_ETAG_LEN + 1])
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
        if (came > 0 && strlen(given) == KEYS_ETAG_LEN + 2 && given[0] == '"' &&
            given[KEYS_ETAG_LEN + 1] == '"') {
                memcpy(etag, given + 1, KEYS_ETAG_LEN);
                etag[KEYS_ETAG_LEN] = '\0';
                return 1;
        }
        /* Of another form than ours: nothing that stands here has it. */
        reply_problem(a->rq, a->re, 412, NULL);
        return -1;
}

/* How a change ended that was not made: whoever named a state is told that it is another one. */
void keys_unchanged(struct asker *a, int result, int match, const char *what,
                    const struct fail *why)
{
        if (result < 0 && why->kind == FAIL_CONFLICT && match == 1)
                reply_problem(a->rq, a->re, 412, why->text);
        else
                keys_undone(a, result, what, why);
}

static json_t *document(struct asker *a, enum key_document what)
{
        const struct buf *body = request_body(a->rq);
        struct fail why = FAIL_CLEAR;
        json_t *asked = key_document_read(body->data, body->len, what, when_now_ms(), &why);

        if (asked == NULL)
                keys_invalid(a, why.text);
        return asked;
}

/* The row of a key, with its text when it was just made. */
static void show_key(struct asker *a, int status, const char *id, const char *text)
{
        struct fail why = FAIL_CLEAR;
        json_t *row = NULL;
        int found = key_get(guard_home(), a->org, id, &row, &why);

        if (found != 1) {
                keys_undone(a, found, "key cannot be shown", &why);
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

        if (keys_reading(&a, rq, re) != 0)
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

        if (keys_reading(&a, rq, re) == 0)
                show_key(&a, 200, request_segment(rq, "id"), NULL);
}

static void issue(struct request *rq, struct reply *re)
{
        char *text = NULL, *id = NULL, *by;
        struct fail why = FAIL_CLEAR;
        struct key_order order;
        struct asker a;
        json_t *asked;

        if (keys_writing(&a, rq, re) != 0)
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
                keys_undone(&a, -1, "key cannot be issued", &why);
        } else {
                keys_note_done(&a, "key.issued", "key", id);
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
        char etag[KEYS_ETAG_LEN + 1];
        struct asker a;
        json_t *asked;
        int match, result;

        if (keys_writing(&a, rq, re) != 0 || (match = keys_if_match(&a, true, etag)) < 0)
                return;
        asked = document(&a, KEY_DOCUMENT_CHANGE);
        if (asked == NULL)
                return;
        result = key_change(a.org, id, asked, match == 1 ? etag : NULL, &why);
        if (result == 1) {
                keys_note_done(&a, "key.changed", "key", id);
                show_key(&a, 200, id, NULL);
        } else {
                keys_unchanged(&a, result, match, "key cannot be changed", &why);
        }
        json_decref(asked);
}

static void rotate(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        char *text = NULL, *fresh = NULL, *by, etag[KEYS_ETAG_LEN + 1];
        struct fail why = FAIL_CLEAR;
        struct asker a;
        json_t *asked;
        int match, result;

        if (keys_writing(&a, rq, re) != 0 || (match = keys_if_match(&a, false, etag)) < 0)
                return;
        asked = document(&a, KEY_DOCUMENT_ROTATE);
        if (asked == NULL)
                return;
        if (json_object_get(asked, "overlap_ms") == NULL) {
                keys_invalid(&a, "overlap: how long the old key still works: now, 12h or 7d");
                json_decref(asked);
                return;
        }
        by = mem_format("key %s", a.key);
        result = key_rotate(a.org, id, json_get_int(asked, "overlap_ms", -1),
                            match == 1 ? etag : NULL, by, &text, &fresh, &why);
        if (result == 1) {
                keys_note_done(&a, "key.rotated", "key", id);
                show_key(&a, 201, fresh, text);
        } else {
                keys_unchanged(&a, result, match, "key cannot be rotated", &why);
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
        char etag[KEYS_ETAG_LEN + 1];
        struct asker a;
        int match, result;

        if (keys_writing(&a, rq, re) != 0 || (match = keys_if_match(&a, false, etag)) < 0)
                return;
        result = key_revoke(a.org, id, match == 1 ? etag : NULL, &why);
        if (result <= 0) {
                keys_unchanged(&a, result, match, "key cannot be revoked", &why);
                return;
        }
        if (result == 1)
                keys_note_done(&a, "key.revoked", "key", id);
        show_key(&a, 200, id, NULL);
}

static const struct route routes[] = {
        { "GET", "{org}", list, 0, true, NULL },
        { "POST", "{org}", issue, BODY_MAX, true, NULL },
        { "GET", "{org}/credentials", keys_credentials, 0, true, NULL },
        { "PATCH", "{org}/credentials/{connection}", keys_change_credentials, BODY_MAX, true,
          NULL },
        { "POST", "{org}/credentials/{connection}/test", keys_try_credentials, BODY_MAX, true,
          NULL },
        { "GET", "{org}/secrets", keys_secrets, 0, true, NULL },
        { "POST", "{org}/secrets/{connection}", keys_add_secret, BODY_MAX, true, NULL },
        { "DELETE", "{org}/secrets/{connection}/{secret}", keys_drop_secret, BODY_MAX, true, NULL },
        { "GET", "{org}/{id}", show, 0, true, NULL },
        { "PATCH", "{org}/{id}", change, BODY_MAX, true, NULL },
        { "DELETE", "{org}/{id}", revoke, BODY_MAX, true, NULL },
        { "POST", "{org}/{id}/rotate", rotate, BODY_MAX, true, NULL },
        { "POST", "{org}/{id}/revoke", revoke, BODY_MAX, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

int main(int argc, char **argv)
{
        static const struct route *const tables[] = { routes, NULL };
        static const struct program program = {
                .name = "keys",
                .about = "issued keys: issue, change, rotate, revoke; secrets of connections",
                .routes = tables,
                .start = guard_start,
                .stop = guard_stop,
        };

        return serve(argc, argv, &program);
}
