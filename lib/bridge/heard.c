/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the other side answered while one attempt was made. */
#include "bridge/heard.h"

#include <string.h>

#include "bridge/link.h"
#include "floor/mem.h"
#include "floor/text.h"

#define HOST "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:"

static bool ends_with_scheme(const struct buf *out)
{
        const char *text = buf_text(out);

        return (out->len >= 4 && text_equal_fold(text + out->len - 4, "http")) ||
               (out->len >= 5 && text_equal_fold(text + out->len - 5, "https"));
}

/* Bytes of "://" at the start of text, also as JSON may write it; 0 it is something else. */
static size_t slashes(const char *text, size_t len)
{
        static const char *const forms[] = { "://", ":\\/\\/" };

        for (size_t i = 0; i < 2; i++)
                if (len >= strlen(forms[i]) && memcmp(text, forms[i], strlen(forms[i])) == 0)
                        return strlen(forms[i]);
        return 0;
}

/* Does an address end here?  "\/" and "\u0026" belong to it. */
static bool ends_address(const char *text, size_t len)
{
        if (text[0] == '\\')
                return len < 2 || (text[1] != '/' && text[1] != 'u');
        if (text[0] == ',' && len > 1 && text[1] == ' ')
                return true;
        return (unsigned char)text[0] <= ' ' || strchr("\"'<>()|`", text[0]) != NULL;
}

/* The address whose scheme has been written, as far as the host; returns its bytes. */
static size_t add_address(const char *text, size_t len, struct buf *out)
{
        size_t at = slashes(text, len), host = at;

        buf_add_text(out, "://");
        while (at < len && text[at] != '\0' && strchr(HOST, text[at]) != NULL)
                at++;
        if (at == len || ends_address(text + at, len - at)) {
                buf_add(out, text + host, at - host);
                return at;
        }
        if (text[at] == '/' || text[at] == '?' || text[at] == '#' || text[at] == '\\')
                buf_add(out, text + host, at - host); /* or it is a name and a password */
        buf_add_text(out, "/…");
        while (at < len && !ends_address(text + at, len - at))
                at++;
        return at;
}

bool heard_text(const void *body, size_t len, size_t max, struct buf *out)
{
        const char *text = body;
        size_t end = len < max ? len : max, at = 0;

        while (at < end) {
                size_t size = text_utf8_size(text + at, end - at);

                if (size == 0 && end < len && end - at < 4)
                        break; /* a character that max cuts */
                if (size == 0 || text[at] == 0x7f ||
                    ((unsigned char)text[at] < ' ' && strchr("\t\n\r", text[at]) == NULL) ||
                    text[at] == '\0')
                        return false;
                if (slashes(text + at, end - at) > 0 && ends_with_scheme(out)) {
                        at += add_address(text + at, end - at, out);
                        continue;
                }
                buf_add(out, text + at, size);
                at += size;
        }
        return true;
}

/* Host and path: a query may hold anything. */
static void set_where(json_t *call, const char *url)
{
        const char *start = strstr(url, "://");
        char *where = mem_text(start == NULL ? url : start + 3);

        where[strcspn(where, "?#")] = '\0';
        text_cut(where, 300);
        json_set_text(call, "where", where);
        mem_free(where);
}

static void set_type(json_t *call, const char *type)
{
        char *text = mem_text(text_or(type, ""));

        text_cut(text, 80);
        if (*text != '\0' && text_utf8_valid(text, strlen(text)))
                json_set_text(call, "type", text);
        mem_free(text);
}

void heard_note(struct heard *h, const struct heard_call *ended)
{
        json_t *call = json_object();
        struct buf text = BUF_NONE;

        json_set_text(call, "method", ended->method);
        set_where(call, ended->url);
        json_set_int(call, "us", ended->us);
        if (ended->status > 0)
                json_set_int(call, "status", ended->status);
        else
                json_set_text(call, "cause", text_or(ended->cause, ""));
        set_type(call, ended->type);
        json_set_int(call, "bytes", (int64_t)ended->body_len);
        if (ended->body_len > 0 && heard_text(ended->body, ended->body_len, HEARD_BYTES, &text)) {
                json_set_text(call, "text", buf_text(&text));
                json_set_bool(call, "cut", ended->body_len > HEARD_BYTES);
        }
        if (h->calls == NULL)
                h->calls = json_array();
        json_add(h->calls, call);
        while (json_array_size(h->calls) > HEARD_CALLS)
                json_array_remove(h->calls, 0);
        buf_dispose(&text);
}

static void shorten(json_t *call)
{
        char *text = mem_text(json_get_text(call, "text", ""));

        if (strlen(text) > HEARD_BYTES_OK) {
                text_cut(text, HEARD_BYTES_OK);
                json_set_text(call, "text", text);
                json_set_bool(call, "cut", true);
        }
        mem_free(text);
}

json_t *heard_take(struct heard *h, bool well, bool anybody)
{
        json_t *calls = h->calls, *call;
        size_t i;

        h->calls = NULL;
        json_array_foreach(calls, i, call)
        {
                if (anybody && json_get_int(call, "status", 0) < 400)
                        json_object_del(call, "text");
                else if (well)
                        shorten(call);
        }
        return calls;
}

void heard_dispose(struct heard *h)
{
        json_decref(h->calls);
        h->calls = NULL;
}
