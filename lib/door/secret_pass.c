/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people sign in with: passphrases (scrypt, RFC 7914) and one-time codes (RFC 6238). */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "door/secret_private.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

/* 32 MiB and some 80 ms: OWASP's least for r = 8 is 2^15 with p = 3, or 2^17; ours is chosen for a
 * shared host and stored with each passphrase, so that it can grow. */
#define PASS_LOG_N 15
#define PASS_R 8
#define PASS_P 3
#define PASS_SALT 16
#define PASS_KEY 32
#define PASS_LOG_N_MAX 20 /* 1 GiB: what a stored text may ask of us */

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

void secret_scrypt(const char *pass, const void *salt, size_t salt_len, unsigned log_n, unsigned r,
                   unsigned p, unsigned char *out, size_t len)
{
        uint64_t n = (uint64_t)1 << log_n, most = n * r * 128 + (uint64_t)r * p * 128 + 4096;
        uint32_t r32 = r, p32 = p;
        OSSL_PARAM params[] = {
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)pass,
                                                  strlen(pass)),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt,
                                                  salt_len),
                OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
                OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r32),
                OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p32),
                OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &most),
                OSSL_PARAM_construct_end(),
        };
        EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
        EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);

        /* Sixteen threads that each take the memory would be a way to end the process. */
        pthread_mutex_lock(&one_at_a_time);
        secret_must(context != NULL && EVP_KDF_derive(context, out, len, params) == 1, "scrypt");
        pthread_mutex_unlock(&one_at_a_time);
        EVP_KDF_CTX_free(context);
        EVP_KDF_free(kdf);
}

void secret_pass_hash(const char *pass, struct buf *out)
{
        unsigned char salt[PASS_SALT], key[PASS_KEY];

        secret_random(salt, sizeof salt);
        secret_scrypt(pass, salt, sizeof salt, PASS_LOG_N, PASS_R, PASS_P, key, sizeof key);
        buf_format(out, "scrypt.%d.%d.%d.", PASS_LOG_N, PASS_R, PASS_P);
        code_base64url(out, salt, sizeof salt);
        buf_add_char(out, '.');
        code_base64url(out, key, sizeof key);
        mem_wipe(key, sizeof key);
}

/* A passphrase of nobody's, so that an unknown name takes as long as a known one. */
static const char nobody[] = "scrypt.15.8.3.AAAAAAAAAAAAAAAAAAAAAA."
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool secret_pass_fits(const char *pass, const char *stored, bool *outdated)
{
        unsigned log_n = 0, r = 0, p = 0;
        char salt_text[65] = "", key_text[129] = "";
        unsigned char key[64];
        struct buf salt = BUF_NONE, want = BUF_NONE;
        bool good = false;

        if (sscanf(text_empty(stored) ? nobody : stored, "scrypt.%2u.%2u.%2u.%64[^.].%128s", &log_n,
                   &r, &p, salt_text, key_text) == 5 &&
            log_n >= 1 && log_n <= PASS_LOG_N_MAX && r >= 1 && r <= 32 && p >= 1 && p <= 16 &&
            code_unbase64url(&salt, salt_text, strlen(salt_text)) == 0 &&
            code_unbase64url(&want, key_text, strlen(key_text)) == 0 && want.len >= 16 &&
            want.len <= sizeof key) {
                secret_scrypt(pass, salt.data, salt.len, log_n, r, p, key, want.len);
                good = secret_equal(key, want.data, want.len) && !text_empty(stored);
                mem_wipe(key, sizeof key);
        }
        if (outdated != NULL)
                *outdated = log_n != PASS_LOG_N || r != PASS_R || p != PASS_P;
        buf_dispose(&salt);
        buf_dispose_secret(&want);
        return good;
}

uint32_t secret_totp(const void *key, size_t key_len, int64_t step, unsigned digits)
{
        static const uint32_t tens[] = { 1,      10,      100,      1000,     10000,
                                         100000, 1000000, 10000000, 100000000 };
        unsigned char counter[8], mac[20];
        size_t size = 0;
        unsigned at;

        secret_must(digits >= 6 && digits <= 8, "one-time code");
        for (int i = 7; i >= 0; i--) {
                counter[i] = (unsigned char)step;
                step >>= 8;
        }
        secret_must(EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, key, key_len, counter,
                              sizeof counter, mac, sizeof mac, &size) != NULL &&
                        size == sizeof mac,
                    "one-time code");
        at = mac[19] & 15u; /* RFC 4226 5.3 */
        return ((uint32_t)(mac[at] & 0x7Fu) << 24 | (uint32_t)mac[at + 1] << 16 |
                (uint32_t)mac[at + 2] << 8 | mac[at + 3]) %
               tens[digits];
}

bool secret_totp_fits(const void *key, size_t key_len, const char *code, int64_t now_ms,
                      int64_t *last_step)
{
        int64_t now = now_ms / 1000 / SECRET_TOTP_SECONDS;
        bool good = false;
        char want[8];

        for (int64_t step = now - 1; step <= now + 1; step++) {
                snprintf(want, sizeof want, "%06u", secret_totp(key, key_len, step, 6));
                if (!good && secret_equal_text(code, want) && step > *last_step) {
                        *last_step = step;
                        good = true;
                }
        }
        mem_wipe(want, sizeof want);
        return good;
}
