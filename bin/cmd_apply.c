/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fairlead apply: one org from one document. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "floor/buf.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/apply.h"
#include "web/serve.h"

#define DOCUMENT_MAX (1024 * 1024)

static int read_stdin(struct buf *out, struct fail *why)
{
        char piece[4096];
        ssize_t got;

        while ((got = read(STDIN_FILENO, piece, sizeof piece)) > 0 && out->len <= DOCUMENT_MAX)
                buf_add(out, piece, (size_t)got);
        mem_wipe(piece, sizeof piece);
        if (got < 0)
                return fail_set(why, FAIL_SYSTEM, "standard input cannot be read");
        if (out->len > DOCUMENT_MAX)
                return fail_set(why, FAIL_INPUT, "the document is larger than %d bytes",
                                DOCUMENT_MAX);
        return 1;
}

void command_print_test(const json_t *test)
{
        const json_t *checks = json_at(test, "checks");
        json_t *one;
        size_t i;

        printf("    test: %s\n", json_get_text(test, "sentence", ""));
        json_array_foreach(checks, i, one)
        {
                printf("      %s %s%s%s\n", json_get_bool(one, "ok", false) ? "ok  " : "NOT ",
                       json_get_text(one, "what", ""),
                       text_empty(json_get_text(one, "sentence", "")) ? "" : ": ",
                       json_get_text(one, "sentence", ""));
        }
}

/* Lines of a text under a word, the following ones indented as far. */
static void print_lines(const char *word, const char *text)
{
        char *copy = mem_text(text), *rest = copy, *line;
        bool first = true;

        while ((line = text_next(&rest, '\n')) != NULL) {
                printf("    %-6s %s\n", first ? word : "", line);
                first = false;
        }
        mem_free(copy);
}

static void print_connection(const json_t *row)
{
        const char *secret = json_get_text(row, "webhook_secret", NULL);
        json_t *one;
        size_t i;

        printf("\n  %s (%s): %s\n", json_get_text(row, "id", ""), json_get_text(row, "kind", ""),
               json_get_text(row, "state", ""));
        if (json_get_text(row, "webhook_url", NULL) != NULL)
                printf("    webhook URL to paste: %s\n", json_get_text(row, "webhook_url", ""));
        if (secret != NULL)
                printf("    webhook secret to paste, shown only now: %s\n", secret);
        if (json_at(row, "webhook") != NULL)
                printf("    webhook: %s\n", json_get_text(row, "webhook.sentence", ""));
        else if (!text_empty(json_get_text(row, "paste", "")))
                print_lines("where:", json_get_text(row, "paste", ""));
        json_array_foreach(json_at(row, "needs"), i, one)
        {
                printf("    %s %s\n", i == 0 ? "needs:" : "      ", json_text_of(one, ""));
        }
        if (json_at(row, "test") != NULL)
                command_print_test(json_at(row, "test"));
}

static void print_answer(const json_t *answer)
{
        json_t *one;
        size_t i;

        json_array_foreach(json_at(answer, "did"), i, one)
        {
                printf("%s\n", json_text_of(one, ""));
        }
        if (!json_get_bool(answer, "changed", false))
                printf("Nothing to do: %s is as the document says.\n",
                       json_get_text(answer, "org", ""));
        json_array_foreach(json_at(answer, "connections"), i, one)
        {
                print_connection(one);
        }
}

static int say_applied(struct command_context *c, const json_t *document, const json_t *answer)
{
        json_t *detail;
        int result;

        if (!json_get_bool(answer, "changed", false))
                return 0;
        detail = json_object();
        json_set(detail, "did", json_deep_copy(json_at(answer, "did")));
        result =
            command_audit(c, json_get_text(document, "org", ""), "document.applied", NULL, detail);
        json_decref(detail);
        return result;
}

static int apply(struct command_context *c, int argc, char **argv)
{
        struct apply_options options = { .test = true };
        bool untested = false;
        const struct option_row rows[] = { { "--no-test", NULL, &untested }, { NULL, NULL, NULL } };
        struct buf text = BUF_NONE;
        json_t *document, *answer = NULL;
        char *directory = NULL, *who = command_who();
        int code, found;

        code = EXIT_CALL;
        if (command_options(c, &argc, argv, rows) != 0)
                goto out;
        if (argc != 1) {
                command_usage(c, "name one document (- for standard input)");
                goto out;
        }
        if (text_equal(argv[0], "-")) {
                found = read_stdin(&text, &c->why);
        } else {
                const char *slash = strrchr(argv[0], '/');

                directory = slash == NULL ? mem_text(".")
                                          : mem_text_part(argv[0], (size_t)(slash - argv[0]) + 1);
                found = file_read(argv[0], DOCUMENT_MAX, &text, &c->why);
        }
        if (found == 0)
                code = command_usage(c, "there is no file %s", argv[0]);
        else if (found < 0)
                code = command_failed(c);
        else
                code = command_home(c);
        if (code != EXIT_YES)
                goto out;
        document = apply_read(text.data, text.len, directory, &c->why);
        if (document == NULL) {
                code = command_failed(c);
                goto out;
        }
        options.test = !untested;
        options.by = who;
        options.directory = directory;
        options.data_dir = serve_settings.data;
        options.scale = serve_settings.retry_scale;
        if (apply_document(c->home, document, &options, &answer, &c->why) != 0) {
                code = command_failed(c);
        } else if (say_applied(c, document, answer) != 0) {
                json_decref(answer);
                code = command_failed(c);
        } else if (c->json) {
                code = command_answer(answer, EXIT_YES);
        } else {
                print_answer(answer);
                json_decref(answer);
        }
        apply_forget(document);
out:
        buf_dispose_secret(&text);
        mem_free(directory);
        mem_free(who);
        return code;
}

const struct command commands_apply[] = {
        { "apply", "[--no-test] FILE", "Set one organisation up from one document",
          "FILE is JSON, see fairlead-apply(5); - reads standard input. What is missing is made,\n"
          "what differs is changed, the rest is left alone; run twice it changes nothing.\n"
          "Every connection is tried afterwards unless --no-test is given.",
          apply },
        { NULL, NULL, NULL, NULL, NULL },
};
