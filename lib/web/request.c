/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a handler may ask about its request. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "web/accept.h"
#include "web/exchange.h"

/* A version 4 UUID (RFC 9562): random, and a registered URN for RFC 9457's instance. */
static void new_id(char out[EXCHANGE_ID_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        unsigned char bytes[16];
        size_t at = 0;

        while (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
                if (errno != EINTR)
                        abort(); /* a kernel without randomness cannot serve secrets either */
        bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
        for (size_t i = 0; i < sizeof bytes; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        out[at++] = '-';
                out[at++] = digits[bytes[i] >> 4];
                out[at++] = digits[bytes[i] & 15];
        }
        out[at] = '\0';
}

void request_init(struct request *rq, struct cgi *cgi, const struct program *program)
{
        memset(rq, 0, sizeof *rq);
        rq->cgi = cgi;
        rq->program = program;
        rq->method = text_or(cgi_param(cgi, "REQUEST_METHOD"), "");
        new_id(rq->id);
}

void request_dispose(struct request *rq)
{
        route_dispose(&rq->match);
        form_dispose(&rq->query);
        form_dispose(&rq->form);
        buf_dispose_secret(&rq->body);
        mem_free_secret(rq->credential);
        if (rq->drop != NULL)
                rq->drop(rq->kept);
}

const char *request_method(struct request *rq)
{
        return rq->method;
}

const char *request_id(struct request *rq)
{
        return rq->id;
}

const char *request_segment(struct request *rq, const char *name)
{
        return route_value(&rq->match, name);
}

const char *request_query(struct request *rq, const char *name)
{
        if (!rq->query_read) {
                const char *text = route_query(text_or(cgi_param(rq->cgi, "REQUEST_URI"), ""));

                form_parse(&rq->query, text, strcspn(text, "#"));
                rq->query_read = true;
        }
        return form_value(&rq->query, name);
}

void request_each_query(struct request *rq,
                        void (*visit)(void *context, const char *name, const char *value),
                        void *context)
{
        request_query(rq, ""); /* reads it if nobody has */
        for (size_t i = 0; i < rq->query.count; i++)
                visit(context, rq->query.fields[i].name, rq->query.fields[i].value);
}

const char *request_form(struct request *rq, const char *name)
{
        static const char urlencoded[] = "application/x-www-form-urlencoded";
        const char *type;

        if (!rq->form_read) {
                if (request_header(rq, "Content-Type", &type) == 1 &&
                    text_starts_fold(type, urlencoded) &&
                    strchr("; \t", type[sizeof urlencoded - 1]) != NULL)
                        form_parse(&rq->form, buf_text(&rq->body), rq->body.len);
                rq->form_read = true;
        }
        return form_value(&rq->form, name);
}

void request_each_form(struct request *rq,
                       void (*visit)(void *context, const char *name, const char *value),
                       void *context)
{
        request_form(rq, "");
        for (size_t i = 0; i < rq->form.count; i++)
                visit(context, rq->form.fields[i].name, rq->form.fields[i].value);
}

/* RFC 6265, 5.4: pairs separated by "; ". */
int request_cookie(struct request *rq, const char *name, char **value)
{
        size_t name_len = strlen(name);
        const char *text;
        int found = 0;

        *value = NULL;
        if (request_header(rq, "Cookie", &text) != 1)
                return 0;
        while (*text != '\0') {
                size_t len = strcspn(text, ";");

                if (len > name_len && memcmp(text, name, name_len) == 0 && text[name_len] == '=' &&
                    ++found == 1)
                        *value = mem_text_part(text + name_len + 1, len - name_len - 1);
                text += len;
                text += strspn(text, "; ");
        }
        if (found == 1)
                return 1;
        mem_free_secret(*value);
        *value = NULL;
        return 0;
}

char *request_base(struct request *rq)
{
        const char *target = text_or(cgi_param(rq->cgi, "REQUEST_URI"), "");
        size_t len = strcspn(target, "?#");

        while (len > 0 && target[len - 1] == '/')
                len--;
        for (size_t i = 0; i < rq->match.path.count; i++)
                while (len > 0 && target[--len] != '/')
                        ;
        /* "//host/..." would be another host's, "http://..." came from a proxy's client. */
        if (*target != '/' || target[1] == '/' || len == 0)
                return mem_format("%s/%s", serve_settings.mount, rq->program->name);
        return mem_text_part(target, len);
}

const char *request_variable(struct request *rq, const char *name)
{
        return text_starts(name, "HTTP_") ? NULL : cgi_param(rq->cgi, name);
}

void request_keep(struct request *rq, void *kept, void (*drop)(void *kept))
{
        if (rq->drop != NULL)
                rq->drop(rq->kept);
        rq->kept = kept;
        rq->drop = drop;
}

void *request_kept(struct request *rq)
{
        return rq->kept;
}

const struct buf *request_body(struct request *rq)
{
        return &rq->body;
}

int request_header(struct request *rq, const char *name, const char **value)
{
        return cgi_header(rq->cgi, name, value);
}

void request_each_header(struct request *rq,
                         void (*visit)(void *context, const char *name, const char *value),
                         void *context)
{
        cgi_each_header(rq->cgi, visit, context);
}

const char *request_address(struct request *rq)
{
        return text_or(cgi_param(rq->cgi, "REMOTE_ADDR"), "");
}

bool request_wants_html(struct request *rq)
{
        const char *accept;

        return request_header(rq, "Accept", &accept) == 1 && accept_prefers_html(accept);
}

/* The user name of "Basic <base64 of name:password>" (RFC 7617), or NULL. */
static char *basic_name(const char *text)
{
        struct buf b = BUF_NONE;
        char *colon, *name = NULL;

        if (code_unbase64(&b, text, strlen(text)) == 0 && b.len > 0 &&
            memchr(b.data, '\0', b.len) == NULL && (colon = strchr(b.data, ':')) != NULL)
                name = mem_text_part(b.data, (size_t)(colon - b.data));
        buf_dispose_secret(&b);
        return name;
}

const char *request_credential(struct request *rq)
{
        const char *text;
        int found;

        if (rq->credential_read)
                return rq->credential;
        rq->credential_read = true;
        found = request_header(rq, "Authorization", &text);
        /* Shared hosts without CGIPassAuth hand it over by a rewrite rule, and Apache adds a
         * prefix at the internal redirect.  No client can send a variable of this name. */
        if (found == 0)
                text = cgi_param(rq->cgi, "REDIRECT_HTTP_AUTHORIZATION");
        if (found < 0 || text == NULL || strlen(text) > EXCHANGE_CREDENTIAL_MAX)
                return NULL;
        if (text_starts_fold(text, "Bearer ")) {
                text += strspn(text + 7, " ") + 7;
                rq->credential = *text == '\0' ? NULL : mem_text(text);
        } else if (text_starts_fold(text, "Basic ")) {
                rq->credential = basic_name(text + strspn(text + 6, " ") + 6);
        }
        return rq->credential;
}
