/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead worker, tick, sweep, events, actions, replay: what arrived and what follows. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/event.h"
#include "home/records.h"
#include "home/worker.h"
#include "web/serve.h"

#define LIST_STANDARD 20
#define LIST_MOST 10000

static void on_signal(int number)
{
        (void)number;
        worker_stop();
}

static void stop_on_signals(void)
{
        struct sigaction act = { .sa_handler = on_signal };

        sigaction(SIGTERM, &act, NULL);
        sigaction(SIGINT, &act, NULL);
        sigaction(SIGHUP, &act, NULL);
}

static struct worker_options options_of(struct command_context *c)
{
        return (struct worker_options){
                .trade = { .home = c->home,
                           .data_dir = serve_settings.data,
                           .scale = serve_settings.retry_scale,
                           .post = command_post() },
        };
}

static int worker(struct command_context *c, int argc, char **argv)
{
        struct worker_options options;
        bool wait = false;
        const struct option_row rows[] = { { "--wait", NULL, &wait }, { NULL, NULL, NULL } };
        int code;

        if (command_options(c, &argc, argv, rows) != 0)
                return EXIT_CALL;
        if (argc != 0)
                return command_usage(c, "worker takes no operands");
        code = command_home(c);
        if (code != EXIT_YES)
                return code;
        options = options_of(c);
        options.wait = wait;
        stop_on_signals();
        switch (worker_run(&options, &c->why)) {
        case 0:
                return EXIT_YES;
        case 1:
                return command_no(c,
                                  "another worker has this home; --wait takes over when it ends");
        default:
                return command_failed(c);
        }
}

static int tick(struct command_context *c, int argc, char **argv)
{
        struct worker_options options;
        struct worker_count count = { 0 };
        json_t *answer;
        int code;

        (void)argv;
        if (argc != 0)
                return command_usage(c, "tick takes no operands");
        code = command_home(c);
        if (code != EXIT_YES)
                return code;
        options = options_of(c);
        stop_on_signals();
        switch (worker_tick(&options, &count, &c->why)) {
        case 0:
                break;
        case 1: /* fine for cron: the work is being done */
                if (!c->json)
                        fprintf(stderr, "fairlead: tick: a worker has this home; nothing to do\n");
                break;
        default:
                return command_failed(c);
        }
        if (c->json) {
                answer = json_object();
                json_set_int(answer, "deliveries", (int64_t)count.deliveries);
                json_set_int(answer, "performed", (int64_t)count.performed);
                json_set_int(answer, "waiting", (int64_t)count.waiting);
                return command_answer(answer, EXIT_YES);
        }
        printf("%llu deliveries read, %llu actions performed, %llu wait.\n",
               (unsigned long long)count.deliveries, (unsigned long long)count.performed,
               (unsigned long long)count.waiting);
        return EXIT_YES;
}

static int sweep(struct command_context *c, int argc, char **argv)
{
        struct worker_options options;
        struct sweep_count count = { 0 };
        struct org *org;
        json_t *answer;
        int code;

        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        options = options_of(c);
        if (worker_sweep(&options, org, &count, &c->why) != 0)
                return command_failed(c);
        if (c->json) {
                answer = json_object();
                json_set_int(answer, "looked_at", (int64_t)count.looked_at);
                json_set_int(answer, "repaired", (int64_t)count.repaired);
                json_set_int(answer, "failed", (int64_t)count.failed);
                return command_answer(answer, count.failed == 0 ? EXIT_YES : EXIT_NO);
        }
        printf("%llu open assessments compared with the platform, %llu repaired",
               (unsigned long long)count.looked_at, (unsigned long long)count.repaired);
        if (count.failed != 0)
                printf(", %llu could not be read", (unsigned long long)count.failed);
        printf(".\n");
        return count.failed == 0 ? EXIT_YES : EXIT_NO;
}

static int parse_range(const char *text, uint64_t *from, uint64_t *to)
{
        char *copy = mem_text(text), *dash = strchr(copy, '-');
        int64_t a = 0, b = 0;
        int result;

        if (dash != NULL)
                *dash = '\0';
        result = text_int(copy, 1, INT64_MAX, &a);
        b = a;
        if (result == 0 && dash != NULL)
                result = text_int(dash + 1, a, INT64_MAX, &b);
        *from = (uint64_t)a;
        *to = (uint64_t)b;
        mem_free(copy);
        return result;
}

static int limit_of(struct command_context *c, const char *text, int64_t *limit)
{
        *limit = LIST_STANDARD;
        if (text != NULL && text_int(text, 1, LIST_MOST, limit) != 0) {
                command_usage(c, "--last takes a number from 1 to %d", LIST_MOST);
                return -1;
        }
        return 0;
}

static void print_event(uint64_t number, const json_t *e)
{
        struct buf when = BUF_NONE;

        when_iso(&when, json_get_int(e, "received_ms", 0));
        printf("%6llu  %-24s  %-10s %-9s %-9s %s%s%s\n", (unsigned long long)number,
               buf_text(&when), json_get_text(e, "connection", ""), json_get_text(e, "trust", ""),
               json_get_text(e, "state", ""), json_get_text(e, "name", "(not readable)"),
               text_empty(json_get_text(e, "summary", "")) ? "" : ": ",
               json_get_text(e, "summary", ""));
        if (!text_empty(json_get_text(e, "reason", "")))
                printf("%34s%s\n", "", json_get_text(e, "reason", ""));
        buf_dispose(&when);
}

/* The raw bytes as they came. */
static int print_body(struct command_context *c, struct org *org, const char *number)
{
        struct buf body = BUF_NONE;
        int64_t n;
        int found, code = EXIT_YES;

        if (text_int(number, 1, INT64_MAX, &n) != 0)
                return command_usage(c, "--body takes the number of an event");
        found = store_get(org->store, "body", number, &body, &c->why);
        if (found < 0)
                code = command_failed(c);
        else if (found == 0)
                code = command_no(c, "event %s is unknown here or has no body", number);
        else if (fwrite(buf_text(&body), 1, body.len, stdout) != body.len)
                code = EXIT_SYSTEM;
        buf_dispose(&body);
        return code;
}

static bool is_event_state(const char *word)
{
        static const char *const states[] = { "waiting", "done", "duplicate", "unknown",
                                              "ignored" };

        for (size_t i = 0; i < sizeof states / sizeof *states; i++)
                if (text_equal(word, states[i]))
                        return true;
        return false;
}

static int events(struct command_context *c, int argc, char **argv)
{
        const char *last = NULL, *state = NULL, *body = NULL;
        const struct option_row rows[] = { { "--last", &last, NULL },
                                           { "--state", &state, NULL },
                                           { "--body", &body, NULL },
                                           { NULL, NULL, NULL } };
        uint64_t number = 0;
        struct org *org;
        int64_t limit;
        json_t *list;
        int code;

        if (command_options(c, &argc, argv, rows) != 0 || limit_of(c, last, &limit) != 0)
                return EXIT_CALL;
        if (argc > 1)
                return command_usage(c, "one organisation at a time");
        if (state != NULL && !is_event_state(state))
                return command_usage(c,
                                     "--state takes waiting, done, duplicate, unknown or ignored");
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        if (body != NULL)
                return print_body(c, org, body);
        if (store_series_last(org->store, "event", &number, &c->why) != 0)
                return command_failed(c);
        list = json_array();
        for (; number > 0 && (int64_t)json_array_size(list) < limit; number--) {
                json_t *e = NULL;
                int found = record_series_get(org, "event", number, &e, &c->why);

                if (found < 0) {
                        json_decref(list);
                        return command_failed(c);
                }
                if (found > 0 &&
                    (state == NULL || text_equal(state, json_get_text(e, "state", "")))) {
                        json_set_int(e, "number", (int64_t)number);
                        json_add(list, json_incref(e));
                        if (!c->json)
                                print_event(number, e);
                }
                json_decref(e);
        }
        if (c->json)
                return command_answer(list, EXIT_YES);
        if (json_array_size(list) == 0)
                printf("No events%s.\n", state != NULL ? " in this state" : " yet");
        json_decref(list);
        return EXIT_YES;
}

struct listing {
        struct command_context *c;
        json_t *list;
};

static int list_action(void *context, uint64_t number, const json_t *action)
{
        struct listing *l = context;
        json_t *copy = json_deep_copy(action);
        struct buf due = BUF_NONE;

        json_set_int(copy, "number", (int64_t)number);
        json_add(l->list, copy);
        if (l->c->json)
                return 0;
        if (text_equal(json_get_text(action, "state", ""), "waiting")) {
                int64_t left = json_get_int(action, "due_ms", 0) - when_now_ms();

                buf_add_text(&due, left > 0 ? "in " : "due");
                if (left > 0)
                        when_span(&due, left);
        }
        printf("%6llu  %-8s %-18s %-10s %2lld tries  %-10s %s\n", (unsigned long long)number,
               json_get_text(action, "state", ""), json_get_text(action, "kind", ""),
               json_get_text(action, "connection", ""),
               (long long)json_get_int(action, "attempts", 0), buf_text(&due),
               json_get_text(action, "sentence", ""));
        buf_dispose(&due);
        return 0;
}

static int retry_action(struct command_context *c, struct org *org, const char *text)
{
        int64_t number;

        if (text_int(text, 1, INT64_MAX, &number) != 0)
                return command_usage(c, "--retry takes the number of an action");
        switch (action_retry(c->home, org, (uint64_t)number, when_now_ms(), &c->why)) {
        case 1:
                if (c->json)
                        return command_answer(
                            json_pack("{s:I,s:b}", "number", (json_int_t)number, "changed", 1),
                            EXIT_YES);
                printf("Action %lld will be tried again now.\n", (long long)number);
                return EXIT_YES;
        case 0:
                return command_no(c, "action %lld is neither parked nor refused",
                                  (long long)number);
        default:
                return command_failed(c);
        }
}

static int actions(struct command_context *c, int argc, char **argv)
{
        const char *last = NULL, *retry = NULL;
        bool parked = false, waiting = false;
        const struct option_row rows[] = { { "--last", &last, NULL },
                                           { "--retry", &retry, NULL },
                                           { "--parked", NULL, &parked },
                                           { "--waiting", NULL, &waiting },
                                           { NULL, NULL, NULL } };
        struct listing l = { c, NULL };
        struct org *org;
        int64_t limit;
        int code;

        if (command_options(c, &argc, argv, rows) != 0 || limit_of(c, last, &limit) != 0)
                return EXIT_CALL;
        if (argc > 1 || (parked && waiting))
                return command_usage(c, parked ? "--parked or --waiting, not both"
                                               : "one organisation at a time");
        code = command_org(c, argc > 0 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        if (retry != NULL)
                return retry_action(c, org, retry);
        l.list = json_array();
        if (action_each(org,
                        parked    ? "parked-actions"
                        : waiting ? "open-actions"
                                  : NULL,
                        (unsigned)limit, list_action, &l, &c->why) < 0) {
                json_decref(l.list);
                return command_failed(c);
        }
        if (c->json)
                return command_answer(l.list, EXIT_YES);
        if (json_array_size(l.list) == 0)
                printf("No %sactions%s.\n",
                       parked    ? "parked "
                       : waiting ? "waiting "
                                 : "",
                       parked || waiting ? "" : " yet");
        json_decref(l.list);
        return EXIT_YES;
}

static int replay(struct command_context *c, int argc, char **argv)
{
        struct trade trade = { .data_dir = serve_settings.data,
                               .scale = serve_settings.retry_scale };
        uint64_t from, to, count = 0;
        struct org *org;
        int code;

        if (argc < 1 || argc > 2 || parse_range(argv[argc - 1], &from, &to) != 0)
                return command_usage(c, "name an event (17) or a range (17-40)");
        code = command_org(c, argc == 2 ? argv[0] : NULL, &org);
        if (code != EXIT_YES)
                return code;
        trade.home = c->home;
        if (event_replay(&trade, org, from, to, &count, &c->why) != 0)
                return command_failed(c);
        if (count == 0)
                return command_no(c, "nothing to replay there: such events are absent, were not "
                                     "verified, or have lost their body");
        if (c->json)
                return command_answer(json_pack("{s:I}", "replayed", (json_int_t)count), EXIT_YES);
        printf("%llu event%s read again; what happened because of them does not happen twice.\n",
               (unsigned long long)count, count == 1 ? "" : "s");
        return EXIT_YES;
}

const struct command commands_work[] = {
        { "worker", "[--wait]", "Do the work as it comes, until told to stop",
          "One for each home, as the home's user. SIGTERM ends it cleanly. A second one says so "
          "and\n"
          "ends; with --wait it takes over when the first one ends.",
          worker },
        { "tick", "", "Do one round of work, for cron",
          "Where nothing may run for long: * * * * * fairlead --home DIR tick\n"
          "Two at once, or one beside a worker, do no harm.",
          tick },
        { "sweep", "[ORG]", "Compare open assessments with the platform now and repair",
          "The worker does this by itself every half hour; what it finds missing is counted.",
          sweep },
        { "events", "[ORG] [--last N] [--state S] [--body NUMBER]", "Show what arrived",
          "S is waiting, done, duplicate, unknown or ignored. --body prints the bytes of one "
          "event\n"
          "as they came.",
          events },
        { "actions", "[ORG] [--last N] [--parked | --waiting] [--retry NUMBER]",
          "Show what is to be done and was", "--retry tries a parked or refused one again.",
          actions },
        { "replay", "[ORG] NUMBER[-NUMBER]", "Read kept events again, as if they came now",
          "For events that were not understood before a correction. Nothing happens twice.",
          replay },
        { NULL, NULL, NULL, NULL, NULL },
};
