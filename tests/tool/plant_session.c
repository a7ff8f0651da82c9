/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Puts sessions into a home as the worker would, for tests of pages:
 *
 *     plant_session HOME ORG < list.json
 *
 * The list has {key, session (as stored), report_url, application (as stored, with its key as
 * "key")}; a second time the same key replaces.  Prints "<key> <token of its report>".
 */
#include <stdio.h>

#include "floor/mem.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/feed.h"
#include "home/home.h"

static void put_application(struct plan *p, struct org *org, const json_t *given,
                            const char *session)
{
        const char *key = json_get_text(given, "key", "");
        json_t *read = NULL, *record;
        struct application a;

        dossier_application(org, key, &read, NULL, NULL);
        record = read != NULL ? json_deep_copy(read) : json_object();
        application_from_json(&a, given);
        json_set_text(record, "ats", "gh");
        dossier_add_text(record, "sessions", session);
        json_set_text(record, "current", session);
        dossier_put_application(p, org, key, read, record, &a, NULL);
        application_dispose(&a);
        json_decref(record);
        json_decref(read);
}

static int put(struct home *h, struct org *org, const json_t *one, struct fail *why)
{
        const char *key = json_get_text(one, "key", "");
        const json_t *application = json_at(one, "application");
        json_t *read = NULL, *record = NULL;
        struct session session;
        struct plan p;
        char *token, *platform;
        int result = dossier_session(h, org, key, &read, NULL, why);

        if (result < 0)
                return -1;
        session_from_json(&session, json_at(one, "session"));
        session.report_url = mem_text(json_get_text(one, "report_url", NULL));
        record = read != NULL ? json_deep_copy(read) : json_object();
        platform = dossier_connection(key);
        json_set_text(record, "platform", platform);
        plan_init(&p);
        if (application != NULL) {
                json_set_text(record, "application", json_get_text(application, "key", ""));
                put_application(&p, org, application, key);
        }
        dossier_put_session(&p, h, org, key, read, record, &session, when_now_ms());
        if (!session_is_open(session.state))
                feed_move(&p, org, key, false, when_now_ms(), why);
        result = plan_commit(&p, org, why);
        plan_dispose(&p);
        session_dispose(&session);
        token = dossier_report_token(h, org, key);
        printf("%s %s\n", key, token);
        mem_free(token);
        mem_free(platform);
        json_decref(record);
        json_decref(read);
        return result;
}

int main(int argc, char **argv)
{
        struct fail why = FAIL_CLEAR;
        struct buf text = BUF_NONE;
        struct org *org = NULL;
        struct home *h = NULL;
        json_t *list;
        int result = 2, c;

        while ((c = getchar()) != EOF)
                buf_add_char(&text, (char)c);
        list = json_parse(text.data, text.len, true, &why);
        if (argc == 3 && list != NULL && home_open(&h, argv[1], &why) == 1 &&
            home_org(h, argv[2], &org, &why) == 1) {
                result = 0;
                for (size_t i = 0; result == 0 && i < json_array_size(list); i++)
                        result = put(h, org, json_array_get(list, i), &why) == 0 ? 0 : 1;
        }
        if (result != 0)
                fprintf(stderr, "plant_session: HOME ORG < list.json: %s\n", why.text);
        home_close(h);
        json_decref(list);
        buf_dispose(&text);
        return result;
}
