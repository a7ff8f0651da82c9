/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State of one org: misuse, tables, series, sets, conditions, many threads and processes. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../tap.h"
#include "door/store.h"
#include "floor/file.h"
#include "floor/mem.h"

static char *base;
static unsigned fresh_count;

static char *fresh_path(void)
{
        return mem_format("%s/store-%u", base, fresh_count++);
}

static struct store *open_at(const char *path)
{
        struct fail why = FAIL_CLEAR;
        struct store *s = NULL;

        if (store_open(&s, path, STORE_CREATE, &why) != 1) {
                printf("Bail out! cannot open %s: %s\n", path, why.text);
                exit(99);
        }
        return s;
}

static struct store *open_fresh(void)
{
        char *path = fresh_path();
        struct store *s = open_at(path);

        mem_free(path);
        return s;
}

/* Commits and frees; the kind of the failure. */
static enum fail_kind done_with(struct store *s, struct batch *b)
{
        struct fail why = FAIL_CLEAR;
        int result = store_commit(s, b, &why);

        batch_free(b);
        if (result != 0 && why.kind == FAIL_NONE)
                tap_ok(false, "a failure says why");
        return result == 0 ? FAIL_NONE : why.kind;
}

static enum fail_kind put(struct store *s, const char *table, const char *key, const char *text)
{
        struct batch *b = batch_new();

        batch_put(b, table, key, text, strlen(text));
        return done_with(s, b);
}

static void want(struct store *s, const char *table, const char *key, const char *text,
                 const char *name)
{
        struct buf value = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        int found = store_get(s, table, key, &value, &why);

        if (tap_int(found, text == NULL ? 0 : 1, "%s: found", name) && text != NULL)
                tap_text(buf_text(&value), text, "%s", name);
        if (why.kind != FAIL_NONE)
                tap_note("%s", why.text);
        buf_dispose(&value);
}

static void test_misuse(void)
{
        static const char *const bad_names[] = {
                "", "Upper", "a b", "a/b", "abcdefghijklmnopqrstuvwxyz012345", NULL
        };
        struct store *s = open_fresh(), *other;
        struct fail why = FAIL_CLEAR;
        char *path = fresh_path(), *large = mem_alloc(STORE_VALUE_MAX + 1);
        char long_key[STORE_KEY_MAX + 2];
        struct batch *b;

        tap_int(store_open(&other, path, STORE_OPEN, &why), 0, "no store there: 0");
        tap_ok(other == NULL, "and no handle");
        file_write(path, "x", 1, 0600, &why);
        tap_int(store_open(&other, path, STORE_OPEN, &why), -1, "a file instead of a directory");
        for (size_t i = 0; i < sizeof bad_names / sizeof *bad_names; i++) {
                fail_clear(&why);
                tap_int(store_get(s, bad_names[i], "k", NULL, &why), -1, "name %zu: get", i);
                tap_int(why.kind, FAIL_INPUT, "name %zu: input", i);
                b = batch_new();
                batch_put(b, bad_names[i], "k", "v", 1);
                batch_put(b, "good", "k", "v", 1);
                tap_int(done_with(s, b), FAIL_INPUT, "name %zu: commit", i);
        }
        want(s, "good", "k", NULL, "nothing of a wrong batch is written");
        memset(long_key, 'k', sizeof long_key - 1);
        long_key[STORE_KEY_MAX + 1] = '\0';
        tap_int(put(s, "t", long_key, "v"), FAIL_INPUT, "a key that is too long");
        tap_int(put(s, "t", "", "v"), FAIL_INPUT, "an empty key");
        tap_int(store_get(s, "t", "", NULL, NULL), -1, "an empty key: get");
        tap_int(store_get(s, "t", long_key, NULL, NULL), -1, "a long key: get");
        long_key[STORE_KEY_MAX] = '\0';
        tap_int(put(s, "t", long_key, "v"), FAIL_NONE, "the longest key");
        want(s, "t", long_key, "v", "the longest key");
        b = batch_new();
        batch_put(b, "t", "k", large, STORE_VALUE_MAX + 1);
        tap_int(done_with(s, b), FAIL_INPUT, "a value that is too long");
        b = batch_new();
        batch_put(b, "t", "k1", large, STORE_VALUE_MAX);
        batch_put(b, "t", "k2", large, STORE_VALUE_MAX);
        tap_int(done_with(s, b), FAIL_INPUT, "a batch that is too large");
        b = batch_new();
        batch_put_numbered(b, "t", 0, "v", 1);
        tap_int(done_with(s, b), FAIL_INPUT, "the number of an append that is not there");
        b = batch_new();
        tap_ok(batch_empty(b), "a new batch is empty");
        tap_int(done_with(s, b), FAIL_NONE, "an empty batch");
        store_close(s);
        store_close(NULL);
        batch_free(NULL);
        mem_free(large);
        mem_free(path);
}

static void test_modes(void)
{
        char *path = fresh_path();
        struct fail why = FAIL_CLEAR;
        struct store *s = open_at(path);
        struct stat st;

        store_close(s);
        stat(path, &st);
        tap_int(st.st_mode & 07777, 0700, "the directory is ours alone");
        chmod(path, 0770);
        tap_int(store_open(&s, path, STORE_OPEN, &why), -1, "a directory that the group may write");
        tap_int(why.kind, FAIL_DENIED, "is denied");
        tap_ok(strstr(why.text, "chmod go-w") != NULL, "and the text says what mends it");
        chmod(path, 0700);
        if (geteuid() == 0) {
                fail_clear(&why);
                if (chown(path, 4711, (gid_t)-1) == 0)
                        tap_int(store_open(&s, path, STORE_OPEN, &why), -1, "of another user");
                tap_int(why.kind, FAIL_DENIED, "of another user: denied");
        } else {
                tap_skip(2, "not root");
        }
        mem_free(path);
}

static void test_tables(void)
{
        char *path = fresh_path(), *large = mem_alloc(STORE_VALUE_MAX);
        struct store *s = open_at(path);
        struct buf value = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        struct batch *b;

        want(s, "t", "a", NULL, "a key that never was");
        tap_int(put(s, "t", "a", "1"), FAIL_NONE, "put");
        tap_int(put(s, "u", "a", "2"), FAIL_NONE, "the same key of another table");
        want(s, "t", "a", "1", "tables are apart");
        tap_int(put(s, "t", "a", "3"), FAIL_NONE, "replace");
        want(s, "t", "a", "3", "replaced");
        b = batch_new();
        batch_put(b, "t", "b", "", 0);
        batch_put(b, "t", "bin", "\0\1\0", 3);
        batch_put(b, "t", "twice", "first", 5);
        batch_put(b, "t", "twice", "second", 6);
        batch_put(b, "t", "gone", "x", 1);
        batch_delete(b, "t", "gone");
        batch_delete(b, "t", "a");
        batch_delete(b, "t", "never");
        tap_int(done_with(s, b), FAIL_NONE, "several changes in one batch");
        want(s, "t", "b", "", "an empty value is found");
        tap_int(store_get(s, "t", "bin", &value, &why), 1, "a value of any bytes");
        tap_bytes(value.data, value.len, "\0\1\0", 3, "a value of any bytes");
        tap_int(store_get(s, "t", "bin", NULL, &why), 1, "without a buffer");
        want(s, "t", "twice", "second", "the later change counts");
        want(s, "t", "gone", NULL, "put and deleted");
        want(s, "t", "a", NULL, "deleted");
        for (size_t i = 0; i < STORE_VALUE_MAX; i++)
                large[i] = (char)(i * 31 >> 3);
        b = batch_new();
        batch_put(b, "t", "large", large, STORE_VALUE_MAX);
        tap_int(done_with(s, b), FAIL_NONE, "the largest value");
        tap_int(store_get(s, "t", "large", &value, &why), 1, "the largest value: found");
        tap_ok(value.len == STORE_VALUE_MAX && memcmp(value.data, large, value.len) == 0,
               "the largest value: the same bytes");
        store_close(s);
        s = open_at(path);
        want(s, "t", "twice", "second", "opened again");
        store_close(s);
        tap_int(store_check(path, NULL, &why), 0, "check");
        buf_dispose(&value);
        mem_free(large);
        mem_free(path);
}

static void test_series(void)
{
        struct store *s = open_fresh();
        struct buf value = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        uint64_t one = 0, two = 0, last = 9;
        struct batch *b;

        tap_int(store_series_last(s, "e", &last, &why), 0, "a series that is not there yet");
        tap_int((int64_t)last, 0, "ends at 0");
        b = batch_new();
        batch_append(b, "e", "first", 5, &one);
        batch_append(b, "e", "second", 6, &two);
        batch_put_numbered(b, "t", 1, "by number", 9);
        batch_join_numbered(b, "open", 0);
        batch_put_number(b, "t", "last", 1);
        tap_int(done_with(s, b), FAIL_NONE, "append twice");
        tap_ok(one == 1 && two == 2, "numbers 1 and 2");
        want(s, "t", "2", "by number", "put under a number");
        want(s, "t", "last", "2", "the number as a value");
        tap_int(store_set_has(s, "open", "1", &why), 1, "the number as a member");
        tap_int(store_series_get(s, "e", 2, &value, &why), 1, "a member");
        tap_text(buf_text(&value), "second", "a member");
        b = batch_new();
        batch_series_delete(b, "e", 2);
        tap_int(done_with(s, b), FAIL_NONE, "delete the last");
        tap_int(store_series_get(s, "e", 2, &value, &why), 0, "it is absent");
        b = batch_new();
        batch_append(b, "e", "third", 5, &one);
        tap_int(done_with(s, b), FAIL_NONE, "append");
        tap_int((int64_t)one, 3, "a number is never used again");
        b = batch_new();
        batch_series_put(b, "e", 3, "changed", 7);
        tap_int(done_with(s, b), FAIL_NONE, "change a member");
        b = batch_new();
        batch_series_put(b, "e", 2, "x", 1);
        batch_put(b, "t", "half", "x", 1);
        tap_int(done_with(s, b), FAIL_CONFLICT, "change one that is gone");
        want(s, "t", "half", NULL, "and nothing else of that batch");
        b = batch_new();
        batch_series_delete(b, "e", 4);
        tap_int(done_with(s, b), FAIL_CONFLICT, "delete one that is not there yet");
        tap_int(store_series_last(s, "e", &last, &why), 0, "last");
        tap_int((int64_t)last, 3, "last");
        store_close(s);
        buf_dispose(&value);
}

static int collect(void *context, const char *member)
{
        struct buf *all = context;

        buf_add_text(all, member);
        buf_add_char(all, ' ');
        return all->len > 100;
}

static void change_set(struct store *s, const char *join, const char *leave)
{
        struct batch *b = batch_new();

        if (join != NULL)
                batch_join(b, "s", join);
        if (leave != NULL)
                batch_leave(b, "s", leave);
        tap_int(done_with(s, b), FAIL_NONE, "join %s, leave %s", join ? join : "-",
                leave ? leave : "-");
}

static void test_sets(void)
{
        char *path = fresh_path();
        struct store *s = open_at(path);
        struct buf all = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        uint64_t count = 7;

        tap_int(store_set_count(s, "s", &count, &why), 0, "a set that is not there");
        tap_int((int64_t)count, 0, "has none");
        change_set(s, "a", NULL);
        change_set(s, "b", NULL);
        change_set(s, "c", NULL);
        change_set(s, "b", NULL);
        store_set_count(s, "s", &count, &why);
        tap_int((int64_t)count, 3, "joining twice changes nothing");
        change_set(s, NULL, "never");
        change_set(s, NULL, "a");
        tap_int(store_set_list(s, "s", collect, &all, &why), 0, "list");
        tap_text(buf_text(&all), "c b ", "the last takes the place that is free");
        tap_int(store_set_has(s, "s", "a", &why), 0, "it has left");
        tap_int(store_set_has(s, "s", "c", &why), 1, "the moved one is still there");
        change_set(s, "a", "a");
        change_set(s, "d", "b");
        change_set(s, NULL, "c");
        change_set(s, NULL, "d");
        store_set_count(s, "s", &count, &why);
        tap_int((int64_t)count, 0, "all have left");
        change_set(s, "again", NULL);
        buf_reset(&all);
        store_set_list(s, "s", collect, &all, &why);
        tap_text(buf_text(&all), "again ", "and it can be used again");
        for (int i = 0; i < 40; i++) {
                struct batch *b = batch_new();
                char name[16];

                snprintf(name, sizeof name, "m%04d", i);
                batch_join(b, "s", name);
                done_with(s, b);
        }
        buf_reset(&all);
        tap_int(store_set_list(s, "s", collect, &all, &why), 1, "a visit may stop the list");
        store_close(s);
        tap_int(store_check(path, NULL, &why), 0, "check %s", why.text);
        buf_dispose(&all);
        mem_free(path);
}

static void test_conditions(void)
{
        struct store *s = open_fresh();
        struct batch *b;

        put(s, "t", "a", "old");
        b = batch_new();
        batch_put(b, "t", "a", "new", 3);
        batch_require_same(b, "t", "a", "old", 3);
        tap_int(done_with(s, b), FAIL_NONE, "the same: wherever the condition stands");
        b = batch_new();
        batch_require_same(b, "t", "a", "old", 3);
        batch_put(b, "t", "a", "newer", 5);
        batch_append(b, "e", "x", 1, NULL);
        tap_int(done_with(s, b), FAIL_CONFLICT, "not the same any more");
        want(s, "t", "a", "new", "nothing written");
        b = batch_new();
        batch_require_absent(b, "t", "a");
        tap_int(done_with(s, b), FAIL_CONFLICT, "not absent");
        b = batch_new();
        batch_require_absent(b, "t", "b");
        batch_put(b, "t", "b", "", 0);
        tap_int(done_with(s, b), FAIL_NONE, "absent");
        b = batch_new();
        batch_require_same(b, "t", "c", "", 0);
        tap_int(done_with(s, b), FAIL_CONFLICT, "absent is not the same as empty");
        b = batch_new();
        batch_require_same(b, "t", "b", "", 0);
        batch_append(b, "e", "one", 3, NULL);
        tap_int(done_with(s, b), FAIL_NONE, "empty is");
        b = batch_new();
        batch_require_series_same(b, "e", 1, "one", 3);
        batch_series_put(b, "e", 1, "two", 3);
        tap_int(done_with(s, b), FAIL_NONE, "a member is the same");
        b = batch_new();
        batch_require_series_same(b, "e", 1, "one", 3);
        tap_int(done_with(s, b), FAIL_CONFLICT, "a member is not the same");
        store_close(s);
}

/* One more, by looking and trying again. */
static int count_up(struct store *s)
{
        struct buf value = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        int result;

        do {
                struct batch *b = batch_new();
                char next[16];

                fail_clear(&why);
                if (store_get(s, "t", "n", &value, &why) == 0)
                        batch_require_absent(b, "t", "n");
                else
                        batch_require_same(b, "t", "n", value.data, value.len);
                snprintf(next, sizeof next, "%d", atoi(buf_text(&value)) + 1);
                batch_put(b, "t", "n", next, strlen(next));
                batch_append(b, "e", next, strlen(next), NULL);
                result = store_commit(s, b, &why);
                batch_free(b);
        } while (result != 0 && why.kind == FAIL_CONFLICT);
        buf_dispose(&value);
        return result;
}

#define UPS 40

static void *count_many(void *p)
{
        intptr_t failed = 0;

        for (int i = 0; i < UPS; i++)
                failed |= count_up(p) != 0;
        return (void *)failed;
}

static void test_together(void)
{
        char *path = fresh_path();
        struct store *s = open_at(path);
        struct fail why = FAIL_CLEAR;
        pthread_t threads[8];
        uint64_t before, last;
        void *failed;
        int status;
        pid_t child[2];

        for (int i = 0; i < 8; i++)
                pthread_create(&threads[i], NULL, count_many, s);
        for (int i = 0; i < 8; i++) {
                pthread_join(threads[i], &failed);
                tap_ok(failed == NULL, "thread %d never failed", i);
        }
        want(s, "t", "n", "320", "8 threads, 40 steps each, none lost and none twice");
        before = store_generation(s);
        tap_ok(before == store_generation(s), "the generation stands still");
        for (int i = 0; i < 2; i++) {
                fflush(stdout);
                child[i] = fork();
                if (child[i] == 0) {
                        struct store *mine = NULL;

                        if (store_open(&mine, path, STORE_OPEN, NULL) != 1)
                                _exit(1);
                        failed = count_many(mine);
                        store_close(mine);
                        _exit(failed != NULL);
                }
        }
        tap_ok(count_many(s) == NULL, "this process counts along");
        for (int i = 0; i < 2; i++) {
                waitpid(child[i], &status, 0);
                tap_int(status, 0, "process %d", i);
        }
        want(s, "t", "n", "440", "three processes, none lost and none twice");
        store_series_last(s, "e", &last, &why);
        tap_int((int64_t)last, 440, "and the series as well");
        tap_ok(store_generation(s) > before, "the generation rose");
        store_close(s);
        tap_int(store_check(path, NULL, &why), 0, "check %s", why.text);
        mem_free(path);
}

/* Whoever keeps what he read asks a stamp; a change that it does not tell would be kept for good.
 */
static void test_stamps(void)
{
        char *path = fresh_path();
        struct store *s = open_at(path), *other;
        struct batch *b = batch_new();
        uint64_t people, places, changed;

        tap_ok(store_stamp(s, "") == 0 && store_stamp(s, "No") == 0, "no stamp of what is no name");
        put(s, "people", "ada", "1");
        people = store_stamp(s, "people");
        places = store_stamp(s, "places");
        tap_ok(people != 0 && places != 0, "after a commit there are stamps");
        tap_ok(people == store_stamp(s, "people"), "a stamp stands still");
        put(s, "places", "london", "1");
        tap_ok(store_stamp(s, "people") == people, "what others do leaves it as it is");
        tap_ok(store_stamp(s, "places") > places, "its own table moves it");
        batch_put(b, "people", "bob", "1", 1);
        batch_require_absent(b, "people", "ada");
        tap_int(done_with(s, b), FAIL_CONFLICT, "a commit that does not happen");
        tap_ok(store_stamp(s, "people") == people, "leaves it as it is");
        b = batch_new();
        batch_delete(b, "people", "ada");
        done_with(s, b);
        changed = store_stamp(s, "people");
        tap_ok(changed > people, "a deletion moves it");

        b = batch_new();
        batch_append(b, "log", "x", 1, NULL);
        batch_join(b, "club", "ada");
        places = store_stamp(s, "club");
        people = store_stamp(s, "log");
        done_with(s, b);
        tap_ok(store_stamp(s, "log") > people && store_stamp(s, "club") > places,
               "series and sets have them, too");
        tap_ok(store_stamp(s, "people") == changed, "not those of tables");

        other = open_at(path);
        put(other, "people", "ada", "2");
        tap_ok(store_stamp(s, "people") > changed, "a commit elsewhere moves it");
        changed = store_stamp(s, "people");
        tap_ok(changed == store_stamp(other, "people"), "and all see the same");
        store_close(other);
        store_close(s);

        setenv("FAIRLEAD_TEST_BOOT_ID", "another boot", 1);
        s = open_at(path);
        tap_ok(store_stamp(s, "people") == 0, "mended: nobody can tell");
        put(s, "places", "london", "2");
        tap_ok(store_stamp(s, "people") > changed, "then everything may have changed");
        unsetenv("FAIRLEAD_TEST_BOOT_ID");
        store_close(s);
        mem_free(path);
}

#define STAMP_READERS 4
#define STAMP_ROUNDS 300

struct keeper {
        struct store *s;
        _Atomic uint64_t *written; /* the number that is committed */
        unsigned long stale, kept;
};

/* Keeps a number for as long as its stamp lets it: it must never be older than what was committed
 * before the stamp was asked. */
static void *keep(void *context)
{
        struct keeper *k = context;
        uint64_t stamp = 0, now, least, value = 0;
        struct buf text = BUF_NONE;

        do {
                least = *k->written;
                now = store_stamp(k->s, "n");
                if (now != 0 && now == stamp) {
                        k->kept++;
                } else {
                        buf_reset(&text);
                        if (store_get(k->s, "n", "n", &text, NULL) == 1)
                                value = strtoull(buf_text(&text), NULL, 10);
                        stamp = now;
                }
                k->stale += value < least;
        } while (least < STAMP_ROUNDS);
        buf_dispose(&text);
        return NULL;
}

static void test_keepers(void)
{
        char *path = fresh_path(), number[24];
        struct store *s = open_at(path), *other = open_at(path);
        _Atomic uint64_t written = 0;
        struct keeper keepers[STAMP_READERS];
        pthread_t threads[STAMP_READERS];
        unsigned long stale = 0, kept = 0;

        put(s, "n", "n", "0");
        for (int i = 0; i < STAMP_READERS; i++) {
                keepers[i] = (struct keeper){ i % 2 == 0 ? s : other, &written, 0, 0 };
                pthread_create(&threads[i], NULL, keep, &keepers[i]);
        }
        for (unsigned i = 1; i <= STAMP_ROUNDS; i++) {
                snprintf(number, sizeof number, "%u", i);
                put(s, "n", "n", number);
                written = i;
                put(i % 2 == 0 ? s : other, "m", "m", number);
        }
        for (int i = 0; i < STAMP_READERS; i++) {
                pthread_join(threads[i], NULL);
                stale += keepers[i].stale;
                kept += keepers[i].kept;
        }
        tap_int((int64_t)stale, 0, "what a stamp lets be kept is never old");
        tap_ok(kept > 0, "and something was kept: %lu times", kept);
        store_close(other);
        store_close(s);
        mem_free(path);
}

#define READERS 8

/* The kernel alone would let them keep a writer out for good. */
static void test_readers(void)
{
        char *path = fresh_path();
        struct store *s = open_at(path), *mine = NULL;
        pid_t readers[READERS];
        time_t begun;
        int good = 0;

        put(s, "t", "k", "v");
        fflush(stdout);
        for (int i = 0; i < READERS; i++) {
                readers[i] = fork();
                if (readers[i] == 0) {
                        if (store_open(&mine, path, STORE_OPEN, NULL) != 1)
                                _exit(1);
                        while (store_get(mine, "t", "k", NULL, NULL) == 1)
                                continue;
                        _exit(1);
                }
        }
        begun = time(NULL);
        for (int i = 0; i < 40 && time(NULL) - begun < 20; i++)
                good += put(s, "t", "k", "w") == FAIL_NONE;
        tap_int(good, 40, "processes that look up without end do not keep a writer out");
        for (int i = 0; i < READERS; i++) {
                kill(readers[i], SIGKILL);
                waitpid(readers[i], NULL, 0);
        }
        store_close(s);
        mem_free(path);
}

static int copy_over(void *context, const struct store_record *record)
{
        batch_restore(context, record);
        return 0;
}

static int count_records(void *context, const struct store_record *record)
{
        ++*(int *)context;
        return record->kind == '!';
}

static void test_backup(void)
{
        char *path = fresh_path();
        struct store *s = open_fresh(), *to = open_at(path);
        struct batch *b = batch_new();
        struct fail why = FAIL_CLEAR;
        struct buf value = BUF_NONE;
        uint64_t last = 0, count = 0, number;
        int records = 0;

        batch_put(b, "t", "k", "v", 1);
        batch_put(b, "t", "empty", "", 0);
        batch_append(b, "e", "one", 3, NULL);
        batch_append(b, "e", "two", 3, NULL);
        batch_append(b, "e", "three", 5, NULL);
        batch_join(b, "s", "x");
        batch_join(b, "s", "y");
        done_with(s, b);
        b = batch_new();
        batch_series_delete(b, "e", 3);
        batch_leave(b, "s", "x");
        done_with(s, b);
        b = batch_new();
        tap_int(store_each(s, copy_over, b, &why), 0, "every record");
        tap_int(store_each(s, count_records, &records, &why), 0, "every record again");
        tap_int(records, 6, "2 keys, 2 members of the series, its counter, 1 member of the set");
        tap_int(done_with(to, b), FAIL_NONE, "restore");
        want(to, "t", "k", "v", "a key");
        want(to, "t", "empty", "", "an empty value");
        tap_int(store_series_get(to, "e", 2, &value, &why), 1, "a member of the series");
        tap_int(store_series_get(to, "e", 3, &value, &why), 0, "a deleted one");
        store_series_last(to, "e", &last, &why);
        tap_int((int64_t)last, 3, "the counter, though its last member is gone");
        b = batch_new();
        batch_append(b, "e", "four", 4, &number);
        done_with(to, b);
        tap_int((int64_t)number, 4, "the next number");
        store_set_count(to, "s", &count, &why);
        tap_ok(count == 1 && store_set_has(to, "s", "y", &why) == 1, "the set");
        b = batch_new();
        batch_restore(b, &(struct store_record){ 's', "e", "no number", "x", 1 });
        tap_int(done_with(to, b), FAIL_INPUT, "a record that is none");
        store_close(s);
        store_close(to);
        tap_int(store_check(path, NULL, &why), 0, "check %s", why.text);
        buf_dispose(&value);
        mem_free(path);
}

/* RLIMIT_FSIZE stands for a disk that is full; the torture test fails every single call. */
static void test_full(void)
{
        char *path = fresh_path(), key[16], *value = mem_alloc(3000);
        struct store *s = open_at(path);
        struct rlimit had, small;
        struct fail why = FAIL_CLEAR;
        enum fail_kind kind = FAIL_NONE;
        int i;

        getrlimit(RLIMIT_FSIZE, &had);
        small = had;
        small.rlim_cur = 300 * 1024;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &small);
        memset(value, 'v', 2999);
        for (i = 0; i < 500 && kind == FAIL_NONE; i++) {
                snprintf(key, sizeof key, "k%d", i);
                kind = put(s, "t", key, value);
        }
        tap_int(kind, FAIL_FULL, "a full disk is named so");
        tap_ok(i > 20, "after some commits: %d", i);
        want(s, "t", key, NULL, "what was refused is not there");
        want(s, "t", "k5", value, "what was accepted is");
        tap_int(put(s, "t", key, value), FAIL_FULL, "still full");
        setrlimit(RLIMIT_FSIZE, &had);
        tap_int(put(s, "t", key, value), FAIL_NONE, "room again, and it goes on");
        store_close(s);
        tap_int(store_check(path, NULL, &why), 0, "nothing is damaged %s", why.text);
        mem_free(value);
        mem_free(path);
}

int main(void)
{
        base = tap_dir();
        test_misuse();
        test_modes();
        test_tables();
        test_series();
        test_sets();
        test_conditions();
        test_together();
        test_stamps();
        test_keepers();
        test_readers();
        test_backup();
        test_full();
        mem_free(base);
        return tap_end();
}
