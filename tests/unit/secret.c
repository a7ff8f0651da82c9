/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets: published vectors, forgeries, key files. */
#include "door/secret.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tap.h"
#include "door/json.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/fail.h"
#include "floor/file.h"
#include "floor/mem.h"

static struct buf unhex(const char *text)
{
        struct buf b = BUF_NONE;

        if (code_unhex(&b, text, strlen(text)) != 0)
                abort();
        buf_reserve(&b, 1);
        return b;
}

static struct buf repeat(int byte, size_t len)
{
        struct buf b = BUF_NONE;

        while (b.len < len)
                buf_add_char(&b, (char)byte);
        return b;
}

static void test_digest(void)
{
        struct buf out = BUF_NONE;

        /* FIPS 180-4, examples */
        secret_sha256_hex("abc", 3, &out);
        tap_text(buf_text(&out), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                 "SHA-256 of abc");
        buf_reset(&out);
        secret_sha256_hex(NULL, 0, &out);
        tap_text(buf_text(&out), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                 "SHA-256 of nothing");
        buf_dispose(&out);
}

static void test_hmac(void)
{
        static const struct {
                int key_byte; /* -1: key is the text */
                size_t key_len;
                const char *key;
                int data_byte;
                size_t data_len;
                const char *data, *want;
        } rows[] = {
                /* RFC 4231, cases 1, 2, 3, 6, 7 */
                { 0x0b, 20, NULL, -1, 0, "Hi There",
                  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
                { -1, 0, "Jefe", -1, 0, "what do ya want for nothing?",
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
                { 0xaa, 20, NULL, 0xdd, 50, NULL,
                  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
                { 0xaa, 131, NULL, -1, 0, "Test Using Larger Than Block-Size Key - Hash Key First",
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
                { 0xaa, 131, NULL, -1, 0,
                  "This is a test using a larger than block-size key and a larger than block-size "
                  "data. The key needs to be hashed before being used by the HMAC algorithm.",
                  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
                /* both empty: the well-known value */
                { -1, 0, "", -1, 0, "",
                  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
        };
        struct buf out = BUF_NONE;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct buf key = repeat(rows[i].key_byte, rows[i].key_len);
                struct buf data = repeat(rows[i].data_byte, rows[i].data_len);

                buf_add_text(&key, rows[i].key);
                buf_add_text(&data, rows[i].data);
                buf_reset(&out);
                secret_hmac_hex(key.data, key.len, data.data, data.len, &out);
                tap_text(buf_text(&out), rows[i].want, "HMAC-SHA256, row %zu", i);
                buf_dispose(&key);
                buf_dispose(&data);
        }
        buf_reset(&out);
        secret_hmac_hex(NULL, 0, NULL, 0, &out);
        tap_text(buf_text(&out), rows[5].want, "NULL is the empty key, not the key before");
        buf_dispose(&out);
}

static void *sign(void *context)
{
        const int me = *(int *)context;
        unsigned char first[SECRET_DIGEST_SIZE], again[SECRET_DIGEST_SIZE];
        char key[32], data[3000];
        int bad = 0;

        memset(data, me, sizeof data);
        snprintf(key, sizeof key, "key of thread %d", me);
        secret_hmac(key, strlen(key), data, sizeof data, first);
        for (int i = 0; i < 1000; i++) {
                secret_hmac("other", 5, data, (size_t)i, again);
                secret_hmac(key, strlen(key), data, sizeof data, again);
                bad += memcmp(first, again, sizeof first) != 0;
        }
        *(int *)context = bad;
        return NULL;
}

static void test_threads(void)
{
        pthread_t threads[4];
        int value[4];

        for (int i = 0; i < 4; i++) {
                value[i] = i;
                pthread_create(&threads[i], NULL, sign, &value[i]);
        }
        for (int i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        tap_int(value[0] + value[1] + value[2] + value[3], 0, "threads do not mix their keys");
}

static void test_hkdf(void)
{
        static const struct {
                const char *salt, *info, *want;
        } rows[] = {
                /* RFC 5869, A.1 and A.3 */
                { "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
                  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8"
                  "87185865" },
                { "", "",
                  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4"
                  "b61a96c8" },
        };
        struct secret_key key = { .id = "00000000", .bytes = { 1 } };
        unsigned char a[SECRET_KEY_SIZE], b[SECRET_KEY_SIZE];
        struct buf ikm = repeat(0x0b, 22), hex = BUF_NONE;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct buf salt = unhex(rows[i].salt), info = unhex(rows[i].info);
                unsigned char out[42];

                secret_hkdf(ikm.data, ikm.len, salt.data, salt.len, info.data, info.len, out, 42);
                buf_reset(&hex);
                code_hex(&hex, out, sizeof out);
                tap_text(buf_text(&hex), rows[i].want, "HKDF-SHA256, row %zu", i);
                buf_dispose(&salt);
                buf_dispose(&info);
        }
        buf_dispose(&ikm);
        buf_dispose(&hex);
        secret_derive(&key, "report", "acme", a);
        secret_derive(&key, "report", "acme", b);
        tap_ok(secret_equal(a, b, sizeof a), "one purpose, one key");
        secret_derive(&key, "repor", "tacme", b);
        tap_ok(!secret_equal(a, b, sizeof a), "purpose and org do not run together");
        secret_derive(&key, "report", NULL, b);
        tap_ok(!secret_equal(a, b, sizeof a), "the home's key is not an org's");
        key.bytes[31] = 1;
        secret_derive(&key, "report", "acme", b);
        tap_ok(!secret_equal(a, b, sizeof a), "another master key, another key");
}

static void test_gcm(void)
{
        static const char zero[] =
            "0000000000000000000000000000000000000000000000000000000000000000";
        static const char real[] =
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        static const struct {
                const char *key, *nonce, *plain, *bound, *want;
        } rows[] = {
                /* McGrew and Viega, The Galois/Counter Mode, test cases 13, 14, 16 (to NIST) */
                { zero, "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
                { zero, "000000000000000000000000", "00000000000000000000000000000000", "",
                  "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
                { real, "cafebabefacedbaddecaf888",
                  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                  "76fc6ece0f4e1768cddf8853bb2d551b" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct buf key = unhex(rows[i].key), nonce = unhex(rows[i].nonce);
                struct buf plain = unhex(rows[i].plain), bound = unhex(rows[i].bound);
                struct buf want = unhex(rows[i].want);
                unsigned char *out = mem_alloc(plain.len + 16);

                secret_gcm_encrypt((unsigned char *)key.data, (unsigned char *)nonce.data,
                                   bound.data, bound.len, plain.data, plain.len, out);
                tap_bytes(out, plain.len + 16, want.data, want.len, "AES-256-GCM, row %zu", i);
                mem_free(out);
                buf_dispose(&key);
                buf_dispose(&nonce);
                buf_dispose(&plain);
                buf_dispose(&bound);
                buf_dispose(&want);
        }
}

static void test_seal(void)
{
        static const char *const texts[] = { "", "x", "a secret of some length, with \xFF in it" };
        struct secret_key key = { .id = "0a1b2c3d", .bytes = { 7 } }, other = key;
        struct buf sealed = BUF_NONE, again = BUF_NONE, plain = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        int opened = 0;

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
                buf_reset(&sealed);
                buf_reset(&plain);
                secret_seal(&key, "acme/cs/api_key", texts[i], strlen(texts[i]), &sealed);
                tap_ok(strncmp(sealed.data, "v1.0a1b2c3d.", 12) == 0, "form: %s", sealed.data);
                tap_int(secret_open(&key, "acme/cs/api_key", sealed.data, &plain, &why), 0,
                        "opens: %s", why.text);
                tap_text(buf_text(&plain), texts[i], "with what was sealed");
        }
        secret_seal(&key, "acme/cs/api_key", texts[2], strlen(texts[2]), &again);
        tap_ok(strcmp(again.data, sealed.data) != 0, "sealed twice, two texts");
        buf_reset(&plain);
        tap_int(secret_open(&key, "acme/gh/api_key", sealed.data, &plain, &why), -1,
                "moved to another place");
        tap_int(why.kind, FAIL_BROKEN, "says: %s", why.text);
        tap_int((int64_t)plain.len, 0, "nothing comes out");
        for (size_t i = 0; i < sealed.len; i++) {
                for (int bit = 0; bit < 8; bit++) {
                        sealed.data[i] ^= (char)(1 << bit);
                        if (sealed.data[i] != '\0')
                                opened += secret_open(&key, "acme/cs/api_key", sealed.data, &plain,
                                                      NULL) == 0;
                        sealed.data[i] ^= (char)(1 << bit);
                }
        }
        tap_int(opened, 0, "no bit may change");
        tap_int((int64_t)plain.len, 0, "and nothing came out");
        for (size_t i = 0; i < sealed.len; i++) {
                char *cut = mem_text_part(sealed.data, i);

                opened += secret_open(&key, "acme/cs/api_key", cut, &plain, NULL) == 0;
                mem_free(cut);
        }
        tap_int(opened, 0, "nothing may be cut off");
        strcpy(other.id, "ffffffff");
        fail_clear(&why);
        tap_int(secret_open(&other, "acme/cs/api_key", sealed.data, &plain, &why), -1,
                "another key's name");
        tap_int(why.kind, FAIL_DENIED, "says: %s", why.text);
        buf_dispose(&sealed);
        buf_dispose(&again);
        buf_dispose(&plain);
}

static void test_equal(void)
{
        static const struct {
                const char *a, *b;
                bool want;
        } rows[] = {
                { "", "", true },         { "abc", "abc", true }, { "abc", "abd", false },
                { "abc", "abcd", false }, { "", "a", false },     { NULL, "", false },
                { NULL, NULL, false },    { "abc", NULL, false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                tap_ok(secret_equal_text(rows[i].a, rows[i].b) == rows[i].want, "equal, row %zu",
                       i);
        tap_ok(secret_equal("abcd", "abcx", 3) && !secret_equal("abcd", "abcx", 4),
               "equal in len bytes");
}

static void test_key_file(void)
{
        static const char good[] =
            "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n";
        static const struct {
                const char *name, *text;
                mode_t mode;
                int want;
                enum fail_kind kind;
        } rows[] = {
                { "good", good, 0400, 1, FAIL_NONE },
                { "its owner may write", good, 0600, 1, FAIL_NONE },
                { "group may read", good, 0440, -1, FAIL_DENIED },
                { "others may read", good, 0404, -1, FAIL_DENIED },
                { "others may write", good, 0602, -1, FAIL_DENIED },
                { "empty", "", 0400, -1, FAIL_BROKEN },
                { "a digit short", good + 1, 0400, -1, FAIL_BROKEN },
                { "no digits", "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                  0400, -1, FAIL_BROKEN },
                { "a first key and an old one",
                  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                  "root f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                  "old e00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
                  0400, 1, FAIL_NONE },
                { "two first ones",
                  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                  "root f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                  "root e00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
                  0400, -1, FAIL_BROKEN },
                { "an old one that is cut off",
                  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                  "old e00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e\n",
                  0400, -1, FAIL_BROKEN },
                { "a line more",
                  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n\n", 0400, -1,
                  FAIL_BROKEN },
        };
        char *dir = tap_dir(), *path = file_path(dir, "master"), *link = file_path(dir, "link");
        struct secret_ring ring = { .old_count = 0 }, again = { .old_count = 0 };
        struct fail why = FAIL_CLEAR;
        struct stat st;

        tap_int(secret_ring_read(&ring, path, &why), 0, "no file is absent");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                fail_clear(&why);
                unlink(path);
                file_write(path, rows[i].text, strlen(rows[i].text), rows[i].mode, NULL);
                chmod(path, rows[i].mode);
                tap_int(secret_ring_read(&ring, path, &why), rows[i].want, "key file: %s %s",
                        rows[i].name, why.text);
                tap_int(why.kind, rows[i].kind, "kind: %s", rows[i].name);
        }
        unlink(path);
        file_write(path, good, strlen(good), 0400, NULL);
        secret_ring_read(&ring, path, NULL);
        /* sha256 of the bytes 00 to 1f, by sha256sum */
        tap_text(ring.key.id, "630dcd29", "the id is the start of the key's digest");
        tap_int(ring.key.bytes[31], 0x1f, "the last byte");
        fail_clear(&why);
        tap_ok(symlink(path, link) == 0 && secret_ring_read(&ring, link, &why) == -1,
               "a symbolic link is not followed: %s", why.text);
        fail_clear(&why);
        tap_int(secret_ring_read(&ring, dir, &why), -1, "a directory: %s", why.text);
        fail_clear(&why);
        tap_int(secret_key_create(path, &why), -1, "an existing key stays");
        tap_int(why.kind, FAIL_CONFLICT, "says: %s", why.text);
        unlink(path);
        unlink(link);
        fail_clear(&why);
        tap_int(secret_key_create(path, &why), 0, "create: %s", why.text);
        tap_ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0400, "mode 0400");
        tap_int((int64_t)st.st_nlink, 1, "nothing is left beside it");
        tap_int(secret_ring_read(&ring, path, &why), 1, "read back");
        unlink(path);
        secret_key_create(path, NULL);
        secret_ring_read(&again, path, NULL);
        tap_ok(!secret_equal(ring.key.bytes, again.key.bytes, SECRET_KEY_SIZE), "each key is new");
        secret_ring_wipe(&ring);
        tap_ok(ring.key.id[0] == '\0' && ring.key.bytes[5] == 0, "wiped");
        fail_clear(&why);
        mem_free(path);
        path = mem_format("%s/no/such", dir);
        tap_int(secret_key_create(path, &why), -1, "no directory: %s", why.text);
        mem_free(path);
        mem_free(link);
        mem_free(dir);
}

/* A key that was turned: what was sealed and what was derived before stays good. */
static void test_ring(void)
{
        char *dir = tap_dir(), *path = file_path(dir, "master");
        struct secret_ring ring, again;
        unsigned char before[SECRET_KEY_SIZE], after[SECRET_KEY_SIZE];
        struct buf sealed = BUF_NONE, plain = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        const char *id;
        int turns = 0;

        tap_int(secret_key_create(path, &why), 0, "a key %s", why.text);
        secret_ring_read(&ring, path, NULL);
        secret_seal(&ring.key, "acme/cs/api_key", "text", 4, &sealed);
        secret_derive(&ring.root, "report-token", "acme", before);
        id = secret_sealed_with(buf_text(&sealed));
        tap_ok(id != NULL && strncmp(id, ring.key.id, 8) == 0, "a sealed text names its key");
        tap_ok(secret_sealed_with("v1.short") == NULL && secret_sealed_with("") == NULL &&
                   secret_sealed_with(NULL) == NULL,
               "others name none");
        tap_ok(secret_ring_turn(&ring) && secret_ring_write(&ring, path, &why) == 0,
               "turned and written %s", why.text);
        tap_int(secret_ring_read(&again, path, &why), 1, "read back %s", why.text);
        tap_int((int64_t)again.old_count, 1, "with one old key");
        tap_ok(strncmp(id, again.key.id, 8) != 0, "and another that seals");
        tap_ok(secret_ring_find(&again, id) != NULL &&
                   secret_open(secret_ring_find(&again, id), "acme/cs/api_key", buf_text(&sealed),
                               &plain, &why) == 0,
               "the old one opens what it sealed %s", why.text);
        secret_derive(&again.root, "report-token", "acme", after);
        tap_ok(secret_equal(before, after, sizeof after), "what is derived stays the same");
        tap_ok(secret_ring_find(&again, "00000000") == NULL, "an unknown key is not there");
        while (secret_ring_turn(&ring))
                turns++;
        tap_int(turns, SECRET_OLD_MAX - 1, "old keys have a ceiling");
        buf_dispose(&plain);
        buf_dispose(&sealed);
        mem_free(path);
        mem_free(dir);
}

static char *token_of(const char *header, const char *claims, const char *key)
{
        unsigned char mac[SECRET_DIGEST_SIZE];
        struct buf b = BUF_NONE;

        code_base64url(&b, header, strlen(header));
        buf_add_char(&b, '.');
        code_base64url(&b, claims, strlen(claims));
        secret_hmac(key, strlen(key), b.data, b.len, mac);
        buf_add_char(&b, '.');
        code_base64url(&b, mac, sizeof mac);
        return buf_take(&b);
}

static void test_jwt(void)
{
        /* RFC 7515, A.1 */
        static const char rfc[] =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAs"
            "DQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        static const char rfc_key[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
                                      "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        static const struct {
                const char *name, *header;
                enum fail_kind want;
        } headers[] = {
                { "HS256", "{\"alg\":\"HS256\"}", FAIL_NONE },
                { "any typ", "{\"typ\":\"odd\",\"alg\":\"HS256\",\"kid\":\"7\"}", FAIL_NONE },
                { "none", "{\"alg\":\"none\"}", FAIL_DENIED },
                { "lower case", "{\"alg\":\"hs256\"}", FAIL_DENIED },
                { "HS512", "{\"alg\":\"HS512\"}", FAIL_DENIED },
                { "no alg", "{}", FAIL_DENIED },
                { "alg of another type", "{\"alg\":[\"HS256\"]}", FAIL_DENIED },
                { "alg twice", "{\"alg\":\"none\",\"alg\":\"HS256\"}", FAIL_INPUT },
                { "crit", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", FAIL_DENIED },
                { "crit null", "{\"alg\":\"HS256\",\"crit\":null}", FAIL_DENIED },
                { "no object", "[\"HS256\"]", FAIL_INPUT },
                { "no JSON", "alg", FAIL_INPUT },
                { "empty", "", FAIL_INPUT },
        };
        static const char *const shapes[] = { "", ".", "..", "...", "a.b", "a.b.c.d" };
        struct buf key = BUF_NONE, claims = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        char *token, *bad;
        int accepted = 0;

        code_unbase64url(&key, rfc_key, strlen(rfc_key));
        tap_int(secret_jwt_hs256(rfc, buf_text(&key), &claims, &why), 0, "RFC 7515 A.1 %s",
                why.text);
        tap_text(
            buf_text(&claims),
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
            "its claims");
        tap_int(secret_jwt_hs256(rfc, "", &claims, &why), -1, "an empty key proves nothing");
        tap_int(secret_jwt_hs256(rfc, NULL, &claims, NULL), -1, "nor does none");
        tap_int(secret_jwt_hs256(NULL, "k", &claims, NULL), -1, "no token");
        buf_reset(&claims);
        for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
                fail_clear(&why);
                token = token_of(headers[i].header, "{\"iss\":\"x\"}", "k");
                tap_int(secret_jwt_hs256(token, "k", &claims, &why),
                        headers[i].want == FAIL_NONE ? 0 : -1, "header: %s", headers[i].name);
                tap_int(why.kind, headers[i].want, "kind: %s", headers[i].name);
                mem_free(token);
        }
        tap_text(buf_text(&claims), "{\"iss\":\"x\"}{\"iss\":\"x\"}", "refused claims stay unseen");
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
                tap_int(secret_jwt_hs256(shapes[i], "k", &claims, NULL), -1, "shape \"%s\"",
                        shapes[i]);
        token = token_of("{\"alg\":\"HS256\"}", "{}", "k");
        tap_int(secret_jwt_hs256(token, "k2", &claims, NULL), -1, "another key");
        for (size_t i = 0; i < strlen(token); i++) {
                for (int bit = 0; bit < 8; bit++) {
                        bad = mem_text(token);
                        bad[i] ^= (char)(1 << bit);
                        accepted += secret_jwt_hs256(bad, "k", &claims, NULL) == 0;
                        mem_free(bad);
                }
        }
        tap_int(accepted, 0, "no bit may change");
        bad = mem_format("%s=", token);
        tap_int(secret_jwt_hs256(bad, "k", &claims, NULL), -1, "padding is not base64url");
        mem_free(bad);
        bad = mem_text_part(token, strlen(token) - 2);
        tap_int(secret_jwt_hs256(bad, "k", &claims, NULL), -1, "a short signature");
        mem_free(bad);
        mem_free(token);
        bad = mem_alloc(40000);
        memset(bad, 'a', 39999);
        token = token_of("{\"alg\":\"HS256\"}", bad, "k");
        tap_int(secret_jwt_hs256(token, "k", &claims, NULL), -1, "longer than the ceiling");
        mem_free(bad);
        mem_free(token);
        buf_dispose(&key);
        buf_dispose(&claims);
}

/* The signature part of the vendor's vectors: what is wrong with the claims is for others. */
static void test_vectors(void)
{
        const char *shared = getenv("FAIRLEAD_SHARED"), *source = getenv("FAIRLEAD_SOURCE");
        char *path =
            shared ? mem_format("%s/vectors/coderbyte-jwt.json", shared)
                   : mem_format("%s/../shared/vectors/coderbyte-jwt.json", source ? source : ".");
        struct buf text = BUF_NONE, claims = BUF_NONE;
        json_t *rows = NULL, *row;
        size_t i;

        if (file_read(path, 1 << 20, &text, NULL) != 1) {
                tap_skip(1, "the shared vectors are not here");
        } else {
                rows = json_parse(text.data, text.len, true, NULL);
                tap_ok(json_array_size(rows) >= 7, "the vectors are there");
        }
        json_array_foreach(rows, i, row)
        {
                const char *note = json_get_text(row, "note", "");
                bool signature_bad = strstr(note, "wrong key") || strstr(note, "alg none");

                tap_int(secret_jwt_hs256(json_get_text(row, "token", ""),
                                         json_get_text(row, "key", ""), &claims, NULL),
                        signature_bad ? -1 : 0, "vector: %s", note);
        }
        json_decref(rows);
        buf_dispose(&text);
        buf_dispose(&claims);
        mem_free(path);
}

static void test_random(void)
{
        char *a = secret_token(40), *b = secret_token(40);

        tap_int((int64_t)strlen(a), 40, "token of 40 characters");
        tap_int((int64_t)strspn(a, "abcdefghijklmnopqrstuvwxyz234567"), 40, "from the 32 letters");
        tap_ok(strcmp(a, b) != 0, "two tokens differ");
        mem_free(a);
        mem_free(b);
}

/* In a child, because the seed is read once per process. */
static char *seeded_token(const char *program, const char *seed)
{
        char *command = mem_format("FAIRLEAD_TEST_SEED='%s' '%s' token 2>/dev/null", seed, program);
        FILE *child = popen(command, "r");
        char line[200] = "";

        if (fgets(line, sizeof line, child) == NULL)
                line[0] = '\0';
        pclose(child);
        mem_free(command);
        return mem_text(line);
}

static void test_seed(const char *program)
{
        char *a = seeded_token(program, "one"), *b = seeded_token(program, "one");
        char *c = seeded_token(program, "two");

        tap_ok(strlen(a) == 81 && strcmp(a, b) == 0, "a seed repeats its stream");
        tap_ok(strcmp(a, c) != 0, "another seed, another stream");
        tap_ok(strncmp(a, a + 40, 40) != 0, "the stream goes on");
        mem_free(a);
        mem_free(b);
        mem_free(c);
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], "token") == 0) {
                char *a = secret_token(40), *b = secret_token(40);

                printf("%s%s\n", a, b);
                mem_free(a);
                mem_free(b);
                return 0;
        }
        test_digest();
        test_hmac();
        test_threads();
        test_hkdf();
        test_gcm();
        test_seal();
        test_equal();
        test_key_file();
        test_ring();
        test_jwt();
        test_vectors();
        test_random();
        test_seed(argv[0]);
        return tap_end();
}
