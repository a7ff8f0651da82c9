/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a consumer is doing: failing, warned of, paused, active again. */
#include <string.h>

#include "door/secret.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/alert.h"
#include "home/consumer.h"
#include "home/event.h"
#include "home/records.h"

#define RETRIES 8
#define PAUSE_DAYS 5
#define TOPIC "pausing"

/* How long it is left alone after so many failures in a row; the last one goes on. */
static const int64_t waits_ms[] = { 5 * WHEN_SECOND,  30 * WHEN_SECOND, 2 * WHEN_MINUTE,
                                    10 * WHEN_MINUTE, 30 * WHEN_MINUTE, WHEN_HOUR,
                                    2 * WHEN_HOUR,    4 * WHEN_HOUR,    6 * WHEN_HOUR };

static const int warned_at[] = { 50, 70, 90 };

static const char *const state_words[] = {
        [CONSUMER_ACTIVE] = "active",
        [CONSUMER_PAUSED] = "paused",
        [CONSUMER_DISABLED] = "disabled",
};

const char *consumer_state_word(enum consumer_state state)
{
        return state_words[state];
}

static enum consumer_state state_of(const json_t *record)
{
        const char *word = json_get_text(record, "state", "active");

        return text_equal(word, "paused")     ? CONSUMER_PAUSED
               : text_equal(word, "disabled") ? CONSUMER_DISABLED
                                              : CONSUMER_ACTIVE;
}

/* Changes the record; edit returns false to leave it.  1 changed, 0 left, -1. */
static int change(struct org *org, const char *connection,
                  bool (*edit)(json_t *record, void *context), void *context, struct fail *why)
{
        struct fail local = FAIL_CLEAR;
        int result = -1;

        if (why == NULL)
                why = &local;
        for (int i = 0; i < RETRIES && result < 0; i++) {
                struct plan p;
                json_t *read = NULL, *record;

                fail_clear(why);
                if (record_get(org, "consumer", connection, &read, why) < 0)
                        return -1;
                record = read == NULL ? json_object() : json_deep_copy(read);
                plan_init(&p);
                result = 0;
                if (edit(record, context)) {
                        plan_guard(&p, "consumer", connection, read);
                        record_put(p.batch, "consumer", connection, record);
                        result = plan_commit(&p, org, why) == 0 ? 1 : -1;
                }
                plan_dispose(&p);
                json_decref(record);
                json_decref(read);
                if (result < 0 && why->kind != FAIL_CONFLICT)
                        break;
        }
        return result;
}

/* From the first failure to being paused. */
static int64_t whole_way_ms(int64_t days, int64_t scale)
{
        return days * WHEN_DAY / (scale > 1 ? scale : 1);
}

static int percent_of(const json_t *record, int64_t days, int64_t now_ms, int64_t scale)
{
        int64_t since = json_get_int(record, "failing_since_ms", 0),
                all = whole_way_ms(days, scale), part;

        if (since == 0 || all <= 0 || now_ms <= since)
                return 0;
        part = (now_ms - since) * 100 / all;
        return part > 100 ? 100 : (int)part;
}

int consumer_health(struct org *org, const char *connection, int64_t now_ms, int64_t scale,
                    struct consumer_health *health, struct fail *why)
{
        json_t *settings = NULL, *record = NULL;
        int found = record_get(org, "connection", connection, &settings, why);

        memset(health, 0, sizeof *health);
        if (found == 1 && !text_equal(json_get_text(settings, "kind", ""), "consumer"))
                found = 0;
        if (found == 1 && record_get(org, "consumer", connection, &record, why) < 0)
                found = -1;
        if (found == 1) {
                health->state = state_of(record);
                health->failures = json_get_int(record, "failures", 0);
                health->failing_since_ms = json_get_int(record, "failing_since_ms", 0);
                health->since_ms = json_get_int(record, "since_ms", 0);
                health->percent = percent_of(
                    record, json_get_int(settings, "settings.pause_after_days", PAUSE_DAYS), now_ms,
                    scale);
                strncpy(health->sentence, json_get_text(record, "sentence", ""),
                        sizeof health->sentence - 1);
        }
        json_decref(record);
        json_decref(settings);
        return found;
}

/* The percentage that people are to be warned of now, 0 none; *next_ms: when there is one next,
 * INT64_MAX never. */
static int to_warn(const json_t *record, int64_t days, int64_t now_ms, int64_t scale,
                   int64_t *next_ms)
{
        int64_t since = json_get_int(record, "failing_since_ms", 0),
                all = whole_way_ms(days, scale), at;
        int before = (int)json_get_int(record, "warned", 0), reached = 0;

        *next_ms = INT64_MAX;
        if (since == 0 || state_of(record) != CONSUMER_ACTIVE || now_ms >= since + all)
                return 0;
        for (size_t i = 0; i < sizeof warned_at / sizeof *warned_at; i++) {
                at = since + (all * warned_at[i] + 99) / 100;
                if (at > now_ms) {
                        *next_ms = at;
                        break;
                }
                if (before < warned_at[i])
                        reached = warned_at[i];
        }
        return reached;
}

struct worked {
        int64_t now_ms;
        const char *secret;
        bool was_warned;
};

static bool edit_worked(json_t *record, void *context)
{
        struct worked *w = context;
        const char *before = json_get_text(record, "last_secret", NULL);

        /* Written only when it says something new: most deliveries are as uneventful as the one
         * before. */
        if (json_get_int(record, "failures", 0) == 0 && text_equal(before, w->secret))
                return false;
        /* Also of one that was paused, and is active again since. */
        w->was_warned = json_get_int(record, "warned", 0) > 0;
        json_set_int(record, "failures", 0);
        json_set_int(record, "failing_since_ms", 0);
        json_set_int(record, "warned", 0);
        if (state_of(record) == CONSUMER_ACTIVE)
                json_set_text(record, "sentence", "");
        json_set_text(record, "last_secret", w->secret);
        json_set_int(record, "last_ok_ms", w->now_ms);
        return true;
}

struct failing {
        const struct outcome *outcome;
        bool gone;
        int64_t now_ms, scale, days;
        int64_t failures, left_ms; /* until it is paused */
        int warned;                /* newly, at this percentage */
        bool paused;
};

/* Paused, disabled, or active again. */
static void stop(json_t *record, enum consumer_state state, const char *sentence, int64_t now_ms)
{
        json_set_text(record, "state", state_words[state]);
        json_set_text(record, "sentence", sentence);
        json_set_int(record, "since_ms", now_ms);
}

static bool edit_failed(json_t *record, void *context)
{
        struct failing *f = context;
        const char *cause = f->outcome->sentence;
        int64_t next;
        char *sentence;

        f->warned = 0;
        f->paused = false;
        f->failures = json_get_int(record, "failures", 0) + 1;
        json_set_int(record, "failures", f->failures);
        if (json_get_int(record, "failing_since_ms", 0) == 0)
                json_set_int(record, "failing_since_ms", f->now_ms);
        json_set_int(record, "last_failed_ms", f->now_ms);
        if (state_of(record) != CONSUMER_ACTIVE)
                return true; /* one that was under way when it was paused */
        if (f->gone) {
                stop(record, CONSUMER_DISABLED, cause, f->now_ms);
                json_set_int(record, "warned", 100);
                f->paused = true;
                return true;
        }
        f->left_ms = json_get_int(record, "failing_since_ms", 0) + whole_way_ms(f->days, f->scale) -
                     f->now_ms;
        if (f->left_ms <= 0) {
                sentence = mem_format("Paused after %lld day%s of failing. %s", (long long)f->days,
                                      f->days == 1 ? "" : "s", cause);
                stop(record, CONSUMER_PAUSED, sentence, f->now_ms);
                json_set_int(record, "warned", 100);
                f->paused = true;
                mem_free(sentence);
                return true;
        }
        f->warned = to_warn(record, f->days, f->now_ms, f->scale, &next);
        if (f->warned > 0)
                json_set_int(record, "warned", f->warned);
        json_set_text(record, "sentence", cause);
        return true;
}

/* Three to five quarters, so that what waits for many does not come at once. */
static int64_t jitter(int64_t ms)
{
        uint32_t random;

        secret_random(&random, sizeof random);
        return ms - ms / 4 + (int64_t)((uint64_t)(ms / 2) * random / UINT32_MAX);
}

static int64_t wait_after(const struct failing *f, const struct trade *trade)
{
        int64_t most = (int64_t)(sizeof waits_ms / sizeof *waits_ms),
                at = f->failures < most ? f->failures : most, asked = f->outcome->wait_ms,
                wait = jitter(waits_ms[at > 0 ? at - 1 : 0]);

        /* It may ask to be left alone for longer than we would, not for less long. */
        if (asked > wait)
                return trade_wait(trade, asked);
        wait = trade_wait(trade, wait);
        /* The last attempt before it is paused is made when it is to be paused. */
        return f->left_ms > 0 && f->left_ms < wait ? f->left_ms : wait;
}

static char *warning(const char *cause, int percent, int64_t days)
{
        return mem_format("%s This is %d %% of the way to being paused, %lld day%s after the first "
                          "failure.",
                          cause, percent, (long long)days, days == 1 ? "" : "s");
}

static char *failing_title(const char *connection)
{
        return mem_format("Deliveries to %s fail", connection);
}

/* By mail, and in the log. */
static void tell(const struct trade *trade, struct org *org, const char *connection,
                 const struct failing *f)
{
        char mark[24], *title, *sentence;
        struct alert alert = {
                .topic = TOPIC, .about = connection, .connection = connection, .mark = mark
        };

        if (!f->paused && f->warned == 0)
                return;
        if (f->paused) {
                snprintf(mark, sizeof mark, "paused");
                title = mem_format("Deliveries to %s are held back", connection);
                sentence = mem_format("%s What would be sent is held, nothing is lost. When the "
                                      "consumer works again: fairlead consumer send %s %s",
                                      f->outcome->sentence, org->name, connection);
        } else {
                snprintf(mark, sizeof mark, "%d %%", f->warned);
                title = failing_title(connection);
                sentence = warning(f->outcome->sentence, f->warned, f->days);
        }
        alert.title = title;
        alert.sentence = sentence;
        log_event(LOG_LEVEL_WARN, title, "org", org->name, "connection", connection, "mark", mark,
                  "why", f->outcome->sentence, NULL);
        alert_raise(trade->home, org, &alert, f->now_ms, NULL);
        mem_free(title);
        mem_free(sentence);
}

static int plan_warning(struct plan *p, struct org *org, const char *connection, const json_t *read,
                        int percent, int64_t days, int64_t now_ms, struct fail *why)
{
        json_t *record = json_deep_copy(read);
        char mark[24], *title = failing_title(connection),
                       *sentence = warning(json_get_text(read, "sentence", ""), percent, days);
        struct alert alert = { .topic = TOPIC,
                               .about = connection,
                               .connection = connection,
                               .mark = mark,
                               .title = title,
                               .sentence = sentence };
        int result;

        snprintf(mark, sizeof mark, "%d %%", percent);
        json_set_int(record, "warned", percent);
        plan_guard(p, "consumer", connection, read);
        record_put(p->batch, "consumer", connection, record);
        log_event(LOG_LEVEL_WARN, title, "org", org->name, "connection", connection, "mark", mark,
                  "why", json_get_text(read, "sentence", ""), NULL);
        result = alert_plan(p, org, &alert, now_ms, why);
        mem_free(sentence);
        mem_free(title);
        json_decref(record);
        return result;
}

int consumer_watch(const struct trade *trade, struct org *org, struct plan *p,
                   const char *connection, const json_t *settings, int64_t *due_ms,
                   struct fail *why)
{
        int64_t days = json_get_int(settings, "pause_after_days", PAUSE_DAYS),
                now = trade_now(trade);
        json_t *record = NULL;
        int percent, result = 0;

        if (record_get(org, "consumer", connection, &record, why) < 0)
                return -1;
        percent = to_warn(record, days, now, trade->scale, due_ms);
        if (percent > 0 && p != NULL)
                result = plan_warning(p, org, connection, record, percent, days, now, why);
        else if (percent > 0)
                *due_ms = now;
        json_decref(record);
        return result;
}

static void tell_over(struct home *h, struct org *org, const char *connection, int64_t now_ms)
{
        char *title = mem_format("Deliveries to %s work again", connection);

        alert_over(h, org, TOPIC, connection, title, "The consumer accepts deliveries.", now_ms,
                   NULL);
        mem_free(title);
}

int consumer_failed(const struct trade *trade, struct org *org, const struct connection *c,
                    const struct outcome *outcome, bool gone, int64_t *wait_ms, struct fail *why)
{
        struct failing f = { .outcome = outcome,
                             .gone = gone,
                             .now_ms = trade_now(trade),
                             .scale = trade->scale,
                             .days = json_get_int(c->settings, "pause_after_days", PAUSE_DAYS) };

        if (change(org, c->id, edit_failed, &f, why) < 0)
                return -1;
        tell(trade, org, c->id, &f);
        *wait_ms = f.paused ? 1 : wait_after(&f, trade);
        return 0;
}

int consumer_worked(const struct trade *trade, struct org *org, const char *connection,
                    bool old_secret, struct fail *why)
{
        struct worked w = { .now_ms = trade_now(trade), .secret = old_secret ? "old" : "new" };

        if (change(org, connection, edit_worked, &w, why) < 0)
                return -1;
        if (w.was_warned)
                tell_over(trade->home, org, connection, w.now_ms);
        return 0;
}

static bool edit_paused(json_t *record, void *context)
{
        if (state_of(record) != CONSUMER_ACTIVE)
                return false;
        stop(record, CONSUMER_PAUSED, "Paused by hand.", *(int64_t *)context);
        return true;
}

static bool edit_resumed(json_t *record, void *context)
{
        if (state_of(record) == CONSUMER_ACTIVE)
                return false;
        stop(record, CONSUMER_ACTIVE, "", *(int64_t *)context);
        json_set_int(record, "failures", 0);
        json_set_int(record, "failing_since_ms", 0);
        json_set_int(record, "warned", 0);
        return true;
}

/* What waits is looked at again: held now, or sent. */
static int changed(struct home *h, struct org *org, const char *connection, int result,
                   int64_t now_ms, struct fail *why)
{
        if (result == 1 && event_wake(h, org->name, connection, now_ms, why) != 0)
                return -1;
        return result;
}

int consumer_pause(struct home *h, struct org *org, const char *connection, int64_t now_ms,
                   struct fail *why)
{
        return changed(h, org, connection, change(org, connection, edit_paused, &now_ms, why),
                       now_ms, why);
}

int consumer_resume(struct home *h, struct org *org, const char *connection, int64_t now_ms,
                    struct fail *why)
{
        int result = change(org, connection, edit_resumed, &now_ms, why);

        if (result == 1) /* a person took care of it; a new failure is news again */
                alert_over(h, org, TOPIC, connection, NULL, NULL, now_ms, NULL);
        return changed(h, org, connection, result, now_ms, why);
}
