/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages as they go over the wire: what is refused, and what comes out. */
#include "door/mail.h"

#include <string.h>

#include "../tap.h"
#include "floor/mem.h"

#define T0 INT64_C(1790000000000) /* 2026-09-21T14:13:20Z */

static struct mail usual(void)
{
        return (struct mail){ .from = "fairlead@example.org",
                              .from_name = "Fairlead",
                              .to = "team@example.org",
                              .subject = "Hello",
                              .text = "One line.\n",
                              .id = "a1.b2",
                              .date_ms = T0 };
}

static void test_addresses(void)
{
        static const char long_local[] =
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org";
        static const struct {
                const char *text;
                int want;
        } rows[] = {
                { "team@example.org", 0 },
                { "a.b+c@x-y.example", 0 },
                { "o'hara@example.org", 0 },
                { "root@localhost", 0 },
                { "x@xn--bcher-kva.example", 0 },
                { NULL, -1 },
                { "", -1 },
                { "team", -1 },
                { "@example.org", -1 },
                { "team@", -1 },
                { "team@example.org.", -1 },
                { "team@.example.org", -1 },
                { "team@example..org", -1 },
                { "team@-example.org", -1 },
                { ".team@example.org", -1 },
                { "team.@example.org", -1 },
                { "te..am@example.org", -1 },
                { "-odq@example.org", -1 },
                { "a b@example.org", -1 },
                { "\"a b\"@example.org", -1 },
                { "a@b@example.org", -1 },
                { "a@example.org,b@example.org", -1 },
                { "a@example.org>\r\nRCPT TO:<b@example.org", -1 },
                { "a@example.org\nBcc: b@example.org", -1 },
                { "Team <team@example.org>", -1 },
                { "team@[127.0.0.1]", -1 },
                { "t\xC3\xA9@example.org", -1 },
                { long_local, -1 },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                tap_int(mail_check_address(rows[i].text, NULL), rows[i].want, "address %zu: %s", i,
                        rows[i].text == NULL ? "none" : rows[i].text);
}

static int refuses(const struct mail *mail)
{
        struct buf out = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        int result = mail_write(mail, &out, &why);

        buf_dispose(&out);
        return result == -1 && why.kind == FAIL_INPUT;
}

static void test_misuse(void)
{
        static const char *const subjects[] = { "",      NULL,   "a\r\nBcc: b@example.org",
                                                "a\nb",  "a\rb", "a\tb",
                                                "a\x7F", "\xFF" };
        static const char *const ids[] = { "", NULL, "a b", "a>", "a\r\nX: y" };
        char *text = mem_array(MAIL_TEXT_MAX + 2, 1);
        struct mail mail;

        for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
                mail = usual();
                mail.subject = subjects[i];
                tap_ok(refuses(&mail), "subject %zu is refused", i);
        }
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
                mail = usual();
                mail.id = ids[i];
                tap_ok(refuses(&mail), "id %zu is refused", i);
        }
        mail = usual();
        mail.from_name = "A\r\nBcc: b@example.org";
        tap_ok(refuses(&mail), "a name that goes on in another line is refused");
        mail = usual();
        mail.from = "nobody";
        tap_ok(refuses(&mail), "a sender that is no address is refused");
        mail = usual();
        mail.to = "a@example.org, b@example.org";
        tap_ok(refuses(&mail), "two recipients are refused");
        mail = usual();
        mail.text = "\xC3";
        tap_ok(refuses(&mail), "a text that is no UTF-8 is refused");
        mail.text = NULL;
        tap_ok(refuses(&mail), "no text is refused");
        memset(text, 'x', MAIL_TEXT_MAX + 1);
        mail.text = text;
        tap_ok(refuses(&mail), "a text above the ceiling is refused");
        text[MAIL_TEXT_MAX] = '\0';
        tap_ok(!refuses(&mail), "one at the ceiling is not");
        mem_free(text);
}

static char *written(const struct mail *mail)
{
        struct buf out = BUF_NONE;

        mail_write(mail, &out, NULL);
        return buf_take(&out);
}

static void test_message(void)
{
        struct mail mail = usual();
        char *got = written(&mail);

        tap_text(got,
                 "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
                 "From: Fairlead <fairlead@example.org>\r\n"
                 "To: team@example.org\r\n"
                 "Message-ID: <a1.b2@example.org>\r\n"
                 "Subject: Hello\r\n"
                 "Auto-Submitted: auto-generated\r\n"
                 "MIME-Version: 1.0\r\n"
                 "Content-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n"
                 "\r\n"
                 "One line.\r\n",
                 "a whole message");
        mem_free(got);
        mail.from_name = NULL;
        got = written(&mail);
        tap_ok(strstr(got, "From: fairlead@example.org\r\n") != NULL, "no name, no brackets");
        mem_free(got);
        mail.from_name = "M\xC3\xBCller, Fairlead";
        got = written(&mail);
        tap_ok(strstr(got, "From: =?UTF-8?B?TcO8bGxlciwgRmFpcmxlYWQ=?= <fairlead@") != NULL,
               "a name with more than letters is encoded");
        mem_free(got);
}

static void test_subjects(void)
{
        static const struct {
                const char *name, *given, *want;
        } rows[] = {
                { "plain", "Acme: 3 alerts (gh)", "Acme: 3 alerts (gh)" },
                { "not ASCII", "gr\xC3\xBC\xC3\x9F", "=?UTF-8?B?Z3LDvMOf?=" },
                { "looks encoded", "=?UTF-8?B?eA==?=", "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=" },
                { "a space at the end", "x ", "=?UTF-8?B?eCA=?=" },
                { "never in the middle of a character",
                  "12345678901234567890123456789012345\xE2\x82\xACuro",
                  "=?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU=?=\r\n"
                  " =?UTF-8?B?4oKsdXJv?=" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct mail mail = usual();
                char *got, *begin, *end;

                mail.subject = rows[i].given;
                got = written(&mail);
                begin = strstr(got, "Subject: ") + strlen("Subject: ");
                end = strstr(begin, "\r\nAuto-");
                *end = '\0';
                tap_text(begin, rows[i].want, "subject: %s", rows[i].name);
                mem_free(got);
        }
}

static void test_lines_hold(void)
{
        struct mail mail = usual();
        char subject[MAIL_SUBJECT_MAX + 1], text[2001], *got;
        size_t longest = 0;

        memset(subject, 'e', sizeof subject - 1);
        memset(text, '=', sizeof text - 1);
        subject[sizeof subject - 1] = text[sizeof text - 1] = '\0';
        mail.subject = subject;
        mail.text = text;
        got = written(&mail);
        for (const char *line = got; *line != '\0';) {
                size_t len = strcspn(line, "\r\n");

                longest = len > longest ? len : longest;
                line += len + 2;
        }
        tap_ok(longest <= 76, "no line is longer than 76: %zu", longest);
        mem_free(got);
}

static void test_text(void)
{
        static const char seventy[] =
            "1234567890123456789012345678901234567890123456789012345678901234567890";
        static const struct {
                const char *name, *given, *want;
        } rows[] = {
                { "empty", "", "" },
                { "no end of line", "a", "a\r\n" },
                { "a blank line", "a\n\nb\n", "a\r\n\r\nb\r\n" },
                { "CRLF", "a\r\nb", "a\r\nb\r\n" },
                { "a bare CR", "a\rb", "a=0Db\r\n" },
                { "an equals sign", "1=1", "1=3D1\r\n" },
                { "not ASCII", "\xC3\xA4", "=C3=A4\r\n" },
                { "space at the end", "a \nb\t\n", "a=20\r\nb=09\r\n" },
                { "space inside", "a b\tc", "a b\tc\r\n" },
                { "a dot alone", ".\nMAIL FROM:<x>\n", "=2E\r\nMAIL FROM:<x>\r\n" },
                { "From at the start", "From here\nto From\n", "=46rom here\r\nto From\r\n" },
                { "an escape", "\x1B[1m", "=1B[1m\r\n" },
        };
        struct mail mail = usual();
        char *got, *given;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                mail.text = rows[i].given;
                got = written(&mail);
                tap_text(strstr(got, "\r\n\r\n") + 4, rows[i].want, "text: %s", rows[i].name);
                mem_free(got);
        }
        given = mem_format("%s12345.67\n", seventy);
        mail.text = given;
        got = written(&mail);
        tap_ok(strstr(got, "12345=\r\n=2E67\r\n") != NULL, "nor a dot after a soft break");
        mem_free(got);
        mem_free(given);
        given = mem_format("%s12345From \n", seventy);
        mail.text = given;
        got = written(&mail);
        tap_ok(strstr(got, "12345=\r\n=46rom=20\r\n") != NULL, "nor a From");
        mem_free(got);
        mem_free(given);
}

int main(void)
{
        test_addresses();
        test_misuse();
        test_message();
        test_subjects();
        test_lines_hold();
        test_text();
        return tap_end();
}
