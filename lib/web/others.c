/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings of single programs, known to all because they share the home's settings file. */
#include "web/serve.h"

const struct setting serve_other_rows[] = {
        /* admin */
        { "FAIRLEAD_REMOTE_USER", SETTING_BOOL, "no", 0, 0, NULL, NULL, NULL },
        { NULL, 0, NULL, 0, 0, NULL, NULL, NULL },
};
