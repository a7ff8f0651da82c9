/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outgoing HTTP through libcurl, one guard for all of it.
 *
 * Every call: http and https only (HTTP/1.1, TLS 1.2 or later), certificates verified, no
 * redirect followed (a 302 is handed back), no proxy from the environment, body, header
 * lines and time bounded.  The address a name resolves to is checked at the moment of
 * connecting: loopback, private, link-local, multicast and other special ranges of both
 * families (floor/address.h) are refused in every spelling unless an allowed network covers
 * them; plain http only to allowed loopback.
 *
 * How it ended is told so that a caller knows whether to look before he writes again:
 * UNREACHABLE is said only when not one byte of the request can have left.  A request other
 * than GET and HEAD leaves at most once: when a kept connection turns out to be closed,
 * libcurl would send again by itself; here that ends as UNCERTAIN.
 */
#ifndef DOOR_FETCH_H
#define DOOR_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

/* Header lines of one answer together; more is FETCH_TOO_LONG. */
#define FETCH_HEADERS_MAX 65536

/* Once per process before threads start.  allow: CIDR list separated by spaces
 * (FAIRLEAD_ALLOW_NETWORKS), may be "" or NULL.  -1 names the part that is not a network.
 * The environment's FAIRLEAD_CA_FILE names a file of certificates (PEM) to trust instead of
 * the system's: -1 if it cannot be read.  SIGPIPE is ignored from here on, unless it has a
 * handler.  fetch_stop() when every other thread that fetched has ended; then one may start
 * again. */
int fetch_start(const char *allow, struct fail *why);
/* The same file when the settings name it: after fetch_start(), before threads.  "" and NULL
 * change nothing. */
int fetch_trust(const char *ca, struct fail *why);
void fetch_stop(void);

struct fetch_answer;
struct fetch_sink;

struct fetch_request {
        const char *method; /* "GET", "POST", ...: capital letters */
        const char *url;    /* absolute, without user and password */
        /* "Name: value", NULL-terminated list; may be NULL.  What frames the message (Host,
         * Content-Length, Transfer-Encoding, Connection, Expect, Accept-Encoding ...) is ours. */
        const char *const *headers;
        const char *user; /* Basic authentication: user:password; NULL for none */
        const char *password;
        const void *body; /* NULL sends none, and no Content-Length on GET, HEAD and DELETE */
        size_t body_len;
        int64_t timeout_ms; /* the whole call, names and connecting included; 0 = 20 s */
        size_t answer_max;  /* 0 = 4 MiB, decoded; a longer answer is FETCH_TOO_LONG */
        /* Who takes the body as it comes; NULL: it is kept in the answer. */
        const struct fetch_sink *sink;
};

/*
 * For answers that are too large to be held.  They come as the other side has them (no
 * compression is asked for), of any status, in the thread that fetches; a sink that is slow slows
 * the other side down.  FETCH_STOPPED: head() or piece() wanted no more.
 */
struct fetch_sink {
        /* Once, before the first piece: the status and the header lines stand in answer. */
        bool (*head)(void *context, const struct fetch_answer *answer);
        bool (*piece)(void *context, const void *data, size_t len);
        void *context;
};

enum fetch_end {
        FETCH_ANSWERED,    /* a whole HTTP answer, whatever its status */
        FETCH_REFUSED,     /* our guard or the URL: never sent */
        FETCH_UNREACHABLE, /* not connected: certainly not received */
        FETCH_UNCERTAIN,   /* sent or partly sent, no whole answer: may have been done */
        FETCH_TOO_LONG,    /* the answer passed answer_max: may have been done */
        FETCH_STOPPED      /* the sink wanted no more: may have been done */
};

struct fetch_answer {
        enum fetch_end end;
        int status;         /* HTTP status when answered */
        struct buf body;    /* decoded (gzip), terminated; what came, also when uncertain */
        struct buf headers; /* header lines of the last answer, "Name: value\n" each */
        int64_t elapsed_us;
        char cause[160]; /* in words when not answered: names the host, never path or query */
};

/* 0 when answered, -1 else with *why (FAIL_OUTSIDE or FAIL_INPUT).  *answer is always
 * filled and the caller's to dispose.  Connections are kept and reused per thread. */
int fetch(const struct fetch_request *request, struct fetch_answer *answer, struct fail *why);
void fetch_answer_dispose(struct fetch_answer *answer);

/* The value of a header of the answer (first, case-insensitive), copied without the white
 * space around it; NULL if absent, "" if present and empty.  The caller frees. */
char *fetch_header(const struct fetch_answer *answer, const char *name);

/* Would the guard let this URL pass, as far as can be told without resolving? -1 why. */
int fetch_check_url(const char *url, struct fail *why);

#endif
