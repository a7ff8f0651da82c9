/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outgoing HTTP through libcurl, one guard for all of it.
 *
 * Every call: http and https only, certificates verified, no redirect followed, no proxy
 * from the environment, the body bounded, the time bounded.  The address a name resolves to
 * is checked at the moment of connecting (CURLOPT_OPENSOCKETFUNCTION): loopback, private,
 * link-local, multicast and other special ranges of both families are refused in every
 * spelling unless an allowed network covers them; plain http only to allowed loopback.
 */
#ifndef DOOR_FETCH_H
#define DOOR_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

/* Once per process before threads start.  allow: CIDR list separated by spaces
 * (FAIRLEAD_ALLOW_NETWORKS), may be "".  -1 names the part that is not a network. */
int fetch_start(const char *allow, struct fail *why);
void fetch_stop(void);

struct fetch_request {
        const char *method; /* "GET", "POST", ... */
        const char *url;
        const char *const *headers; /* "Name: value", NULL-terminated list; may be NULL */
        const char *user;           /* Basic authentication: user:password; NULL for none */
        const char *password;
        const void *body; /* NULL sends none, and no Content-Length on GET */
        size_t body_len;
        int64_t timeout_ms; /* the whole call; 0 = 20 s */
        size_t answer_max;  /* 0 = 4 MiB; a longer answer is FETCH_TOO_LONG */
};

enum fetch_end {
        FETCH_ANSWERED,    /* a whole HTTP answer, whatever its status */
        FETCH_REFUSED,     /* our guard or the URL: never sent */
        FETCH_UNREACHABLE, /* not connected: certainly not received */
        FETCH_UNCERTAIN,   /* sent or partly sent, no whole answer: may have been done */
        FETCH_TOO_LONG     /* the answer passed answer_max: may have been done */
};

struct fetch_answer {
        enum fetch_end end;
        int status;         /* HTTP status when answered */
        struct buf body;    /* decoded, terminated; what came, also when uncertain */
        struct buf headers; /* raw header lines of the last answer, "Name: value\n" */
        int64_t elapsed_us;
        char cause[160]; /* in words, without secrets, when not answered */
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
