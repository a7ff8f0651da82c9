/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assessment: what Greenhouse asks of an assessment partner. */
#include "assessment.h"

const struct route assessment_greenhouse[] = {
        { NULL, NULL, NULL, 0, false, NULL },
};
