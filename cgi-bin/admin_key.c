/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: one issued key: its page, changing, switching off, rotating with an overlap, revoking. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/key.h"

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
        char *title;

        if (row == NULL)
                return;
        admin_key_dress(rq, row);
        title = mem_text(json_get_text(row, "label", "Key"));
        view = json_object();
        json_set(view, "one", row);
        admin_page(rq, re, 200, "key", view, title, "keys");
        mem_free(title);
}

/* How a change of the key in the path ended; to its page when it did. */
static void changed(struct request *rq, struct reply *re, int done, const char *did,
                    const struct fail *why)
{
        const char *id = request_segment(rq, "id");

        if (done == 1) {
                if (admin_key_log(rq, re, did, id) == 0)
                        admin_go(rq, re, "keys/%s?said=saved", id);
        } else if (done == 0) {
                reply_problem(rq, re, 404, "There is no such key.");
        } else if (why->kind == FAIL_CONFLICT) {
                admin_go(rq, re, "keys/%s?said=moved", id);
        } else {
                reply_failure(rq, re, "key cannot be changed", why);
        }
}

/* fault NULL: as it stands; else what was typed, and the state it was typed about. */
static void show_form(struct request *rq, struct reply *re, int status, const char *fault,
                      bool fresh)
{
        json_t *row = load(rq, re), *view;
        char *title;

        if (row == NULL)
                return;
        view = json_object();
        title = mem_format("Change %s", json_get_text(row, "label", "the key"));
        admin_key_form(rq, view, row, fault);
        json_set_text(view, "id", json_get_text(row, "id", ""));
        json_set_text(view, "title_label", json_get_text(row, "label", ""));
        json_set_text(view, "stamp",
                      fresh ? json_get_text(row, "etag", "") : request_form(rq, "stamp"));
        admin_page(rq, re, status, "key-form", view, title, "keys");
        mem_free(title);
        json_decref(row);
}

static void change_form(struct request *rq, struct reply *re)
{
        show_form(rq, re, 200, NULL, true);
}

static void change(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *asked = admin_key_asked(rq, &why);
        int done = -1;

        if (asked != NULL)
                done = key_change(admin_visitor(rq)->org, request_segment(rq, "id"), asked,
                                  text_or(request_form(rq, "stamp"), ""), &why);
        if (done < 0 && why.kind == FAIL_INPUT)
                show_form(rq, re, 422, why.text, false);
        else if (done < 0 && why.kind == FAIL_CONFLICT)
                show_form(rq, re, 409,
                          "Somebody else changed this key since you opened the page. What you "
                          "typed is below; save again to make it so.",
                          true);
        else
                changed(rq, re, done, "key.changed", &why);
        json_decref(asked);
}

/* Off for now, or on again. */
static void switch_key(struct request *rq, struct reply *re)
{
        json_t *asked = json_object();
        struct fail why = FAIL_CLEAR;
        int done;

        json_set_bool(asked, "disabled", request_form(rq, "on") == NULL);
        done = key_change(admin_visitor(rq)->org, request_segment(rq, "id"), asked,
                          text_or(request_form(rq, "stamp"), ""), &why);
        changed(rq, re, done, "key.changed", &why);
        json_decref(asked);
}

static void rotate(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        const char *old = request_segment(rq, "id");
        char *text = NULL, *id = NULL;
        struct fail why = FAIL_CLEAR;
        int64_t hours;
        int done;

        if (text_int(text_or(request_form(rq, "hours"), "168"), 0, 24 * 90, &hours) != 0) {
                reply_problem(rq, re, 422, "The old key can work on for up to 90 days.");
                return;
        }
        done = key_rotate(v->org, old, hours * WHEN_HOUR, text_or(request_form(rq, "stamp"), ""),
                          v->who, &text, &id, &why);
        if (done != 1)
                changed(rq, re, done, "key.rotated", &why);
        else if (admin_key_log(rq, re, "key.rotated", old) == 0)
                admin_keys_page(rq, re, 200, NULL, text, id);
        mem_free_secret(text);
        mem_free(id);
}

static void revoke(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        const char *id = request_segment(rq, "id");
        int done = key_revoke(admin_visitor(rq)->org, id, NULL, &why);

        if (done < 0)
                reply_failure(rq, re, "key cannot be revoked", &why);
        else if (done == 0)
                reply_problem(rq, re, 404, "There is no such key.");
        else if (done == 2)
                admin_go(rq, re, "keys?said=moved");
        else if (admin_key_log(rq, re, "key.revoked", id) == 0)
                admin_go(rq, re, "keys?said=revoked");
}

const struct route admin_one_key_routes[] = {
        { "GET", "{org}/keys/{id}", key_page, 0, false, ADMIN },
        { "GET", "{org}/keys/{id}/change", change_form, 0, false, ADMIN },
        { "POST", "{org}/keys/{id}/change", change, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/keys/{id}/switch", switch_key, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/keys/{id}/rotate", rotate, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/keys/{id}/revoke", revoke, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
