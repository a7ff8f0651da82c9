/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON through Jansson, tolerant in reading, strict at the door. */
#include "door/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"

/* Before main, so before threads: memory that is there or the process ends, and a random
 * hash seed, so that nobody can choose member names that collide. */
__attribute__((constructor)) static void prepare(void)
{
        json_set_alloc_funcs(mem_alloc, mem_free);
        json_object_seed(0);
}

/* What remains after prepare() is a caller's mistake: a member of something that is no
 * object, a value inside itself. */
static void must(int result)
{
        if (result != 0) {
                fputs("fatal: json: misuse\n", stderr);
                abort();
        }
}

_Static_assert(JSON_DEPTH_MAX == 64 && JSON_VALUES_MAX == 500000, "as the sentences say");

/* What there is too much of, or NULL: Jansson stops at 2048 levels only, and makes of the two
 * bytes "{}" a hundred times as many.  Counts outside of strings; a text that is no JSON may be
 * counted wrongly, but then it is refused one way or the other. */
static const char *too_much(const char *text, size_t len)
{
        size_t depth = 0, values = 1;
        bool quoted = false;

        for (size_t i = 0; i < len; i++) {
                char c = text[i];

                if (quoted) {
                        if (c == '\\')
                                i++;
                        else if (c == '"')
                                quoted = false;
                        continue;
                }
                if (c == '"')
                        quoted = true;
                else if (c == '{' || c == '[')
                        depth++;
                else if ((c == '}' || c == ']') && depth > 0)
                        depth--;
                if (depth > JSON_DEPTH_MAX)
                        return "JSON nested deeper than 64 levels";
                /* an opened one has a first part unless it is closed at once */
                if (c == ',' || ((c == '{' || c == '[') && i + 1 < len && text[i + 1] != '}' &&
                                 text[i + 1] != ']'))
                        values++;
                if (values > JSON_VALUES_MAX)
                        return "JSON of more than 500000 values";
        }
        return NULL;
}

json_t *json_parse(const void *text, size_t len, bool strict, struct fail *why)
{
        size_t flags = JSON_DECODE_ANY | (strict ? JSON_REJECT_DUPLICATES : 0);
        json_error_t error;
        const char *objection;
        json_t *value;
        char *near;

        if (text == NULL || len == 0) {
                fail_set(why, FAIL_INPUT, "empty where JSON was expected");
                return NULL;
        }
        objection = too_much(text, len);
        if (objection != NULL) {
                fail_set(why, FAIL_INPUT, "%s", objection);
                return NULL;
        }
        value = json_loadb(text, len, flags, &error);
        if (value == NULL) {
                /* Jansson quotes the text it stumbled over, which may be a secret. */
                near = strstr(error.text, " near '");
                if (near != NULL)
                        *near = '\0';
                fail_set(why, FAIL_INPUT, "not JSON as accepted here: line %d, column %d: %s",
                         error.line, error.column, error.text);
        }
        return value;
}

/* How many digits every real in value needs to be read back as the same number, so that
 * 0.1 is written as 0.1.  Jansson takes one precision for a whole document. */
static size_t digits_of(const json_t *value)
{
        size_t most = 15, i;
        const char *name;
        json_t *part;
        char text[32];

        if (json_is_real(value)) {
                for (; most < 17; most++) {
                        snprintf(text, sizeof text, "%.*g", (int)most, json_real_value(value));
                        if (strtod(text, NULL) == json_real_value(value))
                                break;
                }
        } else if (json_is_array(value)) {
                json_array_foreach(value, i, part)
                {
                        size_t digits = digits_of(part);

                        most = digits > most ? digits : most;
                }
        } else if (json_is_object(value)) {
                json_object_foreach((json_t *)(uintptr_t)value, name, part)
                {
                        size_t digits = digits_of(part);

                        most = digits > most ? digits : most;
                }
        }
        return most;
}

static int add(const char *text, size_t len, void *out)
{
        buf_add(out, text, len);
        return 0;
}

static void dump(const json_t *value, size_t flags, struct buf *out)
{
        flags |= JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits_of(value));
        must(json_dump_callback(value, add, out, flags));
}

void json_write(const json_t *value, struct buf *out)
{
        dump(value, JSON_COMPACT | JSON_SORT_KEYS, out);
}

void json_print(const json_t *value, struct buf *out)
{
        dump(value, JSON_INDENT(2), out);
}

char *json_text(const json_t *value)
{
        struct buf out = BUF_NONE;

        json_write(value, &out);
        return buf_take(&out);
}

static json_t *step(const json_t *value, const char *name, size_t len)
{
        char text[256];
        int64_t index;

        if (len >= sizeof text)
                return NULL;
        memcpy(text, name, len);
        text[len] = '\0';
        if (json_is_array(value)) {
                if (text_int(text, 0, INT32_MAX, &index) != 0)
                        return NULL;
                return json_array_get(value, (size_t)index);
        }
        return json_object_get(value, text);
}

/* One reference token: "~1" is a slash, "~0" a tilde.  -1: longer than any name of ours. */
static int token(const char *from, size_t len, char *out, size_t size)
{
        size_t n = 0;

        for (size_t i = 0; i < len; i++) {
                if (n + 1 >= size)
                        return -1;
                if (from[i] == '~' && i + 1 < len && (from[i + 1] == '0' || from[i + 1] == '1'))
                        out[n++] = from[++i] == '1' ? '/' : '~';
                else
                        out[n++] = from[i];
        }
        out[n] = '\0';
        return (int)n;
}

json_t *json_pointer(const json_t *value, const char *pointer, bool *empty)
{
        bool none = false;

        while (value != NULL && *pointer == '/') {
                size_t len = strcspn(++pointer, "/");
                char name[256];
                int n = token(pointer, len, name, sizeof name);

                none = json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0);
                value = n < 0 ? NULL : step(value, name, (size_t)n);
                pointer += len;
        }
        if (*pointer != '\0')
                value = NULL;
        if (empty != NULL)
                *empty = json_is_null(value) || (value == NULL && none);
        return json_is_null(value) ? NULL : (json_t *)(uintptr_t)value;
}

json_t *json_at(const json_t *value, const char *path)
{
        while (value != NULL && *path != '\0') {
                size_t len = strcspn(path, ".");

                value = step(value, path, len);
                path += len;
                if (*path == '.')
                        path++;
        }
        return json_is_null(value) ? NULL : (json_t *)(uintptr_t)value;
}

const char *json_text_of(const json_t *value, const char *otherwise)
{
        return json_is_string(value) ? json_string_value(value) : otherwise;
}

int64_t json_int_of(const json_t *value, int64_t otherwise)
{
        int64_t number;
        double real;

        if (json_is_integer(value))
                return json_integer_value(value);
        if (json_is_real(value)) {
                real = json_real_value(value);
                if (real >= -0x1p63 && real < 0x1p63 && (double)(int64_t)real == real)
                        return (int64_t)real;
        } else if (json_is_string(value)) {
                if (text_int(json_string_value(value), INT64_MIN, INT64_MAX, &number) == 0)
                        return number;
        }
        return otherwise;
}

/* A string that is a JSON number and nothing else; NULL if it is not. */
static json_t *number_in(const json_t *value)
{
        const char *text = json_string_value(value);
        size_t len = json_string_length(value);
        json_t *number;

        if (len == 0 || len > 64 || strspn(text, "0123456789+-.eE") != len)
                return NULL;
        number = json_loadb(text, len, JSON_DECODE_ANY, NULL);
        return number;
}

double json_real_of(const json_t *value, double otherwise)
{
        const int64_t most = INT64_C(1) << 53; /* every integer up to here is a double */
        json_t *number;

        if (json_is_real(value))
                return json_real_value(value);
        if (json_is_integer(value)) {
                int64_t i = json_integer_value(value);

                return i >= -most && i <= most ? (double)i : otherwise;
        }
        if (json_is_string(value) && (number = number_in(value)) != NULL) {
                otherwise = json_real_of(number, otherwise);
                json_decref(number);
        }
        return otherwise;
}

bool json_bool_of(const json_t *value, bool otherwise)
{
        const char *text = json_text_of(value, NULL);

        if (json_is_true(value) || text_equal(text, "true"))
                return true;
        if (json_is_false(value) || text_equal(text, "false"))
                return false;
        return otherwise;
}

bool json_is_number_of(const json_t *value)
{
        return json_is_number(value);
}

char *json_id_of(const json_t *value)
{
        if (json_is_integer(value))
                return mem_format("%" PRId64, (int64_t)json_integer_value(value));
        if (json_is_string(value) && json_string_length(value) > 0)
                return mem_text(json_string_value(value));
        return NULL;
}

const char *json_get_text(const json_t *value, const char *path, const char *otherwise)
{
        return json_text_of(json_at(value, path), otherwise);
}

int64_t json_get_int(const json_t *value, const char *path, int64_t otherwise)
{
        return json_int_of(json_at(value, path), otherwise);
}

bool json_get_bool(const json_t *value, const char *path, bool otherwise)
{
        return json_bool_of(json_at(value, path), otherwise);
}

char *json_get_id(const json_t *value, const char *path)
{
        return json_id_of(json_at(value, path));
}

/* NUL is valid UTF-8, but json_parse() refuses it: what we write, we must be able to read. */
static bool clean(const char *text, size_t len)
{
        return memchr(text, '\0', len) == NULL && text_utf8_valid(text, len);
}

static void add_clean(struct buf *out, const char *text, size_t len)
{
        while (len > 0) {
                size_t size = *text == '\0' ? 0 : text_utf8_size(text, len);

                if (size == 0)
                        buf_add_text(out, "\xEF\xBF\xBD");
                else
                        buf_add(out, text, size);
                size = size == 0 ? 1 : size;
                text += size;
                len -= size;
        }
}

json_t *json_new_text(const char *text, size_t len)
{
        struct buf out = BUF_NONE;
        json_t *value;

        if (text == NULL)
                return json_null();
        if (clean(text, len))
                return json_stringn_nocheck(text, len);
        add_clean(&out, text, len);
        value = json_stringn_nocheck(out.data, out.len);
        buf_dispose(&out);
        return value;
}

void json_set(json_t *object, const char *name, json_t *value)
{
        struct buf out = BUF_NONE;

        if (value == NULL)
                value = json_null();
        if (!clean(name, strlen(name))) {
                add_clean(&out, name, strlen(name));
                name = buf_text(&out);
        }
        must(json_object_set_new_nocheck(object, name, value));
        buf_dispose(&out);
}

void json_set_text(json_t *object, const char *name, const char *text)
{
        json_set(object, name, json_new_text(text, text == NULL ? 0 : strlen(text)));
}

void json_set_int(json_t *object, const char *name, int64_t value)
{
        json_set(object, name, json_integer(value));
}

void json_set_bool(json_t *object, const char *name, bool value)
{
        json_set(object, name, json_boolean(value));
}

void json_add(json_t *array, json_t *value)
{
        must(json_array_append_new(array, value == NULL ? json_null() : value));
}
