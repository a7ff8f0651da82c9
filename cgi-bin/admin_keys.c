/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: issued keys: a list with their use, issuing, rotating with an overlap, revoking. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/key.h"
#include "home/records.h"

static const char *tone_of(const char *state)
{
        return text_equal(state, "live") ? "good" : text_equal(state, "early") ? "wait" : "bad";
}

static json_t *sentences_of(const json_t *scopes)
{
        json_t *list = json_array(), *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)scopes, i, one)
        {
                const char *name = json_text_of(one, ""), *words = name;

                for (const struct key_scope *s = key_scopes; s->name != NULL; s++)
                        if (text_equal(s->name, name))
                                words = s->sentence;
                json_add(list, json_new_text(words, strlen(words)));
        }
        return list;
}

static void dress(struct request *rq, json_t *row)
{
        const char *state = json_get_text(row, "state", "");

        json_set_text(row, "tone", tone_of(state));
        json_set(row, "may", sentences_of(json_object_get(row, "scopes")));
        json_set_bool(row, "usable",
                      !text_equal(state, "revoked") && !text_equal(state, "expired"));
        admin_set_time(rq, row, "created", json_get_int(row, "created_ms", 0));
        admin_set_time(rq, row, "until", json_get_int(row, "expires_ms", 0));
        admin_set_time(rq, row, "last", json_get_int(row, "used.last_ms", 0));
        json_set_text(row, "last_from", json_get_text(row, "used.from", NULL));
        json_set_int(row, "uses", json_get_int(row, "used.count", 0));
        json_set_text(row, "proof", json_get_text(row, "rotation.sentence", NULL));
        json_set_bool(row, "safe", json_get_bool(row, "rotation.safe", false));
}

static json_t *scope_rows(struct request *rq, bool keep)
{
        json_t *list = json_array(), *row;

        for (const struct key_scope *s = key_scopes; s->name != NULL; s++) {
                char *input = mem_format("scope.%s", s->name);

                row = admin_option(s->name, s->sentence);
                json_set_text(row, "input", input);
                json_set_bool(row, "chosen", keep && request_form(rq, input) != NULL);
                json_add(list, row);
                mem_free(input);
        }
        return list;
}

static json_t *life_options(const char *chosen)
{
        json_t *list = json_array();

        json_add(list, admin_option("90", "90 days"));
        json_add(list, admin_option("365", "a year"));
        json_add(list, admin_option("30", "30 days"));
        json_add(list, admin_option("0", "until it is revoked"));
        admin_choose(list, text_or(chosen, "90"));
        return list;
}

/* key: the text of one that was just made, shown this once. */
static void show_keys(struct request *rq, struct reply *re, int status, const char *fault,
                      const char *key)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view, *list = NULL, *row, *self = NULL;
        bool keep = fault != NULL;
        size_t i;

        if (key_list(guard_home(), v->org, &list, &why) != 0) {
                reply_failure(rq, re, "keys cannot be listed", &why);
                return;
        }
        json_array_foreach(list, i, row)
        {
                dress(rq, row);
        }
        view = json_object();
        json_set_bool(view, "has_keys", json_array_size(list) > 0);
        json_set(view, "keys", list);
        json_set(view, "scopes", scope_rows(rq, keep));
        json_set(view, "lives", life_options(keep ? request_form(rq, "days") : NULL));
        json_set_text(view, "label", keep ? request_form(rq, "label") : NULL);
        json_set_text(view, "networks", keep ? request_form(rq, "networks") : NULL);
        json_set_text(view, "fault", fault);
        json_set_text(view, "key", key);
        if (record_get(v->org, "org", "self", &self, NULL) == 1)
                json_set_text(view, "public_url", json_get_text(self, "public_url", ""));
        json_decref(self);
        admin_page(rq, re, status, "keys", view, "Keys", "keys");
}

static void keys(struct request *rq, struct reply *re)
{
        show_keys(rq, re, 200, NULL, NULL);
}

static json_t *words_to_list(const char *text)
{
        char *copy = mem_text(text_or(text, "")), *rest = copy, *one;
        json_t *list = json_array();

        for (char *c = copy; *c != '\0'; c++)
                if (strchr("\r\n\t,", *c) != NULL)
                        *c = ' ';
        while ((one = text_next(&rest, ' ')) != NULL)
                if (*one != '\0')
                        json_add(list, json_new_text(one, strlen(one)));
        mem_free(copy);
        return list;
}

static int log_key(struct request *rq, struct reply *re, const char *did, const char *id)
{
        char *about = mem_format("key %s", id);
        int result = admin_log(rq, re, did, about, NULL);

        mem_free(about);
        return result;
}

static void issue(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        json_t *scopes = json_array(), *networks = words_to_list(request_form(rq, "networks"));
        struct key_order order = { .label = text_or(request_form(rq, "label"), ""),
                                   .scopes = scopes,
                                   .networks = networks,
                                   .test = request_form(rq, "test") != NULL,
                                   .by = v->who };
        char *text = NULL, *id = NULL;
        struct fail why = FAIL_CLEAR;
        int64_t days;

        for (const struct key_scope *s = key_scopes; s->name != NULL; s++) {
                char *input = mem_format("scope.%s", s->name);

                if (request_form(rq, input) != NULL)
                        json_add(scopes, json_new_text(s->name, strlen(s->name)));
                mem_free(input);
        }
        if (text_int(text_or(request_form(rq, "days"), "90"), 0, 3650, &days) != 0)
                days = 90;
        if (days > 0)
                order.expires_ms = when_now_ms() + days * WHEN_DAY;
        if (key_issue(v->org, &order, &text, &id, &why) == 0) {
                if (log_key(rq, re, "key.issued", id) == 0)
                        show_keys(rq, re, 200, NULL, text);
        } else if (why.kind == FAIL_INPUT) {
                show_keys(rq, re, 422, why.text, NULL);
        } else {
                reply_failure(rq, re, "key cannot be issued", &why);
        }
        mem_free_secret(text);
        mem_free(id);
        json_decref(scopes);
        json_decref(networks);
}

/* The key in the path, or a reply and NULL. */
static json_t *load(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *row = NULL;
        int found =
            key_get(guard_home(), admin_visitor(rq)->org, request_segment(rq, "id"), &row, &why);

        if (found == 1)
                return row;
        if (found < 0)
                reply_failure(rq, re, "key cannot be read", &why);
        else
                reply_problem(rq, re, 404, "There is no such key.");
        return NULL;
}

static void key_page(struct request *rq, struct reply *re)
{
        json_t *row = load(rq, re), *view;

        if (row == NULL)
                return;
        dress(rq, row);
        view = json_object();
        json_set(view, "one", row);
        admin_page(rq, re, 200, "key", view, json_get_text(row, "label", "Key"), "keys");
}

static void rotate(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        char *text = NULL, *id = NULL;
        struct fail why = FAIL_CLEAR;
        int64_t hours;
        int done;

        if (text_int(text_or(request_form(rq, "hours"), "168"), 0, 24 * 90, &hours) != 0)
                hours = 168;
        done = key_rotate(v->org, request_segment(rq, "id"), hours * WHEN_HOUR,
                          request_form(rq, "stamp"), v->who, &text, &id, &why);
        if (done == 1) {
                if (log_key(rq, re, "key.rotated", request_segment(rq, "id")) == 0)
                        show_keys(rq, re, 200, NULL, text);
        } else if (done == 0) {
                reply_problem(rq, re, 404, "There is no such key.");
        } else if (why.kind == FAIL_CONFLICT) {
                admin_go(rq, re, "keys?said=moved");
        } else {
                reply_failure(rq, re, "key cannot be rotated", &why);
        }
        mem_free_secret(text);
        mem_free(id);
}

static void revoke(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        int done = key_revoke(admin_visitor(rq)->org, request_segment(rq, "id"), &why);

        if (done < 0)
                reply_failure(rq, re, "key cannot be revoked", &why);
        else if (done == 0)
                reply_problem(rq, re, 404, "There is no such key.");
        else if (done == 2)
                admin_go(rq, re, "keys?said=moved");
        else if (log_key(rq, re, "key.revoked", request_segment(rq, "id")) == 0)
                admin_go(rq, re, "keys?said=removed");
}

const struct route admin_key_routes[] = {
        { "GET", "{org}/keys", keys, 0, false, ADMIN },
        { "POST", "{org}/keys", issue, ADMIN_FORM_MAX, false, ADMIN },
        { "GET", "{org}/keys/{id}", key_page, 0, false, ADMIN },
        { "POST", "{org}/keys/{id}/rotate", rotate, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/keys/{id}/revoke", revoke, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
