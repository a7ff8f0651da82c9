/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor: bytes, text, encodings, time, settings, small files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/fail.h"
#include "floor/file.h"
#include "floor/mask.h"
#include "floor/mem.h"
#include "floor/setting.h"
#include "floor/text.h"
#include "floor/when.h"

static void test_buf(void)
{
        struct buf b = BUF_NONE;
        char *taken;

        tap_text(buf_text(&b), "", "an empty buffer reads as an empty text");
        buf_format(&b, "%d-%s", 7, "x");
        tap_text(buf_text(&b), "7-x", "buf_format appends");
        buf_add(&b, "\0y", 2);
        tap_int((int64_t)b.len, 5, "a NUL byte counts");
        taken = buf_take(&b);
        tap_ok(b.data == NULL && b.len == 0, "a taken buffer is empty");
        mem_free(taken);
        buf_limit(&b, 4);
        buf_add_text(&b, "abcdef");
        tap_text(buf_text(&b), "abcd", "the ceiling keeps the first bytes");
        tap_ok(b.over, "the ceiling is reported");
        buf_dispose(&b);
        buf_limit(&b, 0);
        for (int i = 0; i < 1000; i++)
                buf_format(&b, "%0300d", i);
        tap_int((int64_t)b.len, 300000, "long formats are appended whole");
        buf_dispose(&b);
}

static void test_text(void)
{
        static const struct {
                const char *name, *given;
                size_t len;
                bool want;
        } utf8[] = {
                { "ASCII", "plain", 5, true },
                { "two bytes", "\xC3\xA9", 2, true },
                { "euro", "\xE2\x82\xAC", 3, true },
                { "emoji", "\xF0\x9F\x98\x80", 4, true },
                { "overlong slash", "\xC0\xAF", 2, false },
                { "overlong three", "\xE0\x80\xAF", 3, false },
                { "surrogate", "\xED\xA0\x80", 3, false },
                { "above the last", "\xF4\x90\x80\x80", 4, false },
                { "cut short", "\xE2\x82", 2, false },
                { "lone continuation", "\x80", 1, false },
                { "bare 0xFF", "\xFF", 1, false },
                { "NUL is a character", "\0", 1, true },
        };
        static const struct {
                const char *given;
                bool want;
        } names[] = {
                { "acme", true },   { "a", true },
                { "A-b_9", true },  { "", false },
                { "-acme", false }, { "../x", false },
                { "a/b", false },   { "a.b", false },
                { "a b", false },   { "caf\xC3\xA9", false },
                { NULL, false },    { "12345678901234567", false },
        };
        static const struct {
                const char *given;
                int result;
                int64_t want;
        } numbers[] = {
                { "0", 0, 0 },     { "-5", 0, -5 },
                { "100", 0, 100 }, { "101", -1, 0 },
                { "", -1, 0 },     { "1x", -1, 0 },
                { " 1", -1, 0 },   { "+1", -1, 0 },
                { "-", -1, 0 },    { "99999999999999999999", -1, 0 },
        };
        char cut[] = "ab\xE2\x82\xAC", trim[] = " \t x y \r\n";

        for (size_t i = 0; i < sizeof utf8 / sizeof *utf8; i++)
                tap_ok(text_utf8_valid(utf8[i].given, utf8[i].len) == utf8[i].want, "UTF-8: %s",
                       utf8[i].name);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                tap_ok(text_is_name(names[i].given, 16) == names[i].want, "name: %s",
                       names[i].given ? names[i].given : "(null)");
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
                int64_t value = 0;

                tap_int(text_int(numbers[i].given, -10, 100, &value), numbers[i].result,
                        "number \"%s\"", numbers[i].given);
                tap_int(value, numbers[i].want, "value of \"%s\"", numbers[i].given);
        }
        tap_int((int64_t)text_cut(cut, 4), 2, "a cut never splits a character");
        tap_text(text_trim(trim), "x y", "trim");
        tap_ok(text_equal(NULL, NULL) && !text_equal(NULL, ""), "NULL equals only NULL");
        tap_ok(text_equal_fold("BeArer", "bearer"), "fold ignores ASCII case");
        tap_ok(!text_starts("sha256", "sha256 "), "a start longer than the text");
        tap_ok(text_ends("a.fcgi", ".fcgi") && !text_ends("i", ".fcgi"), "ends");
}

static void test_code(void)
{
        static const struct {
                const char *plain, *base64, *base64url;
        } rows[] = {
                /* RFC 4648, section 10 */
                { "", "", "" },
                { "f", "Zg==", "Zg" },
                { "fo", "Zm8=", "Zm8" },
                { "foo", "Zm9v", "Zm9v" },
                { "foob", "Zm9vYg==", "Zm9vYg" },
                { "fooba", "Zm9vYmE=", "Zm9vYmE" },
                { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
                { "\xFB\xFF", "+/8=", "-_8" },
        };
        static const char *const bad64[] = {
                "Z", "Zg=", "Zg", "Zh==", "Z===", "Zm9v!", "Zm 9v==="
        };
        static const char *const badurl[] = { "%", "%4", "%zz", "%00", "a%0", "%%41" };
        struct buf b = BUF_NONE;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                buf_reset(&b);
                code_base64(&b, rows[i].plain, strlen(rows[i].plain));
                tap_text(buf_text(&b), rows[i].base64, "base64 of \"%s\"", rows[i].base64);
                buf_reset(&b);
                code_base64url(&b, rows[i].plain, strlen(rows[i].plain));
                tap_text(buf_text(&b), rows[i].base64url, "base64url of \"%s\"", rows[i].base64);
                buf_reset(&b);
                tap_int(code_unbase64(&b, rows[i].base64, strlen(rows[i].base64)), 0, "unbase64");
                tap_text(buf_text(&b), rows[i].plain, "unbase64 value");
                buf_reset(&b);
                tap_int(code_unbase64url(&b, rows[i].base64url, strlen(rows[i].base64url)), 0,
                        "unbase64url");
                tap_text(buf_text(&b), rows[i].plain, "unbase64url value");
        }
        for (size_t i = 0; i < sizeof bad64 / sizeof *bad64; i++)
                tap_int(code_unbase64(&b, bad64[i], strlen(bad64[i])), -1, "refused base64: %s",
                        bad64[i]);
        for (size_t i = 0; i < sizeof badurl / sizeof *badurl; i++)
                tap_int(code_unurl(&b, badurl[i], strlen(badurl[i])), -1, "refused escape: %s",
                        badurl[i]);
        buf_reset(&b);
        tap_int(code_unurl(&b, "a%2Fb%252F+", 11), 0, "unurl");
        tap_text(buf_text(&b), "a/b%2F+", "percent-encoding is undone once, plus stays");
        buf_reset(&b);
        code_unform(&b, "a+b%2B", 6);
        tap_text(buf_text(&b), "a b+", "a form's plus is a space");
        buf_reset(&b);
        code_url(&b, "a b/\xC3\xA9~");
        tap_text(buf_text(&b), "a%20b%2F%C3%A9~", "url");
        buf_reset(&b);
        code_html(&b, "<a href=\"x\">'&", 14);
        tap_text(buf_text(&b), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;", "html");
        buf_reset(&b);
        code_hex(&b, "\x01\xAB", 2);
        tap_text(buf_text(&b), "01ab", "hex");
        buf_reset(&b);
        tap_int(code_unhex(&b, "01AB", 4), 0, "unhex takes either case");
        tap_int(code_unhex(&b, "0", 1), -1, "unhex refuses half a byte");
        tap_int(code_unhex(&b, "0g", 2), -1, "unhex refuses other letters");
        /* RFC 3720, appendix B.4 */
        tap_int(code_crc32c(0, "123456789", 9), 0xE3069283, "CRC-32C check value");
        tap_int(code_crc32c(code_crc32c(0, "1234", 4), "56789", 5), 0xE3069283,
                "CRC-32C in two steps");
        buf_dispose(&b);
}

/* From the year 0 to the year 9999 in steps that are no whole days, and the days on which
 * a calendar goes wrong. */
static void same_as_libc(void)
{
        static const int64_t days[] = { 951782400,  951868799,  951868800, 4107456000,
                                        4107542399, 4107542400, -1,        0,
                                        1,          86399,      86400 };
        const size_t odd = sizeof days / sizeof *days;
        struct buf b = BUF_NONE;
        int64_t wrong = 0, t = -INT64_C(62167219200);
        size_t i = 0;

        for (; wrong == 0 && t < INT64_C(253402300800); i++) {
                int64_t now = i < odd ? days[i] : t;
                char want[64];
                struct tm tm;
                time_t libc = (time_t)now;

                gmtime_r(&libc, &tm);
                strftime(want, sizeof want, "%a, %d %b ", &tm);
                snprintf(want + strlen(want), 32, "%04d %02d:%02d:%02d GMT", tm.tm_year + 1900,
                         tm.tm_hour, tm.tm_min, tm.tm_sec);
                buf_reset(&b);
                when_http(&b, now * 1000);
                if (strcmp(buf_text(&b), want) != 0)
                        wrong = now == 0 ? 1 : now;
                if (i >= odd)
                        t += 4000037;
        }
        tap_int(wrong, 0, "the same as gmtime_r over %zu times of 10000 years", i);
        buf_dispose(&b);
}

static void test_when(void)
{
        static const struct {
                const char *given;
                int result;
                int64_t want;
        } rows[] = {
                { "1970-01-01T00:00:00Z", 0, 0 },
                { "2026-05-11T14:53:45Z", 0, 1778511225000 },
                { "2026-05-11T14:53:45.027Z", 0, 1778511225027 },
                { "2026-05-11T16:53:45+02:00", 0, 1778511225000 },
                { "2026-05-11 09:53:45.5-0500", 0, 1778511225500 },
                { "2026-13-11T14:53:45Z", -1, 0 },
                { "2026-05-11T14:53:45", -1, 0 },
                { "2026-05-11", -1, 0 },
                { "2026-02-28T00:00:00Z", 0, 1772236800000 },
                { "2028-02-29T00:00:00Z", 0, 1835395200000 },
                { "2000-02-29T00:00:00Z", 0, 951782400000 },
                { "2026-02-29T00:00:00Z", -1, 0 },
                { "2100-02-29T00:00:00Z", -1, 0 },
                { "2026-02-31T00:00:00Z", -1, 0 },
                { "2026-04-31T00:00:00Z", -1, 0 },
                { "2026-06-31T00:00:00Z", -1, 0 },
                { "2026-12-31T23:59:59Z", 0, 1798761599000 },
                { "2026-12-32T00:00:00Z", -1, 0 },
                { "2026-05-11T14:53:45Zx", -1, 0 },
                { "", -1, 0 },
        };
        struct buf b = BUF_NONE;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                int64_t ms = 0;

                tap_int(when_parse(rows[i].given, &ms), rows[i].result, "time \"%s\"",
                        rows[i].given);
                tap_int(ms, rows[i].want, "milliseconds of \"%s\"", rows[i].given);
        }
        when_iso(&b, 1778511225027);
        tap_text(buf_text(&b), "2026-05-11T14:53:45.027Z", "ISO with milliseconds");
        buf_reset(&b);
        when_iso(&b, -1000);
        tap_text(buf_text(&b), "1969-12-31T23:59:59Z", "ISO before 1970");
        same_as_libc();
        buf_reset(&b);
        when_http(&b, 784111777000);
        tap_text(buf_text(&b), "Sun, 06 Nov 1994 08:49:37 GMT", "RFC 9110's own example");
        buf_reset(&b);
        when_people(&b, 784111777000);
        tap_text(buf_text(&b), "Sunday 6 November 1994, 08:49 UTC", "for people");
        buf_reset(&b);
        when_span(&b, 3 * WHEN_HOUR + 20 * WHEN_MINUTE);
        tap_text(buf_text(&b), "3 h 20 min", "span");
        buf_dispose(&b);
}

static void test_setting(void)
{
        static const char *word, *mode;
        static int64_t number;
        static bool flag;
        static const struct setting table[] = {
                { "FAIRLEAD_T_WORD", SETTING_TEXT, "std", 0, 8, &word, NULL, "a word" },
                { "FAIRLEAD_T_MODE", SETTING_CHOICE, "a", 0, 0, &mode, "a|bc", "a mode" },
                { "FAIRLEAD_T_NUMBER", SETTING_INT, "3", 1, 9, &number, NULL, "a number" },
                { "FAIRLEAD_T_FLAG", SETTING_BOOL, "no", 0, 0, &flag, NULL, "a flag" },
                { NULL, 0, NULL, 0, 0, NULL, NULL, NULL },
        };
        static const struct setting *const tables[] = { table, NULL };
        static const struct {
                const char *given, *want;
        } bad[] = {
                { "FAIRLEAD_T_NUMBER = 10\n", "line 1: FAIRLEAD_T_NUMBER must be" },
                { "# fine\nFAIRLEAD_T_MODE = b\n", "line 2: FAIRLEAD_T_MODE must be one of" },
                { "\nnonsense\n", "line 2: expected NAME = value" },
                { "FAIRLEAD_NOPE = 1\n", "no setting is called FAIRLEAD_NOPE" },
                { "FAIRLEAD_T_FLAG = maybe\n", "must be yes or no" },
                { "FAIRLEAD_T_WORD = 123456789\n", "longer than 8" },
        };
        char *dir = tap_dir(), *path = file_path(dir, "settings");
        struct buf text = BUF_NONE;
        struct fail why = FAIL_CLEAR;

        tap_int(setting_load(tables, NULL, path, &why), 0, "no file is fine");
        tap_text(word, "std", "default text");
        tap_int(number, 3, "default number");
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                fail_clear(&why);
                file_write(path, bad[i].given, strlen(bad[i].given), 0600, NULL);
                tap_int(setting_load(tables, NULL, path, &why), -1, "refused: %s", bad[i].want);
                tap_ok(strstr(why.text, bad[i].want) != NULL, "says: %s", why.text);
        }
        fail_clear(&why);
        buf_add_text(&text, "FAIRLEAD_T_WORD = file\nFAIRLEAD_T_NUMBER=9\nFAIRLEAD_T_FLAG=yes\n");
        file_write(path, text.data, text.len, 0600, NULL);
        buf_dispose(&text);
        setenv("FAIRLEAD_T_WORD", "env", 1);
        tap_int(setting_load(tables, NULL, path, &why), 0, "good file: %s", why.text);
        tap_text(word, "env", "the environment comes before the file");
        tap_int(number, 9, "the file comes before the default");
        tap_ok(flag, "yes is true");
        mem_free(path);
        mem_free(dir);
}

static void test_file(void)
{
        char *dir = tap_dir(), *path = file_path(dir, "f");
        struct buf b = BUF_NONE;
        struct fail why = FAIL_CLEAR;

        tap_int(file_read(path, 10, &b, &why), 0, "an absent file is absent, not broken");
        tap_int(file_write(path, "12345678901", 11, 0600, &why), 0, "write");
        tap_int(file_read(path, 10, &b, &why), -1, "longer than the ceiling");
        tap_int(why.kind, FAIL_INPUT, "says so");
        fail_clear(&why);
        tap_int(file_read(dir, 10, &b, &why), -1, "a directory is broken, not absent");
        buf_reset(&b);
        fail_clear(&why);
        tap_int(file_read(path, 11, &b, &why), 1, "read");
        tap_text(buf_text(&b), "12345678901", "what was written");
        fail_set(&why, FAIL_INPUT, "first");
        fail_set(&why, FAIL_BROKEN, "second");
        tap_text(why.text, "first", "the first cause wins");
        buf_dispose(&b);
        mem_free(path);
        mem_free(dir);
}

static void test_nameless(void)
{
        char *dir = tap_dir(), data[8] = "";
        struct fail why = FAIL_CLEAR;
        int fd = file_nameless("/nowhere/at/all", &why);

        tap_int(fd, -1, "a nameless file where there is no directory");
        tap_ok(strstr(why.text, "/nowhere/at/all") != NULL, "names it: %s", why.text);
        fd = file_nameless(dir, NULL);
        tap_ok(fd >= 0 && file_write_all(fd, "12345", 5) == 0 &&
                   file_read_at(fd, data, sizeof data, 0) == 5 && strcmp(data, "12345") == 0,
               "it is written and read");
        tap_int(rmdir(dir), 0, "and has no name in the directory");
        close(fd);
        mem_free(dir);
}

static void test_mask(void)
{
        static const struct {
                const char *name, *text, *secret, *want;
        } cases[] = {
                { "nowhere", "{\"error\":\"wrong key\"}", "s3cr3t-key",
                  "{\"error\":\"wrong key\"}" },
                { "plainly", "key s3cr3t-key is wrong", "s3cr3t-key", "key ********** is wrong" },
                { "twice, side by side", "s3cr3t-keys3cr3t-key", "s3cr3t-key",
                  "********************" },
                { "a slash escaped", "k a\\/b/c-d-e-f", "a/b/c-d-e-f", "k ************" },
                { "a letter escaped", "\\u0073ecret-1", "secret-1", "*************" },
                { "capital digits", "\\u006Becret-1", "kecret-1", "*************" },
                { "behind an escaped backslash", "\\\\secret-1!", "secret-1", "\\\\********!" },
                { "with a quote", "x\\\"cret-12y", "\"cret-12", "x*********y" },
                { "cut short", "...secret", "secret-1", "...secret" },
                { "cut within an escape", "secret-\\u00", "secret-1", "secret-\\u00" },
                { "not ASCII", "\\u0173ecret-1", "secret-1", "\\u0173ecret-1" },
                { "a short one is a word", "the key", "key", "the key" },
                { "none", "the key", NULL, "the key" },
        };

        tap_int((int64_t)mask_secret(NULL, 0, "s3cr3t-key"), 0, "no text holds none");
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                char *text = mem_text(cases[i].text);

                mask_secret(text, strlen(text), cases[i].secret);
                tap_text(text, cases[i].want, "mask: %s", cases[i].name);
                mem_free(text);
        }
}

int main(void)
{
        test_mask();
        test_buf();
        test_text();
        test_code();
        test_when();
        test_setting();
        test_file();
        test_nameless();
        return tap_end();
}
