/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where outgoing requests may go: addresses when they are connected to, URLs before. */
#include <stdlib.h>
#include <string.h>

#include "door/fetch_private.h"
#include "floor/mem.h"
#include "floor/text.h"

static struct network *allowed;
static size_t allowed_count;

int fetch_guard_allow(const char *networks, struct fail *why)
{
        fetch_guard_forget();
        return network_list(&allowed, &allowed_count, text_or(networks, ""), why);
}

void fetch_guard_forget(void)
{
        mem_free(allowed);
        allowed = NULL;
        allowed_count = 0;
}

static bool is_allowed(const struct address *a)
{
        for (size_t i = 0; i < allowed_count; i++) {
                if (network_holds(&allowed[i], a))
                        return true;
        }
        return false;
}

const char *fetch_guard_objection(const struct address *a, bool plain)
{
        const char *special = address_special(a);

        if (special != NULL && !is_allowed(a))
                return special;
        if (plain && !address_is_loopback(a))
                return "plain http is for allowed loopback networks only";
        return NULL;
}

static bool curl_text(CURLU *url, CURLUPart part, char **text)
{
        char *theirs = NULL;

        if (curl_url_get(url, part, &theirs, 0) != CURLUE_OK)
                return false;
        *text = mem_text(theirs);
        curl_free(theirs);
        return true;
}

static bool any_loopback_allowed(void)
{
        struct address v4, v6;

        address_parse(&v4, "127.0.0.1");
        address_parse(&v6, "::1");
        for (size_t i = 0; i < allowed_count; i++) {
                if (address_is_loopback(&allowed[i].base) || network_holds(&allowed[i], &v4) ||
                    network_holds(&allowed[i], &v6))
                        return true;
        }
        return false;
}

CURLU *fetch_guard_url(const char *text, char **host, bool *plain, struct fail *why)
{
        CURLU *url = curl_url();
        char *scheme = NULL, *bare = NULL;
        const char *objects;
        struct address a;
        bool good = false;
        CURLUcode code;
        size_t len;

        *host = NULL;
        if (url == NULL)
                abort();
        code = text == NULL ? CURLUE_MALFORMED_INPUT
                            : curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER);
        if (code == CURLUE_USER_NOT_ALLOWED) {
                fail_set(why, FAIL_INPUT, "the URL carries a user or password");
                goto out;
        }
        if (code != CURLUE_OK || !curl_text(url, CURLUPART_SCHEME, &scheme) ||
            !curl_text(url, CURLUPART_HOST, host) || **host == '\0') {
                fail_set(why, FAIL_INPUT, "not a URL: %s",
                         code == CURLUE_OK ? "it names no host" : curl_url_strerror(code));
                goto out;
        }
        *plain = text_equal(scheme, "http");
        if (!*plain && !text_equal(scheme, "https")) {
                fail_set(why, FAIL_INPUT, "only https is spoken here, not \"%.20s\"", scheme);
                goto out;
        }
        len = strlen(*host);
        bare = **host == '[' && len > 2 ? mem_text_part(*host + 1, len - 2) : mem_text(*host);
        if (address_parse(&a, bare) == 0)
                objects = fetch_guard_objection(&a, *plain);
        else
                objects = *plain && !any_loopback_allowed()
                              ? "plain http is for allowed loopback networks only"
                              : NULL;
        if (objects != NULL)
                fail_set(why, FAIL_INPUT, "%.80s is refused: %s", *host, objects);
        else
                good = true;
out:
        mem_free(scheme);
        mem_free(bare);
        if (!good) {
                curl_url_cleanup(url);
                url = NULL;
        }
        return url;
}

int fetch_check_url(const char *text, struct fail *why)
{
        char *host = NULL;
        bool plain;
        CURLU *url = fetch_guard_url(text, &host, &plain, why);
        int result = url == NULL ? -1 : 0;

        curl_url_cleanup(url);
        mem_free(host);
        return result;
}
