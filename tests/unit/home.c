/* The home: orgs, records, connections, the words of the inbox, counts, the table of kinds. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/claim.h"
#include "home/connection.h"
#include "home/delivery.h"
#include "home/home.h"
#include "home/records.h"
#include "home/tally.h"

static char *place; /* of the home */

static struct home *fresh_home(void)
{
        char *dir = tap_dir();
        struct fail why = FAIL_CLEAR;
        struct home *h = NULL;
        bool made = false;

        place = file_path(dir, "home");
        mem_free(dir);
        if (home_create(place, &made, &why) != 0 || home_open(&h, place, &why) != 1)
                tap_note("%s", why.text);
        return h;
}

/* --- the home --------------------------------------------------------------------- */

static void test_opening(void)
{
        char *dir = tap_dir(), *path = file_path(dir, "home"), *key = file_path(path, "secrets");
        char *orgs = file_path(path, "orgs/acme");
        struct fail why = FAIL_CLEAR;
        struct home *h = NULL, *second = NULL;
        struct stat st;
        bool made;
        int claim;

        tap_int(home_open(&h, NULL, &why), -1, "no name is no home");
        fail_clear(&why);
        tap_int(home_open(&h, path, &why), 0, "nothing there is 0, not a failure");
        tap_ok(h == NULL && why.kind == FAIL_NONE, "and gives nothing");
        tap_int(home_create(path, &made, &why), 0, "a home is made");
        tap_ok(made, "and says so");
        tap_int(home_create(path, &made, &why), 0, "making it again is fine");
        tap_ok(!made, "and changes nothing");
        tap_ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700, "the home is 0700");
        tap_ok(stat(key, &st) == 0 && (st.st_mode & 07777) == 0400, "the master key is 0400");

        chmod(path, 0750);
        tap_int(home_open(&h, path, &why), -1, "a home that others can enter is refused");
        tap_int(why.kind, FAIL_DENIED, "as a matter of modes");
        fail_clear(&why);
        chmod(path, 0700);
        chmod(key, 0440);
        tap_int(home_open(&h, path, &why), -1, "a key that others can read is refused");
        tap_int(why.kind, FAIL_DENIED, "likewise");
        fail_clear(&why);
        chmod(key, 0400);

        tap_int(home_open(&h, path, &why), 1, "put right, it opens");
        tap_int(home_lock_worker(h, &why), 1, "the worker's lock is taken");
        tap_int(home_open(&second, path, &why), 1, "the home opens twice");
        tap_int(home_lock_worker(second, &why), 0, "but there is one worker");
        home_unlock_worker(h);
        tap_int(home_lock_worker(second, &why), 1, "until the first one ends");
        tap_ok(!claim_there(h), "nobody claims the home");
        tap_int(claim_begin(h, 50, &why), -1, "who claims it waits for the worker to rest");
        tap_int(why.kind, FAIL_CONFLICT, "not for ever: %s", why.text);
        fail_clear(&why);
        tap_ok(!claim_there(h), "and has then claimed nothing");
        home_unlock_worker(second);
        claim = claim_begin(h, 50, &why);
        tap_ok(claim >= 0, "at rest, it can be claimed: %s", why.text);
        tap_ok(claim_there(second), "as everybody sees");
        tap_int(claim_begin(second, 50, &why), -1, "by one at a time");
        fail_clear(&why);
        tap_int(home_lock_worker(second, &why), 0, "and no worker starts meanwhile");
        claim_end(h, claim);
        tap_ok(!claim_there(second), "until it is over");
        tap_int(home_lock_worker(second, &why), 1, "then one does");
        home_close(second);
        home_close(h);

        mkdir(orgs, 0700);
        unlink(key);
        tap_int(home_open(&h, path, &why), -1, "without its key it does not open");
        fail_clear(&why);
        tap_int(home_create(path, &made, &why), -1, "and no new key is made beside old orgs");
        tap_ok(strstr(why.text, "missing") != NULL, "it says what is missing");
        tap_ok(access(key, F_OK) != 0, "there is none");
        mem_free(orgs);
        mem_free(key);
        mem_free(path);
        mem_free(dir);
}

static int join_names(void *context, const char *name)
{
        struct buf *b = context;

        buf_format(b, "%s ", name);
        return strcmp(name, "stop") == 0 ? 7 : 0;
}

static void test_orgs(void)
{
        static const char *const impossible[] = {
                "",         ".",       "..",
                "a/b",      "-a",      "a b",
                "\xC3\xA9", "../orgs", "a2345678901234567890123456789012345678901",
                NULL,
        };
        struct home *h = fresh_home();
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL, *again = NULL;
        struct buf names = BUF_NONE;
        char *link = file_path(place, "orgs/link");

        for (size_t i = 0; impossible[i] != NULL; i++) {
                tap_int(home_org(h, impossible[i], &org, &why), 0, "\"%s\" is no org",
                        impossible[i]);
                tap_int(home_create_org(h, impossible[i], &org, &why), -1, "and cannot be made");
                tap_int(why.kind, FAIL_INPUT, "by the caller's fault");
                fail_clear(&why);
        }
        tap_int(home_org(h, NULL, &org, &why), 0, "no name is no org");
        tap_int(home_org(h, "acme", &org, &why), 0, "one that was not made is absent");
        tap_int(home_create_org(h, "acme", &org, &why), 0, "it is made");
        tap_int(home_org(h, "acme", &again, &why), 1, "and found");
        tap_ok(org == again, "as the same handle");
        tap_int(home_create_org(h, "Zoo_1", &org, &why), 0, "another");
        tap_int(home_create_org(h, "stop", &org, &why), 0, "and one more");
        tap_ok(symlink("acme", link) == 0, "a symbolic link is put beside them");
        tap_int(home_org(h, "link", &org, &why), 0, "a link is no org");
        tap_int(home_each_org(h, join_names, &names, &why), 7, "a visitor can stop");
        tap_text(buf_text(&names), "Zoo_1 acme stop ", "after the names in order");
        tap_ok(home_nobody(h, &why) != NULL, "nobody's store is there");
        tap_int(store_get(home_nobody(h, &why), "hook", "x", NULL, &why), 0, "and empty");
        buf_dispose(&names);
        mem_free(link);
        home_close(h);
        mem_free(place);
}

/* --- records ---------------------------------------------------------------------- */

static void test_records(void)
{
        struct home *h = fresh_home();
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        struct batch *b = batch_new();
        json_t *value = json_object(), *got = NULL;
        uint64_t number = 0;
        char *digest;

        home_create_org(h, "acme", &org, &why);
        json_set_text(value, "a", "b");
        record_put(b, "org", "self", value);
        record_append(b, "event", value, &number);
        batch_put(b, "org", "list", "[1]", 3);
        batch_put(b, "org", "newer", "{\"v\":2}", 7);
        batch_put(b, "org", "torn", "{\"v\":", 5);
        batch_put(b, "org", "bare", "{}", 2);
        tap_int(store_commit(org->store, b, &why), 0, "records are committed");
        batch_free(b);
        tap_int(record_get(org, "org", "self", &got, &why), 1, "a record is found");
        tap_text(json_get_text(got, "a", NULL), "b", "as it was");
        tap_int(json_get_int(got, "v", 0), 1, "with its version");
        json_decref(got);
        tap_int(record_get(org, "org", "other", &got, &why), 0, "another is absent");
        tap_ok(got == NULL && why.kind == FAIL_NONE, "without a cause");
        tap_int(record_series_get(org, "event", number, &got, &why), 1, "a member is found");
        json_decref(got);
        tap_int(record_series_get(org, "event", number + 1, &got, &why), 0, "the next is absent");

        static const char *const broken[] = { "list", "newer", "torn", "bare", NULL };
        for (size_t i = 0; broken[i] != NULL; i++) {
                fail_clear(&why);
                tap_int(record_get(org, "org", broken[i], &got, &why), -1, "\"%s\" is broken",
                        broken[i]);
                tap_ok(got == NULL && why.kind == FAIL_BROKEN, "and says so");
        }
        digest = record_digest("a", "bc");
        json_decref(value);
        tap_int((int64_t)strlen(digest), 64, "a digest has 64 digits");
        char *other = record_digest("ab", "c");
        tap_ok(strcmp(digest, other) != 0, "and keeps its parts apart");
        mem_free(other);
        mem_free(digest);
        home_close(h);
        mem_free(place);
}

static void put_record(struct org *org, const char *key, const char *text)
{
        json_t *value = json_object();
        struct batch *b = batch_new();
        struct fail why = FAIL_CLEAR;

        json_set_text(value, "a", text);
        record_put(b, "org", key, value);
        tap_int(store_commit(org->store, b, &why), 0, "%s is put", key);
        batch_free(b);
        json_decref(value);
}

/* What is shared is kept, and never older than what is stored, whoever changes it. */
static void test_shared(void)
{
        struct home *h = fresh_home(), *other = NULL;
        struct org *org = NULL, *theirs = NULL;
        json_t *first = NULL, *second = NULL;
        struct fail why = FAIL_CLEAR;
        char name[16], *large = mem_alloc(10001);
        struct batch *b;

        home_create_org(h, "acme", &org, &why);
        tap_int(record_share(org, "org", "self", &first, &why), 0, "absent");
        tap_ok(first == NULL && why.kind == FAIL_NONE, "without a cause");
        put_record(org, "self", "one");
        tap_int(record_share(org, "org", "self", &first, &why), 1, "found");
        tap_int(record_share(org, "org", "self", &second, &why), 1, "and again");
        tap_ok(first != NULL && first == second, "nothing is parsed twice");
        json_decref(second);

        put_record(org, "self", "two");
        tap_int(record_share(org, "org", "self", &second, &why), 1, "changed here");
        tap_text(json_get_text(second, "a", NULL), "two", "the change is seen");
        tap_text(json_get_text(first, "a", NULL), "one", "who holds the old one still can");
        json_decref(second);
        json_decref(first);

        tap_int(home_open(&other, home_path(h), &why), 1, "another process %s", why.text);
        tap_int(home_org(other, "acme", &theirs, &why), 1, "opens the same");
        put_record(theirs, "self", "three");
        record_share(org, "org", "self", &first, &why);
        tap_text(json_get_text(first, "a", NULL), "three", "changed elsewhere: seen, too");
        json_decref(first);
        b = batch_new();
        batch_delete(b, "org", "self");
        store_commit(theirs->store, b, &why);
        batch_free(b);
        tap_int(record_share(org, "org", "self", &first, &why), 0, "deleted elsewhere");
        b = batch_new();
        batch_put(b, "org", "self", "[1]", 3);
        store_commit(theirs->store, b, &why);
        batch_free(b);
        tap_int(record_share(org, "org", "self", &first, &why), -1, "damaged: broken");
        tap_ok(first == NULL && why.kind == FAIL_BROKEN, "and says so");

        for (int i = 0; i < 40; i++) {
                snprintf(name, sizeof name, "n%d", i);
                put_record(org, name, name);
        }
        for (int round = 0; round < 2; round++)
                for (int i = 0; i < 40; i++) {
                        snprintf(name, sizeof name, "n%d", i);
                        record_share(org, "org", name, &first, &why);
                        tap_text(json_get_text(first, "a", NULL), name, "more than are kept: %s",
                                 name);
                        json_decref(first);
                }
        memset(large, 'x', 10000);
        large[10000] = '\0';
        put_record(org, "large", large);
        record_share(org, "org", "large", &first, &why);
        record_share(org, "org", "large", &second, &why);
        tap_ok(first != NULL && first != second, "a large one is read each time");
        json_decref(first);
        json_decref(second);
        mem_free(large);
        home_close(other);
        home_close(h);
        mem_free(place);
}

/* --- connections ------------------------------------------------------------------ */

#define HOOK "hookhookhookhook"
#define CREDENTIALS "{\"api_key\":\"key-in-clear\"}"

static int put(struct home *h, struct org *org, const char *id, const char *kind,
               const char *settings, const char *credentials, const char *hook, const char *secrets)
{
        json_t *s = json_parse(settings, strlen(settings), true, NULL);
        json_t *c = json_parse(credentials, strlen(credentials), true, NULL);
        json_t *list = json_parse(secrets, strlen(secrets), true, NULL);
        struct batch *b = batch_new();
        struct fail why = FAIL_CLEAR;
        int result;

        connection_put(h, org, b, id, kind_find(kind), s, c, hook,
                       "https://hire.example.org/fairlead/", list);
        result = store_commit(org->store, b, &why);
        if (result != 0)
                tap_note("%s", why.text);
        batch_free(b);
        json_decref(s);
        json_decref(c);
        json_decref(list);
        return result;
}

static void test_connection(void)
{
        struct home *h = fresh_home();
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL, *other = NULL;
        struct connection *c = NULL;
        struct buf raw = BUF_NONE, ids = BUF_NONE;
        json_t *before = NULL, *after = NULL;
        struct batch *b;

        home_create_org(h, "acme", &org, &why);
        home_create_org(h, "other", &other, &why);
        tap_int(connection_load(h, org, "lv", &c, &why), 0, "an unknown connection is absent");
        tap_int(connection_load(h, org, "../lv", &c, &why), 0, "so is an impossible name");
        tap_int(put(h, org, "lv", "lever", "{\"notify\":\"followers\"}", CREDENTIALS, HOOK,
                    "[\"new secret\",\"old secret\"]"),
                0, "one is stored");
        tap_int(store_get(org->store, "connection", "lv", &raw, &why), 1, "its record is there");
        tap_ok(strstr(buf_text(&raw), "key-in-clear") == NULL &&
                   strstr(buf_text(&raw), "new secret") == NULL,
               "and holds no secret in clear");
        tap_int(connection_load(h, org, "lv", &c, &why), 1, "it is found");
        tap_text(c->kind->name, "lever", "of its kind");
        tap_text(json_get_text(c->settings, "notify", NULL), "followers", "with its settings");
        tap_text(json_get_text(c->settings, "base_url", NULL), "https://api.lever.co/v1",
                 "and the defaults of the others");
        tap_text(json_get_text(c->credentials, "api_key", NULL), "key-in-clear", "its credential");
        tap_text(c->hook_url, "https://hire.example.org/fairlead/webhook/acme/" HOOK,
                 "the address to paste, without a doubled slash");
        tap_int((int64_t)c->secret_count, 2, "and both secrets");
        tap_text(c->secrets[0].text, "new secret", "the newer one first");
        tap_ok(strlen(c->secret_names[0]) == 12 &&
                   strcmp(c->secret_names[0], c->secret_names[1]) != 0,
               "each with a fingerprint of its own");
        connection_free(c);

        record_get(org, "connection", "lv", &before, &why);
        tap_int(put(h, org, "lv", "lever", "{}", CREDENTIALS, HOOK, "[\"third\",\"new secret\"]"),
                0, "the secrets are changed");
        record_get(org, "connection", "lv", &after, &why);
        tap_text(json_get_text(after, "secrets.1.name", "x"),
                 json_get_text(before, "secrets.0.name", "y"), "a fingerprint stays");
        tap_int(json_get_int(after, "secrets.1.added_ms", 1),
                json_get_int(before, "secrets.0.added_ms", 2), "with its date");
        tap_int(json_get_int(after, "created_ms", 1), json_get_int(before, "created_ms", 2),
                "and so does the connection's");

        /* A sealed text opens only where it belongs. */
        b = batch_new();
        record_put(b, "connection", "lv", before);
        record_put(b, "connection", "stolen", before);
        store_commit(other->store, b, &why);
        batch_free(b);
        fail_clear(&why);
        tap_int(connection_load(h, other, "lv", &c, &why), -1, "another org cannot open it");
        tap_ok(strstr(why.text, "key-in-clear") == NULL, "and says nothing of it");
        fail_clear(&why);
        json_set_text(before, "kind", "abacus");
        b = batch_new();
        record_put(b, "connection", "odd", before);
        store_commit(org->store, b, &why);
        batch_free(b);
        tap_int(connection_load(h, org, "odd", &c, &why), -1, "an unknown kind is broken");
        tap_ok(strstr(why.text, "abacus") != NULL, "and named");
        fail_clear(&why);

        put(h, org, "cb", "coderbyte", "{\"organization\":\"acme\"}", CREDENTIALS, NULL,
            "[\"the old key\"]");
        tap_int(connection_load(h, org, "cb", &c, &why), 1, "Coderbyte's is found");
        tap_int((int64_t)c->secret_count, 2, "its API key signs, the old one too");
        tap_text(c->secrets[0].text, "key-in-clear", "the key first");
        tap_int((int64_t)strlen(c->hook), 32, "a hook nobody guesses was made");
        connection_free(c);
        put(h, org, "ab", "ashby", "{}", CREDENTIALS, NULL, "[]");
        tap_int(connection_each(h, org, join_names, &ids, &why), 0, "all are listed");
        tap_text(buf_text(&ids), "ab cb lv ", "in order of their names");
        put(h, org, "end", "consumer", "{\"url\":\"https://c.example\"}", "{\"secret\":\"s\"}",
            NULL, "[]");
        connection_load(h, org, "end", &c, &why);
        tap_ok(c != NULL && c->hook == NULL, "one that sends nothing has no hook");
        connection_free(c);
        json_decref(before);
        json_decref(after);
        buf_dispose(&raw);
        buf_dispose(&ids);
        home_close(h);
        mem_free(place);
}

static void test_hooks(void)
{
        struct home *h = fresh_home();
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        const struct connection *a = NULL, *b = NULL, *c = NULL;
        struct home *elsewhere = NULL;
        struct org *theirs = NULL;
        struct batch *batch;
        json_t *odd = json_object();

        home_create_org(h, "acme", &org, &why);
        tap_int(connection_by_hook(h, NULL, HOOK, &a, &why), 0, "an unknown org has no hooks");
        tap_int(connection_by_hook(h, org, HOOK, &a, &why), 0, "an unknown hook is none");
        tap_int(connection_by_hook(h, org, "", &a, &why), 0, "nor is an empty one");
        tap_ok(a == NULL && why.kind == FAIL_NONE, "without a cause");
        connection_return(NULL);
        put(h, org, "lv", "lever", "{}", CREDENTIALS, HOOK, "[\"one\"]");
        tap_int(connection_by_hook(h, org, HOOK, &a, &why), 1, "a known hook is found");
        tap_int(connection_by_hook(h, org, HOOK, &b, &why), 1, "and again");
        tap_ok(a == b, "as the same opened connection");
        put(h, org, "cb", "coderbyte", "{\"organization\":\"x\"}", CREDENTIALS, NULL, "[]");
        tap_int(connection_by_hook(h, org, HOOK, &c, &why), 1, "after another record changed");
        tap_ok(a == c, "it is still the same");
        connection_return(c);

        /* Another process changes it; our handle must notice. */
        home_open(&elsewhere, place, &why);
        home_org(elsewhere, "acme", &theirs, &why);
        put(elsewhere, theirs, "lv", "lever", "{}", CREDENTIALS, HOOK, "[\"two\",\"one\"]");
        tap_int(connection_by_hook(h, org, HOOK, &c, &why), 1, "after it was changed elsewhere");
        tap_int((int64_t)c->secret_count, 2, "it is the new one");
        tap_text(a->secrets[0].text, "one", "while who holds the old one may go on");
        connection_return(a);
        connection_return(b);
        connection_return(c);

        put(elsewhere, theirs, "lv", "lever", "{}", CREDENTIALS, "otherhookotherhook", "[]");
        tap_int(connection_by_hook(h, org, HOOK, &c, &why), 0, "a hook that was replaced is gone");
        tap_int(connection_by_hook(h, org, "otherhookotherhook", &c, &why), 1, "the new one works");
        connection_return(c);

        json_set_text(odd, "connection", "nothere");
        batch = batch_new();
        char *digest = record_digest("dangling", NULL);
        record_put(batch, "hook", digest, odd);
        store_commit(org->store, batch, &why);
        batch_free(batch);
        tap_int(connection_by_hook(h, org, "dangling", &c, &why), 0,
                "a hook whose connection is gone is none");
        batch = batch_new();
        batch_put(batch, "hook", digest, "not ours", 8);
        store_commit(org->store, batch, &why);
        batch_free(batch);
        tap_int(connection_by_hook(h, org, "dangling", &c, &why), -1, "a damaged one is broken");
        mem_free(digest);
        json_decref(odd);
        home_close(elsewhere);
        home_close(h);
        mem_free(place);
}

struct race {
        struct home *home;
        struct org *org;
        int wrong, stop;
};

static void *look_up(void *context)
{
        struct race *race = context;

        while (!__atomic_load_n(&race->stop, __ATOMIC_ACQUIRE)) {
                const struct connection *c = NULL;

                if (connection_by_hook(race->home, race->org, HOOK, &c, NULL) != 1 ||
                    c->secret_count != 1 || strlen(c->secrets[0].text) != 8)
                        __atomic_fetch_add(&race->wrong, 1, __ATOMIC_RELAXED);
                connection_return(c);
        }
        return NULL;
}

static void test_race(void)
{
        struct race race = { .home = fresh_home() };
        struct fail why = FAIL_CLEAR;
        pthread_t threads[4];

        home_create_org(race.home, "acme", &race.org, &why);
        put(race.home, race.org, "lv", "lever", "{}", CREDENTIALS, HOOK, "[\"secret00\"]");
        for (size_t i = 0; i < 4; i++)
                pthread_create(&threads[i], NULL, look_up, &race);
        for (int i = 1; i < 40; i++) {
                char secrets[32];

                snprintf(secrets, sizeof secrets, "[\"secret%02d\"]", i);
                put(race.home, race.org, "lv", "lever", "{}", CREDENTIALS, HOOK, secrets);
        }
        __atomic_store_n(&race.stop, 1, __ATOMIC_RELEASE);
        for (size_t i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        tap_int(race.wrong, 0, "four threads look while it changes: always whole, never absent");
        home_close(race.home);
        mem_free(place);
}

/* --- deliveries ------------------------------------------------------------------- */

static void test_delivery(void)
{
        static const char body[] = "{\"a\":1}\n\0\xFF rest";
        struct buf record = BUF_NONE, headers = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        char org[] = "acme", id[] = "gh", request[] = "r-1", secret[] = "0123456789ab";
        char reason[] = "sig\"ned\\ \x01";
        struct delivery d = { .what = DELIVERY_EVENT,
                              .org = org,
                              .connection = id,
                              .received_ms = INT64_C(1782974004990),
                              .request_id = request,
                              .trust = TRUST_BODY,
                              .secret = secret,
                              .reason = reason,
                              .headers_text = &headers,
                              .body = body,
                              .body_len = sizeof body - 1 };
        struct delivery got;

        delivery_header(&headers, "Content-Type", "application/json");
        delivery_header(&headers, "User-Agent", "\xC3\xA9\x80\"\t");
        delivery_write(&d, &record);
        tap_int(delivery_read(&got, record.data, record.len, &why), 0, "a delivery reads back");
        tap_int(got.what, DELIVERY_EVENT, "what it is");
        tap_text(got.org, "acme", "its org");
        tap_text(got.connection, "gh", "its connection");
        tap_int(got.received_ms, d.received_ms, "when");
        tap_text(got.request_id, "r-1", "which request");
        tap_int(got.trust, TRUST_BODY, "its trust");
        tap_text(got.secret, "0123456789ab", "who signed");
        tap_text(got.reason, reason, "why, with odd characters");
        tap_text(json_get_text(got.headers, "Content-Type", NULL), "application/json", "a header");
        tap_text(json_get_text(got.headers, "User-Agent", NULL),
                 "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"\t", "one that is not UTF-8");
        tap_bytes(got.body, got.body_len, body, sizeof body - 1, "the body byte for byte");
        delivery_dispose(&got);

        tap_int(delivery_read(&got, record.data, 0, &why), -1, "nothing is no delivery");
        fail_clear(&why);
        tap_int(delivery_read(&got, "FD2\n{}\n", 7, &why), -1, "nor is another mark");
        tap_int(why.kind, FAIL_BROKEN, "it is damage");
        tap_int(delivery_read(&got, "FD1\n{\"what\":\"event\"}", 20, NULL), -1, "a head cut short");
        tap_int(delivery_read(&got, "FD1\n[]\n", 7, NULL), -1, "a head that is no object");
        tap_int(delivery_read(&got, "FD1\n{\"what\":\"event\"}\n", 21, NULL), -1, "no org");
        tap_int(delivery_read(&got, "FD1\n{\"what\":\"tea\",\"org\":\"a\"}\n", 29, NULL), -1,
                "an unknown word");
        tap_int(delivery_read(&got, "FD1\n{\"what\":\"event\",\"org\":\"a\",\"trust\":\"x\"}\n", 43,
                              NULL),
                0, "an unknown trust");
        tap_int(got.trust, TRUST_UNSIGNED, "is none");
        tap_ok(json_is_object(got.headers), "headers are always an object");
        delivery_dispose(&got);

        buf_reset(&record);
        d = (struct delivery){ .what = DELIVERY_WAKE, .org = org };
        delivery_write(&d, &record);
        tap_text(buf_text(&record), "FD1\n{\"what\":\"wake\",\"org\":\"acme\",\"at\":0}\n",
                 "a word between our programs is short");
        buf_dispose(&record);
        buf_dispose(&headers);
}

/* --- counts ----------------------------------------------------------------------- */

static void visit_count(void *context, const struct delivery *d)
{
        buf_format(context, "%d %s %s %s %lld;", (int)d->what, d->org, d->connection, d->reason,
                   (long long)d->count);
}

static void test_tally(void)
{
        char org[] = "acme", id[] = "gh", reason[] = "signature wrong", other[] = "none";
        struct delivery d = {
                .what = DELIVERY_REFUSED, .org = org, .connection = id, .reason = reason
        };
        struct home *h = fresh_home();
        struct fail why = FAIL_CLEAR;
        struct buf seen = BUF_NONE;
        int64_t t = INT64_C(1782974004990);

        tap_int(tally_flush(h, t, visit_count, &seen, &why), 0, "nothing waits at first");
        tap_int(tally_add(h, &d, t, &why), 1, "the first is written down");
        tap_int(d.count, 1, "as one");
        tap_int(tally_add(h, &d, t + 1, &why), 0, "the second is counted");
        tap_int(tally_add(h, &d, t + 9999, &why), 0, "the third too");
        d.reason = other;
        tap_int(tally_add(h, &d, t + 2, &why), 1, "another reason is another count");
        d.reason = reason;
        tap_int(tally_flush(h, t + 9999, visit_count, &seen, &why), 1, "one waits for its time");
        tap_text(buf_text(&seen), "", "which has not come");
        tap_int(tally_flush(h, t + 10000, visit_count, &seen, &why), 0, "then none waits");
        tap_text(buf_text(&seen), "2 acme gh signature wrong 2;", "two were written down");
        tap_int(tally_add(h, &d, t + 10001, &why), 0, "and the rest begins anew");
        tap_int(tally_add(h, &d, t + 20000, &why), 1, "after it");
        tap_int(d.count, 2, "both count");
        tap_int(tally_add(h, &d, t - 1000000, &why), 1, "a clock set back does not silence");
        buf_dispose(&seen);
        home_close(h);
        mem_free(place);
}

/* --- kinds ------------------------------------------------------------------------ */

static bool has_field(const struct kind_field *fields, const char *name)
{
        for (; fields != NULL && fields->name != NULL; fields++)
                if (strcmp(fields->name, name) == 0)
                        return true;
        return false;
}

static void check_fields(const struct kind *k, const struct kind_field *fields)
{
        for (const struct kind_field *f = fields; f != NULL && f->name != NULL; f++) {
                json_t *value = f->standard == NULL
                                    ? NULL
                                    : json_parse(f->standard, strlen(f->standard), true, NULL);

                tap_ok(strchr("tuiblomc", f->type) != NULL && !text_empty(f->help) &&
                           (f->standard == NULL || value != NULL) &&
                           (f->type == 'c') == (f->choices != NULL) &&
                           !(f->required && f->standard != NULL),
                       "%s.%s makes sense", k->name, f->name);
                if (f->type == 'c' && value != NULL) {
                        char *bars = mem_format("|%s|", f->choices);
                        char *word = mem_format("|%s|", json_string_value(value));

                        tap_ok(strstr(bars, word) != NULL, "%s.%s: its default is a choice",
                               k->name, f->name);
                        mem_free(bars);
                        mem_free(word);
                }
                json_decref(value);
        }
}

static void test_kinds(void)
{
        static const struct {
                const char *kind, *settings, *credentials; /* of the apply document */
        } named[] = {
                { "greenhouse", "api base_url token_url act_as_user subdomain",
                  "client_id client_secret" },
                { "lever", "base_url act_as_user notify", "api_key" },
                { "ashby", "base_url", "api_key" },
                { "codesignal", "base_url", "api_key" },
                { "coderbyte", "base_url organization", "api_key" },
                { "consumer", "url signing events headers alert_email", "secret" },
        };

        tap_ok(kind_find(NULL) == NULL && kind_find("") == NULL && kind_find("abacus") == NULL,
               "an unknown kind is none");
        for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
                const struct kind *k = kind_find(named[i].kind);
                char *list = mem_text(named[i].settings), *rest = list, *one;

                tap_ok(k != NULL, "%s is known", named[i].kind);
                while ((one = text_next(&rest, ' ')) != NULL)
                        tap_ok(has_field(k->settings, one), "%s: setting %s", k->name, one);
                mem_free(list);
                rest = list = mem_text(named[i].credentials);
                while ((one = text_next(&rest, ' ')) != NULL)
                        tap_ok(has_field(k->credentials, one), "%s: credential %s", k->name, one);
                mem_free(list);
                check_fields(k, k->settings);
                check_fields(k, k->credentials);
                tap_ok(k->role == KIND_CONSUMER || k->sender != NULL ||
                           text_equal(k->name, "codesignal"),
                       "%s sends", k->name);
                tap_ok(k->sender == NULL || text_equal(k->sender->kind, k->name),
                       "%s: its sender is its own", k->name);
                tap_ok(k->needs != NULL && !text_empty(k->paste), "%s says what to do", k->name);
        }
}

int main(void)
{
        test_opening();
        test_orgs();
        test_records();
        test_shared();
        test_connection();
        test_hooks();
        test_race();
        test_delivery();
        test_tally();
        test_kinds();
        return tap_end();
}
