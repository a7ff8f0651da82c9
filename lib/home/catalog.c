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

/* 1 ordered, 0 one is under way, -1. */
static int plan_reading(struct plan *p, struct org *org, const char *platform, const json_t *read,
                        int64_t now_ms)
{
        struct action_order order = {
                .kind = "list_tests", .connection = platform, .due_ms = now_ms, .now_ms = now_ms
        };
        json_t *record = NULL;
        const struct kind *kind;

        if (!is_past(json_get_int(read, "wanted_ms", 0), UNDER_WAY_MS, now_ms))
                return 0;
        if (record_get(org, "connection", platform, &record, NULL) == 1) {
                kind = kind_find(json_get_text(record, "kind", ""));
                if (kind != NULL && kind->role == KIND_ATS)
                        order.kind = "list_stages";
        }
        json_decref(record);
        record = read == NULL ? json_object() : json_deep_copy(read);
        json_set_int(record, "wanted_ms", now_ms);
        plan_guard(p, "catalog", platform, read);
        record_put(p->batch, "catalog", platform, record);
        plan_action(p, &order);
        json_decref(record);
        return 1;
}

int catalog_plan(struct plan *p, struct org *org, const char *platform, int64_t now_ms,
                 struct fail *why)
{
        json_t *read = NULL;
        int found = record_get(org, "catalog", platform, &read, why);

        if (found >= 0)
                plan_reading(p, org, platform, read, now_ms);
        json_decref(read);
        return found < 0 ? -1 : 0;
}

static int order(struct home *h, struct org *org, const char *platform, const json_t *read,
                 int64_t now_ms, struct fail *why)
{
        struct plan plan;
        int result = 0;

        plan_init(&plan);
        if (plan_reading(&plan, org, platform, read, now_ms) == 1) {
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

int catalog_order(struct home *h, struct org *org, const char *platform, int64_t now_ms,
                  struct fail *why)
{
        json_t *read = NULL;
        int result = record_get(org, "catalog", platform, &read, why);

        if (result >= 0)
                result = order(h, org, platform, read, now_ms, why);
        json_decref(read);
        return result;
}

/* *read is the record (the caller's), *list a copy of that member of it. */
static int known(struct home *h, struct org *org, const char *connection, const char *member,
                 int64_t now_ms, json_t **read, json_t **list, struct fail *why)
{
        int result = record_get(org, "catalog", connection, read, why);

        *list = NULL;
        if (result < 0)
                return -1;
        if (is_past(json_get_int(*read, "read_ms", 0), CATALOG_FRESH_MS, now_ms))
                result = order(h, org, connection, *read, now_ms, why);
        if (result >= 0)
                result = json_is_array(json_object_get(*read, member));
        if (result == 1)
                *list = json_deep_copy(json_object_get(*read, member));
        return result;
}

int catalog_read(struct home *h, struct org *org, const char *platform, int64_t now_ms,
                 json_t **tests, struct fail *why)
{
        json_t *read = NULL;
        int result = known(h, org, platform, "tests", now_ms, &read, tests, why);

        json_decref(read);
        return result;
}

int catalog_stages(struct home *h, struct org *org, const char *ats, int64_t now_ms,
                   json_t **stages, char **sentence, struct fail *why)
{
        json_t *read = NULL;
        int result = known(h, org, ats, "stages", now_ms, &read, stages, why);
        const char *text = json_get_text(read, "sentence", NULL);

        *sentence = text_empty(text) ? NULL : mem_text(text);
        json_decref(read);
        return result;
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
static void keep(struct step *s, const char *member, json_t *list, const char *sentence)
{
        const char *platform = s->desk.connection->id;
        json_t *read = NULL, *record;

        if (record_get(s->org, "catalog", platform, &read, &s->why) < 0) {
                step_trouble(s);
                return;
        }
        record = read == NULL ? json_object() : json_deep_copy(read);
        json_set_int(record, "wanted_ms", 0);
        json_set_text(record, "sentence", sentence);
        if (list != NULL)
                json_set(record, member, json_incref(list));
        if (list != NULL || sentence != NULL)
                json_set_int(record, "read_ms", trade_now(s->trade));
        plan_guard(&s->plan, "catalog", platform, read);
        record_put(s->plan.batch, "catalog", platform, record);
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
                keep(s, "tests", NULL, NULL);
        } else if (platform->list_tests(&s->desk.link, NULL, &tests, &s->outcome) == 0) {
                step_done(s, "The platform's list of assessments was read.");
                keep(s, "tests", tests, NULL);
        } else if (step_attempts(s) + 1 >= ATTEMPTS_MAX) {
                s->no_call = true; /* the light stays as the tries before left it */
                step_done(s, "The list of assessments could not be read. It will be asked for "
                             "again when it is wanted.");
                keep(s, "tests", NULL, NULL);
        }
        json_decref(tests);
}

/* Each name once: a rule names a stage for all jobs that have it. */
static json_t *named_once(const json_t *rows)
{
        json_t *list = json_array(), *seen = json_object();

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                const char *name = json_get_text(row, "name", "");
                json_t *before = *name == '\0' ? NULL : json_object_get(seen, name), *stage;

                if (before != NULL) {
                        json_object_del(before, "id");
                } else if (*name != '\0' && json_array_size(list) < CATALOG_STAGES_MAX) {
                        stage = json_object();
                        json_set_text(stage, "name", name);
                        json_set_text(stage, "id", json_get_text(row, "id", NULL));
                        json_set(seen, name, json_incref(stage));
                        json_add(list, stage);
                }
        }
        json_decref(seen);
        return list;
}

/* Nothing but the forms needs this list: a credential that may not read it is no trouble. */
void step_list_stages(struct step *s)
{
        static const char denied[] = "The credential may not list the stages of all jobs.";
        const struct ats *ats = s->desk.kind->ats;
        json_t *rows = NULL, *stages;

        if (ats == NULL || ats->list_stages == NULL) {
                step_done(s, "This system has no list of stages to read.");
                keep(s, "stages", NULL, NULL);
        } else if (ats->list_stages(&s->desk.link, NULL, &rows, &s->outcome) == 0) {
                stages = named_once(rows);
                step_done(s, "The list of stages was read.");
                keep(s, "stages", stages, NULL);
                json_decref(stages);
        } else if (s->outcome.kind == OUTCOME_DENIED) {
                s->no_call = true;
                step_done(s, denied);
                keep(s, "stages", NULL, denied);
        } else if (s->outcome.kind == OUTCOME_ABSENT || s->outcome.kind == OUTCOME_REFUSED ||
                   step_attempts(s) + 1 >= ATTEMPTS_MAX) {
                s->no_call = true;
                step_done(s, "The list of stages could not be read. It will be asked for again "
                             "when it is wanted.");
                keep(s, "stages", NULL, s->outcome.sentence);
        }
        json_decref(rows);
}
