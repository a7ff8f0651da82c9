/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inbox: order, durability, sharing, release, damage, ringing. */
#include "door/inbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tap.h"
#include "door/inbox_private.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/when.h"

#define SMALL 4096

/* What the disk does next: this program's own fdatasync() stands before the library's. */
static _Atomic int syncs_to_fail, syncs_to_die, writes_to_fail, syncs;

int fdatasync(int fd)
{
        atomic_fetch_add(&syncs, 1);
        if (syncs_to_die > 0 && --syncs_to_die == 0)
                kill(getpid(), SIGKILL);
        if (syncs_to_fail > 0) {
                syncs_to_fail--;
                errno = EIO;
                return -1;
        }
        return (int)syscall(SYS_fdatasync, fd);
}

ssize_t pwritev(int fd, const struct iovec *part, int count, off_t at)
{
        if (writes_to_fail > 0) {
                writes_to_fail--;
                errno = ENOSPC;
                return -1;
        }
        /* Short on purpose: two parts at a time. */
        return syscall(SYS_pwritev, fd, part, count > 2 ? 2 : count, at, 0);
}

static struct inbox *open_small(const char *dir, uint64_t backlog)
{
        struct fail why = FAIL_CLEAR;
        struct inbox *in = NULL;

        if (inbox_open_sized(&in, dir, backlog, SMALL, &why) != 0) {
                printf("Bail out! cannot open %s: %s\n", dir, why.text);
                exit(99);
        }
        return in;
}

static int add_text(struct inbox *in, const char *text, uint64_t *number)
{
        struct fail why = FAIL_CLEAR;
        int result = inbox_add(in, text, strlen(text), number, &why);

        if (result != 0)
                tap_note("inbox_add: %s: %s", fail_word(why.kind), why.text);
        return result;
}

/* Adds count records that say their number; false if one gets another or fails. */
static bool add_many(struct inbox *in, uint64_t from, uint64_t count)
{
        for (uint64_t i = from; i < from + count; i++) {
                char text[300];
                uint64_t number = 0;

                /* of many lengths, so that segments end everywhere */
                snprintf(text, sizeof text, "%0*" PRIu64, (int)(1 + i * 37 % 290), i);
                if (add_text(in, text, &number) != 0 || number != i) {
                        tap_note("added %" PRIu64 ", got number %" PRIu64, i, number);
                        return false;
                }
        }
        return true;
}

static bool read_many(struct inbox *in, uint64_t from, uint64_t count)
{
        struct fail why = FAIL_CLEAR;
        struct buf record = BUF_NONE;
        bool good = true;

        for (uint64_t i = from; good && i < from + count; i++) {
                uint64_t number = 0;

                good = inbox_read(in, i, &record, &number, &why) == 1 && number == i &&
                       strtoull(buf_text(&record), NULL, 10) == i &&
                       record.len == strlen(buf_text(&record));
                if (!good)
                        tap_note("read %" PRIu64 ", got %" PRIu64 " \"%s\" %s", i, number,
                                 buf_text(&record), why.text);
        }
        buf_dispose(&record);
        return good;
}

static bool nothing_at(struct inbox *in, uint64_t from)
{
        struct fail why = FAIL_CLEAR;
        struct buf record = BUF_NONE;
        uint64_t number = 0;
        int got = inbox_read(in, from, &record, &number, &why);

        if (got != 0)
                tap_note("read %" PRIu64 ": %d, number %" PRIu64 " %s", from, got, number,
                         why.text);
        buf_dispose(&record);
        return got == 0;
}

/* As after a reboot: the page that all processes share is worth nothing. */
static void reboot(const char *dir)
{
        char *path = file_path(dir, "live");

        unlink(path);
        mem_free(path);
}

static int count_segments(const char *dir)
{
        DIR *list = opendir(dir);
        struct dirent *entry;
        int count = 0;

        while (list != NULL && (entry = readdir(list)) != NULL)
                count += strstr(entry->d_name, ".seg") != NULL;
        if (list != NULL)
                closedir(list);
        return count;
}

/* Writes into a file of the inbox at the offset, from the end if that is negative. */
static void scribble(const char *dir, const char *name, off_t at, const void *data, size_t len)
{
        char *path = file_path(dir, name);
        int fd = open(path, O_RDWR);

        if (at < 0)
                at += lseek(fd, 0, SEEK_END);
        if (fd < 0 || file_write_at(fd, data, len, at) != 0)
                tap_ok(false, "cannot scribble on %s", path);
        close(fd);
        mem_free(path);
}

static void test_misuse(void)
{
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir();
        char *file = file_path(dir, "file"), *inside = file_path(dir, "in");
        char *lock = file_path(inside, "lock");
        uint8_t *large = mem_alloc(INBOX_RECORD_MAX + 1);
        struct buf record = BUF_NONE;
        struct inbox *in = NULL;
        uint64_t number;

        tap_int(inbox_open(&in, NULL, 0, &why), -1, "no directory is refused");
        tap_int(why.kind, FAIL_INPUT, "as input");
        fail_clear(&why);
        tap_int(file_write(file, "x", 1, 0600, &why), 0, "a file in the way");
        tap_int(inbox_open(&in, file, 0, &why), -1, "a file is no inbox");
        tap_ok(in == NULL, "and no handle comes back");
        fail_clear(&why);
        tap_int(inbox_check(inside, NULL, &why), -1, "what is not there is not checked");
        tap_ok(access(inside, F_OK) != 0, "nor made");
        fail_clear(&why);

        in = open_small(inside, 0);
        tap_int(inbox_add(in, NULL, 1, NULL, &why), -1, "no bytes, but a length");
        tap_int(why.kind, FAIL_INPUT, "is input");
        fail_clear(&why);
        tap_int(inbox_add(in, large, SMALL, NULL, &why), -1, "more than a segment holds");
        tap_int(why.kind, FAIL_INPUT, "is input");
        fail_clear(&why);
        tap_int(inbox_release(in, 1, &why), -1, "releasing what was never added");
        tap_int(why.kind, FAIL_INPUT, "is input");
        fail_clear(&why);
        tap_int(inbox_release(in, 0, &why), 0, "releasing nothing is nothing");
        tap_int(inbox_read(in, 0, &record, &number, &why), 0, "an empty inbox has nothing");
        inbox_close(in);
        inbox_close(NULL);

        tap_int(inbox_open(&in, inside, 0, &why), 0, "opened with segments of the full size");
        tap_int(inbox_add(in, large, INBOX_RECORD_MAX, &number, &why), 0, "the largest record");
        tap_int(inbox_read(in, 1, &record, &number, &why), 1, "comes back");
        tap_bytes(record.data, record.len, large, INBOX_RECORD_MAX, "whole");
        tap_int(inbox_add(in, large, INBOX_RECORD_MAX + 1, NULL, &why), -1, "one byte more");
        tap_int(why.kind, FAIL_INPUT, "is input");
        fail_clear(&why);
        inbox_close(in);

        chmod(inside, 0750);
        tap_int(inbox_open(&in, inside, 0, &why), -1, "a directory others may enter");
        tap_int(why.kind, FAIL_DENIED, "is denied");
        fail_clear(&why);
        chmod(inside, 0700);
        chmod(lock, 0604);
        tap_int(inbox_open(&in, inside, 0, &why), -1, "a file others may read");
        tap_int(why.kind, FAIL_DENIED, "is denied");
        fail_clear(&why);
        unlink(lock);
        if (symlink("/dev/null", lock) != 0)
                tap_ok(false, "cannot make a symbolic link");
        tap_int(inbox_open(&in, inside, 0, &why), -1, "a symbolic link");
        tap_int(why.kind, FAIL_DENIED, "is denied");
        mem_free(lock);
        mem_free(inside);
        mem_free(file);
        mem_free(dir);
        mem_free(large);
        buf_dispose(&record);
}

static void test_modes(void)
{
        char *dir = tap_dir(), *inside = file_path(dir, "inbox");
        struct inbox *in;
        struct dirent *entry;
        struct stat st;
        DIR *list;
        mode_t mask = umask(0);

        in = open_small(inside, 0);
        add_many(in, 1, 3);
        umask(mask);
        stat(inside, &st);
        tap_int(st.st_mode & 07777, 0700, "the directory is ours alone");
        list = opendir(inside);
        while ((entry = readdir(list)) != NULL) {
                if (entry->d_name[0] == '.')
                        continue;
                fstatat(dirfd(list), entry->d_name, &st, AT_SYMLINK_NOFOLLOW);
                tap_int(st.st_mode & 07777, 0600, "so is %s", entry->d_name);
        }
        closedir(list);
        inbox_close(in);
        mem_free(inside);
        mem_free(dir);
}

static void test_bytes(void)
{
        static const struct segment_head segment = { 7, 99, 5, 1000, SMALL };
        static const struct {
                const char *name;
                size_t at; /* the byte that differs by one bit */
                struct segment_head read_as;
                size_t len;
                bool want;
        } cases[] = {
                { "as written", 99, { 7, 99, 5, 1000, SMALL }, 48, true },
                { "more bytes behind", 99, { 7, 99, 5, 1000, SMALL }, 80, true },
                { "magic", 0, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "length, top byte", 7, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "number", 8, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "serial", 16, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "settled", 24, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "checksum of the payload", 32, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "checksum of the head", 39, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "payload, first byte", 40, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "payload, last byte", 44, { 7, 99, 5, 1000, SMALL }, 80, false },
                { "padding is nobody's", 45, { 7, 99, 5, 1000, SMALL }, 80, true },
                { "cut in the payload", 99, { 7, 99, 5, 1000, SMALL }, 44, false },
                { "cut in the head", 99, { 7, 99, 5, 1000, SMALL }, 39, false },
                { "nothing", 99, { 7, 99, 5, 1000, SMALL }, 0, false },
                { "another lap of the file", 99, { 8, 99, 5, 1000, SMALL }, 80, false },
                { "another salt", 99, { 7, 98, 5, 1000, SMALL }, 80, false },
                { "a number before the segment's", 99, { 7, 99, 7, 1000, SMALL }, 80, false },
        };
        struct record_head record = { 6, 5, 5, code_crc32c(0, "hello", 5) };
        struct segment_head head;
        uint8_t bytes[96];

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct record_head got;

                memset(bytes, 0, sizeof bytes);
                record_head_write(bytes, &segment, &record);
                memcpy(bytes + RECORD_HEAD, "hello", 5);
                if (cases[i].at < 99)
                        bytes[cases[i].at] ^= 1;
                tap_int(record_parse(bytes, cases[i].len, &cases[i].read_as, &got), cases[i].want,
                        "a record: %s", cases[i].name);
        }
        segment_head_write(bytes, &segment);
        tap_ok(segment_head_parse(bytes, &head) && memcmp(&head, &segment, sizeof head) == 0,
               "a segment's head comes back");
        bytes[24] ^= 1;
        tap_ok(!segment_head_parse(bytes, &head), "but not with a bit off");
}

static void test_order(void)
{
        static const char nul[] = "a\0b";
        struct fail why = FAIL_CLEAR;
        struct buf record = BUF_NONE;
        char *dir = tap_dir();
        struct inbox *in = open_small(dir, 0);
        uint64_t number = 0, last, bytes, records;

        tap_int(inbox_add(in, nul, 3, &number, &why), 0, "a record with a NUL");
        tap_int((int64_t)number, 1, "is number 1");
        tap_int(inbox_add(in, "", 0, &number, &why), 0, "an empty record");
        tap_int((int64_t)number, 2, "is number 2");
        inbox_read(in, 1, &record, &number, &why);
        tap_bytes(record.data, record.len, nul, 3, "the NUL comes back");
        tap_int(inbox_read(in, 2, &record, &number, &why), 1, "the empty one, too");
        tap_int((int64_t)record.len, 0, "replaces what the buffer held");
        tap_ok(add_many(in, 3, 500), "500 records over many segments");
        tap_ok(read_many(in, 3, 500), "come back in order");
        tap_ok(nothing_at(in, 503), "and then nothing");
        tap_ok(read_many(in, 250, 10), "from the middle");
        tap_ok(read_many(in, 3, 10), "and back");
        inbox_depth(in, &last, &bytes, &why);
        tap_int((int64_t)last, 502, "the depth knows the last number");
        tap_ok(bytes > 500 * 100, "and the bytes that wait");
        tap_int(inbox_check(dir, &records, &why), 0, "all is well %s", why.text);
        tap_int((int64_t)records, 502, "in all records");
        inbox_release(in, 502, &why);
        inbox_depth(in, NULL, &bytes, &why);
        tap_int((int64_t)bytes, 0, "nothing waits when all is released");
        inbox_close(in);
        buf_dispose(&record);
        mem_free(dir);
}

/* Many threads add, one reads at the same time. */
#define THREADS 16
#define EACH 200
static struct inbox *shared;
static uint64_t numbers[THREADS][EACH];

static void *add_thread(void *context)
{
        int self = (int)(intptr_t)context;
        struct fail why = FAIL_CLEAR;

        for (int i = 0; i < EACH; i++) {
                char text[32];

                snprintf(text, sizeof text, "%d %d", self, i);
                if (inbox_add(shared, text, strlen(text), &numbers[self][i], &why) != 0)
                        numbers[self][i] = 0;
        }
        return NULL;
}

static void *read_thread(void *context)
{
        int *next = context; /* per thread: the record that must come next */
        struct buf record = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        intptr_t wrong = 0;

        for (uint64_t from = 1, number; from <= THREADS * EACH && wrong == 0;) {
                int got = inbox_read(shared, from, &record, &number, &why);
                int thread = 0, i = 0;

                if (got == 0) {
                        inbox_wait(shared, 10000, &why);
                        continue;
                }
                if (got < 0 || number != from ||
                    sscanf(buf_text(&record), "%d %d", &thread, &i) != 2 || i != next[thread]++) {
                        tap_note("at %" PRIu64 ": \"%s\" %s", from, buf_text(&record), why.text);
                        wrong = 1;
                        break;
                }
                from++;
                if (from % 50 == 0)
                        inbox_release(shared, from - 1, &why);
        }
        buf_dispose(&record);
        return (void *)wrong;
}

static void test_threads(void)
{
        pthread_t thread[THREADS], reader;
        int next[THREADS] = { 0 };
        char *dir = tap_dir();
        bool rising = true;
        void *wrong;
        int before = syncs;

        shared = open_small(dir, 0);
        pthread_create(&reader, NULL, read_thread, next);
        for (intptr_t i = 0; i < THREADS; i++)
                pthread_create(&thread[i], NULL, add_thread, (void *)i);
        for (int i = 0; i < THREADS; i++)
                pthread_join(thread[i], NULL);
        pthread_join(reader, &wrong);
        for (int t = 0; t < THREADS; t++)
                for (int i = 0; i < EACH; i++)
                        rising &= numbers[t][i] > (i > 0 ? numbers[t][i - 1] : 0);
        tap_ok(rising, "each thread's numbers rise");
        tap_ok(wrong == NULL, "the reader beside them saw every record once, in order");
        tap_ok(syncs - before < THREADS * EACH, "with %d syncs for %d records", syncs - before,
               THREADS * EACH);
        inbox_close(shared);
        mem_free(dir);
}

static void test_processes(void)
{
        struct fail why = FAIL_CLEAR;
        struct buf record = BUF_NONE;
        char *dir = tap_dir();
        struct inbox *in = open_small(dir, 0);
        int next[4] = { 0 };
        bool good = true;
        int status, left = 4;

        for (int p = 0; p < 4; p++) {
                if (fork() == 0) {
                        for (int i = 0; i < 100; i++) {
                                struct inbox *mine = open_small(dir, 0); /* as plain CGI does */
                                char text[32];

                                snprintf(text, sizeof text, "%d %d", p, i);
                                if (inbox_add(mine, text, strlen(text), NULL, &why) != 0)
                                        _exit(1);
                                inbox_close(mine);
                        }
                        _exit(0);
                }
        }
        for (uint64_t from = 1, number; good && from <= 400;) {
                int got = inbox_read(in, from, &record, &number, &why);
                int p = 0, i = 0;

                if (got == 0) {
                        inbox_wait(in, 10000, &why);
                        continue;
                }
                good = got == 1 && number == from &&
                       sscanf(buf_text(&record), "%d %d", &p, &i) == 2 && i == next[p]++;
                from++;
        }
        tap_ok(good, "what four processes added is read once, in each one's order %s", why.text);
        while (left > 0 && wait(&status) > 0 && left--)
                tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a process ended well");
        tap_ok(nothing_at(in, 401), "and nothing more");
        inbox_close(in);
        buf_dispose(&record);
        mem_free(dir);
}

static void test_release(void)
{
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir();
        struct inbox *in = open_small(dir, 0);
        uint64_t at = 1, released, last;
        bool good = true;
        int most = 0;

        for (int round = 0; good && round < 40; round++) {
                good = add_many(in, at, 60) && read_many(in, at, 60) &&
                       inbox_release(in, at + 54, &why) == 0 && read_many(in, at + 55, 5);
                at += 60;
                if (count_segments(dir) > most)
                        most = count_segments(dir);
                if (round % 4 == 1) { /* a restart */
                        inbox_close(in);
                        in = open_small(dir, 0);
                }
                if (round % 4 == 3) {
                        inbox_close(in);
                        reboot(dir);
                        in = open_small(dir, 0);
                }
                inbox_released(in, &released, &why);
                inbox_depth(in, &last, NULL, &why);
                good = good && released == at - 6 && last == at - 1;
        }
        tap_ok(good, "40 rounds of add, read, release and restart %s", why.text);
        tap_ok(most <= 12, "use their segments again (%d at most)", most);
        tap_ok(read_many(in, at - 5, 5), "what was not released is there");
        tap_int(inbox_release(in, 10, &why), 0, "releasing what is released is nothing");
        good = add_many(in, at, 400);
        at += 400;
        most = count_segments(dir);
        inbox_release(in, at - 1, &why);
        good = good && add_many(in, at, 200) && inbox_release(in, at + 199, &why) == 0 &&
               add_many(in, at + 200, 200);
        tap_ok(good && count_segments(dir) < most, "after a backlog, segments are given back");
        tap_ok(read_many(in, at + 200, 200), "and nothing is lost by it");
        inbox_close(in);
        mem_free(dir);
}

/* The head of the last segment, and its name. */
static struct place last_place(struct inbox *in, char name[SEGMENT_NAME_SIZE])
{
        struct place head;

        shared_place_get(&in->live->head, &head);
        segment_name(name, head.in.serial);
        return head;
}

static void test_torn(void)
{
        static const char *const tails[] = { "zeros", "garbage", "a torn record",
                                             "a whole record behind a torn one" };
        char name[SEGMENT_NAME_SIZE];
        uint8_t bytes[256];

        for (int i = 0; i < 4; i++) {
                char *dir = tap_dir();
                struct inbox *in = open_small(dir, 0);
                struct place head;
                struct record_head record = { 0, 0, 8, code_crc32c(0, "00000000", 8) };

                add_many(in, 1, 30);
                head = last_place(in, name);
                inbox_close(in);
                memset(bytes, i == 1 ? 0xA5 : 0, sizeof bytes);
                record.settled = 30;
                record.number = 31;
                if (i >= 2) {
                        record_head_write(bytes, &head.in, &record);
                        memcpy(bytes + RECORD_HEAD, "0000000X", 8); /* a payload not written */
                }
                record.number = 32;
                if (i == 3) {
                        record_head_write(bytes + 48, &head.in, &record);
                        memcpy(bytes + 48 + RECORD_HEAD, "00000000", 8);
                }
                if (head.offset + sizeof bytes > SMALL - SEGMENT_HEAD)
                        tap_ok(false, "the test must leave room in its segment");
                scribble(dir, name, (off_t)head.offset, bytes, 96);
                reboot(dir);
                in = open_small(dir, 0);
                tap_ok(read_many(in, 1, 30) && nothing_at(in, 31), "after %s: what was there",
                       tails[i]);
                tap_ok(add_many(in, 31, 5), "and it goes on");
                inbox_close(in);
                reboot(dir);
                in = open_small(dir, 0);
                tap_ok(read_many(in, 1, 35) && nothing_at(in, 36), "over the next reboot");
                inbox_close(in);
                mem_free(dir);
        }
}

static void test_damage(void)
{
        struct fail why = FAIL_CLEAR;
        struct buf record = BUF_NONE;
        char *dir = tap_dir(), name[SEGMENT_NAME_SIZE];
        struct inbox *in = open_small(dir, 0);
        uint64_t number = 0, zero = 0;

        for (int i = 1; i <= 5; i++)
                add_text(in, "12345678", NULL);
        last_place(in, name);
        /* Record 3: two whole records of 48 bytes before it. */
        scribble(dir, name, SEGMENT_HEAD + 2 * 48 + RECORD_HEAD, "X", 1);
        for (int again = 0; again < 2; again++) {
                tap_int(inbox_read(in, 2, &record, &number, &why), 1, "before the damage");
                tap_int(inbox_read(in, 3, &record, &number, &why), -1, "a damaged record");
                tap_int(why.kind, FAIL_BROKEN, "is broken: %s", why.text);
                tap_int((int64_t)number, 4, "and the next one is named");
                fail_clear(&why);
                tap_int(inbox_read(in, 3, &record, &number, &why), 1, "it is reported once");
                tap_int((int64_t)number, 4, "then the next one comes");
                tap_int(inbox_read(in, 5, &record, &number, &why), 1, "and the one after it");
                tap_int(inbox_check(dir, NULL, &why), -1, "a check finds it: %s", why.text);
                fail_clear(&why);
                /* After a reboot the end must be found behind the damage. */
                inbox_close(in);
                reboot(dir);
                in = open_small(dir, 0);
        }
        tap_int(inbox_release(in, 3, &why), 0, "damage can be released");
        tap_int(inbox_check(dir, NULL, &why), 0, "and is past: %s", why.text);
        add_many(in, 6, 40);
        scribble(dir, name, 0, &zero, sizeof zero);
        inbox_close(in);
        in = open_small(dir, 0);
        tap_int(inbox_read(in, 4, &record, &number, &why), 1, "a lost head has a copy");
        scribble(dir, name, -(off_t)SEGMENT_HEAD, &zero, sizeof zero);
        inbox_close(in);
        reboot(dir);
        in = open_small(dir, 0);
        tap_int(inbox_read(in, 4, &record, &number, &why), -1, "both heads lost is damage");
        tap_int(why.kind, FAIL_BROKEN, "named: %s", why.text);
        tap_ok(number > 4 && read_many(in, number, 45 - number), "the rest comes after it");
        tap_ok(add_many(in, 46, 3), "and new records are taken");
        inbox_close(in);
        buf_dispose(&record);
        mem_free(dir);
}

static void test_failures(void)
{
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir();
        struct inbox *in = open_small(dir, 0), *other = open_small(dir, 0);
        static const char large[400];
        char name[SEGMENT_NAME_SIZE];
        uint64_t at = 0;
        int status;

        add_many(in, 1, 3);
        syncs_to_fail = 1;
        tap_int(inbox_add(in, "lost", 4, NULL, &why), -1, "a failed sync is not acknowledged");
        tap_int(why.kind, FAIL_SYSTEM, "%s", why.text);
        fail_clear(&why);
        tap_ok(nothing_at(in, 4), "nor read");
        tap_ok(add_many(other, 4, 2), "another process goes on");
        tap_ok(add_many(in, 6, 2), "and so does this one");
        syncs_to_fail = 2; /* also of the segment that would replace the bad one */
        tap_int(inbox_add(in, "lost", 4, NULL, NULL), -1, "a sync fails");
        tap_int(inbox_add(in, "lost", 4, NULL, NULL), -1, "and so does going on");
        writes_to_fail = 1;
        tap_int(inbox_add(in, "lost", 4, NULL, &why), -1, "a failed write");
        tap_int(why.kind, FAIL_FULL, "%s", why.text);
        fail_clear(&why);
        tap_ok(add_many(in, 8, 2), "when the disk is well, it is");
        /* A new segment whose beginning failed may be on the disk: its first number disowns
         * what would be written into the segment before. */
        for (uint64_t i = 10, last = last_place(in, name).in.serial; i < 40; i++) {
                if (last_place(in, name).offset > SMALL - SEGMENT_HEAD - 300) {
                        syncs_to_fail = 1;
                        tap_int(inbox_add(in, large, sizeof large, NULL, NULL), -1,
                                "beginning a segment fails");
                        tap_ok(add_many(in, i, 1), "a small record goes on");
                        tap_ok(last_place(in, name).in.serial > last, "but in a new segment");
                        at = i + 1;
                        break;
                }
                add_many(in, i, 1);
        }
        tap_ok(at > 0, "the test came to the end of a segment");
        /* In the sync of its batch; in that of the segment it begins because of that; and in
         * the sync of the first batch of such a segment. */
        for (int sync = 0; sync < 3; sync++) {
                if (fork() == 0) {
                        struct inbox *mine = open_small(dir, 0);

                        syncs_to_die = sync == 2 ? 2 : 1;
                        inbox_add(mine, "ghost", 5, NULL, &why);
                        _exit(0);
                }
                wait(&status);
                tap_ok(WIFSIGNALED(status), "a writer is killed before its sync");
                tap_ok(nothing_at(in, at), "what it wrote is not read");
        }
        tap_ok(add_many(in, at, 4), "the next writer goes on");
        inbox_close(in);
        inbox_close(other);
        reboot(dir);
        in = open_small(dir, 0);
        tap_ok(read_many(in, 1, at + 3), "over a reboot");
        inbox_close(in);
        mem_free(dir);
}

static void test_backlog(void)
{
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir();
        struct inbox *in = open_small(dir, 20000);
        char text[200] = "";
        uint64_t last = 0, bytes = 0, at = 0;
        int got;

        memset(text, 'x', sizeof text);
        while ((got = inbox_add(in, text, sizeof text, &last, &why)) == 0 && last < 1000)
                ;
        inbox_depth(in, NULL, &bytes, NULL);
        tap_int(got, -1, "a backlog has a ceiling");
        tap_int(why.kind, FAIL_FULL, "%s", why.text);
        tap_ok(last > 50 && bytes <= 20000, "%" PRIu64 " records, %" PRIu64 " bytes", last, bytes);
        fail_clear(&why);
        for (int i = 0; got != 0 && i < 30; i++) { /* one segment's worth makes room */
                at++;
                tap_int(inbox_release(in, at, &why), 0, "release %" PRIu64, at);
                got = inbox_add(in, text, sizeof text, &last, NULL);
        }
        tap_int(got, 0, "room again after a release");
        tap_ok(count_segments(dir) <= 7, "the ceiling also bounds the disk");
        inbox_close(in);
        mem_free(dir);
}

static void test_full_disk(void)
{
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir(), *inside = file_path(dir, "in"), *stone = file_path(dir, "stone");
        struct buf filling = BUF_NONE;
        struct inbox *in;
        uint64_t last = 0;

        if (geteuid() != 0 || mount("none", dir, "tmpfs", 0, "size=128k,mode=0700") != 0) {
                tap_skip(5, "a small file system needs root");
                goto out;
        }
        buf_reserve(&filling, 40000);
        memset(filling.data, 'x', 40000);
        in = open_small(inside, 0);
        file_write(stone, filling.data, 40000, 0600, &why);
        while (inbox_add(in, filling.data, 1000, &last, &why) == 0 && last < 1000)
                ;
        tap_int(why.kind, FAIL_FULL, "a full disk: %s", why.text);
        tap_ok(last > 10, "after %" PRIu64 " records", last);
        fail_clear(&why);
        unlink(stone);
        tap_int(inbox_add(in, filling.data, 1000, &last, &why), 0, "it works when room is back %s",
                why.text);
        while (inbox_add(in, filling.data, 1000, &last, NULL) == 0 && last < 1000)
                ;
        fail_clear(&why);
        tap_int(inbox_release(in, last - 3, &why), 0, "full again, a release works");
        tap_int(inbox_add(in, filling.data, 1000, &last, &why), 0, "and makes room %s", why.text);
        inbox_close(in);
        umount(dir);
out:
        buf_dispose(&filling);
        mem_free(stone);
        mem_free(inside);
        mem_free(dir);
}

static struct inbox *interrupted;

static void on_signal(int signal)
{
        (void)signal;
        inbox_interrupt(interrupted);
}

static void test_bell(void)
{
        struct sigaction act = { .sa_handler = on_signal };
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir(), *bell = file_path(dir, "bell");
        struct inbox *in = open_small(dir, 0), *other = open_small(dir, 0);
        int64_t start = when_steady_ms();
        pid_t child, self = getpid();
        int status, rings = -1;

        tap_int(inbox_wait(in, 20, &why), 0, "nobody rings: the time is up");
        tap_ok(when_steady_ms() - start >= 19, "and not before");
        inbox_ring(other);
        tap_int(inbox_wait(in, -1, &why), 1, "a ring wakes, also when it came before");
        tap_int(inbox_wait(in, 0, &why), 0, "once");
        add_text(other, "a", NULL);
        tap_int(inbox_wait(in, -1, &why), 1, "an addition rings by itself");
        for (int i = 0; i < 70000; i++)
                inbox_ring(other);
        tap_int(inbox_wait(in, -1, &why), 1, "a FIFO full of rings is one ring");
        tap_int(inbox_wait(in, 0, &why), 0, "and is empty then");

        /* A reader who is awake is not rung for: he looks before he sleeps, and only then. */
        inbox_ring(other);
        inbox_wait(in, -1, &why);
        add_text(other, "awake", NULL);
        tap_int(ioctl(in->ear, FIONREAD, &rings), 0, "nobody rings for a reader who is awake:");
        tap_int(rings, 0, "nothing is in the FIFO");
        tap_int(inbox_wait(in, -1, &why), 1, "he finds the record before he sleeps");
        tap_int(inbox_wait(in, 1, &why), 0, "once");
        add_text(other, "asleep", NULL);
        ioctl(in->ear, FIONREAD, &rings);
        tap_int(rings, 1, "one who sleeps is rung for");
        tap_int(inbox_wait(in, -1, &why), 1, "and wakes");

        /* The ring is lost when nobody has the FIFO open; the record is seen all the same. */
        inbox_close(in);
        inbox_close(other);
        other = open_small(dir, 0);
        add_text(other, "b", NULL);
        inbox_close(other);
        in = open_small(dir, 0);
        tap_int(inbox_wait(in, -1, &why), 1, "a record whose ring was lost is news");
        nothing_at(in, 5);
        tap_int(inbox_wait(in, 0, &why), 0, "but only until the reader has looked");

        other = open_small(dir, 0);
        inbox_ring(other);
        inbox_wait(in, 0, &why);
        unlink(bell);
        inbox_wait(in, 0, &why);
        inbox_ring(other);
        tap_int(inbox_wait(in, -1, &why), 1, "a FIFO made anew is found by both");
        unlink(bell);
        file_write(bell, "", 0, 0600, &why);
        tap_int(inbox_wait(in, 0, &why), -1, "a file in its place");
        tap_int(why.kind, FAIL_DENIED, "%s", why.text);
        fail_clear(&why);
        tap_int(add_text(other, "c", NULL), 0, "does not keep records out");
        unlink(bell);

        interrupted = in;
        sigaction(SIGUSR1, &act, NULL);
        nothing_at(in, 6);
        raise(SIGUSR1);
        tap_int(inbox_wait(in, -1, &why), 1, "an interrupt before the wait");
        child = fork();
        if (child == 0) {
                usleep(20000);
                kill(self, SIGUSR1);
                _exit(0);
        }
        tap_int(inbox_wait(in, 20000, &why), 1, "and one during it");
        waitpid(child, &status, 0);
        tap_int(inbox_wait(in, 0, &why), 0, "are each said once");
        inbox_close(in);
        inbox_close(other);
        mem_free(bell);
        mem_free(dir);
}

static int compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

/* Plain CGI opens the inbox for each request. */
static void test_opening(void)
{
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir();
        struct inbox *in = open_small(dir, 0);
        int64_t took[101];

        add_many(in, 1, 2000);
        for (int i = 0; i < 101; i++) {
                struct inbox *mine;

                took[i] = when_steady_us();
                inbox_open(&mine, dir, 0, &why);
                took[i] = when_steady_us() - took[i];
                inbox_close(mine);
        }
        qsort(took, 101, sizeof *took, compare);
        tap_ok(took[50] < 200, "opening with 150 segments takes %" PRId64 " us", took[50]);
        inbox_close(in);
        mem_free(dir);
}

/* Threads that post and go on, beside threads that wait, while a reader follows. */
struct posted {
        struct inbox_post post;
        char text[32];
        int told, result;
};

static struct posted posts[THREADS][EACH];

static void told(struct inbox_post *post, int result, const struct fail *why)
{
        struct posted *p = (struct posted *)post;

        (void)why;
        p->told++;
        p->result = result;
}

static void *post_thread(void *context)
{
        int self = (int)(intptr_t)context;
        struct fail why = FAIL_CLEAR;

        for (int i = 0; i < EACH; i++) {
                struct posted *p = &posts[self][i];

                snprintf(p->text, sizeof p->text, "%d %d", self, i);
                p->post =
                    (struct inbox_post){ .record = p->text, .len = strlen(p->text), .done = told };
                if (inbox_post(shared, &p->post, &why) != 0)
                        p->told = -1;
                if (self % 2 == 0 && i % 5 == 0)
                        inbox_lead(shared, 1000000); /* nobody has waited for so long: nothing */
                if (i % 7 == 0)
                        inbox_lead(shared, 0);
        }
        inbox_lead(shared, 0);
        return NULL;
}

static void test_posts(void)
{
        pthread_t thread[THREADS], reader;
        int next[THREADS] = { 0 }, wrong_told = 0, before;
        static struct posted one, two;
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir();
        void *wrong;
        bool rising = true;

        shared = open_small(dir, 0);
        one.post = (struct inbox_post){ .record = NULL, .len = 1, .done = told };
        tap_int(inbox_post(shared, &one.post, &why), -1, "no bytes, but a length");
        one.post = (struct inbox_post){ .record = "", .len = SMALL, .done = told };
        tap_int(inbox_post(shared, &one.post, &why), -1, "more than a segment holds");
        tap_int(one.told, 0, "and nobody is told");
        fail_clear(&why);
        add_many(shared, 1, 1);
        inbox_lead(shared, 0); /* with nobody in line */
        one.post = (struct inbox_post){ .record = "one", .len = 3, .done = told };
        two.post = (struct inbox_post){ .record = "two", .len = 3, .done = told };
        inbox_post(shared, &one.post, &why);
        tap_ok(one.told == 0 && nothing_at(shared, 2), "what is posted waits");
        inbox_lead(shared, 60000000);
        tap_int(one.told, 0, "for longer than this");
        before = syncs;
        inbox_post(shared, &two.post, &why);
        inbox_lead(shared, 0);
        tap_ok(one.told == 1 && two.told == 1 && one.result == 0 && two.result == 0,
               "until somebody leads");
        tap_int((int64_t)(one.post.number * 10 + two.post.number), 23, "in order");
        tap_ok(syncs - before == 1, "with one sync");
        inbox_post(shared, &one.post, &why);
        syncs_to_fail = 1;
        tap_int(inbox_add(shared, "three", 5, NULL, &why), -1, "a failed sync is told to all:");
        tap_ok(one.told == 2 && one.result == -1, "also to who only posted");
        inbox_close(shared);
        mem_free(dir);
        dir = tap_dir();

        shared = open_small(dir, 0);
        before = syncs;
        pthread_create(&reader, NULL, read_thread, next);
        for (intptr_t i = 0; i < THREADS; i++)
                pthread_create(&thread[i], NULL, i % 4 == 3 ? add_thread : post_thread, (void *)i);
        for (int i = 0; i < THREADS; i++)
                pthread_join(thread[i], NULL);
        pthread_join(reader, &wrong);
        for (int t = 0; t < THREADS; t++) {
                for (int i = 0; i < EACH && t % 4 != 3; i++) {
                        wrong_told += posts[t][i].told != 1 || posts[t][i].result != 0;
                        rising &=
                            posts[t][i].post.number > (i > 0 ? posts[t][i - 1].post.number : 0);
                }
                for (int i = 0; i < EACH && t % 4 == 3; i++)
                        rising &= numbers[t][i] > (i > 0 ? numbers[t][i - 1] : 0);
        }
        tap_int(wrong_told, 0, "everybody was told once, and nobody is left when all have led");
        tap_ok(rising, "each thread's numbers rise, of those who wait and of those who do not");
        tap_ok(wrong == NULL, "the reader beside them saw every record once, in order");
        tap_ok(syncs - before < THREADS * EACH / 2, "with %d syncs for %d records", syncs - before,
               THREADS * EACH);
        inbox_close(shared);
        mem_free(dir);
}

int main(void)
{
        test_misuse();
        test_modes();
        test_bytes();
        test_order();
        test_threads();
        test_posts();
        test_processes();
        test_release();
        test_torn();
        test_damage();
        test_failures();
        test_backlog();
        test_full_disk();
        test_bell();
        test_opening();
        return tap_end();
}
