/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead admin: the people who use the pages, for a first start and for those locked out. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/person.h"
#include "home/records.h"

struct call {
        struct command_context *c;
        struct org *org;
        const char *email;
};

/* [ORG] EMAIL, or - EMAIL for the host's operators. */
static int open_call(struct call *call, int argc, char **argv, const char *what)
{
        const char *name = argc == 2 ? argv[0] : NULL;
        int code;

        if (argc < 1 || argc > 2)
                return command_usage(call->c, "name the person to %s", what);
        call->email = argv[argc - 1];
        if (!text_equal(name, HOME_HOST))
                return command_org(call->c, name, &call->org);
        code = command_home(call->c);
        if (code == EXIT_YES && home_host(call->c->home, &call->org, &call->c->why) != 0)
                code = command_failed(call->c);
        return code;
}

struct finding {
        struct home *home;
        char *url;
};

static int find_url(void *context, const char *name)
{
        struct finding *f = context;
        json_t *self = NULL;
        struct org *org;

        if (home_org(f->home, name, &org, NULL) == 1 &&
            record_get(org, "org", "self", &self, NULL) == 1)
                f->url = mem_text(json_get_text(self, "public_url", NULL));
        json_decref(self);
        return f->url != NULL;
}

/* Where our pages stand: an org knows; the host is told by --url, once, or takes an org's.  The
 * caller frees; NULL when nobody knows. */
static char *public_url(struct call *call, const char *given)
{
        struct finding f = { call->c->home, NULL };
        json_t *self = NULL;
        struct batch *b;

        if (record_get(call->org, "org", "self", &self, &call->c->why) == 1)
                f.url = mem_text(json_get_text(self, "public_url", NULL));
        json_decref(self);
        if (!text_equal(call->org->name, HOME_HOST) || (f.url != NULL && given == NULL))
                return f.url;
        mem_free(f.url);
        f.url = mem_text(given);
        if (f.url == NULL)
                home_each_org(call->c->home, find_url, &f, NULL);
        if (f.url == NULL)
                return NULL;
        while (text_ends(f.url, "/"))
                f.url[strlen(f.url) - 1] = '\0';
        self = json_object();
        json_set_text(self, "name", "This host");
        json_set_text(self, "public_url", f.url);
        json_set_int(self, "created_ms", when_now_ms());
        b = batch_new();
        record_put(b, "org", "self", self);
        if (store_commit(call->org->store, b, &call->c->why) != 0) {
                mem_free(f.url);
                f.url = NULL;
        }
        batch_free(b);
        json_decref(self);
        return f.url;
}

static int say_link(struct call *call, const char *url, const char *token, bool reset)
{
        struct command_context *c = call->c;
        char *link = mem_format("%s/admin/%s/invitation/%s", url, call->org->name, token);
        json_t *answer;
        int code = EXIT_YES;

        if (c->json) {
                answer = json_object();
                json_set_text(answer, "email", call->email);
                json_set_text(answer, "link", link);
                code = command_answer(answer, EXIT_YES);
        } else {
                printf("%s\n", link);
                fprintf(stderr,
                        "This link counts once, for a week, for whoever has it: give it to %s "
                        "alone.%s\n",
                        call->email, reset ? " All visits end when it is used." : "");
        }
        mem_free_secret(link);
        return code;
}

/* Common to invite and reset: make the link, write it down, say it. */
static int make_link(struct call *call, struct person_invitation *order, const char *url)
{
        struct command_context *c = call->c;
        char *token = NULL, *about = mem_format("person %s", call->email), *base;
        int code;

        order->email = call->email;
        order->by = "The command line";
        base = public_url(call, url);
        if (base == NULL) {
                mem_free(about);
                return c->why.kind != FAIL_NONE
                           ? command_failed(c)
                           : command_usage(c, "where do our pages stand? Give --url "
                                              "https://host/fairlead");
        }
        switch (person_invite(call->org, order, &token, &c->why)) {
        case PERSON_DONE:
                if (command_audit(c, call->org->name,
                                  order->reset ? "person.reset" : "person.invited", about,
                                  NULL) != 0)
                        code = command_failed(c);
                else
                        code = say_link(call, base, token, order->reset);
                break;
        case PERSON_TAKEN:
                code = command_no(c,
                                  "%s has an account already; fairlead admin reset lets him in "
                                  "again",
                                  call->email);
                break;
        case PERSON_ABSENT:
                code = command_no(c, "%s has no account here; fairlead admin invite makes one",
                                  call->email);
                break;
        case PERSON_WRONG:
                code = command_usage(c, "%s", c->why.text);
                break;
        default:
                code = command_failed(c);
        }
        mem_free_secret(token);
        mem_free(about);
        mem_free(base);
        return code;
}

static int invite(struct command_context *c, int argc, char **argv)
{
        struct person_invitation order = { 0 };
        const char *role = NULL, *url = NULL;
        const struct option_row rows[] = { { "--role", &role, NULL },
                                           { "--url", &url, NULL },
                                           { NULL, NULL, NULL } };
        struct call call = { .c = c };
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        code = open_call(&call, argc, argv, "invite");
        if (code != EXIT_YES)
                return code;
        order.role = text_or(role, text_equal(call.org->name, HOME_HOST) ? "operator" : "admin");
        return make_link(&call, &order, url);
}

static int reset(struct command_context *c, int argc, char **argv)
{
        struct person_invitation order = { .reset = true };
        const struct option_row rows[] = { { "--no-totp", NULL, &order.no_totp },
                                           { NULL, NULL, NULL } };
        struct call call = { .c = c };
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        code = open_call(&call, argc, argv, "reset");
        return code != EXIT_YES ? code : make_link(&call, &order, NULL);
}

static int remove_person(struct command_context *c, int argc, char **argv)
{
        struct call call = { .c = c };
        json_t *record = NULL, *answer;
        char *id = NULL, *about;
        int code = open_call(&call, argc, argv, "remove"), found;

        if (code != EXIT_YES)
                return code;
        found = person_by_email(call.org, call.email, &id, &record, &c->why);
        json_decref(record);
        if (found < 0)
                return command_failed(c);
        if (found == 0)
                return command_no(c, "%s has no account here", call.email);
        about = mem_format("person %s", call.email);
        switch (person_remove(call.org, id, &c->why)) {
        case PERSON_DONE:
                if (command_audit(c, call.org->name, "person.removed", about, NULL) != 0)
                        code = command_failed(c);
                break;
        case PERSON_LAST:
                code =
                    command_no(c, "%s is the last one who can let others in; invite somebody first",
                               call.email);
                break;
        default:
                code = command_failed(c);
        }
        if (code == EXIT_YES && c->json) {
                answer = json_object();
                json_set_bool(answer, "changed", true);
                code = command_answer(answer, EXIT_YES);
        } else if (code == EXIT_YES) {
                printf("%s is removed and signed out.\n", call.email);
        }
        mem_free(about);
        mem_free(id);
        return code;
}

static void print_person(const json_t *row)
{
        struct buf when = BUF_NONE;

        if (json_get_int(row, "last_ms", 0) != 0)
                when_iso(&when, json_get_int(row, "last_ms", 0));
        printf("%-32s %-10s %-4s %-10s %s\n", json_get_text(row, "email", ""),
               json_get_text(row, "role", ""), json_get_bool(row, "off", false) ? "off" : "on",
               json_get_bool(row, "totp", false) ? "two-factor" : "", buf_text(&when));
        buf_dispose(&when);
}

static int list(struct command_context *c, int argc, char **argv)
{
        struct call call = { .c = c };
        json_t *rows = NULL, *row;
        char *none[] = { argc > 0 ? argv[0] : NULL, (char[]){ "" } };
        int code;
        size_t i;

        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        code = argc > 0 ? open_call(&call, 2, none, "list") : command_org(c, NULL, &call.org);
        if (code != EXIT_YES)
                return code;
        if (person_list(call.org, &rows, &c->why) != 0)
                return command_failed(c);
        if (c->json)
                return command_answer(rows, EXIT_YES);
        json_array_foreach(rows, i, row)
        {
                print_person(row);
        }
        if (json_array_size(rows) == 0)
                printf("Nobody can sign in yet. Let somebody in: fairlead admin invite %s EMAIL\n",
                       call.org->name);
        json_decref(rows);
        return EXIT_YES;
}

static int admin(struct command_context *c, int argc, char **argv)
{
        static const struct {
                const char *name;
                int (*run)(struct command_context *c, int argc, char **argv);
        } rows[] = { { "invite", invite },
                     { "list", list },
                     { "remove", remove_person },
                     { "reset", reset } };

        for (size_t i = 0; argc > 0 && i < sizeof rows / sizeof *rows; i++)
                if (text_equal(argv[0], rows[i].name))
                        return rows[i].run(c, argc - 1, argv + 1);
        return command_usage(c, "say invite, list, remove or reset");
}

const struct command commands_admin[] = {
        { "admin",
          "invite [ORG] EMAIL [--role R] [--url URL] | reset [ORG] EMAIL [--no-totp] | "
          "list [ORG] | remove [ORG] EMAIL",
          "Let people in to the pages, and those who are locked out",
          "ORG:   - stands for the host: its operators\n"
          "R:     admin, recruiter, auditor; for the host operator\n"
          "--url  where the pages of the host stand, the first time: https://host/fairlead\n\n"
          "invite and reset print a link for one person; he chooses his passphrase himself.\n"
          "reset --no-totp drops the second factor as well, for who lost phone and codes.",
          admin },
        { NULL, NULL, NULL, NULL, NULL },
};
