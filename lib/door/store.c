/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State of one org: opening, and the look-ups of tables, series and sets. */
#include "door/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

#ifdef STORE_TORTURE
uint64_t store_test_segment(void)
{
        const char *text = getenv("FAIRLEAD_TEST_SEGMENT");

        return text == NULL ? 0 : strtoull(text, NULL, 10);
}

bool store_test_no_redo(void)
{
        return getenv("FAIRLEAD_TEST_NO_REDO") != NULL;
}
#else
uint64_t store_test_segment(void)
{
        return 0;
}

bool store_test_no_redo(void)
{
        return false;
}
#endif

static int check_modes(const char *what, int fd, struct fail *why)
{
        struct stat st;

        if (fstat(fd, &st) != 0)
                return fail_errno(why, "cannot look at %s", what);
        if (st.st_uid != geteuid())
                return fail_set(why, FAIL_DENIED,
                                "%s belongs to user %lu and this is user %lu: run it as that user",
                                what, (unsigned long)st.st_uid, (unsigned long)geteuid());
        if (st.st_mode & (S_IWGRP | S_IWOTH))
                return fail_set(why, FAIL_DENIED,
                                "%s is writable by its group or by others: chmod go-w %s", what,
                                what);
        return 0;
}

static int write_new(int dir_fd, const char *name, const void *data, size_t len, struct fail *why)
{
        int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        int result = 0;

        if (fd < 0)
                return fail_errno(why, "cannot create %s", name);
        if (file_write_at(fd, data, len, 0) != 0 || fsync(fd) != 0)
                result = fail_errno(why, "cannot write %s", name);
        close(fd);
        return result;
}

/* With the writer's lock held.  meta comes last: without it there is no store. */
static int create(struct store *s, struct fail *why)
{
        static const char zeros[STORE_SEGMENT_FIRST];
        unsigned char meta_bytes[STORE_META_SIZE] = { 0 };
        struct store_meta meta = { .schema = STORE_SCHEMA, .stamp = 1, .segment = 1 };

        if (unlinkat(s->dir_fd, "live", 0) != 0 && errno != ENOENT)
                return fail_errno(why, "cannot remove live");
        if (store_index_create(s->dir_fd, 0, why) != 0 ||
            store_index_create(s->dir_fd, 1, why) != 0 ||
            store_index_size(s->dir_fd, 0, &meta.size, why) != 0)
                return -1;
        store_meta_print(meta_bytes, &meta);
        store_meta_print(meta_bytes + STORE_META_SIZE / 2, &meta);
        if (write_new(s->dir_fd, "journal.0", zeros, sizeof zeros, why) != 0 ||
            write_new(s->dir_fd, "journal.1", zeros, sizeof zeros, why) != 0 ||
            store_live_map(s->dir_fd, true, &s->live, why) < 0 ||
            write_new(s->dir_fd, "meta.new", meta_bytes, sizeof meta_bytes, why) != 0)
                return -1;
        if (fsync(s->dir_fd) != 0 || renameat(s->dir_fd, "meta.new", s->dir_fd, "meta") != 0 ||
            fsync(s->dir_fd) != 0)
                return fail_errno(why, "cannot create a store in %s", s->dir);
        return 0;
}

/* 1 opened, 0 there is none, -1 why. */
static int open_parts(struct store *s, enum store_mode mode, struct fail *why)
{
        bool make = mode == STORE_CREATE;
        struct store_meta meta;
        int found, result = -1;

        if (make && file_make_dir(s->dir, why) != 0)
                return -1;
        s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->dir_fd < 0)
                return errno == ENOENT ? 0 : fail_errno(why, "cannot open %s", s->dir);
        if (check_modes(s->dir, s->dir_fd, why) != 0)
                return -1;
        s->lock_fd =
            openat(s->dir_fd, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
        if (s->lock_fd < 0)
                return errno == ENOENT ? 0 : fail_errno(why, "cannot open %s/lock", s->dir);
        found = store_meta_read(s->dir_fd, &meta, NULL, why);
        if (found < 0 || (found == 0 && !make))
                return found;
        if (found == 1 && store_live_map(s->dir_fd, false, &s->live, why) < 0)
                return -1;
        if (found == 1 && s->live != NULL && store_live_valid(s->live, s->boot) && !s->live->mark)
                return 1;
        if (store_write_lock(s, why) != 0)
                return -1;
        found = store_meta_read(s->dir_fd, &meta, NULL, why);
        if (found == 0 && create(s, why) != 0)
                goto out;
        if (found < 0 || (s->live == NULL && store_live_map(s->dir_fd, true, &s->live, why) < 0))
                goto out;
        if (store_live_valid(s->live, s->boot) && !s->live->mark)
                result = 1;
        else
                result = store_recover(s, false, why) == 0 ? 1 : -1;
out:
        store_write_unlock(s);
        return result;
}

int store_open(struct store **out, const char *dir, enum store_mode mode, struct fail *why)
{
        struct store *s = mem_alloc(sizeof *s);
        int result;

        *out = NULL;
        s->dir = mem_text(dir);
        s->dir_fd = s->lock_fd = s->journal_fd[0] = s->journal_fd[1] = -1;
        pthread_mutex_init(&s->reading, NULL);
        pthread_mutex_init(&s->writing, NULL);
        pthread_mutex_init(&s->queue, NULL);
        store_boot_id(s->boot);
        result = open_parts(s, mode, why);
        if (result == 1)
                *out = s;
        else
                store_close(s);
        return result;
}

void store_close(struct store *s)
{
        if (s == NULL)
                return;
        store_keep_end(s);
        store_index_close(&s->index);
        store_live_unmap(s->live);
        for (int i = 0; i < 2; i++)
                if (s->journal_fd[i] >= 0)
                        close(s->journal_fd[i]);
        if (s->lock_fd >= 0)
                close(s->lock_fd);
        if (s->dir_fd >= 0)
                close(s->dir_fd);
        pthread_mutex_destroy(&s->reading);
        pthread_mutex_destroy(&s->writing);
        pthread_mutex_destroy(&s->queue);
        mem_free(s->dir);
        mem_free(s);
}

/* With reading and a share of the index lock: the handle shows what is there now. */
int store_fresh(struct store *s, bool writer, struct fail *why)
{
        uint64_t now = s->live->generation;

        if (s->index.db != NULL && s->seen == now && (s->index.writer || !writer))
                return 0;
        store_index_close(&s->index);
        if (store_index_open(&s->index, s->dir_fd, s->live->current & 1, writer, why) != 0)
                return -1;
        s->seen = now;
        return 0;
}

int store_fetch_once(struct store *s, bool writer, const char *key, size_t key_len,
                     struct buf *value, uint64_t *seen, struct fail *why)
{
        int result = -1;

        pthread_mutex_lock(&s->reading);
        if (store_lock_share(s, why) != 0)
                goto out;
        *seen = s->live->generation;
        if (s->live->mark)
                fail_set(why, FAIL_BROKEN, "a writer died in the middle of a commit");
        else if (store_fresh(s, writer, why) == 0)
                result = store_index_fetch(&s->index, key, key_len, value, why);
        if (result < 0)
                store_index_close(&s->index);
        store_lock_unshare(s);
out:
        pthread_mutex_unlock(&s->reading);
        return result;
}

int store_fetch(struct store *s, const char *key, size_t key_len, struct buf *value,
                struct fail *why)
{
        struct fail cause;
        uint64_t seen = 0;
        int found;

        for (int tries = 0;; tries++) {
                fail_clear(&cause);
                if (value != NULL)
                        buf_reset(value);
                found = store_fetch_once(s, false, key, key_len, value, &seen, &cause);
                if (found >= 0)
                        return found;
                /* What is broken is mended first; a writer may die again meanwhile. */
                if (cause.kind != FAIL_BROKEN || tries == 4)
                        return fail_set(why, cause.kind, "%s: %s", s->dir, cause.text);
                if (store_mend(s, seen, why) != 0)
                        return -1;
        }
}

size_t store_key(char out[STORE_FULL_KEY_MAX + 1], char kind, const char *name, const char *key)
{
        size_t name_len = strlen(name), key_len = strlen(key);

        out[0] = kind;
        memcpy(out + 1, name, name_len + 1);
        memcpy(out + name_len + 2, key, key_len + 1);
        return name_len + 2 + key_len;
}

size_t store_key_number(char out[STORE_FULL_KEY_MAX + 1], char kind, const char *name,
                        uint64_t number)
{
        char text[24];

        snprintf(text, sizeof text, "%llu", (unsigned long long)number);
        return store_key(out, kind, name, text);
}

int store_number(const struct buf *text, uint64_t *number)
{
        int64_t value;

        if (text_int(buf_text(text), 0, INT64_MAX, &value) != 0)
                return -1;
        *number = (uint64_t)value;
        return 0;
}

static int look(struct store *s, char kind, const char *name, const char *key, struct buf *value,
                struct fail *why)
{
        char full[STORE_FULL_KEY_MAX + 1];

        if (!store_name_good(name))
                return fail_set(why, FAIL_INPUT, "not a name for a table, series or set: \"%.40s\"",
                                name == NULL ? "" : name);
        if (strlen(key) > STORE_KEY_MAX)
                return fail_set(why, FAIL_INPUT, "a key of %zu bytes: 1 to %d are allowed",
                                strlen(key), STORE_KEY_MAX);
        return store_fetch(s, full, store_key(full, kind, name, key), value, why);
}

static int look_number(struct store *s, char kind, const char *name, uint64_t *number,
                       struct fail *why)
{
        struct buf value = BUF_NONE;
        int found = look(s, kind, name, "", &value, why);

        *number = 0;
        if (found > 0 && store_number(&value, number) != 0)
                found =
                    fail_set(why, FAIL_BROKEN, "%s: the count of %s is no number", s->dir, name);
        buf_dispose(&value);
        return found < 0 ? -1 : 0;
}

int store_get(struct store *s, const char *table, const char *key, struct buf *value,
              struct fail *why)
{
        if (text_empty(key))
                return fail_set(why, FAIL_INPUT, "a look-up without a key");
        return look(s, 't', table, key, value, why);
}

int store_series_last(struct store *s, const char *series, uint64_t *last, struct fail *why)
{
        return look_number(s, 'c', series, last, why);
}

int store_series_get(struct store *s, const char *series, uint64_t number, struct buf *value,
                     struct fail *why)
{
        char text[24];

        snprintf(text, sizeof text, "%llu", (unsigned long long)number);
        return look(s, 's', series, text, value, why);
}

int store_set_has(struct store *s, const char *set, const char *member, struct fail *why)
{
        if (text_empty(member))
                return fail_set(why, FAIL_INPUT, "a look-up without a member");
        return look(s, 'm', set, member, NULL, why);
}

int store_set_count(struct store *s, const char *set, uint64_t *count, struct fail *why)
{
        return look_number(s, 'n', set, count, why);
}

/* All members, ended by NUL each, as of one moment: 0 read, -1 broken. */
static int members_once(struct store *s, const char *set, struct buf *members, uint64_t *count,
                        uint64_t *seen, struct fail *why)
{
        char key[STORE_FULL_KEY_MAX + 1];
        struct buf value = BUF_NONE;
        int found = -1;

        buf_reset(members);
        *count = 0;
        pthread_mutex_lock(&s->reading);
        if (store_lock_share(s, why) != 0)
                goto out;
        *seen = s->live->generation;
        if (s->live->mark)
                fail_set(why, FAIL_BROKEN, "a writer died in the middle of a commit");
        else if (store_fresh(s, false, why) == 0)
                found =
                    store_index_fetch(&s->index, key, store_key(key, 'n', set, ""), &value, why);
        if (found > 0 && store_number(&value, count) != 0)
                found = fail_set(why, FAIL_BROKEN, "the count of a set is no number");
        for (uint64_t i = 1; found >= 0 && i <= *count; i++) {
                found = store_index_fetch(&s->index, key, store_key_number(key, 'i', set, i),
                                          members, why);
                if (found == 0)
                        found = fail_set(why, FAIL_BROKEN, "a set has a hole");
                buf_add_char(members, '\0');
        }
        if (found < 0)
                store_index_close(&s->index);
        store_lock_unshare(s);
out:
        pthread_mutex_unlock(&s->reading);
        buf_dispose(&value);
        return found < 0 ? -1 : 0;
}

int store_set_list(struct store *s, const char *set,
                   int (*visit)(void *context, const char *member), void *context, struct fail *why)
{
        struct buf members = BUF_NONE;
        uint64_t count, seen = 0;
        struct fail cause;
        int result;

        if (!store_name_good(set))
                return fail_set(why, FAIL_INPUT, "not a name for a set");
        for (int tries = 0;; tries++) {
                fail_clear(&cause);
                result = members_once(s, set, &members, &count, &seen, &cause);
                if (result == 0)
                        break;
                if (cause.kind != FAIL_BROKEN || tries == 4) {
                        fail_set(why, cause.kind, "%s: %s", s->dir, cause.text);
                        goto out;
                }
                if (store_mend(s, seen, why) != 0)
                        goto out;
        }
        for (const char *p = members.data; count > 0 && result == 0; count--) {
                result = visit(context, p);
                p += strlen(p) + 1;
        }
out:
        buf_dispose(&members);
        return result;
}

uint64_t store_generation(struct store *s)
{
        return s->live->generation;
}

uint64_t store_stamp(struct store *s, const char *name)
{
        char key[STORE_FULL_KEY_MAX + 1];
        const struct store_live *live = s->live;
        size_t place;

        if (!store_name_good(name))
                return 0;
        place = store_live_place(key, store_key(key, 't', name, ""));
        return live->mark == 0 && live->stamped == live->generation ? live->stamps[place] : 0;
}
