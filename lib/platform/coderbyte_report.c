/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An attempt as Coderbyte's report tells it, in the bridge's words (wire/coderbyte.md 1). */
#include <stdio.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/coderbyte_wire.h"

#define PARTS_MAX 200
#define DATES_MOST_MS 1e15 /* beyond all years that a calendar here writes */
#define SECONDS_MOST 1e11  /* a number below this counts seconds, above it milliseconds */

struct reader {
        const json_t *profile, *value;
        char *odd;        /* the first thing that does not fit */
        bool score_known; /* its pointers lead somewhere, be it null */
};

static json_t *at(const struct reader *r, const char *name, bool *known)
{
        return coderbyte_at(r->profile, "report", name, r->value, known);
}

static char *text_at(const struct reader *r, const char *name)
{
        return mem_text(json_text_of(at(r, name, NULL), NULL));
}

__attribute__((format(printf, 2, 3))) static void misfit(struct reader *r, const char *format, ...)
{
        va_list list;

        if (r->odd != NULL)
                return;
        va_start(list, format);
        r->odd = mem_format_list(format, list);
        va_end(list);
}

/* "MM/DD/YY" and "MM/DD/YYYY", as the dashboard's CSV writes dates. */
static bool american(const char *text, int64_t *ms)
{
        int month, day, year, end = 0;
        char *iso;
        bool good;

        if (sscanf(text, "%2d/%2d/%4d%n", &month, &day, &year, &end) != 3 || text[end] != '\0' ||
            month < 1 || day < 1 || year < 0)
                return false;
        iso = mem_format("%04d-%02d-%02dT00:00:00Z", year < 100 ? 2000 + year : year, month, day);
        good = when_parse(iso, ms) == 0;
        mem_free(iso);
        return good;
}

/* The form of dates is not documented: what is read are those seen, and the usual ones. */
static bool date(const json_t *value, int64_t *ms)
{
        const char *text = json_string_value(value);
        double number;
        char *full;
        bool good;

        if (coderbyte_number(value, &number)) {
                number *= number < SECONDS_MOST ? 1000 : 1;
                *ms = number > 0 && number < DATES_MOST_MS ? (int64_t)number : 0;
                return *ms > 0;
        }
        if (text_empty(text) || strlen(text) > 40)
                return false;
        if (when_parse(text, ms) == 0 || american(text, ms))
                return *ms > 0;
        full = mem_format(strlen(text) == 10 ? "%sT00:00:00Z" : "%sZ", text);
        good = when_parse(full, ms) == 0 && *ms > 0;
        mem_free(full);
        return good;
}

/* Is this entry about the attempt?  A member that is missing says nothing against it. */
static bool is_about(const struct reader *r, const struct session_ref *ref)
{
        const char *test = json_text_of(at(r, "test_id", NULL), NULL);
        const char *email = json_text_of(at(r, "email", NULL), NULL);

        return json_is_object(r->value) && (test == NULL || text_equal(test, ref->test_id)) &&
               (email == NULL || text_equal_fold(email, ref->email));
}

/* "Choose the entry with the matching test_id and the newest date_joined; if dates do not
 * parse, the last" (wire 1). */
static const json_t *choose(const json_t *profile, const json_t *list,
                            const struct session_ref *ref)
{
        const json_t *last = NULL, *newest = NULL;
        int64_t newest_ms = 0, ms = 0;
        bool dates = true;

        for (size_t i = 0; i < json_array_size(list); i++) {
                struct reader r = { .profile = profile, .value = json_array_get(list, i) };

                if (!is_about(&r, ref))
                        continue;
                last = r.value;
                if (!date(at(&r, "joined", NULL), &ms)) {
                        dates = false;
                } else if (newest == NULL || ms >= newest_ms) {
                        newest = r.value;
                        newest_ms = ms;
                }
        }
        return dates ? newest : last;
}

/* 1 it is, 0 it is not, -1 it does not say. */
static int is_ready(const struct reader *r)
{
        const json_t *ready = at(r, "ready", NULL), *grading = at(r, "not_ready", NULL);

        if (ready != NULL)
                return json_bool_of(ready, false) ? 1 : 0;
        if (grading != NULL)
                return json_bool_of(grading, true) ? 0 : 1;
        return -1;
}

/* A null final score is no score yet, never 0 (rule 3: nor is one without its scale). */
static void read_score(struct reader *r, struct session *out)
{
        double least = json_real_of(json_at(r->profile, "score.least"), 0),
               most = json_real_of(json_at(r->profile, "score.most"), 0), value = 0;
        const json_t *score = at(r, "score", &r->score_known);

        if (!coderbyte_number(score, &value)) {
                if (score != NULL)
                        misfit(r, "report.score leads to something that is no number");
                return;
        }
        if (value < least || value > most) {
                misfit(r, "the score %.10g is outside of score.least and score.most", value);
                return;
        }
        out->score =
            (struct score){ .present = true, .value = value, .least = least, .most = most };
        snprintf(out->score.version, sizeof out->score.version, "%s",
                 json_get_text(r->profile, "score.version", ""));
}

/* Their word in lower case, in our meaning; NULL for null, and for one that is not known. */
static const char *meaning(const struct reader *r, const char *table, const char *theirs)
{
        char *word = mem_text(text_or(theirs, ""));
        const char *ours;

        for (char *c = word; *c != '\0'; c++)
                if (*c >= 'A' && *c <= 'Z')
                        *c += 'a' - 'A';
        ours = json_text_of(json_object_get(json_object_get(r->profile, table), text_trim(word)),
                            NULL);
        mem_free(word);
        return ours;
}

/* The status is free text and may be null: then the report itself tells how far it is. */
static const char *status_of(struct reader *r, const struct session *out, int ready)
{
        bool known;
        const char *theirs = json_text_of(at(r, "status", &known), NULL),
                   *ours = meaning(r, "status", theirs);

        if (!known)
                misfit(r, "report.status leads nowhere in the answer");
        if (ours != NULL)
                return ours;
        if (ready == 1 && out->score.present)
                return "over";
        if (!text_empty(theirs)) {
                misfit(r, "status does not know the word \"%.60s\"", theirs);
                return NULL;
        }
        return at(r, "joined", NULL) != NULL ? "started" : "invited";
}

static void read_state(struct reader *r, struct session *out)
{
        int ready = is_ready(r);
        const char *word = status_of(r, out, ready);

        if (text_equal(word, "invited"))
                out->state = SESSION_INVITED;
        else if (text_equal(word, "started"))
                out->state = SESSION_STARTED;
        else if (word != NULL && !r->score_known)
                misfit(r, "report.score leads nowhere in the answer");
        else if (word != NULL && ready != 0 && out->score.present)
                out->state = SESSION_COMPLETE;
        else if (text_equal(word, "timed_out") && ready == 1)
                out->state = SESSION_EXPIRED;
        else if (word != NULL)
                out->state = SESSION_SUBMITTED;
        out->look_again = out->state == SESSION_SUBMITTED;
        if (out->state != SESSION_COMPLETE)
                out->score = (struct score){ 0 }; /* half a result is none */
}

static struct part *add_part(struct session *out, const char *title)
{
        struct part *part = &out->parts[out->part_count++];

        *part = (struct part){ .title = mem_text(title), .spent_ms = -1 };
        return part;
}

static void read_challenge(const struct reader *r, const json_t *value, struct session *out)
{
        const struct reader one = { .profile = r->profile, .value = value };
        struct part *part;
        double number;

        if (!json_is_object(value))
                return;
        part = add_part(out, json_text_of(at(&one, "challenge_title", NULL), NULL));
        part->most = json_real_of(json_at(r->profile, "challenge_most"), 0);
        part->scored = coderbyte_number(at(&one, "challenge_score", NULL), &part->value);
        /* -1 has been seen: not known. */
        if (coderbyte_number(at(&one, "challenge_spent", NULL), &number) && number >= 0 &&
            number < 1e6)
                part->spent_ms =
                    (int64_t)(number * (double)json_get_int(r->profile, "time_unit_ms", 1));
}

/* The choices are one part: how many of them were right. */
static void read_choices(const struct reader *r, const json_t *list, struct session *out)
{
        struct part *part;

        if (json_array_size(list) == 0)
                return;
        part = add_part(out, "Multiple-choice questions");
        part->scored = true;
        part->most = (double)json_array_size(list);
        for (size_t i = 0; i < json_array_size(list); i++) {
                const struct reader one = { .profile = r->profile,
                                            .value = json_array_get(list, i) };

                part->value += json_bool_of(at(&one, "choice_correct", NULL), false) ? 1 : 0;
        }
}

static void read_parts(const struct reader *r, struct session *out)
{
        json_t *challenges = coderbyte_list(at(r, "challenges", NULL)),
               *choices = coderbyte_list(at(r, "choices", NULL)),
               *questions = coderbyte_list(at(r, "questions", NULL));

        out->parts = mem_array(PARTS_MAX + 2, sizeof out->parts[0]);
        for (size_t i = 0; i < json_array_size(challenges) && i < PARTS_MAX; i++)
                read_challenge(r, json_array_get(challenges, i), out);
        read_choices(r, choices, out);
        if (json_array_size(questions) > 0)
                add_part(out, "Open questions");
        json_decref(questions);
        json_decref(choices);
        json_decref(challenges);
}

static void read_verdict(const struct reader *r, struct session *out)
{
        const json_t *qualified = at(r, "qualified", NULL);
        bool yes = json_bool_of(qualified, false);
        double threshold;

        if (qualified == NULL || json_bool_of(qualified, true) != yes)
                return; /* null, or no truth */
        if (coderbyte_number(at(r, "qualifying_score", NULL), &threshold))
                out->verdict = mem_format("%squalified (the threshold is %.10g)", yes ? "" : "not ",
                                          threshold);
        else
                out->verdict = mem_text(yes ? "qualified" : "not qualified");
}

int coderbyte_report(const json_t *profile, const json_t *result, const struct session_ref *ref,
                     struct session *out, char **odd)
{
        json_t *list = coderbyte_list(result);
        struct reader r = { .profile = profile };
        const char *flag;
        int64_t joined;

        *out = (struct session){ 0 };
        *odd = NULL;
        r.value = choose(profile, list, ref);
        if (r.value == NULL) {
                if (json_array_size(list) > 0 && !json_is_object(json_array_get(list, 0)))
                        *odd = mem_text("calls.read_report.result leads to no list of reports");
                json_decref(list);
                return *odd == NULL ? 0 : -1;
        }
        out->id = mem_text(ref->id);
        out->test_id = mem_text(ref->test_id);
        out->email = mem_text(ref->email); /* as it was sent, not as it comes back */
        out->test_title = text_at(&r, "title");
        out->report_url = text_at(&r, "report_url");
        if (date(at(&r, "joined", NULL), &joined))
                out->started_ms = joined;
        flag = json_text_of(at(&r, "flag", NULL), NULL);
        out->integrity_flag = !text_empty(flag) && !text_equal(meaning(&r, "flag", flag), "no");
        read_score(&r, out);
        read_state(&r, out);
        read_parts(&r, out);
        read_verdict(&r, out);
        json_decref(list);
        if (r.odd == NULL)
                return 1;
        *odd = r.odd;
        session_dispose(out);
        return -1;
}
