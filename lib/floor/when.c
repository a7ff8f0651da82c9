/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time as milliseconds since 1970-01-01 UTC. */
#include "floor/when.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t moved_ms(void)
{
        const char *path = getenv("FAIRLEAD_TEST_CLOCK");
        char text[32] = "";
        int fd;

        if (path == NULL || *path == '\0')
                return 0;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        if (read(fd, text, sizeof text - 1) < 0)
                text[0] = '\0';
        close(fd);
        return strtoll(text, NULL, 10);
}

int64_t when_now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + moved_ms();
}

int64_t when_steady_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t when_steady_ms(void)
{
        return when_steady_us() / 1000;
}

/* Our own arithmetic: gmtime_r() would read the machine's time zone to no purpose.  Counted in
 * years that begin in March, so that the leap day is the last one; 146097 days are 400 years. */
static void split(int64_t ms, struct tm *tm, int *milli)
{
        int64_t days = ms / WHEN_DAY, rest = ms % WHEN_DAY, era, day, year, month;

        if (rest < 0) {
                rest += WHEN_DAY;
                days--;
        }
        *milli = (int)(rest % WHEN_SECOND);
        *tm = (struct tm){ .tm_hour = (int)(rest / WHEN_HOUR),
                           .tm_min = (int)(rest / WHEN_MINUTE % 60),
                           .tm_sec = (int)(rest / WHEN_SECOND % 60) };
        tm->tm_wday = (int)(((days + 4) % 7 + 7) % 7); /* it began on a Thursday */
        days += 719468;                                /* since 0000-03-01 */
        era = (days >= 0 ? days : days - 146096) / 146097;
        day = days - era * 146097;
        year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
        day -= year * 365 + year / 4 - year / 100;
        month = (day * 5 + 2) / 153; /* 0 is March */
        tm->tm_mday = (int)(day - (month * 153 + 2) / 5 + 1);
        tm->tm_mon = (int)((month + 2) % 12);
        tm->tm_year = (int)(year + era * 400 + (month >= 10) - 1900);
}

void when_sleep_ms(int64_t ms)
{
        struct timespec wait = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

        if (ms > 0)
                nanosleep(&wait, NULL);
}

void when_iso(struct buf *out, int64_t ms)
{
        struct tm tm;
        int milli;

        split(ms, &tm, &milli);
        buf_format(out, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        if (milli != 0)
                buf_format(out, ".%03d", milli);
        buf_add_char(out, 'Z');
}

void when_http(struct buf *out, int64_t ms)
{
        static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        struct tm tm;
        int milli;

        split(ms, &tm, &milli);
        buf_format(out, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
                   months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void when_people(struct buf *out, int64_t ms)
{
        static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday" };
        static const char *const months[] = { "January",   "February", "March",    "April",
                                              "May",       "June",     "July",     "August",
                                              "September", "October",  "November", "December" };
        struct tm tm;
        int milli;

        split(ms, &tm, &milli);
        buf_format(out, "%s %d %s %d, %02d:%02d UTC", days[tm.tm_wday], tm.tm_mday,
                   months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
}

/* Exactly count digits at *p; moves *p behind them.  -1 if they are not there. */
static int number(const char **p, int count)
{
        int value = 0;

        for (; count > 0; count--, (*p)++) {
                if (**p < '0' || **p > '9')
                        return -1;
                value = value * 10 + (**p - '0');
        }
        return value;
}

static int milliseconds(const char **p)
{
        int value = 0, place = 100;

        if (**p != '.')
                return 0;
        (*p)++;
        if (**p < '0' || **p > '9')
                return -1;
        for (; **p >= '0' && **p <= '9'; (*p)++) {
                value += (**p - '0') * place;
                place /= 10;
        }
        return value;
}

static int offset_minutes(const char **p, int *minutes)
{
        int sign, hour, minute;

        if (**p == 'Z' || **p == 'z') {
                (*p)++;
                *minutes = 0;
                return 0;
        }
        if (**p != '+' && **p != '-')
                return -1;
        sign = *(*p)++ == '-' ? -1 : 1;
        hour = number(p, 2);
        if (**p == ':')
                (*p)++;
        minute = number(p, 2);
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
                return -1;
        *minutes = sign * (hour * 60 + minute);
        return 0;
}

static int days_of(int year, int month)
{
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return month == 2                                              ? 28 + leap
               : month == 4 || month == 6 || month == 9 || month == 11 ? 30
                                                                       : 31;
}

int when_parse(const char *text, int64_t *ms)
{
        struct tm tm = { 0 };
        const char *p = text;
        int year, month, milli, minutes;

        if (text == NULL)
                return -1;
        if ((year = number(&p, 4)) < 0 || *p++ != '-' || (month = number(&p, 2)) < 1 ||
            month > 12 || *p++ != '-' || (tm.tm_mday = number(&p, 2)) < 1 ||
            tm.tm_mday > days_of(year, month))
                return -1;
        if (*p != 'T' && *p != 't' && *p != ' ')
                return -1;
        p++;
        if ((tm.tm_hour = number(&p, 2)) < 0 || tm.tm_hour > 23 || *p++ != ':' ||
            (tm.tm_min = number(&p, 2)) < 0 || tm.tm_min > 59 || *p++ != ':' ||
            (tm.tm_sec = number(&p, 2)) < 0 || tm.tm_sec > 60)
                return -1;
        if ((milli = milliseconds(&p)) < 0 || offset_minutes(&p, &minutes) != 0 || *p != '\0')
                return -1;
        tm.tm_year = year - 1900;
        tm.tm_mon = month - 1;
        *ms = ((int64_t)timegm(&tm) - (int64_t)minutes * 60) * 1000 + milli;
        return 0;
}

void when_span(struct buf *out, int64_t ms)
{
        int64_t seconds = (ms < 0 ? -ms : ms) / 1000;

        if (seconds < 90)
                buf_format(out, "%lld s", (long long)seconds);
        else if (seconds < 90 * 60)
                buf_format(out, "%lld min", (long long)(seconds + 30) / 60);
        else if (seconds < 48 * 3600)
                buf_format(out, "%lld h %lld min", (long long)seconds / 3600,
                           (long long)seconds % 3600 / 60);
        else
                buf_format(out, "%lld days", (long long)seconds / 86400);
}
