/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How one call to an outside system ended. */
#include "bridge/outcome.h"

#include <stdarg.h>
#include <string.h>

#include "floor/buf.h"

/* Keeps what fits, never half a character: these texts end up in JSON. */
static void put(char *to, size_t size, const char *from)
{
        size_t len = from == NULL ? 0 : strnlen(from, size);

        if (len == size)
                for (len = size - 1; len > 0 && ((unsigned char)from[len] & 0xC0) == 0x80;)
                        len--;
        if (len > 0)
                memmove(to, from, len);
        to[len] = '\0';
}

int outcome_set(struct outcome *o, enum outcome_kind kind, const char *sentence, const char *detail,
                ...)
{
        struct buf text;
        va_list list;

        o->kind = kind;
        buf_limit(&text, sizeof o->detail);
        if (detail != NULL) {
                va_start(list, detail);
                buf_format_list(&text, detail, list);
                va_end(list);
        }
        put(o->sentence, sizeof o->sentence, sentence);
        put(o->detail, sizeof o->detail, buf_text(&text));
        buf_dispose(&text);
        return kind == OUTCOME_DONE ? 0 : -1;
}

const char *outcome_word(enum outcome_kind kind)
{
        switch (kind) {
        case OUTCOME_DONE:
                return "done";
        case OUTCOME_AGAIN:
                return "again";
        case OUTCOME_UNCERTAIN:
                return "uncertain";
        case OUTCOME_REFUSED:
                return "refused";
        case OUTCOME_DENIED:
                return "denied";
        case OUTCOME_ABSENT:
                return "absent";
        }
        return "unknown";
}
