/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record of the home's inbox. */
#include "home/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"

#define MARK "FD1\n"
#define MARK_LENGTH (sizeof MARK - 1)

static const char *const words[] = {
        [DELIVERY_EVENT] = "event",
        [DELIVERY_PROBE] = "probe",
        [DELIVERY_REFUSED] = "refused",
        [DELIVERY_WAKE] = "wake",
};

/* Written by hand: this is the hot path of intake, and the line is always of this form. */
static void add_text(struct buf *out, const char *text)
{
        bool utf8 = text_utf8_valid(text, strlen(text));
        const char *from = text;

        buf_add_char(out, '"');
        for (const char *p = text; *p != '\0'; p++) {
                unsigned char c = (unsigned char)*p;

                if (c != '"' && c != '\\' && c >= 0x20 && (utf8 || c < 0x80))
                        continue;
                buf_add(out, from, (size_t)(p - from));
                from = p + 1;
                if (c == '"' || c == '\\')
                        buf_format(out, "\\%c", c);
                else if (c < 0x20)
                        buf_format(out, "\\u%04x", c);
                else
                        buf_add_text(out, "\\ufffd"); /* a header may hold any byte */
        }
        buf_add_text(out, from);
        buf_add_char(out, '"');
}

static void add_member(struct buf *out, const char *name, const char *text)
{
        if (text == NULL)
                return;
        buf_add_char(out, ',');
        add_text(out, name);
        buf_add_char(out, ':');
        add_text(out, text);
}

static void add_number(struct buf *out, const char *name, int64_t value)
{
        char text[48];
        int len = snprintf(text, sizeof text, ",\"%s\":%" PRId64, name, value);

        buf_add(out, text, (size_t)len);
}

void delivery_header(struct buf *headers, const char *name, const char *value)
{
        if (headers->len == 0)
                buf_add_char(headers, '{');
        else
                headers->data[headers->len - 1] = ',';
        add_text(headers, name);
        buf_add_char(headers, ':');
        add_text(headers, value);
        buf_add_char(headers, '}');
}

void delivery_write(const struct delivery *d, struct buf *out)
{
        buf_reserve(out, d->body_len + 512);
        buf_add(out, MARK, MARK_LENGTH);
        buf_add_text(out, "{\"what\":");
        add_text(out, words[d->what]);
        add_member(out, "org", d->org);
        add_member(out, "connection", d->connection);
        add_number(out, "at", d->received_ms);
        add_member(out, "id", d->request_id);
        if (d->what == DELIVERY_EVENT || d->what == DELIVERY_PROBE || d->trust != TRUST_UNSIGNED)
                add_member(out, "trust", trust_word(d->trust));
        add_member(out, "secret", d->secret);
        add_member(out, "reason", d->reason);
        if (d->count != 0)
                add_number(out, "count", d->count);
        if (d->headers_text != NULL && d->headers_text->len > 0) {
                buf_add_text(out, ",\"headers\":");
                buf_add_buf(out, d->headers_text);
        } else if (d->headers != NULL) {
                buf_add_text(out, ",\"headers\":");
                json_write(d->headers, out);
        }
        buf_add_text(out, "}\n");
        if (d->body_len > 0)
                buf_add(out, d->body, d->body_len);
}

static int word_of(const char *word)
{
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (strcmp(words[i], word) == 0)
                        return (int)i;
        return -1;
}

static enum trust trust_of(const char *word)
{
        if (strcmp(word, trust_word(TRUST_BODY)) == 0)
                return TRUST_BODY;
        if (strcmp(word, trust_word(TRUST_NOTICE)) == 0)
                return TRUST_NOTICE;
        return TRUST_UNSIGNED; /* also for a word of the future: never more than we know */
}

int delivery_read(struct delivery *d, const void *record, size_t len, struct fail *why)
{
        const char *text = record, *end;
        struct fail cause = FAIL_CLEAR;
        json_t *meta, *headers;
        int what;

        memset(d, 0, sizeof *d);
        if (len < MARK_LENGTH || memcmp(text, MARK, MARK_LENGTH) != 0)
                return fail_set(why, FAIL_BROKEN, "inbox record without its mark");
        text += MARK_LENGTH;
        len -= MARK_LENGTH;
        end = memchr(text, '\n', len);
        if (end == NULL)
                return fail_set(why, FAIL_BROKEN, "inbox record without its head");
        meta = json_parse(text, (size_t)(end - text), true, &cause);
        what = word_of(json_get_text(meta, "what", ""));
        if (!json_is_object(meta) || what < 0 || json_get_text(meta, "org", NULL) == NULL) {
                json_decref(meta);
                return fail_set(why, FAIL_BROKEN, "inbox record with an unknown head: %s",
                                cause.text);
        }
        d->what = (enum delivery_what)what;
        d->org = mem_text(json_get_text(meta, "org", NULL));
        d->connection = mem_text(json_get_text(meta, "connection", NULL));
        d->received_ms = json_get_int(meta, "at", 0);
        d->request_id = mem_text(json_get_text(meta, "id", NULL));
        d->trust = trust_of(json_get_text(meta, "trust", ""));
        d->secret = mem_text(json_get_text(meta, "secret", NULL));
        d->reason = mem_text(json_get_text(meta, "reason", NULL));
        d->count = json_get_int(meta, "count", 0);
        headers = json_at(meta, "headers");
        d->headers = json_is_object(headers) ? json_incref(headers) : json_object();
        d->body = end + 1;
        d->body_len = len - (size_t)(end + 1 - text);
        json_decref(meta);
        return 0;
}

void delivery_dispose(struct delivery *d)
{
        mem_free(d->org);
        mem_free(d->connection);
        mem_free(d->request_id);
        mem_free(d->secret);
        mem_free(d->reason);
        json_decref(d->headers);
        memset(d, 0, sizeof *d);
}
