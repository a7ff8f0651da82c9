/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the other side answered while one attempt was made. */
#include "bridge/heard.h"

#include <string.h>

#include "bridge/link.h"
#include "floor/mem.h"
#include "floor/text.h"

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
        json_set_int(call, "bytes", (int64_t)ended->bytes);
        if (ended->body_len > 0 && heard_text(ended->body, ended->body_len, HEARD_BYTES, &text)) {
                json_set_text(call, "text", buf_text(&text));
                json_set_bool(call, "cut", ended->bytes > HEARD_BYTES || text.over);
        }
        if (h->calls == NULL)
                h->calls = json_array();
        json_add(h->calls, call);
        while (json_array_size(h->calls) > HEARD_CALLS)
                json_array_remove(h->calls, 0);
        buf_dispose(&text);
}

void heard_drop(struct heard *h)
{
        size_t count = json_array_size(h->calls);

        if (count > 0)
                json_object_del(json_array_get(h->calls, count - 1), "text");
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
