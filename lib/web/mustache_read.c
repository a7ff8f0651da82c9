/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mustache: from text to nodes. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "web/mustache.h"
#include "web/mustache_node.h"

#define DELIMITER_MAX 15

/* A piece of the source: text up to the end of a line or the next tag, or one tag. */
struct token {
        char kind; /* 't' text, 'v' value, '{' or '&' raw, else the tag's own sign */
        const char *at;
        size_t len;
        size_t line;
};

struct reader {
        struct mustache *m;
        const char *at, *end; /* what is still to be read */
        size_t line;
        char open[DELIMITER_MAX + 1], close[DELIMITER_MAX + 1];
        struct token *tokens; /* of the current line */
        size_t count, room;
        size_t nest[MUSTACHE_NESTING_MAX];   /* open sections */
        size_t opened[MUSTACHE_NESTING_MAX]; /* and their lines */
        size_t depth;
        struct fail *why;
};

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *find(const char *at, const char *end, const char *what)
{
        return memmem(at, (size_t)(end - at), what, strlen(what));
}

static void add_token(struct reader *r, char kind, const char *at, size_t len, size_t line)
{
        if (r->count == r->room) {
                r->room = r->room == 0 ? 16 : 2 * r->room;
                r->tokens = mem_resize(r->tokens, r->room, sizeof *r->tokens);
        }
        while (kind != 't' && len > 0 && is_space(*at))
                at++, len--;
        while (kind != 't' && len > 0 && is_space(at[len - 1]))
                len--;
        r->tokens[r->count++] = (struct token){ kind, at, len, line };
}

/* "{{=<% %>=}}": from here on. */
static int set_delimiters(struct reader *r, const char *at, size_t len, size_t line)
{
        size_t first = 0, gap;

        while (len > 0 && is_space(*at))
                at++, len--;
        while (len > 0 && is_space(at[len - 1]))
                len--;
        while (first < len && !is_space(at[first]))
                first++;
        for (gap = first; gap < len && is_space(at[gap]); gap++)
                continue;
        if (first == 0 || first > DELIMITER_MAX || gap == len || len - gap > DELIMITER_MAX ||
            memchr(at, '=', len) != NULL)
                return fail_set(r->why, FAIL_INPUT, "line %zu: delimiters must be two words", line);
        for (size_t i = gap; i < len; i++)
                if (is_space(at[i]))
                        return fail_set(r->why, FAIL_INPUT,
                                        "line %zu: delimiters must be two words", line);
        memcpy(r->open, at, first);
        r->open[first] = '\0';
        memcpy(r->close, at + gap, len - gap);
        r->close[len - gap] = '\0';
        return 0;
}

/* The tag that starts at r->at; moves behind it. */
static int read_tag(struct reader *r)
{
        const char *inside = r->at + strlen(r->open), *stop;
        char close[DELIMITER_MAX + 2], kind = inside < r->end ? *inside : '\0';
        size_t line = r->line;

        if (kind == '\0' || strchr("#^/!>=&{", kind) == NULL)
                kind = 'v';
        else
                inside++;
        close[0] = '\0';
        if (kind == '{')
                strcpy(close, "}");
        else if (kind == '=')
                strcpy(close, "=");
        strcat(close, r->close);
        stop = find(inside, r->end, close);
        if (stop == NULL)
                return fail_set(r->why, FAIL_INPUT, "line %zu: a tag without its end", line);
        for (const char *p = r->at; p < stop; p++)
                r->line += *p == '\n';
        r->at = stop + strlen(close);
        add_token(r, kind, inside, (size_t)(stop - inside), line);
        if (kind == '=')
                return set_delimiters(r, inside, (size_t)(stop - inside), line);
        return 0;
}

/* Reads tokens up to the end of the line: 1, 0 nothing is left, -1 why. */
static int read_line(struct reader *r)
{
        r->count = 0;
        while (r->at < r->end) {
                const char *feed = memchr(r->at, '\n', (size_t)(r->end - r->at));
                const char *stop = feed == NULL ? r->end : feed + 1;
                const char *tag = find(r->at, r->end, r->open);

                if (tag != NULL && tag < stop) {
                        if (tag > r->at)
                                add_token(r, 't', r->at, (size_t)(tag - r->at), r->line);
                        r->at = tag;
                        if (read_tag(r) != 0)
                                return -1;
                        continue;
                }
                add_token(r, 't', r->at, (size_t)(stop - r->at), r->line);
                r->at = stop;
                if (feed != NULL) {
                        r->line++;
                        return 1;
                }
        }
        return r->count > 0;
}

/* A line whose only tag shows nothing by itself, with white space around: it leaves no trace.
 * Returns that tag, or NULL. */
static struct token *standalone(struct reader *r)
{
        struct token *tag = NULL;

        for (size_t i = 0; i < r->count; i++) {
                struct token *t = &r->tokens[i];

                if (t->kind == 't') {
                        for (size_t k = 0; k < t->len; k++)
                                if (!is_space(t->at[k]))
                                        return NULL;
                } else if (tag != NULL || strchr("#^/!>=", t->kind) == NULL) {
                        return NULL;
                } else {
                        tag = t;
                }
        }
        return tag;
}

static int add_node(struct reader *r, enum mustache_kind kind, const struct token *t)
{
        struct mustache *m = r->m;
        struct mustache_node *n;

        if (m->count == MUSTACHE_NODES_MAX)
                return fail_set(r->why, FAIL_INPUT, "line %zu: the template is too large", r->line);
        if (m->count == m->room) {
                m->room = m->room == 0 ? 32 : 2 * m->room;
                m->nodes = mem_resize(m->nodes, m->room, sizeof *m->nodes);
        }
        n = &m->nodes[m->count++];
        memset(n, 0, sizeof *n);
        n->kind = kind;
        if (t != NULL) {
                n->text = t->at;
                n->len = t->len;
        }
        if (kind != NODE_TEXT && kind != NODE_LINE)
                n->name = mem_text_part(t->at, t->len);
        return 0;
}

static int open_section(struct reader *r, enum mustache_kind kind, const struct token *t)
{
        if (r->depth == MUSTACHE_NESTING_MAX)
                return fail_set(r->why, FAIL_INPUT, "line %zu: sections nested too deep", t->line);
        r->opened[r->depth] = t->line;
        r->nest[r->depth++] = r->m->count;
        return add_node(r, kind, t);
}

static int close_section(struct reader *r, const struct token *t)
{
        struct mustache_node *n;

        if (r->depth == 0)
                return fail_set(r->why, FAIL_INPUT, "line %zu: no section %.*s is open", t->line,
                                (int)(t->len < 60 ? t->len : 60), t->at);
        n = &r->m->nodes[r->nest[--r->depth]];
        if (strlen(n->name) != t->len || memcmp(n->name, t->at, t->len) != 0)
                return fail_set(r->why, FAIL_INPUT, "line %zu: section %.60s is open, not %.*s",
                                t->line, n->name, (int)(t->len < 60 ? t->len : 60), t->at);
        n->end = r->m->count;
        return 0;
}

static int add_tag(struct reader *r, const struct token *t)
{
        if (t->kind == '!' || t->kind == '=')
                return 0;
        if (t->len == 0)
                return fail_set(r->why, FAIL_INPUT, "line %zu: a tag without a name", t->line);
        /* Inheritance, blocks and dynamic names are optional parts that we do not have. */
        if (t->kind != '/' && (*t->at == '<' || *t->at == '$' || *t->at == '*'))
                return fail_set(r->why, FAIL_INPUT, "line %zu: tags with %c are not supported",
                                t->line, *t->at);
        switch (t->kind) {
        case '#':
                return open_section(r, NODE_SECTION, t);
        case '^':
                return open_section(r, NODE_INVERTED, t);
        case '/':
                return close_section(r, t);
        case '>':
                return add_node(r, NODE_PARTIAL, t);
        case 'v':
                return add_node(r, NODE_VALUE, t);
        default:
                return add_node(r, NODE_RAW, t);
        }
}

static int add_line(struct reader *r)
{
        struct token *alone = standalone(r);

        if (alone != NULL) {
                if (add_tag(r, alone) != 0)
                        return -1;
                if (alone->kind == '>' && alone > r->tokens)
                        r->m->nodes[r->m->count - 1].indent =
                            mem_text_part(r->tokens[0].at, r->tokens[0].len);
                return 0;
        }
        if (add_node(r, NODE_LINE, NULL) != 0)
                return -1;
        for (size_t i = 0; i < r->count; i++) {
                const struct token *t = &r->tokens[i];

                if ((t->kind == 't' ? add_node(r, NODE_TEXT, t) : add_tag(r, t)) != 0)
                        return -1;
        }
        return 0;
}

struct mustache *mustache_compile(const char *text, size_t len, struct fail *why)
{
        struct mustache *m = mem_alloc(sizeof *m);
        struct reader r = { .m = m, .line = 1, .open = "{{", .close = "}}", .why = why };
        int result = 0;

        if (len > MUSTACHE_TEMPLATE_MAX)
                result = fail_set(why, FAIL_INPUT, "the template is longer than %zu bytes",
                                  MUSTACHE_TEMPLATE_MAX);
        else
                m->source = mem_text_part(text, len);
        r.at = m->source;
        r.end = m->source == NULL ? NULL : m->source + len;
        while (result == 0 && (result = read_line(&r)) == 1)
                result = add_line(&r);
        if (result == 0 && r.depth > 0)
                result = fail_set(why, FAIL_INPUT, "line %zu: section %.60s is never closed",
                                  r.opened[r.depth - 1], m->nodes[r.nest[r.depth - 1]].name);
        mem_free(r.tokens);
        if (result == 0)
                return m;
        mustache_free(m);
        return NULL;
}

void mustache_free(struct mustache *m)
{
        if (m == NULL)
                return;
        for (size_t i = 0; i < m->count; i++) {
                mem_free(m->nodes[i].name);
                mem_free(m->nodes[i].indent);
        }
        mem_free(m->nodes);
        mem_free(m->source);
        mem_free(m);
}
