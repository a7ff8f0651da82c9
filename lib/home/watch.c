/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is everything as it should be? */
#include "home/watch.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/rhythm.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/alert.h"
#include "home/connection.h"
#include "home/consumer.h"
#include "home/records.h"
#include "home/watch_key.h"

#define REFUSED_RUN 3                 /* so many in a row are told at once ... */
#define REFUSED_MS (15 * WHEN_MINUTE) /* ... and one when nothing good follows for so long */

struct watch {
        const struct trade *trade;
        struct org *org;
        struct plan *plan; /* NULL: only look */
        int64_t now_ms, due_ms;
        struct fail *why;
};

static void look_at(struct watch *w, int64_t at_ms)
{
        if (at_ms < w->due_ms)
                w->due_ms = at_ms;
}

static int raise_it(struct watch *w, const struct alert *a)
{
        if (w->plan != NULL)
                return alert_plan(w->plan, w->org, a, w->now_ms, w->why);
        look_at(w, w->now_ms);
        return 0;
}

static int end_it(struct watch *w, const char *topic, const char *about, const char *title,
                  const char *sentence)
{
        if (w->plan != NULL)
                return alert_plan_over(w->plan, w->org, topic, about, title, sentence, w->now_ms,
                                       w->why) < 0
                           ? -1
                           : 0;
        look_at(w, w->now_ms);
        return 0;
}

/* One connection. */

struct watched {
        const char *id;
        const struct kind *kind;
        json_t *health;
        char *name; /* "CodeSignal (cs)" */
};

/* Is so, and was not told, or the other way round: 1 raise, -2 end, 0 neither, -1 broken. */
static int turned(struct watch *w, const char *topic, const char *about, bool is_so)
{
        int stands = alert_stands(w->org, topic, about, w->why);

        if (stands < 0)
                return -1;
        return is_so && stands == 0 ? 1 : !is_so && stands == 1 ? -2 : 0;
}

static int raise_of(struct watch *w, const struct watched *c, const char *topic, const char *title,
                    const char *sentence)
{
        return raise_it(w, &(struct alert){ .topic = topic,
                                            .about = c->id,
                                            .connection = c->id,
                                            .title = title,
                                            .sentence = sentence });
}

static int watch_denied(struct watch *w, const struct watched *c)
{
        char *title;
        int turn = turned(w, "denied", c->id, json_get_bool(c->health, "denied", false)),
            result = 0;

        if (turn == 1) {
                title = mem_format("%s refuses our credential", c->name);
                result = raise_of(
                    w, c, "denied", title,
                    json_get_text(c->health, "last_error.sentence", "It was accepted before."));
                mem_free(title);
        } else if (turn == -2) {
                title = mem_format("%s accepts our credential again", c->name);
                result = end_it(w, "denied", c->id, title, "What had to wait goes on by itself.");
                mem_free(title);
        }
        return turn == -1 ? -1 : result;
}

/* What no webhook tells is asked for, and the question is not taken. */
static int watch_polled(struct watch *w, const struct watched *c)
{
        const json_t *refused = json_object_get(c->health, "poll_refused");
        int turn = turned(w, "poll", c->id, refused != NULL), result = 0;
        char *title, *sentence;

        if (turn == 1) {
                title = mem_format("%s does not tell what changed", c->name);
                sentence = mem_format("Interviews that are made, moved or cancelled there are not "
                                      "noticed until it does. %s",
                                      json_get_text(refused, "sentence", ""));
                result = raise_of(w, c, "poll", title, sentence);
                mem_free(sentence);
                mem_free(title);
        } else if (turn == -2) {
                title = mem_format("%s tells again what changed", c->name);
                result =
                    end_it(w, "poll", c->id, title, "What changed meanwhile is asked for as well.");
                mem_free(title);
        }
        return turn == -1 ? -1 : result;
}

/* Deliveries come and are refused: the secret here is not the one there. */
static int watch_refused(struct watch *w, const struct watched *c)
{
        int64_t since = json_get_int(c->health, "refused_since_ms", 0),
                patience = since + trade_wait(w->trade, REFUSED_MS);
        bool many = json_get_int(c->health, "refused_run", 0) >= REFUSED_RUN,
             failing = since > 0 && (many || patience <= w->now_ms || since > w->now_ms);
        int turn = turned(w, "webhook", c->id, failing), result = 0;
        char *title, *sentence;

        if (turn == 1) {
                title = mem_format("Webhooks of %s are refused", c->name);
                sentence = mem_format(
                    "The last one: %s. Nothing that came since was signed with a secret we know: "
                    "compare the webhook secret at the vendor with the one in Fairlead.",
                    json_get_text(c->health, "last_refused.reason", "not signed"));
                result = raise_of(w, c, "webhook", title, sentence);
                mem_free(sentence);
                mem_free(title);
        } else if (turn == -2) {
                title = mem_format("Webhooks of %s work again", c->name);
                result = end_it(w, "webhook", c->id, title,
                                "What was refused meanwhile, the vendor may send again.");
                mem_free(title);
        } else if (turn == 0 && since > 0 && !failing) {
                look_at(w, patience);
        }
        return turn == -1 ? -1 : result;
}

static char *silence_in_words(const struct rhythm *r, int64_t now_ms)
{
        struct buf when = BUF_NONE;
        char *text;

        when_people(&when, (r->last + 1) * WHEN_HOUR);
        text = mem_format(
            "Nothing has come since before %s; in the last weeks about %.0f of the hours since "
            "then brought something. Is the webhook still set up at the vendor? Vendors switch one "
            "off that failed too often.",
            buf_text(&when), rhythm_missed(r, now_ms));
        buf_dispose(&when);
        return text;
}

static int watch_silence(struct watch *w, const struct watched *c)
{
        struct rhythm rhythm;
        json_t *record = NULL;
        int64_t alarm;
        int turn, result = 0;
        char *title, *sentence;

        if (record_get(w->org, "rhythm", c->id, &record, w->why) < 0)
                return -1;
        rhythm_read(&rhythm, record);
        json_decref(record);
        alarm = rhythm_alarm_ms(&rhythm);
        turn = turned(w, "silent", c->id, alarm <= w->now_ms);
        if (turn == 1) {
                title = mem_format("%s is silent", c->name);
                sentence = silence_in_words(&rhythm, w->now_ms);
                result = raise_of(w, c, "silent", title, sentence);
                mem_free(sentence);
                mem_free(title);
        } else if (turn == -2) {
                title = mem_format("%s sends again", c->name);
                result = end_it(w, "silent", c->id, title,
                                "The sweep has looked for what was missed meanwhile.");
                mem_free(title);
        } else if (turn == 0 && alarm > w->now_ms) {
                look_at(w, alarm);
        }
        return turn == -1 ? -1 : result;
}

static char *name_of(const struct kind *kind, const char *id)
{
        return kind == NULL ? mem_text(id) : mem_format("%s (%s)", kind->title, id);
}

static int watch_consumer(struct watch *w, const char *id, const json_t *settings)
{
        int64_t due;

        if (consumer_watch(w->trade, w->org, w->plan, id, settings, &due, w->why) != 0)
                return -1;
        look_at(w, due);
        return 0;
}

static int watch_connection(void *context, const char *id)
{
        struct watch *w = context;
        struct watched c = { .id = id };
        json_t *record = NULL;
        int result = -1;

        if (record_get(w->org, "connection", id, &record, w->why) < 0 ||
            record_get(w->org, "health", id, &c.health, w->why) < 0)
                goto out;
        c.kind = trade_kind(w->trade, json_get_text(record, "kind", ""));
        c.name = name_of(c.kind, id);
        if (watch_denied(w, &c) != 0 || watch_polled(w, &c) != 0 || watch_refused(w, &c) != 0)
                goto out;
        if (text_equal(json_get_text(record, "kind", ""), "consumer") &&
            watch_consumer(w, id, json_object_get(record, "settings")) != 0)
                goto out;
        result = c.kind != NULL && c.kind->sender != NULL ? watch_silence(w, &c) : 0;
out:
        mem_free(c.name);
        json_decref(c.health);
        json_decref(record);
        return result;
}

/* Keys. */

static int watch_key(void *context, const char *id)
{
        struct watch *w = context;
        struct key_term term;
        json_t *record = NULL;
        const char *told;
        int found = record_get(w->org, "key", id, &record, w->why), result = 0;
        json_t *alert = NULL, *use = NULL;

        if (found == 1) {
                char *subject = record_digest("key", id);

                result = record_get(w->org, "alert", subject, &alert, w->why) < 0 ||
                                 record_get(w->org, "key-use", id, &use, w->why) < 0
                             ? -1
                             : 0;
                mem_free(subject);
        }
        if (found == 1 && result == 0) {
                bool stands = text_equal(json_get_text(alert, "state", ""), "standing");

                key_term(&term, id, record, use, w->now_ms);
                told = stands ? json_get_text(alert, "mark", "") : "";
                if (term.mark == NULL && stands)
                        result = end_it(w, "key", id, NULL, NULL);
                else if (term.mark != NULL && !text_equal(told, term.mark))
                        result = raise_it(w, &(struct alert){ .topic = "key",
                                                              .about = id,
                                                              .title = term.title,
                                                              .sentence = term.sentence,
                                                              .mark = term.mark });
                look_at(w, term.next_ms);
                key_term_dispose(&term);
        }
        json_decref(use);
        json_decref(alert);
        json_decref(record);
        return found < 0 ? -1 : result;
}

/* Parked actions: the alert ends when a person has seen to all of them. */

struct parked {
        struct watch *w;
        json_t *connections; /* names that have some */
};

static int see_parked(void *context, const char *member)
{
        struct parked *p = context;
        json_t *action = NULL;
        int found =
            record_series_get(p->w->org, "action", strtoull(member, NULL, 10), &action, p->w->why);

        if (found == 1)
                json_set_bool(p->connections, json_get_text(action, "connection", ""), true);
        json_decref(action);
        return found < 0 ? -1 : 0;
}

static int see_alert(void *context, const char *key)
{
        struct parked *p = context;
        json_t *alert = NULL;
        const char *about;
        int found = record_get(p->w->org, "alert", key, &alert, p->w->why), result = 0;

        about = json_get_text(alert, "about", "");
        if (found == 1 && text_equal(json_get_text(alert, "topic", ""), "parked") &&
            text_equal(json_get_text(alert, "state", ""), "standing") &&
            json_object_get(p->connections, about) == NULL)
                result = end_it(p->w, "parked", about, NULL, NULL);
        json_decref(alert);
        return found < 0 ? -1 : result;
}

static int watch_all_parked(struct watch *w)
{
        struct parked p = { w, NULL };
        uint64_t alerts = 0;
        int result;

        if (store_set_count(w->org->store, "alerts", &alerts, w->why) != 0)
                return -1;
        if (alerts == 0)
                return 0;
        p.connections = json_object();
        result = store_set_list(w->org->store, "parked-actions", see_parked, &p, w->why);
        if (result == 0)
                result = store_set_list(w->org->store, "alerts", see_alert, &p, w->why);
        json_decref(p.connections);
        return result;
}

static int watch_all(struct watch *w, int64_t *due_ms)
{
        w->now_ms = trade_now(w->trade);
        w->due_ms = INT64_MAX;
        if (connection_each(w->trade->home, w->org, watch_connection, w, w->why) != 0 ||
            store_set_list(w->org->store, "keys", watch_key, w, w->why) != 0 ||
            watch_all_parked(w) != 0)
                return -1;
        *due_ms = w->due_ms;
        return 0;
}

int watch_run(const struct trade *trade, struct org *org, struct plan *plan, int64_t *due_ms,
              struct fail *why)
{
        struct watch w = { .trade = trade, .org = org, .plan = plan, .why = why };

        return watch_all(&w, due_ms);
}

int watch_due(const struct trade *trade, struct org *org, int64_t *due_ms, struct fail *why)
{
        struct watch w = { .trade = trade, .org = org, .why = why };

        return watch_all(&w, due_ms);
}

/* What happens elsewhere. */

/* The hour that was last noted by this process, by a digest of org and connection; a
 * collision only costs a look into the record. */
static struct {
        pthread_mutex_t lock;
        uint32_t of[256];
        int64_t hour[256];
} noted = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool is_noted(const struct org *org, const struct delivery *d)
{
        uint32_t crc = code_crc32c(0, org->name, strlen(org->name) + 1);
        int64_t hour = d->received_ms / WHEN_HOUR;
        bool same;
        size_t at;

        crc = code_crc32c(crc, d->connection, strlen(d->connection));
        at = crc % 256;
        pthread_mutex_lock(&noted.lock);
        same = noted.of[at] == crc && noted.hour[at] == hour;
        noted.of[at] = crc;
        noted.hour[at] = hour;
        pthread_mutex_unlock(&noted.lock);
        return same;
}

int watch_arrived(struct org *org, const struct delivery *d, struct fail *why)
{
        struct rhythm rhythm;
        json_t *record = NULL;
        struct batch *b;
        int result = 0;

        if (d->connection == NULL || d->trust == TRUST_UNSIGNED || is_noted(org, d))
                return 0;
        if (record_get(org, "rhythm", d->connection, &record, why) < 0)
                return -1;
        rhythm_read(&rhythm, record);
        json_decref(record);
        if (!rhythm_note(&rhythm, d->received_ms))
                return 0;
        record = rhythm_write(&rhythm);
        b = batch_new();
        record_put(b, "rhythm", d->connection, record);
        result = store_commit(org->store, b, why) == 0 ? 1 : -1;
        batch_free(b);
        json_decref(record);
        return result;
}

static char *named(const struct trade *trade, struct org *org, const char *id)
{
        json_t *record = NULL;
        char *name;

        if (record_get(org, "connection", id, &record, NULL) != 1)
                return mem_text(id);
        name = name_of(trade_kind(trade, json_get_text(record, "kind", "")), id);
        json_decref(record);
        return name;
}

int watch_parked(const struct trade *trade, struct org *org, struct plan *plan, uint64_t number,
                 const json_t *action, const char *sentence, struct fail *why)
{
        const char *connection = json_get_text(action, "connection", "");
        char *name, *title, *text, mark[24];
        int result;

        /* A mail that cannot be sent is no reason for another. */
        if (text_equal(json_get_text(action, "kind", ""), "send_mail"))
                return 0;
        snprintf(mark, sizeof mark, "%" PRIu64, number);
        name = named(trade, org, connection);
        title = mem_format("Something for %s waits for a person", name);
        text = mem_format("Action %s (%s) was given up for now: %s Try it again on the status page "
                          "when that is mended.",
                          mark, json_get_text(action, "kind", ""), sentence);
        result = alert_plan(plan, org,
                            &(struct alert){ .topic = "parked",
                                             .about = connection,
                                             .connection = connection,
                                             .title = title,
                                             .sentence = text,
                                             .mark = mark },
                            trade_now(trade), why);
        mem_free(text);
        mem_free(title);
        mem_free(name);
        return result;
}

int watch_repaired(const struct trade *trade, struct org *org, struct plan *plan,
                   const char *platform, uint64_t count, struct fail *why)
{
        char *name = named(trade, org, platform), *title, *text;
        int result;

        title = mem_format("Webhooks of %s were missed", name);
        text = mem_format(
            "The sweep found %" PRIu64
            " assessment%s whose news no webhook had brought, and has put that right. Is the "
            "webhook still set up at the vendor, and can the vendor reach us?",
            count, count == 1 ? "" : "s");
        result = alert_plan(plan, org,
                            &(struct alert){ .topic = "missed",
                                             .about = platform,
                                             .connection = platform,
                                             .title = title,
                                             .sentence = text,
                                             .news = true },
                            trade_now(trade), why);
        mem_free(text);
        mem_free(title);
        mem_free(name);
        return result;
}
