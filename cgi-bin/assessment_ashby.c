/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assessment: what Ashby asks of an assessment partner. */
#include "assessment.h"

const struct route assessment_ashby[] = {
        { NULL, NULL, NULL, 0, false, NULL },
};
