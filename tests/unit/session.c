/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a session: every state, every order, and the score passport. */
#include "bridge/session.h"

#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What the platform says, in one line of a table. */
struct truth {
        enum session_state state;
        enum verification verification;
        double score; /* below 0: none */
        bool archived, flag;
        int64_t expires_ms;
        const char *retake, *reactivated, *reason;
};

static void say(struct session *s, const struct truth *t)
{
        *s = (struct session){ .state = t->state,
                               .verification = t->verification,
                               .archived = t->archived,
                               .integrity_flag = t->flag,
                               .expires_ms = t->expires_ms };
        s->id = mem_text("s1");
        s->test_id = mem_text("t1");
        s->email = mem_text("jane@example.org");
        s->retake_id = mem_text(t->retake);
        s->reactivated_id = mem_text(t->reactivated);
        if (t->score >= 0) {
                s->score =
                    (struct score){ .present = true, .value = t->score, .least = 200, .most = 600 };
                strcpy(s->score.version, "codingScore2023");
                s->parts = mem_array(1, sizeof(s->parts[0]));
                s->part_count = 1;
                s->parts[0] = (struct part){
                        .title = mem_text("Sum"), .scored = true, .value = 3, .most = 5
                };
                s->report_url = mem_text("https://platform.example/r?accessToken=x");
        }
        if (t->reason != NULL) {
                s->reasons = mem_array(1, sizeof(s->reasons[0]));
                s->reasons[0] = mem_text(t->reason);
                s->reason_count = 1;
        }
}

static bool step(struct session *old, const struct truth *t, const char *hint,
                 struct session_change *change)
{
        struct session now;
        bool changed;

        say(&now, t);
        changed = session_step(old, &now, hint, change);
        session_dispose(&now);
        return changed;
}

/* "completed corrected", in order of the struct. */
static const char *change_words(const struct session_change *c)
{
        static char text[200];
        const struct {
                bool on;
                const char *word;
        } all[] = {
                { c->started, "started" },     { c->submitted, "submitted" },
                { c->in_review, "in_review" }, { c->completed, "completed" },
                { c->corrected, "corrected" }, { c->not_verified, "not_verified" },
                { c->expired, "expired" },     { c->declined, "declined" },
                { c->cancelled, "cancelled" }, { c->erased, "erased" },
                { c->moved_on, "moved_on" },   { c->integrity, "integrity" },
        };

        text[0] = '\0';
        for (size_t i = 0; i < COUNT(all); i++) {
                if (!all[i].on)
                        continue;
                if (text[0] != '\0')
                        strcat(text, " ");
                strcat(text, all[i].word);
        }
        return text;
}

static const struct truth unknown = { .state = SESSION_UNKNOWN, .score = -1 };
static const struct truth invited = { .state = SESSION_INVITED, .score = -1, .expires_ms = 1000 };
static const struct truth extended = { .state = SESSION_INVITED, .score = -1, .expires_ms = 2000 };
static const struct truth started = { .state = SESSION_STARTED, .score = -1, .expires_ms = 1000 };
static const struct truth submitted = { .state = SESSION_SUBMITTED, .score = -1 };
static const struct truth complete = { .state = SESSION_COMPLETE, .score = 530 };
static const struct truth regraded = { .state = SESSION_COMPLETE, .score = 540 };
static const struct truth unscored = { .state = SESSION_COMPLETE, .score = -1 };
static const struct truth flagged = { .state = SESSION_COMPLETE, .score = 530, .flag = true };
static const struct truth review = { .state = SESSION_IN_REVIEW,
                                     .verification = VERIFICATION_PENDING,
                                     .score = 530 };
static const struct truth verified = { .state = SESSION_COMPLETE,
                                       .verification = VERIFICATION_VERIFIED,
                                       .score = 530 };
static const struct truth not_verified = { .state = SESSION_NOT_VERIFIED,
                                           .verification = VERIFICATION_NOT_VERIFIED,
                                           .score = 530,
                                           .reason = "No ID was shown." };
static const struct truth retaken = { .state = SESSION_NOT_VERIFIED,
                                      .verification = VERIFICATION_NOT_VERIFIED,
                                      .score = 530,
                                      .retake = "s2",
                                      .reason = "The camera failed." };
static const struct truth expired = { .state = SESSION_EXPIRED, .score = -1, .expires_ms = 1000 };
static const struct truth reactivated = {
        .state = SESSION_EXPIRED, .score = -1, .expires_ms = 1000, .reactivated = "s3"
};
static const struct truth declined = { .state = SESSION_DECLINED, .score = -1 };
static const struct truth cancelled = { .state = SESSION_CANCELLED, .score = -1 };
static const struct truth erased = { .state = SESSION_ERASED, .score = -1 };
static const struct truth archived = { .state = SESSION_UNKNOWN, .score = -1, .archived = true };

static void test_steps(void)
{
        static const struct {
                const char *name;
                const struct truth *stored, *now;
                const char *hint;
                enum session_state want;
                const char *changes;
        } rows[] = {
                { "created", &unknown, &invited, NULL, SESSION_INVITED, "" },
                { "started", &invited, &started, NULL, SESSION_STARTED, "started" },
                { "finalizing", &started, &submitted, NULL, SESSION_SUBMITTED, "submitted" },
                { "finished, not proctored", &started, &complete, NULL, SESSION_COMPLETE,
                  "completed" },
                { "finished, the start was missed", &invited, &complete, NULL, SESSION_COMPLETE,
                  "completed" },
                { "finished, nothing was known", &unknown, &complete, NULL, SESSION_COMPLETE,
                  "completed" },
                { "shared without a start", &invited, &complete, "preScreenResultShared",
                  SESSION_COMPLETE, "completed" },
                { "finished, proctored", &started, &review, NULL, SESSION_IN_REVIEW, "in_review" },
                { "over before the review is known", &complete, &review, NULL, SESSION_IN_REVIEW,
                  "in_review corrected" },
                { "verified", &review, &verified, NULL, SESSION_COMPLETE, "completed" },
                { "verified, all else missed", &invited, &verified, NULL, SESSION_COMPLETE,
                  "completed" },
                { "not verified", &review, &not_verified, NULL, SESSION_NOT_VERIFIED,
                  "not_verified" },
                { "not verified with a retake", &review, &retaken, NULL, SESSION_NOT_VERIFIED,
                  "not_verified moved_on" },
                { "the retake comes later", &not_verified, &retaken, NULL, SESSION_NOT_VERIFIED,
                  "moved_on" },
                { "verified after not verified", &not_verified, &verified, NULL, SESSION_COMPLETE,
                  "completed corrected" },
                { "not verified after verified", &verified, &not_verified, NULL,
                  SESSION_NOT_VERIFIED, "corrected not_verified" },
                { "not verified, then its window closed", &not_verified, &expired, NULL,
                  SESSION_EXPIRED, "expired" },
                { "expired, not certified, then verified", &expired, &verified, NULL,
                  SESSION_COMPLETE, "completed" },
                { "expired", &invited, &expired, NULL, SESSION_EXPIRED, "expired" },
                { "expired in review", &review, &expired, NULL, SESSION_EXPIRED, "expired" },
                { "expired, then extended", &expired, &extended, NULL, SESSION_INVITED, "" },
                { "expired, then reactivated as another", &expired, &reactivated, NULL,
                  SESSION_EXPIRED, "moved_on" },
                { "expired, then a result is shared", &expired, &complete, "preScreenResultShared",
                  SESSION_COMPLETE, "completed" },
                { "declined", &invited, &declined, NULL, SESSION_DECLINED, "declined" },
                { "deleted", &invited, &cancelled, NULL, SESSION_CANCELLED, "cancelled" },
                { "deleted when complete", &complete, &cancelled, NULL, SESSION_CANCELLED,
                  "cancelled" },
                { "erased", &complete, &erased, NULL, SESSION_ERASED, "erased" },
                { "erased when deleted", &cancelled, &erased, NULL, SESSION_ERASED, "erased" },
                { "graded again", &complete, &regraded, NULL, SESSION_COMPLETE, "corrected" },
                { "the score comes after the end", &unscored, &complete, NULL, SESSION_COMPLETE,
                  "corrected" },
                { "a review is suggested", &complete, &flagged, NULL, SESSION_COMPLETE,
                  "integrity" },
                { "the suggestion is taken back", &flagged, &complete, NULL, SESSION_COMPLETE,
                  "integrity" },
                { "archived keeps invited", &invited, &archived, NULL, SESSION_INVITED, "" },
                { "archived keeps complete", &complete, &archived, NULL, SESSION_COMPLETE, "" },
                { "archived keeps not verified", &not_verified, &archived, NULL,
                  SESSION_NOT_VERIFIED, "" },
                { "archived keeps expired", &expired, &archived, NULL, SESSION_EXPIRED, "" },
                /* Late readings. */
                { "late: invited after the start", &started, &invited, NULL, SESSION_STARTED, "" },
                { "late: started after the end", &complete, &started, NULL, SESSION_COMPLETE, "" },
                { "late: finalizing after the end", &complete, &submitted, NULL, SESSION_COMPLETE,
                  "" },
                { "late: started during the review", &review, &started, NULL, SESSION_IN_REVIEW,
                  "" },
                { "late: review after verified", &verified, &review, NULL, SESSION_COMPLETE, "" },
                { "late: review after not verified", &not_verified, &review, NULL,
                  SESSION_NOT_VERIFIED, "" },
                { "late: over, review unknown, after verified", &verified, &complete, NULL,
                  SESSION_COMPLETE, "" },
                { "late: invited after expired", &expired, &invited, NULL, SESSION_EXPIRED, "" },
                { "late: started after expired", &expired, &started, NULL, SESSION_EXPIRED, "" },
                { "late: not verified after expired", &expired, &not_verified, NULL,
                  SESSION_EXPIRED, "" },
                { "late: invited after declined", &declined, &invited, NULL, SESSION_DECLINED, "" },
                { "late: invited after deleted", &cancelled, &invited, NULL, SESSION_CANCELLED,
                  "" },
                { "late: complete after deleted", &cancelled, &complete, NULL, SESSION_CANCELLED,
                  "" },
                { "late: anything after erased", &erased, &complete, NULL, SESSION_ERASED, "" },
                { "expired said of a complete one", &complete, &expired, NULL, SESSION_COMPLETE,
                  "" },
                { "declined said of a complete one", &complete, &declined, NULL, SESSION_COMPLETE,
                  "" },
                { "nothing said", &complete, &unknown, NULL, SESSION_COMPLETE, "" },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct session s = { 0 };
                struct session_change change;

                step(&s, rows[i].stored, NULL, &change);
                step(&s, rows[i].now, rows[i].hint, &change);
                tap_text(session_word(s.state), session_word(rows[i].want), "%s: the state",
                         rows[i].name);
                tap_text(change_words(&change), rows[i].changes, "%s: what is told", rows[i].name);
                tap_ok(!step(&s, rows[i].now, rows[i].hint, &change) &&
                           change_words(&change)[0] == '\0',
                       "%s: said again is no news", rows[i].name);
                session_dispose(&s);
        }
}

static void test_misuse(void)
{
        struct session s = { 0 }, other;
        struct session_change change;

        step(&s, &archived, NULL, &change);
        tap_int(s.state, SESSION_UNKNOWN, "archived without a past stays unknown");
        step(&s, &started, NULL, &change);
        say(&other, &complete);
        mem_free(other.id);
        other.id = mem_text("s9");
        tap_ok(!session_step(&s, &other, NULL, &change) && s.state == SESSION_STARTED,
               "another session's truth changes nothing");
        tap_text(change_words(&change), "", "and tells nothing");
        session_dispose(&other);
        session_dispose(&s);
        session_dispose(&s);
        tap_ok(true, "disposed twice");
        tap_text(session_word((enum session_state)99), "unknown", "a state out of range");
        tap_int(session_state_of("nonsense"), SESSION_UNKNOWN, "a word that is none");
        tap_int(session_state_of(NULL), SESSION_UNKNOWN, "no word");
        tap_int(verification_of("nonsense"), VERIFICATION_NONE, "a verification that is none");
        for (int i = 0; i <= SESSION_ERASED; i++)
                tap_int(session_state_of(session_word((enum session_state)i)), i,
                        "state %d and its word", i);
}

/* Six events in every order: with the truth fetched at each, the end is the same. */
static const char *const hints[] = {
        "companyTestSessionCreated",
        "companyTestSessionStarted",
        "preScreenResultVerificationPending",
        "preScreenResultNotVerified",
        "preScreenResultVerified",
        "preScreenIntegrityReviewUpdated",
};
#define EVENTS COUNT(hints)

/* The same lives as the platform tells them: what was once true of a session (its expiry, its
 * retake) is told ever after. */
static const struct truth verified_retaken = { .state = SESSION_COMPLETE,
                                               .verification = VERIFICATION_VERIFIED,
                                               .score = 530,
                                               .expires_ms = 1000,
                                               .retake = "s2" };
static const struct truth over_flagged = {
        .state = SESSION_COMPLETE, .score = 540, .flag = true, .expires_ms = 1000
};
static const struct truth late_expired = { .state = SESSION_EXPIRED,
                                           .score = -1,
                                           .expires_ms = 2000 };
static const struct truth late_reactivated = {
        .state = SESSION_EXPIRED, .score = -1, .expires_ms = 2000, .reactivated = "s3"
};
static const struct truth archived_over = {
        .state = SESSION_COMPLETE, .score = 530, .archived = true, .expires_ms = 1000
};

struct course {
        const char *name;
        const struct truth *truths[EVENTS]; /* in the order they came true */
};

static const struct course courses[] = {
        { "a proctored life",
          { &invited, &started, &review, &not_verified, &retaken, &verified_retaken } },
        { "a plain life", { &invited, &started, &submitted, &complete, &flagged, &over_flagged } },
        { "expired, extended, expired, reactivated",
          { &invited, &expired, &extended, &extended, &late_expired, &late_reactivated } },
        { "expired and erased",
          { &invited, &expired, &extended, &late_expired, &late_reactivated, &erased } },
        { "reviewed until the window closed",
          { &invited, &started, &review, &review, &not_verified, &expired } },
        { "archived at the end",
          { &invited, &started, &submitted, &complete, &complete, &archived_over } },
};

static json_t *end_of(const struct course *course, const size_t *order, size_t behind, bool twice)
{
        struct session s = { 0 };
        struct session_change change;
        json_t *value;
        size_t latest = 0;

        for (size_t i = 0; i < EVENTS; i++) {
                /* An event tells of a truth; what is fetched is as new as any event seen, and
                 * behind: how many of the last deliveries find the final truth already. */
                if (order[i] > latest)
                        latest = order[i];
                if (i + behind >= EVENTS)
                        latest = EVENTS - 1;
                step(&s, course->truths[latest], hints[order[i]], &change);
                if (twice)
                        step(&s, course->truths[latest], hints[order[i]], &change);
        }
        value = session_to_json(&s);
        session_dispose(&s);
        return value;
}

static int tried, differed;

static void permute(const struct course *course, size_t *order, size_t from, const json_t *want)
{
        if (from == EVENTS) {
                for (size_t behind = 0; behind <= EVENTS; behind++) {
                        json_t *got = end_of(course, order, behind, behind % 2 == 0);

                        tried++;
                        differed += !json_equal(got, want);
                        json_decref(got);
                }
                return;
        }
        for (size_t i = from; i < EVENTS; i++) {
                size_t t = order[from];

                order[from] = order[i];
                order[i] = t;
                permute(course, order, from + 1, want);
                order[i] = order[from];
                order[from] = t;
        }
}

static void test_orders(void)
{
        for (size_t i = 0; i < COUNT(courses); i++) {
                size_t order[EVENTS] = { 0, 1, 2, 3, 4, 5 };
                json_t *want = end_of(&courses[i], order, 0, false);

                tried = differed = 0;
                permute(&courses[i], order, 0, want);
                tap_int(differed, 0, "%s: every order of its events ends the same",
                        courses[i].name);
                tap_int(tried, 720 * 7, "%s: every order was tried", courses[i].name);
                json_decref(want);
        }
}

/* Readings that overtake each other: whatever order the answers come in, no final state is
 * lost to an earlier one. */
static void test_late_readings(void)
{
        static const struct truth *const life[] = { &invited, &started, &submitted, &review,
                                                    &verified };
        int wrong = 0, all = 0;

        for (size_t a = 0; a < COUNT(life); a++) {
                for (size_t b = 0; b < COUNT(life); b++) {
                        for (size_t c = 0; c < COUNT(life); c++) {
                                struct session s = { 0 };
                                struct session_change change;
                                size_t most = a > b ? a : b;

                                most = most > c ? most : c;
                                step(&s, life[a], NULL, &change);
                                step(&s, life[b], NULL, &change);
                                step(&s, life[c], NULL, &change);
                                wrong += s.state != life[most]->state;
                                all++;
                                session_dispose(&s);
                        }
                }
        }
        tap_int(wrong, 0, "of %d overtaking triples, the furthest always stands", all);
}

static void test_erased(void)
{
        struct session s = { 0 };
        struct session_change change;

        step(&s, &not_verified, NULL, &change);
        s.name = mem_text("Jane Doe");
        s.external_id = mem_text("ours-1");
        s.invitation_url = mem_text("https://platform.example/i");
        step(&s, &erased, NULL, &change);
        tap_ok(s.email == NULL && s.name == NULL && s.report_url == NULL &&
                   s.invitation_url == NULL && s.reasons == NULL && s.parts == NULL &&
                   !s.score.present,
               "nothing of the person stays");
        tap_text(s.id, "s1", "the platform's id stays");
        tap_text(s.external_id, "ours-1", "our id stays");
        session_dispose(&s);
}

static void test_kept(void)
{
        struct session s = { 0 };
        struct session_change change;

        step(&s, &complete, "preScreenResultShared", &change);
        tap_ok(s.shared, "shared is learned from the event");
        step(&s, &complete, "companyTestSessionFinished", &change);
        tap_ok(s.shared, "and not unlearned");
        step(&s, &archived, NULL, &change);
        tap_ok(s.archived && s.score.present && s.part_count == 1 && s.report_url != NULL,
               "archived without a result keeps the last one");
        step(&s, &complete, NULL, &change);
        tap_ok(!s.archived, "unarchived is seen");
        session_dispose(&s);
        step(&s, &review, "preScreenResultShared", &change);
        tap_ok(!s.shared, "shared is not believed of one in review");
        session_dispose(&s);
        step(&s, &invited, "preScreenResultShared", &change);
        tap_ok(!s.shared && s.state == SESSION_INVITED, "nor of one that is not over");
        session_dispose(&s);
}

static void test_questions(void)
{
        static const struct {
                const struct truth *truth;
                bool open, released;
        } rows[] = {
                { &unknown, true, false },    { &invited, true, false },
                { &started, true, false },    { &submitted, true, false },
                { &review, true, false },     { &complete, false, true },
                { &verified, false, true },   { &not_verified, false, false },
                { &expired, false, false },   { &declined, false, false },
                { &cancelled, false, false }, { &erased, false, false },
                { &unscored, false, false },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct session s;

                say(&s, rows[i].truth);
                tap_ok(session_is_open(s.state) == rows[i].open, "%s: to be swept %s",
                       session_word(s.state), rows[i].open ? "yes" : "no");
                tap_ok(session_score_released(&s) == rows[i].released, "%s: score released %s",
                       session_word(s.state), rows[i].released ? "yes" : "no");
                session_dispose(&s);
        }
}

static void test_json(void)
{
        static const char odd[] = "{\"score\":null,\"parts\":7,\"state\":3,\"reasons\":[null]}";
        struct session s, back;
        json_t *value, *again;
        char *text;

        say(&s, &retaken);
        s.created_ms = INT64_C(1553720789347);
        s.name = mem_text("Zo\xC3\xAB \"Z\" <z>");
        value = session_to_json(&s);
        text = json_text(value);
        tap_ok(strstr(text, "accessToken") == NULL, "the report link is not in the stored form");
        session_from_json(&back, value);
        again = session_to_json(&back);
        tap_ok(json_equal(value, again), "a stored session reads back as it was");
        tap_int(back.created_ms, INT64_C(1553720789347), "times have 64 bits");
        tap_text(back.reasons[0], "The camera failed.", "reasons come back");
        session_dispose(&back);
        json_decref(value);
        json_decref(again);
        mem_free(text);
        session_from_json(&back, NULL);
        tap_ok(back.state == SESSION_UNKNOWN && back.id == NULL, "nothing reads as nothing");
        session_dispose(&back);
        value = json_parse(odd, strlen(odd), false, NULL);
        session_from_json(&back, value);
        tap_ok(!back.score.present && back.part_count == 0 && back.reason_count == 1,
               "odd members are tolerated");
        session_dispose(&back);
        json_decref(value);
        session_dispose(&s);
}

static void test_score(void)
{
        static const struct {
                struct score score;
                const char *words;
                double percent; /* below 0: none */
        } rows[] = {
                { { .present = false }, "", -1 },
                { { true, 530, 200, 600, "codingScore2023", "" },
                  "CodeSignal score (200-600): 530 of 600",
                  82.5 },
                { { true, 0, 200, 600, "codingScore2023", "" },
                  "CodeSignal score (200-600): 0 of 600 (nothing submitted)",
                  0 },
                { { true, 600, 200, 600, "codingScore2023", "" },
                  "CodeSignal score (200-600): 600 of 600",
                  100 },
                { { true, 715, 300, 850, "original", "" },
                  "CodeSignal score (300-850, the scale until 2023): 715 of 850",
                  75.454545 },
                { { true, 45, 0, 60, "raw", "" }, "Score: 45 of 60 (75 %)", 75 },
                { { true, 0, 0, 60, "raw", "" }, "Score: 0 of 60 (0 %)", 0 },
                { { true, 12.5, 0, 20, "raw", "" }, "Score: 12.5 of 20 (62 %)", 62.5 },
                { { true, 70, 0, 60, "raw", "" }, "Score: 70 of 60 (100 %)", 100 },
                { { true, 0, 0, 0, "behavioral", "high" }, "Behavioural assessment: high", -1 },
                { { true, 5, 1, 9, "newScore2031", "" }, "Score (newScore2031, 1-9): 5 of 9", 50 },
                { { true, 5, 0, 0, "raw", "" }, "Score: 5 of 0", -1 },
        };

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct buf b = BUF_NONE;
                double percent = -1;
                bool got = score_percent(&rows[i].score, &percent);

                score_write(&rows[i].score, &b);
                tap_text(buf_text(&b), rows[i].words, "score %zu in words", i);
                tap_ok(got == (rows[i].percent >= 0) &&
                           (int)(percent * 1000) == (int)(rows[i].percent * 1000),
                       "score %zu on its scale", i);
                buf_dispose(&b);
        }
}

int main(void)
{
        test_misuse();
        test_steps();
        test_orders();
        test_late_readings();
        test_erased();
        test_kept();
        test_questions();
        test_json();
        test_score();
        return tap_end();
}
