/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One event, one line, one write to stderr. */
#include "floor/log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "floor/buf.h"
#include "floor/text.h"
#include "floor/when.h"

#define LINE_MAX_BYTES 4000 /* fits a pipe's atomic write */

static const char *const words[] = { "debug", "info", "warn", "error" };

static const char *name = "fairlead";
static bool as_json;
static enum log_level threshold = LOG_LEVEL_INFO;
static __thread char request[40];

void log_start(const char *program, const char *format, enum log_level least)
{
        name = program;
        as_json = text_equal(format, "json");
        threshold = least;
}

enum log_level log_level(const char *word)
{
        for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
                if (text_equal(word, words[i]))
                        return (enum log_level)i;
        return LOG_LEVEL_INFO;
}

bool log_wants(enum log_level level)
{
        return level >= threshold;
}

void log_request(const char *id)
{
        size_t len = id == NULL ? 0 : strnlen(id, sizeof request - 1);

        if (len != 0)
                memcpy(request, id, len);
        request[len] = '\0';
}

/* A JSON string; also what text lines use for values that are not a plain word. */
static void quoted(struct buf *out, const char *value)
{
        bool utf8 = text_utf8_valid(value, strlen(value));

        buf_add_char(out, '"');
        for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
                if (*p == '"' || *p == '\\')
                        buf_format(out, "\\%c", *p);
                else if (*p < 0x20 || *p == 0x7F || (*p >= 0x80 && !utf8))
                        buf_format(out, "\\u%04x", *p);
                else
                        buf_add_char(out, (char)*p);
        }
        buf_add_char(out, '"');
}

static bool plain(const char *value)
{
        if (*value == '\0')
                return false;
        for (; *value != '\0'; value++) {
                if (*value <= ' ' || *value >= 0x7F || *value == '"' || *value == '\\' ||
                    *value == '=')
                        return false;
        }
        return true;
}

static void pair(struct buf *line, const char *key, const char *value)
{
        if (value == NULL)
                value = "-";
        if (as_json) {
                buf_add_char(line, ',');
                quoted(line, key);
                buf_add_char(line, ':');
                quoted(line, value);
                return;
        }
        buf_format(line, " %s=", key);
        if (plain(value))
                buf_add_text(line, value);
        else
                quoted(line, value);
}

void log_event(enum log_level level, const char *what, ...)
{
        struct buf line;
        const char *key;
        va_list list;

        if (!log_wants(level))
                return;
        buf_limit(&line, LINE_MAX_BYTES);
        if (as_json)
                buf_add_text(&line, "{\"time\":\"");
        when_iso(&line, when_now_ms());
        if (as_json) {
                buf_format(&line, "\",\"level\":\"%s\",\"program\":\"%s\",\"what\":", words[level],
                           name);
                quoted(&line, what);
        } else {
                buf_format(&line, " %s %s: %s", name, words[level], what);
        }
        if (request[0] != '\0')
                pair(&line, "request", request);
        va_start(list, what);
        while ((key = va_arg(list, const char *)) != NULL)
                pair(&line, key, va_arg(list, const char *));
        va_end(list);
        line.max = 0; /* the end always fits */
        if (line.over && as_json)
                buf_add_text(&line, "\",\"cut\":\"yes\"");
        buf_add_text(&line, as_json ? "}\n" : "\n");
        if (write(STDERR_FILENO, line.data, line.len) < 0) {
                /* nobody listens; there is nowhere to say so */
        }
        buf_dispose(&line);
}
