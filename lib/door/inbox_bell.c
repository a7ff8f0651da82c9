/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waking the reader: a FIFO that everybody opens for reading and writing.  On Linux that
 * never blocks, and a writer that is itself a reader cannot be killed by SIGPIPE, so that no
 * signal disposition of the program is touched.  A full FIFO is a ring already.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/when.h"

/* A sleeper looks up once in a while in case somebody removed the FIFO under it. */
#define LOOK_MS 60000

#define BELL_FLAGS (O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)

/* Makes the FIFO, unless somebody else just did. */
static int bell_make(struct inbox *in, struct fail *why)
{
        if (mkfifoat(in->dir, "bell", 0600) != 0)
                return errno == EEXIST ? 0 : fail_errno(why, "inbox: cannot make bell");
        if (geteuid() == 0 && in->owner != 0 &&
            fchownat(in->dir, "bell", in->owner, in->group, AT_SYMLINK_NOFOLLOW) != 0)
                return fail_errno(why, "inbox: cannot hand over bell");
        return 0;
}

/* Opens the FIFO, or again when somebody removed it: the old one is an empty room. */
static int bell_open(struct inbox *in, int *fd, struct fail *why)
{
        struct stat st;

        if (*fd >= 0) {
                if (fstat(*fd, &st) == 0 && st.st_nlink > 0)
                        return 0;
                close(*fd);
                *fd = -1;
        }
        *fd = openat(in->dir, "bell", BELL_FLAGS);
        if (*fd < 0 && errno == ENOENT) {
                if (bell_make(in, why) != 0)
                        return -1;
                *fd = openat(in->dir, "bell", BELL_FLAGS);
        }
        if (*fd < 0)
                return fail_errno(why, "inbox: cannot open bell");
        if (fstat(*fd, &st) == 0 && S_ISFIFO(st.st_mode) && (st.st_mode & 077) == 0 &&
            (geteuid() == 0 || st.st_uid == geteuid()))
                return 0;
        close(*fd);
        *fd = -1;
        return fail_set(why, FAIL_DENIED, "inbox: bell is not a FIFO, or others have rights");
}

void inbox_ring(struct inbox *in)
{
        /* A lost ring is not a lost record: nothing here is worth failing for. */
        pthread_mutex_lock(&in->ringing);
        if (bell_open(in, &in->bell, NULL) == 0)
                while (write(in->bell, "!", 1) < 0 && errno == EINTR)
                        ;
        pthread_mutex_unlock(&in->ringing);
}

void inbox_ring_asleep(struct inbox *in)
{
        atomic_thread_fence(memory_order_seq_cst); /* behind what was published: inbox_wait() */
        if (atomic_load(&in->live->awake) == 0)
                inbox_ring(in);
}

void inbox_interrupt(struct inbox *in)
{
        static const uint64_t one = 1;
        int error = errno;
        ssize_t put = write(in->interrupt, &one, sizeof one);

        (void)put; /* fails only when it is signalled already */
        errno = error;
}

static void drain(int fd)
{
        char bytes[512];

        while (read(fd, bytes, sizeof bytes) > 0)
                ;
}

/* Something was published since the reader last looked; said once. */
static bool news(struct inbox *in)
{
        struct place head;

        shared_place_get(&in->live->head, &head);
        return atomic_exchange(&in->looked, head.number) != head.number;
}

int inbox_wait(struct inbox *in, int64_t timeout_ms, struct fail *why)
{
        bool for_ever = timeout_ms < 0 || timeout_ms > INT64_MAX / 2;
        int64_t end = for_ever ? 0 : when_steady_ms() + timeout_ms;

        for (;;) {
                struct pollfd ask[2] = { { .events = POLLIN }, { .events = POLLIN } };
                int64_t left = for_ever ? LOOK_MS : end - when_steady_ms();
                bool fresh;
                int rang;

                if (bell_open(in, &in->ear, why) != 0)
                        return -1;
                ask[0].fd = in->ear;
                ask[1].fd = in->interrupt;
                /* Rings from before the FIFO was open here are lost, and while we were awake
                 * nobody rang; the page knows.  First asleep, then the look: whoever publishes
                 * after the look sees that we sleep. */
                atomic_store(&in->live->awake, 0);
                atomic_thread_fence(memory_order_seq_cst);
                fresh = news(in);
                if (fresh || left < 0)
                        left = 0;
                rang = poll(ask, 2, (int)(left > LOOK_MS ? LOOK_MS : left));
                if (rang < 0 && errno != EINTR)
                        return fail_errno(why, "inbox: cannot wait");
                if (rang > 0) {
                        drain(in->ear);
                        drain(in->interrupt);
                        news(in);
                }
                if (rang > 0 || fresh) {
                        atomic_store(&in->live->awake, 1);
                        return 1;
                }
                if (!for_ever && when_steady_ms() >= end)
                        return 0;
        }
}
