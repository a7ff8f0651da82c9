/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead rekey: another master key, while everything runs. */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "floor/mem.h"
#include "home/audit.h"
#include "home/rekey.h"

static void say(const struct rekey_report *report, const char *key_path)
{
        if (report->resumed)
                printf("Went on with the rotation that was begun before.\n");
        printf("Key %s has taken over from %s: %" PRIu64 " secrets of %" PRIu64
               " organisations are sealed anew.\n",
               report->to, report->from, report->texts, report->orgs);
        if (report->lost > 0)
                fprintf(stderr,
                        "%" PRIu64 " could not be opened with any key here and were left as they "
                        "are, the first: %s\n",
                        report->lost, report->lost_at);
        fprintf(stderr,
                "Keep a copy of %s elsewhere, and the one from before with the backups that were "
                "made with it: fairlead restore --key opens them.\n",
                key_path);
}

static json_t *answer_of(const struct rekey_report *report)
{
        json_t *answer = json_object();

        json_set_text(answer, "from", report->from);
        json_set_text(answer, "to", report->to);
        json_set_bool(answer, "resumed", report->resumed);
        json_set_int(answer, "organisations", (int64_t)report->orgs);
        json_set_int(answer, "sealed", (int64_t)report->texts);
        json_set_int(answer, "lost", (int64_t)report->lost);
        return answer;
}

static int run(struct command_context *c, int argc, char **argv)
{
        struct rekey_report report;
        json_t *answer;
        char *path;
        int code;

        (void)argv;
        if (argc != 0)
                return command_usage(c, "rekey takes no operands");
        code = command_home(c);
        if (code != EXIT_YES)
                return code;
        if (rekey(c->home, true, &report, &c->why) != 0)
                return command_failed(c);
        answer = answer_of(&report);
        if (command_audit(c, AUDIT_HOST, "master.rotated", NULL, answer) != 0) {
                json_decref(answer);
                return command_failed(c);
        }
        code = report.lost == 0 ? EXIT_YES : EXIT_NO;
        if (c->json)
                return command_answer(answer, code);
        json_decref(answer);
        path = home_key_path(c->home_path);
        say(&report, path);
        mem_free(path);
        return code;
}

const struct command commands_rekey[] = {
        { "rekey", "", "Rotate the master key: seal all secrets anew",
          "Programs and worker go on meanwhile. Killed half-way, everything still opens; run\n"
          "again, it goes on. Links that were given out stay good. Answers 1 when something could\n"
          "not be opened with any key here.",
          run },
        { NULL, NULL, NULL, NULL, NULL },
};
