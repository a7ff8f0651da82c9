/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON with a flaw: what is mended, what stays refused, what can be skimmed. */
#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "door/json.h"
#include "floor/mem.h"

#define FFFD "\xEF\xBF\xBD"

/* The value as json_write() has it, or "(none)"; the caller frees. */
static char *read_back(const char *text, size_t len)
{
        struct fail why = FAIL_CLEAR;
        char *copy = mem_copy(text, len); /* exactly len bytes: a sanitizer sees a step too far */
        json_t *value = json_read(copy, len, &why);
        char *back = value == NULL ? mem_text("(none)") : json_text(value);

        tap_ok((value == NULL) == (why.kind == FAIL_INPUT), "a cause only for what is refused");
        json_decref(value);
        mem_free(copy);
        return back;
}

static void test_read(void)
{
        static const struct {
                const char *name, *given;
                size_t len; /* 0: strlen */
                const char *want;
        } rows[] = {
                { "nothing", "", 0, "(none)" },
                { "cut off", "{\"a\":\"\xFF", 0, "(none)" },
                { "cut off in an escape", "\"\xFF\\", 0, "(none)" },
                { "cut off in digits", "\"\xFF\\u00", 0, "(none)" },
                { "no JSON", "{a:\xFF}", 0, "(none)" },
                { "a comma too many", "[\"\xFF\",]", 0, "(none)" },
                { "an escape that is none", "\"\\x41\xFF\"", 0, "(none)" },
                { "two values", "\"\xFF\" 1", 0, "(none)" },
                { "a NUL byte outside", "[\"\xFF\"]\0", 6, "(none)" },
                { "two numbers in one", "[1+2]", 0, "(none)" },
                { "a leading zero", "012345678901234567890123", 0, "(none)" },
                { "without a flaw", "{\"a\":[1,\"\xC3\xA9\",null]}", 0,
                  "{\"a\":[1,\"\xC3\xA9\",null]}" },
                { "NUL escaped", "{\"a\\u0000\":\"b\\u0000c\"}", 0,
                  "{\"a" FFFD "\":\"b" FFFD "c\"}" },
                { "NUL raw", "\"a\0b\"", 5, "\"a" FFFD "b\"" },
                { "control characters raw", "\"a\n\tb\"", 0, "\"a" FFFD FFFD "b\"" },
                { "bytes that are no UTF-8", "[\"\xFF\xC0\xAF\xED\xA0\x80x\xE2\x82\"]", 0,
                  "[\"" FFFD FFFD FFFD FFFD FFFD FFFD "x" FFFD FFFD "\"]" },
                { "half a pair at the end", "\"Jo \\ud83d\"", 0, "\"Jo " FFFD "\"" },
                { "half a pair before text", "\"\\ud83dx\\uDE00\"", 0, "\"" FFFD "x" FFFD "\"" },
                { "halves in the wrong order", "\"\\ude00\\ud83d\"", 0, "\"" FFFD FFFD "\"" },
                { "a pair after a half", "\"\\ud83d\\ud83d\\ude00\"", 0,
                  "\"" FFFD "\xF0\x9F\x98\x80\"" },
                { "a backslash escaped", "\"\\\\ud83d\xFF\"", 0, "\"\\\\ud83d" FFFD "\"" },
                { "a quotation mark escaped", "\"\\\"\xFF\"", 0, "\"\\\"" FFFD "\"" },
                { "integers beyond 64 bits", "[1e2,9223372036854775808,-9223372036854775808]", 0,
                  "[100.0,9.223372036854776e18,-9223372036854775808]" },
                { "reals that are none", "[1e999,-1e999,1e-999,1]", 0, "[null,null,0.0,1]" },
                { "digits in a string", "\"99999999999999999999\xFF\"", 0,
                  "\"99999999999999999999" FFFD "\"" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                size_t len = rows[i].len ? rows[i].len : strlen(rows[i].given);
                char *back = read_back(rows[i].given, len);

                tap_text(back, rows[i].want, "%s", rows[i].name);
                mem_free(back);
        }
        tap_ok(json_read(NULL, 0, NULL) == NULL, "no text at all");
}

static void test_skim(void)
{
        static const struct {
                const char *name, *given;
                size_t len;
                const char *want;
        } rows[] = {
                { "nothing", "", 0, "{}" },
                { "no object", "[{\"a\":1}]", 0, "{}" },
                { "an empty object", " { } ", 0, "{}" },
                { "values of every kind",
                  "{\"s\":\"x\",\"i\":17,\"r\":1.5,\"t\":true,\"f\":false,\"n\":null,"
                  "\"o\":{\"s\":\"inside\"},\"a\":[1,2]}",
                  0, "{\"f\":false,\"i\":17,\"n\":null,\"r\":1.5,\"s\":\"x\",\"t\":true}" },
                { "white space", "\r\n{ \"a\" :\t1 , \"b\" : 2 }", 0, "{\"a\":1,\"b\":2}" },
                { "one name twice", "{\"a\":1,\"a\":2}", 0, "{\"a\":2}" },
                { "one name twice, then no scalar", "{\"a\":1,\"b\":2,\"a\":{}}", 0, "{\"b\":2}" },
                { "no JSON further in", "{\"a\":1,\"o\":{\"x\":\"y\" \"z\":,},\"b\":2}", 0,
                  "{\"a\":1,\"b\":2}" },
                { "brackets in strings further in", "{\"o\":[\"}]\\\"}\"],\"b\":2}", 0,
                  "{\"b\":2}" },
                { "cut off further in", "{\"a\":1,\"o\":{\"x\":[1,", 0, "{\"a\":1}" },
                { "cut off in a string", "{\"a\":1,\"b\":\"tw", 0, "{\"a\":1}" },
                { "cut off behind a backslash", "{\"a\":1,\"b\":\"tw\\", 0, "{\"a\":1}" },
                { "cut off in a number, perhaps", "{\"a\":1,\"b\":23", 0, "{\"a\":1}" },
                { "cut off in a name", "{\"a\":1,\"b", 0, "{\"a\":1}" },
                { "cut off behind a name", "{\"a\":1,\"b\":", 0, "{\"a\":1}" },
                { "a flaw in a value", "{\"a\":\"\\ud83d\",\"b\":1}", 0,
                  "{\"a\":\"" FFFD "\",\"b\":1}" },
                { "a value that is none", "{\"a\":nul,\"b\":1}", 0, "{\"b\":1}" },
                { "a name that is none", "{\"a\":1,b:2}", 0, "{\"a\":1}" },
                { "something behind it", "{\"a\":1} and more", 0, "{\"a\":1}" },
                { "a NUL byte between", "{\"a\":1,\0\"b\":2}", 15, "{\"a\":1}" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                size_t len = rows[i].len ? rows[i].len : strlen(rows[i].given);
                char *copy = mem_copy(rows[i].given, len), *got;
                json_t *value = json_skim(copy, len);

                got = json_text(value);
                tap_text(got, rows[i].want, "skimmed: %s", rows[i].name);
                mem_free(got);
                mem_free(copy);
                json_decref(value);
        }
}

static void test_bounds(void)
{
        struct buf text = BUF_NONE;
        json_t *value;

        buf_add_text(&text, "{\"deep\":");
        for (int i = 0; i < 100000; i++)
                buf_add_char(&text, '[');
        for (int i = 0; i < 100000; i++)
                buf_add_char(&text, ']');
        buf_add_text(&text, ",\"a\":1}");
        value = json_skim(text.data, text.len);
        tap_int(json_get_int(value, "a", 0), 1, "what stands behind a hundred thousand levels");
        json_decref(value);
        value = json_read(text.data, text.len, NULL);
        tap_ok(value == NULL, "which nobody reads whole");
        buf_reset(&text);
        buf_add_text(&text, "{");
        for (int i = 0; i < 2 * JSON_SKIM_MAX; i++)
                buf_format(&text, "%s\"n%d\":%d", i > 0 ? "," : "", i, i);
        value = json_skim(text.data, text.len);
        tap_int((int64_t)json_object_size(value), JSON_SKIM_MAX, "no more members than that");
        json_decref(value);
        buf_reset(&text);
        buf_format(&text, "{\"a\":\"%0*d\",\"b\":\"%0*d\"}", JSON_SKIM_MAX - 2, 0,
                   JSON_SKIM_MAX - 1, 0);
        value = json_skim(text.data, text.len);
        tap_ok(json_get_text(value, "a", NULL) != NULL, "a value of that many bytes");
        tap_ok(json_get_text(value, "b", NULL) == NULL, "not of one more");
        json_decref(value);
        buf_dispose(&text);
}

int main(void)
{
        test_read();
        test_skim();
        test_bounds();
        return tap_end();
}
