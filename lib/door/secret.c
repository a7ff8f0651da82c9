/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets: what is made of the algorithms: tokens, key files, sealed texts, signed tokens. */
#include "door/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "door/json.h"
#include "door/secret_private.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *seed; /* of a test's randomness, else NULL */
static pthread_mutex_t seed_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t seed_at; /* blocks of the stream used so far */

/* None of these calls can fail on account of their input: what is left is a broken or
 * exhausted OpenSSL, and going on without it would be worse than ending. */
void secret_must(bool good, const char *what)
{
        if (!good) {
                fprintf(stderr, "fatal: OpenSSL: %s failed\n", what);
                _exit(3);
        }
}

static void read_seed(void)
{
        seed = secure_getenv("FAIRLEAD_TEST_SEED"); /* NULL in a set-user-id program */
        if (text_empty(seed))
                seed = NULL;
        else
                log_event(LOG_LEVEL_WARN, "randomness is replaced by FAIRLEAD_TEST_SEED", NULL);
}

/* Block n of the test's stream is HMAC(seed, n). */
static void seeded(unsigned char *out, size_t len)
{
        while (len > 0) {
                unsigned char block[SECRET_DIGEST_SIZE];
                size_t part = len < sizeof block ? len : sizeof block;
                char number[24];

                pthread_mutex_lock(&seed_lock);
                snprintf(number, sizeof number, "%llu", (unsigned long long)seed_at++);
                pthread_mutex_unlock(&seed_lock);
                secret_hmac(seed, strlen(seed), number, strlen(number), block);
                memcpy(out, block, part);
                out += part;
                len -= part;
        }
}

void secret_random(void *out, size_t len)
{
        pthread_once(&once, read_seed);
        if (seed != NULL)
                seeded(out, len);
        else
                secret_entropy(out, len);
}

char *secret_token(size_t len)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
        char *token = mem_alloc(len + 1);

        secret_random(token, len);
        for (size_t i = 0; i < len; i++)
                token[i] = letters[token[i] & 31];
        return token;
}

void secret_sha256_hex(const void *data, size_t len, struct buf *out)
{
        unsigned char digest[SECRET_DIGEST_SIZE];

        secret_sha256(data, len, digest);
        code_hex(out, digest, sizeof digest);
}

void secret_hmac_hex(const void *key, size_t key_len, const void *data, size_t len, struct buf *out)
{
        unsigned char digest[SECRET_DIGEST_SIZE];

        secret_hmac(key, key_len, data, len, digest);
        code_hex(out, digest, sizeof digest);
}

bool secret_equal(const void *a, const void *b, size_t len)
{
        return CRYPTO_memcmp(a, b, len) == 0;
}

bool secret_equal_text(const char *a, const char *b)
{
        unsigned char digest_a[SECRET_DIGEST_SIZE], digest_b[SECRET_DIGEST_SIZE];

        if (a == NULL || b == NULL)
                return false;
        secret_sha256(a, strlen(a), digest_a);
        secret_sha256(b, strlen(b), digest_b);
        return secret_equal(digest_a, digest_b, sizeof digest_a);
}

/* The file appears whole or not at all: written under another name, then linked. */
static int write_key(const char *fresh, const char *path, const struct buf *text, struct fail *why)
{
        int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        int result = -1;

        if (fd < 0)
                return fail_errno(why, "create %s", fresh);
        if (file_write_all(fd, text->data, text->len) != 0 || fsync(fd) != 0)
                fail_errno(why, "write %s", fresh);
        else if (link(fresh, path) == 0)
                result = 0;
        else if (errno == EEXIST)
                fail_set(why, FAIL_CONFLICT, "%s exists already", path);
        else
                fail_errno(why, "link %s", path);
        close(fd);
        unlink(fresh);
        return result;
}

int secret_key_create(const char *path, struct fail *why)
{
        unsigned char bytes[SECRET_KEY_SIZE];
        char *dir = mem_text(path), *token = secret_token(8);
        char *fresh = mem_format("%s.%s.new", path, token), *slash = strrchr(dir, '/');
        struct buf text = BUF_NONE;
        int result;

        secret_random(bytes, sizeof bytes);
        buf_reserve(&text, 2 * SECRET_KEY_SIZE + 1);
        code_hex(&text, bytes, sizeof bytes);
        buf_add_char(&text, '\n');
        result = write_key(fresh, path, &text, why);
        if (slash != NULL)
                slash[slash == dir] = '\0'; /* "/name" lies in "/" */
        if (result == 0)
                result = file_sync_dir(slash == NULL ? "." : dir, why);
        mem_wipe(bytes, sizeof bytes);
        buf_dispose_secret(&text);
        mem_free(fresh);
        mem_free(token);
        mem_free(dir);
        return result;
}

void secret_derive(const struct secret_key *key, const char *purpose, const char *org,
                   unsigned char out[SECRET_KEY_SIZE])
{
        static const char salt[] = "fairlead 1";
        struct buf info = BUF_NONE;

        /* The NUL between them keeps "ab", "c" and "a", "bc" apart. */
        buf_add(&info, purpose, strlen(purpose) + 1);
        buf_add_text(&info, org);
        secret_hkdf(key->bytes, sizeof key->bytes, salt, sizeof salt - 1, info.data, info.len, out,
                    SECRET_KEY_SIZE);
        buf_dispose(&info);
}

void secret_seal(const struct secret_key *key, const char *bound, const void *plain, size_t len,
                 struct buf *out)
{
        unsigned char *whole = mem_alloc(SECRET_NONCE_SIZE + len + SECRET_TAG_SIZE);

        secret_must(len <= SECRET_SEAL_MAX && strlen(bound) <= SECRET_SEAL_MAX, "seal");
        secret_random(whole, SECRET_NONCE_SIZE);
        secret_gcm_encrypt(key->bytes, whole, bound, strlen(bound), plain, len,
                           whole + SECRET_NONCE_SIZE);
        buf_format(out, "v1.%s.", key->id);
        code_base64url(out, whole, SECRET_NONCE_SIZE + len + SECRET_TAG_SIZE);
        mem_free(whole);
}

int secret_open(const struct secret_key *key, const char *bound, const char *sealed,
                struct buf *plain, struct fail *why)
{
        struct buf whole = BUF_NONE;
        unsigned char *data, *text = NULL;
        size_t len = 0;
        int result = -1;

        if (!text_starts(sealed, "v1.") || strlen(sealed) < 12 || sealed[11] != '.' ||
            strlen(sealed) > 2 * SECRET_SEAL_MAX ||
            code_unbase64url(&whole, sealed + 12, strlen(sealed + 12)) != 0 ||
            whole.len < SECRET_NONCE_SIZE + SECRET_TAG_SIZE) {
                fail_set(why, FAIL_BROKEN, "%s: not a sealed text", bound);
                goto out;
        }
        if (strncmp(sealed + 3, key->id, 8) != 0) {
                fail_set(why, FAIL_DENIED, "%s: sealed with key %.8s, but the key here is %s",
                         bound, sealed + 3, key->id);
                goto out;
        }
        data = (unsigned char *)whole.data;
        len = whole.len - SECRET_NONCE_SIZE - SECRET_TAG_SIZE;
        text = mem_alloc(len);
        if (!secret_gcm_decrypt(key->bytes, data, bound, data + SECRET_NONCE_SIZE, len, text)) {
                fail_set(why, FAIL_BROKEN, "%s: the sealed text was changed or moved here", bound);
                goto out;
        }
        buf_add(plain, text, len);
        result = 0;
out:
        mem_wipe(text, len);
        mem_free(text);
        buf_dispose(&whole);
        return result;
}

/* RFC 7515 4.1: alg exactly HS256; a critical extension is one we do not know. */
static int check_header(const char *text, size_t len, struct fail *why)
{
        struct buf decoded = BUF_NONE;
        json_t *header = NULL;
        int result = -1;

        if (code_unbase64url(&decoded, text, len) == 0)
                header = json_parse(decoded.data, decoded.len, true, NULL);
        if (!json_is_object(header))
                fail_set(why, FAIL_INPUT, "token: the header is not a JSON object");
        else if (!text_equal(json_get_text(header, "alg", NULL), "HS256"))
                fail_set(why, FAIL_DENIED, "token: not signed with HS256");
        else if (json_object_get(header, "crit") != NULL)
                fail_set(why, FAIL_DENIED, "token: critical extensions are not known here");
        else
                result = 0;
        json_decref(header);
        buf_dispose(&decoded);
        return result;
}

int secret_jwt_hs256(const char *token, const char *key, struct buf *claims, struct fail *why)
{
        const char *dot1, *dot2 = NULL;
        unsigned char want[SECRET_DIGEST_SIZE];
        struct buf sign = BUF_NONE, body = BUF_NONE;
        int result = -1;

        if (text_empty(key)) {
                fail_set(why, FAIL_INPUT, "token: no key to check it with");
                goto out;
        }
        if (text_empty(token) || strnlen(token, SECRET_JWT_MAX + 1) > SECRET_JWT_MAX ||
            (dot1 = strchr(token, '.')) == NULL || (dot2 = strchr(dot1 + 1, '.')) == NULL ||
            strchr(dot2 + 1, '.') != NULL) {
                fail_set(why, FAIL_INPUT, "token: not three parts, or longer than %d bytes",
                         SECRET_JWT_MAX);
                goto out;
        }
        /* The signature first: nothing else of the token is looked at before it holds. */
        secret_hmac(key, strlen(key), token, (size_t)(dot2 - token), want);
        if (code_unbase64url(&sign, dot2 + 1, strlen(dot2 + 1)) != 0 || sign.len != sizeof want ||
            !secret_equal(sign.data, want, sizeof want)) {
                fail_set(why, FAIL_DENIED, "token: the signature does not fit");
                goto out;
        }
        if (check_header(token, (size_t)(dot1 - token), why) != 0)
                goto out;
        if (code_unbase64url(&body, dot1 + 1, (size_t)(dot2 - dot1 - 1)) != 0 || body.len == 0) {
                fail_set(why, FAIL_INPUT, "token: the claims are not base64url");
                goto out;
        }
        buf_add_buf(claims, &body);
        result = 0;
out:
        buf_dispose(&sign);
        buf_dispose(&body);
        return result;
}
