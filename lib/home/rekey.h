/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Another master key: all that is sealed is sealed anew, while programs and worker run.
 *
 * First the new key goes into the key file, before the old one; then, org by org, the fence is
 * moved (keyring.h) and each sealed text sealed anew, in batches; when nothing is sealed with the
 * old key any more it goes out of the file.  Whatever is killed in between, both keys lie in the
 * file and open what they sealed; run again, it goes on.
 *
 * What was derived from the first key (tokens in links that were given out, marks in notes)
 * stays, and with it the first key, in the line "root" of the file.
 */
#ifndef HOME_REKEY_H
#define HOME_REKEY_H

#include <stdint.h>

#include "home/home.h"

struct rekey_report {
        char from[9], to[9];  /* ids of the keys */
        bool resumed;         /* one that had been begun was gone on with */
        uint64_t orgs, texts; /* looked through; sealed anew */
        uint64_t lost;        /* texts that no key here opens; left as they are */
        char lost_at[160];    /* the first of them */
};

/* turn false: no new key, only what another one than the present has sealed is sealed anew (a
 * restored backup).  why must not be NULL.  0 done, -1: FAIL_CONFLICT somebody else is at it;
 * otherwise run it again. */
int rekey(struct home *h, bool turn, struct rekey_report *report, struct fail *why);
/* Was one begun and not ended?  1, 0, -1. */
int rekey_pending(struct home *h, struct fail *why);

#endif
