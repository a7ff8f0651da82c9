/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One file that holds a home as it stands, and the way back.
 *
 * Both run while the programs serve.  A backup never holds the master key unless asked: keep
 * the two apart.  Restoring verifies the whole file before it touches anything, and can be
 * repeated after an interruption; a worker that runs rests meanwhile (home/claim.h), for it alone
 * moves records on.
 *
 * The file is a line "FAIRLEAD-BACKUP-1" and frames: type byte, header length, data length
 * (32 bits, big-endian), header (JSON), data, CRC-32C of all that; the last frame ('e')
 * counts the others, so that a cut file is recognised.
 */
#ifndef HOME_BACKUP_H
#define HOME_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "floor/fail.h"
#include "home/home.h"

struct backup_count {
        uint64_t orgs, records, waiting, files; /* waiting: inbox records not yet worked on */
};

/* Writes path beside and renames it; mode 0600.  An existing file is replaced. */
int backup_write(struct home *h, const char *path, bool with_key, struct backup_count *count,
                 struct fail *why);

/* Puts it back into the home at home_path, which is made when absent.  replace: orgs that have
 * records already become as in the backup; without it they are FAIL_CONFLICT, and nothing of the
 * home is touched.  key_file (may be
 * NULL): the master key file of the time of the backup, where it was rotated since; what it sealed
 * is sealed anew. */
int backup_restore(const char *home_path, const char *path, bool replace, const char *key_file,
                   struct backup_count *count, struct fail *why);

#endif
