/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mustache: from nodes and data to text. */
#include "web/mustache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/code.h"
#include "floor/text.h"
#include "web/mustache_node.h"

/* What names are looked up in, innermost first. */
struct frame {
        const json_t *value;
        const struct frame *outer;
};

struct painter {
        mustache_find *find;
        void *context;
        struct buf *out;
        struct buf indent; /* of all standalone partials around us */
        int partials;
        size_t steps;
        struct fail *why;
};

/* "a.b": the innermost frame that has a, then b in there and nowhere else.  NULL for none. */
static const json_t *look_up(const struct frame *frame, const char *name)
{
        char part[256];
        size_t len = strcspn(name, ".");
        const json_t *value = NULL;

        if (strcmp(name, ".") == 0)
                return frame->value;
        if (len >= sizeof part)
                return NULL;
        memcpy(part, name, len);
        part[len] = '\0';
        for (; frame != NULL && value == NULL; frame = frame->outer)
                value = json_object_get(frame->value, part);
        for (name += len; value != NULL && *name == '.'; name += len) {
                name++;
                len = strcspn(name, ".");
                if (len >= sizeof part)
                        return NULL;
                memcpy(part, name, len);
                part[len] = '\0';
                value = json_object_get(value, part);
        }
        return value;
}

/* Zero is something ("0 of 100"), an empty text is not. */
static bool is_true(const json_t *value)
{
        if (json_is_string(value))
                return json_string_length(value) > 0;
        if (json_is_array(value))
                return json_array_size(value) > 0;
        return value != NULL && !json_is_null(value) && !json_is_false(value);
}

/* The fewest digits that read back as the same number. */
static void add_real(struct buf *out, double value)
{
        char text[32];

        for (int digits = 15; digits <= 17; digits++) {
                snprintf(text, sizeof text, "%.*g", digits, value);
                if (strtod(text, NULL) == value)
                        break;
        }
        buf_add_text(out, text);
}

static void add_value(struct painter *p, const json_t *value, bool raw)
{
        if (json_is_string(value)) {
                if (raw)
                        buf_add(p->out, json_string_value(value), json_string_length(value));
                else
                        code_html(p->out, json_string_value(value), json_string_length(value));
        } else if (json_is_integer(value)) {
                buf_format(p->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        } else if (json_is_real(value)) {
                add_real(p->out, json_real_value(value));
        } else if (json_is_boolean(value)) {
                buf_add_text(p->out, json_is_true(value) ? "true" : "false");
        }
        /* null, objects and lists have no text */
}

static int paint(struct painter *p, const struct mustache *m, size_t from, size_t to,
                 const struct frame *frame);

static int paint_partial(struct painter *p, const struct mustache_node *n,
                         const struct frame *frame)
{
        const struct mustache *m = p->find == NULL ? NULL : p->find(p->context, n->name);
        size_t before = p->indent.len;
        int result;

        if (m == NULL)
                return 0;
        if (p->partials == MUSTACHE_NESTING_MAX)
                return fail_set(p->why, FAIL_INPUT, "partial %.60s: nested too deep", n->name);
        buf_add_text(&p->indent, n->indent);
        p->partials++;
        result = paint(p, m, 0, m->count, frame);
        p->partials--;
        p->indent.len = before; /* the outer indentation again */
        return result;
}

static int paint_section(struct painter *p, const struct mustache *m, size_t at,
                         const struct frame *frame)
{
        const json_t *value = look_up(frame, m->nodes[at].name);
        struct frame inner = { value, frame };

        if (!is_true(value))
                return 0;
        if (!json_is_array(value))
                return paint(p, m, at + 1, m->nodes[at].end, &inner);
        for (size_t i = 0; i < json_array_size(value); i++) {
                inner.value = json_array_get(value, i);
                if (paint(p, m, at + 1, m->nodes[at].end, &inner) != 0)
                        return -1;
        }
        return 0;
}

/* Sections and partials each nest MUSTACHE_NESTING_MAX deep, and steps are counted, so that
 * loops in loops over long lists end even if they print nothing. */
static int paint(struct painter *p, const struct mustache *m, size_t from, size_t to,
                 const struct frame *frame)
{
        for (size_t i = from; i < to; i++) {
                const struct mustache_node *n = &m->nodes[i];
                int result = 0;

                if (++p->steps > MUSTACHE_STEPS_MAX)
                        return fail_set(p->why, FAIL_INPUT, "the page takes too many steps");
                switch (n->kind) {
                case NODE_TEXT:
                        buf_add(p->out, n->text, n->len);
                        break;
                case NODE_LINE:
                        if (p->indent.len > 0)
                                buf_add(p->out, p->indent.data, p->indent.len);
                        break;
                case NODE_VALUE:
                case NODE_RAW:
                        add_value(p, look_up(frame, n->name), n->kind == NODE_RAW);
                        break;
                case NODE_SECTION:
                        result = paint_section(p, m, i, frame);
                        i = n->end - 1;
                        break;
                case NODE_INVERTED:
                        if (is_true(look_up(frame, n->name)))
                                i = n->end - 1;
                        break;
                case NODE_PARTIAL:
                        result = paint_partial(p, n, frame);
                        break;
                }
                if (result != 0)
                        return -1;
                if (p->out->over)
                        return fail_set(p->why, FAIL_INPUT, "the page is longer than %zu bytes",
                                        MUSTACHE_OUTPUT_MAX);
        }
        return 0;
}

int mustache_render(const struct mustache *m, const json_t *data, mustache_find *find,
                    void *context, struct buf *out, struct fail *why)
{
        struct frame frame = { data, NULL };
        struct painter p = { find, context, out, BUF_NONE, 0, 0, why };
        size_t max = out->max;
        bool over = out->over;
        int result;

        /* The buffer itself keeps the ceiling: a single value can be megabytes long. */
        if (max == 0 || max > out->len + MUSTACHE_OUTPUT_MAX)
                out->max = out->len + MUSTACHE_OUTPUT_MAX;
        out->over = false;
        result = paint(&p, m, 0, m->count, &frame);
        out->max = max;
        out->over |= over;
        buf_dispose(&p.indent);
        return result;
}
