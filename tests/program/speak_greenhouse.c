/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Greenhouse adapter on a string, for tests/program/adapter_greenhouse.py: one JSON object
 * per line in ({op, ...}), one out ({result, kind, status, ...}).  argv: base of the stand-in,
 * client secret, user to act for.  Calls go out through fetch() like the worker's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ats/greenhouse.h"
#include "floor/mem.h"
#include "floor/text.h"

static json_t *speak(struct link *link, const json_t *order)
{
        const char *op = json_get_text(order, "op", ""), *text = json_get_text(order, "text", "");
        struct application a = { .id = NULL };
        struct outcome o = OUTCOME_NONE;
        json_t *answer = json_object(), *list = NULL;
        int found = -1, result = -2;

        application_from_json(&a, json_at(order, "application"));
        if (text_equal(op, "read")) {
                application_dispose(&a);
                result = greenhouse_ats.read_application(link, text, &a, &o);
                if (result == 0)
                        json_set(answer, "application", application_to_json(&a));
        } else if (text_equal(op, "find")) {
                result = greenhouse_ats.find_note(link, &a, text, &found, &o);
                json_set_int(answer, "found", found);
        } else if (text_equal(op, "note")) {
                result = greenhouse_ats.write_note(link, &a, &(struct note){ .body = text }, &o);
        } else if (text_equal(op, "stages")) {
                result = greenhouse_ats.list_stages(link, text, &list, &o);
        } else if (text_equal(op, "jobs")) {
                result = greenhouse_ats.list_jobs(link, &list, &o);
        } else if (text_equal(op, "move")) {
                result = greenhouse_ats.move_stage(link, &a, text, &o);
        } else if (text_equal(op, "interview")) {
                result = greenhouse_ats.set_interview_link(link, json_get_text(order, "id", ""),
                                                           "location", text, &o);
        } else if (text_equal(op, "test")) {
                result = greenhouse_ats.test(link, &list, &o);
        }
        if (list != NULL)
                json_set(answer, "list", list);
        json_set_int(answer, "result", result);
        json_set_text(answer, "kind", outcome_word(o.kind));
        json_set_int(answer, "status", o.status);
        json_set_int(answer, "wait_ms", o.wait_ms);
        json_set_int(answer, "lane_wait_ms", o.lane_wait_ms);
        json_set_text(answer, "sentence", o.sentence);
        json_set_text(answer, "detail", o.detail);
        application_dispose(&a);
        return answer;
}

int main(int argc, char **argv)
{
        struct link_token token = { .lock = PTHREAD_MUTEX_INITIALIZER };
        json_t *settings = json_object(), *credentials = json_object();
        struct link link = { .org = "acme",
                             .id = "gh",
                             .settings = settings,
                             .credentials = credentials,
                             .token = &token,
                             .scale = 1,
                             .call = link_fetch };
        char line[65536], *base, *trade;

        if (argc != 4 || fetch_start("127.0.0.0/8", NULL) != 0)
                return 2;
        base = mem_format("%s/v3", argv[1]);
        trade = mem_format("%s/token", argv[1]);
        json_set_text(settings, "base_url", base);
        json_set_text(settings, "token_url", trade);
        json_set_text(settings, "act_as_user", argv[3]);
        json_set_text(credentials, "client_id", "sandbox-greenhouse-client");
        json_set_text(credentials, "client_secret", argv[2]);
        while (fgets(line, sizeof line, stdin) != NULL) {
                json_t *order = json_parse(line, strlen(line), true, NULL);
                json_t *answer = speak(&link, order);
                char *text = json_text(answer);

                puts(text);
                fflush(stdout);
                mem_free(text);
                json_decref(answer);
                json_decref(order);
        }
        fetch_stop();
        if (token.text != NULL)
                mem_free_secret(token.text);
        json_decref(settings);
        json_decref(credentials);
        mem_free(base);
        mem_free(trade);
        return 0;
}
