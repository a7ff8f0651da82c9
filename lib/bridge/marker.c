/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mark in every note of ours. */
#include "bridge/marker.h"

#include <string.h>

#include "floor/mem.h"

#define DIGITS 16 /* 64 bits: two notes of one candidate never share a mark by chance */

char *marker_of(const unsigned char key[SECRET_KEY_SIZE], const char *about)
{
        struct buf hex = BUF_NONE;
        char *marker;

        secret_hmac_hex(key, SECRET_KEY_SIZE, about, strlen(about), &hex);
        marker = mem_format("[fairlead %.*s]", DIGITS, buf_text(&hex));
        buf_dispose(&hex);
        return marker;
}

char *marker_session_version(const struct session *s)
{
        struct buf b = BUF_NONE;

        buf_format(&b, "%s %s", session_word(s->state), verification_word(s->verification));
        if (s->score.present)
                buf_format(&b, " %.10g/%.10g-%.10g", s->score.value, s->score.least, s->score.most);
        buf_format(&b, " %s %s%s", s->score.version, s->score.label, s->shared ? " shared" : "");
        for (size_t i = 0; i < s->part_count; i++)
                if (s->parts[i].scored)
                        buf_format(&b, " %zu:%.10g", i, s->parts[i].value);
        return buf_take(&b);
}
