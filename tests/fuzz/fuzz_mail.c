/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mail of any subject, recipient, name and text (one line each; the text comes last): what is
 * written has our header lines and no other, short lines, and no control characters.
 */
#include "door/mail.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *to = next_part(&data, &size, '\n'), *subject = next_part(&data, &size, '\n'),
             *name = next_part(&data, &size, '\n'), *text = mem_text_part((const char *)data, size);
        struct mail mail = { .from = "a@example.org",
                             .from_name = name,
                             .to = to,
                             .subject = subject,
                             .text = text,
                             .id = "id",
                             .date_ms = 0 };
        struct buf out = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        size_t heads = 0;
        bool body = false;

        if (mail_write(&mail, &out, &why) != 0) {
                MUST(why.kind == FAIL_INPUT);
        } else {
                for (const char *line = buf_text(&out); *line != '\0';) {
                        size_t len = strcspn(line, "\r\n");

                        MUST(line[len] == '\r' && line[len + 1] == '\n');
                        MUST(len <= 998 && (!body || len <= 76));
                        for (size_t i = 0; i < len; i++)
                                MUST((line[i] >= ' ' && line[i] < 0x7F) ||
                                     (body && line[i] == '\t'));
                        MUST(!body || line[0] != '.');
                        heads += !body && len > 0 && line[0] != ' ';
                        body = body || len == 0;
                        line += len + 2;
                }
                MUST(body && heads == 9);
        }
        buf_dispose(&out);
        mem_free(text);
        mem_free(name);
        mem_free(subject);
        mem_free(to);
        return 0;
}
