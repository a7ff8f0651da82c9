/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the disk and the state cost by themselves, for make bench:
 *
 *     probe DIR            one fdatasync of 4 KiB written over, one commit: median and p99 of many
 *     probe DIR lookup     a look-up at 10,000 and at 1,000,000 records
 *     probe INBOX kept     how many records that inbox holds, each verified
 *
 * DIR is fresh and is left for the caller to remove.  Prints lines "name value", times in
 * microseconds.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "door/inbox.h"
#include "door/store.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/when.h"

#define TURNS 300
#define BLOCK 4096
#define FILE_SIZE (TURNS * BLOCK)
#define FEW 10000
#define MANY 1000000
#define LOOKS 20000
#define PAIRS 7

static void die(const char *what, const struct fail *why)
{
        fprintf(stderr, "probe: %s: %s\n", what, why == NULL ? "failed" : why->text);
        exit(3);
}

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
        qsort(values, count, sizeof *values, by_value);
        return values[count / 2];
}

static void say(const char *name, double *values, size_t count)
{
        printf("%s_us %.0f\n", name, median(values, count));
        printf("%s_p99_us %.0f\n", name, values[count * 99 / 100]);
}

/* Bytes written over in a file that has all its blocks: what a group commit of ours does. */
static void probe_sync(const char *dir)
{
        char *path = file_path(dir, "sync"), *zeros = mem_alloc(FILE_SIZE);
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        double spent[TURNS];

        if (fd < 0 || file_write_at(fd, zeros, FILE_SIZE, 0) != 0 || fsync(fd) != 0)
                die("cannot make a file", NULL);
        for (int i = 0; i < TURNS; i++) {
                int64_t start = when_steady_us();

                memset(zeros, i + 1, BLOCK);
                if (file_write_at(fd, zeros, BLOCK, (off_t)i * BLOCK) != 0 || fdatasync(fd) != 0)
                        die("cannot sync", NULL);
                spent[i] = (double)(when_steady_us() - start);
        }
        say("fdatasync", spent, TURNS);
        close(fd);
        unlink(path);
        mem_free(zeros);
        mem_free(path);
}

/* A batch like the one an interview link is made of. */
static void probe_commit(const char *dir)
{
        char *path = file_path(dir, "commits"), record[400], key[32];
        struct fail why = FAIL_CLEAR;
        struct store *s = NULL;
        double spent[TURNS];

        memset(record, 'x', sizeof record);
        if (store_open(&s, path, STORE_CREATE, &why) != 1)
                die("cannot make a store", &why);
        for (int i = 0; i < TURNS; i++) {
                struct batch *b = batch_new();
                int64_t start;

                snprintf(key, sizeof key, "record-%d", i);
                batch_put(b, "interview", key, record, sizeof record);
                batch_put(b, "interview-token", key, record, 40);
                batch_join(b, "open-interviews", key);
                start = when_steady_us();
                if (store_commit(s, b, &why) != 0)
                        die("cannot commit", &why);
                spent[i] = (double)(when_steady_us() - start);
                batch_free(b);
        }
        say("commit", spent, TURNS);
        store_close(s);
        mem_free(path);
}

static void key_of(char key[32], unsigned i)
{
        snprintf(key, 32, "candidate-%08x", i * 2654435761u);
}

static struct store *fill_store(const char *dir, const char *name, unsigned count)
{
        char *path = file_path(dir, name), value[100], key[32];
        struct fail why = FAIL_CLEAR;
        struct store *s = NULL;

        memset(value, 'v', sizeof value);
        if (store_open(&s, path, STORE_CREATE, &why) != 1)
                die("cannot make a store", &why);
        for (unsigned i = 0; i < count;) {
                struct batch *b = batch_new();

                for (unsigned end = i + 10000; i < count && i < end; i++) {
                        key_of(key, i);
                        batch_put(b, "record", key, value, sizeof value);
                }
                if (store_commit(s, b, &why) != 0)
                        die("cannot fill a store", &why);
                batch_free(b);
        }
        mem_free(path);
        return s;
}

static double look_up(struct store *s, unsigned count, unsigned *seed)
{
        struct fail why = FAIL_CLEAR;
        struct buf value = BUF_NONE;
        int64_t start = when_steady_us();
        char key[32];

        for (unsigned i = 0; i < LOOKS; i++) {
                *seed = *seed * 1664525u + 1013904223u;
                key_of(key, (unsigned)((uint64_t)*seed * count >> 32));
                if (store_get(s, "record", key, &value, &why) != 1)
                        die("a record is not found", &why);
        }
        buf_dispose(&value);
        return (double)(when_steady_us() - start) / LOOKS;
}

static void probe_lookup(const char *dir)
{
        struct store *few = fill_store(dir, "few", FEW), *many = fill_store(dir, "many", MANY);
        double at_few[PAIRS], at_many[PAIRS], ratio[PAIRS];
        unsigned seed = 1;

        look_up(few, FEW, &seed);
        look_up(many, MANY, &seed);
        for (int i = 0; i < PAIRS; i++) {
                at_few[i] = look_up(few, FEW, &seed);
                at_many[i] = look_up(many, MANY, &seed);
                ratio[i] = at_many[i] / at_few[i];
        }
        printf("ratio %.3f\n", median(ratio, PAIRS));
        printf("few_us %.2f\n", median(at_few, PAIRS));
        printf("many_us %.2f\n", median(at_many, PAIRS));
        store_close(few);
        store_close(many);
}

static void probe_kept(const char *dir)
{
        struct fail why = FAIL_CLEAR;
        uint64_t records;

        if (inbox_check(dir, &records, &why) != 0)
                die("the inbox is damaged", &why);
        printf("%" PRIu64 "\n", records);
}

int main(int argc, char **argv)
{
        if (argc == 3 && strcmp(argv[2], "lookup") == 0) {
                probe_lookup(argv[1]);
        } else if (argc == 3 && strcmp(argv[2], "kept") == 0) {
                probe_kept(argv[1]);
        } else if (argc == 2) {
                probe_sync(argv[1]);
                probe_commit(argv[1]);
        } else {
                fprintf(stderr, "usage: probe DIR [lookup|kept]\n");
                return 2;
        }
        return fflush(stdout) == 0 ? 0 : 3;
}
