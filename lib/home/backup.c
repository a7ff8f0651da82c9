/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file that holds a home as it stands. */
#include "home/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/audit_private.h"
#include "home/backup_file.h"
#include "home/inside.h"
#include "home/keyring.h"

struct writing {
        struct home *home;
        FILE *file;
        struct backup_count *count;
        struct fail *why;
};

static json_t *named(const char *name, const char *value)
{
        json_t *header = json_object();

        json_set_text(header, name, value);
        return header;
}

static int write_file(struct writing *w, const char *name)
{
        char *path = text_equal(name, "secrets") ? home_key_path(home_path(w->home))
                                                 : file_path(home_path(w->home), name);
        struct buf text = BUF_NONE;
        int found = file_read(path, BACKUP_DATA_MAX, &text, w->why), result = found;

        if (found > 0) {
                result = backup_put(w->file, 'f', named("name", name), text.data, text.len, w->why);
                w->count->files++;
        }
        buf_dispose_secret(&text);
        mem_free(path);
        return result < 0 ? -1 : 0;
}

/* Files below a directory of the home, two levels deep: data/ is no deeper. */
static int write_tree(struct writing *w, const char *name, int depth)
{
        char *path = file_path(home_path(w->home), name);
        DIR *dir = opendir(path);
        struct dirent *entry;
        int result = 0;

        if (dir == NULL) {
                result = errno == ENOENT ? 0 : fail_errno(w->why, "cannot open %s", path);
                mem_free(path);
                return result;
        }
        while (result == 0 && (entry = readdir(dir)) != NULL) {
                char *below = mem_format("%s/%s", name, entry->d_name);
                char *full = file_path(home_path(w->home), below);
                struct stat st;

                if (entry->d_name[0] != '.' && lstat(full, &st) == 0) {
                        if (S_ISREG(st.st_mode))
                                result = write_file(w, below);
                        else if (S_ISDIR(st.st_mode) && depth > 0)
                                result = write_tree(w, below, depth - 1);
                }
                mem_free(full);
                mem_free(below);
        }
        closedir(dir);
        mem_free(path);
        return result;
}

/* One audit log as it stands at one moment, its head last: a restored log without a head was
 * not restored whole. */
static int write_log(struct writing *w, const char *org)
{
        int held = audit_hold(w->home, org, w->why), result = held < 0 ? -1 : 0;
        char *dir = mem_format("%s/audit/%s", home_path(w->home), org), *head;
        uint64_t *list = NULL;
        size_t count = 0;

        if (result == 0)
                result = audit_segments(dir, &list, &count, w->why);
        for (size_t i = 0; result == 0 && i < count; i++) {
                char *name = mem_format("audit/%s/%06" PRIu64 ".log", org, list[i]);

                result = write_file(w, name);
                mem_free(name);
        }
        head = mem_format("audit/%s/head", org);
        if (result == 0)
                result = write_file(w, head);
        audit_release(held);
        mem_free(head);
        mem_free(list);
        mem_free(dir);
        return result;
}

static int write_logs(struct writing *w)
{
        char *path = file_path(home_path(w->home), "audit");
        DIR *dir = opendir(path);
        struct dirent *entry;
        int result = 0;

        if (dir == NULL)
                result = errno == ENOENT ? 0 : fail_errno(w->why, "cannot open %s", path);
        while (dir != NULL && result == 0 && (entry = readdir(dir)) != NULL) {
                if (text_equal(entry->d_name, AUDIT_HOST) ||
                    text_is_name(entry->d_name, HOME_ORG_NAME_MAX))
                        result = write_log(w, entry->d_name);
        }
        if (dir != NULL)
                closedir(dir);
        mem_free(path);
        return result;
}

/* What has arrived and may not have been worked on yet.  It comes before the orgs: what the
 * worker moves meanwhile is then in both, and restoring tells by the org's own place. */
static int write_inbox(struct writing *w)
{
        struct inbox *inbox = home_inbox(w->home, w->why);
        struct buf record = BUF_NONE;
        uint64_t number = 0, last = 0, bytes;
        int found = -1;

        if (inbox == NULL || inbox_released(inbox, &number, w->why) != 0 ||
            inbox_depth(inbox, &last, &bytes, w->why) != 0)
                return -1;
        while (number < last &&
               (found = inbox_read(inbox, number + 1, &record, &number, w->why)) > 0) {
                json_t *header = json_object();

                json_set_int(header, "number", (int64_t)number);
                if (backup_put(w->file, 'i', header, record.data, record.len, w->why) != 0) {
                        found = -1;
                        break;
                }
                w->count->waiting++;
                found = 0;
        }
        buf_dispose(&record);
        return number >= last || found == 0 ? 0 : -1;
}

static int write_record(void *context, const struct store_record *record)
{
        struct writing *w = context;
        json_t *header = json_object();
        char kind[2] = { record->kind, '\0' };

        json_set_text(header, "is", kind);
        json_set_text(header, "in", record->name);
        json_set_text(header, "key", record->key);
        if (record->data == NULL)
                json_set_bool(header, "bare", true);
        w->count->records++;
        return backup_put(w->file, 'r', header, record->data, record->len, w->why) == 0 ? 0 : 1;
}

static int write_records(struct writing *w, const char *name, struct org *org)
{
        if (backup_put(w->file, 'o', named("org", name), NULL, 0, w->why) != 0)
                return -1;
        return store_each(org->store, write_record, w, w->why) == 0 ? 0 : -1;
}

static int write_org(void *context, const char *name)
{
        struct writing *w = context;
        struct org *org;

        if (home_org(w->home, name, &org, w->why) != 1)
                return fail_set(w->why, FAIL_BROKEN, "cannot open the organisation %s", name);
        w->count->orgs++;
        return write_records(w, name, org);
}

static int write_host(struct writing *w)
{
        struct org *host;

        return home_host(w->home, &host, w->why) == 0 ? write_records(w, HOME_HOST, host) : -1;
}

static int write_all(struct writing *w, bool with_key)
{
        json_t *header = json_object();
        char id[9];

        json_set_int(header, "made_ms", when_now_ms());
        keyring_id(home_keyring(w->home), id);
        json_set_text(header, "key", id);
        json_set(header, "old", keyring_old_ids(home_keyring(w->home)));
        json_set_text(header, "release", PACKAGE_VERSION);
        if (backup_begin(w->file, w->why) != 0 ||
            backup_put(w->file, 'h', header, NULL, 0, w->why) != 0 || write_inbox(w) != 0 ||
            write_file(w, "settings") != 0 || (with_key && write_file(w, "secrets") != 0) ||
            write_tree(w, "data", 2) != 0 || write_logs(w) != 0 ||
            home_each_org(w->home, write_org, w, w->why) != 0 || write_host(w) != 0)
                return -1;
        header = json_object();
        json_set_int(header, "orgs", (int64_t)w->count->orgs);
        json_set_int(header, "records", (int64_t)w->count->records);
        json_set_int(header, "waiting", (int64_t)w->count->waiting);
        json_set_int(header, "files", (int64_t)w->count->files);
        if (backup_put(w->file, 'e', header, NULL, 0, w->why) != 0)
                return -1;
        if (fflush(w->file) != 0 || fsync(fileno(w->file)) != 0)
                return fail_errno(w->why, "cannot write the backup");
        return 0;
}

int backup_write(struct home *h, const char *path, bool with_key, struct backup_count *count,
                 struct fail *why)
{
        char *fresh = mem_format("%s.XXXXXX", path), *slash, *parent;
        int fd = mkostemp(fresh, O_CLOEXEC), result;
        struct writing w = { .home = h, .count = count, .why = why };

        *count = (struct backup_count){ 0 };
        if (fd < 0) {
                fail_errno(why, "cannot create a file beside %s", path);
                mem_free(fresh);
                return -1;
        }
        w.file = fdopen(fd, "wb");
        result = write_all(&w, with_key);
        if (fclose(w.file) != 0 && result == 0)
                result = fail_errno(why, "cannot write the backup");
        if (result == 0 && rename(fresh, path) != 0)
                result = fail_errno(why, "cannot name the backup %s", path);
        if (result != 0) {
                unlink(fresh);
        } else {
                slash = strrchr(path, '/');
                parent = slash == NULL
                             ? mem_text(".")
                             : mem_text_part(path, slash == path ? 1 : (size_t)(slash - path));
                result = file_sync_dir(parent, why);
                mem_free(parent);
        }
        mem_free(fresh);
        return result;
}
