/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoders: one text per value, and back. */
#include "floor/buf.h"
#include "floor/code.h"
#include "fuzz.h"

static void canonical(int (*decode)(struct buf *, const char *, size_t),
                      void (*encode)(struct buf *, const void *, size_t), const char *text,
                      size_t len)
{
        struct buf bytes = BUF_NONE, back = BUF_NONE;

        if (decode(&bytes, text, len) == 0) {
                encode(&back, bytes.data, bytes.len);
                MUST(back.len == len && (len == 0 || memcmp(back.data, text, len) == 0));
        }
        buf_reset(&bytes);
        buf_reset(&back);
        encode(&bytes, text, len);
        MUST(decode(&back, bytes.data, bytes.len) == 0);
        MUST(back.len == len && (len == 0 || memcmp(back.data, text, len) == 0));
        buf_dispose(&bytes);
        buf_dispose(&back);
}

static void percent(const char *text, size_t len)
{
        struct buf plain = BUF_NONE, again = BUF_NONE, back = BUF_NONE;

        if (code_unurl(&plain, text, len) == 0) {
                MUST(memchr(buf_text(&plain), '\0', plain.len) == NULL);
                code_url(&again, buf_text(&plain));
                MUST(code_unurl(&back, buf_text(&again), again.len) == 0);
                MUST(strcmp(buf_text(&back), buf_text(&plain)) == 0);
        }
        buf_reset(&plain);
        if (code_unform(&plain, text, len) == 0)
                MUST(memchr(buf_text(&plain), '+', plain.len) == NULL || memchr(text, '%', len));
        buf_reset(&plain);
        code_html(&plain, text, len);
        MUST(strcspn(buf_text(&plain), "<>\"'") == strlen(buf_text(&plain)));
        buf_dispose(&plain);
        buf_dispose(&again);
        buf_dispose(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;
        struct buf bytes = BUF_NONE;
        size_t half = size / 2;

        canonical(code_unbase64, code_base64, text, size);
        canonical(code_unbase64url, code_base64url, text, size);
        if (code_unhex(&bytes, text, size) == 0)
                MUST(bytes.len * 2 == size);
        percent(text, size);
        MUST(code_crc32c(0, data, size) ==
             code_crc32c(code_crc32c(0, data, half), data + half, size - half));
        buf_dispose(&bytes);
        return 0;
}
