/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates: the first part is one, which is its own partial; behind NUL stands the data. */
#include "floor/buf.h"
#include "fuzz.h"
#include "web/mustache.h"

static const struct mustache *itself(void *context, const char *name)
{
        return strlen(name) % 2 == 0 ? context : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = next_part(&data, &size, '\0');
        struct fail why = FAIL_CLEAR;
        struct mustache *m = mustache_compile(text, strlen(text), &why);
        json_t *value = json_parse(data, size, false, NULL);
        struct buf out = BUF_NONE;

        MUST((m == NULL) == (why.kind != FAIL_NONE));
        if (m != NULL) {
                mustache_render(m, value, itself, m, &out, NULL);
                MUST(out.len <= 4 << 20);
        }
        mustache_free(m);
        json_decref(value);
        buf_dispose(&out);
        mem_free(text);
        return 0;
}
