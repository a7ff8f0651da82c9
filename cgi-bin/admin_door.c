/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin: who is here.  Cookies, sign-in, sign-out, invitations, and the two looks that every
 * request takes: may he, and did his own page send this form.
 *
 * A cookie is "__Host-fairlead-<org>" (Secure, HttpOnly, SameSite=Lax).  An org whose public
 * address is plain HTTP, which apply allows on loopback only, has "fairlead-<org>" without
 * Secure: browsers do not take __Host- there.  The stored address decides, never the request, so
 * nobody can ask for the weaker one.
 */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/audit.h"
#include "home/records.h"
#include "home/slow.h"
#include "home/visit.h"

static bool trust_remote_user;

const struct setting admin_settings[] = {
        { "FAIRLEAD_REMOTE_USER", SETTING_BOOL, "no", 0, 0, &trust_remote_user, NULL,
          "believe the web server's REMOTE_USER: it is the e-mail address of who is signed in" },
        { NULL, 0, NULL, 0, 0, NULL, NULL, NULL },
};

/* --- cookies -------------------------------------------------------------------------------- */

/* Is the address that people see plain HTTP?  Only on loopback can it be (apply). */
static bool is_plain(struct org *org)
{
        json_t *self = NULL;
        bool plain;

        if (org != NULL && record_get(org, "org", "self", &self, NULL) < 0)
                self = NULL;
        plain = text_starts_fold(json_get_text(self, "public_url", ""), "http://");
        json_decref(self);
        return plain;
}

/* what: "" for the visit, "pre-" for forms before it. */
static char *cookie_name(struct org *org, const char *what, const char *org_name)
{
        return mem_format("%sfairlead-%s%s", is_plain(org) ? "" : "__Host-", what, org_name);
}

/* value NULL: forget it. */
static void set_cookie(struct request *rq, struct reply *re, struct org *org, const char *what,
                       const char *org_name, const char *value)
{
        char *name = cookie_name(org, what, org_name), *base = request_base(rq), *cookie;
        bool plain = is_plain(org);

        cookie = mem_format("%s=%s; Path=%s; HttpOnly; SameSite=%s%s%s", name, text_or(value, ""),
                            plain ? base : "/", *what == '\0' ? "Lax" : "Strict",
                            plain ? "" : "; Secure", value == NULL ? "; Max-Age=0" : "");
        reply_header(re, "Set-Cookie", cookie);
        mem_free_secret(cookie);
        mem_free(base);
        mem_free(name);
}

static void csrf_of(const void *secret, size_t len, char out[33])
{
        struct buf hex = BUF_NONE;

        secret_hmac_hex("form", 4, secret, len, &hex);
        memcpy(out, hex.data, 32);
        out[32] = '\0';
        buf_dispose_secret(&hex);
}

/* The token of forms before somebody is signed in; a cookie is set when there is none. */
static void pre_csrf(struct request *rq, struct reply *re, struct org *org, const char *org_name,
                     char out[33])
{
        char *name = cookie_name(org, "pre-", org_name), *value = NULL;

        if (request_cookie(rq, name, &value) != 1 || strlen(value) != 26) {
                mem_free_secret(value);
                value = secret_token(26);
                set_cookie(rq, re, org, "pre-", org_name, value);
        }
        csrf_of(value, strlen(value), out);
        mem_free_secret(value);
        mem_free(name);
}

/* --- who is here ---------------------------------------------------------------------------- */

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
static int org_of_path(struct request *rq, struct org **org, struct fail *why)
{
        const char *name = request_segment(rq, "org");

        if (name == NULL) /* the host's own pages: "-/..." */
                name = HOME_HOST;
        *org = NULL;
        if (text_equal(name, HOME_HOST))
                return home_host(guard_home(), org, why) == 0 ? 1 : -1;
        return home_org(guard_home(), name, org, why);
}

static const char *name_of_path(struct request *rq)
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
        csrf_of(text.data, text.len, v->csrf);
        mem_wipe(key, sizeof key);
        buf_dispose_secret(&text);
        return 1;
}

/* A person of this org (or of the host) by his cookie: 1, 0, -1. */
static int look_in(struct request *rq, struct org *org, struct visitor *v, struct fail *why)
{
        char *name = cookie_name(org, "", org->name), *token = NULL;
        int found = request_cookie(rq, name, &token) == 1
                        ? visit_look(org, token, &v->id, &v->person, why)
                        : 0;

        mem_free(name);
        if (found == 1) {
                v->token = token;
                csrf_of(token, strlen(token), v->csrf);
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
        where = mem_format("%s/%s/sign-in%s%s", base, name_of_path(rq),
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
        found = org_of_path(rq, &v->org, &why);
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
        if (org_of_path(rq, &org, &why) < 0) {
                reply_failure(rq, re, "org cannot be opened", &why);
                return -1;
        }
        good = is_of_ours(rq, org);
        if (good && (v == NULL || v->id != NULL)) {
                if (v != NULL)
                        memcpy(want, v->csrf, sizeof want);
                else
                        pre_csrf(rq, re, org, name_of_path(rq), want);
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

/* --- signing in and out --------------------------------------------------------------------- */

/* "acme/candidates?q=x" of our own pages, else NULL. */
static const char *good_next(const char *next, const char *org)
{
        size_t len = strlen(org);

        if (text_empty(next) || strlen(next) > 500 || strncmp(next, org, len) != 0 ||
            (next[len] != '/' && next[len] != '?' && next[len] != '\0') ||
            strstr(next, "//") != NULL || strstr(next, "..") != NULL ||
            next[strspn(next, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
                              ":%?=&+")] != '\0')
                return NULL;
        return next;
}

static void show_sign_in(struct request *rq, struct reply *re, int status, const char *fault)
{
        const char *name = name_of_path(rq), *next;
        struct fail why = FAIL_CLEAR;
        json_t *view = json_object();
        struct org *org = NULL;
        char csrf[33];

        if (org_of_path(rq, &org, &why) < 0) {
                json_decref(view);
                reply_failure(rq, re, "org cannot be opened", &why);
                return;
        }
        pre_csrf(rq, re, org, name, csrf);
        next = good_next(text_equal(request_method(rq), "POST") ? request_form(rq, "next")
                                                                : request_query(rq, "next"),
                         name);
        json_set_text(view, "next", next);
        json_set_text(view, "email", request_form(rq, "email"));
        json_set_text(view, "fault", fault);
        json_set_bool(view, "host", text_equal(name, HOME_HOST));
        json_set_text(view, "said", admin_said(request_query(rq, "said")));
        admin_bare_page(rq, re, status, "sign-in", view, "Sign in", name, csrf);
}

static void sign_in_form(struct request *rq, struct reply *re)
{
        show_sign_in(rq, re, 200, NULL);
}

/* Failed attempts in the log: one a minute for each account and address, so that nobody can fill
 * it by guessing. */
static void log_failed(struct request *rq, struct org *org, const char *email)
{
        const struct audit_entry e = { .org = org->name,
                                       .who = "somebody",
                                       .from = admin_from(rq),
                                       .did = "person.not-signed-in",
                                       .about = email,
                                       .request = request_id(rq) };

        audit_add_once(guard_home(), &e, WHEN_MINUTE, NULL);
}

static void enter(struct request *rq, struct reply *re, struct org *org, const char *id,
                  const char *next)
{
        char *base = request_base(rq), *where, *token = NULL, *name;
        const char *agent = NULL;
        struct fail why = FAIL_CLEAR;
        struct audit_entry e = { .org = org->name,
                                 .from = admin_from(rq),
                                 .did = "person.signed-in",
                                 .request = request_id(rq) };
        json_t *person = NULL;
        char *old = NULL;

        name = cookie_name(org, "", org->name);
        if (request_cookie(rq, name, &old) == 1)
                visit_end(org, old, NULL); /* never goes on with what was there before */
        request_header(rq, "User-Agent", &agent);
        if (visit_begin(org, id, admin_from(rq), agent, &token, &why) != 0 ||
            person_get(org, id, &person, &why) != 1)
                goto out;
        e.who = json_get_text(person, "email", "");
        if (audit_add(guard_home(), &e, &why) != 0)
                goto out;
        where = mem_format("%s/%s", base, text_or(next, org->name));
        reply_see_other(re, where);
        set_cookie(rq, re, org, "", org->name, token);
        mem_free(where);
out:
        if (why.kind != FAIL_NONE)
                reply_failure(rq, re, "nobody can be signed in", &why);
        json_decref(person);
        mem_free_secret(token);
        mem_free_secret(old);
        mem_free(name);
        mem_free(base);
}

/* Fills a sentence for one who has to wait. */
static void wait_sentence(int64_t ms, struct buf *out)
{
        buf_add_text(out, "Too many attempts. Wait ");
        when_span(out, ms + 999);
        buf_add_text(out, ", then try again.");
}

static void sign_in(struct request *rq, struct reply *re)
{
        const char *email = text_or(request_form(rq, "email"), "");
        const char *name = name_of_path(rq);
        struct fail why = FAIL_CLEAR;
        enum person_answer answer = PERSON_WRONG;
        struct buf sentence = BUF_NONE;
        struct org *org = NULL;
        char seconds[24], *id = NULL, account[PERSON_EMAIL_MAX + 1];
        int64_t wait;

        snprintf(account, sizeof account, "%s", email);
        for (char *c = account; *c != '\0'; c++)
                if (*c >= 'A' && *c <= 'Z')
                        *c = (char)(*c - 'A' + 'a');
        if (org_of_path(rq, &org, &why) < 0) {
                reply_failure(rq, re, "org cannot be opened", &why);
                return;
        }
        wait = slow_try(guard_home(), name, account, admin_from(rq), when_now_ms(), &why);
        if (wait > 0) {
                wait_sentence(wait, &sentence);
                show_sign_in(rq, re, 429, buf_text(&sentence));
                snprintf(seconds, sizeof seconds, "%lld", (long long)(wait + 999) / 1000);
                reply_header(re, "Retry-After", seconds);
                buf_dispose(&sentence);
                return;
        }
        if (wait == 0 && org != NULL)
                answer = person_sign_in(guard_home(), org, email, request_form(rq, "pass"),
                                        request_form(rq, "code"), admin_from(rq), &id, &why);
        else if (wait == 0)
                secret_pass_fits(text_or(request_form(rq, "pass"), ""), NULL, NULL);
        if (wait < 0 || answer == PERSON_BROKEN) {
                reply_failure(rq, re, "nobody can be signed in", &why);
        } else if (answer == PERSON_DONE) {
                slow_forgive(guard_home(), name, account, admin_from(rq), when_now_ms());
                enter(rq, re, org, id, good_next(request_form(rq, "next"), name));
        } else if (answer == PERSON_TAKEN) {
                slow_forgive(guard_home(), name, account, admin_from(rq), when_now_ms());
                show_sign_in(rq, re, 422,
                             "Your account has a second factor: type your passphrase again and "
                             "the code that your authenticator shows now.");
        } else {
                if (org != NULL)
                        log_failed(rq, org, account);
                show_sign_in(rq, re, 422,
                             "That did not fit. Check the address, the passphrase and, if you "
                             "set one up, the code; an admin can send you a new link.");
        }
        mem_free(id);
}

static void sign_out(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        char *base = request_base(rq), *where;

        if (v->token != NULL && visit_end(v->home, v->token, &why) != 0) {
                reply_failure(rq, re, "visit cannot be ended", &why);
        } else if (admin_log(rq, re, "person.signed-out", NULL, NULL) == 0) {
                where = mem_format("%s/%s/sign-in?said=signed-out", base, v->home->name);
                reply_see_other(re, where);
                set_cookie(rq, re, v->home, "", v->home->name, NULL);
                reply_header(re, "Clear-Site-Data", "\"cache\"");
                mem_free(where);
        }
        mem_free(base);
}

/* --- invitations ---------------------------------------------------------------------------- */

static void show_invitation(struct request *rq, struct reply *re, int status, const char *fault)
{
        const char *name = name_of_path(rq), *role;
        struct fail why = FAIL_CLEAR;
        json_t *invitation = NULL, *view, *self = NULL;
        struct org *org = NULL;
        char csrf[33];
        int found = org_of_path(rq, &org, &why);

        if (found == 1)
                found = person_invited(org, request_segment(rq, "token"), &invitation, &why);
        if (found < 0) {
                reply_failure(rq, re, "invitation cannot be read", &why);
                return;
        }
        reply_header(re, "X-Robots-Tag", "noindex");
        if (found == 0) {
                reply_problem(rq, re, 404,
                              "This link was used, withdrawn or is older than a week. Ask whoever "
                              "sent it for a new one.");
                return;
        }
        if (record_get(org, "org", "self", &self, NULL) < 0)
                self = NULL;
        pre_csrf(rq, re, org, name, csrf);
        view = json_object();
        role = json_get_text(invitation, "role", "");
        json_set_text(view, "email", json_get_text(invitation, "email", ""));
        json_set_text(view, "org_title", json_get_text(self, "name", name));
        json_set_text(view, "role", person_role(role) == NULL ? role : person_role(role)->title);
        json_set_text(view, "role_sentence",
                      person_role(role) == NULL ? "" : person_role(role)->sentence);
        json_set_text(view, "by", json_get_text(invitation, "by", ""));
        json_set_bool(view, "reset", json_get_bool(invitation, "reset", false));
        json_set_bool(view, "host", text_equal(name, HOME_HOST));
        json_set_text(view, "name", request_form(rq, "name"));
        json_set_text(view, "fault", fault);
        json_set_int(view, "least", PERSON_PASS_LEAST);
        admin_bare_page(rq, re, status, "invitation", view,
                        json_get_bool(invitation, "reset", false) ? "A new passphrase"
                                                                  : "Make your account",
                        name, csrf);
        json_decref(invitation);
        json_decref(self);
}

static void invitation_form(struct request *rq, struct reply *re)
{
        show_invitation(rq, re, 200, NULL);
}

static void accept_invitation(struct request *rq, struct reply *re)
{
        const char *pass = request_form(rq, "pass"), *again = request_form(rq, "again");
        const char *typed_name = request_form(rq, "name");
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        struct audit_entry e = { .from = admin_from(rq),
                                 .did = "person.joined",
                                 .request = request_id(rq) };
        json_t *invitation = NULL;
        char *id = NULL;
        int found = org_of_path(rq, &org, &why);

        if (found > 0 && !text_equal(pass, again)) {
                show_invitation(rq, re, 422, "The two passphrases differ. Type them again.");
                return;
        }
        if (found > 0)
                found = person_invited(org, request_segment(rq, "token"), &invitation, &why);
        if (found < 0) {
                reply_failure(rq, re, "invitation cannot be read", &why);
                return;
        }
        if (found == 0) {
                show_invitation(rq, re, 404, NULL);
                return;
        }
        switch (person_accept(org, request_segment(rq, "token"), typed_name, pass, &id, &why)) {
        case PERSON_DONE:
                e.org = org->name;
                e.who = json_get_text(invitation, "email", "");
                if (audit_add(guard_home(), &e, &why) != 0)
                        reply_failure(rq, re, "audit log cannot be written", &why);
                else
                        enter(rq, re, org, id, NULL);
                break;
        case PERSON_WRONG:
                show_invitation(rq, re, 422, why.text);
                break;
        case PERSON_BROKEN:
                reply_failure(rq, re, "account cannot be made", &why);
                break;
        default:
                reply_problem(rq, re, 409,
                              "There is an account for this address already: sign in, or ask for "
                              "a link that resets it.");
        }
        json_decref(invitation);
        mem_free(id);
}

const struct route admin_door_routes[] = {
        { "GET", "{org}/sign-in", sign_in_form, 0, false, NULL },
        { "POST", "{org}/sign-in", sign_in, 8192, false, NULL },
        { "POST", "{org}/sign-out", sign_out, 1024, false, ANYONE },
        { "GET", "{org}/invitation/{token}", invitation_form, 0, false, NULL },
        { "POST", "{org}/invitation/{token}", accept_invitation, 8192, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
