/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as PDF: what a reader relies on holds, whatever the text. */
#include "bridge/pdf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "floor/mem.h"

static int count(const struct buf *b, const char *what)
{
        int hits = 0;

        for (size_t i = 0; i + strlen(what) <= b->len; i++)
                hits += memcmp(b->data + i, what, strlen(what)) == 0;
        return hits;
}

/* Every object stands where the table says, and the table where its address says. */
static bool is_sound(const struct buf *b, const char **why)
{
        const char *end = b->len > 40 ? memmem(b->data + b->len - 40, 40, "startxref\n", 10) : NULL;
        size_t table;
        int objects = 0;
        const char *at;

        *why = "no end";
        if (end == NULL || memcmp(b->data, "%PDF-1.4\n", 9) != 0 ||
            memcmp(b->data + b->len - 6, "%%EOF\n", 6) != 0)
                return false;
        table = strtoul(end + 10, NULL, 10);
        *why = "no table";
        if (table >= b->len || sscanf(b->data + table, "xref\n0 %d\n", &objects) != 1 ||
            objects < 7)
                return false;
        at = strchr(b->data + table + 5, '\n') + 21; /* behind the first row */
        for (int i = 1; i < objects; i++, at += 20) {
                char *want = mem_format("%d 0 obj\n", i);
                size_t offset = strtoul(at, NULL, 10);
                bool good = offset + strlen(want) < b->len &&
                            memcmp(b->data + offset, want, strlen(want)) == 0;

                mem_free(want);
                *why = "an object is elsewhere";
                if (!good)
                        return false;
        }
        *why = NULL;
        return true;
}

/* Each stream is as long as it says. */
static bool streams_fit(const struct buf *b)
{
        const char *at = b->data;

        while ((at = memmem(at, b->len - (size_t)(at - b->data), "<< /Length ", 11)) != NULL) {
                size_t len = strtoul(at + 11, NULL, 10);
                const char *start = strstr(at, "stream\n") + 7;

                if (memcmp(start + len, "endstream", 9) != 0)
                        return false;
                at = start;
        }
        return true;
}

int main(void)
{
        static const struct {
                const char *name, *text, *holds, *lacks;
                int pages;
        } rows[] = {
                { "nothing", "", "() Tj", NULL, 1 },
                { "a line", "Result: 530 of 600", "(Result: 530 of 600) Tj", NULL, 1 },
                { "brackets", "a (b) \\ c", "(a \\(b\\) \\\\ c) Tj", NULL, 1 },
                { "Western letters", "Zo\xC3\xAB \xE2\x82\xAC 5 \xE2\x80\x93 ok",
                  "(Zo\xEB \x80 5 \x96 ok) Tj", NULL, 1 },
                { "other letters", "\xE6\x9D\x8E \xF0\x9F\x98\x80!", "(? ?!) Tj", NULL, 1 },
                { "control characters", "a\x01\x1b[2Jb\tc\r\nd",
                  "(a?"
                  "?[2Jb c) Tj",
                  "\x1b", 1 },
                { "not UTF-8", "a\xFF\xC3(b\xE2\x82",
                  "(a?"
                  "?\\(b?"
                  "?) Tj",
                  NULL, 1 },
                { "a long word",
                  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                  "xxxx"
                  "yyy",
                  "(yyy) Tj", NULL, 1 },
                { "a long line",
                  "one two three four five six seven eight nine ten eleven twelve thirteen "
                  "fourteen "
                  "fifteen sixteen",
                  "(fifteen sixteen) Tj", NULL, 1 },
        };
        struct buf text = BUF_NONE, out = BUF_NONE;
        const char *why;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                buf_reset(&out);
                pdf_print(&out, rows[i].text);
                tap_ok(is_sound(&out, &why), "%s: every object in its place%s%s", rows[i].name,
                       why == NULL ? "" : ": ", why == NULL ? "" : why);
                tap_ok(streams_fit(&out), "%s: streams as long as they say", rows[i].name);
                tap_int(count(&out, rows[i].holds), 1, "%s: holds %s", rows[i].name, rows[i].holds);
                tap_int(rows[i].lacks == NULL ? 0 : count(&out, rows[i].lacks), 0,
                        "%s: and nothing that it must not", rows[i].name);
                tap_int(count(&out, "/Type /Page "), rows[i].pages, "%s: pages", rows[i].name);
        }
        for (int i = 0; i < 61; i++)
                buf_format(&text, "line %d\n", i);
        buf_reset(&out);
        pdf_print(&out, buf_text(&text));
        tap_int(count(&out, "/Type /Page "), 2, "61 lines take two pages");
        tap_ok(is_sound(&out, &why), "both sound");
        tap_int(count(&out, "/F2 10 Tf"), 1, "one bold line in all");
        for (int i = 0; i < 9000; i++)
                buf_format(&text, "line %d\n", i);
        buf_reset(&out);
        pdf_print(&out, buf_text(&text));
        tap_int(count(&out, "/Type /Page "), PDF_PAGES_MAX, "a very long text is cut");
        tap_ok(is_sound(&out, &why), "and sound all the same");
        buf_reset(&out);
        buf_add_text(&out, "before ");
        pdf_print(&out, "x");
        tap_int(count(&out, "before %PDF-1.4"), 1, "what stood in the buffer stays");
        buf_dispose(&out);
        buf_dispose(&text);
        return tap_end();
}
