/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts become mails. */
#include "home/alert_tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "door/mail.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/alert.h"
#include "home/alert_mail.h"
#include "home/records.h"

#define KEYS_MAX 200 /* alerts looked at in one round; the others in the next */

/* One alert, while it is decided who hears of it. */
struct item {
        char *key;
        json_t *alert, *told; /* as read; told: its own memory, to be changed */
        bool changed;         /* told was */
        bool waits;           /* somebody is to hear of it later */
};

/* One address, and what it hears of now. */
struct letter {
        char *to;
        json_t *alerts;
        bool due;  /* one of them waited for company long enough */
        bool busy; /* a mail to it is on its way */
        struct letter *next;
};

struct teller {
        const struct trade *trade;
        struct org *org;
        struct plan *plan;
        json_t *self;
        struct item items[KEYS_MAX];
        size_t count;
        struct letter *letters;
        int64_t now_ms, next_ms;
        struct fail *why;
};

int alert_untold(struct org *org, struct fail *why)
{
        uint64_t count = 0;

        if (store_set_count(org->store, "untold-alerts", &count, why) != 0)
                return -1;
        return count > 0;
}

static void look_again(struct teller *t, int64_t at_ms)
{
        if (t->next_ms < 0 || at_ms < t->next_ms)
                t->next_ms = at_ms;
}

/* Collecting. */

static int collect(void *context, const char *key)
{
        struct teller *t = context;

        if (t->count == KEYS_MAX) {
                look_again(t, t->now_ms);
                return 1;
        }
        t->items[t->count++].key = mem_text(key);
        return 0;
}

static int read_item(struct teller *t, struct item *i)
{
        int found = record_get(t->org, "alert", i->key, &i->alert, t->why);

        if (found >= 0 && record_get(t->org, "alert-told", i->key, &i->told, t->why) < 0)
                found = -1;
        if (found < 0)
                return -1;
        if (i->told == NULL)
                i->told = json_object();
        if (!json_is_object(json_object_get(i->told, "to")))
                json_set(i->told, "to", json_object());
        return 0;
}

static struct letter *letter_to(struct teller *t, const char *address)
{
        struct letter **at = &t->letters;

        while (*at != NULL && !text_equal_fold((*at)->to, address))
                at = &(*at)->next;
        if (*at == NULL) {
                *at = mem_alloc(sizeof **at);
                (*at)->to = mem_text(address);
                (*at)->alerts = json_array();
        }
        return *at;
}

static int see_open_mail(void *context, const char *member)
{
        struct teller *t = context;
        json_t *action = NULL;
        int found =
            record_series_get(t->org, "action", strtoull(member, NULL, 10), &action, t->why);

        if (found == 1 && text_equal(json_get_text(action, "state", ""), "waiting"))
                letter_to(t, json_get_text(action, "with.to", ""))->busy = true;
        else if (found >= 0)
                batch_leave(t->plan->batch, "open-mails", member);
        json_decref(action);
        return found < 0 ? -1 : 0;
}

/* Deciding. */

/* Has this address heard of the alert as it stands now? */
static bool is_known(const json_t *alert, const json_t *heard)
{
        const char *state = json_get_text(alert, "state", ""),
                   *was = json_get_text(heard, "state", "");

        if (text_equal(state, "over"))
                return json_get_bool(alert, "quiet", false) || !text_equal(was, "standing");
        if (!text_equal(state, was))
                return false;
        if (text_equal(state, "news"))
                return json_get_int(alert, "count", 0) == json_get_int(heard, "count", 0);
        return text_equal(json_get_text(alert, "mark", ""), json_get_text(heard, "mark", "")) &&
               json_get_int(alert, "since_ms", 0) == json_get_int(heard, "since_ms", 0);
}

/* Under which name an address is remembered: nobody means another one by other capitals. */
static char *plain(const char *address)
{
        char *name = mem_text(address);

        for (char *c = name; *c != '\0'; c++)
                if (*c >= 'A' && *c <= 'Z')
                        *c = (char)(*c - 'A' + 'a');
        return name;
}

static void decide(struct teller *t, struct item *i, const char *address)
{
        char *name = plain(address);
        const json_t *heard = json_object_get(json_object_get(i->told, "to"), name);
        int64_t told = json_get_int(heard, "at_ms", 0),
                untold = json_get_int(i->alert, "untold_ms", 0),
                grouped = untold + trade_wait(t->trade, TELL_GROUP_MS);
        struct letter *letter;

        mem_free(name);
        if (is_known(i->alert, heard))
                return;
        if (told > t->now_ms) /* the clock was set back */
                told = t->now_ms;
        if (heard != NULL && told + TELL_EVERY_MS > t->now_ms) {
                i->waits = true;
                look_again(t, told + TELL_EVERY_MS);
                return;
        }
        letter = letter_to(t, address);
        if (letter->busy || json_array_size(letter->alerts) >= TELL_AT_ONCE) {
                i->waits = true; /* the mail's end brings us here again */
                return;
        }
        json_add(letter->alerts, json_incref(i->alert));
        if (grouped <= t->now_ms || untold > t->now_ms)
                letter->due = true;
        else
                look_again(t, grouped);
}

static void decide_all(struct teller *t, struct item *i, const json_t *addresses)
{
        for (size_t n = 0; n < json_array_size(addresses) && n < ALERT_ADDRESSES; n++) {
                const char *address = json_text_of(json_array_get(addresses, n), "");

                if (mail_check_address(address, NULL) == 0)
                        decide(t, i, address);
        }
}

static int decide_item(struct teller *t, struct item *i)
{
        const char *id = json_get_text(i->alert, "connection", NULL);
        json_t *connection = NULL;

        if (i->alert == NULL)
                return 0;
        if (id != NULL && record_get(t->org, "connection", id, &connection, t->why) < 0)
                return -1;
        decide_all(t, i, json_object_get(t->self, "alert_email"));
        decide_all(t, i, json_at(connection, "settings.alert_email"));
        json_decref(connection);
        return 0;
}

/* Writing down. */

static int order(const void *a, const void *b)
{
        const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
        bool over = text_equal(json_get_text(x, "state", ""), "over"),
             other = text_equal(json_get_text(y, "state", ""), "over");
        int64_t at = json_get_int(x, "untold_ms", 0), bt = json_get_int(y, "untold_ms", 0);

        return over != other ? (over ? 1 : -1) : (at > bt) - (at < bt);
}

/* In the order of their weight: what stands first, then by time. */
static json_t *ordered(const json_t *list)
{
        json_t *rows[TELL_AT_ONCE], *result = json_array();
        size_t count = json_array_size(list);

        for (size_t i = 0; i < count; i++)
                rows[i] = json_array_get(list, i);
        qsort(rows, count, sizeof *rows, order);
        for (size_t i = 0; i < count; i++)
                json_add(result, json_incref(rows[i]));
        return result;
}

/* An address may be there for the org and for the connection: it hears once. */
static void remember(struct teller *t, struct letter *l)
{
        char *name = plain(l->to);

        for (size_t n = 0; n < t->count; n++) {
                struct item *i = &t->items[n];

                for (size_t k = 0; k < json_array_size(l->alerts); k++) {
                        json_t *heard;

                        if (json_array_get(l->alerts, k) != i->alert)
                                continue;
                        heard = json_object();
                        json_set_int(heard, "at_ms", t->now_ms);
                        json_set_text(heard, "state", json_get_text(i->alert, "state", ""));
                        json_set_text(heard, "mark", json_get_text(i->alert, "mark", ""));
                        json_set_int(heard, "count", json_get_int(i->alert, "count", 0));
                        json_set_int(heard, "since_ms", json_get_int(i->alert, "since_ms", 0));
                        json_set(json_object_get(i->told, "to"), name, heard);
                        i->changed = true;
                }
        }
        mem_free(name);
}

static void write_letter(struct teller *t, struct letter *l)
{
        json_t *with = json_object(), *alerts = ordered(l->alerts);
        struct buf subject = BUF_NONE, text = BUF_NONE;
        char *id = secret_token(24);

        alert_mail_subject(&subject, t->org->name, t->self, alerts);
        alert_mail_text(&text, t->org->name, t->self, alerts, t->now_ms);
        json_set_text(with, "to", l->to);
        json_set_text(with, "subject", buf_text(&subject));
        json_set_text(with, "text", buf_text(&text));
        json_set_text(with, "id", id);
        plan_action(t->plan, &(struct action_order){ .kind = "send_mail",
                                                     .connection = "",
                                                     .with = with,
                                                     .due_ms = t->now_ms,
                                                     .now_ms = t->now_ms });
        batch_join_numbered(t->plan->batch, "open-mails", t->plan->appended - 1);
        remember(t, l);
        mem_free(id);
        buf_dispose(&subject);
        buf_dispose(&text);
        json_decref(alerts);
}

static void hold_back(struct teller *t, const struct letter *l)
{
        for (size_t n = 0; n < t->count; n++)
                for (size_t k = 0; k < json_array_size(l->alerts); k++)
                        if (json_array_get(l->alerts, k) == t->items[n].alert)
                                t->items[n].waits = true;
}

static void drop_doubles(struct letter *l)
{
        for (size_t i = 0; i < json_array_size(l->alerts); i++)
                for (size_t k = json_array_size(l->alerts) - 1; k > i; k--)
                        if (json_array_get(l->alerts, k) == json_array_get(l->alerts, i))
                                json_array_remove(l->alerts, k);
}

static void conclude(struct teller *t)
{
        for (struct letter *l = t->letters; l != NULL; l = l->next) {
                drop_doubles(l);
                if (l->due)
                        write_letter(t, l);
                else
                        hold_back(t, l);
        }
        for (size_t n = 0; n < t->count; n++) {
                struct item *i = &t->items[n];

                if (i->changed)
                        record_put(t->plan->batch, "alert-told", i->key, i->told);
                if (i->waits)
                        continue;
                /* It is told as it was read: somebody who changed it wants it told again. */
                plan_guard(t->plan, "alert", i->key, i->alert);
                batch_leave(t->plan->batch, "untold-alerts", i->key);
        }
}

int alert_tell(const struct trade *trade, struct org *org, struct plan *plan, int64_t *next_ms,
               struct fail *why)
{
        struct teller *t = mem_alloc(sizeof *t);
        int result = -1;

        t->trade = trade;
        t->org = org;
        t->plan = plan;
        t->now_ms = trade_now(trade);
        t->next_ms = -1;
        t->why = why;
        if (record_get(org, "org", "self", &t->self, why) < 0 ||
            store_set_list(org->store, "open-mails", see_open_mail, t, why) != 0 ||
            store_set_list(org->store, "untold-alerts", collect, t, why) < 0)
                goto out;
        for (size_t i = 0; i < t->count; i++)
                if (read_item(t, &t->items[i]) != 0 || decide_item(t, &t->items[i]) != 0)
                        goto out;
        conclude(t);
        *next_ms = t->next_ms;
        result = 0;
out:
        for (size_t i = 0; i < t->count; i++) {
                mem_free(t->items[i].key);
                json_decref(t->items[i].alert);
                json_decref(t->items[i].told);
        }
        while (t->letters != NULL) {
                struct letter *next = t->letters->next;

                mem_free(t->letters->to);
                json_decref(t->letters->alerts);
                mem_free(t->letters);
                t->letters = next;
        }
        json_decref(t->self);
        mem_free(t);
        return result;
}
