/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain text as PDF. */
#include "bridge/pdf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define COLUMNS 84 /* of 6 points: 504 of the page's 595 */
#define LINES 60   /* of 12 points: 720 of its 842 */
#define LEFT 46
#define TOP 780
#define OBJECTS_MAX (5 + 2 * PDF_PAGES_MAX)

/* Beyond Latin-1, what WinAnsi has and people write (ISO 32000-1, annex D). */
static const struct {
        uint32_t point;
        unsigned char code;
} extra[] = {
        { 0x20AC, 0x80 }, { 0x201A, 0x82 }, { 0x201E, 0x84 }, { 0x2026, 0x85 }, { 0x0160, 0x8A },
        { 0x0152, 0x8C }, { 0x017D, 0x8E }, { 0x2018, 0x91 }, { 0x2019, 0x92 }, { 0x201C, 0x93 },
        { 0x201D, 0x94 }, { 0x2022, 0x95 }, { 0x2013, 0x96 }, { 0x2014, 0x97 }, { 0x2122, 0x99 },
        { 0x0161, 0x9A }, { 0x0153, 0x9C }, { 0x017E, 0x9E }, { 0x0178, 0x9F },
};

static unsigned char code_of(uint32_t point)
{
        if (point == '\t')
                return ' ';
        if ((point >= 0x20 && point < 0x7F) || (point >= 0xA0 && point <= 0xFF))
                return (unsigned char)point;
        for (size_t i = 0; i < sizeof extra / sizeof *extra; i++)
                if (extra[i].point == point)
                        return extra[i].code;
        return '?';
}

/* The next character; a byte that begins none counts as one. */
static uint32_t next_point(const unsigned char **at)
{
        const unsigned char *c = *at;
        int more = c[0] >= 0xF0 ? 3 : c[0] >= 0xE0 ? 2 : c[0] >= 0xC0 ? 1 : 0;
        uint32_t point = more == 0 ? c[0] : c[0] & (0x3FU >> more);

        for (int i = 1; i <= more; i++) {
                if ((c[i] & 0xC0) != 0x80) {
                        *at = c + 1;
                        return 0xFFFD;
                }
                point = point << 6 | (c[i] & 0x3FU);
        }
        *at = c + more + 1;
        return more == 0 && point > 0x7F ? 0xFFFD : point;
}

static void to_codes(struct buf *out, const char *text)
{
        const unsigned char *at = (const unsigned char *)text;

        while (*at != '\0') {
                uint32_t point = next_point(&at);

                if (point == '\n')
                        buf_add_char(out, '\n');
                else if (point != '\r')
                        buf_add_char(out, (char)code_of(point));
        }
}

struct paper {
        struct buf *out;
        size_t at[OBJECTS_MAX + 1]; /* of objects, by number */
        size_t start;               /* where the document begins in out */
        int pages;
        struct buf page; /* the text of the one in hand */
        int lines;
        bool first; /* line of all */
};

static void object(struct paper *p, int number)
{
        p->at[number] = p->out->len - p->start;
        buf_format(p->out, "%d 0 obj\n", number);
}

/* Page k is object 5 + 2k, its contents the one behind it. */
static void end_page(struct paper *p)
{
        int number = 5 + 2 * p->pages;

        if (p->lines == 0)
                return;
        buf_add_text(&p->page, "ET\n");
        object(p, number);
        buf_format(p->out,
                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
                   "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>\nendobj\n",
                   number + 1);
        object(p, number + 1);
        buf_format(p->out, "<< /Length %zu >>\nstream\n", p->page.len);
        buf_add_buf(p->out, &p->page);
        buf_add_text(p->out, "endstream\nendobj\n");
        buf_reset(&p->page);
        p->pages++;
        p->lines = 0;
}

static void line(struct paper *p, const char *codes, size_t len)
{
        if (p->pages == PDF_PAGES_MAX)
                return;
        if (p->lines == 0)
                buf_format(&p->page, "BT /F%d 10 Tf 12 TL %d %d Td\n", p->first ? 2 : 1, LEFT, TOP);
        buf_add_char(&p->page, '(');
        for (size_t i = 0; i < len; i++) {
                if (codes[i] == '(' || codes[i] == ')' || codes[i] == '\\')
                        buf_add_char(&p->page, '\\');
                buf_add_char(&p->page, codes[i]);
        }
        buf_add_text(&p->page, ") Tj T*\n");
        if (p->first)
                buf_add_text(&p->page, "/F1 10 Tf\n");
        p->first = false;
        if (++p->lines == LINES)
                end_page(p);
}

/* One line of the text, broken at spaces where it is too long for the paper. */
static void lines(struct paper *p, const char *codes, size_t len)
{
        while (len > COLUMNS) {
                size_t cut = COLUMNS;

                while (cut > 0 && codes[cut] != ' ')
                        cut--;
                if (cut == 0)
                        cut = COLUMNS;
                line(p, codes, cut);
                while (cut < len && codes[cut] == ' ')
                        cut++;
                codes += cut;
                len -= cut;
        }
        line(p, codes, len);
}

static void font(struct paper *p, int number, const char *name)
{
        object(p, number);
        buf_format(p->out,
                   "<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>\n"
                   "endobj\n",
                   name);
}

static void finish(struct paper *p)
{
        int count = 5 + 2 * p->pages;
        size_t table;

        object(p, 1);
        buf_add_text(p->out, "<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
        object(p, 2);
        buf_add_text(p->out, "<< /Type /Pages /Kids [");
        for (int i = 0; i < p->pages; i++)
                buf_format(p->out, "%s%d 0 R", i == 0 ? "" : " ", 5 + 2 * i);
        buf_format(p->out, "] /Count %d >>\nendobj\n", p->pages);
        table = p->out->len - p->start;
        buf_format(p->out, "xref\n0 %d\n0000000000 65535 f \n", count);
        for (int i = 1; i < count; i++)
                buf_format(p->out, "%010zu 00000 n \n", p->at[i]);
        buf_format(p->out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", count,
                   table);
}

void pdf_print(struct buf *out, const char *text)
{
        struct paper p = { .out = out, .start = out->len, .page = BUF_NONE, .first = true };
        struct buf codes = BUF_NONE;
        const char *at;

        buf_add_text(out, "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n");
        font(&p, 3, "Courier");
        font(&p, 4, "Courier-Bold");
        to_codes(&codes, text);
        for (at = buf_text(&codes); *at != '\0';) {
                size_t len = strcspn(at, "\n");

                lines(&p, at, len);
                at += len + (at[len] == '\n');
        }
        if (p.pages == 0 && p.lines == 0)
                line(&p, "", 0);
        end_page(&p);
        finish(&p);
        buf_dispose(&codes);
        buf_dispose(&p.page);
}
