/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Test Anything Protocol for C. */
#include "tap.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "floor/mem.h"

static int count, failed;

static bool report(bool good, const char *name, va_list list)
{
        printf("%s %d - ", good ? "ok" : "not ok", ++count);
        vprintf(name, list);
        putchar('\n');
        if (!good)
                failed++;
        fflush(stdout);
        return good;
}

bool tap_ok(bool good, const char *name, ...)
{
        va_list list;

        va_start(list, name);
        report(good, name, list);
        va_end(list);
        return good;
}

bool tap_text(const char *got, const char *want, const char *name, ...)
{
        bool good = got == NULL || want == NULL ? got == want : strcmp(got, want) == 0;
        va_list list;

        va_start(list, name);
        report(good, name, list);
        va_end(list);
        if (!good)
                tap_note("got \"%s\", want \"%s\"", got ? got : "(null)", want ? want : "(null)");
        return good;
}

bool tap_int(int64_t got, int64_t want, const char *name, ...)
{
        va_list list;

        va_start(list, name);
        report(got == want, name, list);
        va_end(list);
        if (got != want)
                tap_note("got %" PRId64 ", want %" PRId64, got, want);
        return got == want;
}

bool tap_bytes(const void *got, size_t got_len, const void *want, size_t want_len, const char *name,
               ...)
{
        bool good = got_len == want_len && (got_len == 0 || memcmp(got, want, got_len) == 0);
        va_list list;

        va_start(list, name);
        report(good, name, list);
        va_end(list);
        if (!good)
                tap_note("got %zu bytes, want %zu bytes", got_len, want_len);
        return good;
}

void tap_note(const char *format, ...)
{
        va_list list;
        char *text, *rest, *line;

        va_start(list, format);
        text = mem_format_list(format, list);
        va_end(list);
        rest = text;
        while ((line = strsep(&rest, "\n")) != NULL)
                printf("# %s\n", line);
        fflush(stdout);
        mem_free(text);
}

void tap_skip(int number, const char *why)
{
        while (number-- > 0)
                printf("ok %d # SKIP %s\n", ++count, why);
}

int tap_end(void)
{
        printf("1..%d\n", count);
        return failed == 0 ? 0 : 1;
}

static char *made[64];
static int made_count;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
        (void)st;
        (void)type;
        (void)at;
        return remove(path);
}

static void remove_made(void)
{
        while (made_count > 0) {
                char *dir = made[--made_count];

                nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
                mem_free(dir);
        }
}

char *tap_dir(void)
{
        const char *base = getenv("TMPDIR");
        char *dir = mem_format("%s/fairlead-test.XXXXXX", base != NULL ? base : "/tmp");

        if (mkdtemp(dir) == NULL || made_count == 64) {
                printf("Bail out! cannot make a directory\n");
                exit(99);
        }
        if (made_count == 0)
                atexit(remove_made);
        made[made_count++] = mem_text(dir);
        return dir;
}
