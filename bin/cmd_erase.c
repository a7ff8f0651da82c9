/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead erase: a candidate's data goes. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/forget.h"
#include "web/serve.h"

#define WHAT_MAX 300
#define AT_ONCE 1000 /* with --older-than, found at one look */

/* One line of standard input: what is in argv, others see. */
static char *read_what(void)
{
        char line[WHAT_MAX + 2] = "";

        if (fgets(line, sizeof line, stdin) == NULL)
                return mem_text("");
        line[strcspn(line, "\r\n")] = '\0';
        return mem_text(text_trim(line));
}

static void print_list(const json_t *found, const char *list, const char *words)
{
        const json_t *keys = json_object_get(found, list);

        for (size_t i = 0; i < json_array_size(keys); i++)
                printf("%s %s\n", words, json_text_of(json_array_get(keys, i), ""));
}

static void print_count(const struct forget_count *count, bool done)
{
        printf("%llu applications with their assessments, %llu other assessments, %llu interviews "
               "and %llu raw events %s erased.\n",
               (unsigned long long)count->applications, (unsigned long long)count->sessions,
               (unsigned long long)count->interviews, (unsigned long long)count->events,
               done ? "were" : "would be");
}

/* Erases and writes down that it was done; also how far it came when it failed. */
static int erase_found(struct command_context *c, struct org *org, const json_t *found,
                       struct forget_count *count)
{
        const struct trade trade = { .home = c->home, .scale = serve_settings.retry_scale };
        int result = forget_all(&trade, org, found, false, count, &c->why);
        json_t *detail = forget_show(count);
        const json_t *keys = json_object_get(found, "applications");
        char *about = json_array_size(keys) == 1
                          ? mem_format("candidate %s", json_text_of(json_array_get(keys, 0), ""))
                          : NULL;

        if (command_audit(c, org->name, "candidate.erased", about, detail) != 0)
                result = -1;
        json_decref(detail);
        mem_free(about);
        return result;
}

static int answer(struct command_context *c, const json_t *found, const struct forget_count *count,
                  bool yes)
{
        json_t *row;

        if (c->json) {
                row = forget_show(count);
                json_set_bool(row, "erased", yes);
                json_set(row, "found", json_deep_copy(found));
                return command_answer(row, EXIT_YES);
        }
        if (!yes) {
                print_list(found, "applications", "application");
                print_list(found, "sessions", "assessment ");
                print_list(found, "interviews", "interview  ");
        }
        print_count(count, yes);
        if (!yes)
                printf(
                    "Say --yes to erase them. The hiring system and the platform keep theirs.\n");
        return EXIT_YES;
}

static int erase_one(struct command_context *c, struct org *org, const char *what, bool yes)
{
        struct forget_count count = { 0 };
        json_t *found = NULL;
        int code;

        if (*what == '\0' || strlen(what) > WHAT_MAX)
                return command_usage(c, "name the candidate");
        switch (forget_find(org, what, &found, &c->why)) {
        case 1:
                break;
        case 0:
                return command_no(c, "%s holds nothing about %.100s", org->name, what);
        default:
                return command_failed(c);
        }
        count = forget_size(found);
        code = yes && erase_found(c, org, found, &count) != 0 ? command_failed(c)
                                                              : answer(c, found, &count, yes);
        json_decref(found);
        return code;
}

static void add(struct forget_count *sum, const struct forget_count *count)
{
        sum->applications += count->applications;
        sum->sessions += count->sessions;
        sum->interviews += count->interviews;
        sum->events += count->events;
}

/* In slices: each is found, erased and written down before the next. */
static int erase_old(struct command_context *c, struct org *org, int64_t days, bool yes)
{
        int64_t before_ms = when_now_ms() - days * WHEN_DAY;
        struct forget_count sum = { 0 };
        json_t *first = NULL;
        bool more = true;
        int code = EXIT_YES;

        while (code == EXIT_YES && more) {
                struct forget_count count = { 0 };
                json_t *found = NULL;

                if (forget_find_old(org, before_ms, yes ? AT_ONCE : UINT32_MAX, &found, &more,
                                    &c->why) != 0)
                        code = command_failed(c);
                count = forget_size(found);
                more = more && yes;
                if (code == EXIT_YES && yes &&
                    count.applications + count.sessions + count.interviews > 0 &&
                    erase_found(c, org, found, &count) != 0)
                        code = command_failed(c);
                add(&sum, &count);
                if (first == NULL)
                        first = json_incref(found);
                json_decref(found);
        }
        if (code == EXIT_YES)
                code = answer(c, first, &sum, yes);
        json_decref(first);
        return code;
}

static int erase(struct command_context *c, int argc, char **argv)
{
        const char *older = NULL;
        bool yes = false;
        const struct option_row rows[] = { { "--older-than", &older, NULL },
                                           { "--yes", NULL, &yes },
                                           { NULL, NULL, NULL } };
        struct org *org;
        int64_t days = 0;
        char *what;
        int code, names;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (older != NULL && text_int(older, 1, FORGET_DAYS_MAX, &days) != 0)
                return command_usage(c, "--older-than takes a number of days, 1 to %d",
                                     FORGET_DAYS_MAX);
        names = older == NULL ? 1 : 0;
        if (argc < names || argc > names + 1)
                return command_usage(
                    c, "%s", older == NULL ? "name the candidate" : "one organisation at a time");
        code = command_org(c, argc > names ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        if (older != NULL)
                return erase_old(c, org, days, yes);
        what = text_equal(argv[argc - 1], "-") ? read_what() : mem_text(argv[argc - 1]);
        code = erase_one(c, org, what, yes);
        mem_free(what);
        return code;
}

const struct command commands_erase[] = {
        { "erase", "[ORG] CANDIDATE [--yes] | [ORG] --older-than DAYS [--yes]",
          "Erase what is held about a candidate",
          "CANDIDATE is a mail address, an application (gh:17 or 17), the id of a candidate in "
          "the\n"
          "hiring system, an assessment (cs:abc) or an interview; - reads it from standard input.\n"
          "Whoever has the same address is the same candidate. Without --yes it says what would\n"
          "go. --older-than takes all of which nothing was heard for so many days; to have that\n"
          "done day by day, set retention_days, see fairlead-apply(5).",
          erase },
        { NULL, NULL, NULL, NULL, NULL },
};
