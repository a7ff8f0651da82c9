/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small program on the skeleton that says what it was asked, for tests/program/serve.py. */
#include <string.h>
#include <unistd.h>

#include "floor/text.h"
#include "web/serve.h"

static int64_t pause_ms;

static const struct setting settings[] = {
        { "FAIRLEAD_ECHO_PAUSE", SETTING_INT, "0", 0, 10000, &pause_ms, NULL,
          "milliseconds that echo/slow takes" },
        { NULL, 0, NULL, 0, 0, NULL, NULL, NULL },
};

static void add_header(void *context, const char *name, const char *value)
{
        json_set_text(context, name, value);
}

static void echo(struct request *rq, struct reply *re)
{
        static const char *const names[] = { "org", "item", "file", NULL };
        json_t *said = json_object(), *headers = json_object();
        const struct buf *body = request_body(rq);
        const char *value;

        json_set_text(said, "method", request_method(rq));
        json_set_text(said, "id", request_id(rq));
        json_set_text(said, "address", request_address(rq));
        json_set_text(said, "credential", request_credential(rq));
        json_set_text(said, "query_q", request_query(rq, "q"));
        json_set_text(said, "form_q", request_form(rq, "q"));
        json_set_int(said, "length", (int64_t)body->len);
        json_set(said, "body", json_new_text(buf_text(body), body->len < 4096 ? body->len : 4096));
        for (size_t i = 0; names[i] != NULL; i++)
                json_set_text(said, names[i], request_segment(rq, names[i]));
        json_set_int(said, "signature", request_header(rq, "X-Signature", &value));
        json_set_bool(said, "html", request_wants_html(rq));
        request_each_header(rq, add_header, headers);
        json_set(said, "headers", headers);
        reply_json(re, 200, said);
}

static void slow(struct request *rq, struct reply *re)
{
        (void)rq;
        usleep((useconds_t)pause_ms * 1000);
        reply_text(re, 200, "done");
}

static void silent(struct request *rq, struct reply *re)
{
        (void)rq;
        (void)re;
}

static void split(struct request *rq, struct reply *re)
{
        (void)rq;
        reply_text(re, 200, "never seen");
        reply_header(re, "X-Echo", "a\r\nSet-Cookie: b=c");
}

static void fail(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;

        fail_set(&why, text_equal(request_query(rq, "kind"), "full") ? FAIL_FULL : FAIL_BROKEN,
                 "secret cause in /a/secret/path");
        reply_failure(rq, re, "echo failed", &why);
}

static void big(struct request *rq, struct reply *re)
{
        struct buf *body = reply_body(re);
        char line[1024];

        (void)rq;
        memset(line, 'x', sizeof line);
        for (int i = 0; i < 3000; i++)
                buf_add(body, line, sizeof line);
        reply_type(re, "application/octet-stream");
        reply_header(re, "Cache-Control", "private, max-age=60");
}

static void away(struct request *rq, struct reply *re)
{
        (void)rq;
        reply_see_other(re, "https://example.org/there");
}

static void page(struct request *rq, struct reply *re)
{
        json_t *data = json_object();

        json_set_text(data, "title", request_query(rq, "q"));
        reply_forms_may_end_at(re, "https://a.example");
        reply_page(rq, re, 200, text_or(request_query(rq, "t"), "error"), data);
}

static int may(struct request *rq, struct reply *re, const char *scope)
{
        const char *credential = request_credential(rq);

        (void)re;
        if (credential == NULL)
                return 401;
        return text_equal(credential, "good") && text_equal(scope, "echo:read") ? 0 : 403;
}

static const struct route routes[] = {
        { .method = "GET", .path = "", .handler = echo },
        { .method = "POST", .path = "", .handler = echo, .body_max = 1 << 20 },
        { .method = "GET", .path = "slow", .handler = slow },
        { .method = "GET", .path = "silent", .handler = silent },
        { .method = "GET", .path = "split", .handler = split },
        { .method = "GET", .path = "fail", .handler = fail },
        { .method = "GET", .path = "big", .handler = big },
        { .method = "GET", .path = "page", .handler = page },
        { .method = "POST", .path = "away", .handler = away },
        { .method = "GET", .path = "machine/{org}", .handler = fail, .program = true },
        { .method = "GET", .path = "closed/{org}", .handler = echo, .scope = "echo:read" },
        { .method = "POST", .path = "{org}/{item}", .handler = echo, .body_max = 1 << 20 },
        { .method = "GET", .path = "{org}/file/{file}.ics", .handler = echo },
        { .method = "GET", .path = "{org}/file/{file}", .handler = echo },
        { .method = "PATCH", .path = "{org}/{item}", .handler = echo, .body_max = 64 },
        { .method = NULL },
};

static const struct route *const tables[] = { routes, NULL };

static const struct program program = {
        .name = "echo",
        .about = "answers with what it was asked",
        .settings = settings,
        .routes = tables,
        .may = may,
};

int main(int argc, char **argv)
{
        return serve(argc, argv, &program);
}
