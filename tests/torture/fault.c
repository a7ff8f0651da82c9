/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A full disk, a broken disk, a disk that may not be written: at every call in turn, once or
 * from then on.  Nothing acknowledged is lost meanwhile, what was refused is not there, and
 * when the fault is gone the next commit succeeds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "torture.h"

#define CALLS_MOST 90
#define BATCHES 6

static const struct fault {
        const char *name;
        int error;
        bool sticky;
} faults[] = {
        { "no room once", ENOSPC, false },   { "no room", ENOSPC, true },
        { "an I/O error once", EIO, false }, { "I/O errors", EIO, true },
        { "a quota", EDQUOT, true },         { "a read-only disk", EROFS, true },
};

static void wrong(struct figures *f, const struct fault *fault, uint64_t n, const char *what,
                  const struct fail *why)
{
        f->lost++;
        printf("# %s at call %llu: %s: %s %s\n", fault->name, (unsigned long long)n, what,
               fail_word(why->kind), why->text);
}

/* Up to BATCHES commits under the fault; stops at the first that is refused. */
static void commit_under(struct store *s, const struct fault *fault, uint64_t n,
                         struct tally *tally, struct figures *f)
{
        struct fail why = FAIL_CLEAR, after = FAIL_CLEAR;
        uint64_t i = tally->acked[0], done;

        trace_fault(n, fault->error, fault->sticky);
        for (unsigned k = 0; k < BATCHES && why.kind == FAIL_NONE; k++) {
                tally->tried[0] = ++i;
                if (model_batch(s, 0, i, &why) == 0)
                        tally->acked[0] = i;
        }
        trace_fault(0, 0, false);
        if (why.kind == FAIL_NONE)
                return;
        if (fault->error == ENOSPC && why.kind != FAIL_FULL && why.kind != FAIL_SYSTEM)
                wrong(f, fault, n, "a full disk was called", &why);
        if (model_done(s, 0, &done, &after) != 0)
                wrong(f, fault, n, "a look-up failed afterwards", &after);
        else if (done != i - 1 && !(why.kind == FAIL_SYSTEM && done == i))
                wrong(f, fault, n, "what was refused is there", &why);
        else
                tally->acked[0] = done;
        fail_clear(&after);
        tally->tried[0] = tally->acked[0] + 1;
        if (model_batch(s, 0, tally->acked[0] + 1, &after) != 0)
                wrong(f, fault, n, "the next commit failed", &after);
        else
                tally->acked[0]++;
        f->recoveries++;
}

/* Opening after a reboot, under the fault and again without. */
static struct store *open_under(const char *path, const struct fault *fault, uint64_t n,
                                struct figures *f)
{
        struct fail why = FAIL_CLEAR;
        struct store *s = NULL;
        char boot[32];

        snprintf(boot, sizeof boot, "boot-%llu", (unsigned long long)chance());
        setenv("FAIRLEAD_TEST_BOOT_ID", boot, 1);
        trace_fault(n, fault->error, fault->sticky);
        store_open(&s, path, STORE_CREATE, &why);
        trace_fault(0, 0, false);
        if (s != NULL)
                return s;
        fail_clear(&why);
        if (store_open(&s, path, STORE_CREATE, &why) != 1)
                wrong(f, fault, n, "the next opening failed", &why);
        return s;
}

static void fault_round(const char *path, const struct fault *fault, uint64_t n,
                        struct tally *tally, struct figures *f)
{
        struct store *s = open_under(path, fault, 1 + n / 3, f);
        const char *bad;

        f->rounds++;
        if (s == NULL)
                return;
        commit_under(s, fault, n, tally, f);
        store_close(s);
        bad = model_verify(path, tally, &f->keys);
        if (bad != NULL) {
                f->lost++;
                printf("# %s at call %llu: %s\n", fault->name, (unsigned long long)n, bad);
        }
}

void fault_rounds(const char *dir, struct figures *f)
{
        struct tally tally;

        setenv("FAIRLEAD_TEST_SEGMENT", "4096", 1);
        for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
                char *path = mem_format("%s/fault-%zu", dir, i);

                memset(&tally, 0, sizeof tally);
                for (uint64_t n = 1; n <= CALLS_MOST && f->lost < 20; n++)
                        fault_round(path, &faults[i], n, &tally, f);
                mem_free(path);
        }
}
