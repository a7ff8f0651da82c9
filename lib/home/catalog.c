/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rules choose from, as last read. */
#include "home/catalog.h"

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/event.h"
#include "home/records.h"
#include "home/step.h"

#define UNDER_WAY_MS (10 * WHEN_MINUTE) /* an order that old has been given up, or is forgotten */
#define ATTEMPTS_MAX 5

static bool is_past(int64_t at_ms, int64_t span_ms, int64_t now_ms)
{
        return at_ms > now_ms || now_ms - at_ms >= span_ms;
}

/* The lists there are: the action that reads one, its member in the record, and what stands behind
 * the connection in the record's key. */
struct shelf {
        const char *action, *member, *end;
        const char *what, *denied; /* for people */
};
static const struct shelf tests_shelf = { "list_tests", "tests", "", "assessments", NULL },
                          stages_shelf = { "list_stages", "stages", "", "stages",
                                           "The credential may not list the stages of all jobs." },
                          jobs_shelf = { "list_jobs", "jobs", "/jobs", "jobs",
                                         "The credential may not list the jobs." };

static int shelf_get(struct org *org, const char *connection, const struct shelf *shelf,
                     json_t **read, struct fail *why)
{
        char *key = mem_format("%s%s", connection, shelf->end);
        int found = record_get(org, "catalog", key, read, why);

        mem_free(key);
        return found;
}

static void shelf_put(struct plan *p, const char *connection, const struct shelf *shelf,
                      const json_t *before, json_t *record)
{
        char *key = mem_format("%s%s", connection, shelf->end);

        plan_guard(p, "catalog", key, before);
        record_put(p->batch, "catalog", key, record);
        mem_free(key);
}

/* 1 ordered, 0 one is under way. */
static int plan_reading(struct plan *p, const char *connection, const struct shelf *shelf,
                        const json_t *read, int64_t now_ms)
{
        const struct action_order order = {
                .kind = shelf->action, .connection = connection, .due_ms = now_ms, .now_ms = now_ms
        };
        json_t *record;

        if (!is_past(json_get_int(read, "wanted_ms", 0), UNDER_WAY_MS, now_ms))
                return 0;
        record = read == NULL ? json_object() : json_deep_copy(read);
        json_set_int(record, "wanted_ms", now_ms);
        shelf_put(p, connection, shelf, read, record);
        plan_action(p, &order);
        json_decref(record);
        return 1;
}

/* What is read of this connection: NULL ends it. */
static void shelves_of(struct org *org, const char *connection, const struct shelf *list[3])
{
        json_t *record = NULL;
        const struct kind *kind = NULL;

        if (record_get(org, "connection", connection, &record, NULL) == 1)
                kind = kind_find(json_get_text(record, "kind", ""));
        json_decref(record);
        list[0] = &tests_shelf;
        list[1] = list[2] = NULL;
        if (kind != NULL && kind->role == KIND_ATS) {
                list[0] = &stages_shelf;
                list[1] = &jobs_shelf;
        }
}

int catalog_plan(struct plan *p, struct org *org, const char *connection, int64_t now_ms,
                 struct fail *why)
{
        const struct shelf *list[3];
        int result = 0;

        shelves_of(org, connection, list);
        for (size_t i = 0; result == 0 && list[i] != NULL; i++) {
                json_t *read = NULL;

                if (shelf_get(org, connection, list[i], &read, why) < 0)
                        result = -1;
                else
                        plan_reading(p, connection, list[i], read, now_ms);
                json_decref(read);
        }
        return result;
}

static int order(struct home *h, struct org *org, const char *connection, const struct shelf *shelf,
                 const json_t *read, int64_t now_ms, struct fail *why)
{
        struct plan plan;
        int result = 0;

        plan_init(&plan);
        if (plan_reading(&plan, connection, shelf, read, now_ms) == 1) {
                result = plan_commit(&plan, org, why);
                if (result == 0) {
                        result = event_wake(h, org->name, NULL, now_ms, why);
                } else if (why->kind == FAIL_CONFLICT) { /* somebody else just did */
                        fail_clear(why);
                        result = 0;
                }
        }
        plan_dispose(&plan);
        return result;
}

int catalog_order(struct home *h, struct org *org, const char *connection, int64_t now_ms,
                  struct fail *why)
{
        const struct shelf *list[3];
        int result = 0;

        shelves_of(org, connection, list);
        for (size_t i = 0; result >= 0 && list[i] != NULL; i++) {
                json_t *read = NULL;

                result = shelf_get(org, connection, list[i], &read, why);
                if (result >= 0)
                        result = order(h, org, connection, list[i], read, now_ms, why);
                json_decref(read);
        }
        return result;
}

/* *list is the caller's; *sentence (may be NULL) too. */
static int known(struct home *h, struct org *org, const char *connection, const struct shelf *shelf,
                 int64_t now_ms, json_t **list, char **sentence, struct fail *why)
{
        json_t *read = NULL;
        int result = shelf_get(org, connection, shelf, &read, why);
        const char *text = json_get_text(read, "sentence", NULL);

        *list = NULL;
        if (sentence != NULL)
                *sentence = text_empty(text) ? NULL : mem_text(text);
        if (result >= 0 && is_past(json_get_int(read, "read_ms", 0), CATALOG_FRESH_MS, now_ms))
                result = order(h, org, connection, shelf, read, now_ms, why);
        if (result >= 0)
                result = json_is_array(json_object_get(read, shelf->member));
        if (result == 1)
                *list = json_deep_copy(json_object_get(read, shelf->member));
        json_decref(read);
        return result;
}

int catalog_read(struct home *h, struct org *org, const char *platform, int64_t now_ms,
                 json_t **tests, struct fail *why)
{
        return known(h, org, platform, &tests_shelf, now_ms, tests, NULL, why);
}

int catalog_stages(struct home *h, struct org *org, const char *ats, int64_t now_ms,
                   json_t **stages, char **sentence, struct fail *why)
{
        return known(h, org, ats, &stages_shelf, now_ms, stages, sentence, why);
}

int catalog_jobs(struct home *h, struct org *org, const char *ats, int64_t now_ms, json_t **jobs,
                 char **sentence, struct fail *why)
{
        return known(h, org, ats, &jobs_shelf, now_ms, jobs, sentence, why);
}

/* --- choosing ------------------------------------------------------------------------------ */

static bool names(const char *word, const json_t *test)
{
        const json_t *labels = json_object_get(test, "labels");

        if (text_equal(word, "*") || text_equal(word, json_get_text(test, "id", NULL)))
                return true;
        if (!text_starts(word, "label:"))
                return false;
        for (size_t i = 0; i < json_array_size(labels); i++)
                if (text_equal_fold(word + 6, json_text_of(json_array_get(labels, i), "")))
                        return true;
        return false;
}

json_t *catalog_select(const json_t *tests, const json_t *selection)
{
        json_t *chosen = json_array();

        for (size_t i = 0; i < json_array_size(tests); i++) {
                json_t *test = json_array_get(tests, i);

                for (size_t k = 0; k < json_array_size(selection); k++)
                        if (names(json_text_of(json_array_get(selection, k), ""), test)) {
                                json_array_append(chosen, test);
                                break;
                        }
        }
        return chosen;
}

/* --- the step ------------------------------------------------------------------------------ */

/* What was read (NULL: nothing), or why it was not (NULL: no reason that people need). */
static void keep(struct step *s, const struct shelf *shelf, json_t *list, const char *sentence)
{
        const char *connection = s->desk.connection->id;
        json_t *read = NULL, *record;

        if (shelf_get(s->org, connection, shelf, &read, &s->why) < 0) {
                step_trouble(s);
                return;
        }
        record = read == NULL ? json_object() : json_deep_copy(read);
        json_set_int(record, "wanted_ms", 0);
        json_set_text(record, "sentence", sentence);
        if (list != NULL)
                json_set(record, shelf->member, json_incref(list));
        if (list != NULL || sentence != NULL)
                json_set_int(record, "read_ms", trade_now(s->trade));
        shelf_put(&s->plan, connection, shelf, read, record);
        json_decref(record);
        json_decref(read);
}

/* Whoever asks next orders the next try: one that fails for long is not kept waiting. */
void step_list_tests(struct step *s)
{
        const struct platform *platform = s->desk.kind->platform;
        json_t *tests = NULL;

        if (platform == NULL || platform->list_tests == NULL) {
                step_done(s, "This platform has no list of assessments to read.");
                keep(s, &tests_shelf, NULL, NULL);
        } else if (platform->list_tests(&s->desk.link, NULL, &tests, &s->outcome) == 0) {
                step_done(s, "The platform's list of assessments was read.");
                keep(s, &tests_shelf, tests, NULL);
        } else if (step_attempts(s) + 1 >= ATTEMPTS_MAX) {
                s->no_call = true; /* the light stays as the tries before left it */
                step_done(s, "The list of assessments could not be read. It will be asked for "
                             "again when it is wanted.");
                keep(s, &tests_shelf, NULL, NULL);
        }
        json_decref(tests);
}

/* Each name once: a rule names a stage for all jobs that have it, and a job by its name. */
static json_t *named_once(const json_t *rows, size_t most)
{
        json_t *list = json_array(), *seen = json_object();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                const char *name = json_get_text(row, "name", "");
                json_t *before = *name == '\0' ? NULL : json_object_get(seen, name), *one;

                if (before != NULL) {
                        json_object_del(before, "id");
                } else if (*name != '\0' && json_array_size(list) < most) {
                        one = json_object();
                        json_set_text(one, "name", name);
                        json_set_text(one, "id", json_get_text(row, "id", NULL));
                        json_set(seen, name, json_incref(one));
                        json_add(list, one);
                }
        }
        json_decref(seen);
        return list;
}

/* Nothing but the forms needs these lists: a credential that may not read one is no trouble.
 * list is taken; NULL: the outcome says why. */
static void take_list(struct step *s, const struct shelf *shelf, json_t *list)
{
        char *said;

        if (list != NULL) {
                said = mem_format("The list of %s was read.", shelf->what);
                step_done(s, said);
                keep(s, shelf, list, NULL);
                mem_free(said);
        } else if (s->outcome.kind == OUTCOME_DENIED) {
                s->no_call = true;
                step_done(s, shelf->denied);
                keep(s, shelf, NULL, shelf->denied);
        } else if (s->outcome.kind == OUTCOME_ABSENT || s->outcome.kind == OUTCOME_REFUSED ||
                   step_attempts(s) + 1 >= ATTEMPTS_MAX) {
                s->no_call = true;
                said = mem_format("The list of %s could not be read. It will be asked for again "
                                  "when it is wanted.",
                                  shelf->what);
                step_done(s, said);
                keep(s, shelf, NULL, s->outcome.sentence);
                mem_free(said);
        }
        json_decref(list);
}

void step_list_stages(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;
        json_t *rows = NULL;

        if (ats == NULL || ats->list_stages == NULL) {
                step_done(s, "This system has no list of stages to read.");
                keep(s, &stages_shelf, NULL, NULL);
        } else {
                int result = ats->list_stages(&s->desk.link, NULL, &rows, &s->outcome);

                take_list(s, &stages_shelf,
                          result == 0 ? named_once(rows, CATALOG_STAGES_MAX) : NULL);
        }
        json_decref(rows);
}

void step_list_jobs(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;
        json_t *rows = NULL;

        if (ats == NULL || ats->list_jobs == NULL) {
                step_done(s, "This system has no list of jobs to read.");
                keep(s, &jobs_shelf, NULL, NULL);
        } else {
                int result = ats->list_jobs(&s->desk.link, &rows, &s->outcome);

                take_list(s, &jobs_shelf, result == 0 ? named_once(rows, ATS_JOBS_MAX) : NULL);
        }
        json_decref(rows);
}
