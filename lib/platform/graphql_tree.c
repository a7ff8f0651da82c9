/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A parsed document: released, and asked. */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "platform/graphql.h"

/* Fragments may spread each other: looking through one document ends somewhere. */
#define LOOKS_MAX 20000

static void free_value(struct graphql_value *v);

static void free_named(struct graphql_named *list, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                mem_free(list[i].name);
                free_value(&list[i].value);
        }
        mem_free(list);
}

static void free_value(struct graphql_value *v)
{
        mem_free(v->text);
        free_named(v->items, v->count);
}

void graphql_free_directives(struct graphql_directive *list, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                mem_free(list[i].name);
                free_named(list[i].arguments, list[i].argument_count);
        }
        mem_free(list);
}

static void free_selections(struct graphql_selection *list, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                mem_free(list[i].alias);
                mem_free(list[i].name);
                mem_free(list[i].on);
                free_named(list[i].arguments, list[i].argument_count);
                graphql_free_directives(list[i].directives, list[i].directive_count);
                free_selections(list[i].selections, list[i].selection_count);
        }
        mem_free(list);
}

void graphql_free(struct graphql *g)
{
        if (g == NULL)
                return;
        for (size_t i = 0; i < g->operation_count; i++) {
                struct graphql_operation *op = &g->operations[i];

                mem_free(op->word);
                mem_free(op->name);
                for (size_t v = 0; v < op->variable_count; v++) {
                        mem_free(op->variables[v].name);
                        mem_free(op->variables[v].type);
                        free_value(&op->variables[v].value);
                }
                mem_free(op->variables);
                free_selections(op->selections, op->selection_count);
        }
        for (size_t i = 0; i < g->fragment_count; i++) {
                mem_free(g->fragments[i].name);
                mem_free(g->fragments[i].on);
                free_selections(g->fragments[i].selections, g->fragments[i].selection_count);
        }
        mem_free(g->operations);
        mem_free(g->fragments);
        mem_free(g);
}

const struct graphql_operation *graphql_operation(const struct graphql *g, const char *name)
{
        if (name == NULL)
                return g->operation_count == 1 ? &g->operations[0] : NULL;
        for (size_t i = 0; i < g->operation_count; i++) {
                if (text_equal(g->operations[i].name, name))
                        return &g->operations[i];
        }
        return NULL;
}

const struct graphql_fragment *graphql_fragment(const struct graphql *g, const char *name)
{
        for (size_t i = 0; i < g->fragment_count; i++) {
                if (text_equal(g->fragments[i].name, name))
                        return &g->fragments[i];
        }
        return NULL;
}

static bool selects(const struct graphql *g, const struct graphql_selection *list, size_t count,
                    const char *path, int depth, int *budget)
{
        size_t len = strcspn(path, ".");
        const struct graphql_fragment *f;

        for (size_t i = 0; depth < GRAPHQL_DEPTH_MAX && i < count && --*budget > 0; i++) {
                const struct graphql_selection *s = &list[i];

                if (s->what == GRAPHQL_FIELD) {
                        if (strlen(s->alias) != len || memcmp(s->alias, path, len) != 0)
                                continue;
                        if (path[len] == '\0' || selects(g, s->selections, s->selection_count,
                                                         path + len + 1, depth + 1, budget))
                                return true;
                } else if (s->what == GRAPHQL_INLINE) {
                        if (selects(g, s->selections, s->selection_count, path, depth + 1, budget))
                                return true;
                } else if ((f = graphql_fragment(g, s->name)) != NULL &&
                           selects(g, f->selections, f->selection_count, path, depth + 1, budget)) {
                        return true;
                }
        }
        return false;
}

bool graphql_selects(const struct graphql *g, const struct graphql_operation *op, const char *path)
{
        int budget = LOOKS_MAX;

        return selects(g, op->selections, op->selection_count, path, 0, &budget);
}
