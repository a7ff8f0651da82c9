/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Issue, look at, change, rotate, revoke keys. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "floor/address.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/key_private.h"
#include "home/plan.h"
#include "home/records.h"

/* An old key that was not seen for so long is not used any more: twice its longest silence of
 * late; at least an hour; a day when its rhythm is not known. */
#define SILENT_LEAST_MS WHEN_HOUR
#define SILENT_UNKNOWN_MS WHEN_DAY

/* What may stand in a key: every check puts the value into record. */

static int take_label(json_t *record, const json_t *value, struct fail *why)
{
        const char *label = json_text_of(value, "");
        size_t len = strlen(label);

        if (len == 0 || len > KEY_LABEL_MAX || !text_utf8_valid(label, len))
                return fail_set(why, FAIL_INPUT, "label: a key needs one of 1 to %d bytes",
                                KEY_LABEL_MAX);
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)label[i] < ' ' || label[i] == 0x7F)
                        return fail_set(why, FAIL_INPUT, "label: must be one line");
        json_set_text(record, "label", label);
        return 0;
}

/* "keys:*" is all scopes that begin with "keys:". */
static bool add_scope(json_t *list, const char *name)
{
        bool all = text_ends(name, ":*"), known = false;

        for (const struct key_scope *s = key_scopes; s->name != NULL; s++) {
                bool there = false;
                json_t *one;
                size_t i;

                if (all ? strncmp(s->name, name, strlen(name) - 1) != 0
                        : !text_equal(s->name, name))
                        continue;
                known = true;
                json_array_foreach(list, i, one)
                {
                        there = there || text_equal(json_text_of(one, NULL), s->name);
                }
                if (!there)
                        json_add(list, json_new_text(s->name, strlen(s->name)));
        }
        return known;
}

static int take_scopes(json_t *record, const json_t *value, struct fail *why)
{
        json_t *list = json_array(), *one;
        size_t i;

        json_array_foreach((json_t *)(uintptr_t)value, i, one)
        {
                if (!add_scope(list, json_text_of(one, ""))) {
                        json_decref(list);
                        return fail_set(why, FAIL_INPUT, "scopes: no scope is called %.60s",
                                        json_text_of(one, "(not a text)"));
                }
        }
        if (json_array_size(list) == 0) {
                json_decref(list);
                return fail_set(why, FAIL_INPUT, "scopes: a key needs at least one scope");
        }
        json_set(record, "scopes", list);
        return 0;
}

static int take_networks(json_t *record, const json_t *value, struct fail *why)
{
        struct network network;
        json_t *one;
        size_t i;

        if (value != NULL && !json_is_array(value))
                return fail_set(why, FAIL_INPUT, "networks: must be a list");
        if (json_array_size(value) > KEY_NETWORKS_MAX)
                return fail_set(why, FAIL_INPUT, "networks: at most %d", KEY_NETWORKS_MAX);
        json_array_foreach((json_t *)(uintptr_t)value, i, one)
        {
                if (network_parse(&network, json_text_of(one, "")) != 0)
                        return fail_set(why, FAIL_INPUT,
                                        "networks: %.60s is no address range such as 10.0.0.0/8 or "
                                        "2001:db8::/32",
                                        json_text_of(one, "(not a text)"));
        }
        json_set(record, "networks", value == NULL ? json_array() : json_deep_copy(value));
        return 0;
}

static int take_jobs(json_t *record, const json_t *value, struct fail *why)
{
        json_t *one;
        size_t i;

        if (value != NULL && !json_is_array(value))
                return fail_set(why, FAIL_INPUT, "jobs: must be a list");
        if (json_array_size(value) > KEY_JOBS_MAX)
                return fail_set(why, FAIL_INPUT, "jobs: at most %d", KEY_JOBS_MAX);
        json_array_foreach((json_t *)(uintptr_t)value, i, one)
        {
                const char *job = json_text_of(one, "");

                if (text_empty(job) || strlen(job) > KEY_JOB_MAX)
                        return fail_set(why, FAIL_INPUT, "jobs: each is a text of at most %d bytes",
                                        KEY_JOB_MAX);
        }
        json_set(record, "jobs", value == NULL ? json_array() : json_deep_copy(value));
        return 0;
}

static int take_time(json_t *record, const char *name, const json_t *value, struct fail *why)
{
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            json_integer_value(value) > INT64_C(253402300799999))
                return fail_set(why, FAIL_INPUT, "%s: must be milliseconds since 1970", name);
        json_set_int(record, name, json_integer_value(value));
        return 0;
}

/* Of a record whose times may have changed. */
static int check_times(const json_t *record, bool expiry_changed, struct fail *why)
{
        int64_t expires = json_get_int(record, "expires_ms", 0);

        if (expires != 0 && expiry_changed && expires <= when_now_ms())
                return fail_set(why, FAIL_INPUT, "expires_ms: the expiry has passed already");
        if (expires != 0 && json_get_int(record, "not_before_ms", 0) >= expires)
                return fail_set(why, FAIL_INPUT, "not_before_ms: it would expire before it begins");
        return 0;
}

/* Only of results it is known which job they belong to: a key for some jobs may do nothing
 * else. */
static int check_jobs(const json_t *record, struct fail *why)
{
        const json_t *scopes = json_object_get(record, "scopes");

        if (json_array_size(json_object_get(record, "jobs")) == 0 ||
            (json_array_size(scopes) == 1 &&
             text_equal(json_get_text(scopes, "0", ""), "results:read")))
                return 0;
        return fail_set(why, FAIL_INPUT,
                        "jobs: only a key with results:read and no other scope "
                        "can be for some jobs");
}

/* Issuing. */

/* Makes the text and puts its digest into record; id and text are the caller's. */
static void make_key(json_t *record, bool test, char **text, char **id)
{
        char check[KEY_CHECK_LEN + 1], *random = secret_token(KEY_RANDOM_LEN);
        struct buf key = BUF_NONE, digest = BUF_NONE;

        *id = secret_token(KEY_ID_LEN);
        buf_reserve(&key, KEY_LEN + 1);
        buf_format(&key, "fl_%s_%s%s", test ? "test" : "live", *id, random);
        key_spell(key.data, key.len, check);
        buf_add_text(&key, check);
        secret_sha256_hex(key.data, key.len, &digest);
        json_set_text(record, "digest", buf_text(&digest));
        json_set_text(record, "mark", test ? "fl_test_" : "fl_live_");
        mem_free_secret(random);
        buf_dispose(&digest);
        *text = buf_take(&key);
}

static void put_new(struct batch *b, const char *id, json_t *record)
{
        batch_require_absent(b, "key", id);
        record_put(b, "key", id, record);
        batch_join(b, "keys", id);
}

static int commit_new(struct org *org, struct batch *b, char **text, char **id, struct fail *why)
{
        if (store_commit(org->store, b, why) == 0)
                return 0;
        mem_free_secret(*text);
        mem_free(*id);
        *text = *id = NULL;
        return -1;
}

int key_issue(struct org *org, const struct key_order *order, char **text, char **id,
              struct fail *why)
{
        json_t *record = json_object(), *label = NULL;
        struct batch *b = batch_new();
        int result = -1;

        if (order->label != NULL && text_utf8_valid(order->label, strlen(order->label)))
                label = json_new_text(order->label, strlen(order->label));
        json_set_int(record, "created_ms", when_now_ms());
        json_set_int(record, "expires_ms", order->expires_ms);
        json_set_int(record, "not_before_ms", order->not_before_ms);
        json_set_text(record, "by", order->by);
        if (take_label(record, label, why) == 0 && take_scopes(record, order->scopes, why) == 0 &&
            take_networks(record, order->networks, why) == 0 &&
            take_jobs(record, order->jobs, why) == 0 && check_jobs(record, why) == 0 &&
            check_times(record, true, why) == 0) {
                make_key(record, order->test, text, id);
                put_new(b, *id, record);
                result = commit_new(org, b, text, id, why);
        }
        batch_free(b);
        json_decref(label);
        json_decref(record);
        return result;
}

/* Looking. */

static void etag_of(const json_t *record, char etag[17])
{
        char *text = json_text(record), *digest = record_digest(text, NULL);

        memcpy(etag, digest, 16);
        etag[16] = '\0';
        mem_free(digest);
        mem_free(text);
}

static void copy(json_t *row, const json_t *record, const char *name, json_t *otherwise)
{
        json_t *value = json_object_get(record, name);

        json_set(row, name, value != NULL ? json_deep_copy(value) : json_incref(otherwise));
        json_decref(otherwise);
}

static int64_t silence_of(const json_t *use)
{
        int64_t gap = json_get_int(use, "gap_ms", 0);

        if (gap == 0)
                return SILENT_UNKNOWN_MS;
        return 2 * gap > SILENT_LEAST_MS ? 2 * gap : SILENT_LEAST_MS;
}

static const char *rotation_verdict(bool over, bool safe, int64_t uses, int64_t unseen)
{
        return over                       ? "the old one is refused"
               : safe                     ? "safe to finish"
               : uses == 0                ? "nobody has switched yet"
               : unseen < SILENT_LEAST_MS ? "somebody still uses the old one"
                                          : "too early to tell: the old one may be used again";
}

/* "old: last seen 2 h ago from 192.0.2.1, before that never silent for more than 10 minutes; new:
 * 14 uses; safe to finish" */
static json_t *rotation(const char *next, const json_t *record, const json_t *old,
                        const json_t *new, int64_t now)
{
        int64_t seen = json_get_int(old, "last_ms", 0), uses = json_get_int(new, "count", 0);
        bool over = text_equal(key_state(record, now), "revoked") ||
                    text_equal(key_state(record, now), "expired");
        bool safe = over || (uses > 0 && now - seen > silence_of(old));
        struct buf text = BUF_NONE;
        json_t *row = json_object();

        if (seen == 0) {
                buf_add_text(&text, "old: never seen");
        } else {
                buf_add_text(&text, "old: last seen ");
                when_span(&text, now > seen ? now - seen : 0);
                buf_format(&text, " ago from %s", json_get_text(old, "from", "nowhere known"));
                if (json_get_int(old, "gap_ms", 0) != 0) {
                        buf_add_text(&text, ", before that never silent for more than ");
                        when_span(&text, json_get_int(old, "gap_ms", 0));
                }
        }
        buf_format(&text, "; new: %" PRId64 " use%s; %s", uses, uses == 1 ? "" : "s",
                   rotation_verdict(over, safe, uses, now - seen));
        json_set_text(row, "new", next);
        json_set_text(row, "sentence", buf_text(&text));
        json_set_bool(row, "safe", safe);
        json_set_int(row, "safe_after_ms", seen == 0 ? 0 : seen + silence_of(old));
        buf_dispose(&text);
        return row;
}

static int make_row(struct home *h, struct org *org, const char *id, const json_t *record,
                    json_t **out, struct fail *why)
{
        const char *next = json_get_text(record, "next", NULL);
        char *starts = mem_format("%s%s", json_get_text(record, "mark", ""), id), etag[17];
        int64_t now = when_now_ms();
        json_t *row = json_object(), *use = NULL, *other = NULL;
        int result = -1;

        etag_of(record, etag);
        json_set_text(row, "id", id);
        json_set_text(row, "starts", starts);
        copy(row, record, "label", json_null());
        copy(row, record, "scopes", json_array());
        json_set_text(row, "state", key_state(record, now));
        copy(row, record, "created_ms", json_integer(0));
        copy(row, record, "expires_ms", json_integer(0));
        copy(row, record, "not_before_ms", json_integer(0));
        copy(row, record, "revoked_ms", json_integer(0));
        copy(row, record, "changed_ms", json_integer(0));
        copy(row, record, "disabled", json_false());
        copy(row, record, "networks", json_array());
        copy(row, record, "jobs", json_array());
        copy(row, record, "by", json_null());
        copy(row, record, "of", json_null());
        copy(row, record, "next", json_null());
        json_set_text(row, "etag", etag);
        if (key_use(h, org, id, &use, why) != 0 ||
            (next != NULL && key_use(h, org, next, &other, why) != 0))
                goto out;
        if (next != NULL)
                json_set(row, "rotation", rotation(next, record, use, other, now));
        json_set(row, "used", json_incref(use));
        *out = json_incref(row);
        result = 1;
out:
        json_decref(other);
        json_decref(use);
        json_decref(row);
        mem_free(starts);
        return result;
}

int key_get(struct home *h, struct org *org, const char *id, json_t **row, struct fail *why)
{
        json_t *record = NULL;
        int found = strlen(id) == KEY_ID_LEN ? record_get(org, "key", id, &record, why) : 0;

        if (found == 1)
                found = make_row(h, org, id, record, row, why);
        json_decref(record);
        return found;
}

struct listing {
        struct home *home;
        struct org *org;
        json_t *list;
        struct fail *why;
};

static int list_one(void *context, const char *id)
{
        struct listing *l = context;
        json_t *row = NULL;
        int found = key_get(l->home, l->org, id, &row, l->why);

        if (found == 1)
                json_add(l->list, row);
        return found < 0 ? -1 : 0;
}

static int by_age(const void *a, const void *b)
{
        int64_t x = json_get_int(*(json_t *const *)a, "created_ms", 0);
        int64_t y = json_get_int(*(json_t *const *)b, "created_ms", 0);

        return (x > y) - (x < y);
}

int key_list(struct home *h, struct org *org, json_t **list, struct fail *why)
{
        struct listing l = { h, org, json_array(), why };
        size_t count;
        json_t **rows;

        if (store_set_list(org->store, "keys", list_one, &l, why) != 0) {
                json_decref(l.list);
                return -1;
        }
        count = json_array_size(l.list);
        rows = mem_array(count, sizeof *rows);
        for (size_t i = 0; i < count; i++)
                rows[i] = json_incref(json_array_get(l.list, i));
        if (count > 1)
                qsort(rows, count, sizeof *rows, by_age);
        json_array_clear(l.list);
        for (size_t i = 0; i < count; i++)
                json_add(l.list, rows[i]);
        mem_free(rows);
        *list = l.list;
        return 0;
}

/* Changing. */

/* A key that may still be changed, as read: 1, 0, -1. */
static int open_key(struct org *org, const char *id, const char *etag, json_t **record,
                    struct fail *why)
{
        char now[17];
        int found = strlen(id) == KEY_ID_LEN ? record_get(org, "key", id, record, why) : 0;

        if (found != 1)
                return found;
        etag_of(*record, now);
        if (etag != NULL && !text_equal(etag, now))
                return fail_set(why, FAIL_CONFLICT, "the key was changed meanwhile");
        if (json_get_int(*record, "revoked_ms", 0) != 0)
                return fail_set(why, FAIL_CONFLICT, "the key is revoked; issue another");
        return 1;
}

static int apply_change(json_t *record, const char *name, const json_t *value, struct fail *why)
{
        if (text_equal(name, "label"))
                return take_label(record, value, why);
        if (text_equal(name, "scopes"))
                return take_scopes(record, value, why);
        if (text_equal(name, "networks"))
                return take_networks(record, value, why);
        if (text_equal(name, "jobs"))
                return take_jobs(record, value, why);
        if (text_equal(name, "expires_ms") || text_equal(name, "not_before_ms"))
                return take_time(record, name, value, why);
        if (!text_equal(name, "disabled"))
                return fail_set(why, FAIL_INPUT, "%.60s: there is no such member", name);
        if (!json_is_boolean(value))
                return fail_set(why, FAIL_INPUT, "disabled: must be true or false");
        json_set_bool(record, "disabled", json_is_true(value));
        return 0;
}

static int change_once(struct org *org, const char *id, const json_t *changes, const char *etag,
                       struct fail *why)
{
        json_t *read = NULL, *record = NULL, *value;
        const char *name;
        struct plan p;
        int result = open_key(org, id, etag, &read, why);

        plan_init(&p);
        if (result == 1)
                record = json_deep_copy(read);
        json_object_foreach((json_t *)(uintptr_t)changes, name, value)
        {
                if (result == 1 && apply_change(record, name, value, why) != 0)
                        result = -1;
        }
        if (result == 1)
                result =
                    check_times(record, json_object_get(changes, "expires_ms") != NULL, why) == 0
                        ? 1
                        : -1;
        if (result == 1 && check_jobs(record, why) != 0)
                result = -1;
        if (result == 1) {
                json_set_int(record, "changed_ms", when_now_ms());
                plan_guard(&p, "key", id, read);
                record_put(p.batch, "key", id, record);
                result = plan_commit(&p, org, why) == 0 ? 1 : -1;
        }
        plan_dispose(&p);
        json_decref(record);
        json_decref(read);
        return result;
}

int key_change(struct org *org, const char *id, const json_t *changes, const char *etag,
               struct fail *why)
{
        if (!json_is_object(changes))
                return fail_set(why, FAIL_INPUT, "the changes must be an object");
        return change_once(org, id, changes, etag, why);
}

int key_rotate(struct org *org, const char *id, int64_t overlap_ms, const char *etag,
               const char *by, char **text, char **new_id, struct fail *why)
{
        json_t *read = NULL, *old = NULL, *fresh = NULL;
        int64_t now = when_now_ms(), expires, created;
        struct plan p;
        int result;

        if (overlap_ms < 0 || overlap_ms > KEY_OVERLAP_MAX_MS)
                return fail_set(why, FAIL_INPUT, "overlap: at most 90 days");
        result = open_key(org, id, etag, &read, why);
        if (result == 1 && json_get_text(read, "next", NULL) != NULL)
                result = fail_set(why, FAIL_CONFLICT,
                                  "the key was rotated before: finish that, or rotate the new one");
        plan_init(&p);
        if (result == 1) {
                expires = json_get_int(read, "expires_ms", 0);
                created = json_get_int(read, "created_ms", 0);
                old = json_deep_copy(read);
                fresh = json_deep_copy(read);
                json_object_del(fresh, "changed_ms");
                json_set_int(fresh, "created_ms", now);
                json_set_int(fresh, "expires_ms", expires == 0 ? 0 : now + (expires - created));
                json_set_int(fresh, "not_before_ms", 0);
                json_set_bool(fresh, "disabled", false);
                json_set_text(fresh, "of", id);
                json_set_text(fresh, "by", by);
                make_key(fresh, text_equal(json_get_text(read, "mark", ""), "fl_test_"), text,
                         new_id);
                json_set_text(old, "next", *new_id);
                json_set_int(old, "changed_ms", now);
                if (overlap_ms == 0)
                        json_set_int(old, "revoked_ms", now);
                else if (expires == 0 || now + overlap_ms < expires)
                        json_set_int(old, "expires_ms", now + overlap_ms);
                plan_guard(&p, "key", id, read);
                record_put(p.batch, "key", id, old);
                put_new(p.batch, *new_id, fresh);
                result = commit_new(org, p.batch, text, new_id, why) == 0 ? 1 : -1;
        }
        plan_dispose(&p);
        json_decref(fresh);
        json_decref(old);
        json_decref(read);
        return result;
}

int key_revoke(struct org *org, const char *id, const char *etag, struct fail *why)
{
        int result = -1;

        if (strlen(id) != KEY_ID_LEN)
                return 0;
        /* Whatever somebody else changes at this moment, it ends revoked. */
        for (int i = 0; i < 20 && result == -1; i++) {
                json_t *read = NULL, *record;
                struct plan p;
                char now[17];

                fail_clear(why);
                result = record_get(org, "key", id, &read, why);
                if (result != 1)
                        return result;
                etag_of(read, now);
                if (etag != NULL && !text_equal(etag, now)) {
                        json_decref(read);
                        return fail_set(why, FAIL_CONFLICT, "the key was changed meanwhile");
                }
                if (json_get_int(read, "revoked_ms", 0) != 0) {
                        json_decref(read);
                        return 2;
                }
                plan_init(&p);
                record = json_deep_copy(read);
                json_set_int(record, "revoked_ms", when_now_ms());
                plan_guard(&p, "key", id, read);
                record_put(p.batch, "key", id, record);
                result = plan_commit(&p, org, why) == 0 ? 1 : -1;
                plan_dispose(&p);
                json_decref(record);
                json_decref(read);
                if (result == -1 && (why == NULL || why->kind != FAIL_CONFLICT))
                        break;
        }
        return result;
}
