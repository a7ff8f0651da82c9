/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the end of an issued key is worth telling. */
#include "home/watch_key.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define TOLD_AFTER_MS (30 * WHEN_DAY) /* an expired key is old news after that */

static const struct {
        int days;
        const char *mark;
} steps[] = { { 30, "30" }, { 10, "10" }, { 2, "2" }, { 0, "0" } };

static void add_words(struct key_term *t, const char *id, const json_t *record, const json_t *use,
                      int64_t now_ms)
{
        int64_t expires = json_get_int(record, "expires_ms", 0);
        struct buf left = BUF_NONE, when = BUF_NONE, used = BUF_NONE;
        int64_t last = json_get_int(use, "last_ms", 0);

        when_people(&when, expires);
        if (expires - now_ms > 36 * WHEN_HOUR)
                buf_format(&left, "%d days", (int)((expires - now_ms + WHEN_DAY / 2) / WHEN_DAY));
        else
                when_span(&left, expires > now_ms ? expires - now_ms : 0);
        if (last > 0) {
                buf_add_text(&used, "It was last used on ");
                when_people(&used, last);
                buf_add_text(&used, ".");
        } else {
                buf_add_text(&used, "It was never used.");
        }
        t->title =
            expires > now_ms
                ? mem_format("The key \"%s\" expires in %s", json_get_text(record, "label", id),
                             buf_text(&left))
                : mem_format("The key \"%s\" has expired", json_get_text(record, "label", id));
        t->sentence = mem_format(
            "%s%s %s on %s. %s To go on, rotate it and give the new key to whoever uses it.",
            json_get_text(record, "mark", "fl_"), id,
            expires > now_ms ? "stops to work" : "stopped to work", buf_text(&when),
            buf_text(&used));
        buf_dispose(&used);
        buf_dispose(&when);
        buf_dispose(&left);
}

void key_term(struct key_term *t, const char *id, const json_t *record, const json_t *use,
              int64_t now_ms)
{
        int64_t expires = json_get_int(record, "expires_ms", 0),
                created = json_get_int(record, "created_ms", 0);
        bool warned = false;

        memset(t, 0, sizeof *t);
        t->next_ms = INT64_MAX;
        if (expires == 0 || json_get_int(record, "revoked_ms", 0) != 0 ||
            json_get_text(record, "next", NULL) != NULL || now_ms > expires + TOLD_AFTER_MS)
                return;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
                int64_t at = expires - steps[i].days * WHEN_DAY;

                if (at <= created || (steps[i].days == 0 && !warned))
                        continue;
                warned = true;
                if (at <= now_ms)
                        t->mark = steps[i].mark;
                else if (at < t->next_ms)
                        t->next_ms = at;
        }
        if (t->mark != NULL)
                add_words(t, id, record, use, now_ms);
        if (now_ms >= expires)
                t->next_ms = expires + TOLD_AFTER_MS + 1;
}

void key_term_dispose(struct key_term *t)
{
        mem_free(t->title);
        mem_free(t->sentence);
}
