/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What recruiters read, and the marks. */
#include "bridge/words.h"

#include <string.h>

#include "../tap.h"
#include "bridge/marker.h"
#include "floor/mem.h"

static char title[] = "Backend\nscreen";

static struct session complete(void)
{
        return (struct session){ .test_title = title,
                                 .state = SESSION_COMPLETE,
                                 .verification = VERIFICATION_VERIFIED,
                                 .score = { .present = true,
                                            .value = 512,
                                            .least = 200,
                                            .most = 600,
                                            .version = "codingScore2023" } };
}

static void result_is(const struct session *s, const char *link, bool corrected, const char *want,
                      const char *name)
{
        struct buf got = BUF_NONE;

        words_result(&got, s, "CodeSignal", link, corrected);
        tap_text(buf_text(&got), want, "%s", name);
        buf_dispose(&got);
}

static void test_results(void)
{
        struct session s = complete();
        char first[] = "Two sums", second[] = "Essay", *reasons[] = { (char[]){ "Left the room" } };
        struct part parts[] = { { first, true, 3, 4, -1 }, { second, false, 0, 0, -1 } };

        s.parts = parts;
        s.part_count = 2;
        result_is(&s, "https://h/r", false,
                  "Assessment result: Backend screen (CodeSignal)\n"
                  "CodeSignal score (200-600): 512 of 600\n"
                  "Verification: verified\n"
                  "Tasks:\n1. Two sums: 3 of 4\n2. Essay: not scored\n"
                  "Report: https://h/r\n",
                  "a result with all that belongs to it");
        s.part_count = 0;
        s.score = (struct score){ .present = true, .value = 3, .most = 4, .version = "raw" };
        s.verification = VERIFICATION_NONE;
        result_is(&s, NULL, true,
                  "Corrected assessment result: Backend screen (CodeSignal)\n"
                  "Score: 3 of 4 (raw points)\n"
                  "Verification: not proctored\n"
                  "This replaces the earlier result of the same test.\n",
                  "a corrected one");
        s.score.most = 0;
        s.integrity_flag = s.shared = true;
        result_is(&s, NULL, false,
                  "Assessment result: Backend screen (CodeSignal)\n"
                  "Score: 3 (raw points, the highest possible is not stated)\n"
                  "Verification: not proctored\n"
                  "The result is that of an earlier test.\n"
                  "CodeSignal suggests an integrity review.\n",
                  "no highest, shared, integrity");
        s = complete();
        s.score.present = false;
        result_is(&s, NULL, false,
                  "Assessment result: Backend screen (CodeSignal)\nScore: none\n"
                  "Verification: verified\n",
                  "complete without a score");
        s = complete();
        s.verification = VERIFICATION_PENDING;
        result_is(&s, "https://h/r", false,
                  "Assessment under way: Backend screen (CodeSignal)\nThere is no result yet.\n",
                  "an unverified score is not written");
        s.state = SESSION_NOT_VERIFIED;
        s.verification = VERIFICATION_NOT_VERIFIED;
        s.reasons = reasons;
        s.reason_count = 1;
        result_is(&s, NULL, false,
                  "Assessment not verified: Backend screen (CodeSignal)\n"
                  "The result is not final, so no score is shown.\n- Left the room\n",
                  "not verified, with reasons");
        s.reason_count = 0;
        s.state = SESSION_EXPIRED;
        result_is(&s, NULL, false,
                  "Assessment expired: Backend screen (CodeSignal)\n"
                  "The candidate did not finish it in time.\n",
                  "expired");
        s.state = SESSION_DECLINED;
        result_is(&s, NULL, false,
                  "Assessment declined: Backend screen (CodeSignal)\n"
                  "The candidate declined the invitation.\n",
                  "declined");
}

static void test_others(void)
{
        struct session s = { .test_title = NULL, .expires_ms = 1778511225000 };
        struct part parts[100];
        struct buf b = BUF_NONE;
        char *big = mem_alloc(5000);

        words_invited(&b, &s, "CodeSignal");
        tap_text(buf_text(&b),
                 "Assessment sent: Assessment (CodeSignal)\n"
                 "The invitation is good until 2026-05-11 14:53 UTC.\n",
                 "sent");
        buf_reset(&b);
        words_integrity(&b, &s, "CodeSignal");
        tap_text(buf_text(&b),
                 "A closer look is suggested: Assessment (CodeSignal)\n"
                 "CodeSignal suggests an integrity review. It did so after the result was written "
                 "here; the result itself has not changed.\n",
                 "a late doubt");
        buf_reset(&b);
        words_failure(&b, WORDS_NOT_INVITED, WORDS_NO_EMAIL);
        words_mark(&b, "[fairlead 1]");
        tap_text(buf_text(&b),
                 "Not invited: this candidate has no e-mail address. Add one and move the stage "
                 "again.\n[fairlead 1]",
                 "a failure and its mark");
        buf_reset(&b);
        words_interview(&b, "Live coding", 0, "https://h/join/x");
        words_mark(&b, "[fairlead 2]");
        tap_text(buf_text(&b),
                 "Live interview: Live coding.\nCandidate and interviewer join here: "
                 "https://h/join/x\nThe link stays the same when the interview is moved.\n"
                 "[fairlead 2]",
                 "the mark has a line of its own");
        buf_reset(&b);
        memset(big, 'x', 4999);
        s = complete();
        s.test_title = big;
        for (int i = 0; i < 100; i++)
                parts[i] = (struct part){ big, true, 1, 2, -1 };
        s.parts = parts;
        s.part_count = 100;
        words_result(&b, &s, "CodeSignal", "https://h/r", false);
        tap_ok(b.len < WORDS_NOTE_MAX - 100, "the largest note fits (%zu)", b.len);
        tap_ok(strstr(buf_text(&b), "and 60 more\nReport: https://h/r\n") != NULL,
               "with its link and the number of tasks left out");
        buf_dispose(&b);
        mem_free(big);
}

static void test_markers(void)
{
        unsigned char key[SECRET_KEY_SIZE] = { 1 }, other[SECRET_KEY_SIZE] = { 2 };
        struct session s = complete();
        char *a = marker_of(key, "x"), *b = marker_of(key, "x"), *c = marker_of(key, "y"),
             *d = marker_of(other, "x"), *v = marker_session_version(&s), *w;

        tap_text(a, b, "the same thing, the same mark");
        tap_ok(strcmp(a, c) != 0 && strcmp(a, d) != 0, "another thing or org, another mark");
        tap_ok(strlen(a) == strlen("[fairlead ]") + 16 && strncmp(a, "[fairlead ", 10) == 0,
               "its form: %s", a);
        s.score.value = 513;
        w = marker_session_version(&s);
        tap_ok(strcmp(v, w) != 0, "another score is another version");
        mem_free(a);
        mem_free(b);
        mem_free(c);
        mem_free(d);
        mem_free(v);
        mem_free(w);
}

int main(void)
{
        test_results();
        test_others();
        test_markers();
        return tap_end();
}
