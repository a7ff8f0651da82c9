/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: what is let in, how it is read, how it is written. */
#include "door/json.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "floor/buf.h"
#include "floor/fail.h"
#include "floor/mem.h"

static json_t *parse(const char *text)
{
        return json_parse(text, strlen(text), false, NULL);
}

static void test_door(void)
{
        static const struct {
                const char *name, *given;
                size_t len; /* 0: strlen */
                bool loose, strict;
        } rows[] = {
                { "nothing", "", 0, false, false },
                { "white space", " \n\t", 0, false, false },
                { "an object", "{\"a\":1}", 0, true, true },
                { "a bare number", "17", 0, true, true },
                { "a bare string", "\"x\"", 0, true, true },
                { "null", "null", 0, true, true },
                { "white space around", " \r\n[] \t", 0, true, true },
                { "something behind", "{} {}", 0, false, false },
                { "a NUL byte behind", "{}\0", 3, false, false },
                { "cut off", "{\"a\":[1,2", 0, false, false },
                { "a comma too many", "[1,]", 0, false, false },
                { "a comment", "[1] // one", 0, false, false },
                { "single quotes", "{'a':1}", 0, false, false },
                { "a byte order mark", "\xEF\xBB\xBF{}", 0, false, false },
                { "NaN", "NaN", 0, false, false },
                { "a leading zero", "01", 0, false, false },
                { "a plus", "+1", 0, false, false },
                { "hexadecimal", "0x1", 0, false, false },
                { "the largest integer", "9223372036854775807", 0, true, true },
                { "one more", "9223372036854775808", 0, false, false },
                { "the smallest integer", "-9223372036854775808", 0, true, true },
                { "one less", "-9223372036854775809", 0, false, false },
                { "a thousand digits", NULL, 0, false, false },
                { "the largest real", "1.7976931348623157e308", 0, true, true },
                { "a real out of range", "1e309", 0, false, false },
                { "a negative real out of range", "-1e309", 0, false, false },
                { "a real near zero", "1e-400", 0, true, true },
                { "NUL escaped", "\"a\\u0000b\"", 0, false, false },
                { "NUL raw", "\"a\0b\"", 5, false, false },
                { "NUL in a name", "{\"a\\u0000\":1}", 0, false, false },
                { "a raw control character", "\"a\nb\"", 0, false, false },
                { "a raw 0xFF", "\"\xFF\"", 0, false, false },
                { "an overlong form", "\"\xC0\xAF\"", 0, false, false },
                { "a surrogate as bytes", "\"\xED\xA0\x80\"", 0, false, false },
                { "a character cut short", "\"\xE2\x82\"", 0, false, false },
                { "invalid UTF-8 in a name", "{\"\xFF\":1}", 0, false, false },
                { "a lone surrogate escaped", "\"\\ud800\"", 0, false, false },
                { "a pair of surrogates", "\"\\ud83d\\ude00\"", 0, true, true },
                { "a member twice", "{\"a\":1,\"a\":2}", 0, true, false },
                { "a member twice, escaped", "{\"a\":1,\"\\u0061\":2}", 0, true, false },
                { "a member twice, deeper", "[{\"x\":{\"a\":1,\"a\":1}}]", 0, true, false },
        };
        char digits[1001];

        memset(digits, '9', 1000);
        digits[1000] = '\0';
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const char *given = rows[i].given ? rows[i].given : digits;
                size_t len = rows[i].len ? rows[i].len : strlen(given);

                for (int strict = 0; strict < 2; strict++) {
                        struct fail why = FAIL_CLEAR;
                        /* Exactly len bytes, so that a sanitizer sees a step too far. */
                        char *copy = mem_copy(given, len);
                        json_t *value = json_parse(copy, len, strict, &why);
                        bool want = strict ? rows[i].strict : rows[i].loose;

                        tap_ok((value != NULL) == want && (want || why.kind == FAIL_INPUT),
                               "%s %s: %s", strict ? "strict" : "loose", rows[i].name, why.text);
                        json_decref(value);
                        mem_free(copy);
                }
        }
        tap_ok(json_parse(NULL, 0, false, NULL) == NULL, "no text at all");
}

static char *nested(size_t depth, bool objects)
{
        struct buf b = BUF_NONE;

        for (size_t i = 0; i < depth; i++)
                buf_add_text(&b, objects ? "{\"a\":" : "[");
        if (objects)
                buf_add_text(&b, "1");
        for (size_t i = 0; i < depth; i++)
                buf_add_char(&b, objects ? '}' : ']');
        return buf_take(&b);
}

static void test_depth(void)
{
        static const struct {
                size_t depth;
                bool want;
        } rows[] = { { 1, true }, { 64, true }, { 65, false }, { 3000, false }, { 100000, false } };
        struct fail why = FAIL_CLEAR;
        struct buf b = BUF_NONE;
        json_t *value;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                for (int objects = 0; objects < 2; objects++) {
                        char *text = nested(rows[i].depth, objects);

                        value = json_parse(text, strlen(text), false, &why);
                        tap_ok((value != NULL) == rows[i].want, "%zu %s deep", rows[i].depth,
                               objects ? "objects" : "arrays");
                        json_decref(value);
                        mem_free(text);
                }
        }
        tap_text(why.text, "JSON nested deeper than 64 levels", "the depth is named");
        buf_add_text(&b, "[\"");
        for (int i = 0; i < 200; i++)
                buf_add_text(&b, "[{\\\"");
        buf_add_text(&b, "\",[],[],{}");
        for (int i = 0; i < 200; i++)
                buf_add_text(&b, ",[[]]");
        buf_add_text(&b, "]");
        value = json_parse(b.data, b.len, true, NULL);
        tap_ok(value != NULL, "brackets in strings and side by side are not depth");
        json_decref(value);
        buf_dispose(&b);
}

/* "[0,0,...]" is count values: the array and what is in it. */
static void test_width(void)
{
        static const struct {
                const char *part;
                size_t count;
                bool want;
        } rows[] = {
                { "0", JSON_VALUES_MAX, true },       { "0", JSON_VALUES_MAX + 1, false },
                { "{}", JSON_VALUES_MAX, true },      { "{}", JSON_VALUES_MAX + 1, false },
                { "\",[{\"", JSON_VALUES_MAX, true }, { "[ ]", JSON_VALUES_MAX / 2 + 10, false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fail why = FAIL_CLEAR;
                struct buf text = BUF_NONE;
                json_t *value;

                buf_add_text(&text, "[");
                for (size_t k = 1; k < rows[i].count; k++)
                        buf_format(&text, "%s%s", k > 1 ? "," : "", rows[i].part);
                buf_add_text(&text, "]");
                value = json_parse(text.data, text.len, false, &why);
                tap_ok((value != NULL) == rows[i].want, "%zu times %s", rows[i].count,
                       rows[i].part);
                if (!rows[i].want)
                        tap_text(why.text, "JSON of more than 500000 values",
                                 "the number is named");
                json_decref(value);
                buf_dispose(&text);
        }
}

static void test_secrecy(void)
{
        struct fail why = FAIL_CLEAR;
        json_t *value;

        value = parse("{\"a\":1,\"a\":2}");
        tap_int(json_get_int(value, "a", 0), 2, "of two members the last one wins");
        json_decref(value);
        json_parse("{\"key\": hunter2}", 16, true, &why);
        tap_ok(strstr(why.text, "hunter2") == NULL, "the text is not quoted: %s", why.text);
        tap_ok(strstr(why.text, "line 1, column 14") != NULL, "but its place is named");
}

static void test_read(void)
{
        static const char text[] =
            "{\"s\":\"text\",\"n\":null,\"i\":17,\"r\":5.0,\"h\":5.5,\"t\":true,\"ts\":\"false\","
            "\"d\":\"-42\",\"dr\":\"87.5\",\"big\":9007199254740993,\"huge\":1e19,\"e\":\"\","
            "\"id\":4294967296123,\"a\":[{\"id\":\"x1\"},[1,2]],\"o\":{\"p\":{\"q\":7}},"
            "\"\":{\"\":1},\"edge\":9223372036854775808.0}";
        static const struct {
                const char *path;
                int64_t whole;
                double real;
                const char *text, *id;
        } rows[] = {
                { "s", -1, -1, "text", "text" },
                { "n", -1, -1, NULL, NULL },
                { "absent", -1, -1, NULL, NULL },
                { "absent.deeper", -1, -1, NULL, NULL },
                { "s.deeper", -1, -1, NULL, NULL },
                { "i", 17, 17, NULL, "17" },
                { "r", 5, 5, NULL, NULL },
                { "h", -1, 5.5, NULL, NULL },
                { "t", -1, -1, NULL, NULL },
                { "d", -42, -42, "-42", "-42" },
                { "dr", -1, 87.5, "87.5", "87.5" },
                { "e", -1, -1, "", NULL },
                { "big", 9007199254740993, -1, NULL, "9007199254740993" },
                { "huge", -1, 1e19, NULL, NULL },
                { "edge", -1, 0x1p63, NULL, NULL },
                { "id", 4294967296123, 4294967296123.0, NULL, "4294967296123" },
                { "a.0.id", -1, -1, "x1", "x1" },
                { "a.1.1", 2, 2, NULL, "2" },
                { "a.2", -1, -1, NULL, NULL },
                { "a.-1", -1, -1, NULL, NULL },
                { "a.x", -1, -1, NULL, NULL },
                { "a.99999999999999999999", -1, -1, NULL, NULL },
                { "o.p.q", 7, 7, NULL, "7" },
                { "o.p", -1, -1, NULL, NULL },
        };
        json_t *value = parse(text);
        char *id, *same;
        char longest[400];

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const char *path = rows[i].path;

                tap_int(json_get_int(value, path, -1), rows[i].whole, "integer at %s", path);
                tap_ok(json_real_of(json_at(value, path), -1) == rows[i].real, "real at %s", path);
                tap_text(json_get_text(value, path, NULL), rows[i].text, "text at %s", path);
                id = json_get_id(value, path);
                tap_text(id, rows[i].id, "id at %s", path);
                mem_free(id);
        }
        tap_ok(json_at(value, "") == value, "the empty path is the value itself");
        tap_ok(json_at(NULL, "a") == NULL && json_at(NULL, "") == NULL, "NULL has no members");
        tap_text(json_get_text(NULL, "a", "other"), "other", "NULL reads as otherwise");
        tap_ok(json_get_bool(value, "t", false) && !json_get_bool(value, "ts", true),
               "truth, also as text");
        tap_ok(json_get_bool(value, "i", true) && !json_get_bool(value, "i", false),
               "a number is no truth");
        tap_ok(json_is_number_of(json_at(value, "h")) && json_is_number_of(json_at(value, "i")) &&
                   !json_is_number_of(json_at(value, "d")) && !json_is_number_of(NULL),
               "numbers");
        memset(longest, 'a', sizeof longest - 1);
        longest[sizeof longest - 1] = '\0';
        tap_ok(json_at(value, longest) == NULL, "a step longer than any member");
        same = json_text(value);
        json_decref(value);
        value = parse(same);
        tap_ok(value != NULL, "what was written is read again");
        json_decref(value);
        mem_free(same);
}

static void test_write(void)
{
        static const struct {
                const char *given, *want;
        } rows[] = {
                { "{\"b\":1,\"a\":[true,null]}", "{\"a\":[true,null],\"b\":1}" },
                { "\"\\u00e9\\/\\u2028\"", "\"\xC3\xA9/\xE2\x80\xA8\"" },
                { "0.1", "0.1" },
                { "[87.3,1e300,2.50]", "[87.3,1e300,2.5]" },
                { "3.0", "3.0" },
                { "0.30000000000000004", "0.30000000000000004" },
                { "5e-324", "4.94065645841247e-324" },
                { "-0.0", "-0.0" },
                { "\"\\u0001\\n\\\"\\\\\"", "\"\\u0001\\n\\\"\\\\\"" },
                { "null", "null" },
        };
        struct buf out = BUF_NONE;
        json_t *object = json_object(), *list = json_array(), *value;
        char *text;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                value = parse(rows[i].given);
                text = json_text(value);
                tap_text(text, rows[i].want, "written: %s", rows[i].given);
                mem_free(text);
                json_decref(value);
        }
        json_set_text(object, "text", "ok");
        json_set_text(object, "none", NULL);
        json_set_text(object, "bad", "a\xFF\xC3\xA9\xE2\x82z");
        json_set_text(object,
                      "b\xFF"
                      "d",
                      "x");
        json_set_int(object, "int", INT64_MIN);
        json_set_bool(object, "yes", true);
        json_set(object, "null", NULL);
        json_add(list, json_new_text("a\0b", 3));
        json_add(list, NULL);
        json_set(object, "list", list);
        json_write(object, &out);
        tap_text(buf_text(&out),
                 "{\"bad\":\"a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBDz\","
                 "\"b\xEF\xBF\xBD"
                 "d\":\"x\",\"int\":-9223372036854775808,"
                 "\"list\":[\"a\xEF\xBF\xBD"
                 "b\",null],\"none\":null,\"null\":null,"
                 "\"text\":\"ok\",\"yes\":true}",
                 "bad bytes and NUL are replaced one by one");
        value = json_parse(out.data, out.len, true, NULL);
        tap_ok(json_equal(value, object), "what was built can be parsed back");
        json_decref(value);
        buf_reset(&out);
        json_print(json_at(object, "list"), &out);
        tap_text(buf_text(&out),
                 "[\n  \"a\xEF\xBF\xBD"
                 "b\",\n  null\n]",
                 "for people");
        json_decref(object);
        buf_dispose(&out);
}

/* Each thread its own values; only the hash seed and the allocator are common. */
static void *work(void *result)
{
        for (int i = 0; i < 300; i++) {
                json_t *value = parse("{\"a\":[1,2,{\"b\":\"c\"}],\"d\":0.5}");
                char *text = json_text(value);

                if (strcmp(text, "{\"a\":[1,2,{\"b\":\"c\"}],\"d\":0.5}") != 0)
                        *(bool *)result = false;
                mem_free(text);
                json_decref(value);
        }
        return NULL;
}

static void test_threads(void)
{
        pthread_t threads[4];
        bool good[4] = { true, true, true, true };

        for (int i = 0; i < 4; i++)
                pthread_create(&threads[i], NULL, work, &good[i]);
        for (int i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        tap_ok(good[0] && good[1] && good[2] && good[3], "four threads at once");
}

int main(void)
{
        test_door();
        test_depth();
        test_width();
        test_secrecy();
        test_read();
        test_write();
        test_threads();
        return tap_end();
}
