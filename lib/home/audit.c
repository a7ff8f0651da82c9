/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit log: appending. */
#include "home/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/secret.h"
#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/audit_private.h"

#define HEAD_BYTES 160
#define LOOK_BACK 65536 /* bytes that audit_add_once() looks through */
#define NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

char *audit_dir(const struct home *h, const char *org)
{
        return mem_format("%s/audit/%s", home_path(h), org);
}

char *audit_segment(const char *dir, uint64_t number)
{
        return mem_format("%s/%06" PRIu64 ".log", dir, number);
}

void audit_hash(const char *before, const char *text, size_t len, char out[65])
{
        struct buf all = BUF_NONE, hex = BUF_NONE;

        buf_add_text(&all, before);
        buf_add(&all, text, len);
        secret_sha256_hex(all.data, all.len, &hex);
        memcpy(out, hex.data, 65);
        buf_dispose(&all);
        buf_dispose(&hex);
}

int audit_head_read(const char *dir, struct audit_head *head, struct fail *why)
{
        char *path = file_path(dir, "head");
        struct buf text = BUF_NONE;
        int found = file_read(path, HEAD_BYTES, &text, why), used = 0;

        memset(head, 0, sizeof *head);
        memcpy(head->hash, NO_HASH, sizeof head->hash);
        if (found == 1 &&
            (sscanf(buf_text(&text), "%" SCNu64 " %" SCNu64 " %" SCNu64 " %64[0-9a-f] .%n",
                    &head->n, &head->segment, &head->size, head->hash, &used) != 4 ||
             used == 0 || strlen(head->hash) != 64)) {
                found = fail_set(why, FAIL_BROKEN, "%s is damaged", path);
                memset(head, 0, sizeof *head);
                memcpy(head->hash, NO_HASH, sizeof head->hash);
        }
        buf_dispose(&text);
        mem_free(path);
        return found;
}

/* In place and not synced: the lines are the truth, and one that stands behind the head is
 * taken in by the next who looks. */
static int write_head(const char *dir, const struct audit_head *head, struct fail *why)
{
        char *path = file_path(dir, "head"), text[HEAD_BYTES];
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), result = 0;
        int len = snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s .", head->n,
                           head->segment, head->size, head->hash);

        /* Always as long, so that nothing of an older one stays behind it. */
        memset(text + len, ' ', sizeof text - (size_t)len);
        text[sizeof text - 1] = '\n';
        if (fd < 0 || file_write_at(fd, text, sizeof text, 0) != 0)
                result = fail_errno(why, "cannot write %s", path);
        if (fd >= 0)
                close(fd);
        mem_free(path);
        return result;
}

/* Opens the log's directory (made when absent) and waits for its lock. */
static int lock(const char *dir, int how, struct fail *why)
{
        char *path;
        int fd;

        if (access(dir, F_OK) != 0 && file_make_dir(dir, why) != 0)
                return -1;
        path = file_path(dir, ".lock");
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || flock(fd, how) != 0) {
                fail_errno(why, "cannot lock %s", path);
                if (fd >= 0)
                        close(fd);
                fd = -1;
        }
        mem_free(path);
        return fd;
}

int audit_hold(struct home *h, const char *org, struct fail *why)
{
        char *dir = audit_dir(h, org);
        int fd = lock(dir, LOCK_SH, why);

        mem_free(dir);
        return fd;
}

void audit_release(int held)
{
        if (held >= 0)
                close(held);
}

struct appending {
        const char *org, *dir;
        struct audit_head head;
        int fd; /* of the segment */
        struct fail *why;
};

/* One line behind the last.  json has no line break: it is compact. */
static int put_line(struct appending *a, json_t *value, bool record)
{
        struct buf line = BUF_NONE, json = BUF_NONE;
        char hash[65];
        int result = 0;

        json_write(value, &json);
        audit_hash(a->head.hash, json.data, json.len, hash);
        buf_format(&line, "%s %s\n", hash, buf_text(&json));
        if (file_write_at(a->fd, line.data, line.len, (off_t)a->head.size) != 0 ||
            fdatasync(a->fd) != 0) {
                result = fail_errno(a->why, "cannot write the audit log of %s", a->org);
                /* A part of a line must not stand before the next one. */
                if (ftruncate(a->fd, (off_t)a->head.size) != 0)
                        log_event(LOG_LEVEL_ERROR, "audit log not cut back", "org", a->org, NULL);
        } else {
                a->head.size += line.len;
                a->head.n += record;
                memcpy(a->head.hash, hash, sizeof hash);
        }
        buf_dispose(&line);
        buf_dispose(&json);
        json_decref(value);
        return result;
}

static int open_segment(struct appending *a, bool fresh)
{
        char *path = audit_segment(a->dir, a->head.segment);
        json_t *first;
        int result = 0;

        a->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (fresh ? O_CREAT | O_TRUNC : 0), 0600);
        if (a->fd < 0) {
                result = fail_errno(a->why, "cannot open %s", path);
        } else if (fresh) {
                a->head.size = 0;
                first = json_object();
                json_set_int(first, "segment", (int64_t)a->head.segment);
                json_set_int(first, "after", (int64_t)a->head.n);
                json_set_text(first, "prev", a->head.hash);
                result = file_sync_dir(a->dir, a->why);
                if (result == 0)
                        result = put_line(a, first, false);
                else
                        json_decref(first);
        }
        mem_free(path);
        return result;
}

static json_t *record_of(const struct appending *a, const struct audit_entry *e)
{
        const struct {
                const char *name, *text;
        } texts[] = { { "org", e->org }, { "who", e->who },     { "from", e->from },
                      { "did", e->did }, { "about", e->about }, { "request", e->request } };
        json_t *record = json_object();
        struct buf whole = BUF_NONE;

        json_set_int(record, "n", (int64_t)a->head.n + 1);
        json_set_int(record, "at_ms", when_now_ms());
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
                char *text = mem_text(text_or(texts[i].text, ""));

                text_cut(text, AUDIT_TEXT_MAX);
                if (*text != '\0')
                        json_set_text(record, texts[i].name, text);
                mem_free(text);
        }
        if (e->detail != NULL) {
                json_write(e->detail, &whole);
                if (whole.len <= AUDIT_LINE_MAX / 2)
                        json_set(record, "detail", json_deep_copy(e->detail));
        }
        buf_dispose(&whole);
        return record;
}

/* Says in the log itself what was found wrong with it. */
static int put_finding(struct appending *a, const char *did, const char *about)
{
        const struct audit_entry e = {
                .org = a->org, .who = "fairlead", .from = "here", .did = did, .about = about
        };

        return put_line(a, record_of(a, &e), true);
}

/* Finds the end of what stands: behind the head there may be lines whose writer died before he
 * said so, and then a part of one. */
static int find_end(struct appending *a)
{
        struct audit_walk walk = { a->head, a->head.n, true };
        struct buf rest = BUF_NONE;
        struct stat st;
        enum audit_line line = AUDIT_LINE_GOOD;
        size_t used, at = 0;
        int result = 0;

        if (fstat(a->fd, &st) != 0)
                return fail_errno(a->why, "cannot look at the audit log of %s", a->org);
        if ((uint64_t)st.st_size == a->head.size && st.st_size > 0)
                return 0;
        if ((uint64_t)st.st_size < a->head.size) {
                a->head.size = (uint64_t)st.st_size;
                /* Half a line may be left: ours begins on one of its own. */
                if (file_write_at(a->fd, "\n", 1, st.st_size) != 0)
                        return fail_errno(a->why, "cannot write the audit log of %s", a->org);
                a->head.size++;
                return put_finding(a, "audit.damaged", "lines were taken away at the end");
        }
        buf_reserve(&rest, (size_t)st.st_size - (size_t)a->head.size + 1);
        rest.len = (size_t)st.st_size - (size_t)a->head.size;
        if (file_read_at(a->fd, rest.data, rest.len, (off_t)a->head.size) != (ssize_t)rest.len) {
                result = fail_errno(a->why, "cannot read the audit log of %s", a->org);
                goto out;
        }
        while (at < rest.len && line == AUDIT_LINE_GOOD) {
                line = audit_step(&walk, rest.data + at, rest.len - at, &used);
                if (line == AUDIT_LINE_GOOD)
                        at += used;
        }
        a->head = walk.at;
        if (line == AUDIT_LINE_BAD) {
                /* Not ours and not a crash: it stays for whoever verifies. */
                a->head.size = (uint64_t)st.st_size;
                result = put_finding(a, "audit.damaged", "a line that was not written here");
        } else if (a->head.size == 0) { /* not even the first line of its segment */
                close(a->fd);
                result = open_segment(a, true);
        } else if (line == AUDIT_LINE_CUT) {
                if (ftruncate(a->fd, (off_t)a->head.size) != 0)
                        result = fail_errno(a->why, "cannot mend the audit log of %s", a->org);
                else
                        result = put_finding(a, "audit.mended", "a line that a crash cut off");
        }
out:
        buf_dispose(&rest);
        return result;
}

/* The head is not synced: after a power cut there may be segments it does not know. */
static int go_on(struct appending *a)
{
        int result = find_end(a);

        while (result == 0) {
                char *path = audit_segment(a->dir, a->head.segment + 1);
                bool there = access(path, F_OK) == 0;

                mem_free(path);
                if (!there)
                        break;
                close(a->fd);
                a->head.segment++;
                a->head.size = 0;
                result = open_segment(a, false);
                if (result == 0)
                        result = find_end(a);
        }
        return result;
}

/* The head is gone although there are segments: start from the last one's own words. */
static int without_head(struct appending *a, uint64_t last)
{
        struct audit_walk walk = { .first = 0 };
        char *path = audit_segment(a->dir, last);
        struct buf text = BUF_NONE;
        size_t at = 0, used;
        int result = file_read(path, (size_t)4 * AUDIT_SEGMENT_BYTES, &text, a->why) == 1 ? 0 : -1;

        memcpy(walk.at.hash, NO_HASH, sizeof walk.at.hash);
        while (result == 0 && at < text.len &&
               audit_step(&walk, text.data + at, text.len - at, &used) == AUDIT_LINE_GOOD)
                at += used;
        a->head = walk.at;
        a->head.segment = last;
        if (result == 0)
                result = open_segment(a, false);
        if (result == 0 && ftruncate(a->fd, (off_t)a->head.size) != 0)
                result = fail_errno(a->why, "%s", path);
        if (result == 0)
                result = put_finding(a, "audit.damaged", "the head of the log was missing");
        buf_dispose(&text);
        mem_free(path);
        return result;
}

/* Opens the segment to append to and leaves head at its end. */
static int open_end(struct appending *a)
{
        struct fail headless = FAIL_CLEAR;
        uint64_t *segments = NULL;
        size_t count = 0;
        int found = audit_head_read(a->dir, &a->head, &headless), result;

        if (found != 1) {
                if (audit_segments(a->dir, &segments, &count, a->why) != 0)
                        return -1;
                if (count > 0)
                        result = without_head(a, segments[count - 1]);
                else
                        a->head.segment = 1, result = open_segment(a, true);
                mem_free(segments);
                return result;
        }
        return open_segment(a, false) == 0 ? go_on(a) : -1;
}

static bool is_same(const json_t *record, const struct audit_entry *e)
{
        return text_equal(json_get_text(record, "who", NULL), e->who) &&
               text_equal(json_get_text(record, "from", NULL), e->from) &&
               text_equal(json_get_text(record, "did", NULL), e->did) &&
               text_equal(json_get_text(record, "about", NULL), e->about);
}

/* Is it in the last lines already? */
static bool is_known(const struct appending *a, const struct audit_entry *e, int64_t since_ms)
{
        size_t len = a->head.size < LOOK_BACK ? (size_t)a->head.size : LOOK_BACK;
        char *text = mem_alloc(len + 1), *rest = text, *line;
        bool known = false;

        if (file_read_at(a->fd, text, len, (off_t)(a->head.size - len)) == (ssize_t)len) {
                while (!known && (line = text_next(&rest, '\n')) != NULL) {
                        json_t *record = strlen(line) > 65
                                             ? json_parse(line + 65, strlen(line + 65), false, NULL)
                                             : NULL;

                        known = record != NULL && is_same(record, e) &&
                                json_get_int(record, "at_ms", 0) >= since_ms;
                        json_decref(record);
                }
        }
        mem_free(text);
        return known;
}

/* since_ms: when it is known since then, nothing is written; INT64_MAX: always written. */
static int add(struct home *h, const struct audit_entry *e, int64_t since_ms, struct fail *why)
{
        char *dir = audit_dir(h, e->org);
        struct appending a = { .org = e->org, .dir = dir, .fd = -1, .why = why };
        int held = lock(dir, LOCK_EX, why), result = -1;

        if (held < 0 || open_end(&a) != 0)
                goto out;
        result = 0;
        if (since_ms == INT64_MAX || !is_known(&a, e, since_ms)) {
                if (a.head.size >= AUDIT_SEGMENT_BYTES) {
                        close(a.fd);
                        a.fd = -1;
                        a.head.segment++;
                        result = open_segment(&a, true);
                }
                if (result == 0)
                        result = put_line(&a, record_of(&a, e), true);
        }
        /* Also when the line failed: a new segment or a mended end is true all the same. */
        if (a.fd >= 0 && write_head(dir, &a.head, why) != 0)
                result = -1;
out:
        if (a.fd >= 0)
                close(a.fd);
        audit_release(held);
        mem_free(dir);
        return result;
}

int audit_add(struct home *h, const struct audit_entry *entry, struct fail *why)
{
        return add(h, entry, INT64_MAX, why);
}

int audit_add_once(struct home *h, const struct audit_entry *entry, int64_t within_ms,
                   struct fail *why)
{
        return add(h, entry, when_now_ms() - within_ms, why);
}
