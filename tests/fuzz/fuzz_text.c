/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text: UTF-8 against a second opinion, cutting, names, numbers. */
#include "floor/text.h"
#include "fuzz.h"

/* RFC 3629 by decoding, where the library goes by tables or ranges. */
static bool valid(const uint8_t *p, size_t len)
{
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

        while (len > 0) {
                size_t size = *p < 0x80       ? 1
                              : *p >> 5 == 6  ? 2
                              : *p >> 4 == 14 ? 3
                              : *p >> 3 == 30 ? 4
                                              : 0;
                uint32_t code = size < 2 ? *p : *p & (0x7FU >> size);

                if (size == 0 || size > len)
                        return false;
                for (size_t i = 1; i < size; i++) {
                        if (p[i] >> 6 != 2)
                                return false;
                        code = code << 6 | (p[i] & 63);
                }
                if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
                        return false;
                p += size;
                len -= size;
        }
        return true;
}

static void words(char *text)
{
        char *rest = text, *part;
        size_t total = 0, len = strlen(text);

        while ((part = text_next(&rest, ',')) != NULL) {
                total += strlen(part) + 1;
                text_trim(part);
        }
        MUST(total <= len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = the_rest(data, size);
        bool good = valid(data, size);
        int64_t number = 0;

        MUST(text_utf8_valid(data, size) == good);
        if (text_is_name(text, 32))
                MUST(strlen(text) <= 32 && *text != '-' && strpbrk(text, "/.% \\") == NULL);
        if (text_int(text, -1000, 1000, &number) == 0)
                MUST(number >= -1000 && number <= 1000 && strtoll(text, NULL, 10) == number);
        for (size_t most = 0; most < 8; most++) {
                char *copy = mem_text(text);
                size_t len = text_cut(copy, most);

                MUST(len == strlen(copy) && len <= most);
                if (good)
                        MUST(text_utf8_valid(copy, len));
                mem_free(copy);
        }
        words(text);
        mem_free(text);
        return 0;
}
