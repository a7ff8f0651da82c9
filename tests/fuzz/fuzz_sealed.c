/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealed secrets: anything as a sealed text, anything sealed and opened. */
#include "door/secret.h"
#include "floor/buf.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct secret_key key = { .id = "0a1b2c3d", .bytes = { 3 } };
        char *text = the_rest(data, size), *bound;
        struct buf sealed = BUF_NONE, plain = BUF_NONE;

        MUST(secret_open(&key, "bound", text, &plain, NULL) != 0);
        MUST(plain.len == 0);
        bound = next_part(&data, &size, '\n');
        secret_seal(&key, bound, data, size, &sealed);
        MUST(secret_open(&key, bound, sealed.data, &plain, NULL) == 0);
        MUST(plain.len == size && (size == 0 || memcmp(plain.data, data, size) == 0));
        buf_dispose(&sealed);
        buf_dispose(&plain);
        mem_free(text);
        mem_free(bound);
        return 0;
}
