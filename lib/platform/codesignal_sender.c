/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CodeSignal's webhooks (wire/codesignal.md 2): who vouches for them, and what they say. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/codesignal.h"

#define SIGNATURE_HEADER "X-CodeSignal-Signature"

/* "A late delivery may be more than two weeks old" (wire 2.3). */
#define LATE_MS (20 * WHEN_DAY)
#define EARLY_MS (10 * WHEN_MINUTE)

/* Ids have 14 to 17 characters in all samples. */
#define SUBJECT_MAX 100
#define NAME_MAX_BYTES 100 /* of an event, as kept for lists */

static const char *const kept_headers[] = { "Content-Type", "User-Agent", SIGNATURE_HEADER, NULL };

/* What is signed besides the URL: the event's name and its time, as decimal digits. */
struct signed_part {
        char event[128];
        char time[40];
        int64_t time_ms;
        bool time_known;
};

/* "On create and on update the URL is POSTed with an empty payload" (wire 2.2): zero bytes,
 * white space, {} and null. */
static bool is_probe(const struct buf *body)
{
        char compact[5];
        size_t n = 0;

        for (size_t i = 0; body != NULL && i < body->len; i++) {
                char c = body->data[i];

                if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
                        continue;
                if (n == sizeof(compact) - 1)
                        return false;
                compact[n++] = c;
        }
        compact[n] = '\0';
        return n == 0 || strcmp(compact, "{}") == 0 || strcmp(compact, "null") == 0;
}

/* -1 when the body has nothing that could have been signed.  Nothing else of it is parsed: that
 * would take longer than all the rest of intake, and a flaw further in must not hide who signed,
 * for refusing blocks the queue behind the delivery and in the end empties it (wire 2.3). */
static int read_signed(const struct buf *body, struct signed_part *out)
{
        json_t *value = json_skim(body->data, body->len);
        const json_t *time = json_at(value, "triggeredOn");
        const char *event = json_get_text(value, "event", NULL);
        const char *digits = json_text_of(time, NULL);
        int result = -1;

        *out = (struct signed_part){ 0 };
        if (event != NULL && strlen(event) < sizeof(out->event) && time != NULL) {
                out->time_ms = json_int_of(time, INT64_MIN);
                out->time_known = out->time_ms != INT64_MIN;
                /* Printed as an integer, never through a double (wire 2.1). */
                if (digits != NULL)
                        snprintf(out->time, sizeof(out->time), "%s", digits);
                else if (out->time_known)
                        snprintf(out->time, sizeof(out->time), "%" PRId64, out->time_ms);
                snprintf(out->event, sizeof(out->event), "%s", event);
                result = out->time[0] != '\0' ? 0 : -1;
        }
        json_decref(value);
        return result;
}

/* Which secret made this signature: its index, or -1.  All are tried, so that the time says
 * nothing about which. */
static int signer(const struct sender_request *rq, const char *signature,
                  const struct signed_part *part)
{
        const char *mode = json_get_text(rq->settings, "signature_mode", "url+event+time");
        struct buf message = BUF_NONE;
        int found = -1;

        buf_add_text(&message, rq->hook_url);
        if (!text_equal(mode, "url+time"))
                buf_add_text(&message, part->event);
        buf_add_text(&message, part->time);
        for (size_t i = 0; i < rq->secret_count; i++) {
                struct buf hex = BUF_NONE;

                secret_hmac_hex(rq->secrets[i].text, rq->secrets[i].len, buf_text(&message),
                                message.len, &hex);
                if (secret_equal_text(buf_text(&hex), signature) && found < 0)
                        found = (int)i;
                buf_dispose(&hex);
        }
        buf_dispose(&message);
        return found;
}

/* The second factor: 1 right, 0 none is asked for, -1 missing or wrong. */
static int second_factor(const struct sender_request *rq)
{
        const char *name = json_get_text(rq->settings, "second_header", NULL);
        const char *want = json_get_text(rq->settings, "second_header_sha256", "");
        const char *value = NULL;
        struct buf hex = BUF_NONE;
        bool same;

        if (text_empty(name))
                return 0;
        if (rq->header(rq->context, name, &value) != 1 || value == NULL)
                return -1;
        secret_sha256_hex(value, strlen(value), &hex);
        same = strlen(want) == 64 && secret_equal_text(buf_text(&hex), want);
        buf_dispose(&hex);
        return same ? 1 : -1;
}

static void probe(const struct sender_request *rq, struct verdict *v)
{
        const struct signed_part nothing = { 0 };
        const char *signature = NULL;
        int came = rq->header(rq->context, SIGNATURE_HEADER, &signature);

        *v = (struct verdict){ .kind = VERDICT_PROBE, .status = 200, .secret = -1 };
        if (came == 1 && signature != NULL)
                v->secret = signer(rq, signature, &nothing);
        if (second_factor(rq) < 0) {
                v->reason = "probe, the second header is missing or wrong";
        } else if (v->secret >= 0) {
                v->trust = TRUST_NOTICE;
                v->reason = "probe, signed";
        } else if (came == 0) {
                v->reason = "probe, not signed";
        } else {
                v->reason = "probe, signed with another secret or another URL";
        }
}

/* Not to be believed: told to come again, or kept without trust, as the admin wishes. */
static void distrust(const struct sender_request *rq, struct verdict *v, const char *reason)
{
        const char *mode = json_get_text(rq->settings, "bad_signature", "refuse");
        bool keep = text_equal(mode, "quarantine");

        *v = (struct verdict){ .kind = keep ? VERDICT_KEEP : VERDICT_REFUSE,
                               .status = keep ? 200 : 401,
                               .trust = TRUST_UNSIGNED,
                               .secret = -1,
                               .reason = reason };
}

static void verify(const struct sender_request *rq, struct verdict *v)
{
        struct signed_part part;
        const char *signature = NULL;
        int came, secret = -1, second;

        if (is_probe(rq->body)) {
                probe(rq, v);
                return;
        }
        if (read_signed(rq->body, &part) != 0) {
                distrust(rq, v, "no event and time that could be signed");
                return;
        }
        came = rq->header(rq->context, SIGNATURE_HEADER, &signature);
        second = second_factor(rq);
        if (came == 1 && signature != NULL)
                secret = signer(rq, signature, &part);
        if (second < 0) {
                distrust(rq, v, "the second header is missing or wrong");
        } else if (rq->secret_count == 0 && second == 0) {
                distrust(rq, v, "no secret is set for this connection");
        } else if (rq->secret_count > 0 && secret < 0) {
                distrust(rq, v,
                         came == 0  ? "signature missing"
                         : came < 0 ? "signature came more than once"
                                    : "signature wrong");
        } else {
                /* The signature does not cover the body: a hint, never more (wire 2.1). */
                *v = (struct verdict){ .kind = VERDICT_KEEP,
                                       .status = 200,
                                       .trust = TRUST_NOTICE,
                                       .secret = secret,
                                       .reason = secret >= 0 ? "signed" : "second header" };
                if (part.time_known && part.time_ms < rq->now_ms - LATE_MS) {
                        /* Older than anything CodeSignal still tries: somebody's copy. */
                        v->trust = TRUST_UNSIGNED;
                        v->reason = "signed, but older than 20 days";
                } else if (part.time_known && part.time_ms > rq->now_ms + EARLY_MS) {
                        /* Only one with the secret can sign a coming time: a clock is wrong,
                         * perhaps ours, and refusing would cost events. */
                        v->reason = "signed, but from the future: check the clock";
                }
        }
}

struct event {
        const char *name;
        enum fact_kind kind;
        const char *id; /* member of the payload */
};

static const struct event events[] = {
        { "assessmentCreated", FACT_TESTS, "assessmentId" },
        { "assessmentUpdated", FACT_TESTS, "assessmentId" },
        { "companyTestSessionCreated", FACT_SESSION, "testSessionId" },
        { "companyTestSessionStarted", FACT_SESSION, "testSessionId" },
        { "companyTestSessionFinished", FACT_SESSION, "testSessionId" },
        { "preScreenResultVerificationPending", FACT_SESSION, "testSessionId" },
        { "preScreenResultVerified", FACT_SESSION, "testSessionId" },
        { "preScreenResultNotVerified", FACT_SESSION, "testSessionId" },
        { "preScreenResultShared", FACT_SESSION, "testSessionId" },
        { "preScreenExpired", FACT_SESSION, "testSessionId" },
        { "preScreenCandidateDeclined", FACT_SESSION, "testSessionId" },
        { "preScreenIntegrityReviewUpdated", FACT_SESSION, "testSessionId" },
        { "liveInterviewFinished", FACT_INTERVIEW, "interviewId" },
        { "liveInterviewFeedbackUpdated", FACT_INTERVIEW, "interviewId" },
        /* Gone since 2025-02-14; old set-ups may still send them (wire 2.4). */
        { "certificationResultPending", FACT_NOTHING, NULL },
        { "certificationResultNotCertified", FACT_NOTHING, NULL },
        { "certificationResultShared", FACT_NOTHING, NULL },
        { "certificationRequestExpired", FACT_NOTHING, NULL },
        { "certificationRequestRejected", FACT_NOTHING, NULL },
        { "certificationRequestsMerged", FACT_NOTHING, NULL },
};

static const struct event *find_event(const char *name)
{
        for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
                if (text_equal(events[i].name, name))
                        return &events[i];
        }
        return NULL;
}

/* What the fact may carry on: where to look, never a score. */
static json_t *detail_of(const struct event *event, const json_t *payload)
{
        json_t *detail = json_object();

        json_set_text(detail, "hint", event->name);
        if (event->kind == FACT_SESSION) {
                json_set_text(detail, "external_id", json_get_text(payload, "externalId", NULL));
                json_set_text(detail, "test_id", json_get_text(payload, "testId", NULL));
                json_set_text(detail, "email", json_get_text(payload, "candidateEmail", NULL));
        }
        return detail;
}

/* (event, triggeredOn, id), and for feedback the interviewer (wire 2.3, 5). */
static char *identity_of(const char *event, const json_t *body, const char *subject)
{
        const char *interviewer = json_get_text(body, "payload.interviewerId", "");
        char *time = json_get_id(body, "triggeredOn"), *identity;

        if (time == NULL)
                return NULL;
        identity =
            mem_format("%s %s %s%s%s", event, time, subject, *interviewer ? " " : "", interviewer);
        mem_free(time);
        return identity;
}

/* Cut between characters, not bytes. */
static void summarize(struct fact *fact, const char *text, const char *more)
{
        struct buf b;

        buf_limit(&b, sizeof(fact->summary) - 1);
        buf_add_text(&b, text);
        buf_add_text(&b, more);
        if (b.data != NULL)
                text_cut(b.data, b.over ? sizeof(fact->summary) - 4 : b.len);
        snprintf(fact->summary, sizeof(fact->summary), "%s", buf_text(&b));
        buf_dispose(&b);
}

static void decode(const void *body, size_t len, const json_t *headers, const json_t *settings,
                   struct fact *fact)
{
        struct fail why = FAIL_CLEAR;
        json_t *value = json_read(body, len, &why);
        const char *name = json_get_text(value, "event", NULL);
        const json_t *payload = json_at(value, "payload");
        const struct event *event = find_event(name);

        (void)headers;
        (void)settings;
        *fact = (struct fact){ .kind = FACT_UNKNOWN };
        fact->name = mem_text(value == NULL ? "unreadable" : text_empty(name) ? "nameless" : name);
        text_cut(fact->name, NAME_MAX_BYTES);
        fact->occurred_ms = json_get_int(value, "triggeredOn", 0);
        if (event != NULL && event->id != NULL)
                fact->subject = json_get_id(payload, event->id);
        if (value == NULL) {
                summarize(fact, "not JSON", NULL);
        } else if (name == NULL) {
                summarize(fact, "no event named", NULL);
        } else if (event == NULL) {
                summarize(fact, "unknown event ", name);
        } else if (event->kind == FACT_NOTHING) {
                fact->kind = FACT_NOTHING;
                summarize(fact, name, ": no longer in use");
        } else if (text_empty(fact->subject) || strlen(fact->subject) > SUBJECT_MAX) {
                summarize(fact, name, ": names nothing that it is about");
        } else {
                const char *who = json_get_text(payload, "candidateName",
                                                json_get_text(payload, "assessmentTitle", NULL));
                char *words = mem_format("%s%s", name, who != NULL ? ": " : "");

                fact->kind = event->kind;
                fact->detail = detail_of(event, payload);
                fact->identity = identity_of(name, value, fact->subject);
                summarize(fact, words, who);
                mem_free(words);
        }
        json_decref(value);
}

const struct sender codesignal_sender = {
        .kind = "codesignal",
        .headers = kept_headers,
        .status_full = 503,
        .verify = verify,
        .decode = decode,
};
