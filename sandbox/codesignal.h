/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the CodeSignal stand-in, shared by sandbox/codesignal*.c.
 *
 * All state is tables of JSON rows in the shapes that GraphQL answers have, behind one lock;
 * members that begin with '_' are ours and never leave.  {"_ref": table, "id": id} stands for
 * another row.  Functions marked [locked] are called with cs.lock held.
 */
#ifndef SANDBOX_CODESIGNAL_H
#define SANDBOX_CODESIGNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "delivery.h"
#include "door/json.h"
#include "platform/graphql.h"
#include "web/serve.h"

/* What the seed holds, for tests and examples. */
#define CS_TEST "qTM9mK3GnM6XkQ7"           /* codingScore2023, not proctored */
#define CS_TEST_RAW "pW4xBc7RdT2nHs9"       /* points */
#define CS_TEST_PROCTORED "mZ8vLf5QjY3kGa6" /* codingScore2023, proctored */

struct cs {
        pthread_mutex_t lock;
        json_t *tests, *sessions, *interviews, *templates; /* arrays of rows, oldest first */
        json_t *denied; /* object: permission taken away -> true */
        int64_t serial, last_event_ms;
        struct deliver_hook *hook;
        const char *key, *url; /* settings */
        int64_t rate;          /* setting: requests per second and root field, 0 no limit */
        int64_t rate_now;      /* what holds until the next reset */
};
extern struct cs cs;

/* --- codesignal_state.c: the rows and their lives [all locked] ------------------------- */

void cs_reset(void);
json_t *cs_find(const json_t *table, const char *id); /* borrowed, or NULL */
json_t *cs_test_of(const json_t *session);            /* borrowed */
/* base: where links lead ("http://host/sandbox/codesignal").  Borrowed. */
json_t *cs_create_session(const char *base, const char *test_id, const char *email,
                          const char *first, const char *last, const char *external_id,
                          bool prefer_existing);
/* Moves a session on; false when its state does not allow that.  what: "start", "finish"
 * (scores: array of numbers per task, NULL for the best), "share", "verify", "reject" (reason,
 * technical: a retake is granted), "decline", "expire", "uncertify", "flag", "unflag",
 * "archive", "unarchive", "delete", "erase". */
bool cs_step(json_t *session, const char *what, const json_t *scores, const char *reason);
json_t *cs_reactivate(const char *base, json_t *session); /* the new one, or NULL */
json_t *cs_create_interview(const char *base, const json_t *fields);
bool cs_step_interview(json_t *interview, const char *what, const char *notes);

/* --- codesignal_hook.c: what it sends --------------------------------------------------- */

void cs_hook_start(int64_t scale);
void cs_hook_stop(void);
/* [locked] payload is taken. */
void cs_send(const char *event, json_t *payload);

/* --- codesignal_schema.c, codesignal_check.c: what may be asked --------------------------- */

struct cs_field {
        const char *type, *name, *returns;
        const char *arguments; /* "name: Type, name: Type!" */
        int cost;
        bool times_first; /* the cost is for each one asked for */
};
const struct cs_field *cs_find_field(const char *type, const char *name);
const char *cs_input_members(const char *type); /* like arguments; NULL for no input object */
/* Steps through such a list: false at the end. */
bool cs_next_member(const char **list, char *name, size_t name_size, char *type, size_t type_size);
/* The type of one member: true and type, or false. */
bool cs_member_type(const char *list, const char *wanted, char *type, size_t size);
bool cs_enum_has(const char *type, const char *value);
bool cs_can_be(const char *type, const char *condition); /* may a fragment on it stand here? */
void cs_bare(const char *type, char *out, size_t size);  /* "[X!]!" gives "X" */

/* Fills errors (array of {message, locations}) as GraphQL servers do; true when none.  values
 * are the operation's variables; *cost becomes the document's. */
bool cs_validate(const struct graphql *g, const struct graphql_operation *op, const json_t *values,
                 json_t *errors, int64_t *cost);
bool cs_is_object_type(const char *type);
/* "[CompanyTestSession]!" of a field, NULL if there is none. */
const char *cs_field_type(const char *type, const char *field);
/* A value with variables put in; the caller drops it. */
json_t *cs_value(const struct graphql_value *v, const struct graphql_operation *op,
                 const json_t *values);

/* --- codesignal_row.c: what the root fields give --------------------------------------- */

struct cs_run {
        const struct graphql *g;
        const struct graphql_operation *op;
        const json_t *values;
        json_t *errors;
        const char *base;
};
void cs_error(json_t *errors, const char *message, const char *path);
/* [locked] The caller drops it; NULL is null, perhaps with an error. */
json_t *cs_give(struct cs_run *r, const char *field, const json_t *arguments);

/* --- codesignal_graphql.c, codesignal_pages.c, codesignal_control.c: the faces ------------ */

void cs_graphql(struct request *rq, struct reply *re);
/* Where links of ours begin; the caller frees. */
char *cs_base(struct request *rq);

void cs_page_home(struct request *rq, struct reply *re);
void cs_page_invite(struct request *rq, struct reply *re);
void cs_page_take(struct request *rq, struct reply *re);
void cs_page_step(struct request *rq, struct reply *re);
void cs_page_review(struct request *rq, struct reply *re);
void cs_page_result(struct request *rq, struct reply *re);
void cs_page_interview(struct request *rq, struct reply *re);
void cs_page_interview_step(struct request *rq, struct reply *re);
void cs_page_hooks(struct request *rq, struct reply *re);
void cs_page_hooks_save(struct request *rq, struct reply *re);

void cs_control_reset(struct request *rq, struct reply *re);
void cs_control_rows(struct request *rq, struct reply *re);
void cs_control_session(struct request *rq, struct reply *re);
void cs_control_interview(struct request *rq, struct reply *re);
void cs_control_webhook(struct request *rq, struct reply *re);
void cs_control_lose(struct request *rq, struct reply *re);
void cs_control_idle(struct request *rq, struct reply *re);
void cs_control_settings(struct request *rq, struct reply *re);
void cs_control_permissions(struct request *rq, struct reply *re);

#endif
