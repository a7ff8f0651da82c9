/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead: everything the pages do, for people who script. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "door/fetch.h"
#include "floor/buf.h"
#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "web/serve.h"

static const struct command *const groups[] = { commands_home,    commands_apply,
                                                commands_admin,   commands_consumer,
                                                commands_erase,   commands_key,
                                                commands_rekey,   commands_secret,
                                                commands_audit,   commands_work,
                                                commands_doctor,  commands_test,
                                                commands_webhook, NULL };

static const struct command *find(const char *name)
{
        for (const struct command *const *g = groups; *g != NULL; g++) {
                for (const struct command *c = *g; c->name != NULL; c++) {
                        if (text_equal(c->name, name))
                                return c;
                }
        }
        return NULL;
}

static void list_commands(FILE *out)
{
        fprintf(out, "usage: fairlead [--home DIR] [--json] COMMAND ...\n\n");
        for (const struct command *const *g = groups; *g != NULL; g++) {
                for (const struct command *c = *g; c->name != NULL; c++)
                        fprintf(out, "  %-9s %s\n", c->name, c->about);
        }
        fprintf(out, "\n  --home DIR   the home (or FAIRLEAD_HOME)\n"
                     "  --json       machine-readable answers\n"
                     "  fairlead COMMAND --help tells more; fairlead(1) tells all\n"
                     "\nexit codes: 0 done, 1 the answer is no, 2 you called me wrong, 3 the "
                     "system failed\n");
}

static void show_help(const struct command *row)
{
        printf("usage: fairlead %s%s%s\n\n%s.\n", row->name, *row->synopsis ? " " : "",
               row->synopsis, row->about);
        if (row->help != NULL)
                printf("\n%s\n", row->help);
}

int command_answer(json_t *answer, int code)
{
        struct buf out = BUF_NONE;

        json_print(answer, &out);
        printf("%s\n", buf_text(&out));
        buf_dispose(&out);
        json_decref(answer);
        return code;
}

static int say_error(struct command_context *c, const char *kind, const char *text, int code)
{
        json_t *answer;

        if (!c->json) {
                fprintf(stderr, "fairlead: %s: %s\n", c->name, text);
                return code;
        }
        answer = json_object();
        json_set_text(answer, "error", text);
        json_set_text(answer, "kind", kind);
        return command_answer(answer, code);
}

int command_usage(struct command_context *c, const char *format, ...)
{
        const struct command *row = find(c->name);
        va_list list;
        char *text;

        va_start(list, format);
        text = mem_format_list(format, list);
        va_end(list);
        say_error(c, "usage", text, EXIT_CALL);
        mem_free(text);
        if (!c->json && row != NULL)
                fprintf(stderr, "usage: fairlead %s%s%s\n", row->name, *row->synopsis ? " " : "",
                        row->synopsis);
        return EXIT_CALL;
}

int command_no(struct command_context *c, const char *format, ...)
{
        va_list list;
        char *text;

        va_start(list, format);
        text = mem_format_list(format, list);
        va_end(list);
        say_error(c, "no", text, EXIT_NO);
        mem_free(text);
        return EXIT_NO;
}

int command_failed(struct command_context *c)
{
        int code = c->why.kind == FAIL_INPUT      ? EXIT_CALL
                   : c->why.kind == FAIL_CONFLICT ? EXIT_NO
                                                  : EXIT_SYSTEM;

        return say_error(c, fail_word(c->why.kind), c->why.text, code);
}

/* Removes argv[at] .. argv[at + count - 1]. */
static void take_out(int *argc, char **argv, int at, int count)
{
        memmove(argv + at, argv + at + count, (size_t)(*argc - at - count + 1) * sizeof *argv);
        *argc -= count;
}

static const struct option_row *match(const struct option_row *rows, const char *word, size_t len)
{
        for (; rows->name != NULL; rows++) {
                if (strlen(rows->name) == len && memcmp(rows->name, word, len) == 0)
                        return rows;
        }
        return NULL;
}

/* Lives as long as the command does: options are looked at until its end. */
static const char *joined(const char *old, const char *more)
{
        static struct kept {
                struct kept *next;
                char *text;
        } * kept;
        struct kept *one;

        if (old == NULL)
                return more;
        one = mem_alloc(sizeof *one);
        one->text = mem_format("%s,%s", old, more);
        one->next = kept;
        kept = one;
        return one->text;
}

int command_options(struct command_context *c, int *argc, char **argv,
                    const struct option_row *rows)
{
        for (int i = 0; i < *argc;) {
                const char *equals = strchrnul(argv[i], '=');
                const struct option_row *row;

                if (text_equal(argv[i], "--")) {
                        take_out(argc, argv, i, 1);
                        return 0;
                }
                if (!text_starts(argv[i], "--")) {
                        i++;
                        continue;
                }
                row = match(rows, argv[i], (size_t)(equals - argv[i]));
                if (row == NULL) {
                        command_usage(c, "there is no option %s", argv[i]);
                        return -1;
                }
                if (row->flag != NULL) {
                        if (*equals != '\0') {
                                command_usage(c, "%s takes no value", row->name);
                                return -1;
                        }
                        *row->flag = true;
                        take_out(argc, argv, i, 1);
                } else if (*equals != '\0') {
                        *row->value = joined(*row->value, equals + 1);
                        take_out(argc, argv, i, 1);
                } else if (i + 1 < *argc) {
                        *row->value = joined(*row->value, argv[i + 1]);
                        take_out(argc, argv, i, 2);
                } else {
                        command_usage(c, "%s needs a value", row->name);
                        return -1;
                }
        }
        return 0;
}

struct post command_post(void)
{
        return (struct post){ .url = serve_settings.smtp_url,
                              .user = serve_settings.smtp_user,
                              .password_file = serve_settings.smtp_password_file,
                              .sendmail = serve_settings.sendmail,
                              .from = serve_settings.mail_from };
}

int command_home(struct command_context *c)
{
        if (c->home != NULL)
                return EXIT_YES;
        if (text_empty(c->home_path))
                return command_usage(c, "which home? Give --home DIR or set FAIRLEAD_HOME");
        switch (home_open(&c->home, c->home_path, &c->why)) {
        case 1:
                return EXIT_YES;
        case 0:
                return command_no(c, "there is no home at %s; make one: fairlead --home %s init",
                                  c->home_path, c->home_path);
        default:
                return command_failed(c);
        }
}

struct only_org {
        char name[HOME_ORG_NAME_MAX + 1];
        int count;
};

static int see_org(void *context, const char *name)
{
        struct only_org *only = context;

        snprintf(only->name, sizeof only->name, "%s", name);
        return ++only->count > 1;
}

int command_org(struct command_context *c, const char *name, struct org **org)
{
        struct only_org only = { "", 0 };
        int code = command_home(c);

        if (code != EXIT_YES)
                return code;
        if (name == NULL) {
                if (home_each_org(c->home, see_org, &only, &c->why) < 0)
                        return command_failed(c);
                if (only.count != 1)
                        return command_usage(c, only.count == 0
                                                    ? "this home has no organisation yet; see "
                                                      "fairlead apply --help"
                                                    : "which organisation? Give its name");
                name = only.name;
        }
        switch (home_org(c->home, name, org, &c->why)) {
        case 1:
                return EXIT_YES;
        case 0:
                return command_no(c, "there is no organisation %s", name);
        default:
                return command_failed(c);
        }
}

static int load_settings(struct command_context *c, const char *home)
{
        static const struct setting *const tables[] = { serve_setting_rows, NULL };
        char *path = NULL;
        int result;

        if (home != NULL)
                setenv("FAIRLEAD_HOME", home, 1);
        home = getenv("FAIRLEAD_HOME");
        if (!text_empty(home))
                path = file_path(home, "settings");
        result = setting_load(tables, serve_other_rows, path, &c->why);
        mem_free(path);
        if (result == 0)
                result = fetch_start(serve_settings.allow_networks, &c->why);
        if (result == 0)
                result = fetch_trust(serve_settings.ca_file, &c->why);
        c->home_path = text_or(serve_settings.home, "");
        return result;
}

int main(int argc, char **argv)
{
        static const struct rlimit no_core = { 0, 0 };
        struct command_context c = { .name = "fairlead" };
        const struct command *row = NULL;
        const char *home = NULL;
        bool help = false;
        int code;

        /* The worker holds credentials in the clear: none of them ends in a core file. */
        setrlimit(RLIMIT_CORE, &no_core);
        umask(077);
        signal(SIGPIPE, SIG_IGN);
        argv++;
        argc--;
        /* --home, --json and --help may stand anywhere before "--". */
        for (int i = 0; i < argc && !text_equal(argv[i], "--");) {
                int used = 0;

                if (text_equal(argv[i], "--json")) {
                        c.json = true;
                        used = 1;
                } else if (text_equal(argv[i], "--help") || text_equal(argv[i], "-h")) {
                        help = true;
                        used = 1;
                } else if (text_equal(argv[i], "--home") && i + 1 < argc) {
                        home = argv[i + 1];
                        used = 2;
                } else if (text_starts(argv[i], "--home=")) {
                        home = argv[i] + strlen("--home=");
                        used = 1;
                }
                if (used != 0)
                        take_out(&argc, argv, i, used);
                else
                        i++;
        }
        if (argc > 0 && text_equal(argv[0], "--version")) {
                printf("fairlead %s\n", PACKAGE_VERSION);
                return EXIT_YES;
        }
        if (argc > 0)
                row = find(text_equal(argv[0], "help") && argc > 1 ? argv[1] : argv[0]);
        if (row != NULL && (help || text_equal(argv[0], "help"))) {
                show_help(row);
                return EXIT_YES;
        }
        if (help || (argc > 0 && text_equal(argv[0], "help"))) {
                list_commands(stdout);
                return EXIT_YES;
        }
        if (row == NULL && c.json) {
                char *text = argc > 0 ? mem_format("there is no command %.80s", argv[0])
                                      : mem_text("name a command");

                say_error(&c, "usage", text, EXIT_CALL);
                mem_free(text);
                return EXIT_CALL;
        }
        if (row == NULL) {
                if (argc > 0)
                        fprintf(stderr, "fairlead: there is no command %s\n\n", argv[0]);
                list_commands(stderr);
                return EXIT_CALL;
        }
        c.name = row->name;
        if (load_settings(&c, home) != 0) {
                code = command_failed(&c);
        } else {
                log_start("fairlead", serve_settings.log, LOG_LEVEL_INFO);
                code = row->run(&c, argc - 1, argv + 1);
        }
        home_close(c.home);
        fetch_stop();
        if (fflush(stdout) != 0 || ferror(stdout))
                return EXIT_SYSTEM;
        return code;
}
