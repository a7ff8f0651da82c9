/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: what the form of a rule offers to choose from: stages, jobs, assessments. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/catalog.h"
#include "home/kind.h"
#include "home/roll.h"
#include "home/status_view.h"

#define KNOWN_LOOK 500 /* applications whose jobs and stages are offered as well */

static void add_once(json_t *list, json_t *seen, const char *value, const char *words)
{
        if (text_empty(value) || json_object_get(seen, value) != NULL)
                return;
        json_set_bool(seen, value, true);
        json_add(list, admin_option(value, words));
}

/* Connections of a role, as a select; schedules: only those that tell of scheduled interviews. */
static json_t *connections_of(struct org *org, enum kind_role role, bool schedules,
                              const char *chosen)
{
        json_t *list = json_array(), *status = NULL, *row;
        size_t i;

        if (status_view(guard_home(), org, &status, NULL) == 0)
                json_array_foreach(json_object_get(status, "connections"), i, row)
                {
                        const struct kind *kind = kind_find(json_get_text(row, "kind", ""));
                        const char *id = json_get_text(row, "id", "");
                        char *words =
                            mem_format("%s (%s)", json_get_text(row, "kind_title", ""), id);

                        if (kind != NULL && kind->role == role &&
                            (!schedules || kind->ats->read_schedule != NULL))
                                json_add(list, admin_option(id, words));
                        mem_free(words);
                }
        json_decref(status);
        admin_choose(list, chosen);
        return list;
}

typedef int catalog_list(struct home *h, struct org *org, const char *ats, int64_t now_ms,
                         json_t **list, char **sentence, struct fail *why);

/* Names of all hiring systems as the worker last read them, into list; asking has them read again.
 * view: NAME_unread, NAME_sentence. */
static int offer_read(struct org *org, json_t *view, const char *name, catalog_list *read,
                      json_t *list, json_t *seen, const json_t *systems, struct fail *why)
{
        char *unread_name = mem_format("%s_unread", name),
             *sentence_name = mem_format("%s_sentence", name);
        bool unread = false;
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(systems); i++) {
                const char *id = json_get_text(json_array_get(systems, i), "value", "");
                json_t *rows = NULL;
                char *sentence = NULL;
                int found = read(guard_home(), org, id, when_now_ms(), &rows, &sentence, why);

                for (size_t k = 0; k < json_array_size(rows); k++)
                        add_once(list, seen, json_get_text(json_array_get(rows, k), "name", NULL),
                                 NULL);
                unread = unread || (found == 0 && sentence == NULL);
                if (sentence != NULL)
                        json_set_text(view, sentence_name, sentence);
                json_decref(rows);
                mem_free(sentence);
                result = found < 0 ? -1 : 0;
        }
        json_set_bool(view, unread_name, unread);
        mem_free(unread_name);
        mem_free(sentence_name);
        return result;
}

/* Stages and jobs as they were read from the systems, then those of applications that we know:
 * there also when the vendor is down. */
static int offer_known(struct org *org, json_t *view, const json_t *systems, struct fail *why)
{
        const struct roll_question q = { .limit = KNOWN_LOOK };
        json_t *rows = NULL, *row, *stages = json_array(), *jobs = json_array(),
               *seen_stages = json_object(), *seen_jobs = json_object();
        uint64_t next;
        size_t i;
        int result =
            offer_read(org, view, "stages", catalog_stages, stages, seen_stages, systems, why) !=
                        0 ||
                    offer_read(org, view, "jobs", catalog_jobs, jobs, seen_jobs, systems, why) != 0
                ? -1
                : roll_search(org, &q, &rows, &next, why);

        json_array_foreach(rows, i, row)
        {
                add_once(stages, seen_stages, json_get_text(row, "stage", NULL), NULL);
                add_once(jobs, seen_jobs, json_get_text(row, "job", NULL), NULL);
        }
        json_set_int(view, "stage_count", (int64_t)json_array_size(stages));
        json_set_bool(view, "has_stages", json_array_size(stages) > 0);
        json_set(view, "known_stages", stages);
        json_set_int(view, "job_count", (int64_t)json_array_size(jobs));
        json_set_bool(view, "has_jobs", json_array_size(jobs) > 0);
        json_set(view, "known_jobs", jobs);
        json_decref(rows);
        json_decref(seen_stages);
        json_decref(seen_jobs);
        return result;
}

/* Assessments of all platforms, as the worker last read them; asking has them read again. */
static int offer_assessments(struct org *org, json_t *view, json_t *platforms, struct fail *why)
{
        json_t *list = json_array(), *tests, *test, *row;
        bool read = true;
        size_t i, k;

        json_array_foreach(platforms, i, row)
        {
                const char *id = json_get_text(row, "value", "");
                int found;

                tests = NULL;
                found = catalog_read(guard_home(), org, id, when_now_ms(), &tests, why);
                if (found < 0) {
                        json_decref(list);
                        return -1;
                }
                read = read && found == 1;
                json_array_foreach(tests, k, test)
                {
                        char *words = mem_format("%s (%s)", json_get_text(test, "title", ""), id);

                        json_add(list, admin_option(json_get_text(test, "id", ""), words));
                        mem_free(words);
                }
                json_decref(tests);
        }
        json_set_bool(view, "unread", !read);
        json_set_bool(view, "has_assessments", json_array_size(list) > 0);
        json_set_int(view, "assessment_count", (int64_t)json_array_size(list));
        json_set(view, "assessments", list);
        return 0;
}

int admin_offer(struct request *rq, json_t *view, const char *ats, const char *platform,
                const struct rule_kind *kind, struct fail *why)
{
        struct org *org = admin_visitor(rq)->org;
        json_t *platforms = connections_of(org, KIND_PLATFORM, false, platform),
               *systems = connections_of(org, KIND_ATS, kind->waits == RULE_SCHEDULE, ats);

        json_set(view, "platforms", platforms);
        json_set(view, "systems", systems);
        return offer_known(org, view, systems, why) == 0 &&
                       (!rule_kind_has(kind, "assessment") ||
                        offer_assessments(org, view, platforms, why) == 0)
                   ? 0
                   : -1;
}

int admin_order_lists(struct org *org, struct fail *why)
{
        static const enum kind_role roles[] = { KIND_PLATFORM, KIND_ATS };
        int result = 0;

        for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
                json_t *list = connections_of(org, roles[r], false, NULL);

                for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
                        result = catalog_order(guard_home(), org,
                                               json_get_text(json_array_get(list, i), "value", ""),
                                               when_now_ms(), why);
                json_decref(list);
        }
        return result;
}
