/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens: the bytes as a token, and as header and claims that are signed rightly. */
#include "door/json.h"
#include "door/secret.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/text.h"
#include "fuzz.h"

static void signed_rightly(const char *header, const char *claims)
{
        unsigned char mac[SECRET_DIGEST_SIZE];
        struct buf token = BUF_NONE, out = BUF_NONE;
        json_t *read;

        code_base64url(&token, header, strlen(header));
        buf_add_char(&token, '.');
        code_base64url(&token, claims, strlen(claims));
        secret_hmac("key", 3, token.data, token.len, mac);
        buf_add_char(&token, '.');
        code_base64url(&token, mac, sizeof mac);
        if (secret_jwt_hs256(token.data, "key", &out, NULL) == 0) {
                MUST(text_equal(buf_text(&out), claims));
                read = json_parse(header, strlen(header), true, NULL);
                MUST(text_equal(json_get_text(read, "alg", NULL), "HS256"));
                json_decref(read);
        }
        buf_reset(&out);
        MUST(secret_jwt_hs256(token.data, "kez", &out, NULL) != 0);
        MUST(out.len == 0);
        buf_dispose(&token);
        buf_dispose(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *token = the_rest(data, size), *header, *claims;
        struct buf out = BUF_NONE;

        MUST(secret_jwt_hs256(token, "a key that nobody guesses", &out, NULL) != 0);
        MUST(out.len == 0);
        header = next_part(&data, &size, '\n');
        claims = the_rest(data, size);
        signed_rightly(header, claims);
        buf_dispose(&out);
        mem_free(token);
        mem_free(header);
        mem_free(claims);
        return 0;
}
