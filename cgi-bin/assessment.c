/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assessment: what hiring systems ask of an assessment partner; the selection page. */
#include "assessment.h"

#include <stdlib.h>

#include "guard.h"

#define ROUTES_MAX 32

static struct route routes[ROUTES_MAX + 1]; /* all tables, then the row of NULLs */

static void join(const struct route *table)
{
        static size_t count;

        for (; table->method != NULL; table++) {
                if (count == ROUTES_MAX)
                        abort();
                routes[count++] = *table;
        }
}

int main(int argc, char **argv)
{
        static const struct program program = {
                .name = "assessment",
                .about = "what hiring systems ask of an assessment partner; the selection page",
                .routes = routes,
                .start = guard_start,
                .stop = guard_stop,
        };

        join(assessment_ashby);
        join(assessment_greenhouse);
        join(assessment_select);
        return serve(argc, argv, &program);
}
