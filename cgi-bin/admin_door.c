/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: who is here, and the two looks that every request takes: may he, and did his own page send
 * this form. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/records.h"
#include "home/visit.h"

static bool trust_remote_user;

const struct setting admin_settings[] = {
        { "FAIRLEAD_REMOTE_USER", SETTING_BOOL, "no", 0, 0, &trust_remote_user, NULL,
          "believe the web server's REMOTE_USER: it is the e-mail address of who is signed in" },
        { NULL, 0, NULL, 0, 0, NULL, NULL, NULL },
};

static void drop_visitor(void *kept)
{
        struct visitor *v = kept;

        mem_free(v->who);
        mem_free(v->id);
        mem_free_secret(v->token);
        json_decref(v->person);
        zone_free(v->zone);
        mem_free(v);
}

struct visitor *admin_visitor(struct request *rq)
{
        return request_kept(rq);
}

bool admin_is(struct request *rq, const char *role)
{
        return admin_visitor(rq) != NULL && text_equal(admin_visitor(rq)->role, role);
}

const char *admin_from(struct request *rq)
{
        return request_address(rq);
}

/* The org of the path: 1, 0 there is none of this name, -1. */
int admin_org_of_path(struct request *rq, struct org **org, struct fail *why)
{
        const char *name = request_segment(rq, "org");

        if (name == NULL) /* the host's own pages: "-/..." */
                name = HOME_HOST;
        *org = NULL;
        if (text_equal(name, HOME_HOST))
                return home_host(guard_home(), org, why) == 0 ? 1 : -1;
        return home_org(guard_home(), name, org, why);
}

const char *admin_name_of_path(struct request *rq)
{
        return text_or(request_segment(rq, "org"), HOME_HOST);
}

/* What the web server says, where it is believed. */
static int look_remote(struct request *rq, struct org *org, struct visitor *v, struct fail *why)
{
        const char *user = trust_remote_user ? request_variable(rq, "REMOTE_USER") : NULL;
        unsigned char key[SECRET_KEY_SIZE];
        struct buf text = BUF_NONE;
        int found;

        if (text_empty(user) || org == NULL)
                return 0;
        found = person_by_email(org, user, &v->id, &v->person, why);
        if (found != 1)
                return found;
        if (json_get_bool(v->person, "off", false))
                return 0;
        /* No cookie stands behind the forms: a key of ours does. */
        secret_derive(home_root(guard_home()), "remote-user", org->name, key);
        code_hex(&text, key, sizeof key);
        buf_format(&text, "\n%s\n%lld", v->id, (long long)json_get_int(v->person, "epoch", 0));
        admin_csrf_of(text.data, text.len, v->csrf);
        mem_wipe(key, sizeof key);
        buf_dispose_secret(&text);
        return 1;
}

/* A person of this org (or of the host) by his cookie: 1, 0, -1. */
static int look_in(struct request *rq, struct org *org, struct visitor *v, struct fail *why)
{
        char *name = admin_cookie_name(org, "", org->name), *token = NULL;
        int found = request_cookie(rq, name, &token) == 1
                        ? visit_look(org, token, &v->id, &v->person, why)
                        : 0;

        mem_free(name);
        if (found == 1) {
                v->token = token;
                admin_csrf_of(token, strlen(token), v->csrf);
        } else {
                mem_free_secret(token);
                if (found == 0)
                        found = look_remote(rq, org, v, why);
        }
        if (found == 1) {
                v->home = org;
                v->role = person_role(json_get_text(v->person, "role", "")) == NULL
                              ? ""
                              : person_role(json_get_text(v->person, "role", ""))->name;
                v->who = mem_text(json_get_text(v->person, "email", ""));
                v->zone = zone_load(json_get_text(v->person, "zone", ""));
        }
        return found;
}

/* An operator of the host on an org's page: he sees it if he broke its glass. */
static int look_through_glass(struct request *rq, struct org *org, struct visitor *v,
                              struct fail *why)
{
        json_t *glass = NULL;
        struct org *host;
        int found;

        if (home_host(guard_home(), &host, why) != 0)
                return -1;
        if (org == host || (found = look_in(rq, host, v, why)) == 0)
                return 0;
        if (found > 0 && v->token != NULL && org != NULL)
                found = glass_open(org, v->token, &glass, why);
        /* What he is at home counts for nothing here. */
        v->role = found == 1 && glass != NULL ? "glass" : "stranger";
        json_decref(glass);
        return found < 0 ? -1 : 1;
}

static bool has_word(const char *list, const char *word)
{
        size_t len = strlen(word);

        for (const char *at = list; (at = strstr(at, word)) != NULL; at += len)
                if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0') && len > 0)
                        return true;
        return false;
}

/* The rest of the address, to come back to; NULL when it is nothing we would make. */
static char *way_back(struct request *rq)
{
        char *base = request_base(rq);
        const char *target = text_or(request_variable(rq, "REQUEST_URI"), "");
        char *back = NULL;

        if (text_starts(target, base) && target[strlen(base)] == '/')
                back = mem_text(target + strlen(base) + 1);
        if (back != NULL &&
            (strlen(back) > 500 ||
             back[strspn(back, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_./:%?=&+")] != '\0')) {
                mem_free(back);
                back = NULL;
        }
        mem_free(base);
        return back;
}

static void to_sign_in(struct request *rq, struct reply *re)
{
        char *base = request_base(rq), *back = way_back(rq), *where;
        struct buf escaped = BUF_NONE;

        if (back != NULL && text_equal(request_method(rq), "GET"))
                code_url(&escaped, back);
        where = mem_format("%s/%s/sign-in%s%s", base, admin_name_of_path(rq),
                           escaped.len > 0 ? "?next=" : "", buf_text(&escaped));
        reply_see_other(re, where);
        mem_free(where);
        mem_free(back);
        mem_free(base);
        buf_dispose(&escaped);
}

static void refuse(struct request *rq, struct reply *re, const struct visitor *v)
{
        char *detail;

        if (v != NULL && v->home != NULL && v->org != v->home &&
            text_equal(v->home->name, HOME_HOST))
                detail = mem_format("Operators see no candidate's data. If you must, break the "
                                    "glass with a reason: the page of the host has the form.");
        else
                detail = mem_format("Your account (%s) may not do that. An admin of your "
                                    "organisation can give it another role.",
                                    v == NULL ? "" : v->role);
        reply_problem(rq, re, 403, detail);
        mem_free(detail);
}

/* A key instead of a person: programs. */
static int may_key(struct request *rq, struct reply *re, const char *scope, struct visitor *v)
{
        const char *words = strstr(scope, "key:");
        char *one = mem_text_part(words + 4, strcspn(words + 4, " ")), id[9] = "";
        int result = guard_org(rq, re, one, true, &v->org, id);

        if (result == 0) {
                v->role = "key";
                v->who = mem_format("key %s", id);
                v->zone = zone_load("UTC");
                v->home = v->org;
        }
        mem_free(one);
        return result;
}

int admin_may(struct request *rq, struct reply *re, const char *scope)
{
        struct visitor *v = mem_alloc(sizeof *v);
        struct fail why = FAIL_CLEAR;
        int found;

        request_keep(rq, v, drop_visitor);
        if (request_credential(rq) != NULL && strstr(scope, "key:") != NULL)
                return may_key(rq, re, scope, v);
        found = admin_org_of_path(rq, &v->org, &why);
        if (found == 1)
                found = look_in(rq, v->org, v, &why);
        if (found == 0)
                found = look_through_glass(rq, v->org, v, &why);
        if (found < 0) {
                reply_failure(rq, re, "who is here cannot be told", &why);
                return -1;
        }
        if (found == 0 && strstr(scope, "key:") != NULL && !request_wants_html(rq))
                return may_key(rq, re, scope, v);
        if (found == 0) {
                to_sign_in(rq, re);
                return -1;
        }
        if (has_word(scope, v->role) && v->org != NULL)
                return 0;
        refuse(rq, re, v);
        return -1;
}

/* --- forms ---------------------------------------------------------------------------------- */

/* The browser's own word on where a form came from, when it gives one. */
static bool is_of_ours(struct request *rq, struct org *org)
{
        const char *site = NULL, *origin = NULL;
        json_t *self = NULL;
        bool good = true;

        if (request_header(rq, "Sec-Fetch-Site", &site) > 0)
                return text_equal(site, "same-origin") || text_equal(site, "none");
        if (request_header(rq, "Origin", &origin) != 0) {
                const char *url = "";
                size_t len;

                if (org != NULL && record_get(org, "org", "self", &self, NULL) == 1)
                        url = json_get_text(self, "public_url", "");
                len = strstr(url, "://") == NULL ? 0
                                                 : (size_t)(strstr(url, "://") - url) + 3 +
                                                       strcspn(strstr(url, "://") + 3, "/");
                good = origin != NULL && len > 0 && strlen(origin) == len &&
                       memcmp(origin, url, len) == 0;
                json_decref(self);
        }
        return good;
}

int admin_check(struct request *rq, struct reply *re, const char *scope)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        char want[33];
        bool good;

        if (!text_equal(request_method(rq), "POST"))
                return 0;
        if (admin_org_of_path(rq, &org, &why) < 0) {
                reply_failure(rq, re, "org cannot be opened", &why);
                return -1;
        }
        good = is_of_ours(rq, org);
        if (good && (v == NULL || v->id != NULL)) {
                if (v != NULL)
                        memcpy(want, v->csrf, sizeof want);
                else
                        admin_pre_csrf(rq, re, org, admin_name_of_path(rq), want);
                good = secret_equal_text(request_form(rq, "csrf"), want);
        }
        (void)scope;
        if (good)
                return 0;
        reply_problem(rq, re, 403,
                      "This form was sent from another site, or its page is too old, or your "
                      "browser keeps no cookies. Open the page here and try again.");
        return -1;
}
