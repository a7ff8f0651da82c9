/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Issued keys: form, scopes, expiry, revocation. */
#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/when.h"
#include "home/key.h"
#include "home/records.h"

static struct home *home;
static struct org *org;

static json_t *scopes(const char *a, const char *b)
{
        json_t *list = json_array();

        if (a != NULL)
                json_add(list, json_new_text(a, strlen(a)));
        if (b != NULL)
                json_add(list, json_new_text(b, strlen(b)));
        return list;
}

static void test_misuse(void)
{
        json_t *none = json_array(), *odd = scopes("interviews:write", "everything"),
               *good = scopes("interviews:write", NULL);
        const struct {
                const char *name;
                struct key_order order;
        } rows[] = {
                { "no label", { .label = NULL, .scopes = good, .expires_ms = 0 } },
                { "an empty label", { .label = "", .scopes = good, .expires_ms = 0 } },
                { "a label that is not UTF-8",
                  { .label = "\xFF", .scopes = good, .expires_ms = 0 } },
                { "no scope", { .label = "x", .scopes = none, .expires_ms = 0 } },
                { "an unknown scope", { .label = "x", .scopes = odd, .expires_ms = 0 } },
                { "an expiry that has passed",
                  { .label = "x", .scopes = good, .expires_ms = 1000 } },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *text = NULL, *id = NULL;
                struct fail why = FAIL_CLEAR;

                tap_int(key_issue(org, &rows[i].order, &text, &id, &why), -1, "refused: %s",
                        rows[i].name);
                tap_int(why.kind, FAIL_INPUT, "as a wrong call: %s", why.text);
        }
        json_decref(none);
        json_decref(odd);
        json_decref(good);
}

static enum key_answer ask(struct org *in, const char *shown, const char *scope)
{
        struct fail why = FAIL_CLEAR;

        return key_check(home, in, shown, scope, "192.0.2.1", NULL, &why);
}

static void test_life(void)
{
        json_t *list = scopes("interviews:write", "status:read"), *rows = NULL;
        struct key_order order = { .label = "scheduler", .scopes = list };
        struct fail why = FAIL_CLEAR;
        char *text = NULL, *id = NULL, *other;
        struct buf stored = BUF_NONE;
        char seen[9] = "";

        tap_int(key_issue(org, &order, &text, &id, &why), 0, "issued: %s", why.text);
        tap_int((int64_t)strlen(text), 54, "as long as the form says");
        tap_ok(strncmp(text, "fl_live_", 8) == 0 && strncmp(text + 8, id, 8) == 0,
               "starts with its mark and its id");
        tap_int(ask(org, text, "interviews:write"), KEY_PASS, "may do what it was issued for");
        tap_int(ask(org, text, "status:read"), KEY_PASS, "all of it");
        tap_int(ask(org, text, "actions:write"), KEY_SCOPE, "and nothing else");
        tap_int(ask(org, NULL, "status:read"), KEY_MISSING, "no key");
        tap_int(ask(org, "", "status:read"), KEY_MISSING, "an empty key");
        tap_int(ask(NULL, text, "status:read"), KEY_UNKNOWN, "an unknown org knows no key");
        tap_int(key_check(home, org, text, "status:read", "192.0.2.1", seen, &why), KEY_PASS,
                "with its id");
        tap_text(seen, id, "the id told");

        for (size_t i = 0; i < strlen(text); i++) {
                other = mem_text(text);
                other[i] = other[i] == 'a' ? 'b' : 'a';
                if (ask(org, other, "status:read") != KEY_MISTYPED)
                        tap_ok(false, "a typo at %zu is told apart", i);
                mem_free(other);
        }
        tap_ok(true, "every single typo is told apart from an unknown key");
        other = mem_text_part(text, strlen(text) - 1);
        tap_int(ask(org, other, "status:read"), KEY_MISTYPED, "a key cut off");
        mem_free(other);

        tap_int(store_get(org->store, "key", id, &stored, &why), 1, "it rests");
        tap_ok(strstr(buf_text(&stored), text + 16) == NULL, "as a digest only");

        tap_int(key_list(home, org, &rows, &why), 0, "listed");
        tap_int((int64_t)json_array_size(rows), 1, "once");
        tap_text(json_get_text(rows, "0.state", ""), "live", "as live");
        json_decref(rows);

        tap_int(key_revoke(org, "nothing0", NULL, &why), 0, "no such key to revoke");
        tap_int(key_revoke(org, "../etc", NULL, &why), 0, "an id that cannot be one");
        tap_int(key_revoke(org, id, NULL, &why), 1, "revoked");
        tap_int(key_revoke(org, id, NULL, &why), 2, "revoked before");
        tap_int(ask(org, text, "interviews:write"), KEY_UNKNOWN, "refused at once");
        buf_dispose(&stored);
        mem_free_secret(text);
        mem_free(id);
        json_decref(list);
}

static void test_expiry(void)
{
        json_t *list = scopes("status:read", NULL);
        struct key_order order = { .label = "short",
                                   .scopes = list,
                                   .expires_ms = when_now_ms() + WHEN_HOUR,
                                   .test = true };
        char *text = NULL, *id = NULL;
        struct fail why = FAIL_CLEAR;
        struct batch *b;
        json_t *value = NULL;

        tap_int(key_issue(org, &order, &text, &id, &why), 0, "issued for an hour");
        tap_ok(strncmp(text, "fl_test_", 8) == 0, "marked as a test key");
        tap_int(ask(org, text, "status:read"), KEY_PASS, "good for now");
        record_get(org, "key", id, &value, &why);
        json_set_int(value, "expires_ms", when_now_ms() - 1);
        b = batch_new();
        record_put(b, "key", id, value);
        store_commit(org->store, b, &why);
        batch_free(b);
        json_decref(value);
        tap_int(ask(org, text, "status:read"), KEY_UNKNOWN, "refused when its time is up");
        mem_free_secret(text);
        mem_free(id);
        json_decref(list);
}

static enum key_answer ask_from(const char *shown, const char *scope, const char *from)
{
        struct fail why = FAIL_CLEAR;

        return key_check(home, org, shown, scope, from, NULL, &why);
}

static void test_networks(void)
{
        static const struct {
                const char *from;
                enum key_answer want;
        } rows[] = {
                { "192.0.2.1", KEY_PASS },
                { "192.0.2.255", KEY_PASS },
                { "::ffff:192.0.2.9", KEY_PASS },
                { "2001:db8:1::7", KEY_PASS },
                { "192.0.3.1", KEY_PLACE },
                { "2001:db9::1", KEY_PLACE },
                { "::1", KEY_PLACE },
                { "", KEY_PLACE },
                { "not an address", KEY_PLACE },
                { NULL, KEY_PLACE },
        };
        json_t *list = scopes("status:read", NULL),
               *networks = scopes("192.0.2.0/24", "2001:db8::/32");
        struct key_order order = { .label = "near", .scopes = list, .networks = networks };
        struct fail why = FAIL_CLEAR;
        char *text = NULL, *id = NULL;

        tap_int(key_issue(org, &order, &text, &id, &why), 0, "issued for two networks");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                tap_int(ask_from(text, "status:read", rows[i].from), rows[i].want, "from %s",
                        rows[i].from == NULL ? "nowhere" : rows[i].from);
        tap_int(ask_from(text, "actions:write", "10.0.0.1"), KEY_PLACE,
                "elsewhere nothing is said of its scopes");
        mem_free_secret(text);
        mem_free(id);
        json_decref(networks);
        json_decref(list);
}

static void test_jobs(void)
{
        json_t *list = scopes("results:read", NULL), *jobs = scopes("17", "18");
        struct key_order order = { .label = "one job", .scopes = list, .jobs = jobs };
        struct key_order all = { .label = "all jobs", .scopes = list };
        struct fail why = FAIL_CLEAR;
        char *text = NULL, *id = NULL;

        key_issue(org, &order, &text, &id, &why);
        tap_int(key_is_narrow(org, id, &why), 1, "it is narrow");
        tap_int(key_may_session(org, id, "cs:none", &why), 0, "not what belongs to no job");
        tap_int(key_may_session(org, "zzzzzzzz", "cs:none", &why), 0, "no key, no session");
        mem_free_secret(text);
        mem_free(id);
        key_issue(org, &all, &text, &id, &why);
        tap_int(key_is_narrow(org, id, &why), 0, "without a limit it is not");
        tap_int(key_may_session(org, id, "cs:none", &why), 1, "and sees all");
        mem_free_secret(text);
        mem_free(id);
        json_decref(jobs);
        json_decref(list);
}

/* However often it is used, the store hears of it once a minute. */
static void test_use(void)
{
        json_t *list = scopes("results:read", NULL), *row = NULL;
        struct key_order order = { .label = "used", .scopes = list };
        struct fail why = FAIL_CLEAR;
        int64_t now = when_now_ms();
        char *text = NULL, *id = NULL, from[32];
        uint64_t before;

        key_issue(org, &order, &text, &id, &why);
        key_used(home, org, id, "192.0.2.1", now);
        before = store_generation(org->store);
        for (int i = 0; i < 500; i++)
                key_used(home, org, id, "192.0.2.1", now + i);
        tap_ok(store_generation(org->store) == before, "500 uses within a minute: no commit");
        tap_int(key_get(home, org, id, &row, &why), 1, "looked at");
        tap_int(json_get_int(row, "used.count", 0), 501, "all are counted");
        tap_text(json_get_text(row, "used.from", ""), "192.0.2.1", "and from where");
        json_decref(row);
        key_used(home, org, id, "192.0.2.1", now + 2 * WHEN_MINUTE);
        tap_ok(store_generation(org->store) != before, "then one");
        for (int i = 0; i < 30; i++) {
                snprintf(from, sizeof from, "192.0.2.%d", i + 2);
                key_used(home, org, id, from, now + 3 * WHEN_MINUTE + i);
        }
        key_get(home, org, id, &row, &why);
        tap_int(json_get_int(row, "used.count", 0), 532, "from many places: still all");
        tap_int((int64_t)json_array_size(json_at(row, "used.places")), 8,
                "and the last places only");
        tap_int(json_get_int(row, "used.last_ms", 0), now + 3 * WHEN_MINUTE + 29, "the last one");
        json_decref(row);
        mem_free_secret(text);
        mem_free(id);
        json_decref(list);
}

static void test_change(void)
{
        static const struct {
                const char *name, *changes;
        } rows[] = {
                { "no object", "[]" },
                { "an unknown member", "{\"digest\": \"x\"}" },
                { "its own state", "{\"state\": \"live\"}" },
                { "an empty label", "{\"label\": \"\"}" },
                { "no scopes", "{\"scopes\": []}" },
                { "scopes that are a text", "{\"scopes\": \"status:read\"}" },
                { "a time that is a text", "{\"expires_ms\": \"1\"}" },
                { "a time before all times", "{\"expires_ms\": -1}" },
                { "a time after all times", "{\"expires_ms\": 253402300800000}" },
                { "a time that has passed", "{\"expires_ms\": 1}" },
                { "a switch that is a number", "{\"disabled\": 1}" },
        };
        json_t *list = scopes("results:read", NULL), *row = NULL, *changes;
        struct key_order order = { .label = "old", .scopes = list };
        struct fail why = FAIL_CLEAR;
        char *text = NULL, *id = NULL, *etag;

        key_issue(org, &order, &text, &id, &why);
        key_get(home, org, id, &row, &why);
        etag = mem_text(json_get_text(row, "etag", ""));
        json_decref(row);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                changes = json_parse(rows[i].changes, strlen(rows[i].changes), true, NULL);
                fail_clear(&why);
                tap_int(key_change(org, id, changes, NULL, &why), -1, "refused: %s", rows[i].name);
                tap_int(why.kind, FAIL_INPUT, "as a wrong call: %s", why.text);
                json_decref(changes);
        }
        changes = json_pack("{s:s,s:b}", "label", "new", "disabled", 1);
        fail_clear(&why);
        tap_int(key_change(org, "zzzzzzzz", changes, NULL, &why), 0, "no such key");
        tap_int(key_change(org, id, changes, "0123456789abcdef", &why), -1, "another state");
        tap_int(why.kind, FAIL_CONFLICT, "somebody was faster");
        fail_clear(&why);
        tap_int(key_change(org, id, changes, etag, &why), 1, "changed: %s", why.text);
        tap_int(ask(org, text, "results:read"), KEY_UNKNOWN, "switched off");
        tap_int(key_change(org, id, changes, etag, &why), -1, "the state is another now");
        json_decref(changes);
        mem_free(etag);
        mem_free_secret(text);
        mem_free(id);
        json_decref(list);
}

static void test_rotate(void)
{
        json_t *list = scopes("results:read", NULL), *row = NULL;
        struct key_order order = { .label = "turning", .scopes = list };
        struct fail why = FAIL_CLEAR;
        char *text = NULL, *id = NULL, *second = NULL, *second_id = NULL;
        int64_t now = when_now_ms();

        key_issue(org, &order, &text, &id, &why);
        tap_int(key_rotate(org, id, -1, NULL, NULL, &second, &second_id, &why), -1,
                "an overlap before now");
        fail_clear(&why);
        tap_int(key_rotate(org, id, KEY_OVERLAP_MAX_MS + 1, NULL, NULL, &second, &second_id, &why),
                -1, "one that never ends");
        fail_clear(&why);
        tap_int(key_rotate(org, "zzzzzzzz", 0, NULL, NULL, &second, &second_id, &why), 0,
                "no such key");
        tap_int(key_rotate(org, id, WHEN_DAY, NULL, "ada", &second, &second_id, &why), 1,
                "rotated: %s", why.text);
        tap_int(ask(org, text, "results:read"), KEY_PASS, "the old one still works");
        tap_int(ask(org, second, "results:read"), KEY_PASS, "the new one works");
        key_used(home, org, id, "192.0.2.1", now - 49 * WHEN_HOUR);
        key_get(home, org, id, &row, &why);
        tap_ok(!json_get_bool(row, "rotation.safe", true), "nobody has switched: not safe");
        json_decref(row);
        for (int i = 0; i < 14; i++)
                key_used(home, org, second_id, "192.0.2.2", now);
        key_get(home, org, id, &row, &why);
        tap_ok(json_get_bool(row, "rotation.safe", false), "switched days ago: safe");
        tap_text(json_get_text(row, "rotation.sentence", ""),
                 "old: last seen 2 days ago from 192.0.2.1; new: 14 uses; safe to finish",
                 "in words");
        json_decref(row);
        key_used(home, org, id, "192.0.2.1", now);
        key_get(home, org, id, &row, &why);
        tap_ok(!json_get_bool(row, "rotation.safe", true), "somebody uses the old one: not safe");
        tap_text(json_get_text(row, "rotation.sentence", ""),
                 "old: last seen 0 s ago from 192.0.2.1, before that never silent "
                 "for more than 2 days; new: 14 uses; somebody still uses the old one",
                 "in words");
        json_decref(row);
        mem_free_secret(text);
        mem_free(id);
        tap_int(key_rotate(org, second_id, 0, NULL, NULL, &text, &id, &why), 1, "at once");
        tap_int(ask(org, second, "results:read"), KEY_UNKNOWN, "the old one is refused");
        mem_free_secret(text);
        mem_free(id);
        mem_free_secret(second);
        mem_free(second_id);
        json_decref(list);
}

/* When is an old key not used any more?  By its own rhythm. */
static void test_rhythm(void)
{
        static const struct {
                const char *name;
                int64_t every_ms; /* between its uses; 0: it was used once */
                int64_t unseen_ms;
                bool safe;
        } rows[] = {
                { "each minute, a moment ago", WHEN_MINUTE, 0, false },
                { "each minute, half an hour ago", WHEN_MINUTE, WHEN_HOUR / 2, false },
                { "each minute, two hours ago", WHEN_MINUTE, 2 * WHEN_HOUR, true },
                { "each day, two hours ago", WHEN_DAY, 2 * WHEN_HOUR, false },
                { "each day, 47 hours ago", WHEN_DAY, 47 * WHEN_HOUR, false },
                { "each day, 49 hours ago", WHEN_DAY, 49 * WHEN_HOUR, true },
                { "once, two hours ago", 0, 2 * WHEN_HOUR, false },
                { "once, two days ago", 0, 2 * WHEN_DAY, true },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                json_t *list = scopes("results:read", NULL), *row = NULL;
                struct key_order order = { .label = "rhythm", .scopes = list };
                struct fail why = FAIL_CLEAR;
                char *text = NULL, *id = NULL, *second = NULL, *second_id = NULL;
                int64_t last = when_now_ms() - rows[i].unseen_ms;

                key_issue(org, &order, &text, &id, &why);
                key_rotate(org, id, WHEN_DAY, NULL, "ada", &second, &second_id, &why);
                for (int n = rows[i].every_ms == 0 ? 0 : 5; n >= 0; n--)
                        key_used(home, org, id, "192.0.2.1", last - n * rows[i].every_ms);
                key_used(home, org, second_id, "192.0.2.2", when_now_ms());
                key_get(home, org, id, &row, &why);
                tap_int(json_get_bool(row, "rotation.safe", !rows[i].safe), rows[i].safe, "%s: %s",
                        rows[i].name, json_get_text(row, "rotation.sentence", ""));
                json_decref(row);
                json_decref(list);
                mem_free_secret(text);
                mem_free_secret(second);
                mem_free(id);
                mem_free(second_id);
        }
}

int main(void)
{
        char *dir = tap_dir(), *path = file_path(dir, "home");
        struct fail why = FAIL_CLEAR;
        bool made;

        tap_int(home_create(path, &made, &why), 0, "home: %s", why.text);
        tap_int(home_open(&home, path, &why), 1, "open: %s", why.text);
        tap_int(home_create_org(home, "acme", &org, &why), 0, "org: %s", why.text);
        test_misuse();
        test_life();
        test_expiry();
        test_networks();
        test_jobs();
        test_use();
        test_change();
        test_rotate();
        test_rhythm();
        home_close(home);
        mem_free(path);
        mem_free(dir);
        return tap_end();
}
