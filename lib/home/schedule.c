/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interviews of ours in line with the ATS's schedule. */
#include "home/schedule.h"

#include <string.h>

#include "bridge/rule.h"
#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/dossier.h"
#include "home/follow.h"
#include "home/interview_parts.h"
#include "home/records.h"

#define PARTS_MAX 40 /* interviews of one schedule */

/* --- which rule asks for one ---------------------------------------------------------- */

struct asked {
        const char *platform, *rule;
};

static void visit(void *context, const struct intent *intent)
{
        struct asked *a = context;

        if (a->platform == NULL && text_equal(intent->step, "create_interview")) {
                a->platform = json_get_text(intent->with, "platform", NULL);
                a->rule = intent->rule;
        }
}

/* --- one part ------------------------------------------------------------------------- */

static char *full_name(const struct application *a)
{
        const char *first = text_or(a->first_name, ""), *last = text_or(a->last_name, "");

        return mem_format("%s%s%s", first, *first != '\0' && *last != '\0' ? " " : "", last);
}

static void wish_for(const struct schedule_work *w, const json_t *part, const char *name,
                     struct interview_wish *wish)
{
        memset(wish, 0, sizeof *wish);
        wish->title = json_get_text(part, "title", NULL);
        wish->candidate_name = name;
        wish->candidate_email = w->who->email;
        wish->interviewer_email = json_get_text(part, "interviewers.0.email", NULL);
        wish->starts_ms = json_get_int(part, "starts_ms", 0);
        wish->ends_ms = json_get_int(part, "ends_ms", 0);
}

/* Recruiters read of it in a note, once for each interview of ours. */
static int note(struct schedule_work *w, const char *interview, const json_t *part, const char *url,
                struct fail *why)
{
        struct buf text = BUF_NONE;
        json_t *with = json_object();
        int result;

        words_interview(&text, json_get_text(part, "title", NULL),
                        json_get_int(part, "starts_ms", 0), url);
        json_set_text(with, "text", buf_text(&text));
        buf_dispose(&text);
        result = follow_note(w->trade, w->org, w->plan, "interview", w->application, NULL,
                             interview, with, why);
        return result;
}

/* The link goes into the schedule where it can; the step writes the note where it cannot. */
static void order_link(struct schedule_work *w, const char *interview, const json_t *part,
                       const char *url)
{
        char *ats = dossier_connection(w->key);
        int64_t now = trade_now(w->trade);
        struct action_order order = { .kind = "set_interview_link",
                                      .connection = ats,
                                      .application = w->application,
                                      .with = json_object(),
                                      .due_ms = now,
                                      .now_ms = now };
        struct buf text = BUF_NONE;

        words_interview(&text, json_get_text(part, "title", NULL),
                        json_get_int(part, "starts_ms", 0), url);
        json_set_text(order.with, "interview_id", json_get_text(part, "link_id", ""));
        json_set_text(order.with, "field", w->field);
        json_set_text(order.with, "url", url);
        json_set_text(order.with, "interview", interview);
        json_set_text(order.with, "otherwise", buf_text(&text)); /* a note */
        plan_action(w->plan, &order);
        buf_dispose(&text);
        mem_free(ats);
}

static int show(struct schedule_work *w, const char *interview, const json_t *part,
                struct fail *why)
{
        bool there = !text_empty(json_get_text(part, "link_id", NULL));
        char *url = interview_address(w->trade->home, w->org, interview, why);
        int result = url == NULL ? -1 : 0;

        if (result == 0 && there)
                order_link(w, interview, part, url);
        if (result == 0 && (!there || w->hidden))
                result = note(w, interview, part, url, why);
        mem_free(url);
        return result;
}

static int make(struct schedule_work *w, const json_t *rules, const json_t *part, json_t *entry,
                struct fail *why)
{
        char *ats = dossier_connection(w->key), *name = full_name(w->who), *id, *by;
        int64_t ends = json_get_int(part, "ends_ms", json_get_int(part, "starts_ms", 0));
        struct asked asked = { NULL, NULL };
        struct interview_wish wish;
        int result = 0;

        rules_for_schedule(rules, ats, w->who, json_get_text(part, "title", NULL), visit, &asked);
        if (asked.platform != NULL && (ends == 0 || ends > trade_now(w->trade))) {
                by = mem_format("rule %s", asked.rule);
                wish_for(w, part, name, &wish);
                wish.platform = asked.platform;
                wish.ats = ats;
                wish.ats_interview = json_get_text(part, "id", NULL);
                wish.by = by;
                id = interview_add(w->plan, w->trade->home, w->org, &wish, trade_now(w->trade));
                json_set_text(entry, "interview", id);
                result = show(w, id, part, why);
                w->made++;
                mem_free(id);
                mem_free(by);
        }
        mem_free(name);
        mem_free(ats);
        return result;
}

/* One part that stands: 0, -1. */
static int settle_part(struct schedule_work *w, const json_t *rules, const json_t *part,
                       json_t *entries, struct fail *why)
{
        char *id = json_get_id(part, "id"), *name;
        json_t *entry = id == NULL ? NULL : json_object_get(entries, id);
        struct interview_wish wish;
        int result = 0;

        if (id == NULL)
                return 0;
        if (entry == NULL) {
                entry = json_object();
                json_set(entries, id, entry);
        }
        json_set_bool(entry, "stands", true);
        if (json_at(entry, "interview") == NULL) {
                result = make(w, rules, part, entry, why);
        } else {
                name = full_name(w->who);
                wish_for(w, part, name, &wish);
                result = interview_move(w->plan, w->org, json_get_text(entry, "interview", ""),
                                        &wish, trade_now(w->trade), why);
                w->moved += result == 1;
                mem_free(name);
        }
        mem_free(id);
        return result < 0 ? -1 : 0;
}

/* Those that no part stands for any more. */
static int drop_rest(struct schedule_work *w, json_t *entries, struct fail *why)
{
        const char *id;
        json_t *entry;
        void *next;
        int result = 0;

        json_object_foreach_safe(entries, next, id, entry)
        {
                const char *interview = json_get_text(entry, "interview", NULL);

                if (json_get_bool(entry, "stands", false)) {
                        json_object_del(entry, "stands");
                        if (interview == NULL)
                                json_object_del(entries, id);
                        continue;
                }
                if (result == 0 && interview != NULL)
                        result = interview_drop(w->plan, w->org, interview, false,
                                                trade_now(w->trade), why);
                if (result < 0)
                        return -1;
                w->cancelled += (unsigned)result;
                result = 0;
                json_object_del(entries, id); /* scheduled again, it gets another link */
        }
        return 0;
}

static void tell(const struct schedule_work *w)
{
        const struct {
                unsigned count;
                const char *word;
        } rows[] = { { w->made, "made" }, { w->moved, "moved" }, { w->cancelled, "cancelled" } };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                if (rows[i].count > 0)
                        buf_format(w->said, "%s%u interview link%s %s.",
                                   w->said->len > 0 ? " " : "", rows[i].count,
                                   rows[i].count == 1 ? " was" : "s were", rows[i].word);
        if (w->made + w->moved + w->cancelled == 0)
                buf_add_text(w->said, "Nothing changed that an interview link depends on.");
}

int schedule_settle(struct schedule_work *w, const json_t *parts, struct fail *why)
{
        json_t *read = NULL, *record = NULL, *entries, *rules = trade_rules(w->org, why);
        int found = rules == NULL ? -1 : record_get(w->org, "schedule", w->key, &read, why),
            result = found < 0 ? -1 : 0;

        if (result == 0) {
                record = found == 1 ? json_deep_copy(read) : json_object();
                json_set_text(record, "application", w->application);
                if (!json_is_object(json_object_get(record, "parts")))
                        json_set(record, "parts", json_object());
                entries = json_object_get(record, "parts");
                for (size_t i = 0; result == 0 && i < json_array_size(parts) && i < PARTS_MAX; i++)
                        result = settle_part(w, rules, json_array_get(parts, i), entries, why);
                if (result == 0)
                        result = drop_rest(w, entries, why);
                if (result == 0 && (found == 1 || json_object_size(entries) > 0) &&
                    !json_equal(record, read)) {
                        plan_guard(w->plan, "schedule", w->key, read);
                        record_put(w->plan->batch, "schedule", w->key, record);
                }
        }
        if (result == 0)
                tell(w);
        json_decref(record);
        json_decref(read);
        json_decref(rules);
        return result;
}

int schedule_erase(struct plan *p, struct org *org, const char *key, int64_t now_ms,
                   struct fail *why)
{
        json_t *read = NULL, *entry;
        const char *id;
        int found = record_get(org, "schedule", key, &read, why), result = found < 0 ? -1 : 0;

        json_object_foreach(json_object_get(read, "parts"), id, entry)
        {
                const char *interview = json_get_text(entry, "interview", NULL);

                if (result >= 0 && interview != NULL)
                        result = interview_drop(p, org, interview, true, now_ms, why);
        }
        if (found == 1 && result >= 0) {
                plan_guard(p, "schedule", key, read);
                batch_delete(p->batch, "schedule", key);
        }
        json_decref(read);
        return result < 0 ? -1 : 0;
}
