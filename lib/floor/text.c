/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about text and its numbers. */
#include "floor/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal(const char *a, const char *b)
{
        if (a == NULL || b == NULL)
                return a == b;
        return strcmp(a, b) == 0;
}

bool text_equal_fold(const char *a, const char *b)
{
        if (a == NULL || b == NULL)
                return a == b;
        while (*a != '\0' && lower(*a) == lower(*b)) {
                a++;
                b++;
        }
        return *a == '\0' && *b == '\0';
}

bool text_starts(const char *text, const char *start)
{
        return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

bool text_starts_fold(const char *text, const char *start)
{
        if (text == NULL)
                return false;
        while (*start != '\0') {
                if (lower(*text++) != lower(*start++))
                        return false;
        }
        return true;
}

bool text_ends(const char *text, const char *end)
{
        size_t len, want = strlen(end);

        if (text == NULL)
                return false;
        len = strlen(text);
        return len >= want && memcmp(text + len - want, end, want) == 0;
}

bool text_empty(const char *text)
{
        return text == NULL || *text == '\0';
}

const char *text_or(const char *text, const char *otherwise)
{
        return text_empty(text) ? otherwise : text;
}

size_t text_utf8_size(const void *data, size_t left)
{
        const unsigned char *p = data;
        unsigned char low = 0x80, high = 0xBF;
        size_t len, i;

        if (left == 0)
                return 0;
        if (p[0] < 0x80)
                return 1;
        if (p[0] >= 0xC2 && p[0] <= 0xDF)
                len = 2;
        else if (p[0] >= 0xE0 && p[0] <= 0xEF)
                len = 3;
        else if (p[0] >= 0xF0 && p[0] <= 0xF4)
                len = 4;
        else
                return 0;
        if (left < len)
                return 0;
        if (p[0] == 0xE0)
                low = 0xA0;
        else if (p[0] == 0xED)
                high = 0x9F;
        else if (p[0] == 0xF0)
                low = 0x90;
        else if (p[0] == 0xF4)
                high = 0x8F;
        if (p[1] < low || p[1] > high)
                return 0;
        for (i = 2; i < len; i++) {
                if (p[i] < 0x80 || p[i] > 0xBF)
                        return 0;
        }
        return len;
}

bool text_utf8_valid(const void *data, size_t len)
{
        const unsigned char *p = data;

        while (len > 0) {
                size_t step = text_utf8_size(p, len);

                if (step == 0)
                        return false;
                p += step;
                len -= step;
        }
        return true;
}

bool text_is_name(const char *text, size_t max)
{
        size_t len;

        if (text_empty(text) || *text == '-')
                return false;
        for (len = 0; text[len] != '\0'; len++) {
                char c = text[len];

                if (len == max)
                        return false;
                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_'))
                        return false;
        }
        return true;
}

int text_int(const char *text, int64_t least, int64_t most, int64_t *value)
{
        const char *p = text;
        long long number;
        char *end;

        if (text_empty(text))
                return -1;
        if (*p == '-')
                p++;
        if (*p < '0' || *p > '9')
                return -1;
        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno != 0 || *end != '\0' || number < least || number > most)
                return -1;
        *value = number;
        return 0;
}

size_t text_cut(char *text, size_t max)
{
        size_t len = strlen(text);

        if (len <= max)
                return len;
        len = max;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
                len--;
        text[len] = '\0';
        return len;
}

char *text_next(char **rest, char separator)
{
        char *part = *rest, *end;

        if (part == NULL)
                return NULL;
        end = strchr(part, separator);
        if (end != NULL)
                *end++ = '\0';
        *rest = end;
        return part;
}

static bool blank(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

char *text_trim(char *text)
{
        size_t len;

        while (blank(*text))
                text++;
        len = strlen(text);
        while (len > 0 && blank(text[len - 1]))
                text[--len] = '\0';
        return text;
}
