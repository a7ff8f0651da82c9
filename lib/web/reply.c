/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies: built whole, then sent, so that the status is true. */
#include <string.h>

#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "web/exchange.h"
#include "web/page.h"

static const struct {
        int status;
        const char *phrase, *sentence;
} words[] = {
        { 200, "OK", NULL },
        { 201, "Created", NULL },
        { 202, "Accepted", NULL },
        { 204, "No Content", NULL },
        { 206, "Partial Content", NULL },
        { 301, "Moved Permanently", NULL },
        { 302, "Found", NULL },
        { 303, "See Other", NULL },
        { 304, "Not Modified", NULL },
        { 307, "Temporary Redirect", NULL },
        { 308, "Permanent Redirect", NULL },
        { 400, "Bad Request", "The request could not be understood." },
        { 401, "Unauthorized", "A valid key is needed for this." },
        { 403, "Forbidden", "This key or account may not do that." },
        { 404, "Not Found", "There is nothing at this address." },
        { 405, "Method Not Allowed", "This address does not take that kind of request." },
        { 406, "Not Acceptable", "None of the formats asked for can be given." },
        { 408, "Request Timeout", "The request took too long to arrive." },
        { 409, "Conflict", "This does not fit with what is there now. Look again, then retry." },
        { 410, "Gone", "This is no longer available." },
        { 411, "Length Required", "Send the request with a Content-Length." },
        { 412, "Precondition Failed", "It has changed in the meantime. Look again, then retry." },
        { 413, "Content Too Large", "The request is larger than this address takes." },
        { 414, "URI Too Long", "The address is too long." },
        { 415, "Unsupported Media Type", "Send the request in a format that this address takes." },
        { 422, "Unprocessable Content", "The request is well formed but cannot be carried out." },
        { 428, "Precondition Required", "Say which version you mean to change." },
        { 429, "Too Many Requests", "Too many requests. Wait a little, then retry." },
        { 431, "Request Header Fields Too Large", "The request's headers are too large." },
        { 500, "Internal Server Error",
          "Something went wrong on our side. Retry later; if it stays, give us the reference." },
        { 501, "Not Implemented", "This is not supported." },
        { 502, "Bad Gateway",
          "A system behind this one did not answer as it should. Retry later." },
        { 503, "Service Unavailable", "Not possible right now. Retry in a moment." },
        { 504, "Gateway Timeout", "A system behind this one took too long. Retry later." },
};

const char *reply_phrase(int status)
{
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (words[i].status == status)
                        return words[i].phrase;
        return status < 400 ? "OK" : status < 500 ? "Bad Request" : "Internal Server Error";
}

const char *reply_sentence(int status)
{
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (words[i].status == status && words[i].sentence != NULL)
                        return words[i].sentence;
        return status < 500 ? "The request could not be carried out."
                            : "Something went wrong on our side. Retry later.";
}

void reply_init(struct reply *re)
{
        memset(re, 0, sizeof *re);
        re->status = 200;
}

void reply_dispose(struct reply *re)
{
        spool_close(&re->spool);
        mem_free(re->type);
        mem_free(re->form_target);
        buf_dispose_secret(&re->headers); /* cookies and locations may be secret */
        buf_dispose_secret(&re->body);
}

void reply_reset(struct reply *re)
{
        reply_dispose(re);
        reply_init(re);
}

void reply_status(struct reply *re, int status)
{
        re->given = true;
        re->status = status;
        if (status < 200 || status > 599)
                re->broken = true;
}

int reply_status_given(const struct reply *re)
{
        return re->status;
}

/* No control character but tab: a line break would start a header of somebody else's. */
static bool is_value(const char *text)
{
        for (; *text != '\0'; text++)
                if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7F)
                        return false;
        return true;
}

void reply_header(struct reply *re, const char *name, const char *value)
{
        static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

        re->given = true;
        if (text_empty(name) || name[strspn(name, token)] != '\0' || value == NULL ||
            !is_value(value) || text_equal_fold(name, "Content-Length") ||
            text_equal_fold(name, "Status"))
                re->broken = true;
        else if (text_equal_fold(name, "Content-Type"))
                reply_type(re, value);
        else
                buf_format(&re->headers, "%s: %s\r\n", name, value);
}

void reply_type(struct reply *re, const char *media_type)
{
        re->given = true;
        if (!is_value(media_type)) {
                re->broken = true;
                return;
        }
        mem_free(re->type);
        re->type = mem_text(media_type);
}

struct buf *reply_body(struct reply *re)
{
        re->given = true;
        return &re->body;
}

void reply_text(struct reply *re, int status, const char *text)
{
        reply_status(re, status);
        reply_type(re, "text/plain; charset=utf-8");
        buf_reset(&re->body);
        buf_add_text(&re->body, text);
}

void reply_json(struct reply *re, int status, json_t *value)
{
        reply_status(re, status);
        reply_type(re, "application/json");
        buf_reset(&re->body);
        json_write(value, &re->body);
        json_decref(value);
}

void reply_html(struct reply *re, int status, const char *html, size_t len)
{
        reply_status(re, status);
        reply_type(re, "text/html; charset=utf-8");
        buf_reset(&re->body);
        buf_add(&re->body, html, len);
}

void reply_see_other(struct reply *re, const char *location)
{
        reply_status(re, 303);
        reply_header(re, "Location", location);
}

void reply_forms_may_end_at(struct reply *re, const char *origin)
{
        /* It goes into a header whose words are separated by spaces and semicolons. */
        if (origin[strcspn(origin, " ;,'\"\t\r\n")] != '\0' || !is_value(origin)) {
                re->broken = true;
                return;
        }
        mem_free(re->form_target);
        re->form_target = mem_text(origin);
}

void reply_failure(struct request *rq, struct reply *re, const char *what, const struct fail *why)
{
        bool later = why->kind == FAIL_FULL || why->kind == FAIL_BUSY;

        log_event(LOG_LEVEL_ERROR, what, "kind", fail_word(why->kind), "cause", why->text, NULL);
        reply_problem(rq, re, later ? 503 : 500, NULL);
        if (later)
                reply_header(re, "Retry-After", why->kind == FAIL_FULL ? "60" : "2");
}

/* Has the handler set this header himself? */
static bool has(const struct reply *re, const char *name)
{
        size_t len = strlen(name);

        for (const char *line = buf_text(&re->headers); *line != '\0';) {
                if (text_starts_fold(line, name) && line[len] == ':')
                        return true;
                line = strchr(line, '\n') + 1;
        }
        return false;
}

static void add_unless(struct buf *head, const struct reply *re, const char *name,
                       const char *value)
{
        if (!has(re, name))
                buf_format(head, "%s: %s\r\n", name, value);
}

/* Nothing may be loaded, framed or run; a page may use its own stylesheet and forms. */
static void add_policy(struct buf *head, const struct reply *re)
{
        buf_add_text(head, "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
                           "frame-ancestors 'none'; ");
        if (re->page)
                buf_format(head, "style-src '%s'; %s%s%sform-action 'self'%s%s\r\n",
                           page_style_hash(), re->scripted ? "script-src '" : "",
                           re->scripted ? page_script_hash() : "", re->scripted ? "'; " : "",
                           re->form_target == NULL ? "" : " ", text_or(re->form_target, ""));
        else
                buf_add_text(head, "form-action 'none'\r\n");
}

/* length -1: not known. */
static void write_head(struct buf *head, struct request *rq, const struct reply *re, int64_t length)
{
        bool bodyless = re->status == 204 || re->status == 304;

        buf_format(head, "Status: %d %s\r\n", re->status, reply_phrase(re->status));
        if (re->type != NULL && !bodyless)
                buf_format(head, "Content-Type: %s\r\n", re->type);
        if (!bodyless && length >= 0)
                buf_format(head, "Content-Length: %lld\r\n", (long long)length);
        buf_format(head, "X-Request-Id: %s\r\n", rq->id);
        buf_add_buf(head, &re->headers);
        add_unless(head, re, "Cache-Control", "no-store");
        add_unless(head, re, "X-Content-Type-Options", "nosniff");
        add_unless(head, re, "Referrer-Policy", "no-referrer");
        if (re->status == 401)
                add_unless(head, re, "WWW-Authenticate", "Bearer realm=\"fairlead\"");
        if (!has(re, "Content-Security-Policy"))
                add_policy(head, re);
}

static int begin(struct request *rq, struct reply *re, int64_t length)
{
        struct buf head = BUF_NONE;
        int result;

        write_head(&head, rq, re, length);
        result = cgi_begin(rq->cgi, head.data, head.len);
        buf_dispose_secret(&head);
        if (result != 0)
                re->cut = true;
        return result;
}

int reply_stream(struct request *rq, struct reply *re, int64_t length)
{
        bool bodyless = text_equal(rq->method, "HEAD");
        struct fail why = FAIL_CLEAR;

        re->given = true;
        if (re->broken || re->streaming)
                return -1;
        re->streaming = true;
        re->left = bodyless ? 0 : length;
        if (bodyless || cgi_cut_shows(rq->cgi, length >= 0))
                return begin(rq, re, length);
        if (spool_open(&re->spool, serve_settings.home, &why) == 0)
                return 0;
        log_event(LOG_LEVEL_ERROR, "a reply cannot be put together", "cause", why.text, NULL);
        reply_problem(rq, re, 503, NULL);
        return -1;
}

static int put_by(struct reply *re, const void *data, size_t len)
{
        struct fail why = FAIL_CLEAR;

        if (spool_add(&re->spool, data, len, &why) == 0)
                return 0;
        log_event(LOG_LEVEL_ERROR, "a reply cannot be put together", "cause", why.text, NULL);
        return -1;
}

int reply_piece(struct request *rq, struct reply *re, const void *data, size_t len)
{
        if (!re->streaming || re->cut)
                return -1;
        if (re->left >= 0 && (int64_t)len > re->left) {
                re->cut = true; /* more than was announced would be taken for another reply */
                return -1;
        }
        if (re->left >= 0)
                re->left -= (int64_t)len;
        re->cut = (re->spool.open ? put_by(re, data, len) : cgi_piece(rq->cgi, data, len)) != 0;
        return re->cut ? -1 : 0;
}

void reply_cut(struct reply *re)
{
        re->cut = true;
}

static int pass_on(void *context, const void *data, size_t len)
{
        return cgi_piece(context, data, len);
}

/* What was put together, now that it is whole. */
static int send_spooled(struct request *rq, struct reply *re)
{
        if (begin(rq, re, re->spool.len) == 0 && spool_pour(&re->spool, pass_on, rq->cgi) == 0)
                return 0;
        cgi_cut(rq->cgi);
        return -1;
}

int reply_send(struct reply *re, struct request *rq)
{
        bool bodyless, quiet;
        struct buf head = BUF_NONE;
        int result;

        if (re->spool.open && !re->cut && re->left <= 0)
                return send_spooled(rq, re);
        if (re->spool.open && re->spool.full)
                reply_problem(rq, re, 503, NULL);
        else if (re->spool.open)
                reply_problem(rq, re, 502,
                              "What was asked for broke off on its way here. Retry later.");
        if (re->streaming) {
                if (re->cut || re->left > 0)
                        cgi_cut(rq->cgi);
                return re->cut ? -1 : 0;
        }
        bodyless = re->status == 204 || re->status == 304;
        quiet = bodyless || text_equal(rq->method, "HEAD");
        write_head(&head, rq, re, (int64_t)re->body.len);
        result = cgi_reply(rq->cgi, head.data, head.len, re->body.data, quiet ? 0 : re->body.len);
        buf_dispose_secret(&head);
        return result;
}
