/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The secrets of connections, as people see them: which there are, how old, who brought them, which
 * one signed last; never what they are.
 *
 * A credential opens the other side's door, a webhook secret proves who knocks at ours.  One
 * value is never both: whoever may check a signature could then write there.
 */
#ifndef HOME_CREDENTIAL_H
#define HOME_CREDENTIAL_H

#include "door/json.h"
#include "home/apply.h"
#include "home/home.h"

#define CREDENTIAL_SECRETS_MAX 8 /* webhook secrets of a connection */

/* Puts who brought those that are new or changed; old NULL: there were none. */
void credential_note(struct batch *b, struct org *org, const char *connection, const json_t *old,
                     const json_t *credentials, const char *by, int64_t now_ms);

/* Array of {connection, kind, kind_title, names[{name, added_ms, by}], last_ok_ms,
 * denied, etag}; the caller's. */
int credential_list(struct home *h, struct org *org, json_t **list, struct fail *why);

/* New texts for some credentials of a connection ({name: text}; the others stay), through the same
 * door as fairlead apply.  etag: of credential_list(), what the caller decided on; NULL: whatever
 * is there.  1 and {connection, state (changed, unchanged), etag, test{} (with options->test)}, the
 * caller's; 0 no such connection, -1: FAIL_INPUT names the member, FAIL_CONFLICT it was changed
 * meanwhile. */
int credential_change(struct home *h, struct org *org, const char *connection, const json_t *given,
                      const char *etag, const struct apply_options *options, json_t **answer,
                      struct fail *why);

/* Array of {connection, kind, kind_title, webhook_url, secrets[{name, added_ms, newest,
 * signed_last}], last_verified_ms, last_refused_ms, etag}; the caller's. */
int webhook_secret_list(struct home *h, struct org *org, json_t **list, struct fail *why);
/* A new secret beside those that stand: 1 and its text (made here when given is NULL; wipe it)
 * and name, 0 no such connection or it gets no webhooks, 2 the connection is not as etag (of the
 * lists above; NULL: as it stands) says, -1: FAIL_INPUT it cannot be that one, FAIL_CONFLICT too
 * many. */
int webhook_secret_add(struct home *h, struct org *org, const char *connection, const char *etag,
                       const char *given, char **text, char name[13], struct fail *why);
/* 1 it is gone, 0 there is none, 2 as above, -1: FAIL_CONFLICT it is the last one. */
int webhook_secret_drop(struct home *h, struct org *org, const char *connection, const char *etag,
                        const char *name, struct fail *why);
/* What the lists say of a connection as it is stored now: the caller's; NULL: there is none. */
char *credential_etag(struct org *org, const char *connection);

/* given: array of {id, kind, path (for causes: "connections.0"), relays (a consumer with the
 * setting relay: its secret is what that receiver wants), credentials{}, secrets[]}, in plain text,
 * about to be stored; beside them stands what else the org has.  -1 FAIL_INPUT: a webhook secret,
 * or the secret shared with a consumer, is a credential, too, or a key that we issued. */
int credential_apart(struct home *h, struct org *org, const json_t *given, struct fail *why);

/* Is this text one of the credentials?  Compared in constant time. */
bool credential_is(const json_t *credentials, const char *text);

#endif
