/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A consumer: settings, credentials, an answer's headers and its body, one line each.  What was
 * accepted at setting up gives header lines that cannot break out of a request; whatever a
 * consumer answers, the wait is one that we can live with.
 */
#include "bridge/consumer.h"
#include "floor/text.h"
#include "floor/when.h"
#include "fuzz.h"

static json_t *parse(const char *text)
{
        json_t *value = json_parse(text, strlen(text), true, NULL);

        if (value != NULL && !json_is_object(value)) {
                json_decref(value);
                value = NULL;
        }
        return value;
}

static void check_lines(char **lines)
{
        int types = 0, signatures = 0;

        for (size_t i = 0; lines[i] != NULL; i++) {
                MUST(strpbrk(lines[i], "\r\n") == NULL);
                MUST(strstr(lines[i], ": ") > lines[i]);
                types += text_starts_fold(lines[i], "content-type:");
                signatures += text_starts_fold(lines[i], "webhook-signature:") ||
                              text_starts_fold(lines[i], "x-codesignal-signature:");
                MUST(!text_starts_fold(lines[i], "host:") &&
                     !text_starts_fold(lines[i], "content-length:"));
        }
        MUST(types == 1 && signatures == 1);
}

static void check_setup(const char *settings_text, const char *credentials_text)
{
        json_t *settings = parse(settings_text), *credentials = parse(credentials_text);
        struct consumer_message message = { "msg_x", "result.completed", 1, "{}", 2 };
        struct fail why = FAIL_CLEAR;
        char **lines;

        if (settings != NULL && credentials != NULL) {
                int good = consumer_check(settings, credentials, "connections.0", &why);

                MUST((good == 0) == (why.kind == FAIL_NONE));
                MUST(good == 0 || text_starts(why.text, "connections.0."));
                lines = consumer_headers(settings, credentials, &message, WHEN_DAY, false, NULL);
                if (lines != NULL)
                        check_lines(lines);
                else
                        MUST(good != 0 || text_empty(json_get_text(credentials, "secret", NULL)) ||
                             json_object_get(credentials, "old_secret") != NULL);
                consumer_headers_free(lines);
        }
        json_decref(settings);
        json_decref(credentials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *settings = next_part(&data, &size, '\n'),
             *credentials = next_part(&data, &size, '\n'), *header = next_part(&data, &size, '\n'),
             *body = the_rest(data, size);
        struct fetch_answer answer = { .end = FETCH_ANSWERED,
                                       .status = 200 + (int)(size * 37 % 400) };
        struct outcome outcome = OUTCOME_NONE;
        json_t *set = parse(settings);
        bool gone,
            done = consumer_signs_as_codesignal(set) ? answer.status == 200 : answer.status < 300;

        check_setup(settings, credentials);
        buf_format(&answer.headers, "Retry-After: %s\n", header);
        buf_add_text(&answer.body, body);
        consumer_answer(set, &answer, INT64_C(1795382544034), &outcome, &gone);
        MUST(outcome.wait_ms >= 0 && outcome.wait_ms <= WHEN_DAY);
        MUST((outcome.kind == OUTCOME_DONE) == done);
        MUST(gone == (answer.status == 410));
        MUST(strpbrk(outcome.detail, "\r\n") == NULL && strlen(outcome.detail) < 400);
        fetch_answer_dispose(&answer);
        json_decref(set);
        mem_free(settings);
        mem_free(credentials);
        mem_free(header);
        mem_free(body);
        return 0;
}
