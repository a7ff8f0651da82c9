/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin: its cookies, and the tokens of forms made from them.
 *
 * A cookie is "__Host-fairlead-<org>" (Secure, HttpOnly, SameSite=Lax).  An org whose public
 * address is plain HTTP, which apply allows on loopback only, has "fairlead-<org>" without
 * Secure: browsers do not take __Host- there.  The stored address decides, never the request, so
 * nobody can ask for the weaker one.
 */
#include <string.h>

#include "admin_pages.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/records.h"

/* Is the address that people see plain HTTP?  Only on loopback can it be (apply). */
static bool is_plain(struct org *org)
{
        json_t *self = NULL;
        bool plain;

        if (org != NULL && record_share(org, "org", "self", &self, NULL) < 0)
                self = NULL;
        plain = text_starts_fold(json_get_text(self, "public_url", ""), "http://");
        json_decref(self);
        return plain;
}

/* what: "" for the visit, "pre-" for forms before it. */
char *admin_cookie_name(struct org *org, const char *what, const char *org_name)
{
        return mem_format("%sfairlead-%s%s", is_plain(org) ? "" : "__Host-", what, org_name);
}

/* value NULL: forget it. */
void admin_set_cookie(struct request *rq, struct reply *re, struct org *org, const char *what,
                      const char *org_name, const char *value)
{
        char *name = admin_cookie_name(org, what, org_name), *base = request_base(rq), *cookie;
        bool plain = is_plain(org);

        cookie = mem_format("%s=%s; Path=%s; HttpOnly; SameSite=%s%s%s", name, text_or(value, ""),
                            plain ? base : "/", *what == '\0' ? "Lax" : "Strict",
                            plain ? "" : "; Secure", value == NULL ? "; Max-Age=0" : "");
        reply_header(re, "Set-Cookie", cookie);
        mem_free_secret(cookie);
        mem_free(base);
        mem_free(name);
}

void admin_csrf_of(const void *secret, size_t len, char out[33])
{
        struct buf hex = BUF_NONE;

        secret_hmac_hex("form", 4, secret, len, &hex);
        memcpy(out, hex.data, 32);
        out[32] = '\0';
        buf_dispose_secret(&hex);
}

/* The token of forms before somebody is signed in; a cookie is set when there is none. */
void admin_pre_csrf(struct request *rq, struct reply *re, struct org *org, const char *org_name,
                    char out[33])
{
        char *name = admin_cookie_name(org, "pre-", org_name), *value = NULL;

        if (request_cookie(rq, name, &value) != 1 || strlen(value) != 26) {
                mem_free_secret(value);
                value = secret_token(26);
                admin_set_cookie(rq, re, org, "pre-", org_name, value);
        }
        admin_csrf_of(value, strlen(value), out);
        mem_free_secret(value);
        mem_free(name);
}
