/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mail about alerts says. */
#include "home/alert_mail.h"

#include <inttypes.h>

#include "door/mail.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

void alert_mail_subject(struct buf *out, const char *org, const json_t *self, const json_t *alerts)
{
        size_t count = json_array_size(alerts);
        char *subject;

        if (count == 1)
                subject = mem_format("[%s] %s", json_get_text(self, "name", org),
                                     json_get_text(alerts, "0.title", ""));
        else
                subject = mem_format("[%s] %s, and %zu more", json_get_text(self, "name", org),
                                     json_get_text(alerts, "0.title", ""), count - 1);
        /* What an admin typed, or a vendor: it stays one line. */
        for (char *c = subject; *c != '\0'; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7F)
                        *c = ' ';
        text_cut(subject, MAIL_SUBJECT_MAX);
        buf_add_text(out, subject);
        mem_free(subject);
}

static void add_one(struct buf *out, const json_t *alert)
{
        const char *state = json_get_text(alert, "state", "");
        int64_t count = json_get_int(alert, "count", 1);

        buf_format(out, "%s\n", json_get_text(alert, "title", ""));
        if (!text_empty(json_get_text(alert, "sentence", "")))
                buf_format(out, "%s\n", json_get_text(alert, "sentence", ""));
        if (text_equal(state, "news")) {
                buf_add_text(out, count > 1 ? "Last on " : "On ");
                when_people(out, json_get_int(alert, "changed_ms", 0));
        } else {
                buf_add_text(out, "Since ");
                when_people(out, json_get_int(alert, "since_ms", 0));
        }
        if (text_equal(state, "over")) {
                buf_add_text(out, "; over since ");
                when_people(out, json_get_int(alert, "changed_ms", 0));
        } else if (count > 1) {
                buf_format(out, "; %" PRId64 " times so far", count);
        }
        buf_add_text(out, ".\n\n");
}

void alert_mail_text(struct buf *out, const char *org, const json_t *self, const json_t *alerts,
                     int64_t now_ms)
{
        const char *url = json_get_text(self, "public_url", "");
        json_t *alert;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)alerts, i, alert)
        {
                add_one(out, alert);
        }
        buf_format(out, "How things stand: %s/admin/%s\n\n-- \n", url, org);
        buf_format(out, "Fairlead for %s, written on ", json_get_text(self, "name", org));
        when_people(out, now_ms);
        buf_add_text(out, ".\nYou get this because your address stands in alert_email there. About "
                          "one thing we\nwrite at most once an hour.\n");
}
