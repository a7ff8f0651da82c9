/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assessment: the page on which a recruiter chooses what to send. */
#include "assessment.h"

const struct route assessment_select[] = {
        { NULL, NULL, NULL, 0, false, NULL },
};
