/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One home: directory, master key, inbox, orgs. */
#include "home/home.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/inside.h"
#include "home/keyring.h"

#define BUCKETS 256 /* of the table of open orgs; chains grow, nothing is lost */

/* An org's place in the table.  Opening one may take seconds (recovery) and must not keep the
 * others waiting, so each slot has a lock of its own. */
struct slot {
        struct org org; /* store is NULL until it is open */
        pthread_mutex_t opening;
        struct slot *next;
};

struct home {
        char *path;
        char *data;
        struct keyring *ring;
        int orgs_fd; /* directory orgs/ */
        int worker_fd;
        pthread_mutex_t lock; /* guards all below */
        struct inbox *inbox;
        struct store *nobody;
        struct slot *orgs[BUCKETS];
};

static const char *const parts[] = { "orgs", "audit", "data", "run" };

char *home_key_path(const char *path)
{
        const char *elsewhere = secure_getenv("FAIRLEAD_SECRETS");

        return text_empty(elsewhere) ? file_path(path, "secrets") : mem_text(elsewhere);
}

static int make_part(const char *home, const char *name, bool *made, struct fail *why)
{
        char *path = name == NULL ? mem_text(home) : file_path(home, name);
        struct stat st;
        int result = 0;

        if (lstat(path, &st) != 0) {
                *made = true;
                result = file_make_dir(path, why);
        } else if (!S_ISDIR(st.st_mode)) {
                result = fail_set(why, FAIL_CONFLICT, "%s is there and is no directory", path);
        }
        mem_free(path);
        return result;
}

/* Is there any org?  A home that has some and no key has lost it: a new one would open
 * nothing of what is sealed. */
static bool has_orgs(const char *home)
{
        char *path = file_path(home, "orgs");
        DIR *dir = opendir(path);
        struct dirent *entry;
        bool some = false;

        while (dir != NULL && !some && (entry = readdir(dir)) != NULL)
                some = entry->d_name[0] != '.';
        if (dir != NULL)
                closedir(dir);
        mem_free(path);
        return some;
}

static int make_key(const char *home, bool *made, struct fail *why)
{
        char *path = home_key_path(home);
        struct keyring *ring = NULL;
        int found = keyring_open(&ring, path, why);

        keyring_close(ring);
        if (found == 0 && has_orgs(home)) {
                found = fail_set(why, FAIL_DENIED,
                                 "the master key %s is missing although there are orgs: put it "
                                 "back, a new one could not open their secrets",
                                 path);
        } else if (found == 0) {
                *made = true;
                found = secret_key_create(path, why) == 0 ? 1 : -1;
        }
        mem_free(path);
        return found == 1 ? 0 : -1;
}

/* Somebody else's directory, or one that others can enter, is no place for secrets. */
static int check_modes(const char *path, struct fail *why)
{
        struct stat st;

        if (stat(path, &st) != 0)
                return errno == ENOENT ? 0 : fail_errno(why, "home %s", path);
        if (!S_ISDIR(st.st_mode))
                return fail_set(why, FAIL_INPUT, "home %s is no directory", path);
        if (st.st_uid != geteuid())
                return fail_set(why, FAIL_DENIED,
                                "home %s belongs to user %lu, this process runs as %lu", path,
                                (unsigned long)st.st_uid, (unsigned long)geteuid());
        if ((st.st_mode & 077) != 0)
                return fail_set(why, FAIL_DENIED,
                                "home %s is open to others (mode %04o): chmod 0700 it", path,
                                (unsigned)st.st_mode & 07777);
        return 1;
}

/* The empty store of home_nobody(), made early: on a full disk an unknown org must still look
 * like an unknown hook. */
static int make_nobody(const char *home, struct fail *why)
{
        char *path = file_path(home, "run/nobody");
        struct store *store = NULL;
        int result = store_open(&store, path, STORE_CREATE, why) == 1 ? 0 : -1;

        store_close(store);
        mem_free(path);
        return result;
}

int home_create(const char *path, bool *made, struct fail *why)
{
        char *inbox = file_path(path, "inbox");
        struct inbox *in = NULL;
        int result = -1;

        *made = false;
        if (make_part(path, NULL, made, why) != 0 || check_modes(path, why) != 1)
                goto out;
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
                if (make_part(path, parts[i], made, why) != 0)
                        goto out;
        if (make_key(path, made, why) != 0 || make_nobody(path, why) != 0)
                goto out;
        if (access(inbox, F_OK) != 0)
                *made = true;
        if (inbox_open(&in, inbox, 0, why) != 0)
                goto out;
        inbox_close(in);
        result = 0;
out:
        mem_free(inbox);
        return result;
}

/* Each open org costs a handful of descriptors; a host with a thousand orgs needs more than
 * the usual soft limit. */
static void raise_limit(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_NOFILE, &limit);
        }
}

int home_open(struct home **out, const char *path, struct fail *why)
{
        struct home *h;
        char *key, *orgs;
        int found;

        *out = NULL;
        if (text_empty(path))
                return fail_set(why, FAIL_INPUT, "no home is named: set FAIRLEAD_HOME");
        found = check_modes(path, why);
        if (found != 1)
                return found;
        h = mem_alloc(sizeof *h);
        h->path = mem_text(path);
        h->data = file_path(path, "data");
        h->worker_fd = -1;
        pthread_mutex_init(&h->lock, NULL);
        key = home_key_path(path);
        orgs = file_path(path, "orgs");
        h->orgs_fd = open(orgs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (h->orgs_fd < 0)
                found = fail_errno(why, "%s (made by fairlead init)", orgs);
        else if ((found = keyring_open(&h->ring, key, why)) == 0)
                found = fail_set(why, FAIL_DENIED, "the master key %s is missing", key);
        mem_free(key);
        mem_free(orgs);
        if (found != 1) {
                home_close(h);
                return -1;
        }
        raise_limit();
        *out = h;
        return 1;
}

static void close_org(struct slot *slot)
{
        connection_forget_all(slot->org.private);
        record_cache_free(slot->org.private);
        pthread_mutex_destroy(&slot->org.private->lock);
        mem_free(slot->org.private);
        store_close(slot->org.store);
        pthread_mutex_destroy(&slot->opening);
        mem_free(slot);
}

void home_close(struct home *h)
{
        if (h == NULL)
                return;
        for (size_t i = 0; i < BUCKETS; i++)
                for (struct slot *slot = h->orgs[i], *next; slot != NULL; slot = next) {
                        next = slot->next;
                        close_org(slot);
                }
        home_unlock_worker(h);
        if (h->inbox != NULL)
                inbox_close(h->inbox);
        store_close(h->nobody);
        if (h->orgs_fd >= 0)
                close(h->orgs_fd);
        pthread_mutex_destroy(&h->lock);
        keyring_close(h->ring);
        mem_free(h->path);
        mem_free(h->data);
        mem_free(h);
}

const char *home_path(const struct home *h)
{
        return h->path;
}

const char *home_corrections(const struct home *h)
{
        return h->data;
}

const struct secret_key *home_root(const struct home *h)
{
        return keyring_root(h->ring);
}

struct keyring *home_keyring(const struct home *h)
{
        return h->ring;
}

struct inbox *home_inbox(struct home *h, struct fail *why)
{
        char *path = NULL;

        pthread_mutex_lock(&h->lock);
        if (h->inbox == NULL) {
                path = file_path(h->path, "inbox");
                if (inbox_open(&h->inbox, path, 0, why) != 0)
                        h->inbox = NULL;
        }
        pthread_mutex_unlock(&h->lock);
        mem_free(path);
        return h->inbox;
}

static unsigned bucket_of(const char *name)
{
        unsigned hash = 2166136261u; /* FNV-1a */

        for (; *name != '\0'; name++)
                hash = (hash ^ (unsigned char)*name) * 16777619u;
        return hash % BUCKETS;
}

/* The slot of a name that may be an org's; made at the first look.  Only names that are
 * directories get here, so the table is bounded by what the operator made. */
static struct slot *slot_of(struct home *h, const char *name)
{
        struct slot **at = &h->orgs[bucket_of(name)], *slot;

        pthread_mutex_lock(&h->lock);
        for (slot = *at; slot != NULL && strcmp(slot->org.name, name) != 0;)
                slot = slot->next;
        if (slot == NULL) {
                slot = mem_alloc(sizeof *slot);
                memcpy(slot->org.name, name, strlen(name) + 1);
                slot->org.private = mem_alloc(sizeof *slot->org.private);
                pthread_mutex_init(&slot->org.private->lock, NULL);
                pthread_mutex_init(&slot->opening, NULL);
                slot->next = *at;
                *at = slot;
        }
        pthread_mutex_unlock(&h->lock);
        return slot;
}

static int open_org(struct home *h, const char *name, enum store_mode mode, struct org **out,
                    struct fail *why)
{
        struct slot *slot = slot_of(h, name);
        char *part, *dir;
        int found = 1;

        pthread_mutex_lock(&slot->opening);
        if (slot->org.store == NULL) {
                part = text_equal(name, HOME_HOST) ? mem_text("host") : mem_format("orgs/%s", name);
                dir = file_path(h->path, part);
                found = store_open(&slot->org.store, dir, mode, why);
                if (found != 1)
                        slot->org.store = NULL;
                mem_free(part);
                mem_free(dir);
        }
        pthread_mutex_unlock(&slot->opening);
        if (found == 1)
                *out = &slot->org;
        return found;
}

int home_org(struct home *h, const char *name, struct org **out, struct fail *why)
{
        bool possible = name != NULL && text_is_name(name, HOME_ORG_NAME_MAX);
        struct stat st;

        *out = NULL;
        /* Always asked, also of an org that is open: known, unknown and impossible names cost
         * the same, and an org that was removed is gone at once. */
        if (fstatat(h->orgs_fd, possible ? name : "-", &st, AT_SYMLINK_NOFOLLOW) != 0)
                return errno == ENOENT ? 0 : fail_errno(why, "org %s", possible ? name : "-");
        if (!possible || !S_ISDIR(st.st_mode))
                return 0;
        return open_org(h, name, STORE_OPEN, out, why);
}

int home_create_org(struct home *h, const char *name, struct org **out, struct fail *why)
{
        *out = NULL;
        if (name == NULL || !text_is_name(name, HOME_ORG_NAME_MAX))
                return fail_set(why, FAIL_INPUT,
                                "an org's name is 1 to %d letters, digits, '-' and '_', and does "
                                "not start with '-'",
                                HOME_ORG_NAME_MAX);
        return open_org(h, name, STORE_CREATE, out, why) == 1 ? 0 : -1;
}

int home_host(struct home *h, struct org **out, struct fail *why)
{
        *out = NULL;
        return open_org(h, HOME_HOST, STORE_CREATE, out, why) == 1 ? 0 : -1;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

int home_each_org(struct home *h, int (*visit)(void *context, const char *name), void *context,
                  struct fail *why)
{
        int fd = openat(h->orgs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        char **names = NULL;
        size_t count = 0, size = 0;
        struct dirent *entry;
        struct stat st;

        if (dir == NULL) {
                if (fd >= 0)
                        close(fd);
                return fail_errno(why, "%s/orgs", h->path);
        }
        while ((entry = readdir(dir)) != NULL) {
                if (!text_is_name(entry->d_name, HOME_ORG_NAME_MAX) ||
                    fstatat(h->orgs_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
                    !S_ISDIR(st.st_mode))
                        continue;
                if (count == size) {
                        size = size == 0 ? 16 : size * 2;
                        names = mem_resize(names, size, sizeof *names);
                }
                names[count++] = mem_text(entry->d_name);
        }
        closedir(dir);
        if (count > 1)
                qsort(names, count, sizeof *names, compare_names);
        for (size_t i = 0; i < count; i++) {
                if (result == 0)
                        result = visit(context, names[i]);
                mem_free(names[i]);
        }
        mem_free(names);
        return result;
}

struct store *home_nobody(struct home *h, struct fail *why)
{
        char *path = NULL;

        pthread_mutex_lock(&h->lock);
        if (h->nobody == NULL) {
                path = file_path(h->path, "run/nobody");
                if (store_open(&h->nobody, path, STORE_CREATE, why) != 1)
                        h->nobody = NULL;
        }
        pthread_mutex_unlock(&h->lock);
        mem_free(path);
        return h->nobody;
}

int home_lock_worker(struct home *h, struct fail *why)
{
        char *path = file_path(h->path, "run/worker.lock");
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), result = 1;

        if (fd < 0) {
                result = fail_errno(why, "%s", path);
        } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
                result = errno == EWOULDBLOCK ? 0 : fail_errno(why, "%s", path);
                close(fd);
        } else {
                h->worker_fd = fd;
        }
        mem_free(path);
        return result;
}

void home_unlock_worker(struct home *h)
{
        if (h->worker_fd >= 0)
                close(h->worker_fd);
        h->worker_fd = -1;
}

int home_worker_there(const struct home *h)
{
        char *path = file_path(h->path, "run/worker.lock"), line[256], *inode;
        FILE *locks = fopen("/proc/locks", "re"); /* proc(5) */
        struct stat st = { 0 };
        int there = locks == NULL ? -1 : 0;

        if (stat(path, &st) != 0)
                there = errno == ENOENT ? 0 : -1;
        inode = mem_format(":%llu ", (unsigned long long)st.st_ino);
        while (there == 0 && fgets(line, sizeof line, locks) != NULL)
                if (strstr(line, "FLOCK") != NULL && strstr(line, inode) != NULL)
                        there = 1;
        if (locks != NULL)
                fclose(locks);
        mem_free(inode);
        mem_free(path);
        return there;
}
