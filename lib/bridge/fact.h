/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an event says, once its sender's adapter has read it: bytes become one fact.
 *
 * A fact from a body-authenticated event may change state; a fact from a notice only says
 * where to look (design, "How data travels").
 */
#ifndef BRIDGE_FACT_H
#define BRIDGE_FACT_H

#include <stdint.h>

#include "door/json.h"

enum fact_kind {
        FACT_NOTHING,          /* understood, and nothing follows (ping, events not used) */
        FACT_UNKNOWN,          /* not understood: kept, visible, can be replayed */
        FACT_STAGE_ENTERED,    /* subject: application id; detail: stage{id,name}, job{id,name},
                                  candidate{id,first_name,last_name,email}, status, prospect, url;
                                  any of them may be missing */
        FACT_APPLICATION_GONE, /* subject: candidate or application id; detail: what
                               (deleted, anonymized, merged), candidate, applications[], into */
        FACT_SESSION,          /* subject: platform session id; detail: hint (event name),
                                  external_id, test_id, email */
        FACT_INTERVIEW,        /* subject: platform interview id; detail: hint */
        FACT_SCHEDULE,         /* an interview in the ATS's calendar; subject: its id there; detail:
                                  what (made, moved, cancelled), application, candidate{name, email},
                                  job{id,name}, stage{id,name}, title, starts_ms, ends_ms,
                                  interviewers[{name,email}], writable (bool: our link can be put
                                  there); any but what and application may be missing */
        FACT_TESTS             /* the platform's list of assessments changed; subject: its id */
};

struct fact {
        enum fact_kind kind;
        char *name;          /* the sender's own word: "candidate_stage_change"; never NULL */
        char *subject;       /* see above; NULL if none */
        char *identity;      /* recognises a repetition of the same event; NULL: by body digest */
        int64_t occurred_ms; /* by the sender's clock; 0 unknown */
        json_t *detail;      /* object, or NULL */
        json_t *about;       /* texts "candidate:<id>", "application:<id>": of whom the bytes speak,
                                whatever follows from them; or NULL */
        char summary[200];   /* one line for lists; no personal data beyond a name */
};

void fact_dispose(struct fact *fact);
const char *fact_word(enum fact_kind kind);

#endif
