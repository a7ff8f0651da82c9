/* Who signed, and what it says: Lever, Ashby, Coderbyte.  (Greenhouse and CodeSignal have
 * tests of their own.) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tap.h"
#include "ats/ashby.h"
#include "ats/lever.h"
#include "bridge/sender.h"
#include "bridge/signature.h"
#include "door/secret.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "platform/coderbyte.h"

#define NOW INT64_C(1782974004990)

/* One request to try: a header or none, secrets, settings. */
struct trial {
        const char *header, *value;
        int got; /* what asking for the header answers; 0 with a value means 1 */
        const char *secrets[4];
        const char *settings;
        const char *body;
        size_t len; /* 0: strlen(body) */
};

static int header(void *context, const char *name, const char **value)
{
        const struct trial *t = context;

        *value = NULL;
        if (t->header == NULL || !text_equal_fold(name, t->header))
                return 0;
        *value = t->value;
        return t->got != 0 ? t->got : 1;
}

static struct verdict judge(const struct sender *sender, const struct trial *t)
{
        struct sender_secret secrets[4];
        struct buf body = BUF_NONE;
        json_t *settings = t->settings == NULL
                               ? json_object()
                               : json_parse(t->settings, strlen(t->settings), true, NULL);
        struct sender_request request = {
                .body = &body,
                .header = header,
                .context = (void *)(uintptr_t)t,
                .hook_url = "https://hire.example.org/fairlead/webhook/acme/x",
                .settings = settings,
                .secrets = secrets,
                .now_ms = NOW,
        };
        struct verdict verdict = { .secret = -7, .reason = NULL };

        buf_add(&body, t->body, t->len != 0 ? t->len : strlen(t->body));
        for (size_t i = 0; i < 4 && t->secrets[i] != NULL; i++) {
                secrets[i].text = t->secrets[i];
                secrets[i].len = strlen(t->secrets[i]);
                request.secret_count++;
        }
        sender->verify(&request, &verdict);
        buf_dispose(&body);
        json_decref(settings);
        return verdict;
}

static const char *kind_word(enum verdict_kind kind)
{
        return kind == VERDICT_KEEP ? "keep" : kind == VERDICT_PROBE ? "probe" : "refuse";
}

static void expect(const struct sender *sender, const struct trial *t, const char *kind, int status,
                   enum trust trust, int secret, const char *reason, const char *name)
{
        struct verdict v = judge(sender, t);
        char *got = mem_format("%s %d %s %d %s", kind_word(v.kind), v.status, trust_word(v.trust),
                               v.secret, v.reason);
        char *want = mem_format("%s %d %s %d %s", kind, status, trust_word(trust), secret, reason);

        tap_text(got, want, "%s: %s", sender->kind, name);
        mem_free(got);
        mem_free(want);
}

static char *hmac(const char *key, const char *message)
{
        struct buf hex = BUF_NONE;

        secret_hmac_hex(key, strlen(key), message, strlen(message), &hex);
        return buf_take(&hex);
}

/* --- Lever ------------------------------------------------------------------------ */

#define TOKEN "657fd5a0759c87d35660b096dbc388d1d31058869f08ce3f"
#define LEVER_KEY "a signature token, made up for this test"

static char *lever_body(const char *event, const char *data, const char *at, const char *signature)
{
        return mem_format("{\"triggeredAt\":%s,\"event\":\"%s\",\"data\":%s%s%s%s,"
                          "\"token\":\"" TOKEN "\"}",
                          at, event, data, signature ? ",\"signature\":\"" : "",
                          signature ? signature : "", signature ? "\"" : "");
}

#define MOVED                                                                                      \
        "{\"opportunityId\":\"opp-1\",\"contactId\":\"con-1\",\"toStageId\":\"applicant-new\","    \
        "\"fromStageId\":\"lead-new\"}"

static void lever_misuse(void)
{
        static const struct {
                const char *name, *body;
                size_t len;
                int status;
                const char *reason;
        } rows[] = {
                { "an empty body", "", 0, 400, "empty body" },
                { "no JSON", "hello", 0, 400, "body is not JSON" },
                { "JSON cut short", "{\"event\":\"candidateHired\"", 0, 400, "body is not JSON" },
                { "an array", "[]", 0, 400, "body is not JSON" },
                { "a NUL byte behind it", "{}\0", 3, 400, "body is not JSON" },
                { "invalid UTF-8", "{\"event\":\"\xFF\"}", 0, 401, "signature missing" },
                { "nothing in it", "{}", 0, 401, "signature missing" },
                { "no token", "{\"triggeredAt\":1,\"signature\":\"00\",\"data\":1}", 0, 401,
                  "signature missing" },
                { "a signature that is a number",
                  "{\"triggeredAt\":1,\"signature\":7,\"token\":\"x\"}", 0, 401,
                  "signature missing" },
                { "a time that is no number",
                  "{\"triggeredAt\":\"1x\",\"signature\":\"00\",\"token\":\"x\"}", 0, 401,
                  "signature missing" },
                { "a time with a fraction",
                  "{\"triggeredAt\":1.5,\"signature\":\"00\",\"token\":\"x\"}", 0, 401,
                  "signature missing" },
                { "a time beyond 64 bits",
                  "{\"triggeredAt\":99999999999999999999,\"signature\":\"00\",\"token\":\"x\"}", 0,
                  401, "signature missing" },
                { "the sample of the documentation, a comma short",
                  "{\"event\":\"candidateStageChange\",\"data\":{\"toStageId\":\"a\" "
                  "\"fromStageId\":\"b\",},\"signature\":\"00\",\"token\":\"x\"}",
                  0, 400, "body is not JSON" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct trial t = { .secrets = { LEVER_KEY },
                                   .body = rows[i].body,
                                   .len = rows[i].len };

                expect(&lever_sender, &t, "refuse", rows[i].status, TRUST_UNSIGNED, -1,
                       rows[i].reason, rows[i].name);
        }
}

static void lever_signatures(void)
{
        char *right = hmac(LEVER_KEY, TOKEN "1431458021951");
        char *body = lever_body("candidateStageChange", MOVED, "1431458021951", right);
        struct trial t = { .secrets = { LEVER_KEY }, .body = body };
        int passed = 0, flips = 0;

        expect(&lever_sender, &t, "keep", 200, TRUST_NOTICE, 0, "signed", "a signed event");
        t = (struct trial){ .secrets = { "old", LEVER_KEY, "older" }, .body = body };
        expect(&lever_sender, &t, "keep", 200, TRUST_NOTICE, 1, "signed",
               "the second of three tokens signed");
        t = (struct trial){ .secrets = { "old", "older" }, .body = body };
        expect(&lever_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1, "signature wrong",
               "none of two tokens signed");
        t = (struct trial){ .secrets = { "" }, .body = body };
        expect(&lever_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1, "signature wrong",
               "an empty token vouches for nothing");
        t = (struct trial){ .body = body };
        expect(&lever_sender, &t, "refuse", 503, TRUST_UNSIGNED, -1, "no signature token is set",
               "no token known yet: come again");

        mem_free(body);
        body = lever_body("candidateStageChange", MOVED, "1431458021951.0", right);
        t = (struct trial){ .secrets = { LEVER_KEY }, .body = body };
        expect(&lever_sender, &t, "keep", 200, TRUST_NOTICE, 0, "signed",
               "the same time written as a real");
        mem_free(body);
        body = lever_body("candidateStageChange", MOVED, "\"1431458021951\"", right);
        t = (struct trial){ .secrets = { LEVER_KEY }, .body = body };
        expect(&lever_sender, &t, "keep", 200, TRUST_NOTICE, 0, "signed",
               "the same time written as text");
        mem_free(body);
        body = lever_body("candidateStageChange", "{\"opportunityId\":\"somebody else\"}",
                          "1431458021951", right);
        t = (struct trial){ .secrets = { LEVER_KEY }, .body = body };
        expect(&lever_sender, &t, "keep", 200, TRUST_NOTICE, 0, "signed",
               "another body under the same signature is a notice, no more");
        mem_free(body);
        body = lever_body("candidateStageChange", MOVED, "1431458021952", right);
        t = (struct trial){ .secrets = { LEVER_KEY }, .body = body };
        expect(&lever_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1, "signature wrong",
               "a millisecond later");
        mem_free(body);
        right[0] = (char)(right[0] >= 'a' ? right[0] - 32 : right[0]);
        body = lever_body("candidateStageChange", MOVED, "1431458021951", "");
        t = (struct trial){ .secrets = { LEVER_KEY }, .body = body };
        expect(&lever_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1, "signature missing",
               "an empty signature");
        mem_free(body);
        mem_free(right);

        right = hmac(LEVER_KEY, TOKEN "1431458021951");
        for (size_t i = 0; i < 64; i++)
                for (int bit = 0; bit < 8; bit++) {
                        char kept = right[i];

                        right[i] = (char)(right[i] ^ (1 << bit));
                        if (right[i] != '"' && right[i] != '\\' && (unsigned char)right[i] >= 32 &&
                            (unsigned char)right[i] < 127) {
                                body = lever_body("candidateStageChange", MOVED, "1431458021951",
                                                  right);
                                t = (struct trial){ .secrets = { LEVER_KEY }, .body = body };
                                passed += judge(&lever_sender, &t).kind != VERDICT_REFUSE;
                                flips++;
                                mem_free(body);
                        }
                        right[i] = kept;
                }
        tap_ok(flips > 300 && passed == 0, "lever: each of %d flipped bits is noticed", flips);
        mem_free(right);
}

/* What is no JSON further in still says who signed: kept, for people to see and to replay. */
static void lever_flawed(void)
{
        static const struct {
                const char *name, *data, *fact; /* the fact's name */
        } rows[] = {
                { "the sample of the documentation, a comma short",
                  "{\"toStageId\":\"a\" \"fromStageId\":\"b\",}", "unreadable" },
                { "half a character", "{\"opportunityId\":\"o\",\"x\":\"\\ud83d\"}",
                  "candidateStageChange" },
                { "bytes that are no UTF-8", "{\"opportunityId\":\"o\",\"x\":\"\xFF\"}",
                  "candidateStageChange" },
        };
        char *right = hmac(LEVER_KEY, TOKEN "1431458021951");

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *body =
                    lever_body("candidateStageChange", rows[i].data, "1431458021951", right);
                struct trial t = { .secrets = { LEVER_KEY }, .body = body };
                struct fact fact;

                expect(&lever_sender, &t, "keep", 200, TRUST_NOTICE, 0, "signed", rows[i].name);
                lever_sender.decode(body, strlen(body), NULL, NULL, &fact);
                tap_text(fact.name, rows[i].fact, "lever: %s: read", rows[i].name);
                fact_dispose(&fact);
                t.secrets[0] = "another";
                expect(&lever_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1, "signature wrong",
                       rows[i].name);
                mem_free(body);
        }
        mem_free(right);
}

static char *lever_identity(const char *id, const char *opportunity)
{
        char *body = mem_format("{\"id\":\"%s\",\"event\":\"candidateStageChange\","
                                "\"triggeredAt\":1,\"data\":{\"opportunityId\":\"%s\"}}",
                                id, opportunity),
             *identity;
        struct fact fact;

        lever_sender.decode(body, strlen(body), NULL, NULL, &fact);
        identity = mem_text(fact.identity);
        fact_dispose(&fact);
        mem_free(body);
        return identity;
}

/* The id is not signed: a lie under a true signature may have the id of the truth. */
static void lever_identities(void)
{
        char *one = lever_identity("e1", "opp-1"), *again = lever_identity("e1", "opp-1");
        char *lie = lever_identity("e1", "opp-2"), *next = lever_identity("e2", "opp-1");

        tap_text(again, one, "lever: a repetition is recognised");
        tap_ok(!text_equal(lie, one), "lever: one that names somebody else is not taken for it");
        tap_ok(!text_equal(next, one), "lever: nor is the next event");
        mem_free(one);
        mem_free(again);
        mem_free(lie);
        mem_free(next);
}

static void lever_probes(void)
{
        char *right = hmac(LEVER_KEY, TOKEN "1431458021951");
        char *signed_one = lever_body("candidateHired", "{}", "1431458021951", right);
        char *wrong = lever_body("candidateHired", "{}", "1431458021951", "m3e7");
        char *bare = lever_body("candidateHired", "{}", "1431458021951", NULL);
        struct trial t = { .secrets = { LEVER_KEY }, .body = signed_one };

        expect(&lever_sender, &t, "probe", 200, TRUST_NOTICE, 0, "probe, signed",
               "Verify connection");
        t.body = wrong;
        expect(&lever_sender, &t, "probe", 200, TRUST_UNSIGNED, -1, "probe, signature wrong",
               "Verify connection signed with another token");
        t.body = bare;
        expect(&lever_sender, &t, "probe", 200, TRUST_UNSIGNED, -1, "probe, not signed",
               "Verify connection without a signature");
        t = (struct trial){ .body = signed_one };
        expect(&lever_sender, &t, "probe", 200, TRUST_UNSIGNED, -1,
               "probe, no signature token known yet",
               "Verify connection before the token is known here");
        mem_free(signed_one);
        mem_free(wrong);
        mem_free(bare);
        mem_free(right);
}

/* --- Ashby ------------------------------------------------------------------------ */

#define ASHBY_KEY "8b94 made up"
#define ASHBY_BODY "{\"webhookActionId\":\"w-1\",\"action\":\"candidateStageChange\",\"data\":{}}"
#define PING "{ \"action\": \"ping\", \"data\": {\"webhookActionType\": \"ping\"} }"

static char *ashby_header(const char *key, const char *body)
{
        char *hex = hmac(key, body), *text = mem_format("sha256=%s", hex);

        mem_free(hex);
        return text;
}

static void ashby_signatures(void)
{
        char *right = ashby_header(ASHBY_KEY, ASHBY_BODY), *ping = ashby_header(ASHBY_KEY, PING);
        const char *name = "Ashby-Signature";
        const struct trial bad[] = {
                { .body = ASHBY_BODY, .secrets = { ASHBY_KEY } },
                { .header = name, .value = "", .body = ASHBY_BODY, .secrets = { ASHBY_KEY } },
                { .header = name,
                  .value = right,
                  .got = -1,
                  .body = ASHBY_BODY,
                  .secrets = { ASHBY_KEY } },
                { .header = name,
                  .value = right + 7,
                  .body = ASHBY_BODY,
                  .secrets = { ASHBY_KEY } },
                { .header = name,
                  .value = right,
                  .body = ASHBY_BODY " ",
                  .secrets = { ASHBY_KEY } },
                { .header = name, .value = right, .body = "", .secrets = { ASHBY_KEY } },
                { .header = name, .value = right, .body = ASHBY_BODY, .secrets = { "other" } },
        };
        static const char *const reasons[] = {
                "signature missing: set a secret token on Ashby's side",
                "signature missing: set a secret token on Ashby's side",
                "signature came more than once",
                "signature wrong",
                "signature wrong",
                "signature wrong",
                "signature wrong",
        };
        struct trial t;
        int passed = 0;

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                expect(&ashby_sender, &bad[i], "refuse", 400, TRUST_UNSIGNED, -1, reasons[i],
                       "a status after which Ashby comes again");
        t = (struct trial){ .header = name, .value = right, .body = ASHBY_BODY };
        expect(&ashby_sender, &t, "refuse", 503, TRUST_UNSIGNED, -1, "no secret token is set",
               "no secret here yet");
        t = (struct trial){
                .header = name, .value = right, .body = ASHBY_BODY, .secrets = { "new", ASHBY_KEY }
        };
        expect(&ashby_sender, &t, "keep", 200, TRUST_BODY, 1, "signed",
               "the older of two secrets signed");
        t = (struct trial){ .header = name, .value = ping, .body = PING, .secrets = { ASHBY_KEY } };
        expect(&ashby_sender, &t, "probe", 200, TRUST_BODY, 0, "ping, signed", "a signed ping");
        t.value = right;
        expect(&ashby_sender, &t, "probe", 200, TRUST_UNSIGNED, -1, "ping, signature wrong",
               "a wrongly signed ping is answered 200 and flagged");
        t.got = -1;
        expect(&ashby_sender, &t, "probe", 200, TRUST_UNSIGNED, -1,
               "ping, signature came more than once", "a ping with two signatures");
        t = (struct trial){ .body = PING, .secrets = { ASHBY_KEY } };
        expect(&ashby_sender, &t, "probe", 200, TRUST_UNSIGNED, -1, "ping, not signed",
               "an unsigned ping");
        t = (struct trial){ .body = PING };
        expect(&ashby_sender, &t, "probe", 200, TRUST_UNSIGNED, -1,
               "ping, no secret token is set here", "a ping before there is a secret");

        for (size_t i = 0; right[i] != '\0'; i++)
                for (int bit = 0; bit < 8; bit++) {
                        char kept = right[i];

                        right[i] = (char)(right[i] ^ (1 << bit));
                        t = (struct trial){ .header = name,
                                            .value = right,
                                            .body = ASHBY_BODY,
                                            .secrets = { ASHBY_KEY } };
                        passed += judge(&ashby_sender, &t).kind != VERDICT_REFUSE;
                        right[i] = kept;
                }
        tap_int(passed, 0, "ashby: no flipped bit of the header passes");
        mem_free(right);
        mem_free(ping);
}

/* --- Coderbyte -------------------------------------------------------------------- */

#define CODERBYTE_KEY "an API key made up for this test"
#define CODERBYTE_SETTINGS "{\"organization\":\"acmeengineering\"}"
#define CODERBYTE_BODY                                                                             \
        "{\"operation\":\"assessment_completed\",\"organization_id\":\"acmeengineering\","         \
        "\"email\":\"Ada@example.org\",\"assessment_id\":\"angular-1\",\"report_ready\":false}"

static char *jwt(const char *key, const char *head, const char *claims)
{
        unsigned char digest[SECRET_DIGEST_SIZE];
        struct buf token = BUF_NONE;

        code_base64url(&token, head, strlen(head));
        buf_add_char(&token, '.');
        code_base64url(&token, claims, strlen(claims));
        secret_hmac(key, strlen(key), token.data, token.len, digest);
        buf_add_char(&token, '.');
        code_base64url(&token, digest, sizeof digest);
        return buf_take(&token);
}

static void coderbyte_tokens(void)
{
        static const char hs256[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
        static const struct {
                const char *name, *head, *claims, *reason; /* reason NULL: passes */
        } rows[] = {
                { "no claims at all", hs256, "{}", "token of another organization" },
                { "claims that are no JSON", hs256, "x", "token without readable claims" },
                { "claims that are an array", hs256, "[1]", "token without readable claims" },
                { "an issuer that is a number", hs256, "{\"iss\":1}",
                  "token of another organization" },
                { "another issuer", hs256, "{\"iss\":\"other\"}", "token of another organization" },
                { "an issuer that only starts like ours", hs256, "{\"iss\":\"acmeengineering2\"}",
                  "token of another organization" },
                { "two issuers", hs256, "{\"iss\":\"acmeengineering\",\"iss\":\"acmeengineering\"}",
                  "token without readable claims" },
                { "expired", hs256, "{\"iss\":\"acmeengineering\",\"exp\":1782973900}",
                  "token expired" },
                { "an expiry that is text", hs256,
                  "{\"iss\":\"acmeengineering\",\"exp\":\"1999999999\"}", "token expired" },
                { "not valid yet", hs256, "{\"iss\":\"acmeengineering\",\"nbf\":1782974100}",
                  "token not valid yet" },
                { "alg none", "{\"alg\":\"none\"}", "{\"iss\":\"acmeengineering\"}",
                  "token wrong" },
                { "alg HS512", "{\"alg\":\"HS512\"}", "{\"iss\":\"acmeengineering\"}",
                  "token wrong" },
                { "the issuer only", hs256, "{\"iss\":\"acmeengineering\"}", NULL },
                { "expired half a minute ago by our clock", hs256,
                  "{\"iss\":\"acmeengineering\",\"exp\":1782973980}", NULL },
                { "with a time of issue", hs256, "{\"iss\":\"acmeengineering\",\"iat\":1}", NULL },
                { "a wide window", hs256,
                  "{\"iss\":\"acmeengineering\",\"nbf\":1,\"exp\":4102444800}", NULL },
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                char *token = jwt(CODERBYTE_KEY, rows[i].head, rows[i].claims);
                char *value = mem_format("bEaReR %s", token);
                struct trial t = { .header = "Authorization",
                                   .value = value,
                                   .secrets = { "old key", CODERBYTE_KEY },
                                   .settings = CODERBYTE_SETTINGS,
                                   .body = CODERBYTE_BODY };

                if (rows[i].reason == NULL)
                        expect(&coderbyte_sender, &t, "keep", 200, TRUST_NOTICE, 1, "token right",
                               rows[i].name);
                else
                        expect(&coderbyte_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1,
                               rows[i].reason, rows[i].name);
                mem_free(token);
                mem_free(value);
        }
}

static void coderbyte_headers(void)
{
        char *token = jwt(CODERBYTE_KEY, "{\"alg\":\"HS256\"}", "{\"iss\":\"acmeengineering\"}");
        char *value = mem_format("Bearer %s", token);
        struct trial t = { .secrets = { CODERBYTE_KEY },
                           .settings = CODERBYTE_SETTINGS,
                           .body = CODERBYTE_BODY };
        size_t wrong = 0, tried = 0;

        expect(&coderbyte_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1,
               "token missing (does the web server pass Authorization on?)", "no header");
        t.header = "Authorization";
        t.value = "Basic Zm9vOmJhcg==";
        expect(&coderbyte_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1,
               "token missing: Authorization is of another kind", "Basic");
        t.value = value;
        t.got = -1;
        expect(&coderbyte_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1,
               "token came more than once", "two headers");
        t.got = 0;
        t.settings = NULL;
        expect(&coderbyte_sender, &t, "refuse", 401, TRUST_UNSIGNED, -1,
               "token of another organization", "no organization is set");
        t.settings = CODERBYTE_SETTINGS;
        t.secrets[0] = NULL;
        expect(&coderbyte_sender, &t, "refuse", 503, TRUST_UNSIGNED, -1, "no API key is set",
               "no key");
        t.secrets[0] = CODERBYTE_KEY;
        t.body = "no JSON at all";
        expect(&coderbyte_sender, &t, "keep", 200, TRUST_NOTICE, 0, "token right",
               "the body is not looked at");

        for (char *p = value + strlen("Bearer "); *p != '\0'; p++)
                for (int bit = 0; bit < 8; bit++) {
                        char kept = *p;

                        *p = (char)(*p ^ (1 << bit));
                        tried++;
                        if (*p != '\0' && judge(&coderbyte_sender, &t).kind != VERDICT_REFUSE)
                                wrong++;
                        *p = kept;
                }
        tap_ok(tried > 500 && wrong == 0, "coderbyte: each of %zu flipped bits is noticed", tried);
        mem_free(token);
        mem_free(value);
}

/* --- the vectors beside the project ----------------------------------------------- */

static json_t *shared(const char *name)
{
        const char *place = getenv("FAIRLEAD_SHARED"), *source = getenv("FAIRLEAD_SOURCE");
        char *dir = place != NULL ? mem_text(place)
                                  : mem_format("%s/../shared", source != NULL ? source : ".");
        char *path = file_path(dir, name);
        struct buf text = BUF_NONE;
        json_t *value = NULL;

        if (file_read(path, 1 << 20, &text, NULL) == 1)
                value = json_parse(text.data, text.len, true, NULL);
        else
                tap_skip(1, name);
        buf_dispose(&text);
        mem_free(path);
        mem_free(dir);
        return value;
}

static void vectors(void)
{
        json_t *list = shared("vectors/lever-signature.json"), *one;
        size_t i;

        json_array_foreach(list, i, one)
        {
                char *at = mem_format("%lld", (long long)json_get_int(one, "triggeredAt", 0));
                char *body = mem_format(
                    "{\"token\":\"%s\",\"triggeredAt\":%s,\"signature\":\"%s\","
                    "\"event\":\"candidateHired\",\"data\":{\"opportunityId\":\"1\"}}",
                    json_get_text(one, "token", ""), at, json_get_text(one, "signature", ""));
                struct trial t = { .secrets = { json_get_text(one, "signature_token", "") },
                                   .body = body };

                expect(&lever_sender, &t, "keep", 200, TRUST_NOTICE, 0, "signed", "a vector");
                mem_free(at);
                mem_free(body);
        }
        json_decref(list);
        list = shared("vectors/ashby-signature.json");
        json_array_foreach(list, i, one)
        {
                const char *value = json_get_text(one, "header", "");
                struct trial t = { .header = "Ashby-Signature",
                                   .value = value + strlen("Ashby-Signature: "),
                                   .secrets = { json_get_text(one, "secret", "") },
                                   .body = json_get_text(one, "raw_body", "") };
                struct verdict v = judge(&ashby_sender, &t);

                tap_ok(v.kind != VERDICT_REFUSE && v.secret == 0 && v.trust == TRUST_BODY,
                       "ashby: a vector");
        }
        json_decref(list);
        list = shared("vectors/coderbyte-jwt.json");
        json_array_foreach(list, i, one)
        {
                char *value = mem_format("Bearer %s", json_get_text(one, "token", ""));
                struct trial t = { .header = "Authorization",
                                   .value = value,
                                   .secrets = { json_get_text(one, "key", "") },
                                   .settings = "{\"organization\":\"coderbyteengineering\"}",
                                   .body = "{}" };
                bool accept = text_equal(json_get_text(one, "expect", ""), "accept");

                tap_int(judge(&coderbyte_sender, &t).kind, accept ? VERDICT_KEEP : VERDICT_REFUSE,
                        "coderbyte: vector: %s", json_get_text(one, "note", ""));
                mem_free(value);
        }
        json_decref(list);
}

/* --- reading ---------------------------------------------------------------------- */

/* kind name subject identity occurred detail: one line, so that a table can hold it. */
static char *read_fact(const struct sender *sender, const char *body)
{
        struct fact fact;
        char *detail, *line;

        memset(&fact, 0xA5, sizeof fact); /* decode() fills all of it */
        sender->decode(body, strlen(body), NULL, NULL, &fact);
        detail = fact.detail == NULL ? mem_text("-") : json_text(fact.detail);
        line = mem_format("%s %s %s %s %lld %s", fact_word(fact.kind), fact.name,
                          fact.subject ? fact.subject : "-", fact.identity ? fact.identity : "-",
                          (long long)fact.occurred_ms, detail);
        tap_ok(fact.summary[0] != '\0', "%s: %s has a summary", sender->kind, fact.name);
        mem_free(detail);
        fact_dispose(&fact);
        return line;
}

static const struct {
        const struct sender *sender;
        const char *name, *body, *want;
} facts[] = {
        { &lever_sender, "nothing", "", "unknown unreadable - - 0 -" },
        { &lever_sender, "an array", "[1]", "unknown nameless - - 0 -" },
        { &lever_sender, "an unknown event",
          "{\"event\":\"tea\",\"triggeredAt\":5,\"data\":{\"opportunityId\":\"o\"}}",
          "unknown tea o tea:o::5 5 -" },
        { &lever_sender, "a test of the connection",
          "{\"event\":\"candidateHired\",\"triggeredAt\":5,\"data\":{}}",
          "nothing candidateHired - candidateHired:::5 5 -" },
        { &lever_sender, "a stage change",
          "{\"event\":\"candidateStageChange\",\"triggeredAt\":5,"
          "\"data\":" MOVED "}",
          "stage_entered candidateStageChange opp-1 "
          "candidateStageChange:opp-1:applicant-new:5 5 "
          "{\"candidate\":{\"id\":\"con-1\"},\"stage\":{\"from\":\"lead-new\",\"id\":"
          "\"applicant-new\"}}" },
        { &lever_sender, "the same with an id of the event",
          "{\"id\":\"e-9\",\"event\":\"candidateStageChange\",\"data\":"
          "{\"candidateId\":\"old-name\",\"toStageId\":\"x\"}}",
          "stage_entered candidateStageChange old-name candidateStageChange:id:e-9:old-name 0 "
          "{\"candidate\":{},\"stage\":{\"id\":\"x\"}}" },
        { &lever_sender, "a stage change of nobody",
          "{\"event\":\"candidateStageChange\",\"data\":{\"toStageId\":\"x\"},\"triggeredAt\":5}",
          "unknown candidateStageChange - candidateStageChange::x:5 5 -" },
        { &lever_sender, "data that is null", "{\"event\":\"candidateDeleted\",\"data\":null}",
          "unknown candidateDeleted - candidateDeleted:::0 0 -" },
        { &lever_sender, "a deletion",
          "{\"event\":\"candidateDeleted\",\"triggeredAt\":5,\"data\":{\"opportunityId\":\"o\"}}",
          "application_gone candidateDeleted o candidateDeleted:o::5 5 "
          "{\"applications\":[\"o\"],\"what\":\"deleted\"}" },
        { &lever_sender, "an interview",
          "{\"event\":\"interviewCreated\",\"id\":\"i\",\"data\":{\"interviewId\":\"x\"}}",
          "nothing interviewCreated - interviewCreated:id:i: 0 -" },

        { &ashby_sender, "nothing", "", "unknown unreadable - - 0 -" },
        { &ashby_sender, "no action", "{\"data\":{}}", "unknown nameless - - 0 -" },
        { &ashby_sender, "a ping", PING, "nothing ping - - 0 -" },
        { &ashby_sender, "an unknown action", "{\"action\":\"tea\",\"webhookActionId\":\"w\"}",
          "unknown tea - tea:w 0 -" },
        { &ashby_sender, "a stage change without an application", ASHBY_BODY,
          "unknown candidateStageChange - candidateStageChange:w-1 0 -" },
        { &ashby_sender, "a stage change",
          "{\"action\":\"candidateStageChange\",\"webhookActionId\":\"w\",\"data\":{"
          "\"application\":"
          "{\"id\":\"a-1\",\"status\":\"Active\",\"updatedAt\":\"2026-05-28T21:07:41.644Z\","
          "\"candidate\":{\"id\":\"c-1\",\"name\":\" Ada King Lovelace \",\"primaryEmailAddress\":"
          "{\"value\":\"ada@example.org\"}},\"currentInterviewStage\":{\"id\":\"s-1\",\"title\":"
          "\"Coding test\"},\"job\":{\"id\":\"j-1\",\"title\":\"Engineer\"}}}}",
          "stage_entered candidateStageChange a-1 candidateStageChange:w 1780002461644 "
          "{\"candidate\":{\"email\":\"ada@example.org\",\"first_name\":\"Ada King\",\"id\":"
          "\"c-1\",\"last_name\":\"Lovelace\"},\"job\":{\"id\":\"j-1\",\"name\":\"Engineer\"},"
          "\"stage\":{\"id\":\"s-1\",\"name\":\"Coding test\"},\"status\":\"active\"}" },
        { &ashby_sender, "every optional thing null",
          "{\"action\":\"candidateStageChange\",\"data\":{\"application\":{\"id\":\"a\","
          "\"candidate\":null,\"job\":null,\"currentInterviewStage\":null,\"updatedAt\":null}}}",
          "stage_entered candidateStageChange a - 0 {\"candidate\":{},\"job\":{},\"stage\":{}}" },
        { &ashby_sender, "the sibling of the same act is another event",
          "{\"action\":\"applicationUpdate\",\"webhookActionId\":\"w\",\"data\":{}}",
          "nothing applicationUpdate - applicationUpdate:w 0 -" },
        { &ashby_sender, "a schedule",
          "{\"action\":\"interviewScheduleCreate\",\"webhookActionId\":\"w\",\"data\":{"
          "\"interviewSchedule\":{\"id\":\"s-1\",\"status\":\"Scheduled\",\"applicationId\":"
          "\"a-1\",\"updatedAt\":\"2026-05-28T21:07:41.644Z\",\"interviewEvents\":[{"
          "\"startTime\":\"2026-06-01T10:00:00Z\",\"endTime\":\"2026-06-01T11:00:00Z\"}]}}}",
          "schedule interviewScheduleCreate s-1 interviewScheduleCreate:w 1780002461644 "
          "{\"application\":\"a-1\",\"ends_ms\":1780311600000,\"starts_ms\":1780308000000,"
          "\"what\":\"made\"}" },
        { &ashby_sender, "its sibling, cancelled, with nulls",
          "{\"action\":\"interviewScheduleUpdate\",\"webhookActionId\":\"w\",\"data\":{"
          "\"interviewSchedule\":{\"id\":\"s-1\",\"status\":\"Cancelled\",\"applicationId\":"
          "\"a-1\",\"updatedAt\":null,\"interviewEvents\":null}}}",
          "schedule interviewScheduleUpdate s-1 interviewScheduleUpdate:w 0 "
          "{\"application\":\"a-1\",\"what\":\"cancelled\"}" },
        { &ashby_sender, "a schedule that is none",
          "{\"action\":\"interviewScheduleUpdate\",\"data\":{\"interviewSchedule\":[]}}",
          "unknown interviewScheduleUpdate - - 0 -" },
        { &ashby_sender, "a lead",
          "{\"action\":\"candidateStageChange\",\"data\":{\"application\":{\"id\":\"a\","
          "\"status\":\"Lead\"}}}",
          "stage_entered candidateStageChange a - 0 "
          "{\"candidate\":{},\"job\":{},\"prospect\":true,\"stage\":{},\"status\":\"lead\"}" },
        { &ashby_sender, "a merge",
          "{\"action\":\"candidateMerge\",\"webhookActionId\":\"w\",\"data\":{\"deletedCandidate\":"
          "{\"id\":\"c-1\"},\"mergedCandidate\":{\"id\":\"c-2\"}}}",
          "application_gone candidateMerge c-1 candidateMerge:w 0 "
          "{\"applications\":[],\"candidate\":\"c-1\",\"into\":\"c-2\",\"what\":\"merged\"}" },
        { &ashby_sender, "a deletion of nobody", "{\"action\":\"candidateDelete\",\"data\":[]}",
          "unknown candidateDelete - - 0 -" },

        { &coderbyte_sender, "nothing", "", "unknown unreadable - - 0 -" },
        { &coderbyte_sender, "no operation", "{\"email\":\"x\"}", "unknown nameless - - 0 -" },
        { &coderbyte_sender, "a completed assessment", CODERBYTE_BODY,
          "session assessment_completed angular-1:cfe00dde46ef942601ffafb9e2825e80 "
          "assessment_completed:DIGEST 0 "
          "{\"email\":\"Ada@example.org\",\"hint\":\"assessment_completed\",\"report_ready\":"
          "false,\"test_id\":\"angular-1\"}" },
        { &coderbyte_sender, "a candidate who is not named",
          "{\"operation\":\"candidate_joined\",\"assessment_id\":\"t\"}",
          "unknown candidate_joined - candidate_joined:DIGEST 0 -" },
        { &coderbyte_sender, "an interview",
          "{\"operation\":\"interview_completed\",\"email\":\"a@b.example\",\"interview_id\":"
          "\"i\"}",
          "interview interview_completed i interview_completed:DIGEST 0 "
          "{\"hint\":\"interview_completed\"}" },
        { &coderbyte_sender, "an unknown operation", "{\"operation\":\"tea\"}",
          "unknown tea - tea:DIGEST 0 -" },
};

static void reading(void)
{
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
                const char *mark = strstr(facts[i].want, "DIGEST");
                char *got = read_fact(facts[i].sender, facts[i].body), *want;
                struct buf digest = BUF_NONE;

                secret_sha256_hex(facts[i].body, strlen(facts[i].body), &digest);
                want = mark == NULL ? mem_text(facts[i].want)
                                    : mem_format("%.*s%s%s", (int)(mark - facts[i].want),
                                                 facts[i].want, buf_text(&digest), mark + 6);
                tap_text(got, want, "%s: %s", facts[i].sender->kind, facts[i].name);
                mem_free(got);
                mem_free(want);
                buf_dispose(&digest);
        }
}

/* What comes from outside is cut at a whole character, wherever it goes. */
static void long_names(void)
{
        struct buf body = BUF_NONE;
        struct fact fact;

        buf_add_text(&body, "{\"action\":\"candidateStageChange\",\"data\":{\"application\":{"
                            "\"id\":\"1\",\"candidate\":{\"name\":\"x");
        for (int i = 0; i < 300; i++)
                buf_add_text(&body, "\xC3\xA9");
        buf_add_text(&body, "\"}}}}");
        ashby_sender.decode(body.data, body.len, NULL, NULL, &fact);
        tap_ok(strlen(fact.summary) < sizeof fact.summary &&
                   text_utf8_valid(fact.summary, strlen(fact.summary)),
               "a summary is cut between characters");
        fact_dispose(&fact);
        buf_reset(&body);
        buf_add_text(&body, "{\"operation\":\"");
        for (int i = 0; i < 300; i++)
                buf_add_text(&body, "\xC3\xA9");
        buf_add_text(&body, "\"}");
        coderbyte_sender.decode(body.data, body.len, NULL, NULL, &fact);
        tap_ok(strlen(fact.name) <= 100 && text_utf8_valid(fact.name, strlen(fact.name)),
               "and so is a name");
        fact_dispose(&fact);
        buf_dispose(&body);
}

static void keeps(void)
{
        static const struct sender *const senders[] = { &lever_sender, &ashby_sender,
                                                        &coderbyte_sender };

        for (size_t i = 0; i < 3; i++) {
                bool secret = false;

                for (size_t k = 0; senders[i]->headers[k] != NULL; k++)
                        secret |= text_equal_fold(senders[i]->headers[k], "Authorization") ||
                                  text_equal_fold(senders[i]->headers[k], "Cookie");
                tap_ok(!secret, "%s: no secret header is kept", senders[i]->kind);
                tap_int(senders[i]->status_full, 503, "%s: a full disk is 503", senders[i]->kind);
        }
}

int main(void)
{
        lever_misuse();
        lever_flawed();
        lever_identities();
        lever_signatures();
        lever_probes();
        ashby_signatures();
        coderbyte_headers();
        coderbyte_tokens();
        vectors();
        reading();
        long_names();
        keeps();
        return tap_end();
}
