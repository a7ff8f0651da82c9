/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links that let people in, and let them in again. */
#include <string.h>

#include "door/secret.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/person_private.h"
#include "home/plan.h"
#include "home/records.h"

#define TOKEN_LEN 40
#define ID_LEN 10

enum person_answer person_invite(struct org *org, const struct person_invitation *order,
                                 char **token, struct fail *why)
{
        char *email = person_tidy_email(order->email), *id = NULL, *digest = NULL;
        json_t *person = NULL, *record = NULL;
        enum person_answer answer = PERSON_WRONG;
        uint64_t people = 0;
        struct plan plan;
        int found;

        *token = NULL;
        plan_init(&plan);
        if (email == NULL) {
                fail_set(why, FAIL_INPUT, "This is no e-mail address.");
                goto out;
        }
        if (!order->reset && !person_role_fits(org, order->role)) {
                fail_set(why, FAIL_INPUT, "There is no such role here.");
                goto out;
        }
        found = person_by_email(org, email, &id, &person, why);
        if (found < 0 || store_set_count(org->store, "people", &people, why) != 0) {
                answer = PERSON_BROKEN;
                goto out;
        }
        if ((found == 1) != order->reset) {
                answer = order->reset ? PERSON_ABSENT : PERSON_TAKEN;
                goto out;
        }
        if (people >= PERSON_PEOPLE_MAX) {
                fail_set(why, FAIL_INPUT, "There are %d accounts already; remove one first.",
                         PERSON_PEOPLE_MAX);
                goto out;
        }
        *token = secret_token(TOKEN_LEN);
        digest = record_digest(*token, NULL);
        record = json_object();
        json_set_text(record, "email", email);
        json_set_text(record, "role",
                      order->reset ? json_get_text(person, "role", "") : order->role);
        json_set_text(record, "by", order->by);
        json_set_text(record, "person", id);
        json_set_bool(record, "reset", order->reset);
        json_set_bool(record, "no_totp", order->no_totp);
        json_set_int(record, "created_ms", when_now_ms());
        json_set_int(record, "expires_ms", when_now_ms() + PERSON_INVITED_MS);
        record_put(plan.batch, "invitation", digest, record);
        batch_join(plan.batch, "invitations", digest);
        answer = person_ended(plan_commit(&plan, org, why), why);
out:
        plan_dispose(&plan);
        if (answer != PERSON_DONE) {
                mem_free_secret(*token);
                *token = NULL;
        }
        json_decref(person);
        json_decref(record);
        mem_free(digest);
        mem_free(id);
        mem_free(email);
        return answer;
}

static bool is_open(const json_t *record)
{
        return json_get_int(record, "used_ms", 0) == 0 &&
               json_get_int(record, "expires_ms", 0) > when_now_ms();
}

int person_invited(struct org *org, const char *token, json_t **record, struct fail *why)
{
        char *digest = record_digest(text_or(token, ""), NULL);
        int found = record_get(org, "invitation", digest, record, why);

        mem_free(digest);
        if (found == 1 && !is_open(*record)) {
                json_decref(*record);
                *record = NULL;
                found = 0;
        }
        return found;
}

static int list_invitation(void *context, const char *digest)
{
        struct person_listing *l = context;
        json_t *record = NULL, *row;
        int found = record_get(l->org, "invitation", digest, &record, l->why);

        if (found <= 0)
                return found;
        if (is_open(record)) {
                row = json_copy(record);
                json_set_text(row, "id", digest);
                json_add(l->list, row);
        }
        json_decref(record);
        return 0;
}

int person_invitations(struct org *org, json_t **list, struct fail *why)
{
        struct person_listing l = { org, json_array(), why };

        if (store_set_list(org->store, "invitations", list_invitation, &l, why) != 0) {
                json_decref(l.list);
                return -1;
        }
        person_sort(l.list);
        *list = l.list;
        return 0;
}

/* It goes whole: what happened is in the audit log. */
enum person_answer person_withdraw(struct org *org, const char *id, struct fail *why)
{
        json_t *record = NULL;
        enum person_answer answer;
        struct plan plan;
        int found = strlen(id) == 64 ? record_get(org, "invitation", id, &record, why) : 0;

        if (found <= 0)
                return found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
        plan_init(&plan);
        batch_delete(plan.batch, "invitation", id);
        batch_leave(plan.batch, "invitations", id);
        answer = person_ended(plan_commit(&plan, org, why), why);
        plan_dispose(&plan);
        json_decref(record);
        return answer;
}

/* The account that an invitation makes, or renews. */
static json_t *new_record(const json_t *invitation, const json_t *old, const char *name,
                          const char *pass)
{
        json_t *record = old != NULL ? json_deep_copy(old) : json_object();
        struct buf hash = BUF_NONE;

        secret_pass_hash(pass, &hash);
        if (old == NULL) {
                json_set_text(record, "email", json_get_text(invitation, "email", ""));
                json_set_text(record, "role", json_get_text(invitation, "role", ""));
                json_set_int(record, "created_ms", when_now_ms());
        }
        if (!text_empty(name))
                json_set_text(record, "name", name);
        json_set_text(record, "pass", buf_text(&hash));
        json_set_int(record, "changed_ms", when_now_ms());
        json_set_int(record, "epoch", json_get_int(old, "epoch", 0) + 1);
        if (json_get_bool(invitation, "no_totp", false)) {
                json_object_del(record, "totp");
                json_object_del(record, "codes");
        }
        buf_dispose_secret(&hash);
        return record;
}

enum person_answer person_accept(struct org *org, const char *token, const char *name,
                                 const char *pass, char **id, struct fail *why)
{
        json_t *invitation = NULL, *person = NULL, *record = NULL;
        char *digest = record_digest(text_or(token, ""), NULL);
        enum person_answer answer = PERSON_BROKEN;
        struct plan plan;
        int found = person_invited(org, token, &invitation, why);
        bool reset = json_get_bool(invitation, "reset", false);

        *id = NULL;
        plan_init(&plan);
        if (found <= 0) {
                answer = found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
                goto out;
        }
        if (person_check_pass(pass, json_get_text(invitation, "email", ""), why) != 0 ||
            (!text_empty(name) && strlen(name) > PERSON_NAME_MAX)) {
                fail_set(why, FAIL_INPUT, "A name has at most %d bytes.", PERSON_NAME_MAX);
                answer = PERSON_WRONG;
                goto out;
        }
        found = person_by_email(org, json_get_text(invitation, "email", ""), id, &person, why);
        if (found < 0)
                goto out;
        if ((found == 1) != reset) {
                answer = reset ? PERSON_ABSENT : PERSON_TAKEN;
                goto out;
        }
        if (*id == NULL)
                *id = secret_token(ID_LEN);
        record = new_record(invitation, person, name, pass);
        plan_guard(&plan, "person", *id, person);
        plan_guard(&plan, "invitation", digest, invitation); /* it counts once */
        if (!reset) {
                json_t *pointer = json_object();

                json_set_text(pointer, "person", *id);
                plan_guard(&plan, "person-email", json_get_text(record, "email", ""), NULL);
                record_put(plan.batch, "person-email", json_get_text(record, "email", ""), pointer);
                json_decref(pointer);
        }
        record_put(plan.batch, "person", *id, record);
        batch_join(plan.batch, "people", *id);
        batch_delete(plan.batch, "invitation", digest);
        batch_leave(plan.batch, "invitations", digest);
        answer = person_ended(plan_commit(&plan, org, why), why);
out:
        plan_dispose(&plan);
        if (answer != PERSON_DONE) {
                mem_free(*id);
                *id = NULL;
        }
        json_decref(invitation);
        json_decref(person);
        json_decref(record);
        mem_free(digest);
        return answer;
}
