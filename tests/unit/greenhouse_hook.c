/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greenhouse's webhooks: who is believed, and what is understood (wire/greenhouse.md 4, 8). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "ats/greenhouse.h"
#include "door/secret.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

/* --- who is believed --------------------------------------------------------------- */

/* A real ping, quoted by its receiver (issue 276). */
static const char ping[] =
    "{\"action\":\"ping\",\"payload\":{\"web_hook_id\":4001693002,\"endpoint_url\":"
    "\"https://67e09e60.ngrok.io/webhooks\",\"created_at\":\"2018-12-20T15:43:12Z\","
    "\"updated_at\":\"2018-12-27T09:40:14Z\",\"name\":\"Job Post Create\",\"event\":"
    "\"Job Post Created\",\"active\":true,\"content-type\":\"application/json\"}}";
static const char ping_secret[] = "1uSUju2H6AohOE7OQVaxeLT3O8Uxxuas";
static const char ping_signature[] =
    "sha256 395b1309fd37f0732d1ed11c15e03edd61b818918df6bf93be7c71bafb09c877";

struct headers {
        const char *signature;     /* NULL: absent */
        const char *authorization; /* likewise */
        bool doubled;
};

static int header(void *context, const char *name, const char **value)
{
        const struct headers *headers = context;

        *value = text_equal_fold(name, "Signature")       ? headers->signature
                 : text_equal_fold(name, "Authorization") ? headers->authorization
                                                          : NULL;
        if (*value != NULL && headers->doubled)
                return -1;
        return *value != NULL;
}

static struct verdict ask(const void *body, size_t len, const struct headers *headers,
                          const struct sender_secret *secrets, size_t count, const json_t *settings)
{
        struct buf bytes = BUF_NONE;
        struct verdict verdict = { .status = -1 };
        struct sender_request request = {
                .body = &bytes,
                .header = header,
                .context = (void *)(uintptr_t)headers,
                .hook_url = "https://hire.example.org/fairlead/webhook/acme/h",
                .settings = settings,
                .secrets = secrets,
                .secret_count = count,
        };

        buf_add(&bytes, body, len);
        greenhouse_sender.verify(&request, &verdict);
        buf_dispose(&bytes);
        return verdict;
}

static char *sign(const char *secret, const void *body, size_t len)
{
        struct buf text = BUF_NONE;

        buf_add_text(&text, "sha256 ");
        secret_hmac_hex(secret, strlen(secret), body, len, &text);
        return buf_take(&text);
}

static void refused(struct verdict v, const char *reason, const char *name)
{
        tap_ok(v.kind == VERDICT_REFUSE && v.status == 401 && v.trust == TRUST_UNSIGNED &&
                   v.secret == -1,
               "refused with 401: %s", name);
        tap_text(v.reason, reason, "reason: %s", name);
}

static void test_misuse(void)
{
        static const char body[] = "{\"action\":\"update_candidate\",\"payload\":{}}";
        static const struct sender_secret one = { "greenhouse-test-secret", 22 };
        static const struct sender_secret empty = { "", 0 };
        char *good = sign(one.text, body, sizeof body - 1);
        char *hollow = sign("", body, sizeof body - 1);
        char *upper = mem_text(good), *tail = mem_format("%s ", good);
        char *two = mem_format("%s, %s", good, good), *twice = mem_format("sha256  %s", good + 7);
        char *equals = mem_format("sha256=%s", good + 7), *sha1 = mem_format("sha1 %s", good + 7);
        char *none = mem_text(good + 7), *cut = mem_text_part(good, strlen(good) - 1);
        char *more = mem_format("%s0", good), *head = mem_format(" %s", good);
        char *capital = mem_format("SHA256 %s", good + 7);
        const struct {
                const char *name, *signature;
        } odd[] = {
                { "a space behind", tail },
                { "two signatures in one", two },
                { "two spaces", twice },
                { "sha256= as others write it", equals },
                { "sha1", sha1 },
                { "digits alone", none },
                { "63 digits", cut },
                { "65 digits", more },
                { "a space in front", head },
                { "the name in capitals", capital },
                { "the name alone", "sha256" },
                { "the name and a space", "sha256 " },
                { "something else", "keep out" },
        };
        struct headers headers = { 0 };

        for (char *c = upper + 7; *c != '\0'; c++)
                if (*c >= 'a' && *c <= 'f')
                        *c = (char)(*c - 'a' + 'A');
        refused(ask(body, sizeof body - 1, &headers, &one, 1, NULL), "signature missing",
                "no signature");
        refused(ask(ping, sizeof ping - 1, &headers, &one, 1, NULL), "signature missing",
                "a ping without signature: its hook stays disabled, and the reason says why");
        headers.signature = "";
        refused(ask(body, sizeof body - 1, &headers, &one, 1, NULL), "signature missing",
                "an empty signature");
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
                headers.signature = odd[i].signature;
                refused(ask(body, sizeof body - 1, &headers, &one, 1, NULL),
                        "signature is not sha256 and 64 digits", odd[i].name);
        }
        headers.signature = upper;
        if (strcmp(upper, good) != 0)
                refused(ask(body, sizeof body - 1, &headers, &one, 1, NULL),
                        "signature is not sha256 and 64 digits", "digits in capitals");
        headers.signature = good;
        refused(ask(body, sizeof body - 1, &headers, NULL, 0, NULL),
                "no secret key is set for this connection", "no secret");
        headers.signature = hollow;
        refused(ask(body, sizeof body - 1, &headers, &empty, 1, NULL),
                "signature wrong: made with another secret key",
                "signed with nothing, by whoever knows that the secret is empty");
        headers.signature = good;
        headers.doubled = true;
        refused(ask(body, sizeof body - 1, &headers, &one, 1, NULL),
                "signature came more than once", "a good signature, twice");
        mem_free(good);
        mem_free(hollow);
        mem_free(upper);
        mem_free(tail);
        mem_free(two);
        mem_free(twice);
        mem_free(equals);
        mem_free(sha1);
        mem_free(none);
        mem_free(cut);
        mem_free(more);
        mem_free(head);
        mem_free(capital);
}

static void test_secrets(void)
{
        /* Not JSON at all: nothing is parsed to decide, and nothing is parsed before. */
        static const char body[] = "\x00\xff not json {";
        const struct sender_secret secrets[] = {
                { "", 0 }, { "newest", 6 }, { "older", 5 }, { "a\0b", 3 }
        };
        static const struct {
                const char *secret;
                size_t len;
                int want;
        } rows[] = { { "newest", 6, 1 }, { "older", 5, 2 }, { "a\0b", 3, 3 } };
        struct headers headers = { 0 };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct buf text = BUF_NONE;
                struct verdict v;

                buf_add_text(&text, "sha256 ");
                secret_hmac_hex(rows[i].secret, rows[i].len, body, sizeof body - 1, &text);
                headers.signature = text.data;
                v = ask(body, sizeof body - 1, &headers, secrets, 4, NULL);
                tap_ok(v.kind == VERDICT_KEEP && v.status == 200 && v.trust == TRUST_BODY,
                       "kept although unreadable: secret %zu of several", i);
                tap_int(v.secret, rows[i].want, "which secret signed, %zu", i);
                tap_text(v.reason, "signed", "reason, %zu", i);
                buf_dispose(&text);
        }
}

/* Every bit of the signature, and of the body. */
static void test_bits(void)
{
        const struct sender_secret secret = { ping_secret, strlen(ping_secret) };
        char signature[sizeof ping_signature], body[sizeof ping];
        struct headers headers = { .signature = signature };
        int believed = 0, wrong = 0;

        for (size_t bit = 0; bit < 8 * (sizeof ping_signature - 1); bit++) {
                memcpy(signature, ping_signature, sizeof signature);
                signature[bit / 8] = (char)(signature[bit / 8] ^ (1 << bit % 8));
                if (ask(ping, sizeof ping - 1, &headers, &secret, 1, NULL).kind != VERDICT_REFUSE)
                        believed++;
        }
        tap_int(believed, 0, "one bit off in the signature: none of %zu is believed",
                8 * (sizeof ping_signature - 1));
        memcpy(signature, ping_signature, sizeof signature);
        for (size_t bit = 0; bit < 8 * (sizeof ping - 1); bit++) {
                memcpy(body, ping, sizeof body);
                body[bit / 8] = (char)(body[bit / 8] ^ (1 << bit % 8));
                if (ask(body, sizeof ping - 1, &headers, &secret, 1, NULL).kind != VERDICT_REFUSE)
                        wrong++;
        }
        tap_int(wrong, 0, "one bit off in the body: none of %zu is believed",
                8 * (sizeof ping - 1));
        tap_ok(ask(ping, sizeof ping - 2, &headers, &secret, 1, NULL).kind == VERDICT_REFUSE,
               "a body one byte short");
}

static void test_ping(void)
{
        const struct sender_secret secret = { ping_secret, strlen(ping_secret) };
        const struct sender_secret another = { "another", 7 };
        struct headers headers = { .signature = ping_signature };
        struct verdict v = ask(ping, sizeof ping - 1, &headers, &secret, 1, NULL);
        static const struct {
                const char *name, *body;
                enum verdict_kind want;
        } rows[] = {
                { "ping with spaces", "{ \"action\" : \"ping\" , \"payload\" : {} }",
                  VERDICT_PROBE },
                { "ping in another place", "{\"action\":\"update_candidate\",\"ping\":1}",
                  VERDICT_KEEP },
                { "an action that contains it", "{\"action\":\"pinged\"}", VERDICT_KEEP },
                { "not JSON", "ping", VERDICT_KEEP },
                { "an empty body", "", VERDICT_KEEP },
        };

        tap_ok(v.kind == VERDICT_PROBE && v.status == 200 && v.trust == TRUST_BODY && v.secret == 0,
               "the real ping is believed and is a probe");
        tap_text(v.reason, "ping, signed", "reason of a ping");
        refused(ask(ping, sizeof ping - 1, &headers, &another, 1, NULL),
                "signature wrong: made with another secret key", "the real ping, another secret");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *signature = sign(ping_secret, rows[i].body, strlen(rows[i].body));

                headers.signature = signature;
                tap_int(ask(rows[i].body, strlen(rows[i].body), &headers, &secret, 1, NULL).kind,
                        rows[i].want, "probe or not: %s", rows[i].name);
                mem_free(signature);
        }
}

static void test_basic(void)
{
        const struct sender_secret secret = { ping_secret, strlen(ping_secret) };
        struct headers headers = { .signature = ping_signature };
        json_t *settings = json_object();
        struct buf digest = BUF_NONE;
        static const struct {
                const char *name, *authorization;
                bool good;
        } rows[] = {
                { "the right pair", "Basic aG9vazpwYXNzd29yZA==", true }, /* hook:password */
                { "the scheme in small letters", "basic aG9vazpwYXNzd29yZA==", true },
                { "none", NULL, false },
                { "another password", "Basic aG9vazpwYXNzd29yZQ==", false },
                { "a bearer token", "Bearer aG9vazpwYXNzd29yZA==", false },
                { "no base64", "Basic hook:password", false },
                { "nothing behind it", "Basic ", false },
        };

        secret_sha256_hex("hook:password", 13, &digest);
        json_set_text(settings, "webhook_basic_sha256", digest.data);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct verdict v;

                headers.authorization = rows[i].authorization;
                v = ask(ping, sizeof ping - 1, &headers, &secret, 1, settings);
                if (rows[i].good)
                        tap_int(v.kind, VERDICT_PROBE, "Basic: %s", rows[i].name);
                else
                        refused(v, "user name or password of the hook wrong", rows[i].name);
        }
        json_set_text(settings, "webhook_basic_sha256", "zz");
        headers.authorization = rows[0].authorization;
        refused(ask(ping, sizeof ping - 1, &headers, &secret, 1, settings),
                "user name or password of the hook wrong", "a digest that is none");
        json_decref(settings);
        buf_dispose(&digest);
}

/* Vectors of the vendor's formats that are kept beside the tree. */
static char *shared(const char *name)
{
        const char *dir = getenv("FAIRLEAD_SHARED"), *source = getenv("FAIRLEAD_SOURCE");

        return dir != NULL ? mem_format("%s/%s", dir, name)
                           : mem_format("%s/../shared/%s", source != NULL ? source : ".", name);
}

static int slurp(const char *name, struct buf *out)
{
        char *path = shared(name);
        int found = file_read(path, 1 << 20, out, NULL);

        mem_free(path);
        return found;
}

static void vector(const char *path, const char *secret, const char *signature)
{
        const struct sender_secret one = { secret, strlen(secret) };
        struct headers headers = { .signature = signature };
        struct buf body = BUF_NONE;
        struct fact fact;
        int believed = 0;

        if (!tap_int(slurp(path, &body), 1, "%s is there", path))
                return;
        tap_int(ask(body.data, body.len, &headers, &one, 1, NULL).trust, TRUST_BODY,
                "the signature of %s", path);
        for (size_t i = 0; i < body.len; i += 7) {
                body.data[i] = (char)(body.data[i] ^ 1);
                if (ask(body.data, body.len, &headers, &one, 1, NULL).kind != VERDICT_REFUSE)
                        believed++;
                body.data[i] = (char)(body.data[i] ^ 1);
        }
        tap_int(believed, 0, "and none with a bit off");
        greenhouse_sender.decode(body.data, body.len, NULL, NULL, &fact);
        tap_ok(fact.kind == FACT_STAGE_ENTERED || fact.kind == FACT_NOTHING, "%s is understood: %s",
               path, fact.summary);
        fact_dispose(&fact);
        buf_dispose(&body);
}

static void test_vectors(void)
{
        struct buf text = BUF_NONE;
        json_t *rows = NULL;

        if (slurp("vectors/greenhouse-signature.json", &text) != 1) {
                tap_skip(1, "the vendor's vectors are not beside the tree (FAIRLEAD_SHARED)");
                return;
        }
        rows = json_parse(text.data, text.len, true, NULL);
        tap_ok(json_array_size(rows) >= 4, "there are vectors");
        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *row = json_array_get(rows, i);
                char *path = mem_format("vectors/%s", json_get_text(row, "body_file", "?"));

                vector(path, json_get_text(row, "secret", ""),
                       json_get_text(row, "signature_header", ""));
                mem_free(path);
        }
        vector("samples/greenhouse/real__webhook__ping-issue276.body", ping_secret, ping_signature);
        json_decref(rows);
        buf_dispose(&text);
}

/* --- what is understood ------------------------------------------------------------ */

static void decode(const char *body, const char *event, struct fact *fact)
{
        json_t *headers = json_object();

        if (event != NULL)
                json_set_text(headers, "Greenhouse-Event-ID", event);
        greenhouse_sender.decode(body, strlen(body), headers, NULL, fact);
        json_decref(headers);
}

static const char change[] =
    "{\"action\":\"candidate_stage_change\",\"organization_id\":4001,\"organization_name\":\"X\","
    "\"payload\":{\"application\":{\"id\":6409476002,\"prospect\":false,\"status\":\"active\","
    "\"last_activity_at\":\"2026-11-20T10:11:12Z\",\"source\":null,\"credited_to\":null,"
    "\"url\":\"https://app.greenhouse.io/people/7?application_id= 6409476002\","
    "\"current_stage\":{\"id\":71416000002,\"name\":\"Coding \\u003ctest\\u003e\","
    "\"interviews\":[]},\"custom_fields\":[],\"candidate\":{\"id\":5414812002,"
    "\"first_name\":\"Zo\\u00eb\",\"last_name\":\"Hurley\",\"recruiter\":null,"
    "\"email_addresses\":[{\"value\":null,\"type\":\"work\"},{\"value\":\"not an address\"},"
    "{\"value\":\"zoe@example.com\",\"type\":\"personal\"}]},"
    "\"jobs\":[{\"id\":4298418002,\"name\":\"Designer\"}]}}}";

static void test_stage_change(void)
{
        struct fact a, b;

        decode(change, "ev-1", &a);
        tap_int(a.kind, FACT_STAGE_ENTERED, "a stage change");
        tap_text(a.name, "candidate_stage_change", "its name");
        tap_text(a.subject, "6409476002", "an id beyond 32 bits");
        tap_text(a.identity, "candidate_stage_change:6409476002:71416000002:2026-11-20T10:11:12Z",
                 "its identity is what it says");
        tap_int(a.occurred_ms, INT64_C(1795169472000), "when");
        tap_text(json_get_text(a.detail, "stage.id", NULL), "71416000002", "stage id");
        tap_text(json_get_text(a.detail, "stage.name", NULL), "Coding <test>", "escaped name");
        tap_text(json_get_text(a.detail, "job.id", NULL), "4298418002", "job id");
        tap_text(json_get_text(a.detail, "job.name", NULL), "Designer", "job name");
        tap_text(json_get_text(a.detail, "candidate.id", NULL), "5414812002", "candidate id");
        tap_text(json_get_text(a.detail, "candidate.first_name", NULL), "Zo\xC3\xAB", "first name");
        tap_text(json_get_text(a.detail, "candidate.email", NULL), "zoe@example.com",
                 "the first address that is one");
        tap_text(json_get_text(a.detail, "status", NULL), "active", "status");
        tap_text(json_get_text(a.detail, "url", NULL),
                 "https://app.greenhouse.io/people/7?application_id=6409476002",
                 "the stray space of the url is gone");
        tap_text(a.summary, "Zo\xC3\xAB Hurley entered Coding <test> (Designer)", "summary");
        decode(change, "ev-2", &b);
        tap_text(b.identity, a.identity, "the same change under another event id is the same");
        fact_dispose(&a);
        fact_dispose(&b);
}

/* Misuse and every odd shape of section 8: a fact comes out, whatever goes in. */
static void test_odd(void)
{
#define APPLICATION(members)                                                                       \
        "{\"action\":\"candidate_stage_change\",\"payload\":{\"application\":{" members "}}}"
        static const struct {
                const char *name, *body;
                enum fact_kind kind;
                const char *subject, *identity;
        } rows[] = {
                { "nothing", "", FACT_UNKNOWN, NULL, "event:e" },
                { "no JSON", "{\"action\":", FACT_UNKNOWN, NULL, "event:e" },
                { "an array", "[]", FACT_UNKNOWN, NULL, "event:e" },
                { "a number", "7", FACT_UNKNOWN, NULL, "event:e" },
                { "null", "null", FACT_UNKNOWN, NULL, "event:e" },
                { "no action", "{\"payload\":{}}", FACT_UNKNOWN, NULL, "event:e" },
                { "an action that is a number", "{\"action\":7}", FACT_UNKNOWN, NULL, "event:e" },
                { "an action nobody knows", "{\"action\":\"candidate_hugged\"}", FACT_UNKNOWN, NULL,
                  "event:e" },
                { "invalid UTF-8", "{\"action\":\"\xff\"}", FACT_UNKNOWN, NULL, "event:e" },
                { "no payload", "{\"action\":\"candidate_stage_change\"}", FACT_UNKNOWN, NULL,
                  "event:e" },
                { "payload null", "{\"action\":\"candidate_stage_change\",\"payload\":null}",
                  FACT_UNKNOWN, NULL, "event:e" },
                { "payload a text", "{\"action\":\"candidate_stage_change\",\"payload\":\"x\"}",
                  FACT_UNKNOWN, NULL, "event:e" },
                { "application an array",
                  "{\"action\":\"candidate_stage_change\",\"payload\":{\"application\":[]}}",
                  FACT_UNKNOWN, NULL, "event:e" },
                { "an application without id", APPLICATION("\"status\":\"active\""), FACT_UNKNOWN,
                  NULL, "event:e" },
                { "nothing but the id", APPLICATION("\"id\":1"), FACT_STAGE_ENTERED, "1",
                  "event:e" },
                { "the id as text", APPLICATION("\"id\":\"1\""), FACT_STAGE_ENTERED, "1",
                  "event:e" },
                { "null everywhere",
                  APPLICATION("\"id\":1,\"status\":null,\"current_stage\":null,\"source\":null,"
                              "\"credited_to\":null,\"candidate\":null,\"jobs\":null,\"url\":null,"
                              "\"prospect\":null,\"last_activity_at\":null,"
                              "\"rejection_details\":null,\"custom_fields\":null"),
                  FACT_STAGE_ENTERED, "1", "event:e" },
                { "wrong types everywhere",
                  APPLICATION("\"id\":1,\"status\":[],\"current_stage\":\"x\",\"candidate\":[1],"
                              "\"jobs\":{\"0\":1},\"url\":7,\"prospect\":\"no\","
                              "\"last_activity_at\":{},\"custom_fields\":[]"),
                  FACT_STAGE_ENTERED, "1", "event:e" },
                { "empty lists",
                  APPLICATION("\"id\":1,\"candidate\":{\"id\":2,\"email_addresses\":[]},"
                              "\"jobs\":[],\"current_stage\":{\"id\":3,\"name\":null}"),
                  FACT_STAGE_ENTERED, "1", "event:e" },
                { "a stage and no time", APPLICATION("\"id\":1,\"current_stage\":{\"id\":3}"),
                  FACT_STAGE_ENTERED, "1", "event:e" },
                { "a time and no stage",
                  APPLICATION("\"id\":1,\"last_activity_at\":\"2026-11-20T10:11:12Z\""),
                  FACT_STAGE_ENTERED, "1", "event:e" },
                { "a stage and an odd time",
                  APPLICATION("\"id\":1,\"current_stage\":{\"id\":3},"
                              "\"last_activity_at\":\"yesterday\""),
                  FACT_STAGE_ENTERED, "1", "candidate_stage_change:1:3:yesterday" },
                { "a prospect", APPLICATION("\"id\":1,\"prospect\":true,\"current_stage\":null"),
                  FACT_NOTHING, "1", "event:e" },
                { "a converted one", APPLICATION("\"id\":1,\"status\":\"converted\""), FACT_NOTHING,
                  "1", "event:e" },
                { "the ping", ping, FACT_NOTHING, NULL, "event:e" },
                { "a deletion",
                  "{\"action\":\"delete_application\",\"payload\":{\"application\":"
                  "{\"id\":46194062,\"candidate_id\":37031511}}}",
                  FACT_APPLICATION_GONE, "46194062", "event:e" },
                { "a deletion of nobody", "{\"action\":\"delete_application\",\"payload\":{}}",
                  FACT_UNKNOWN, NULL, "event:e" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fact fact;

                decode(rows[i].body, "e", &fact);
                tap_text(fact_word(fact.kind), fact_word(rows[i].kind), "odd: %s", rows[i].name);
                tap_text(fact.subject, rows[i].subject, "subject: %s", rows[i].name);
                tap_text(fact.identity, rows[i].identity, "identity: %s", rows[i].name);
                tap_ok(fact.name != NULL && fact.summary[0] != '\0', "named: %s (%s)", rows[i].name,
                       fact.summary);
                fact_dispose(&fact);
        }
#undef APPLICATION
}

static void test_identity(void)
{
        json_t *headers = json_object();
        struct fact fact;

        decode("{\"action\":\"update_candidate\"}", NULL, &fact);
        tap_ok(fact.identity == NULL, "no event id: the body's digest must do");
        fact_dispose(&fact);
        greenhouse_sender.decode("{}", 2, NULL, NULL, &fact);
        tap_ok(fact.identity == NULL, "no headers at all");
        fact_dispose(&fact);
        json_set_text(headers, "greenhouse-event-id", "x");
        greenhouse_sender.decode("{}", 2, headers, NULL, &fact);
        tap_text(fact.identity, "event:x", "the header in small letters");
        fact_dispose(&fact);
        json_set_int(headers, "greenhouse-event-id", 7);
        greenhouse_sender.decode("{}", 2, headers, NULL, &fact);
        tap_ok(fact.identity == NULL, "a header that is no text");
        fact_dispose(&fact);
        json_decref(headers);
}

static void test_gone(void)
{
        struct fact fact;

        decode("{\"action\":\"delete_candidate\",\"payload\":{\"person\":{\"id\":37031511,"
               "\"deleted_application_ids\":[46196263,\"46196258\",null]}}}",
               NULL, &fact);
        tap_int(fact.kind, FACT_APPLICATION_GONE, "a deleted candidate");
        tap_text(fact.subject, "37031511", "who");
        tap_text(json_get_text(fact.detail, "what", NULL), "deleted", "what");
        tap_text(json_get_text(fact.detail, "candidate", NULL), "37031511", "candidate");
        tap_int((int64_t)json_array_size(json_at(fact.detail, "applications")), 2,
                "with the applications");
        tap_text(json_get_text(fact.detail, "applications.1", NULL), "46196258", "as texts");
        fact_dispose(&fact);
        decode("{\"action\":\"merge_candidate\",\"payload\":{\"person\":{\"id\":37031511,"
               "\"new_candidate_id\":457456}}}",
               NULL, &fact);
        tap_text(json_get_text(fact.detail, "what", NULL), "merged", "a merge");
        tap_text(json_get_text(fact.detail, "into", NULL), "457456", "into whom");
        fact_dispose(&fact);
        decode("{\"action\":\"candidate_anonymized\",\"payload\":{\"candidate_id\":37031511,"
               "\"anonymized_fields\":[\"full_name\"]}}",
               NULL, &fact);
        tap_text(json_get_text(fact.detail, "what", NULL), "anonymized", "an anonymisation");
        tap_text(fact.subject, "37031511", "of whom");
        fact_dispose(&fact);
        decode("{\"action\":\"delete_application\",\"payload\":{\"application\":"
               "{\"id\":46194062,\"candidate_id\":37031511}}}",
               NULL, &fact);
        tap_text(json_get_text(fact.detail, "applications.0", NULL), "46194062",
                 "a deleted application");
        tap_text(json_get_text(fact.detail, "candidate", NULL), "37031511", "and its candidate");
        fact_dispose(&fact);
}

/* Of whom the bytes speak, used or not: they go with him. */
static void test_about(void)
{
        static const struct {
                const char *name, *body, *want;
        } rows[] = {
                { "a payload that is none", "{\"action\":\"update_candidate\",\"payload\":7}", "" },
                { "nobody", "{\"action\":\"job_created\",\"payload\":{\"job\":{\"id\":5}}}", "" },
                { "an application with its candidate, twice",
                  "{\"action\":\"candidate_stage_change\",\"payload\":{\"application\":{\"id\":"
                  "6409476002,\"candidate_id\":7,\"candidate\":{\"id\":7}}}}",
                  "candidate:7 application:6409476002 " },
                { "an event that is not used",
                  "{\"action\":\"update_candidate\",\"payload\":{\"candidate\":{\"id\":\"8\"}}}",
                  "candidate:8 " },
                { "one that is not known",
                  "{\"action\":\"new_word\",\"payload\":{\"candidate\":{\"id\":8}}}",
                  "candidate:8 " },
                { "an offer", "{\"action\":\"offer_created\",\"payload\":{\"application_id\":9}}",
                  "application:9 " },
                { "a scorecard",
                  "{\"action\":\"scorecard_deleted\",\"payload\":{\"scorecard\":{\"id\":1,"
                  "\"candidate_id\":8}}}",
                  "candidate:8 " },
                { "who is gone, with what was his",
                  "{\"action\":\"delete_candidate\",\"payload\":{\"person\":{\"id\":8,"
                  "\"deleted_application_ids\":[1,\"2\",null,1]}}}",
                  "candidate:8 application:1 application:2 " },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct buf text = BUF_NONE;
                struct fact fact;

                decode(rows[i].body, NULL, &fact);
                for (size_t j = 0; j < json_array_size(fact.about); j++)
                        buf_format(&text, "%s ", json_text_of(json_array_get(fact.about, j), "?"));
                tap_text(buf_text(&text), rows[i].want, "%s", rows[i].name);
                buf_dispose(&text);
                fact_dispose(&fact);
        }
}

/* The only word on the schedule that they send. */
static void test_interview_gone(void)
{
        struct fact fact;

        decode("{\"action\":\"interview_deleted\",\"payload\":{\"interview\":{\"id\":6409476002}}}",
               NULL, &fact);
        tap_int(fact.kind, FACT_SCHEDULE, "a deleted interview");
        tap_text(fact.subject, "6409476002", "which");
        tap_text(json_get_text(fact.detail, "what", NULL), "cancelled", "what");
        fact_dispose(&fact);
        decode("{\"action\":\"interview_deleted\",\"payload\":{\"interview\":{\"id\":null}}}", NULL,
               &fact);
        tap_int(fact.kind, FACT_UNKNOWN, "one that is not named");
        fact_dispose(&fact);
}

/* The vendor's enumeration: 29 actions and ping. */
static void test_actions(void)
{
        static const char *const known[] = {
                "application_updated",
                "department_deleted",
                "hire_candidate",
                "job_approved",
                "job_created",
                "job_deleted",
                "job_interview_stage_deleted",
                "job_post_created",
                "job_post_deleted",
                "job_post_updated",
                "job_updated",
                "new_candidate_application",
                "new_prospect_application",
                "offer_approved",
                "offer_created",
                "offer_deleted",
                "offer_updated",
                "office_deleted",
                "reject_candidate",
                "scorecard_deleted",
                "unhire_candidate",
                "unreject_candidate",
                "update_candidate",
                "ping",
        };
        static const char *const payloads[] = { "null", "{}", "[]", "7", "{\"application\":7}" };

        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
                int nothing = 0;

                for (size_t j = 0; j < sizeof payloads / sizeof *payloads; j++) {
                        char *body =
                            mem_format("{\"action\":\"%s\",\"payload\":%s}", known[i], payloads[j]);
                        struct fact fact;

                        decode(body, NULL, &fact);
                        nothing += fact.kind == FACT_NOTHING && text_equal(fact.name, known[i]);
                        fact_dispose(&fact);
                        mem_free(body);
                }
                tap_int(nothing, sizeof payloads / sizeof *payloads,
                        "nothing follows from %s, whatever it carries", known[i]);
        }
}

static void test_long(void)
{
        struct buf body = BUF_NONE;
        struct fact fact;

        buf_add_text(&body, "{\"action\":\"candidate_stage_change\",\"payload\":{\"application\":"
                            "{\"id\":1,\"current_stage\":{\"id\":2,\"name\":\"");
        for (int i = 0; i < 5000; i++)
                buf_add_text(&body, "\xC3\xA9");
        buf_add_text(&body, "\"}}}}");
        decode(body.data, NULL, &fact);
        tap_int(fact.kind, FACT_STAGE_ENTERED, "a stage name of 10,000 bytes");
        tap_ok(strlen(fact.summary) < sizeof fact.summary &&
                   text_utf8_valid(fact.summary, strlen(fact.summary)),
               "is cut between two characters");
        fact_dispose(&fact);
        buf_reset(&body);
        for (int i = 0; i < 100000; i++)
                buf_add_char(&body, '[');
        decode(body.data, NULL, &fact);
        tap_int(fact.kind, FACT_UNKNOWN, "100,000 brackets");
        fact_dispose(&fact);
        buf_dispose(&body);
}

int main(void)
{
        test_misuse();
        test_secrets();
        test_bits();
        test_ping();
        test_basic();
        test_vectors();
        test_odd();
        test_stage_change();
        test_identity();
        test_gone();
        test_actions();
        test_about();
        test_interview_gone();
        test_long();
        tap_int(greenhouse_sender.status_full, 503, "a full state is answered with 503");
        return tap_end();
}
