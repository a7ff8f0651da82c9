/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time zones of the system. */
#include "floor/zone.h"

#include <stdio.h>
#include <string.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define FILE_MAX ((size_t)256 * 1024)
#define TIMES_MAX 4096
#define NAME_MAX 40

struct kind {
        int32_t offset;
        char name[12];
};

/* "M3.5.0/2": the week's day of a month at a time of that day. */
struct day_rule {
        int month, week, day;
        int32_t at; /* seconds after midnight, local */
};

struct zone {
        size_t count; /* transitions */
        int64_t *times;
        unsigned char *kinds_at;
        struct kind kinds[256];
        size_t kind_count;
        /* What holds behind the last transition (RFC 9636 3.3): standard, and summer or not. */
        bool footer, summer;
        struct kind rest[2];
        struct day_rule begin, end;
};

static int64_t read_int(const unsigned char *p, size_t bytes)
{
        uint64_t value = (p[0] & 0x80) != 0 ? UINT64_MAX : 0;

        for (size_t i = 0; i < bytes; i++)
                value = value << 8 | p[i];
        return (int64_t)value;
}

/* "CET" or "<+0330>"; moves *text behind it. */
static bool take_name(const char **text, char out[12])
{
        const char *start = *text, *end;

        if (*start == '<') {
                end = strchr(++start, '>');
                *text = end == NULL ? start : end + 1;
        } else {
                end = start + strspn(start, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
                *text = end;
        }
        if (end == NULL || end - start < 3 || end - start > 11)
                return false;
        memcpy(out, start, (size_t)(end - start));
        out[end - start] = '\0';
        return true;
}

/* "-1", "3:30:15", "+24": seconds. */
static bool take_time(const char **text, int32_t *seconds)
{
        int sign = 1, part[3] = { 0, 0, 0 }, used;

        if (**text == '-' || **text == '+')
                sign = *(*text)++ == '-' ? -1 : 1;
        for (int i = 0; i < 3; i++) {
                if (sscanf(*text, "%3d%n", &part[i], &used) != 1 || part[i] < 0 || part[i] > 167)
                        return false;
                *text += used;
                if (**text != ':')
                        break;
                (*text)++;
        }
        *seconds = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
        return true;
}

static bool take_rule(const char **text, struct day_rule *rule)
{
        int used = 0;

        if (sscanf(*text, ",M%2d.%1d.%1d%n", &rule->month, &rule->week, &rule->day, &used) != 3 ||
            used == 0 || rule->month < 1 || rule->month > 12 || rule->week < 1 || rule->week > 5 ||
            rule->day > 6)
                return false;
        *text += used;
        rule->at = 2 * 3600;
        if (**text != '/')
                return true;
        (*text)++;
        return take_time(text, &rule->at);
}

/* "CET-1CEST,M3.5.0,M10.5.0/3" */
static void read_footer(struct zone *z, const char *text)
{
        int32_t west;

        if (!take_name(&text, z->rest[0].name) || !take_time(&text, &west))
                return;
        z->rest[0].offset = -west;
        z->footer = true;
        if (*text == '\0' || !take_name(&text, z->rest[1].name))
                return;
        z->rest[1].offset = z->rest[0].offset + 3600;
        if (*text != ',' && *text != '\0') {
                if (!take_time(&text, &west))
                        return;
                z->rest[1].offset = -west;
        }
        z->summer = take_rule(&text, &z->begin) && take_rule(&text, &z->end);
}

/* One block of header and data: its length, 0 when it is not one. */
static size_t block(const unsigned char *p, size_t len, size_t time_size, size_t counts[6])
{
        if (len < 44 || memcmp(p, "TZif", 4) != 0)
                return 0;
        for (size_t i = 0; i < 6; i++) { /* isut, isstd, leap, time, type, char */
                int64_t n = read_int(p + 20 + 4 * i, 4);

                if (n < 0 || n > TIMES_MAX)
                        return 0;
                counts[i] = (size_t)n;
        }
        return 44 + counts[3] * time_size + counts[3] + counts[4] * 6 + counts[5] +
               counts[2] * (time_size + 4) + counts[1] + counts[0];
}

static void fill(struct zone *z, const unsigned char *p, const size_t counts[6])
{
        const unsigned char *times = p + 44, *at = times + counts[3] * 8, *types = at + counts[3];
        const char *names = (const char *)types + counts[4] * 6;

        z->count = counts[3];
        z->kind_count = counts[4];
        z->times = mem_array(z->count, sizeof *z->times);
        z->kinds_at = mem_array(z->count, 1);
        for (size_t i = 0; i < z->count; i++) {
                z->times[i] = read_int(times + 8 * i, 8);
                z->kinds_at[i] = at[i] < z->kind_count ? at[i] : 0;
        }
        for (size_t i = 0; i < z->kind_count; i++) {
                const unsigned char *t = types + 6 * i;

                z->kinds[i].offset = (int32_t)read_int(t, 4);
                if (t[5] < counts[5])
                        snprintf(z->kinds[i].name, sizeof z->kinds[i].name, "%.*s",
                                 (int)strnlen(names + t[5], counts[5] - t[5]), names + t[5]);
        }
}

struct zone *zone_read(const void *data, size_t len)
{
        const unsigned char *p = data;
        size_t counts[6], used = block(p, len, 4, counts);
        struct zone *z;
        char footer[80];

        /* Version 1 has 32 bits only; all files since 2006 have the second block. */
        if (used == 0 || used > len || p[4] < '2')
                return NULL;
        p += used;
        len -= used;
        used = block(p, len, 8, counts);
        if (used == 0 || used > len || counts[4] == 0 || counts[4] > 256)
                return NULL;
        z = mem_alloc(sizeof *z);
        fill(z, p, counts);
        p += used;
        len -= used;
        if (len > 2 && *p == '\n' && len - 2 < sizeof footer) {
                memcpy(footer, p + 1, len - 2);
                footer[len - 2] = '\0';
                read_footer(z, footer);
        }
        return z;
}

static bool is_tame(const char *name)
{
        return !text_empty(name) && strlen(name) <= NAME_MAX && *name != '/' &&
               strstr(name, "..") == NULL && strstr(name, "//") == NULL &&
               name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                 "/_+-")] == '\0';
}

static struct zone *find(const char *name)
{
        struct buf text = BUF_NONE;
        struct zone *z = NULL;
        char *path;

        if (!is_tame(name))
                return NULL;
        path = file_path("/usr/share/zoneinfo", name);
        /* Names of one zone may be links to another's file: those are followed. */
        if (file_read_link(path, FILE_MAX, &text, NULL) == 1)
                z = zone_read(text.data, text.len);
        mem_free(path);
        buf_dispose(&text);
        return z;
}

bool zone_known(const char *name)
{
        struct zone *z = text_equal(name, "UTC") ? zone_load("UTC") : find(name);
        bool known = z != NULL;

        zone_free(z);
        return known;
}

struct zone *zone_load(const char *name)
{
        struct zone *z = text_equal(name, "UTC") ? NULL : find(name);

        if (z == NULL) {
                z = mem_alloc(sizeof *z);
                z->footer = true;
                snprintf(z->rest[0].name, sizeof z->rest[0].name, "UTC");
        }
        return z;
}

void zone_free(struct zone *z)
{
        if (z == NULL)
                return;
        mem_free(z->times);
        mem_free(z->kinds_at);
        mem_free(z);
}

/* Days since 1970 of a date; months 1 to 12. */
static int64_t days_of(int64_t year, int month, int day)
{
        int64_t m = (month + 9) % 12, y = year - (m >= 10), era = (y >= 0 ? y : y - 399) / 400;

        y -= era * 400;
        return era * 146097 + y * 365 + y / 4 - y / 100 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

static int64_t year_of(int64_t seconds)
{
        int64_t year = 1970 + seconds / 31556952;

        while (days_of(year + 1, 1, 1) * 86400 <= seconds)
                year++;
        while (days_of(year, 1, 1) * 86400 > seconds)
                year--;
        return year;
}

/* Local seconds at which a rule's change happens in a year. */
static int64_t rule_time(const struct day_rule *r, int64_t year)
{
        int64_t first = days_of(year, r->month, 1);
        int64_t next = r->month == 12 ? days_of(year + 1, 1, 1) : days_of(year, r->month + 1, 1);
        int64_t weekday = ((first + 4) % 7 + 7) % 7, day = first + (r->day - weekday + 7) % 7;

        day += 7 * (r->week - 1);
        while (day >= next)
                day -= 7;
        return day * 86400 + r->at;
}

static const struct kind *rest_at(const struct zone *z, int64_t seconds)
{
        int64_t year = year_of(seconds + z->rest[0].offset);
        int64_t begin, end;
        bool summer;

        if (!z->summer)
                return &z->rest[0];
        begin = rule_time(&z->begin, year) - z->rest[0].offset;
        end = rule_time(&z->end, year) - z->rest[1].offset;
        summer =
            begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
        return &z->rest[summer];
}

int32_t zone_offset(const struct zone *z, int64_t ms, const char **name)
{
        int64_t seconds = (ms - (ms < 0 ? 999 : 0)) / 1000;
        const struct kind *kind;
        size_t low = 0, high = z->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (z->times[middle] <= seconds)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == z->count && z->footer)
                kind = rest_at(z, seconds);
        else
                kind = &z->kinds[low == 0 ? 0 : z->kinds_at[low - 1]];
        if (name != NULL)
                *name = kind->name;
        return kind->offset;
}

/* The clock there as if it were UTC: "2026-11-22T17:51:07Z". */
static void local_iso(struct buf *out, const struct zone *z, int64_t ms, const char **name)
{
        ms += (int64_t)zone_offset(z, ms, name) * 1000;
        when_iso(out, ms - (ms % 1000 + 1000) % 1000);
}

void zone_people(struct buf *out, const struct zone *z, int64_t ms)
{
        static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        struct buf iso = BUF_NONE;
        int year, month, day, hour, minute;
        const char *name = "";

        local_iso(&iso, z, ms, &name);
        if (sscanf(buf_text(&iso), "%d-%d-%dT%d:%d", &year, &month, &day, &hour, &minute) == 5 &&
            month >= 1 && month <= 12)
                buf_format(out, "%s %d %s %d, %02d:%02d %s",
                           days[(days_of(year, month, day) % 7 + 7) % 7], day, months[month - 1],
                           year, hour, minute, name);
        buf_dispose(&iso);
}

void zone_day(struct buf *out, const struct zone *z, int64_t ms)
{
        struct buf iso = BUF_NONE;

        local_iso(&iso, z, ms, NULL);
        buf_add(out, buf_text(&iso), iso.len < 10 ? iso.len : 10);
        buf_dispose(&iso);
}
