/* SPDX-License-Identifier: GPL-3.0-or-later */
/* People who use the pages. */
#include "home/person.h"

#include <stdlib.h>
#include <string.h>

#include "door/secret.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "floor/zone.h"
#include "home/person_private.h"
#include "home/plan.h"
#include "home/records.h"

#define ID_LEN 10

const struct person_role person_roles[] = {
        { "admin", "Admin", "connects systems, sets rules, issues keys, invites people", false },
        { "recruiter", "Recruiter", "looks candidates and connections up and changes nothing",
          false },
        { "auditor", "Auditor", "reads the log of who did what, and no candidate's data", false },
        { "operator", "Operator",
          "sees the host's counts, health and disk, and no candidate's data", true },
        { NULL, NULL, NULL, false },
};

const struct person_role *person_role(const char *name)
{
        for (const struct person_role *r = person_roles; r->name != NULL; r++)
                if (text_equal(r->name, name))
                        return r;
        return NULL;
}

bool person_role_fits(const struct org *org, const char *name)
{
        const struct person_role *role = person_role(name);

        return role != NULL && role->host == text_equal(org->name, HOME_HOST);
}

char *person_tidy_email(const char *email)
{
        char *copy = mem_text(text_or(email, "")), *tidy = mem_text(text_trim(copy)), *at;
        bool good = *tidy != '\0' && strlen(tidy) <= PERSON_EMAIL_MAX;

        mem_free(copy);
        for (char *c = tidy; *c != '\0'; c++) {
                if (*c >= 'A' && *c <= 'Z')
                        *c = (char)(*c - 'A' + 'a');
                good = good && (unsigned char)*c > 0x20 && *c != 0x7F &&
                       strchr("\"<>,;:\\()", *c) == NULL;
        }
        at = strchr(tidy, '@');
        if (good && at != NULL && at != tidy && at[1] != '\0' && strchr(at + 1, '@') == NULL)
                return tidy;
        mem_free(tidy);
        return NULL;
}

static size_t characters(const char *text)
{
        size_t count = 0;

        for (; *text != '\0'; text++)
                count += ((unsigned char)*text & 0xC0) != 0x80;
        return count;
}

int person_check_pass(const char *pass, const char *email, struct fail *why)
{
        unsigned char seen[256] = { 0 };
        size_t kinds = 0;
        char *name;
        bool same;

        if (characters(text_or(pass, "")) < PERSON_PASS_LEAST)
                return fail_set(why, FAIL_INPUT,
                                "A passphrase has at least %d characters; a few "
                                "words that do not belong together do well.",
                                PERSON_PASS_LEAST);
        if (strlen(pass) > PERSON_PASS_MAX)
                return fail_set(why, FAIL_INPUT, "A passphrase has at most %d bytes.",
                                PERSON_PASS_MAX);
        for (const char *c = pass; *c != '\0'; c++)
                if (!seen[(unsigned char)*c]++)
                        kinds++;
        if (kinds < 6)
                return fail_set(why, FAIL_INPUT, "This passphrase repeats itself; choose another.");
        name = mem_text_part(email, strcspn(email, "@"));
        same = strlen(name) >= 4 && strcasestr(pass, name) != NULL;
        mem_free(name);
        if (same)
                return fail_set(why, FAIL_INPUT,
                                "Your own address is the first thing others try; choose another "
                                "passphrase.");
        return 0;
}

int person_get(struct org *org, const char *id, json_t **record, struct fail *why)
{
        *record = NULL;
        return text_empty(id) || strlen(id) > ID_LEN ? 0
                                                     : record_get(org, "person", id, record, why);
}

int person_by_email(struct org *org, const char *email, char **id, json_t **record,
                    struct fail *why)
{
        char *tidy = person_tidy_email(email);
        json_t *pointer = NULL;
        int found = 0;

        *id = NULL;
        *record = NULL;
        if (tidy != NULL)
                found = record_get(org, "person-email", tidy, &pointer, why);
        if (found == 1) {
                *id = mem_text(json_get_text(pointer, "person", ""));
                found = person_get(org, *id, record, why);
        }
        if (found != 1) {
                mem_free(*id);
                *id = NULL;
        }
        json_decref(pointer);
        mem_free(tidy);
        return found;
}

char *person_stamp(const json_t *record)
{
        char *text = json_text(record), *digest = record_digest(text, NULL);

        mem_free(text);
        digest[16] = '\0';
        return digest;
}

static int list_one(void *context, const char *id)
{
        struct person_listing *l = context;
        json_t *record = NULL, *row;
        int found = person_get(l->org, id, &record, l->why);

        if (found <= 0)
                return found;
        row = json_object();
        json_set_text(row, "id", id);
        json_set_text(row, "email", json_get_text(record, "email", ""));
        json_set_text(row, "name", json_get_text(record, "name", ""));
        json_set_text(row, "role", json_get_text(record, "role", ""));
        json_set_bool(row, "off", json_get_bool(record, "off", false));
        json_set_bool(row, "totp", json_at(record, "totp") != NULL);
        json_set_int(row, "last_ms", json_get_int(record, "last_ms", 0));
        json_set_int(row, "created_ms", json_get_int(record, "created_ms", 0));
        json_add(l->list, row);
        json_decref(record);
        return 0;
}

static int by_email(const void *a, const void *b)
{
        return strcmp(json_get_text(*(json_t *const *)a, "email", ""),
                      json_get_text(*(json_t *const *)b, "email", ""));
}

void person_sort(json_t *list)
{
        size_t count = json_array_size(list);
        json_t **rows = mem_array(count, sizeof *rows);

        for (size_t i = 0; i < count; i++)
                rows[i] = json_incref(json_array_get(list, i));
        if (count > 1)
                qsort(rows, count, sizeof *rows, by_email);
        json_array_clear(list);
        for (size_t i = 0; i < count; i++)
                json_add(list, rows[i]);
        mem_free(rows);
}

int person_list(struct org *org, json_t **list, struct fail *why)
{
        struct person_listing l = { org, json_array(), why };

        if (store_set_list(org->store, "people", list_one, &l, why) != 0) {
                json_decref(l.list);
                return -1;
        }
        person_sort(l.list);
        *list = l.list;
        return 0;
}

/* How a commit person_ended. */
enum person_answer person_ended(int result, struct fail *why)
{
        if (result == 0)
                return PERSON_DONE;
        if (why->kind != FAIL_CONFLICT)
                return PERSON_BROKEN;
        fail_clear(why);
        return PERSON_TAKEN;
}

enum person_answer person_commit(struct plan *plan, struct org *org, const char *id,
                                 const json_t *read, json_t *fresh, struct fail *why)
{
        json_set_int(fresh, "changed_ms", when_now_ms());
        plan_guard(plan, "person", id, read);
        record_put(plan->batch, "person", id, fresh);
        return person_ended(plan_commit(plan, org, why), why);
}

enum person_answer person_put(struct org *org, const char *id, const json_t *read, json_t *fresh,
                              struct fail *why)
{
        enum person_answer answer;
        struct plan plan;

        plan_init(&plan);
        answer = person_commit(&plan, org, id, read, fresh, why);
        plan_dispose(&plan);
        return answer;
}

/* --- signing in ----------------------------------------------------------------------------- */

enum person_answer person_sign_in(struct home *h, struct org *org, const char *email,
                                  const char *pass, const char *code, const char *from, char **id,
                                  struct fail *why)
{
        json_t *read = NULL, *record = NULL;
        enum person_answer answer = PERSON_WRONG;
        struct buf hash = BUF_NONE;
        bool outdated = false, good;
        int found = person_by_email(org, email, id, &read, why);

        if (found < 0)
                return PERSON_BROKEN;
        /* Also for nobody: the time must not tell whether there is such a person. */
        good = strlen(text_or(pass, "")) <= PERSON_PASS_MAX &&
               secret_pass_fits(text_or(pass, ""), json_get_text(read, "pass", NULL), &outdated);
        if (!good || json_get_bool(read, "off", false))
                goto out;
        record = json_deep_copy(read);
        if (json_at(record, "totp") != NULL) {
                if (text_empty(code)) {
                        answer = PERSON_TAKEN;
                        goto out;
                }
                if (!person_code_fits(h, org, *id, record, code))
                        goto out;
        }
        if (outdated) {
                secret_pass_hash(pass, &hash);
                json_set_text(record, "pass", buf_text(&hash));
        }
        json_set_int(record, "last_ms", when_now_ms());
        json_set_text(record, "last_from", from);
        answer = person_put(org, *id, read, record, why);
        if (answer == PERSON_TAKEN)
                answer = PERSON_WRONG; /* the same code twice at once, most likely */
out:
        if (answer != PERSON_DONE) {
                mem_free(*id);
                *id = NULL;
        }
        json_decref(read);
        json_decref(record);
        buf_dispose_secret(&hash);
        return answer;
}

/* --- changes -------------------------------------------------------------------------------- */

struct counting {
        struct org *org;
        const char *but, *role;
        unsigned count;
        struct fail *why;
};

static int count_one(void *context, const char *id)
{
        struct counting *c = context;
        json_t *record = NULL;
        int found = text_equal(id, c->but) ? 0 : person_get(c->org, id, &record, c->why);

        if (found == 1 && text_equal(json_get_text(record, "role", ""), c->role) &&
            !json_get_bool(record, "off", false))
                c->count++;
        json_decref(record);
        return found < 0 ? -1 : 0;
}

/* Would nobody be left who can let others in?  1, 0, -1. */
static int is_last(struct org *org, const char *id, const json_t *record, struct fail *why)
{
        const char *most = text_equal(org->name, HOME_HOST) ? "operator" : "admin";
        struct counting c = { org, id, most, 0, why };

        if (!text_equal(json_get_text(record, "role", ""), most))
                return 0;
        if (store_set_list(org->store, "people", count_one, &c, why) != 0)
                return -1;
        return c.count == 0;
}

static enum person_answer apply_change(struct org *org, const char *id, const json_t *read,
                                       json_t *fresh, const struct person_change *change,
                                       struct fail *why)
{
        bool less =
            (change->role != NULL && !text_equal(change->role, json_get_text(read, "role", ""))) ||
            text_equal(change->off, "yes");
        int last = less ? is_last(org, id, read, why) : 0;

        if (last != 0)
                return last > 0 ? PERSON_LAST : PERSON_BROKEN;
        if (change->name != NULL && strlen(change->name) > PERSON_NAME_MAX) {
                fail_set(why, FAIL_INPUT, "A name has at most %d bytes.", PERSON_NAME_MAX);
                return PERSON_WRONG;
        }
        if (change->role != NULL && !person_role_fits(org, change->role)) {
                fail_set(why, FAIL_INPUT, "There is no such role here.");
                return PERSON_WRONG;
        }
        if (!text_empty(change->zone) && !zone_known(change->zone)) {
                fail_set(why, FAIL_INPUT,
                         "This time zone is not known; for instance "
                         "Europe/Berlin or America/New_York.");
                return PERSON_WRONG;
        }
        if (change->name != NULL)
                json_set_text(fresh, "name", change->name);
        if (change->role != NULL)
                json_set_text(fresh, "role", change->role);
        if (change->zone != NULL)
                json_set_text(fresh, "zone", change->zone);
        if (change->off != NULL)
                json_set_bool(fresh, "off", text_equal(change->off, "yes"));
        /* What he may do changed: his open visits must not go on as they were. */
        if (less)
                json_set_int(fresh, "epoch", json_get_int(read, "epoch", 0) + 1);
        return PERSON_DONE;
}

enum person_answer person_change(struct org *org, const char *id,
                                 const struct person_change *change, struct fail *why)
{
        json_t *read = NULL, *fresh = NULL;
        enum person_answer answer = PERSON_TAKEN;
        char *stamp = NULL;
        int found = person_get(org, id, &read, why);

        if (found <= 0)
                return found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
        stamp = person_stamp(read);
        if (change->stamp == NULL || text_equal(stamp, change->stamp)) {
                fresh = json_deep_copy(read);
                answer = apply_change(org, id, read, fresh, change, why);
                if (answer == PERSON_DONE)
                        answer = person_put(org, id, read, fresh, why);
        }
        mem_free(stamp);
        json_decref(read);
        json_decref(fresh);
        return answer;
}

enum person_answer person_remove(struct org *org, const char *id, struct fail *why)
{
        json_t *read = NULL;
        enum person_answer answer = PERSON_BROKEN;
        struct plan plan;
        int found = person_get(org, id, &read, why), last;

        if (found <= 0)
                return found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
        last = is_last(org, id, read, why);
        plan_init(&plan);
        if (last == 0) {
                plan_guard(&plan, "person", id, read);
                batch_delete(plan.batch, "person", id);
                batch_delete(plan.batch, "person-email", json_get_text(read, "email", ""));
                batch_leave(plan.batch, "people", id);
                answer = person_ended(plan_commit(&plan, org, why), why);
        } else if (last > 0) {
                answer = PERSON_LAST;
        }
        plan_dispose(&plan);
        json_decref(read);
        return answer;
}

enum person_answer person_set_pass(struct org *org, const char *id, const char *old,
                                   const char *fresh, struct fail *why)
{
        json_t *read = NULL, *record = NULL;
        enum person_answer answer = PERSON_WRONG;
        struct buf hash = BUF_NONE;
        int found = person_get(org, id, &read, why);

        if (found <= 0)
                return found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
        if (strlen(text_or(old, "")) > PERSON_PASS_MAX ||
            !secret_pass_fits(text_or(old, ""), json_get_text(read, "pass", NULL), NULL)) {
                fail_set(why, FAIL_DENIED, "This is not your passphrase.");
        } else if (person_check_pass(fresh, json_get_text(read, "email", ""), why) == 0) {
                record = json_deep_copy(read);
                secret_pass_hash(fresh, &hash);
                json_set_text(record, "pass", buf_text(&hash));
                answer = person_put(org, id, read, record, why);
        }
        buf_dispose_secret(&hash);
        json_decref(read);
        json_decref(record);
        return answer;
}

enum person_answer person_end_visits(struct org *org, const char *id, struct fail *why)
{
        json_t *read = NULL, *record;
        enum person_answer answer;
        int found = person_get(org, id, &read, why);

        if (found <= 0)
                return found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
        record = json_deep_copy(read);
        json_set_int(record, "epoch", json_get_int(read, "epoch", 0) + 1);
        answer = person_put(org, id, read, record, why);
        json_decref(read);
        json_decref(record);
        return answer;
}
