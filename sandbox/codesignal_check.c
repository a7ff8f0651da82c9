/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks a GraphQL server makes before it runs anything, in its words. */
#include <stdio.h>
#include <string.h>

#include "codesignal.h"
#include "floor/mem.h"
#include "floor/text.h"

#define DEPTH_MOST 10
#define COST_MOST 10000
#define LOOKS_MOST 20000
#define ERRORS_MOST 20

struct checker {
        const struct graphql *g;
        const struct graphql_operation *op;
        const json_t *values;
        json_t *errors;
        bool *used; /* per variable */
        int deepest, looks;
        int64_t cost;
};

static void error_at(struct checker *c, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void error_at(struct checker *c, int line, const char *format, ...)
{
        json_t *error, *place, *places;
        va_list list;
        char *text;

        if (json_array_size(c->errors) >= ERRORS_MOST)
                return;
        error = json_object();
        place = json_object();
        places = json_array();
        va_start(list, format);
        text = mem_format_list(format, list);
        va_end(list);
        json_set_text(error, "message", text);
        json_set_int(place, "line", line);
        json_set_int(place, "column", 1);
        json_add(places, place);
        json_set(error, "locations", places);
        json_add(c->errors, error);
        mem_free(text);
}

json_t *cs_value(const struct graphql_value *v, const struct graphql_operation *op,
                 const json_t *values)
{
        json_t *out, *item;

        switch (v->kind) {
        case GRAPHQL_VARIABLE:
                item = json_object_get(values, v->text);
                if (item != NULL)
                        return json_incref(item);
                for (size_t i = 0; i < op->variable_count; i++) {
                        if (text_equal(op->variables[i].name, v->text) &&
                            op->variables[i].has_default)
                                return cs_value(&op->variables[i].value, op, NULL);
                }
                return NULL;
        case GRAPHQL_INT:
        case GRAPHQL_FLOAT:
                out = json_parse(v->text, strlen(v->text), false, NULL);
                return out != NULL ? out : json_null();
        case GRAPHQL_STRING:
        case GRAPHQL_ENUM:
                return json_new_text(v->text, strlen(v->text));
        case GRAPHQL_BOOL:
                return json_boolean(text_equal(v->text, "true"));
        case GRAPHQL_LIST:
                out = json_array();
                for (size_t i = 0; i < v->count; i++) {
                        item = cs_value(&v->items[i].value, op, values);
                        json_add(out, item != NULL ? item : json_null());
                }
                return out;
        case GRAPHQL_OBJECT:
                out = json_object();
                for (size_t i = 0; i < v->count; i++) {
                        item = cs_value(&v->items[i].value, op, values);
                        if (item != NULL)
                                json_set(out, v->items[i].name, item);
                }
                return out;
        default:
                return json_null();
        }
}

static bool scalar_fits(const char *type, const json_t *value)
{
        if (text_equal(type, "Int"))
                return json_is_integer(value) && json_integer_value(value) <= INT32_MAX &&
                       json_integer_value(value) >= INT32_MIN;
        if (text_equal(type, "Float") || text_equal(type, "Timestamp"))
                return json_is_number_of(value);
        if (text_equal(type, "Boolean"))
                return json_is_boolean(value);
        if (text_equal(type, "ID"))
                return json_is_string(value) || json_is_integer(value);
        if (text_equal(type, "String"))
                return json_is_string(value);
        return json_is_string(value) && cs_enum_has(type, json_string_value(value));
}

/* Does the value fit the type?  what names it in the message. */
static bool fits(struct checker *c, int line, const char *what, const char *type,
                 const json_t *value)
{
        size_t len = strlen(type);
        bool required = len > 0 && type[len - 1] == '!';
        char inner[120], member[80], member_is[120];
        const char *members, *name;
        json_t *one;
        size_t i;

        snprintf(inner, sizeof(inner), "%.*s", (int)(required ? len - 1 : len), type);
        if (value == NULL || json_is_null(value)) {
                if (required)
                        error_at(c, line,
                                 "%s got invalid value null; Expected non-nullable type "
                                 "\"%s\" not to be null.",
                                 what, type);
                return !required;
        }
        len = strlen(inner);
        if (inner[0] == '[') {
                inner[len - 1] = '\0';
                if (!json_is_array(value))
                        return fits(c, line, what, inner + 1, value);
                json_array_foreach((json_t *)(uintptr_t)value, i, one)
                {
                        if (!fits(c, line, what, inner + 1, one))
                                return false;
                }
                return true;
        }
        members = cs_input_members(inner);
        if (members == NULL) {
                if (scalar_fits(inner, value))
                        return true;
                error_at(c, line, "%s got invalid value; %s cannot represent it.", what, inner);
                return false;
        }
        if (!json_is_object(value)) {
                error_at(c, line, "%s got invalid value; Expected type \"%s\" to be an object.",
                         what, inner);
                return false;
        }
        json_object_foreach((json_t *)(uintptr_t)value, name, one)
        {
                if (!cs_member_type(members, name, member_is, sizeof(member_is))) {
                        error_at(
                            c, line,
                            "%s got invalid value; Field \"%s\" is not defined by type \"%s\".",
                            what, name, inner);
                        return false;
                }
                if (!fits(c, line, what, member_is, one))
                        return false;
        }
        while (cs_next_member(&members, member, sizeof(member), member_is, sizeof(member_is))) {
                if (text_ends(member_is, "!") && json_object_get(value, member) == NULL) {
                        error_at(c, line,
                                 "%s got invalid value; Field \"%s\" of required type \"%s\" was "
                                 "not provided.",
                                 what, member, member_is);
                        return false;
                }
        }
        return true;
}

static const struct graphql_variable *find_variable(struct checker *c, const char *name)
{
        for (size_t i = 0; i < c->op->variable_count; i++) {
                if (text_equal(c->op->variables[i].name, name)) {
                        c->used[i] = true;
                        return &c->op->variables[i];
                }
        }
        return NULL;
}

/* May a variable of type has stand where wants is expected? */
static bool compatible(const char *has, const char *wants, bool has_default)
{
        char a[120], b[120];
        size_t n;

        snprintf(a, sizeof(a), "%s", has);
        snprintf(b, sizeof(b), "%s", wants);
        if (text_ends(b, "!")) {
                if (!text_ends(a, "!") && !has_default)
                        return false;
                b[strlen(b) - 1] = '\0';
        }
        if (text_ends(a, "!"))
                a[strlen(a) - 1] = '\0';
        if (a[0] != '[' || b[0] != '[')
                return strcmp(a, b) == 0;
        n = strlen(a);
        a[n - 1] = '\0';
        n = strlen(b);
        b[n - 1] = '\0';
        return compatible(a + 1, b + 1, false);
}

/* Variables inside of literals, all the way down. */
static void check_variables_in(struct checker *c, const struct graphql_value *v, const char *type,
                               int line)
{
        const struct graphql_variable *variable;
        const char *members;
        char name[80], inner[120];

        if (v->kind == GRAPHQL_VARIABLE) {
                variable = find_variable(c, v->text);
                if (variable == NULL)
                        error_at(c, line, "Variable \"$%s\" is not defined by operation \"%s\".",
                                 v->text, text_or(c->op->name, ""));
                else if (!compatible(variable->type, type, variable->has_default))
                        error_at(c, line,
                                 "Variable \"$%s\" of type \"%s\" used in position expecting type "
                                 "\"%s\".",
                                 v->text, variable->type, type);
                return;
        }
        cs_bare(type, name, sizeof(name));
        members = v->kind == GRAPHQL_OBJECT ? cs_input_members(name) : NULL;
        for (size_t i = 0; i < v->count; i++) {
                if (v->kind == GRAPHQL_LIST)
                        check_variables_in(c, &v->items[i].value, name, line);
                else if (members != NULL &&
                         cs_member_type(members, v->items[i].name, inner, sizeof(inner)))
                        check_variables_in(c, &v->items[i].value, inner, line);
        }
}

static void check_arguments(struct checker *c, const struct cs_field *f,
                            const struct graphql_selection *s)
{
        const char *list = f->arguments;
        char name[80], type[120], what[200];

        for (size_t i = 0; i < s->argument_count; i++) {
                const struct graphql_named *a = &s->arguments[i];
                json_t *value;

                if (!cs_member_type(f->arguments, a->name, type, sizeof(type))) {
                        error_at(c, a->line, "Unknown argument \"%s\" on field \"%s.%s\".", a->name,
                                 f->type, f->name);
                        continue;
                }
                check_variables_in(c, &a->value, type, a->line);
                if (a->value.kind == GRAPHQL_VARIABLE)
                        continue; /* its value is held against its own type */
                value = cs_value(&a->value, c->op, c->values);
                snprintf(what, sizeof(what), "Argument \"%s\"", a->name);
                fits(c, a->line, what, type, value);
                json_decref(value);
        }
        while (cs_next_member(&list, name, sizeof(name), type, sizeof(type))) {
                bool given = !text_ends(type, "!");

                for (size_t i = 0; i < s->argument_count && !given; i++)
                        given = text_equal(s->arguments[i].name, name);
                if (!given)
                        error_at(c, s->line,
                                 "Field \"%s\" argument \"%s\" of type \"%s\" is required, but it "
                                 "was not provided.",
                                 f->name, name, type);
        }
}

static void check_cost(struct checker *c, const struct cs_field *f,
                       const struct graphql_selection *s)
{
        int64_t times = 1;

        for (size_t i = 0; f->times_first && i < s->argument_count; i++) {
                json_t *value;

                if (!text_equal(s->arguments[i].name, "first"))
                        continue;
                value = cs_value(&s->arguments[i].value, c->op, c->values);
                times = json_int_of(value, 1);
                json_decref(value);
        }
        c->cost += f->cost * (times > 0 ? times : 1);
}

static void check_selections(struct checker *c, const char *type,
                             const struct graphql_selection *list, size_t count, int depth);

static void check_field(struct checker *c, const char *type, const struct graphql_selection *s,
                        int depth)
{
        const struct cs_field *f;
        char inner[80];

        if (text_equal(s->name, "__typename"))
                return;
        f = cs_find_field(type, s->name);
        if (f == NULL) {
                error_at(c, s->line, "Cannot query field \"%s\" on type \"%s\".", s->name, type);
                return;
        }
        if (depth > c->deepest)
                c->deepest = depth;
        check_arguments(c, f, s);
        check_cost(c, f, s);
        cs_bare(f->returns, inner, sizeof(inner));
        if (!cs_is_object_type(inner)) {
                if (s->selection_count > 0)
                        error_at(c, s->line,
                                 "Field \"%s\" must not have a selection since type \"%s\" has no "
                                 "subfields.",
                                 s->name, f->returns);
                return;
        }
        if (s->selection_count == 0)
                error_at(c, s->line,
                         "Field \"%s\" of type \"%s\" must have a selection of subfields. Did you "
                         "mean \"%s { ... }\"?",
                         s->name, f->returns, s->name);
        else
                check_selections(c, inner, s->selections, s->selection_count, depth + 1);
}

static void check_fragment(struct checker *c, const char *type, const char *on,
                           const struct graphql_selection *list, size_t count, int line, int depth)
{
        if (on != NULL && !cs_is_object_type(on)) {
                error_at(c, line, "Unknown type \"%s\".", on);
                return;
        }
        if (on != NULL && !cs_can_be(type, on)) {
                error_at(c, line,
                         "Fragment cannot be spread here as objects of type \"%s\" can never be of "
                         "type \"%s\".",
                         type, on);
                return;
        }
        check_selections(c, on != NULL ? on : type, list, count, depth);
}

static void check_selections(struct checker *c, const char *type,
                             const struct graphql_selection *list, size_t count, int depth)
{
        for (size_t i = 0; i < count && depth < GRAPHQL_DEPTH_MAX && --c->looks > 0; i++) {
                const struct graphql_selection *s = &list[i];
                const struct graphql_fragment *f;

                for (size_t d = 0; d < s->directive_count; d++)
                        error_at(c, s->line, "Unknown directive \"@%s\".", s->directives[d].name);
                switch (s->what) {
                case GRAPHQL_FIELD:
                        check_field(c, type, s, depth);
                        break;
                case GRAPHQL_INLINE:
                        check_fragment(c, type, s->on, s->selections, s->selection_count, s->line,
                                       depth);
                        break;
                case GRAPHQL_SPREAD:
                        f = graphql_fragment(c->g, s->name);
                        if (f == NULL)
                                error_at(c, s->line, "Unknown fragment \"%s\".", s->name);
                        else
                                check_fragment(c, type, f->on, f->selections, f->selection_count,
                                               s->line, depth);
                        break;
                }
        }
        if (c->looks <= 0)
                error_at(c, 1, "The document is too large.");
}

static void check_values(struct checker *c)
{
        char what[120];

        for (size_t i = 0; i < c->op->variable_count; i++) {
                const struct graphql_variable *v = &c->op->variables[i];
                const json_t *value = json_object_get(c->values, v->name);

                if (!c->used[i])
                        error_at(c, v->line, "Variable \"$%s\" is never used in operation \"%s\".",
                                 v->name, text_or(c->op->name, ""));
                if (value == NULL && v->has_default)
                        continue;
                if (value == NULL && text_ends(v->type, "!")) {
                        error_at(c, v->line,
                                 "Variable \"$%s\" of required type \"%s\" was not provided.",
                                 v->name, v->type);
                        continue;
                }
                snprintf(what, sizeof(what), "Variable \"$%s\"", v->name);
                if (value != NULL)
                        fits(c, v->line, what, v->type, value);
        }
}

bool cs_validate(const struct graphql *g, const struct graphql_operation *op, const json_t *values,
                 json_t *errors, int64_t *cost)
{
        struct checker c = {
                .g = g, .op = op, .values = values, .errors = errors, .looks = LOOKS_MOST
        };

        c.used = mem_array(op->variable_count + 1, sizeof(c.used[0]));
        check_selections(&c, text_equal(op->word, "mutation") ? "Mutation" : "Query",
                         op->selections, op->selection_count, 1);
        check_values(&c);
        /* graphql-depth-limit counts the levels below the first. */
        if (c.deepest - 1 > DEPTH_MOST)
                error_at(&c, op->line, "'%s' exceeds maximum operation depth of %d",
                         text_or(op->name, ""), DEPTH_MOST);
        if (c.cost > COST_MOST)
                error_at(&c, op->line,
                         "The query exceeds the maximum cost of %d. Actual cost is %lld", COST_MOST,
                         (long long)c.cost);
        *cost = c.cost;
        mem_free(c.used);
        return json_array_size(errors) == 0;
}
