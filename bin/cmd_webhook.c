/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead webhook: what vendors send, set up at their end. */
#include <stdio.h>

#include "command.h"
#include "floor/text.h"
#include "home/vendor_hook.h"
#include "web/serve.h"

static int webhook(struct command_context *c, int argc, char **argv)
{
        struct trade trade = { .data_dir = serve_settings.data,
                               .scale = serve_settings.retry_scale };
        json_t *answer = NULL;
        struct org *org;
        bool good;
        int code;

        if (argc < 2 || argc > 3 || !text_equal(argv[0], "create"))
                return command_usage(c, "say create and the connection");
        code = command_org(c, argc == 3 ? argv[1] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        trade.home = c->home;
        switch (vendor_hook_create(&trade, org, argv[argc - 1], &answer, &c->why)) {
        case 1:
                break;
        case 0:
                return command_no(c, "there is no connection %.40s", argv[argc - 1]);
        default:
                return command_failed(c);
        }
        good = json_get_bool(answer, "ok", false);
        if (json_get_bool(answer, "changed", false))
                command_audit(c, org->name, "webhook.made", argv[argc - 1], NULL);
        if (c->json)
                return command_answer(answer, good ? EXIT_YES : EXIT_NO);
        printf("%s\n", json_get_text(answer, "sentence", ""));
        json_decref(answer);
        return good ? EXIT_YES : EXIT_NO;
}

const struct command commands_webhook[] = {
        { "webhook", "create [ORG] CONNECTION", "Make the webhooks at a vendor that lets us",
          "For Lever and Ashby, where the API key may: the webhooks are made through their API "
          "and\n"
          "the secrets kept. Said again, it mends what is missing and makes nothing twice.",
          webhook },
        { NULL, NULL, NULL, NULL, NULL },
};
