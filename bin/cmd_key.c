/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead key: issue, look at, change, rotate and revoke the keys that others show us. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/event.h"
#include "home/key.h"
#include "home/key_document.h"

#define OVERLAP "7d"

/* What the options of issue and change say; each NULL when it was not given. */
struct wishes {
        const char *scopes, *label, *expires, *starts, *from, *jobs;
        bool test;
};

static json_t *split(const char *text)
{
        json_t *list = json_array();
        char *copy = mem_text(text_or(text, "")), *rest = copy, *one;

        while ((one = text_next(&rest, ',')) != NULL) {
                one = text_trim(one);
                if (*one != '\0')
                        json_add(list, json_new_text(one, strlen(one)));
        }
        mem_free(copy);
        return list;
}

/* The word that takes a time away; none: there is none to take. */
static int take_time(struct command_context *c, json_t *asked, const char *option,
                     const char *member, const char *text, const char *none)
{
        int64_t ms = 0;

        if (text == NULL)
                return 0;
        if (!text_equal(text, none) && key_time(text, when_now_ms(), &ms) != 0) {
                command_usage(c, "%s takes 90d, 12h, 30m or 2027-01-31T00:00:00Z%s%s", option,
                              none != NULL ? ", or " : "", text_or(none, ""));
                return -1;
        }
        json_set_int(asked, member, ms);
        return 0;
}

/* The members that were asked for; NULL after saying what is wrong. */
static json_t *asked_for(struct command_context *c, const struct wishes *w, bool change)
{
        json_t *asked = json_object();

        if (take_time(c, asked, "--expires", "expires_ms", w->expires, change ? "never" : NULL) !=
                0 ||
            take_time(c, asked, "--not-before", "not_before_ms", w->starts,
                      change ? "now" : NULL) != 0) {
                json_decref(asked);
                return NULL;
        }
        if (w->label != NULL)
                json_set(asked, "label", json_new_text(w->label, strlen(w->label)));
        if (w->scopes != NULL)
                json_set(asked, "scopes", split(w->scopes));
        if (w->from != NULL)
                json_set(asked, "networks", split(text_equal(w->from, "any") ? "" : w->from));
        if (w->jobs != NULL)
                json_set(asked, "jobs", split(text_equal(w->jobs, "all") ? "" : w->jobs));
        return asked;
}

/* Into the log, and the worker looks when it expires. */
static int written_down(struct command_context *c, const struct org *org, const char *did,
                        const char *id, const json_t *detail)
{
        char *about = mem_format("key %s", id);
        int result = command_audit(c, org->name, did, about, detail);

        mem_free(about);
        event_wake(c->home, org->name, NULL, when_now_ms(), NULL);
        return result;
}

/* A key that was just made: shown once. */
static int show_made(struct command_context *c, struct org *org, const char *id, const char *text,
                     const char *more)
{
        json_t *row = NULL;

        if (!c->json) {
                printf("%s\n", text);
                fprintf(stderr,
                        "This is the only time the key is shown. Its id is %s; revoke it with: "
                        "fairlead key revoke %s %s\n%s",
                        id, org->name, id, more);
                return EXIT_YES;
        }
        if (key_get(c->home, org, id, &row, &c->why) != 1)
                return command_failed(c);
        json_set_text(row, "key", text);
        return command_answer(row, EXIT_YES);
}

static int issue(struct command_context *c, int argc, char **argv)
{
        struct wishes w = { 0 };
        const struct option_row rows[] = {
                { "--scope", &w.scopes, NULL },    { "--label", &w.label, NULL },
                { "--expires", &w.expires, NULL }, { "--not-before", &w.starts, NULL },
                { "--from", &w.from, NULL },       { "--jobs", &w.jobs, NULL },
                { "--test", NULL, &w.test },       { NULL, NULL, NULL }
        };
        char *text = NULL, *id = NULL, *who;
        struct key_order order;
        struct org *org;
        json_t *asked;
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        asked = asked_for(c, &w, false);
        if (asked == NULL)
                return EXIT_CALL;
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES) {
                json_decref(asked);
                return code;
        }
        who = command_who();
        order = (struct key_order){ .label = text_or(w.label, "issued on the command line"),
                                    .scopes = json_object_get(asked, "scopes"),
                                    .expires_ms = json_get_int(asked, "expires_ms", 0),
                                    .test = w.test,
                                    .not_before_ms = json_get_int(asked, "not_before_ms", 0),
                                    .networks = json_object_get(asked, "networks"),
                                    .jobs = json_object_get(asked, "jobs"),
                                    .by = who };
        if (key_issue(org, &order, &text, &id, &c->why) != 0 ||
            written_down(c, org, "key.issued", id, asked) != 0)
                code = command_failed(c);
        else
                code = show_made(c, org, id, text, "");
        mem_free_secret(text);
        mem_free(id);
        mem_free(who);
        json_decref(asked);
        return code;
}

static void print_row(const json_t *row)
{
        struct buf when = BUF_NONE, scopes = BUF_NONE, seen = BUF_NONE;
        int64_t expires = json_get_int(row, "expires_ms", 0),
                last = json_get_int(row, "used.last_ms", 0), now = when_now_ms();
        json_t *one;
        size_t i;

        json_array_foreach(json_object_get(row, "scopes"), i, one)
        {
                buf_format(&scopes, "%s%s", i == 0 ? "" : ",", json_text_of(one, ""));
        }
        if (expires != 0)
                when_iso(&when, expires);
        printf("%s  %-8s %-24s %s%s  %s\n", json_get_text(row, "starts", ""),
               json_get_text(row, "state", ""), buf_text(&scopes), expires ? "until " : "no expiry",
               buf_text(&when), json_get_text(row, "label", ""));
        if (last > 0) {
                when_span(&seen, now > last ? now - last : 0);
                printf("%18s%lld uses, last %s ago from %s\n", "",
                       (long long)json_get_int(row, "used.count", 0), buf_text(&seen),
                       json_get_text(row, "used.from", ""));
        }
        if (json_object_get(row, "rotation") != NULL)
                printf("%18srotated to %s: %s\n", "", json_get_text(row, "rotation.new", ""),
                       json_get_text(row, "rotation.sentence", ""));
        buf_dispose(&seen);
        buf_dispose(&when);
        buf_dispose(&scopes);
}

static int list(struct command_context *c, int argc, char **argv)
{
        json_t *rows = NULL, *row;
        struct org *org;
        size_t i;
        int code;

        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        if (key_list(c->home, org, &rows, &c->why) != 0)
                return command_failed(c);
        if (c->json)
                return command_answer(rows, EXIT_YES);
        json_array_foreach(rows, i, row)
        {
                print_row(row);
        }
        if (json_array_size(rows) == 0)
                printf("No keys yet. Issue one: fairlead key issue %s --scope interviews:write\n",
                       org->name);
        json_decref(rows);
        return EXIT_YES;
}

/* [ORG] ID: the org, and the id, for which the start of a key as lists show it will do, too. */
static int name_key(struct command_context *c, int argc, char **argv, struct org **org,
                    const char **id)
{
        if (argc < 1 || argc > 2)
                return command_usage(c, "name the key's id");
        *id = argv[argc - 1];
        if (text_starts(*id, "fl_live_") || text_starts(*id, "fl_test_"))
                *id += strlen("fl_live_");
        return command_org(c, argc == 2 ? argv[0] : NULL, org);
}

static int no_key(struct command_context *c, const struct org *org, const char *id, int found)
{
        return found < 0 ? command_failed(c) : command_no(c, "%s has no key %.40s", org->name, id);
}

static int put_changes(struct command_context *c, struct org *org, const char *id,
                       const json_t *changes)
{
        json_t *row = NULL;
        int found = key_change(org, id, changes, NULL, &c->why);

        if (found != 1)
                return no_key(c, org, id, found);
        if (written_down(c, org, "key.changed", id, changes) != 0 ||
            key_get(c->home, org, id, &row, &c->why) != 1)
                return command_failed(c);
        if (c->json)
                return command_answer(row, EXIT_YES);
        print_row(row);
        json_decref(row);
        return EXIT_YES;
}

static int change(struct command_context *c, int argc, char **argv)
{
        struct wishes w = { 0 };
        const struct option_row rows[] = { { "--scope", &w.scopes, NULL },
                                           { "--label", &w.label, NULL },
                                           { "--expires", &w.expires, NULL },
                                           { "--not-before", &w.starts, NULL },
                                           { "--from", &w.from, NULL },
                                           { "--jobs", &w.jobs, NULL },
                                           { NULL, NULL, NULL } };
        const char *id;
        struct org *org;
        json_t *asked;
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        asked = asked_for(c, &w, true);
        if (asked == NULL)
                return EXIT_CALL;
        if (json_object_size(asked) == 0)
                code = command_usage(c, "say what to change");
        else
                code = name_key(c, argc, argv, &org, &id);
        if (code == EXIT_YES)
                code = put_changes(c, org, id, asked);
        json_decref(asked);
        return code;
}

static int switch_key(struct command_context *c, int argc, char **argv, bool off)
{
        json_t *changes;
        const char *id;
        struct org *org;
        int code = name_key(c, argc, argv, &org, &id);

        if (code != EXIT_YES)
                return code;
        changes = json_object();
        json_set_bool(changes, "disabled", off);
        code = put_changes(c, org, id, changes);
        json_decref(changes);
        return code;
}

static int rotate(struct command_context *c, int argc, char **argv)
{
        const char *overlap = OVERLAP, *given = NULL, *id;
        const struct option_row rows[] = { { "--overlap", &given, NULL }, { NULL, NULL, NULL } };
        char *text = NULL, *fresh = NULL, *who;
        struct org *org;
        int64_t ms;
        int code, found;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        overlap = given != NULL ? given : overlap;
        if (key_span(overlap, &ms) != 0)
                return command_usage(c, "--overlap takes now, 30m, 12h or 7d");
        code = name_key(c, argc, argv, &org, &id);
        if (code != EXIT_YES)
                return code;
        who = command_who();
        found = key_rotate(org, id, ms, NULL, who, &text, &fresh, &c->why);
        mem_free(who);
        if (found != 1)
                return no_key(c, org, id, found);
        if (written_down(c, org, "key.rotated", id, NULL) != 0)
                code = command_failed(c);
        else
                code = show_made(c, org, fresh, text,
                                 ms == 0 ? "The old key is revoked.\n"
                                         : "The old key still works; fairlead key list tells who "
                                           "has switched.\n");
        mem_free_secret(text);
        mem_free(fresh);
        return code;
}

static int revoke(struct command_context *c, int argc, char **argv)
{
        const char *id;
        struct org *org;
        json_t *answer;
        int code = name_key(c, argc, argv, &org, &id), done;

        if (code != EXIT_YES)
                return code;
        done = key_revoke(org, id, NULL, &c->why);
        if (done <= 0)
                return no_key(c, org, id, done);
        if (done == 1 && written_down(c, org, "key.revoked", id, NULL) != 0)
                return command_failed(c);
        if (c->json) {
                answer = json_object();
                json_set_text(answer, "id", id);
                json_set_bool(answer, "changed", done == 1);
                return command_answer(answer, EXIT_YES);
        }
        printf(done == 1 ? "Key %s is revoked.\n" : "Key %s was revoked before.\n", id);
        return EXIT_YES;
}

static int key(struct command_context *c, int argc, char **argv)
{
        const char *verb = argc > 0 ? argv[0] : "";

        if (text_equal(verb, "issue"))
                return issue(c, argc - 1, argv + 1);
        if (text_equal(verb, "list"))
                return list(c, argc - 1, argv + 1);
        if (text_equal(verb, "change"))
                return change(c, argc - 1, argv + 1);
        if (text_equal(verb, "disable") || text_equal(verb, "enable"))
                return switch_key(c, argc - 1, argv + 1, text_equal(verb, "disable"));
        if (text_equal(verb, "rotate"))
                return rotate(c, argc - 1, argv + 1);
        if (text_equal(verb, "revoke"))
                return revoke(c, argc - 1, argv + 1);
        return command_usage(c, "say issue, list, change, disable, enable, rotate or revoke");
}

const struct command commands_key[] = {
        { "key",
          "issue [ORG] --scope S[,S...] [--label TEXT] [--expires WHEN] [--not-before WHEN] "
          "[--from NET[,NET...]] [--jobs ID[,ID...]] [--test] | list [ORG] | "
          "change [ORG] ID [...] | disable [ORG] ID | enable [ORG] ID | "
          "rotate [ORG] ID [--overlap SPAN] | revoke [ORG] ID",
          "Issue, list, change, rotate and revoke keys",
          "scopes: interviews:write, interviews:read, status:read, actions:write, results:read,\n"
          "        platform:read, keys:read, keys:write; keys:* is both of these\n"
          "WHEN:   90d, 12h, 30m from now, or a time such as 2027-01-31T00:00:00Z\n"
          "SPAN:   how long the old key still works: now, 12h; 7d unless given\n\n"
          "The key goes to stdout, once; only its digest is kept. change takes the options of\n"
          "issue; --expires never, --from any and --jobs all take a limit away.",
          key },
        { NULL, NULL, NULL, NULL, NULL },
};
