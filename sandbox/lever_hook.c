/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stand-in's webhooks (wire/lever.md 4): one URL for one event, a signature token each, the
 * signature in the body over token and triggeredAt only, five more tries.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "lever.h"

static const char *const events[] = { "applicationCreated",   "candidateHired",
                                      "candidateStageChange", "candidateArchiveChange",
                                      "candidateDeleted",     "interviewCreated",
                                      "interviewUpdated",     "interviewDeleted",
                                      "contactCreated",       "contactUpdated" };

static bool any_2xx(int status)
{
        return status >= 200 && status <= 299;
}

/* "Growing waits", which are not published. */
static int64_t wait_after(int failures)
{
        static const int64_t minutes[] = { 1, 5, 15, 60, 240 };

        return failures < 1 || failures > 5 ? 0 : minutes[failures - 1] * WHEN_MINUTE;
}

static const struct deliver_policy policy = {
        .attempts = 6,
        .timeout_ms = 10 * WHEN_SECOND,
        .success = any_2xx,
        .wait_ms = wait_after,
};

static void add_headers(void *context, const char *url, const char *secret,
                        const struct deliver_item *item, struct buf *lines)
{
        (void)context;
        (void)url;
        (void)secret;
        (void)item;
        buf_add_text(lines, "User-Agent: Lever-Webhooks\n");
}

static bool is_event(const char *name)
{
        for (size_t i = 0; i < sizeof events / sizeof *events; i++)
                if (text_equal(events[i], name))
                        return true;
        return false;
}

static char *random_hex(size_t bytes)
{
        unsigned char raw[64];
        struct buf text = BUF_NONE;

        secret_random(raw, bytes);
        code_hex(&text, raw, bytes);
        return buf_take(&text);
}

struct lv_hook *lv_hook_add(const char *url, const char *event, bool by_api)
{
        struct lv_hook *hook;

        if (!is_event(event) || text_empty(url))
                return NULL;
        pthread_mutex_lock(&lv.lock);
        hook = lv.hook_count < LV_HOOKS_MAX ? &lv.hooks[lv.hook_count] : NULL;
        if (hook != NULL) {
                *hook = (struct lv_hook){ .url = mem_text(url),
                                          .event = mem_text(event),
                                          .token = random_hex(24),
                                          .by_api = by_api,
                                          .created_ms = when_now_ms(),
                                          .verified = -1 };
                hook->id = mem_format("efaa0000-0000-4000-8000-%012" PRIx64, lv.next_id++);
                hook->sender = deliver_new(&policy, serve_settings.retry_scale, add_headers, NULL);
                deliver_set(hook->sender, url, NULL, "*", NULL);
                lv.hook_count++;
        }
        pthread_mutex_unlock(&lv.lock);
        return hook;
}

static void drop(struct lv_hook *hook)
{
        deliver_free(hook->sender);
        mem_free(hook->id);
        mem_free(hook->event);
        mem_free(hook->url);
        mem_free_secret(hook->token);
}

void lv_hook_remove(const char *id)
{
        struct lv_hook gone = { .id = NULL };

        pthread_mutex_lock(&lv.lock);
        for (size_t i = 0; i < lv.hook_count; i++)
                if (id == NULL || text_equal(lv.hooks[i].id, id)) {
                        gone = lv.hooks[i];
                        memmove(&lv.hooks[i], &lv.hooks[i + 1],
                                (lv.hook_count - i - 1) * sizeof *lv.hooks);
                        lv.hook_count--;
                        break;
                }
        pthread_mutex_unlock(&lv.lock);
        if (gone.id != NULL)
                drop(&gone); /* ends a thread that may want the lock */
}

void lv_hooks_stop(void)
{
        while (lv.hook_count > 0)
                lv_hook_remove(NULL);
}

void lv_hook_body(const char *event, const json_t *data, const char *token, bool id,
                  struct buf *out)
{
        json_t *body = json_object();
        int64_t now = when_now_ms();
        char *once = random_hex(24), *message, *text, *uid;
        struct buf signature = BUF_NONE;

        message = mem_format("%s%" PRId64, once, now);
        if (id) {
                uid = random_hex(16);
                json_set_text(body, "id", uid);
                mem_free(uid);
        }
        json_set_int(body, "triggeredAt", now);
        json_set_text(body, "event", event);
        json_set(body, "data", data == NULL ? json_object() : json_deep_copy(data));
        if (token != NULL) {
                secret_hmac_hex(token, strlen(token), message, strlen(message), &signature);
                json_set_text(body, "signature", buf_text(&signature));
        }
        json_set_text(body, "token", once);
        text = json_dumps(body, JSON_COMPACT);
        buf_add_text(out, text);
        free(text);
        json_decref(body);
        buf_dispose(&signature);
        mem_free(message);
        mem_free(once);
}

void lv_hooks_tell(const char *event, const json_t *data)
{
        for (size_t i = 0; i < lv.hook_count; i++) {
                struct buf body = BUF_NONE;

                if (!text_equal(lv.hooks[i].event, event))
                        continue;
                lv_hook_body(event, data, lv.hooks[i].token, lv.set.event_id, &body);
                deliver_push(lv.hooks[i].sender, event, when_now_ms(), body.data, body.len);
                buf_dispose(&body);
        }
}

/* data is empty, and the event's name need not be the one configured. */
int lv_hook_verify(struct lv_hook *hook, bool with_token)
{
        struct buf body = BUF_NONE;

        lv_hook_body("candidateHired", NULL, with_token ? hook->token : NULL, false, &body);
        hook->verified = deliver_probe(hook->sender, "Verify connection", body.data, body.len);
        buf_dispose(&body);
        return hook->verified;
}

/* --- the API's face ------------------------------------------------------------------------- */

static json_t *shown(const struct lv_hook *hook, bool token)
{
        json_t *row = json_object(), *configuration = json_object(), *conditions = json_object();

        json_set_text(row, "id", hook->id);
        json_set_text(row, "event", hook->event);
        json_set_text(row, "url", hook->url);
        json_set(conditions, "origins", json_array());
        json_set(configuration, "conditions", conditions);
        if (token)
                json_set_text(configuration, "signatureToken", hook->token);
        json_set(row, "configuration", configuration);
        json_set_int(row, "createdAt", hook->created_ms);
        json_set_int(row, "updatedAt", hook->created_ms);
        return row;
}

static void list(struct request *rq, struct reply *re)
{
        json_t *rows = json_array();

        for (size_t i = 0; i < lv.hook_count; i++)
                if (lv.hooks[i].by_api)
                        json_add(rows, shown(&lv.hooks[i], false));
        lv_page(rq, re, rows, false);
}

/* The one configuration that this stand-in knows: conditions, verifyConnection. */
static bool good_body(const json_t *body)
{
        static const char *const top[] = { "url", "event", "configuration", NULL },
                                 *const inner[] = { "conditions", "verifyConnection", NULL };
        const json_t *configuration = json_object_get(body, "configuration");
        const char *name;
        json_t *value;
        size_t i;

        json_object_foreach((json_t *)(uintptr_t)body, name, value)
        {
                for (i = 0; top[i] != NULL && !text_equal(top[i], name);)
                        i++;
                if (top[i] == NULL)
                        return false;
        }
        json_object_foreach((json_t *)(uintptr_t)configuration, name, value)
        {
                for (i = 0; inner[i] != NULL && !text_equal(inner[i], name);)
                        i++;
                if (inner[i] == NULL)
                        return false;
        }
        return is_event(json_get_text(body, "event", NULL)) &&
               text_starts(json_get_text(body, "url", ""), "http");
}

static void create(struct request *rq, struct reply *re)
{
        const struct buf *bytes = request_body(rq);
        json_t *body = json_parse(buf_text(bytes), bytes->len, true, NULL);
        struct lv_hook *hook = NULL;

        if (!json_is_object(body) || !good_body(body)) {
                lv_error(re, 400, "BadRequest", "This is no webhook.");
                json_decref(body);
                return;
        }
        hook = lv_hook_add(json_get_text(body, "url", ""), json_get_text(body, "event", ""), true);
        if (hook == NULL) {
                lv_error(re, 400, "BadRequest", "There are too many webhooks.");
        } else if (json_get_bool(body, "configuration.verifyConnection", false) &&
                   !any_2xx(lv_hook_verify(hook, true))) {
                lv_error(re, 400, "BadRequest", "The connection could not be verified.");
                lv_hook_remove(hook->id);
        } else {
                lv_answer(re, 201, shown(hook, true));
        }
        json_decref(body);
}

void lv_api_webhooks(struct request *rq, struct reply *re)
{
        const char *method = request_method(rq), *id = request_segment(rq, "id");
        bool get = text_equal(method, "GET"), there = false;
        int may;

        pthread_mutex_lock(&lv.lock);
        may = lv_may(rq, re,
                     get                          ? "list webhooks"
                     : text_equal(method, "POST") ? "create webhook"
                                                  : "delete webhook");
        if (may == 0 && get)
                list(rq, re);
        for (size_t i = 0; i < lv.hook_count; i++)
                there = there || (text_equal(lv.hooks[i].id, id) && lv.hooks[i].by_api);
        pthread_mutex_unlock(&lv.lock);
        if (may != 0 || get)
                return;
        if (text_equal(method, "POST")) {
                create(rq, re);
        } else if (!there) { /* a user's cannot be touched by the API either */
                lv_error(re, 404, "ResourceNotFound", "No webhook was found.");
        } else {
                lv_hook_remove(id);
                reply_status(re, 204);
        }
}
