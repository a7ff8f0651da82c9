/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead key: issue, list and revoke the keys that others show us. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/key.h"

/* "90d", "12h", "30m" from now, or a time like 2027-01-31T00:00:00Z; 0 done. */
static int parse_expiry(const char *text, int64_t *ms)
{
        size_t len = strlen(text);
        int64_t number, unit;
        char *digits;
        int result;

        if (when_parse(text, ms) == 0)
                return 0;
        if (len < 2)
                return -1;
        unit = text[len - 1] == 'd'   ? WHEN_DAY
               : text[len - 1] == 'h' ? WHEN_HOUR
               : text[len - 1] == 'm' ? WHEN_MINUTE
                                      : 0;
        digits = mem_text_part(text, len - 1);
        result = unit == 0 ? -1 : text_int(digits, 1, 100000, &number);
        mem_free(digits);
        if (result == 0)
                *ms = when_now_ms() + number * unit;
        return result;
}

static json_t *split_scopes(const char *text)
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

static int say_issued(struct command_context *c, const struct org *org, const char *id,
                      const struct key_order *order)
{
        json_t *detail = json_object();
        char *about = mem_format("key %s", id);
        int result;

        json_set_text(detail, "label", order->label);
        json_set(detail, "scopes", json_deep_copy(order->scopes));
        result = command_audit(c, org->name, "key.issued", about, detail);
        mem_free(about);
        json_decref(detail);
        return result;
}

static int issue(struct command_context *c, int argc, char **argv)
{
        const char *scopes = NULL, *label = NULL, *expires = NULL;
        struct key_order order = { 0 };
        const struct option_row rows[] = { { "--scope", &scopes, NULL },
                                           { "--label", &label, NULL },
                                           { "--expires", &expires, NULL },
                                           { "--test", NULL, &order.test },
                                           { NULL, NULL, NULL } };
        char *text = NULL, *id = NULL;
        json_t *list, *answer;
        struct org *org;
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        if (expires != NULL && parse_expiry(expires, &order.expires_ms) != 0)
                return command_usage(c, "--expires takes 90d, 12h, 30m or 2027-01-31T00:00:00Z");
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        list = split_scopes(scopes);
        order.label = text_or(label, "issued on the command line");
        order.scopes = list;
        if (key_issue(org, &order, &text, &id, &c->why) != 0) {
                json_decref(list);
                return command_failed(c);
        }
        if (say_issued(c, org, id, &order) != 0) {
                code = command_failed(c);
        } else if (c->json) {
                answer = json_object();
                json_set_text(answer, "id", id);
                json_set_text(answer, "key", text);
                json_set(answer, "scopes", json_incref(list));
                code = command_answer(answer, EXIT_YES);
        } else {
                printf("%s\n", text);
                fprintf(stderr,
                        "This is the only time the key is shown. Its id is %s; revoke it "
                        "with: fairlead key revoke %s %s\n",
                        id, org->name, id);
        }
        mem_free_secret(text);
        mem_free(id);
        json_decref(list);
        return code;
}

static void print_row(const json_t *row)
{
        struct buf when = BUF_NONE, scopes = BUF_NONE;
        int64_t expires = json_get_int(row, "expires_ms", 0);
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
        if (key_list(org, &rows, &c->why) != 0)
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

static int revoke(struct command_context *c, int argc, char **argv)
{
        const char *id = argc > 0 ? argv[argc - 1] : NULL;
        struct org *org;
        json_t *answer;
        char *about;
        int code, done;

        if (argc < 1 || argc > 2)
                return command_usage(c, "name the key's id");
        code = command_org(c, argc == 2 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        /* The start of a key as lists show it will do, too. */
        if (text_starts(id, "fl_live_") || text_starts(id, "fl_test_"))
                id += strlen("fl_live_");
        done = key_revoke(org, id, &c->why);
        if (done < 0)
                return command_failed(c);
        if (done == 0)
                return command_no(c, "%s has no key %.40s", org->name, id);
        about = mem_format("key %s", id);
        if (done == 1 && command_audit(c, org->name, "key.revoked", about, NULL) != 0)
                done = -1;
        mem_free(about);
        if (done < 0)
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
        if (argc > 0 && text_equal(argv[0], "issue"))
                return issue(c, argc - 1, argv + 1);
        if (argc > 0 && text_equal(argv[0], "list"))
                return list(c, argc - 1, argv + 1);
        if (argc > 0 && text_equal(argv[0], "revoke"))
                return revoke(c, argc - 1, argv + 1);
        return command_usage(c, "say issue, list or revoke");
}

const struct command commands_key[] = {
        { "key",
          "issue [ORG] --scope S[,S...] [--label TEXT] [--expires WHEN] [--test] | list [ORG] | "
          "revoke [ORG] ID",
          "Issue, list and revoke keys",
          "scopes: interviews:write, interviews:read, status:read, actions:write, results:read\n"
          "WHEN:   90d, 12h, 30m from now, or a time such as 2027-01-31T00:00:00Z\n\n"
          "The key goes to stdout, once; only its digest is kept.",
          key },
        { NULL, NULL, NULL, NULL, NULL },
};
