/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What interviewers said, as recruiters read it. */
#include "bridge/words.h"

#include "floor/text.h"

#define LINE_MAX_BYTES 300
#define NOTES_MAX 4000
#define RATINGS_MAX 40

bool words_has_feedback(const json_t *f)
{
        return !text_empty(json_get_text(f, "notes", NULL)) ||
               !text_empty(json_get_text(f, "evaluation", NULL)) ||
               !text_empty(json_get_text(f, "level", NULL)) ||
               json_array_size(json_object_get(f, "ratings")) > 0;
}

static void add_line(struct buf *out, const char *label, const char *text)
{
        if (text_empty(text))
                return;
        buf_add_text(out, label);
        words_foreign(out, text, LINE_MAX_BYTES);
        buf_add_char(out, '\n');
}

static void add_rating(struct buf *out, const json_t *rating)
{
        const char *notes = json_get_text(rating, "notes", NULL);
        int64_t score = json_get_int(rating, "score", -1);

        buf_add_text(out, "- ");
        words_foreign(out, json_get_text(rating, "what", "?"), LINE_MAX_BYTES / 2);
        if (score >= 0)
                buf_format(out, ": %lld", (long long)score);
        if (!text_empty(notes)) {
                buf_add_text(out, score >= 0 ? ", " : ": ");
                words_foreign(out, notes, LINE_MAX_BYTES);
        }
        buf_add_char(out, '\n');
}

void words_feedback(struct buf *out, const json_t *f, const char *platform)
{
        const json_t *ratings = json_object_get(f, "ratings");

        buf_add_text(out, "Interview feedback");
        if (!text_empty(json_get_text(f, "author", NULL))) {
                buf_add_text(out, " from ");
                words_foreign(out, json_get_text(f, "author", ""), LINE_MAX_BYTES / 2);
        }
        buf_format(out, " (%s)\n", platform);
        add_line(out, "Overall: ", json_get_text(f, "evaluation", NULL));
        add_line(out, "Recommended level: ", json_get_text(f, "level", NULL));
        for (size_t i = 0; i < json_array_size(ratings) && i < RATINGS_MAX; i++)
                add_rating(out, json_array_get(ratings, i));
        if (!text_empty(json_get_text(f, "notes", NULL))) {
                words_foreign(out, json_get_text(f, "notes", ""), NOTES_MAX);
                buf_add_char(out, '\n');
        }
}
