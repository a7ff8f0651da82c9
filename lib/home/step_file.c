/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The step that uploads a report into the ATS. */
#include <string.h>

#include "bridge/pdf.h"
#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/step.h"

#define LATE_MS (10 * WHEN_MINUTE)
#define TITLE_MAX 60
#define MARK_DIGITS 12

/* "General Coding, report 3f9c2a7b1d0e.txt": found again by it, so it is the same each time for
 * the same result, and another for another. */
static char *name_of(const struct step *s, const struct session *session, const char *extension)
{
        const char *mark = strrchr(json_get_text(s->action, "marker", " 0"), ' ');
        char *title = mem_text(text_or(session->test_title, "Assessment")), *name;

        text_cut(title, TITLE_MAX);
        for (char *c = title; *c != '\0'; c++)
                if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -_",
                           *c) == NULL)
                        *c = '-';
        name = mem_format("%s, report %.*s.%s", text_or(text_trim(title), "Assessment"),
                          MARK_DIGITS, mark == NULL ? "0" : mark + 1, extension);
        mem_free(title);
        return name;
}

static void write_report(struct step *s, const struct application *a, const struct session *session,
                         struct buf *out)
{
        char *platform = dossier_connection(s->session),
             *link = dossier_report_link(s->trade->home, s->org, s->session);
        struct desk desk;
        int found = desk_open(&desk, s->trade, s->org, platform, &s->why);

        if (found >= 0)
                words_report(out, session, a, found == 1 ? desk.kind->title : platform, link);
        desk_close(&desk);
        mem_free(link);
        mem_free(platform);
}

static bool is_late(const struct step *s, const struct session *session)
{
        return json_get_int(s->action, "created_ms", 0) - session->finished_ms >
               trade_wait(s->trade, LATE_MS);
}

/* Is it there?  1 yes, 0 no, -1 the step ended.  A key may have the permission to upload and not
 * the one to look: as long as nothing can stand there, that is no hindrance. */
static int look_for(struct step *s, const struct application *a, const char *name, bool late)
{
        const struct ats *ats = s->desk.kind->ats;
        int found = 0;

        if (ats->find_file == NULL || !(s->doubt || late || step_attempts(s) > 0))
                return 0;
        if (ats->find_file(&s->desk.link, a, name, &found, &s->outcome) == 0)
                return found != 0;
        return s->outcome.kind == OUTCOME_DENIED && !s->doubt && !late ? 0 : -1;
}

static void upload(struct step *s, const struct application *a, const struct session *session,
                   const struct attachment *file)
{
        int found = look_for(s, a, file->name, is_late(s, session));

        if (found > 0)
                step_done(s, "The report file stands there already.");
        else if (found == 0 && step_begin(s, NULL) == 0 &&
                 s->desk.kind->ats->upload_file(&s->desk.link, a, file, &s->outcome) == 0)
                step_done(s, "The report file was uploaded.");
}

void step_upload_report(struct step *s)
{
        bool pdf = text_equal(json_get_text(s->with, "file", "text"), "pdf");
        struct buf text = BUF_NONE, printed = BUF_NONE;
        struct session session = { 0 };
        struct application a = { 0 };
        json_t *record = NULL, *read = NULL;
        char *name = NULL;

        if (s->desk.kind->ats == NULL || s->desk.kind->ats->upload_file == NULL) {
                s->silent = true; /* the rule is there for another ATS of the org */
                outcome_set(&s->outcome, OUTCOME_REFUSED, "this ATS takes no files from us.", "%s",
                            s->desk.kind->name);
                return;
        }
        if (step_application(s, &record, &a) != 1)
                return;
        if (step_result(s, "file", json_get_text(s->with, "file", "text"), &read, &session)) {
                struct attachment file = { .media_type = pdf ? "application/pdf" : "text/plain" };

                write_report(s, &a, &session, &text);
                if (pdf)
                        pdf_print(&printed, buf_text(&text));
                name = name_of(s, &session, pdf ? "pdf" : "txt");
                file.name = name;
                file.data = buf_text(pdf ? &printed : &text);
                file.len = pdf ? printed.len : text.len;
                if (s->why.kind != FAIL_NONE)
                        step_trouble(s);
                else
                        upload(s, &a, &session, &file);
        }
        mem_free(name);
        buf_dispose(&printed);
        buf_dispose(&text);
        session_dispose(&session);
        application_dispose(&a);
        json_decref(read);
        json_decref(record);
}
