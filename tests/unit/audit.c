/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit log: appending by many, verifying, damage told from tampering, backup. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/buf.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "home/audit.h"
#include "home/backup.h"

static char *top;
static struct home *home;
static int homes;

/* A fresh home for each case. */
static void fresh(void)
{
        struct fail why = FAIL_CLEAR;
        char name[16], *path;
        bool made;

        home_close(home);
        snprintf(name, sizeof name, "home%d", ++homes);
        path = file_path(top, name);
        if (home_create(path, &made, &why) != 0 || home_open(&home, path, &why) != 1)
                tap_ok(false, "a home: %s", why.text);
        mem_free(path);
}

static int add(const char *org, const char *did, const char *about)
{
        const struct audit_entry e = { .org = org,
                                       .who = "ada@example.com",
                                       .from = "192.0.2.7",
                                       .did = did,
                                       .about = about };
        struct fail why = FAIL_CLEAR;
        int result = audit_add(home, &e, &why);

        if (result != 0)
                tap_note("%s", why.text);
        return result;
}

static enum audit_state verify(const char *org, struct audit_check *check)
{
        struct fail why = FAIL_CLEAR;

        if (audit_verify(home, org, 0, NULL, check, &why) != 0)
                tap_ok(false, "verify: %s", why.text);
        return check->state;
}

static char *part(const char *name)
{
        return mem_format("%s/audit/acme/%s", home_path(home), name);
}

static void cut(const char *name, long bytes)
{
        char *path = part(name);
        struct stat st;

        if (stat(path, &st) != 0 || truncate(path, st.st_size + bytes) != 0)
                tap_ok(false, "cut %s", path);
        mem_free(path);
}

static void scribble(const char *name, long at, const char *text)
{
        char *path = part(name);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        off_t where = lseek(fd, at, at < 0 ? SEEK_END : SEEK_SET);

        if (fd < 0 || where < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
                tap_ok(false, "scribble %s", path);
        close(fd);
        mem_free(path);
}

static int visit_add(void *context, const char *line, size_t len)
{
        buf_add(context, line, len);
        buf_add_char(context, '\n');
        return 0;
}

static void test_chain(void)
{
        struct audit_check check;
        struct fail why = FAIL_CLEAR;
        struct buf text = BUF_NONE;
        json_t *list = NULL;
        char noted[65];

        fresh();
        tap_int(verify("acme", &check), AUDIT_WHOLE, "an empty log is whole");
        tap_int((int64_t)check.last, 0, "and holds nothing");
        tap_int(add("acme", "key.issued", "key <b>abcd</b>\n"), 0, "one record");
        verify("acme", &check);
        memcpy(noted, check.hash, sizeof noted);
        tap_int(add("acme", "key.revoked", "key abcd"), 0, "another");
        tap_int(add("other", "key.revoked", "key abcd"), 0, "one of another org");
        tap_int(verify("acme", &check), AUDIT_WHOLE, "whole: %s", check.sentence);
        tap_int((int64_t)check.first * 10 + (int64_t)check.last, 12, "two of them");
        audit_verify(home, "acme", 1, noted, &check, &why);
        tap_ok(check.anchored && check.state == AUDIT_WHOLE, "the noted hash is in it");
        audit_verify(home, "acme", 2, noted, &check, &why);
        tap_ok(!check.anchored && check.state == AUDIT_CHANGED, "a wrong one is not: %s",
               check.sentence);
        tap_int(audit_last(home, "acme", 0, 10, NULL, NULL, &list, &why), 0, "looked at");
        tap_int((int64_t)json_array_size(list), 2, "two of our own");
        tap_text(json_get_text(json_array_get(list, 0), "did", ""), "key.revoked", "newest first");
        tap_text(json_get_text(json_array_get(list, 1), "about", ""), "key <b>abcd</b>\n",
                 "texts come back as they were");
        json_decref(list);
        tap_int(audit_export(home, "acme", visit_add, &text, &why), 0, "exported");
        audit_verify_text(text.data, text.len, 0, NULL, &check);
        tap_int(check.state, AUDIT_WHOLE, "an export can be verified: %s", check.sentence);
        tap_int((int64_t)check.last, 2, "all of it");
        text.data[text.len - 5] ^= 1;
        audit_verify_text(text.data, text.len, 0, NULL, &check);
        tap_int(check.state, AUDIT_CHANGED, "a changed export is seen: %s", check.sentence);
        buf_dispose(&text);
}

static void test_once(void)
{
        struct audit_entry e = { .org = "acme",
                                 .who = "somebody with the link",
                                 .from = "192.0.2.9",
                                 .did = "report.viewed",
                                 .about = "session cs:1" };
        struct audit_check check;
        struct fail why = FAIL_CLEAR;

        fresh();
        for (int i = 0; i < 5; i++)
                audit_add_once(home, &e, 3600000, &why);
        verify("acme", &check);
        tap_int((int64_t)check.last, 1, "the same thing again and again: one record");
        e.from = "192.0.2.10";
        audit_add_once(home, &e, 3600000, &why);
        e.about = "session cs:2";
        audit_add_once(home, &e, 3600000, &why);
        audit_add_once(home, &e, -1, &why);
        verify("acme", &check);
        tap_int((int64_t)check.last, 4, "another place, another thing, another time: each its own");
}

static void test_damage(void)
{
        const struct {
                const char *name;
                enum audit_state before; /* the next record was written */
                enum audit_state after;
        } rows[] = {
                { "a cut line behind the head", AUDIT_TORN, AUDIT_WHOLE },
                { "bytes that were never written", AUDIT_TORN, AUDIT_WHOLE },
                { "a record cut off at the end", AUDIT_CHANGED, AUDIT_CHANGED },
                { "half of the last record cut off", AUDIT_CHANGED, AUDIT_CHANGED },
                { "a changed letter", AUDIT_CHANGED, AUDIT_CHANGED },
                { "a line of somebody else's behind it", AUDIT_CHANGED, AUDIT_CHANGED },
                { "the head taken away", AUDIT_CHANGED, AUDIT_WHOLE },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct audit_check check;
                struct fail why = FAIL_CLEAR;
                json_t *list = NULL;
                char *path;

                fresh();
                add("acme", "one", NULL);
                add("acme", "two", NULL);
                add("acme", "three", NULL);
                path = part(i == 6 ? "head" : "000001.log");
                if (i == 0) {
                        cut("000001.log", 1);
                        scribble("000001.log", -1, "0123456789abcdef {\"n\":4");
                } else if (i == 1) {
                        cut("000001.log", 700);
                } else if (i == 2) {
                        struct buf text = BUF_NONE;

                        file_read(path, 1 << 20, &text, NULL);
                        cut("000001.log",
                            -(long)(text.len - 1 -
                                    (size_t)((char *)memrchr(text.data, '\n', text.len - 1) -
                                             text.data)));
                        buf_dispose(&text);
                } else if (i == 3) {
                        cut("000001.log", -30);
                } else if (i == 4) {
                        scribble("000001.log", -10, "x");
                } else if (i == 5) {
                        cut("000001.log", 1);
                        scribble("000001.log", -1,
                                 "0000000000000000000000000000000000000000000000000000000000000000"
                                 " {\"n\":4,\"did\":\"made.up\"}\n");
                } else if (unlink(path) != 0) {
                        tap_ok(false, "unlink");
                }
                tap_int(verify("acme", &check), rows[i].before, "%s: %s", rows[i].name,
                        check.sentence);
                tap_int(add("acme", "four", NULL), 0, "%s: the log goes on", rows[i].name);
                tap_int(verify("acme", &check), rows[i].after, "%s, then: %s", rows[i].name,
                        check.sentence);
                audit_last(home, "acme", 0, 2, NULL, NULL, &list, &why);
                tap_ok(strncmp(json_get_text(json_array_get(list, 1), "did", ""), "audit.", 6) ==
                               0 ||
                           i == 4,
                       "%s: the log itself tells of it", rows[i].name);
                json_decref(list);
                mem_free(path);
        }
}

static void test_segments(void)
{
        enum { LENGTH = 4000 };
        struct audit_check check;
        char *long_text = mem_alloc(LENGTH + 1), *path, *gone;
        json_t *detail = json_object();
        struct audit_entry e = { .org = "acme", .who = "ada@example.com", .did = "x" };
        struct fail why = FAIL_CLEAR;

        fresh();
        memset(long_text, 'x', LENGTH);
        json_set_text(detail, "text", long_text);
        e.about = long_text;
        e.detail = detail;
        path = part("000002.log");
        gone = part("000001.log");
        add("acme", "first", NULL);
        /* Grown without writing each: the ceiling is looked at, not how it was reached. */
        for (int i = 0; i < 4000 && access(path, F_OK) != 0; i++)
                if (audit_add(home, &e, &why) != 0)
                        break;
        tap_int(access(path, F_OK), 0, "a second segment begins");
        add("acme", "last", NULL);
        tap_int(verify("acme", &check), AUDIT_WHOLE, "whole over both: %s", check.sentence);
        tap_int((int64_t)check.first, 1, "from the first");
        unlink(gone);
        tap_int(verify("acme", &check), AUDIT_WHOLE, "whole without the oldest: %s",
                check.sentence);
        tap_ok(check.first > 1, "and says from where on");
        add("acme", "later", NULL);
        tap_int(verify("acme", &check), AUDIT_WHOLE, "and goes on");
        unlink(path);
        tap_int(verify("acme", &check), AUDIT_CHANGED, "without the newest: %s", check.sentence);
        mem_free(path);
        mem_free(gone);
        mem_free(long_text);
        json_decref(detail);
}

static void test_unsynced_head(void)
{
        struct audit_check check;
        struct buf old = BUF_NONE;
        char *path;

        fresh();
        add("acme", "one", NULL);
        path = part("head");
        file_read(path, 4096, &old, NULL);
        add("acme", "two", NULL);
        add("acme", "three", NULL);
        file_write(path, old.data, old.len, 0600, NULL); /* as after a power cut */
        tap_int(verify("acme", &check), AUDIT_WHOLE, "records behind the head count");
        tap_int((int64_t)check.last, 3, "all of them");
        add("acme", "four", NULL);
        tap_int(verify("acme", &check), AUDIT_WHOLE, "and the next one follows them");
        tap_int((int64_t)check.last, 4, "as number four");
        buf_dispose(&old);
        mem_free(path);
}

static void test_many(void)
{
        enum { PROCESSES = 6, EACH = 20 };
        struct audit_check check;
        int good = 0;

        fresh();
        for (int i = 0; i < PROCESSES; i++) {
                pid_t pid = fork();

                if (pid == 0) {
                        for (int k = 0; k < EACH; k++)
                                if (add("acme", "many", NULL) != 0)
                                        _exit(1);
                        _exit(0);
                }
        }
        for (int i = 0; i < PROCESSES; i++) {
                int status;

                if (wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
                        good++;
        }
        tap_int(good, PROCESSES, "six processes append at once");
        tap_int(verify("acme", &check), AUDIT_WHOLE, "whole: %s", check.sentence);
        tap_int((int64_t)check.last, PROCESSES * EACH, "none is lost");
}

static void test_backup(void)
{
        struct backup_count count;
        struct audit_check check;
        struct fail why = FAIL_CLEAR;
        char *file = file_path(top, "backup"), *path = file_path(top, "back");
        struct org *org;

        fresh();
        home_create_org(home, "acme", &org, &why);
        add("acme", "one", NULL);
        add("acme", "two", NULL);
        add(AUDIT_HOST, "host", NULL);
        tap_int(backup_write(home, file, true, &count, &why), 0, "backed up: %s", why.text);
        add("acme", "three", NULL);
        tap_int(backup_restore(home_path(home), file, true, NULL, &count, &why), 0,
                "restored in place: %s", why.text);
        tap_int(verify("acme", &check), AUDIT_WHOLE, "whole: %s", check.sentence);
        tap_int((int64_t)check.last, 3, "a log is not set back by a restore");
        tap_int(backup_restore(path, file, false, NULL, &count, &why), 0, "into a new home: %s",
                why.text);
        home_close(home);
        tap_int(home_open(&home, path, &why), 1, "opened");
        tap_int(verify("acme", &check), AUDIT_WHOLE, "whole there: %s", check.sentence);
        tap_int((int64_t)check.last, 2, "as it was backed up");
        tap_int(verify(AUDIT_HOST, &check), AUDIT_WHOLE, "the host's too");
        tap_int((int64_t)check.last, 1, "as it was");
        add("acme", "later", NULL);
        tap_int(verify("acme", &check), AUDIT_WHOLE, "and it goes on");
        mem_free(file);
        mem_free(path);
}

int main(void)
{
        top = tap_dir();
        test_chain();
        test_once();
        test_damage();
        test_segments();
        test_unsynced_head();
        test_many();
        test_backup();
        home_close(home);
        mem_free(top);
        return tap_end();
}
