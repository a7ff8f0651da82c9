/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: the people of an org, or of the host: inviting, changing, removing. */
#include <string.h>

#include "admin.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/person.h"
#include "home/records.h"

static json_t *roles_for(const struct org *org, const char *chosen)
{
        json_t *list = json_array();

        for (const struct person_role *r = person_roles; r->name != NULL; r++) {
                char *words;

                if (!person_role_fits(org, r->name))
                        continue;
                words = mem_format("%s: %s", r->title, r->sentence);
                json_add(list, admin_option(r->name, words));
                mem_free(words);
        }
        admin_choose(list, chosen);
        return list;
}

static void set_role(json_t *row)
{
        const struct person_role *role = person_role(json_get_text(row, "role", ""));

        json_set_text(row, "role_title", role == NULL ? "" : role->title);
}

static void show_people(struct request *rq, struct reply *re, int status, const char *fault,
                        const char *link)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view = json_object(), *people = NULL, *open = NULL, *row;
        size_t i;

        if (person_list(v->org, &people, &why) != 0 ||
            person_invitations(v->org, &open, &why) != 0) {
                reply_failure(rq, re, "people cannot be listed", &why);
                json_decref(people);
                json_decref(view);
                return;
        }
        json_array_foreach(people, i, row)
        {
                set_role(row);
                admin_set_time(rq, row, "last", json_get_int(row, "last_ms", 0));
                json_set_bool(row, "own", text_equal(json_get_text(row, "id", ""), v->id));
        }
        json_array_foreach(open, i, row)
        {
                set_role(row);
                admin_set_time(rq, row, "until", json_get_int(row, "expires_ms", 0));
        }
        json_set(view, "people", people);
        json_set_bool(view, "has_invitations", json_array_size(open) > 0);
        json_set(view, "invitations", open);
        json_set(view, "roles", roles_for(v->org, text_or(request_form(rq, "role"), "recruiter")));
        json_set_text(view, "email", link != NULL ? NULL : request_form(rq, "email"));
        json_set_text(view, "invited", link == NULL ? NULL : request_form(rq, "email"));
        json_set_text(view, "link", link);
        json_set_text(view, "fault", fault);
        admin_page(rq, re, status, "people", view, "People", "people");
}

static void people(struct request *rq, struct reply *re)
{
        show_people(rq, re, 200, NULL, NULL);
}

/* The address that a link begins with: the org's own, so that it works from outside. */
static char *link_to(struct request *rq, const char *token)
{
        struct visitor *v = admin_visitor(rq);
        json_t *self = NULL;
        char *link;

        if (record_get(v->org, "org", "self", &self, NULL) != 1)
                self = NULL;
        link = mem_format("%s/admin/%s/invitation/%s", json_get_text(self, "public_url", ""),
                          v->org->name, token);
        json_decref(self);
        return link;
}

static int log_person(struct request *rq, struct reply *re, const char *did, const char *email,
                      const char *role)
{
        char *about = mem_format("person %s", email);
        json_t *detail = json_object();
        int result;

        if (role != NULL)
                json_set_text(detail, "role", role);
        result = admin_log(rq, re, did, about, role == NULL ? NULL : detail);
        json_decref(detail);
        mem_free(about);
        return result;
}

static void invite(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        const struct person_invitation order = { .email = request_form(rq, "email"),
                                                 .role = request_form(rq, "role"),
                                                 .by = v->who };
        struct fail why = FAIL_CLEAR;
        char *token = NULL, *link;

        switch (person_invite(v->org, &order, &token, &why)) {
        case PERSON_DONE:
                link = link_to(rq, token);
                if (log_person(rq, re, "person.invited", order.email, order.role) == 0)
                        show_people(rq, re, 200, NULL, link);
                mem_free_secret(link);
                break;
        case PERSON_TAKEN:
                show_people(rq, re, 422, "This person has an account already.", NULL);
                break;
        case PERSON_WRONG:
                show_people(rq, re, 422, why.text, NULL);
                break;
        default:
                reply_failure(rq, re, "nobody can be invited", &why);
        }
        mem_free_secret(token);
}

static void withdraw(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        enum person_answer answer =
            person_withdraw(v->org, request_segment(rq, "invitation"), &why);

        if (answer == PERSON_BROKEN)
                reply_failure(rq, re, "invitation cannot be withdrawn", &why);
        else if (answer == PERSON_ABSENT)
                admin_go(rq, re, "people?said=moved");
        else if (log_person(rq, re, "person.withdrawn", text_or(request_form(rq, "email"), ""),
                            NULL) == 0)
                admin_go(rq, re, "people?said=withdrawn");
}

/* The person in the path, or a reply and -1. */
static int load(struct request *rq, struct reply *re, json_t **record)
{
        struct fail why = FAIL_CLEAR;
        int found = person_get(admin_visitor(rq)->org, request_segment(rq, "person"), record, &why);

        if (found == 1)
                return 0;
        if (found < 0)
                reply_failure(rq, re, "person cannot be read", &why);
        else
                reply_problem(rq, re, 404,
                              "There is no such person; somebody may have removed "
                              "him a moment ago.");
        return -1;
}

static void show_person(struct request *rq, struct reply *re, int status, json_t *record,
                        const char *fault, const char *link)
{
        struct visitor *v = admin_visitor(rq);
        bool typed = fault != NULL && request_form(rq, "role") != NULL;
        json_t *view = json_object();
        char *stamp = person_stamp(record);

        json_set_text(view, "id", request_segment(rq, "person"));
        json_set_text(view, "email", json_get_text(record, "email", ""));
        json_set_text(view, "name",
                      typed ? request_form(rq, "name") : json_get_text(record, "name", ""));
        json_set_bool(view, "off", json_get_bool(record, "off", false));
        json_set_bool(view, "totp", json_at(record, "totp") != NULL);
        json_set_bool(view, "own", text_equal(request_segment(rq, "person"), v->id));
        json_set_text(view, "last_from", json_get_text(record, "last_from", NULL));
        json_set(view, "roles",
                 roles_for(v->org,
                           typed ? request_form(rq, "role") : json_get_text(record, "role", "")));
        json_set_text(view, "stamp", stamp);
        json_set_text(view, "fault", fault);
        json_set_text(view, "link", link);
        admin_set_time(rq, view, "last", json_get_int(record, "last_ms", 0));
        admin_set_time(rq, view, "created", json_get_int(record, "created_ms", 0));
        admin_page(rq, re, status, "person", view, json_get_text(record, "email", ""), "people");
        mem_free(stamp);
}

static void person(struct request *rq, struct reply *re)
{
        json_t *record = NULL;

        if (load(rq, re, &record) == 0)
                show_person(rq, re, 200, record, NULL, NULL);
        json_decref(record);
}

static const char last_sentence[] =
    "This is the last one who can let others in. Invite another admin first.";

static void change(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        const struct person_change c = { .stamp = text_or(request_form(rq, "stamp"), "none"),
                                         .name = text_or(request_form(rq, "name"), ""),
                                         .role = text_or(request_form(rq, "role"), ""),
                                         .off = request_form(rq, "off") != NULL ? "yes" : "no" };
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL;

        if (load(rq, re, &record) != 0)
                return;
        switch (person_change(v->org, request_segment(rq, "person"), &c, &why)) {
        case PERSON_DONE:
                if (log_person(rq, re, "person.changed", json_get_text(record, "email", ""),
                               c.role) == 0)
                        admin_go(rq, re, "people?said=saved");
                break;
        case PERSON_WRONG:
                show_person(rq, re, 422, record, why.text, NULL);
                break;
        case PERSON_LAST:
                show_person(rq, re, 409, record, last_sentence, NULL);
                break;
        case PERSON_TAKEN:
                show_person(rq, re, 409, record,
                            "Somebody else changed this person since you opened the page. What "
                            "you typed is below; save again to make it so.",
                            NULL);
                break;
        case PERSON_ABSENT:
                admin_go(rq, re, "people?said=moved");
                break;
        default:
                reply_failure(rq, re, "person cannot be changed", &why);
        }
        json_decref(record);
}

static void reset(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct person_invitation order = { .by = v->who, .reset = true };
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL;
        char *token = NULL, *link;

        if (load(rq, re, &record) != 0)
                return;
        order.email = json_get_text(record, "email", "");
        order.no_totp = request_form(rq, "no_totp") != NULL;
        if (person_invite(v->org, &order, &token, &why) != PERSON_DONE) {
                reply_failure(rq, re, "no link can be made", &why);
        } else {
                link = link_to(rq, token);
                if (log_person(rq, re, "person.reset", order.email, NULL) == 0)
                        show_person(rq, re, 200, record, NULL, link);
                mem_free_secret(link);
        }
        mem_free_secret(token);
        json_decref(record);
}

static void remove_form(struct request *rq, struct reply *re)
{
        json_t *record = NULL, *view;

        if (load(rq, re, &record) != 0)
                return;
        view = json_object();
        json_set_text(view, "id", request_segment(rq, "person"));
        json_set_text(view, "email", json_get_text(record, "email", ""));
        admin_page(rq, re, 200, "person-remove", view, "Remove somebody", "people");
        json_decref(record);
}

static void remove_person(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL;

        if (load(rq, re, &record) != 0)
                return;
        switch (person_remove(v->org, request_segment(rq, "person"), &why)) {
        case PERSON_DONE:
                if (log_person(rq, re, "person.removed", json_get_text(record, "email", ""),
                               NULL) == 0)
                        admin_go(rq, re, "people?said=removed");
                break;
        case PERSON_LAST:
                show_person(rq, re, 409, record, last_sentence, NULL);
                break;
        case PERSON_BROKEN:
                reply_failure(rq, re, "person cannot be removed", &why);
                break;
        default:
                admin_go(rq, re, "people?said=moved");
        }
        json_decref(record);
}

const struct route admin_people_routes[] = {
        { "GET", "{org}/people", people, 0, false, MANAGERS },
        { "POST", "{org}/people", invite, ADMIN_FORM_MAX, false, MANAGERS },
        { "POST", "{org}/invitations/{invitation}/withdraw", withdraw, ADMIN_FORM_MAX, false,
          MANAGERS },
        { "GET", "{org}/people/{person}", person, 0, false, MANAGERS },
        { "POST", "{org}/people/{person}", change, ADMIN_FORM_MAX, false, MANAGERS },
        { "POST", "{org}/people/{person}/reset", reset, ADMIN_FORM_MAX, false, MANAGERS },
        { "GET", "{org}/people/{person}/remove", remove_form, 0, false, MANAGERS },
        { "POST", "{org}/people/{person}/remove", remove_person, ADMIN_FORM_MAX, false, MANAGERS },
        { NULL, NULL, NULL, 0, false, NULL },
};
