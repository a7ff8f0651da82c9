/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: issued keys: a list with their use, the form of one, issuing. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/event.h"
#include "home/key.h"
#include "home/records.h"

static const struct {
        const char *state, *word, *tone;
} states[] = {
        { "live", "Works", "good" },
        { "early", "Not yet", "wait" },
        { "disabled", "Switched off", "wait" },
        { "expired", "Expired", "bad" },
        { "revoked", "Revoked", "bad" },
};

static json_t *sentences_of(const json_t *scopes)
{
        json_t *list = json_array(), *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)scopes, i, one)
        {
                const char *name = json_text_of(one, ""), *words = name;

                for (const struct key_scope *s = key_scopes; s->name != NULL; s++)
                        if (text_equal(s->name, name))
                                words = s->sentence;
                json_add(list, json_new_text(words, strlen(words)));
        }
        return list;
}

/* "17 18" */
static void set_joined(json_t *view, const char *name, const json_t *list)
{
        struct buf text = BUF_NONE;
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one)
        {
                buf_format(&text, "%s%s", i > 0 ? " " : "", json_text_of(one, ""));
        }
        json_set_text(view, name, buf_text(&text));
        buf_dispose(&text);
}

void admin_key_dress(struct request *rq, json_t *row)
{
        const char *state = json_get_text(row, "state", "");
        int64_t uses = json_get_int(row, "used.count", 0);
        json_t *places = json_at(row, "used.places"), *place;
        char *times = uses == 1 ? mem_text("once") : mem_format("%lld times", (long long)uses);
        size_t i;

        for (i = 0; i < sizeof states / sizeof *states; i++) {
                if (!text_equal(states[i].state, state))
                        continue;
                json_set_text(row, "word", states[i].word);
                json_set_text(row, "tone", states[i].tone);
        }
        json_set(row, "may", sentences_of(json_object_get(row, "scopes")));
        json_set_bool(row, "only_jobs", json_array_size(json_object_get(row, "jobs")) > 0);
        set_joined(row, "job_list", json_object_get(row, "jobs"));
        json_set_bool(row, "usable",
                      !text_equal(state, "revoked") && !text_equal(state, "expired"));
        admin_set_time(rq, row, "created", json_get_int(row, "created_ms", 0));
        admin_set_time(rq, row, "begins", json_get_int(row, "not_before_ms", 0));
        admin_set_time(rq, row, "until", json_get_int(row, "expires_ms", 0));
        admin_set_time(rq, row, "revoked", json_get_int(row, "revoked_ms", 0));
        admin_set_time(rq, row, "last", json_get_int(row, "used.last_ms", 0));
        json_set_text(row, "last_from", json_get_text(row, "used.from", NULL));
        json_set_int(row, "uses", uses);
        json_set_text(row, "times", times);
        json_set(row, "places", json_incref(places));
        json_array_foreach(places, i, place)
        {
                admin_set_time(rq, place, "seen", json_get_int(place, "last_ms", 0));
        }
        json_set_text(row, "proof", json_get_text(row, "rotation.sentence", NULL));
        json_set_bool(row, "safe", json_get_bool(row, "rotation.safe", false));
        mem_free(times);
}

int admin_key_log(struct request *rq, struct reply *re, const char *did, const char *id)
{
        char *about = mem_format("key %s", id);
        int result = admin_log(rq, re, did, about, NULL);

        /* The worker looks when its end is worth telling. */
        event_wake(guard_home(), admin_visitor(rq)->org->name, NULL, when_now_ms(), NULL);
        mem_free(about);
        return result;
}

/* --- the form ------------------------------------------------------------------------------- */

static bool is_in(const json_t *list, const char *text)
{
        json_t *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)list, i, one)
        {
                if (text_equal(json_text_of(one, NULL), text))
                        return true;
        }
        return false;
}

static json_t *scope_rows(struct request *rq, bool typed, const json_t *row)
{
        json_t *list = json_array(), *one;

        for (const struct key_scope *s = key_scopes; s->name != NULL; s++) {
                char *input = mem_format("scope.%s", s->name);

                one = admin_option(s->name, s->sentence);
                json_set_text(one, "input", input);
                json_set_bool(one, "chosen",
                              typed ? request_form(rq, input) != NULL
                                    : is_in(json_object_get(row, "scopes"), s->name));
                json_add(list, one);
                mem_free(input);
        }
        return list;
}

/* Of one that stands, its end may stay as it is. */
static json_t *life_options(const char *chosen, bool stands)
{
        json_t *list = json_array();

        if (stands)
                json_add(list, admin_option("", "as it is now"));
        json_add(list, admin_option("90", "90 days from now"));
        json_add(list, admin_option("365", "a year from now"));
        json_add(list, admin_option("30", "30 days from now"));
        json_add(list, admin_option("7", "a week from now"));
        json_add(list, admin_option("0", "until it is revoked"));
        admin_choose(list, text_or(chosen, stands ? "" : "90"));
        return list;
}

/* "jobs: at most 50" goes to its field; what belongs to none stands above the form. */
static void set_fault(json_t *view, const char *fault)
{
        static const char *const members[] = { "label",         "scopes",     "jobs", "networks",
                                               "not_before_ms", "expires_ms", NULL };
        const char *colon = fault == NULL ? NULL : strstr(fault, ": ");

        for (size_t i = 0; colon != NULL && members[i] != NULL; i++) {
                char *name;

                if (strlen(members[i]) != (size_t)(colon - fault) ||
                    !text_starts(fault, members[i]))
                        continue;
                name = mem_format("fault_%s", members[i]);
                json_set_text(view, name, colon + 2);
                json_set_text(view, "fault", "One field needs another look.");
                mem_free(name);
                return;
        }
        json_set_text(view, "fault", fault);
}

void admin_key_form(struct request *rq, json_t *view, const json_t *row, const char *fault)
{
        bool typed = text_equal(request_method(rq), "POST") && fault != NULL;
        int64_t starts = json_get_int(row, "not_before_ms", 0);
        struct buf day = BUF_NONE;

        if (starts != 0)
                when_iso(&day, starts);
        json_set(view, "scopes", scope_rows(rq, typed, row));
        json_set(view, "lives", life_options(typed ? request_form(rq, "days") : NULL, row != NULL));
        json_set_text(view, "label",
                      typed ? request_form(rq, "label") : json_get_text(row, "label", NULL));
        if (typed) {
                json_set_text(view, "network_list", request_form(rq, "networks"));
                json_set_text(view, "job_list", request_form(rq, "jobs"));
                json_set_text(view, "starts_day", request_form(rq, "starts"));
                json_set_bool(view, "test", request_form(rq, "test") != NULL);
        } else {
                char *text = starts == 0 ? NULL : mem_text_part(buf_text(&day), 10);

                set_joined(view, "network_list", json_object_get(row, "networks"));
                set_joined(view, "job_list", json_object_get(row, "jobs"));
                json_set_text(view, "starts_day", text);
                mem_free(text);
        }
        json_set_text(view, "here_from", admin_from(rq));
        set_fault(view, fault);
        buf_dispose(&day);
}

static json_t *words_to_list(const char *text)
{
        char *copy = mem_text(text_or(text, "")), *rest = copy, *one;
        json_t *list = json_array();

        for (char *c = copy; *c != '\0'; c++)
                if (strchr("\r\n\t,", *c) != NULL)
                        *c = ' ';
        while ((one = text_next(&rest, ' ')) != NULL)
                if (*one != '\0')
                        json_add(list, json_new_text(one, strlen(one)));
        mem_free(copy);
        return list;
}

static int take_start(struct request *rq, json_t *asked, struct fail *why)
{
        const char *day = text_or(request_form(rq, "starts"), "");
        char *text = mem_format("%sT00:00:00Z", day);
        int64_t ms = 0;
        int result = 0;

        if (*day != '\0' && (strlen(day) != 10 || when_parse(text, &ms) != 0))
                result = fail_set(why, FAIL_INPUT, "not_before_ms: a day such as 2027-01-31");
        json_set_int(asked, "not_before_ms", ms);
        mem_free(text);
        return result;
}

json_t *admin_key_asked(struct request *rq, struct fail *why)
{
        const char *days = text_or(request_form(rq, "days"), "");
        json_t *asked = json_object(), *scopes = json_array();
        int64_t number;

        for (const struct key_scope *s = key_scopes; s->name != NULL; s++) {
                char *input = mem_format("scope.%s", s->name);

                if (request_form(rq, input) != NULL)
                        json_add(scopes, json_new_text(s->name, strlen(s->name)));
                mem_free(input);
        }
        json_set_text(asked, "label", text_or(request_form(rq, "label"), ""));
        json_set(asked, "scopes", scopes);
        json_set(asked, "networks", words_to_list(request_form(rq, "networks")));
        json_set(asked, "jobs", words_to_list(request_form(rq, "jobs")));
        if (take_start(rq, asked, why) != 0) {
                json_decref(asked);
                return NULL;
        }
        if (*days != '\0' && text_int(days, 0, 3650, &number) != 0) {
                fail_set(why, FAIL_INPUT, "expires_ms: choose one of these");
                json_decref(asked);
                return NULL;
        }
        if (*days != '\0')
                json_set_int(asked, "expires_ms",
                             number == 0 ? 0 : when_now_ms() + number * WHEN_DAY);
        return asked;
}

/* --- the list ------------------------------------------------------------------------------- */

/* What shows whoever has the key that it works: a line that reads, if the key may read. */
static const struct {
        const char *scope, *words, *line;
} tries[] = {
        { "results:read", "the results so far", "%s/report/%s/results" },
        { "platform:read", "the tests at a platform; put the name of its connection in place of cs",
          "-d '{\"query\": \"{companyTests(first: 5) {tests {id title}}}\"}' "
          "%s/report/%s/platform/cs" },
        { "status:read", "how it stands", "-H \"Accept: application/json\" %s/admin/%s" },
        { "keys:read", "the keys there are", "%s/keys/%s" },
        { "interviews:write", "this makes an interview link for somebody made up",
          "-d '{\"candidate\": {\"name\": \"Jane Doe\", \"email\": \"jane@example.com\"}}' "
          "%s/interview-link/%s" },
        { "interviews:read", "put the id of an interview in place of ID",
          "%s/interview-link/%s/ID" },
        { NULL, "it answers \"authorization\": \"passed\"", "%s/admin/health" },
};

static void set_try(json_t *view, const char *key, const json_t *scopes, const char *url,
                    const char *org)
{
        size_t i = 0, length;
        struct buf line = BUF_NONE;
        const char *rest, *to = url;

        while (tries[i].scope != NULL && !is_in(scopes, tries[i].scope))
                i++;
        buf_format(&line, "curl -H \"Authorization: Bearer %s\" ", key);
        for (rest = tries[i].line; *rest != '\0'; rest += length) {
                length = strcspn(rest, "%");
                buf_add(&line, rest, length);
                if (rest[length] != '\0') { /* "%s": the address, then the org */
                        buf_add_text(&line, to);
                        to = org;
                        length += 2;
                }
        }
        json_set_text(view, "try_words", tries[i].words);
        json_set_text(view, "try_line", buf_text(&line));
        buf_dispose_secret(&line);
}

void admin_keys_page(struct request *rq, struct reply *re, int status, const char *fault,
                     const char *key, const char *id)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view, *list = NULL, *row, *self = NULL;
        size_t i;

        if (key_list(guard_home(), v->org, &list, &why) != 0) {
                reply_failure(rq, re, "keys cannot be listed", &why);
                return;
        }
        if (record_get(v->org, "org", "self", &self, NULL) < 0)
                self = NULL;
        view = json_object();
        json_array_foreach(list, i, row)
        {
                if (key != NULL && text_equal(json_get_text(row, "id", NULL), id))
                        set_try(view, key, json_object_get(row, "scopes"),
                                json_get_text(self, "public_url", ""), v->org->name);
                admin_key_dress(rq, row);
        }
        json_set_bool(view, "has_keys", json_array_size(list) > 0);
        json_set(view, "keys", list);
        admin_key_form(rq, view, NULL, fault);
        json_set_text(view, "key", key);
        json_set_bool(view, "scripted", key != NULL);
        json_decref(self);
        admin_page(rq, re, status, "keys", view, "Keys", "keys");
}

static void keys(struct request *rq, struct reply *re)
{
        admin_keys_page(rq, re, 200, NULL, NULL, NULL);
}

static void issue(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *asked = admin_key_asked(rq, &why);
        struct key_order order = { .label = json_get_text(asked, "label", NULL),
                                   .scopes = json_object_get(asked, "scopes"),
                                   .networks = json_object_get(asked, "networks"),
                                   .jobs = json_object_get(asked, "jobs"),
                                   .expires_ms = json_get_int(asked, "expires_ms", 0),
                                   .not_before_ms = json_get_int(asked, "not_before_ms", 0),
                                   .test = request_form(rq, "test") != NULL,
                                   .by = v->who };
        char *text = NULL, *id = NULL;

        if (asked != NULL && key_issue(v->org, &order, &text, &id, &why) == 0) {
                if (admin_key_log(rq, re, "key.issued", id) == 0)
                        admin_keys_page(rq, re, 200, NULL, text, id);
        } else if (why.kind == FAIL_INPUT) {
                admin_keys_page(rq, re, 422, why.text, NULL, NULL);
        } else {
                reply_failure(rq, re, "key cannot be issued", &why);
        }
        mem_free_secret(text);
        mem_free(id);
        json_decref(asked);
}

const struct route admin_key_routes[] = {
        { "GET", "{org}/keys", keys, 0, false, ADMIN },
        { "POST", "{org}/keys", issue, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
