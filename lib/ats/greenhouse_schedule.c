/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interviews in Greenhouse's schedule.  No webhook tells of one that was scheduled or moved
 * (wire/greenhouse.md 4.4, 5), so the list is asked for what changed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ats/greenhouse_read.h"
#include "ats/greenhouse_v1.h"
#include "ats/greenhouse_v3.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define SCOPE "harvest:interviews:list"
#define OVERLAP_MS                                                                                 \
        (5 * WHEN_MINUTE)    /* their clock and ours; and lists that are a moment behind           \
                              */
#define KNOWN_MS (WHEN_HOUR) /* what is not told twice */
#define KNOWN_MAX 2000
#define FACTS_MAX 500 /* of one poll; the rest at the next */

/* Stands in the calendar: what is only to be scheduled, or was skipped, has no time. */
static bool stands(const json_t *row)
{
        static const char *const words[] = { "scheduled", "awaiting_feedback", "collect_feedback",
                                             "complete" };
        const char *status = json_get_text(row, "status", "");

        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (text_equal(status, words[i]))
                        return true;
        return false;
}

static int64_t time_at(const json_t *row, const char *v3, const char *v1)
{
        int64_t ms = 0;

        when_parse(text_or(json_get_text(row, v3, NULL), json_get_text(row, v1, "")), &ms);
        return ms;
}

static int64_t starts(const json_t *row)
{
        return time_at(row, "starts_at", "start.date_time");
}

static int64_t ends(const json_t *row)
{
        return time_at(row, "ends_at", "end.date_time");
}

/* --- one of them ------------------------------------------------------------------------------ */

/* The name of the interview in the job's plan; one that we may not read has none. */
static int title_of(struct link *link, const json_t *row, char **title, struct outcome *outcome)
{
        char *id = json_get_id(row, "job_interview_id");
        json_t *interview = NULL;
        int found = 0;

        *title = mem_text(json_get_text(row, "interview.name", NULL)); /* v1 says it right there */
        if (*title == NULL && id != NULL)
                found = greenhouse_row(link, "job_interviews", id, "harvest:job_interviews:list",
                                       &interview, outcome);
        if (found == 1)
                *title = mem_text(json_get_text(interview, "name", NULL));
        json_decref(interview);
        mem_free(id);
        return found < 0 && !greenhouse_not_allowed(outcome) ? -1 : 0;
}

static json_t *interviewers_of(const json_t *row)
{
        const json_t *rows = json_object_get(row, "interviewers");
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                json_t *one = json_object();

                json_set_text(one, "name", json_get_text(json_array_get(rows, i), "name", NULL));
                json_set_text(one, "email", json_get_text(json_array_get(rows, i), "email", NULL));
                json_add(list, one);
        }
        return list;
}

int greenhouse_read_schedule(struct link *link, const struct application *application,
                             const char *schedule, json_t **parts, struct outcome *outcome)
{
        json_t *row = NULL, *part;
        char *title = NULL;
        int found, result = -1;

        *parts = NULL;
        *outcome = (struct outcome)OUTCOME_NONE;
        found = greenhouse_record(link, "interviews", schedule, SCOPE, &row, outcome);
        if (found == 0)
                return outcome_set(outcome, OUTCOME_ABSENT,
                                   "This interview is not in Greenhouse's schedule any more.",
                                   "interviews: no row for %.40s", text_or(schedule, "no id"));
        if (found < 0)
                return -1;
        if (!greenhouse_row_is(row, "application_id", text_or(application->id, ""))) {
                outcome_set(outcome, OUTCOME_ABSENT,
                            "This interview belongs to another application.",
                            "interviews: another application_id");
        } else if (!stands(row)) {
                *parts = json_array();
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        } else if (title_of(link, row, &title, outcome) == 0) {
                part = json_object();
                json_set_text(part, "id", schedule);
                json_set_text(part, "link_id", schedule);
                json_set_text(part, "title", title);
                if (starts(row) > 0)
                        json_set_int(part, "starts_ms", starts(row));
                if (ends(row) > 0)
                        json_set_int(part, "ends_ms", ends(row));
                json_set(part, "interviewers", interviewers_of(row));
                *parts = json_array();
                json_add(*parts, part);
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        }
        mem_free(title);
        json_decref(row);
        return result;
}

/* --- those that changed ----------------------------------------------------------------------- */

/* The cursor: {since_ms, first_ms, brackets, known{id: {said, at_ms}}}.  The list is asked for a
 * while longer than since the last time, and what was told in the same words is not told again. */
struct poll {
        json_t *known;
        int (*visit)(void *context, const struct fact *fact);
        void *context;
        int64_t now_ms;
        unsigned facts;
        bool cut;
        int result;
};

static int tell(struct poll *p, const json_t *row, const char *id, const char *said)
{
        struct fact fact = { .kind = FACT_SCHEDULE, .detail = json_object() };
        char *application = json_get_id(row, "application_id");
        json_t *entry = json_object();
        int result;

        fact.name = mem_text("interview");
        fact.subject = mem_text(id);
        fact.identity = mem_format("interview:%s:%s", id, said);
        json_set_text(fact.detail, "what", stands(row) ? "made" : "cancelled");
        json_set_text(fact.detail, "application", application);
        if (starts(row) > 0)
                json_set_int(fact.detail, "starts_ms", starts(row));
        if (ends(row) > 0)
                json_set_int(fact.detail, "ends_ms", ends(row));
        json_set_bool(fact.detail, "writable", true);
        snprintf(fact.summary, sizeof fact.summary, "an interview is %.40s",
                 json_get_text(row, "status", "scheduled"));
        result = p->visit(p->context, &fact);
        json_set_text(entry, "said", said);
        json_set_int(entry, "at_ms", p->now_ms);
        json_set(p->known, id, entry);
        p->facts++;
        mem_free(application);
        fact_dispose(&fact);
        return result;
}

static int look(void *context, const json_t *row)
{
        struct poll *p = context;
        char *id = json_get_id(row, "id"),
             *said = mem_format("%" PRId64 " %" PRId64 " %.40s", starts(row), ends(row),
                                stands(row) ? "stands" : "not");
        const json_t *before = id == NULL ? NULL : json_object_get(p->known, id);

        if (id != NULL && !text_equal(json_get_text(before, "said", NULL), said)) {
                if (p->facts >= FACTS_MAX)
                        p->cut = true;
                else if (tell(p, row, id, said) != 0)
                        p->result = -1;
        } else if (before != NULL) {
                json_set_int((json_t *)(uintptr_t)before, "at_ms", p->now_ms);
        }
        mem_free(said);
        mem_free(id);
        return p->result != 0 || p->cut;
}

static void forget_old(json_t *known, int64_t now_ms)
{
        const char *id;
        json_t *entry;
        void *next;

        json_object_foreach_safe(known, next, id, entry)
        {
                int64_t at = json_get_int(entry, "at_ms", 0);

                if (now_ms - at > KNOWN_MS || at > now_ms || json_object_size(known) > KNOWN_MAX)
                        json_object_del(known, id);
        }
}

/* How a date filter is written is told in two ways (3.2): the guide and those who use it say
 * "updated_at=gte|...", the reference "updated_at[gte]=...".  What is refused is tried the other
 * way, and what was taken is remembered. */
static int ask(struct link *link, const char *at, struct poll *p, bool *brackets,
               struct outcome *outcome)
{
        int result = -1;

        for (int i = 0; i < 2; i++) {
                char *query = mem_format(*brackets ? "updated_at%%5Bgte%%5D=%s&per_page=500"
                                                   : "updated_at=gte%%7C%s&per_page=500",
                                         at);

                outcome->kind = OUTCOME_DONE;
                result = greenhouse_v3_each(link, "interviews", query, SCOPE, look, p, outcome);
                mem_free(query);
                if (result == 0 || (outcome->status != 422 && outcome->status != 400))
                        break;
                *brackets = !*brackets;
        }
        return result;
}

int greenhouse_poll(struct link *link, json_t **cursor,
                    int (*visit)(void *context, const struct fact *fact), void *context,
                    struct outcome *outcome)
{
        int64_t now = when_now_ms(), since = json_get_int(*cursor, "since_ms", now), from;
        json_t *known = json_deep_copy(json_object_get(*cursor, "known")), *fresh;
        struct poll p = { .visit = visit, .context = context, .now_ms = now };
        bool brackets = json_get_bool(*cursor, "brackets", false);
        struct buf at = BUF_NONE;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (known == NULL)
                known = json_object();
        p.known = known;
        /* The first time, or when the clock was set back: from here on.  It is asked all the same,
         * so that a permission that is missing shows at once. */
        if (since > now)
                since = now;
        from = *cursor == NULL ? now : since - OVERLAP_MS;
        if (from < json_get_int(*cursor, "first_ms", 0))
                from = json_get_int(*cursor, "first_ms", 0);
        when_iso(&at, from - from % WHEN_SECOND);
        if (greenhouse_is_v1(link)) {
                result = greenhouse_v1_interviews(link, buf_text(&at), look, &p, outcome);
        } else {
                result = ask(link, buf_text(&at), &p, &brackets, outcome);
        }
        if (result == 0 && p.result == 0) {
                forget_old(known, now);
                fresh = json_object();
                json_set_int(fresh, "since_ms", p.cut ? since : now);
                json_set_int(fresh, "first_ms", json_get_int(*cursor, "first_ms", now));
                if (brackets)
                        json_set_bool(fresh, "brackets", true);
                json_set(fresh, "known", json_incref(known));
                json_decref(*cursor);
                *cursor = fresh;
        }
        buf_dispose(&at);
        json_decref(known);
        return result != 0 ? -1 : p.result;
}
