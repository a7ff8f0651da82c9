/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A parser for GraphQL's executable documents: recursive descent over one token of look-ahead. */
#include "platform/graphql.h"

#include <stdio.h>
#include <string.h>

#include "door/json.h"
#include "floor/mem.h"
#include "floor/text.h"

enum token { END, PUNCTUATOR, NAME, INT, FLOAT, STRING, BLOCK, BAD };

struct parser {
        const char *at, *end;
        int line;
        enum token token;
        const char *start; /* of the token */
        size_t len;
        int depth;
        size_t nodes;
        struct fail *why;
        bool failed;
};

static bool is_name_start(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static void skip_ignored(struct parser *p)
{
        for (; p->at < p->end; p->at++) {
                if (*p->at == '\n')
                        p->line++;
                else if (*p->at == '#')
                        while (p->at + 1 < p->end && p->at[1] != '\n')
                                p->at++;
                else if (strchr(" \t\r,", *p->at) == NULL || *p->at == '\0')
                        return;
        }
}

static void lex_number(struct parser *p)
{
        const char *c = p->at;

        p->token = INT;
        if (*c == '-')
                c++;
        if (c >= p->end || !is_digit(*c)) {
                p->token = BAD;
                return;
        }
        while (c < p->end && is_digit(*c))
                c++;
        if (c + 1 < p->end && *c == '.' && is_digit(c[1])) {
                p->token = FLOAT;
                for (c++; c < p->end && is_digit(*c);)
                        c++;
        }
        if (c + 1 < p->end && (*c == 'e' || *c == 'E')) {
                p->token = FLOAT;
                c++;
                if (c + 1 < p->end && (*c == '+' || *c == '-'))
                        c++;
                if (!is_digit(*c))
                        p->token = BAD;
                while (c < p->end && is_digit(*c))
                        c++;
        }
        if (c < p->end && (is_name_start(*c) || *c == '.'))
                p->token = BAD;
        p->len = (size_t)(c - p->start);
        p->at = c;
}

static void lex_string(struct parser *p)
{
        const char *c;

        p->token = BAD;
        if (p->end - p->at >= 3 && memcmp(p->at, "\"\"\"", 3) == 0) {
                for (c = p->at + 3; p->end - c >= 3; c++) {
                        if (*c == '\n')
                                p->line++;
                        if (memcmp(c, "\"\"\"", 3) == 0 && c[-1] != '\\') {
                                p->token = BLOCK;
                                p->len = (size_t)(c + 3 - p->start);
                                p->at = c + 3;
                                return;
                        }
                }
                return;
        }
        for (c = p->at + 1; c < p->end && *c != '\n'; c++) {
                if (*c == '\\' && c + 1 < p->end) {
                        c++;
                } else if (*c == '"') {
                        p->token = STRING;
                        p->len = (size_t)(c + 1 - p->start);
                        p->at = c + 1;
                        return;
                }
        }
}

static void next(struct parser *p)
{
        skip_ignored(p);
        p->start = p->at;
        p->len = 1;
        if (p->at >= p->end) {
                p->token = END;
                p->len = 0;
        } else if (is_name_start(*p->at)) {
                p->token = NAME;
                while (p->at < p->end && (is_name_start(*p->at) || is_digit(*p->at)))
                        p->at++;
                p->len = (size_t)(p->at - p->start);
        } else if (is_digit(*p->at) || *p->at == '-') {
                lex_number(p);
        } else if (*p->at == '"') {
                lex_string(p);
        } else if (p->end - p->at >= 3 && memcmp(p->at, "...", 3) == 0) {
                p->token = PUNCTUATOR;
                p->len = 3;
                p->at += 3;
        } else if (*p->at != '\0' && strchr("!$&():=@[]{|}", *p->at) != NULL) {
                p->token = PUNCTUATOR;
                p->at++;
        } else {
                p->token = BAD;
        }
}

static void expected(struct parser *p, const char *what)
{
        if (p->failed)
                return;
        p->failed = true;
        if (p->token == END)
                fail_set(p->why, FAIL_INPUT, "line %d: expected %s, found the end", p->line, what);
        else
                fail_set(p->why, FAIL_INPUT, "line %d: expected %s, found '%.*s'", p->line, what,
                         p->len > 40 ? 40 : (int)p->len, p->start);
}

static bool is(const struct parser *p, const char *text)
{
        return (p->token == PUNCTUATOR || p->token == NAME) && strlen(text) == p->len &&
               memcmp(p->start, text, p->len) == 0;
}

static bool take(struct parser *p, const char *punctuator)
{
        if (p->failed || p->token != PUNCTUATOR || !is(p, punctuator))
                return false;
        next(p);
        return true;
}

static void need(struct parser *p, const char *punctuator)
{
        char what[16];

        if (take(p, punctuator))
                return;
        snprintf(what, sizeof(what), "'%s'", punctuator);
        expected(p, what);
}

static char *take_token(struct parser *p)
{
        char *text = mem_text_part(p->start, p->len);

        next(p);
        return text;
}

static char *need_name(struct parser *p, const char *what)
{
        if (p->failed || p->token != NAME) {
                expected(p, what);
                return NULL;
        }
        return take_token(p);
}

/* What a document can hold has a ceiling; arrays grow by one, documents are small. */
static void *grow(struct parser *p, void *list, size_t count, size_t size)
{
        if (++p->nodes > GRAPHQL_NODES_MAX && !p->failed) {
                p->failed = true;
                fail_set(p->why, FAIL_INPUT, "line %d: more than %d parts", p->line,
                         GRAPHQL_NODES_MAX);
        }
        if ((count & (count - 1)) == 0)
                list = mem_resize(list, count == 0 ? 1 : count * 2, size);
        memset((char *)list + count * size, 0, size);
        return list;
}

static bool deeper(struct parser *p)
{
        if (++p->depth <= GRAPHQL_DEPTH_MAX)
                return true;
        if (!p->failed)
                fail_set(p->why, FAIL_INPUT, "line %d: nested deeper than %d levels", p->line,
                         GRAPHQL_DEPTH_MAX);
        p->failed = true;
        return false;
}

static void parse_value(struct parser *p, struct graphql_value *v);

static void parse_items(struct parser *p, struct graphql_value *v, const char *close)
{
        while (!p->failed && !is(p, close)) {
                struct graphql_named *item;

                v->items = grow(p, v->items, v->count, sizeof(v->items[0]));
                item = &v->items[v->count++];
                item->line = p->line;
                if (v->kind == GRAPHQL_OBJECT) {
                        item->name = need_name(p, "a name or '}'");
                        need(p, ":");
                }
                parse_value(p, &item->value);
        }
        need(p, close);
}

/* GraphQL's quoted strings are JSON's; a block string is taken as it stands. */
static char *take_string(struct parser *p)
{
        json_t *value;
        char *text = NULL;

        if (p->token == BLOCK) {
                text = mem_text_part(p->start + 3, p->len - 6);
                next(p);
                return text;
        }
        value = json_parse(p->start, p->len, false, NULL);
        if (value == NULL) {
                expected(p, "a string");
                return NULL;
        }
        text = mem_text(json_text_of(value, ""));
        json_decref(value);
        next(p);
        return text;
}

static void parse_value(struct parser *p, struct graphql_value *v)
{
        if (!deeper(p))
                return;
        if (take(p, "$")) {
                v->kind = GRAPHQL_VARIABLE;
                v->text = need_name(p, "the name of a variable");
        } else if (take(p, "[")) {
                v->kind = GRAPHQL_LIST;
                parse_items(p, v, "]");
        } else if (take(p, "{")) {
                v->kind = GRAPHQL_OBJECT;
                parse_items(p, v, "}");
        } else if (p->token == INT || p->token == FLOAT) {
                v->kind = p->token == INT ? GRAPHQL_INT : GRAPHQL_FLOAT;
                v->text = take_token(p);
        } else if (p->token == STRING || p->token == BLOCK) {
                v->kind = GRAPHQL_STRING;
                v->text = take_string(p);
        } else if (p->token == NAME) {
                v->kind = is(p, "true") || is(p, "false") ? GRAPHQL_BOOL
                          : is(p, "null")                 ? GRAPHQL_NULL
                                                          : GRAPHQL_ENUM;
                v->text = take_token(p);
        } else {
                expected(p, "a value");
        }
        p->depth--;
}

static void parse_arguments(struct parser *p, struct graphql_named **list, size_t *count)
{
        if (!take(p, "("))
                return;
        do {
                struct graphql_named *one;

                *list = grow(p, *list, *count, sizeof(**list));
                one = &(*list)[(*count)++];
                one->line = p->line;
                one->name = need_name(p, "the name of an argument");
                need(p, ":");
                parse_value(p, &one->value);
        } while (!p->failed && !is(p, ")"));
        need(p, ")");
}

static void parse_directives(struct parser *p, struct graphql_directive **list, size_t *count)
{
        while (take(p, "@")) {
                struct graphql_directive *d;

                *list = grow(p, *list, *count, sizeof(**list));
                d = &(*list)[(*count)++];
                d->name = need_name(p, "the name of a directive");
                parse_arguments(p, &d->arguments, &d->argument_count);
        }
}

static void parse_selections(struct parser *p, struct graphql_selection **list, size_t *count);

static void parse_spread(struct parser *p, struct graphql_selection *s)
{
        if (p->token == NAME && !is(p, "on")) {
                s->what = GRAPHQL_SPREAD;
                s->name = need_name(p, "the name of a fragment");
                parse_directives(p, &s->directives, &s->directive_count);
                return;
        }
        s->what = GRAPHQL_INLINE;
        if (is(p, "on")) {
                next(p);
                s->on = need_name(p, "the name of a type");
        }
        parse_directives(p, &s->directives, &s->directive_count);
        parse_selections(p, &s->selections, &s->selection_count);
}

static void parse_field(struct parser *p, struct graphql_selection *s)
{
        s->what = GRAPHQL_FIELD;
        s->alias = need_name(p, "a field");
        if (take(p, ":"))
                s->name = need_name(p, "a field");
        else
                s->name = mem_text(s->alias);
        parse_arguments(p, &s->arguments, &s->argument_count);
        parse_directives(p, &s->directives, &s->directive_count);
        if (is(p, "{"))
                parse_selections(p, &s->selections, &s->selection_count);
}

static void parse_selections(struct parser *p, struct graphql_selection **list, size_t *count)
{
        need(p, "{");
        if (p->failed || !deeper(p))
                return;
        do {
                struct graphql_selection *s;

                *list = grow(p, *list, *count, sizeof(**list));
                s = &(*list)[(*count)++];
                s->line = p->line;
                if (take(p, "..."))
                        parse_spread(p, s);
                else
                        parse_field(p, s);
        } while (!p->failed && !is(p, "}"));
        need(p, "}");
        p->depth--;
}

/* "[ID!]!" without white space; NULL after a failure. */
static char *parse_type(struct parser *p)
{
        char *inner, *type;

        if (!deeper(p))
                return NULL;
        if (take(p, "[")) {
                inner = parse_type(p);
                need(p, "]");
                type = mem_format("[%s]", text_or(inner, ""));
                mem_free(inner);
        } else {
                type = need_name(p, "the name of a type");
        }
        if (type != NULL && take(p, "!")) {
                inner = type;
                type = mem_format("%s!", inner);
                mem_free(inner);
        }
        p->depth--;
        return type;
}

static void parse_variables(struct parser *p, struct graphql_operation *op)
{
        if (!take(p, "("))
                return;
        do {
                struct graphql_variable *v;

                op->variables =
                    grow(p, op->variables, op->variable_count, sizeof(op->variables[0]));
                v = &op->variables[op->variable_count++];
                v->line = p->line;
                need(p, "$");
                v->name = need_name(p, "the name of a variable");
                need(p, ":");
                v->type = p->failed ? NULL : parse_type(p);
                if (take(p, "=")) {
                        v->has_default = true;
                        parse_value(p, &v->value);
                }
        } while (!p->failed && !is(p, ")"));
        need(p, ")");
}

static void parse_operation(struct parser *p, struct graphql *g)
{
        struct graphql_operation *op;
        struct graphql_directive *directives = NULL;
        size_t directive_count = 0;

        g->operations = grow(p, g->operations, g->operation_count, sizeof(g->operations[0]));
        op = &g->operations[g->operation_count++];
        op->line = p->line;
        op->word = is(p, "{") ? mem_text("query") : take_token(p);
        if (p->token == NAME)
                op->name = take_token(p);
        parse_variables(p, op);
        parse_directives(p, &directives, &directive_count);
        graphql_free_directives(directives, directive_count);
        parse_selections(p, &op->selections, &op->selection_count);
}

static void parse_fragment(struct parser *p, struct graphql *g)
{
        struct graphql_fragment *f;

        next(p);
        g->fragments = grow(p, g->fragments, g->fragment_count, sizeof(g->fragments[0]));
        f = &g->fragments[g->fragment_count++];
        f->line = p->line;
        f->name = need_name(p, "the name of a fragment");
        if (!p->failed && is(p, "on"))
                next(p);
        else
                expected(p, "'on'");
        f->on = need_name(p, "the name of a type");
        parse_selections(p, &f->selections, &f->selection_count);
}

struct graphql *graphql_parse(const char *text, size_t len, struct fail *why)
{
        struct graphql *g = mem_alloc(sizeof(*g));
        struct parser p = { .at = text, .end = text + len, .line = 1, .why = why };

        if (!text_utf8_valid(text, len)) {
                fail_set(why, FAIL_INPUT, "not UTF-8");
                p.failed = true;
        }
        if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
                p.at += 3;
        next(&p);
        do {
                if (p.failed)
                        break;
                if (is(&p, "fragment"))
                        parse_fragment(&p, g);
                else if (is(&p, "{") || is(&p, "query") || is(&p, "mutation") ||
                         is(&p, "subscription"))
                        parse_operation(&p, g);
                else
                        expected(&p, "query, mutation or fragment");
        } while (p.token != END);
        if (!p.failed && g->operation_count == 0)
                expected(&p, "query or mutation");
        if (p.failed) {
                graphql_free(g);
                g = NULL;
        }
        return g;
}
