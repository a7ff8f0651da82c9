/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the Ashby stand-in, shared by sandbox/ashby*.c.
 *
 * All state is one set of tables of JSON rows in the vendor's own shapes, behind one lock.
 * Functions marked [locked] are called with ab.lock held.
 */
#ifndef SANDBOX_ASHBY_H
#define SANDBOX_ASHBY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "delivery.h"
#include "door/json.h"
#include "web/serve.h"

#define AB_PREFIX "/sandbox/ashby"
#define AB_KEY "sandbox-ashby-key"

/* What the seed holds, by id, for tests and examples. */
#define AB_ID(n) "00000000-0000-4000-8000-0000000000" n
#define AB_USER AB_ID("a1")      /* an active user who may be acted for */
#define AB_GONE AB_ID("a2")      /* a deactivated one */
#define AB_JOB AB_ID("b1")       /* Backend Engineer: two interview plans */
#define AB_PLAN AB_ID("c1")      /* its default plan */
#define AB_PLAN_B AB_ID("c2")    /* the other: the same titles, other ids */
#define AB_INTERVIEW AB_ID("e1") /* "Live coding" */

#define AB_HOOKS_MAX 16

struct ab_settings {
        int64_t page_most; /* rows of a page at most, to try paging with few rows */
        int64_t shape;     /* of refusals: 1 objects, 2 texts, 3 errorInfo, 0 all mixed */
        json_t *revoked;   /* object: scope -> true */
        bool no_behalf;    /* the key may not act on behalf of a user */
};

struct ab_hook {
        json_t *row; /* {id, webhookType, requestUrl, secretToken, enabled}; NULL: free */
        struct deliver_hook *sender;
};

struct ab {
        pthread_mutex_t lock;
        json_t *tables; /* object: "applications" -> array of rows */
        int64_t next_id;
        struct ab_settings set;
        struct ab_hook hooks[AB_HOOKS_MAX];
        json_t *partner; /* {url, key}, or NULL: nobody is registered */
        json_t *relay;   /* {secret, key}: what the receiver of CodeSignal's events wants */
        char *base;      /* "http://HOST/sandbox/ashby" of the last request */
};
extern struct ab ab;

/* --- ashby_state.c: the rows ----------------------------------------------------------- */

void ab_reset(void);                                   /* [locked] the seed; hooks are removed */
json_t *ab_table(const char *name);                    /* [locked] borrowed */
json_t *ab_find(const char *table, const char *id);    /* [locked] borrowed, or NULL */
char *ab_new_id(void);                                 /* [locked] a UUID: the caller frees */
json_t *ab_row(const char *table);                     /* [locked] a new one with id; borrowed */
void ab_set_now(json_t *row, const char *member);      /* ISO time */
json_t *ab_stage(const char *plan, const char *title); /* [locked] of a plan (NULL: the default) */
/* [locked] A candidate with an application in the plan's first stage: the application. */
json_t *ab_add_candidate(const char *name, const char *email, const char *plan);
/* [locked] Into the stage; webhooks hear of it. */
void ab_move(json_t *application, const json_t *stage);
/* [locked] The application as the API shows it: a copy. */
json_t *ab_application(const json_t *application);
/* [locked] A schedule with one event, made by this API's key or by a person; webhooks hear. */
json_t *ab_add_schedule(json_t *application, const char *title, int64_t starts_ms, bool by_key);
void ab_tell_schedule(const json_t *schedule, bool created); /* [locked] */
json_t *ab_schedule(const json_t *schedule); /* [locked] as the API shows it: a copy */

/* --- ashby_hook.c: what it sends --------------------------------------------------------- */

void ab_hooks_start(void);
void ab_hooks_stop(void);
/* Makes a row and pings, as the vendor does: a failed ping leaves it disabled.  The row (a copy),
 * NULL for one that is there already or one too many.  Takes the lock itself. */
json_t *ab_hook_save(const char *type, const char *url, const char *secret);
/* Changes and pings again; NULL: there is none such. */
json_t *ab_hook_change(const char *id, const json_t *change);
bool ab_hook_delete(const char *id);
json_t *ab_hook_info(const char *id); /* without the secret; NULL: there is none such */
/* [locked] To every enabled row of this type; action_id NULL: a new one. */
void ab_emit(const char *action, json_t *data, const char *action_id);
json_t *ab_hooks_report(void); /* array of rows with their delivery reports */
bool ab_hooks_idle(int64_t timeout_ms);
void ab_hooks_flush(void);
void ab_hooks_lose(const char *type, int count);

/* --- ashby_api.c, ashby_read.c, ashby_write.c: the API ---------------------------------------- */

/* One call that passed the door: results, or NULL with code set. */
struct ab_call {
        const json_t *body;
        const char *code;  /* "application_not_found" */
        char message[200]; /* may be "" */
        json_t *next;      /* nextCursor, for lists */
};

struct ab_method {
        const char *name;
        const char *scope;
        const char *members; /* "applicationId!s expand?a": strict */
        json_t *(*perform)(struct ab_call *call);
        bool unlocked; /* takes the lock itself: it calls out */
};
extern const struct ab_method ab_reads[], ab_writes[];

json_t *ab_refuse(struct ab_call *call, const char *code, const char *message); /* NULL */
json_t *ab_page(struct ab_call *call, json_t *rows); /* takes rows: one page of them */
void ab_api(struct request *rq, struct reply *re);   /* POST api/{method} */
void ab_store(struct request *rq, struct reply *re); /* POST store/{handle}: the object store */

/* --- ashby_partner.c: the client of a partner, and the receiver of CodeSignal's events ----------
 */

json_t *ab_partner_update(struct ab_call *call); /* assessment.update */
/* Calls the partner: {status, body, errors[]}; takes the lock itself. */
json_t *ab_partner_call(const char *method, const json_t *body);
/* assessment.start for an application: the answer, and a row when it was started. */
json_t *ab_partner_start(const char *application, const char *type, const json_t *fields);
void ab_receive(struct request *rq, struct reply *re); /* POST codesignal_webhook */

/* --- ashby_page.c, ashby_control.c: for people and for tests ------------------------------------
 */

extern const struct route ab_page_routes[], ab_control_routes[];

#endif
