/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stand-in's webhooks (wire/ashby.md 2): one row for each kind of event, a ping on every
 * saving, the signature over the bytes as sent.
 */
#include <string.h>

#include "ashby.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define PING "{\"action\":\"ping\",\"data\":{\"webhookActionType\":\"ping\"}}"

static bool any_2xx(int status)
{
        return status >= 200 && status < 300;
}

/* After one of these the delivery is given up for good. */
static bool for_good(int status)
{
        return status == 401 || status == 403 || status == 404 || status == 405 || status == 410;
}

/* (2^n - 1) x 10 s */
static int64_t wait_after(int failures)
{
        return failures < 1
                   ? 0
                   : ((INT64_C(1) << (failures < 10 ? failures : 10)) - 1) * 10 * WHEN_SECOND;
}

static const struct deliver_policy policy = {
        .attempts = 10,
        .timeout_ms = 10 * WHEN_SECOND,
        .success = any_2xx,
        .hopeless = for_good,
        .wait_ms = wait_after,
};

static void add_headers(void *context, const char *url, const char *secret,
                        const struct deliver_item *item, struct buf *lines)
{
        (void)context;
        (void)url;
        buf_add_text(lines, "User-Agent: Ashby stand-in\n");
        if (text_empty(secret))
                return;
        buf_add_text(lines, "Ashby-Signature: sha256=");
        secret_hmac_hex(secret, strlen(secret), item->body, item->len, lines);
        buf_add_char(lines, '\n');
}

void ab_hooks_start(void)
{
        for (size_t i = 0; i < AB_HOOKS_MAX; i++)
                ab.hooks[i].sender =
                    deliver_new(&policy, serve_settings.retry_scale, add_headers, NULL);
}

void ab_hooks_stop(void)
{
        for (size_t i = 0; i < AB_HOOKS_MAX; i++) {
                deliver_free(ab.hooks[i].sender);
                ab.hooks[i].sender = NULL;
        }
}

/* [locked] */
static struct ab_hook *find_hook(const char *id)
{
        for (size_t i = 0; i < AB_HOOKS_MAX; i++)
                if (ab.hooks[i].row != NULL &&
                    text_equal(json_get_text(ab.hooks[i].row, "id", NULL), id))
                        return &ab.hooks[i];
        return NULL;
}

/* [locked] */
static void arm(struct ab_hook *hook)
{
        bool on = json_get_bool(hook->row, "enabled", false);

        deliver_set(hook->sender, on ? json_get_text(hook->row, "requestUrl", NULL) : NULL,
                    json_get_text(hook->row, "secretToken", NULL), "*", NULL);
}

/* Saved whatever the ping says; without an answer, or with one above 400, disabled.  No lock is
 * held while it is under way. */
static json_t *ping(struct ab_hook *hook)
{
        int status;

        pthread_mutex_lock(&ab.lock);
        json_set_bool(hook->row, "enabled", true);
        arm(hook);
        pthread_mutex_unlock(&ab.lock);
        status = deliver_probe(hook->sender, "ping", PING, strlen(PING));
        pthread_mutex_lock(&ab.lock);
        if (hook->row != NULL) {
                json_set_bool(hook->row, "enabled", status != 0 && status <= 400);
                arm(hook);
        }
        return hook->row == NULL ? NULL : json_deep_copy(hook->row); /* still locked */
}

json_t *ab_hook_save(const char *type, const char *url, const char *secret)
{
        struct ab_hook *room = NULL;
        json_t *row;
        char *id;

        pthread_mutex_lock(&ab.lock);
        for (size_t i = 0; i < AB_HOOKS_MAX; i++) {
                struct ab_hook *hook = &ab.hooks[i];

                if (hook->row == NULL) {
                        room = room == NULL ? hook : room;
                } else if (text_equal(json_get_text(hook->row, "webhookType", NULL), type) &&
                           text_equal(json_get_text(hook->row, "requestUrl", NULL), url)) {
                        pthread_mutex_unlock(&ab.lock);
                        return NULL;
                }
        }
        if (room == NULL) {
                pthread_mutex_unlock(&ab.lock);
                return NULL;
        }
        id = ab_new_id();
        room->row = json_object();
        json_set_text(room->row, "id", id);
        json_set_text(room->row, "webhookType", type);
        json_set_text(room->row, "requestUrl", url);
        json_set_text(room->row, "secretToken", secret);
        mem_free(id);
        pthread_mutex_unlock(&ab.lock);
        row = ping(room);
        pthread_mutex_unlock(&ab.lock);
        return row;
}

json_t *ab_hook_change(const char *id, const json_t *change)
{
        static const char *const members[] = { "requestUrl", "secretToken" };
        struct ab_hook *hook;
        json_t *row = NULL;
        bool off;

        pthread_mutex_lock(&ab.lock);
        hook = find_hook(id);
        for (size_t i = 0; hook != NULL && i < 2; i++)
                if (json_get_text(change, members[i], NULL) != NULL)
                        json_set_text(hook->row, members[i],
                                      json_get_text(change, members[i], NULL));
        off = json_is_false(json_at(change, "enabled"));
        if (hook != NULL && off) {
                json_set_bool(hook->row, "enabled", false);
                arm(hook);
                row = json_deep_copy(hook->row);
        }
        pthread_mutex_unlock(&ab.lock);
        if (hook != NULL && !off) {
                row = ping(hook);
                pthread_mutex_unlock(&ab.lock);
        }
        return row;
}

bool ab_hook_delete(const char *id)
{
        struct ab_hook *hook;

        pthread_mutex_lock(&ab.lock);
        hook = find_hook(id);
        if (hook != NULL) {
                deliver_set(hook->sender, NULL, NULL, NULL, NULL);
                json_decref(hook->row);
                hook->row = NULL;
        }
        pthread_mutex_unlock(&ab.lock);
        return hook != NULL;
}

json_t *ab_hook_info(const char *id)
{
        struct ab_hook *hook;
        json_t *row = NULL;

        pthread_mutex_lock(&ab.lock);
        hook = find_hook(id);
        if (hook != NULL) {
                row = json_deep_copy(hook->row);
                json_object_del(row, "secretToken");
        }
        pthread_mutex_unlock(&ab.lock);
        return row;
}

void ab_emit(const char *action, json_t *data, const char *action_id)
{
        char *id = action_id == NULL ? ab_new_id() : mem_text(action_id);
        json_t *event = json_object();
        struct buf body = BUF_NONE;

        json_set_text(event, "webhookActionId", id);
        json_set_text(event, "action", action);
        json_set(event, "data", data);
        json_write(event, &body);
        for (size_t i = 0; i < AB_HOOKS_MAX; i++)
                if (ab.hooks[i].row != NULL && json_get_bool(ab.hooks[i].row, "enabled", false) &&
                    text_equal(json_get_text(ab.hooks[i].row, "webhookType", NULL), action))
                        deliver_push(ab.hooks[i].sender, action, when_now_ms(), body.data,
                                     body.len);
        buf_dispose(&body);
        json_decref(event);
        mem_free(id);
}

json_t *ab_hooks_report(void)
{
        json_t *list = json_array();

        for (size_t i = 0; i < AB_HOOKS_MAX; i++) {
                json_t *report = deliver_report(ab.hooks[i].sender), *one = NULL;

                pthread_mutex_lock(&ab.lock);
                if (ab.hooks[i].row != NULL)
                        one = json_deep_copy(ab.hooks[i].row);
                pthread_mutex_unlock(&ab.lock);
                if (one != NULL) {
                        json_object_del(one, "secretToken");
                        json_set(one, "report", report);
                        json_add(list, one);
                } else {
                        json_decref(report);
                }
        }
        return list;
}

bool ab_hooks_idle(int64_t timeout_ms)
{
        bool idle = true;

        for (size_t i = 0; i < AB_HOOKS_MAX; i++)
                idle = deliver_idle(ab.hooks[i].sender, timeout_ms) && idle;
        return idle;
}

void ab_hooks_flush(void)
{
        for (size_t i = 0; i < AB_HOOKS_MAX; i++)
                if (ab.hooks[i].row != NULL)
                        deliver_flush(ab.hooks[i].sender);
}

void ab_hooks_lose(const char *type, int count)
{
        for (size_t i = 0; i < AB_HOOKS_MAX; i++)
                if (ab.hooks[i].row != NULL &&
                    text_equal(json_get_text(ab.hooks[i].row, "webhookType", NULL), type))
                        deliver_lose(ab.hooks[i].sender, count);
}
