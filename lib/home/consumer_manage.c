/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person does with consumers: look, try, change the secret. */
#include <stdlib.h>
#include <string.h>

#include "door/secret.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/consumer.h"
#include "home/credential.h"
#include "home/records.h"

#define TIMEOUT_MS (10 * WHEN_SECOND) /* as CodeSignal's own test (wire/codesignal.md 2.2) */
#define ANSWER_MAX 4096

/* Trying. */

/* A result as it could be: everything has a value, and nobody can take it for a person's. */
static void sample_session(struct session *s, int64_t now_ms)
{
        static const double values[] = { 300, 270, 140, 0 };
        static const char *const titles[] = { "Sample task 1", "Sample task 2", "Sample task 3",
                                              "Sample task 4" };

        *s = (struct session){ .id = mem_text("sampleSession1"),
                               .test_id = mem_text("sampleTest1"),
                               .test_title = mem_text("Sample assessment"),
                               .email = mem_text("sample.candidate@example.com"),
                               .name = mem_text("Sample Candidate"),
                               .state = SESSION_COMPLETE,
                               .verification = VERIFICATION_NONE,
                               .score = { .present = true,
                                          .value = 512,
                                          .least = 200,
                                          .most = 600,
                                          .version = "codingScore2023" },
                               .created_ms = now_ms - WHEN_DAY,
                               .started_ms = now_ms - 2 * WHEN_HOUR,
                               .finished_ms = now_ms - WHEN_HOUR };
        s->part_count = sizeof values / sizeof *values;
        s->parts = mem_array(s->part_count, sizeof *s->parts);
        for (size_t i = 0; i < s->part_count; i++)
                s->parts[i] = (struct part){ .title = mem_text(titles[i]),
                                             .scored = true,
                                             .value = values[i],
                                             .most = 300,
                                             .spent_ms = 10 * WHEN_MINUTE };
}

static void sample_body(const struct org *org, const json_t *settings, int64_t now_ms,
                        struct buf *body, char **event)
{
        static const char link[] = "https://hire.example/fairlead/report/sample";
        struct consumer_names names = { .org = org->name,
                                        .platform = "sample",
                                        .platform_kind = "codesignal",
                                        .session = "sample:sampleSession1",
                                        .report = link,
                                        .result = link };
        struct session s;

        sample_session(&s, now_ms);
        *event = mem_text(consumer_signs_as_codesignal(settings)
                              ? consumer_event_codesignal(CONSUMER_COMPLETED, &s)
                              : consumer_event_name(CONSUMER_COMPLETED));
        consumer_body(settings, CONSUMER_COMPLETED, &s, &names, now_ms, body);
        session_dispose(&s);
}

static void ping_body(const struct org *org, int64_t now_ms, struct buf *body, char **event)
{
        json_t *ping = json_object(), *data = json_object();
        struct buf time = BUF_NONE;

        when_iso(&time, now_ms);
        json_set_text(data, "org", org->name);
        json_set_text(ping, "type", "fairlead.ping");
        json_set_text(ping, "timestamp", buf_text(&time));
        json_set(ping, "data", data);
        json_write(ping, body);
        json_decref(ping);
        buf_dispose(&time);
        *event = mem_text("fairlead.ping");
}

static void say(json_t *answer, const struct outcome *o, const char *event, int result)
{
        json_t *check = json_object(), *checks = json_array();
        char *sentence = result == 0
                             ? mem_format("The consumer accepted the delivery (%d).", o->status)
                             : mem_text(o->sentence);

        json_set_bool(answer, "ok", result == 0);
        json_set_text(answer, "sentence", sentence);
        json_set_int(answer, "status", o->status);
        json_set_int(answer, "ms", o->elapsed_us / 1000);
        json_set_text(answer, "event", event);
        json_set_text(check, "what", "delivery");
        json_set_bool(check, "ok", result == 0);
        json_set_text(check, "sentence", result == 0 ? sentence : o->detail);
        json_add(checks, check);
        json_set(answer, "checks", checks);
        mem_free(sentence);
}

static int try_once(const struct trade *trade, struct org *org, struct link *link, bool probe,
                    json_t *answer, struct fail *why)
{
        int64_t now = trade_now(trade);
        bool codesignal = consumer_signs_as_codesignal(link->settings), gone;
        struct outcome outcome = OUTCOME_NONE;
        struct consumer_message message = { .at_ms = now };
        struct fetch_answer reply;
        struct buf body = BUF_NONE;
        char *event = NULL, *token = secret_token(26), *id = mem_format("msg_%s", token), **headers;
        int result = 0;

        if (!probe)
                sample_body(org, link->settings, now, &body, &event);
        else if (!codesignal)
                ping_body(org, now, &body, &event);
        message.id = id;
        message.event = event;
        message.body = buf_text(&body);
        message.len = body.len;
        headers = consumer_headers(link->settings, link->credentials, &message, now, false, why);
        if (headers == NULL) {
                result = -1;
        } else {
                const struct fetch_request request = {
                        .method = "POST",
                        .url = link_setting(link, "url", ""),
                        .headers = (const char *const *)headers,
                        .body = message.body,
                        .body_len = message.len,
                        .timeout_ms = TIMEOUT_MS,
                        .answer_max = ANSWER_MAX,
                };

                link_ask(link, &request, &reply, NULL);
                say(answer, &outcome, event,
                    consumer_answer(link->settings, &reply, now, &outcome, &gone));
                fetch_answer_dispose(&reply);
        }
        consumer_headers_free(headers);
        buf_dispose(&body);
        mem_free(event);
        mem_free(token);
        mem_free(id);
        return result;
}

int consumer_try(const struct trade *trade, struct org *org, const char *connection, bool probe,
                 json_t **answer, struct fail *why)
{
        struct desk desk;
        int found = desk_open(&desk, trade, org, connection, why);

        *answer = NULL;
        if (found != 1)
                return found;
        if (desk.kind->role != KIND_CONSUMER) {
                desk_close(&desk);
                return 0;
        }
        *answer = json_object();
        if (try_once(trade, org, &desk.link, probe, *answer, why) != 0) {
                json_decref(*answer);
                *answer = NULL;
                found = -1;
        }
        desk_close(&desk);
        return found;
}

/* Secrets. */

/* Puts the credentials back, if nobody changed the connection meanwhile. */
static int put_credentials(struct home *h, struct org *org, const json_t *read,
                           const struct connection *c, const json_t *credentials, struct fail *why)
{
        struct plan p;
        int result;

        plan_init(&p);
        plan_guard(&p, "connection", c->id, read);
        connection_put(h, org, p.batch, c->id, c->kind, c->settings, credentials, c->hook, "",
                       NULL);
        result = plan_commit(&p, org, why);
        plan_dispose(&p);
        return result;
}

static int load(struct home *h, struct org *org, const char *connection, json_t **read,
                struct connection **c, struct fail *why)
{
        int found = record_get(org, "connection", connection, read, why);

        *c = NULL;
        if (found == 1 && !text_equal(json_get_text(*read, "kind", ""), "consumer"))
                found = 0;
        return found == 1 ? connection_load(h, org, connection, c, why) : found;
}

/* What is shared with a consumer opens nothing else. */
static int check_apart(struct home *h, struct org *org, const struct connection *c,
                       const json_t *credentials, struct fail *why)
{
        json_t *list = json_array(), *one = json_object();
        int result;

        json_set_text(one, "id", c->id);
        json_set_text(one, "kind", c->kind->name);
        json_set_text(one, "path", c->id);
        json_set_bool(one, "relays", json_get_text(c->settings, "relay", NULL) != NULL);
        json_set(one, "credentials", json_deep_copy(credentials));
        json_add(list, one);
        result = credential_apart(h, org, list, why);
        apply_forget(list);
        return result;
}

int consumer_rotate(struct home *h, struct org *org, const char *connection, const char *given,
                    char **secret, struct fail *why)
{
        json_t *read = NULL, *credentials = NULL;
        struct connection *c = NULL;
        int found = load(h, org, connection, &read, &c, why);

        *secret = NULL;
        if (found != 1)
                goto out;
        if (json_object_get(c->credentials, "old_secret") != NULL) {
                found = fail_set(why, FAIL_CONFLICT,
                                 "a former secret of %s is still valid; end that rotation first",
                                 connection);
                goto out;
        }
        *secret = given != NULL ? mem_text(given) : consumer_new_secret(c->settings);
        credentials = json_copy(c->credentials);
        json_set_text(credentials, "old_secret", json_get_text(c->credentials, "secret", ""));
        json_set_text(credentials, "secret", *secret);
        if (consumer_check(c->settings, credentials, connection, why) != 0 ||
            check_apart(h, org, c, credentials, why) != 0 ||
            put_credentials(h, org, read, c, credentials, why) != 0)
                found = -1;
        if (found != 1) {
                mem_free_secret(*secret);
                *secret = NULL;
        }
out:
        json_decref(credentials);
        connection_free(c);
        json_decref(read);
        return found;
}

int consumer_rotated(struct home *h, struct org *org, const char *connection, struct fail *why)
{
        json_t *read = NULL, *credentials = NULL;
        struct connection *c = NULL;
        int found = load(h, org, connection, &read, &c, why);

        if (found == 1 && json_object_get(c->credentials, "old_secret") == NULL)
                found = 0;
        if (found == 1) {
                credentials = json_copy(c->credentials);
                json_object_del(credentials, "old_secret");
                if (put_credentials(h, org, read, c, credentials, why) != 0)
                        found = -1;
        }
        json_decref(credentials);
        connection_free(c);
        json_decref(read);
        return found;
}

/* Looking. */

struct listing {
        const struct trade *trade;
        struct org *org;
        json_t *list;
        struct fail *why;
};

/* Scheme and host: what follows may hold a token. */
static char *host_of(const char *url)
{
        const char *host = strstr(url, "://");

        return host == NULL
                   ? mem_text("")
                   : mem_text_part(url, (size_t)(host + 3 - url) + strcspn(host + 3, "/?#"));
}

struct waiting {
        struct org *org;
        const char *connection;
        int64_t count;
        struct fail *why;
};

static int count_waiting(void *context, const char *member)
{
        struct waiting *w = context;
        json_t *action = NULL;
        int found =
            record_series_get(w->org, "action", strtoull(member, NULL, 10), &action, w->why);

        if (found == 1 && text_equal(json_get_text(action, "connection", ""), w->connection))
                w->count++;
        json_decref(action);
        return found < 0 ? -1 : 0;
}

static int list_one(void *context, const char *id)
{
        struct listing *l = context;
        struct consumer_health health;
        struct waiting waiting = { l->org, id, 0, l->why };
        json_t *record = NULL, *row;
        const json_t *settings;
        uint64_t held = 0;
        char *host;
        int found =
            consumer_health(l->org, id, trade_now(l->trade), l->trade->scale, &health, l->why);

        if (found != 1)
                return found;
        if (record_get(l->org, "connection", id, &record, l->why) != 1 ||
            consumer_held(l->org, id, 0, 0, &held, NULL, NULL, l->why) != 0 ||
            store_set_list(l->org->store, "open-actions", count_waiting, &waiting, l->why) < 0) {
                json_decref(record);
                return -1;
        }
        settings = json_object_get(record, "settings");
        host = host_of(json_get_text(settings, "url", ""));
        row = json_object();
        json_set_text(row, "id", id);
        json_set_text(row, "url", host);
        json_set_text(row, "signing", json_get_text(settings, "signing", "codesignal"));
        json_set_text(row, "relay", json_get_text(settings, "relay", NULL));
        json_set(row, "events", json_deep_copy(json_object_get(settings, "events")));
        json_set_text(row, "state", consumer_state_word(health.state));
        json_set_text(row, "sentence", health.sentence);
        json_set_int(row, "failures", health.failures);
        json_set_int(row, "failing_since_ms", health.failing_since_ms);
        json_set_int(row, "percent", health.percent);
        json_set_int(row, "waiting", waiting.count);
        json_set_int(row, "held", (int64_t)held);
        json_set_bool(row, "rotating", json_at(record, "credentials.old_secret") != NULL);
        json_add(l->list, row);
        mem_free(host);
        json_decref(record);
        return 0;
}

int consumer_list(const struct trade *trade, struct org *org, json_t **list, struct fail *why)
{
        struct listing l = { trade, org, json_array(), why };

        if (connection_each(trade->home, org, list_one, &l, why) != 0) {
                json_decref(l.list);
                *list = NULL;
                return -1;
        }
        *list = l.list;
        return 0;
}
