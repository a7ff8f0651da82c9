/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings are rows; the environment is asked first, then the file, then the default. */
#include "floor/setting.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

#define FILE_MAX_BYTES (64 * 1024)
#define TEXT_MAX_BYTES 4096

static const struct setting *find(const struct setting *table, const char *name)
{
        for (; table != NULL && table->name != NULL; table++) {
                if (strcmp(table->name, name) == 0)
                        return table;
        }
        return NULL;
}

static bool is_choice(const char *choices, const char *value)
{
        size_t len = strlen(value);

        while (choices != NULL) {
                const char *end = strchrnul(choices, '|');

                if ((size_t)(end - choices) == len && memcmp(choices, value, len) == 0)
                        return true;
                choices = *end == '|' ? end + 1 : NULL;
        }
        return false;
}

static int set_bool(bool *target, const char *value)
{
        static const char *const yes[] = { "1", "yes", "true", "on" };
        static const char *const no[] = { "0", "no", "false", "off" };

        for (size_t i = 0; i < 4; i++) {
                if (text_equal_fold(value, yes[i]) || text_equal_fold(value, no[i])) {
                        *target = text_equal_fold(value, yes[i]);
                        return 0;
                }
        }
        return -1;
}

static int set(const struct setting *row, const char *value, const char *where, struct fail *why)
{
        size_t most;

        switch (row->kind) {
        case SETTING_INT:
                if (text_int(value, row->least, row->most, row->target) != 0)
                        return fail_set(why, FAIL_INPUT,
                                        "%s: %s must be a whole number from %lld to %lld", where,
                                        row->name, (long long)row->least, (long long)row->most);
                return 0;
        case SETTING_BOOL:
                if (set_bool(row->target, value) != 0)
                        return fail_set(why, FAIL_INPUT, "%s: %s must be yes or no", where,
                                        row->name);
                return 0;
        case SETTING_CHOICE:
                if (!is_choice(row->choices, value))
                        return fail_set(why, FAIL_INPUT, "%s: %s must be one of %s", where,
                                        row->name, row->choices);
                break;
        case SETTING_TEXT:
                most = row->most > 0 ? (size_t)row->most : TEXT_MAX_BYTES;
                if (strlen(value) > most)
                        return fail_set(why, FAIL_INPUT, "%s: %s is longer than %zu bytes", where,
                                        row->name, most);
                break;
        }
        mem_free(*(char **)row->target);
        *(char **)row->target = mem_text(value);
        return 0;
}

static int set_line(const struct setting *const *tables, const struct setting *also, char *line,
                    const char *where, struct fail *why)
{
        const struct setting *row = NULL;
        char *equals, *name, *value;

        line = text_trim(line);
        if (*line == '\0' || *line == '#')
                return 0;
        equals = strchr(line, '=');
        if (equals == NULL)
                return fail_set(why, FAIL_INPUT, "%s: expected NAME = value", where);
        *equals = '\0';
        name = text_trim(line);
        value = text_trim(equals + 1);
        for (; *tables != NULL && row == NULL; tables++)
                row = find(*tables, name);
        if (row == NULL && find(also, name) == NULL)
                return fail_set(why, FAIL_INPUT, "%s: no setting is called %s", where, name);
        return row == NULL ? 0 : set(row, value, where, why);
}

static int read_file(const struct setting *const *tables, const struct setting *also,
                     const char *path, struct fail *why)
{
        struct buf text = BUF_NONE;
        char where[160], *rest, *line;
        int number = 0, found, result = 0;

        found = file_read(path, FILE_MAX_BYTES, &text, why);
        if (found <= 0)
                return found;
        if (strlen(buf_text(&text)) != text.len) {
                result = fail_set(why, FAIL_INPUT, "%s: has a NUL byte", path);
        } else {
                rest = text.data;
                while (result == 0 && (line = text_next(&rest, '\n')) != NULL) {
                        snprintf(where, sizeof where, "%.120s, line %d", path, ++number);
                        result = set_line(tables, also, line, where, why);
                }
        }
        buf_dispose(&text);
        return result;
}

int setting_load(const struct setting *const *tables, const struct setting *also, const char *path,
                 struct fail *why)
{
        for (const struct setting *const *t = tables; *t != NULL; t++) {
                for (const struct setting *row = *t; row->name != NULL; row++) {
                        if (set(row, row->standard, "default", why) != 0)
                                return -1;
                }
        }
        if (path != NULL && read_file(tables, also, path, why) != 0)
                return -1;
        for (const struct setting *const *t = tables; *t != NULL; t++) {
                for (const struct setting *row = *t; row->name != NULL; row++) {
                        const char *value = getenv(row->name);

                        if (value != NULL && set(row, value, "environment", why) != 0)
                                return -1;
                }
        }
        return 0;
}

void setting_help(const struct setting *const *tables, struct buf *out)
{
        for (; *tables != NULL; tables++) {
                for (const struct setting *row = *tables; row->name != NULL; row++) {
                        buf_format(out, "  %s", row->name);
                        if (!text_empty(row->standard))
                                buf_format(out, " (default %s)", row->standard);
                        buf_format(out, "\n      %s\n", row->help);
                }
        }
}
