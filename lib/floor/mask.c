/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets that come back. */
#include "floor/mask.h"

#include <string.h>

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c = (char)(c | 0x20);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The ASCII character that an escape of JSON at text stands for, and its length; 0 none. */
static size_t escaped(const char *text, size_t len, char *c)
{
        int code = 0;

        if (len < 2 || text[0] != '\\')
                return 0;
        if (text[1] != 'u') {
                *c = text[1]; /* \" \\ \/: the others are of characters that no secret has */
                return 2;
        }
        if (len < 6)
                return 0;
        for (int i = 2; i < 6; i++) {
                int digit = hex_digit(text[i]);

                if (digit < 0)
                        return 0;
                code = code * 16 + digit;
        }
        if (code > 0x7f)
                return 0;
        *c = (char)code;
        return 6;
}

/* How many bytes of text at its start are the secret; 0 it is another text. */
static size_t stands(const char *text, size_t len, const char *secret)
{
        size_t at = 0;

        for (; *secret != '\0'; secret++) {
                char c = '\0';
                size_t step = escaped(text + at, len - at, &c);

                if (step == 0 || c != *secret) { /* not escaped */
                        if (at == len || text[at] != *secret)
                                return 0;
                        step = 1;
                }
                at += step;
        }
        return at;
}

size_t mask_secret(char *text, size_t len, const char *secret)
{
        size_t places = 0;

        if (text == NULL || secret == NULL || strnlen(secret, MASK_LEAST) < MASK_LEAST)
                return 0;
        for (size_t at = 0; at < len;) {
                size_t found = text[at] == *secret || text[at] == '\\'
                                   ? stands(text + at, len - at, secret)
                                   : 0;

                memset(text + at, '*', found);
                places += found > 0;
                if (found == 0) /* never from within an escape: half of it would be left */
                        found = text[at] == '\\' && at + 1 < len ? 2 : 1;
                at += found;
        }
        return places;
}
