/* SPDX-License-Identifier: GPL-3.0-or-later */
/* application/x-www-form-urlencoded, as in the URL Standard, section 5.1. */
#include "web/form.h"

#include <string.h>

#include "floor/buf.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

/* The decoded text, or NULL; the caller frees. */
static char *decode(const char *text, size_t len)
{
        struct buf b = BUF_NONE;

        buf_reserve(&b, len);
        if (code_unform(&b, text, len) == 0 && text_utf8_valid(buf_text(&b), b.len))
                return b.data == NULL ? mem_text("") : buf_take(&b);
        buf_dispose_secret(&b);
        return NULL;
}

static void add(struct form *f, const char *pair, size_t len)
{
        const char *equals = memchr(pair, '=', len);
        size_t name_len = equals == NULL ? len : (size_t)(equals - pair);
        char *name, *value;

        if (name_len == 0 || name_len > (size_t)3 * FORM_NAME_MAX)
                return;
        name = decode(pair, name_len);
        value = equals == NULL ? mem_text("") : decode(equals + 1, len - name_len - 1);
        if (name == NULL || value == NULL || strlen(name) > FORM_NAME_MAX) {
                mem_free(name);
                mem_free_secret(value);
                return;
        }
        f->fields = mem_resize(f->fields, f->count + 1, sizeof *f->fields);
        f->fields[f->count].name = name;
        f->fields[f->count++].value = value;
}

void form_parse(struct form *f, const char *text, size_t len)
{
        const char *end = text + len;

        f->fields = NULL;
        f->count = 0;
        f->over = false;
        for (const char *next; text < end; text = next + 1) {
                next = memchr(text, '&', (size_t)(end - text));
                if (next == NULL)
                        next = end;
                if (next == text)
                        continue;
                if (f->count == FORM_FIELDS_MAX) {
                        f->over = true;
                        return;
                }
                add(f, text, (size_t)(next - text));
        }
}

const char *form_value(const struct form *f, const char *name)
{
        for (size_t i = 0; i < f->count; i++)
                if (strcmp(f->fields[i].name, name) == 0)
                        return f->fields[i].value;
        return NULL;
}

void form_dispose(struct form *f)
{
        for (size_t i = 0; i < f->count; i++) {
                mem_free(f->fields[i].name);
                mem_free_secret(f->fields[i].value);
        }
        mem_free(f->fields);
        f->fields = NULL;
        f->count = 0;
}
