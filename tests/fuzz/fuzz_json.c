/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: what is let in can be written, and is the same when read again. */
#include "door/json.h"
#include "floor/buf.h"
#include "floor/text.h"
#include "fuzz.h"

static size_t depth_of(const json_t *value)
{
        size_t most = 0, i;
        const char *name;
        json_t *part;

        json_array_foreach(value, i, part)
        {
                size_t depth = depth_of(part);

                most = depth > most ? depth : most;
        }
        json_object_foreach((json_t *)(uintptr_t)value, name, part)
        {
                size_t depth = depth_of(part);

                MUST(text_utf8_valid(name, strlen(name)));
                most = depth > most ? depth : most;
        }
        return json_is_array(value) || json_is_object(value) ? most + 1 : 0;
}

static void read_as_everything(const json_t *value)
{
        char *id = json_id_of(value);

        json_text_of(value, "");
        json_int_of(value, 0);
        json_real_of(value, 0);
        json_bool_of(value, false);
        mem_free(id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fail why = FAIL_CLEAR;
        json_t *strict = json_parse(data, size, true, NULL);
        json_t *loose = json_parse(data, size, false, &why), *again;
        struct buf once = BUF_NONE, twice = BUF_NONE;
        json_t *text, *read = json_read(data, size, NULL), *skimmed = json_skim(data, size), *part;
        const char *name;

        /* what needs no mending is not mended; what was mended is as good as any */
        MUST(loose == NULL || json_equal(loose, read));
        if (read != NULL) {
                json_write(read, &once);
                again = json_parse(once.data, once.len, true, NULL);
                MUST(json_equal(read, again));
                json_decref(again);
                buf_reset(&once);
        }
        /* a part seen from afar is the part seen from near */
        MUST(json_object_size(skimmed) <= JSON_SKIM_MAX);
        json_object_foreach(skimmed, name, part)
        {
                MUST(!json_is_object(part) && !json_is_array(part));
                MUST(!json_is_object(loose) || size > JSON_SKIM_MAX * strlen("'':1,") ||
                     json_equal(part, json_object_get(loose, name)));
        }
        json_decref(read);
        json_decref(skimmed);
        MUST(strict == NULL || json_equal(strict, loose));
        MUST((loose == NULL) == (why.kind == FAIL_INPUT));
        if (loose != NULL) {
                MUST(depth_of(loose) <= JSON_DEPTH_MAX);
                read_as_everything(loose);
                read_as_everything(json_at(loose, "a.0.b"));
                json_write(loose, &once);
                MUST(text_utf8_valid(once.data, once.len));
                again = json_parse(once.data, once.len, true, NULL);
                MUST(json_equal(loose, again));
                json_write(again, &twice);
                MUST(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
                json_decref(again);
                buf_reset(&once);
                json_print(loose, &once);
                again = json_parse(once.data, once.len, true, NULL);
                MUST(json_equal(loose, again));
                json_decref(again);
        }
        /* any bytes can be made a text, and that text is accepted */
        text = json_new_text((const char *)data, size);
        if (size > 0) {
                buf_reset(&once);
                json_write(text, &once);
                again = json_parse(once.data, once.len, true, NULL);
                MUST(json_equal(text, again));
                json_decref(again);
        }
        json_decref(text);
        json_decref(strict);
        json_decref(loose);
        buf_dispose(&once);
        buf_dispose(&twice);
        return 0;
}
