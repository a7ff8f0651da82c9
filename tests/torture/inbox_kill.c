/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Killed writers: processes with several threads add, one releases, all are killed at random
 * microseconds; this process reads beside them.  Every record must be known, come once and
 * with the next number; what was acknowledged must have come with the number it was given.
 */
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "inbox_torture.h"

#define PROCESSES 3
#define GENERATIONS 4

/* What outlives the killed. */
struct score {
        _Atomic uint64_t read;                  /* releasing up to here is right */
        _Atomic uint64_t number[WRITERS][EACH]; /* acknowledged with this number, 0 not */
        _Atomic uint32_t submitted[WRITERS];
};

struct reader {
        uint64_t next;                  /* the number that must come */
        uint64_t number[WRITERS][EACH]; /* came with this number */
        uint32_t rising[WRITERS];       /* the least index that may come */
};

struct job {
        struct inbox *in;
        struct score *score;
        unsigned writer;
        pthread_t thread;
};

struct posted {
        struct inbox_post post;
        int result;
        struct fail why;
        sem_t told;
};

static void tell(struct inbox_post *post, int result, const struct fail *why)
{
        struct posted *p = (struct posted *)post;

        p->result = result;
        p->why = *why;
        sem_post(&p->told);
}

/* As inbox_add(), the way of those who do not wait. */
static int add_by_post(struct inbox *in, const void *text, size_t len, uint64_t *number,
                       struct fail *why)
{
        struct posted p = { .post = { .record = text, .len = len, .done = tell } };

        sem_init(&p.told, 0, 0);
        if (inbox_post(in, &p.post, why) != 0)
                return -1;
        inbox_lead(in, 0);
        while (sem_wait(&p.told) != 0)
                ;
        sem_destroy(&p.told);
        *why = p.why;
        *number = p.post.number;
        return p.result;
}

static void *write_on(void *context)
{
        struct job *job = context;
        char text[TEXT_MAX];

        for (unsigned i = job->score->submitted[job->writer]; i < EACH; i++) {
                size_t len = torture_record(text, job->writer, i);
                struct fail why = FAIL_CLEAR;
                uint64_t number = 0;

                job->score->submitted[job->writer] = i + 1;
                if ((job->writer % 2 == 0 ? inbox_add : add_by_post)(job->in, text, len, &number,
                                                                     &why) == 0)
                        job->score->number[job->writer][i] = number;
                else if (why.kind != FAIL_FULL)
                        _exit(3);
        }
        return NULL;
}

/* A process with one to four threads, of writers first, first + 1 ...; never returns. */
static void write_process(const char *dir, struct score *score, unsigned first, unsigned threads)
{
        struct job jobs[4];
        struct inbox *in;

        if (inbox_open_sized(&in, dir, 0, SMALL, NULL) != 0)
                _exit(3);
        for (unsigned i = 0; i < threads; i++) {
                jobs[i] = (struct job){ .in = in, .score = score, .writer = first + i };
                pthread_create(&jobs[i].thread, NULL, write_on, &jobs[i]);
        }
        for (unsigned i = 0; i < threads; i++)
                pthread_join(jobs[i].thread, NULL);
        for (;;)
                pause();
}

static void release_process(const char *dir, struct score *score)
{
        struct inbox *in;

        if (inbox_open_sized(&in, dir, 0, SMALL, NULL) != 0)
                _exit(3);
        for (;;) {
                if (inbox_release(in, score->read, NULL) != 0)
                        _exit(3);
                usleep(100);
        }
}

/* Reads what there is. */
static void read_all(struct inbox *in, struct reader *r, struct score *score)
{
        struct buf record = BUF_NONE;

        for (;;) {
                struct fail why = FAIL_CLEAR;
                unsigned writer, index;
                uint64_t number = 0;
                int got = inbox_read(in, r->next, &record, &number, &why);

                if (got == 0)
                        break;
                if (got < 0) {
                        torture_wrong("reading %" PRIu64 ": %s", r->next, why.text);
                        r->next = number > r->next ? number : r->next + 1;
                        continue;
                }
                if (number != r->next)
                        torture_wrong("read %" PRIu64 ", wanted %" PRIu64, number, r->next);
                if (!torture_known(&record, &writer, &index) || index >= score->submitted[writer])
                        torture_wrong("record %" PRIu64 " is nobody's", number);
                else if (index < r->rising[writer])
                        torture_wrong("record %" PRIu64 " comes twice or late", number);
                else {
                        r->number[writer][index] = number;
                        r->rising[writer] = index + 1;
                }
                r->next = number + 1;
                score->read = number;
        }
        buf_dispose(&record);
}

static void pause_us(uint64_t us)
{
        struct timespec t = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };

        nanosleep(&t, NULL);
}

/* Starts writers and a releaser, reads beside them, kills them at different times. */
static void one_generation(const char *dir, struct reader *r, struct score *score, uint64_t *seed)
{
        pid_t child[PROCESSES + 1];
        unsigned first = 0;
        struct inbox *in;

        for (int i = 0; i <= PROCESSES; i++) {
                unsigned threads = 1 + (unsigned)(torture_random(seed) % 4);

                child[i] = fork();
                if (child[i] == 0) {
                        if (i == PROCESSES)
                                release_process(dir, score);
                        write_process(dir, score, first, threads);
                }
                first += threads;
        }
        if (inbox_open_sized(&in, dir, 0, SMALL, NULL) != 0) {
                torture_wrong("cannot open beside writers");
                in = NULL;
        }
        for (int i = 0; i <= PROCESSES; i++) {
                pause_us(torture_random(seed) % 4000);
                if (in != NULL)
                        read_all(in, r, score);
                kill(child[i], SIGKILL);
        }
        for (int i = 0; i <= PROCESSES; i++) {
                int status;

                waitpid(child[i], &status, 0);
                if (!WIFSIGNALED(status))
                        torture_wrong("a process gave up before it was killed");
        }
        inbox_close(in);
}

void torture_kill(const char *dir, uint64_t seed)
{
        struct score *score =
            mmap(NULL, sizeof *score, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        struct reader *r = mem_alloc(sizeof *r);
        char *live = file_path(dir, "live");
        struct fail why = FAIL_CLEAR;
        struct inbox *in;

        r->next = 1;
        for (int i = 0; i < GENERATIONS; i++) {
                one_generation(dir, r, score, &seed);
                if (torture_random(&seed) % 3 == 0)
                        unlink(live); /* as after a reboot */
                if (inbox_open_sized(&in, dir, 0, SMALL, &why) != 0) {
                        torture_wrong("a restart failed: %s", why.text);
                        break;
                }
                read_all(in, r, score);
                inbox_close(in);
                for (unsigned w = 0; w < WRITERS; w++) {
                        for (unsigned n = 0; n < score->submitted[w]; n++) {
                                uint64_t given = score->number[w][n];

                                if (given != 0 && r->number[w][n] != given)
                                        torture_wrong("%" PRIu64 " was acknowledged, came as "
                                                      "%" PRIu64,
                                                      given, r->number[w][n]);
                                torture_acknowledged += i == GENERATIONS - 1 && given != 0;
                        }
                }
        }
        munmap(score, sizeof *score);
        mem_free(live);
        mem_free(r);
}
