/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rules put beside a candidate: links to choose by, interviews, tags, files. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/catalog.h"
#include "home/erase.h"
#include "home/interview.h"
#include "home/records.h"
#include "home/selection.h"
#include "worker_fake.h"

static const char select_rules[] =
    "[{\"id\":\"offer\",\"when\":{\"entered_stage\":{\"ats\":\"gh\",\"stage\":\"Coding test\"}},"
    "\"then\":[{\"add_selection_link\":{\"platform\":\"cs\"}}]},"
    "{\"id\":\"back\",\"when\":{\"result\":\"any\"},\"then\":[{\"write_result\":{\"score\":[{"
    "\"percent_at_least\":50,\"score\":2},{\"percent_at_least\":90,\"score\":4}],\"file\":"
    "\"text\"}},{\"tag_result\":{\"pass_at_least\":70,\"fail_below\":40}}]}]";
static const char interview_rules[] =
    "[{\"id\":\"live\",\"when\":{\"entered_stage\":{\"ats\":\"gh\",\"stage\":\"Coding test\"}},"
    "\"then\":[{\"create_interview\":{\"platform\":\"cs\",\"schedule\":{\"in_hours\":24,"
    "\"minutes\":45,\"timezone\":\"Europe/Berlin\"}}}]}]";

/* As Lever tells it: a notice, which must be looked up. */
static void notice(struct fake_home *f, const char *stage, const char *identity)
{
        char *body =
            mem_format("{\"fact\":\"stage_entered\",\"subject\":\"17\",\"identity\":\"%s\","
                       "\"detail\":{\"stage\":{\"id\":\"%s\"}}}",
                       identity, stage);

        fake_deliver(f, "acme", "gh", TRUST_NOTICE, body);
        mem_free(body);
}

static struct fake_application *jane(void)
{
        return fake_application("17");
}

static int links(const char *containing)
{
        return fake_count((const char(*)[160])jane()->links, 8, containing);
}

/* A home whose platform's list was read before, so that links do not wait for it. */
static void select_home(struct fake_home *f, int scale)
{
        struct fail why = FAIL_CLEAR;

        fake_home_make(f);
        if (scale > 0)
                fake->scale = scale;
        fake_rules(f->org, select_rules);
        if (catalog_order(f->home, f->org, "cs", when_now_ms() + fake->clock_ms, &why) != 0)
                tap_ok(false, "the list is ordered: %s", why.text);
        fake_tick(f);
}

/* The token at the end of the first link of this kind. */
static char *token_of(const char *kind)
{
        for (int i = 0; i < 8; i++)
                if (strstr(jane()->links[i], kind) != NULL)
                        return mem_text(strrchr(jane()->links[i], '/') + 1);
        return mem_text("none");
}

static json_t *view_of(struct fake_home *f, const char *token, const char *query)
{
        struct worker_options options = fake_options(f);
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL, *view = NULL;
        char *id = NULL;

        if (selection_by_token(f->home, f->org, token, &id, &record, &why) == 1)
                selection_view(&options.trade, f->org, id, record, query, &view, &why);
        json_decref(record);
        mem_free(id);
        return view;
}

static enum selection_answer press(struct fake_home *f, const char *token, const char *test)
{
        struct worker_options options = fake_options(f);
        struct fail why = FAIL_CLEAR;
        enum selection_answer answer = SELECTION_BROKEN;
        json_t *record = NULL;
        char *id = NULL;

        if (selection_by_token(f->home, f->org, token, &id, &record, &why) == 1)
                answer = selection_send(&options.trade, f->org, id, test, &why);
        json_decref(record);
        mem_free(id);
        return answer;
}

static void finish(const char *id, double score)
{
        struct fake_session *s = fake_session(id);

        if (s == NULL)
                return;
        strcpy(s->state, "complete");
        s->score = score;
        s->finished_ms = when_now_ms();
}

static void test_selection(void)
{
        struct fake_home f;
        json_t *view;
        char *token;

        select_home(&f, 0);
        notice(&f, "s2", "n1");
        fake_tick(&f);
        tap_int(links("https://hire.example/fairlead/assessment/acme/select/"), 1,
                "the stage puts one link beside the candidate");
        tap_int(fake->session_count, 0, "and sends nothing");
        token = token_of("/select/");
        tap_int((int64_t)strlen(token), 26, "whose token nobody guesses");
        view = view_of(&f, token, "");
        tap_ok(json_get_bool(view, "choose", false) && json_get_bool(view, "known", false),
               "the page lets choose");
        tap_text(json_get_text(view, "candidate", ""), "Jane Doe", "for whom");
        tap_text(json_get_text(view, "count", ""), "3", "from all assessments");
        tap_text(json_get_text(view, "tests.0.duration", ""), "60 min", "with their duration");
        tap_text(json_get_text(view, "tests.0.labels.1", ""), "Backend", "and labels");
        json_decref(view);
        view = view_of(&f, token, "SCREENING front");
        tap_text(json_get_text(view, "count", ""), "1", "a search fits title and labels");
        tap_text(json_get_text(view, "tests.0.id", ""), "T2", "in any case and order");
        json_decref(view);
        view = view_of(&f, token, "nothing like it");
        tap_ok(json_get_bool(view, "none", false), "and may fit none");
        json_decref(view);
        tap_ok(view_of(&f, "aaaaaaaaaaaaaaaaaaaaaaaaaa", "") == NULL,
               "another token shows nothing");
        tap_int(press(&f, token, "T9"), SELECTION_UNKNOWN, "what is not in the list is not sent");
        tap_int(press(&f, token, "T2"), SELECTION_SENT, "Send");
        tap_int(press(&f, token, "T2"), SELECTION_SENT, "pressed twice");
        tap_int(press(&f, token, "T1"), SELECTION_SENT, "and something else pressed");
        view = view_of(&f, token, "");
        tap_ok(json_get_bool(view, "sending", false), "it is under way");
        json_decref(view);
        fake_tick(&f);
        tap_int(fake->session_count, 1, "one session");
        tap_text(fake->sessions[0].test, "T2", "of the first choice");
        tap_int(fake_notes("17", "Assessment sent"), 1, "and its note");
        tap_int(links("/select/"), 0, "the link goes");
        view = view_of(&f, token, "");
        tap_ok(json_get_bool(view, "sent", false), "the page says that it was sent");
        tap_text(json_get_text(view, "sent_title", ""), "Frontend", "and what");
        json_decref(view);
        tap_int(press(&f, token, "T1"), SELECTION_SENT, "pressing on an old page");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "sends nothing more");
        finish("S1", 95);
        fake_told(&f, "S1", "finished", "", "s1");
        fake_tick(&f);
        tap_int(links("/select/"), 0, "no link comes back with the result");
        view = view_of(&f, token, "");
        tap_ok(json_get_bool(view, "over", false), "whose page says so");
        json_decref(view);
        tap_int(press(&f, token, "T1"), SELECTION_OVER, "and sends nothing any more");
        mem_free(token);
        fake_home_close(&f);
}

/* The answer to the adding is lost, and the second try comes after the sending. */
static void test_late_link(void)
{
        struct fake_home f;
        char *token;

        select_home(&f, 0);
        fake->script[CALL_SET_LINK].times = 1;
        fake->script[CALL_SET_LINK].kind = OUTCOME_AGAIN;
        fake->script[CALL_SET_LINK].did = true;
        fake->script[CALL_SET_LINK].wait_ms = WHEN_HOUR;
        notice(&f, "s2", "n1");
        fake_tick(&f);
        tap_int(links("/select/"), 1, "the link stands, which is not known");
        token = token_of("/select/");
        tap_int(press(&f, token, "T1"), SELECTION_SENT, "and Send is pressed");
        fake_tick(&f);
        tap_int(links("/select/"), 0, "sent: the link goes");
        fake->clock_ms += 2 * WHEN_HOUR;
        fake_tick(&f);
        tap_int(links("/select/"), 0, "and is not added once more");
        mem_free(token);
        fake_home_close(&f);
}

/* One entry into a stage, two notices; a second entry; a notice of a stage that was left. */
static void test_entries(void)
{
        struct fake_home f;

        fake_home_make(&f);
        strcpy(jane()->entry, "1000");
        notice(&f, "s2", "n1");
        notice(&f, "s2", "n2");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "two webhooks tell of one entry: one assessment");
        finish("S1", 50);
        fake_told(&f, "S1", "finished", "", "s1");
        fake_tick(&f);
        notice(&f, "s2", "n3");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "a third, later, tells nothing new");
        strcpy(jane()->entry, "2000");
        notice(&f, "s2", "n4");
        fake_tick(&f);
        tap_int(fake->session_count, 2, "the candidate came again: a second assessment");
        strcpy(jane()->stage, "s1");
        strcpy(jane()->entry, "3000");
        strcpy(jane()->stage_name, "Applied");
        fake->scale = 1000000;
        notice(&f, "s2", "n5");
        fake_tick(&f);
        tap_int(fake->session_count, 2, "a notice about a stage that was left sends nothing");
        fake_home_close(&f);
}

/* A sending that comes to nothing opens the choice again. */
static void test_refused(void)
{
        struct fake_home f;
        json_t *view;
        char *token;

        select_home(&f, 0);
        jane()->email[0] = '\0';
        notice(&f, "s2", "n1");
        fake_tick(&f);
        token = token_of("/select/");
        view = view_of(&f, token, "");
        tap_ok(json_get_text(view, "email", NULL) == NULL,
               "the page knows that there is no address");
        json_decref(view);
        tap_int(press(&f, token, "T1"), SELECTION_SENT, "pressed all the same");
        fake_tick(&f);
        tap_int(fake_notes("17", "Not invited: "), 1, "the recruiter reads why not");
        tap_int(links("/select/"), 1, "the link stays");
        view = view_of(&f, token, "");
        tap_ok(json_get_bool(view, "choose", false), "and may choose again");
        tap_ok(strstr(json_get_text(view, "sentence", ""), "e-mail") != NULL, "told why: %s",
               json_get_text(view, "sentence", ""));
        json_decref(view);
        strcpy(jane()->email, "jane@x.example");
        fake->clock_ms += WHEN_HOUR; /* what we know of the candidate is read again */
        tap_int(press(&f, token, "T1"), SELECTION_SENT, "with an address by now");
        fake_tick(&f);
        tap_int(fake->session_count, 1, "it is sent");
        mem_free(token);
        fake_home_close(&f);

        select_home(&f, 0);
        notice(&f, "s2", "n1");
        fake_tick(&f);
        token = token_of("/select/");
        strcpy(jane()->stage, "s1");
        fake->clock_ms += WHEN_HOUR;
        tap_int(press(&f, token, "T1"), SELECTION_SENT, "pressed when the stage was left");
        fake_tick(&f);
        tap_int(fake->session_count, 0, "nothing is sent");
        view = view_of(&f, token, "");
        tap_ok(strstr(json_get_text(view, "sentence", ""), "left the stage") != NULL,
               "and the page says why");
        json_decref(view);
        mem_free(token);
        fake_home_close(&f);
}

/* The platform is down: the page works from the list that is known. */
static void test_down(void)
{
        struct fake_home f;
        json_t *view;
        char *token;

        select_home(&f, 0);
        notice(&f, "s2", "n1");
        fake_tick(&f);
        token = token_of("/select/");
        fake->script[CALL_LIST_TESTS].times = 1000;
        fake->script[CALL_LIST_TESTS].kind = OUTCOME_AGAIN;
        fake->clock_ms += 2 * WHEN_HOUR;
        view = view_of(&f, token, "");
        tap_text(json_get_text(view, "count", ""), "3", "the list of two hours ago is shown");
        json_decref(view);
        tap_int(press(&f, token, "T3"), SELECTION_SENT, "and sent from");
        mem_free(token);
        fake_home_close(&f);

        fake_home_make(&f);
        fake_rules(f.org, select_rules);
        fake->script[CALL_LIST_TESTS].times = 1000;
        fake->script[CALL_LIST_TESTS].kind = OUTCOME_AGAIN;
        notice(&f, "s2", "n1");
        fake_tick(&f);
        tap_int(links("/select/"), 0, "the link waits for something to choose from");
        fake->clock_ms += WHEN_MINUTE;
        fake_tick(&f);
        tap_int(links("/select/"), 1, "not for long");
        token = token_of("/select/");
        view = view_of(&f, token, "");
        tap_ok(json_get_bool(view, "choose", false) && !json_get_bool(view, "known", true),
               "a list that was never read is said to be on its way");
        json_decref(view);
        tap_int(press(&f, token, "T3"), SELECTION_UNKNOWN, "and nothing is sent from it");
        mem_free(token);
        fake_home_close(&f);
}

static void test_result(void)
{
        static const struct {
                double score;
                int note;
                const char *tag;
        } rows[] = {
                { 95, 4, "Assessment: pass" },
                { 60, 2, "Assessment: needs review" },
                { 10, 0, "Assessment: fail" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fake_home f;
                char *token;

                select_home(&f, 0);
                notice(&f, "s2", "n1");
                fake_tick(&f);
                token = token_of("/select/");
                press(&f, token, "T1");
                fake_tick(&f);
                finish("S1", rows[i].score);
                fake_told(&f, "S1", "finished", "", "s1");
                fake_tick(&f);
                tap_int(fake->note_count, 2, "%g: two notes", rows[i].score);
                tap_int(fake->notes[0].score, 0, "%g: the first has no score", rows[i].score);
                tap_int(fake->notes[1].score, rows[i].note,
                        "%g: the result's is what the rule "
                        "says",
                        rows[i].score);
                tap_int(fake_tags(jane(), rows[i].tag), 1, "%g: %s", rows[i].score, rows[i].tag);
                tap_int(fake_tags(jane(), NULL), 1, "%g: one tag", rows[i].score);
                tap_int(fake->file_count, 1, "%g: one file", rows[i].score);
                tap_ok(text_starts(fake->files[0].name, "Backend screen, report ") &&
                           text_ends(fake->files[0].name, ".txt"),
                       "by its name: %s", fake->files[0].name);
                tap_ok(strstr(fake->files[0].body, "Candidate: Jane Doe") != NULL &&
                           strstr(fake->files[0].body, "of 100") != NULL &&
                           strstr(fake->files[0].body, "accessToken") == NULL,
                       "with who and what, and no secret");
                mem_free(token);
                fake_home_close(&f);
        }
}

static void test_corrected(void)
{
        struct fake_home f;
        char *token;

        select_home(&f, 0);
        notice(&f, "s2", "n1");
        fake_tick(&f);
        token = token_of("/select/");
        press(&f, token, "T1");
        fake_tick(&f);
        finish("S1", 95);
        fake_told(&f, "S1", "finished", "", "s1");
        fake_tick(&f);
        finish("S1", 20);
        fake_told(&f, "S1", "finished", "", "s2");
        fake_tick(&f);
        tap_int(fake_tags(jane(), "Assessment: fail"), 1, "a corrected score changes the tag");
        tap_int(fake_tags(jane(), "Assessment: pass"), 0, "and takes the old one away");
        tap_int(fake->file_count, 2, "with a file of its own");
        mem_free(token);
        fake_home_close(&f);
}

static void test_interview(void)
{
        struct fake_home f;
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL, *view = NULL;
        char *token, *id = NULL;

        fake_home_make(&f);
        fake_rules(f.org, interview_rules);
        notice(&f, "s2", "n1");
        fake_tick(&f);
        tap_int(links("/interview-link/acme/join/"), 1,
                "the interview's link beside the candidate");
        tap_int(fake_notes("17", "Live interview."), 1, "and in a note");
        tap_int(fake->interviews, 1, "the platform's room is made");
        tap_int(fake_count((const char(*)[160])jane()->slots, 4, "/join/"), 1,
                "it stands in the schedule");
        token = token_of("/join/");
        tap_int(interview_by_token(f.home, f.org, token, &id, &record, &why), 1,
                "the link leads there");
        tap_text(json_get_text(record, "candidate_email", ""), "jane@x.example",
                 "for the candidate");
        tap_int((json_get_int(record, "ends_ms", 0) - json_get_int(record, "starts_ms", 0)) /
                    WHEN_MINUTE,
                45, "for as long as the rule says");
        json_decref(record);
        notice(&f, "s2", "n2");
        fake_tick(&f);
        tap_int(fake->interviews, 1, "told twice: one interview");
        strcpy(jane()->entry, "2000");
        notice(&f, "s2", "n3");
        fake_tick(&f);
        tap_int(fake_notes("17", "Live interview."), 1, "entered again: the same one stands");
        tap_int(links("/join/"), 1, "with the same link");
        tap_int(interview_cancel(f.home, f.org, id, &view, &why), INTERVIEW_DONE, "cancelled");
        json_decref(view);
        fake_tick(&f);
        tap_int(links("/join/"), 0, "the link goes");
        tap_int(fake_count((const char(*)[160])jane()->slots, 4, "/join/"), 0, "and the slot");
        strcpy(jane()->entry, "3000");
        notice(&f, "s2", "n4");
        fake_tick(&f);
        tap_int(links("/join/"), 1, "a later entry makes another one");
        mem_free(token);
        mem_free(id);
        fake_home_close(&f);

        fake_home_make(&f);
        fake_rules(f.org, interview_rules);
        fake->script[CALL_MAKE_SLOT].times = 1;
        fake->script[CALL_MAKE_SLOT].kind = OUTCOME_DENIED;
        notice(&f, "s2", "n1");
        fake_tick(&f);
        tap_int(fake->calls[CALL_MAKE_SLOT], 1, "a key that may not schedule is asked once");
        tap_int(links("/join/"), 1, "the link stands all the same");
        tap_int((int64_t)fake_open_actions(f.org), 0, "and nothing is left to do");
        fake_home_close(&f);
}

static void test_erasing(void)
{
        struct fake_home f;
        json_t *record = NULL;
        struct fail why = FAIL_CLEAR;
        char *token, *join, *id = NULL;

        select_home(&f, 0);
        notice(&f, "s2", "n1");
        fake_tick(&f);
        fake_rules(f.org, interview_rules);
        strcpy(jane()->entry, "2000");
        notice(&f, "s2", "n2");
        fake_tick(&f);
        token = token_of("/select/");
        join = token_of("/join/");
        fake_deliver(&f, "acme", "gh", TRUST_BODY,
                     "{\"fact\":\"application_gone\",\"subject\":\"17\",\"identity\":\"g\","
                     "\"detail\":{\"what\":\"deleted\",\"applications\":[\"17\"]}}");
        fake_tick(&f);
        tap_int(selection_by_token(f.home, f.org, token, &id, &record, &why), 0,
                "an erased candidate's link leads nowhere");
        tap_int(interview_by_token(f.home, f.org, join, &id, &record, &why), 1,
                "the interview's link");
        tap_text(json_get_text(record, "state", ""), "cancelled", "is cancelled");
        tap_ok(!text_equal(json_get_text(record, "candidate_name", NULL), "Jane Doe") &&
                   json_get_text(record, "candidate_email", NULL) == NULL,
               "and does not know who it was");
        json_decref(record);
        mem_free(id);
        mem_free(token);
        mem_free(join);
        fake_home_close(&f);
}

/* Calls that fail in every way, having done it or not: each thing stands once. */
static void test_outcomes(void)
{
        static const struct {
                const char *name;
                enum fake_call call;
                enum outcome_kind kind;
                bool did;
        } rows[] = {
                { "a link, uncertain and done", CALL_SET_LINK, OUTCOME_UNCERTAIN, true },
                { "a link, uncertain and not", CALL_SET_LINK, OUTCOME_UNCERTAIN, false },
                { "tags, uncertain and done", CALL_SET_TAGS, OUTCOME_UNCERTAIN, true },
                { "tags, again", CALL_SET_TAGS, OUTCOME_AGAIN, false },
                { "a file, uncertain and done", CALL_UPLOAD_FILE, OUTCOME_UNCERTAIN, true },
                { "a file, uncertain and not", CALL_UPLOAD_FILE, OUTCOME_UNCERTAIN, false },
                { "a file, again", CALL_UPLOAD_FILE, OUTCOME_AGAIN, false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fake_home f;
                char *token;

                select_home(&f, 100000);
                fake->script[rows[i].call].times = 1;
                fake->script[rows[i].call].kind = rows[i].kind;
                fake->script[rows[i].call].did = rows[i].did;
                notice(&f, "s2", "n1");
                fake_tick(&f);
                tap_int(links("/select/"), 1, "%s: one link", rows[i].name);
                token = token_of("/select/");
                press(&f, token, "T1");
                fake_tick(&f);
                finish("S1", 95);
                fake_told(&f, "S1", "finished", "", "s1");
                fake_tick(&f);
                tap_int(fake_tags(jane(), NULL), 1, "%s: one tag", rows[i].name);
                tap_int(fake->file_count, 1, "%s: one file", rows[i].name);
                tap_int(links("/select/"), 0, "%s: the link is gone", rows[i].name);
                mem_free(token);
                fake_home_close(&f);
        }
}

/* Killed at every point, then started again: once each, always. */

static int child_tick(struct fake_home *f, int die_at)
{
        pid_t pid;
        int status = 0;

        fake->steps = 0;
        fake->die_at = die_at;
        fake->at_once = 0;
        pid = fork();
        if (pid == 0) {
                alarm(30);
                f->home = NULL;
                fake_home_reopen(f);
                fake_tick(f);
                _exit(0);
        }
        waitpid(pid, &status, 0);
        fake->die_at = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_kills(void)
{
        int killed = 0, wrong = 0;
        bool first = true;

        for (int n = 1; first; n++) {
                struct fake_home f;
                char *token;

                select_home(&f, 0);
                notice(&f, "s2", "n1");
                fake_tick(&f);
                token = token_of("/select/");
                press(&f, token, "T1");
                fake_tick(&f);
                finish("S1", 95);
                fake_told(&f, "S1", "finished", "", "s1");
                home_close(f.home);
                f.home = NULL;
                first = child_tick(&f, n) == 77;
                killed += first;
                for (int i = 0; i < 3; i++)
                        child_tick(&f, 0);
                if (fake->note_count != 2 || fake->file_count != 1 || links("/select/") != 0 ||
                    fake_tags(jane(), "Assessment: pass") != 1) {
                        wrong++;
                        tap_note("killed at %d: %d notes, %d files, %d links", n, fake->note_count,
                                 fake->file_count, links("/select/"));
                }
                mem_free(token);
                fake_home_close(&f);
        }
        tap_ok(killed > 20, "killed at %d points of the result", killed);
        tap_int(wrong, 0, "each time one note, one file, one tag, and no link");
}

int main(void)
{
        fake_start();
        test_selection();
        test_late_link();
        test_entries();
        test_refused();
        test_down();
        test_result();
        test_corrected();
        test_interview();
        test_erasing();
        test_outcomes();
        test_kills();
        return tap_end();
}
