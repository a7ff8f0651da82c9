/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checkpoints ahead of time.  A commit that finds its segment full must take the checkpoint
 * itself; here a thread, started when the segment is filling up and gone when it is done, does
 * it before anybody has to.  It writes the index out while commits go on, so that the sync
 * under the writer's lock has little left to do.  An idle store has no thread.
 */
#include <signal.h>

#include "door/store_private.h"
#include "floor/log.h"

/* Below this a checkpoint is too short to be worth a thread. */
#define KEEP_LEAST (256 * 1024)
#define KEEP_LEAST_TEST 8192

static bool filling(const struct store_live *live)
{
        uint64_t least = store_test_segment() > 0 ? KEEP_LEAST_TEST : KEEP_LEAST;

        return live->size >= least && live->offset > live->size / 8 * 5;
}

static void *keep(void *p)
{
        struct store *s = p;
        struct store_live *live = s->live;
        struct fail why = FAIL_CLEAR;
        uint64_t segment = live->segment;

        store_index_flush(s->dir_fd, live->current & 1);
        if (store_write_lock(s, &why) == 0) {
                if (live->segment == segment && store_ready(s, &why) == 0 &&
                    live->segment == segment)
                        store_checkpoint(s, 0, &why);
                store_write_unlock(s);
        }
        /* The next commit meets the same and tells its caller. */
        if (why.kind != FAIL_NONE)
                log_event(LOG_LEVEL_WARN, "checkpoint failed", "store", s->dir, "why", why.text,
                          NULL);
        s->keeping = false;
        return NULL;
}

/* Only a leader calls this, so one at a time. */
void store_keep(struct store *s)
{
        sigset_t all, had;

        if (s->keeping || !filling(s->live))
                return;
        store_keep_end(s);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &had);
        s->keeping = true;
        if (pthread_create(&s->keeper, NULL, keep, s) == 0)
                s->kept = true;
        else
                s->keeping = false;
        pthread_sigmask(SIG_SETMASK, &had, NULL);
}

void store_keep_end(struct store *s)
{
        if (s->kept)
                pthread_join(s->keeper, NULL);
        s->kept = false;
}
