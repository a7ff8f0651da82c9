/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Assessments, attempts and interviews of the stand-in, and how they live. */
#include <inttypes.h>
#include <string.h>

#include "coderbyte.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define CHALLENGE_MOST 10 /* "each challenge 1 to 10" (wire/coderbyte.md 1) */
#define CHOICES 4
#define CODE_SHARE 60 /* of 100; the rest is for the choices */

json_t *cb_find(const json_t *table, const char *member, const char *value)
{
        for (size_t i = 0; i < json_array_size(table); i++)
                if (text_equal(json_get_text(json_array_get(table, i), member, NULL), value))
                        return json_array_get(table, i);
        return NULL;
}

json_t *cb_find_attempt(const char *email, const char *test_id)
{
        for (size_t i = json_array_size(cb.attempts); i > 0; i--) {
                json_t *row = json_array_get(cb.attempts, i - 1);

                if (text_equal_fold(json_get_text(row, "email", NULL), email) &&
                    text_equal(json_get_text(row, "test_id", NULL), test_id))
                        return row;
        }
        return NULL;
}

static void add_test(const char *id, const char *title, const char *const *challenges, bool closed)
{
        json_t *test = json_object(), *stats = json_object(), *list = json_array();
        char *url =
            mem_format("https://coderbyte.com/sl-candidate?promo=%s:%s", CB_ORGANIZATION, id);

        for (; *challenges != NULL; challenges++)
                json_add(list, json_string(*challenges));
        json_set_text(test, "test_id", id);
        json_set_text(test, "display_name", title);
        json_set_text(test, "public_url", url);
        json_set_bool(test, "closed", closed);
        json_set_text(test, "created_date", "2026-10-01 09:00:00");
        json_set_int(stats, "challenge_count", (int64_t)json_array_size(list));
        json_set_int(stats, "multiple_choice_count", CHOICES);
        /* As in one of the sources: types that nobody would expect. */
        json_set_bool(stats, "assessed", true);
        json_set_text(stats, "qualifying_score", "70");
        json_set(test, "overview_stats", stats);
        json_set(test, "_challenges", list);
        json_add(cb.tests, test);
        mem_free(url);
}

void cb_reset(void)
{
        static const char *const backend[] = { "Bracket matcher", "Min window substring", NULL };
        static const char *const angular[] = { "Letter counter", "Data binding", "Routes", NULL };

        json_decref(cb.tests);
        json_decref(cb.attempts);
        json_decref(cb.interviews);
        cb.tests = json_array();
        cb.attempts = json_array();
        cb.interviews = json_array();
        cb.shows_invited = cb.hides_invited = cb.absent_is_404 = false;
        cb.rate = 0;
        mem_free(cb.key_now);
        cb.key_now = mem_text(cb.key);
        add_test(CB_TEST_CLOSED, "Retired assessment", backend, true);
        add_test(CB_TEST, "Backend screen", backend, false);
        add_test(CB_TEST_OTHER, "Angular assessment", angular, false);
}

/* "2026-11-20 10:00:00", of the present moment. */
static void set_now(json_t *to, const char *member)
{
        struct buf iso = BUF_NONE;
        char *text;

        when_iso(&iso, when_now_ms() / 1000 * 1000);
        text = mem_format("%.10s %.8s", iso.data, iso.data + 11);
        json_set_text(to, member, text);
        mem_free(text);
        buf_dispose(&iso);
}

static json_t *add_attempt(const char *base, const char *email, const char *test_id)
{
        json_t *row = json_object();
        char *id = mem_format("user%06" PRId64, ++cb.serial),
             *link = mem_format("%s/report/%s", base, id), *take = mem_format("%s/sl/%s", base, id);

        json_set_text(row, "_id", id);
        json_set_text(row, "_state", "invited");
        json_set_text(row, "_take", take);
        json_set_text(row, "_link", link);
        json_set_text(row, "email", email);
        json_set_text(row, "test_id", test_id);
        json_add(cb.attempts, row);
        mem_free(take);
        mem_free(link);
        mem_free(id);
        return row;
}

json_t *cb_invite(const char *base, const char *email, const json_t *test)
{
        const char *id = json_get_text(test, "test_id", "");
        json_t *row = cb_find_attempt(email, id);

        if (row == NULL)
                row = add_attempt(base, email, id);
        json_set_int(row, "_mails", json_get_int(row, "_mails", 0) + 1);
        return row;
}

static json_t *named(const json_t *attempt)
{
        json_t *members = json_object();

        json_set_text(members, "email", json_get_text(attempt, "email", ""));
        json_set_text(members, "assessment_id", json_get_text(attempt, "test_id", ""));
        return members;
}

static void join(json_t *attempt)
{
        json_set_text(attempt, "_state", "started");
        set_now(attempt, "_joined");
        cb_send(CB_JOINED, named(attempt));
}

/* Points per challenge as given, the best where nothing is; the parts add up to the whole. */
static void grade(json_t *attempt, const json_t *with)
{
        const json_t *test = cb_find(cb.tests, "test_id", json_get_text(attempt, "test_id", ""));
        const json_t *challenges = json_object_get(test, "_challenges"),
                     *scores = json_object_get(with, "scores");
        json_t *given = json_array();
        int64_t total = 0, most = CHALLENGE_MOST * (int64_t)json_array_size(challenges),
                correct = json_get_int(with, "correct", CHOICES), code;

        for (size_t i = 0; i < json_array_size(challenges); i++) {
                int64_t points = json_int_of(json_array_get(scores, i), CHALLENGE_MOST);

                points = points < 0 ? 0 : points > CHALLENGE_MOST ? CHALLENGE_MOST : points;
                json_add(given, json_integer(points));
                total += points;
        }
        correct = correct < 0 ? 0 : correct > CHOICES ? CHOICES : correct;
        code = total * CODE_SHARE / (most > 0 ? most : 1);
        json_set(attempt, "_scores", given);
        json_set_int(attempt, "_correct", correct);
        json_set_int(attempt, "_code", code);
        json_set_int(attempt, "_choices", correct * (100 - CODE_SHARE) / CHOICES);
}

static void complete(json_t *attempt, bool expired, const json_t *with)
{
        bool grading = json_get_bool(with, "grading", false);
        json_t *members = named(attempt);

        if (!expired || json_object_get(with, "scores") != NULL)
                grade(attempt, with);
        json_set_bool(attempt, "_expired", expired);
        json_set_text(attempt, "_state", grading ? "grading" : "done");
        json_set_text(members, "report_url", json_get_text(attempt, "_link", ""));
        json_set_bool(members, "time_expired", expired);
        json_set_bool(members, "report_ready", !grading);
        cb_send(CB_COMPLETED, members);
}

static void score_card(json_t *attempt, const json_t *with)
{
        const char *recommendation = json_get_text(with, "recommendation", NULL),
                   *comment = json_get_text(with, "comment", NULL);
        json_t *members = named(attempt);

        json_set_text(members, "report_url", json_get_text(attempt, "_link", ""));
        json_set_text(members, "trigger", comment != NULL ? "comment" : "recommendation");
        json_set_text(members, "email_admin", "admin@acme.example");
        if (comment != NULL) {
                json_set_text(members, "comment", comment);
                json_set_text(attempt, "_comment", comment);
        } else {
                json_set_text(members, "recommendation", text_or(recommendation, "thumb_up"));
                json_set_text(attempt, "_vote", text_or(recommendation, "thumb_up"));
        }
        cb_send(CB_SCORECARD, members);
}

/* "" any. */
static const struct {
        const char *what, *state;
} steps[] = {
        { "join", "invited" },  { "finish", "started" }, { "expire", "started" },
        { "ready", "grading" }, { "flag", "done" },      { "scorecard", "done" },
        { "retake", "done" },
};

bool cb_step(const char *base, json_t *attempt, const char *what, const json_t *with)
{
        bool allowed = false;

        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
                allowed =
                    allowed || (text_equal(steps[i].what, what) &&
                                text_equal(steps[i].state, json_get_text(attempt, "_state", "")));
        if (!allowed)
                return false;
        if (text_equal(what, "join"))
                join(attempt);
        else if (text_equal(what, "finish") || text_equal(what, "expire"))
                complete(attempt, text_equal(what, "expire"), with);
        else if (text_equal(what, "ready"))
                json_set_text(attempt, "_state", "done");
        else if (text_equal(what, "flag"))
                json_set_text(attempt, "_flag", json_get_text(with, "flag", "Likely"));
        else if (text_equal(what, "scorecard"))
                score_card(attempt, with);
        else
                add_attempt(base, json_get_text(attempt, "email", ""),
                            json_get_text(attempt, "test_id", ""));
        return true;
}

json_t *cb_create_interview(const char *email)
{
        json_t *row = json_object();
        char *id = mem_format("int%06" PRId64, ++cb.serial);

        json_set_text(row, "interview_id", id);
        json_set_text(row, "email", email);
        json_set_bool(row, "over", false);
        json_add(cb.interviews, row);
        mem_free(id);
        return row;
}

bool cb_finish_interview(json_t *interview)
{
        const char *id = json_get_text(interview, "interview_id", "");
        json_t *members;
        char *url;

        if (json_get_bool(interview, "over", false))
                return false;
        json_set_bool(interview, "over", true);
        members = json_object();
        url = mem_format("https://coderbyte.com/report/interview:%s:%s", id, CB_ORGANIZATION);
        json_set_text(members, "email", json_get_text(interview, "email", ""));
        json_set_text(members, "interview_id", id);
        json_set_text(members, "report_url", url);
        cb_send(CB_INTERVIEW, members);
        mem_free(url);
        return true;
}

static json_t *challenges_of(const json_t *attempt)
{
        const json_t *test = cb_find(cb.tests, "test_id", json_get_text(attempt, "test_id", ""));
        const json_t *scores = json_object_get(attempt, "_scores");
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(scores); i++) {
                json_t *one = json_object(), *meta = json_object();

                json_set_text(
                    one, "title",
                    json_text_of(json_array_get(json_object_get(test, "_challenges"), i), NULL));
                json_set_text(one, "date", json_get_text(attempt, "_joined", NULL));
                json_set_text(one, "language", "Python");
                json_set_int(one, "score", json_int_of(json_array_get(scores, i), 0));
                json_set_int(one, "time_taken", i == 0 ? -1 : 12); /* -1 has been seen */
                json_set_text(meta, "difficulty", "medium");
                json_set(meta, "tags", json_array());
                json_set(one, "meta", meta);
                json_add(list, one);
        }
        return list;
}

static json_t *choices_of(const json_t *attempt)
{
        json_t *list = json_array();

        for (int i = 0; i < CHOICES; i++) {
                json_t *one = json_object();
                char *id = mem_format("mc%d", i + 1);

                json_set_text(one, "id", id);
                json_set_text(one, "question", "Which of these is true?");
                json_set_bool(one, "correct", i < json_get_int(attempt, "_correct", 0));
                json_set(one, "answer", NULL);
                json_set(one, "meta", json_array()); /* an empty map, as PHP writes it */
                json_add(list, one);
                mem_free(id);
        }
        return list;
}

static const char *status_of(const json_t *attempt)
{
        const char *state = json_get_text(attempt, "_state", "");

        if (text_equal(state, "invited"))
                return "Invited";
        if (text_equal(state, "started"))
                return "In progress";
        if (json_get_bool(attempt, "_expired", false))
                return "Time expired";
        return text_equal(state, "grading") ? "Submitted" : "Completed";
}

static void set_result(json_t *report, const json_t *attempt)
{
        int64_t final = json_get_int(attempt, "_code", 0) + json_get_int(attempt, "_choices", 0);

        json_set(report, "challenge_details", challenges_of(attempt));
        json_set(report, "mc_details", choices_of(attempt));
        json_set_int(report, "code_score", json_get_int(attempt, "_code", 0));
        json_set_int(report, "mc_score", json_get_int(attempt, "_choices", 0));
        json_set_int(report, "final_score", final);
        json_set_bool(report, "qualified", final >= 70);
        json_set_text(report, "cheating_flag", json_get_text(attempt, "_flag", "Not detected"));
}

json_t *cb_report(const json_t *attempt)
{
        static const char *const maps[] = { "scorecard",         "admin_notes", "video_responses",
                                            "challenge_details", "mc_details",  "oe_details",
                                            "workspaces" };
        static const char *const nulls[] = { "code_score", "mc_score",      "final_score",
                                             "qualified",  "cheating_flag", "cheating_details" };
        const json_t *test = cb_find(cb.tests, "test_id", json_get_text(attempt, "test_id", ""));
        bool done = text_equal(json_get_text(attempt, "_state", ""), "done");
        json_t *report = json_object();

        for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
                json_set(report, maps[i], json_array());
        for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
                json_set(report, nulls[i], NULL);
        json_set_text(report, "username", json_get_text(attempt, "_id", NULL));
        json_set_text(report, "email", json_get_text(attempt, "email", NULL));
        json_set_text(report, "date_joined", json_get_text(attempt, "_joined", NULL));
        json_set_text(report, "test_id", json_get_text(attempt, "test_id", NULL));
        json_set_text(report, "display_name", json_get_text(test, "display_name", NULL));
        json_set_text(report, "report_link", json_get_text(attempt, "_link", NULL));
        json_set_text(report, "status", status_of(attempt));
        json_set_int(report, "time_taken", -1);
        json_set_int(report, "total_challenges",
                     (int64_t)json_array_size(json_object_get(test, "_challenges")));
        json_set_int(report, "qualifying_score", 70);
        json_set_bool(report, "report_ready", done);
        json_set_text(report, "vote_decision", json_get_text(attempt, "_vote", NULL));
        json_set_text(report, "invited_by_admin", NULL);
        json_set_text(report, "internal_id", NULL);
        if (done && json_object_get(attempt, "_scores") != NULL)
                set_result(report, attempt);
        return report;
}
