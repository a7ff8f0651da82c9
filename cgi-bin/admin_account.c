/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: a person's own account: name, clock, passphrase, second factor, visits. */
#include <string.h>

#include "admin.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/visit.h"

/* What is wrong with one of the forms, beside its field. */
struct fault {
        const char *field, *sentence; /* field NULL: nothing is wrong */
};

static void show(struct request *rq, struct reply *re, int status, struct fault fault)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view = json_object(), *visits = NULL, *row;
        char *stamp = person_stamp(v->person);
        const struct person_role *role = person_role(json_get_text(v->person, "role", ""));
        const char *typed = text_equal(fault.field, "zone") ? request_form(rq, "zone") : NULL;
        size_t i;

        if (visit_list(v->home, v->id, v->token, &visits, &why) != 0) {
                reply_failure(rq, re, "visits cannot be listed", &why);
                json_decref(view);
                mem_free(stamp);
                return;
        }
        json_array_foreach(visits, i, row)
        {
                admin_set_time(rq, row, "seen", json_get_int(row, "seen_ms", 0));
                admin_set_time(rq, row, "began", json_get_int(row, "created_ms", 0));
        }
        json_set(view, "visits", visits);
        json_set_text(view, "email", v->who);
        json_set_text(view, "name",
                      typed != NULL ? request_form(rq, "name")
                                    : json_get_text(v->person, "name", ""));
        json_set_text(view, "zone", typed != NULL ? typed : json_get_text(v->person, "zone", ""));
        json_set_text(view, "role", role == NULL ? "" : role->title);
        json_set_text(view, "role_sentence", role == NULL ? "" : role->sentence);
        json_set_text(view, "stamp", stamp);
        json_set_bool(view, "totp", json_at(v->person, "totp") != NULL);
        json_set_int(view, "codes", (int64_t)json_array_size(json_at(v->person, "codes")));
        json_set_int(view, "least", PERSON_PASS_LEAST);
        json_set_bool(view, "foreign", v->token == NULL);
        if (fault.field != NULL) {
                char *name = mem_format("fault_%s", fault.field);

                json_set_text(view, name, fault.sentence);
                mem_free(name);
        }
        admin_page(rq, re, status, "account", view, "Your account", "account");
        mem_free(stamp);
}

static void account(struct request *rq, struct reply *re)
{
        show(rq, re, 200, (struct fault){ NULL, NULL });
}

/* The three ways in which a change does not come about; true when one was replied. */
static bool refused(struct request *rq, struct reply *re, enum person_answer answer,
                    const char *field, const struct fail *why)
{
        if (answer == PERSON_DONE)
                return false;
        if (answer == PERSON_WRONG)
                show(rq, re, 422, (struct fault){ field, why->text });
        else if (answer == PERSON_BROKEN)
                reply_failure(rq, re, "account cannot be changed", why);
        else
                admin_go(rq, re, "account?said=moved");
        return true;
}

static void change(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        const struct person_change c = { .stamp = request_form(rq, "stamp"),
                                         .name = text_or(request_form(rq, "name"), ""),
                                         .zone = text_or(request_form(rq, "zone"), "") };
        struct fail why = FAIL_CLEAR;

        if (!refused(rq, re, person_change(v->home, v->id, &c, &why), "zone", &why) &&
            admin_log(rq, re, "account.changed", NULL, NULL) == 0)
                admin_go(rq, re, "account?said=saved");
}

static void passphrase(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        enum person_answer answer = PERSON_WRONG;

        if (text_equal(request_form(rq, "fresh"), request_form(rq, "again")))
                answer = person_set_pass(v->home, v->id, request_form(rq, "pass"),
                                         request_form(rq, "fresh"), &why);
        else
                fail_set(&why, FAIL_INPUT, "The two new passphrases differ. Type them again.");
        if (!refused(rq, re, answer, why.kind == FAIL_DENIED ? "pass" : "fresh", &why) &&
            admin_log(rq, re, "account.passphrase", NULL, NULL) == 0)
                admin_go(rq, re, "account?said=passphrase");
}

static void show_totp(struct request *rq, struct reply *re, int status, const char *base32,
                      const char *fault)
{
        json_t *view = json_object();
        struct buf gaps = BUF_NONE;

        for (size_t i = 0; base32 != NULL && base32[i] != '\0'; i++) {
                if (i > 0 && i % 4 == 0)
                        buf_add_char(&gaps, ' ');
                buf_add_char(&gaps, base32[i]);
        }
        json_set_text(view, "base32", base32);
        json_set_text(view, "gaps", base32 == NULL ? NULL : buf_text(&gaps));
        json_set_text(view, "email", admin_visitor(rq)->who);
        json_set_text(view, "fault", fault);
        admin_page(rq, re, status, "totp", view, "Second factor", "account");
        buf_dispose_secret(&gaps);
}

static void totp_begin(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        char *base32 = NULL;

        if (!refused(rq, re, person_totp_begin(guard_home(), v->home, v->id, &base32, &why), "totp",
                     &why))
                show_totp(rq, re, 200, base32, NULL);
        mem_free_secret(base32);
}

static void totp_confirm(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *codes = NULL, *view;
        enum person_answer answer = person_totp_confirm(guard_home(), v->home, v->id,
                                                        request_form(rq, "code"), &codes, &why);

        if (answer == PERSON_WRONG) {
                show_totp(rq, re, 422, NULL, why.text);
        } else if (!refused(rq, re, answer, "totp", &why) &&
                   admin_log(rq, re, "account.totp-on", NULL, NULL) == 0) {
                view = json_object();
                json_set(view, "codes", json_incref(codes));
                admin_page(rq, re, 200, "codes", view, "Recovery codes", "account");
        }
        json_decref(codes);
}

static void totp_off(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        enum person_answer answer = person_totp_off(v->home, v->id, request_form(rq, "pass"), &why);

        if (!refused(rq, re, answer, "off", &why) &&
            admin_log(rq, re, "account.totp-off", NULL, NULL) == 0)
                admin_go(rq, re, "account?said=totp-off");
}

static void everywhere(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;

        if (!refused(rq, re, person_end_visits(v->home, v->id, &why), "visits", &why) &&
            admin_log(rq, re, "account.signed-out-everywhere", NULL, NULL) == 0)
                admin_go(rq, re, "sign-in?said=signed-out-everywhere");
}

static void end_visit(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        int ended = visit_end_one(v->home, v->id, request_segment(rq, "visit"), &why);

        if (ended < 0)
                reply_failure(rq, re, "visit cannot be ended", &why);
        else if (ended == 0)
                admin_go(rq, re, "account?said=moved");
        else if (admin_log(rq, re, "account.visit-ended", NULL, NULL) == 0)
                admin_go(rq, re, "account?said=ended");
}

const struct route admin_account_routes[] = {
        { "GET", "{org}/account", account, 0, false, ANYONE },
        { "POST", "{org}/account", change, ADMIN_FORM_MAX, false, ANYONE },
        { "POST", "{org}/account/passphrase", passphrase, ADMIN_FORM_MAX, false, ANYONE },
        { "POST", "{org}/account/totp", totp_begin, ADMIN_FORM_MAX, false, ANYONE },
        { "POST", "{org}/account/totp/confirm", totp_confirm, ADMIN_FORM_MAX, false, ANYONE },
        { "POST", "{org}/account/totp/off", totp_off, ADMIN_FORM_MAX, false, ANYONE },
        { "POST", "{org}/account/sign-out-everywhere", everywhere, ADMIN_FORM_MAX, false, ANYONE },
        { "POST", "{org}/account/visits/{visit}/end", end_visit, ADMIN_FORM_MAX, false, ANYONE },
        { NULL, NULL, NULL, 0, false, NULL },
};
