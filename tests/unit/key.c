/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Issued keys: form, scopes, expiry, revocation. */
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
                { "no label", { NULL, good, 0, false } },
                { "an empty label", { "", good, 0, false } },
                { "a label that is not UTF-8", { "\xFF", good, 0, false } },
                { "no scope", { "x", none, 0, false } },
                { "an unknown scope", { "x", odd, 0, false } },
                { "an expiry that has passed", { "x", good, 1000, false } },
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

        return key_check(home, in, shown, scope, NULL, &why);
}

static void test_life(void)
{
        json_t *list = scopes("interviews:write", "status:read"), *rows = NULL;
        struct key_order order = { "scheduler", list, 0, false };
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
        tap_int(key_check(home, org, text, "status:read", seen, &why), KEY_PASS, "with its id");
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

        tap_int(key_list(org, &rows, &why), 0, "listed");
        tap_int((int64_t)json_array_size(rows), 1, "once");
        tap_text(json_get_text(rows, "0.state", ""), "live", "as live");
        json_decref(rows);

        tap_int(key_revoke(org, "nothing0", &why), 0, "no such key to revoke");
        tap_int(key_revoke(org, "../etc", &why), 0, "an id that cannot be one");
        tap_int(key_revoke(org, id, &why), 1, "revoked");
        tap_int(key_revoke(org, id, &why), 2, "revoked before");
        tap_int(ask(org, text, "interviews:write"), KEY_UNKNOWN, "refused at once");
        buf_dispose(&stored);
        mem_free_secret(text);
        mem_free(id);
        json_decref(list);
}

static void test_expiry(void)
{
        json_t *list = scopes("status:read", NULL);
        struct key_order order = { "short", list, when_now_ms() + WHEN_HOUR, true };
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
        home_close(home);
        mem_free(path);
        mem_free(dir);
        return tap_end();
}
