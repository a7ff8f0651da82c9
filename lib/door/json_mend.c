/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON with a flaw, read for what is right in it.
 *
 * Both readers go over the bytes once and leave every judgement to json_parse(): a text that is
 * mended wrongly is refused there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "door/json.h"
#include "floor/mem.h"
#include "floor/text.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define NUMBER "+-.0123456789eE"

/* --- mending ------------------------------------------------------------------------ */

/* The code unit of "\uXXXX" at p, or -1 if that is not there. */
static long unit(const char *p, const char *end)
{
        char digits[5];

        if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
                return -1;
        memcpy(digits, p + 2, 4);
        digits[4] = '\0';
        return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

/* An escape in a string; returns where it ends. */
static const char *mend_escape(const char *p, const char *end, struct buf *out)
{
        long first = unit(p, end), second = first < 0 ? -1 : unit(p + 6, end);
        size_t len = first < 0 ? 2 : 6;

        if (first >= 0xD800 && first < 0xDC00 && second >= 0xDC00 && second < 0xE000)
                len = 12;
        else if (first == 0 || (first >= 0xD800 && first < 0xE000)) {
                buf_add_text(out, REPLACEMENT);
                return p + len;
        }
        if ((size_t)(end - p) < len)
                len = (size_t)(end - p);
        buf_add(out, p, len);
        return p + len;
}

/* A string from behind its quotation mark to behind its other one. */
static const char *mend_string(const char *p, const char *end, struct buf *out)
{
        while (p < end && *p != '"') {
                size_t size = (unsigned char)*p < ' ' ? 0 : text_utf8_size(p, (size_t)(end - p));

                if (*p == '\\') {
                        p = mend_escape(p, end, out);
                } else if (size == 0) {
                        buf_add_text(out, REPLACEMENT);
                        p++;
                } else {
                        buf_add(out, p, size);
                        p += size;
                }
        }
        if (p < end)
                buf_add_char(out, *p++);
        return p;
}

static const char *mend_number(const char *p, const char *end, struct buf *out)
{
        size_t len = 0;
        char *text, *rest;
        double real;

        while (p + len < end && p[len] != '\0' && strchr(NUMBER, p[len]) != NULL)
                len++;
        text = mem_text_part(p, len);
        errno = 0;
        real = strtod(text, &rest);
        if (*rest == '\0' && errno == ERANGE && (real > 1 || real < -1)) {
                buf_add_text(out, "null");
        } else {
                buf_add(out, p, len);
                errno = 0;
                strtoll(text, &rest, 10);
                if (*rest == '\0' && errno == ERANGE)
                        buf_add_text(out, "e0");
        }
        mem_free(text);
        return p + len;
}

static void mend(const char *p, const char *end, struct buf *out)
{
        while (p < end) {
                if (*p == '"') {
                        buf_add_char(out, *p++);
                        p = mend_string(p, end, out);
                } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
                        p = mend_number(p, end, out);
                } else {
                        buf_add_char(out, *p++);
                }
        }
}

json_t *json_read(const void *text, size_t len, struct fail *why)
{
        json_t *value = json_parse(text, len, false, why);
        struct buf mended = BUF_NONE;

        if (value != NULL || text == NULL || len == 0)
                return value;
        mend(text, (const char *)text + len, &mended);
        value = json_parse(mended.data, mended.len, false, NULL);
        if (value != NULL)
                fail_clear(why);
        buf_dispose_secret(&mended);
        return value;
}

/* --- skimming ----------------------------------------------------------------------- */

static const char *skip_space(const char *p, const char *end)
{
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
                p++;
        return p;
}

/* Behind the string that begins at p, or NULL when it is cut off. */
static const char *skip_string(const char *p, const char *end)
{
        for (p++; p < end && *p != '"'; p++)
                if (*p == '\\' && p + 1 < end)
                        p++;
        return p < end ? p + 1 : NULL;
}

/* Behind the object or array that begins at p, or NULL when it is cut off. */
static const char *skip_nested(const char *p, const char *end)
{
        size_t depth = 0;

        do {
                if (*p == '"') {
                        p = skip_string(p, end);
                        if (p == NULL)
                                return NULL;
                        continue;
                }
                if (*p == '{' || *p == '[')
                        depth++;
                else if (*p == '}' || *p == ']')
                        depth--;
                p++;
        } while (depth > 0 && p < end);
        return depth == 0 ? p : NULL;
}

/* Behind the value that begins at p; NULL when there is none or it is cut off, as a number
 * without anything behind it may be. */
static const char *skip_value(const char *p, const char *end)
{
        const char *start = p;

        if (*p == '"')
                return skip_string(p, end);
        if (*p == '{' || *p == '[')
                return skip_nested(p, end);
        while (p < end && *p != '\0' && strchr(NUMBER "truefalsn", *p) != NULL)
                p++;
        return p > start && p < end ? p : NULL;
}

static json_t *small(const char *p, const char *end)
{
        return end - p <= JSON_SKIM_MAX ? json_read(p, (size_t)(end - p), NULL) : NULL;
}

/* "name": value at p; adds it if it is wanted and returns where it ends, NULL for no more. */
static const char *skim_member(const char *p, const char *end, json_t *out)
{
        const char *name = p, *name_end = NULL, *value;
        json_t *key, *what;

        if (p < end && *p == '"')
                name_end = skip_string(p, end);
        if (name_end == NULL)
                return NULL;
        p = skip_space(name_end, end);
        if (p == end || *p != ':')
                return NULL;
        value = skip_space(p + 1, end);
        p = value == end ? NULL : skip_value(value, end);
        if (p == NULL)
                return NULL;
        key = small(name, name_end);
        what = *value == '{' || *value == '[' ? NULL : small(value, p);
        if (json_is_string(key) && what != NULL)
                json_set(out, json_string_value(key), json_incref(what));
        else if (json_is_string(key))
                json_object_del(out, json_string_value(key)); /* the last one is not for us */
        json_decref(key);
        json_decref(what);
        return p;
}

json_t *json_skim(const void *text, size_t len)
{
        const char *end = (const char *)text + len, *p = text == NULL ? end : skip_space(text, end);
        json_t *out = json_object();
        size_t members = 0;

        if (p == end || *p != '{')
                return out;
        do {
                p = skim_member(skip_space(p + 1, end), end, out);
                if (p != NULL)
                        p = skip_space(p, end);
        } while (p != NULL && p < end && *p == ',' && ++members < JSON_SKIM_MAX);
        return out;
}
