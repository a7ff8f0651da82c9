/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys: what is known of the credentials of connections and of their webhook secrets. */
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "guard.h"
#include "home/apply.h"
#include "home/audit.h"
#include "home/credential.h"
#include "keys.h"

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

void keys_credentials(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *rows = NULL;
        struct asker a;
        int result;

        if (keys_reading(&a, rq, re) != 0)
                return;
        result = credential_list(guard_home(), a.org, &rows, &why);
        answer_list(&a, result, "credentials", rows, &why);
}

void keys_secrets(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *rows = NULL;
        struct asker a;
        int result;

        if (keys_reading(&a, rq, re) != 0)
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
        keys_invalid(a, "a credential's name and its new text, such as {\"api_key\": \"...\"}");
        if (*given != NULL)
                apply_forget(*given);
        return -1;
}

/* New texts for some of a connection's credentials; stored, tried at once, never shown. */
void keys_change_credentials(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "connection");
        json_t *given = NULL, *answer = NULL;
        struct fail why = FAIL_CLEAR;
        char etag[KEYS_ETAG_LEN + 1], *by;
        struct apply_options options = { .test = true,
                                         .data_dir = serve_settings.data,
                                         .scale = serve_settings.retry_scale };
        struct asker a;
        int match, result;

        if (keys_writing(&a, rq, re) != 0 || (match = keys_if_match(&a, true, etag)) < 0 ||
            given_credentials(&a, &given) != 0)
                return;
        options.by = by = mem_format("key %s", a.key);
        result = credential_change(guard_home(), a.org, id, given, match == 1 ? etag : NULL,
                                   &options, &answer, &why);
        if (result == 1) {
                keys_note_done(&a, "connection.changed", "connection", id);
                reply_json(re, 200, answer);
        } else {
                keys_unchanged(&a, result, match, "credentials cannot be changed", &why);
        }
        mem_free(by);
        apply_forget(given);
}

void keys_try_credentials(struct request *rq, struct reply *re)
{
        const struct apply_options options = { .data_dir = serve_settings.data,
                                               .scale = serve_settings.retry_scale };
        const char *id = request_segment(rq, "connection");
        struct fail why = FAIL_CLEAR;
        json_t *result = NULL;
        struct asker a;

        if (keys_writing(&a, rq, re) != 0)
                return;
        switch (store_get(a.org->store, "connection", id, NULL, &why)) {
        case 1:
                break;
        case 0:
                keys_undone(&a, 0, "", &why);
                return;
        default:
                reply_failure(rq, re, "connection cannot be read", &why);
                return;
        }
        if (note(&a, "connection.tested", "connection", id) != 0)
                return;
        if (apply_test(guard_home(), a.org, id, &options, &result, &why) != 0)
                keys_undone(&a, -1, "connection cannot be tried", &why);
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
        keys_invalid(a, "secret: a text, or nothing at all for one that is made here");
        if (*asked != NULL)
                apply_forget(*asked);
        return -1;
}

void keys_add_secret(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "connection"), *given;
        struct fail why = FAIL_CLEAR;
        char *text = NULL, name[13], etag[KEYS_ETAG_LEN + 1];
        json_t *asked, *answer;
        struct asker a;
        int match, result;

        if (keys_writing(&a, rq, re) != 0 || (match = keys_if_match(&a, false, etag)) < 0 ||
            given_secret(&a, &asked, &given) != 0)
                return;
        result = webhook_secret_add(guard_home(), a.org, id, match == 1 ? etag : NULL, given, &text,
                                    name, &why);
        if (result == 1) {
                keys_note_done(&a, "secret.added", "connection", id);
                answer = json_object();
                json_set_text(answer, "connection", id);
                json_set_text(answer, "name", name);
                if (given == NULL)
                        json_set_text(answer, "secret", text);
                reply_json(re, 201, answer);
        } else if (result == 2) {
                reply_problem(rq, re, 412, NULL);
        } else {
                keys_undone(&a, result, "secret cannot be added", &why);
        }
        mem_free_secret(text);
        apply_forget(asked);
}

void keys_drop_secret(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "connection");
        struct fail why = FAIL_CLEAR;
        char etag[KEYS_ETAG_LEN + 1];
        json_t *answer;
        struct asker a;
        int match, result;

        if (keys_writing(&a, rq, re) != 0 || (match = keys_if_match(&a, false, etag)) < 0)
                return;
        result = webhook_secret_drop(guard_home(), a.org, id, match == 1 ? etag : NULL,
                                     request_segment(rq, "secret"), &why);
        if (result == 2) {
                reply_problem(rq, re, 412, NULL);
                return;
        }
        if (result != 1) {
                keys_undone(&a, result, "secret cannot be dropped", &why);
                return;
        }
        keys_note_done(&a, "secret.dropped", "connection", id);
        answer = json_object();
        json_set_text(answer, "connection", id);
        json_set_text(answer, "name", request_segment(rq, "secret"));
        reply_json(re, 200, answer);
}
