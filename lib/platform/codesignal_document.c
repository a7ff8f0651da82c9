/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document of the CodeSignal adapter, held against the map before it is used: what an
 * admin forgot is said with file and line, not learned from a score that never comes. */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "platform/codesignal_wire.h"
#include "platform/graphql.h"

struct check {
        const json_t *map, *row;
        const char *file;
        const struct graphql *g;
        const struct graphql_operation *op;
        struct fail *why;
};

static int wrong(const struct check *c, int line, const char *what, const char *name)
{
        return fail_set(c->why, FAIL_INPUT, "codesignal/%s: line %d: %s%s%s", c->file, line, what,
                        *name ? " " : "", name);
}

/* path is of an answer: it begins with "data.". */
static int check_path(const struct check *c, const char *path, const char *member)
{
        if (text_starts(path, "data.") && graphql_selects(c->g, c->op, path + 5))
                return 0;
        return fail_set(c->why, FAIL_INPUT,
                        "codesignal/%s: line %d: does not ask for %s, which paths.json reads as %s",
                        c->file, c->op->line, path, member);
}

/* Paths of parts and reasons start at their list. */
static const char *base_of(const json_t *section, const char *name)
{
        if (text_starts(name, "part_"))
                return json_text_of(json_object_get(section, "parts"), "");
        if (text_starts(name, "category_"))
                return json_text_of(json_object_get(section, "categories"), "");
        if (text_starts(name, "rating_"))
                return json_text_of(json_object_get(section, "ratings"), "");
        if (text_starts(name, "reason_"))
                return json_text_of(json_object_get(section, "reasons"), "");
        return "";
}

static int check_reads(const struct check *c, const char *result)
{
        const char *reads = json_get_text(c->row, "reads", ""), *name;
        json_t *section = json_object_get(c->map, reads), *path;
        int good = 0;

        json_object_foreach(section, name, path)
        {
                const char *base = base_of(section, name), *last = json_text_of(path, "");
                char *whole, *member;

                if (good != 0 || *last == '\0' ||
                    ((text_starts(name, "part_") || text_starts(name, "reason_") ||
                      text_starts(name, "category_") || text_starts(name, "rating_")) &&
                     *base == '\0'))
                        continue;
                whole = mem_format("%s.%s%s%s", result, base, *base ? "." : "", last);
                member = mem_format("%s.%s", reads, name);
                good = check_path(c, whole, member);
                mem_free(whole);
                mem_free(member);
        }
        return good;
}

static const struct graphql_variable *find_variable(const struct check *c, const char *name)
{
        for (size_t i = 0; i < c->op->variable_count; i++) {
                if (text_equal(c->op->variables[i].name, name))
                        return &c->op->variables[i];
        }
        return NULL;
}

static int check_variables(const struct check *c)
{
        json_t *given = json_object_get(c->row, "variables"), *value;
        const char *name;

        json_object_foreach(given, name, value)
        {
                if (find_variable(c, name) == NULL)
                        return wrong(c, c->op->line, "declares no variable", name);
        }
        for (size_t i = 0; i < c->op->variable_count; i++) {
                const struct graphql_variable *v = &c->op->variables[i];

                if (text_ends(v->type, "!") && !v->has_default &&
                    json_object_get(given, v->name) == NULL)
                        return wrong(c, v->line, "paths.json gives no value for", v->name);
        }
        return 0;
}

static int check(struct check *c)
{
        bool writes = json_get_bool(c->row, "writes", false);
        const char *result = json_get_text(c->row, "result", "");
        const char *more = json_get_text(c->row, "more", NULL);

        c->op = graphql_operation(c->g, NULL);
        if (c->op == NULL)
                return wrong(c, 1, "holds more than one operation", "");
        if (writes != text_equal(c->op->word, "mutation"))
                return wrong(c, c->op->line,
                             writes ? "is no mutation, where paths.json says it writes:"
                                    : "is no query, where paths.json says it only reads:",
                             c->op->word);
        if (check_path(c, result, "result") != 0 ||
            (more != NULL && check_path(c, more, "more") != 0))
                return -1;
        return check_reads(c, result) != 0 ? -1 : check_variables(c);
}

int codesignal_document(struct link *link, const json_t *map, const char *operation,
                        struct buf *text, struct fail *why)
{
        struct check c = { .map = map, .why = why };
        struct fail cause = FAIL_CLEAR;
        struct graphql *g;
        char *path;
        int result = -1;

        c.row = json_object_get(json_object_get(map, "documents"), operation);
        c.file = json_get_text(c.row, "file", "");
        path = mem_format("codesignal/%s", c.file);
        switch (link_data(link, path, text, &cause)) {
        case 1:
                c.g = g = graphql_parse(buf_text(text), text->len, &cause);
                if (g != NULL)
                        result = check(&c);
                else
                        fail_set(why, cause.kind, "%s: %s", path, cause.text);
                graphql_free(g);
                break;
        case 0:
                fail_set(why, FAIL_INPUT, "%s: there is no such file", path);
                break;
        default:
                fail_set(why, cause.kind, "%s: %s", path, cause.text);
        }
        mem_free(path);
        return result;
}
