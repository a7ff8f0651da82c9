/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Those who send us webhooks: what each adapter must say about its sender.
 *
 * verify() runs in the intake program on the raw bytes, before anything is kept; decode()
 * runs in the worker, later, perhaps again after a correction (replay).  Both are pure:
 * no state, no network, no clock but the one handed in.
 */
#ifndef BRIDGE_SENDER_H
#define BRIDGE_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include "bridge/fact.h"
#include "door/json.h"
#include "floor/buf.h"

enum trust {
        TRUST_UNSIGNED, /* nobody vouches for it */
        TRUST_NOTICE,   /* a signature or token was right, but it does not cover the body */
        TRUST_BODY      /* the signature covers the body */
};

struct sender_secret {
        const char *text; /* as typed at the vendor: bytes, never hex-decoded */
        size_t len;
};

struct sender_request {
        const struct buf *body;
        /* A header by name: 1, 0 absent, -1 came more than once. */
        int (*header)(void *context, const char *name, const char **value);
        void *context;
        const char *hook_url;                /* the exact text pasted at the vendor */
        const json_t *settings;              /* of the connection */
        const struct sender_secret *secrets; /* all valid ones; count may be 0 */
        size_t secret_count;
        int64_t now_ms;
};

enum verdict_kind {
        VERDICT_KEEP,  /* append, make durable, then answer status */
        VERDICT_PROBE, /* a test of the connection: remembered in its health, no other effect */
        VERDICT_REFUSE /* not kept; counted in the connection's health */
};

struct verdict {
        enum verdict_kind kind;
        int status; /* the answer this sender needs to hear */
        enum trust trust;
        int secret;         /* index of the secret that signed, -1 none */
        const char *reason; /* fixed text: "signature missing", "signed", "probe, not signed" */
};

struct sender {
        const char *kind;           /* "greenhouse" */
        const char *const *headers; /* kept for replay, NULL-terminated; never the secret ones */
        int status_full;            /* when state cannot take it (503 for all known) */
        void (*verify)(const struct sender_request *request, struct verdict *verdict);
        /* Always gives a fact (FACT_UNKNOWN with a summary that says why, at worst). headers is
         * an object of the kept ones. */
        void (*decode)(const void *body, size_t len, const json_t *headers, const json_t *settings,
                       struct fact *fact);
};

const char *trust_word(enum trust trust); /* "unsigned", "notice", "body" */

#endif
