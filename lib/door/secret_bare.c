/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The algorithms through libcrypto's functions from before there were providers, for a program
 * that is started anew for each request (plain CGI).
 *
 * EVP must build its tables and look each algorithm up before the first byte is hashed, and
 * holds on to all of libcrypto: 2.5 ms for a request that needs three digests and two sealed
 * texts.  These functions need none of that, and nine objects of libcrypto.a with 50 KB are all
 * that is linked.  They are the same assembler as below EVP.  OpenSSL calls AES_* and SHA256_*
 * deprecated since 3.0, in favour of EVP; they are public all the same.  HMAC and HKDF are
 * written out, since OpenSSL's go through EVP.  tests/unit/secret.c runs whole against this
 * file and against secret_evp.c.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>
#include <openssl/crypto.h>
#include <openssl/modes.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/random.h>

#include "door/secret_private.h"
#include "floor/mem.h"

#define BLOCK 64 /* bytes that SHA-256 takes at once: B of RFC 2104 */

void secret_entropy(void *out, size_t len)
{
        unsigned char *at = out;

        while (len > 0) {
                /* Up to 256 bytes come whole and are never interrupted (getrandom(2)). */
                size_t part = len < 256 ? len : 256;

                secret_must(getrandom(at, part, 0) == (ssize_t)part, "random");
                at += part;
                len -= part;
        }
}

static void add(SHA256_CTX *context, const void *data, size_t len)
{
        if (len > 0)
                secret_must(SHA256_Update(context, data, len) == 1, "digest");
}

static void begin(SHA256_CTX *context)
{
        secret_must(SHA256_Init(context) == 1, "digest");
}

static void end(SHA256_CTX *context, unsigned char out[SECRET_DIGEST_SIZE])
{
        secret_must(SHA256_Final(out, context) == 1, "digest");
        mem_wipe(context, sizeof *context);
}

void secret_sha256(const void *data, size_t len, unsigned char out[SECRET_DIGEST_SIZE])
{
        SHA256_CTX context;

        begin(&context);
        add(&context, data, data == NULL ? 0 : len);
        end(&context, out);
}

/* RFC 2104 2: H(key ^ opad, H(key ^ ipad, text)); a key longer than a block is hashed first. */
struct hmac {
        SHA256_CTX inner, outer;
};

static void hmac_begin(struct hmac *h, const void *key, size_t key_len)
{
        unsigned char pad[BLOCK] = { 0 };

        if (key_len > BLOCK)
                secret_sha256(key, key_len, pad);
        else if (key_len > 0)
                memcpy(pad, key, key_len);
        for (size_t i = 0; i < BLOCK; i++)
                pad[i] ^= 0x36;
        begin(&h->inner);
        add(&h->inner, pad, BLOCK);
        for (size_t i = 0; i < BLOCK; i++)
                pad[i] ^= 0x36 ^ 0x5c;
        begin(&h->outer);
        add(&h->outer, pad, BLOCK);
        mem_wipe(pad, sizeof pad);
}

static void hmac_end(struct hmac *h, unsigned char out[SECRET_DIGEST_SIZE])
{
        end(&h->inner, out);
        add(&h->outer, out, SECRET_DIGEST_SIZE);
        end(&h->outer, out);
}

void secret_hmac(const void *key, size_t key_len, const void *data, size_t len,
                 unsigned char out[SECRET_DIGEST_SIZE])
{
        struct hmac h;

        hmac_begin(&h, key, key == NULL ? 0 : key_len);
        add(&h.inner, data, data == NULL ? 0 : len);
        hmac_end(&h, out);
}

/* RFC 5869 2.2 (extract) and 2.3 (expand). */
void secret_hkdf(const void *key, size_t key_len, const void *salt, size_t salt_len,
                 const void *info, size_t info_len, unsigned char *out, size_t len)
{
        unsigned char prk[SECRET_DIGEST_SIZE], block[SECRET_DIGEST_SIZE], count = 0;

        secret_must(len <= 255 * SECRET_DIGEST_SIZE, "HKDF");
        secret_hmac(salt, salt_len, key, key_len, prk);
        while (len > 0) {
                size_t part = len < sizeof block ? len : sizeof block;
                struct hmac h;

                hmac_begin(&h, prk, sizeof prk);
                add(&h.inner, block, count == 0 ? 0 : sizeof block);
                add(&h.inner, info, info_len);
                count++;
                add(&h.inner, &count, 1);
                hmac_end(&h, block);
                memcpy(out, block, part);
                out += part;
                len -= part;
        }
        mem_wipe(prk, sizeof prk);
        mem_wipe(block, sizeof block);
}

/* Of our cipher only the forward direction is needed: GCM is a counter mode. */
static GCM128_CONTEXT *gcm_begin(AES_KEY *schedule, const unsigned char *key,
                                 const unsigned char *nonce, const char *bound, size_t bound_len)
{
        GCM128_CONTEXT *gcm;

        secret_must(AES_set_encrypt_key(key, 8 * SECRET_KEY_SIZE, schedule) == 0, "AES");
        gcm = CRYPTO_gcm128_new(schedule, (block128_f)AES_encrypt);
        secret_must(gcm != NULL, "GCM");
        CRYPTO_gcm128_setiv(gcm, nonce, SECRET_NONCE_SIZE);
        secret_must(bound_len == 0 ||
                        CRYPTO_gcm128_aad(gcm, (const unsigned char *)bound, bound_len) == 0,
                    "GCM");
        return gcm;
}

void secret_gcm_encrypt(const unsigned char key[SECRET_KEY_SIZE],
                        const unsigned char nonce[SECRET_NONCE_SIZE], const char *bound,
                        size_t bound_len, const void *plain, size_t len, unsigned char *out)
{
        AES_KEY schedule;
        GCM128_CONTEXT *gcm = gcm_begin(&schedule, key, nonce, bound, bound_len);

        secret_must(len == 0 || CRYPTO_gcm128_encrypt(gcm, plain, out, len) == 0, "GCM");
        CRYPTO_gcm128_tag(gcm, out + len, SECRET_TAG_SIZE);
        CRYPTO_gcm128_release(gcm);
        mem_wipe(&schedule, sizeof schedule);
}

bool secret_gcm_decrypt(const unsigned char *key, const unsigned char *nonce, const char *bound,
                        const unsigned char *data, size_t len, unsigned char *plain)
{
        AES_KEY schedule;
        GCM128_CONTEXT *gcm = gcm_begin(&schedule, key, nonce, bound, strlen(bound));
        bool good;

        secret_must(len == 0 || CRYPTO_gcm128_decrypt(gcm, data, plain, len) == 0, "GCM");
        good = CRYPTO_gcm128_finish(gcm, data + len, SECRET_TAG_SIZE) == 0;
        CRYPTO_gcm128_release(gcm); /* wipes it */
        mem_wipe(&schedule, sizeof schedule);
        return good;
}
