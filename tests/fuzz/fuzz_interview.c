/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scheduling flow asks of an interview link: refused by name, or kept whole. */
#include "floor/text.h"
#include "fuzz.h"
#include "home/interview_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        json_t *document = json_parse(data, size, true, NULL), *record, *before;
        struct fail why = FAIL_CLEAR;

        if (document == NULL)
                return 0;
        record = json_object();
        before = json_object();
        if (interview_take(record, document, &why) == 0) {
                MUST(json_is_object(document));
                json_object_update(before, record);
                /* taken again, it changes nothing */
                MUST(interview_take(record, document, NULL) == 0);
                MUST(json_equal(before, record));
        } else {
                MUST(why.kind == FAIL_INPUT && why.text[0] != '\0');
        }
        json_decref(record);
        json_decref(before);
        json_decref(document);
        return 0;
}
