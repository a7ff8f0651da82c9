/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of one application and of one session (records.h: "application", "session",
 * "external", "invitee", "candidate", "report").
 *
 * Keys are "<connection>:<the other side's id>": "gh:17", "cs:abc".  The report URL of a
 * platform is a secret: it rests sealed and leaves only through dossier_session().
 */
#ifndef HOME_DOSSIER_H
#define HOME_DOSSIER_H

#include "bridge/application.h"
#include "bridge/session.h"
#include "home/plan.h"

/* NULL when the id is empty or too long to be one.  The caller frees. */
char *dossier_key(const char *connection, const char *id);
/* "gh" of "gh:17": the caller frees. */
char *dossier_connection(const char *key);
/* "17" of "gh:17"; borrowed. */
const char *dossier_id(const char *key);

/* 1, 0 absent, -1.  record is the caller's; session (may be NULL) is filled, with its report
 * URL, and the caller's to dispose. */
int dossier_session(struct home *h, struct org *org, const char *key, json_t **record,
                    struct session *session, struct fail *why);
/* Puts record with this session in it, guarded by what was read (NULL: it is new), and keeps
 * "open-sessions" and the report's token in step. */
void dossier_put_session(struct plan *p, struct home *h, struct org *org, const char *key,
                         const json_t *read, json_t *record, const struct session *session,
                         int64_t now_ms);

int dossier_application(struct org *org, const char *key, json_t **record,
                        struct application *application, struct fail *why);
/* Likewise; application NULL leaves what the record says.  Also keeps the candidate's list. */
int dossier_put_application(struct plan *p, struct org *org, const char *key, const json_t *read,
                            json_t *record, const struct application *application,
                            struct fail *why);

/* Remembers in a record that an event speaks of it, for erasure: the last 100. */
void dossier_add_event(json_t *record, uint64_t event);
/* Adds a text to a list in a record unless it is there. */
void dossier_add_text(json_t *record, const char *list, const char *text);

/* All application keys of one candidate: array, the caller's; empty when unknown; NULL -1. */
json_t *dossier_candidate(struct org *org, const char *connection, const char *candidate,
                          struct fail *why);

/* "invitee": the last application to which this test was sent, by candidate e-mail. */
char *dossier_invitee_key(const char *platform, const char *test, const char *email);

/* The report page of a session: the token is derived, so it is the same each time.
 * dossier_report_link gives NULL when the org has no public URL.  The callers free. */
char *dossier_report_token(struct home *h, struct org *org, const char *session);
char *dossier_report_link(struct home *h, struct org *org, const char *session);

/* The key of notes' markers. */
void dossier_marker_key(struct home *h, struct org *org, unsigned char key[SECRET_KEY_SIZE]);

#endif
