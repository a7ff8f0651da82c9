/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outgoing webhooks: which events there are, which are wanted, how an attempt ended. */
#include "bridge/consumer.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define WAIT_MAX_MS WHEN_DAY

static const char *const names[CONSUMER_EVENTS] = {
        [CONSUMER_INVITED] = "session.invited",
        [CONSUMER_STARTED] = "session.started",
        [CONSUMER_SUBMITTED] = "session.submitted",
        [CONSUMER_IN_REVIEW] = "result.in_review",
        [CONSUMER_COMPLETED] = "result.completed",
        [CONSUMER_CORRECTED] = "result.corrected",
        [CONSUMER_NOT_VERIFIED] = "result.not_verified",
        [CONSUMER_INTEGRITY] = "result.integrity_changed",
        [CONSUMER_EXPIRED] = "session.expired",
        [CONSUMER_DECLINED] = "session.declined",
        [CONSUMER_CANCELLED] = "session.cancelled",
        [CONSUMER_ERASED] = "session.erased",
};

const char *consumer_event_name(enum consumer_event event)
{
        return names[event];
}

/* wire/codesignal.md 2.4: Finished is for those not proctored. */
static const char *completed(const struct session *s)
{
        return s->shared                                  ? "preScreenResultShared"
               : s->verification == VERIFICATION_VERIFIED ? "preScreenResultVerified"
                                                          : "companyTestSessionFinished";
}

const char *consumer_event_codesignal(enum consumer_event event, const struct session *s)
{
        switch (event) {
        case CONSUMER_INVITED:
                return "companyTestSessionCreated";
        case CONSUMER_STARTED:
                return "companyTestSessionStarted";
        case CONSUMER_IN_REVIEW:
                return "preScreenResultVerificationPending";
        case CONSUMER_COMPLETED:
                return completed(s);
        case CONSUMER_CORRECTED:
                return s->state == SESSION_COMPLETE ? completed(s) : "preScreenResultNotVerified";
        case CONSUMER_NOT_VERIFIED:
                return "preScreenResultNotVerified";
        case CONSUMER_INTEGRITY:
                return "preScreenIntegrityReviewUpdated";
        case CONSUMER_EXPIRED:
                return "preScreenExpired";
        case CONSUMER_DECLINED:
                return "preScreenCandidateDeclined";
        case CONSUMER_SUBMITTED:
        case CONSUMER_CANCELLED:
        case CONSUMER_ERASED:
        case CONSUMER_EVENTS:
                break;
        }
        return NULL;
}

unsigned consumer_events_of(const struct session_change *c, const struct session *s, bool fresh)
{
        bool corrected = c->corrected && s->state == SESSION_COMPLETE;
        unsigned events = 0;

        events |= fresh ? 1u << CONSUMER_INVITED : 0;
        events |= c->started ? 1u << CONSUMER_STARTED : 0;
        events |= c->submitted ? 1u << CONSUMER_SUBMITTED : 0;
        events |= c->in_review ? 1u << CONSUMER_IN_REVIEW : 0;
        events |= c->completed && !corrected ? 1u << CONSUMER_COMPLETED : 0;
        events |= corrected ? 1u << CONSUMER_CORRECTED : 0;
        events |= c->not_verified ? 1u << CONSUMER_NOT_VERIFIED : 0;
        /* A flag that comes with the result is told with it. */
        events |= c->integrity && !c->completed && !c->corrected ? 1u << CONSUMER_INTEGRITY : 0;
        events |= c->expired ? 1u << CONSUMER_EXPIRED : 0;
        events |= c->declined ? 1u << CONSUMER_DECLINED : 0;
        events |= c->cancelled ? 1u << CONSUMER_CANCELLED : 0;
        return events;
}

bool consumer_wants(const json_t *settings, const char *name)
{
        const json_t *list = json_object_get(settings, "events");

        if (!json_is_array(list))
                return true;
        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *one = json_text_of(json_array_get(list, i), "");

                if (text_equal(one, "*") || text_equal(one, name))
                        return true;
        }
        return false;
}

bool consumer_signs_as_codesignal(const json_t *settings)
{
        return !text_equal(json_get_text(settings, "signing", "codesignal"), "standard");
}

/* RFC 9110 10.2.3: seconds, or a date.  0 for neither. */
static int64_t retry_after_ms(const struct fetch_answer *answer, int64_t now_ms)
{
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        char *text = fetch_header(answer, "Retry-After"), *iso = NULL;
        int64_t seconds, at, wait = 0;
        size_t month = 0;

        if (text == NULL)
                return 0;
        if (text_int(text, 0, INT32_MAX, &seconds) == 0) {
                wait = seconds * WHEN_SECOND;
        } else if (strlen(text) == 29 && text_ends(text, " GMT")) {
                /* "Sun, 06 Nov 1994 08:49:37 GMT" */
                while (month < 12 && strncmp(text + 8, months[month], 3) != 0)
                        month++;
                iso =
                    mem_format("%.4s-%02zu-%.2sT%.8sZ", text + 12, month + 1, text + 5, text + 17);
                if (month < 12 && when_parse(iso, &at) == 0 && at > now_ms)
                        wait = at - now_ms;
        }
        mem_free(iso);
        mem_free(text);
        return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

static const char *sentence_of(int status)
{
        if (status >= 300 && status < 400)
                return "The consumer's address answers with a redirect, which is not followed. "
                       "Set the address that it leads to.";
        if (status < 300)
                return "The consumer did not answer with 200, the only answer that counts where "
                       "deliveries are signed as CodeSignal signs them.";
        if (status == 410)
                return "The consumer answered that it wants no more deliveries (410).";
        if (status == 401 || status == 403)
                return "The consumer refuses the delivery: compare the secret, and the address "
                       "and headers it expects.";
        if (status == 404)
                return "The consumer's address is not known there (404).";
        if (status == 429)
                return "The consumer asks for fewer deliveries (429).";
        return status >= 500 ? "The consumer's server is in trouble."
                             : "The consumer did not accept the delivery.";
}

/* Nothing of what it says is kept but printable characters, and not many. */
static void start_of(const struct buf *body, char *out, size_t size)
{
        size_t n = 0;

        for (size_t i = 0; i < body->len && n + 1 < size; i++) {
                unsigned char c = (unsigned char)body->data[i];

                out[n++] = c >= ' ' && c < 0x7F ? (char)c : ' ';
        }
        out[n] = '\0';
}

int consumer_answer(const json_t *settings, const struct fetch_answer *answer, int64_t now_ms,
                    struct outcome *outcome, bool *gone)
{
        bool all = !consumer_signs_as_codesignal(settings);
        int status = answer->status;
        char text[200];
        int result;

        *gone = false;
        /* An answer that was too long to read to its end is an answer. */
        if (answer->end != FETCH_ANSWERED && answer->end != FETCH_TOO_LONG)
                status = 0;
        if (status == 200 || (all && status > 200 && status < 300)) {
                result = outcome_set(outcome, OUTCOME_DONE, "", NULL);
        } else if (status > 0) {
                start_of(&answer->body, text, sizeof text);
                result = outcome_set(outcome, OUTCOME_AGAIN, sentence_of(status), "HTTP %d%s%s",
                                     status, *text == '\0' ? "" : ": ", text);
                outcome->wait_ms = retry_after_ms(answer, now_ms);
                *gone = status == 410;
        } else {
                result = outcome_set(outcome, OUTCOME_AGAIN,
                                     answer->end == FETCH_REFUSED
                                         ? "The consumer's address may not be called from here."
                                         : "The consumer did not answer.",
                                     "%s", answer->cause);
        }
        outcome->status = status;
        outcome->elapsed_us = answer->elapsed_us;
        return result;
}
