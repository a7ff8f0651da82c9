/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead doctor: each fault with the line that mends it. */
#include <stdio.h>

#include "command.h"
#include "floor/text.h"
#include "home/doctor.h"

struct telling {
        bool json;
        json_t *rows;
};

static void tell(void *context, enum doctor_state state, const char *what, const char *found,
                 const char *mend)
{
        static const char *const words[] = { "ok", "advice", "fault" };
        static const char *const marks[] = { "ok    ", "advice", "FAULT " };
        struct telling *t = context;
        json_t *row;

        if (!t->json) {
                printf("%s  %s: %s\n", marks[state], what, found);
                if (mend != NULL)
                        printf("        mend: %s\n", mend);
                return;
        }
        row = json_object();
        json_set_text(row, "state", words[state]);
        json_set_text(row, "what", what);
        json_set_text(row, "found", found);
        if (mend != NULL)
                json_set_text(row, "mend", mend);
        json_add(t->rows, row);
}

static int doctor(struct command_context *c, int argc, char **argv)
{
        struct telling t = { c->json, NULL };
        struct doctor d = { .home_path = c->home_path, .say = tell, .context = &t };
        const struct post post = command_post();
        bool offline = false;
        const struct option_row rows[] = { { "--offline", NULL, &offline }, { NULL, NULL, NULL } };
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc != 0)
                return command_usage(c, "doctor takes no operands");
        if (text_empty(c->home_path))
                return command_usage(c, "which home? Give --home DIR or set FAIRLEAD_HOME");
        d.network = !offline;
        d.post = &post;
        t.rows = json_array();
        if (doctor_run(&d, &c->why) != 0) {
                json_decref(t.rows);
                return command_failed(c);
        }
        code = d.faults == 0 ? EXIT_YES : EXIT_NO;
        if (c->json)
                return command_answer(t.rows, code);
        json_decref(t.rows);
        if (d.faults == 0)
                printf("No faults.\n");
        else
                printf("%d fault%s.\n", d.faults, d.faults == 1 ? "" : "s");
        return code;
}

const struct command commands_doctor[] = {
        { "doctor", "[--offline]", "Look the home over; name each fault and what mends it",
          "Looks at file modes, locks, clock, disk, worker, whether the web server passes\n"
          "Authorization on (by asking itself at public_url), whether each outside system can be\n"
          "reached, whether mail can leave, and which alerts stand. --offline leaves the network "
          "out. Exit code 1 when there are faults.",
          doctor },
        { NULL, NULL, NULL, NULL, NULL },
};
