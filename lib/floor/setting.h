/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings are rows: name, kind, default, least, most, where it goes, one line of help.
 *
 * The environment is asked first, then the file (name = value, '#' comments), then the
 * default.  An unknown name in the file, a number out of range or a word that is not one of
 * the choices is an error with its line number; nothing is guessed.
 * Targets are static variables of the program; text values live as long as the process.
 */
#ifndef FLOOR_SETTING_H
#define FLOOR_SETTING_H

#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

enum setting_kind { SETTING_TEXT, SETTING_INT, SETTING_BOOL, SETTING_CHOICE };

struct setting {
        const char *name; /* FAIRLEAD_...; NULL ends a table */
        enum setting_kind kind;
        const char *standard; /* the default, as text */
        int64_t least, most;  /* SETTING_INT: range; SETTING_TEXT: most = longest, 0 = 4096 */
        void *target;         /* const char ** (text, choice), int64_t * (int), bool * (bool) */
        const char *choices;  /* SETTING_CHOICE: "a|b|c" */
        const char *help;     /* one line */
};

/* Fills the targets of the given tables (a NULL-terminated list of tables).  path may be
 * NULL or name a file that does not exist.  Names in the file that belong to none of the
 * tables are an error unless they are in also (a table of names other programs use; NULL
 * for none).  Returns 0, or -1 with *why. */
int setting_load(const struct setting *const *tables, const struct setting *also, const char *path,
                 struct fail *why);

/* Appends a help text: one paragraph per setting. */
void setting_help(const struct setting *const *tables, struct buf *out);

#endif
