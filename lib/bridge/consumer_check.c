/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an admin may set for a consumer. */
#include <string.h>

#include "bridge/consumer.h"
#include "bridge/consumer_private.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

#define KEY_LEAST 24 /* standardwebhooks.com: 24 to 64 bytes */
#define KEY_MOST 64
#define KEY_MADE 32
#define SECRET_LETTERS 40 /* of one for signing "codesignal": 200 bits */

/* CodeSignal's own names (wire/codesignal.md 2.4): all of them can be relayed. */
static const char *const codesignal_names[] = {
        "assessmentCreated",          "assessmentUpdated",
        "companyTestSessionCreated",  "companyTestSessionStarted",
        "companyTestSessionFinished", "preScreenResultVerificationPending",
        "preScreenResultVerified",    "preScreenResultNotVerified",
        "preScreenResultShared",      "preScreenExpired",
        "preScreenCandidateDeclined", "preScreenIntegrityReviewUpdated",
        "liveInterviewFinished",      "liveInterviewFeedbackUpdated",
};

/* Names that frame the message or vouch for it are ours. */
static const char *const reserved[] = {
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "te",
        "trailer",
        "connection",
        "upgrade",
        "accept-encoding",
        "keep-alive",
        "expect",
        "proxy-connection",
        "proxy-authorization",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-codesignal-signature",
};

static bool known_event(const char *name, bool codesignal)
{
        if (text_equal(name, "*"))
                return true;
        for (size_t i = 0; codesignal && i < sizeof codesignal_names / sizeof *codesignal_names;
             i++)
                if (text_equal(codesignal_names[i], name))
                        return true;
        for (int i = 0; !codesignal && i < CONSUMER_EVENTS; i++)
                if (text_equal(consumer_event_name((enum consumer_event)i), name))
                        return true;
        return false;
}

static int check_events(const json_t *settings, const char *path, struct fail *why)
{
        const json_t *list = json_object_get(settings, "events");
        bool codesignal = consumer_signs_as_codesignal(settings);

        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *name = json_text_of(json_array_get(list, i), "");

                if (!known_event(name, codesignal))
                        return fail_set(why, FAIL_INPUT,
                                        "%.100s.settings.events.%zu: with signing %s there is no "
                                        "event \"%.60s\"",
                                        path, i, codesignal ? "codesignal" : "standard", name);
        }
        if (list != NULL && json_array_size(list) == 0)
                return fail_set(why, FAIL_INPUT,
                                "%.100s.settings.events: name at least one event, or *", path);
        return 0;
}

/* RFC 9110 5.6.2 */
static bool is_token(const char *text)
{
        static const char marks[] = "!#$%&'*+-.^_`|~";
        size_t len = strlen(text);

        if (len == 0 || len > CONSUMER_HEADER_NAME_MAX)
                return false;
        for (size_t i = 0; i < len; i++) {
                char c = text[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      strchr(marks, c) != NULL))
                        return false;
        }
        return true;
}

const char *consumer_header_objection(const char *name, const char *value)
{
        size_t len = strlen(value);

        if (!is_token(name))
                return "is no name of a header";
        for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
                if (text_equal_fold(reserved[i], name))
                        return "is a header that Fairlead sets itself";
        if (len == 0 || len > CONSUMER_HEADER_VALUE_MAX)
                return "needs a value of 1 to 1000 characters";
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)value[i] < ' ' || (unsigned char)value[i] > '~')
                        return "has a value with a line break or another character that headers "
                               "cannot carry";
        if (value[0] == ' ' || value[len - 1] == ' ')
                return "has a value with a space at its beginning or end";
        return NULL;
}

struct seen {
        char *names[2 * CONSUMER_HEADERS_MAX];
        size_t count;
};

static int check_header(struct seen *seen, const char *name, const char *value, const char *path,
                        const char *member, struct fail *why)
{
        const char *objection = consumer_header_objection(name, value);

        for (size_t i = 0; objection == NULL && i < seen->count; i++)
                if (text_equal_fold(seen->names[i], name))
                        objection = "is there twice";
        if (objection == NULL && seen->count == CONSUMER_HEADERS_MAX)
                objection = "is one header too many";
        if (objection != NULL) /* the name only: the value may be a secret */
                return fail_set(why, FAIL_INPUT, "%.100s.%s: \"%.60s\" %s", path, member, name,
                                objection);
        seen->names[seen->count++] = mem_text(name);
        return 0;
}

int consumer_secret_headers(const json_t *credentials,
                            int (*visit)(void *context, const char *name, const char *value),
                            void *context)
{
        char *copy = mem_text(json_get_text(credentials, "secret_headers", "")), *rest = copy,
             *line;
        int result = 0;

        while (result == 0 && (line = text_next(&rest, '\n')) != NULL) {
                char *colon = strchr(line, ':');

                if (*text_trim(line) == '\0')
                        continue;
                if (colon == NULL) {
                        result = visit(context, "", "");
                        continue;
                }
                *colon = '\0';
                result = visit(context, text_trim(line), text_trim(colon + 1));
        }
        mem_free_secret(copy);
        return result;
}

struct checking {
        struct seen *seen;
        const char *path;
        struct fail *why;
};

static int check_secret_header(void *context, const char *name, const char *value)
{
        struct checking *c = context;

        return check_header(c->seen, name, value, c->path, "credentials.secret_headers", c->why);
}

static int check_headers(const json_t *settings, const json_t *credentials, const char *path,
                         struct fail *why)
{
        json_t *object = json_object_get(settings, "headers");
        struct seen seen = { .count = 0 };
        struct checking checking = { &seen, path, why };
        const char *name;
        json_t *value;
        int result = 0;

        json_object_foreach(object, name, value)
        {
                if (result == 0)
                        result = check_header(&seen, name, json_text_of(value, ""), path,
                                              "settings.headers", why);
        }
        if (result == 0)
                result = consumer_secret_headers(credentials, check_secret_header, &checking);
        for (size_t i = 0; i < seen.count; i++)
                mem_free(seen.names[i]);
        return result;
}

int consumer_standard_key(const char *secret, struct buf *key)
{
        const char *text = text_starts(secret, "whsec_") ? secret + strlen("whsec_") : NULL;

        if (text == NULL || code_unbase64(key, text, strlen(text)) != 0 || key->len < KEY_LEAST ||
            key->len > KEY_MOST)
                return -1;
        return 0;
}

static int check_secret(const json_t *settings, const json_t *credentials, const char *name,
                        const char *path, struct fail *why)
{
        const char *secret = json_get_text(credentials, name, NULL);
        struct buf key = BUF_NONE;
        int result = 0;

        if (secret == NULL)
                return 0;
        if (!consumer_signs_as_codesignal(settings) && consumer_standard_key(secret, &key) != 0)
                result = fail_set(why, FAIL_INPUT,
                                  "%.100s.credentials.%s: with signing standard it is \"whsec_\" "
                                  "and the base64 of %d to %d bytes; leave it out and one is made",
                                  path, name, KEY_LEAST, KEY_MOST);
        buf_dispose_secret(&key);
        return result;
}

int consumer_check(const json_t *settings, const json_t *credentials, const char *path,
                   struct fail *why)
{
        int64_t days = json_get_int(settings, "pause_after_days", 5);

        if (check_events(settings, path, why) != 0 ||
            check_headers(settings, credentials, path, why) != 0 ||
            check_secret(settings, credentials, "secret", path, why) != 0 ||
            check_secret(settings, credentials, "old_secret", path, why) != 0)
                return -1;
        if (days < 1 || days > 6)
                return fail_set(why, FAIL_INPUT, "%.100s.settings.pause_after_days: must be 1 to 6",
                                path);
        if (!text_empty(json_get_text(settings, "relay", "")) &&
            !consumer_signs_as_codesignal(settings))
                return fail_set(why, FAIL_INPUT,
                                "%.100s.settings.relay: CodeSignal's events are passed on with "
                                "signing codesignal only",
                                path);
        if (consumer_signs_as_codesignal(settings) &&
            text_equal(json_get_text(settings, "body", "full"), "thin"))
                return fail_set(why, FAIL_INPUT,
                                "%.100s.settings.body: with signing codesignal bodies are "
                                "CodeSignal's, which are never thin",
                                path);
        return 0;
}

char *consumer_new_secret(const json_t *settings)
{
        unsigned char key[KEY_MADE];
        struct buf text = BUF_NONE;

        if (consumer_signs_as_codesignal(settings))
                return secret_token(SECRET_LETTERS);
        secret_random(key, sizeof key);
        buf_add_text(&text, "whsec_");
        code_base64(&text, key, sizeof key);
        mem_wipe(key, sizeof key);
        return buf_take(&text);
}
