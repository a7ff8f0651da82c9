/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: connections: the map, one card each, forms, tests. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/apply.h"
#include "home/board_view.h"
#include "home/catalog.h"
#include "home/connection_form.h"
#include "home/credential.h"
#include "home/records.h"
#include "home/status_view.h"

static void show_connections(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view = NULL, *add = json_array();

        if (status_view(guard_home(), v->org, &view, &why) != 0 ||
            board_map(v->org, when_now_ms(), view, &why) != 0) {
                json_decref(view);
                json_decref(add);
                reply_failure(rq, re, "connections cannot be shown", &why);
                return;
        }
        for (size_t i = 0; kinds[i] != NULL; i++) {
                json_t *row = admin_option(kinds[i]->name, kinds[i]->title);

                json_set_text(row, "role",
                              kinds[i]->role == KIND_ATS        ? "hiring system"
                              : kinds[i]->role == KIND_PLATFORM ? "assessment platform"
                                                                : "receives our webhooks");
                json_add(add, row);
        }
        json_set(view, "kinds", add);
        admin_page(rq, re, 200, "connections", view, "Connections", "connections");
}

/* --- one card ------------------------------------------------------------------------------- */

static json_t *text_lines(const char *text)
{
        char *copy = mem_text(text_or(text, "")), *rest = copy, *line;
        json_t *list = json_array();

        while ((line = text_next(&rest, '\n')) != NULL)
                if (*line != '\0')
                        json_add(list, json_new_text(line, strlen(line)));
        mem_free(copy);
        return list;
}

/* The least permissions for what the rules ask of it. */
static int set_needs(json_t *view, struct org *org, const char *id, const struct kind *kind,
                     struct fail *why)
{
        json_t *list = trade_needs(org, id, kind, why);

        if (list == NULL)
                return -1;
        json_set_bool(view, "has_needs", json_array_size(list) > 0);
        json_set(view, "needs", list);
        return 0;
}

/* Credentials by name and age, webhook secrets by fingerprint; never what they are. */
static int set_secrets(struct request *rq, json_t *view, const struct connection *c,
                       struct fail *why)
{
        json_t *record = NULL, *health = NULL, *notes = NULL, *list = json_array(),
               *named = json_array(), *row;
        const char *name;
        json_t *one;
        size_t i;
        int result = -1;

        if (record_get(admin_visitor(rq)->org, "connection", c->id, &record, why) < 0 ||
            record_get(admin_visitor(rq)->org, "health", c->id, &health, why) < 0)
                goto out;
        json_array_foreach(json_at(record, "secrets"), i, one)
        {
                row = json_object();
                json_set_text(row, "name", json_get_text(one, "name", ""));
                admin_set_time(rq, row, "added", json_get_int(one, "added_ms", 0));
                json_set_bool(row, "last",
                              text_equal(json_get_text(one, "name", ""),
                                         json_get_text(health, "last_secret", NULL)));
                json_set_bool(row, "several", json_array_size(json_at(record, "secrets")) > 1);
                json_add(list, row);
        }
        if (record_get(admin_visitor(rq)->org, "credential", c->id, &notes, why) < 0)
                goto out;
        json_object_foreach(json_at(record, "credentials"), name, one)
        {
                const json_t *note = json_object_get(json_object_get(notes, "names"), name);
                char *label = connection_label(name);

                row = json_object();
                json_set_text(row, "label", label);
                json_set_text(row, "by", json_get_text(note, "by", NULL));
                admin_set_time(
                    rq, row, "added",
                    json_get_int(note, "added_ms", json_get_int(record, "changed_ms", 0)));
                json_add(named, row);
                mem_free(label);
        }
        admin_set_time(rq, view, "changed", json_get_int(record, "changed_ms", 0));
        admin_set_time(rq, view, "verified", json_get_int(health, "last_verified_ms", 0));
        admin_set_time(rq, view, "arrived", json_get_int(health, "last_event_ms", 0));
        admin_set_time(rq, view, "called", json_get_int(health, "last_ok_ms", 0));
        admin_set_time(rq, view, "probed", json_get_int(health, "last_probe.at_ms", 0));
        json_set_text(view, "probe_reason", json_get_text(health, "last_probe.reason", NULL));
        json_set_bool(view, "probe_signed",
                      json_get_bool(health, "last_probe.signed", false) ||
                          json_get_int(health, "last_verified_ms", 0) != 0);
        if (json_get_int(health, "refused", 0) > 0) {
                json_set_int(view, "refused", json_get_int(health, "refused", 0));
                json_set_text(view, "refused_reason",
                              json_get_text(health, "last_refused.reason", NULL));
        }
        result = 0;
out:
        json_set_bool(view, "has_secrets", json_array_size(list) > 0);
        json_set(view, "secrets", list);
        json_set_bool(view, "has_credentials", json_array_size(named) > 0);
        json_set(view, "credentials", named);
        json_decref(notes);
        json_decref(record);
        json_decref(health);
        return result;
}

/* The light and words of the status page. */
static int set_light(json_t *view, struct org *org, const char *id, struct fail *why)
{
        json_t *status = NULL, *row;
        size_t i;

        if (status_view(guard_home(), org, &status, why) != 0)
                return -1;
        json_array_foreach(json_object_get(status, "connections"), i, row)
        {
                if (text_equal(json_get_text(row, "id", ""), id)) {
                        json_set_text(view, "tone", json_get_text(row, "tone", ""));
                        json_set_text(view, "word", json_get_text(row, "word", ""));
                        json_set_text(view, "sentence", json_get_text(row, "sentence", NULL));
                }
        }
        json_decref(status);
        return 0;
}

/* What a test found, with its colours. */
static void dress_test(json_t *test)
{
        json_t *row;
        size_t i;

        json_set_text(test, "tone",
                      json_is_null(json_object_get(test, "ok")) ? "wait"
                      : json_get_bool(test, "ok", false)        ? "good"
                                                                : "bad");
        json_array_foreach(json_object_get(test, "checks"), i, row)
        {
                bool ok = json_get_bool(row, "ok", false),
                     tried = json_get_bool(row, "tried", true);

                json_set_text(row, "tone", !ok ? "bad" : tried ? "good" : "");
                json_set_text(row, "word", !ok ? "Fails" : tried ? "Works" : "Not tried");
        }
}

/* test (taken) and secret: what was just found and made; either may be NULL. */
static void show_card(struct request *rq, struct reply *re, const struct connection *c,
                      json_t *test, const char *secret)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view = json_object();
        char *stamp = credential_etag(v->org, c->id);

        json_set_text(view, "stamp", stamp);
        mem_free(stamp);
        json_set_text(view, "id", c->id);
        json_set_text(view, "kind_title", c->kind->title);
        json_set_text(view, "webhook_url", c->hook_url);
        json_set(view, "make", text_lines(c->kind->make));
        json_set(view, "paste", text_lines(c->kind->paste));
        if (test != NULL)
                dress_test(test);
        json_set(view, "test", test);
        json_set_text(view, "secret", secret);
        json_set_bool(view, "scripted", true);
        json_set_bool(view, "sends", c->kind->sender != NULL);
        if (set_needs(view, v->org, c->id, c->kind, &why) != 0 ||
            set_secrets(rq, view, c, &why) != 0 || set_light(view, v->org, c->id, &why) != 0) {
                json_decref(view);
                reply_failure(rq, re, "connection cannot be shown", &why);
                return;
        }
        if (json_get_bool(test, "ok", false) && json_get_text(view, "word", NULL) != NULL &&
            json_at(view, "called.ago") == NULL && json_at(view, "arrived.ago") == NULL) {
                json_set_text(view, "word", "Ready");
                json_set_text(view, "tone", "good");
                json_set_text(view, "sentence",
                              c->kind->sender != NULL
                                  ? "The test works. No webhook has arrived yet."
                                  : "The test works.");
        }
        admin_page(rq, re, 200, "connection", view, c->id, "connections");
}

/* The connection in the path, or a reply and NULL. */
static struct connection *load(struct request *rq, struct reply *re)
{
        struct connection *c = NULL;
        struct fail why = FAIL_CLEAR;
        int found = connection_load(guard_home(), admin_visitor(rq)->org, request_segment(rq, "id"),
                                    &c, &why);

        if (found < 0)
                reply_failure(rq, re, "connection cannot be read", &why);
        else if (found == 0)
                reply_problem(rq, re, 404, "There is no connection of this name.");
        return c;
}

static void card(struct request *rq, struct reply *re)
{
        struct connection *c = load(rq, re);

        if (c != NULL)
                show_card(rq, re, c, NULL, NULL);
        connection_free(c);
}

static int log_connection(struct request *rq, struct reply *re, const char *did, const char *id)
{
        char *about = mem_format("connection %s", id);
        int result = admin_log(rq, re, did, about, NULL);

        mem_free(about);
        return result;
}

static void test(struct request *rq, struct reply *re)
{
        struct connection *c = load(rq, re);
        const struct apply_options options = { .data_dir = serve_settings.data,
                                               .scale = serve_settings.retry_scale };
        struct fail why = FAIL_CLEAR;
        json_t *answer = NULL;

        if (c == NULL)
                return;
        if (apply_test(guard_home(), admin_visitor(rq)->org, c->id, &options, &answer, &why) != 0) {
                reply_failure(rq, re, "connection cannot be tested", &why);
        } else if (log_connection(rq, re, "connection.tested", c->id) == 0) {
                show_card(rq, re, c, answer, NULL);
                answer = NULL;
        }
        json_decref(answer);
        connection_free(c);
}

/* --- forms ---------------------------------------------------------------------------------- */

static const char *typed(void *context, const char *input)
{
        return request_form(context, input);
}

static char *stamp_of(const struct connection *c)
{
        char *stamp = record_digest(c == NULL ? "" : c->stamp, NULL);

        stamp[16] = '\0';
        return stamp;
}

/* What everybody fills in, and what mostly stays as it is; fields is used up. */
static void set_fields(json_t *view, json_t *fields)
{
        json_t *first = json_array(), *more = json_array(), *row;
        bool faulty = false;
        size_t i;

        json_array_foreach(fields, i, row)
        {
                bool later = json_get_bool(row, "more", false);

                faulty = faulty || (later && json_get_text(row, "fault", NULL) != NULL);
                json_add(later ? more : first, json_incref(row));
        }
        json_set_bool(view, "has_more", json_array_size(more) > 0);
        json_set_bool(view, "more_open", faulty);
        json_set(view, "fields", first);
        json_set(view, "more", more);
        json_decref(fields);
}

static void show_form(struct request *rq, struct reply *re, int status, const struct kind *kind,
                      const struct connection *c, const char *fault_at, const char *fault)
{
        bool sent = text_equal(request_method(rq), "POST");
        struct fail why = FAIL_CLEAR;
        json_t *view = json_object();
        char *stamp, *title;

        if (set_needs(view, admin_visitor(rq)->org, c != NULL ? c->id : "", kind, &why) != 0) {
                json_decref(view);
                reply_failure(rq, re, "connection cannot be shown", &why);
                return;
        }
        stamp = stamp_of(c);
        json_set(view, "make", text_lines(kind->make));
        json_set_bool(view, "has_make", !text_empty(kind->make));
        json_set_text(view, "kind", kind->name);
        json_set_text(view, "kind_title", kind->title);
        json_set_bool(view, "standing", c != NULL);
        json_set_text(view, "id", c != NULL ? c->id : NULL);
        json_set_text(view, "typed_id", sent ? request_form(rq, "id") : kind->name);
        set_fields(view, connection_form(kind, c, sent ? typed : NULL, rq, fault_at, fault));
        json_set_text(view, "stamp", stamp);
        json_set_text(view, "fault_id", text_equal(fault_at, "id") ? fault : NULL);
        json_set_text(view, "fault_all", text_equal(fault_at, "") ? fault : NULL);
        json_set_bool(view, "faulty", fault != NULL);
        title = c != NULL ? mem_format("Change %s", c->id) : mem_format("Connect %s", kind->title);
        admin_page(rq, re, status, "connection-form", view, title, "connections");
        mem_free(title);
        mem_free(stamp);
}

static void show_saved(struct request *rq, struct reply *re, const char *id, const json_t *answer)
{
        struct fail why = FAIL_CLEAR;
        struct connection *now = NULL;

        if (connection_load(guard_home(), admin_visitor(rq)->org, id, &now, &why) == 1)
                show_card(rq, re, now, json_deep_copy(json_at(answer, "connections.0.test")),
                          json_get_text(answer, "connections.0.webhook_secret", NULL));
        else
                reply_failure(rq, re, "connection cannot be read", &why);
        connection_free(now);
}

/* Stores what was typed and tries it at once: whoever saves sees whether it works. */
static void save(struct request *rq, struct reply *re, const struct kind *kind, const char *id,
                 const struct connection *standing)
{
        struct visitor *v = admin_visitor(rq);
        const struct apply_options options = { .test = true,
                                               .data_dir = serve_settings.data,
                                               .scale = serve_settings.retry_scale,
                                               .by = v->who,
                                               .stamp = standing != NULL ? standing->stamp : NULL };
        struct fail why = FAIL_CLEAR;
        json_t *answer = NULL;
        char *input, *sentence;

        if (apply_one(guard_home(), v->org, connection_of_form(kind, id, standing, typed, rq),
                      &options, &answer, &why) == 0) {
                /* So that the form of a rule has something to choose from. */
                if (kind->role != KIND_CONSUMER &&
                    catalog_order(guard_home(), v->org, id, when_now_ms(), &why) != 0)
                        fail_clear(&why);
                if (log_connection(rq, re,
                                   standing == NULL ? "connection.added" : "connection.changed",
                                   id) == 0)
                        show_saved(rq, re, id, answer);
        } else if (why.kind == FAIL_INPUT) {
                connection_fault(why.text, &input, &sentence);
                show_form(rq, re, 422, kind, standing, input, sentence);
                mem_free(input);
                mem_free(sentence);
        } else {
                reply_failure(rq, re, "connection cannot be stored", &why);
        }
        apply_forget(answer);
}

static const struct kind *kind_of_path(struct request *rq, struct reply *re)
{
        const struct kind *kind = kind_find(request_segment(rq, "kind"));

        if (kind == NULL)
                reply_problem(rq, re, 404, "There is no such kind of system.");
        return kind;
}

static void add_form(struct request *rq, struct reply *re)
{
        const struct kind *kind = kind_of_path(rq, re);

        if (kind != NULL)
                show_form(rq, re, 200, kind, NULL, NULL, NULL);
}

static void add(struct request *rq, struct reply *re)
{
        const struct kind *kind = kind_of_path(rq, re);
        const char *id = text_or(request_form(rq, "id"), "");
        struct connection *c = NULL;
        struct fail why = FAIL_CLEAR;
        int found;

        if (kind == NULL)
                return;
        if (!text_is_name(id, CONNECTION_ID_MAX)) {
                show_form(rq, re, 422, kind, NULL, "id",
                          "Give it a short name of letters, digits, - and _.");
                return;
        }
        found = connection_load(guard_home(), admin_visitor(rq)->org, id, &c, &why);
        connection_free(c);
        if (found < 0)
                reply_failure(rq, re, "connection cannot be read", &why);
        else if (found > 0)
                show_form(rq, re, 409, kind, NULL, "id",
                          "There is a connection of this name already. Choose another one.");
        else
                save(rq, re, kind, id, NULL);
}

static void change_form(struct request *rq, struct reply *re)
{
        struct connection *c = load(rq, re);

        if (c != NULL)
                show_form(rq, re, 200, c->kind, c, NULL, NULL);
        connection_free(c);
}

static void change(struct request *rq, struct reply *re)
{
        struct connection *c = load(rq, re);
        char *stamp;

        if (c == NULL)
                return;
        stamp = stamp_of(c);
        if (text_equal(stamp, request_form(rq, "stamp")))
                save(rq, re, c->kind, c->id, c);
        else
                show_form(rq, re, 409, c->kind, c, "",
                          "Somebody else changed this connection since you opened the page. What "
                          "you typed is below (but for secrets); save again to make it so.");
        mem_free(stamp);
        connection_free(c);
}

/* How a change of the secrets ended that is not done. */
static void not_done(struct request *rq, struct reply *re, int found, const struct fail *why)
{
        if (found == 2)
                admin_go(rq, re, "connections/%s?said=moved", request_segment(rq, "id"));
        else if (found == 0)
                reply_problem(rq, re, 404, "There is no such secret.");
        else if (why->kind == FAIL_CONFLICT)
                reply_problem(rq, re, 409, why->text);
        else
                reply_failure(rq, re, "secrets cannot be changed", why);
}

static void new_secret(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        struct connection *now = NULL;
        struct fail why = FAIL_CLEAR;
        char *secret = NULL, name[13];
        int found =
            webhook_secret_add(guard_home(), admin_visitor(rq)->org, id,
                               text_or(request_form(rq, "stamp"), ""), NULL, &secret, name, &why);

        if (found != 1)
                not_done(rq, re, found, &why);
        else if (log_connection(rq, re, "secret.added", id) == 0 && (now = load(rq, re)) != NULL)
                show_card(rq, re, now, NULL, secret);
        connection_free(now);
        mem_free_secret(secret);
}

static void drop_secret(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        struct fail why = FAIL_CLEAR;
        int found = webhook_secret_drop(guard_home(), admin_visitor(rq)->org, id,
                                        text_or(request_form(rq, "stamp"), ""),
                                        request_segment(rq, "name"), &why);

        if (found != 1)
                not_done(rq, re, found, &why);
        else if (log_connection(rq, re, "secret.dropped", id) == 0)
                admin_go(rq, re, "connections/%s?said=removed", id);
}

const struct route admin_connection_routes[] = {
        { "GET", "{org}/connections", show_connections, 0, false, READERS },
        { "GET", "{org}/connections/add/{kind}", add_form, 0, false, ADMIN },
        { "POST", "{org}/connections/add/{kind}", add, ADMIN_FORM_MAX, false, ADMIN },
        { "GET", "{org}/connections/{id}", card, 0, false, READERS },
        { "GET", "{org}/connections/{id}/change", change_form, 0, false, ADMIN },
        { "POST", "{org}/connections/{id}/change", change, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/connections/{id}/test", test, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/connections/{id}/secret", new_secret, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/connections/{id}/secrets/{name}/drop", drop_secret, ADMIN_FORM_MAX, false,
          ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
