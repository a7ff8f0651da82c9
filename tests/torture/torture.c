/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torture ROUNDS [SEED [control]]: exit status 0 when nothing was lost and nothing was half
 * there.  "control" leaves the redo step out: then something must be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tap.h"
#include "floor/mem.h"
#include "torture.h"

int main(int argc, char **argv)
{
        uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 200;
        uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
        struct figures f = { 0 };
        char *dir = tap_dir();

        if (argc > 3 && strcmp(argv[3], "control") == 0)
                setenv("FAIRLEAD_TEST_NO_REDO", "1", 1);
        setvbuf(stdout, NULL, _IOLBF, 0);
        printf("# seed %llu\n", (unsigned long long)seed);
        chance_start(seed);
        kill_rounds(rounds - rounds / 2, dir, &f);
        cut_rounds(rounds / 2, dir, &f);
        if (getenv("FAIRLEAD_TEST_NO_REDO") == NULL)
                fault_rounds(dir, &f);
        printf("torture: %llu rounds, %llu keys acknowledged, %llu lost, %llu half, %llu "
               "recoveries\n",
               (unsigned long long)f.rounds, (unsigned long long)f.keys, (unsigned long long)f.lost,
               (unsigned long long)f.half, (unsigned long long)f.recoveries);
        mem_free(dir);
        return f.lost || f.half;
}
