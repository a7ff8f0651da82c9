/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies under secret.c: the algorithms, by one of two files that a program is linked with.
 * secret_evp.c is in the library; a program that names secret_bare.c among its own sources has
 * that instead.  With secret_sha256(), secret_hmac(), secret_hkdf() and secret_gcm_encrypt() of
 * secret.h these are all that both define.
 */
#ifndef DOOR_SECRET_PRIVATE_H
#define DOOR_SECRET_PRIVATE_H

#include "door/secret.h"

#define SECRET_NONCE_SIZE 12 /* NIST SP 800-38D 5.2.1.1: 96 bits are recommended */
#define SECRET_TAG_SIZE 16
#define SECRET_SEAL_MAX (64 << 20) /* bytes; more is a mistake */

/* None of the calls below fails on account of its input: what is left is a broken or exhausted
 * library, and going on without it would be worse than ending. */
void secret_must(bool good, const char *what);

void secret_entropy(void *out, size_t len); /* never a test's: secret_random() is for callers */
/* data is ciphertext (len bytes) and tag.  false: not what was encrypted. */
bool secret_gcm_decrypt(const unsigned char *key, const unsigned char *nonce, const char *bound,
                        const unsigned char *data, size_t len, unsigned char *plain);

#endif
