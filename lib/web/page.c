/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages: templates, the frame, the stylesheet. */
#include "web/page.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "door/secret.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "web/exchange.h"
#include "web/mustache.h"
#include "web/mustache_node.h"

static struct {
        bool tried; /* to load */
        struct template
        {
                char *name;
                struct mustache *text;
        }
        *templates;
        size_t count;
        struct buf style, style_hash; /* "sha256-..." */
        struct buf script, script_hash;
} pages;

static const struct mustache *find(void *context, const char *name)
{
        (void)context;
        for (size_t i = 0; i < pages.count; i++)
                if (strcmp(pages.templates[i].name, name) == 0)
                        return pages.templates[i].text;
        return NULL;
}

static int load_template(const char *dir, const char *file, struct fail *why)
{
        char *path = file_path(dir, file);
        struct buf text = BUF_NONE;
        struct mustache *compiled = NULL;
        struct fail inner = FAIL_CLEAR;
        struct template *t;

        if (file_read(path, MUSTACHE_TEMPLATE_MAX, &text, &inner) != 1)
                fail_set(&inner, FAIL_SYSTEM, "cannot be read");
        else if (!text_utf8_valid(buf_text(&text), text.len))
                fail_set(&inner, FAIL_INPUT, "is not UTF-8");
        else
                compiled = mustache_compile(buf_text(&text), text.len, &inner);
        if (compiled != NULL) {
                pages.templates =
                    mem_resize(pages.templates, pages.count + 1, sizeof *pages.templates);
                t = &pages.templates[pages.count++];
                t->name = mem_text_part(file, strlen(file) - strlen(".mustache"));
                t->text = compiled;
        } else {
                fail_set(why, FAIL_INPUT, "%s: %s", path, inner.text);
        }
        buf_dispose(&text);
        mem_free(path);
        return compiled == NULL ? -1 : 0;
}

/* The stylesheet travels in every page: without its comments and indentation. */
static void add_style(const char *text, size_t len)
{
        const char *end = text + len;
        bool line_start = true;

        while (text < end) {
                const char *stop = text + 1;

                if (text + 1 < end && text[0] == '/' && text[1] == '*') {
                        stop = memmem(text + 2, (size_t)(end - text) - 2, "*/", 2);
                        text = stop == NULL ? end : stop + 2;
                        continue;
                }
                if (!line_start || (*text != ' ' && *text != '\t' && *text != '\n'))
                        buf_add_char(&pages.style, *text);
                line_start = *text == '\n' || (line_start && (*text == ' ' || *text == '\t'));
                text = stop;
        }
}

static void hash_of(const struct buf *text, struct buf *hash)
{
        unsigned char digest[SECRET_DIGEST_SIZE];

        secret_sha256(buf_text(text), text->len, digest);
        buf_add_text(hash, "sha256-");
        code_base64(hash, digest, sizeof digest);
}

static int load_style(const char *dir, struct fail *why)
{
        char *path = file_path(dir, "style.css");
        struct buf text = BUF_NONE;
        int result = file_read(path, MUSTACHE_TEMPLATE_MAX, &text, why);

        if (result == 1) {
                add_style(buf_text(&text), text.len);
                if (strstr(buf_text(&pages.style), "</") != NULL)
                        result = fail_set(why, FAIL_INPUT, "%s: \"</\" would end it early", path);
        }
        hash_of(&pages.style, &pages.style_hash);
        buf_dispose(&text);
        mem_free(path);
        return result < 0 ? -1 : 0;
}

static int load_script(const char *dir, struct fail *why)
{
        char *path = file_path(dir, "copy.js");
        int result = file_read(path, MUSTACHE_TEMPLATE_MAX, &pages.script, why);

        if (result == 1 && strstr(buf_text(&pages.script), "</") != NULL)
                result = fail_set(why, FAIL_INPUT, "%s: \"</\" would end it early", path);
        hash_of(&pages.script, &pages.script_hash);
        mem_free(path);
        return result < 0 ? -1 : 0;
}

int page_load(const char *dir, struct fail *why)
{
        DIR *list = opendir(dir);
        int result = 0;

        pages.tried = true;
        if (list == NULL) {
                if (errno != ENOENT)
                        return fail_errno(why, "cannot read %s", dir);
                log_event(LOG_LEVEL_WARN, "no templates, pages will be bare", "directory", dir,
                          NULL);
                return 0;
        }
        for (struct dirent *entry; result == 0 && (entry = readdir(list)) != NULL;)
                if (*entry->d_name != '.' && text_ends(entry->d_name, ".mustache"))
                        result = load_template(dir, entry->d_name, why);
        closedir(list);
        return result == 0 && load_style(dir, why) == 0 ? load_script(dir, why) : -1;
}

void page_unload(void)
{
        for (size_t i = 0; i < pages.count; i++) {
                mem_free(pages.templates[i].name);
                mustache_free(pages.templates[i].text);
        }
        mem_free(pages.templates);
        buf_dispose(&pages.style);
        buf_dispose(&pages.style_hash);
        buf_dispose(&pages.script);
        buf_dispose(&pages.script_hash);
        memset(&pages, 0, sizeof pages);
}

const char *page_style_hash(void)
{
        return buf_text(&pages.style_hash);
}

const char *page_script_hash(void)
{
        return buf_text(&pages.script_hash);
}

static int render(const char *name, const json_t *data, struct buf *out, struct fail *why)
{
        const struct mustache *m = find(NULL, name);

        if (m == NULL)
                return fail_set(why, FAIL_SYSTEM, "no template is called %s", name);
        return mustache_render(m, data, find, NULL, out, why);
}

int page_render(struct reply *re, int status, const char *name, json_t *data, struct fail *why)
{
        struct buf inner = BUF_NONE, outer = BUF_NONE;
        json_t *framed;
        int result;

        /* A CGI process, with its one thread, loads them when the one page needs them. */
        if (!pages.tried && page_load(serve_settings.templates, why) != 0)
                return -1;
        result = render(name, data, &inner, why);
        if (result == 0) {
                framed = json_copy(data);
                json_set(framed, "main", json_new_text(buf_text(&inner), inner.len));
                json_set(framed, "style", json_new_text(buf_text(&pages.style), pages.style.len));
                json_set(framed, "script",
                         json_new_text(buf_text(&pages.script), pages.script.len));
                result = render("frame", framed, &outer, why);
                json_decref(framed);
        }
        if (result == 0) {
                reply_html(re, status, buf_text(&outer), outer.len);
                re->page = true;
                re->scripted = json_get_bool(data, "scripted", false);
        }
        buf_dispose_secret(&inner);
        buf_dispose_secret(&outer);
        return result;
}

void page_bare(struct reply *re, int status, const char *detail, const char *reference)
{
        struct buf html = BUF_NONE;

        buf_format(&html,
                   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
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
                reply_failure(rq, re, "page cannot be made", &why);
        json_decref(data);
}
