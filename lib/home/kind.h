/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one table of outside systems.  A new one is a file of its own, a data folder, and a
 * line here.
 */
#ifndef HOME_KIND_H
#define HOME_KIND_H

#include "ats/ats.h"
#include "bridge/sender.h"
#include "platform/platform.h"

enum kind_role { KIND_ATS, KIND_PLATFORM, KIND_CONSUMER };

/* A setting or credential of a connection, as the apply document and the pages name it. */
struct kind_field {
        const char *name; /* NULL ends a list */
        char type;        /* 't' text, 'u' URL, 'i' integer, 'b' boolean, 'l' list of texts,
                             'm' list of mail addresses, 'o' object of texts, 'c' one of choices */
        bool required;
        const char *standard; /* default as JSON text, or NULL for none */
        const char *choices;  /* "a|b" for 'c' */
        const char *help;     /* one line */
};

struct kind {
        const char *name;  /* "greenhouse" */
        const char *title; /* "Greenhouse" */
        enum kind_role role;
        const struct sender *sender;     /* NULL: sends no webhooks */
        const struct ats *ats;           /* NULL: not yet, or not an ATS */
        const struct platform *platform; /* likewise */
        const struct kind_field *settings;
        const struct kind_field *credentials;
        /* A credential that signs webhooks by nature (Coderbyte), or NULL. */
        const char *signing_credential;
        /* What the rows cannot say, or NULL: path is the connection's in the document. */
        int (*check)(const json_t *settings, const json_t *credentials, const char *path,
                     struct fail *why);
        const char *make;  /* where its credential is made at the vendor, step by step */
        const char *main;  /* names of fields, each followed by a space, that a form shows in front
                              beside those that are required; the others mostly stay as they are */
        const char *needs; /* what to grant at the vendor, one line each, '\n' between */
        const char *needs_v1; /* the same where the setting api is "v1"; or NULL */
        const char *paste;    /* where to paste the webhook URL and secret at the vendor */
};

extern const struct kind *const kinds[];        /* NULL-terminated */
const struct kind *kind_find(const char *name); /* NULL when there is none */

#endif
