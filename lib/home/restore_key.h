/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master keys of a backup and of the home that it is brought back into. */
#ifndef HOME_RESTORE_KEY_H
#define HOME_RESTORE_KEY_H

#include <stdbool.h>

#include "door/json.h"
#include "floor/fail.h"

/* What the backup's texts are sealed with must be there before any of them is brought back: keys
 * has the ids as its names, has_key says that the backup holds its own key file, and key_file (may
 * be NULL) is one of the backup's time; the home at home_path gets what it lacks from there.
 * *reseal is set when some are sealed with another key than the home's own.  0, -1 why. */
int restore_key(const char *home_path, const char *key_file, const json_t *keys, bool has_key,
                bool *reseal, struct fail *why);

#endif
