/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read from a request line, an Accept header and a form. */
#include "web/route.h"

#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "web/accept.h"
#include "web/form.h"

static void test_targets(void)
{
        static const struct {
                const char *given, *want; /* segments joined by '|', NULL: no match at all */
        } rows[] = {
                { "", NULL },
                { "/", NULL },
                { "/fairlead", NULL },
                { "/fairlead/", NULL },
                { "/fairlead/webhook", "" },
                { "/fairlead/webhook/", "" },
                { "/fairlead/webhook//", NULL },
                { "/fairlead/webhook?a/b", "" },
                { "/fairlead/webhook#a/b", "" },
                { "/fairlead/webhook/acme/x", "acme|x" },
                { "/fairlead/webhook/acme/x?y=/z", "acme|x" },
                { "/fairlead/webhook/acme/x/", NULL },
                { "/fairlead/webhooks/acme/x", NULL },
                { "/fairlead/Webhook/acme/x", NULL },
                { "/fairlead/webhook.cgi/acme", "acme" },
                { "/fairlead/webhook.fcgi/acme", "acme" },
                { "/fairlead/webhook.exe/acme", NULL },
                { "/cgi-bin/webhook.cgi/acme", "acme" },
                { "/~joe/hire/webhook/acme", "acme" },
                { "/webhook/webhook", "webhook" },
                { "http://host/fairlead/webhook/acme", "acme" },
                { "https://host:8443/fairlead/webhook/acme", "acme" },
                { "http://host", NULL },
                { "webhook/acme", NULL },
                { "*", NULL },
                { "/fairlead/%77ebhook/acme", NULL },
                { "/fairlead/webhook/%61cme", "acme" },
                { "/fairlead/webhook/a+b", "a+b" },
                { "/fairlead/webhook/a%2Bb%20c", "a+b c" },
                { "/fairlead/webhook/a%2fb", NULL },
                { "/fairlead/webhook/a%252fb", "a%2fb" },
                { "/fairlead/webhook/a%00b", NULL },
                { "/fairlead/webhook/a%0ab", NULL },
                { "/fairlead/webhook/a%7fb", NULL },
                { "/fairlead/webhook/.", NULL },
                { "/fairlead/webhook/..", NULL },
                { "/fairlead/webhook/%2e%2E/x", NULL },
                { "/fairlead/webhook/..x", "..x" },
                { "/fairlead/webhook/caf%C3%A9", "caf\xC3\xA9" },
                { "/fairlead/webhook/%E9", NULL },
                { "/fairlead/webhook/%C0%AF", NULL },
                { "/fairlead/webhook/%", NULL },
                { "/fairlead/webhook/%4", NULL },
                { "/fairlead/webhook/%zz", NULL },
                { "/fairlead/webhook/a\\b", "a\\b" },
                { "/fairlead/webhook/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16",
                  "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16" },
                { "/fairlead/webhook/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct route_match match = { .count = 0 };
                struct buf got = BUF_NONE;
                int result = route_read(rows[i].given, "/fairlead", "webhook", &match.path);

                for (size_t k = 0; k < match.path.count; k++)
                        buf_format(&got, "%s%s", k == 0 ? "" : "|", match.path.segment[k]);
                tap_text(result == 0 ? buf_text(&got) : NULL, rows[i].want, "target %s",
                         rows[i].given);
                buf_dispose(&got);
                route_dispose(&match);
        }
        {
                struct route_match match = { .count = 0 };

                tap_int(route_read("/webhook/webhook/a", "/webhook/", "webhook", &match.path), 0,
                        "a mount point named like the program");
                tap_int((int64_t)match.path.count, 1, "is not taken for it");
                route_dispose(&match);
                tap_int(route_read("/webhook/a", "", "webhook", &match.path), 0, "no mount point");
                route_dispose(&match);
        }
        tap_text(route_query("/a?b=c?d"), "b=c?d", "the query begins at the first mark");
        tap_text(route_query("/a"), "", "no query");
}

static void test_patterns(void)
{
        static const struct {
                const char *pattern, *path, *want; /* the value of x, "" for a match without */
        } rows[] = {
                { "", "", "" },
                { "", "/a", NULL },
                { "a", "/a", "" },
                { "a", "/b", NULL },
                { "a", "", NULL },
                { "a", "/a/b", NULL },
                { "a/b", "/a", NULL },
                { "{x}", "/v", "v" },
                { "{x}", "", NULL },
                { "a/{x}", "/a/v", "v" },
                { "{y}/{x}", "/u/v", "v" },
                { "{x}/join", "/v/join", "v" },
                { "{x}.ics", "/v.ics", "v" },
                { "{x}.ics", "/.ics", NULL },
                { "{x}.ics", "/v.ic", NULL },
                { "{x}.ics", "/v.ics.ics", "v.ics" },
                { "assessment.list", "/assessment.list", "" },
                { "assessment.list", "/assessmentxlist", NULL },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct route_match match = { .count = 0 };
                char *target = mem_format("/m/p%s", rows[i].path);
                bool fits;

                route_read(target, "/m", "p", &match.path);
                fits = route_fits(rows[i].pattern, &match);
                tap_text(!fits                              ? NULL
                         : route_value(&match, "x") == NULL ? ""
                                                            : route_value(&match, "x"),
                         rows[i].want, "\"%s\" against \"%s\"", rows[i].pattern, rows[i].path);
                tap_ok(fits || match.count == 0, "nothing is left of what did not match");
                route_dispose(&match);
                mem_free(target);
        }
}

static void test_accept(void)
{
        static const struct {
                const char *given;
                int html, json;
                bool want;
        } rows[] = {
                { NULL, 0, 0, false },
                { "", 0, 0, false },
                { "*/*", 1000, 1000, false },
                { "text/html", 1000, 0, true },
                { "TEXT/HTML", 1000, 0, true },
                { "text/*", 1000, 0, true },
                { "application/json", 0, 1000, false },
                { "application/json, text/html", 1000, 1000, false },
                { "application/json;q=0.9, text/html", 1000, 900, true },
                { "text/html;q=0.5, */*", 500, 1000, false },
                { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 1000, 800,
                  true },
                { "text/html;q=0", 0, 0, false },
                { "*/*, text/html;q=0", 0, 1000, false },
                { "text/*;q=0.3, text/html;q=0.7, */*;q=0.1", 700, 100, true },
                { " text/html ; q=0.4 ", 400, 0, true },
                { "text/html;Q=0.4", 400, 0, true },
                { "text/html;level=1;q=0.4", 400, 0, true },
                { "text/html;title=\"a,b;q=0\";q=0.4", 400, 0, true },
                { "text/html;q=2", 0, 0, false },
                { "text/html;q=-1", 0, 0, false },
                { "text/html;q=0.1234", 0, 0, false },
                { "text/html;q=", 0, 0, false },
                { "text/html;q=1.001", 0, 0, false },
                { ",,text/html,,", 1000, 0, true },
                { "text/htmlx", 0, 0, false },
                { "text", 0, 0, false },
                { "*", 0, 0, false },
                { "text/html;title=\"open", 1000, 0, true },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const char *name = rows[i].given == NULL ? "(none)" : rows[i].given;

                tap_int(accept_quality(rows[i].given, "text/html"), rows[i].html, "html: %s", name);
                tap_int(accept_quality(rows[i].given, "application/json"), rows[i].json, "json: %s",
                        name);
                tap_ok(accept_prefers_html(rows[i].given) == rows[i].want, "a page: %s", name);
        }
        tap_ok(!accept_prefers_html("text/html;q=0.5, application/problem+json"),
               "problem+json counts as JSON");
}

static void test_form(void)
{
        static const struct {
                const char *name, *given, *want; /* the value of q */
        } rows[] = {
                { "nothing", "", NULL },
                { "another name", "p=1", NULL },
                { "name in another case", "Q=1", NULL },
                { "plain", "q=1", "1" },
                { "behind others", "p=1&&q=2", "2" },
                { "first of two", "q=1&q=2", "1" },
                { "no value", "q", "" },
                { "empty value", "q=", "" },
                { "empty name", "=1&q=2", "2" },
                { "equals in the value", "q=a=b", "a=b" },
                { "plus and percent", "q=a+b%2Bc%26d", "a b+c&d" },
                { "decoded once", "q=%2541", "%41" },
                { "encoded name", "%71=1", "1" },
                { "UTF-8", "q=%C3%A9", "\xC3\xA9" },
                { "bad escape", "q=%zz", NULL },
                { "cut escape", "q=%4", NULL },
                { "NUL", "q=a%00b", NULL },
                { "invalid UTF-8", "q=%FF", NULL },
                { "a bad one does not hide a good one", "q=%FF&q=2", "2" },
                { "semicolon separates nothing", "q=1;q=2", "1;q=2" },
        };
        struct form form = FORM_NONE;
        struct buf many = BUF_NONE;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                form_parse(&form, rows[i].given, strlen(rows[i].given));
                tap_text(form_value(&form, "q"), rows[i].want, "form: %s", rows[i].name);
                form_dispose(&form);
        }
        form_parse(&form, "q=1&x=\0&z=2", 11);
        tap_text(form_value(&form, "x"), NULL, "a raw NUL is no text");
        tap_text(form_value(&form, "z"), "2", "and ends nothing");
        form_dispose(&form);
        for (int i = 0; i < FORM_FIELDS_MAX; i++)
                buf_format(&many, "n%d=1&", i);
        form_parse(&form, many.data, many.len);
        tap_ok(form.count == FORM_FIELDS_MAX && !form.over, "as many fields as are read");
        form_dispose(&form);
        buf_add_text(&many, "q=1");
        form_parse(&form, many.data, many.len);
        tap_ok(form.over && form_value(&form, "q") == NULL, "one more is reported, not read");
        form_dispose(&form);
        buf_reset(&many);
        for (int i = 0; i <= FORM_NAME_MAX; i++)
                buf_add_char(&many, 'n');
        form_parse(&form, many.data, many.len);
        tap_int((int64_t)form.count, 0, "a name too long is left out");
        form_dispose(&form);
        buf_dispose(&many);
}

int main(void)
{
        test_targets();
        test_patterns();
        test_accept();
        test_form();
        return tap_end();
}
