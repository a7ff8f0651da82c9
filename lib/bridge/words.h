/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a recruiter reads in the ATS: plain text, short and kind, no jargon.
 *
 * A score never stands without its scale, its version and its verification (rule 3), and one
 * that is not released is not written at all.  Texts from outside lose their control
 * characters and are cut; a note stays below WORDS_NOTE_MAX bytes.  The marker is the
 * caller's to add, with words_mark().
 */
#ifndef BRIDGE_WORDS_H
#define BRIDGE_WORDS_H

#include "bridge/application.h"
#include "bridge/session.h"
#include "floor/buf.h"

#define WORDS_NOTE_MAX 8000
#define WORDS_PARTS_MAX 40 /* tasks named one by one */

/* The reason alone; words_failure() puts what did not happen before it. */
#define WORDS_NO_EMAIL "this candidate has no e-mail address. Add one and move the stage again."

enum words_failed {
        WORDS_NOT_INVITED,
        WORDS_NOT_MOVED,
        WORDS_NO_INTERVIEW,
        WORDS_NO_LINK,
        WORDS_NO_SELECTION,
        WORDS_NO_TAG,
        WORDS_NO_FILE
};

/* platform: "CodeSignal".  report: the link for people, NULL for none. */
void words_invited(struct buf *out, const struct session *s, const char *platform);
/* Instead: the assessment was taken before, and that result counts. */
void words_taken_before(struct buf *out, const struct session *s, const char *platform);
/* The result was written already, and now the platform wants a closer look. */
void words_integrity(struct buf *out, const struct session *s, const char *platform);
/* The state decides: complete with its score, or why there is none.  corrected: an earlier
 * note about this session stands. */
void words_result(struct buf *out, const struct session *s, const char *platform,
                  const char *report, bool corrected);
/* A live interview was made for one that is scheduled: where it is joined.  title may be NULL,
 * starts_ms 0. */
void words_interview(struct buf *out, const char *title, int64_t starts_ms, const char *url);
/* A whole report as a text file: who, what, the result in full, each task, when.  report may be
 * NULL. */
void words_report(struct buf *out, const struct session *s, const struct application *a,
                  const char *platform, const char *report);
/* Behind words_interview(): a time that nobody has agreed to. */
void words_proposed(struct buf *out, int64_t starts_ms);
/* The link under which an assessment can be chosen, where it can only stand in a note. */
void words_selection(struct buf *out, const char *url);
/* "Not invited: <reason>" */
void words_failure(struct buf *out, enum words_failed what, const char *reason);
/* The last line. */
void words_mark(struct buf *out, const char *marker);

/* The score with its passport in one line: "CodeSignal score (200-600): 512 of 600", "Score: 3
 * of 4 (raw points)"; "Score: none" when there is none or it is not released. */
void words_score(struct buf *out, const struct session *s);
/* Somebody else's text: one line, no control characters, cut between characters. */
void words_foreign(struct buf *out, const char *text, size_t max);
/* "2026-12-05 14:00 UTC" */
void words_time(struct buf *out, int64_t ms);
/* What an interviewer said: {author, evaluation, level, notes, ratings[{what, score, notes}]}, any
 * of which may be missing.  Is there anything in it? */
bool words_has_feedback(const json_t *feedback);
void words_feedback(struct buf *out, const json_t *feedback, const char *platform);
/* "verified", "not proctored" ... */
const char *words_verification(enum verification v);

#endif
