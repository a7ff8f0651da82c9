/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the Greenhouse stand-in, shared by sandbox/greenhouse*.c.
 *
 * All state is one set of tables of JSON rows in the vendor's own shapes, behind one lock.
 * Functions marked [locked] are called with gh.lock held.
 */
#ifndef SANDBOX_GREENHOUSE_H
#define SANDBOX_GREENHOUSE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "delivery.h"
#include "door/json.h"
#include "web/serve.h"

#define GH_PREFIX "/sandbox/greenhouse"
#define GH_ORGANIZATION INT64_C(4001)

/* What the seed holds, by number, for tests and examples. */
#define GH_ADMIN INT64_C(5414812002)     /* service user, Site Admin: act_as_user */
#define GH_RECRUITER INT64_C(5414812003) /* not a Site Admin */
#define GH_JOB INT64_C(4298418002)
#define GH_STAGE INT64_C(71416000001) /* the first of four, numbered on */
#define GH_CLIENT_ID "sandbox-greenhouse-client"
#define GH_API_KEY "sandbox-greenhouse-v1-key"
#define GH_CLIENT_SECRET "sandbox-greenhouse-secret"

struct gh_settings {
        bool guard_instance; /* move: from_stage_id is application.stage_id, not the stage's id */
        bool hide_stage;     /* applications have no job_interview_stage_id */
        bool brackets;       /* date filters are updated_at[gte]=..., not updated_at=gte|... */
        bool fresh_event_id; /* Greenhouse-Event-ID changes with every attempt */
        int64_t rate_limit, rate_window_ms;
        int64_t token_life_ms;
        int64_t page_most; /* rows of a page at most, to try paging with few rows */
        char *client_id, *client_secret, *api_key;
        int64_t v1_rate_limit;
        json_t *revoked; /* object: scope -> true */
};

/* A fixed window of calls (3.2). */
struct gh_window {
        int64_t start_ms, used;
};

struct gh {
        pthread_mutex_t lock;
        json_t *tables; /* object: "applications" -> array of rows */
        json_t
            *partners;  /* object: stage -> {key, url}: as an admin set them up; outlive a reset */
        json_t *tokens; /* object: token -> {user, expires_ms} */
        int64_t next_id;
        struct gh_settings set;
        struct gh_window window, token_window, v1_window;
        struct deliver_hook *hook;
        char *hook_url, *hook_secret, *hook_user, *hook_password;
        bool hook_active;
        int hook_ping; /* status of the last ping, 0 none */
};
extern struct gh gh;

/* --- greenhouse_state.c: the rows ---------------------------------------------------- */

void gh_reset(void);                /* [locked] the seed, the settings; the hook stays as it is */
json_t *gh_table(const char *name); /* [locked] borrowed */
json_t *gh_find(const char *table, int64_t id); /* [locked] borrowed, or NULL */
json_t *gh_find_by(const char *table, const char *member, int64_t id); /* [locked] the first */
int64_t gh_new_id(void);                                               /* [locked] beyond 32 bits */
void gh_set_now(json_t *row, const char *member);                      /* [locked] ISO time */
/* [locked] A candidate with an application in the job's first stage; the application. */
json_t *gh_add_candidate(const char *first, const char *last, const char *email);
/* [locked] Puts the application into the stage and tells the webhook. */
void gh_move(json_t *application, const json_t *stage, int64_t user);
/* [locked] One more interview of the application in the calendar; borrowed. */
json_t *gh_schedule(const json_t *application);
/* [locked] A note as the API stores it; borrowed. */
json_t *gh_add_note(int64_t candidate, int64_t application, int64_t user, const char *body,
                    const char *type, const char *visibility);

/* --- greenhouse_hook.c: what it sends --------------------------------------------------- */

void gh_hook_start(void);
void gh_hook_stop(void);
/* Saves and pings, as the vendor does: a failed ping leaves the hook disabled.  NULL or ""
 * url removes it.  Returns the ping's status, 0 without an answer.  Takes the lock itself. */
int gh_hook_save(const char *url, const char *secret, const char *user, const char *password);
void gh_hook_stage_change(const json_t *application);         /* [locked] */
void gh_hook_send(const char *action, const json_t *payload); /* [locked] anything */

/* --- greenhouse_auth.c: who asks -------------------------------------------------------- */

void gh_token(struct request *rq, struct reply *re); /* POST token */
/* Bearer, scope, Site Admin, rate; 0 may go on and *user, or -1 and it is answered. */
int gh_may(struct request *rq, struct reply *re, const char *scope, int64_t *user);
/* A fixed window; false when it is used up, and 429 is answered.  said_ms: what the headers tell.
 */
bool gh_within_rate(struct reply *re, int64_t limit, int64_t window_ms, int64_t said_ms,
                    struct gh_window *window);
/* {"message": ..., "errors": [error]}; error (may be NULL) is taken. */
void gh_error(struct reply *re, int status, const char *message, json_t *error);
json_t *gh_field_error(const char *field, const char *text); /* {"field": "text"} */

/* --- greenhouse_list.c, greenhouse_write.c: Harvest v3 ---------------------------------- */

void gh_list(struct request *rq, struct reply *re, const char *resource); /* GET v3/... */
bool gh_listed(const char *resource);
void gh_create_note(struct request *rq, struct reply *re, int64_t user);
void gh_move_application(struct request *rq, struct reply *re, int64_t id, int64_t user);
void gh_patch_interview(struct request *rq, struct reply *re, int64_t id);

/* --- greenhouse_v1.c: Harvest v1 ---------------------------------------------------------- */

extern const struct route gh_v1_routes[];

/* --- greenhouse_partner.c: the Assessment Partner API, as its client ---------------------- */

extern const struct route gh_partner_routes[];
/* Array of {partner, tests[{id, title}], some}: asks every partner, so without the lock. */
json_t *gh_partner_choices(void);
json_t *gh_partner_tests(int64_t application); /* [locked] {id, partner, status, said, score ...} */

/* --- greenhouse_page.c, greenhouse_control.c: for people and for tests -------------------- */

extern const struct route gh_page_routes[], gh_control_routes[];

#endif
