/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST graphql: who asks, how often, what; then the answer, cut to what was asked for. */
#include <string.h>

#include "codesignal.h"
#include "control.h"
#include "floor/mem.h"
#include "floor/text.h"

#define NESTED_MOST 12

static json_t *arguments_of(const struct cs_run *r, const struct graphql_selection *s)
{
        json_t *arguments = json_object();

        for (size_t i = 0; i < s->argument_count; i++) {
                json_t *value = cs_value(&s->arguments[i].value, r->op, r->values);

                if (value != NULL)
                        json_set(arguments, s->arguments[i].name, value);
        }
        return arguments;
}

/* ---- cutting rows to what was asked for ---- */

static json_t *cut(struct cs_run *r, const char *type, const json_t *row,
                   const struct graphql_selection *list, size_t count, int depth);

/* "[X!]!" of an element. */
static const char *element_of(const char *type)
{
        return type[0] == '[' ? type + 1 : type;
}

static void type_name(const char *type, char *out, size_t size)
{
        size_t n = strcspn(element_of(type), "]!");

        strncpy(out, element_of(type), size - 1);
        out[n < size ? n : size - 1] = '\0';
}

/* What a row does not hold: null, or the smallest thing a non-null type can be. */
static json_t *nothing_of(const char *type)
{
        if (!text_ends(type, "!"))
                return json_null();
        if (type[0] == '[')
                return json_array();
        if (text_starts(type, "Boolean"))
                return json_false();
        if (text_starts(type, "Int") || text_starts(type, "Float") ||
            text_starts(type, "Timestamp"))
                return json_integer(0);
        return cs_is_object_type(type) ? json_object() : json_string("");
}

static json_t *complete(struct cs_run *r, const char *type, json_t *value,
                        const struct graphql_selection *s, int depth)
{
        char name[80];
        json_t *out, *one;
        size_t i;

        if (value == NULL || json_is_null(value) || depth > NESTED_MOST)
                return nothing_of(type);
        type_name(type, name, sizeof(name));
        if (json_is_array(value)) {
                out = json_array();
                json_array_foreach(value, i, one)
                {
                        json_add(out, complete(r, name, one, s, depth));
                }
                return out;
        }
        if (!cs_is_object_type(name))
                return json_deep_copy(value);
        return cut(r, name, value, s->selections, s->selection_count, depth + 1);
}

static const json_t *behind_reference(const json_t *row)
{
        const char *table = json_get_text(row, "_ref", NULL);

        if (table == NULL)
                return row;
        return cs_find(text_equal(table, "tests") ? cs.tests : cs.sessions,
                       json_get_text(row, "id", ""));
}

static void cut_into(struct cs_run *r, const char *type, const json_t *row,
                     const struct graphql_selection *list, size_t count, int depth, json_t *out)
{
        for (size_t i = 0; i < count && depth <= NESTED_MOST; i++) {
                const struct graphql_selection *s = &list[i];
                const struct graphql_fragment *f;
                const char *real = json_get_text(row, "__typename", type);

                if (s->what == GRAPHQL_INLINE) {
                        if (s->on == NULL || text_equal(s->on, type) || text_equal(s->on, real))
                                cut_into(r, text_or(s->on, type), row, s->selections,
                                         s->selection_count, depth + 1, out);
                } else if (s->what == GRAPHQL_SPREAD) {
                        f = graphql_fragment(r->g, s->name);
                        if (f != NULL && (text_equal(f->on, type) || text_equal(f->on, real)))
                                cut_into(r, f->on, row, f->selections, f->selection_count,
                                         depth + 1, out);
                } else if (text_equal(s->name, "__typename")) {
                        json_set_text(out, s->alias, real);
                } else {
                        const char *returns = cs_field_type(type, s->name);

                        json_set(out, s->alias,
                                 complete(r, returns != NULL ? returns : "String",
                                          json_object_get(row, s->name), s, depth));
                }
        }
}

static json_t *cut(struct cs_run *r, const char *type, const json_t *row,
                   const struct graphql_selection *list, size_t count, int depth)
{
        json_t *out = json_object();
        const json_t *real = behind_reference(row);

        if (real == NULL) {
                json_decref(out);
                return json_null();
        }
        cut_into(r, type, real, list, count, depth, out);
        return out;
}

static void run_root(struct cs_run *r, const struct graphql_selection *list, size_t count,
                     json_t *data)
{
        const char *root = text_equal(r->op->word, "mutation") ? "Mutation" : "Query";

        for (size_t i = 0; i < count; i++) {
                const struct graphql_selection *s = &list[i];
                json_t *arguments, *value;

                if (s->what != GRAPHQL_FIELD) {
                        const struct graphql_fragment *f =
                            s->what == GRAPHQL_SPREAD ? graphql_fragment(r->g, s->name) : NULL;

                        run_root(r, f != NULL ? f->selections : s->selections,
                                 f != NULL ? f->selection_count : s->selection_count, data);
                        continue;
                }
                if (text_equal(s->name, "__typename")) {
                        json_set_text(data, s->alias, root);
                        continue;
                }
                arguments = arguments_of(r, s);
                value = cs_give(r, s->name, arguments);
                json_set(data, s->alias,
                         value == NULL ? json_null()
                                       : complete(r, cs_field_type(root, s->name), value, s, 0));
                json_decref(value);
                json_decref(arguments);
        }
}

/* ---- the endpoint ---- */

char *cs_base(struct request *rq)
{
        const char *host = NULL;

        if (!text_empty(cs.url))
                return mem_text(cs.url);
        if (request_header(rq, "Host", &host) != 1 || host == NULL)
                host = "localhost";
        return mem_format("http://%s/sandbox/codesignal", host);
}

static void answer_errors(struct reply *re, int status, json_t *errors)
{
        json_t *answer = json_object();

        json_set(answer, "errors", errors);
        reply_json(re, status, answer);
}

static void answer_error(struct reply *re, int status, const char *message)
{
        json_t *errors = json_array();

        cs_error(errors, message, NULL);
        answer_errors(re, status, errors);
}

static bool has_type(struct request *rq, const char *header, const char *type)
{
        const char *value = NULL;

        return request_header(rq, header, &value) == 1 && value != NULL &&
               text_starts_fold(value, type);
}

static void execute(struct request *rq, struct reply *re, const struct graphql *g,
                    const struct graphql_operation *op, const json_t *values)
{
        struct cs_run r = { .g = g, .op = op, .values = values, .errors = json_array() };
        json_t *answer, *data;
        int64_t cost;
        char *base;

        if (!cs_validate(g, op, values, r.errors, &cost)) {
                answer_errors(re, 400, r.errors);
                return;
        }
        base = cs_base(rq);
        r.base = base;
        answer = json_object();
        data = json_object();
        pthread_mutex_lock(&cs.lock);
        run_root(&r, op->selections, op->selection_count, data);
        pthread_mutex_unlock(&cs.lock);
        if (json_array_size(r.errors) > 0)
                json_set(answer, "errors", json_incref(r.errors));
        json_set(answer, "data", data);
        json_decref(r.errors);
        reply_json(re, 200, answer);
        mem_free(base);
}

/* The word that failures are matched by: the root fields asked for. */
static char *what_of(const struct graphql_operation *op)
{
        struct buf words = BUF_NONE;

        for (size_t i = 0; i < op->selection_count; i++) {
                if (i > 0)
                        buf_add_char(&words, ' ');
                buf_add_text(&words, op->selections[i].name);
        }
        return buf_take(&words);
}

static void ask(struct request *rq, struct reply *re, json_t *body)
{
        const char *text = json_get_text(body, "query", NULL);
        const json_t *values = json_at(body, "variables");
        const struct graphql_operation *op;
        struct control_failure failure = { 0 };
        struct fail why = FAIL_CLEAR;
        struct graphql *g;
        char *what, *message;

        if (text == NULL || (values != NULL && !json_is_object(values))) {
                answer_error(re, 400, "Must provide query string.");
                return;
        }
        g = graphql_parse(text, strlen(text), &why);
        if (g == NULL) {
                message = mem_format("Syntax Error: %s", why.text);
                answer_error(re, 400, message);
                mem_free(message);
                return;
        }
        op = graphql_operation(g, json_get_text(body, "operationName", NULL));
        if (op == NULL) {
                answer_error(re, 400, "Unknown operation, or several and none is named.");
        } else {
                bool fails;

                what = what_of(op);
                fails = control_take(what, &failure);
                if (fails && !failure.after)
                        fails = control_fail(rq, re, &failure);
                if (!fails || failure.after)
                        execute(rq, re, g, op, values);
                if (fails && failure.after) {
                        buf_reset(reply_body(re));
                        control_fail(rq, re, &failure);
                }
                control_record("POST", what, "graphql", json_incref(body), fails ? 0 : 200);
                control_failure_dispose(&failure);
                mem_free(what);
        }
        graphql_free(g);
}

void cs_graphql(struct request *rq, struct reply *re)
{
        const struct buf *raw = request_body(rq);
        const char *key = request_credential(rq);
        struct fail why = FAIL_CLEAR;
        json_t *body;

        if (key == NULL || !text_equal(key, cs.key)) {
                control_count("unauthorized");
                answer_error(re, 401, "Unauthorized: unknown API key");
                return;
        }
        if (!has_type(rq, "Content-Type", "application/json")) {
                answer_error(re, 400, "POST body missing or not application/json.");
                return;
        }
        body = raw == NULL ? NULL : json_parse(raw->data, raw->len, false, &why);
        if (json_is_object(body))
                ask(rq, re, body);
        else
                answer_error(re, 400, "POST body is not a JSON object.");
        json_decref(body);
}
