/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times: what is read can be written, and means the same moment. */
#include "floor/buf.h"
#include "floor/when.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = the_rest(data, size);
        struct buf out = BUF_NONE;
        int64_t ms = 0, again = 0;

        if (when_parse(text, &ms) == 0) {
                when_iso(&out, ms);
                /* an offset may lead out of the years 0000 to 9999 */
                if (out.data[0] != '-' && (out.len == 20 || out.len == 24)) {
                        MUST(when_parse(buf_text(&out), &again) == 0);
                        MUST(ms == again);
                }
                buf_reset(&out);
                when_http(&out, ms);
                when_span(&out, ms);
        }
        buf_dispose(&out);
        mem_free(text);
        return 0;
}
