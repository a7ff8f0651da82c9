/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CodeSignal as a platform: invitations, sessions, assessments, live interviews. */
#include "platform/codesignal.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/codesignal_wire.h"

#define TEST_PAGES_MAX 50
#define INTERVIEW_PAGES_MAX 10
#define SESSION_PAGES_MAX 25

/* Live interviews may last from 1 to 336 hours (wire/codesignal.md 1.6). */
#define INTERVIEW_LEAST_MS WHEN_HOUR
#define INTERVIEW_MOST_MS (336 * WHEN_HOUR)

static json_t *load_map(struct link *link, struct outcome *outcome)
{
        struct fail why = FAIL_CLEAR;
        json_t *map = codesignal_map_load(link, &why);

        *outcome = (struct outcome)OUTCOME_NONE;
        if (map == NULL)
                outcome_set(outcome, OUTCOME_DENIED,
                            "The file that says how to talk to CodeSignal is broken. An "
                            "administrator can correct data/codesignal/paths.json.",
                            "%s", why.text);
        return map;
}

/* Text of ours for a template; nothing when empty, so that the member is left out. */
static void give(json_t *values, const char *name, const char *text)
{
        if (!text_empty(text))
                json_set_text(values, name, text);
}

static int take_session(const json_t *map, const struct codesignal_answer *answer,
                        struct session *out, bool wrote, struct outcome *outcome)
{
        const char *odd;

        if (!codesignal_session(map, answer->result, out, &odd))
                return outcome_set(outcome, wrote ? OUTCOME_UNCERTAIN : OUTCOME_AGAIN,
                                   "CodeSignal's answer names no session; it is tried again.",
                                   "the answer has nothing at session.id");
        if (odd != NULL)
                outcome_set(outcome, OUTCOME_DONE, "",
                            "codesignal/paths.json does not know the word \"%.40s\"", odd);
        return 0;
}

static int invite(struct link *link, const struct invitation *invitation, struct session *out,
                  struct outcome *outcome)
{
        json_t *map = load_map(link, outcome), *values;
        struct codesignal_answer answer = { 0 };
        int result = -1;

        *out = (struct session){ 0 };
        if (map == NULL)
                return -1;
        if (text_empty(invitation->email)) {
                /* Without an address there is nothing to find an earlier invitation by. */
                json_decref(map);
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "Not invited: this candidate has no e-mail address. Add one "
                                   "and move the stage again.",
                                   "invite: no e-mail address");
        }
        values = json_object();
        give(values, "test_id", invitation->test_id);
        give(values, "email", invitation->email);
        give(values, "first_name", invitation->first_name);
        give(values, "last_name", invitation->last_name);
        give(values, "external_id", invitation->external_id);
        if (json_get_bool(link->settings, "no_email", false))
                json_set_bool(values, "no_email", true);
        if (codesignal_call(link, map, "invite", values, &answer, outcome) == 0)
                result = take_session(map, &answer, out, true, outcome);
        codesignal_answer_dispose(&answer);
        json_decref(map);
        return result;
}

static int read_session(struct link *link, const struct session_ref *ref, struct session *out,
                        struct outcome *outcome)
{
        json_t *map = load_map(link, outcome), *values;
        struct codesignal_answer answer = { 0 };
        int result = -1;

        *out = (struct session){ 0 };
        if (map == NULL)
                return -1;
        values = json_object();
        give(values, "id", ref->id);
        if (codesignal_call(link, map, "read_session", values, &answer, outcome) == 0)
                result = take_session(map, &answer, out, false, outcome);
        if (result == 0 && !text_equal(out->id, ref->id)) {
                session_dispose(out);
                result = outcome_set(outcome, OUTCOME_AGAIN,
                                     "CodeSignal answered about another session.",
                                     "read_session: the id in the answer is not the one asked for");
        }
        codesignal_answer_dispose(&answer);
        json_decref(map);
        return result;
}

static bool asked_for(const char *id, const struct session_ref *refs, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (text_equal(refs[i].id, id))
                        return true;
        }
        return false;
}

static int read_chunk(struct link *link, const json_t *map, const char *test_id,
                      const struct session_ref *refs, size_t count,
                      void (*visit)(void *context, const struct session *session), void *context,
                      enum codesignal_class *class, struct outcome *outcome)
{
        json_t *values = json_object(), *list = json_array();
        struct codesignal_answer answer = { 0 };
        int result;

        for (size_t i = 0; i < count; i++)
                json_add(list, json_new_text(refs[i].id, strlen(refs[i].id)));
        give(values, "test_id", test_id);
        json_set(values, "ids", list);
        json_set_int(values, "count", (int64_t)count);
        result = codesignal_call(link, map, "read_sessions", values, &answer, outcome);
        *class = answer.class;
        /* One that cannot be read is no reason to leave the others unread for as long. */
        if (result != 0 && codesignal_answer_salvage(&answer))
                result = outcome_set(outcome, OUTCOME_DONE, "", NULL);
        for (size_t i = 0; result == 0 && i < json_array_size(answer.result); i++) {
                struct session s;

                if (codesignal_session(map, json_array_get(answer.result, i), &s, NULL) &&
                    asked_for(s.id, refs, count))
                        visit(context, &s);
                session_dispose(&s);
        }
        codesignal_answer_dispose(&answer);
        return result;
}

static int read_sessions(struct link *link, const char *test_id, const struct session_ref *refs,
                         size_t count, void (*visit)(void *context, const struct session *session),
                         void *context, struct outcome *outcome)
{
        json_t *map = load_map(link, outcome);
        enum codesignal_class class;
        bool halved = false;
        size_t chunk, done = 0;
        int result = 0;

        if (map == NULL)
                return -1;
        chunk = (size_t)codesignal_page_size(map);
        while (result == 0 && done < count) {
                size_t part = count - done < chunk ? count - done : chunk;

                result = read_chunk(link, map, test_id, refs + done, part, visit, context, &class,
                                    outcome);
                if (result == 0) {
                        done += part;
                } else if ((class == CLASS_VALUES || class == CLASS_DOCUMENT) && !halved &&
                           part > 1) {
                        /* The largest page is not documented (wire 8). */
                        halved = true;
                        chunk = (part + 1) / 2;
                        result = 0;
                }
        }
        json_decref(map);
        return result;
}

/* One of the page that could be what our invitation made.  *older: the page reaches back to
 * before it. */
static int find_session_in(const json_t *map, const json_t *list, const char *email,
                           int64_t since_ms, bool (*taken)(void *context, const char *id),
                           void *context, bool *older, struct session *out)
{
        for (size_t i = 0; i < json_array_size(list); i++) {
                if (!codesignal_session(map, json_array_get(list, i), out, NULL))
                        continue;
                *older = *older || (out->finished_ms > 0 && out->finished_ms < since_ms);
                if (out->created_ms >= since_ms && out->state != SESSION_CANCELLED &&
                    out->state != SESSION_ERASED && text_equal_fold(out->email, email) &&
                    (taken == NULL || !taken(context, out->id)))
                        return 1;
                session_dispose(out);
        }
        return 0;
}

/* The newest finish comes first (wire/codesignal.md 1.5): what was over before the invitation
 * began ends the search.  One that is not over is found by invite's preferExisting. */
static int find_session(struct link *link, const char *test_id, const char *email, int64_t since_ms,
                        bool (*taken)(void *context, const char *id), void *context,
                        struct session *out, struct outcome *outcome)
{
        json_t *map = load_map(link, outcome);
        bool more = true, older = false;
        int64_t size, offset = 0;
        int result = 0, found = 0;

        *out = (struct session){ 0 };
        if (map == NULL)
                return -1;
        size = codesignal_page_size(map);
        for (int page = 0; result == 0 && !found && more && page < SESSION_PAGES_MAX; page++) {
                struct codesignal_answer answer = { 0 };
                json_t *values = json_object();

                give(values, "test_id", test_id);
                json_set_int(values, "count", size);
                json_set_int(values, "offset", offset);
                result = codesignal_call(link, map, "find_session", values, &answer, outcome);
                if (result == 0)
                        found = find_session_in(map, answer.result, email, since_ms, taken, context,
                                                &older, out);
                more = result == 0 && !older && (int64_t)json_array_size(answer.result) >= size;
                offset += size;
                codesignal_answer_dispose(&answer);
        }
        json_decref(map);
        return result;
}

/* "newest finish first" (wire/codesignal.md 1.5); what cannot be read as a session counts, so
 * that the offset stays theirs. */
static int list_sessions(struct link *link, const char *test_id, int64_t offset,
                         void (*visit)(void *context, const struct session *session), void *context,
                         bool *more, struct outcome *outcome)
{
        json_t *map = load_map(link, outcome), *values;
        struct codesignal_answer answer = { 0 };
        int64_t size;
        int result;

        *more = false;
        if (map == NULL)
                return -1;
        size = codesignal_page_size(map);
        values = json_object();
        give(values, "test_id", test_id);
        json_set_int(values, "count", size);
        json_set_int(values, "offset", offset);
        result = codesignal_call(link, map, "find_session", values, &answer, outcome);
        for (size_t i = 0; result == 0 && i < json_array_size(answer.result); i++) {
                struct session s;

                if (!codesignal_session(map, json_array_get(answer.result, i), &s, NULL))
                        s = (struct session){ .state = SESSION_CANCELLED };
                visit(context, &s);
                session_dispose(&s);
        }
        *more = result == 0 && (int64_t)json_array_size(answer.result) >= size;
        codesignal_answer_dispose(&answer);
        json_decref(map);
        return result;
}

static void add_tests(const json_t *map, const json_t *list, json_t *tests)
{
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *one = json_array_get(list, i);
                const json_t *labels = json_at(one, codesignal_path(map, "test", "labels"));
                char *id = json_get_id(one, codesignal_path(map, "test", "id"));
                json_t *test;

                if (id == NULL)
                        continue;
                test = json_object();
                json_set_text(test, "id", id);
                json_set_text(test, "title",
                              json_get_text(one, codesignal_path(map, "test", "title"), id));
                json_set_int(test, "duration_ms",
                             json_get_int(one, codesignal_path(map, "test", "duration"), 0));
                json_set(test, "labels",
                         json_is_array(labels) ? json_deep_copy(labels) : json_array());
                json_add(tests, test);
                mem_free(id);
        }
}

static int list_tests(struct link *link, const char *search, json_t **tests,
                      struct outcome *outcome)
{
        json_t *map = load_map(link, outcome);
        int64_t size, offset = 0;
        bool more = true;
        int result = 0;

        *tests = NULL;
        if (map == NULL)
                return -1;
        *tests = json_array();
        size = codesignal_page_size(map);
        for (int page = 0; result == 0 && more && page < TEST_PAGES_MAX; page++) {
                struct codesignal_answer answer = { 0 };
                json_t *values = json_object();

                give(values, "search", search);
                json_set_int(values, "count", size);
                json_set_int(values, "offset", offset);
                result = codesignal_call(link, map, "list_tests", values, &answer, outcome);
                if (result == 0)
                        add_tests(map, answer.result, *tests);
                offset += size;
                more = result == 0 && json_array_size(answer.result) > 0 &&
                       json_get_bool(answer.body,
                                     json_get_text(map, "documents.list_tests.more", ""), false);
                codesignal_answer_dispose(&answer);
        }
        if (result != 0) {
                json_decref(*tests);
                *tests = NULL;
        }
        json_decref(map);
        return result;
}

static json_t *order_values(const struct interview_order *order)
{
        json_t *values = json_object();
        int64_t expires = order->expires_in_ms;

        give(values, "name", order->candidate_name);
        give(values, "email", order->candidate_email);
        give(values, "template_id", order->template_id);
        if (expires > 0) {
                expires = expires < INTERVIEW_LEAST_MS ? INTERVIEW_LEAST_MS : expires;
                expires = expires > INTERVIEW_MOST_MS ? INTERVIEW_MOST_MS : expires;
                json_set_int(values, "expires_in_ms", expires);
        }
        return values;
}

static int take_interview(const json_t *map, const char *section, const json_t *value,
                          struct interview_made *made)
{
        made->id = json_get_id(value, codesignal_path(map, section, "id"));
        made->url = mem_text(json_get_text(value, codesignal_path(map, section, "url"), NULL));
        if (!text_empty(made->id) && !text_empty(made->url))
                return 0;
        mem_free(made->id);
        mem_free(made->url);
        *made = (struct interview_made){ 0 };
        return -1;
}

static int write_interview(struct link *link, const char *operation, json_t *values,
                           struct interview_made *made, struct outcome *outcome)
{
        json_t *map = load_map(link, outcome);
        struct codesignal_answer answer = { 0 };
        int result = -1;

        *made = (struct interview_made){ 0 };
        if (map == NULL) {
                json_decref(values);
                return -1;
        }
        if (codesignal_call(link, map, operation, values, &answer, outcome) == 0) {
                result = take_interview(map, "interview", answer.result, made);
                if (result != 0)
                        outcome_set(outcome, OUTCOME_UNCERTAIN,
                                    "CodeSignal's answer names no interview.",
                                    "%s: the answer has nothing at interview.id or interview.url",
                                    operation);
        }
        codesignal_answer_dispose(&answer);
        json_decref(map);
        return result;
}

static int create_interview(struct link *link, const struct interview_order *order,
                            struct interview_made *made, struct outcome *outcome)
{
        return write_interview(link, "create_interview", order_values(order), made, outcome);
}

static int edit_interview(struct link *link, const char *id, const struct interview_order *order,
                          struct interview_made *made, struct outcome *outcome)
{
        json_t *values = order_values(order);

        give(values, "id", id);
        return write_interview(link, "edit_interview", values, made, outcome);
}

/* "attributes" of "categories.attributes": where a category has its ratings. */
static const char *below_categories(const json_t *map)
{
        const char *categories = codesignal_path(map, "feedback", "categories"),
                   *ratings = codesignal_path(map, "feedback", "ratings");
        size_t len = strlen(categories);

        return strncmp(ratings, categories, len) == 0 && ratings[len] == '.' ? ratings + len + 1
                                                                             : ratings;
}

static json_t *rating_of(const json_t *map, const char *category, const json_t *row)
{
        const char *name = json_get_text(row, codesignal_path(map, "feedback", "rating_name"), "");
        const json_t *score = json_at(row, codesignal_path(map, "feedback", "rating_score"));
        char *what = mem_format("%s%s%s", category, *category == '\0' ? "" : ", ", name);
        json_t *rating = json_object();

        json_set_text(rating, "what", what);
        if (score != NULL && json_is_number_of(score))
                json_set_int(rating, "score", json_int_of(score, 0));
        give(rating, "notes",
             json_get_text(row, codesignal_path(map, "feedback", "rating_notes"), NULL));
        mem_free(what);
        return rating;
}

static void add_ratings(const json_t *map, const json_t *categories, json_t *ratings)
{
        for (size_t i = 0; i < json_array_size(categories); i++) {
                const json_t *category = json_array_get(categories, i),
                             *rows = json_at(category, below_categories(map));
                const char *name =
                    json_get_text(category, codesignal_path(map, "feedback", "category_name"), "");

                for (size_t k = 0; k < json_array_size(rows); k++)
                        json_add(ratings, rating_of(map, name, json_array_get(rows, k)));
        }
}

/* One text for each interviewer, who may change it later (wire/codesignal.md 3). */
static void add_feedback(const json_t *map, const json_t *list, json_t *feedback)
{
        static const char *const names[] = { "author", "evaluation", "level", "notes" };

        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *row = json_array_get(list, i);
                char *by = json_get_id(row, codesignal_path(map, "feedback", "by"));
                json_t *one = json_object(), *ratings = json_array();

                give(one, "by", by);
                for (size_t k = 0; k < sizeof names / sizeof *names; k++)
                        give(one, names[k],
                             json_get_text(row, codesignal_path(map, "feedback", names[k]), NULL));
                add_ratings(map, json_at(row, codesignal_path(map, "feedback", "categories")),
                            ratings);
                json_set(one, "ratings", ratings);
                json_add(feedback, one);
                mem_free(by);
        }
}

static int read_feedback(struct link *link, const char *id, json_t **feedback,
                         struct outcome *outcome)
{
        json_t *map = load_map(link, outcome), *values;
        struct codesignal_answer answer = { 0 };
        int result;

        *feedback = NULL;
        if (map == NULL)
                return -1;
        values = json_object();
        give(values, "id", id);
        result = codesignal_call(link, map, "read_feedback", values, &answer, outcome);
        if (result == 0) {
                *feedback = json_array();
                add_feedback(map, answer.result, *feedback);
        }
        codesignal_answer_dispose(&answer);
        json_decref(map);
        return result;
}

static int cancel(struct link *link, const struct session_ref *ref, struct outcome *outcome)
{
        json_t *map = load_map(link, outcome), *values;
        struct codesignal_answer answer = { 0 };
        int result;

        if (map == NULL)
                return -1;
        values = json_object();
        give(values, "id", ref->id);
        json_set_bool(values, "notify", false);
        result = codesignal_call(link, map, "cancel_session", values, &answer, outcome);
        codesignal_answer_dispose(&answer);
        json_decref(map);
        return result;
}

static int delete_interview(struct link *link, const char *id, struct outcome *outcome)
{
        json_t *map = load_map(link, outcome), *values;
        struct codesignal_answer answer = { 0 };
        int result;

        if (map == NULL)
                return -1;
        values = json_object();
        give(values, "id", id);
        result = codesignal_call(link, map, "delete_interview", values, &answer, outcome);
        codesignal_answer_dispose(&answer);
        json_decref(map);
        return result;
}

/* One of the page that could be ours: waiting for its people, or first used since then. */
static int find_in_page(const json_t *map, const json_t *list, int64_t since_ms,
                        bool (*taken)(void *context, const char *id), void *context,
                        struct interview_made *made)
{
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *one = json_array_get(list, i);
                const char *word = json_text_of(
                    json_object_get(
                        json_object_get(map, "interview_status"),
                        json_get_text(one, codesignal_path(map, "found", "status"), "")),
                    "gone");
                int64_t started = json_get_int(one, codesignal_path(map, "found", "started"), 0);

                if (text_equal(word, "gone") || (started > 0 && started < since_ms) ||
                    (text_equal(word, "used") && started == 0))
                        continue;
                if (take_interview(map, "found", one, made) != 0)
                        continue;
                if (taken == NULL || !taken(context, made->id))
                        return 1;
                mem_free(made->id);
                mem_free(made->url);
                *made = (struct interview_made){ 0 };
        }
        return 0;
}

static int find_interview(struct link *link, const char *email, int64_t since_ms,
                          bool (*taken)(void *context, const char *id), void *context,
                          struct interview_made *made, struct outcome *outcome)
{
        json_t *map = load_map(link, outcome);
        int64_t size, offset = 0;
        int result = 0, found = 0;
        bool more = true;

        *made = (struct interview_made){ 0 };
        if (map == NULL)
                return -1;
        size = codesignal_page_size(map);
        for (int page = 0; result == 0 && !found && more && page < INTERVIEW_PAGES_MAX; page++) {
                struct codesignal_answer answer = { 0 };
                json_t *values = json_object();

                give(values, "email", email);
                json_set_int(values, "count", size);
                json_set_int(values, "offset", offset);
                result = codesignal_call(link, map, "find_interview", values, &answer, outcome);
                if (result == 0)
                        found = find_in_page(map, answer.result, since_ms, taken, context, made);
                more = result == 0 && (int64_t)json_array_size(answer.result) >= size;
                offset += size;
                codesignal_answer_dispose(&answer);
        }
        json_decref(map);
        return result;
}

const struct platform codesignal_platform = {
        .kind = "codesignal",
        .invite = invite,
        .read_session = read_session,
        .read_sessions = read_sessions,
        .find_session = find_session,
        .cancel = cancel,
        .list_tests = list_tests,
        .list_sessions = list_sessions,
        .create_interview = create_interview,
        .edit_interview = edit_interview,
        .delete_interview = delete_interview,
        .find_interview = find_interview,
        .read_feedback = read_feedback,
        .relay = codesignal_relay,
        .test = codesignal_test,
};
