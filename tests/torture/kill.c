/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writers, threads and processes, killed at any microsecond. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "torture.h"

#define PROCESSES 3
#define THREADS (WRITERS / PROCESSES)
#define ROUNDS_A_STORE 40

struct hand {
        struct store *s;
        struct tally *tally;
        unsigned writer;
};

static void complain(struct tally *tally, const char *doing, const struct fail *why)
{
        if (tally->refused++ == 0)
                snprintf(tally->text, sizeof tally->text, "%s: %s", doing, why->text);
}

static void *write_on(void *p)
{
        struct hand *h = p;
        struct fail why = FAIL_CLEAR;
        uint64_t i;

        if (model_done(h->s, h->writer, &i, &why) != 0) {
                complain(h->tally, "first look-up", &why);
                return NULL;
        }
        for (;;) {
                h->tally->tried[h->writer] = ++i;
                if (model_batch(h->s, h->writer, i, &why) != 0) {
                        complain(h->tally, "commit", &why);
                        return NULL;
                }
                h->tally->acked[h->writer] = i;
                model_look(h->s, (unsigned)(i % WRITERS), h->tally);
        }
}

static void work(const char *dir, struct tally *tally, unsigned first)
{
        struct hand hands[THREADS];
        struct fail why = FAIL_CLEAR;
        pthread_t threads[THREADS];
        struct store *s;

        if (store_open(&s, dir, STORE_CREATE, &why) != 1) {
                complain(tally, "open", &why);
                _exit(1);
        }
        for (unsigned i = 0; i < THREADS; i++) {
                hands[i] = (struct hand){ s, tally, first + i };
                pthread_create(&threads[i], NULL, write_on, &hands[i]);
        }
        for (unsigned i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        _exit(1);
}

static void nap(uint64_t us)
{
        struct timespec t = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };

        nanosleep(&t, NULL);
}

/* Whether whoever comes next has something to mend. */
static bool torn(const char *dir)
{
        char *path = file_path(dir, "live");
        struct buf page = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        bool yes = false;

        if (file_read(path, STORE_LIVE_SIZE, &page, &why) == 1 && page.len == STORE_LIVE_SIZE) {
                struct store_live *live = mem_copy(page.data, STORE_LIVE_SIZE);

                yes = live->mark || live->doubt;
                mem_free(live);
        }
        buf_dispose(&page);
        mem_free(path);
        return yes;
}

static void count_wrong(struct figures *f, const char *bad)
{
        if (strstr(bad, "half") != NULL)
                f->half++;
        else
                f->lost++;
}

static void kill_round(const char *dir, struct tally *tally, struct figures *f)
{
        pid_t children[PROCESSES];
        uint64_t acked[WRITERS], left;
        const char *bad;

        for (unsigned w = 0; w < WRITERS; w++)
                acked[w] = tally->acked[w];
        for (unsigned i = 0; i < PROCESSES; i++) {
                children[i] = fork();
                if (children[i] == 0)
                        work(dir, tally, i * THREADS);
        }
        /* One by one: those who are left must mend it and go on. */
        for (unsigned i = 0; i < PROCESSES; i++) {
                nap(chance_below(i == 0 ? 12000 : 4000));
                kill(children[i], SIGKILL);
                waitpid(children[i], NULL, 0);
        }
        f->recoveries += torn(dir);
        if (chance_below(4) == 0) {
                char boot[24];

                snprintf(boot, sizeof boot, "boot-%llu", (unsigned long long)chance());
                setenv("FAIRLEAD_TEST_BOOT_ID", boot, 1);
                f->recoveries++;
        }
        bad = model_verify(dir, tally, &left);
        if (bad != NULL) {
                count_wrong(f, bad);
                printf("# kill round %llu: %s\n", (unsigned long long)f->rounds, bad);
        }
        if (tally->half > 0) {
                f->half += tally->half;
                printf("# kill round %llu: a reader saw half a batch\n",
                       (unsigned long long)f->rounds);
        }
        if (tally->refused > 0) {
                f->lost++;
                printf("# kill round %llu: %s\n", (unsigned long long)f->rounds, tally->text);
        }
        for (unsigned w = 0; w < WRITERS; w++)
                f->keys += (tally->acked[w] - acked[w]) * 9;
        f->rounds++;
}

void kill_rounds(uint64_t rounds, const char *dir, struct figures *f)
{
        struct tally *tally =
            mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        uint64_t wrong = f->lost + f->half;
        char *store = NULL, size[24];

        for (uint64_t i = 0; i < rounds; i++) {
                if (i % ROUNDS_A_STORE == 0 || f->lost + f->half > wrong) {
                        wrong = f->lost + f->half;
                        memset(tally, 0, sizeof *tally);
                        mem_free(store);
                        store = mem_format("%s/kill-%llu", dir, (unsigned long long)i);
                        snprintf(size, sizeof size, "%llu",
                                 (unsigned long long)(2048 << chance_below(6)));
                        setenv("FAIRLEAD_TEST_SEGMENT", size, 1);
                }
                kill_round(store, tally, f);
        }
        mem_free(store);
        munmap(tally, sizeof *tally);
}
