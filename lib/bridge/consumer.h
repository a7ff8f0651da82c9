/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outgoing webhooks as their receivers see them: events, headers, signatures, answers.
 *
 * Two ways of signing, chosen per consumer:
 *   standard    Standard Webhooks v1 (standardwebhooks.com, read 2026-11): webhook-id,
 *               webhook-timestamp and webhook-signature, secrets "whsec_" and base64; what is
 *               signed is id, time and body.  Names are ours ("result.completed").
 *   codesignal  as CodeSignal signs its own (wire/codesignal.md 2.1): a digest of the
 *               consumer's URL, the event's name and its time.  Names and bodies are
 *               CodeSignal's, so a receiver made for CodeSignal needs no change.
 * All of it is pure; the step that delivers (home/step_deliver.c) makes the call.
 */
#ifndef BRIDGE_CONSUMER_H
#define BRIDGE_CONSUMER_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/link.h"
#include "bridge/outcome.h"
#include "bridge/session.h"

#define CONSUMER_HEADERS_MAX 20
#define CONSUMER_HEADER_NAME_MAX 100
#define CONSUMER_HEADER_VALUE_MAX 1000
#define CONSUMER_BODY_MAX (256 * 1024) /* of what we make; a relayed one is the sender's */

/* What can be told of a session, in the order in which it can happen. */
enum consumer_event {
        CONSUMER_INVITED,
        CONSUMER_STARTED,
        CONSUMER_SUBMITTED,
        CONSUMER_IN_REVIEW,
        CONSUMER_COMPLETED,
        CONSUMER_CORRECTED,
        CONSUMER_NOT_VERIFIED,
        CONSUMER_INTEGRITY,
        CONSUMER_EXPIRED,
        CONSUMER_DECLINED,
        CONSUMER_CANCELLED,
        CONSUMER_ERASED,
        CONSUMER_EVENTS
};

/* "result.completed"; CodeSignal's word for the same depends on the session
 * ("preScreenResultVerified"), and is NULL where it has none. */
const char *consumer_event_name(enum consumer_event event);
const char *consumer_event_codesignal(enum consumer_event event, const struct session *s);

/* What a change means, as bits (1u << enum consumer_event); fresh: we did not know it before. */
unsigned consumer_events_of(const struct session_change *change, const struct session *s,
                            bool fresh);

/* Is an event of this name chosen by the connection's settings? */
bool consumer_wants(const json_t *settings, const char *name);
bool consumer_signs_as_codesignal(const json_t *settings);

/* Checks what a kind's rows cannot say, when a connection is set up: events that exist,
 * headers that may be sent, secrets of the right form, no relay with signing "standard".  path
 * is that of the connection in the document. */
int consumer_check(const json_t *settings, const json_t *credentials, const char *path,
                   struct fail *why);
/* A secret of the form that this way of signing wants; the caller wipes and frees. */
char *consumer_new_secret(const json_t *settings);

/* The body for a consumer: what happened to this session.  names says whose and where.
 * Compact JSON. */
struct consumer_names {
        const char *org, *platform, *platform_kind; /* connection id and kind */
        const char *session;                        /* our key, "cs:abc" */
        const char *application;                    /* ours, "gh:17", or NULL */
        const char *report;                         /* the link for people, or NULL */
        const char *result;                         /* where the feed shows it, or NULL */
};
void consumer_body(const json_t *settings, enum consumer_event event, const struct session *s,
                   const struct consumer_names *names, int64_t at_ms, struct buf *out);
/* The session as the feed and a full body show it; the caller's. */
json_t *consumer_result(const struct session *s, const struct consumer_names *names);

/* One delivery, ready to be signed. */
struct consumer_message {
        const char *id;    /* "msg_...": the same on each retry */
        const char *event; /* as the consumer knows it */
        int64_t at_ms;     /* of the event: CodeSignal's triggeredOn */
        const void *body;
        size_t len;
};
/* The header lines of one attempt, NULL-terminated; credentials are settings' opened ones.
 * old: sign with the former secret only (codesignal signs with one at a time; standard gives
 * both signatures at once and ignores this).  NULL with *why when the settings do not allow
 * it.  consumer_headers_free() wipes them. */
char **consumer_headers(const json_t *settings, const json_t *credentials,
                        const struct consumer_message *m, int64_t now_ms, bool old,
                        struct fail *why);
void consumer_headers_free(char **lines);

/* How an attempt ended, in the terms of the worker: DONE for 2xx, with signing codesignal for 200
 * only (wire/codesignal.md 2.3: nothing else counts there, so who was written for CodeSignal says
 * nothing else when it took a delivery); AGAIN else, with Retry-After in wait_ms; *gone: 410, the
 * consumer wants no more. */
int consumer_answer(const json_t *settings, const struct fetch_answer *answer, int64_t now_ms,
                    struct outcome *outcome, bool *gone);

#endif
