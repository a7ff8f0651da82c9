/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lock on run/claim.lock says that somebody wants the worker's, which is taken behind it. */
#include "home/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/when.h"

#define LOOK_MS 20

static int open_lock(const struct home *h, int flags)
{
        char *path = file_path(home_path(h), "run/claim.lock");
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

        mem_free(path);
        return fd;
}

/* 1 the worker's lock is ours, 0 it did not rest in time, -1. */
static int wait_for_worker(struct home *h, int64_t patience_ms, struct fail *why)
{
        struct inbox *inbox = home_inbox(h, why);
        int64_t end = when_steady_ms() + patience_ms;
        int locked;

        if (inbox == NULL)
                return -1;
        while ((locked = home_lock_worker(h, why)) == 0 && when_steady_ms() < end) {
                inbox_ring(inbox); /* it sleeps until something arrives */
                poll(NULL, 0, LOOK_MS);
        }
        return locked;
}

int claim_begin(struct home *h, int64_t patience_ms, struct fail *why)
{
        int fd = open_lock(h, O_CREAT), locked;

        if (fd < 0)
                return fail_errno(why, "%s/run/claim.lock", home_path(h));
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
                if (errno == EWOULDBLOCK)
                        fail_set(why, FAIL_CONFLICT, "somebody else restores this home");
                else
                        fail_errno(why, "%s/run/claim.lock", home_path(h));
                close(fd);
                return -1;
        }
        locked = wait_for_worker(h, patience_ms, why);
        if (locked == 1)
                return fd;
        close(fd);
        return locked < 0 ? -1
                          : fail_set(why, FAIL_CONFLICT,
                                     "the worker here did not rest in time: stop it, and start it "
                                     "again afterwards");
}

void claim_end(struct home *h, int claim)
{
        if (claim < 0)
                return;
        home_unlock_worker(h);
        close(claim);
}

bool claim_there(const struct home *h)
{
        int fd = open_lock(h, 0);
        bool there = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

        if (fd >= 0)
                close(fd);
        return there;
}
