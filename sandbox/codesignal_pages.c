/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's pages: what an admin, a candidate and a reviewer would click. */
#include <string.h>

#include "codesignal.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define PREFIX "/sandbox/codesignal"

/* What each session state looks like, and what a person may do then. */
static const struct {
        const char *status, *verification, *word, *tone;
} looks[] = {
        { "pending", "", "invited", "wait" },
        { "active", "", "in progress", "wait" },
        { "over", "pending", "in review", "wait" },
        { "over", "verified", "verified", "good" },
        { "over", "notVerified", "not verified", "bad" },
        { "over", "", "finished", "good" },
        { "expired", "", "expired", "bad" },
        { "declined", "", "declined", "bad" },
};

static void set_ago(json_t *to, const char *name, int64_t ms)
{
        struct buf words = BUF_NONE;

        if (ms <= 0)
                return;
        when_iso(&words, ms / 1000 * 1000);
        json_set_text(to, name, buf_text(&words));
        buf_dispose(&words);
}

static char *name_of(const json_t *session)
{
        char *name = mem_format("%s %s", json_get_text(session, "testTaker.firstName", ""),
                                json_get_text(session, "testTaker.lastName", ""));
        char *shown = mem_text(
            text_or(text_trim(name), json_get_text(session, "testTaker.email", "(nobody)")));

        mem_free(name);
        return shown;
}

static void set_look(json_t *to, const json_t *session)
{
        const char *status = json_get_text(session, "status", "");
        const char *verification = json_get_text(session, "verificationStatus", "");

        json_set_text(to, "word", status);
        json_set_text(to, "tone", "wait");
        for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
                if (text_equal(looks[i].status, status) &&
                    (*looks[i].verification == '\0' ||
                     text_equal(looks[i].verification, verification))) {
                        json_set_text(to, "word", looks[i].word);
                        json_set_text(to, "tone", looks[i].tone);
                        return;
                }
        }
}

static json_t *session_view(const json_t *session)
{
        json_t *view = json_object();
        char *name = name_of(session);
        const json_t *coding = json_at(session, "result.versionedCodingScore.value");

        json_set_text(view, "id", json_get_text(session, "id", ""));
        json_set_text(view, "name", name);
        json_set_text(view, "email", json_get_text(session, "testTaker.email", NULL));
        json_set_text(view, "test", json_get_text(cs_test_of(session), "title", ""));
        json_set_text(view, "external_id", json_get_text(session, "_externalId", NULL));
        set_ago(view, "created", json_get_int(session, "createDate", 0));
        set_look(view, session);
        if (coding != NULL)
                json_set_int(view, "coding", json_int_of(coding, 0));
        if (json_at(session, "result") != NULL) {
                json_set_int(view, "points", json_get_int(session, "result.score", 0));
                json_set_int(view, "most", json_get_int(session, "maxScore", 0));
        }
        mem_free(name);
        return view;
}

static void set_frame(json_t *data, const char *title)
{
        json_set_text(data, "title", title);
        json_set_text(data, "prefix", PREFIX);
        json_set_text(
            data, "note",
            "A stand-in for CodeSignal, for trying and for testing. Nobody real is here.");
}

/* ---- home ---- */

static json_t *test_views(void)
{
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(cs.tests); i++) {
                const json_t *test = json_array_get(cs.tests, i);
                json_t *one = json_object();

                json_set_text(one, "id", json_get_text(test, "id", ""));
                json_set_text(one, "title", json_get_text(test, "title", ""));
                json_set_text(one, "scoring",
                              text_equal(json_get_text(test, "scoringModel.type", ""), "raw")
                                  ? "points"
                                  : "coding score, 200 to 600");
                json_set_bool(one, "proctored", json_get_bool(test, "_proctored", false));
                json_add(list, one);
        }
        return list;
}

static json_t *interview_view(const json_t *interview)
{
        const char *status = json_get_text(interview, "status", "");
        json_t *view = json_object();

        json_set_text(view, "id", json_get_text(interview, "id", ""));
        json_set_text(view, "name",
                      text_or(json_get_text(interview, "candidateName", NULL), "(no name)"));
        json_set_text(view, "email", json_get_text(interview, "candidateEmail", NULL));
        json_set_text(view, "word", status);
        json_set_text(view, "tone",
                      text_equal(status, "deleted") ? "bad"
                      : text_equal(status, "over")  ? "good"
                                                    : "wait");
        json_set_bool(view, "stands", !text_equal(status, "deleted"));
        json_set_bool(view, "waits", text_equal(status, "pending"));
        json_set_bool(view, "runs", text_equal(status, "active"));
        json_set_bool(view, "noted", text_equal(status, "active") || text_equal(status, "over"));
        json_set_text(view, "notes",
                      json_get_text(interview, "interviewersFeedback.0.notes", NULL));
        return view;
}

static json_t *newest_first(const json_t *table, json_t *(*view)(const json_t *row))
{
        json_t *list = json_array();

        for (size_t i = json_array_size(table); i > 0 && json_array_size(list) < 100; i--)
                json_add(list, view(json_array_get(table, i - 1)));
        return list;
}

void cs_page_home(struct request *rq, struct reply *re)
{
        json_t *data = json_object(), *hook = deliver_report(cs.hook);

        set_frame(data, "Sandbox: CodeSignal");
        json_set_text(data, "hook", json_get_text(hook, "state", ""));
        json_set_text(data, "tone",
                      text_equal(json_get_text(hook, "state", ""), "healthy") ? "good"
                      : text_equal(json_get_text(hook, "state", ""), "off")   ? "wait"
                                                                              : "bad");
        json_decref(hook);
        pthread_mutex_lock(&cs.lock);
        json_set(data, "tests", test_views());
        json_set(data, "sessions", newest_first(cs.sessions, session_view));
        json_set(data, "interviews", newest_first(cs.interviews, interview_view));
        pthread_mutex_unlock(&cs.lock);
        json_set_bool(data, "has_sessions", json_array_size(json_object_get(data, "sessions")) > 0);
        json_set_bool(data, "has_interviews",
                      json_array_size(json_object_get(data, "interviews")) > 0);
        reply_page(rq, re, 200, "sandbox-codesignal", data);
}

void cs_page_invite(struct request *rq, struct reply *re)
{
        const char *email = request_form(rq, "email"), *test = request_segment(rq, "id");
        char *base = cs_base(rq);
        bool known;

        pthread_mutex_lock(&cs.lock);
        known = cs_find(cs.tests, test) != NULL;
        if (known && email != NULL && strchr(email, '@') != NULL)
                cs_create_session(base, test, email, request_form(rq, "first"),
                                  request_form(rq, "last"), NULL, true);
        pthread_mutex_unlock(&cs.lock);
        mem_free(base);
        if (!known)
                reply_problem(rq, re, 404, NULL);
        else if (email == NULL || strchr(email, '@') == NULL)
                reply_problem(rq, re, 422, "Type an e-mail address.");
        else
                reply_see_other(re, PREFIX "/");
}

/* ---- one session ---- */

static json_t *task_views(const json_t *session)
{
        const json_t *tasks = json_object_get(cs_test_of(session), "_tasks");
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(tasks); i++) {
                const json_t *task = json_array_get(tasks, i);
                const json_t *result = json_array_get(json_at(session, "result.taskResults"), i);
                json_t *one = json_object();

                json_set_int(one, "number", (int64_t)i);
                json_set_text(one, "title", json_get_text(task, "title", ""));
                json_set_int(one, "most", json_get_int(task, "maxScore", 0));
                if (result != NULL)
                        json_set_int(one, "score", json_get_int(result, "score", 0));
                json_add(list, one);
        }
        return list;
}

static void set_choices(json_t *data, const json_t *session)
{
        const char *status = json_get_text(session, "status", "");
        const char *verification = json_get_text(session, "verificationStatus", "");
        bool over = text_equal(status, "over");

        json_set_bool(data, "waits", text_equal(status, "pending"));
        json_set_bool(data, "runs", text_equal(status, "active"));
        json_set_bool(data, "over", over);
        json_set_bool(data, "in_review", over && text_equal(verification, "pending"));
        json_set_bool(data, "verified", over && text_equal(verification, "verified"));
        json_set_bool(data, "not_verified", over && text_equal(verification, "notVerified"));
        json_set_bool(data, "plain", over && *verification == '\0');
        json_set_bool(data, "flagged", json_get_bool(session, "integrityReviewSuggested", false));
        json_set_bool(data, "archived", text_equal(status, "archived"));
        json_set_bool(data, "unfinished",
                      text_equal(status, "pending") || text_equal(status, "active"));
        json_set_bool(data, "dead",
                      text_starts(status, "deleted") || text_equal(status, "archived"));
        json_set_text(data, "retake", json_get_text(session, "retakeSession.id", NULL));
        json_set_text(data, "reason",
                      json_get_text(session, "verificationRejectionReasons.0.description", NULL));
}

static void session_page(struct request *rq, struct reply *re, const char *template,
                         const char *title)
{
        const json_t *session;
        json_t *data = NULL;

        pthread_mutex_lock(&cs.lock);
        session = cs_find(cs.sessions, request_segment(rq, "id"));
        if (session != NULL) {
                data = session_view(session);
                set_frame(data, title);
                json_set(data, "tasks", task_views(session));
                set_choices(data, session);
        }
        pthread_mutex_unlock(&cs.lock);
        if (data == NULL)
                reply_problem(rq, re, 404, "There is no such session.");
        else
                reply_page(rq, re, 200, template, data);
}

void cs_page_take(struct request *rq, struct reply *re)
{
        session_page(rq, re, "sandbox-codesignal-take", "Your assessment");
}

void cs_page_review(struct request *rq, struct reply *re)
{
        session_page(rq, re, "sandbox-codesignal-review", "Session");
}

/* "score-0", "score-1" ...: what the candidate typed, the best where he typed nothing. */
static json_t *form_scores(struct request *rq, const json_t *session)
{
        const json_t *tasks = json_object_get(cs_test_of(session), "_tasks");
        json_t *scores = json_array();

        for (size_t i = 0; i < json_array_size(tasks); i++) {
                int64_t most = json_get_int(json_array_get(tasks, i), "maxScore", 0), points;
                char *field = mem_format("score-%zu", i);
                const char *typed = request_form(rq, field);

                if (typed == NULL || text_int(typed, 0, most, &points) != 0)
                        points = most;
                json_add(scores, json_integer(points));
                mem_free(field);
        }
        return scores;
}

void cs_page_step(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id"), *step = request_segment(rq, "step");
        const char *back = request_form(rq, "back");
        char *base = cs_base(rq), *location;
        json_t *session;
        bool moved = false;

        pthread_mutex_lock(&cs.lock);
        session = cs_find(cs.sessions, id);
        if (session != NULL && text_equal(step, "reactivate")) {
                moved = cs_reactivate(base, session) != NULL;
        } else if (session != NULL) {
                json_t *scores = form_scores(rq, session);

                moved = cs_step(session, step, scores, request_form(rq, "reason"));
                json_decref(scores);
        }
        pthread_mutex_unlock(&cs.lock);
        mem_free(base);
        if (session == NULL) {
                reply_problem(rq, re, 404, "There is no such session.");
                return;
        }
        if (!moved) {
                reply_problem(rq, re, 409, "The session has moved on; go back and look again.");
                return;
        }
        location = mem_format(PREFIX "/%s/%s", text_equal(back, "review") ? "review" : "take", id);
        reply_see_other(re, location);
        mem_free(location);
}

/* One page of PDF (ISO 32000-1, 7.5) that says whose report it is. */
static void pdf_page(struct buf *out, const char *words)
{
        size_t at[6], xref;
        struct buf text = BUF_NONE;

        buf_add_text(&text, "BT /F1 18 Tf 72 720 Td (");
        for (; *words != '\0'; words++) {
                if (strchr("()\\", *words) != NULL)
                        buf_add_char(&text, '\\');
                buf_add_char(&text, *words >= ' ' && *words < 0x7F ? *words : '?');
        }
        buf_add_text(&text, ") Tj ET");
        buf_add_text(out, "%PDF-1.4\n");
        at[1] = out->len;
        buf_add_text(out, "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n");
        at[2] = out->len;
        buf_add_text(out, "2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n");
        at[3] = out->len;
        buf_add_text(out, "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents "
                          "4 0 R /Resources << /Font << /F1 5 0 R >> >> >> endobj\n");
        at[4] = out->len;
        buf_format(out, "4 0 obj << /Length %zu >> stream\n%s\nendstream endobj\n", text.len,
                   buf_text(&text));
        at[5] = out->len;
        buf_add_text(out, "5 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> "
                          "endobj\n");
        xref = out->len;
        buf_add_text(out, "xref\n0 6\n0000000000 65535 f \n");
        for (int i = 1; i < 6; i++)
                buf_format(out, "%010zu 00000 n \n", at[i]);
        buf_format(out, "trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", xref);
        buf_dispose(&text);
}

/* For a program that asks for a file; the vendor's own address gives a page to a browser. */
static void result_file(struct reply *re, const char *id)
{
        char *words = mem_format("Report of session %s (sandbox)", id);

        pdf_page(reply_body(re), words);
        reply_type(re, "application/pdf");
        mem_free(words);
}

/* The report: whoever has the token may read it, nobody else (wire 1.7, "Report link"). */
void cs_page_result(struct request *rq, struct reply *re)
{
        const char *given = request_query(rq, "accessToken"), *accept;
        json_t *session;
        bool good;

        pthread_mutex_lock(&cs.lock);
        session = cs_find(cs.sessions, request_segment(rq, "id"));
        good = session != NULL && given != NULL && json_get_text(session, "_token", NULL) != NULL &&
               secret_equal_text(given, json_get_text(session, "_token", ""));
        pthread_mutex_unlock(&cs.lock);
        if (good && request_header(rq, "Accept", &accept) == 1 &&
            text_equal(accept, "application/pdf"))
                result_file(re, request_segment(rq, "id"));
        else if (good)
                session_page(rq, re, "sandbox-codesignal-result", "Report");
        else
                reply_problem(rq, re, 404, "There is no such report.");
}

/* ---- live interviews ---- */

void cs_page_interview(struct request *rq, struct reply *re)
{
        const json_t *interview;
        json_t *data = NULL;

        pthread_mutex_lock(&cs.lock);
        interview = cs_find(cs.interviews, request_segment(rq, "id"));
        if (interview != NULL && !text_equal(json_get_text(interview, "status", ""), "deleted"))
                data = interview_view(interview);
        pthread_mutex_unlock(&cs.lock);
        if (data == NULL) {
                reply_problem(rq, re, 404, "There is no such interview.");
                return;
        }
        set_frame(data, "Live interview");
        reply_page(rq, re, 200, "sandbox-codesignal-interview", data);
}

void cs_page_interview_step(struct request *rq, struct reply *re)
{
        const char *id = request_segment(rq, "id");
        json_t *interview;
        char *location;
        bool moved;

        pthread_mutex_lock(&cs.lock);
        interview = cs_find(cs.interviews, id);
        moved = interview != NULL && cs_step_interview(interview, request_segment(rq, "step"),
                                                       request_form(rq, "notes"));
        pthread_mutex_unlock(&cs.lock);
        if (!moved) {
                reply_problem(rq, re, interview == NULL ? 404 : 409,
                              "The interview has moved on; go back and look again.");
                return;
        }
        location = mem_format(PREFIX "/live-interview/%s", id);
        reply_see_other(re, location);
        mem_free(location);
}

/* ---- webhook settings ---- */

static json_t *log_views(const json_t *log)
{
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(log) && i < 50; i++) {
                const json_t *entry = json_array_get(log, i);
                json_t *one = json_object();
                int64_t next = json_get_int(entry, "next_ms", 0);

                json_set_text(one, "event", json_get_text(entry, "event", ""));
                json_set_int(one, "attempt", json_get_int(entry, "attempt", 0));
                json_set_int(one, "status", json_get_int(entry, "status", 0));
                json_set_bool(one, "ok", json_get_bool(entry, "ok", false));
                json_set_text(one, "cause", json_get_text(entry, "cause", NULL));
                set_ago(one, "at", json_get_int(entry, "at_ms", 0));
                set_ago(one, "next", next);
                json_add(list, one);
        }
        return list;
}

/* "Name: value" lines as "Name: value" fields of the form: only the first one is offered. */
static void set_extra(json_t *data, const char *extra)
{
        const char *colon = extra == NULL ? NULL : strstr(extra, ": ");

        if (colon == NULL)
                return;
        json_set(data, "header", json_new_text(extra, (size_t)(colon - extra)));
        json_set(data, "value", json_new_text(colon + 2, strcspn(colon + 2, "\n")));
}

static void hooks_page(struct request *rq, struct reply *re, int probed)
{
        json_t *report = deliver_report(cs.hook), *data = json_object();
        const char *state = json_get_text(report, "state", "");
        int64_t queued = json_get_int(report, "queued", 0);

        set_frame(data, "Webhook");
        json_set_text(data, "url", json_get_text(report, "url", NULL));
        json_set_text(data, "events", json_get_text(report, "events", "*"));
        json_set_text(data, "state", state);
        json_set_text(data, "tone", text_equal(state, "healthy") ? "good" : "bad");
        json_set_int(data, "failures", json_get_int(report, "failures", 0));
        json_set_bool(data, "waiting", queued > 0 || text_equal(state, "disabled"));
        json_set_int(data, "queued", queued);
        json_set_bool(data, "probed", probed >= 0);
        json_set_bool(data, "good", probed == 200);
        json_set_int(data, "answer", probed);
        set_extra(data, json_get_text(report, "extra", NULL));
        json_set(data, "log", log_views(json_object_get(report, "log")));
        json_decref(report);
        reply_page(rq, re, 200, "sandbox-codesignal-webhooks", data);
}

void cs_page_hooks(struct request *rq, struct reply *re)
{
        hooks_page(rq, re, -1);
}

static bool is_token(const char *name)
{
        for (; *name != '\0'; name++) {
                if ((unsigned char)*name <= ' ' || *name == ':' || (unsigned char)*name >= 0x7f)
                        return false;
        }
        return true;
}

void cs_page_hooks_save(struct request *rq, struct reply *re)
{
        const char *step = request_segment(rq, "step"), *header, *value;
        struct buf extra = BUF_NONE;

        if (text_equal(step, "save")) {
                header = text_or(request_form(rq, "header"), "");
                value = text_or(request_form(rq, "value"), "");
                if (*header != '\0' && is_token(header) && strpbrk(value, "\r\n") == NULL)
                        buf_format(&extra, "%s: %s\n", header, value);
                deliver_set(cs.hook, request_form(rq, "url"), request_form(rq, "secret"),
                            request_form(rq, "events"), buf_text(&extra));
                buf_dispose(&extra);
        } else if (text_equal(step, "flush")) {
                deliver_flush(cs.hook);
                reply_see_other(re, PREFIX "/webhooks");
                return;
        } else if (!text_equal(step, "test")) {
                reply_problem(rq, re, 404, NULL);
                return;
        }
        hooks_page(rq, re, deliver_probe(cs.hook, "", "", 0));
}
