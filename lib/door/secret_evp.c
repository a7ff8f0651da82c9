/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The algorithms through OpenSSL's providers.  All programs have these, except the one that
 * is started for each request: see secret_bare.c.
 */
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#include "door/secret_private.h"

/* Algorithms, fetched once per process and then shared by all threads: a fetch takes locks
 * and searches, which a webhook's signature check should not pay for. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static EVP_MAC *hmac;
static EVP_CIPHER *gcm;
static pthread_key_t mac_of_thread; /* an EVP_MAC_CTX with its digest set */

static void free_mac(void *context)
{
        EVP_MAC_CTX_free(context);
}

static void prepare(void)
{
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
        gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
        secret_must(sha256 != NULL && hmac != NULL && gcm != NULL, "fetch");
        secret_must(pthread_key_create(&mac_of_thread, free_mac) == 0, "thread key");
}

static void ready(void)
{
        secret_must(pthread_once(&once, prepare) == 0, "once");
}

void secret_entropy(void *out, size_t len)
{
        secret_must(len <= INT_MAX && RAND_priv_bytes(out, (int)len) == 1, "random");
}

void secret_sha256(const void *data, size_t len, unsigned char out[SECRET_DIGEST_SIZE])
{
        ready();
        secret_must(EVP_Digest(data == NULL ? "" : data, len, out, NULL, sha256, NULL) == 1,
                    "digest");
}

static EVP_MAC_CTX *mac_context(void)
{
        char name[] = OSSL_DIGEST_NAME_SHA2_256;
        OSSL_PARAM params[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                OSSL_PARAM_construct_end(),
        };
        EVP_MAC_CTX *context;

        ready();
        context = pthread_getspecific(mac_of_thread);
        if (context == NULL) {
                context = EVP_MAC_CTX_new(hmac);
                secret_must(context != NULL && EVP_MAC_CTX_set_params(context, params) == 1,
                            "HMAC");
                secret_must(pthread_setspecific(mac_of_thread, context) == 0, "thread value");
        }
        return context;
}

void secret_hmac(const void *key, size_t key_len, const void *data, size_t len,
                 unsigned char out[SECRET_DIGEST_SIZE])
{
        EVP_MAC_CTX *context = mac_context();
        size_t size = 0;

        /* A NULL key would mean: the key of the call before. */
        secret_must(EVP_MAC_init(context, key == NULL ? (const void *)"" : key, key_len, NULL) ==
                            1 &&
                        EVP_MAC_update(context, data, data == NULL ? 0 : len) == 1 &&
                        EVP_MAC_final(context, out, &size, SECRET_DIGEST_SIZE) == 1 &&
                        size == SECRET_DIGEST_SIZE,
                    "HMAC");
}

/* Apart from the others: most processes derive no key. */
static pthread_once_t hkdf_once = PTHREAD_ONCE_INIT;
static EVP_KDF *hkdf;

static void prepare_hkdf(void)
{
        hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
        secret_must(hkdf != NULL, "fetch");
}

void secret_hkdf(const void *key, size_t key_len, const void *salt, size_t salt_len,
                 const void *info, size_t info_len, unsigned char *out, size_t len)
{
        char name[] = OSSL_DIGEST_NAME_SHA2_256;
        OSSL_PARAM params[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key,
                                                  key_len),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt,
                                                  salt_len),
                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info,
                                                  info_len),
                OSSL_PARAM_construct_end(),
        };
        EVP_KDF_CTX *context;

        ready();
        secret_must(pthread_once(&hkdf_once, prepare_hkdf) == 0, "once");
        context = EVP_KDF_CTX_new(hkdf);
        secret_must(context != NULL && EVP_KDF_derive(context, out, len, params) == 1, "HKDF");
        EVP_KDF_CTX_free(context);
}

void secret_gcm_encrypt(const unsigned char key[SECRET_KEY_SIZE],
                        const unsigned char nonce[SECRET_NONCE_SIZE], const char *bound,
                        size_t bound_len, const void *plain, size_t len, unsigned char *out)
{
        EVP_CIPHER_CTX *context;
        int part = 0, rest = 0;

        ready();
        secret_must(len <= SECRET_SEAL_MAX && bound_len <= SECRET_SEAL_MAX, "seal"); /* int below */
        context = EVP_CIPHER_CTX_new();
        secret_must(context != NULL && EVP_EncryptInit_ex2(context, gcm, key, nonce, NULL) == 1 &&
                        EVP_EncryptUpdate(context, NULL, &part, (const unsigned char *)bound,
                                          (int)bound_len) == 1,
                    "seal");
        part = 0;
        secret_must((len == 0 || EVP_EncryptUpdate(context, out, &part, plain, (int)len) == 1) &&
                        EVP_EncryptFinal_ex(context, out + part, &rest) == 1 &&
                        (size_t)part + (size_t)rest == len &&
                        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SECRET_TAG_SIZE,
                                            out + len) == 1,
                    "seal");
        EVP_CIPHER_CTX_free(context);
}

/* data is ciphertext (len bytes) and tag.  false: not what was encrypted. */
bool secret_gcm_decrypt(const unsigned char *key, const unsigned char *nonce, const char *bound,
                        const unsigned char *data, size_t len, unsigned char *plain)
{
        EVP_CIPHER_CTX *context;
        int part = 0, rest = 0;
        bool good;

        ready();
        context = EVP_CIPHER_CTX_new();
        secret_must(context != NULL && EVP_DecryptInit_ex2(context, gcm, key, nonce, NULL) == 1 &&
                        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SECRET_TAG_SIZE,
                                            (void *)(uintptr_t)(data + len)) == 1,
                    "open");
        good = EVP_DecryptUpdate(context, NULL, &part, (const unsigned char *)bound,
                                 (int)strlen(bound)) == 1;
        part = 0;
        good = good && (len == 0 || EVP_DecryptUpdate(context, plain, &part, data, (int)len) == 1);
        good = good && EVP_DecryptFinal_ex(context, plain + part, &rest) == 1;
        EVP_CIPHER_CTX_free(context);
        return good;
}
