/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead init, org, check, backup, restore: the home itself. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/audit.h"
#include "home/backup.h"
#include "home/records.h"

static int init(struct command_context *c, int argc, char **argv)
{
        bool made;
        json_t *answer;

        (void)argv;
        if (argc != 0)
                return command_usage(c, "init takes the home from --home or FAIRLEAD_HOME only");
        if (text_empty(c->home_path))
                return command_usage(c, "which home? Give --home DIR or set FAIRLEAD_HOME");
        if (home_create(c->home_path, &made, &c->why) != 0)
                return command_failed(c);
        if (c->json) {
                answer = json_object();
                json_set_text(answer, "home", c->home_path);
                json_set_bool(answer, "changed", made);
                return command_answer(answer, EXIT_YES);
        }
        if (made)
                printf("The home %s is ready.\nKeep a copy of %s/secrets elsewhere: without it "
                       "stored credentials cannot be opened.\n",
                       c->home_path, c->home_path);
        else
                printf("Nothing to do: the home %s is there.\n", c->home_path);
        return EXIT_YES;
}

struct orgs {
        struct command_context *c;
        json_t *list;
};

static int add_org(void *context, const char *name)
{
        struct orgs *orgs = context;
        json_t *self = NULL, *row = json_object();
        struct org *org;
        uint64_t connections = 0;

        json_set_text(row, "org", name);
        if (home_org(orgs->c->home, name, &org, NULL) != 1 ||
            record_get(org, "org", "self", &self, NULL) < 0 ||
            store_set_count(org->store, "connections", &connections, NULL) != 0) {
                json_set_bool(row, "broken", true);
        } else {
                json_set_text(row, "name", json_get_text(self, "name", name));
                json_set_text(row, "public_url", json_get_text(self, "public_url", NULL));
                json_set_int(row, "connections", (int64_t)connections);
        }
        json_decref(self);
        json_add(orgs->list, row);
        return 0;
}

static int org(struct command_context *c, int argc, char **argv)
{
        struct orgs orgs = { c, NULL };
        json_t *row;
        size_t i;
        int code;

        (void)argv;
        if (argc != 0)
                return command_usage(c,
                                     "org lists them all; fairlead apply makes and changes them");
        code = command_home(c);
        if (code != EXIT_YES)
                return code;
        orgs.list = json_array();
        if (home_each_org(c->home, add_org, &orgs, &c->why) < 0) {
                json_decref(orgs.list);
                return command_failed(c);
        }
        if (c->json)
                return command_answer(orgs.list, EXIT_YES);
        json_array_foreach(orgs.list, i, row)
        {
                if (json_get_bool(row, "broken", false))
                        printf("%-20s cannot be read; run fairlead check\n",
                               json_get_text(row, "org", ""));
                else
                        printf("%-20s %-30s %2lld connections  %s\n", json_get_text(row, "org", ""),
                               json_get_text(row, "name", ""),
                               (long long)json_get_int(row, "connections", 0),
                               json_get_text(row, "public_url", ""));
        }
        if (json_array_size(orgs.list) == 0)
                printf("No organisation yet. Set one up: fairlead apply FILE\n");
        json_decref(orgs.list);
        return EXIT_YES;
}

struct checking {
        struct command_context *c;
        json_t *rows;
        int bad, mended, full; /* full: could not be looked through for want of room */
};

/* result: 0 well, 1 damage was found and mended, -1. */
static void checked(struct checking *k, const char *what, int result, uint64_t records,
                    const struct fail *why)
{
        json_t *row = json_object();

        json_set_text(row, "what", what);
        json_set_bool(row, "ok", result == 0);
        json_set_int(row, "records", (int64_t)records);
        if (result != 0)
                json_set_text(row, "cause", why->text);
        json_add(k->rows, row);
        if (result > 0)
                json_set_bool(row, "mended", true);
        /* A full disk is no damage, and nothing for a backup to bring back. */
        if (result > 0)
                k->mended++;
        else if (result != 0 && why->kind == FAIL_FULL)
                k->full++;
        else if (result != 0)
                k->bad++;
        if (k->c->json)
                return;
        if (result == 0)
                printf("ok   %s: %llu records\n", what, (unsigned long long)records);
        else if (result > 0)
                printf("mended %s: %s\n", what, why->text);
        else if (why->kind == FAIL_FULL)
                printf("full %s: %s\n", what, why->text);
        else
                printf("BAD  %s: %s\n", what, why->text);
}

/* What is damaged is made anew from what is whole, if that is enough of it. */
static void check_store(struct checking *k, const char *what, const char *dir)
{
        struct fail why = FAIL_CLEAR, ignored = FAIL_CLEAR;
        uint64_t records = 0;
        int result = store_check(dir, &records, &why);

        if (result != 0 && why.kind == FAIL_BROKEN && store_renew(dir, &ignored) == 0 &&
            store_check(dir, &records, &ignored) == 0)
                result = 1;
        checked(k, what, result, records, &why);
}

static int check_org(void *context, const char *name)
{
        struct checking *k = context;
        char *dir = mem_format("%s/orgs/%s", home_path(k->c->home), name);
        char *what = mem_format("organisation %s", name);

        check_store(k, what, dir);
        mem_free(what);
        mem_free(dir);
        return 0;
}

/* There when somebody operates the host through the pages. */
static void check_host(struct checking *k)
{
        char *dir = file_path(home_path(k->c->home), "host");

        if (access(dir, F_OK) == 0)
                check_store(k, "the host", dir);
        mem_free(dir);
}

static int check(struct command_context *c, int argc, char **argv)
{
        struct checking k = { .c = c };
        struct fail why = FAIL_CLEAR;
        uint64_t records = 0;
        char *dir;
        int code;

        (void)argv;
        if (argc != 0)
                return command_usage(c, "check takes no operands");
        code = command_home(c);
        if (code != EXIT_YES)
                return code;
        k.rows = json_array();
        dir = file_path(home_path(c->home), "inbox");
        code = inbox_check(dir, &records, &why);
        checked(&k, "inbox", code, records, &why);
        mem_free(dir);
        check_host(&k);
        if (home_each_org(c->home, check_org, &k, &c->why) < 0) {
                json_decref(k.rows);
                return command_failed(c);
        }
        if (k.bad == 0 && k.full > 0) {
                json_decref(k.rows);
                fail_set(&c->why, FAIL_FULL,
                         "no room to look everything through: make room, then "
                         "check again");
                return command_failed(c);
        }
        code = k.bad == 0 && k.mended == 0 ? EXIT_YES : EXIT_NO;
        if (c->json)
                return command_answer(k.rows, code);
        if (k.bad != 0)
                fprintf(stderr,
                        "fairlead: check: %d of %zu bad; a backup brings them back: "
                        "fairlead restore FILE --replace\n",
                        k.bad, json_array_size(k.rows));
        else if (k.mended != 0)
                fprintf(stderr,
                        "fairlead: check: %d of %zu had damage that is mended; nothing is lost, "
                        "but look at the disk\n",
                        k.mended, json_array_size(k.rows));
        json_decref(k.rows);
        return code;
}

static int say_count(struct command_context *c, const char *path, const struct backup_count *count,
                     const char *verb)
{
        json_t *answer;

        if (c->json) {
                answer = json_object();
                json_set_text(answer, "file", path);
                json_set_int(answer, "orgs", (int64_t)count->orgs);
                json_set_int(answer, "records", (int64_t)count->records);
                json_set_int(answer, "waiting", (int64_t)count->waiting);
                json_set_int(answer, "files", (int64_t)count->files);
                return command_answer(answer, EXIT_YES);
        }
        printf("%s %s: %llu organisations, %llu records, %llu deliveries still to be worked on, "
               "%llu files.\n",
               verb, path, (unsigned long long)count->orgs, (unsigned long long)count->records,
               (unsigned long long)count->waiting, (unsigned long long)count->files);
        return EXIT_YES;
}

static int backup(struct command_context *c, int argc, char **argv)
{
        struct backup_count count;
        bool with_key = false;
        const struct option_row rows[] = { { "--with-key", NULL, &with_key },
                                           { NULL, NULL, NULL } };
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc != 1)
                return command_usage(c, "name the file to write");
        code = command_home(c);
        if (code != EXIT_YES)
                return code;
        if (backup_write(c->home, argv[0], with_key, &count, &c->why) != 0)
                return command_failed(c);
        if (!c->json && !with_key)
                fprintf(stderr, "The master key is not in it; keep %s/secrets elsewhere.\n",
                        c->home_path);
        return say_count(c, argv[0], &count, "Wrote");
}

static int restore(struct command_context *c, int argc, char **argv)
{
        struct backup_count count;
        bool replace = false;
        const char *key = NULL;
        const struct option_row rows[] = { { "--replace", NULL, &replace },
                                           { "--key", &key, NULL },
                                           { NULL, NULL, NULL } };

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc != 1)
                return command_usage(c, "name the file to read");
        if (text_empty(c->home_path))
                return command_usage(c, "which home? Give --home DIR or set FAIRLEAD_HOME");
        if (backup_restore(c->home_path, argv[0], replace, key, &count, &c->why) != 0)
                return command_failed(c);
        if (command_home(c) != EXIT_YES ||
            command_audit(c, AUDIT_HOST, "home.restored", argv[0], NULL) != 0)
                return command_failed(c);
        return say_count(c, argv[0], &count, "Restored from");
}

const struct command commands_home[] = {
        { "init", "", "Make a home: directories, master key, inbox",
          "What is there already stays as it is.", init },
        { "org", "", "List the organisations of the home", NULL, org },
        { "check", "", "Verify every file of the home",
          "Reads the journal and the index of every organisation and the inbox, and compares "
          "them. What is damaged is made anew from what is whole, where that is enough; the "
          "answer\n"
          "is no all the same, once. May run beside everything else.",
          check },
        { "backup", "[--with-key] FILE", "Write the home as it stands into one file",
          "Programs and worker go on meanwhile. The master key is left out unless --with-key is\n"
          "given: keep key and backup apart.",
          backup },
        { "restore", "[--replace] [--key KEYFILE] FILE", "Bring a home back from such a file",
          "The whole file is verified before anything changes. Programs go on serving meanwhile,\n"
          "and a worker rests. Where an organisation has records, nothing is changed without\n"
          "--replace, and the command says so. Interrupted, it can be run again. KEYFILE is the\n"
          "master key of the time of the backup, where it was rotated since (fairlead rekey).",
          restore },
        { NULL, NULL, NULL, NULL, NULL },
};
