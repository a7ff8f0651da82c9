/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets through OpenSSL: randomness, digests, message authentication, sealing.
 *
 * Randomness can be replaced for tests: FAIRLEAD_TEST_SEED (text) makes secret_random() a
 * repeatable stream; it is honoured only when the process is not privileged and is named
 * in the log once.
 */
#ifndef DOOR_SECRET_H
#define DOOR_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

#define SECRET_DIGEST_SIZE 32 /* SHA-256 and HMAC-SHA256 */
#define SECRET_KEY_SIZE 32
#define SECRET_JWT_MAX 16384 /* bytes of a token */

void secret_random(void *out, size_t len); /* ends the process if there is none */
/* len characters of [a-z2-7] (5 bits each), for tokens in paths. */
char *secret_token(size_t len);

void secret_sha256(const void *data, size_t len, unsigned char out[SECRET_DIGEST_SIZE]);
void secret_sha256_hex(const void *data, size_t len, struct buf *out); /* appends 64 digits */
void secret_hmac(const void *key, size_t key_len, const void *data, size_t len,
                 unsigned char out[SECRET_DIGEST_SIZE]);
void secret_hmac_hex(const void *key, size_t key_len, const void *data, size_t len,
                     struct buf *out);

/* Constant time in the content; NULL equals nothing, not even NULL.  For digests (equal, public
 * length) and for secrets of varying length (compares digests of both, so the length does not show
 * either). */
bool secret_equal(const void *a, const void *b, size_t len);
bool secret_equal_text(const char *a, const char *b);

/*
 * Sealing: AES-256-GCM with a random nonce.  The form is
 * "v1.<key id>.<base64url of nonce, ciphertext and tag>".  bound names what the secret
 * belongs to ("org/connection/field") and must be the same when opening, so that a sealed
 * text cannot be moved to another place.
 */
struct secret_key {
        char id[9]; /* first 8 hex digits of the key's digest */
        unsigned char bytes[SECRET_KEY_SIZE];
};

/*
 * A master key file: 64 hex digits, the key that seals.  Behind it, once it was rotated, "root "
 * and the digits of the first one, from which keys for one purpose are derived for ever (links
 * that were given out stay good), and, while a rotation is under way, "old " and the digits of
 * each key that may have sealed something still.
 */
#define SECRET_OLD_MAX 8
struct secret_ring {
        struct secret_key key, root, old[SECRET_OLD_MAX];
        size_t old_count;
};

/* 1, 0 absent, -1 why; a file that group or others have any right to, or a symbolic link, is
 * FAIL_DENIED or FAIL_SYSTEM, other contents are FAIL_BROKEN. */
int secret_ring_read(struct secret_ring *ring, const char *path, struct fail *why);
/* In place of what is there, whole or not at all (mode 0400). */
int secret_ring_write(const struct secret_ring *ring, const char *path, struct fail *why);
/* A new key seals from now on, the last one is an old one; false: there are too many. */
bool secret_ring_turn(struct secret_ring *ring);
/* The key with this id, if the ring has it, else NULL. */
const struct secret_key *secret_ring_find(const struct secret_ring *ring, const char *id);
void secret_ring_wipe(struct secret_ring *ring);
/* Where the id of its key stands in a sealed text; NULL: it is none. */
const char *secret_sealed_with(const char *sealed);
/* Makes a key file (mode 0400); an existing file is FAIL_CONFLICT. */
int secret_key_create(const char *path, struct fail *why);
/* A key for one purpose ("report-token", "acme"): HKDF-SHA256 (RFC 5869) of the master key;
 * org may be NULL for a key of the whole home. */
void secret_derive(const struct secret_key *key, const char *purpose, const char *org,
                   unsigned char out[SECRET_KEY_SIZE]);

void secret_seal(const struct secret_key *key, const char *bound, const void *plain, size_t len,
                 struct buf *out);
/* Appends the plain text: 0, or -1: FAIL_DENIED sealed with another key, FAIL_BROKEN no sealed
 * text, or changed, or bound to something else. */
int secret_open(const struct secret_key *key, const char *bound, const char *sealed,
                struct buf *plain, struct fail *why);

/* JSON Web Token (RFC 7515, RFC 7519) with HS256 over the two first parts as received: 0 and
 * the claims' JSON text appended, or -1: FAIL_INPUT not a token or an empty key, FAIL_DENIED
 * a wrong signature, another algorithm, a critical extension.  Nothing is said about the
 * claims, not even that they are JSON; the caller checks them. */
int secret_jwt_hs256(const char *token, const char *key, struct buf *claims, struct fail *why);

/*
 * Passphrases of people: scrypt (RFC 7914) with a salt of its own, as
 * "scrypt.<log2 N>.<r>.<p>.<salt>.<key>", so that the cost can grow.  One at a time in a process:
 * each takes 32 MiB and a tenth of a second.
 */
void secret_pass_hash(const char *pass, struct buf *out);
/* stored NULL or "": as long as for a real one, and false.  outdated (may be NULL): it was stored
 * with another cost than today's; hash it anew while the passphrase is at hand. */
bool secret_pass_fits(const char *pass, const char *stored, bool *outdated);

/* One-time codes (RFC 6238: HMAC-SHA-1, 30 seconds, 6 digits; what authenticators know). */
#define SECRET_TOTP_SECONDS 30
#define SECRET_TOTP_KEY 20
/* The code of now, of the step before or of the next, and of none that is not later than
 * *last_step, which is moved on: a code counts once. */
bool secret_totp_fits(const void *key, size_t key_len, const char *code, int64_t now_ms,
                      int64_t *last_step);
uint32_t secret_totp(const void *key, size_t key_len, int64_t step, unsigned digits);

/* For tests against published vectors, and nothing else: the bare algorithms.  The nonce of
 * secret_gcm_encrypt() is 12 bytes; out takes len bytes and the tag of 16. */
void secret_hkdf(const void *key, size_t key_len, const void *salt, size_t salt_len,
                 const void *info, size_t info_len, unsigned char *out, size_t len);
void secret_gcm_encrypt(const unsigned char key[SECRET_KEY_SIZE], const unsigned char nonce[12],
                        const char *bound, size_t bound_len, const void *plain, size_t len,
                        unsigned char *out);
void secret_scrypt(const char *pass, const void *salt, size_t salt_len, unsigned log_n, unsigned r,
                   unsigned p, unsigned char *out, size_t len);

#endif
