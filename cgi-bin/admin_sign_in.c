/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: signing in and out, and the invitations that make an account. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/audit.h"
#include "home/records.h"
#include "home/slow.h"
#include "home/visit.h"

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
        const char *name = admin_name_of_path(rq), *next;
        struct fail why = FAIL_CLEAR;
        json_t *view = json_object();
        struct org *org = NULL;
        char csrf[33];

        if (admin_org_of_path(rq, &org, &why) < 0) {
                json_decref(view);
                reply_failure(rq, re, "org cannot be opened", &why);
                return;
        }
        admin_pre_csrf(rq, re, org, name, csrf);
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

        name = admin_cookie_name(org, "", org->name);
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
        admin_set_cookie(rq, re, org, "", org->name, token);
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
        const char *name = admin_name_of_path(rq);
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
        if (admin_org_of_path(rq, &org, &why) < 0) {
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
                admin_set_cookie(rq, re, v->home, "", v->home->name, NULL);
                reply_header(re, "Clear-Site-Data", "\"cache\"");
                mem_free(where);
        }
        mem_free(base);
}

/* --- invitations ---------------------------------------------------------------------------- */

static void show_invitation(struct request *rq, struct reply *re, int status, const char *fault)
{
        const char *name = admin_name_of_path(rq), *role;
        struct fail why = FAIL_CLEAR;
        json_t *invitation = NULL, *view, *self = NULL;
        struct org *org = NULL;
        char csrf[33];
        int found = admin_org_of_path(rq, &org, &why);

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
        admin_pre_csrf(rq, re, org, name, csrf);
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
        int found = admin_org_of_path(rq, &org, &why);

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

const struct route admin_sign_in_routes[] = {
        { "GET", "{org}/sign-in", sign_in_form, 0, false, NULL },
        { "POST", "{org}/sign-in", sign_in, 8192, false, NULL },
        { "POST", "{org}/sign-out", sign_out, 1024, false, ANYONE },
        { "GET", "{org}/invitation/{token}", invitation_form, 0, false, NULL },
        { "POST", "{org}/invitation/{token}", accept_invitation, 8192, false, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
