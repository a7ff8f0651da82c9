/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages. */
#include "web/page.h"

#include <string.h>

#include "floor/code.h"
#include "web/exchange.h"

const char *page_style_hash(void)
{
        return "none";
}

int page_load(const char *dir, struct fail *why)
{
        (void)dir;
        (void)why;
        return 0;
}

void page_unload(void)
{
}

int page_render(struct reply *re, int status, const char *name, json_t *data, struct fail *why)
{
        (void)re;
        (void)status;
        (void)data;
        return fail_set(why, FAIL_INPUT, "no template is called %s", name);
}

void page_bare(struct reply *re, int status, const char *detail, const char *reference)
{
        struct buf html = BUF_NONE;

        buf_format(&html,
                   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width\">\n"
                   "<title>%s</title>\n</head>\n<body>\n<h1>%s</h1>\n<p>",
                   reply_phrase(status), reply_phrase(status));
        code_html(&html, detail, strlen(detail));
        buf_format(&html, "</p>\n<p>Reference: %s</p>\n</body>\n</html>\n", reference);
        reply_html(re, status, html.data, html.len);
        buf_dispose(&html);
}

void reply_page(struct request *rq, struct reply *re, int status, const char *name, json_t *data)
{
        struct fail why = FAIL_CLEAR;

        if (page_render(re, status, name, data, &why) != 0)
                reply_failure(rq, re, "page failed", &why);
        json_decref(data);
}
