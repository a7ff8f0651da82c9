/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The home's inbox: opening, closing, checking, and the locks between processes. */
#include "door/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/file.h"
#include "floor/mem.h"

int inbox_lock_wait(struct inbox *in, enum inbox_lock which, struct fail *why)
{
        /* Open-file-description locks: they end with the process and not with the next
         * descriptor of the same file that somebody closes. */
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = which };

        lock.l_len = 1;
        while (fcntl(in->lock, F_OFD_SETLKW, &lock) != 0)
                if (errno != EINTR)
                        return fail_errno(why, "cannot lock the inbox");
        return 0;
}

void inbox_unlock(struct inbox *in, enum inbox_lock which)
{
        struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = which };

        lock.l_len = 1;
        fcntl(in->lock, F_OFD_SETLK, &lock);
}

/* Nobody else may read what senders entrusted to us, or write what we will believe. */
static int check_rights(const struct stat *st, const char *name, struct fail *why)
{
        if ((st->st_mode & 077) != 0)
                return fail_set(why, FAIL_DENIED, "inbox: %s has mode %04o, others have rights",
                                name, (unsigned)(st->st_mode & 07777));
        if (geteuid() != 0 && st->st_uid != geteuid())
                return fail_set(why, FAIL_DENIED, "inbox: %s belongs to user %u", name,
                                (unsigned)st->st_uid);
        return 0;
}

int inbox_file(struct inbox *in, const char *name, int flags, int *fd, struct fail *why)
{
        struct stat st;

        *fd = openat(in->dir, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (*fd < 0 && errno == ENOENT && (flags & O_CREAT) == 0)
                return 0;
        if (*fd < 0 && errno == ELOOP)
                return fail_set(why, FAIL_DENIED, "inbox: %s is a symbolic link", name);
        if (*fd < 0)
                return fail_errno(why, "inbox: cannot open %s", name);
        if (fstat(*fd, &st) != 0) {
                fail_errno(why, "inbox: cannot look at %s", name);
        } else if (!S_ISREG(st.st_mode)) {
                fail_set(why, FAIL_DENIED, "inbox: %s is not a file", name);
        } else if (check_rights(&st, name, why) == 0) {
                /* An administrator's command must not leave files the programs cannot open. */
                if ((flags & O_CREAT) == 0 || geteuid() != 0 || st.st_uid == in->owner ||
                    fchown(*fd, in->owner, in->group) == 0)
                        return 1;
                fail_errno(why, "inbox: cannot hand over %s", name);
        }
        close(*fd);
        *fd = -1;
        return -1;
}

static int open_dir(struct inbox *in, const char *dir, struct fail *why)
{
        struct stat st;

        in->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (in->dir < 0 && errno == ENOENT) {
                if (file_make_dir(dir, why) != 0)
                        return -1;
                in->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        }
        if (in->dir < 0)
                return fail_errno(why, "cannot open %s", dir);
        if (fstat(in->dir, &st) != 0)
                return fail_errno(why, "cannot look at %s", dir);
        in->owner = st.st_uid;
        in->group = st.st_gid;
        return check_rights(&st, dir, why);
}

int inbox_open_sized(struct inbox **out, const char *dir, uint64_t backlog, uint64_t segment_size,
                     struct fail *why)
{
        struct inbox *in;

        *out = NULL;
        if (dir == NULL || dir[0] == '\0' || segment_size < 4096 || segment_size % 4096 != 0)
                return fail_set(why, FAIL_INPUT, "inbox: no directory, or a bad segment size");
        in = mem_alloc(sizeof *in);
        in->dir = in->lock = in->live_fd = in->interrupt = -1;
        in->head_fd = in->at_fd = in->released_fd = in->bell = in->ear = -1;
        in->backlog = backlog == 0 ? INBOX_BACKLOG : backlog;
        in->segment_size = segment_size;
        in->last = &in->first;
        pthread_mutex_init(&in->queue, NULL);
        pthread_mutex_init(&in->reading, NULL);
        pthread_mutex_init(&in->releasing, NULL);
        pthread_mutex_init(&in->ringing, NULL);
        if (open_dir(in, dir, why) != 0 ||
            inbox_file(in, "lock", O_RDWR | O_CREAT, &in->lock, why) != 1 ||
            live_open(in, why) != 0)
                goto broken;
        in->interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (in->interrupt < 0) {
                fail_errno(why, "inbox: cannot make an event descriptor");
                goto broken;
        }
        *out = in;
        return 0;
broken:
        inbox_close(in);
        return -1;
}

int inbox_open(struct inbox **out, const char *dir, uint64_t backlog, struct fail *why)
{
        return inbox_open_sized(out, dir, backlog, INBOX_SEGMENT_SIZE, why);
}

static void close_if(int fd)
{
        if (fd >= 0)
                close(fd);
}

void inbox_close(struct inbox *in)
{
        if (in == NULL)
                return;
        if (in->live != NULL)
                munmap(in->live, sizeof *in->live);
        close_if(in->dir);
        close_if(in->lock);
        close_if(in->live_fd);
        close_if(in->interrupt);
        close_if(in->head_fd);
        close_if(in->at_fd);
        close_if(in->released_fd);
        close_if(in->bell);
        close_if(in->ear);
        pthread_mutex_destroy(&in->queue);
        pthread_mutex_destroy(&in->reading);
        pthread_mutex_destroy(&in->releasing);
        pthread_mutex_destroy(&in->ringing);
        mem_free(in);
}

int inbox_depth(struct inbox *in, uint64_t *last, uint64_t *bytes, struct fail *why)
{
        struct place head, mark;

        (void)why;
        shared_place_get(&in->live->mark, &mark); /* first: it never passes the head */
        shared_place_get(&in->live->head, &head);
        if (last != NULL)
                *last = head.number;
        if (bytes != NULL)
                *bytes = live_backlog(&head, &mark);
        return 0;
}

int inbox_released(struct inbox *in, uint64_t *number, struct fail *why)
{
        struct place mark;

        (void)why;
        shared_place_get(&in->live->mark, &mark);
        *number = mark.number;
        return 0;
}

int inbox_check(const char *dir, uint64_t *records, struct fail *why)
{
        struct buf record = BUF_NONE;
        struct inbox *in = NULL;
        uint64_t from, number, count = 0;
        struct stat st;
        int got, result = -1;

        if (records != NULL)
                *records = 0;
        if (stat(dir, &st) != 0)
                return fail_errno(why, "cannot look at %s", dir);
        if (inbox_open(&in, dir, 0, why) != 0 || inbox_released(in, &from, why) != 0)
                goto out;
        while ((got = inbox_read(in, ++from, &record, &number, why)) == 1) {
                from = number;
                count++;
        }
        if (got < 0)
                goto out;
        if (records != NULL)
                *records = count;
        result = 0;
out:
        buf_dispose(&record);
        inbox_close(in);
        return result;
}
