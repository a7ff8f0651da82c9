/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The adapter of a platform on a string, for tests/program/adapter_*.py: one JSON object per
 * line in ({op, ...}), one out ({result, kind, status, ...}).  argv: kind, base_url of the
 * stand-in, API key, directory of data, directory of corrections ("" for none).  Calls go out
 * through fetch() like the worker's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "home/kind.h"

#define IDS_MAX 100

static const struct platform *platform;

static void visit(void *context, const struct session *session)
{
        json_add(context, session_to_json(session));
}

static void set_session(json_t *answer, struct session *s)
{
        struct buf words = BUF_NONE;

        if (s->id != NULL) {
                score_write(&s->score, &words);
                json_set(answer, "session", session_to_json(s));
                json_set_text(answer, "report_url", s->report_url);
                json_set_text(answer, "score", buf_text(&words));
        }
        buf_dispose(&words);
        session_dispose(s);
}

static void set_made(json_t *answer, struct interview_made *made)
{
        json_set_text(answer, "id", made->id);
        json_set_text(answer, "url", made->url);
        mem_free(made->id);
        mem_free(made->url);
}

static int sweep(struct link *link, const json_t *order, json_t *list, struct outcome *o)
{
        const json_t *given = json_at(order, "ids");
        struct session_ref refs[IDS_MAX];
        size_t count = json_array_size(given);

        if (count > IDS_MAX)
                count = IDS_MAX;
        for (size_t i = 0; i < count; i++)
                refs[i] = (struct session_ref){ .id = json_text_of(json_array_get(given, i), "") };
        return platform->read_sessions(link, json_get_text(order, "test", ""), refs, count, visit,
                                       list, o);
}

static int speak_interview(struct link *link, const char *op, const json_t *order,
                           struct interview_made *made, struct outcome *o)
{
        struct interview_order what = {
                .candidate_name = json_get_text(order, "name", NULL),
                .candidate_email = json_get_text(order, "email", NULL),
                .template_id = json_get_text(order, "template", NULL),
                .expires_in_ms = json_get_int(order, "expires_in_ms", 0),
        };
        const char *id = json_get_text(order, "id", "");

        if (text_equal(op, "make"))
                return platform->create_interview(link, &what, made, o);
        if (text_equal(op, "edit"))
                return platform->edit_interview(link, id, &what, made, o);
        if (text_equal(op, "find"))
                return platform->find_interview(link, what.candidate_email,
                                                json_get_int(order, "since_ms", 0), NULL, NULL,
                                                made, o);
        return text_equal(op, "delete") ? platform->delete_interview(link, id, o) : -2;
}

static json_t *speak(struct link *link, const json_t *order)
{
        const char *op = json_get_text(order, "op", "");
        struct invitation invitation = {
                .test_id = json_get_text(order, "test", NULL),
                .first_name = json_get_text(order, "first", NULL),
                .last_name = json_get_text(order, "last", NULL),
                .email = json_get_text(order, "email", NULL),
                .external_id = json_get_text(order, "external_id", NULL),
        };
        const struct session_ref ref = { .id = json_get_text(order, "id", ""),
                                         .test_id = json_get_text(order, "test", NULL),
                                         .email = json_get_text(order, "email", NULL) };
        struct interview_made made = { NULL, NULL };
        struct session s = { .id = NULL };
        struct outcome o = OUTCOME_NONE;
        json_t *answer = json_object(), *list = NULL;
        int result;

        if (text_equal(op, "invite")) {
                result = platform->invite(link, &invitation, &s, &o);
        } else if (text_equal(op, "read")) {
                result = platform->read_session(link, &ref, &s, &o);
        } else if (text_equal(op, "sweep")) {
                list = json_array();
                result = sweep(link, order, list, &o);
        } else if (text_equal(op, "list")) {
                result =
                    platform->list_tests(link, json_get_text(order, "search", NULL), &list, &o);
        } else if (text_equal(op, "test")) {
                result = platform->test(link, &list, &o);
        } else {
                result = speak_interview(link, op, order, &made, &o);
        }
        set_session(answer, &s);
        set_made(answer, &made);
        if (list != NULL)
                json_set(answer, "list", list);
        json_set_int(answer, "result", result);
        json_set_text(answer, "kind", outcome_word(o.kind));
        json_set_int(answer, "status", o.status);
        json_set_int(answer, "wait_ms", o.wait_ms);
        json_set_int(answer, "lane_wait_ms", o.lane_wait_ms);
        json_set_text(answer, "sentence", o.sentence);
        json_set_text(answer, "detail", o.detail);
        return answer;
}

int main(int argc, char **argv)
{
        json_t *settings = json_object(), *credentials = json_object();
        struct link link = { .org = "acme",
                             .id = "p",
                             .settings = settings,
                             .credentials = credentials,
                             .scale = 1,
                             .call = link_fetch };
        char line[65536];

        if (argc != 6 || kind_find(argv[1]) == NULL || fetch_start("127.0.0.0/8", NULL) != 0)
                return 2;
        platform = kind_find(argv[1])->platform;
        link.data_dir = argv[4];
        link.data_home = *argv[5] == '\0' ? NULL : argv[5];
        json_set_text(settings, "base_url", argv[2]);
        json_set_text(credentials, "api_key", argv[3]);
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
        json_decref(settings);
        json_decref(credentials);
        return 0;
}
