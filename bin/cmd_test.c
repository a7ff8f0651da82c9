/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead test, alerts: does it work, and what should somebody see to? */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/alert.h"
#include "home/apply.h"
#include "home/connection.h"
#include "home/records.h"
#include "web/serve.h"

struct trying {
        struct command_context *c;
        struct org *org;
        json_t *rows;
        int bad; /* that do not work */
};

static struct apply_options options(void)
{
        return (struct apply_options){ .data_dir = serve_settings.data,
                                       .scale = serve_settings.retry_scale };
}

static int try_one(void *context, const char *id)
{
        struct trying *t = context;
        const struct apply_options how = options();
        json_t *answer = NULL, *record = NULL;

        if (record_get(t->org, "connection", id, &record, &t->c->why) < 0 ||
            apply_test(t->c->home, t->org, id, &how, &answer, &t->c->why) != 0) {
                json_decref(record);
                return -1;
        }
        t->bad += json_is_false(json_object_get(answer, "ok"));
        json_set_text(answer, "org", t->org->name);
        json_set_text(answer, "connection", id);
        json_set_text(answer, "kind", json_get_text(record, "kind", ""));
        if (!t->c->json) {
                printf("%s %s (%s)\n", t->org->name, id, json_get_text(record, "kind", ""));
                command_print_test(answer);
        }
        json_add(t->rows, answer);
        json_decref(record);
        return 0;
}

static int try_org(void *context, const char *name)
{
        struct trying *t = context;

        if (home_org(t->c->home, name, &t->org, &t->c->why) != 1)
                return -1;
        return connection_each(t->c->home, t->org, try_one, t, &t->c->why);
}

static int conclude(struct trying *t)
{
        int code = t->bad == 0 ? EXIT_YES : EXIT_NO;
        size_t count = json_array_size(t->rows);
        json_t *answer;

        if (t->c->json) {
                answer = json_object();
                json_set_bool(answer, "ok", t->bad == 0);
                json_set(answer, "connections", t->rows);
                return command_answer(answer, code);
        }
        json_decref(t->rows);
        if (count == 0)
                printf("No connections yet; see fairlead apply --help.\n");
        else if (t->bad == 0)
                printf("No trouble with %s.\n", count == 1 ? "it" : "any of them");
        else
                printf("%d of %zu do not work.\n", t->bad, count);
        return code;
}

/* 1, 0 it has none of that name, -1 */
static int has_connection(struct command_context *c, struct org *org, const char *name)
{
        return text_is_name(name, CONNECTION_ID_MAX)
                   ? store_get(org->store, "connection", name, NULL, &c->why)
                   : 0;
}

/* One name alone is an organisation, or else a connection of the only one. */
static int is_connection(struct command_context *c, const char *name, struct org **only)
{
        struct org *org = NULL;
        int found = home_org(c->home, name, &org, &c->why);

        if (found != 0)
                return found < 0 ? -1 : 0;
        if (command_org(c, NULL, only) != EXIT_YES)
                return -2; /* it was said */
        return has_connection(c, *only, name);
}

static int test(struct command_context *c, int argc, char **argv)
{
        struct trying t = { .c = c };
        const char *connection = NULL;
        int code, found;

        if (argc > 2)
                return command_usage(c, "name an organisation and a connection at most");
        code = command_home(c);
        if (code != EXIT_YES)
                return code;
        t.rows = json_array();
        if (argc == 2) {
                code = command_org(c, argv[0], &t.org);
                connection = argv[1];
                found = code == EXIT_YES ? has_connection(c, t.org, connection) : 1;
                if (found < 1)
                        code = found < 0
                                   ? command_failed(c)
                                   : command_no(c, "there is no connection %.40s", connection);
        } else if (argc == 1) {
                found = is_connection(c, argv[0], &t.org);
                if (found == 1)
                        connection = argv[0];
                else if (found < 0)
                        code = found == -2 ? EXIT_CALL : command_failed(c);
                else if (t.org != NULL)
                        code =
                            command_no(c, "there is no organisation or connection %.40s", argv[0]);
        }
        if (code != EXIT_YES) {
                json_decref(t.rows);
                return code;
        }
        if (connection != NULL)
                found = try_one(&t, connection);
        else
                found =
                    argc == 0 ? home_each_org(c->home, try_org, &t, &c->why) : try_org(&t, argv[0]);
        if (found != 0) {
                json_decref(t.rows);
                return command_failed(c);
        }
        /* One connection by name: its test is the answer. */
        if (connection != NULL && c->json) {
                json_t *one = json_incref(json_array_get(t.rows, 0));

                json_decref(t.rows);
                return command_answer(one, t.bad == 0 ? EXIT_YES : EXIT_NO);
        }
        return conclude(&t);
}

/* Alerts. */

static void print_alert(const json_t *row)
{
        const char *state = json_get_text(row, "state", "");
        struct buf when = BUF_NONE, told = BUF_NONE;

        when_iso(&when, json_get_int(row, "changed_ms", 0));
        if (json_get_int(row, "told_ms", 0) > 0) {
                buf_add_text(&told, "told ");
                when_iso(&told, json_get_int(row, "told_ms", 0));
        }
        printf("%-8s  %s  %s\n", state, buf_text(&when), json_get_text(row, "title", ""));
        if (!text_empty(json_get_text(row, "sentence", "")))
                printf("          %s\n", json_get_text(row, "sentence", ""));
        printf("          %lld times; %s\n", (long long)json_get_int(row, "count", 0),
               told.len > 0 ? buf_text(&told) : "nobody was told");
        buf_dispose(&when);
        buf_dispose(&told);
}

/* A mail to every address of the org, at once. */
static int send_trial(struct command_context *c, struct org *org)
{
        struct post post = command_post();
        json_t *self = NULL, *rows = json_array(), *one;
        int sent = 0, bad = 0;
        size_t i;

        if (record_get(org, "org", "self", &self, &c->why) < 0) {
                json_decref(rows);
                return command_failed(c);
        }
        json_array_foreach(json_object_get(self, "alert_email"), i, one)
        {
                char *id = secret_token(24),
                     *subject = mem_format("[%s] A trial", json_get_text(self, "name", org->name));
                struct mail mail = { .to = json_text_of(one, ""),
                                     .subject = subject,
                                     .text = "Alerts of Fairlead reach this address.\n",
                                     .id = id,
                                     .date_ms = when_now_ms() };
                struct mail_answer answer;
                json_t *row = json_object();
                bool good = post_send(&post, json_get_text(self, "public_url", NULL), &mail,
                                      &answer, NULL) == 0;

                sent += good;
                bad += !good;
                json_set_text(row, "to", mail.to);
                json_set_bool(row, "sent", good);
                json_set_text(row, "cause", answer.cause);
                json_add(rows, row);
                if (!c->json)
                        printf("%s  %s%s%s\n", good ? "sent   " : "NOT    ", mail.to,
                               good ? "" : ": ", answer.cause);
                mem_free(subject);
                mem_free(id);
        }
        json_decref(self);
        if (c->json)
                return command_answer(rows, bad == 0 && sent > 0 ? EXIT_YES : EXIT_NO);
        json_decref(rows);
        if (sent + bad == 0)
                return command_no(c, "%s has no alert_email; see fairlead-apply(5)", org->name);
        return bad == 0 ? EXIT_YES : EXIT_NO;
}

static int alerts(struct command_context *c, int argc, char **argv)
{
        bool trial = false;
        const struct option_row rows[] = { { "--send-trial", NULL, &trial }, { NULL, NULL, NULL } };
        json_t *list = NULL, *row;
        struct org *org;
        int code;
        size_t i;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        if (trial)
                return send_trial(c, org);
        if (alert_list(org, &list, &c->why) != 0)
                return command_failed(c);
        if (c->json)
                return command_answer(list, EXIT_YES);
        json_array_foreach(list, i, row)
        {
                print_alert(row);
        }
        if (json_array_size(list) == 0)
                printf("No alerts.\n");
        json_decref(list);
        return EXIT_YES;
}

const struct command commands_test[] = {
        { "test", "[ORG [CONNECTION]]", "Try connections and say what is wrong in words",
          "Without names, every connection of every organisation; with one, those of that\n"
          "organisation. Where the home has only one, the name of a connection will do.\n"
          "Exit code 1 when one of them does not work.",
          test },
        { "alerts", "[ORG] [--send-trial]", "Show what somebody should see to, and who was told",
          "--send-trial sends a mail to every address of alert_email at once and says how it went.",
          alerts },
        { NULL, NULL, NULL, NULL, NULL },
};
