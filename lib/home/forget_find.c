/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is held about a candidate, or is too old to be held: one look at all records. */
#include <string.h>

#include "bridge/session.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/dossier.h"
#include "home/forget.h"
#include "home/records.h"

struct search {
        struct org *org;
        const char *what;
        char *email;  /* whose; NULL while it is not known */
        bool several; /* more than one address was found */
        bool old;     /* not one candidate: all that is older than before_ms */
        int64_t before_ms;
        unsigned limit, count;
        json_t *found;
        struct fail *why;
};

static const char *const lists[] = { "applications", "sessions", "interviews", "events" };

static json_t *nothing(void)
{
        json_t *found = json_object();

        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
                json_set(found, lists[i], json_array());
        return found;
}

static void add(struct search *s, const char *list, const char *key)
{
        json_t *keys = json_object_get(s->found, list);

        for (size_t i = 0; !s->old && i < json_array_size(keys); i++)
                if (text_equal(json_text_of(json_array_get(keys, i), ""), key))
                        return;
        json_add(keys, json_new_text(key, strlen(key)));
        s->count++;
}

/* Whose is what was found?  Found by an id, it may be of two candidates in two systems. */
static void note_email(struct search *s, const char *email)
{
        if (text_empty(email))
                return;
        if (s->email == NULL)
                s->email = mem_text(email);
        else if (!text_equal_fold(s->email, email))
                s->several = true;
}

static bool is_named(const struct search *s, const char *key)
{
        return text_equal(key, s->what) || text_equal(dossier_id(key), s->what);
}

static bool is_theirs(const struct search *s, const char *email)
{
        return s->email != NULL && !text_empty(email) && text_equal_fold(s->email, email);
}

static int64_t later(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

/* One that somebody else sent is as old as it is on the platform. */
static int64_t session_heard(const json_t *record)
{
        int64_t at = later(json_get_int(record, "session.created_ms", 0),
                           later(json_get_int(record, "session.started_ms", 0),
                                 json_get_int(record, "session.finished_ms", 0)));

        return text_empty(json_get_text(record, "application", NULL)) && at > 0
                   ? at
                   : later(at, json_get_int(record, "state_at_ms", 0));
}

static int64_t partner_heard(const json_t *record)
{
        return json_get_int(record, "created_ms", 0);
}

static int64_t interview_heard(const json_t *record)
{
        return later(json_get_int(record, "ends_ms", 0), json_get_int(record, "changed_ms", 0));
}

/* The latest of those that a list of the application names: *at grows; 0, -1. */
static int heard_of(struct search *s, const json_t *keys, const char *table,
                    int64_t (*heard)(const json_t *record), int64_t *at)
{
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(keys); i++) {
                json_t *one = NULL;

                if (record_get(s->org, table, json_text_of(json_array_get(keys, i), "-"), &one,
                               s->why) < 0)
                        result = -1;
                else if (one != NULL)
                        *at = later(*at, heard(one));
                json_decref(one);
        }
        return result;
}

static int see_old_application(struct search *s, const char *key, const json_t *record)
{
        int64_t at = json_get_int(record, "read_ms", 0);

        if (heard_of(s, json_object_get(record, "sessions"), "session", session_heard, &at) != 0 ||
            heard_of(s, json_object_get(record, "partners"), "partner", partner_heard, &at) != 0)
                return -1;
        if (at < s->before_ms)
                add(s, "applications", key);
        return 0;
}

static int see_application(struct search *s, const char *key, const json_t *record)
{
        const char *email = json_get_text(record, "application.email", NULL);

        if (json_get_bool(record, "erased", false))
                return 0;
        if (s->old)
                return see_old_application(s, key, record);
        if (is_theirs(s, email) || is_named(s, key) ||
            text_equal(json_get_text(record, "application.candidate_id", NULL), s->what)) {
                note_email(s, email);
                add(s, "applications", key);
        }
        return 0;
}

/* Those of an application go with it. */
static int see_session(struct search *s, const char *key, const json_t *record)
{
        const char *email = json_get_text(record, "session.email", NULL),
                   *application = json_get_text(record, "application", NULL);

        if (text_equal(json_get_text(record, "session.state", ""), session_word(SESSION_ERASED)))
                return 0;
        if (s->old) {
                if (text_empty(application) && session_heard(record) < s->before_ms)
                        add(s, "sessions", key);
        } else if (is_theirs(s, email) || is_named(s, key)) {
                note_email(s, email);
                add(s, text_empty(application) ? "sessions" : "applications",
                    text_empty(application) ? key : application);
        }
        return 0;
}

static int see_interview(struct search *s, const char *id, const json_t *record)
{
        const char *email = json_get_text(record, "candidate_email", NULL);

        if (text_empty(email) && text_equal(json_get_text(record, "candidate_name", ""), "erased"))
                return 0;
        if (s->old) {
                if (interview_heard(record) < s->before_ms)
                        add(s, "interviews", id);
        } else if (is_theirs(s, email) || text_equal(id, s->what)) {
                note_email(s, email);
                add(s, "interviews", id);
        }
        return 0;
}

static bool holds(const char *data, size_t len, const char *part)
{
        size_t part_len = strlen(part);

        for (size_t i = 0; i + part_len <= len; i++)
                if (strncasecmp(data + i, part, part_len) == 0)
                        return true;
        return false;
}

static int see(void *context, const struct store_record *r)
{
        static const struct {
                const char *table;
                int (*see)(struct search *s, const char *key, const json_t *record);
        } rows[] = { { "application", see_application },
                     { "session", see_session },
                     { "interview", see_interview } };
        struct search *s = context;
        json_t *record;
        int result = 0;

        if (r->kind != 't')
                return 0;
        if (s->old && s->count >= s->limit)
                return 1;
        if (!s->old && s->email != NULL && text_equal(r->name, "body") &&
            holds(r->data, r->len, s->email))
                add(s, "events", r->key);
        for (size_t i = 0; result == 0 && i < sizeof rows / sizeof *rows; i++) {
                if (!text_equal(r->name, rows[i].table))
                        continue;
                record = json_parse(r->data, r->len, true, s->why);
                result = record == NULL ? -1 : rows[i].see(s, r->key, record);
                json_decref(record);
        }
        return result;
}

static int look(struct search *s)
{
        json_decref(s->found);
        s->found = nothing();
        s->count = 0;
        return store_each(s->org->store, see, s, s->why) < 0 ? -1 : 0;
}

int forget_find(struct org *org, const char *what, json_t **found, struct fail *why)
{
        struct search s = { .org = org, .what = what, .why = why };
        bool address = strchr(what, '@') != NULL && strchr(what, ':') == NULL;
        int result;

        *found = NULL;
        if (address)
                s.email = mem_text(what);
        result = look(&s);
        /* By one of his things the candidate is known, and by him the others. */
        if (result == 0 && !address && s.several)
                result = fail_set(why, FAIL_INPUT,
                                  "%.80s is the id of more than one candidate: name the "
                                  "connection as well (gh:%.40s), or the mail address",
                                  what, what);
        else if (result == 0 && !address && s.email != NULL)
                result = look(&s);
        if (result == 0 && s.count > 0) {
                *found = json_incref(s.found);
                result = 1;
        }
        json_decref(s.found);
        mem_free(s.email);
        return result;
}

int forget_find_old(struct org *org, int64_t before_ms, unsigned limit, json_t **found, bool *more,
                    struct fail *why)
{
        struct search s = {
                .org = org, .old = true, .before_ms = before_ms, .limit = limit, .why = why
        };
        int result = look(&s);

        *more = result == 0 && s.count >= limit;
        *found = result == 0 ? json_incref(s.found) : NULL;
        json_decref(s.found);
        return result;
}
