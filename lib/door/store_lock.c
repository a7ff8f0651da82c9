/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Locks between processes: open-file-description locks (fcntl F_OFD_SETLKW).
 *
 * They wait, where GDBM's own fail at once; they belong to the open file, so that closing
 * another descriptor of it takes nothing away (plain fcntl locks would go) and two handles of
 * one process exclude each other; and one file has as many as it has bytes, where flock()
 * would want a file for each.  The kernel drops them with the last descriptor, so a killed
 * process leaves none.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "door/store_private.h"

static int set(int fd, short type, enum store_lock which)
{
        struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };
        int result;

        lock.l_start = (off_t)which;
        do
                result = fcntl(fd, F_OFD_SETLKW, &lock);
        while (result != 0 && errno == EINTR);
        return result;
}

int store_lock_take(int fd, enum store_lock which, bool exclusive, struct fail *why)
{
        if (set(fd, exclusive ? F_WRLCK : F_RDLCK, which) != 0)
                return fail_errno(why, "cannot lock the store");
        return 0;
}

void store_lock_drop(int fd, enum store_lock which)
{
        set(fd, F_UNLCK, which);
}

/*
 * The kernel lets a reader in while another reads, whoever waits; many readers would keep a
 * writer out for ever.  So he says that he is waiting, and readers who come then wait for his
 * turn to be over.  One who died has dropped the turn, and the next reader takes his word back.
 */
int store_lock_share(struct store *s, struct fail *why)
{
        if (s->live->waiting) {
                if (store_lock_take(s->lock_fd, STORE_LOCK_TURN, false, why) != 0)
                        return -1;
                s->live->waiting = 0;
                store_lock_drop(s->lock_fd, STORE_LOCK_TURN);
        }
        return store_lock_take(s->lock_fd, STORE_LOCK_INDEX, false, why);
}

void store_lock_unshare(struct store *s)
{
        store_lock_drop(s->lock_fd, STORE_LOCK_INDEX);
}

int store_lock_alone(struct store *s, struct fail *why)
{
        if (store_lock_take(s->lock_fd, STORE_LOCK_TURN, true, why) != 0)
                return -1;
        s->live->waiting = 1;
        if (store_lock_take(s->lock_fd, STORE_LOCK_INDEX, true, why) == 0)
                return 0;
        s->live->waiting = 0;
        store_lock_drop(s->lock_fd, STORE_LOCK_TURN);
        return -1;
}

void store_lock_release(struct store *s)
{
        s->live->waiting = 0;
        store_lock_drop(s->lock_fd, STORE_LOCK_INDEX);
        store_lock_drop(s->lock_fd, STORE_LOCK_TURN);
}
