/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The apply document: refused with the path of what is wrong, or read twice the same. */
#include "door/fetch.h"
#include "fuzz.h"
#include "home/apply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool started;
        struct fail why = FAIL_CLEAR;
        json_t *document, *again;

        if (!started)
                started = fetch_start("", NULL) == 0;
        /* what names files or the environment would read this machine's */
        if (memmem(data, size, "file", 4) != NULL || memmem(data, size, "env", 3) != NULL ||
            memmem(data, size, "\\u", 2) != NULL)
                return -1;
        document = apply_read(data, size, "/nowhere", &why);
        MUST((document == NULL) == (why.kind != FAIL_NONE));
        if (document != NULL) {
                again = apply_read(data, size, "/nowhere", NULL);
                MUST(json_equal(document, again));
                apply_forget(again);
                apply_forget(document);
        } else {
                MUST(why.text[0] != '\0');
        }
        return 0;
}
