/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the Lever stand-in, shared by sandbox/lever*.c.
 *
 * All state is one set of tables of JSON rows in the vendor's own shapes, behind one lock;
 * members in parentheses are the stand-in's own and never sent.  Functions marked [locked] are
 * called with lv.lock held.
 */
#ifndef SANDBOX_LEVER_H
#define SANDBOX_LEVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "delivery.h"
#include "door/json.h"
#include "web/serve.h"

#define LV_PREFIX "/sandbox/lever"
#define LV_KEY "sandbox-lever-key"
#define LV_HOOKS_MAX 12
#define LV_FILE_MAX (30 * 1000 * 1000)

/* What the seed holds, for tests and examples. */
#define LV_USER "8d49b010-cc6a-4f40-ace5-e86061c677ed" /* "CodeSignal Integration": act_as_user */
#define LV_RECRUITER "be129d9b-50da-4485-9377-0d83e981f30b"
#define LV_GONE_USER "0f3c6ab1-3a5e-4b0e-9d1b-5a0c1f6c2b77" /* deactivated */
#define LV_POSTING "a3b6f1a8-6a0e-4a4c-8c3b-7a1d2f0e9b11"

struct lv_settings {
        char *api_key;
        bool confidential;   /* the key was made with access to confidential data */
        bool plain_links;    /* links[] lose their scheme (6, trap 10) */
        bool nested;         /* answers of panels and interviews as documented: data.data[] */
        bool bare_files;     /* the list of files is a bare array, as documented */
        bool event_id;       /* deliveries carry an id */
        int64_t rate, burst; /* a second */
        int64_t page_most;
        json_t *revoked; /* object: permission -> true */
};

struct lv_hook {
        char *id, *event, *url, *token;
        bool by_api;
        int64_t created_ms;
        int verified; /* status of the last Verify connection, -1 never */
        struct deliver_hook *sender;
};

struct lv {
        pthread_mutex_t lock;
        json_t *tables;
        int64_t next_id;
        struct lv_settings set;
        double tokens; /* in the bucket */
        int64_t filled_ms;
        struct lv_hook hooks[LV_HOOKS_MAX];
        size_t hook_count;
};
extern struct lv lv;

/* --- lever_state.c: the rows ---------------------------------------------------------------- */

void lv_reset(void);                                /* [locked] */
json_t *lv_table(const char *name);                 /* [locked] borrowed */
json_t *lv_find(const char *table, const char *id); /* [locked] borrowed, or NULL */
json_t *lv_new(const char *table);                  /* [locked] a row with an id */
json_t *lv_add_opportunity(const char *name, const char *email, bool confidential); /* [locked] */
/* [locked] Puts the opportunity into the stage and tells the webhooks. */
void lv_move(json_t *opportunity, const char *stage, const char *user);
json_t *lv_contact(const json_t *opportunity); /* [locked] */
/* [locked] As the API shows it; blank: without the contact part, as after most changes. */
json_t *lv_show_opportunity(const json_t *row, bool blank, bool stage, bool applications);
json_t *lv_show(const json_t *row); /* without the stand-in's own members */
json_t *lv_add_note(const char *opportunity, const char *value, const char *user, int64_t score);

/* --- lever_read.c, lever_write.c: the API ------------------------------------------------------
 */

/* {"code", "message"} */
void lv_error(struct reply *re, int status, const char *code, const char *message);
/* Key, rate, permission, [locked]: 0, or -1 and it is answered. */
int lv_may(struct request *rq, struct reply *re, const char *permission);
/* The opportunity in "{o}", [locked]: NULL and it is answered. */
json_t *lv_opportunity(struct request *rq, struct reply *re);
void lv_answer(struct reply *re, int status, json_t *data); /* {"data": data}; taken */
void lv_page(struct request *rq, struct reply *re, json_t *rows, bool bare); /* taken */
extern const struct route lv_api_routes[];
void lv_write(struct request *rq, struct reply *re, const char *part,
              const char *id); /* [locked] */
/* --- lever_file.c --------------------------------------------------------------------------- */
void lv_upload(struct request *rq, struct reply *re, const json_t *opportunity); /* [locked] */
void lv_download(struct request *rq, struct reply *re);                          /* for people */

/* --- lever_hook.c: what it sends -------------------------------------------------------------- */

void lv_hooks_stop(void);
/* Adds one as a user would (by_api false) or the API; NULL when there are too many. */
struct lv_hook *lv_hook_add(const char *url, const char *event, bool by_api);
int lv_hook_verify(struct lv_hook *hook, bool with_token); /* not locked: it calls out */
void lv_hook_remove(const char *id);
void lv_hooks_tell(const char *event, const json_t *data); /* [locked] */
/* The body of a delivery; token NULL: not signed. */
void lv_hook_body(const char *event, const json_t *data, const char *token, bool id,
                  struct buf *out);
void lv_api_webhooks(struct request *rq, struct reply *re); /* the API's face; takes the lock */

/* --- lever_page.c, lever_control.c -------------------------------------------------------------
 */

extern const struct route lv_page_routes[], lv_control_routes[];

#endif
