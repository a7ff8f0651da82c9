/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GraphQL documents, parsed (spec.graphql.org, October 2021, section 2: executable documents;
 * no type system).  It checks what an admin wrote before it is sent, and lets the stand-in of
 * the sandbox understand what was sent.
 *
 * At most GRAPHQL_DEPTH_MAX levels of braces and GRAPHQL_NODES_MAX nodes.  The type of a
 * variable is kept as text without white space ("[ID!]!").
 */
#ifndef PLATFORM_GRAPHQL_H
#define PLATFORM_GRAPHQL_H

#include <stdbool.h>
#include <stddef.h>

#include "floor/fail.h"

#define GRAPHQL_DEPTH_MAX 32
#define GRAPHQL_NODES_MAX 10000

enum graphql_kind {
        GRAPHQL_NULL,
        GRAPHQL_VARIABLE,
        GRAPHQL_INT,
        GRAPHQL_FLOAT,
        GRAPHQL_STRING, /* decoded */
        GRAPHQL_BOOL,
        GRAPHQL_ENUM,
        GRAPHQL_LIST,
        GRAPHQL_OBJECT
};

struct graphql_named;

struct graphql_value {
        enum graphql_kind kind;
        char *text;                  /* of all but lists and objects; a variable without '$' */
        struct graphql_named *items; /* of lists (name NULL) and objects */
        size_t count;
};

/* An argument, a member of an object, or a default. */
struct graphql_named {
        char *name;
        struct graphql_value value;
        int line;
};

struct graphql_variable {
        char *name, *type;
        bool has_default;
        struct graphql_value value;
        int line;
};

struct graphql_directive {
        char *name;
        struct graphql_named *arguments;
        size_t argument_count;
};

enum graphql_what { GRAPHQL_FIELD, GRAPHQL_SPREAD, GRAPHQL_INLINE };

struct graphql_selection {
        enum graphql_what what;
        char *alias; /* the key in the answer; the name unless given */
        char *name;  /* of the field, or of the fragment spread */
        char *on;    /* type condition of an inline fragment, may be NULL */
        struct graphql_named *arguments;
        size_t argument_count;
        struct graphql_directive *directives;
        size_t directive_count;
        struct graphql_selection *selections; /* count 0: none were written */
        size_t selection_count;
        int line;
};

struct graphql_operation {
        char *word; /* "query", "mutation", "subscription" */
        char *name; /* or NULL */
        struct graphql_variable *variables;
        size_t variable_count;
        struct graphql_selection *selections;
        size_t selection_count;
        int line;
};

struct graphql_fragment {
        char *name, *on;
        struct graphql_selection *selections;
        size_t selection_count;
        int line;
};

struct graphql {
        struct graphql_operation *operations;
        size_t operation_count;
        struct graphql_fragment *fragments;
        size_t fragment_count;
};

/* NULL with *why: "line 7: expected a name, found '}'". */
struct graphql *graphql_parse(const char *text, size_t len, struct fail *why);
void graphql_free(struct graphql *g);
void graphql_free_directives(struct graphql_directive *list, size_t count); /* the parser's */

/* By name, or the only one when name is NULL; NULL if there is none such. */
const struct graphql_operation *graphql_operation(const struct graphql *g, const char *name);
const struct graphql_fragment *graphql_fragment(const struct graphql *g, const char *name);

/* Does the answer to this operation have this path ("companyTest.tests.id", keys as in the
 * answer), whatever the types? */
bool graphql_selects(const struct graphql *g, const struct graphql_operation *op, const char *path);

#endif
