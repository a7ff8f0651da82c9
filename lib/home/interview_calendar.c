/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 5545: the calendar file of an interview. */
#include <string.h>
#include <time.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/interview.h"

#define LINE_OCTETS 75 /* RFC 5545, 3.1: longer lines are folded */
#define STANDARD_MS WHEN_HOUR

static void line(struct buf *out, const char *text)
{
        size_t len = strlen(text), at = 0, room = LINE_OCTETS;

        while (len - at > room) {
                size_t step = room;

                while (step > 1 && ((unsigned char)text[at + step] & 0xC0) == 0x80)
                        step--; /* never inside a character */
                buf_add(out, text + at, step);
                buf_add_text(out, "\r\n ");
                at += step;
                room = LINE_OCTETS - 1;
        }
        buf_add(out, text + at, len - at);
        buf_add_text(out, "\r\n");
}

static void text_line(struct buf *out, const char *name, const char *value)
{
        struct buf text = BUF_NONE;

        buf_format(&text, "%s:", name);
        for (; *value != '\0'; value++) {
                if (*value == '\\' || *value == ';' || *value == ',')
                        buf_format(&text, "\\%c", *value);
                else if (*value == '\n')
                        buf_add_text(&text, "\\n");
                else if ((unsigned char)*value >= ' ')
                        buf_add_char(&text, *value);
        }
        line(out, text.data);
        buf_dispose(&text);
}

static void time_line(struct buf *out, const char *name, int64_t ms)
{
        time_t t = (time_t)(ms / 1000);
        struct tm tm;
        char text[64];

        gmtime_r(&t, &tm);
        strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &tm);
        buf_format(out, "%s:%s\r\n", name, text);
}

void interview_calendar(const char *org, const char *id, const json_t *record, const char *url,
                        struct buf *out)
{
        int64_t starts = json_get_int(record, "starts_ms", 0);
        int64_t ends = json_get_int(record, "ends_ms", 0);
        bool cancelled = text_equal(json_get_text(record, "state", ""), "cancelled");
        char *uid = mem_format("UID:%s.%s@fairlead", id, org);
        char *words = mem_format("Join: %s", url);
        char *address = mem_format("URL:%s", url);

        line(out, "BEGIN:VCALENDAR");
        line(out, "VERSION:2.0");
        line(out, "PRODID:-//Fairlead//Interview//EN");
        line(out, cancelled ? "METHOD:CANCEL" : "METHOD:PUBLISH");
        line(out, "BEGIN:VEVENT");
        line(out, uid);
        time_line(out, "DTSTAMP", json_get_int(record, "changed_ms", 0));
        buf_format(out, "SEQUENCE:%lld\r\n", (long long)json_get_int(record, "sequence", 0));
        time_line(out, "DTSTART", starts);
        time_line(out, "DTEND", ends != 0 ? ends : starts + STANDARD_MS);
        text_line(out, "SUMMARY", json_get_text(record, "title", "Coding interview"));
        text_line(out, "DESCRIPTION", words);
        text_line(out, "LOCATION", url);
        line(out, address); /* a URI, not a text: nothing is escaped */
        line(out, cancelled ? "STATUS:CANCELLED" : "STATUS:CONFIRMED");
        line(out, "END:VEVENT");
        line(out, "END:VCALENDAR");
        mem_free(address);
        mem_free(words);
        mem_free(uid);
}
