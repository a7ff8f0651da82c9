/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mustache: what is refused, what is shown, and the published conformance cases. */
#include "web/mustache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

/* Partials of a case: names and texts, compiled when asked for. */
struct shelf {
        const json_t *texts;
        struct mustache *made[8];
        const char *names[8];
        size_t count;
};

static const struct mustache *find(void *context, const char *name)
{
        struct shelf *s = context;
        const char *text = json_string_value(json_object_get(s->texts, name));

        for (size_t i = 0; i < s->count; i++)
                if (strcmp(s->names[i], name) == 0)
                        return s->made[i];
        if (text == NULL || s->count == 8)
                return NULL;
        s->names[s->count] = name;
        s->made[s->count] = mustache_compile(text, strlen(text), NULL);
        return s->made[s->count++];
}

/* Renders, or gives "!" and the cause; the caller frees. */
static char *render(const char *template, const json_t *data, const json_t *partials)
{
        struct shelf shelf = { .texts = partials };
        struct fail why = FAIL_CLEAR;
        struct mustache *m = mustache_compile(template, strlen(template), &why);
        struct buf out = BUF_NONE;
        char *text;

        if (m == NULL || mustache_render(m, data, find, &shelf, &out, &why) != 0) {
                buf_reset(&out);
                buf_format(&out, "!%s", why.text);
        }
        for (size_t i = 0; i < shelf.count; i++)
                mustache_free(shelf.made[i]);
        mustache_free(m);
        text = mem_text(buf_text(&out));
        buf_dispose(&out);
        return text;
}

static void test_refused(void)
{
        static const struct {
                const char *name, *given, *want;
        } rows[] = {
                { "unclosed tag", "a\n{{b", "line 2: a tag without its end" },
                { "unclosed triple", "{{{b}}", "line 1: a tag without its end" },
                { "unclosed comment", "{{! b", "line 1: a tag without its end" },
                { "unclosed section", "\n\n{{#b}}", "line 3: section b is never closed" },
                { "unclosed inverted", "{{^b}}", "line 1: section b is never closed" },
                { "closed, not open", "{{/b}}", "line 1: no section b is open" },
                { "crossed", "{{#a}}\n{{#b}}{{/a}}{{/b}}", "line 2: section b is open, not a" },
                { "no name", "{{}}", "line 1: a tag without a name" },
                { "no name of a section", "{{# }}", "line 1: a tag without a name" },
                { "one delimiter", "{{=<%=}}", "line 1: delimiters must be two words" },
                { "three delimiters", "{{=a b c=}}", "line 1: delimiters must be two words" },
                { "no delimiter", "{{= =}}", "line 1: delimiters must be two words" },
                { "long delimiter", "{{=0123456789abcdef b=}}", "delimiters must be two words" },
                { "inheritance", "{{<a}}{{/a}}", "line 1: tags with < are not supported" },
                { "block", "{{$a}}{{/a}}", "line 1: tags with $ are not supported" },
                { "dynamic name", "{{>*a}}", "line 1: tags with * are not supported" },
        };
        struct buf deep = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        char *long_text;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                fail_clear(&why);
                tap_ok(mustache_compile(rows[i].given, strlen(rows[i].given), &why) == NULL,
                       "refused: %s", rows[i].name);
                tap_ok(strstr(why.text, rows[i].want) != NULL, "says: %s", why.text);
                tap_int(why.kind, FAIL_INPUT, "is the template's fault");
        }
        for (int i = 0; i < 33; i++)
                buf_add_text(&deep, "{{#a}}");
        fail_clear(&why);
        tap_ok(mustache_compile(deep.data, deep.len, &why) == NULL, "33 sections deep");
        tap_ok(strstr(why.text, "nested too deep") != NULL, "says: %s", why.text);
        buf_dispose(&deep);
        long_text = mem_alloc((1 << 20) + 1);
        memset(long_text, 'x', (1 << 20) + 1);
        tap_ok(mustache_compile(long_text, (1 << 20) + 1, NULL) == NULL, "longer than 1 MiB");
        mem_free(long_text);
        mustache_free(NULL);
}

static void test_table(void)
{
        static const struct {
                const char *name, *template, *data, *partials, *want;
        } rows[] = {
                { "text alone", "a {b} c", "{}", "{}", "a {b} c" },
                { "nothing", "", "{}", "{}", "" },
                { "escaped", "{{a}}", "{\"a\":\"<b>\\\"'&\"}", "{}", "&lt;b&gt;&quot;&#39;&amp;" },
                { "not escaped", "{{{a}}}{{&a}}", "{\"a\":\"<\"}", "{}", "<<" },
                { "absent", "({{a}})", "{}", "{}", "()" },
                { "null", "({{a}})", "{\"a\":null}", "{}", "()" },
                { "null hides the outer", "{{#b}}({{a}}){{/b}}", "{\"a\":1,\"b\":{\"a\":null}}",
                  "{}", "()" },
                { "integer", "{{a}}", "{\"a\":9007199254740993}", "{}", "9007199254740993" },
                { "real", "{{a}} {{b}} {{c}}", "{\"a\":1.21,\"b\":0.1,\"c\":85.0}", "{}",
                  "1.21 0.1 85" },
                { "booleans", "{{a}} {{b}}", "{\"a\":true,\"b\":false}", "{}", "true false" },
                { "objects have no text", "({{a}}{{b}})", "{\"a\":{},\"b\":[1]}", "{}", "()" },
                { "zero is true", "{{#a}}{{a}} of 9{{/a}}", "{\"a\":0}", "{}", "0 of 9" },
                { "empty text is false", "{{#a}}x{{/a}}{{^a}}y{{/a}}", "{\"a\":\"\"}", "{}", "y" },
                { "empty list is false", "{{#a}}x{{/a}}{{^a}}y{{/a}}", "{\"a\":[]}", "{}", "y" },
                { "empty object is true", "{{#a}}x{{/a}}{{^a}}y{{/a}}", "{\"a\":{}}", "{}", "x" },
                { "list", "{{#a}}{{.}},{{/a}}", "{\"a\":[1,\"<\",2.5]}", "{}", "1,&lt;,2.5," },
                { "list of lists", "{{#a}}{{#.}}{{.}}{{/.}};{{/a}}", "{\"a\":[[1,2],[3]]}", "{}",
                  "12;3;" },
                { "outer from within", "{{#a}}{{x}}{{y}} {{/a}}",
                  "{\"x\":\"o\",\"a\":[{\"y\":1},{\"x\":\"i\",\"y\":2}]}", "{}", "o1 i2 " },
                { "dotted", "{{a.b.c}}", "{\"a\":{\"b\":{\"c\":\"x\"}}}", "{}", "x" },
                { "a broken chain stays broken", "({{#a}}{{b.c}}{{/a}})",
                  "{\"a\":{\"b\":{}},\"b\":{\"c\":\"no\"}}", "{}", "()" },
                { "standalone lines vanish", "a\n  {{#b}}  \nx\n {{/b}}\nc\n", "{\"b\":true}", "{}",
                  "a\nx\nc\n" },
                { "two tags do not", "{{#b}}{{/b}}\n", "{}", "{}", "\n" },
                { "with a carriage return", "a\r\n{{!c}}\r\nb", "{}", "{}", "a\r\nb" },
                { "partial", "[{{>p}}]", "{\"x\":1}", "{\"p\":\"{{x}}\"}", "[1]" },
                { "absent partial", "[{{>p}}]", "{}", "{}", "[]" },
                { "indented partial", " {{>p}}\n.", "{\"x\":\"1\\n2\"}",
                  "{\"p\":\"a\\n{{{x}}}\\n{{>q}}\\n\",\"q\":\"b\\n\"}", " a\n 1\n2\n b\n." },
                { "indented twice", " {{>p}}\n", "{}",
                  "{\"p\":\"a\\n\\t{{>q}}\\n\",\"q\":\"b\\nc\\n\"}", " a\n \tb\n \tc\n" },
                { "delimiters end with the partial", "{{>p}}{{x}}", "{\"x\":1}",
                  "{\"p\":\"{{=| |=}}|x|\"}", "11" },
                { "partial without end", "{{>p}}", "{}", "{\"p\":\"x{{>p}}\"}",
                  "!partial p: nested too deep" },
                { "data is a text", "{{.}}", "\"x\"", "{}", "x" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *data = json_parse(rows[i].data, strlen(rows[i].data), true, NULL);
                json_t *partials =
                    json_parse(rows[i].partials, strlen(rows[i].partials), true, NULL);
                char *got = render(rows[i].template, data, partials);

                tap_text(got, rows[i].want, "%s", rows[i].name);
                mem_free(got);
                json_decref(data);
                json_decref(partials);
        }
}

static void test_ceilings(void)
{
        json_t *data = json_object(), *list = json_array();
        char *got;

        for (int i = 0; i < 2000; i++)
                json_add(list, json_integer(i));
        json_set(data, "a", list);
        json_set_text(data, "x", "0123456789");
        got = render("{{#a}}{{#a}}{{x}}{{/a}}{{/a}}", data, NULL);
        tap_ok(strstr(got, "the page ") != NULL, "a page that grows without end: %.60s", got);
        mem_free(got);
        got = render("{{#a}}{{#a}}{{#a}}{{y}}{{/a}}{{/a}}{{/a}}", data, NULL);
        tap_text(got, "!the page takes too many steps", "loops that print nothing end as well");
        mem_free(got);
        json_decref(data);
}

/* One value alone can be longer than the page may be. */
static void test_one_long_value(void)
{
        static const char page[] = "{{x}}{{{x}}}";
        char *text = mem_alloc((3 << 20) + 1);
        struct mustache *m = mustache_compile(page, strlen(page), NULL);
        json_t *data = json_object();
        struct fail why = FAIL_CLEAR;
        struct buf out = BUF_NONE;

        memset(text, 'x', 3 << 20);
        text[3 << 20] = '\0';
        json_set_text(data, "x", text);
        buf_add_text(&out, "before");
        tap_ok(mustache_render(m, data, NULL, NULL, &out, &why) != 0, "two values of 3 MiB");
        tap_text(why.text, "the page is longer than 4194304 bytes", "says how long");
        tap_int((long long)out.len, 6 + (4 << 20), "and wrote no byte more");
        tap_ok(out.over && out.max == 0,
               "the buffer has its own ceiling again, and says that it was cut");
        buf_dispose(&out);
        json_decref(data);
        mustache_free(m);
        mem_free(text);
}

static void run_file(const char *dir, const char *file)
{
        char *path = file_path(dir, file);
        struct buf text = BUF_NONE;
        const json_t *cases, *one;
        json_t *all = NULL;

        if (file_read(path, 1 << 20, &text, NULL) == 1)
                all = json_parse(text.data, text.len, false, NULL);
        cases = json_at(all, "tests");
        tap_ok(json_array_size(cases) > 9, "%s holds cases", file);
        for (size_t i = 0; i < json_array_size(cases); i++) {
                char *got;

                one = json_array_get(cases, i);
                got = render(json_get_text(one, "template", ""), json_object_get(one, "data"),
                             json_object_get(one, "partials"));
                tap_text(got, json_get_text(one, "expected", "?"), "%s: %s", file,
                         json_get_text(one, "name", "?"));
                mem_free(got);
        }
        json_decref(all);
        buf_dispose(&text);
        mem_free(path);
}

static void test_conformance(void)
{
        static const char *const files[] = { "comments.json",      "delimiters.json",
                                             "interpolation.json", "inverted.json",
                                             "partials.json",      "sections.json" };
        const char *given = getenv("FAIRLEAD_SHARED"), *source = getenv("FAIRLEAD_SOURCE");
        char *shared =
            given != NULL ? mem_text(given) : mem_format("%s/../shared", text_or(source, "."));
        char *dir = file_path(shared, "mustache-spec"), *first = file_path(dir, files[0]);
        struct buf probe = BUF_NONE;

        if (file_read(first, 1 << 20, &probe, NULL) == 1)
                for (size_t i = 0; i < sizeof files / sizeof *files; i++)
                        run_file(dir, files[i]);
        else
                tap_skip(1, "the published cases are not here (FAIRLEAD_SHARED)");
        buf_dispose(&probe);
        mem_free(first);
        mem_free(dir);
        mem_free(shared);
}

int main(void)
{
        test_refused();
        test_table();
        test_ceilings();
        test_one_long_value();
        test_conformance();
        return tap_end();
}
