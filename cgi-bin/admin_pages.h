/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handlers and tables that one file of the admin program has for another. */
#ifndef CGI_BIN_ADMIN_PAGES_H
#define CGI_BIN_ADMIN_PAGES_H

#include "home/rule_change.h"
#include "web/serve.h"

/* The org of the path: 1, 0 there is none of this name, -1; its name as it was typed. */
int admin_org_of_path(struct request *rq, struct org **org, struct fail *why);
const char *admin_name_of_path(struct request *rq);

/* Cookies.  what: "" for the visit, "pre-" for forms before it; value NULL: forget it.  org NULL:
 * there is none of this name, and nobody shall see that.  The caller frees a name. */
char *admin_cookie_name(struct org *org, const char *what, const char *org_name);
void admin_set_cookie(struct request *rq, struct reply *re, struct org *org, const char *what,
                      const char *org_name, const char *value);
/* The token of forms that belongs to the text of a cookie. */
void admin_csrf_of(const void *secret, size_t len, char out[33]);
/* The one of forms before somebody is signed in; a cookie is set when there is none. */
void admin_pre_csrf(struct request *rq, struct reply *re, struct org *org, const char *org_name,
                    char out[33]);

route_handler admin_board;
/* Connections of the org for a select, "any" first. */
json_t *admin_connection_options(struct request *rq, const char *chosen);
const char *admin_trust_words(const char *trust);

/* Keys: a row of key_list() as pages show it; the page of all, with the text of one that was just
 * made (id), shown this once. */
void admin_key_dress(struct request *rq, json_t *row);
void admin_keys_page(struct request *rq, struct reply *re, int status, const char *fault,
                     const char *key, const char *id);
/* The fields of the form: of a new key (row NULL) or of one that stands; with a fault
 * ("jobs: at most 50") what was typed, and the fault beside its field. */
void admin_key_form(struct request *rq, json_t *view, const json_t *row, const char *fault);
/* What the form asks for, as key_change() takes it; NULL FAIL_INPUT. */
json_t *admin_key_asked(struct request *rq, struct fail *why);
int admin_key_log(struct request *rq, struct reply *re, const char *did, const char *id);

extern const struct route admin_one_key_routes[];
extern const struct route admin_action_routes[], admin_event_routes[], admin_key_routes[],
    admin_rule_change_routes[], admin_rule_form_routes[], admin_rule_routes[];
extern const struct route admin_candidate_routes[], admin_connection_routes[], admin_erase_routes[];

/* Puts into the view what this form of a rule offers, as it was last read from the systems; what
 * is old is read again by the worker.  ats, platform: chosen ones (NULL: the first).  0, -1. */
int admin_offer(struct request *rq, json_t *view, const char *ats, const char *platform,
                const struct rule_kind *kind, struct fail *why);
/* The worker reads the lists of all connections again.  0, -1. */
int admin_order_lists(struct org *org, struct fail *why);

/* The form of a rule: of a new one, or of one that stands. */
struct rule_page {
        const struct rule_kind *kind;
        const struct rule_filled *filled; /* NULL: a new one */
        const char *id, *stamp;           /* of the one that stands */
        const char *fault_at, *fault;     /* of a field; "" for the whole form */
        json_t *rehearsal;                /* rehearse(), taken */
        json_t *rehearsal_before;         /* of the one that stands, taken */
        bool asked;                       /* the lists are being read again */
};
void admin_rule_page(struct request *rq, struct reply *re, int status, struct rule_page page);
/* What rules_check() found: at a field of the form when it is about the rule at this place and
 * this step of it, else about the whole.  *sentence is the caller's. */
void admin_rule_fault(const char *cause, size_t at, size_t step, const char **field,
                      char **sentence);
/* May this form be saved?  A number that is none, and moves that are off, end in a reply and -1. */
int admin_rule_may(struct request *rq, struct reply *re, struct rule_page page);
/* Has the lists read again, and shows the page with what was typed. */
void admin_rule_refresh(struct request *rq, struct reply *re, struct rule_page page);
/* The rule in the path out of the rules (the caller's, as *stamp): its place, or -1 and a reply. */
int admin_find_rule(struct request *rq, struct reply *re, json_t **rules, char **stamp);
int admin_log_rule(struct request *rq, struct reply *re, const char *did, const json_t *rule,
                   const json_t *detail);

#endif
