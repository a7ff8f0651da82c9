/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message as it goes over the wire (RFC 5322), and what may stand in it. */
#include <string.h>

#include "door/mail_private.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define LINE_MAX_QP 76 /* RFC 2045 6.7: with the soft break */
#define PLAIN_SUBJECT 66
#define FIRST_WORD 36 /* bytes of text in an encoded word: "Subject: =?UTF-8?B?...?=" stays */
#define NEXT_WORD 42  /* below 76 (RFC 2047 2) */
#define LOCAL_MAX 64
#define LABEL_MAX 63

static bool is_alnum(unsigned char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 5322 3.2.3 */
static bool is_atext(unsigned char c)
{
        return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_local(const char *text, size_t len)
{
        if (len == 0 || len > LOCAL_MAX || text[0] == '.' || text[len - 1] == '.' || text[0] == '-')
                return false;
        for (size_t i = 0; i < len; i++)
                if (text[i] == '.' ? text[i + 1] == '.' : !is_atext((unsigned char)text[i]))
                        return false;
        return true;
}

static bool is_domain(const char *text)
{
        while (*text != '\0') {
                size_t len = strcspn(text, ".");

                if (len == 0 || len > LABEL_MAX || text[0] == '-' || text[len - 1] == '-')
                        return false;
                for (size_t i = 0; i < len; i++)
                        if (!is_alnum((unsigned char)text[i]) && text[i] != '-')
                                return false;
                text += len;
                if (*text == '.' && *++text == '\0')
                        return false;
        }
        return true;
}

int mail_check_address(const char *address, struct fail *why)
{
        const char *at = address == NULL ? NULL : strrchr(address, '@');

        if (at == NULL || strlen(address) > MAIL_ADDRESS_MAX ||
            !is_local(address, (size_t)(at - address)) || at[1] == '\0' || !is_domain(at + 1))
                return fail_set(why, FAIL_INPUT,
                                "not a mail address such as team@example.org (plain letters; a "
                                "name with others goes in its xn-- form)");
        return 0;
}

static bool is_line(const char *text, size_t max)
{
        size_t len = strlen(text);

        if (len > max || !text_utf8_valid(text, len))
                return false;
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)text[i] < ' ' || text[i] == 0x7F)
                        return false;
        return true;
}

static bool is_id(const char *text)
{
        size_t len = text == NULL ? 0 : strlen(text);

        if (len == 0 || len > 100)
                return false;
        for (size_t i = 0; i < len; i++)
                if (!is_alnum((unsigned char)text[i]) && strchr("._-", text[i]) == NULL)
                        return false;
        return true;
}

static int check(const struct mail *mail, struct fail *why)
{
        struct fail cause = FAIL_CLEAR;

        if (mail_check_address(mail->from, &cause) != 0)
                return fail_set(why, FAIL_INPUT, "the sender is %s", cause.text);
        if (mail_check_address(mail->to, &cause) != 0)
                return fail_set(why, FAIL_INPUT, "the recipient is %s", cause.text);
        if (text_empty(mail->subject) || !is_line(mail->subject, MAIL_SUBJECT_MAX))
                return fail_set(why, FAIL_INPUT, "the subject must be one line of UTF-8");
        if (mail->from_name != NULL && !is_line(mail->from_name, MAIL_SUBJECT_MAX))
                return fail_set(why, FAIL_INPUT, "the sender's name must be one line of UTF-8");
        if (mail->text == NULL || strlen(mail->text) > MAIL_TEXT_MAX ||
            !text_utf8_valid(mail->text, strlen(mail->text)))
                return fail_set(why, FAIL_INPUT, "the text must be at most %d bytes of UTF-8",
                                MAIL_TEXT_MAX);
        if (!is_id(mail->id))
                return fail_set(why, FAIL_INPUT, "the message needs an id of plain letters");
        return 0;
}

/* How many of at most max bytes end at a character's end. */
static size_t whole(const char *text, size_t max)
{
        size_t len = strnlen(text, max + 1);

        if (len <= max)
                return len;
        for (len = max; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
                len--;
        return len;
}

static void add_words(struct buf *out, const char *text)
{
        size_t room = FIRST_WORD;

        while (*text != '\0') {
                size_t len = whole(text, room);

                buf_add_text(out, room == FIRST_WORD ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
                code_base64(out, text, len);
                buf_add_text(out, "?=");
                text += len;
                room = NEXT_WORD;
        }
}

/* As it stands when no reader could take it for something else. */
static void add_unstructured(struct buf *out, const char *text)
{
        bool plain = strlen(text) <= PLAIN_SUBJECT && strstr(text, "=?") == NULL && *text != ' ' &&
                     !text_ends(text, " ");

        for (const char *c = text; plain && *c != '\0'; c++)
                plain = (unsigned char)*c < 0x80;
        if (plain)
                buf_add_text(out, text);
        else
                add_words(out, text);
}

static void add_name(struct buf *out, const char *name)
{
        for (const char *c = name; *c != '\0'; c++)
                if (!is_atext((unsigned char)*c) || *c == '=' || *c == '?') {
                        add_words(out, name);
                        return;
                }
        buf_add_text(out, name);
}

static void add_date(struct buf *out, int64_t ms)
{
        struct buf http = BUF_NONE;

        when_http(&http, ms); /* "... GMT" is an obsolete zone in a mail */
        buf_add(out, http.data, http.len - strlen("GMT"));
        buf_add_text(out, "+0000");
        buf_dispose(&http);
}

/* A dot and "From " at the start of a line are left to no mailer's mercy. */
static bool is_odd(const char *line, size_t len, size_t at, size_t column)
{
        unsigned char c = (unsigned char)line[at];

        if (c == ' ' || c == '\t')
                return at + 1 == len;
        return c == '=' || c < ' ' || c >= 0x7F ||
               (column == 0 && (c == '.' || (len - at >= 5 && memcmp(line + at, "From ", 5) == 0)));
}

/* One line of text; soft breaks keep each below 76. */
static void add_line(struct buf *out, const char *line, size_t len)
{
        size_t column = 0;

        for (size_t i = 0; i < len; i++) {
                bool odd = is_odd(line, len, i, column);

                if (column + (odd ? 3 : 1) > LINE_MAX_QP - 1) {
                        buf_add_text(out, "=\r\n");
                        column = 0;
                        odd = is_odd(line, len, i, column);
                }
                if (odd)
                        buf_format(out, "=%02X", (unsigned char)line[i]);
                else
                        buf_add_char(out, line[i]);
                column += odd ? 3 : 1;
        }
        buf_add_text(out, "\r\n");
}

static void add_text(struct buf *out, const char *text)
{
        while (*text != '\0') {
                size_t len = strcspn(text, "\n"), bare = len;

                if (bare > 0 && text[bare - 1] == '\r')
                        bare--;
                add_line(out, text, bare);
                text += len + (text[len] == '\n');
        }
}

int mail_write(const struct mail *mail, struct buf *out, struct fail *why)
{
        if (check(mail, why) != 0)
                return -1;
        buf_add_text(out, "Date: ");
        add_date(out, mail->date_ms);
        buf_add_text(out, "\r\nFrom: ");
        if (!text_empty(mail->from_name)) {
                add_name(out, mail->from_name);
                buf_format(out, " <%s>", mail->from);
        } else {
                buf_add_text(out, mail->from);
        }
        buf_format(out, "\r\nTo: %s\r\nMessage-ID: <%s@%s>\r\nSubject: ", mail->to, mail->id,
                   strrchr(mail->from, '@') + 1);
        add_unstructured(out, mail->subject);
        buf_add_text(out, "\r\nAuto-Submitted: auto-generated\r\n"
                          "MIME-Version: 1.0\r\n"
                          "Content-Type: text/plain; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
        add_text(out, mail->text);
        return 0;
}
