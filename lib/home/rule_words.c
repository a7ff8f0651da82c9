/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules in words. */
#include "home/rule_words.h"

#include "bridge/rule.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"

static void percent_words(struct buf *out, const json_t *percent)
{
        buf_format(out, "%.10g %%", json_real_of(percent, 0));
}

/* --- what it waits for ----------------------------------------------------------------------- */

static void job_words(const json_t *waits, struct buf *out)
{
        const char *job = json_get_text(waits, "job", "*");

        if (!text_equal(job, "*"))
                buf_format(out, ", for the job “%s”", job);
}

static void when_words(const json_t *rule, struct buf *out)
{
        const json_t *entered = json_at(rule, "when.entered_stage");
        const json_t *scheduled = json_at(rule, "when.interview_scheduled");
        const char *title = json_get_text(scheduled, "title", "*");

        if (entered != NULL) {
                buf_format(out, "When a candidate enters “%s” in %s",
                           json_get_text(entered, "stage", ""), json_get_text(entered, "ats", ""));
                job_words(entered, out);
        } else if (scheduled != NULL) {
                buf_add_text(out, "When an interview");
                if (!text_equal(title, "*"))
                        buf_format(out, " “%s”", title);
                buf_format(out, " is scheduled in %s", json_get_text(scheduled, "ats", ""));
                job_words(scheduled, out);
        } else {
                buf_add_text(out, text_equal(json_get_text(rule, "when.result", ""), "any")
                                      ? "When there is a result, also one that is not verified"
                                      : "When a result is final");
        }
}

/* --- steps ----------------------------------------------------------------------------------- */

static void score_words(const json_t *lines, struct buf *out)
{
        buf_add_text(out, "the note gives a score: ");
        for (size_t i = 0; i < json_array_size(lines); i++) {
                const json_t *line = json_array_get(lines, i);

                buf_format(out, "%s%lld from ", i > 0 ? ", " : "",
                           (long long)json_get_int(line, "score", 0));
                percent_words(out, json_object_get(line, "percent_at_least"));
        }
}

static void more_words(const json_t *with, struct buf *out)
{
        const json_t *schedule = json_object_get(with, "schedule"),
                     *score = json_object_get(with, "score");
        const char *zone = json_get_text(schedule, "timezone", NULL);

        if (schedule != NULL) {
                buf_format(out, "a first time is put into the schedule, %lld hours later",
                           (long long)json_get_int(schedule, "in_hours", 0));
                if (json_object_get(schedule, "minutes") != NULL)
                        buf_format(out, ", for %lld minutes",
                                   (long long)json_get_int(schedule, "minutes", 0));
                if (zone != NULL)
                        buf_format(out, ", in the time of %s", zone);
        }
        if (score != NULL)
                score_words(score, out);
}

static void file_words(const json_t *with, struct buf *out)
{
        const char *file = json_get_text(with, "file", NULL);

        if (file != NULL)
                buf_format(out, "%sa report is uploaded as %s", out->len > 0 ? "; " : "", file);
}

static void tag_words(const json_t *with, struct buf *out)
{
        const json_t *tags = json_object_get(with, "tags"),
                     *below = json_object_get(with, "fail_below");

        buf_format(out, "tag the candidate “%s” from ", rule_tag(tags, RULE_PASS));
        percent_words(out, json_object_get(with, "pass_at_least"));
        if (below != NULL) {
                buf_format(out, ", “%s” below ", rule_tag(tags, RULE_FAIL));
                percent_words(out, below);
        }
        buf_format(out, ", otherwise “%s”", rule_tag(tags, RULE_REVIEW));
}

static void step_words(const json_t *step, struct buf *out)
{
        const json_t *with = NULL, *percent;
        const char *name = text_or(rule_step(step, &with), "");

        if (text_equal(name, "send_assessment")) {
                buf_format(out, "send assessment %s on %s", json_get_text(with, "assessment", ""),
                           json_get_text(with, "platform", ""));
        } else if (text_equal(name, "add_selection_link")) {
                buf_format(out, "let the recruiter choose an assessment on %s",
                           json_get_text(with, "platform", ""));
        } else if (text_equal(name, "create_interview")) {
                buf_format(out, "make a live interview on %s", json_get_text(with, "platform", ""));
        } else if (text_equal(name, "write_result")) {
                buf_add_text(out, "write it into the hiring system");
        } else if (text_equal(name, "tag_result")) {
                tag_words(with, out);
        } else if (text_equal(name, "move_stage")) {
                buf_format(out, "move the candidate to %s", json_get_text(with, "to", ""));
                percent = json_at(with, "if.percent_at_least");
                if (percent != NULL) {
                        buf_add_text(out, " if the score is at least ");
                        percent_words(out, percent);
                }
        } else {
                for (const char *c = name; *c != '\0'; c++)
                        buf_add_char(out, *c == '_' ? ' ' : *c);
        }
}

/* --- put together ---------------------------------------------------------------------------- */

char *rule_step_words(const json_t *step)
{
        struct buf out = BUF_NONE;

        step_words(step, &out);
        return buf_take(&out);
}

char *rule_more_words(const json_t *step)
{
        struct buf out = BUF_NONE;
        const json_t *with = NULL;

        if (rule_step(step, &with) != NULL)
                more_words(with, &out);
        return out.len == 0 ? NULL : buf_take(&out);
}

char *rule_sentence(const json_t *rule)
{
        struct buf out = BUF_NONE;
        const json_t *then = json_at(rule, "then");

        when_words(rule, &out);
        buf_add_text(&out, ": ");
        for (size_t i = 0; i < json_array_size(then); i++) {
                const json_t *step = json_array_get(then, i), *with = NULL;
                struct buf more = BUF_NONE;

                if (i > 0)
                        buf_add_text(&out, ", and ");
                step_words(step, &out);
                if (rule_step(step, &with) != NULL) {
                        more_words(with, &more);
                        file_words(with, &more);
                }
                if (more.len > 0)
                        buf_format(&out, " (%s)", buf_text(&more));
                buf_dispose(&more);
        }
        buf_add_char(&out, '.');
        return buf_take(&out);
}
