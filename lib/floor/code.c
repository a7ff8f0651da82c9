/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes as text, and the checksum CRC-32C. */
#include "floor/code.h"

#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

static const char digits[] = "0123456789abcdef";
static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char urlsafe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void code_hex(struct buf *out, const void *data, size_t len)
{
        const unsigned char *p = data;

        buf_reserve(out, len * 2);
        for (size_t i = 0; i < len; i++) {
                char pair[2] = { digits[p[i] >> 4], digits[p[i] & 15] };

                buf_add(out, pair, 2);
        }
}

static int nibble(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

int code_unhex(struct buf *out, const char *text, size_t len)
{
        if (len % 2 != 0)
                return -1;
        for (size_t i = 0; i < len; i += 2) {
                int high = nibble(text[i]), low = nibble(text[i + 1]);

                if (high < 0 || low < 0)
                        return -1;
                buf_add_char(out, (char)(high << 4 | low));
        }
        return 0;
}

static void encode64(struct buf *out, const unsigned char *p, size_t len, const char *set, bool pad)
{
        char four[4];

        buf_reserve(out, len / 3 * 4 + 4);
        for (; len >= 3; p += 3, len -= 3) {
                four[0] = set[p[0] >> 2];
                four[1] = set[(p[0] & 3) << 4 | p[1] >> 4];
                four[2] = set[(p[1] & 15) << 2 | p[2] >> 6];
                four[3] = set[p[2] & 63];
                buf_add(out, four, 4);
        }
        if (len == 0)
                return;
        four[0] = set[p[0] >> 2];
        four[1] = set[(p[0] & 3) << 4 | (len == 2 ? p[1] >> 4 : 0)];
        four[2] = len == 2 ? set[(p[1] & 15) << 2] : '=';
        four[3] = '=';
        buf_add(out, four, pad ? 4 : len + 1);
}

void code_base32(struct buf *out, const void *data, size_t len)
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        const unsigned char *p = data;
        unsigned bits = 0, count = 0;

        for (size_t i = 0; i < len; i++) {
                bits = (bits << 8 | p[i]) & 0xFFFF;
                for (count += 8; count >= 5; count -= 5)
                        buf_add_char(out, letters[bits >> (count - 5) & 31]);
        }
        if (count > 0)
                buf_add_char(out, letters[bits << (5 - count) & 31]);
}

void code_base64(struct buf *out, const void *data, size_t len)
{
        encode64(out, data, len, standard, true);
}

void code_base64url(struct buf *out, const void *data, size_t len)
{
        encode64(out, data, len, urlsafe, false);
}

static int decode64(struct buf *out, const char *text, size_t len, const char *set)
{
        uint32_t bits = 0;
        int have = 0;

        if (len % 4 == 1)
                return -1;
        for (size_t i = 0; i < len; i++) {
                const char *at = text[i] == '\0' ? NULL : strchr(set, text[i]);

                if (at == NULL)
                        return -1;
                bits = bits << 6 | (uint32_t)(at - set);
                have += 6;
                if (have >= 8) {
                        have -= 8;
                        buf_add_char(out, (char)(bits >> have & 0xFF));
                        bits &= (1U << have) - 1;
                }
        }
        return bits == 0 ? 0 : -1; /* left-over bits must be zero: one text per value */
}

int code_unbase64(struct buf *out, const char *text, size_t len)
{
        if (len % 4 != 0)
                return -1;
        if (len > 0 && text[len - 1] == '=')
                len -= text[len - 2] == '=' ? 2 : 1;
        return decode64(out, text, len, standard);
}

int code_unbase64url(struct buf *out, const char *text, size_t len)
{
        return decode64(out, text, len, urlsafe);
}

static bool unreserved(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_' || c == '~';
}

void code_url(struct buf *out, const char *text)
{
        for (; *text != '\0'; text++) {
                if (unreserved(*text))
                        buf_add_char(out, *text);
                else
                        buf_format(out, "%%%02X", (unsigned char)*text);
        }
}

static int decode_percent(struct buf *out, const char *text, size_t len, bool plus)
{
        for (size_t i = 0; i < len; i++) {
                char c = text[i];

                if (c == '%') {
                        int high, low;

                        if (len - i < 3 || (high = nibble(text[i + 1])) < 0 ||
                            (low = nibble(text[i + 2])) < 0)
                                return -1;
                        c = (char)(high << 4 | low);
                        i += 2;
                } else if (c == '+' && plus) {
                        c = ' ';
                }
                if (c == '\0')
                        return -1;
                buf_add_char(out, c);
        }
        return 0;
}

int code_unurl(struct buf *out, const char *text, size_t len)
{
        return decode_percent(out, text, len, false);
}

int code_unform(struct buf *out, const char *text, size_t len)
{
        return decode_percent(out, text, len, true);
}

void code_html(struct buf *out, const char *text, size_t len)
{
        size_t from = 0;

        for (size_t i = 0; i < len; i++) {
                const char *word;

                switch (text[i]) {
                case '&':
                        word = "&amp;";
                        break;
                case '<':
                        word = "&lt;";
                        break;
                case '>':
                        word = "&gt;";
                        break;
                case '"':
                        word = "&quot;";
                        break;
                case '\'':
                        word = "&#39;";
                        break;
                default:
                        continue;
                }
                buf_add(out, text + from, i - from);
                buf_add_text(out, word);
                from = i + 1;
        }
        buf_add(out, text + from, len - from);
}

/* The table of the reflected polynomial 0x82F63B78, made once by the loader's thread. */
static uint32_t table[256];

__attribute__((constructor)) static void make_table(void)
{
        for (uint32_t i = 0; i < 256; i++) {
                uint32_t crc = i;

                for (int bit = 0; bit < 8; bit++)
                        crc = crc & 1 ? crc >> 1 ^ 0x82F63B78U : crc >> 1;
                table[i] = crc;
        }
}

static uint32_t crc_table(uint32_t crc, const unsigned char *p, size_t len)
{
        while (len-- > 0)
                crc = crc >> 8 ^ table[(crc ^ *p++) & 0xFF];
        return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_hardware(uint32_t crc, const unsigned char *p,
                                                               size_t len)
{
        uint64_t wide = crc, word;

        for (; len >= 8; p += 8, len -= 8) {
                memcpy(&word, p, 8);
                wide = _mm_crc32_u64(wide, word);
        }
        crc = (uint32_t)wide;
        while (len-- > 0)
                crc = _mm_crc32_u8(crc, *p++);
        return crc;
}
#endif

uint32_t code_crc32c(uint32_t crc, const void *data, size_t len)
{
#if defined(__x86_64__)
        if (__builtin_cpu_supports("sse4.2"))
                return ~crc_hardware(~crc, data, len);
#endif
        return ~crc_table(~crc, data, len);
}
