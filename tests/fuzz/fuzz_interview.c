/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scheduling flow asks of an interview link: refused by name, or kept whole. */
#include "floor/text.h"
#include "fuzz.h"
#include "home/interview.h"
#include "home/interview_document.h"

/* RFC 5545, 3.1: CRLF ends each line of at most 75 octets; nothing typed starts another one. */
static void check_calendar(const json_t *record)
{
        struct buf out = BUF_NONE;
        int begun = 0;

        interview_calendar("acme", "i1", record, "https://hire.example.org/f/x", &out);
        for (const char *line = buf_text(&out); *line != '\0';) {
                const char *end = strstr(line, "\r\n");

                MUST(end != NULL && end - line <= 75);
                MUST(memchr(line, '\n', (size_t)(end - line)) == NULL);
                begun += strncmp(line, "BEGIN:", 6) == 0;
                line = end + 2;
        }
        MUST(begun == 2);
        MUST(text_utf8_valid(buf_text(&out), out.len) || strstr(buf_text(&out), "\r\n ") != NULL);
        buf_dispose(&out);
}

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
                check_calendar(record);
        } else {
                MUST(why.kind == FAIL_INPUT && why.text[0] != '\0');
        }
        json_decref(record);
        json_decref(before);
        json_decref(document);
        return 0;
}
