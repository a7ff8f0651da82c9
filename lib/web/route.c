/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request targets and route patterns. */
#include "web/route.h"

#include <string.h>

#include "floor/buf.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

/* The path of a target in origin form; of "http://host/path" what follows the host. */
static const char *path_of(const char *target)
{
        if (text_starts_fold(target, "http://") || text_starts_fold(target, "https://")) {
                target = strstr(target, "//") + 2;
                target += strcspn(target, "/?#");
        }
        return target;
}

const char *route_query(const char *target)
{
        const char *mark = strchr(target, '?');

        return mark == NULL ? "" : mark + 1;
}

/* One segment, decoded, or NULL when nothing may match it; the caller frees. */
static char *decode(const char *text, size_t len)
{
        struct buf b = BUF_NONE;
        bool good;

        if (len == 0 || len > (size_t)3 * ROUTE_SEGMENT_MAX)
                return NULL;
        good = code_unurl(&b, text, len) == 0 && b.len <= ROUTE_SEGMENT_MAX &&
               text_utf8_valid(b.data, b.len) && !text_equal(b.data, ".") &&
               !text_equal(b.data, "..");
        for (size_t i = 0; good && i < b.len; i++)
                good = (unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7F && b.data[i] != '/';
        if (good)
                return buf_take(&b);
        buf_dispose(&b);
        return NULL;
}

/* Is this raw segment the program: "webhook", "webhook.cgi" or "webhook.fcgi"? */
static bool is_program(const char *text, size_t len, const char *program)
{
        size_t own = strlen(program);

        if (len < own || memcmp(text, program, own) != 0)
                return false;
        text += own;
        len -= own;
        return len == 0 || (len == 4 && memcmp(text, ".cgi", 4) == 0) ||
               (len == 5 && memcmp(text, ".fcgi", 5) == 0);
}

/* What follows the program's own segment: "" or "/...", NULL when the path is not below it. */
static const char *behind_program(const char *path, const char *end, const char *mount,
                                  const char *program)
{
        size_t skip = mount == NULL ? 0 : strlen(mount);

        while (skip > 0 && mount[skip - 1] == '/')
                skip--;
        if ((size_t)(end - path) > skip && memcmp(path, mount == NULL ? "" : mount, skip) == 0 &&
            path[skip] == '/')
                path += skip;
        /* Elsewhere ("/cgi-bin", "/~joe/fairlead") the first segment of its name is it. */
        while (path < end && *path == '/') {
                size_t len = 0;

                path++;
                while (path + len < end && path[len] != '/')
                        len++;
                if (is_program(path, len, program))
                        return path + len;
                path += len;
        }
        return NULL;
}

int route_read(const char *target, const char *mount, const char *program, struct route_path *path)
{
        const char *start = path_of(target), *end = start + strcspn(start, "?#");
        const char *at = behind_program(start, end, mount, program);

        path->count = 0;
        if (at == NULL)
                return -1;
        if (end - at == 1)
                return 0; /* "webhook/" is the program itself */
        while (at < end) {
                size_t len = 0;
                char *segment;

                at++;
                while (at + len < end && at[len] != '/')
                        len++;
                segment = path->count < ROUTE_SEGMENTS_MAX ? decode(at, len) : NULL;
                if (segment == NULL)
                        return -1;
                path->segment[path->count++] = segment;
                at += len;
        }
        return 0;
}

static void forget_values(struct route_match *match)
{
        for (size_t i = 0; i < match->count; i++) {
                mem_free(match->value[i].name);
                mem_free_secret(match->value[i].text);
        }
        match->count = 0;
}

/* One pattern segment against one of the path. */
static bool fits(const char *pattern, size_t len, const char *segment, struct route_match *match)
{
        const char *close = len > 0 && *pattern == '{' ? memchr(pattern, '}', len) : NULL;
        size_t end_len, segment_len = strlen(segment);
        struct route_value *value;

        if (close == NULL)
                return segment_len == len && memcmp(pattern, segment, len) == 0;
        end_len = len - (size_t)(close + 1 - pattern);
        if (segment_len <= end_len ||
            memcmp(segment + segment_len - end_len, close + 1, end_len) != 0)
                return false;
        value = &match->value[match->count++];
        value->name = mem_text_part(pattern + 1, (size_t)(close - pattern) - 1);
        value->text = mem_text_part(segment, segment_len - end_len);
        return true;
}

bool route_fits(const char *pattern, struct route_match *match)
{
        size_t i = 0;

        forget_values(match);
        while (*pattern != '\0') {
                size_t len = strcspn(pattern, "/");

                if (i == match->path.count || !fits(pattern, len, match->path.segment[i], match)) {
                        forget_values(match);
                        return false;
                }
                i++;
                pattern += len + (pattern[len] == '/');
        }
        if (i == match->path.count)
                return true;
        forget_values(match);
        return false;
}

const char *route_value(const struct route_match *match, const char *name)
{
        for (size_t i = 0; i < match->count; i++)
                if (strcmp(match->value[i].name, name) == 0)
                        return match->value[i].text;
        return NULL;
}

void route_dispose(struct route_match *match)
{
        forget_values(match);
        for (size_t i = 0; i < match->path.count; i++)
                mem_free_secret(match->path.segment[i]);
        match->path.count = 0;
}
