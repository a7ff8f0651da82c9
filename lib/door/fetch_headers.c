/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header lines of an outgoing request: the caller's, checked, and ours. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "door/fetch_private.h"
#include "floor/mem.h"

static bool is_token(const char *text, size_t len)
{
        if (len == 0)
                return false;
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)text[i];

                if (c <= ' ' || c >= 0x7F || strchr("()<>@,;:\\\"/[]?={}", c) != NULL)
                        return false;
        }
        return true;
}

static bool is_ours(const char *name, size_t len)
{
        static const char *const ours[] = { "Host",    "Content-Length",  "Transfer-Encoding",
                                            "TE",      "Trailer",         "Connection",
                                            "Upgrade", "Accept-Encoding", "Keep-Alive",
                                            "Expect",  "Proxy-Connection" };

        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
                if (strlen(ours[i]) == len && strncasecmp(name, ours[i], len) == 0)
                        return true;
        }
        return false;
}

static void add(struct curl_slist **list, const char *line)
{
        struct curl_slist *longer = curl_slist_append(*list, line);

        if (longer == NULL)
                abort();
        *list = longer;
}

int fetch_headers(const char *const *lines, struct curl_slist **list, struct fail *why)
{
        bool typed = false, agent = false;

        for (; lines != NULL && *lines != NULL; lines++) {
                const char *line = *lines, *colon = strchr(line, ':'), *value;
                size_t len = colon == NULL ? 0 : (size_t)(colon - line);
                char *empty;

                if (!is_token(line, len) || is_ours(line, len))
                        return fail_set(why, FAIL_INPUT, "header \"%.*s\" is not for the caller",
                                        (int)(len > 60 ? 60 : len), line);
                value = colon + 1 + strspn(colon + 1, " \t");
                for (const char *c = value; *c != '\0'; c++) {
                        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7F)
                                return fail_set(why, FAIL_INPUT,
                                                "header %.*s has a control character in its value",
                                                (int)(len > 60 ? 60 : len), line);
                }
                typed = typed || (len == 12 && strncasecmp(line, "Content-Type", len) == 0);
                agent = agent || (len == 10 && strncasecmp(line, "User-Agent", len) == 0);
                if (*value != '\0') {
                        add(list, line);
                } else { /* libcurl's word for an empty value */
                        empty = mem_format("%.*s;", (int)len, line);
                        add(list, empty);
                        mem_free(empty);
                }
        }
        add(list, "Expect:");
        if (!typed)
                add(list, "Content-Type:"); /* instead of libcurl's guess */
        if (!agent)
                add(list, "User-Agent: fairlead/" PACKAGE_VERSION);
        return 0;
}
