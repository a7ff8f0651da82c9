/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Torture of the inbox: usage: inbox_torture [ROUNDS [SEED [none|sync|write]]]
 *
 * Half of the rounds kill writers, half cut the power.  One line per thing that is wrong;
 * exit 0 when nothing was acknowledged and lost, invented, doubled or out of order, 1 when
 * something was, 2 for a wrong call.  The controls "sync" and "write" are disks that lie:
 * with them it must exit 1, or it cannot find anything.
 */
#include "inbox_torture.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/when.h"

#define TOLD 20 /* faults that are told in words */

enum control torture_control;
unsigned long torture_faults, torture_acknowledged;
static unsigned long round_number;

uint64_t torture_random(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

size_t torture_record(char text[TEXT_MAX], unsigned writer, unsigned index)
{
        uint64_t state = (uint64_t)writer << 32 | index;
        int len = snprintf(text, TEXT_MAX, "%u %u ", writer, index);
        size_t end = (size_t)len + torture_random(&state) % 600;

        while ((size_t)len < end)
                text[len++] = (char)torture_random(&state);
        return end;
}

bool torture_known(const struct buf *record, unsigned *writer, unsigned *index)
{
        char text[TEXT_MAX];

        return sscanf(buf_text(record), "%u %u ", writer, index) == 2 && *writer < WRITERS &&
               *index < EACH && torture_record(text, *writer, *index) == record->len &&
               memcmp(text, record->data, record->len) == 0;
}

void torture_wrong(const char *format, ...)
{
        va_list list;

        if (torture_faults++ >= TOLD)
                return;
        printf("round %lu: ", round_number);
        va_start(list, format);
        vprintf(format, list);
        va_end(list);
        putchar('\n');
        fflush(stdout);
}

void torture_empty(const char *dir)
{
        DIR *list = opendir(dir);
        struct dirent *entry;

        while (list != NULL && (entry = readdir(list)) != NULL)
                if (entry->d_name[0] != '.')
                        unlinkat(dirfd(list), entry->d_name, 0);
        if (list != NULL)
                closedir(list);
}

int main(int argc, char **argv)
{
        static const char *const controls[] = { "none", "sync", "write" };
        unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
        uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)when_now_ms();
        uint64_t state = seed;
        int64_t start = when_steady_ms();
        char *dir;

        for (int i = 0; argc > 3 && i < 3; i++)
                if (strcmp(argv[3], controls[i]) == 0)
                        torture_control = (enum control)i;
        if (rounds == 0 || argc > 4 ||
            (argc > 3 && strcmp(argv[3], controls[torture_control]) != 0)) {
                fprintf(stderr, "usage: inbox_torture [ROUNDS [SEED [none|sync|write]]]\n");
                return 2;
        }
        dir = tap_dir();
        for (round_number = 1; round_number <= rounds; round_number++) {
                uint64_t mine = torture_random(&state);

                if (round_number % 2 == 0)
                        torture_power(dir, mine);
                else
                        torture_kill(dir, mine);
                torture_empty(dir);
                if (torture_control != CONTROL_NONE && torture_faults > 0)
                        break;
        }
        printf("inbox torture: rounds %lu, seed %" PRIu64 ", control %s, acknowledged %lu, "
               "wrong %lu, %.1f s\n",
               rounds, seed, controls[torture_control], torture_acknowledged, torture_faults,
               (double)(when_steady_ms() - start) / 1000);
        mem_free(dir);
        return torture_faults == 0 ? 0 : 1;
}
