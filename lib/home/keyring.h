/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The master keys of a home, as this process knows them, and what is sealed with them.
 *
 * Another process may rotate the key at any time (rekey.h).  A text that is sealed with a key we
 * have not seen makes us read the file again; before we seal, we look whether it is the same.
 * That alone would leave a moment between sealing and the commit in which a rotation comes to its
 * end.  So each org has a fence: a record that a rotation changes once the new key lies in
 * its file, and a batch with something sealed in it holds only while the fence is what it
 * was before the sealing.
 */
#ifndef HOME_KEYRING_H
#define HOME_KEYRING_H

#include "door/json.h"
#include "home/home.h"

struct keyring;

/* 1, 0 there is no such file, -1 why. */
int keyring_open(struct keyring **out, const char *path, struct fail *why);
void keyring_close(struct keyring *r);
/* Never changes. */
const struct secret_key *keyring_root(const struct keyring *r);
const char *keyring_path(const struct keyring *r);
/* Which key seals now, and those that may have sealed something still (texts; the caller's). */
void keyring_id(struct keyring *r, char id[9]);
json_t *keyring_old_ids(struct keyring *r);

/* Seals for a record of this org that b puts; adds the fence as a condition to b, so that it is
 * FAIL_CONFLICT when the key was rotated meanwhile: decide anew.  A fence that cannot be read is
 * one that does not hold.  bound as in secret_seal(). */
void home_seal(struct home *h, struct org *org, struct batch *b, const char *bound,
               const void *plain, size_t len, struct buf *out);
/* As secret_open(), with whichever key of the ring. */
int home_unseal(struct home *h, const char *bound, const char *sealed, struct buf *plain,
                struct fail *why);

#endif
