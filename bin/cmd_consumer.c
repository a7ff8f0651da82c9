/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead consumer: those who receive our webhooks. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/backfill.h"
#include "home/consumer.h"
#include "web/serve.h"

#define SECRET_MAX 4096

static struct trade trade_of(const struct command_context *c)
{
        return (struct trade){ .home = c->home,
                               .data_dir = serve_settings.data,
                               .scale = serve_settings.retry_scale };
}

/* "[ORG] ID": opens the org; EXIT_YES and *id, or the code to end with. */
static int who(struct command_context *c, int argc, char **argv, struct org **org, const char **id)
{
        struct consumer_health health;
        int code;

        if (argc < 1 || argc > 2)
                return command_usage(c, "name the consumer");
        *id = argv[argc - 1];
        code = command_org(c, argc == 2 ? argv[0] : NULL, org);
        if (code != EXIT_YES)
                return code;
        switch (consumer_health(*org, *id, when_now_ms(), 1, &health, &c->why)) {
        case 1:
                return EXIT_YES;
        case 0:
                return command_no(c, "%s has no consumer %.40s", (*org)->name, *id);
        default:
                return command_failed(c);
        }
}

static void print_row(const json_t *row)
{
        struct buf since = BUF_NONE;
        int64_t failing = json_get_int(row, "failing_since_ms", 0);
        const char *relay = json_get_text(row, "relay", "");

        printf("%-12s %-8s %-10s %s%s%s\n", json_get_text(row, "id", ""),
               json_get_text(row, "state", ""), json_get_text(row, "signing", ""),
               json_get_text(row, "url", ""), *relay ? ", relay of " : "", relay);
        printf("%12s %lld waiting, %lld held%s\n", "", (long long)json_get_int(row, "waiting", 0),
               (long long)json_get_int(row, "held", 0),
               json_get_bool(row, "rotating", false) ? "; two secrets are valid" : "");
        if (failing > 0) {
                when_span(&since, when_now_ms() - failing);
                printf("%12s failing for %s, %lld attempts, %lld %% of the way to being paused\n",
                       "", buf_text(&since), (long long)json_get_int(row, "failures", 0),
                       (long long)json_get_int(row, "percent", 0));
                buf_dispose(&since);
        }
        if (!text_empty(json_get_text(row, "sentence", "")))
                printf("%12s %s\n", "", json_get_text(row, "sentence", ""));
}

static int list(struct command_context *c, int argc, char **argv)
{
        json_t *rows = NULL, *row;
        struct trade trade;
        struct org *org;
        size_t i;
        int code;

        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        trade = trade_of(c);
        if (consumer_list(&trade, org, &rows, &c->why) != 0)
                return command_failed(c);
        if (c->json)
                return command_answer(rows, EXIT_YES);
        json_array_foreach(rows, i, row)
        {
                print_row(row);
        }
        if (json_array_size(rows) == 0)
                printf("No consumers. See fairlead-consumer(7).\n");
        json_decref(rows);
        return EXIT_YES;
}

static int test(struct command_context *c, int argc, char **argv)
{
        bool probe = false;
        const struct option_row rows[] = { { "--probe", NULL, &probe }, { NULL, NULL, NULL } };
        json_t *answer = NULL;
        struct trade trade;
        const char *id;
        struct org *org;
        bool ok;
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        code = who(c, argc, argv, &org, &id);
        if (code != EXIT_YES)
                return code;
        trade = trade_of(c);
        if (consumer_try(&trade, org, id, probe, &answer, &c->why) != 1)
                return command_failed(c);
        ok = json_get_bool(answer, "ok", false);
        if (c->json)
                return command_answer(answer, ok ? EXIT_YES : EXIT_NO);
        printf("%s after %lld ms: %s\n", json_get_text(answer, "event", "an empty probe"),
               (long long)json_get_int(answer, "ms", 0), json_get_text(answer, "sentence", ""));
        if (!ok)
                printf("%s\n", json_get_text(json_array_get(json_object_get(answer, "checks"), 0),
                                             "sentence", ""));
        json_decref(answer);
        return ok ? EXIT_YES : EXIT_NO;
}

static int changed(struct command_context *c, int result, const char *id, const char *did,
                   const char *was)
{
        json_t *answer;

        if (result < 0)
                return command_failed(c);
        if (c->json) {
                answer = json_object();
                json_set_text(answer, "id", id);
                json_set_bool(answer, "changed", result == 1);
                return command_answer(answer, EXIT_YES);
        }
        printf("%s %s.\n", id, result == 1 ? did : was);
        return EXIT_YES;
}

static int pause_it(struct command_context *c, int argc, char **argv)
{
        const char *id;
        struct org *org;
        int code = who(c, argc, argv, &org, &id);

        return code != EXIT_YES
                   ? code
                   : changed(c, consumer_pause(c->home, org, id, when_now_ms(), &c->why), id,
                             "is paused; what would be sent is held", "was not active");
}

static int resume(struct command_context *c, int argc, char **argv)
{
        const char *id;
        struct org *org;
        int code = who(c, argc, argv, &org, &id);

        return code != EXIT_YES
                   ? code
                   : changed(c, consumer_resume(c->home, org, id, when_now_ms(), &c->why), id,
                             "is active; what is held stays held until it is sent",
                             "was active before");
}

/* Counts first; acts only when told --yes. */
static int held(struct command_context *c, int argc, char **argv, bool drop)
{
        const char *from = NULL, *until = NULL, *id;
        bool yes = false;
        const struct option_row rows[] = { { "--from", &from, NULL },
                                           { "--until", &until, NULL },
                                           { "--yes", NULL, &yes },
                                           { NULL, NULL, NULL } };
        int64_t from_ms = 0, until_ms = 0, oldest = 0, newest = 0;
        struct buf first = BUF_NONE, last = BUF_NONE;
        uint64_t count = 0, done = 0;
        json_t *answer;
        struct org *org;
        int code, result = 0;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if ((from != NULL && when_parse(from, &from_ms) != 0) ||
            (until != NULL && when_parse(until, &until_ms) != 0))
                return command_usage(c, "a time is written 2026-11-22T16:51:00Z");
        code = who(c, argc, argv, &org, &id);
        if (code != EXIT_YES)
                return code;
        if (consumer_held(org, id, from_ms, until_ms, &count, &oldest, &newest, &c->why) != 0)
                return command_failed(c);
        if (yes)
                result = drop ? consumer_drop_held(org, id, from_ms, until_ms, &done, &c->why)
                              : consumer_send_held(c->home, org, id, from_ms, until_ms,
                                                   when_now_ms(), &done, &c->why);
        if (result != 0)
                return command_failed(c);
        when_iso(&first, oldest);
        when_iso(&last, newest);
        if (c->json) {
                answer = json_object();
                json_set_text(answer, "id", id);
                json_set_int(answer, "held", (int64_t)count);
                json_set_text(answer, "oldest", count > 0 ? buf_text(&first) : NULL);
                json_set_text(answer, "newest", count > 0 ? buf_text(&last) : NULL);
                json_set_int(answer, drop ? "dropped" : "sent", (int64_t)done);
                code = command_answer(answer, EXIT_YES);
        } else {
                if (count == 0)
                        printf("Nothing is held for %s%s.\n", id,
                               from || until ? " of that time" : "");
                else
                        printf("%llu held for %s, of %s to %s.\n", (unsigned long long)count, id,
                               buf_text(&first), buf_text(&last));
                if (yes)
                        printf("%llu %s.\n", (unsigned long long)done,
                               drop ? "dropped" : "given to the worker to send");
                else if (count > 0)
                        printf("Say --yes to %s them.\n", drop ? "drop" : "send");
        }
        buf_dispose(&first);
        buf_dispose(&last);
        return code;
}

/* Never from argv: others see it there. */
static int read_secret(struct command_context *c, const char *path, char **secret)
{
        struct buf text = BUF_NONE;
        int result = 0;

        *secret = NULL;
        if (path == NULL)
                return 0;
        if (file_read(path, SECRET_MAX, &text, &c->why) != 1 || text.len == 0)
                result = fail_set(&c->why, FAIL_INPUT, "%s holds no secret", path);
        while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
                text.data[--text.len] = '\0';
        if (result == 0)
                *secret = mem_text(buf_text(&text));
        buf_dispose_secret(&text);
        return result;
}

static int rotate(struct command_context *c, int argc, char **argv)
{
        const char *path = NULL, *id;
        char *given = NULL, *secret = NULL;
        bool finish = false;
        const struct option_row rows[] = { { "--secret-file", &path, NULL },
                                           { "--finish", NULL, &finish },
                                           { NULL, NULL, NULL } };
        json_t *answer;
        struct org *org;
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        code = who(c, argc, argv, &org, &id);
        if (code != EXIT_YES)
                return code;
        if (finish)
                return changed(c, consumer_rotated(c->home, org, id, &c->why), id,
                               "has one secret; the former one is gone", "had one secret");
        if (read_secret(c, path, &given) != 0 ||
            consumer_rotate(c->home, org, id, given, &secret, &c->why) != 1) {
                mem_free_secret(given);
                return command_failed(c);
        }
        if (c->json) {
                answer = json_object();
                json_set_text(answer, "id", id);
                json_set_text(answer, "secret", given == NULL ? secret : NULL);
                code = command_answer(answer, EXIT_YES);
        } else {
                if (given == NULL)
                        printf("%s\n", secret);
                fprintf(stderr,
                        "%s The former secret stays valid until:\n"
                        "fairlead consumer rotate %s %s --finish\n",
                        given == NULL ? "This is the only time the new secret is shown." : "Done.",
                        org->name, id);
        }
        mem_free_secret(given);
        mem_free_secret(secret);
        return code;
}

static int send_held(struct command_context *c, int argc, char **argv)
{
        return held(c, argc, argv, false);
}

static int drop_held(struct command_context *c, int argc, char **argv)
{
        return held(c, argc, argv, true);
}

static int consumer(struct command_context *c, int argc, char **argv)
{
        static const struct {
                const char *name;
                int (*run)(struct command_context *c, int argc, char **argv);
        } words[] = {
                { "list", list },     { "test", test },      { "pause", pause_it },
                { "resume", resume }, { "send", send_held }, { "drop", drop_held },
                { "rotate", rotate },
        };

        for (size_t i = 0; argc > 0 && i < sizeof words / sizeof *words; i++)
                if (text_equal(argv[0], words[i].name))
                        return words[i].run(c, argc - 1, argv + 1);
        return command_usage(c, "say list, test, pause, resume, send, drop or rotate");
}

static void print_backfill(const json_t *row)
{
        struct buf ago = BUF_NONE;
        const char *state = json_get_text(row, "state", "");

        if (json_get_int(row, "moved_ms", 0) > 0) {
                when_span(&ago, when_now_ms() - json_get_int(row, "moved_ms", 0));
                buf_add_text(&ago, " ago");
        }
        printf("%-12s %-8s %3lld %%  %lld of %lld assessments, %lld sessions seen, %lld new  %s\n",
               json_get_text(row, "platform", ""), state,
               (long long)json_get_int(row, "percent", 0),
               (long long)json_get_int(row, "tests_done", 0),
               (long long)json_get_int(row, "tests", 0), (long long)json_get_int(row, "seen", 0),
               (long long)json_get_int(row, "added", 0), buf_text(&ago));
        buf_dispose(&ago);
}

static int show_backfill(struct command_context *c, const struct trade *trade, struct org *org)
{
        json_t *rows = NULL, *row;
        size_t i;

        if (backfill_list(trade, org, &rows, &c->why) != 0)
                return command_failed(c);
        if (c->json)
                return command_answer(rows, EXIT_YES);
        json_array_foreach(rows, i, row)
        {
                print_backfill(row);
        }
        if (json_array_size(rows) == 0)
                printf("No platform whose past results can be read.\n");
        json_decref(rows);
        return EXIT_YES;
}

static int backfill(struct command_context *c, int argc, char **argv)
{
        const char *start = NULL, *stop = NULL;
        const struct option_row rows[] = { { "--start", &start, NULL },
                                           { "--stop", &stop, NULL },
                                           { NULL, NULL, NULL } };
        struct trade trade;
        struct org *org;
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc > 1 || (start != NULL && stop != NULL))
                return command_usage(c, "one organisation, and one thing at a time");
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        trade = trade_of(c);
        if (start != NULL)
                return changed(c, backfill_start(&trade, org, start, &c->why), start,
                               "is being read from the beginning", "is being read already");
        if (stop != NULL)
                return changed(c, backfill_stop(org, stop, &c->why), stop, "is left alone",
                               "was not being read");
        return show_backfill(c, &trade, org);
}

const struct command commands_consumer[] = {
        { "backfill", "[ORG] [--start PLATFORM | --stop PLATFORM]",
          "Show how far past results were read",
          "They are read when the first consumer is connected, a few pages at a time, and go into\n"
          "the feed at report/ORG/results. --start reads a platform's from the beginning again.",
          backfill },
        { "consumer",
          "list [ORG] | test [ORG] ID [--probe] | pause [ORG] ID | resume [ORG] ID | "
          "send [ORG] ID [--from TIME] [--until TIME] [--yes] | "
          "drop [ORG] ID [--from TIME] [--until TIME] [--yes] | "
          "rotate [ORG] ID [--secret-file FILE] [--finish]",
          "Look after those who receive our webhooks",
          "test     delivers a realistic sample now; --probe an empty one, as CodeSignal's test\n"
          "         button does\n"
          "send     how many deliveries are held, of when; with --yes they are sent\n"
          "drop     the same, and they are thrown away\n"
          "rotate   makes a new secret, shown once; the former one stays valid until --finish\n"
          "TIME is that of the event, such as 2026-11-22T16:51:00Z. See fairlead-consumer(7).",
          consumer },
        { NULL, NULL, NULL, NULL, NULL },
};
