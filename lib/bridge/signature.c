/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which secret signed? */
#include "bridge/signature.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

#define HEX_LENGTH (2 * SECRET_DIGEST_SIZE)
#define NAME_MAX_BYTES 100 /* of an event's name: it comes from outside */

int signature_of(const struct sender_request *request, const void *message, size_t len,
                 const char *shown)
{
        unsigned char digest[SECRET_DIGEST_SIZE];
        struct buf hex = BUF_NONE;
        int who = -1;

        if (strlen(shown) != HEX_LENGTH)
                return -1;
        for (size_t i = 0; i < request->secret_count; i++) {
                const struct sender_secret *secret = &request->secrets[i];

                if (secret->len == 0)
                        continue; /* vouches for nothing */
                secret_hmac(secret->text, secret->len, message, len, digest);
                buf_reset(&hex);
                code_hex(&hex, digest, sizeof digest);
                /* No way out of the loop: how many secrets there are is all that time shows. */
                if (secret_equal(hex.data, shown, HEX_LENGTH) && who < 0)
                        who = (int)i;
        }
        mem_wipe(digest, sizeof digest);
        buf_dispose_secret(&hex);
        return who;
}

void verdict_set(struct verdict *verdict, enum verdict_kind kind, int status, const char *reason)
{
        *verdict = (struct verdict){
                .kind = kind,
                .status = status,
                .trust = TRUST_UNSIGNED,
                .secret = -1,
                .reason = reason,
        };
}

void fact_start(struct fact *fact, enum fact_kind kind, const char *name, const char *format, ...)
{
        va_list list;
        char *text;

        memset(fact, 0, sizeof *fact);
        fact->kind = kind;
        fact->name = mem_text_part(name, strnlen(name, NAME_MAX_BYTES));
        text_cut(fact->name, NAME_MAX_BYTES - 1);
        va_start(list, format);
        text = mem_format_list(format, list);
        va_end(list);
        memcpy(fact->summary, text, text_cut(text, sizeof fact->summary - 1) + 1);
        mem_free(text);
}
