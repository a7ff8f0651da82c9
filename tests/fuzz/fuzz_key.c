/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What somebody asks of the key registry: whatever is taken has whole times and known names. */
#include "fuzz.h"
#include "home/key_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        for (int what = KEY_DOCUMENT_ISSUE; what <= KEY_DOCUMENT_ROTATE; what++) {
                struct fail why = FAIL_CLEAR;
                json_t *asked = key_document_read(data, size, (enum key_document)what,
                                                  INT64_C(1790000000000), &why),
                       *value;
                const char *name;

                MUST((asked != NULL) == (why.kind == FAIL_NONE));
                json_object_foreach(asked, name, value)
                {
                        size_t len = strlen(name);

                        if (len > 3 && strcmp(name + len - 3, "_ms") == 0)
                                MUST(json_is_integer(value));
                }
                json_decref(asked);
        }
        return 0;
}
