/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a recruiter reads in the ATS. */
#include "bridge/words.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define TITLE_MAX 160
#define REASON_MAX 300
#define REASONS_MAX 10

void words_foreign(struct buf *out, const char *text, size_t max)
{
        char *copy = mem_text(text_or(text, ""));
        bool cut = strlen(copy) > max;

        text_cut(copy, max);
        for (char *c = copy; *c != '\0'; c++)
                if ((unsigned char)*c < 0x20 || *c == 0x7F)
                        *c = ' ';
        buf_add_text(out, text_trim(copy));
        if (cut)
                buf_add_text(out, "...");
        mem_free(copy);
}

/* "Backend screen (CodeSignal)" */
static void add_test(struct buf *out, const struct session *s, const char *platform)
{
        words_foreign(out, text_or(s->test_title, "Assessment"), TITLE_MAX);
        buf_format(out, " (%s)", platform);
}

void words_time(struct buf *out, int64_t ms)
{
        struct buf iso = BUF_NONE;

        when_iso(&iso, ms);
        if (iso.len >= 16)
                buf_format(out, "%.10s %.5s UTC", iso.data, iso.data + 11);
        buf_dispose(&iso);
}

const char *words_verification(enum verification v)
{
        switch (v) {
        case VERIFICATION_NONE:
                return "not proctored";
        case VERIFICATION_PENDING:
                return "still being reviewed: not final";
        case VERIFICATION_VERIFIED:
                return "verified";
        case VERIFICATION_NOT_VERIFIED:
                return "not verified: not final";
        }
        return "unknown";
}

void words_score(struct buf *out, const struct session *s)
{
        const struct score *score = &s->score;
        bool raw = text_equal(score->version, "raw");

        if (!session_score_released(s)) {
                buf_add_text(out, "Score: none");
        } else if (score->label[0] == '\0' && (raw || score->version[0] == '\0')) {
                buf_format(out, "Score: %.10g", score->value);
                if (score->most > 0)
                        buf_format(out, " of %.10g", score->most);
                buf_format(out, " (%s%s)", raw ? "raw points" : "version not stated",
                           score->most > 0 ? "" : ", the highest possible is not stated");
        } else {
                score_write(score, out);
        }
}

static void add_parts(struct buf *out, const struct session *s)
{
        if (s->part_count > 0)
                buf_add_text(out, "Tasks:\n");
        for (size_t i = 0; i < s->part_count && i < WORDS_PARTS_MAX; i++) {
                const struct part *part = &s->parts[i];

                buf_format(out, "%zu. ", i + 1);
                words_foreign(out, text_or(part->title, "Task"), TITLE_MAX / 2);
                if (!part->scored)
                        buf_add_text(out, ": not scored");
                else if (part->most > 0)
                        buf_format(out, ": %.10g of %.10g", part->value, part->most);
                else
                        buf_format(out, ": %.10g", part->value);
                buf_add_char(out, '\n');
        }
        if (s->part_count > WORDS_PARTS_MAX)
                buf_format(out, "and %zu more\n", s->part_count - WORDS_PARTS_MAX);
}

static void add_reasons(struct buf *out, const struct session *s)
{
        for (size_t i = 0; i < s->reason_count && i < REASONS_MAX; i++) {
                buf_add_text(out, "- ");
                words_foreign(out, s->reasons[i], REASON_MAX);
                buf_add_char(out, '\n');
        }
}

void words_invited(struct buf *out, const struct session *s, const char *platform)
{
        buf_add_text(out, "Assessment sent: ");
        add_test(out, s, platform);
        buf_add_char(out, '\n');
        if (s->expires_ms > 0) {
                buf_add_text(out, "The invitation is good until ");
                words_time(out, s->expires_ms);
                buf_add_text(out, ".\n");
        }
}

void words_taken_before(struct buf *out, const struct session *s, const char *platform)
{
        buf_add_text(out, "Assessment not sent again: ");
        add_test(out, s, platform);
        buf_add_text(out, "\nThe candidate has taken it before, and it can be taken once only: the "
                          "earlier result counts.\n");
}

void words_integrity(struct buf *out, const struct session *s, const char *platform)
{
        buf_add_text(out, "A closer look is suggested: ");
        add_test(out, s, platform);
        buf_format(
            out,
            "\n%s suggests an integrity review. It did so after the result was written here; "
            "the result itself has not changed.\n",
            platform);
}

static void add_complete(struct buf *out, const struct session *s, const char *platform,
                         bool corrected)
{
        buf_add_text(out, corrected ? "Corrected assessment result: " : "Assessment result: ");
        add_test(out, s, platform);
        buf_add_char(out, '\n');
        words_score(out, s);
        buf_format(out, "\nVerification: %s\n", words_verification(s->verification));
        if (s->shared)
                buf_add_text(out, "The result is that of an earlier test.\n");
        if (!text_empty(s->verdict) && session_score_released(s)) {
                buf_format(out, "%s says: ", platform);
                words_foreign(out, s->verdict, REASON_MAX);
                buf_add_char(out, '\n');
        }
        if (s->integrity_flag)
                buf_format(out, "%s suggests an integrity review.\n", platform);
        if (session_score_released(s))
                add_parts(out, s);
        if (corrected)
                buf_add_text(out, "This replaces the earlier result of the same test.\n");
}

static void add_ended(struct buf *out, const struct session *s, const char *platform,
                      const char *heading, const char *sentence)
{
        buf_add_text(out, heading);
        add_test(out, s, platform);
        buf_format(out, "\n%s\n", sentence);
        add_reasons(out, s);
}

void words_result(struct buf *out, const struct session *s, const char *platform,
                  const char *report, bool corrected)
{
        if (s->state == SESSION_COMPLETE && s->verification != VERIFICATION_PENDING &&
            s->verification != VERIFICATION_NOT_VERIFIED) {
                add_complete(out, s, platform, corrected);
                if (report != NULL)
                        buf_format(out, "Report: %s\n", report);
        } else if (s->state == SESSION_NOT_VERIFIED) {
                add_ended(out, s, platform, "Assessment not verified: ",
                          "The result is not final, so no score is shown.");
                if (s->retake_id != NULL)
                        buf_add_text(out, "The candidate was given a retake.\n");
        } else if (s->state == SESSION_EXPIRED) {
                add_ended(out, s, platform,
                          "Assessment expired: ", "The candidate did not finish it in time.");
        } else if (s->state == SESSION_DECLINED) {
                add_ended(out, s, platform,
                          "Assessment declined: ", "The candidate declined the invitation.");
        } else {
                add_ended(out, s, platform, "Assessment under way: ", "There is no result yet.");
        }
}

static void add_line(struct buf *out, const char *name, const char *text)
{
        if (text_empty(text))
                return;
        buf_format(out, "%s: ", name);
        words_foreign(out, text, TITLE_MAX);
        buf_add_char(out, '\n');
}

static void add_moment(struct buf *out, const char *name, int64_t ms)
{
        if (ms <= 0)
                return;
        buf_format(out, "%s: ", name);
        words_time(out, ms);
        buf_add_char(out, '\n');
}

void words_report(struct buf *out, const struct session *s, const struct application *a,
                  const char *platform, const char *report)
{
        char *name = mem_format("%s %s", text_or(a->first_name, ""), text_or(a->last_name, ""));

        words_result(out, s, platform, NULL, false);
        buf_add_char(out, '\n');
        add_line(out, "Candidate", text_or(text_trim(name), text_or(s->name, s->email)));
        add_line(out, "Job", a->job_name);
        add_line(out, "Stage", a->stage_name);
        add_moment(out, "Invited", s->created_ms);
        add_moment(out, "Started", s->started_ms);
        add_moment(out, "Finished", s->finished_ms);
        add_line(out, "Session", s->id);
        if (report != NULL)
                buf_format(out, "Report: %s\n", report);
        mem_free(name);
}

void words_proposed(struct buf *out, int64_t starts_ms)
{
        buf_add_text(out, "\nProposed for ");
        words_time(out, starts_ms);
        buf_add_text(out, ": nobody has agreed to this time yet.");
}

void words_selection(struct buf *out, const char *url)
{
        buf_format(out, "Choose and send an assessment: %s\n", url);
}

void words_failure(struct buf *out, enum words_failed what, const char *reason)
{
        static const char *const starts[] = {
                [WORDS_NOT_INVITED] = "Not invited: ",
                [WORDS_NOT_MOVED] = "Not moved to another stage: ",
                [WORDS_NO_INTERVIEW] = "No interview link made: ",
                [WORDS_NO_LINK] = "Interview link not put into the schedule: ",
                [WORDS_NO_SELECTION] = "Link not added to the candidate: ",
                [WORDS_NO_TAG] = "Result not tagged: ",
                [WORDS_NO_FILE] = "Report file not added: ",
        };

        buf_add_text(out, starts[what]);
        words_foreign(out, text_or(reason, "the reason is not known"), REASON_MAX * 2);
        buf_add_char(out, '\n');
}

void words_mark(struct buf *out, const char *marker)
{
        if (out->len > 0 && out->data[out->len - 1] != '\n')
                buf_add_char(out, '\n');
        buf_add_text(out, marker);
}

void words_interview(struct buf *out, const char *title, int64_t starts_ms, const char *url)
{
        buf_add_text(out, "Live interview");
        if (!text_empty(title)) {
                buf_add_text(out, ": ");
                words_foreign(out, title, TITLE_MAX);
        }
        if (starts_ms != 0) {
                buf_add_text(out, ", ");
                words_time(out, starts_ms);
        }
        buf_format(out,
                   ".\nCandidate and interviewer join here: %s\nThe link stays the same when the "
                   "interview is moved.",
                   url);
}
