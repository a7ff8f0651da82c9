/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The score passport: a number never travels without its scale and version. */
#include <string.h>

#include "bridge/session.h"
#include "floor/text.h"

/* What people call the models (wire/codesignal.md 3, "Scores"); never compared across. */
static const struct {
        const char *version, *words;
} models[] = {
        { "codingScore2023", "CodeSignal score (200-600)" },
        { "original", "CodeSignal score (300-850, the scale until 2023)" },
};

bool score_percent(const struct score *s, double *percent)
{
        double p;

        if (!s->present || s->label[0] != '\0' || s->most <= s->least)
                return false;
        p = (s->value - s->least) / (s->most - s->least) * 100.0;
        *percent = p < 0 ? 0 : p > 100 ? 100 : p;
        return true;
}

bool score_equal(const struct score *a, const struct score *b)
{
        if (!a->present && !b->present)
                return true;
        return a->present == b->present && a->value == b->value && a->least == b->least &&
               a->most == b->most && strcmp(a->version, b->version) == 0 &&
               strcmp(a->label, b->label) == 0;
}

void score_write(const struct score *s, struct buf *out)
{
        const char *words = NULL;
        double percent;

        if (!s->present)
                return;
        if (s->label[0] != '\0') {
                buf_format(out, "%s: %s",
                           text_equal(s->version, "behavioral") ? "Behavioural assessment"
                                                                : "Assessment",
                           s->label);
                return;
        }
        for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
                if (text_equal(models[i].version, s->version))
                        words = models[i].words;
        }
        if (words != NULL) {
                buf_format(out, "%s: %.10g of %.10g", words, s->value, s->most);
                if (s->value < s->least)
                        buf_add_text(out, " (nothing submitted)");
                return;
        }
        buf_add_text(out, "Score");
        if (!text_equal(s->version, "raw"))
                buf_format(out, " (%s, %.10g-%.10g)", s->version, s->least, s->most);
        buf_format(out, ": %.10g of %.10g", s->value, s->most);
        if (text_equal(s->version, "raw") && score_percent(s, &percent))
                buf_format(out, " (%.0f %%)", percent);
}
