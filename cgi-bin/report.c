/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report: the page behind the link in a recruiter's note; the results feed. */
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/when.h"
#include "guard.h"
#include "home/audit.h"
#include "home/report_view.h"
#include "report_file.h"
#include "report_platform.h"
#include "report_results.h"

/* Who looked at which report, once an hour for each address: the link is the key, so it cannot
 * be known who he is.  A log that cannot be written does not keep a recruiter from his page. */
static void note(struct request *rq, struct org *org, const char *did, const char *session)
{
        char *about = mem_format("report of session %s", session);
        const struct audit_entry entry = { .org = org->name,
                                           .who = "somebody with the link",
                                           .from = request_address(rq),
                                           .did = did,
                                           .about = about,
                                           .request = request_id(rq) };
        struct fail why = FAIL_CLEAR;

        if (audit_add_once(guard_home(), &entry, WHEN_HOUR, &why) != 0)
                log_event(LOG_LEVEL_ERROR, "audit log cannot be written", "cause", why.text, NULL);
        mem_free(about);
}

static void page(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *view = NULL;
        struct org *org;

        if (guard_open_org(rq, re, &org) != 0)
                return;
        switch (report_view(guard_home(), org, request_segment(rq, "token"), &view, &why)) {
        case 1:
                note(rq, org, "report.viewed", json_get_text(view, "session", ""));
                reply_header(re, "X-Robots-Tag", "noindex");
                reply_page(rq, re, 200, "report", view);
                return;
        case 0:
                reply_problem(rq, re, 404,
                              "There is no report behind this link. Check that you copied all of "
                              "it from the note.");
                return;
        case 2:
                reply_problem(rq, re, 410,
                              "This report was removed together with the candidate's data.");
                return;
        default:
                reply_failure(rq, re, "report cannot be shown", &why);
        }
}

static void note_download(struct request *rq, struct org *org, const char *session)
{
        note(rq, org, "report.downloaded", session);
}

static void file(struct request *rq, struct reply *re)
{
        report_file_handler(rq, re, note_download);
}

static const struct route routes[] = {
        { "GET", "{org}/results", report_results, 0, true, NULL },
        { "GET", "{org}/results/{session}", report_result, 0, true, NULL },
        { "POST", "{org}/platform/{connection}", report_platform, REPORT_QUESTION_MAX, true, NULL },
        { "GET", "{org}/{token}", page, 0, false, NULL },
        { "GET", "{org}/{token}/file", file, 0, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};

int main(int argc, char **argv)
{
        static const struct route *const tables[] = { routes, NULL };
        static const struct program program = {
                .name = "report",
                .about = "the result page behind the link in a recruiter's note",
                .routes = tables,
                .start = guard_start,
                .stop = guard_stop,
        };

        return serve(argc, argv, &program);
}
