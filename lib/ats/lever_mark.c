/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hangs on an opportunity in Lever: links and tags (wire/lever.md 3). */
#include <string.h>

#include "ats/lever_call.h"
#include "ats/lever_part.h"
#include "floor/mem.h"
#include "floor/text.h"

/* Links may have lost their scheme (6, trap 10). */
static const char *bare(const char *url)
{
        const char *at = strstr(url, "://");

        return at == NULL ? url : at + 3;
}

static bool has_link(const json_t *row, const char *url)
{
        const json_t *links = json_at(row, "links");

        for (size_t i = 0; i < json_array_size(links); i++)
                if (text_equal(bare(json_text_of(json_array_get(links, i), "")), bare(url)))
                        return true;
        return false;
}

static bool has_tag(const json_t *row, const char *tag)
{
        const json_t *tags = json_at(row, "tags");

        for (size_t i = 0; i < json_array_size(tags); i++)
                if (text_equal(json_text_of(json_array_get(tags, i), ""), tag))
                        return true;
        return false;
}

/* POST {"links": [...]} and the like; list is taken. */
static int post(struct link *link, const char *opportunity, const char *what, const char *member,
                json_t *list, const char *permission, struct outcome *outcome)
{
        char *path = lever_path(link, opportunity, what, true);
        json_t *body = json_object();
        struct lever_ask ask = {
                .link = link, .method = "POST", .path = path, .permission = permission, .body = body
        };
        int result;

        json_set(body, member, list);
        result = lever_call(&ask, NULL, outcome);
        json_decref(body);
        mem_free(path);
        return result;
}

static int set_link(struct link *link, const char *opportunity, const char *url, bool add,
                    struct outcome *outcome)
{
        json_t *row = NULL, *list;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        result = lever_opportunity(link, opportunity, NULL, &row, outcome);
        if (result == 0 && has_link(row, url) != add) {
                list = json_array();
                json_add(list, json_new_text(url, strlen(url)));
                result = post(link, opportunity, add ? "addLinks" : "removeLinks", "links", list,
                              add ? "add opportunity link" : "remove opportunity link", outcome);
        }
        json_decref(row);
        return result;
}

int lever_add_link(struct link *link, const struct application *application, const char *url,
                   struct outcome *outcome)
{
        return set_link(link, application->id, url, true, outcome);
}

int lever_remove_link(struct link *link, const struct application *application, const char *url,
                      struct outcome *outcome)
{
        return set_link(link, application->id, url, false, outcome);
}

/* Those of the list that stand there (or do not): what has to be sent. */
static json_t *chosen(const json_t *row, const char *const *tags, bool there)
{
        json_t *list = json_array();

        for (; tags != NULL && *tags != NULL; tags++)
                if (has_tag(row, *tags) == there)
                        json_add(list, json_new_text(*tags, strlen(*tags)));
        return list;
}

int lever_set_tags(struct link *link, const struct application *application, const char *const *add,
                   const char *const *remove, struct outcome *outcome)
{
        json_t *row = NULL, *more, *less;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (lever_opportunity(link, application->id, NULL, &row, outcome) != 0)
                return -1;
        more = chosen(row, add, false);
        less = chosen(row, remove, true);
        result = 0;
        if (json_array_size(more) > 0)
                result = post(link, application->id, "addTags", "tags", json_incref(more),
                              "add opportunity tag", outcome);
        if (result == 0 && json_array_size(less) > 0)
                result = post(link, application->id, "removeTags", "tags", json_incref(less),
                              "remove opportunity tag", outcome);
        json_decref(more);
        json_decref(less);
        json_decref(row);
        return result;
}
