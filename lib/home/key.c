/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Issued keys: their form, and who may do what with one. */
#include "home/key.h"

#include <string.h>

#include "floor/address.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/key_private.h"
#include "home/records.h"

const struct key_scope key_scopes[] = {
        { "interviews:write", "Make, move and cancel interview links" },
        { "interviews:read", "See interview links" },
        { "status:read", "See connections, events and actions of the organisation" },
        { "actions:write", "Retry parked actions and replay events" },
        { "results:read", "Read results of assessments; change nothing" },
        { "platform:read",
          "Ask platforms what their own keys can read, candidates and results; change nothing" },
        { "keys:read", "See issued keys, where they are used, and which secrets are stored" },
        { "keys:write", "Issue, change, rotate and revoke keys, also such as may do more" },
        { NULL, NULL },
};

void key_spell(const char *text, size_t len, char check[KEY_CHECK_LEN + 1])
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
        uint32_t crc = code_crc32c(0, text, len);

        for (int i = 0; i < KEY_CHECK_LEN; i++) {
                check[i] = letters[crc & 31];
                crc >>= 5;
        }
        check[KEY_CHECK_LEN] = '\0';
}

bool key_is_one(const char *shown)
{
        char check[KEY_CHECK_LEN + 1];

        if (strlen(shown) != KEY_LEN ||
            (!text_starts(shown, "fl_live_") && !text_starts(shown, "fl_test_")))
                return false;
        key_spell(shown, KEY_LEN - KEY_CHECK_LEN, check);
        return memcmp(shown + KEY_LEN - KEY_CHECK_LEN, check, KEY_CHECK_LEN) == 0;
}

const char *key_state(const json_t *record, int64_t now_ms)
{
        int64_t expires = json_get_int(record, "expires_ms", 0);

        if (json_get_int(record, "revoked_ms", 0) != 0)
                return "revoked";
        if (expires != 0 && expires <= now_ms)
                return "expired";
        if (json_get_bool(record, "disabled", false))
                return "disabled";
        return json_get_int(record, "not_before_ms", 0) > now_ms ? "early" : "live";
}

static bool holds(const json_t *list, const char *text)
{
        size_t i;
        json_t *one;

        json_array_foreach((json_t *)(uintptr_t)list, i, one)
        {
                if (text_equal(json_text_of(one, NULL), text))
                        return true;
        }
        return false;
}

/* A network that cannot be read (of a newer release, say) lets nobody in. */
static bool is_near(const json_t *record, const char *from)
{
        const json_t *list = json_object_get(record, "networks");
        struct address address;
        struct network network;
        json_t *one;
        size_t i;

        if (json_array_size(list) == 0)
                return true;
        if (from == NULL || address_parse(&address, from) != 0)
                return false;
        json_array_foreach((json_t *)(uintptr_t)list, i, one)
        {
                if (network_parse(&network, json_text_of(one, "")) == 0 &&
                    network_holds(&network, &address))
                        return true;
        }
        return false;
}

/* The record of a key; the same steps for an org that does not exist. */
static int read_key(struct home *h, struct org *org, const char *id, json_t **record,
                    struct fail *why)
{
        struct store *nobody;
        int found;

        if (org != NULL)
                return record_share(org, "key", id, record, why);
        nobody = home_nobody(h, why);
        found = nobody == NULL ? -1 : store_get(nobody, "key", id, NULL, why);
        return found < 0 ? -1 : 0;
}

enum key_answer key_check(struct home *h, struct org *org, const char *shown, const char *scope,
                          const char *from, char id[9], struct fail *why)
{
        enum key_answer answer = KEY_UNKNOWN;
        char name[KEY_ID_LEN + 1] = "";
        struct buf digest = BUF_NONE;
        json_t *record = NULL;
        int found;

        if (text_empty(shown))
                return KEY_MISSING;
        if (!key_is_one(shown))
                return KEY_MISTYPED;
        memcpy(name, shown + KEY_MARK_LEN, KEY_ID_LEN);
        secret_sha256_hex(shown, strlen(shown), &digest);
        found = read_key(h, org, name, &record, why);
        if (found < 0)
                answer = KEY_BROKEN;
        else if (found > 0 &&
                 secret_equal_text(buf_text(&digest), json_get_text(record, "digest", "")) &&
                 text_equal(key_state(record, when_now_ms()), "live"))
                answer = !is_near(record, from)                            ? KEY_PLACE
                         : holds(json_object_get(record, "scopes"), scope) ? KEY_PASS
                                                                           : KEY_SCOPE;
        if (id != NULL)
                memcpy(id, name, sizeof name);
        json_decref(record);
        buf_dispose(&digest);
        return answer;
}

int key_is_narrow(struct org *org, const char *id, struct fail *why)
{
        json_t *record = NULL;
        int found = record_get(org, "key", id, &record, why);

        if (found == 1)
                found = json_array_size(json_object_get(record, "jobs")) > 0;
        json_decref(record);
        return found;
}

/* The job that a session's application is for: NULL when none is known. */
static int job_of(struct org *org, const char *session, char **job, struct fail *why)
{
        json_t *record = NULL, *at = NULL;
        struct application application;
        const char *key;
        int found = record_get(org, "session", session, &record, why);

        *job = NULL;
        key = json_get_text(record, "application", NULL);
        if (found == 1 && key != NULL) {
                found = dossier_application(org, key, &at, &application, why);
                if (found == 1) {
                        *job = mem_text(application.job_id);
                        application_dispose(&application);
                }
                json_decref(at);
        }
        json_decref(record);
        return found < 0 ? -1 : 0;
}

int key_may_session(struct org *org, const char *id, const char *session, struct fail *why)
{
        json_t *record = NULL;
        const json_t *jobs;
        char *job = NULL;
        int found = record_get(org, "key", id, &record, why);

        jobs = json_object_get(record, "jobs");
        if (found == 1 && json_array_size(jobs) > 0) {
                found = strlen(session) < STORE_KEY_MAX ? job_of(org, session, &job, why) : 0;
                if (found == 0)
                        found = job != NULL && holds(jobs, job);
        }
        mem_free(job);
        json_decref(record);
        return found;
}

const char *key_sentence(enum key_answer answer)
{
        switch (answer) {
        case KEY_PASS:
                return "The key may do this.";
        case KEY_MISSING:
                return "Show a key: Authorization: Bearer fl_...";
        case KEY_MISTYPED:
                return "This is not the text of a key; it was cut off or mistyped.";
        case KEY_UNKNOWN:
                return "This key is unknown here, has expired or was revoked.";
        case KEY_SCOPE:
                return "This key may not do that; issue one with the scope it needs.";
        case KEY_PLACE:
                return "This key may not be used from this address.";
        case KEY_BROKEN:
                break;
        }
        return "The key could not be looked up.";
}
