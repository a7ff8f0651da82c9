/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fairlead command: one row per sub-command, one function each.
 *
 * Exit codes: EXIT_YES done, EXIT_NO the answer is no, EXIT_CALL you called me wrong,
 * EXIT_SYSTEM the system failed.  With --json the answer is one JSON value on stdout, errors
 * included; else text for people, errors on stderr.
 */
#ifndef BIN_COMMAND_H
#define BIN_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "door/json.h"
#include "floor/fail.h"
#include "home/home.h"
#include "home/post.h"

enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_CALL = 2, EXIT_SYSTEM = 3 };

struct command_context {
        const char *name;      /* the sub-command */
        const char *home_path; /* --home, FAIRLEAD_HOME; "" when neither is given */
        bool json;
        struct home *home; /* opened by command_home() */
        struct fail why;
};

struct command {
        const char *name;
        const char *synopsis; /* behind the name */
        const char *about;    /* one line for the list */
        const char *help;     /* the rest of "fairlead NAME --help" */
        int (*run)(struct command_context *c, int argc, char **argv);
};

extern const struct command commands_home[], commands_admin[], commands_apply[], commands_audit[],
    commands_consumer[], commands_erase[], commands_key[], commands_rekey[], commands_secret[],
    commands_work[], commands_doctor[], commands_test[], commands_webhook[];

/* Options of a sub-command: "--name VALUE", "--name=VALUE" or a bare "--name".  Takes them out
 * of argv, leaving the operands; -1 after saying what is wrong. */
struct option_row {
        const char *name;   /* "--scope"; NULL ends the list */
        const char **value; /* takes a value; repeated ones are joined with ',' */
        bool *flag;         /* takes none */
};
int command_options(struct command_context *c, int *argc, char **argv,
                    const struct option_row *rows);

/* Says that the call was wrong and how it goes; returns EXIT_CALL. */
int command_usage(struct command_context *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Says c->why and returns the exit code that goes with it. */
int command_failed(struct command_context *c);
/* "The answer is no": says why not; returns EXIT_NO. */
int command_no(struct command_context *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints a JSON answer (takes it) and returns code. */
int command_answer(json_t *answer, int code);

/* How mail leaves, from the settings. */
struct post command_post(void);

/* Who gives this command, for people ("command of root"): the caller frees. */
char *command_who(void);

/* What a test of a connection found, indented. */
void command_print_test(const json_t *test);

/* Opens the home, or says why not and returns a code other than EXIT_YES. */
int command_home(struct command_context *c);
/* The same and then the org; one org may be left out when the home has just one. */
int command_org(struct command_context *c, const char *name, struct org **org);

/* Writes to the org's audit log (home/audit.h) who ran this; the home must be open. */
int command_audit(struct command_context *c, const char *org, const char *did, const char *about,
                  const json_t *detail);

#endif
