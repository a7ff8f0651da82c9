/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GraphQL documents: what is refused and where, what is understood. */
#include "platform/graphql.h"

#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "floor/buf.h"
#include "floor/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_refused(void)
{
        static const struct {
                const char *text, *says;
        } rows[] = {
                { "", "line 1: expected query, mutation or fragment, found the end" },
                { "  # only a comment", "line 1: expected query, mutation or fragment" },
                { "{", "line 1: expected a field, found the end" },
                { "{}", "line 1: expected a field, found '}'" },
                { "{ a", "line 1: expected a field, found the end" },
                { "{ a }\n}", "line 2: expected query, mutation or fragment, found '}'" },
                { "query Q(\n$a) { a }", "line 2: expected ':', found ')'" },
                { "query Q($a: [ID!) { a }", "line 1: expected ']', found ')'" },
                { "query Q() { a }", "line 1: expected '$', found ')'" },
                { "{ a() }", "line 1: expected the name of an argument, found ')'" },
                { "{ a(b: ) }", "line 1: expected a value, found ')'" },
                { "{ a(b: 1x) }", "line 1: expected a value, found '1'" },
                { "{ a(b: 1.) }", "line 1: expected a value, found '1'" },
                { "{ a(b: -) }", "line 1: expected a value" },
                { "{ a(b: \"x) }", "line 1: expected a value" },
                { "{ a(b: \"x\ny\") }", "line 1: expected a value" },
                { "{ a(b: \"\\q\") }", "line 1: expected a string" },
                { "{ a(b: {c 1}) }", "line 1: expected ':', found '1'" },
                { "{ ... on }", "line 1: expected the name of a type, found '}'" },
                { "{ ... on T }", "line 1: expected '{', found '}'" },
                { "fragment F T { a }", "line 1: expected 'on', found 'T'" },
                { "fragment F on T { a }", "line 1: expected query or mutation, found the end" },
                { "query { a } ?", "line 1: expected query, mutation or fragment, found '?'" },
                { "query { \xFF }", "not UTF-8" },
                { "{ a: : b }", "line 1: expected a field, found ':'" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct fail why = FAIL_CLEAR;
                struct graphql *g = graphql_parse(rows[i].text, strlen(rows[i].text), &why);

                if (!tap_ok(g == NULL && text_starts(why.text, rows[i].says), "refused: %s",
                            rows[i].says))
                        tap_note("got \"%s\" of %s", why.text, rows[i].text);
                graphql_free(g);
        }
        graphql_free(NULL);
}

static void test_ceilings(void)
{
        struct fail why = FAIL_CLEAR;
        struct buf b = BUF_NONE;
        struct graphql *g;

        for (int i = 0; i < 40; i++)
                buf_add_text(&b, "{a");
        g = graphql_parse(b.data, b.len, &why);
        tap_ok(g == NULL && strstr(why.text, "nested deeper than 32 levels") != NULL,
               "levels have a ceiling");
        buf_reset(&b);
        fail_clear(&why);
        buf_add_text(&b, "{a(b:");
        for (int i = 0; i < 100000; i++)
                buf_add_char(&b, '[');
        g = graphql_parse(b.data, b.len, &why);
        tap_ok(g == NULL && strstr(why.text, "nested deeper") != NULL, "those of values too");
        buf_reset(&b);
        fail_clear(&why);
        buf_add_char(&b, '{');
        for (int i = 0; i < 11000; i++)
                buf_add_text(&b, " a");
        buf_add_char(&b, '}');
        g = graphql_parse(b.data, b.len, &why);
        tap_ok(g == NULL && strstr(why.text, "more than 10000 parts") != NULL, "parts have one");
        buf_dispose(&b);
        g = graphql_parse("{ a }\0{ b }", 11, NULL);
        tap_ok(g == NULL, "a NUL byte is refused");
        graphql_free(g);
}

static void test_understood(void)
{
        static const char text[] =
            "\xEF\xBB\xBF# a comment, and a BOM\n"
            "mutation Make($a: [ID!]! $b: T = {x: [1, -2.5e3, true, null, RED, \"\\u00e9\\n\"]},)"
            " @live {\n"
            "  made: create(in: $a, note: \"\"\"two\nlines\"\"\") @include(if: $c) {\n"
            "    id ...Rest ... on Sub { inner { deep } } ... { loose }\n"
            "  }\n"
            "}\n"
            "fragment Rest on Thing { more { last } ...Rest }\n";
        struct fail why = FAIL_CLEAR;
        struct graphql *g = graphql_parse(text, strlen(text), &why);
        const struct graphql_operation *op;
        const struct graphql_selection *made;
        const struct graphql_value *v;

        if (!tap_ok(g != NULL, "a document with all of it")) {
                tap_note("%s", why.text);
                return;
        }
        op = graphql_operation(g, NULL);
        tap_text(op->word, "mutation", "its word");
        tap_text(op->name, "Make", "its name");
        tap_ok(graphql_operation(g, "Make") == op && graphql_operation(g, "make") == NULL,
               "found by name");
        tap_int((int64_t)op->variable_count, 2, "its variables");
        tap_text(op->variables[0].type, "[ID!]!", "a type");
        tap_ok(!op->variables[0].has_default && op->variables[1].has_default, "a default");
        v = &op->variables[1].value.items[0].value;
        tap_int((int64_t)v->count, 6, "values of each kind");
        tap_text(v->items[1].value.text, "-2.5e3", "a number as written");
        tap_int(v->items[3].value.kind, GRAPHQL_NULL, "null");
        tap_int(v->items[4].value.kind, GRAPHQL_ENUM, "an enum");
        tap_text(v->items[5].value.text, "\xC3\xA9\n", "a string is decoded");
        made = &op->selections[0];
        tap_text(made->alias, "made", "an alias");
        tap_text(made->name, "create", "and its field");
        tap_int(made->arguments[0].value.kind, GRAPHQL_VARIABLE, "an argument from a variable");
        tap_text(made->arguments[1].value.text, "two\nlines", "a block string");
        tap_text(made->directives[0].name, "include", "a directive");
        tap_int(made->line, 3, "its line");
        tap_int(made->selections[1].line, 5, "lines count on after a block string");
        tap_ok(graphql_selects(g, op, "made.id"), "selects what is written");
        tap_ok(graphql_selects(g, op, "made.more.last"), "through a fragment");
        tap_ok(graphql_selects(g, op, "made.inner.deep"), "through a type condition");
        tap_ok(graphql_selects(g, op, "made.loose"), "and without one");
        tap_ok(!graphql_selects(g, op, "create.id"), "not by the name behind an alias");
        tap_ok(!graphql_selects(g, op, "made.nothing"),
               "a fragment that spreads itself does not hold it up");
        tap_ok(!graphql_selects(g, op, "mad") && !graphql_selects(g, op, "made.id.x"),
               "nor half a name, nor below a leaf");
        graphql_free(g);
        g = graphql_parse("{a} query B {b}", 15, &why);
        tap_ok(g != NULL && graphql_operation(g, NULL) == NULL && graphql_operation(g, "B") != NULL,
               "of two, one must be named");
        graphql_free(g);
}

int main(void)
{
        test_refused();
        test_ceilings();
        test_understood();
        return tap_end();
}
