/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the report page shows of a session, ready for its template. */
#include "home/report_view.h"

#include <stdio.h>
#include <string.h>

#include "bridge/session.h"
#include "bridge/words.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/kind.h"
#include "home/records.h"

/* Scale pictures are 600 units wide between these two. */
#define SCALE_LEFT 20
#define SCALE_WIDTH 560

static void set_number(json_t *object, const char *name, double value)
{
        char text[40];

        snprintf(text, sizeof text, "%.10g", value);
        json_set_text(object, name, text);
}

/* Where value stands on [least, most], from 0 to 1. */
static double fraction(double value, double least, double most)
{
        double f = most > least ? (value - least) / (most - least) : 0;

        return f < 0 ? 0 : f > 1 ? 1 : f;
}

static void set_span(json_t *object, const char *name, int64_t ms)
{
        struct buf text = BUF_NONE;

        when_span(&text, ms);
        json_set_text(object, name, buf_text(&text));
        buf_dispose(&text);
}

static void set_time(json_t *object, const char *name, int64_t ms)
{
        struct buf text = BUF_NONE;
        json_t *time;

        if (ms == 0)
                return;
        time = json_object();
        when_iso(&text, ms);
        json_set_text(time, "machine", buf_text(&text));
        buf_reset(&text);
        when_people(&text, ms);
        json_set_text(time, "people", buf_text(&text));
        json_set(object, name, time);
        buf_dispose(&text);
}

/* The score on its scale: a number with a picture, or a label. */
static json_t *score_view(const struct session *s)
{
        json_t *view = json_object();
        struct buf line = BUF_NONE;
        json_t *scale;

        words_score(&line, s);
        json_set_text(view, "line", buf_text(&line));
        buf_dispose(&line);
        json_set_text(view, "version", s->score.version);
        if (s->score.label[0] != '\0') {
                json_set_text(view, "label", s->score.label);
                return view;
        }
        set_number(view, "value", s->score.value);
        if (s->score.most > s->score.least) {
                double f = fraction(s->score.value, s->score.least, s->score.most);

                scale = json_object();
                set_number(scale, "least", s->score.least);
                set_number(scale, "most", s->score.most);
                json_set_int(scale, "x", SCALE_LEFT + (int)(f * SCALE_WIDTH + 0.5));
                json_set_int(scale, "filled", (int)(f * SCALE_WIDTH + 0.5));
                json_set_int(scale, "percent", (int)(f * 100 + 0.5));
                json_set(view, "scale", scale);
        }
        return view;
}

static json_t *parts_view(const struct session *s)
{
        json_t *list = json_array();

        for (size_t i = 0; i < s->part_count; i++) {
                const struct part *part = &s->parts[i];
                json_t *row = json_object();
                char number[24];

                snprintf(number, sizeof number, "%zu", i + 1);
                json_set_text(row, "number", number);
                json_set_text(row, "name", text_or(part->title, "Task"));
                if (part->scored) {
                        json_t *scored = json_object();

                        set_number(scored, "value", part->value);
                        if (part->most > 0) {
                                set_number(scored, "most", part->most);
                                json_set_int(
                                    scored, "filled",
                                    (int)(fraction(part->value, 0, part->most) * 100 + 0.5));
                        }
                        json_set(row, "scored", scored);
                }
                if (part->spent_ms >= 0)
                        set_span(row, "spent", part->spent_ms);
                json_add(list, row);
        }
        return list;
}

struct state_words {
        enum session_state state;
        const char *tone; /* class of the banner */
        const char *title, *sentence;
};

static const struct state_words words_of[] = {
        { SESSION_INVITED, "wait", "Invited", "The candidate has not started yet." },
        { SESSION_STARTED, "wait", "In progress", "The candidate is working on it." },
        { SESSION_SUBMITTED, "wait", "Submitted", "The result is being worked out." },
        { SESSION_IN_REVIEW, "wait", "In review",
          "The platform is verifying the result. The score is shown once that is done, usually "
          "within three business days." },
        { SESSION_COMPLETE, "good", "Complete", NULL },
        { SESSION_NOT_VERIFIED, "bad", "Not verified",
          "The platform did not verify this result; it is not final and no score is shown." },
        { SESSION_EXPIRED, "bad", "Expired", "The assessment was not taken in time." },
        { SESSION_DECLINED, "bad", "Declined", "The candidate declined the assessment." },
        { SESSION_CANCELLED, "bad", "Withdrawn", "The assessment was withdrawn." },
        { SESSION_UNKNOWN, "wait", "Unknown", "Nothing is known of this assessment yet." },
};

static void state_view(json_t *view, const struct session *s)
{
        const struct state_words *w = words_of;

        while (w->state != s->state && w->state != SESSION_UNKNOWN)
                w++;
        json_set_text(view, "tone", w->tone);
        json_set_text(view, "state", w->title);
        json_set_text(view, "sentence", w->sentence);
        if (s->state == SESSION_COMPLETE)
                json_set_text(view, "sentence",
                              s->shared ? "The result of an earlier test."
                              : s->verification == VERIFICATION_VERIFIED
                                  ? "The platform has verified this result."
                                  : "The result is final. This assessment is not proctored.");
        if (s->state != SESSION_INVITED && s->state != SESSION_STARTED &&
            s->state != SESSION_EXPIRED && s->state != SESSION_DECLINED)
                json_set_text(view, "verification", words_verification(s->verification));
        json_set_bool(view, "integrity", s->integrity_flag);
}

static json_t *session_view(struct org *org, const json_t *record, const struct session *s)
{
        const char *platform = json_get_text(record, "platform", "");
        json_t *view = json_object(), *reasons = json_array(), *connection = NULL, *self = NULL;
        const struct kind *kind = NULL;
        struct application a = { 0 };
        json_t *application = NULL;

        if (record_get(org, "connection", platform, &connection, NULL) == 1)
                kind = kind_find(json_get_text(connection, "kind", ""));
        if (record_get(org, "org", "self", &self, NULL) == 1)
                json_set_text(view, "org_name", json_get_text(self, "name", org->name));
        if (json_get_text(record, "application", NULL) != NULL &&
            dossier_application(org, json_get_text(record, "application", ""), &application, &a,
                                NULL) == 1) {
                json_set_text(view, "job", a.job_name);
                json_set_text(view, "ats_url", text_starts(a.url, "https://") ? a.url : NULL);
        }
        json_set_text(view, "candidate", text_or(s->name, text_or(s->email, "Candidate")));
        json_set_text(view, "title", text_or(s->name, text_or(s->email, "Result")));
        json_set_text(view, "test", text_or(s->test_title, "Assessment"));
        json_set_text(view, "platform", kind != NULL ? kind->title : "the platform");
        json_set_text(view, "session", s->id);
        state_view(view, s);
        if (session_score_released(s) && s->score.present)
                json_set(view, "score", score_view(s));
        if (session_score_released(s) && s->part_count > 0) {
                json_set_bool(view, "has_parts", true);
                json_set(view, "parts", parts_view(s));
        }
        for (size_t i = 0; i < s->reason_count; i++)
                json_add(reasons, json_new_text(s->reasons[i], strlen(s->reasons[i])));
        json_set_bool(view, "has_reasons", s->reason_count > 0);
        json_set(view, "reasons", reasons);
        set_time(view, "invited", s->created_ms);
        set_time(view, "started", s->started_ms);
        set_time(view, "finished", s->finished_ms);
        if (s->state == SESSION_INVITED)
                set_time(view, "expires", s->expires_ms);
        application_dispose(&a);
        json_decref(application);
        json_decref(connection);
        json_decref(self);
        return view;
}

/* The session behind a token: 1 with record and session, else as report_view(). */
static int by_token(struct home *h, struct org *org, const char *token, json_t **record,
                    struct session *session, struct fail *why)
{
        struct store *store = org != NULL ? org->store : home_nobody(h, why);
        char *index = record_digest(token, NULL);
        struct buf value = BUF_NONE;
        json_t *pointer = NULL;
        int found = store == NULL ? -1 : store_get(store, "report", index, &value, why);

        if (found <= 0 || org == NULL)
                goto out;
        pointer = json_parse(value.data, value.len, false, why);
        found = pointer == NULL ? -1
                                : dossier_session(h, org, json_get_text(pointer, "session", ""),
                                                  record, session, why);
        if (found == 0) {
                found = 2; /* the link was good once */
        } else if (found > 0 && session->state == SESSION_ERASED) {
                session_dispose(session);
                json_decref(*record);
                *record = NULL;
                found = 2;
        }
out:
        json_decref(pointer);
        buf_dispose(&value);
        mem_free(index);
        return found;
}

static bool has_file(const struct session *s)
{
        return session_score_released(s) && s->report_url != NULL;
}

int report_view(struct home *h, struct org *org, const char *token, json_t **view, struct fail *why)
{
        json_t *record = NULL;
        struct session session = { 0 };
        int found = by_token(h, org, token, &record, &session, why);
        char *file;

        if (found != 1)
                return found;
        *view = session_view(org, record, &session);
        if (has_file(&session)) {
                file = mem_format("%s/file", token); /* beside the page: no mount point needed */
                json_set_text(*view, "file", file);
                mem_free(file);
        }
        session_dispose(&session);
        json_decref(record);
        return 1;
}

int report_file(struct home *h, struct org *org, const char *token, char **url, char **id,
                struct fail *why)
{
        json_t *record = NULL;
        struct session session = { 0 };
        int found = by_token(h, org, token, &record, &session, why);

        *url = *id = NULL;
        if (found != 1)
                return found;
        if (has_file(&session)) {
                *url = mem_text(session.report_url);
                *id = mem_text(session.id);
        } else {
                found = 0;
        }
        session_dispose(&session);
        json_decref(record);
        return found;
}
