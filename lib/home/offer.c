/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An interview that a rule orders. */
#include "home/offer.h"

#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/follow.h"
#include "home/interview_parts.h"
#include "home/records.h"

#define MINUTES 60

/* The interview that was offered before: 1 and *id when it is still to come, 0, -1. */
static int offered(struct org *org, const char *key, json_t **read, char **id, struct fail *why)
{
        json_t *record = NULL;
        int found = record_get(org, "offered-interview", key, read, why);

        if (found == 1) {
                *id = mem_text(json_get_text(*read, "interview", "-"));
                found = record_get(org, "interview", *id, &record, why);
        }
        if (found == 1 && (text_equal(json_get_text(record, "state", ""), "cancelled") ||
                           text_equal(json_get_text(record, "state", ""), "over")))
                found = 0;
        if (found != 1) {
                mem_free(*id);
                *id = NULL;
        }
        json_decref(record);
        return found;
}

/* The hour after in_hours: nobody agreed to it yet, so it is a round one. */
static int64_t starts_ms(const json_t *schedule, int64_t now_ms)
{
        int64_t at = now_ms + json_get_int(schedule, "in_hours", 24) * WHEN_HOUR;

        return (at / WHEN_HOUR + 1) * WHEN_HOUR;
}

static void order(struct plan *p, const char *kind, const char *connection, const char *application,
                  const char *rule, const char *id, int64_t now_ms)
{
        struct action_order o = { .kind = kind,
                                  .connection = connection,
                                  .application = application,
                                  .rule = rule,
                                  .with = json_object(),
                                  .due_ms = now_ms,
                                  .now_ms = now_ms };

        json_set_text(o.with, "interview", id);
        plan_action(p, &o);
}

static int note(struct plan *p, const struct trade *trade, struct org *org,
                const struct interview_wish *wish, const char *id, const char *url,
                struct fail *why)
{
        struct buf text = BUF_NONE;
        json_t *with = json_object();
        int result;

        words_interview(&text, NULL, 0, url);
        if (wish->starts_ms > 0)
                words_proposed(&text, wish->starts_ms);
        buf_add_char(&text, '\n');
        json_set_text(with, "text", buf_text(&text));
        result = follow_note(trade, org, p, "interview", wish->application, NULL, id, with, why);
        buf_dispose(&text);
        return result;
}

/* A new one, and what shows it. */
static int make(struct plan *p, const struct trade *trade, struct org *org,
                const struct interview_wish *wish, const struct intent *intent, char **id,
                struct fail *why)
{
        char *ats = dossier_connection(wish->application), *url;
        int64_t now = trade_now(trade);
        int result = -1;

        *id = interview_add(p, trade->home, org, wish, now);
        url = interview_address(trade->home, org, *id, why);
        if (url != NULL)
                result = note(p, trade, org, wish, *id, url, why);
        order(p, "add_link", ats, wish->application, intent->rule, *id, now);
        if (wish->starts_ms > 0)
                order(p, "schedule_interview", ats, wish->application, intent->rule, *id, now);
        order(p, "create_interview", wish->platform, wish->application, intent->rule, *id, now);
        mem_free(url);
        mem_free(ats);
        return result;
}

/* What the rule wishes for this candidate. */
static int make_for(struct plan *p, const struct trade *trade, struct org *org,
                    const char *application, const struct application *a,
                    const struct intent *intent, char **id, struct fail *why)
{
        const json_t *schedule = json_at(intent->with, "schedule");
        char *name = mem_format("%s %s", text_or(a->first_name, ""), text_or(a->last_name, ""));
        struct interview_wish wish = {
                .platform = json_get_text(intent->with, "platform", ""),
                .title = "Coding interview",
                .candidate_name = text_or(text_trim(name), NULL),
                .candidate_email = a->email,
                .by = intent->rule,
                .application = application,
                .timezone = json_get_text(schedule, "timezone", "UTC"),
        };
        int result;

        if (schedule != NULL) {
                wish.starts_ms = starts_ms(schedule, trade_now(trade));
                wish.ends_ms =
                    wish.starts_ms + json_get_int(schedule, "minutes", MINUTES) * WHEN_MINUTE;
        }
        result = make(p, trade, org, &wish, intent, id, why);
        mem_free(name);
        return result;
}

int offer_interview(struct plan *p, const struct trade *trade, struct org *org,
                    const char *application, const struct application *a,
                    const struct intent *intent, struct fail *why)
{
        const char *platform = json_get_text(intent->with, "platform", "");
        char *key = record_digest(application, platform), *id = NULL, *ats;
        json_t *read = NULL, *pointer;
        int found = offered(org, key, &read, &id, why), result = -1;

        if (found == 1) { /* its link is put there again, should it be gone */
                ats = dossier_connection(application);
                order(p, "add_link", ats, application, intent->rule, id, trade_now(trade));
                mem_free(ats);
                result = 0;
        } else if (found == 0) {
                result = make_for(p, trade, org, application, a, intent, &id, why);
                pointer = json_object();
                json_set_text(pointer, "interview", id);
                plan_guard(p, "offered-interview", key, read);
                record_put(p->batch, "offered-interview", key, pointer);
                json_decref(pointer);
        }
        mem_free(id);
        mem_free(key);
        json_decref(read);
        return result;
}

struct erasing {
        struct plan *p;
        const struct trade *trade;
        struct org *org;
        const char *application;
        struct fail *why;
};

static int erase_platform(void *context, const char *platform)
{
        struct erasing *e = context;
        char *key = record_digest(e->application, platform);
        json_t *pointer = NULL;
        int found = record_get(e->org, "offered-interview", key, &pointer, e->why);

        if (found == 1) {
                batch_delete(e->p->batch, "offered-interview", key);
                found = interview_drop(e->p, e->org, json_get_text(pointer, "interview", "-"), true,
                                       trade_now(e->trade), e->why);
        }
        json_decref(pointer);
        mem_free(key);
        return found < 0 ? -1 : 0;
}

int offer_erase(struct plan *p, const struct trade *trade, struct org *org, const char *application,
                struct fail *why)
{
        struct erasing e = { p, trade, org, application, why };

        return connection_each(trade->home, org, erase_platform, &e, why) == 0 ? 0 : -1;
}
