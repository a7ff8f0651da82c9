/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assessment: what hiring systems ask of an assessment partner; the selection page. */
#include "assessment.h"

#include "guard.h"

int main(int argc, char **argv)
{
        static const struct route *const tables[] = { assessment_ashby, assessment_greenhouse,
                                                      assessment_select, NULL };
        static const struct program program = {
                .name = "assessment",
                .about = "what hiring systems ask of an assessment partner; the selection page",
                .routes = tables,
                .start = guard_start,
                .stop = guard_stop,
        };

        return serve(argc, argv, &program);
}
