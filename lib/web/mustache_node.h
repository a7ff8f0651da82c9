/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A compiled template: one array of nodes in the order of the text.  A section holds the
 * nodes from the one behind it up to its end.  For mustache*.c only.
 */
#ifndef WEB_MUSTACHE_NODE_H
#define WEB_MUSTACHE_NODE_H

#include <stddef.h>

#define MUSTACHE_TEMPLATE_MAX ((size_t)1 << 20) /* bytes of one template */
#define MUSTACHE_NODES_MAX 65536
#define MUSTACHE_NESTING_MAX 32 /* sections within sections; partials within partials */
#define MUSTACHE_STEPS_MAX ((size_t)4 << 20) /* nodes visited for one page */
#define MUSTACHE_OUTPUT_MAX ((size_t)4 << 20)

enum mustache_kind {
        NODE_TEXT,     /* text as it stands */
        NODE_LINE,     /* a line begins that holds more than a standalone tag: indent it */
        NODE_VALUE,    /* {{text}} */
        NODE_RAW,      /* {{{text}}} */
        NODE_SECTION,  /* {{#text}} up to end */
        NODE_INVERTED, /* {{^text}} up to end */
        NODE_PARTIAL   /* {{>text}}; indent is what stood before it on its own line */
};

struct mustache_node {
        enum mustache_kind kind;
        const char *text; /* within the source, or a name of its own */
        size_t len;
        char *name;   /* terminated; NULL for text */
        char *indent; /* NODE_PARTIAL, or NULL */
        size_t end;   /* sections: index behind the last node inside */
};

struct mustache {
        char *source;
        struct mustache_node *nodes;
        size_t count, room;
};

#endif
