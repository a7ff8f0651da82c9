/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's rows: users, stages, one posting, opportunities, and what becomes of them. */
#include <inttypes.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "lever.h"

struct lv lv = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *const table_names[] = { "users",         "stages", "postings", "contacts",
                                           "opportunities", "notes",  "files",    "panels",
                                           "interviews",    "tags",   "sources" };

static const struct {
        const char *id, *text;
} stages[] = {
        { "lead-new", "New lead" },
        { "lead-reached-out", "Reached out" },
        { "applicant-new", "New applicant" },
        { "2ca03d97-d4f2-4a97-89de-96c8b0d07924", "Phone screen" },
        { "25cba92d-7eaf-4d42-83f9-38874c95ef1b", "On-site interview" },
        { "offer", "Offer" },
};

json_t *lv_table(const char *name)
{
        return json_object_get(lv.tables, name);
}

json_t *lv_find(const char *table, const char *id)
{
        const json_t *rows = lv_table(table);

        for (size_t i = 0; i < json_array_size(rows); i++)
                if (text_equal(json_get_text(json_array_get(rows, i), "id", NULL), id))
                        return json_array_get(rows, i);
        return NULL;
}

static json_t *new_row(const char *table, const char *id)
{
        json_t *row = json_object();

        json_set_text(row, "id", id);
        json_add(lv_table(table), row);
        return row;
}

json_t *lv_new(const char *table)
{
        char *id = mem_format("6408dc54-7015-4e5b-8d60-%012" PRIx64, lv.next_id++);
        json_t *row = new_row(table, id);

        json_set_int(row, "createdAt", when_now_ms());
        mem_free(id);
        return row;
}

static void set_lists(json_t *row, const char *const *names)
{
        for (; *names != NULL; names++)
                json_set(row, *names, json_array());
}

static void set_nulls(json_t *row, const char *const *names)
{
        for (; *names != NULL; names++)
                json_set(row, *names, NULL);
}

static void seed_user(const char *id, const char *name, const char *username, const char *role,
                      bool active)
{
        static const char *const nulls[] = { "photo",    "externalDirectoryId", "linkedContactIds",
                                             "jobTitle", "managerId",           NULL };
        json_t *row = new_row("users", id);
        char *email = mem_format("%s@acme.example", username);

        json_set_text(row, "name", name);
        json_set_text(row, "username", username);
        json_set_text(row, "email", email);
        json_set_text(row, "accessRole", role);
        json_set_int(row, "createdAt", INT64_C(1407357447018));
        json_set(row, "deactivatedAt", active ? NULL : json_integer(INT64_C(1607357447018)));
        set_nulls(row, nulls);
        mem_free(email);
}

json_t *lv_contact(const json_t *opportunity)
{
        return lv_find("contacts", json_get_text(opportunity, "contact", NULL));
}

static void add_change(json_t *opportunity, const char *stage, const char *user)
{
        json_t *change = json_object();
        size_t index = 0;

        while (index < sizeof stages / sizeof *stages && !text_equal(stages[index].id, stage))
                index++;
        json_set_text(change, "toStageId", stage);
        json_set_int(change, "toStageIndex", (int64_t)index);
        json_set_int(change, "updatedAt", when_now_ms());
        if (user != NULL)
                json_set_text(change, "userId", user);
        json_add(json_object_get(opportunity, "stageChanges"), change);
        json_set_text(opportunity, "stage", stage);
        json_set_int(opportunity, "updatedAt", when_now_ms());
}

void lv_move(json_t *opportunity, const char *stage, const char *user)
{
        json_t *data = json_object();

        json_set_text(data, "opportunityId", json_get_text(opportunity, "id", ""));
        json_set_text(data, "candidateId", json_get_text(opportunity, "id", ""));
        json_set_text(data, "contactId", json_get_text(opportunity, "contact", ""));
        json_set_text(data, "toStageId", stage);
        json_set_text(data, "fromStageId", json_get_text(opportunity, "stage", ""));
        add_change(opportunity, stage, user);
        lv_hooks_tell("candidateStageChange", data);
        json_decref(data);
}

static json_t *add_application(const json_t *opportunity)
{
        static const char *const nulls[] = {
                "name", "email", "phone", "archived", "requisitionForHire", NULL
        };
        json_t *row = json_object();
        char *id = mem_format("f2f01e16-27f8-4711-a728-%012" PRIx64, lv.next_id++);

        json_set_text(row, "id", id);
        json_set_text(row, "type", "posting");
        json_set_text(row, "candidateId", json_get_text(opportunity, "id", ""));
        json_set_text(row, "opportunityId", json_get_text(opportunity, "id", ""));
        json_set_text(row, "posting", LV_POSTING);
        json_set_text(row, "postingOwner", LV_RECRUITER);
        json_set_text(row, "user", LV_RECRUITER);
        json_set(row, "links", json_array());
        json_set(row, "customQuestions", json_array());
        json_set_int(row, "createdAt", when_now_ms());
        set_nulls(row, nulls);
        mem_free(id);
        return row;
}

json_t *lv_add_opportunity(const char *name, const char *email, bool confidential)
{
        static const char *const nulls[] = { "archived", "snoozedUntil", "dataProtection",
                                             "sourcedBy", NULL };
        static const char *const lists[] = { "tags", "sources", "stageChanges", NULL };
        json_t *contact = lv_new("contacts"), *row = lv_new("opportunities"), *urls = json_object();
        json_t *applications = json_array(), *followers = json_array(), *emails = json_array();
        const char *id = json_get_text(row, "id", "");
        char *show = mem_format("https://hire.lever.co/candidates/%s", id);

        json_set_text(contact, "name", name);
        json_set_text(contact, "headline", "");
        json_set_text(contact, "location", "");
        if (!text_empty(email))
                json_add(emails, json_string(email));
        json_set(contact, "emails", emails);
        json_set(contact, "phones", json_array());
        json_set(contact, "links", json_array());
        json_set_text(row, "contact", json_get_text(contact, "id", ""));
        json_set_text(row, "confidentiality", confidential ? "confidential" : "non-confidential");
        set_lists(row, lists);
        set_nulls(row, nulls);
        json_set_text(row, "origin", "applied");
        json_set_text(row, "owner", LV_RECRUITER);
        json_add(followers, json_string(LV_RECRUITER));
        json_set(row, "followers", followers);
        json_set_bool(row, "isAnonymized", false);
        json_set_text(urls, "list", "https://hire.lever.co/candidates");
        json_set_text(urls, "show", show);
        json_set(row, "urls", urls);
        json_add(applications, add_application(row));
        json_set(row, "applications", applications);
        add_change(row, "applicant-new", NULL);
        mem_free(show);
        return row;
}

json_t *lv_show(const json_t *row)
{
        json_t *copy = json_deep_copy(row), *value;
        const char *name;
        void *next;

        json_object_foreach_safe(copy, next, name, value)
        {
                if (name[0] == '(')
                        json_object_del(copy, name);
        }
        return copy;
}

static json_t *bare_link(const json_t *link)
{
        const char *text = json_text_of(link, ""), *at = strstr(text, "://");

        return json_string(lv.set.plain_links && at != NULL ? at + 3 : text);
}

json_t *lv_show_opportunity(const json_t *row, bool blank, bool stage, bool applications)
{
        static const char *const texts[] = { "name", "headline", "location", NULL },
                                 *const lists[] = { "emails", "phones", NULL };
        json_t *out = lv_show(row), *contact = lv_contact(row), *links = json_array();
        const json_t *found, *had = json_object_get(contact, "links");

        for (size_t i = 0; texts[i] != NULL; i++)
                json_set_text(out, texts[i], blank ? "" : json_get_text(contact, texts[i], ""));
        for (size_t i = 0; lists[i] != NULL; i++)
                json_set(out, lists[i],
                         blank ? json_array() : json_deep_copy(json_object_get(contact, lists[i])));
        for (size_t i = 0; !blank && i < json_array_size(had); i++)
                json_add(links, bare_link(json_array_get(had, i)));
        json_set(out, "links", links);
        if (!applications) {
                json_t *ids = json_array();

                found = json_object_get(row, "applications");
                for (size_t i = 0; i < json_array_size(found); i++)
                        json_add(ids,
                                 json_string(json_get_text(json_array_get(found, i), "id", "")));
                json_set(out, "applications", ids);
        }
        if (stage) {
                found = lv_find("stages", json_get_text(row, "stage", NULL));
                json_set(out, "stage", found == NULL ? NULL : json_deep_copy(found));
        }
        return out;
}

json_t *lv_add_note(const char *opportunity, const char *value, const char *user, int64_t score)
{
        json_t *row = lv_new("notes"), *fields = json_array(), *field = json_object();
        const json_t *about = lv_find("opportunities", opportunity);

        json_set_text(row, "(opportunity)", opportunity);
        json_set_text(row, "text", "Note");
        json_set_text(field, "type", "note");
        json_set_text(field, "text", "Comment");
        json_set_text(field, "value", value);
        json_set_text(field, "user", user);
        json_set(field, "score", score == 0 ? NULL : json_integer(score));
        json_set_text(field, "stage", json_get_text(about, "stage", ""));
        json_set_int(field, "createdAt", when_now_ms());
        json_add(fields, field);
        json_set(row, "fields", fields);
        json_set_text(row, "user", user);
        json_set_bool(row, "secret", false);
        json_set_int(row, "completedAt", when_now_ms());
        json_set(row, "deletedAt", NULL);
        return row;
}

static void reset_settings(void)
{
        int64_t scale = serve_settings.retry_scale;

        mem_free(lv.set.api_key);
        json_decref(lv.set.revoked);
        lv.set = (struct lv_settings){ .api_key = mem_text(LV_KEY),
                                       .event_id = true,
                                       .rate = 10 * scale,
                                       .burst = 20 * scale,
                                       .page_most = 100,
                                       .revoked = json_object() };
        lv.tokens = (double)lv.set.burst;
        lv.filled_ms = when_steady_ms();
}

void lv_reset(void)
{
        json_t *posting;

        json_decref(lv.tables);
        lv.tables = json_object();
        lv.next_id = 0x23afff2b1efc;
        reset_settings();
        for (size_t i = 0; i < sizeof table_names / sizeof *table_names; i++)
                json_set(lv.tables, table_names[i], json_array());
        seed_user(LV_USER, "CodeSignal Integration", "codesignal", "super admin", true);
        seed_user(LV_RECRUITER, "Ravi Recruiter", "ravi", "team member", true);
        seed_user(LV_GONE_USER, "Gina Gone", "gina", "admin", false);
        for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
                json_set_text(new_row("stages", stages[i].id), "text", stages[i].text);
        posting = new_row("postings", LV_POSTING);
        json_set_text(posting, "text", "Backend Engineer");
        json_set_text(posting, "state", "published");
        lv_add_opportunity("Jane van der Doe", "jane.doe@example.com", false);
        lv_add_opportunity("Zo\xC3\xAB O'Brien <Ops & QA>", "zoe@example.com", false);
        lv_add_opportunity("Sam", "sam.rivera@example.com", false);
}
