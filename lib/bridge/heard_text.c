/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of an answer.  Nothing is parsed: it may be JSON, a form, a proxy's page, or cut. */
#include <string.h>

#include "bridge/heard.h"
#include "floor/text.h"

#define HOST "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:"
#define MASK "********"
#define NAME_MAX_BYTES 64
#define REPLACEMENT "\xef\xbf\xbd"

struct reading {
        const char *text; /* terminated */
        size_t len, at, max;
        struct buf *out;
};

static void put(struct reading *r, const char *piece, size_t len)
{
        if (r->out->over || r->out->len + len > r->max)
                r->out->over = true;
        else
                buf_add(r->out, piece, len);
}

/* --- escapes ------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c = (char)(c | 0x20);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "u0026" and the like at text: the character, or 0. */
static char ascii_of(const char *text, size_t len)
{
        int high, low, code;

        if (len < 5 || memcmp(text, "u00", 3) != 0)
                return 0;
        high = hex_digit(text[3]);
        low = hex_digit(text[4]);
        code = high * 16 + low;
        return high >= 0 && low >= 0 && code >= ' ' && code < 0x7f ? (char)code : 0;
}

/* "\/" and "\u0026" as what they stand for, however often they were escaped; "\"" stays, and a
 * quotation mark that was written as a number is written so. */
static void unescape(struct buf *out, const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                size_t slashes = 0;
                char c;

                while (i + slashes < len && text[i + slashes] == '\\')
                        slashes++;
                if (slashes == 0) {
                        buf_add_char(out, text[i]);
                        continue;
                }
                i += slashes;
                c = ascii_of(text + i, len - i);
                if (c != 0)
                        i += 4;
                else if (i < len && text[i] == '/')
                        c = '/';
                if (c == '"' || c == '\\')
                        slashes |= 1; /* JSON stays JSON */
                if (c == 0 || c == '"' || c == '\\')
                        for (size_t n = 0; n < slashes; n++)
                                buf_add_char(out, '\\');
                if (c != 0)
                        buf_add_char(out, c);
                else
                        i--; /* what follows speaks for itself */
        }
}

/* --- addresses ---------------------------------------------------------------------------- */

static bool starts(const struct reading *r, size_t at, const char *word)
{
        return text_starts_fold(r->text + at, word);
}

static size_t run(const struct reading *r, size_t at, const char *until)
{
        size_t len = 0;

        while (at + len < r->len && (unsigned char)r->text[at + len] > ' ' &&
               strchr(until, r->text[at + len]) == NULL)
                len++;
        return len;
}

/* Behind "https": as far as the host. */
static bool address(struct reading *r)
{
        static const char ends[] = "\"'<>()|`\\";
        size_t host, rest;

        if (starts(r, r->at, "%3a%2f%2f")) {
                put(r, "://…", sizeof "://…" - 1);
                r->at += run(r, r->at, "\"'<>()|`\\&");
                return true;
        }
        if (!starts(r, r->at, "://"))
                return false;
        put(r, "://", 3);
        r->at += 3;
        host = strspn(r->text + r->at, HOST);
        rest = host + run(r, r->at + host, ends);
        if (rest > host && r->text[r->at + host] == ',' && r->at + rest == r->at + host + 1)
                rest = host; /* the sentence goes on */
        if (rest == host || strchr("/?#", r->text[r->at + host]) != NULL)
                put(r, r->text + r->at, host); /* or it is a name and a password */
        if (rest > host)
                put(r, "/…", sizeof "/…" - 1);
        r->at += rest;
        return true;
}

/* --- names and their values --------------------------------------------------------------- */

static bool is_name_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
}

/* "accessToken", "X-API-Key", "client_secret": hyphens and case do not matter. */
static bool is_secret_name(const char *name, size_t len)
{
        static const char *const parts[] = { "token",     "secret",        "password", "passwd",
                                             "passcode",  "passphrase",    "apikey",   "privatekey",
                                             "signature", "authorization", "cookie",   "credential",
                                             "accesskey", "signingkey" };
        char plain[NAME_MAX_BYTES + 1];
        size_t size = 0;

        /* Of a long one the end tells. */
        for (size_t i = len > NAME_MAX_BYTES ? len - NAME_MAX_BYTES : 0; i < len; i++)
                if (name[i] != '_' && name[i] != '-')
                        plain[size++] =
                            (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
        plain[size] = '\0';
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
                if (strstr(plain, parts[i]) != NULL)
                        return true;
        return false;
}

static size_t skip(const struct reading *r, size_t at, const char *of)
{
        while (at < r->len && r->text[at] != '\0' && strchr(of, r->text[at]) != NULL)
                at++;
        return at;
}

static void copy_to(struct reading *r, size_t end)
{
        put(r, r->text + r->at, end - r->at);
        r->at = end;
}

/* To the quotation mark that is escaped no deeper than the first was. */
static size_t quoted_end(const struct reading *r, size_t at, char quote, size_t depth)
{
        size_t slashes = 0;

        for (; at < r->len; at++) {
                if (r->text[at] == quote && slashes <= depth)
                        return at - slashes;
                slashes = r->text[at] == '\\' ? slashes + 1 : 0;
        }
        return at;
}

static bool is_literal(const struct reading *r, size_t len)
{
        return (len == 4 && (starts(r, r->at, "null") || starts(r, r->at, "true"))) ||
               (len == 5 && starts(r, r->at, "false"));
}

static void mask_plain(struct reading *r)
{
        static const char ends[] = "&,;<>\"'}])\\";
        size_t len = run(r, r->at, ends), scheme = len;

        if (len == 0 || is_literal(r, len))
                return;
        if ((len == 6 && starts(r, r->at, "bearer")) || (len == 5 && starts(r, r->at, "basic"))) {
                scheme = skip(r, r->at + len, " ") - r->at;
                len = scheme + run(r, r->at + scheme, ends);
        }
        put(r, MASK, sizeof MASK - 1);
        r->at += len;
}

/* The value behind a name that speaks of a secret, if one follows. */
static void mask_value(struct reading *r)
{
        size_t at = skip(r, r->at, "\\\"'` \t"), first;

        if (at == r->len || (r->text[at] != ':' && r->text[at] != '='))
                return;
        copy_to(r, skip(r, at + 1, "> \t\r\n"));
        first = r->at;
        at = skip(r, first, "\\");
        if (at < r->len && (r->text[at] == '"' || r->text[at] == '\'')) {
                copy_to(r, at + 1);
                at = quoted_end(r, r->at, r->text[at], at - first);
                if (at > r->at)
                        put(r, MASK, sizeof MASK - 1);
                r->at = at;
        } else if (at < r->len && r->text[at] == '[') {
                copy_to(r, at + 1);
                put(r, MASK, sizeof MASK - 1);
                while (r->at < r->len && r->text[r->at] != ']')
                        r->at++;
        } else if (at == first) {
                mask_plain(r);
        }
}

/* --- characters --------------------------------------------------------------------------- */

/* What is not seen and moves others about: C1, and what turns the direction (U+061C, U+200E,
 * U+200F, U+202A to U+202E, U+2066 to U+2069). */
static bool is_unruly(const unsigned char *c, size_t size)
{
        if (size == 2)
                return (c[0] == 0xc2 && c[1] < 0xa0) || (c[0] == 0xd8 && c[1] == 0x9c);
        return size == 3 && c[0] == 0xe2 &&
               ((c[1] == 0x80 && ((c[2] >= 0xaa && c[2] <= 0xae) || (c[2] | 1) == 0x8f)) ||
                (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

/* False: it is no text. */
static bool one_character(struct reading *r)
{
        const char *c = r->text + r->at;
        size_t size = text_utf8_size(c, r->len - r->at);

        if (size == 0 || *c == 0x7f || *c == '\0' ||
            ((unsigned char)*c < ' ' && strchr("\t\n\r", *c) == NULL))
                return false;
        if (is_unruly((const unsigned char *)c, size))
                put(r, REPLACEMENT, sizeof REPLACEMENT - 1);
        else
                put(r, c, size);
        r->at += size;
        return true;
}

static void one_word(struct reading *r)
{
        const char *word = r->text + r->at;
        size_t len = 0;

        while (r->at < r->len && is_name_char(r->text[r->at])) {
                put(r, r->text + r->at, 1);
                r->at++;
                len++;
        }
        if ((len >= 4 && starts(r, r->at - 4, "http")) ||
            (len >= 5 && starts(r, r->at - 5, "https"))) {
                if (address(r))
                        return;
        }
        if (is_secret_name(word, len))
                mask_value(r);
}

bool heard_text(const void *body, size_t len, size_t max, struct buf *out)
{
        struct buf plain = BUF_NONE;
        struct reading r = { .max = out->len + max, .out = out };
        bool is_text = true;

        unescape(&plain, body, len < max ? len : max);
        r.text = buf_text(&plain);
        r.len = plain.len;
        while (is_text && r.at < r.len && !out->over) {
                if (is_name_char(r.text[r.at]))
                        one_word(&r);
                else
                        is_text = one_character(&r);
        }
        if (!is_text && len > max && r.len - r.at < 4)
                is_text = true; /* a character that max cuts */
        buf_dispose_secret(&plain);
        return is_text;
}
