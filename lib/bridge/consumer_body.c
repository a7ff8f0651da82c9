/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bodies of outgoing webhooks, and a result as the feed shows it. */
#include <string.h>

#include "bridge/consumer.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

/* 900, not 900.0: as CodeSignal writes it, and as everybody expects. */
static json_t *number(double value)
{
        if (value > -WHOLE_MAX && value < WHOLE_MAX && value == (double)(int64_t)value)
                return json_integer((json_int_t)value);
        return json_real(value);
}

static void set_time(json_t *object, const char *name, int64_t ms)
{
        struct buf text = BUF_NONE;

        if (ms > 0)
                when_iso(&text, ms);
        json_set_text(object, name, ms > 0 ? buf_text(&text) : NULL);
        buf_dispose(&text);
}

/* The passport of a score (rule 3): it does not travel without any of these. */
static json_t *score(const struct session *s)
{
        json_t *value = json_object();
        double percent;

        json_set_text(value, "version", s->score.version);
        json_set_text(value, "verification", verification_word(s->verification));
        if (s->score.label[0] != '\0') {
                json_set_text(value, "label", s->score.label);
                return value;
        }
        json_set(value, "value", number(s->score.value));
        json_set(value, "least", number(s->score.least));
        json_set(value, "most", number(s->score.most));
        if (score_percent(&s->score, &percent))
                json_set(value, "percent", number((double)(int64_t)(percent * 10 + 0.5) / 10));
        return value;
}

static json_t *parts(const struct session *s)
{
        json_t *list = json_array();

        for (size_t i = 0; i < s->part_count; i++) {
                const struct part *p = &s->parts[i];
                json_t *one = json_object();

                json_set_text(one, "title", p->title);
                json_set(one, "value", p->scored ? number(p->value) : json_null());
                json_set(one, "most", p->most > 0 ? number(p->most) : json_null());
                json_set(one, "spent_ms",
                         p->spent_ms >= 0 ? json_integer(p->spent_ms) : json_null());
                json_add(list, one);
        }
        return list;
}

static void set_ids(json_t *data, const struct session *s, const struct consumer_names *names)
{
        json_set_text(data, "org", names->org);
        json_set_text(data, "session", names->session);
        json_set_text(data, "platform", names->platform);
        json_set_text(data, "platform_kind", names->platform_kind);
        json_set_text(data, "platform_session", s->id);
        json_set_text(data, "application", names->application);
        json_set_text(data, "state", session_word(s->state));
        json_set_text(data, "result_url", names->result);
}

json_t *consumer_result(const struct session *s, const struct consumer_names *names)
{
        json_t *data = json_object(), *candidate, *test, *reasons = json_array();
        bool released = session_score_released(s);

        set_ids(data, s, names);
        if (s->state == SESSION_ERASED) { /* nothing of the person is left */
                json_decref(reasons);
                return data;
        }
        candidate = json_object();
        json_set_text(candidate, "name", s->name);
        json_set_text(candidate, "email", s->email);
        json_set(data, "candidate", candidate);
        test = json_object();
        json_set_text(test, "id", s->test_id);
        json_set_text(test, "title", s->test_title);
        json_set(data, "test", test);
        json_set_text(data, "verification", verification_word(s->verification));
        json_set_bool(data, "final", s->state == SESSION_COMPLETE);
        json_set_bool(data, "shared", s->shared);
        json_set_bool(data, "integrity_review_suggested", s->integrity_flag);
        json_set(data, "score", released ? score(s) : json_null());
        json_set(data, "parts", released ? parts(s) : json_array());
        for (size_t i = 0; i < s->reason_count; i++)
                json_add(reasons, json_new_text(s->reasons[i], strlen(s->reasons[i])));
        json_set(data, "reasons", reasons);
        json_set_text(data, "report_url", released ? names->report : NULL);
        set_time(data, "invited_at", s->created_ms);
        set_time(data, "started_at", s->started_ms);
        set_time(data, "finished_at", s->finished_ms);
        return data;
}

static json_t *standard_body(const json_t *settings, enum consumer_event event,
                             const struct session *s, const struct consumer_names *names,
                             int64_t at_ms)
{
        json_t *body = json_object(), *data;

        if (text_equal(json_get_text(settings, "body", "thin"), "full")) {
                data = consumer_result(s, names);
        } else {
                data = json_object();
                set_ids(data, s, names);
        }
        json_set_text(body, "type", consumer_event_name(event));
        set_time(body, "timestamp", at_ms);
        json_set(body, "data", data);
        return body;
}

/* Points of all tasks: what CodeSignal calls score and maxScore beside a coding score. */
static void set_points(json_t *payload, const struct session *s)
{
        bool coding = text_equal(s->score.version, "codingScore2023") ||
                      text_equal(s->score.version, "original");
        double value = 0, most = 0;
        json_t *versioned;

        for (size_t i = 0; i < s->part_count; i++) {
                value += s->parts[i].scored ? s->parts[i].value : 0;
                most += s->parts[i].most;
        }
        if (!coding || s->part_count == 0) {
                value = s->score.value;
                most = s->score.most;
        }
        json_set(payload, "score", number(value));
        json_set(payload, "maxScore", number(most));
        if (!coding)
                return;
        versioned = json_object();
        json_set_text(versioned, "version", s->score.version);
        json_set(versioned, "value", number(s->score.value));
        json_set(payload, "versionedCodingScore", versioned);
}

static void set_reasons(json_t *payload, const struct session *s)
{
        json_t *reasons = json_array();

        for (size_t i = 0; i < s->reason_count; i++)
                json_add(reasons, json_new_text(s->reasons[i], strlen(s->reasons[i])));
        json_set(payload, "rejectedReasons", reasons);
}

/* wire/codesignal.md 2.4.  The link is ours: the platform's is a secret. */
static json_t *codesignal_body(const char *name, const struct session *s,
                               const struct consumer_names *names, int64_t at_ms)
{
        json_t *body = json_object(), *payload = json_object();
        bool pending = text_equal(name, "preScreenResultVerificationPending"),
             result = text_equal(name, "companyTestSessionFinished") ||
                      text_equal(name, "preScreenResultVerified") ||
                      text_equal(name, "preScreenResultShared");

        json_set_text(payload, "testSessionId", text_or(s->id, ""));
        json_set_text(payload, "testId", text_or(s->test_id, ""));
        json_set_text(payload, "testTitle", text_or(s->test_title, ""));
        json_set_text(payload, "candidateEmail", text_or(s->email, ""));
        json_set_text(payload, "candidateName", text_or(s->name, ""));
        if (s->external_id != NULL)
                json_set_text(payload, "externalId", s->external_id);
        if (result || pending) {
                int64_t spent = s->finished_ms - s->started_ms;

                json_set_int(payload, "duration", s->started_ms > 0 && spent > 0 ? spent : 0);
                set_points(payload, s);
        }
        if (result) {
                json_set_int(payload, "plagiarismLevel", 0);
                json_set_text(payload, "plagiarismLabel", "-");
                json_set_text(payload, "url", text_or(names->report, ""));
        } else if (text_equal(name, "preScreenResultNotVerified")) {
                set_reasons(payload, s);
        } else if (text_equal(name, "preScreenExpired")) {
                json_set_text(payload, "expiredReason",
                              s->finished_ms > 0 ? "notCertified" : "testNotTaken");
                set_reasons(payload, s);
        } else if (text_equal(name, "preScreenIntegrityReviewUpdated")) {
                json_set_bool(payload, "integrityReviewSuggested", s->integrity_flag);
        }
        json_set_text(body, "event", name);
        json_set_int(body, "triggeredOn", at_ms);
        json_set(body, "payload", payload);
        return body;
}

void consumer_body(const json_t *settings, enum consumer_event event, const struct session *s,
                   const struct consumer_names *names, int64_t at_ms, struct buf *out)
{
        const char *name = consumer_event_codesignal(event, s);
        json_t *body = consumer_signs_as_codesignal(settings)
                           ? codesignal_body(text_or(name, ""), s, names, at_ms)
                           : standard_body(settings, event, s, names, at_ms);

        json_write(body, out);
        json_decref(body);
}
