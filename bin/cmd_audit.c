/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead audit: verify and export the log of who did what. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/audit.h"

#define EXPORT_MAX ((size_t)256 * 1024 * 1024) /* bytes of an export that is verified */

char *command_who(void)
{
        const struct passwd *user = getpwuid(getuid());

        return user == NULL ? mem_format("command of user %ld", (long)getuid())
                            : mem_format("command of %s", user->pw_name);
}

int command_audit(struct command_context *c, const char *org, const char *did, const char *about,
                  const json_t *detail)
{
        char *who = command_who();
        const struct audit_entry entry = { .org = org,
                                           .who = who,
                                           .from = "terminal",
                                           .did = did,
                                           .about = about,
                                           .detail = detail };
        int result = audit_add(c->home, &entry, &c->why);

        mem_free(who);
        return result;
}

struct verifying {
        struct command_context *c;
        uint64_t anchor_n;
        const char *anchor_hash;
        json_t *rows;
        int bad, broken;
};

static void say_check(struct verifying *v, const char *what, const struct audit_check *check)
{
        static const char *const words[] = { "whole", "torn", "changed" };
        json_t *row = json_object();

        json_set_text(row, "log", what);
        json_set_text(row, "state", words[check->state]);
        json_set_text(row, "sentence", check->sentence);
        json_set_int(row, "first", (int64_t)check->first);
        json_set_int(row, "last", (int64_t)check->last);
        json_set_text(row, "hash", check->last == 0 ? NULL : check->hash);
        json_add(v->rows, row);
        if (check->state == AUDIT_CHANGED)
                v->bad++;
        if (v->c->json)
                return;
        printf("%-4s %s: %s", check->state == AUDIT_CHANGED ? "BAD" : "ok", what, check->sentence);
        if (check->last != 0)
                printf(" Last: %" PRIu64 ":%s", check->last, check->hash);
        printf("\n");
}

static int verify_one(void *context, const char *org)
{
        struct verifying *v = context;
        struct audit_check check;

        if (audit_verify(v->c->home, org, v->anchor_n, v->anchor_hash, &check, &v->c->why) != 0)
                return v->broken = -1;
        say_check(v, text_equal(org, AUDIT_HOST) ? "the host" : org, &check);
        return 0;
}

static int verify_file(struct verifying *v, const char *path)
{
        struct buf text = BUF_NONE;
        struct audit_check check;
        int found = file_read(path, EXPORT_MAX, &text, &v->c->why);

        if (found == 1) {
                audit_verify_text(text.data, text.len, v->anchor_n, v->anchor_hash, &check);
                say_check(v, path, &check);
        } else if (found == 0) {
                fail_set(&v->c->why, FAIL_INPUT, "there is no file %s", path);
        }
        buf_dispose(&text);
        return found == 1 ? 0 : -1;
}

/* "1234:<64 hex digits>" */
static int read_anchor(struct verifying *v, char *text)
{
        char *colon = strchr(text, ':');
        int64_t n;

        if (colon == NULL || strlen(colon + 1) != 64 || strspn(colon + 1, "0123456789abcdef") != 64)
                return -1;
        *colon = '\0';
        v->anchor_hash = colon + 1;
        if (text_int(text, 1, INT64_MAX, &n) != 0)
                return -1;
        v->anchor_n = (uint64_t)n;
        return 0;
}

/* A log for each org and one for the host; "-" is the host's. */
static int find_log(struct command_context *c, const char *name)
{
        struct org *org;

        return text_equal(name, AUDIT_HOST) ? command_home(c) : command_org(c, name, &org);
}

static int verify(struct command_context *c, int argc, char **argv)
{
        const char *anchor = NULL, *file = NULL;
        const struct option_row rows[] = { { "--anchor", &anchor, NULL },
                                           { "--file", &file, NULL },
                                           { NULL, NULL, NULL } };
        struct verifying v = { .c = c };
        char *anchor_text = NULL;
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc > 1 || (file != NULL && argc > 0))
                return command_usage(c, "one organisation, or one file, at a time");
        if (anchor != NULL) {
                anchor_text = mem_text(anchor);
                if (read_anchor(&v, anchor_text) != 0 || (argc == 0 && file == NULL)) {
                        mem_free(anchor_text);
                        return command_usage(c,
                                             "--anchor takes NUMBER:HASH and one log to look at");
                }
        }
        code = file != NULL ? EXIT_YES : argc > 0 ? find_log(c, argv[0]) : command_home(c);
        if (code != EXIT_YES)
                goto out;
        v.rows = json_array();
        if (file != NULL)
                v.broken = verify_file(&v, file);
        else if (argc > 0)
                verify_one(&v, argv[0]);
        else if (verify_one(&v, AUDIT_HOST) == 0 &&
                 home_each_org(c->home, verify_one, &v, &c->why) < 0)
                v.broken = -1;
        if (v.broken != 0) {
                code = command_failed(c);
                json_decref(v.rows);
        } else {
                code = v.bad == 0 ? EXIT_YES : EXIT_NO;
                if (c->json)
                        command_answer(v.rows, code);
                else
                        json_decref(v.rows);
        }
out:
        mem_free(anchor_text);
        return code;
}

struct exporting {
        bool json, some;
};

static int print_line(void *context, const char *line, size_t len)
{
        struct exporting *e = context;

        if (!e->json)
                return fwrite(line, 1, len, stdout) != len || putchar('\n') == EOF;
        if (len < 66)
                return 0;
        printf("%s{\"hash\":\"%.64s\",\"record\":%.*s}", e->some ? ",\n" : "", line, (int)len - 65,
               line + 65);
        e->some = true;
        return 0;
}

static int export(struct command_context *c, int argc, char **argv)
{
        struct exporting e = { c->json, false };
        struct org *org = NULL;
        int code;

        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        if (argc == 1 && text_equal(argv[0], AUDIT_HOST))
                code = command_home(c);
        else
                code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        if (c->json)
                printf("[");
        if (audit_export(c->home, org == NULL ? AUDIT_HOST : org->name, print_line, &e, &c->why) !=
            0)
                return command_failed(c);
        if (c->json)
                printf("]\n");
        return EXIT_YES;
}

static int audit(struct command_context *c, int argc, char **argv)
{
        if (argc > 0 && text_equal(argv[0], "verify"))
                return verify(c, argc - 1, argv + 1);
        if (argc > 0 && text_equal(argv[0], "export"))
                return export(c, argc - 1, argv + 1);
        return command_usage(c, "say verify or export");
}

const struct command commands_audit[] = {
        { "audit", "verify [ORG | -] [--anchor N:HASH] | verify --file FILE | export [ORG | -]",
          "Verify and export the log of who did what",
          "- is the host's own log. verify ends with 1 when lines were changed or taken away; a "
          "line\n"
          "that a crash cut off is told apart and is no fault. It prints the last record's number\n"
          "and hash: note them elsewhere, and ask for them with --anchor another time.\n"
          "export writes the lines as they stand; verify --file takes them back.",
          audit },
        { NULL, NULL, NULL, NULL, NULL },
};
