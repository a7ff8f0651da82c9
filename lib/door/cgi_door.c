/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door: who stands at the listening socket, and how it is closed. */
#include "door/cgi_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "floor/mem.h"
#include "floor/when.h"

#define STUCK_MS 5                 /* a keeper busy with one request for longer is stuck */
#define DRAIN_MS (2 * WHEN_SECOND) /* after cgi_stop(): how long the queue is still served */

/*
 * libfcgi's own accept cannot be ended cleanly: its shutdown flag may drop a connection that
 * was just accepted, and a signal that lands between looking at the flag and accept() is lost.
 * So we accept ourselves and hand over the connection (ipcFd is a public, if unloved, member
 * of FCGX_Request; the listening socket given to libfcgi is -1, so that it never accepts).
 * One thread at a time stands at the door: were it several, each connection would wake
 * another one, while the one that just finished could have taken it without any waking.
 * EPOLLEXCLUSIVE is for several processes at one socket (spawn-fcgi -F).
 *
 * Where requests are put off (webhook), one thread even keeps the door while it handles what it
 * took: it gathers all that came, rests, which makes it durable in one piece, and answers.  A
 * second thread would only make the pieces smaller (measured: 16 threads took half as many
 * deliveries as one).  Should the keeper get stuck, another one takes the door from him.
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int stop_fd = -1; /* eventfd, readable for good once cgi_stop() was called */
static volatile sig_atomic_t stopping;
static _Atomic int64_t stop_ms; /* when the drain of the queue began, 0 not yet */
static void (*idle)(void);

struct cgi_door {
        bool internet; /* the listening socket is TCP */
        int listen_fd;
        int watch_fd;         /* epoll: the listening socket, and stop_fd */
        pthread_mutex_t lock; /* ordinary: held at the door; keeping: guards what follows */
        /* A program that puts its requests off (idle is set) has one thread that keeps the door,
         * and a deputy who looks from time to time whether it is stuck. */
        pthread_mutex_t deputy;
        pthread_cond_t left;
        bool kept;
        uint64_t turn;          /* rises with each keeper */
        _Atomic uint64_t steps; /* the keeper's, to and from the door */
        _Atomic bool away;      /* the keeper is busy with a request */
        _Atomic bool asleep;    /* the deputy sleeps until he is */
};

static __thread uint64_t my_turn; /* as keeper */

static void start(void)
{
        stop_fd = eventfd(stopping ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
}

struct cgi_door *cgi_door_new(int listen_fd)
{
        struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
        struct cgi_door *door = mem_alloc(sizeof *door);
        socklen_t size = sizeof address;
        int flags = fcntl(listen_fd, F_GETFL);
        pthread_condattr_t steady;

        pthread_once(&once, start);
        /* Two processes may share the socket (spawn-fcgi -F): the slower one must not hang. */
        if (flags >= 0)
                fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK);
        /* A spawner's backlog is often 128 or 5; asking again on a listening socket raises it. */
        listen(listen_fd, CGI_BACKLOG);
        getsockname(listen_fd, (struct sockaddr *)&address, &size);
        door->internet = address.ss_family != AF_UNIX;
        door->listen_fd = listen_fd;
        door->watch_fd = -1;
        pthread_mutex_init(&door->lock, NULL);
        pthread_mutex_init(&door->deputy, NULL);
        pthread_condattr_init(&steady);
        pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
        pthread_cond_init(&door->left, &steady);
        pthread_condattr_destroy(&steady);
        return door;
}

void cgi_door_free(struct cgi_door *door)
{
        if (door == NULL)
                return;
        if (door->watch_fd >= 0)
                close(door->watch_fd);
        pthread_mutex_destroy(&door->lock);
        pthread_mutex_destroy(&door->deputy);
        pthread_cond_destroy(&door->left);
        mem_free(door);
}

bool cgi_door_internet(const struct cgi_door *door)
{
        return door->internet;
}

void cgi_when_idle(void (*call)(void))
{
        idle = call;
}

bool cgi_stopping(void)
{
        return stopping;
}

void cgi_stop(void)
{
        uint64_t one = 1;

        stopping = 1;
        if (write(stop_fd, &one, sizeof one) < 0) {
                /* Already readable: that is all we want. */
        }
}

int cgi_wait_for(int fd)
{
        struct pollfd both[2] = { { .fd = fd, .events = POLLIN },
                                  { .fd = stop_fd, .events = POLLIN } };

        for (;;) {
                if (poll(both, 2, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -1;
                }
                if (both[0].revents != 0)
                        return 1;
                if (both[1].revents != 0)
                        return 0;
        }
}

/* Errors of accept(2) that concern one connection or pass by themselves. */
static bool passing(int error)
{
        switch (error) {
        case EINTR:
        case EAGAIN:
        case ECONNABORTED:
        case EPROTO:
        case ENETDOWN:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case EOPNOTSUPP:
        case ENETUNREACH:
        case ETIMEDOUT:
        case EPERM:
                return true;
        default:
                return false;
        }
}

/* Sleeps until somebody knocks or cgi_stop() is called.  0, -1 errno. */
static int wait_at_door(struct cgi_door *door)
{
        struct epoll_event knock = { .events = EPOLLIN | EPOLLEXCLUSIVE };
        struct epoll_event stop = { .events = EPOLLIN };

        if (door->watch_fd < 0) {
                door->watch_fd = epoll_create1(EPOLL_CLOEXEC);
                if (door->watch_fd < 0 ||
                    epoll_ctl(door->watch_fd, EPOLL_CTL_ADD, door->listen_fd, &knock) != 0 ||
                    epoll_ctl(door->watch_fd, EPOLL_CTL_ADD, stop_fd, &stop) != 0)
                        return -1;
        }
        return epoll_wait(door->watch_fd, &knock, 1, -1) >= 0 || errno == EINTR ? 0 : -1;
}

/* At the door alone: a descriptor, -1 no more, -2 errno, -3 nobody is there and the thread
 * should rest before it sleeps.  After cgi_stop() what already stands in the queue is still
 * taken, for DRAIN_MS at most: those clients were let in by the kernel and would see a reset. */
static int stand_at_door(struct cgi_door *door, bool rested)
{
        for (;;) {
                int64_t none = 0;
                int fd;

                if (stopping) {
                        atomic_compare_exchange_strong(&stop_ms, &none, when_steady_ms());
                        if (when_steady_ms() - stop_ms > DRAIN_MS)
                                return -1;
                }
                fd = accept4(door->listen_fd, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0)
                        return fd;
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                        poll(NULL, 0, 10); /* others must finish first */
                else if (!passing(errno))
                        return -2;
                else if (errno != EAGAIN)
                        continue;
                else if (stopping)
                        return -1;
                else if (!rested)
                        return -3;
                else if (wait_at_door(door) != 0)
                        return -2;
        }
}

static void leave_door(struct cgi_door *door)
{
        door->steps++;
        door->away = true;
        if (!door->asleep)
                return;
        pthread_mutex_lock(&door->lock);
        pthread_cond_signal(&door->left);
        pthread_mutex_unlock(&door->lock);
}

/* Is the door still ours?  Then the keeper is back. */
static bool back_at_door(struct cgi_door *door)
{
        bool ours;

        pthread_mutex_lock(&door->lock);
        ours = door->kept && door->turn == my_turn;
        if (ours) {
                door->away = false;
                door->steps++;
        }
        pthread_mutex_unlock(&door->lock);
        return ours;
}

static void give_door_up(struct cgi_door *door)
{
        pthread_mutex_lock(&door->lock);
        door->kept = false;
        pthread_cond_signal(&door->left);
        pthread_mutex_unlock(&door->lock);
}

/* With the lock, as deputy: sleeps while the keeper stands at the door, looks twice when he is
 * away.  True: he did not move in between. */
static bool keeper_stuck(struct cgi_door *door)
{
        uint64_t steps = door->steps;
        struct timespec until;

        door->asleep = true;
        if (!door->away) {
                pthread_cond_wait(&door->left, &door->lock);
                door->asleep = false;
                return false;
        }
        door->asleep = false;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += STUCK_MS * 1000000;
        if (until.tv_nsec >= 1000000000) {
                until.tv_nsec -= 1000000000;
                until.tv_sec++;
        }
        pthread_cond_timedwait(&door->left, &door->lock, &until);
        return door->away && door->steps == steps;
}

/* Waits until the door is ours to keep. */
static void take_door(struct cgi_door *door)
{
        pthread_mutex_lock(&door->deputy);
        pthread_mutex_lock(&door->lock);
        while (door->kept && !keeper_stuck(door))
                ;
        door->kept = true;
        door->away = false;
        door->steps++;
        my_turn = ++door->turn;
        pthread_mutex_unlock(&door->lock);
        pthread_mutex_unlock(&door->deputy);
}

/* As cgi_next_descriptor(), for a program that puts off. */
static int next_of_many(struct cgi_door *door)
{
        bool rested = false;
        int fd;

        for (;;) {
                if (!back_at_door(door)) {
                        idle(); /* the new keeper may have gone to sleep on us */
                        rested = true;
                        take_door(door);
                }
                fd = stand_at_door(door, rested);
                if (fd == -3) {
                        leave_door(door);
                        idle();
                        rested = true;
                } else if (fd >= 0) {
                        leave_door(door);
                        return fd;
                } else {
                        give_door_up(door);
                        return fd;
                }
        }
}

int cgi_next_descriptor(struct cgi_door *door)
{
        int fd, error;

        if (idle != NULL)
                return next_of_many(door);
        pthread_mutex_lock(&door->lock);
        fd = stand_at_door(door, true);
        error = errno;
        pthread_mutex_unlock(&door->lock);
        errno = error;
        return fd;
}
