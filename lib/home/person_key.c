/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Second factors: keys of authenticators, recovery codes. */
#include <string.h>

#include "door/secret.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/keyring.h"
#include "home/person_private.h"
#include "home/records.h"

#define RECOVERY_LEN 16 /* letters: 80 bits */

static char *bound(const struct org *org, const char *id)
{
        return mem_format("%s/person/%s/totp", org->name, id);
}

enum person_answer person_totp_begin(struct home *h, struct org *org, const char *id, char **base32,
                                     struct fail *why)
{
        json_t *read = NULL, *record;
        unsigned char key[SECRET_TOTP_KEY];
        struct buf sealed = BUF_NONE, text = BUF_NONE;
        enum person_answer answer;
        struct plan plan;
        char *where;
        int found = person_get(org, id, &read, why);

        *base32 = NULL;
        if (found <= 0)
                return found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
        secret_random(key, sizeof key);
        where = bound(org, id);
        plan_init(&plan);
        home_seal(h, org, plan.batch, where, key, sizeof key, &sealed);
        code_base32(&text, key, sizeof key);
        mem_wipe(key, sizeof key);
        record = json_deep_copy(read);
        json_set_text(record, "totp_new", buf_text(&sealed));
        answer = person_commit(&plan, org, id, read, record, why);
        plan_dispose(&plan);
        if (answer == PERSON_DONE)
                *base32 = buf_take(&text);
        buf_dispose_secret(&text);
        buf_dispose(&sealed);
        json_decref(record);
        json_decref(read);
        mem_free(where);
        return answer;
}

/* Does a code fit the key under this name?  Its step is used up in the record. */
static bool fits_key(struct home *h, struct org *org, const char *id, json_t *record,
                     const char *name, const char *code)
{
        const char *sealed = json_get_text(record, name, NULL);
        int64_t step = json_get_int(record, "totp_step", 0);
        char *where = bound(org, id);
        struct buf key = BUF_NONE;
        bool good = false;

        if (sealed != NULL && home_unseal(h, where, sealed, &key, NULL) == 0 &&
            secret_totp_fits(key.data, key.len, code, when_now_ms(), &step)) {
                json_set_int(record, "totp_step", step);
                good = true;
        }
        buf_dispose_secret(&key);
        mem_free(where);
        return good;
}

/* As people type it: without the gaps, in lower case. */
static char *tidy_code(const char *code)
{
        struct buf text = BUF_NONE;

        for (; *code != '\0' && text.len < 64; code++)
                if (*code != ' ' && *code != '-')
                        buf_add_char(&text, *code >= 'A' && *code <= 'Z' ? (char)(*code - 'A' + 'a')
                                                                         : *code);
        return text.data == NULL ? mem_text("") : buf_take(&text);
}

static bool fits_recovery(json_t *record, const char *code)
{
        json_t *codes = json_object_get(record, "codes");
        char *digest = record_digest(code, NULL);
        bool good = false;

        for (size_t i = 0; i < json_array_size(codes); i++) {
                if (secret_equal_text(json_text_of(json_array_get(codes, i), ""), digest)) {
                        json_array_remove(codes, i);
                        good = true;
                        break;
                }
        }
        mem_free(digest);
        return good;
}

bool person_code_fits(struct home *h, struct org *org, const char *id, json_t *record,
                      const char *code)
{
        char *tidy = tidy_code(code);
        bool good = strlen(tidy) == RECOVERY_LEN ? fits_recovery(record, tidy)
                                                 : fits_key(h, org, id, record, "totp", tidy);

        mem_free_secret(tidy);
        return good;
}

/* Ten codes for the person, "abcd-efgh-ijkl-mnop"; their digests for the record. */
static json_t *make_codes(json_t *record)
{
        json_t *shown = json_array(), *kept = json_array();

        for (int i = 0; i < PERSON_CODES; i++) {
                char *code = secret_token(RECOVERY_LEN), *digest = record_digest(code, NULL);
                char *gaps = mem_format("%.4s-%.4s-%.4s-%.4s", code, code + 4, code + 8, code + 12);

                json_add(shown, json_new_text(gaps, strlen(gaps)));
                json_add(kept, json_new_text(digest, strlen(digest)));
                mem_free_secret(gaps);
                mem_free_secret(code);
                mem_free(digest);
        }
        json_set(record, "codes", kept);
        return shown;
}

enum person_answer person_totp_confirm(struct home *h, struct org *org, const char *id,
                                       const char *code, json_t **codes, struct fail *why)
{
        json_t *read = NULL, *record;
        enum person_answer answer = PERSON_WRONG;
        char *tidy = tidy_code(text_or(code, ""));
        int found = person_get(org, id, &read, why);

        *codes = NULL;
        if (found <= 0) {
                mem_free_secret(tidy);
                return found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
        }
        record = json_deep_copy(read);
        if (fits_key(h, org, id, record, "totp_new", tidy)) {
                json_set_text(record, "totp", json_get_text(record, "totp_new", ""));
                json_object_del(record, "totp_new");
                *codes = make_codes(record);
                answer = person_put(org, id, read, record, why);
        } else {
                fail_set(why, FAIL_INPUT,
                         "This is not the code that is due now. Check the clock of your phone.");
        }
        if (answer != PERSON_DONE) {
                json_decref(*codes);
                *codes = NULL;
        }
        json_decref(record);
        json_decref(read);
        mem_free_secret(tidy);
        return answer;
}

enum person_answer person_totp_off(struct org *org, const char *id, const char *pass,
                                   struct fail *why)
{
        json_t *read = NULL, *record;
        enum person_answer answer = PERSON_WRONG;
        int found = person_get(org, id, &read, why);

        if (found <= 0)
                return found == 0 ? PERSON_ABSENT : PERSON_BROKEN;
        if (strlen(text_or(pass, "")) > PERSON_PASS_MAX ||
            !secret_pass_fits(text_or(pass, ""), json_get_text(read, "pass", NULL), NULL)) {
                fail_set(why, FAIL_DENIED, "This is not your passphrase.");
        } else {
                record = json_deep_copy(read);
                json_object_del(record, "totp");
                json_object_del(record, "totp_new");
                json_object_del(record, "codes");
                answer = person_put(org, id, read, record, why);
                json_decref(record);
        }
        json_decref(read);
        return answer;
}
