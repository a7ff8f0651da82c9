/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the Accept header. */
#include "web/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static bool space(char c)
{
        return c == ' ' || c == '\t';
}

/* A run of bytes within the header. */
struct part {
        const char *at;
        size_t len;
};

/* The part up to the next separator outside of quotes, trimmed; moves *rest behind it. */
static struct part next_part(struct part *rest, char separator)
{
        struct part p = { rest->at, 0 };
        bool quoted = false;
        size_t i;

        for (i = 0; i < rest->len && (quoted || rest->at[i] != separator); i++) {
                if (quoted && rest->at[i] == '\\' && i + 1 < rest->len)
                        i++;
                else if (rest->at[i] == '"')
                        quoted = !quoted;
        }
        p.len = i;
        if (i < rest->len)
                i++;
        rest->at += i;
        rest->len -= i;
        while (p.len > 0 && space(*p.at))
                p.at++, p.len--;
        while (p.len > 0 && space(p.at[p.len - 1]))
                p.len--;
        return p;
}

/* "0", "0.5", "1.000" in thousandths (RFC 9110, 12.4.2), or -1. */
static int weight(struct part text)
{
        int value, scale = 100;

        if (text.len < 1 || text.len > 5 || (text.at[0] != '0' && text.at[0] != '1'))
                return -1;
        value = (text.at[0] - '0') * 1000;
        if (text.len > 1 && text.at[1] != '.')
                return -1;
        for (size_t i = 2; i < text.len; i++, scale /= 10) {
                if (text.at[i] < '0' || text.at[i] > '9')
                        return -1;
                value += (text.at[i] - '0') * scale;
        }
        return value <= 1000 ? value : -1;
}

/* How closely a range fits a type: 0 not at all, 1 any, 2 its family, 3 exactly. */
static int fits(struct part range, const char *type)
{
        size_t family = strcspn(type, "/") + 1;

        if (range.len == 3 && memcmp(range.at, "*/*", 3) == 0)
                return 1;
        if (range.len == family + 1 && range.at[family] == '*' &&
            strncasecmp(range.at, type, family) == 0)
                return 2;
        return range.len == strlen(type) && strncasecmp(range.at, type, range.len) == 0 ? 3 : 0;
}

int accept_quality(const char *accept, const char *type)
{
        struct part rest = { accept, accept == NULL ? 0 : strlen(accept) };
        int best = 0, quality = 0;

        while (rest.len > 0) {
                struct part member = next_part(&rest, ',');
                struct part range = next_part(&member, ';');
                int fit = fits(range, type), q = 1000;

                while (member.len > 0) {
                        struct part parameter = next_part(&member, ';');

                        if (parameter.len >= 2 && strncasecmp(parameter.at, "q=", 2) == 0)
                                q = weight((struct part){ parameter.at + 2, parameter.len - 2 });
                }
                if (q < 0 || fit < best || fit == 0)
                        continue;
                if (fit > best || q > quality)
                        quality = q;
                best = fit;
        }
        return quality;
}

bool accept_prefers_html(const char *accept)
{
        int html = accept_quality(accept, "text/html");

        return html > accept_quality(accept, "application/json") &&
               html > accept_quality(accept, "application/problem+json");
}
