/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backup and restore: the whole home there and back; damage is told, never half restored. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "home/backup.h"
#include "home/delivery.h"
#include "home/records.h"

static char *dir;

static char *at(const char *name)
{
        return file_path(dir, name);
}

static void put(struct org *org, const char *table, const char *key, const char *value)
{
        struct batch *b = batch_new();
        struct fail why = FAIL_CLEAR;

        batch_put(b, table, key, value, strlen(value));
        if (store_commit(org->store, b, &why) != 0)
                tap_ok(false, "put: %s", why.text);
        batch_free(b);
}

static void deliver(struct home *h, const char *org, const char *body)
{
        struct delivery d = { .what = DELIVERY_EVENT,
                              .org = (char *)org,
                              .connection = (char *)"gh" };
        struct buf record = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        uint64_t number;

        d.body = body;
        d.body_len = strlen(body);
        delivery_write(&d, &record);
        if (inbox_add(home_inbox(h, &why), record.data, record.len, &number, &why) != 0)
                tap_ok(false, "deliver: %s", why.text);
        buf_dispose(&record);
}

/* A home with an org of every kind of record, and three deliveries of which one is done. */
static void fill(const char *path)
{
        struct fail why = FAIL_CLEAR;
        struct home *h;
        struct org *org;
        struct batch *b;
        bool made;
        char *data = mem_format("%s/data", path), *folder = mem_format("%s/data/codesignal", path),
             *file = mem_format("%s/data/codesignal/x.graphql", path);
        json_t *place = json_object();

        tap_int(home_create(path, &made, &why), 0, "home: %s", why.text);
        tap_int(home_open(&h, path, &why), 1, "open: %s", why.text);
        tap_int(home_create_org(h, "acme", &org, &why), 0, "org: %s", why.text);
        put(org, "org", "self", "{\"v\":1,\"name\":\"Acme\"}");
        b = batch_new();
        for (int i = 0; i < 1200; i++) {
                char text[32];

                snprintf(text, sizeof text, "member-%d", i);
                batch_append(b, "event", text, strlen(text), NULL);
                batch_join(b, "open-actions", text);
                batch_put(b, "body", text, text, strlen(text));
        }
        tap_int(store_commit(org->store, b, &why), 0, "records: %s", why.text);
        batch_free(b);
        deliver(h, "acme", "first");
        deliver(h, "acme", "second");
        deliver(h, "acme", "third");
        b = batch_new();
        json_set_int(place, "number", 1);
        record_put(b, "place", "inbox", place);
        store_commit(org->store, b, &why);
        batch_free(b);
        json_decref(place);
        file_make_dir(data, &why);
        file_make_dir(folder, &why);
        file_write(file, "query", 5, 0600, &why);
        home_close(h);
        mem_free(file);
        mem_free(folder);
        mem_free(data);
}

static int count_record(void *context, const struct store_record *record)
{
        (void)record;
        ++*(int *)context;
        return 0;
}

static int records_in(struct org *org)
{
        struct fail why = FAIL_CLEAR;
        int count = 0;

        store_each(org->store, count_record, &count, &why);
        return count;
}

static void test_there_and_back(void)
{
        char *from = at("from"), *to = at("to"), *file = at("backup"), *key = at("from/secrets"),
             *fresh = at("to/secrets"), *data = at("to/data/codesignal/x.graphql");
        struct backup_count count;
        struct fail why = FAIL_CLEAR;
        struct buf value = BUF_NONE, copy = BUF_NONE;
        struct home *h;
        struct org *org;
        struct stat st;
        uint64_t last = 0, bytes = 0, number = 0;
        int before;

        fill(from);
        tap_int(home_open(&h, from, &why), 1, "open the source");
        home_org(h, "acme", &org, &why);
        before = records_in(org);
        tap_int(backup_write(h, file, false, &count, &why), 0, "backup: %s", why.text);
        tap_int((int64_t)count.orgs, 1, "one org");
        tap_int((int64_t)count.records, before, "all records");
        tap_int((int64_t)count.waiting, 3, "all of the inbox");
        home_close(h);
        tap_ok(stat(file, &st) == 0 && (st.st_mode & 0777) == 0600, "nobody else reads it");

        tap_int(backup_restore(to, file, false, NULL, &count, &why), -1, "not without the key");
        tap_int(why.kind, FAIL_INPUT, "which it names: %s", why.text);
        fail_clear(&why);
        mkdir(to, 0700);
        file_read(key, 1000, &copy, &why);
        file_write(fresh, copy.data, copy.len, 0400, &why);
        tap_int(backup_restore(to, file, false, NULL, &count, &why), 0, "restored: %s", why.text);
        tap_int((int64_t)count.waiting, 2, "only what the org had not seen arrives again");

        tap_int(home_open(&h, to, &why), 1, "the restored home opens: %s", why.text);
        tap_int(home_org(h, "acme", &org, &why), 1, "with its org");
        tap_int(records_in(org), before - 1, "all but the place in the old inbox");
        tap_int(store_get(org->store, "org", "self", &value, &why), 1, "a table");
        tap_text(buf_text(&value), "{\"v\":1,\"name\":\"Acme\"}", "as it was");
        tap_int(store_series_get(org->store, "event", 1200, &value, &why), 1, "a series");
        tap_text(buf_text(&value), "member-1199", "as it was");
        store_series_last(org->store, "event", &last, &why);
        tap_int((int64_t)last, 1200, "and its counter");
        tap_int(store_set_has(org->store, "open-actions", "member-7", &why), 1, "a set");
        inbox_depth(home_inbox(h, &why), &last, &bytes, &why);
        inbox_read(home_inbox(h, &why), 1, &value, &number, &why);
        tap_ok(memmem(value.data, value.len, "second", 6) != NULL, "the inbox goes on");
        tap_int(access(data, R_OK), 0, "an admin's corrections");

        put(org, "org", "extra", "later");
        file_write(data, "corrected since", 15, 0600, &why);
        fail_clear(&why);
        home_close(h);
        tap_int(backup_restore(to, file, false, NULL, &count, &why), -1,
                "an org with records is safe");
        tap_int(why.kind, FAIL_CONFLICT, "unless told: %s", why.text);
        buf_reset(&value);
        file_read(data, 1000, &value, &why);
        tap_text(buf_text(&value), "corrected since", "and then nothing of the home is touched");
        fail_clear(&why);
        tap_int(backup_restore(to, file, true, NULL, &count, &why), 0, "replaced: %s", why.text);
        home_open(&h, to, &why);
        home_org(h, "acme", &org, &why);
        tap_int(store_get(org->store, "org", "extra", NULL, &why), 0, "what came later is gone");
        tap_int(records_in(org), before - 1, "the rest is as in the backup");
        home_close(h);
        buf_dispose(&value);
        buf_dispose_secret(&copy);
        mem_free(data);
        mem_free(fresh);
        mem_free(key);
        mem_free(file);
        mem_free(to);
        mem_free(from);
}

/* Cut anywhere, or one bit wrong anywhere: told, and nothing is made. */
static void test_damage(void)
{
        char *file = at("backup"), *bad = at("bad"), *home = at("nowhere");
        struct buf whole = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        struct backup_count count;
        int told = 0, tried = 0;
        struct stat st;

        tap_int(file_read(file, 10 << 20, &whole, &why), 1, "read the backup");
        for (size_t cut = 0; cut < whole.len; cut += 1 + whole.len / 40, tried++) {
                fail_clear(&why);
                file_write(bad, whole.data, cut, 0600, &why);
                told += backup_restore(home, bad, false, NULL, &count, &why) == -1;
        }
        for (size_t i = 0; i < whole.len; i += 1 + whole.len / 200, tried++) {
                fail_clear(&why);
                whole.data[i] = (char)(whole.data[i] ^ 4);
                file_write(bad, whole.data, whole.len, 0600, &why);
                whole.data[i] = (char)(whole.data[i] ^ 4);
                told += backup_restore(home, bad, false, NULL, &count, &why) == -1;
        }
        tap_int(told, tried, "every damage is told");
        tap_ok(stat(home, &st) != 0, "and nothing was made");
        fail_clear(&why);
        tap_int(backup_restore(home, "/nonexistent", false, NULL, &count, &why), -1, "no file");
        tap_int(why.kind, FAIL_INPUT, "%s", why.text);
        buf_dispose(&whole);
        mem_free(home);
        mem_free(bad);
        mem_free(file);
}

int main(void)
{
        dir = tap_dir();
        test_there_and_back();
        test_damage();
        mem_free(dir);
        return tap_end();
}
