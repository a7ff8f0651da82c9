/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead secret: the secrets of connections: which there are, how old, which one signed last. */
#include <stdio.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/credential.h"

static void print_age(int64_t ms)
{
        struct buf span = BUF_NONE;
        int64_t now = when_now_ms();

        when_span(&span, now > ms ? now - ms : 0);
        printf("%s old", buf_text(&span));
        buf_dispose(&span);
}

static void print_credentials(const json_t *rows)
{
        json_t *row, *one;
        size_t i, k;

        json_array_foreach((json_t *)(uintptr_t)rows, i, row)
        {
                json_array_foreach(json_object_get(row, "names"), k, one)
                {
                        printf("%-12s credential      %-14s ", json_get_text(row, "connection", ""),
                               json_get_text(one, "name", ""));
                        print_age(json_get_int(one, "added_ms", 0));
                        printf(", %s\n", json_get_text(one, "by", "by somebody"));
                }
        }
}

static void print_secrets(const json_t *rows)
{
        json_t *row, *one;
        size_t i, k;

        json_array_foreach((json_t *)(uintptr_t)rows, i, row)
        {
                json_array_foreach(json_object_get(row, "secrets"), k, one)
                {
                        printf("%-12s webhook secret  %-14s ", json_get_text(row, "connection", ""),
                               json_get_text(one, "name", ""));
                        print_age(json_get_int(one, "added_ms", 0));
                        printf("%s\n", json_get_bool(one, "signed_last", false)
                                           ? ", signed the last delivery"
                                           : "");
                }
        }
}

static int list(struct command_context *c, struct org *org)
{
        json_t *credentials = NULL, *secrets = NULL, *answer;

        if (credential_list(c->home, org, &credentials, &c->why) != 0)
                return command_failed(c);
        if (webhook_secret_list(c->home, org, &secrets, &c->why) != 0) {
                json_decref(credentials);
                return command_failed(c);
        }
        if (c->json) {
                answer = json_object();
                json_set(answer, "credentials", credentials);
                json_set(answer, "webhooks", secrets);
                return command_answer(answer, EXIT_YES);
        }
        print_credentials(credentials);
        print_secrets(secrets);
        json_decref(credentials);
        json_decref(secrets);
        return EXIT_YES;
}

static int written_down(struct command_context *c, const struct org *org, const char *did,
                        const char *connection)
{
        char *about = mem_format("connection %s", connection);
        int result = command_audit(c, org->name, did, about, NULL);

        mem_free(about);
        return result;
}

static int add(struct command_context *c, struct org *org, const char *connection)
{
        char *text = NULL, name[13];
        int found = webhook_secret_add(c->home, org, connection, NULL, NULL, &text, name, &c->why);
        json_t *answer;
        int code = EXIT_YES;

        if (found < 0)
                return command_failed(c);
        if (found == 0)
                return command_no(c, "%s has no connection %.40s that gets webhooks", org->name,
                                  connection);
        if (written_down(c, org, "secret.added", connection) != 0) {
                code = command_failed(c);
        } else if (c->json) {
                answer = json_object();
                json_set_text(answer, "name", name);
                json_set_text(answer, "secret", text);
                code = command_answer(answer, EXIT_YES);
        } else {
                printf("%s\n", text);
                fprintf(stderr,
                        "This is the only time the secret is shown. Paste it at the vendor; the "
                        "older ones stay valid until: fairlead secret drop %s %s NAME\n",
                        org->name, connection);
        }
        mem_free_secret(text);
        return code;
}

static int drop(struct command_context *c, struct org *org, const char *connection,
                const char *name)
{
        int found = webhook_secret_drop(c->home, org, connection, NULL, name, &c->why);

        if (found < 0)
                return command_failed(c);
        if (found == 0)
                return command_no(c, "connection %.40s has no webhook secret %.40s", connection,
                                  name);
        if (written_down(c, org, "secret.dropped", connection) != 0)
                return command_failed(c);
        if (c->json)
                return command_answer(json_pack("{s:s,s:b}", "name", name, "changed", 1), EXIT_YES);
        printf("Webhook secret %s of %s is dropped.\n", name, connection);
        return EXIT_YES;
}

static int secret(struct command_context *c, int argc, char **argv)
{
        const char *verb = argc > 0 ? argv[0] : "";
        int wanted = text_equal(verb, "list")   ? 0
                     : text_equal(verb, "add")  ? 1
                     : text_equal(verb, "drop") ? 2
                                                : -1;
        struct org *org;
        int code;

        if (wanted < 0)
                return command_usage(c, "say list, add or drop");
        argc--;
        argv++;
        if (argc != wanted && argc != wanted + 1)
                return command_usage(c, wanted == 0   ? "one organisation at a time"
                                        : wanted == 1 ? "name the connection"
                                                      : "name the connection and the secret");
        code = command_org(c, argc > wanted ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        argv += argc - wanted;
        return wanted == 0   ? list(c, org)
               : wanted == 1 ? add(c, org, argv[0])
                             : drop(c, org, argv[0], argv[1]);
}

const struct command commands_secret[] = {
        { "secret", "list [ORG] | add [ORG] CONNECTION | drop [ORG] CONNECTION NAME",
          "Show which secrets connections have; add and drop webhook secrets",
          "A webhook secret that is added stands beside the older ones until they are dropped, so\n"
          "that none is lost while it is pasted at the vendor. It goes to stdout, once.",
          secret },
        { NULL, NULL, NULL, NULL, NULL },
};
