/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One home: a state directory with its master key, inbox and orgs (design, "State").
 *
 *     inbox/  orgs/<org>/  host/  audit/  data/ (an admin's corrections)  run/ (locks)  secrets
 *     settings (optional settings file)
 *
 * A home handle is made once per process and shared by its threads.
 */
#ifndef HOME_HOME_H
#define HOME_HOME_H

#include <stdint.h>

#include "door/inbox.h"
#include "door/secret.h"
#include "door/store.h"

#define HOME_ORG_NAME_MAX 40

struct home;

/* One org's state, kept open by the home; valid until home_close(). */
struct org {
        char name[HOME_ORG_NAME_MAX + 1];
        struct store *store;
        struct org_private *private;
};

/* Creates directory, master key and inbox; existing parts are left as they are.  *made says
 * whether anything was missing. */
int home_create(const char *path, bool *made, struct fail *why);
/* 1 opened, 0 nothing there, -1 why (modes wider than 0700, no key, not ours). */
int home_open(struct home **out, const char *path, struct fail *why);
void home_close(struct home *h);

const char *home_path(const struct home *h);
/* Its key file: "<home>/secrets", unless FAIRLEAD_SECRETS names another; the caller frees. */
char *home_key_path(const char *path);
/* What keys for one purpose are derived from (secret_derive()): for ever the same.  What seals
 * is another matter: keyring.h. */
const struct secret_key *home_root(const struct home *h);
/* Opened at first use. */
struct inbox *home_inbox(struct home *h, struct fail *why);

/* An existing org: 1, 0 absent (also for a name that cannot be one), -1 why.  Handles are
 * cached; finding one again costs a hash look-up. */
int home_org(struct home *h, const char *name, struct org **out, struct fail *why);
int home_create_org(struct home *h, const char *name, struct org **out, struct fail *why);
/* Names of all orgs in alphabetical order, from the directory; nonzero from visit stops. */
int home_each_org(struct home *h, int (*visit)(void *context, const char *name), void *context,
                  struct fail *why);
/* The host itself, made when it is absent: where its operators are kept.  It is no org: it has
 * the name "-", which none can have, and lies in <home>/host. */
#define HOME_HOST "-"
int home_host(struct home *h, struct org **out, struct fail *why); /* 0, -1 */

/* A store that is always there and always empty: look-ups for unknown orgs go to it, so that
 * they take the time of a known one. */
struct store *home_nobody(struct home *h, struct fail *why);

/* One of a kind per home: the worker's lock.  1 taken (released by home_unlock or the
 * process's end), 0 somebody has it, -1 why. */
int home_lock_worker(struct home *h, struct fail *why);
void home_unlock_worker(struct home *h);
/* Is there one?  Looks without taking the lock, so that none is kept from starting: 1, 0, -1 it
 * cannot be told here. */
int home_worker_there(const struct home *h);

#endif
