/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CodeSignal's webhooks: signatures, probes, the second header, and what the events say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "door/secret.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/codesignal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define URL "https://bridge.example.org/webhooks/codesignal/acme"
#define NOW INT64_C(1553720800000)
#define TIME "1553720789347"
#define FINISHED                                                                                   \
        "{\"event\":\"companyTestSessionFinished\",\"triggeredOn\":" TIME                          \
        ",\"payload\":{\"testSessionId\":\"lehu382hdleh29\",\"testId\":\"t1\",\"score\":999}}"

#define FINISHED_WITH(more)                                                                        \
        "{\"event\":\"companyTestSessionFinished\",\"triggeredOn\":" TIME                          \
        ",\"payload\":{\"testSessionId\":\"lehu382hdleh29\"," more "}}"

struct header_line {
        const char *name, *value;
        int result;
};

static int find_header(void *context, const char *name, const char **value)
{
        for (const struct header_line *h = context; h != NULL && h->name != NULL; h++) {
                if (text_equal_fold(h->name, name)) {
                        *value = h->value;
                        return h->result != 0 ? h->result : 1;
                }
        }
        *value = NULL;
        return 0;
}

static char *sign(const char *secret, const char *text)
{
        struct buf hex = BUF_NONE;

        secret_hmac_hex(secret, strlen(secret), text, strlen(text), &hex);
        return buf_take(&hex);
}

/* One delivery through verify(). */
static struct verdict ask_len(const char *body, size_t len, struct header_line *headers,
                              const char *settings, const char *const *secrets)
{
        struct buf raw = BUF_NONE;
        struct sender_secret list[4];
        struct verdict v;
        json_t *value = json_parse(settings, strlen(settings), true, NULL);
        struct sender_request rq = { .body = &raw,
                                     .header = find_header,
                                     .context = headers,
                                     .hook_url = URL,
                                     .settings = value,
                                     .secrets = list,
                                     .now_ms = NOW };

        buf_add(&raw, body, len);
        for (; secrets != NULL && secrets[rq.secret_count] != NULL; rq.secret_count++)
                list[rq.secret_count] = (struct sender_secret){ secrets[rq.secret_count],
                                                                strlen(secrets[rq.secret_count]) };
        memset(&v, 0x55, sizeof(v));
        codesignal_sender.verify(&rq, &v);
        buf_dispose(&raw);
        json_decref(value);
        return v;
}

static struct verdict ask(const char *body, const char *signature, const char *settings)
{
        static const char *const secrets[] = { "old secret", "new secret", NULL };
        struct header_line headers[] = { { "X-CodeSignal-Signature", signature, 0 },
                                         { NULL, NULL, 0 } };

        return ask_len(body, strlen(body), signature == NULL ? NULL : headers, settings, secrets);
}

/* Refused, it would block all that come behind it for two weeks. */
static void test_flawed(void)
{
        static const struct {
                const char *name, *body;
                enum fact_kind kind;
                const char *fact;
        } rows[] = {
                { "half a character in a name", FINISHED_WITH("\"candidateName\":\"Jo \\ud83d\""),
                  FACT_SESSION, "companyTestSessionFinished" },
                { "NUL in a name", FINISHED_WITH("\"candidateName\":\"Jo\\u0000\""), FACT_SESSION,
                  "companyTestSessionFinished" },
                { "bytes that are no UTF-8", FINISHED_WITH("\"candidateName\":\"\xFF\""),
                  FACT_SESSION, "companyTestSessionFinished" },
                { "an integer beyond 64 bits", FINISHED_WITH("\"x\":123456789012345678901234"),
                  FACT_SESSION, "companyTestSessionFinished" },
                { "no JSON further in", FINISHED_WITH("\"x\":,"), FACT_UNKNOWN, "unreadable" },
                { "bytes after the value", FINISHED "x", FACT_UNKNOWN, "unreadable" },
                { "cut off",
                  "{\"event\":\"companyTestSessionFinished\",\"triggeredOn\":" TIME
                  ",\"payload\":{\"testSess",
                  FACT_UNKNOWN, "unreadable" },
        };
        char *good = sign("new secret", URL "companyTestSessionFinished" TIME);

        for (size_t i = 0; i < COUNT(rows); i++) {
                struct verdict v = ask(rows[i].body, good, "{}");
                struct fact fact;

                tap_ok(v.kind == VERDICT_KEEP && v.status == 200 && v.trust == TRUST_NOTICE &&
                           v.secret == 1,
                       "signed, %s: kept", rows[i].name);
                codesignal_sender.decode(rows[i].body, strlen(rows[i].body), NULL, NULL, &fact);
                tap_ok(fact.kind == rows[i].kind && text_equal(fact.name, rows[i].fact), "%s: %s",
                       rows[i].name, fact.summary);
                fact_dispose(&fact);
                v = ask(rows[i].body, "0123", "{}");
                tap_ok(v.kind == VERDICT_REFUSE && v.status == 401, "not signed, %s: refused",
                       rows[i].name);
        }
        mem_free(good);
}

static void test_refused(void)
{
        char *good = sign("new secret", URL "companyTestSessionFinished" TIME);
        static const struct {
                const char *name, *body, *want;
        } rows[] = {
                { "not JSON", "{\"event\"", "no event and time that could be signed" },
                { "no event", "{\"triggeredOn\":1}", "no event and time that could be signed" },
                { "no time", "{\"event\":\"x\"}", "no event and time that could be signed" },
                { "time null", "{\"event\":\"x\",\"triggeredOn\":null}",
                  "no event and time that could be signed" },
                { "an array", "[1]", "no event and time that could be signed" },
                { "another time", "{\"event\":\"companyTestSessionFinished\",\"triggeredOn\":1}",
                  "signature wrong" },
                { "another event", "{\"event\":\"preScreenExpired\",\"triggeredOn\":" TIME "}",
                  "signature wrong" },
        };
        struct header_line twice[] = { { "X-CodeSignal-Signature", good, -1 }, { NULL, NULL, 0 } };
        static const char *const secrets[] = { "new secret", NULL };
        char deep[400];
        struct verdict v;

        for (size_t i = 0; i < COUNT(rows); i++) {
                v = ask(rows[i].body, good, "{}");
                tap_ok(v.kind == VERDICT_REFUSE && v.status == 401 && v.trust == TRUST_UNSIGNED &&
                           v.secret == -1,
                       "%s: refused with 401", rows[i].name);
                tap_text(v.reason, rows[i].want, "%s: the reason", rows[i].name);
                v = ask(rows[i].body, good, "{\"bad_signature\":\"quarantine\"}");
                tap_ok(v.kind == VERDICT_KEEP && v.status == 200 && v.trust == TRUST_UNSIGNED,
                       "%s: in quarantine kept without trust", rows[i].name);
        }
        v = ask(FINISHED, NULL, "{}");
        tap_ok(v.kind == VERDICT_REFUSE && text_equal(v.reason, "signature missing"),
               "no signature: refused");
        v = ask(FINISHED, "", "{}");
        tap_ok(v.kind == VERDICT_REFUSE && text_equal(v.reason, "signature wrong"),
               "an empty signature: refused");
        v = ask_len(FINISHED, strlen(FINISHED), twice, "{}", secrets);
        tap_ok(v.kind == VERDICT_REFUSE && text_equal(v.reason, "signature came more than once"),
               "two signatures: refused");
        v = ask_len(FINISHED, strlen(FINISHED), twice, "{}", NULL);
        tap_ok(v.kind == VERDICT_REFUSE &&
                   text_equal(v.reason, "no secret is set for this connection"),
               "no secret to check with: refused");
        memset(deep, '[', sizeof(deep) - 1);
        deep[sizeof(deep) - 1] = '\0';
        v = ask(deep, good, "{}");
        tap_int(v.kind, VERDICT_REFUSE, "nested deeply: refused");
        v = ask_len("{\"event\":\"a\0b\",\"triggeredOn\":1}", 31, NULL, "{}", secrets);
        tap_int(v.kind, VERDICT_REFUSE, "a NUL byte: refused");
        mem_free(good);
}

static void test_one_bit(void)
{
        char *good = sign("new secret", URL "companyTestSessionFinished" TIME);
        size_t len = strlen(good), wrong = 0;
        struct verdict v = ask(FINISHED, good, "{}");

        tap_ok(v.kind == VERDICT_KEEP && v.status == 200 && v.trust == TRUST_NOTICE,
               "signed well: kept as a notice");
        tap_int(v.secret, 1, "and it is known which secret signed");
        for (size_t bit = 0; bit < len * 8; bit++) {
                good[bit / 8] ^= (char)(1 << bit % 8);
                wrong += ask(FINISHED, good, "{}").kind != VERDICT_REFUSE;
                good[bit / 8] ^= (char)(1 << bit % 8);
        }
        tap_int((int64_t)wrong, 0, "one bit off is refused, for each of %zu bits", len * 8);
        mem_free(good);
        good = sign("old secret", URL "companyTestSessionFinished" TIME);
        tap_int(ask(FINISHED, good, "{}").secret, 0, "the older secret still counts");
        mem_free(good);
        good = sign("new secret", URL "/companyTestSessionFinished" TIME);
        tap_int(ask(FINISHED, good, "{}").kind, VERDICT_REFUSE, "another URL is refused");
        mem_free(good);
}

static void test_modes(void)
{
        char *documented = sign("new secret", URL "companyTestSessionFinished" TIME);
        char *defensive = sign("new secret", URL TIME);
        char *zero = sign("new secret", URL "e007");
        const char *mode = "{\"signature_mode\":\"url+time\"}";

        tap_int(ask(FINISHED, defensive, mode).kind, VERDICT_KEEP, "url+time takes the other form");
        tap_int(ask(FINISHED, documented, mode).kind, VERDICT_REFUSE, "and no longer the first");
        tap_int(ask(FINISHED, defensive, "{}").kind, VERDICT_REFUSE, "it is off unless asked for");
        tap_int(ask("{\"event\":\"e\",\"triggeredOn\":\"007\"}", zero, "{}").kind, VERDICT_KEEP,
                "a time in digits is taken as it stands");
        mem_free(documented);
        mem_free(defensive);
        mem_free(zero);
        documented = sign("new secret", URL "e1553720789347");
        tap_int(ask("{\"event\":\"e\",\"triggeredOn\":1.553720789347e12}", documented, "{}").kind,
                VERDICT_KEEP, "a time in another notation is signed as an integer");
        mem_free(documented);
}

static void test_probe(void)
{
        static const char *const bodies[] = { "", " \r\n\t", "{}", " { } ", "null", " null\n" };
        char *good = sign("new secret", URL);
        struct verdict v;

        for (size_t i = 0; i < COUNT(bodies); i++) {
                v = ask(bodies[i], NULL, "{}");
                tap_ok(v.kind == VERDICT_PROBE && v.status == 200 && v.secret == -1,
                       "probe %zu: always 200", i);
                tap_text(v.reason, "probe, not signed", "probe %zu: remembered as not signed", i);
                v = ask(bodies[i], good, "{}");
                tap_text(v.reason, "probe, signed", "probe %zu: remembered as signed", i);
                tap_int(v.secret, 1, "probe %zu: and by which secret", i);
        }
        v = ask("", "feed", "{}");
        tap_ok(v.status == 200 && v.trust == TRUST_UNSIGNED &&
                   text_equal(v.reason, "probe, signed with another secret or another URL"),
               "a probe signed wrongly is told apart, and still 200");
        tap_int(ask("[]", NULL, "{}").kind, VERDICT_REFUSE, "[] is no probe");
        tap_int(ask("{}{}", NULL, "{}").kind, VERDICT_REFUSE, "two objects are no probe");
        tap_int(ask("nullx", NULL, "{}").kind, VERDICT_REFUSE, "nullx is no probe");
        mem_free(good);
}

static void test_second_header(void)
{
        static const char *const secrets[] = { "new secret", NULL };
        char *good = sign("new secret", URL "companyTestSessionFinished" TIME), *settings;
        struct buf digest = BUF_NONE;
        struct header_line both[] = { { "X-CodeSignal-Signature", good, 0 },
                                      { "X-Token", "letmein", 0 },
                                      { NULL, NULL, 0 } };
        struct header_line wrong[] = { { "X-CodeSignal-Signature", good, 0 },
                                       { "X-Token", "letmeim", 0 },
                                       { NULL, NULL, 0 } };
        struct header_line doubled[] = { { "X-CodeSignal-Signature", good, 0 },
                                         { "X-Token", "letmein", -1 },
                                         { NULL, NULL, 0 } };
        struct verdict v;

        secret_sha256_hex("letmein", 7, &digest);
        settings = mem_format("{\"second_header\":\"X-Token\",\"second_header_sha256\":\"%s\"}",
                              buf_text(&digest));
        v = ask_len(FINISHED, strlen(FINISHED), both, settings, secrets);
        tap_ok(v.kind == VERDICT_KEEP && v.trust == TRUST_NOTICE && v.secret == 0,
               "signature and second header: kept");
        v = ask_len(FINISHED, strlen(FINISHED), wrong, settings, secrets);
        tap_ok(v.kind == VERDICT_REFUSE && v.status == 401, "a wrong second header: refused");
        v = ask_len(FINISHED, strlen(FINISHED), doubled, settings, secrets);
        tap_ok(v.kind == VERDICT_REFUSE, "a doubled second header: refused");
        v = ask(FINISHED, good, settings);
        tap_ok(v.kind == VERDICT_REFUSE, "a missing second header: refused");
        v = ask_len(FINISHED, strlen(FINISHED), both, settings, NULL);
        tap_ok(v.kind == VERDICT_KEEP && v.trust == TRUST_NOTICE && v.secret == -1,
               "the second header alone vouches where no secret is set");
        both[0].value = "feed";
        v = ask_len(FINISHED, strlen(FINISHED), both, settings, secrets);
        tap_ok(v.kind == VERDICT_REFUSE, "but not for a wrong signature");
        v = ask_len(FINISHED, strlen(FINISHED), both, "{\"second_header\":\"X-Token\"}", secrets);
        tap_ok(v.kind == VERDICT_REFUSE, "without a digest nothing passes");
        v = ask_len("", 0, wrong, settings, secrets);
        tap_ok(v.kind == VERDICT_PROBE && v.status == 200 &&
                   text_equal(v.reason, "probe, the second header is missing or wrong"),
               "a probe without it is answered 200 and remembered");
        buf_dispose(&digest);
        mem_free(settings);
        mem_free(good);
}

static struct verdict at_time(int64_t ms)
{
        char *body = mem_format("{\"event\":\"e\",\"triggeredOn\":%lld}", (long long)ms);
        char *text = mem_format(URL "e%lld", (long long)ms), *signature = sign("new secret", text);
        struct verdict v = ask(body, signature, "{}");

        mem_free(body);
        mem_free(text);
        mem_free(signature);
        return v;
}

static void test_freshness(void)
{
        struct verdict v = at_time(NOW - 19 * WHEN_DAY);

        tap_ok(v.kind == VERDICT_KEEP && v.trust == TRUST_NOTICE, "19 days old is a late delivery");
        v = at_time(NOW - 31 * WHEN_DAY);
        tap_ok(v.kind == VERDICT_KEEP && v.status == 200 && v.trust == TRUST_UNSIGNED,
               "a month old is a copy: kept, not believed");
        tap_text(v.reason, "signed, but older than 20 days", "and says why");
        v = at_time(NOW + WHEN_MINUTE);
        tap_ok(v.trust == TRUST_NOTICE && text_equal(v.reason, "signed"), "a minute ahead is fine");
        v = at_time(NOW + WHEN_DAY);
        tap_ok(v.kind == VERDICT_KEEP && v.trust == TRUST_NOTICE &&
                   strstr(v.reason, "clock") != NULL,
               "a day ahead is believed, and the clock doubted");
        v = at_time(-5);
        tap_ok(v.kind == VERDICT_KEEP && v.trust == TRUST_UNSIGNED, "a time before 1970 is old");
}

static const char *shared(void)
{
        const char *given = getenv("FAIRLEAD_SHARED"), *source = getenv("FAIRLEAD_SOURCE");
        static char path[4096];

        if (given != NULL)
                return given;
        snprintf(path, sizeof(path), "%s/../shared", source != NULL ? source : ".");
        return path;
}

static json_t *shared_json(const char *name)
{
        char *path = file_path(shared(), name);
        struct buf text = BUF_NONE;
        json_t *value = NULL;

        if (file_read(path, 1 << 20, &text, NULL) == 1)
                value = json_parse(text.data, text.len, true, NULL);
        buf_dispose(&text);
        mem_free(path);
        return value;
}

static void test_vectors(void)
{
        json_t *list = shared_json("vectors/codesignal-signature.json"), *one;
        size_t i;

        if (list == NULL) {
                tap_skip(1, "no vectors/codesignal-signature.json in FAIRLEAD_SHARED");
                return;
        }
        json_array_foreach(list, i, one)
        {
                const char *event = json_get_text(one, "eventType", "");
                const char *secrets[] = { json_get_text(one, "secret", ""), NULL };
                struct header_line headers[] = { { "X-CodeSignal-Signature",
                                                   json_get_text(one, "signature", ""), 0 },
                                                 { NULL, NULL, 0 } };
                bool probe = *event == '\0' && json_get_int(one, "triggeredOn", 0) == 0;
                const char *settings =
                    *event == '\0' && !probe ? "{\"signature_mode\":\"url+time\"}" : "{}";
                char *body = probe ? mem_text("")
                                   : mem_format("{\"event\":\"%s\",\"triggeredOn\":%lld}",
                                                *event ? event : "any",
                                                (long long)json_get_int(one, "triggeredOn", 0));
                struct verdict v;

                tap_text(json_get_text(one, "endpointUrl", ""), URL, "vector %zu: its URL", i);
                v = ask_len(body, strlen(body), headers, settings, secrets);
                tap_ok(v.status == 200 && v.secret == 0 && v.trust == TRUST_NOTICE,
                       "vector %zu: %s", i, json_get_text(one, "note", ""));
                mem_free(body);
        }
        json_decref(list);
}

static void decode(const char *body, struct fact *fact)
{
        codesignal_sender.decode(body, strlen(body), NULL, NULL, fact);
}

static void test_decode(void)
{
        static const struct {
                const char *event, *payload;
                enum fact_kind kind;
                const char *subject;
        } rows[] = {
                { "assessmentCreated", "\"assessmentId\":\"a1\"", FACT_TESTS, "a1" },
                { "assessmentUpdated", "\"assessmentId\":\"a1\"", FACT_TESTS, "a1" },
                { "companyTestSessionCreated", "\"testSessionId\":\"s1\"", FACT_SESSION, "s1" },
                { "companyTestSessionStarted", "\"testSessionId\":\"s1\"", FACT_SESSION, "s1" },
                { "companyTestSessionFinished", "\"testSessionId\":\"s1\"", FACT_SESSION, "s1" },
                { "preScreenResultVerificationPending", "\"testSessionId\":\"s1\"", FACT_SESSION,
                  "s1" },
                { "preScreenResultVerified", "\"testSessionId\":\"s1\"", FACT_SESSION, "s1" },
                { "preScreenResultNotVerified", "\"testSessionId\":\"s1\"", FACT_SESSION, "s1" },
                { "preScreenResultShared", "\"testSessionId\":\"s1\"", FACT_SESSION, "s1" },
                { "preScreenExpired", "\"testSessionId\":\"s1\"", FACT_SESSION, "s1" },
                { "preScreenCandidateDeclined", "\"testSessionId\":\"s1\"", FACT_SESSION, "s1" },
                { "preScreenIntegrityReviewUpdated", "\"testSessionId\":\"s1\"", FACT_SESSION,
                  "s1" },
                { "liveInterviewFinished", "\"interviewId\":\"i1\"", FACT_INTERVIEW, "i1" },
                { "liveInterviewFeedbackUpdated", "\"interviewId\":\"i1\"", FACT_INTERVIEW, "i1" },
                { "certificationResultPending", "", FACT_NOTHING, NULL },
                { "certificationResultNotCertified", "", FACT_NOTHING, NULL },
                { "certificationResultShared", "", FACT_NOTHING, NULL },
                { "certificationRequestExpired", "", FACT_NOTHING, NULL },
                { "certificationRequestRejected", "", FACT_NOTHING, NULL },
                { "certificationRequestsMerged", "", FACT_NOTHING, NULL },
                { "somethingNew", "\"testSessionId\":\"s1\"", FACT_UNKNOWN, NULL },
                { "companyTestSessionFinished", "\"interviewId\":\"i1\"", FACT_UNKNOWN, NULL },
                { "companyTestSessionFinished", "\"testSessionId\":null", FACT_UNKNOWN, NULL },
        };
        static const char *const unreadable[] = { "", "{", "[]", "7", "{\"event\":7}", "\xFF\xFE" };
        struct fact fact, again;

        for (size_t i = 0; i < COUNT(rows); i++) {
                char *body =
                    mem_format("{\"event\":\"%s\",\"triggeredOn\":" TIME ",\"payload\":{%s}}",
                               rows[i].event, rows[i].payload);

                decode(body, &fact);
                tap_text(fact_word(fact.kind), fact_word(rows[i].kind), "%s: the fact",
                         rows[i].event);
                tap_text(fact.subject, rows[i].subject, "%s: its subject", rows[i].event);
                tap_ok(fact.summary[0] != '\0', "%s: has a line for people", rows[i].event);
                tap_int(fact.occurred_ms, INT64_C(1553720789347), "%s: its time", rows[i].event);
                if (fact.kind == FACT_SESSION)
                        tap_text(json_get_text(fact.detail, "hint", NULL), rows[i].event,
                                 "%s: its hint", rows[i].event);
                fact_dispose(&fact);
                mem_free(body);
        }
        for (size_t i = 0; i < COUNT(unreadable); i++) {
                decode(unreadable[i], &fact);
                tap_ok(fact.kind == FACT_UNKNOWN && fact.summary[0] != '\0',
                       "unreadable %zu: kept as unknown", i);
                fact_dispose(&fact);
        }
        decode(FINISHED, &fact);
        decode(FINISHED, &again);
        tap_text(fact.identity, "companyTestSessionFinished " TIME " lehu382hdleh29",
                 "its identity is event, time and session");
        tap_text(fact.identity, again.identity, "a repetition has the same");
        tap_ok(json_object_get(fact.detail, "score") == NULL, "a score in the body goes nowhere");
        fact_dispose(&fact);
        fact_dispose(&again);
        decode("{\"event\":\"liveInterviewFeedbackUpdated\",\"triggeredOn\":5,\"payload\":"
               "{\"interviewId\":\"i\",\"interviewerId\":\"w1\"}}",
               &fact);
        tap_text(fact.identity, "liveInterviewFeedbackUpdated 5 i w1",
                 "feedback is told apart by interviewer");
        fact_dispose(&fact);
}

static void test_long_name(void)
{
        struct buf body = BUF_NONE;
        struct fact fact;

        buf_add_text(&body,
                     "{\"event\":\"companyTestSessionStarted\",\"triggeredOn\":1,\"payload\":"
                     "{\"testSessionId\":\"s\",\"candidateName\":\"");
        for (int i = 0; i < 500; i++)
                buf_add_text(&body, "\xE2\x82\xAC");
        buf_add_text(&body, "\"}}");
        codesignal_sender.decode(body.data, body.len, NULL, NULL, &fact);
        tap_ok(text_utf8_valid(fact.summary, strlen(fact.summary)) && strlen(fact.summary) > 150,
               "a long name is cut between characters");
        fact_dispose(&fact);
        buf_dispose(&body);
}

static void test_samples(void)
{
        static const char *const names[] = { "companyTestSessionFinished",
                                             "companyTestSessionStarted", "liveInterviewFinished",
                                             "preScreenResultVerificationPending" };

        for (size_t i = 0; i < COUNT(names); i++) {
                char *path = mem_format("samples/codesignal/%s.json", names[i]);
                json_t *value = shared_json(path);
                char *text;
                struct fact fact;

                mem_free(path);
                if (value == NULL) {
                        tap_skip(1, "no samples/codesignal in FAIRLEAD_SHARED");
                        continue;
                }
                text = json_text(value);
                decode(text, &fact);
                tap_ok((fact.kind == FACT_SESSION || fact.kind == FACT_INTERVIEW) &&
                           fact.subject != NULL && text_equal(fact.name, names[i]),
                       "the vendor's own sample: %s", names[i]);
                tap_ok(strstr(fact.summary, "accessToken") == NULL, "%s: no token in its line",
                       names[i]);
                fact_dispose(&fact);
                mem_free(text);
                json_decref(value);
        }
}

int main(void)
{
        test_flawed();
        test_refused();
        test_one_bit();
        test_modes();
        test_probe();
        test_second_header();
        test_freshness();
        test_vectors();
        test_decode();
        test_long_name();
        test_samples();
        tap_int(codesignal_sender.status_full, 503, "a full home says 503");
        return tap_end();
}
