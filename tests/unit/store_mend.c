/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left of a store after a fault, and that whoever comes next mends it unasked. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tap.h"
#include "door/store_private.h"
#include "floor/file.h"
#include "floor/mem.h"

#define RECORDS 120

static char *base;
static unsigned fresh_count;

static void boot(const char *id)
{
        setenv("FAIRLEAD_TEST_BOOT_ID", id, 1);
}

static enum fail_kind put(struct store *s, const char *key, const char *text)
{
        struct batch *b = batch_new();
        struct fail why = FAIL_CLEAR;

        batch_put(b, "t", key, text, strlen(text));
        if (store_commit(s, b, &why) != 0)
                tap_note("%s", why.text);
        batch_free(b);
        return why.kind;
}

/* A store with checkpoints behind it and records after the last. */
static char *made(void)
{
        char *path = mem_format("%s/mend-%u", base, fresh_count++), key[16], text[400];
        struct fail why = FAIL_CLEAR;
        struct store *s;

        boot("first");
        if (store_open(&s, path, STORE_CREATE, &why) != 1) {
                printf("Bail out! %s\n", why.text);
                exit(99);
        }
        for (int i = 0; i < RECORDS; i++) {
                snprintf(key, sizeof key, "k%d", i);
                snprintf(text, sizeof text, "%0300d", i);
                put(s, key, text);
        }
        if (s->live->segment < 2 || s->live->offset == 0)
                tap_ok(false, "the store has a checkpoint and a tail");
        store_close(s);
        return path;
}

/* Reads all, writes one, verifies all. */
static void sound(const char *path, int records, const char *name)
{
        struct fail why = FAIL_CLEAR;
        struct buf value = BUF_NONE;
        char key[16];
        struct store *s = NULL;
        int good = 0;

        tap_int(store_open(&s, path, STORE_OPEN, &why), 1, "%s: opens %s", name, why.text);
        for (int i = 0; s != NULL && i < records; i++) {
                snprintf(key, sizeof key, "k%d", i);
                good += store_get(s, "t", key, &value, &why) == 1 && atoi(buf_text(&value)) == i;
        }
        tap_int(good, records, "%s: everything is there %s", name, why.text);
        if (s != NULL)
                tap_int(put(s, "new", "1"), FAIL_NONE, "%s: takes new work", name);
        store_close(s);
        tap_int(store_check(path, NULL, &why), 0, "%s: check %s", name, why.text);
        buf_dispose(&value);
}

static void refused(const char *path, enum fail_kind kind, const char *hint, const char *name)
{
        struct fail why = FAIL_CLEAR;
        struct store *s = NULL;
        int opened = store_open(&s, path, STORE_OPEN, &why);

        if (opened == 1) /* damage that only a look-up meets */
                opened = store_get(s, "t", "k1", NULL, &why);
        tap_int(opened, -1, "%s: refused", name);
        tap_int(why.kind, kind, "%s: kind", name);
        tap_ok(strstr(why.text, hint) != NULL, "%s: says what to do: %s", name, why.text);
        store_close(s);
}

static int open_file(const char *path, const char *file)
{
        char *whole = file_path(path, file);
        int fd = open(whole, O_RDWR | O_CLOEXEC);

        mem_free(whole);
        return fd;
}

static void overwrite(const char *path, const char *file, off_t at, size_t len)
{
        char *noise = mem_alloc(len);
        int fd = open_file(path, file);

        for (size_t i = 0; i < len; i++)
                noise[i] = (char)(i * 167 + 13);
        file_write_at(fd, noise, len, at);
        close(fd);
        mem_free(noise);
}

static void cut_short(const char *path, const char *file, off_t len)
{
        int fd = open_file(path, file);

        if (ftruncate(fd, len) != 0)
                tap_ok(false, "cannot cut %s", file);
        close(fd);
}

static void lose(const char *path, const char *file)
{
        char *whole = file_path(path, file);

        unlink(whole);
        mem_free(whole);
}

static struct store_live page_of(const char *path)
{
        struct store_live live;
        int fd = open_file(path, "live");

        memset(&live, 0, sizeof live);
        file_read_at(fd, &live, sizeof live, 0);
        close(fd);
        return live;
}

static const char *index_of(const char *path, bool current, char name[16])
{
        struct store_live live = page_of(path);

        store_index_name(current ? live.current : 1 - live.current, name);
        return name;
}

static void test_stopped(void)
{
        char *path = made(), index[16];
        struct store_live live;
        struct store *s = NULL;
        int fd;

        boot("second");
        sound(path, RECORDS, "another boot");
        boot("third");
        overwrite(path, index_of(path, true, index), 0, 20000);
        sound(path, RECORDS, "another boot, and the index that was open is noise");
        mem_free(path);

        path = made();
        live = page_of(path);
        live.mark = 1;
        fd = open_file(path, "live");
        file_write_at(fd, &live, sizeof live, 0);
        close(fd);
        overwrite(path, index_of(path, true, index), 8192, 4096);
        sound(path, RECORDS, "a writer that died while it changed the index");
        /* The same under the eyes of a handle that is open already. */
        store_open(&s, path, STORE_OPEN, NULL);
        overwrite(path, index_of(path, true, index), 8192, 4096);
        s->live->mark = 1;
        tap_int(store_get(s, "t", "k7", NULL, NULL), 1, "a look-up mends what it finds");
        tap_int((int64_t)s->live->mark, 0, "and takes the mark away");
        s->live->doubt = 3;
        tap_int(put(s, "after", "1"), FAIL_NONE, "a commit after a sync that failed");
        tap_int((int64_t)s->live->doubt, 0, "starts a new segment");
        store_close(s);
        sound(path, RECORDS, "afterwards");
        lose(path, "live");
        sound(path, RECORDS, "without a live page");
        overwrite(path, "live", 0, STORE_LIVE_SIZE);
        sound(path, RECORDS, "a live page of noise");
        cut_short(path, "live", 100);
        sound(path, RECORDS, "a live page cut short");
        mem_free(path);
}

static void test_index(void)
{
        static const struct {
                const char *name;
                off_t length; /* cut to, or -1 */
                off_t at;     /* noise from, or -1: removed */
        } rows[] = {
                { "emptied", 0, 0 },
                { "cut in the header", 100, 0 },
                { "cut in half", 12288, 0 },
                { "noise in the header", -1, 0 },
                { "noise behind it", -1, 4096 },
                { "gone", -1, -1 },
        };
        struct fail why = FAIL_CLEAR;
        char index[16];

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *path = made();

                for (int current = 1; current >= 0; current--) {
                        index_of(path, current, index);
                        if (rows[i].length >= 0)
                                cut_short(path, index, rows[i].length);
                        else if (rows[i].at >= 0)
                                overwrite(path, index, rows[i].at, 60000);
                        else
                                lose(path, index);
                        if (current) {
                                sound(path, RECORDS, rows[i].name);
                                continue;
                        }
                        tap_int(store_check(path, NULL, &why), -1,
                                "%s: check notices it in the clean index", rows[i].name);
                        fail_clear(&why);
                        boot("other");
                        refused(path, FAIL_BROKEN, "restore", rows[i].name);
                }
                mem_free(path);
        }
}

/* Damage on one side is mended from the other, whether or not somebody reads there. */
static void test_renew(void)
{
        static const struct {
                const char *name;
                int file;     /* 0 readers' index, 1 the clean one, 2 journal, 3 meta
                               */
                off_t length; /* cut to, or -1 */
                off_t at;     /* noise from, or -1: removed */
        } rows[] = {
                { "readers' index emptied", 0, 0, 0 },
                { "readers' index with noise", 0, -1, 4096 },
                { "readers' index gone", 0, -1, -1 },
                { "the clean index emptied", 1, 0, 0 },
                { "the clean index cut", 1, 12288, 0 },
                { "the clean index with noise", 1, -1, 4096 },
                { "the clean index gone", 1, -1, -1 },
                { "the journal emptied", 2, 0, 0 },
                { "the journal with noise", 2, -1, 10 },
                { "the journal gone", 2, -1, -1 },
                { "a slot of meta with noise", 3, -1, 4096 },
        };
        struct fail why = FAIL_CLEAR;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *path = made(), file[16];
                struct store_live live = page_of(path);

                if (rows[i].file < 2)
                        index_of(path, rows[i].file == 0, file);
                else if (rows[i].file == 2)
                        snprintf(file, sizeof file, "journal.%d", (int)(live.segment & 1));
                else
                        snprintf(file, sizeof file, "meta");
                if (rows[i].length >= 0)
                        cut_short(path, file, rows[i].length);
                else if (rows[i].at >= 0)
                        overwrite(path, file, rows[i].at, rows[i].file == 3 ? 512 : 6000);
                else
                        lose(path, file);
                tap_int(store_check(path, NULL, &why), -1, "%s: seen", rows[i].name);
                fail_clear(&why);
                tap_int(store_renew(path, &why), 0, "%s: renewed %s", rows[i].name, why.text);
                tap_int(store_check(path, NULL, &why), 0, "%s: whole again %s", rows[i].name,
                        why.text);
                sound(path, RECORDS, rows[i].name);
                boot("other");
                sound(path, RECORDS, rows[i].name);
                boot("first");
                mem_free(path);
        }
}

/* Both sides: nothing is made of nothing, and nothing is made worse. */
static void test_beyond(void)
{
        char *path = made(), one[16], two[16];
        struct fail why = FAIL_CLEAR;

        overwrite(path, index_of(path, true, one), 4096, 60000);
        overwrite(path, index_of(path, false, two), 4096, 60000);
        tap_int(store_renew(path, &why), -1, "both indexes: not renewed");
        tap_int(why.kind, FAIL_BROKEN, "both indexes: %s", why.text);
        fail_clear(&why);
        tap_int(store_renew("/nonexistent", &why), -1, "no store: not renewed");
        mem_free(path);
}

/* One flipped bit in a value, which GDBM itself does not notice. */
static void test_value(void)
{
        char *path = made(), index[16], *whole, *place;
        struct buf bytes = BUF_NONE;
        struct fail why = FAIL_CLEAR;

        whole = file_path(path, index_of(path, true, index));
        file_read(whole, 8 << 20, &bytes, &why);
        place = memmem(bytes.data, bytes.len, "tt\0k17", 6);
        if (tap_ok(place != NULL, "the record lies in the index as it is")) {
                place[40] ^= 1;
                file_write(whole, bytes.data, bytes.len, 0600, &why);
                tap_int(store_check(path, NULL, &why), -1, "check notices a flipped bit");
                sound(path, RECORDS, "a flipped bit in a value");
        }
        mem_free(whole);
        mem_free(path);
        buf_dispose(&bytes);
}

static void test_journal(void)
{
        char *path = made();
        struct store_live live = page_of(path);
        char journal[16];
        struct store *s;

        snprintf(journal, sizeof journal, "journal.%d", (int)(live.segment & 1));
        overwrite(path, journal, (off_t)live.offset - 40, 8);
        boot("second");
        refused(path, FAIL_BROKEN, "restore", "the last record is torn though it was durable");
        lose(path, "live");
        sound(path, RECORDS - 1, "the same without the page that knows");
        store_open(&s, path, STORE_OPEN, NULL);
        tap_int(store_get(s, "t", "k119", NULL, NULL), 0, "the torn record is not there");
        store_close(s);
        mem_free(path);
}

static void test_meta(void)
{
        struct store_meta meta = { 0 };
        unsigned char slot[STORE_META_SLOT];
        struct fail why = FAIL_CLEAR;
        char *path;
        int fd;

        for (int i = 0; i < 2; i++) {
                path = made();
                overwrite(path, "meta", i * 4096, STORE_META_SLOT);
                tap_int(store_check(path, NULL, &why), -1, "slot %d of meta: check", i);
                fail_clear(&why);
                boot("second");
                sound(path, RECORDS, "one slot of meta is noise");
                mem_free(path);
        }
        path = made();
        overwrite(path, "meta", 0, STORE_META_SIZE);
        refused(path, FAIL_BROKEN, "restore", "both slots of meta");
        meta.schema = STORE_SCHEMA + 1;
        meta.stamp = 1;
        store_meta_print(slot, &meta);
        fd = open_file(path, "meta");
        file_write_at(fd, slot, sizeof slot, 0);
        close(fd);
        refused(path, FAIL_DENIED, "newer release", "a newer schema");
        mem_free(path);
}

static void test_killed_holder(void)
{
        char *path = made();
        struct fail why = FAIL_CLEAR;
        int ready[2], fd;
        pid_t child;
        char c;

        if (pipe(ready) != 0)
                return;
        fflush(stdout);
        child = fork();
        if (child == 0) {
                fd = open_file(path, "lock");
                if (store_lock_take(fd, STORE_LOCK_WRITER, true, &why) == 0 &&
                    store_lock_take(fd, STORE_LOCK_INDEX, true, &why) == 0 &&
                    store_lock_take(fd, STORE_LOCK_TURN, true, &why) == 0 &&
                    write(ready[1], "x", 1) == 1)
                        pause();
                _exit(1);
        }
        tap_int(read(ready[0], &c, 1), 1, "another process holds all locks");
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        sound(path, RECORDS, "the holder of the locks was killed");
        close(ready[0]);
        close(ready[1]);
        mem_free(path);
}

/* The parsers alone. */
static void test_bytes(void)
{
        struct store_op op = { true, "key", 3, "data", 4 }, got;
        struct store_chain chain, start, other;
        struct store_entry entry;
        struct buf b = BUF_NONE;
        size_t begun, at = 0, first;
        int wrong = 0;

        store_chain_start(&start, 7, 100);
        chain = start;
        begun = store_record_begin(&b);
        store_op_add(&b, &op);
        store_record_end(&b, begun, &chain);
        first = b.len;
        begun = store_record_begin(&b);
        op.put = false;
        store_op_add(&b, &op);
        store_record_end(&b, begun, &chain);
        chain = start;
        tap_int(store_record_next(b.data, b.len, &chain, &entry), 1, "the first record");
        tap_int((int64_t)entry.size, (int64_t)first, "its size");
        tap_int(store_op_next(entry.ops, entry.len, &at, &got), 1, "its operation");
        tap_bytes(got.data, got.len, "data", 4, "its data");
        tap_int(store_op_next(entry.ops, entry.len, &at, &got), 0, "no more operations");
        tap_int(store_record_next(b.data + first, b.len - first, &chain, &entry), 1, "the second");
        tap_int((int64_t)chain.sequence, 102, "the sequence");
        tap_int(store_record_next(b.data, 0, &chain, &entry), 0, "no bytes");
        store_chain_start(&other, 5, 100);
        tap_int(store_record_next(b.data, b.len, &other, &entry), 0, "a record of an old lap");
        store_chain_start(&other, 7, 101);
        tap_int(store_record_next(b.data + first, b.len - first, &other, &entry), 0,
                "a record that followed another one");
        for (size_t bit = 0; bit < first * 8; bit++) {
                chain = start;
                b.data[bit / 8] ^= (char)(1 << bit % 8);
                if (store_record_next(b.data, b.len, &chain, &entry) && bit / 8 < first - 5)
                        wrong++;
                b.data[bit / 8] ^= (char)(1 << bit % 8);
        }
        tap_int(wrong, 0, "any flipped bit ends the journal");
        for (size_t len = 0; len < first - 8; len++) {
                char *exact = mem_copy(b.data, len); /* so that reading on would be seen */

                chain = start;
                wrong += store_record_next(exact, len, &chain, &entry);
                mem_free(exact);
        }
        tap_int(wrong, 0, "any cut ends the journal");
        at = 0;
        tap_int(store_op_next("\3", 1, &at, &got), -1, "not an operation");
        at = 0;
        tap_int(store_op_next("\1\1\0\377\377\377\377k", 8, &at, &got), -1, "longer than it is");
        buf_dispose(&b);
}

int main(void)
{
        base = tap_dir();
        test_bytes();
        test_stopped();
        test_index();
        test_renew();
        test_beyond();
        test_value();
        test_journal();
        test_meta();
        test_killed_holder();
        mem_free(base);
        return tap_end();
}
