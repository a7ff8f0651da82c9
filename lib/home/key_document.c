/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What somebody asks of the key registry. */
#include "home/key_document.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

int key_span(const char *text, int64_t *ms)
{
        size_t len = strlen(text);
        int64_t number, unit;
        char *digits;
        int result;

        *ms = 0;
        if (text_equal(text, "now") || text_equal(text, "0"))
                return 0;
        if (len < 2 || len > 20)
                return -1;
        unit = text[len - 1] == 'd'   ? WHEN_DAY
               : text[len - 1] == 'h' ? WHEN_HOUR
               : text[len - 1] == 'm' ? WHEN_MINUTE
               : text[len - 1] == 's' ? WHEN_SECOND
                                      : 0;
        digits = mem_text_part(text, len - 1);
        result = unit == 0 ? -1 : text_int(digits, 1, 100000, &number);
        mem_free(digits);
        if (result == 0)
                *ms = number * unit;
        return result;
}

int key_time(const char *text, int64_t now_ms, int64_t *ms)
{
        int64_t span;

        if (when_parse(text, ms) == 0)
                return 0;
        if (key_span(text, &span) != 0 || span == 0)
                return -1;
        *ms = now_ms + span;
        return 0;
}

static bool is_known(const char *name, enum key_document what)
{
        static const char *const issue[] = { "label",      "scopes",     "expires",
                                             "expires_ms", "not_before", "not_before_ms",
                                             "networks",   "jobs",       "test",
                                             NULL };
        static const char *const change[] = { "label",      "scopes",     "expires",
                                              "expires_ms", "not_before", "not_before_ms",
                                              "networks",   "jobs",       "disabled",
                                              NULL };
        static const char *const rotate[] = { "overlap", "overlap_ms", NULL };
        const char *const *names = what == KEY_DOCUMENT_ISSUE    ? issue
                                   : what == KEY_DOCUMENT_CHANGE ? change
                                                                 : rotate;

        while (*names != NULL && strcmp(*names, name) != 0)
                names++;
        return *names != NULL;
}

static int take_time(json_t *out, const char *name, const json_t *value, int64_t now_ms,
                     struct fail *why)
{
        char *member = mem_format("%s_ms", name);
        bool span = text_equal(name, "overlap");
        int64_t ms = 0;
        int result = 0;

        if (!json_is_null(value))
                result = json_is_string(value)
                             ? (span ? key_span(json_string_value(value), &ms)
                                     : key_time(json_string_value(value), now_ms, &ms))
                             : -1;
        if (result == 0)
                json_set_int(out, member, ms);
        else
                fail_set(why, FAIL_INPUT, "%s: takes %s", name,
                         span ? "now, 30m, 12h or 7d" : "30m, 12h, 90d or 2027-01-31T00:00:00Z");
        mem_free(member);
        return result;
}

static int take_member(json_t *out, const char *name, const json_t *value, enum key_document what,
                       int64_t now_ms, struct fail *why)
{
        if (!is_known(name, what))
                return fail_set(why, FAIL_INPUT, "%.60s: there is no such member", name);
        if (text_equal(name, "expires") || text_equal(name, "not_before") ||
            text_equal(name, "overlap"))
                return take_time(out, name, value, now_ms, why);
        if (text_ends(name, "_ms") && !json_is_null(value) && !json_is_integer(value))
                return fail_set(why, FAIL_INPUT, "%s: must be a whole number", name);
        if (text_equal(name, "test") && !json_is_boolean(value))
                return fail_set(why, FAIL_INPUT, "test: must be true or false");
        if (text_ends(name, "_ms") && json_is_null(value))
                json_set_int(out, name, 0);
        else
                json_set(out, name, json_deep_copy(value));
        return 0;
}

json_t *key_document_read(const void *text, size_t len, enum key_document what, int64_t now_ms,
                          struct fail *why)
{
        json_t *given = len == 0 ? json_object() : json_parse(text, len, true, why), *value;
        json_t *out = json_object();
        const char *name;
        int result = 0;

        if (given == NULL)
                result = -1;
        else if (!json_is_object(given))
                result = fail_set(why, FAIL_INPUT, "the document must be an object");
        json_object_foreach(given, name, value)
        {
                if (result == 0)
                        result = take_member(out, name, value, what, now_ms, why);
        }
        json_decref(given);
        if (result == 0)
                return out;
        json_decref(out);
        return NULL;
}
