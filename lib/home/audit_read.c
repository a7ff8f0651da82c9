/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit log: reading and verifying. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/audit_private.h"

#define SEGMENT_READ_MAX ((size_t)4 * AUDIT_SEGMENT_BYTES)
#define LAST_SEGMENTS 4 /* that audit_last() looks into */

/* The first line of a segment: where it goes on from. */
static bool begins_segment(struct audit_walk *w, const json_t *value)
{
        const char *prev = json_get_text(value, "prev", "");
        int64_t after = json_get_int(value, "after", -1);

        if (strlen(prev) != 64 || after < 0)
                return false;
        if (w->begun)
                return text_equal(prev, w->at.hash) && (uint64_t)after == w->at.n;
        /* What came before may have been taken away: its hash is believed. */
        w->begun = true;
        w->at.n = (uint64_t)after;
        memcpy(w->at.hash, prev, 65);
        return true;
}

enum audit_line audit_step(struct audit_walk *w, const char *text, size_t len, size_t *used)
{
        const char *end = memchr(text, '\n', len), *nul = memchr(text, '\0', len);
        enum audit_line result = AUDIT_LINE_BAD;
        json_t *value = NULL;
        char hash[65];
        size_t line;

        if (end == NULL || (nul != NULL && nul < end))
                return AUDIT_LINE_CUT;
        line = (size_t)(end - text);
        *used = line + 1;
        if (line > AUDIT_LINE_MAX || line < 67 || text[64] != ' ')
                return AUDIT_LINE_BAD;
        value = json_parse(text + 65, line - 65, true, NULL);
        if (value != NULL && json_at(value, "segment") != NULL) {
                if (!begins_segment(w, value))
                        goto out;
                w->at.size = 0;
                w->at.segment = (uint64_t)json_get_int(value, "segment", 0);
        } else if (value == NULL || !w->begun ||
                   json_get_int(value, "n", -1) != (int64_t)w->at.n + 1) {
                goto out;
        }
        audit_hash(w->at.hash, text + 65, line - 65, hash);
        if (memcmp(hash, text, 64) != 0)
                goto out;
        memcpy(w->at.hash, hash, sizeof hash);
        w->at.size += *used;
        if (json_at(value, "segment") == NULL) {
                w->at.n++;
                if (w->first == 0)
                        w->first = w->at.n;
        }
        result = AUDIT_LINE_GOOD;
out:
        json_decref(value);
        return result;
}

static int by_number(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

int audit_segments(const char *dir, uint64_t **list, size_t *count, struct fail *why)
{
        DIR *d = opendir(dir);
        struct dirent *entry;

        *list = NULL;
        *count = 0;
        if (d == NULL)
                return errno == ENOENT ? 0 : fail_errno(why, "cannot read %s", dir);
        while ((entry = readdir(d)) != NULL) {
                char *name = mem_text(entry->d_name);
                int64_t number;

                if (text_ends(name, ".log")) {
                        name[strlen(name) - 4] = '\0';
                        if (strspn(name, "0123456789") == strlen(name) && *name != '\0') {
                                number = (int64_t)strtoull(name, NULL, 10);
                                *list = mem_resize(*list, *count + 1, sizeof **list);
                                (*list)[(*count)++] = (uint64_t)number;
                        }
                }
                mem_free(name);
        }
        closedir(d);
        if (*count > 1)
                qsort(*list, *count, sizeof **list, by_number);
        return 0;
}

struct verifying {
        struct audit_walk walk;
        struct audit_check *check;
        uint64_t anchor_n;
        const char *anchor_hash;
};

static void __attribute__((format(printf, 3, 4)))
found(struct audit_check *check, enum audit_state state, const char *format, ...)
{
        va_list list;

        check->state = state;
        va_start(list, format);
        vsnprintf(check->sentence, sizeof check->sentence, format, list);
        va_end(list);
}

/* All lines of one piece; false when the walk cannot go on. */
static bool walk_text(struct verifying *v, const char *text, size_t len, bool last,
                      const struct audit_head *head)
{
        size_t at = 0, used = 0;

        while (at < len) {
                enum audit_line line = audit_step(&v->walk, text + at, len - at, &used);

                if (line == AUDIT_LINE_GOOD) {
                        at += used;
                        if (v->anchor_n != 0 && v->walk.at.n == v->anchor_n &&
                            text_equal(v->walk.at.hash, v->anchor_hash))
                                v->check->anchored = true;
                        continue;
                }
                if (line == AUDIT_LINE_CUT && last && head != NULL && v->walk.at.n >= head->n)
                        found(v->check, AUDIT_TORN,
                              "A crash cut off what was being written behind record %" PRIu64
                              "; nothing that was acknowledged is missing.",
                              v->walk.at.n);
                else
                        found(v->check, AUDIT_CHANGED,
                              "The line behind record %" PRIu64 " is not what was written there.",
                              v->walk.at.n);
                return false;
        }
        return true;
}

static void conclude(struct verifying *v)
{
        struct audit_check *check = v->check;

        check->first = v->walk.first;
        check->last = v->walk.first == 0 ? 0 : v->walk.at.n;
        memcpy(check->hash, v->walk.at.hash, sizeof check->hash);
        if (check->state == AUDIT_CHANGED || v->anchor_n == 0 || check->anchored)
                return;
        found(check, AUDIT_CHANGED, "Record %" PRIu64 " is not the one with the hash you noted.",
              v->anchor_n);
}

static void start(struct verifying *v, struct audit_check *check, uint64_t n, const char *hash)
{
        memset(check, 0, sizeof *check);
        memset(v, 0, sizeof *v);
        v->check = check;
        v->anchor_n = n;
        v->anchor_hash = hash;
        memset(v->walk.at.hash, '0', 64);
}

static int verify_segments(struct verifying *v, const char *dir, const struct audit_head *head,
                           int has_head, struct fail *why)
{
        uint64_t *list = NULL;
        size_t count = 0;
        bool going = true;
        int result = audit_segments(dir, &list, &count, why);

        for (size_t i = 0; result == 0 && going && i < count; i++) {
                char *path = audit_segment(dir, list[i]);
                struct buf text = BUF_NONE;

                if (i > 0 && list[i] != list[i - 1] + 1) {
                        found(v->check, AUDIT_CHANGED, "Segment %" PRIu64 " is missing.",
                              list[i - 1] + 1);
                        going = false;
                } else if (file_read(path, SEGMENT_READ_MAX, &text, why) != 1) {
                        result = fail_set(why, FAIL_SYSTEM, "cannot read %s", path);
                } else {
                        going = walk_text(v, text.data, text.len, i + 1 == count,
                                          has_head == 1 ? head : NULL);
                }
                buf_dispose(&text);
                mem_free(path);
        }
        if (result == 0 && v->check->state != AUDIT_CHANGED) {
                if (has_head != 1 && count > 0)
                        found(v->check, AUDIT_CHANGED,
                              "The file that says how far the log was "
                              "written is missing or damaged.");
                else if (has_head == 1 && head->n > v->walk.at.n)
                        found(v->check, AUDIT_CHANGED,
                              "Records were taken away at the end: there were %" PRIu64
                              ", the last one is now %" PRIu64 ".",
                              head->n, v->walk.at.n);
        }
        mem_free(list);
        return result;
}

int audit_verify(struct home *h, const char *org, uint64_t anchor_n, const char *anchor_hash,
                 struct audit_check *check, struct fail *why)
{
        char *dir = audit_dir(h, org);
        struct audit_head head;
        struct fail headless = FAIL_CLEAR;
        struct verifying v;
        int held, has_head, result;

        start(&v, check, anchor_n, anchor_hash);
        held = audit_hold(h, org, why);
        if (held < 0) {
                mem_free(dir);
                return -1;
        }
        has_head = audit_head_read(dir, &head, &headless);
        result = verify_segments(&v, dir, &head, has_head, why);
        audit_release(held);
        mem_free(dir);
        conclude(&v);
        if (check->state == AUDIT_WHOLE && check->first > 1)
                snprintf(check->sentence, sizeof check->sentence,
                         "Whole from record %" PRIu64 " on; what came before was taken away.",
                         check->first);
        else if (check->state == AUDIT_WHOLE)
                snprintf(check->sentence, sizeof check->sentence, "Whole.");
        return result;
}

void audit_verify_text(const char *text, size_t len, uint64_t anchor_n, const char *anchor_hash,
                       struct audit_check *check)
{
        struct verifying v;

        start(&v, check, anchor_n, anchor_hash);
        walk_text(&v, text, len, false, NULL);
        conclude(&v);
        if (check->state == AUDIT_WHOLE)
                snprintf(check->sentence, sizeof check->sentence, "Whole.");
}

static int each_line(const struct buf *text,
                     int (*visit)(void *context, const char *line, size_t len), void *context)
{
        int result = 0;

        for (size_t at = 0; result == 0 && at < text->len;) {
                const char *end = memchr(text->data + at, '\n', text->len - at);
                size_t len;

                if (end == NULL)
                        break;
                len = (size_t)(end - text->data) - at;
                result = visit(context, text->data + at, len);
                at += len + 1;
        }
        return result;
}

int audit_export(struct home *h, const char *org,
                 int (*visit)(void *context, const char *line, size_t len), void *context,
                 struct fail *why)
{
        char *dir = audit_dir(h, org);
        uint64_t *list = NULL;
        size_t count = 0;
        int result = audit_segments(dir, &list, &count, why);

        for (size_t i = 0; result == 0 && i < count; i++) {
                char *path = audit_segment(dir, list[i]);
                struct buf text = BUF_NONE;

                if (file_read(path, SEGMENT_READ_MAX, &text, why) != 1)
                        result = fail_set(why, FAIL_SYSTEM, "cannot read %s", path);
                else
                        result = each_line(&text, visit, context);
                buf_dispose(&text);
                mem_free(path);
        }
        mem_free(list);
        mem_free(dir);
        return result;
}

struct gathering {
        json_t *list;
        uint64_t before;
        unsigned limit;
        bool (*keep)(void *context, const json_t *record);
        void *context;
};

/* The lines of one segment, last one first. */
static void gather(struct gathering *g, const struct buf *text)
{
        size_t end = text->len;

        while (end > 0 && json_array_size(g->list) < g->limit) {
                const char *line = memrchr(text->data, '\n', end - 1);
                size_t start = line == NULL ? 0 : (size_t)(line - text->data) + 1;
                json_t *record = NULL;

                if (end - start > 66)
                        record = json_parse(text->data + start + 65, end - start - 66, false, NULL);
                if (record != NULL && json_at(record, "n") != NULL &&
                    (g->before == 0 || json_get_int(record, "n", 0) < (int64_t)g->before) &&
                    (g->keep == NULL || g->keep(g->context, record)))
                        json_add(g->list, json_incref(record));
                json_decref(record);
                end = start;
        }
}

int audit_last(struct home *h, const char *org, uint64_t before, unsigned limit,
               bool (*keep)(void *context, const json_t *record), void *context, json_t **list,
               struct fail *why)
{
        struct gathering g = { json_array(), before, limit, keep, context };
        char *dir = audit_dir(h, org);
        uint64_t *segments = NULL;
        size_t count = 0, looked = 0;
        int result = audit_segments(dir, &segments, &count, why);

        while (result == 0 && count > 0 && looked < LAST_SEGMENTS &&
               json_array_size(g.list) < limit) {
                char *path = audit_segment(dir, segments[--count]);
                struct buf text = BUF_NONE;
                int got = file_read(path, SEGMENT_READ_MAX, &text, why);

                if (got < 0)
                        result = -1;
                else if (text.len > 0)
                        gather(&g, &text);
                looked++;
                buf_dispose(&text);
                mem_free(path);
        }
        mem_free(segments);
        mem_free(dir);
        if (result == 0)
                *list = g.list;
        else
                json_decref(g.list);
        return result;
}
