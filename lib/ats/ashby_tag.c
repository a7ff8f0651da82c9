/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tags of a candidate.  They are given by id (wire/ashby.md 5), rules name them by title: the
 * title is looked up, and made where it is missing.  candidateTag.create gives the tag that is
 * there when the title is known, so a repetition does no harm.
 */
#include <string.h>

#include "ats/ashby_call.h"
#include "ats/ashby_part.h"
#include "floor/mem.h"
#include "floor/text.h"

static const struct ashby_method tag_list = { "candidateTag.list", "Hiring process metadata: read",
                                              false },
                                 tag_create = { "candidateTag.create",
                                                "Hiring process metadata: write", true },
                                 tag_add = { "candidate.addTag", "Candidates: write", true },
                                 tag_remove = { "candidate.removeTag", "Candidates: write", true };

struct wanted {
        const char *title;
        char *id;
};

static int look(void *context, const json_t *row)
{
        struct wanted *w = context;

        if (!json_get_bool(row, "isArchived", false) &&
            text_equal(json_get_text(row, "title", NULL), w->title))
                w->id = json_get_id(row, "id");
        return w->id != NULL;
}

/* The id of a tag by its title; makes it where there is none. */
static int resolve(struct link *link, const char *title, char **id, struct outcome *outcome)
{
        struct wanted w = { title, NULL };
        struct ashby_answer answer;
        int result;

        if (ashby_each(link, &tag_list, NULL, look, &w, outcome) != 0)
                return -1;
        *id = w.id;
        if (w.id != NULL)
                return 0;
        result = ashby_call(link, &tag_create, ashby_body("title", title), &answer, outcome);
        if (result == 0 && (*id = json_get_id(answer.results, "id")) == NULL)
                result = outcome_set(outcome, OUTCOME_UNCERTAIN,
                                     "Ashby did not say which tag it made. It will be looked at "
                                     "again.",
                                     "candidateTag.create: no id");
        ashby_answer_dispose(&answer);
        return result;
}

/* The tag of this title on the candidate: its id (the caller frees), or NULL. */
static char *carried(const json_t *tags, const char *title)
{
        for (size_t i = 0; i < json_array_size(tags); i++)
                if (text_equal(json_get_text(json_array_get(tags, i), "title", NULL), title))
                        return json_get_id(json_array_get(tags, i), "id");
        return NULL;
}

static int change(struct link *link, const struct ashby_method *method, const char *candidate,
                  const char *tag, struct outcome *outcome)
{
        json_t *body = ashby_body("candidateId", candidate);
        struct ashby_answer answer;
        int result;

        json_set_text(body, "tagId", tag);
        result = ashby_call(link, method, body, &answer, outcome);
        ashby_answer_dispose(&answer);
        return result;
}

int ashby_set_tags(struct link *link, const struct application *application, const char *const *add,
                   const char *const *remove, struct outcome *outcome)
{
        const char *candidate = application->candidate_id;
        struct ashby_answer now;
        const json_t *tags;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (!ashby_is_id(candidate))
                return ashby_nobody(outcome, "candidate.addTag");
        result = ashby_candidate(link, candidate, &now, outcome);
        tags = json_at(now.results, "tags");
        for (size_t i = 0; result == 0 && remove != NULL && remove[i] != NULL; i++) {
                char *id = carried(tags, remove[i]);

                if (id != NULL)
                        result = change(link, &tag_remove, candidate, id, outcome);
                mem_free(id);
        }
        for (size_t i = 0; result == 0 && add != NULL && add[i] != NULL; i++) {
                char *id = carried(tags, add[i]);

                if (id == NULL) {
                        result = resolve(link, add[i], &id, outcome);
                        if (result == 0)
                                result = change(link, &tag_add, candidate, id, outcome);
                }
                mem_free(id);
        }
        ashby_answer_dispose(&now);
        return result == 0 ? outcome_set(outcome, OUTCOME_DONE, NULL, NULL) : -1;
}
