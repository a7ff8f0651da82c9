/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the admin program share: who is here, pages, forms.
 *
 * A route's scope names who may: roles separated by spaces ("admin recruiter"), and "key:SCOPE"
 * for an issued key with that scope.  "glass" is an operator who broke the glass of this org.
 * admin_may() asks before a handler runs, admin_check() looks at every form: a handler of a
 * route with a scope has a visitor.
 */
#ifndef CGI_BIN_ADMIN_H
#define CGI_BIN_ADMIN_H

#include "floor/zone.h"
#include "guard.h"
#include "home/trade.h"
#include "web/serve.h"

/* Who may, as the tables of routes name it. */
#define ADMIN "admin"
#define READERS "admin recruiter glass"
#define ANYONE "admin recruiter auditor operator"
#define LOG_READERS "admin auditor operator"
#define HOSTS "operator"
#define MANAGERS "admin operator"

#define ADMIN_FORM_MAX (64 * 1024) /* bytes of a form */

struct visitor {
        struct org *org;   /* whose pages these are; the host for "-" */
        char *who;         /* for the log: an address, or "key abcd2345" */
        const char *role;  /* "admin" ..., "glass", "key" */
        char *id;          /* the person's; NULL for a key */
        json_t *person;    /* his record; NULL for a key */
        char *token;       /* the cookie; NULL for a key and for the web server's own word */
        char csrf[33];     /* what each of his forms carries */
        struct zone *zone; /* of his clock */
        struct org *home;  /* where his account is: the org, or the host */
};

extern const struct setting admin_settings[];
int admin_may(struct request *rq, struct reply *re, const char *scope);
int admin_check(struct request *rq, struct reply *re, const char *scope);
struct visitor *admin_visitor(struct request *rq);
bool admin_is(struct request *rq, const char *role);
struct trade admin_trade(void);

/* Tables of routes, one for each family of pages. */
extern const struct route admin_account_routes[], admin_sign_in_routes[], admin_host_routes[],
    admin_log_routes[], admin_people_routes[], admin_status_routes[];

/* A page in its frame, with what all pages need: who is here, where to go, the forms' token.
 * here is the path of the menu's entry ("people"). Takes view. */
void admin_page(struct request *rq, struct reply *re, int status, const char *name, json_t *view,
                const char *title, const char *here);
/* Pages of people who are not signed in: org is a name. */
void admin_bare_page(struct request *rq, struct reply *re, int status, const char *name,
                     json_t *view, const char *title, const char *org, const char *csrf);
/* To base/org/ and the path: 303.  "people?said=invited" */
void admin_go(struct request *rq, struct reply *re, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A sentence for the page that "?said=WORD" leads to. */
const char *admin_said(const char *word);

/* Writes to the org's log: 0, or the reply is made (500, 503) and -1. */
int admin_log(struct request *rq, struct reply *re, const char *did, const char *about,
              const json_t *detail);
/* Unless the same stands there from the last while: who looked at what. */
int admin_log_once(struct request *rq, struct reply *re, const char *did, const char *about,
                   int64_t within_ms);

/* {machine, people, ago} under a name, in the visitor's zone; null for 0. */
void admin_set_time(struct request *rq, json_t *row, const char *name, int64_t ms);
/* Marks one of a list of {value, words} as chosen: for select. */
void admin_choose(json_t *options, const char *value);
json_t *admin_option(const char *value, const char *words);
/* An address of the network that comes from the request. */
const char *admin_from(struct request *rq);

#endif
